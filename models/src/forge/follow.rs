//! Which project follows which repository, when it is asked next, and what came last. A row stays when
//! it is switched off, as do the releases that came.

use super::answers::Change;
use super::{Repository, Software, name_of};
use crate::account::User;
use crate::condition::Upto;
use crate::db::{ItemId, UserId, dialect, now};
use crate::item::State;
use crate::moderation::log::Act;
use crate::project::{LinkKind, Project};
use crate::schema::{forge_follows, forge_releases, items, releases, users};
use crate::{Db, QueryResult, both, secret};
use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;
use std::collections::HashMap;

/// Between two questions, and at most so much more, so that not all come at once.
const EVERY: Duration = Duration::hours(1);
const JITTER: u32 = 600;
/// However often it failed.
const LONGEST: Duration = Duration::hours(24);
/// After these many failures in a row, about a month, it is switched off.
const FAILURES: i32 = 30;
/// Whoever asks has so long before somebody else may: longer than an answer and its releases take.
const CLAIM: Duration = Duration::minutes(10);

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = forge_follows)]
pub struct Follow {
    pub project_id: ItemId,
    pub user_id: UserId,
    pub software: Software,
    pub host: String,
    pub path: String,
    pub shows_changes: bool,
    pub hidden_by: Option<UserId>,
    pub created_at: NaiveDateTime,
    pub next_at: Option<NaiveDateTime>,
    pub wait_until: Option<NaiveDateTime>,
    pub failures: i32,
    pub asked_at: NaiveDateTime,
    pub came_at: Option<NaiveDateTime>,
    pub said: String,
    pub error: String,
    pub known_releases: String,
    pub known_changes: String,
    changes: String,
    pub changes_held: String,
}

/// What a question brought.
pub struct News {
    /// In words.
    pub said: String,
    /// What the answers are known by; None: as before.
    pub known_releases: Option<String>,
    pub known_changes: Option<String>,
    /// With why they are not shown, or nothing; None: as before.
    pub changes: Option<(Vec<Change>, String)>,
}

/// For readers: what was changed lately.
#[derive(Clone, Debug)]
pub struct Recent {
    pub name: String,
    pub page: String,
    pub changes: Vec<Change>,
    /// A moderator took them away: for moderators alone.
    pub is_hidden: bool,
}

/// Where a release came from, or where it stands as well.
#[derive(Clone, Debug)]
pub struct Origin {
    pub name: String,
    /// None: the forge has it no longer.
    pub page: Option<String>,
    pub imported: bool,
}

impl Follow {
    pub fn of(db: &mut Db, project: ItemId) -> QueryResult<Option<Follow>> {
        forge_follows::table
            .find(project)
            .select(Follow::as_select())
            .get_result(db)
            .optional()
    }

    pub fn is_on(&self) -> bool {
        self.next_at.is_some()
    }

    pub fn repository(&self) -> Repository {
        Repository {
            software: self.software,
            host: self.host.clone(),
            path: self.path.clone(),
        }
    }

    pub fn name(&self) -> &str {
        name_of(&self.host)
    }

    /// Nothing was asked since it was switched on.
    pub fn is_new(&self) -> bool {
        self.said.is_empty() && self.error.is_empty()
    }

    /// The name of the person in whose name releases come.
    pub fn author(&self, db: &mut Db) -> QueryResult<String> {
        users::table
            .find(self.user_id)
            .select(users::username)
            .get_result(db)
    }

    pub fn changes(&self) -> Vec<Change> {
        serde_json::from_str(&self.changes).unwrap_or_default()
    }

    /// The same, with changes for readers, if there are any to be shown.
    fn recent(self) -> Option<Recent> {
        let changes = self.changes();
        let shown = self.is_on() && self.shows_changes && self.changes_held.is_empty();
        (shown && !changes.is_empty()).then(|| Recent {
            name: self.name().to_owned(),
            page: self.repository().page(),
            is_hidden: self.hidden_by.is_some(),
            changes,
        })
    }
}

/// The repository that readers find on a project's page, and whether it can be asked. None: there is no
/// link.
pub fn linked(
    db: &mut Db,
    project: &Project,
    others: &str,
) -> QueryResult<Option<(String, Result<Repository, super::NotAsked>)>> {
    let links = project.links(db)?;
    let link = links
        .into_iter()
        .find(|link| link.kind == LinkKind::Repository);
    Ok(link.map(|link| {
        let repository = Repository::of(&link.url, others);
        (link.url, repository)
    }))
}

/// By a maker, in whose name the releases come.
pub fn switch_on(
    db: &mut Db,
    by: UserId,
    project: ItemId,
    repository: &Repository,
) -> QueryResult<()> {
    let known = Follow::of(db, project)?;
    let at = now();
    // Off and on again is no way round what the forge asked for, whichever project it was.
    let wait: Option<NaiveDateTime> = forge_follows::table
        .filter(forge_follows::host.eq(&repository.host))
        .filter(forge_follows::wait_until.gt(at))
        .select(forge_follows::wait_until)
        .order(forge_follows::wait_until.desc())
        .first::<Option<NaiveDateTime>>(db)
        .optional()?
        .flatten();
    let is_same = known.is_some_and(|known| known.repository() == *repository);
    let row = (
        forge_follows::user_id.eq(by),
        forge_follows::software.eq(repository.software),
        forge_follows::host.eq(&repository.host),
        forge_follows::path.eq(&repository.path),
        forge_follows::next_at.eq(Some(wait.map_or(at, |wait| wait.max(at)))),
        forge_follows::wait_until.eq(wait),
        forge_follows::failures.eq(0),
        forge_follows::asked_at.eq(at),
        forge_follows::said.eq(""),
        forge_follows::error.eq(""),
        // All of it is looked at anew: something may have been deleted or typed since.
        forge_follows::known_releases.eq(""),
        forge_follows::known_changes.eq(""),
    );
    both!(db, conn => diesel::insert_into(forge_follows::table)
        .values((
            forge_follows::project_id.eq(project),
            forge_follows::created_at.eq(at),
            row,
        ))
        .on_conflict(forge_follows::project_id)
        .do_update()
        .set(row)
        .execute(conn))?;
    if !is_same {
        diesel::update(forge_follows::table.find(project))
            .set((
                forge_follows::changes.eq("[]"),
                forge_follows::changes_held.eq(""),
                forge_follows::came_at.eq(None::<NaiveDateTime>),
            ))
            .execute(db)?;
    }
    Ok(())
}

pub fn switch_off(db: &mut Db, project: ItemId) -> QueryResult<usize> {
    diesel::update(forge_follows::table.find(project))
        .set(forge_follows::next_at.eq(None::<NaiveDateTime>))
        .execute(db)
}

/// Whether readers see the changes.
pub fn show_changes(db: &mut Db, project: ItemId, shown: bool) -> QueryResult<usize> {
    diesel::update(forge_follows::table.find(project))
        .set(forge_follows::shows_changes.eq(shown))
        .execute(db)
}

/// By a moderator: the list of changes is foreign text without an item of its own. False: nothing
/// changed.
pub fn hide_changes(db: &mut Db, by: &User, project: ItemId, hidden: bool) -> QueryResult<bool> {
    let row = forge_follows::table.find(project);
    let changed = match hidden {
        true => diesel::update(row.filter(forge_follows::hidden_by.is_null()))
            .set(forge_follows::hidden_by.eq(Some(by.id)))
            .execute(db)?,
        false => diesel::update(row.filter(forge_follows::hidden_by.is_not_null()))
            .set(forge_follows::hidden_by.eq(None::<UserId>))
            .execute(db)?,
    };
    if changed == 0 {
        return Ok(false);
    }
    Act {
        actor: Some(by.id),
        act: if hidden {
            "changes hidden"
        } else {
            "changes shown"
        },
        item: Some(project),
        detail: "recent changes from a forge",
        ..Act::default()
    }
    .write(db)?;
    Ok(true)
}

/// At once, but not before the forge wants it.
pub fn ask_now(db: &mut Db, follow: &Follow) -> QueryResult<NaiveDateTime> {
    let at = now();
    let at = follow.wait_until.map_or(at, |wait| wait.max(at));
    diesel::update(
        forge_follows::table
            .find(follow.project_id)
            .filter(forge_follows::next_at.is_not_null()),
    )
    .set(forge_follows::next_at.eq(Some(at)))
    .execute(db)?;
    Ok(at)
}

/// A look without the write lock: an idle site writes nothing.
pub fn is_due(db: &mut Db) -> QueryResult<bool> {
    let first: Option<ItemId> = forge_follows::table
        .filter(forge_follows::next_at.le(now()))
        .select(forge_follows::project_id)
        .upto(1)
        .get_result(db)
        .optional()?;
    Ok(first.is_some())
}

/// The next to be asked; of those that waited for one host, who was not asked for longest. To be called
/// in a write transaction.
pub fn claim(db: &mut Db) -> QueryResult<Option<Follow>> {
    dialect::lock(db, "forge_follows")?;
    let at = now();
    let due: Option<Follow> = forge_follows::table
        .filter(forge_follows::next_at.le(at))
        .order((forge_follows::next_at, forge_follows::asked_at))
        .select(Follow::as_select())
        .first(db)
        .optional()?;
    if let Some(follow) = &due {
        diesel::update(forge_follows::table.find(follow.project_id))
            .set((
                forge_follows::next_at.eq(Some(at + CLAIM)),
                forge_follows::asked_at.eq(at),
            ))
            .execute(db)?;
    }
    Ok(due)
}

fn soon() -> Duration {
    Duration::seconds(i64::from(secret::below(JITTER)))
}

/// When it is asked again after so many failures.
fn again_after(failures: i32) -> Duration {
    let hours = EVERY * (1 << failures.clamp(0, 10));
    hours.min(LONGEST) + soon()
}

/// Still the one that was claimed, and still on.
macro_rules! same {
    ($follow:expr) => {
        forge_follows::table
            .find($follow.project_id)
            .filter(forge_follows::host.eq(&$follow.host))
            .filter(forge_follows::path.eq(&$follow.path))
            .filter(forge_follows::next_at.is_not_null())
    };
}

/// Somebody pressed the button while it was being asked: then once more. What was claimed stands until
/// then.
fn next(db: &mut Db, follow: &Follow, wish: NaiveDateTime) -> QueryResult<NaiveDateTime> {
    let stored = Follow::of(db, follow.project_id)?.and_then(|stored| stored.next_at);
    let pressed = stored.filter(|stored| *stored <= now());
    Ok(pressed.unwrap_or(wish))
}

/// It answered.
pub fn came(db: &mut Db, follow: &Follow, news: &News) -> QueryResult<()> {
    let at = now();
    let next = next(db, follow, at + EVERY + soon())?;
    diesel::update(same!(follow))
        .set((
            forge_follows::next_at.eq(Some(next)),
            forge_follows::wait_until.eq(None::<NaiveDateTime>),
            forge_follows::failures.eq(0),
            forge_follows::came_at.eq(Some(at)),
            forge_follows::error.eq(""),
        ))
        .execute(db)?;
    note(db, follow, news)
}

/// What came, though something else may have failed.
pub fn note(db: &mut Db, follow: &Follow, news: &News) -> QueryResult<()> {
    diesel::update(same!(follow))
        .set(forge_follows::said.eq(&news.said))
        .execute(db)?;
    if let Some(known) = &news.known_releases {
        diesel::update(same!(follow))
            .set(forge_follows::known_releases.eq(known))
            .execute(db)?;
    }
    if let Some(known) = &news.known_changes {
        diesel::update(same!(follow))
            .set(forge_follows::known_changes.eq(known))
            .execute(db)?;
    }
    if let Some((changes, held)) = &news.changes {
        let json = serde_json::to_string(changes)
            .map_err(|error| diesel::result::Error::SerializationError(error.into()))?;
        diesel::update(same!(follow))
            .set((
                forge_follows::changes.eq(json),
                forge_follows::changes_held.eq(held),
            ))
            .execute(db)?;
    }
    Ok(())
}

/// It did not, or not all of it: later again, twice as late each time.
pub fn failed(
    db: &mut Db,
    follow: &Follow,
    sentence: &str,
    wait: Option<Duration>,
) -> QueryResult<()> {
    let at = now();
    let failures = follow.failures + 1;
    let mut until = again_after(failures);
    if let Some(wait) = wait {
        until = until.max(wait.min(LONGEST) + soon());
    }
    let given_up = failures >= FAILURES;
    let sentence = match given_up {
        true => format!("{sentence} It failed for a month, so it is switched off."),
        false => sentence.to_owned(),
    };
    let next = match given_up {
        true => None,
        false if wait.is_some() => Some(at + until),
        false => Some(next(db, follow, at + until)?),
    };
    diesel::update(same!(follow))
        .set((
            forge_follows::next_at.eq(next),
            forge_follows::wait_until.eq(wait.map(|wait| at + wait.min(LONGEST))),
            forge_follows::failures.eq(failures),
            forge_follows::error.eq(sentence),
        ))
        .execute(db)?;
    Ok(())
}

/// Nothing can come until a maker has done something: it is switched off, and the page says why.
pub fn stop(db: &mut Db, follow: &Follow, sentence: &str) -> QueryResult<usize> {
    diesel::update(same!(follow))
        .set((
            forge_follows::next_at.eq(None::<NaiveDateTime>),
            forge_follows::error.eq(sentence),
        ))
        .execute(db)
}

/// A project that nobody sees asks nobody; it may come back.
pub fn rest(db: &mut Db, follow: &Follow) -> QueryResult<usize> {
    diesel::update(same!(follow))
        .set(forge_follows::next_at.eq(Some(now() + LONGEST)))
        .execute(db)
}

/// A forge counts what a site asks, whichever project asks it: all of them wait.
pub fn let_host_rest(db: &mut Db, follow: &Follow, wait: Duration) -> QueryResult<usize> {
    let until = now() + wait.min(LONGEST);
    diesel::update(
        forge_follows::table
            .filter(forge_follows::host.eq(&follow.host))
            .filter(forge_follows::next_at.lt(until)),
    )
    .set((
        forge_follows::next_at.eq(Some(until)),
        forge_follows::wait_until.eq(Some(until)),
    ))
    .execute(db)
}

/// What readers of a project's pages see of it; nothing unless they see the project itself.
pub fn recent(db: &mut Db, project: &Project, moderator: bool) -> QueryResult<Option<Recent>> {
    if !matches!(project.state, State::Published | State::Unlisted) {
        return Ok(None);
    }
    let recent = Follow::of(db, project.id)?.and_then(Follow::recent);
    Ok(recent.filter(|recent| moderator || !recent.is_hidden))
}

/// Where these releases came from.
pub fn origins(db: &mut Db, of: &[ItemId]) -> QueryResult<HashMap<ItemId, Origin>> {
    type Row = (
        ItemId,
        Software,
        String,
        String,
        bool,
        Option<NaiveDateTime>,
    );
    let rows: Vec<Row> = forge_releases::table
        .filter(forge_releases::release_id.eq_any(of))
        .order((forge_releases::imported, forge_releases::created_at))
        .select((
            forge_releases::release_id,
            forge_releases::software,
            forge_releases::source,
            forge_releases::tag,
            forge_releases::imported,
            forge_releases::gone_at,
        ))
        .load(db)?;
    Ok(rows
        .into_iter()
        .filter_map(|(id, software, source, tag, imported, gone_at)| {
            let (host, path) = source.split_once('/')?;
            let repository = Repository {
                software,
                host: host.to_owned(),
                path: path.to_owned(),
            };
            let origin = Origin {
                name: repository.name().to_owned(),
                page: gone_at.is_none().then(|| repository.release_page(&tag)),
                imported,
            };
            Some((id, origin))
        })
        .collect())
}

/// A maker has changed a release: from now on it is theirs.
pub fn keep(db: &mut Db, release: ItemId) -> QueryResult<usize> {
    diesel::update(forge_releases::table.filter(forge_releases::release_id.eq(release)))
        .set(forge_releases::kept.eq(true))
        .execute(db)
}

/// Of a project whose text is erased.
pub fn forget(db: &mut Db, project: ItemId) -> QueryResult<()> {
    diesel::delete(forge_releases::table.filter(forge_releases::project_id.eq(project)))
        .execute(db)?;
    diesel::delete(forge_follows::table.find(project))
        .execute(db)
        .map(|_| ())
}

/// Releases that came from a forge which has them no longer, newest first: for their makers.
pub fn gone(db: &mut Db, project: ItemId) -> QueryResult<Vec<String>> {
    forge_releases::table
        .inner_join(releases::table.inner_join(items::table))
        .filter(forge_releases::project_id.eq(project))
        .filter(forge_releases::imported.eq(true))
        .filter(forge_releases::gone_at.is_not_null())
        .filter(items::state.ne(State::Deleted))
        .order(releases::released_at.desc())
        .limit(20)
        .select(releases::version)
        .load(db)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_wait_twice_as_long_each_time_and_no_longer_than_a_day() {
        let mut before = Duration::zero();
        for failures in 1..40 {
            let wait = again_after(failures);
            assert!(wait <= LONGEST + Duration::seconds(i64::from(JITTER)));
            let plain = EVERY * (1 << failures.clamp(0, 10));
            assert!(wait >= plain.min(LONGEST), "{failures}");
            if failures < 5 {
                assert!(wait > before, "{failures}");
                before = wait;
            }
        }
    }
}
