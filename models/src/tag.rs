//! Tags: which stand together, and those that moderators made one.

use crate::account::User;
use crate::db::{dialect, now};
use crate::moderation::log::Act;
use crate::project::{FieldError, parse_tags};
use crate::schema::{project_tags, tag_merges, users};
use crate::{Db, QueryResult};
use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use std::collections::HashMap;

/// Projects that are asked which tags stand beside one.
const LOOKED_THROUGH: i64 = 500;
/// Who changes tags does so one after the other: a project's new tags and a merge would else meet
/// in the same row.
pub const LOCK: &str = "tags";

/// A tag made another name of a second one.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = tag_merges)]
pub struct Merge {
    pub id: i64,
    pub tag: String,
    pub target: String,
    pub created_at: NaiveDateTime,
    pub undone_at: Option<NaiveDateTime>,
}

/// The tag that this one is another name of, if it is.
pub fn target(db: &mut Db, tag: &str) -> QueryResult<Option<String>> {
    let found = targets(db, &[tag.to_owned()])?;
    Ok(found.into_values().next())
}

/// The same for several. A target may have been merged itself, later.
fn targets(db: &mut Db, tags: &[String]) -> QueryResult<HashMap<String, String>> {
    let mut found: HashMap<String, String> =
        tags.iter().map(|tag| (tag.clone(), tag.clone())).collect();
    // No ring is ever made; a row too many in between ends here all the same.
    for _ in 0..8 {
        let ends: Vec<String> = found.values().cloned().collect();
        let next: HashMap<String, String> = tag_merges::table
            .filter(tag_merges::tag.eq_any(ends))
            .filter(tag_merges::undone_at.is_null())
            .select((tag_merges::tag, tag_merges::target))
            .load::<(String, String)>(db)?
            .into_iter()
            .collect();
        if next.is_empty() {
            break;
        }
        for end in found.values_mut() {
            if let Some(target) = next.get(end) {
                end.clone_from(target);
            }
        }
    }
    found.retain(|tag, end| tag != end);
    Ok(found)
}

/// What a maker typed, by the names that are in use; each once.
pub fn in_use(db: &mut Db, tags: &[String]) -> QueryResult<Vec<String>> {
    if tags.is_empty() {
        return Ok(Vec::new());
    }
    dialect::lock(db, LOCK)?;
    let other = targets(db, tags)?;
    let mut used: Vec<String> = tags
        .iter()
        .map(|tag| other.get(tag).unwrap_or(tag).clone())
        .collect();
    used.sort();
    used.dedup();
    Ok(used)
}

fn one(typed: &str) -> Option<String> {
    match parse_tags(typed).unwrap_or_default().as_slice() {
        [tag] => Some(tag.clone()),
        _ => None,
    }
}

/// Makes a tag another name of a second one, on all projects that carry it; or says what is wrong with
/// which of the two. To be called in a write transaction.
pub fn merge(
    db: &mut Db,
    by: &User,
    tag: &str,
    into: &str,
) -> QueryResult<Result<Merge, FieldError>> {
    let fault = |field, message: &str| {
        Ok(Err(FieldError {
            field,
            message: message.to_owned(),
        }))
    };
    let Some(tag) = one(tag) else {
        return fault("tag", "Type one tag.");
    };
    let Some(into) = one(into) else {
        return fault("into", "Type one tag.");
    };
    dialect::lock(db, LOCK)?;
    let target = target(db, &into)?.unwrap_or(into);
    if target == tag {
        return fault("into", "These are the same tag already.");
    }
    let carried: i64 = project_tags::table
        .filter(project_tags::tag.eq(&tag))
        .count()
        .get_result(db)?;
    if carried == 0 {
        return fault("tag", "No project has this tag.");
    }
    carry_out(db, by, &tag, &target).map(Ok)
}

fn carry_out(db: &mut Db, by: &User, tag: &str, target: &str) -> QueryResult<Merge> {
    let id: i64 = diesel::insert_into(tag_merges::table)
        .values((
            tag_merges::tag.eq(tag),
            tag_merges::target.eq(target),
            tag_merges::by_id.eq(by.id),
            tag_merges::created_at.eq(now()),
        ))
        .returning(tag_merges::id)
        .get_result(db)?;
    diesel::sql_query(
        "INSERT INTO tag_merged (merge_id, project_id, had_both) SELECT $1, a.project_id, EXISTS \
         (SELECT 1 FROM project_tags b WHERE b.project_id = a.project_id AND b.tag = $2) FROM project_tags a WHERE a.tag = $3",
    )
    .bind::<BigInt, _>(id)
    .bind::<Text, _>(target)
    .bind::<Text, _>(tag)
    .execute(db)?;
    diesel::sql_query(
        "INSERT INTO project_tags (project_id, tag) SELECT project_id, $1 FROM tag_merged \
         WHERE merge_id = $2 AND NOT had_both",
    )
    .bind::<Text, _>(target)
    .bind::<BigInt, _>(id)
    .execute(db)?;
    diesel::delete(project_tags::table.filter(project_tags::tag.eq(tag))).execute(db)?;
    Act {
        actor: Some(by.id),
        act: "merged tags",
        detail: &format!("{tag} into {target}"),
        ..Act::default()
    }
    .write(db)?;
    find(db, id)
}

pub fn find(db: &mut Db, id: i64) -> QueryResult<Merge> {
    tag_merges::table
        .find(id)
        .select(Merge::as_select())
        .get_result(db)
}

/// Parts them again, on the projects that had the first one then and still have the second. False: it
/// does not stand any more, or the second one was merged since, which is to be undone first.
pub fn part(db: &mut Db, by: &User, id: i64) -> QueryResult<bool> {
    dialect::lock(db, LOCK)?;
    let merge = find(db, id)?;
    if merge.undone_at.is_some() || target(db, &merge.target)?.is_some() {
        return Ok(false);
    }
    diesel::update(tag_merges::table.find(id))
        .set((
            tag_merges::undone_at.eq(now()),
            tag_merges::undone_by.eq(by.id),
        ))
        .execute(db)?;
    diesel::sql_query(
        "INSERT INTO project_tags (project_id, tag) SELECT m.project_id, $1 FROM tag_merged m \
         WHERE m.merge_id = $2 AND EXISTS (SELECT 1 FROM project_tags t WHERE t.project_id = m.project_id AND t.tag = $3) \
         ON CONFLICT DO NOTHING",
    )
    .bind::<Text, _>(&merge.tag)
    .bind::<BigInt, _>(id)
    .bind::<Text, _>(&merge.target)
    .execute(db)?;
    diesel::sql_query(
        "DELETE FROM project_tags WHERE tag = $1 AND project_id IN \
         (SELECT project_id FROM tag_merged WHERE merge_id = $2 AND NOT had_both)",
    )
    .bind::<Text, _>(&merge.target)
    .bind::<BigInt, _>(id)
    .execute(db)?;
    Act {
        actor: Some(by.id),
        act: "parted tags",
        detail: &format!("{} from {}", merge.tag, merge.target),
        ..Act::default()
    }
    .write(db)?;
    Ok(true)
}

/// Newest first, each with who did it and on how many projects.
pub fn merges(db: &mut Db, limit: i64) -> QueryResult<Vec<(Merge, String, i64)>> {
    use crate::schema::tag_merged;
    let rows: Vec<(Merge, String)> = tag_merges::table
        .inner_join(users::table.on(users::id.eq(tag_merges::by_id)))
        .order(tag_merges::id.desc())
        .limit(limit)
        .select((Merge::as_select(), users::username))
        .load(db)?;
    let ids: Vec<i64> = rows.iter().map(|(merge, _)| merge.id).collect();
    let counts: HashMap<i64, i64> = tag_merged::table
        .filter(tag_merged::merge_id.eq_any(ids))
        .group_by(tag_merged::merge_id)
        .select((tag_merged::merge_id, diesel::dsl::count_star()))
        .load::<(i64, i64)>(db)?
        .into_iter()
        .collect();
    Ok(rows
        .into_iter()
        .map(|(merge, by)| {
            let projects = counts.get(&merge.id).copied().unwrap_or(0);
            (merge, by, projects)
        })
        .collect())
}

/// Tags that stand beside one most often, on the newest projects that carry it.
pub fn related(db: &mut Db, tag: &str, limit: i64) -> QueryResult<Vec<String>> {
    #[derive(QueryableByName)]
    struct Beside {
        #[diesel(sql_type = Text)]
        tag: String,
    }
    let rows: Vec<Beside> = diesel::sql_query(
        "SELECT b.tag FROM (SELECT project_id FROM project_tags WHERE tag = $1 ORDER BY project_id DESC LIMIT $2) a \
         JOIN items i ON i.id = a.project_id JOIN project_tags b ON b.project_id = a.project_id \
         WHERE i.state = 'published' AND b.tag <> $3 GROUP BY b.tag ORDER BY count(*) DESC, b.tag LIMIT $4",
    )
    .bind::<Text, _>(tag)
    .bind::<BigInt, _>(LOOKED_THROUGH)
    .bind::<Text, _>(tag)
    .bind::<BigInt, _>(limit)
    .load(db)?;
    Ok(rows.into_iter().map(|row| row.tag).collect())
}
