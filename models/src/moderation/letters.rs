//! Letters about verdicts: what authors are told of their texts, ten minutes after the batch.
//!
//! An undo before that leaves no trace. What was undone or decided otherwise by then is not told;
//! who was told of a removal is told when it is taken back. Spam is never told: to its author it
//! looks held. A batch may be on ten thousand texts of as many people, so the letters are written
//! in steps, each a transaction that notes the last author it wrote to: done again after a kill, a
//! step writes to nobody twice.

use super::UNTOLD;
use super::appeal;
use super::entry::{Content, Entry};
use super::queue;
use super::verdict::{Batch, Phase, Verdict};
use crate::account::User;
use crate::condition::fixed;
use crate::db::{BatchId, ItemId, UserId, VerdictId};
use crate::item::{Item, Kind, Standing, State};
use crate::job::Job;
use crate::schema::{batches, items, jobs, users, verdicts};
use crate::{Db, QueryResult, words};
use chrono::Duration;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};

pub const JOB: &str = "letters";
/// Texts that one letter quotes; more are only counted.
pub const QUOTED: usize = 10;
/// Verdicts of one step.
const AT_ONCE: i64 = 200;

words! {
    /// What became of a text, as its author has to know it.
    pub enum News {
        /// Readers saw it.
        Removed = "removed",
        /// Nobody but its author saw it.
        Refused = "refused",
        Published = "published",
        /// Of a text that is public already.
        Edit = "edit",
        /// It had been removed.
        Back = "back",
    }
}

impl News {
    /// None: the author notices nothing, or did it.
    pub(super) fn of(by: UserId, item: &Item, to: &Standing, publishes: bool) -> Option<News> {
        if item.author_id == by {
            return None;
        }
        match (item.state, to.state) {
            (State::Published, State::Removed) => Some(News::Removed),
            (State::Held | State::Spam, State::Removed) => Some(News::Refused),
            (State::Held | State::Spam, State::Published) => Some(News::Published),
            (State::Removed, State::Published) => Some(News::Back),
            (State::Published, State::Published) if publishes => Some(News::Edit),
            _ => None,
        }
    }
}

/// The payload of the job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letters {
    pub batch: BatchId,
    /// The batch was undone after letters about it had left.
    #[serde(default)]
    pub taken_back: bool,
}

/// A letter to be written.
#[derive(Clone, Debug)]
pub struct Notice {
    pub username: String,
    pub email: String,
    /// The key of a removal's reason.
    pub reason: String,
    pub texts: Vec<Text>,
    /// Texts that are not quoted.
    pub more: i64,
    /// Not all of them have the same news.
    pub mixed: bool,
    /// Some of what was taken away can still be asked about: once for each text.
    pub may_ask: bool,
}

#[derive(Clone, Debug)]
pub struct Text {
    pub news: News,
    pub kind: Kind,
    /// Its address on the site.
    pub path: String,
    /// What it stands on.
    pub title: String,
    pub words: String,
}

/// Queues the letters of a batch that is decided, if there is anything to tell. To be called in its
/// transaction, as all here.
pub fn wait(db: &mut Db, batch: BatchId) -> QueryResult<()> {
    let first: Option<VerdictId> = verdicts::table
        .filter(verdicts::batch_id.eq(batch))
        .filter(verdicts::news.is_not_null())
        .select(verdicts::id)
        .first(db)
        .optional()?;
    if first.is_some() {
        let letters = Letters {
            batch,
            taken_back: false,
        };
        Job::enqueue_in(db, JOB, &letters, UNTOLD)?;
    }
    Ok(())
}

/// The batch is being undone: what was not written yet need not be, and who was told of a removal
/// is told of this too.
pub(super) fn take_back(db: &mut Db, batch: &Batch, all_of_it: bool) -> QueryResult<()> {
    let waiting = Letters {
        batch: batch.id,
        taken_back: false,
    };
    if all_of_it {
        forget(db, batch.id)?;
    }
    if batch.told_to > UserId(0) && batch.verdict == Verdict::Remove {
        let back = Letters {
            taken_back: true,
            ..waiting
        };
        Job::enqueue_in(db, JOB, &back, UNTOLD)?;
    }
    Ok(())
}

/// Nothing is written about a batch.
pub fn forget(db: &mut Db, batch: BatchId) -> QueryResult<usize> {
    let waiting = Letters {
        batch,
        taken_back: false,
    };
    let payload = serde_json::to_string(&waiting)
        .map_err(|error| diesel::result::Error::SerializationError(error.into()))?;
    diesel::delete(jobs::table.filter(jobs::kind.eq(JOB).and(jobs::payload.eq(payload))))
        .execute(db)
}

/// One verdict to be told of.
#[derive(Queryable)]
struct Told {
    author: UserId,
    item: ItemId,
    news: News,
    reason: String,
}

/// Still so: nobody decided otherwise since, and the text lies where the verdict put it.
const STANDS: &str = "verdicts.undone_at IS NULL \
     AND items.state = CASE WHEN verdicts.news IN ('removed', 'refused') THEN 'removed' ELSE 'published' END \
     AND NOT EXISTS (SELECT 1 FROM verdicts later WHERE later.item_id = verdicts.item_id \
       AND later.id > verdicts.id AND later.undone_at IS NULL AND later.news IS NOT NULL)";

/// Taken back, and readers see it again.
const CAME_BACK: &str =
    "verdicts.undone_at IS NOT NULL AND verdicts.news = 'removed' AND items.state = 'published'";

impl Letters {
    /// The next letters, and whether there are more. They have to be queued in this transaction.
    pub fn step(&self, db: &mut Db) -> QueryResult<(Vec<Notice>, bool)> {
        // Of two workers that took the job up, the second sees how far the first came.
        crate::db::dialect::lock(db, &format!("letters:{}", self.batch))?;
        let batch = Batch::find(db, self.batch)?;
        if batch.phase != Phase::Done {
            // It is being undone just now: what is left of it is told when that is done.
            Job::enqueue_in(db, JOB, self, Duration::minutes(1))?;
            return Ok((Vec::new(), false));
        }
        let mut told = self.next(db, &batch)?;
        let more = told.len() as i64 == AT_ONCE;
        let Some(last) = told.last().map(|told| told.author) else {
            return Ok((Vec::new(), false));
        };
        let mut left_out = 0;
        if more && told[0].author != last {
            // The last author may have more than this step read.
            told.retain(|told| told.author != last);
        } else if more {
            left_out = self.count(db, last)? - told.len() as i64;
        }
        let last = told.last().map_or(last, |told| told.author);
        if !self.taken_back {
            leave_out_the_untold(db, &mut told)?;
        }
        let notified: Vec<UserId> = told.iter().map(|told| told.author).collect();
        let notices = notices(db, told, left_out, self.taken_back)?;
        if self.taken_back {
            let authors: HashSet<UserId> = notified.into_iter().collect();
            self.tell_no_more(db, authors)?;
        } else {
            diesel::update(batches::table.find(self.batch))
                .set(batches::told_to.eq(last))
                .execute(db)?;
        }
        Ok((notices, more))
    }

    /// What these authors know to be public again is no news any more: a batch may be undone piece
    /// by piece, and each piece is told, once.
    fn tell_no_more(&self, db: &mut Db, authors: HashSet<UserId>) -> QueryResult<()> {
        let back = items::table
            .filter(items::author_id.eq_any(authors))
            .filter(items::state.eq(State::Published))
            .select(items::id);
        diesel::update(
            verdicts::table
                .filter(verdicts::batch_id.eq(self.batch))
                .filter(verdicts::undone_at.is_not_null())
                .filter(verdicts::news.eq(News::Removed))
                .filter(verdicts::item_id.eq_any(back)),
        )
        .set(verdicts::news.eq(None::<News>))
        .execute(db)
        .map(|_| ())
    }

    /// In order of authors: onward, or of those who were told, what came back.
    fn next(&self, db: &mut Db, batch: &Batch) -> QueryResult<Vec<Told>> {
        let query = verdicts::table
            .inner_join(items::table)
            .filter(verdicts::batch_id.eq(self.batch))
            .filter(verdicts::news.is_not_null())
            .select((
                items::author_id,
                verdicts::item_id,
                verdicts::news.assume_not_null(),
                verdicts::reason,
            ))
            .limit(AT_ONCE)
            .into_boxed();
        if self.taken_back {
            query
                .filter(fixed::<Bool>(CAME_BACK))
                .filter(items::author_id.le(batch.told_to))
                .order((items::author_id, verdicts::id))
                .load(db)
        } else {
            query
                .filter(fixed::<Bool>(STANDS))
                .filter(items::author_id.gt(batch.told_to))
                .order((items::author_id, verdicts::id))
                .load(db)
        }
    }

    fn count(&self, db: &mut Db, author: UserId) -> QueryResult<i64> {
        let which = if self.taken_back { CAME_BACK } else { STANDS };
        verdicts::table
            .inner_join(items::table)
            .filter(verdicts::batch_id.eq(self.batch))
            .filter(verdicts::news.is_not_null())
            .filter(items::author_id.eq(author))
            .filter(fixed::<Bool>(which))
            .count()
            .get_result(db)
    }
}

/// A text that was removed and came back before its author knew: nothing happened, for them.
fn leave_out_the_untold(db: &mut Db, told: &mut Vec<Told>) -> QueryResult<()> {
    let back: Vec<ItemId> = told
        .iter()
        .filter(|told| told.news == News::Back)
        .map(|told| told.item)
        .collect();
    if back.is_empty() {
        return Ok(());
    }
    let known: HashSet<ItemId> = verdicts::table
        .inner_join(items::table)
        .inner_join(batches::table)
        .filter(verdicts::item_id.eq_any(back))
        .filter(verdicts::news.eq_any([News::Removed, News::Refused]))
        .filter(batches::told_to.ge(items::author_id))
        .select(verdicts::item_id)
        .load(db)?
        .into_iter()
        .collect();
    told.retain(|told| told.news != News::Back || known.contains(&told.item));
    Ok(())
}

fn notices(
    db: &mut Db,
    told: Vec<Told>,
    left_out: i64,
    taken_back: bool,
) -> QueryResult<Vec<Notice>> {
    let mut authors: Vec<(UserId, Vec<Told>)> = Vec::new();
    for told in told {
        match authors.last_mut() {
            Some((author, texts)) if *author == told.author => texts.push(told),
            _ => authors.push((told.author, vec![told])),
        }
    }
    let is_taken = |told: &Told| matches!(told.news, News::Removed | News::Refused);
    let taken: Vec<ItemId> = authors
        .iter()
        .flat_map(|(_, texts)| texts.iter().filter(|told| is_taken(told)))
        .map(|told| told.item)
        .collect();
    let ids: Vec<UserId> = authors.iter().map(|(author, _)| *author).collect();
    let people: HashMap<UserId, User> = users::table
        .filter(users::id.eq_any(ids))
        .filter(users::robot.eq(false))
        .filter(users::confirmed_at.is_not_null())
        .select(User::as_select())
        .load(db)?
        .into_iter()
        .map(|user| (user.id, user))
        .collect();
    let quoted: Vec<ItemId> = authors
        .iter()
        .flat_map(|(_, texts)| texts.iter().take(QUOTED).map(|told| told.item))
        .collect();
    let mut entries: HashMap<ItemId, Entry> = queue::these(db, &quoted)?
        .into_iter()
        .map(|entry| (entry.item.id, entry))
        .collect();
    let asked = appeal::among(db, &taken)?;
    let mut notices = Vec::new();
    for (author, texts) in authors {
        let Some(user) = people.get(&author) else {
            continue;
        };
        let more = (texts.len() as i64 - QUOTED as i64).max(0) + left_out;
        notices.push(Notice {
            username: user.username.clone(),
            email: user.email.clone(),
            reason: texts
                .first()
                .map_or(String::new(), |told| told.reason.clone()),
            more,
            may_ask: !taken_back
                && texts
                    .iter()
                    .any(|told| is_taken(told) && !asked.contains(&told.item)),
            mixed: !taken_back && texts.iter().any(|told| told.news != texts[0].news),
            texts: texts
                .into_iter()
                .take(QUOTED)
                .filter_map(|told| {
                    let entry = entries.remove(&told.item)?;
                    let news = if taken_back { News::Back } else { told.news };
                    Some(Text::of(&entry, news))
                })
                .collect(),
        });
    }
    Ok(notices)
}

impl Text {
    fn of(entry: &Entry, news: News) -> Text {
        let words = match &entry.content {
            Content::Project { fields, .. } => format!("{}\n{}", fields.title, fields.summary),
            Content::Profile { .. } => entry.revision.text.clone(),
            Content::Prose(_) => entry.revision.readable(entry.item.kind),
        };
        Text {
            news,
            kind: entry.item.kind,
            path: entry.path(),
            title: entry
                .place
                .as_ref()
                .map_or(String::new(), |place| place.title.clone()),
            words,
        }
    }

    /// "comment on Duck racer".
    pub fn name(&self) -> String {
        match self.kind {
            _ if self.title.is_empty() => self.kind.to_string(),
            Kind::Comment => format!("comment on {}", self.title),
            Kind::Release => format!("release of {}", self.title),
            Kind::Project => format!("project {}", self.title),
            Kind::Profile => "profile".into(),
            Kind::Rating => format!("answers about {}", self.title),
            Kind::Failure => format!("report of a failure of {}", self.title),
            Kind::Answer => format!("answer on {}", self.title),
            Kind::Award => format!("award for {}", self.title),
        }
    }

    /// Its words as letters quote them, at most so many characters. Nothing, if they were erased.
    pub fn quote(&self, most: usize) -> String {
        let words = match self.words.char_indices().nth(most) {
            Some((cut, _)) => format!("{}…", &self.words[..cut]),
            None => self.words.clone(),
        };
        words.lines().map(|line| format!("> {line}\n")).collect()
    }
}
