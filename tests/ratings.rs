//! Ratings: asked for by makers, given by others on steps with words, shown as a picture of many and
//! never of one.

use crate::reactions::{adds_up, lift, sanction};
use crate::support::*;
use potluck_models::db::ItemId;
use potluck_models::item::State;
use potluck_models::lists;

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
        let form = ann.get(&duck.path()).expect(200).form(&duck.comments());
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
        // Changed alone, it is still beside the words.
        rate(&ann, duck, &[("step:Fun", "5")]).expect(303);
        site.visitor().get(&duck.path()).expect(200).says("Fun : outstanding");
        ann.post(&format!("/comments/{id}/delete"), &[]).expect(303);
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
        rate(&regular, duck, &[("step:Fun", "4"), ("answer-0", words)]).expect(303);
        let feedback = format!("{}/feedback", duck.path());
        odile.get(&feedback).expect(200).says("Did the tutorial help?").says(words).does_not_say("rita");
        for other in [&site.visitor(), &regular, &raters[0]] {
            other.get(&duck.path()).expect(200).does_not_say("press Q");
        }
        assert_eq!(people(site, duck), 1);
        // A newcomer's wait, and the rating with them.
        let ann = &raters[0];
        rate(ann, duck, &[("step:Fun", "1"), ("answer-0", "Buy cheap ducks now.")]).expect(303);
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
