//! The site under test, and the people who visit it.
//!
//! [`Site::start`] runs the real server on a port of its own and a database of its own; clients are
//! values with their own cookies and speak HTTP. Accounts and things that a test merely needs are
//! made straight in the database; what a test is about goes through the site.

use actix_web::dev::ServerHandle;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use potluck::config::{Config, MailTo};
use potluck_models::account::{Email, NewUser, Role, User, Username};
use potluck_models::comment::{self, Body};
use potluck_models::db::{self, Db, ItemId, UserId, write_tx};
use potluck_models::gate::CommentPolicy;
use potluck_models::intake::Context;
use potluck_models::intake::rules::Rules;
use potluck_models::item::{Item, Kind, Queue, Revision, RevisionState, State};
use potluck_models::project::{self, Choices, Fields, Intent, Project};
use potluck_models::schema::users;
use potluck_models::session::Session;
use potluck_models::settings::Settings;
use potluck_models::{now, password};
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, OnceLock, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub use crate::client::{Answer, Client, Field, Form, encode, unescape};

/// The password of every account that the harness makes.
pub const PASSWORD: &str = "seven ducks eat plum pie";

/// Makes each test twice, once on each database: `name::sqlite` and `name::postgres`.
/// Options of the site stand behind its name: `fn name(site, limits_off)`.
macro_rules! on_both {
    ($($(#[$meta:meta])* fn $name:ident($site:ident $(, $option:ident)*) $body:block)*) => { $(
        mod $name {
            #[allow(unused_imports, reason = "not every test needs every name of its file")]
            use super::*;
            use $crate::support::{Options, Site};

            fn check($site: &Site) $body

            #[test]
            $(#[$meta])*
            fn sqlite() {
                check(&Site::start($crate::support::Database::Sqlite, Options::default()$(.$option())*));
            }

            #[test]
            $(#[$meta])*
            fn postgres() {
                if $crate::support::has_postgres() {
                    check(&Site::start($crate::support::Database::Postgres, Options::default()$(.$option())*));
                }
            }
        }
    )* };
}
pub(crate) use on_both;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Database {
    Sqlite,
    Postgres,
}

#[derive(Clone, Debug, Default)]
pub struct Options {
    limits_off: bool,
    base_url: Option<String>,
    meanwhile: Option<fn(&mut Db) -> QueryResult<()>>,
}

impl Options {
    pub fn limits_off(mut self) -> Options {
        self.limits_off = true;
        self
    }

    /// What another process does while this one starts: it has read the settings, and does not yet
    /// look for changes.
    pub fn meanwhile(mut self, work: fn(&mut Db) -> QueryResult<()>) -> Options {
        self.meanwhile = Some(work);
        self
    }

    /// As on the open net: behind TLS, under a name.
    pub fn https(mut self) -> Options {
        self.base_url = Some("https://potluck.example".into());
        self
    }
}

/// Says something that a passing test would otherwise swallow: the capture of the test runner
/// takes only what goes through `print!`.
pub fn say_aloud(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Where PostgreSQL is. Missing, it is a loud skip by hand and a failure where all must be tried.
pub fn has_postgres() -> bool {
    static SAID: OnceLock<()> = OnceLock::new();
    if std::env::var_os("POTLUCK_TEST_DATABASE_URL").is_some() {
        return true;
    }
    let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
    assert!(
        !ci,
        "POTLUCK_TEST_DATABASE_URL is not set, and CI=true asks for every test: run tests/run"
    );
    SAID.get_or_init(|| {
        say_aloud("SKIP: no test runs on PostgreSQL, since POTLUCK_TEST_DATABASE_URL is not set. tests/run sets it.");
    });
    false
}

/// Of a letter's two forms, the one that is read as it stands.
pub fn plain_part(letter: &str) -> &str {
    let (plain, _) = letter.split_once("text/html").expect("the same as HTML");
    plain
}

/// Waits until `look` finds something, and says what it waited for when it never does.
pub fn wait_for<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    wait(what, Duration::from_secs(30), look)
}

/// For what takes a debug build a while.
pub fn wait_for_long<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    wait(what, Duration::from_secs(180), look)
}

fn wait<T>(what: &str, patience: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(
            Instant::now() < deadline,
            "waited {patience:?} for {what}, in vain"
        );
        std::thread::sleep(Duration::from_millis(15));
    }
}

/// The root of the repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests/ lies in the repository")
        .to_owned()
}

// --- databases ----------------------------------------------------------------------------------

static NUMBER: AtomicUsize = AtomicUsize::new(0);

fn admin_url() -> String {
    std::env::var("POTLUCK_TEST_DATABASE_URL").expect("has_postgres() was asked before")
}

fn admin(sql: &str) {
    db::connect(&admin_url())
        .expect("POTLUCK_TEST_DATABASE_URL must name a database that can be reached")
        .batch_execute(sql)
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// The address of another database of the same server.
fn beside(name: &str) -> String {
    let url = admin_url();
    let (start, _) = url.rsplit_once('/').expect("a database address has a /");
    format!("{start}/{name}")
}

fn prepare(url: &str) {
    let mut db = db::connect(url).expect("the template opens");
    db::migrate(&mut db).expect("the migrations run");
    write_tx(&mut db, potluck_models::spam::training::ensure_starter)
        .expect("the starter is stored");
}

/// Migrated once and copied for each test.
static SQLITE_TEMPLATE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("template.sqlite");
    let url = format!("sqlite:{}", file.display());
    prepare(&url);
    let mut db = db::connect(&url).expect("the template opens again");
    db.batch_execute("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode=DELETE;")
        .expect("the log of the template is folded in");
    drop(db);
    std::fs::read(file).expect("the template is read")
});

static POSTGRES_TEMPLATE: LazyLock<String> = LazyLock::new(|| {
    drop_leftovers();
    let name = format!("potluck_test_{}_template", std::process::id());
    admin(&format!("CREATE DATABASE {name}"));
    prepare(&beside(&name));
    name
});

/// Databases of test runs whose process is gone: a failed test keeps its database until now.
fn drop_leftovers() {
    #[derive(QueryableByName)]
    struct Name {
        #[diesel(sql_type = diesel::sql_types::Text)]
        datname: String,
    }
    let mut db = db::connect(&admin_url()).expect("PostgreSQL can be reached");
    let names: Vec<Name> = diesel::sql_query(
        "SELECT datname::text FROM pg_database WHERE datname LIKE 'potluck\\_test\\_%'",
    )
    .load(&mut db)
    .expect("the databases can be listed");
    for Name { datname } in names {
        let process = datname.split('_').nth(2).unwrap_or("0");
        if !Path::new("/proc").join(process).exists() {
            let _ = db.batch_execute(&format!("DROP DATABASE IF EXISTS {datname} WITH (FORCE)"));
        }
    }
}

/// A fresh, migrated database in its own folder or under its own name.
pub struct FreshDatabase {
    pub url: String,
    postgres: Option<String>,
}

impl FreshDatabase {
    pub fn new(database: Database, folder: &Path) -> FreshDatabase {
        match database {
            Database::Sqlite => {
                let file = folder.join("potluck.sqlite");
                std::fs::write(&file, &*SQLITE_TEMPLATE).expect("the template is copied");
                FreshDatabase {
                    url: format!("sqlite:{}", file.display()),
                    postgres: None,
                }
            }
            Database::Postgres => {
                let number = NUMBER.fetch_add(1, Ordering::Relaxed);
                let name = format!("potluck_test_{}_{number}", std::process::id());
                // One at a time: a template in use by another CREATE DATABASE is refused.
                static TURN: Mutex<()> = Mutex::new(());
                let turn = TURN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                admin(&format!(
                    "CREATE DATABASE {name} TEMPLATE {}",
                    *POSTGRES_TEMPLATE
                ));
                drop(turn);
                FreshDatabase {
                    url: beside(&name),
                    postgres: Some(name),
                }
            }
        }
    }

    /// A database with nothing in it, not even tables.
    pub fn empty(database: Database, folder: &Path) -> FreshDatabase {
        match database {
            Database::Sqlite => FreshDatabase {
                url: format!("sqlite:{}", folder.join("empty.sqlite").display()),
                postgres: None,
            },
            Database::Postgres => {
                let number = NUMBER.fetch_add(1, Ordering::Relaxed);
                let name = format!("potluck_test_{}_{number}", std::process::id());
                admin(&format!("CREATE DATABASE {name}"));
                FreshDatabase {
                    url: beside(&name),
                    postgres: Some(name),
                }
            }
        }
    }
}

impl Drop for FreshDatabase {
    fn drop(&mut self) {
        if let Some(name) = &self.postgres
            && let Ok(mut db) = db::connect(&admin_url())
        {
            let _ = db.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}

// --- the site -----------------------------------------------------------------------------------

/// A running site with its folder and database. Ends when it is dropped.
pub struct Site {
    pub address: SocketAddr,
    pub app: Arc<potluck::app::App>,
    pub database: Database,
    pub https: bool,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
    database_url: String,
    own: Mutex<Option<Db>>,
    // Dropped last, in this order.
    _fresh: FreshDatabase,
    folder: tempfile::TempDir,
}

impl Site {
    pub fn start(database: Database, options: Options) -> Site {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let fresh = FreshDatabase::new(database, folder.path());
        let https = options.base_url.is_some();
        let config = Config {
            program: crate::kill::program(),
            data_dir: folder.path().to_owned(),
            database_url: fresh.url.clone(),
            bind: SocketAddr::from(([127, 0, 0, 1], 0)),
            base_url: options.base_url,
            mail: MailTo::Outbox(folder.path().join("outbox")),
            mail_from: None,
            uploads: folder.path().join("uploads"),
            limits_off: options.limits_off,
            trusted_proxies: Vec::new(),
            log: "off".into(),
        };
        let (said, heard) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let (app, _) = potluck::server::open(config).expect("the site opens");
                if let Some(work) = options.meanwhile {
                    let mut db = db::connect(&app.config.database_url).expect("another process");
                    write_tx(&mut db, work).expect("its work");
                }
                let site = potluck::server::start(app, 2).expect("the site starts");
                said.send((site.address, site.app.clone(), site.server.handle()))
                    .expect("the test waits for the site");
                site.run().await.expect("the site ends in peace");
            });
        });
        let (address, app, handle) = heard.recv().expect("the site said why it did not start");
        Site {
            address,
            app,
            database,
            https,
            handle,
            thread: Some(thread),
            database_url: fresh.url.clone(),
            own: Mutex::new(None),
            _fresh: fresh,
            folder,
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn database_url(&self) -> &str {
        &self.database_url
    }

    /// Looks into the database, or prepares something there.
    pub fn db<T>(&self, work: impl FnOnce(&mut Db) -> diesel::QueryResult<T>) -> T {
        let mut own = self
            .own
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        let db = own
            .get_or_insert_with(|| db::connect(&self.database_url).expect("the test reads along"));
        write_tx(db, work).expect("the test's own query works")
    }

    /// Closes the test's own connection to the database until it is wanted again.
    pub fn let_go(&self) {
        *self
            .own
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner()) = None;
    }

    /// Stops serving; a program of its own goes on with folder and database, at this address.
    pub fn hand_over(&mut self, address: SocketAddr) {
        self.stop();
        self.let_go();
        self.address = address;
    }

    /// Goes on with a program that serves another database.
    pub fn look_into(&mut self, database_url: &str, address: SocketAddr) {
        self.hand_over(address);
        self.database_url = database_url.to_owned();
    }

    fn stop(&mut self) {
        // Not gracefully: nobody waits for an answer any more.
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            if !std::thread::panicking() {
                ended.expect("the site's thread ended in peace");
            }
        }
    }

    pub fn sql(&self, sql: &str) {
        self.db(|db| db.batch_execute(sql));
    }

    pub fn count(&self, from: &str) -> i64 {
        #[derive(QueryableByName)]
        struct Count {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            n: i64,
        }
        self.db(|db| {
            diesel::sql_query(format!("SELECT count(*) AS n FROM {from}")).get_result::<Count>(db)
        })
        .n
    }

    // --- people ---

    pub fn visitor(&self) -> Client<'_> {
        Client::new(self, "")
    }

    /// A confirmed account that nobody approved anything of yet, logged in.
    pub fn member(&self, name: &str) -> Client<'_> {
        self.person(name, Role::Member, true)
    }

    pub fn moderator(&self, name: &str) -> Client<'_> {
        self.person(name, Role::Moderator, true)
    }

    pub fn admin(&self, name: &str) -> Client<'_> {
        self.person(name, Role::Admin, true)
    }

    /// A member with a published project, which has the same name.
    pub fn maker(&self, name: &str) -> Client<'_> {
        let client = self.member(name);
        self.project(name, &format!("{name} made this"));
        client
    }

    /// A member whose first comment was approved, on somebody else's project.
    pub fn regular(&self, name: &str) -> Client<'_> {
        let client = self.member(name);
        let table = self.common_project();
        self.comment(
            name,
            &table,
            &format!("{name} was here before, and said something kind about this."),
        );
        client
    }

    /// A project of nobody in particular, for what members did in the past.
    fn common_project(&self) -> Made {
        let name = "marguerite";
        let known = self.db(|db| User::by_username(db, name));
        if known.is_none() {
            self.person(name, Role::Member, true);
            return self.project(name, "The long table");
        }
        let id = self.db(|db| {
            use potluck_models::schema::projects;
            projects::table
                .filter(projects::title.eq("The long table"))
                .select(projects::id)
                .first::<ItemId>(db)
        });
        self.made(id)
    }

    pub fn unconfirmed(&self, name: &str) -> Client<'_> {
        self.person(name, Role::Member, false)
    }

    fn person(&self, name: &str, role: Role, confirmed: bool) -> Client<'_> {
        static HASH: LazyLock<String> = LazyLock::new(|| password::hash(PASSWORD));
        let token = self.db(|db| {
            let username = Username::parse(name).expect("a name that may be one");
            let email = Email::parse(&format!("{name}@example.org")).expect("an address");
            // A little while ago, so that nothing counts as the first minute of an account.
            let at = now() - chrono::Duration::days(2);
            diesel::insert_into(users::table)
                .values(NewUser {
                    username: username.as_str().to_owned(),
                    username_key: username.key(),
                    email: email.as_str().to_owned(),
                    email_key: email.key(),
                    password_hash: HASH.clone(),
                    confirmed_at: confirmed.then_some(at),
                    role,
                    network: format!("network-of-{name}"),
                    created_at: at,
                })
                .execute(db)?;
            let user = User::by_username(db, name)?.expect("just made");
            Session::open(db, user.id, "potluck tests", &user.network)
        });
        let client = Client::new(self, name);
        client.set_cookie(potluck::session::cookie_name(self.https), &token);
        client
    }

    /// Somebody who was here before, in a new session.
    pub fn come_back(&self, name: &str) -> Client<'_> {
        let user = self.user(name);
        let token = self.db(|db| Session::open(db, user.id, "potluck tests", &user.network));
        let client = Client::new(self, name);
        client.set_cookie(potluck::session::cookie_name(self.https), &token);
        client
    }

    pub fn user(&self, name: &str) -> User {
        self.db(|db| User::by_username(db, name))
            .unwrap_or_else(|| panic!("there is no {name}"))
    }

    pub fn user_id(&self, name: &str) -> UserId {
        self.user(name).id
    }

    // --- things ---

    /// A published project, as if a moderator had let it through long ago.
    pub fn project(&self, owner: &str, title: &str) -> Made {
        self.project_for(owner, title, CommentPolicy::Members)
    }

    pub fn project_for(&self, owner: &str, title: &str, comment_policy: CommentPolicy) -> Made {
        let user = self.user(owner);
        let id = self.db(|db| {
            let fields = Fields::parse(
                title,
                &format!("What {owner} made, in a sentence"),
                &format!("A longer story of **{title}**, told by {owner}."),
                "game",
                "duck, pie",
                &[],
            )
            .expect("fields that may be");
            let choices = Choices {
                comment_policy,
                approve_first: false,
                closed: false,
                picture_id: None,
            };
            let settings = Settings::load(db)?;
            let context = Context {
                settings: &settings,
                filter: None,
                limits_off: true,
                rules: Rules::none(),
                address: None,
            };
            let made = project::share(db, &context, &user, &fields, choices, Intent::Publish, "")
                .expect("the project is taken in");
            publish(db, made.id)?;
            Ok(made.id)
        });
        self.made(id)
    }

    pub fn made(&self, id: ItemId) -> Made {
        let project = self.db(|db| Project::find(db, id));
        Made {
            id,
            slug: project.slug,
        }
    }

    pub fn project_by_title(&self, title: &str) -> Option<Made> {
        use potluck_models::schema::projects;
        let id: Option<ItemId> = self.db(|db| {
            projects::table
                .filter(projects::title.eq(title))
                .select(projects::id)
                .first(db)
                .optional()
        });
        id.map(|id| self.made(id))
    }

    /// A published comment, as if a moderator had let it through long ago.
    pub fn comment(&self, author: &str, project: &Made, text: &str) -> ItemId {
        let user = self.user(author);
        self.db(|db| {
            let settings = Settings::load(db)?;
            let context = Context {
                settings: &settings,
                filter: None,
                limits_off: true,
                rules: Rules::none(),
                address: None,
            };
            let body = Body::parse(text).expect("a text that may be");
            let (id, _) = comment::post(db, &context, &user, project.id, None, &body, "")
                .expect("the comment is taken in");
            publish(db, id)?;
            Ok(id)
        })
    }

    /// A comment that waits for a moderator, in Held or in Spam.
    pub fn waiting(&self, author: &str, project: &Made, text: &str, state: State) -> ItemId {
        let id = self.comment(author, project, text);
        self.put(id, state);
        self.sql(&format!(
            "UPDATE items SET why = 'first_comment' WHERE id = {id}"
        ));
        id
    }

    pub fn item(&self, id: ItemId) -> Item {
        self.db(|db| Item::find(db, id))
    }

    pub fn state(&self, id: ItemId) -> State {
        self.item(id).state
    }

    /// Puts an item where the test wants it, without a trace.
    pub fn put(&self, id: ItemId, state: State) {
        self.db(|db| {
            let item = Item::find(db, id)?;
            let mut to = item.standing();
            to.state = state;
            to.queue = match (state, item.kind) {
                (State::Held, Kind::Project) => Some(Queue::Projects),
                (State::Held, _) => Some(Queue::Held),
                (State::Spam, _) => Some(Queue::Spam),
                _ => None,
            };
            if state != State::Published {
                to.published_at = None;
            }
            item.settle(db, to)?;
            let revision = Revision::newest(db, id)?;
            revision.set_state(
                db,
                match state {
                    State::Held | State::Spam => RevisionState::Waiting,
                    _ => RevisionState::Published,
                },
            )
        });
    }

    /// What every table holds, without what reading is known by: the time at which somebody was last
    /// seen, and how often a text was.
    pub fn fingerprint(&self) -> Vec<(String, i64, String)> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = diesel::sql_types::Text)]
            line: String,
        }
        // What the sweep counts when the site starts, with nobody's reading.
        let swept = [
            "search_progress",
            "search_words",
            "project_ranks",
            "rating_hints",
        ];
        // What was published before is told to people by a job of its own.
        wait_for("the notices to be made", || {
            (self.count("jobs WHERE kind = 'notices'") == 0).then_some(())
        });
        crate::schema::tables()
            .into_iter()
            .filter(|(table, _)| !swept.contains(&table.as_str()))
            .map(|(table, columns)| {
                let columns = columns
                    .iter()
                    .filter(|column| !["seen_at", "views"].contains(&column.as_str()));
                let sql = match self.database {
                    Database::Sqlite => {
                        let row: Vec<String> = columns.map(|c| format!("quote(\"{c}\")")).collect();
                        format!(
                            "SELECT {} AS line FROM \"{table}\" ORDER BY 1",
                            row.join(" || ',' || ")
                        )
                    }
                    Database::Postgres => {
                        let row: Vec<String> = columns.map(|c| format!("\"{c}\"")).collect();
                        format!(
                            "SELECT ROW({})::text AS line FROM \"{table}\" ORDER BY 1",
                            row.join(", ")
                        )
                    }
                };
                let rows: Vec<Row> = self.db(|db| diesel::sql_query(sql).load(db));
                let lines: Vec<String> = rows.into_iter().map(|row| row.line).collect();
                let digest = potluck_models::secret::sha256(&lines.join("\n"));
                (table, lines.len() as i64, digest)
            })
            .collect()
    }

    /// The newest comment that holds these words, if there is one.
    pub fn comment_saying(&self, words: &str) -> Option<ItemId> {
        use potluck_models::schema::comments;
        self.db(|db| {
            comments::table
                .filter(comments::body.like(format!("%{words}%")))
                .order(comments::id.desc())
                .select(comments::id)
                .first(db)
                .optional()
        })
    }

    // --- mail ---

    /// The text of the newest letter of a kind to somebody: `confirm`, `reset`, `password`.
    pub fn letter(&self, kind: &str, name: &str) -> String {
        wait_for(&format!("a {kind} letter to {name}"), || {
            self.letters(kind, name).pop()
        })
    }

    pub fn letters(&self, kind: &str, name: &str) -> Vec<String> {
        let start = format!("{kind}-{name}-");
        let Ok(files) = std::fs::read_dir(self.folder().join("outbox")) else {
            return Vec::new();
        };
        let mut found: Vec<_> = files
            .filter_map(Result::ok)
            .filter(|file| file.file_name().to_string_lossy().starts_with(&start))
            .map(|file| {
                let written = file.metadata().and_then(|data| data.modified());
                (written.expect("files know their age"), file.path())
            })
            .collect();
        found.sort();
        found
            .into_iter()
            .map(|(_, path)| std::fs::read_to_string(path).expect("a letter can be read"))
            .collect()
    }

    /// The address in a letter that starts with this path, without scheme and host.
    pub fn link(&self, letter: &str, path: &str) -> String {
        let start = letter
            .find(&format!("{path}?"))
            .unwrap_or_else(|| panic!("no {path} in the letter:\n{letter}"));
        letter[start..]
            .split_whitespace()
            .next()
            .expect("an address")
            .to_owned()
    }
}

/// Lets a text through without a trace, as the past does.
fn publish(db: &mut Db, id: ItemId) -> diesel::QueryResult<()> {
    let item = Item::find(db, id)?;
    if item.state != State::Published {
        let mut to = item.standing();
        to.state = State::Published;
        to.queue = None;
        to.why = String::new();
        to.evidence = String::new();
        item.settle(db, to)?;
        Revision::newest(db, id)?.set_state(db, RevisionState::Published)?;
    }
    Ok(())
}

/// A project that a test made.
#[derive(Clone, Debug)]
pub struct Made {
    pub id: ItemId,
    pub slug: String,
}

impl Made {
    pub fn path(&self) -> String {
        format!("/projects/{}", self.slug)
    }

    pub fn comments(&self) -> String {
        format!("/projects/{}/comments", self.slug)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.stop();
    }
}
