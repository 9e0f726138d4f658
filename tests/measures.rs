//! The measures on the desk's front page: they equal what was done, and each picture has its table.

use crate::support::*;
use chrono::Duration;
use diesel::prelude::*;
use potluck_models::db::ItemId;
use potluck_models::item::State;
use potluck_models::moderation::measures::{self, DAYS, Day};
use potluck_models::moderation::queue::{self, Name};
use potluck_models::now;
use potluck_models::schema::{batches, desk_days, items, revisions, verdicts};

fn decide(client: &Client, id: ItemId, verdict: &str) -> Answer {
    let item = format!("comment:{id}");
    let reason = if verdict == "remove" { "unkind" } else { "" };
    let fields = [
        ("item", item.as_str()),
        ("verdict", verdict),
        ("reason", reason),
    ];
    client.post("/moderation/verdicts", &fields).expect(303)
}

fn undo_last(site: &Site, client: &Client) {
    let last: Option<i64> = site.db(|db| {
        batches::table
            .select(diesel::dsl::max(batches::id))
            .first(db)
    });
    let last = last.expect("a batch");
    client
        .post(&format!("/moderation/batches/{last}/undo"), &[])
        .expect(303);
}

/// Today, as the page has it.
fn today(site: &Site) -> Day {
    site.db(measures::month).pop().expect("thirty days")
}

/// What the page shows large under a name.
fn figure(page: &Answer, name: &str) -> String {
    let html = page.html();
    let end = format!("</span><span class=\"figure-name\">{name}</span>");
    let before = html
        .split(&end)
        .next()
        .filter(|before| before.len() < html.len())
        .unwrap_or_else(|| panic!("no figure {name:?}"));
    let number = before.rsplit('>').next().unwrap_or_default();
    number.to_owned()
}

/// Published comments of ann's, put where a test wants them.
fn texts(site: &Site, many: usize, state: State) -> Vec<ItemId> {
    site.maker("odile");
    site.member("ann");
    let duck = site.project("odile", "Duck racer");
    (0..many)
        .map(|n| {
            let id = site.comment("ann", &duck, &format!("Remark {n} about the ducks."));
            if state != State::Published {
                site.put(id, state);
            }
            id
        })
        .collect()
}

/// As if all of it had been done so many days ago.
fn turn_back(site: &Site, days: i64) {
    let at = now() - Duration::days(days);
    site.db(|db| {
        diesel::update(items::table)
            .set(items::created_at.eq(at))
            .execute(db)?;
        diesel::update(revisions::table)
            .set(revisions::created_at.eq(at))
            .execute(db)?;
        diesel::update(batches::table)
            .set(batches::created_at.eq(at))
            .execute(db)?;
        diesel::update(verdicts::table)
            .set(verdicts::created_at.eq(at))
            .execute(db)
    });
}

/// What the hourly sweep does.
fn sweep(site: &Site) {
    actix_web::rt::System::new()
        .block_on(potluck::jobs::count_days(&site.app))
        .expect("the days are counted");
}

on_both! {
    fn an_empty_site_says_that_there_is_nothing_to_measure(site) {
        let mona = site.moderator("mona");
        let page = mona.get("/moderation").expect(200).says("Nothing to measure yet");
        assert!(!page.html().contains("<figure"), "a picture of nothing");
    }

    fn decisions_are_counted_until_they_are_undone(site, limits_off) {
        let ids = texts(site, 4, State::Held);
        let mona = site.moderator("mona");
        decide(&mona, ids[0], "ham");
        decide(&mona, ids[1], "remove");
        decide(&mona, ids[2], "spam");
        let page = mona.get("/moderation").expect(200);
        assert_eq!(figure(&page, "decisions"), "3");
        assert_eq!(figure(&page, "overturned"), "0");
        assert!(page.html().contains("In 30 days: 1 spam, 1 ham, 1 removed."), "the picture says otherwise");
        undo_last(site, &mona);
        let page = mona.get("/moderation").expect(200);
        assert_eq!(figure(&page, "decisions"), "2");
        assert_eq!(figure(&page, "overturned"), "1");
        let day = today(site);
        assert_eq!((day.ham, day.spam, day.removed, day.undone), (1, 0, 1, 1));
        let html = page.html();
        let measured = html.split("id=\"measures\"").nth(1).and_then(|rest| rest.split("</section>").next()).expect("the measures");
        assert!(!measured.contains("mona"), "a measure names a moderator: {measured}");
    }

    fn what_nobody_was_asked_about_was_decided_by_robots(site, limits_off) {
        site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let (ann, bob) = (site.regular("ann"), site.member("bob"));
        let before = today(site);
        ann.post(&duck.comments(), &[("body", "The ducks turn well in the second bend.")]).expect(303);
        let id = site.comment_saying("turn well").expect("the comment");
        assert_eq!(site.state(id), State::Published);
        bob.post(&duck.comments(), &[("body", "My first words, which somebody reads before.")]).expect(303);
        let after = today(site);
        assert_eq!((after.texts - before.texts, after.alone() - before.alone()), (2, 1));
        // Somebody finds that the filter was wrong, and then that it was not.
        let mona = site.moderator("mona");
        decide(&mona, id, "spam");
        let wrong = today(site);
        assert_eq!((wrong.looked_at, wrong.reversed, wrong.spared()), (1, 1, after.spared() - 1));
        assert_eq!(figure(&mona.get("/moderation"), "overturned"), "1");
        undo_last(site, &mona);
        let right = today(site);
        assert_eq!((right.looked_at, right.reversed, right.undone), (0, 0, 1));
        assert_eq!(right.alone(), after.alone(), "what became of a text changes what robots said of it");
        let page = mona.get("/moderation").expect(200).says("15 seconds a decision are assumed");
        let minutes = (f64::from(right.spared()) * 15.0 / 60.0).round();
        assert_eq!(figure(&page, "minutes saved"), format!("{minutes:.0}"));
    }

    fn precision_is_what_people_said_of_what_the_filter_flagged(site, limits_off) {
        let ids = texts(site, 6, State::Spam);
        site.sql("UPDATE items SET why = 'filter' WHERE queue = 'spam'");
        // Held by a rule: nothing that the filter flagged.
        site.sql(&format!("UPDATE items SET why = 'links' WHERE id = {}", ids[5]));
        site.sql(&format!("UPDATE items SET sampled = TRUE WHERE id IN ({}, {})", ids[0], ids[1]));
        let mona = site.moderator("mona");
        for id in &ids[1..4] {
            decide(&mona, *id, "spam");
        }
        for id in [ids[0], ids[5]] {
            decide(&mona, id, "ham");
        }
        decide(&mona, ids[4], "remove");
        let day = today(site);
        assert_eq!((day.flagged, day.flagged_spam, day.reversed), (4, 3, 1));
        assert_eq!((day.drawn, day.drawn_spam), (2, 1));
        let page = mona.get("/moderation").expect(200).says("4 judged of what it held or put away, 3 of them spam: too few");
        assert_eq!(figure(&page, "filter’s precision"), "–");
        // Asked again of the same text, it is no new proof.
        decide(&mona, ids[1], "ham");
        let day = today(site);
        assert_eq!((day.flagged, day.changed), (4, 1));
        // Enough for a share: a day of the past, as the sweep keeps it.
        let past = Day { day: measures::day_of(now()) - Duration::days(9), flagged: 36, flagged_spam: 33, ..Day::default() };
        site.db(|db| past.store(db));
        assert_eq!(figure(&mona.get("/moderation"), "filter’s precision"), "90 %");
    }

    fn a_second_decision_that_says_otherwise_overturns_the_first(site, limits_off) {
        let ids = texts(site, 2, State::Held);
        let (mona, max) = (site.moderator("mona"), site.moderator("max"));
        decide(&mona, ids[0], "remove");
        decide(&mona, ids[1], "spam");
        assert_eq!(today(site).changed, 0);
        decide(&max, ids[0], "restore");
        decide(&max, ids[1], "remove");
        assert_eq!(today(site).changed, 1, "hidden for another reason, it is hidden still");
    }

    fn a_day_that_is_over_is_kept_and_counted_again_after_an_undo(site, limits_off) {
        let ids = texts(site, 2, State::Held);
        let mona = site.moderator("mona");
        decide(&mona, ids[0], "ham");
        decide(&mona, ids[1], "spam");
        turn_back(site, 3);
        let three_days_ago = |site: &Site| site.db(measures::month)[DAYS as usize - 4].clone();
        sweep(site);
        assert_eq!(site.count("desk_days"), 3, "each day since the first text, but not today");
        let kept = three_days_ago(site);
        assert_eq!((kept.ham, kept.spam, kept.undone), (1, 1, 0));
        assert_eq!(today(site).decisions(), 0);
        assert!(site.db(measures::uncounted).is_empty(), "what was just counted is counted again");
        assert_eq!(figure(&mona.get("/moderation"), "decisions"), "2");

        undo_last(site, &mona);
        site.db(|db| diesel::update(desk_days::table).set(desk_days::counted_at.eq(now() - Duration::hours(1))).execute(db));
        sweep(site);
        let kept = three_days_ago(site);
        assert_eq!((kept.ham, kept.spam, kept.undone), (1, 0, 1));
        assert_eq!(site.count("desk_days"), 3);
        assert_eq!(figure(&mona.get("/moderation"), "decisions"), "1");
    }

    fn the_age_of_what_waits_is_that_of_its_queue(site, limits_off) {
        let ids = texts(site, 3, State::Held);
        for (id, days) in ids.iter().zip([5, 3, 0]) {
            let at = now() - Duration::days(days) - Duration::hours(1);
            site.db(|db| diesel::update(items::table.find(*id)).set(items::created_at.eq(at)).execute(db));
        }
        let ages = site.db(|db| {
            let counts = queue::counts(db, false)?;
            measures::ages(db, &counts)
        });
        assert_eq!(ages.len(), 1, "only Held has something: {ages:?}");
        let age = ages[0];
        assert_eq!((age.queue, age.items, age.over_a_day), (Name::Held, 3, 2));
        assert_eq!(((now() - age.oldest).num_days(), (now() - age.median).num_days()), (5, 3));
        let page = site.moderator("mona").get("/moderation").expect(200).html();
        assert!(page.contains("Held: 3 wait; median 3 days, oldest 5 days, 2 over 24 hours"), "{page}");
        assert!(page.contains("<th scope=\"row\">Held</th><td class=\"num\">3</td><td class=\"num\">3 days</td><td class=\"num\">5 days</td><td class=\"num\">2</td>"), "{page}");
    }

    fn each_picture_has_a_name_a_sentence_and_a_table(site, limits_off) {
        let ids = texts(site, 3, State::Held);
        let mona = site.moderator("mona");
        site.sql(&format!("UPDATE items SET why = 'filter' WHERE id = {}", ids[0]));
        decide(&mona, ids[0], "ham");
        decide(&mona, ids[1], "ham");
        undo_last(site, &mona);
        let page = mona.get("/moderation").expect(200).html();
        let pictures: Vec<&str> = page.split("<figure class=\"chart\">").skip(1).collect();
        assert_eq!(pictures.len(), 6);
        for picture in pictures {
            let picture = picture.split("</figure>").next().unwrap();
            for part in ["<h3 ", "role=\"img\"", "<title ", "<desc ", "<table ", "<th scope=\"col\"", "<th scope=\"row\""] {
                assert!(picture.contains(part), "no {part}: {picture}");
            }
        }
    }
}
