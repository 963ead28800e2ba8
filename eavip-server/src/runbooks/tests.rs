//! Pages from a directory: over the built-in ones, bounded, and from nowhere else.

use std::fs;

use super::*;

#[test]
fn a_directorys_pages_stand_over_the_built_in_ones() {
    let dir = tempfile::tempdir().unwrap();
    let pages = dir.path().join("runbooks");
    assert_eq!(all(&pages).0.len(), BUILTIN.len(), "a directory that isn't there has none");
    fs::create_dir(&pages).unwrap();
    fs::write(pages.join("disk-full.md"), "# Ours\n").unwrap();
    fs::write(pages.join("orders-stuck.md"), "# Orders\n").unwrap();
    fs::write(pages.join("notes.txt"), "not a page").unwrap();
    fs::write(pages.join("a page.md"), "can't be cited").unwrap();
    let (found, unread) = all(&pages);
    assert!(unread.is_empty(), "{unread:?}");
    assert_eq!(found.len(), BUILTIN.len() + 1);
    assert_eq!(found["disk-full"].text, "# Ours\n");
    assert_eq!(find(&pages, "disk-full").unwrap().unwrap(), found["disk-full"]);
    assert_eq!(find(&pages, "orders-stuck").unwrap().unwrap().text, "# Orders\n");
    assert_eq!(find(&pages, "probe-down").unwrap().unwrap().place, "built-in page probe-down");
    assert_eq!(find(&pages, "nothing").unwrap(), None);
    assert_eq!(beside(Path::new("/etc/eavip/runbook.toml")), Path::new("/etc/eavip/runbooks"));
}

#[test]
fn nothing_outside_the_directory_is_a_page() {
    let dir = tempfile::tempdir().unwrap();
    let pages = dir.path().join("runbooks");
    fs::create_dir(&pages).unwrap();
    fs::write(dir.path().join("secret.md"), "# Secret\n").unwrap();
    for name in ["../secret", "..", "", ".", "/etc/passwd", "a/../../secret", "secret\0", "..%2fsecret"] {
        assert_eq!(find(&pages, name).unwrap(), None, "{name:?}");
    }
}

#[test]
fn what_cannot_be_read_is_told_and_hides_no_other_page() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("big.md"), "x".repeat(256 * 1024 + 1)).unwrap();
    fs::write(dir.path().join("binary.md"), [0xff, 0xfe]).unwrap();
    fs::create_dir(dir.path().join("folder.md")).unwrap();
    fs::write(dir.path().join("good.md"), "# Good\n").unwrap();
    let (found, unread) = all(dir.path());
    assert!(found.contains_key("good"));
    let told: Vec<String> =
        unread.iter().map(|(path, _)| path.file_name().unwrap().to_string_lossy().into_owned()).collect();
    assert_eq!(told, ["big.md", "binary.md", "folder.md"]);
    assert!(find(dir.path(), "big").unwrap_err().to_string().contains("longer than 256 KiB"));
    let file = dir.path().join("good.md");
    assert_eq!(all(&file).1.len(), 1, "a file is no directory");
}
