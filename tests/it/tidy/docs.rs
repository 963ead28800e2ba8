//! Pages: every relative link and anchor leads somewhere, and every page can be found.

use std::collections::{BTreeMap, BTreeSet};

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::repo::{files, files_ending, none, text};

/// What a page points to and what can be pointed to in it.
struct Page {
    links: Vec<String>,
    headings: Vec<String>,
    anchors: BTreeSet<String>,
}

fn page(markdown: &str) -> Page {
    let mut page = Page { links: Vec::new(), headings: Vec::new(), anchors: BTreeSet::new() };
    let mut heading: Option<String> = None;
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                page.links.push(dest_url.into_string());
            }
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::Text(piece) | Event::Code(piece) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&piece);
                }
            }
            Event::End(TagEnd::Heading(_)) => {
                let title = heading.take().unwrap();
                let slug = slug(&title);
                // A repeated heading gets a number, as GitHub and mdBook count.
                let taken = (0..).map(|n| if n == 0 { slug.clone() } else { format!("{slug}-{n}") });
                page.anchors.extend(taken.into_iter().find(|anchor| !page.anchors.contains(anchor)));
                page.headings.push(title);
            }
            _ => {}
        }
    }
    page
}

/// A heading's anchor, as GitHub and mdBook form it.
fn slug(heading: &str) -> String {
    heading
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

/// The file that a link in `from` names, relative to the root; `None` when it leads out of the repository.
fn resolve(from: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

fn exists(path: &str) -> bool {
    let below = format!("{path}/");
    files().iter().any(|file| file == path || file.starts_with(&below))
}

#[test]
fn every_link_and_anchor_resolves() {
    let pages: BTreeMap<&str, Page> = files_ending(".md").map(|file| (file, page(&text(file)))).collect();
    let mut problems = Vec::new();
    for (&file, page) in &pages {
        let relative = page.links.iter().filter(|link| !link.contains(':') && !link.starts_with("//"));
        for link in relative {
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() { Some(file.to_owned()) } else { resolve(file, path) };
            match target.filter(|target| exists(target)) {
                None => problems.push(format!("{file}: `{link}` leads to no file")),
                Some(target) if !anchor.is_empty() => {
                    if !pages.get(target.as_str()).is_some_and(|page| page.anchors.contains(anchor)) {
                        problems.push(format!("{file}: `{link}` leads to no heading"));
                    }
                }
                Some(_) => {}
            }
        }
    }
    none("broken links", &problems);
}

#[test]
fn every_page_of_the_handbook_is_in_its_summary() {
    let missing = not_linked_from("docs/SUMMARY.md", |file| file.starts_with("docs/"));
    none("docs/SUMMARY.md lacks", &missing);
}

#[test]
fn every_decision_is_in_the_index() {
    let missing = not_linked_from("docs/adr/README.md", |file| file.starts_with("docs/adr/"));
    none("docs/adr/README.md lacks", &missing);
}

fn not_linked_from(index: &str, belongs: impl Fn(&str) -> bool) -> Vec<String> {
    let linked: BTreeSet<String> =
        page(&text(index)).links.iter().filter_map(|link| resolve(index, link)).collect();
    files_ending(".md")
        .filter(|file| belongs(file) && *file != index && !linked.contains(*file))
        .map(|file| format!("`{file}`"))
        .collect()
}

#[test]
fn the_changelog_has_room_for_what_is_not_released() {
    assert!(page(&text("CHANGELOG.md")).headings.iter().any(|heading| heading == "[Unreleased]"));
}

#[test]
fn slugs_are_formed_as_readers_of_the_pages_form_them() {
    let cases = [
        ("How to add a rule", "how-to-add-a-rule"),
        ("`tests/run`, in brief", "testsrun-in-brief"),
        ("Logs & metrics", "logs--metrics"),
        ("0002. Server depends on agent", "0002-server-depends-on-agent"),
    ];
    for (heading, expected) in cases {
        let page = page(&format!("# {heading}\n\n# {heading}\n"));
        assert_eq!(page.anchors, [expected.to_owned(), format!("{expected}-1")].into());
    }
}
