//! Tests of taking reports: whole or not at all, with the field named.

use axum::body::Body as HttpBody;
use axum::http::{Request, StatusCode};
use eavip_core::id::Digest128;
use eavip_core::labels::Labels;
use eavip_core::signal::metric::Metric;
use eavip_core::signal::reading::Reading;
use tower::ServiceExt as _;

use super::*;
use crate::testing::{Inside, body, node};

/// A batch as an agent sends it.
fn batch(node: NodeId, seq: u64, body: &str) -> String {
    let digest = Digest128::of([body.as_bytes()]);
    format!(r#"{{"node":"{node}","epoch":1,"reports":[{{"seq":{seq},"digest":"{digest}","body":{body}}}]}}"#)
}

fn report(readings: Vec<Reading>) -> String {
    String::from_utf8(body(now(), readings).encode().unwrap()).unwrap()
}

async fn send(
    inside: &Inside,
    peer: NodeId,
    encoding: Option<&str>,
    body: Vec<u8>,
) -> (StatusCode, serde_json::Value) {
    let mut request = Request::post("/agent/v1/reports");
    if let Some(encoding) = encoding {
        request = request.header("content-encoding", encoding);
    }
    let mut request = request.body(HttpBody::from(body)).unwrap();
    request.extensions_mut().insert(peer);
    let router = Ingest::new(inside.committer.clone(), inside.store.identity()).router();
    let answer = router.oneshot(request).await.unwrap();
    let status = answer.status();
    let bytes = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap())
}

#[tokio::test]
async fn answers_with_the_mark_once_the_report_is_stored() {
    let inside = Inside::new();
    let id = inside.enrol(1).await;
    let text = batch(id, 1, &report(vec![Reading::exact(Metric::CpuBusy, 0.5)]));
    let compressed = zstd::encode_all(text.as_bytes(), 1).unwrap();
    for (encoding, body) in [(None, text.into_bytes()), (Some("zstd"), compressed)] {
        let (status, reply) = send(&inside, id, encoding, body).await;
        assert_eq!((status, reply["acknowledged"].as_u64()), (StatusCode::OK, Some(1)));
    }
    assert_eq!(inside.store.reports(0).count(), 1);
}

#[tokio::test]
async fn bad_input_is_refused_whole_and_names_the_field() {
    let inside = Inside::new();
    let id = inside.enrol(1).await;
    let good = batch(id, 1, &report(Vec::new()));
    let labels: Vec<String> = (0..65).map(|at| format!("\"l{at}\":\"x\"")).collect();
    let over_labelled = report(vec![Reading::exact(Metric::CpuBusy, 0.5)])
        .replace("\"value\":", &format!("\"labels\":{{{}}},\"value\":", labels.join(",")));
    let many = vec![Reading::exact(Metric::CpuBusy, 0.5); 2_001];
    let bomb = zstd::encode_all(&vec![b' '; 64 << 20][..], 1).unwrap();
    let mut wide = zstd::Encoder::new(Vec::new(), 1).unwrap();
    wide.window_log(24).unwrap();
    std::io::Write::write_all(&mut wide, good.as_bytes()).unwrap();
    let wide = wide.finish().unwrap();
    let plain = |text: String| (None, text.into_bytes());
    for (what, (encoding, body), status, at) in [
        ("not JSON", plain("{".into()), 400, "the body"),
        ("a list", plain("[]".into()), 400, "the body"),
        ("another node", plain(batch(node(2), 1, &report(Vec::new()))), 400, "node"),
        ("a wrong digest", plain(good.replace("15s", "16s")), 400, "reports[0].digest"),
        ("a wrong number", plain(batch(id, 0, &report(Vec::new()))), 400, "reports[0].seq"),
        ("too many labels", plain(batch(id, 1, &over_labelled)), 400, "reports[0].body.readings[0].labels"),
        ("too many readings", plain(batch(id, 1, &report(many))), 413, "reports[0].body.readings"),
        ("an unknown encoding", (Some("br"), Vec::new()), 415, ""),
        ("not zstd", (Some("zstd"), b"nonsense".to_vec()), 400, ""),
        ("a window beyond the bound", (Some("zstd"), wide), 400, ""),
        ("a bomb", (Some("zstd"), bomb), 413, ""),
        ("too large", (None, vec![b' '; MAX_BODY + 1]), 413, ""),
    ] {
        let (found, problem) = send(&inside, id, encoding, body).await;
        assert_eq!(found.as_u16(), status, "{what}: {problem}");
        assert_eq!(problem["errors"][0]["at"].as_str().unwrap_or_default(), at, "{what}: {problem}");
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.len() > 10), "{what}: {problem}");
    }
    assert_eq!(inside.store.reports(0).count(), 0, "nothing was stored");
    let (status, _) = send(&inside, id, None, good.into_bytes()).await;
    assert_eq!(status, StatusCode::OK, "and the node may go on");
}

#[tokio::test]
async fn one_bad_report_of_a_batch_refuses_all_of_it() {
    let inside = Inside::new();
    let id = inside.enrol(1).await;
    let good = report(vec![Reading::exact(Metric::CpuBusy, 0.5)]);
    // With the colon: the time of the report may have `0.5` in it as well.
    let bad = good.replace(":0.5", ":\"half\"");
    let envelope = |seq: u64, body: &str| {
        format!(r#"{{"seq":{seq},"digest":"{}","body":{body}}}"#, Digest128::of([body.as_bytes()]))
    };
    let text =
        format!(r#"{{"node":"{id}","epoch":1,"reports":[{},{}]}}"#, envelope(1, &good), envelope(2, &bad));
    let (status, problem) = send(&inside, id, None, text.into_bytes()).await;
    assert_eq!(
        (status.as_u16(), problem["errors"][0]["at"].as_str()),
        (400, Some("reports[1].body.readings[0].value"))
    );
    assert_eq!(inside.store.reports(0).count(), 0);
}

#[tokio::test]
async fn hostile_labels_are_kept_as_they_are() {
    let inside = Inside::new();
    let id = inside.enrol(1).await;
    let labels = Labels::new([("mount", "<script>\u{202e}\u{0}\r\n")]).unwrap();
    let text = report(vec![Reading::exact(Metric::DiskUsed, 0.5).labelled(labels)]);
    let (status, _) = send(&inside, id, None, batch(id, 1, &text).into_bytes()).await;
    assert_eq!(status, StatusCode::OK);
    let stored = inside.store.reports(0).next().unwrap().unwrap().1;
    let crate::store::Received::Report(stored) = stored else { panic!("{stored:?}") };
    assert_eq!(stored.body, text.as_bytes(), "byte for byte");
}
