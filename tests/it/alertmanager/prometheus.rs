//! A real Prometheus that is pointed at both: its rule fires while a target is away and is over when the target is back.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;

use eavip_tests::http::{Peer, Service};
use eavip_tests::process::{Running, free_port};
use eavip_tests::wait::until_so;

use super::twins::Twins;

const RULES: &str = r#"
groups:
- name: twins
  rules:
  - alert: TargetDown
    expr: up{job="target"} == 0
    labels: { severity: critical, team: shop, suite: twins }
    annotations: { summary: "{{ $labels.job }} is away" }
"#;

fn start(twins: &Twins, target: SocketAddr) -> Running {
    let dir = twins.site.dir();
    let rules = twins.site.write("rules.yml", RULES);
    let config = format!(
        "global: {{ scrape_interval: 1s, evaluation_interval: 1s }}\nrule_files: [{rules:?}]\n\
         scrape_configs:\n- job_name: target\n  static_configs: [{{ targets: [\"{target}\"] }}]\n\
         alerting:\n  alertmanagers:\n  - static_configs: [{{ targets: [\"{}\"] }}]\n\
         \x20 - static_configs: [{{ targets: [\"{}\"] }}]\n    authorization: {{ credentials: {} }}\n",
        twins.theirs,
        twins.site.web,
        twins.site.token()
    );
    let config = twins.site.write("prometheus.yml", &config);
    let web = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
    let mut command = Command::new("prometheus");
    command
        .arg(format!("--config.file={}", config.display()))
        .arg(format!("--storage.tsdb.path={}", dir.join("prometheus").display()))
        .arg(format!("--web.listen-address={web}"))
        .arg("--rules.alert.resend-delay=1s");
    let prometheus = Running::start(&mut command, dir, "prometheus");
    let ready = || Peer::plain(web).get("/-/ready").is_ok_and(|answer| answer.status == 200);
    until_so("Prometheus to be ready", ready);
    prometheus
}

#[test]
fn a_prometheus_pointed_here_fires_groups_and_resolves() {
    let twins = Twins::start();
    let target = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
    let prometheus = start(&twins, target);
    let told_by_both = |status: &str| {
        let (theirs, ours) = twins.told();
        let ends = |told: &super::twins::Told| {
            told.len() == 2 && told.values().all(|told| told.last().is_some_and(|last| last == status))
        };
        theirs == ours && ends(&theirs)
    };
    until_so("both to tell that it fires", || told_by_both("firing"));
    let alerts = twins.site.items("/alerts?rule=targetdown");
    assert_eq!(alerts[0]["summary"], "target is away", "{alerts:?}");
    twins.amtool(&["alert", "query", "alertname=TargetDown"]);

    let service = Service::start(target, |_| 200);
    until_so("both to tell that it is over", || told_by_both("resolved"));
    let alerts = twins.site.items("/alerts?rule=targetdown");
    assert_eq!(alerts[0]["status"], "resolved", "{alerts:?}");
    eprintln!("told alike by a real Prometheus: {:#?}", twins.told().1);
    assert!(prometheus.terminate().0.success());
    drop(service);
}
