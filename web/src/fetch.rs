//! Asking other people's servers: forges for releases, and pages for a link back. The one place where
//! the site goes out to an address that somebody typed, so the rules about addresses stand here.
//!
//! It asks by https on the usual port, for a name and never for a bare number, and only what lies on
//! the open net: every address that the name stands for is looked at, and the connection goes to the
//! very one that was looked at, so that a name which changes in between leads nowhere else. It goes on
//! to another place of the same host and to no other, reads so many bytes, and waits so long.

use chrono::{DateTime, Utc};
use potluck_models::secret;
use std::collections::HashMap;
use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};
use ureq::Agent;
use ureq::http::{HeaderMap, Uri};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use url::{Host, Url};

/// For everything: the name, the connection, the answer, and where it leads on.
const PATIENCE: Duration = Duration::from_secs(10);
const REDIRECTS: usize = 3;
/// Of what a server may call its answer.
const MAX_MARK: usize = 256;
/// Whoever asks for more patience than that is asked again then all the same.
const LONGEST_WAIT: Duration = Duration::from_secs(86_400);

/// What is asked.
pub struct Question<'a> {
    pub url: &'a str,
    pub accept: &'static str,
    /// What the last answer was; whoever has no other need not send it again.
    pub known: &'a Known,
    /// Bytes of an answer.
    pub most: usize,
    /// `www.` before or after is the same host, too.
    pub www: bool,
    /// Who asks, with an address for who wonders.
    pub agent: &'a str,
}

/// What an answer is known by.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Known {
    pub etag: String,
    pub modified: String,
    /// Of its bytes: not every server names its answers.
    pub digest: String,
}

#[derive(Debug)]
pub enum Answer {
    /// As it was. With how long the host wants to be left alone, if it said so.
    Same(Option<Duration>),
    Page(Box<Page>),
}

#[derive(Debug)]
pub struct Page {
    /// Where it was found.
    pub url: Url,
    pub body: Vec<u8>,
    pub known: Known,
    /// Of the answer's head: `Link`.
    pub links: Vec<String>,
    /// The host has answered often enough for now.
    pub rest: Option<Duration>,
}

/// Why there is no answer, in words for who asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("This is no address that we ask: it has to be https, with a name, on the usual port.")]
    Address,
    #[error("{0} is not on the open net, so we do not ask there.")]
    Private(String),
    #[error("There is no {0}, or its name could not be looked up.")]
    Unknown(String),
    #[error("{0} could not be reached.")]
    Unreachable(String),
    #[error(
        "No safe connection to {0} could be made: its certificate or its encryption is not good."
    )]
    Unsafe(String),
    #[error("{0} took too long to answer.")]
    Slow(String),
    #[error("{0} sent more than we take at once.")]
    Large(String),
    #[error("{0} sent us on to another host, where we do not follow.")]
    Elsewhere(String),
    #[error("{0} sent us round in a circle.")]
    Circle(String),
    #[error("{0} gave an answer that could not be read.")]
    Garbled(String),
    #[error("There is nothing there, or it is not public ({1} from {0}).")]
    Missing(String, u16),
    #[error("{0} did not want to answer ({1}).")]
    Refused(String, u16, Option<Duration>),
    #[error("{0} asks us to come back later ({1}).")]
    Wait(String, u16, Duration),
    #[error("{0} has a fault of its own ({1}).")]
    Broken(String, u16, Option<Duration>),
}

impl Fault {
    /// How long the other side wants to be left alone, if it said so.
    pub fn wait(&self) -> Option<Duration> {
        match self {
            Fault::Refused(_, _, wait) | Fault::Broken(_, _, wait) => *wait,
            Fault::Wait(_, _, wait) => Some(*wait),
            _ => None,
        }
    }

    /// It may be otherwise at the next try, without anybody doing anything.
    pub fn passes(&self) -> bool {
        matches!(
            self,
            Fault::Unknown(_)
                | Fault::Unreachable(_)
                | Fault::Slow(_)
                | Fault::Refused(..)
                | Fault::Wait(..)
                | Fault::Broken(..)
        )
    }
}

/// Whether an address is one of the open net: no house's own, no machine's own, no carrier's, nobody's.
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    !matches!(
        (a, b, c),
        (0 | 10 | 127, ..)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (192, 168, _)
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
            | (224..=255, ..)
    )
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let parts = ip.segments();
    match parts {
        // How a net without the older addresses writes them.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            let [a, b] = high.to_be_bytes();
            let [c, d] = low.to_be_bytes();
            is_public_v4(Ipv4Addr::new(a, b, c, d))
        }
        // Tunnels, which hold another address, and those for books and for measurements.
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x2002, ..] | [0x3fff, 0..=0xfff, ..] => {
            false
        }
        // The rest of what is given out to the world; loopback, local, mapped and many are elsewhere.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

/// The address, if it is one that may be asked.
pub fn askable(typed: &str) -> Result<Url, Fault> {
    let url = Url::parse(typed).map_err(|_| Fault::Address)?;
    let named = match url.host() {
        Some(Host::Domain(name)) => {
            name.contains('.') && !name.starts_with('.') && !name.ends_with('.')
        }
        _ => false,
    };
    let fine = url.scheme() == "https"
        && named
        && url.port().is_none()
        && url.username().is_empty()
        && url.password().is_none()
        && typed.len() <= 2_000;
    fine.then_some(url).ok_or(Fault::Address)
}

/// Whether a host may send us on to another place.
pub fn may_follow(from: &Url, to: &Url, www: bool) -> bool {
    let bare = |url: &Url| {
        let host = url.host_str().unwrap_or("").to_owned();
        match host.strip_prefix("www.") {
            Some(rest) if www => rest.to_owned(),
            _ => host,
        }
    };
    askable(to.as_str()).is_ok() && bare(from) == bare(to)
}

/// `Retry-After`: seconds, or a date.
pub fn retry_after(value: &str, now: DateTime<Utc>) -> Option<Duration> {
    let value = value.trim();
    let wait = match value.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds.min(LONGEST_WAIT.as_secs())),
        Err(_) => {
            let at = DateTime::parse_from_rfc2822(value).ok()?;
            (at.with_timezone(&Utc) - now).to_std().unwrap_or_default()
        }
    };
    Some(wait.min(LONGEST_WAIT))
}

/// When a host that counts has no answer left for us: until it counts anew.
fn used_up(head: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let number = |names: [&str; 2]| -> Option<i64> {
        names
            .iter()
            .find_map(|name| head.get(*name)?.to_str().ok()?.trim().parse().ok())
    };
    if number(["x-ratelimit-remaining", "ratelimit-remaining"])? > 0 {
        return None;
    }
    let reset = number(["x-ratelimit-reset", "ratelimit-reset"])?;
    // As a moment, or as seconds from now.
    let seconds = match reset {
        1_000_000_000.. => reset - now.timestamp(),
        _ => reset,
    };
    Some(Duration::from_secs(seconds.max(0) as u64).min(LONGEST_WAIT))
}

/// Refuses every address that is not on the open net, before anything connects to it.
#[derive(Debug)]
struct Checked {
    stand_in: Option<SocketAddr>,
}

#[derive(Debug, thiserror::Error)]
#[error("not on the open net")]
struct NotPublic;

impl Resolver for Checked {
    fn resolve(
        &self,
        uri: &Uri,
        config: &ureq::config::Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        if let Some(address) = self.stand_in {
            let mut only = self.empty();
            only.push(address);
            return Ok(only);
        }
        let all = DefaultResolver::default().resolve(uri, config, timeout)?;
        // One among good ones says enough about who answers for the name.
        if all.iter().any(|address| !is_public(address.ip())) {
            return Err(ureq::Error::Other(Box::new(NotPublic)));
        }
        Ok(all)
    }
}

#[derive(Clone, Debug)]
pub struct Fetcher {
    patience: Duration,
    /// Programs on this machine in the place of hosts: for tests, which put them here by hand. No
    /// setting, file, variable or page can.
    stand_ins: HashMap<String, SocketAddr>,
}

impl Default for Fetcher {
    fn default() -> Fetcher {
        Fetcher {
            patience: PATIENCE,
            stand_ins: HashMap::new(),
        }
    }
}

impl Fetcher {
    /// For tests: this program of this machine answers for those hosts, without encryption, and soon.
    pub fn with_stand_ins(hosts: &[&str], address: SocketAddr, patience: Duration) -> Fetcher {
        assert!(address.ip().is_loopback(), "{address} is another machine");
        Fetcher {
            patience,
            stand_ins: hosts
                .iter()
                .map(|host| ((*host).to_owned(), address))
                .collect(),
        }
    }

    /// Asks and waits for the answer: never from a request's thread.
    pub fn ask(&self, question: &Question) -> Result<Answer, Fault> {
        let deadline = Instant::now() + self.patience;
        let mut url = askable(question.url)?;
        for _ in 0..=REDIRECTS {
            let host = url.host_str().unwrap_or("").to_owned();
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Fault::Slow(host));
            }
            match self.once(&url, &host, question, left)? {
                Step::Answer(answer) => return Ok(answer),
                Step::On(to) => {
                    let to = url.join(&to).map_err(|_| Fault::Elsewhere(host.clone()))?;
                    if !may_follow(&url, &to, question.www) {
                        return Err(Fault::Elsewhere(host));
                    }
                    url = to;
                }
            }
        }
        Err(Fault::Circle(url.host_str().unwrap_or("").to_owned()))
    }

    fn once(
        &self,
        url: &Url,
        host: &str,
        question: &Question,
        left: Duration,
    ) -> Result<Step, Fault> {
        let stand_in = self.stand_ins.get(host).copied();
        let agent = agent(question.agent, left, stand_in);
        let target = match stand_in {
            Some(_) => url.as_str().replacen("https://", "http://", 1),
            None => url.as_str().to_owned(),
        };
        let mut asking = agent.get(&target).header("Accept", question.accept);
        if !question.known.etag.is_empty() {
            asking = asking.header("If-None-Match", &question.known.etag);
        }
        if !question.known.modified.is_empty() {
            asking = asking.header("If-Modified-Since", &question.known.modified);
        }
        let mut response = asking.call().map_err(|error| fault(error, host))?;
        let status = response.status().as_u16();
        let head = response.headers();
        let word = |name: &str| {
            let value = head.get(name).and_then(|value| value.to_str().ok());
            value.unwrap_or("").to_owned()
        };
        let (host, now) = (host.to_owned(), Utc::now());
        let wait = retry_after(&word("retry-after"), now);
        let used_up = used_up(head, now);
        match status {
            200 => {}
            304 => return Ok(Step::Answer(Answer::Same(used_up))),
            301 | 302 | 303 | 307 | 308 => return Ok(Step::On(word("location"))),
            401 | 404 | 410 | 451 => return Err(Fault::Missing(host, status)),
            403 | 429 => {
                return Err(match wait.or(used_up) {
                    Some(wait) => Fault::Wait(host, status, wait),
                    None => Fault::Refused(host, status, None),
                });
            }
            500.. => return Err(Fault::Broken(host, status, wait)),
            _ => return Err(Fault::Refused(host, status, wait)),
        }
        let mark = |name: &str| {
            let value = word(name);
            if value.len() > MAX_MARK {
                String::new()
            } else {
                value
            }
        };
        let mut known = Known {
            etag: mark("etag"),
            modified: mark("last-modified"),
            digest: String::new(),
        };
        let links = head
            .get_all("link")
            .iter()
            .filter_map(|value| value.to_str().ok().map(str::to_owned))
            .collect();
        let mut body = Vec::new();
        let most = question.most as u64;
        let read = response
            .body_mut()
            .as_reader()
            .take(most + 1)
            .read_to_end(&mut body);
        if let Err(error) = read {
            return Err(fault(ureq::Error::from(error), &host));
        }
        if body.len() as u64 > most {
            return Err(Fault::Large(host));
        }
        known.digest = secret::sha256_bytes(&body);
        if known.digest == question.known.digest {
            return Ok(Step::Answer(Answer::Same(used_up)));
        }
        let url = url.clone();
        Ok(Step::Answer(Answer::Page(Box::new(Page {
            url,
            body,
            known,
            links,
            rest: used_up,
        }))))
    }
}

fn agent(name: &str, left: Duration, stand_in: Option<SocketAddr>) -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .https_only(stand_in.is_none())
        .max_redirects(0)
        // A proxy would look the name up itself.
        .proxy(None)
        .timeout_global(Some(left))
        .max_idle_connections(0)
        .max_idle_connections_per_host(0)
        .user_agent(name)
        .build();
    Agent::with_parts(config, DefaultConnector::default(), Checked { stand_in })
}

enum Step {
    Answer(Answer),
    /// To this place, as it was written.
    On(String),
}

fn fault(error: ureq::Error, host: &str) -> Fault {
    let host = host.to_owned();
    match error {
        ureq::Error::Timeout(_) => Fault::Slow(host),
        ureq::Error::HostNotFound => Fault::Unknown(host),
        ureq::Error::Other(inner) if inner.is::<NotPublic>() => Fault::Private(host),
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) | ureq::Error::Pem(_) => Fault::Unsafe(host),
        ureq::Error::Io(error) => match error.kind() {
            std::io::ErrorKind::TimedOut | std::io::ErrorKind::WouldBlock => Fault::Slow(host),
            // Of the encryption: it comes as a fault of the stream.
            std::io::ErrorKind::InvalidData => Fault::Unsafe(host),
            _ if error.to_string().contains("lookup") => Fault::Unknown(host),
            _ => Fault::Unreachable(host),
        },
        _ => Fault::Garbled(host),
    }
}

#[cfg(test)]
mod tests;
