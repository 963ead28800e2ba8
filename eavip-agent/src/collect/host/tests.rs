//! Tests of the host's parts on texts of real kernels, and on this host.

use eavip_core::signal::reading::Value;

use super::disks::{Mount, mounts, should_be_writable};
use super::network::{Network, Totals};
use super::*;

const MOUNTINFO: &str = "\
22 27 0:21 / /proc rw,nosuid - proc proc rw
27 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw,errors=remount-ro
30 27 254:2 / /srv/my\\040data rw,relatime shared:2 - xfs /dev/vdb ro,attr2
31 27 254:1 /var/lib/x /mnt/bind rw,relatime shared:1 - ext4 /dev/vda1 rw
32 27 0:40 / /run rw - tmpfs tmpfs rw,size=1k
33 27 7:0 / /snap/core/1 ro - squashfs /dev/loop0 ro
34 27 0:50 / /nfs rw - nfs4 server:/export rw
35 27 0:51 /@ /pool rw - btrfs /dev/vdc rw,subvol=/@
36 27 0:52 /@home /pool/home rw - btrfs /dev/vdc rw,subvol=/@home
37 27 0:60 / /tank rw - zfs tank rw
garbage
";

fn points(text: &str) -> Vec<String> {
    mounts(text).into_iter().map(|mount| mount.point).collect()
}

#[test]
fn lists_each_real_file_system_once() {
    assert_eq!(points(MOUNTINFO), ["/", "/pool", "/tank", "/srv/my data"]);
    assert_eq!(points("1 0 0:9 / / rw - overlay overlay rw\n2 1 0:9 / /x rw - overlay overlay rw\n"), ["/"]);
    assert_eq!(points(""), [""; 0]);
}

#[test]
fn tells_lost_writability_from_what_was_asked() {
    let data = mounts(MOUNTINFO).into_iter().find(|mount| mount.read_only).unwrap();
    assert_eq!(data.point, "/srv/my data");
    assert!(should_be_writable(&data, ""), "the mount was asked writable");
    let asked = Mount { asked_read_only: true, ..data };
    assert!(!should_be_writable(&asked, ""));
    assert!(should_be_writable(&asked, "/dev/vdb /srv/my\\040data xfs defaults 0 2\n"), "fstab decides");
    assert!(!should_be_writable(&asked, "# x\n/dev/vdb /srv/my\\040data xfs ro,nofail 0 2\n"));
}

#[test]
fn takes_rates_between_two_reads_and_survives_a_reset() {
    let mut network = Network::default();
    let at = |seconds: i64| Timestamp::from_millis(seconds * 1_000);
    let eth = |received, sent| vec![("eth0".to_owned(), Totals { received, sent, errors: 0 })];
    assert_eq!(network.rates(eth(1_000, 0), at(100)), []);
    let readings = network.rates(eth(3_000, 500), at(110));
    let values: Vec<&Value> = readings.iter().map(|reading| &reading.value).collect();
    assert_eq!(values, [&Value::Number(200.0), &Value::Number(50.0), &Value::Number(0.0)]);
    let readings = network.rates(eth(100, 500), at(120));
    assert_eq!(readings[0].value, Value::Number(10.0), "the counter began anew");
}

#[test]
fn reads_small_files_of_the_kernel() {
    let text =
        "some avg10=0.00 avg60=12.50 avg300=0.10 total=1\nfull avg10=0.00 avg60=1.00 avg300=0.00 total=0\n";
    assert_eq!(proc::some_of_last_minute(text), Some(0.125));
    assert_eq!(proc::some_of_last_minute(""), None);
    assert_eq!(proc::open_files_ratio("1000\t0\t4000\n"), Some(0.25));
    assert_eq!(proc::open_files_ratio("x"), None);
}

#[test]
fn a_clock_without_a_time_service_is_unknown() {
    let directory = tempfile::tempdir().unwrap();
    let value = |path: &std::path::Path| proc::clock_of(path).value;
    assert!(matches!(value(&directory.path().join("none")), Value::Unknown(_)));
    assert_eq!(value(directory.path()), Value::Number(0.0));
    std::fs::write(directory.path().join("synchronized"), "").unwrap();
    assert_eq!(value(directory.path()), Value::Number(1.0));
}

#[tokio::test]
async fn reads_this_host() {
    let mut host = Host::new();
    let readings = host.collect(crate::collect::now()).await.unwrap();
    for metric in
        [Metric::CpuBusy, Metric::LoadPerCore, Metric::MemoryUsed, Metric::Uptime, Metric::OpenFiles]
    {
        let found = readings.iter().find(|reading| reading.metric == metric);
        assert!(found.is_some_and(|reading| matches!(reading.value, Value::Number(_))), "{metric}");
    }
    let expected = host.expected();
    assert!(expected.iter().all(|key| readings.iter().any(|reading| reading.metric == key.metric)));
}
