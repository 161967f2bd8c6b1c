//! Kernelspecs: the folders by which Jupyter finds a kernel.
//!
//! Format and places: <https://jupyter-client.readthedocs.io/en/stable/kernels.html#kernel-specs>.

use cellist_interpreter::python_version;
use jupyter_protocol::JupyterKernelspec;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

/// The pictures that Jupyter shows for the kernel, by file name.
const LOGOS: [(&str, &[u8]); 3] = [
    ("logo-32x32.png", include_bytes!("../assets/logo-32x32.png")),
    ("logo-64x64.png", include_bytes!("../assets/logo-64x64.png")),
    ("logo-svg.svg", include_bytes!("../assets/logo-svg.svg")),
];

/// Name of a kernelspec unless the user chooses another.
pub const DEFAULT_NAME: &str = "cellist";

/// Whose Jupyter should find the kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The user's, wherever Jupyter itself is installed.
    User,
    /// That of the active virtual or conda environment.
    SysPrefix,
    /// That of the environment or installation at this path.
    Prefix(PathBuf),
}

/// One kernelspec: where and under which name.
#[derive(Clone, Debug)]
pub struct Installation {
    name: String,
    folder: PathBuf,
}

/// Why a kernelspec was not installed or removed.
#[derive(Debug, thiserror::Error)]
pub enum SpecError {
    /// Jupyter takes only some characters in names.
    #[error(
        "`{0}` cannot be the name of a kernel: use letters, digits, `.`, `_` and `-`, for example \
         `cellist`"
    )]
    Name(String),
    /// `--sys-prefix` without an environment.
    #[error(
        "no environment is active: neither VIRTUAL_ENV nor CONDA_PREFIX is set\nactivate one, or \
         say where it is with `--prefix FOLDER`, or use `--user`"
    )]
    NoEnvironment,
    /// `--user` without a home.
    #[error("HOME is not set, so there is no place for `--user`; use `--prefix FOLDER`")]
    NoHome,
    /// `--env` without `=`.
    #[error("`--env {0}` is not of the form NAME=VALUE")]
    Variable(String),
    /// Another kernel has that name there.
    #[error(
        "`{}` belongs to another kernel (`{display_name}`) and stays as it is; choose another \
         name with `--name`",
        folder.display()
    )]
    Foreign {
        /// The kernelspec's folder.
        folder: PathBuf,
        /// What that kernel calls itself.
        display_name: String,
    },
    /// The file system says no.
    #[error("cannot write `{}`: {source}", path.display())]
    File {
        /// Which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The process does not know its own path.
    #[error("cannot find the path of this program: {0}")]
    Program(io::Error),
}

/// What [`Installation::uninstall`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// It was there and is gone.
    Removed,
    /// There was nothing.
    NotThere,
}

impl Installation {
    /// The kernelspec of this name at this place, there or not.
    ///
    /// # Errors
    /// When the name is none, or the place cannot be found.
    pub fn new(place: &Place, name: &str) -> Result<Self, SpecError> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if name.is_empty() || name.starts_with('.') || !name.chars().all(allowed) {
            return Err(SpecError::Name(name.to_owned()));
        }
        // As jupyter_client does: kernel names are compared in lower case.
        let name = name.to_lowercase();
        let folder = data_folder(place)?.join("kernels").join(&name);
        Ok(Self { name, folder })
    }

    /// The kernel's name, as `jupyter --kernel NAME` takes it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The folder that Jupyter reads.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes the kernelspec; a second time changes nothing, or brings it up to date.
    ///
    /// `display_name` is what Jupyter shows ([`default_display_name`] when `None`), `env` are
    /// `NAME=VALUE` settings for the kernel's process.
    ///
    /// # Errors
    /// When another kernel has the name, or a file cannot be written.
    pub fn install(&self, display_name: Option<&str>, env: &[String]) -> Result<(), SpecError> {
        let program = std::env::current_exe().map_err(SpecError::Program)?;
        let spec = spec(&program, display_name, env)?;
        self.refuse_foreign()?;
        std::fs::create_dir_all(&self.folder)
            .map_err(|source| SpecError::File { path: self.folder.clone(), source })?;
        for (name, content) in LOGOS {
            self.write(name, content)?;
        }
        // Last, since it makes the folder a kernelspec.
        self.write("kernel.json", &spec)
    }

    /// Removes the kernelspec.
    ///
    /// # Errors
    /// When it is another kernel's, or cannot be removed.
    pub fn uninstall(&self) -> Result<Removal, SpecError> {
        if !self.folder.exists() {
            return Ok(Removal::NotThere);
        }
        self.refuse_foreign()?;
        std::fs::remove_dir_all(&self.folder)
            .map_err(|source| SpecError::File { path: self.folder.clone(), source })?;
        Ok(Removal::Removed)
    }

    fn refuse_foreign(&self) -> Result<(), SpecError> {
        let Ok(text) = std::fs::read(self.folder.join("kernel.json")) else { return Ok(()) };
        let spec: Value = serde_json::from_slice(&text).unwrap_or_default();
        // Ours by the command that starts it, wherever the program was when it was installed.
        if spec["argv"][1] == "kernel" && spec["metadata"]["cellist"].is_object() {
            return Ok(());
        }
        let display_name = spec["display_name"].as_str().unwrap_or("unreadable").to_owned();
        Err(SpecError::Foreign { folder: self.folder.clone(), display_name })
    }

    /// Replaces a file in one step: Jupyter may be reading it.
    fn write(&self, name: &str, content: &[u8]) -> Result<(), SpecError> {
        let path = self.folder.join(name);
        let fresh = self.folder.join(format!(".{name}.{}", std::process::id()));
        std::fs::write(&fresh, content)
            .and_then(|()| std::fs::rename(&fresh, &path))
            .map_err(|source| SpecError::File { path, source })
    }
}

/// What Jupyter shows unless the user chooses another name.
pub fn default_display_name() -> String {
    let version = python_version();
    let short = version.rsplit_once('.').map_or(version, |(short, _)| short);
    format!("Cellist (Python {short})")
}

fn spec(program: &Path, display_name: Option<&str>, env: &[String]) -> Result<Vec<u8>, SpecError> {
    let mut variables = HashMap::new();
    for setting in env {
        let (name, value) = setting
            .split_once('=')
            .filter(|(name, _)| !name.is_empty())
            .ok_or_else(|| SpecError::Variable(setting.clone()))?;
        variables.insert(name.to_owned(), value.to_owned());
    }
    let spec = JupyterKernelspec {
        argv: vec![
            program.to_string_lossy().into_owned(),
            "kernel".to_owned(),
            "-f".to_owned(),
            "{connection_file}".to_owned(),
        ],
        display_name: display_name.map_or_else(default_display_name, str::to_owned),
        language: "python".to_owned(),
        metadata: Some(HashMap::from([
            ("debugger".to_owned(), json!(false)),
            ("cellist".to_owned(), json!({"version": env!("CARGO_PKG_VERSION")})),
        ])),
        interrupt_mode: Some("message".to_owned()),
        env: Some(variables),
    };
    // Through `Value`, which has the keys of `metadata` in one order every time.
    let mut value = serde_json::to_value(spec).unwrap_or_default();
    value.sort_all_objects();
    let mut text = serde_json::to_vec_pretty(&value).unwrap_or_default();
    text.push(b'\n');
    Ok(text)
}

/// The folder in which Jupyter looks for `kernels/`:
/// <https://docs.jupyter.org/en/stable/use/jupyter-directories.html#data-files>.
fn data_folder(place: &Place) -> Result<PathBuf, SpecError> {
    let prefix = match place {
        Place::User => return user_folder(),
        Place::SysPrefix => {
            set("VIRTUAL_ENV").or_else(|| set("CONDA_PREFIX")).ok_or(SpecError::NoEnvironment)?
        }
        Place::Prefix(prefix) => prefix.clone(),
    };
    Ok(prefix.join("share/jupyter"))
}

fn user_folder() -> Result<PathBuf, SpecError> {
    if let Some(folder) = set("JUPYTER_DATA_DIR") {
        return Ok(folder);
    }
    set("XDG_DATA_HOME")
        .or_else(|| set("HOME").map(|home| home.join(".local/share")))
        .map(|data| data.join("jupyter"))
        .ok_or(SpecError::NoHome)
}

/// A variable of the environment, if it is set to something.
fn set(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn at(prefix: &Path) -> Installation {
        Installation::new(&Place::Prefix(prefix.to_owned()), "Some.Name").unwrap()
    }

    fn scratch() -> PathBuf {
        std::env::temp_dir().join(format!("cellist-{}", uuid::Uuid::new_v4()))
    }

    fn written(installation: &Installation) -> Value {
        let text = std::fs::read(installation.folder().join("kernel.json")).unwrap();
        serde_json::from_slice(&text).unwrap()
    }

    #[test]
    fn installs_again_and_removes_again() {
        let prefix = scratch();
        let installation = at(&prefix);
        installation.install(None, &[]).unwrap();
        installation.install(Some("Other"), &["A=b=c".to_owned()]).unwrap();
        let spec = written(&installation);
        assert_eq!(spec["display_name"], "Other");
        assert_eq!(spec["env"], json!({"A": "b=c"}));
        assert_eq!(spec["interrupt_mode"], "message");
        assert_eq!(spec["argv"].as_array().unwrap()[1..], ["kernel", "-f", "{connection_file}"]);
        assert!(Path::new(spec["argv"][0].as_str().unwrap()).is_absolute());
        let files = std::fs::read_dir(installation.folder()).unwrap().count();
        assert_eq!(files, 1 + LOGOS.len());
        assert_eq!(installation.folder(), prefix.join("share/jupyter/kernels/some.name"));

        assert_eq!(installation.uninstall().unwrap(), Removal::Removed);
        assert_eq!(installation.uninstall().unwrap(), Removal::NotThere);
        std::fs::remove_dir_all(prefix).unwrap();
    }

    #[test]
    fn another_kernel_is_left_alone() {
        let prefix = scratch();
        let installation = at(&prefix);
        std::fs::create_dir_all(installation.folder()).unwrap();
        let theirs = r#"{"argv": ["python", "-m", "ipykernel"], "display_name": "Python 3"}"#;
        std::fs::write(installation.folder().join("kernel.json"), theirs).unwrap();
        let message = installation.install(None, &[]).unwrap_err().to_string();
        assert!(message.contains("`Python 3`"), "{message}");
        assert!(matches!(installation.uninstall(), Err(SpecError::Foreign { .. })));
        assert_eq!(written(&installation)["display_name"], "Python 3");
        std::fs::remove_dir_all(prefix).unwrap();
    }

    #[test]
    fn names_that_jupyter_would_not_find_are_refused() {
        for name in ["", "a b", "a/b", "..", ".hidden", "é"] {
            let error = Installation::new(&Place::Prefix("/x".into()), name).unwrap_err();
            assert!(error.to_string().contains(name));
        }
    }

    #[test]
    fn a_setting_needs_a_name() {
        for setting in ["", "A", "=b"] {
            let error = spec(Path::new("/x"), None, &[setting.to_owned()]).unwrap_err();
            assert!(matches!(error, SpecError::Variable(_)));
        }
    }
}
