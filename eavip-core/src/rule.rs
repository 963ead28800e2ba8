//! Rules: what a finding cites. Each room declares its own with [`rules!`](crate::rules); [`all`] lists them for
//! `explain`, for the documentation, and for the test that ties each line of the runbook to code.

/// One rule of the runbook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Stable, and never used again for another rule: `EAVIP-G05`.
    pub code: &'static str,
    /// What it asks for, as one clause.
    pub title: &'static str,
    /// The line of the runbook that it serves, word for word.
    pub serves: &'static str,
    /// When it speaks, and what mends it, for people.
    pub text: &'static str,
}

/// Declares rules as constants, and `RULES`, the list of them.
#[macro_export]
macro_rules! rules {
    ($( $(#[doc = $text:literal])+ $name:ident = $code:literal, $title:literal, $serves:literal; )+) => {
        $(
            $(#[doc = $text])+
            pub const $name: $crate::rule::Rule = $crate::rule::Rule {
                code: $code,
                title: $title,
                serves: $serves,
                text: concat!($($text),+),
            };
        )+

        /// Every rule of this room, in the order of their codes.
        pub const RULES: &[$crate::rule::Rule] = &[$($name),+];
    };
}

/// The rooms that declare rules.
const ROOMS: &[&[Rule]] = &[
    crate::access_review::RULES,
    crate::access_review::campaign::RULES,
    crate::alert::backtest::RULES,
    crate::alert::episode::RULES,
    crate::alert::intake::RULES,
    crate::alert::noise::budget::RULES,
    crate::alert::noise::defect::RULES,
    crate::alert::notice::RULES,
    crate::alert::silence::RULES,
    crate::audit::witness::RULES,
    crate::backup::assess::RULES,
    crate::backup::drill::RULES,
    crate::capacity::RULES,
    crate::anti_pattern::case::RULES,
    crate::anti_pattern::manual_hotfix::RULES,
    crate::anti_pattern::precision::RULES,
    crate::anti_pattern::shared_credential::RULES,
    crate::anti_pattern::silent_change::RULES,
    crate::anti_pattern::undocumented_recovery::RULES,
    crate::anti_pattern::unowned_alert::RULES,
    crate::config::change::RULES,
    crate::config::drift::RULES,
    crate::config::parity::RULES,
    crate::config::schema::RULES,
    crate::config::secret::RULES,
    crate::flag::RULES,
    crate::incident::comms::RULES,
    crate::incident::decide::RULES,
    crate::incident::phase::RULES,
    crate::incident::review::RULES,
    crate::incident::sev::RULES,
    crate::on_call::coverage::RULES,
    crate::on_call::page::RULES,
    crate::phase::RULES,
    crate::release::RULES,
    crate::release::break_glass::RULES,
    crate::release::gate::RULES,
    crate::release::judge::RULES,
    crate::release::rollout::RULES,
    crate::responsibility::RULES,
    crate::slo::lint::RULES,
    crate::slo::standing::RULES,
    crate::trend::feedback::RULES,
    crate::trend::review::RULES,
];

/// Every rule there is.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    ROOMS.iter().flat_map(|room| room.iter())
}

/// The rule of a code.
#[must_use]
pub fn find(code: &str) -> Option<&'static Rule> {
    all().find(|rule| rule.code == code)
}

#[cfg(test)]
mod tests;
