//! Limits: how often and how much. They refuse, in plain words, and say when to come back.
//! Counted in the database, so that all web nodes share them.

use crate::account::User;
use crate::condition::{KnownText, Upto};
use crate::db::{ItemId, ThreadId, UserId, dialect, now};
use crate::item::{Kind, Queue, State};
use crate::moderation::log::counted;
use crate::schema::{comments, hits, items, revisions};
use crate::settings::Settings;
use crate::spam::near;
use crate::{Db, QueryResult};
use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Limited {
    /// Come back in so many seconds.
    TooFast {
        seconds: i64,
        sentence: String,
    },
    TooManyWaiting {
        most: i64,
    },
    SameText {
        earlier: ItemId,
    },
}

impl Limited {
    pub fn sentence(&self) -> String {
        match self {
            Limited::TooFast { sentence, .. } => sentence.clone(),
            Limited::TooManyWaiting { most: 1 } => {
                "You have a text waiting for a moderator. Once it is approved you can go on.".into()
            }
            Limited::TooManyWaiting { most } => format!(
                "You have {most} texts waiting for a moderator. Once one is approved you can go on."
            ),
            Limited::SameText { .. } => "You have posted this very text before.".into(),
        }
    }

    pub fn seconds(&self) -> i64 {
        match self {
            Limited::TooFast { seconds, .. } => (*seconds).max(1),
            _ => 60,
        }
    }
}

/// Counts one act in a bucket and refuses it when there were `most` in the last `window`.
pub fn count(
    db: &mut Db,
    bucket: &str,
    most: i64,
    window: Duration,
) -> QueryResult<Result<(), Limited>> {
    let at = now();
    dialect::lock(db, bucket)?;
    let recent = hits::table.filter(hits::bucket.eq(bucket).and(hits::at.gt(at - window)));
    let times: Vec<NaiveDateTime> = recent
        .order(hits::at.desc())
        .limit(most)
        .select(hits::at)
        .load(db)?;
    if times.len() as i64 >= most {
        let oldest = times.last().copied().unwrap_or(at);
        let seconds = (oldest + window - at).num_seconds() + 1;
        return Ok(Err(Limited::TooFast {
            seconds,
            sentence: format!(
                "That was a lot in a short time. Try again in {}.",
                span(seconds)
            ),
        }));
    }
    diesel::insert_into(hits::table)
        .values((hits::bucket.eq(bucket), hits::at.eq(at)))
        .execute(db)?;
    Ok(Ok(()))
}

/// One more edit of a comment.
pub fn edits(db: &mut Db, author: UserId) -> QueryResult<Result<(), Limited>> {
    count(db, &format!("edits:{author}"), 30, Duration::hours(1))
}

/// One more report. Each costs a moderator a look: a reader who means well needs few.
pub fn reports(db: &mut Db, reporter: UserId) -> QueryResult<Result<(), Limited>> {
    let minute = format!("reports-in-a-minute:{reporter}");
    if let Err(limited) = count(db, &minute, 10, Duration::minutes(1))? {
        return Ok(Err(limited));
    }
    count(db, &format!("reports:{reporter}"), 30, Duration::hours(1))
}

/// One more text on a project: shared, edited, kept as a draft, or put out as a release.
pub fn texts(db: &mut Db, author: UserId) -> QueryResult<Result<(), Limited>> {
    count(db, &format!("texts:{author}"), 20, Duration::hours(1))
}

/// Forgets a bucket: a right password after wrong ones.
pub fn forget(db: &mut Db, bucket: &str) -> QueryResult<usize> {
    diesel::delete(hits::table.filter(hits::bucket.eq(bucket))).execute(db)
}

/// Counts that no window looks at any more.
pub fn sweep(db: &mut Db) -> QueryResult<usize> {
    diesel::delete(hits::table.filter(hits::at.lt(now() - Duration::days(2)))).execute(db)
}

/// A new comment of this person: so many an hour, so many seconds apart, so many waiting, and not
/// the same text twice.
pub fn comment(
    db: &mut Db,
    settings: &Settings,
    author: &User,
    thread: ThreadId,
    text: &str,
) -> QueryResult<Result<(), Limited>> {
    dialect::lock(db, &format!("posts:{}", author.id))?;
    let at = now();
    let mine = comments::table.filter(comments::author_id.eq(author.id));
    let same: Option<ItemId> = comments::table
        .inner_join(items::table.on(items::id.eq(comments::id)))
        .filter(
            comments::author_id
                .eq(author.id)
                .and(comments::thread_id.eq(thread)),
        )
        .filter(items::state.ne(State::Deleted))
        .filter(
            comments::id.eq_any(
                revisions::table
                    .filter(revisions::text_hash.eq(near::text_hash(text)))
                    .filter(KnownText)
                    .select(revisions::item_id),
            ),
        )
        .filter(items::created_at.gt(at - Duration::days(1)))
        .select(comments::id)
        .first(db)
        .optional()?;
    if let Some(earlier) = same {
        return Ok(Err(Limited::SameText { earlier }));
    }
    let last: Option<NaiveDateTime> = mine
        .order(comments::id.desc())
        .select(comments::created_at)
        .upto(1)
        .get_result(db)
        .optional()?;
    let apart = Duration::seconds(settings.seconds_between_comments);
    if let Some(wait) = last
        .map(|last| last + apart - at)
        .filter(|wait| *wait > Duration::zero())
    {
        let seconds = wait.num_seconds() + 1;
        return Ok(Err(Limited::TooFast {
            seconds,
            sentence: format!("Take a breath: you can post again in {}.", span(seconds)),
        }));
    }
    let hour = Duration::hours(1);
    let times: Vec<NaiveDateTime> = mine
        .filter(comments::created_at.gt(at - hour))
        .order(comments::created_at.desc())
        .limit(settings.comments_per_hour)
        .select(comments::created_at)
        .load(db)?;
    if times.len() as i64 >= settings.comments_per_hour {
        let oldest = times.last().copied().unwrap_or(at);
        let seconds = (oldest + hour - at).num_seconds() + 1;
        return Ok(Err(Limited::TooFast {
            seconds,
            sentence: format!(
                "You have posted {} in an hour. Try again in {}.",
                counted(settings.comments_per_hour, "comment"),
                span(seconds)
            ),
        }));
    }
    waiting(db, settings, author.id)
}

/// A new member has at most a few texts waiting at once, of whatever kind.
pub fn waiting(
    db: &mut Db,
    settings: &Settings,
    author: UserId,
) -> QueryResult<Result<(), Limited>> {
    let published: i64 = items::table
        .filter(
            items::author_id
                .eq(author)
                .and(items::state.eq(State::Published)),
        )
        .filter(items::kind.eq_any([Kind::Comment, Kind::Project]))
        .limit(1)
        .count()
        .get_result(db)?;
    if published > 0 {
        return Ok(Ok(()));
    }
    let waiting: i64 = items::table
        .filter(items::author_id.eq(author))
        .filter(items::queue.eq_any([Queue::Held, Queue::Spam, Queue::Projects, Queue::Maker]))
        .count()
        .get_result(db)?;
    Ok(if waiting >= settings.new_member_waiting {
        Err(Limited::TooManyWaiting {
            most: settings.new_member_waiting,
        })
    } else {
        Ok(())
    })
}

pub(super) fn span(seconds: i64) -> String {
    match seconds {
        ..=1 => "a second".into(),
        2..=90 => format!("{seconds} seconds"),
        _ => format!("{} minutes", (seconds + 59) / 60),
    }
}
