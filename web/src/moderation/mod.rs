//! The desk of moderators: queues, verdicts, the log, the filter.

pub mod desk;
pub mod filter;
pub mod log;
pub mod verdicts;
