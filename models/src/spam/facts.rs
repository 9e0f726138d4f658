//! Plain facts of a text that the queues filter by: what it is written in, and where its links lead.
//! Found as the filter finds them, so that a disguised address counts here too.

use super::features::{SCRIPTS, find_link, is_separator, parts, registered_domain, script};
use super::text::{self, Disguises};
use std::collections::BTreeSet;

/// What a text without letters is written in.
pub const NO_SCRIPT: &str = "none";

/// All that [`of`] may say a text is written in, commonest first.
pub const ALL_SCRIPTS: [&str; 9] = [
    "latin", "cyrillic", "greek", "arabic", "hebrew", "han", "kana", "other", NO_SCRIPT,
];

/// Domains of one text: more are a list of links, and its first ones find it.
const MOST_DOMAINS: usize = 40;
/// As for the filter: what comes after this is not looked at.
const LONGEST: usize = 60_000;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The script of most of its letters.
    pub script: &'static str,
    /// Hosts without `www.`, and the domains they belong to: either finds the text.
    pub domains: BTreeSet<String>,
}

pub fn of(text: &str) -> Facts {
    let cut = text
        .char_indices()
        .nth(LONGEST)
        .map_or(text.len(), |(at, _)| at);
    let mut normal = String::new();
    text::normalise(&text[..cut], &mut normal, &mut Disguises::default());
    let mut letters = [0usize; SCRIPTS.len()];
    let mut domains = BTreeSet::new();
    for chunk in normal.split(is_separator).filter(|chunk| !chunk.is_empty()) {
        if let Some(link) = find_link(chunk) {
            if domains.len() < MOST_DOMAINS {
                let address = chunk[link.start..].to_lowercase();
                domains.extend(domain_and_host(&address));
            }
            // An address is in Latin letters whatever the language.
            continue;
        }
        for c in chunk.chars().filter(|c| c.is_alphabetic()) {
            letters[script(c).trailing_zeros() as usize] += 1;
        }
    }
    Facts {
        script: main_script(&letters),
        domains,
    }
}

fn main_script(letters: &[usize; SCRIPTS.len()]) -> &'static str {
    let most = letters.iter().copied().max().unwrap_or(0);
    match letters.iter().position(|n| *n == most) {
        Some(_) if most == 0 => NO_SCRIPT,
        // Japanese is written in both; Chinese has no kana.
        Some(at) if SCRIPTS[at] == "han" && letters[at + 1] > 0 => "kana",
        Some(at) => SCRIPTS[at],
        None => NO_SCRIPT,
    }
}

fn domain_and_host(address: &str) -> impl Iterator<Item = String> {
    let (_, host, _) = parts(address);
    [host, registered_domain(host)]
        .map(|name| name.chars().take(200).collect::<String>())
        .into_iter()
        .filter(|name| !name.is_empty())
}

/// A domain as somebody types it, or pastes it with scheme and path.
pub fn typed_domain(typed: &str) -> String {
    let lower = typed.trim().to_lowercase();
    parts(&lower).1.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domains(text: &str) -> Vec<String> {
        of(text).domains.into_iter().collect()
    }

    #[test]
    fn a_link_is_found_by_its_host_and_by_its_domain() {
        assert_eq!(
            domains("see https://www.Ducks.example.co.uk/pond?x=1, and bit.ly/abc"),
            ["bit.ly", "ducks.example.co.uk", "example.co.uk"]
        );
        assert_eq!(domains("(http://a.example:8080)"), ["a.example"]);
        assert!(domains("No link here. Me too").is_empty());
        assert_eq!(typed_domain(" https://www.Example.com/x "), "example.com");
        assert_eq!(typed_domain("example.com"), "example.com");
    }

    #[test]
    fn most_letters_say_what_a_text_is_written_in() {
        for (text, script) in [
            ("What a fine duck", "latin"),
            ("Какая утка, wow", "cyrillic"),
            ("とても良い鴨", "kana"),
            ("很好的鸭子", "han"),
            ("بطة جميلة", "arabic"),
            ("좋은 오리", "other"),
            (
                "Смотри https://www.example.com/a-very-long-address",
                "cyrillic",
            ),
            ("👍 100!", NO_SCRIPT),
            ("", NO_SCRIPT),
        ] {
            assert_eq!(of(text).script, script, "{text}");
            assert!(ALL_SCRIPTS.contains(&script));
        }
    }
}
