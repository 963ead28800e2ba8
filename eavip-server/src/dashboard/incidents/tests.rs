//! The pages of incidents: what is offered to whom, input that stays, reasons that are all there.

use super::super::fixtures::{self, HOSTILE};
use super::*;
use crate::record::Role;

fn html(shown: &IncidentDetail, attempt: &Attempt, chrome: &Chrome) -> String {
    detail(shown, None, attempt, &fixtures::named(), chrome).unwrap().into_fragment()
}

#[test]
fn a_refused_form_keeps_its_input_and_shows_every_reason() {
    let chrome = fixtures::chrome();
    for (form, name) in [
        ("note", "text"),
        ("update", "text"),
        ("action", "what"),
        ("review", "summary"),
        ("review", "factors"),
        ("item", "what"),
        ("impact", "reason"),
        ("security", "reason"),
        ("services", "services"),
        ("step", "step"),
        ("absorb", "other"),
    ] {
        let attempt = fixtures::refused(form, &[(name, "what I wrote & \"meant\"")]);
        let mut shown = fixtures::incident();
        shown.incident.security = false;
        let html = html(&shown, &attempt, &chrome);
        assert_eq!(html.matches("what I wrote &#38; &#34;meant&#34;").count(), 1, "{form}.{name}");
        assert_eq!(html.matches("role=\"alert\"").count(), 1, "{form}");
        assert!(html.contains("EAVIP-I03") && html.contains("EAVIP-I02"), "{form}");
        assert!(html.contains("href=\"#problem\"") && html.matches("id=\"problem\"").count() == 1, "{form}");
        assert!(!html.contains(HOSTILE), "{form}");
    }
    let attempt = fixtures::refused(
        "declare",
        &[("title", "x & y"), ("integrity", "at-risk"), ("owner", "platform-operations")],
    );
    let page = declare(None, &attempt, &fixtures::named(), &chrome).unwrap().into_fragment();
    assert!(
        page.contains("value=\"x &#38; y\"") && page.contains("value=\"at-risk\" required checked"),
        "{page}"
    );
    assert!(page.contains("value=\"platform-operations\" selected"), "{page}");
}

#[test]
fn a_page_with_a_refused_form_isnt_replaced_by_one_that_forgot_it() {
    let chrome = fixtures::chrome();
    let page = |attempt: &Attempt| {
        let shown = detail(&fixtures::incident(), None, attempt, &fixtures::named(), &chrome).unwrap();
        shown.into_page(&chrome).unwrap()
    };
    assert!(page(&Attempt::default()).contains("data-fragment=\"/fragments/incidents/inc-2026-0042\""));
    assert!(!page(&fixtures::refused("note", &[])).contains("data-fragment"));
}

#[test]
fn only_those_who_may_are_offered_forms_and_a_signed_review_is_locked() {
    let mut chrome = fixtures::chrome();
    let mut shown = fixtures::incident();
    assert!(html(&shown, &Attempt::default(), &chrome).contains("/inc-2026-0042/review\""));
    shown.review.signed = shown.acknowledged.clone();
    let locked = html(&shown, &Attempt::default(), &chrome);
    assert!(
        !locked.contains("/inc-2026-0042/review\"") && locked.contains("<dt>What happened</dt>"),
        "{locked}"
    );
    chrome.principal.as_mut().unwrap().role = Role::Viewer;
    assert!(!html(&fixtures::incident(), &Attempt::default(), &chrome).contains("<form"));
    let list = list(&fixtures::incidents(), &fixtures::named(), &chrome).unwrap().into_fragment();
    assert!(!list.contains("/incidents/new"), "{list}");
}

#[test]
fn what_is_missing_stands_beside_the_step_it_keeps_one_from() {
    let chrome = fixtures::chrome();
    let page = html(&fixtures::incident(), &Attempt::default(), &chrome);
    assert!(page.contains("a signal that proves an action is missing"), "{page}");
    assert!(
        page.contains("Go on to Communication") && page.contains("aria-current=\"step\">Mitigation"),
        "{page}"
    );
    assert!(
        page.contains("has had no update for") && page.contains("item 1 of inc-2026-0042 was due"),
        "{page}"
    );
    let mut complete = fixtures::incident();
    complete.phases.iter_mut().for_each(|known| known.leaves.clear());
    assert!(
        html(&complete, &Attempt::default(), &chrome)
            .contains("Everything that Mitigation must leave is there.")
    );
}

#[test]
fn a_draft_is_put_into_the_form_and_what_was_tried_wins_over_it() {
    let chrome = fixtures::chrome();
    let shown = fixtures::incident();
    let with = |attempt: &Attempt| {
        let draft = Some(Audience::Customers);
        detail(&shown, draft, attempt, &fixtures::named(), &chrome).unwrap().into_fragment()
    };
    assert!(
        with(&Attempt::default())
            .contains("rows=\"4\">A major function doesn&#39;t work at present: checkout")
    );
    let tried = with(&fixtures::refused("update", &[("text", "mine")]));
    assert!(tried.contains("rows=\"4\">mine</textarea>"), "{tried}");
}

#[test]
fn the_empty_list_teaches_and_says_when_nobody_could_act() {
    let chrome = fixtures::chrome();
    let page = |named: &Named| list(&[], named, &chrome).unwrap().into_fragment();
    assert!(page(&fixtures::named()).contains("Declare it from an alert's page"));
    assert!(!page(&fixtures::named()).contains("[person.mara]"));
    let stranger = page(&Named::default());
    assert!(stranger.contains("[person.mara]") && !stranger.contains("/incidents/new"), "{stranger}");
    let one = detail(&fixtures::incident(), None, &Attempt::default(), &Named::default(), &chrome);
    let one = one.unwrap().into_fragment();
    assert!(one.contains("read here and not act") && !one.contains("<form"), "{one}");
}
