//! The audit log over the API: what is proven there convinces, and nothing secret is shown.

use eavip_core::audit::note::SignedCheckpoint;
use eavip_core::audit::proof::{Consistency, Inclusion, Subtree};
use eavip_core::id::Digest256;

use super::*;
use crate::audit::AuditLog;
use crate::store::Store;
use crate::testing::policy;

/// A server whose ledger has so many records, all signed, and the directory that has to outlive it.
async fn audited(records: usize) -> (Server, tempfile::TempDir) {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new(Uuid::now_v7()));
    let mut server = Server::over(Arc::clone(&store), "/nonexistent");
    for number in 0..records {
        let at = long_ago();
        let event = crate::record::UserEvent::SignedIn {
            session: format!("SECRET-{number}"),
            role: Role::Viewer,
            expires_at: at,
        };
        server.write(vec![Event::User { name: "ann".to_owned(), event }]).await;
    }
    let dir = tempfile::tempdir().unwrap();
    let shared = Shared::new(Default::default(), policy("[audit]\ncheckpoint_events = 10\n"));
    let (log, growing) = AuditLog::start(&dir.path().join("audit"), store, shared).unwrap();
    growing.finish();
    server.app = server.app.clone().with_audit(log);
    server.router = router::web(server.app.clone(), Router::new());
    (server, dir)
}

fn digest(value: &Value) -> Digest256 {
    value.as_str().unwrap().parse().unwrap()
}

fn path(value: &Value) -> Vec<Digest256> {
    value.as_array().unwrap().iter().map(digest).collect()
}

#[tokio::test]
async fn gives_checkpoints_and_proofs_that_convince() {
    let (server, _dir) = audited(25).await;
    let viewer = server.token(Role::Viewer).await;
    let get = async |path: &str| server.get(&format!("/api/v1/audit{path}"), &viewer).await;
    let key = server.get("/api/v1/audit/key", "").await;
    let key: eavip_agent::witness::VerifierKey = String::from_utf8(key.body).unwrap().parse().unwrap();
    let note = String::from_utf8(get("/checkpoint").await.body).unwrap();
    let verified = key.verify(note.parse::<SignedCheckpoint>().unwrap()).unwrap();
    let (size, root) = (verified.checkpoint().size(), verified.checkpoint().root());
    assert_eq!(size, 25);

    let proof = get("/proof/inclusion?position=7").await.json();
    assert_eq!(proof["checkpoint"], note);
    let inclusion = Inclusion { index: 7, subtree: Subtree::first(size), path: path(&proof["path"]) };
    assert!(inclusion.proves(digest(&proof["leaf"]), root));
    assert_eq!(get("/proof/inclusion?position=7&size=9").await.json()["checkpoint"], Value::Null);

    let proof = get("/proof/consistency?from=10").await.json();
    let consistency = Consistency { subtree: Subtree::first(10), size, path: path(&proof["path"]) };
    assert!(consistency.proves_growth(digest(&proof["from_root"]), root));

    let page = get("/checkpoints?limit=2").await.json();
    let sizes: Vec<u64> =
        page["items"].as_array().unwrap().iter().map(|item| item["size"].as_u64().unwrap()).collect();
    assert_eq!((sizes, &page["next_cursor"]), (vec![25, 20], &json!("1")));
    assert_eq!(get("/checkpoints?limit=2&cursor=1").await.json()["items"][0]["size"], 10);

    let standing = get("").await.json();
    assert_eq!((&standing["checkpoint"]["note"], &standing["contradiction"]), (&json!(note), &Value::Null));
    for (wrong, status) in [
        ("/proof/inclusion?position=25", StatusCode::NOT_FOUND),
        ("/proof/inclusion?position=3&size=26", StatusCode::NOT_FOUND),
        ("/proof/inclusion?position=-1", StatusCode::BAD_REQUEST),
        ("/proof/consistency?from=0", StatusCode::NOT_FOUND),
        ("/proof/consistency?from=25", StatusCode::NOT_FOUND),
        ("/proof/consistency?from=3&to=26", StatusCode::NOT_FOUND),
        ("/checkpoints?limit=0", StatusCode::UNPROCESSABLE_ENTITY),
        ("/checkpoints?cursor=x", StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        assert_eq!(get(wrong).await.status, status, "{wrong}");
    }
}

#[tokio::test]
async fn shows_records_in_pages_and_no_hash_of_a_secret() {
    let (server, _dir) = audited(25).await;
    let admin = server.token(Role::Admin).await;
    let (mut cursor, mut positions) = (String::new(), Vec::new());
    loop {
        let page = server.get(&format!("/api/v1/audit/records?limit=7{cursor}"), &admin).await;
        let text = String::from_utf8(page.body.clone()).unwrap();
        assert!(!text.contains("SECRET") && !text.contains("\"hash\""), "{text}");
        let page = page.json();
        for record in page["items"].as_array().unwrap() {
            let position = record["position"].as_u64().unwrap();
            assert_eq!(record["signed"], position < 25);
            assert!(record["actor"].is_string() && record["events"].is_array());
            positions.push(position);
        }
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    let all = positions.len() as u64;
    assert!(all > 25, "signing in and the token are records too");
    assert_eq!(positions, (0..all).rev().collect::<Vec<_>>());
}

#[tokio::test]
async fn says_so_where_no_audit_log_is_kept() {
    let server = Server::start();
    assert_eq!(server.get("/api/v1/audit/key", "").await.status, StatusCode::SERVICE_UNAVAILABLE);
}
