//! Verdicts: what a person decides on items, in a batch, and undoing it.
//!
//! `spam` and `ham` teach the filter; `remove` never does, for rudeness is not spam. Restoring from
//! Spam is ham; restoring what was removed leaves the label alone. A batch is one transaction.

use super::log::Act;
use crate::account::User;
use crate::db::{BatchId, ItemId, ModelId, RevisionId, UserId, VerdictId, dialect, now};
use crate::intake::{APPROVE_FIRST, Outcome};
use crate::item::{Counts, Item, Kind, Queue, Revision, RevisionState, Standing, State};
use crate::schema::{batches, items, projects, reports, users, verdicts};
use crate::{Db, QueryResult, words};
use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;
use std::collections::HashMap;

/// Items of one batch; more are decided in several.
pub const MOST: usize = 1_000;
/// How long a batch can be taken back.
pub const UNDO: Duration = Duration::days(30);
/// "Looked at" in Recent: the person did not study it as they study what is held.
const LOOKED_AT_WEIGHT: f64 = 0.5;

words! {
    pub enum Verdict { Spam = "spam", Ham = "ham", Remove = "remove", Restore = "restore" }
}

words! {
    /// Why a text was removed that is not spam. Shown in its place.
    pub enum Reason {
        Unkind = "unkind",
        OffTopic = "off-topic",
        Harassment = "harassment",
        Private = "private",
        Illegal = "illegal",
        Other = "other",
    }
}

impl Reason {
    /// What readers see where the text stood.
    pub fn sentence(self) -> &'static str {
        match self {
            Reason::Unkind => "it was unkind",
            Reason::OffTopic => "it was not about the project",
            Reason::Harassment => "it went after a person",
            Reason::Private => "it told something private",
            Reason::Illegal => "it may not be shown by law",
            Reason::Other => "it broke the code of conduct",
        }
    }
}

words! {
    pub enum Label { Spam = "spam", Ham = "ham" }
}

impl Reason {
    /// As a moderator chooses it.
    pub fn label(self) -> &'static str {
        match self {
            Reason::Unkind => "Unkind",
            Reason::OffTopic => "Off topic",
            Reason::Harassment => "Harassment or hate",
            Reason::Private => "Private information",
            Reason::Illegal => "Against the law",
            Reason::Other => "Something else",
        }
    }
}

/// An item as the moderator saw it: `comment:12`, or `comment:12@3` if the page said its version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    pub kind: Kind,
    pub id: ItemId,
    pub version: Option<i32>,
}

impl std::str::FromStr for Seen {
    type Err = ();

    fn from_str(word: &str) -> Result<Seen, ()> {
        let (kind, rest) = word.split_once(':').ok_or(())?;
        let (id, version) = match rest.split_once('@') {
            Some((id, version)) => (id, Some(version.parse().map_err(|_| ())?)),
            None => (rest, None),
        };
        Ok(Seen {
            kind: kind.parse().map_err(|_| ())?,
            id: id.parse().map_err(|_| ())?,
            version,
        })
    }
}

/// What became of a batch.
#[derive(Debug)]
pub struct Outcomes {
    /// None when nothing was left to decide.
    pub batch: Option<BatchId>,
    pub done: usize,
    /// Items left as they were, and why.
    pub skipped: Vec<(ItemId, Skip)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Skip {
    Gone,
    /// Somebody decided, or the author edited, since the page was made.
    Changed {
        by: Option<String>,
    },
    /// It is already so, or its author deleted it.
    Nothing,
}

/// Kept with a verdict, so that an undo puts everything back.
#[derive(serde::Serialize, serde::Deserialize)]
struct Before {
    standing: Standing,
    /// An undo brings back what the verdict before left, so that one can be undone too.
    version: i32,
    /// The waiting edit this verdict let through or refused, and what was shown before it.
    edit: Option<RevisionId>,
    shown: Option<RevisionId>,
}

/// Where the filter alone had put an item that a verdict met, from the verdict's `before`: published
/// and never looked at, or put away for its score. None when somebody had decided, or it was held.
pub fn decided_by_filter(before: &str) -> Option<State> {
    let before: Before = serde_json::from_str(before).ok()?;
    let standing = before.standing;
    let alone = standing.looked_at.is_none() && before.edit.is_none();
    match standing.state {
        State::Published if alone => Some(State::Published),
        State::Spam if standing.looked_at.is_none() && standing.why == "filter" => {
            Some(State::Spam)
        }
        _ => None,
    }
}

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = verdicts)]
pub struct Given {
    pub id: VerdictId,
    pub batch_id: BatchId,
    pub item_id: ItemId,
    pub by_id: UserId,
    pub verdict: Verdict,
    pub reason: String,
    pub label: Option<Label>,
    pub score: Option<f64>,
    pub model_id: Option<ModelId>,
    pub created_at: NaiveDateTime,
    pub undone_at: Option<NaiveDateTime>,
}

/// Decides items in one batch, to be called in a write transaction.
pub fn decide(
    db: &mut Db,
    by: UserId,
    verdict: Verdict,
    reason: &str,
    seen: &[Seen],
) -> QueryResult<Outcomes> {
    let mut outcomes = Outcomes {
        batch: None,
        done: 0,
        skipped: Vec::new(),
    };
    // Always in one order: two moderators with overlapping pages must not wait for each other.
    let mut seen = seen.to_vec();
    seen.sort_by_key(|seen| seen.id);
    seen.dedup_by_key(|seen| seen.id);
    let mut counts = Counts::default();
    for seen in &seen {
        let found = dialect::lock_item(db, seen.id)?;
        let Some(item) = found.filter(|item| item.kind == seen.kind) else {
            outcomes.skipped.push((seen.id, Skip::Gone));
            continue;
        };
        if seen.version.is_some_and(|version| version != item.version) {
            let by = last_decider(db, item.id)?;
            outcomes.skipped.push((item.id, Skip::Changed { by }));
            continue;
        }
        let Some(act) = plan(db, &item, verdict, reason)? else {
            outcomes.skipped.push((item.id, Skip::Nothing));
            continue;
        };
        let batch = match outcomes.batch {
            Some(batch) => batch,
            None => *outcomes.batch.insert(open_batch(db, by, verdict, reason)?),
        };
        carry_out(db, by, batch, &item, reason, act, &mut counts)?;
        outcomes.done += 1;
    }
    counts.apply(db)?;
    if let Some(batch) = outcomes.batch {
        let detail = format!(
            "{verdict} on {} items{}{}",
            outcomes.done,
            if reason.is_empty() { "" } else { ": " },
            reason
        );
        Act {
            actor: Some(by),
            act: verdict.as_str(),
            batch: Some(batch),
            detail: &detail,
            ..Act::default()
        }
        .write(db)?;
    }
    Ok(outcomes)
}

/// What a verdict does to an item.
struct Plan {
    verdict: Verdict,
    to: Standing,
    label: Option<Label>,
    weight: f64,
    /// The waiting edit becomes the text that readers see.
    publishes: Option<Revision>,
    judged: Revision,
    /// What readers saw before.
    shown: Option<Revision>,
}

/// What the filter does by itself when it judges a held text again: to Spam, where it waits for a
/// person, or to readers, where Recent shows it. It teaches nothing. The item is locked.
pub fn by_the_filter(
    db: &mut Db,
    batch: &mut Option<BatchId>,
    verdict: Verdict,
    item: &Item,
    judged: Revision,
    evidence: &str,
    counts: &mut Counts,
) -> QueryResult<()> {
    let robot = User::robot(db)?;
    let batch = match *batch {
        Some(batch) => batch,
        None => *batch.insert(open_batch(db, robot, verdict, "")?),
    };
    let mut to = item.standing();
    to.looked_at = None;
    to.queue = None;
    let mut publishes = None;
    if verdict == Verdict::Spam {
        to.state = State::Spam;
        to.queue = Some(Queue::Spam);
        because(&mut to, "filter", evidence);
    } else if publish(db, item, &judged, false, &mut to)? {
        publishes = Some(judged.clone());
    }
    let plan = Plan {
        verdict,
        to,
        label: None,
        weight: 1.0,
        publishes,
        judged,
        shown: None,
    };
    carry_out(db, robot, batch, item, "", plan, counts)
}

/// None when there is nothing to do.
fn plan(db: &mut Db, item: &Item, verdict: Verdict, reason: &str) -> QueryResult<Option<Plan>> {
    if item.state == State::Deleted || item.state == State::Draft {
        return Ok(None);
    }
    let judged = Revision::current(db, item.id)?;
    let shown = Revision::published(db, item.id)?;
    let waiting = (judged.state == RevisionState::Waiting).then(|| judged.clone());
    let mut to = item.standing();
    to.looked_at = Some(now());
    to.queue = None;
    let mut publishes = None;
    let (label, weight) = match verdict {
        Verdict::Spam => {
            if item.state == State::Spam && item.queue.is_none() && item.reports == 0 {
                return Ok(None);
            }
            to.state = State::Spam;
            because(&mut to, "moderator", "spam");
            (Some(Label::Spam), 1.0)
        }
        Verdict::Ham => {
            let only_looked =
                item.state == State::Published && item.queue.is_none() && item.reports == 0;
            if only_looked && item.looked_at.is_some() {
                return Ok(None);
            }
            if publish(db, item, &judged, shown.is_some(), &mut to)? {
                publishes = waiting;
            } else if only_sent_on(item, &to) {
                return Ok(None);
            }
            (
                Some(Label::Ham),
                if only_looked { LOOKED_AT_WEIGHT } else { 1.0 },
            )
        }
        Verdict::Remove => {
            if item.state == State::Removed && item.reports == 0 {
                return Ok(None);
            }
            to.state = State::Removed;
            because(&mut to, "moderator", reason);
            (None, 1.0)
        }
        Verdict::Restore => {
            let label = match item.state {
                State::Spam => Some(Label::Ham),
                State::Removed => None,
                _ => return Ok(None),
            };
            if item.state == State::Removed && shown.is_some() && waiting.is_some() {
                // What was removed comes back. The edit that waited beside it was not approved by
                // that, and waits on.
                to.state = State::Published;
                judged.wait_again(item.kind, &mut to);
            } else if publish(db, item, &judged, shown.is_some(), &mut to)? {
                publishes = waiting;
            }
            (label, 1.0)
        }
    };
    Ok(Some(Plan {
        verdict,
        shown,
        to,
        label,
        weight,
        publishes,
        judged,
    }))
}

fn because(to: &mut Standing, why: &str, evidence: &str) {
    to.why = why.to_owned();
    to.evidence = evidence.to_owned();
}

/// Published, or on to the maker who approves each comment first (now, and when it was posted) and
/// has not let this text through. Gives whether readers see the judged text.
fn publish(
    db: &mut Db,
    item: &Item,
    judged: &Revision,
    has_shown: bool,
    to: &mut Standing,
) -> QueryResult<bool> {
    let asked_for = judged.state == RevisionState::Waiting
        && judged
            .steps()
            .iter()
            .any(|step| step.name == APPROVE_FIRST && step.outcome == Outcome::Hold);
    let for_the_maker = match item.project_id {
        Some(project) if asked_for => projects::table
            .find(project)
            .select(projects::approve_first)
            .first(db)?,
        _ => false,
    };
    if for_the_maker {
        // Beside an edit that waits, readers see the text before it.
        to.state = if has_shown {
            State::Published
        } else {
            State::Held
        };
        to.queue = Some(Queue::Maker);
        because(to, APPROVE_FIRST, "the maker approves each comment");
    } else {
        to.state = State::Published;
        because(to, "", "");
    }
    Ok(!for_the_maker)
}

/// A moderator looked before, and it still waits for the maker.
fn only_sent_on(item: &Item, to: &Standing) -> bool {
    item.queue == to.queue
        && item.state == to.state
        && item.looked_at.is_some()
        && item.reports == 0
}

fn open_batch(db: &mut Db, by: UserId, verdict: Verdict, reason: &str) -> QueryResult<BatchId> {
    diesel::insert_into(batches::table)
        .values((
            batches::by_id.eq(by),
            batches::verdict.eq(verdict),
            batches::reason.eq(reason),
            batches::created_at.eq(now()),
        ))
        .returning(batches::id)
        .get_result(db)
}

fn carry_out(
    db: &mut Db,
    by: UserId,
    batch: BatchId,
    item: &Item,
    reason: &str,
    plan: Plan,
    counts: &mut Counts,
) -> QueryResult<()> {
    let before = Before {
        standing: item.standing(),
        version: item.version,
        edit: (plan.judged.state == RevisionState::Waiting).then_some(plan.judged.id),
        shown: plan.shown.map(|revision| revision.id),
    };
    let version_after = item.settle_counting(db, plan.to, counts)?;
    if let Some(edit) = plan.publishes {
        edit.show(db, item.kind)?;
    }
    let before = serde_json::to_string(&before)
        .map_err(|error| diesel::result::Error::SerializationError(error.into()))?;
    let verdict_id: VerdictId = diesel::insert_into(verdicts::table)
        .values((
            (
                verdicts::batch_id.eq(batch),
                verdicts::item_id.eq(item.id),
                verdicts::by_id.eq(by),
            ),
            (
                verdicts::revision_id.eq(plan.judged.id),
                verdicts::verdict.eq(plan.verdict),
                verdicts::reason.eq(reason),
            ),
            (
                verdicts::label.eq(plan.label),
                verdicts::weight.eq(plan.weight),
            ),
            (
                verdicts::score.eq(plan.judged.score),
                verdicts::model_id.eq(plan.judged.model_id),
            ),
            (
                verdicts::before.eq(before),
                verdicts::version_after.eq(version_after),
                verdicts::created_at.eq(now()),
            ),
        ))
        .returning(verdicts::id)
        .get_result(db)?;
    if item.reports > 0 {
        diesel::update(
            reports::table.filter(
                reports::item_id
                    .eq(item.id)
                    .and(reports::closed_by.is_null()),
            ),
        )
        .set(reports::closed_by.eq(verdict_id.0))
        .execute(db)?;
        diesel::update(items::table.find(item.id))
            .set(items::reports.eq(0))
            .execute(db)?;
    }
    Ok(())
}

fn last_decider(db: &mut Db, item: ItemId) -> QueryResult<Option<String>> {
    verdicts::table
        .inner_join(users::table.on(users::id.eq(verdicts::by_id)))
        .filter(
            verdicts::item_id
                .eq(item)
                .and(verdicts::undone_at.is_null()),
        )
        .order(verdicts::id.desc())
        .select(users::username)
        .first(db)
        .optional()
}

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = batches)]
pub struct Batch {
    pub id: BatchId,
    pub by_id: UserId,
    pub verdict: Verdict,
    pub reason: String,
    pub created_at: NaiveDateTime,
    pub undone_at: Option<NaiveDateTime>,
    pub undone_by: Option<UserId>,
}

/// A batch with the people's names and the number of its items, as the desk tells of it.
#[derive(Clone, Debug)]
pub struct Told {
    pub batch: Batch,
    pub by: String,
    pub undone_by: Option<String>,
    pub items: i64,
    /// Items on which it stands; of an undone batch, because somebody decided again in between.
    pub left: i64,
}

impl Told {
    pub fn can_be_undone(&self) -> bool {
        self.left > 0 && self.batch.undone_at.is_none() && now() - self.batch.created_at <= UNDO
    }
}

fn tell(db: &mut Db, batches: Vec<(Batch, String)>) -> QueryResult<Vec<Told>> {
    let ids: Vec<BatchId> = batches.iter().map(|(batch, _)| batch.id).collect();
    let undoers: Vec<UserId> = batches.iter().filter_map(|(b, _)| b.undone_by).collect();
    let names: HashMap<UserId, String> = users::table
        .filter(users::id.eq_any(undoers))
        .select((users::id, users::username))
        .load(db)?
        .into_iter()
        .collect();
    let count = |undone: bool, db: &mut Db| -> QueryResult<HashMap<BatchId, i64>> {
        let rows: Vec<(BatchId, i64)> = verdicts::table
            .filter(
                verdicts::batch_id
                    .eq_any(&ids)
                    .and(verdicts::undone_at.is_null().eq(!undone)),
            )
            .group_by(verdicts::batch_id)
            .select((verdicts::batch_id, diesel::dsl::count_star()))
            .load(db)?;
        Ok(rows.into_iter().collect())
    };
    let (standing, undone) = (count(false, db)?, count(true, db)?);
    Ok(batches
        .into_iter()
        .map(|(batch, by)| {
            let of = |counts: &HashMap<BatchId, i64>| counts.get(&batch.id).copied().unwrap_or(0);
            Told {
                by,
                undone_by: batch.undone_by.and_then(|id| names.get(&id).cloned()),
                items: of(&standing) + of(&undone),
                left: of(&standing),
                batch,
            }
        })
        .collect())
}

impl Batch {
    /// These batches, in any order.
    pub fn told(db: &mut Db, ids: &[BatchId]) -> QueryResult<Vec<Told>> {
        let batches = batches::table
            .inner_join(users::table.on(users::id.eq(batches::by_id)))
            .filter(batches::id.eq_any(ids))
            .select((Batch::as_select(), users::username))
            .load(db)?;
        tell(db, batches)
    }

    /// The newest, of one moderator or of all.
    pub fn latest(db: &mut Db, by: Option<UserId>, limit: i64) -> QueryResult<Vec<Told>> {
        let mut query = batches::table
            .inner_join(users::table.on(users::id.eq(batches::by_id)))
            .order(batches::id.desc())
            .limit(limit)
            .select((Batch::as_select(), users::username))
            .into_boxed();
        if let Some(by) = by {
            query = query.filter(batches::by_id.eq(by));
        }
        let batches = query.load(db)?;
        tell(db, batches)
    }

    pub fn find(db: &mut Db, id: BatchId) -> QueryResult<Batch> {
        batches::table.find(id).select(Batch::as_select()).first(db)
    }

    /// The verdicts of it, in the order they were given.
    pub fn verdicts(&self, db: &mut Db) -> QueryResult<Vec<Given>> {
        verdicts::table
            .filter(verdicts::batch_id.eq(self.id))
            .order(verdicts::id)
            .select(Given::as_select())
            .load(db)
    }
}

#[derive(Debug)]
pub struct Undone {
    pub done: usize,
    /// Decided again since, by somebody, or edited: they stay as they are.
    pub left: Vec<ItemId>,
}

#[derive(Debug, thiserror::Error)]
pub enum UndoError {
    #[error("This was undone before.")]
    Already,
    #[error(
        "Nothing of this can be undone now: every item of it was decided or changed again since{}. Undo that first.",
        .by.as_ref().map_or(String::new(), |by| format!(", last by {by}"))
    )]
    Overruled { by: Option<String> },
    #[error("A decision can be taken back for 30 days; this one is older.")]
    TooOld,
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

/// Takes a batch back: states, counters, labels and reports. To be called in a write transaction.
/// Items decided again since stay; once that is undone too, the rest of the batch can follow.
pub fn undo(db: &mut Db, id: BatchId, by: UserId) -> Result<Undone, UndoError> {
    let at = now();
    // Of two who undo at once, the second sees what the first did.
    dialect::lock(db, &format!("batch:{id}"))?;
    let batch = Batch::find(db, id)?;
    if batch.undone_at.is_some() {
        return Err(UndoError::Already);
    }
    if at - batch.created_at > UNDO {
        return Err(UndoError::TooOld);
    }
    let given: Vec<(VerdictId, ItemId, String, i32)> = verdicts::table
        .filter(verdicts::batch_id.eq(id).and(verdicts::undone_at.is_null()))
        .order(verdicts::item_id)
        .select((
            verdicts::id,
            verdicts::item_id,
            verdicts::before,
            verdicts::version_after,
        ))
        .load(db)?;
    let mut undone = Undone {
        done: 0,
        left: Vec::new(),
    };
    let mut counts = Counts::default();
    for (verdict, item, before, version_after) in given {
        let Some(item) = dialect::lock_item(db, item)? else {
            continue;
        };
        if item.version != version_after {
            undone.left.push(item.id);
            continue;
        }
        put_back(db, &item, verdict, &before, &mut counts)?;
        undone.done += 1;
    }
    if undone.done == 0 {
        let by = match undone.left.last() {
            Some(item) => last_decider(db, *item)?,
            None => None,
        };
        return Err(UndoError::Overruled { by });
    }
    counts.apply(db)?;
    diesel::update(batches::table.find(id))
        .set((
            batches::undone_at.eq(undone.left.is_empty().then_some(at)),
            batches::undone_by.eq(by),
        ))
        .execute(db)?;
    let detail = format!("undid {} on {} items", batch.verdict, undone.done);
    Act {
        actor: Some(by),
        act: "undo",
        batch: Some(id),
        detail: &detail,
        ..Act::default()
    }
    .write(db)?;
    Ok(undone)
}

fn put_back(
    db: &mut Db,
    item: &Item,
    verdict: VerdictId,
    before: &str,
    counts: &mut Counts,
) -> QueryResult<()> {
    let before: Before = serde_json::from_str(before)
        .map_err(|error| diesel::result::Error::DeserializationError(error.into()))?;
    let version = item.settle_counting(db, before.standing, counts)?;
    // It stands again as the verdict before this one left it.
    diesel::update(
        verdicts::table
            .filter(
                verdicts::item_id
                    .eq(item.id)
                    .and(verdicts::undone_at.is_null()),
            )
            .filter(verdicts::version_after.eq(before.version)),
    )
    .set(verdicts::version_after.eq(version))
    .execute(db)?;
    if let Some(edit) = before.edit {
        let edit = find_revision(db, edit)?;
        // It had been let through: what was shown before it is shown again.
        if edit.state == RevisionState::Published {
            if let Some(shown) = before.shown {
                find_revision(db, shown)?.show(db, item.kind)?;
            }
            edit.set_state(db, RevisionState::Waiting)?;
        }
    }
    let reopened = diesel::update(reports::table.filter(reports::closed_by.eq(verdict.0)))
        .set(reports::closed_by.eq(None::<i64>))
        .execute(db)?;
    // Added, not put back: somebody may have reported it since.
    diesel::update(items::table.find(item.id))
        .set(items::reports.eq(items::reports + reopened as i32))
        .execute(db)?;
    diesel::update(verdicts::table.find(verdict))
        .set(verdicts::undone_at.eq(now()))
        .execute(db)
        .map(|_| ())
}

fn find_revision(db: &mut Db, id: RevisionId) -> QueryResult<Revision> {
    use crate::schema::revisions;
    revisions::table
        .find(id)
        .select(Revision::as_select())
        .first(db)
}

#[cfg(test)]
mod tests;
