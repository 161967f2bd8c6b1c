//! Why a submission's process ended early, in words for the learner.

use crate::limits::Limits;
use crate::protocol::EXIT_OUTPUT;
use crate::protocol::control::Ended;
use std::time::Duration;

/// What the parent saw of the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// The cell's time was up.
    CellTime,
    /// The notebook's time was up.
    TotalTime,
    /// A frame came that the judge's own code did not make.
    Forged,
    /// A request of so many bytes could not be sent. Nothing has happened to the child.
    TooLong(usize),
    /// The connection closed or broke.
    Gone,
}

/// One sentence or two: what happened, and what to look for. `last_words` is the end of what the
/// process wrote to its raw stderr.
pub(super) fn reason(
    cause: Cause,
    ended: Option<Ended>,
    last_words: &str,
    limits: &Limits,
) -> String {
    let memory = limits.memory >> 20;
    match (cause, ended) {
        (Cause::CellTime, _) => format!(
            "Stopped after {} s. Look for a loop or a wait that never ends.",
            seconds(limits.cell)
        ),
        (Cause::TotalTime, _) => {
            format!("Stopped: the whole notebook ran for more than {} s.", seconds(limits.total))
        }
        (Cause::Forged | Cause::TooLong(_), _) => {
            "Stopped: the program wrote to the judge's own connection.".to_owned()
        }
        (Cause::Gone, Some(Ended::Exited(EXIT_OUTPUT))) => format!(
            "Stopped: one cell printed more than {} MiB. Look for a loop that prints without end.",
            limits.output >> 20
        ),
        (Cause::Gone, _) if last_words.contains("memory allocation of") => {
            format!("Stopped: the program used more than {memory} MiB of memory.")
        }
        (Cause::Gone, _) if last_words.contains("has overflowed its stack") => {
            "Stopped: the recursion went too deep.".to_owned()
        }
        (Cause::Gone, _) if last_words.contains("panicked at") => format!(
            "The interpreter itself failed; please report this: {}",
            last_words.lines().last().unwrap_or_default()
        ),
        (Cause::Gone, Some(Ended::Exited(status))) => format!(
            "The program ended its own process with status {status}. Remove `os._exit` and the like."
        ),
        (Cause::Gone, Some(Ended::Signalled(signal))) => by_signal(signal, memory, limits),
        (Cause::Gone, None) => "Stopped: the program took the judge's process with it.".to_owned(),
    }
}

fn by_signal(signal: i32, memory: u64, limits: &Limits) -> String {
    match signal {
        libc::SIGXCPU => "Stopped: the program used too much processor time.".to_owned(),
        libc::SIGXFSZ => {
            format!("Stopped: the program wrote a file of more than {} MiB.", limits.file >> 20)
        }
        libc::SIGABRT => format!(
            "The program's process was aborted. Did it use more than {memory} MiB of memory, or \
             recurse without end?"
        ),
        libc::SIGSEGV | libc::SIGBUS => {
            format!("The program's process crashed (signal {signal}). Did it recurse without end?")
        }
        libc::SIGKILL => "The program's process was killed. Did it kill itself, or did the \
                          machine run out of memory?"
            .to_owned(),
        _ => format!("The program's process was ended by signal {signal}."),
    }
}

fn seconds(span: Duration) -> String {
    let text = format!("{:.1}", span.as_secs_f64());
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}
