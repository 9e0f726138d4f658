//! The desk: queues, verdicts in batches, undo, two moderators at once, the log.

use crate::support::*;
use diesel::prelude::*;
use potluck_models::db::ItemId;
use potluck_models::item::{Queue, State};
use potluck_models::schema::{batches, verdicts};

fn name(id: ItemId) -> String {
    format!("comment:{id}")
}

/// A project with comments of ann that wait.
fn waiting(site: &Site, many: usize, state: State) -> (Made, Vec<ItemId>) {
    site.maker("odile");
    site.member("ann");
    let duck = site.project("odile", "Duck racer");
    let ids = (0..many)
        .map(|n| {
            site.waiting(
                "ann",
                &duck,
                &format!("Waiting remark {n} about the ducks."),
                state,
            )
        })
        .collect();
    (duck, ids)
}

fn decide(client: &Client, ids: &[ItemId], verdict: &str, reason: &str) -> Answer {
    let names: Vec<String> = ids.iter().map(|id| name(*id)).collect();
    let mut fields: Vec<(&str, &str)> = names.iter().map(|name| ("item", name.as_str())).collect();
    fields.extend([("verdict", verdict), ("reason", reason)]);
    client.post("/moderation/verdicts", &fields)
}

fn last_batch(site: &Site) -> i64 {
    site.db(|db| {
        batches::table
            .select(diesel::dsl::max(batches::id))
            .first::<Option<i64>>(db)
    })
    .expect("a batch")
}

/// The numbers that pages show are those that counting gives; each item has one verdict in force.
fn check_counters(site: &Site) {
    let wrong = site.count(
        "threads t WHERE t.comment_count <> (SELECT count(*) FROM comments c JOIN items i ON i.id = c.id \
         WHERE c.thread_id = t.id AND i.state = 'published')",
    );
    assert_eq!(wrong, 0, "a counter is wrong");
    let wrong = site.count(
        "items i WHERE i.reports <> (SELECT count(*) FROM reports r WHERE r.item_id = i.id AND r.closed_by IS NULL)",
    );
    assert_eq!(wrong, 0, "a count of reports is wrong");
    let queued =
        site.count("items WHERE queue IS NOT NULL AND state IN ('removed', 'deleted', 'draft')");
    assert_eq!(queued, 0, "what is gone waits for nobody");
}

on_both! {
    fn every_queue_shows_what_waits_there_with_its_count(site, limits_off) {
        let (duck, held) = waiting(site, 3, State::Held);
        site.waiting("ann", &duck, "Buy golden ducks cheaply now.", State::Spam);
        let reported = site.comment("ann", &duck, "A published remark that somebody minds.");
        let bob = site.regular("bob");
        bob.post(&format!("/comments/{reported}/report"), &[("reason", "unkind")]).expect(303);
        let lamp = site.project("ann", "A lamp that waits");
        site.put(lamp.id, State::Held);
        let mona = site.moderator("mona");
        let desk = mona.get("/moderation").expect(200);
        for queue in ["held", "spam", "reported", "recent", "projects"] {
            assert!(desk.links().iter().any(|link| link.starts_with(&format!("/moderation/{queue}"))), "no way to {queue}");
        }
        let page = mona.get("/moderation/held").expect(200).says("Waiting remark 0").says("Waiting remark 2").does_not_say("golden ducks");
        assert!(page.html().contains(&format!("comment:{}", held[0])), "no box to tick");
        assert!(page.html().contains(&format!("comment:{}@", held[0])), "the page does not say which version it shows");
        mona.get("/moderation/spam").expect(200).says("golden ducks").does_not_say("Waiting remark");
        mona.get("/moderation/reported").expect(200).says("somebody minds");
        mona.get("/moderation/recent").expect(200).says("somebody minds");
        mona.get("/moderation/projects").expect(200).says("A lamp that waits");
    }

    fn one_tick_and_one_button_decide_through_the_page(site) {
        let (duck, ids) = waiting(site, 2, State::Held);
        let mona = site.moderator("mona");
        let form = mona.get("/moderation/held").expect(200).form("/moderation/verdicts");
        let one = name(ids[0]);
        let answer = mona.fill_in(&form, &[("item", &one), ("verdict", "ham")]);
        assert!(answer.expect(303).leads_to().starts_with("/moderation"));
        assert_eq!((site.state(ids[0]), site.state(ids[1])), (State::Published, State::Held));
        site.visitor().get(&duck.path()).expect(200).says("Waiting remark 0").does_not_say("Waiting remark 1");
        check_counters(site);
    }

    fn a_batch_is_done_and_undone_in_one_act(site, limits_off) {
        let (duck, ids) = waiting(site, 30, State::Held);
        let mona = site.moderator("mona");
        let before = site.fingerprint();
        let decided = decide(&mona, &ids, "ham", "").expect(303);
        assert!(ids.iter().all(|id| site.state(*id) == State::Published));
        assert_eq!(site.count("batches"), 1);
        assert_eq!(site.count("verdicts WHERE label = 'ham'"), 30);
        assert_eq!(site.count(&format!("threads WHERE project_id = {} AND comment_count = 30", duck.id)), 1);
        check_counters(site);

        let undo = format!("/moderation/batches/{}/undo", last_batch(site));
        // The form of its own stands on the page that follows.
        let form = mona.get(decided.location().unwrap()).expect(200).form(&undo);
        mona.fill_in(&form, &[]).expect(303);
        assert!(ids.iter().all(|id| site.state(*id) == State::Held && site.item(*id).queue == Some(Queue::Held)));
        assert_eq!(site.count("verdicts WHERE undone_at IS NULL"), 0);
        site.visitor().get(&duck.path()).expect(200).does_not_say("Waiting remark");
        check_counters(site);
        // What it was before, but for the trace: items with their versions, verdicts, batch, log.
        let after = site.fingerprint();
        for (table, rows, digest) in before {
            if !["items", "revisions", "verdicts", "batches", "log", "hits"].contains(&table.as_str()) {
                assert!(after.contains(&(table.clone(), rows, digest)), "{table} is not as it was");
            }
        }
        // Pressed twice: nothing more happens.
        let after = site.fingerprint();
        assert!(mona.post(&undo, &[]).status < 500);
        assert_eq!(site.fingerprint(), after);
    }

    fn each_verdict_does_what_its_name_says(site, limits_off) {
        let (duck, ids) = waiting(site, 4, State::Held);
        let mona = site.moderator("mona");
        let [spam, ham, gone, back] = ids[..] else { unreachable!() };
        decide(&mona, &[spam], "spam", "").expect(303);
        decide(&mona, &[ham], "ham", "").expect(303);
        decide(&mona, &[gone, back], "remove", "unkind").expect(303);
        decide(&mona, &[back], "restore", "").expect(303);
        assert_eq!([spam, ham, gone, back].map(|id| site.state(id)), [State::Spam, State::Published, State::Removed, State::Published]);
        let labels: Vec<(ItemId, Option<String>)> =
            site.db(|db| verdicts::table.order(verdicts::id).select((verdicts::item_id, verdicts::label)).load(db));
        let word = |label: &str| Some(label.to_owned());
        assert_eq!(labels, [(spam, word("spam")), (ham, word("ham")), (gone, None), (back, None), (back, None)]);
        site.visitor().get(&duck.path()).expect(200).says("Waiting remark 1").says("Waiting remark 3")
            .does_not_say("Waiting remark 0").does_not_say("Waiting remark 2");
        // From Spam back to the table is ham.
        decide(&mona, &[spam], "restore", "").expect(303);
        assert_eq!(site.count("verdicts WHERE verdict = 'restore' AND label = 'ham'"), 1);
        check_counters(site);
    }

    fn a_removal_needs_a_reason(site) {
        let (_, ids) = waiting(site, 1, State::Held);
        let mona = site.moderator("mona");
        for reason in ["", "because"] {
            let answer = decide(&mona, &ids, "remove", reason);
            assert!(matches!(answer.status, 400 | 422), "{reason:?}: {}", answer.status);
        }
        assert_eq!(site.state(ids[0]), State::Held);
        assert_eq!(site.count("verdicts"), 0);
    }

    fn what_changed_since_the_page_was_made_is_left_alone_and_said(site, limits_off) {
        let (_, ids) = waiting(site, 2, State::Held);
        let (mona, max) = (site.moderator("mona"), site.moderator("max"));
        let seen: Vec<String> = ids.iter().map(|id| format!("comment:{id}@{}", site.item(*id).version)).collect();
        decide(&max, &ids[..1], "spam", "").expect(303);
        let items: Vec<String> = ids.iter().map(|id| name(*id)).collect();
        let fields = [
            ("item", items[0].as_str()), ("item", &items[1]), ("seen", &seen[0]), ("seen", &seen[1]), ("verdict", "ham"), ("reason", ""),
        ];
        let answer = mona.post("/moderation/verdicts", &fields).expect(303);
        assert_eq!((site.state(ids[0]), site.state(ids[1])), (State::Spam, State::Published));
        let next = answer.location().unwrap().to_owned();
        mona.get(&next).expect(200).says("max");
        check_counters(site);
    }

    fn two_moderators_at_once_leave_one_verdict_in_force(site, limits_off) {
        let (_, ids) = waiting(site, 40, State::Held);
        let (mona, max) = (site.moderator("mona"), site.moderator("max"));
        let fields = |verdict: &'static str| {
            let mut all: Vec<(String, String)> = Vec::new();
            for id in &ids {
                all.push(("item".into(), name(*id)));
                all.push(("seen".into(), format!("comment:{id}@{}", site.item(*id).version)));
            }
            all.push(("verdict".into(), verdict.into()));
            all.push(("reason".into(), String::new()));
            all
        };
        let (spam, ham) = (fields("spam"), fields("ham"));
        std::thread::scope(|scope| {
            for (client, fields) in [(mona.copy(), &spam), (max.copy(), &ham)] {
                scope.spawn(move || {
                    let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
                    client.post("/moderation/verdicts", &fields).expect(303);
                });
            }
        });
        assert_eq!(site.count("verdicts WHERE undone_at IS NULL"), 40, "each item was decided once");
        assert_eq!(site.count("(SELECT item_id FROM verdicts GROUP BY item_id HAVING count(*) = 1) once"), 40);
        for id in &ids {
            let item = site.item(*id);
            let verdict: String = site.db(|db| verdicts::table.filter(verdicts::item_id.eq(*id)).select(verdicts::verdict).first(db));
            assert_eq!(item.state, if verdict == "spam" { State::Spam } else { State::Published });
            assert_eq!(item.queue, None);
        }
        check_counters(site);
    }

    fn two_who_undo_at_once_undo_once(site, limits_off) {
        let (_, ids) = waiting(site, 10, State::Held);
        let (mona, max) = (site.moderator("mona"), site.moderator("max"));
        decide(&mona, &ids, "ham", "").expect(303);
        let undo = format!("/moderation/batches/{}/undo", last_batch(site));
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let all: Vec<_> = [mona.copy(), max.copy()].into_iter().map(|client| {
                let undo = &undo;
                scope.spawn(move || client.post(undo, &[]).status)
            }).collect();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert!(statuses.iter().all(|status| *status < 500), "{statuses:?}");
        assert_eq!(site.count("log WHERE act = 'undo'"), 1);
        assert!(ids.iter().all(|id| site.state(*id) == State::Held));
        check_counters(site);
    }

    fn a_page_and_all_that_match_are_decided_at_once(site, limits_off) {
        let (_, ids) = waiting(site, 60, State::Spam);
        let mona = site.moderator("mona");
        let held = site.waiting("ann", &site.project_by_title("Duck racer").unwrap(), "Held, and not spam.", State::Held);
        mona.get("/moderation/spam").expect(200);
        let confirm = mona.get("/moderation/spam/all?verdict=spam").expect(200);
        assert!(confirm.words().contains("60"), "{}", confirm.words());
        assert_eq!(site.count("batches"), 0, "asking is not doing");
        let form = confirm.form("/moderation/verdicts");
        mona.fill_in(&form, &[("verdict", "spam")]).expect(303);
        assert_eq!(site.count("verdicts WHERE label = 'spam'"), 60);
        assert_eq!(site.count("batches"), 1);
        assert!(ids.iter().all(|id| site.item(*id).queue.is_none()));
        assert_eq!(site.state(held), State::Held);
        mona.post(&format!("/moderation/batches/{}/undo", last_batch(site)), &[]).expect(303);
        assert!(ids.iter().all(|id| site.item(*id).queue == Some(Queue::Spam)));
        check_counters(site);
    }

    fn a_thousand_items_are_one_batch(site, limits_off) {
        let (duck, ids) = waiting(site, 1, State::Held);
        use potluck_models::schema::{comments, items};
        // Straight into the tables: a thousand of the same kind.
        let (item, comment) = (ids[0], ids[0]);
        site.db(|db| {
            diesel::sql_query(format!(
                "INSERT INTO items (kind, author_id, project_id, state, queue, why, evidence, version, reports, network, created_at) \
                 WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n WHERE k < 999) \
                 SELECT kind, author_id, project_id, state, queue, why, evidence, version, reports, network, created_at \
                 FROM items, n WHERE items.id = {item}"
            )).execute(db)?;
            diesel::sql_query(format!(
                "INSERT INTO comments (id, thread_id, root_id, author_id, body, body_html, created_at) \
                 SELECT i.id, c.thread_id, i.id, c.author_id, c.body, c.body_html, c.created_at FROM items i, comments c \
                 WHERE c.id = {comment} AND i.kind = 'comment' AND i.id NOT IN (SELECT id FROM comments)"
            )).execute(db)?;
            diesel::sql_query(format!(
                "INSERT INTO revisions (item_id, number, state, content, text, signals, steps, created_at) \
                 SELECT i.id, 1, r.state, r.content, r.text, r.signals, r.steps, r.created_at FROM items i, revisions r \
                 WHERE r.item_id = {item} AND i.kind = 'comment' AND i.id NOT IN (SELECT item_id FROM revisions)"
            )).execute(db)
        });
        let all: Vec<ItemId> = site.db(|db| items::table.inner_join(comments::table.on(comments::id.eq(items::id)))
            .filter(items::queue.eq(Queue::Held)).select(items::id).load(db));
        assert_eq!(all.len(), 1_000);
        let mona = site.moderator("mona");
        decide(&mona, &all, "ham", "").expect(303);
        assert_eq!(site.count(&format!("threads WHERE project_id = {} AND comment_count = 1000", duck.id)), 1);
        mona.post(&format!("/moderation/batches/{}/undo", last_batch(site)), &[]).expect(303);
        assert_eq!(site.count("items WHERE queue = 'held'"), 1_000);
        check_counters(site);
        let mut more = all.clone();
        more.push(ItemId(1));
        let answer = decide(&mona, &more, "ham", "");
        assert!((400..500).contains(&answer.status), "1,001 at once: {}", answer.status);
        assert_eq!(site.count("items WHERE queue = 'held'"), 1_000);
    }

    fn every_act_is_in_the_log(site, limits_off) {
        let (_, ids) = waiting(site, 2, State::Held);
        let mona = site.moderator("mona");
        decide(&mona, &ids, "remove", "off-topic").expect(303);
        mona.post(&format!("/moderation/batches/{}/undo", last_batch(site)), &[]).expect(303);
        let log = mona.get("/moderation/log").expect(200).says("mona").says("remove");
        assert!(log.words().contains("und"), "{}", log.words());
        assert_eq!(site.count("log WHERE act IN ('remove', 'undo')"), 2);
        site.member("bob").get("/moderation/log").expect(403);
    }

    fn a_verdict_answers_the_reports_and_an_undo_opens_them_again(site, limits_off) {
        site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        site.regular("ann");
        let id = site.comment("ann", &duck, "Somebody will mind this remark.");
        for name in ["bob", "eve"] {
            site.regular(name).post(&format!("/comments/{id}/report"), &[("reason", "unkind")]).expect(303);
        }
        assert_eq!(site.item(id).reports, 2);
        let mona = site.moderator("mona");
        decide(&mona, &[id], "remove", "unkind").expect(303);
        mona.get("/moderation/reported").expect(200).does_not_say("Somebody will mind");
        check_counters(site);
        mona.post(&format!("/moderation/batches/{}/undo", last_batch(site)), &[]).expect(303);
        assert_eq!((site.item(id).reports, site.state(id)), (2, State::Published));
        mona.get("/moderation/reported").expect(200).says("Somebody will mind");
        check_counters(site);
    }

    fn an_author_who_edits_or_deletes_in_the_meantime_wins(site, limits_off) {
        let (_, ids) = waiting(site, 1, State::Held);
        let ann = site.come_back("ann");
        let mona = site.moderator("mona");
        let seen = format!("comment:{}@{}", ids[0], site.item(ids[0]).version);
        let edit = format!("/comments/{}/edit", ids[0]);
        ann.submit(&edit, &edit, &[("body", "Now it says something else entirely.")]).expect(303);
        mona.post("/moderation/verdicts", &[("item", &name(ids[0])), ("seen", &seen), ("verdict", "ham")]).expect(303);
        assert_eq!(site.state(ids[0]), State::Held, "a text that nobody saw was approved");
        ann.post(&format!("/comments/{}/delete", ids[0]), &[]).expect(303);
        decide(&mona, &ids, "ham", "").expect(303);
        assert_eq!(site.state(ids[0]), State::Deleted);
        check_counters(site);
    }
}
