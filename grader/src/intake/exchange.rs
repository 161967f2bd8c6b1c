//! The exchange of JupyterHub and nbgrader: `EXCHANGE/COURSE/inbound/` holds a folder per
//! submission, `USER+ASSIGNMENT+TIMESTAMP+RANDOM`; the last part may be missing ("Exchange" in
//! nbgrader's documentation of its architecture, `ExchangeSubmit` in its sources).

use super::attempt::Mark;
use crate::nbgrader::parse_time;
use jiff::Timestamp;
use std::path::Path;

/// What the name of a submission's folder says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Inbound<'a> {
    /// Who handed it in.
    pub(crate) learner: &'a str,
    /// For which assignment.
    pub(crate) assignment: &'a str,
    /// When.
    pub(crate) time: Timestamp,
}

impl Inbound<'_> {
    pub(super) fn mark(&self) -> Mark {
        Mark { time: Some(self.time), ..Mark::default() }
    }
}

/// Reads the name of a submission's folder; `None` for any other.
pub(crate) fn read(name: &str) -> Option<Inbound<'_>> {
    let mut parts = name.splitn(4, '+');
    let (learner, assignment, time) = (parts.next()?, parts.next()?, parts.next()?);
    if learner.is_empty() || assignment.is_empty() {
        return None;
    }
    Some(Inbound { learner, assignment, time: parse_time(time)? })
}

/// As [`read`], of the nearest such folder that the path leads through.
pub(super) fn find(path: &Path) -> Option<Inbound<'_>> {
    path.ancestors().skip(1).filter_map(Path::file_name).find_map(|name| read(name.to_str()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_the_exchange() {
        let inbound = read("ann+ps1+2026-02-02 15:58:23.948203 UTC+hS9z-_aQ")
            .map(|found| (found.learner, found.assignment, found.time.to_string()));
        assert_eq!(inbound, Some(("ann", "ps1", "2026-02-02T15:58:23.948203Z".to_owned())));
        assert!(read("ann+ps1+2026-02-02 15:58:23 UTC").is_some());
        for other in ["ann", "a+b", "a+b+c", "+ps1+2026-02-02 15:58:23 UTC", "ann+ps1+later+x"] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
