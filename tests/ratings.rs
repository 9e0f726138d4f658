//! Ratings: asked for by makers, given by others on steps with words, shown as a picture of many and
//! never of one.

use crate::reactions::{adds_up, lift, sanction};
use crate::support::*;
use potluck_models::db::ItemId;
use potluck_models::failure::{self, Report, Typed, group};
use potluck_models::intake::rules::Rules;
use potluck_models::intake::{Context, limits};
use potluck_models::item::State;
use potluck_models::lists;
use potluck_models::project::Project;
use potluck_models::rating::{self, Given, Giving, RateError};
use potluck_models::release;
use potluck_models::settings::Settings;
use std::collections::BTreeMap;

/// Its makers ask for ratings on these.
pub fn seek(site: &Site, project: &Made, aspects: &[&str]) {
    let aspects: Vec<String> = aspects.iter().map(|one| (*one).to_owned()).collect();
    site.db(|db| potluck_models::rating::choose(db, project.id, &aspects, &aspects));
}

/// By the form of the project.
fn choose(maker: &Client, project: &Made, aspects: &[&str]) {
    let edit = format!("{}/edit", project.path());
    let form = maker.get(&edit).expect(200).form(&edit);
    let mut fields = vec![
        ("title", "Duck racer"),
        ("summary", "What odile made, in a sentence"),
        (
            "description",
            "A longer story of **Duck racer**, told by odile.",
        ),
        ("kind", "game"),
        ("tags", "duck, pie"),
        ("comment_policy", "members"),
        ("address", "duck-racer"),
    ];
    fields.extend(aspects.iter().map(|aspect| ("aspect", *aspect)));
    maker.fill_in(&form, &fields).expect(303);
}

/// The form below a talk, not those to answer what was said.
fn composer(page: &Answer) -> Form {
    let mut forms = page.forms().into_iter();
    let found = forms.find(|form| form.html.contains("id=\"composer\""));
    found.expect("a composer")
}

pub fn rate(client: &Client, project: &Made, steps: &[(&str, &str)]) -> Answer {
    client.post(&format!("{}/rating", project.path()), steps)
}

fn people(site: &Site, project: &Made) -> i64 {
    let rows = |n: i64| {
        format!(
            "rating_counts WHERE project_id = {} AND aspect = '' AND n = {n}",
            project.id
        )
    };
    (0..30).find(|n| site.count(&rows(*n)) == 1).unwrap_or(0)
}

fn chose(site: &Site, project: &Made, aspect: &str, step: i32) -> i64 {
    let rows = |n: i64| {
        format!(
            "rating_counts WHERE project_id = {} AND aspect = '{aspect}' AND step = {step} AND n = {n}",
            project.id
        )
    };
    (0..30).find(|n| site.count(&rows(*n)) == 1).unwrap_or(0)
}

struct Scene<'a> {
    odile: Client<'a>,
    duck: Made,
    raters: Vec<Client<'a>>,
}

/// A project that asks for ratings on fun and audio, and people who tried it.
fn scene(site: &Site) -> Scene<'_> {
    let odile = site.maker("odile");
    let duck = site.project("odile", "Duck racer");
    seek(site, &duck, &["Fun", "Audio"]);
    let names = ["ann", "bob", "cleo", "dan", "eve", "finn"];
    Scene {
        odile,
        duck,
        raters: names.iter().map(|name| site.member(name)).collect(),
    }
}

on_both! {
    fn nobody_is_asked_unless_the_makers_want_it(site) {
        let odile = site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let ann = site.member("ann");
        ann.get(&duck.path()).expect(200).does_not_say("What people think");
        rate(&ann, &duck, &[("step:Fun", "4")]).expect(403).says("take no ratings at the moment");
        choose(&odile, &duck, &["Fun", "Not on the list"]);
        assert_eq!(site.count("project_aspects"), 1, "what the site does not offer is left out");
        ann.get(&duck.path()).expect(200).says("What people think").says("Nobody rated it yet; shown from 5 on");
        choose(&odile, &duck, &[]);
        ann.get(&duck.path()).expect(200).does_not_say("What people think");
    }

    fn a_picture_is_shown_from_five_people_on(site) {
        let Scene { odile, duck, raters } = &scene(site);
        for (rater, step) in raters.iter().take(4).zip(["4", "5", "5", "1"]) {
            rate(rater, duck, &[("step:Fun", step)]).expect(303);
        }
        for reader in [&site.visitor(), odile, &raters[0]] {
            reader.get(&duck.path()).expect(200).says("4 people rated it; shown from 5 on").does_not_say("very good 1");
        }
        odile.get(&format!("{}/feedback", duck.path())).expect(200).says("4 people rated it").does_not_say("very good 1");
        rate(&raters[4], duck, &[("step:Fun", "5"), ("step:Audio", "2")]).expect(303);
        let html = site.visitor().get(&duck.path()).expect(200).says("by 5 people").html();
        assert!(html.contains("not yet there 1, very good 1, outstanding 3"), "{html}");
        // Of the one who heard it nothing is told.
        assert!(!html.contains("getting there 1"));
        let page = odile.get(&format!("{}/feedback", duck.path())).expect(200).html();
        assert!(!page.contains("getting there 1") && page.contains("outstanding 3"));
        adds_up(site);
    }

    fn a_rating_is_changed_and_withdrawn_by_who_gave_it(site) {
        let Scene { duck, raters, .. } = &scene(site);
        let ann = &raters[0];
        let path = format!("{}/rating", duck.path());
        let form = ann.get(&path).expect(200).says("What you think").form(&path);
        ann.fill_in(&form, &[("step:Fun", "4"), ("step:Audio", "2")]).expect(303);
        assert_eq!((people(site, duck), chose(site, duck, "Fun", 4), chose(site, duck, "Audio", 2)), (1, 1, 1));
        let html = ann.get(&path).expect(200).html();
        assert!(html.contains("<option value=\"4\" selected>"), "what was chosen stands there: {html}");
        rate(ann, duck, &[("step:Fun", "5")]).expect(303);
        assert_eq!((people(site, duck), chose(site, duck, "Fun", 4), chose(site, duck, "Fun", 5), chose(site, duck, "Audio", 2)), (1, 0, 1, 0));
        rate(ann, duck, &[("withdraw", "1")]).expect(303);
        rate(ann, duck, &[("withdraw", "1")]).expect(303);
        assert_eq!((people(site, duck), chose(site, duck, "Fun", 5), site.count("ratings")), (0, 0, 0));
        for bad in ["0", "6", "x", "-1"] {
            rate(ann, duck, &[("step:Fun", bad)]).expect(422);
        }
        rate(ann, duck, &[]).expect(422).says("Choose a step for one aspect at least");
        // Not asked for: as if nothing were there.
        rate(ann, duck, &[("step:Graphics", "3")]).expect(422);
        adds_up(site);
    }

    fn nobody_rates_their_own_or_where_the_gate_is_shut(site) {
        let Scene { odile, duck, raters } = &scene(site);
        rate(odile, duck, &[("step:Fun", "5")]).expect(403).says("You made this");
        odile.get(&duck.path()).expect(200).does_not_say("Say what you think");
        let ann = &raters[0];
        site.sql("UPDATE projects SET comment_policy = 'makers'");
        rate(ann, duck, &[("step:Fun", "5")]).expect(403).says("you first have to share a project");
        // A switch of its own.
        let switch = format!("{}/switch", duck.path());
        odile.submit(&duck.path(), &switch, &[("feedback_open", "on")]).expect(303);
        site.moderator("mona").get("/moderation/log").expect(200).says("takes feedback from every member");
        rate(ann, duck, &[("step:Fun", "5")]).expect(303);
        odile.submit(&duck.path(), &switch, &[("feedback_open", "off")]).expect(303);
        rate(&raters[1], duck, &[("step:Fun", "5")]).expect(403);
        rate(&site.maker("mara"), duck, &[("step:Fun", "5")]).expect(303);
        assert_eq!(people(site, duck), 2);
        rate(&site.visitor(), duck, &[("step:Fun", "5")]).expect(403);
        adds_up(site);
    }

    fn a_comment_brings_a_rating_along_and_takes_it_away_again(site, limits_off) {
        let Scene { duck, .. } = &scene(site);
        let ann = site.regular("anna");
        let words = "The corners are sharp, and I like them so. The music is a duck.";
        let form = composer(&ann.get(&duck.path()).expect(200).says("Shown with your comment, under your name."));
        let own = format!("{}/rating", duck.path());
        ann.get(&own).expect(200).says("never who");
        ann.fill_in(&form, &[("body", words), ("step:Fun", "4"), ("preview", "1")]).expect(200).says("4: very good");
        assert_eq!(site.count("ratings"), 0);
        ann.fill_in(&form, &[("body", words), ("step:Fun", "9")]).expect(422).keeps(words);
        ann.fill_in(&form, &[("body", words), ("step:Fun", "4")]).expect(303);
        site.visitor().get(&duck.path()).expect(200).says("Fun : very good");
        let id = site.comment_saying("The corners are sharp").unwrap();
        assert_eq!(people(site, duck), 1);
        let mona = site.moderator("mona");
        let item = format!("comment:{id}");
        mona.post("/moderation/verdicts", &[("item", item.as_str()), ("verdict", "spam")]).expect(303);
        assert_eq!((people(site, duck), chose(site, duck, "Fun", 4)), (0, 0));
        adds_up(site);
        let batch = site.count("batches");
        mona.post(&format!("/moderation/batches/{batch}/undo"), &[]).expect(303);
        assert_eq!((people(site, duck), chose(site, duck, "Fun", 4)), (1, 1));
        adds_up(site);
        // Changed alone, it is still beside the words, and the form says so.
        ann.get(&own).expect(200).says("Your steps also stand beside your comment").says("under your name").does_not_say("never who");
        let changed = rate(&ann, duck, &[("step:Fun", "5")]).expect(303);
        assert!(changed.location().expect("back").contains("said=saved"), "not that nobody learns who");
        site.visitor().get(&duck.path()).expect(200).says("Fun : outstanding");
        ann.post(&format!("/comments/{id}/delete"), &[]).expect(303);
        ann.get(&own).expect(200).says("never who").does_not_say("Your steps also stand");
        assert_eq!(people(site, duck), 0);
        rate(&ann, duck, &[("step:Fun", "3")]).expect(303);
        assert_eq!((people(site, duck), chose(site, duck, "Fun", 3)), (1, 1));
        adds_up(site);
    }

    fn answers_are_for_the_makers_and_wait_like_any_text(site, limits_off) {
        let Scene { odile, duck, raters } = &scene(site);
        let new = format!("{}/releases/new", duck.path());
        odile.post(&new, &[("version", "1.0"), ("question", "Did the tutorial help?"), ("question", "")]).expect(303);
        let path = format!("{}/rating", duck.path());
        let regular = site.regular("rita");
        regular.get(&path).expect(200).says("Did the tutorial help?").says("Only they and the moderators read");
        let words = "It told me to press Q, which I do not have.";
        regular.submit(&path, &path, &[("step:Fun", "4"), ("answer-0", words)]).expect(303);
        let feedback = format!("{}/feedback", duck.path());
        odile.get(&feedback).expect(200).says("Did the tutorial help?").says(words).does_not_say("rita");
        for other in [&site.visitor(), &regular, &raters[0]] {
            other.get(&duck.path()).expect(200).does_not_say("press Q");
        }
        assert_eq!(people(site, duck), 1);
        // A newcomer's wait, and the rating with them.
        let ann = &raters[0];
        ann.submit(&path, &path, &[("step:Fun", "1"), ("answer-0", "Buy cheap ducks now.")]).expect(303);
        assert_eq!(people(site, duck), 1);
        ann.get(&path).expect(200).says("a moderator looks at them first").keeps("Buy cheap ducks now.");
        odile.get(&feedback).expect(200).does_not_say("cheap ducks");
        let mona = site.moderator("mona");
        mona.get("/moderation/held").expect(200).says("Buy cheap ducks now.");
        let id = newest_item(site);
        let item = format!("rating:{id}");
        mona.post("/moderation/verdicts", &[("item", item.as_str()), ("verdict", "ham")]).expect(303);
        assert_eq!((site.state(id), people(site, duck)), (State::Published, 2));
        odile.get(&feedback).expect(200).says("cheap ducks");
        site.visitor().get("/search?q=ducks").expect(200).does_not_say("cheap ducks");
        adds_up(site);
        // Changed without words: those go.
        rate(ann, duck, &[("step:Fun", "2"), ("answer-0", "")]).expect(303);
        assert_eq!((site.state(id), people(site, duck)), (State::Deleted, 2));
        odile.get(&feedback).expect(200).does_not_say("cheap ducks");
        rate(&regular, duck, &[("withdraw", "1")]).expect(303);
        odile.get(&feedback).expect(200).does_not_say("press Q");
        assert_eq!(people(site, duck), 1);
        adds_up(site);
    }

    fn a_comment_takes_along_only_steps_that_were_changed(site, limits_off) {
        let Scene { duck, .. } = &scene(site);
        let ann = site.regular("anna");
        rate(&ann, duck, &[("step:Fun", "4"), ("step:Audio", "2")]).expect(303);
        let page = ann.get(&duck.path()).expect(200).says("This is what you gave before");
        let form = composer(&page);
        let chosen = |name: &str| form.fields().into_iter().find(|field| field.name == name).and_then(|field| field.value);
        assert_eq!((chosen("step:Fun").as_deref(), chosen("step:Audio").as_deref()), (Some("4"), Some("2")));
        let words = "The corners are sharp, and I like them so.";
        ann.fill_in(&form, &[("body", words), ("step:Fun", "4"), ("step:Audio", "2")]).expect(303);
        assert_eq!(site.count("ratings WHERE comment_id IS NOT NULL"), 0, "what was given alone stays alone");
        site.visitor().get(&duck.path()).expect(200).says(words).does_not_say("Fun : very good");
        // One of them changed, and looked at first: the other is not lost.
        let words = "On the second day I found the shortcut behind the mill.";
        let fields = [("body", words), ("step:Fun", "5"), ("step:Audio", "2")];
        let preview = ann.fill_in(&form, &[&fields[..], &[("preview", "1")]].concat()).expect(200);
        ann.fill_in(&composer(&preview), &fields).expect(303);
        site.visitor().get(&duck.path()).expect(200).says("Fun : outstanding").says("Audio : getting there");
        assert_eq!((chose(site, duck, "Fun", 4), chose(site, duck, "Fun", 5), chose(site, duck, "Audio", 2)), (0, 1, 1));
        // No opinion any more is none.
        let form = composer(&ann.get(&duck.path()).expect(200));
        let words = "With the sound off I am faster, strange to say.";
        ann.fill_in(&form, &[("body", words), ("step:Fun", "5"), ("step:Audio", "")]).expect(303);
        assert_eq!((people(site, duck), chose(site, duck, "Fun", 5), chose(site, duck, "Audio", 2)), (1, 1, 0));
        adds_up(site);
    }

    fn a_refused_rating_keeps_what_was_typed(site) {
        let Scene { odile, duck, raters } = &scene(site);
        let new = format!("{}/releases/new", duck.path());
        odile.post(&new, &[("version", "1.0"), ("question", "Did the tutorial help?")]).expect(303);
        let path = format!("{}/rating", duck.path());
        let form = raters[0].get(&path).expect(200).form(&path);
        site.sql("UPDATE projects SET comment_policy = 'makers'");
        let fields = [("step:Fun", "4"), ("answer-0", "It told me to press Q.")];
        let page = raters[0].fill_in(&form, &fields).expect(403).says("you first have to share a project").says("Share a project");
        page.keeps("Fun: very good").keeps("Did the tutorial help?").keeps("It told me to press Q.");
        // Nothing was typed: nothing is kept.
        raters[0].get(&path).expect(200).does_not_say("What you wrote");
    }

    fn who_rates_too_often_is_told_when_to_come_again(site) {
        let Scene { duck, raters, .. } = &scene(site);
        let ann = site.user_id("ann");
        for _ in 0..60 {
            site.db(|db| limits::count(db, &format!("ratings:{ann}"), 1_000, chrono::Duration::hours(1)))
                .expect("counted");
        }
        let answer = rate(&raters[0], duck, &[("step:Fun", "5")]).expect(429);
        assert!(answer.header("retry-after").is_some());
        assert!(answer.html().contains("<option value=\"5\" selected>"), "what was chosen stands there");
    }

    fn an_answer_goes_under_the_question_that_was_asked(site, limits_off) {
        let Scene { odile, duck, .. } = &scene(site);
        let new = format!("{}/releases/new", duck.path());
        let questions = [("version", "1.0"), ("question", "Did the tutorial help?"), ("question", "Was it fair?")];
        odile.post(&new, &questions).expect(303);
        let path = format!("{}/rating", duck.path());
        let (rita, rolf) = (site.regular("rita"), site.regular("rolf"));
        let form = rita.get(&path).expect(200).form(&path);
        // The makers turn them round while rita writes.
        site.sql("UPDATE release_questions SET question = CASE number WHEN 1 THEN 'Was it fair?' ELSE 'Did the tutorial help?' END");
        rita.fill_in(&form, &[("step:Fun", "4"), ("answer-0", "To press Q."), ("answer-1", "Mostly.")]).expect(303);
        let json = odile.get(&format!("{}/feedback.json", duck.path())).expect(200).html();
        let json: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
        let answers = json["releases"][0]["answers"].as_array().expect("answers");
        let under = |question: &str| answers.iter().find(|one| one["question"] == question).map(|one| one["answers"][0].clone());
        assert_eq!(under("Did the tutorial help?").expect("answered"), "To press Q.");
        assert_eq!(under("Was it fair?").expect("answered"), "Mostly.");
        // And ask another one while rolf does.
        let form = rolf.get(&path).expect(200).form(&path);
        site.sql("UPDATE release_questions SET question = 'What was slow?' WHERE number = 1");
        let fields = [("step:Fun", "2"), ("answer-0", "Not to ducks."), ("answer-1", "A little.")];
        let page = rolf.fill_in(&form, &fields).expect(422);
        let page = page.says("The makers changed what they ask").says("What was slow?").keeps("Was it fair?\nNot to ducks.");
        assert_eq!(page.textarea("answer-0").as_deref(), Some(""), "it is no answer to what is asked now");
        assert_eq!(page.textarea("answer-1").as_deref(), Some("A little."));
        let id = site.user_id("rolf");
        assert_eq!(site.count(&format!("ratings WHERE user_id = {id}")), 0);
        rolf.fill_in(&page.form(&path), &[("step:Fun", "2"), ("answer-1", "A little.")]).expect(303);
        odile.get(&format!("{}/feedback", duck.path())).expect(200).says("A little.").does_not_say("Not to ducks.");
        adds_up(site);
    }

    fn a_rating_that_waited_for_a_ban_counts_no_more(site) {
        let Scene { duck, .. } = &scene(site);
        // As the request read her, before it waited.
        let ann = site.user("ann");
        sanction(&site.moderator("mona"), "ann", "ban");
        let rated = site.db(|db| {
            let settings = Settings::load(db)?;
            let given = Given { steps: BTreeMap::from([("Fun".to_owned(), 5)]), answers: None };
            let giving = Giving { given: &given, comment: None, network: "" };
            Ok(rating::give(db, &context(&settings), &ann, duck.id, &giving))
        });
        assert!(matches!(rated, Err(RateError::Refused(_))), "{rated:?}");
        assert_eq!(site.count("ratings"), 0);
    }

    fn a_release_that_is_gone_has_no_name_among_the_feedback(site) {
        let Scene { odile, duck, raters } = &scene(site);
        odile.post(&format!("{}/releases/new", duck.path()), &[("version", "1.1")]).expect(303);
        let id = newest_item(site);
        rate(&raters[0], duck, &[("step:Fun", "4")]).expect(303);
        odile.post(&format!("{}/releases/1.1/delete", duck.path()), &[]).expect(303);
        let feedback = format!("{}/feedback", duck.path());
        let tells = || {
            let page = odile.get(&feedback).expect(200).says("An earlier release");
            page.does_not_say("erased/").does_not_say(&format!("{}/releases/", duck.path()));
            let csv = odile.get(&format!("{feedback}.csv")).expect(200).html();
            assert!(csv.contains("people,an earlier release,,,1"), "{csv}");
        };
        tells();
        // A month later.
        site.db(|db| release::erase(db, id));
        tells();
    }

    fn what_is_taken_along_is_written_as_it_is_read(site) {
        let Scene { odile, duck, .. } = &scene(site);
        site.regular("rita");
        let rita = site.user("rita");
        const REPORTS: usize = 45;
        site.db(|db| {
            let settings = Settings::load(db)?;
            let project = Project::find(db, duck.id)?;
            for n in 0..REPORTS {
                let typed = Typed {
                    system: "linux".into(),
                    words: format!("Step {n} of many stops with a \"quack\"."),
                    trace: format!("trace number {n}"),
                    ..Typed::default()
                };
                let report = Report::parse(&typed, &[]).expect("a report that may be");
                failure::post(db, &context(&settings), &rita, &project, None, &report, "").expect("it is taken in");
            }
            Ok(())
        });
        site.sql("UPDATE items SET state = 'published' WHERE kind = 'failure'");
        let feedback = format!("{}/feedback", duck.path());
        let answer = odile.get(&format!("{feedback}.json")).expect(200);
        assert_eq!(answer.header("content-length"), None, "its length is not known before it is read");
        let json: serde_json::Value = serde_json::from_str(&answer.html()).expect("it is JSON");
        assert_eq!(json["project"], "Duck racer");
        let failures = json["failures"].as_array().expect("a list");
        assert_eq!(failures.len(), REPORTS);
        assert_eq!(failures[44]["trace"], "trace number 44");
        let csv = odile.get(&format!("{feedback}.csv")).expect(200).html();
        assert_eq!(csv.matches("\r\nfailure,").count(), REPORTS, "{csv}");
        // Who has no column for traces does not read them.
        let (with, next) = site.db(|db| group::lines(db, duck.id, ItemId(0), 2, true));
        let (without, same) = site.db(|db| group::lines(db, duck.id, ItemId(0), 2, false));
        assert_eq!((with.len(), next), (without.len(), same));
        assert!(with[1].trace.contains("number 1") && without.iter().all(|line| line.trace.is_empty()));
        assert_eq!(with[1].words, without[1].words);
    }

    fn a_rating_belongs_to_the_release_that_was_the_newest(site) {
        let Scene { odile, duck, raters } = &scene(site);
        let new = format!("{}/releases/new", duck.path());
        odile.post(&new, &[("version", "1.0"), ("released_on", "2025-01-01")]).expect(303);
        for rater in raters {
            rate(rater, duck, &[("step:Fun", "2")]).expect(303);
        }
        odile.post(&new, &[("version", "1.1")]).expect(303);
        for rater in &raters[..5] {
            rate(rater, duck, &[("step:Fun", "4")]).expect(303);
        }
        // The newest word of each counts.
        assert_eq!((people(site, duck), chose(site, duck, "Fun", 2), chose(site, duck, "Fun", 4)), (6, 1, 5));
        assert_eq!(site.count("ratings"), 11);
        let feedback = format!("{}/feedback", duck.path());
        let page = odile.get(&feedback).expect(200).says("Over the releases");
        let html = page.html();
        assert!(html.contains("class=\"step-2\"") && html.contains("class=\"step-4\""), "{html}");
        let csv = odile.get(&format!("{feedback}.csv")).expect(200).html();
        assert!(csv.contains("rating,1.0,Fun,getting there,6") && csv.contains("rating,1.1,Fun,very good,5"), "{csv}");
        let json = odile.get(&format!("{feedback}.json")).expect(200).html();
        let json: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
        assert_eq!(json["releases"][0]["release"], "1.1");
        assert_eq!(json["releases"][0]["ratings"][0]["steps"], serde_json::json!([0, 0, 0, 5, 0]));
        raters[0].get(&feedback).expect(403);
        // The newest goes: what is given then is of the one before.
        odile.post(&format!("{}/releases/1.1/delete", duck.path()), &[]).expect(303);
        rate(&raters[0], duck, &[("step:Fun", "3")]).expect(303);
        assert_eq!((people(site, duck), chose(site, duck, "Fun", 3), chose(site, duck, "Fun", 4)), (6, 1, 4));
        rate(&raters[0], duck, &[("withdraw", "1")]).expect(303);
        assert_eq!((people(site, duck), chose(site, duck, "Fun", 3)), (5, 0));
        adds_up(site);
    }

    fn who_is_banned_or_joins_the_makers_counts_no_more_until_that_is_undone(site) {
        let Scene { odile, duck, raters } = &scene(site);
        for rater in raters {
            rate(rater, duck, &[("step:Fun", "5")]).expect(303);
        }
        let mona = site.moderator("mona");
        for act in ["ban", "clear"] {
            if act == "clear" {
                // Something to clear.
                site.comment("ann", duck, "A comment that is cleared away.");
            }
            sanction(&mona, "ann", act);
            assert_eq!((people(site, duck), chose(site, duck, "Fun", 5)), (5, 5), "{act}");
            adds_up(site);
            lift(site, &mona);
            assert_eq!((people(site, duck), chose(site, duck, "Fun", 5)), (6, 6), "{act}");
            adds_up(site);
        }
        odile.post(&format!("{}/makers", duck.path()), &[("invite", "bob")]).expect(303);
        raters[1].post(&format!("{}/invitation", duck.path()), &[("answer", "accept")]).expect(303);
        assert_eq!(people(site, duck), 5);
        adds_up(site);
        raters[1].post(&format!("{}/leave", duck.path()), &[("sure", "1")]).expect(303);
        assert_eq!(people(site, duck), 6);
        adds_up(site);
    }

    fn the_list_rated_well_goes_by_how_sure_it_is(site) {
        let Scene { duck, raters, .. } = &scene(site);
        site.maker("mara");
        let goose = site.project("mara", "Goose walk");
        seek(site, &goose, &["Fun"]);
        // Five who are thrilled, and six of whom one is not.
        for (n, rater) in raters.iter().enumerate() {
            if n < 4 {
                rate(rater, &goose, &[("step:Fun", "5")]).expect(303);
            }
            rate(rater, duck, &[("step:Fun", if n == 0 { "4" } else { "5" })]).expect(303);
        }
        site.db(lists::count_all);
        let page = site.visitor().get("/projects?order=rated").expect(200).says("Duck racer").does_not_say("Goose walk");
        page.says("never by a mean");
        rate(&raters[4], &goose, &[("step:Fun", "1")]).expect(303);
        site.db(lists::count_all);
        let html = site.visitor().get("/projects?order=rated").expect(200).html();
        let place = |title: &str| html.find(title).unwrap_or_else(|| panic!("no {title}"));
        assert!(place("Duck racer") < place("Goose walk"));
        site.visitor().get("/projects").expect(200).says("rated well");
    }

    fn rings_and_crowds_are_a_hint_for_moderators_and_nothing_more(site) {
        let mona = site.moderator("mona");
        mona.get("/moderation").expect(200).does_not_say("Ratings to look at");
        let makers: Vec<(Client, Made)> = ["odile", "mara", "nils"].iter().map(|name| {
            let maker = site.maker(name);
            let made = site.project(name, &format!("Of {name}"));
            seek(site, &made, &["Fun"]);
            (maker, made)
        }).collect();
        let [(odile, duck), (mara, goose), (nils, swan)] = &makers[..] else { panic!("three") };
        rate(odile, goose, &[("step:Fun", "5")]).expect(303);
        rate(mara, duck, &[("step:Fun", "4")]).expect(303);
        site.db(potluck_models::fairness::look_and_store);
        assert_eq!(site.count("rating_hints"), 0, "to like each other's work is no ring");
        rate(mara, duck, &[("step:Fun", "5")]).expect(303);
        rate(mara, swan, &[("step:Fun", "5")]).expect(303);
        rate(nils, duck, &[("step:Fun", "5")]).expect(303);
        site.db(potluck_models::fairness::look_and_store);
        let page = mona.get("/moderation").expect(200).says("Ratings to look at").says("gave each other nothing but the highest marks");
        page.says("gave the highest marks in a circle");
        mona.get("/moderation/people/nils").expect(200).says("in a circle").does_not_say("each other nothing but");
        for name in ["ann", "bob"] {
            rate(&site.member(name), duck, &[("step:Fun", "3")]).expect(303);
        }
        site.db(potluck_models::fairness::look_and_store);
        // With mara and nils, who came from there too.
        mona.get("/moderation").expect(200).says("from one network within a week");
        // Everything counts as before, and who is rated is told nothing.
        assert_eq!(people(site, duck), 4);
        odile.get(&duck.path()).expect(200).does_not_say("in a circle").does_not_say("one network");
        sanction(&mona, "mara", "ban");
        site.db(potluck_models::fairness::look_and_store);
        assert_eq!(site.count("rating_hints"), 0);
    }

    fn a_network_is_forgotten_after_a_while(site) {
        let Scene { duck, raters, .. } = &scene(site);
        rate(&raters[0], duck, &[("step:Fun", "5")]).expect(303);
        rate(&raters[1], duck, &[("step:Fun", "5")]).expect(303);
        assert_eq!(site.count("ratings WHERE network <> ''"), 2);
        let ann = site.user_id("ann");
        site.sql(&format!("UPDATE ratings SET changed_at = '2020-01-01 00:00:00' WHERE user_id = {ann}"));
        site.db(potluck_models::rating::counting::sweep);
        assert_eq!(site.count("ratings WHERE network <> ''"), 1);
    }

    fn the_check_mends_ratings_that_were_counted_wrong(site) {
        let Scene { duck, raters, .. } = &scene(site);
        for rater in raters {
            rate(rater, duck, &[("step:Fun", "5")]).expect(303);
        }
        site.sql("UPDATE rating_counts SET n = 99 WHERE aspect = 'Fun'; DELETE FROM rating_counts WHERE aspect = ''");
        let ann = site.user_id("ann");
        site.sql(&format!("UPDATE ratings SET counts = FALSE WHERE user_id = {ann}"));
        let found = site.db(|db| potluck_models::check::run(db, true, |_| {}));
        let differs = found.iter().filter(|one| one.what.starts_with("ratings")).filter(|one| !one.differs.is_empty());
        assert_eq!(differs.count(), 2, "{found:?}");
        assert_eq!((people(site, duck), chose(site, duck, "Fun", 5)), (6, 6));
        adds_up(site);
    }
}

fn context(settings: &Settings) -> Context<'_> {
    Context {
        settings,
        filter: None,
        limits_off: true,
        rules: Rules::none(),
        address: None,
    }
}

fn newest_item(site: &Site) -> ItemId {
    use diesel::prelude::*;
    use potluck_models::schema::items;
    site.db(|db| {
        items::table
            .order(items::id.desc())
            .select(items::id)
            .first(db)
    })
}
