//! Passwords, tokens and cookies: what is taken, what is refused, what is kept.

use super::*;
use crate::auth::secret::Secret;

#[tokio::test]
async fn takes_the_right_password_alone_and_keeps_no_readable_one() {
    let hasher = password::Hasher::default();
    let text = |text: &str| zeroize::Zeroizing::new(text.to_owned());
    let kept = hasher.hash(text("correct horse battery")).await.unwrap();
    assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
    assert_eq!(hasher.verify(text("correct horse battery"), Some(kept.clone())).await, Ok(true));
    assert_eq!(hasher.verify(text("correct horse batterz"), Some(kept)).await, Ok(false));
    assert_eq!(hasher.verify(text("anything"), None).await, Ok(false));
}

#[test]
fn spends_as_long_on_an_unknown_name_as_on_a_known_one() {
    let nobody = argon2::password_hash::PasswordHash::new(password::NOBODY).unwrap();
    assert_eq!(nobody.params.to_string(), "m=19456,t=2,p=1");
    assert!(nobody.hash.is_some());
}

#[test]
fn reads_a_token_back_and_refuses_any_changed_character() {
    let minted = api_token::mint().unwrap();
    let (id, secret) = api_token::parse(&minted.text).unwrap();
    assert_eq!(id, minted.id);
    assert!(secret::matches(secret, &minted.hash));
    for at in 0..minted.text.len() {
        let mut changed = minted.text.clone();
        let other = if &changed[at..=at] == "7" { "8" } else { "7" };
        changed.replace_range(at..=at, other);
        assert_eq!(api_token::parse(&changed), None, "at {at}");
    }
    assert_eq!(api_token::parse(""), None);
    assert_eq!(api_token::parse("eavip_pat_é"), None);
}

#[test]
fn sets_a_host_cookie_over_tls_alone() {
    let web = |secure| crate::app::Web {
        url: String::new(),
        secure,
        receivers: Vec::new(),
        enrolment: None,
        runbooks: "runbooks".into(),
    };
    let secret = Secret::new().unwrap();
    let text = |secure| cookie::begin(&web(secure), &secret).unwrap().to_str().unwrap().to_owned();
    let attributes = "Path=/; Max-Age=43200; HttpOnly; SameSite=Strict";
    assert_eq!(text(true), format!("__Host-eavip={}; {attributes}; Secure", secret.expose()));
    assert_eq!(text(false), format!("eavip={}; {attributes}", secret.expose()));
    let mut headers = axum::http::HeaderMap::new();
    headers.insert("cookie", "a=b; eavip=no; __Host-eavip=yes".parse().unwrap());
    assert_eq!(cookie::read(&web(true), &headers), Some("yes"));
    assert_eq!(cookie::read(&web(false), &headers), Some("no"));
}

#[test]
fn a_principal_acts_as_the_active_person_of_its_account_or_says_why_not() {
    let roster = crate::testing::policy(
        "[person.ana]\nteams = [\"platform-operations\"]\n[person.eva]\nteams = [\"platform-operations\"]\n\
         active = false\n",
    )
    .roster;
    let acts = |account: Option<&str>| {
        let principal = Principal {
            name: "ci".into(),
            role: Role::Responder,
            team: None,
            actor: Actor::Token("t".into()),
            account: account.map(str::to_owned),
            is_own: true,
            credential: principal::Credential::Token("t".into()),
        };
        principal.person(&roster).map(|person| person.to_string()).map_err(|problem| problem.detail)
    };
    assert_eq!(acts(Some("ana")), Ok("ana".into()));
    let cases = [
        (
            Some("ben"),
            "account `ben` isn't a person of the runbook's roster; declare [person.ben] or sign in",
        ),
        (Some("eva"), "person `eva` of the runbook's roster isn't active; sign in as one who is"),
        (Some("Ana "), "account `Ana ` isn't a person of the runbook's roster"),
        (None, "token `ci` goes back to no account; make one signed in as a person of the runbook's roster"),
    ];
    for (account, refused) in cases {
        let said = acts(account).unwrap_err();
        assert!(said.starts_with(refused), "{account:?}: {said}");
    }
}
