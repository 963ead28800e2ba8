//! Runbooks: every rule's page exists and says what a page must; Markdown can't break out.

use super::*;
use crate::runbooks::BUILTIN;
use eavip_core::policy::Policy;
use proptest::prelude::*;

#[test]
fn every_built_in_rule_has_its_page() {
    for rule in Policy::builtin().rules() {
        let page = rule.runbook.page().expect("built-in rules cite built-in pages");
        assert!(BUILTIN.iter().any(|(name, _)| *name == page), "rule {} cites `{page}`", rule.id);
    }
}

#[test]
fn every_page_answers_the_five_questions_in_order() {
    for page in BUILTIN.iter().map(|(name, text)| Runbook { name, text }) {
        let headings: Vec<&str> = page.text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        let wanted = ["What it means", "Check first", "Mend", "Prove it is over", "Escalate"];
        assert_eq!(headings, wanted, "{}", page.name);
        assert_ne!(page.title(), page.name);
    }
}

#[test]
fn markup_is_text_and_links_are_tame() {
    let html = to_html(
        "# Title\n\n<script>x</script>\n\nAn <b onclick=x>inline</b>, [bad](javascript:alert(1)), [worse](//evil/), \
         [data](data:text/html,x), [good](https://example.org/), [near](/alerts) and ![a picture](https://x/y.png).",
    );
    assert!(!html.contains("<script") && !html.contains("<b ") && !html.contains("<img"), "{html}");
    assert!(!html.contains("javascript:") && !html.contains("data:") && !html.contains("\"//evil"), "{html}");
    assert!(html.contains("href=\"https://example.org/\"") && html.contains("href=\"/alerts\""), "{html}");
    assert!(!html.contains("Title"), "the title stands above: {html}");
}

proptest! {
    #[test]
    fn no_text_becomes_a_script(text in "[<>a-z/\\[\\]()!\"'=:&; \n#-]{0,200}") {
        let html = to_html(&text).to_lowercase();
        for tag in ["<script", "<img", "<iframe", "<style", "<svg", "<form", "<input"] {
            prop_assert!(!html.contains(tag), "{}", html);
        }
    }
}
