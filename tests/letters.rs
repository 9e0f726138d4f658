//! Letters about what lies in inboxes: how often, each once, and how to end them. And of every letter that
//! the site sends: that it is mail by the book, in text and HTML.

use crate::browser::free_port;
use crate::kill::{random, up_again};
use crate::support::*;
use chrono::{Duration, NaiveDateTime};
use potluck::config::{Config, MailTo};
use potluck::mail::{Letter, Mailer};
use potluck_models::db::{ItemId, UserId};
use potluck_models::item::{Kind, State};
use potluck_models::mailing::{self, Bundle, Rate, Topic};
use potluck_models::moderation::digest::{Digest, Recipient, Waits};
use potluck_models::moderation::letters::{News, Notice as Verdicts, Text};
use potluck_models::moderation::measures::Intake;
use potluck_models::moderation::queue::Name;
use potluck_models::notice::Sort;
use potluck_models::settings::Settings;
use potluck_models::{inbox, now, secret};
use std::net::SocketAddr;
use std::path::Path;

/// Odile's project, and Bob, who follows it and wants letters at this rate.
fn follower<'a>(site: &'a Site, rate: &str) -> (Client<'a>, Made) {
    // These tests travel in time, and the pace of the sending does not go back.
    site.app.set_settings(Settings {
        letters_a_minute: 0,
        ..Settings::clone(&site.app.settings())
    });
    site.maker("odile");
    let duck = site.project("odile", "Duck racer");
    let bob = site.member("bob");
    bob.post(&format!("{}/follow", duck.path()), &[])
        .expect(303);
    wish(&bob, "follows", rate);
    (bob, duck)
}

fn wish(client: &Client, topic: &str, rate: &str) {
    let field = format!("mail_{topic}");
    let fields = [
        ("mentions", "1"),
        ("replies", "1"),
        ("comments", "1"),
        (field.as_str(), rate),
    ];
    client.post("/account/notices", &fields).expect(303);
}

fn tell(site: &Site, name: &str, sort: Sort, item: ItemId) {
    let id = site.user_id(name);
    site.db(|db| potluck_models::notice::tell(db, id, sort, item));
}

/// What the process does each second, at this time. Gives how many letters it queued.
fn look(site: &Site, at: NaiveDateTime) -> usize {
    actix_web::rt::System::new()
        .block_on(potluck::jobs::notices::write(&site.app, at))
        .expect("the letters are looked after")
}

fn sent(site: &Site, kind: &str, name: &str) -> usize {
    wait_for("the mail to go", || {
        (site.count("jobs WHERE kind = 'mail'") == 0).then_some(())
    });
    site.letters(kind, name).len()
}

/// So many releases of a project that somebody is to be told of, made straight in the database.
fn lie_in_wait(site: &Site, name: &str, of: &Made, many: i64, due_at: &str) {
    let numbers = match site.database {
        Database::Sqlite => format!(
            "(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {many}) SELECT n FROM c) AS numbers"
        ),
        Database::Postgres => format!("generate_series(1, {many}) AS numbers(n)"),
    };
    let (reader, maker) = (site.user_id(name), site.user_id("odile"));
    // The search is not to read them: they have no words.
    site.sql(&format!(
        "INSERT INTO items (kind, author_id, project_id, state, why, created_at, published_at) \
         SELECT 'release', {maker}, {}, 'published', 'made', '2026-01-01 00:00:00', '2026-01-01 00:00:00' FROM {numbers}; \
         DELETE FROM search_pending; \
         INSERT INTO notices (user_id, kind, comment_id, created_at, due_at) \
         SELECT {reader}, 'release', id, '2026-01-01 00:00:00', '{due_at}' FROM items WHERE why = 'made' ORDER BY id",
        of.id
    ));
}

fn way_out(letter: &str) -> String {
    let start = letter.find("/unsubscribe/").expect("a way out");
    letter[start..]
        .split(['>', '\r', '\n'])
        .next()
        .expect("an address")
        .to_owned()
}

on_both! {
    fn one_letter_a_day_tells_all_that_is_unread(site, limits_off) {
        let (bob, duck) = follower(site, "daily");
        let pie = site.project("odile", "Plum pie");
        for made in [&duck, &pie] {
            tell(site, "bob", Sort::Project, made.id);
        }
        assert_eq!(look(site, now()), 0, "not before its hour");
        let at = now() + Duration::days(1);
        assert_eq!((look(site, at), look(site, at)), (1, 0));
        assert_eq!(sent(site, "daily", "bob"), 1);
        let letter = site.letter("daily", "bob");
        assert!(letter.contains("Subject: Your day at Potluck: 2 new"), "{letter}");
        assert!(letter.contains("odile shared Duck racer:") && letter.contains("odile shared Plum pie:"), "{letter}");
        assert!(letter.contains(&format!("{}{}", site.app.url(), duck.path())), "{letter}");
        // What is read, gone, or written about is in no letter.
        let hen = site.project("odile", "Hen house");
        tell(site, "bob", Sort::Project, hen.id);
        site.put(hen.id, State::Held);
        assert_eq!(look(site, at + Duration::days(1)), 0);
        let last = site.project("odile", "Last of them");
        tell(site, "bob", Sort::Project, last.id);
        let form = bob.get("/inbox").expect(200).form("/inbox");
        bob.fill_in(&form, &[]).expect(303);
        assert_eq!(look(site, at + Duration::days(2)), 0);
        // One click ends the letter by the day, and nothing else.
        let stop = way_out(&letter);
        site.visitor().get(&stop).expect(200).says("End the letters that come once a day?");
        site.visitor().post_raw(&stop, &[("List-Unsubscribe", "One-Click")], &[]).expect(200);
        let id = site.user_id("bob");
        let chosen = site.db(|db| mailing::chosen(db, id));
        assert!(chosen.contains(&(Topic::Follows, Rate::Off)) && chosen.contains(&(Topic::Replies, Rate::Instant)), "{chosen:?}");
    }

    fn by_the_week_it_waits_for_monday_and_at_once_for_ten_minutes(site, limits_off) {
        let (bob, duck) = follower(site, "weekly");
        tell(site, "bob", Sort::Project, duck.id);
        assert_eq!(look(site, now() + Duration::minutes(11)), 0);
        let due = site.count("notices WHERE due_at IS NOT NULL");
        assert_eq!(due, 1);
        assert_eq!(look(site, now() + Duration::days(8)), 1);
        assert_eq!(sent(site, "weekly", "bob"), 1);
        let pie = site.project("odile", "Plum pie");
        tell(site, "bob", Sort::Project, pie.id);
        // What waits goes by the new wish.
        wish(&bob, "follows", "instant");
        assert_eq!(look(site, now()), 0);
        assert_eq!(look(site, now() + Duration::minutes(11)), 1);
        assert_eq!(sent(site, "notice", "bob"), 1);
        let hen = site.project("odile", "Hen house");
        tell(site, "bob", Sort::Project, hen.id);
        wish(&bob, "follows", "off");
        assert_eq!(look(site, now() + Duration::days(9)), 0);
        // Whoever cannot come in, or confirmed no address, is not written to.
        wish(&bob, "follows", "instant");
        tell(site, "bob", Sort::Release, duck.id);
        site.sql("UPDATE users SET locked_out_until = '2999-01-01 00:00:00' WHERE username = 'bob'");
        assert_eq!(look(site, now() + Duration::minutes(11)), 0);
    }

    fn a_letter_of_very_many_tells_of_the_newest_and_counts_the_rest(site, limits_off) {
        // More than SQLite takes numbers in one statement.
        const MANY: i64 = 33_000;
        let (_, duck) = follower(site, "weekly");
        lie_in_wait(site, "bob", &duck, MANY, "2026-01-02 07:00:00");
        let letter = site.letter("weekly", "bob");
        assert!(letter.contains(&format!("Subject: Your week at Potluck: {MANY} new")), "{letter}");
        let more = MANY - mailing::IN_LETTER as i64;
        assert!(plain_part(&letter).contains(&format!("And {more} more in your inbox.")), "{letter}");
        assert_eq!(plain_part(&letter).matches("odile released").count(), mailing::IN_LETTER);
        let bob = site.user_id("bob");
        assert_eq!(site.count(&format!("notices WHERE user_id = {bob} AND due_at IS NOT NULL")), 0);
        assert_eq!(site.count(&format!("notices WHERE user_id = {bob} AND mailed_at IS NOT NULL")), MANY);
    }

    fn of_letters_at_once_so_many_are_written_at_a_time_the_oldest_first(site, limits_off) {
        let (_, duck) = follower(site, "instant");
        let later = now() + Duration::hours(1);
        lie_in_wait(site, "bob", &duck, 50, &later.format("%Y-%m-%d %H:%M:%S").to_string());
        let at = now() + Duration::hours(2);
        assert_eq!(look(site, at), mailing::IN_LETTER);
        let left = "(SELECT id FROM notices WHERE due_at IS NOT NULL) AS left_over WHERE id <= (SELECT max(id) FROM notices WHERE mailed_at IS NOT NULL)";
        assert_eq!(site.count(left), 0, "the oldest went first");
        assert_eq!((look(site, at), look(site, at)), (10, 0));
        assert_eq!(sent(site, "notice", "bob"), 50);
    }

    fn wishes_of_before_there_were_topics_stay(site, limits_off) {
        site.member("bob");
        site.member("cleo");
        site.sql("UPDATE users SET tell_by_mail = FALSE WHERE username = 'cleo'");
        let of = |name: &str| {
            let id = site.user_id(name);
            site.db(|db| mailing::chosen(db, id))
        };
        for (topic, rate) in of("bob") {
            assert_eq!(rate, if topic == Topic::Follows { Rate::Off } else { Rate::Instant }, "{topic}");
        }
        assert!(of("cleo").iter().all(|(_, rate)| *rate == Rate::Off));
        // The address in a letter of before ends all of them.
        let (key, id) = (site.app.settings().key.clone(), site.user_id("bob"));
        let old = format!("notices-{id}-{}", secret::keyed(&key, &format!("unsubscribe:notices:{id}")));
        site.visitor().post_raw(&format!("/unsubscribe/{old}"), &[("List-Unsubscribe", "One-Click")], &[]).expect(200);
        assert!(of("bob").iter().all(|(_, rate)| *rate == Rate::Off));
        // And a letter that it queued is written still.
        let cleo = site.user_id("cleo");
        site.db(|db| mailing::choose(db, cleo, &[(Topic::Comments, Rate::Instant)]));
        site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        site.sql(&format!(
            "INSERT INTO notices (user_id, kind, comment_id, created_at) VALUES ({cleo}, 'comment', {}, '2026-01-01 00:00:00')", duck.id));
        site.sql(&format!(
            "INSERT INTO jobs (kind, payload, run_at, created_at) VALUES ('notice', '[{cleo},{}]', '2026-01-01 00:00:00', '2026-01-01 00:00:00')", duck.id));
        wait_for("its letter", || site.letters("notice", "cleo").pop());
    }

    fn so_many_go_in_a_minute_and_the_rest_in_time(site, limits_off) {
        site.maker("odile");
        let duck = site.project("odile", "Duck racer");
        site.app.set_settings(Settings { letters_a_minute: 60, ..Settings::clone(&site.app.settings()) });
        for n in 0..30 {
            let name = format!("reader{n}");
            site.member(&name);
            let id = site.user_id(&name);
            site.db(|db| mailing::choose(db, id, &[(Topic::Follows, Rate::Daily)]));
            tell(site, &name, Sort::Project, duck.id);
        }
        let at = now() + Duration::days(2);
        let mut all = 0;
        // A second after the other: one each.
        for second in 0..20 {
            all += look(site, at + Duration::seconds(second));
        }
        assert!((20..=21).contains(&all), "{all} in twenty seconds at sixty a minute");
        site.app.set_settings(Settings { letters_a_minute: 0, ..Settings::clone(&site.app.settings()) });
        while look(site, at + Duration::seconds(60)) > 0 {}
        wait_for("the mail to go", || (site.count("jobs WHERE kind = 'mail'") == 0).then_some(()));
        for n in 0..30 {
            assert_eq!(site.letters("daily", &format!("reader{n}")).len(), 1);
        }
    }
}

const READERS: usize = 150;

/// A daily letter to many, while the program dies again and again.
fn each_letter_goes_once(database: Database) {
    let mut site = Site::start(database, Options::default().limits_off());
    site.maker("odile");
    let duck = site.project("odile", "Duck racer");
    site.sql("INSERT INTO settings (key, value) VALUES ('letters_a_minute', '0')");
    for n in 0..READERS {
        site.member(&format!("reader{n}"));
    }
    site.sql("INSERT INTO mail_wishes (user_id, topic, rate) SELECT id, 'follows', 'daily' FROM users WHERE username LIKE 'reader%'");
    site.sql(&format!(
        "INSERT INTO notices (user_id, kind, comment_id, created_at, due_at) \
         SELECT id, 'project', {}, '2026-01-01 00:00:00', '2999-01-01 00:00:00' FROM users WHERE username LIKE 'reader%'", duck.id));
    let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
    site.hand_over(address);
    site.sql("UPDATE notices SET due_at = '2026-01-02 07:00:00'");
    let (mut rounds, mut cut_off) = (0, 0);
    loop {
        rounds += 1;
        assert!(rounds < 200, "it never ends");
        // What a process had taken up when it died waits five minutes for another.
        site.sql("UPDATE jobs SET run_at = '2026-01-01 00:00:00' WHERE kind = 'mail'");
        let mut running = up_again(&site, address);
        site.let_go();
        // Not a wait for something: the moment of death is drawn.
        std::thread::sleep(std::time::Duration::from_millis(50 + random(400)));
        running.kill();
        let left = site.count("notices WHERE due_at IS NOT NULL");
        let queued = site.count("jobs WHERE kind = 'mail'");
        if left + queued == 0 {
            break;
        }
        cut_off += usize::from(left < READERS as i64 || queued > 0);
    }
    let outbox = site.folder().join("outbox");
    let files: Vec<String> = std::fs::read_dir(outbox)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("daily-"))
        .collect();
    assert_eq!(files.len(), READERS, "one a reader");
    for n in 0..READERS {
        let start = format!("daily-reader{n}-");
        assert_eq!(
            files.iter().filter(|name| name.starts_with(&start)).count(),
            1,
            "{start}"
        );
    }
    assert!(cut_off > 0, "it died in the middle");
    say_aloud(&format!(
        "kill -9 in letters on {database:?}: {READERS} letters, each once, {cut_off} deaths in the middle"
    ));
}

#[test]
fn each_letter_goes_once_through_kill_9_on_sqlite() {
    each_letter_goes_once(Database::Sqlite);
}

#[test]
fn each_letter_goes_once_through_kill_9_on_postgres() {
    if has_postgres() {
        each_letter_goes_once(Database::Postgres);
    }
}

// --- mail by the book ---------------------------------------------------------------------------

/// A letter as a strict reader takes it apart.
struct Mail {
    headers: Vec<(String, String)>,
    text: String,
    html: String,
}

impl Mail {
    fn header(&self, name: &str) -> Option<&str> {
        let found: Vec<_> = self
            .headers
            .iter()
            .filter(|(one, _)| one.eq_ignore_ascii_case(name))
            .collect();
        assert!(found.len() <= 1, "{name} stands twice");
        found.first().map(|(_, value)| value.as_str())
    }
}

/// RFC 5322: lines end in CRLF and are short; headers are ASCII, unfolded here.
fn headers_and_body(raw: &str) -> (Vec<(String, String)>, &str) {
    let (head, body) = raw
        .split_once("\r\n\r\n")
        .expect("an empty line ends the headers");
    let mut headers: Vec<(String, String)> = Vec::new();
    for line in head.split("\r\n") {
        assert!(line.is_ascii() && !line.contains(['\r', '\n']), "{line:?}");
        assert!(line.len() <= 998, "a line of {} characters", line.len());
        if line.starts_with([' ', '\t']) {
            let last = headers.last_mut().expect("a header to go on with");
            last.1.push_str(line);
            continue;
        }
        let (name, value) = line.split_once(':').unwrap_or_else(|| panic!("{line:?}"));
        assert!(
            !name.is_empty() && name.bytes().all(|b| (33..=126).contains(&b)),
            "{name:?}"
        );
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    (headers, body)
}

/// RFC 2045: what an encoding hides.
fn decoded(body: &str, encoding: &str) -> String {
    let bytes = match encoding {
        "7bit" => {
            assert!(body.is_ascii() && body.split("\r\n").all(|line| line.len() <= 998));
            body.as_bytes().to_vec()
        }
        "quoted-printable" => {
            let mut bytes = Vec::new();
            for line in body.split("\r\n") {
                assert!(line.is_ascii() && line.len() <= 76, "{line:?}");
                let mut rest = line;
                let soft = rest.ends_with('=');
                rest = rest.strip_suffix('=').unwrap_or(rest);
                while let Some(at) = rest.find('=') {
                    bytes.extend(rest[..at].bytes());
                    bytes.push(u8::from_str_radix(&rest[at + 1..at + 3], 16).expect("two digits"));
                    rest = &rest[at + 3..];
                }
                bytes.extend(rest.bytes());
                if !soft {
                    bytes.extend(b"\r\n");
                }
            }
            bytes
        }
        "base64" => {
            let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
            let (mut bytes, mut kept, mut bits) = (Vec::new(), 0u32, 0);
            for line in body.split("\r\n") {
                assert!(line.len() <= 76, "{line:?}");
                for byte in line.bytes().filter(|byte| *byte != b'=') {
                    let value = letters
                        .iter()
                        .position(|letter| *letter == byte)
                        .expect("base64");
                    kept = (kept << 6 | value as u32) & 0xff_ffff;
                    bits += 6;
                    if bits >= 8 {
                        bits -= 8;
                        bytes.push((kept >> bits) as u8);
                    }
                }
            }
            bytes
        }
        other => panic!("no such encoding: {other}"),
    };
    String::from_utf8(bytes)
        .expect("UTF-8")
        .replace("\r\n", "\n")
        .trim_end()
        .to_owned()
}

/// Every tag that opens closes, in order.
fn well_formed(html: &str) {
    let mut open: Vec<String> = Vec::new();
    for rest in html.split('<').skip(1) {
        let tag = rest.split('>').next().expect("a tag ends");
        let name = tag.split([' ', '\n']).next().unwrap().to_lowercase();
        match name.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop().as_deref(), Some(name), "{html}"),
            None if ["!doctype", "meta", "br"].contains(&name.as_str()) => {}
            None => open.push(name),
        }
    }
    assert!(open.is_empty(), "{open:?} stay open in {html}");
    for bad in ["<script", "<img", "onerror", "javascript:"] {
        assert!(!html.contains(bad), "{bad} in {html}");
    }
}

/// A letter that is mail by the book, or a panic that says why not.
fn parse(raw: &str) -> Mail {
    assert!(
        !raw.replace("\r\n", "").contains(['\r', '\n']),
        "a bare CR or LF"
    );
    let (headers, body) = headers_and_body(raw);
    let mut mail = Mail {
        headers,
        text: String::new(),
        html: String::new(),
    };
    for name in [
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "MIME-Version",
        "Auto-Submitted",
        "Content-Type",
    ] {
        assert!(
            mail.header(name).is_some_and(|value| !value.is_empty()),
            "no {name} in {raw}"
        );
    }
    assert_eq!(mail.header("MIME-Version"), Some("1.0"));
    assert_eq!(mail.header("Auto-Submitted"), Some("auto-generated"));
    let date = mail.header("Date").unwrap().replace("GMT", "+0000");
    chrono::DateTime::parse_from_rfc2822(&date).expect("a date");
    let id = mail.header("Message-ID").unwrap();
    assert!(
        id.starts_with('<')
            && id.ends_with('>')
            && id.matches('@').count() == 1
            && !id.contains(' '),
        "{id}"
    );
    let kind = mail.header("Content-Type").unwrap();
    let boundary = kind
        .strip_prefix("multipart/alternative;")
        .and_then(|rest| rest.split_once("boundary="))
        .expect(kind)
        .1;
    let boundary = boundary.trim().trim_matches('"').to_owned();
    let between = format!("--{boundary}");
    let mut parts = body.split(&between);
    assert_eq!(
        parts.next().map(str::trim),
        Some(""),
        "nothing before the first part"
    );
    let parts: Vec<&str> = parts.collect();
    assert_eq!(parts.len(), 3, "two parts and an end");
    assert_eq!(parts[2].trim_end(), "--");
    let read = |part: &str, wanted: &str| {
        let part = part.strip_prefix("\r\n").expect("a line of its own");
        let part = part
            .strip_suffix("\r\n")
            .expect("a line end before the boundary");
        let (headers, body) = headers_and_body(part);
        let of = |name: &str| {
            headers
                .iter()
                .find(|(one, _)| one.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.clone())
        };
        assert_eq!(
            of("Content-Type").expect("a type"),
            format!("{wanted}; charset=utf-8")
        );
        decoded(
            body,
            &of("Content-Transfer-Encoding")
                .expect("an encoding")
                .to_lowercase(),
        )
    };
    // The plainest first, as RFC 2046 has it.
    (mail.text, mail.html) = (read(parts[0], "text/plain"), read(parts[1], "text/html"));
    well_formed(&mail.html);
    if let Some(stop) = mail.header("List-Unsubscribe") {
        let address = stop.trim_matches(['<', '>']);
        assert!(
            stop.starts_with("<https://") && mail.text.contains(address),
            "{stop}"
        );
        assert_eq!(
            mail.header("List-Unsubscribe-Post"),
            Some("List-Unsubscribe=One-Click")
        );
    }
    mail
}

const URL: &str = "https://potluck.example";

fn notice(sort: Sort, kind: Kind, title: &str) -> inbox::Notice {
    inbox::Notice {
        id: potluck_models::db::NoticeId(1),
        sort,
        at: chrono::DateTime::from_timestamp(1_790_000_000, 0)
            .unwrap()
            .naive_utc(),
        read: false,
        item: ItemId(12),
        kind,
        author: UserId(2),
        username: "odile".into(),
        display_name: "Odile".into(),
        avatar: None,
        place: ItemId(3),
        slug: "duck-racer".into(),
        title: title.into(),
        text: inbox::Text {
            excerpt: "Rounder laps <b>& a kinder</b> duck: https://elsewhere.example".into(),
            version: "1.3".into(),
        },
    }
}

/// One of each, as a site would send it.
fn every_kind(site: &Site) -> Vec<(&'static str, Letter)> {
    let (name, to) = ("vera", "vera@example.org");
    let person = potluck_models::account::User {
        username: name.into(),
        email: to.into(),
        ..site.user("vera")
    };
    let at = chrono::DateTime::from_timestamp(1_790_000_000, 0)
        .unwrap()
        .naive_utc();
    let stop = |what: &str| format!("{URL}/unsubscribe/{what}-1-00ff");
    let path = |notice: &inbox::Notice| format!("/projects/{}", notice.slug);
    let bundle = |rate, notices: Vec<inbox::Notice>, more| Bundle {
        to: person.clone(),
        rate,
        notices,
        more,
    };
    let reasons = potluck_models::moderation::reason::Reasons::default();
    let reason = reasons.find("unkind").expect("a reason");
    let verdicts = Verdicts {
        username: name.into(),
        email: to.into(),
        reason: "unkind".into(),
        more: 0,
        mixed: false,
        may_ask: true,
        texts: vec![Text {
            news: News::Removed,
            kind: Kind::Comment,
            path: "/comments/12".into(),
            title: "Duck racer".into(),
            words: "A word that was <i>not</i> kind,\nin two lines.".into(),
        }],
    };
    let digest = Digest {
        at,
        queues: vec![Waits {
            queue: Name::Held,
            items: 3,
            oldest: at - Duration::hours(5),
            new: 2,
        }],
        appeals: 1,
        people: 0,
        intake: Intake {
            texts: 40,
            published: 30,
            put_away: 5,
        },
        to: Vec::new(),
    };
    let recipient = Recipient {
        id: UserId(1),
        username: name.into(),
        email: to.into(),
    };
    vec![
        (
            "confirm",
            Letter::confirm("Potluck", URL, name, to, "t0k3n"),
        ),
        (
            "already-member",
            Letter::already_member("Potluck", URL, name, to),
        ),
        ("closed", Letter::closed("Potluck", name, to)),
        (
            "sanction",
            Letter::sanction(
                "Potluck",
                URL,
                name,
                to,
                "You cannot post until tomorrow.",
                "Too loud, <really>.",
            ),
        ),
        (
            "verdict",
            Letter::verdicts("Potluck", URL, &verdicts, Some(reason)),
        ),
        ("lifted", Letter::lifted("Potluck", URL, name, to)),
        (
            "block-lifted",
            Letter::block("Potluck", URL, name, to, "bob", false),
        ),
        (
            "block-stands",
            Letter::block("Potluck", URL, name, to, "bob", true),
        ),
        (
            "reported",
            Letter::reported(
                "Potluck",
                URL,
                name,
                to,
                &["- A comment on Duck racer: it was removed.".into()],
            ),
        ),
        (
            "appeal",
            Letter::appeal(
                "Potluck",
                URL,
                name,
                to,
                "comment on Duck racer",
                "It is public again.",
                "You were right.",
                &format!("{URL}/comments/12"),
            ),
        ),
        ("reset", Letter::reset("Potluck", URL, name, to, "t0k3n")),
        (
            "password-changed",
            Letter::password_changed("Potluck", URL, name, to),
        ),
        (
            "told",
            Letter::told(
                &person,
                "bob would like to join Duck racer".into(),
                "bob would like to join Duck racer, as an artist.",
                &format!("{URL}/projects/duck-racer/makers#asking"),
                &format!("{URL}/inbox"),
                stop("team"),
            ),
        ),
        (
            "notice",
            Letter::news(
                "Potluck",
                URL,
                &bundle(
                    Rate::Instant,
                    vec![notice(Sort::Reply, Kind::Comment, "Duck racer")],
                    0,
                ),
                path,
                stop("replies"),
            ),
        ),
        (
            "daily",
            Letter::news(
                "Potluck",
                URL,
                &bundle(
                    Rate::Daily,
                    vec![
                        notice(Sort::Release, Kind::Release, "Duck racer"),
                        notice(
                            Sort::Project,
                            Kind::Project,
                            "Entenrennen für Müßiggänger 🦆",
                        ),
                    ],
                    3,
                ),
                path,
                stop("daily"),
            ),
        ),
        (
            "weekly",
            Letter::news(
                "Potluck",
                URL,
                &bundle(
                    Rate::Weekly,
                    vec![notice(Sort::Mention, Kind::Comment, "سباق البط")],
                    0,
                ),
                path,
                stop("weekly"),
            ),
        ),
        (
            "digest",
            Letter::digest("Potluck", URL, &recipient, &digest, stop("digest")),
        ),
    ]
}

#[test]
fn every_letter_is_mail_by_the_book_and_says_what_it_said() {
    let site = Site::start(Database::Sqlite, Options::default());
    site.member("vera");
    let folder = tempfile::tempdir().unwrap();
    let config = Config {
        mail: MailTo::Outbox(folder.path().to_owned()),
        base_url: Some(URL.into()),
        ..site.app.config.clone()
    };
    let mailer = Mailer::new(&config, "Potluck — für alle").unwrap();
    let snapshots = repository().join("tests/letters");
    let mut wrong = Vec::new();
    for (kind, letter) in every_kind(&site) {
        actix_web::rt::System::new()
            .block_on(mailer.send(&letter))
            .expect("it goes to the folder");
        let raw = std::fs::read_to_string(folder.path().join(&letter.file))
            .expect("mail is UTF-8 at least");
        let mail = parse(&raw);
        assert_eq!(mail.text, letter.text.trim_end(), "{kind}");
        let again = raw.contains(&format!(
            "Message-ID: {}",
            mail.header("Message-ID").unwrap()
        ));
        assert!(again, "{kind}");
        let said = format!(
            "Subject: {}\n\n{}\n\n{}\n",
            letter.subject, mail.text, mail.html
        );
        if !same(&snapshots, kind, &said) {
            wrong.push(kind);
        }
    }
    assert!(
        wrong.is_empty(),
        "{wrong:?} say something else than in tests/letters; SNAPSHOT=1 keeps what they say"
    );
}

fn same(folder: &Path, kind: &str, said: &str) -> bool {
    let file = folder.join(format!("{kind}.txt"));
    if std::env::var_os("SNAPSHOT").is_some() {
        std::fs::create_dir_all(folder).unwrap();
        std::fs::write(&file, said).unwrap();
    }
    std::fs::read_to_string(file).is_ok_and(|kept| kept == said)
}

#[test]
fn a_letter_links_to_the_site_alone_whatever_a_title_says() {
    let site = Site::start(Database::Sqlite, Options::default());
    site.member("vera");
    let folder = tempfile::tempdir().unwrap();
    let config = Config {
        mail: MailTo::Outbox(folder.path().to_owned()),
        base_url: Some(URL.into()),
        ..site.app.config.clone()
    };
    let mailer = Mailer::new(&config, "Potluck").unwrap();
    let alike = format!("{URL}.evil.example/win");
    let titles = ["https://evil.example/win", alike.as_str()];
    let bundle = Bundle {
        to: site.user("vera"),
        rate: Rate::Daily,
        notices: titles
            .map(|title| notice(Sort::Project, Kind::Project, title))
            .to_vec(),
        more: 0,
    };
    let path = |notice: &inbox::Notice| format!("/projects/{}", notice.slug);
    let stop = format!("{URL}/unsubscribe/daily-1-00ff");
    let letter = Letter::news("Potluck", URL, &bundle, path, stop);
    actix_web::rt::System::new()
        .block_on(mailer.send(&letter))
        .unwrap();
    let raw = std::fs::read_to_string(folder.path().join(&letter.file)).unwrap();
    let html = parse(&raw).html;
    for title in titles {
        assert!(html.contains(title), "{html}");
    }
    let links: Vec<&str> = html.split("href=\"").skip(1).collect();
    assert!(!links.is_empty());
    for link in links {
        assert!(link.starts_with(&format!("{URL}/")), "{link}");
    }
}

#[test]
fn a_letter_that_is_sent_again_has_the_number_of_before() {
    let site = Site::start(Database::Sqlite, Options::default());
    site.member("vera");
    let folder = tempfile::tempdir().unwrap();
    let config = Config {
        mail: MailTo::Outbox(folder.path().to_owned()),
        ..site.app.config.clone()
    };
    let mailer = Mailer::new(&config, "Potluck").unwrap();
    let letter = Letter::reset("Potluck", URL, "vera", "vera@example.org", "t0k3n");
    let number = || {
        actix_web::rt::System::new()
            .block_on(mailer.send(&letter))
            .unwrap();
        let raw = std::fs::read_to_string(folder.path().join(&letter.file)).unwrap();
        parse(&raw).header("Message-ID").unwrap().to_owned()
    };
    assert_eq!(number(), number());
}
