//! Any text as a schedule: refused, or its moments rise, in zones with and without summer time.

#![no_main]

use eavip_agent::schedule::{Schedule, Zone};
use eavip_core::time::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(schedule) = text.parse::<Schedule>() else { return };
    for zone in ["UTC", "Europe/Berlin", "Australia/Lord_Howe"] {
        let Ok(zone) = zone.parse::<Zone>() else { continue };
        let schedule = schedule.clone().in_zone(zone);
        // Some hours before Berlin's clock is set forward.
        let mut now = Timestamp::from_millis(1_774_728_000_000);
        for _ in 0..4 {
            let Some(next) = schedule.next_after(now) else { break };
            assert!(next > now, "`{text}` goes back");
            now = next;
        }
    }
});
