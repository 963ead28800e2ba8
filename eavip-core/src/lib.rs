//! EAVIP operations policy.
