//! Appeals: the author of a text that is not shown asks, once and in words, for another look: at a
//! decision at once, at what waits after a day, whatever it waits for. Spam looks held to its author
//! here too.
//!
//! Another moderator than the first decides. What decides is a verdict like any other, so that label,
//! counters and undo are those of verdicts: [`answer`] closes an appeal with it and [`reopen`] opens
//! it again when it is undone.

use super::UNTOLD;
use super::letters::News;
use super::log::Act;
use super::reason::Reasons;
use super::verdict::{self, Seen, Verdict};
use crate::account::{Role, User};
use crate::db::{AppealId, BatchId, ItemId, UserId, VerdictId, dialect, now};
use crate::item::{Item, Queue, State};
use crate::job::Job;
use crate::maker::BY_MAKER;
use crate::schema::{appeals, items, revisions, users, verdicts};
use crate::{Db, QueryResult, words};
use chrono::{Duration, NaiveDateTime};
use diesel::dsl::{count_star, max};
use diesel::prelude::*;
use std::collections::{HashMap, HashSet};

pub const MAX_WORDS: usize = 1_000;
/// What waits may be asked about after so long.
pub const PATIENCE: Duration = Duration::hours(24);
/// Appeals of one person that may wait at once.
pub const MOST_OPEN: i64 = 10;
/// Appeals of a page.
pub const PAGE: i64 = 50;
/// The outcome is shown on the item so long.
const TOLD_FOR: Duration = Duration::days(30);
/// The job that tells the author, [`UNTOLD`] after the decision.
pub const JOB: &str = "appeal";

words! {
    pub enum Outcome { Upheld = "upheld", Overturned = "overturned" }
}

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = appeals)]
pub struct Appeal {
    pub id: AppealId,
    pub item_id: ItemId,
    pub author_id: UserId,
    pub words: String,
    pub verdict_id: Option<VerdictId>,
    pub created_at: NaiveDateTime,
    pub closed_by: Option<VerdictId>,
    pub by_id: Option<UserId>,
    pub outcome: Option<Outcome>,
    pub answer: String,
    pub decided_at: Option<NaiveDateTime>,
}

#[derive(Debug, thiserror::Error)]
pub enum AppealError {
    #[error("Only its author can ask for another look.")]
    NotYours,
    #[error(
        "There is nothing to ask for here: a moderator has not taken this away, and it does not wait."
    )]
    Nothing,
    #[error("A moderator will look at it soon. You can ask from {0} on.")]
    Early(String),
    #[error("You asked before. One text can be asked about once.")]
    Already,
    #[error(
        "{MOST_OPEN} of your texts wait for another look. Ask again when some of these are answered."
    )]
    TooMany,
    #[error("You decided this first. Somebody else looks at it now.")]
    First,
    #[error("Nobody decides about their own text.")]
    OwnText,
    #[error("Somebody decided this meanwhile, or its author took it away. Nothing was changed.")]
    Changed,
    #[error("Say why it stays away.")]
    Reason,
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

/// What an author can do or has done about an item that is not shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It waits, and may be asked about from then on.
    Early(NaiveDateTime),
    MayAsk,
    Waits(NaiveDateTime),
    Answered {
        outcome: Outcome,
        answer: String,
        at: NaiveDateTime,
    },
    /// It was answered, and what holds now was decided since.
    Spent,
}

/// Away from readers, or with an edit that is. A maker's no is the maker's.
fn is_away(item: &Item) -> bool {
    match item.state {
        State::Held | State::Spam => true,
        State::Removed => item.why != BY_MAKER,
        State::Published | State::Unlisted => item.queue.is_some(),
        State::Draft | State::Deleted => false,
    }
}

/// How these items of one author stand, in a fixed number of queries. What nothing can be said of is
/// left out.
pub fn standing(db: &mut Db, of: &[Item]) -> QueryResult<HashMap<ItemId, Standing>> {
    let ids: Vec<ItemId> = of.iter().map(|item| item.id).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let made: Vec<Appeal> = appeals::table
        .filter(appeals::item_id.eq_any(&ids))
        .select(Appeal::as_select())
        .load(db)?;
    let mut made: HashMap<ItemId, Appeal> =
        made.into_iter().map(|made| (made.item_id, made)).collect();
    let waiting: Vec<ItemId> = of
        .iter()
        .filter(|item| is_away(item) && item.state != State::Removed)
        .map(|item| item.id)
        .collect();
    let since = waiting_since(db, &waiting)?;
    let newest = newest_decisions(db, made.values())?;
    let mut found = HashMap::new();
    for item in of {
        let standing = match made.remove(&item.id) {
            Some(Appeal {
                outcome: Some(outcome),
                decided_at: Some(at),
                answer,
                closed_by,
                ..
            }) => match holds(item, outcome, closed_by, newest.get(&item.id)) {
                true if is_away(item) || now() - at <= TOLD_FOR => Standing::Answered {
                    outcome,
                    answer,
                    at,
                },
                false if is_away(item) => Standing::Spent,
                _ => continue,
            },
            Some(open) if is_away(item) => Standing::Waits(open.created_at),
            Some(_) => continue,
            None if !is_away(item) => continue,
            None => match since.get(&item.id) {
                Some(since) if now() - *since < PATIENCE => Standing::Early(*since + PATIENCE),
                _ => Standing::MayAsk,
            },
        };
        found.insert(item.id, standing);
    }
    Ok(found)
}

/// Whether what was answered is still so. Nobody is told that a moderator kept away what waits for one
/// again, nor that nothing is wrong with what was taken away since.
fn holds(
    item: &Item,
    outcome: Outcome,
    closed_by: Option<VerdictId>,
    newest: Option<&VerdictId>,
) -> bool {
    let lies_there = match outcome {
        Outcome::Upheld => {
            matches!(item.state, State::Spam | State::Removed) && item.queue.is_none()
        }
        Outcome::Overturned => {
            matches!(item.state, State::Published | State::Held | State::Unlisted)
                && matches!(item.queue, None | Some(Queue::Maker))
        }
    };
    lies_there && closed_by.as_ref() == newest
}

/// The newest verdict that stands on each item of appeals that were answered.
fn newest_decisions<'a>(
    db: &mut Db,
    of: impl Iterator<Item = &'a Appeal>,
) -> QueryResult<HashMap<ItemId, VerdictId>> {
    let ids: Vec<ItemId> = of
        .filter(|appeal| appeal.decided_at.is_some())
        .map(|appeal| appeal.item_id)
        .collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(ItemId, VerdictId)> = verdicts::table
        .filter(verdicts::item_id.eq_any(ids))
        .filter(verdicts::undone_at.is_null())
        .order(verdicts::id)
        .select((verdicts::item_id, verdicts::id))
        .load(db)?;
    Ok(rows.into_iter().collect())
}

/// Those of these items that lie in Spam though their author asked for another look. They are told
/// so: what the robot or one moderator calls spam looks held to its author, but not for ever.
pub fn kept_away(db: &mut Db, ids: &[ItemId]) -> QueryResult<HashSet<ItemId>> {
    let rows: Vec<(Appeal, Item)> = appeals::table
        .inner_join(items::table.on(items::id.eq(appeals::item_id)))
        .filter(appeals::item_id.eq_any(ids))
        .filter(appeals::outcome.eq(Outcome::Upheld))
        .filter(items::state.eq(State::Spam))
        .select((Appeal::as_select(), Item::as_select()))
        .load(db)?;
    let newest = newest_decisions(db, rows.iter().map(|(appeal, _)| appeal))?;
    Ok(rows
        .into_iter()
        .filter(|(appeal, item)| {
            holds(
                item,
                Outcome::Upheld,
                appeal.closed_by,
                newest.get(&item.id),
            )
        })
        .map(|(_, item)| item.id)
        .collect())
}

/// Since when these wait: since the newest text came in, or since it was taken from readers. What
/// waited already and is called spam waits on: a day that began anew would tell its author.
fn waiting_since(db: &mut Db, ids: &[ItemId]) -> QueryResult<HashMap<ItemId, NaiveDateTime>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let written: Vec<(ItemId, Option<NaiveDateTime>)> = revisions::table
        .filter(revisions::item_id.eq_any(ids))
        .group_by(revisions::item_id)
        .select((revisions::item_id, max(revisions::created_at)))
        .load(db)?;
    let put_away: Vec<(ItemId, Option<NaiveDateTime>)> = verdicts::table
        .filter(verdicts::item_id.eq_any(ids))
        .filter(verdicts::undone_at.is_null())
        .filter(verdicts::verdict.eq_any([Verdict::Spam, Verdict::Hold]))
        .filter(verdicts::state_before.eq(State::Published))
        .group_by(verdicts::item_id)
        .select((verdicts::item_id, max(verdicts::created_at)))
        .load(db)?;
    let mut since: HashMap<ItemId, NaiveDateTime> = HashMap::new();
    for (item, at) in written.into_iter().chain(put_away) {
        if let Some(at) = at {
            let known = since.entry(item).or_insert(at);
            *known = (*known).max(at);
        }
    }
    Ok(since)
}

/// The author asks, in a write transaction.
pub fn file(db: &mut Db, author: &User, id: ItemId, words: &str) -> Result<(), AppealError> {
    dialect::lock(db, &format!("appeals:{}", author.id))?;
    let item = dialect::lock_item(db, id)?.ok_or(diesel::result::Error::NotFound)?;
    if item.author_id != author.id {
        return Err(AppealError::NotYours);
    }
    match standing(db, std::slice::from_ref(&item))?.remove(&id) {
        Some(Standing::MayAsk) => {}
        Some(Standing::Early(from)) => {
            return Err(AppealError::Early(crate::gate::day_and_hour(&from)));
        }
        Some(_) => return Err(AppealError::Already),
        None => return Err(AppealError::Nothing),
    }
    let open: i64 = open()
        .filter(appeals::author_id.eq(author.id))
        .select(count_star())
        .first(db)?;
    if open >= MOST_OPEN {
        return Err(AppealError::TooMany);
    }
    // What waits for a person was not decided by one, whoever looked at it before.
    let first = match item.queue {
        Some(_) => None,
        None => first_decision(db, id)?,
    };
    diesel::insert_into(appeals::table)
        .values((
            appeals::item_id.eq(id),
            appeals::author_id.eq(author.id),
            appeals::words.eq(words),
            appeals::verdict_id.eq(first),
            appeals::created_at.eq(now()),
        ))
        .execute(db)?;
    Act {
        actor: Some(author.id),
        act: "appeal",
        item: Some(id),
        detail: &format!("{} {id}", item.kind),
        ..Act::default()
    }
    .write(db)?;
    Ok(())
}

/// The newest verdict of a person on it that stands.
fn first_decision(db: &mut Db, item: ItemId) -> QueryResult<Option<VerdictId>> {
    verdicts::table
        .inner_join(users::table.on(users::id.eq(verdicts::by_id)))
        .filter(verdicts::item_id.eq(item))
        .filter(verdicts::undone_at.is_null())
        .filter(users::robot.eq(false))
        .order(verdicts::id.desc())
        .select(verdicts::id)
        .first(db)
        .optional()
}

/// Those of these items that were asked about, answered or not: that is done once.
pub fn among(db: &mut Db, ids: &[ItemId]) -> QueryResult<HashSet<ItemId>> {
    let asked: Vec<ItemId> = appeals::table
        .filter(appeals::item_id.eq_any(ids))
        .select(appeals::item_id)
        .load(db)?;
    Ok(asked.into_iter().collect())
}

/// Those of these items whose authors wait for an answer.
pub fn open_among(db: &mut Db, ids: &[ItemId]) -> QueryResult<HashSet<ItemId>> {
    let open: Vec<ItemId> = appeals::table
        .filter(appeals::item_id.eq_any(ids))
        .filter(appeals::decided_at.is_null())
        .select(appeals::item_id)
        .load(db)?;
    Ok(open.into_iter().collect())
}

/// Those that wait. What its author deleted, or an undo has brought back, needs no answer; what its
/// maker declined is no moderator's to answer, and would wait for ever.
fn open() -> appeals::BoxedQuery<'static, <Db as Connection>::Backend> {
    let away = items::table
        .filter(
            items::state
                .eq_any([State::Held, State::Spam, State::Removed])
                .or(items::queue.is_not_null()),
        )
        .filter(items::state.ne(State::Removed).or(items::why.ne(BY_MAKER)))
        .filter(items::id.eq(appeals::item_id))
        .select(items::id);
    appeals::table
        .filter(appeals::decided_at.is_null())
        .filter(diesel::dsl::exists(away))
        .into_boxed()
}

pub fn count(db: &mut Db) -> QueryResult<i64> {
    open().select(count_star()).first(db)
}

/// Those against a decision: their items wait in no other queue.
pub fn of_decided(db: &mut Db) -> QueryResult<i64> {
    open()
        .filter(appeals::verdict_id.is_not_null())
        .select(count_star())
        .first(db)
}

/// Who waits longest first, and where the next page begins.
pub fn page(db: &mut Db, after: Option<AppealId>) -> QueryResult<(Vec<Appeal>, Option<AppealId>)> {
    let mut query = open().order(appeals::id).limit(PAGE + 1);
    if let Some(after) = after {
        query = query.filter(appeals::id.gt(after));
    }
    let mut page: Vec<Appeal> = query.select(Appeal::as_select()).load(db)?;
    let more = page.len() as i64 > PAGE;
    page.truncate(PAGE as usize);
    let next = page.last().filter(|_| more).map(|last| last.id);
    Ok((page, next))
}

/// A decision that an appeal is about.
#[derive(Clone, Debug, Queryable)]
pub struct First {
    pub id: VerdictId,
    pub batch_id: BatchId,
    pub by_id: UserId,
    pub by: String,
    pub verdict: Verdict,
    pub reason: String,
    pub at: NaiveDateTime,
}

/// The first decisions of these appeals. One that was undone since is none.
pub fn firsts(db: &mut Db, of: &[Appeal]) -> QueryResult<HashMap<VerdictId, First>> {
    let ids: Vec<VerdictId> = of.iter().filter_map(|appeal| appeal.verdict_id).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<First> = verdicts::table
        .inner_join(users::table.on(users::id.eq(verdicts::by_id)))
        .filter(verdicts::id.eq_any(ids))
        .filter(verdicts::undone_at.is_null())
        .select((
            verdicts::id,
            verdicts::batch_id,
            verdicts::by_id,
            users::username,
            verdicts::verdict,
            verdicts::reason,
            verdicts::created_at,
        ))
        .load(db)?;
    Ok(rows.into_iter().map(|first| (first.id, first)).collect())
}

/// Whether nobody else on the site could decide about a text of this author.
pub fn is_alone(db: &mut Db, by: UserId, author: UserId) -> QueryResult<bool> {
    let other: Option<UserId> = users::table
        .filter(users::role.eq_any([Role::Moderator, Role::Admin]))
        .filter(users::robot.eq(false))
        .filter(users::id.ne(by).and(users::id.ne(author)))
        .filter(
            users::locked_out_until
                .is_null()
                .or(users::locked_out_until.le(now())),
        )
        .select(users::id)
        .first(db)
        .optional()?;
    Ok(other.is_none())
}

/// Whether a verdict by this person would answer their own appeal, though somebody else could.
pub fn is_own(db: &mut Db, item: &Item, by: UserId) -> QueryResult<bool> {
    Ok(item.author_id == by && is_away(item) && !is_alone(db, by, by)?)
}

/// Why a person may not decide an appeal, if so. Who is alone on the desk may decide what they
/// decided first: better than nobody.
pub fn refusal(
    appeal: &Appeal,
    first: Option<&First>,
    by: UserId,
    alone: bool,
) -> Option<AppealError> {
    if alone {
        None
    } else if appeal.author_id == by {
        Some(AppealError::OwnText)
    } else if first.is_some_and(|first| first.by_id == by) {
        Some(AppealError::First)
    } else {
        None
    }
}

/// What a moderator answers.
#[derive(Clone, Debug)]
pub struct Ruling<'a> {
    pub outcome: Outcome,
    /// Why what waited stays away: `spam`, or a reason of a removal. Of a decided item its own stays.
    pub reason: &'a str,
    /// For the author; may be empty.
    pub answer: &'a str,
    /// The item's version that the moderator saw.
    pub version: Option<i32>,
}

/// Decides an appeal by a verdict on its item, in a write transaction.
pub fn decide(
    db: &mut Db,
    by: &User,
    id: AppealId,
    ruling: &Ruling,
) -> Result<BatchId, AppealError> {
    let found: Appeal = appeals::table
        .find(id)
        .select(Appeal::as_select())
        .get_result(db)?;
    let item = dialect::lock_item(db, found.item_id)?.ok_or(diesel::result::Error::NotFound)?;
    // Under the lock of its item: of two who decide at once, the second sees what the first did.
    let appeal: Appeal = appeals::table
        .find(id)
        .select(Appeal::as_select())
        .get_result(db)?;
    let version = ruling.version.unwrap_or(item.version);
    if appeal.decided_at.is_some() || version != item.version || !is_away(&item) {
        return Err(AppealError::Changed);
    }
    let first = firsts(db, std::slice::from_ref(&appeal))?
        .into_values()
        .next();
    let alone = is_alone(db, by.id, appeal.author_id)?;
    if let Some(refusal) = refusal(&appeal, first.as_ref(), by.id, alone) {
        return Err(refusal);
    }
    let (verdict, reason) = match (ruling.outcome, item.state) {
        (Outcome::Overturned, State::Removed | State::Spam) => (Verdict::Restore, ""),
        (Outcome::Overturned, _) => (Verdict::Ham, ""),
        (Outcome::Upheld, State::Spam) => (Verdict::Spam, ""),
        (Outcome::Upheld, State::Removed) => (Verdict::Remove, item.evidence.as_str()),
        (Outcome::Upheld, _) => match ruling.reason {
            "spam" => (Verdict::Spam, ""),
            reason if Reasons::load(db)?.choose(reason).is_some() => (Verdict::Remove, reason),
            _ => return Err(AppealError::Reason),
        },
    };
    let seen = Seen {
        kind: item.kind,
        id: item.id,
        version: Some(item.version),
    };
    let outcomes = verdict::decide(db, by.id, verdict, reason, &[seen])?;
    let batch = outcomes.batch.ok_or(AppealError::Changed)?;
    diesel::update(appeals::table.find(id))
        .set(appeals::answer.eq(ruling.answer))
        .execute(db)?;
    let about = match &first {
        Some(first) => format!("first decided by {}: {}", first.by, first.verdict),
        None => "nobody had decided it before".to_owned(),
    };
    let own = first.is_some_and(|first| first.by_id == by.id) || appeal.author_id == by.id;
    Act {
        actor: Some(by.id),
        act: ruling.outcome.as_str(),
        item: Some(item.id),
        user: Some(appeal.author_id),
        detail: &format!(
            "{} {}, batch {batch}, {about}{}",
            item.kind,
            item.id,
            if own {
                "; nobody else moderates here"
            } else {
                ""
            }
        ),
        ..Act::default()
    }
    .write(db)?;
    Ok(batch)
}

/// A verdict on items whose authors wait for an answer is the answer, wherever it was given; but who
/// decided against an author does not say no a second time.
pub(super) fn answer(
    db: &mut Db,
    batch: BatchId,
    by: UserId,
    verdict: Verdict,
    ids: &[ItemId],
) -> QueryResult<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let outcome = match verdict {
        Verdict::Ham | Verdict::Restore => Outcome::Overturned,
        Verdict::Spam | Verdict::Remove => Outcome::Upheld,
        Verdict::Hold => return Ok(()),
    };
    let open: Vec<Appeal> = appeals::table
        .filter(appeals::item_id.eq_any(ids))
        .filter(appeals::decided_at.is_null())
        .select(Appeal::as_select())
        .load(db)?;
    let firsts = firsts(db, &open)?;
    let given: HashMap<ItemId, VerdictId> = verdicts::table
        .filter(verdicts::batch_id.eq(batch))
        .filter(verdicts::item_id.eq_any(ids))
        .select((verdicts::item_id, verdicts::id))
        .load(db)?
        .into_iter()
        .collect();
    let mut answered = Vec::new();
    for appeal in open {
        let first = appeal.verdict_id.and_then(|id| firsts.get(&id));
        let again = outcome == Outcome::Upheld && first.is_some_and(|first| first.by_id == by);
        if again && !is_alone(db, by, appeal.author_id)? {
            continue;
        }
        let Some(verdict) = given.get(&appeal.item_id) else {
            continue;
        };
        diesel::update(appeals::table.find(appeal.id))
            .set((
                appeals::closed_by.eq(*verdict),
                appeals::by_id.eq(by),
                appeals::outcome.eq(outcome),
                appeals::decided_at.eq(now()),
            ))
            .execute(db)?;
        Job::enqueue_in(db, JOB, &(appeal.id, *verdict), UNTOLD)?;
        answered.push(*verdict);
    }
    // The answer tells the author: no second letter about the verdict.
    diesel::update(verdicts::table.filter(verdicts::id.eq_any(answered)))
        .set(verdicts::news.eq(None::<News>))
        .execute(db)
        .map(|_| ())
}

/// What undone verdicts had answered waits again.
pub(super) fn reopen(db: &mut Db, undone: &[VerdictId]) -> QueryResult<usize> {
    diesel::update(appeals::table.filter(appeals::closed_by.eq_any(undone)))
        .set((
            appeals::closed_by.eq(None::<VerdictId>),
            appeals::by_id.eq(None::<UserId>),
            appeals::outcome.eq(None::<Outcome>),
            appeals::answer.eq(""),
            appeals::decided_at.eq(None::<NaiveDateTime>),
            appeals::told_at.eq(None::<NaiveDateTime>),
        ))
        .execute(db)
}

/// What the author of an appeal is written, once: None when it was undone or decided otherwise
/// meanwhile, or they were told.
pub fn take_answer(
    db: &mut Db,
    id: AppealId,
    verdict: VerdictId,
) -> QueryResult<Option<(Appeal, Item, User)>> {
    let taken = diesel::update(
        appeals::table
            .find(id)
            .filter(appeals::closed_by.eq(verdict))
            .filter(appeals::told_at.is_null()),
    )
    .set(appeals::told_at.eq(now()))
    .execute(db)?;
    if taken == 0 {
        return Ok(None);
    }
    let appeal: Appeal = appeals::table
        .find(id)
        .select(Appeal::as_select())
        .get_result(db)?;
    let item = Item::find(db, appeal.item_id)?;
    let left: i32 = verdicts::table
        .find(verdict)
        .select(verdicts::version_after)
        .get_result(db)?;
    if item.version != left {
        return Ok(None);
    }
    let author = User::find(db, appeal.author_id)?;
    Ok(Some((appeal, item, author)))
}
