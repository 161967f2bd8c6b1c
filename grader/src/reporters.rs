//! Telling people and programs how grading went.

pub mod canvas;
pub mod checks;
pub mod csv;
pub mod feedback;
pub mod gradescope;
pub mod html;
pub mod json;
pub mod junit;
pub mod moodle;
pub mod plain;
pub mod progress;
pub mod reproducible;
pub mod sheet;
pub mod table;
