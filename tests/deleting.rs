//! What makers delete, and how it comes back.

use crate::support::*;
use potluck_models::item::State;

fn delete(maker: &Client, lamp: &Made) {
    let delete = format!("{}/delete", lamp.path());
    maker.submit(&delete, &delete, &[]).expect(303);
}

on_both! {
    fn a_deleted_project_comes_back_with_its_comments_and_pictures(site, limits_off) {
        let ann = site.maker("ann");
        let lamp = site.project("ann", "A lamp of paper");
        site.regular("bob");
        site.comment("bob", &lamp, "A bright idea, this lamp.");
        delete(&ann, &lamp);
        let visitor = site.visitor();
        let places = ["/", "/projects", "/projects.atom", "/tags/duck", "/people/ann", "/people/bob", "/sitemap.xml"];
        for place in places {
            visitor.get(place).does_not_say("lamp");
        }
        visitor.get(&lamp.path()).expect(410).does_not_say("paper");
        ann.get(&lamp.path()).expect(410).says("A lamp of paper").says("can be brought back");
        let restore = format!("{}/restore", lamp.path());
        let form = ann.get("/account").expect(200).says("A lamp of paper").form(&restore);
        ann.fill_in(&form, &[]).expect(303);
        visitor.get(&lamp.path()).expect(200).says("A bright idea").says("1 comment");
        for place in ["/projects", "/projects.atom", "/people/ann", "/people/bob"] {
            visitor.get(place).expect(200).says("lamp");
        }
        ann.get("/account").expect(200).does_not_say("Deleted projects");
        assert_eq!(site.count("items WHERE erase_at IS NOT NULL"), 0);
        let mona = site.moderator("mona");
        mona.get("/moderation/log").expect(200).says("ann brought back: project");
    }

    fn nobody_else_brings_it_back(site, limits_off) {
        let ann = site.maker("ann");
        let lamp = site.project("ann", "A lamp of paper");
        let (bob, mona) = (site.maker("bob"), site.moderator("mona"));
        delete(&ann, &lamp);
        let restore = format!("{}/restore", lamp.path());
        for other in [&bob, &mona] {
            other.post(&restore, &[]).expect(404);
            other.get("/account").expect(200).does_not_say("A lamp of paper");
        }
        assert_eq!(site.state(lamp.id), State::Deleted);
        // Nor a maker who may not post.
        site.sql("UPDATE users SET suspended_until = '2999-01-01 00:00:00' WHERE username = 'ann'");
        ann.post(&restore, &[]).expect(403);
        assert_eq!(site.state(lamp.id), State::Deleted);
    }

    fn what_a_moderator_removed_stays_removed(site, limits_off) {
        let ann = site.maker("ann");
        let mona = site.moderator("mona");
        let lamp = site.project("ann", "A lamp of paper");
        let item = format!("project:{}", lamp.id);
        mona.post("/moderation/verdicts", &[("item", &item), ("verdict", "remove"), ("reason", "private")]).expect(303);
        let before = site.item(lamp.id);
        delete(&ann, &lamp);
        ann.post(&format!("{}/restore", lamp.path()), &[]).expect(303);
        let after = site.item(lamp.id);
        assert_eq!(after.standing(), before.standing());
        site.visitor().get(&lamp.path()).expect(410);
        // And the moderator can take the removal back as if nothing had been between.
        let batch = site.db(|db| {
            use diesel::prelude::*;
            use potluck_models::schema::batches;
            batches::table.select(diesel::dsl::max(batches::id)).first::<Option<i64>>(db)
        }).expect("a batch");
        mona.post(&format!("/moderation/batches/{batch}/undo"), &[]).expect(303);
        assert_eq!(site.state(lamp.id), State::Published);
    }

    fn what_waits_goes_on_waiting(site, limits_off) {
        let ann = site.maker("ann");
        let lamp = site.project("ann", "A lamp of paper");
        site.put(lamp.id, State::Held);
        delete(&ann, &lamp);
        let mona = site.moderator("mona");
        mona.get("/moderation/projects").expect(200).does_not_say("lamp");
        ann.post(&format!("{}/restore", lamp.path()), &[]).expect(303);
        assert_eq!(site.state(lamp.id), State::Held);
        mona.get("/moderation/projects").expect(200).says("lamp");
    }

    fn after_thirty_days_it_is_too_late(site, limits_off) {
        let ann = site.maker("ann");
        let lamp = site.project("ann", "A lamp of paper");
        delete(&ann, &lamp);
        site.sql("UPDATE deletions SET at = '2026-01-01 00:00:00'");
        ann.get("/account").expect(200).does_not_say("A lamp of paper");
        ann.get(&lamp.path()).expect(410).does_not_say("Bring it back");
        ann.post(&format!("{}/restore", lamp.path()), &[]).expect(404);
        assert_eq!(site.state(lamp.id), State::Deleted);
    }

    fn two_who_bring_it_back_at_once_do_it_once(site, limits_off) {
        let ann = site.maker("ann");
        let lamp = site.project("ann", "A lamp of paper");
        delete(&ann, &lamp);
        let restore = format!("{}/restore", lamp.path());
        let browsers: Vec<Client> = (0..4).map(|_| ann.copy()).collect();
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let restore = &restore;
            let sent: Vec<_> = browsers.into_iter().map(|browser| scope.spawn(move || browser.post(restore, &[]).status)).collect();
            sent.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert_eq!(statuses.iter().filter(|status| **status == 303).count(), 1, "{statuses:?}");
        assert_eq!(site.state(lamp.id), State::Published);
        assert_eq!(site.count("log WHERE act = 'brought back'"), 1);
    }
}
