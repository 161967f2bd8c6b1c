//! What holds for any text: parsers tell problems and never panic, and problems name a line that
//! is there; wrongly decoded text comes back as it was.

use crate::course_folder::{SMALL, here};
use crate::random::{Random, garble};
use cellist_notebooks::plan::{self, Plan, ShortNames};
use cellist_notebooks::unit::Unit;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// What breaks Markdown, YAML, attributes and patches.
const PIECES: [&str; 36] = [
    "```",
    "````",
    "~~~",
    "---",
    "```python {example}",
    "```python {check id=a points=1}",
    "```python {exercise id=x}",
    "```diff {mutant id=m fails=a,b}",
    "```quiz {id=q points=1}",
    "```reflect {id=r points=2 manual}",
    "```glossary",
    "{",
    "}",
    "=",
    "\"",
    "id:",
    "rev: 0",
    "- [x]",
    "- [ ] a > b",
    "### BEGIN SOLUTION",
    "### BEGIN SOLUTION stub=pass",
    "### STUB",
    "### END SOLUTION",
    "#| hint: {t.x!r}",
    "@@",
    "-",
    "+",
    " ",
    "\t",
    "# Größe 🚀",
    "<prompt>",
    "</prompt>",
    "Rubric:",
    "\u{feff}",
    "â€™",
    "\r",
];

/// Every Markdown file below a folder.
fn texts(folder: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let mut folders: Vec<PathBuf> = vec![here().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                texts.push(std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    texts.sort();
    texts
}

#[test]
fn no_unit_makes_the_parser_panic() {
    let mut units = texts("course/units");
    units.push(SMALL.to_owned());
    let (mut good, mut bad) = (0, 0);
    for seed in 0..600 {
        let mut random = Random(seed);
        let base = &units[random.below(units.len())];
        let text = garble(base, &PIECES, &mut random);
        let lines = text.replace("\r\n", "\n").split('\n').count();
        match Unit::parse(Path::new("u.md"), &text) {
            Ok(unit) => {
                good += 1;
                let ids: HashSet<&str> = unit.cells.iter().map(|cell| cell.id.as_str()).collect();
                assert_eq!(ids.len(), unit.cells.len(), "seed {seed}: an id is there twice");
                assert!(unit.cells.iter().all(|cell| cell.line <= lines), "seed {seed}");
                // What is read twice is the same.
                assert_eq!(Unit::parse(Path::new("u.md"), &text).unwrap(), unit, "seed {seed}");
            }
            Err(problems) => {
                bad += 1;
                assert!(!problems.is_empty(), "seed {seed}: nothing is said");
                for problem in problems {
                    assert!(problem.line <= lines, "seed {seed}: {problem}");
                    assert!(!problem.help.is_empty(), "seed {seed}: {problem}");
                }
            }
        }
    }
    // Texts that are all fine, or all broken, would prove little.
    assert!(good > 60 && bad > 60, "{good} good, {bad} bad");
}

#[test]
fn no_plan_makes_the_parser_panic() {
    let plans = texts("course/plans");
    for seed in 0..150 {
        let mut random = Random(seed);
        let base = &plans[random.below(plans.len())];
        // A part of it, so that many seeds take little time.
        let lines: Vec<&str> = base.lines().collect();
        let start = random.below(lines.len());
        let end = (start + 1 + random.below(120)).min(lines.len());
        let text = garble(&lines[start..end].join("\n"), &PIECES, &mut random);
        let plan = Plan::parse("p", Path::new("p.md"), &text, &ShortNames::new());
        let ids: HashSet<&str> = plan.items.iter().map(|item| item.id.as_str()).collect();
        assert_eq!(ids.len(), plan.items.len(), "seed {seed}: an id is there twice");
        for item in &plan.items {
            assert!(item.id.starts_with("p."), "seed {seed}: {item:?}");
            assert_eq!(plan.matching(&item.id).next().map(|found| &found.id), Some(&item.id));
        }
    }
}

#[test]
fn text_decoded_wrongly_comes_back_as_it_was() {
    let words =
        ["café", "naïve", "“quoted”", "—", "…", "🚀", "✅ done", "plain", "Größe", "’s", "->"];
    for seed in 0..300 {
        let mut random = Random(seed);
        let text: Vec<&str> = (0..8).map(|_| random.pick(&words)).collect();
        let text = text.join(" ");
        for encoding in [encoding_rs::WINDOWS_1252, encoding_rs::MACINTOSH] {
            let (mangled, _, _) = encoding.decode(text.as_bytes());
            assert_eq!(plan::clean(&mangled), text, "seed {seed}, {}", encoding.name());
        }
        assert_eq!(plan::clean(&text), text, "seed {seed}: correct text was changed");
    }
}
