//! What moderators do: queues, verdicts in batches, undo, reports, appeals, sanctions on people, the log.

pub mod appeal;
pub mod bulk;
pub mod drift;
pub mod entry;
pub mod log;
pub mod person;
pub mod placing;
pub mod profile_report;
pub mod queue;
pub mod report;
pub mod rescore;
pub mod sanction;
pub mod verdict;
