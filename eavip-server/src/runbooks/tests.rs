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
    fs::write(pages.join(".#disk-full.md"), "an editor's").unwrap();
    let (found, unread) = all(&pages);
    assert!(unread.is_empty(), "{unread:?}");
    assert_eq!(found.len(), BUILTIN.len() + 1);
    assert_eq!(found["disk-full"].text, "# Ours\n");
    assert_eq!(find(&pages, "disk-full").0.unwrap(), found["disk-full"]);
    assert_eq!(find(&pages, "orders-stuck").0.unwrap().text, "# Orders\n");
    assert_eq!(find(&pages, "probe-down").0.unwrap().place, "built-in page probe-down");
    assert!(matches!(find(&pages, "nothing"), (None, None)));
    assert_eq!(beside(Path::new("/etc/eavip/runbook.toml")), Path::new("/etc/eavip/runbooks"));
}

#[test]
fn nothing_outside_the_directory_is_a_page() {
    let dir = tempfile::tempdir().unwrap();
    let pages = dir.path().join("runbooks");
    fs::create_dir(&pages).unwrap();
    fs::write(dir.path().join("secret.md"), "# Secret\n").unwrap();
    for name in ["../secret", "..", "", ".", "/etc/passwd", "a/../../secret", "secret\0", "..%2fsecret"] {
        assert!(matches!(find(&pages, name), (None, None)), "{name:?}");
    }
}

#[test]
fn what_cannot_be_read_is_told_and_hides_no_other_page() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("big.md"), "x".repeat(256 * 1024 + 1)).unwrap();
    fs::write(dir.path().join("binary.md"), [0xff, 0xfe]).unwrap();
    fs::create_dir(dir.path().join("folder.md")).unwrap();
    fs::write(dir.path().join("good.md"), "# Good\n").unwrap();
    fs::write(dir.path().join("import stuck.md"), "# Imports\n").unwrap();
    fs::write(dir.path().join("v1.2.md"), "# Version\n").unwrap();
    let (found, unread) = all(dir.path());
    assert!(found.contains_key("good"));
    let (titles, untitled) = beginnings(dir.path());
    assert!(titles.keys().eq(found.keys()));
    assert!(untitled.iter().map(|(path, _)| path).eq(unread.iter().map(|(path, _)| path)));
    let told: Vec<String> =
        unread.iter().map(|(path, _)| path.file_name().unwrap().to_string_lossy().into_owned()).collect();
    assert_eq!(told, ["import stuck.md", "v1.2.md", "big.md", "binary.md", "folder.md"]);
    assert!(find(dir.path(), "big").1.unwrap().to_string().contains("longer than 256 KiB"));
    let file = dir.path().join("good.md");
    assert_eq!(all(&file).1.len(), 1, "a file is no directory");
}

#[test]
fn a_list_reads_the_beginning_of_each_page_alone() {
    let dir = tempfile::tempdir().unwrap();
    // The bound falls into a character of two bytes.
    let text = format!("# Long\n{}", "\u{e9}".repeat(10_000));
    fs::write(dir.path().join("long.md"), &text).unwrap();
    let (pages, unread) = beginnings(dir.path());
    assert!(unread.is_empty(), "{unread:?}");
    let read = &pages["long"].text;
    assert!(text.starts_with(&**read) && read.len() as u64 == MAX_BEGINNING - 1, "{}", read.len());
    fs::write(dir.path().join("cut.md"), [b'#', 0xc3]).unwrap();
    assert_eq!(beginnings(dir.path()).1.len(), 1, "half a character at the end of a page");
}

#[test]
fn a_built_in_page_stands_in_for_one_that_cannot_be_read() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("disk-full.md"), [0xff]).unwrap();
    let (pages, unread) = beginnings(dir.path());
    assert_eq!((pages["disk-full"].place.as_str(), unread.len()), ("built-in page disk-full", 1));
    let (page, error) = find(dir.path(), "disk-full");
    assert_eq!(page.unwrap().place, "built-in page disk-full");
    assert!(matches!(error, Some(Unread::NotUtf8)));
}

#[test]
fn every_concern_of_the_server_has_its_page() {
    use eavip_core::alert::concern::Concern;
    for concern in Concern::ALL {
        let owner = "platform-operations".parse().unwrap();
        let stated =
            concern.about("/", owner, &Default::default(), String::new(), Default::default()).unwrap();
        let page = stated.runbook.page().unwrap();
        assert!(BUILTIN.iter().any(|(name, _)| *name == page), "{concern} cites `{page}`");
    }
}
