//! Duty as people meet it: a real probe fails, one person after the other is paged, and who takes it stops that; and shifts
//! as a calendar program reads them.

mod calendar;
mod fallback;
mod paging;

const SERVER: &str = env!("CARGO_BIN_EXE_e2e-server");
