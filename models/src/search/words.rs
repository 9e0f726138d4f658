//! Known words, and what somebody may have meant who mistyped one. The hourly sweep counts them over
//! texts that were published; counts are never taken back, since what is offered is tried first.

use super::ask::{Question, Term};
use super::{Search, fold, index};
use crate::db::{ItemId, dialect};
use crate::item::State;
use crate::schema::{items, search_words};
use crate::{Db, QueryResult};
use diesel::prelude::*;
use diesel::sql_types::Text;
use std::collections::{BTreeMap, BTreeSet};

/// Texts of one step of [`learn`].
const READ_AT_ONCE: i64 = 300;
const PROGRESS: &str = "words";
/// Letters of a word that is worth guessing at.
const SHORTEST: usize = 4;
const LONGEST: usize = 24;
/// The most common words of about the right length that are compared.
const COMPARED: i64 = 20_000;

/// Counts the words of texts that came since the last time, a step at a time; gives whether there may
/// be more. To be called in a write transaction.
pub fn learn(db: &mut Db) -> QueryResult<bool> {
    dialect::lock(db, "search:words")?;
    let at = index::position(db, PROGRESS)?;
    let next: Vec<ItemId> = items::table
        .filter(items::id.gt(ItemId(at)))
        .filter(items::state.eq(State::Published))
        .order(items::id)
        .limit(READ_AT_ONCE)
        .select(items::id)
        .load(db)?;
    let Some(last) = next.last() else {
        return Ok(false);
    };
    index::set_position(db, PROGRESS, last.0)?;
    let ids: Vec<i64> = next.iter().map(|id| id.0).collect();
    let mut counts: BTreeMap<String, i64> = BTreeMap::new();
    for doc in index::load(db, &ids)? {
        let mut words: BTreeSet<String> = BTreeSet::new();
        for word in fold::words(&doc.title)
            .into_iter()
            .chain(fold::words(&doc.text))
        {
            if is_counted(&word) {
                words.insert(word);
            }
        }
        for word in words {
            *counts.entry(word).or_default() += 1;
        }
    }
    add(db, &counts)?;
    Ok(next.len() as i64 == READ_AT_ONCE)
}

fn add(db: &mut Db, counts: &BTreeMap<String, i64>) -> QueryResult<usize> {
    let counts = serde_json::to_string(counts)
        .map_err(|error| diesel::result::Error::SerializationError(error.into()))?;
    match db {
        Db::Sqlite(_) => diesel::sql_query(
            "INSERT INTO search_words (word, letters, texts) SELECT key, length(key), value FROM json_each($1) WHERE true \
             ON CONFLICT (word) DO UPDATE SET texts = search_words.texts + excluded.texts",
        ),
        Db::Pg(_) => diesel::sql_query(
            "INSERT INTO search_words (word, letters, texts) \
             SELECT key, length(key), CAST(value AS integer) FROM json_each_text(CAST($1 AS json)) ORDER BY key \
             ON CONFLICT (word) DO UPDATE SET texts = search_words.texts + excluded.texts",
        ),
    }
    .bind::<Text, _>(counts)
    .execute(db)
}

/// How many texts, as far as they are counted, hold the rarest of the words that must be there; None if
/// the question has no word of those that are counted.
pub(super) fn fewest(db: &mut Db, question: &Question) -> QueryResult<Option<i64>> {
    let plain = |term: &&Term| !term.goes_on && term.also.is_empty();
    let counted: BTreeSet<&str> = question
        .terms
        .iter()
        .filter(plain)
        .flat_map(|term| &term.words)
        .map(String::as_str)
        .filter(|word| is_counted(word))
        .collect();
    if counted.is_empty() {
        return Ok(None);
    }
    let known: Vec<i32> = search_words::table
        .filter(search_words::word.eq_any(counted.iter().copied()))
        .select(search_words::texts)
        .load(db)?;
    // What is not known is in no text that was counted.
    Ok(match known.len() < counted.len() {
        true => Some(0),
        false => known.into_iter().min().map(i64::from),
    })
}

/// Whether [`learn`] counts such a word.
fn is_counted(word: &str) -> bool {
    let letters = word.chars().count();
    (SHORTEST..=LONGEST).contains(&letters) && word.chars().all(char::is_alphabetic)
}

/// The question with known words for those that nothing has, if anything has all of these.
pub fn meant(db: &mut Db, search: &Search) -> QueryResult<Option<String>> {
    let mut typed = search.question.clone();
    let mut changed = false;
    for at in 0..search.question.terms.len() {
        // Two terms may become one on the way.
        let Some(word) = typed
            .terms
            .get(at)
            .and_then(|term| term.word())
            .map(str::to_owned)
        else {
            continue;
        };
        if search.finds_word(db, &word)? {
            continue;
        }
        let Some(known) = nearest(db, &word)? else {
            return Ok(None);
        };
        typed = Question::parse(&typed.with(at, &known));
        changed = true;
    }
    if !changed {
        return Ok(None);
    }
    let corrected = Search {
        question: typed,
        ..search.clone()
    };
    let (found, _) = corrected.newest(db, None, 1)?;
    Ok((!found.is_empty()).then(|| corrected.question.typed()))
}

/// The nearest known word: one slip in short words, two in longer ones; of equals the more common.
fn nearest(db: &mut Db, word: &str) -> QueryResult<Option<String>> {
    let letters = word.chars().count();
    if !(SHORTEST..=LONGEST).contains(&letters) {
        return Ok(None);
    }
    let slips = if letters < 6 { 1 } else { 2 };
    let known: Vec<String> = search_words::table
        .filter(search_words::letters.between((letters - slips) as i32, (letters + slips) as i32))
        .order(search_words::texts.desc())
        .limit(COMPARED)
        .select(search_words::word)
        .load(db)?;
    let near = known
        .iter()
        .filter_map(|known| Some((slips_between(word, known, slips)?, known)))
        .filter(|(slips, _)| *slips > 0)
        .min_by_key(|(slips, _)| *slips);
    Ok(near.map(|(_, known)| known.clone()))
}

/// Letters left out, put in, exchanged or in the wrong order; None: more than `most`.
fn slips_between(a: &str, b: &str, most: usize) -> Option<usize> {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > most {
        return None;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut line = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let change = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            line[j] = change.min(last[j] + 1).min(line[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                line[j] = line[j].min(before[j - 2] + 1);
            }
        }
        if line.iter().all(|slips| *slips > most) {
            return None;
        }
        before = std::mem::replace(&mut last, line);
    }
    last.last().copied().filter(|slips| *slips <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_counted_as_people_make_them() {
        for (a, b, slips) in [
            ("racer", "racer", Some(0)),
            ("recer", "racer", Some(1)),
            ("rcaer", "racer", Some(1)),
            ("raceer", "racer", Some(1)),
            ("mngo", "mango", Some(1)),
            ("lantren", "lantern", Some(1)),
            ("duck", "mango", None),
            ("été", "ete", Some(2)),
        ] {
            assert_eq!(slips_between(a, b, 2), slips, "{a} {b}");
            assert_eq!(slips_between(b, a, 2), slips, "{b} {a}");
        }
    }
}
