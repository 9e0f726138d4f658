//! What people see of the filter and do about it: its figures, contradictions, promises, models.

use crate::support::*;
use diesel::prelude::*;
use potluck_models::db::{ItemId, ModelId, UserId};
use potluck_models::item::State;
use potluck_models::label::{Import, NewLabel};
use potluck_models::moderation::verdict::{Label, Seen, Verdict, decide};
use potluck_models::schema::{items, models};
use potluck_models::spam::Options as Training;
use potluck_models::spam::training::{self, Against, StoredModel};

/// Comments that people have called spam or ham, at different times, so that there is a newest fifth.
fn labelled(site: &Site, each: usize) -> Vec<ItemId> {
    site.maker("odile");
    site.regular("ann");
    let by = site.moderator("mona").site.user_id("mona");
    let duck = site.project("odile", "Duck racer");
    let mut ids = Vec::new();
    for n in 0..each {
        let ham = format!(
            "The {} level with the {} ducks made me smile, round {n} most of all.",
            ["swamp", "kitchen", "harbour"][n % 3],
            ["blue", "sleepy", "tiny", "proud"][n % 4]
        );
        let spam = format!(
            "Cheap {} at gold{}.example, order {n} now and win!",
            ["watches", "coins", "followers"][n % 3],
            n % 5
        );
        for (text, verdict) in [(ham, Verdict::Ham), (spam, Verdict::Spam)] {
            let id = site.comment("ann", &duck, &text);
            site.put(id, State::Held);
            call(site, by, id, verdict);
            ids.push(id);
        }
    }
    // Written one after the other, the oldest first.
    site.sql("UPDATE revisions SET created_at = '2026-01-01 00:00:00' WHERE id % 5 > 0");
    ids
}

fn call(site: &Site, by: UserId, id: ItemId, verdict: Verdict) {
    let seen = [Seen {
        kind: site.item(id).kind,
        id,
        version: None,
    }];
    site.db(|db| decide(db, by, verdict, "", &seen));
}

/// Trains on all labels as the nightly job does, but in this process.
fn train(site: &Site) -> ModelId {
    let id = site.db(|db| {
        let labels = training::labels(db)?;
        let options = Training {
            quiet: true,
            ..Training::default()
        };
        let candidate = training::candidate(db, labels, &options, &mut |_, _| {})
            .expect("there is something to train on");
        let id = training::store(db, &candidate, None)?;
        StoredModel::activate(db, id)?;
        Ok(id)
    });
    in_use(site, id);
    id
}

/// Waits until the running site scores with this model.
fn in_use(site: &Site, id: ModelId) {
    wait_for("the running site to use the model", || {
        site.app.filter().filter(|active| active.id == id)
    });
}

on_both! {
    fn the_filter_page_says_its_figures_and_draws_them(site, limits_off) {
        labelled(site, 60);
        let mona = site.come_back("mona");
        mona.get("/moderation/filter").expect(200).says("the starter that came with Potluck").says("F1 spam");
        let id = train(site);
        let page = mona.get("/moderation/filter").expect(200)
            .says(&format!("model {id} · trained"))
            .says("pygame.org had 0.97, on another corpus")
            .says("Recall of spam").says("Brier score").says("Newest fifth").says("Ham flagged at 95 %")
            .says("60 spam, 60 ham: 120 verdicts")
            .says("more ham labels are missing");
        let html = page.html();
        for name in ["reliability-name", "scores-name"] {
            assert!(html.contains(&format!("<title id=\"{name}\">")), "no drawing {name}");
        }
        assert_eq!(html.matches("<svg class=\"curve\"").count(), html.matches("The same in figures").count());
        // A moderator reads; what only an administrator may do is not offered.
        assert!(!html.contains("/admin/"), "a moderator is led to a page that refuses them");
        // A verdict later, the page says that it is not in the model yet.
        let duck = site.project_by_title("Duck racer").unwrap();
        let id = site.waiting("ann", &duck, "Yet another remark about the ducks.", State::Held);
        call(site, site.user_id("mona"), id, Verdict::Ham);
        mona.get("/moderation/filter").expect(200).says("1 given, taken back or imported");
    }

    fn without_a_model_the_page_says_who_decides(site) {
        let mona = site.moderator("mona");
        mona.get("/moderation/filter").expect(200).does_not_say("The rules decide meanwhile");
        let id = site.db(StoredModel::active).expect("the starter").id;
        // Of another version: kept, and trained anew in the background.
        site.sql(&format!("UPDATE models SET features_version = 99999 WHERE id = {}", id));
        mona.get("/moderation/filter").expect(200).says("another version of Potluck").says("trained in the background");
        site.sql("UPDATE models SET active = FALSE");
        mona.get("/moderation/filter").expect(200).says("No model is in use").says("first comments");
    }

    fn a_contradiction_is_listed_and_each_answer_settles_it(site, limits_off) {
        labelled(site, 55);
        let duck = site.project_by_title("Duck racer").unwrap();
        let mona = site.come_back("mona");
        let by = site.user_id("mona");
        let pairs = [
            ("spam", "Have a look at my collection of wooden spoons and ladles, number one"),
            ("ham", "My brother and I built a raft from old bottles last summer, come and see"),
            ("differ", "Thank you for the great tutorial, it helped me to finish the second boss"),
        ];
        let mut both = Vec::new();
        for (_, text) in pairs {
            let spam = site.comment("ann", &duck, text);
            let ham = site.comment("ann", &duck, &format!("{}!!", text.to_uppercase()));
            for (id, verdict) in [(spam, Verdict::Spam), (ham, Verdict::Ham)] {
                site.put(id, State::Held);
                call(site, by, id, verdict);
            }
            both.push((spam, ham));
        }
        let old = site.app.filter().unwrap().id;
        // By the program itself, as an administrator asks for it.
        site.admin("ada").post("/admin/models/retrain", &[]).expect(303);
        wait_for_long("the new model", || site.app.filter().filter(|active| active.id != old));

        let page = mona.get("/moderation/filter").expect(200).says("Contradictions").says("3 to settle").says("wooden spoons");
        for ((answer, text), (spam, ham)) in pairs.into_iter().zip(&both) {
            let form = page.forms().into_iter().find(|form| {
                form.action == "/moderation/filter/contradictions" && {
                    let hash = potluck_models::spam::near::text_hash(text);
                    form.hidden.iter().any(|(name, value)| name == "spam" && *value == hash)
                }
            }).expect("a form for each pair");
            let settled = mona.fill_in(&form, &[("settle", answer)]).expect(303);
            mona.get(settled.location().unwrap()).expect(200).does_not_say(&form.hidden[1].1);
            let states = match answer {
                "spam" => [State::Spam, State::Spam],
                "ham" => [State::Published, State::Published],
                _ => [State::Spam, State::Published],
            };
            assert_eq!([site.state(*spam), site.state(*ham)], states, "{answer}");
            // Pressed again, nothing is left to do.
            let again = mona.fill_in(&form, &[("settle", answer)]).expect(303);
            assert!(again.location().unwrap().contains("said=nothing"), "{:?}", again.location());
        }
        mona.get("/moderation/filter").expect(200).does_not_say("Contradictions");
        assert_eq!(site.count("settled_contradictions"), 1);
        for (field, value) in [("settle", "perhaps"), ("spam", "no hash"), ("ham", "0")] {
            let hash = "0".repeat(64);
            let mut fields = [("settle", "spam"), ("spam", hash.as_str()), ("ham", hash.as_str())];
            fields.iter_mut().find(|(name, _)| *name == field).unwrap().1 = value;
            mona.post("/moderation/filter/contradictions", &fields).expect(400);
        }
    }

    fn a_slip_of_the_finger_is_found_among_the_worst_errors_and_mended_there(site, limits_off) {
        labelled(site, 30);
        let duck = site.project_by_title("Duck racer").unwrap();
        let mona = site.come_back("mona");
        let slip = site.comment("ann", &duck, "Cheap coins at gold3.example, order now and win, whoever you are!");
        site.put(slip, State::Held);
        call(site, site.user_id("mona"), slip, Verdict::Ham);
        train(site);
        let page = mona.get("/moderation/filter").expect(200).says("Its worst errors").says("whoever you are");
        let word = format!("comment:{slip}@{}", site.item(slip).version);
        let form = page.forms().into_iter().find(|form| form.hidden.contains(&("item".into(), word.clone())));
        let answer = mona.fill_in(&form.expect("a form for it"), &[("verdict", "spam")]).expect(303);
        assert_eq!(site.state(slip), State::Spam);
        mona.get(answer.location().unwrap()).expect(200).says("1 item marked as spam").says("Somebody has called it spam since");
    }

    fn an_import_is_shown_to_moderators_and_undone_by_administrators(site) {
        let mona = site.moderator("mona");
        let ada = site.admin("ada");
        let id = site.db(|db| {
            let id = Import::begin(db, "old-site.csv", 0.5, None)?;
            let labels = [("Buy gold now", Label::Spam), ("What a lovely duck", Label::Ham)].map(|(text, label)| NewLabel {
                text: text.into(),
                label,
                written_at: None,
            });
            Import::add(db, id, &labels)?;
            Import::finish(db, id).map(|import| import.expect("an import").id)
        });
        mona.get("/moderation/filter").expect(200).says("old-site.csv").says("1 spam, 1 ham, each weighing 0.5").says("by the command line");
        let undo = format!("/admin/imports/{id}/undo");
        mona.post(&undo, &[]).expect(403);
        assert_eq!(site.count("imported_labels"), 2);
        let answer = ada.submit("/moderation/filter", &undo, &[]).expect(303);
        ada.get(answer.location().unwrap()).expect(200).says("undone");
        assert_eq!(site.count("imported_labels"), 0);
        let again = ada.post(&undo, &[]).expect(303);
        assert!(again.location().unwrap().contains("said=nothing"));
        assert_eq!(site.count("log WHERE act = 'undo import'"), 1);
    }

    fn a_promise_is_previewed_without_being_kept_and_kept_when_it_is_saved(site, limits_off) {
        labelled(site, 80);
        train(site);
        let ada = site.admin("ada");
        let before = site.app.filter().unwrap().model.thresholds();
        let settings = || (site.app.settings().put_away_per_1000, site.app.settings().held_per_100);
        let seen = site.fingerprint();
        let page = ada.get("/admin/models/promises?put_away=100&held=50").expect(200)
            .says("What would change").says("comments of the last 30 days").says("Put away as spam");
        assert_eq!(settings(), (1, 2));
        assert_eq!(site.app.filter().unwrap().model.thresholds(), before);
        assert_eq!(site.fingerprint(), seen, "a preview changed the database");

        let form = page.forms().into_iter().find(|form| form.html.contains("method=\"post\"") && form.action.ends_with("promises"));
        let saved = ada.fill_in(&form.expect("a form to save it"), &[]).expect(303);
        ada.get(saved.location().unwrap()).expect(200).says("The promises are saved");
        assert_eq!(settings(), (100, 50));
        // Eighty real comments carry a promise of 100 in 1,000, but none of 1 in 1,000.
        let after = site.app.filter().unwrap().model.thresholds();
        assert!(before.spam.is_none() && after.spam.is_some(), "{before:?} {after:?}");
        assert_eq!(site.count("log WHERE act = 'promises'"), 1);

        for (put_away, held) in [("0", "2"), ("101", "2"), ("1", "51"), ("1", ""), ("many", "2")] {
            ada.get(&format!("/admin/models/promises?put_away={put_away}&held={held}")).expect(422).says("A whole number from");
            ada.post("/admin/models/promises", &[("put_away", put_away), ("held", held)]).expect(422);
        }
        assert_eq!(settings(), (100, 50));
    }

    fn two_models_are_compared_and_an_administrator_goes_back_and_forth(site, limits_off) {
        let starter = site.app.filter().unwrap().id;
        labelled(site, 30);
        let trained = train(site);
        let ada = site.admin("ada");
        let list = ada.get("/admin/models").expect(200).says("in use").says("compare");
        let compare = format!("/admin/models/compare?a={trained}&b={starter}");
        assert!(list.links().iter().any(|link| *link == compare.replace('&', "&amp;") || *link == compare), "{:?}", list.links());
        let page = ada.get(&compare).expect(200)
            .says("What they would do").says("comments, by the score alone").says("What they weigh differently").says("≠");
        assert!(page.html().matches("<tr class=\"differs\">").count() > 3, "{}", page.words());
        let same = ada.get(&format!("/admin/models/compare?a={trained}&b={trained}")).expect(200).says("agree on every one");
        assert!(!same.html().contains("class=\"differs\""));
        ada.get("/admin/models/compare?a=987654321").expect(404);
        ada.get("/admin/models/compare?a=duck").expect(400);

        for id in [starter, trained] {
            ada.submit("/admin/models", &format!("/admin/models/{id}/activate"), &[]).expect(303);
            assert_eq!(site.app.filter().unwrap().id, id);
        }
        assert_eq!(site.count("log WHERE act = 'activate'"), 2);

        // A broken one is refused, and compared only by what is known of it.
        site.db(|db| diesel::update(models::table.find(starter)).set(models::bytes.eq(b"potluckF and no more".to_vec())).execute(db));
        ada.post(&format!("/admin/models/{starter}/activate"), &[]).expect(403).says("damaged");
        assert_eq!(site.app.filter().unwrap().id, trained);
        ada.get(&compare).expect(200).says("cannot be tried").does_not_say("What they weigh differently");
    }

    fn a_refused_model_is_marked_and_can_be_used_anyway(site, limits_off) {
        labelled(site, 30);
        let first = train(site);
        let second = train(site);
        let ada = site.admin("ada");
        ada.submit("/admin/models", &format!("/admin/models/{first}/activate"), &[]).expect(303);
        site.db(|db| {
            let mut facts = StoredModel::find(db, second)?.unwrap().facts();
            facts.against = Some(Against { model: first, newest: None, recipes: None, refused: true });
            diesel::update(models::table.find(second)).set(models::facts.eq(serde_json::to_string(&facts).unwrap())).execute(db)
        });
        let page = ada.get("/admin/models").expect(200).says(&format!("refused: worse than model {first}")).says("Use anyway");
        ada.fill_in(&page.form(&format!("/admin/models/{second}/activate")), &[]).expect(303);
        assert_eq!(site.app.filter().unwrap().id, second);
    }

    fn the_newest_models_are_listed_and_older_ones_are_a_page_away(site) {
        let ada = site.admin("ada");
        site.sql("INSERT INTO models (kind, features_version, bytes, sha256, report, spam_labels, ham_labels, active, created_at) \
                  SELECT 'trained', features_version, bytes, sha256, report, 1, 1, FALSE, created_at FROM models, \
                  (SELECT 1 AS n UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4) a, \
                  (SELECT 1 AS m UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4) b, \
                  (SELECT 1 AS k UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4) c");
        let first = ada.get("/admin/models").expect(200);
        let older = first.links().into_iter().find(|link| link.starts_with("/admin/models?before=")).expect("a way to older ones");
        let second = ada.get(&older).expect(200);
        let rows = |page: &Answer| page.html().matches("</time>").count();
        assert_eq!((rows(&first), rows(&second)), (50, 15));
        second.says("(starter)");
    }

    fn the_sample_narrows_a_queue_and_all_that_match(site, limits_off) {
        site.maker("odile");
        site.regular("ann");
        let duck = site.project("odile", "Duck racer");
        let drawn = site.comment("ann", &duck, "A remark that was drawn at random.");
        let other = site.comment("ann", &duck, "A remark like any other.");
        site.db(|db| diesel::update(items::table.find(drawn)).set(items::sampled.eq(true)).execute(db));
        let mona = site.moderator("mona");
        mona.get("/moderation/recent").expect(200).says("drawn at random.").says("like any other");
        let narrowed = mona.get("/moderation/recent?sample=1").expect(200).says("drawn at random.").does_not_say("like any other");
        let all = narrowed.links().into_iter().find(|link| link.contains("/recent/all")).expect("all that match");
        assert!(all.contains("sample=1"), "{all}");
        mona.get("/moderation/recent?sample=2").expect(400);
        mona.get("/moderation/filter").expect(200).says("1 published");
        let form = mona.get("/moderation/recent/all?sample=1").expect(200).form("/moderation/verdicts");
        mona.fill_in(&form, &[("verdict", "ham")]).expect(303);
        assert!(site.item(drawn).looked_at.is_some() && site.item(other).looked_at.is_none());
        mona.get("/moderation/filter").expect(200)
            .says("Of 1 published by the filter alone and looked at, 0 were spam: at most 95 in 100").says("None of it waits");
    }

    fn a_drift_is_told_on_the_overview_and_on_the_page(site) {
        use potluck_models::moderation::drift::{Week, week_of};
        let mona = site.moderator("mona");
        mona.get("/moderation").expect(200).does_not_say("new to the filter");
        site.db(|db| {
            for ago in 1..6 {
                let week = Week {
                    week: week_of(potluck_models::now()) - chrono::Duration::weeks(ago),
                    decided: 40,
                    overturned: 1,
                    texts: 200,
                    unseen: Some(if ago == 1 { 0.6 } else { 0.1 }),
                    scores: vec![10; 20],
                };
                week.store(db)?;
            }
            Ok(())
        });
        for page in ["/moderation", "/moderation/filter"] {
            mona.get(page).expect(200).says("60 in 100 words of last week's comments were new to the filter");
        }
        let page = mona.get("/moderation/filter").expect(200).says("1 of 40");
        assert_eq!(page.html().matches("<svg class=\"week\"").count(), 5);
    }

    fn a_card_says_its_sentence_without_a_click(site, limits_off) {
        site.maker("odile");
        site.regular("ann");
        let duck = site.project("odile", "Duck racer");
        site.waiting("ann", &duck, "Subscribe to my channel zzyzxgrumph for free money", State::Held);
        let html = site.moderator("mona").get("/moderation/held").expect(200).html();
        let sentence = html.find("item-sentence").expect("the sentence");
        let details = html.find("Why it is here").expect("the steps");
        assert!(sentence < details, "the sentence hides behind a click");
        assert!(html.contains("Never seen before") && html.contains("zzyzxgrumph"));
    }
}
