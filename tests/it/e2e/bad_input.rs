//! An enrolled agent that sends nonsense: it is told what is wrong, nothing is stored, nobody else notices.

use std::io::Write as _;

use super::identity::{BODY, Client, batch};
use super::reports::stored;
use super::{node, site};

/// How much the server's memory may grow while it refuses: a few requests' bounds, far below what they inflate to.
const GROWTH_KIB: u64 = 96 * 1024;

struct Bad {
    what: &'static str,
    encoding: Option<&'static str>,
    body: Vec<u8>,
    status: u16,
    at: &'static str,
}

impl Bad {
    fn plain(what: &'static str, body: impl Into<Vec<u8>>, status: u16, at: &'static str) -> Self {
        Self { what, encoding: None, body: body.into(), status, at }
    }

    fn encoded(what: &'static str, encoding: &'static str, body: Vec<u8>, status: u16) -> Self {
        Self { what, encoding: Some(encoding), body, status, at: "" }
    }
}

/// Zeros in zstd, with a window of two to the power of `window`.
fn bomb(megabytes: usize, window: u32) -> Vec<u8> {
    let mut encoder = zstd::stream::Encoder::new(Vec::new(), 3).unwrap();
    encoder.window_log(window).unwrap();
    (0..megabytes).for_each(|_| encoder.write_all(&vec![0; 1_000_000]).unwrap());
    encoder.finish().unwrap()
}

fn body_with(readings: &str) -> String {
    format!(r#"{{"at":"2026-01-01T00:00:00Z","interval":"1s","readings":[{readings}]}}"#)
}

fn cases(client: &Client) -> Vec<Bad> {
    let labels: Vec<String> = (0..65).map(|n| format!(r#""l{n}":"v""#)).collect();
    let labelled =
        body_with(&format!(r#"{{"metric":"probe_up","labels":{{{}}},"value":1}}"#, labels.join(",")));
    let many = body_with(&vec![r#"{"metric":"probe_up","value":1}"#; 2_001].join(","));
    let good = client.batch(&[(1, BODY)]);
    let stranger = batch("01980000-0000-7000-8000-000000000000", &[(1, BODY)]);
    let wrong_digest = good.replace("0.5", "0.6");
    let reports: Vec<(u64, &str)> = (1..=501).map(|seq| (seq, BODY)).collect();
    let never = BODY.replace(r#""1s""#, r#""0s""#);
    vec![
        Bad::plain("no body", "", 400, "the body"),
        Bad::plain("malformed JSON", &good[..good.len() / 2], 400, "reports[0]"),
        Bad::plain("deep nesting", "[".repeat(100_000), 400, ""),
        Bad::plain("a list in place of a batch", "[]", 400, "the body"),
        Bad::plain("no report", client.batch(&[]), 400, "reports"),
        Bad::plain("501 reports", client.batch(&reports), 413, "reports"),
        Bad::plain("falling numbers", client.batch(&[(2, BODY), (1, BODY)]), 400, "reports[1].seq"),
        Bad::plain("a wrong digest", wrong_digest, 400, "reports[0].digest"),
        Bad::plain("another node's id", stranger, 400, "node"),
        Bad::plain("no interval", client.batch(&[(1, &never)]), 400, "reports[0].body.interval"),
        Bad::plain("65 labels", client.batch(&[(1, &labelled)]), 400, "reports[0].body.readings[0].labels"),
        Bad::plain(
            "a good report, then 65 labels",
            client.batch(&[(1, BODY), (2, &labelled)]),
            400,
            "reports[1].body.readings[0].labels",
        ),
        Bad::plain("2,001 readings", client.batch(&[(1, &many)]), 413, "reports[0].body.readings"),
        Bad::plain("a body over 1 MiB", vec![b' '; (1 << 20) + 1], 413, ""),
        Bad::encoded("a zip bomb", "zstd", bomb(100, 20), 413),
        Bad::encoded("a zip bomb with a window of 128 MiB", "zstd", bomb(200, 27), 400),
        Bad::encoded("what isn't zstd", "zstd", b"not at all".to_vec(), 400),
        Bad::encoded("an unknown encoding", "br", good.into_bytes(), 415),
    ]
}

#[test]
fn nonsense_from_an_enrolled_agent_is_refused_by_name_and_harms_nobody() {
    let mut site = site();
    let mut other = node(&site, "other");
    other.start();
    other.until_acknowledged(2);
    let client = Client::enrol(&site, "client");
    let before = site.server().most_memory_kib();
    let cases = cases(&client);
    for bad in &cases {
        let headers: Vec<(&str, &str)> =
            bad.encoding.map(|encoding| ("content-encoding", encoding)).into_iter().collect();
        let answer = client.send(&headers, &bad.body);
        let (problem, what) = (answer.json(), bad.what);
        assert_eq!(answer.status, bad.status, "{what}: {problem}");
        assert_eq!(answer.header("content-type"), "application/problem+json", "{what}");
        assert!(!problem["detail"].as_str().unwrap().is_empty(), "{what}: {problem}");
        let at = problem["errors"][0]["at"].as_str().unwrap_or_default();
        assert!(at.starts_with(bad.at), "{what}: names `{at}`");
    }
    let grown = site.server().most_memory_kib() - before;
    assert!(grown < GROWTH_KIB, "memory grew by {grown} KiB");
    let acknowledged = other.link()["acknowledged"].as_u64().unwrap();
    other.until_acknowledged(acknowledged + 2);
    assert_eq!(client.send(&[], client.batch(&[(1, BODY)]).as_bytes()).status, 200);
    assert!(other.terminate().0.success());
    assert!(site.terminate().0.success());
    let of_client: Vec<_> =
        stored(&site.data).into_iter().filter(|report| report.node == client.id).collect();
    assert_eq!(of_client.len(), 1, "something of a refused request was stored");
    assert_eq!((of_client[0].seq, of_client[0].body.as_slice()), (1, BODY.as_bytes()));
    eprintln!(
        "bad input: {} kinds refused with a problem document, nothing of them stored, memory grew by {grown} KiB at most",
        cases.len()
    );
}
