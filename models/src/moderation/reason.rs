//! Why a text was removed that is not spam: a short list that administrators edit, kept in memory
//! with the settings, so that no page asks for it.
//!
//! Verdicts name a reason by its key, which never changes and is never given twice. A retired one is
//! not offered any more; what was removed for it still says so.

use super::log::Act;
use crate::db::{UserId, dialect, now};
use crate::schema::removal_reasons;
use crate::{Db, QueryResult, both};
use chrono::NaiveDateTime;
use diesel::prelude::*;

/// Offered at once: the keys 1 to 9 choose.
pub const MOST: usize = 9;
pub const MAX_LABEL: usize = 40;
pub const MAX_SENTENCE: usize = 120;
pub const MAX_LETTER: usize = 1_000;

#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = removal_reasons)]
pub struct Reason {
    pub key: String,
    /// As a moderator chooses it.
    pub label: String,
    /// What readers see where the text stood: "it was unkind".
    pub sentence: String,
    /// What its author is told.
    pub letter: String,
    /// The part of the guide it leads to; empty: its own entry there.
    pub guide: String,
    pub position: i32,
    pub retired_at: Option<NaiveDateTime>,
}

impl Reason {
    fn first(position: i32, key: &str, label: &str, sentence: &str, letter: &str) -> Reason {
        Reason {
            key: key.into(),
            label: label.into(),
            sentence: sentence.into(),
            letter: letter.into(),
            guide: String::new(),
            position,
            retired_at: None,
        }
    }

    pub fn is_offered(&self) -> bool {
        self.retired_at.is_none()
    }

    /// Where on the page of the guide it is told.
    pub fn anchor(&self) -> String {
        match self.guide.as_str() {
            // The guide tells of those that are given now.
            "" if !self.is_offered() => "removed".to_owned(),
            "" => format!("reason-{}", self.key),
            part => part.to_owned(),
        }
    }

    /// For the log.
    fn words(&self) -> String {
        format!(
            "{}: {:?}, {:?}, {:?}, guide {:?}{}",
            self.key,
            self.label,
            self.sentence,
            self.letter,
            self.anchor(),
            if self.is_offered() { "" } else { ", retired" }
        )
    }
}

/// All reasons there ever were, in the order in which they are offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reasons(Vec<Reason>);

impl Default for Reasons {
    /// What a new site begins with.
    fn default() -> Reasons {
        let of = Reason::first;
        Reasons(vec![
            of(
                1,
                "unkind",
                "Unkind",
                "it was unkind",
                "Here we talk about the work, never about the person who made it. What you think of the work is welcome in other words.",
            ),
            of(
                2,
                "off-topic",
                "Off topic",
                "it was not about the project",
                "What stands below a project should help its maker. Yours was about something else.",
            ),
            of(
                3,
                "harassment",
                "Harassment or hate",
                "it went after a person",
                "Nobody is attacked here, for who they are or for anything else. If it happens again, we close accounts for it.",
            ),
            of(
                4,
                "private",
                "Private information",
                "it told something private",
                "It told something about a person that is theirs to tell: an address, a name, a photograph, a message.",
            ),
            of(
                5,
                "illegal",
                "Against the law",
                "it may not be shown by law",
                "The law does not let us show it.",
            ),
            of(
                6,
                "other",
                "Something else",
                "it broke the code of conduct",
                "It did not keep to our code of conduct.",
            ),
        ])
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ReasonError {
    #[error(
        "At most {MOST} reasons are offered, so that the keys 1 to 9 choose. Retire one first."
    )]
    TooMany,
    #[error("One reason has to stay.")]
    LastOne,
    #[error("Another reason has this label.")]
    Twin,
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

impl Reasons {
    /// Puts in the first ones, once. A table that holds some is left alone, however few.
    pub fn ensure(db: &mut Db) -> QueryResult<()> {
        let known: i64 = removal_reasons::table.count().get_result(db)?;
        if known > 0 {
            return Ok(());
        }
        for reason in Reasons::default().0 {
            both!(db, conn => diesel::insert_into(removal_reasons::table)
                .values(&reason)
                .on_conflict_do_nothing()
                .execute(conn))?;
        }
        Ok(())
    }

    pub fn load(db: &mut Db) -> QueryResult<Reasons> {
        let all: Vec<Reason> = removal_reasons::table
            .order((removal_reasons::position, removal_reasons::key))
            .select(Reason::as_select())
            .load(db)?;
        if all.is_empty() {
            return Ok(Reasons::default());
        }
        Ok(Reasons(all))
    }

    pub fn all(&self) -> &[Reason] {
        &self.0
    }

    /// In the order in which the keys 1 to 9 choose them.
    pub fn offered(&self) -> impl Iterator<Item = &Reason> {
        self.0.iter().filter(|reason| reason.is_offered())
    }

    /// The key, if a moderator may give this reason now.
    pub fn choose(&self, key: &str) -> Option<String> {
        let found = self.offered().find(|reason| reason.key == key)?;
        Some(found.key.clone())
    }

    /// What a verdict named, retired or not.
    pub fn find(&self, key: &str) -> Option<&Reason> {
        self.0.iter().find(|reason| reason.key == key)
    }

    /// A reason as the desk names it; a key that nobody knows stands for itself.
    pub fn label<'a>(&'a self, key: &'a str) -> &'a str {
        self.find(key).map_or(key, |reason| &reason.label)
    }
}

/// What an administrator typed.
#[derive(Clone, Debug)]
pub struct Words {
    pub label: String,
    pub sentence: String,
    pub letter: String,
    pub guide: String,
}

/// All that follows is called in a write transaction, and tells the other processes.
fn changed(db: &mut Db, by: UserId, before: &str, after: &str, detail: &str) -> QueryResult<()> {
    Act {
        actor: Some(by),
        act: "reasons",
        detail,
        before,
        after,
        ..Act::default()
    }
    .write(db)?;
    dialect::bump(db, "settings").map(|_| ())
}

fn locked(db: &mut Db) -> QueryResult<Reasons> {
    dialect::lock(db, "reasons")?;
    // Of a site whose first start was that of an older version.
    Reasons::ensure(db)?;
    Reasons::load(db)
}

fn has_twin(all: &Reasons, label: &str, but: &str) -> bool {
    all.offered()
        .any(|reason| reason.key != but && reason.label.to_lowercase() == label.to_lowercase())
}

pub fn add(db: &mut Db, by: UserId, words: &Words) -> Result<Reason, ReasonError> {
    let all = locked(db)?;
    if all.offered().count() >= MOST {
        return Err(ReasonError::TooMany);
    }
    if has_twin(&all, &words.label, "") {
        return Err(ReasonError::Twin);
    }
    let reason = Reason {
        key: free_key(&all, &words.label),
        label: words.label.clone(),
        sentence: words.sentence.clone(),
        letter: words.letter.clone(),
        guide: words.guide.clone(),
        position: all
            .0
            .iter()
            .map(|reason| reason.position)
            .max()
            .unwrap_or(0)
            + 1,
        retired_at: None,
    };
    diesel::insert_into(removal_reasons::table)
        .values(&reason)
        .execute(db)?;
    let detail = format!("added {}", reason.label);
    changed(db, by, "", &reason.words(), &detail)?;
    Ok(reason)
}

/// Out of the label's letters and digits, and of no other reason, retired ones too.
fn free_key(all: &Reasons, label: &str) -> String {
    let mut key = String::new();
    for c in label.to_lowercase().chars() {
        if c.is_ascii_alphanumeric() {
            key.push(c);
        } else if !key.ends_with('-') {
            key.push('-');
        }
    }
    let key: String = key.trim_matches('-').chars().take(30).collect();
    let key = if key.is_empty() { "reason".into() } else { key };
    let mut free = key.clone();
    let mut n = 2;
    while all.find(&free).is_some() {
        free = format!("{key}-{n}");
        n += 1;
    }
    free
}

pub fn change(db: &mut Db, by: UserId, key: &str, words: &Words) -> Result<(), ReasonError> {
    let all = locked(db)?;
    let before = all.find(key).ok_or(diesel::result::Error::NotFound)?;
    if has_twin(&all, &words.label, key) {
        return Err(ReasonError::Twin);
    }
    let after = Reason {
        label: words.label.clone(),
        sentence: words.sentence.clone(),
        letter: words.letter.clone(),
        guide: words.guide.clone(),
        ..before.clone()
    };
    if after == *before {
        return Ok(());
    }
    diesel::update(removal_reasons::table.find(key))
        .set((
            removal_reasons::label.eq(&after.label),
            removal_reasons::sentence.eq(&after.sentence),
            removal_reasons::letter.eq(&after.letter),
            removal_reasons::guide.eq(&after.guide),
        ))
        .execute(db)?;
    let detail = format!("changed {}", after.label);
    changed(db, by, &before.words(), &after.words(), &detail)?;
    Ok(())
}

/// One place up or down among those that are offered.
pub fn shift(db: &mut Db, by: UserId, key: &str, up: bool) -> Result<(), ReasonError> {
    let all = locked(db)?;
    let offered: Vec<&Reason> = all.offered().collect();
    let at = offered
        .iter()
        .position(|reason| reason.key == key)
        .ok_or(diesel::result::Error::NotFound)?;
    let other = if up {
        at.checked_sub(1)
    } else {
        Some(at + 1).filter(|at| *at < offered.len())
    };
    let Some(other) = other else {
        return Ok(());
    };
    let mut order = offered.clone();
    order.swap(at, other);
    for (position, reason) in order.iter().enumerate() {
        diesel::update(removal_reasons::table.find(&reason.key))
            .set(removal_reasons::position.eq(position as i32 + 1))
            .execute(db)?;
    }
    let names = |order: &[&Reason]| -> String {
        let keys: Vec<&str> = order.iter().map(|reason| reason.key.as_str()).collect();
        keys.join(", ")
    };
    let detail = format!(
        "moved {} {}",
        offered[at].label,
        if up { "up" } else { "down" }
    );
    changed(db, by, &names(&offered), &names(&order), &detail)?;
    Ok(())
}

/// Retires a reason, or offers it again, as the last.
pub fn retire(db: &mut Db, by: UserId, key: &str, retire: bool) -> Result<(), ReasonError> {
    let all = locked(db)?;
    let reason = all.find(key).ok_or(diesel::result::Error::NotFound)?;
    if reason.is_offered() != retire {
        return Ok(());
    }
    match (retire, all.offered().count()) {
        (true, ..2) => return Err(ReasonError::LastOne),
        (false, MOST..) => return Err(ReasonError::TooMany),
        _ => {}
    }
    if !retire && has_twin(&all, &reason.label, key) {
        return Err(ReasonError::Twin);
    }
    let last = all
        .0
        .iter()
        .map(|reason| reason.position)
        .max()
        .unwrap_or(0);
    diesel::update(removal_reasons::table.find(key))
        .set((
            removal_reasons::retired_at.eq(retire.then(now)),
            removal_reasons::position.eq(last + 1),
        ))
        .execute(db)?;
    let (before, after) = if retire {
        ("offered", "retired")
    } else {
        ("retired", "offered")
    };
    let detail = format!(
        "{} {}",
        if retire { "retired" } else { "brought back" },
        reason.label
    );
    changed(db, by, before, after, &detail)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_new_and_plain() {
        let all = Reasons::default();
        assert_eq!(free_key(&all, "Machine-made text!"), "machine-made-text");
        assert_eq!(free_key(&all, "Unkind"), "unkind-2");
        assert_eq!(free_key(&all, "悪口"), "reason");
    }
}
