//! Metadata of cells: nbgrader's schemas and ours.

use cellist_formats::cell_metadata::{CellMetadataError, CellistMetadata, NbgraderMetadata};
use serde_json::{Map, Value, json};

fn metadata(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

#[test]
fn a_cell_of_tests_is_written_as_nbgrader_writes_it() {
    let mut cell = metadata(json!({"tags": ["kept"]}));
    NbgraderMetadata::tests("t1", 3.0).put(&mut cell);
    let wanted = json!({
        "tags": ["kept"],
        "nbgrader": {
            "schema_version": 3, "grade_id": "t1", "grade": true, "solution": false,
            "task": false, "locked": true, "points": 3,
        },
    });
    assert_eq!(Value::Object(cell.clone()), wanted);
    let read = NbgraderMetadata::from_cell(&cell).unwrap();
    assert_eq!(read, Some(NbgraderMetadata::tests("t1", 3.0)));
}

#[test]
fn points_that_are_no_whole_number_stay() {
    let mut cell = Map::new();
    NbgraderMetadata::manual("m", 0.5).put(&mut cell);
    assert_eq!(cell["nbgrader"]["points"], json!(0.5));
    assert_eq!(NbgraderMetadata::from_cell(&cell).unwrap().unwrap().points, Some(0.5));
}

#[test]
fn a_solution_has_no_points() {
    let mut cell = Map::new();
    NbgraderMetadata::solution("s").put(&mut cell);
    assert_eq!(cell["nbgrader"].get("points"), None);
}

#[test]
fn older_schemas_are_upgraded() {
    for version in [json!(1), json!(2), Value::Null] {
        let mut part = json!({"grade_id": "a", "grade": true, "points": "2", "checksum": "c"});
        if !version.is_null() {
            part["schema_version"] = version;
        }
        let cell = metadata(json!({ "nbgrader": part }));
        let read = NbgraderMetadata::from_cell(&cell).unwrap().unwrap();
        assert_eq!((read.schema_version, read.points, read.task), (3, Some(2.0), false));
        assert_eq!(read.checksum.as_deref(), Some("c"));
    }
}

#[test]
fn newer_schemas_and_nonsense_are_refused() {
    let error = |value| NbgraderMetadata::from_cell(&metadata(value)).unwrap_err();
    let newer = error(json!({"nbgrader": {"schema_version": 4, "grade_id": "a"}}));
    assert_eq!(newer, CellMetadataError::Newer { key: "nbgrader", found: 4 });
    assert!(newer.to_string().ends_with("update cellist"), "{newer}");
    for value in [json!({"nbgrader": 1}), json!({"nbgrader": {"schema_version": 3}})] {
        assert!(matches!(error(value), CellMetadataError::Malformed { .. }));
    }
}

#[test]
fn ours_is_read_back_and_may_be_absent() {
    let ours =
        CellistMetadata { unit: "ex01".into(), kind: "check".into(), guard: true, hidden: false };
    let mut cell = Map::new();
    assert_eq!(CellistMetadata::from_cell(&cell).unwrap(), None);
    ours.put(&mut cell);
    assert_eq!(cell["cellist"], json!({"unit": "ex01", "kind": "check", "guard": true}));
    assert_eq!(CellistMetadata::from_cell(&cell).unwrap(), Some(ours));
    let odd = metadata(json!({"cellist": []}));
    assert!(CellistMetadata::from_cell(&odd).is_err());
}
