//! Pages of the desk on a large site: every filter, every order, the first page and one far down.

use crate::fill::MODERATOR;
use diesel::prelude::*;
use potluck::config::Given;
use potluck_models::account::User;
use potluck_models::db::{self, write_tx};
use potluck_models::schema::items;
use potluck_models::session::Session;
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// Pages gone through to get far down.
const DEEP: usize = 12;

pub fn measure(url: &str, times: usize) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let given = Given {
        data_dir: Some(folder.path().to_owned()),
        database_url: Some(url.to_owned()),
        bind: Some("127.0.0.1:0".into()),
        limits: Some("off".into()),
        log: Some("off".into()),
        ..Given::default()
    };
    let (said, heard) = mpsc::channel();
    std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let config = given.resolve().expect("a configuration");
            let (app, _) = potluck::server::open(config).expect("the site opens");
            let site = potluck::server::start(app, 2).expect("the site starts");
            said.send(site.address).expect("heard");
            site.run().await.expect("the site ends in peace");
        });
    });
    let address = heard.recv().expect("the site starts");
    let mut db = db::connect(url).expect("the database opens");
    let moderator = User::by_username(&mut db, MODERATOR)
        .expect("a query")
        .expect("fill the database first");
    let token =
        write_tx(&mut db, |db| Session::open(db, moderator.id, "bench", "")).expect("a session");
    // Somebody who has much in Held and little; a network of many accounts.
    let network: String = items::table
        .filter(items::queue.eq("spam"))
        .order(items::id.desc())
        .select(items::network)
        .first(&mut db)
        .expect("spam waits");
    drop(db);
    let asker = Asker {
        agent: ureq::Agent::new_with_defaults(),
        site: format!("http://{address}"),
        cookie: format!("{}={token}", potluck::session::cookie_name(false)),
    };

    let filters = [
        ("no filter", String::new()),
        ("author, many comments", "author=user0".into()),
        ("author, few", "author=user150000".into()),
        ("project, many comments", "project=project-1".into()),
        ("project, few", "project=project-900001".into()),
        ("kind project", "kind=project".into()),
        ("kind release (none)", "kind=release".into()),
        ("why links", "why=links".into()),
        ("why first comment", "why=first_comment".into()),
        ("score 40 to 41 %", "from=40&to=41".into()),
        ("score 0 to 50 %", "from=0&to=50".into()),
        ("score 99.99 to 100 %", "from=99.99&to=100".into()),
        ("domain, common", "domain=shop0.example".into()),
        ("domain, common and good", "domain=youtube.com".into()),
        ("domain, rare", "domain=shop2900.example".into()),
        ("network", format!("network={network}")),
        ("younger than 12 hours", "younger=12h".into()),
        ("older than 30 days", "older=30d".into()),
        ("script latin", "script=latin".into()),
        ("script greek", "script=greek".into()),
        ("script hebrew (none)", "script=hebrew".into()),
        ("first-timers", "first=1".into()),
        ("makers", "maker=yes".into()),
        ("not makers", "maker=no".into()),
        ("drawn at random", "sample=1".into()),
    ];
    println!(
        "milliseconds, p50 / p95 of {times}; first page, then page {DEEP} where there is one;"
    );
    println!("and the CPU time of this program for one page, which a busy machine does not change");
    let mut worst = 0.0f64;
    let mut show = |queue: &str, name: &str, query: &str, limit: bool| {
        let path = format!("/moderation/{queue}?{query}");
        let (first, deep) = asker.first_and_deep(&path, times);
        let before = cpu();
        for _ in 0..3 {
            asker.get(&path);
        }
        let used = (cpu() - before).as_secs_f64() * 1_000.0 / 3.0;
        let deep_words = deep.map_or("".to_owned(), |(p50, p95)| {
            format!("{p50:>8.1} / {p95:<6.1}")
        });
        println!(
            "{queue:<10} {name:<34} {:>8.1} / {:<6.1} {used:>6.1} CPU {deep_words}",
            first.0, first.1
        );
        if limit {
            worst = worst.max(first.1).max(deep.map_or(0.0, |(_, p95)| p95));
        }
    };
    for queue in ["held", "spam", "reported", "recent", "projects"] {
        for order in ["doubtful", "surest", "oldest", "newest", "reported", "seen"] {
            show(
                queue,
                &format!("order {order}"),
                &format!("order={order}"),
                true,
            );
        }
    }
    for queue in ["held", "spam", "reported", "recent"] {
        for (name, query) in &filters {
            show(queue, name, query, true);
        }
    }
    for (name, query) in [("decided", "show=decided"), ("removed", "show=removed")] {
        show("spam", name, query, true);
        for (filter, more) in &filters {
            show(
                "spam",
                &format!("{name}, {filter}"),
                &format!("{query}&{more}"),
                true,
            );
        }
    }
    for queue in ["held", "spam", "recent"] {
        for (name, words) in [
            ("common", "game"),
            ("rare", "zozozo"),
            ("nowhere", "xylophonist"),
        ] {
            show(
                queue,
                &format!("words, {name}"),
                &format!("q={words}"),
                false,
            );
        }
    }
    println!("worst p95 without words: {worst:.1} ms");
}

struct Asker {
    agent: ureq::Agent,
    site: String,
    cookie: String,
}

impl Asker {
    fn get(&self, path: &str) -> (Duration, String) {
        let start = Instant::now();
        let mut answer = self
            .agent
            .get(format!("{}{path}", self.site))
            .header("cookie", &self.cookie)
            .call()
            .unwrap_or_else(|error| panic!("{path}: {error}"));
        let body = answer.body_mut().read_to_string().expect("a page");
        (start.elapsed(), body)
    }

    fn first_and_deep(&self, path: &str, times: usize) -> ((f64, f64), Option<(f64, f64)>) {
        let first = self.figures(path, times);
        let mut at = path.to_owned();
        for _ in 1..DEEP {
            match next(&self.get(&at).1) {
                Some(next) => at = next,
                None => return (first, None),
            }
        }
        (first, Some(self.figures(&at, times)))
    }

    fn figures(&self, path: &str, times: usize) -> (f64, f64) {
        self.get(path);
        let mut took: Vec<f64> = (0..times)
            .map(|_| self.get(path).0.as_secs_f64() * 1_000.0)
            .collect();
        took.sort_by(f64::total_cmp);
        (took[times / 2], took[(times * 95 / 100).min(times - 1)])
    }
}

/// CPU of all threads of this process so far: on SQLite, all that a page costs.
fn cpu() -> Duration {
    let threads = std::fs::read_dir("/proc/self/task")
        .into_iter()
        .flatten()
        .flatten();
    let nanoseconds = threads.filter_map(|thread| {
        let stat = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        stat.split_whitespace().next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanoseconds.sum())
}

/// Where the link to the next page leads.
fn next(page: &str) -> Option<String> {
    let end = page.find("\" rel=\"next\"")?;
    let start = page[..end].rfind("href=\"")? + 6;
    Some(page[start..end].replace("&amp;", "&").replace("&#38;", "&"))
}
