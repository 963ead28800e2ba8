//! File systems: space, inodes, and whether one that should be writable is read-only.
//!
//! Asking a mount can hang for good when its device or server is gone. Each is asked on a thread of its own with a
//! deadline, and one that still hangs isn't asked again until that thread has returned.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use eavip_core::labels::Labels;
use eavip_core::signal::metric::Metric;
use eavip_core::signal::reading::Reading;
use rustix::fs::StatVfs;
use tokio::task::JoinHandle;

use super::share;
use crate::collect::named;

/// Most file systems that are reported.
const MAX_FILE_SYSTEMS: usize = 30;
/// How long all file systems together may take to answer; a healthy one takes microseconds.
const PATIENCE: Duration = Duration::from_secs(2);

/// A mounted file system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mount {
    pub(super) point: String,
    pub(super) kind: String,
    pub(super) source: String,
    /// Whether this mount was asked to be read-only.
    pub(super) asked_read_only: bool,
    /// Whether the file system itself is read-only.
    pub(super) read_only: bool,
}

/// The questions that haven't been answered yet.
#[derive(Default)]
pub(super) struct Disks {
    asked: HashMap<String, JoinHandle<rustix::io::Result<StatVfs>>>,
}

impl std::fmt::Debug for Disks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.asked.keys()).finish()
    }
}

impl Disks {
    pub(super) async fn read(&mut self) -> Vec<Reading> {
        let mounts = match std::fs::read_to_string("/proc/self/mountinfo") {
            Ok(text) => mounts(&text),
            Err(error) => {
                let reason = format!("/proc/self/mountinfo can't be read: {error}");
                return vec![Reading::unknown(Metric::DiskUsed, &reason)];
            }
        };
        let fstab = std::fs::read_to_string("/etc/fstab").unwrap_or_default();
        self.ask(mounts.iter().map(|mount| mount.point.clone()));
        let until = tokio::time::Instant::now() + PATIENCE;
        let mut readings = Vec::new();
        for mount in &mounts {
            let labels = named("mount", &mount.point);
            let answer = match self.asked.get_mut(&mount.point) {
                Some(question) => tokio::time::timeout_at(until, question).await,
                None => continue,
            };
            if answer.is_ok() {
                self.asked.remove(&mount.point);
            }
            match answer {
                Ok(Ok(Ok(stat))) => readings.extend(space(&stat, &labels)),
                Ok(Ok(Err(error))) => readings.extend(blind(&format!("statvfs fails: {error}"), &labels)),
                Ok(Err(_)) => readings.extend(blind("statvfs broke off", &labels)),
                Err(_) => readings.extend(blind("the file system doesn't answer", &labels)),
            }
            let lost = mount.read_only && should_be_writable(mount, &fstab);
            readings.push(Reading::exact(Metric::DiskReadOnly, f64::from(u8::from(lost))).labelled(labels));
        }
        self.asked.retain(|_, question| !question.is_finished());
        readings
    }

    fn ask(&mut self, points: impl Iterator<Item = String>) {
        for point in points {
            if !self.asked.contains_key(&point) && self.asked.len() < MAX_FILE_SYSTEMS {
                let path = point.clone();
                self.asked
                    .insert(point, tokio::task::spawn_blocking(move || rustix::fs::statvfs(path.as_str())));
            }
        }
    }
}

fn blind(reason: &str, labels: &Labels) -> Vec<Reading> {
    let unknown = |metric| Reading::unknown(metric, reason).labelled(labels.clone());
    [Metric::DiskUsed, Metric::DiskFree, Metric::InodesUsed].map(unknown).into()
}

/// Space as users other than root see it: what is used against what they could use, as `df` counts.
fn space(stat: &StatVfs, labels: &Labels) -> Vec<Reading> {
    let used = stat.f_blocks.saturating_sub(stat.f_bfree);
    let usable = used.saturating_add(stat.f_bavail);
    let mut readings = Vec::new();
    if usable > 0 {
        readings.push(Reading::exact(Metric::DiskUsed, share(used, usable)));
        readings.push(Reading::exact(Metric::DiskFree, stat.f_bavail.saturating_mul(stat.f_frsize) as f64));
    }
    // File systems that make inodes as they need them say that they have none.
    if stat.f_files > 0 {
        let used = stat.f_files.saturating_sub(stat.f_ffree);
        readings.push(Reading::exact(Metric::InodesUsed, share(used, stat.f_files)));
    }
    readings.into_iter().map(|reading| reading.labelled(labels.clone())).collect()
}

/// The real file systems of `/proc/self/mountinfo`: on block devices, of ZFS and btrfs, and the root of a container.
/// Each once, however often it is mounted: the mount of its root with the shortest path stands for it.
pub(super) fn mounts(mountinfo: &str) -> Vec<Mount> {
    let mut found: BTreeMap<String, (bool, Mount)> = BTreeMap::new();
    for (device, root, mount) in mountinfo.lines().filter_map(parse).filter(|(_, _, mount)| is_real(mount)) {
        // Subvolumes of btrfs have devices of their own and share their space.
        let key = if mount.kind == "btrfs" { mount.source.clone() } else { device };
        let partial = root != "/";
        let rank = |partial: bool, mount: &Mount| (partial, mount.point.len(), mount.point.clone());
        match found.get(&key) {
            Some((known, best)) if rank(*known, best) <= rank(partial, &mount) => {}
            _ => {
                found.insert(key, (partial, mount));
            }
        }
    }
    let mut mounts: Vec<Mount> = found.into_values().map(|(_, mount)| mount).collect();
    mounts.sort_unstable_by(|a, b| (a.point.len(), &a.point).cmp(&(b.point.len(), &b.point)));
    mounts.truncate(MAX_FILE_SYSTEMS);
    mounts
}

/// Fields of proc(5): id, parent, device, root, mount point, options, optional fields, `-`, type, source, super options.
fn parse(line: &str) -> Option<(String, String, Mount)> {
    let (own, of_super) = line.split_once(" - ")?;
    let mut own = own.split(' ').skip(2);
    let (device, root, point, options) = (own.next()?, own.next()?, own.next()?, own.next()?);
    let mut of_super = of_super.split(' ');
    let (kind, source, super_options) = (of_super.next()?, of_super.next()?, of_super.next()?);
    let read_only = |options: &str| options.split(',').any(|option| option == "ro");
    let mount = Mount {
        point: unescaped(point),
        kind: kind.to_owned(),
        source: source.to_owned(),
        asked_read_only: read_only(options),
        read_only: read_only(super_options),
    };
    Some((device.to_owned(), root.to_owned(), mount))
}

fn is_real(mount: &Mount) -> bool {
    // Images are full and read-only by nature.
    let image = matches!(mount.kind.as_str(), "squashfs" | "iso9660" | "erofs");
    let block = mount.source.starts_with("/dev/");
    let pool = matches!(mount.kind.as_str(), "zfs" | "btrfs" | "bcachefs");
    let container = mount.point == "/" && mount.kind == "overlay";
    !image && (block || pool || container)
}

/// Spaces, tabs, line breaks and backslashes stand as octal numbers in mountinfo and fstab.
fn unescaped(text: &str) -> String {
    let escapes = [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")];
    escapes.into_iter().fold(text.to_owned(), |text, (code, plain)| text.replace(code, plain))
}

/// What fstab declares decides; without an entry, what the mount itself was asked. A unit that is shielded by systemd
/// sees every mount as asked read-only, therefore fstab comes first.
pub(super) fn should_be_writable(mount: &Mount, fstab: &str) -> bool {
    let declared = fstab.lines().find_map(|line| {
        let mut fields = line.split_whitespace();
        let (source, point, options) = (fields.next()?, fields.next()?, fields.nth(1)?);
        (!source.starts_with('#') && unescaped(point) == mount.point)
            .then(|| options.split(',').any(|o| o == "ro"))
    });
    !declared.unwrap_or(mount.asked_read_only)
}
