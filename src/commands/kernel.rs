//! `cellist kernel`: runs the Jupyter kernel, installs it and removes it.

use anyhow::Context as _;
use cellist_kernel::{DEFAULT_NAME, HistoryPlace, Installation, Place, Removal};
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

/// Says as `--history` does where cells are kept.
const HISTORY_VARIABLE: &str = "CELLIST_HISTORY";

const AFTER_HELP: &str = "\
Jupyter starts the kernel by itself, with a connection file, once it is installed.

Exit codes:
  0  done; the kernel was told to end
  1  the kernel could not start, or could not be installed or removed
  2  usage
  70 the interpreter crashed
  N  a cell ended the kernel with `exit(N)`

Examples:
  cellist kernel install --user
  cellist kernel install --sys-prefix --name cellist-dev --display-name 'Cellist (dev)'
  cellist kernel uninstall --user
  cellist kernel -f ~/.local/share/jupyter/runtime/kernel-1.json";

/// Runs Python for JupyterLab and other Jupyter clients.
#[derive(Debug, clap::Args)]
#[command(
    after_help = AFTER_HELP,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    arg_required_else_help = true
)]
pub(crate) struct KernelArgs {
    #[command(subcommand)]
    command: Option<KernelCommand>,

    /// Run the kernel on the ports that this file names
    #[arg(short = 'f', long, value_name = "FILE", required = true)]
    connection_file: Option<PathBuf>,

    /// Keep the cells that are run in this file, or `off`: not beyond the kernel's life
    /// [default: cellist/history.sqlite in the user's data folder; env: CELLIST_HISTORY]
    #[arg(long, value_name = "FILE|off")]
    history: Option<PathBuf>,
}

#[derive(Debug, clap::Subcommand)]
enum KernelCommand {
    /// Makes Jupyter offer the kernel
    Install(InstallArgs),
    /// Makes Jupyter offer the kernel no more
    Uninstall(SpecArgs),
}

#[derive(Debug, clap::Args)]
struct InstallArgs {
    #[command(flatten)]
    spec: SpecArgs,

    /// What Jupyter shows [default: Cellist and the version of Python]
    #[arg(long, value_name = "TEXT")]
    display_name: Option<String>,

    /// Set a variable in the kernel's environment; can be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    env: Vec<String>,
}

#[derive(Debug, clap::Args)]
struct SpecArgs {
    #[command(flatten)]
    place: PlaceArgs,

    /// Name by which Jupyter knows the kernel
    #[arg(long, default_value = DEFAULT_NAME)]
    name: String,
}

#[derive(Debug, clap::Args)]
#[group(multiple = false)]
struct PlaceArgs {
    /// For this user, in every Jupyter (the default)
    #[arg(long)]
    user: bool,

    /// For the active virtual or conda environment
    #[arg(long)]
    sys_prefix: bool,

    /// For the environment or installation in this folder
    #[arg(long, value_name = "FOLDER")]
    prefix: Option<PathBuf>,
}

/// Runs, installs or removes the kernel.
///
/// # Errors
/// A connection file or port that is no good, or a kernelspec that cannot be written or removed.
pub(crate) fn run(args: KernelArgs) -> anyhow::Result<ExitCode> {
    match (args.command, args.connection_file) {
        (Some(KernelCommand::Install(args)), _) => install(&args),
        (Some(KernelCommand::Uninstall(args)), _) => uninstall(&args),
        (None, Some(file)) => Ok(cellist_kernel::run(&file, history(args.history))?),
        (None, None) => anyhow::bail!("name the connection file: `cellist kernel -f FILE`"),
    }
}

/// Where cells are kept: what the user says, else a file of the user's.
fn history(said: Option<PathBuf>) -> HistoryPlace {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    match said.or_else(|| set(HISTORY_VARIABLE)) {
        Some(place) if place.as_os_str() == "off" => HistoryPlace::Memory,
        Some(file) => HistoryPlace::File(file),
        None => set("XDG_DATA_HOME")
            .or_else(|| set("HOME").map(|home| home.join(".local/share")))
            .map_or(HistoryPlace::Memory, |data| {
                HistoryPlace::File(data.join("cellist").join("history.sqlite"))
            }),
    }
}

fn install(args: &InstallArgs) -> anyhow::Result<ExitCode> {
    let installation = args.spec.installation()?;
    installation.install(args.display_name.as_deref(), &args.env)?;
    say(&format!(
        "Installed kernel `{}` in {}",
        installation.name(),
        installation.folder().display()
    ))
}

fn uninstall(args: &SpecArgs) -> anyhow::Result<ExitCode> {
    let installation = args.installation()?;
    let (name, folder) = (installation.name(), installation.folder().display());
    match installation.uninstall()? {
        Removal::Removed => say(&format!("Removed kernel `{name}` from {folder}")),
        Removal::NotThere => say(&format!("Kernel `{name}` is not installed in {folder}")),
    }
}

impl SpecArgs {
    fn installation(&self) -> anyhow::Result<Installation> {
        let place = match &self.place {
            PlaceArgs { prefix: Some(prefix), .. } => Place::Prefix(prefix.clone()),
            PlaceArgs { sys_prefix: true, .. } => Place::SysPrefix,
            _ => Place::User,
        };
        Ok(Installation::new(&place, &self.name)?)
    }
}

fn say(line: &str) -> anyhow::Result<ExitCode> {
    writeln!(io::stdout().lock(), "{line}").context("cannot print")?;
    Ok(ExitCode::SUCCESS)
}
