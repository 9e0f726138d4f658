//! The tables: the same on both databases, up, down and up again.

use crate::support::*;
use diesel::prelude::*;
use diesel::sql_types::Text;
use potluck_models::db::{self, Db};

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// Everything that the migrations made, one line each.
fn dump(db: &mut Db) -> Vec<String> {
    let sql = match db {
        Db::Sqlite(_) => {
            "SELECT type || ' ' || name || ' ' || coalesce(sql, '') AS line FROM sqlite_master \
             WHERE name NOT LIKE 'sqlite_%' AND name NOT LIKE '\\_\\_diesel%' ESCAPE '\\' ORDER BY 1"
        }
        Db::Pg(_) => {
            "SELECT line FROM ( \
               SELECT 'column ' || table_name || ' ' || ordinal_position || ' ' || column_name || ' ' \
                 || data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '') AS line \
               FROM information_schema.columns WHERE table_schema = 'public' \
               UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public' \
               UNION ALL SELECT 'constraint ' || conrelid::regclass || ' ' || pg_get_constraintdef(oid) \
                 FROM pg_constraint WHERE connamespace = 'public'::regnamespace \
             ) all_of_it WHERE line NOT LIKE '%\\_\\_diesel%' ORDER BY 1"
        }
    };
    let lines: Vec<Line> = diesel::sql_query(sql)
        .load(db)
        .expect("the schema can be read");
    lines.into_iter().map(|line| line.line).collect()
}

fn up_down_up(database: Database) {
    let folder = tempfile::tempdir().unwrap();
    let fresh = FreshDatabase::empty(database, folder.path());
    let mut db = db::connect(&fresh.url).unwrap();
    let ran = db::migrate(&mut db).unwrap();
    assert!(!ran.is_empty());
    let before = dump(&mut db);
    assert!(before.len() > 40, "the schema is dumped: {before:?}");
    db::revert_all(&mut db).unwrap();
    assert_eq!(
        dump(&mut db),
        Vec::<String>::new(),
        "down leaves something behind"
    );
    db::migrate(&mut db).unwrap();
    assert_eq!(before, dump(&mut db));
    assert_eq!(db::migrate(&mut db).unwrap(), Vec::<String>::new());
}

#[test]
fn up_down_and_up_again_is_the_same_schema_on_sqlite() {
    up_down_up(Database::Sqlite);
}

#[test]
fn up_down_and_up_again_is_the_same_schema_on_postgres() {
    if has_postgres() {
        up_down_up(Database::Postgres);
    }
}

#[test]
fn every_migration_has_its_pair_and_both_directions() {
    let names = |database: &str| {
        let folder = repository().join("migrations").join(database);
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    let sqlite = names("sqlite");
    assert_eq!(sqlite, names("postgres"));
    for name in sqlite {
        for database in ["sqlite", "postgres"] {
            for direction in ["up.sql", "down.sql"] {
                let file = repository()
                    .join("migrations")
                    .join(database)
                    .join(&name)
                    .join(direction);
                let text = std::fs::read_to_string(&file).unwrap_or_default();
                assert!(
                    !text.trim().is_empty(),
                    "{} is missing or empty",
                    file.display()
                );
            }
        }
    }
}

/// Tables and columns as `schema.rs` has them.
pub fn tables() -> Vec<(String, Vec<String>)> {
    let text = std::fs::read_to_string(repository().join("models/src/schema.rs")).unwrap();
    text.split("diesel::table! {")
        .skip(1)
        .map(|block| {
            let name = block.split_once('(').unwrap().0.trim().to_owned();
            let lines = || {
                block
                    .lines()
                    .map_while(|line| (line != "}").then_some(line))
            };
            // A column that has another name in the database says so in the line above.
            let columns = lines()
                .zip([""].into_iter().chain(lines()))
                .filter_map(|(line, above)| Some((line.split_once(" -> ")?.0, above)))
                .map(|(column, above)| match above.split_once("sql_name = \"") {
                    Some((_, named)) => named.split('"').next().unwrap_or(column).to_owned(),
                    None => column.trim().to_owned(),
                })
                .collect();
            (name, columns)
        })
        .collect()
}

on_both! {
    fn every_column_of_the_schema_is_there(site) {
        let tables = tables();
        assert!(tables.len() > 15);
        for (table, columns) in tables {
            assert!(!columns.is_empty(), "{table}");
            let columns: Vec<String> = columns.iter().map(|column| format!("\"{column}\"")).collect();
            site.sql(&format!("SELECT {} FROM \"{table}\" LIMIT 1", columns.join(", ")));
        }
    }

    fn the_database_has_no_column_that_the_schema_lacks(site) {
        let known = tables();
        let sql = match site.database {
            Database::Sqlite =>
                "SELECT m.name || '.' || c.name AS line FROM sqlite_master m, pragma_table_info(m.name) c \
                 WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'",
            Database::Postgres =>
                "SELECT table_name || '.' || column_name AS line FROM information_schema.columns \
                 WHERE table_schema = 'public'",
        };
        let lines: Vec<Line> = site.db(|db| diesel::sql_query(sql).load(db));
        for Line { line } in lines {
            let (table, column) = line.split_once('.').unwrap();
            // The index of the search is a table of each database's own, read and written in its own SQL.
            if table == "__diesel_schema_migrations" || table.starts_with("search_index") || table == "search_pending" {
                continue;
            }
            let columns = known.iter().find(|(name, _)| name == table).map(|(_, columns)| columns);
            assert!(columns.is_some_and(|columns| columns.iter().any(|name| name == column)), "{line}");
        }
    }
}

#[test]
fn sqlite_is_durable_and_checks_its_references() {
    #[derive(QueryableByName)]
    struct Pragma {
        #[diesel(sql_type = Text)]
        value: String,
    }
    let folder = tempfile::tempdir().unwrap();
    let fresh = FreshDatabase::new(Database::Sqlite, folder.path());
    let pools = db::Pools::open(&fresh.url).unwrap();
    for pool in [&pools.read, &pools.write] {
        let mut db = pool.get().unwrap();
        for (pragma, value) in [
            ("journal_mode", "wal"),
            ("synchronous", "2"),
            ("foreign_keys", "1"),
            ("busy_timeout", "5000"),
        ] {
            let column = if pragma == "busy_timeout" {
                "timeout"
            } else {
                pragma
            };
            let sql = format!("SELECT CAST(\"{column}\" AS TEXT) AS value FROM pragma_{pragma}");
            let found: Pragma = diesel::sql_query(sql).get_result(&mut db).unwrap();
            assert_eq!(found.value, value, "{pragma}");
        }
    }
}

#[test]
fn a_database_of_a_newer_potluck_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let fresh = FreshDatabase::new(Database::Sqlite, folder.path());
    let mut db = db::connect(&fresh.url).unwrap();
    diesel::sql_query(
        "INSERT INTO __diesel_schema_migrations (version, run_on) VALUES ('29990101000000', '2999-01-01 00:00:00')",
    )
    .execute(&mut db)
    .unwrap();
    let error = db::migrate(&mut db).unwrap_err().to_string();
    assert!(error.contains("newer"), "{error}");
}

#[test]
fn an_index_that_was_cut_off_is_built_anew_and_two_who_build_wait_for_no_one_for_ever() {
    if !has_postgres() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let fresh = FreshDatabase::new(Database::Postgres, folder.path());
    let mut db = db::connect(&fresh.url).unwrap();
    // As `CREATE INDEX CONCURRENTLY` leaves it when its process is killed.
    for sql in [
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'comments_helped'::regclass",
        "DELETE FROM __diesel_schema_migrations WHERE version = '20261129110000'",
    ] {
        let changed = diesel::sql_query(sql).execute(&mut db).unwrap();
        assert_eq!(changed, 1, "{sql}");
    }
    let ran: usize = std::thread::scope(|scope| {
        let migrate = || {
            let mut db = db::connect(&fresh.url).unwrap();
            db::migrate(&mut db).unwrap().len()
        };
        let both = [scope.spawn(migrate), scope.spawn(migrate)];
        both.into_iter().map(|one| one.join().unwrap()).sum()
    });
    assert_eq!(ran, 1, "one of two builds it");
    let valid = diesel::sql_query(
        "UPDATE pg_index SET indisvalid = true WHERE indexrelid = 'comments_helped'::regclass AND indisvalid",
    );
    assert_eq!(valid.execute(&mut db).unwrap(), 1);
}

#[test]
fn plans_are_made_for_values_again_after_pages_that_keep_them() {
    if !has_postgres() {
        return;
    }
    #[derive(QueryableByName)]
    struct Mode {
        #[diesel(sql_type = diesel::sql_types::Text)]
        plan_cache_mode: String,
    }
    let mode = |db: &mut Db| {
        let said = diesel::sql_query("SHOW plan_cache_mode");
        said.get_result::<Mode>(db).unwrap().plan_cache_mode
    };
    let folder = tempfile::tempdir().unwrap();
    let fresh = FreshDatabase::new(Database::Postgres, folder.path());
    let mut db = db::connect(&fresh.url).unwrap();
    let usual = mode(&mut db);
    let inside = db::with_kept_plans(&mut db, |db| QueryResult::Ok(mode(db))).unwrap();
    assert_ne!(inside, usual);
    assert_eq!(mode(&mut db), usual);
    let failed = db::with_kept_plans(&mut db, |db| {
        diesel::sql_query("SELECT nothing_of_this_name").execute(db)
    });
    assert!(failed.is_err());
    assert_eq!(mode(&mut db), usual, "after a query that failed, too");
}
