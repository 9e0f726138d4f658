//! The last acts of one moderator, whatever they were about: what the desk's front page lists, and
//! what its key for undo takes back. The answer to an appeal or to reports of a text is a verdict.

use super::profile_report::Outcome;
use super::rule::{self, Rule};
use super::sanction::Sanction;
use super::verdict::{self, Batch, UNDO};
use crate::db::{BatchId, UserId, now};
use crate::schema::{profile_reports, rules, sanctions, users};
use crate::{Db, QueryResult};
use chrono::NaiveDateTime;
use diesel::dsl::{count_star, max};
use diesel::prelude::*;
use std::collections::{HashMap, HashSet};

/// Of what has no index by who did it, the newest so many rows of the site are looked through.
const LOOKED_THROUGH: i64 = 1_000;

#[derive(Clone, Debug)]
pub enum Last {
    Batch(verdict::Told),
    Sanction {
        sanction: Sanction,
        whom: String,
        undone_by: Option<String>,
    },
    /// Set by this moderator, or ended by them.
    Rule {
        told: rule::Told,
        ended: bool,
    },
    /// Reports of a profile, answered together.
    Answer(Answer),
}

#[derive(Clone, Debug)]
pub struct Answer {
    pub whom: String,
    pub outcome: Option<Outcome>,
    pub reports: i64,
    pub at: NaiveDateTime,
    /// Nobody has answered others about this person since: an undo is of the last answer.
    is_last: bool,
}

impl Last {
    pub fn at(&self) -> NaiveDateTime {
        match self {
            Last::Batch(told) => told.batch.created_at,
            Last::Sanction { sanction, .. } => sanction.created_at,
            Last::Rule { told, ended: true } => told.rule.ended_at.unwrap_or(told.rule.created_at),
            Last::Rule { told, ended: false } => told.rule.created_at,
            Last::Answer(answer) => answer.at,
        }
    }

    pub fn can_be_undone(&self) -> bool {
        match self {
            Last::Batch(told) => told.can_be_undone(),
            Last::Sanction { sanction, .. } => sanction.can_be_undone(),
            Last::Rule { told, ended: true } => told.rule.can_resume(),
            Last::Rule { told, ended: false } => told.rule.is_in_force(),
            Last::Answer(answer) => answer.is_last && now() - answer.at <= UNDO,
        }
    }
}

/// The newest first; a few queries, however many acts there were.
pub fn acts(db: &mut Db, by: UserId, most: i64) -> QueryResult<Vec<Last>> {
    let mut all = of_people(db, by, most)?;
    // What a sanction put away comes back with it.
    let theirs: HashSet<BatchId> = all
        .iter()
        .filter_map(|last| match last {
            Last::Sanction { sanction, .. } => sanction.batch_id,
            _ => None,
        })
        .collect();
    let batches = Batch::latest(db, Some(by), most + theirs.len() as i64)?;
    let alone = batches
        .into_iter()
        .filter(|told| !theirs.contains(&told.batch.id));
    all.extend(alone.map(Last::Batch));
    all.extend(of_rules(db, by, most)?);
    all.extend(answers(db, by, most)?);
    all.sort_by_key(|last| std::cmp::Reverse(last.at()));
    all.truncate(most as usize);
    Ok(all)
}

fn names(db: &mut Db, of: Vec<UserId>) -> QueryResult<HashMap<UserId, String>> {
    let rows: Vec<(UserId, String)> = users::table
        .filter(users::id.eq_any(of))
        .select((users::id, users::username))
        .load(db)?;
    Ok(rows.into_iter().collect())
}

fn of_people(db: &mut Db, by: UserId, most: i64) -> QueryResult<Vec<Last>> {
    let newest: Option<i64> = sanctions::table.select(max(sanctions::id)).first(db)?;
    let Some(newest) = newest else {
        return Ok(Vec::new());
    };
    let rows: Vec<(Sanction, String)> = sanctions::table
        .inner_join(users::table.on(users::id.eq(sanctions::user_id)))
        .filter(sanctions::id.gt(newest - LOOKED_THROUGH))
        .filter(sanctions::by_id.eq(by))
        .order(sanctions::id.desc())
        .limit(most)
        .select((Sanction::as_select(), users::username))
        .load(db)?;
    let undoers: Vec<UserId> = rows.iter().filter_map(|(s, _)| s.undone_by).collect();
    let names = names(db, undoers)?;
    Ok(rows
        .into_iter()
        .map(|(sanction, whom)| Last::Sanction {
            undone_by: sanction.undone_by.and_then(|id| names.get(&id).cloned()),
            sanction,
            whom,
        })
        .collect())
}

fn of_rules(db: &mut Db, by: UserId, most: i64) -> QueryResult<Vec<Last>> {
    let ended: Vec<Rule> = rules::table
        .filter(rules::ended_by.eq(by))
        .order(rules::ended_at.desc())
        .limit(most)
        .select(Rule::as_select())
        .load(db)?;
    // What they ended themselves is one act: its end.
    let set: Vec<Rule> = rules::table
        .filter(rules::by_id.eq(by))
        .filter(rules::ended_by.is_null().or(rules::ended_by.ne(by)))
        .order(rules::id.desc())
        .limit(most)
        .select(Rule::as_select())
        .load(db)?;
    let is_ended: HashSet<_> = ended.iter().map(|rule| rule.id.0).collect();
    let all = ended.into_iter().chain(set).collect();
    Ok(rule::tell(db, all)?
        .into_iter()
        .map(|told| Last::Rule {
            ended: is_ended.contains(&told.rule.id.0),
            told,
        })
        .collect())
}

fn answers(db: &mut Db, by: UserId, most: i64) -> QueryResult<Vec<Last>> {
    let newest: Option<i64> = profile_reports::table
        .select(max(profile_reports::id))
        .first(db)?;
    let Some(newest) = newest else {
        return Ok(Vec::new());
    };
    type Row = (UserId, Option<NaiveDateTime>, Option<Outcome>, i64);
    let rows: Vec<Row> = profile_reports::table
        .filter(profile_reports::id.gt(newest - LOOKED_THROUGH))
        .filter(profile_reports::closed_by.eq(by))
        .group_by((
            profile_reports::user_id,
            profile_reports::closed_at,
            profile_reports::outcome,
        ))
        .order(profile_reports::closed_at.desc())
        .limit(most)
        .select((
            profile_reports::user_id,
            profile_reports::closed_at,
            profile_reports::outcome,
            count_star(),
        ))
        .load(db)?;
    let people: Vec<UserId> = rows.iter().map(|row| row.0).collect();
    let newest: HashMap<UserId, Option<NaiveDateTime>> = profile_reports::table
        .filter(profile_reports::user_id.eq_any(&people))
        .group_by(profile_reports::user_id)
        .select((profile_reports::user_id, max(profile_reports::closed_at)))
        .load(db)?
        .into_iter()
        .collect();
    let names = names(db, people)?;
    Ok(rows
        .into_iter()
        .filter_map(|(person, at, outcome, reports)| {
            Some(Last::Answer(Answer {
                whom: names.get(&person)?.clone(),
                outcome,
                reports,
                at: at?,
                is_last: newest.get(&person) == Some(&at),
            }))
        })
        .collect())
}
