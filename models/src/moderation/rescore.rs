//! Judging held texts again when another model is in use.
//!
//! Their scores are brought up to date, so that the most doubtful come first. A state changes only
//! where the filter alone had held the text and the new model is far surer than it would have to be
//! for a new one; these changes are a batch by the site's robot account, which people can undo, and
//! teach nothing.

use super::letters;
use super::log::Act;
use super::verdict::{self, Verdict};
use crate::account::User;
use crate::db::{BatchId, ItemId, ModelId, dialect};
use crate::intake::{ActiveModel, Outcome};
use crate::item::{Counts, Item, Kind, Queue, Revision, RevisionState, State};
use crate::schema::items;
use crate::spam::Decision;
use crate::{Db, QueryResult};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

/// Texts judged in one transaction, which others wait for.
const AT_ONCE: i64 = 100;

/// How far it is: the payload of the job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rescore {
    pub model: ModelId,
    after: i64,
    texts: usize,
    spam: Option<BatchId>,
    ham: Option<BatchId>,
    to_spam: usize,
    published: usize,
}

impl Rescore {
    pub fn with(model: ModelId) -> Rescore {
        Rescore {
            model,
            after: 0,
            texts: 0,
            spam: None,
            ham: None,
            to_spam: 0,
            published: 0,
        }
    }

    /// Whether there is anything to judge again.
    pub fn is_needed(db: &mut Db) -> QueryResult<bool> {
        let first: Option<ItemId> = items::table
            .filter(items::queue.eq_any([Queue::Held, Queue::Projects]))
            .select(items::id)
            .first(db)
            .optional()?;
        Ok(first.is_some())
    }

    /// Judges the next texts, in one write transaction; None when none are left.
    pub fn step(mut self, db: &mut Db, active: &ActiveModel) -> QueryResult<Option<Rescore>> {
        let next: Vec<ItemId> = items::table
            .filter(items::queue.eq_any([Queue::Held, Queue::Projects]))
            .filter(items::id.gt(ItemId(self.after)))
            .order(items::id)
            .limit(AT_ONCE)
            .select(items::id)
            .load(db)?;
        let mut counts = Counts::default();
        for &id in &next {
            self.after = id.0;
            if let Some(item) = dialect::lock_item(db, id)? {
                self.texts += 1;
                self.judge(db, active, item, &mut counts)?;
            }
        }
        counts.apply(db)?;
        if next.len() as i64 == AT_ONCE {
            return Ok(Some(self));
        }
        if let Some(batch) = self.ham {
            letters::wait(db, batch)?;
        }
        if self.texts > 0 {
            let detail = format!(
                "model {}: {} held texts; {} put away as spam, {} published",
                self.model, self.texts, self.to_spam, self.published
            );
            Act {
                actor: Some(User::robot(db)?),
                act: "judged again",
                batch: self.spam.or(self.ham),
                detail: &detail,
                ..Act::default()
            }
            .write(db)?;
        }
        Ok(None)
    }

    fn judge(
        &mut self,
        db: &mut Db,
        active: &ActiveModel,
        item: Item,
        counts: &mut Counts,
    ) -> QueryResult<()> {
        let judged = Revision::current(db, item.id)?;
        let signals = judged.signals();
        let signals: Vec<&str> = signals.iter().map(String::as_str).collect();
        let score = active.model.score(&judged.text, &signals);
        diesel::update(items::table.find(item.id))
            .set((items::score.eq(score), items::model_id.eq(Some(active.id))))
            .execute(db)?;
        let unknown_kind = item.kind != Kind::Comment && active.model.report().leans_on_starter();
        if unknown_kind || !held_for_its_score_alone(&item, &judged) {
            return Ok(());
        }
        let verdict_of_model = active.model.surely(score);
        if verdict_of_model.is_none() || verdict::undone_by_people(db, item.id)? {
            return Ok(());
        }
        let evidence = format!("{:.1} % spam, judged again", score * 100.0);
        let (verdict, batch) = match verdict_of_model {
            Some(Decision::Spam) => (Verdict::Spam, &mut self.spam),
            Some(Decision::Publish) => (Verdict::Ham, &mut self.ham),
            _ => return Ok(()),
        };
        verdict::by_the_filter(db, batch, verdict, item, judged, &evidence, counts)?;
        *if verdict == Verdict::Spam {
            &mut self.to_spam
        } else {
            &mut self.published
        } += 1;
        Ok(())
    }
}

/// Nobody reported it, it was never shown, and no other step wanted it held.
fn held_for_its_score_alone(item: &Item, judged: &Revision) -> bool {
    item.state == State::Held
        && item.why == "filter"
        && item.reports == 0
        && judged.state == RevisionState::Waiting
        && judged
            .steps()
            .iter()
            .all(|step| step.name == "filter" || step.outcome == Outcome::Publish)
}
