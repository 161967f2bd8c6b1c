//! Units that were proved before are not proved again while nothing has changed that decides.
//!
//! One small file per unit and state, named by the hash of all that a proof depends on: what the unit
//! says, the executable, the machine's kernel, the seeds. Only units of which every proof held are
//! remembered.

use super::{Claim, Proof, SEEDS, claims, quizzes};
use crate::unit::Unit;
use sha2::{Digest as _, Sha256};
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// After this a unit is proved again, and its file removed.
const KEPT: Duration = Duration::from_hours(30 * 24);

/// What is remembered, in a folder.
#[derive(Clone, Debug)]
pub struct Memory {
    folder: PathBuf,
    /// Tells this executable on this machine from others.
    judge: String,
}

impl Memory {
    /// What `folder`, which need not be there, remembers of proofs made by `program`.
    ///
    /// # Errors
    /// When the operating system does not tell about the program.
    pub fn new(folder: &Path, program: &Path) -> io::Result<Self> {
        let path = program.canonicalize()?;
        let about = path.metadata()?;
        // The time of a file's last change can be set by nobody but the clock.
        let judge = format!(
            "{} {} {} {}.{} {}.{} {} {}",
            path.display(),
            about.dev(),
            about.ino(),
            about.mtime(),
            about.mtime_nsec(),
            about.ctime(),
            about.ctime_nsec(),
            about.size(),
            // By it a sandbox can do more or less.
            fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim(),
        );
        Ok(Self { folder: folder.to_owned(), judge })
    }

    /// The proofs of a unit that held when they were made, with the times that they took then.
    pub fn recall(&self, unit: &Unit) -> Option<Vec<Proof>> {
        let path = self.file(unit);
        let age = SystemTime::now().duration_since(path.metadata().ok()?.modified().ok()?);
        if age.is_ok_and(|age| age > KEPT) {
            return None;
        }
        let millis: Vec<f64> = serde_json::from_str(&fs::read_to_string(path).ok()?).ok()?;
        let claims = all_claims(unit);
        let proof = |(claim, millis)| Proof {
            unit: unit.front.id.clone(),
            claim,
            problems: Vec::new(),
            millis,
            remembered: true,
        };
        (millis.len() == claims.len()).then(|| claims.into_iter().zip(millis).map(proof).collect())
    }

    /// Remembers a unit when each of its proofs is there and holds.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn keep(&self, unit: &Unit, proofs: &[Proof]) -> io::Result<()> {
        let of_unit: Vec<&Proof> =
            proofs.iter().filter(|proof| proof.unit == unit.front.id).collect();
        let claims: Vec<&Claim> = of_unit.iter().map(|proof| &proof.claim).collect();
        if claims != all_claims(unit).iter().collect::<Vec<_>>()
            || !of_unit.iter().all(|proof| proof.holds())
        {
            return Ok(());
        }
        let millis: Vec<f64> = of_unit.iter().map(|proof| proof.millis).collect();
        let path = self.file(unit);
        // Others may read or write the same file meanwhile.
        let own = path.with_extension(format!("{}", std::process::id()));
        fs::create_dir_all(&self.folder)?;
        fs::write(&own, serde_json::to_string(&millis)?)?;
        fs::rename(&own, &path)
    }

    /// Removes what is too old to be believed.
    pub fn tidy(&self) {
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let age =
                entry.metadata().and_then(|about| about.modified()).map(|time| time.elapsed());
            if matches!(age, Ok(Ok(age)) if age > KEPT) {
                // Another may have been faster.
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    fn file(&self, unit: &Unit) -> PathBuf {
        let Unit { path: _, front, cells, mutants, fingerprint } = unit;
        let says =
            format!("{}\n{SEEDS:?}\n{fingerprint}\n{front:?}\n{cells:?}\n{mutants:?}", self.judge);
        let hash = Sha256::digest(says);
        let name: String = hash.iter().take(20).map(|byte| format!("{byte:02x}")).collect();
        self.folder.join(name)
    }
}

/// Every claim about a unit, in the order of its proofs.
fn all_claims(unit: &Unit) -> Vec<Claim> {
    let mut all = claims(unit);
    if unit.checks().next().is_some() {
        all.push(Claim::Checks);
    }
    if quizzes::any(unit) {
        all.push(Claim::Quizzes);
    }
    all
}
