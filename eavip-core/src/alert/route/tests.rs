//! Tests of routing.

use super::*;

fn route(matchers: &[(&str, &str)], least: Category, receivers: &[&str], goes_on: bool) -> Route {
    Route {
        matchers: Matchers::from(&Labels::new(matchers.iter().copied()).unwrap()),
        least,
        receivers: receivers.iter().map(|id| id.parse().unwrap()).collect(),
        goes_on,
        routes: Vec::new(),
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

#[test]
fn a_route_within_a_route_decides_instead_of_it() {
    let within = |matchers: &[(&str, &str)], receiver: &str, goes_on| {
        route(matchers, Category::Informational, &[receiver], goes_on)
    };
    let shop = Route {
        routes: vec![
            within(&[("mode", "saas")], "vendor", true),
            within(&[("node", "a")], "site", false),
            within(&[], "never-with-a", false),
        ],
        ..within(&[("service", "shop")], "shop", false)
    };
    let empty = Route { routes: vec![within(&[("mode", "saas")], "x", false)], ..within(&[], "rest", false) };
    let routes = [shop, empty];
    for (labels, expected) in [
        (&[("service", "shop"), ("mode", "saas"), ("node", "a")][..], &["vendor", "site"][..]),
        (&[("service", "shop"), ("mode", "byoc"), ("node", "b")], &["never-with-a"]),
        (&[("service", "other"), ("mode", "byoc")], &["rest"]),
        (&[("service", "other"), ("mode", "saas")], &["x"]),
    ] {
        let labels = Labels::new(labels.iter().copied()).unwrap();
        let notice = decide(&routes, &labels, Category::Warning, NoticeKind::Firing);
        let found: Vec<&str> = notice.receivers.iter().map(ReceiverId::as_str).collect();
        assert_eq!(found, expected, "{labels}");
    }
    assert_eq!(routes[0].receivers().len(), 4);
}
