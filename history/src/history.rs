//! The history as the rest of the program sees it: a thread does the work, nobody waits for it
//! but who asks.

use crate::query::{Query, Row, SessionInfo, Shell, Text};
use crate::store::{Place, Store};
use rusqlite::InterruptHandle;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;
use std::time::{Duration, Instant};

/// Cells are written together, this long after the first of them.
const PAUSE: Duration = Duration::from_millis(200);
/// To be woken for each cell would cost more than to keep it: in a row of cells, this seldom.
const REST: Duration = Duration::from_millis(50);
/// A question may take this long.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// SQLite says no.
    #[error("the history cannot be read: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// It took too long.
    #[error("the history was not read in {} s; ask for less", PATIENCE.as_secs())]
    Slow,
    /// The history is closed, or this is a fork of the process that has it.
    #[error("the history is closed")]
    Closed,
}

/// How the history is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// The file; `None` in memory.
    pub file: Option<PathBuf>,
    /// Whether new cells go into the file.
    pub enabled: bool,
    /// Why they do not, though they should.
    pub trouble: Option<String>,
    /// The number of the session of the shell that asks.
    pub session: i64,
}

type Reply<T> = Sender<Result<T, Error>>;

enum Command {
    Input(Shell, u32, String),
    Transformed(Shell, u32, String),
    Output(Shell, u32, String, bool),
    Enable(bool),
    End(Shell),
    Find(Shell, Query, Text, Reply<Vec<Row>>),
    SessionInfo(Shell, i64, Reply<SessionInfo>),
    State(Shell, Reply<State>),
    Flush(Sender<bool>),
    Finish(Sender<bool>),
}

impl Command {
    /// Whether somebody may wait for it, or for what it does.
    fn is_urgent(&self) -> bool {
        !matches!(self, Self::Input(..) | Self::Transformed(..) | Self::Output(..))
    }
}

/// The rest that the thread takes after what is not urgent.
#[derive(Default)]
struct Bell {
    rung: Mutex<bool>,
    rings: Condvar,
}

impl Bell {
    fn ring(&self) {
        *lock(&self.rung) = true;
        self.rings.notify_one();
    }

    fn rest(&self) {
        let rung = lock(&self.rung);
        let rested = self.rings.wait_timeout_while(rung, REST, |rung| !*rung);
        let (mut rung, _) = rested.unwrap_or_else(PoisonError::into_inner);
        *rung = false;
    }
}

/// What was noted has this long to be written when the program ends.
const END: Duration = Duration::from_secs(2);

/// The history. Any thread may call it; what is noted costs the caller nothing, as it is written
/// later and together.
pub struct History {
    commands: Sender<Command>,
    bell: Arc<Bell>,
    interrupt: Arc<Mutex<Option<InterruptHandle>>>,
    shells: AtomicU32,
    /// In a fork of it there is no thread that works.
    process: u32,
}

impl History {
    /// Starts the thread, which blocks the signals that the calling thread blocks. The file is
    /// opened when there is something to write or to read.
    ///
    /// # Errors
    /// When the process has no threads left.
    pub fn start(place: Place) -> std::io::Result<Self> {
        let (commands, received) = channel();
        let interrupt = Arc::new(Mutex::new(None));
        let shared = Arc::clone(&interrupt);
        let bell = Arc::<Bell>::default();
        let heard = Arc::clone(&bell);
        Builder::new()
            .name("history".to_owned())
            .spawn(move || work(&place, &received, &heard, &shared))?;
        let process = std::process::id();
        Ok(Self { commands, bell, interrupt, shells: AtomicU32::new(0), process })
    }

    /// Another line of numbered cells.
    pub fn shell(&self) -> Shell {
        Shell(self.shells.fetch_add(1, Ordering::Relaxed))
    }

    /// Notes a cell that is about to run.
    pub fn input(&self, shell: Shell, line: u32, raw: String) {
        self.send(Command::Input(shell, line, raw));
    }

    /// Notes what a cell was made into before it ran, if that is not what was typed.
    pub fn transformed(&self, shell: Shell, line: u32, text: String) {
        self.send(Command::Transformed(shell, line, text));
    }

    /// Notes the value that a cell showed; `kept` says whether it is for the file too.
    pub fn output(&self, shell: Shell, line: u32, text: String, kept: bool) {
        self.send(Command::Output(shell, line, text, kept));
    }

    /// From now on, cells go into the file, or do not.
    pub fn enable(&self, enabled: bool) {
        self.send(Command::Enable(enabled));
    }

    /// A shell's session has ended.
    pub fn end(&self, shell: Shell) {
        self.send(Command::End(shell));
    }

    /// Answers a question.
    ///
    /// # Errors
    /// When the file cannot be read, or that takes too long.
    pub fn find(&self, shell: Shell, query: Query, text: Text) -> Result<Vec<Row>, Error> {
        self.ask(|reply| Command::Find(shell, query, text, reply))
    }

    /// What is known about a session; numbers as in [`Query::Range`].
    ///
    /// # Errors
    /// When the file cannot be read, or that takes too long.
    pub fn session_info(&self, shell: Shell, session: i64) -> Result<SessionInfo, Error> {
        self.ask(|reply| Command::SessionInfo(shell, session, reply))
    }

    /// How the history is; begins the shell's session.
    ///
    /// # Errors
    /// When the history is closed.
    pub fn state(&self, shell: Shell) -> Result<State, Error> {
        self.ask(|reply| Command::State(shell, reply))
    }

    /// Writes what has been noted so far; false when the file does not take it in time.
    pub fn flush(&self) -> bool {
        self.wait(Command::Flush, PATIENCE)
    }

    /// Ends the sessions and closes the file; false when it does not take it in time.
    pub fn finish(&self) -> bool {
        self.wait(Command::Finish, END)
    }

    fn send(&self, command: Command) -> bool {
        if self.process != std::process::id() {
            return false;
        }
        let is_urgent = command.is_urgent();
        let sent = self.commands.send(command).is_ok();
        if is_urgent {
            self.bell.ring();
        }
        sent
    }

    fn wait(&self, command: impl FnOnce(Sender<bool>) -> Command, limit: Duration) -> bool {
        let (done, told) = channel();
        self.send(command(done)) && told.recv_timeout(limit).unwrap_or(false)
    }

    fn ask<T>(&self, command: impl FnOnce(Reply<T>) -> Command) -> Result<T, Error> {
        let (reply, answer) = channel();
        if !self.send(command(reply)) {
            return Err(Error::Closed);
        }
        match answer.recv_timeout(PATIENCE) {
            Ok(answer) => answer,
            Err(RecvTimeoutError::Disconnected) => Err(Error::Closed),
            Err(RecvTimeoutError::Timeout) => {
                if let Some(interrupt) = &*lock(&self.interrupt) {
                    interrupt.interrupt();
                }
                Err(Error::Slow)
            }
        }
    }
}

impl std::fmt::Debug for History {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("History").finish_non_exhaustive()
    }
}

/// What the thread does until the history is finished, or gone.
fn work(
    place: &Place,
    commands: &Receiver<Command>,
    bell: &Bell,
    shared: &Mutex<Option<InterruptHandle>>,
) {
    let mut opened: Option<Store> = None;
    let mut due: Option<Instant> = None;
    // Before the file is opened, it is known what is to go into it.
    let mut enabled = true;
    let mut is_tired = false;
    loop {
        let received = match commands.try_recv() {
            Err(TryRecvError::Empty) if std::mem::take(&mut is_tired) => {
                bell.rest();
                continue;
            }
            Err(TryRecvError::Empty) => {
                let now = Instant::now();
                let left = due.map_or(Duration::MAX, |due| due.saturating_duration_since(now));
                commands.recv_timeout(left)
            }
            Err(TryRecvError::Disconnected) => Err(RecvTimeoutError::Disconnected),
            Ok(command) => Ok(command),
        };
        let command = match received {
            Ok(Command::Enable(wanted)) => {
                enabled = wanted;
                if let Some(store) = &mut opened {
                    store.enabled = wanted;
                }
                continue;
            }
            Ok(command) => command,
            Err(RecvTimeoutError::Timeout) => {
                due = opened.as_mut().and_then(|store| {
                    store.flush();
                    store.due(PAUSE)
                });
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => break,
        };
        let command = match (command, &opened) {
            // Nothing was noted, nothing is to be written.
            (Command::Flush(done), None) => {
                let _ = done.send(true);
                continue;
            }
            (Command::Finish(done), None) => {
                let _ = done.send(true);
                break;
            }
            (Command::End(_), None) => continue,
            (command, _) => command,
        };
        is_tired |= !command.is_urgent();
        let store = match &mut opened {
            Some(store) => store,
            none => match Store::open(place) {
                Ok(mut store) => {
                    store.enabled = enabled;
                    *lock(shared) = Some(store.interrupt_handle());
                    none.insert(store)
                }
                Err(error) => {
                    tracing::warn!("there is no history, not even in memory: {error}");
                    break;
                }
            },
        };
        if !obey(store, command) {
            break;
        }
        if due.is_none() {
            due = store.due(PAUSE);
        }
    }
    if let Some(store) = &mut opened {
        store.end_all();
    }
    *lock(shared) = None;
}

/// Does one thing; false when it was the last.
fn obey(store: &mut Store, command: Command) -> bool {
    let noted = match command {
        Command::Input(shell, line, raw) => store.input(shell, line, &raw),
        Command::Transformed(shell, line, text) => store.transformed(shell, line, &text),
        Command::Output(shell, line, text, kept) => store.output(shell, line, &text, kept),
        Command::End(shell) => {
            store.end(shell);
            Ok(())
        }
        // Who asked may have gone: then nobody hears the answer.
        Command::Find(shell, query, text, reply) => {
            let _ = reply.send(store.find(shell, &query, text).map_err(Error::from));
            Ok(())
        }
        Command::SessionInfo(shell, session, reply) => {
            let _ = reply.send(store.session_info(shell, session).map_err(Error::from));
            Ok(())
        }
        Command::State(shell, reply) => {
            let session = store.session(shell);
            let _ = reply.send(Ok(State {
                file: store.file().map(PathBuf::from),
                enabled: store.enabled && store.file().is_some(),
                trouble: store.trouble.clone(),
                session,
            }));
            Ok(())
        }
        Command::Flush(done) => {
            let _ = done.send(store.flush());
            Ok(())
        }
        Command::Finish(done) => {
            store.end_all();
            let _ = done.send(store.trouble.is_none());
            return false;
        }
        Command::Enable(_) => Ok(()),
    };
    if let Err(error) = noted {
        tracing::warn!("the history does not have a cell: {error}");
    }
    true
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
