//! Search: what is found and what never is, how it is asked for, and that both databases agree.

use crate::support::*;
use diesel::prelude::*;
use potluck_models::db::{ItemId, write_tx};
use potluck_models::item::State;
use potluck_models::release::{Notes, Release};
use potluck_models::search::{self, index};
use potluck_models::{check, schema};

const HIDDEN: &[State] = &[
    State::Draft,
    State::Unlisted,
    State::Held,
    State::Spam,
    State::Removed,
    State::Deleted,
];

/// The titles of the results, in their order.
fn found(site: &Site, query: &str) -> Vec<String> {
    let html = site
        .visitor()
        .get(&format!("/search?{query}"))
        .expect(200)
        .html();
    html.split("class=\"row-title\"")
        .skip(1)
        .map(|row| {
            let link = row.split_once("<a ").unwrap().1;
            let title = link
                .split_once('>')
                .unwrap()
                .1
                .split("</a>")
                .next()
                .unwrap();
            unescape(&title.replace("<mark>", "").replace("</mark>", ""))
                .trim()
                .to_owned()
        })
        .collect()
}

fn finds(site: &Site, words: &str) -> bool {
    !found(site, &format!("q={}", encode(words))).is_empty()
}

/// What the index itself holds.
fn indexed(site: &Site) -> i64 {
    site.count("search_texts")
}

fn everything_is_in_line(site: &Site) {
    let reports = {
        let mut db = potluck_models::db::connect(site.database_url()).unwrap();
        check::run(&mut db, false, |_| {}).unwrap()
    };
    let index = reports
        .iter()
        .find(|report| report.what == "texts that the search finds")
        .unwrap();
    assert_eq!(index.differs, []);
    assert_eq!(site.count("search_pending"), 0);
}

on_both! {
    fn other_forms_of_a_word_are_found_in_the_language_of_the_site(site, limits_off) {
        let ada = site.admin("ada");
        site.member("ann");
        let lamp = site.project("ann", "Lanterns for happy boats");
        site.project("ann", "A lantern of happiness");
        site.db(search::learn);
        assert_eq!(found(site, "q=lantern").len(), 1, "without a language, words are as they are typed");
        ada.submit("/admin/settings", "/admin/settings", &[("stemming", "klingon")]).expect(422);
        ada.submit("/admin/settings", "/admin/settings", &[("stemming", "english")]).expect(303);
        for words in ["lantern", "lanterns", "happiness+lantern"] {
            assert_eq!(found(site, &format!("q={words}")).len(), 2, "{words}");
            assert_eq!(found(site, &format!("order=relevance&q={words}")).len(), 2, "{words}");
        }
        // The word that matches is marked, whichever form it has.
        let html = site.visitor().get("/search?q=lantern").html();
        assert!(html.contains("<mark>Lanterns</mark>") && html.contains("<mark>lantern</mark>"), "{html}");
        assert_eq!(found(site, "q=%22lantern%22").len(), 1, "in quotes it is meant as it stands");
        assert_eq!(found(site, "q=lanterns*").len(), 1);
        // What comes later is found by its own form at once.
        site.project("ann", "Lanternfish");
        assert_eq!(found(site, "q=lanternfish").len(), 1);
        site.sql(&format!("UPDATE items SET state = 'removed' WHERE id = {}", lamp.id.0));
        assert_eq!(found(site, "q=lanterns").len(), 1);
    }

    fn projects_releases_comments_and_people_are_found(site, limits_off) {
        site.app.set_filter(None);
        let odile = site.maker("odile");
        let duck = site.project("odile", "Canary racer");
        site.regular("ann");
        site.comment("ann", &duck, "The canary sings, and the **second** level is kind.");
        odile.submit(&format!("{}/releases/new", duck.path()), &format!("{}/releases/new", duck.path()), &[("version", "2.5"), ("notes", "The canary flies higher now.")]).expect(303);
        site.sql("UPDATE users SET display_name = 'Canary Ann', bio = 'x', bio_html = '<p>Keeps birds &amp; bees</p>' WHERE username = 'ann'");
        site.db(|_| Ok(()));
        let all = found(site, "q=canary");
        for title in ["Canary racer", "Canary racer 2.5", "Canary Ann on Canary racer", "Canary Ann"] {
            assert!(all.contains(&title.to_owned()), "{title}: {all:?}");
        }
        assert_eq!(all.len(), 4, "{all:?}");
        for (what, title) in [("projects", "Canary racer"), ("releases", "Canary racer 2.5"), ("comments", "Canary Ann on Canary racer"), ("people", "Canary Ann")] {
            assert_eq!(found(site, &format!("q=canary&in={what}")), [title]);
            assert_eq!(found(site, &format!("q=canary&in={what}&order=relevance")), [title]);
        }
        assert_eq!(found(site, "q=bees"), ["Canary Ann"]);
        assert_eq!(found(site, "q=2.5"), ["Canary racer 2.5"]);
        // Markdown is no text, and a title counts more than a mention.
        assert!(found(site, "q=strong").is_empty());
        assert_eq!(found(site, "q=canary&order=relevance&in=projects")[0], "Canary racer");
        everything_is_in_line(site);
    }

    fn what_is_not_published_is_never_found(site) {
        site.maker("odile");
        let duck = site.project("odile", "Canary racer");
        site.regular("ann");
        let id = site.comment("ann", &duck, "Nightingale words that sing of ducks.");
        let release = site.db(|db| {
            diesel::sql_query("INSERT INTO items (kind, author_id, project_id, state, why, evidence, network, created_at, published_at, script) SELECT 'release', owner_id, id, 'published', '', '', '', created_at, created_at, 'Latin' FROM projects WHERE title = 'Canary racer'").execute(db)?;
            let id: ItemId = schema::items::table.order(schema::items::id.desc()).select(schema::items::id).first(db)?;
            let notes = Notes { version: "9.9".into(), notes: "Wagtail notes".into(), downloads: Vec::new(), questions: Vec::new() };
            Release::insert(db, id, duck.id, &notes, false, potluck_models::now())?;
            Ok(id)
        });
        let mona = site.moderator("mona");
        let odile = site.come_back("odile");
        assert!(finds(site, "nightingale") && finds(site, "canary") && finds(site, "wagtail"));
        for state in HIDDEN {
            site.put(id, *state);
            assert!(!finds(site, "nightingale"), "{state}");
            assert!(finds(site, "canary"));
            for client in [&mona, &odile] {
                client.get("/search?q=nightingale").expect(200).does_not_say("sing of ducks");
            }
            site.put(id, State::Published);
            site.sql(&format!("UPDATE items SET state = '{state}' WHERE id = {release}"));
            site.db(|_| Ok(()));
            assert!(!finds(site, "wagtail"), "{state}");
            site.sql(&format!("UPDATE items SET state = 'published' WHERE id = {release}"));
            site.db(|_| Ok(()));
            assert!(finds(site, "nightingale") && finds(site, "wagtail"));
            // With a project goes all that stands on it.
            let before = indexed(site);
            // By hand, for what is unlisted is so by its makers' wish.
            site.sql(&format!("UPDATE items SET state = '{state}' WHERE id = {}", duck.id));
            site.db(|_| Ok(()));
            assert!(!finds(site, "canary") && !finds(site, "nightingale") && !finds(site, "wagtail"), "{state}");
            assert_eq!(indexed(site), before - 3, "{state}: the index keeps what nobody may find");
            site.put(duck.id, State::Published);
            assert!(finds(site, "canary") && finds(site, "nightingale") && finds(site, "wagtail"), "{state}");
        }
        // Comments that their maker hid.
        site.sql(&format!("UPDATE projects SET comment_policy = 'nobody' WHERE id = {}", duck.id));
        site.db(|_| Ok(()));
        assert!(!finds(site, "nightingale"));
        site.sql(&format!("UPDATE projects SET comment_policy = 'members' WHERE id = {}", duck.id));
        site.db(|_| Ok(()));
        assert!(finds(site, "nightingale"));
        everything_is_in_line(site);
    }

    fn an_index_that_is_behind_shows_nothing_that_is_hidden(site) {
        site.maker("odile");
        let duck = site.project("odile", "Canary racer");
        site.regular("ann");
        let id = site.comment("ann", &duck, "Nightingale words that sing of ducks.");
        // The sweep of the start reads all texts once, and would mend what this test breaks.
        wait_for("the first reading to be over", || (site.count("search_progress WHERE position < 0") >= 2).then_some(()));
        // As if the notes of this change were lost.
        site.db(|db| {
            diesel::sql_query(format!("UPDATE items SET state = 'removed' WHERE id = {id}")).execute(db)?;
            diesel::sql_query("DELETE FROM search_pending").execute(db)
        });
        assert!(!finds(site, "nightingale"));
        assert!(found(site, "q=nightingale&order=relevance").is_empty());
        let mut db = potluck_models::db::connect(site.database_url()).unwrap();
        let reports = check::run(&mut db, true, |_| {}).unwrap();
        let index = reports.iter().find(|report| report.what == "texts that the search finds").unwrap();
        assert_eq!(index.differs.iter().map(|one| (one.id, one.mended)).collect::<Vec<_>>(), [(id.0, true)]);
        everything_is_in_line(site);
    }

    fn the_index_follows_edits_verdicts_undo_and_deletion(site, limits_off) {
        site.app.set_filter(None);
        let odile = site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let ann = site.regular("ann");
        let id = site.comment("ann", &duck, "The nightingale sings in here.");
        let edit = format!("/comments/{id}/edit");
        ann.submit(&edit, &edit, &[("body", "The wagtail sings in here.")]).expect(303);
        assert!(!finds(site, "nightingale") && finds(site, "wagtail"));
        // An edit that waits leaves the published text found.
        let waits = "Bluebird: https://a.example https://b.example https://c.example https://d.example https://e.example";
        ann.submit(&edit, &edit, &[("body", waits)]).expect(303);
        assert!(site.item(id).queue.is_some());
        assert!(finds(site, "wagtail") && !finds(site, "bluebird"));
        let mona = site.moderator("mona");
        mona.post("/moderation/verdicts", &[("item", &format!("comment:{id}")), ("verdict", "ham")]).expect(303);
        assert!(!finds(site, "wagtail") && finds(site, "bluebird"));
        let batch = site.count("batches");
        let undo = format!("/moderation/batches/{batch}/undo");
        mona.post(&undo, &[]).expect(303);
        assert!(finds(site, "wagtail") && !finds(site, "bluebird"));
        mona.post("/moderation/verdicts", &[("item", &format!("comment:{id}")), ("verdict", "remove"), ("reason", "unkind")]).expect(303);
        assert!(!finds(site, "wagtail"));
        let batch = site.count("batches");
        mona.post(&format!("/moderation/batches/{batch}/undo"), &[]).expect(303);
        assert!(finds(site, "wagtail"));
        ann.submit(&format!("/comments/{id}/delete"), &format!("/comments/{id}/delete"), &[]).expect(303);
        assert!(!finds(site, "wagtail"));
        let fields = [("title", "Robin racer"), ("summary", "Birds"), ("description", "A kind story."), ("kind", "game"), ("tags", "feathers"), ("comment_policy", "members")];
        let edit = format!("{}/edit", duck.path());
        odile.submit(&edit, &edit, &fields).expect(303);
        assert!(finds(site, "robin") && finds(site, "feathers"));
        assert!(!found(site, "q=duck&in=projects").contains(&"Duck racer".to_owned()));
        everything_is_in_line(site);
    }

    fn people_are_found_once_they_are_somebody(site) {
        site.unconfirmed("nightjar");
        assert!(!finds(site, "nightjar"));
        site.member("wagtail");
        assert_eq!(found(site, "q=wagtail"), ["wagtail"]);
        site.sql("UPDATE users SET suspended_until = '9999-12-31 00:00:00' WHERE username = 'wagtail'");
        site.db(|_| Ok(()));
        assert!(!finds(site, "wagtail"));
        site.sql("UPDATE users SET suspended_until = NULL WHERE username = 'wagtail'");
        site.db(|_| Ok(()));
        assert!(finds(site, "wagtail"));
        // The account by which the filter acts is nobody.
        site.db(potluck_models::account::User::robot);
        assert!(!finds(site, "filter"));
    }

    fn words_phrases_and_beginnings_are_told_apart(site) {
        site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        site.regular("ann");
        let say = |text: &str| site.comment("ann", &duck, text);
        say("A paper lamp with a Café by the Straße.");
        say("The lamp is of paper, and racing is fun.");
        say("日本語のゲーム");
        let hits = |query: &str| found(site, &format!("in=comments&q={}", encode(query))).len();
        for (query, expected) in [
            ("paper lamp", 2), ("lamp PAPER", 2), ("\"paper lamp\"", 1), ("“paper lamp”", 1), ("\"lamp paper\"", 0), ("paper-lamp", 1),
            ("cafe", 1), ("CAFÉ", 1), ("cafe\u{301}", 1), ("strasse", 1), ("rac", 0), ("rac*", 1), ("racing", 1), ("pap* fun", 1),
            ("paper nothing", 0), ("日本", 1), ("本日", 0), ("ゲーム", 1), ("OR", 0), ("paper OR nothing", 0), ("NOT lamp", 0),
        ] {
            assert_eq!(hits(query), expected, "{query}");
        }
        let html = site.visitor().get("/search?q=cafe").expect(200).html();
        assert!(html.contains("A paper lamp with a <mark>Café</mark> by the Straße."), "the match is marked");
        let html = site.visitor().get(&format!("/search?q={}", encode("\"paper lamp\""))).expect(200).html();
        assert!(html.contains("A <mark>paper lamp</mark> with"), "a phrase is marked as one");
    }

    fn a_hostile_question_is_only_a_question(site) {
        site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        site.regular("ann");
        site.comment("ann", &duck, "A <b>duck</b> & \"pie\" of x < y > z.");
        let long = "x".repeat(1_000);
        let many = "duck ".repeat(400);
        let stars = "*".repeat(500);
        for query in [
            "", " ", "\"", "\"\"\"", "'", "*", "a*", "**", "-", "--", "()", "(duck", "duck)", "duck AND", "OR OR", "NEAR(duck, 3)", "title:duck",
            "^duck", "duck + pie", "{duck}", "col : x", "\\", "\\'", "'; DROP TABLE items; --", "duck & | ! <-> pie", ":*", "duck:*", "!duck",
            "\u{202e}kcud", "\u{200b}", "\u{feff}duck", "🦆", "🦆*", "é", "\u{301}", "?!…", "<script>alert(1)</script>", "%", "_", "is_comments", "tag_duck",
            "\r\nduck", "\u{1}duck\u{7f}", &long, &many, &stars,
        ] {
            for more in ["", "&order=relevance", "&in=comments&kind=game&tag=%22%2A&download=1", "&in=boat&kind=boat&order=boat&after=boat", "&after=-5", "&after=9223372036854775807"] {
                let answer = site.visitor().get(&format!("/search?q={}{more}", encode(query)));
                assert_eq!(answer.status, 200, "{query:?}{more}");
                let html = answer.html();
                assert!(!html.contains("<script>alert") && !html.contains("<b>duck"), "{query:?}");
            }
        }
        // No address of ours holds a NUL; an answer that says so is no accident.
        assert_eq!(site.visitor().get("/search?q=a%00b").status, 400);
        assert!(found(site, "q=is_comments").is_empty(), "facts of the index can be asked for as words");
        assert!(found(site, "q=%F0%9F%A6%86").is_empty());
        let html = site.visitor().get("/search?q=pie").expect(200).html();
        assert!(html.contains("&lt;") || html.contains("&#60;"), "what is a sign stays one");
    }

    fn filters_hold_for_projects_and_their_releases(site, limits_off) {
        site.app.set_filter(None);
        let odile = site.maker("odile");
        let fields = [("title", "Canary tool"), ("summary", "Canary"), ("description", "A story of canaries that count."), ("kind", "tool"), ("tags", "c++, pixel art"), ("comment_policy", "members"), ("link_download", "https://canary.example/tool.zip")];
        odile.submit("/projects/new", "/projects/new", &fields).expect(303);
        let game = site.project("odile", "Canary game");
        site.regular("ann");
        site.comment("ann", &game, "A canary that nobody filters.");
        let release = format!("{}/releases/new", game.path());
        odile.submit(&release, &release, &[("version", "1.0"), ("notes", "The canary is out."), ("url", "https://canary.example/game.zip")]).expect(303);
        let is = |query: &str, expected: &[&str]| {
            let mut titles = found(site, &format!("q=canary{query}"));
            titles.sort();
            assert_eq!(titles, expected, "{query}");
        };
        is("&kind=tool", &["Canary tool"]);
        is("&kind=game", &["Canary game", "Canary game 1.0"]);
        is("&tag=c%2B%2B", &["Canary tool"]);
        is("&tag=Pixel%20Art", &["Canary tool"]);
        is("&tag=pixel", &[]);
        is("&tag=duck&in=releases", &["Canary game 1.0"]);
        is("&download=1", &["Canary game 1.0", "Canary tool"]);
        is("&download=1&order=relevance&in=projects", &["Canary tool"]);
    }

    fn pages_go_on_where_they_ended(site) {
        site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        site.regular("ann");
        for n in 0..47 {
            let id = site.comment("ann", &duck, &format!("Canary number n{n} sings."));
            site.sql(&format!("UPDATE items SET published_at = '2026-01-{:02} 10:00:00' WHERE id = {id}", 1 + n / 3));
        }
        site.db(|_| Ok(()));
        for order in ["newest", "relevance"] {
            let visitor = site.visitor();
            let (mut path, mut seen, mut pages) = (format!("/search?q=canary&order={order}"), Vec::new(), 0);
            loop {
                let answer = visitor.get(&path).expect(200);
                seen.extend(answer.links().into_iter().filter(|link| link.starts_with("/comments/")));
                pages += 1;
                match answer.links().into_iter().find(|link| link.contains("after=")) {
                    Some(next) => path = unescape(&next),
                    None => break,
                }
            }
            let mut different = seen.clone();
            different.sort();
            different.dedup();
            assert_eq!((seen.len(), different.len(), pages), (47, 47, 3), "{order}");
            let ids: Vec<i64> = seen.iter().map(|link| link.rsplit('/').next().unwrap().parse().unwrap()).collect();
            if order == "newest" {
                assert!(ids.is_sorted_by(|a, b| a > b), "{ids:?}");
            }
        }
        site.visitor().get("/search?q=canary&order=relevance").says("The best first, of 47 that match.");
    }

    fn a_mistyped_word_is_guessed_if_the_guess_is_found(site) {
        site.maker("odile");
        let duck = site.project("odile", "Mango racer");
        site.regular("ann");
        let id = site.comment("ann", &duck, "The nightingale sings of mangoes.");
        site.comment("ann", &duck, "A bluebird is another matter.");
        site.db(search::learn);
        let asks = |typed: &str| {
            let words = site.visitor().get(&format!("/search?q={}", encode(typed))).expect(200).words();
            words.split_once("Did you mean ").map(|(_, rest)| rest.split('?').next().unwrap().trim().to_owned())
        };
        assert_eq!(asks("nightingail").as_deref(), Some("nightingale"));
        assert_eq!(asks("mangoes nightengale").as_deref(), Some("mangoes nightingale"));
        assert_eq!(asks("mngo racer").as_deref(), Some("mango racer"));
        assert_eq!(asks("bluebird nightengale"), None, "no text has both");
        assert_eq!(asks("zzzzzz"), None);
        site.put(id, State::Removed);
        assert_eq!(asks("nightengale"), None, "what is gone is not offered");
    }

    fn texts_of_before_are_read_step_by_step(site) {
        site.maker("odile");
        let duck = site.project("odile", "Mango racer");
        site.regular("ann");
        let id = site.comment("ann", &duck, "The nightingale sings of mangoes.");
        let all = indexed(site);
        // As it was before there was a search. The progress goes last: the site itself looks at it, too.
        site.sql("DELETE FROM search_texts; DELETE FROM search_index; DELETE FROM search_words;");
        assert!(!finds(site, "nightingale") && !finds(site, "odile"));
        site.sql("DELETE FROM search_progress;");
        while site.db(index::fill) {}
        assert!(finds(site, "nightingale") && finds(site, "odile"));
        assert_eq!(indexed(site), all);
        // Nor does it begin again, until it is told to.
        site.sql("DELETE FROM search_texts; DELETE FROM search_index;");
        while site.db(index::fill) {}
        assert_eq!(indexed(site), 0);
        let out = crate::cli::run(site.folder(), site.database_url(), &["reindex"]);
        assert!(out.status.success(), "{}", crate::cli::text(&out));
        assert_eq!(indexed(site), all);
        assert!(site.count("search_words") > 3);
        let _ = id;
    }

    fn a_change_too_large_for_one_commit_is_finished_by_a_job(site) {
        site.maker("odile");
        let duck = site.project("odile", "Mango racer");
        site.regular("ann");
        let id = site.comment("ann", &duck, "The nightingale sings of mangoes.");
        site.db(|db| {
            for _ in 0..2_600 {
                diesel::sql_query(format!("INSERT INTO search_pending (doc) VALUES ({id})")).execute(db)?;
            }
            Ok(())
        });
        wait_for("the rest of the notes to be read", || (site.count("search_pending") == 0).then_some(()));
        assert!(finds(site, "nightingale"));
    }

    fn reading_and_searching_writes_nothing(site) {
        site.maker("odile");
        site.project("odile", "Mango racer");
        let before = site.fingerprint();
        for path in ["/search", "/search?q=mango", "/search?q=mnago", "/search?q=mango&order=relevance", "/projects?order=waiting", "/projects?order=released", "/projects?order=helpful"] {
            site.visitor().get(path).expect(200);
        }
        assert_eq!(before, site.fingerprint());
    }

    fn every_page_has_the_search_box(site) {
        for path in ["/", "/projects", "/tags", "/guide", "/no-such-page"] {
            let html = site.visitor().get(path).html();
            let form = html.split("class=\"site-search\"").nth(1).expect(path);
            assert!(form.split("</form>").next().unwrap().contains("name=\"q\""), "{path}");
            assert!(html.contains("href=\"/search\""), "{path}");
        }
        site.visitor().get("/robots.txt").says("Disallow: /search");
    }
}

/// Two who change the same text at once leave the newer one in the index.
#[test]
fn two_writers_at_once_leave_the_newer_text_in_the_index() {
    if !has_postgres() {
        return;
    }
    let site = Site::start(Database::Postgres, Options::default());
    site.maker("odile");
    let duck = site.project("odile", "Mango racer");
    site.regular("ann");
    let id = site.comment("ann", &duck, "First words.");
    let url = site.database_url().to_owned();
    let threads: Vec<_> = (0..4)
        .map(|n| {
            let (url, project) = (url.clone(), duck.id);
            std::thread::spawn(move || {
                let mut db = potluck_models::db::connect(&url).unwrap();
                for round in 0..15 {
                    write_tx(&mut db, |db| {
                        if n == 0 {
                            // All comments of the project are noted.
                            let policy = if round % 2 == 0 { "nobody" } else { "members" };
                            return diesel::sql_query(format!("UPDATE projects SET comment_policy = '{policy}' WHERE id = {project}")).execute(db);
                        }
                        diesel::sql_query(format!("UPDATE comments SET body_html = '<p>word{n}x{round}</p>' WHERE id = {id}")).execute(db)
                    })
                    .expect("no writer is turned away");
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    site.sql(&format!(
        "UPDATE projects SET comment_policy = 'members' WHERE id = {}",
        duck.id
    ));
    site.db(|_| Ok(()));
    let html: String = site.db(|db| {
        schema::comments::table
            .find(id)
            .select(schema::comments::body_html)
            .first(db)
    });
    let word = html.trim_start_matches("<p>").trim_end_matches("</p>");
    assert_eq!(
        found(&site, &format!("q={word}&in=comments")).len(),
        1,
        "{word}"
    );
    assert_eq!(found(&site, "q=word*&in=comments").len(), 1);
}
