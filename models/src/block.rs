//! Blocks: whom a maker does not want to comment on what they make. A block holds on every project
//! that the maker makes, as owner or as co-maker: co-makers have equal rights. The gate refuses; what
//! was said before stays. Moderators see every block and may lift it.

use crate::account::{Role, User};
use crate::condition::Upto;
use crate::db::{BlockId, ItemId, UserId, dialect, now};
use crate::gate::{self, Refusal};
use crate::moderation::log::Act;
use crate::schema::{blocks, project_makers, users};
use crate::{Db, QueryResult};
use chrono::NaiveDateTime;
use diesel::prelude::*;
use std::collections::HashMap;

/// Of a list.
const MOST: i64 = 200;

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = blocks)]
pub struct Block {
    pub id: BlockId,
    pub by_id: UserId,
    pub user_id: UserId,
    pub comment_id: Option<ItemId>,
    pub created_at: NaiveDateTime,
    pub lifted_at: Option<NaiveDateTime>,
    pub lifted_by: Option<UserId>,
}

/// A block with the names of those it is between.
#[derive(Clone, Debug)]
pub struct Told {
    pub block: Block,
    pub by: String,
    pub whom: String,
}

impl Told {
    /// By somebody else than who made it.
    pub fn is_overruled(&self) -> bool {
        self.block
            .lifted_by
            .is_some_and(|by| by != self.block.by_id)
    }
}

#[derive(Debug, thiserror::Error)]
pub enum BlockError {
    #[error("{}", .0.sentence())]
    Refused(Refusal),
    #[error("There is nobody of this name.")]
    Nobody,
    #[error("Nobody blocks themselves.")]
    Oneself,
    #[error(
        "Moderators cannot be blocked: they have to be able to speak everywhere. If one of them bothers you, tell another."
    )]
    Moderator,
    #[error("Only people who make something can block: share a project first.")]
    NoMaker,
    #[error(
        "A moderator lifted your block of this person. Talk with the moderators before you block them again."
    )]
    Overruled,
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

/// Whether a maker of this project blocked this person. One look into an index.
pub fn holds(db: &mut Db, project: ItemId, user: UserId) -> QueryResult<bool> {
    let found: Option<BlockId> = blocks::table
        .inner_join(project_makers::table.on(project_makers::user_id.eq(blocks::by_id)))
        .filter(project_makers::project_id.eq(project))
        .filter(blocks::user_id.eq(user).and(blocks::lifted_at.is_null()))
        .select(blocks::id)
        .upto(1)
        .get_result(db)
        .optional()?;
    Ok(found.is_some())
}

/// In a write transaction. False when it holds already.
pub fn block(
    db: &mut Db,
    by: &User,
    whom: UserId,
    comment: Option<ItemId>,
) -> Result<bool, BlockError> {
    gate::may_post(by, now()).map_err(BlockError::Refused)?;
    let whom = User::find(db, whom)?;
    if whom.id == by.id {
        return Err(BlockError::Oneself);
    }
    if whom.role >= Role::Moderator {
        return Err(BlockError::Moderator);
    }
    let makes: i64 = project_makers::table
        .filter(project_makers::user_id.eq(by.id))
        .count()
        .get_result(db)?;
    if makes == 0 {
        return Err(BlockError::NoMaker);
    }
    lock(db, by.id, whom.id)?;
    let last = blocks::table
        .filter(blocks::by_id.eq(by.id).and(blocks::user_id.eq(whom.id)))
        .order(blocks::id.desc())
        .select(Block::as_select())
        .first(db)
        .optional()?;
    if let Some(last) = last {
        match last.lifted_by {
            None => return Ok(false),
            Some(lifter) if lifter != by.id => return Err(BlockError::Overruled),
            Some(_) => {}
        }
    }
    diesel::insert_into(blocks::table)
        .values((
            blocks::by_id.eq(by.id),
            blocks::user_id.eq(whom.id),
            blocks::comment_id.eq(comment),
            blocks::created_at.eq(now()),
        ))
        .execute(db)?;
    record(db, by.id, "set a block", whom.id, "")?;
    Ok(true)
}

fn lock(db: &mut Db, by: UserId, whom: UserId) -> QueryResult<()> {
    dialect::lock(db, &format!("block:{by}:{whom}"))
}

fn record(db: &mut Db, actor: UserId, act: &str, whom: UserId, detail: &str) -> QueryResult<()> {
    Act {
        actor: Some(actor),
        act,
        user: Some(whom),
        detail,
        ..Act::default()
    }
    .write(db)
    .map(|_| ())
}

/// Its maker lifts it. None when it is not theirs, or does not hold (any more).
pub fn lift_own(db: &mut Db, by: &User, id: BlockId) -> QueryResult<Option<Told>> {
    match find(db, id)? {
        Some(told) if told.block.by_id == by.id => lift(db, by, id),
        _ => Ok(None),
    }
}

/// Its maker or a moderator lifts it. Gives the block, or None when it does not hold (any more).
pub fn lift(db: &mut Db, by: &User, id: BlockId) -> QueryResult<Option<Told>> {
    let Some(told) = find(db, id)? else {
        return Ok(None);
    };
    let own = told.block.by_id == by.id;
    lock(db, told.block.by_id, told.block.user_id)?;
    let lifted = diesel::update(blocks::table.find(id).filter(blocks::lifted_at.is_null()))
        .set((blocks::lifted_at.eq(now()), blocks::lifted_by.eq(by.id)))
        .execute(db)?;
    if lifted == 0 {
        return Ok(None);
    }
    let (act, detail) = if own {
        ("lifted their block", String::new())
    } else {
        ("lifted the block", format!("by {}", told.by))
    };
    record(db, by.id, act, told.block.user_id, &detail)?;
    Ok(Some(told))
}

/// A moderator takes their lifting back. None when there is nothing to take back.
pub fn let_stand(db: &mut Db, by: UserId, id: BlockId) -> QueryResult<Option<Told>> {
    let Some(told) = find(db, id)?.filter(Told::is_overruled) else {
        return Ok(None);
    };
    lock(db, told.block.by_id, told.block.user_id)?;
    let newer: i64 = blocks::table
        .filter(blocks::by_id.eq(told.block.by_id))
        .filter(
            blocks::user_id
                .eq(told.block.user_id)
                .and(blocks::id.gt(id)),
        )
        .count()
        .get_result(db)?;
    if newer > 0 {
        return Ok(None);
    }
    diesel::update(blocks::table.find(id))
        .set((
            blocks::lifted_at.eq(None::<NaiveDateTime>),
            blocks::lifted_by.eq(None::<UserId>),
        ))
        .execute(db)?;
    let detail = format!("by {}", told.by);
    record(db, by, "let the block stand", told.block.user_id, &detail)?;
    Ok(Some(told))
}

fn find(db: &mut Db, id: BlockId) -> QueryResult<Option<Told>> {
    let block: Vec<Block> = blocks::table.find(id).select(Block::as_select()).load(db)?;
    Ok(tell(db, block)?.pop())
}

/// A maker's own, newest first: those that hold, and those that a moderator lifted.
pub fn of_maker(db: &mut Db, by: UserId) -> QueryResult<Vec<Told>> {
    let own = blocks::table
        .filter(blocks::by_id.eq(by))
        .filter(blocks::lifted_at.is_null().or(blocks::lifted_by.ne(by)))
        .order(blocks::id.desc())
        .limit(MOST)
        .select(Block::as_select())
        .load(db)?;
    tell(db, own)
}

/// On a person, newest first, for moderators: lifted ones too.
pub fn on_person(db: &mut Db, user: UserId) -> QueryResult<Vec<Told>> {
    let on = blocks::table
        .filter(blocks::user_id.eq(user))
        .order(blocks::id.desc())
        .limit(MOST)
        .select(Block::as_select())
        .load(db)?;
    tell(db, on)
}

fn tell(db: &mut Db, blocks: Vec<Block>) -> QueryResult<Vec<Told>> {
    let ids: Vec<UserId> = blocks.iter().flat_map(|b| [b.by_id, b.user_id]).collect();
    let names: HashMap<UserId, String> = users::table
        .filter(users::id.eq_any(ids))
        .select((users::id, users::username))
        .load(db)?
        .into_iter()
        .collect();
    let name = |id: UserId| names.get(&id).cloned().unwrap_or_default();
    Ok(blocks
        .into_iter()
        .map(|block| Told {
            by: name(block.by_id),
            whom: name(block.user_id),
            block,
        })
        .collect())
}
