//! Queues: each filter finds what it says and nothing else, each order holds, on every page.

use crate::support::*;
use potluck_models::db::{ItemId, now};
use potluck_models::item::State;

/// The comments of a page of the desk, in its order.
fn listed(answer: &Answer) -> Vec<ItemId> {
    answer
        .html()
        .split("id=\"item-comment-")
        .skip(1)
        .filter_map(|rest| rest.split('"').next()?.parse().ok())
        .map(ItemId)
        .collect()
}

fn find(mona: &Client, address: &str) -> Vec<ItemId> {
    listed(&mona.get(&format!("/moderation/{address}")).expect(200))
}

/// Three comments of ann, odile and bob in Held: a newcomer, a maker, and neither.
fn three(site: &Site) -> (Made, [ItemId; 3]) {
    site.maker("odile");
    site.member("ann");
    site.regular("bob");
    let duck = site.project("odile", "Duck racer");
    let first = site.waiting(
        "ann",
        &duck,
        "Привет, какая отличная утка, see https://shop.Ducks.example/pond",
        State::Held,
    );
    let maker = site.waiting(
        "odile",
        &duck,
        "A fine remark, and ducks.example is near.",
        State::Held,
    );
    let other = site.waiting(
        "bob",
        &duck,
        "Another remark (https://www.other.example/x).",
        State::Held,
    );
    (duck, [first, maker, other])
}

on_both! {
    fn a_filter_by_link_finds_hosts_and_domains(site, limits_off) {
        let (_, [first, ..]) = three(site);
        let other = site.comment_saying("Another remark").unwrap();
        let mona = site.moderator("mona");
        assert_eq!(find(&mona, "held?domain=ducks.example"), [first]);
        assert_eq!(find(&mona, "held?domain=shop.ducks.example"), [first]);
        // As it may be pasted.
        assert_eq!(find(&mona, "held?domain=https%3A%2F%2FWWW.Other.example%2Fy"), [other]);
        assert_eq!(find(&mona, "held?domain=example"), []);
        mona.get("/moderation/held?domain=nowhere.example").expect(200).says("Nothing matches").says("with a link to nowhere.example");
    }

    fn an_edit_takes_its_links_with_it(site, limits_off) {
        let (_, [first, ..]) = three(site);
        let (ann, mona) = (site.come_back("ann"), site.moderator("mona"));
        let edit = format!("/comments/{first}/edit");
        ann.submit(&edit, &edit, &[("body", "Just https://pond.example now.")]).expect(303);
        assert_eq!(find(&mona, "held?domain=ducks.example"), []);
        assert_eq!(find(&mona, "held?domain=pond.example"), [first]);
        assert_eq!(find(&mona, "held?script=latin&author=ann"), [first]);
    }

    fn a_filter_by_script_knows_what_most_letters_are(site, limits_off) {
        let (_, [first, maker, other]) = three(site);
        let mona = site.moderator("mona");
        assert_eq!(find(&mona, "held?script=cyrillic"), [first]);
        assert_eq!(find(&mona, "held?script=latin&order=oldest"), [maker, other]);
        assert_eq!(find(&mona, "held?script=greek"), []);
        mona.get("/moderation/held?script=klingon").expect(400);
    }

    fn first_timers_and_makers_are_told_apart(site, limits_off) {
        let (_, [first, maker, other]) = three(site);
        let mona = site.moderator("mona");
        assert_eq!(find(&mona, "held?first=1"), [first]);
        assert_eq!(find(&mona, "held?maker=yes"), [maker]);
        assert_eq!(find(&mona, "held?maker=no&order=oldest"), [first, other]);
        mona.get("/moderation/held?maker=perhaps").expect(400);
        mona.get("/moderation/held?first=2").expect(400);
    }

    fn an_age_is_hours_or_days(site, limits_off) {
        let (_, [first, maker, other]) = three(site);
        let mona = site.moderator("mona");
        for (id, hours) in [(first, 100), (maker, 20)] {
            use diesel::prelude::*;
            use potluck_models::schema::items;
            site.db(|db| diesel::update(items::table.find(id))
                .set(items::created_at.eq(now() - chrono::Duration::hours(hours))).execute(db));
        }
        assert_eq!(find(&mona, "held?younger=12h"), [other]);
        assert_eq!(find(&mona, "held?older=12h&order=oldest"), [first, maker]);
        assert_eq!(find(&mona, "held?older=12h&younger=3d"), [maker]);
        assert_eq!(find(&mona, "held?older=5d"), []);
        mona.get("/moderation/held?older=3d").expect(200).says("Order").does_not_say("Nothing matches");
        mona.get("/moderation/held?older=soon").expect(400);
        mona.get("/moderation/held?younger=-1h").expect(400);
    }

    fn a_network_is_reached_from_an_item_and_never_typed(site, limits_off) {
        let (_, [first, maker, other]) = three(site);
        let mona = site.moderator("mona");
        for (id, network) in [(first, "abc1"), (maker, "abc1"), (other, "fff2")] {
            site.sql(&format!("UPDATE items SET network = '{network}' WHERE id = {id}"));
        }
        let page = mona.get("/moderation/held?author=ann").expect(200);
        let link = page.links().into_iter().find(|link| link.contains("network=")).expect("a way to the others");
        assert_eq!(listed(&mona.get(&link).expect(200)), [first, maker]);
        assert!(!page.html().contains("name=\"network\""), "a network can be typed");
        // The form keeps it, and lets go of it.
        let page = mona.get(&link).expect(200);
        assert!(page.html().contains("type=\"checkbox\" name=\"network\""));
        page.says("From one network only");
    }

    fn the_older_filters_still_find_what_they_say(site, limits_off) {
        let (duck, [first, maker, other]) = three(site);
        let mona = site.moderator("mona");
        for (id, score) in [(first, 0.9), (maker, 0.2), (other, 0.4)] {
            site.sql(&format!("UPDATE items SET score = {score} WHERE id = {id}"));
        }
        site.sql(&format!("UPDATE items SET why = 'links' WHERE id = {other}"));
        assert_eq!(find(&mona, "held?author=Ann"), [first]);
        assert_eq!(find(&mona, "held?author=nobody"), []);
        assert_eq!(find(&mona, &format!("held?project={}&order=oldest", duck.slug)), [first, maker, other]);
        assert_eq!(find(&mona, "held?project=nothing"), []);
        assert_eq!(find(&mona, "held?why=links"), [other]);
        assert_eq!(find(&mona, "held?kind=project"), []);
        assert_eq!(find(&mona, "held?from=30&to=50"), [other]);
        assert_eq!(find(&mona, "held?q=REMARK"), [other, maker], "words: newest first");
        assert_eq!(find(&mona, "held?q=remark&order=oldest"), [maker, other]);
        mona.get("/moderation/held?q=remark&maker=yes").expect(200).says("fine remark").does_not_say("Another remark");
    }

    fn each_order_is_what_it_says(site, limits_off) {
        let (_, [first, maker, other]) = three(site);
        let mona = site.moderator("mona");
        for (id, score, reports, hours) in [(first, 0.95, 1, 2), (maker, 0.45, 0, 3), (other, 0.1, 3, 1)] {
            use diesel::prelude::*;
            use potluck_models::schema::items;
            site.db(|db| diesel::update(items::table.find(id)).set((
                items::score.eq(score),
                items::reports.eq(reports),
                items::created_at.eq(now() - chrono::Duration::hours(hours)),
            )).execute(db));
        }
        assert_eq!(find(&mona, "held"), [maker, other, first], "the most doubtful come first");
        assert_eq!(find(&mona, "held?order=surest"), [first, maker, other]);
        assert_eq!(find(&mona, "held?order=oldest"), [maker, first, other]);
        assert_eq!(find(&mona, "held?order=newest"), [other, first, maker]);
        assert_eq!(find(&mona, "held?order=reported"), [other, first, maker]);
        mona.get("/moderation/held?order=loudest").expect(400);
        // In Spam the surest come first; of what people decided, the newest.
        for queue in ["'spam'", "NULL"] {
            site.sql(&format!("UPDATE items SET state = 'spam', queue = {queue} WHERE id IN ({first}, {maker}, {other})"));
            let (address, listed) = match queue {
                "NULL" => ("spam?show=decided", [other, first, maker]),
                _ => ("spam", [first, maker, other]),
            };
            assert_eq!(find(&mona, address), listed, "{address}");
        }
    }

    fn what_most_readers_were_shown_comes_first(site, limits_off) {
        site.maker("odile");
        site.regular("bob");
        let (duck, lamp) = (site.project("odile", "Duck racer"), site.project("odile", "Quiet lamp"));
        let quiet = site.comment("bob", &lamp, "A remark that few read.");
        let loud = site.comment("bob", &duck, "A remark that many read.");
        let old = site.comment("bob", &duck, "A remark that somebody looked at.");
        let held = site.waiting("bob", &duck, "A remark that nobody reads.", State::Held);
        let mona = site.moderator("mona");
        mona.post("/moderation/verdicts", &[("item", &format!("comment:{old}")), ("verdict", "ham")]).expect(303);
        let before = site.fingerprint();
        for _ in 0..3 {
            site.visitor().get(&duck.path()).expect(200).says("many read");
            // At work, she is no reader.
            mona.get(&lamp.path()).expect(200).says("few read");
        }
        site.visitor().get(&format!("/comments/{quiet}")).expect(200);
        assert_eq!(site.fingerprint(), before, "reading changes nothing");
        assert_eq!(site.count("items WHERE views > 0"), 0, "nothing is written by reading");
        let store = || actix_web::rt::System::new().block_on(potluck::views::store(&site.app)).expect("stored");
        store();
        store();
        let views = |id: ItemId, n: i64| assert_eq!(site.count(&format!("items WHERE id = {id} AND views = {n}")), 1, "{id}");
        views(loud, 3);
        views(quiet, 1);
        views(old, 0);
        views(held, 0);
        let listed: Vec<ItemId> = find(&mona, "recent?order=seen").into_iter().filter(|id| [loud, quiet].contains(id)).collect();
        assert_eq!(listed, [loud, quiet]);
        mona.get("/moderation/recent?order=seen").expect(200).says("seen 3 times").says("Most seen first");
        // What was looked at counts again from when somebody reports it.
        site.regular("ann").post(&format!("/comments/{old}/report"), &[("reason", "unkind")]).expect(303);
        site.visitor().get(&duck.path()).expect(200);
        store();
        views(old, 1);
        views(loud, 4);
        assert_eq!(find(&mona, "reported?order=seen"), [old]);
        for queue in ["held", "spam?show=decided", "projects"] {
            let and = if queue.contains('?') { '&' } else { '?' };
            mona.get(&format!("/moderation/{queue}{and}order=seen")).expect(200);
        }
    }

    fn every_page_of_a_filtered_queue_is_reached_once(site, limits_off) {
        let (duck, _) = three(site);
        let ids: Vec<ItemId> = (0..55).map(|n| site.waiting("ann", &duck, &format!("Ducks, part {n}."), State::Spam)).collect();
        let mona = site.moderator("mona");
        for address in ["spam?order=doubtful&first=1", "spam?order=surest&author=ann", "spam?order=oldest&maker=no",
            "spam?order=newest&younger=3h", "spam?order=reported&script=latin", "spam?order=seen&script=latin", "spam?q=ducks", "spam?q=ducks&order=surest"] {
            let page = mona.get(&format!("/moderation/{address}")).expect(200);
            let mut all = listed(&page);
            assert_eq!(all.len(), 50, "{address}");
            let next = page.links().into_iter().find(|link| link.contains("after=")).expect("a next page");
            let last = mona.get(&next).expect(200);
            all.extend(listed(&last));
            assert!(!last.links().iter().any(|link| link.contains("after=")), "{address}: a page after the last");
            all.sort();
            assert_eq!(all, ids, "{address}");
        }
    }

    fn what_was_taken_in_by_a_version_before_is_read_later(site, limits_off) {
        let (_, [first, maker, other]) = three(site);
        site.sql("DELETE FROM item_domains");
        site.sql("UPDATE items SET script = '', newcomer = FALSE, by_maker = FALSE");
        let mona = site.moderator("mona");
        // The site's own sweep may come first: either way all are read.
        while site.db(potluck_models::item::record_facts) {}
        assert_eq!(site.count("items WHERE script = ''"), 0);
        assert_eq!(find(&mona, "held?first=1"), [first]);
        assert_eq!(find(&mona, "held?maker=yes"), [maker]);
        assert_eq!(find(&mona, "held?script=cyrillic&domain=ducks.example"), [first]);
        assert_eq!(find(&mona, "held?domain=other.example"), [other]);
    }

    fn recent_forgets_what_is_long_past_but_not_what_was_drawn(site, limits_off) {
        site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let [new, old, drawn] = ["new", "old", "drawn"].map(|word| site.comment("odile", &duck, &format!("A {word} remark.")));
        use diesel::prelude::*;
        use potluck_models::schema::items;
        site.db(|db| diesel::update(items::table.filter(items::id.eq_any([old, drawn])))
            .set(items::created_at.eq(now() - chrono::Duration::days(90))).execute(db));
        site.sql(&format!("UPDATE items SET sampled = TRUE WHERE id = {drawn}"));
        let mona = site.moderator("mona");
        assert_eq!(find(&mona, "recent?kind=comment"), [new]);
        assert_eq!(find(&mona, "recent?sample=1"), [drawn]);
    }

    fn a_verdict_on_all_that_match_reaches_no_further_than_its_filter(site, limits_off) {
        let (_, [first, maker, other]) = three(site);
        let mona = site.moderator("mona");
        let confirm = mona.get("/moderation/held/all?domain=ducks.example&first=1&script=cyrillic&younger=2d").expect(200)
            .says("with a link to ducks.example").says("by first-timers").says("in Cyrillic letters").says("younger than 2 days");
        let form = confirm.form("/moderation/verdicts");
        mona.fill_in(&form, &[("verdict", "spam")]).expect(303);
        assert_eq!(site.state(first), State::Spam);
        assert_eq!((site.state(maker), site.state(other)), (State::Held, State::Held));
    }
}
