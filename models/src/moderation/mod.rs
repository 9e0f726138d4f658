//! What moderators do: queues, verdicts in batches, undo, reports, appeals, sanctions on people, the log.

pub mod appeal;
pub mod bulk;
pub mod campaign;
pub mod claim;
pub mod digest;
pub mod drift;
pub mod entry;
pub mod habits;
pub mod last;
pub mod letters;
pub mod log;
pub mod maker_acts;
pub mod measures;
pub mod person;
pub mod placing;
pub mod preview;
pub mod profile_report;
pub mod public_log;
pub mod queue;
pub mod reason;
pub mod report;
pub mod rescore;
pub mod rule;
pub mod sanction;
pub mod trial;
pub mod verdict;
pub mod views;

use chrono::Duration;

/// So long nobody is told of an act: letters wait, so that an undo meanwhile leaves no trace.
pub const UNTOLD: Duration = Duration::minutes(10);
