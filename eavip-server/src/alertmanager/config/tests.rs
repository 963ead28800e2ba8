//! Tests of the routes as YAML. That `amtool` reads it is tested with `amtool`.

use super::*;
use crate::testing::policy;

#[test]
fn writes_routes_receivers_and_inhibitions() {
    let runbook = r#"
[[route]]
match = ["team=shop", "note=\"a\\\"b\""]
receivers = ["shop", "chat"]
least = "warning"
group_by = ["..."]
continue = true
[[route.routes]]
match = { severity = "page" }
receivers = ["pager"]
group_interval = "0s"
[[inhibit]]
source = { alertname = "Down" }
target = ["severity!=page"]
equal = ["cluster"]
"#;
    let expected = r#"global:
  resolve_timeout: 5m
route:
  receiver: "(nobody)"
  group_by: ["deployment", "rule"]
  group_wait: 30s
  group_interval: 5m
  repeat_interval: 4h
  routes:
  - receiver: "shop"
    matchers: ["team=\"shop\"", "note=\"a\\\"b\"", "category=~\"warning|critical\""]
    continue: true
    group_by: ["..."]
    group_wait: 30s
    group_interval: 5m
    repeat_interval: 4h
    routes:
    - receiver: "pager"
      matchers: ["severity=\"page\""]
      continue: false
      group_by: ["..."]
      group_wait: 30s
      group_interval: 1ms
      repeat_interval: 4h
    - receiver: "shop"
      continue: true
    - receiver: "chat"
      continue: false
inhibit_rules:
- source_matchers: ["alertname=\"Down\""]
  target_matchers: ["severity!=\"page\""]
  equal: ["cluster"]
receivers:
- name: "(nobody)"
- name: "chat"
templates: []
"#;
    assert_eq!(yaml(&policy(runbook), &["chat".to_owned()]), expected);
}

#[test]
fn escapes_what_yaml_does_not_take() {
    assert_eq!(quoted("a\"\\ü\n\u{7f}\u{85}😀"), r#""a\"\\ü\U0000000a\U0000007f\U00000085\U0001f600""#);
}
