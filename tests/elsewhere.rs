//! Other people's servers, as a program on this machine: what it is asked is written down, and it
//! answers what a test tells it to.

use crate::support::Site;
use potluck::fetch::Fetcher;
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How long the site waits for an answer from here.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Clone, Debug)]
pub enum Reply {
    /// 200, and 304 for whoever has this already.
    Found {
        body: String,
        etag: &'static str,
    },
    Bytes(Vec<u8>),
    Status(u16, Vec<(&'static str, String)>, String),
    /// Bytes without end.
    Endless,
    /// A byte now and then.
    Dripping,
}

/// A question, as it came.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Host and path, without what stands behind a `?`.
    pub place: String,
    pub headers: HashMap<String, String>,
}

impl Asked {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// Ends when it is dropped.
pub struct Elsewhere {
    address: SocketAddr,
    replies: Arc<Mutex<HashMap<String, Reply>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
    ended: Arc<AtomicBool>,
}

impl Elsewhere {
    /// In the place of these hosts, for this site.
    pub fn of(site: &Site, hosts: &[&str]) -> Elsewhere {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port of this machine");
        let address = listener.local_addr().expect("its own address");
        let there = Elsewhere {
            address,
            replies: Arc::default(),
            asked: Arc::default(),
            ended: Arc::default(),
        };
        let (replies, asked, ended) = (
            there.replies.clone(),
            there.asked.clone(),
            there.ended.clone(),
        );
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if ended.load(Ordering::Relaxed) {
                    return;
                }
                let (replies, asked, ended) = (replies.clone(), asked.clone(), ended.clone());
                if let Ok(stream) = stream {
                    std::thread::spawn(move || answer(stream, &replies, &asked, &ended));
                }
            }
        });
        site.app
            .set_fetcher(Fetcher::with_stand_ins(hosts, address, PATIENCE));
        there
    }

    /// What stands at a place from now on: `codeberg.org/api/…`.
    pub fn put(&self, place: &str, reply: Reply) {
        self.replies.lock().unwrap().insert(place.to_owned(), reply);
    }

    pub fn json(&self, place: &str, body: &serde_json::Value) {
        self.json_as(place, body, "");
    }

    pub fn json_as(&self, place: &str, body: &serde_json::Value, etag: &'static str) {
        let body = body.to_string();
        self.put(place, Reply::Found { body, etag });
    }

    pub fn status(&self, place: &str, status: u16, headers: &[(&'static str, &str)]) {
        let headers = headers.iter().map(|(a, b)| (*a, (*b).to_owned())).collect();
        let body = "{\"message\": \"no\"}".to_owned();
        self.put(place, Reply::Status(status, headers, body));
    }

    pub fn asked(&self, place: &str) -> Vec<Asked> {
        let asked = self.asked.lock().unwrap();
        asked
            .iter()
            .filter(|asked| asked.place == place)
            .cloned()
            .collect()
    }

    pub fn all_asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    /// A place of this very machine, for who would lead the site there.
    pub fn here(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        // Wakes the one that waits for somebody.
        let _ = TcpStream::connect(self.address);
    }
}

fn answer(
    mut stream: TcpStream,
    replies: &Mutex<HashMap<String, Reply>>,
    asked: &Mutex<Vec<Asked>>,
    ended: &AtomicBool,
) -> Option<()> {
    let mut lines = BufReader::new(stream.try_clone().ok()?).lines();
    let first = lines.next()?.ok()?;
    let target = first.split(' ').nth(1)?.to_owned();
    let mut headers = HashMap::new();
    for line in lines.map_while(Result::ok) {
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let host = headers.get("host").cloned().unwrap_or_default();
    let path = target.split('?').next().unwrap_or("");
    let place = format!("{host}{path}");
    let known = headers.get("if-none-match").cloned().unwrap_or_default();
    asked.lock().unwrap().push(Asked {
        place: place.clone(),
        headers,
    });
    let reply = replies.lock().unwrap().get(&place).cloned();
    let reply = reply.unwrap_or(Reply::Status(404, Vec::new(), "{}".into()));
    let head = |status: u16, more: &str| {
        format!(
            "HTTP/1.1 {status} x\r\nConnection: close\r\nContent-Type: application/json\r\n{more}"
        )
    };
    let whole = |status: u16, more: &str, body: &str| {
        let length = body.len();
        format!(
            "{}Content-Length: {length}\r\n\r\n{body}",
            head(status, more)
        )
    };
    let text = match reply {
        Reply::Found { etag, .. } if !etag.is_empty() && known == etag => {
            format!("{}\r\n", head(304, ""))
        }
        Reply::Found { body, etag: "" } => whole(200, "", &body),
        Reply::Found { body, etag } => whole(200, &format!("ETag: {etag}\r\n"), &body),
        Reply::Status(status, headers, body) => {
            let lines: String = headers
                .iter()
                .map(|(name, value)| format!("{name}: {value}\r\n"))
                .collect();
            whole(status, &lines, &body)
        }
        Reply::Bytes(bytes) => {
            let length = format!("Content-Length: {}\r\n", bytes.len());
            stream
                .write_all(format!("{}\r\n", head(200, &length)).as_bytes())
                .ok()?;
            stream.write_all(&bytes).ok()?;
            return Some(());
        }
        Reply::Endless => {
            stream
                .write_all(format!("{}\r\n", head(200, "")).as_bytes())
                .ok()?;
            let chunk = [b' '; 16_384];
            while !ended.load(Ordering::Relaxed) {
                stream.write_all(&chunk).ok()?;
            }
            return None;
        }
        Reply::Dripping => {
            stream
                .write_all(format!("{}\r\n", head(200, "")).as_bytes())
                .ok()?;
            while !ended.load(Ordering::Relaxed) {
                stream.write_all(b" ").ok()?;
                stream.flush().ok()?;
                // How slowly it drips is the point, and nothing waits on it.
                std::thread::park_timeout(Duration::from_millis(100));
            }
            return None;
        }
    };
    stream.write_all(text.as_bytes()).ok()
}
