//! Any text as a runbook: a policy, or problems that each name a place in it.

#![no_main]

use eavip_core::policy::{Policy, Source};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Err(problems) = Policy::load(&[Source::new("runbook.toml", text)]) {
        assert!(!problems.is_empty(), "refused without a reason");
        for problem in problems {
            assert!(problem.position.is_some(), "without a place: {problem}");
            assert!(!problem.remedy.is_empty(), "without a remedy: {problem}");
        }
    }
});
