//! Views from state.

use eavip_core::alert::episode::Episode;
use eavip_core::policy::Policy;

use super::view;
use crate::shared::Shared;

/// An alert as the outside sees it.
#[must_use]
pub fn alert(_shared: &Shared, _policy: &Policy, _episode: &Episode) -> view::Alert {
    unimplemented!()
}
