//! Verdicts on more items than one transaction takes: in steps, as one batch, and back.

use crate::support::*;
use diesel::prelude::*;
use potluck_models::db::{BatchId, ItemId};
use potluck_models::item::State;
use potluck_models::moderation::bulk;
use potluck_models::moderation::queue::{Filter, Name};
use potluck_models::moderation::verdict::{self, Batch, Phase, Verdict};
use potluck_models::schema::batches;

const MANY: usize = 2_300;

/// A project with so many held comments of one member, copied from one that was posted.
pub fn crowd(site: &Site, many: usize) -> Made {
    site.maker("odile");
    site.member("ann");
    let duck = site.project("odile", "Duck racer");
    let one = site.waiting("ann", &duck, "Buy my ducks.", State::Held);
    let numbers = format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {})",
        many - 1
    );
    for (table, columns) in [
        (
            "items",
            "kind, author_id, project_id, state, queue, why, evidence, score, model_id, version, reports, network, created_at, sampled",
        ),
        (
            "comments",
            "thread_id, parent_id, author_id, body, body_html, created_at",
        ),
    ] {
        let root = if table == "comments" { ", root_id" } else { "" };
        let root_value = if table == "comments" {
            ", 10000 + i"
        } else {
            ""
        };
        site.sql(&format!(
            "INSERT INTO {table} (id, {columns}{root}) {numbers} SELECT 10000 + i, {columns}{root_value} FROM {table}, n WHERE {table}.id = {one}"
        ));
    }
    let columns =
        "number, state, content, text, text_hash, signals, steps, score, model_id, created_at";
    site.sql(&format!(
        "INSERT INTO revisions (id, item_id, {columns}) {numbers} SELECT 10000 + i, 10000 + i, {columns} FROM revisions, n WHERE revisions.item_id = {one}"
    ));
    assert_eq!(site.count("items WHERE queue = 'held'"), many as i64);
    duck
}

fn newest() -> Filter {
    Filter {
        until: Some(ItemId(1_000_000)),
        ..Filter::all_of(Name::Held)
    }
}

fn decide_all(client: &Client, verdict: &str) -> Answer {
    let until = "1000000";
    let fields = [
        ("all", "held"),
        ("until", until),
        ("verdict", verdict),
        ("reason", ""),
        ("back", "/moderation/held"),
    ];
    client.post("/moderation/verdicts", &fields)
}

fn only_batch(site: &Site) -> Batch {
    let id: BatchId = site.db(|db| batches::table.select(batches::id).first(db));
    site.db(|db| Batch::find(db, id))
}

fn wait_until_done(site: &Site) -> Batch {
    wait_for("the batch to be done", || {
        Some(only_batch(site)).filter(|batch| batch.phase == Phase::Done)
    })
}

/// What a reader and a moderator would count.
pub fn counts_hold(site: &Site) {
    let wrong = site.count(
        "threads t WHERE t.comment_count <> (SELECT count(*) FROM comments c JOIN items i ON i.id = c.id \
         WHERE c.thread_id = t.id AND i.state = 'published')",
    );
    assert_eq!(wrong, 0, "a counter is wrong");
}

pub fn each_decided_once(site: &Site) {
    counts_hold(site);
    let twice = "(SELECT item_id FROM verdicts WHERE undone_at IS NULL GROUP BY item_id HAVING count(*) > 1) twice";
    assert_eq!(site.count(twice), 0, "an item was decided twice");
}

on_both! {
    fn all_that_match_are_decided_in_steps_as_one_batch_and_undone_in_one_act(site, limits_off) {
        crowd(site, MANY);
        let mona = site.moderator("mona");
        mona.get("/moderation/held/all?verdict=ham").expect(200).says("All 2300 that match").says("in the background");
        let answer = decide_all(&mona, "ham").expect(303);
        let page = answer.location().unwrap().to_owned();
        let batch = wait_until_done(site);
        assert_eq!(page, format!("/moderation/batches/{}", batch.id));
        assert_eq!(site.count("batches"), 1);
        assert_eq!(site.count("verdicts"), MANY as i64);
        assert_eq!(site.count("items WHERE queue = 'held'"), 0);
        assert_eq!(site.count("revisions WHERE state = 'waiting'"), 0);
        each_decided_once(site);
        let shown = mona.get(&page).expect(200);
        shown.says("2300 items marked as ham").says("More items").does_not_say("Going on");
        // Undone the same way, the rest in the background.
        mona.submit(&page, &format!("{page}/undo"), &[]).expect(303);
        let batch = wait_until_done(site);
        assert!(batch.undone_at.is_some());
        assert_eq!(site.count("items WHERE queue = 'held' AND state = 'held'"), MANY as i64);
        assert_eq!(site.count("verdicts WHERE undone_at IS NULL"), 0);
        assert_eq!(site.count("revisions WHERE state = 'waiting'"), MANY as i64);
        each_decided_once(site);
        mona.get(&page).expect(200).says("Undone by");
    }

    fn an_undo_stops_a_batch_that_still_goes_on(site) {
        crowd(site, MANY);
        let mona = site.moderator("mona").site.user_id("mona");
        let filter = newest();
        let (outcomes, goes_on) = site.db(|db| bulk::decide_all(db, mona, Verdict::Spam, "", &filter, "held"));
        assert!(goes_on);
        let id = outcomes.batch.expect("a batch");
        assert!(site.db(|db| bulk::step(db, id, Some(&filter))));
        assert_eq!(site.count("verdicts"), 2_000);
        let undone = site.db(|db| Ok(verdict::undo(db, id, mona).unwrap()));
        assert!(undone.goes_on.is_some());
        // The job of the verdict finds nothing to go on with, the job of the undo does.
        assert!(!site.db(|db| bulk::step(db, id, Some(&filter))));
        while site.db(|db| bulk::step(db, id, None)) {}
        assert_eq!(site.count("items WHERE queue = 'held'"), MANY as i64);
        assert_eq!(site.count("verdicts"), 2_000);
        assert!(site.db(|db| Batch::find(db, id)).undone_at.is_some());
        each_decided_once(site);
    }

    fn what_others_decide_between_two_steps_is_theirs(site) {
        crowd(site, MANY);
        let (mona, max) = (site.moderator("mona").site.user_id("mona"), site.moderator("max"));
        let filter = newest();
        let (outcomes, _) = site.db(|db| bulk::decide_all(db, mona, Verdict::Spam, "", &filter, "held"));
        let id = outcomes.batch.expect("a batch");
        let others = ["comment:12200", "comment:12201"];
        let fields = [("item", others[0]), ("item", others[1]), ("verdict", "ham"), ("reason", "")];
        max.post("/moderation/verdicts", &fields).expect(303);
        while site.db(|db| bulk::step(db, id, Some(&filter))) {}
        assert_eq!(site.state(ItemId(12_200)), State::Published);
        assert_eq!(site.count("items WHERE state = 'spam'"), MANY as i64 - 2);
        each_decided_once(site);
        // And an undo of the large batch leaves what was decided again since.
        let again = [("item", "comment:10500"), ("verdict", "restore"), ("reason", "")];
        max.post("/moderation/verdicts", &again).expect(303);
        site.db(|db| Ok(verdict::undo(db, id, mona).unwrap()));
        while site.db(|db| bulk::step(db, id, None)) {}
        assert_eq!(site.state(ItemId(10_500)), State::Published);
        assert_eq!(site.count("items WHERE queue = 'held'"), MANY as i64 - 3);
        let batch = site.db(|db| Batch::find(db, id));
        assert_eq!((batch.phase, batch.undone_at, batch.skipped), (Phase::Done, None, 1));
        counts_hold(site);
    }
}
