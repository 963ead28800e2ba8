//! Tests of what `collect --once` prints.

use super::*;

#[tokio::test]
async fn prints_this_host_in_each_format() {
    let body = read(&Config::default()).await;
    let printed = |format| {
        let mut out = Vec::new();
        print(format, &body, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    let table = printed(Format::Table);
    assert!(table.starts_with("METRIC") && table.contains("\ncpu_busy_ratio "), "{table}");
    assert!(Body::decode(printed(Format::Json).as_bytes(), "body").is_ok());
    let lines = printed(Format::Jsonl);
    assert_eq!(lines.lines().count(), body.readings.len());
}

#[tokio::test]
async fn a_collector_that_fails_is_a_finding() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("agent.toml");
    std::fs::write(&path, "[[queue]]\nname = 'a'\nkind = 'directory'\npath = '/nonexistent/spool'\n")
        .unwrap();
    let config = Config::load(&crate::config::layers::Layers::read(&path, true)).unwrap();
    let mut out = Vec::new();
    let args = CollectArgs { once: true, output: Format::Table };
    assert_eq!(run(&args, &config, &mut out).await, exit::FINDINGS);
    let text = String::from_utf8(out).unwrap();
    assert!(text.contains("unknown: `/nonexistent/spool` can't be read"), "{text}");
}
