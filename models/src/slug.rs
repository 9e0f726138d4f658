//! The addresses of projects: the one of now, and those of before, which lead on to it and which no
//! other project takes.

use crate::db::{ItemId, dialect, now};
use crate::moderation::rule;
use crate::project::FieldError;
use crate::schema::{old_slugs, projects, rules};
use crate::{Db, QueryResult, both};
use diesel::prelude::*;

const SHORTEST: usize = 3;
const LONGEST: usize = 80;
/// Of all that one project had. Older ones lead nowhere any more.
const KEPT: i64 = 20;

/// An address as a maker types it.
pub fn parse(typed: &str) -> Result<String, FieldError> {
    let fault = |message: String| FieldError {
        field: "address",
        message,
    };
    let slug = typed.trim();
    let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    match slug.chars().count() {
        _ if !slug.chars().all(fine) => Err(fault(
            "An address has small letters a to z, digits and - only.".into(),
        )),
        SHORTEST..=LONGEST if slug == "new" => Err(fault(
            "“new” is the address of a form. Call it something else.".into(),
        )),
        SHORTEST..=LONGEST if slug.starts_with('-') || slug.ends_with('-') => Err(fault(
            "An address begins and ends with a letter or a digit.".into(),
        )),
        SHORTEST..=LONGEST => Ok(slug.to_owned()),
        n => Err(fault(format!(
            "An address has {SHORTEST} to {LONGEST} characters; this has {n}."
        ))),
    }
}

/// Whether no other project is there, or was. In a write transaction it stays so to its end.
pub fn is_free(db: &mut Db, project: ItemId, slug: &str) -> QueryResult<bool> {
    dialect::lock(db, &format!("slug:{slug}"))?;
    let taken: i64 = projects::table
        .filter(projects::slug.eq(slug).and(projects::id.ne(project)))
        .count()
        .get_result(db)?;
    let was_taken: i64 = old_slugs::table
        .filter(old_slugs::slug.eq(slug))
        .filter(old_slugs::project_id.ne(project))
        .count()
        .get_result(db)?;
    Ok(taken + was_taken == 0)
}

/// Moves a project there. What was taken meanwhile, while the wish waited for a moderator, stays
/// taken, and the project stays where it is.
pub fn change(db: &mut Db, project: ItemId, to: &str) -> QueryResult<()> {
    let from: String = projects::table
        .find(project)
        .select(projects::slug)
        .get_result(db)?;
    if from == to || !is_free(db, project, to)? {
        return Ok(());
    }
    diesel::delete(old_slugs::table.find(to)).execute(db)?;
    let row = (
        old_slugs::slug.eq(&from),
        old_slugs::project_id.eq(project),
        old_slugs::changed_at.eq(now()),
    );
    both!(db, conn => diesel::insert_into(old_slugs::table).values(row).execute(conn))?;
    forget_oldest(db, project)?;
    diesel::update(projects::table.find(project))
        .set(projects::slug.eq(to))
        .execute(db)?;
    // A talk that moderators slowed down is no faster at another address.
    let moved = diesel::update(
        rules::table
            .filter(rules::kind.eq(rule::Kind::Slow))
            .filter(rules::pattern.eq(&from)),
    )
    .set(rules::pattern.eq(to))
    .execute(db)?;
    if moved > 0 {
        dialect::bump(db, rule::CHANGE)?;
    }
    Ok(())
}

fn forget_oldest(db: &mut Db, project: ItemId) -> QueryResult<usize> {
    let old: Vec<String> = old_slugs::table
        .filter(old_slugs::project_id.eq(project))
        .order((old_slugs::changed_at.desc(), old_slugs::slug))
        .offset(KEPT)
        .limit(KEPT)
        .select(old_slugs::slug)
        .load(db)?;
    diesel::delete(old_slugs::table.filter(old_slugs::slug.eq_any(old))).execute(db)
}

/// The project that once was there.
pub fn formerly(db: &mut Db, slug: &str) -> QueryResult<Option<ItemId>> {
    old_slugs::table
        .find(slug)
        .select(old_slugs::project_id)
        .get_result(db)
        .optional()
}

/// Its addresses told its title: they go with it.
pub fn forget(db: &mut Db, project: ItemId) -> QueryResult<usize> {
    diesel::delete(old_slugs::table.filter(old_slugs::project_id.eq(project))).execute(db)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_short_and_plain() {
        let long = "x".repeat(80);
        for fine in ["duck", "duck-racer-2", "123", " a-b ", long.as_str()] {
            assert_eq!(parse(fine).as_deref(), Ok(fine.trim()), "{fine}");
        }
        let longer = "x".repeat(81);
        for bad in [
            "",
            "ab",
            "new",
            "Duck",
            "dück",
            "a/b",
            "a.b",
            "a b",
            "-duck",
            "duck-",
            "---",
            "\u{202E}abc",
            longer.as_str(),
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
