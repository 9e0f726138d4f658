//! Leases: work that only one process of all may do at a time, such as training the filter.
//!
//! A holder renews its lease while it works; one that was killed loses it when it runs out.

use crate::db::{dialect, now};
use crate::schema::leases;
use crate::{Db, QueryResult, both};
use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;

/// How long a lease stands without being renewed.
pub const TERM: Duration = Duration::minutes(3);

#[derive(Clone, Debug, Queryable, Selectable)]
pub struct Lease {
    pub name: String,
    /// Empty: nobody; it rests until then, after a failure.
    pub holder: String,
    pub until: NaiveDateTime,
    /// What is being done, or why it failed.
    pub note: String,
}

impl Lease {
    pub fn find(db: &mut Db, name: &str) -> QueryResult<Option<Lease>> {
        leases::table
            .find(name)
            .select(Lease::as_select())
            .get_result(db)
            .optional()
    }

    /// Whether somebody holds it now.
    pub fn is_held(&self) -> bool {
        !self.holder.is_empty() && self.until > now()
    }

    /// Whether it rests after a failure. Only a person may take it then.
    pub fn rests(&self) -> bool {
        self.holder.is_empty() && self.until > now()
    }

    /// Whether its holder vanished: killed with its machine, say.
    pub fn broke_off(&self) -> bool {
        !self.holder.is_empty() && self.until <= now()
    }

    /// Takes it, unless somebody else holds it. To be called in a write transaction.
    pub fn take(db: &mut Db, name: &str, holder: &str, note: &str) -> QueryResult<bool> {
        dialect::lock(db, name)?;
        if Lease::find(db, name)?.is_some_and(|lease| lease.is_held() && lease.holder != holder) {
            return Ok(false);
        }
        let row = (
            leases::holder.eq(holder),
            leases::until.eq(now() + TERM),
            leases::note.eq(note),
        );
        both!(db, conn => diesel::insert_into(leases::table)
            .values((leases::name.eq(name), row))
            .on_conflict(leases::name)
            .do_update()
            .set(row)
            .execute(conn))?;
        Ok(true)
    }

    /// Goes on holding it, and says what is being done. False when it was lost.
    pub fn renew(db: &mut Db, name: &str, holder: &str, note: &str) -> QueryResult<bool> {
        diesel::update(leases::table.find(name).filter(leases::holder.eq(holder)))
            .set((leases::until.eq(now() + TERM), leases::note.eq(note)))
            .execute(db)
            .map(|n| n == 1)
    }

    /// Gives it back; after a failure it rests for a while, with the reason.
    pub fn give_back(
        db: &mut Db,
        name: &str,
        holder: &str,
        failed: Option<(&str, Duration)>,
    ) -> QueryResult<usize> {
        let (note, rest) = failed.unwrap_or(("", Duration::zero()));
        diesel::update(leases::table.find(name).filter(leases::holder.eq(holder)))
            .set((
                leases::holder.eq(""),
                leases::until.eq(now() + rest),
                leases::note.eq(note.chars().take(500).collect::<String>()),
            ))
            .execute(db)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db;

    #[test]
    fn one_holds_it_at_a_time_and_a_failure_rests() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lease.sqlite");
        let db = &mut db::connect(&format!("sqlite:{}", path.display())).unwrap();
        db::migrate(db).unwrap();
        assert!(Lease::take(db, "training", "a", "reading").unwrap());
        assert!(!Lease::take(db, "training", "b", "reading").unwrap());
        assert!(Lease::take(db, "training", "a", "again").unwrap());
        assert!(Lease::renew(db, "training", "a", "fitting").unwrap());
        assert!(!Lease::renew(db, "training", "b", "fitting").unwrap());
        let failed = Some(("no room", Duration::hours(1)));
        assert_eq!(Lease::give_back(db, "training", "a", failed).unwrap(), 1);
        let resting = Lease::find(db, "training").unwrap().unwrap();
        assert!(resting.rests() && !resting.is_held() && resting.note == "no room");
        assert!(Lease::take(db, "training", "b", "").unwrap());
        // Killed: it runs out.
        diesel::update(leases::table)
            .set(leases::until.eq(now() - Duration::seconds(1)))
            .execute(db)
            .unwrap();
        assert!(Lease::take(db, "training", "a", "").unwrap());
    }
}
