//! The trial of a rule before it is set: what it would have met in the last 30 days, and what people
//! decided about that.
//!
//! The newest texts first, page by page and outside a transaction, so that nobody waits for it; after
//! [`LOOKED_AT`] texts it stops and says so.

use super::rule::{Kind, NewRule, Rule};
use super::verdict::Label;
use crate::account::Role;
use crate::db::{ItemId, RevisionId, RuleId, UserId, now};
use crate::intake::rules::{InForce, Subject};
use crate::item::State;
use crate::schema::{item_addresses, items, projects, revisions, users, verdicts};
use crate::{Db, QueryResult};
use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

/// How far back it looks.
pub const DAYS: i64 = 30;
/// Texts that it looks at, at most: a second or two of work.
pub const LOOKED_AT: usize = 50_000;
/// Of a page.
const AT_ONCE: i64 = 1_000;
/// What it met that is shown, the newest.
pub const SHOWN: usize = 20;
const EXCERPT: usize = 160;

/// What people decided about a text that the rule would have met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judged {
    Spam,
    Ham,
    /// Taken away for another reason than spam.
    Removed,
    Open,
}

impl Judged {
    pub fn words(self) -> &'static str {
        match self {
            Judged::Spam => "spam",
            Judged::Ham => "ham",
            Judged::Removed => "removed",
            Judged::Open => "not judged",
        }
    }
}

#[derive(Clone, Debug)]
pub struct Sample {
    pub id: ItemId,
    pub kind: crate::item::Kind,
    /// The project it is, or stands on.
    pub slug: Option<String>,
    pub author: String,
    pub at: NaiveDateTime,
    pub excerpt: String,
    pub judged: Judged,
}

impl Sample {
    pub fn path(&self) -> String {
        match (self.kind, &self.slug) {
            (crate::item::Kind::Comment, _) => format!("/comments/{}", self.id),
            (crate::item::Kind::Failure, _) => format!("/failures/{}", self.id),
            (crate::item::Kind::Answer, _) => format!("/answers/{}", self.id),
            (crate::item::Kind::Award, _) => format!("/awards/{}", self.id),
            (crate::item::Kind::Profile, _) => format!("/people/{}", self.author),
            (_, Some(slug)) => format!("/projects/{slug}"),
            (_, None) => "/moderation/log".to_owned(),
        }
    }
}

#[derive(Clone, Debug, Default)]
pub struct Trial {
    pub looked_at: usize,
    /// There were more texts in these days than it looked at; the oldest of them is of this time.
    pub cut_at: Option<NaiveDateTime>,
    pub spam: usize,
    pub ham: usize,
    pub removed: usize,
    pub open: usize,
    /// Different people whose texts it met.
    pub people: usize,
    pub samples: Vec<Sample>,
    /// Of slow mode: comments that would have been asked to wait.
    pub waits: usize,
}

impl Trial {
    pub fn met(&self) -> usize {
        self.spam + self.ham + self.removed + self.open
    }
}

type Row = (
    RevisionId,
    ItemId,
    UserId,
    bool,
    String,
    String,
    NaiveDateTime,
    (String, Role, NaiveDateTime),
    Option<String>,
);

/// Holds the texts of the last days against a rule that is not set yet.
pub fn of(db: &mut Db, new: &NewRule, key: &str) -> QueryResult<Trial> {
    if new.kind == Kind::Slow {
        return slow(db, new);
    }
    let at = now();
    let rule = Rule {
        id: RuleId(0),
        kind: new.kind,
        pattern: new.pattern.clone(),
        number: new.number,
        does: new.does,
        note: String::new(),
        by_id: UserId(0),
        created_at: at,
        until: new.until,
        ended_at: None,
        ended_by: None,
        turned_away: 0,
    };
    let tried = InForce::new(rule, String::new(), key).map_err(|error| {
        // Whoever parsed the rule has seen that it can be read.
        diesel::result::Error::QueryBuilderError(error.into())
    })?;
    let mut trial = Trial::default();
    let mut seen: HashSet<ItemId> = HashSet::new();
    let mut met: Vec<ItemId> = Vec::new();
    let mut people: HashSet<UserId> = HashSet::new();
    let mut before = RevisionId(i64::MAX);
    // Where the month begins, so that its last page does not read on through all the years.
    let since = at - Duration::days(DAYS);
    let first: Option<RevisionId> = revisions::table
        .filter(revisions::created_at.gt(since))
        .select(diesel::dsl::min(revisions::id))
        .first(db)?;
    let Some(first) = first else {
        return Ok(trial);
    };
    loop {
        let rows = page(db, before, first, since)?;
        for (id, item, author, is_maker, network, text, written, person, address) in &rows {
            before = *id;
            trial.looked_at += 1;
            if trial.looked_at >= LOOKED_AT {
                trial.cut_at = Some(*written);
            }
            let (email, role, joined) = person;
            // An item counts once, however often it was edited. Moderators meet no rule.
            if *role >= Role::Moderator || seen.contains(item) {
                continue;
            }
            let address: Option<IpAddr> = address.as_ref().and_then(|one| one.parse().ok());
            let age = *written - *joined;
            if tried.meets(&Subject::new(text, address, network, email, age, *is_maker)) {
                seen.insert(*item);
                met.push(*item);
                people.insert(*author);
            }
        }
        if (rows.len() as i64) < AT_ONCE {
            trial.cut_at = None;
            break;
        }
        if trial.cut_at.is_some() {
            break;
        }
    }
    trial.people = people.len();
    let judged = judged(db, &met)?;
    for id in &met {
        match judged.get(id).copied().unwrap_or(Judged::Open) {
            Judged::Spam => trial.spam += 1,
            Judged::Ham => trial.ham += 1,
            Judged::Removed => trial.removed += 1,
            Judged::Open => trial.open += 1,
        }
    }
    met.truncate(SHOWN);
    trial.samples = samples(db, &met, &judged)?;
    Ok(trial)
}

fn page(
    db: &mut Db,
    before: RevisionId,
    first: RevisionId,
    since: NaiveDateTime,
) -> QueryResult<Vec<Row>> {
    revisions::table
        .inner_join(items::table.inner_join(users::table))
        .left_join(item_addresses::table.on(item_addresses::item_id.eq(items::id)))
        .filter(revisions::id.lt(before))
        .filter(revisions::id.ge(first))
        .filter(revisions::created_at.gt(since))
        .filter(items::state.ne(State::Draft))
        .order(revisions::id.desc())
        .limit(AT_ONCE)
        .select((
            revisions::id,
            items::id,
            items::author_id,
            items::by_maker,
            items::network,
            revisions::text,
            revisions::created_at,
            (users::email, users::role, users::created_at),
            item_addresses::address.nullable(),
        ))
        .load(db)
}

/// What people, not the filter, last said of these.
fn judged(db: &mut Db, met: &[ItemId]) -> QueryResult<HashMap<ItemId, Judged>> {
    let mut judged = HashMap::new();
    for some in met.chunks(AT_ONCE as usize) {
        let removed: Vec<ItemId> = items::table
            .filter(items::id.eq_any(some).and(items::state.eq(State::Removed)))
            .select(items::id)
            .load(db)?;
        judged.extend(removed.into_iter().map(|id| (id, Judged::Removed)));
        let labels: Vec<(ItemId, Option<Label>)> = verdicts::table
            .inner_join(users::table.on(users::id.eq(verdicts::by_id)))
            .filter(verdicts::item_id.eq_any(some))
            .filter(
                verdicts::label
                    .is_not_null()
                    .and(verdicts::undone_at.is_null())
                    .and(users::robot.eq(false)),
            )
            .order(verdicts::id)
            .select((verdicts::item_id, verdicts::label))
            .load(db)?;
        // The newest last: it counts.
        judged.extend(labels.into_iter().filter_map(|(id, label)| {
            let label = match label? {
                Label::Spam => Judged::Spam,
                Label::Ham => Judged::Ham,
            };
            Some((id, label))
        }));
    }
    Ok(judged)
}

fn samples(
    db: &mut Db,
    shown: &[ItemId],
    judged: &HashMap<ItemId, Judged>,
) -> QueryResult<Vec<Sample>> {
    type Shown = (
        ItemId,
        crate::item::Kind,
        Option<ItemId>,
        NaiveDateTime,
        String,
    );
    let rows: Vec<Shown> = items::table
        .inner_join(users::table)
        .filter(items::id.eq_any(shown))
        .select((
            items::id,
            items::kind,
            items::project_id,
            items::created_at,
            users::username,
        ))
        .order(items::id.desc())
        .load(db)?;
    let on: Vec<ItemId> = rows.iter().filter_map(|(_, _, on, ..)| *on).collect();
    let slugs: HashMap<ItemId, String> = projects::table
        .filter(projects::id.eq_any(on))
        .select((projects::id, projects::slug))
        .load(db)?
        .into_iter()
        .collect();
    let texts = crate::item::Revision::current_and_published(db, shown)?;
    Ok(rows
        .into_iter()
        .map(|(id, kind, on, at, author)| Sample {
            id,
            kind,
            slug: on.and_then(|on| slugs.get(&on).cloned()),
            author,
            at,
            excerpt: texts
                .get(&id)
                .map_or_else(String::new, |(revision, _)| cut(&revision.text)),
            judged: judged.get(&id).copied().unwrap_or(Judged::Open),
        })
        .collect())
}

fn cut(text: &str) -> String {
    let mut cut: String = text.chars().take(EXCERPT).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    cut
}

/// How often somebody wrote again within the minutes.
fn slow(db: &mut Db, new: &NewRule) -> QueryResult<Trial> {
    let apart = Duration::minutes(new.number.into());
    let rows: Vec<(UserId, NaiveDateTime)> = items::table
        .inner_join(projects::table.on(items::project_id.eq(projects::id.nullable())))
        .filter(projects::slug.eq(&new.pattern))
        .filter(items::kind.eq(crate::item::Kind::Comment))
        .filter(items::created_at.gt(now() - Duration::days(DAYS)))
        .order(items::id.desc())
        .limit(LOOKED_AT as i64)
        .select((items::author_id, items::created_at))
        .load(db)?;
    let mut trial = Trial {
        looked_at: rows.len(),
        cut_at: rows
            .last()
            .filter(|_| rows.len() >= LOOKED_AT)
            .map(|(_, at)| *at),
        ..Trial::default()
    };
    let mut last: HashMap<UserId, NaiveDateTime> = HashMap::new();
    for (author, at) in rows.into_iter().rev() {
        match last.get(&author) {
            // It would not have been posted: the wait goes on from the one before.
            Some(before) if at - *before < apart => trial.waits += 1,
            _ => {
                last.insert(author, at);
            }
        }
    }
    Ok(trial)
}
