//! Tests of the report on the wire.

use super::*;

fn body(readings: &str) -> String {
    format!(r#"{{"at":"2026-01-31T13:05:00Z","interval":"15s","readings":{readings}}}"#)
}

fn batch(seq: u64, body: &str) -> String {
    let digest = Digest128::of([body.as_bytes()]);
    format!(
        r#"{{"node":"01980000-0000-7000-8000-000000000001","epoch":1,"reports":[{{"seq":{seq},"digest":"{digest}","body":{body}}}]}}"#
    )
}

#[test]
fn carries_a_report_and_back() {
    let mut histogram = Histogram::default();
    histogram.record(0.25);
    let sent = Body {
        at: Timestamp::from_millis(1_700_000_000_123),
        interval: Span::from_secs(15),
        facts: Some(Facts { hostname: "ode\u{7}".into(), ..Facts::default() }),
        readings: vec![
            Reading::exact(Metric::CpuBusy, 0.25),
            Reading::exact(Metric::QueueOldestAge, 3.0)
                .of(Some(&"shop".parse().unwrap()))
                .labelled(Labels::new([("queue", "orders")]).unwrap())
                .estimated(),
            Reading::distribution(Metric::ProbeDuration, histogram),
            Reading::unknown(Metric::ProbeUp, "refused"),
        ],
        dropped: vec![Dropped { epoch: 1, from: 3, to: 9, count: 7 }],
    };
    let bytes = sent.encode().unwrap();
    assert_eq!(Body::decode(&bytes, "").unwrap(), sent);
}

#[test]
fn leaves_out_what_a_newer_agent_adds() {
    let text =
        body(r#"[{"metric":"gpu_busy_ratio","value":1},{"metric":"cpu_busy_ratio","value":0.5,"new":[]}]"#);
    assert_eq!(Body::decode(text.as_bytes(), "").unwrap().readings, [Reading::exact(Metric::CpuBusy, 0.5)]);
}

#[test]
fn names_the_field_that_is_wrong() {
    let many = format!("[{}]", vec![r#"{"metric":"cpu_busy_ratio","value":1}"#; MAX_SERIES + 1].join(","));
    for (text, path, message) in [
        (body(r#"[{"metric":"cpu_busy_ratio","value":"x"}]"#), "b.readings[0].value", "invalid type"),
        (
            body(r#"[{"metric":"cpu_busy_ratio","value":1,"labels":{"0":"x"}}]"#),
            "b.readings[0].labels",
            "label name",
        ),
        (body(&many), "b.readings", "2001 readings are too many"),
        (body("[]").replace("15s", "1ms"), "b.interval", "report every"),
        (body(r#"[{"metric":"probe_duration_seconds","value":1}]"#), "b.readings", "is a histogram"),
        ("{".to_owned(), "b", "EOF"),
    ] {
        let error = Body::decode(text.as_bytes(), "b").unwrap_err();
        assert!(error.path.starts_with(path), "{error}");
        assert!(error.message.contains(message), "{error}");
    }
}

#[test]
fn refuses_a_batch_that_contradicts_itself() {
    let good = batch(1, &body("[]"));
    assert!(Batch::decode(good.as_bytes()).is_ok());
    for (text, path) in [
        (batch(0, &body("[]")), "reports[0].seq"),
        (good.replace("15s", "30s"), "reports[0].digest"),
        (good.replace(r#""epoch":1"#, r#""epoch":-1"#), "epoch"),
        (r#"{"node":"01980000-0000-7000-8000-000000000001","epoch":1,"reports":[]}"#.to_owned(), "reports"),
        ("[]".to_owned(), "the body"),
    ] {
        let error = Batch::decode(text.as_bytes()).unwrap_err();
        assert_eq!(error.path, path, "{error}");
    }
}

#[test]
fn an_audit_head_comes_back_and_one_that_can_not_be_read_costs_no_acknowledgement() {
    let reply = |audit: &str| -> Reply {
        let text = format!(
            r#"{{"store":"s","epoch":1,"acknowledged":3,"server_time":"2026-11-26T12:00:00Z"{audit}}}"#
        );
        serde_json::from_str(&text).unwrap()
    };
    let head = AuditHead { key: "k".into(), checkpoint: "c".into(), proof: vec![Digest256([7; 32])] };
    let sent = serde_json::to_string(&Reply { audit: Some(head.clone()), ..reply("") }).unwrap();
    assert_eq!(serde_json::from_str::<Reply>(&sent).unwrap().audit, Some(head));
    for unreadable in [
        "",
        r#","audit":null"#,
        r#","audit":7"#,
        r#","audit":{"key":"k"}"#,
        r#","audit":{"key":"k","checkpoint":"c","proof":["zz"]}"#,
    ] {
        let reply = reply(unreadable);
        assert_eq!((reply.acknowledged, reply.audit), (3, None), "{unreadable}");
    }
}

#[test]
fn a_batch_names_the_audit_log_that_was_seen_or_none() {
    let text = batch(1, &body("[]"));
    assert_eq!(Batch::decode(text.as_bytes()).unwrap().audit_seen, None, "an agent of before");
    let named = text.replacen('{', r#"{"audit_seen":48211,"#, 1);
    assert_eq!(Batch::decode(named.as_bytes()).unwrap().audit_seen, Some(48_211));
}
