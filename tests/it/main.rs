//! Tests of the whole: the programs as they run, and the repository as it is.

mod durability;
