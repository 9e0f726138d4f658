//! What is shown of ratings: how many chose each step, from five people on, and how sure it is that
//! they are good.

use crate::condition::among;
use crate::db::ItemId;
use crate::schema::{project_aspects, rating_counts, rating_steps, ratings};
use crate::{Db, QueryResult};
use diesel::prelude::*;
use std::collections::HashMap;

/// Below, a picture of what people think would be a picture of one person.
pub const SHOWN_FROM: i32 = 5;

/// How many chose each step of an aspect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spread {
    pub aspect: String,
    pub n: [i32; 5],
}

impl Spread {
    pub fn people(&self) -> i32 {
        self.n.iter().sum()
    }

    /// Of fewer it would tell what one of them thinks.
    pub fn is_shown(&self) -> bool {
        self.people() >= SHOWN_FROM
    }
}

/// What people think of a project, as they may know of each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picture {
    pub people: i32,
    pub spreads: Vec<Spread>,
}

impl Picture {
    pub fn is_shown(&self) -> bool {
        self.people >= SHOWN_FROM
    }

    pub(crate) fn of_rows(aspects: &[String], rows: &[(String, i32, i32)]) -> Picture {
        let spread = |aspect: &String| {
            let mut n = [0; 5];
            for (_, step, count) in rows.iter().filter(|(of, ..)| of == aspect) {
                if let Some(place) = usize::try_from(step - 1).ok().and_then(|at| n.get_mut(at)) {
                    *place = *count;
                }
            }
            Spread {
                aspect: aspect.clone(),
                n,
            }
        };
        Picture {
            people: rows
                .iter()
                .find(|(aspect, ..)| aspect.is_empty())
                .map_or(0, |(.., n)| *n),
            spreads: aspects.iter().map(spread).collect(),
        }
    }
}

/// From the cached counts, one look into an index.
pub fn of_project(db: &mut Db, project: ItemId, aspects: &[String]) -> QueryResult<Picture> {
    let rows: Vec<(String, i32, i32)> = rating_counts::table
        .filter(rating_counts::project_id.eq(project))
        .select((rating_counts::aspect, rating_counts::step, rating_counts::n))
        .load(db)?;
    Ok(Picture::of_rows(aspects, &rows))
}

/// The steps that were given with these comments, of ratings that count.
pub fn beside(
    db: &mut Db,
    comments: &[ItemId],
) -> QueryResult<HashMap<ItemId, Vec<(String, i32)>>> {
    let rows: Vec<(Option<ItemId>, String, i32)> = ratings::table
        .inner_join(rating_steps::table)
        .filter(among(ratings::comment_id, comments))
        .filter(ratings::counts.eq(true))
        .order((ratings::id, rating_steps::aspect))
        .select((
            ratings::comment_id,
            rating_steps::aspect,
            rating_steps::step,
        ))
        .load(db)?;
    let mut beside: HashMap<ItemId, Vec<(String, i32)>> = HashMap::new();
    for (comment, aspect, step) in rows {
        if let Some(comment) = comment {
            beside.entry(comment).or_default().push((aspect, step));
        }
    }
    Ok(beside)
}

/// The same of many projects, of those that seek ratings.
pub fn lower_bounds(db: &mut Db, projects: &[ItemId]) -> QueryResult<HashMap<ItemId, i32>> {
    let rows: Vec<(ItemId, String, i32, i32)> = rating_counts::table
        .filter(among(rating_counts::project_id, projects))
        .filter(
            rating_counts::project_id
                .eq_any(project_aspects::table.select(project_aspects::project_id)),
        )
        .select((
            rating_counts::project_id,
            rating_counts::aspect,
            rating_counts::step,
            rating_counts::n,
        ))
        .load(db)?;
    let mut of: HashMap<ItemId, Vec<(String, i32, i32)>> = HashMap::new();
    for (project, aspect, step, n) in rows {
        of.entry(project).or_default().push((aspect, step, n));
    }
    let bounds = of
        .into_iter()
        .map(|(id, counts)| (id, lower_bound(&counts)));
    Ok(bounds.collect())
}

/// What the list "rated well" goes by, in ten-thousandths: the lower end of Wilson's interval (one-sided
/// 90 %) for how far up the steps the ratings lie together, with as many trials as people. Five who are
/// thrilled stand behind fifty who are nearly so, and nobody by a mean of two. 0: too few rated.
pub fn lower_bound(counts: &[(String, i32, i32)]) -> i32 {
    const Z: f64 = 1.2816;
    let people = counts
        .iter()
        .find(|(aspect, ..)| aspect.is_empty())
        .map_or(0, |(.., n)| *n);
    let of_steps = || counts.iter().filter(|(aspect, ..)| !aspect.is_empty());
    let marks: i64 = of_steps().map(|(.., n)| i64::from(*n)).sum();
    if people < SHOWN_FROM || marks == 0 {
        return 0;
    }
    let above: i64 = of_steps()
        .map(|(_, step, n)| i64::from(step - 1) * i64::from(*n))
        .sum();
    let (p, n) = (above as f64 / (4 * marks) as f64, f64::from(people));
    let spread = (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).max(0.0).sqrt();
    let bound = (p + Z * Z / (2.0 * n) - Z * spread) / (1.0 + Z * Z / n);
    ((bound * 10_000.0).round() as i32).clamp(1, 10_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(people: i32, steps: &[(i32, i32)]) -> Vec<(String, i32, i32)> {
        let fun = steps.iter().map(|(step, n)| ("Fun".to_owned(), *step, *n));
        fun.chain([(String::new(), 0, people)]).collect()
    }

    #[test]
    fn few_who_are_thrilled_stand_behind_many_who_nearly_are() {
        assert_eq!(lower_bound(&counts(4, &[(5, 4)])), 0, "too few");
        assert_eq!(lower_bound(&[]), 0);
        let five = lower_bound(&counts(5, &[(5, 5)]));
        let fifty = lower_bound(&counts(50, &[(5, 40), (4, 10)]));
        assert!(five < fifty, "{five} {fifty}");
        let worst = lower_bound(&counts(50, &[(1, 50)]));
        assert!(worst >= 1 && worst < five, "{worst}");
        // The same opinion of more people is surer.
        assert!(lower_bound(&counts(10, &[(4, 10)])) < lower_bound(&counts(40, &[(4, 40)])));
    }

    #[test]
    fn an_aspect_of_few_is_not_shown_though_many_rated() {
        let mut rows = counts(6, &[(5, 6)]);
        rows.push(("Audio".into(), 1, 1));
        let picture = Picture::of_rows(&["Fun".into(), "Audio".into()], &rows);
        assert!(picture.is_shown() && picture.spreads[0].is_shown());
        assert!(!picture.spreads[1].is_shown());
        assert_eq!(picture.spreads[0].n, [0, 0, 0, 0, 6]);
    }
}
