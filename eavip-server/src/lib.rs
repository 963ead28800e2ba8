//! x

pub mod authority;
