//! Incidents as people take them: real processes, a probe that really fails, and the real command line.

mod command_line;
