//! What the filter sees of a text: 0/1 features, in views that are judged apart.
//!
//! * **words**: words, emoji, punctuation runs, parts of addresses;
//! * **pairs**: words with their neighbours;
//! * **chars**: character n-grams inside words, for words never met whole;
//! * **signs**: the shape of the text (links, capitals, length, scripts, disguises undone) and the
//!   named signals recorded when it was posted. Their tokens begin with `@`.
//!
//! Each view has a naive Bayes of its own. Poured into one, overlapping n-grams would count the
//! same evidence many times (Rennie et al. 2003 on what NB's independence assumption costs).
//!
//! A change of what this file or `text.rs` emits changes the meaning of every stored model: raise
//! [`super::FEATURES_VERSION`] with it.

use super::text::{self, Disguise, Disguises};

/// The parts a text is judged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum View {
    Words = 0,
    Pairs = 1,
    Chars = 2,
    Signs = 3,
}

impl View {
    pub const ALL: [View; 4] = [View::Words, View::Pairs, View::Chars, View::Signs];

    pub fn name(self) -> &'static str {
        match self {
            View::Words => "words",
            View::Pairs => "pairs",
            View::Chars => "chars",
            View::Signs => "signs",
        }
    }
}

/// Where in the text a feature stands: the number of its word. Signs of the whole have [`WHOLE`].
pub type Position = u32;
/// The position of a feature that belongs to the whole text.
pub const WHOLE: Position = u32::MAX;

/// Characters beyond this are not looked at. A comment has at most 10,000, a project's page 50,000.
const LONGEST: usize = 60_000;
/// Characters in a piece of a word. 3 to 5 at once were tried: thrice the tokens, no gain.
const GRAM: usize = 4;

/// Reads texts into features. Holds its buffers, so that a busy scorer does not allocate.
#[derive(Default)]
pub struct Extractor {
    normal: String,
    folded: String,
    other: String,
    previous: String,
    token: String,
    spaced: String,
    bounds: Vec<usize>,
}

/// Sums over one text that become signs at the end.
#[derive(Default)]
struct Tally {
    position: Position,
    words: u32,
    letters: u32,
    capitals: u32,
    shouted: u32,
    digits: u32,
    emoji: u32,
    links: u32,
    code_links: u32,
    spaced: u32,
    mentions: u32,
    numbers: u32,
    long_numbers: u32,
    dot_before: bool,
    disguises: Disguises,
    scripts: u8,
    html: bool,
    bbcode: bool,
    punctuation: u32,
}

pub(super) const SCRIPTS: [&str; 8] = [
    "latin", "cyrillic", "greek", "arabic", "hebrew", "han", "kana", "other",
];

impl Extractor {
    /// Calls `sink` for each feature, repeats included, in the order of the text.
    pub fn extract(
        &mut self,
        text: &str,
        signals: &[impl AsRef<str>],
        sink: &mut impl FnMut(View, &str, Position),
    ) {
        let mut tally = Tally::default();
        let cut = text
            .char_indices()
            .nth(LONGEST)
            .map_or(text.len(), |(at, _)| at);
        let mut normal = std::mem::take(&mut self.normal);
        text::normalise(&text[..cut], &mut normal, &mut tally.disguises);
        self.previous.clear();
        self.spaced.clear();
        tally.html = ["</", "<br", "<a ", "<p>", "<b>", "href="]
            .iter()
            .any(|tag| normal.contains(tag));
        tally.bbcode = ["[url", "[/", "[b]", "[img"]
            .iter()
            .any(|tag| normal.contains(tag));
        for chunk in normal.split(is_separator) {
            if !chunk.is_empty() {
                self.chunk(chunk, &mut tally, sink);
            }
        }
        self.end_spaced(&mut tally, sink);
        self.signs(&normal, &tally, sink);
        for signal in signals {
            sink(View::Signs, signal.as_ref(), WHOLE);
        }
        self.normal = normal;
    }

    fn chunk(
        &mut self,
        chunk: &str,
        tally: &mut Tally,
        sink: &mut impl FnMut(View, &str, Position),
    ) {
        if let Some(link) = find_link(chunk) {
            if link.start > 0 {
                self.words(&chunk[..link.start], tally, sink);
            }
            self.link(&chunk[link.start..], link.hidden, tally, sink);
            return;
        }
        if let Some((name, host)) = chunk.split_once('@')
            && host.starts_with(char::is_alphanumeric)
        {
            if name.is_empty() {
                tally.mentions += 1;
                self.placeholder("@mention", tally, sink);
                return;
            }
            if host.contains('.') {
                sink(View::Signs, "@mail", tally.position);
                self.placeholder("@mail", tally, sink);
                return;
            }
        }
        if chunk.starts_with('#') && chunk.len() > 2 && chunk[1..].starts_with(char::is_alphabetic)
        {
            sink(View::Signs, "@hashtag", tally.position);
        }
        self.words(chunk, tally, sink);
    }

    /// Splits what is no address into words and the runs of signs between them.
    fn words(
        &mut self,
        chunk: &str,
        tally: &mut Tally,
        sink: &mut impl FnMut(View, &str, Position),
    ) {
        let mut rest = chunk;
        while let Some(first) = rest.chars().next() {
            if is_word(first) {
                let mut end = rest.len();
                let mut chars = rest.char_indices().peekable();
                while let Some((at, c)) = chars.next() {
                    if is_word(c) || is_mark(c) {
                        continue;
                    }
                    // An apostrophe, and signs that stand for letters, belong to the word when a
                    // letter follows at once.
                    let joins = matches!(c, '\'' | '’' | '@' | '$');
                    if joins && chars.peek().is_some_and(|&(_, next)| next.is_alphabetic()) {
                        continue;
                    }
                    end = at;
                    break;
                }
                self.word(&rest[..end], tally, sink);
                rest = &rest[end..];
            } else {
                let end = rest.find(is_word).unwrap_or(rest.len());
                self.punctuation(&rest[..end], tally, sink);
                rest = &rest[end..];
            }
        }
    }

    fn punctuation(
        &mut self,
        run: &str,
        tally: &mut Tally,
        sink: &mut impl FnMut(View, &str, Position),
    ) {
        tally.punctuation += 1;
        let mut plain = 0;
        for (at, c) in run.char_indices() {
            if c.is_ascii() || is_mark(c) {
                plain += 1;
                continue;
            }
            if is_emoji(c) {
                tally.emoji += 1;
            }
            sink(View::Words, &run[at..at + c.len_utf8()], tally.position);
        }
        if plain == 0 {
            return;
        }
        if run.contains(['$', '€', '£', '₽', '₹', '¥']) {
            sink(View::Signs, "@money", tally.position);
        }
        match run {
            "." | "," | "-" | "'" | "/" | ":" => {}
            _ => {
                // `!!!!!!!!` and `!!!` are one thing; `:)` is a word.
                let short: &str = match run.char_indices().nth(3) {
                    Some((at, _)) => &run[..at],
                    None => run,
                };
                sink(View::Words, short, tally.position);
            }
        }
        if run.len() > 1 && run.bytes().all(|b| b == run.as_bytes()[0]) {
            match run.as_bytes()[0] {
                b'!' => sink(View::Signs, "@run:!!", tally.position),
                b'?' => sink(View::Signs, "@run:??", tally.position),
                b'.' => sink(View::Signs, "@run:...", tally.position),
                b'*' | b'-' | b'=' | b'_' | b'~' | b'#' => {
                    sink(View::Signs, "@run:rule", tally.position)
                }
                _ => {}
            }
        }
    }

    fn word(&mut self, word: &str, tally: &mut Tally, sink: &mut impl FnMut(View, &str, Position)) {
        tally.words += 1;
        let (mut letters, mut capitals, mut digits) = (0, 0, 0);
        for c in word.chars() {
            if c.is_ascii_digit() {
                digits += 1;
            } else if c.is_alphabetic() {
                letters += 1;
                capitals += u32::from(c.is_uppercase());
                tally.scripts |= script(c);
            }
        }
        tally.letters += letters;
        tally.capitals += capitals;
        tally.digits += digits;
        tally.shouted += u32::from(capitals > 2 && capitals == letters);
        if digits > 0 && letters == 0 {
            tally.numbers += 1;
            tally.long_numbers += u32::from(digits > 6);
            self.end_spaced(tally, sink);
            sink(View::Words, word, tally.position);
            let shape = NUMBERS[(digits as usize).min(NUMBERS.len()) - 1];
            sink(View::Signs, shape, tally.position);
            self.placeholder("#", tally, sink);
            return;
        }
        let mut folded = std::mem::take(&mut self.folded);
        text::fold_word(word, &mut folded, &mut tally.disguises);
        if folded.contains(['\'', '’']) {
            folded.retain(|c| !matches!(c, '\'' | '’'));
        }
        if letters == 1 && folded.chars().count() == 1 {
            self.spaced.push_str(&folded);
            tally.spaced += 1;
        } else {
            self.end_spaced(tally, sink);
        }
        if tally.dot_before && is_common_tld(&folded) {
            tally.disguises.add(Disguise::HiddenAddress);
            tally.links += 1;
            sink(View::Signs, "@link:hidden", tally.position);
        }
        tally.dot_before = matches!(folded.as_str(), "dot" | "точка" | "punkt" | "punto");
        if digits > 0 || word.contains(['@', '$']) {
            let mut other = std::mem::take(&mut self.other);
            if text::undo_leet(&folded, &mut other) {
                tally.disguises.add(Disguise::Leet);
                sink(View::Words, &other, tally.position);
                self.grams(&other, tally.position, sink);
            }
            self.other = other;
            sink(View::Signs, "@letters+digits", tally.position);
        }
        sink(View::Words, &folded, tally.position);
        self.grams(&folded, tally.position, sink);
        self.pair(&folded, tally, sink);
        self.folded = folded;
    }

    /// A thing that is no word takes a word's place, so that "check @link" is a pair.
    fn placeholder(
        &mut self,
        name: &str,
        tally: &mut Tally,
        sink: &mut impl FnMut(View, &str, Position),
    ) {
        self.end_spaced(tally, sink);
        tally.dot_before = false;
        self.pair(name, tally, sink);
    }

    fn pair(&mut self, word: &str, tally: &mut Tally, sink: &mut impl FnMut(View, &str, Position)) {
        if !self.previous.is_empty() {
            self.token.clear();
            self.token.push_str(&self.previous);
            self.token.push(' ');
            self.token.push_str(word);
            sink(View::Pairs, &self.token, tally.position);
        }
        self.previous.clear();
        self.previous.push_str(word);
        tally.position += 1;
    }

    /// Four or more letters standing alone in a row were one word.
    fn end_spaced(&mut self, tally: &mut Tally, sink: &mut impl FnMut(View, &str, Position)) {
        if tally.spaced >= 4 {
            tally.disguises.add(Disguise::Spaced);
            let spaced = std::mem::take(&mut self.spaced);
            sink(View::Words, &spaced, tally.position.saturating_sub(1));
            self.grams(&spaced, tally.position.saturating_sub(1), sink);
            self.spaced = spaced;
        }
        tally.spaced = 0;
        self.spaced.clear();
    }

    /// Character n-grams of one word with its borders marked by spaces.
    fn grams(
        &mut self,
        word: &str,
        position: Position,
        sink: &mut impl FnMut(View, &str, Position),
    ) {
        self.token.clear();
        self.token.push(' ');
        self.token.push_str(word);
        self.token.push(' ');
        self.bounds.clear();
        self.bounds
            .extend(self.token.char_indices().map(|(at, _)| at));
        self.bounds.push(self.token.len());
        let chars = self.bounds.len() - 1;
        if chars <= GRAM {
            sink(View::Chars, &self.token, position);
            return;
        }
        for start in 0..=chars - GRAM {
            sink(
                View::Chars,
                &self.token[self.bounds[start]..self.bounds[start + GRAM]],
                position,
            );
        }
    }

    fn link(
        &mut self,
        address: &str,
        hidden: bool,
        tally: &mut Tally,
        sink: &mut impl FnMut(View, &str, Position),
    ) {
        let at = tally.position;
        let lower = address.to_lowercase();
        let (rest, host, path) = parts(&lower);
        let path = path.trim_end_matches(|c: char| !c.is_alphanumeric() && c != '/');
        let domain = registered_domain(host);
        self.domain_token(domain);
        sink(View::Signs, &self.token, at);
        if is_code_host(domain) {
            // A pointer to source or documentation is what helpful people post. It must not carry
            // the blame that other links have earned; a site's own labels may still teach it.
            tally.code_links += 1;
            sink(View::Signs, "@link:code", at);
            self.placeholder("@link:code", tally, sink);
            return;
        }
        if names_code_host(host) || names_code_path(path) {
            // A forge of somebody's own. Anybody can name a host so, so only the blame of links as
            // such is left out: the words of the address speak as in every link.
            tally.code_links += 1;
            sink(View::Signs, "@link:code-like", at);
            self.address_words(rest, at, sink);
            self.placeholder("@link:code-like", tally, sink);
            return;
        }
        tally.links += 1;
        sink(View::Signs, "@link", at);
        if hidden {
            tally.disguises.add(Disguise::HiddenAddress);
        }
        if is_shortener(domain) {
            sink(View::Signs, "@link:shortener", at);
        }
        if host.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
            sink(View::Signs, "@link:bare-number", at);
        } else if let Some((_, tld)) = host.rsplit_once('.') {
            self.token.clear();
            self.token.push_str("@tld:");
            self.token.push_str(tld);
            sink(View::Signs, &self.token, at);
        }
        if host.matches('.').count() > 2 {
            sink(View::Signs, "@link:many-labels", at);
        }
        if host.contains("xn--") || !host.is_ascii() {
            sink(View::Signs, "@link:foreign-letters", at);
        }
        let depth = path.split('/').filter(|part| !part.is_empty()).count();
        let shape = match (path.contains('?'), depth) {
            (true, _) => "@path:query",
            (_, 0) => "@path:none",
            (_, 1) => "@path:one",
            _ => "@path:deep",
        };
        sink(View::Signs, shape, at);
        self.address_words(rest, at, sink);
        for part in rest.split(|c: char| !c.is_alphabetic()) {
            if part.len() > 2 && part.len() < 30 {
                self.grams(part, at, sink);
            }
        }
        self.placeholder("@link", tally, sink);
    }

    fn address_words(
        &mut self,
        address: &str,
        at: Position,
        sink: &mut impl FnMut(View, &str, Position),
    ) {
        for part in address.split(|c: char| !c.is_alphabetic()) {
            if part.len() > 2 && part.len() < 30 {
                self.token.clear();
                self.token.push('/');
                self.token.push_str(part);
                sink(View::Words, &self.token, at);
            }
        }
    }

    fn domain_token(&mut self, domain: &str) {
        self.token.clear();
        self.token.push_str("@domain:");
        self.token.push_str(domain);
    }

    /// The shape of the whole.
    fn signs(&mut self, normal: &str, tally: &Tally, sink: &mut impl FnMut(View, &str, Position)) {
        let mut sign = |token: &str| sink(View::Signs, token, WHOLE);
        sign(match tally.words {
            0 => "@words:0",
            1 => "@words:1",
            2..=3 => "@words:2-3",
            4..=7 => "@words:4-7",
            8..=15 => "@words:8-15",
            16..=31 => "@words:16-31",
            32..=63 => "@words:32-63",
            64..=127 => "@words:64-127",
            _ => "@words:128+",
        });
        sign(match tally.links {
            0 => "@links:0",
            1 => "@links:1",
            2 => "@links:2",
            _ => "@links:3+",
        });
        if tally.letters > 3 {
            let share = tally.capitals * 100 / tally.letters;
            sign(match share {
                0 => "@capitals:none",
                1..=10 => "@capitals:few",
                11..=30 => "@capitals:some",
                31..=60 => "@capitals:many",
                _ => "@capitals:most",
            });
        }
        if tally.shouted > 0 {
            sign(if tally.shouted > 2 {
                "@shout:3+"
            } else {
                "@shout"
            });
        }
        if tally.digits > 0 {
            let share = tally.digits * 100 / (tally.digits + tally.letters);
            sign(match share {
                0..=5 => "@digits:few",
                6..=20 => "@digits:some",
                _ => "@digits:many",
            });
        }
        if tally.long_numbers > 0 {
            sign("@phone");
        }
        sign(match tally.emoji {
            0 => "@emoji:0",
            1 => "@emoji:1",
            2..=4 => "@emoji:2-4",
            _ => "@emoji:5+",
        });
        if tally.mentions > 0 {
            sign("@mention");
        }
        if tally.html {
            sign("@html");
        }
        if tally.bbcode {
            sign("@bbcode");
        }
        for disguise in tally.disguises.iter() {
            sign(disguise.token());
        }
        for (bit, name) in SCRIPTS.iter().enumerate() {
            if tally.scripts & (1 << bit) != 0 {
                self.token.clear();
                self.token.push_str("@script:");
                self.token.push_str(name);
                sign(&self.token);
            }
        }
        if tally.scripts.count_ones() > 1 {
            sign("@scripts:mixed");
        }
        let lines = normal
            .lines()
            .filter(|line| !line.trim().is_empty())
            .count();
        sign(match lines {
            0 | 1 => "@lines:1",
            2 | 3 => "@lines:2-3",
            4..=8 => "@lines:4-8",
            _ => "@lines:9+",
        });
        let trimmed = normal.trim();
        sign(match trimmed.chars().next_back() {
            None => "@empty",
            Some('.') => "@ends:.",
            Some('!') => "@ends:!",
            Some('?') => "@ends:?",
            Some(c) if c.is_alphabetic() => "@ends:letter",
            Some(c) if c.is_ascii_digit() => "@ends:digit",
            Some(c) if is_emoji(c) => "@ends:emoji",
            Some(_) => "@ends:other",
        });
        if let Some(first) = trimmed.chars().next() {
            sign(if first.is_uppercase() {
                "@starts:capital"
            } else if first.is_alphabetic() {
                "@starts:small"
            } else {
                "@starts:other"
            });
        }
        if normal.contains("  ") {
            sign("@double-space");
        }
    }
}

const NUMBERS: [&str; 8] = [
    "@number:1",
    "@number:2",
    "@number:3",
    "@number:4",
    "@number:5",
    "@number:6",
    "@number:7-",
    "@number:8+",
];

pub(super) fn is_separator(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '<' | '>' | '(' | ')' | '[' | ']' | '{' | '}' | '"' | '|' | '«' | '»' | '“' | '”' | '`'
        )
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric()
}

fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{5b0}'..='\u{5c7}' | '\u{64b}'..='\u{65f}' | '\u{900}'..='\u{903}' | '\u{93a}'..='\u{94f}' | '\u{e31}'..='\u{e4e}')
}

fn is_emoji(c: char) -> bool {
    matches!(c, '\u{1f000}'..='\u{1faff}' | '\u{2600}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}' | '\u{2190}'..='\u{21ff}' | '\u{2300}'..='\u{23ff}')
}

pub(super) fn script(c: char) -> u8 {
    1 << match c {
        'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' => 0,
        '\u{400}'..='\u{52f}' => 1,
        '\u{370}'..='\u{3ff}' => 2,
        '\u{600}'..='\u{6ff}' | '\u{750}'..='\u{77f}' => 3,
        '\u{590}'..='\u{5ff}' => 4,
        '\u{4e00}'..='\u{9fff}' | '\u{3400}'..='\u{4dbf}' => 5,
        '\u{3040}'..='\u{30ff}' => 6,
        _ => 7,
    }
}

pub(super) struct Found {
    pub(super) start: usize,
    hidden: bool,
}

/// Finds an address in a chunk without white space.
pub(super) fn find_link(chunk: &str) -> Option<Found> {
    if !chunk.contains('.') && !chunk.contains("://") {
        return None;
    }
    if let Some(at) = chunk.find("://") {
        let scheme = chunk[..at]
            .rfind(|c: char| !c.is_ascii_alphabetic())
            .map_or(0, |before| {
                before + chunk[before..].chars().next().map_or(1, char::len_utf8)
            });
        let name = chunk[scheme..at].to_ascii_lowercase();
        let hidden = !matches!(name.as_str(), "http" | "https" | "ftp");
        if at + 3 < chunk.len() && !name.is_empty() {
            return Some(Found {
                start: scheme,
                hidden,
            });
        }
    }
    if chunk.contains('@') {
        return None;
    }
    let start = chunk.find(char::is_alphanumeric)?;
    let rest = &chunk[start..];
    if rest
        .get(..4)
        .is_some_and(|head| head.eq_ignore_ascii_case("www."))
        && rest.len() > 6
    {
        return Some(Found {
            start,
            hidden: false,
        });
    }
    let host_end = rest
        .find(|c: char| !(c.is_alphanumeric() || c == '.' || c == '-'))
        .unwrap_or(rest.len());
    let host = rest[..host_end].trim_end_matches(['.', '-']);
    let (name, tld) = host.rsplit_once('.')?;
    let has_path = rest[host_end..].starts_with('/');
    if name.is_empty() || name.ends_with('.') || !name.contains(char::is_alphabetic) {
        return None;
    }
    // "great.Me too" is two sentences: only endings that are no words count without a path.
    let lower = tld.to_ascii_lowercase();
    (is_common_tld(&lower)
        || (has_path
            && (2..=6).contains(&lower.len())
            && lower.bytes().all(|b| b.is_ascii_lowercase())))
    .then_some(Found {
        start,
        hidden: false,
    })
}

fn is_common_tld(tld: &str) -> bool {
    matches!(
        tld,
        "com"
            | "net"
            | "org"
            | "info"
            | "biz"
            | "ru"
            | "io"
            | "tv"
            | "ly"
            | "gl"
            | "xyz"
            | "top"
            | "club"
            | "online"
            | "site"
            | "shop"
            | "app"
            | "dev"
            | "website"
            | "ws"
            | "cc"
            | "tk"
            | "ml"
            | "ga"
            | "cf"
            | "pw"
            | "su"
            | "рф"
            | "uk"
            | "de"
            | "eu"
            | "ua"
            | "cn"
            | "vip"
            | "icu"
            | "pro"
            | "store"
            | "live"
            | "gg"
            | "ai"
            | "id"
    )
}

/// Of an address in small letters: all but the scheme, the host without `www.`, and the path.
pub(super) fn parts(address: &str) -> (&str, &str, &str) {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let (host, path) = match rest.find(['/', '?', '#']) {
        Some(cut) => rest.split_at(cut),
        None => (rest, ""),
    };
    let host = host.trim_end_matches(|c: char| !c.is_alphanumeric());
    let host = host.rsplit('@').next().unwrap_or(host);
    let host = host.split(':').next().unwrap_or(host);
    (rest, host.strip_prefix("www.").unwrap_or(host), path)
}

/// The part of a host that somebody registered: `a.b.example.co.uk` gives `example.co.uk`. By a
/// rule of thumb, not the public suffix list: a wrong cut only makes a rarer token.
pub(super) fn registered_domain(host: &str) -> &str {
    let mut dots = host.rmatch_indices('.').map(|(at, _)| at);
    let (Some(last), Some(second)) = (dots.next(), dots.next()) else {
        return host;
    };
    let middle = &host[second + 1..last];
    if last + 3 == host.len()
        && matches!(
            middle,
            "co" | "com" | "org" | "net" | "ac" | "gov" | "edu" | "or" | "ne"
        )
    {
        return dots.next().map_or(host, |third| &host[third + 1..]);
    }
    &host[second + 1..]
}

/// `git.example.org`: how people name a forge of their own.
fn names_code_host(host: &str) -> bool {
    ["git.", "gitlab.", "gitea.", "forgejo."]
        .iter()
        .any(|name| host.starts_with(name))
}

/// Paths that forges and repository browsers have and shops have not, for hosts in no list.
fn names_code_path(path: &str) -> bool {
    let path = path.split(['?', '#']).next().unwrap_or(path);
    path.ends_with(".git")
        || path.trim_start_matches('/').split('/').skip(2).any(|part| {
            matches!(
                part,
                "-" | "src"
                    | "blob"
                    | "tree"
                    | "raw"
                    | "commit"
                    | "commits"
                    | "pull"
                    | "pulls"
                    | "merge_requests"
                    | "issues"
                    | "releases"
            )
        })
}

fn is_code_host(domain: &str) -> bool {
    matches!(
        domain,
        "github.com"
            | "github.io"
            | "githubusercontent.com"
            | "gitlab.com"
            | "gitlab.io"
            | "codeberg.org"
            | "bitbucket.org"
            | "sr.ht"
            | "sourceforge.net"
            | "sourceforge.io"
            | "launchpad.net"
            | "savannah.gnu.org"
            | "gnu.org"
            | "docs.rs"
            | "crates.io"
            | "rust-lang.org"
            | "pypi.org"
            | "python.org"
            | "readthedocs.io"
            | "readthedocs.org"
            | "npmjs.com"
            | "pkg.go.dev"
            | "wikipedia.org"
            | "wikimedia.org"
            | "stackoverflow.com"
            | "stackexchange.com"
            | "mozilla.org"
            | "kernel.org"
            | "debian.org"
            | "gitea.com"
            | "gitee.com"
            | "pygame.org"
            | "jsfiddle.net"
            | "godbolt.org"
    )
}

/// Domains that belong to everybody: the only ones that the bundled counts may name.
pub(super) fn is_well_known(domain: &str) -> bool {
    is_code_host(domain)
        || is_shortener(domain)
        || matches!(
            domain,
            "youtube.com"
                | "youtu.be"
                | "facebook.com"
                | "twitter.com"
                | "google.com"
                | "instagram.com"
                | "vk.com"
                | "t.me"
                | "reddit.com"
                | "amazon.com"
                | "soundcloud.com"
                | "blogspot.com"
                | "wordpress.com"
                | "tumblr.com"
        )
}

fn is_shortener(domain: &str) -> bool {
    matches!(
        domain,
        "bit.ly"
            | "goo.gl"
            | "tinyurl.com"
            | "t.co"
            | "ow.ly"
            | "is.gd"
            | "adf.ly"
            | "tiny.cc"
            | "cutt.ly"
            | "shorturl.at"
            | "rb.gy"
            | "t.ly"
            | "lnkd.in"
            | "buff.ly"
            | "clck.ru"
            | "vk.cc"
            | "linktr.ee"
            | "goo.su"
            | "u.to"
            | "v.gd"
    )
}
