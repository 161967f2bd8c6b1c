//! Where an assignment of Otter's lies: the instructor's notebook, or what `otter assign` made of it.

use super::config::Config;
use super::master::{self, Manual};
use super::questions::RawQuestion;
use super::submission::KEY;
use cellist_formats::notebook::{CellType, Notebook};
use cellist_formats::text_file;
use cellist_judge::Attachment;
use serde_json::Value;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::{Component, Path, PathBuf};
use tempfile::TempDir;
use walkdir::WalkDir;

/// An assignment as it lies.
#[derive(Debug)]
pub(super) struct Origin {
    /// The notebook's name without `.ipynb`, or the assignment's.
    pub(super) title: String,
    pub(super) config: Config,
    pub(super) questions: Vec<RawQuestion>,
    pub(super) manual: Vec<Manual>,
    /// What lies beside submissions.
    pub(super) files: Vec<Attachment>,
    /// The instructor's code, as far as it is there.
    pub(super) code: Vec<String>,
    /// What came out of a zip file.
    _unpacked: Option<TempDir>,
}

/// The assignments at a path: a notebook, an autograder's zip file, or a folder of either. `Err` says
/// what is wrong.
pub(super) fn read(path: &Path) -> Result<Vec<Origin>, String> {
    match path.extension().and_then(OsStr::to_str) {
        Some("ipynb") => Ok(vec![notebook(path)?]),
        Some("zip") => Ok(vec![zip(path)?]),
        _ => folder(path),
    }
}

fn folder(path: &Path) -> Result<Vec<Origin>, String> {
    let mut names: Vec<String> = fs::read_dir(path)
        .map_err(|error| format!("it could not be read ({error})"))?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    let ending =
        |ending: &str| names.iter().filter(|name| name.ends_with(ending)).collect::<Vec<_>>();
    let notebooks = ending(".ipynb");
    let masters: Vec<&&String> = notebooks
        .iter()
        .filter(|name| Notebook::read(&path.join(name)).is_ok_and(|nb| master::is_master(&nb)))
        .collect();
    if !masters.is_empty() {
        return masters.into_iter().map(|name| notebook(&path.join(name))).collect();
    }
    if path.join("tests").is_dir() {
        return Ok(vec![unpacked(path, title(path, &notebooks), None)?]);
    }
    for below in ["autograder", "dist"] {
        if path.join(below).is_dir() {
            return folder(&path.join(below));
        }
    }
    // With tests in its metadata, the hidden ones among them.
    if let [name] = notebooks.as_slice() {
        return Ok(vec![notebook(&path.join(name))?]);
    }
    if let [name] = ending(".zip").as_slice() {
        return Ok(vec![zip(&path.join(name))?]);
    }
    Err("it has neither an instructor's notebook (`# ASSIGNMENT CONFIG`), a folder `tests`, \
         `autograder` or `dist`, nor one autograder zip file; name the one that is meant"
        .to_owned())
}

fn title(path: &Path, notebooks: &[&String]) -> String {
    let name = match notebooks {
        [name] => Path::new(name).file_stem(),
        _ => path.file_name(),
    };
    name.unwrap_or_default().to_string_lossy().into_owned()
}

/// An instructor's notebook, or one of `otter assign`'s for the autograder.
fn notebook(path: &Path) -> Result<Origin, String> {
    let notebook = Notebook::read(path).map_err(|error| error.to_string())?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let title = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let language = notebook.metadata.get("kernelspec").and_then(|spec| spec.get("language"));
    if let Some(language) = language.and_then(Value::as_str)
        && !language.eq_ignore_ascii_case("python")
    {
        return Err(format!("`{}` is in {language}; grade it with Otter", path.display()));
    }
    let code = || {
        let cells = notebook.cells.iter().filter(|cell| cell.cell_type() == CellType::Code);
        cells.map(|cell| cell.source().to_owned()).collect()
    };
    if master::is_master(&notebook) {
        let told = |why| format!("`{}`, {why}", path.display());
        let read = master::read(&notebook, folder).map_err(told)?;
        let mut files = Vec::new();
        for name in &read.files {
            files.extend(named(folder, name)?);
        }
        return Ok(Origin {
            title,
            config: read.config,
            questions: read.questions,
            manual: read.manual,
            files,
            code: code(),
            _unpacked: None,
        });
    }
    if folder.join("tests").is_dir() {
        return unpacked(folder, title, None);
    }
    let part = notebook.metadata.get(KEY);
    let tests = part.and_then(|part| part.get("tests")).and_then(Value::as_object);
    let Some(tests) = tests.filter(|tests| !tests.is_empty()) else {
        return Err(format!(
            "`{}` has no `# BEGIN QUESTION`, no tests in its metadata and no folder `tests` beside it",
            path.display()
        ));
    };
    let ok_format = part.and_then(|part| part.get("OK_FORMAT")).is_none_or(|ok| *ok != false);
    let questions = tests.iter().map(|(name, spec)| RawQuestion::Metadata {
        name: name.clone(),
        spec: spec.clone(),
        ok_format,
    });
    Ok(Origin {
        title,
        config: config(folder)?,
        questions: questions.collect(),
        manual: Vec::new(),
        files: beside(folder),
        code: code(),
        _unpacked: None,
    })
}

/// A folder with `tests`, of `otter assign` or out of an autograder's zip file.
fn unpacked(folder: &Path, title: String, kept: Option<TempDir>) -> Result<Origin, String> {
    let tests = folder.join("tests");
    let mut questions = Vec::new();
    for entry in WalkDir::new(&tests).max_depth(1).sort_by_file_name().into_iter().flatten() {
        let name = entry.path().file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if entry.path().extension().is_some_and(|ending| ending == "py") && name != "__init__" {
            let text = text_file::read(entry.path()).map_err(|error| error.to_string())?;
            questions.push(RawQuestion::File { name, text });
        }
    }
    if questions.is_empty() {
        return Err(format!("`{}` has no test files", tests.display()));
    }
    let notebook = Notebook::read(&folder.join(format!("{title}.ipynb"))).ok();
    let cells = notebook.iter().flat_map(|notebook| &notebook.cells);
    let code = cells.filter(|cell| cell.cell_type() == CellType::Code);
    let code = code.map(|cell| cell.source().to_owned()).collect();
    let inner = folder.join("files");
    let files =
        if kept.is_some() || inner.is_dir() { below(&inner, &inner) } else { beside(folder) };
    Ok(Origin {
        title,
        config: config(folder)?,
        questions,
        manual: Vec::new(),
        files,
        code,
        _unpacked: kept,
    })
}

/// An autograder's zip file: `tests`, `files` and `otter_config.json`.
fn zip(path: &Path) -> Result<Origin, String> {
    let broken = |error: &dyn std::fmt::Display| {
        format!(
            "`{}` could not be unpacked: {error}; make it again with `otter assign`",
            path.display()
        )
    };
    let folder = tempfile::Builder::new()
        .prefix("cellist-otter-")
        .tempdir()
        .map_err(|error| broken(&error))?;
    let file = File::open(path).map_err(|error| broken(&error))?;
    let mut archive = zip::ZipArchive::new(BufReader::new(file)).map_err(|error| broken(&error))?;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(|error| broken(&error))?;
        let name = entry.name().map_err(|error| broken(&error))?.into_owned();
        let name = Path::new(&name);
        let wanted = ["tests", "files"].iter().any(|part| name.starts_with(part));
        if !entry.is_file() || !(wanted || name == Path::new("otter_config.json")) {
            continue;
        }
        if !name.components().all(|part| matches!(part, Component::Normal(_))) {
            return Err(broken(&"a name in it leads out of it"));
        }
        let target = folder.path().join(name);
        let made = target.parent().map_or(Ok(()), fs::create_dir_all);
        made.and_then(|()| io::copy(&mut entry, &mut File::create(&target)?))
            .map_err(|error| broken(&error))?;
    }
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    // `hw01-autograder_2024_10_03T21_34_53_448007`
    let title = name.split("-autograder_").next().unwrap_or(&name).to_owned();
    let place = folder.path().to_owned();
    unpacked(&place, title, Some(folder)).map_err(|why| {
        why.replace(&format!("{}/", place.display()), &format!("{}/", path.display()))
    })
}

fn config(folder: &Path) -> Result<Config, String> {
    let path = folder.join("otter_config.json");
    if !path.exists() {
        return Ok(Config::default());
    }
    let text = text_file::read(&path).map_err(|error| error.to_string())?;
    match serde_json::from_str(&text) {
        Ok(Value::Object(map)) => Config::from_json(&map),
        Ok(_) => Err(format!("`{}` holds no object", path.display())),
        Err(error) => Err(format!("`{}` is broken: {error}", path.display())),
    }
}

/// A file or folder that the instructor's notebook names. Like Otter, a folder keeps its last name only.
fn named(folder: &Path, name: &str) -> Result<Vec<Attachment>, String> {
    let path = folder.join(name);
    if path.is_dir() {
        return Ok(below(&path, path.parent().unwrap_or(folder)));
    }
    let within = Path::new(name).components().filter(|part| *part != Component::CurDir);
    let within: PathBuf = within.collect();
    if !path.is_file() || !within.components().all(|part| matches!(part, Component::Normal(_))) {
        return Err(format!("its file `{name}` is not in `{}`", folder.display()));
    }
    Ok(vec![Attachment { name: within, file: path }])
}

/// What `otter assign` laid beside the notebook.
fn beside(folder: &Path) -> Vec<Attachment> {
    let own = |name: &Path| {
        let ending = name.extension().and_then(OsStr::to_str);
        !name.starts_with("tests")
            && name != Path::new("otter_config.json")
            && !(name.components().count() == 1 && matches!(ending, Some("ipynb" | "zip" | "pdf")))
    };
    below(folder, folder).into_iter().filter(|file| own(&file.name)).collect()
}

/// The files in a folder and below, named from `root` on; hidden ones and links are passed over.
fn below(folder: &Path, root: &Path) -> Vec<Attachment> {
    let visible = |name: &OsStr| !name.to_string_lossy().starts_with('.') && name != "__pycache__";
    WalkDir::new(folder)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| entry.depth() == 0 || visible(entry.file_name()))
        .flatten()
        .filter(|entry| entry.file_type().is_file())
        .filter_map(|entry| {
            let name = entry.path().strip_prefix(root).ok()?.to_owned();
            Some(Attachment { name, file: entry.into_path() })
        })
        .collect()
}
