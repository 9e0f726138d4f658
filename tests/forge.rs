//! Following a forge: what comes from GitHub, GitLab, Codeberg and Bitbucket, how, and what does not.
//! The forges are a program on this machine that answers in their shapes.

use crate::elsewhere::{Elsewhere, Reply};
use crate::support::*;
use potluck_models::forge::follow::Follow;
use potluck_models::item::{Kind, State};
use serde_json::{Value, json};

const HOSTS: [&str; 5] = [
    "api.github.com",
    "gitlab.com",
    "codeberg.org",
    "api.bitbucket.org",
    "git.ducks.example",
];
const BERG: &str = "codeberg.org/api/v1/repos/odile/duck/releases";
const BERG_CHANGES: &str = "codeberg.org/api/v1/repos/odile/duck/commits";

/// A project that links to its source.
fn linked(site: &Site, title: &str, link: &str) -> Made {
    let made = site.project("odile", title);
    link_to(site, &made, link);
    made
}

fn link_to(site: &Site, made: &Made, link: &str) {
    site.sql(&format!(
        "DELETE FROM project_links WHERE project_id = {0};
         INSERT INTO project_links (project_id, kind, url) VALUES ({0}, 'repository', '{link}')",
        made.id
    ));
}

fn duck(site: &Site) -> Made {
    linked(site, "Duck racer", "https://codeberg.org/odile/duck")
}

fn page(made: &Made) -> String {
    format!("{}/forge", made.path())
}

fn follow(site: &Site, made: &Made) -> Option<Follow> {
    site.db(|db| Follow::of(db, made.id))
}

/// By a button of the page, which has to be there.
fn press(client: &Client, made: &Made, act: &str) -> Answer {
    let html = client.get(&page(made)).expect(200).html();
    assert!(
        html.contains(&format!("name=\"act\" value=\"{act}\"")),
        "no button to {act}"
    );
    client.post(&page(made), &[("act", act)])
}

/// The answer to what was asked after `before`, whole: what claims it stands for ten minutes.
fn answered(site: &Site, made: &Made, before: chrono::NaiveDateTime) -> Follow {
    wait_for("the forge to be asked", || {
        follow(site, made).filter(|follow| {
            let claimed = chrono::Duration::minutes(10);
            let is_done = follow
                .next_at
                .is_none_or(|next| next - follow.asked_at > claimed + claimed / 2);
            follow.asked_at >= before && !follow.is_new() && is_done
        })
    })
}

fn switch_on(site: &Site, client: &Client, made: &Made) -> Follow {
    let before = potluck_models::now();
    press(client, made, "on").expect(303);
    answered(site, made, before)
}

fn ask_again(site: &Site, client: &Client, made: &Made) -> Follow {
    let before = potluck_models::now();
    press(client, made, "now").expect(303);
    answered(site, made, before)
}

/// As a Gitea answers.
fn berg(tag: &str, body: &str, at: &str) -> Value {
    json!({
        "id": 7, "tag_name": tag, "name": format!("The {tag}"), "body": body, "draft": false, "prerelease": false,
        "created_at": at, "published_at": at, "author": {"login": "odile"},
        "html_url": format!("https://codeberg.org/odile/duck/releases/tag/{tag}"),
        "tarball_url": "https://codeberg.org/x.tar.gz", "zipball_url": "https://codeberg.org/x.zip",
        "assets": [{"id": 1, "name": "duck-linux.tar.gz", "size": 9, "browser_download_url": format!("https://codeberg.org/odile/duck/releases/download/{tag}/duck-linux.tar.gz")}],
    })
}

fn berg_change(hash: &str, message: &str) -> Value {
    json!({
        "sha": hash, "created": "2026-03-04T05:06:07Z", "html_url": "https://evil.example/",
        "commit": {"message": message, "author": {"name": "Odile", "date": "2026-03-04T05:06:07Z"}, "committer": {"date": "2026-03-04T05:06:07+01:00"}},
    })
}

on_both! {
    fn releases_come_from_each_forge_with_their_own_dates(site, limits_off) {
        site.app.set_filter(None);
        let there = Elsewhere::of(site, &HOSTS);
        let odile = site.maker("odile");
        there.json("api.github.com/repos/odile/duck/releases", &json!([
            {"tag_name": "v1.10.0-rc1", "name": "Soon", "body": "Nearly **there**", "draft": false, "prerelease": true,
             "published_at": "2025-05-01T10:00:00Z", "html_url": "https://evil.example/",
             "assets": [{"name": "Duck.dmg", "browser_download_url": "https://github.com/odile/duck/releases/download/v1.10.0-rc1/Duck.dmg"},
                        {"name": "Duck.dmg.sha256", "browser_download_url": "https://github.com/x.sha256"}]},
            {"tag_name": "v1.9.0", "body": null, "draft": false, "prerelease": false, "published_at": "2024-05-01T10:00:00Z", "assets": []},
            {"tag_name": "v2.0.0", "body": "secret", "draft": true, "prerelease": false, "published_at": null, "assets": []},
        ]));
        there.json("api.github.com/repos/odile/duck/commits", &json!([
            {"sha": "6dcb09b5b57875f334f61aebed695e2e4193db5e", "commit": {"message": "Fix the beak\n\nAll of it.", "author": {"date": "2025-04-14T16:00:49Z"}, "committer": {"date": "2025-04-14T16:00:49Z"}}},
        ]));
        there.json("gitlab.com/api/v4/projects/odile%2Fpond%2Fduck/releases", &json!([
            {"tag_name": "1.9", "name": "Nine", "description": "From the *lab*", "created_at": "2024-01-03T01:56:19.539Z", "released_at": "2024-01-03T01:56:19.539Z", "upcoming_release": false,
             "assets": {"count": 2, "sources": [{"format": "zip", "url": "https://gitlab.com/x.zip"}],
                        "links": [{"id": 2, "name": "Windows build", "url": "https://gitlab.example/duck.exe", "direct_asset_url": "https://gitlab.com/odile/duck/-/releases/1.9/downloads/duck.exe", "link_type": "other"}]}},
            {"tag_name": "3.0", "description": "not yet", "released_at": "2999-01-03T01:56:19.539Z", "upcoming_release": true, "assets": {}},
        ]));
        there.json("gitlab.com/api/v4/projects/odile%2Fpond%2Fduck/repository/commits", &json!([
            {"id": "ed899a2f4b50b4370feeea94676502b42383c746", "short_id": "ed899a2f", "title": "Sanitize the pond", "message": "Sanitize the pond\nmore", "created_at": "2024-09-20T11:50:22+03:00", "web_url": "https://gitlab.com/x"},
        ]));
        there.json(BERG, &json!([berg("v1.9", "With a [link](https://ponds.example/)", "2023-02-03T04:05:06+01:00")]));
        there.json(BERG_CHANGES, &json!([berg_change("0123456789abcdef", "Thicker fog")]));
        there.json("api.bitbucket.org/2.0/repositories/odile/duck/refs/tags", &json!({"pagelen": 30, "values": [
            {"name": "1.9", "type": "tag", "message": "An old bucket\n", "date": null, "target": {"hash": "a1b2c3d4", "date": "2022-06-10T20:01:45+00:00", "message": "x"}, "links": {"html": {"href": "https://bitbucket.org/x"}}},
        ]}));
        there.json("api.bitbucket.org/2.0/repositories/odile/duck/commits", &json!({"values": [
            {"hash": "f7591a13eda445d9a9167f98eb870319f4b6c2d8", "date": "2022-06-10T20:01:45+00:00", "message": "Empty the bucket\n", "links": {}},
        ]}));
        for (title, link, version, says) in [
            ("On GitHub", "https://github.com/odile/duck", "1.10.0-rc1", ["from GitHub", "1 May 2025", "Nearly there", "pre-release", "macOS", "Source code"]),
            ("On GitLab", "https://gitlab.com/odile/pond/duck.git", "1.9", ["from GitLab", "3 January 2024", "From the lab", "released", "Windows", "Source code"]),
            ("On Codeberg", "https://codeberg.org/odile/duck", "1.9", ["from Codeberg", "3 February 2023", "With a link", "released", "Linux", "Source code"]),
            ("In a bucket", "https://bitbucket.org/odile/duck/src/main/", "1.9", ["from Bitbucket", "10 June 2022", "An old bucket", "released", "Get it", "Source code"]),
        ] {
            let made = linked(site, title, link);
            let follow = switch_on(site, &odile, &made);
            assert_eq!((follow.error.as_str(), follow.failures), ("", 0), "{title}");
            assert!(follow.said.contains("came, with their own dates"), "{title}: {}", follow.said);
            let visitor = site.visitor();
            let shown = visitor.get(&format!("{}/releases/{version}", made.path())).expect(200);
            shown.html().contains("evil.example").then(|| panic!("{title}: a foreign page"));
            let mut shown = shown;
            for sentence in says {
                shown = shown.says(sentence);
            }
            visitor.get(&format!("{}/releases", made.path())).expect(200).says(says[0]).says("Recent changes");
            visitor.get(&made.path()).expect(200).says("Recent changes").says(version);
        }
        // Drafts and what is to come stay where they are.
        assert_eq!(site.count("releases"), 5);
        let agent = &there.asked(BERG)[0];
        assert!(agent.header("user-agent").starts_with("Potluck/"), "{agent:?}");
        // They are history: what was put out today comes first, and nobody is written to.
        let duck = site.project("odile", "Typed today");
        let form = format!("{}/releases/new", duck.path());
        odile.submit(&form, &form, &[("version", "5.0"), ("notes", "New today")]).expect(303);
        let html = site.visitor().get("/releases").expect(200).html();
        let at = |words: &str| html.find(words).unwrap_or_else(|| panic!("no {words}"));
        assert!(at("Typed today 5.0") < at("On GitHub 1.10.0-rc1"));
        assert!(at("On GitHub 1.9.0") < at("On GitLab 1.9"));
        assert!(at("On GitLab 1.9") < at("On Codeberg 1.9") && at("On Codeberg 1.9") < at("In a bucket 1.9"));
        assert_eq!(site.count("notices"), 0);
        assert_eq!(site.count("jobs WHERE kind = 'mail'"), 0);
        // As if odile had typed them.
        assert_eq!(site.count(&format!("items WHERE kind = 'release' AND author_id = {}", site.user_id("odile"))), 6);
    }

    fn what_is_known_is_not_taken_twice(site, limits_off) {
        site.app.set_filter(None);
        let there = Elsewhere::of(site, &HOSTS);
        let odile = site.maker("odile");
        let duck = duck(site);
        there.json_as(BERG, &json!([berg("v1.0", "First", "2025-01-01T00:00:00Z")]), "\"one\"");
        there.json(BERG_CHANGES, &json!([]));
        let first = switch_on(site, &odile, &duck);
        assert_eq!(first.said, "1 release came, with their own dates.");
        let revisions = site.count("revisions");
        let second = ask_again(site, &odile, &duck);
        let asked = there.asked(BERG);
        assert_eq!((asked[0].header("if-none-match"), asked[1].header("if-none-match")), ("", "\"one\""));
        assert_eq!((second.error.as_str(), site.count("revisions")), ("", revisions));
        assert_eq!(second.said, first.said, "nothing new is no news");
        // The same again from who names no answers.
        there.json(BERG, &json!([berg("v1.0", "First", "2025-01-01T00:00:00Z")]));
        ask_again(site, &odile, &duck);
        assert_eq!((site.count("revisions"), site.count("releases")), (revisions, 1));
        // And a new one.
        there.json(BERG, &json!([berg("v1.1", "Second", "2025-02-01T00:00:00Z"), berg("v1.0", "First", "2025-01-01T00:00:00Z")]));
        assert_eq!(ask_again(site, &odile, &duck).said, "1 release came.");
        site.visitor().get(&format!("{}/releases/1.1", duck.path())).expect(200).says("Second");
        odile.get(&page(&duck)).expect(200).says("1 release came.").says("In the name of you").says("Next try");
    }

    fn what_a_maker_typed_changed_or_deleted_is_left_alone(site, limits_off) {
        site.app.set_filter(None);
        let there = Elsewhere::of(site, &HOSTS);
        let odile = site.maker("odile");
        let duck = duck(site);
        let new = format!("{}/releases/new", duck.path());
        let at = |version: &str| format!("{}/releases/{version}", duck.path());
        for version in ["0.9", "v0.8", "0.7"] {
            odile.submit(&new, &new, &[("version", version), ("notes", "Typed by hand")]).expect(303);
        }
        odile.submit(&format!("{}/delete", at("0.7")), &format!("{}/delete", at("0.7")), &[]).expect(303);
        let all = |word: &str| {
            let one = |tag: &str| berg(tag, &format!("{word} of {tag}"), "2025-01-01T00:00:00Z");
            json!(["v0.7", "v0.8", "v0.9", "v1.0", "v1.1", "v1.2", "v1.3"].map(one))
        };
        there.json(BERG, &all("Words"));
        let first = switch_on(site, &odile, &duck);
        assert_eq!(first.said, "4 releases came, with their own dates; 3 are yours and were left alone.");
        assert_eq!(site.count("releases"), 7);
        // What stands there as well says so.
        site.visitor().get(&at("0.9")).expect(200).says("Typed by hand").says("also on Codeberg");
        site.visitor().get(&at("v0.8")).expect(200).says("Typed by hand").says("also on Codeberg");
        odile.get(&format!("{}/edit", at("1.1"))).expect(200).says("This came from Codeberg");
        // One is changed here, of one only the day, and one is deleted.
        let edit = format!("{}/edit", at("1.1"));
        odile.submit(&edit, &edit, &[("notes", "My own words")]).expect(303);
        let edit = format!("{}/edit", at("1.3"));
        odile.submit(&edit, &edit, &[("notes", "Words of v1.3"), ("released_on", "2024-12-24"),
            ("system", "linux"), ("url", "https://codeberg.org/odile/duck/releases/download/v1.3/duck-linux.tar.gz"),
            ("system", "source"), ("url", "https://codeberg.org/odile/duck/archive/v1.3.tar.gz")]).expect(303);
        odile.submit(&format!("{}/delete", at("1.2")), &format!("{}/delete", at("1.2")), &[]).expect(303);
        there.json(BERG, &all("Other words"));
        let second = ask_again(site, &odile, &duck);
        assert_eq!(second.said, "Nothing new came; 1 changed there and here; 6 are yours and were left alone.");
        site.visitor().get(&at("1.0")).expect(200).says("Other words of v1.0");
        site.visitor().get(&at("1.1")).expect(200).says("My own words");
        site.visitor().get(&at("1.3")).expect(200).says("24 December 2024").does_not_say("Other words");
        site.visitor().get(&at("1.2")).expect(410);
        site.visitor().get(&at("0.7")).expect(410);
        // Not even when its text is erased, and its name is free again.
        site.sql("UPDATE items SET erase_at = '2020-01-01 00:00:00' WHERE state = 'deleted'");
        site.db(potluck_models::item::erase_deleted);
        there.json(BERG, &all("Third words"));
        ask_again(site, &odile, &duck);
        assert_eq!(site.count("releases"), 7);
        site.visitor().get(&at("1.2")).expect(404);
    }

    fn a_release_that_left_its_forge_stays_and_its_makers_are_told(site, limits_off) {
        site.app.set_filter(None);
        let there = Elsewhere::of(site, &HOSTS);
        let odile = site.maker("odile");
        let duck = duck(site);
        let one = berg("v1.0", "First", "2025-01-01T00:00:00Z");
        there.json(BERG, &json!([berg("v1.1", "Gone soon", "2025-02-01T00:00:00Z"), one]));
        switch_on(site, &odile, &duck);
        odile.get(&page(&duck)).expect(200).does_not_say("Not there any more");
        there.json(BERG, &json!([one]));
        ask_again(site, &odile, &duck);
        odile.get(&page(&duck)).expect(200).says("Not there any more").says("1.1");
        let shown = site.visitor().get(&format!("{}/releases/1.1", duck.path())).expect(200).says("Gone soon").says("from Codeberg");
        assert!(!shown.html().contains("releases/tag/v1.1"), "a link to what is not there");
        // It came back there.
        there.json(BERG, &json!([berg("v1.1", "Gone soon", "2025-02-01T00:00:00Z"), one]));
        ask_again(site, &odile, &duck);
        odile.get(&page(&duck)).expect(200).does_not_say("Not there any more");
    }

    fn every_fault_is_told_in_words_and_tried_again_later(site, limits_off) {
        site.app.set_filter(None);
        let there = Elsewhere::of(site, &HOSTS);
        let odile = site.maker("odile");
        let duck = duck(site);
        let here = format!("https://{}/", there.here());
        let plain = format!("http://{}/inside", there.here());
        let text = |status, headers: &[(&'static str, &str)]| {
            Reply::Status(status, headers.iter().map(|(a, b)| (*a, (*b).to_owned())).collect(), "<html>".into())
        };
        let found = |body: &str| Reply::Found { body: body.to_owned(), etag: "" };
        for (reply, says) in [
            (text(404, &[]), "There is nothing there, or it is not public (404"),
            (text(500, &[]), "codeberg.org has a fault of its own (500)"),
            (text(403, &[]), "did not want to answer (403)"),
            (text(418, &[]), "did not want to answer (418)"),
            (found("<html>Not JSON"), "answered, but the answer is not as this kind of forge answers"),
            (found("{\"message\": \"x\"}"), "answered, but"),
            (text(302, &[("Location", &here)]), "sent us on to another host"),
            (text(302, &[("Location", &plain)]), "sent us on to another host"),
            (text(301, &[("Location", "https://169.254.169.254/latest/meta-data/")]), "sent us on to another host"),
            (text(301, &[("Location", "http://codeberg.org/api/v1/repos/odile/duck/releases")]), "sent us on to another host"),
            (text(301, &[("Location", "file:///etc/hostname")]), "sent us on to another host"),
            (text(307, &[("Location", "?again")]), "sent us round in a circle"),
            (Reply::Endless, "sent more than we take at once"),
            (Reply::Dripping, "took too long to answer"),
        ] {
            site.sql(&format!("DELETE FROM forge_follows WHERE project_id = {}", duck.id));
            there.put(BERG, reply.clone());
            let follow = switch_on(site, &odile, &duck);
            assert!(follow.error.contains(says), "{reply:?}: {}", follow.error);
            assert_eq!((follow.failures, site.count("releases")), (1, 0), "{reply:?}");
            let wait = follow.next_at.expect("it goes on") - follow.asked_at;
            assert!(wait > chrono::Duration::minutes(110), "{reply:?}: {wait}");
            odile.get(&page(&duck)).expect(200).says("The last try did not work.").says(says);
        }
        // Twice as late each time, and a month of it is enough.
        there.status(BERG, 500, &[]);
        site.sql("UPDATE forge_follows SET failures = 3");
        let follow = ask_again(site, &odile, &duck);
        let wait = follow.next_at.expect("it goes on") - follow.asked_at;
        assert!(wait > chrono::Duration::hours(15) && wait < chrono::Duration::hours(17), "{wait}");
        site.sql("UPDATE forge_follows SET failures = 29");
        let before = potluck_models::now();
        press(&odile, &duck, "now").expect(303);
        let follow = answered(site, &duck, before);
        assert!(!follow.is_on());
        odile.get(&page(&duck)).expect(200).says("It was switched off.").says("failed for a month");
        // A redirect within the host is followed.
        there.put(BERG, text(301, &[("Location", "/api/v1/repositories/7/releases")]));
        there.json("codeberg.org/api/v1/repositories/7/releases", &json!([berg("v1.0", "Moved", "2025-01-01T00:00:00Z")]));
        there.json(BERG_CHANGES, &json!([]));
        assert_eq!(switch_on(site, &odile, &duck).error, "");
        site.visitor().get(&format!("{}/releases/1.0", duck.path())).expect(200).says("Moved");
    }

    fn who_asks_for_patience_gets_it(site, limits_off) {
        site.app.set_filter(None);
        let there = Elsewhere::of(site, &HOSTS);
        let odile = site.maker("odile");
        let duck = duck(site);
        let other = linked(site, "Goose racer", "https://codeberg.org/odile/goose");
        there.json("codeberg.org/api/v1/repos/odile/goose/releases", &json!([]));
        there.json("codeberg.org/api/v1/repos/odile/goose/commits", &json!([]));
        switch_on(site, &odile, &other);
        there.status(BERG, 429, &[("Retry-After", "20000")]);
        let follow = switch_on(site, &odile, &duck);
        assert!(follow.error.contains("codeberg.org asks us to come back later (429)"), "{}", follow.error);
        let wait = follow.next_at.expect("it goes on") - follow.asked_at;
        assert!(wait >= chrono::Duration::seconds(20_000), "{wait}");
        // No button and no other project of that host asks before.
        let asked = there.all_asked();
        press(&odile, &duck, "now").expect(303);
        odile.get(&page(&duck)).expect(200).says("as Codeberg asked");
        for made in [&duck, &other] {
            let next = crate::forge::follow(site, made).unwrap().next_at.unwrap();
            assert!(next - follow.asked_at >= chrono::Duration::seconds(20_000), "{next}");
        }
        assert_eq!(there.all_asked(), asked);
        // Nor switching it off and on.
        press(&odile, &duck, "off").expect(303);
        press(&odile, &duck, "on").expect(303);
        let next = crate::forge::follow(site, &duck).unwrap().next_at.unwrap();
        assert!(next - follow.asked_at >= chrono::Duration::seconds(19_000), "{next}");
        // Nor another project that comes only now.
        let swan = linked(site, "Swan racer", "https://codeberg.org/odile/swan");
        press(&odile, &swan, "on").expect(303);
        assert!(crate::forge::follow(site, &swan).unwrap().next_at.unwrap() >= next);
        // GitHub counts, and says when it counts anew.
        let hub = linked(site, "Crane racer", "https://github.com/odile/duck");
        let reset = (chrono::Utc::now().timestamp() + 9_000).to_string();
        there.status("api.github.com/repos/odile/duck/releases", 403, &[("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", &reset)]);
        let follow = switch_on(site, &odile, &hub);
        let wait = follow.next_at.expect("it goes on") - follow.asked_at;
        assert!(wait > chrono::Duration::seconds(8_900), "{wait}");
    }

    fn hostile_answers_are_harmless(site, limits_off) {
        site.app.set_filter(None);
        let there = Elsewhere::of(site, &HOSTS);
        let odile = site.maker("odile");
        let duck = duck(site);
        let long = "W".repeat(1_000);
        there.json(BERG, &json!([
            {"tag_name": "v6<script>alert(1)</script>", "body": "<script>alert(2)</script> <img src=x onerror=alert(3)> [x](javascript:alert(4))", "published_at": "2025-01-06T00:00:00Z",
             "assets": [{"name": "a.exe", "browser_download_url": "javascript:alert(5)"}, {"name": "<b>", "browser_download_url": "https://x.example/\"><script>"}]},
            {"tag_name": "5\u{202E}gnp.exe", "body": "Right \u{202E}to left", "published_at": "2025-01-05T00:00:00Z"},
            {"tag_name": "4\u{0}nul", "body": "never here", "published_at": "2025-01-04T00:00:00Z"},
            {"tag_name": "v3", "body": format!("a\u{0}b {long} \u{1F986}"), "published_at": "2025-01-03T00:00:00Z"},
            {"tag_name": long, "body": "no such tag", "published_at": "2025-01-03T00:00:00Z"},
            {"tag_name": "../../admin?x#y%00", "body": "a path", "published_at": "2999-01-02T00:00:00Z"},
            {"tag_name": "///", "body": "no name"},
            {"tag_name": ["v9"], "body": {"x": 1}}, 7, null, "v8",
            {"tag_name": "new", "body": "x".repeat(200_000), "published_at": "not a day"},
        ]));
        there.json(BERG_CHANGES, &json!([
            berg_change("aaaaaaaaaa", "<script>alert(6)</script> \u{202E}reversed"), berg_change("bbbbbbbbbb", &long),
            berg_change("cccccccccc", "n\u{0}ul"), berg_change("\"><script>", "bad hash"), berg_change("dddddddddd", "\n\n \u{200B}\n"),
            berg_change("eeeeeeeeee", "Za\u{30d}\u{30e}\u{304}\u{305}\u{30d}\u{30e}lgo"),
        ]));
        let follow = switch_on(site, &odile, &duck);
        assert_eq!(follow.error, "");
        assert!(follow.said.starts_with("5 releases came") && follow.said.contains("1 release left out"), "{}", follow.said);
        for place in [format!("{}/releases", duck.path()), duck.path(), "/releases".into(), "/releases.atom".into(),
            page(&duck), format!("{}/releases/6%3Cscript%3Ealert(1)%3C-script%3E", duck.path()),
            format!("{}/releases/5gnp.exe", duck.path()), format!("{}/releases/..-..-admin-x-y-00", duck.path()),
            format!("{}/releases/release%20new", duck.path()), format!("{}/releases/3", duck.path())] {
            let html = odile.get(&place).expect(200).html();
            for bad in ["<script>alert", "onerror", "href=\"javascript", "\u{202E}gnp", "\u{0}"] {
                assert!(!html.contains(bad), "{place} has {bad:?}");
            }
        }
        let html = site.visitor().get(&format!("{}/releases", duck.path())).expect(200).html();
        assert!(html.contains("commit/aaaaaaaaaa") && !html.contains("bad hash") && !html.contains(&"W".repeat(200)));
    }

    fn recent_changes_are_shown_while_they_may_be(site, limits_off) {
        site.app.set_filter(None);
        let there = Elsewhere::of(site, &HOSTS);
        let odile = site.maker("odile");
        let mona = site.moderator("mona");
        let duck = duck(site);
        let of = format!("{}/releases", duck.path());
        there.json(BERG, &json!([]));
        there.json(BERG_CHANGES, &json!([berg_change("0123456789abcdef", "Thicker fog\n\nand more"), berg_change("1123456789abcdef", "Quieter bell")]));
        let follow = switch_on(site, &odile, &duck);
        assert_eq!(follow.said, "There are no releases there yet.");
        let shown = site.visitor().get(&of).expect(200).says("Recent changes").says("from Codeberg").says("Thicker fog").says("Quieter bell").does_not_say("and more");
        assert!(shown.html().contains("href=\"https://codeberg.org/odile/duck/commit/0123456789abcdef\" rel=\"nofollow ugc noopener\""));
        site.visitor().get(&duck.path()).expect(200).says("Thicker fog").says("All recent changes");
        // A moderator takes the list away, and brings it back.
        let changes = format!("{}/changes", duck.path());
        odile.post(&changes, &[("act", "hide")]).expect(403);
        mona.submit(&of, &changes, &[("act", "hide")]).expect(303);
        site.visitor().get(&of).expect(200).does_not_say("Thicker fog");
        site.visitor().get(&duck.path()).expect(200).does_not_say("Thicker fog");
        odile.get(&page(&duck)).expect(200).says("A moderator took the list");
        mona.get(&of).expect(200).says("Hidden by a moderator").says("Thicker fog");
        mona.get("/moderation/log").expect(200).says("changes hidden");
        mona.submit(&of, &changes, &[("act", "show")]).expect(303);
        site.visitor().get(&of).expect(200).says("Thicker fog");
        // Its makers may want none, and then nobody asks for them.
        press(&odile, &duck, "hide").expect(303);
        site.visitor().get(&of).expect(200).does_not_say("Thicker fog");
        let asked = there.asked(BERG_CHANGES).len();
        ask_again(site, &odile, &duck);
        assert_eq!(there.asked(BERG_CHANGES).len(), asked);
        press(&odile, &duck, "show").expect(303);
        // A project that nobody sees shows none.
        site.put(duck.id, State::Held);
        odile.get(&of).expect(200).does_not_say("Thicker fog");
        site.put(duck.id, State::Published);
        // A word that moderators hold elsewhere holds the list.
        let form = mona.get("/moderation/rules/new?kind=words").expect(200).form("/moderation/rules/new");
        let tried = mona.fill_in(&form, &[("pattern", "pills"), ("days", "30"), ("does", "hold"), ("note", "spam")]).expect(200);
        mona.fill_in(&tried.form("/moderation/rules"), &[]).expect(303);
        there.json(BERG_CHANGES, &json!([berg_change("2123456789abcdef", "Buy pills here")]));
        ask_again(site, &odile, &duck);
        site.visitor().get(&of).expect(200).does_not_say("Buy pills").does_not_say("Recent changes");
        odile.get(&page(&duck)).expect(200).says("keeps the list from readers");
        there.json(BERG_CHANGES, &json!([berg_change("3123456789abcdef", "Only ducks")]));
        ask_again(site, &odile, &duck);
        site.visitor().get(&of).expect(200).says("Only ducks");
        // Off: the list would only grow old.
        press(&odile, &duck, "off").expect(303);
        site.visitor().get(&of).expect(200).does_not_say("Only ducks");
    }

    fn what_comes_takes_the_intake(site, limits_off) {
        site.app.set_filter(None);
        let there = Elsewhere::of(site, &HOSTS);
        let odile = site.maker("odile");
        let mona = site.moderator("mona");
        let duck = duck(site);
        let flood: String = (0..20).map(|n| format!("https://pills{n}.example/ ")).collect();
        there.json(BERG, &json!([berg("v1.0", &flood, "2025-01-01T00:00:00Z")]));
        there.json(BERG_CHANGES, &json!([]));
        let follow = switch_on(site, &odile, &duck);
        assert_eq!(follow.said, "1 release came, with their own dates; 1 of them waits for a moderator.");
        site.visitor().get(&format!("{}/releases/1.0", duck.path())).expect(404);
        odile.get(&duck.path()).expect(200).says("Releases that wait");
        let id = site.db(|db| potluck_models::release::Release::find(db, duck.id, "1.0")).0.id;
        assert_eq!((site.state(id), site.item(id).kind), (State::Held, Kind::Release));
        mona.post("/moderation/verdicts", &[("item", &format!("release:{id}")), ("verdict", "ham")]).expect(303);
        site.visitor().get(&format!("{}/releases/1.0", duck.path())).expect(200);
        // What a moderator removed is not brought back by the next question.
        mona.post("/moderation/verdicts", &[("item", &format!("release:{id}")), ("verdict", "remove"), ("reason", "unkind")]).expect(303);
        there.json(BERG, &json!([berg("v1.0", "Harmless now", "2025-01-01T00:00:00Z")]));
        ask_again(site, &odile, &duck);
        assert_eq!((site.state(id), site.count("releases")), (State::Removed, 1));
    }

    fn it_is_off_until_a_maker_switches_it_on_and_off_keeps_what_came(site, limits_off) {
        site.app.set_filter(None);
        let there = Elsewhere::of(site, &HOSTS);
        let odile = site.maker("odile");
        let ann = site.maker("ann");
        let duck = duck(site);
        there.json(BERG, &json!([berg("v1.0", "First", "2025-01-01T00:00:00Z")]));
        there.json(BERG_CHANGES, &json!([]));
        odile.get(&page(&duck)).expect(200).says("Switch it on").says("codeberg.org/odile/duck");
        assert!(follow(site, &duck).is_none());
        ann.get(&page(&duck)).expect(403);
        ann.post(&page(&duck), &[("act", "on")]).expect(403);
        site.visitor().post(&page(&duck), &[("act", "on")]).expect(403);
        odile.post(&page(&duck), &[("act", "explode")]).expect(400);
        odile.post(&page(&duck), &[("act", "now")]).expect(303);
        assert_eq!(there.all_asked(), 0);
        switch_on(site, &odile, &duck);
        press(&odile, &duck, "off").expect(303);
        assert!(!follow(site, &duck).unwrap().is_on());
        site.visitor().get(&format!("{}/releases/1.0", duck.path())).expect(200).says("First").says("from Codeberg");
        // Who switched it on is no maker any more.
        switch_on(site, &odile, &duck);
        site.sql(&format!("INSERT INTO project_makers (project_id, user_id) VALUES ({}, {})", duck.id, site.user_id("ann")));
        site.sql(&format!("DELETE FROM project_makers WHERE project_id = {} AND user_id = {}", duck.id, site.user_id("odile")));
        let asked = there.all_asked();
        let before = potluck_models::now();
        press(&ann, &duck, "now").expect(303);
        assert!(!answered(site, &duck, before).is_on());
        ann.get(&page(&duck)).expect(200).says("It was switched off.").says("is not a maker of this project any more");
        assert_eq!(there.all_asked(), asked);
        switch_on(site, &ann, &duck);
        // The link leads elsewhere now.
        link_to(site, &duck, "https://codeberg.org/odile/goose");
        let before = potluck_models::now();
        press(&ann, &duck, "now").expect(303);
        assert!(!answered(site, &duck, before).is_on());
        ann.get(&page(&duck)).expect(200).says("is another one now").says("codeberg.org/odile/goose");
        // Somebody who may not post brings nothing.
        link_to(site, &duck, "https://codeberg.org/odile/duck");
        site.sql("UPDATE users SET suspended_until = '2999-01-01 00:00:00' WHERE username = 'ann'");
        ann.post(&page(&duck), &[("act", "on")]).expect(403);
    }

    fn only_forges_that_the_site_knows_are_asked(site, limits_off) {
        site.app.set_filter(None);
        let there = Elsewhere::of(site, &HOSTS);
        let odile = site.maker("odile");
        let ada = site.admin("ada");
        let duck = linked(site, "Duck racer", "https://git.ducks.example/odile/duck");
        odile.get(&page(&duck)).expect(200).says("git.ducks.example is not one of the places that this site asks");
        odile.post(&page(&duck), &[("act", "on")]).expect(403);
        for bad in ["git.ducks.example", "127.0.0.1 gitea", "localhost gitlab", "git.ducks.example svn"] {
            ada.post("/admin/settings", &[("forges", bad)]).expect(422).keeps(bad);
        }
        ada.post("/admin/settings", &[("forges", "git.ducks.example forgejo, code.ducks.example gitlab")]).expect(303);
        there.json("git.ducks.example/api/v1/repos/odile/duck/releases", &json!([berg("v1.0", "At home", "2025-01-01T00:00:00Z")]));
        there.json("git.ducks.example/api/v1/repos/odile/duck/commits", &json!([]));
        assert_eq!(switch_on(site, &odile, &duck).error, "");
        site.visitor().get(&format!("{}/releases/1.0", duck.path())).expect(200).says("At home").says("from git.ducks.example");
        // Not known any more: not asked any more.
        ada.post("/admin/settings", &[("forges", "")]).expect(303);
        let asked = there.all_asked();
        let before = potluck_models::now();
        press(&odile, &duck, "now").expect(303);
        assert!(!answered(site, &duck, before).is_on());
        assert_eq!(there.all_asked(), asked);
        // No address at all.
        let bare = site.project("odile", "Without a link");
        odile.get(&page(&bare)).expect(200).says("no address of its source code yet");
        odile.post(&page(&bare), &[("act", "on")]).expect(400);
    }

    fn the_button_has_a_limit(site) {
        site.app.set_filter(None);
        let there = Elsewhere::of(site, &HOSTS);
        let odile = site.maker("odile");
        let duck = duck(site);
        there.json(BERG, &json!([]));
        there.json(BERG_CHANGES, &json!([]));
        switch_on(site, &odile, &duck);
        for _ in 0..3 {
            odile.post(&page(&duck), &[("act", "now")]).expect(303);
        }
        let refused = odile.post(&page(&duck), &[("act", "now")]).expect(429);
        assert!(refused.header("retry-after").is_some());
    }

    fn a_project_that_is_not_there_asks_nobody(site, limits_off) {
        site.app.set_filter(None);
        let there = Elsewhere::of(site, &HOSTS);
        let odile = site.maker("odile");
        let duck = duck(site);
        there.json(BERG, &json!([]));
        there.json(BERG_CHANGES, &json!([]));
        switch_on(site, &odile, &duck);
        let delete = format!("{}/delete", duck.path());
        odile.submit(&delete, &delete, &[]).expect(303);
        let asked = there.all_asked();
        site.sql("UPDATE forge_follows SET next_at = '2020-01-01 00:00:00'");
        wait_for("it to rest", || {
            let next = follow(site, &duck)?.next_at?;
            (next > potluck_models::now() + chrono::Duration::hours(23)).then_some(())
        });
        assert_eq!(there.all_asked(), asked);
        // Erased with everything else.
        site.sql("UPDATE items SET erase_at = '2020-01-01 00:00:00' WHERE state = 'deleted'");
        site.db(potluck_models::item::erase_deleted);
        assert_eq!(site.count("forge_follows"), 0);
    }
}
