//! Rules that moderators set: tried, set, met, ended; raid mode, slow mode and heated threads.

use crate::support::*;
use potluck_models::db::ItemId;
use potluck_models::item::{Queue, State};

/// Through the form and its trial, by their buttons. Gives the trial, and the rule's page.
fn set(client: &Client, kind: &str, fields: &[(&str, &str)]) -> (Answer, Answer) {
    let tried = try_out(client, kind, fields).expect(200);
    let save = tried.form("/moderation/rules");
    let to = client.fill_in(&save, &[]).expect(303);
    let page = client
        .get(to.location().expect("the rule's page"))
        .expect(200);
    (tried, page)
}

fn try_out(client: &Client, kind: &str, fields: &[(&str, &str)]) -> Answer {
    let form = client
        .get(&format!("/moderation/rules/new?kind={kind}"))
        .expect(200)
        .form("/moderation/rules/new");
    // As the form has them at first.
    let mut all = fields.to_vec();
    for (name, usual) in [("days", "30"), ("does", "hold")] {
        if fields.iter().all(|(given, _)| *given != name) {
            all.push((name, usual));
        }
    }
    client.fill_in(&form, &all)
}

fn start_raid(client: &Client) {
    let form = client
        .get("/moderation/rules")
        .expect(200)
        .form("/moderation/rules/raid");
    client.fill_in(&form, &[("number", "6")]).expect(303);
}

/// By the button of a rule's page.
fn press(client: &Client, id: i64, act: &str) -> Answer {
    let action = format!("/moderation/rules/{id}/{act}");
    let form = client
        .get(&format!("/moderation/rules/{id}"))
        .expect(200)
        .form(&action);
    client.fill_in(&form, &[])
}

fn last_rule(site: &Site) -> i64 {
    use diesel::prelude::*;
    use potluck_models::schema::rules;
    site.db(|db| {
        rules::table
            .select(diesel::dsl::max(rules::id))
            .first::<Option<i64>>(db)
    })
    .expect("a rule")
}

/// The clock passes the end of every rule; the site reads them anew, as after any change.
fn run_out(site: &Site) {
    site.sql("UPDATE rules SET until = '2020-01-01 00:00:00'");
    let rules = site.db(|db| potluck_models::moderation::rule::in_force(db, "key"));
    site.app.set_rules(rules);
}

/// Somebody who posts freely, and a project to post on.
fn bob(site: &Site) -> (Client<'_>, Made) {
    site.maker("odile");
    let bob = site.regular("bob");
    (bob, site.project("odile", "Duck racer"))
}

/// State, queue and reason of a new comment.
fn posted(
    site: &Site,
    client: &Client,
    project: &Made,
    text: &str,
) -> (State, Option<Queue>, String, String) {
    client
        .post(&project.comments(), &[("body", text)])
        .expect(303);
    let id = site.comment_saying(text).expect("the comment is there");
    let item = site.item(id);
    (item.state, item.queue, item.why, item.evidence)
}

fn is_published(site: &Site, client: &Client, project: &Made, text: &str) -> bool {
    posted(site, client, project, text).0 == State::Published
}

fn sign_up(site: &Site, name: &str, email: &str) -> Answer {
    site.visitor().submit(
        "/signup",
        "/signup",
        &[("username", name), ("email", email), ("password", PASSWORD)],
    )
}

on_both! {
    fn a_phrase_is_held_until_the_rule_ends(site, limits_off) {
        let (bob, duck) = bob(site);
        let mona = site.moderator("mona");
        let (_, page) = set(&mona, "words", &[("pattern", "Free  coins"), ("note", "The flood of Tuesday.")]);
        page.says("The phrase “Free coins” is held").says("The flood of Tuesday").says("met nothing yet");
        let (state, queue, why, evidence) = posted(site, &bob, &duck, "So many FREE-cоins for all of us, look.");
        assert_eq!((state, queue, why.as_str()), (State::Held, Some(Queue::Held), "rules"));
        let id = last_rule(site);
        assert!(evidence.starts_with(&format!("the phrase “Free coins”, rule {id} by mona until ")), "{evidence}");
        assert!(is_published(site, &bob, &duck, "A carefree coinsmith made these ducks."));
        mona.get("/moderation/held?why=rules").expect(200).says("FREE-cоins").says("held: a rule");
        mona.get("/moderation/rules").expect(200).says("met 1 text");
        mona.get(&format!("/moderation/rules/{id}")).expect(200).says("FREE-cоins");
        // Ended, put back, and over by the clock.
        press(&mona, id, "end").expect(303);
        assert!(is_published(site, &bob, &duck, "Now free coins may be said again."));
        mona.get("/moderation/rules").expect(200).says("ended by mona");
        press(&mona, id, "resume").expect(303);
        assert!(!is_published(site, &bob, &duck, "And now free coins may not be said."));
        run_out(site);
        assert!(is_published(site, &bob, &duck, "At last, free coins are over for good."));
        mona.get("/moderation/rules").expect(200).says("ran out");
        mona.post(&format!("/moderation/rules/{id}/resume"), &[]).expect(303);
        assert_eq!(site.count("rules WHERE ended_at IS NULL"), 1);
        let log = mona.get("/moderation/log").expect(200);
        log.says("set rule").says("end rule").says("resume rule").says("The flood of Tuesday");
    }

    fn a_rule_in_memory_ends_by_the_clock_alone(site, limits_off) {
        let (bob, duck) = bob(site);
        let mona = site.moderator("mona");
        set(&mona, "words", &[("pattern", "coins")]);
        // Read a moment before its end, and never again.
        let soon = potluck_models::now() + chrono::Duration::milliseconds(700);
        site.sql(&format!("UPDATE rules SET until = '{}'", soon.format("%Y-%m-%d %H:%M:%S%.6f")));
        site.app.set_rules(site.db(|db| potluck_models::moderation::rule::in_force(db, "key")));
        wait_for("the rule to be over", || (potluck_models::now() > soon).then_some(()));
        assert!(is_published(site, &bob, &duck, "These coins come after the end."));
    }

    fn the_strictest_rule_decides_and_all_are_named(site, limits_off) {
        let (bob, duck) = bob(site);
        let mona = site.moderator("mona");
        set(&mona, "words", &[("pattern", "coins")]);
        set(&mona, "pattern", &[("pattern", r"\bgold(en)?\b"), ("does", "spam")]);
        let (state, queue, why, evidence) = posted(site, &bob, &duck, "GOLDEN coins, who wants some of them?");
        assert_eq!((state, queue, why.as_str()), (State::Spam, Some(Queue::Spam), "rules"));
        assert!(evidence.starts_with("the pattern") && evidence.contains("the word “coins”"), "{evidence}");
        // Its author sees no more than that it waits.
        bob.get(&duck.path()).expect(200).says("Waiting for a moderator").does_not_say("by mona").does_not_say("the pattern");
        // Those who set rules may quote what they are about.
        let mo = site.come_back("mona");
        let (_, _, why, _) = posted(site, &mo, &duck, "Please no golden coins here, thank you.");
        assert_ne!(why, "rules");
    }

    fn links_are_met_by_domain_and_by_host(site, limits_off) {
        let (bob, duck) = bob(site);
        let mona = site.moderator("mona");
        set(&mona, "domain", &[("pattern", "https://www.Shop.example.com/offers")]).1.says("A link to shop.example.com");
        assert!(!is_published(site, &bob, &duck, "One at https://shop.example.com/a then."));
        assert!(!is_published(site, &bob, &duck, "Two at http://eu.shop.example.com/b then."));
        assert!(is_published(site, &bob, &duck, "Three at https://example.com/c then."));
        assert!(is_published(site, &bob, &duck, "Four at https://notshop.example.com/d then."));
    }

    fn a_network_is_met_and_nobody_signs_up_from_it(site, limits_off) {
        let (bob, duck) = bob(site);
        let mona = site.moderator("mona");
        set(&mona, "network", &[("pattern", "203.0.113.9/24")]).1.says("The network 203.0.113.0/24");
        assert!(is_published(site, &bob, &duck, "From here, which is another network."));
        set(&mona, "network", &[("pattern", "127.0.0.0/8")]);
        assert!(!is_published(site, &bob, &duck, "From here, which is this network."));
        sign_up(site, "first", "first@example.org").expect(303);
        set(&mona, "network", &[("pattern", "127.0.0.1"), ("does", "refuse")]);
        sign_up(site, "second", "second@example.org").expect(403).says("from your network").keeps("second@example.org");
        mona.get("/moderation/rules").expect(200).says("refused 1 sign-up");
        assert_eq!(site.count("users WHERE username = 'second'"), 0);
    }

    fn mail_addresses_are_held_or_refused(site, limits_off) {
        let (_, duck) = bob(site);
        let mona = site.moderator("mona");
        let (_, page) = set(&mona, "mail", &[("pattern", "@Example.ORG")]);
        page.says("A mail address at example.org");
        // Everybody of these tests has one: whoever is new waits, whoever is not does not.
        let bob = site.come_back("bob");
        assert!(!is_published(site, &bob, &duck, "From an account of two days."));
        site.sql("UPDATE users SET created_at = '2020-01-01 00:00:00' WHERE username = 'bob'");
        assert!(is_published(site, &bob, &duck, "From an account of years."));
        set(&mona, "mail", &[("pattern", "throwaway.example"), ("does", "refuse")]);
        sign_up(site, "one", "one@mx.Throwaway.example").expect(422).says("Another address will do").keeps("one@mx.Throwaway.example");
        sign_up(site, "two", "two@notthrowaway.example").expect(303);
        mona.get("/moderation/rules").expect(200).says("refused 1 sign-up");
    }

    fn new_accounts_wait_for_so_many_days(site, limits_off) {
        let (bob, duck) = bob(site);
        let mona = site.moderator("mona");
        set(&mona, "newcomer", &[("number", "2")]);
        assert!(is_published(site, &bob, &duck, "An account of two days is old enough."));
        press(&mona, last_rule(site), "end").expect(303);
        set(&mona, "newcomer", &[("number", "3")]);
        let (state, _, _, evidence) = posted(site, &bob, &duck, "And three days are too many.");
        assert_eq!(state, State::Held);
        assert!(evidence.starts_with("an account younger than 3 days"), "{evidence}");
    }

    fn slow_mode_says_how_long_to_wait_and_keeps_the_text(site, limits_off) {
        let (bob, duck) = bob(site);
        let other = site.project("odile", "Goose racer");
        let mona = site.moderator("mona");
        let link = format!("/moderation/rules/new?kind=slow&pattern={}", duck.slug);
        let page = mona.get(&duck.path()).expect(200);
        assert!(page.links().contains(&link), "no way to slow mode: {:?}", page.links());
        let page = mona.get(&link).expect(200);
        let form = page.form("/moderation/rules/new");
        page.keeps(&duck.slug);
        let tried = mona.fill_in(&form, &[("pattern", &duck.slug), ("number", "10"), ("days", "1")]).expect(200);
        mona.fill_in(&tried.form("/moderation/rules"), &[]).expect(303);
        bob.get(&duck.path()).expect(200).says("Slow mode").says("once in 10 minutes");
        assert!(is_published(site, &bob, &duck, "The first one comes through."));
        let typed = "The second one has to wait a little.";
        let refused = bob.post(&duck.comments(), &[("body", typed)]).expect(429).keeps(typed);
        refused.says("slow mode").says("You can post here again in 10 minutes");
        // Elsewhere, and the maker of the project, and moderators, are not slowed.
        assert!(is_published(site, &bob, &other, "On another project it is as always."));
        let odile = site.come_back("odile");
        for text in ["Let us all be kind here.", "Let us all be calm here."] {
            assert!(is_published(site, &odile, &duck, text));
        }
        press(&mona, last_rule(site), "end").expect(303);
        assert!(is_published(site, &bob, &duck, "And now as before, thanks."));
    }

    fn raid_mode_holds_newcomers_and_not_makers_and_closes_the_door(site, limits_off) {
        let (bob, duck) = bob(site);
        let ann = site.maker("ann");
        site.comment("ann", &duck, "Ann said something kind before.");
        let mona = site.moderator("mona");
        start_raid(&mona);
        for page in ["/moderation", "/moderation/held", "/moderation/log", "/moderation/people", "/moderation/rules"] {
            mona.get(page).expect(200).says("Raid mode is on");
        }
        let (state, queue, why, _) = posted(site, &bob, &duck, "Bob, who is no maker, waits now.");
        assert_eq!((state, queue, why.as_str()), (State::Held, Some(Queue::Held), "raid"));
        assert!(is_published(site, &ann, &duck, "Ann, who is a maker, does not wait."));
        site.visitor().get("/signup").expect(200).says("we take no new members until");
        sign_up_in_raid(site);
        // Pressed again, it goes on as it was.
        mona.post("/moderation/rules/raid", &[("number", "6")]).expect(303);
        assert_eq!(site.count("rules"), 1);
        // What it held is one list, and one filter of Held.
        let id = last_rule(site);
        mona.get(&format!("/moderation/rules/{id}")).expect(200).says("Bob, who is no maker").says("1 of these 1 still wait");
        mona.get("/moderation/held?why=raid").expect(200).says("Bob, who is no maker");
        let form = mona.get("/moderation/held").expect(200).form(&format!("/moderation/rules/{id}/end"));
        assert_eq!(mona.fill_in(&form, &[]).expect(303).leads_to(), "/moderation/held");
        mona.get("/moderation").expect(200).does_not_say("Raid mode is on");
        assert!(is_published(site, &bob, &duck, "Bob again, after the raid."));
        sign_up(site, "late", "late@example.org").expect(303);
    }

    fn raid_mode_ends_by_itself(site, limits_off) {
        let (bob, duck) = bob(site);
        let mona = site.moderator("mona");
        start_raid(&mona);
        let six_hours = site.db(potluck_models::moderation::rule::Rule::list).0.remove(0).rule;
        let lasts = six_hours.until - six_hours.created_at;
        assert!((lasts - chrono::Duration::hours(6)).num_seconds().abs() < 5, "{lasts}");
        run_out(site);
        mona.get("/moderation").expect(200).does_not_say("Raid mode is on");
        assert!(is_published(site, &bob, &duck, "After it was over by itself."));
        mona.post("/moderation/rules/raid", &[("number", "1000")]).expect(422).says("From 1 to 48 hours");
    }

    fn the_trial_tells_what_a_rule_would_have_met(site, limits_off) {
        let (_, duck) = bob(site);
        let mona = site.moderator("mona");
        let ids: Vec<ItemId> = (0..6)
            .map(|n| site.waiting("bob", &duck, &format!("Coins number {n}, and nothing else."), State::Held))
            .collect();
        site.waiting("bob", &duck, "Coinage is another word.", State::Held);
        let decide = |id: ItemId, verdict: &str, reason: &str| {
            let item = format!("comment:{id}");
            mona.post("/moderation/verdicts", &[("item", &item), ("verdict", verdict), ("reason", reason)]).expect(303);
        };
        decide(ids[0], "spam", "");
        decide(ids[1], "spam", "");
        decide(ids[2], "ham", "");
        decide(ids[3], "remove", "unkind");
        // What was said last counts.
        decide(ids[1], "restore", "");
        decide(ids[1], "spam", "");
        let old = potluck_models::now() - chrono::Duration::days(31);
        site.sql(&format!("UPDATE revisions SET created_at = '{}' WHERE item_id = {}", old.format("%Y-%m-%d %H:%M:%S"), ids[5]));
        let before = site.fingerprint();
        let tried = try_out(&mona, "words", &[("pattern", "coins")]).expect(200);
        let form = tried.form("/moderation/rules");
        tried.says("Would have held 5 texts of 1 person in the last 30 days")
            .says("2 spam and 1 ham, as people judged them; 1 removed for another reason; 1 not judged")
            .says("Coins number 4").does_not_say("Coins number 5").does_not_say("Coinage");
        assert_eq!(site.fingerprint(), before, "a trial changes nothing");
        try_out(&mona, "words", &[("pattern", "geese")]).expect(200).says("It would have met nothing");
        // Twice within the hour on this project, thrice too fast.
        try_out(&mona, "slow", &[("pattern", &duck.slug), ("number", "60")]).expect(200)
            .says("6 comments of the last 30 days would have been asked to wait");
        // Changing it gives the form back as it was typed.
        let mut fields: Vec<(&str, &str)> = form.hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        fields.retain(|(name, _)| *name != "csrf");
        fields.push(("change", "1"));
        mona.post("/moderation/rules/new", &fields).expect(200).keeps("value=\"coins\"");
    }

    fn a_trial_knows_older_texts_by_the_hash_of_their_network(site, limits_off) {
        let (bob, duck) = bob(site);
        let mona = site.moderator("mona");
        assert!(is_published(site, &bob, &duck, "From the machine itself."));
        let met = "Would have held 1 text";
        for network in ["127.0.0.1", "127.0.0.0/24", "127.0.0.0/16"] {
            try_out(&mona, "network", &[("pattern", network)]).expect(200).says(met);
        }
        try_out(&mona, "network", &[("pattern", "127.0.1.0/24")]).expect(200).says("It would have met nothing");
        site.sql("DELETE FROM item_addresses");
        try_out(&mona, "network", &[("pattern", "127.0.0.0/24")]).expect(200).says(met);
        for network in ["127.0.0.1", "127.0.0.0/16"] {
            try_out(&mona, "network", &[("pattern", network)]).expect(200).says("It would have met nothing");
        }
    }

    fn full_addresses_are_forgotten_after_30_days(site, limits_off) {
        let (bob, duck) = bob(site);
        assert!(is_published(site, &bob, &duck, "One of a month ago."));
        assert!(is_published(site, &bob, &duck, "Another of a month less a day."));
        assert_eq!(site.count("item_addresses WHERE address = '127.0.0.1'"), 2);
        let at = |days: i64| (potluck_models::now() - chrono::Duration::days(days)).format("%Y-%m-%d %H:%M:%S").to_string();
        let (one, other) = (site.comment_saying("One of").unwrap(), site.comment_saying("Another of").unwrap());
        site.sql(&format!("UPDATE item_addresses SET at = '{}' WHERE item_id = {one}", at(31)));
        site.sql(&format!("UPDATE item_addresses SET at = '{}' WHERE item_id = {other}", at(29)));
        site.db(potluck_models::intake::address::sweep);
        assert_eq!(site.count("item_addresses"), 1);
        assert_eq!(site.count(&format!("item_addresses WHERE item_id = {other}")), 1);
        assert!(!site.item(one).network.is_empty(), "the keyed hash stays");
        site.visitor().get("/privacy").expect(200).says("The full address that a text came from").says("30 days; then only the keyed hash");
    }

    fn a_text_leads_to_rules_against_more_like_it(site, limits_off) {
        let (bob, duck) = bob(site);
        let mona = site.moderator("mona");
        set(&mona, "words", &[("pattern", "coins")]);
        posted(site, &bob, &duck, "Coins at https://shop.coins.example/x today.");
        let id = site.comment_saying("Coins at").unwrap();
        let to = format!("/moderation/rules/new?item={id}");
        assert!(mona.get("/moderation/held").expect(200).links().contains(&to));
        let page = mona.get(&to).expect(200).says("Links to coins.example").says("127.0.0.0/24");
        let link = page.links().into_iter().find(|link| link.contains("kind=network")).expect("a way to it");
        mona.get(&link).expect(200).keeps("127.0.0.0/24");
    }

    fn what_makes_no_sense_is_said_beside_its_field(site, limits_off) {
        site.maker("odile");
        let mona = site.moderator("mona");
        for (kind, fields, sentence) in [
            ("words", [("pattern", "***"), ("days", "30")], "Write a word or a phrase"),
            ("words", [("pattern", "coins"), ("days", "9999")], "Choose when it ends"),
            ("words", [("pattern", "coins"), ("does", "refuse")], "Choose what it does"),
            ("pattern", [("pattern", "(unclosed"), ("days", "30")], "This is no pattern"),
            ("pattern", [("pattern", "a*"), ("days", "30")], "found in every text"),
            ("pattern", [("pattern", "((a{999}){99}){99}"), ("days", "30")], "repeats too much"),
            ("domain", [("pattern", "ducks"), ("days", "30")], "such as example.com"),
            ("network", [("pattern", "0.0.0.0/0"), ("days", "30")], "wider than any one network"),
            ("newcomer", [("number", "0"), ("days", "30")], "From 1 to 365 days"),
            ("slow", [("pattern", "no-such-project"), ("number", "10")], "no project of this name"),
        ] {
            try_out(&mona, kind, &fields).expect(422).says(sentence);
            let mut all = vec![("kind", kind)];
            all.extend(fields);
            assert!(matches!(mona.post("/moderation/rules", &all).status, 422), "{kind} {fields:?}");
        }
        assert_eq!(site.count("rules"), 0);
        mona.get("/moderation/rules/new?kind=raid").expect(400);
        mona.get("/moderation/rules/new?kind=ducks").expect(400);
    }

    fn reports_that_were_wrong_or_weigh_nothing_heat_no_thread(site) {
        let (bob, duck) = bob(site);
        let quiet = site.comment("bob", &duck, "A word that is fine.");
        let other = site.comment("bob", &duck, "Another word that is fine.");
        for (n, id) in [(0, quiet), (1, quiet), (2, quiet), (3, other), (4, other), (5, other)] {
            let name = format!("reader-{n}");
            let reader = site.regular(&name);
            if id == other {
                site.sql(&format!("UPDATE users SET created_at = '2999-01-01 00:00:00' WHERE username = '{name}'"));
            }
            reader.post(&format!("/comments/{id}/report"), &[("reason", "unkind")]).expect(303);
        }
        let item = format!("comment:{quiet}");
        site.moderator("mona").post("/moderation/verdicts", &[("item", &item), ("verdict", "ham")]).expect(303);
        site.sql("UPDATE comments SET created_at = '2020-01-01 00:00:00'");
        assert!(is_published(site, &bob, &duck, "Let us talk about ducks again."));
    }

    fn a_heated_thread_waits_and_asks_for_a_walk(site) {
        let (bob, duck) = bob(site);
        let calm = site.project("odile", "Goose racer");
        let heated = [
            site.comment("bob", &duck, "The first word of a quarrel."),
            site.comment("bob", &duck, "The second word of a quarrel."),
        ];
        // One angry reader, however much they report, heats nothing.
        for (name, id) in [("ann", heated[0]), ("ann", heated[1]), ("cleo", heated[0])] {
            if site.db(|db| potluck_models::account::User::by_username(db, name)).is_none() {
                site.regular(name);
            }
            site.come_back(name).post(&format!("/comments/{id}/report"), &[("reason", "unkind")]).expect(303);
        }
        site.sql("UPDATE comments SET created_at = '2020-01-01 00:00:00'");
        assert!(is_published(site, &bob, &duck, "Two readers are not yet a fire."));
        let mona = site.moderator("mona");
        let item = format!("comment:{}", heated[1]);
        mona.post("/moderation/verdicts", &[("item", &item), ("verdict", "remove"), ("reason", "unkind")]).expect(303);
        // Bob wrote a moment ago: 2 minutes, and one for each of three signs.
        site.sql("UPDATE comments SET created_at = '2020-01-01 00:00:00' WHERE body NOT LIKE 'Two readers%'");
        let ago = potluck_models::now() - chrono::Duration::minutes(1);
        site.sql(&format!("UPDATE comments SET created_at = '{}' WHERE body LIKE 'Two readers%'", ago.format("%Y-%m-%d %H:%M:%S")));
        let typed = "A third word, written in anger.";
        bob.post(&duck.comments(), &[("body", typed)]).expect(429).keeps(typed).says("heated just now").says("again in 4 minutes");
        site.sql("UPDATE comments SET created_at = '2020-01-01 00:00:00'");
        let (state, _, why, evidence) = posted(site, &bob, &duck, typed);
        assert_eq!((state, why.as_str()), (State::Held, "heated"));
        assert_eq!(evidence, "the thread is heated: 2 readers reported comments here and 1 comment was removed in the last 2 hours");
        // Its makers may calm it; elsewhere all is as always.
        let odile = site.come_back("odile");
        assert!(is_published(site, &odile, &duck, "Friends, let us be kind."));
        site.sql("UPDATE comments SET created_at = '2020-01-01 00:00:00'");
        assert!(is_published(site, &bob, &calm, "Geese are another matter."));
        // It cools down.
        site.sql("UPDATE reports SET created_at = '2020-01-01 00:00:00'");
        site.sql("UPDATE comments SET created_at = '2020-01-01 00:00:00'");
        assert!(is_published(site, &bob, &duck, "And the evening is mild again."));
    }

    fn another_process_takes_a_rule_over(site, limits_off) {
        let (bob, duck) = bob(site);
        let mona = site.user_id("odile");
        // As another node would set it.
        site.db(|db| {
            use potluck_models::moderation::rule::{Kind, NewRule, Rule};
            let new = NewRule::parse(Kind::Words, "coins", "", "hold", "30", "").expect("a rule");
            Rule::set(db, mona, &new).map_err(|_| diesel::result::Error::NotFound)
        });
        wait_for("the rule to be taken over", || {
            (!site.app.rules().is_empty()).then_some(())
        });
        assert!(!is_published(site, &bob, &duck, "These coins were watched for elsewhere."));
    }
}

fn sign_up_in_raid(site: &Site) {
    // The form is not offered; one that was open before is sent.
    let fields = [
        ("username", "early"),
        ("email", "early@example.org"),
        ("password", PASSWORD),
    ];
    let visitor = site.visitor();
    visitor
        .submit("/login", "/login", &[("login", "x"), ("password", "y")])
        .expect(422);
    let answer = visitor.post("/signup", &fields);
    answer
        .expect(403)
        .says("Please come back then")
        .keeps("early@example.org");
    assert_eq!(site.count("users WHERE username = 'early'"), 0);
}
