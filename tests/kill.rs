//! What was answered is on disk: the real program is killed while people write, many times.

use crate::browser::free_port;
use crate::bulk::{crowd, each_decided_once};
use crate::support::*;
use diesel::prelude::*;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const ROUNDS: usize = 24;

/// The program, which `cargo build` puts beside the folder of this test.
pub fn program() -> PathBuf {
    let this = std::env::current_exe().expect("this test has a path");
    let folder = this
        .parent()
        .and_then(|deps| deps.parent())
        .expect("target/debug");
    let program = folder.join("potluck");
    assert!(
        program.is_file(),
        "{} is missing: run `cargo build` first, as tests/run does",
        program.display()
    );
    program
}

/// A running program, which ends with the test.
pub struct Running(pub Child);

impl Running {
    fn start(site: &Site, address: SocketAddr) -> Running {
        let mut command = Command::new(program());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("POTLUCK_") {
                command.env_remove(name);
            }
        }
        let process = command
            .args([
                "--limits",
                "off",
                "--log",
                "warn",
                "--bind",
                &address.to_string(),
            ])
            .args(["--database-url", site.database_url()])
            .arg("--data-dir")
            .arg(site.folder())
            .current_dir(site.folder())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("potluck starts");
        Running(process)
    }

    /// SIGKILL: no handler runs, nothing is flushed.
    pub fn kill(&mut self) {
        self.0.kill().expect("it runs");
        self.0.wait().expect("it ended");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = diesel::sql_types::Text)]
    line: String,
}

/// Numbers that nobody can foresee, without a dependency for it.
pub fn random(below: u64) -> u64 {
    let token = potluck_models::secret::token();
    u64::from_str_radix(&token[..12], 16).expect("hexadecimal") % below
}

fn nothing_answered_is_lost(database: Database) {
    let mut site = Site::start(database, Options::default().limits_off());
    site.maker("odile");
    let duck = site.project("odile", "Duck racer");
    let names = ["ann", "bob", "eve"];
    for name in names {
        site.regular(name);
    }
    let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
    site.hand_over(address);
    let answered = Mutex::new(Vec::<String>::new());
    let start = Instant::now();
    let mut restarts = 0;
    for round in 0..ROUNDS {
        let mut running = Running::start(&site, address);
        let visitor = site.visitor();
        wait_for("the site to be up again", || {
            visitor
                .try_send("GET", "/healthz", &[], b"")
                .ok()
                .filter(|answer| answer.status == 200)
        });
        restarts += 1;
        // All that was answered before is there.
        check(&site, &answered.lock().unwrap());
        let clients: Vec<Client> = names.iter().map(|name| site.come_back(name)).collect();
        let tokens: Vec<String> = clients.iter().map(Client::csrf).collect();
        // Nobody else holds the file open when the program dies, or its log would not be left behind.
        site.let_go();
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for (client, token) in clients.into_iter().zip(&tokens) {
                let (answered, over, there) = (&answered, &over, duck.comments());
                scope.spawn(move || {
                    for n in 0.. {
                        if over.load(Ordering::Relaxed) {
                            return;
                        }
                        let body = format!(
                            "Round {round}, word {n} of {} about the ducks.",
                            client.name
                        );
                        let fields = format!("csrf={token}&body={}", encode(&body));
                        let kind = [("content-type", "application/x-www-form-urlencoded")];
                        match client.try_send("POST", &there, &kind, fields.as_bytes()) {
                            Ok(answer) if answer.status == 303 => {
                                answered.lock().unwrap().push(body)
                            }
                            Ok(answer) => panic!("{}: {}", answer.status, answer.words()),
                            // It died.
                            Err(_) => return,
                        }
                    }
                });
            }
            // Not a wait for something: the moment of death is drawn.
            std::thread::sleep(Duration::from_millis(40 + random(400)));
            running.kill();
            over.store(true, Ordering::Relaxed);
        });
    }
    let answered = answered.into_inner().unwrap();
    check(&site, &answered);
    assert!(
        restarts >= 20 && answered.len() > ROUNDS,
        "{restarts} rounds, {} comments",
        answered.len()
    );
    say_aloud(&format!(
        "kill -9 on {database:?}: {restarts} times, {} answered comments, none lost, in {:.0?}",
        answered.len(),
        start.elapsed()
    ));
}

fn check(site: &Site, answered: &[String]) {
    use potluck_models::schema::comments;
    let mut stored: Vec<String> = site.db(|db| comments::table.select(comments::body).load(db));
    stored.sort();
    let lost: Vec<&String> = answered
        .iter()
        .filter(|body| stored.binary_search(body).is_err())
        .collect();
    assert!(lost.is_empty(), "answered and lost: {lost:?}");
    let rounds = stored
        .iter()
        .filter(|body| body.starts_with("Round "))
        .count();
    stored.dedup();
    assert_eq!(
        rounds,
        stored
            .iter()
            .filter(|body| body.starts_with("Round "))
            .count(),
        "written twice"
    );
    // No half a comment.
    assert_eq!(
        site.count("comments WHERE id NOT IN (SELECT id FROM items)"),
        0
    );
    assert_eq!(
        site.count("items WHERE kind = 'comment' AND id NOT IN (SELECT id FROM comments)"),
        0
    );
    assert_eq!(
        site.count("items WHERE id NOT IN (SELECT item_id FROM revisions)"),
        0
    );
    let wrong = site.count(
        "threads t WHERE t.comment_count <> (SELECT count(*) FROM comments c JOIN items i ON i.id = c.id \
         WHERE c.thread_id = t.id AND i.state = 'published')",
    );
    assert_eq!(wrong, 0);
    if site.database == Database::Sqlite {
        for (sql, fine) in [
            (
                "SELECT integrity_check AS line FROM pragma_integrity_check",
                vec!["ok"],
            ),
            (
                "SELECT \"table\" AS line FROM pragma_foreign_key_check",
                vec![],
            ),
        ] {
            let lines: Vec<Line> = site.db(|db| diesel::sql_query(sql).load(db));
            let lines: Vec<&str> = lines.iter().map(|line| line.line.as_str()).collect();
            assert_eq!(lines, fine);
        }
    }
}

#[test]
fn nothing_that_was_answered_is_lost_by_kill_9_on_sqlite() {
    nothing_answered_is_lost(Database::Sqlite);
}

#[test]
fn nothing_that_was_answered_is_lost_by_kill_9_on_postgres() {
    if has_postgres() {
        nothing_answered_is_lost(Database::Postgres);
    }
}

const MANY: usize = 4_000;
/// Rounds in which the death must have come in the middle, of verdicts and of undos.
const CUT_OFF: usize = 2;

pub fn up_again(site: &Site, address: SocketAddr) -> Running {
    let running = Running::start(site, address);
    let visitor = site.visitor();
    wait_for("the site to be up again", || {
        visitor
            .try_send("GET", "/healthz", &[], b"")
            .ok()
            .filter(|answer| answer.status == 200)
    });
    running
}

/// Sends a form to a site that dies meanwhile, at a moment that is drawn; whether that was in the
/// middle of a batch. Then the site is up again, and the batch has come to its end.
fn dies_during(
    site: &Site,
    address: SocketAddr,
    running: &mut Running,
    mona: &Client,
    path: &str,
    fields: &str,
    most: u64,
) -> bool {
    let kind = [("content-type", "application/x-www-form-urlencoded")];
    site.let_go();
    let client = mona.copy();
    std::thread::scope(|scope| {
        scope.spawn(move || client.try_send("POST", path, &kind, fields.as_bytes()).ok());
        // Not a wait for something: the moment of death is drawn.
        std::thread::sleep(Duration::from_millis(most / 20 + random(most)));
        running.kill();
    });
    let cut_off = site.count("batches WHERE phase <> 'done'") == 1;
    *running = up_again(site, address);
    wait_for_long("the batch to come to its end", || {
        (site.count("batches WHERE phase <> 'done'") == 0).then_some(())
    });
    each_decided_once(site);
    cut_off
}

fn a_bulk_verdict_survives(database: Database) {
    let mut site = Site::start(database, Options::default().limits_off());
    crowd(&site, MANY);
    site.moderator("mona");
    let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
    site.hand_over(address);
    let mut running = up_again(&site, address);
    let (mut decided, mut undone, mut rounds) = (0, 0, 0);
    while decided < CUT_OFF || undone < CUT_OFF {
        rounds += 1;
        assert!(
            rounds <= 60,
            "{decided} verdicts and {undone} undos were cut off"
        );
        let mona = site.come_back("mona");
        let csrf = mona.csrf();
        let all = format!("csrf={csrf}&all=held&until=1000000&verdict=ham&back=/moderation/held");
        let verdicts = "/moderation/verdicts";
        decided += usize::from(dies_during(
            &site,
            address,
            &mut running,
            &mona,
            verdicts,
            &all,
            2_000,
        ));
        let left = site.count("items WHERE queue = 'held'");
        // It died before the first step was on disk, or all of it is done.
        assert!(left == 0 || left == MANY as i64, "{left} are left");
        if left > 0 {
            continue;
        }
        assert_eq!(site.count("verdicts WHERE undone_at IS NULL"), MANY as i64);
        let newest: i64 = site.db(|db| {
            use potluck_models::schema::batches;
            batches::table
                .order(batches::id.desc())
                .select(batches::id)
                .first(db)
        });
        let undo = format!("/moderation/batches/{newest}/undo");
        let form = format!("csrf={csrf}&back=/moderation/held");
        for attempt in 0.. {
            assert!(attempt < 60, "the undo never came to anything");
            let cut_off = dies_during(&site, address, &mut running, &mona, &undo, &form, 2_000);
            undone += usize::from(cut_off);
            let left = site.count("items WHERE queue = 'held'");
            assert!(left == 0 || left == MANY as i64, "{left} are back");
            if left > 0 {
                break;
            }
        }
        assert_eq!(site.count("verdicts WHERE undone_at IS NULL"), 0);
        assert_eq!(site.count("revisions WHERE state = 'waiting'"), MANY as i64);
    }
    check(&site, &[]);
    say_aloud(&format!(
        "kill -9 in verdicts on {MANY} items on {database:?}: {decided} verdicts and {undone} undos cut off in {rounds} rounds, each came to its end once"
    ));
}

#[test]
fn a_bulk_verdict_goes_on_after_kill_9_and_doubles_nothing_on_sqlite() {
    a_bulk_verdict_survives(Database::Sqlite);
}

#[test]
fn a_bulk_verdict_goes_on_after_kill_9_and_doubles_nothing_on_postgres() {
    if has_postgres() {
        a_bulk_verdict_survives(Database::Postgres);
    }
}
