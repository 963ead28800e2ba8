//! Assets: found by their digest, small, and asking for nothing from elsewhere.

use super::*;

/// What all scripts may weigh together: a page stays usable on a slow line.
const MOST_SCRIPT_BYTES: usize = 30 * 1024;

#[test]
fn is_found_only_under_its_own_digest() {
    let path = path("style.css");
    let (_, digest, name) = {
        let mut parts = path.trim_start_matches('/').split('/');
        (parts.next(), parts.next().unwrap(), parts.next().unwrap())
    };
    assert!(get(digest, name).is_some());
    assert!(get("0", name).is_none());
    assert!(get(digest, "../style.css").is_none());
}

#[test]
fn scripts_stay_small() {
    let bytes: usize =
        ALL.iter().filter(|asset| asset.name.ends_with(".js")).map(|asset| asset.body.len()).sum();
    assert!(bytes <= MOST_SCRIPT_BYTES, "{bytes}");
}

#[test]
fn nothing_is_loaded_from_elsewhere_or_turned_into_markup() {
    for asset in ALL {
        let text = std::str::from_utf8(asset.body).unwrap();
        let foreign = text.replace("http://www.w3.org/2000/svg", "");
        for word in ["http://", "https://", "innerHTML", "insertAdjacentHTML", "document.write", "eval("] {
            assert!(!foreign.contains(word), "`{word}` in {}", asset.name);
        }
    }
}

#[test]
fn every_import_names_an_asset() {
    for asset in ALL.iter().filter(|asset| asset.name.ends_with(".js")) {
        let text = std::str::from_utf8(asset.body).unwrap();
        for import in text.lines().filter(|line| line.starts_with("import ")) {
            let name = import.rsplit("\"./").next().unwrap().trim_end_matches("\";");
            assert!(ALL.iter().any(|known| known.name == name), "{}: {import}", asset.name);
        }
    }
}
