//! The examples are programs of their own, listed in this package's manifest; its README says how to run each.
