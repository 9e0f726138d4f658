//! The desk as moderators use it: by keys alone, by forms alone, two at once, and with care.

use crate::browser::{Browser, Driver};
use crate::bulk::crowd;
use crate::support::*;
use potluck_models::item::State;

fn in_state(site: &Site, state: &str) -> i64 {
    site.count(&format!(
        "items WHERE kind = 'comment' AND state = '{state}'"
    ))
}

fn wait_for_queue(site: &Site, left: i64) {
    wait_for(&format!("the queue to have {left}"), || {
        (site.count("items WHERE queue = 'held'") == left).then_some(())
    });
}

/// The page has taken over what the server answered: nothing is on its way.
fn wait_for_page(mona: &Browser, rows: i64) {
    wait_for("the page to show what is left", || {
        let left = mona.ask("document.querySelectorAll('[data-item]:not([data-sent])').length");
        let sent = mona.ask("document.querySelectorAll('[data-sent]').length");
        (left == rows && sent == 0).then_some(())
    });
}

fn wait_until_told(mona: &Browser, words: &str) {
    wait_for("the screen reader to be told", || {
        let said = mona.ask("document.querySelector('[data-say]').textContent");
        said.as_str()
            .filter(|said| said.contains(words))
            .map(|_| ())
    });
}

#[test]
fn a_hundred_items_are_decided_by_keys_alone() {
    let Some((driver, program)) = Driver::start() else {
        return;
    };
    let site = Site::start(Database::Sqlite, Options::default().limits_off());
    crowd(&site, 100);
    site.moderator("mona");
    let mona = Browser::open(&driver, &program, &site, true);
    mona.log_in("mona");
    mona.go("/moderation");
    // 1 is the first queue.
    mona.keys("1");
    mona.sees("100 wait");

    // One after the other, faster than the server answers.
    mona.keys("jssssssssssssssshhhhhhhhhh");
    wait_for_queue(&site, 75);
    wait_for_page(&mona, 50);
    assert_eq!(
        (in_state(&site, "spam"), in_state(&site, "published")),
        (15, 10)
    );
    // Removing opens the reasons, and a digit chooses one.
    for left in (70..75).rev() {
        mona.keys("r1");
        wait_for_queue(&site, left);
        wait_for_page(&mona, 50);
    }
    assert_eq!(in_state(&site, "removed"), 5);
    // The last is taken back, and given again.
    mona.keys("u");
    wait_for_queue(&site, 71);
    wait_for_page(&mona, 50);
    mona.keys("r1");
    wait_for_queue(&site, 70);
    wait_for_page(&mona, 50);
    // Three ticks, two of them as a run; then the whole page; then what is left.
    mona.keys("kkkkkxjjx");
    mona.sees("2 of 50 ticked");
    mona.keys("s");
    wait_for_queue(&site, 68);
    wait_for_page(&mona, 50);
    mona.keys("as");
    wait_for_queue(&site, 18);
    wait_for_page(&mona, 18);
    // Everything that matches is two keys: the preview, and the verdict.
    mona.keys("m");
    mona.sees("All 18 that match?");
    mona.keys("s");
    wait_for_queue(&site, 0);
    mona.sees("18 items marked as spam");
    let spam = (
        in_state(&site, "spam"),
        in_state(&site, "published"),
        in_state(&site, "removed"),
    );
    assert_eq!(spam, (85, 10, 5));
    assert_eq!(site.count("verdicts WHERE undone_at IS NULL"), 100);
    assert_eq!(mona.complaints(), Vec::<String>::new());
}

#[test]
fn keys_can_be_chosen_and_none_acts_while_somebody_types() {
    let Some((driver, program)) = Driver::start() else {
        return;
    };
    let site = Site::start(Database::Sqlite, Options::default().limits_off());
    crowd(&site, 3);
    let client = site.moderator("mona");
    client
        .submit(
            "/moderation/habits",
            "/moderation/habits",
            &[("key-spam", "z"), ("key-tick", "s")],
        )
        .expect(303);
    let mona = Browser::open(&driver, &program, &site, true);
    mona.log_in("mona");
    mona.go("/moderation/held");
    mona.keys("js");
    mona.sees("1 of 3 ticked");
    mona.keys("s");
    // Words in a field are words.
    mona.click(".filter-fold summary");
    mona.click("#f-q");
    mona.keys("zhzuzsz1");
    assert_eq!(mona.ask("document.querySelector('#f-q').value"), "zhzuzsz1");
    assert_eq!(mona.ask("location.pathname"), "/moderation/held");
    mona.click(".desk-head h1");
    mona.keys("z");
    wait_for_queue(&site, 2);
    assert_eq!(in_state(&site, "spam"), 1);
    // What is said to those who cannot see it.
    wait_until_told(&mona, "1 item marked as spam");
    // Also to who went on to a field before the answer came, which stays as it is.
    mona.ask("document.querySelector('[data-say]').textContent = ''");
    mona.click(".filter-fold summary");
    mona.ask("void (document.querySelector('[data-item] [data-verdict=spam]').click(), document.querySelector('#f-q').focus())");
    wait_until_told(&mona, "1 item marked as spam");
    wait_until_told(&mona, "1 on this page");
    assert_eq!(mona.ask("document.activeElement.id"), "f-q");
    assert_eq!(mona.complaints(), Vec::<String>::new());
}

#[test]
fn when_no_answer_comes_the_desk_does_not_say_what_it_cannot_know() {
    let Some((driver, program)) = Driver::start() else {
        return;
    };
    let site = Site::start(Database::Sqlite, Options::default().limits_off());
    crowd(&site, 2);
    site.moderator("mona");
    let mona = Browser::open(&driver, &program, &site, true);
    mona.log_in("mona");
    mona.go("/moderation/held");
    // The server gets it, and the way back breaks.
    mona.ask("void (window.fetch = ((fetch) => (...all) => fetch(...all).then(() => Promise.reject()))(window.fetch))");
    mona.keys("js");
    wait_for_queue(&site, 1);
    wait_until_told(&mona, "No answer came");
    mona.sees("may hold or not");
    assert!(!mona.words().contains("changed nothing"));
    mona.send(".flash-bad a");
    mona.sees("1 wait");
}

#[test]
fn a_hundred_items_are_decided_by_forms_alone() {
    let Some((driver, program)) = Driver::start() else {
        return;
    };
    let site = Site::start(Database::Sqlite, Options::default().limits_off());
    crowd(&site, 100);
    site.moderator("mona");
    let mona = Browser::open(&driver, &program, &site, false);
    mona.log_in("mona");
    mona.go("/moderation/held");
    for left in (90..100).rev() {
        mona.send("[data-item] [data-verdict=spam]");
        assert_eq!(site.count("items WHERE queue = 'held'"), left);
    }
    mona.send(".flash [data-undo]");
    assert_eq!(site.count("items WHERE queue = 'held'"), 91);
    for _ in 0..11 {
        mona.send("[data-item] [data-verdict=ham]");
    }
    mona.click("[data-remove] summary");
    mona.click("[data-remove] input[name=reason]");
    mona.send("[data-verdict=remove]");
    for n in 1..=30 {
        mona.click(&format!("[data-item]:nth-child({n}) input[name=item]"));
    }
    mona.send("[data-bulk=spam]");
    mona.sees("30 items marked as spam");
    mona.send(".desk-bar-all");
    mona.sees("All 49 that match?");
    mona.send(".confirm-all [value=spam]");
    mona.sees("49 items marked as spam");
    let now = (
        in_state(&site, "spam"),
        in_state(&site, "published"),
        in_state(&site, "removed"),
    );
    assert_eq!(now, (88, 11, 1));
    assert_eq!(site.count("verdicts WHERE undone_at IS NULL"), 100);
}

/// The items of a queue's page.
fn shown(page: &Answer) -> Vec<String> {
    let html = page.html();
    let words = html.split("name=\"item\" value=\"").skip(1);
    let mut items: Vec<String> = words
        .map(|rest| rest.split('"').next().unwrap_or("").to_owned())
        .collect();
    items.sort();
    items.dedup();
    items
}

on_both! {
    fn two_moderators_who_take_the_next_items_never_get_the_same(site) {
        crowd(site, 60);
        let (mona, ada) = (site.moderator("mona"), site.moderator("ada"));
        let take = |client: &Client| {
            let page = client.get("/moderation/held").expect(200);
            let done = client.fill_in(&page.form("/moderation/claims"), &[("share", "mine")]);
            let to = done.expect(303).location().expect("a place").to_owned();
            shown(&client.get(&to).expect(200))
        };
        let (monas, adas) = (take(&mona), take(&ada));
        assert_eq!((monas.len(), adas.len()), (25, 25));
        assert!(monas.iter().all(|item| !adas.contains(item)));
        // Each sees who has what.
        mona.get("/moderation/held").expect(200).says("Also at the desk: ada (25 open)").says("ada has it open");
        // A third person gets what is free, and then is told that nothing is.
        let eve = site.moderator("eve");
        assert_eq!(take(&eve).len(), 10);
        let again = site.moderator("otto");
        let page = again.get("/moderation/held").expect(200);
        let none = again.fill_in(&page.form("/moderation/claims"), &[("share", "mine")]).expect(303);
        again.get(none.location().expect("a place")).expect(200).says("Nothing here is free");
        // Ten minutes after somebody's last act their items are free again.
        site.sql("UPDATE claims SET until = '2020-01-01 00:00:00'");
        assert_eq!(take(&again).len(), 25);
    }

    fn a_share_is_dealt_out_among_those_on_duty(site) {
        crowd(site, 30);
        let (mona, ada) = (site.moderator("mona"), site.moderator("ada"));
        let deal = |client: &Client, share: &str| {
            let page = client.get("/moderation/held").expect(200);
            client.fill_in(&page.form("/moderation/claims"), &[("share", share)]).expect(303)
        };
        deal(&ada, "mine");
        deal(&ada, "none");
        // She has decided something just now, so she is at the desk.
        let first = shown(&ada.get("/moderation/held").expect(200))[0].clone();
        ada.post("/moderation/verdicts", &[("item", &first), ("verdict", "spam"), ("back", "/moderation/held")]).expect(303);
        deal(&mona, "all");
        let of = |name: &str| site.count(&format!("claims WHERE user_id = {}", site.user_id(name).0));
        assert_eq!((of("mona"), of("ada")), (13, 12));
        let hers = ada.get("/moderation/held?claimed=ada").expect(200);
        assert_eq!(shown(&hers).len(), 12);
        hers.says("These are yours");
    }

    fn one_at_a_time_keeps_the_view_and_says_it_once(site) {
        crowd(site, 3);
        let mona = site.moderator("mona");
        let page = mona.get("/moderation/held?order=oldest&maker=no&one=0").expect(200);
        let taken = mona.fill_in(&page.form("/moderation/claims"), &[("share", "one"), ("one", "0")]).expect(303);
        let to = taken.location().expect("a place").to_owned();
        assert_eq!(to, "/moderation/held?maker=no&order=oldest&one=1");
        assert_eq!(shown(&mona.get(&to).expect(200)).len(), 1);
        let held = site.count("claims");
        for share in ["", "half"] {
            mona.post("/moderation/claims", &[("queue", "held"), ("share", share)]).expect(400).says("Nothing was changed");
        }
        assert_eq!(site.count("claims"), held);
    }

    fn the_last_acts_of_every_kind_stand_on_the_front_page_and_are_taken_back_there(site, limits_off) {
        crowd(site, 2);
        let (mona, bob) = (site.moderator("mona"), site.regular("bob"));
        bob.submit("/people/ann/report", "/people/ann/report", &[("reason", "spam")]).expect(303);
        let item = shown(&mona.get("/moderation/held").expect(200))[0].clone();
        mona.post("/moderation/verdicts", &[("item", &item), ("verdict", "spam")]).expect(303);
        mona.post("/moderation/people/ann/warn", &[("reason", "Please be kind.")]).expect(303);
        mona.post("/moderation/rules/raid", &[("number", "2"), ("note", "")]).expect(303);
        mona.post("/moderation/people/ann/reports", &[("outcome", "acted")]).expect(303);
        let acts = |page: &Answer| page.words().split("Your last acts").nth(1).expect("the list").to_owned();
        let page = mona.get("/moderation").expect(200);
        let said = acts(&page);
        let at = |words: &str| said.find(words).unwrap_or_else(|| panic!("no {words}: {said}"));
        assert!(at("ann: 1 report of the profile answered, acted on") < at("Rule set: raid mode"));
        assert!(at("Rule set: raid mode") < at("ann: warned") && at("ann: warned") < at("1 item marked as spam"));
        // Each from where it is listed; the key takes back the newest that stands.
        let pressed = |page: &Answer| {
            let html = page.html();
            let before = html.split("data-undo").next().expect("a button").to_owned();
            assert_eq!(html.matches("data-undo").count(), 1);
            before.rsplit("action=\"").next().expect("its form").split('"').next().expect("an address").to_owned()
        };
        for (way, done) in [
            ("/moderation/people/ann/reports", "profile_reports WHERE closed_at IS NULL"),
            ("/moderation/rules/", "rules WHERE ended_at IS NOT NULL"),
            ("/moderation/sanctions/", "sanctions WHERE undone_at IS NOT NULL"),
            ("/moderation/batches/", "batches WHERE undone_at IS NOT NULL"),
        ] {
            let page = mona.get("/moderation").expect(200);
            let action = match way {
                // Its end is the newest act then, and could be taken back in its turn.
                "/moderation/sanctions/" | "/moderation/batches/" => page.forms().into_iter().map(|form| form.action).find(|to| to.starts_with(way)).expect("a form"),
                _ => pressed(&page),
            };
            assert!(action.starts_with(way), "{action} instead of {way}");
            let back = mona.fill_in(&page.form(&action), &[]).expect(303);
            mona.get(back.location().expect("a place")).expect(200);
            assert_eq!(site.count(done), 1, "{way}");
        }
        let page = mona.get("/moderation").expect(200).says("Rule ended: raid mode");
        assert!(pressed(&page).ends_with("/resume"));
        // Nobody else's list has them.
        site.moderator("max").get("/moderation").expect(200).says("None yet");
        mona.get("/moderation/log").expect(200).says("spam on 1 item").does_not_say("1 items");
    }

    fn who_opens_an_item_is_named_to_the_others_and_stops_nobody(site) {
        crowd(site, 2);
        let (mona, ada) = (site.moderator("mona"), site.moderator("ada"));
        let page = mona.get("/moderation/held?order=oldest").expect(200);
        let item = shown(&page)[0].clone();
        let id = item.split(':').next_back().expect("a number");
        let open = format!("/moderation/items/{id}/open");
        assert!(page.html().contains(&open));
        let opened = mona.post(&open, &[]).expect(303);
        assert_eq!(opened.leads_to(), format!("/comments/{id}"));
        let adas = ada.get("/moderation/held").expect(200).says("mona has it open");
        assert!(!mona.get("/moderation/held").expect(200).words().contains("mona has it open"));
        // One at a time, she is not shown what mona reads.
        assert!(!shown(&ada.get("/moderation/held?one=1").expect(200)).contains(&item));
        // She may decide it all the same; what mona then presses overwrites nothing.
        ada.fill_in(&adas.form("/moderation/verdicts"), &[("item", &item), ("verdict", "ham")]).expect(303);
        let late = mona.fill_in(&page.form("/moderation/verdicts"), &[("item", &item), ("verdict", "spam")]).expect(303);
        mona.get(late.location().expect("a place")).expect(200).says("was decided by ada: ham");
        assert_eq!(site.state(potluck_models::db::ItemId(id.parse().expect("a number"))), State::Published);
    }

    fn one_item_at_a_time_is_a_page_of_one_and_the_next_after_each_verdict(site) {
        crowd(site, 3);
        let mona = site.moderator("mona");
        mona.submit("/moderation/habits", "/moderation/habits", &[("one_at_a_time", "1"), ("blur", "1")]).expect(303);
        for left in (0..3).rev() {
            let page = mona.get("/moderation/held").expect(200).says("Show");
            let item = shown(&page);
            assert_eq!(item.len(), 1);
            mona.fill_in(&page.form("/moderation/verdicts"), &[("item", &item[0]), ("verdict", "spam")]).expect(303);
            assert_eq!(site.count("items WHERE queue = 'held'"), left);
        }
        mona.get("/moderation/held").expect(200).says("Nothing waits");
        // As a list again, where she asks for it.
        crowd_more(site);
        assert_eq!(shown(&mona.get("/moderation/held?one=0").expect(200)).len(), 2);
    }

    fn sure_spam_is_folded_left_out_or_shown_as_the_site_says(site) {
        site.maker("odile");
        site.member("ann");
        let duck = site.project("odile", "Duck racer");
        let put = |text: &str, why: &str, sampled: bool| {
            let id = site.waiting("ann", &duck, text, State::Spam);
            site.sql(&format!("UPDATE items SET why = '{why}', score = 0.999, sampled = {sampled} WHERE id = {id}"));
            id
        };
        put("Sure one, buy now", "filter", false);
        put("Drawn one, buy now", "filter", true);
        put("Copied one, buy now", "duplicates", false);
        put("One more of a wave, buy now", "campaign", false);
        let ada = site.admin("ada");
        let folds = |page: &Answer| page.html().matches("its text is not shown").count();
        let page = ada.get("/moderation/spam").expect(200);
        assert_eq!((shown(&page).len(), folds(&page)), (4, 2));
        let set = |to: &str| ada.submit("/admin/settings", "/admin/settings", &[("sure_spam", to)]);
        set("left-out").expect(303);
        let page = ada.get("/moderation/spam").expect(200).says("2 wait").says("left out");
        assert_eq!(shown(&page).len(), 2);
        let all = ada.get("/moderation/spam?sure=1").expect(200);
        assert_eq!((shown(&all).len(), folds(&all)), (4, 2));
        // All that match are those that were shown.
        ada.get(&page.links().into_iter().find(|to| to.contains("/moderation/spam/all")).expect("the link")).expect(200).says("All 2 that match?");
        set("shown").expect(303);
        let page = ada.get("/moderation/spam").expect(200);
        assert_eq!((shown(&page).len(), folds(&page)), (4, 0));
        set("never").expect(422);
    }

    fn after_a_long_stretch_a_break_is_offered_and_can_be_declined(site) {
        crowd(site, 20);
        let mona = site.moderator("mona");
        for item in shown(&mona.get("/moderation/held").expect(200)) {
            mona.post("/moderation/verdicts", &[("item", &item), ("verdict", "spam"), ("back", "/moderation/held")]).expect(303);
        }
        mona.get("/moderation/held").expect(200).does_not_say("without a pause");
        // Twenty acts, four minutes apart.
        let ids: Vec<i64> = site.db(|db| {
            use diesel::prelude::*;
            use potluck_models::schema::batches;
            batches::table.order(batches::id.desc()).select(batches::id).load(db)
        });
        for (n, id) in ids.iter().enumerate() {
            let at = potluck_models::db::now() - chrono::Duration::minutes(4 * n as i64);
            site.sql(&format!("UPDATE batches SET created_at = '{}' WHERE id = {id}", at.format("%Y-%m-%d %H:%M:%S%.6f")));
        }
        mona.get("/moderation/held").expect(200).says("for 76 minutes without a pause");
        mona.submit("/moderation/habits", "/moderation/habits", &[("break_after", "0")]).expect(303);
        mona.get("/moderation/held").expect(200).does_not_say("without a pause");
        mona.submit("/moderation/habits", "/moderation/habits", &[("break_after", "-3")]).expect(422);
        mona.submit("/moderation/habits", "/moderation/habits", &[("key-spam", "h")]).expect(422).says("The key h was given to two things");
    }

    fn a_card_shows_links_and_pictures_only_when_asked(site) {
        site.maker("odile");
        site.member("ann");
        let duck = site.project("odile", "Duck racer");
        site.waiting("ann", &duck, "See [my shop](https://shop.example/?a=1&b=2) and https://duck.example/", State::Held);
        let page = site.moderator("mona").get("/moderation/held").expect(200);
        let text = page.html();
        let card = text.split("item-content").nth(1).expect("a card").split("</article>").next().expect("its end");
        let (shown, asked) = card.split_once("item-follow").expect("the links stand apart");
        assert!(!shown.contains("<a "), "{shown}");
        assert!(asked.contains("href=\"https://shop.example/?a=1&#38;b=2\"") || asked.contains("href=\"https://shop.example/?a=1&amp;b=2\""), "{asked}");
        assert!(asked.contains("rel=\"nofollow ugc noopener noreferrer\""));
    }
}

fn crowd_more(site: &Site) {
    let duck = site
        .project_by_title("Duck racer")
        .expect("the project is there");
    for n in 0..2 {
        site.waiting("ann", &duck, &format!("Buy duck number {n}."), State::Held);
    }
}
