//! Rules that moderators set for the intake: what waits, what is put away, who signs up. Each has an
//! author, a reason and an end, is told in the log, and can be ended and put back.
//!
//! The rows are here; how a text is held against them is in `intake/rules.rs`, and what one would
//! have done in the last 30 days in `trial.rs`.

use super::log::Act;
use crate::db::{ItemId, RuleId, UserId, dialect, now};
use crate::intake::cidr::Cidr;
use crate::intake::phrases::Phrase;
use crate::intake::rules::{Rules, pattern};
use crate::project::FieldError;
use crate::schema::{rule_hits, rules, users};
use crate::spam::facts::typed_domain;
use crate::{Db, QueryResult, both, words};
use chrono::{Duration, NaiveDateTime};
use diesel::dsl::count_star;
use diesel::prelude::*;
use std::collections::HashMap;

/// Under this name other processes see that the rules changed.
pub const CHANGE: &str = "rules";
pub const MAX_PATTERN: usize = 200;
pub const MAX_NOTE: usize = 300;
/// Rules in force at once. Every text is held against all of them.
const MOST: i64 = 500;
/// Of these, patterns: each is a walk of its own through the text.
const MOST_PATTERNS: i64 = 10;
/// How long an act is offered: a day, a week, a month, a year.
pub const ENDS: [(i64, &str); 4] = [
    (1, "a day"),
    (7, "a week"),
    (30, "30 days"),
    (365, "a year"),
];
pub const USUAL_END: i64 = 30;
/// A raid ends by itself after so many hours, and after so many at most.
pub const RAID_HOURS: i32 = 6;
pub const MOST_RAID_HOURS: i32 = 48;
/// Ended ones that the list shows.
const SHOWN_ENDED: i64 = 50;

words! {
    pub enum Kind {
        /// Words and phrases, as plain text.
        Words = "words",
        /// A regular expression, for those who ask for one.
        Pattern = "pattern",
        /// Links to a domain or a host, with what is below it.
        Domain = "domain",
        Network = "network",
        /// Mail addresses at a domain.
        Mail = "mail",
        /// Accounts younger than so many days.
        Newcomer = "newcomer",
        /// So many minutes between two comments of one person on one project.
        Slow = "slow",
        /// All who are no makers are held, and nobody signs up.
        Raid = "raid",
    }
}

words! {
    /// What it does to whom it meets.
    pub enum Does {
        Hold = "hold",
        Spam = "spam",
        /// Sign-ups are refused; in slow mode, the next comment for a while.
        Refuse = "refuse",
    }
}

impl Kind {
    /// What such a rule may do, the usual first.
    pub fn does(self) -> &'static [Does] {
        match self {
            Kind::Words | Kind::Pattern | Kind::Domain => &[Does::Hold, Does::Spam],
            Kind::Network => &[Does::Hold, Does::Spam, Does::Refuse],
            Kind::Mail => &[Does::Hold, Does::Refuse],
            Kind::Newcomer | Kind::Raid => &[Does::Hold],
            Kind::Slow => &[Does::Refuse],
        }
    }

    /// The least, the most and the usual number, and what it counts.
    pub fn number(self) -> Option<(i32, i32, i32, &'static str)> {
        match self {
            Kind::Newcomer => Some((1, 365, 7, "days")),
            Kind::Slow => Some((1, 1_440, 10, "minutes")),
            Kind::Raid => Some((1, MOST_RAID_HOURS, RAID_HOURS, "hours")),
            _ => None,
        }
    }

    pub fn has_pattern(self) -> bool {
        !matches!(self, Kind::Newcomer | Kind::Raid)
    }
}

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = rules)]
pub struct Rule {
    pub id: RuleId,
    pub kind: Kind,
    pub pattern: String,
    pub number: i32,
    #[diesel(column_name = outcome)]
    pub does: Does,
    pub note: String,
    pub by_id: UserId,
    pub created_at: NaiveDateTime,
    pub until: NaiveDateTime,
    pub ended_at: Option<NaiveDateTime>,
    pub ended_by: Option<UserId>,
    pub turned_away: i32,
}

/// With the people's names, and how many texts it met.
#[derive(Clone, Debug)]
pub struct Told {
    pub rule: Rule,
    pub by: String,
    pub ended_by: Option<String>,
    pub texts: i64,
}

/// A rule as somebody asks for it, found to make sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRule {
    pub kind: Kind,
    pub pattern: String,
    pub number: i32,
    pub does: Does,
    pub note: String,
    pub until: NaiveDateTime,
}

#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    #[error("{MOST} rules are in force, which is as many as there may be. End one first.")]
    TooMany,
    #[error(
        "{MOST_PATTERNS} patterns are in force, which is as many as there may be. End one first."
    )]
    TooManyPatterns,
    #[error("Raid mode is on already.")]
    RaidIsOn,
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

impl NewRule {
    /// What the form says, or what is wrong with it. `days`: how long it holds.
    pub fn parse(
        kind: Kind,
        typed: &str,
        number: &str,
        does: &str,
        days: &str,
        note: &str,
    ) -> Result<NewRule, Vec<FieldError>> {
        let mut errors = Vec::new();
        let mut fault = |field, message: String| errors.push(FieldError { field, message });
        let pattern = match parse_pattern(kind, typed) {
            Ok(pattern) => pattern,
            Err(message) => {
                fault("pattern", message);
                String::new()
            }
        };
        let number = match kind.number() {
            None => 0,
            Some((least, most, _, unit)) => match number.trim().parse::<i32>() {
                Ok(n) if (least..=most).contains(&n) => n,
                _ => {
                    fault("number", format!("From {least} to {most} {unit}."));
                    0
                }
            },
        };
        let does = match kind.does() {
            [only] => *only,
            all => all
                .iter()
                .copied()
                .find(|d| d.as_str() == does)
                .unwrap_or_else(|| {
                    fault("does", "Choose what it does.".into());
                    all[0]
                }),
        };
        let days: i64 = days.trim().parse().unwrap_or(0);
        if kind != Kind::Raid && !ENDS.iter().any(|(offered, _)| *offered == days) {
            fault("days", "Choose when it ends.".into());
        }
        let note = note.trim();
        if note.chars().count() > MAX_NOTE {
            fault("note", format!("At most {MAX_NOTE} characters."));
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let lasts = match kind {
            Kind::Raid => Duration::hours(number.into()),
            _ => Duration::days(days),
        };
        Ok(NewRule {
            kind,
            pattern,
            number,
            does,
            note: note.to_owned(),
            until: now() + lasts,
        })
    }
}

fn parse_pattern(kind: Kind, typed: &str) -> Result<String, String> {
    let typed = typed.trim();
    if !kind.has_pattern() {
        return Ok(String::new());
    }
    if typed.chars().count() > MAX_PATTERN {
        return Err(format!("At most {MAX_PATTERN} characters."));
    }
    if typed.contains('\0') {
        return Err("This holds a sign that no text has.".into());
    }
    match kind {
        Kind::Words => match Phrase::parse(typed) {
            Some(_) => Ok(typed.split_whitespace().collect::<Vec<_>>().join(" ")),
            None => Err("Write a word or a phrase. Signs alone are found by a pattern.".into()),
        },
        Kind::Pattern => pattern(typed).map(|_| typed.to_owned()),
        Kind::Domain => domain(typed),
        // `@example.com`, `somebody@example.com`
        Kind::Mail => domain(typed.rsplit('@').next().unwrap_or(typed)),
        Kind::Network => typed
            .parse::<Cidr>()
            .map(|cidr| cidr.to_string())
            .map_err(|error| error.to_string()),
        Kind::Slow if typed.is_empty() => {
            Err("Write the name that the project has in its address.".into())
        }
        Kind::Slow | Kind::Newcomer | Kind::Raid => Ok(typed.to_owned()),
    }
}

fn domain(typed: &str) -> Result<String, String> {
    let domain = typed_domain(typed.trim_start_matches("*."));
    let fits = domain.split('.').count() > 1
        && domain.split('.').all(|label| {
            !label.is_empty()
                && label
                    .chars()
                    .all(|c| c.is_alphanumeric() || "-_".contains(c))
        });
    if fits {
        Ok(domain)
    } else {
        Err("Write a domain such as example.com.".into())
    }
}

impl Rule {
    pub fn is_in_force(&self) -> bool {
        self.ended_at.is_none() && self.until > now()
    }

    /// Somebody ended it before its time, which is not over yet.
    pub fn can_resume(&self) -> bool {
        self.ended_at.is_some() && self.until > now()
    }

    /// What it meets: "the phrase “free coins”".
    pub fn words(&self) -> String {
        meets(self.kind, &self.pattern, self.number)
    }

    pub fn headline(&self) -> String {
        headline(self.kind, &self.pattern, self.number, self.does)
    }

    pub fn find(db: &mut Db, id: RuleId) -> QueryResult<Rule> {
        rules::table
            .find(id)
            .select(Rule::as_select())
            .get_result(db)
    }

    /// Whether there is room for one more of its kind beside those in force: every text walks them all.
    fn fits_beside(db: &mut Db, kind: Kind) -> Result<(), RuleError> {
        let in_force = rules::table.filter(rules::until.gt(now()).and(rules::ended_at.is_null()));
        let count: i64 = in_force.count().get_result(db)?;
        if count >= MOST {
            return Err(RuleError::TooMany);
        }
        let alike: i64 = in_force
            .filter(rules::kind.eq(kind))
            .count()
            .get_result(db)?;
        match kind {
            Kind::Pattern if alike >= MOST_PATTERNS => Err(RuleError::TooManyPatterns),
            Kind::Raid if alike > 0 => Err(RuleError::RaidIsOn),
            _ => Ok(()),
        }
    }

    /// Sets it, from now on. To be called in a write transaction, as all that writes here.
    pub fn set(db: &mut Db, by: UserId, new: &NewRule) -> Result<Rule, RuleError> {
        // Of two at once, the second counts the first.
        dialect::lock(db, "rules")?;
        let at = now();
        Rule::fits_beside(db, new.kind)?;
        let id: RuleId = diesel::insert_into(rules::table)
            .values((
                rules::kind.eq(new.kind),
                rules::pattern.eq(&new.pattern),
                rules::number.eq(new.number),
                rules::outcome.eq(new.does),
                rules::note.eq(&new.note),
                rules::by_id.eq(by),
                rules::created_at.eq(at),
                rules::until.eq(new.until),
            ))
            .returning(rules::id)
            .get_result(db)?;
        let rule = Rule::find(db, id)?;
        rule.log(db, by, "set rule")?;
        Ok(rule)
    }

    /// Ends it now. False: it was over.
    pub fn end(db: &mut Db, by: UserId, id: RuleId) -> QueryResult<bool> {
        let at = now();
        let ended = diesel::update(
            rules::table
                .find(id)
                .filter(rules::ended_at.is_null().and(rules::until.gt(at))),
        )
        .set((rules::ended_at.eq(at), rules::ended_by.eq(by)))
        .execute(db)?;
        let rule = Rule::find(db, id)?;
        if ended > 0 {
            rule.log(db, by, "end rule")?;
        }
        Ok(ended > 0)
    }

    /// Takes the ending back: until its own time comes, it is in force again. False: nothing to
    /// take back.
    pub fn resume(db: &mut Db, by: UserId, id: RuleId) -> Result<bool, RuleError> {
        dialect::lock(db, "rules")?;
        let rule = Rule::find(db, id)?;
        if !rule.can_resume() {
            return Ok(false);
        }
        Rule::fits_beside(db, rule.kind)?;
        diesel::update(rules::table.find(id))
            .set((
                rules::ended_at.eq(None::<NaiveDateTime>),
                rules::ended_by.eq(None::<UserId>),
            ))
            .execute(db)?;
        rule.log(db, by, "resume rule")?;
        Ok(true)
    }

    fn log(&self, db: &mut Db, by: UserId, act: &str) -> QueryResult<()> {
        let mut detail = format!(
            "{}, {}, {}, until {}",
            self.id,
            self.words(),
            does_words(self.kind, self.does),
            crate::gate::day_and_hour(&self.until)
        );
        if !self.note.is_empty() {
            detail.push_str(": ");
            detail.push_str(&self.note);
        }
        Act {
            actor: Some(by),
            act,
            detail: &detail,
            ..Act::default()
        }
        .write(db)?;
        dialect::bump(db, CHANGE).map(|_| ())
    }

    /// One more sign-up that it refused.
    pub fn count_refusal(db: &mut Db, id: RuleId) -> QueryResult<usize> {
        diesel::update(rules::table.find(id))
            .set(rules::turned_away.eq(rules::turned_away + 1))
            .execute(db)
    }

    pub fn told(db: &mut Db, id: RuleId) -> QueryResult<Told> {
        let rule = Rule::find(db, id)?;
        tell(db, vec![rule])?
            .pop()
            .ok_or(diesel::result::Error::NotFound)
    }

    /// Those in force, the newest first, and the last that are over.
    pub fn list(db: &mut Db) -> QueryResult<(Vec<Told>, Vec<Told>)> {
        let at = now();
        let in_force = rules::table
            .filter(rules::until.gt(at).and(rules::ended_at.is_null()))
            .order(rules::id.desc())
            .select(Rule::as_select())
            .load(db)?;
        let over = rules::table
            .filter(rules::until.le(at).or(rules::ended_at.is_not_null()))
            .order(rules::id.desc())
            .limit(SHOWN_ENDED)
            .select(Rule::as_select())
            .load(db)?;
        Ok((tell(db, in_force)?, tell(db, over)?))
    }

    /// The texts that it met, the newest first.
    pub fn met(
        db: &mut Db,
        id: RuleId,
        before: Option<ItemId>,
        most: i64,
    ) -> QueryResult<Vec<ItemId>> {
        rule_hits::table
            .filter(rule_hits::rule_id.eq(id))
            .filter(rule_hits::item_id.lt(before.unwrap_or(ItemId(i64::MAX))))
            .order(rule_hits::item_id.desc())
            .limit(most)
            .select(rule_hits::item_id)
            .load(db)
    }
}

/// Those in force, ready to be held against a text. `key`: the site's, of the network hashes.
pub fn in_force(db: &mut Db, key: &str) -> QueryResult<Rules> {
    let rows: Vec<(Rule, String)> = rules::table
        .inner_join(users::table.on(users::id.eq(rules::by_id)))
        .filter(rules::until.gt(now()).and(rules::ended_at.is_null()))
        .order(rules::id)
        .select((Rule::as_select(), users::username))
        .load(db)?;
    Ok(Rules::new(rows, key))
}

/// Notes which rules met a text.
pub fn keep_hits(db: &mut Db, item: ItemId, met: &[RuleId]) -> QueryResult<()> {
    for rule in met {
        let row = (
            rule_hits::rule_id.eq(*rule),
            rule_hits::item_id.eq(item),
            rule_hits::at.eq(now()),
        );
        both!(db, conn => diesel::insert_into(rule_hits::table)
            .values(row)
            .on_conflict_do_nothing()
            .execute(conn))?;
    }
    Ok(())
}

pub(super) fn tell(db: &mut Db, all: Vec<Rule>) -> QueryResult<Vec<Told>> {
    let ids: Vec<RuleId> = all.iter().map(|rule| rule.id).collect();
    let people: Vec<UserId> = all
        .iter()
        .flat_map(|rule| [Some(rule.by_id), rule.ended_by])
        .flatten()
        .collect();
    let names: HashMap<UserId, String> = users::table
        .filter(users::id.eq_any(people))
        .select((users::id, users::username))
        .load(db)?
        .into_iter()
        .collect();
    let texts: HashMap<RuleId, i64> = rule_hits::table
        .filter(rule_hits::rule_id.eq_any(&ids))
        .group_by(rule_hits::rule_id)
        .select((rule_hits::rule_id, count_star()))
        .load(db)?
        .into_iter()
        .collect();
    Ok(all
        .into_iter()
        .map(|rule| Told {
            by: names.get(&rule.by_id).cloned().unwrap_or_default(),
            ended_by: rule.ended_by.and_then(|id| names.get(&id).cloned()),
            texts: texts.get(&rule.id).copied().unwrap_or(0),
            rule,
        })
        .collect())
}

/// What such a rule meets, in words.
pub fn meets(kind: Kind, pattern: &str, number: i32) -> String {
    let count = |unit: &str| match number {
        1 => format!("1 {}", unit.trim_end_matches('s')),
        n => format!("{n} {unit}"),
    };
    match kind {
        Kind::Words if pattern.contains(' ') => format!("the phrase “{pattern}”"),
        Kind::Words => format!("the word “{pattern}”"),
        Kind::Pattern => format!("the pattern {pattern}"),
        Kind::Domain => format!("a link to {pattern}"),
        Kind::Network => format!("the network {pattern}"),
        Kind::Mail => format!("a mail address at {pattern}"),
        Kind::Newcomer => format!("an account younger than {}", count("days")),
        Kind::Slow => format!("slow mode on {pattern}, {} apart", count("minutes")),
        Kind::Raid => "raid mode".to_owned(),
    }
}

/// Both, as a line of a list: "The phrase “free coins” is held".
pub fn headline(kind: Kind, pattern: &str, number: i32, does: Does) -> String {
    let words = meets(kind, pattern, number);
    let mut rest = words.chars();
    let first: String = rest
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    format!("{first}{} {}", rest.as_str(), does_words(kind, does))
}

/// What it does, as it stands behind what it meets.
fn does_words(kind: Kind, does: Does) -> &'static str {
    match (kind, does) {
        (Kind::Slow, _) => "asks people to wait",
        (Kind::Raid, _) => "holds all but makers and closes sign-ups",
        (_, Does::Hold) => "is held",
        (_, Does::Spam) => "is put away as spam",
        (_, Does::Refuse) => "may not sign up",
    }
}
