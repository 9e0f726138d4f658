//! The order by relevance, the same on both databases: how often what was asked for stands in a text,
//! measured against its length, with more weight in a title and where it stands close together.

use super::ask::Question;
use super::{fold, index};
use crate::condition::fixed;
use crate::db::{ItemId, UserId};
use crate::schema::{comments, projects, releases, users};
use crate::{Db, QueryResult};
use diesel::prelude::*;
use diesel::sql_types::Text;
use std::collections::HashMap;

/// Letters of HTML of a text that are read for its rank: what a text is about stands at its head.
/// (The four queries below say the number again.)
const HEAD: usize = 3_000;
const IN_TITLE: f64 = 4.0;
const CLOSE: f64 = 1.5;
/// Words of a comment that is neither long nor short.
const USUAL: f64 = 40.0;

/// The best first; of equals the newer.
pub(super) fn by_relevance(
    db: &mut Db,
    places: &[i64],
    question: &Question,
) -> QueryResult<Vec<i64>> {
    let texts = heads(db, places)?;
    let mut scored: Vec<(f64, i64)> = places
        .iter()
        .filter_map(|place| {
            let (title, html) = texts.get(&index::doc_at(*place))?;
            Some((score(title, &fold::plain(cut(html)), question), *place))
        })
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.cmp(&a.1)));
    Ok(scored.into_iter().map(|(_, place)| place).collect())
}

/// Not within a tag, which would be read as text.
fn cut(html: &str) -> &str {
    if html.chars().count() < HEAD {
        return html;
    }
    match (html.rfind('<'), html.rfind('>')) {
        (Some(open), Some(close)) if open > close => &html[..open],
        (Some(open), None) => &html[..open],
        _ => html,
    }
}

/// Titles and heads of texts. An item has one kind, so each is in one of these tables.
fn heads(db: &mut Db, places: &[i64]) -> QueryResult<HashMap<i64, (String, String)>> {
    let docs: Vec<i64> = places.iter().map(|place| index::doc_at(*place)).collect();
    let ids: Vec<ItemId> = docs
        .iter()
        .filter(|doc| **doc > 0)
        .map(|doc| ItemId(*doc))
        .collect();
    let people: Vec<UserId> = docs
        .iter()
        .filter(|doc| **doc < 0)
        .map(|doc| UserId(-*doc))
        .collect();
    let mut heads: HashMap<i64, (String, String)> = HashMap::with_capacity(docs.len());
    let rows: Vec<(ItemId, String)> = comments::table
        .filter(comments::id.eq_any(&ids))
        .select((comments::id, fixed::<Text>("substr(body_html, 1, 3000)")))
        .load(db)?;
    heads.extend(
        rows.into_iter()
            .map(|(id, html)| (id.0, (String::new(), html))),
    );
    let others: Vec<ItemId> = ids
        .into_iter()
        .filter(|id| !heads.contains_key(&id.0))
        .collect();
    if !others.is_empty() {
        let rows: Vec<(ItemId, String, String, String)> = projects::table
            .filter(projects::id.eq_any(&others))
            .select((
                projects::id,
                projects::title,
                projects::summary,
                fixed::<Text>("substr(description_html, 1, 3000)"),
            ))
            .load(db)?;
        heads.extend(rows.into_iter().map(|(id, title, summary, html)| {
            // Not HTML: what looks like a tag in it is text.
            let summary = summary.replace('<', " ");
            (id.0, (title, format!("{summary} {html}")))
        }));
        let rows: Vec<(ItemId, String, String)> = releases::table
            .filter(releases::id.eq_any(&others))
            .select((
                releases::id,
                releases::version,
                fixed::<Text>("substr(notes_html, 1, 3000)"),
            ))
            .load(db)?;
        heads.extend(
            rows.into_iter()
                .map(|(id, version, html)| (id.0, (version, html))),
        );
    }
    if !people.is_empty() {
        let rows: Vec<(UserId, String, String, String)> = users::table
            .filter(users::id.eq_any(people))
            .select((
                users::id,
                users::username,
                users::display_name,
                fixed::<Text>("substr(bio_html, 1, 3000)"),
            ))
            .load(db)?;
        heads.extend(
            rows.into_iter()
                .map(|(id, username, name, html)| (-id.0, (format!("{name} {username}"), html))),
        );
    }
    Ok(heads)
}

fn score(title: &str, text: &str, question: &Question) -> f64 {
    let terms = &question.terms;
    let mut counts = vec![0_u32; terms.len()];
    let mut titled = vec![false; terms.len()];
    // Of a phrase its first word stands for it: all of them are there.
    let fits = |word: &str, term: usize| terms[term].has(0, word);
    fold::each(title, |token| {
        for (term, titled) in titled.iter_mut().enumerate() {
            *titled |= fits(token.word, term);
        }
        true
    });
    let mut length = 0_usize;
    // Where each term was last, for the shortest stretch that has all of them.
    let mut last: Vec<Option<usize>> = vec![None; terms.len()];
    let mut shortest = usize::MAX;
    fold::each(text, |token| {
        for term in 0..terms.len() {
            if fits(token.word, term) {
                counts[term] += 1;
                last[term] = Some(length);
                if let Some(first) = last.iter().copied().min().flatten() {
                    shortest = shortest.min(length - first);
                }
            }
        }
        length += 1;
        true
    });
    let long = 1.2 * (0.25 + 0.75 * length as f64 / USUAL);
    let mut score = 0.0;
    for (count, titled) in counts.iter().zip(titled) {
        let count = f64::from(*count);
        score += count / (count + long) + if titled { IN_TITLE } else { 0.0 };
    }
    if terms.len() > 1 && shortest < usize::MAX {
        let apart = shortest.saturating_sub(terms.len() - 1) as f64;
        score += CLOSE / (1.0 + apart / 4.0);
    }
    score
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(title: &str, text: &str, asked: &str) -> f64 {
        score(title, text, &Question::parse(asked))
    }

    #[test]
    fn titles_nearness_and_density_count() {
        let filler = "and so on ".repeat(30);
        assert!(of("Duck racer", "A game.", "duck") > of("", "duck duck duck", "duck"));
        assert!(of("", "duck pie", "duck pie") > of("", &format!("duck {filler} pie"), "duck pie"));
        assert!(of("", "a duck", "duck") > of("", &format!("a duck {filler}"), "duck"));
        assert!(of("", "duck and duck", "duck") > of("", "duck and pie", "duck"));
        assert!(of("", "ducklings swim", "duck*") > of("", "geese swim", "duck*"));
    }

    #[test]
    fn what_is_cut_off_is_no_text() {
        let html = format!("{}<a href=\"https://duck.example", "x".repeat(HEAD - 20));
        assert!(cut(&html).ends_with('x'));
        assert_eq!(cut("a <b"), "a <b");
    }
}
