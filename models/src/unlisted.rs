//! Projects that are in no list: their text has passed the intake as any other, but only who has the
//! link finds them. What the makers wish stands in `projects.unlisted`; `Item::settle` makes of it
//! [`State::Unlisted`] in place of `published`, whoever lets the text through.

use crate::account::User;
use crate::db::{ItemId, dialect, now};
use crate::gate::{self, Refusal};
use crate::item::State;
use crate::moderation::log::Act;
use crate::project::{Project, ShareError};
use crate::schema::projects;
use crate::{Db, QueryResult, condition, secret};
use diesel::prelude::*;

const KEY_LENGTH: usize = 32;

/// Which of these their makers keep out of lists.
pub fn among(db: &mut Db, ids: &[ItemId]) -> QueryResult<Vec<ItemId>> {
    projects::table
        .filter(
            condition::among(projects::id, ids.iter().copied()).and(projects::unlisted.eq(true)),
        )
        .select(projects::id)
        .load(db)
}

/// Notes the wish, before the text is let through. The first time, there is a link.
pub(crate) fn wish(db: &mut Db, project: ItemId, unlisted: bool) -> QueryResult<()> {
    diesel::update(projects::table.find(project))
        .set(projects::unlisted.eq(unlisted))
        .execute(db)?;
    if unlisted {
        diesel::update(
            projects::table
                .find(project)
                .filter(projects::secret.is_null()),
        )
        .set(projects::secret.eq(new_key()))
        .execute(db)?;
    }
    Ok(())
}

fn new_key() -> String {
    secret::token().chars().take(KEY_LENGTH).collect()
}

/// Out of the lists, or back into them: its text is let through already. That `by` makes it was asked
/// in the same transaction.
pub fn switch(db: &mut Db, by: &User, project: &Project, unlisted: bool) -> Result<(), ShareError> {
    gate::may_post(by, now()).map_err(ShareError::Refused)?;
    let item = dialect::lock_item(db, project.id)?.ok_or(diesel::result::Error::NotFound)?;
    if !matches!(item.state, State::Published | State::Unlisted) {
        return Err(ShareError::Refused(Refusal::NotPublished));
    }
    wish(db, project.id, unlisted)?;
    let mut to = item.standing();
    to.state = match unlisted {
        true => State::Unlisted,
        false => State::Published,
    };
    if to.state != item.state {
        item.settle(db, to)?;
        let act = match unlisted {
            true => "took out of the lists",
            false => "put into the lists",
        };
        record(db, by, project, act)?;
    }
    Ok(())
}

/// Ends the link of before.
pub fn make_new_link(db: &mut Db, by: &User, project: &Project) -> QueryResult<()> {
    diesel::update(projects::table.find(project.id))
        .set(projects::secret.eq(new_key()))
        .execute(db)?;
    record(db, by, project, "made a new secret link")
}

fn record(db: &mut Db, by: &User, project: &Project, act: &str) -> QueryResult<()> {
    Act {
        actor: Some(by.id),
        act,
        item: Some(project.id),
        detail: &project.title,
        ..Act::default()
    }
    .write(db)
    .map(|_| ())
}
