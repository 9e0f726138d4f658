//! Profiles: what people say of themselves takes the intake as every text does, and moderators can
//! take it away and bring it back.

use crate::elsewhere::{Elsewhere, Reply};
use crate::support::*;
use diesel::prelude::*;
use image::{ImageFormat, Rgb, RgbImage};
use potluck_models::db::ItemId;
use potluck_models::gravatar::{self, Came, Claim};
use potluck_models::item::{Kind, State};
use potluck_models::schema::items;
use std::io::Cursor;

const PAGE: &str = "/account/profile";
const BIO: &str = "I make **small** racing games with bad physics and good fruit.";

/// The item of somebody's profile.
fn profile(site: &Site, name: &str) -> ItemId {
    let user = site.user(name);
    site.db(|db| {
        items::table
            .filter(
                items::author_id
                    .eq(user.id)
                    .and(items::kind.eq(Kind::Profile)),
            )
            .select(items::id)
            .first(db)
    })
}

/// By the form, as a browser sends it.
fn write(client: &Client, fields: &[(&str, &str)]) -> Answer {
    client.submit(PAGE, PAGE, fields)
}

fn verdict(client: &Client, site: &Site, name: &str, verdict: &str) -> Answer {
    let item = format!("profile:{}", profile(site, name));
    client.post(
        "/moderation/verdicts",
        &[("item", &item), ("verdict", verdict), ("reason", "unkind")],
    )
}

fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    RgbImage::from_pixel(width, height, Rgb([200, 90, 40]))
        .write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png)
        .expect("a picture is drawn");
    bytes
}

on_both! {
    fn what_people_say_of_themselves_is_read_on_their_page(site) {
        let ann = site.regular("ann");
        let all = [
            ("display_name", "Ann of the Ponds"), ("bio", BIO), ("link_github", "@ann-ponds"),
            ("link_mastodon", "ann@pond.example"), ("link_website", "ponds.example"),
        ];
        write(&ann, &all).expect(303);
        let page = site.visitor().get("/people/ann").expect(200).says("Ann of the Ponds").says("small racing games");
        let html = page.html();
        assert!(html.contains("<strong>small</strong>"), "the words are no Markdown");
        for link in ["https://github.com/ann-ponds", "https://pond.example/@ann", "https://ponds.example/"] {
            assert!(
                html.contains(&format!("href=\"{link}\" rel=\"me nofollow ugc noopener\"")),
                "no link to {link}"
            );
        }
        // The form shows what is stored, and saving it unchanged makes no second text.
        let html = ann.get(PAGE).expect(200).html();
        assert!(html.contains("value=\"https://github.com/ann-ponds\"") && html.contains(BIO));
        let before = site.count("revisions");
        write(&ann, &all).expect(303);
        assert_eq!(site.count("revisions"), before);
        // Taken away again, all of it.
        let nothing: Vec<(&str, &str)> = ["display_name", "bio", "link_github", "link_mastodon", "link_website"]
            .iter().map(|field| (*field, "")).collect();
        write(&ann, &nothing).expect(303);
        site.visitor().get("/people/ann").expect(200).does_not_say("of the Ponds").does_not_say("racing");
        assert_eq!(site.state(profile(site, "ann")), State::Deleted);
        write(&ann, &[("bio", "Back again, with a boat.")]).expect(303);
        site.visitor().get("/people/ann").expect(200).says("with a boat").does_not_say("racing");
    }

    fn the_first_links_of_a_newcomer_wait_for_a_moderator(site) {
        let new = site.member("nia");
        write(&new, &[("bio", "I am new here and like ducks.")]).expect(303);
        site.visitor().get("/people/nia").says("like ducks");
        let held = write(&new, &[("link_website", "cheap-watches.example")]).expect(303);
        assert!(held.location().unwrap().contains("said=profile-waiting"));
        let html = site.visitor().get("/people/nia").says("like ducks").html();
        assert!(!html.contains("cheap-watches"), "a link that nobody let through");
        let own = new.get(PAGE).expect(200).says("waits for a moderator");
        assert!(own.html().contains("https://cheap-watches.example/"));
        let mona = site.moderator("mona");
        mona.get("/moderation/held").expect(200).says("first profile with links");
        mona.get("/moderation/held?kind=profile").expect(200).says("cheap-watches.example");
        verdict(&mona, site, "nia", "ham").expect(303);
        assert!(site.visitor().get("/people/nia").html().contains("https://cheap-watches.example/"));
    }

    fn a_verdict_hides_a_profile_and_its_undo_shows_it_again(site) {
        let ann = site.regular("ann");
        write(&ann, &[("display_name", "Ann Pond"), ("bio", BIO), ("link_github", "ann-p")]).expect(303);
        let mona = site.moderator("mona");
        for (word, state) in [("spam", State::Spam), ("remove", State::Removed)] {
            verdict(&mona, site, "ann", word).expect(303);
            assert_eq!(site.state(profile(site, "ann")), state);
            let html = site.visitor().get("/people/ann").expect(200).does_not_say("Ann Pond").html();
            assert!(!html.contains("racing games") && !html.contains("github.com/ann-p"), "{word} leaves it");
            // A moderator reads it where they decide on people.
            mona.get("/moderation/people/ann").expect(200).says("racing games");
            let batch = site.count("batches");
            mona.post(&format!("/moderation/batches/{batch}/undo"), &[]).expect(303);
            let html = site.visitor().get("/people/ann").says("Ann Pond").says("racing games").html();
            assert!(html.contains("github.com/ann-p"), "the undo of {word} brings no link back");
        }
    }

    fn spam_looks_held_to_its_person(site) {
        let ann = site.regular("ann");
        write(&ann, &[("bio", BIO)]).expect(303);
        verdict(&site.moderator("mona"), site, "ann", "spam").expect(303);
        let page = ann.get(PAGE).expect(200).says("This waits for a moderator").does_not_say("spam");
        assert!(page.html().contains("racing games"));
        // Writing on goes on waiting.
        write(&ann, &[("bio", "Another text, quite harmless.")]).expect(303);
        site.visitor().get("/people/ann").does_not_say("quite harmless");
    }

    fn who_was_removed_writes_anew_and_a_moderator_looks_first(site) {
        let ann = site.regular("ann");
        write(&ann, &[("bio", "Something quite rude about everybody here.")]).expect(303);
        let mona = site.moderator("mona");
        verdict(&mona, site, "ann", "remove").expect(303);
        ann.get(PAGE).expect(200).says("A moderator removed this");
        write(&ann, &[("bio", "Sorry. I like ducks, really.")]).expect(303);
        site.visitor().get("/people/ann").does_not_say("ducks").does_not_say("rude");
        assert_eq!(site.state(profile(site, "ann")), State::Held);
        mona.get("/moderation/held").says("removed before");
        // Clearing it is no way round, either.
        write(&ann, &[("bio", "")]).expect(303);
        assert_eq!(site.state(profile(site, "ann")), State::Deleted);
        write(&ann, &[("bio", "Sorry. I like ducks, really.")]).expect(303);
        assert_eq!(site.state(profile(site, "ann")), State::Held);
        site.visitor().get("/people/ann").does_not_say("ducks").does_not_say("rude");
        verdict(&mona, site, "ann", "ham").expect(303);
        site.visitor().get("/people/ann").says("I like ducks").does_not_say("rude");
        // Who was let through again writes on as everybody does.
        write(&ann, &[("bio", "I like geese, too.")]).expect(303);
        site.visitor().get("/people/ann").says("geese");
    }

    fn what_people_put_away_is_no_fresh_start_when_it_is_cleared(site) {
        let ann = site.regular("ann");
        let state_anew = || {
            write(&ann, &[("bio", "")]).expect(303);
            write(&ann, &[("bio", "I like ducks, really.")]).expect(303);
            site.state(profile(site, "ann"))
        };
        write(&ann, &[("bio", BIO)]).expect(303);
        verdict(&site.moderator("mona"), site, "ann", "spam").expect(303);
        assert_eq!(state_anew(), State::Held);
        // What the filter alone did, it judges anew.
        let robot = site.db(potluck_models::account::User::robot);
        site.sql(&format!("UPDATE verdicts SET by_id = {robot}"));
        assert_eq!(state_anew(), State::Published);
    }

    fn a_ban_takes_the_profile_away_with_the_rest(site) {
        let ann = site.regular("ann");
        write(&ann, &[("display_name", "Buy Pills Ann"), ("bio", BIO)]).expect(303);
        let mona = site.moderator("mona");
        let page = "/moderation/people/ann/ban";
        let form = mona.get(page).expect(200).form(page);
        mona.fill_in(&form, &[("reason", "Sells pills."), ("away", "spam"), ("sure", "1")]).expect(303);
        site.visitor().get("/people/ann").does_not_say("Buy Pills").does_not_say("racing");
    }

    fn an_edit_that_waits_leaves_what_was_read_before(site) {
        let ann = site.regular("ann");
        write(&ann, &[("display_name", "Ann Pond"), ("bio", "I like ducks.")]).expect(303);
        let mona = site.moderator("mona");
        let page = "/moderation/people/ann/hold";
        let form = mona.get(page).expect(200).form(page);
        let until = (potluck_models::now() + chrono::Duration::days(9)).format("%Y-%m-%d").to_string();
        mona.fill_in(&form, &[("reason", "We look first."), ("texts", "3"), ("until", &until)]).expect(303);
        write(&ann, &[("display_name", "Ann Lake"), ("bio", "I like geese.")]).expect(303);
        site.visitor().get("/people/ann").says("Ann Pond").says("ducks").does_not_say("geese");
        ann.get(PAGE).says("readers see what they saw before").says("geese");
        verdict(&mona, site, "ann", "ham").expect(303);
        site.visitor().get("/people/ann").says("Ann Lake").says("geese").does_not_say("ducks");
        let batch = site.count("batches");
        mona.post(&format!("/moderation/batches/{batch}/undo"), &[]).expect(303);
        site.visitor().get("/people/ann").says("Ann Pond").does_not_say("geese");
    }

    fn nobody_poses_as_somebody_else(site, limits_off) {
        let ann = site.regular("ann");
        site.regular("odile");
        let mona = site.moderator("mona");
        write(&mona, &[("display_name", "Mona the Moderator")]).expect(303);
        for posing in [
            "Moderator", "MODERATOR", "m o d e r a t o r", "Моdеrаtоr", "The Admin", "Site Staff", "ModeratorAnn",
            "Potluck", "Support", "Odile", "0dile", "od\u{200B}ile", "OdiIe", "Mona", "Mona the Mоderator",
        ] {
            let answer = write(&ann, &[("display_name", posing), ("bio", BIO)]);
            assert_eq!(answer.status, 422, "{posing} is let through");
            assert!(answer.html().contains("id=\"display_name-error\""), "{posing}: no message at the field");
            answer.keeps(BIO);
        }
        for fine in ["Ann", "ANN", "Badminton Fan", "Odette", "雪野ゆき", "عمر", "Ann (she)", "O’Neill-Ønskeskyen"] {
            write(&ann, &[("display_name", fine)]).expect(303);
        }
    }

    fn hostile_input_is_answered_beside_the_field(site, limits_off) {
        let ann = site.regular("ann");
        let long = "w".repeat(1_000);
        let longer = "w".repeat(1_001);
        for (field, typed) in [
            ("display_name", longer.as_str()), ("display_name", "🍕"), ("display_name", "Z\u{30d}\u{30e}\u{304}\u{305}"),
            ("bio", &longer), ("link_website", "javascript:alert(1)"), ("link_github", "https://evil.example/ann"),
            ("link_mastodon", "ann"), ("link_itch", "<script>"), ("link_twitter", &long), ("link_youtube", "a b"),
        ] {
            let answer = write(&ann, &[(field, typed)]).expect(422);
            assert!(answer.html().contains(&format!("id=\"{field}-error\"")), "{field}: {typed}");
        }
        ann.post(PAGE, &[("bio", "a\0b")]).expect(400).says("NUL");
        write(&ann, &[("display_name", "\u{202E}ecilA\u{2066}"), ("bio", &format!("<script>alert(1)</script> [x](javascript:alert(1)) {}", "w".repeat(900)))])
            .expect(303);
        let html = site.visitor().get("/people/ann").expect(200).html();
        assert!(!html.contains('\u{202E}') && !html.contains('\u{2066}') && html.contains("ecilA"));
        assert!(!html.contains("javascript:") && !html.contains("<script>alert"));
    }

    fn a_picture_is_square_and_goes_with_the_profile(site, limits_off) {
        let ann = site.regular("ann");
        ann.upload("/account/avatar", &[], b"no picture").expect(422).says("not a picture");
        ann.upload("/account/avatar", &[], &png(300, 120)).expect(303);
        let face = |site: &Site| site.user("ann").avatar;
        let file = face(site).expect("readers see it");
        let (key, extension) = file.split_once('.').unwrap();
        let path = format!("/files/{key}-face.{extension}");
        assert!(site.visitor().get("/people/ann").html().contains(&path));
        let seen = site.visitor().get(&path).expect(200);
        let size = image::load_from_memory(&seen.bytes).expect("a picture");
        assert_eq!((size.width(), size.height()), (256, 256));
        // Nothing else changed: no name, no words.
        write(&ann, &[("display_name", "Ann Pond")]).expect(303);
        assert_eq!(face(site).as_deref(), Some(file.as_str()));
        let mona = site.moderator("mona");
        verdict(&mona, site, "ann", "remove").expect(303);
        assert_eq!(face(site), None);
        site.visitor().get(&path).expect(404);
        ann.get(&path).expect(200);
        mona.get(&path).expect(200);
        verdict(&mona, site, "ann", "restore").expect(303);
        assert_eq!(face(site).as_deref(), Some(file.as_str()));
        // Another takes its place, and none takes that.
        ann.upload("/account/avatar", &[], &png(90, 90)).expect(303);
        assert_ne!(face(site).as_deref(), Some(file.as_str()));
        mona.get(&path).expect(404);
        ann.post("/account/avatar", &[("remove", "1")]).expect(303);
        assert_eq!((face(site), site.count("pictures")), (None, 0));
        site.visitor().get("/people/ann").says("Ann Pond");
    }

    fn a_reported_profile_is_read_on_its_card(site) {
        let ann = site.regular("ann");
        write(&ann, &[("display_name", "Ann Pond"), ("bio", BIO), ("link_website", "ponds.example")]).expect(303);
        let bob = site.regular("bob");
        bob.post("/people/ann/report", &[("reason", "spam")]).expect(303);
        let mona = site.moderator("mona");
        verdict(&mona, site, "ann", "spam").expect(303);
        mona.get("/moderation/people").expect(200).says("Ann Pond").says("racing games").says("https://ponds.example/");
        mona.post("/moderation/people/ann/reports", &[("outcome", "acted")]).expect(303);
        bob.get("/account/reports").says("the profile of ann");
    }

    fn what_its_person_took_away_is_erased_after_its_time(site) {
        let ann = site.regular("ann");
        write(&ann, &[("bio", BIO)]).expect(303);
        write(&ann, &[("bio", "")]).expect(303);
        site.sql("UPDATE items SET erase_at = '2020-01-01 00:00:00' WHERE erase_at IS NOT NULL");
        site.db(potluck_models::item::erase_deleted);
        assert_eq!(site.count("revisions WHERE content LIKE '%racing%'"), 0);
        write(&ann, &[("bio", "Here again.")]).expect(303);
        site.visitor().get("/people/ann").says("Here again");
    }

    fn an_unconfirmed_or_suspended_person_is_told_before_and_after(site) {
        let una = site.unconfirmed("una");
        una.get(PAGE).expect(200).says("onfirm");
        una.post(PAGE, &[("bio", BIO)]).expect(403).keeps(BIO);
        una.upload("/account/avatar", &[], &png(9, 9)).expect(403);
        assert_eq!(site.count("items WHERE kind = 'profile'"), 0);
    }

    fn gravatar_is_asked_only_where_the_site_says_so(site, limits_off) {
        let there = Elsewhere::of(site, &[gravatar::HOST]);
        let at = |name: &str| {
            let url = gravatar::url(&site.user(name).email);
            url.trim_start_matches("https://").split('?').next().unwrap().to_owned()
        };
        let face = |name: &str| site.user(name).avatar;
        let ada = site.admin("ada");
        let setting = |on: &str| ada.submit("/admin/settings", "/admin/settings", &[("gravatar", on)]).expect(303);
        let (ann, bob) = (site.regular("ann"), site.regular("bob"));
        there.put(&at("ann"), Reply::Bytes(png(200, 200)));
        there.put(&at("bob"), Reply::Bytes(b"no picture".to_vec()));
        site.visitor().get("/privacy").expect(200).does_not_say("gravatar.com");
        bob.upload("/account/avatar", &[], &png(90, 90)).expect(303);
        let own = face("bob");
        assert_eq!(there.all_asked(), 0, "off by default");
        setting("1");
        let file = wait_for("the picture of Gravatar", || face("ann"));
        let (key, extension) = file.split_once('.').unwrap();
        let path = format!("/files/{key}-face.{extension}");
        site.visitor().get(&path).expect(200);
        assert!(site.visitor().get("/people/ann").html().contains(&path), "from here, not from there");
        site.visitor().get("/privacy").says("gravatar.com");
        ann.get("/account/profile").says("your Gravatar account");
        assert_eq!(face("bob"), own, "who brought one is not asked for");
        assert!(there.asked(&at("bob")).is_empty());
        // Saving a profile keeps it; a picture of their own comes before it.
        write(&ann, &[("display_name", "Ann Pond")]).expect(303);
        assert_eq!(face("ann").as_deref(), Some(file.as_str()));
        ann.upload("/account/avatar", &[], &png(50, 50)).expect(303);
        assert_ne!(face("ann").as_deref(), Some(file.as_str()));
        ann.post("/account/avatar", &[("remove", "1")]).expect(303);
        assert_eq!(face("ann").as_deref(), Some(file.as_str()));
        // Once more, and they want none at all.
        ann.post("/account/avatar", &[("remove", "1")]).expect(303);
        assert_eq!(face("ann"), None);
        site.visitor().get(&path).expect(404);
        setting("0");
        site.regular("una");
        let due: Vec<String> = site.db(gravatar::due).into_iter().map(|(_, email)| email).collect();
        let is_due = |name: &str| due.contains(&site.user(name).email);
        assert!(is_due("una"));
        assert!(!is_due("ann"), "who wants none is not asked for again");
        assert!(!is_due("bob"), "nor who brought one");
        assert_eq!((face("ann"), face("bob")), (None, own));
    }

    fn switching_gravatar_off_takes_its_pictures_away(site, limits_off) {
        let there = Elsewhere::of(site, &[gravatar::HOST]);
        let ada = site.admin("ada");
        let setting = |on: &str| ada.submit("/admin/settings", "/admin/settings", &[("gravatar", on)]).expect(303);
        site.regular("ann");
        let url = gravatar::url(&site.user("ann").email);
        let at = url.trim_start_matches("https://").split('?').next().unwrap();
        there.put(at, Reply::Bytes(png(80, 80)));
        setting("1");
        wait_for("the picture of Gravatar", || site.user("ann").avatar);
        setting("0");
        assert_eq!(site.user("ann").avatar, None);
        // Whatever is on its way in this moment: nobody is taken up any more, and what comes is dropped.
        assert_eq!(site.count("gravatars"), 0);
        let ann = site.user_id("ann");
        assert_eq!(site.db(|db| gravatar::claim(db, ann)), Claim::Off);
        let came = Came::Picture("a-key".into(), "webp".into(), (80, 80));
        let dropped = site.db(|db| gravatar::store(db, ann, &came));
        assert_eq!(dropped, Some(("a-key".into(), "webp".into())), "its files are to go");
        assert_eq!((site.user("ann").avatar, site.count("gravatars")), (None, 0));
    }

    fn one_process_of_several_asks_gravatar_for_somebody(site, limits_off) {
        site.regular("ann");
        let ann = site.user_id("ann");
        // Stored, and not yet known to this process, which would ask by itself.
        site.sql("INSERT INTO settings (key, value) VALUES ('gravatar', '1')");
        let claim = || site.db(|db| gravatar::claim(db, ann));
        let is_due = || site.db(gravatar::due).into_iter().any(|(user, _)| user == ann);
        assert!(is_due());
        assert_eq!((claim(), claim()), (Claim::Ours, Claim::Taken));
        assert!(!is_due());
        // Whoever took it up died, or got no answer: minutes later another may.
        let minutes_ago = (potluck_models::now() - chrono::Duration::days(30)).format("%Y-%m-%d %H:%M:%S");
        site.sql(&format!("UPDATE gravatars SET asked_at = '{minutes_ago}'"));
        assert!(is_due());
        assert_eq!(claim(), Claim::Ours);
        site.db(|db| gravatar::store(db, ann, &Came::Nothing));
        assert!(!is_due());
        site.sql("UPDATE gravatars SET asked_at = '2020-01-01 00:00:00', refused = TRUE");
        assert_eq!(claim(), Claim::Taken, "who wants none is not asked for again");
    }

    fn who_brought_a_picture_since_is_not_asked_for_again(site, limits_off) {
        let ann = site.regular("ann");
        site.regular("bob");
        site.unconfirmed("una");
        write(&ann, &[("bio", BIO)]).expect(303);
        ann.upload("/account/avatar", &[], &png(90, 90)).expect(303);
        site.sql("INSERT INTO gravatars (user_id, asked_at) SELECT id, '2020-01-01 00:00:00' FROM users WHERE username IN ('ann', 'bob', 'una')");
        let due: Vec<String> = site.db(gravatar::due).into_iter().map(|(_, email)| email).collect();
        let is_due = |name: &str| due.contains(&site.user(name).email);
        assert_eq!((is_due("ann"), is_due("bob"), is_due("una")), (false, true, false));
        // Neither while a moderator keeps it from readers.
        verdict(&site.moderator("mona"), site, "ann", "remove").expect(303);
        assert!(!site.db(gravatar::due).into_iter().any(|(user, _)| user == site.user_id("ann")));
    }

    fn the_privacy_page_knows_what_is_kept_of_feedback_and_following(site) {
        let page = site.visitor().get("/privacy").expect(200).says("What you follow").says("Favourites");
        page.says("Threads that you muted").says("Answers to what makers ask you").says("the keyed hash of the network beside each: 30 days");
    }
}
