//! Why texts are removed, what their authors are told of it and when, the logs, and the recount.

use crate::cli::{run, text};
use crate::support::*;
use diesel::prelude::*;
use potluck_models::db::ItemId;
use potluck_models::item::State;
use potluck_models::moderation::verdict::{self, Seen, Verdict};
use potluck_models::schema::batches;

fn decide(client: &Client, ids: &[ItemId], verdict: &str, reason: &str) -> Answer {
    let names: Vec<String> = ids.iter().map(|id| format!("comment:{id}")).collect();
    let mut fields: Vec<(&str, &str)> = names.iter().map(|name| ("item", name.as_str())).collect();
    fields.extend([("verdict", verdict), ("reason", reason)]);
    client.post("/moderation/verdicts", &fields).expect(303)
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
    let undo = format!("/moderation/batches/{}/undo", last_batch(site));
    client.post(&undo, &[]).expect(303);
}

/// As if ten minutes had passed, until all that was due then is done.
fn ten_minutes_later(site: &Site) {
    site.sql("UPDATE jobs SET run_at = '2020-01-01 00:00:00' WHERE kind = 'letters'");
    wait_for("the letters to leave", || {
        (site.count("jobs WHERE kind IN ('letters', 'mail')") == 0).then_some(())
    });
}

/// A letter as it is read: soft breaks and encodings undone where the tests need it.
fn letter(site: &Site, name: &str) -> String {
    let letters = site.letters("verdict", name);
    assert_eq!(letters.len(), 1, "letters to {name}: {letters:?}");
    assert!(letters[0].contains("Auto-Submitted: auto-generated"));
    letters[0].replace("=\r\n", "").replace("=3D", "=")
}

/// A duck racer of odile's with texts of ann, as many as asked.
fn texts(site: &Site, many: usize, state: State) -> (Made, Vec<ItemId>) {
    site.maker("odile");
    site.regular("ann");
    let duck = site.project("odile", "Duck racer");
    let ids = (0..many)
        .map(|n| site.waiting("ann", &duck, &format!("Waiting remark {n} of hers."), state))
        .collect();
    (duck, ids)
}

const NEW: [(&str, &str); 4] = [
    ("label", "Machine-made"),
    ("sentence", "a machine wrote it."),
    ("letter", "Tell us in your own words, however few they are."),
    ("guide", "happened"),
];

on_both! {
    fn an_administrator_edits_the_reasons_and_moderators_choose_from_them(site, limits_off) {
        let (duck, ids) = texts(site, 2, State::Held);
        let (ada, mona) = (site.admin("ada"), site.moderator("mona"));
        mona.get("/admin/reasons").expect(403);
        let page = ada.get("/admin/reasons").expect(200).says("Unkind").says("it was unkind");
        let form = page.form("/admin/reasons");
        ada.fill_in(&form, &NEW).expect(303);
        ada.get("/admin/reasons").expect(200).says("Machine-made").says("Tell us in your own words");
        for place in ["/moderation/held", &duck.path(), "/moderation/people/ann", "/moderation/people/ann/clear", "/moderation/held/all"] {
            mona.get(place).expect(200).says("Machine-made");
        }
        site.visitor().get("/guide").expect(200).says("Machine-made").says("Tell us in your own words");
        decide(&mona, &ids[..1], "remove", "machine-made");
        // Put there by hand, since what was never shown leaves no place.
        let shown = site.comment("ann", &duck, "A remark that was shown before.");
        site.comment("ann", &duck, "Another one, beside it.");
        decide(&mona, &[shown], "remove", "machine-made");
        ada.post("/admin/reasons/machine-made/retire", &[]).expect(303);
        mona.get("/moderation/held").expect(200).does_not_say("Machine-made");
        let answer = mona.post("/moderation/verdicts", &[("item", &format!("comment:{}", ids[1])), ("verdict", "remove"), ("reason", "machine-made")]);
        assert!(matches!(answer.status, 400 | 422), "a retired reason was taken");
        // What was removed for it still says so.
        mona.get(&duck.path()).expect(200).says("a machine wrote it.");
        mona.get("/moderation/spam?show=removed").expect(200).says("removed: machine-made");
        ada.post("/admin/reasons/machine-made/retire", &[("back", "1")]).expect(303);
        mona.get("/moderation/held").expect(200).says("Machine-made");
        assert_eq!(site.count("log WHERE act = 'reasons' AND before IS NOT NULL AND after IS NOT NULL"), 2);
    }

    fn the_list_of_reasons_stays_short_plain_and_never_empty(site) {
        let ada = site.admin("ada");
        for (field, value) in [("label", " "), ("sentence", ""), ("letter", ""), ("guide", "nowhere"), ("label", "unkind")] {
            let mut fields = NEW.to_vec();
            fields.retain(|(name, _)| *name != field);
            fields.push((field, value));
            ada.post("/admin/reasons", &fields).expect(422);
        }
        for n in 7..=9 {
            let label = format!("Reason {n}");
            let mut fields = NEW.to_vec();
            fields[0] = ("label", &label);
            ada.post("/admin/reasons", &fields).expect(303);
        }
        ada.post("/admin/reasons", &NEW).expect(422).says("Retire one first");
        ada.post("/admin/reasons/other/move", &[("to", "up")]).expect(303);
        let html = ada.get("/admin/reasons").expect(200).html();
        assert!(html.find("reasons/other").unwrap() < html.find("reasons/illegal").unwrap(), "moved up");
        let mut changed = NEW.to_vec();
        changed[0] = ("label", "Not kind");
        ada.submit("/admin/reasons/unkind", "/admin/reasons/unkind", &changed).expect(303);
        ada.get("/admin/reasons").expect(200).says("Not kind");
        for key in ["unkind", "off-topic", "harassment", "private", "illegal", "other", "reason-7", "reason-8"] {
            ada.post(&format!("/admin/reasons/{key}/retire"), &[]).expect(303);
        }
        ada.post("/admin/reasons/reason-9/retire", &[]).expect(422).says("has to stay");
        ada.post("/admin/reasons/nothing/retire", &[]).expect(404);
    }

    fn every_part_of_the_guide_that_a_reason_may_name_is_there(site) {
        let guide = site.visitor().get("/guide").expect(200).html();
        let ada = site.admin("ada").get("/admin/reasons").expect(200).html();
        for (anchor, _) in &potluck_models::site_text::Texts::default().guide.parts {
            assert!(guide.contains(&format!("id=\"{anchor}\"")), "{anchor}");
            assert!(ada.contains(&format!("value=\"{anchor}\"")), "{anchor}");
        }
        assert!(guide.contains("id=\"reason-unkind\""));
    }

    fn the_author_of_a_removed_text_is_told_after_ten_minutes(site, limits_off) {
        let (duck, _) = texts(site, 0, State::Held);
        let mona = site.moderator("mona");
        let id = site.comment("ann", &duck, "You people never finish anything.");
        decide(&mona, &[id], "remove", "unkind");
        assert_eq!(site.count("jobs WHERE kind = 'letters'"), 1);
        assert!(site.letters("verdict", "ann").is_empty(), "it waits");
        ten_minutes_later(site);
        let letter = letter(site, "ann");
        for words in ["removed your comment on Duck racer: it was unkind.", "never about the person who made it", "/guide#reason-unkind", "> You people never finish anything.", &format!("/comments/{id}"), "a mistake"] {
            assert!(letter.contains(words), "no {words:?} in\n{letter}");
        }
        assert!(!letter.contains("mona"));
        // The same stands on the text itself, for its author and not for others.
        let ann = site.come_back("ann");
        let page = ann.get(&format!("/comments/{id}")).expect(200).says("A moderator removed your comment: it was unkind.").says("never about the person").says("You people never finish");
        assert!(page.links().contains(&"/guide#reason-unkind".to_owned()));
        site.visitor().get(&format!("/comments/{id}")).expect(410);
        site.visitor().get(&duck.path()).expect(200).does_not_say("You people never finish").does_not_say("never about the person");
        // Taken back after it was told: that is told too.
        undo(&mona, site);
        ten_minutes_later(site);
        let letters = site.letters("verdict", "ann");
        assert_eq!(letters.len(), 2);
        assert!(letters.iter().any(|letter| letter.contains("public again")), "{letters:?}");
    }

    fn an_undo_within_ten_minutes_leaves_no_trace(site, limits_off) {
        let (_, ids) = texts(site, 2, State::Held);
        let mona = site.moderator("mona");
        decide(&mona, &ids, "ham", "");
        undo(&mona, site);
        assert_eq!(site.count("jobs WHERE kind NOT IN ('notice', 'notices')"), 0);
        decide(&mona, &ids, "remove", "private");
        undo(&mona, site);
        assert_eq!(site.count("jobs WHERE kind NOT IN ('notice', 'notices')"), 0);
        assert!(site.letters("verdict", "ann").is_empty());
    }

    fn who_waited_is_told_that_it_is_published(site, limits_off) {
        let (_, ids) = texts(site, 1, State::Held);
        decide(&site.moderator("mona"), &ids, "ham", "");
        ten_minutes_later(site);
        let letter = letter(site, "ann");
        assert!(letter.contains("your comment on Duck racer at Potluck is published now"), "{letter}");
        assert!(letter.contains(&format!("/comments/{}", ids[0])) && !letter.contains("mistake"), "{letter}");
    }

    fn one_batch_is_one_letter_that_quotes_ten(site, limits_off) {
        let (duck, mut ids) = texts(site, 13, State::Held);
        site.regular("ben");
        ids.push(site.waiting("ben", &duck, "The only one of ben's.", State::Held));
        decide(&site.moderator("mona"), &ids, "remove", "off-topic");
        ten_minutes_later(site);
        let anns = letter(site, "ann");
        assert!(anns.contains("13 texts of yours") && anns.contains("and 3 more."), "{anns}");
        let plain = plain_part(&anns);
        assert_eq!(plain.matches("/comments/").count(), 10, "{plain}");
        assert!(!anns.contains("ben's"));
        assert!(letter(site, "ben").contains("The only one of ben's."));
    }

    fn many_authors_are_told_in_steps_and_each_once(site, limits_off) {
        site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let ids: Vec<ItemId> = (0..12)
            .flat_map(|n| {
                let name = format!("guest-{n}");
                site.regular(&name);
                // More than a step reads at once.
                (0..21).map(|m| site.waiting(&name, &duck, &format!("Remark {m} of guest {n}."), State::Held)).collect::<Vec<_>>()
            })
            .collect();
        decide(&site.moderator("mona"), &ids, "remove", "off-topic");
        ten_minutes_later(site);
        for n in 0..12 {
            let letter = letter(site, &format!("guest-{n}"));
            assert!(letter.contains("21 texts of yours") && letter.contains("and 11 more."), "{letter}");
        }
    }

    fn what_was_decided_otherwise_since_is_not_told(site, limits_off) {
        let (_, ids) = texts(site, 3, State::Held);
        let mona = site.moderator("mona");
        decide(&mona, &ids, "ham", "");
        decide(&mona, &ids[..1], "spam", "");
        decide(&mona, &ids[1..2], "remove", "unkind");
        ten_minutes_later(site);
        let letters = site.letters("verdict", "ann");
        assert_eq!(letters.len(), 2, "one of the removal, one of what is published: {letters:?}");
        assert!(letters.iter().all(|letter| !letter.contains(&format!("/comments/{}", ids[0]))), "spam is told nobody");
        assert!(letters.iter().any(|letter| letter.contains("published now") && letter.contains(&format!("/comments/{}", ids[2]))));
    }

    fn spam_and_what_was_only_looked_at_are_told_nobody(site, limits_off) {
        let (duck, ids) = texts(site, 2, State::Held);
        let shown = site.comment("ann", &duck, "A remark that everybody saw already.");
        let mona = site.moderator("mona");
        decide(&mona, &ids, "spam", "");
        decide(&mona, &[shown], "ham", "");
        // Her own text, which she removes herself.
        let own = site.comment("mona", &duck, "A remark of mona herself.");
        decide(&mona, &[own], "remove", "other");
        assert_eq!(site.count("jobs WHERE kind NOT IN ('notice', 'notices')"), 0);
    }

    fn what_the_filter_lets_through_later_is_told_too(site, limits_off) {
        let (_, ids) = texts(site, 1, State::Held);
        site.db(|db| {
            let robot = potluck_models::account::User::robot(db)?;
            let seen = [Seen { kind: potluck_models::item::Kind::Comment, id: ids[0], version: None }];
            verdict::decide(db, robot, Verdict::Ham, "", &seen)
        });
        ten_minutes_later(site);
        assert!(letter(site, "ann").contains("published now"));
    }

    fn verdicts_are_given_beside_the_text_wherever_it_stands(site, limits_off) {
        let (duck, ids) = texts(site, 1, State::Held);
        let mona = site.moderator("mona");
        let release = [("version", "1.0"), ("notes", "What is new in it."), ("url", "")];
        site.come_back("odile").post(&format!("{}/releases/new", duck.path()), &release).expect(303);
        let comment = site.comment("ann", &duck, "A remark to be decided on.");
        for (page, item) in [
            (duck.path(), format!("comment:{comment}")),
            (format!("/comments/{comment}"), format!("comment:{comment}")),
            ("/moderation/people/ann".to_owned(), format!("comment:{}", ids[0])),
            (duck.path(), format!("project:{}", duck.id)),
            ("/moderation/people/odile".to_owned(), format!("project:{}", duck.id)),
            (format!("{}/releases/1.0", duck.path()), "release:".to_owned()),
        ] {
            let html = mona.get(&page).expect(200).html();
            assert!(html.contains(&format!("name=\"item\" value=\"{item}")), "no {item} on {page}");
            assert!(html.contains(&format!("name=\"seen\" value=\"{item}")), "no version of {item} on {page}");
            let others = site.visitor().get(&page);
            assert!(!others.html().contains("/moderation/verdicts"), "{page} offers verdicts to everybody");
        }
        let form = mona.get(&format!("{}/releases/1.0", duck.path())).expect(200).form("/moderation/verdicts");
        mona.fill_in(&form, &[("verdict", "remove"), ("reason", "private")]).expect(303);
        let page = format!("{}/releases/1.0", duck.path());
        site.visitor().get(&page).expect(410);
        site.come_back("odile").get(&page).expect(200).says("it told something private").says("theirs to tell");
    }

    fn the_log_tells_who_what_before_after_why_and_by_which_request(site, limits_off) {
        let (_, ids) = texts(site, 3, State::Held);
        let (mona, max) = (site.moderator("mona"), site.moderator("max"));
        decide(&mona, &ids[..1], "remove", "unkind");
        decide(&max, &ids[1..], "ham", "");
        assert_eq!(site.count("log WHERE before = 'held' AND after = 'removed' AND why = 'unkind' AND length(request_id) = 12"), 1);
        let log = |query: &str| mona.get(&format!("/moderation/log?{query}")).expect(200);
        log("who=mona").says("removed").says("held → removed").does_not_say("marked as ham");
        log("who=max").says("marked as ham").does_not_say("held → removed");
        log("act=remove").says("held → removed").does_not_say("marked as ham");
        log(&format!("item=comment:{}", ids[2])).says("marked as ham").does_not_say("held → removed");
        log("person=ann").says("marked as ham").says("held → removed");
        log("person=odile").says("Nothing matches");
        log("who=nobody-here").says("Nothing matches");
        log("since=2999-01-01").says("Nothing matches");
        log("until=2001-01-01").says("Nothing matches");
        mona.get("/moderation/log?since=yesterday").expect(400);
        mona.get("/moderation/log?item=duck").expect(400);
    }

    fn the_log_is_taken_along_line_by_line(site, limits_off) {
        let (_, ids) = texts(site, 3, State::Held);
        let mona = site.moderator("mona");
        decide(&mona, &ids[1..], "remove", "unkind");
        decide(&mona, &ids[..1], "ham", "");
        mona.post("/moderation/people/ann/warn", &[("reason", "=HYPERLINK(\"http://x\")")]).expect(303);
        let csv = mona.get("/moderation/log.csv").expect(200).html();
        let lines: Vec<&str> = csv.lines().collect();
        assert_eq!(lines.len(), 1 + 1 + 1 + 2, "{csv}");
        assert!(lines[0].starts_with("id,at,who,act,item,person,before,after,why,batch,request_id"));
        assert!(lines[1].contains("warn") && lines[1].contains("\"'=HYPERLINK"), "{csv}");
        for id in &ids[1..] {
            assert!(csv.contains(&format!("mona,remove,comment:{id},ann,held,removed,unkind,")), "{csv}");
        }
        assert!(csv.contains(&format!("mona,ham,comment:{},", ids[0])), "{csv}");
        let lines = mona.get("/moderation/log.jsonl?act=remove").expect(200).html();
        assert_eq!(lines.lines().count(), 2, "{lines}");
        for line in lines.lines() {
            let line: serde_json::Value = serde_json::from_str(line).expect("each line is JSON");
            assert_eq!((line["who"].as_str(), line["after"].as_str(), line["why"].as_str()), (Some("mona"), Some("removed"), Some("unkind")));
        }
        assert_eq!(mona.get("/moderation/log.csv?who=nobody-here").expect(200).html().lines().count(), 1);
    }

    fn nobody_changes_the_log(site, limits_off) {
        let (_, ids) = texts(site, 1, State::Held);
        decide(&site.moderator("mona"), &ids, "ham", "");
        let mut db = potluck_models::db::connect(site.database_url()).unwrap();
        for sql in ["UPDATE log SET detail = 'nothing'", "DELETE FROM log"] {
            let error = diesel::sql_query(sql).execute(&mut db).expect_err("the log was changed").to_string();
            assert!(error.contains("append-only"), "{error}");
        }
        assert_eq!(site.count("log"), 1);
    }

    fn everybody_reads_what_was_done_and_not_to_whom(site, limits_off) {
        let (duck, ids) = texts(site, 3, State::Held);
        let mona = site.moderator("mona");
        site.visitor().get("/log").expect(200).says("Nothing yet");
        decide(&mona, &ids[..2], "remove", "harassment");
        let shown = site.visitor().get("/log").expect(200).says("A moderator removed 2 comments, because it went after a person");
        for secret in ["mona", "ann", "Waiting remark", &duck.slug] {
            assert!(!shown.html().contains(secret), "{secret} is nobody's business");
        }
        assert!(site.visitor().get("/").expect(200).links().contains(&"/log".to_owned()));
        undo(&mona, site);
        site.visitor().get("/log").expect(200).says("undone");
        let ada = site.admin("ada");
        let numbers = ["signups_per_hour", "comments_per_hour", "seconds_between_comments", "new_member_waiting", "links_held_above", "retrain_after", "retrain_hour", "sampled_in_100"];
        let mut fields: Vec<(&str, &str)> = numbers.iter().map(|name| (*name, "5")).collect();
        fields.extend([("site_name", "Potluck"), ("vocabulary", "5000"), ("log_names_moderators", "1")]);
        ada.post("/admin/settings", &fields).expect(303);
        site.visitor().get("/log").expect(200).says("mona removed 2 comments");
    }

    fn the_public_log_goes_on_page_by_page(site, limits_off) {
        site.moderator("mona");
        let mona = site.user_id("mona");
        site.db(|db| {
            for n in 0..60 {
                diesel::insert_into(batches::table)
                    .values((batches::by_id.eq(mona), batches::verdict.eq(Verdict::Ham), batches::reason.eq(""),
                        batches::kinds.eq(format!("{{\"comment\":{}}}", n + 100)), batches::created_at.eq(potluck_models::now())))
                    .execute(db)?;
            }
            Ok(())
        });
        let first = site.visitor().get("/log").expect(200).says("let 159 comments through").does_not_say("let 109 comments");
        let next = first.links().into_iter().find(|link| link.contains("before=")).expect("a next page");
        site.visitor().get(&next).expect(200).says("let 109 comments through").says("let 100 comments").does_not_say("let 110 comments");
    }

    fn a_recount_says_what_differs_and_repairs_it(site, limits_off) {
        let (duck, ids) = texts(site, 3, State::Held);
        let mona = site.moderator("mona");
        decide(&mona, &ids, "ham", "");
        let check = |arguments: &[&str]| {
            let mut all = vec!["check"];
            all.extend_from_slice(arguments);
            let output = run(site.folder(), site.database_url(), &all);
            assert!(output.status.success(), "{}", text(&output));
            String::from_utf8(output.stdout).unwrap()
        };
        let said = check(&[]);
        assert!(said.contains("Everything agrees"), "{said}");
        site.sql(&format!("UPDATE threads SET comment_count = 7 WHERE project_id = {}", duck.id));
        site.sql(&format!("UPDATE items SET reports = 2 WHERE id = {}", ids[0]));
        site.sql("UPDATE batches SET kinds = '{\"comment\":9}'");
        site.sql("UPDATE users SET suspended_until = '2999-01-01 00:00:00' WHERE username = 'ann'");
        site.sql("UPDATE models SET active = false");
        let said = check(&[]);
        assert!(said.contains("7 is stored, 3 counted") && said.contains("5 differ"), "{said}");
        let json: serde_json::Value = serde_json::from_str(&check(&["--json", "--fix"])).expect("one document");
        assert_eq!((json["differ"].as_i64(), json["mended"].as_i64()), (Some(5), Some(5)), "{json:#}");
        assert_eq!(site.count(&format!("threads WHERE project_id = {} AND comment_count = 3", duck.id)), 1);
        assert_eq!(site.count("items WHERE reports <> 0"), 0);
        assert_eq!(site.count("models WHERE active"), 1);
        assert!(site.user("ann").suspended_until.is_none());
        assert!(check(&[]).contains("Everything agrees"));
    }

    fn a_letter_says_of_each_text_what_became_of_it(site, limits_off) {
        let (duck, mut ids) = texts(site, 1, State::Held);
        ids.push(site.comment("ann", &duck, "A remark that everybody saw."));
        decide(&site.moderator("mona"), &ids, "remove", "unkind");
        ten_minutes_later(site);
        let letter = letter(site, "ann");
        assert!(letter.contains("decided about 2 texts of yours: it was unkind."), "{letter}");
        for (became, id) in [("Not published: ", ids[0]), ("Removed: ", ids[1])] {
            let line = letter.lines().find(|line| line.starts_with(became)).unwrap_or_else(|| panic!("{letter}"));
            assert!(line.ends_with(&format!("/comments/{id}")), "{line}");
        }
    }

    fn each_piece_of_an_undo_is_told_once(site, limits_off) {
        let (duck, _) = texts(site, 0, State::Held);
        site.regular("ben");
        let mona = site.moderator("mona");
        let (anns, bens) = (site.comment("ann", &duck, "A remark of ann's."), site.comment("ben", &duck, "A remark of ben's."));
        decide(&mona, &[anns, bens], "remove", "unkind");
        let batch = last_batch(site);
        let undo_it = || mona.post(&format!("/moderation/batches/{batch}/undo"), &[]).expect(303);
        ten_minutes_later(site);
        // Ben's is decided otherwise, so only ann's comes back at first.
        decide(&mona, &[bens], "spam", "");
        undo_it();
        ten_minutes_later(site);
        assert_eq!((site.letters("verdict", "ann").len(), site.letters("verdict", "ben").len()), (2, 1));
        undo(&mona, site);
        undo_it();
        ten_minutes_later(site);
        assert_eq!((site.letters("verdict", "ann").len(), site.letters("verdict", "ben").len()), (2, 2));
    }

    fn spam_is_summed_up_by_day_for_everybody_when_the_day_is_over(site, limits_off) {
        let (_, ids) = texts(site, 4, State::Held);
        let mona = site.moderator("mona");
        decide(&mona, &ids[..1], "spam", "");
        decide(&mona, &ids[1..3], "spam", "");
        decide(&mona, &ids[3..], "ham", "");
        site.visitor().get("/log").expect(200).does_not_say("as spam").says("let 1 comment through");
        site.sql("UPDATE batches SET created_at = '2026-01-02 10:11:00' WHERE verdict = 'spam'");
        let log = site.visitor().get("/log").expect(200).says("3 comments were put away as spam");
        assert!(!log.html().contains("10:11"), "the minute of a spam act");
    }
}
