//! The Markdown of an incident: complete, and nothing of it that people wrote is markup.

use eavip_core::incident::change::{Plan, Request};
use eavip_core::incident::review::Cause;
use eavip_core::time::Timestamp;

use super::*;
use crate::book::Book;
use crate::testing::{asks, declaration, incident_id};

const HOSTILE: &str = "x | y\n# z <script>alert(1)</script> [l](javascript:a) **b** =cmd|' /C calc'!A0";

#[test]
fn what_people_wrote_is_text_on_its_line_in_every_part() {
    let at: Timestamp = "2026-03-02T10:00:00Z".parse().unwrap();
    let mut book = Book::default();
    let mut declared = declaration("inc-1", "shop");
    declared.title = HOSTILE.into();
    let plan = Plan {
        what: HOSTILE.into(),
        owner: "platform-operations".parse().unwrap(),
        due: at + Span::from_secs(60),
        verification: HOSTILE.into(),
    };
    let text = ReviewText {
        summary: HOSTILE.into(),
        consequences: HOSTILE.into(),
        cause: Some(Cause::Defect),
        explanation: HOSTILE.into(),
        factors: vec![HOSTILE.into()],
        detection_gap: HOSTILE.into(),
        lessons: HOSTILE.into(),
        runbook_revision: Some("4f2a9c1".parse().unwrap()),
    };
    for request in [
        Request::Declare(Box::new(declared)),
        Request::Assign { role: Role::Commander, person: "ben".parse().unwrap() },
        Request::RecordAction { what: HOSTILE.into(), proof: None },
        Request::PublishUpdate { text: HOSTILE.into() },
        Request::AddNote { text: HOSTILE.into() },
        Request::DraftReview(Box::new(text)),
        Request::AddItem(plan),
    ] {
        book.apply(1, &asks(&book, "inc-1", request, at));
    }
    let page = markdown(book.incidents.get(&incident_id("inc-1")).unwrap());
    let escaped = escape(HOSTILE);
    assert_eq!(page.matches(&escaped).count(), 16, "{page}");
    for markup in ["<script", "**b**", "[l](", "\n# z", "| y"] {
        let bare = page.replace(&escaped, "");
        assert!(!bare.contains(markup), "`{markup}` in\n{bare}");
    }
    for line in [
        "- commander: ben",
        "- time to mitigate: not yet",
        "- Revision of the runbook: 4f2a9c1",
        "## Action items",
    ] {
        assert!(page.lines().any(|found| found == line), "no `{line}` in\n{page}");
    }
}
