//! What holds for any text: parsers tell problems and never panic, and problems name a line that
//! is there; wrongly decoded text comes back as it was.

use crate::course_folder::{CourseFolder, SMALL, here};
use crate::random::{Random, garble, mangle, seeds};
use cellist_formats::spec::ANSWER;
use cellist_notebooks::build;
use cellist_notebooks::course::Course;
use cellist_notebooks::course::edit::add_unit;
use cellist_notebooks::plan::{self, Plan, ShortNames};
use cellist_notebooks::unit::Unit;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// What breaks Markdown, YAML, attributes and patches.
const PIECES: [&str; 38] = [
    "```",
    "````",
    "~~~",
    "---",
    "```python {example}",
    "```python {check id=a points=1}",
    "```python {exercise id=x}",
    "```diff {mutant id=m fails=a,b}",
    "```quiz {id=q points=1}",
    "= 5 ± 1 s > why",
    "!= ... > why",
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
    for seed in seeds("units", 600) {
        let mut random = Random(seed);
        let base = &units[random.below(units.len())];
        let text = if seed % 3 == 0 {
            mangle(base, &units, &PIECES, &mut random)
        } else {
            garble(base, &PIECES, &mut random)
        };
        let lines = text.replace("\r\n", "\n").split('\n').count();
        match Unit::parse(Path::new("u.md"), &text) {
            Ok(unit) => {
                good += 1;
                let ids: HashSet<&str> = unit.cells.iter().map(|cell| cell.id.as_str()).collect();
                assert_eq!(ids.len(), unit.cells.len(), "seed {seed}: an id is there twice");
                assert!(unit.cells.iter().all(|cell| cell.line <= lines), "seed {seed}");
                // What is read twice is the same.
                assert_eq!(Unit::parse(Path::new("u.md"), &text).unwrap(), unit, "seed {seed}");
                let spec = build::unit_spec(&unit);
                assert!(spec.cells.iter().all(|cell| ids.contains(cell.id())), "seed {seed}");
                for answers in [build::right_answers(&unit), build::starter_answers(&unit)] {
                    let of_cell = |id: &String| ids.contains(id.trim_end_matches(ANSWER));
                    assert!(answers.keys().all(of_cell), "seed {seed}");
                }
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
    for seed in seeds("plans", 150) {
        let mut random = Random(seed);
        let base = &plans[random.below(plans.len())];
        // A part of it, so that many seeds take little time.
        let lines: Vec<&str> = base.lines().collect();
        let start = random.below(lines.len());
        let end = (start + 1 + random.below(120)).min(lines.len());
        let text = mangle(&lines[start..end].join("\n"), &plans, &PIECES, &mut random);
        let plan = Plan::parse("p", Path::new("p.md"), &text, &ShortNames::new());
        // `import` writes the cleaned text, which is read as a plan each time.
        let again = Plan::parse("p", Path::new("p.md"), &plan::clean(&text), &ShortNames::new());
        assert_eq!(again.items, plan.items, "seed {seed}: it changes once it is imported");
        let ids: HashSet<&str> = plan.items.iter().map(|item| item.id.as_str()).collect();
        assert_eq!(ids.len(), plan.items.len(), "seed {seed}: an id is there twice");
        for item in &plan.items {
            assert!(item.id.starts_with("p."), "seed {seed}: {item:?}");
            assert!(plan.matching(&item.id).any(|found| found == item), "seed {seed}: {item:?}");
        }
    }
}

#[test]
fn text_decoded_wrongly_comes_back_as_it_was() {
    let words =
        ["café", "naïve", "“quoted”", "—", "…", "🚀", "✅ done", "plain", "Größe", "’s", "->"];
    for seed in seeds("decoding", 300) {
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

/// What breaks a `course.toml`.
const TOML: [&str; 16] = [
    "[[set]]",
    "[[notebook]]",
    "[[plan]]",
    "[[waive]]",
    "[plan.short]",
    "units = [\"small\"]",
    "file = \"set/a.ipynb\"",
    "file = \"../a.ipynb\"",
    "id = 1",
    "plan = \"p\"",
    "= ",
    "\"\"\"",
    "[",
    "#",
    "id = \"\"",
    "reason = ''",
];

#[test]
fn no_course_makes_its_reader_panic() {
    let ours = std::fs::read_to_string(here().join("course/course.toml")).unwrap();
    let small = "title = \"T\"\n[[set]]\nid = \"set\"\ntitle = \"Set\"\n[[notebook]]\nfile = \"set/a.ipynb\"\n\
                 units = [\"small\"]\n";
    // Where most edits do no harm.
    let small =
        format!("{}{small}", "# What an author remarks, on a line of its own.\n".repeat(30));
    let others = [ours];
    let plan = std::fs::read_to_string(here().join("course/plans/day02.md")).unwrap();
    let course = CourseFolder::small();
    std::fs::create_dir_all(course.dir().join("plans")).unwrap();
    std::fs::write(course.dir().join("plans/p.md"), plan).unwrap();
    let with_plan = format!("{small}plan = \"p\"\n[[plan]]\nid = \"p\"\nfile = \"plans/p.md\"\n");
    let (mut good, mut bad) = (0, 0);
    for seed in seeds("courses", 200) {
        let mut random = Random(seed);
        let base = if seed % 2 == 0 { &small } else { &with_plan };
        let text = if seed % 4 < 2 {
            mangle(base, &others, &TOML, &mut random)
        } else {
            garble(base, &TOML, &mut random)
        };
        let path = course.dir().join("course.toml");
        std::fs::write(&path, &text).unwrap();
        match Course::load(&course.dir()) {
            Ok(read) => {
                good += 1;
                assert_eq!(build::course(&read), build::course(&read), "seed {seed}");
            }
            Err(problems) => {
                bad += 1;
                assert!(!problems.is_empty(), "seed {seed}: nothing is said");
                let lines = text.split('\n').count();
                let of_course = problems.iter().filter(|problem| problem.path == path);
                assert!(of_course.clone().all(|problem| problem.line <= lines), "seed {seed}");
            }
        }
        // What `new` writes is a course that has the unit.
        if let Ok(added) = add_unit(&text, "set/b.ipynb", "other") {
            let again = add_unit(&added, "set/b.ipynb", "other").unwrap_err().to_string();
            assert!(again.contains("`other` is in `set/b.ipynb` already"), "seed {seed}: {again}");
        }
    }
    assert!(good > 20 && bad > 20, "{good} good, {bad} bad");
}
