//! Units become notebooks: one Markdown file each, from which the learner's notebook, the
//! instructor's notebook and the grading spec are derived, and proofs that the unit is right.

pub mod build;
pub mod course;
pub mod coverage;
pub mod diagnostic;
pub mod export;
mod fingerprint;
pub mod plan;
pub mod publish;
pub mod revisions;
pub mod scaffold;
pub mod sync;
pub mod unit;
pub mod verify;
