//! The supported deployment modes (seed: *Supported Deployment Modes*): the same concepts in each, with different
//! people behind them.

use crate::words;

words! {
    /// Who runs the platform's installation.
    pub enum Mode ("deployment mode") {
        /// Vendor-managed.
        Saas = "saas",
        /// The customer's cloud, managed by the platform.
        Byoc = "byoc",
        /// Customer-managed.
        OnPrem = "on-prem",
    }
}
