//! Reports by readers: of each kind of thing, what they weigh, when enough of them hide something,
//! and what their reporters learn.

use crate::support::*;
use diesel::prelude::*;
use potluck_models::db::ItemId;
use potluck_models::item::{Queue, State};
use potluck_models::moderation::report::Record;
use potluck_models::schema::batches;

fn report(client: &Client, page: &str, reason: &str) -> Answer {
    let form = client.get(page).expect(200).form(page);
    client.fill_in(
        &form,
        &[("reason", reason), ("note", "Please look at this.")],
    )
}

fn report_comment(site: &Site, name: &str, id: ItemId) -> Answer {
    report(
        &site.come_back(name),
        &format!("/comments/{id}/report"),
        "unkind",
    )
}

fn decide(client: &Client, ids: &[ItemId], verdict: &str) {
    let names: Vec<String> = ids.iter().map(|id| format!("comment:{id}")).collect();
    let mut fields: Vec<(&str, &str)> = names.iter().map(|name| ("item", name.as_str())).collect();
    fields.extend([("verdict", verdict), ("reason", "unkind")]);
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

fn undo(client: &Client, site: &Site) {
    client
        .post(
            &format!("/moderation/batches/{}/undo", last_batch(site)),
            &[],
        )
        .expect(303);
}

/// As if ten minutes had passed.
fn ten_minutes_later(site: &Site) {
    site.sql("UPDATE jobs SET run_at = '2020-01-01 00:00:00' WHERE kind = 'report'");
    wait_for("the job to be done", || {
        (site.count("jobs WHERE kind IN ('report', 'mail')") == 0).then_some(())
    });
}

/// Somebody's record: so many answered reports, of which so many were right.
fn record(site: &Site, name: &str, right: i64, answered: i64) {
    let (reporter, table) = (
        site.user_id(name),
        site.project_by_title("The long table").unwrap(),
    );
    let mona = site.user_id("mona");
    for n in 0..answered {
        let id = site.comment(
            "marguerite",
            &table,
            &format!("A past remark {n} that {name} reported."),
        );
        let verdict = if n < right { "remove" } else { "ham" };
        site.sql(&format!("INSERT INTO batches (by_id, verdict, reason, created_at) VALUES ({mona}, '{verdict}', '', '2026-01-01 00:00:00')"));
        let batch = last_batch(site);
        site.sql(&format!(
            "INSERT INTO verdicts (batch_id, item_id, by_id, verdict, before, version_after, created_at) \
             VALUES ({batch}, {id}, {mona}, '{verdict}', '', 1, '2026-01-01 00:00:00')"
        ));
        site.sql(&format!(
            "INSERT INTO reports (item_id, reporter_id, reason, created_at, closed_by, told_at) \
             SELECT {id}, {reporter}, 'unkind', '2026-01-01 00:00:00', max(id), '2026-01-01 00:00:00' FROM verdicts"
        ));
    }
}

/// A published comment of ann, on a project of odile.
fn remark(site: &Site) -> (Made, ItemId) {
    site.maker("odile");
    site.regular("ann");
    let duck = site.project("odile", "Duck racer");
    let id = site.comment("ann", &duck, "A remark that somebody minds.");
    (duck, id)
}

fn listed(answer: &Answer) -> Vec<ItemId> {
    let html = answer.html();
    let ids = html.split("id=\"item-comment-").skip(1);
    ids.filter_map(|rest| rest.split('"').next()?.parse().ok())
        .map(ItemId)
        .collect()
}

#[test]
fn a_record_weighs_half_at_first_and_never_quite_one_nor_nothing() {
    let of = |right, answered| Record { right, answered }.weight();
    assert_eq!(of(0, 0), 0.5);
    assert!(of(7, 9) > 0.7 && of(500, 500) < 1.0);
    assert_eq!(of(0, 500), 0.1);
    assert_eq!(
        Record {
            right: 7,
            answered: 9
        }
        .words(),
        "right 7 of 9 times"
    );
}

on_both! {
    fn each_kind_of_thing_can_be_reported_and_comes_before_moderators(site, limits_off) {
        let (duck, comment) = remark(site);
        let bob = site.regular("bob");
        site.sql(&format!(
            "INSERT INTO pictures (owner_id, key, extension, width, height, alt, created_at) \
             VALUES ({}, 'abc', 'png', 8, 8, 'Ducks on a pond', '2026-01-01 00:00:00')", site.user_id("odile")
        ));
        site.sql(&format!("UPDATE projects SET picture_id = (SELECT max(id) FROM pictures) WHERE id = {}", duck.id));
        let odile = site.come_back("odile");
        let releases = format!("{}/releases", duck.path());
        let fields = [("version", "1.0"), ("notes", "The ducks got faster feet."), ("url", "")];
        odile.submit(&format!("{releases}/new"), &format!("{releases}/new"), &fields).expect(303);
        site.sql("UPDATE items SET state = 'published', queue = NULL WHERE kind = 'release'");
        let pages = [
            (duck.path(), format!("{}/report", duck.path()), "copied"),
            (format!("{releases}/1.0"), format!("{releases}/1.0/report"), "spam"),
            ("/people/ann".into(), "/people/ann/report".into(), "pretends"),
            (format!("/comments/{comment}"), format!("/comments/{comment}/report"), "unkind"),
        ];
        for (page, to, reason) in &pages {
            for reader in [&site.visitor(), &bob] {
                assert!(reader.get(page).expect(200).links().contains(to), "no way from {page} to {to}");
            }
            site.visitor().get(to).expect(200).says("Log in to report it");
            report(&bob, to, reason).expect(303);
        }
        // The picture is its own thing, and adds to what was said of the project.
        let picture = format!("{}/picture/report", duck.path());
        assert!(bob.get(&duck.path()).expect(200).links().contains(&picture));
        site.visitor().get(&picture).expect(200).says("Log in to report it");
        report(&bob, &picture, "private").expect(303);
        assert_eq!(site.count("reports WHERE picture_id IS NOT NULL"), 1);
        assert_eq!((site.count("reports"), site.count("profile_reports")), (3, 1));
        let mona = site.moderator("mona");
        let page = mona.get("/moderation/reported").expect(200).says("A remark that somebody minds").says("faster feet")
            .says("The picture it is about").says("no report answered yet");
        assert!(page.html().contains("Ducks on a pond"));
        mona.get("/moderation/people").expect(200).says("What waits").says("It pretends to be somebody else").says("bob");
        assert!(mona.get("/moderation").expect(200).words().contains("People 1"));
        bob.get("/account/reports").expect(200).says("the profile of ann").says("a comment on “Duck racer”").says("waits for a moderator");
        bob.post(&format!("/comments/{comment}/report"), &[("reason", "pretends")]).expect(422);
    }

    fn a_second_report_by_the_same_person_changes_nothing_until_it_is_answered(site, limits_off) {
        let (_, id) = remark(site);
        site.regular("bob");
        for _ in 0..2 {
            report_comment(site, "bob", id).expect(303);
        }
        assert_eq!((site.item(id).reports, site.count("reports")), (1, 1));
        assert_eq!(site.count("items WHERE report_weight = 0.5"), 1);
        let mona = site.moderator("mona");
        decide(&mona, &[id], "ham");
        assert_eq!(site.count("items WHERE report_weight > 0"), 0);
        report_comment(site, "bob", id).expect(303);
        assert_eq!((site.item(id).reports, site.count("reports WHERE repeated = 1")), (1, 1));
        mona.get("/moderation/reported").expect(200).says("right 0 of 1 time").says("reported it before");
    }

    fn who_was_right_before_comes_first(site, limits_off) {
        let (duck, first) = remark(site);
        site.moderator("mona");
        let second = site.comment("ann", &duck, "Another remark, that a good judge minds.");
        let third = site.comment("ann", &duck, "A third remark, that a bad judge minds.");
        for name in ["bob", "judge", "crier"] {
            site.regular(name);
        }
        record(site, "judge", 7, 9);
        record(site, "crier", 0, 9);
        for (name, id) in [("bob", first), ("judge", second), ("crier", third)] {
            report_comment(site, name, id).expect(303);
        }
        let mona = site.come_back("mona");
        let page = mona.get("/moderation/reported").expect(200).says("right 7 of 9 times").says("right 0 of 9 times");
        assert_eq!(listed(&page), [second, first, third]);
        assert_eq!(listed(&mona.get("/moderation/reported?order=oldest").expect(200)), [first, second, third]);
        // Two light ones weigh less than one heavy one.
        report_comment(site, "bob", third).expect(303);
        assert_eq!(listed(&mona.get("/moderation/reported").expect(200)), [second, third, first]);
    }

    fn enough_reports_hide_until_a_person_has_looked_and_never_for_good(site, limits_off) {
        let (duck, id) = remark(site);
        let mona = site.moderator("mona");
        for name in ["bob", "eve", "fay", "gil"] {
            site.regular(name);
        }
        for name in ["bob", "eve", "fay"] {
            report_comment(site, name, id).expect(303);
            assert_eq!(site.state(id), State::Published, "three of whom nobody knows are not enough");
        }
        report_comment(site, "gil", id).expect(303);
        let item = site.item(id);
        assert_eq!((item.state, item.queue, item.why.as_str(), item.reports), (State::Held, Some(Queue::Held), "reports", 4));
        site.visitor().get(&duck.path()).expect(200).does_not_say("somebody minds");
        site.come_back("ann").get(&duck.path()).expect(200).says("somebody minds").says("Waiting for a moderator");
        mona.get("/moderation/held").expect(200).says("reported by readers").says("4 readers reported it: unkind 4. Together their reports weigh 2.0 and reached the bar of 2");
        assert_eq!(site.count("verdicts v JOIN users u ON u.id = v.by_id WHERE u.robot AND v.label IS NULL"), 1);
        assert_eq!(site.count("log l JOIN users u ON u.id = l.actor_id WHERE u.robot AND l.act = 'hold'"), 1);
        site.come_back("gil").get("/account/reports").expect(200).says("hidden until a moderator has looked");
        // Taken back, like anything; and the same reports do not hide it again.
        undo(&mona, site);
        assert_eq!((site.state(id), site.item(id).reports), (State::Published, 4));
        site.regular("hal");
        report_comment(site, "hal", id).expect(303);
        assert_eq!(site.state(id), State::Published);
        assert_eq!(site.count("jobs WHERE kind = 'report'"), 0, "nobody has answered yet");
    }

    fn three_who_were_mostly_right_are_enough_and_what_was_let_stand_is_not_hidden_by_the_same(site, limits_off) {
        let (_, id) = remark(site);
        let mona = site.moderator("mona");
        for name in ["bob", "eve", "fay"] {
            site.regular(name);
            record(site, name, 4, 4);
        }
        report_comment(site, "bob", id).expect(303);
        report_comment(site, "eve", id).expect(303);
        assert_eq!(site.state(id), State::Published, "two are never enough");
        report_comment(site, "fay", id).expect(303);
        assert_eq!(site.state(id), State::Held);
        decide(&mona, &[id], "ham");
        for name in ["bob", "eve", "fay"] {
            report_comment(site, name, id).expect(303);
        }
        assert_eq!((site.state(id), site.item(id).reports), (State::Published, 3));
        assert_eq!(site.count("verdicts WHERE label = 'spam'"), 0);
    }

    fn one_person_with_many_accounts_hides_nothing(site, limits_off) {
        let (_, id) = remark(site);
        for n in 0..8 {
            let name = format!("sock-{n}");
            site.regular(&name);
            // Half of them signed up there, the other half only logged in from there.
            let table = if n % 2 == 0 { "users SET network = 'one-flat' WHERE id" } else { "sessions SET network = 'one-flat' WHERE user_id" };
            site.sql(&format!("UPDATE {table} = {}", site.user_id(&name)));
            report(&site.come_back(&name), &format!("/comments/{id}/report"), "spam");
            site.sql(&format!("UPDATE sessions SET network = 'one-flat' WHERE user_id = {}", site.user_id(&name)));
        }
        assert_eq!(site.item(id).reports, 8);
        // The last two came before their network was known; six at one flat and these are not enough.
        assert_eq!(site.state(id), State::Published);
        for n in 0..8 {
            let name = format!("young-{n}");
            site.regular(&name);
            site.sql(&format!("UPDATE users SET created_at = '2999-01-01 00:00:00' WHERE username = '{name}'"));
            report_comment(site, &name, id).expect(303);
        }
        assert_eq!(site.state(id), State::Published, "accounts of today hide nothing");
    }

    fn at_zero_nothing_is_hidden(site, limits_off) {
        let (_, id) = remark(site);
        site.sql("INSERT INTO settings (key, value) VALUES ('reports_hide_at', '0')");
        for n in 0..6 {
            let name = format!("reader-{n}");
            site.regular(&name);
            report_comment(site, &name, id).expect(303);
        }
        assert_eq!((site.state(id), site.item(id).reports), (State::Published, 6));
    }

    fn reporters_learn_the_outcome_in_one_letter_and_nothing_of_an_undone_one(site, limits_off) {
        let (duck, first) = remark(site);
        let second = site.comment("ann", &duck, "Another remark that somebody minds.");
        let third = site.comment("ann", &duck, "A third remark that is left alone.");
        let (mona, bob) = (site.moderator("mona"), site.regular("bob"));
        site.regular("eve");
        for id in [first, second, third] {
            report_comment(site, "bob", id).expect(303);
        }
        report_comment(site, "eve", first).expect(303);
        decide(&mona, &[first, second], "remove");
        undo(&mona, site);
        ten_minutes_later(site);
        assert_eq!(site.letters("report", "bob").len() + site.letters("report", "eve").len(), 0);
        bob.get("/account/reports").expect(200).says("waits for a moderator").does_not_say("was removed");
        decide(&mona, &[first, second], "remove");
        ten_minutes_later(site);
        let letter = site.letter("report", "bob");
        assert_eq!(plain_part(&letter).matches("was removed").count(), 2, "{letter}");
        assert_eq!((site.letters("report", "bob").len(), site.letters("report", "eve").len()), (1, 1));
        decide(&mona, &[third], "ham");
        ten_minutes_later(site);
        wait_for("the second letter", || (site.letters("report", "bob").len() == 2).then_some(()));
        assert_eq!(site.letters("report", "eve").len(), 1);
        bob.get("/account/reports").expect(200).says("was removed").says("was left as it is").does_not_say("waits for a moderator");
        assert_eq!(site.count("verdicts WHERE label = 'spam'"), 0, "reports teach nothing");
    }

    fn reports_of_a_profile_are_answered_for_all_who_made_them_and_opened_again(site, limits_off) {
        site.regular("ann");
        let mona = site.moderator("mona");
        for name in ["bob", "eve"] {
            report(&site.regular(name), "/people/ann/report", "spam").expect(303);
        }
        let answer = "/moderation/people/ann/reports";
        let form = mona.get("/moderation/people").expect(200).form(answer);
        mona.fill_in(&form, &[("outcome", "left")]).expect(303);
        assert_eq!(site.count("profile_reports WHERE closed_at IS NULL"), 0);
        mona.get("/moderation/people").expect(200).does_not_say("What waits");
        let form = mona.get("/moderation/people/ann").expect(200).form(answer);
        mona.fill_in(&form, &[("outcome", "reopen")]).expect(303);
        assert_eq!(site.count("profile_reports WHERE closed_at IS NULL"), 2);
        ten_minutes_later(site);
        assert_eq!(site.letters("report", "bob").len(), 0);
        mona.post(answer, &[("outcome", "acted")]).expect(303);
        ten_minutes_later(site);
        assert!(site.letter("report", "bob").contains("acted on it"));
        assert_eq!(site.letters("report", "eve").len(), 1);
        mona.get("/moderation/log").expect(200).says("acted on the profile: 2 reports");
        report(&site.come_back("bob"), "/people/mona/report", "unkind").expect(303);
        mona.post("/moderation/people/mona/reports", &[("outcome", "left")]).expect(403);
    }

    fn who_is_new_and_fills_the_queues_stands_among_the_people(site, limits_off) {
        let (duck, _) = remark(site);
        let mona = site.moderator("mona");
        site.member("flood");
        for n in 0..3 {
            mona.get("/moderation/people").expect(200).does_not_say("What waits");
            site.waiting("flood", &duck, &format!("Golden ducks {n}, cheap."), State::Spam);
        }
        mona.get("/moderation/people").expect(200).says("What waits").says("3 wait");
    }

    fn nobody_reports_their_own(site, limits_off) {
        let (duck, id) = remark(site);
        let (ann, odile) = (site.come_back("ann"), site.come_back("odile"));
        for (who, page) in [(&ann, format!("/comments/{id}/report")), (&ann, "/people/ann/report".into()), (&odile, format!("{}/report", duck.path()))] {
            who.post(&page, &[("reason", "spam")]).expect(403).says("This is your own");
            who.get(&page).expect(403).says("This is your own");
        }
        assert_eq!((site.count("reports"), site.count("profile_reports")), (0, 0));
    }

    fn reporters_learn_what_stands_and_not_what_was_overruled(site, limits_off) {
        let (_, id) = remark(site);
        let (mona, bob) = (site.moderator("mona"), site.regular("bob"));
        report_comment(site, "bob", id).expect(303);
        decide(&mona, &[id], "ham");
        decide(&mona, &[id], "remove");
        bob.get("/account/reports").expect(200).says("was removed").does_not_say("left as it is");
        ten_minutes_later(site);
        let letter = site.letter("report", "bob");
        assert!(letter.contains("was removed") && !letter.contains("left as it is"), "{letter}");
    }

    fn nobody_is_told_of_a_batch_that_is_still_going_back(site, limits_off) {
        let (_, id) = remark(site);
        let mona = site.moderator("mona");
        site.regular("bob");
        report_comment(site, "bob", id).expect(303);
        decide(&mona, &[id], "remove");
        site.sql("UPDATE batches SET phase = 'undoing'");
        site.sql("UPDATE jobs SET run_at = '2020-01-01 00:00:00' WHERE kind = 'report'");
        wait_for("the job to be put off", || {
            let put_off = site.count("jobs WHERE kind = 'report' AND attempts = 0 AND run_at > '2021-01-01 00:00:00'");
            (put_off == 1 && site.count("jobs WHERE kind = 'report'") == 1).then_some(())
        });
        assert!(site.letters("report", "bob").is_empty());
        site.sql("UPDATE batches SET phase = 'done'");
        ten_minutes_later(site);
        assert_eq!(site.letters("report", "bob").len(), 1);
    }

    fn asking_anew_clears_no_record(site, limits_off) {
        let (_, id) = remark(site);
        let (mona, bob) = (site.moderator("mona"), site.regular("bob"));
        let record = || site.db(|db| {
            let bob = potluck_models::account::User::by_username(db, "bob")?.expect("bob").id;
            let record = potluck_models::moderation::report::records(db, &[bob])?.remove(&bob);
            Ok(record.unwrap_or_default())
        });
        for wrong in 1..=3 {
            report(&bob, "/people/ann/report", "spam").expect(303);
            mona.post("/moderation/people/ann/reports", &[("outcome", "left")]).expect(303);
            assert_eq!(record(), Record { right: 0, answered: wrong });
        }
        for wrong in 4..=6 {
            report_comment(site, "bob", id).expect(303);
            decide(&mona, &[id], "ham");
            assert_eq!(record(), Record { right: 0, answered: wrong });
        }
        report(&bob, "/people/ann/report", "spam").expect(303);
        assert_eq!(record(), Record { right: 0, answered: 6 });
    }

    fn ten_reports_a_minute_are_enough(site) {
        let (_, id) = remark(site);
        let bob = site.regular("bob");
        let here = format!("/comments/{id}/report");
        for _ in 0..10 {
            bob.post(&here, &[("reason", "unkind")]).expect(303);
        }
        bob.post(&here, &[("reason", "unkind")]).expect(429);
    }
}
