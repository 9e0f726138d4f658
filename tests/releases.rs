//! Releases: putting out, editing and deleting them, what they can be had for, and what readers see.

use crate::support::*;
use potluck_models::item::State;

/// A release of odile's project, by the form.
fn put_out<'a>(
    odile: &Client,
    duck: &Made,
    version: &'a str,
    more: &[(&'a str, &'a str)],
) -> Answer {
    let form = format!("{}/releases/new", duck.path());
    let mut fields = vec![
        ("version", version),
        (
            "notes",
            "The **bell** is quieter now, and the fog is thicker.",
        ),
    ];
    fields.extend(more);
    odile.submit(&form, &form, &fields)
}

/// The edit form as it comes, with changes.
fn save(odile: &Client, edit: &str, changes: &[(&str, &str)]) -> Answer {
    let page = odile.get(edit).expect(200);
    let notes = page.textarea("notes").unwrap_or_default();
    let mut fields: Vec<(&str, &str)> = Vec::new();
    if !changes.iter().any(|(name, _)| *name == "notes") {
        fields.push(("notes", &notes));
    }
    if page.html().contains("https://duck.example/all") {
        fields.extend([("system", "other"), ("url", "https://duck.example/all")]);
    }
    fields.extend(changes);
    odile.fill_in(&page.form(edit), &fields)
}

/// Beside a comment: what it was about.
const MARK: &str = "comment-mark\">on <bdi>1.0</bdi>";

fn release(site: &Site, version: &str) -> potluck_models::db::ItemId {
    use diesel::prelude::*;
    use potluck_models::schema::releases;
    site.db(|db| {
        releases::table
            .filter(releases::version.eq(version))
            .select(releases::id)
            .first(db)
    })
}

/// More links than anything is let through with.
const FLOOD: &str = "pills https://a.example https://b.example https://c.example https://d.example \
    https://e.example https://f.example https://g.example https://h.example https://i.example \
    https://j.example https://k.example https://l.example https://m.example https://n.example \
    https://o.example https://p.example";

on_both! {
    fn a_release_can_be_had_for_several_systems(site, limits_off) {
        site.app.set_filter(None);
        let odile = site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        put_out(&odile, &duck, "1.2", &[
            ("system", "linux"), ("url", "https://duck.example/linux"),
            ("system", "web"), ("url", ""),
            ("system", "windows"), ("url", "https://duck.example/windows"),
            ("released_on", "2026-03-04"),
        ]).expect(303);
        let visitor = site.visitor();
        let page = format!("{}/releases/1.2", duck.path());
        for place in [page.clone(), format!("{}/releases", duck.path()), duck.path()] {
            let html = visitor.get(&place).expect(200).says("Linux").says("Windows").html();
            for address in ["https://duck.example/linux", "https://duck.example/windows"] {
                let link = html.split("<a ").find(|tag| tag.contains(address)).expect("the link");
                for word in ["nofollow", "ugc", "noopener"] {
                    assert!(link.split('>').next().unwrap().contains(word), "{link}");
                }
            }
        }
        visitor.get(&page).expect(200).says("4 March 2026").does_not_say("pre-release");
        assert_eq!(site.count("release_links"), 2);
        // As programs of before send it.
        put_out(&odile, &duck, "1.1", &[("url", "https://duck.example/all")]).expect(303);
        visitor.get(&format!("{}/releases/1.1", duck.path())).expect(200).says("Download 1.1");
    }

    fn what_is_wrong_with_a_release_stands_beside_its_field(site, limits_off) {
        let odile = site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let long = "1".repeat(81);
        let word = "x".repeat(50_001);
        for (field, value, says) in [
            ("version", "", "Say which version"),
            ("version", "a/b", "letters or digits"),
            ("version", long.as_str(), "at most 80"),
            ("version", "\u{202E}", "letters or digits"),
            ("released_on", "yesterday", "written like"),
            ("released_on", "2999-01-01", "has not come yet"),
            ("released_on", "1900-01-01", "from 1970 or later"),
            ("url", "javascript:alert(1)", "An address starts with"),
            ("notes", word.as_str(), "at most 50,000"),
        ] {
            let fields: Vec<(&str, &str)> = [("version", "1.0"), ("notes", "Kept word for word."), ("url", ""), ("system", "linux")]
                .into_iter().filter(|(name, _)| *name != field).chain([(field, value)]).collect();
            let answer = odile.post(&format!("{}/releases/new", duck.path()), &fields);
            assert_eq!(answer.status, 422, "{field} {value:.20}");
            let answer = answer.says(says);
            if field != "notes" {
                answer.keeps("Kept word for word.");
            }
        }
        let rows: Vec<(String, String)> = (0..17).map(|n| ("url".to_owned(), format!("https://duck.example/{n}"))).collect();
        let mut fields: Vec<(&str, &str)> = rows.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        fields.push(("version", "1.0"));
        odile.post(&format!("{}/releases/new", duck.path()), &fields).expect(422).says("at most 16");
        let amiga = [("version", "1.0"), ("system", "amiga"), ("url", "https://duck.example/")];
        odile.post(&format!("{}/releases/new", duck.path()), &amiga).expect(422).says("Choose a system");
        odile.post_bytes(&format!("{}/releases/new", duck.path()), "notes", b"half \xFF\0 readable").expect(400).keeps("half");
        assert_eq!(site.count("releases"), 0);
    }

    fn more_rows_and_a_preview_save_nothing(site, limits_off) {
        let odile = site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let rows = |answer: &Answer| answer.html().matches("name=\"url\"").count();
        let form = format!("{}/releases/new", duck.path());
        let few = rows(&odile.get(&form).expect(200));
        let answer = put_out(&odile, &duck, "1.0", &[("system", "ios"), ("url", "https://duck.example/i"), ("more", "1")]).expect(200);
        assert!(rows(&answer) > few, "{few} rows, and no more");
        assert!(answer.html().contains("https://duck.example/i"));
        put_out(&odile, &duck, "1.0", &[("preview", "1")]).expect(200).says("not saved yet");
        assert_eq!(site.count("releases"), 0);
    }

    fn an_edit_takes_the_intake_and_the_text_before_stays_visible(site, limits_off) {
        site.app.set_filter(None);
        let odile = site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        put_out(&odile, &duck, "1.0", &[("url", "https://duck.example/all")]).expect(303);
        let (page, id) = (format!("{}/releases/1.0", duck.path()), release(site, "1.0"));
        let edit = format!("{page}/edit");
        let visitor = site.visitor();
        odile.get(&edit).expect(200).keeps("The **bell** is quieter now, and the fog is thicker.");
        save(&odile, &edit, &[("notes", "The bell rings again."), ("prerelease", "1"), ("version", "9.9")]).expect(303);
        visitor.get(&page).expect(200).says("The bell rings again.").says("pre-release").says("edited").does_not_say("quieter");
        assert_eq!((site.count("releases"), site.count("revisions WHERE text LIKE '%rings again%'")), (1, 1));
        // Saved as it is: no other text.
        save(&odile, &edit, &[]).expect(303);
        assert_eq!(site.count(&format!("revisions WHERE item_id = {id}")), 2);
        // What is no text changes at once, and is judged by nobody.
        save(&odile, &edit, &[("released_on", "2026-01-02")]).expect(303);
        visitor.get(&page).expect(200).says("2 January 2026");
        assert_eq!(site.count(&format!("revisions WHERE item_id = {id}")), 2);
        let answer = save(&odile, &edit, &[("notes", FLOOD)]).expect(303);
        assert!(site.item(id).has_waiting_edit(), "{:?}", answer.location());
        visitor.get(&page).expect(200).says("The bell rings again.").does_not_say("pills");
        visitor.get("/releases.atom").expect(200).does_not_say("pills");
        odile.get(&page).expect(200).says("An edit waits for a moderator.");
        odile.get(&edit).expect(200).keeps(FLOOD);
        let mona = site.moderator("mona");
        mona.get("/moderation/held").expect(200).says("pills").does_not_say("\"downloads\"");
        mona.post("/moderation/verdicts", &[("item", &format!("release:{id}")), ("verdict", "ham")]).expect(303);
        visitor.get(&page).expect(200).says("pills");
        // The addresses came along with the text.
        assert_eq!(site.count("release_links"), 1);
    }

    fn moderators_read_where_a_held_release_leads(site, limits_off) {
        site.app.set_filter(None);
        let odile = site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        put_out(&odile, &duck, "1.0", &[("system", "linux"), ("url", "https://shady.example/linux")]).expect(303);
        let id = release(site, "1.0");
        site.put(id, State::Held);
        site.moderator("mona").get("/moderation/held").expect(200).says("shady.example/linux").says("quieter").does_not_say("\"version\"");
        odile.get(&format!("{}/releases/1.0", duck.path())).expect(200).says("Waiting for a moderator.");
        site.visitor().get(&format!("{}/releases/1.0", duck.path())).expect(404);
    }

    fn of_two_who_edit_at_once_the_second_is_told(site, limits_off) {
        site.app.set_filter(None);
        let odile = site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        put_out(&odile, &duck, "1.0", &[]).expect(303);
        let edit = format!("{}/releases/1.0/edit", duck.path());
        let (first, second) = (odile.get(&edit).form(&edit), odile.get(&edit).form(&edit));
        odile.fill_in(&first, &[("notes", "The first one's words.")]).expect(303);
        let answer = odile.fill_in(&second, &[("notes", "The second one's words.")]).expect(409);
        let answer = answer.says("Somebody changed this release").says("The first one's words.").keeps("The second one's words.");
        odile.fill_in(&answer.form(&edit), &[("notes", "The second one's words.")]).expect(303);
        site.visitor().get(&format!("{}/releases/1.0", duck.path())).expect(200).says("The second one's words.");
    }

    fn only_makers_edit_and_delete(site, limits_off) {
        site.app.set_filter(None);
        let odile = site.maker("odile");
        let bob = site.maker("bob");
        let duck = site.project("odile", "Duck racer");
        put_out(&odile, &duck, "1.0", &[]).expect(303);
        let page = format!("{}/releases/1.0", duck.path());
        for act in ["edit", "delete"] {
            bob.get(&format!("{page}/{act}")).expect(403);
            bob.post(&format!("{page}/{act}"), &[("notes", "Mine now.")]).expect(403);
        }
        bob.post(&format!("{page}/restore"), &[]).expect(403);
        site.visitor().get(&page).expect(200).says("quieter").does_not_say("Edit it");
        // What a moderator took away is not edited back.
        site.put(release(site, "1.0"), State::Removed);
        odile.get(&format!("{page}/edit")).expect(403);
        odile.post(&format!("{page}/edit"), &[("notes", "Again.")]).expect(403);
    }

    fn a_deleted_release_is_gone_and_can_be_brought_back(site, limits_off) {
        site.app.set_filter(None);
        let odile = site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        put_out(&odile, &duck, "1.0", &[]).expect(303);
        let (page, id) = (format!("{}/releases/1.0", duck.path()), release(site, "1.0"));
        let visitor = site.visitor();
        visitor.get("/releases").expect(200).says("Duck racer 1.0");
        let delete = format!("{page}/delete");
        odile.get(&delete).expect(200);
        assert_eq!(site.state(id), State::Published);
        odile.submit(&delete, &delete, &[]).expect(303);
        visitor.get(&page).expect(410).does_not_say("Bring it back");
        site.member("bob").get(&page).expect(410).does_not_say("Bring it back");
        for place in ["/", "/releases", "/releases.atom", &duck.path(), &format!("{}/releases", duck.path())] {
            visitor.get(place).expect(200).does_not_say("racer 1.0").does_not_say("releases/1.0");
        }
        put_out(&odile, &duck, "1.0", &[]).expect(422).says("was deleted");
        let restore = format!("{page}/restore");
        let form = odile.get(&page).expect(410).says("can be brought back").form(&restore);
        odile.fill_in(&form, &[]).expect(303);
        visitor.get(&page).expect(200).says("quieter");
        odile.post(&restore, &[]).expect(404);
        assert_eq!(site.count("deletions"), 0);
        // A moderator's removal is not undone by deleting and bringing back.
        site.put(id, State::Removed);
        odile.submit(&delete, &delete, &[]).expect(303);
        odile.post(&restore, &[]).expect(303);
        assert_eq!(site.state(id), State::Removed);
        visitor.get(&page).expect(410);
        site.moderator("mona").get("/moderation/log").expect(200).says("odile brought back: release");
    }

    fn what_is_erased_leaves_its_name_free(site, limits_off) {
        site.app.set_filter(None);
        let odile = site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        put_out(&odile, &duck, "1.0", &[("url", "https://duck.example/all")]).expect(303);
        let delete = format!("{}/releases/1.0/delete", duck.path());
        odile.submit(&delete, &delete, &[]).expect(303);
        site.sql("UPDATE items SET erase_at = '2026-01-01 00:00:00' WHERE erase_at IS NOT NULL");
        let erased = site.db(potluck_models::item::erase_deleted);
        assert_eq!(erased.items, 1);
        for left in ["deletions", "release_links", "revisions WHERE text LIKE '%quieter%'", "releases WHERE notes <> ''"] {
            assert_eq!(site.count(left), 0, "{left}");
        }
        odile.post(&format!("{}/releases/1.0/restore", duck.path()), &[]).expect(404);
        put_out(&odile, &duck, "1.0", &[]).expect(303);
        site.visitor().get(&format!("{}/releases/1.0", duck.path())).expect(200);
    }

    fn a_comment_says_which_release_it_was_about_once_there_is_a_newer_one(site, limits_off) {
        site.app.set_filter(None);
        let odile = site.maker("odile");
        site.regular("ann");
        let duck = site.project("odile", "Duck racer");
        site.comment("ann", &duck, "Before there was anything to get.");
        put_out(&odile, &duck, "1.0", &[("released_on", "2026-01-01")]).expect(303);
        let id = site.comment("ann", &duck, "The bell is loud in this one.");
        let visitor = site.visitor();
        visitor.get(&duck.path()).expect(200).does_not_say(MARK);
        put_out(&odile, &duck, "1.1", &[]).expect(303);
        site.comment("ann", &duck, "Now the bell is quiet enough.");
        let html = visitor.get(&duck.path()).expect(200).html();
        assert!(html.contains(MARK), "{html}");
        assert_eq!(html.matches("comment-mark\">on ").count(), 1, "{html}");
        assert!(visitor.get(&format!("/comments/{id}")).expect(200).html().contains(MARK));
        // What is said of a pre-release is old when that is out, and not before.
        put_out(&odile, &duck, "2.0-beta", &[("prerelease", "1")]).expect(303);
        let early = site.comment("ann", &duck, "The beta is loud again, though.");
        let html = visitor.get(&format!("/comments/{early}")).expect(200).html();
        assert!(!html.contains("comment-mark\">on "), "{html}");
        let html = visitor.get(&duck.path()).expect(200).html();
        assert_eq!(html.matches("comment-mark\">on ").count(), 1, "{html}");
        site.put(release(site, "2.0-beta"), State::Removed);
        // Once the newer one is away, it is about the newest again.
        site.put(release(site, "1.1"), State::Removed);
        visitor.get(&duck.path()).expect(200).says("Version 1.0").does_not_say(MARK);
        // Of a release that is away nothing is told.
        site.put(release(site, "1.1"), State::Published);
        site.put(release(site, "1.0"), State::Removed);
        visitor.get(&duck.path()).expect(200).does_not_say(MARK);
    }

    fn a_pre_release_is_marked_and_not_the_one_to_get(site, limits_off) {
        site.app.set_filter(None);
        let odile = site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        put_out(&odile, &duck, "1.0", &[("released_on", "2026-01-01"), ("url", "https://duck.example/1.0")]).expect(303);
        put_out(&odile, &duck, "2.0-beta", &[("prerelease", "1"), ("url", "https://duck.example/2.0")]).expect(303);
        let page = site.visitor().get(&duck.path()).expect(200).says("Version 1.0").says("2.0-beta pre-release");
        assert!(page.html().contains("https://duck.example/1.0") && !page.html().contains("https://duck.example/2.0"));
        site.visitor().get("/releases").expect(200).says("Duck racer 2.0-beta pre-release");
    }

    fn the_list_of_releases_is_cut_into_pages_without_gaps(site, limits_off) {
        site.app.set_filter(None);
        let odile = site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let hidden = site.project("odile", "Hidden pond");
        for n in 0..35 {
            put_out(&odile, &duck, &format!("1.{n}"), &[("released_on", "2026-01-01")]).expect(303);
        }
        put_out(&odile, &hidden, "7.7", &[]).expect(303);
        site.put(hidden.id, State::Draft);
        let (mut found, mut next) = (Vec::new(), Some("/releases".to_owned()));
        while let Some(path) = next.take() {
            let page = site.visitor().get(&path).expect(200).does_not_say("Hidden pond");
            found.extend(page.links().into_iter().filter(|link| link.contains("/releases/1.")));
            next = page.links().into_iter().find(|link| link.starts_with("/releases?after="));
        }
        let all = found.len();
        found.sort();
        found.dedup();
        assert_eq!((all, found.len()), (35, 35));
        site.visitor().get("/releases.atom").expect(200).does_not_say("Hidden pond");
    }

    fn the_entry_of_a_feed_keeps_its_id_when_the_day_changes(site, limits_off) {
        site.app.set_filter(None);
        let odile = site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        put_out(&odile, &duck, "1.0", &[]).expect(303);
        let ids = || -> Vec<String> {
            let feed = site.visitor().get("/releases.atom").expect(200).html();
            feed.split("<entry>").skip(1).map(|entry| entry.split("<id>").nth(1).unwrap().split('<').next().unwrap().to_owned()).collect()
        };
        let before = ids();
        assert_eq!(before.len(), 1);
        let edit = format!("{}/releases/1.0/edit", duck.path());
        save(&odile, &edit, &[("released_on", "2025-05-05")]).expect(303);
        assert_eq!(ids(), before);
    }
}
