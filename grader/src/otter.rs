//! Assignments of Otter-Grader, graded as they lie: the instructor's notebook for `otter assign`, or what
//! that made of it (`dist`, `autograder`, the autograder's zip file).
//!
//! As Otter does it, a submission is run whole, in its own order; a question's tests run where the
//! notebook asks for them last (`grader.check("q1")`), and otherwise at the end. A doctest sees a copy of
//! the learner's names, a test function gets them. Points come from the assignment, whatever a
//! submission brings along. Calls that are computed (`grader.check(name)`) count as at the end, and
//! plugins are not run.

mod config;
mod course;
mod handed_in;
mod master;
mod origin;
mod questions;
mod submission;

pub use course::{OtterAssignments, OtterError};
