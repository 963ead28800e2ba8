//! The pages as a browser meets them: signed in or not, with forms that work and forms that fail.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};

use super::TABLE;
use crate::api::tests::{Answer, Server, full_disk};
use crate::auth::guard::Need;
use crate::auth::sign_in_link;
use crate::record::Role;

/// A browser: it keeps its cookie, says where it comes from, and follows nothing.
struct Browser {
    server: Server,
    cookie: String,
}

impl Browser {
    async fn signed_in() -> Self {
        Self::signed_in_at(Server::start()).await
    }

    async fn signed_in_at(server: Server) -> Self {
        let link = sign_in_link(&server.app).await.unwrap();
        let token = link.split_once("#token=").unwrap().1.to_owned();
        let mut browser = Self { server, cookie: String::new() };
        let answer = browser.post("/sign-in", &format!("token={token}&next=/alerts")).await;
        assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/alerts"));
        browser.cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
        browser
    }

    async fn send(&self, method: Method, path: &str, body: String) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::ACCEPT, "text/html,*/*")
            .header(header::COOKIE, &self.cookie)
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.server.send(request.body(Body::from(body)).unwrap()).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, String::new()).await
    }

    async fn post(&self, path: &str, form: &str) -> Answer {
        self.send(Method::POST, path, form.to_owned()).await
    }
}

fn text(answer: &Answer) -> String {
    String::from_utf8(answer.body.clone()).unwrap()
}

#[tokio::test]
async fn shows_the_runbook_pages_that_lie_beside_the_runbook() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("orders-stuck.md"), "# Orders are stuck\n\n1. Restart <b>them</b>.\n")
        .unwrap();
    std::fs::write(dir.path().join("broken.md"), [0xff]).unwrap();
    std::fs::write(dir.path().join("disk-full.md"), [0xff]).unwrap();
    let browser = Browser::signed_in_at(Server::with_runbooks(dir.path())).await;
    let index = text(&browser.get("/runbooks").await);
    assert!(index.contains("Orders are stuck") && index.contains("disk-full") && !index.contains("broken"));
    let page = browser.get("/runbooks/orders-stuck").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(text(&page).contains("Restart &lt;b&gt;them"), "{}", text(&page));
    for (path, status) in [
        ("/runbooks/disk-full", StatusCode::OK),
        ("/runbooks/broken", StatusCode::INTERNAL_SERVER_ERROR),
        ("/runbooks/none", StatusCode::NOT_FOUND),
        ("/runbooks/..%2forders-stuck", StatusCode::NOT_FOUND),
    ] {
        assert_eq!(browser.get(path).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn shows_every_page_and_its_part_to_who_is_signed_in() {
    let browser = Browser::signed_in().await;
    let node = browser.server.node("web-1", vec![full_disk()]).await;
    let _ = browser.server.evaluate().await;
    let alert = browser.server.app.shared.book().alerts.iter().next().unwrap().opening.id;
    let detail = crate::api::alerts::detail(&browser.server.app, alert).unwrap();
    let series = format!("/nodes/{node}/series/{}", detail.series.unwrap());
    let mut asked = BTreeSet::new();
    for (path, says) in [
        ("/".to_owned(), "web-1"),
        ("/nodes?q=WEB".to_owned(), "web-1"),
        (format!("/nodes/{node}"), "web-1"),
        (series.clone(), "web-1"),
        (format!("{series}?span=1d"), "web-1"),
        ("/alerts?category=critical".to_owned(), "disk-full"),
        (format!("/alerts/{alert}"), "disk-full"),
        ("/on-call".to_owned(), "No schedule is declared"),
        ("/fragments/on-call".to_owned(), "No schedule is declared"),
        ("/incidents".to_owned(), "<h1"),
        ("/incidents/new".to_owned(), "<form"),
        ("/silences".to_owned(), "<form"),
        ("/alerts/quarantined".to_owned(), "<h1"),
        (format!("/alerts/{alert}/why"), "What each rule finds"),
        ("/noise".to_owned(), "<h1"),
        ("/trends".to_owned(), "<h1"),
        ("/runbooks".to_owned(), "disk-full"),
        ("/runbooks/disk-full".to_owned(), "web-1"),
        ("/settings".to_owned(), "Join a node"),
        ("/fragments/incidents".to_owned(), "<h1"),
        ("/fragments/silences".to_owned(), "<form"),
        ("/fragments/alerts/quarantined".to_owned(), "<h1"),
        (format!("/fragments/alerts/{alert}/why"), "What each rule finds"),
        ("/fragments/noise".to_owned(), "<h1"),
        ("/fragments/trends".to_owned(), "<h1"),
        ("/fragments/overview".to_owned(), "web-1"),
        ("/fragments/nodes".to_owned(), "web-1"),
        (format!("/fragments/nodes/{node}"), "web-1"),
        ("/fragments/alerts".to_owned(), "disk-full"),
        (format!("/fragments/alerts/{alert}"), "disk-full"),
    ] {
        asked.extend(path.split('?').next().map(str::to_owned));
        let answer = browser.get(&path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        let html = text(&answer);
        assert!(html.contains(says), "{path}");
        let whole = !path.starts_with("/fragments/");
        assert_eq!(html.contains("<html"), whole, "{path}");
        assert!(answer.header("content-security-policy").contains("require-trusted-types-for"), "{path}");
        assert_eq!(answer.header("etag").is_empty(), whole, "{path}");
    }
    let pages = TABLE.iter().filter(|(method, path, need)| {
        *method == Method::GET && matches!(need, Need::Role(_)) && !path.contains('{')
    });
    let missed: Vec<&str> = pages.map(|(_, path, _)| *path).filter(|path| !asked.contains(*path)).collect();
    assert_eq!(missed, [""; 0], "every page is looked at");
    let none = browser.get("/nodes?q=nothing").await;
    assert!(!text(&none).contains("web-1"));
}

#[tokio::test]
async fn leads_people_to_the_sign_in_page_and_programs_to_a_problem() {
    let browser = Browser { server: Server::start(), cookie: String::new() };
    for (method, path, need) in TABLE {
        let filled = path.replace("{id}", "0").replace("{series}", "0").replace("{page}", "disk-full");
        let answer = browser.send(method.clone(), &filled, String::new()).await;
        match need {
            Need::Nothing => assert_ne!(answer.status, StatusCode::UNAUTHORIZED, "{path}"),
            Need::Role(_) if path.starts_with("/fragments/") => {
                assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
            }
            Need::Role(_) => {
                assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
                assert!(answer.header("location").starts_with("/sign-in?next="), "{path}");
            }
        }
    }
    let program = browser.server.get("/settings", "").await;
    assert_eq!(program.json()["code"], "unauthenticated");
}

#[tokio::test]
async fn refuses_every_form_to_who_may_only_look() {
    let server = Server::start();
    let viewer = server.token(Role::Viewer).await;
    for (method, path, need) in TABLE {
        if let Need::Role(Role::Responder | Role::Admin) = need {
            let filled = path.replace("{id}", "0");
            let status = server.call(method.clone(), &filled, &viewer, None).await.status;
            assert_eq!(status, StatusCode::FORBIDDEN, "{path}");
        }
    }
}

#[tokio::test]
async fn takes_an_alert_by_its_form_and_keeps_what_was_typed_when_that_fails() {
    let browser = Browser::signed_in().await;
    let _ = browser.server.node("web-1", vec![full_disk()]).await;
    let _ = browser.server.evaluate().await;
    let alert = browser.server.app.shared.book().alerts.iter().next().unwrap().opening.id;
    let form = format!("/alerts/{alert}/acknowledge");
    let empty = browser.post(&form, "reason=+").await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(text(&empty).contains("role=\"alert\""));
    let taken = browser.post(&form, "reason=growing+the+volume").await;
    assert_eq!(
        (taken.status, taken.header("location")),
        (StatusCode::SEE_OTHER, &*format!("/alerts/{alert}"))
    );
    let again = browser.post(&form, "reason=me+too").await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(text(&again).contains("growing the volume"));
}

#[tokio::test]
async fn shows_a_new_secret_once() {
    let browser = Browser::signed_in().await;
    let made = browser.post("/settings/tokens", "name=ci&role=viewer&days=30").await;
    assert!(text(&made).contains("eavip_pat_"));
    assert!(!text(&browser.get("/settings").await).contains("eavip_pat_"));
    let join =
        browser.post("/settings/join-tokens", "deployment=shop&environment=production&mode=saas").await;
    assert!(text(&join).contains("echo eavip1."));
    let wrong =
        browser.post("/settings/join-tokens", "deployment=My+Shop&environment=production&mode=saas").await;
    assert!(text(&wrong).contains("value=\"My Shop\""));
}

#[tokio::test]
async fn says_what_is_the_matter_as_a_page() {
    let browser = Browser::signed_in().await;
    let missing = browser.get("/nothing/here").await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    assert!(text(&missing).contains("<html"));
    let method = browser.send(Method::PATCH, "/alerts", String::new()).await;
    assert_eq!((method.status, method.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "GET,HEAD"));
    let api = browser.get("/api/v1/nothing").await;
    assert_eq!(api.header("content-type"), "application/problem+json");
}

#[tokio::test]
async fn never_leads_to_another_site_after_signing_in() {
    let browser = Browser::signed_in().await;
    for next in ["//evil.example", "https://evil.example", "/\\evil.example", "", "javascript:alert(1)"] {
        let link = sign_in_link(&browser.server.app).await.unwrap();
        let token = link.split_once("#token=").unwrap().1.to_owned();
        let next = crate::dashboard::encoded(next);
        let answer = browser.post("/sign-in", &format!("token={token}&next={next}")).await;
        assert_eq!(answer.header("location"), "/", "{next}");
    }
}

#[tokio::test]
async fn signs_out() {
    let browser = Browser::signed_in().await;
    let answer = browser.post("/sign-out", "").await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/sign-in"));
    assert!(answer.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(browser.get("/").await.header("location"), "/sign-in?next=%2F");
}

#[tokio::test]
async fn serves_assets_for_good() {
    let server = Server::start();
    for asset in crate::dashboard::assets::ALL {
        let answer = server.get(&crate::dashboard::assets::path(asset.name), "").await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(answer.header("cache-control").contains("immutable"));
    }
}

/// What a browser is led to.
fn led_to(answer: &Answer) -> &str {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", text(answer));
    answer.header("location")
}

#[tokio::test]
async fn declares_an_incident_from_an_alert_and_asks_of_it_by_plain_forms() {
    let server = Server::start();
    let people = "[person.admin]\nteams = [\"platform-operations\"]\n";
    server.app.shared.policy.store(std::sync::Arc::new(crate::testing::policy(people)));
    let _ = server.node("web-1", vec![full_disk()]).await;
    let _ = server.evaluate().await;
    let alert = server.app.shared.book().alerts.open().next().unwrap().opening.id.to_string();
    let browser = Browser::signed_in_at(server).await;
    let form = text(&browser.get(&format!("/incidents/new?alert={alert}")).await);
    assert!(form.contains(&format!("name=\"alert\" value=\"{alert}\"")), "{form}");
    let unsaid = browser.post("/incidents", &format!("alert={alert}&title=the+disk+is+full")).await;
    assert_eq!(unsaid.status, StatusCode::UNPROCESSABLE_ENTITY, "no signal tells whether data is affected");
    assert!(text(&unsaid).contains("value=\"the disk is full\""), "{}", text(&unsaid));
    let declared = browser.post("/incidents", &format!("alert={alert}&title=x&integrity=intact")).await;
    let path = led_to(&declared).to_owned();
    let again = browser.get(&format!("/incidents/new?alert={alert}")).await;
    assert_eq!(led_to(&again), path, "an alert that has an incident leads there");

    let early = browser.post(&format!("{path}/close"), "").await;
    assert_eq!(early.status, StatusCode::CONFLICT);
    assert!(text(&early).matches("<code>EAVIP-").count() >= 11, "{}", text(&early));
    for (what, fields, place) in [
        ("acknowledge", "", "next"),
        ("advance", "to=triage", "next"),
        ("role", "role=commander&person=admin", "who"),
        ("services", "services=shop%2C+payments", "impact"),
        ("impact", "scope=minor&integrity=intact&reason=nobody+notices", "impact"),
        ("advance", "to=mitigation", "next"),
        ("action", "what=made+room&proof=", "actions"),
        ("update", "text=we+are+on+it", "updates"),
        ("note", "text=a+note", "timeline"),
        ("step", "improvised=yes&runbook=disk-full&step=asked+around", "steps"),
        ("review", "summary=the+disk&cause=capacity&factors=a%0D%0Ab", "review"),
        ("item", "what=x&owner=platform-operations&due=2999-01-01&verification=y", "items"),
        ("item-done", "item=1&proof=z", "items"),
        ("security", "reason=a+key", "impact"),
    ] {
        let answer = browser.post(&format!("{path}/{what}"), fields).await;
        assert_eq!(led_to(&answer), format!("{path}#{place}"), "{what}");
    }
    let page = text(&browser.get(&path).await);
    assert!(page.contains("a\nb</textarea>") && page.contains("payments, shop"), "{page}");
    let wrong = browser.post(&format!("{path}/action"), "what=kept&proof=nonsense").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(text(&wrong).contains("kept</textarea>"), "{}", text(&wrong));
    for (path, status) in [
        (format!("{path}/nonsense"), StatusCode::NOT_FOUND),
        ("/incidents/inc-0/note".to_owned(), StatusCode::NOT_FOUND),
    ] {
        assert_eq!(browser.post(&path, "text=x").await.status, status, "{path}");
    }
}

#[tokio::test]
async fn tells_who_is_no_person_of_the_roster_and_keeps_what_they_wrote() {
    let browser = Browser::signed_in().await;
    let form =
        "title=kept&owner=platform-operations&environment=production&mode=saas&scope=minor&integrity=intact";
    let answer = browser.post("/incidents", form).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    let page = text(&answer);
    assert!(page.contains("declare [person.admin]") && page.contains("value=\"kept\""), "{page}");
}

/// The account that a sign-in link opens is a person here.
fn with_admin(server: &Server) {
    let policy = crate::testing::policy("[person.admin]\nteams = [\"platform-operations\"]\n");
    server.app.shared.policy.store(std::sync::Arc::new(policy));
}

#[tokio::test]
async fn noise_is_voted_on_and_mended_with_forms_alone() {
    let browser = Browser::signed_in().await;
    let server = &browser.server;
    with_admin(server);
    let now = crate::shared::now;
    for number in 1..=10 {
        let began = now() - eavip_core::time::Span::from_secs(3_600).times(u64::from(11 - number));
        let lasting = eavip_core::time::Span::from_secs(60);
        server.write(crate::testing::came_and_went(number, "probe-down", began, lasting).into()).await;
    }
    crate::noise::reconcile::once(&server.app.shared, &server.app.committer, now()).await.unwrap();

    let alert = format!("/alerts/{}", "01".repeat(16));
    let voted = browser.post(&format!("{alert}/vote"), "actionable=false").await;
    assert_eq!(
        (voted.status, voted.header("location")),
        (StatusCode::SEE_OTHER, format!("{alert}#worth").as_str())
    );
    assert!(text(&browser.get(&alert).await).contains("It counts as <b>marked as noise</b>"));
    assert_eq!(
        browser.post(&format!("{alert}/vote"), "actionable=perhaps").await.status,
        StatusCode::BAD_REQUEST
    );

    let page = text(&browser.get("/noise").await);
    let form = page.split_once("action=\"/noise/defects/").unwrap().1.split_once('"').unwrap().0;
    let path = format!("/noise/defects/{form}");
    let refused = browser.post(&path, "how=+").await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(text(&refused).contains("role=\"alert\""), "{}", text(&refused));
    assert_eq!(browser.post(&path, "how=for+5m").await.status, StatusCode::SEE_OTHER);
    assert!(text(&browser.get("/noise").await).contains("<td>for 5m</td>"));
}

#[tokio::test]
async fn a_review_is_signed_and_a_proposal_answered_with_forms_alone() {
    use crate::trends::tests::{month, repeating};
    let server = Server::start();
    server.app.shared.change_book(|book| *book = repeating());
    with_admin(&server);
    let over = month().period().to;
    crate::trends::reconcile::once(&server.app.shared, &server.app.committer, over).await.unwrap();
    let browser = Browser::signed_in_at(server).await;

    let refused = browser.post("/trends/2026-03/sign", "remark=").await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(text(&refused).contains("the remark has 0 characters"), "{}", text(&refused));
    assert_eq!(browser.post("/trends/2026-03/sign", "remark=seen").await.status, StatusCode::SEE_OTHER);
    assert!(text(&browser.get("/trends/2026-03").await).contains("<blockquote>seen</blockquote>"));

    let page = text(&browser.get("/trends").await);
    let form = page.split_once("action=\"/trends/proposals/").unwrap().1.split_once('"').unwrap().0;
    let path = format!("/trends/proposals/{form}");
    let refused = browser.post(&path, "reply=accepted&reason=yes&record=Not+A+Slug").await;
    assert!(refused.status.is_client_error() && text(&refused).contains("role=\"alert\""));
    let answered = browser.post(&path, "reply=accepted&reason=yes&record=rev-42").await;
    assert_eq!((answered.status, answered.header("location")), (StatusCode::SEE_OTHER, "/trends#proposals"));
    assert!(text(&browser.get("/trends").await).contains("<code>rev-42</code>"));
    for path in ["/trends/2026-13", "/trends/2025-01"] {
        assert!(browser.get(path).await.status.is_client_error(), "{path}");
    }
}
