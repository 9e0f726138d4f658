//! Several makers of one project: asking, accepting, leaving, and that all have the same rights.

use crate::support::*;
use potluck_models::item::State;

fn page(duck: &Made) -> String {
    format!("{}/makers", duck.path())
}

fn invite(by: &Client, duck: &Made, name: &str) -> Answer {
    by.submit(&page(duck), &page(duck), &[("invite", name)])
}

fn answer(client: &Client, duck: &Made, word: &str) -> Answer {
    client.post(&format!("{}/invitation", duck.path()), &[("answer", word)])
}

fn joined(site: &Site, odile: &Client, duck: &Made, name: &str) {
    invite(odile, duck, name).expect(303);
    answer(&site.come_back(name), duck, "accept").expect(303);
}

fn makers(site: &Site, duck: &Made) -> i64 {
    site.count(&format!("project_makers WHERE project_id = {}", duck.id))
}

/// All at once, each in a browser of their own.
fn at_once(clients: Vec<Client>, path: &str, fields: &[(&str, &str)]) -> Vec<u16> {
    std::thread::scope(|scope| {
        let sent: Vec<_> = clients
            .into_iter()
            .map(|client| scope.spawn(move || client.post(path, fields).status))
            .collect();
        sent.into_iter().map(|one| one.join().unwrap()).collect()
    })
}

on_both! {
    fn who_is_invited_accepts_and_has_every_right(site, limits_off) {
        site.app.set_filter(None);
        let (odile, bob) = (site.maker("odile"), site.member("bob"));
        let duck = site.project("odile", "Duck racer");
        bob.get(&page(&duck)).expect(403);
        invite(&odile, &duck, " @Bob ").expect(303);
        odile.get(&page(&duck)).expect(200).says("Invited");
        site.visitor().get(&duck.path()).expect(200).does_not_say("You are invited");
        bob.get("/account").expect(200).says("You are invited").says("Duck racer").says("odile asks you");
        let action = format!("{}/invitation", duck.path());
        let form = bob.get(&duck.path()).expect(200).says("You are invited").form(&action);
        bob.get(&format!("{}/edit", duck.path())).expect(403);
        bob.fill_in(&form, &[("answer", "accept")]).expect(303);
        let words = site.visitor().get(&duck.path()).expect(200).words();
        assert!(words.contains("By") && words.contains("bob"), "{words}");
        site.visitor().get("/people/bob").expect(200).says("Duck racer");
        for right in ["edit", "releases/new", "waiting", "makers", "delete"] {
            bob.get(&format!("{}/{right}", duck.path())).expect(200);
        }
        invite(&bob, &duck, "odile").expect(422).says("odile makes it already.");
        let delete = format!("{}/delete", duck.path());
        bob.submit(&delete, &delete, &[]).expect(303);
        assert_eq!(site.state(duck.id), State::Deleted);
        // The others bring it back as well.
        odile.post(&format!("{}/restore", duck.path()), &[]).expect(303);
        assert_eq!(site.state(duck.id), State::Published);
        site.moderator("mona").get("/moderation/log").expect(200).says("odile invited a maker").says("bob became a maker");
    }

    fn who_cannot_be_invited_and_why(site, limits_off) {
        let odile = site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        site.member("bob");
        site.unconfirmed("ulla");
        site.member("sam");
        site.sql("UPDATE users SET suspended_until = '2999-01-01 00:00:00' WHERE username = 'sam'");
        let ann = site.maker("ann");
        let long = "x".repeat(5_000);
        for (name, says) in [
            ("", "There is nobody of this name."),
            ("nobody-here", "There is nobody of this name."),
            ("b\u{43e}b", "There is nobody of this name."),
            ("\u{202E}bob", "There is nobody of this name."),
            (long.as_str(), "There is nobody of this name."),
            ("odile", "odile makes it already."),
            ("ulla", "ulla cannot be invited at present."),
            ("sam", "sam cannot be invited at present."),
        ] {
            odile.post(&page(&duck), &[("invite", name)]).expect(422).says(says);
        }
        odile.post_bytes(&page(&duck), "invite", b"bo\0b").expect(400);
        // Blocks, either way round.
        let odile_id = site.user_id("odile");
        for (by, whom) in [(odile_id, site.user_id("bob")), (site.user_id("ann"), odile_id)] {
            site.sql(&format!("INSERT INTO blocks (by_id, user_id, created_at) VALUES ({by}, {whom}, '2026-01-01 00:00:00')"));
        }
        invite(&odile, &duck, "bob").expect(422).says("bob cannot be invited at present.");
        invite(&odile, &duck, "ann").expect(422).says("ann cannot be invited at present.");
        ann.get("/account").expect(200).does_not_say("You are invited");
        // What was not let through yet is shown to nobody by a back door.
        site.member("carl");
        site.put(duck.id, State::Draft);
        odile.post(&page(&duck), &[("invite", "carl")]).expect(422).says("Share it first");
        assert_eq!(site.count("maker_invitations"), 0);
    }

    fn an_invitation_is_declined_or_taken_back(site, limits_off) {
        let (odile, bob) = (site.maker("odile"), site.member("bob"));
        let duck = site.project("odile", "Duck racer");
        invite(&odile, &duck, "bob").expect(303);
        invite(&odile, &duck, "bob").expect(422).says("invited already");
        answer(&bob, &duck, "").expect(400);
        answer(&bob, &duck, "decline").expect(303);
        bob.get("/account").expect(200).does_not_say("You are invited");
        answer(&bob, &duck, "accept").expect(403);
        // Not asked again and again.
        invite(&odile, &duck, "bob").expect(422).says("declined not long ago");
        site.sql("UPDATE maker_invitations SET declined_at = '2026-01-01 00:00:00'");
        invite(&odile, &duck, "bob").expect(303);
        let form = odile.get(&page(&duck)).expect(200).forms().into_iter().find(|form| form.html.contains("withdraw")).expect("a button");
        odile.fill_in(&form, &[("withdraw", &site.user_id("bob").to_string())]).expect(303);
        answer(&bob, &duck, "accept").expect(403).says("no invitation here for you");
        assert_eq!((makers(site, &duck), site.count("maker_invitations")), (1, 0));
        // Whoever blocked or was suspended meanwhile does not come in.
        invite(&odile, &duck, "bob").expect(303);
        site.sql("UPDATE users SET suspended_until = '2999-01-01 00:00:00' WHERE username = 'bob'");
        answer(&bob, &duck, "accept").expect(403);
        assert_eq!(makers(site, &duck), 1);
    }

    fn an_invitation_shows_nothing_of_what_is_away(site, limits_off) {
        let (odile, bob) = (site.maker("odile"), site.member("bob"));
        let duck = site.project("odile", "Duck racer");
        invite(&odile, &duck, "bob").expect(303);
        for state in [State::Removed, State::Spam, State::Held, State::Draft] {
            site.put(duck.id, state);
            bob.get("/account").expect(200).does_not_say("Duck racer");
            answer(&bob, &duck, "accept").expect(403);
        }
        assert_eq!(makers(site, &duck), 1);
    }

    fn a_maker_leaves_and_the_last_one_cannot(site, limits_off) {
        let (odile, bob) = (site.maker("odile"), site.member("bob"));
        let duck = site.project("odile", "Duck racer");
        let leave = format!("{}/leave", duck.path());
        odile.post(&leave, &[]).expect(422).says("You are the only maker.");
        joined(site, &odile, &duck, "bob");
        odile.submit(&page(&duck), &leave, &[]).expect(303);
        odile.get(&format!("{}/edit", duck.path())).expect(403);
        odile.post(&leave, &[]).expect(403);
        bob.post(&leave, &[]).expect(422).says("You are the only maker.");
        // Cards name who is left.
        let words = site.visitor().get("/projects").expect(200).html();
        let card = words.split("<article").find(|card| card.contains("Duck racer")).expect("the card");
        assert!(card.contains("/people/bob") && !card.contains("/people/odile"), "{card}");
        site.moderator("mona").get("/moderation/log").expect(200).says("odile left the makers");
    }

    fn of_all_makers_who_leave_at_once_one_stays(site, limits_off) {
        let odile = site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let names = ["bob", "carl", "dora"];
        for name in names {
            site.member(name);
            joined(site, &odile, &duck, name);
        }
        let everybody: Vec<Client> = names.into_iter().chain(["odile"]).map(|name| site.come_back(name)).collect();
        let statuses = at_once(everybody, &format!("{}/leave", duck.path()), &[]);
        assert_eq!(statuses.iter().filter(|status| **status == 303).count(), 3, "{statuses:?}");
        assert_eq!(makers(site, &duck), 1);
        let stays = format!("projects JOIN project_makers ON project_makers.project_id = projects.id AND project_makers.user_id = projects.owner_id WHERE projects.id = {}", duck.id);
        assert_eq!(site.count(&stays), 1, "the owner is one of the makers");
    }

    fn there_are_at_most_twenty_makers_however_many_accept_at_once(site, limits_off) {
        let odile = site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        for n in 0..19 {
            site.member(&format!("guest{n}"));
            invite(&odile, &duck, &format!("guest{n}")).expect(303);
        }
        site.member("late");
        invite(&odile, &duck, "late").expect(422).says("at most 20 makers");
        // However they came to be invited.
        let late = site.user_id("late");
        site.sql(&format!("INSERT INTO maker_invitations (project_id, user_id, by_id, created_at) VALUES ({}, {late}, {}, '2026-01-01 00:00:00')", duck.id, site.user_id("odile")));
        let guests: Vec<Client> = (0..19).map(|n| site.come_back(&format!("guest{n}"))).chain([site.come_back("late")]).collect();
        let statuses = at_once(guests, &format!("{}/invitation", duck.path()), &[("answer", "accept")]);
        assert_eq!(statuses.iter().filter(|status| **status == 303).count(), 19, "{statuses:?}");
        assert_eq!(makers(site, &duck), 20);
    }

    fn one_who_accepts_twice_at_once_is_a_maker_once(site, limits_off) {
        let (odile, bob) = (site.maker("odile"), site.member("bob"));
        let duck = site.project("odile", "Duck racer");
        invite(&odile, &duck, "bob").expect(303);
        let browsers: Vec<Client> = (0..4).map(|_| bob.copy()).collect();
        let statuses = at_once(browsers, &format!("{}/invitation", duck.path()), &[("answer", "accept")]);
        assert_eq!(statuses.iter().filter(|status| **status == 303).count(), 1, "{statuses:?}");
        assert_eq!(makers(site, &duck), 2);
    }

    fn invitations_of_a_day_are_counted(site) {
        let odile = site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        site.member("bob");
        for _ in 0..20 {
            invite(&odile, &duck, "bob").expect(303);
            site.sql("DELETE FROM maker_invitations");
        }
        odile.post(&page(&duck), &[("invite", "bob")]).expect(429);
    }
}
