//! Time as people write it, and where an axis has its marks.

/// Seconds with the unit that suits them: `2.5 s`, `130 ms`, `40 µs`.
pub(crate) fn duration(seconds: f64) -> String {
    let (value, unit) = match seconds.abs() {
        s if s >= 3600.0 => (seconds / 3600.0, "h"),
        s if s >= 120.0 => (seconds / 60.0, "min"),
        s if s >= 0.9995 => (seconds, "s"),
        s if s >= 0.000_999_5 => (seconds * 1e3, "ms"),
        s if s > 0.0 => (seconds * 1e6, "µs"),
        _ => return "0 s".to_owned(),
    };
    format!("{} {unit}", short(value))
}

/// Three digits, and no zeros behind the point.
fn short(value: f64) -> String {
    let digits = match value.abs() {
        v if v >= 99.95 => 0,
        v if v >= 9.995 => 1,
        _ => 2,
    };
    let text = format!("{value:.digits$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// Marks of an axis of `seconds`, at most `most` of them behind the first: when, and what to write.
pub(crate) fn marks(seconds: f64, most: usize) -> Vec<(f64, String)> {
    if seconds <= 0.0 {
        return vec![(0.0, "0".to_owned())];
    }
    let step = step(seconds / most.max(1) as f64);
    let mut marks = vec![(0.0, "0".to_owned())];
    for number in 1.. {
        let at = f64::from(number) * step;
        // A mark right at the end is one.
        if at > seconds * (1.0 + 1e-9) {
            break;
        }
        marks.push((at, duration(at)));
    }
    marks
}

/// The least round number that is at least `least`: 1, 2 or 5 times a power of ten; of more than a
/// minute, one that clocks have.
fn step(least: f64) -> f64 {
    const CLOCK: [f64; 10] =
        [60.0, 120.0, 300.0, 600.0, 1200.0, 1800.0, 3600.0, 7200.0, 21600.0, 43200.0];
    if least > 50.0
        && let Some(step) = CLOCK.into_iter().find(|step| *step >= least)
    {
        return step;
    }
    let power = 10_f64.powf(least.log10().floor());
    let factor = [1.0, 2.0, 5.0, 10.0].into_iter().find(|f| f * power >= least * (1.0 - 1e-9));
    factor.unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_the_unit_that_suits_them() {
        let written: Vec<String> =
            [0.0, 4e-5, 0.0013, 0.05, 0.9999, 1.25, 12.0, 90.5, 600.0, 7200.0]
                .into_iter()
                .map(duration)
                .collect();
        assert_eq!(
            written,
            ["0 s", "40 µs", "1.3 ms", "50 ms", "1 s", "1.25 s", "12 s", "90.5 s", "10 min", "2 h"]
        );
    }

    #[test]
    fn marks_are_round_and_reach_to_the_end() {
        let written = |seconds, most| -> Vec<String> {
            marks(seconds, most).into_iter().map(|(_, text)| text).collect()
        };
        assert_eq!(written(5.0, 6), ["0", "1 s", "2 s", "3 s", "4 s", "5 s"]);
        assert_eq!(
            written(0.3, 6),
            ["0", "50 ms", "100 ms", "150 ms", "200 ms", "250 ms", "300 ms"]
        );
        assert_eq!(written(0.0, 6), ["0"]);
        assert_eq!(written(1000.0, 4), ["0", "5 min", "10 min", "15 min"]);
    }
}
