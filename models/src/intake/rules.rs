//! The rules of moderators that are in force, kept in memory and held against each text. They are
//! read anew when one is set or ended; the clock ends the others.

use super::cidr::Cidr;
use super::phrases::{Phrase, Words, normal};
use super::{Outcome, Step, Text};
use crate::account::Role;
use crate::db::{RuleId, ThreadId, now};
use crate::intake::limits::{Limited, span};
use crate::moderation::rule::{Does, Kind, Rule};
use crate::schema::comments;
use crate::spam::facts;
use crate::{Db, QueryResult, account::User};
use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;
use regex::{Regex, RegexBuilder};
use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::LazyLock;

/// With mail addresses at a domain: what an account writes in so many days waits.
pub const MAIL_DAYS: i64 = 30;
/// Rules that the evidence names.
const NAMED: usize = 3;
/// Memory of one compiled pattern, in bytes. `[a-z]{2,40}` fits and `\w{2,9}` does not, which stands
/// for every letter there is, nine times over: twenty of that kind cost a long comment 9 ms.
const PATTERN_SIZE: usize = 1 << 18;

#[derive(Default)]
pub struct Rules {
    all: Vec<InForce>,
}

/// A rule with what it takes to hold a text against it.
pub struct InForce {
    pub rule: Rule,
    pub by: String,
    test: Test,
}

enum Test {
    Words(Phrase),
    Pattern(Box<Regex>),
    Domain(String),
    /// With the keyed hash, if the network is as wide as those that are kept.
    Network(Cidr, Option<String>),
    Mail(String),
    /// Accounts younger than this.
    Newcomer(Duration),
    Slow,
    Raid,
}

/// A text, as the rules look at it. What no rule asks for is not read.
pub struct Subject<'a> {
    text: &'a str,
    address: Option<IpAddr>,
    network: &'a str,
    email: &'a str,
    /// Of the account, when it wrote this.
    age: Duration,
    is_maker: bool,
    normal: OnceCell<String>,
    words: OnceCell<Words>,
    domains: OnceCell<BTreeSet<String>>,
}

/// A pattern as moderators write it: a regular expression without look-around, which takes time in
/// proportion to the text and to nothing else. Or what is wrong with it.
pub fn pattern(typed: &str) -> Result<Regex, String> {
    let regex = RegexBuilder::new(typed)
        .case_insensitive(true)
        .size_limit(PATTERN_SIZE)
        .dfa_size_limit(PATTERN_SIZE)
        .nest_limit(30)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "This pattern repeats too much. Write [a-z] in place of \\w, or + in place of a count.".to_owned(),
            // The last line of its message says what; those before point with a caret.
            error => {
                let said = error.to_string();
                let last = said.lines().last().unwrap_or("").trim();
                format!(
                    "This is no pattern: {}.",
                    last.trim_start_matches("error: ")
                )
            }
        })?;
    if regex.is_match("") {
        return Err("This pattern is found in every text, even in an empty one.".into());
    }
    Ok(regex)
}

impl<'a> Subject<'a> {
    pub fn new(
        text: &'a str,
        address: Option<IpAddr>,
        network: &'a str,
        email: &'a str,
        age: Duration,
        is_maker: bool,
    ) -> Subject<'a> {
        Subject {
            text,
            address,
            network,
            email,
            age,
            is_maker,
            normal: OnceCell::new(),
            words: OnceCell::new(),
            domains: OnceCell::new(),
        }
    }

    fn normal(&self) -> &str {
        self.normal.get_or_init(|| normal(self.text))
    }

    fn words(&self) -> &Words {
        self.words.get_or_init(|| Words::of(self.normal()))
    }

    fn domains(&self) -> &BTreeSet<String> {
        self.domains.get_or_init(|| facts::of(self.text).domains)
    }
}

/// `shop.example.com` is at `example.com`, `badexample.com` is not.
fn is_at(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain)
        .is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

fn mail_is_at(email: &str, domain: &str) -> bool {
    let host = email.rsplit('@').next().unwrap_or("").to_lowercase();
    is_at(&host, domain)
}

impl InForce {
    pub fn new(rule: Rule, by: String, key: &str) -> Result<InForce, String> {
        let unreadable = || format!("rule {} cannot be read", rule.id);
        let test = match rule.kind {
            Kind::Words => Test::Words(Phrase::parse(&rule.pattern).ok_or_else(unreadable)?),
            Kind::Pattern => Test::Pattern(Box::new(pattern(&rule.pattern)?)),
            Kind::Domain => Test::Domain(rule.pattern.clone()),
            Kind::Network => {
                let cidr: Cidr = rule.pattern.parse().map_err(|_| unreadable())?;
                Test::Network(cidr, cidr.hash(key))
            }
            Kind::Mail => Test::Mail(rule.pattern.clone()),
            Kind::Newcomer => Test::Newcomer(Duration::days(rule.number.into())),
            Kind::Slow => Test::Slow,
            Kind::Raid => Test::Raid,
        };
        Ok(InForce { rule, by, test })
    }

    /// Whether it meets this text. Where the full address is not known any more, the keyed hash
    /// tells, for networks of its width.
    pub fn meets(&self, subject: &Subject) -> bool {
        match &self.test {
            Test::Words(phrase) => subject.words().have(phrase),
            Test::Pattern(regex) => regex.is_match(subject.normal()),
            Test::Domain(domain) => subject.domains().iter().any(|host| is_at(host, domain)),
            Test::Network(cidr, hash) => match subject.address {
                Some(address) => cidr.contains(address),
                None => hash.as_ref().is_some_and(|hash| hash == subject.network),
            },
            Test::Mail(domain) => {
                subject.age < Duration::days(MAIL_DAYS) && mail_is_at(subject.email, domain)
            }
            Test::Newcomer(days) => subject.age < *days,
            Test::Raid => !subject.is_maker,
            Test::Slow => false,
        }
    }

    /// "the phrase “free coins”, rule 12 by mo_t until 3 December 2026"
    fn evidence(&self) -> String {
        let rule = &self.rule;
        format!(
            "{}, rule {} by {} until {}",
            rule.words(),
            rule.id,
            self.by,
            rule.until.format("%-d %B %Y")
        )
    }
}

impl Rules {
    /// What cannot be read is left out, and said in the log of the server.
    pub fn new(rows: Vec<(Rule, String)>, key: &str) -> Rules {
        let all = rows
            .into_iter()
            .filter_map(|(rule, by)| {
                InForce::new(rule, by, key)
                    .inspect_err(|error| {
                        tracing::error!("a rule of moderators is not in use: {error}")
                    })
                    .ok()
            })
            .collect();
        Rules { all }
    }

    /// A site without rules.
    pub fn none() -> &'static Rules {
        static NONE: LazyLock<Rules> = LazyLock::new(Rules::default);
        &NONE
    }

    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    fn of(&self, kinds: impl Fn(Kind) -> bool) -> impl Iterator<Item = &InForce> {
        self.all
            .iter()
            .filter(move |one| kinds(one.rule.kind) && one.rule.is_in_force())
    }

    /// Raid mode, if it is on.
    pub fn raid(&self) -> Option<&InForce> {
        self.of(|kind| kind == Kind::Raid).last()
    }

    /// The slow mode of a project, the one set last.
    pub fn slow(&self, slug: &str) -> Option<&InForce> {
        self.of(|kind| kind == Kind::Slow)
            .filter(|one| one.rule.pattern == slug)
            .last()
    }

    /// What stands in the way of a sign-up.
    pub fn sign_up(&self, email: &str, address: IpAddr) -> Option<&InForce> {
        self.of(|kind| matches!(kind, Kind::Raid | Kind::Mail | Kind::Network))
            .find(|one| match &one.test {
                Test::Raid => true,
                Test::Mail(domain) => one.rule.does == Does::Refuse && mail_is_at(email, domain),
                Test::Network(cidr, _) => one.rule.does == Does::Refuse && cidr.contains(address),
                _ => false,
            })
    }

    /// The steps `rules` and `raid`, and the rules that met the text. Raid mode has a name of its
    /// own, so that a queue can show what it held.
    pub fn steps(&self, text: &Text, address: Option<IpAddr>) -> ([Step; 2], Vec<RuleId>) {
        let mut met = Vec::new();
        let (mut rules, mut raid) = (Step::pass("rules"), Step::pass("raid"));
        // Those who set the rules quote what they are about.
        if self.all.is_empty() || text.author.role >= Role::Moderator {
            return ([rules, raid], met);
        }
        let subject = Subject::new(
            text.text,
            address,
            text.network,
            &text.author.email,
            now() - text.author.created_at,
            text.is_maker,
        );
        let mut found: Vec<&InForce> = self
            .of(|kind| !matches!(kind, Kind::Slow | Kind::Raid))
            .filter(|one| one.rule.does != Does::Refuse && one.meets(&subject))
            .collect();
        if !found.is_empty() {
            met.extend(found.iter().map(|one| one.rule.id));
            // The strictest first: it decides.
            found.sort_by_key(|one| one.rule.does != Does::Spam);
            let mut evidence: Vec<String> =
                found.iter().take(NAMED).map(|one| one.evidence()).collect();
            if found.len() > NAMED {
                evidence.push(format!("and {} more", found.len() - NAMED));
            }
            rules = Step::new("rules", outcome(found[0].rule.does), evidence.join("; "));
        }
        if let Some(on) = self.raid().filter(|on| on.meets(&subject)) {
            met.push(on.rule.id);
            raid = Step::new("raid", Outcome::Hold, on.evidence());
        }
        ([rules, raid], met)
    }
}

fn outcome(does: Does) -> Outcome {
    match does {
        Does::Spam => Outcome::Spam,
        Does::Hold | Does::Refuse => Outcome::Hold,
    }
}

/// Slow mode: whether this person may write in this thread again. Makers of the project and
/// moderators may, since they are the ones who calm it. A rule that somebody set holds with
/// `limits=off`, too.
pub fn slow_mode(
    db: &mut Db,
    rules: &Rules,
    slug: &str,
    thread: ThreadId,
    author: &User,
    on_team: bool,
) -> QueryResult<Result<(), Limited>> {
    let Some(slow) = rules.slow(slug) else {
        return Ok(Ok(()));
    };
    if on_team || author.role >= Role::Moderator {
        return Ok(Ok(()));
    }
    let apart = Duration::minutes(slow.rule.number.into());
    let Some(seconds) = seconds_to_wait(db, thread, author, apart)? else {
        return Ok(Ok(()));
    };
    Ok(Err(Limited::TooFast {
        seconds,
        sentence: format!(
            "This talk is in slow mode: each of us writes once in {}, so that everybody has time to think. \
             You can post here again in {}.",
            span(apart.num_seconds()),
            span(seconds)
        ),
    }))
}

/// How long until this person's last comment in the thread is so long ago.
pub(super) fn seconds_to_wait(
    db: &mut Db,
    thread: ThreadId,
    author: &User,
    apart: Duration,
) -> QueryResult<Option<i64>> {
    let at = now();
    let last: Option<NaiveDateTime> = comments::table
        .filter(comments::author_id.eq(author.id))
        .filter(comments::thread_id.eq(thread))
        .filter(comments::created_at.gt(at - apart))
        .order(comments::id.desc())
        .select(comments::created_at)
        .first(db)
        .optional()?;
    Ok(last.map(|last| (last + apart - at).num_seconds().max(0) + 1))
}
