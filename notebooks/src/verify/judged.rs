//! A verdict on a single unit, by the names that its author knows.

use crate::unit::Unit;
use cellist_formats::verdict::{CellError, ItemVerdict, Status, UnitVerdict, Verdict};

/// A verdict on one unit.
pub(super) struct Judged {
    /// Name within the unit, and the item of the verdict.
    items: Vec<(String, ItemVerdict)>,
    /// Name within the unit, and what its cell raised.
    pub(super) errors: Vec<(String, CellError)>,
}

impl Judged {
    pub(super) fn new(unit: &Unit, verdict: Verdict) -> Self {
        let name = |id: &str| {
            let cell = unit.cells.iter().find(|cell| cell.id == id);
            cell.map_or_else(|| id.to_owned(), |cell| cell.name.clone())
        };
        let (mut items, mut errors) = (Vec::new(), Vec::new());
        for UnitVerdict { items: its_items, errors: its_errors, .. } in verdict.units {
            items.extend(its_items.into_iter().map(|item| (name(&item.id), item)));
            errors.extend(its_errors.into_iter().map(|error| (name(&error.cell), error)));
        }
        Self { items, errors }
    }

    /// What the judge says of a check or quiz.
    pub(super) fn item(&self, name: &str) -> Option<&ItemVerdict> {
        self.items.iter().find(|(own, _)| own == name).map(|(_, item)| item)
    }

    /// Names of the items that did not pass.
    pub(super) fn failed(&self) -> impl Iterator<Item = &str> {
        self.items.iter().filter(|(_, item)| !passed(item)).map(|(name, _)| name.as_str())
    }
}

/// Whether a check held: a guard that pays nothing, for want of a positive check, held too.
pub(super) fn passed(item: &ItemVerdict) -> bool {
    matches!(item.status, Status::Passed | Status::Withheld)
}
