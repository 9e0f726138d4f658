//! Sanctions: what moderators do about a person, each with a reason the person reads, each with an
//! end, each undone in one act.
//!
//! The rows are the acts. What those in force come to stands in `users`, where the gate and the
//! log-in look; [`settle`] is the only place that writes it.

use super::UNTOLD;
use super::log::Act;
use super::verdict::{self, MOST, Outcomes, Seen, UNDO, UndoError, Verdict};
use crate::account::{FOR_GOOD, Role, User};
use crate::db::{BatchId, ItemId, SanctionId, UserId, dialect, now};
use crate::gate::day_and_hour;
use crate::item::{Kind, Queue, State};
use crate::job::Job;
use crate::schema::{items, sanctions, users};
use crate::session::Session;
use crate::{Db, QueryResult, fairness, favourite, follow, reaction, words};
use chrono::NaiveDateTime;
use diesel::prelude::*;

/// The job that tells the person, [`UNTOLD`] after the act.
pub const JOB: &str = "sanction";
pub const MAX_REASON: usize = 1_000;

words! {
    pub enum Sort {
        /// The next texts wait for a moderator.
        Hold = "hold",
        /// Something to read before posting on.
        Warn = "warn",
        Suspend = "suspend",
        /// All they wrote is put away.
        Clear = "clear",
        Ban = "ban",
    }
}

words! {
    /// What is shut. `all` is the log-in too.
    pub enum Scope { Posting = "posting", All = "all" }
}

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = sanctions)]
pub struct Sanction {
    pub id: SanctionId,
    pub user_id: UserId,
    pub by_id: UserId,
    #[diesel(column_name = kind)]
    pub sort: Sort,
    pub scope: Option<Scope>,
    pub reason: String,
    pub texts: Option<i32>,
    pub texts_left: Option<i32>,
    pub until: Option<NaiveDateTime>,
    pub read_at: Option<NaiveDateTime>,
    pub told_at: Option<NaiveDateTime>,
    pub batch_id: Option<BatchId>,
    pub created_at: NaiveDateTime,
    pub undone_at: Option<NaiveDateTime>,
    pub undone_by: Option<UserId>,
}

/// What a moderator asks for.
#[derive(Clone, Debug)]
pub enum Order {
    Hold {
        texts: i32,
        until: NaiveDateTime,
    },
    Warn,
    Suspend {
        scope: Scope,
        until: NaiveDateTime,
    },
    Clear {
        away: Away,
        suspend: Option<(Scope, NaiveDateTime)>,
    },
    Ban {
        away: Option<Away>,
    },
}

/// What becomes of all they wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Away {
    pub verdict: Verdict,
    /// Of a removal.
    pub reason: String,
}

#[derive(Debug, thiserror::Error)]
pub enum SanctionError {
    #[error("Nobody does this to themselves.")]
    Oneself,
    #[error("Nobody does this to an administrator.")]
    Administrator,
    #[error("Only an administrator does this to a moderator.")]
    Moderator,
    #[error("Nothing they wrote is left to put away.")]
    NothingLeft,
    #[error("This was undone before.")]
    Already,
    #[error("This ended long ago, and an act can be taken back for 30 days.")]
    TooOld,
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

/// Nobody sanctions themselves, and nobody those who may do the same to them.
pub fn may_sanction(by: &User, whom: &User) -> Result<(), SanctionError> {
    if by.id == whom.id {
        return Err(SanctionError::Oneself);
    }
    match whom.role {
        Role::Admin => Err(SanctionError::Administrator),
        Role::Moderator if by.role < Role::Admin => Err(SanctionError::Moderator),
        _ => Ok(()),
    }
}

/// What holds for a person, what they gave and what they follow changes one act at a time. The counts of
/// projects and people move under one lock of all, taken before the first row is touched: of two who ban
/// two members that follow each other, each would else wait for the other.
pub(crate) fn lock(db: &mut Db, whom: UserId) -> QueryResult<()> {
    dialect::lock(db, &format!("sanctions:{whom}"))?;
    reaction::lock(db, whom)?;
    dialect::lock(db, "sanctions")
}

/// Does it, in the caller's write transaction. Gives what became of the texts, if any were put away.
pub fn impose(
    db: &mut Db,
    by: &User,
    whom: UserId,
    order: &Order,
    reason: &str,
) -> Result<(Sanction, Option<Outcomes>), SanctionError> {
    lock(db, whom)?;
    let whom = User::find(db, whom)?;
    may_sanction(by, &whom)?;
    let (sort, scope, until) = match order {
        Order::Hold { until, .. } => (Sort::Hold, None, Some(*until)),
        Order::Warn => (Sort::Warn, None, None),
        Order::Suspend { scope, until } => (Sort::Suspend, Some(*scope), Some(*until)),
        Order::Clear { suspend, .. } => (
            Sort::Clear,
            suspend.map(|(scope, _)| scope),
            suspend.map(|(_, until)| until),
        ),
        Order::Ban { .. } => (Sort::Ban, Some(Scope::All), None),
    };
    let texts = match order {
        Order::Hold { texts, .. } => Some(*texts),
        _ => None,
    };
    let away = match order {
        Order::Clear { away, .. } => Some(away),
        Order::Ban { away } => away.as_ref(),
        _ => None,
    };
    let outcomes = match away {
        Some(away) => {
            let seen = all_of(db, whom.id, away.verdict)?;
            let outcomes = verdict::decide(db, by.id, away.verdict, &away.reason, &seen)?;
            Some(outcomes)
        }
        None => None,
    };
    let batch = outcomes.as_ref().and_then(|outcomes| outcomes.batch);
    if sort == Sort::Clear && batch.is_none() && scope.is_none() {
        return Err(SanctionError::NothingLeft);
    }
    let id: SanctionId = diesel::insert_into(sanctions::table)
        .values((
            sanctions::user_id.eq(whom.id),
            sanctions::by_id.eq(by.id),
            sanctions::kind.eq(sort),
            sanctions::scope.eq(scope),
            sanctions::reason.eq(reason),
            sanctions::texts.eq(texts),
            sanctions::texts_left.eq(texts),
            sanctions::until.eq(until),
            sanctions::batch_id.eq(batch),
            sanctions::created_at.eq(now()),
        ))
        .returning(sanctions::id)
        .get_result(db)?;
    let sanction = Sanction::find(db, id)?;
    settle(db, whom.id)?;
    if matches!(sort, Sort::Ban | Sort::Clear) {
        // What they gave goes with what they wrote.
        fairness::weigh(db, whom.id)?;
    }
    if sort == Sort::Ban {
        Session::end_others(db, whom.id, None)?;
    }
    if sort == Sort::Warn || scope.is_some() {
        Job::enqueue_in(db, JOB, &id, UNTOLD)?;
    }
    Act {
        actor: Some(by.id),
        act: sort.as_str(),
        user: Some(whom.id),
        batch,
        sanction: Some(id),
        detail: &format!("{}: {reason}", sanction.words()),
        why: reason,
        ..Act::default()
    }
    .write(db)?;
    Ok((sanction, outcomes))
}

/// What such a verdict would put away, oldest first, as much as one batch takes. What is spam
/// already stays where it is when all is removed: its label must not be lost.
fn all_of(db: &mut Db, author: UserId, verdict: Verdict) -> QueryResult<Vec<Seen>> {
    let rows: Vec<(Kind, ItemId, i32)> = standing(author, verdict)
        .order(items::id)
        .limit(MOST as i64)
        .select((items::kind, items::id, items::version))
        .load(db)?;
    Ok(rows.into_iter().map(Seen::from).collect())
}

/// How many texts such a verdict would meet.
pub fn count_of(db: &mut Db, author: UserId, verdict: Verdict) -> QueryResult<i64> {
    standing(author, verdict).count().get_result(db)
}

fn standing(
    author: UserId,
    verdict: Verdict,
) -> items::BoxedQuery<'static, <Db as Connection>::Backend> {
    let mine = items::table
        .filter(items::author_id.eq(author))
        .into_boxed();
    match verdict {
        Verdict::Spam => mine.filter(
            items::state
                .eq_any([State::Published, State::Held])
                .or(items::queue.eq(Queue::Spam)),
        ),
        _ => mine.filter(items::state.eq_any([State::Published, State::Held])),
    }
}

/// Everybody with an act that was not undone.
pub(crate) fn people(db: &mut Db) -> QueryResult<Vec<UserId>> {
    sanctions::table
        .filter(sanctions::undone_at.is_null())
        .select(sanctions::user_id)
        .distinct()
        .load(db)
}

/// What became of an undo.
#[derive(Debug)]
pub struct Lifted {
    pub sanction: Sanction,
    /// Texts that somebody decided again since: they stay as they are.
    pub left: usize,
}

/// Takes an act back: what it shut, and what it put away. For 30 days, and as long as it is in force.
pub fn undo(db: &mut Db, by: &User, id: SanctionId) -> Result<Lifted, SanctionError> {
    let user = Sanction::find(db, id)?.user_id;
    lock(db, user)?;
    // Of two who undo at once, the second sees what the first did.
    let sanction = Sanction::find(db, id)?;
    may_sanction(by, &User::find(db, user)?)?;
    if sanction.undone_at.is_some() {
        return Err(SanctionError::Already);
    }
    if !sanction.can_be_undone() {
        return Err(SanctionError::TooOld);
    }
    let left = match sanction.batch_id {
        Some(batch) => match verdict::undo(db, batch, by.id) {
            Ok(undone) => undone.left.len(),
            // Somebody took the texts back already, or they are too old for it: the rest can go.
            Err(UndoError::Already | UndoError::TooOld) => 0,
            Err(UndoError::Overruled { .. }) => {
                verdict::Batch::find(db, batch)?.standing(db)? as usize
            }
            Err(UndoError::Database(error)) => return Err(error.into()),
        },
        None => 0,
    };
    diesel::update(sanctions::table.find(id))
        .set((
            sanctions::undone_at.eq(now()),
            sanctions::undone_by.eq(by.id),
        ))
        .execute(db)?;
    settle(db, user)?;
    fairness::weigh(db, user)?;
    Act {
        actor: Some(by.id),
        act: "lift",
        user: Some(user),
        sanction: Some(id),
        detail: &sanction.words(),
        ..Act::default()
    }
    .write(db)?;
    Ok(Lifted { sanction, left })
}

/// Writes what the sanctions in force come to. The longest one gives the reason that is told. Under
/// [`lock`]: who read the acts before another was committed would write that one away.
pub(crate) fn settle(db: &mut Db, user: UserId) -> QueryResult<()> {
    let at = now();
    let standing = Sanction::in_force(db, user)?;
    let end = |sanction: &&Sanction| sanction.until.unwrap_or(FOR_GOOD);
    let longest = standing
        .iter()
        .filter(|sanction| sanction.scope.is_some())
        .max_by_key(end);
    let locked_out = standing
        .iter()
        .filter(|sanction| sanction.scope == Some(Scope::All))
        .map(|sanction| end(&sanction))
        .max();
    let warning = standing
        .iter()
        .filter(|sanction| sanction.sort == Sort::Warn)
        .map(|sanction| sanction.id)
        .min();
    debug_assert!(longest.is_none_or(|sanction| end(&sanction) > at));
    diesel::update(users::table.find(user))
        .set((
            users::suspended_until.eq(longest.as_ref().map(end)),
            users::suspended_reason.eq(longest.map_or("", |sanction| &sanction.reason)),
            users::locked_out_until.eq(locked_out),
            users::warning_id.eq(warning),
        ))
        .execute(db)?;
    let counts = !standing.iter().any(|sanction| sanction.sort == Sort::Ban);
    follow::settle(db, user, counts)?;
    favourite::settle(db, user, counts)
}

/// The hold that this text of theirs meets. A new text uses it up by one; an edit does not, or a
/// member could burn it through by correcting one comment.
pub fn hold_next(db: &mut Db, author: UserId, editing: bool) -> QueryResult<Option<Sanction>> {
    let Some(mut hold) = Sanction::in_force(db, author)?
        .into_iter()
        .find(|sanction| sanction.sort == Sort::Hold)
    else {
        return Ok(None);
    };
    if !editing {
        let used = diesel::update(
            sanctions::table
                .find(hold.id)
                .filter(sanctions::texts_left.gt(0)),
        )
        .set(sanctions::texts_left.eq(sanctions::texts_left - 1))
        .execute(db)?;
        if used == 0 {
            return Ok(None);
        }
        hold.texts_left = hold.texts_left.map(|left| left - 1);
    }
    Ok(Some(hold))
}

/// "I have read this." False when there was nothing of theirs to read.
pub fn read_warning(db: &mut Db, user: UserId, id: SanctionId) -> QueryResult<bool> {
    lock(db, user)?;
    let read = diesel::update(
        sanctions::table
            .find(id)
            .filter(sanctions::user_id.eq(user))
            .filter(sanctions::kind.eq(Sort::Warn))
            .filter(sanctions::read_at.is_null()),
    )
    .set(sanctions::read_at.eq(now()))
    .execute(db)?;
    if read == 0 {
        return Ok(false);
    }
    settle(db, user)?;
    Act {
        actor: Some(user),
        act: "read",
        user: Some(user),
        sanction: Some(id),
        detail: "the warning",
        ..Act::default()
    }
    .write(db)?;
    Ok(true)
}

impl Sanction {
    pub fn find(db: &mut Db, id: SanctionId) -> QueryResult<Sanction> {
        sanctions::table
            .find(id)
            .select(Sanction::as_select())
            .get_result(db)
    }

    /// All of a person's, newest first, with who did them and who took them back.
    pub fn of(db: &mut Db, user: UserId) -> QueryResult<Vec<Told>> {
        let all: Vec<(Sanction, String)> = sanctions::table
            .inner_join(users::table.on(users::id.eq(sanctions::by_id)))
            .filter(sanctions::user_id.eq(user))
            .order(sanctions::id.desc())
            .select((Sanction::as_select(), users::username))
            .load(db)?;
        tell(db, all)
    }

    /// These, and those that gave these batches; in any order.
    pub fn told(db: &mut Db, ids: &[SanctionId], batches: &[BatchId]) -> QueryResult<Vec<Told>> {
        let all: Vec<(Sanction, String)> = sanctions::table
            .inner_join(users::table.on(users::id.eq(sanctions::by_id)))
            .filter(
                sanctions::id
                    .eq_any(ids)
                    .or(sanctions::batch_id.eq_any(batches)),
            )
            .select((Sanction::as_select(), users::username))
            .load(db)?;
        tell(db, all)
    }

    /// What holds for a person now, oldest first.
    pub fn in_force(db: &mut Db, user: UserId) -> QueryResult<Vec<Sanction>> {
        let mut all = Sanction::not_undone(db, user)?;
        all.retain(Sanction::is_in_force);
        Ok(all)
    }

    /// Oldest first.
    fn not_undone(db: &mut Db, user: UserId) -> QueryResult<Vec<Sanction>> {
        sanctions::table
            .filter(
                sanctions::user_id
                    .eq(user)
                    .and(sanctions::undone_at.is_null()),
            )
            .order(sanctions::id)
            .select(Sanction::as_select())
            .load(db)
    }

    /// What concerns them: what holds now, and what was put away lately. Oldest first.
    pub fn for_member(db: &mut Db, user: UserId) -> QueryResult<Vec<Sanction>> {
        let mut all = Sanction::not_undone(db, user)?;
        let lately = now() - UNDO;
        all.retain(|sanction| {
            sanction.is_in_force() || (sanction.sort == Sort::Clear && sanction.created_at > lately)
        });
        Ok(all)
    }

    pub fn is_in_force(&self) -> bool {
        let at = now();
        self.undone_at.is_none()
            && match self.sort {
                Sort::Hold => self.texts_left > Some(0) && self.until > Some(at),
                Sort::Warn => self.read_at.is_none(),
                Sort::Suspend | Sort::Clear | Sort::Ban => {
                    self.scope.is_some() && self.until.is_none_or(|until| until > at)
                }
            }
    }

    /// What ran out on its own has nothing left to undo, but for the texts it put away.
    pub fn can_be_undone(&self) -> bool {
        let young = now() - self.created_at <= UNDO;
        self.undone_at.is_none() && (self.is_in_force() || (young && self.batch_id.is_some()))
    }

    /// Marks that the person was told; false when somebody did, or there is nothing to tell any more.
    pub fn tell(&self, db: &mut Db) -> QueryResult<bool> {
        let told = diesel::update(
            sanctions::table
                .find(self.id)
                .filter(sanctions::told_at.is_null())
                .filter(sanctions::undone_at.is_null()),
        )
        .set(sanctions::told_at.eq(now()))
        .execute(db)?;
        Ok(told > 0)
    }

    /// As moderators and the log call it: "suspended from posting until 3 March 2027, 14:00 UTC".
    pub fn words(&self) -> String {
        let until = |until: &NaiveDateTime| day_and_hour(until);
        let shut = |verb: &str| match (self.scope, &self.until) {
            (Some(Scope::All), Some(end)) => {
                format!("{verb}suspended, log-in too, until {}", until(end))
            }
            (Some(Scope::Posting), Some(end)) => {
                format!("{verb}suspended from posting until {}", until(end))
            }
            _ => String::new(),
        };
        match self.sort {
            Sort::Hold => format!(
                "the next {} held until {}",
                texts(self.texts.unwrap_or(0)),
                self.until.as_ref().map(until).unwrap_or_default()
            ),
            Sort::Warn => "warned".into(),
            Sort::Suspend => shut(""),
            Sort::Clear => format!("all they wrote put away{}", shut(", and ")),
            Sort::Ban if self.batch_id.is_some() => "banned, and all they wrote put away".into(),
            Sort::Ban => "banned".into(),
        }
    }

    /// As the person reads it.
    pub fn sentence(&self) -> String {
        let until = self.until.as_ref().map(day_and_hour).unwrap_or_default();
        match (self.sort, self.scope) {
            (Sort::Hold, _) => format!(
                "A moderator looks at your next {} before others see {}, until {until} at the latest.",
                texts(self.texts_left.unwrap_or(0)),
                if self.texts_left == Some(1) {
                    "it"
                } else {
                    "them"
                },
            ),
            (Sort::Warn, _) => "A moderator has a word for you.".into(),
            (Sort::Ban, _) => "Your account was closed by a moderator.".into(),
            (_, Some(Scope::All)) => {
                format!("You cannot log in or post until {until}.")
            }
            (_, Some(Scope::Posting)) => {
                format!("You cannot post until {until}. You can read as before.")
            }
            (_, None) => "A moderator put away what you had written.".into(),
        }
    }
}

fn texts(n: i32) -> String {
    if n == 1 {
        "text".into()
    } else {
        format!("{n} texts")
    }
}

/// A sanction with the names of people.
#[derive(Clone, Debug)]
pub struct Told {
    pub sanction: Sanction,
    pub by: String,
    pub undone_by: Option<String>,
}

fn tell(db: &mut Db, all: Vec<(Sanction, String)>) -> QueryResult<Vec<Told>> {
    let undoers: Vec<UserId> = all.iter().filter_map(|(s, _)| s.undone_by).collect();
    let names: Vec<(UserId, String)> = users::table
        .filter(users::id.eq_any(undoers))
        .select((users::id, users::username))
        .load(db)?;
    Ok(all
        .into_iter()
        .map(|(sanction, by)| Told {
            undone_by: names
                .iter()
                .find(|(id, _)| Some(*id) == sanction.undone_by)
                .map(|(_, name)| name.clone()),
            sanction,
            by,
        })
        .collect())
}
