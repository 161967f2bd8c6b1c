//! A course: `course.toml` groups units into notebooks and notebooks into sets.

pub mod edit;
mod plans;

use crate::diagnostic::{Diagnostic, Problems, list, suggest};
use crate::plan::Plan;
use crate::revisions::{self, Released};
use crate::unit::Unit;
use cellist_formats::spec::UnitSpec;
use cellist_formats::text_file;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use std::path::{Component, Path, PathBuf};
use toml::Spanned;

/// A course without problems of form: every unit parsed.
#[derive(Clone, Debug)]
pub struct Course {
    /// The folder that holds `course.toml`.
    pub dir: PathBuf,
    /// Title for people.
    pub title: String,
    /// The sets, in order.
    pub sets: Vec<Set>,
    /// The notebooks, in order.
    pub notebooks: Vec<NotebookPlan>,
    /// The plans that it follows.
    pub plans: Vec<Plan>,
    /// Plan items that are no notebook cell.
    pub waivers: Vec<Waiver>,
    /// The units by id.
    pub units: BTreeMap<String, Unit>,
    /// Revisions that learners have.
    pub released: Released,
}

/// A folder of notebooks.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Set {
    /// Name of the folder.
    pub id: String,
    /// Title for people.
    pub title: String,
}

/// Which units a notebook holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotebookPlan {
    /// Path within the published folder: `<set>/<name>.ipynb`.
    pub file: String,
    /// The plan that it follows.
    pub plan: Option<String>,
    /// Ids of its units, in order.
    pub units: Vec<String>,
}

/// A plan item that is no notebook cell, and why.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    /// The item: `<plan>.<path>`.
    pub item: String,
    /// Why there is nothing to build.
    pub reason: String,
}

/// `course.toml` as it stands in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CourseFile {
    title: String,
    #[serde(default, rename = "set")]
    sets: Vec<Spanned<Set>>,
    #[serde(default, rename = "notebook")]
    notebooks: Vec<NotebookEntry>,
    #[serde(default, rename = "plan")]
    plans: Vec<plans::PlanEntry>,
    #[serde(default, rename = "waive")]
    waivers: Vec<Spanned<Waiver>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NotebookEntry {
    file: Spanned<String>,
    plan: Option<Spanned<String>>,
    units: Vec<Spanned<String>>,
}

impl Course {
    /// Reads `course.toml` in `dir` and every unit below `dir/units`.
    ///
    /// # Errors
    /// Every problem of every file, not only the first.
    pub fn load(dir: &Path) -> Result<Self, Vec<Diagnostic>> {
        let path = dir.join("course.toml");
        let (file, text) = read_course_file(&path)?;
        let mut found = Vec::new();
        let units = read_units(&dir.join("units"), &mut found);
        let mut checker = Checker { text: &text, problems: Problems::new(&path), units: &units };
        checker.sets(&file.sets);
        checker.notebooks(&file);
        let plans = checker.plans(dir, &file);
        found.extend(checker.problems.into_sorted());
        found.extend(check_requirements(&units));
        found.extend(plans::check_covers(&units.parsed, &plans));
        let released = revisions::read(dir).unwrap_or_else(|problems| {
            found.extend(problems);
            Released::new()
        });
        found.extend(revisions::check(&units.parsed, &released));
        if !found.is_empty() {
            return Err(found);
        }
        Ok(Self::assemble(dir, file, plans, units.parsed, released))
    }

    fn assemble(
        dir: &Path,
        file: CourseFile,
        plans: Vec<Plan>,
        units: BTreeMap<String, Unit>,
        released: Released,
    ) -> Self {
        let notebooks = file.notebooks.into_iter().map(|entry| NotebookPlan {
            file: entry.file.into_inner(),
            plan: entry.plan.map(Spanned::into_inner),
            units: entry.units.into_iter().map(Spanned::into_inner).collect(),
        });
        Self {
            dir: dir.to_owned(),
            title: file.title,
            sets: file.sets.into_iter().map(Spanned::into_inner).collect(),
            notebooks: notebooks.collect(),
            plans,
            waivers: file.waivers.into_iter().map(Spanned::into_inner).collect(),
            units,
            released,
        }
    }

    /// Released revisions of a notebook's units that are older than the units.
    pub fn older_revisions<'a>(
        &'a self,
        plan: &'a NotebookPlan,
    ) -> impl Iterator<Item = &'a UnitSpec> {
        self.units_of(plan).flat_map(|unit| {
            let released = self.released.get(&unit.front.id).into_iter().flatten();
            released.filter(|old| old.rev < unit.front.rev)
        })
    }

    /// The units of a notebook, in order.
    pub fn units_of<'a>(&'a self, plan: &'a NotebookPlan) -> impl Iterator<Item = &'a Unit> {
        plan.units.iter().filter_map(|id| self.units.get(id))
    }
}

fn read_course_file(path: &Path) -> Result<(CourseFile, String), Vec<Diagnostic>> {
    let one = |line, message: String, help: &str| {
        vec![Diagnostic { path: path.to_owned(), line, message, help: help.to_owned() }]
    };
    let text = text_file::read(path).map_err(|error| match error {
        text_file::TextFileError::Missing { .. } => {
            one(0, "the file does not exist".into(), "name the course's folder with `--course DIR`")
        }
        other => one(0, other.to_string(), ""),
    })?;
    match toml::from_str(&text) {
        Ok(file) => Ok((file, text)),
        Err(error) => {
            let line = error.span().map_or(0, |span| line_at(&text, span.start));
            let help = "see the keys of the other entries: `title`, `[[set]]` (id, title), \
                        `[[notebook]]` (file, plan, units), `[[plan]]` (id, file, short), \
                        `[[waive]]` (item, reason)";
            Err(one(line, error.message().replace('\n', "; "), help))
        }
    }
}

fn line_at(text: &str, offset: usize) -> usize {
    1 + text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count()
}

/// The units that a course's folder holds.
struct Units {
    parsed: BTreeMap<String, Unit>,
    /// Names of files that are there but have problems, so that nobody complains that they are
    /// missing.
    broken: Vec<String>,
}

fn read_units(dir: &Path, found: &mut Vec<Diagnostic>) -> Units {
    let mut units = Units { parsed: BTreeMap::new(), broken: Vec::new() };
    for path in markdown_files(dir, found) {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let unit = match Unit::read(&path) {
            Ok(unit) => unit,
            Err(problems) => {
                found.extend(problems);
                units.broken.push(stem);
                continue;
            }
        };
        let id = unit.front.id.clone();
        let complain = |message: String, help: String| Diagnostic {
            path: path.clone(),
            line: 2,
            message,
            help,
        };
        if stem != id {
            let help = format!("rename the file to `{id}.md`, or change the id");
            found.push(complain(format!("the unit `{id}` stands in a file of another name"), help));
        }
        if let Some(other) = units.parsed.get(&id) {
            let message =
                format!("the unit id `{id}` is used twice, also in `{}`", other.path.display());
            found.push(complain(message, "give one of the units another id".into()));
        } else {
            units.parsed.insert(id, unit);
        }
    }
    units
}

/// The `.md` files below a folder, sorted.
fn markdown_files(dir: &Path, found: &mut Vec<Diagnostic>) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) => {
                found.push(Diagnostic {
                    path: folder,
                    line: 0,
                    message: format!("the folder of units cannot be read: {error}"),
                    help: "units stand in `units/<track>/<unit>.md` beside `course.toml`".into(),
                });
                continue;
            }
        };
        for entry in entries.flatten() {
            let path = entry.path();
            // Links to folders are not followed: they may go round in circles.
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// Looks at `course.toml` in the light of the units.
struct Checker<'a> {
    text: &'a str,
    problems: Problems,
    units: &'a Units,
}

impl Checker<'_> {
    fn add(&mut self, offset: usize, message: String, help: impl Into<String>) {
        self.problems.add(line_at(self.text, offset), message, help);
    }

    fn sets(&mut self, sets: &[Spanned<Set>]) {
        for (index, set) in sets.iter().enumerate() {
            let id = &set.get_ref().id;
            let at = set.span().start;
            if sets[..index].iter().any(|other| other.get_ref().id == *id) {
                self.add(at, format!("the set `{id}` is declared twice"), "remove one of them");
            }
            let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            if id.is_empty() || !id.chars().all(allowed) {
                let help = "it is the name of a folder: use a-z, 0-9 and `-`";
                self.add(at, format!("the set id `{id}` is not allowed"), help);
            }
        }
    }

    fn notebooks(&mut self, file: &CourseFile) {
        let sets: Vec<&str> = file.sets.iter().map(|set| set.get_ref().id.as_str()).collect();
        let mut files: Vec<&str> = Vec::new();
        let mut placed: HashMap<&str, &str> = HashMap::new();
        for entry in &file.notebooks {
            let name = entry.file.get_ref().as_str();
            let at = entry.file.span().start;
            self.file_name(name, at, &sets);
            if files.contains(&name) {
                self.add(at, format!("the notebook `{name}` is declared twice"), "join the two");
            }
            files.push(name);
            if entry.units.is_empty() {
                self.add(
                    at,
                    format!("the notebook `{name}` has no units"),
                    "write `units = [\"ex01\"]`",
                );
            }
            for unit in &entry.units {
                let (id, at) = (unit.get_ref().as_str(), unit.span().start);
                self.unit_exists(id, at);
                if let Some(first) = placed.insert(id, name) {
                    let message = format!("the unit `{id}` is in `{name}` and in `{first}`");
                    self.add(at, message, "keep it in one notebook");
                }
            }
            self.cell_ids(entry);
        }
        self.left_over(&placed);
    }

    fn file_name(&mut self, name: &str, at: usize, sets: &[&str]) {
        let parts: Vec<Component<'_>> = Path::new(name).components().collect();
        let plain = parts.iter().all(|part| matches!(part, Component::Normal(_)));
        let set = name.split('/').next().unwrap_or_default();
        if !plain || parts.len() < 2 || !name.ends_with(".ipynb") || name.contains('\\') {
            let help = "write `file = \"<set>/<name>.ipynb\"`";
            self.add(at, format!("the notebook file `{name}` is not allowed"), help);
        } else if !sets.contains(&set) {
            self.add(
                at,
                format!("the notebook `{name}` is in the unknown set `{set}`"),
                suggest(set, sets),
            );
        }
    }

    fn unit_exists(&mut self, id: &str, at: usize) {
        if self.units.parsed.contains_key(id) || self.units.broken.iter().any(|name| name == id) {
            return;
        }
        let known: Vec<&str> = self.units.parsed.keys().map(String::as_str).collect();
        self.add(at, format!("there is no unit `{id}`"), suggest(id, &known));
    }

    /// Ids are unique within a unit, but `a` + `b-c` and `a-b` + `c` are the same cell id.
    fn cell_ids(&mut self, entry: &NotebookEntry) {
        let mut seen: HashMap<&str, &str> = HashMap::new();
        for unit in &entry.units {
            let Some(unit_read) = self.units.parsed.get(unit.get_ref()) else { continue };
            for cell in &unit_read.cells {
                let other = seen.insert(&cell.id, &unit_read.front.id);
                if let Some(other) = other.filter(|other| *other != unit_read.front.id) {
                    let message = format!(
                        "units `{other}` and `{}` both have the cell id `{}`",
                        unit_read.front.id, cell.id
                    );
                    self.add(unit.span().start, message, "rename one of the cells");
                }
            }
        }
    }

    fn left_over(&mut self, placed: &HashMap<&str, &str>) {
        let left: Vec<&String> =
            self.units.parsed.keys().filter(|id| !placed.contains_key(id.as_str())).collect();
        if !left.is_empty() {
            let message = format!("in no notebook: {}", list(left));
            self.problems.add(0, message, "add each unit to the `units` of a `[[notebook]]`");
        }
    }
}

fn check_requirements(units: &Units) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let known: Vec<&str> = units.parsed.keys().map(String::as_str).collect();
    for unit in units.parsed.values() {
        for required in &unit.front.requires {
            if !known.contains(&required.as_str()) && !units.broken.contains(required) {
                found.push(Diagnostic {
                    path: unit.path.clone(),
                    line: 0,
                    message: format!("the unit requires `{required}`, which does not exist"),
                    help: suggest(required, &known),
                });
            }
        }
    }
    found
}
