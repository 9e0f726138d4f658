//! "Your last acts": a row each, with its way to take it back.

use super::banner;
use chrono::NaiveDateTime;
use potluck_models::moderation::last::Last;
use potluck_models::moderation::profile_report::Outcome;
use potluck_models::moderation::reason::Reasons;

pub struct Row {
    pub words: String,
    /// Where more of it stands.
    pub to: String,
    pub at: NaiveDateTime,
    pub undone: bool,
    pub undone_by: Option<String>,
    pub undo: Option<Undo>,
}

/// The form that takes it back.
pub struct Undo {
    pub action: String,
    pub label: &'static str,
    /// The field `outcome`, where the form has one.
    pub outcome: &'static str,
    /// What the key `u` presses.
    pub is_newest: bool,
}

/// As they are listed, newest first.
pub fn rows(acts: &[Last], reasons: &Reasons) -> Vec<Row> {
    let mut rows: Vec<Row> = acts.iter().map(|last| row(last, reasons)).collect();
    if let Some(undo) = rows.iter_mut().find_map(|row| row.undo.as_mut()) {
        undo.is_newest = true;
    }
    rows
}

fn row(last: &Last, reasons: &Reasons) -> Row {
    let undo = |action: String, label, outcome| {
        last.can_be_undone().then_some(Undo {
            action,
            label,
            outcome,
            is_newest: false,
        })
    };
    let at = last.at();
    match last {
        Last::Batch(told) => Row {
            words: banner::words(told, reasons),
            to: format!("/moderation/batches/{}", told.batch.id),
            at,
            undone: told.batch.undone_at.is_some(),
            undone_by: told.undone_by.clone(),
            undo: undo(
                format!("/moderation/batches/{}/undo", told.batch.id),
                "Undo",
                "",
            ),
        },
        Last::Sanction {
            sanction,
            whom,
            undone_by,
        } => Row {
            words: format!("{whom}: {}", sanction.words()),
            to: format!("/moderation/people/{whom}"),
            at,
            undone: sanction.undone_at.is_some(),
            undone_by: undone_by.clone(),
            undo: undo(
                format!("/moderation/sanctions/{}/undo", sanction.id),
                "Undo",
                "",
            ),
        },
        Last::Rule { told, ended } => {
            let rule = &told.rule;
            let (words, way, label) = match ended {
                true => (
                    format!("Rule ended: {}", rule.words()),
                    "resume",
                    "Put it back",
                ),
                false => (format!("Rule set: {}", rule.words()), "end", "End now"),
            };
            Row {
                words,
                to: format!("/moderation/rules/{}", rule.id),
                at,
                undone: !ended && rule.ended_at.is_some(),
                undone_by: told.ended_by.clone().filter(|_| !ended),
                undo: undo(format!("/moderation/rules/{}/{way}", rule.id), label, ""),
            }
        }
        Last::Answer(answer) => Row {
            words: format!(
                "{}: {} of the profile answered, {}",
                answer.whom,
                match answer.reports {
                    1 => "1 report".to_owned(),
                    n => format!("{n} reports"),
                },
                match answer.outcome {
                    Some(Outcome::Acted) => "acted on",
                    _ => "left as it is",
                }
            ),
            to: format!("/moderation/people/{}", answer.whom),
            at,
            undone: false,
            undone_by: None,
            undo: undo(
                format!("/moderation/people/{}/reports", answer.whom),
                "Open again",
                "reopen",
            ),
        },
    }
}
