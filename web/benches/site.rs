//! What Potluck costs: `cargo bench --bench site`. Prints the figures of `BENCHMARKS.md`; with names
//! of parts (`cargo bench --bench site -- pages batches`) only those.
//!
//! Rates are told as ratios to actix-web serving the same bytes from memory, measured in turn in
//! the same run, so that a busy or slower machine changes both sides.

use diesel::{QueryDsl, RunQueryDsl};
use potluck::app::App;
use potluck::config::Given;
use potluck::moderation::batches::rest;
use potluck::picture;
use potluck::server;
use potluck_models::account::{Email, Role, User, Username};
use potluck_models::comment::{self, Body};
use potluck_models::db::{Db, ItemId, Pools, UserId, now, write_tx};
use potluck_models::follow::{self, Telling};
use potluck_models::gate::CommentPolicy;
use potluck_models::item::{Item, State};
use potluck_models::moderation::bulk;
use potluck_models::moderation::queue::{Filter, Name};
use potluck_models::moderation::verdict::{self, Seen, Verdict};
use potluck_models::project::{self, Choices, Fields, Intent, ProjectKind};
use potluck_models::release::{self, Facts, Notes, Release};
use potluck_models::{award, rating, reaction};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

const CONNECTIONS: usize = 16;
const COMMENTS: usize = 100;
const SECONDS: u64 = 6;

fn main() {
    // `cargo test` runs benches too, once and for show: this one only measures when asked to.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    machine();
    let slug = fill(folder.path());
    let parts: [(&str, &dyn Fn()); 9] = [
        ("pages", &|| pages(folder.path(), &slug)),
        ("feedback", &feedback),
        ("intake", &|| intake(folder.path())),
        ("filter", &filter),
        ("pictures", &pictures),
        ("start", &|| start_and_memory(folder.path(), &slug)),
        ("training", &|| training(folder.path(), &slug)),
        ("batches", &|| batches(folder.path(), &slug)),
        ("followers", &followers),
    ];
    let asked: Vec<String> = std::env::args()
        .skip(1)
        .filter(|arg| !arg.starts_with("--"))
        .collect();
    let known = |asked: &String| parts.iter().any(|(name, _)| name == asked);
    assert!(asked.iter().all(known), "there is no such part: {asked:?}");
    for (name, part) in parts {
        if asked.is_empty() || asked.iter().any(|asked| asked == name) {
            part();
        }
    }
}

/// What it ran on.
fn machine() {
    let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = cpuinfo
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .unwrap_or("unknown");
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let meminfo = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kilobytes: u64 = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))
        .and_then(|rest| rest.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or(0);
    println!(
        "processor {}, {cores} cores, {} GB",
        name.trim_start_matches([' ', '\t', ':']),
        kilobytes / 1_000_000
    );
}

fn given(folder: &Path) -> Given {
    Given {
        data_dir: Some(folder.to_owned()),
        bind: Some("127.0.0.1:0".into()),
        limits: Some("off".into()),
        ..Given::default()
    }
}

fn open(folder: &Path) -> (Arc<App>, Pools) {
    server::open(given(folder).resolve().expect("a configuration")).expect("a database")
}

fn member(db: &mut Db, name: &str, role: Role) -> User {
    let email = Email::parse(&format!("{name}@people.example")).expect("an address");
    let name = Username::parse(name).expect("a name");
    let user = User::create(db, &name, &email, String::new(), "").expect("an account");
    user.confirm(db).expect("confirmed");
    user.set_role(db, role).expect("a role");
    User::find(db, user.id).expect("the account")
}

const SENTENCES: [&str; 8] = [
    "The drift on the third track is a delight, and I kept losing the camera behind the melons.",
    "Could it pull back a little when two players are close? My sister and I fought about it.",
    "I read the part about the hills twice. One sine wave is plenty; the second one made me seasick.",
    "On my old laptop the menu takes four seconds, the race itself is smooth.",
    "What would happen if the ghost of the last lap left a trail? I would chase it all evening.",
    "The colours work for me, and I do not see red well, so thank you for the stripes.",
    "The manual says space starts the engine, but on my keyboard it opens the map.",
    "Small thing: the countdown is hard to read against the orange sky.",
];

fn text(seed: usize) -> String {
    (0..3)
        .map(|i| SENTENCES[(seed * 7 + i * 3) % SENTENCES.len()])
        .collect::<Vec<_>>()
        .join(" ")
        + &format!(" ({seed})")
}

/// A project with 100 comments in threads by 12 makers.
fn fill(folder: &Path) -> String {
    let (app, pools) = open(folder);
    let mut db = pools.write.get().expect("a connection");
    fill_one(&mut db, &app)
}

fn fill_one(db: &mut Db, app: &App) -> String {
    let intake = app.intake([127, 0, 0, 1].into());
    write_tx(db, |db| -> diesel::QueryResult<String> {
        let moderator = member(db, "mo_t", Role::Moderator);
        let makers: Vec<User> = (0..12)
            .map(|i| member(db, &format!("maker{i}"), Role::Member))
            .collect();
        let mut page = None;
        for maker in &makers {
            let fields = Fields {
                title: format!("Mango Racer {}", maker.id),
                summary: "A racing game about fruit, built over two weekends.".into(),
                description: format!(
                    "## How it was made\n\n{}\n\n- one\n- two\n",
                    text(maker.id.0 as usize)
                ),
                kind: ProjectKind::Game,
                tags: vec!["games".into(), "racing".into()],
                links: vec![],
                picture_alt: String::new(),
                shots: Vec::new(),
                address: String::new(),
            };
            let choices = Choices {
                comment_policy: CommentPolicy::Members,
                approve_first: false,
                closed: false,
                picture_id: None,
            };
            let shared = project::share(
                db,
                &intake.context(),
                maker,
                &fields,
                choices,
                Intent::Publish,
                "",
            )
            .expect("a project");
            approve(db, &moderator, shared.id)?;
            page.get_or_insert(shared);
        }
        let page = page.expect("a project");
        let mut ids: Vec<ItemId> = Vec::new();
        for i in 0..COMMENTS {
            // Every third begins a branch; the others answer one of the last few.
            let parent = (i % 3 != 0).then(|| ids[ids.len() - 1 - i % 4 % ids.len().min(3)]);
            let body = Body::parse(&text(i)).expect("a text");
            let author = &makers[i % makers.len()];
            let (id, _) = comment::post(db, &intake.context(), author, page.id, parent, &body, "")
                .expect("a comment");
            approve(db, &moderator, id)?;
            ids.push(id);
        }
        Ok(page.slug)
    })
    .expect("a filled database")
}

fn approve(db: &mut Db, moderator: &User, id: ItemId) -> diesel::QueryResult<()> {
    let kind = Item::find(db, id)?.kind;
    let seen = Seen {
        kind,
        id,
        version: None,
    };
    verdict::decide(db, moderator.id, Verdict::Ham, "", &[seen]).map(|_| ())
}

/// The page of a project for an anonymous reader, beside the same bytes from memory.
fn pages(folder: &Path, slug: &str) {
    let path = format!("/projects/{slug}");
    let (mut served, site) = spawn(folder);
    let body = get(site, &path);
    let bytes = body.len();
    let memory = from_memory(body);
    let mut page = Vec::new();
    let mut ceiling = Vec::new();
    for _ in 0..3 {
        ceiling.push(load(memory, "/", CONNECTIONS));
        page.push(load(site, &path, CONNECTIONS));
    }
    let (page, ceiling) = (best(page), best(ceiling));
    println!("project page, {COMMENTS} comments, {bytes} bytes, {CONNECTIONS} connections:");
    println!(
        "  from memory  {:>8.0} requests/s, p99 {:.1?}",
        ceiling.rate, ceiling.p99
    );
    println!(
        "  from SQLite  {:>8.0} requests/s, p99 {:.1?}",
        page.rate, page.p99
    );
    println!("  ratio        {:>8.3}", page.rate / ceiling.rate);
    let _ = served.kill();
    let _ = served.wait();
}

/// Who gave feedback on the page, and how much of each.
const PEOPLE: usize = 200;
const REACTIONS: usize = 1_000;
const AWARDS: usize = 50;

/// The page with its comments alone, beside one with all kinds of feedback on top of them.
fn feedback() {
    let bare = tempfile::tempdir().expect("a temporary folder");
    let rich = tempfile::tempdir().expect("a temporary folder");
    let slug = fill(bare.path());
    fill(rich.path());
    give_feedback(rich.path(), &slug);
    let path = format!("/projects/{slug}");
    let (mut served_bare, site_bare) = spawn(bare.path());
    let (mut served_rich, site_rich) = spawn(rich.path());
    println!(
        "project page, {} bytes, and {} bytes with {REACTIONS} reactions, {PEOPLE} ratings and {AWARDS} awards:",
        get(site_bare, &path).len(),
        get(site_rich, &path).len()
    );
    for connections in [1, CONNECTIONS] {
        let (mut without, mut with) = (Vec::new(), Vec::new());
        for _ in 0..3 {
            without.push(load(site_bare, &path, connections));
            with.push(load(site_rich, &path, connections));
        }
        let (without, with) = (best(without), best(with));
        println!(
            "  {connections} connections: median {:.2?} -> {:.2?}, cost x {:.2}",
            without.median,
            with.median,
            without.rate / with.rate
        );
    }
    for child in [&mut served_bare, &mut served_rich] {
        let _ = child.kill();
        let _ = child.wait();
    }
}

fn give_feedback(folder: &Path, slug: &str) {
    let (app, pools) = open(folder);
    let mut db = pools.write.get().expect("a connection");
    let intake = app.intake([127, 0, 0, 1].into());
    let settings = app.settings();
    let signs: Vec<String> = reaction::Set::of(&settings)
        .offered
        .into_iter()
        .map(|one| one.sign)
        .collect();
    write_tx(&mut db, |db| -> diesel::QueryResult<()> {
        let moderator = User::by_username(db, "mo_t")?.expect("an account");
        let page = project::Project::by_slug(db, slug)?;
        let aspects = rating::offered(&settings);
        rating::choose(db, page.id, &aspects, &aspects)?;
        let comments: Vec<ItemId> = potluck_models::schema::comments::table
            .select(potluck_models::schema::comments::id)
            .load(db)?;
        let places: Vec<ItemId> = comments.into_iter().chain([page.id]).collect();
        for i in 0..PEOPLE {
            let person = member(db, &format!("person{i}"), Role::Member);
            for k in 0..REACTIONS / PEOPLE {
                // Half of them on the project, the others all over the talk.
                let place = match k % 2 {
                    0 => page.id,
                    _ => places[(i * 7 + k) % places.len()],
                };
                let sign = &signs[(i + k) % signs.len()];
                reaction::give(db, &settings, true, &person, place, sign).expect("a reaction");
            }
            let steps = aspects
                .iter()
                .enumerate()
                .map(|(n, aspect)| (aspect.clone(), ((i + n) % 5 + 1) as i32));
            let given = rating::Given {
                steps: steps.collect(),
                answers: None,
            };
            let giving = rating::Giving {
                given: &given,
                comment: None,
                network: "",
            };
            rating::give(db, &intake.context(), &person, page.id, &giving).expect("a rating");
        }
        let reactions: i64 = potluck_models::schema::reactions::table
            .count()
            .get_result(db)?;
        assert_eq!(reactions, REACTIONS as i64);
        for i in 0..AWARDS {
            // Five a month are everybody's to give.
            let giver = User::by_username(db, &format!("maker{}", 1 + i % 11))?;
            let design = award::Design {
                name: format!("Best melon of row {i}"),
                mark: award::Mark::Star.as_str().into(),
                why: text(i),
            };
            let (id, _) = award::give(
                db,
                &intake.context(),
                &giver.expect("a maker"),
                &page,
                &design,
                "",
            )
            .expect("an award");
            approve(db, &moderator, id)?;
        }
        Ok(())
    })
    .expect("feedback");
}

fn best(runs: Vec<Load>) -> Load {
    runs.into_iter()
        .max_by(|a, b| a.rate.total_cmp(&b.rate))
        .expect("a run")
}

fn spawn(folder: &Path) -> (Child, SocketAddr) {
    spawn_on(folder, &[])
}

fn spawn_on(folder: &Path, more: &[&str]) -> (Child, SocketAddr) {
    // A port that was free a moment ago.
    let address = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|l| l.local_addr())
        .expect("a port");
    let child = Command::new(env!("CARGO_BIN_EXE_potluck"))
        .args(["--limits", "off", "--log", "off", "--data-dir"])
        .arg(folder)
        .args(["--bind", &address.to_string()])
        .args(more)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the server");
    until_answers(address);
    (child, address)
}

fn until_answers(address: SocketAddr) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while std::net::TcpStream::connect(address).is_err() {
        assert!(Instant::now() < deadline, "nothing answers at {address}");
        std::thread::yield_now();
    }
}

fn get(address: SocketAddr, path: &str) -> String {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(address).expect("a connection");
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )
    .expect("a request");
    let mut all = String::new();
    stream.read_to_string(&mut all).expect("an answer");
    assert!(
        all.starts_with("HTTP/1.1 200"),
        "{path} answered {}",
        all.lines().next().unwrap_or("")
    );
    all.split_once("\r\n\r\n").expect("a body").1.to_owned()
}

/// The same bytes by the same HTTP library, and nothing else.
fn from_memory(body: String) -> SocketAddr {
    use actix_web::{App, HttpResponse, HttpServer, web};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let body = web::Bytes::from(body);
    std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            HttpServer::new(move || {
                let body = body.clone();
                App::new().route(
                    "/",
                    web::get().to(move || {
                        let body = body.clone();
                        async move {
                            HttpResponse::Ok()
                                .content_type("text/html; charset=utf-8")
                                .body(body)
                        }
                    }),
                )
            })
            .workers(std::thread::available_parallelism().map_or(2, usize::from))
            .listen(listener)
            .expect("a listener")
            .run()
            .await
        })
    });
    until_answers(address);
    address
}

struct Load {
    rate: f64,
    median: Duration,
    p99: Duration,
}

/// Connections that ask again as soon as they are answered, from one thread.
fn load(address: SocketAddr, path: &str, connections: usize) -> Load {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let request: Arc<[u8]> = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n")
            .into_bytes()
            .into();
        let start = Instant::now();
        let end = start + Duration::from_secs(SECONDS);
        let mut asking = Vec::new();
        for _ in 0..connections {
            let request = request.clone();
            asking.push(tokio::spawn(async move {
                let stream = TcpStream::connect(address).await.expect("a connection");
                stream.set_nodelay(true).expect("no delay");
                let mut stream = BufReader::with_capacity(256 * 1024, stream);
                let mut took = Vec::new();
                while Instant::now() < end {
                    let asked = Instant::now();
                    stream.get_mut().write_all(&request).await.expect("sent");
                    answer(&mut stream).await;
                    took.push(asked.elapsed());
                }
                took
            }));
        }
        let mut took = Vec::new();
        for one in asking {
            took.extend(one.await.expect("a task"));
        }
        took.sort_unstable();
        Load {
            rate: took.len() as f64 / start.elapsed().as_secs_f64(),
            median: took[took.len() / 2],
            p99: took[took.len() * 99 / 100],
        }
    })
}

async fn answer(stream: &mut BufReader<TcpStream>) {
    let mut line = String::new();
    let mut length = 0;
    loop {
        line.clear();
        stream.read_line(&mut line).await.expect("a header");
        if line == "\r\n" {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().expect("a length");
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.expect("a body");
}

/// CPU of this thread so far.
fn cpu() -> Duration {
    cpu_in("/proc/thread-self/schedstat")
}

/// CPU of the first thread of a process so far.
fn cpu_of(process: u32) -> Duration {
    cpu_in(&format!("/proc/{process}/schedstat"))
}

fn cpu_in(schedstat: &str) -> Duration {
    let stat = std::fs::read_to_string(schedstat).unwrap_or_default();
    Duration::from_nanos(
        stat.split_whitespace()
            .next()
            .and_then(|n| n.parse().ok())
            .unwrap_or(0),
    )
}

fn median(mut all: Vec<Duration>) -> Duration {
    all.sort_unstable();
    all[all.len() / 2]
}

/// Everything between the typed text and the committed rows.
fn intake(folder: &Path) {
    let (app, pools) = open(folder);
    let mut db = pools.write.get().expect("a connection");
    let author = User::by_username(&mut db, "maker3")
        .expect("a query")
        .expect("an account");
    let project = project::Listing::default().load(&mut db).expect("projects")[0].id;
    let intake = app.intake([127, 0, 0, 1].into());
    // As many texts to be compared with as a busy site has in sixty days, crowded together.
    diesel::sql_query(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 25), \
         b(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM b WHERE n < 3) \
         INSERT OR IGNORE INTO item_bands SELECT (b.n << 16) | abs(random() % 4096), items.id, random() FROM items, n, b",
    )
    .execute(&mut db)
    .expect("fingerprints");
    let fingerprints: i64 = potluck_models::schema::item_bands::table
        .count()
        .get_result(&mut db)
        .expect("a count");
    let took = (0..1_000)
        .map(|i| {
            let typed = text(1_000 + i);
            let before = cpu();
            let body = Body::parse(&typed).expect("a text");
            write_tx(&mut db, |db| {
                comment::post(db, &intake.context(), &author, project, None, &body, "").map_err(
                    |error| match error {
                        comment::PostError::Database(error) => error,
                        other => panic!("{other}"),
                    },
                )
            })
            .expect("a comment");
            cpu() - before
        })
        .collect();
    println!(
        "intake of one comment among {fingerprints} fingerprints, Markdown, filter and commit included: {:.2?} CPU at the median",
        median(took)
    );
}

fn filter() {
    let model = potluck_models::spam::Model::starter();
    let took = (0..5_000)
        .map(|i| {
            let typed = text(i);
            let start = Instant::now();
            std::hint::black_box(model.score(&typed, &["@maker", "@account:settled"]));
            start.elapsed()
        })
        .collect();
    println!(
        "filter alone, features included, {} words: {:.1?} at the median",
        text(1).split(' ').count(),
        median(took)
    );
}

/// A photograph, as cameras leave it: shades and grain everywhere.
fn photograph(width: u32, height: u32) -> Vec<u8> {
    let mut seed = 1_u32;
    let picture = image::RgbImage::from_fn(width, height, |x, y| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let grain = (seed >> 29) as u8;
        let shade = |by: u32| ((x * by / 16 + y / 8) % 240) as u8 + grain;
        image::Rgb([shade(1), shade(2), shade(3)])
    });
    let mut bytes = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 90)
        .encode_image(&picture)
        .expect("a JPEG");
    bytes
}

fn pictures() {
    let bytes = photograph(4_000, 3_000);
    let took = (0..5)
        .map(|_| {
            let before = cpu();
            std::hint::black_box(picture::intake(&bytes).expect("a picture"));
            cpu() - before
        })
        .collect();
    println!(
        "intake of a JPEG of 12 megapixels, {} kB, to all sizes: {:.2?} CPU at the median",
        bytes.len() / 1_000,
        median(took)
    );
}

fn start_and_memory(folder: &Path, slug: &str) {
    let took = (0..5)
        .map(|_| {
            let start = Instant::now();
            let (mut child, address) = spawn(folder);
            get(address, "/healthz");
            let took = start.elapsed();
            let _ = child.kill();
            let _ = child.wait();
            took
        })
        .collect();
    println!(
        "start to first answer on an existing database: {:.0?} at the median",
        median(took)
    );
    let (mut child, address) = spawn(folder);
    let path = format!("/projects/{slug}");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n");
        let asking: Vec<_> = (0..CONNECTIONS)
            .map(|_| {
                let request = request.clone();
                tokio::spawn(async move {
                    let mut stream =
                        BufReader::new(TcpStream::connect(address).await.expect("a connection"));
                    for _ in 0..10_000 / CONNECTIONS {
                        stream
                            .get_mut()
                            .write_all(request.as_bytes())
                            .await
                            .expect("sent");
                        answer(&mut stream).await;
                    }
                })
            })
            .collect();
        for one in asking {
            one.await.expect("a task");
        }
    });
    let status =
        std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let resident = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap_or("unknown")
        .trim();
    println!("resident memory after 10,000 requests: {resident}");
    let _ = child.kill();
    let _ = child.wait();
}

/// Labels of the training that runs beside requests.
const LABELS: usize = 60_000;

/// The same page while `potluck retrain` runs on the same database, in turn with when it does not.
fn training(folder: &Path, slug: &str) {
    let potluck = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_potluck"));
        command
            .args(arguments)
            .args(["--log", "off", "--data-dir"])
            .arg(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    };
    let csv = folder.join("labels.csv");
    let mut rows = String::from("text,label\n");
    for i in 0..LABELS {
        let (word, label) = if i % 8 == 0 {
            ("Cheap followers, order now:", "spam")
        } else {
            ("", "ham")
        };
        // Every text has words of its own, as people's have.
        let own = i * 7_919 % 100_003;
        rows.push_str(&format!("\"{word} {} w{own}x\",{label}\n", text(i)));
    }
    std::fs::write(&csv, rows).expect("labels");
    let csv = csv.to_str().expect("a path");
    let imported = potluck(&["import", "labels", csv]).status();
    assert!(imported.expect("potluck runs").success());
    let path = format!("/projects/{slug}");
    let (mut served, site) = spawn(folder);
    for connections in [1, CONNECTIONS] {
        let (mut without, mut with) = (Vec::new(), Vec::new());
        let mut trained = Duration::ZERO;
        for _ in 0..3 {
            without.push(load(site, &path, connections));
            let mut child = potluck(&["retrain", "--child", "--dry-run"])
                .spawn()
                .expect("potluck runs");
            with.push(load(site, &path, connections));
            let ended = child.try_wait().expect("a child");
            assert!(ended.is_none(), "the training was too short: {ended:?}");
            trained += cpu_of(child.id());
            let _ = child.kill();
            let _ = child.wait();
        }
        let (without, with) = (best(without), best(with));
        println!("project page while the filter is trained, {connections} connections:");
        println!(
            "  median {:.2?} -> {:.2?}, p99 {:.1?} -> {:.1?}, ratio of rates {:.3}; the training got {:.1?} of CPU in {} s",
            without.median,
            with.median,
            without.p99,
            with.p99,
            with.rate / without.rate,
            trained / 3,
            SECONDS
        );
    }
    let _ = served.kill();
    let _ = served.wait();
}

/// Items of one batch.
const BATCH: usize = 10_000;

/// A verdict on ten thousand held comments and its undo, by steps of a thousand, alone and beside
/// readers; on SQLite, and on PostgreSQL if `POTLUCK_BENCH_DATABASE_URL` names an empty database.
fn batches(folder: &Path, slug: &str) {
    let (app, pools) = open(folder);
    println!("a verdict on {BATCH} held comments and its undo, SQLite:");
    decide_beside_readers(&app, &pools, slug, || spawn(folder));
    let Some((app, pools)) = postgres() else {
        return;
    };
    let mut db = pools.write.get().expect("a connection");
    let page = project::Listing::default().load(&mut db).expect("projects")[0].id;
    let page = project::Project::find(&mut db, page).expect("a project");
    drop(db);
    println!("the same, PostgreSQL:");
    let elsewhere = tempfile::tempdir().expect("a temporary folder");
    let url = std::env::var("POTLUCK_BENCH_DATABASE_URL").expect("the URL that was used");
    decide_beside_readers(&app, &pools, &page.slug, || {
        spawn_on(elsewhere.path(), &["--database-url", &url])
    });
}

fn decide_beside_readers(
    app: &App,
    pools: &Pools,
    slug: &str,
    serve: impl FnOnce() -> (Child, SocketAddr),
) {
    let mut db = pools.write.get().expect("a connection");
    crowd(&mut db, app);
    for verdict in [Verdict::Spam, Verdict::Ham] {
        decide_and_undo(&mut db, verdict);
    }
    let (mut served, site) = serve();
    let path = format!("/projects/{slug}");
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        without.push(load(site, &path, CONNECTIONS));
        let done = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            let db = &mut db;
            let done = &done;
            scope.spawn(move || {
                while !done.load(std::sync::atomic::Ordering::Relaxed) {
                    run_batch(db, Verdict::Spam);
                }
            });
            with.push(load(site, &path, CONNECTIONS));
            done.store(true, std::sync::atomic::Ordering::Relaxed);
        });
    }
    let (without, with) = (best(without), best(with));
    println!(
        "  project page meanwhile, {CONNECTIONS} connections: median {:.2?} -> {:.2?}, p99 {:.1?} -> {:.1?}",
        without.median, with.median, without.p99, with.p99
    );
    let _ = served.kill();
    let _ = served.wait();
}

/// The database that `POTLUCK_BENCH_DATABASE_URL` names, empty or filled by an earlier part.
fn postgres() -> Option<(Arc<App>, Pools)> {
    let Ok(url) = std::env::var("POTLUCK_BENCH_DATABASE_URL") else {
        println!("PostgreSQL: not measured, POTLUCK_BENCH_DATABASE_URL names no database");
        return None;
    };
    let elsewhere = tempfile::tempdir().expect("a temporary folder");
    let given = Given {
        database_url: Some(url),
        ..given(elsewhere.path())
    };
    let config = given.resolve().expect("a configuration");
    let (app, pools) = server::open(config).expect("a database");
    let mut db = pools.write.get().expect("a connection");
    let known = User::by_username(&mut db, "mo_t").expect("a query");
    if known.is_none() {
        fill_one(&mut db, &app);
    }
    drop(db);
    Some((app, pools))
}

const FOLLOWERS: i64 = 10_000;

/// A release of a project that very many follow: how long its form takes to be taken in and stored, and
/// until every inbox has it, step by step as the job does it.
fn followers() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fill(folder.path());
    let (app, pools) = open(folder.path());
    put_out(
        &mut pools.write.get().expect("a connection"),
        &app,
        "SQLite",
    );
    if let Some((app, pools)) = postgres() {
        put_out(
            &mut pools.write.get().expect("a connection"),
            &app,
            "PostgreSQL",
        );
    }
}

fn put_out(db: &mut Db, app: &App, name: &str) {
    let maker = User::by_username(db, "maker3")
        .expect("a query")
        .expect("an account");
    let project = project::Listing::default().load(db).expect("projects")[0].id;
    let project = project::Project::find(db, project).expect("a project");
    let maker = match project.is_made_by(db, maker.id).expect("a query") {
        true => maker,
        false => User::find(db, project.owner_id).expect("an account"),
    };
    let numbers = format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {FOLLOWERS})"
    );
    let at = "2026-01-02 03:04:05";
    for sql in [
        format!(
            "INSERT INTO users (username, username_key, email, email_key, confirmed_at, password_hash, role, network, created_at) \
             {numbers} SELECT 'f' || i, 'f' || i, 'f' || i || '@people.example', 'f' || i || '@people.example', '{at}', '', 'member', '', '{at}' FROM n"
        ),
        format!(
            "INSERT INTO project_follows (user_id, project_id, created_at, counts) \
             SELECT id, {}, '{at}', TRUE FROM users WHERE email_key LIKE 'f%@people.example'",
            project.id
        ),
    ] {
        diesel::RunQueryDsl::execute(diesel::sql_query(sql), db).expect("rows");
    }
    let intake = app.intake([127, 0, 0, 1].into());
    let (mut answered, mut told) = (Vec::new(), Vec::new());
    for minor in 0..5 {
        let version = format!("7.{minor}");
        let notes = Notes::parse(&version, &text(minor), &[]).expect("notes");
        let facts = Facts {
            released_on: now().date(),
            prerelease: false,
        };
        let start = Instant::now();
        let state = write_tx(db, |db| {
            release::put_out(db, &intake.context(), &maker, &project, (&notes, facts), "").map_err(
                |error| match error {
                    project::ShareError::Database(error) => error,
                    other => panic!("{other}"),
                },
            )
        })
        .expect("a release");
        assert!(matches!(state, Ok(State::Published)), "it waits: {state:?}");
        answered.push(start.elapsed());
        let (release, _) = Release::find(db, project.id, &version).expect("the release");
        let mut next = Some(Telling {
            item: release.id,
            after: UserId(0),
        });
        while let Some(telling) = next {
            let step = Instant::now();
            next = write_tx(db, |db| follow::step(db, telling)).expect("a step");
            std::thread::sleep(step.elapsed() / 2);
        }
        told.push(start.elapsed());
    }
    println!(
        "a release with {FOLLOWERS} followers, {name}: taken in and stored in {:.1?}, in every inbox after {:.2?}, at the median",
        median(answered),
        median(told)
    );
}

/// Held comments, copied from one that was posted.
fn crowd(db: &mut Db, app: &App) {
    let author = User::by_username(db, "maker3")
        .expect("a query")
        .expect("an account");
    let project = project::Listing::default().load(db).expect("projects")[0].id;
    let body = Body::parse("Buy my mangoes while they are cheap.").expect("a text");
    let intake = app.intake([127, 0, 0, 1].into());
    let (one, _) =
        comment::post(db, &intake.context(), &author, project, None, &body, "").expect("a comment");
    let numbers = format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {BATCH})"
    );
    let mut run =
        |sql: String| diesel::RunQueryDsl::execute(diesel::sql_query(sql), db).expect("rows");
    let columns = "kind, author_id, project_id, evidence, score, model_id, version, reports, network, created_at, sampled";
    run(format!(
        "INSERT INTO items (id, state, queue, why, {columns}) {numbers} SELECT 1000000 + i, 'held', 'held', 'links', {columns} FROM items, n WHERE items.id = {one}"
    ));
    let columns = "thread_id, parent_id, author_id, body, body_html, created_at";
    run(format!(
        "INSERT INTO comments (id, root_id, {columns}) {numbers} SELECT 1000000 + i, 1000000 + i, {columns} FROM comments, n WHERE comments.id = {one}"
    ));
    let columns = "number, content, text, text_hash, signals, steps, score, model_id, created_at";
    run(format!(
        "INSERT INTO revisions (id, item_id, state, {columns}) {numbers} SELECT 1000000 + i, 1000000 + i, 'waiting', {columns} FROM revisions, n WHERE revisions.item_id = {one}"
    ));
}

fn decide_and_undo(db: &mut Db, verdict: Verdict) {
    let took: Vec<(Duration, Duration)> = (0..3).map(|_| run_batch(db, verdict)).collect();
    println!(
        "  {verdict}: {:.2?}, undone in {:.2?} at the median",
        median(took.iter().map(|(decided, _)| *decided).collect()),
        median(took.iter().map(|(_, undone)| *undone).collect())
    );
}

/// As the desk and its job do it; gives the seconds of the verdict and of its undo.
/// Step by step with the site's own pauses.
fn go_through(mut step: impl FnMut() -> bool) {
    let mut start = Instant::now();
    while step() {
        std::thread::sleep(rest(start.elapsed()));
        start = Instant::now();
    }
}

fn run_batch(db: &mut Db, verdict: Verdict) -> (Duration, Duration) {
    let filter = Filter {
        author: "maker3".into(),
        until: Some(ItemId(i64::MAX)),
        ..Filter::all_of(Name::Held)
    };
    let by = User::by_username(db, "mo_t")
        .expect("a query")
        .expect("an account")
        .id;
    let start = Instant::now();
    let (outcomes, _) = write_tx(db, |db| {
        bulk::decide_all(db, by, verdict, "", &filter, "held")
    })
    .expect("a batch");
    let batch = outcomes.batch.expect("a batch");
    go_through(|| write_tx(db, |db| bulk::step(db, batch, Some(&filter))).expect("a step"));
    let decided = start.elapsed();
    let start = Instant::now();
    write_tx(db, |db| verdict::undo(db, batch, by)).expect("undone");
    go_through(|| write_tx(db, |db| bulk::step(db, batch, None)).expect("a step"));
    (decided, start.elapsed())
}
