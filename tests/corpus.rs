//! Real comments that were not in training, posted by members: none is lost, each lands in exactly
//! one state. Without the folder of real ones, invented ones take the same way.

use crate::support::*;
use diesel::prelude::*;
use potluck_models::item::{Queue, State};
use potluck_models::schema::{comments, items};
use potluck_models::spam::starter::held_out;
use std::collections::BTreeMap;
use std::path::Path;

struct Labelled {
    text: String,
    spam: bool,
}

const POSTED: usize = 600;

/// Texts of the three files that the starter was made of, of the fifth that it left out.
fn real(folder: &Path) -> Vec<Labelled> {
    let mut found = Vec::new();
    for file in ["youtube.csv", "sms.csv", "blog_podcast.csv"] {
        let path = folder.join(file);
        let mut rows = csv::Reader::from_path(&path)
            .unwrap_or_else(|error| panic!("POTLUCK_SPAM_DATA: {}: {error}", path.display()));
        for row in rows.records() {
            let row = row.expect("a row of text, label and source");
            let text = row[0].replace("\r\n", "\n").trim().to_owned();
            // What no comment may be, whoever wrote it.
            if held_out(&row[0]) && !text.is_empty() && text.chars().count() <= 10_000 {
                found.push(Labelled {
                    text,
                    spam: &row[1] == "spam",
                });
            }
        }
    }
    // Evenly out of all of them.
    let step = (found.len() / POSTED).max(1);
    let mut chosen: Vec<Labelled> = found.into_iter().step_by(step).collect();
    assert!(chosen.len() >= 500, "only {} real comments", chosen.len());
    chosen.sort_by(|a, b| {
        potluck_models::secret::sha256(&a.text).cmp(&potluck_models::secret::sha256(&b.text))
    });
    chosen
}

fn invented() -> Vec<Labelled> {
    let mut all = Vec::new();
    for n in 0..30 {
        let thing = ["curve", "lamp", "melody", "menu", "jump", "pond"][n % 6];
        let verb = [
            "liked",
            "did not get",
            "laughed at",
            "came back for",
            "would slow down",
        ][n % 5];
        all.push(Labelled {
            text: format!("I {verb} the {thing} in part {n}; on my small screen it reads well, and the sound helps."),
            spam: false,
        });
        let prize = ["prize", "loan", "watch", "follower", "coin", "ticket"][n % 6];
        all.push(Labelled {
            text: format!("CONGRATULATIONS winner {n}!!! FREE {prize} waits, claim now at http://win-{prize}{n}.example or call 0906170{n:04}"),
            spam: true,
        });
    }
    all
}

on_both! {
    fn no_real_comment_is_lost_and_each_is_in_one_state(site, limits_off) {
        let texts = match std::env::var_os("POTLUCK_SPAM_DATA") {
            Some(folder) => real(Path::new(&folder)),
            None => {
                say_aloud("SKIP: no real comments are posted, since POTLUCK_SPAM_DATA is not set; 60 invented ones take their way");
                invented()
            }
        };
        site.maker("odile");
        let projects: Vec<Made> = (0..8).map(|n| site.project("odile", &format!("Thing number {n}"))).collect();
        let people: Vec<Client> = (0..20).map(|n| site.regular(&format!("member-{n:02}"))).collect();
        let tokens: Vec<String> = people.iter().map(Client::csrf).collect();
        let before = (site.count("comments"), site.count("items"));

        let mut ids = Vec::new();
        for (n, labelled) in texts.iter().enumerate() {
            let (client, token) = (&people[n % people.len()], &tokens[n % people.len()]);
            let project = &projects[n % projects.len()];
            let answer = client.post_raw(&project.comments(), &[("csrf", token), ("body", &labelled.text)], &[]);
            assert_eq!(answer.status, 303, "{:?}: {}", labelled.text, answer.words());
            let (_, id) = answer.location().unwrap().split_once("#comment-").expect("the comment's place");
            ids.push(id.parse::<potluck_models::db::ItemId>().unwrap());
        }

        let posted = texts.len() as i64;
        assert_eq!((site.count("comments"), site.count("items")), (before.0 + posted, before.1 + posted));
        let mut counts: BTreeMap<(bool, &'static str), usize> = BTreeMap::new();
        for (labelled, id) in texts.iter().zip(&ids) {
            let (body, state, queue): (String, State, Option<Queue>) = site.db(|db| {
                comments::table
                    .inner_join(items::table.on(items::id.eq(comments::id)))
                    .filter(comments::id.eq(*id))
                    .select((comments::body, items::state, items::queue))
                    .first(db)
            });
            assert_eq!(body, labelled.text);
            let place = match (state, queue) {
                (State::Published, None) => "published",
                (State::Held, Some(Queue::Held)) => "held",
                (State::Spam, Some(Queue::Spam)) => "put away",
                other => panic!("{id} is in {other:?}"),
            };
            *counts.entry((labelled.spam, place)).or_default() += 1;
        }
        // Every one that is published can be read, and no other.
        for project in &projects {
            let mut seen = Vec::new();
            let mut next = Some(project.path());
            while let Some(path) = next.take() {
                let page = site.visitor().get(&path).expect(200);
                seen.extend(page.html().split("id=\"comment-").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()));
                next = page.links().into_iter().find(|link| link.contains("after=") && link.starts_with(&project.path()))
                    .map(|link| link.split('#').next().unwrap().to_owned());
            }
            let published = site.count(&format!(
                "comments c JOIN items i ON i.id = c.id WHERE i.state = 'published' AND i.project_id = {}", project.id
            ));
            assert_eq!(seen.len() as i64, published, "{}", project.path());
        }
        let of = |spam: bool, place: &'static str| counts.get(&(spam, place)).copied().unwrap_or(0);
        let total = |spam: bool| ["published", "held", "put away"].iter().map(|place| of(spam, place)).sum::<usize>();
        say_aloud(&format!(
            "{} comments on {:?}: of {} spam {} published, {} held, {} put away; of {} ham {} published, {} held, {} put away",
            texts.len(), site.database,
            total(true), of(true, "published"), of(true, "held"), of(true, "put away"),
            total(false), of(false, "published"), of(false, "held"), of(false, "put away"),
        ));
    }
}
