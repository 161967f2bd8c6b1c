//! A submission's process: runs what it is sent, answers, knows nothing else.

use super::confine::{Place, confine, exit_now};
use super::output::Output;
use crate::limits::Limits;
use crate::protocol::frames::{FrameError, Key, Link, Side};
use crate::protocol::{Raised, Reply, Request};
use anstream::adapter::strip_str;
use cellist_interpreter::{Cell, CheckOutcome, Clock, Failure, Origin, Outcome, Session};
use rustix::process::getpid;
use std::os::unix::net::UnixStream;

/// Exit status after a broken connection: nobody is there to read it.
const EXIT_BROKEN: i32 = 91;
/// Texts are cut to this many bytes, so that an answer always fits into a frame.
const MAX_TEXT: usize = 64 << 10;
/// Timelines with more bytes of JSON are left out: some hundred tasks.
const MAX_TIMELINE: usize = 128 << 10;

/// Serves one job and ends the process.
pub(super) fn serve(
    session: &Session,
    output: &Output,
    mut stream: UnixStream,
    key: Key,
    place: Place<'_>,
) -> ! {
    let own = getpid();
    let mut link = Link::new(Side::Child, key);
    let mut limits = Limits::default();
    let mut clock = Clock::Virtual;
    loop {
        let request = match link.receive(&mut stream) {
            Ok(request) => request,
            Err(_) => exit_now(EXIT_BROKEN),
        };
        output.allow(limits.output);
        let last = matches!(request, Request::End {});
        let reply = match request {
            Request::Begin { limits: new, needs } => {
                limits = new;
                match confine(&place, &limits, &needs) {
                    Ok(()) => Reply::Ready {},
                    Err(error) => Reply::Refused { reason: error.to_string() },
                }
            }
            Request::Clock { simulated } => {
                clock = if simulated { Clock::Virtual } else { Clock::Wall };
                session.set_clock(clock);
                Reply::Ready {}
            }
            Request::Cell { number, source, .. } => {
                let cell = Cell::new(&source, Origin(number.into()), number);
                Reply::Ran { error: raised(session.run_cell(&cell)) }
            }
            Request::Tests { number, source, .. } => {
                let origin = Origin(number.into());
                output.watch(origin);
                let error = raised(session.run_cell(&Cell::new(&source, origin, number)));
                Reply::Tested { shown: output.shown().cut(cut).ended_by(error) }
            }
            Request::Check { id, source, watched } => {
                checked(session.run_check_watched(&id, &source, clock, watched))
            }
            Request::End {} => Reply::Ready {},
        };
        // The learner's code may have forked: only one process answers.
        if getpid() != own {
            exit_now(EXIT_BROKEN);
        }
        let sent: Result<(), FrameError> = link.send(&mut stream, &reply);
        if sent.is_err() || last {
            exit_now(if sent.is_err() { EXIT_BROKEN } else { 0 });
        }
    }
}

fn raised(outcome: Outcome) -> Option<Raised> {
    match outcome {
        Outcome::Ok { .. } => None,
        Outcome::Error(Failure { ename, evalue, traceback }) => Some(Raised {
            ename: cut(ename),
            evalue: cut(evalue),
            traceback: cut(strip_str(&traceback.join("\n")).to_string()),
        }),
        Outcome::Exit(status) => Some(Raised {
            ename: "SystemExit".to_owned(),
            evalue: status.to_string(),
            traceback: String::new(),
        }),
    }
}

fn checked(outcome: Result<CheckOutcome, Failure>) -> Reply {
    match outcome {
        Ok(CheckOutcome { passed, score, hint, message, hint_error, comparison, timeline }) => {
            Reply::Checked {
                passed,
                // JSON has no other numbers.
                score: score.map(|score| if score.is_finite() { score } else { 0.0 }),
                hint: hint.map(cut),
                message: message.map(cut),
                hint_error: hint_error.map(cut),
                comparison: comparison.map(cut),
                // Half a timeline is none.
                timeline: timeline.filter(|json| json.len() <= MAX_TIMELINE),
            }
        }
        Err(Failure { ename, evalue, .. }) => Reply::Checked {
            passed: false,
            score: None,
            hint: left_the_check(&ename, &evalue),
            message: Some(cut(format!("{ename}: {evalue}"))),
            hint_error: None,
            comparison: None,
            timeline: None,
        },
    }
}

/// The learner's code ended a check from inside: the check's own hint cannot be made then.
fn left_the_check(ename: &str, evalue: &str) -> Option<String> {
    // What passes through the session's own code comes as its error, with a traceback for a text.
    let last = evalue.lines().last().unwrap_or_default();
    let raised = last.split(':').next().unwrap_or_default();
    let what = match if ename == "InternalError" { raised } else { ename } {
        "SystemExit" => "called `sys.exit` or `exit`",
        "KeyboardInterrupt" => "raised KeyboardInterrupt",
        _ => return None,
    };
    Some(format!("The code under test {what}, which ends a program. Return instead."))
}

fn cut(mut text: String) -> String {
    if text.len() > MAX_TEXT {
        text.truncate(text.floor_char_boundary(MAX_TEXT));
        text.push('…');
    }
    text
}
