//! Whom a project looks for, and asking to join its makers.

use crate::support::*;
use potluck_models::item::State;
use potluck_models::looking::{self, Role};

/// The fields of a project's form as its page has them, with the roles of these names.
fn choose(client: &Client, duck: &Made, roles: &[&str]) -> Answer {
    let edit = format!("{}/edit", duck.path());
    let mut fields = vec![
        ("title", "Duck racer"),
        ("summary", "What odile made, in a sentence"),
        (
            "description",
            "A longer story of **Duck racer**, told by odile.",
        ),
        ("kind", "game"),
        ("tags", "duck, pie"),
        ("comment_policy", "members"),
    ];
    fields.extend(roles.iter().map(|role| ("looking_for", *role)));
    client.submit(&edit, &edit, &fields)
}

fn page(duck: &Made) -> String {
    format!("{}/join", duck.path())
}

fn ask(client: &Client, duck: &Made, role: &str, words: &str) -> Answer {
    client.submit(
        &page(duck),
        &page(duck),
        &[("role", role), ("words", words)],
    )
}

/// The numbers of the requests that wait, oldest first.
fn waiting(maker: &Client, duck: &Made) -> Vec<String> {
    let html = maker
        .get(&format!("{}/makers", duck.path()))
        .expect(200)
        .html();
    html.split("name=\"accept\" value=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect()
}

fn reply(maker: &Client, duck: &Made, word: &str, id: &str) -> Answer {
    maker.post(&format!("{}/requests", duck.path()), &[(word, id)])
}

/// A project that looks for an artist and a tester, and its maker.
fn seeking<'a>(site: &'a Site) -> (Client<'a>, Made) {
    site.app.set_filter(None);
    let odile = site.maker("odile");
    let duck = site.project("odile", "Duck racer");
    site.db(|db| looking::choose(db, duck.id, &[Role::Artist, Role::Tester]));
    (odile, duck)
}

const WORDS: &str = "I draw ducks, and would like to draw yours.";

on_both! {
    fn makers_say_whom_they_look_for_and_cards_and_page_tell(site, limits_off) {
        site.app.set_filter(None);
        let odile = site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        choose(&odile, &duck, &["tester", "artist", "boss", "artist"]).expect(303);
        let visitor = site.visitor();
        visitor.get(&duck.path()).expect(200).says("Looking for").says("Artist").says("Tester").says("Ask to join");
        visitor.get("/projects").expect(200).says("Looking for an artist and a tester");
        // The choice is a setting, so nothing was judged.
        assert_eq!(site.count(&format!("revisions WHERE item_id = {}", duck.id)), 1);
        let html = odile.get(&format!("{}/edit", duck.path())).expect(200).html();
        assert_eq!(html.matches("name=\"looking_for\"").count(), Role::ALL.len());
        assert!(html.contains("value=\"tester\" checked"), "not ticked");
        choose(&odile, &duck, &[]).expect(303);
        visitor.get(&duck.path()).expect(200).does_not_say("Ask to join");
        visitor.get("/projects").expect(200).does_not_say("Looking for an artist");
    }

    fn two_who_choose_at_once_are_told(site, limits_off) {
        let (odile, duck) = seeking(site);
        let edit = format!("{}/edit", duck.path());
        let form = odile.get(&edit).expect(200).form(&edit);
        choose(&odile, &duck, &["writer"]).expect(303);
        let fields = [("title", "Duck racer"), ("summary", "What odile made, in a sentence"), ("kind", "game"), ("comment_policy", "members"), ("looking_for", "voice")];
        odile.fill_in(&form, &fields).expect(409).says("a writer");
        assert_eq!(site.db(|db| looking::of(db, duck.id)), [Role::Writer]);
    }

    fn who_asks_is_taken_in_and_is_a_maker_at_once(site, limits_off) {
        let (odile, duck) = seeking(site);
        let bob = site.member("bob");
        ask(&bob, &duck, "artist", WORDS).expect(303);
        bob.get(&duck.path()).expect(200).says("You asked to join as an artist").says("Take it back");
        // For the makers alone.
        for other in [site.visitor(), site.member("carl"), bob.copy()] {
            for path in [duck.path(), "/people/bob".into(), "/projects".into()] {
                other.get(&path).expect(200).does_not_say("draw ducks");
            }
            assert!(other.get(&format!("{}/makers", duck.path())).status != 200);
        }
        odile.get("/inbox").expect(200).says("bob would like to join, as an artist, on Duck racer").says(WORDS);
        odile.get(&duck.path()).expect(200).says("1 asks to join");
        odile.get(&format!("{}/makers", duck.path())).expect(200).says("Asking to join").says(WORDS);
        let id = waiting(&odile, &duck).remove(0);
        // Nobody else answers, the asker least of all.
        for other in [&bob, &site.member("dora"), &site.moderator("mona")] {
            reply(other, &duck, "accept", &id).expect(403);
        }
        reply(&odile, &duck, "accept", &id).expect(303);
        bob.get(&format!("{}/edit", duck.path())).expect(200);
        site.visitor().get("/people/bob").expect(200).says("Duck racer");
        bob.get("/inbox").expect(200).says("odile took you in: you are a maker now of Duck racer");
        assert_eq!(site.count("join_requests WHERE words <> ''"), 0);
        odile.get("/inbox").expect(200).does_not_say("would like to join");
        reply(&odile, &duck, "decline", &id).expect(303);
        assert_eq!(site.count(&format!("project_makers WHERE project_id = {}", duck.id)), 2);
        site.moderator("mona_2").get("/moderation/log").expect(200).says("bob asked to join the makers").says("odile let a maker join");
    }

    fn who_is_declined_asks_again_in_a_month(site, limits_off) {
        let (odile, duck) = seeking(site);
        let bob = site.member("bob");
        ask(&bob, &duck, "tester", WORDS).expect(303);
        bob.post(&page(&duck), &[("role", "artist"), ("words", "once more")]).expect(403).says("You have asked already").says("once more");
        let id = waiting(&odile, &duck).remove(0);
        reply(&odile, &duck, "", "").expect(400);
        reply(&odile, &duck, "decline", &id).expect(303);
        bob.get(&duck.path()).expect(200).says("The makers declined this time").does_not_say("Ask to join");
        bob.get("/inbox").expect(200).says("odile declined your request to join Duck racer");
        bob.get(&page(&duck)).expect(200).says("You can ask again in a month");
        bob.post(&page(&duck), &[("role", "artist"), ("words", WORDS)]).expect(403);
        site.sql("UPDATE join_requests SET answered_at = '2026-01-01 00:00:00'");
        ask(&bob, &duck, "tester", WORDS).expect(303);
        assert_eq!(waiting(&odile, &duck).len(), 1);
    }

    fn who_asked_takes_it_back(site, limits_off) {
        let (odile, duck) = seeking(site);
        let bob = site.member("bob");
        ask(&bob, &duck, "tester", WORDS).expect(303);
        let id = waiting(&odile, &duck).remove(0);
        bob.get("/account").expect(200).says("You asked to join").says("as a tester");
        let form = bob.get(&duck.path()).expect(200).form(&page(&duck));
        bob.fill_in(&form, &[("withdraw", "1")]).expect(303);
        assert_eq!(waiting(&odile, &duck).len(), 0);
        odile.get("/inbox").expect(200).does_not_say("would like to join");
        assert_eq!(reply(&odile, &duck, "accept", &id).expect(303).location(), Some(format!("{}/makers?said=nothing", duck.path()).as_str()));
        assert_eq!((site.count("join_notices"), site.count("join_requests WHERE words <> ''")), (0, 0));
        ask(&bob, &duck, "tester", WORDS).expect(303);
    }

    fn who_may_not_ask_is_told_why_and_keeps_the_words(site, limits_off) {
        let (odile, duck) = seeking(site);
        let send = |client: &Client| client.post(&page(&duck), &[("role", "artist"), ("words", WORDS)]);
        assert!(send(&site.visitor()).status == 403);
        send(&site.unconfirmed("ulla")).expect(403).says("Confirm your e-mail address").keeps(WORDS);
        let sam = site.member("sam");
        site.sql("UPDATE users SET suspended_until = '2999-01-01 00:00:00' WHERE username = 'sam'");
        send(&sam).expect(403);
        send(&odile).expect(403).says("You make it already");
        let bob = site.member("bob");
        odile.post(&format!("{}/makers", duck.path()), &[("invite", "bob")]).expect(303);
        send(&bob).expect(403).says("You are invited already").keeps(WORDS);
        let ann = site.member("ann");
        let (odile_id, ann_id) = (site.user_id("odile"), site.user_id("ann"));
        site.sql(&format!("INSERT INTO blocks (by_id, user_id, created_at) VALUES ({odile_id}, {ann_id}, '2026-01-01 00:00:00')"));
        send(&ann).expect(403).says("take no requests from you");
        let carl = site.member("carl");
        site.put(duck.id, State::Draft);
        send(&carl).expect(404);
        assert_eq!((site.count("join_requests"), site.count("join_notices")), (0, 0));
    }

    fn words_that_cannot_be_sent_are_told_beside_their_field(site, limits_off) {
        let (odile, duck) = seeking(site);
        let bob = site.member("bob");
        let long = "x".repeat(1_001);
        for (role, words, says) in [
            ("artist", "", "Say in a few words what you would bring"),
            ("artist", " \n\t ", "Say in a few words what you would bring"),
            ("artist", long.as_str(), "At most 1,000 characters; these are 1001"),
            ("", WORDS, "Choose one of what they look for"),
            ("boss", WORDS, "Choose one of what they look for"),
            ("musician", WORDS, "Choose one of what they look for"),
        ] {
            bob.post(&page(&duck), &[("role", role), ("words", words)]).expect(422).says(says).says("Ask to join");
        }
        bob.post_bytes(&page(&duck), "words", b"a\0b").expect(400);
        assert_eq!(site.count("join_requests"), 0);
        let hostile = "\u{202E}<script>alert(1)</script> ' OR 1=1 -- \u{0301}\u{0301} [x](javascript:alert(1)) @odile";
        ask(&bob, &duck, "artist", hostile).expect(303);
        for path in [format!("{}/makers", duck.path()), "/inbox".into()] {
            let html = odile.get(&path).expect(200).html();
            assert!(html.contains("&#60;script&#62;alert(1)") || html.contains("&lt;script&gt;alert(1)"), "{path}");
            assert!(!html.contains("<script>alert"), "{path}");
        }
    }

    fn what_is_surely_advertising_is_not_delivered(site, limits_off) {
        let (_odile, duck) = seeking(site);
        let spam = "Buy cheap pills now at https://pills.example, best prices, no prescription";
        let eve = site.regular("eve");
        site.regular("fred");
        let once = site.comment("fred", &duck, spam);
        site.moderator("mona").post("/moderation/verdicts", &[("item", &format!("comment:{once}")), ("verdict", "spam")]).expect(303);
        eve.post(&page(&duck), &[("role", "artist"), ("words", spam)]).expect(422).says("reads like advertising").keeps("pills.example");
        assert_eq!(site.count("join_requests"), 0);
    }

    fn so_many_wait_at_once_and_no_more(site, limits_off) {
        site.app.set_filter(None);
        let bob = site.member("bob");
        site.maker("odile");
        for number in 0..11 {
            let made = site.project("odile", &format!("Duck {number}"));
            site.db(|db| looking::choose(db, made.id, &[Role::Voice]));
            let answer = bob.post(&page(&made), &[("role", "voice"), ("words", WORDS)]);
            if number < 10 {
                answer.expect(303);
            } else {
                answer.expect(403).says("10 requests of yours wait").keeps(WORDS);
            }
        }
    }

    fn ten_in_a_day_are_enough(site) {
        let (_odile, duck) = seeking(site);
        let bob = site.member("bob");
        for _ in 0..10 {
            ask(&bob, &duck, "tester", WORDS).expect(303);
            bob.post(&page(&duck), &[("withdraw", "1")]).expect(303);
        }
        let answer = bob.post(&page(&duck), &[("role", "tester"), ("words", WORDS)]).expect(429).keeps(WORDS);
        assert!(answer.header("retry-after").is_some());
    }

    fn of_whom_a_maker_ignores_that_maker_reads_nothing(site, limits_off) {
        let (odile, duck) = seeking(site);
        let rita = site.member("rita");
        let rita_id = site.user_id("rita");
        site.sql(&format!("INSERT INTO project_makers (project_id, user_id) VALUES ({}, {rita_id})", duck.id));
        let bob = site.member("bob");
        odile.submit("/people/bob", "/people/bob/ignore", &[]).expect(303);
        // Nothing tells the ignored.
        ask(&bob, &duck, "tester", WORDS).expect(303);
        for path in ["/inbox".to_owned(), format!("{}/makers", duck.path())] {
            odile.get(&path).expect(200).does_not_say("draw ducks");
        }
        rita.get("/inbox").expect(200).says(WORDS);
        // A moderator shuts them out: the letter goes, too.
        site.sql("UPDATE users SET suspended_until = '2999-01-01 00:00:00' WHERE username = 'bob'");
        rita.get("/inbox").expect(200).does_not_say("draw ducks");
        rita.get(&format!("{}/makers", duck.path())).expect(200).does_not_say("draw ducks");
    }

    fn a_request_is_counted_read_and_written_about_as_other_notices(site, limits_off) {
        let (odile, duck) = seeking(site);
        let bob = site.member("bob");
        ask(&bob, &duck, "artist", WORDS).expect(303);
        assert!(odile.get("/inbox").expect(200).html().contains("1<span class=\"visually-hidden\"> new in your inbox"), "not counted");
        site.sql("UPDATE jobs SET run_at = '2026-01-01 00:00:00' WHERE kind = 'join'");
        let letter = site.letter("told", "odile");
        assert!(letter.contains("bob would like to join Duck racer"), "{letter}");
        assert!(!letter.contains("draw ducks"), "the words are for the page: {letter}");
        let form = odile.get("/inbox").expect(200).forms().into_iter().find(|form| form.html.contains("name=\"join\"")).expect("a button");
        assert_eq!(odile.fill_in(&form, &[]).expect(303).leads_to(), format!("{}/makers", duck.path()));
        odile.get("/inbox").expect(200).does_not_say("new in your inbox").says(WORDS);
        // Not theirs.
        bob.fill_in(&form, &[("csrf", &bob.csrf())]).expect(404);
        let id = waiting(&odile, &duck).remove(0);
        reply(&odile, &duck, "decline", &id).expect(303);
        assert!(bob.get("/inbox").expect(200).html().contains("1<span class=\"visually-hidden\"> new in your inbox"), "not counted");
        let newest = bob.get("/inbox").expect(200).hidden("joins_up_to").expect("a button for all");
        bob.post("/inbox", &[("joins_up_to", &newest)]).expect(303);
        bob.get("/inbox").expect(200).does_not_say("new in your inbox");
        // Read before its time: no letter.
        site.sql("UPDATE jobs SET run_at = '2026-01-01 00:00:00' WHERE kind = 'join'");
        wait_for("the job to be done", || (site.count("jobs WHERE kind = 'join'") == 0).then_some(()));
        assert_eq!(site.count("join_notices WHERE mailed_at IS NOT NULL"), 0);
    }

    fn an_invitation_that_is_accepted_answers_the_request(site, limits_off) {
        let (odile, duck) = seeking(site);
        let bob = site.member("bob");
        ask(&bob, &duck, "artist", WORDS).expect(303);
        odile.post(&format!("{}/makers", duck.path()), &[("invite", "bob")]).expect(303);
        bob.post(&format!("{}/invitation", duck.path()), &[("answer", "accept")]).expect(303);
        assert_eq!(site.count("join_requests WHERE state = 'open'"), 0);
        odile.get("/inbox").expect(200).does_not_say("would like to join");
    }

    fn nothing_is_told_of_a_project_that_is_not_public(site, limits_off) {
        let (odile, duck) = seeking(site);
        let bob = site.member("bob");
        ask(&bob, &duck, "artist", WORDS).expect(303);
        site.put(duck.id, State::Held);
        odile.get("/inbox").expect(200).does_not_say("would like to join").does_not_say("new in your inbox");
        site.sql("UPDATE jobs SET run_at = '2026-01-01 00:00:00' WHERE kind = 'join'");
        wait_for("the job to be done", || (site.count("jobs WHERE kind = 'join'") == 0).then_some(()));
        assert_eq!(site.count("join_notices WHERE mailed_at IS NOT NULL"), 0);
    }

    fn two_answers_at_once_are_one(site, limits_off) {
        let (odile, duck) = seeking(site);
        let bob = site.member("bob");
        ask(&bob, &duck, "artist", WORDS).expect(303);
        let id = waiting(&odile, &duck).remove(0);
        let path = format!("{}/requests", duck.path());
        let clients = [odile.copy(), odile.copy(), odile.copy(), odile.copy()];
        std::thread::scope(|scope| {
            for (number, client) in clients.into_iter().enumerate() {
                let (id, path) = (id.as_str(), path.as_str());
                scope.spawn(move || {
                    let word = if number % 2 == 0 { "accept" } else { "decline" };
                    client.post(path, &[(word, id)]).expect(303);
                });
            }
        });
        let joined = site.count(&format!("project_makers WHERE project_id = {}", duck.id)) == 2;
        let state = if joined { "accepted" } else { "declined" };
        assert_eq!(site.count(&format!("join_requests WHERE state = '{state}'")), 1);
        assert_eq!(site.count("join_notices"), 1);
    }

    fn lists_and_search_are_narrowed_by_role_and_platform(site, limits_off) {
        let (odile, duck) = seeking(site);
        site.project("odile", "Goose chase");
        let html = odile.get(&format!("{}/releases/new", duck.path())).expect(200).html();
        assert!(html.contains("linux"), "downloads have systems");
        let new = format!("{}/releases/new", duck.path());
        odile.submit(&new, &new, &[("version", "1.0"), ("notes", "It floats."), ("system", "linux"), ("url", "https://duck.example/linux")]).expect(303);
        let visitor = site.visitor();
        let is = |path: &str, duck: bool, goose: bool| {
            let words = visitor.get(path).expect(200).words();
            assert_eq!((words.contains("Duck racer"), words.contains("Goose chase")), (duck, goose), "{path}");
        };
        for order in ["newest", "released"] {
            is(&format!("/projects?order={order}&looking-for=artist"), true, false);
            is(&format!("/projects?order={order}&looking-for=musician"), false, false);
            is(&format!("/projects?order={order}&platform=linux"), true, false);
            is(&format!("/projects?order={order}&platform=windows"), false, false);
            is(&format!("/projects?order={order}&looking-for=tester&platform=linux&kind=game"), true, false);
            is(&format!("/projects?order={order}&looking-for=tester&platform=ios"), false, false);
        }
        is("/projects?looking-for=boss&platform=toaster", true, true);
        is("/search?q=made&looking-for=artist", true, false);
        is("/search?q=made&platform=linux", true, false);
        is("/search?q=made&platform=windows", false, false);
        is("/search?q=floats&platform=linux", true, false);
        is("/search?q=made&looking-for=nobody", true, true);
        // Its facts go with its state, and with what its makers choose.
        let release = site.count("items WHERE kind = 'release'");
        assert_eq!(release, 1);
        site.db(|db| looking::choose(db, duck.id, &[]));
        is("/search?q=made&looking-for=artist", false, false);
        is("/projects?looking-for=artist", false, false);
        site.sql("DELETE FROM release_links");
        is("/search?q=made&platform=linux", false, false);
        is("/projects?platform=linux", false, false);
    }

    fn what_can_be_played_in_the_browser_runs_in_the_web(site, limits_off) {
        site.app.set_filter(None);
        let odile = site.maker("odile");
        let fields = [
            ("title", "Pond"), ("summary", "Ducks on a pond."), ("description", "A pond with ducks on it."), ("kind", "game"),
            ("comment_policy", "members"), ("link_play", "https://play.example/pond"), ("link_funding", "https://fund.example/odile"),
            ("link_website", "https://pond.example/"),
        ];
        odile.submit("/projects/new", "/projects/new", &fields).expect(303);
        let visitor = site.visitor();
        let page = visitor.get("/projects/pond").expect(200).says("Play in the browser").says("support");
        let html = page.html();
        let (play, website, funding) = (html.find("href=\"https://play.example/pond\""), html.find("href=\"https://pond.example/\""), html.find("href=\"https://fund.example/odile\""));
        assert!(play < website && website < funding && play.is_some(), "the order of the links");
        assert!(html.contains("PlayAction") && html.contains("DonateAction") && html.contains("\"sameAs\""), "JSON-LD");
        visitor.get("/projects?platform=web").expect(200).says("Pond");
        visitor.get("/search?q=pond&platform=web").expect(200).says("Ducks on a");
        visitor.get("/search?q=pond&platform=linux").expect(200).does_not_say("Ducks on a");
        for bad in ["javascript:alert(1)", "play.example", "https://ann:secret@play.example"] {
            for field in ["link_play", "link_funding"] {
                odile.post("/projects/new", &[("title", "X"), ("summary", "Y"), ("kind", "game"), (field, bad)]).expect(422).says("An address starts with").keeps(bad);
            }
        }
    }
}
