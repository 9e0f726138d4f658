//! Many at once: people react, rate, change and withdraw in one moment, on the same things, while
//! moderators and makers act on them. Nothing breaks, and what was counted equals a recount.
//!
//! `POTLUCK_TOGETHER_SECONDS=30` lets them go on for as long; without it they do a few hundred acts.

use crate::ratings::{rate, seek};
use crate::reactions::{adds_up, react, sanction};
use crate::support::*;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use potluck_models::db::{Db, ItemId, dialect};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const CLIENTS: usize = 16;
/// Of each, where no time is given.
const ACTS: usize = 25;

fn goes_on(done: usize, since: Instant) -> bool {
    let seconds = std::env::var("POTLUCK_TOGETHER_SECONDS");
    match seconds.ok().and_then(|seconds| seconds.parse().ok()) {
        Some(seconds) => since.elapsed() < Duration::from_secs(seconds),
        None => done < ACTS,
    }
}

/// What everybody reaches for.
struct Things {
    projects: Vec<Made>,
    comments: Vec<ItemId>,
}

/// One act of one of them; gives what it asked for and was answered.
fn act(client: &Client, things: &Things, dice: usize, n: usize) -> (String, u16) {
    let project = &things.projects[dice % things.projects.len()];
    let signs = ["❤️", "👏", "💡"];
    let sign = signs[dice / 7 % signs.len()];
    let rating = format!("{}/rating", project.path());
    let step = (dice / 3 % 5 + 1).to_string();
    let (what, answer) = match dice % 11 {
        0 | 1 => ("reacts", react(client, project.id, "add", sign)),
        2 => ("takes back", react(client, project.id, "remove", sign)),
        3 => {
            let on = things.comments[dice / 5 % things.comments.len()];
            ("reacts to words", react(client, on, "add", sign))
        }
        4 => {
            let on = things.comments[dice / 5 % things.comments.len()];
            ("takes back from words", react(client, on, "remove", sign))
        }
        5..=7 => {
            let fields = [("step:Fun", step.as_str()), ("step:Audio", "3")];
            ("rates", client.post(&rating, &fields[..1 + n % 2]))
        }
        8 => ("withdraws", client.post(&rating, &[("withdraw", "1")])),
        9 => {
            let words = format!("Act {n} of dice {dice}: the drift on track three is a delight.");
            let fields = [("body", words.as_str()), ("step:Fun", step.as_str())];
            (
                "comments and rates",
                client.post(&project.comments(), &fields),
            )
        }
        _ => ("reads", client.get(&project.path())),
    };
    (format!("{what} {}", project.slug), answer.status)
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}

/// Somebody asks for what this transaction holds.
fn is_waited_for(db: &mut Db) -> QueryResult<bool> {
    let waits = "SELECT count(*) AS n FROM pg_locks WHERE NOT granted \
                 AND pg_backend_pid() = ANY (pg_blocking_pids(pid))";
    let count: Count = diesel::sql_query(waits).get_result(db)?;
    Ok(count.n > 0)
}

/// Holds the first as somebody else's act would, has the site asked for something until that waits, and
/// goes on to the second. Whoever takes the two in another order stands in a ring with this, which
/// PostgreSQL breaks after a second by ending one of the two in an error.
fn in_between(
    site: &Site,
    first: impl FnOnce(&mut Db) -> QueryResult<()>,
    ask: impl FnOnce() -> Answer + Send,
    second: impl FnOnce(&mut Db) -> QueryResult<()>,
) -> Answer {
    std::thread::scope(|scope| {
        let asked = site.db(|db| {
            first(db)?;
            let asked = scope.spawn(ask);
            wait_for("somebody who waits", || {
                is_waited_for(db).expect("an answer").then_some(())
            });
            second(db)?;
            Ok(asked)
        });
        asked.join().expect("an answer")
    })
}

/// SQLite has one writer at a time, and nobody ever holds one thing and waits for another.
fn has_locks(site: &Site) -> bool {
    site.database == Database::Postgres
}

fn row_of(project: &Made) -> String {
    format!(
        "SELECT id FROM projects WHERE id = {} FOR NO KEY UPDATE",
        project.id
    )
}

on_both! {
    fn a_comment_that_brings_a_rating_takes_locks_as_a_ban_does(site, limits_off) {
        if !has_locks(site) {
            return;
        }
        site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        seek(site, &duck, &["Fun"]);
        let (ann, id) = (site.regular("ann"), site.user_id("ann"));
        let fields = [("body", "The corners are sharp, and I like them so."), ("step:Fun", "4")];
        let (to, fields) = (duck.comments(), &fields);
        let answer = in_between(
            site,
            |db| dialect::lock(db, &format!("feedback:{id}")),
            move || ann.post(&to, fields),
            // Her other comments leave the thread.
            |db| db.batch_execute(&format!("UPDATE threads SET comment_count = comment_count WHERE project_id = {}", duck.id)),
        );
        answer.expect(303);
        adds_up(site);
    }

    fn who_joins_and_leaves_takes_locks_as_verdicts_and_bans_do(site, limits_off) {
        if !has_locks(site) {
            return;
        }
        let odile = site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        seek(site, &duck, &["Fun"]);
        let (ann, id) = (site.regular("ann"), site.user_id("ann"));
        rate(&ann, &duck, &[("step:Fun", "4")]).expect(303);
        odile.post(&format!("{}/makers", duck.path()), &[("invite", "ann")]).expect(303);
        let ratings = format!("ratings:{}", duck.id);
        let (project, person) = (row_of(&duck), format!("feedback:{id}"));
        let (join, leave) = (format!("{}/invitation", duck.path()), format!("{}/leave", duck.path()));
        // A verdict holds the project's row and goes on to its ratings.
        let to = join.clone();
        let joined = in_between(
            site,
            |db| db.batch_execute(&project),
            move || ann.post(&to, &[("answer", "accept")]),
            |db| dialect::lock(db, &ratings),
        );
        joined.expect(303);
        let (to, ann) = (leave.clone(), site.come_back("ann"));
        let left = in_between(
            site,
            |db| db.batch_execute(&project),
            move || ann.post(&to, &[("sure", "1")]),
            |db| dialect::lock(db, &ratings),
        );
        left.expect(303);
        adds_up(site);
        // A ban holds the person and goes on to the project.
        odile.post(&format!("{}/makers", duck.path()), &[("invite", "ann")]).expect(303);
        site.come_back("ann").post(&join, &[("answer", "accept")]).expect(303);
        let ann = site.come_back("ann");
        let left = in_between(
            site,
            |db| dialect::lock(db, &person),
            move || ann.post(&leave, &[("sure", "1")]),
            |db| dialect::lock_item(db, duck.id).map(|_| ()),
        );
        left.expect(303);
        adds_up(site);
    }

    fn a_rating_that_is_refused_at_the_last_moment_is_kept_with_the_way_in(site, limits_off) {
        if !has_locks(site) {
            return;
        }
        site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        seek(site, &duck, &["Fun"]);
        let (ann, id) = (site.regular("ann"), site.user_id("ann"));
        let to = format!("{}/rating", duck.path());
        let answer = in_between(
            site,
            |db| dialect::lock(db, &format!("feedback:{id}")),
            move || ann.post(&to, &[("step:Fun", "4")]),
            |db| db.batch_execute("UPDATE projects SET comment_policy = 'makers'"),
        );
        let page = answer.expect(403).says("you first have to share a project").says("Share a project");
        page.keeps("Fun: very good");
    }

    fn what_many_give_and_take_at_once_adds_up(site, limits_off) {
        site.maker("odile");
        let projects: Vec<Made> = ["Duck racer", "Goose walk", "Swan lake"].iter().map(|title| site.project("odile", title)).collect();
        for project in &projects {
            seek(site, project, &["Fun", "Audio"]);
        }
        site.regular("cleo");
        let comments: Vec<ItemId> = projects.iter().map(|project| site.comment("cleo", project, "A kind word about the corners.")).collect();
        let things = Things { projects, comments };
        let names: Vec<String> = (0..CLIENTS).map(|n| format!("rater-{n}")).collect();
        let clients: Vec<Client> = names.iter().map(|name| site.regular(name)).collect();
        let mona = site.moderator("mona");
        let done = AtomicUsize::new(0);
        let since = Instant::now();
        std::thread::scope(|scope| {
            for (number, client) in clients.into_iter().enumerate() {
                let (things, done) = (&things, &done);
                scope.spawn(move || {
                    let mut dice = number * 7_919 + 17;
                    let mut n = 0;
                    while goes_on(n, since) {
                        // Any order will do, as long as it is the same in each run.
                        dice = (dice * 1_103_515_245 + 12_345) % 2_147_483_648;
                        let (what, status) = act(&client, things, dice / 64, n);
                        assert!(status < 500, "{what}: {status}");
                        n += 1;
                        done.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
            // Meanwhile somebody is sent away and brought back, and words come and go.
            let (mona, things, done) = (site.come_back("mona"), &things, &done);
            scope.spawn(move || {
                let mut n = 0;
                while goes_on(n, since) && (n < 4 || done.load(Ordering::Relaxed) < CLIENTS * ACTS / 2) {
                    let item = format!("comment:{}", things.comments[n % 3]);
                    for verdict in ["spam", "ham"] {
                        let status = mona.post("/moderation/verdicts", &[("item", &item), ("verdict", verdict)]).status;
                        assert!(status < 500, "{verdict}: {status}");
                    }
                    n += 1;
                }
                sanction(&mona, "rater-3", "ban");
            });
        });
        let seconds = since.elapsed().as_secs_f64();
        say_aloud(&format!("{} acts by {CLIENTS} at once in {seconds:.1} s on {:?}", done.into_inner(), site.database));
        assert!(site.count("reactions") > 0 && site.count("ratings") > 0);
        adds_up(site);
        mona.post("/moderation/sanctions/1/undo", &[]).expect(303);
        adds_up(site);
    }
}
