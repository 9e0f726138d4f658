//! How a release of a forge comes in: through the intake, as if the maker who switched it on had typed
//! it, with the forge's date. What a maker typed, changed or deleted is never touched.

use super::MOST_RELEASES;
use super::answers::{Change, Release as Found};
use super::follow::Follow;
use crate::account::User;
use crate::db::{ItemId, dialect, now};
use crate::gate;
use crate::intake::{self, Context, Outcome, Text, limits};
use crate::item::{Item, Kind, State, Submitted};
use crate::project::Project;
use crate::release::{self, Notes, Release};
use crate::schema::{forge_releases, project_makers, releases};
use crate::{Db, QueryResult, secret};
use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;

/// Texts that one project may bring in a day, new or changed.
const TEXTS_A_DAY: i64 = 60;

/// What became of a release of the forge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Took {
    New,
    /// It waits for a moderator.
    Waiting,
    Changed,
    /// Nothing new about it.
    Same,
    /// A maker typed it, changed it or deleted it, or a moderator removed it.
    Theirs,
    /// Its tag cannot be a version here.
    Nameless,
    /// Enough for today.
    Enough,
}

/// Why nothing may come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Barred {
    /// For good, with a sentence.
    Stop(String),
    /// The project is not there for anybody just now.
    Rest,
    /// Who switched it on may not post just now.
    Later(String),
}

#[derive(Queryable)]
struct Row {
    release: ItemId,
    imported: bool,
    digest: String,
    kept: bool,
}

/// Whether something may come for this project, from where it comes.
pub fn may(db: &mut Db, follow: &Follow, others: &str) -> QueryResult<Result<User, Barred>> {
    let project = Project::find(db, follow.project_id)?;
    if matches!(project.state, State::Removed | State::Deleted) {
        return Ok(Err(Barred::Rest));
    }
    let author = User::find(db, follow.user_id)?;
    let makes: Option<ItemId> = project_makers::table
        .filter(project_makers::project_id.eq(project.id))
        .filter(project_makers::user_id.eq(author.id))
        .select(project_makers::project_id)
        .first(db)
        .optional()?;
    if makes.is_none() {
        let sentence = format!(
            "{} switched it on and is not a maker of this project any more. Switch it on yourself.",
            author.username
        );
        return Ok(Err(Barred::Stop(sentence)));
    }
    let linked = super::follow::linked(db, &project, others)?;
    if linked.and_then(|(_, found)| found.ok()) != Some(follow.repository()) {
        let sentence = "The address of the source code is another one now, or none that this site asks. Switch it on again.";
        return Ok(Err(Barred::Stop(sentence.to_owned())));
    }
    Ok(gate::may_post(&author, now())
        .map(|()| author)
        .map_err(|refusal| Barred::Later(refusal.sentence())))
}

/// What is kept of a release, to tell whether the forge has changed it since.
fn digest(notes: &Notes, found: &Found) -> QueryResult<String> {
    let all = format!("{}\n{}\n{}", notes.to_json()?, found.at, found.prerelease);
    Ok(secret::sha256(&all))
}

/// One release, in a write transaction of its own.
pub fn take_in(
    db: &mut Db,
    context: &Context,
    follow: &Follow,
    author: &User,
    found: &Found,
) -> QueryResult<Took> {
    let repository = follow.repository();
    let Some(notes) = found.notes(&repository) else {
        return Ok(Took::Nameless);
    };
    let digest = digest(&notes, found)?;
    // As for those that are typed: two of one name at once, and the second sees the first.
    dialect::lock(db, &format!("releases:{}", follow.project_id))?;
    let still = Follow::of(db, follow.project_id)?
        .is_some_and(|now| now.is_on() && now.repository() == repository);
    if !still {
        return Ok(Took::Same);
    }
    let source = repository.source();
    let key = (follow.project_id, &source, &found.tag);
    let known: Option<Row> = forge_releases::table
        .find(key)
        .select((
            forge_releases::release_id,
            forge_releases::imported,
            forge_releases::digest,
            forge_releases::kept,
        ))
        .get_result(db)
        .optional()?;
    let known = match known {
        Some(row) if !row.imported || row.kept => return Ok(Took::Theirs),
        Some(row) if row.digest == digest => return Ok(Took::Same),
        known => known,
    };
    let took = match known {
        Some(row) => change(db, context, author, row.release, notes, found)?,
        None => {
            if let Some(typed) = same_version(db, follow.project_id, &notes.version)? {
                write_row(db, follow, found, typed, None)?;
                return Ok(Took::Theirs);
            }
            add(db, context, follow, author, &notes, found)?
        }
    };
    if matches!(took, Took::New | Took::Waiting | Took::Changed) {
        diesel::update(forge_releases::table.find(key))
            .set(forge_releases::digest.eq(digest))
            .execute(db)?;
    }
    Ok(took)
}

/// A release that is there under the same version, in whatever state: with or without a `v` before it.
fn same_version(db: &mut Db, project: ItemId, version: &str) -> QueryResult<Option<ItemId>> {
    let others = [
        version.to_owned(),
        format!("v{version}"),
        format!("V{version}"),
    ];
    releases::table
        .filter(releases::project_id.eq(project))
        .filter(releases::version.eq_any(others))
        .select(releases::id)
        .first(db)
        .optional()
}

fn write_row(
    db: &mut Db,
    follow: &Follow,
    found: &Found,
    release: ItemId,
    digest: Option<&str>,
) -> QueryResult<usize> {
    diesel::insert_into(forge_releases::table)
        .values((
            forge_releases::project_id.eq(follow.project_id),
            forge_releases::source.eq(follow.repository().source()),
            forge_releases::tag.eq(&found.tag),
            forge_releases::release_id.eq(release),
            forge_releases::software.eq(follow.software),
            forge_releases::imported.eq(digest.is_some()),
            forge_releases::digest.eq(digest.unwrap_or_default()),
            forge_releases::created_at.eq(now()),
        ))
        .execute(db)
}

/// One more text of today.
fn is_enough(db: &mut Db, context: &Context, project: ItemId) -> QueryResult<bool> {
    if context.limits_off {
        return Ok(false);
    }
    let bucket = format!("forge:{project}");
    let counted = limits::count(db, &bucket, TEXTS_A_DAY, Duration::days(1))?;
    Ok(counted.is_err())
}

fn add(
    db: &mut Db,
    context: &Context,
    follow: &Follow,
    author: &User,
    notes: &Notes,
    found: &Found,
) -> QueryResult<Took> {
    if is_enough(db, context, follow.project_id)? {
        return Ok(Took::Enough);
    }
    let text = notes.text();
    let decision = release::judge(db, context, author, &text, None, "")?;
    let id = Item::submit(
        db,
        &Submitted {
            kind: Kind::Release,
            author: author.id,
            project: Some(follow.project_id),
            content: &notes.to_json()?,
            text: &text,
            network: "",
            decision: &decision,
        },
    )?;
    Release::insert(db, id, follow.project_id, notes, found.prerelease, found.at)?;
    write_row(db, follow, found, id, Some(""))?;
    Ok(match decision.outcome {
        Outcome::Publish => Took::New,
        _ => Took::Waiting,
    })
}

/// The forge has changed one that came from there: an edit like another.
fn change(
    db: &mut Db,
    context: &Context,
    author: &User,
    id: ItemId,
    mut notes: Notes,
    found: &Found,
) -> QueryResult<Took> {
    let Some(item) = dialect::lock_item(db, id)? else {
        return Ok(Took::Theirs);
    };
    if matches!(item.state, State::Removed | State::Deleted) {
        return Ok(Took::Theirs);
    }
    let release: Release = releases::table
        .find(id)
        .select(Release::as_select())
        .get_result(db)?;
    // The version is a part of its address and stays.
    notes.version.clone_from(&release.version);
    if release.for_editing(db)? != notes {
        if is_enough(db, context, release.project_id)? {
            return Ok(Took::Enough);
        }
        let text = notes.text();
        let decision = release::judge(db, context, author, &text, Some(id), "")?;
        if item.revise(db, &notes.to_json()?, &text, &decision)? {
            release::write(db, id, &notes)?;
        }
    }
    diesel::update(releases::table.find(id))
        .set((
            releases::released_at.eq(found.at),
            releases::prerelease.eq(found.prerelease),
        ))
        .execute(db)?;
    Ok(Took::Changed)
}

/// Notes which of those that came are not at the forge any more, as far back as its answer goes. They
/// stay here: people talk about them, and their makers may delete them.
pub fn note_gone(db: &mut Db, follow: &Follow, all: &[Found]) -> QueryResult<()> {
    let source = follow.repository().source();
    let oldest = match all.last() {
        Some(last) if all.len() >= MOST_RELEASES => last.at,
        _ => NaiveDateTime::MIN,
    };
    type Row = (String, NaiveDateTime, Option<NaiveDateTime>);
    let rows: Vec<Row> = forge_releases::table
        .inner_join(releases::table)
        .filter(forge_releases::project_id.eq(follow.project_id))
        .filter(forge_releases::source.eq(&source))
        .select((
            forge_releases::tag,
            releases::released_at,
            forge_releases::gone_at,
        ))
        .load(db)?;
    for (tag, at, gone_at) in rows {
        let is_there = all.iter().any(|found| found.tag == tag);
        let is_gone = !is_there && at >= oldest;
        let to = match (is_gone, is_there, gone_at) {
            (true, _, None) => Some(now()),
            (_, true, Some(_)) => None,
            _ => continue,
        };
        diesel::update(forge_releases::table.find((follow.project_id, &source, &tag)))
            .set(forge_releases::gone_at.eq(to))
            .execute(db)?;
    }
    Ok(())
}

/// Why these changes are not shown to readers; empty: they are. They are no item: nobody is told of
/// them, finds them or answers to them, and what waits is the whole list. So they take the steps that
/// look at words, the rules of moderators and the filter, and nothing that counts or remembers.
pub fn look_at_changes(context: &Context, author: &User, changes: &[Change]) -> String {
    let lines: Vec<&str> = changes.iter().map(|one| one.title.as_str()).collect();
    let text = lines.join("\n");
    let step = intake::glance(
        context,
        &Text {
            kind: Kind::Release,
            author,
            is_maker: true,
            text: &text,
            editing: None,
            approve_first: false,
            network: "",
            heat: None,
        },
    );
    step.map_or(String::new(), |step| step.name)
}

/// What came, in words. The first time it is history, and said so.
pub fn told(took: &[Took], is_first: bool) -> String {
    let count = |of: &[Took]| took.iter().filter(|one| of.contains(one)).count();
    let releases = |n: usize| match n {
        1 => "1 release".to_owned(),
        n => format!("{n} releases"),
    };
    if took.is_empty() {
        return "There are no releases there yet.".to_owned();
    }
    let mut parts = Vec::new();
    let came = count(&[Took::New, Took::Waiting]);
    match came {
        0 => parts.push("Nothing new came".to_owned()),
        n if is_first => parts.push(format!("{} came, with their own dates", releases(n))),
        n => parts.push(format!("{} came", releases(n))),
    }
    match count(&[Took::Waiting]) {
        0 => {}
        1 => parts.push("1 of them waits for a moderator".to_owned()),
        n => parts.push(format!("{n} of them wait for a moderator")),
    }
    match count(&[Took::Changed]) {
        0 => {}
        n => parts.push(format!("{n} changed there and here")),
    }
    match count(&[Took::Theirs]) {
        0 => {}
        1 => parts.push("1 is yours and was left alone".to_owned()),
        n => parts.push(format!("{n} are yours and were left alone")),
    }
    match count(&[Took::Nameless]) {
        0 => {}
        n => parts.push(format!(
            "{} left out: the tag cannot be a version here",
            releases(n)
        )),
    }
    match count(&[Took::Enough]) {
        0 => {}
        n => parts.push(format!("{} left for tomorrow", releases(n))),
    }
    format!("{}.", parts.join("; "))
}

/// Whether an answer was read whole; else the next one is asked for as if nothing were known.
pub fn is_whole(took: &[Took]) -> bool {
    !took.contains(&Took::Enough)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_is_told_in_words() {
        assert_eq!(told(&[], true), "There are no releases there yet.");
        assert_eq!(
            told(&[Took::New, Took::New, Took::Waiting, Took::Theirs], true),
            "3 releases came, with their own dates; 1 of them waits for a moderator; 1 is yours and was left alone."
        );
        assert_eq!(told(&[Took::Same], false), "Nothing new came.");
        assert_eq!(
            told(&[Took::Changed, Took::Nameless], false),
            "Nothing new came; 1 changed there and here; 1 release left out: the tag cannot be a version here."
        );
    }
}
