//! Pages: small, escaped, complete; and a gallery of them for the browser's checks.

mod gallery;

use super::*;
use crate::record::Role;
use fixtures::HOSTILE;

/// What an overview of 500 nodes may weigh.
const MOST_OVERVIEW_BYTES: usize = 300 * 1024;

#[test]
fn an_overview_of_500_nodes_stays_small() {
    let chrome = fixtures::chrome();
    let page = pages::overview(&fixtures::large(500), &chrome).unwrap().into_page(&chrome).unwrap();
    assert!(page.len() <= MOST_OVERVIEW_BYTES, "{} bytes", page.len());
    assert_eq!(page.matches("<tr id=\"n-").count(), 500);
}

#[test]
fn an_overview_of_10_000_nodes_is_cut_and_says_so() {
    let chrome = fixtures::chrome();
    let page = pages::overview(&fixtures::large(10_000), &chrome).unwrap().into_page(&chrome).unwrap();
    assert!(page.len() <= MOST_OVERVIEW_BYTES, "{} bytes", page.len());
    assert!(page.contains("9500 more in the list of nodes"));
}

#[test]
fn hostile_text_stays_text_on_every_page() {
    for (name, page) in gallery::pages() {
        for tag in ["<script>", "<img src=x", "onerror=alert(1)>"] {
            assert!(!page.contains(tag), "`{tag}` on {name}");
        }
    }
    let chrome = fixtures::chrome();
    let html = pages::overview(&fixtures::hostile(), &chrome).unwrap().into_fragment();
    assert!(!html.contains(HOSTILE) && html.contains("&#60;script"), "{html}");
}

#[test]
fn no_page_needs_inline_script_or_style() {
    for (name, page) in gallery::pages() {
        for (at, _) in page.match_indices("<script") {
            assert!(
                page[at..].starts_with("<script src=")
                    || page[at..].starts_with("<script type=\"module\" src=")
            );
        }
        assert!(
            !page.contains("<style") && !page.contains(" style=\"") && !page.contains(" onclick="),
            "{name}"
        );
    }
}

#[test]
fn what_is_simulated_is_marked_in_words_and_every_id_stands_once() {
    let pages = gallery::pages();
    let page = &pages.iter().find(|(name, _)| *name == "overview-demo").unwrap().1;
    assert!(page.contains("6 of 24 nodes are simulated") && page.contains("quickstart --remove-demo"));
    // Six rows, and the banner that names the mark.
    assert_eq!(page.matches("<span class=\"demo-mark\">demo</span>").count(), 7);
    let ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let once: std::collections::BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(once.len(), ids.len(), "{ids:?}");
    let without = &pages.iter().find(|(name, _)| *name == "overview-on-fire").unwrap().1;
    assert!(!without.contains("demo"));
}

#[test]
fn healthy_nodes_are_folded_and_troubled_ones_are_not() {
    let chrome = fixtures::chrome();
    let html = pages::overview(&fixtures::on_fire(), &chrome).unwrap().into_fragment();
    let fold = html.find("id=\"healthy-nodes\"").unwrap();
    let at = |number| html.find(&format!("id=\"n-{}\"", fixtures::id(number))).unwrap();
    assert!(at(1) < fold && at(6) < fold && at(7) > fold);
}

#[test]
fn only_those_who_may_are_offered_to_act() {
    let detail = fixtures::alert_detail();
    let mut chrome = fixtures::chrome();
    let html = |chrome: &Chrome| {
        alerts::detail(&detail, None, &alerts::Attempt::default(), chrome).unwrap().into_fragment()
    };
    assert!(html(&chrome).contains("/acknowledge\""));
    chrome.principal.as_mut().unwrap().role = Role::Viewer;
    assert!(!html(&chrome).contains("<form") && html(&chrome).contains("needs the role responder"));
}

#[test]
fn a_refused_form_keeps_its_input() {
    let attempt = alerts::Attempt { problem: Some("too late".into()), reason: "on it & \"more\"".into() };
    let html = alerts::detail(&fixtures::alert_detail(), None, &attempt, &fixtures::chrome())
        .unwrap()
        .into_fragment();
    assert!(html.contains("value=\"on it &#38; &#34;more&#34;\"") && html.contains("too late"), "{html}");
}

#[test]
fn every_link_stays_below_the_base_path() {
    let chrome = Chrome { base: "/ops".into(), ..fixtures::chrome() };
    let pages = [
        pages::overview(&fixtures::on_fire(), &chrome).unwrap().into_page(&chrome).unwrap(),
        alerts::detail(&fixtures::alert_detail(), None, &alerts::Attempt::default(), &chrome)
            .unwrap()
            .into_page(&chrome)
            .unwrap(),
    ];
    for page in pages {
        for attribute in ["href=\"", "src=\"", "action=\"", "data-fragment=\""] {
            for part in page.split(attribute).skip(1).filter(|part| part.starts_with('/')) {
                assert!(part.starts_with("/ops/"), "{attribute}{}", part.split('"').next().unwrap());
            }
        }
    }
}

#[test]
fn an_empty_platform_teaches_how_to_join() {
    let html = pages::overview(&fixtures::empty(), &fixtures::chrome()).unwrap().into_fragment();
    assert!(html.contains("eavip-agent join") && html.contains("/settings#join"));
}

#[test]
fn shows_a_signal_card() {
    let html = pages::overview(&fixtures::on_fire(), &fixtures::chrome()).unwrap().into_fragment();
    let card = html.split("<li class=\"card").nth(2).unwrap();
    insta::assert_snapshot!(card.split("<svg").next().unwrap().trim());
}

#[test]
fn shows_the_now_strip() {
    let html = pages::overview(&fixtures::on_fire(), &fixtures::chrome()).unwrap().into_fragment();
    insta::assert_snapshot!(html.split("</section>").next().unwrap().trim());
}

#[test]
fn shows_who_was_told_and_why() {
    let html =
        alerts::detail(&fixtures::alert_detail(), None, &alerts::Attempt::default(), &fixtures::chrome())
            .unwrap()
            .into_fragment();
    let log = html.split("id=\"deliveries\"").nth(1).unwrap();
    insta::assert_snapshot!(log.split("</section>").next().unwrap().trim());
}
