//! What moderators do about a person: each act, whom it may not meet, what the person sees of it,
//! and its undo.

use crate::support::*;
use diesel::prelude::*;
use potluck_models::item::{Queue, State};
use potluck_models::schema::sanctions;

const WHY: &str = "Three adverts in a week, after we had asked.";

fn day(days: i64) -> String {
    (potluck_models::now() + chrono::Duration::days(days))
        .format("%Y-%m-%d")
        .to_string()
}

fn act(client: &Client, name: &str, act: &str, fields: &[(&str, &str)]) -> Answer {
    let page = format!("/moderation/people/{name}/{act}");
    let form = client.get(&page).expect(200).form(&page);
    let mut all = vec![("reason", WHY)];
    all.extend_from_slice(fields);
    client.fill_in(&form, &all)
}

fn last(site: &Site) -> i64 {
    site.db(|db| {
        sanctions::table
            .select(diesel::dsl::max(sanctions::id))
            .first::<Option<i64>>(db)
    })
    .expect("an act")
}

/// By the button on the page of the person.
fn undo(client: &Client, site: &Site, name: &str) -> Answer {
    let action = format!("/moderation/sanctions/{}/undo", last(site));
    let form = client
        .get(&format!("/moderation/people/{name}"))
        .expect(200)
        .form(&action);
    client.fill_in(&form, &[])
}

/// Ann, who posts freely, and a project to post on.
fn ann(site: &Site) -> (Client<'_>, Made) {
    site.maker("odile");
    let ann = site.regular("ann");
    (ann, site.project("odile", "Duck racer"))
}

fn posts(client: &Client, project: &Made, text: &str) -> Answer {
    client.post(&project.comments(), &[("body", text)])
}

fn is_published(site: &Site, text: &str) -> bool {
    site.comment_saying(text)
        .is_some_and(|id| site.state(id) == State::Published)
}

/// As if ten minutes had passed.
fn ten_minutes_later(site: &Site) {
    site.sql("UPDATE jobs SET run_at = '2020-01-01 00:00:00' WHERE kind = 'sanction'");
    wait_for("the job to be done", || {
        (site.count("jobs WHERE kind = 'sanction'") == 0).then_some(())
    });
}

fn log_in(site: &Site, name: &str) -> Answer {
    site.visitor().submit(
        "/login",
        "/login",
        &[("login", name), ("password", PASSWORD)],
    )
}

on_both! {
    fn the_next_texts_are_held_and_then_no_more(site, limits_off) {
        let (ann, duck) = ann(site);
        let mona = site.moderator("mona");
        act(&mona, "ann", "hold", &[("texts", "2"), ("until", &day(9))]).expect(303);
        ann.get("/account").expect(200).says("your next 2 texts").says(WHY);
        posts(&ann, &duck, "First of two that a moderator sees.").expect(303);
        let first = site.comment_saying("First of two").unwrap();
        assert_eq!((site.state(first), site.item(first).why.as_str()), (State::Held, "watched"));
        mona.get("/moderation/held").expect(200).says("watched by a moderator").says(WHY);
        // Correcting it does not use the hold up.
        ann.post(&format!("/comments/{first}/edit"), &[("body", "First of two, said better.")]).expect(303);
        posts(&ann, &duck, "Second of two that a moderator sees.").expect(303);
        assert!(!is_published(site, "Second of two"));
        posts(&ann, &duck, "Third, which is seen at once.").expect(303);
        assert!(is_published(site, "Third, which"));
        // An act that ran out by itself has nothing left to undo.
        mona.post(&format!("/moderation/sanctions/{}/undo", last(site)), &[]).expect(403);
    }

    fn a_hold_is_undone(site, limits_off) {
        let (ann, duck) = ann(site);
        let mona = site.moderator("mona");
        act(&mona, "ann", "hold", &[("texts", "5"), ("until", &day(9))]).expect(303);
        undo(&mona, site, "ann").expect(303);
        ann.get("/account").expect(200).does_not_say("What holds for you");
        posts(&ann, &duck, "Seen at once, as before.").expect(303);
        assert!(is_published(site, "Seen at once"));
    }

    fn a_warning_is_read_before_the_next_text_which_is_kept(site, limits_off) {
        let (ann, duck) = ann(site);
        let mona = site.moderator("mona");
        act(&mona, "ann", "warn", &[]).expect(303);
        for path in ["/", "/projects", "/account", &duck.path()] {
            ann.get(path).expect(200).says(WHY);
        }
        let typed = "A remark that must not be lost for a warning.";
        let refused = posts(&ann, &duck, typed).expect(403).keeps(typed).says("Read it first");
        assert!(refused.links().iter().any(|link| link.starts_with("/account")), "no way to it");
        assert_eq!(site.comment_saying(typed), None);
        let form = ann.get("/account").expect(200).form("/account/warning");
        ann.fill_in(&form, &[]).expect(303);
        ann.get("/").expect(200).does_not_say(WHY);
        posts(&ann, &duck, typed).expect(303);
        assert!(is_published(site, typed));
        mona.get("/moderation/people/ann").expect(200).says("read just now");
        mona.get("/moderation/log").expect(200).says("read the warning");
    }

    fn nobody_reads_a_warning_for_another(site, limits_off) {
        ann(site);
        let (mona, bob) = (site.moderator("mona"), site.regular("bob"));
        act(&mona, "ann", "warn", &[]).expect(303);
        bob.post("/account/warning", &[("warning", &last(site).to_string())]);
        assert_eq!(site.count("sanctions WHERE read_at IS NULL"), 1);
        bob.get("/").expect(200).does_not_say(WHY);
    }

    fn an_undone_warning_leaves_no_trace_with_the_person(site, limits_off) {
        let (ann, duck) = ann(site);
        let mona = site.moderator("mona");
        act(&mona, "ann", "warn", &[]).expect(303);
        assert_eq!(site.letters("sanction", "ann").len(), 0);
        undo(&mona, site, "ann").expect(303);
        ann.get("/").expect(200).does_not_say(WHY);
        posts(&ann, &duck, "Posted with no warning in between.").expect(303);
        ten_minutes_later(site);
        assert_eq!(site.count("jobs WHERE kind NOT IN ('notice', 'notices')"), 0);
        assert_eq!(site.letters("sanction", "ann").len() + site.letters("lifted", "ann").len(), 0);
        mona.get("/moderation/log").expect(200).says("took back");
    }

    fn a_suspension_from_posting_says_why_and_until_when(site, limits_off) {
        let (ann, duck) = ann(site);
        let mona = site.moderator("mona");
        act(&mona, "ann", "suspend", &[("scope", "posting"), ("until", &day(9))]).expect(303);
        let typed = "A remark that must not be lost for a suspension.";
        posts(&ann, &duck, typed).expect(403).keeps(typed).says("cannot post until").says(WHY);
        ann.get(&duck.path()).expect(200).says("cannot post until").says(WHY);
        ann.get("/account").expect(200).says("You cannot post until").says(WHY);
        log_in(site, "ann").expect(303);
        mona.get("/moderation/people?show=suspended").expect(200).says("ann").does_not_say("odile");
        ten_minutes_later(site);
        let letter = site.letter("sanction", "ann");
        assert!(letter.contains("You cannot post until") && letter.contains(WHY), "{letter}");
        undo(&mona, site, "ann").expect(303);
        posts(&ann, &duck, typed).expect(303);
        assert!(site.letter("lifted", "ann").contains("took back"));
        mona.get("/moderation/people?show=suspended").expect(200).says("Nobody here");
    }

    fn a_suspension_of_all_ends_the_visit_and_its_undo_brings_it_back(site, limits_off) {
        let (ann, _) = ann(site);
        let mona = site.moderator("mona");
        act(&mona, "ann", "suspend", &[("scope", "all"), ("until", &day(9))]).expect(303);
        assert_eq!(ann.get("/account").leads_to(), "/login");
        log_in(site, "ann").expect(403).says("cannot log in until").says(WHY);
        let wrong = site.visitor().submit("/login", "/login", &[("login", "ann"), ("password", "not her password")]);
        wrong.expect(422).does_not_say(WHY);
        undo(&mona, site, "ann").expect(303);
        ann.get("/account").expect(200);
        log_in(site, "ann").expect(303);
    }

    fn an_end_comes_by_itself(site, limits_off) {
        let (ann, duck) = ann(site);
        let mona = site.moderator("mona");
        act(&mona, "ann", "suspend", &[("scope", "all"), ("until", &day(9))]).expect(303);
        act(&mona, "ann", "suspend", &[("scope", "posting"), ("until", &day(20))]).expect(303);
        let past = "'2020-01-01 00:00:00'";
        site.sql(&format!("UPDATE users SET locked_out_until = {past} WHERE username = 'ann'"));
        posts(&ann, &duck, "Too early by some days.").expect(403).says(&{
            let end = potluck_models::now() + chrono::Duration::days(20);
            end.format("%-d %B %Y").to_string()
        });
        site.sql(&format!("UPDATE users SET suspended_until = {past} WHERE username = 'ann'"));
        posts(&ann, &duck, "Here again after some days.").expect(303);
    }

    fn all_they_wrote_goes_and_comes_back_in_one_act_with_the_suspension(site, limits_off) {
        let (ann, duck) = ann(site);
        let mona = site.moderator("mona");
        let mine = site.project("ann", "A lamp of ann");
        let held = site.waiting("ann", &duck, "One that waits already.", State::Held);
        let shown = site.comment("ann", &duck, "One that everybody reads.");
        let put_away = site.waiting("ann", &duck, "Golden ducks, cheap.", State::Spam);
        let others = site.comment("odile", &duck, "Not of ann at all.");
        let standing = |id| (site.state(id), site.item(id).queue);
        let before: Vec<_> = [mine.id, held, shown, put_away].into_iter().map(standing).collect();
        let fields = [("away", "remove"), ("why", "off-topic"), ("scope", "posting"), ("until", &day(9)), ("sure", "1")];
        act(&mona, "ann", "clear", &fields).expect(303);
        assert_eq!([mine.id, held, shown].map(|id| site.state(id)), [State::Removed; 3]);
        assert_eq!(standing(put_away), (State::Spam, Some(Queue::Spam)), "spam stays in its queue");
        assert_eq!(site.state(others), State::Published);
        assert_eq!(site.count("batches"), 1);
        assert_eq!(site.count("verdicts WHERE label IS NOT NULL"), 0);
        posts(&ann, &duck, "Not now.").expect(403);
        ann.get("/account").expect(200).says("cannot post until").says(WHY);
        // In the log stand the batch and the act; either button takes back both.
        let undo_act = format!("/moderation/sanctions/{}/undo", last(site));
        let buttons = mona.get("/moderation/log").expect(200).forms();
        assert_eq!(buttons.iter().filter(|form| form.action == undo_act).count(), 2);
        assert!(!buttons.iter().any(|form| form.action.starts_with("/moderation/batches")));
        undo(&mona, site, "ann").expect(303);
        let after: Vec<_> = [mine.id, held, shown, put_away].into_iter().map(standing).collect();
        assert_eq!(before, after);
        posts(&ann, &duck, "And now again.").expect(303);
    }

    fn all_is_spam_teaches_and_the_undo_leaves_what_was_decided_again(site, limits_off) {
        let (_, duck) = ann(site);
        let mona = site.moderator("mona");
        let ids = ["One advert.", "Another advert."].map(|text| site.comment("ann", &duck, text));
        let waits = site.waiting("ann", &duck, "A third one waits.", State::Spam);
        act(&mona, "ann", "clear", &[("away", "spam"), ("sure", "1")]).expect(303);
        assert_eq!(ids.map(|id| site.state(id)), [State::Spam; 2]);
        assert_eq!(site.item(waits).queue, None);
        assert!(site.count("verdicts WHERE label = 'spam'") >= 3);
        let one = format!("comment:{}", ids[0]);
        mona.post("/moderation/verdicts", &[("item", &one), ("verdict", "restore")]).expect(303);
        let answer = undo(&mona, site, "ann").expect(303);
        mona.get(answer.location().unwrap()).expect(200).says("decided again since");
        assert_eq!(ids.map(|id| site.state(id)), [State::Published; 2]);
        assert_eq!(site.item(waits).queue, Some(Queue::Spam));
    }

    fn a_ban_ends_all_sessions_and_the_address_signs_up_no_more(site, limits_off) {
        let (ann, duck) = ann(site);
        let mona = site.moderator("mona");
        let shown = site.comment("ann", &duck, "One that everybody reads.");
        let other = site.come_back("ann");
        act(&mona, "ann", "ban", &[("away", "spam"), ("sure", "1")]).expect(303);
        assert_eq!(site.count(&format!("sessions WHERE user_id = {}", site.user_id("ann"))), 0);
        for client in [&ann, &other] {
            assert_eq!(client.get("/account").leads_to(), "/login");
        }
        assert_eq!(site.state(shown), State::Spam);
        log_in(site, "ann").expect(403).says("closed by a moderator").says(WHY);
        for email in ["ann@example.org", "Ann+again@example.org"] {
            let people = site.count("users");
            let fields = [("username", "anneli"), ("email", email), ("password", "nine loud geese at dawn")];
            let answer = site.visitor().submit("/signup", "/signup", &fields).expect(303);
            assert_eq!(answer.leads_to(), "/confirm", "it answers like any other");
            assert_eq!(site.count("users"), people);
        }
        wait_for("both letters", || (site.letters("confirm", "anneli").len() == 2).then_some(()));
        for letter in site.letters("confirm", "anneli") {
            assert!(letter.contains("closed"), "{letter}");
        }
        undo(&mona, site, "ann").expect(303);
        assert_eq!(site.state(shown), State::Published);
        log_in(site, "ann").expect(303);
    }

    fn nobody_sanctions_themselves_or_those_above_them(site) {
        ann(site);
        let (mona, ada) = (site.moderator("mona"), site.admin("ada"));
        site.moderator("max");
        for (client, name, may) in [
            (&mona, "mona", false), (&mona, "max", false), (&mona, "ada", false), (&mona, "ann", true),
            (&ada, "ada", false), (&ada, "max", true), (&ada, "ann", true),
        ] {
            for act in ["hold", "warn", "suspend", "clear", "ban"] {
                let path = format!("/moderation/people/{name}/{act}");
                client.get(&path).expect(if may { 200 } else { 403 });
                if !may {
                    let until = day(9);
                    let all = [
                        ("reason", WHY), ("texts", "3"), ("until", until.as_str()), ("scope", "all"), ("away", "spam"), ("sure", "1"),
                    ];
                    client.post(&path, &all).expect(403);
                }
            }
        }
        assert_eq!(site.count("sanctions"), 0);
        assert_eq!(site.count("users WHERE suspended_until IS NOT NULL"), 0);
        // Nor does a moderator lift what an administrator did to another moderator.
        act(&ada, "max", "warn", &[]).expect(303);
        mona.post(&format!("/moderation/sanctions/{}/undo", last(site)), &[]).expect(403);
        assert_eq!(site.count("sanctions WHERE undone_at IS NULL"), 1);
    }

    fn what_is_missing_is_said_and_what_was_typed_is_kept(site) {
        ann(site);
        let mona = site.moderator("mona");
        let (soon, past, far) = (day(9), day(-1), day(5_000));
        let cases: &[(&str, &[(&str, &str)])] = &[
            ("warn", &[("reason", " ")]),
            ("hold", &[("texts", "0"), ("until", &soon)]),
            ("hold", &[("texts", "3"), ("until", &past)]),
            ("suspend", &[("scope", "posting"), ("until", &far)]),
            ("suspend", &[("scope", ""), ("until", &soon)]),
            ("clear", &[("away", "spam")]),
            ("clear", &[("away", ""), ("sure", "1")]),
            ("clear", &[("away", "remove"), ("why", ""), ("sure", "1")]),
            ("ban", &[]),
        ];
        for (name, fields) in cases {
            let mut all = vec![("reason", WHY)];
            all.retain(|(key, _)| !fields.iter().any(|(given, _)| given == key));
            all.extend_from_slice(fields);
            let answer = mona.post(&format!("/moderation/people/ann/{name}"), &all).expect(422);
            if all.contains(&("reason", WHY)) {
                assert_eq!(answer.textarea("reason").as_deref(), Some(WHY), "{name}");
            }
        }
        assert_eq!(site.count("sanctions"), 0);
        mona.get("/moderation/people/nobody-here").expect(404);
        mona.get("/moderation/people/ann/dance").expect(404);
    }

    fn nothing_to_put_away_is_no_act(site) {
        let mona = site.moderator("mona");
        site.member("newt");
        act(&mona, "newt", "clear", &[("away", "spam"), ("sure", "1")]).expect(422).says("Nothing they wrote");
        assert_eq!(site.count("sanctions"), 0);
        assert_eq!(site.count("log"), 0);
    }

    fn every_act_is_in_the_log_and_undone_from_there(site, limits_off) {
        let (ann, duck) = ann(site);
        let mona = site.moderator("mona");
        act(&mona, "ann", "suspend", &[("scope", "posting"), ("until", &day(9))]).expect(303);
        let log = mona.get("/moderation/log").expect(200).says("mona").says("ann").says("suspended from posting").says(WHY);
        let form = log.form(&format!("/moderation/sanctions/{}/undo", last(site)));
        assert_eq!(mona.fill_in(&form, &[]).expect(303).leads_to(), "/moderation/log");
        posts(&ann, &duck, "Free again by the log.").expect(303);
        assert_eq!(site.count("log WHERE sanction_id IS NOT NULL"), 2);
        // Pressed twice: nothing more happens.
        mona.fill_in(&form, &[]).expect(303);
        assert_eq!(site.count("log WHERE sanction_id IS NOT NULL"), 2);
    }

    fn notes_are_for_moderators_and_removed_by_their_own(site) {
        let (ann, _) = ann(site);
        let (mona, max) = (site.moderator("mona"), site.moderator("max"));
        let page = "/moderation/people/ann";
        let notes = format!("{page}/notes");
        mona.submit(page, &notes, &[("note", "Wrote to her, she was kind about it.")]).expect(303);
        max.post(&notes, &[("note", "Agreed.")]).expect(303);
        max.post(&notes, &[("note", "  ")]).expect(422);
        let shown = max.get(page).expect(200).says("she was kind about it").says("Agreed.");
        assert_eq!(shown.forms().iter().filter(|form| form.action.contains("/notes/")).count(), 1, "one's own only");
        let id = |by: &str| site.count(&format!("person_notes n JOIN users u ON u.id = n.by_id WHERE u.username = '{by}'"));
        assert_eq!((id("mona"), id("max")), (1, 1));
        let monas = mona.get(page).expect(200).forms().into_iter().find(|form| form.action.contains("/notes/")).unwrap();
        max.post(&monas.action, &[]).expect(404);
        mona.fill_in(&monas, &[]).expect(303);
        assert_eq!((id("mona"), id("max")), (0, 1));
        ann.get("/account").expect(200).does_not_say("Agreed.");
        mona.get("/moderation/log").expect(200).says("note on ann").does_not_say("Agreed.");
    }

    fn the_page_of_a_person_tells_all_that_is_known(site, limits_off) {
        let (_, duck) = ann(site);
        let mona = site.moderator("mona");
        let gone = site.comment("ann", &duck, "A remark that was removed later.");
        let one = format!("comment:{gone}");
        mona.post("/moderation/verdicts", &[("item", &one), ("verdict", "remove"), ("reason", "unkind")]).expect(303);
        site.waiting("ann", &duck, "A remark that waits for somebody.", State::Held);
        site.project("ann", "A lamp of ann");
        site.member("twin");
        site.comment("twin", &duck, "A remark that was removed later.");
        site.member("nele");
        site.sql("UPDATE users SET network = 'network-of-ann' WHERE username = 'nele'");
        let page = mona.get("/moderation/people/ann").expect(200)
            .says("A remark that was removed later").says("A remark that waits").says("unkind").says("mona")
            .says("A lamp of ann").says("The same text came from twin").says("nele").says("networ");
        for link in ["/moderation/held?author=ann", "/moderation/spam?author=ann", "/people/ann"] {
            assert!(page.links().contains(&link.to_owned()), "no {link}");
        }
        assert!(!page.html().contains("network-of-ann"), "the whole hash is shown");
        assert!(!page.html().contains("ann@example.org"), "an address is nobody's business");
        let from_card = mona.get("/moderation/held").expect(200).links();
        assert!(from_card.contains(&"/moderation/people/ann".to_owned()));
        assert!(mona.get("/people/ann").expect(200).links().contains(&"/moderation/people/ann".to_owned()));
        assert!(!site.visitor().get("/people/ann").expect(200).links().contains(&"/moderation/people/ann".to_owned()));
    }

    fn people_are_found_by_name_and_by_what_was_taken_away(site, limits_off) {
        let (_, duck) = ann(site);
        let mona = site.moderator("mona");
        for name in ["bob_one", "bobx"] {
            site.member(name);
        }
        mona.get("/moderation/people?q=BOB").expect(200).says("bob_one").says("bobx").does_not_say("odile");
        mona.get("/moderation/people?q=b_o").expect(200).says("bob_one").does_not_say("bobx");
        for (name, many) in [("ann", 2), ("bobx", 3)] {
            for n in 0..many {
                let id = site.comment(name, &duck, &format!("Advert {n} of {name}, about nothing."));
                site.put(id, State::Removed);
            }
        }
        let list = mona.get("/moderation/people?show=removed").expect(200).says("2 removed").does_not_say("bob_one").html();
        assert!(list.find("people/bobx").unwrap() < list.find("people/ann").unwrap(), "most first");
        mona.get("/moderation/people?show=spam").expect(200).says("Nobody here");
        let id = site.user_id("bobx");
        mona.get(&format!("/moderation/people?show=removed&after=3_{id}")).expect(200).says("2 removed").does_not_say("3 removed");
        mona.get("/moderation/people?show=loud").expect(400);
        mona.get("/moderation/people?after=x").expect(400);
    }

    fn the_list_of_people_goes_on_page_by_page(site) {
        let mona = site.moderator("mona");
        for n in 0..60 {
            site.member(&format!("guest-{n:02}"));
        }
        let first = mona.get("/moderation/people?q=guest").expect(200).says("guest-59").does_not_say("guest-09");
        let next = first.links().into_iter().find(|link| link.contains("after=")).expect("a next page");
        mona.get(&next).expect(200).says("guest-09").says("guest-00").does_not_say("guest-10");
    }
}
