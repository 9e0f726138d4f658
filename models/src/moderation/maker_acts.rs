//! What makers did with comments on their projects, as moderators are told of it, and taking it back.

use super::verdict::{self, Seen, Verdict};
use crate::account::User;
use crate::comment::Comment;
use crate::condition::among;
use crate::db::{ItemId, MakerActId, UserId, dialect, now};
use crate::item::State;
use crate::maker::{BY_MAKER, MakerAct, Sort, clear_mark, record, set_mark};
use crate::schema::{comments, items, maker_acts, projects, threads, users};
use crate::{Db, QueryResult, markdown};
use chrono::NaiveDateTime;
use diesel::prelude::*;
use std::collections::HashMap;

/// An act as moderators are told of it.
#[derive(Clone, Debug)]
pub struct Told {
    pub act: MakerAct,
    pub by: String,
    pub undone_by: Option<String>,
    pub slug: String,
    pub title: String,
    pub author: String,
    pub excerpt: String,
    state: State,
}

impl Told {
    pub fn stands(&self) -> bool {
        self.act.undone_at.is_none() && !self.is_put_back()
    }

    /// A hold or a hiding on what is published all the same, by a moderator's verdict.
    pub fn is_put_back(&self) -> bool {
        self.is_keeping() && self.act.undone_at.is_none() && self.state == State::Published
    }

    /// The comment is still where the act put it.
    pub fn can_be_taken_back(&self) -> bool {
        let there = match self.act.sort {
            Sort::Hold => self.state == State::Held,
            Sort::Hide => self.state == State::Removed,
            Sort::Fold | Sort::Pin | Sort::Helped => true,
        };
        self.act.undone_at.is_none() && there
    }

    fn is_keeping(&self) -> bool {
        matches!(self.act.sort, Sort::Hold | Sort::Hide)
    }

    pub fn words(&self) -> &'static str {
        match self.act.sort {
            Sort::Hold => "held",
            Sort::Hide => "hid",
            Sort::Fold => "folded",
            Sort::Pin => "pinned",
            Sort::Helped => "was helped by",
        }
    }
}

/// Newest first, before one; of one comment if asked.
pub fn told(
    db: &mut Db,
    before: Option<MakerActId>,
    item: Option<ItemId>,
    limit: i64,
) -> QueryResult<Vec<Told>> {
    let mut query = maker_acts::table
        .order(maker_acts::id.desc())
        .limit(limit)
        .select(MakerAct::as_select())
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(maker_acts::id.lt(before));
    }
    if let Some(item) = item {
        query = query.filter(maker_acts::item_id.eq(item));
    }
    let acts = query.load(db)?;
    tell(db, acts)
}

/// All on these comments, oldest first: for the cards of the desk.
pub fn told_on(db: &mut Db, ids: &[ItemId]) -> QueryResult<HashMap<ItemId, Vec<Told>>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let acts = maker_acts::table
        .filter(among(maker_acts::item_id, ids))
        .order(maker_acts::id)
        .select(MakerAct::as_select())
        .load(db)?;
    let mut of: HashMap<ItemId, Vec<Told>> = HashMap::new();
    if !acts.is_empty() {
        for told in tell(db, acts)? {
            of.entry(told.act.item_id).or_default().push(told);
        }
    }
    Ok(of)
}

fn tell(db: &mut Db, acts: Vec<MakerAct>) -> QueryResult<Vec<Told>> {
    let people: Vec<UserId> = acts
        .iter()
        .flat_map(|act| [Some(act.by_id), act.undone_by])
        .flatten()
        .collect();
    let names: HashMap<UserId, String> = users::table
        .filter(users::id.eq_any(people))
        .select((users::id, users::username))
        .load(db)?
        .into_iter()
        .collect();
    type Row = (ItemId, String, String, String, String, State);
    let ids: Vec<ItemId> = acts.iter().map(|act| act.item_id).collect();
    let rows: Vec<Row> = comments::table
        .inner_join(items::table.on(items::id.eq(comments::id)))
        .inner_join(users::table.on(users::id.eq(comments::author_id)))
        .inner_join(projects::table.on(items::project_id.eq(projects::id.nullable())))
        .filter(comments::id.eq_any(ids))
        .select((
            comments::id,
            projects::slug,
            projects::title,
            users::username,
            comments::body_html,
            items::state,
        ))
        .load(db)?;
    let rows: HashMap<ItemId, Row> = rows.into_iter().map(|row| (row.0, row)).collect();
    let name = |id: UserId| names.get(&id).cloned();
    Ok(acts
        .into_iter()
        .filter_map(|act| {
            let (_, slug, title, author, html, state) = rows.get(&act.item_id)?.clone();
            Some(Told {
                by: name(act.by_id)?,
                undone_by: act.undone_by.and_then(name),
                slug,
                title,
                author,
                excerpt: markdown::excerpt(&html, 160),
                state,
                act,
            })
        })
        .collect())
}

fn find(db: &mut Db, id: MakerActId) -> QueryResult<MakerAct> {
    maker_acts::table
        .find(id)
        .select(MakerAct::as_select())
        .get_result(db)
}

/// A moderator takes an act back, in a write transaction. What was put away comes back by a verdict,
/// which has its own undo; a mark is taken off, and [`let_stand`] puts it back. False when it does not
/// stand (any more).
pub fn take_back(db: &mut Db, by: &User, id: MakerActId) -> QueryResult<bool> {
    let act = find(db, id)?;
    let Some(item) = dialect::lock_item(db, act.item_id)? else {
        return Ok(false);
    };
    // As it is under the lock.
    let act = find(db, id)?;
    if act.undone_at.is_some() {
        return Ok(false);
    }
    if matches!(act.sort, Sort::Hold | Sort::Hide) {
        if item.why != BY_MAKER {
            return Ok(false);
        }
        let seen = Seen::from((item.kind, item.id, item.version));
        let outcomes = verdict::decide(db, by.id, Verdict::Restore, "", &[seen])?;
        return Ok(outcomes.done > 0);
    }
    clear_mark(db, &item, act.sort)?;
    diesel::update(maker_acts::table.find(id))
        .set((
            maker_acts::undone_at.eq(now()),
            maker_acts::undone_by.eq(by.id),
            maker_acts::overruled.eq(true),
        ))
        .execute(db)?;
    let words = match act.sort {
        Sort::Fold => "took back the fold of",
        Sort::Pin => "took back the pin of",
        _ => "took back the mark of",
    };
    record(db, by, item.id, words)?;
    Ok(true)
}

/// A moderator takes that back: the mark stands again, unless the makers pinned another meanwhile.
pub fn let_stand(db: &mut Db, by: &User, id: MakerActId) -> QueryResult<bool> {
    let act = find(db, id)?;
    let Some(item) = dialect::lock_item(db, act.item_id)? else {
        return Ok(false);
    };
    let act = find(db, id)?;
    if !act.overruled {
        return Ok(false);
    }
    if act.sort == Sort::Pin {
        let thread = Comment::find(db, item.id)?.thread_id;
        dialect::lock(db, &format!("pin:{thread}"))?;
        let pinned: Option<ItemId> = threads::table
            .find(thread)
            .select(threads::pinned_id)
            .get_result(db)?;
        if pinned.is_some() {
            return Ok(false);
        }
    }
    set_mark(db, &item, act.sort)?;
    diesel::update(maker_acts::table.find(id))
        .set((
            maker_acts::undone_at.eq(None::<NaiveDateTime>),
            maker_acts::undone_by.eq(None::<UserId>),
            maker_acts::overruled.eq(false),
        ))
        .execute(db)?;
    let words = match act.sort {
        Sort::Fold => "let the fold stand of",
        Sort::Pin => "let the pin stand of",
        _ => "let the mark stand of",
    };
    record(db, by, item.id, words)?;
    Ok(true)
}
