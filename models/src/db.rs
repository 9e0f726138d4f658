//! One connection type over both databases, the pools, the migrations and the clock.
//!
//! [`Db`] carries nearly every query as it is. The few statements diesel's derive cannot carry
//! (upserts, batch inserts) go through [`both!`](crate::both); the few that differ in SQL stand in
//! [`dialect`]. Every write runs in [`write_tx`]: a plain `transaction()` is a deferred BEGIN, which
//! on SQLite loses the race for the write lock at once instead of waiting for it.

use chrono::{NaiveDateTime, SubsecRound, Utc};
use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::prelude::*;
use diesel::r2d2::{self, ManageConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

pub use diesel::QueryResult;

#[derive(diesel::MultiConnection)]
pub enum Db {
    Sqlite(SqliteConnection),
    Pg(PgConnection),
}

/// Runs one text on whichever database is behind the connection, where the derive cannot.
#[macro_export]
macro_rules! both {
    ($db:expr, $conn:ident => $query:expr) => {
        match $db {
            $crate::db::Db::Sqlite($conn) => $query,
            $crate::db::Db::Pg($conn) => $query,
        }
    };
}

/// The SQL that differs between the databases, side by side.
pub mod dialect {
    use super::*;
    use crate::item::Item;
    use crate::moderation::campaign::card::Alike;
    use crate::schema::changes;
    use std::collections::HashMap;

    /// Something changed that other processes must notice within a second: counts `name` up.
    pub fn bump(db: &mut Db, name: &str) -> QueryResult<usize> {
        diesel::sql_query(
            "INSERT INTO changes (name, version) VALUES ($1, 1) \
             ON CONFLICT (name) DO UPDATE SET version = changes.version + 1",
        )
        .bind::<diesel::sql_types::Text, _>(name)
        .execute(db)
    }

    /// How often each name was bumped so far.
    pub fn versions(db: &mut Db) -> QueryResult<HashMap<String, i64>> {
        let rows: Vec<(String, i64)> = changes::table
            .select((changes::name, changes::version))
            .load(db)?;
        Ok(rows.into_iter().collect())
    }

    /// Takes the lock that serialises a bucket of the limits or one person's submissions, until
    /// the transaction ends. SQLite has one writer at a time anyway.
    pub fn lock(db: &mut Db, name: &str) -> QueryResult<()> {
        match db {
            Db::Sqlite(_) => Ok(()),
            Db::Pg(pg) => {
                diesel::sql_query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
                    .bind::<diesel::sql_types::Text, _>(name)
                    .execute(pg)
                    .map(|_| ())
            }
        }
    }

    /// Takes many of these, one after the other in this order, with one question.
    pub fn lock_all(db: &mut Db, names: Vec<String>) -> QueryResult<()> {
        match db {
            Db::Sqlite(_) => Ok(()),
            Db::Pg(pg) => diesel::sql_query(
                "SELECT pg_advisory_xact_lock(hashtextextended(name, 0)) FROM unnest($1) AS name",
            )
            .bind::<diesel::sql_types::Array<diesel::sql_types::Text>, _>(names)
            .execute(pg)
            .map(|_| ()),
        }
    }

    /// Reads an item so that nobody else decides it in the same moment. Comments may still be posted
    /// on a project that is locked so: they refer to its key only.
    pub fn lock_item(db: &mut Db, id: ItemId) -> QueryResult<Option<Item>> {
        use crate::schema::items;
        match db {
            Db::Sqlite(sqlite) => items::table
                .find(id)
                .select(Item::as_select())
                .get_result(sqlite)
                .optional(),
            Db::Pg(pg) => items::table
                .find(id)
                .select(Item::as_select())
                .for_no_key_update()
                .get_result(pg)
                .optional(),
        }
    }

    /// The same for many, locked in the order of their numbers, so that two batches over the same
    /// items never wait for each other in a ring. What is not there is left out.
    pub fn lock_items(db: &mut Db, ids: &[ItemId]) -> QueryResult<Vec<Item>> {
        use crate::schema::items;
        match db {
            Db::Sqlite(sqlite) => items::table
                .filter(items::id.eq_any(ids))
                .order(items::id)
                .select(Item::as_select())
                .load(sqlite),
            Db::Pg(pg) => items::table
                .filter(items::id.eq_any(ids))
                .order(items::id)
                .select(Item::as_select())
                .for_no_key_update()
                .load(pg),
        }
    }

    /// Those of these items that are in no campaign and that nobody is deciding or editing at this
    /// moment: who asks waits for nobody, and so stands in no ring.
    pub fn lock_alone(db: &mut Db, ids: &[ItemId]) -> QueryResult<Vec<ItemId>> {
        use crate::schema::items;
        let alone = items::table
            .filter(items::id.eq_any(ids))
            .filter(items::campaign_id.is_null())
            .order(items::id)
            .select(items::id);
        match db {
            Db::Sqlite(sqlite) => alone.load(sqlite),
            Db::Pg(pg) => alone.for_no_key_update().skip_locked().load(pg),
        }
    }

    /// Locks campaigns in the order of their numbers: after items, before threads, as everybody does.
    pub fn lock_campaigns(db: &mut Db, ids: &[CampaignId]) -> QueryResult<()> {
        use crate::schema::campaigns;
        match db {
            Db::Sqlite(_) => Ok(()),
            Db::Pg(pg) => campaigns::table
                .filter(campaigns::id.eq_any(ids))
                .order(campaigns::id)
                .select(campaigns::id)
                .for_no_key_update()
                .load::<CampaignId>(pg)
                .map(|_| ()),
        }
    }

    /// The newest texts of each of these bands of a SimHash, so many of each, with their hashes.
    pub fn in_bands(db: &mut Db, bands: &[i32], most: i64) -> QueryResult<Vec<(ItemId, i64)>> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = ::diesel::sql_types::BigInt)]
            item_id: ItemId,
            #[diesel(sql_type = ::diesel::sql_types::BigInt)]
            simhash: i64,
        }
        let bands = serde_json::to_string(bands)
            .map_err(|error| ::diesel::result::Error::SerializationError(error.into()))?;
        let query = match db {
            Db::Sqlite(_) => diesel::sql_query(
                "SELECT b.item_id, b.simhash FROM json_each($1) j CROSS JOIN item_bands b ON b.band = j.value \
                 AND b.item_id IN (SELECT k.item_id FROM item_bands k WHERE k.band = j.value ORDER BY k.item_id DESC LIMIT $2)",
            ),
            Db::Pg(_) => diesel::sql_query(
                "SELECT b.item_id, b.simhash FROM json_array_elements_text($1::json) j CROSS JOIN LATERAL \
                 (SELECT k.item_id, k.simhash FROM item_bands k WHERE k.band = j.value::integer ORDER BY k.item_id DESC LIMIT $2) b",
            ),
        };
        let rows: Vec<Row> = query
            .bind::<diesel::sql_types::Text, _>(bands)
            .bind::<diesel::sql_types::BigInt, _>(most)
            .load(db)?;
        Ok(rows
            .into_iter()
            .map(|row| (row.item_id, row.simhash))
            .collect())
    }

    /// The newest texts of each of these campaigns, so many of each, by an index: a campaign of ten
    /// thousand costs no more than one of ten.
    pub fn newest_alike(
        db: &mut Db,
        campaigns: &[CampaignId],
        most: i64,
    ) -> QueryResult<Vec<Alike>> {
        let ids = serde_json::to_string(campaigns)
            .map_err(|error| ::diesel::result::Error::SerializationError(error.into()))?;
        let query = match db {
            Db::Sqlite(_) => diesel::sql_query(
                "SELECT c.id AS campaign_id, i.id, coalesce(i.simhash, 0) AS simhash, i.kind, i.state, \
                   i.created_at AS at, u.username AS author, c.items, c.opened_at IS NOT NULL AS is_open \
                 FROM json_each($1) j CROSS JOIN campaigns c ON c.id = j.value \
                 CROSS JOIN items i ON i.id IN (SELECT k.id FROM items k WHERE k.campaign_id = c.id ORDER BY k.id DESC LIMIT $2) \
                 CROSS JOIN users u ON u.id = i.author_id ORDER BY i.id DESC",
            ),
            Db::Pg(_) => diesel::sql_query(
                "SELECT c.id AS campaign_id, i.id, coalesce(i.simhash, 0) AS simhash, i.kind, i.state, \
                   i.created_at AS at, u.username AS author, c.items, c.opened_at IS NOT NULL AS is_open \
                 FROM json_array_elements_text($1::json) j \
                 CROSS JOIN LATERAL (SELECT k.* FROM items k WHERE k.campaign_id = j.value::bigint ORDER BY k.id DESC LIMIT $2) i \
                 JOIN campaigns c ON c.id = i.campaign_id \
                 JOIN users u ON u.id = i.author_id ORDER BY i.id DESC",
            ),
        };
        query
            .bind::<diesel::sql_types::Text, _>(ids)
            .bind::<diesel::sql_types::BigInt, _>(most)
            .load(db)
    }

    /// The next due job, so that no two workers take the same one. SQLite's writer is alone.
    pub fn claim_due_job(db: &mut Db, at: NaiveDateTime) -> QueryResult<Option<i64>> {
        use crate::schema::jobs;
        let due = jobs::table
            .filter(jobs::dead_at.is_null().and(jobs::run_at.le(at)))
            .order((jobs::run_at, jobs::id))
            .select(jobs::id);
        match db {
            Db::Sqlite(sqlite) => due.first(sqlite).optional(),
            Db::Pg(pg) => due.for_update().skip_locked().first(pg).optional(),
        }
    }
}

const SQLITE_MIGRATIONS: EmbeddedMigrations = embed_migrations!("../migrations/sqlite");
const POSTGRES_MIGRATIONS: EmbeddedMigrations = embed_migrations!("../migrations/postgres");

/// `busy_timeout` first, so that switching to WAL waits for another process instead of failing.
/// `synchronous=FULL`: what was answered is on disk, also after a power cut.
const PRAGMAS: &str = "PRAGMA busy_timeout=5000; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; \
     PRAGMA foreign_keys=ON; PRAGMA cache_size=-16000; PRAGMA temp_store=MEMORY;";

/// The time, in UTC and cut to microseconds: PostgreSQL keeps no more, and a cursor must compare
/// equal on both databases.
pub fn now() -> NaiveDateTime {
    Utc::now().naive_utc().trunc_subsecs(6)
}

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the database address {0:?} is neither sqlite:PATH nor postgres://…")]
    UnknownScheme(String),
    #[error("cannot open the database: {0}")]
    Connect(#[from] ConnectionError),
    #[error("cannot set up the database connection: {0}")]
    Setup(diesel::result::Error),
    #[error("cannot run the migrations: {0}")]
    Migrate(Box<dyn std::error::Error + Send + Sync>),
    #[error("the database was made by a newer Potluck ({0}); this one would not understand it")]
    TooNew(String),
    #[error("cannot connect to the database: {0}")]
    Pool(#[from] ::diesel::r2d2::PoolError),
}

/// Opens one connection. The scheme decides: diesel's own `Db::establish` would try each database
/// in turn and hide why it failed, and create a file for a mistyped address.
pub fn connect(url: &str) -> Result<Db, OpenError> {
    if let Some(path) = url.strip_prefix("sqlite:") {
        let mut sqlite = SqliteConnection::establish(path)?;
        sqlite.batch_execute(PRAGMAS).map_err(OpenError::Setup)?;
        Ok(Db::Sqlite(sqlite))
    } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        let mut pg = PgConnection::establish(url)?;
        // Every query here is short, and many run at once: helpers for one take more than they give.
        // A plan made for any value is slower by far where one tag is on three projects and one on
        // thousands.
        pg.batch_execute(
            "SET TIME ZONE 'UTC'; SET client_min_messages TO warning; SET jit TO off; SET plan_cache_mode TO force_custom_plan; \
             SET max_parallel_workers_per_gather TO 0;",
        )
        .map_err(OpenError::Setup)?;
        Ok(Db::Pg(pg))
    } else {
        Err(OpenError::UnknownScheme(url.to_owned()))
    }
}

/// For queries whose best plan is the same whatever they ask for, such as rows by their numbers:
/// PostgreSQL keeps their plans, where it makes one for the values of each run otherwise ([`connect`]).
/// Of pages that ask thirty small things, planning was most of what the database had to do.
pub fn with_kept_plans<T, E>(
    db: &mut Db,
    work: impl FnOnce(&mut Db) -> Result<T, E>,
) -> Result<T, E>
where
    E: From<diesel::result::Error>,
{
    if let Db::Pg(pg) = db {
        pg.batch_execute("SET plan_cache_mode TO force_generic_plan")?;
    }
    let answer = work(db);
    if let Db::Pg(pg) = db {
        let back = pg.batch_execute("SET plan_cache_mode TO force_custom_plan");
        // What went wrong first is what is told.
        return answer.and_then(|answer| back.map(|()| answer).map_err(E::from));
    }
    answer
}

/// Brings the schema up to date. Two processes may start at once: on PostgreSQL an advisory lock
/// makes one wait, on SQLite the write lock does.
pub fn migrate(db: &mut Db) -> Result<Vec<String>, OpenError> {
    let run = match db {
        Db::Sqlite(sqlite) => {
            refuse_newer(sqlite, SQLITE_MIGRATIONS)?;
            sqlite.run_pending_migrations(SQLITE_MIGRATIONS).map(names)
        }
        Db::Pg(pg) => {
            const UNLOCK: &str = "SELECT pg_advisory_unlock(7687588357)";
            wait_for_turn(pg).map_err(OpenError::Setup)?;
            let run = refuse_newer(pg, POSTGRES_MIGRATIONS).and_then(|()| {
                pg.run_pending_migrations(POSTGRES_MIGRATIONS)
                    .map(names)
                    .map_err(OpenError::Migrate)
            });
            pg.batch_execute(UNLOCK).map_err(OpenError::Setup)?;
            return run;
        }
    };
    run.map_err(OpenError::Migrate)
}

/// Asks again and again: who waited inside PostgreSQL would hold a snapshot, and an index that is built
/// concurrently waits for all of those. What such a building left behind, cut off, is built anew.
fn wait_for_turn(pg: &mut PgConnection) -> QueryResult<()> {
    const DROP_INVALID: &str = "DO $$ DECLARE leftover TEXT; BEGIN \
        FOR leftover IN SELECT quote_ident(c.relname) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
            WHERE NOT i.indisvalid AND c.relnamespace = current_schema()::regnamespace \
        LOOP EXECUTE 'DROP INDEX ' || leftover; END LOOP; END $$";
    let turn = diesel::select(diesel::dsl::sql::<diesel::sql_types::Bool>(
        "pg_try_advisory_lock(7687588357)",
    ));
    while !turn.clone().get_result::<bool>(pg)? {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    pg.batch_execute(DROP_INVALID)
}

/// Takes every migration back, newest first; for the test that up, down, up is the same schema.
pub fn revert_all(db: &mut Db) -> Result<(), OpenError> {
    match db {
        Db::Sqlite(sqlite) => sqlite.revert_all_migrations(SQLITE_MIGRATIONS).map(|_| ()),
        Db::Pg(pg) => pg.revert_all_migrations(POSTGRES_MIGRATIONS).map(|_| ()),
    }
    .map_err(OpenError::Migrate)
}

fn names(versions: Vec<diesel::migration::MigrationVersion<'_>>) -> Vec<String> {
    versions.iter().map(ToString::to_string).collect()
}

/// A schema of a later release may have dropped what this binary reads.
fn refuse_newer<C, B>(conn: &mut C, source: EmbeddedMigrations) -> Result<(), OpenError>
where
    C: MigrationHarness<B>,
    B: diesel::backend::Backend,
    EmbeddedMigrations: diesel::migration::MigrationSource<B>,
{
    use diesel::migration::MigrationSource;
    let known: Vec<String> = MigrationSource::<B>::migrations(&source)
        .map_err(OpenError::Migrate)?
        .iter()
        .map(|migration| migration.name().version().to_string())
        .collect();
    let applied = conn.applied_migrations().map_err(OpenError::Migrate)?;
    match applied
        .iter()
        .map(ToString::to_string)
        .find(|version| !known.contains(version))
    {
        Some(version) => Err(OpenError::TooNew(version)),
        None => Ok(()),
    }
}

/// `BEGIN IMMEDIATE` on SQLite, `BEGIN` on PostgreSQL. Inside another transaction it is a savepoint.
pub fn write_tx<T, E>(db: &mut Db, work: impl FnOnce(&mut Db) -> Result<T, E>) -> Result<T, E>
where
    E: From<diesel::result::Error>,
{
    type Manager = <Db as Connection>::TransactionManager;
    let nested = Manager::transaction_manager_status_mut(db)
        .transaction_depth()?
        .is_some();
    match db {
        Db::Sqlite(sqlite) if !nested => {
            AnsiTransactionManager::begin_transaction_sql(sqlite, "BEGIN IMMEDIATE")?
        }
        Db::Sqlite(sqlite) => AnsiTransactionManager::begin_transaction(sqlite)?,
        Db::Pg(pg) => AnsiTransactionManager::begin_transaction(pg)?,
    }
    match work(db) {
        Ok(value) => {
            if !nested && let Err(error) = crate::search::index::settle(db) {
                let _ = Manager::rollback_transaction(db);
                return Err(error.into());
            }
            if let Err(error) = Manager::commit_transaction(db) {
                // A disk that is full at commit leaves the transaction open.
                let _ = Manager::rollback_transaction(db);
                return Err(error.into());
            }
            Ok(value)
        }
        Err(error) => {
            let _ = Manager::rollback_transaction(db);
            Err(error)
        }
    }
}

/// Keeps connections for r2d2. Not diesel's own manager, which hides every connection error.
pub struct Manager(String);

impl ManageConnection for Manager {
    type Connection = Db;
    type Error = r2d2::Error;

    fn connect(&self) -> Result<Db, r2d2::Error> {
        connect(&self.0).map_err(|error| match error {
            OpenError::Connect(error) => r2d2::Error::ConnectionError(error),
            other => {
                r2d2::Error::ConnectionError(ConnectionError::BadConnection(other.to_string()))
            }
        })
    }

    fn is_valid(&self, db: &mut Db) -> Result<(), r2d2::Error> {
        db.batch_execute("SELECT 1")
            .map_err(r2d2::Error::QueryError)
    }

    /// A panic inside `write_tx` leaves its transaction open: such a connection is thrown away.
    fn has_broken(&self, db: &mut Db) -> bool {
        type TM = <Db as Connection>::TransactionManager;
        std::thread::panicking() || TM::is_broken_transaction_manager(db)
    }
}

pub type Pool = r2d2::Pool<Manager>;
pub type Pooled = r2d2::PooledConnection<Manager>;

/// Readers from a pool; on SQLite one writer, so that writes queue instead of colliding.
#[derive(Clone)]
pub struct Pools {
    pub read: Pool,
    pub write: Pool,
    pub kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Sqlite,
    Postgres,
}

impl Pools {
    pub fn open(url: &str) -> Result<Pools, OpenError> {
        let kind = match connect(url)? {
            Db::Sqlite(_) => Kind::Sqlite,
            Db::Pg(_) => Kind::Postgres,
        };
        let pool = |size| {
            r2d2::Pool::builder()
                .max_size(size)
                .min_idle(Some(1))
                .test_on_check_out(kind == Kind::Postgres)
                .connection_timeout(std::time::Duration::from_secs(5))
                .build(Manager(url.to_owned()))
        };
        let cores = std::thread::available_parallelism().map_or(2, |n| n.get() as u32);
        let read = pool(if kind == Kind::Sqlite {
            2 * cores
        } else {
            4 * cores
        })?;
        let write = if kind == Kind::Sqlite {
            pool(1)?
        } else {
            read.clone()
        };
        Ok(Pools { read, write, kind })
    }
}

/// Ids that cannot be taken for one another.
macro_rules! id {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, diesel::AsExpression,
                 diesel::FromSqlRow, serde::Serialize, serde::Deserialize)]
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl From<$name> for i64 {
            fn from(id: $name) -> i64 {
                id.0
            }
        }

        impl From<&$name> for i64 {
            fn from(id: &$name) -> i64 {
                id.0
            }
        }

        impl<DB> diesel::serialize::ToSql<diesel::sql_types::BigInt, DB> for $name
        where
            DB: diesel::backend::Backend,
            i64: diesel::serialize::ToSql<diesel::sql_types::BigInt, DB>,
        {
            fn to_sql<'b>(&'b self, out: &mut diesel::serialize::Output<'b, '_, DB>) -> diesel::serialize::Result {
                self.0.to_sql(out)
            }
        }

        impl<DB> diesel::deserialize::FromSql<diesel::sql_types::BigInt, DB> for $name
        where
            DB: diesel::backend::Backend,
            i64: diesel::deserialize::FromSql<diesel::sql_types::BigInt, DB>,
        {
            fn from_sql(bytes: DB::RawValue<'_>) -> diesel::deserialize::Result<Self> {
                i64::from_sql(bytes).map($name)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = std::num::ParseIntError;
            fn from_str(s: &str) -> Result<Self, Self::Err> {
                s.parse().map($name)
            }
        }
    )* };
}

id! {
    /// An account.
    UserId,
    /// A public text under moderation: a comment or a project, which share its number.
    ItemId,
    RevisionId,
    ThreadId,
    PictureId,
    ReleaseId,
    BatchId,
    VerdictId,
    SessionId,
    ModelId,
    /// Labels that came in by one file.
    ImportId,
    /// What moderators did about a person.
    SanctionId,
    /// What they tell one another about one.
    NoteId,
    /// What they set for the intake.
    RuleId,
    /// What somebody is told in their inbox.
    NoticeId,
    /// What a maker did with a comment on their project.
    MakerActId,
    /// Whom a maker does not want to comment.
    BlockId,
    /// What an author says against a decision.
    AppealId,
    /// Texts that say nearly the same.
    CampaignId,
    /// What somebody thinks of a project, by aspects.
    RatingId,
    /// Who asks to make a project too.
    JoinId,
    /// That somebody is told of that.
    JoinNoticeId,
    /// What did not work for several people, in the same way.
    FailureGroupId,
}

/// An enum kept as its word in the database, in forms and in URLs alike.
#[macro_export]
macro_rules! words {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$vmeta:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, diesel::AsExpression, diesel::FromSqlRow,
                 serde::Serialize, serde::Deserialize)]
        #[diesel(sql_type = diesel::sql_types::Text)]
        pub enum $name { $($(#[$vmeta])* #[serde(rename = $word)] $variant),* }

        impl $name {
            pub const ALL: &'static [$name] = &[$($name::$variant),*];

            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word),* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(word: &str) -> Result<Self, String> {
                match word { $($word => Ok($name::$variant),)* other => Err(format!("{other:?} is none of {}", [$($word),*].join(", "))) }
            }
        }

        impl<DB> diesel::serialize::ToSql<diesel::sql_types::Text, DB> for $name
        where
            DB: diesel::backend::Backend,
            str: diesel::serialize::ToSql<diesel::sql_types::Text, DB>,
        {
            fn to_sql<'b>(&'b self, out: &mut diesel::serialize::Output<'b, '_, DB>) -> diesel::serialize::Result {
                <str as diesel::serialize::ToSql<diesel::sql_types::Text, DB>>::to_sql(self.as_str(), out)
            }
        }

        impl<DB> diesel::deserialize::FromSql<diesel::sql_types::Text, DB> for $name
        where
            DB: diesel::backend::Backend,
            String: diesel::deserialize::FromSql<diesel::sql_types::Text, DB>,
        {
            fn from_sql(bytes: DB::RawValue<'_>) -> diesel::deserialize::Result<Self> {
                Ok(String::from_sql(bytes)?.parse()?)
            }
        }
    };
}
