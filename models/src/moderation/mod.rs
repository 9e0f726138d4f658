//! What moderators do: queues, verdicts in batches, undo, reports, the log.

pub mod drift;
pub mod entry;
pub mod log;
pub mod placing;
pub mod queue;
pub mod report;
pub mod rescore;
pub mod verdict;
