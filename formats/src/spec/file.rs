//! Reading and writing spec files.

use super::{SPEC_SCHEMA, Spec};
use crate::canonical_json;
use crate::text_file::{self, TextFileError};
use std::path::{Path, PathBuf};

/// Why a spec could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum SpecError {
    /// The file itself.
    #[error(transparent)]
    File(#[from] TextFileError),
    /// Not a spec at all.
    #[error(
        "`{}` is not a grading spec: {reason}; make it again with `cellist notebooks build`",
        path.display()
    )]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong, with line and column.
        reason: String,
    },
    /// Written by a newer version of this program.
    #[error(
        "`{}` has schema {found}, this program reads up to {SPEC_SCHEMA}; update cellist, or make \
         the spec again with `cellist notebooks build`", path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: u64,
    },
}

impl Spec {
    /// Reads a spec file.
    ///
    /// # Errors
    /// When the file is missing, broken, something else, or of a newer schema.
    pub fn read(path: &Path) -> Result<Self, SpecError> {
        Self::parse(&text_file::read(path)?, path)
    }

    /// Parses a spec; `path` is for the message.
    ///
    /// # Errors
    /// As [`Spec::read`].
    pub fn parse(text: &str, path: &Path) -> Result<Self, SpecError> {
        let malformed = |reason| SpecError::Malformed { path: path.to_owned(), reason };
        // The schema first: a newer one may have fields that this version cannot make sense of.
        let value: serde_json::Value =
            serde_json::from_str(text).map_err(|error| malformed(error.to_string()))?;
        let Some(schema) = value.get("schema").and_then(serde_json::Value::as_u64) else {
            return Err(malformed("it has no number `schema`".to_owned()));
        };
        if schema > u64::from(SPEC_SCHEMA) {
            return Err(SpecError::Newer { path: path.to_owned(), found: schema });
        }
        // From the text again, so that the message has line and column.
        serde_json::from_str(text).map_err(|error| malformed(error.to_string()))
    }

    /// The file's text: the same bytes for the same spec.
    pub fn to_text(&self) -> String {
        #[expect(clippy::expect_used, reason = "a spec is strings, numbers and lists of them")]
        canonical_json::to_string(self).expect("a spec has a JSON form")
    }

    /// Writes a spec file, whole or not at all.
    ///
    /// # Errors
    /// When the operating system refuses.
    pub fn write(&self, path: &Path) -> Result<(), SpecError> {
        Ok(text_file::write(path, &self.to_text())?)
    }
}
