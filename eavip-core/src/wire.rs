//! What travels between agent and server. Readers are tolerant of what a newer writer adds; bounds are checked here.

pub mod enrol;
pub mod v1;
