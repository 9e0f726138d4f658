//! What the makers say to those who reported a failure. An item of its own: it takes the intake.

use super::group::{self, Group};
use super::{FailureError, judge, person};
use crate::account::User;
use crate::db::{FailureGroupId, ItemId, UserId, dialect, now};
use crate::gate;
use crate::ignore;
use crate::intake::{Context, limits};
use crate::item::{Item, Kind, Queue, State, Submitted, appearing};
use crate::notice::{self, Sort};
use crate::project::Project;
use crate::schema::{failure_answers, failure_groups, items, users};
use crate::{Db, QueryResult, markdown};
use chrono::NaiveDateTime;
use diesel::prelude::*;

pub const MAX_WORDS: usize = 2_000;
/// Of a group, the newest.
const MOST: i64 = 50;
/// Reporters who are told in one statement.
const AT_ONCE: usize = 500;

/// An answer as the page of its group shows it.
#[derive(Clone, Debug)]
pub struct Answer {
    pub id: ItemId,
    pub words_html: String,
    pub at: NaiveDateTime,
    pub author: UserId,
    pub state: State,
    pub has_waiting_edit: bool,
    pub username: String,
    pub display_name: String,
    pub avatar: Option<String>,
}

impl Answer {
    pub fn name(&self) -> &str {
        match self.display_name.is_empty() {
            true => &self.username,
            false => &self.display_name,
        }
    }
}

/// Takes an answer in. That its author makes the project is asked here, in the write transaction.
pub fn post(
    db: &mut Db,
    context: &Context,
    maker: &User,
    project: &Project,
    group: FailureGroupId,
    typed: &str,
    network: &str,
) -> Result<(ItemId, State), FailureError> {
    let person = person(db, maker, project)?;
    if !person.on_team {
        return Err(FailureError::NotMaker);
    }
    gate::may_post(maker, now()).map_err(FailureError::Refused)?;
    let words = typed.trim();
    match words.chars().count() {
        _ if !words.chars().any(char::is_alphanumeric) => return Err(FailureError::Nothing),
        n if n > MAX_WORDS => return Err(FailureError::TooLong(n)),
        _ => {}
    }
    if !context.limits_off {
        limits::texts(db, maker.id)?.map_err(FailureError::Limited)?;
    }
    let group = Group::find(db, project.id, group)?.ok_or(FailureError::Gone)?;
    let decision = judge(db, context, person, Kind::Answer, words, None, network)?;
    let id = Item::submit(
        db,
        &Submitted {
            kind: Kind::Answer,
            author: maker.id,
            project: Some(project.id),
            content: words,
            text: words,
            network,
            decision: &decision,
        },
    )?;
    diesel::insert_into(failure_answers::table)
        .values((
            failure_answers::id.eq(id),
            failure_answers::group_id.eq(group.id),
            failure_answers::words.eq(words),
            failure_answers::words_html.eq(markdown::to_html(words)),
            failure_answers::created_at.eq(now()),
        ))
        .execute(db)?;
    let state = Item::find(db, id)?.state;
    if state == State::Published {
        published(db, id, maker.id)?;
    }
    Ok((id, state))
}

/// Those that this reader may read, oldest first.
pub fn of(
    db: &mut Db,
    group: FailureGroupId,
    reader: super::group::Reader,
) -> QueryResult<Vec<Answer>> {
    let mut states = vec![State::Published];
    if reader.moderates {
        states.extend([State::Held, State::Spam, State::Removed]);
    }
    let own = items::author_id
        .eq(reader.id.unwrap_or(UserId(0)))
        .and(items::state.eq_any([State::Held, State::Spam, State::Removed]));
    type Row = (
        (ItemId, String, NaiveDateTime),
        (UserId, State, Option<Queue>),
        (String, String, Option<String>),
    );
    let mut rows: Vec<Row> = failure_answers::table
        .inner_join(items::table.inner_join(users::table))
        .filter(failure_answers::group_id.eq(group))
        .filter(items::state.eq_any(states).or(own))
        .order(failure_answers::id.desc())
        .limit(MOST)
        .select((
            (
                failure_answers::id,
                failure_answers::words_html,
                failure_answers::created_at,
            ),
            (items::author_id, items::state, items::queue),
            (users::username, users::display_name, users::avatar),
        ))
        .load(db)?;
    rows.reverse();
    Ok(rows
        .into_iter()
        .map(
            |((id, words_html, at), (author, state, queue), user)| Answer {
                id,
                words_html,
                at,
                author,
                has_waiting_edit: state == State::Published && queue.is_some(),
                state,
                username: user.0,
                display_name: user.1,
                avatar: user.2,
            },
        )
        .collect())
}

/// Who wrote it takes it back.
pub fn delete(db: &mut Db, author: &User, id: ItemId) -> Result<(), FailureError> {
    let item = dialect::lock_item(db, id)?
        .filter(|item| item.kind == Kind::Answer)
        .ok_or(FailureError::Gone)?;
    if item.author_id != author.id {
        return Err(FailureError::NotTheirs);
    }
    item.delete(db)?;
    Ok(())
}

pub(super) fn group_of(db: &mut Db, id: ItemId) -> QueryResult<Option<FailureGroupId>> {
    failure_answers::table
        .find(id)
        .select(failure_answers::group_id)
        .get_result(db)
        .optional()
}

/// Shows an earlier or a waiting revision.
pub fn show_words(db: &mut Db, id: ItemId, words: &str) -> QueryResult<()> {
    diesel::update(failure_answers::table.find(id))
        .set((
            failure_answers::words.eq(words),
            failure_answers::words_html.eq(markdown::to_html(words)),
        ))
        .execute(db)
        .map(|_| ())
}

/// What its author deleted, after its time.
pub fn erase(db: &mut Db, id: ItemId) -> QueryResult<()> {
    show_words(db, id, "")
}

/// Of these items, answers that come before readers by this are told of.
pub fn settled(db: &mut Db, items: &[&Item], to: State) -> QueryResult<()> {
    for item in appearing(items, Kind::Answer, to) {
        published(db, item.id, item.author_id)?;
    }
    Ok(())
}

/// Those who reported it learn of the answer.
fn published(db: &mut Db, id: ItemId, author: UserId) -> QueryResult<()> {
    let Some(group) = group_of(db, id)? else {
        return Ok(());
    };
    let group = failure_groups::table
        .find(group)
        .select(Group::as_select())
        .get_result(db)?;
    let reporters = group::reporters(db, &group, UserId(0), i64::MAX)?;
    let reporters: Vec<UserId> = reporters.into_iter().map(|(user, _)| user).collect();
    for some in reporters.chunks(AT_ONCE) {
        let meant = ignore::listening(db, some, &[author])?;
        notice::tell_many(db, &meant, Sort::Answer, id)?;
    }
    Ok(())
}

pub(super) fn words_of(db: &mut Db, ids: &[ItemId]) -> QueryResult<Vec<(ItemId, String)>> {
    failure_answers::table
        .filter(failure_answers::id.eq_any(ids))
        .select((failure_answers::id, failure_answers::words_html))
        .load(db)
}
