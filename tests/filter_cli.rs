//! The commands of a site's filter: labels from a file, retraining, models and going back.

use crate::cli::{run, text};
use crate::support::*;
use diesel::prelude::*;
use potluck_models::db::ModelId;
use potluck_models::label::Import;
use potluck_models::schema::models;
use potluck_models::settings::Settings;
use potluck_models::spam::training::{self, StoredModel};
use serde_json::Value;
use std::process::Output;

fn potluck(site: &Site, arguments: &[&str]) -> Output {
    run(site.folder(), site.database_url(), arguments)
}

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{}", text(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn json(output: &Output) -> Value {
    let said = said(output);
    serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"))
}

/// The sentence of a command that could not do its work.
fn complaint(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{}", text(output));
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A file beside the site, one spam in three.
fn file(site: &Site, rows: usize) -> String {
    let mut csv = String::from("text,label,time\n");
    for n in 0..rows {
        let line = if n % 3 == 0 {
            format!(
                "Cheap followers number {n} at http://shop{}.example/buy,spam",
                n % 5
            )
        } else {
            format!(
                "The duck of level {n} swims {} today,ham",
                ["well", "oddly"][n % 2]
            )
        };
        csv.push_str(&format!("{line},2026-03-01T12:{:02}:00Z\n", n % 60));
    }
    let path = site.folder().join("old.csv");
    std::fs::write(&path, csv).unwrap();
    path.to_str().unwrap().to_owned()
}

on_both! {
    fn labels_come_in_by_file_and_go_as_a_batch(site) {
        let old = file(site, 90);
        let first = json(&potluck(site, &["import", "labels", &old, "--weight", "0.5", "--json"]));
        assert_eq!((&first["rows"], &first["spam"], &first["ham"], &first["known"]), (&90.into(), &30.into(), &60.into(), &0.into()));
        let number = first["import"].to_string();
        // Again, and nothing is new.
        let again = said(&potluck(site, &["import", "labels", &old]));
        assert!(again.contains("known already"), "{again}");
        let listed = said(&potluck(site, &["import", "list"]));
        assert_eq!(listed.lines().count(), 1, "{listed}");
        assert!(listed.contains("old.csv") && listed.contains("weight 0.5"), "{listed}");
        let labels = site.db(training::labels);
        assert_eq!(labels.facts.imported, 90);
        assert!(labels.examples.iter().all(|e| e.weight == 0.5 && e.at.is_some()));
        said(&potluck(site, &["import", "undo", &number]));
        assert_eq!(site.db(training::labels).facts.imported, 0);
        assert!(complaint(&potluck(site, &["import", "undo", &number])).contains("before"));
        assert!(complaint(&potluck(site, &["import", "undo", "77"])).contains("no import 77"));
    }

    fn a_file_with_a_fault_imports_nothing(site) {
        let path = site.folder().join("bad.csv");
        for (csv, fault) in [
            ("text,label\nfine,ham\nodd,maybe\n", "maybe"),
            ("words,kind\nfine,ham\n", "text"),
            ("text,label\n", "no rows"),
        ] {
            std::fs::write(&path, csv).unwrap();
            let refused = complaint(&potluck(site, &["import", "labels", path.to_str().unwrap()]));
            assert!(refused.contains(fault) && refused.contains("bad.csv"), "{refused}");
        }
        assert!(complaint(&potluck(site, &["import", "labels", "nowhere.csv"])).contains("nowhere.csv"));
        assert!(site.db(Import::all).is_empty());
    }

    fn models_are_listed_compared_and_gone_back_to(site, limits_off) {
        let starter = site.app.filter().expect("the starter").id;
        said(&potluck(site, &["import", "labels", &file(site, 120)]));
        let dry = json(&potluck(site, &["retrain", "--dry-run", "--json"]));
        assert_eq!((&dry["dry_run"], &dry["model"]), (&true.into(), &Value::Null));
        assert_eq!(json(&potluck(site, &["spam", "models", "--json"])).as_array().unwrap().len(), 1);
        let trained = json(&potluck(site, &["retrain", "--json"]));
        assert_eq!((&trained["in_use"], &trained["refused"]), (&true.into(), &false.into()));
        assert_eq!(trained["report"]["own_spam"], 40);
        let new = trained["model"].to_string();
        let listed = said(&potluck(site, &["spam", "models"]));
        let in_use: Vec<&str> = listed.lines().filter(|line| line.ends_with("in use")).collect();
        assert!(matches!(in_use[..], [one] if one.trim_start().starts_with(&new)), "{listed}");
        let one = starter.to_string();
        let both = json(&potluck(site, &["spam", "compare", &one, &new, "--json"]));
        assert_eq!(both["b"]["facts"]["imported"], 120);
        let moved = both["moved"].as_array().unwrap();
        assert!(!moved.is_empty() && moved.len() <= 20, "{moved:?}");
        assert!(said(&potluck(site, &["spam", "compare", &one, &new])).contains("own labels: spam"));
        said(&potluck(site, &["spam", "activate", &one]));
        wait_for("the site to go back", || site.app.filter().filter(|active| active.id == starter));
        let log = site.moderator("mona").get("/moderation/log").expect(200);
        log.says("on the command line");
        assert!(complaint(&potluck(site, &["spam", "activate", "99"])).contains("no model 99"));
        assert!(complaint(&potluck(site, &["spam", "compare", &one, "99"])).contains("no model 99"));
    }

    fn a_model_that_cannot_score_is_not_activated(site) {
        let old = file(site, 60);
        said(&potluck(site, &["import", "labels", &old]));
        let new = json(&potluck(site, &["retrain", "--json"]))["model"].to_string();
        let rotten: &[u8] = b"potluckF and then nothing";
        site.db(|db| diesel::update(models::table.find(ModelId(1))).set(models::bytes.eq(rotten)).execute(db));
        assert!(complaint(&potluck(site, &["spam", "activate", "1"])).contains("model 1 cannot be used"));
        let active = site.db(StoredModel::active).expect("a model in use");
        assert_eq!(active.id.to_string(), new);
    }

    fn a_smaller_vocabulary_makes_another_model_and_the_same_labels_the_same(site, limits_off) {
        said(&potluck(site, &["import", "labels", &file(site, 90)]));
        let first = json(&potluck(site, &["retrain", "--json"]));
        let again = json(&potluck(site, &["retrain", "--json"]));
        assert_eq!(first["model"], again["model"]);
        site.db(|db| Settings { vocabulary: 1_000, ..Settings::load(db)? }.save(db));
        let smaller = json(&potluck(site, &["retrain", "--force", "--json"]));
        assert_ne!(first["model"], smaller["model"]);
        let sizes = smaller["report"]["vocabulary"].as_array().unwrap();
        assert!(sizes.iter().all(|size| size.as_u64().unwrap() <= 1_000), "{sizes:?}");
    }
}
