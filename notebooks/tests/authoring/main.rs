//! From Markdown units to notebooks, specs and proofs, through the crate's public doors.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail by panicking")]

mod bad_courses;
mod bad_units;
mod build;
mod course_folder;
mod plans;
mod publish;
mod shipped_course;
mod units;
mod verify;
