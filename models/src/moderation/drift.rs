//! Drift: whether the filter still does as well as it did, week by week.
//!
//! Three things are watched: how often people overturn what the filter decided by itself, how many
//! words it has never met, and how its scores are spread. A nightly job counts each finished week
//! once ([`count`]); [`notices`] says what moved.

use super::verdict::{Label, Verdict};
use crate::db::{ItemId, now};
use crate::item::{Kind, State};
use crate::schema::{filter_weeks, items, revisions, users, verdicts};
use crate::spam::evaluation::{Histogram, upper_bound};
use crate::{Db, QueryResult, both};
use chrono::{Datelike, Duration, NaiveDateTime, NaiveTime};
use diesel::prelude::*;

/// Comments of a week that are read again, the newest.
const TEXTS: i64 = 2_000;
/// Weeks that are shown and compared.
pub const WEEKS: i64 = 12;
/// Weeks before the last that make what is usual.
const FEWEST_WEEKS: usize = 3;
/// Texts below which a week says nothing.
const FEWEST_TEXTS: i32 = 50;

/// One finished week.
#[derive(Clone, Debug, PartialEq)]
pub struct Week {
    /// Monday, 00:00 UTC.
    pub week: NaiveDateTime,
    /// Labels that people gave to texts which the filter had published or put away, and those that
    /// said otherwise.
    pub decided: i32,
    pub overturned: i32,
    pub texts: i32,
    /// Of a text, the share of words that the model which judged it had never met, at the mean.
    pub unseen: Option<f64>,
    /// Scores in equal bins.
    pub scores: Vec<u64>,
}

impl Week {
    pub fn overturn_rate(&self) -> Option<f64> {
        (self.decided > 0).then(|| f64::from(self.overturned) / f64::from(self.decided))
    }
}

/// The Monday on or before a time.
pub fn week_of(at: NaiveDateTime) -> NaiveDateTime {
    let days = i64::from(at.weekday().num_days_from_monday());
    (at.date() - Duration::days(days)).and_time(NaiveTime::MIN)
}

/// Newest first.
pub fn weeks(db: &mut Db) -> QueryResult<Vec<Week>> {
    type Row = (NaiveDateTime, i32, i32, i32, Option<f64>, String);
    let rows: Vec<Row> = filter_weeks::table
        .order(filter_weeks::week.desc())
        .limit(WEEKS)
        .select((
            filter_weeks::week,
            filter_weeks::decided,
            filter_weeks::overturned,
            filter_weeks::texts,
            filter_weeks::unseen,
            filter_weeks::scores,
        ))
        .load(db)?;
    Ok(rows
        .into_iter()
        .map(|(week, decided, overturned, texts, unseen, scores)| Week {
            week,
            decided,
            overturned,
            texts,
            unseen,
            scores: serde_json::from_str(&scores).unwrap_or_default(),
        })
        .collect())
}

/// The finished weeks that were not counted yet, oldest first.
pub fn uncounted(db: &mut Db) -> QueryResult<Vec<NaiveDateTime>> {
    let this = week_of(now());
    let first: Option<NaiveDateTime> = items::table
        .order(items::id)
        .select(items::created_at)
        .first(db)
        .optional()?;
    let Some(first) = first else {
        return Ok(Vec::new());
    };
    let counted: Vec<NaiveDateTime> = filter_weeks::table
        .filter(filter_weeks::week.ge(this - Duration::weeks(WEEKS)))
        .select(filter_weeks::week)
        .load(db)?;
    Ok((1..=WEEKS)
        .rev()
        .map(|n| this - Duration::weeks(n))
        .filter(|week| *week >= week_of(first) && !counted.contains(week))
        .collect())
}

/// Counts one week, without storing it.
pub fn count(db: &mut Db, week: NaiveDateTime) -> QueryResult<Week> {
    let end = week + Duration::weeks(1);
    // What stood before the verdict tells whether the filter had decided: published and not looked
    // at, or put away by it.
    type Given = (Option<Label>, Verdict, String);
    let given: Vec<Given> = verdicts::table
        .inner_join(users::table.on(users::id.eq(verdicts::by_id)))
        .filter(users::robot.eq(false))
        .filter(
            verdicts::created_at
                .ge(week)
                .and(verdicts::created_at.lt(end))
                .and(verdicts::undone_at.is_null())
                .and(verdicts::label.is_not_null()),
        )
        .select((verdicts::label, verdicts::verdict, verdicts::before))
        .load(db)?;
    let (mut decided, mut overturned) = (0, 0);
    for (label, _, before) in given {
        let Some(state) = super::verdict::decided_by_filter(&before) else {
            continue;
        };
        decided += 1;
        let wrong = match state {
            State::Spam => Label::Ham,
            _ => Label::Spam,
        };
        overturned += i32::from(label == Some(wrong));
    }
    let texts: Vec<(Option<f64>, Option<f64>)> = revisions::table
        .inner_join(items::table)
        .filter(items::kind.eq(Kind::Comment))
        .filter(
            revisions::created_at
                .ge(week)
                .and(revisions::created_at.lt(end))
                .and(revisions::text.ne("")),
        )
        .order(revisions::id.desc())
        .limit(TEXTS)
        .select((revisions::score, revisions::unseen))
        .load(db)?;
    let mut scores = vec![0u64; Histogram::BINS];
    for score in texts.iter().filter_map(|(score, _)| *score) {
        scores[((score * Histogram::BINS as f64) as usize).min(Histogram::BINS - 1)] += 1;
    }
    let unseen: Vec<f64> = texts.iter().filter_map(|(_, unseen)| *unseen).collect();
    Ok(Week {
        week,
        decided,
        overturned,
        texts: texts.len() as i32,
        unseen: (!unseen.is_empty()).then(|| unseen.iter().sum::<f64>() / unseen.len() as f64),
        scores,
    })
}

impl Week {
    /// Keeps it. Of two processes that counted the same week, the first stays.
    pub fn store(&self, db: &mut Db) -> QueryResult<usize> {
        let scores = serde_json::to_string(&self.scores)
            .map_err(|error| diesel::result::Error::SerializationError(error.into()))?;
        let row = (
            filter_weeks::week.eq(self.week),
            filter_weeks::decided.eq(self.decided),
            filter_weeks::overturned.eq(self.overturned),
            filter_weeks::texts.eq(self.texts),
            filter_weeks::unseen.eq(self.unseen),
            filter_weeks::scores.eq(scores),
            filter_weeks::counted_at.eq(now()),
        );
        both!(db, conn => diesel::insert_into(filter_weeks::table)
            .values(row)
            .on_conflict_do_nothing()
            .execute(conn))
    }
}

/// What moved in the last finished week against the weeks before it, in sentences for moderators.
/// `weeks` are newest first.
pub fn notices(weeks: &[Week]) -> Vec<String> {
    let mut notices = Vec::new();
    let [last, before @ ..] = weeks else {
        return notices;
    };
    // An old week is no news: nothing was counted since.
    if last.texts < FEWEST_TEXTS || now() - last.week > Duration::weeks(3) {
        return notices;
    }
    let usual: Vec<&Week> = before
        .iter()
        .filter(|week| week.texts >= FEWEST_TEXTS)
        .collect();
    if usual.len() < FEWEST_WEEKS {
        return notices;
    }
    let sum = |of: &dyn Fn(&Week) -> i32| usual.iter().map(|week| of(week)).sum::<i32>();
    let (decided, overturned) = (sum(&|week| week.decided), sum(&|week| week.overturned));
    if decided >= 50 && last.decided >= 20 {
        // More than chance allows: the last week's rate lies above what the weeks before can have
        // been at most.
        let most = upper_bound(overturned.max(0) as u64, decided as u64);
        let rate = f64::from(last.overturned) / f64::from(last.decided);
        let noise = (most * (1.0 - most) / f64::from(last.decided)).sqrt();
        if rate > most + 2.0 * noise {
            notices.push(format!(
                "People overturned {} of {} decisions of the filter last week; before it was {} of {}. \
                 A retraining, or a look at what it gets wrong, may help.",
                last.overturned, last.decided, overturned, decided
            ));
        }
    }
    let unseen: Vec<f64> = usual.iter().filter_map(|week| week.unseen).collect();
    if let (Some(now), false) = (last.unseen, unseen.is_empty()) {
        let mean = unseen.iter().sum::<f64>() / unseen.len() as f64;
        if now > mean + 0.1 && now > mean * 1.5 {
            notices.push(format!(
                "{:.0} in 100 words of last week's comments were new to the filter; before it was {:.0}. \
                 People talk about something new, or in another language.",
                now * 100.0,
                mean * 100.0
            ));
        }
    }
    let mut usual_scores = vec![0u64; last.scores.len()];
    for week in &usual {
        for (sum, n) in usual_scores.iter_mut().zip(&week.scores) {
            *sum += n;
        }
    }
    if stability(&last.scores, &usual_scores) > MOVED {
        notices.push(
            "The scores of last week's comments are spread otherwise than before: a wave of spam, \
             or comments of another kind."
                .into(),
        );
    }
    notices
}

/// From this index on a distribution is said to have moved; a rule of thumb of credit scoring.
const MOVED: f64 = 0.25;

/// Population stability index: Σ (p − q) ln(p / q) over four coarse bins, each with half a text
/// more, so that an empty one does not decide.
fn stability(now: &[u64], before: &[u64]) -> f64 {
    let coarse = |scores: &[u64]| -> Vec<f64> {
        let size = scores.len().div_ceil(4).max(1);
        let sums: Vec<f64> = scores
            .chunks(size)
            .map(|chunk| chunk.iter().sum::<u64>() as f64 + 0.5)
            .collect();
        let all: f64 = sums.iter().sum();
        sums.iter().map(|sum| sum / all).collect()
    };
    coarse(now)
        .iter()
        .zip(coarse(before))
        .map(|(p, q)| (p - q) * (p / q).ln())
        .sum()
}

/// What people found among the texts drawn at random from what the filter decided by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// Published by it and looked at, and those that were spam.
    pub published: u64,
    pub missed: u64,
    /// Put away by it and looked at, and those that were real.
    pub put_away: u64,
    pub wronged: u64,
    /// Drawn, and nobody has looked yet.
    pub waiting: u64,
}

impl Sample {
    /// Of the last 90 days.
    pub fn measure(db: &mut Db) -> QueryResult<Sample> {
        let since = now() - Duration::days(90);
        type Row = (ItemId, Option<Label>, String);
        let given: Vec<Row> = verdicts::table
            .inner_join(items::table)
            .filter(items::sampled.eq(true).and(items::created_at.gt(since)))
            .filter(
                verdicts::label
                    .is_not_null()
                    .and(verdicts::undone_at.is_null()),
            )
            .order((verdicts::item_id, verdicts::id))
            .select((verdicts::item_id, verdicts::label, verdicts::before))
            .load(db)?;
        let mut sample = Sample {
            waiting: waiting(db)? as u64,
            ..Sample::default()
        };
        for of_item in given.chunk_by(|a, b| a.0 == b.0) {
            // What the first verdict met is what the filter had decided; the last is what people say.
            let (Some((_, _, before)), Some((_, label, _))) = (of_item.first(), of_item.last())
            else {
                continue;
            };
            match super::verdict::decided_by_filter(before) {
                Some(State::Spam) => {
                    sample.put_away += 1;
                    sample.wronged += u64::from(*label == Some(Label::Ham));
                }
                Some(_) => {
                    sample.published += 1;
                    sample.missed += u64::from(*label == Some(Label::Spam));
                }
                None => {}
            }
        }
        Ok(sample)
    }
}

/// How many of the sample nobody has looked at.
pub fn waiting(db: &mut Db) -> QueryResult<i64> {
    items::table
        .filter(items::sampled.eq(true).and(items::looked_at.is_null()))
        .filter(items::state.eq_any([State::Published, State::Spam]))
        .count()
        .get_result(db)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn week(ago: i64, decided: i32, overturned: i32, unseen: f64, scores: [u64; 4]) -> Week {
        Week {
            week: week_of(now()) - Duration::weeks(ago),
            decided,
            overturned,
            texts: 200,
            unseen: Some(unseen),
            scores: scores.to_vec(),
        }
    }

    #[test]
    fn a_quiet_month_gives_no_notice_and_each_thing_that_moves_gives_one() {
        let quiet = |ago| week(ago, 100, 2, 0.2, [160, 20, 10, 10]);
        let mut weeks: Vec<Week> = (1..6).map(quiet).collect();
        assert_eq!(notices(&weeks), Vec::<String>::new());
        weeks[0].overturned = 15;
        assert!(notices(&weeks)[0].contains("15 of 100"), "{weeks:?}");
        weeks[0] = week(1, 100, 2, 0.45, [160, 20, 10, 10]);
        assert!(notices(&weeks)[0].contains("45 in 100 words"));
        weeks[0] = week(1, 100, 2, 0.2, [60, 20, 20, 100]);
        assert!(notices(&weeks)[0].contains("spread otherwise"));
        // Too little to compare with, or too little to say.
        assert!(notices(&weeks[..3]).is_empty());
        weeks[0].texts = 10;
        assert!(notices(&weeks).is_empty());
    }

    #[test]
    fn weeks_begin_on_monday() {
        let sunday = chrono::NaiveDate::from_ymd_opt(2026, 11, 22)
            .unwrap()
            .and_hms_opt(23, 59, 59)
            .unwrap();
        let monday = chrono::NaiveDate::from_ymd_opt(2026, 11, 16)
            .unwrap()
            .and_time(NaiveTime::MIN);
        assert_eq!(week_of(sunday), monday);
        assert_eq!(week_of(monday), monday);
    }
}
