//! Releases of a project. A release is an item of its own: its notes take the intake too.

use crate::db::{ItemId, UserId, now};
use crate::item::State;
use crate::schema::{items, projects, releases};
use crate::{Db, QueryResult, markdown};
use chrono::NaiveDateTime;
use diesel::prelude::*;

#[derive(Clone, Debug, Queryable, Selectable, Identifiable)]
#[diesel(table_name = releases)]
pub struct Release {
    pub id: ItemId,
    pub project_id: ItemId,
    pub version: String,
    pub notes: String,
    pub notes_html: String,
    pub url: String,
    pub released_at: NaiveDateTime,
}

impl Release {
    /// The row of a release whose item was submitted before.
    pub fn insert(
        db: &mut Db,
        id: ItemId,
        project: ItemId,
        version: &str,
        notes: &str,
        url: &str,
        at: NaiveDateTime,
    ) -> QueryResult<usize> {
        diesel::insert_into(releases::table)
            .values((
                releases::id.eq(id),
                releases::project_id.eq(project),
                releases::version.eq(version),
                releases::notes.eq(notes),
                releases::notes_html.eq(markdown::to_html(notes)),
                releases::url.eq(url),
                releases::released_at.eq(at),
            ))
            .execute(db)
    }

    /// Published ones of a project, newest first.
    pub fn of(db: &mut Db, project: ItemId) -> QueryResult<Vec<Release>> {
        releases::table
            .inner_join(items::table)
            .filter(
                releases::project_id
                    .eq(project)
                    .and(items::state.eq(State::Published)),
            )
            .order((releases::released_at.desc(), releases::id.desc()))
            .limit(200)
            .select(Release::as_select())
            .load(db)
    }

    pub fn find(db: &mut Db, project: ItemId, version: &str) -> QueryResult<Release> {
        releases::table
            .inner_join(items::table)
            .filter(
                releases::project_id
                    .eq(project)
                    .and(releases::version.eq(version)),
            )
            .filter(items::state.eq(State::Published))
            .select(Release::as_select())
            .first(db)
    }

    /// The newest of all published projects, with the project's slug, title and owner.
    pub fn newest(db: &mut Db, limit: i64) -> QueryResult<Vec<(Release, String, String, UserId)>> {
        let project_items = diesel::alias!(items as project_items);
        releases::table
            .inner_join(items::table)
            .inner_join(projects::table)
            .inner_join(project_items.on(project_items.field(items::id).eq(releases::project_id)))
            .filter(items::state.eq(State::Published))
            .filter(project_items.field(items::state).eq(State::Published))
            .filter(releases::released_at.le(now()))
            .order((releases::released_at.desc(), releases::id.desc()))
            .limit(limit)
            .select((
                Release::as_select(),
                projects::slug,
                projects::title,
                projects::owner_id,
            ))
            .load(db)
    }
}

/// Shows an earlier or a waiting revision of the notes.
pub fn show_notes(db: &mut Db, id: ItemId, notes: &str) -> QueryResult<()> {
    diesel::update(releases::table.find(id))
        .set((
            releases::notes.eq(notes),
            releases::notes_html.eq(markdown::to_html(notes)),
        ))
        .execute(db)
        .map(|_| ())
}
