//! The filter on a site: what it is taught, when it is trained, which model is in use, and what a
//! new one does to what waits.

use crate::support::*;
use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;
use potluck_models::db::{ItemId, ModelId, UserId, now, write_tx};
use potluck_models::item::State;
use potluck_models::job::Job;
use potluck_models::label::{Import, NewLabel};
use potluck_models::lease::Lease;
use potluck_models::moderation::rescore::Rescore;
use potluck_models::moderation::verdict::{self, Label};
use potluck_models::moderation::{drift, verdict::Verdict};
use potluck_models::schema::{batches, models};
use potluck_models::settings::Settings;
use potluck_models::spam::training::{self, Kept, LEASE, StoredModel};
use potluck_models::spam::{FEATURES_VERSION, Model, Options as Training};

/// What people say on a site for makers, and what others would sell them.
fn text(n: usize, spam: bool) -> String {
    let pick = |words: &[&str], by: usize| words[by % words.len()].to_owned();
    let ham = [
        "the jump feels good",
        "lovely music",
        "the boss is hard",
        "my controller drops out",
        "the sprites are crisp",
    ];
    let sold = [
        "cheap followers",
        "a casino bonus",
        "watches at half price",
        "fast loans",
        "crypto profit",
    ];
    let other = ["in level", "since version", "for the duck", "at stage"];
    if spam {
        format!(
            "{} {n}, {} today http://shop{}.example/buy",
            pick(&sold, n),
            pick(&sold, n / 5 + 1),
            n % 7
        )
    } else {
        format!(
            "{} {} {n}, {}",
            pick(&ham, n),
            pick(&other, n / 3),
            pick(&ham, n / 5 + 2)
        )
    }
}

/// Labels of a file, one spam in three, a minute apart.
fn labels(many: usize) -> Vec<NewLabel> {
    (0..many)
        .map(|n| {
            let spam = n % 3 == 0;
            NewLabel {
                text: text(n, spam),
                label: if spam { Label::Spam } else { Label::Ham },
                written_at: Some(at(n)),
            }
        })
        .collect()
}

fn at(minutes: usize) -> NaiveDateTime {
    chrono::DateTime::from_timestamp(1_700_000_000, 0)
        .unwrap()
        .naive_utc()
        + Duration::minutes(minutes as i64)
}

fn import(site: &Site, labels: &[NewLabel]) -> Import {
    try_import(site, labels).expect("something new")
}

fn try_import(site: &Site, labels: &[NewLabel]) -> Option<Import> {
    site.db(|db| {
        write_tx(db, |db| {
            let id = Import::begin(db, "old-site.csv", 1.0, None)?;
            for chunk in Import::chunks(labels) {
                Import::add(db, id, chunk)?;
            }
            Import::finish(db, id)
        })
    })
}

fn quiet(settings: &Settings) -> Training {
    Training {
        quiet: true,
        ..settings.training()
    }
}

/// Trains here, by the formula that equals linfa's fit, and stores.
fn train(site: &Site) -> Kept {
    let settings = site.app.settings();
    site.db(|db| {
        let taught = training::labels(db)?;
        let candidate =
            training::candidate(db, taught, &quiet(&settings), &mut |_, _| {}).expect("it trains");
        write_tx(db, |db| training::keep(db, &candidate, false))
    })
}

fn train_forced(site: &Site) -> Kept {
    site.db(|db| {
        let settings = Settings::load(db)?;
        let taught = training::labels(db)?;
        let candidate =
            training::candidate(db, taught, &quiet(&settings), &mut |_, _| {}).expect("it trains");
        write_tx(db, |db| training::keep(db, &candidate, true))
    })
}

fn in_use(kept: Kept) -> ModelId {
    match kept {
        Kept::InUse(id) => id,
        other => panic!("{other:?}"),
    }
}

fn model(site: &Site, id: ModelId) -> Model {
    site.db(|db| Ok(StoredModel::read(db, id).expect("it can be read")))
}

fn due(site: &Site, at: NaiveDateTime) -> Option<String> {
    let settings = site.app.settings();
    site.db(|db| training::due(db, &settings, at))
}

/// A comment that waits for its score alone.
fn held_for_its_score(site: &Site, project: &Made, text: &str) -> ItemId {
    let id = site.waiting("ann", project, text, State::Held);
    site.sql(&format!("UPDATE items SET why = 'filter' WHERE id = {id}"));
    site.sql(&format!(
        "UPDATE revisions SET steps = '[]' WHERE item_id = {id}"
    ));
    id
}

fn rescore_all(site: &Site, id: ModelId) {
    site.db(|db| {
        let active = training::load_active(db)
            .expect("a model")
            .expect("one in use");
        assert_eq!(active.id, id);
        let mut next = Some(Rescore::with(id));
        while let Some(step) = next {
            next = write_tx(db, |db| step.step(db, &active))?;
        }
        Ok(())
    });
}

#[test]
fn the_same_labels_in_any_order_give_the_same_bytes_on_either_database() {
    if !has_postgres() {
        return;
    }
    let bytes = |database: Database, labels: &[NewLabel]| -> Vec<u8> {
        let site = Site::start(database, Options::default());
        import(&site, labels);
        let id = in_use(train(&site));
        site.db(|db| models::table.find(id).select(models::bytes).first(db))
    };
    let mut labels = labels(300);
    let here = bytes(Database::Sqlite, &labels);
    labels.reverse();
    labels.rotate_left(71);
    assert!(
        here == bytes(Database::Postgres, &labels),
        "the models differ"
    );
}

on_both! {
    fn imported_labels_teach_until_the_import_is_undone(site) {
        let labels = labels(240);
        let first = import(site, &labels);
        assert_eq!((first.spam, first.ham), (80, 160));
        // The same file again brings nothing new.
        assert!(try_import(site, &labels).is_none());
        let taught = site.db(training::labels);
        assert_eq!((taught.examples.len(), taught.facts.imported), (240, 240));
        let id = in_use(train(site));
        let report = model(site, id).report().clone();
        assert_eq!((report.own_spam, report.own_ham), (80, 160));
        assert!(report.newest.is_some_and(|newest| newest.metrics.texts == 48), "{report:?}");
        assert_eq!(due(site, now()), None, "all is learned");
        let undone = site.db(|db| write_tx(db, |db| Import::undo(db, first.id, None)));
        assert!(undone);
        assert!(!site.db(|db| write_tx(db, |db| Import::undo(db, first.id, None))), "twice");
        assert!(site.db(training::labels).examples.is_empty());
        assert!(due(site, now()).is_some(), "labels were taken back");
    }

    fn training_is_due_after_many_verdicts_at_night_and_after_an_upgrade(site) {
        assert_eq!(due(site, now()), None, "nothing was labelled");
        site.maker("odile");
        site.member("ann");
        let duck = site.project("odile", "Duck racer");
        let mona = site.moderator("mona");
        let remark = site.waiting("ann", &duck, "A remark about the ducks.", State::Held);
        mona.post("/moderation/verdicts", &[("item", &format!("comment:{remark}")), ("verdict", "ham")]).expect(303);
        // One verdict: the night will do. The starter was stored a moment ago.
        let noon = now().date().and_hms_opt(12, 0, 0).unwrap();
        let before_night = now().date().and_hms_opt(2, 59, 0).unwrap() + Duration::days(1);
        let night = now().date().and_hms_opt(3, 1, 0).unwrap() + Duration::days(1);
        site.sql(&format!("UPDATE models SET created_at = '{}'", noon.format("%Y-%m-%d %H:%M:%S")));
        assert_eq!(due(site, before_night), None);
        assert!(due(site, night).is_some_and(|because| because.contains("night")));
        site.app.set_settings(Settings { retrain_hour: -1, ..Settings::clone(&site.app.settings()) });
        assert_eq!(due(site, night), None);
        site.app.set_settings(Settings { retrain_after: 1, ..Settings::clone(&site.app.settings()) });
        assert!(due(site, now()).is_some_and(|because| because.contains("1 new")));
        let trained = in_use(train(site));
        assert_eq!(due(site, night), None);
        // The next Potluck reads texts otherwise.
        site.sql(&format!("UPDATE models SET features_version = {} WHERE id = {trained}", FEATURES_VERSION + 1));
        assert!(due(site, now()).is_some_and(|because| because.contains("upgrade")));
    }

    fn a_training_is_refused_while_another_runs_and_its_failure_is_told(site, limits_off) {
        assert!(site.db(|db| write_tx(db, |db| Lease::take(db, LEASE, "another node", "scoring fold by fold: 40 %"))));
        let refused = crate::cli::run(site.folder(), site.database_url(), &["retrain"]);
        assert!(!refused.status.success());
        assert!(crate::cli::text(&refused).contains("scoring fold by fold: 40 %"), "{}", crate::cli::text(&refused));
        let agnes = site.admin("agnes");
        agnes.get("/admin/models").expect(200).says("scoring fold by fold, 40 %");
        site.db(|db| write_tx(db, |db| Lease::give_back(db, LEASE, "another node", Some(("no space left", Duration::minutes(30))))));
        agnes.get("/admin/models").expect(200).says("no space left");
        // It rests, but a person may try again.
        agnes.submit("/admin/models", "/admin/models/retrain", &[]).expect(303);
        wait_for("the training to end", || {
            site.db(|db| Lease::find(db, LEASE)).filter(|lease| !lease.is_held() && !lease.rests())
        });
        agnes.get("/admin/models").expect(200).does_not_say("no space left");
    }

    fn an_import_that_was_undone_is_learned_once_and_no_more(site) {
        let import = import(site, &labels(120));
        let first = in_use(train(site));
        site.db(|db| write_tx(db, |db| StoredModel::activate(db, ModelId(1))));
        assert!(site.db(|db| write_tx(db, |db| Import::undo(db, import.id, None))));
        site.app.set_settings(Settings { retrain_after: 1, ..Settings::clone(&site.app.settings()) });
        assert!(due(site, now()).is_some());
        train(site);
        assert_eq!(due(site, now()), None, "trained, and due again");
        assert_eq!(site.db(training::new_labels), 0);
        assert!(first.0 > 1);
    }

    fn a_damaged_model_is_healed_by_training_and_bridged_by_the_last_good_one(site) {
        import(site, &labels(120));
        let older = in_use(train(site));
        site.db(|db| Settings { vocabulary: 500, ..Settings::load(db)? }.save(db));
        let newer = match train_forced(site) { Kept::InUse(id) => id, other => panic!("{other:?}") };
        let rotten: &[u8] = b"potluckF and then nothing";
        site.db(|db| diesel::update(models::table.find(newer)).set(models::bytes.eq(rotten)).execute(db));
        assert!(site.db(|db| Ok(training::load_active(db).is_err())));
        assert_eq!(site.db(training::last_good).map(|good| good.id), Some(older));
        site.moderator("mona").get("/moderation/filter").expect(200).says("cannot be read").says("by itself");
        let healed = match train_forced(site) { Kept::InUse(id) => id, other => panic!("{other:?}") };
        assert!(healed.0 > newer.0);
        assert!(site.db(|db| Ok(training::load_active(db).is_ok())));
    }

    fn labels_turned_round_do_not_take_over(site) {
        import(site, &labels(200));
        let good = in_use(train(site));
        let turned: Vec<NewLabel> = (0..3)
            .flat_map(|copy| labels(200).into_iter().map(move |mut label| {
                label.label = match label.label { Label::Spam => Label::Ham, Label::Ham => Label::Spam };
                label.text.push_str(&format!(" again{copy}"));
                label.written_at = label.written_at.map(|at| at - Duration::days(9));
                label
            }))
            .collect();
        import(site, &turned);
        let kept = train(site);
        assert!(matches!(kept, Kept::Refused(_)), "{kept:?}");
        assert_eq!(site.db(StoredModel::active).map(|model| model.id), Some(good));
    }

    fn an_import_that_was_cut_off_can_be_forgotten_and_two_at_once_teach_once(site) {
        let all = labels(40);
        let cut = site.db(|db| write_tx(db, |db| {
            let id = Import::begin(db, "cut.csv", 1.0, None)?;
            Import::add(db, id, &all[..20])?;
            Ok(id)
        }));
        assert_eq!(site.db(training::labels).facts.imported, 0);
        assert!(site.db(|db| write_tx(db, |db| Import::undo(db, cut, None))));
        assert_eq!((site.count("imported_labels"), site.count("label_imports")), (0, 0));
        let begin = |name: &str| site.db(|db| write_tx(db, |db| Import::begin(db, name, 1.0, None)));
        let (one, two) = (begin("one.csv"), begin("two.csv"));
        for id in [one, two] {
            site.db(|db| write_tx(db, |db| Import::add(db, id, &all)));
        }
        let finish = |id| site.db(|db| write_tx(db, |db| Import::finish(db, id)));
        assert!(finish(one).is_some() && finish(two).is_none());
        assert_eq!(site.db(training::labels).facts.imported, 40);
    }

    fn a_broken_model_is_refused_and_the_last_good_one_stays(site) {
        import(site, &labels(120));
        let good = in_use(train(site));
        wait_for("the new model to be taken over", || site.app.filter().filter(|active| active.id == good));
        import(site, &labels(150));
        let broken = in_use(train(site));
        wait_for("the newer model to be taken over", || site.app.filter().filter(|active| active.id == broken));
        // Bits rot; an administrator goes back and forth.
        let bytes: Vec<u8> = site.db(|db| models::table.find(broken).select(models::bytes).first(db));
        let mut rotten = bytes.clone();
        rotten[bytes.len() / 2] ^= 1;
        site.db(|db| diesel::update(models::table.find(broken)).set(models::bytes.eq(&rotten)).execute(db));
        site.db(|db| write_tx(db, |db| StoredModel::activate(db, good)));
        wait_for("the older model to be taken over", || site.app.filter().filter(|active| active.id == good));
        site.db(|db| write_tx(db, |db| StoredModel::activate(db, broken)));
        let loaded = site.db(|db| Ok(training::load_active(db).map(|_| ()).map_err(|error| error.to_string())));
        assert!(loaded.unwrap_err().contains("damaged: checksum"));
        let agnes = site.admin("agnes");
        agnes.get("/moderation/filter").expect(200);
        assert_eq!(site.app.filter().map(|active| active.id), Some(good), "the last good one stays");
        agnes.submit("/admin/models", &format!("/admin/models/{good}/activate"), &[]).expect(303);
        assert_eq!(site.db(StoredModel::active).expect("one in use").id, good);
    }

    fn a_new_model_judges_again_what_its_score_alone_holds_as_a_batch_that_can_be_undone(site, limits_off) {
        site.maker("odile");
        site.member("ann");
        let duck = site.project("odile", "Duck racer");
        let harmless = held_for_its_score(site, &duck, &text(1_001, false));
        let spam = held_for_its_score(site, &duck, &text(1_002, true));
        let first = site.waiting("ann", &duck, &text(1_003, false), State::Held);
        import(site, &labels(600));
        let id = in_use(train(site));
        assert!(site.db(Job::waiting).iter().any(|job| job.kind == training::RESCORE) || site.item(first).model_id == Some(id));
        rescore_all(site, id);
        for item in [harmless, spam, first] {
            assert_eq!(site.item(item).model_id, Some(id), "its score is not of today");
        }
        assert_eq!(site.state(harmless), State::Published);
        // Too little ham to promise anything: nothing is put away by itself.
        assert_eq!(site.state(spam), State::Held);
        assert!(site.item(spam).score > Some(0.9));
        assert_eq!(site.state(first), State::Held, "a first comment waits for a person, whatever its score");
        assert!(site.db(training::labels).facts.verdicts == 0, "the filter taught itself");
        // People see it in Recent, and can take it back.
        let mona = site.moderator("mona");
        mona.get("/moderation/recent").expect(200).says(&text(1_001, false));
        let batch: i64 = site.db(|db| batches::table.select(diesel::dsl::max(batches::id)).first::<Option<i64>>(db)).expect("a batch");
        mona.submit("/moderation/log", &format!("/moderation/batches/{batch}/undo"), &[]).expect(303);
        assert_eq!(site.state(harmless), State::Held);
        // Nobody can be the robot.
        let robot: String = site.db(|db| {
            use potluck_models::schema::users;
            users::table.filter(users::robot.eq(true)).select(users::username).first(db)
        });
        let visitor = site.visitor();
        visitor.submit("/login", "/login", &[("login", &robot), ("password", "!")]).says("do not go together");
    }

    fn a_worse_way_of_training_is_not_put_into_use_unless_somebody_insists(site) {
        // Three hundred words of each kind, each in a few texts: a small vocabulary misses most.
        let word = |n: usize| -> String {
            let mut letters = (n as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            (0..7).map(|_| { letters = letters.rotate_left(9).wrapping_mul(31); char::from(b'a' + (letters >> 40) as u8 % 26) }).collect()
        };
        let labels: Vec<NewLabel> = (0..900)
            .map(|n| {
                let spam = n % 2 == 0;
                let of = |k: usize| word((n * k + n / 300 * 37) % 300 + if spam { 300 } else { 0 });
                NewLabel {
                    text: format!("{} {} {}", of(7), of(11), of(13)),
                    label: if spam { Label::Spam } else { Label::Ham },
                    written_at: Some(at(n)),
                }
            })
            .collect();
        import(site, &labels);
        let good = in_use(train(site));
        site.app.set_settings(Settings { vocabulary: 1, ..Settings::clone(&site.app.settings()) });
        let kept = train(site);
        let Kept::Refused(worse) = kept else { panic!("{kept:?}") };
        let against = site.db(|db| StoredModel::find(db, worse)).expect("it is kept").facts().against.expect("a comparison");
        assert_eq!((against.model, against.refused), (good, true));
        assert!(against.recipes.is_some_and(|paired| paired.texts == 180 && paired.difference > 0.0));
        assert_eq!(site.db(StoredModel::active).expect("one in use").id, good);
        let settings = site.app.settings();
        let forced = site.db(|db| {
            let taught = training::labels(db)?;
            let candidate = training::candidate(db, taught, &quiet(&settings), &mut |_, _| {}).expect("it trains");
            write_tx(db, |db| training::keep(db, &candidate, true))
        });
        assert_eq!(site.db(StoredModel::active).expect("one in use").id, in_use(forced));
    }

    fn a_week_is_counted_once_and_tells_what_people_overturned(site) {
        site.maker("odile");
        site.member("ann");
        let duck = site.project("odile", "Duck racer");
        let mona: UserId = { site.moderator("mona"); site.user_id("mona") };
        let missed = site.comment("ann", &duck, "Buy golden ducks at shop dot example");
        let fine = site.comment("ann", &duck, "The ducks are golden, how lovely");
        site.db(|db| write_tx(db, |db| -> diesel::QueryResult<()> {
            for (id, verdict) in [(missed, Verdict::Spam), (fine, Verdict::Ham)] {
                let seen = [format!("comment:{id}").parse().expect("an item")];
                verdict::decide(db, mona, verdict, "", &seen)?;
            }
            Ok(())
        }));
        let monday = drift::week_of(now());
        let last = monday - Duration::weeks(1);
        let stamp = (last + Duration::days(2)).format("%Y-%m-%d %H:%M:%S").to_string();
        for table in ["verdicts", "revisions", "items"] {
            site.sql(&format!("UPDATE {table} SET created_at = '{stamp}'"));
        }
        site.sql("UPDATE revisions SET unseen = 0.25");
        assert_eq!(site.db(drift::uncounted), [last]);
        let week = site.db(|db| drift::count(db, last));
        assert_eq!((week.decided, week.overturned, week.texts), (2, 1, 2));
        assert_eq!(week.unseen, Some(0.25), "as recorded when they were judged");
        site.db(|db| week.store(db));
        assert_eq!(site.db(drift::uncounted), []);
        site.db(|db| week.store(db));
        assert_eq!(site.db(drift::weeks).len(), 1);
    }

    fn what_the_filter_decides_is_drawn_for_people_and_measured(site, limits_off) {
        site.app.set_settings(Settings { sampled_in_100: 100, ..Settings::clone(&site.app.settings()) });
        site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let bea = site.maker("bea");
        bea.submit(&duck.path(), &duck.comments(), &[("body", "The jump feels good and the music is lovely.")]).expect(303);
        let id = site.comment_saying("The jump feels good").expect("it was posted");
        assert_eq!(site.state(id), State::Published);
        let sample = site.db(drift::Sample::measure);
        assert_eq!((sample.waiting, sample.published), (1, 0));
        let mona = site.moderator("mona");
        mona.post("/moderation/verdicts", &[("item", &format!("comment:{id}")), ("verdict", "spam")]).expect(303);
        let sample = site.db(drift::Sample::measure);
        assert_eq!((sample.waiting, sample.published, sample.missed), (0, 1, 1));
    }
}
