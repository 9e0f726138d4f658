//! Verdicts: what a person decides on items, in a batch, and undoing it.
//!
//! `spam` and `ham` teach the filter; `remove` never does, for rudeness is not spam. Restoring from
//! Spam is ham; restoring what was removed leaves the label alone. A batch is one transaction.

use super::letters::{self, News};
use super::log::{Act, counted};
use super::{UNTOLD, appeal, bulk, report};
use crate::account::User;
use crate::db::{BatchId, ItemId, ModelId, RevisionId, UserId, VerdictId, dialect, now};
use crate::intake::{APPROVE_FIRST, Outcome};
use crate::item::{Counts, Item, Kind, Queue, Revision, RevisionState, Standing, State};
use crate::job::Job;
use crate::maker::{self, BY_MAKER};
use crate::schema::{batches, items, projects, reports, revisions, users, verdicts};
use crate::{Db, QueryResult, both, words};
use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Items of one transaction. A batch over more goes on in steps ([`super::bulk`]).
pub const MOST: usize = 1_000;
/// How long a batch can be taken back.
pub const UNDO: Duration = Duration::days(30);
/// "Looked at" in Recent: the person did not study it as they study what is held.
const LOOKED_AT_WEIGHT: f64 = 0.5;

words! {
    pub enum Verdict {
        Spam = "spam",
        Ham = "ham",
        Remove = "remove",
        Restore = "restore",
        /// The robot's alone: readers reported it, and it waits for a person.
        Hold = "hold",
    }
}

words! {
    pub enum Label { Spam = "spam", Ham = "ham" }
}

/// An item as the moderator saw it: `comment:12`, or `comment:12@3` if the page said its version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    pub kind: Kind,
    pub id: ItemId,
    pub version: Option<i32>,
}

/// As it is read: decided on only if nobody comes in between.
impl From<(Kind, ItemId, i32)> for Seen {
    fn from((kind, id, version): (Kind, ItemId, i32)) -> Seen {
        Seen {
            kind,
            id,
            version: Some(version),
        }
    }
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
    /// One's own text, of which one asked for another look: others decide that.
    OwnAppeal,
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
    met(before)?.1
}

/// How an item stood when a verdict met it, from the verdict's `before`; and where the filter alone
/// had put it, if it had.
pub fn met(before: &str) -> Option<(Standing, Option<State>)> {
    let before: Before = serde_json::from_str(before).ok()?;
    let standing = before.standing;
    let alone = standing.looked_at.is_none() && before.edit.is_none();
    let by_filter = match standing.state {
        State::Published if alone => Some(State::Published),
        State::Spam if standing.looked_at.is_none() && standing.why == "filter" => {
            Some(State::Spam)
        }
        _ => None,
    };
    Some((standing, by_filter))
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
    let asked = Asked {
        by,
        verdict,
        reason,
    };
    decide_into(db, &asked, &mut outcomes, seen)?;
    if let Some(batch) = outcomes.batch {
        asked.log(db, batch, outcomes.done)?;
        letters::wait(db, batch)?;
    }
    Ok(outcomes)
}

/// What a person asked for.
pub(super) struct Asked<'a> {
    pub(super) by: UserId,
    pub(super) verdict: Verdict,
    pub(super) reason: &'a str,
}

impl Asked<'_> {
    fn log(&self, db: &mut Db, batch: BatchId, done: usize) -> QueryResult<()> {
        let detail = format!(
            "{} on {}{}{}",
            self.verdict,
            counted(done as i64, "item"),
            if self.reason.is_empty() { "" } else { ": " },
            self.reason
        );
        // Of many the verdicts themselves tell it.
        let mut one: (Option<ItemId>, Option<String>, Option<String>) = (None, None, None);
        if done == 1 {
            one = verdicts::table
                .filter(verdicts::batch_id.eq(batch))
                .select((
                    verdicts::item_id.nullable(),
                    verdicts::state_before,
                    verdicts::state_after,
                ))
                .first(db)?;
        }
        let (item, before, after) = one;
        Act {
            actor: Some(self.by),
            act: self.verdict.as_str(),
            batch: Some(batch),
            detail: &detail,
            item,
            before: before.as_deref().unwrap_or(""),
            after: after.as_deref().unwrap_or(""),
            why: self.reason,
            ..Act::default()
        }
        .write(db)
        .map(|_| ())
    }
}

/// One step of a batch: opens it with the first item that there is something to do with. However
/// many the items, the queries are few.
pub(super) fn decide_into(
    db: &mut Db,
    asked: &Asked,
    outcomes: &mut Outcomes,
    seen: &[Seen],
) -> QueryResult<()> {
    let mut seen = seen.to_vec();
    seen.sort_by_key(|seen| seen.id);
    seen.dedup_by_key(|seen| seen.id);
    let ids: Vec<ItemId> = seen.iter().map(|seen| seen.id).collect();
    let mut cases = Case::load(db, &ids)?;
    let at = now();
    let mut acts = Vec::new();
    for seen in &seen {
        let case = cases.remove(&seen.id);
        let Some(case) = case.filter(|case| case.item.kind == seen.kind) else {
            outcomes.skipped.push((seen.id, Skip::Gone));
            continue;
        };
        let item = &case.item;
        if seen.version.is_some_and(|version| version != item.version) {
            let by = last_decider(db, item.id)?;
            outcomes.skipped.push((item.id, Skip::Changed { by }));
            continue;
        }
        if case.appealed && appeal::is_own(db, item, asked.by)? {
            outcomes.skipped.push((item.id, Skip::OwnAppeal));
            continue;
        }
        match case.plan(asked.verdict, asked.reason, at) {
            Some(plan) => acts.push((case, plan)),
            None => outcomes.skipped.push((seen.id, Skip::Nothing)),
        }
    }
    if acts.is_empty() {
        return Ok(());
    }
    outcomes.done += acts.len();
    let batch = match outcomes.batch {
        Some(batch) => batch,
        None => *outcomes.batch.insert(open_batch(db, asked)?),
    };
    let mut counts = Counts::default();
    carry_out(db, asked, batch, at, acts, &mut counts)?;
    counts.apply(db)
}

/// All that a verdict on an item depends on, read under its lock.
struct Case {
    item: Item,
    judged: Revision,
    /// What readers see.
    shown: Option<Revision>,
    /// The project's maker approves each comment now.
    approve_first: bool,
    /// A maker holds or hides it.
    kept_back: bool,
    /// Its author asks for another look: any verdict answers that.
    appealed: bool,
}

impl Case {
    /// Locks and reads many. What is not there is left out.
    fn load(db: &mut Db, ids: &[ItemId]) -> QueryResult<HashMap<ItemId, Case>> {
        let found = dialect::lock_items(db, ids)?;
        let ids: Vec<ItemId> = found.iter().map(|item| item.id).collect();
        let mut texts = Revision::current_and_published(db, &ids)?;
        let on: HashSet<ItemId> = found.iter().filter_map(|item| item.project_id).collect();
        let approving: HashSet<ItemId> = projects::table
            .filter(projects::approve_first.eq(true))
            .filter(projects::id.eq_any(on))
            .select(projects::id)
            .load(db)?
            .into_iter()
            .collect();
        let kept_back = maker::kept_back(db, &ids)?;
        let appealed = appeal::open_among(db, &ids)?;
        Ok(found
            .into_iter()
            .filter_map(|item| {
                let (judged, shown) = texts.remove(&item.id)?;
                let approve_first = item.project_id.is_some_and(|on| approving.contains(&on));
                let case = Case {
                    judged,
                    shown,
                    approve_first,
                    kept_back: kept_back.contains(&item.id),
                    appealed: appealed.contains(&item.id),
                    item,
                };
                Some((case.item.id, case))
            })
            .collect())
    }
}

/// What a verdict does to an item.
struct Plan {
    to: Standing,
    label: Option<Label>,
    weight: f64,
    /// The waiting text becomes the one that readers see.
    publishes: bool,
}

/// What the filter does by itself when it judges a held text again: to Spam, where it waits for a
/// person, or to readers, where Recent shows it. It teaches nothing. The item is locked.
pub fn by_the_filter(
    db: &mut Db,
    batch: &mut Option<BatchId>,
    verdict: Verdict,
    item: Item,
    judged: Revision,
    evidence: &str,
    counts: &mut Counts,
) -> QueryResult<()> {
    let asked = Asked {
        by: User::robot(db)?,
        verdict,
        reason: "",
    };
    let batch = match *batch {
        Some(batch) => batch,
        None => *batch.insert(open_batch(db, &asked)?),
    };
    let approve_first = match item.project_id {
        Some(project) => projects::table
            .find(project)
            .select(projects::approve_first)
            .get_result(db)?,
        None => false,
    };
    let mut to = item.standing();
    to.looked_at = None;
    to.queue = None;
    let case = Case {
        kept_back: maker::kept_back(db, &[item.id])?.contains(&item.id),
        item,
        judged,
        shown: None,
        approve_first,
        appealed: false,
    };
    let mut publishes = false;
    if verdict == Verdict::Spam {
        to.state = State::Spam;
        to.queue = Some(Queue::Spam);
        because(&mut to, "filter", evidence);
    } else {
        publishes = case.publish(&mut to, case.kept_back);
    }
    let plan = Plan {
        to,
        label: None,
        weight: 1.0,
        publishes,
    };
    carry_out(db, &asked, batch, now(), vec![(case, plan)], counts)
}

/// What enough reports do to a published item: it waits for a person, and its reports wait with it.
/// The item is locked.
pub(super) fn hold_for_readers(
    db: &mut Db,
    item: Item,
    why: &str,
    evidence: &str,
) -> QueryResult<BatchId> {
    let asked = Asked {
        by: User::robot(db)?,
        verdict: Verdict::Hold,
        reason: why,
    };
    let mut to = item.standing();
    to.state = State::Held;
    to.queue = Some(match item.kind {
        Kind::Project => Queue::Projects,
        _ => Queue::Held,
    });
    to.looked_at = None;
    because(&mut to, why, evidence);
    let case = Case {
        judged: Revision::current(db, item.id)?,
        shown: Revision::published(db, item.id)?,
        approve_first: false,
        kept_back: false,
        appealed: false,
        item,
    };
    let plan = Plan {
        to,
        label: None,
        weight: 1.0,
        publishes: false,
    };
    let (batch, id) = (open_batch(db, &asked)?, case.item.id);
    let mut counts = Counts::default();
    carry_out(db, &asked, batch, now(), vec![(case, plan)], &mut counts)?;
    counts.apply(db)?;
    Act {
        actor: Some(asked.by),
        act: "hold",
        item: Some(id),
        batch: Some(batch),
        detail: evidence,
        ..Act::default()
    }
    .write(db)?;
    Ok(batch)
}

/// Whether people took it away, as far as the last verdict of theirs on it goes.
pub fn taken_by_people(db: &mut Db, item: ItemId) -> QueryResult<bool> {
    let robot = users::table.filter(users::robot).select(users::id);
    let last: Option<Verdict> = verdicts::table
        .filter(verdicts::item_id.eq(item))
        .filter(verdicts::undone_at.is_null())
        .filter(verdicts::by_id.ne_all(robot))
        .order(verdicts::id.desc())
        .select(verdicts::verdict)
        .first(db)
        .optional()?;
    Ok(matches!(last, Some(Verdict::Spam | Verdict::Remove)))
}

/// Whether people took back what the filter once did to this item by itself: it does not try again.
pub fn undone_by_people(db: &mut Db, item: ItemId) -> QueryResult<bool> {
    let robot = users::table.filter(users::robot).select(users::id);
    let undone: Option<VerdictId> = verdicts::table
        .filter(verdicts::item_id.eq(item))
        .filter(verdicts::undone_at.is_not_null())
        // Holding what readers reported is not the filter's doing.
        .filter(verdicts::verdict.ne(Verdict::Hold))
        .filter(verdicts::by_id.eq_any(robot))
        .select(verdicts::id)
        .first(db)
        .optional()?;
    Ok(undone.is_some())
}

impl Case {
    /// None when there is nothing to do.
    fn plan(&self, verdict: Verdict, reason: &str, at: NaiveDateTime) -> Option<Plan> {
        let item = &self.item;
        if item.state == State::Deleted || item.state == State::Draft {
            return None;
        }
        let is_waiting = self.judged.state == RevisionState::Waiting;
        // Somebody waits for an answer, if only that it stays as it is.
        let asked_for = item.reports > 0 || self.appealed;
        let mut to = item.standing();
        to.looked_at = Some(at);
        to.queue = None;
        let mut publishes = false;
        let (label, weight) = match verdict {
            Verdict::Spam => {
                if item.state == State::Spam && item.queue.is_none() && !asked_for {
                    return None;
                }
                to.state = State::Spam;
                because(&mut to, "moderator", "spam");
                (Some(Label::Spam), 1.0)
            }
            Verdict::Ham => {
                let only_looked =
                    item.state == State::Published && item.queue.is_none() && !asked_for;
                if only_looked && item.looked_at.is_some() {
                    return None;
                }
                if self.publish(&mut to, self.kept_back) {
                    publishes = is_waiting;
                } else if only_sent_on(item, &to) && !self.appealed {
                    return None;
                }
                (
                    Some(Label::Ham),
                    if only_looked { LOOKED_AT_WEIGHT } else { 1.0 },
                )
            }
            Verdict::Remove => {
                let by_maker = item.why == BY_MAKER;
                if item.state == State::Removed && !asked_for && !by_maker {
                    return None;
                }
                to.state = State::Removed;
                because(&mut to, "moderator", reason);
                (None, 1.0)
            }
            Verdict::Restore => {
                let by_maker = item.why == BY_MAKER;
                let label = match item.state {
                    State::Spam => Some(Label::Ham),
                    State::Removed => None,
                    State::Held if by_maker => None,
                    _ => return None,
                };
                if item.state == State::Removed && self.shown.is_some() && is_waiting {
                    // What was removed comes back. The edit that waited beside it was not approved by
                    // that, and waits on.
                    to.state = State::Published;
                    self.judged.wait_again(item.kind, &mut to);
                } else if self.publish(&mut to, self.kept_back && !by_maker) {
                    // Of what a maker put away, restoring is the one verdict that overrules them.
                    publishes = is_waiting;
                }
                (label, 1.0)
            }
            // People decide; only the robot leaves it at that.
            Verdict::Hold => return None,
        };
        Some(Plan {
            to,
            label,
            weight,
            publishes,
        })
    }

    /// Published, or on to the maker who approves each comment first (now, and when it was posted)
    /// and has not let this text through, or back to the maker who `keeps` it from readers. Gives
    /// whether readers see the judged text.
    fn publish(&self, to: &mut Standing, keeps: bool) -> bool {
        // What is published although a maker keeps it back was restored once.
        if keeps && self.item.state != State::Published {
            if !maker::is_hidden(&self.item) {
                to.state = State::Held;
                to.queue = Some(Queue::Maker);
            }
            because(to, BY_MAKER, "");
            return false;
        }
        let asked_for = self.judged.state == RevisionState::Waiting
            && self
                .judged
                .steps()
                .iter()
                .any(|step| step.name == APPROVE_FIRST && step.outcome == Outcome::Hold);
        if asked_for && self.approve_first {
            // Beside an edit that waits, readers see the text before it.
            to.state = if self.shown.is_some() {
                State::Published
            } else {
                State::Held
            };
            to.queue = Some(Queue::Maker);
            because(to, APPROVE_FIRST, "the maker approves each comment");
            return false;
        }
        to.state = State::Published;
        because(to, "", "");
        true
    }
}

fn because(to: &mut Standing, why: &str, evidence: &str) {
    to.why = why.to_owned();
    to.evidence = evidence.to_owned();
}

/// A moderator looked before, and it still waits for the maker.
fn only_sent_on(item: &Item, to: &Standing) -> bool {
    item.queue == to.queue
        && item.state == to.state
        && item.looked_at.is_some()
        && item.reports == 0
}

pub(super) fn open_batch(db: &mut Db, asked: &Asked) -> QueryResult<BatchId> {
    diesel::insert_into(batches::table)
        .values((
            batches::by_id.eq(asked.by),
            batches::verdict.eq(asked.verdict),
            batches::reason.eq(asked.reason),
            batches::created_at.eq(now()),
        ))
        .returning(batches::id)
        .get_result(db)
}

fn carry_out(
    db: &mut Db,
    asked: &Asked,
    batch: BatchId,
    at: NaiveDateTime,
    acts: Vec<(Case, Plan)>,
    counts: &mut Counts,
) -> QueryResult<()> {
    let standings = grouped(acts.iter().map(|(case, plan)| {
        // Each keeps its own.
        let to = Standing {
            published_at: None,
            ..plan.to.clone()
        };
        (to, &case.item)
    }));
    for (to, settled) in &standings {
        Item::settle_all(db, settled, to, counts)?;
    }
    let publishes = || acts.iter().filter(|(_, plan)| plan.publishes);
    // The row holds it already where no other text is shown, but for a profile's.
    let is_first = |case: &Case| case.shown.is_none() && case.item.kind != Kind::Profile;
    let first: Vec<RevisionId> = publishes()
        .filter(|(case, _)| is_first(case))
        .map(|(case, _)| case.judged.id)
        .collect();
    Revision::show_first(db, &first)?;
    for (case, _) in publishes().filter(|(case, _)| !is_first(case)) {
        case.judged.show(db, case.item.kind)?;
    }
    let mut rows = Vec::with_capacity(acts.len());
    for (case, plan) in &acts {
        let before = Before {
            standing: case.item.standing(),
            version: case.item.version,
            edit: (case.judged.state == RevisionState::Waiting).then_some(case.judged.id),
            shown: case.shown.as_ref().map(|revision| revision.id),
        };
        let before = serde_json::to_string(&before)
            .map_err(|error| diesel::result::Error::SerializationError(error.into()))?;
        rows.push((
            (
                verdicts::batch_id.eq(batch),
                verdicts::item_id.eq(case.item.id),
                verdicts::by_id.eq(asked.by),
            ),
            (
                verdicts::revision_id.eq(case.judged.id),
                verdicts::verdict.eq(asked.verdict),
                verdicts::reason.eq(asked.reason),
            ),
            (
                verdicts::label.eq(plan.label),
                verdicts::weight.eq(plan.weight),
            ),
            (
                verdicts::score.eq(case.judged.score),
                verdicts::model_id.eq(case.judged.model_id),
            ),
            (
                verdicts::before.eq(before),
                verdicts::version_after.eq(case.item.version + 1),
                verdicts::created_at.eq(at),
            ),
            (
                verdicts::state_before.eq(case.item.state),
                verdicts::state_after.eq(plan.to.state),
                verdicts::news.eq(News::of(asked.by, &case.item, &plan.to, plan.publishes)),
            ),
        ));
    }
    both!(db, conn => diesel::insert_into(verdicts::table).values(&rows).execute(conn))?;
    count_kinds(db, batch, acts.iter().map(|(case, _)| case.item.kind))?;
    if asked.verdict == Verdict::Hold {
        // Nobody has answered anything yet.
        return Ok(());
    }
    let reported: Vec<ItemId> = acts
        .iter()
        .filter(|(case, _)| case.item.reports > 0)
        .map(|(case, _)| case.item.id)
        .collect();
    let appealed: Vec<ItemId> = acts
        .iter()
        .filter(|(case, _)| case.appealed)
        .map(|(case, _)| case.item.id)
        .collect();
    appeal::answer(db, batch, asked.by, asked.verdict, &appealed)?;
    close_reports(db, batch, &reported)
}

/// How many items of each kind a batch is on, added up step by step.
fn count_kinds(db: &mut Db, batch: BatchId, more: impl Iterator<Item = Kind>) -> QueryResult<()> {
    let counted: String = batches::table
        .find(batch)
        .select(batches::kinds)
        .get_result(db)?;
    let mut kinds = kinds(&counted);
    for kind in more {
        *kinds.entry(kind.to_string()).or_default() += 1;
    }
    diesel::update(batches::table.find(batch))
        .set(batches::kinds.eq(kinds_in_words(&kinds)))
        .execute(db)
        .map(|_| ())
}

/// `{"comment":3}`
pub(crate) fn kinds_in_words(kinds: &BTreeMap<String, i64>) -> String {
    serde_json::json!(kinds).to_string()
}

/// What [`count_kinds`] wrote.
pub(super) fn kinds(counted: &str) -> BTreeMap<String, i64> {
    serde_json::from_str(counted).unwrap_or_default()
}

/// Items by the standing they get: nearly always few for many.
fn grouped<'a>(each: impl Iterator<Item = (Standing, &'a Item)>) -> Vec<(Standing, Vec<&'a Item>)> {
    let mut groups: Vec<(Standing, Vec<&Item>)> = Vec::new();
    for (to, item) in each {
        match groups.iter_mut().find(|(standing, _)| *standing == to) {
            Some((_, settled)) => settled.push(item),
            None => groups.push((to, vec![item])),
        }
    }
    groups
}

/// Reports are answered by the verdict on what they are about.
fn close_reports(db: &mut Db, batch: BatchId, reported: &[ItemId]) -> QueryResult<()> {
    if reported.is_empty() {
        return Ok(());
    }
    let answers: Vec<(VerdictId, ItemId)> = verdicts::table
        .filter(verdicts::batch_id.eq(batch))
        .filter(verdicts::item_id.eq_any(reported))
        .select((verdicts::id, verdicts::item_id))
        .load(db)?;
    for (verdict, item) in answers {
        diesel::update(
            reports::table.filter(reports::item_id.eq(item).and(reports::closed_by.is_null())),
        )
        .set(reports::closed_by.eq(verdict.0))
        .execute(db)?;
    }
    diesel::update(items::table.filter(items::id.eq_any(reported)))
        .set((items::reports.eq(0), items::report_weight.eq(0.0)))
        .execute(db)?;
    Job::enqueue_in(db, report::JOB, &report::Answered::Batch(batch), UNTOLD).map(|_| ())
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
    pub phase: Phase,
    /// The last item that was looked at in this phase.
    pub position: ItemId,
    /// Items to go through in this phase, and those that stayed as they were.
    pub total: i32,
    pub skipped: i32,
    pub kinds: String,
    /// The last author who was written to about it.
    pub told_to: UserId,
}

words! {
    /// What a batch is doing: one over many items goes on in steps.
    pub enum Phase { Done = "done", Deciding = "deciding", Undoing = "undoing" }
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
        self.left > 0
            && self.batch.undone_at.is_none()
            && self.batch.phase != Phase::Undoing
            && now() - self.batch.created_at <= UNDO
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
        batches::table
            .find(id)
            .select(Batch::as_select())
            .get_result(db)
    }

    /// The verdicts of it from after one on, in the order they were given.
    pub fn verdicts(
        &self,
        db: &mut Db,
        after: Option<VerdictId>,
        most: i64,
    ) -> QueryResult<Vec<Given>> {
        verdicts::table
            .filter(verdicts::batch_id.eq(self.id))
            .filter(verdicts::id.gt(after.unwrap_or(VerdictId(0))))
            .order(verdicts::id)
            .limit(most)
            .select(Given::as_select())
            .load(db)
    }

    /// Items on which it stands.
    pub fn standing(&self, db: &mut Db) -> QueryResult<i64> {
        verdicts::table
            .filter(verdicts::batch_id.eq(self.id))
            .filter(verdicts::undone_at.is_null())
            .count()
            .get_result(db)
    }

    /// The first of these: of an undone batch, what was decided or changed again since.
    pub fn still_standing(&self, db: &mut Db, most: i64) -> QueryResult<Vec<ItemId>> {
        verdicts::table
            .filter(verdicts::batch_id.eq(self.id))
            .filter(verdicts::undone_at.is_null())
            .order(verdicts::item_id)
            .limit(most)
            .select(verdicts::item_id)
            .load(db)
    }
}

#[derive(Debug)]
pub struct Undone {
    pub done: usize,
    /// Decided again since, by somebody, or edited: they stay as they are.
    pub left: Vec<ItemId>,
    /// There is more, after this item: it is undone in steps.
    pub goes_on: Option<ItemId>,
}

#[derive(Debug, thiserror::Error)]
pub enum UndoError {
    #[error("This was undone before, or is being undone.")]
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
    if batch.undone_at.is_some() || batch.phase == Phase::Undoing {
        return Err(UndoError::Already);
    }
    if at - batch.created_at > UNDO {
        return Err(UndoError::TooOld);
    }
    // What is still being decided is not decided any further.
    let undone = put_back(db, id, ItemId(0))?;
    if undone.done == 0 && undone.goes_on.is_none() {
        let by = match undone.left.last() {
            Some(item) => last_decider(db, *item)?,
            None => None,
        };
        return Err(UndoError::Overruled { by });
    }
    let all = batch.standing(db)? + undone.done as i64;
    if let Some(last) = undone.goes_on {
        bulk::undo_on(db, id, by, last, all, undone.left.len())?;
    } else {
        diesel::update(batches::table.find(id))
            .set((
                batches::undone_at.eq(undone.left.is_empty().then_some(at)),
                batches::undone_by.eq(by),
                batches::phase.eq(Phase::Done),
            ))
            .execute(db)?;
    }
    letters::take_back(
        db,
        &batch,
        undone.goes_on.is_none() && undone.left.is_empty(),
    )?;
    let detail = match undone.goes_on {
        Some(_) => format!("undoes {} on {}", batch.verdict, counted(all, "item")),
        None => {
            let done = counted(undone.done as i64, "item");
            format!("undid {} on {done}", batch.verdict)
        }
    };
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

/// Puts the next items of a batch back, after an item, that nobody has touched since; with few
/// queries for many.
pub(super) fn put_back(db: &mut Db, batch: BatchId, after: ItemId) -> QueryResult<Undone> {
    let mut given: Vec<(VerdictId, ItemId, String, i32)> = verdicts::table
        .filter(
            verdicts::batch_id
                .eq(batch)
                .and(verdicts::undone_at.is_null())
                .and(verdicts::item_id.gt(after)),
        )
        .order(verdicts::item_id)
        .limit(MOST as i64 + 1)
        .select((
            verdicts::id,
            verdicts::item_id,
            verdicts::before,
            verdicts::version_after,
        ))
        .load(db)?;
    let more = given.len() > MOST;
    given.truncate(MOST);
    let last = given.last().map_or(after, |(_, item, ..)| *item);
    let ids: Vec<ItemId> = given.iter().map(|(_, item, ..)| *item).collect();
    let mut items_of: HashMap<ItemId, Item> = dialect::lock_items(db, &ids)?
        .into_iter()
        .map(|item| (item.id, item))
        .collect();
    let mut left = Vec::new();
    let mut acts: Vec<(VerdictId, Item, Before)> = Vec::new();
    for (verdict, item, before, version_after) in given {
        match items_of.remove(&item) {
            None => continue,
            Some(item) if item.version != version_after => left.push(item.id),
            Some(item) => {
                let before = serde_json::from_str(&before)
                    .map_err(|error| diesel::result::Error::DeserializationError(error.into()))?;
                acts.push((verdict, item, before));
            }
        }
    }
    let mut counts = Counts::default();
    let versions: HashMap<ItemId, (i32, i32)> = acts
        .iter()
        .map(|(_, item, before)| (item.id, (before.version, item.version + 1)))
        .collect();
    let standings = grouped(
        acts.iter()
            .map(|(_, item, before)| (before.standing.clone(), item)),
    );
    for (to, settled) in &standings {
        Item::put_back_all(db, settled, to, &mut counts)?;
    }
    counts.apply(db)?;
    let undone: Vec<VerdictId> = acts.iter().map(|(verdict, ..)| *verdict).collect();
    diesel::update(verdicts::table.filter(verdicts::id.eq_any(&undone)))
        .set(verdicts::undone_at.eq(now()))
        .execute(db)?;
    stand_again(db, &versions)?;
    wait_again(db, &acts)?;
    reopen_reports(db, &undone)?;
    appeal::reopen(db, &undone)?;
    Ok(Undone {
        done: acts.len(),
        left,
        goes_on: more.then_some(last),
    })
}

/// An item stands again as the verdict before the undone one left it, so that one can be undone too.
fn stand_again(db: &mut Db, versions: &HashMap<ItemId, (i32, i32)>) -> QueryResult<()> {
    let ids: Vec<ItemId> = versions.keys().copied().collect();
    let standing: Vec<(VerdictId, ItemId, i32)> = verdicts::table
        .filter(verdicts::item_id.eq_any(&ids))
        .filter(verdicts::undone_at.is_null())
        .select((verdicts::id, verdicts::item_id, verdicts::version_after))
        .load(db)?;
    for (verdict, item, version_after) in standing {
        let (before, now) = versions[&item];
        if version_after == before {
            diesel::update(verdicts::table.find(verdict))
                .set(verdicts::version_after.eq(now))
                .execute(db)?;
        }
    }
    Ok(())
}

/// Texts that the verdicts had let through wait again; what was shown before an edit is shown again.
fn wait_again(db: &mut Db, acts: &[(VerdictId, Item, Before)]) -> QueryResult<()> {
    let edits: Vec<RevisionId> = acts.iter().filter_map(|(.., before)| before.edit).collect();
    let let_through: HashSet<RevisionId> = revisions::table
        .filter(revisions::id.eq_any(edits))
        .filter(revisions::state.eq(RevisionState::Published))
        .select(revisions::id)
        .load(db)?
        .into_iter()
        .collect();
    for (_, item, before) in acts {
        let was = before.edit.filter(|edit| let_through.contains(edit));
        if let (Some(_), Some(shown)) = (was, before.shown) {
            find_revision(db, shown)?.show(db, item.kind)?;
        }
    }
    diesel::update(revisions::table.filter(revisions::id.eq_any(let_through)))
        .set(revisions::state.eq(RevisionState::Waiting))
        .execute(db)
        .map(|_| ())
}

fn reopen_reports(db: &mut Db, undone: &[VerdictId]) -> QueryResult<()> {
    let answered: Vec<i64> = undone.iter().map(|verdict| verdict.0).collect();
    let closed: Vec<(i64, ItemId)> = reports::table
        .filter(reports::closed_by.eq_any(&answered))
        .select((reports::id, reports::item_id))
        .load(db)?;
    if closed.is_empty() {
        return Ok(());
    }
    let ids: Vec<i64> = closed.iter().map(|(report, _)| *report).collect();
    diesel::update(reports::table.filter(reports::id.eq_any(ids)))
        .set((
            reports::closed_by.eq(None::<i64>),
            // Whoever was told already learns of the next answer, too.
            reports::told_at.eq(None::<NaiveDateTime>),
        ))
        .execute(db)?;
    let mut many: BTreeMap<ItemId, i32> = BTreeMap::new();
    for (_, item) in closed {
        *many.entry(item).or_default() += 1;
    }
    let again: Vec<ItemId> = many.keys().copied().collect();
    for (item, n) in many {
        // Added, not put back: somebody may have reported it since.
        diesel::update(items::table.find(item))
            .set(items::reports.eq(items::reports + n))
            .execute(db)?;
    }
    report::weigh(db, &again)
}

fn find_revision(db: &mut Db, id: RevisionId) -> QueryResult<Revision> {
    revisions::table
        .find(id)
        .select(Revision::as_select())
        .get_result(db)
}

#[cfg(test)]
mod tests;
