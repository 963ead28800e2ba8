//! Tests of the join string and of each way to mangle it.

use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn join() -> JoinString {
    JoinString {
        urls: vec!["https://ops.example:7480".into(), "https://[::1]:7480".into()],
        pin: URL_SAFE_NO_PAD.encode([7; 32]).parse().unwrap(),
        token: "jt-1".into(),
        secret: JoinSecret::new([9; 20]),
        expires: NOW + eavip_core::time::Span::from_secs(3_600),
    }
}

#[test]
fn carries_everything_and_back() {
    let text = join().encode().unwrap();
    assert_eq!(JoinString::parse(&format!("  {text}\r\n"), NOW), Ok(join()));
}

#[test]
fn names_each_way_to_mangle_it() {
    let text = join().encode().unwrap();
    let (head, tail) = text.split_at(40);
    let flipped = format!("{}{}{}", &head[..30], if &head[30..31] == "A" { "B" } else { "A" }, &head[31..]);
    for (mangled, error) in [
        (String::new(), JoinError::Foreign),
        ("hello".into(), JoinError::Foreign),
        (text[1..].into(), JoinError::Foreign),
        (text.replacen("eavip1", "eavip2", 1), JoinError::Version),
        (head.into(), JoinError::Cut),
        (text[..text.len() - 1].into(), JoinError::Cut),
        (format!("{head}\n{tail}"), JoinError::Whitespace),
        (format!("{head} {tail}"), JoinError::Whitespace),
        (format!("{flipped}{tail}"), JoinError::Checksum),
        (format!("{text}0"), JoinError::Checksum),
        (format!("eavip1.{}", "A".repeat(MAX_JOIN_STRING)), JoinError::TooLong),
    ] {
        assert_eq!(JoinString::parse(&mangled, NOW), Err(error), "{mangled}");
    }
    let late = join().expires;
    assert_eq!(JoinString::parse(&text, late), Err(JoinError::Expired(late)));
}

#[test]
fn refuses_contents_that_no_server_would_write() {
    let refused = |edit: fn(&mut JoinString)| {
        let mut join = join();
        edit(&mut join);
        assert!(matches!(join.encode(), Err(JoinError::Contents(_))));
    };
    refused(|j| j.urls.clear());
    refused(|j| j.urls = vec!["http://ops.example".into()]);
    refused(|j| j.urls = vec!["https://user@ops.example".into()]);
    refused(|j| j.urls = vec!["https://ops.example/path".into()]);
    refused(|j| j.urls = vec!["https://ops.example".into(); MAX_URLS + 1]);
    refused(|j| j.token.clear());
}

#[test]
fn never_shows_the_secret() {
    assert!(!format!("{:?}", join()).contains("0909"));
}

proptest::proptest! {
    #[test]
    fn any_single_change_is_noticed(at in 0_usize..300, with in "[A-Za-z0-9_.-]") {
        let text = join().encode().unwrap();
        let at = at % text.len();
        let mut changed = text.clone();
        changed.replace_range(at..=at, &with);
        if changed != text {
            proptest::prop_assert!(JoinString::parse(&changed, NOW).is_err());
        }
    }

    #[test]
    fn any_text_is_refused_without_a_panic(text in "(eavip[12]\\.)?\\PC{0,80}\\.?[0-9a-f]{0,9}") {
        proptest::prop_assert!(JoinString::parse(&text, NOW).is_err());
    }
}
