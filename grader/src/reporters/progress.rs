//! How far grading is, on standard error: a bar on a terminal, lines otherwise.

use super::plain::plain;
use crate::batch::Graded;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{self, IsTerminal as _, Write as _};

/// How far grading is.
#[derive(Debug)]
pub struct Progress {
    shape: Shape,
    done: usize,
    total: usize,
}

#[derive(Debug)]
enum Shape {
    Bar(ProgressBar),
    Lines,
    Silent,
}

impl Progress {
    /// For so many submissions; `quiet` shows nothing.
    pub fn new(total: usize, quiet: bool) -> Self {
        let shape = match (quiet, io::stderr().is_terminal()) {
            (true, _) => Shape::Silent,
            (false, true) => Shape::Bar(bar(total)),
            (false, false) => Shape::Lines,
        };
        Self { shape, done: 0, total }
    }

    /// One more is done.
    pub fn step(&mut self, graded: &Graded) {
        self.done += 1;
        match &self.shape {
            Shape::Bar(bar) => bar.inc(1),
            Shape::Silent => {}
            Shape::Lines => {
                let what = if graded.result.is_ok() { "graded" } else { "could not grade" };
                let line = format!(
                    "[{}/{}] {what} {}\n",
                    self.done,
                    self.total,
                    plain(&graded.path.display().to_string())
                );
                // Progress that nobody can read is no reason to stop.
                let _ = io::stderr().write_all(line.as_bytes());
            }
        }
    }

    /// Prints something else, the bar out of its way.
    pub fn aside<T>(&self, print: impl FnOnce() -> T) -> T {
        match &self.shape {
            Shape::Bar(bar) => bar.suspend(print),
            Shape::Lines | Shape::Silent => print(),
        }
    }

    /// Takes the bar away.
    pub fn finish(self) {
        if let Shape::Bar(bar) = self.shape {
            bar.finish_and_clear();
        }
    }
}

fn bar(total: usize) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("grading {wide_bar} {pos}/{len} {eta}") {
        bar.set_style(style);
    }
    bar
}
