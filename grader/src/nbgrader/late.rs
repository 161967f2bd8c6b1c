//! Late submissions, as nbgrader's `LateSubmissionPlugin` treats them.

use jiff::civil::DateTime;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use std::fs;
use std::path::Path;

/// What a late submission loses: nbgrader's `penalty_method`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LatePolicy {
    /// Nothing.
    #[default]
    None,
    /// All points.
    Zero,
}

/// When a submission was handed in, by the `timestamp.txt` in its folder. `None` without one; `Err`
/// says why it tells nothing.
pub(crate) fn handed_in(folder: &Path) -> Result<Option<Timestamp>, String> {
    let path = folder.join("timestamp.txt");
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(_) if !path.exists() => return Ok(None),
        Err(error) => return Err(format!("`timestamp.txt` could not be read: {error}")),
    };
    match text.trim() {
        "" => Ok(None),
        text => parse(text).map(Some).ok_or_else(|| {
            format!(
                "`timestamp.txt` holds `{text}`, which is no time such as `2026-02-02 15:58:23 UTC`"
            )
        }),
    }
}

/// How late, if late.
pub(super) fn lateness(
    handed_in: Timestamp,
    due: Timestamp,
    extension: SignedDuration,
) -> Option<SignedDuration> {
    let late = handed_in.duration_since(due) - extension;
    late.is_positive().then_some(late)
}

/// A time as nbgrader writes it, `2026-02-02 15:58:23.948203 UTC`: a date, a time, and an offset
/// or `UTC`; without either it is UTC.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    let (time, zone) = match text.rsplit_once(' ') {
        Some((time, zone)) if time.contains(' ') || time.contains('T') => (time, zone),
        _ => split_offset(text),
    };
    let time: DateTime = time.parse().ok()?;
    offset(zone)?.to_timestamp(time).ok()
}

/// ISO 8601's offset at the end, `2026-02-02T15:58:23+01:00`.
fn split_offset(text: &str) -> (&str, &str) {
    let time = text.find(['T', ' ']).map_or(text.len(), |at| at + 1);
    match text[time..].find(['+', '-', 'Z']) {
        Some(at) => text.split_at(time + at),
        None => (text, ""),
    }
}

fn offset(zone: &str) -> Option<Offset> {
    let (sign, digits) = match zone.split_at_checked(1) {
        None | Some(("Z", "")) => return Some(Offset::UTC),
        _ if zone == "UTC" || zone == "GMT" => return Some(Offset::UTC),
        Some(("+", digits)) => (1, digits),
        Some(("-", digits)) => (-1, digits),
        Some(_) => return None,
    };
    let digits = digits.replace(':', "");
    if digits.len() != 4 {
        return None;
    }
    let number: i32 = digits.parse().ok()?;
    Offset::from_seconds(sign * (number / 100 * 3600 + number % 100 * 60)).ok()
}

/// What a note on a late submission begins with.
const HANDED_IN: &str = "handed in ";

/// The note on a late submission.
pub(super) fn note(late: SignedDuration) -> String {
    format!("{HANDED_IN}{} late", spoken(late))
}

/// Whether a verdict's note says that the submission was late.
pub fn tells_lateness(note: &str) -> bool {
    note.strip_prefix(HANDED_IN).is_some_and(|rest| rest.contains(" late"))
}

/// For people: the two largest units.
fn spoken(late: SignedDuration) -> String {
    let seconds = late.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn times_as_nbgrader_and_others_write_them() {
        let noon = "2026-02-02T12:00:00Z".parse().unwrap();
        for text in [
            "2026-02-02 12:00:00 UTC",
            "2026-02-02 12:00:00.000000 UTC",
            "2026-02-02 12:00:00",
            "2026-02-02T12:00:00",
            "2026-02-02T12:00:00Z",
            "2026-02-02T14:00:00+02:00",
            "2026-02-02 14:00:00 +0200",
            "2026-02-02 06:30:00 -0530",
        ] {
            assert_eq!(parse(text), Some(noon), "{text}");
        }
        for text in ["yesterday", "2026-02-31 12:00:00", "2026-02-02 12:00:00 Mars", "+", "T"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_last_second_is_in_time() {
        let due = parse("2026-02-02 12:00:00 UTC").unwrap();
        let hour = SignedDuration::from_hours(1);
        let at = |text| parse(text).unwrap();
        let none = SignedDuration::ZERO;
        assert_eq!(lateness(at("2026-02-02 12:00:00 UTC"), due, none), None);
        let second = Some(SignedDuration::from_secs(1));
        assert_eq!(lateness(at("2026-02-02 12:00:01 UTC"), due, none), second);
        assert_eq!(lateness(at("2026-02-02 13:00:00 UTC"), due, hour), None);
        assert_eq!(lateness(at("2026-02-02 13:00:01 UTC"), due, hour), second);
    }
}
