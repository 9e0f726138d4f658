//! What the lists and tags of the demo show: comments that helped a maker, and two tags made one.

use super::find;
use diesel::prelude::*;
use potluck_models::Db;
use potluck_models::db::{ItemId, UserId};
use potluck_models::item::State;
use potluck_models::maker::{self, Wish};
use potluck_models::schema::{comments, items, project_makers, projects, users};
use potluck_models::tag;

/// Makers who said thank you.
const GRATEFUL: i64 = 8;

pub fn lay(db: &mut Db) -> anyhow::Result<()> {
    let projects: Vec<(ItemId, String)> = projects::table
        .inner_join(items::table.on(items::id.eq(projects::id)))
        .inner_join(users::table.on(users::id.eq(projects::owner_id)))
        .filter(items::state.eq(State::Published))
        .order(projects::id.desc())
        .limit(GRATEFUL)
        .select((projects::id, users::username))
        .load(db)?;
    for (project, owner) in projects {
        let team: Vec<UserId> = project_makers::table
            .filter(project_makers::project_id.eq(project))
            .select(project_makers::user_id)
            .load(db)?;
        let helped: Option<ItemId> = comments::table
            .inner_join(items::table.on(items::id.eq(comments::id)))
            .filter(items::project_id.eq(project))
            .filter(items::state.eq(State::Published))
            .filter(comments::author_id.ne_all(team))
            .order(comments::id)
            .select(comments::id)
            .first(db)
            .optional()?;
        if let Some(helped) = helped {
            let owner = find(db, &owner)?;
            maker::act(db, &owner, helped, Wish::Helped)?;
        }
    }
    let moderator = find(db, "mo_t")?;
    tag::merge(db, &moderator, "letters", "lettering")?
        .map_err(|fault| anyhow::anyhow!(fault.message))?;
    Ok(())
}
