//! Tests of the files to begin with.

use eavip_core::decision::Verdict;
use eavip_core::policy::{Policy, Source};
use eavip_core::release::gate::decide;

use super::*;
use crate::ctl::output::Format;
use crate::ctl::output::tests::Written;

fn printed(example: Example, now: Timestamp) -> String {
    let written = Written::default();
    assert_eq!(example.print(now, &mut written.output(Format::Table, false)).unwrap(), 0);
    written.text()
}

#[test]
fn what_is_printed_lets_a_release_through_for_five_minutes() {
    let policy =
        Policy::load(&[Source::new("runbook.toml", printed(Example::Runbook, Timestamp::default()))])
            .unwrap();
    for now in [1_700_000_000_000, 4_000_000_000_000].map(Timestamp::from_millis) {
        let question: Question = serde_json::from_str(&printed(Example::Evidence, now)).unwrap();
        let ask = |at| decide(&question.request, &question.evidence, &policy, at);
        assert_eq!(ask(now).verdict, Verdict::Allow, "{:#?}", ask(now));
        let five = Span::from_secs(300);
        assert_eq!(ask(now + five).verdict, Verdict::Allow);
        assert_eq!(ask(now + five + Span::from_millis(1)).verdict, Verdict::Hold);
    }
}
