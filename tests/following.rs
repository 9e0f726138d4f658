//! Following: who is told of what is new, once, and who is not; and muting.

use crate::support::*;
use diesel::prelude::*;
use potluck_models::account::User;
use potluck_models::db::{Db, SanctionId};
use potluck_models::item::State;
use potluck_models::moderation::sanction::{self, Order};
use potluck_models::schema::sanctions;
use potluck_models::{check, follow, now};
use std::sync::Barrier;
use std::time::{Duration, Instant};

/// Waits until everybody who follows is told.
fn settle(site: &Site) {
    wait_for("the followers to be told", || {
        (site.count("jobs WHERE kind IN ('followers', 'notices')") == 0).then_some(())
    });
}

fn told(site: &Site, name: &str) -> i64 {
    settle(site);
    let id = site.user(name).id;
    site.count(&format!(
        "notices WHERE user_id = {id} AND kind IN ('release', 'project')"
    ))
}

fn put_out(maker: &Client, duck: &Made, version: &str) {
    let new = format!("{}/releases/new", duck.path());
    maker
        .submit(
            &new,
            &new,
            &[
                ("version", version),
                ("notes", "Rounder laps, and a kinder duck."),
            ],
        )
        .expect(303);
}

/// Does something in a transaction that goes on until what another does beside it waits for that, or is
/// done. For PostgreSQL, where two write at once.
pub fn beside(
    site: &Site,
    act: impl FnOnce(&mut Db) -> QueryResult<()>,
    other: impl FnOnce() + Send,
) {
    #[derive(QueryableByName)]
    struct Waiting {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        n: i64,
    }
    std::thread::scope(|scope| {
        site.db(|db| {
            act(db)?;
            let other = scope.spawn(other);
            wait_for("the other to wait or to be done", || {
                let waiting: Waiting = diesel::sql_query(
                    "SELECT count(*) AS n FROM pg_locks w WHERE NOT w.granted AND pg_backend_pid() = ANY (pg_blocking_pids(w.pid))",
                )
                .get_result(db)
                .expect("the locks are read");
                (waiting.n > 0 || other.is_finished()).then_some(())
            });
            Ok(())
        });
    });
}

/// As a moderator bans somebody, in the midst of a transaction.
fn ban(db: &mut Db, name: &str) -> QueryResult<()> {
    let mona = User::by_username(db, "mona")?.expect("a moderator");
    let whom = User::by_username(db, name)?.expect("a member");
    let order = Order::Ban { away: None };
    sanction::impose(db, &mona, whom.id, &order, "They sell shoes here.").expect("they are banned");
    Ok(())
}

fn agrees(site: &Site) {
    for report in site.db(|db| check::run(db, false, |_| {})) {
        assert!(
            report.differs.is_empty(),
            "{}: {:?}",
            report.what,
            report.differs
        );
    }
}

#[test]
fn what_is_given_beside_a_ban_counts_for_nothing() {
    if !has_postgres() {
        return;
    }
    let site = Site::start(Database::Postgres, Options::default().limits_off());
    site.maker("odile");
    site.moderator("mona");
    let duck = site.project("odile", "Duck racer");
    for (name, act) in [
        ("bob", format!("{}/follow", duck.path())),
        ("cleo", format!("{}/favourite", duck.path())),
    ] {
        let client = site.member(name);
        let form = client.get(&duck.path()).expect(200).form(&act);
        beside(
            &site,
            |db| ban(db, name),
            move || {
                client.fill_in(&form, &[]);
            },
        );
    }
    // Their rows are there, for an undo of the ban.
    assert_eq!(site.count("project_follows") + site.count("favourites"), 2);
    assert_eq!(
        site.count("projects WHERE followers <> 0 OR favourites <> 0"),
        0
    );
    agrees(&site);
}

#[test]
fn who_reads_a_warning_beside_a_ban_is_banned() {
    if !has_postgres() {
        return;
    }
    let site = Site::start(Database::Postgres, Options::default().limits_off());
    let (mona, bob) = (site.moderator("mona"), site.member("bob"));
    let warn = "/moderation/people/bob/warn";
    mona.submit(warn, warn, &[("reason", "Please be kind to others.")])
        .expect(303);
    let form = bob.get("/account").expect(200).form("/account/warning");
    beside(
        &site,
        |db| ban(db, "bob"),
        move || {
            bob.fill_in(&form, &[]);
        },
    );
    assert_eq!(
        site.count("sanctions WHERE kind = 'warn' AND read_at IS NOT NULL"),
        1
    );
    assert_eq!(
        site.count("users WHERE username = 'bob' AND locked_out_until IS NOT NULL"),
        1
    );
    agrees(&site);
}

/// Two who send something in the same moment.
fn at_once(both: [(Client, String); 2], fields: &[(&str, &str)]) {
    let start = &Barrier::new(2);
    std::thread::scope(|scope| {
        for (client, path) in both {
            scope.spawn(move || {
                let csrf = client.csrf();
                let mut all = vec![("csrf", csrf.as_str())];
                all.extend(fields);
                start.wait();
                client.post_raw(&path, &all, &[]).expect(303);
            });
        }
    });
}

/// A project shared by the form, as makers do.
fn share(maker: &Client, title: &str) -> Made {
    let fields = [
        ("title", title),
        ("summary", "A small thing that floats"),
        ("description", "It floats, and sometimes it sings a little."),
        ("kind", "game"),
        ("tags", "duck, lake"),
        ("comment_policy", "members"),
    ];
    maker
        .submit("/projects/new", "/projects/new", &fields)
        .expect(303);
    maker.site.project_by_title(title).expect("it is there")
}

on_both! {
    fn a_new_release_of_what_one_follows_comes_once_by_however_many_ways(site, limits_off) {
        site.app.set_filter(None);
        let odile = site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let (bob, cleo) = (site.member("bob"), site.member("cleo"));
        // By the buttons of three pages.
        for path in [duck.path(), "/people/odile".into(), "/tags/duck".into()] {
            let follow = format!("{path}/follow");
            let form = bob.get(&path).expect(200).form(&follow);
            bob.fill_in(&form, &[]).expect(303);
            bob.get(&path).expect(200).says("Following");
        }
        assert!(site.visitor().get(&duck.path()).expect(200).html().contains("/login?next="));
        put_out(&odile, &duck, "1.3");
        assert_eq!((told(site, "bob"), told(site, "cleo"), told(site, "odile")), (1, 0, 0));
        bob.get("/inbox").expect(200).says("odile released 1.3 of Duck racer").says("Rounder laps");
        bob.get("/inbox?kind=follows").expect(200).says("released 1.3");
        bob.get("/inbox?kind=replies").expect(200).does_not_say("released 1.3");
        // Comments are no news, whatever is followed.
        site.comment("cleo", &duck, "A fine lap, this third one.");
        assert_eq!(told(site, "bob"), 1);
        // An edit of the release is none either.
        let edit = format!("{}/releases/1.3/edit", duck.path());
        odile.submit(&edit, &edit, &[("notes", "Rounder laps still.")]).expect(303);
        assert_eq!(told(site, "bob"), 1);
        let page = bob.get("/inbox").expect(200);
        let form = page.forms().into_iter().find(|form| form.hidden.iter().any(|(name, _)| name == "one"));
        let answer = bob.fill_in(&form.expect("a button"), &[]).expect(303);
        assert_eq!(answer.header("location"), Some(format!("{}/releases/1.3", duck.path()).as_str()));
        drop(cleo);
    }

    fn a_new_project_is_told_to_who_follows_its_maker_or_a_tag(site, limits_off) {
        site.app.set_filter(None);
        let odile = site.maker("odile");
        let (bob, cleo, dora) = (site.member("bob"), site.member("cleo"), site.member("dora"));
        site.project("odile", "Duck racer");
        bob.post("/people/odile/follow", &[]).expect(303);
        cleo.post("/tags/duck/follow", &[]).expect(303);
        // She follows, and does not want to read odile.
        dora.post("/people/odile/follow", &[]).expect(303);
        dora.post("/people/odile/ignore", &[]).expect(303);
        share(&odile, "Duck sailor");
        assert_eq!((told(site, "bob"), told(site, "cleo"), told(site, "dora"), told(site, "odile")), (1, 1, 0, 0));
        cleo.get("/inbox").expect(200).says("odile shared Duck sailor");
        // Nobody follows themselves, nor a tag that there is not.
        odile.post("/people/odile/follow", &[]).expect(403);
        odile.post("/tags/no-such-tag/follow", &[]).expect(404);
        cleo.post("/tags/duck/follow", &[("unfollow", "1")]).expect(303);
        share(&odile, "Duck rower");
        assert_eq!((told(site, "bob"), told(site, "cleo")), (2, 1));
    }

    fn drafts_unlisted_and_held_ones_are_told_of_when_they_are_published(site, limits_off) {
        site.app.set_filter(None);
        let odile = site.maker("odile");
        let bob = site.member("bob");
        bob.post("/people/odile/follow", &[]).expect(303);
        let fields = [
            ("title", "Duck sailor"), ("summary", "A small thing that floats"),
            ("description", "It floats, and sometimes it sings."), ("kind", "game"), ("comment_policy", "members"),
        ];
        let mut draft = fields.to_vec();
        draft.push(("draft", "1"));
        odile.submit("/projects/new", "/projects/new", &draft).expect(303);
        assert_eq!(told(site, "bob"), 0);
        let sailor = site.project_by_title("Duck sailor").expect("a draft");
        assert_eq!(site.state(sailor.id), State::Draft);
        let edit = format!("{}/edit", sailor.path());
        odile.submit(&edit, &edit, &fields).expect(303);
        assert_eq!((site.state(sailor.id), told(site, "bob")), (State::Published, 1));
        // What goes away unread takes its notice along; what comes back brings it back, once.
        site.put(sailor.id, State::Held);
        assert_eq!(told(site, "bob"), 0);
        site.put(sailor.id, State::Published);
        assert_eq!(told(site, "bob"), 1);
        // What became public long ago is no news when it comes back.
        site.sql("DELETE FROM notices");
        site.put(sailor.id, State::Held);
        site.sql(&format!("UPDATE items SET published_at = '2020-01-01 00:00:00' WHERE id = {}", sailor.id));
        site.db(|db| {
            let item = potluck_models::item::Item::find(db, sailor.id)?;
            let mut to = item.standing();
            to.state = State::Published;
            item.settle(db, to)
        });
        assert_eq!(told(site, "bob"), 0);
    }

    fn of_several_at_once_the_newest_is_the_news(site, limits_off) {
        site.app.set_filter(None);
        let odile = site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let bob = site.member("bob");
        put_out(&odile, &duck, "2.0");
        bob.post(&format!("{}/follow", duck.path()), &[]).expect(303);
        let new = format!("{}/releases/new", duck.path());
        odile.submit(&new, &new, &[("version", "1.0"), ("released_on", "2020-03-01")]).expect(303);
        assert_eq!(told(site, "bob"), 0);
        put_out(&odile, &duck, "2.1");
        assert_eq!(told(site, "bob"), 1);
        // While the project is not public, its releases are no news.
        site.put(duck.id, State::Held);
        bob.get("/inbox").expect(200).does_not_say("2.1");
        put_out(&odile, &duck, "2.2");
        assert_eq!(told(site, "bob"), 1);
    }

    fn a_list_shows_what_one_follows_and_lets_it_go(site, limits_off) {
        let odile = site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let bob = site.member("bob");
        bob.get("/account/following").expect(200).says("You follow nothing yet");
        for path in [duck.path(), "/people/odile".into(), "/tags/duck".into()] {
            bob.post(&format!("{path}/follow"), &[]).expect(303);
            bob.post(&format!("{path}/follow"), &[]).expect(303);
        }
        odile.get(&duck.path()).expect(200).says("One person follows it").does_not_say("bob");
        odile.get("/people/odile").expect(200).says("One person follows you");
        site.visitor().get("/people/odile").expect(200).does_not_say("follows you");
        let page = bob.get("/account/following").expect(200).says("Duck racer").says("odile").says("duck");
        for path in [duck.path(), "/people/odile".into(), "/tags/duck".into()] {
            let form = page.form(&format!("{path}/follow"));
            bob.fill_in(&form, &[("unfollow", "1")]).expect(303);
        }
        bob.get("/account/following").expect(200).says("You follow nothing yet");
        odile.get(&duck.path()).expect(200).does_not_say("follows it");
        assert_eq!(site.count("projects WHERE followers <> 0") + site.count("users WHERE followers <> 0"), 0);
    }

    fn a_ban_takes_follows_and_favourites_out_of_the_counts_and_its_undo_brings_them_back(site, limits_off) {
        site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let (bob, cleo) = (site.member("bob"), site.member("cleo"));
        for one in [&bob, &cleo] {
            one.post(&format!("{}/follow", duck.path()), &[]).expect(303);
            one.post("/people/odile/follow", &[]).expect(303);
            one.post(&format!("{}/favourite", duck.path()), &[]).expect(303);
        }
        let counts = || {
            (
                site.count(&format!("projects WHERE id = {} AND followers = 1 AND favourites = 1", duck.id)),
                site.count("users WHERE username = 'odile' AND followers = 1"),
            )
        };
        assert_eq!(counts(), (0, 0));
        let mona = site.moderator("mona");
        mona.submit("/moderation/people/bob/ban", "/moderation/people/bob/ban", &[("reason", "He sells shoes here."), ("sure", "1")]).expect(303);
        assert_eq!(counts(), (1, 1));
        assert!(site.db(|db| potluck_models::check::run(db, false, |_| {})).iter().all(|report| report.differs.is_empty()));
        let sanction = site.count("sanctions");
        mona.post(&format!("/moderation/sanctions/{sanction}/undo"), &[]).expect(303);
        assert_eq!(counts(), (0, 0));
        assert_eq!(site.count(&format!("projects WHERE id = {} AND followers = 2 AND favourites = 2", duck.id)), 1);
        // What is counted wrong is found, and mended if asked.
        site.sql("UPDATE projects SET followers = 7, favourites = 9");
        site.sql("UPDATE users SET followers = 5");
        let fixed = site.db(|db| potluck_models::check::run(db, true, |_| {}));
        assert!(fixed.iter().map(|report| report.differs.len()).sum::<usize>() >= 3);
        assert!(site.db(|db| potluck_models::check::run(db, false, |_| {})).iter().all(|report| report.differs.is_empty()));
        assert_eq!(site.count(&format!("projects WHERE id = {} AND followers = 2 AND favourites = 2", duck.id)), 1);
    }

    fn two_who_ban_people_that_follow_each_other_wait_for_no_one(site, limits_off) {
        site.maker("odile");
        let (duck, pie) = (site.project("odile", "Duck racer"), site.project("odile", "Plum pie"));
        let (mona, max) = (site.moderator("mona"), site.moderator("max"));
        let (bob, cleo) = (site.member("bob"), site.member("cleo"));
        for (one, other) in [(&bob, "cleo"), (&cleo, "bob")] {
            one.post(&format!("/people/{other}/follow"), &[]).expect(303);
            for made in [&duck, &pie] {
                one.post(&format!("{}/follow", made.path()), &[]).expect(303);
                one.post(&format!("{}/favourite", made.path()), &[]).expect(303);
            }
        }
        let counted = |n: i32| {
            site.count(&format!("projects WHERE followers = {n} AND favourites = {n} AND id IN ({}, {})", duck.id, pie.id))
        };
        for _ in 0..10 {
            let acts = |act: fn(&Site, &str) -> String| [(mona.copy(), act(site, "bob")), (max.copy(), act(site, "cleo"))];
            at_once(acts(|_, name| format!("/moderation/people/{name}/ban")), &[("reason", "They sell shoes here."), ("sure", "1")]);
            assert_eq!(counted(0), 2);
            at_once(
                acts(|site, name| {
                    let id = site.user_id(name);
                    let newest: SanctionId = site.db(|db| {
                        sanctions::table
                            .filter(sanctions::user_id.eq(id))
                            .order(sanctions::id.desc())
                            .select(sanctions::id)
                            .first(db)
                    });
                    format!("/moderation/sanctions/{newest}/undo")
                }),
                &[],
            );
            assert_eq!(counted(2), 2);
        }
        agrees(site);
    }

    fn a_tag_that_was_merged_is_followed_and_let_go_by_its_new_name(site, limits_off) {
        site.app.set_filter(None);
        let odile = site.maker("odile");
        share(&odile, "Duck sailor");
        let bob = site.member("bob");
        for tag in ["lake", "duck"] {
            bob.post(&format!("/tags/{tag}/follow"), &[]).expect(303);
        }
        let mona = site.moderator("mona");
        // One after the other: the name of a name.
        for (tag, into) in [("lake", "pond"), ("pond", "duck")] {
            mona.submit("/moderation/tags", "/moderation/tags", &[("tag", tag), ("into", into)]).expect(303);
        }
        let page = bob.get("/account/following").expect(200);
        let lets_go = |tag: &str| page.html().matches(&format!("/tags/{tag}/follow")).count();
        assert_eq!((lets_go("lake"), lets_go("pond"), lets_go("duck")), (0, 0, 1), "each once, by the name in use");
        bob.fill_in(&page.form("/tags/duck/follow"), &[("unfollow", "1")]).expect(303);
        bob.get("/account/following").expect(200).says("You follow nothing yet");
        assert_eq!(site.count("tag_follows"), 0);
        // Followed under the name of before alone, the button of the new one says so, and either lets it go.
        let id = site.user_id("bob");
        for name in ["duck", "lake"] {
            site.sql(&format!("INSERT INTO tag_follows (user_id, tag, created_at) VALUES ({id}, 'lake', '2026-01-01 00:00:00')"));
            let follows = || bob.get("/tags/duck").expect(200).html().contains("name=\"unfollow\"");
            assert!(follows());
            bob.post(&format!("/tags/{name}/follow"), &[("unfollow", "1")]).expect(303);
            assert_eq!(site.count("tag_follows"), 0, "{name}");
            assert!(!follows());
        }
    }

    fn who_muted_a_thread_is_told_of_it_no_more_until_they_want_to(site, limits_off) {
        let odile = site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        let (ann, bob) = (site.regular("ann"), site.regular("bob"));
        let talk = |words: &str| {
            ann.post(&duck.comments(), &[("body", words)]).expect(303);
            settle(site);
        };
        talk("The first lap is short, @bob.");
        talk("The second one, too, @bob.");
        let mute = format!("{}/mute", duck.path());
        let unread = |name: &str| {
            let id = site.user(name).id;
            site.count(&format!("notices WHERE user_id = {id} AND read_at IS NULL"))
        };
        assert_eq!(unread("bob"), 2);
        // Ten answers in one thread are one row that unfolds.
        let page = bob.get("/inbox").expect(200).says("2 new").says("All 2").says("first lap").says("second one");
        bob.fill_in(&page.form(&mute), &[]).expect(303);
        assert_eq!(unread("bob"), 0);
        talk("And what of the third, @bob?");
        assert_eq!(unread("bob"), 0);
        assert!(unread("odile") > 0, "she did not mute it");
        bob.get("/account/following").expect(200).says("Threads you muted").says("Duck racer");
        let form = bob.get(&duck.path()).expect(200).says("You are told of this thread no more").form(&mute);
        bob.fill_in(&form, &[("hear", "1")]).expect(303);
        talk("The fourth is the best, @bob.");
        assert_eq!(unread("bob"), 1);
        let comment = site.comment_saying("The fourth").unwrap();
        bob.get(&format!("/comments/{comment}")).expect(200).says("Stop telling me of this thread");
        // A group is read at once, with what was there when the page was.
        let page = odile.get("/inbox").expect(200);
        let group = page.forms().into_iter().find(|form| form.hidden.iter().any(|(name, _)| name == "on")).expect("a group");
        talk("Came in between, for the maker.");
        odile.fill_in(&group, &[]).expect(303);
        let fresh = site.comment_saying("Came in between").unwrap();
        let id = site.user("odile").id;
        assert_eq!(site.count(&format!("notices WHERE user_id = {id} AND read_at IS NULL AND comment_id = {fresh}")), 1);
        let others = site.count(&format!(
            "notices n JOIN items i ON i.id = n.comment_id WHERE n.user_id = {id} AND n.read_at IS NULL AND i.project_id = {}", duck.id));
        assert_eq!(others, 1);
    }

    fn a_heated_thread_calls_nobody_back(site, limits_off) {
        let odile = site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        site.regular("ann");
        let bad = site.comment("ann", &duck, "This is not a kind thing to say at all.");
        settle(site);
        for name in ["bob", "cleo", "dora"] {
            let reader = site.regular(name);
            let report = format!("/comments/{bad}/report");
            reader.submit(&report, &report, &[("reason", "unkind")]).expect(303);
        }
        settle(site);
        site.sql("DELETE FROM notices");
        // Its maker writes on, and names people; it is published, and nobody is called.
        odile.post(&duck.comments(), &[("body", "Let us all have some tea, @bob and @cleo.")]).expect(303);
        settle(site);
        assert_eq!(site.state(site.comment_saying("some tea").unwrap()), State::Published);
        assert_eq!(site.count("notices"), 0);
    }
}

/// Accounts that follow, made straight in the database.
fn crowd(site: &Site, many: i64, duck: &Made) {
    let at = now().format("%Y-%m-%d %H:%M:%S");
    let numbers = match site.database {
        Database::Sqlite => format!(
            "(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {many}) SELECT n FROM c)"
        ),
        Database::Postgres => format!("generate_series(1, {many}) AS s(n)"),
    };
    site.sql(&format!(
        "INSERT INTO users (username, username_key, email, email_key, confirmed_at, password_hash, role, network, created_at) \
         SELECT 'f' || n, 'f' || n, 'f' || n || '@example.org', 'f' || n || '@example.org', '{at}', '', 'member', '', '{at}' FROM {numbers}"
    ));
    site.sql(&format!(
        "INSERT INTO project_follows (user_id, project_id, created_at, counts) \
         SELECT id, {}, '{at}', TRUE FROM users WHERE username LIKE 'f%'",
        duck.id
    ));
    site.sql(&format!(
        "UPDATE projects SET followers = {many} WHERE id = {}",
        duck.id
    ));
}

/// The figure of the issue: says how long it took.
fn ten_thousand_followers(database: Database) {
    const MANY: i64 = 10_000;
    let site = Site::start(database, Options::default().limits_off());
    site.app.set_filter(None);
    let odile = site.maker("odile");
    let duck = site.project("odile", "Duck racer");
    crowd(&site, MANY, &duck);
    let new = format!("{}/releases/new", duck.path());
    let form = odile.get(&new).expect(200).form(&new);
    let start = Instant::now();
    odile
        .fill_in(&form, &[("version", "1.3"), ("notes", "Rounder laps.")])
        .expect(303);
    let answered = start.elapsed();
    wait_for("all to be told", || {
        (site.count("notices WHERE kind = 'release'") == MANY).then_some(())
    });
    let all = start.elapsed();
    settle(&site);
    assert_eq!(site.count("notices WHERE kind = 'release'"), MANY);
    say_aloud(&format!(
        "{database:?}: a release for 10,000 followers answered in {answered:?}, all told after {all:?}"
    ));
    assert!(all < Duration::from_secs(30));
}

#[test]
fn ten_thousand_followers_are_told_on_sqlite() {
    ten_thousand_followers(Database::Sqlite);
}

#[test]
fn ten_thousand_followers_are_told_on_postgres() {
    if has_postgres() {
        ten_thousand_followers(Database::Postgres);
    }
}

on_both! {
    fn a_telling_that_was_cut_off_goes_on_where_it_was(site, limits_off) {
        site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        crowd(site, 1_200, &duck);
        site.sql("DELETE FROM notices");
        // As the job does it, by hand: after a step the process dies, and the step before is done again.
        let first = follow::Telling { item: duck.id, after: potluck_models::db::UserId(0) };
        let second = site.db(|db| follow::step(db, first)).expect("there are more");
        assert_eq!(site.count("notices WHERE kind = 'project'"), 500);
        site.db(|db| follow::step(db, first));
        assert_eq!(site.count("notices WHERE kind = 'project'"), 500);
        let third = site.db(|db| follow::step(db, second)).expect("there are more");
        assert_eq!(site.db(|db| follow::step(db, third)), None);
        assert_eq!(site.count("notices WHERE kind = 'project'"), 1_200);
        let people = site.count("(SELECT DISTINCT user_id FROM notices WHERE kind = 'project') told");
        assert_eq!(people, 1_200);
    }
}
