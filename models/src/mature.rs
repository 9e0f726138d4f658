//! Mature or violent work: its pictures are blurred until a reader asks for them. Its makers say so
//! themselves; a moderator can say so, too, and then it holds whatever the makers say, until a
//! moderator takes it back. Each act of moderators is in the log.

use crate::account::User;
use crate::db::{ItemId, PictureId, UserId, dialect};
use crate::moderation::log::Act;
use crate::project::Project;
use crate::schema::{pictures, project_shots, projects};
use crate::{Db, QueryResult};
use diesel::prelude::*;

/// What its makers say, at once.
pub fn choose(db: &mut Db, project: ItemId, mature: bool) -> QueryResult<()> {
    diesel::update(projects::table.find(project))
        .set(projects::mature.eq(mature))
        .execute(db)?;
    veil(db, project)
}

/// What a moderator says. False: it was said before.
pub fn mark(db: &mut Db, moderator: &User, project: ItemId, mature: bool) -> QueryResult<bool> {
    // The item before its project, in the order in which a verdict takes them.
    dialect::lock_item(db, project)?;
    let project = Project::find(db, project)?;
    if project.mature_by.is_some() == mature {
        return Ok(false);
    }
    diesel::update(projects::table.find(project.id))
        .set(projects::mature_by.eq(mature.then_some(moderator.id)))
        .execute(db)?;
    veil(db, project.id)?;
    Act {
        actor: Some(moderator.id),
        act: match mature {
            true => "marked as mature",
            false => "took the mark as mature back",
        },
        item: Some(project.id),
        detail: &project.title,
        ..Act::default()
    }
    .write(db)?;
    Ok(true)
}

/// Brings the pictures in line with what is said of their project. To be called whenever either
/// changes.
pub fn veil(db: &mut Db, project: ItemId) -> QueryResult<()> {
    let (mature, by, cover): (bool, Option<UserId>, Option<PictureId>) = projects::table
        .find(project)
        .select((projects::mature, projects::mature_by, projects::picture_id))
        .get_result(db)?;
    let mut shown: Vec<PictureId> = project_shots::table
        .filter(project_shots::project_id.eq(project))
        .select(project_shots::picture_id)
        .load(db)?;
    shown.extend(cover);
    let veiled = mature || by.is_some();
    diesel::update(
        pictures::table.filter(pictures::id.eq_any(shown).and(pictures::veiled.ne(veiled))),
    )
    .set(pictures::veiled.eq(veiled))
    .execute(db)
    .map(|_| ())
}
