//! What moderators do: queues, verdicts in batches, undo, reports, the log.

pub mod log;
pub mod queue;
pub mod report;
pub mod verdict;
