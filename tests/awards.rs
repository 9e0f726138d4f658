//! Awards: designed and given by makers, declined by who receives them, and counted.

use crate::support::*;
use diesel::prelude::*;
use potluck_models::check;
use potluck_models::db::ItemId;
use potluck_models::item::State;
use potluck_models::schema::awards;

/// Odile, who makes the duck racer; bob, who makes something else.
fn table(site: &Site) -> (Client<'_>, Client<'_>, Made) {
    site.app.set_filter(None);
    let (odile, bob) = (site.maker("odile"), site.maker("bob"));
    (odile, bob, site.project("odile", "Duck racer"))
}

fn form(duck: &Made) -> String {
    format!("{}/award", duck.path())
}

fn give(client: &Client, duck: &Made, name: &str) -> Answer {
    let fields = [
        ("name", name),
        ("mark", "duck"),
        ("why", "It quacks at every bend."),
    ];
    client.post(&form(duck), &fields)
}

fn newest(site: &Site) -> ItemId {
    site.db(|db| {
        awards::table
            .select(awards::id)
            .order(awards::id.desc())
            .first(db)
    })
}

fn counted(site: &Site, duck: &Made) -> i32 {
    site.db(|db| potluck_models::project::Project::find(db, duck.id))
        .awards
}

fn agrees(site: &Site) {
    let reports = site.db(|db| check::run(db, false, |_| {}));
    let ours = reports
        .iter()
        .filter(|report| report.what.contains("awards") || report.what.contains("search"));
    for report in ours {
        assert!(
            report.differs.is_empty(),
            "{}: {:?}",
            report.what,
            report.differs
        );
    }
}

on_both! {
    fn a_maker_gives_an_award_and_it_stands_on_all_pages(site, limits_off) {
        let (odile, bob, duck) = table(site);
        bob.get(&duck.path()).expect(200).says("Give it an award");
        bob.get(&form(&duck)).expect(200).says("5 of your 5 awards of this month are left").says("More come on 1");
        give(&bob, &duck, "Best \u{202e}duck main character").expect(303);
        let id = newest(site);
        for page in [duck.path(), "/people/bob".into(), "/people/odile".into(), format!("{}/awards", duck.path()), format!("/awards/{id}")] {
            site.visitor().get(&page).expect(200).says("Best duck main character").says("bob");
        }
        site.visitor().get(&format!("{}/awards", duck.path())).expect(200).says("It quacks at every bend.");
        odile.get("/inbox").expect(200).says("bob gave an award to Duck racer").says("Best duck main character: It quacks");
        assert_eq!(counted(site, &duck), 1);
        // The same once more is none; another, with an emoji, is.
        give(&bob, &duck, "best DUCK main character").expect(422).says("You gave it this award before");
        let fields = [("name", "Warmest light"), ("emoji", "🦆"), ("why", "Of all lakes.")];
        bob.post(&form(&duck), &fields).expect(303);
        bob.get(&form(&duck)).expect(200).says("3 of your 5").says("One of yours again").says("Warmest light");
        agrees(site);
    }

    fn a_design_is_given_again_and_five_are_a_month(site, limits_off) {
        let (_, bob, _) = table(site);
        site.maker("carla");
        let all: Vec<Made> = (0..6).map(|n| site.project("carla", &format!("Toy {n}"))).collect();
        give(&bob, &all[0], "Best toy").expect(303);
        let again = format!("{}?again={}", form(&all[1]), newest(site));
        let filled = bob.get(&again).expect(200).html();
        assert!(filled.contains("value=\"Best toy\"") && filled.contains("value=\"duck\" checked"), "{filled}");
        give(&bob, &all[1], "Best toy").expect(303);
        for toy in &all[2..5] {
            give(&bob, toy, "Best toy").expect(303);
        }
        // What was taken back counts for the month.
        bob.post(&format!("/awards/{}/delete", newest(site)), &[]).expect(303);
        bob.get(&form(&all[5])).expect(200).says("You have given all your awards of this month");
        give(&bob, &all[5], "Best toy").expect(403).says("More come on 1").keeps("Best toy");
        assert_eq!(site.count("awards"), 5);
        site.sql("UPDATE awards SET created_at = '2020-01-01 00:00:00'");
        give(&bob, &all[5], "Best toy").expect(303);
        agrees(site);
    }

    fn who_makes_nothing_and_who_makes_it_give_none(site, limits_off) {
        let (odile, bob, duck) = table(site);
        let ann = site.regular("ann");
        ann.get(&form(&duck)).expect(200).says("share a project of your own first");
        give(&ann, &duck, "Best").expect(403).keeps("Best");
        odile.get(&form(&duck)).expect(200).says("You made this");
        give(&odile, &duck, "Best").expect(403);
        bob.post(&form(&duck), &[("name", " "), ("mark", "crown"), ("why", "")]).expect(422)
            .says("Say what it is for.").says("Choose a picture").says("why they get it");
        // Blocked by a maker of it.
        site.sql(&format!("INSERT INTO blocks (by_id, user_id, created_at) VALUES ({}, {}, '2026-01-01 00:00:00')", site.user_id("odile"), site.user_id("bob")));
        bob.get(&form(&duck)).expect(200).says("take no awards from you");
        give(&bob, &duck, "Best").expect(403);
        assert_eq!(site.count("awards"), 0);
    }

    fn the_receiver_declines_and_takes_that_back(site, limits_off) {
        let (odile, bob, duck) = table(site);
        give(&bob, &duck, "Slowest duck").expect(303);
        let id = newest(site);
        let decline = format!("/awards/{id}/decline");
        bob.post(&decline, &[("act", "decline")]).expect(403);
        let list = format!("{}/awards", duck.path());
        odile.submit(&list, &decline, &[("act", "decline")]).expect(303);
        for page in [duck.path(), "/people/bob".into(), "/people/odile".into(), list.clone()] {
            site.visitor().get(&page).expect(200).does_not_say("Slowest duck");
        }
        let ann = site.regular("ann");
        for page in [format!("/awards/{id}"), format!("/awards/{id}/report")] {
            site.visitor().get(&page).expect(404);
            ann.get(&page).expect(404);
            odile.get(&page).expect(200);
        }
        ann.post(&format!("/awards/{id}/report"), &[("reason", "spam")]).expect(404);
        // Who gave it is told nothing: neither in the inbox nor on its own page.
        bob.get("/inbox").expect(200).does_not_say("declined").does_not_say("Slowest");
        bob.get(&format!("/awards/{id}")).expect(200).says("Slowest duck").does_not_say("declined");
        odile.get(&list).expect(200).says("Slowest duck").says("declined");
        odile.get("/inbox").expect(200).does_not_say("Slowest duck");
        assert_eq!(counted(site, &duck), 0);
        agrees(site);
        odile.submit(&list, &decline, &[("act", "show")]).expect(303);
        site.visitor().get(&duck.path()).expect(200).says("Slowest duck");
        assert_eq!(counted(site, &duck), 1);
        odile.post(&decline, &[("act", "dance")]).expect(400);
        agrees(site);
    }

    fn who_joins_later_has_given_nothing_for_as_long(site, limits_off) {
        let (odile, bob, duck) = table(site);
        give(&bob, &duck, "Best duck").expect(303);
        let makers = format!("{}/makers", duck.path());
        odile.submit(&makers, &makers, &[("invite", "bob")]).expect(303);
        bob.post(&format!("{}/invitation", duck.path()), &[("answer", "accept")]).expect(303);
        for page in [duck.path(), "/people/bob".into(), "/people/odile".into()] {
            site.visitor().get(&page).expect(200).does_not_say("Best duck");
        }
        assert_eq!(counted(site, &duck), 0);
        let id = newest(site);
        for page in [format!("/awards/{id}"), format!("/awards/{id}/report")] {
            site.visitor().get(&page).expect(404);
        }
        odile.get(&format!("/awards/{id}")).expect(200).says("Not shown: who gave it makes the project, too.");
        bob.get(&format!("/awards/{id}")).expect(200).says("Best duck");
        agrees(site);
        bob.post(&format!("{}/leave", duck.path()), &[("sure", "1")]);
        let leave = site.count(&format!("project_makers WHERE project_id = {}", duck.id));
        assert_eq!(leave, 1, "bob left");
        site.visitor().get(&duck.path()).expect(200).says("Best duck");
        assert_eq!(counted(site, &duck), 1);
        agrees(site);
    }

    fn moderators_remove_one_and_a_ban_takes_all_and_both_come_back(site, limits_off) {
        let (_, bob, duck) = table(site);
        let ann = site.regular("ann");
        give(&bob, &duck, "Buy these pills").expect(303);
        let id = newest(site);
        let complain = format!("/awards/{id}/report");
        ann.submit(&complain, &complain, &[("reason", "spam")]).expect(303);
        let mona = site.moderator("mona");
        mona.get("/moderation/reported").expect(200).says("Buy these pills");
        let item = format!("award:{id}");
        mona.post("/moderation/verdicts", &[("item", &item), ("verdict", "spam")]).expect(303);
        assert_eq!((site.state(id), counted(site, &duck)), (State::Spam, 0));
        site.visitor().get(&duck.path()).expect(200).does_not_say("Buy these pills");
        site.visitor().get(&format!("/awards/{id}")).expect(404);
        bob.get(&format!("/awards/{id}")).expect(200).says("It waits for a moderator.");
        mona.post("/moderation/verdicts", &[("item", &item), ("verdict", "restore")]).expect(303);
        assert_eq!(counted(site, &duck), 1);
        agrees(site);
        let ada = site.admin("ada");
        let ban = "/moderation/people/bob/ban";
        let form = ada.get(ban).expect(200).form(ban);
        ada.fill_in(&form, &[("reason", "A bad day."), ("away", "spam"), ("sure", "1")]).expect(303);
        assert_eq!(counted(site, &duck), 0);
        agrees(site);
        let sanction = site.db(|db| {
            use potluck_models::schema::sanctions;
            sanctions::table.select(diesel::dsl::max(sanctions::id)).first::<Option<i64>>(db).map(Option::unwrap)
        });
        ada.post(&format!("/moderation/sanctions/{sanction}/undo"), &[]).expect(303);
        assert_eq!(counted(site, &duck), 1);
        agrees(site);
        // A count that went wrong is found and mended.
        site.sql("UPDATE projects SET awards = 7");
        let reports = site.db(|db| check::run(db, false, |_| {}));
        assert!(reports.iter().any(|report| report.what.contains("awards") && !report.differs.is_empty()));
    }
}
