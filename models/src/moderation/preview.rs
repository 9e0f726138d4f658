//! What one verdict on all that match a filter would touch, and which of it stands out.

use super::entry::{Entry, these};
use super::queue::Filter;
use super::verdict::MOST;
use crate::db::ItemId;
use crate::item::{Queue, State};
use crate::schema::{items, users};
use crate::{Db, QueryResult};
use diesel::prelude::*;
use std::collections::HashMap;

/// Items that are shown of each kind.
const SHOWN: usize = 20;

pub struct Preview {
    pub items: i64,
    pub newest: Option<ItemId>,
    /// Of one batch, like what follows.
    pub states: Vec<(State, Option<Queue>, usize)>,
    pub people: usize,
    /// The ten with the most.
    pub authors: Vec<(String, usize)>,
    /// How many stand out: written by makers, or scored to the other side than most of them.
    pub exceptions: usize,
    /// The first of those.
    pub exceptional: Vec<Entry>,
    /// The first at all.
    pub sample: Vec<Entry>,
}

impl Preview {
    pub fn of(db: &mut Db, filter: &Filter) -> QueryResult<Preview> {
        let items = filter.count(db)?;
        let newest: Option<ItemId> = filter
            .matching()
            .order(items::id.desc())
            .select(items::id)
            .first(db)
            .optional()?;
        // As one batch would take them.
        type Row = (ItemId, (State, Option<Queue>), String, (Option<f64>, bool));
        let batch: Vec<Row> = filter
            .matching()
            .inner_join(users::table.on(users::id.eq(items::author_id)))
            .order(items::id)
            .limit(MOST as i64)
            .select((
                items::id,
                (items::state, items::queue),
                users::username,
                (items::score, items::by_maker),
            ))
            .load(db)?;
        let sample: Vec<ItemId> = batch.iter().take(SHOWN).map(|(id, ..)| *id).collect();
        let spam = |score: &f64| *score >= 0.5;
        let scores: Vec<f64> = batch.iter().filter_map(|(.., (score, _))| *score).collect();
        let mostly_spam = 2 * scores.iter().filter(|score| spam(score)).count() > scores.len();
        let stands_out = |score: Option<f64>, by_maker: bool| {
            by_maker || score.is_some_and(|score| spam(&score) != mostly_spam)
        };
        let exceptions: Vec<ItemId> = batch
            .iter()
            .filter(|(.., (score, by_maker))| stands_out(*score, *by_maker))
            .map(|(id, ..)| *id)
            .collect();
        let mut states: Vec<(State, Option<Queue>, usize)> = Vec::new();
        let mut authors: HashMap<String, usize> = HashMap::new();
        for (_, (state, queue), author, _) in batch {
            match states
                .iter_mut()
                .find(|(s, q, _)| (*s, *q) == (state, queue))
            {
                Some((.., n)) => *n += 1,
                None => states.push((state, queue, 1)),
            }
            *authors.entry(author).or_default() += 1;
        }
        let people = authors.len();
        let mut authors: Vec<(String, usize)> = authors.into_iter().collect();
        authors.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        authors.truncate(10);
        Ok(Preview {
            items,
            newest,
            states,
            people,
            authors,
            exceptions: exceptions.len(),
            exceptional: these(db, &exceptions[..exceptions.len().min(SHOWN)])?,
            sample: these(db, &sample)?,
        })
    }
}
