//! What was answered is on disk: the real program is killed while people write, many times.

use crate::browser::free_port;
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
    fn kill(&mut self) {
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
fn random(below: u64) -> u64 {
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
