//! Rebuilds the crate when the Python side changes: the freezing macro does not track its files.
fn main() {
    println!("cargo:rerun-if-changed=python");
}
