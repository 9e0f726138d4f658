//! What a filter would have done with comments that were posted: for a person who is about to
//! change it. Nothing is changed here.

use crate::db::{ItemId, RevisionId};
use crate::item::Kind;
use crate::moderation::queue::{self, Entry};
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

/// What a comment gets: its score, and what would be done with it.
pub type Fate = (f64, Decision);

/// A comment that would fare otherwise.
pub struct Moved {
    pub entry: Entry,
    pub before: Fate,
    pub after: Fate,
}

/// What comments would get from one filter and from another.
pub struct Beside {
    pub comments: usize,
    pub before: Placed,
    pub after: Placed,
    /// How many would fare otherwise.
    pub changes: usize,
    /// The newest of these.
    pub shown: Vec<Moved>,
}

impl Beside {
    pub fn of(
        db: &mut Db,
        scored: &[Scored],
        before: impl Fn(&Scored) -> Fate,
        after: impl Fn(&Scored) -> Fate,
        most: usize,
    ) -> QueryResult<Beside> {
        let changed: Vec<&Scored> = scored
            .iter()
            .filter(|scored| before(scored).1 != after(scored).1)
            .collect();
        let newest: Vec<ItemId> = changed.iter().take(most).map(|scored| scored.id).collect();
        let mut shown: Vec<Moved> = queue::these(db, &newest)?
            .into_iter()
            .filter_map(|entry| {
                let scored = changed.iter().find(|scored| scored.id == entry.item.id)?;
                Some(Moved {
                    entry,
                    before: before(scored),
                    after: after(scored),
                })
            })
            .collect();
        shown.sort_by_key(|moved| std::cmp::Reverse(moved.entry.item.id));
        Ok(Beside {
            comments: scored.len(),
            before: Placed::count(scored.iter().map(|scored| before(scored).1)),
            after: Placed::count(scored.iter().map(|scored| after(scored).1)),
            changes: changed.len(),
            shown,
        })
    }
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
