//! Every page with realistic data, written to `target/dashboard-pages` with its assets, so that a browser can check
//! and show them without a server.

use super::super::*;
use crate::api::view::{NewJoinToken, NewToken, Overview, Page};
use eavip_core::alert::episode::Status;

fn chrome(path: &str) -> Chrome {
    Chrome { path: path.into(), ..fixtures::chrome() }
}

/// Takes a page by a name for its file, its path and what renders it.
type Add<'a> = dyn FnMut(&'static str, &str, &dyn Fn(&Chrome) -> Rendered) + 'a;

/// Every page, by a name for its file.
pub(super) fn pages() -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    let mut add = |name, path: &str, main: &dyn Fn(&Chrome) -> Rendered| {
        let chrome = chrome(path);
        all.push((name, main(&chrome).unwrap().into_page(&chrome).unwrap()));
    };
    add("overview-healthy", "/", &|chrome| pages::overview(&fixtures::healthy(), chrome));
    add("overview-on-fire", "/", &|chrome| pages::overview(&fixtures::on_fire(), chrome));
    add("overview-empty", "/", &|chrome| pages::overview(&fixtures::empty(), chrome));
    add("overview-hostile", "/", &|chrome| pages::overview(&fixtures::hostile(), chrome));
    add("overview-500", "/", &|chrome| pages::overview(&fixtures::large(500), chrome));
    add("overview-demo", "/", &|chrome| pages::overview(&demo(), chrome));
    let list =
        |nodes: Vec<_>, next: Option<&str>| Page { items: nodes, next_cursor: next.map(str::to_owned) };
    add("nodes", "/nodes", &|chrome| pages::nodes(&list(fixtures::on_fire().nodes, Some("24")), "", chrome));
    add("nodes-none", "/nodes?q=x", &|chrome| pages::nodes(&list(Vec::new(), None), "x", chrome));
    for (name, fire) in [("node-healthy", false), ("node-on-fire", true)] {
        let node = fixtures::node(fire);
        let histories = fixtures::histories(&node);
        add(name, "/nodes/1", &|chrome| pages::node(&node, &histories, chrome));
    }
    let row = fixtures::node(false).row;
    add("series", "/nodes/1/series/7", &|chrome| {
        pages::series(&row, &fixtures::latency_history(), "1h", chrome)
    });
    let now = fixtures::on_fire().now;
    let filter = alerts::Filter::default();
    add("alerts", "/alerts", &|chrome| alerts::list(&fixtures::alerts(), &filter, &now, chrome));
    add("alerts-none", "/alerts", &|chrome| alerts::list(&[], &filter, &fixtures::healthy().now, chrome));
    let history = fixtures::latency_history();
    let mut detail = fixtures::alert_detail();
    let attempt = alerts::Attempt::default();
    add("alert", "/alerts/1", &|chrome| alerts::detail(&detail, Some(&history), &attempt, chrome));
    detail.page.iter_mut().for_each(|page| *page = fixtures::on_call().pages.remove(1));
    detail.alert = fixtures::alert(2, Status::Acknowledged, detail.alert.category);
    add("alert-taken", "/alerts/2", &|chrome| alerts::detail(&detail, Some(&history), &attempt, chrome));
    incident_pages(&mut add);
    let builtin: Vec<runbook::Runbook<'_>> =
        crate::runbooks::BUILTIN.iter().map(|(name, text)| runbook::Runbook { name, text }).collect();
    let found = fixtures::coverage();
    add("runbooks", "/runbooks", &|chrome| runbook::index(&found, chrome));
    let disk = builtin.iter().find(|page| page.name == "disk-full").copied().unwrap();
    let known = found.pages.iter().find(|page| page.name == "disk-full").unwrap();
    add("runbook", "/runbooks/disk-full", &|chrome| {
        runbook::page(disk, known, &fixtures::alerts()[..1], chrome)
    });
    silence_pages(&mut add);
    improvement_pages(&mut add);
    add("settings", "/settings", &|chrome| settings_page(chrome, false));
    add("settings-contradicted", "/settings", &|chrome| settings_page(chrome, true));
    for (name, data) in [("on-call", fixtures::on_call()), ("on-call-none", fixtures::no_duty())] {
        add(name, "/on-call", &|chrome| on_call_page(&data, chrome));
    }
    add("not-found", "/nowhere", &|chrome| pages::error(&pages::Trouble::not_found("page"), chrome));
    add("forbidden", "/settings", &|chrome| {
        pages::error(&pages::Trouble::forbidden(crate::record::Role::Admin), chrome)
    });
    add("failed", "/", &|chrome| pages::error(&pages::Trouble::failed("0a1b2c"), chrome));
    let mut door = chrome("/sign-in");
    door.principal = None;
    let attempt = pages::SignIn {
        problem: Some("The name or the password is wrong.".into()),
        user: "mara".into(),
        next: "/alerts".into(),
    };
    all.push(("sign-in", pages::sign_in(&attempt, &door).unwrap().into_page(&door).unwrap()));
    all
}

/// The pages about silences, why somebody is told, and what isn't let in.
fn silence_pages(add: &mut Add<'_>) {
    let silences = fixtures::silences::silences();
    let windows = fixtures::silences::windows();
    let nothing = silences::Attempt::default();
    add("silences", "/silences", &|chrome| silences::silences(&silences, &windows, &nothing, chrome));
    let (alert, reasons) = (fixtures::alert_detail().alert, fixtures::silences::why());
    add("why", "/alerts/1/why", &|chrome| why::why(&alert, &reasons, chrome));
    add("silences-none", "/silences", &|chrome| silences::silences(&[], &[], &nothing, chrome));
    let refused = fixtures::silences::refused();
    add("silences-refused", "/silences", &|chrome| silences::silences(&[], &windows, &refused, chrome));
    let lacking = fixtures::silences::quarantined();
    add("quarantined", "/alerts/quarantined", &|chrome| silences::quarantined(&lacking, 700, chrome));
    add("quarantined-none", "/alerts/quarantined", &|chrome| silences::quarantined(&[], 0, chrome));
}

/// The pages about noise and trends, with and without something to mend, answer or sign.
fn improvement_pages(add: &mut Add<'_>) {
    use crate::api::view::trends::ReviewStatus;
    use fixtures::noise::{item, proposal, review};
    add("noise", "/noise", &|chrome| noise::noise(&fixtures::noise::noise(), None, chrome));
    add("noise-none", "/noise", &|chrome| noise::noise(&fixtures::noise::quiet(), None, chrome));
    let (month, proposals, items) = (fixtures::noise::trends(), [proposal()], [item()]);
    let reviews = [review(ReviewStatus::Signed).row, review(ReviewStatus::Overdue).row];
    let shown = trends::Shown { trends: &month, reviews: &reviews, proposals: &proposals, items: &items };
    let attempt = trends::Attempt { of: proposal().id, problem: "Say why.".into(), text: "no".into() };
    add("trends", "/trends", &|chrome| trends::trends(shown, Some(&attempt), chrome));
    let none = trends::Shown { reviews: &[], proposals: &[], items: &[], ..shown };
    add("trends-none", "/trends", &|chrome| trends::trends(none, None, chrome));
    let attempt = trends::Attempt { problem: "Say what was decided.".into(), ..trends::Attempt::default() };
    for (name, status) in [("review", ReviewStatus::Open), ("review-signed", ReviewStatus::Signed)] {
        add(name, "/trends/2026-03", &|chrome| trends::review(&review(status), Some(&attempt), chrome));
    }
}

/// Incidents: the list, one in the middle, refused forms, a hostile one, one that is over, and declaring one.
fn incident_pages(add: &mut Add<'_>) {
    let (named, none) = (fixtures::named(), incidents::Attempt::default());
    add("incidents", "/incidents", &|chrome| incidents::list(&fixtures::incidents(), &named, chrome));
    add("incidents-none", "/incidents", &|chrome| incidents::list(&[], &incidents::Named::default(), chrome));
    let path = "/incidents/inc-2026-0042";
    let one = fixtures::incident();
    add("incident", path, &|chrome| incidents::detail(&one, None, &none, &named, chrome));
    let refused = fixtures::refused("note", &[("text", "what I wrote")]);
    add("incident-refused", path, &|chrome| incidents::detail(&one, None, &refused, &named, chrome));
    let hostile = fixtures::hostile_incident();
    add("incident-hostile", path, &|chrome| incidents::detail(&hostile, None, &none, &named, chrome));
    let mut over = fixtures::incident();
    (over.incident.open, over.incident.phase) = (false, eavip_core::incident::phase::Phase::Closed);
    (over.review.completed, over.review.signed) = (over.acknowledged.clone(), over.acknowledged.clone());
    add("incident-over", path, &|chrome| incidents::detail(&over, None, &none, &named, chrome));
    let alert = fixtures::alert_detail().alert;
    add("declare", "/incidents/new", &|chrome| incidents::declare(Some(&alert), &none, &named, chrome));
    let refused = fixtures::refused("declare", &[("title", "what I wrote")]);
    add("declare-refused", "/incidents", &|chrome| incidents::declare(None, &refused, &named, chrome));
}

/// The one on fire, with some of its nodes simulated and several changes of one record.
fn demo() -> Overview {
    let mut view = fixtures::on_fire();
    view.now.demo_nodes = 6;
    let marked = || [(crate::demo::LABEL.to_owned(), crate::demo::MARKED.to_owned())].into();
    view.nodes.iter_mut().take(6).for_each(|row| row.labels = marked());
    view.changes.iter_mut().for_each(|change| change.seq = 812);
    view
}

fn on_call_page(data: &fixtures::OnCallData, chrome: &Chrome) -> Rendered {
    let view = on_call::OnCall {
        duty: &data.duty,
        coverage: &data.coverage,
        schedules: &data.schedules,
        pages: &data.pages,
        overrides: &data.overrides,
        contacts: &data.contacts,
        problem: None,
    };
    on_call::on_call(view, chrome)
}

fn settings_page(chrome: &Chrome, contradicted: bool) -> Rendered {
    let audit = fixtures::audit(contradicted);
    let (users, tokens, joins) = (fixtures::users(), fixtures::tokens(), fixtures::joins());
    let (receivers, dead_letters) = (fixtures::receivers(), fixtures::dead_letters());
    let join = NewJoinToken {
        id: "j7m3".into(),
        expires_at: "2026-11-23T08:30:00Z".into(),
        join: "eavip1.x".into(),
        command: format!(
            "echo eavip1.{} | eavip-agent join",
            "eyJ1cmxzIjpbImh0dHBzOi8vb3BzLmV4YW1wbGUub3JnIl19".repeat(4)
        ),
    };
    let token = NewToken { token: tokens[0].clone(), secret: "shown-this-once".into() };
    let shown = settings::Settings {
        users: &users,
        tokens: &tokens,
        joins: &joins,
        audit: Some(&audit),
        new_join: Some(&join),
        new_token: Some(&token),
        receivers: &receivers,
        dead_letters: &dead_letters,
        tested: dead_letters.first(),
        deployment: "eu-saas",
        ..settings::Settings::default()
    };
    settings::settings(&shown, chrome)
}

#[test]
fn writes_every_page_for_the_browsers_checks() {
    let gallery = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/dashboard-pages");
    for asset in assets::ALL {
        let file = gallery.join(assets::path(asset.name).trim_start_matches('/'));
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, asset.body).unwrap();
    }
    for (name, page) in pages() {
        std::fs::write(gallery.join(format!("{name}.html")), page).unwrap();
    }
    std::fs::write(gallery.join("content-security-policy.txt"), CONTENT_SECURITY_POLICY).unwrap();
}
