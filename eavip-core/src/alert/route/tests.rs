//! Tests of routing.

use super::*;

fn route(matchers: &[(&str, &str)], least: Category, receivers: &[&str], goes_on: bool) -> Route {
    Route {
        matchers: Matchers::from(&Labels::new(matchers.iter().copied()).unwrap()),
        least,
        receivers: receivers.iter().map(|id| id.parse().unwrap()).collect(),
        grouping: GroupingPolicy::default(),
        goes_on,
        routes: Vec::new(),
    }
}

fn receivers<'r>(routes: &'r [Route], labels: &Labels, category: Category) -> Vec<&'r str> {
    targets(routes, labels, category).into_iter().map(|target| target.receiver.as_str()).collect()
}

#[test]
fn tells_the_receivers_of_the_first_route_and_of_those_it_goes_on_to() {
    let routes = [
        route(&[("service", "shop")], Category::Critical, &["pager"], true),
        route(&[], Category::Warning, &["chat", "pager"], false),
        route(&[], Category::Informational, &["archive"], false),
    ];
    for (service, category, expected) in [
        ("shop", Category::Critical, vec!["pager", "chat"]),
        ("shop", Category::Warning, vec!["chat", "pager"]),
        ("other", Category::Informational, vec!["archive"]),
    ] {
        let labels = Labels::new([("service", service)]).unwrap();
        assert_eq!(receivers(&routes, &labels, category), expected);
    }
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
        assert_eq!(receivers(&routes, &labels, Category::Warning), expected, "{labels}");
    }
    assert_eq!(routes[0].receivers().len(), 4);
}

#[test]
fn a_receiver_is_told_once_and_by_the_grouping_of_the_first_route_to_it() {
    let grouped = |name: &str, route: Route| Route {
        grouping: GroupingPolicy { by: [name.to_owned()].into(), ..GroupingPolicy::default() },
        ..route
    };
    let routes = [
        Route {
            routes: vec![grouped("node", route(&[("mode", "saas")], Category::Critical, &["pager"], true))],
            ..grouped("service", route(&[], Category::Informational, &["chat"], true))
        },
        grouped("mode", route(&[], Category::Informational, &["chat", "pager", "archive"], false)),
    ];
    let labels = Labels::new([("service", "shop"), ("mode", "saas"), ("node", "a")]).unwrap();
    let told = |category| -> Vec<String> {
        let told = targets(&routes, &labels, category);
        told.iter().map(|target| format!("{} {}", target.receiver, target.grouping.key(&labels))).collect()
    };
    let critical = [r#"pager {node="a"}"#, r#"chat {mode="saas"}"#, r#"archive {mode="saas"}"#];
    assert_eq!(told(Category::Critical), critical);
    let warning = [r#"chat {service="shop"}"#, r#"pager {mode="saas"}"#, r#"archive {mode="saas"}"#];
    assert_eq!(told(Category::Warning), warning);
    assert_eq!(targets(&[], &labels, Category::Critical), []);
}

#[test]
fn every_route_that_is_asked_says_what_it_did() {
    let routes = [
        Route {
            routes: vec![
                route(&[("mode", "byoc")], Category::Informational, &["x"], false),
                route(&[("mode", "saas")], Category::Informational, &["vendor"], false),
                route(&[], Category::Informational, &["never"], false),
            ],
            ..route(&[("service", "shop")], Category::Warning, &["shop"], true)
        },
        route(&[], Category::Critical, &["pager"], false),
        route(&[], Category::Informational, &["rest"], false),
        route(&[], Category::Informational, &["never"], false),
    ];
    let labels = Labels::new([("service", "shop"), ("mode", "saas")]).unwrap();
    let told = explain(&routes, &labels, Category::Warning);
    let told: Vec<String> = told.iter().map(|asked| format!("{:?} {}", asked.path, asked.answer)).collect();
    assert_eq!(told, ["[0] within", "[0, 0] passes", "[0, 1] tells", "[1] passes", "[2] tells"]);
}
