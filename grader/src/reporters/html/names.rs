//! Names of files for names of learners, which may be anything.

use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

/// With four bytes a letter, and what is added, still a file's name.
const LONGEST: usize = 50;

/// Learner to file: letters, digits, `-`, `_` and `.` stay; a name that does not stay as it is, or
/// differs from another only in case, gets a few digits of its hash.
pub(super) fn file_names<'a>(learners: impl Iterator<Item = &'a str>) -> BTreeMap<&'a str, String> {
    let mut plain: BTreeMap<&str, String> = BTreeMap::new();
    let mut uses: HashMap<String, usize> = HashMap::new();
    for learner in learners {
        let name = cleaned(learner);
        *uses.entry(name.to_lowercase()).or_default() += 1;
        plain.insert(learner, name);
    }
    let named = plain.into_iter().map(|(learner, name)| {
        let alone = uses.get(&name.to_lowercase()) == Some(&1);
        let file = match alone && name == learner {
            true => format!("{name}.html"),
            false => format!("{name}-{}.html", digits(learner)),
        };
        (learner, file)
    });
    named.collect()
}

fn cleaned(learner: &str) -> String {
    let fits = |sign: char| sign.is_alphanumeric() || matches!(sign, '-' | '_' | '.');
    let clean = |sign| if fits(sign) { sign } else { '_' };
    let name: String = learner.chars().take(LONGEST).map(clean).collect();
    match name.strip_prefix('.') {
        Some(rest) => format!("_{rest}"),
        None if name.is_empty() => "_".to_owned(),
        None => name,
    }
}

fn digits(learner: &str) -> String {
    Sha256::digest(learner.as_bytes()).iter().take(4).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_their_folder_and_apart() {
        let odd = ["ann", "Zoë", "../../etc", ".hidden", "a/b", "a b", "", "Bob", "bob"];
        let files = file_names(odd.into_iter());
        assert_eq!(files["ann"], "ann.html");
        assert_eq!(files["Zoë"], "Zoë.html");
        assert!(files.values().all(|file| !file.contains('/') && !file.starts_with('.')));
        let lower: std::collections::BTreeSet<String> =
            files.values().map(|file| file.to_lowercase()).collect();
        assert_eq!(lower.len(), odd.len(), "{files:?}");
    }

    #[test]
    fn a_long_name_is_still_a_file_s() {
        let long = "大".repeat(400);
        assert!(file_names([long.as_str()].into_iter()).values().all(|file| file.len() < 255));
    }
}
