//! Reactions: given and taken back by plain forms, counted once, and never for one's own.

use crate::support::*;
use potluck_models::check;
use potluck_models::db::ItemId;
use potluck_models::item::State;
use potluck_models::reaction::{self, ReactError};
use potluck_models::settings::Settings;

const HEART: &str = "❤️";
const IDEA: &str = "💡";

pub fn react(client: &Client, item: ItemId, act: &str, sign: &str) -> Answer {
    client.post(&format!("/items/{item}/reactions"), &[(act, sign)])
}

fn counted(site: &Site, item: ItemId, sign: &str) -> i64 {
    let rows =
        |n: i64| format!("reaction_counts WHERE item_id = {item} AND sign = '{sign}' AND n = {n}");
    (0..20).find(|n| site.count(&rows(*n)) == 1).unwrap_or(0)
}

/// `potluck check` finds nothing to repair.
pub fn adds_up(site: &Site) {
    let reports = site.db(|db| check::run(db, false, |_| {}));
    for report in reports
        .iter()
        .filter(|report| !report.what.contains("models"))
    {
        assert!(
            report.differs.is_empty(),
            "{}: {:?}",
            report.what,
            report.differs
        );
    }
}

pub fn sanction(mona: &Client, whom: &str, act: &str) {
    let page = format!("/moderation/people/{whom}/{act}");
    let form = mona.get(&page).expect(200).form(&page);
    let fields = [
        ("reason", "An advert a minute."),
        ("away", "spam"),
        ("sure", "1"),
    ];
    mona.fill_in(&form, &fields).expect(303);
}

pub fn lift(site: &Site, mona: &Client) {
    let last = (1..100)
        .rev()
        .find(|id| site.count(&format!("sanctions WHERE id = {id}")) == 1);
    let path = format!("/moderation/sanctions/{}/undo", last.expect("a sanction"));
    mona.post(&path, &[]).expect(303);
}

/// Who may not react reads how many did, each sign with its word.
#[track_caller]
fn reads(site: &Site, page: &str, word: &str, n: usize) {
    let html = site.visitor().get(page).expect(200).html();
    let bar = html.split(&format!("title=\"{word}\">")).nth(1);
    let shown = bar.and_then(|rest| rest.split_once("</span>")?.1.split_once("</li>"));
    assert_eq!(
        shown.map(|(n, _)| n.parse()),
        Some(Ok(n)),
        "{word} in {html}"
    );
}

on_both! {
    fn a_member_reacts_by_a_form_and_takes_it_back(site) {
        site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let ann = site.member("ann");
        let action = format!("/items/{}/reactions", duck.id);
        let form = ann.get(&duck.path()).expect(200).form(&action);
        let answer = ann.fill_in(&form, &[("add", HEART)]).expect(303);
        assert_eq!(answer.location(), Some(format!("{}#reactions-{}", duck.path(), duck.id).as_str()));
        assert_eq!(counted(site, duck.id, HEART), 1);
        // Twice is once.
        react(&ann, duck.id, "add", HEART).expect(303);
        react(&ann, duck.id, "add", IDEA).expect(303);
        assert_eq!((counted(site, duck.id, HEART), counted(site, duck.id, IDEA)), (1, 1));
        reads(site, &duck.path(), "Love it", 1);
        site.visitor().get(&duck.path()).expect(200).does_not_say("Made me laugh");
        let html = ann.get(&duck.path()).expect(200).html();
        assert!(html.contains("name=\"remove\" value=\"❤️\" aria-pressed=\"true\""), "{html}");
        react(&ann, duck.id, "remove", HEART).expect(303);
        react(&ann, duck.id, "remove", HEART).expect(303);
        assert_eq!(counted(site, duck.id, HEART), 0);
        site.visitor().get(&duck.path()).expect(200).does_not_say("Love it");
        adds_up(site);
    }

    fn with_script_only_the_bar_comes_back(site) {
        site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let ann = site.member("ann");
        let path = format!("/items/{}/reactions", duck.id);
        let answer = ann.post(&path, &[("add", HEART), ("part", "1"), ("back", &duck.path())]).expect(200);
        let html = answer.says("Love it, 1").html();
        assert!(!html.contains("<html") && html.contains(&format!("id=\"reactions-{}\"", duck.id)));
        // Back stays on this site.
        let answer = ann.post(&path, &[("add", IDEA), ("back", "https://evil.example/")]).expect(303);
        assert!(answer.location().unwrap().starts_with("/#"), "{:?}", answer.location());
    }

    fn a_comment_in_a_thread_and_a_release_take_reactions_too(site, limits_off) {
        let odile = site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let ann = site.regular("ann");
        let bob = site.regular("bob");
        let id = site.comment("ann", &duck, "The corners are sharp, and I like them so.");
        react(&bob, id, "add", HEART).expect(303);
        // Those who made what it stands on may like what others say of it.
        react(&odile, id, "add", HEART).expect(303);
        assert_eq!(counted(site, id, HEART), 2);
        reads(site, &duck.path(), "Love it", 2);
        // Nobody their own words.
        react(&ann, id, "add", HEART).expect(403).says("You made this");
        let html = ann.get(&duck.path()).expect(200).html();
        assert!(!html.contains(&format!("action=\"/items/{id}/reactions\"")), "no form under one's own");
        odile.post(&format!("{}/releases/new", duck.path()), &[("version", "1.0")]).expect(303);
        let page = format!("{}/releases/1.0", duck.path());
        let form = bob.get(&page).expect(200).forms().into_iter().find(|form| form.action.ends_with("/reactions"));
        bob.fill_in(&form.expect("a bar under the release"), &[("add", IDEA)]).expect(303);
        reads(site, &page, "Gave me an idea", 1);
        adds_up(site);
    }

    fn nobody_reacts_to_what_their_team_made_or_where_they_are_kept_away(site) {
        let odile = site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        react(&odile, duck.id, "add", HEART).expect(403).says("You made this");
        let ann = site.member("ann");
        odile.post("/account/blocks", &[("username", "ann")]).expect(303);
        react(&ann, duck.id, "add", HEART).expect(403).says("take no reactions from you");
        react(&site.unconfirmed("uma"), duck.id, "add", HEART).expect(403).says("Confirm your e-mail address");
        let bob = site.member("bob");
        sanction(&site.moderator("mona"), "bob", "ban");
        react(&bob, duck.id, "add", HEART).expect(403);
        assert_eq!(site.count("reactions"), 0);
    }

    fn what_is_not_before_readers_takes_none(site) {
        site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        site.regular("ann");
        let bob = site.regular("bob");
        let held = site.waiting("ann", &duck, "A comment that waits for somebody.", State::Held);
        react(&bob, held, "add", HEART).expect(404);
        let gone = site.comment("ann", &duck, "A comment that is taken away later.");
        react(&bob, gone, "add", HEART).expect(303);
        site.put(gone, State::Removed);
        react(&bob, gone, "add", IDEA).expect(404);
        site.visitor().get(&duck.path()).expect(200).does_not_say("Love it");
        site.put(gone, State::Published);
        reads(site, &duck.path(), "Love it", 1);
        site.sql("UPDATE projects SET comment_policy = 'nobody'");
        react(&bob, gone, "add", IDEA).expect(403);
        site.put(duck.id, State::Removed);
        react(&bob, duck.id, "add", HEART).expect(404);
        react(&bob, ItemId(987_654), "add", HEART).expect(404);
        adds_up(site);
    }

    fn a_sign_that_is_not_offered_is_refused_and_one_withdrawn_stays(site) {
        site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let (ann, ada) = (site.member("ann"), site.admin("ada"));
        for bad in ["🦆", "x", "", "<b>"] {
            react(&ann, duck.id, "add", bad).expect(400);
        }
        react(&ann, duck.id, "add", HEART).expect(303);
        ada.submit("/admin/settings", "/admin/settings", &[("reactions", "👏 Well done, 🦆 Quack")]).expect(303);
        let bob = site.member("bob");
        react(&bob, duck.id, "add", HEART).expect(400);
        react(&bob, duck.id, "add", "🦆").expect(303);
        reads(site, &duck.path(), "Love it", 1);
        reads(site, &duck.path(), "Quack", 1);
        react(&ann, duck.id, "remove", HEART).expect(303);
        site.visitor().get(&duck.path()).expect(200).does_not_say("Love it");
        ada.submit("/admin/settings", "/admin/settings", &[("reactions", "nothing")]).expect(422).says("needs a word beside it");
        adds_up(site);
    }

    fn whoever_joins_the_makers_does_not_count_any_more(site) {
        let odile = site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let ann = site.member("ann");
        react(&ann, duck.id, "add", HEART).expect(303);
        odile.post(&format!("{}/makers", duck.path()), &[("invite", "ann")]).expect(303);
        ann.post(&format!("{}/invitation", duck.path()), &[("answer", "accept")]).expect(303);
        assert_eq!(counted(site, duck.id, HEART), 0);
        site.visitor().get(&duck.path()).expect(200).does_not_say("Love it");
        adds_up(site);
        ann.post(&format!("{}/leave", duck.path()), &[("sure", "1")]).expect(303);
        assert_eq!(counted(site, duck.id, HEART), 1);
        adds_up(site);
    }

    fn a_ban_takes_reactions_out_and_its_undo_brings_them_back(site) {
        site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let (ann, bob, mona) = (site.member("ann"), site.member("bob"), site.moderator("mona"));
        react(&ann, duck.id, "add", HEART).expect(303);
        react(&bob, duck.id, "add", HEART).expect(303);
        sanction(&mona, "ann", "ban");
        assert_eq!(counted(site, duck.id, HEART), 1);
        adds_up(site);
        lift(site, &mona);
        assert_eq!(counted(site, duck.id, HEART), 2);
        adds_up(site);
    }

    fn a_click_that_waited_for_a_ban_counts_no_more(site) {
        site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        site.member("ann");
        // As the request read her, before it waited.
        let ann = site.user("ann");
        sanction(&site.moderator("mona"), "ann", "ban");
        let given = site.db(|db| {
            let settings = Settings::load(db)?;
            Ok(reaction::give(db, &settings, true, &ann, duck.id, HEART))
        });
        assert!(matches!(given, Err(ReactError::Refused(_))), "{given:?}");
        assert_eq!(site.count("reactions"), 0);
    }

    fn a_script_is_slowed_down(site) {
        site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let ann = site.member("ann");
        let id = site.user_id("ann");
        for _ in 0..199 {
            site.db(|db| potluck_models::intake::limits::count(db, &format!("reactions:{id}"), 1_000, chrono::Duration::hours(1)))
                .expect("counted");
        }
        react(&ann, duck.id, "add", HEART).expect(303);
        let answer = react(&ann, duck.id, "remove", HEART).expect(429);
        assert!(answer.header("retry-after").is_some());
    }

    fn the_check_mends_counts_that_went_wrong(site) {
        site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let (ann, bob) = (site.member("ann"), site.member("bob"));
        react(&ann, duck.id, "add", HEART).expect(303);
        react(&bob, duck.id, "add", IDEA).expect(303);
        site.sql(&format!("UPDATE reaction_counts SET n = 7 WHERE sign = '{HEART}'; DELETE FROM reaction_counts WHERE sign = '{IDEA}'"));
        site.sql(&format!("UPDATE reactions SET counts = FALSE WHERE sign = '{HEART}'"));
        let found = site.db(|db| check::run(db, true, |_| {}));
        let differs: usize = found.iter().filter(|one| one.what.starts_with("reactions")).map(|one| one.differs.len()).sum();
        assert!(differs >= 3, "{found:?}");
        assert_eq!((counted(site, duck.id, HEART), counted(site, duck.id, IDEA)), (1, 1));
        adds_up(site);
    }
}
