//! Packs the source of the modules that are frozen into the executable, for `inspect` and tracebacks.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};
use zlib_rs::{DeflateConfig, ReturnCode, compress_bound, compress_slice};

/// Parts of the library that nobody looks at: they need `_tkinter`, which is not there, or are texts.
const LEFT_OUT: [&str; 5] = ["idlelib", "pydoc_data", "tkinter", "turtle.py", "turtledemo"];

fn main() -> io::Result<()> {
    // The macro that freezes does not track its files.
    println!("cargo:rerun-if-changed=python");
    println!("cargo:rerun-if-changed=build.rs");
    let mut files = Vec::new();
    // What is frozen later counts, also here.
    for root in [Path::new("python"), Path::new(rustpython_pylib::LIB_PATH)] {
        find(root, "", &mut files)?;
    }
    files.sort_by(|(one, _), (other, _)| one.cmp(other));
    files.dedup_by(|(later, _), (first, _)| later == first);
    let (mut index, mut packed) = (String::new(), Vec::new());
    for (module, path) in files {
        let text = fs::read(&path)?;
        let begin = packed.len();
        compress(&text, &mut packed)?;
        let _ = writeln!(index, "{module} {begin} {}", packed.len());
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("sources.txt"), index)?;
    fs::write(out.join("sources.bin"), packed)
}

/// Adds the modules in a folder, which is the package `package`.
fn find(folder: &Path, package: &str, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    let dotted = |name: &str| {
        if package.is_empty() { name.to_owned() } else { format!("{package}.{name}") }
    };
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if package.is_empty() && LEFT_OUT.contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() {
            find(&path, &dotted(&name), files)?;
        } else if let Some(stem) = name.strip_suffix(".py") {
            let module = if stem == "__init__" { package.to_owned() } else { dotted(stem) };
            files.push((module, path));
        }
    }
    Ok(())
}

/// Appends the text as `zlib.decompress` reads it.
fn compress(text: &[u8], packed: &mut Vec<u8>) -> io::Result<()> {
    let mut room = vec![0; compress_bound(text.len())];
    let (written, code) = compress_slice(&mut room, text, DeflateConfig::best_compression());
    if code != ReturnCode::Ok {
        return Err(io::Error::other(format!("zlib: {code:?}")));
    }
    packed.extend_from_slice(written);
    Ok(())
}
