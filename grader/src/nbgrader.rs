//! Courses of nbgrader, graded as they lie: `source/ASSIGNMENT/NOTEBOOK.ipynb` and
//! `submitted/LEARNER/ASSIGNMENT/NOTEBOOK.ipynb`.
//!
//! As nbgrader does it, a submission is run whole, in its own order, with its locked cells put back
//! to the source by `grade_id`; tests run among the learner's own names and earn by what they
//! show. Cells' roles and points come from the source, whatever a submission says of them.
//! `nbgrader_config.py` is not read: it is a program.

mod course;
mod gradebook;
mod late;
mod needs;
mod regions;
mod source;
mod submission;

pub use course::{Course, CourseError};
pub use late::{LatePolicy, tells_lateness};
pub(crate) use late::{handed_in, parse as parse_time};
pub use needs::MissingModules;
pub(crate) use needs::{answer as needs_answer, asking, question as needs_question};
pub use source::SourceError;
pub use submission::NewerMetadata;
