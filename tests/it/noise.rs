//! Noise as a defect: real processes, a probe that really comes and goes, and the real command line.

mod planted;
