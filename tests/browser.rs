//! The whole way in a real browser, headless Chromium, with script and without: sign up, confirm,
//! share a project, be approved, comment, wait, be released.
//!
//! Speaks the few words of WebDriver that are needed, over plain HTTP to chromedriver.

use crate::support::*;
use serde_json::{Value, json};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A chromedriver on a port of its own, which is ended when the test ends.
pub struct Driver {
    process: Child,
    url: String,
}

fn program(names: &[&str]) -> Option<PathBuf> {
    let paths = std::env::var_os("PATH")?;
    names
        .iter()
        .flat_map(|name| std::env::split_paths(&paths).map(move |folder| folder.join(name)))
        .find(|path| path.is_file())
}

impl Driver {
    /// None, said aloud, where there is no browser; in CI that is a failure.
    pub fn start() -> Option<(Driver, PathBuf)> {
        let found = program(&["chromedriver"]).zip(program(&[
            "chromium",
            "google-chrome",
            "chromium-browser",
        ]));
        let Some((driver, browser)) = found else {
            let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
            assert!(!ci, "chromium or chromedriver is missing: run tests/run");
            say_aloud(
                "SKIP: no browser test, since chromium or chromedriver is missing. tests/run installs them.",
            );
            return None;
        };
        let port = free_port();
        let process = Command::new(driver)
            .arg(format!("--port={port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver starts");
        let driver = Driver {
            process,
            url: format!("http://127.0.0.1:{port}"),
        };
        wait_for("chromedriver to be ready", || {
            ask("GET", &format!("{}/status", driver.url), &Value::Null)
                .ok()
                .filter(|status| status["ready"] == true)
        });
        Some((driver, browser))
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}

/// One command of WebDriver: its value, or its error.
fn ask(method: &str, url: &str, body: &Value) -> Result<Value, String> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_idle_connections(0)
        .timeout_global(Some(Duration::from_secs(90)))
        .build()
        .into();
    let request = ureq::http::Request::builder()
        .method(method)
        .uri(url)
        .header("content-type", "application/json");
    let answer = if method == "POST" {
        agent.run(request.body(body.to_string()).expect("a request"))
    } else {
        agent.run(request.body(()).expect("a request"))
    };
    let mut answer = answer.map_err(|error| error.to_string())?;
    let text = answer
        .body_mut()
        .read_to_string()
        .map_err(|error| error.to_string())?;
    let value: Value = serde_json::from_str(&text).map_err(|error| format!("{error}: {text}"))?;
    match value["value"]["error"].as_str() {
        Some(error) => Err(format!("{error}: {}", value["value"]["message"])),
        None => Ok(value["value"].clone()),
    }
}

/// One browser window with its own cookies.
pub struct Browser<'a> {
    session: String,
    site: &'a Site,
    script: bool,
    _profile: tempfile::TempDir,
}

impl<'a> Browser<'a> {
    pub fn open(driver: &Driver, program: &Path, site: &'a Site, script: bool) -> Browser<'a> {
        let profile = tempfile::tempdir().expect("a folder for the browser");
        let mut arguments = vec![
            "--headless".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-quic".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--no-first-run".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-sync".to_owned(),
            "--window-size=1280,1600".to_owned(),
        ];
        arguments.push(format!("--user-data-dir={}", profile.path().display()));
        let mut options = json!({"binary": program, "args": arguments});
        if !script {
            options["prefs"] = json!({"profile.managed_default_content_settings.javascript": 2});
        }
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL"},
        }}});
        let opened =
            ask("POST", &format!("{}/session", driver.url), &wanted).expect("a browser opens");
        let id = opened["sessionId"].as_str().expect("a session");
        Browser {
            session: format!("{}/session/{id}", driver.url),
            site,
            script,
            _profile: profile,
        }
    }

    #[track_caller]
    pub fn post(&self, command: &str, body: Value) -> Value {
        ask("POST", &format!("{}/{command}", self.session), &body).unwrap_or_else(|error| {
            panic!(
                "{command}: {error}\non {}:\n{}",
                self.address(),
                self.words()
            )
        })
    }

    fn read(&self, what: &str) -> String {
        match ask("GET", &format!("{}/{what}", self.session), &Value::Null) {
            Ok(value) => value.as_str().unwrap_or_default().to_owned(),
            Err(error) => error,
        }
    }

    pub fn go(&self, path: &str) {
        self.post("url", json!({"url": self.site.url(path)}));
    }

    pub fn address(&self) -> String {
        self.read("url")
    }

    /// The page as text.
    pub fn words(&self) -> String {
        let html = self.read("source");
        let body = html.find("<main").map_or(html.as_str(), |at| &html[at..]);
        let mut text = String::new();
        let mut inside = false;
        for letter in body.chars() {
            match letter {
                '<' => {
                    inside = true;
                    text.push(' ');
                }
                '>' => inside = false,
                letter if !inside => text.push(letter),
                _ => {}
            }
        }
        unescape(&text)
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[track_caller]
    pub fn sees(&self, sentence: &str) {
        let what = format!(
            "{:?} in the browser, on {}:\n{}",
            sentence,
            self.address(),
            self.words()
        );
        wait_for(&what, || self.words().contains(sentence).then_some(()));
    }

    #[track_caller]
    pub fn find(&self, css: &str) -> String {
        let found = self.post("element", json!({"using": "css selector", "value": css}));
        let id = found
            .as_object()
            .and_then(|all| all.values().next())
            .and_then(Value::as_str);
        id.unwrap_or_else(|| panic!("{css} is no element: {found}"))
            .to_owned()
    }

    #[track_caller]
    pub fn click(&self, css: &str) {
        let element = self.find(css);
        self.post(&format!("element/{element}/click"), json!({}));
    }

    #[track_caller]
    pub fn fill(&self, css: &str, text: &str) {
        let element = self.find(css);
        self.post(&format!("element/{element}/clear"), json!({}));
        self.post(&format!("element/{element}/value"), json!({"text": text}));
    }

    /// Presses keys one after the other, as on a keyboard: wherever the focus is.
    #[track_caller]
    pub fn keys(&self, keys: &str) {
        let mut acts = Vec::new();
        for key in keys.chars() {
            let value = key.to_string();
            acts.push(json!({"type": "keyDown", "value": value}));
            acts.push(json!({"type": "keyUp", "value": value}));
        }
        self.post(
            "actions",
            json!({"actions": [{"type": "key", "id": "keyboard", "actions": acts}]}),
        );
    }

    /// What an expression of script says.
    #[track_caller]
    pub fn ask(&self, expression: &str) -> Value {
        self.post(
            "execute/sync",
            json!({"script": format!("return {expression}"), "args": []}),
        )
    }

    /// Presses the button of a form and waits for the page that follows.
    #[track_caller]
    pub fn send(&self, css: &str) {
        let before = self.find("html");
        self.click(css);
        wait_for("the next page", || {
            let text = ask(
                "GET",
                &format!("{}/element/{before}/name", self.session),
                &Value::Null,
            );
            text.is_err().then_some(())
        });
    }

    /// What the console complained about: a policy that our own pages break, a script that fails.
    pub fn complaints(&self) -> Vec<String> {
        let log = ask(
            "POST",
            &format!("{}/se/log", self.session),
            &json!({"type": "browser"}),
        );
        log.ok()
            .and_then(|log| log.as_array().cloned())
            .unwrap_or_default()
            .iter()
            .filter(|entry| entry["level"] == "SEVERE")
            .map(|entry| entry["message"].to_string())
            // A refusal that the test asked for is no complaint.
            .filter(|message| !message.contains("status of 4"))
            .collect()
    }

    fn has_script(&self) -> bool {
        let said = self.post(
            "execute/sync",
            json!({"script": "return document.querySelectorAll('script').length", "args": []}),
        );
        assert!(said.as_i64() > Some(0));
        self.script
    }

    pub fn log_in(&self, name: &str) {
        self.go("/login");
        self.fill("#login", name);
        self.fill("#password", PASSWORD);
        self.send("form[action='/login'] button");
    }
}

impl Drop for Browser<'_> {
    fn drop(&mut self) {
        let _ = ask("DELETE", &self.session, &Value::Null);
    }
}

fn the_whole_way(script: bool) {
    let Some((driver, program)) = Driver::start() else {
        return;
    };
    let site = Site::start(Database::Sqlite, Options::default().limits_off());
    site.maker("odile");
    site.moderator("mona");
    let duck = site.project("odile", "Duck racer");
    let ann = Browser::open(&driver, &program, &site, script);
    let mona = Browser::open(&driver, &program, &site, script);
    let visitor = Browser::open(&driver, &program, &site, script);

    // Signs up.
    ann.go("/");
    ann.sees("Code of conduct");
    assert_eq!(ann.has_script(), script);
    ann.go("/signup");
    ann.fill("#username", "ann");
    ann.fill("#email", "ann@example.org");
    ann.fill("#password", "an odd lamp near the river");
    ann.send("form[action='/signup'] button");
    ann.sees("Check your mail");
    ann.sees("confirm-ann-");

    // Confirms from the outbox.
    let link = site.link(&site.letter("confirm", "ann"), "/confirm");
    ann.go(&link);
    ann.send("form[action='/confirm'] button");
    ann.sees("Your address is confirmed");
    ann.fill("#login", "ann@example.org");
    ann.fill("#password", "an odd lamp near the river");
    ann.send("form[action='/login'] button");
    ann.sees("Logged in as ann");

    // Shares a project with a picture.
    ann.go("/projects/new");
    ann.fill("[name=title]", "A lamp of paper");
    ann.fill("[name=summary]", "It folds flat and glows warm");
    ann.fill(
        "[name=description]",
        "Eleven sheets, one bulb and **much** patience.",
    );
    ann.click("[name=kind][value=art], [name=kind] option[value=art]");
    ann.fill("[name=tags]", "paper, light");
    let picture = site.folder().join("lamp.png");
    image::RgbImage::from_fn(800, 600, |x, y| {
        image::Rgb([(x % 256) as u8, (y % 256) as u8, 90])
    })
    .save(&picture)
    .expect("a picture is drawn");
    let input = ann.find("[name=picture]");
    ann.post(
        &format!("element/{input}/value"),
        json!({"text": picture.to_str()}),
    );
    ann.send("main form[action='/projects/new'] .button-primary");
    ann.sees("A lamp of paper");
    ann.sees("A moderator looks at it first");
    visitor.go("/projects/a-lamp-of-paper");
    visitor.sees("There is nothing at this address");

    // Comments on another's project before anything of hers was approved: it is held.
    ann.go(&duck.path());
    ann.fill(
        "#composer textarea",
        "The ducks lean into the curve so well that I laughed.",
    );
    ann.send("#composer .button-primary");
    ann.sees("waits for a moderator");
    ann.sees("lean into the curve");
    visitor.go(&duck.path());
    visitor.sees("Duck racer");
    assert!(!visitor.words().contains("lean into the curve"));

    // Is approved and released by a moderator, at the desk.
    mona.log_in("mona");
    mona.go("/moderation/projects");
    mona.sees("A lamp of paper");
    let lamp = site
        .project_by_title("A lamp of paper")
        .expect("it is there");
    mona.click(&format!("input[name=item][value='project:{}']", lamp.id));
    mona.click("main button[name=verdict][value=ham]");
    mona.sees("1 item marked as ham");
    visitor.go("/projects/a-lamp-of-paper");
    visitor.sees("It folds flat and glows warm");
    visitor.find("main img");
    mona.go("/moderation/held");
    mona.sees("lean into the curve");
    let comment = site
        .comment_saying("lean into the curve")
        .expect("the comment is there");
    mona.click(&format!("input[name=item][value='comment:{comment}']"));
    mona.click("main button[name=verdict][value=ham]");
    mona.sees("1 item marked as ham");
    visitor.go(&duck.path());
    visitor.sees("lean into the curve");
    ann.go(&duck.path());
    ann.sees("lean into the curve");
    ann.fill(
        "#composer textarea",
        "And the second one needs to wait for nobody.",
    );
    ann.send("#composer .button-primary");
    ann.sees("Thank you for your comment");
    visitor.go(&duck.path());
    visitor.sees("needs to wait for nobody");

    // Forgets her password. The page behind the link sends no referrer, and so no origin either.
    visitor.go("/reset");
    visitor.fill("#email", "ann@example.org");
    visitor.send("main form[action='/reset'] button");
    visitor.go(&site.link(&site.letter("reset", "ann"), "/reset"));
    visitor.fill("#password", "another lamp by the same river");
    visitor.send("main form[action='/reset'] button");
    visitor.sees("Log in with the new one");
    ann.go("/account");
    ann.sees("Log in");

    for browser in [&ann, &mona, &visitor] {
        assert_eq!(browser.complaints(), Vec::<String>::new());
    }
}

#[test]
fn the_whole_way_with_script() {
    the_whole_way(true);
}

#[test]
fn the_whole_way_without_script() {
    the_whole_way(false);
}
