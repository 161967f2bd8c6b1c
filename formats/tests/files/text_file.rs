//! Files are written whole, and only when they must be.

use cellist_formats::text_file;

#[test]
fn a_file_that_is_up_to_date_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b.txt");
    assert!(text_file::write_if_changed(&path, "one").unwrap());
    assert!(!text_file::write_if_changed(&path, "one").unwrap());
    assert!(text_file::write_if_changed(&path, "two").unwrap());
    assert_eq!(text_file::read(&path).unwrap(), "two");
    let left: Vec<_> = std::fs::read_dir(path.parent().unwrap()).unwrap().collect();
    assert_eq!(left.len(), 1, "a temporary file was left: {left:?}");
}

#[cfg(unix)]
#[test]
fn permissions_and_links_stay() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let folder = tempfile::tempdir().unwrap();
    let (file, link) = (folder.path().join("file"), folder.path().join("link"));
    std::fs::write(&file, "old").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
    symlink(&file, &link).unwrap();
    text_file::write(&link, "new").unwrap();
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "new");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
}
