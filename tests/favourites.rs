//! Favourites: public or not, counted, and what is liked beside a project.

use crate::following::beside;
use crate::support::*;
use potluck_models::db::{self, write_tx};
use potluck_models::{fairness, favourite, item::State, now};

fn keep(client: &Client, project: &Made) {
    client
        .post(&format!("{}/favourite", project.path()), &[])
        .expect(303);
}

fn count(site: &Site, project: &Made) -> i64 {
    (0..20)
        .find(|n| {
            site.count(&format!(
                "projects WHERE id = {} AND favourites = {n}",
                project.id
            )) == 1
        })
        .expect("a count")
}

on_both! {
    fn a_favourite_is_kept_shown_hidden_and_let_go(site, limits_off) {
        let odile = site.maker("odile");
        let (duck, pie) = (site.project("odile", "Duck racer"), site.project("odile", "Plum pie"));
        let bob = site.member("bob");
        let favourite = format!("{}/favourite", duck.path());
        bob.get("/favourites").expect(200).says("None yet");
        let form = bob.get(&duck.path()).expect(200).form(&favourite);
        bob.fill_in(&form, &[]).expect(303);
        keep(&bob, &duck);
        assert_eq!(count(site, &duck), 1);
        bob.get(&duck.path()).expect(200).says("Your page shows it");
        bob.get("/favourites").expect(200).says("Duck racer");
        site.visitor().get("/people/bob").expect(200).says("Favourites").says("Duck racer");
        odile.get(&duck.path()).expect(200).says("One person likes it").does_not_say("bob");
        // For themselves alone; and the next one as they last chose.
        bob.post(&favourite, &[("public", "no")]).expect(303);
        keep(&bob, &pie);
        assert_eq!((count(site, &duck), count(site, &pie)), (1, 1));
        for reader in [site.visitor(), odile.copy(), bob.copy()] {
            reader.get("/people/bob").expect(200).does_not_say("Plum pie");
        }
        bob.get("/favourites").expect(200).says("Duck racer").says("Plum pie").says("Only you know of it");
        site.member("cleo").get("/favourites").expect(200).does_not_say("Plum pie");
        bob.post(&favourite, &[("let_go", "1")]).expect(303);
        bob.post(&favourite, &[("let_go", "1")]).expect(303);
        assert_eq!(count(site, &duck), 0);
        // Nobody without an address counts, and nobody counts their own.
        site.unconfirmed("una").post(&favourite, &[]).expect(403);
        odile.post(&favourite, &[]).expect(403);
        // What is not public is in no list, and comes back with it.
        site.put(pie.id, State::Held);
        bob.get("/favourites").expect(200).does_not_say("Plum pie");
        bob.post(&format!("{}/favourite", pie.path()), &[]).expect(404);
    }

    fn what_others_like_beside_it_is_told_from_three_people_on(site, limits_off) {
        site.maker("odile");
        let (duck, pie, hen) = (site.project("odile", "Duck racer"), site.project("odile", "Plum pie"), site.project("odile", "Hen house"));
        let people: Vec<Client> = ["bob", "cleo", "dora", "emil"].into_iter().map(|name| site.member(name)).collect();
        let counted = || site.db(favourite::count_all);
        for one in &people[..2] {
            keep(one, &duck);
            keep(one, &pie);
        }
        counted();
        let says = || site.visitor().get(&duck.path()).expect(200).html().contains("also like");
        assert!(!says(), "two are not enough");
        // A third, in private, says nothing to anybody.
        keep(&people[2], &duck);
        people[2].post(&format!("{}/favourite", duck.path()), &[("public", "no")]).expect(303);
        keep(&people[2], &pie);
        counted();
        assert!(!says(), "a private one counts for nothing there");
        people[2].post(&format!("{}/favourite", duck.path()), &[("public", "yes")]).expect(303);
        people[2].post(&format!("{}/favourite", pie.path()), &[("public", "yes")]).expect(303);
        keep(&people[3], &hen);
        counted();
        site.visitor().get(&duck.path()).expect(200).says("People who like this also like").says("Plum pie").does_not_say("Hen house");
        // It goes as it came.
        site.put(pie.id, State::Held);
        assert!(!says());
        site.put(pie.id, State::Published);
        people[0].post(&format!("{}/favourite", pie.path()), &[("let_go", "1")]).expect(303);
        counted();
        assert!(!says());
    }
}

on_both! {
    fn the_walk_over_what_is_liked_goes_on_step_by_step_to_the_last(site, limits_off) {
        // More than two steps, in the order of their numbers.
        const MANY: usize = 230;
        site.maker("odile");
        let made: Vec<Made> = (0..MANY).map(|n| site.project("odile", &format!("Duck number {n}"))).collect();
        for name in ["bob", "cleo", "dora"] {
            site.member(name);
        }
        let at = now().format("%Y-%m-%d %H:%M:%S");
        let (first, last) = (made[0].id, made[MANY - 1].id);
        site.sql(&format!(
            "INSERT INTO favourites (user_id, project_id, public, counts, created_at, chosen_at) SELECT u.id, p.id, TRUE, TRUE, '{at}', '{at}' \
             FROM users u, projects p WHERE u.username IN ('bob', 'cleo', 'dora') AND p.id BETWEEN {first} AND {last}"
        ));
        site.db(favourite::count_all);
        assert_eq!(site.count("(SELECT DISTINCT project_id FROM liked_also) known"), MANY as i64);
        // Those of before are walked over too, when fewer like them.
        site.sql("DELETE FROM favourites WHERE user_id = (SELECT id FROM users WHERE username = 'dora')");
        site.db(favourite::count_all);
        assert_eq!(site.count("liked_also"), 0);
    }
}

#[test]
fn two_processes_that_count_at_once_store_it_once() {
    if !has_postgres() {
        return;
    }
    let site = Site::start(Database::Postgres, Options::default().limits_off());
    for name in ["odile", "mara"] {
        site.maker(name);
    }
    let (duck, pie) = (
        site.project("odile", "Duck racer"),
        site.project("odile", "Plum pie"),
    );
    for name in ["bob", "cleo", "dora"] {
        let client = site.member(name);
        keep(&client, &duck);
        keep(&client, &pie);
    }
    // Two makers who gave each other nothing but the highest marks.
    let at = now().format("%Y-%m-%d %H:%M:%S");
    site.sql(&format!(
        "INSERT INTO ratings (project_id, user_id, counts, created_at, changed_at) SELECT m.project_id, u.id, TRUE, '{at}', '{at}' \
         FROM project_makers m JOIN projects p ON p.id = m.project_id JOIN users u ON u.id <> m.user_id \
         WHERE p.title LIKE '% made this' AND u.username IN ('odile', 'mara'); \
         INSERT INTO rating_steps (rating_id, aspect, step) SELECT id, 'Fun', 5 FROM ratings; \
         DELETE FROM rating_hints; DELETE FROM liked_also"
    ));
    let liked = site
        .db(|db| favourite::Counting::default().step(db))
        .expect("there is something to count");
    let hints = site.db(fairness::look).expect("there is a ring");
    let url = site.database_url();
    beside(
        &site,
        |db| favourite::store(db, &liked),
        || {
            let mut other = db::connect(url).expect("another process");
            write_tx(&mut other, |db| favourite::store(db, &liked)).expect("it waits its turn");
        },
    );
    assert_eq!(site.count("liked_also"), 2);
    beside(
        &site,
        |db| fairness::store(db, &hints),
        || {
            let mut other = db::connect(url).expect("another process");
            write_tx(&mut other, |db| fairness::store(db, &hints)).expect("it waits its turn");
        },
    );
    assert_eq!(site.count("rating_hints"), 1, "not twice the same");
}
