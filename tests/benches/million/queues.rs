//! Pages of the desk on a large site: every filter, every order, the first page and one far down.

use crate::asker::{self, Asker, cpu};
use crate::fill::MODERATOR;
use diesel::prelude::*;
use potluck_models::account::User;
use potluck_models::db::{self, write_tx};
use potluck_models::schema::items;
use potluck_models::session::Session;

/// Pages gone through to get far down.
const DEEP: usize = 12;

pub fn measure(url: &str, times: usize) {
    let address = asker::serve(url);
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
    let asker = Asker::new(&address, &token.to_string());

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
        let (first, deep) = asker.first_and_deep(&path, DEEP, times);
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
