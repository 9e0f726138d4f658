//! What makers do with comments on their own projects: hold, hide, show, fold, pin, and say that one
//! helped. Every act is a row that stands until it is undone, is in the log, and can be taken back by
//! moderators. None is a verdict: a maker decides who reads a comment and teaches the filter nothing.
//!
//! A maker's hold or hiding stays a maker's whatever happens to the text meanwhile: what moderators
//! let through comes back to the maker ([`kept_back`], asked by `moderation/verdict.rs`). The other
//! way round, a maker decides only on what is published or waits in [`Queue::Maker`], where nothing
//! comes that waits for moderators.

use crate::account::User;
use crate::comment::Comment;
use crate::condition::fixed;
use crate::db::{ItemId, MakerActId, UserId, dialect, now};
use crate::gate::{self, Refusal};
use crate::item::{Item, Kind, Queue, Revision, RevisionState, State};
use crate::moderation::log::Act;
use crate::project::Project;
use crate::schema::{comments, items, maker_acts, projects, threads};
use crate::{Db, QueryResult, words};
use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use std::collections::HashSet;

/// Why something is held or removed that a maker put away.
pub const BY_MAKER: &str = "maker";
/// Comments of the waiting page, and of the hidden ones below them.
pub const PAGE: i64 = 50;

words! {
    /// What stands.
    pub enum Sort {
        /// Back to the maker's waiting list: nobody else reads it.
        Hold = "hold",
        /// Not shown, with a place that says so. Also: was not published when it waited.
        Hide = "hide",
        /// Public, it and its replies, but folded until a reader opens it.
        Fold = "fold",
        /// Shown first.
        Pin = "pin",
        Helped = "helped",
    }
}

words! {
    /// What a maker asks for.
    pub enum Wish {
        Show = "show",
        Hold = "hold",
        Hide = "hide",
        Fold = "fold",
        Unfold = "unfold",
        Pin = "pin",
        Unpin = "unpin",
        Helped = "helped",
        Unhelped = "unhelped",
    }
}

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = maker_acts)]
pub struct MakerAct {
    pub id: MakerActId,
    pub item_id: ItemId,
    pub project_id: ItemId,
    pub by_id: UserId,
    #[diesel(column_name = kind)]
    pub sort: Sort,
    pub created_at: NaiveDateTime,
    pub undone_at: Option<NaiveDateTime>,
    pub undone_by: Option<UserId>,
    pub overruled: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum MakerError {
    #[error("Only the makers of this project decide that.")]
    NotTheirs,
    #[error("A moderator took this back once. Talk with the moderators before you do it again.")]
    Overruled,
    #[error("{}", .0.sentence())]
    Refused(Refusal),
    #[error("The mark is for people who do not make this with you.")]
    OfTheTeam,
    #[error("Only a comment that answers no other can be pinned.")]
    IsReply,
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

/// Does what a maker asks for, in a write transaction. False when there is nothing to do (any more):
/// it is so already, or a moderator or its author decided meanwhile.
pub fn act(db: &mut Db, maker: &User, id: ItemId, wish: Wish) -> Result<bool, MakerError> {
    gate::may_post(maker, now()).map_err(MakerError::Refused)?;
    let item = dialect::lock_item(db, id)?
        .filter(|item| item.kind == Kind::Comment)
        .ok_or(diesel::result::Error::NotFound)?;
    let on = item.project_id.ok_or(diesel::result::Error::NotFound)?;
    let project = Project::find(db, on)?;
    if !project.is_made_by(db, maker.id)? {
        return Err(MakerError::NotTheirs);
    }
    let published = item.state == State::Published;
    match wish {
        Wish::Show => Ok(show(db, maker, &item)?),
        Wish::Hide if item.queue == Some(Queue::Maker) && published => {
            Ok(decline_edit(db, maker, &item)?)
        }
        Wish::Hold if published => put_back(db, maker, &item, Sort::Hold),
        Wish::Hide if published || waits_for_maker(&item) => put_back(db, maker, &item, Sort::Hide),
        Wish::Fold if published => mark(db, maker, &item, Sort::Fold),
        Wish::Unfold => unmark(db, maker, &item, Sort::Fold),
        Wish::Pin if published => {
            if Comment::find(db, id)?.parent_id.is_some() {
                return Err(MakerError::IsReply);
            }
            mark(db, maker, &item, Sort::Pin)
        }
        Wish::Unpin => unmark(db, maker, &item, Sort::Pin),
        Wish::Helped if published => {
            if project.is_made_by(db, item.author_id)? {
                return Err(MakerError::OfTheTeam);
            }
            mark(db, maker, &item, Sort::Helped)
        }
        Wish::Unhelped => unmark(db, maker, &item, Sort::Helped),
        Wish::Hold | Wish::Hide | Wish::Fold | Wish::Pin | Wish::Helped => Ok(false),
    }
}

/// What became of several at once.
#[derive(Debug, Default)]
pub struct Decided {
    pub done: usize,
    pub left: usize,
}

/// The same to several on one project, in the order of their numbers, as verdicts lock them.
pub fn act_on(
    db: &mut Db,
    maker: &User,
    project: ItemId,
    ids: &[ItemId],
    wish: Wish,
) -> Result<Decided, MakerError> {
    let mut ids = ids.to_vec();
    ids.sort();
    ids.dedup();
    let here: Vec<ItemId> = items::table
        .filter(items::id.eq_any(&ids).and(items::project_id.eq(project)))
        .filter(items::kind.eq(Kind::Comment))
        .order(items::id)
        .select(items::id)
        .load(db)?;
    let mut decided = Decided {
        left: ids.len() - here.len(),
        ..Decided::default()
    };
    // All of them before any thread: a verdict takes them in this order, too.
    dialect::lock_items(db, &here)?;
    for id in here {
        if act(db, maker, id, wish)? {
            decided.done += 1;
        } else {
            decided.left += 1;
        }
    }
    Ok(decided)
}

fn waits_for_maker(item: &Item) -> bool {
    item.state == State::Held && item.queue == Some(Queue::Maker)
}

/// A maker hid it; a moderator's removal has another reason.
pub fn is_hidden(item: &Item) -> bool {
    item.state == State::Removed && item.why == BY_MAKER
}

/// Before readers: what waits for the maker, an edit that does, or what a maker put away.
fn show(db: &mut Db, maker: &User, item: &Item) -> QueryResult<bool> {
    if item.queue != Some(Queue::Maker) && !is_hidden(item) {
        return Ok(false);
    }
    let mut to = item.standing();
    (to.state, to.queue) = (State::Published, None);
    (to.why, to.evidence) = Default::default();
    item.settle(db, to)?;
    let current = Revision::current(db, item.id)?;
    if current.state == RevisionState::Waiting {
        current.show(db, Kind::Comment)?;
    }
    // A hold that stands on what is published says that a moderator put it back: the maker's word on
    // an edit does not take that away.
    if item.state != State::Published {
        undo_standing(db, maker.id, item.id, &[Sort::Hold, Sort::Hide])?;
    }
    record(db, maker, item.id, "maker published")?;
    Ok(true)
}

/// Readers go on seeing the text before.
fn decline_edit(db: &mut Db, maker: &User, item: &Item) -> QueryResult<bool> {
    let mut to = item.standing();
    to.queue = None;
    (to.why, to.evidence) = Default::default();
    item.settle(db, to)?;
    withdraw_edit(db, item)?;
    record(db, maker, item.id, "maker declined an edit")?;
    Ok(true)
}

/// What waits beside the text that readers see is not taken along: it was let through by nobody, and
/// would else come before readers by the maker's word alone.
fn withdraw_edit(db: &mut Db, item: &Item) -> QueryResult<()> {
    let current = Revision::current(db, item.id)?;
    if current.state == RevisionState::Waiting {
        current.set_state(db, RevisionState::Withdrawn)?;
    }
    Ok(())
}

/// From readers back to the maker, as held or as hidden.
fn put_back(db: &mut Db, maker: &User, item: &Item, sort: Sort) -> Result<bool, MakerError> {
    if item.state == State::Published {
        // A hold that stands on what is published: a moderator put it back.
        if !kept_back(db, &[item.id])?.is_empty() {
            return Err(MakerError::Overruled);
        }
        if item.has_waiting_edit() {
            withdraw_edit(db, item)?;
        }
    }
    let mut to = item.standing();
    (to.state, to.queue) = match sort {
        Sort::Hold => (State::Held, Some(Queue::Maker)),
        _ => (State::Removed, None),
    };
    (to.why, to.evidence) = (BY_MAKER.to_owned(), String::new());
    item.settle(db, to)?;
    undo_standing(db, maker.id, item.id, &[Sort::Hold, Sort::Hide])?;
    insert(db, maker, item, sort)?;
    let act = match sort {
        Sort::Hold => "maker held",
        _ if item.state == State::Published => "maker hid",
        _ => "maker declined",
    };
    record(db, maker, item.id, act)?;
    Ok(true)
}

/// Fold, pin, helped. Pinning takes the pin from the comment that had it.
fn mark(db: &mut Db, maker: &User, item: &Item, sort: Sort) -> Result<bool, MakerError> {
    let overruled: i64 = maker_acts::table
        .filter(
            maker_acts::item_id
                .eq(item.id)
                .and(maker_acts::kind.eq(sort)),
        )
        .filter(maker_acts::overruled.eq(true))
        .count()
        .get_result(db)?;
    if overruled > 0 {
        return Err(MakerError::Overruled);
    }
    if !set_mark(db, item, sort)? {
        return Ok(false);
    }
    if sort == Sort::Pin {
        diesel::update(
            maker_acts::table
                .filter(maker_acts::project_id.eq(item.project_id.unwrap_or(item.id)))
                .filter(
                    maker_acts::kind
                        .eq(Sort::Pin)
                        .and(maker_acts::undone_at.is_null()),
                ),
        )
        .set((
            maker_acts::undone_at.eq(now()),
            maker_acts::undone_by.eq(maker.id),
        ))
        .execute(db)?;
    }
    insert(db, maker, item, sort)?;
    let act = match sort {
        Sort::Fold => "maker folded",
        Sort::Pin => "maker pinned",
        _ => "maker was helped by",
    };
    record(db, maker, item.id, act)?;
    Ok(true)
}

fn unmark(db: &mut Db, maker: &User, item: &Item, sort: Sort) -> Result<bool, MakerError> {
    if !clear_mark(db, item, sort)? {
        return Ok(false);
    }
    undo_standing(db, maker.id, item.id, &[sort])?;
    let act = match sort {
        Sort::Fold => "maker unfolded",
        Sort::Pin => "maker unpinned",
        _ => "maker took the mark from",
    };
    record(db, maker, item.id, act)?;
    Ok(true)
}

/// False when it is so already.
pub(crate) fn set_mark(db: &mut Db, item: &Item, sort: Sort) -> QueryResult<bool> {
    let comment = comments::table.find(item.id);
    let changed = match sort {
        Sort::Fold => diesel::update(comment.filter(comments::folded_at.is_null()))
            .set(comments::folded_at.eq(now()))
            .execute(db)?,
        Sort::Helped => diesel::update(comment.filter(comments::helped_at.is_null()))
            .set(comments::helped_at.eq(now()))
            .execute(db)?,
        Sort::Pin => {
            // Of two makers who pin at once, the second one's pin counts.
            let thread = Comment::find(db, item.id)?.thread_id;
            dialect::lock(db, &format!("pin:{thread}"))?;
            let other = threads::pinned_id
                .is_null()
                .or(threads::pinned_id.ne(item.id));
            diesel::update(threads::table.find(thread).filter(other))
                .set(threads::pinned_id.eq(item.id))
                .execute(db)?
        }
        Sort::Hold | Sort::Hide => 0,
    };
    Ok(changed > 0)
}

pub(crate) fn clear_mark(db: &mut Db, item: &Item, sort: Sort) -> QueryResult<bool> {
    let comment = comments::table.find(item.id);
    let changed = match sort {
        Sort::Fold => diesel::update(comment.filter(comments::folded_at.is_not_null()))
            .set(comments::folded_at.eq(None::<NaiveDateTime>))
            .execute(db)?,
        Sort::Helped => diesel::update(comment.filter(comments::helped_at.is_not_null()))
            .set(comments::helped_at.eq(None::<NaiveDateTime>))
            .execute(db)?,
        Sort::Pin => {
            let thread = Comment::find(db, item.id)?.thread_id;
            diesel::update(
                threads::table
                    .find(thread)
                    .filter(threads::pinned_id.eq(item.id)),
            )
            .set(threads::pinned_id.eq(None::<ItemId>))
            .execute(db)?
        }
        Sort::Hold | Sort::Hide => 0,
    };
    Ok(changed > 0)
}

fn insert(db: &mut Db, maker: &User, item: &Item, sort: Sort) -> QueryResult<usize> {
    diesel::insert_into(maker_acts::table)
        .values((
            maker_acts::item_id.eq(item.id),
            maker_acts::project_id.eq(item.project_id.unwrap_or(item.id)),
            maker_acts::by_id.eq(maker.id),
            maker_acts::kind.eq(sort),
            maker_acts::created_at.eq(now()),
        ))
        .execute(db)
}

fn undo_standing(db: &mut Db, by: UserId, item: ItemId, sorts: &[Sort]) -> QueryResult<usize> {
    diesel::update(
        maker_acts::table
            .filter(
                maker_acts::item_id
                    .eq(item)
                    .and(maker_acts::undone_at.is_null()),
            )
            .filter(maker_acts::kind.eq_any(sorts.to_vec())),
    )
    .set((
        maker_acts::undone_at.eq(now()),
        maker_acts::undone_by.eq(by),
    ))
    .execute(db)
}

pub(crate) fn record(db: &mut Db, actor: &User, item: ItemId, act: &str) -> QueryResult<()> {
    Act {
        actor: Some(actor.id),
        act,
        item: Some(item),
        ..Act::default()
    }
    .write(db)
    .map(|_| ())
}

/// Which of these a maker holds or hides, whatever else has become of them since.
pub fn kept_back(db: &mut Db, ids: &[ItemId]) -> QueryResult<HashSet<ItemId>> {
    let kept: Vec<ItemId> = maker_acts::table
        .filter(
            maker_acts::item_id
                .eq_any(ids)
                .and(maker_acts::undone_at.is_null()),
        )
        .filter(maker_acts::kind.eq_any([Sort::Hold, Sort::Hide]))
        .select(maker_acts::item_id)
        .load(db)?;
    Ok(kept.into_iter().collect())
}

/// What its makers turn on and off on the page of a project. None leaves it as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Switches {
    pub closed: Option<bool>,
    pub approve_first: Option<bool>,
    pub feedback_open: Option<bool>,
}

/// At once, and in the log.
pub fn switch(
    db: &mut Db,
    maker: &User,
    project: &Project,
    switches: Switches,
) -> Result<(), MakerError> {
    gate::may_post(maker, now()).map_err(MakerError::Refused)?;
    // The item before its project, in the order in which a verdict takes them.
    dialect::lock_item(db, project.id)?;
    if !project.is_made_by(db, maker.id)? {
        return Err(MakerError::NotTheirs);
    }
    if let Some(closed) = switches.closed {
        let changed = diesel::update(
            projects::table
                .find(project.id)
                .filter(projects::closed.ne(closed)),
        )
        .set(projects::closed.eq(closed))
        .execute(db)?;
        let act = if closed {
            "closed the comments"
        } else {
            "opened the comments"
        };
        record_switch(db, maker, project, act, changed)?;
    }
    if let Some(first) = switches.approve_first {
        let changed = diesel::update(
            projects::table
                .find(project.id)
                .filter(projects::approve_first.ne(first)),
        )
        .set(projects::approve_first.eq(first))
        .execute(db)?;
        let act = if first {
            "approves comments first"
        } else {
            "approves comments no more"
        };
        record_switch(db, maker, project, act, changed)?;
    }
    if let Some(open) = switches.feedback_open {
        let changed = diesel::update(
            projects::table
                .find(project.id)
                .filter(projects::feedback_open.ne(open)),
        )
        .set(projects::feedback_open.eq(open))
        .execute(db)?;
        let act = if open {
            "takes feedback from every member"
        } else {
            "takes feedback as comments"
        };
        record_switch(db, maker, project, act, changed)?;
    }
    Ok(())
}

fn record_switch(
    db: &mut Db,
    maker: &User,
    project: &Project,
    act: &str,
    changed: usize,
) -> QueryResult<()> {
    if changed == 0 {
        return Ok(());
    }
    Act {
        actor: Some(maker.id),
        act,
        item: Some(project.id),
        detail: &project.title,
        ..Act::default()
    }
    .write(db)
    .map(|_| ())
}

/// Written out as the index has it, so that SQLite sees that it holds all of it.
const FOR_MAKER: &str = "items.queue = 'maker'";

/// How many comments wait for the makers of a project.
pub fn waiting_count(db: &mut Db, project: ItemId) -> QueryResult<i64> {
    items::table
        .filter(items::project_id.eq(project))
        .filter(fixed::<Bool>(FOR_MAKER))
        // True of all, and what makes SQLite read this project's part of the index: without it, it
        // reads what waits for the makers of all projects.
        .filter(items::id.gt(ItemId(0)))
        .count()
        .get_result(db)
}

/// The oldest of them, after one.
pub fn waiting(db: &mut Db, project: ItemId, after: ItemId) -> QueryResult<Vec<ItemId>> {
    items::table
        .filter(items::project_id.eq(project))
        .filter(fixed::<Bool>(FOR_MAKER))
        .filter(items::id.gt(after))
        .order(items::id)
        .limit(PAGE)
        .select(items::id)
        .load(db)
}

/// What its makers hid or did not publish, what was put away last first.
pub fn hidden(db: &mut Db, project: ItemId) -> QueryResult<Vec<ItemId>> {
    maker_acts::table
        .inner_join(items::table.on(items::id.eq(maker_acts::item_id)))
        .filter(maker_acts::project_id.eq(project))
        .filter(
            maker_acts::kind
                .eq(Sort::Hide)
                .and(maker_acts::undone_at.is_null()),
        )
        .filter(items::state.eq(State::Removed).and(items::why.eq(BY_MAKER)))
        .order(maker_acts::id.desc())
        .limit(PAGE)
        .select(maker_acts::item_id)
        .load(db)
}
