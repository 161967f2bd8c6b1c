//! The revision of each unit that a submission was given out with.

use cellist_formats::notebook::Notebook;
use cellist_formats::spec::{Spec, UnitSpec};
use std::borrow::Cow;

/// The spec with every unit in the revision that the notebook's metadata name, as far as the spec
/// has it; and what was exchanged, for people.
pub fn revised<'a>(spec: &'a Spec, notebook: &Notebook) -> (Cow<'a, Spec>, Vec<String>) {
    let given = |unit: &UnitSpec| {
        let revision = notebook.metadata.get("cellist")?.get("units")?.get(&unit.id)?.as_u64()?;
        let is_it = |old: &&UnitSpec| old.id == unit.id && u64::from(old.rev) == revision;
        spec.older.iter().find(is_it)
    };
    if spec.units.iter().all(|unit| given(unit).is_none()) {
        return (Cow::Borrowed(spec), Vec::new());
    }
    let mut notes = Vec::new();
    let units = spec.units.iter().map(|unit| match given(unit) {
        Some(old) => {
            notes.push(format!(
                "unit `{}` was graded as revision {}, which was given out; there is a revision {}",
                unit.id, old.rev, unit.rev
            ));
            old.clone()
        }
        None => unit.clone(),
    });
    let units = units.collect();
    (Cow::Owned(Spec { units, older: Vec::new(), ..spec.clone() }), notes)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use cellist_formats::spec::SpecClock;
    use serde_json::json;

    fn unit(id: &str, rev: u32) -> UnitSpec {
        let title = format!("{id} {rev}");
        UnitSpec {
            id: id.into(),
            title,
            clock: SpecClock::Virtual,
            needs: Vec::new(),
            rev,
            cells: Vec::new(),
        }
    }

    /// Titles of the units that a submission with these revisions is graded by.
    fn graded(units: serde_json::Value) -> (Vec<String>, usize) {
        let spec = Spec {
            schema: 1,
            notebook: "a.ipynb".into(),
            units: vec![unit("a", 3), unit("b", 1)],
            older: vec![unit("a", 1), unit("a", 2)],
        };
        let metadata = json!({ "cellist": { "units": units } });
        let notebook = Notebook::new(Vec::new(), metadata.as_object().unwrap().clone());
        let (spec, notes) = revised(&spec, &notebook);
        (spec.units.iter().map(|unit| unit.title.clone()).collect(), notes.len())
    }

    #[test]
    fn each_unit_is_graded_as_it_was_given_out() {
        assert_eq!(graded(json!({"a": 2, "b": 1})), (vec!["a 2".into(), "b 1".into()], 1));
        assert_eq!(graded(json!({"a": 3})), (vec!["a 3".into(), "b 1".into()], 0));
    }

    #[test]
    fn what_is_unknown_is_graded_as_it_is_now() {
        for odd in [json!({"a": 9}), json!({"a": "1"}), json!({}), json!(7)] {
            assert_eq!(graded(odd), (vec!["a 3".into(), "b 1".into()], 0));
        }
    }
}
