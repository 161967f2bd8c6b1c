//! From Markdown units to notebooks, specs and proofs, through the crate's public doors.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail by panicking")]

mod bad_courses;
mod bad_units;
mod build;
mod course_folder;
mod plans;
mod properties;
mod publish;
mod random;
mod shipped_course;
mod sync;
mod units;
mod verify;
