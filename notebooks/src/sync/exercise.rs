//! An edited solution: back between the markers that say what the learner writes.

use similar::{Algorithm, DiffOp, capture_diff_slices};

/// A line of an exercise's fence.
struct Line {
    text: String,
    /// Line of the solution: neither a marker nor a stub's.
    solution: bool,
    /// Number of the region that it stands in.
    region: Option<usize>,
}

/// The fence's content with the edited solution in it. A line that was added next to a region is
/// the learner's to write: it goes into the region.
pub(super) fn merge(content: &[String], edited: &str) -> Result<Vec<String>, String> {
    let lines = classify(content);
    let places: Vec<usize> = solution_lines(&lines);
    let old: Vec<&str> = places.iter().map(|at| lines[*at].text.as_str()).collect();
    let new: Vec<&str> = edited.lines().collect();
    let mut removed = vec![false; lines.len()];
    // Lines to be put before the line of this index; the last entry is the end.
    let mut inserted: Vec<Vec<String>> = vec![Vec::new(); lines.len() + 1];
    let region = |index: usize| places.get(index).and_then(|at| lines[*at].region);
    for op in capture_diff_slices(Algorithm::Myers, &old, &new) {
        let added: Vec<String> =
            new[op.new_range()].iter().map(|line| (*line).to_owned()).collect();
        match op {
            DiffOp::Equal { .. } => {}
            DiffOp::Delete { .. } | DiffOp::Replace { .. } => {
                let range = op.old_range();
                let first = region(range.start);
                if !added.is_empty() && range.clone().any(|index| region(index) != first) {
                    return Err(
                        "it changes lines on both sides of a region's border at once; edit the \
                                unit, where the border shows"
                            .to_owned(),
                    );
                }
                range.clone().for_each(|index| removed[places[index]] = true);
                inserted[places[range.start]].extend(added);
            }
            DiffOp::Insert { old_index, .. } => {
                let before = old_index.checked_sub(1);
                let after_it =
                    before.is_some_and(|at| region(at).is_some()) || region(old_index).is_none();
                let at = match before.filter(|_| after_it) {
                    Some(before) => places[before] + 1,
                    None => places.get(old_index).copied().unwrap_or(lines.len()),
                };
                inserted[at].extend(added);
            }
        }
    }
    let mut merged = Vec::new();
    for (index, line) in lines.into_iter().enumerate() {
        merged.append(&mut inserted[index]);
        if !removed[index] {
            merged.push(line.text);
        }
    }
    merged.extend(inserted.into_iter().flatten());
    Ok(merged)
}

fn classify(content: &[String]) -> Vec<Line> {
    let mut regions = 0;
    let mut region = None;
    let mut stub = false;
    let mut lines = Vec::new();
    for text in content {
        let mark = text.trim();
        let is_end = mark == "### END SOLUTION";
        let is_begin = mark.starts_with("### BEGIN SOLUTION");
        let is_stub = mark == "### STUB";
        if is_begin {
            (regions, region, stub) = (regions + 1, Some(regions), false);
        }
        stub |= is_stub;
        let solution = !(is_begin || is_end || stub);
        lines.push(Line { text: text.clone(), solution, region });
        if is_end {
            (region, stub) = (None, false);
        }
    }
    lines
}

/// Indexes of the solution's lines, without blank ones at its ends.
fn solution_lines(lines: &[Line]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].solution).collect();
    let blank = |at: &usize| lines[*at].text.trim().is_empty();
    while places.last().is_some_and(blank) {
        places.pop();
    }
    let start = places.iter().position(|at| !blank(at)).unwrap_or(0);
    places.split_off(start)
}
