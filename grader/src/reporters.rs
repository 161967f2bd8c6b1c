//! Telling people and programs how grading went.

pub mod json;
pub mod plain;
pub mod progress;
pub mod table;
