//! File formats that cross rooms: types and their reading and writing, no behaviour.

pub mod canonical_json;
pub mod cell_metadata;
pub mod notebook;
pub mod spec;
pub mod syllabus;
pub mod text_file;
pub mod verdict;
