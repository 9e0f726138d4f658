//! Becoming a member, coming back, leaving; and what a thief or a guesser meets.

use crate::support::*;
use diesel::prelude::*;
use potluck_models::schema::{links, sessions, users};

const CHOSEN: &str = "an odd lamp near the river";

fn sign_up<'a>(site: &'a Site, name: &str) -> Client<'a> {
    let client = site.visitor();
    let answer = client.submit(
        "/signup",
        "/signup",
        &[
            ("username", name),
            ("email", &format!("{name}@example.org")),
            ("password", CHOSEN),
        ],
    );
    assert_eq!(answer.leads_to(), "/confirm", "{}", answer.words());
    client
}

fn confirm(client: &Client, link: &str) -> Answer {
    client.submit(link, "/confirm", &[])
}

fn log_in(client: &Client, login: &str, password: &str) -> Answer {
    client.submit(
        "/login",
        "/login",
        &[("login", login), ("password", password)],
    )
}

/// Somebody who went through all of it.
fn joined<'a>(site: &'a Site, name: &str) -> Client<'a> {
    let client = sign_up(site, name);
    let link = site.link(&site.letter("confirm", name), "/confirm");
    confirm(&client, &link).expect(303);
    log_in(&client, name, CHOSEN).expect(303);
    client
}

on_both! {
    fn a_newcomer_signs_up_confirms_and_logs_in_by_name_and_by_address(site) {
        let ann = site.visitor();
        let answer = ann.submit("/signup", "/signup", &[("username", "Ann"), ("email", "Ann@Example.org"), ("password", CHOSEN)]);
        let sent = answer.expect(303).location().unwrap().to_owned();
        // On loopback the page names the very file.
        ann.get(&sent).expect(200).says("confirm-ann-");
        let letter = site.letter("confirm", "ann");
        assert!(letter.contains("To: Ann@Example.org"), "{letter}");
        assert!(letter.contains("Auto-Submitted: auto-generated"), "{letter}");
        let link = site.link(&letter, "/confirm");

        // A mail scanner opens the link: nothing changes.
        let scanner = site.visitor();
        scanner.get(&link).expect(200);
        scanner.get(&link).expect(200);
        assert_eq!(site.count("users WHERE confirmed_at IS NOT NULL"), 0);
        confirm(&ann, &link).expect(303);
        assert_eq!(site.count("users WHERE confirmed_at IS NOT NULL"), 1);
        // Used up.
        assert!(ann.get(&link).expect(200).forms().iter().all(|form| !form.html.contains("name=\"token\"")));

        log_in(&ann, "ann", CHOSEN).expect(303);
        assert!(ann.is_logged_in());
        let again = site.visitor();
        log_in(&again, " ANN@example.ORG ", CHOSEN).expect(303);
        assert!(again.is_logged_in());
    }

    fn the_password_is_stored_as_argon2id_and_the_cookie_hashed(site) {
        let ann = joined(site, "ann");
        let phc: String = site.db(|db| users::table.select(users::password_hash).first(db));
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        let token = ann.cookie("potluck").expect("a session");
        assert!(token.len() >= 32);
        let stored: Vec<String> = site.db(|db| sessions::table.select(sessions::token_hash).load(db));
        assert!(!stored.contains(&token));
        let links: Vec<String> = site.db(|db| links::table.select(links::token_hash).load(db));
        assert!(links.iter().all(|hash| hash.len() == 64));
    }

    fn logging_out_ends_the_session_on_the_server(site) {
        let ann = joined(site, "ann");
        let thief = ann.copy();
        assert!(thief.is_logged_in());
        ann.get("/logout").expect(404);
        assert!(ann.is_logged_in(), "GET must not log out");
        ann.post("/logout", &[]).expect(303);
        assert!(!ann.is_logged_in());
        assert!(!thief.is_logged_in(), "the old cookie still opens the door");
        assert_eq!(thief.get("/account").leads_to(), "/login");
    }

    fn a_session_that_was_planted_before_log_in_is_worth_nothing(site) {
        site.member("ann");
        let planted = "f".repeat(64);
        let ann = site.visitor();
        ann.set_cookie("potluck", &planted);
        log_in(&ann, "ann", PASSWORD).expect(303);
        assert_ne!(ann.cookie("potluck"), Some(planted.clone()));
        let thief = site.visitor();
        thief.set_cookie("potluck", &planted);
        assert!(!thief.is_logged_in());
    }

    fn logging_in_again_ends_the_session_before(site) {
        let ann = joined(site, "ann");
        let before = ann.copy();
        // The log-in page leads a member on, so the form is sent as it stands.
        let token = ann.csrf();
        ann.post_raw("/login", &[("csrf", &token), ("login", "ann"), ("password", CHOSEN)], &[]).expect(303);
        assert!(ann.is_logged_in());
        assert!(!before.is_logged_in());
    }

    fn a_weak_password_is_refused_with_a_reason_and_the_rest_is_kept(site) {
        let visitor = site.visitor();
        let long = "x".repeat(1025);
        for (weak, says) in [
            ("", "at least 10"),
            ("ninechars", "at least 10"),
            ("passwordpassword", "among the first"),
            ("potluckpotluck123", "among the first"),
            ("1234567890", "among the first"),
            ("marguerite", "among the first"),
            ("marguerite1", "among the first"),
            (&long, "at most 1024"),
        ] {
            let fields = [("username", "marguerite"), ("email", "m@example.org"), ("password", weak)];
            let answer = visitor.submit("/signup", "/signup", &fields);
            assert_eq!(answer.status, 422, "{weak:?} was taken");
            let answer = answer.says(says);
            let html = answer.html();
            assert!(html.contains("value=\"marguerite\"") && html.contains("value=\"m@example.org\""));
            assert!(["", "marguerite"].contains(&weak) || !html.contains(weak), "the password is on the page");
        }
        assert_eq!(site.count("users"), 0);
    }

    fn any_letters_make_a_password_and_all_of_it_counts(site) {
        let client = site.visitor();
        let password = format!("{}🦆 é b", "spoon lamp ".repeat(6));
        let fields = [("username", "ann"), ("email", "ann@example.org"), ("password", password.as_str())];
        client.submit("/signup", "/signup", &fields).expect(303);
        let link = site.link(&site.letter("confirm", "ann"), "/confirm");
        confirm(&client, &link).expect(303);
        let other = format!("{}c", password.strip_suffix('b').unwrap());
        log_in(&client, "ann", &other).expect(422);
        log_in(&client, "ann", &password).expect(303);
    }

    fn a_password_of_a_megabyte_is_refused_quickly(site) {
        let visitor = site.visitor();
        let token = visitor.csrf();
        let huge = "x".repeat(500_000);
        let start = std::time::Instant::now();
        visitor.post_raw("/login", &[("csrf", &token), ("login", "ann"), ("password", &huge)], &[]).expect(422);
        visitor.post_raw("/signup", &[("csrf", &token), ("username", "ann"), ("email", "a@example.org"), ("password", &huge)], &[]).expect(422);
        assert!(start.elapsed().as_secs() < 5);
        let huge = "x".repeat(1_000_000);
        // Cut off while it is still being sent: the answer may not be heard.
        if let Ok(answer) = visitor.try_send("POST", "/login", &[("content-type", "application/x-www-form-urlencoded")], format!("csrf={token}&password={huge}").as_bytes()) {
            assert_eq!(answer.status, 413);
        }
        visitor.get("/login").expect(200);
    }

    fn a_taken_address_answers_as_a_new_one_does(site) {
        site.member("ann");
        let first = site.visitor().submit("/signup", "/signup", &[("username", "other-one"), ("email", "ann@example.org"), ("password", CHOSEN)]);
        let second = site.visitor().submit("/signup", "/signup", &[("username", "other-two"), ("email", "new@example.org"), ("password", CHOSEN)]);
        assert_eq!((first.status, first.leads_to()), (second.status, second.leads_to()));
        let shape = |answer: &Answer, name: &str| {
            let there = answer.location().unwrap().to_owned();
            let words = site.visitor().get(&there).expect(200).words();
            let at = there.split('=').nth(1).unwrap().to_owned();
            words.replace(&at, "FILE").replace(name, "NAME")
        };
        assert_eq!(shape(&first, "other-one"), shape(&second, "other-two"));
        // The owner of the address is told.
        assert!(site.letter("confirm", "other-one").contains("You have an account"));
        assert_eq!(site.count("users WHERE email = 'ann@example.org'"), 1);
    }

    fn unknown_names_wrong_passwords_and_unknown_addresses_answer_alike(site) {
        site.member("ann");
        let words = |login: &str, password: &str| {
            let answer = log_in(&site.visitor(), login, password).expect(422);
            answer.words().replace(login, "LOGIN")
        };
        assert_eq!(words("ann", "not the right password"), words("nobody-here", "not the right password"));
        assert_eq!(words("ann", "x"), words("who@example.net", "x"));
        let reset = |email: &str| site.visitor().submit("/reset", "/reset", &[("email", email)]).expect(200).words();
        assert_eq!(reset("ann@example.org"), reset("who@example.net"));
        let confirm = |email: &str| site.visitor().submit("/confirm", "/confirm", &[("email", email)]).expect(200).words();
        assert_eq!(confirm("ann@example.org"), confirm("who@example.net"));
    }

    fn ten_sign_ups_an_hour_come_from_one_network(site) {
        for n in 0..10 {
            sign_up(site, &format!("guest-{n}"));
        }
        let eleventh = site.visitor().submit("/signup", "/signup", &[("username", "guest-x"), ("email", "x@example.org"), ("password", CHOSEN)]);
        let eleventh = eleventh.expect(429);
        let wait: u64 = eleventh.header("retry-after").expect("Retry-After").parse().unwrap();
        assert!((3_000..=3_601).contains(&wait), "{wait}");
        assert!(eleventh.words().contains("Try again in"), "{}", eleventh.words());
        assert_eq!(site.count("users"), 10);
        // An hour later.
        let at = potluck_models::now() - chrono::Duration::minutes(61);
        site.db(|db| diesel::update(potluck_models::schema::hits::table).set(potluck_models::schema::hits::at.eq(at)).execute(db));
        sign_up(site, "guest-x");
    }

    fn a_header_that_names_another_address_escapes_no_limit(site) {
        for n in 0..10 {
            sign_up(site, &format!("guest-{n}"));
        }
        let visitor = site.visitor();
        let token = visitor.csrf();
        let fields = [("csrf", token.as_str()), ("username", "guest-x"), ("email", "x@example.org"), ("password", CHOSEN)];
        for header in ["x-forwarded-for", "forwarded", "x-real-ip"] {
            visitor.post_raw("/signup", &fields, &[(header, "203.0.113.7")]).expect(429);
        }
    }

    fn guessing_is_slowed_and_the_owner_gets_in_later(site) {
        site.member("ann");
        let guesser = site.visitor();
        for n in 0..20 {
            log_in(&guesser, "ann", &format!("a wrong guess {n}")).expect(422);
        }
        let stopped = log_in(&guesser, "Ann", PASSWORD).expect(429);
        assert!(stopped.header("retry-after").is_some());
        assert!(!guesser.is_logged_in());
        // Somebody else from there still gets in.
        site.member("bob");
        log_in(&site.visitor(), "bob", PASSWORD).expect(303);
        let at = potluck_models::now() - chrono::Duration::minutes(16);
        site.db(|db| diesel::update(potluck_models::schema::hits::table).set(potluck_models::schema::hits::at.eq(at)).execute(db));
        log_in(&guesser, "ann", PASSWORD).expect(303);
        assert!(guesser.is_logged_in());
    }

    fn a_reset_link_works_once_within_an_hour_and_ends_all_sessions(site) {
        let ann = site.member("ann");
        let elsewhere = site.visitor();
        elsewhere.submit("/reset", "/reset", &[("email", "ann@example.org")]).expect(200);
        let link = site.link(&site.letter("reset", "ann"), "/reset");
        let shown = elsewhere.get(&link).expect(200);
        assert_eq!(shown.header("referrer-policy"), Some("no-referrer"));
        elsewhere.submit(&link, "/reset", &[("password", "short")]).expect(422);
        assert!(ann.is_logged_in());
        let answer = elsewhere.submit(&link, "/reset", &[("password", CHOSEN)]).expect(303);
        assert_eq!(answer.leads_to(), "/login");
        assert!(!elsewhere.is_logged_in(), "a reset link must not log in by itself");
        assert!(!ann.is_logged_in(), "the sessions before must end");
        log_in(&elsewhere, "ann", PASSWORD).expect(422);
        log_in(&elsewhere, "ann", CHOSEN).expect(303);
        assert!(site.letter("password", "ann").contains("was changed"));

        // Used once.
        let late = site.visitor();
        let token = late.csrf();
        let (_, secret) = link.split_once("token=").unwrap();
        late.post_raw("/reset", &[("csrf", &token), ("token", secret), ("password", "another odd lamp here")], &[]).expect(422);
        log_in(&site.visitor(), "ann", CHOSEN).expect(303);
    }

    fn a_reset_link_is_dead_after_an_hour_and_after_the_next_one(site) {
        site.member("ann");
        let ann = site.visitor();
        ann.submit("/reset", "/reset", &[("email", "ann@example.org")]).expect(200);
        let first = site.link(&site.letter("reset", "ann"), "/reset");
        ann.submit("/reset", "/reset", &[("email", "ann@example.org")]).expect(200);
        let second = wait_for("the second letter", || site.letters("reset", "ann").into_iter().map(|letter| site.link(&letter, "/reset")).find(|link| *link != first));
        ann.get(&first).expect(200).says("too old");
        let lifetime: chrono::NaiveDateTime = site.db(|db| links::table.filter(links::purpose.eq("reset")).select(links::expires_at).first(db));
        let minutes = (lifetime - potluck_models::now()).num_minutes();
        assert!((50..=60).contains(&minutes), "{minutes}");
        let past = potluck_models::now() - chrono::Duration::seconds(1);
        site.db(|db| diesel::update(links::table).set(links::expires_at.eq(past)).execute(db));
        ann.get(&second).expect(200).says("too old");
    }

    fn strangers_cannot_fill_a_mailbox(site) {
        site.member("ann");
        for _ in 0..8 {
            site.visitor().submit("/reset", "/reset", &[("email", "ann@example.org")]).expect(200);
        }
        wait_for("the queue of mail to be empty", || (site.count("jobs WHERE kind NOT IN ('notice', 'notices')") == 0).then_some(()));
        assert_eq!(site.letters("reset", "ann").len(), 3);
    }

    fn the_setup_link_makes_one_administrator(site) {
        let (token, _) = setup_token(site);
        let ada = site.visitor();
        let path = format!("/setup/{token}");
        ada.submit(&path, &path, &[("username", "ada"), ("email", "ada@example.org"), ("password", "short")]).expect(422);
        ada.submit(&path, &path, &[("username", "ada"), ("email", "ada@example.org"), ("password", CHOSEN)]).expect(303);
        assert!(ada.is_logged_in());
        ada.get("/admin").expect(200);
        assert_eq!(site.user("ada").role, potluck_models::account::Role::Admin);
        let late = site.visitor();
        late.get(&path).expect(404);
        let csrf = late.csrf();
        late.post_raw(&path, &[("csrf", &csrf), ("username", "eve"), ("email", "e@example.org"), ("password", CHOSEN)], &[]).expect(404);
        assert_eq!(site.count("users"), 1);
    }

    fn the_setup_link_ends_with_any_administrator(site) {
        let (token, _) = setup_token(site);
        let path = format!("/setup/{token}");
        let visitor = site.visitor();
        visitor.get(&path).expect(200);
        let form = visitor.get(&path).form(&path);
        site.admin("odile");
        visitor.get(&path).expect(404);
        visitor.fill_in(&form, &[("username", "thief"), ("email", "t@example.org"), ("password", CHOSEN)]).expect(404);
        assert_eq!(site.count("users"), 1);
        // The next start forgets the link.
        let pools = potluck_models::db::Pools::open(site.database_url()).unwrap();
        assert!(potluck::server::setup_link(&site.app, &pools).unwrap().is_none());
        assert_eq!(site.count("links WHERE used_at IS NULL"), 0);
    }

    fn what_is_typed_into_the_log_in_is_stored_nowhere(site) {
        site.member("ann");
        let visitor = site.visitor();
        log_in(&visitor, "my secret by mistake", "ann").expect(422);
        assert_eq!(site.count("hits WHERE bucket LIKE '%secret%'"), 0);
        assert_eq!(site.count("hits WHERE bucket LIKE 'login:%'"), 1);
        // Longer than any address: a wrong log-in that looks for nobody.
        log_in(&visitor, &"x".repeat(255), "ann").expect(422);
        assert_eq!(site.count("hits WHERE bucket LIKE 'login:%'"), 1);
        assert_eq!(site.count("hits WHERE bucket LIKE 'login-from:%'"), 2);
    }

    fn an_administrator_takes_up_a_letter_that_was_given_up(site) {
        use potluck_models::schema::jobs;
        let ada = site.admin("ada");
        let letter = potluck::mail::Letter::reset("Potluck", "http://x.example", "ann", "ann@example.org", "t0ken");
        let at = potluck_models::now();
        let dead = (
            jobs::kind.eq("mail"),
            jobs::payload.eq(serde_json::to_string(&letter).unwrap()),
            jobs::run_at.eq(at),
            jobs::created_at.eq(at),
            jobs::attempts.eq(12),
            jobs::last_error.eq("535 no"),
            jobs::dead_at.eq(at),
        );
        let id: i64 = site.db(|db| diesel::insert_into(jobs::table).values(dead).returning(jobs::id).get_result(db));
        ada.get("/admin/jobs").expect(200).says("535 no").does_not_say("t0ken");
        let path = format!("/admin/jobs/{id}/retry");
        ada.post(&path, &[]).expect(303);
        assert!(site.letter("reset", "ann").contains("t0ken"));
        wait_for("the queue of mail to be empty", || (site.count("jobs WHERE kind NOT IN ('notice', 'notices')") == 0).then_some(()));
        ada.post(&path, &[]).expect(404);
    }

    fn two_who_use_the_setup_link_at_once_make_one_administrator(site) {
        let (token, _) = setup_token(site);
        let path = format!("/setup/{token}");
        std::thread::scope(|scope| {
            for name in ["ada", "eve"] {
                let path = &path;
                scope.spawn(move || {
                    let client = site.visitor();
                    let csrf = client.csrf();
                    let email = format!("{name}@example.org");
                    client.post_raw(path, &[("csrf", &csrf), ("username", name), ("email", &email), ("password", CHOSEN)], &[])
                });
            }
        });
        assert_eq!(site.count("users WHERE role = 'admin'"), 1);
        assert_eq!(site.count("users"), 1);
    }

    fn extra_fields_make_nobody_an_admin(site) {
        let ann = site.visitor();
        let fields = [("username", "ann"), ("email", "ann@example.org"), ("password", CHOSEN), ("role", "admin"), ("confirmed_at", "2020-01-01"), ("id", "1")];
        ann.submit("/signup", "/signup", &fields).expect(303);
        let user = site.user("ann");
        assert_eq!(user.role, potluck_models::account::Role::Member);
        assert!(!user.is_confirmed());
    }

    fn names_that_look_alike_or_speak_for_the_site_are_refused(site) {
        site.member("odile");
        let visitor = site.visitor();
        for name in ["odi1e", "admin", "ab", "with space", "аnn-cyrillic", "line\nbreak", "x".repeat(26).as_str()] {
            let fields = [("username", name), ("email", "x@example.org"), ("password", CHOSEN)];
            visitor.submit("/signup", "/signup", &fields).expect(422);
        }
        assert_eq!(site.count("users"), 1);
    }

    fn a_changed_password_ends_the_other_sessions_and_tells_the_owner(site) {
        let ann = joined(site, "ann");
        let phone = site.visitor();
        log_in(&phone, "ann", CHOSEN).expect(303);
        ann.post("/account", &[("current_password", "not mine at all"), ("password", "a brand new odd phrase")]).expect(422);
        assert!(phone.is_logged_in());
        ann.post("/account", &[("current_password", CHOSEN), ("password", "a brand new odd phrase")]).expect(303);
        assert!(ann.is_logged_in());
        assert!(!phone.is_logged_in());
        site.letter("password", "ann");
        log_in(&phone, "ann", "a brand new odd phrase").expect(303);
    }

    fn a_member_ends_one_session_or_all_others(site) {
        let ann = joined(site, "ann");
        let (phone, tablet) = (site.visitor(), site.visitor());
        log_in(&phone, "ann", CHOSEN).expect(303);
        log_in(&tablet, "ann", CHOSEN).expect(303);
        let bob = site.member("bob");
        let bobs: i64 = site.db(|db| sessions::table.filter(sessions::user_id.eq(site_user(db, "bob")?)).select(sessions::id).first(db));
        ann.post("/account/sessions", &[("session", &bobs.to_string())]).expect(303);
        assert!(bob.is_logged_in(), "another's session cannot be ended");
        ann.post("/account/sessions", &[("others", "1")]).expect(303);
        assert!(ann.is_logged_in());
        assert!(!phone.is_logged_in() && !tablet.is_logged_in());
    }

    fn sessions_end_after_two_weeks_of_silence_and_after_ninety_days(site) {
        let ann = site.member("ann");
        let ago = |days: i64| potluck_models::now() - chrono::Duration::days(days);
        assert!(ann.is_logged_in());
        site.db(|db| diesel::update(sessions::table).set(sessions::seen_at.eq(ago(15))).execute(db));
        assert!(!ann.is_logged_in());
        site.db(|db| diesel::update(sessions::table).set((sessions::seen_at.eq(ago(0)), sessions::expires_at.eq(ago(1)))).execute(db));
        assert!(!ann.is_logged_in());
    }

    fn an_unconfirmed_member_is_asked_to_confirm(site) {
        site.maker("odile");
        let una = site.unconfirmed("una");
        let duck = site.project("odile", "Duck racer");
        let answer = una.post(&duck.comments(), &[("body", "I typed this with care and love.")]);
        answer.expect(403).says("Confirm your e-mail address first").keeps("I typed this with care and love.");
    }

    fn log_in_leads_back_and_never_away(site) {
        site.member("ann");
        let ann = site.visitor();
        let asked = ann.get("/account").expect(303);
        assert_eq!(asked.location(), Some("/login?next=%2Faccount"));
        let form = ann.get(asked.location().unwrap()).form("/login");
        let answer = ann.fill_in(&form, &[("login", "ann"), ("password", PASSWORD)]);
        assert_eq!(answer.expect(303).location(), Some("/account"));
        for evil in ["//evil.example", "/\\evil.example", "https:evil.example", "https://evil.example/", "/a\r\nSet-Cookie: x=y"] {
            let thief = site.visitor();
            let token = thief.csrf();
            let fields = [("csrf", token.as_str()), ("login", "ann"), ("password", PASSWORD), ("next", evil)];
            assert_eq!(thief.post_raw("/login", &fields, &[]).expect(303).location(), Some("/"), "{evil:?}");
        }
    }

    fn letters_link_to_the_site_whatever_the_host_header_says(site) {
        site.member("ann");
        let thief = site.visitor();
        let token = thief.csrf();
        // Not from loopback's name: refused, or answered with our own address in the letter.
        let answer = thief.post_raw("/reset", &[("csrf", &token), ("email", "ann@example.org")], &[("host", "evil.example")]);
        assert!(answer.status == 200 || answer.status == 403 || answer.status == 400, "{}", answer.status);
        if answer.status == 200 {
            let letter = site.letter("reset", "ann");
            assert!(!letter.contains("evil.example"), "{letter}");
        }
    }
}

fn site_user(
    db: &mut potluck_models::db::Db,
    name: &str,
) -> diesel::QueryResult<potluck_models::db::UserId> {
    users::table
        .filter(users::username.eq(name))
        .select(users::id)
        .first(db)
}

/// What the first start prints.
fn setup_token(site: &Site) -> (String, String) {
    let pools = potluck_models::db::Pools::open(site.database_url()).unwrap();
    let link = potluck::server::setup_link(&site.app, &pools)
        .unwrap()
        .expect("no administrator yet");
    let (start, token) = link.rsplit_once("/setup/").expect("a link");
    (token.to_owned(), start.to_owned())
}

#[test]
fn the_first_start_prints_no_link_once_there_is_an_administrator() {
    let site = Site::start(Database::Sqlite, Options::default());
    let (_, start) = setup_token(&site);
    assert_eq!(start, site.url(""));
    site.admin("ada");
    let pools = potluck_models::db::Pools::open(site.database_url()).unwrap();
    assert!(
        potluck::server::setup_link(&site.app, &pools)
            .unwrap()
            .is_none()
    );
}
