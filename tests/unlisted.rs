//! Unlisted projects: who finds them, how the link ends, and that nothing else tells of them.

use crate::support::*;
use potluck_models::item::{Queue, State};
use potluck_models::project::Project;

/// Everywhere a published project would be told of.
const PLACES: [&str; 9] = [
    "/",
    "/projects",
    "/projects.atom",
    "/releases",
    "/releases.atom",
    "/tags",
    "/tags/duck",
    "/people/odile",
    "/sitemap.xml",
];

/// More links than anything is let through with.
const FLOOD: &str = "pills https://a.example https://b.example https://c.example https://d.example \
    https://e.example https://f.example https://g.example https://h.example https://i.example \
    https://j.example https://k.example https://l.example https://m.example https://n.example \
    https://o.example https://p.example";

const FIELDS: [(&str, &str); 5] = [
    ("title", "A lamp of paper"),
    ("summary", "It folds flat"),
    ("description", "Eleven sheets, one bulb and much patience."),
    ("kind", "art"),
    ("tags", "duck, light"),
];

fn unlist(maker: &Client, duck: &Made, act: &str) -> Answer {
    let page = format!("{}/link", duck.path());
    maker.submit(&page, &page, &[("act", act)])
}

fn link(site: &Site, duck: &Made) -> String {
    let secret = site.db(|db| Project::find(db, duck.id)).secret;
    format!("{}?key={}", duck.path(), secret.expect("a link"))
}

on_both! {
    fn only_who_has_the_link_finds_it(site, limits_off) {
        site.app.set_filter(None);
        let odile = site.maker("odile");
        site.regular("bob");
        let duck = site.project("odile", "Secret pond");
        site.comment("bob", &duck, "The pond is deep.");
        let new = format!("{}/releases/new", duck.path());
        odile.submit(&new, &new, &[("version", "1.0"), ("notes", "First.")]).expect(303);
        let visitor = site.visitor();
        visitor.get("/projects").expect(200).says("Secret pond");
        unlist(&odile, &duck, "unlist").expect(303);
        assert_eq!(site.state(duck.id), State::Unlisted);
        for place in PLACES.iter().chain(&["/people/bob"]) {
            visitor.get(place).does_not_say("Secret pond").does_not_say("The pond is deep");
        }
        for place in ["", "?key=", "?key=0123456789abcdef0123456789abcdef", "/releases", "/releases/1.0", "/comments.atom", "/report"] {
            visitor.get(&format!("{}{place}", duck.path())).expect(404).does_not_say("Secret pond");
        }
        let link = link(site, &duck);
        let page = visitor.get(&link).expect(200).says("Secret pond");
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(page.header("x-robots-tag"), Some("noindex, nofollow"));
        assert_eq!(page.header("cache-control"), Some("private, no-store"));
        assert!(page.html().contains("name=\"robots\" content=\"noindex\""));
        // The way on to its releases holds the key, too.
        let on = page.links().into_iter().find(|link| link.contains("/releases/1.0")).expect("a link");
        let release = visitor.get(&on).expect(200).says("First.");
        assert_eq!(release.header("referrer-policy"), Some("no-referrer"));
        assert!(release.links().contains(&link), "{:?}", release.links());
        let bob = site.come_back("bob");
        bob.post(&duck.comments(), &[("body", "And cold.")]).expect(404);
        // Its makers need no key.
        odile.get(&duck.path()).expect(200).says("Not in the lists.");
        odile.get(&format!("{}/link", duck.path())).expect(200);
        unlist(&odile, &duck, "list").expect(303);
        visitor.get("/projects").expect(200).says("Secret pond");
        let page = visitor.get(&duck.path()).expect(200).says("The pond is deep.");
        assert_eq!(page.header("x-robots-tag"), None);
        site.moderator("mona").get("/moderation/log").expect(200).says("odile took out of the lists");
    }

    fn a_new_link_ends_the_old_one(site, limits_off) {
        let odile = site.maker("odile");
        let duck = site.project("odile", "Secret pond");
        unlist(&odile, &duck, "unlist").expect(303);
        let old = link(site, &duck);
        unlist(&odile, &duck, "new").expect(303);
        let new = link(site, &duck);
        assert_ne!(old, new);
        let visitor = site.visitor();
        visitor.get(&old).expect(404);
        visitor.get(&new).expect(200);
        // Out of the lists and back again, the link is the same; while it is public there is no other page.
        unlist(&odile, &duck, "list").expect(303);
        unlist(&odile, &duck, "unlist").expect(303);
        assert_eq!(link(site, &duck), new);
        odile.post(&format!("{}/link", duck.path()), &[("act", "publish me")]).expect(400);
    }

    fn it_passes_the_intake_like_any_other(site, limits_off) {
        site.app.set_filter(None);
        let odile = site.member("odile");
        let mut fields = FIELDS.to_vec();
        fields.push(("unlisted", "1"));
        odile.post("/projects/new", &fields).expect(303);
        let lamp = site.project_by_title("A lamp of paper").expect("it is there");
        // The first of a new member waits, and its link leads nowhere until then.
        assert_eq!((site.state(lamp.id), site.item(lamp.id).queue), (State::Held, Some(Queue::Projects)));
        let visitor = site.visitor();
        visitor.get(&link(site, &lamp)).expect(404);
        let mona = site.moderator("mona");
        mona.post("/moderation/verdicts", &[("item", &format!("project:{}", lamp.id)), ("verdict", "ham")]).expect(303);
        // Who lets it through does not put it into the lists.
        assert_eq!(site.state(lamp.id), State::Unlisted);
        assert_eq!(site.item(lamp.id).published_at, None);
        visitor.get(&link(site, &lamp)).expect(200).says("A lamp of paper");
        for place in PLACES {
            visitor.get(place).does_not_say("A lamp of paper");
        }
        // Nor is its maker a maker by it.
        assert!(!site.db({ let id = site.user_id("odile"); move |db| potluck_models::account::User::is_maker(db, id) }));
    }

    fn a_draft_is_shared_by_a_link_and_later_with_everybody(site, limits_off) {
        site.app.set_filter(None);
        let odile = site.maker("odile");
        let mut fields = FIELDS.to_vec();
        fields.push(("draft", "1"));
        odile.post("/projects/new", &fields).expect(303);
        let lamp = site.project_by_title("A lamp of paper").expect("it is there");
        let edit = format!("{}/edit", lamp.path());
        let mut fields = FIELDS.to_vec();
        fields.push(("unlisted", "1"));
        odile.submit(&edit, &edit, &fields).expect(303);
        assert_eq!(site.state(lamp.id), State::Unlisted);
        let visitor = site.visitor();
        visitor.get(&link(site, &lamp)).expect(200);
        unlist(&odile, &lamp, "list").expect(303);
        assert_eq!(site.state(lamp.id), State::Published);
        assert!(site.item(lamp.id).published_at.is_some());
        visitor.get("/projects").expect(200).says("A lamp of paper");
    }

    fn an_edit_that_waits_leaves_the_text_before_behind_the_link(site, limits_off) {
        site.app.set_filter(None);
        let odile = site.maker("odile");
        let mut fields = FIELDS.to_vec();
        fields.push(("unlisted", "1"));
        odile.post("/projects/new", &fields).expect(303);
        let lamp = site.project_by_title("A lamp of paper").expect("it is there");
        assert_eq!(site.state(lamp.id), State::Unlisted);
        let edit = format!("{}/edit", lamp.path());
        let mut fields = FIELDS.to_vec();
        fields[2].1 = FLOOD;
        odile.submit(&edit, &edit, &fields).expect(303);
        let item = site.item(lamp.id);
        assert!(item.state == State::Unlisted && item.queue.is_some(), "{item:?}");
        let visitor = site.visitor();
        visitor.get(&link(site, &lamp)).expect(200).says("Eleven sheets").does_not_say("pills");
        let mona = site.moderator("mona");
        let verdict = |word: &str| mona.post("/moderation/verdicts", &[("item", &format!("project:{}", lamp.id)), ("verdict", word), ("reason", "unkind")]);
        verdict("ham").expect(303);
        assert_eq!(site.state(lamp.id), State::Unlisted);
        visitor.get(&link(site, &lamp)).expect(200).says("pills");
        verdict("remove").expect(303);
        visitor.get(&link(site, &lamp)).expect(404);
        verdict("restore").expect(303);
        assert_eq!(site.state(lamp.id), State::Unlisted);
        visitor.get("/projects").expect(200).does_not_say("A lamp of paper");
    }

    fn deleting_and_moving_keep_it_secret(site, limits_off) {
        site.app.set_filter(None);
        let odile = site.maker("odile");
        let duck = site.project("odile", "Secret pond");
        unlist(&odile, &duck, "unlist").expect(303);
        let link = link(site, &duck);
        let delete = format!("{}/delete", duck.path());
        odile.submit(&delete, &delete, &[]).expect(303);
        site.visitor().get(&link).expect(410);
        odile.post(&format!("{}/restore", duck.path()), &[]).expect(303);
        assert_eq!(site.state(duck.id), State::Unlisted);
        site.visitor().get(&link).expect(200);
        site.db(|db| potluck_models::slug::change(db, duck.id, "another-pond"));
        site.visitor().get(&duck.path()).expect(404).does_not_say("another-pond");
        let moved = site.visitor().get(&link).expect(301);
        assert!(moved.location().unwrap().starts_with("/projects/another-pond?key="));
    }
}
