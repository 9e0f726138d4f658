//! Favourites: public or not, counted, and what is liked beside a project.

use crate::support::*;
use potluck_models::{favourite, item::State};

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
