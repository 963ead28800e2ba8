//! Power cuts: a file system on a loop device is shut down under the writers without flushing anything, mounted again,
//! checked. Needs root, loop devices, ext4 and python3 (for one ioctl); skipped with the reason where they are missing.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use eavip_tests::chance::Chance;

use super::kills::check;
use super::oracle::Oracle;
use super::victim::Victim;

const CUTS: u64 = 60;

/// Cuts on one file system before it is made anew.
const CUTS_PER_IMAGE: u64 = 15;

/// `EXT4_IOC_SHUTDOWN` with `NOLOGFLUSH`: from now on nothing reaches the device, and the journal is not written either.
const CUTTER: &str = "
import fcntl, os, struct, sys
for line in sys.stdin:
    fd = os.open(line.rstrip('\\n'), os.O_RDONLY)
    fcntl.ioctl(fd, 0x8004587D, struct.pack('I', 2))
    os.close(fd)
    print('cut', flush=True)
";

#[test]
fn power_cuts_lose_nothing_that_was_acknowledged() {
    let (mut acknowledged, mut cuts) = (0, 0);
    for seed in super::seeds() {
        eprintln!("power cuts: seed {seed}");
        let mut chance = Chance::new(seed);
        for _ in 0..CUTS / 2 / CUTS_PER_IMAGE {
            let mut machine = match Machine::new() {
                Ok(machine) => machine,
                Err(why) => return eprintln!("power cuts: skipped: {why}"),
            };
            let mut oracle = Oracle::default();
            for _ in 0..CUTS_PER_IMAGE {
                run_until_cut(&mut machine, &mut oracle, &mut chance);
                machine.restart();
                check(&mut oracle, &machine.disk);
                cuts += 1;
            }
            acknowledged += oracle.acknowledged;
        }
    }
    eprintln!("power cuts: {cuts} cuts, {acknowledged} acknowledged, lost 0");
    assert!(cuts >= 50);
}

/// Both writers run; the cut comes after a random number of acknowledgements of one of them.
fn run_until_cut(machine: &mut Machine, oracle: &mut Oracle, chance: &mut Chance) {
    let mut victims = ["log", "spool"].map(|kind| Victim::start(kind, &machine.disk, chance.bits()));
    let listened = &mut victims[chance.below(2) as usize];
    let mut wanted = 1 + chance.below(60);
    while wanted > 0 {
        wanted -= u64::from(oracle.hear(&listened.line().expect("the victim stopped by itself")));
    }
    machine.cut();
    for victim in victims {
        victim.kill().iter().for_each(|line| {
            oracle.hear(line);
        });
    }
}

/// A file system whose power can be cut.
struct Machine {
    disk: PathBuf,
    image: PathBuf,
    cutter: Child,
    to_cutter: ChildStdin,
    from_cutter: BufReader<ChildStdout>,
    dir: tempfile::TempDir,
}

impl Machine {
    fn new() -> Result<Self, String> {
        let dir = tempfile::tempdir().unwrap();
        let (image, disk) = (dir.path().join("image"), dir.path().join("disk"));
        std::fs::create_dir(&disk).unwrap();
        std::fs::File::create(&image).and_then(|file| file.set_len(192 << 20)).unwrap();
        run("mkfs.ext4", &["-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", path(&image)])?;
        let mut cutter = Command::new("python3")
            .args(["-c", CUTTER])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| format!("python3: {e}"))?;
        let (to_cutter, from_cutter) = (cutter.stdin.take().unwrap(), cutter.stdout.take().unwrap());
        let from_cutter = BufReader::new(from_cutter);
        let machine = Self { disk, image, cutter, to_cutter, from_cutter, dir };
        // `ip netns exec` of another test copies every mount into a namespace of its own, where a file system that was unmounted
        // here would live on, beside its next mount. Of a shared mount the copies go with it.
        run("mount", &["--bind", path(machine.dir.path()), path(machine.dir.path())])?;
        run("mount", &["--make-shared", path(machine.dir.path())])?;
        machine.mount()?;
        Ok(machine)
    }

    fn mount(&self) -> Result<(), String> {
        run("mount", &["-o", "loop", path(&self.image), path(&self.disk)])
    }

    fn cut(&mut self) {
        writeln!(self.to_cutter, "{}", self.disk.display()).unwrap();
        let mut answer = String::new();
        self.from_cutter.read_line(&mut answer).unwrap();
        assert_eq!(answer, "cut\n", "the file system could not be shut down");
    }

    /// The power is back: journal replay, then a full check of the file system.
    fn restart(&self) {
        run("umount", &[path(&self.disk)]).unwrap();
        self.mount().unwrap();
        run("umount", &[path(&self.disk)]).unwrap();
        run("e2fsck", &["-fn", path(&self.image)]).unwrap();
        self.mount().unwrap();
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        drop(self.cutter.kill());
        drop(self.cutter.wait());
        drop(run("umount", &["-q", "-l", path(&self.disk)]));
        drop(run("umount", &["-q", "-l", path(self.dir.path())]));
    }
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Runs a system tool; the answer of a failing one is the reason.
fn run(program: &str, args: &[&str]) -> Result<(), String> {
    let done = Command::new(program).args(args).output().map_err(|e| format!("{program}: {e}"))?;
    let said = || String::from_utf8_lossy(&[done.stdout.as_slice(), &done.stderr].concat()).trim().to_owned();
    if done.status.success() { Ok(()) } else { Err(format!("{program}: {}", said())) }
}
