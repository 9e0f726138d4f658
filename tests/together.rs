//! Many at once: people react, rate, change and withdraw in one moment, on the same things, while
//! moderators and makers act on them. Nothing breaks, and what was counted equals a recount.
//!
//! `POTLUCK_TOGETHER_SECONDS=30` lets them go on for as long; without it they do a few hundred acts.

use crate::ratings::seek;
use crate::reactions::{adds_up, react, sanction};
use crate::support::*;
use potluck_models::db::ItemId;
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

on_both! {
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
