//! The site over a large database, and somebody who asks it for pages.

use potluck::config::Given;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// Serves for as long as this program runs; gives where.
pub fn serve(url: &str) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let given = Given {
        data_dir: Some(folder.path().to_owned()),
        database_url: Some(url.to_owned()),
        bind: Some("127.0.0.1:0".into()),
        limits: Some("off".into()),
        log: Some("off".into()),
        ..Given::default()
    };
    let (said, heard) = mpsc::channel();
    std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let config = given.resolve().expect("a configuration");
            let (app, _) = potluck::server::open(config).expect("the site opens");
            let site = potluck::server::start(app.clone(), 2).expect("the site starts");
            let address = site.address;
            // It counts what its lists are ordered by, first of all.
            actix_web::rt::spawn(async move {
                while app.swept.load(Ordering::Relaxed) == 0 {
                    actix_web::rt::time::sleep(Duration::from_millis(100)).await;
                }
                said.send(address).expect("heard");
            });
            site.run().await.expect("the site ends in peace");
            drop(folder);
        });
    });
    let address = heard.recv().expect("the site starts");
    format!("http://{address}")
}

pub struct Asker {
    agent: ureq::Agent,
    site: String,
    cookie: String,
}

impl Asker {
    /// Signed in by the token of a session; nobody without.
    pub fn new(site: &str, token: &str) -> Asker {
        Asker {
            agent: ureq::Agent::new_with_defaults(),
            site: site.to_owned(),
            cookie: format!("{}={token}", potluck::session::cookie_name(false)),
        }
    }

    pub fn get(&self, path: &str) -> (Duration, String) {
        let start = Instant::now();
        let mut answer = self
            .agent
            .get(format!("{}{path}", self.site))
            .header("cookie", &self.cookie)
            .call()
            .unwrap_or_else(|error| panic!("{path}: {error}"));
        let body = answer.body_mut().read_to_string().expect("a page");
        (start.elapsed(), body)
    }

    /// p50 and p95 in milliseconds of a page and of the one so many pages further, if there is one.
    pub fn first_and_deep(
        &self,
        path: &str,
        deep: usize,
        times: usize,
    ) -> ((f64, f64), Option<(f64, f64)>) {
        let first = self.figures(path, times);
        let mut at = path.to_owned();
        if deep < 2 {
            return (first, None);
        }
        for _ in 1..deep {
            match next(&self.get(&at).1) {
                Some(next) => at = next,
                None => return (first, None),
            }
        }
        (first, Some(self.figures(&at, times)))
    }

    pub fn figures(&self, path: &str, times: usize) -> (f64, f64) {
        self.get(path);
        let mut took: Vec<f64> = (0..times)
            .map(|_| self.get(path).0.as_secs_f64() * 1_000.0)
            .collect();
        took.sort_by(f64::total_cmp);
        (took[times / 2], took[(times * 95).div_ceil(100) - 1])
    }
}

/// CPU of all threads of this process so far: on SQLite, all that a page costs.
pub fn cpu() -> Duration {
    let threads = std::fs::read_dir("/proc/self/task")
        .into_iter()
        .flatten()
        .flatten();
    let nanoseconds = threads.filter_map(|thread| {
        let stat = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        stat.split_whitespace().next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanoseconds.sum())
}

/// Where the link to the next page leads.
pub fn next(page: &str) -> Option<String> {
    for mark in ["rel=\"next\" href=\"", "\" rel=\"next\""] {
        let Some(found) = page.find(mark) else {
            continue;
        };
        let address = match mark.ends_with("href=\"") {
            true => {
                let start = found + mark.len();
                &page[start..start + page[start..].find('"')?]
            }
            false => &page[page[..found].rfind("href=\"")? + 6..found],
        };
        return Some(address.replace("&amp;", "&").replace("&#38;", "&"));
    }
    None
}
