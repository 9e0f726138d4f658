//! The program as a self-hoster meets it: the first start, the chores, the demo.

use crate::browser::free_port;
use crate::kill::{Running, program};
use crate::support::*;
use std::net::SocketAddr;
use std::process::{Command, Output, Stdio};
use std::time::Instant;

/// Runs a command on a database, and ends when it ends.
pub fn run(folder: &std::path::Path, database_url: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(program());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("POTLUCK_") {
            command.env_remove(name);
        }
    }
    command
        .args(["--database-url", database_url, "--data-dir"])
        .arg(folder)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .expect("potluck runs")
}

pub fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

on_both! {
    fn accounts_are_made_and_changed_from_the_command_line(site) {
        let cli = |arguments: &[&str]| run(site.folder(), site.database_url(), arguments);
        let made = cli(&["user", "create", "ada", "--email", "ada@example.org", "--password", PASSWORD, "--role", "admin"]);
        assert!(made.status.success(), "{}", text(&made));
        let ada = site.visitor();
        ada.submit("/login", "/login", &[("login", "ada"), ("password", PASSWORD)]).expect(303);
        ada.get("/admin").expect(200);
        let again = cli(&["user", "create", "ada", "--email", "other@example.org"]);
        assert!(!again.status.success(), "{}", text(&again));
        let last = cli(&["user", "role", "ada", "moderator"]);
        assert!(!last.status.success() && text(&last).contains("last administrator"), "{}", text(&last));
        site.admin("agnes");
        let changed = cli(&["user", "role", "ada", "moderator"]);
        assert!(changed.status.success(), "{}", text(&changed));
        // The session goes on with the new role, from the next click.
        ada.get("/moderation").expect(200);
        ada.get("/admin").expect(403);
        let reset = cli(&["user", "reset-password", "ada"]);
        let said = text(&reset);
        let token = said.split("token=").nth(1).expect("a link").split_whitespace().next().unwrap();
        site.visitor().get(&format!("/reset?token={token}")).expect(200).says("Choose a new password");
        assert!(!cli(&["user", "role", "nobody-here", "admin"]).status.success());
        assert!(!cli(&["--no-such-flag"]).status.success());
    }

    fn retraining_prints_a_report_and_reaches_the_running_site(site, limits_off) {
        let before = site.app.filter().expect("the starter").id;
        let retrained = run(site.folder(), site.database_url(), &["retrain"]);
        let said = text(&retrained);
        assert!(retrained.status.success(), "{said}");
        assert!(said.contains("F1"), "{said}");
        let stored = site.count("models WHERE active");
        assert_eq!(stored, 1);
        if site.count("models") > 1 {
            wait_for("the running site to take the new model over", || {
                site.app.filter().filter(|active| active.id != before)
            });
        }
    }
}

#[test]
fn a_fresh_folder_is_served_in_seconds_and_prints_one_link_for_the_first_administrator() {
    let folder = tempfile::tempdir().unwrap();
    let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let log = std::fs::File::create(folder.path().join("said")).unwrap();
    let start = Instant::now();
    let process = Command::new(program())
        .args(["--bind", &address.to_string()])
        .env_remove("POTLUCK_TEST_DATABASE_URL")
        .env_remove("POTLUCK_SPAM_DATA")
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let _running = Running(process);
    let said = wait_for("the link of the first start", || {
        std::fs::read_to_string(folder.path().join("said"))
            .ok()
            .filter(|said| said.contains("/setup/"))
    });
    // A debug build on a busy machine: what a release build must reach is measured elsewhere.
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
    assert_eq!(said.matches("/setup/").count(), 1, "{said}");
    assert!(said.contains(&format!("http://{address}")), "{said}");
    assert!(folder.path().join("data/potluck.sqlite").is_file());
}

#[test]
fn the_demo_lays_a_whole_table() {
    let mut site = Site::start(Database::Sqlite, Options::default());
    let folder = site.folder().join("demo");
    let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let said = std::fs::File::create(site.folder().join("said")).unwrap();
    let process = Command::new(program())
        .args(["serve", "--demo", "--bind", &address.to_string()])
        .env_remove("POTLUCK_TEST_DATABASE_URL")
        .env_remove("POTLUCK_SPAM_DATA")
        .current_dir(site.folder())
        .stdin(Stdio::null())
        .stdout(said)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let _running = Running(process);
    let said = wait_for_long("the logins of the demo", || {
        std::fs::read_to_string(site.folder().join("said"))
            .ok()
            .filter(|said| said.contains("the administrator"))
    });
    let password = said
        .split(['“', '”'])
        .nth(1)
        .expect("the password")
        .to_owned();
    site.look_into(
        &format!("sqlite:{}", folder.join("potluck.sqlite").display()),
        address,
    );
    assert!(site.count("users") >= 12);
    assert!(site.count("items WHERE kind = 'project' AND state = 'published'") >= 20);
    assert!(site.count("comments") >= 300);
    assert!(site.count("comments WHERE parent_id IS NOT NULL") >= 50);
    assert!(site.count("pictures") >= 15);
    assert!(site.count("releases") > 0 && site.count("project_tags") > 20);
    for queue in ["held", "spam", "projects"] {
        assert!(
            site.count(&format!("items WHERE queue = '{queue}'")) > 0,
            "{queue} is empty"
        );
    }
    let logins: Vec<&str> = said
        .lines()
        .skip_while(|line| !line.contains("Log in with"))
        .skip(1)
        .filter_map(|line| line.split_whitespace().next())
        .take(4)
        .collect();
    assert_eq!(logins.len(), 4, "{said}");
    for (login, page) in logins
        .iter()
        .zip(["/account", "/account", "/moderation", "/admin"])
    {
        let client = site.visitor();
        client
            .submit(
                "/login",
                "/login",
                &[("login", login), ("password", &password)],
            )
            .expect(303);
        client.get(page).expect(200);
    }
    for page in ["/", "/projects", "/tags", "/releases", "/projects.atom"] {
        site.visitor().get(page).expect(200);
    }
}
