//! Names of what is waited for, as numbers that fit into a record.

use super::WHAT;
use std::sync::{Mutex, MutexGuard, PoisonError};

static NAMES: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn names() -> MutexGuard<'static, Vec<String>> {
    NAMES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The number of a name; 0, as of none, when there are too many.
pub(super) fn number(name: &str) -> u8 {
    let mut names = names();
    let known = names.iter().position(|other| other == name);
    let at = known.unwrap_or_else(|| {
        if names.len() < usize::from(WHAT) {
            names.push(name.to_owned());
            names.len() - 1
        } else {
            usize::from(WHAT)
        }
    });
    // At most 62 here, or 63, which is none.
    if at == usize::from(WHAT) { 0 } else { at as u8 + 1 }
}

pub(super) fn look_up(number: u8) -> Option<String> {
    names().get(usize::from(number).checked_sub(1)?).cloned()
}
