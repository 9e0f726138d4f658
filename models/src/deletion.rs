//! What makers take off the table, projects and releases, and how they bring it back within
//! [`KEPT`]. What a moderator decided before stays decided: it stands again exactly as it stood.

use crate::account::User;
use crate::db::{ItemId, UserId, dialect, now};
use crate::gate;
use crate::item::{Item, KEPT, Standing, State};
use crate::moderation::log::Act;
use crate::project::ShareError;
use crate::schema::{deletions, items, project_makers, projects, verdicts};
use crate::{Db, QueryResult};
use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;

/// Of a list.
const MOST: i64 = 100;

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = deletions)]
pub struct Deletion {
    pub item_id: ItemId,
    pub by_id: UserId,
    pub at: NaiveDateTime,
    before: String,
}

impl Deletion {
    /// Then it is erased.
    pub fn until(&self) -> NaiveDateTime {
        self.at + KEPT
    }

    /// A minute before the end it is too late, so that no erasure meets what comes back.
    fn can_be_undone(&self) -> bool {
        now() < self.until() - Duration::minutes(1)
    }

    /// If it can be brought back still.
    pub fn find(db: &mut Db, item: ItemId) -> QueryResult<Option<Deletion>> {
        let found: Option<Deletion> = deletions::table
            .find(item)
            .select(Deletion::as_select())
            .get_result(db)
            .optional()?;
        Ok(found.filter(Deletion::can_be_undone))
    }

    /// The deleted projects that somebody makes, with slug and title, newest first.
    pub fn of_maker(db: &mut Db, maker: UserId) -> QueryResult<Vec<(Deletion, String, String)>> {
        let made = project_makers::table
            .filter(project_makers::user_id.eq(maker))
            .select(project_makers::project_id);
        let found: Vec<(Deletion, String, String)> = deletions::table
            .inner_join(items::table)
            .inner_join(projects::table.on(projects::id.eq(deletions::item_id)))
            .filter(items::state.eq(State::Deleted))
            .filter(deletions::item_id.eq_any(made))
            .order(deletions::at.desc())
            .limit(MOST)
            .select((Deletion::as_select(), projects::slug, projects::title))
            .load(db)?;
        Ok(found
            .into_iter()
            .filter(|(deletion, ..)| deletion.can_be_undone())
            .collect())
    }
}

/// Hides it at once. Two at once delete it once.
pub fn delete(db: &mut Db, by: UserId, id: ItemId) -> QueryResult<()> {
    let item = dialect::lock_item(db, id)?.ok_or(diesel::result::Error::NotFound)?;
    if item.state == State::Deleted {
        return Ok(());
    }
    let before = serde_json::to_string(&item.standing())
        .map_err(|error| diesel::result::Error::SerializationError(error.into()))?;
    forget(db, id)?;
    diesel::insert_into(deletions::table)
        .values((
            deletions::item_id.eq(id),
            deletions::by_id.eq(by),
            deletions::at.eq(now()),
            deletions::before.eq(before),
        ))
        .execute(db)?;
    item.delete(db)?;
    record(db, by, &item, "delete")
}

/// As it stood before. False: there is nothing to bring back (any more). Whether this person makes it
/// was asked before, in the same transaction.
pub fn bring_back(db: &mut Db, by: &User, id: ItemId) -> Result<bool, ShareError> {
    gate::may_post(by, now()).map_err(ShareError::Refused)?;
    let item: Item = dialect::lock_item(db, id)?.ok_or(diesel::result::Error::NotFound)?;
    let Some(deletion) = Deletion::find(db, id)? else {
        return Ok(false);
    };
    if item.state != State::Deleted {
        return Ok(false);
    }
    let before: Standing = serde_json::from_str(&deletion.before)
        .map_err(|error| diesel::result::Error::DeserializationError(error.into()))?;
    let version = item.settle(db, before)?;
    // A verdict from before can be undone as if nothing had been between.
    diesel::update(
        verdicts::table
            .filter(verdicts::item_id.eq(id).and(verdicts::undone_at.is_null()))
            .filter(verdicts::version_after.eq(item.version - 1)),
    )
    .set(verdicts::version_after.eq(version))
    .execute(db)?;
    forget(db, id)?;
    record(db, by.id, &item, "brought back")?;
    Ok(true)
}

/// It is erased, or came back.
pub fn forget(db: &mut Db, id: ItemId) -> QueryResult<usize> {
    diesel::delete(deletions::table.find(id)).execute(db)
}

/// Not by its title, which is to be erased.
fn record(db: &mut Db, by: UserId, item: &Item, act: &str) -> QueryResult<()> {
    Act {
        actor: Some(by),
        act,
        item: Some(item.id),
        detail: &format!("{} {}", item.kind, item.id),
        ..Act::default()
    }
    .write(db)
    .map(|_| ())
}
