//! Tests of a checkpoint's text: read and written byte for byte, and every wrong form refused.

use super::*;
use crate::time::Span;

const ROOT: &str = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";

#[test]
fn reads_what_another_log_wrote_and_writes_it_back() {
    for extensions in ["", "an extension\nand another\n"] {
        let text = format!("example.com/behind-the-sofa\n20852163\n{ROOT}\n{extensions}");
        let checkpoint: Checkpoint = text.parse().unwrap();
        assert_eq!((checkpoint.origin(), checkpoint.size()), ("example.com/behind-the-sofa", 20_852_163));
        assert_eq!(base64::encode(&checkpoint.root().0), ROOT);
        assert_eq!(checkpoint.extensions().len(), extensions.lines().count());
        assert_eq!(checkpoint.to_string(), text);
    }
}

#[test]
fn a_new_checkpoint_is_the_same_when_read_back() {
    for (size, root) in [(0, empty_root()), (1, Digest256([7; 32])), (u64::MAX, Digest256([0; 32]))] {
        let checkpoint = Checkpoint::new("ops.example.com/audit", size, root).unwrap();
        assert_eq!(checkpoint.to_string().parse(), Ok(checkpoint));
    }
    assert_eq!(Checkpoint::new("log", 0, Digest256([7; 32])), Err(InvalidCheckpoint::Root));
    for origin in ["", "two\nlines", "a\ttab", &"x".repeat(MAX_LINE + 1)] {
        assert_eq!(Checkpoint::new(origin, 0, empty_root()), Err(InvalidCheckpoint::Origin), "{origin:?}");
    }
}

#[test]
fn refuses_every_wrong_form() {
    use InvalidCheckpoint::{Extension, Origin, Root, Size, Unended};
    let long = "x".repeat(MAX_LINE + 1);
    let table = [
        (String::new(), Unended),
        (format!("log\n1\n{ROOT}"), Unended),
        ("\n".to_owned(), Size),
        ("log\n".to_owned(), Size),
        ("log\n1\n".to_owned(), Root),
        (format!("\n1\n{ROOT}\n"), Origin),
        (format!("{long}\n1\n{ROOT}\n"), Origin),
        (format!("lo\rg\n1\n{ROOT}\n"), Origin),
        (format!("log\n\n{ROOT}\n"), Size),
        (format!("log\n01\n{ROOT}\n"), Size),
        (format!("log\n00\n{ROOT}\n"), Size),
        (format!("log\n+1\n{ROOT}\n"), Size),
        (format!("log\n-1\n{ROOT}\n"), Size),
        (format!("log\n1 \n{ROOT}\n"), Size),
        (format!("log\n0x1\n{ROOT}\n"), Size),
        (format!("log\n1\r\n{ROOT}\r\n"), Size),
        (format!("log\n18446744073709551616\n{ROOT}\n"), Size),
        (format!("log\n\u{0661}\n{ROOT}\n"), Size),
        (format!("log\n0\n{ROOT}\n"), Root),
        (format!("log\n1\n{ROOT} \n"), Root),
        (format!("log\n1\n{}\n", ROOT.trim_end_matches('=')), Root),
        (format!("log\n1\n{}\n", ROOT.replace("2I=", "2J=")), Root),
        (format!("log\n1\n{}\n", ROOT.replace('/', "_")), Root),
        ("log\n1\nAAAA\n".to_owned(), Root),
        (format!("log\n1\n{ROOT}\n\n"), Extension),
        (format!("log\n1\n{ROOT}\n\nafter\n"), Extension),
        (format!("log\n1\n{ROOT}\na\tb\n"), Extension),
        (format!("log\n1\n{ROOT}\n{long}\n"), Extension),
        (format!("log\n1\n{ROOT}\n{}", "x\n".repeat(MAX_EXTENSIONS + 1)), Extension),
    ];
    for (text, why) in table {
        assert_eq!(text.parse::<Checkpoint>(), Err(why), "{text:?}");
    }
}

#[test]
fn a_checkpoint_is_due_each_minute_or_thousand_events_and_never_without_events() {
    let policy = AuditPolicy::default();
    let at = Timestamp::from_millis(1_700_000_000_000);
    let table = [
        (None, 0, 0, true),
        (Some(10), 10, 0, false),
        (Some(10), 10, 3_600, false),
        (Some(10), 11, 59, false),
        (Some(10), 11, 60, true),
        (Some(10), 1_009, 0, false),
        (Some(10), 1_010, 0, true),
        (Some(10), 9, 3_600, false),
    ];
    for (last, size, secs, due) in table {
        let last = last.map(|size| (size, at));
        assert_eq!(is_due(&policy, last, size, at + Span::from_secs(secs)), due, "{last:?} {size} {secs}");
    }
    assert!(is_due(&policy, Some((10, at)), 11, at - Span::from_secs(1)), "a clock that was set back");
}
