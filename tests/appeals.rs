//! Appeals: who may ask for another look, when, and who answers; what the answer does, and its undo.

use crate::support::*;
use diesel::prelude::*;
use potluck_models::db::ItemId;
use potluck_models::item::{Queue, State};
use potluck_models::schema::{appeals, batches};

const WORDS: &str = "I meant it kindly, and the ducks are mine.";

fn decide(client: &Client, id: ItemId, verdict: &str) {
    let item = format!("comment:{id}");
    let fields = [
        ("item", item.as_str()),
        ("verdict", verdict),
        ("reason", "unkind"),
    ];
    client.post("/moderation/verdicts", &fields).expect(303);
}

fn last_batch(site: &Site) -> i64 {
    site.db(|db| {
        batches::table
            .select(diesel::dsl::max(batches::id))
            .first::<Option<i64>>(db)
    })
    .expect("a batch")
}

fn ask(client: &Client, id: ItemId) -> Answer {
    let page = format!("/appeals/{id}");
    let form = client.get(&page).expect(200).form(&page);
    client.fill_in(&form, &[("words", WORDS)])
}

fn last_appeal(site: &Site) -> i64 {
    site.db(|db| {
        appeals::table
            .select(diesel::dsl::max(appeals::id))
            .first::<Option<i64>>(db)
    })
    .expect("an appeal")
}

/// By the form on the page.
fn rule(client: &Client, site: &Site, fields: &[(&str, &str)]) -> Answer {
    let action = format!("/moderation/appeals/{}", last_appeal(site));
    let form = client.get("/moderation/appeals").expect(200).form(&action);
    client.fill_in(&form, fields)
}

fn ten_minutes_later(site: &Site) {
    site.sql("UPDATE jobs SET run_at = '2020-01-01 00:00:00' WHERE kind = 'appeal'");
    wait_for("the job to be done", || {
        (site.count("jobs WHERE kind IN ('appeal', 'mail')") == 0).then_some(())
    });
}

/// As if it had come in two days ago.
fn two_days_ago(site: &Site, id: ItemId) {
    site.sql(&format!(
        "UPDATE revisions SET created_at = '2020-01-01 00:00:00' WHERE item_id = {id}"
    ));
    site.sql(&format!(
        "UPDATE verdicts SET created_at = '2020-01-01 00:00:00' WHERE item_id = {id}"
    ));
}

/// Ann and her published remark on a project of odile; mona and max moderate.
fn remark(site: &Site) -> (Client<'_>, ItemId) {
    site.maker("odile");
    let ann = site.regular("ann");
    let duck = site.project("odile", "Duck racer");
    let id = site.comment("ann", &duck, "A remark about the ducks.");
    site.moderator("mona");
    site.moderator("max");
    (ann, id)
}

on_both! {
    fn a_removal_is_appealed_once_by_its_author_and_decided_by_another(site, limits_off) {
        let (ann, id) = remark(site);
        let (mona, max, bob) = (site.come_back("mona"), site.come_back("max"), site.regular("bob"));
        ann.post(&format!("/appeals/{id}"), &[("words", WORDS)]).expect(403);
        decide(&mona, id, "remove");
        let page = ann.get(&format!("/comments/{id}")).expect(200);
        assert!(page.links().contains(&format!("/appeals/{id}")), "no way to ask");
        bob.get(&format!("/appeals/{id}")).expect(404);
        bob.post(&format!("/appeals/{id}"), &[("words", WORDS)]).expect(404);
        ann.get(&format!("/appeals/{id}")).expect(200).says("A remark about the ducks").says("it was unkind");
        ann.post(&format!("/appeals/{id}"), &[("words", " ")]).expect(422);
        ann.post(&format!("/appeals/{id}"), &[("words", &"x".repeat(1_001))]).expect(422);
        ask(&ann, id).expect(303);
        ann.post(&format!("/appeals/{id}"), &[("words", WORDS)]).expect(403);
        assert_eq!(site.count("appeals"), 1);
        ann.get(&format!("/comments/{id}")).expect(200).says("You asked for another look");
        assert!(mona.get("/moderation").expect(200).words().contains("Appeals 1"));
        // Who decided it first sees it, and sees why they cannot answer.
        let seen = mona.get("/moderation/appeals").expect(200).says(WORDS).says("You decided this first").says("Removed: unkind");
        let action = format!("/moderation/appeals/{}", last_appeal(site));
        assert!(!seen.forms().iter().any(|form| form.action == action));
        mona.post(&action, &[("outcome", "upheld")]).expect(403);
        ann.post(&action, &[("outcome", "overturned")]).expect(403);
        rule(&max, site, &[("outcome", "overturned"), ("answer", "You are right, sorry.")]).expect(303);
        assert_eq!(site.state(id), State::Published);
        assert_eq!(site.count("verdicts WHERE label IS NOT NULL"), 0, "of a removal the label stays as it was: none");
        ann.get(&format!("/comments/{id}")).expect(200).says("nothing is wrong with it").says("You are right, sorry.");
        max.get("/moderation/appeals").expect(200).does_not_say(WORDS);
        ten_minutes_later(site);
        let letter = site.letter("appeal", "ann");
        assert!(letter.contains("readers see it") && letter.contains("You are right, sorry."), "{letter}");
        assert_eq!(site.count("log WHERE act IN ('appeal', 'overturned')"), 2);
    }

    fn upholding_keeps_it_away_and_the_undo_opens_it_again(site, limits_off) {
        let (ann, id) = remark(site);
        let (mona, max) = (site.come_back("mona"), site.come_back("max"));
        decide(&mona, id, "remove");
        ask(&ann, id).expect(303);
        rule(&max, site, &[("outcome", "upheld"), ("answer", "It hurt somebody.")]).expect(303);
        assert_eq!(site.state(id), State::Removed);
        ann.get(&format!("/comments/{id}")).expect(200).says("it stays away from readers").says("It hurt somebody.");
        let undo = format!("/moderation/batches/{}/undo", last_batch(site));
        max.post(&undo, &[]).expect(303);
        assert_eq!(site.count("appeals WHERE decided_at IS NULL AND answer = ''"), 1);
        ten_minutes_later(site);
        assert_eq!(site.letters("appeal", "ann").len(), 0);
        ann.get(&format!("/comments/{id}")).expect(200).says("You asked for another look");
        rule(&max, site, &[("outcome", "overturned")]).expect(303);
        max.post(&format!("/moderation/batches/{}/undo", last_batch(site)), &[]).expect(303);
        assert_eq!(site.state(id), State::Removed);
        max.get("/moderation/appeals").expect(200).says(WORDS);
    }

    fn spam_and_held_look_the_same_and_may_be_asked_about_after_a_day(site, limits_off) {
        let (ann, _) = remark(site);
        let (mona, max) = (site.come_back("mona"), site.come_back("max"));
        let duck = site.project_by_title("Duck racer").unwrap();
        let held = site.waiting("ann", &duck, "One that waits in Held.", State::Held);
        let put_away = site.waiting("ann", &duck, "One that lies in Spam.", State::Spam);
        let marked = site.comment("ann", &duck, "One that a person called spam.");
        decide(&mona, marked, "spam");
        let words = |id: ItemId| {
            let page = ann.get(&format!("/appeals/{id}")).expect(200);
            page.words().split("Back").last().unwrap().split("One that").next().unwrap().to_owned()
        };
        for id in [held, put_away, marked] {
            ann.post(&format!("/appeals/{id}"), &[("words", WORDS)]).expect(403);
            ann.get(&format!("/appeals/{id}")).expect(200).says("you can ask here");
            assert!(!ann.get(&format!("/comments/{id}")).expect(200).links().contains(&format!("/appeals/{id}")));
            two_days_ago(site, id);
            assert!(ann.get(&format!("/comments/{id}")).expect(200).links().contains(&format!("/appeals/{id}")));
        }
        assert_eq!(words(held), words(put_away));
        assert_eq!(words(held), words(marked));
        // Nobody has decided what the filter put away: anybody on the desk may.
        ask(&ann, put_away).expect(303);
        mona.get("/moderation/appeals").expect(200).says("Nobody has decided it");
        rule(&mona, site, &[("outcome", "overturned")]).expect(303);
        assert_eq!(site.state(put_away), State::Published);
        assert_eq!(site.count(&format!("verdicts WHERE item_id = {put_away} AND label = 'ham'")), 1);
        // What a person called spam becomes ham by another.
        ask(&ann, marked).expect(303);
        mona.get("/moderation/appeals").expect(200).says("Marked as spam").says("You decided this first");
        rule(&max, site, &[("outcome", "overturned")]).expect(303);
        assert_eq!(site.count(&format!("verdicts WHERE item_id = {marked} AND label = 'ham' AND undone_at IS NULL")), 1);
        max.post(&format!("/moderation/batches/{}/undo", last_batch(site)), &[]).expect(303);
        assert_eq!(site.state(marked), State::Spam);
        assert_eq!(site.count(&format!("appeals WHERE item_id = {marked} AND decided_at IS NULL")), 1);
        // What waited is kept away for a reason.
        ask(&ann, held).expect(303);
        rule(&max, site, &[("outcome", "upheld"), ("reason", "off-topic")]).expect(303);
        assert_eq!((site.state(held), site.item(held).queue), (State::Removed, None));
    }

    fn a_verdict_in_a_queue_answers_an_appeal_too_but_no_second_no_by_the_first(site, limits_off) {
        let (ann, id) = remark(site);
        let (mona, max) = (site.come_back("mona"), site.come_back("max"));
        decide(&mona, id, "remove");
        ask(&ann, id).expect(303);
        decide(&mona, id, "remove");
        assert_eq!(site.count("appeals WHERE decided_at IS NULL"), 1);
        decide(&max, id, "remove");
        assert_eq!(site.count("appeals WHERE outcome = 'upheld'"), 1);
        max.post(&format!("/moderation/batches/{}/undo", last_batch(site)), &[]).expect(303);
        decide(&mona, id, "restore");
        assert_eq!(site.count("appeals WHERE outcome = 'overturned'"), 1, "anybody may change their mind");
        assert_eq!(site.state(id), State::Published);
    }

    fn who_is_alone_on_the_desk_decides_and_the_log_says_so(site, limits_off) {
        let (ann, id) = remark(site);
        site.sql("UPDATE users SET role = 'member' WHERE username = 'max'");
        let mona = site.come_back("mona");
        decide(&mona, id, "remove");
        ask(&ann, id).expect(303);
        mona.get("/moderation/appeals").expect(200).says("You are the only moderator here");
        rule(&mona, site, &[("outcome", "upheld")]).expect(303);
        assert_eq!(site.count("appeals WHERE outcome = 'upheld'"), 1);
        mona.get("/moderation/log").expect(200).says("nobody else moderates here");
    }

    fn what_its_author_deletes_or_an_undo_brings_back_waits_no_more(site, limits_off) {
        let (ann, id) = remark(site);
        let (mona, max) = (site.come_back("mona"), site.come_back("max"));
        decide(&mona, id, "remove");
        let batch = last_batch(site);
        ask(&ann, id).expect(303);
        mona.post(&format!("/moderation/batches/{batch}/undo"), &[]).expect(303);
        max.get("/moderation/appeals").expect(200).does_not_say(WORDS).says("Nobody waits");
        let action = format!("/moderation/appeals/{}", last_appeal(site));
        max.post(&action, &[("outcome", "upheld")]).expect(422).says("Nothing was changed");
        assert_eq!(site.state(id), State::Published);
    }

    fn a_project_and_a_release_are_appealed_from_their_pages(site, limits_off) {
        remark(site);
        let (odile, max) = (site.come_back("odile"), site.come_back("max"));
        let duck = site.project_by_title("Duck racer").unwrap();
        let item = format!("project:{}", duck.id);
        site.come_back("mona").post("/moderation/verdicts", &[("item", &item), ("verdict", "remove"), ("reason", "other")]).expect(303);
        assert!(odile.get(&duck.path()).expect(200).links().contains(&format!("/appeals/{}", duck.id)));
        ask(&odile, duck.id).expect(303);
        odile.get(&duck.path()).expect(200).says("You asked for another look");
        max.get("/moderation/appeals").expect(200).says("Duck racer").says("Removed: something else");
        rule(&max, site, &[("outcome", "overturned")]).expect(303);
        site.visitor().get(&duck.path()).expect(200);
        assert_eq!(site.item(duck.id).queue, None::<Queue>);
    }

    fn what_the_maker_declines_waits_for_no_moderator_and_blames_none(site, limits_off) {
        let (ann, id) = remark(site);
        let (odile, mona) = (site.come_back("odile"), site.come_back("mona"));
        odile.post(&format!("/comments/{id}/maker"), &[("act", "hold")]).expect(303);
        two_days_ago(site, id);
        ask(&ann, id).expect(303);
        mona.get("/moderation/appeals").expect(200).says(WORDS);
        odile.post(&format!("/comments/{id}/maker"), &[("act", "hide")]).expect(303);
        assert_eq!(site.state(id), State::Removed);
        mona.get("/moderation/appeals").expect(200).does_not_say(WORDS).says("Nobody waits");
        assert!(!mona.get("/moderation").expect(200).words().contains("Appeals 1"));
        ann.get(&format!("/appeals/{id}")).expect(200).says("The maker of the project does not show this").does_not_say("A moderator removed this");
    }

    fn nobody_answers_their_own_appeal_by_a_plain_verdict(site, limits_off) {
        remark(site);
        let (mona, max) = (site.come_back("mona"), site.come_back("max"));
        let duck = site.project_by_title("Duck racer").unwrap();
        let id = site.comment("mona", &duck, "A remark of mona's own.");
        decide(&max, id, "remove");
        ask(&mona, id).expect(303);
        for verdict in ["restore", "ham", "remove"] {
            let item = format!("comment:{id}");
            let fields = [("item", item.as_str()), ("verdict", verdict), ("reason", "unkind")];
            let answer = mona.post("/moderation/verdicts", &fields).expect(303);
            mona.get(answer.location().unwrap()).expect(200).says("somebody else decides it");
        }
        assert_eq!((site.state(id), site.count("appeals WHERE decided_at IS NULL")), (State::Removed, 1));
        // Better than nobody.
        site.sql("UPDATE users SET role = 'member' WHERE username = 'max'");
        decide(&mona, id, "restore");
        assert_eq!((site.state(id), site.count("appeals WHERE outcome = 'overturned'")), (State::Published, 1));
    }

    fn who_waited_a_day_does_not_learn_that_a_moderator_called_it_spam(site, limits_off) {
        let (ann, _) = remark(site);
        let duck = site.project_by_title("Duck racer").unwrap();
        let id = site.waiting("ann", &duck, "One that waits for long.", State::Held);
        two_days_ago(site, id);
        let way = format!("/appeals/{id}");
        let before = ann.get(&way).expect(200).words();
        decide(&site.come_back("mona"), id, "spam");
        assert_eq!(ann.get(&way).expect(200).words(), before);
        assert!(ann.get(&format!("/comments/{id}")).expect(200).links().contains(&way), "her day began anew");
    }

    fn an_answer_is_one_letter_and_none_when_somebody_decided_otherwise_since(site, limits_off) {
        let (ann, id) = remark(site);
        let (mona, max) = (site.come_back("mona"), site.come_back("max"));
        let letters_leave = || {
            site.sql("UPDATE jobs SET run_at = '2020-01-01 00:00:00' WHERE kind = 'letters'");
            wait_for("the letters to leave", || (site.count("jobs WHERE kind IN ('letters', 'mail')") == 0).then_some(()));
        };
        decide(&mona, id, "remove");
        letters_leave();
        ask(&ann, id).expect(303);
        rule(&max, site, &[("outcome", "overturned")]).expect(303);
        letters_leave();
        ten_minutes_later(site);
        assert_eq!((site.letters("appeal", "ann").len(), site.letters("verdict", "ann").len()), (1, 1), "the removal, and the answer");
        let other = site.comment("ann", &site.project_by_title("Duck racer").unwrap(), "A second remark of hers.");
        decide(&mona, other, "remove");
        ask(&ann, other).expect(303);
        rule(&max, site, &[("outcome", "overturned")]).expect(303);
        decide(&mona, other, "remove");
        ten_minutes_later(site);
        assert_eq!(site.letters("appeal", "ann").len(), 1, "readers do not see it");
    }

    fn who_asked_is_told_plainly_when_what_was_called_spam_stays_away(site, limits_off) {
        let (ann, _) = remark(site);
        let (mona, max) = (site.come_back("mona"), site.come_back("max"));
        let duck = site.project_by_title("Duck racer").unwrap();
        let id = site.waiting("ann", &duck, "One that lies in the dark.", State::Spam);
        let (place, way) = (format!("/comments/{id}"), format!("/appeals/{id}"));
        two_days_ago(site, id);
        ask(&ann, id).expect(303);
        ann.get(&place).expect(200).says("Waiting for a moderator");
        rule(&max, site, &[("outcome", "upheld")]).expect(303);
        assert_eq!((site.state(id), site.item(id).queue), (State::Spam, None));
        for page in [&place, &way, &duck.path()] {
            let page = ann.get(page).expect(200).says("it stays away from readers").does_not_say("aiting for a moderator").does_not_say("waits for a moderator");
            assert!(!page.words().to_lowercase().contains("spam"), "{}", page.words());
        }
        ten_minutes_later(site);
        let letter = site.letter("appeal", "ann");
        assert!(letter.contains("It stays away from readers") && !letter.to_lowercase().contains("spam"), "{letter}");
        // A new text in its place waits for nobody either.
        let edit = format!("{place}/edit");
        ann.submit(&edit, &edit, &[("body", "One that lies in the dark, said better.")]).expect(303);
        ann.get(&place).expect(200).says("said better").says("it stays away from readers");
        // Restored and put away again by the robot alone, it waits as anybody's would.
        decide(&mona, id, "restore");
        ann.get(&place).expect(200).does_not_say("stays away");
        site.put(id, State::Spam);
        ann.get(&place).expect(200).says("Waiting for a moderator").says("asked for another look at this before").does_not_say("stays away");
        ann.post(&way, &[("words", WORDS)]).expect(403).says("You asked before");
    }

    fn a_project_that_stays_away_is_called_so_wherever_its_makers_see_it(site, limits_off) {
        remark(site);
        let (odile, max) = (site.come_back("odile"), site.come_back("max"));
        let duck = site.project_by_title("Duck racer").unwrap();
        site.put(duck.id, State::Spam);
        two_days_ago(site, duck.id);
        odile.get("/account").expect(200).says("waits for a moderator");
        ask(&odile, duck.id).expect(303);
        rule(&max, site, &[("outcome", "upheld")]).expect(303);
        odile.get(&duck.path()).expect(200).says("Kept from readers").says("it stays away from readers").does_not_say("Waiting for a moderator");
        for list in ["/account", "/people/odile"] {
            odile.get(list).expect(200).says("kept from readers").does_not_say("waits for a moderator");
        }
        max.post(&format!("/moderation/batches/{}/undo", last_batch(site)), &[]).expect(303);
        odile.get(&duck.path()).expect(200).says("Waiting for a moderator").does_not_say("Kept from readers");
    }

    fn a_letter_and_a_page_offer_another_look_only_once(site, limits_off) {
        let (ann, id) = remark(site);
        let (mona, max) = (site.come_back("mona"), site.come_back("max"));
        let place = format!("/comments/{id}");
        let newest_letter = |n: usize| {
            site.sql("UPDATE jobs SET run_at = '2020-01-01 00:00:00' WHERE kind = 'letters'");
            wait_for("the letter", || Some(site.letters("verdict", "ann")).filter(|all| all.len() == n)).pop().unwrap()
        };
        decide(&mona, id, "remove");
        assert!(newest_letter(1).contains("Another moderator looks at it then"));
        ask(&ann, id).expect(303);
        rule(&max, site, &[("outcome", "overturned")]).expect(303);
        decide(&mona, id, "remove");
        let letter = newest_letter(2);
        assert!(letter.contains("removed your comment") && !letter.contains("Another moderator looks at it then"), "{letter}");
        let page = ann.get(&place).expect(200).says("asked for another look at this before").does_not_say("nothing is wrong with it");
        assert!(!page.words().contains("Ask a moderator to look"), "{}", page.words());
    }

    fn only_appeals_that_wait_take_a_place_and_erased_ones_keep_no_words(site, limits_off) {
        let (ann, id) = remark(site);
        let duck = site.project_by_title("Duck racer").unwrap();
        let author = site.user_id("ann");
        let mut asked = Vec::new();
        for n in 0..10 {
            let other = site.comment("ann", &duck, &format!("Remark {n} that was asked about."));
            site.sql(&format!("INSERT INTO appeals (item_id, author_id, words, created_at) VALUES ({other}, {author}, 'Look at it.', '2026-01-01 00:00:00')"));
            site.put(other, State::Removed);
            asked.push(other);
        }
        decide(&site.come_back("mona"), id, "remove");
        ann.post(&format!("/appeals/{id}"), &[("words", WORDS)]).expect(403).says("10 of your texts wait");
        site.put(asked[0], State::Published);
        ask(&ann, id).expect(303);
        site.sql(&format!("UPDATE items SET state = 'deleted', erase_at = '2020-01-01 00:00:00' WHERE id = {id}"));
        site.db(|db| potluck_models::item::erase_deleted(db).map(|_| ()));
        assert_eq!(site.count("appeals WHERE words = ''"), 1);
    }
}
