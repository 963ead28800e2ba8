//! What the node says of itself.

use eavip_core::node::Facts;

/// Longest of each text in characters: host names and releases are shorter, and both are hostile text.
const MAX_TEXT: usize = 200;

/// Reads them; what can't be read is empty.
#[must_use]
pub fn read() -> Facts {
    let uname = rustix::system::uname();
    let cut = |text: &str| text.chars().take(MAX_TEXT).collect::<String>();
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    Facts {
        hostname: cut(&uname.nodename().to_string_lossy()),
        os: cut(&std::fs::read_to_string("/etc/os-release")
            .map(|text| pretty_name(&text))
            .unwrap_or_default()),
        kernel: cut(&uname.release().to_string_lossy()),
        agent_version: env!("CARGO_PKG_VERSION").to_owned(),
        cores: std::thread::available_parallelism()
            .map_or(0, |cores| u32::try_from(cores.get()).unwrap_or(u32::MAX)),
        memory_bytes: total_memory(&memory).unwrap_or(0),
    }
}

fn pretty_name(os_release: &str) -> String {
    let value = os_release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    value.unwrap_or_default().trim_matches('"').to_owned()
}

fn total_memory(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_this_host() {
        let facts = read();
        assert!(!facts.hostname.is_empty() && !facts.kernel.is_empty());
        assert!(facts.cores > 0 && facts.memory_bytes > 0);
    }

    #[test]
    fn takes_what_the_files_say() {
        assert_eq!(pretty_name("ID=debian\nPRETTY_NAME=\"Debian GNU/Linux 12\"\n"), "Debian GNU/Linux 12");
        assert_eq!(pretty_name(""), "");
        assert_eq!(total_memory("MemTotal:       2048 kB\n"), Some(2_097_152));
        assert_eq!(total_memory("MemFree: 1 kB\n"), None);
    }
}
