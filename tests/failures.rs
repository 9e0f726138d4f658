//! "Didn't work for me": reports, their groups, what the makers say to them, and who is told.

use crate::support::*;
use diesel::prelude::*;
use potluck_models::check;
use potluck_models::db::FailureGroupId;
use potluck_models::failure::group::{self, Fate};
use potluck_models::failure::{self, Report, System, telling};
use potluck_models::intake::Context;
use potluck_models::intake::rules::Rules;
use potluck_models::item::{Kind, State};
use potluck_models::job::Job;
use potluck_models::notice::Sort;
use potluck_models::project::Project;
use potluck_models::schema::{failures, items, notices, releases};
use potluck_models::settings::Settings;

/// The same fault on two machines.
const ON_LINUX: &str = "Traceback (most recent call last):\n  File \"/home/ann/duck/game.py\", line 12, in play\n    load(3)\n  File \"/home/ann/duck/save.py\", line 40, in load\n    raise SaveError(path)\nsave.SaveError: cannot open '/home/ann/save.dat' at 0x7f3a2b\n";
const ON_WINDOWS: &str = "Traceback (most recent call last):\n  File \"C:\\Games\\duck\\game.py\", line 14, in play\n    load(9)\n  File \"C:\\Games\\duck\\save.py\", line 44, in load\n    raise SaveError(path)\nsave.SaveError: cannot open 'C:\\Games\\save.dat' at 0x11\n";
const ANOTHER: &str = "Traceback (most recent call last):\n  File \"game.py\", line 99, in draw\nZeroDivisionError: division by zero\n";

/// Odile, who makes the duck racer and put out 1.1; ann and bob, who play it.
fn table(site: &Site) -> (Client<'_>, Client<'_>, Client<'_>, Made) {
    site.app.set_filter(None);
    let odile = site.maker("odile");
    let (ann, bob) = (site.regular("ann"), site.regular("bob"));
    let duck = site.project("odile", "Duck racer");
    put_out(&odile, &duck, "1.1");
    (odile, ann, bob, duck)
}

fn put_out(odile: &Client, duck: &Made, version: &str) {
    let new = format!("{}/releases/new", duck.path());
    odile
        .submit(&new, &new, &[("version", version), ("notes", "Ducks.")])
        .expect(303);
}

fn list(duck: &Made) -> String {
    format!("{}/failures", duck.path())
}

fn new(duck: &Made) -> String {
    format!("{}/failures/new", duck.path())
}

fn report(client: &Client, duck: &Made, system: &str, words: &str, trace: &str) -> Answer {
    report_in("1.1", client, duck, system, words, trace)
}

fn report_in(
    release: &str,
    client: &Client,
    duck: &Made,
    system: &str,
    words: &str,
    trace: &str,
) -> Answer {
    let fields = [
        ("release", release),
        ("system", system),
        ("words", words),
        ("trace", trace),
    ];
    client.submit(&new(duck), &new(duck), &fields).expect(303)
}

/// The address of a group, from where a report led.
fn group_of(answer: &Answer) -> String {
    answer
        .leads_to()
        .split(['?', '#'])
        .next()
        .expect("an address")
        .to_owned()
}

fn newest(site: &Site) -> potluck_models::db::ItemId {
    site.db(|db| {
        failures::table
            .select(failures::id)
            .order(failures::id.desc())
            .first(db)
    })
}

fn answer(odile: &Client, group: &str, fields: &[(&str, &str)]) -> Answer {
    odile.submit(group, &format!("{group}/answer"), fields)
}

fn too(client: &Client, group: &str, release: &str, still: bool) -> Answer {
    let mut fields = vec![("release", release), ("system", "windows")];
    if still {
        fields.push(("still", "1"));
    }
    client.post(&format!("{group}/too"), &fields)
}

fn told(site: &Site, name: &str, sort: &str) -> i64 {
    site.count(&format!(
        "notices WHERE user_id = {} AND kind = '{sort}'",
        site.user_id(name)
    ))
}

/// So many newcomers who say "me too", as in the past.
fn crowd(site: &Site, duck: &Made, group: FailureGroupId, many: i64) {
    let names: Vec<String> = (0..many).map(|n| format!("player-{n}")).collect();
    for name in &names {
        site.member(name);
    }
    let users: Vec<_> = names.iter().map(|name| site.user(name)).collect();
    site.db(|db| {
        let settings = Settings::load(db)?;
        let context = Context {
            settings: &settings,
            filter: None,
            limits_off: true,
            rules: Rules::none(),
            address: None,
        };
        let project = Project::find(db, duck.id)?;
        let too = Report::me_too(None, System::Linux);
        for user in &users {
            failure::post(db, &context, user, &project, Some(group), &too, "")
                .expect("it is taken in");
        }
        Ok(())
    });
}

fn agrees(site: &Site) {
    let reports = site.db(|db| check::run(db, false, |_| {}));
    let of_ours = [
        "people of groups of failures",
        "awards of projects that readers see",
        "texts that the search finds",
    ];
    for report in reports
        .iter()
        .filter(|report| of_ours.contains(&report.what))
    {
        assert!(
            report.differs.is_empty(),
            "{}: {:?}",
            report.what,
            report.differs
        );
    }
}

on_both! {
    fn two_who_meet_the_same_fault_are_one_group(site, limits_off) {
        let (_, ann, bob, duck) = table(site);
        site.visitor().get(&duck.path()).expect(200).says("Didn’t work for me");
        site.visitor().get(&format!("{}/releases/1.1", duck.path())).expect(200).says("Didn’t work for me");
        let form = ann.get(&new(&duck)).expect(200).html();
        assert!(form.contains("<option value=\"1.1\" selected>"), "the newest is chosen: {form}");
        let first = report(&ann, &duck, "linux", "It stops when I load.", ON_LINUX);
        let second = report(&bob, &duck, "windows", "Loading ends it, too.", ON_WINDOWS);
        assert_eq!(group_of(&first), group_of(&second));
        let other = report(&bob, &duck, "windows", "Drawing fails.", ANOTHER);
        assert_ne!(group_of(&first), group_of(&other));
        site.visitor().get(&list(&duck)).expect(200).says("2 people").says("Linux · Windows").says("in 1.1")
            .says("save.SaveError: cannot open").says("1 person").says("ZeroDivisionError");
        let page = site.visitor().get(&group_of(&first)).expect(200).says("It stops when I load.").says("Loading ends it");
        // As text, folded, and whole.
        assert!(page.html().contains("<pre class=\"trace\""), "{}", page.html());
        assert!(unescape(&page.html()).contains(ON_LINUX.trim_end()));
        // No part of the talk, the search, or the person's page.
        site.visitor().get(&duck.path()).expect(200).does_not_say("It stops when I load").says("2 open");
        site.visitor().get("/search?q=loading").expect(200).does_not_say("Loading ends it");
        site.visitor().get("/people/ann").expect(200).does_not_say("It stops when I load");
        agrees(site);
    }

    fn markup_in_a_trace_stays_text_and_long_ones_are_kept_whole(site, limits_off) {
        let (_, ann, _, duck) = table(site);
        let long = format!("<script>alert(1)</script> **bold** {ON_LINUX}{}", "x".repeat(60_000));
        let group = group_of(&report(&ann, &duck, "linux", "All of it.", &long));
        let html = site.visitor().get(&group).expect(200).html();
        assert!(!html.contains("<script>alert"), "markup got out");
        assert!(html.contains("**bold**") && html.contains(&"x".repeat(60_000)));
        let fields = [("system", "linux"), ("words", "Too much."), ("trace", &*"y".repeat(65_537))];
        ann.submit(&new(&duck), &new(&duck), &fields).expect(422).says("A trace has at most 64 KB").keeps("Too much.");
    }

    fn the_maker_answers_and_marks_and_reporters_are_told(site, limits_off) {
        let (odile, ann, bob, duck) = table(site);
        let group = group_of(&report(&ann, &duck, "linux", "It stops when I load.", ON_LINUX));
        odile.get("/inbox").expect(200).says("ann reported what did not work in Duck racer").says("It stops when I load.");
        answer(&odile, &group, &[("words", "Which level was it, please?"), ("fate", "open")]).expect(303);
        site.visitor().get(&group).expect(200).says("What the makers say").says("Which level was it");
        assert_eq!((told(site, "ann", "answer"), told(site, "odile", "answer")), (1, 0));
        ann.get("/inbox").expect(200).says("answered what did not work for you").says("Which level was it");
        put_out(&odile, &duck, "1.2");
        answer(&odile, &group, &[("fate", "fixed"), ("fixed_in", "1.2")]).expect(303);
        site.visitor().get(&list(&duck)).expect(200).says("fixed in 1.2");
        ann.get("/inbox").expect(200).says("fixed in 1.2").says("what did not work for you in Duck racer");
        // Somebody who does not make it marks nothing.
        bob.post(&format!("{group}/answer"), &[("fate", "intended")]).expect(403);
        ann.post(&format!("{group}/answer"), &[("words", "I say so.")]).expect(403);
        let page = ann.get(&group).expect(200).says("Does it work now?").says("Still fails in 1.2");
        let form = page.form(&format!("{group}/too"));
        ann.fill_in(&form, &[("still", "1"), ("system", "linux")]).expect(303);
        site.visitor().get(&list(&duck)).expect(200).does_not_say("fixed in 1.2").says("1 person").says("1.2").says("1.1");
        // Open again: what they were told of before is told no more, and the next fix is new.
        put_out(&odile, &duck, "1.3");
        answer(&odile, &group, &[("fate", "fixed"), ("fixed_in", "1.3")]).expect(303);
        ann.get("/inbox").expect(200).says("fixed in 1.3").does_not_say("fixed in 1.2");
        answer(&odile, &group, &[("fate", "intended")]).expect(303);
        ann.get("/inbox").expect(200).says("not a fault");
        answer(&odile, &group, &[("fate", "unseen")]).expect(303);
        site.visitor().get(&group).expect(200).says("cannot reproduce");
        answer(&odile, &group, &[("fate", "open")]).expect(303);
        assert_eq!(told(site, "ann", "fixed") + told(site, "ann", "marked"), 0);
        answer(&odile, &group, &[("fate", "open")]).expect(422).says("Say something, or mark it.");
        answer(&odile, &group, &[("fate", "fixed"), ("fixed_in", "9.9"), ("words", "Soon.")]).expect(422).says("Choose one of the releases").keeps("Soon.");
        agrees(site);
    }

    fn me_too_counts_once_and_needs_no_words(site, limits_off) {
        let (odile, ann, bob, duck) = table(site);
        let group = group_of(&report(&ann, &duck, "linux", "The music stops.", ""));
        bob.get(&group).expect(200).says("The same with you?");
        too(&bob, &group, "1.1", false).expect(303);
        too(&bob, &group, "1.1", false).expect(303);
        site.visitor().get(&group).expect(200).says("2 people").says("1 said “me too”, on Windows.");
        too(&ann, &group, "1.1", false).expect(303);
        site.visitor().get(&group).expect(200).says("2 people");
        too(&odile, &group, "1.1", false).expect(403);
        too(&bob, &group, "7", false).expect(400);
        // A report from before the fix leaves it fixed, one from the release that has it does not.
        put_out(&odile, &duck, "1.2");
        answer(&odile, &group, &[("fate", "fixed"), ("fixed_in", "1.2")]).expect(303);
        let eve = site.regular("eve");
        too(&eve, &group, "1.1", false).expect(303);
        site.visitor().get(&group).expect(200).says("fixed in 1.2").says("3 people");
        let dan = site.regular("dan");
        too(&dan, &group, "1.2", false).expect(303);
        site.visitor().get(&group).expect(200).does_not_say("fixed in 1.2").says("4 people");
        // It has no text, so nothing is learned from it.
        let texts = site.count("revisions WHERE text = '' AND item_id IN (SELECT id FROM items WHERE kind = 'failure')");
        assert_eq!(texts, 3);
        agrees(site);
    }

    fn ones_own_is_changed_and_deleted_by_oneself(site, limits_off) {
        let (_, ann, bob, duck) = table(site);
        let first = group_of(&report(&ann, &duck, "linux", "It stops.", ON_LINUX));
        let id = newest(site);
        let edit = format!("/failures/{id}/edit");
        bob.get(&edit).expect(403);
        ann.get(&edit).expect(200).says("It stops.");
        let changed = ann.submit(&edit, &edit, &[("release", "1.1"), ("system", "linux"), ("words", "It stops in the menu."), ("trace", ANOTHER)]).expect(303);
        // Another trace is another fault.
        assert_ne!(group_of(&changed), first);
        site.visitor().get(&first).expect(404);
        site.visitor().get(&group_of(&changed)).expect(200).says("It stops in the menu.").says("edited");
        ann.submit(&edit, &edit, &[("words", " ")]).expect(422).says("Say in a few words");
        agrees(site);
        bob.post(&format!("/failures/{id}/delete"), &[]).expect(403);
        ann.post(&format!("/failures/{id}/delete"), &[]).expect(303);
        site.visitor().get(&list(&duck)).expect(200).says("Nothing was reported");
        site.visitor().get(&format!("/failures/{id}")).expect(410);
        // After its time nothing of the text is left.
        site.sql("UPDATE items SET erase_at = '2020-01-01 00:00:00' WHERE erase_at IS NOT NULL");
        site.db(|db| potluck_models::item::erase_deleted(db).map(|_| ()));
        assert_eq!(site.count("failures WHERE trace <> '' OR words <> '' OR headline <> ''"), 0);
        agrees(site);
    }

    fn a_newcomers_first_report_waits_and_a_moderator_decides(site, limits_off) {
        let (_, ann, _, duck) = table(site);
        let newcomer = site.member("nina");
        let group = group_of(&report(&newcomer, &duck, "web", "It is all white.", ""));
        let id = newest(site);
        assert_eq!((site.state(id), site.item(id).kind), (State::Held, Kind::Failure));
        site.visitor().get(&group).expect(404);
        newcomer.get(&group).expect(200).says("waits for a moderator");
        newcomer.get("/account/mine").expect(200).says("It is all white.");
        let mona = site.moderator("mona");
        mona.get("/moderation/held").expect(200).says("It is all white.").says("first report of a failure");
        mona.get("/moderation/held?kind=failure").expect(200).says("It is all white.");
        let item = format!("failure:{id}");
        mona.post("/moderation/verdicts", &[("item", &item), ("verdict", "ham")]).expect(303);
        site.visitor().get(&group).expect(200).says("It is all white.").says("1 person");
        // Reported by a reader, removed, and undone.
        let complain = format!("/failures/{id}/report");
        ann.submit(&complain, &complain, &[("reason", "unkind")]).expect(303);
        mona.get("/moderation/reported").expect(200).says("It is all white.");
        mona.post("/moderation/verdicts", &[("item", &item), ("verdict", "remove"), ("reason", "unkind")]).expect(303);
        site.visitor().get(&group).expect(404);
        agrees(site);
        ann.get("/account/reports").expect(200).says("a report of a failure of “Duck racer”");
        let batch: i64 = site.db(|db| {
            use potluck_models::schema::batches;
            batches::table.select(diesel::dsl::max(batches::id)).first::<Option<i64>>(db).map(Option::unwrap)
        });
        mona.post(&format!("/moderation/batches/{batch}/undo"), &[]).expect(303);
        site.visitor().get(&group).expect(200).says("It is all white.");
        agrees(site);
    }

    fn links_in_a_trace_are_no_way_around_the_filter(site, limits_off) {
        let (_, ann, _, duck) = table(site);
        let hosts: Vec<String> = (0..9).map(|n| format!("    at go (https://shop{n}.example/a.js:1:2)")).collect();
        report(&ann, &duck, "web", "It fails.", &format!("TypeError: x\n{}", hosts.join("\n")));
        let id = newest(site);
        assert_eq!((site.state(id), site.item(id).why.as_str()), (State::Held, "links"));
        assert!(site.count("item_domains WHERE domain = 'shop3.example'") > 0);
    }

    fn a_banned_persons_reports_go_and_an_undo_brings_them_back(site, limits_off) {
        let (_, ann, bob, duck) = table(site);
        let group = group_of(&report(&ann, &duck, "linux", "It stops when I load.", ON_LINUX));
        too(&bob, &group, "1.1", false).expect(303);
        let ada = site.admin("ada");
        let ban = "/moderation/people/bob/ban";
        let form = ada.get(ban).expect(200).form(ban);
        ada.fill_in(&form, &[("reason", "A bad day for ducks."), ("away", "spam"), ("sure", "1")]).expect(303);
        site.visitor().get(&group).expect(200).says("1 person").does_not_say("me too");
        agrees(site);
        let sanction = site.db(|db| {
            use potluck_models::schema::sanctions;
            sanctions::table.select(diesel::dsl::max(sanctions::id)).first::<Option<i64>>(db).map(Option::unwrap)
        });
        ada.post(&format!("/moderation/sanctions/{sanction}/undo"), &[]).expect(303);
        site.visitor().get(&group).expect(200).says("2 people").says("me too");
        agrees(site);
    }

    fn the_gate_of_feedback_holds_for_reports(site, limits_off) {
        let (odile, ann, _, duck) = table(site);
        odile.get(&new(&duck)).expect(200).says("You make this project");
        site.visitor().get(&new(&duck)).expect(303);
        site.sql(&format!("UPDATE projects SET closed = {} WHERE id = {}", if site.database == Database::Sqlite { "1" } else { "true" }, duck.id));
        ann.get(&new(&duck)).expect(200).says("take no reports of failures");
        let fields = [("system", "linux"), ("words", "Kept for later.")];
        ann.post(&new(&duck), &fields).expect(403).keeps("Kept for later.");
        site.visitor().get(&duck.path()).expect(200).does_not_say("Didn’t work for me");
        odile.post(&format!("{}/switch", duck.path()), &[("feedback_open", "on")]).expect(303);
        report(&ann, &duck, "linux", "It stops.", "");
    }

    fn failures_stand_by_release_for_their_makers(site, limits_off) {
        let (odile, ann, bob, duck) = table(site);
        let group = group_of(&report(&ann, &duck, "linux", "It stops when I load.", ON_LINUX));
        put_out(&odile, &duck, "1.2");
        report_in("1.2", &bob, &duck, "windows", "Drawing fails.", ANOTHER);
        answer(&odile, &group, &[("fate", "fixed"), ("fixed_in", "1.2")]).expect(303);
        let by = site.db(|db| group::by_release(db, duck.id));
        let of: Vec<_> = by.iter().map(|of| (of.version.as_deref(), of.open.len(), of.closed.len())).collect();
        assert_eq!(of, [(Some("1.2"), 1, 0), (Some("1.1"), 0, 1)]);
        let (lines, next) = site.db(|db| group::lines(db, duck.id, potluck_models::db::ItemId(0), 1, true));
        assert_eq!((lines[0].by.as_str(), lines[0].state, lines[0].fixed_in.as_deref()), ("ann", Fate::Fixed, Some("1.2")));
        assert_eq!(lines[0].cells().len(), group::Line::COLUMNS.len());
        let rest = site.db(|db| group::lines(db, duck.id, next.expect("one more"), 10, true)).0;
        assert_eq!((rest.len(), rest[0].by.as_str(), rest[0].release.as_deref()), (1, "bob", Some("1.2")));
        assert_eq!(site.db(|db| items::table.filter(items::kind.eq(Kind::Failure)).count().get_result::<i64>(db)), 2);
        // And on the makers' page of all feedback, with what they take along.
        let feedback = format!("{}/feedback", duck.path());
        odile.get(&feedback).expect(200).says("What did not work").says("SaveError");
        let json: serde_json::Value = serde_json::from_str(&odile.get(&format!("{feedback}.json")).expect(200).html()).unwrap();
        let exported = json["failures"].as_array().unwrap();
        assert!(exported.iter().any(|one| one["trace"].as_str().unwrap().contains("save.py")), "{json}");
        let csv = odile.get(&format!("{feedback}.csv")).expect(200).html();
        assert_eq!(csv.matches("\r\nfailure,").count(), exported.len(), "{csv}");
    }

    fn who_complains_reads_what_readers_see_and_is_thanked(site, limits_off) {
        let (_, ann, bob, duck) = table(site);
        report(&ann, &duck, "linux", "It stops when I load.", "");
        let id = newest(site);
        let shops: Vec<String> = (0..9).map(|n| format!("https://shop{n}.example/")).collect();
        let edit = format!("/failures/{id}/edit");
        let words = format!("Better buy at {}", shops.join(" "));
        ann.submit(&edit, &edit, &[("release", "1.1"), ("system", "linux"), ("words", &words)]).expect(303);
        assert!(site.item(id).has_waiting_edit(), "the edit waits");
        let complain = format!("/failures/{id}/report");
        for reader in [&site.visitor(), &bob] {
            reader.get(&complain).expect(200).says("It stops when I load.").does_not_say("shop3.example");
        }
        // By the address of the report to its place on the page of its group, which says thank you.
        let done = bob.submit(&complain, &complain, &[("reason", "unkind")]).expect(303);
        let there = bob.get(done.location().expect("an address")).expect(303);
        let (page, place) = there.location().expect("an address").split_once('#').expect("a place");
        assert_eq!(place, format!("failure-{id}"));
        bob.get(page).expect(200).says("Thank you for telling us.").says("It stops when I load.");
    }

    fn me_too_is_no_report_that_somebody_looked_at(site, limits_off) {
        let (_, ann, _, duck) = table(site);
        let group = group_of(&report(&ann, &duck, "linux", "The music stops.", ""));
        let nina = site.member("nina");
        too(&nina, &group, "1.1", false).expect(303);
        let too = newest(site);
        assert_eq!(site.state(too), State::Published);
        report(&nina, &duck, "web", "It is all white.", "");
        assert_eq!(site.state(newest(site)), State::Held);
        // Nor are words that come into it later.
        let edit = format!("/failures/{too}/edit");
        nina.submit(&edit, &edit, &[("release", "1.1"), ("system", "windows"), ("words", "Come to my shop.")]).expect(303);
        assert!(site.item(too).has_waiting_edit(), "the words wait");
        site.visitor().get(&group).expect(200).does_not_say("Come to my shop");
    }

    fn me_too_counts_people_and_not_what_they_sent(site, limits_off) {
        let (odile, ann, bob, duck) = table(site);
        let group = group_of(&report(&ann, &duck, "linux", "The music stops.", ""));
        put_out(&odile, &duck, "1.2");
        too(&bob, &group, "1.1", false).expect(303);
        too(&bob, &group, "1.2", false).expect(303);
        // Who told of it in words is no "me too".
        too(&ann, &group, "1.2", false).expect(303);
        site.visitor().get(&group).expect(200).says("2 people").says("1 said “me too”, on Windows.");
        agrees(site);
    }

    fn what_opens_again_by_itself_is_told_of_as_fixed_no_more(site, limits_off) {
        let (odile, ann, bob, duck) = table(site);
        let group = group_of(&report(&ann, &duck, "linux", "The music stops.", ""));
        put_out(&odile, &duck, "1.2");
        answer(&odile, &group, &[("fate", "fixed"), ("fixed_in", "1.2")]).expect(303);
        assert_eq!(told(site, "ann", "fixed"), 1);
        too(&bob, &group, "1.2", false).expect(303);
        site.visitor().get(&list(&duck)).expect(200).does_not_say("fixed in 1.2");
        assert_eq!(told(site, "ann", "fixed"), 0);
        ann.get("/inbox").expect(200).does_not_say("what did not work for you");
    }

    fn who_ignores_the_maker_is_told_nothing_by_them(site, limits_off) {
        let (odile, ann, bob, duck) = table(site);
        let group = group_of(&report(&ann, &duck, "linux", "The music stops.", ""));
        too(&bob, &group, "1.1", false).expect(303);
        ann.post("/people/odile/ignore", &[]).expect(303);
        answer(&odile, &group, &[("fate", "intended"), ("words", "It is meant to.")]).expect(303);
        assert_eq!((told(site, "ann", "marked"), told(site, "ann", "answer")), (0, 0));
        assert_eq!((told(site, "bob", "marked"), told(site, "bob", "answer")), (1, 1));
    }

    fn words_are_taken_in_before_the_mark(site, limits_off) {
        let (odile, ann, _, duck) = table(site);
        let group = group_of(&report(&ann, &duck, "linux", "The music stops.", ""));
        let done = answer(&odile, &group, &[("fate", "intended"), ("words", "It is meant to.")]).expect(303);
        assert!(done.location().is_some_and(|to| to.ends_with("?said=failure-answered")), "{:?}", done.location());
        let ann = site.user_id("ann");
        let sorts: Vec<Sort> = site.db(|db| {
            notices::table.filter(notices::user_id.eq(ann)).order(notices::id).select(notices::kind).load(db)
        });
        assert_eq!(sorts, [Sort::Answer, Sort::Marked]);
    }

    fn a_release_that_is_gone_mends_nothing_by_name(site, limits_off) {
        let (odile, ann, _, duck) = table(site);
        let group = group_of(&report(&ann, &duck, "linux", "The music stops.", ""));
        put_out(&odile, &duck, "1.2");
        answer(&odile, &group, &[("fate", "fixed"), ("fixed_in", "1.2")]).expect(303);
        ann.get("/inbox").expect(200).says("say “fixed in 1.2” of what did not work");
        let release = site.db(|db| releases::table.filter(releases::version.eq("1.2")).select(releases::id).first(db));
        for state in [State::Held, State::Deleted] {
            site.put(release, state);
            ann.get("/inbox").expect(200).says("say “fixed” of what did not work").does_not_say("fixed in 1.2");
        }
        site.put(release, State::Published);
        ann.get("/inbox").expect(200).says("say “fixed in 1.2” of what did not work");
    }

    fn a_group_of_nothing_that_one_may_read_is_nowhere_in_any_part(site, limits_off) {
        let (_, _, _, duck) = table(site);
        let nina = site.member("nina");
        let group = group_of(&report(&nina, &duck, "web", "It is all white.", ""));
        assert_eq!(site.state(newest(site)), State::Held);
        for part in ["", "?after=1", "?after=999999999"] {
            site.visitor().get(&format!("{group}{part}")).expect(404);
            nina.get(&format!("{group}{part}")).expect(200);
        }
    }

    fn many_reporters_are_told_in_steps(site, limits_off) {
        let (odile, ann, bob, duck) = table(site);
        let address = group_of(&report(&ann, &duck, "linux", "The music stops.", ""));
        let first = newest(site);
        let id = site.db(|db| failure::Failure::find(db, first)).group_id;
        let many = telling::AT_ONCE + 5;
        crowd(site, &duck, id, many);
        too(&bob, &address, "1.1", false).expect(303);
        bob.post("/people/odile/ignore", &[]).expect(303);
        site.visitor().get(&address).expect(200).says(&format!("{} people", many + 2));
        agrees(site);
        let (maker, all) = (site.user("odile"), many + 1);
        let count = "notices WHERE kind = 'marked'";
        // In the moment of the mark the first of them, and as many as one step takes.
        let at_once: i64 = site.db(|db| {
            let project = Project::find(db, duck.id)?;
            group::mark(db, &maker, &project, id, Fate::Intended, None).expect("it is marked");
            notices::table.filter(notices::kind.eq(Sort::Marked)).count().get_result(db)
        });
        assert!((telling::AT_ONCE - 1..=telling::AT_ONCE).contains(&at_once), "{at_once}");
        wait_for("all to be told", || (site.count(count) == all).then_some(()));
        wait_for("the job to be done", || (site.count("jobs WHERE kind = 'fates'") == 0).then_some(()));
        assert_eq!((site.count(count), told(site, "ann", "marked"), told(site, "bob", "marked")), (all, 1, 0));
        // A job of another mark than the one that holds tells nobody.
        site.sql("DELETE FROM notices WHERE kind = 'marked'");
        site.db(|db| {
            let old = telling::Telling {
                group: id,
                by: maker.id,
                decided_at: potluck_models::now(),
                after: potluck_models::db::UserId(0),
            };
            Job::enqueue(db, telling::JOB, &old)
        });
        wait_for("the old job to be done", || (site.count("jobs WHERE kind = 'fates'") == 0).then_some(()));
        assert_eq!(site.count(count), 0);
        // All of them are told of an answer and of the next mark, and of no mark once it is open again.
        answer(&odile, &address, &[("words", "It is meant to."), ("fate", "unseen")]).expect(303);
        assert_eq!(site.count("notices WHERE kind = 'answer'"), all);
        wait_for("all to be told once more", || (site.count(count) == all).then_some(()));
        answer(&odile, &address, &[("fate", "open")]).expect(303);
        assert_eq!(site.count(count), 0);
    }

    fn a_page_of_groups_is_a_walk_along_an_index(site) {
        #[derive(QueryableByName)]
        struct Step {
            #[diesel(sql_type = diesel::sql_types::Text)]
            detail: String,
        }
        if site.database == Database::Postgres {
            let walked = "pg_indexes WHERE indexname = 'failure_groups_list' AND indexdef LIKE '%closed, last_at DESC, id DESC)'";
            assert_eq!(site.count(walked), 1);
            return;
        }
        let plan: Vec<Step> = site.db(|db| {
            diesel::sql_query(
                "EXPLAIN QUERY PLAN SELECT * FROM failure_groups WHERE project_id = 1 AND people > 0 \
                 ORDER BY closed, last_at DESC, id DESC LIMIT 31",
            )
            .load(db)
        });
        assert!(plan.iter().any(|step| step.detail.contains("failure_groups_list")));
        assert!(!plan.iter().any(|step| step.detail.contains("TEMP B-TREE")), "it is sorted");
    }

    fn many_groups_go_on_page_by_page_open_ones_first(site, limits_off) {
        let (odile, ann, _, duck) = table(site);
        let mut first = String::new();
        for n in 0..33 {
            let letters = format!("{}{}", (b'a' + n / 26) as char, (b'a' + n % 26) as char);
            let trace = format!("Traceback (most recent call last):\n  File \"a.py\", line 1, in step_{letters}\nValueError: no\n");
            let group = group_of(&report(&ann, &duck, "linux", &format!("Fault {letters} of many."), &trace));
            if n == 32 {
                first = group;
            }
        }
        answer(&odile, &first, &[("fate", "intended")]).expect(303);
        let page = site.visitor().get(&list(&duck)).expect(200).says("Fault bf of many").does_not_say("Fault ab of many").does_not_say("not a fault");
        let next = page.links().into_iter().find(|link| link.contains("?after=")).expect("a next page");
        site.visitor().get(&next).expect(200).says("Fault ab of many").says("Fault bg of many").says("not a fault");
        for odd in ["x", "1-2", "1-99999999999999999999-1", "-1--1-0"] {
            site.visitor().get(&format!("{}?after={odd}", list(&duck))).expect(200);
        }
    }
}
