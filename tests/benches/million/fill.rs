//! Fills a database with a large site, the same for the same seed.
//!
//! Rows are written straight into the tables, as the intake would have written them: texts of
//! realistic lengths, authors and projects by Zipf's law, a tenth of the comments waiting, steps,
//! signals and verdicts where they belong. Thousands of rows a statement: minutes, not hours.

use chrono::{Duration, NaiveDateTime};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use potluck_models::account::{Email, Role, User, Username};
use potluck_models::db::{self, Db, ItemId, UserId, write_tx};
use potluck_models::item::{Kind, State};
use potluck_models::schema::items;
use potluck_models::search;
use potluck_models::spam::{alike, facts, near};
use potluck_models::{lists, now, password};
use std::fmt::Write;
use std::time::Instant;

/// The one who moderates, and everybody's password.
pub const MODERATOR: &str = "mo_t";
const PASSWORD: &str = "bring what you made";

pub struct Size {
    pub projects: u64,
    pub comments: u64,
    pub people: u64,
    pub seed: u64,
}

/// SplitMix64 (Steele et al. 2014): small, fast, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    fn below(&mut self, n: u64) -> u64 {
        (self.share() * n as f64) as u64
    }

    fn chance(&mut self, share: f64) -> bool {
        self.share() < share
    }

    /// A rank below `n`, the first ones often: Zipf's law with exponent `s` below 1, by inversion
    /// of its integral.
    fn zipf(&mut self, n: u64, s: f64) -> u64 {
        let rank = n as f64 * self.share().powf(1.0 / (1.0 - s));
        (rank as u64).min(n - 1)
    }

    /// A length by the log-normal law, as lengths of comments are.
    fn length(&mut self, median: f64, spread: f64, most: f64) -> usize {
        // Twelve even numbers make a normal one.
        let normal: f64 = (0..12).map(|_| self.share()).sum::<f64>() - 6.0;
        (median * (normal * spread).exp()).clamp(2.0, most) as usize
    }
}

const COMMON: [&str; 48] = [
    "the", "a", "and", "to", "it", "is", "of", "in", "I", "you", "that", "this", "for", "was",
    "with", "on", "my", "but", "not", "are", "have", "be", "at", "so", "when", "level", "game",
    "music", "colours", "menu", "keyboard", "jump", "boss", "track", "camera", "sound", "love",
    "would", "could", "really", "played", "screen", "second", "story", "tool", "build", "draw",
    "duck",
];
const SALES: [&str; 20] = [
    "cheap",
    "followers",
    "buy",
    "casino",
    "bonus",
    "free",
    "click",
    "earn",
    "money",
    "loan",
    "pills",
    "seo",
    "traffic",
    "winner",
    "crypto",
    "invest",
    "offer",
    "discount",
    "visit",
    "now",
];
const SYLLABLES: [&str; 24] = [
    "ba", "do", "ke", "li", "mo", "na", "pe", "ri", "sa", "tu", "va", "zo", "fi", "gu", "he", "jo",
    "lu", "mi", "no", "pa", "ro", "si", "te", "wa",
];
const FOREIGN: [(f64, &[&str]); 5] = [
    (0.93, &[]),
    (
        0.97,
        &[
            "привет",
            "игра",
            "музыка",
            "очень",
            "уровень",
            "классно",
            "утка",
        ],
    ),
    (0.985, &["很好", "音乐", "游戏", "画面", "关卡"]),
    (0.997, &["جميل", "لعبة", "بطة", "صوت", "مستوى"]),
    (1.0, &["ωραίο", "παιχνίδι", "μουσική", "πάπια"]),
];

/// Rows of one table on their way in.
struct Rows {
    head: &'static str,
    text: String,
    rows: usize,
}

const AT_ONCE: usize = 500;
/// Campaigns.
const WAVES: usize = 300;

impl Rows {
    fn into(head: &'static str) -> Rows {
        Rows {
            head,
            text: String::new(),
            rows: 0,
        }
    }

    /// A row of literals; texts come through [`quoted`].
    fn push(&mut self, row: std::fmt::Arguments) {
        self.text
            .push_str(if self.rows == 0 { "(" } else { ",\n(" });
        let _ = self.text.write_fmt(row);
        self.text.push(')');
        self.rows += 1;
    }

    fn flush(&mut self, db: &mut Db) {
        if self.rows > 0 {
            let sql = format!("INSERT INTO {} VALUES {}", self.head, self.text);
            db.batch_execute(&sql).unwrap_or_else(|error| {
                let start: String = sql.chars().take(600).collect();
                panic!("{error}: {start}")
            });
            self.text.clear();
            self.rows = 0;
        }
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// As diesel writes a time.
fn at(time: NaiveDateTime) -> String {
    format!("'{}'", time.format("%Y-%m-%d %H:%M:%S%.f"))
}

fn maybe(time: Option<NaiveDateTime>) -> String {
    time.map_or("NULL".to_owned(), at)
}

struct Writer {
    random: Random,
}

impl Writer {
    fn word(&mut self, words: &[&str], spam: bool) -> String {
        if !words.is_empty() && self.random.chance(0.8) {
            return words[self.random.below(words.len() as u64) as usize].to_owned();
        }
        if spam && self.random.chance(0.35) {
            return SALES[self.random.below(SALES.len() as u64) as usize].to_owned();
        }
        if self.random.chance(0.6) {
            return COMMON[self.random.zipf(COMMON.len() as u64, 0.6) as usize].to_owned();
        }
        // A long tail of rarer words.
        let mut rank = self.random.zipf(30_000, 0.7);
        let mut word = String::new();
        for _ in 0..3 {
            word.push_str(SYLLABLES[(rank % 24) as usize]);
            rank /= 24;
        }
        word
    }

    fn text(&mut self, spam: bool, words: usize) -> String {
        let which = self.random.share();
        let foreign = FOREIGN
            .iter()
            .find(|(up_to, _)| which < *up_to)
            .map_or(&[][..], |(_, words)| words);
        let mut text = String::new();
        for n in 0..words {
            if n > 0 {
                text.push_str(if self.random.chance(0.09) { ". " } else { " " });
            }
            text.push_str(&self.word(foreign, spam));
        }
        if self.random.chance(if spam { 0.7 } else { 0.06 }) {
            let link = if spam {
                format!("https://shop{}.example/x", self.random.zipf(3_000, 0.8))
            } else {
                let known = ["youtube.com", "github.com", "bandcamp.com", "example.org"];
                let host = known[self.random.zipf(4, 0.5) as usize];
                format!("https://{host}/{}", self.random.below(100_000))
            };
            let _ = write!(text, " {link}");
        }
        text.push('.');
        text
    }
}

/// The newest published comments of a project, each with the first of its branch.
type Newest = [Option<(u64, u64)>; 3];

/// What became of a text.
struct Fate {
    state: &'static str,
    queue: Option<&'static str>,
    why: &'static str,
    evidence: String,
    score: f64,
    looked_at: Option<NaiveDateTime>,
    sampled: bool,
    reports: u64,
}

pub fn fill(url: &str, size: &Size) {
    let start = Instant::now();
    let mut db = db::connect(url).expect("the database opens");
    db::migrate(&mut db).expect("the migrations run");
    write_tx(&mut db, potluck_models::spam::training::ensure_starter).expect("a filter");
    if let Db::Sqlite(_) = db {
        // A crash here costs a new start, nothing else.
        db.batch_execute(
            "PRAGMA synchronous=OFF; PRAGMA cache_size=-600000; PRAGMA foreign_keys=OFF; \
             PRAGMA wal_autocheckpoint=20000;",
        )
        .expect("pragmas");
    }
    let moderator = write_tx(&mut db, moderator).expect("a moderator");
    write_tx(&mut db, |db| -> QueryResult<()> {
        people(db, size);
        Ok(())
    })
    .expect("people");
    eprintln!("{} people after {:.0?}", size.people, start.elapsed());
    write_tx(&mut db, |db| -> QueryResult<()> {
        items(db, size, moderator, start);
        releases(db, size);
        Ok(())
    })
    .expect("items");
    eprintln!("all rows after {:.0?}", start.elapsed());
    settle(url);
    println!(
        "{} projects, {} comments, {} people in {:.0?}",
        size.projects,
        size.comments,
        size.people,
        start.elapsed()
    );
}

fn moderator(db: &mut Db) -> QueryResult<i64> {
    let name = Username::parse(MODERATOR).expect("a name");
    let email = Email::parse("mo@people.example").expect("an address");
    let user = User::create(db, &name, &email, password::hash(PASSWORD), "").expect("an account");
    user.confirm(db)?;
    user.set_role(db, Role::Moderator)?;
    Ok(user.id.0)
}

/// Numbers of accounts begin after these, which the site itself has made.
const BEFORE: u64 = 100;
/// The last fifth of the people are new: nothing of theirs was published yet.
fn settled(size: &Size) -> u64 {
    (size.people * 4 / 5).max(1)
}

const YEARS: Duration = Duration::days(3 * 365);

fn people(db: &mut Db, size: &Size) {
    let mut random = Random(size.seed ^ 0x7065_6f70);
    let mut rows = Rows::into(
        "users (id, username, username_key, email, email_key, confirmed_at, password_hash, network, created_at)",
    );
    let (now, settled) = (now(), settled(size));
    for n in 0..size.people {
        let id = BEFORE + n;
        let made = if n < settled {
            now - YEARS
                + Duration::seconds((YEARS.num_seconds() as u64 * n / settled * 9 / 10) as i64)
        } else {
            now - Duration::minutes(random.below(60 * 24 * 300) as i64)
        };
        let network = network(&mut random, n, size);
        rows.push(format_args!(
            "{id}, 'user{n}', 'user{n}', 'user{n}@people.example', 'user{n}@people.example', {}, '', '{network}', {}",
            at(made),
            at(made)
        ));
        if rows.rows == AT_ONCE {
            rows.flush(db);
        }
    }
    rows.flush(db);
}

/// New accounts share networks more than others do.
fn network(random: &mut Random, person: u64, size: &Size) -> String {
    let number = if person >= settled(size) {
        random.zipf(2_000, 0.7)
    } else {
        10_000 + random.zipf(size.people, 0.3)
    };
    Random(number).next().to_string().repeat(2)[..24].to_owned()
}

fn items(db: &mut Db, size: &Size, moderator: i64, start: Instant) {
    let mut writer = Writer {
        random: Random(size.seed),
    };
    let mut items = Rows::into(
        "items (id, kind, author_id, project_id, state, queue, why, evidence, score, model_id, version, \
         reports, looked_at, network, created_at, published_at, sampled, script, newcomer, by_maker, report_weight, \
         views, simhash, campaign_id)",
    );
    let mut bands = Rows::into("item_bands (band, item_id, simhash)");
    // Texts that were sent again and again, and of each wave how many came and when.
    let waves: Vec<String> = (0..WAVES)
        .map(|_| {
            let words = writer.random.length(32.0, 0.5, 200.0).max(16);
            writer.text(true, words)
        })
        .collect();
    let mut came: Vec<Option<(i32, NaiveDateTime, NaiveDateTime)>> = vec![None; WAVES];
    let mut domains = Rows::into("item_domains (domain, item_id)");
    let mut revisions = Rows::into(
        "revisions (item_id, number, state, content, text, text_hash, signals, steps, score, model_id, created_at)",
    );
    let mut projects = Rows::into(
        "projects (id, slug, owner_id, title, summary, description, description_html, kind, comment_policy, \
         created_at, updated_at)",
    );
    let mut makers = Rows::into("project_makers (project_id, user_id)");
    let mut tags = Rows::into("project_tags (project_id, tag)");
    let mut threads = Rows::into("threads (id, project_id, created_at)");
    let mut comments = Rows::into(
        "comments (id, thread_id, parent_id, root_id, author_id, body, body_html, created_at)",
    );
    let mut reports = Rows::into("reports (item_id, reporter_id, reason, note, created_at)");
    let mut batches = Rows::into("batches (id, by_id, verdict, reason, created_at)");
    let mut verdicts = Rows::into(
        "verdicts (batch_id, item_id, by_id, verdict, reason, label, score, model_id, before, version_after, created_at)",
    );

    let now = now();
    let begun = now - YEARS;
    let all = size.projects + size.comments;
    let settled = settled(size);
    let every = all / size.projects.max(1);
    // Of each project: its number, and its newest published comments, which others answer.
    let mut made: Vec<(u64, Newest)> = Vec::new();
    let mut batch = 0u64;
    let mut is_maker = vec![false; size.people as usize];
    for n in 0..all {
        let id = n + 1;
        let progress = n as f64 / all as f64;
        let time = begun
            + Duration::microseconds(
                (YEARS.num_microseconds().expect("fits") as f64 * progress.powf(0.8)) as i64,
            );
        let is_project = n % every == 0 && (made.len() as u64) < size.projects;
        let random = &mut writer.random;
        let waits = progress > 0.6 && random.chance(0.25) && !is_project;
        let put_away = waits && random.chance(0.41);
        let was_spam = !waits && !is_project && random.chance(0.04);
        let author = if put_away && random.chance(0.7) {
            // A few hundred accounts send most of the spam.
            settled + random.zipf(500.min(size.people - settled), 0.6)
        } else if waits && random.chance(0.6) {
            settled + random.below(size.people - settled)
        } else if is_project {
            random.zipf(settled, 0.5)
        } else {
            random.zipf(settled, 0.8)
        };
        let newcomer = author >= settled;
        let by_maker = !newcomer && is_maker[author as usize];
        let fate = fate(
            &mut writer.random,
            is_project,
            waits,
            put_away,
            was_spam,
            newcomer,
            time,
            now,
        );
        let published = fate.state == "published";
        let user = BEFORE + author;
        let network = network(&mut writer.random, author, size);

        let mut wave = None;
        let (content, text, project) = if is_project {
            let title: Vec<String> = (0..3).map(|_| writer.word(&[], false)).collect();
            let title = format!("{} {id}", title.join(" "));
            let summary = writer.text(false, 12);
            let words = writer.random.length(160.0, 0.8, 4_000.0);
            let description = writer.text(false, words);
            projects.push(format_args!(
                "{id}, 'project-{id}', {user}, {}, {}, {}, {}, 'game', 'members', {}, {}",
                quoted(&title),
                quoted(&summary),
                quoted(&description),
                quoted(&format!("<p>{description}</p>\n")),
                at(time),
                at(time)
            ));
            makers.push(format_args!("{id}, {user}"));
            tags.push(format_args!("{id}, 'tag{}'", writer.random.zipf(500, 0.7)));
            threads.push(format_args!("{id}, {id}, {}", at(time)));
            is_maker[author as usize] |= published;
            made.push((id, [None; 3]));
            let content = serde_json::json!({
                "title": title, "summary": summary, "description": description,
                "kind": "game", "tags": [], "links": [], "picture_alt": "",
            });
            (
                content.to_string(),
                format!("{title}\n{summary}\n{description}"),
                id,
            )
        } else {
            let words = writer.random.length(32.0, 0.9, 1_500.0);
            let is_spam = put_away || was_spam;
            wave = (is_spam && writer.random.chance(0.3))
                .then(|| writer.random.zipf(WAVES as u64, 0.6) as usize);
            let text = match wave {
                Some(wave) => format!("{} {}", waves[wave], writer.word(&[], false)),
                None => writer.text(is_spam, words),
            };
            let (project, newest) = &mut made[writer
                .random
                .zipf(n.div_ceil(every).min(size.projects), 0.7)
                as usize];
            let project = *project;
            let parent = if writer.random.chance(0.45) {
                newest[writer.random.below(3) as usize]
            } else {
                None
            };
            let root = parent.map_or(id, |(_, root)| root);
            if published {
                newest.rotate_right(1);
                newest[0] = Some((id, root));
            }
            let parent = parent.map_or("NULL".to_owned(), |(parent, _)| parent.to_string());
            comments.push(format_args!(
                "{id}, {project}, {parent}, {root}, {user}, {}, {}, {}",
                quoted(&text),
                quoted(&format!("<p>{text}</p>\n")),
                at(time)
            ));
            (text.clone(), text, project)
        };

        let facts = facts::of(&text);
        for domain in &facts.domains {
            domains.push(format_args!("{}, {id}", quoted(domain)));
        }
        let hash = alike::of(&text);
        for band in hash.map(alike::bands).into_iter().flatten() {
            bands.push(format_args!("{band}, {id}, {}", hash.unwrap_or(0) as i64));
        }
        if let Some(wave) = wave {
            let (n, _, last) = came[wave].get_or_insert((0, time, time));
            (*n, *last) = (*n + 1, time);
        }
        let views = match published {
            true => writer.random.zipf(400, 0.4),
            false => 0,
        };
        items.push(format_args!(
            "{id}, '{}', {user}, {project}, '{}', {}, '{}', {}, {}, 1, {}, {}, {}, '{network}', {}, {}, {}, '{}', {newcomer}, {by_maker}, \
             {}, {views}, {}, {}",
            if is_project { "project" } else { "comment" },
            fate.state,
            fate.queue.map_or("NULL".to_owned(), quoted),
            fate.why,
            quoted(&fate.evidence),
            fate.score,
            if was_spam { 2 } else { 1 },
            fate.reports,
            maybe(fate.looked_at),
            at(time),
            maybe(published.then_some(time)),
            fate.sampled,
            facts.script,
            0.5 * fate.reports as f64,
            hash.unwrap_or(0) as i64,
            wave.map_or("NULL".to_owned(), |wave| (wave + 1).to_string()),
        ));
        revisions.push(format_args!(
            "{id}, 1, '{}', {}, {}, '{}', {}, {}, {}, 1, {}",
            if fate.queue.is_some() || was_spam {
                "waiting"
            } else {
                "published"
            },
            quoted(&content),
            quoted(&text),
            near::text_hash(&text),
            quoted(&signals(is_project, newcomer, by_maker)),
            quoted(&steps(is_project, &fate)),
            fate.score,
            at(time)
        ));
        for reporter in 0..fate.reports {
            let person = BEFORE + (author + 1 + reporter) % size.people;
            reports.push(format_args!("{id}, {person}, 'unkind', '', {}", at(time)));
        }
        if was_spam {
            // A batch of thirty.
            if verdicts.rows.is_multiple_of(30) {
                batch += 1;
                batches.push(format_args!(
                    "{batch}, {moderator}, 'spam', '', {}",
                    at(time)
                ));
            }
            let before = r#"{"state":"held","queue":"held","why":"filter","evidence":"","looked_at":null,"published_at":null}"#;
            verdicts.push(format_args!(
                "{batch}, {id}, {moderator}, 'spam', '', 'spam', {}, 1, '{before}', 2, {}",
                fate.score,
                at(time)
            ));
        }
        if items.rows == AT_ONCE || n + 1 == all {
            // In the order of their references.
            for rows in [
                &mut items,
                &mut bands,
                &mut domains,
                &mut revisions,
                &mut projects,
                &mut makers,
                &mut tags,
                &mut threads,
                &mut comments,
                &mut reports,
                &mut batches,
                &mut verdicts,
            ] {
                rows.flush(db);
            }
        }
        if (n + 1).is_multiple_of(200_000) {
            eprintln!("{} items after {:.0?}", n + 1, start.elapsed());
        }
    }
    let mut campaigns = Rows::into("campaigns (id, items, opened_at, created_at, last_at)");
    for (wave, came) in came.into_iter().enumerate() {
        let (n, first, last) = came.unwrap_or((0, begun, begun));
        let (first, last) = (at(first), at(last));
        campaigns.push(format_args!("{}, {n}, {first}, {first}, {last}", wave + 1));
    }
    campaigns.flush(db);
    // Joined as a whole: PostgreSQL knows nothing yet of tables that were filled in this transaction.
    db.batch_execute(
        "UPDATE threads SET comment_count = counted.n FROM \
         (SELECT comments.thread_id, count(*) AS n FROM comments JOIN items ON items.id = comments.id \
          WHERE items.state = 'published' GROUP BY comments.thread_id) AS counted \
         WHERE counted.thread_id = threads.id",
    )
    .expect("counted");
}

/// A tenth of the projects put out releases, up to four; the last ones of the site today.
fn releases(db: &mut Db, size: &Size) {
    let mut writer = Writer {
        random: Random(size.seed ^ 0x7265_6c65),
    };
    let made: Vec<(i64, i64, NaiveDateTime)> = items::table
        .filter(items::kind.eq(Kind::Project))
        .filter(items::state.eq(State::Published))
        .order(items::id)
        .select((items::id, items::author_id, items::created_at))
        .load::<(ItemId, UserId, NaiveDateTime)>(db)
        .expect("projects")
        .into_iter()
        .map(|(id, author, at)| (id.0, author.0, at))
        .collect();
    let mut items = Rows::into(
        "items (id, kind, author_id, project_id, state, score, model_id, version, network, created_at, published_at)",
    );
    let mut rows = Rows::into("releases (id, project_id, version, notes, notes_html, released_at)");
    let mut revisions = Rows::into(
        "revisions (item_id, number, state, content, text, text_hash, signals, steps, score, model_id, created_at)",
    );
    let mut links = Rows::into("release_links (release_id, system, url)");
    let mut id = size.projects + size.comments;
    let now = now();
    for (project, author, begun) in made.into_iter().step_by(10) {
        for number in 0..1 + writer.random.below(4) {
            id += 1;
            let share = writer.random.share();
            let time = begun
                + Duration::microseconds(
                    ((now - begun).num_microseconds().expect("fits") as f64 * share) as i64,
                );
            let words = writer.random.length(40.0, 0.8, 1_000.0);
            let notes = writer.text(false, words);
            items.push(format_args!(
                "{id}, 'release', {author}, {project}, 'published', 0.01, 1, 1, '', {}, {}",
                at(time),
                at(time)
            ));
            rows.push(format_args!(
                "{id}, {project}, '1.{number}', {}, {}, {}",
                quoted(&notes),
                quoted(&format!("<p>{notes}</p>\n")),
                at(time)
            ));
            revisions.push(format_args!(
                "{id}, 1, 'published', '{{}}', {}, '{}', '[]', '[]', 0.01, 1, {}",
                quoted(&notes),
                near::text_hash(&notes),
                at(time)
            ));
            for system in ["linux", "windows", "web"] {
                links.push(format_args!(
                    "{id}, '{system}', 'https://files.example/{id}/{system}'"
                ));
            }
        }
        if items.rows >= AT_ONCE {
            for rows in [&mut items, &mut rows, &mut revisions, &mut links] {
                rows.flush(db);
            }
        }
    }
    for rows in [&mut items, &mut rows, &mut revisions, &mut links] {
        rows.flush(db);
    }
}

/// What the jobs of an old site do by and by, in large steps.
pub fn settle(url: &str) {
    let start = Instant::now();
    let mut db = db::connect(url).expect("the database opens");
    let db = &mut db;
    if let Db::Sqlite(_) = db {
        db.batch_execute(
            "PRAGMA synchronous=OFF; PRAGMA cache_size=-600000; PRAGMA wal_autocheckpoint=20000;",
        )
        .expect("pragmas");
    }
    // Nobody has told the planner yet what all these rows are.
    db.batch_execute("ANALYZE")
        .expect("the figures of the tables");
    lists::count_all(db).expect("the orders of the lists");
    eprintln!("the orders of the lists after {:.0?}", start.elapsed());
    index(db, start);
    finish(db);
}

fn index(db: &mut Db, start: Instant) {
    db.batch_execute("DELETE FROM search_pending")
        .expect("the notes of the triggers");
    let mut more = true;
    while more {
        more = write_tx(db, |db| -> QueryResult<bool> {
            for _ in 0..100 {
                if !search::index::fill(db)? {
                    return Ok(false);
                }
            }
            Ok(true)
        })
        .expect("the index");
    }
    let texts = search::index::count(db).expect("a count");
    eprintln!("{texts} texts in the index after {:.0?}", start.elapsed());
    while write_tx(db, search::learn).expect("the words of the index") {}
    eprintln!("their words after {:.0?}", start.elapsed());
}

#[expect(clippy::too_many_arguments, reason = "one call")]
fn fate(
    random: &mut Random,
    is_project: bool,
    waits: bool,
    put_away: bool,
    was_spam: bool,
    newcomer: bool,
    time: NaiveDateTime,
    now: NaiveDateTime,
) -> Fate {
    let mut fate = Fate {
        state: "published",
        queue: None,
        why: "",
        evidence: String::new(),
        score: random.share().powi(3) * 0.4,
        looked_at: None,
        sampled: false,
        reports: 0,
    };
    if put_away {
        fate.state = "spam";
        fate.queue = Some("spam");
        fate.why = if random.chance(0.85) {
            "filter"
        } else {
            "duplicates"
        };
        fate.score = 1.0 - random.share().powi(2) * 0.1;
        fate.sampled = random.chance(0.02);
    } else if waits {
        fate.state = "held";
        fate.queue = Some(if random.chance(0.03) { "maker" } else { "held" });
        fate.why = match random.share() {
            _ if fate.queue == Some("maker") => "approve_first",
            _ if newcomer => "first_comment",
            share if share < 0.75 => "filter",
            share if share < 0.93 => "links",
            _ => "duplicates",
        };
        fate.score = random.share();
    } else if was_spam {
        fate.state = "spam";
        fate.why = "moderator";
        fate.score = random.share();
    } else if is_project && time > now - Duration::days(60) && random.chance(0.1) {
        fate.state = "held";
        fate.queue = Some("projects");
        fate.why = "first_project";
        fate.score = random.share();
    } else if random.chance(0.01) {
        fate.state = "removed";
        fate.why = "moderator";
        fate.evidence = "unkind".into();
    } else if random.chance(0.005) {
        fate.state = "deleted";
        fate.why = "author";
    } else {
        fate.looked_at = random.chance(0.4).then_some(time + Duration::hours(5));
        fate.sampled = fate.looked_at.is_none() && random.chance(0.02);
    }
    if fate.why == "filter" {
        fate.evidence = format!("{:.1} % spam", fate.score * 100.0);
    }
    if matches!(fate.state, "published" | "held") && random.chance(0.003) {
        fate.reports = 1 + random.zipf(6, 0.5);
    }
    fate
}

fn signals(is_project: bool, newcomer: bool, by_maker: bool) -> String {
    let mut signals = Vec::new();
    if newcomer {
        signals.push(if is_project {
            "@first-project"
        } else {
            "@first-comment"
        });
    }
    if is_project {
        signals.push("@project");
    }
    signals.push(if newcomer {
        "@account:young"
    } else {
        "@account:settled"
    });
    if by_maker {
        signals.push("@maker");
    }
    serde_json::json!(signals).to_string()
}

fn steps(is_project: bool, fate: &Fate) -> String {
    let first = if is_project {
        "first_project"
    } else {
        "first_comment"
    };
    let steps: Vec<_> = ["links", "duplicates", first, "filter", "approve_first"]
        .into_iter()
        .map(|name| {
            let decided = name == fate.why;
            let outcome = match (decided, fate.queue) {
                (true, Some("spam")) => "spam",
                (true, Some(_)) => "hold",
                _ => "publish",
            };
            let evidence = if name == "filter" {
                format!("{:.1} % spam", fate.score * 100.0)
            } else {
                String::new()
            };
            serde_json::json!({"name": name, "outcome": outcome, "evidence": evidence})
        })
        .collect();
    serde_json::json!(steps).to_string()
}

/// Numbers go on after those that were given out here, and PostgreSQL learns what there is.
fn finish(db: &mut Db) {
    match db {
        Db::Sqlite(sqlite) => sqlite
            .batch_execute("PRAGMA wal_checkpoint(TRUNCATE)")
            .expect("a checkpoint"),
        Db::Pg(pg) => {
            for table in ["users", "items", "threads", "batches", "campaigns"] {
                pg.batch_execute(&format!(
                    "SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"
                ))
                .expect("a sequence");
            }
            // As autovacuum would have done by and by.
            pg.batch_execute("VACUUM ANALYZE").expect("a vacuum");
        }
    }
}
