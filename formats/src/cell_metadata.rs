//! What a cell's metadata says about grading: nbgrader's part and ours.

use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};

/// Newest version of nbgrader's cell metadata that this reads, and the one it writes (nbgrader
/// 0.6 to 0.9).
pub const NBGRADER_SCHEMA: u64 = 3;

/// nbgrader's metadata of a cell, schema version 3, under `nbgrader`.
/// See <https://nbgrader.readthedocs.io/en/stable/contributor_guide/metadata.html>.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NbgraderMetadata {
    /// [`NBGRADER_SCHEMA`].
    pub schema_version: u64,
    /// Unique name within the assignment.
    pub grade_id: String,
    /// The cell is graded: by a program when it is not a solution, else by a person.
    #[serde(default)]
    pub grade: bool,
    /// The learner writes into it.
    #[serde(default)]
    pub solution: bool,
    /// A free-form task, graded by a person.
    #[serde(default)]
    pub task: bool,
    /// Put back to its source before grading.
    #[serde(default)]
    pub locked: bool,
    /// Points of a graded cell.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "as_javascript")]
    pub points: Option<f64>,
    /// Checksum of the source handed out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<String>,
    /// The cell's type when it was handed out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cell_type: Option<String>,
}

impl NbgraderMetadata {
    /// Key in a cell's metadata.
    pub const KEY: &'static str = "nbgrader";

    /// A cell that the learner fills in.
    pub fn solution(grade_id: &str) -> Self {
        Self {
            schema_version: NBGRADER_SCHEMA,
            grade_id: grade_id.to_owned(),
            grade: false,
            solution: true,
            task: false,
            locked: false,
            points: None,
            checksum: None,
            cell_type: None,
        }
    }

    /// A cell of tests.
    pub fn tests(grade_id: &str, points: f64) -> Self {
        Self {
            grade: true,
            solution: false,
            locked: true,
            points: Some(points),
            ..Self::solution(grade_id)
        }
    }

    /// An answer that nbgrader leaves to a person.
    pub fn manual(grade_id: &str, points: f64) -> Self {
        Self { grade: true, points: Some(points), ..Self::solution(grade_id) }
    }

    /// Reads the part of a cell's metadata, older schemas upgraded; `None` when there is none.
    ///
    /// # Errors
    /// When it is malformed or of a newer schema.
    pub fn from_cell(metadata: &Map<String, Value>) -> Result<Option<Self>, CellMetadataError> {
        let Some(part) = metadata.get(Self::KEY) else { return Ok(None) };
        let Value::Object(part) = part else {
            return Err(CellMetadataError::Malformed {
                key: Self::KEY,
                reason: "it is not an object".into(),
            });
        };
        let mut part = part.clone();
        // Before schema 1 nbgrader wrote no version.
        let version = part.get("schema_version").and_then(Value::as_u64).unwrap_or(1);
        if version > NBGRADER_SCHEMA {
            return Err(CellMetadataError::Newer { key: Self::KEY, found: version });
        }
        if version < NBGRADER_SCHEMA {
            // 1 -> 2 allowed points as text; 2 -> 3 added `task`, false by default.
            if let Some(Value::String(points)) = part.get("points") {
                let number = points.trim().parse::<f64>().unwrap_or(0.0);
                part.insert("points".into(), number.into());
            }
            part.insert("schema_version".into(), NBGRADER_SCHEMA.into());
        }
        read(part, Self::KEY).map(Some)
    }

    /// Puts it into a cell's metadata.
    pub fn put(&self, metadata: &mut Map<String, Value>) {
        put(self, Self::KEY, metadata);
    }
}

/// Our metadata of a cell, under `cellist`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellistMetadata {
    /// The unit's id.
    pub unit: String,
    /// What the cell is: `prose`, `example`, `exercise`, `check`, `quiz`, `answer` (to a quiz),
    /// `reflect`, `glossary`, `instructor`. A string, not an enum: a newer writer may know more.
    pub kind: String,
    /// A check that only counts when a positive one passes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub guard: bool,
    /// A check that learners do not get.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hidden: bool,
}

impl CellistMetadata {
    /// Key in a cell's metadata.
    pub const KEY: &'static str = "cellist";

    /// Reads the part of a cell's metadata; `None` when there is none.
    ///
    /// # Errors
    /// When it is malformed.
    pub fn from_cell(metadata: &Map<String, Value>) -> Result<Option<Self>, CellMetadataError> {
        match metadata.get(Self::KEY) {
            None => Ok(None),
            Some(Value::Object(part)) => read(part.clone(), Self::KEY).map(Some),
            Some(_) => Err(CellMetadataError::Malformed {
                key: Self::KEY,
                reason: "it is not an object".into(),
            }),
        }
    }

    /// Puts it into a cell's metadata.
    pub fn put(&self, metadata: &mut Map<String, Value>) {
        put(self, Self::KEY, metadata);
    }
}

/// Why a cell's metadata could not be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum CellMetadataError {
    /// Not what it should be.
    #[error("the cell metadata `{key}` is malformed: {reason}; take the cell from a fresh copy")]
    Malformed {
        /// Which part.
        key: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// From a newer program.
    #[error(
        "the cell metadata `{key}` has schema version {found}, newer than {NBGRADER_SCHEMA}; \
         update cellist"
    )]
    Newer {
        /// Which part.
        key: &'static str,
        /// Its version.
        found: u64,
    },
}

fn read<T: serde::de::DeserializeOwned>(
    part: Map<String, Value>,
    key: &'static str,
) -> Result<T, CellMetadataError> {
    serde_json::from_value(Value::Object(part))
        .map_err(|error| CellMetadataError::Malformed { key, reason: error.to_string() })
}

/// Writes `3.0` as `3`, as JupyterLab does when it saves the cell.
fn as_javascript<S: Serializer>(points: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    match points {
        Some(points) if points.fract() == 0.0 && points.abs() < 1e15 => {
            serializer.serialize_i64(*points as i64)
        }
        points => points.serialize(serializer),
    }
}

fn put<T: Serialize>(part: &T, key: &str, metadata: &mut Map<String, Value>) {
    #[expect(clippy::expect_used, reason = "strings, numbers and truth values only")]
    let value = serde_json::to_value(part).expect("cell metadata has a JSON form");
    metadata.insert(key.to_owned(), value);
}
