//! How the desk does: what waits and for how long, and what was decided on each of the last 30 days.
//!
//! Nothing here tells one moderator from another. Days that are over are counted by the hourly sweep
//! and kept ([`Day`]); those of the last month are counted anew each time, for an undo changes them.
//! Today is counted when somebody looks.

use super::queue::{Count, Filter, Name};
use super::verdict::{self, Label, Verdict};
use crate::db::{UserId, now};
use crate::item::{Queue, State};
use crate::schema::{batches, desk_days, items, users, verdicts};
use crate::{Db, QueryResult, both};
use chrono::{Duration, NaiveDateTime, NaiveTime};
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Timestamp};
use std::collections::HashMap;

/// Days that are shown, today among them.
pub const DAYS: i64 = 30;
/// Counted so long ago, a day is counted again.
const STALE: Duration = Duration::minutes(55);

/// What was done on one day. What each number means stands in the migration `measure_desk`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = desk_days, primary_key(day))]
pub struct Day {
    pub day: NaiveDateTime,
    pub texts: i32,
    pub published_alone: i32,
    pub put_away_alone: i32,
    pub ham: i32,
    pub spam: i32,
    pub removed: i32,
    pub looked_at: i32,
    pub reversed: i32,
    pub undone: i32,
    pub changed: i32,
    pub flagged: i32,
    pub flagged_spam: i32,
    pub drawn: i32,
    pub drawn_spam: i32,
}

pub fn day_of(at: NaiveDateTime) -> NaiveDateTime {
    at.date().and_time(NaiveTime::MIN)
}

impl Day {
    /// Decided by people.
    pub fn decisions(&self) -> i32 {
        self.ham + self.spam + self.removed
    }

    /// Decided by robots, with nobody asked.
    pub fn alone(&self) -> i32 {
        self.published_alone + self.put_away_alone
    }

    /// Those of them that nobody looked at since: what a person would have had to decide.
    pub fn spared(&self) -> i32 {
        (self.alone() - self.looked_at).max(0)
    }

    pub fn overturns(&self) -> i32 {
        self.undone + self.changed + self.reversed
    }

    /// Counts a day, as far as it has come.
    pub fn count(db: &mut Db, day: NaiveDateTime) -> QueryResult<Day> {
        let end = day + Duration::days(1);
        let intake = Intake::between(db, day, end)?;
        let mut counted = Day {
            day,
            texts: intake.texts as i32,
            published_alone: intake.published as i32,
            put_away_alone: intake.put_away as i32,
            ..Day::default()
        };
        let given: Vec<Given> = verdicts::table
            .inner_join(users::table.on(users::id.eq(verdicts::by_id)))
            .inner_join(items::table)
            .filter(verdicts::created_at.ge(day))
            .filter(verdicts::created_at.lt(end))
            .select((
                verdicts::verdict,
                verdicts::label,
                verdicts::undone_at.is_not_null(),
                users::robot,
                items::sampled,
                verdicts::before,
            ))
            .load(db)?;
        for given in given {
            counted.add(&given);
        }
        Ok(counted)
    }

    fn add(&mut self, given: &Given) {
        // The robot's, when readers reported it: nobody has decided anything by that.
        if given.verdict == Verdict::Hold {
            return;
        }
        match (given.robot, given.undone) {
            (true, true) => {
                self.looked_at += 1;
                self.reversed += 1;
                return;
            }
            (true, false) => return,
            (false, true) => {
                self.undone += 1;
                return;
            }
            (false, false) => {}
        }
        let publishes = matches!(given.verdict, Verdict::Ham | Verdict::Restore);
        match given.verdict {
            Verdict::Ham | Verdict::Restore => self.ham += 1,
            Verdict::Spam => self.spam += 1,
            Verdict::Remove => self.removed += 1,
            Verdict::Hold => {}
        }
        let Some((met, alone)) = verdict::met(&given.before) else {
            return;
        };
        let is_spam = i32::from(given.label == Some(Label::Spam));
        let judged = i32::from(given.label.is_some());
        self.looked_at += i32::from(alone.is_some());
        match alone {
            Some(State::Spam) => {
                self.reversed += judged - is_spam;
                if given.sampled {
                    self.drawn += judged;
                    self.drawn_spam += is_spam;
                }
            }
            // A removal is no error of the filter: it does not judge manners.
            Some(_) => self.reversed += is_spam,
            None => {}
        }
        let with_moderators =
            matches!(met.queue, Some(Queue::Held | Queue::Spam | Queue::Projects));
        if met.looked_at.is_none() && met.why == "filter" && with_moderators {
            self.flagged += judged;
            self.flagged_spam += is_spam;
        }
        let shown = match met.state {
            State::Published => Some(true),
            State::Spam | State::Removed => Some(false),
            _ => None,
        };
        let changes = met.looked_at.is_some() && shown.is_some_and(|shown| shown != publishes);
        self.changed += i32::from(changes);
    }

    /// Keeps it. To be called in a write transaction.
    pub fn store(&self, db: &mut Db) -> QueryResult<usize> {
        let counted_at = desk_days::counted_at.eq(now());
        both!(db, conn => diesel::insert_into(desk_days::table)
            .values((self, counted_at))
            .on_conflict(desk_days::day)
            .do_update()
            .set((self, counted_at))
            .execute(conn))
    }
}

/// A verdict, as far as it is counted.
#[derive(Queryable)]
struct Given {
    verdict: Verdict,
    label: Option<Label>,
    undone: bool,
    robot: bool,
    sampled: bool,
    before: String,
}

/// What came in, and what the intake did with it without asking anybody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, QueryableByName)]
pub struct Intake {
    #[diesel(sql_type = BigInt)]
    pub texts: i64,
    #[diesel(sql_type = BigInt)]
    pub published: i64,
    #[diesel(sql_type = BigInt)]
    pub put_away: i64,
}

impl Intake {
    /// Read from the steps that were recorded with each text, for what became of it later is no
    /// longer what the robots said. A quotation mark inside a step's evidence is escaped there, so
    /// that evidence cannot look like an outcome.
    pub fn between(db: &mut Db, from: NaiveDateTime, to: NaiveDateTime) -> QueryResult<Intake> {
        diesel::sql_query(
            "SELECT count(*) AS texts, \
             count(CASE WHEN steps LIKE '%\"outcome\":\"spam\"%' THEN 1 END) AS put_away, \
             count(CASE WHEN steps NOT LIKE '%\"outcome\":\"spam\"%' \
                         AND steps NOT LIKE '%\"outcome\":\"hold\"%' THEN 1 END) AS published \
             FROM revisions WHERE created_at >= $1 AND created_at < $2 \
             AND steps NOT LIKE '%\"outcome\":\"draft\"%'",
        )
        .bind::<Timestamp, _>(from)
        .bind::<Timestamp, _>(to)
        .get_result(db)
    }

    pub fn alone(&self) -> i64 {
        self.published + self.put_away
    }
}

/// The finished days of the last month that are to be counted, oldest first: new ones, and those
/// that nobody has counted for an hour.
pub fn uncounted(db: &mut Db) -> QueryResult<Vec<NaiveDateTime>> {
    let today = day_of(now());
    let first: Option<NaiveDateTime> = items::table
        .order(items::id)
        .select(items::created_at)
        .first(db)
        .optional()?;
    let Some(first) = first else {
        return Ok(Vec::new());
    };
    let fresh: Vec<NaiveDateTime> = desk_days::table
        .filter(desk_days::day.ge(today - Duration::days(DAYS - 1)))
        .filter(desk_days::counted_at.gt(now() - STALE))
        .select(desk_days::day)
        .load(db)?;
    Ok((1..DAYS)
        .rev()
        .map(|ago| today - Duration::days(ago))
        .filter(|day| *day >= day_of(first) && !fresh.contains(day))
        .collect())
}

/// The last [`DAYS`] days, oldest first; the last of them is today, counted now.
pub fn month(db: &mut Db) -> QueryResult<Vec<Day>> {
    let today = day_of(now());
    let mut kept: HashMap<NaiveDateTime, Day> = desk_days::table
        .filter(desk_days::day.ge(today - Duration::days(DAYS - 1)))
        .filter(desk_days::day.lt(today))
        .select(Day::as_select())
        .load(db)?
        .into_iter()
        .map(|day: Day| (day.day, day))
        .collect();
    let mut days = Vec::new();
    for ago in (0..DAYS).rev() {
        let day = today - Duration::days(ago);
        days.push(match kept.remove(&day) {
            Some(kept) => kept,
            // Today; and yesterday, as long as the sweep has not come by after midnight.
            None if ago <= 1 => Day::count(db, day)?,
            None => Day {
                day,
                ..Day::default()
            },
        });
    }
    Ok(days)
}

/// All of them together.
pub fn sum(days: &[Day]) -> Day {
    let mut all = Day::default();
    for day in days {
        all.texts += day.texts;
        all.published_alone += day.published_alone;
        all.put_away_alone += day.put_away_alone;
        all.ham += day.ham;
        all.spam += day.spam;
        all.removed += day.removed;
        all.looked_at += day.looked_at;
        all.reversed += day.reversed;
        all.undone += day.undone;
        all.changed += day.changed;
        all.flagged += day.flagged;
        all.flagged_spam += day.flagged_spam;
        all.drawn += day.drawn;
        all.drawn_spam += day.drawn_spam;
    }
    all
}

/// How long what waits in a queue has waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Age {
    pub queue: Name,
    pub items: i64,
    /// When the oldest was written, and the one in the middle.
    pub oldest: NaiveDateTime,
    pub median: NaiveDateTime,
    /// Items that have waited for more than a day.
    pub over_a_day: i64,
}

/// Of each queue where something waits, given what the desk counted there. Recent is left out: what
/// lies there is published and waits for nobody.
pub fn ages(db: &mut Db, counts: &[Count]) -> QueryResult<Vec<Age>> {
    let mut ages = Vec::new();
    for count in counts.iter().filter(|count| count.queue != Name::Recent) {
        let Some(oldest) = count.oldest else {
            continue;
        };
        let all = Filter::all_of(count.queue);
        let median = all
            .matching()
            .order((items::created_at.asc(), items::id.asc()))
            .offset(count.items / 2)
            .limit(1)
            .select(items::created_at)
            .first(db)
            .optional()?;
        // The young are counted: of a long queue they are the few.
        let young = Filter {
            younger: Some(24),
            ..all
        };
        let young: i64 = young.matching().select(count_star()).first(db)?;
        ages.push(Age {
            queue: count.queue,
            items: count.items,
            oldest,
            median: median.unwrap_or(oldest),
            over_a_day: (count.items - young).max(0),
        });
    }
    Ok(ages)
}

/// Acts of all people that are looked through for their pace.
const ACTS: i64 = 1_000;
/// Two acts further apart than this had something else between them.
const PAUSE: Duration = Duration::minutes(5);
/// Fewer gaps say nothing.
pub const ENOUGH_GAPS: usize = 20;
/// What a decision is taken to last until there are enough.
pub const USUAL_SECONDS: f64 = 15.0;

/// How long a decision takes here.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    pub seconds: f64,
    /// Gaps that it was measured on; 0: too few, and it is [`USUAL_SECONDS`].
    pub gaps: usize,
}

/// The median gap between an act and the next of the same person, over everybody's last acts.
pub fn pace(db: &mut Db) -> QueryResult<Pace> {
    let mut acts: Vec<(UserId, NaiveDateTime)> = batches::table
        .inner_join(users::table.on(users::id.eq(batches::by_id)))
        .filter(users::robot.eq(false))
        .order(batches::id.desc())
        .limit(ACTS)
        .select((batches::by_id, batches::created_at))
        .load(db)?;
    acts.sort();
    Ok(pace_of(&acts))
}

/// Of acts in the order of people and times.
fn pace_of(acts: &[(UserId, NaiveDateTime)]) -> Pace {
    let mut gaps: Vec<Duration> = acts
        .windows(2)
        .filter(|two| two[0].0 == two[1].0)
        .map(|two| two[1].1 - two[0].1)
        .filter(|gap| *gap < PAUSE)
        .collect();
    if gaps.len() < ENOUGH_GAPS {
        return Pace {
            seconds: USUAL_SECONDS,
            gaps: 0,
        };
    }
    gaps.sort();
    Pace {
        seconds: gaps[gaps.len() / 2].as_seconds_f64(),
        gaps: gaps.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pace_is_the_median_gap_of_each_person_without_pauses() {
        let start = day_of(now());
        let at = |person, seconds| (UserId(person), start + Duration::seconds(seconds));
        // Every 8 seconds, with a coffee in between; and somebody who came by once.
        let mut acts: Vec<_> = (0..12).map(|n| at(1, n * 8)).collect();
        acts.extend((0..12).map(|n| at(1, 3_600 + n * 8)));
        acts.push(at(2, 40));
        assert_eq!(
            pace_of(&acts),
            Pace {
                seconds: 8.0,
                gaps: 22
            }
        );
        assert_eq!(
            pace_of(&acts[..20]),
            Pace {
                seconds: USUAL_SECONDS,
                gaps: 0
            }
        );
    }
}
