//! What a filter would have done with comments that were posted: for a person who is about to
//! change it. Nothing is changed here.

use crate::db::{ItemId, RevisionId};
use crate::item::Kind;
use crate::schema::{items, revisions};
use crate::spam::{Decision, Model};
use crate::{Db, QueryResult};
use chrono::NaiveDateTime;
use diesel::prelude::*;

/// Comments read at once: their texts are forgotten before the next are read.
const AT_ONCE: i64 = 500;

/// A comment as it was first posted, with the score that each model gives to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Scored {
    pub id: ItemId,
    pub scores: Vec<f64>,
}

/// Scores the newest comments by the recorded signals, newest first, at most `most` of them and none
/// from before `since`. Those whose text was erased are left out.
pub fn newest(
    db: &mut Db,
    models: &[&Model],
    since: Option<NaiveDateTime>,
    most: usize,
) -> QueryResult<Vec<Scored>> {
    let mut all: Vec<Scored> = Vec::new();
    let mut before: Option<RevisionId> = None;
    while all.len() < most {
        let left = (most - all.len()) as i64;
        let mut query = revisions::table
            .inner_join(items::table)
            .filter(items::kind.eq(Kind::Comment))
            .filter(revisions::number.eq(1).and(revisions::text.ne("")))
            .order(revisions::id.desc())
            .limit(AT_ONCE.min(left))
            .select((
                revisions::id,
                revisions::item_id,
                revisions::text,
                revisions::signals,
            ))
            .into_boxed();
        if let Some(since) = since {
            query = query.filter(revisions::created_at.ge(since));
        }
        if let Some(before) = before {
            query = query.filter(revisions::id.lt(before));
        }
        let rows: Vec<(RevisionId, ItemId, String, String)> = query.load(db)?;
        let Some((last, ..)) = rows.last() else {
            break;
        };
        before = Some(*last);
        for (_, id, text, signals) in rows {
            let signals: Vec<String> = serde_json::from_str(&signals).unwrap_or_default();
            let signals: Vec<&str> = signals.iter().map(String::as_str).collect();
            let scores = models.iter().map(|model| model.score(&text, &signals));
            all.push(Scored {
                id,
                scores: scores.collect(),
            });
        }
    }
    Ok(all)
}

/// How many comments would be where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Placed {
    pub published: usize,
    pub held: usize,
    pub put_away: usize,
}

impl Placed {
    pub fn count(decisions: impl Iterator<Item = Decision>) -> Placed {
        let mut placed = Placed::default();
        for decision in decisions {
            *match decision {
                Decision::Publish => &mut placed.published,
                Decision::Hold => &mut placed.held,
                Decision::Spam => &mut placed.put_away,
            } += 1;
        }
        placed
    }
}
