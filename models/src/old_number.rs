//! The numbers that projects had on the site they came from (pygame.org's addresses hold one), so that
//! links of before lead on.

use crate::project::Project;
use crate::schema::{old_numbers, projects};
use crate::{Db, QueryResult, both};
use diesel::dsl::exists;
use diesel::prelude::*;

/// Remembers a project's number; what it meant before is replaced. False: no project has this address.
pub fn put(db: &mut Db, number: i64, slug: &str) -> QueryResult<bool> {
    let project = match Project::by_address(db, slug).optional()? {
        Some(project) => project.id,
        None => return Ok(false),
    };
    let row = (
        old_numbers::number.eq(number),
        old_numbers::project_id.eq(project),
    );
    both!(db, conn => diesel::insert_into(old_numbers::table)
        .values(row)
        .on_conflict(old_numbers::number)
        .do_update()
        .set(old_numbers::project_id.eq(project))
        .execute(conn))?;
    Ok(true)
}

/// The address that a project with this number has now.
pub fn slug(db: &mut Db, number: i64) -> QueryResult<String> {
    old_numbers::table
        .inner_join(projects::table)
        .filter(old_numbers::number.eq(number))
        .select(projects::slug)
        .first(db)
}

/// Whether this site follows another one.
pub fn are_any(db: &mut Db) -> QueryResult<bool> {
    diesel::select(exists(old_numbers::table.select(old_numbers::project_id))).get_result(db)
}
