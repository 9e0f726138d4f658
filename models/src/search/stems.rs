//! Other forms of the words that somebody asks for. The index holds words as they were written; the
//! question is widened by the known words that have the same stem in the site's language. So a site may
//! change its language at any time, phrases and beginnings of words stay exact, and a new word is found
//! in its own form at once and in its other forms after the hourly look for known words.

use super::ask::Question;
use crate::{Db, QueryResult};
use diesel::prelude::*;
use diesel::sql_types::Text;
use rust_stemmers::{Algorithm, Stemmer};

crate::words! {
    /// Whose grammar words follow; `simple` has none.
    #[derive(Default)]
    pub enum Language {
        #[default]
        Simple = "simple",
        Danish = "danish",
        Dutch = "dutch",
        English = "english",
        Finnish = "finnish",
        French = "french",
        German = "german",
        Hungarian = "hungarian",
        Italian = "italian",
        Norwegian = "norwegian",
        Portuguese = "portuguese",
        Romanian = "romanian",
        Russian = "russian",
        Spanish = "spanish",
        Swedish = "swedish",
        Turkish = "turkish",
    }
}

impl Language {
    fn stemmer(self) -> Option<Stemmer> {
        let algorithm = match self {
            Language::Simple => return None,
            Language::Danish => Algorithm::Danish,
            Language::Dutch => Algorithm::Dutch,
            Language::English => Algorithm::English,
            Language::Finnish => Algorithm::Finnish,
            Language::French => Algorithm::French,
            Language::German => Algorithm::German,
            Language::Hungarian => Algorithm::Hungarian,
            Language::Italian => Algorithm::Italian,
            Language::Norwegian => Algorithm::Norwegian,
            Language::Portuguese => Algorithm::Portuguese,
            Language::Romanian => Algorithm::Romanian,
            Language::Russian => Algorithm::Russian,
            Language::Spanish => Algorithm::Spanish,
            Language::Swedish => Algorithm::Swedish,
            Language::Turkish => Algorithm::Turkish,
        };
        Some(Stemmer::create(algorithm))
    }
}

/// Known words that begin alike and are looked at, the most common first.
const LOOKED_AT: usize = 200;
/// Forms of one word that are asked for beside it.
const MOST: usize = 12;

#[derive(QueryableByName)]
struct Known {
    #[diesel(sql_type = Text)]
    word: String,
}

impl Question {
    /// Lets each whole word stand for its other forms too.
    pub fn widen(&mut self, db: &mut Db, language: Language) -> QueryResult<()> {
        let Some(stemmer) = language.stemmer() else {
            return Ok(());
        };
        for term in &mut self.terms {
            let Some(word) = term.word().map(str::to_owned) else {
                continue;
            };
            // In quotes it is meant as it stands.
            if term.typed.starts_with('"') {
                continue;
            }
            let stem = stemmer.stem(&word).into_owned();
            let mut forms = vec![stem.clone()];
            forms.extend(known(db, beginning(&stem))?);
            forms.retain(|form| *form != word && stemmer.stem(form) == stem);
            forms.dedup();
            forms.truncate(MOST);
            term.also = forms;
        }
        Ok(())
    }
}

/// What all forms begin with: a stem may end in another letter than its words (`happi`, `happy`).
fn beginning(stem: &str) -> &str {
    match stem.char_indices().next_back() {
        Some((last, _)) if stem.chars().count() > 3 => &stem[..last],
        _ => stem,
    }
}

fn known(db: &mut Db, beginning: &str) -> QueryResult<Vec<String>> {
    // No folded letter comes after this one.
    let end = format!("{beginning}\u{10ffff}");
    let found: Vec<Known> = match db {
        Db::Sqlite(_) => diesel::sql_query(
            "SELECT word FROM search_words WHERE word >= $1 AND word < $2 ORDER BY texts DESC, word LIMIT $3",
        ),
        Db::Pg(_) => diesel::sql_query(
            "SELECT word FROM search_words WHERE word COLLATE \"C\" >= $1 AND word COLLATE \"C\" < $2 ORDER BY texts DESC, word LIMIT $3",
        ),
    }
    .bind::<Text, _>(beginning)
    .bind::<Text, _>(end)
    .bind::<diesel::sql_types::BigInt, _>(LOOKED_AT as i64)
    .load(db)?;
    Ok(found.into_iter().map(|known| known.word).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_forms_begin_as_they_are_looked_for() {
        let english = Language::English.stemmer().expect("a stemmer");
        for (one, other) in [
            ("games", "game"),
            ("gaming", "games"),
            ("happy", "happiness"),
            ("racing", "racer"),
            ("ponies", "pony"),
        ] {
            let (a, b) = (english.stem(one), english.stem(other));
            if a == b {
                assert!(one.starts_with(beginning(&a)), "{one} {a}");
                assert!(other.starts_with(beginning(&a)), "{other} {a}");
            }
        }
        assert_eq!(english.stem("games"), english.stem("gaming"));
        assert!(Language::Simple.stemmer().is_none());
    }
}
