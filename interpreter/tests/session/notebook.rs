//! A session for tests, used as a notebook is: cell after cell.

use cellist_interpreter::{
    Cell, Clock, Event, Failure, Limits, Options, Origin, Outcome, Session, Sink,
};
use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::AsFd as _;
use std::sync::{Arc, Mutex};

/// Keeps every event.
#[derive(Default)]
pub(crate) struct Recorder(pub(crate) Mutex<Vec<(Origin, Event)>>);

impl Sink for Recorder {
    fn emit(&self, origin: Origin, event: Event) {
        self.0.lock().unwrap().push((origin, event));
    }
}

/// A session whose threads run in an order that `seed` draws.
pub(crate) fn with_schedule(seed: u64) -> Notebook {
    Notebook::start(Options { clock: Clock::Virtual, schedule: Some(seed), ..Options::default() })
}

/// A session, and what it says.
pub(crate) struct Notebook {
    pub(crate) session: Session,
    pub(crate) recorder: Arc<Recorder>,
    count: u32,
    limits: Limits,
}

impl Notebook {
    pub(crate) fn new(clock: Clock) -> Self {
        Self::start(Options { clock, ..Options::default() })
    }

    pub(crate) fn limited(clock: Clock, limits: Limits) -> Self {
        Self::start(Options { clock, limits, ..Options::default() })
    }

    fn start(options: Options) -> Self {
        let recorder = Arc::new(Recorder::default());
        let options = Options { hash_seed: Some(0), isolated: true, ..options };
        let session = Session::start(&options, recorder.clone()).unwrap();
        Self { limits: options.limits, ..Self::of(session, recorder) }
    }

    /// A session that gets what is written to descriptors 1 and 2. A test's panic tells of itself
    /// where these led before.
    pub(crate) fn capturing(limits: Limits) -> Self {
        let errors = File::from(io::stderr().as_fd().try_clone_to_owned().unwrap());
        std::panic::set_hook(Box::new(move |panic| {
            // There is nowhere else to tell that this failed.
            let _ = writeln!(&errors, "{panic}");
        }));
        Self::start(Options { capture_descriptors: true, limits, ..Options::default() })
    }

    pub(crate) fn of(session: Session, recorder: Arc<Recorder>) -> Self {
        Self { session, recorder, count: 0, limits: Limits::default() }
    }

    pub(crate) fn run(&mut self, source: &str) -> Outcome {
        self.count += 1;
        self.session.run_cell(&Cell::new(source, Origin(u64::from(self.count)), self.count))
    }

    /// What the cells after this may use.
    pub(crate) fn limit(&mut self, limits: Limits) {
        self.session.set_limits(limits);
        self.limits = limits;
    }

    /// Runs a cell that must succeed with all the time it needs, however busy the machine is.
    #[track_caller]
    pub(crate) fn ok_at_leisure(&mut self, source: &str) -> String {
        self.session.set_limits(Limits { wall: None, cpu: None, ..self.limits });
        let said = self.ok(source);
        self.session.set_limits(self.limits);
        said
    }

    /// Runs a cell that must succeed; what it printed, and the plain text of its result.
    #[track_caller]
    pub(crate) fn ok(&mut self, source: &str) -> String {
        let before = self.recorder.0.lock().unwrap().len();
        match self.run(source) {
            Outcome::Ok { .. } => {}
            other => panic!("{source}\n{other:?}"),
        }
        self.said(before)
    }

    /// Gives a variable of the notebook a text.
    #[track_caller]
    pub(crate) fn session_value(&mut self, name: &str, text: &str) {
        // JSON's strings are Python's, but for the characters outside of the first plane.
        self.ok(&format!("{name} = {}", serde_json::Value::from(text)));
    }

    #[track_caller]
    pub(crate) fn fails(&mut self, source: &str) -> Failure {
        match self.run(source) {
            Outcome::Error(failure) => failure,
            other => panic!("{source}\n{other:?}"),
        }
    }

    pub(crate) fn said(&self, from: usize) -> String {
        let mut text = String::new();
        for (_, event) in &self.recorder.0.lock().unwrap()[from..] {
            match event {
                Event::Stream { text: more, .. } => text.push_str(more),
                Event::Result { data, .. } => {
                    text.push_str("=> ");
                    text.push_str(data["text/plain"].as_str().unwrap());
                }
                Event::Display { data, .. } => {
                    text.push_str("[] ");
                    text.push_str(data["text/plain"].as_str().unwrap());
                }
                Event::Error(failure) => text.push_str(&failure.traceback.join("\n")),
                Event::Comm(message) => {
                    text.push_str(message.kind.as_str());
                    text.push_str(&message.content["data"].to_string());
                }
                Event::ClearOutput { .. } => text.push_str("<clear>"),
            }
        }
        text
    }
}
