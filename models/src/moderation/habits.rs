//! How a moderator likes the desk, and when it offers them a break.

use crate::db::{UserId, now};
use crate::schema::{batches, desk_habits};
use crate::{Db, QueryResult, both};
use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;

/// A pause of this length ends a stretch of work.
const PAUSE: Duration = Duration::minutes(10);
/// Acts that a stretch is looked back over; more in it does not make it look shorter, for the
/// oldest of them is the least that can be said.
const LOOKED_BACK: i64 = 1_000;

#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = desk_habits)]
pub struct Habits {
    /// Pairs like `spam=s`, of those that differ from the usual.
    pub keys: String,
    pub one_at_a_time: bool,
    /// Texts are blurred until asked for.
    pub blur: bool,
    /// Minutes of work without a pause, after which a break is offered; 0: never.
    pub break_after: i32,
}

impl Default for Habits {
    fn default() -> Self {
        Habits {
            keys: String::new(),
            one_at_a_time: false,
            blur: false,
            break_after: 45,
        }
    }
}

impl Habits {
    pub fn of(db: &mut Db, user: UserId) -> QueryResult<Habits> {
        let found = desk_habits::table
            .find(user)
            .select(Habits::as_select())
            .get_result(db)
            .optional()?;
        Ok(found.unwrap_or_default())
    }

    pub fn save(&self, db: &mut Db, user: UserId) -> QueryResult<()> {
        let row = (
            desk_habits::keys.eq(&self.keys),
            desk_habits::one_at_a_time.eq(self.one_at_a_time),
            desk_habits::blur.eq(self.blur),
            desk_habits::break_after.eq(self.break_after),
        );
        both!(db, conn => diesel::insert_into(desk_habits::table)
            .values((desk_habits::user_id.eq(user), row))
            .on_conflict(desk_habits::user_id)
            .do_update()
            .set(row)
            .execute(conn))
        .map(|_| ())
    }

    /// Minutes that a moderator has been deciding without a pause, when that is long enough to
    /// offer a break.
    pub fn offers_break(&self, db: &mut Db, user: UserId) -> QueryResult<Option<i64>> {
        if self.break_after <= 0 {
            return Ok(None);
        }
        let acts: Vec<NaiveDateTime> = batches::table
            .filter(batches::by_id.eq(user))
            .order(batches::id.desc())
            .limit(LOOKED_BACK)
            .select(batches::created_at)
            .load(db)?;
        let minutes = stretch(now(), &acts).num_minutes();
        Ok((minutes >= i64::from(self.break_after)).then_some(minutes))
    }
}

/// How long somebody has been at it without a pause. Newest act first.
fn stretch(now: NaiveDateTime, acts: &[NaiveDateTime]) -> Duration {
    let mut since = now;
    for act in acts {
        if since - *act > PAUSE {
            break;
        }
        since = *act;
    }
    now - since
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_stretch_ends_at_the_first_pause(gaps in prop::collection::vec(0..30i64, 0..40)) {
            let now = now();
            let mut acts = Vec::new();
            let mut at = now;
            for gap in &gaps {
                at -= Duration::minutes(*gap);
                acts.push(at);
            }
            let expected: i64 = gaps.iter().take_while(|gap| **gap <= PAUSE.num_minutes()).sum();
            prop_assert_eq!(stretch(now, &acts).num_minutes(), expected);
        }
    }
}
