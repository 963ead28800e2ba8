//! Tests of routing.

use super::*;

fn route(matchers: &[(&str, &str)], least: Category, receivers: &[&str], goes_on: bool) -> Route {
    Route {
        matchers: Labels::new(matchers.iter().copied()).unwrap(),
        least,
        receivers: receivers.iter().map(|id| id.parse().unwrap()).collect(),
        goes_on,
    }
}

#[test]
fn tells_the_receivers_of_the_first_route_and_of_those_it_goes_on_to() {
    let routes = [
        route(&[("service", "shop")], Category::Critical, &["pager"], true),
        route(&[], Category::Warning, &["chat", "pager"], false),
        route(&[], Category::Informational, &["archive"], false),
    ];
    for (service, category, expected, reason) in [
        ("shop", Category::Critical, vec!["pager", "chat"], Reason::First),
        ("shop", Category::Warning, vec!["chat", "pager"], Reason::First),
        ("other", Category::Informational, vec!["archive"], Reason::First),
    ] {
        let labels = Labels::new([("service", service)]).unwrap();
        let notice = decide(&routes, &labels, category, NoticeKind::Firing);
        let found: Vec<&str> = notice.receivers.iter().map(ReceiverId::as_str).collect();
        assert_eq!((found, notice.reason), (expected, reason));
    }
}

#[test]
fn says_why_nobody_is_told() {
    let notice = decide(&[], &Labels::default(), Category::Critical, NoticeKind::Firing);
    assert_eq!((notice.reason, notice.receivers.len()), (Reason::NoRoute, 0));
}
