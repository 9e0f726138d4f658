//! Words and phrases that moderators watch for, found as a reader sees them and never inside
//! another word. A phrase is plain text: a dot in it is a dot.
//!
//! Phrase and text are read alike: disguises undone (`spam/text.rs`), case and accents folded, cut
//! into words at everything that is no letter, digit or mark. So `Free Coins` finds `frее-cоіns!`
//! and not `carefree coinsmith`.

use crate::spam::text::{self, Disguises};
use std::collections::HashMap;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// What comes after this is not looked at, as for the filter.
const LONGEST: usize = 60_000;

/// A text, cut into folded words.
pub struct Words {
    words: Vec<Word>,
    /// Where each reading of a word stands: looking for hundreds of phrases costs one look each.
    at: HashMap<String, Vec<usize>>,
}

/// A word and, if it may be a disguise, what it then says: `fr33` is also read as `free`.
struct Word {
    plain: String,
    also: Vec<String>,
}

/// What is looked for: its words in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrase(Vec<String>);

impl Phrase {
    /// None: no word is left of it, so that it would be found nowhere.
    pub fn parse(typed: &str) -> Option<Phrase> {
        let mut folded = String::new();
        let words: Vec<String> = cut(&normal(typed))
            .into_iter()
            .map(|word| fold(word, &mut folded))
            .filter(|word| !word.is_empty())
            .collect();
        (!words.is_empty()).then_some(Phrase(words))
    }
}

/// As a reader sees it: entities, fancy letters and invisible characters resolved.
pub fn normal(raw: &str) -> String {
    let end = raw
        .char_indices()
        .nth(LONGEST)
        .map_or(raw.len(), |(at, _)| at);
    let mut normal = String::new();
    text::normalise(&raw[..end], &mut normal, &mut Disguises::default());
    normal
}

impl Words {
    pub fn of(normal: &str) -> Words {
        // In a text of Latin letters a word of nothing but look-alikes passes for a Latin one. In a
        // Russian text it is Russian: "рот" is a mouth there and no pot.
        let latin = normal.bytes().filter(u8::is_ascii_alphabetic).count();
        let foreign = normal
            .chars()
            .filter(|c| !c.is_ascii() && c.is_alphabetic())
            .count();
        let mut folded = String::new();
        let words: Vec<Word> = cut(normal)
            .into_iter()
            .map(|word| {
                let plain = fold(word, &mut folded);
                let mut also = Vec::new();
                if latin > foreign
                    && let Some(passes_for) = in_latin(word)
                {
                    also.push(fold(&passes_for, &mut folded));
                }
                if text::undo_leet(&plain, &mut folded) {
                    also.push(folded.clone());
                }
                Word { plain, also }
            })
            .filter(|word| !word.plain.is_empty())
            .collect();
        let mut at: HashMap<String, Vec<usize>> = HashMap::new();
        for (i, word) in words.iter().enumerate() {
            for reading in std::iter::once(&word.plain).chain(&word.also) {
                at.entry(reading.clone()).or_default().push(i);
            }
        }
        Words { words, at }
    }

    pub fn have(&self, phrase: &Phrase) -> bool {
        let Some((first, rest)) = phrase.0.split_first() else {
            return false;
        };
        let Some(starts) = self.at.get(first) else {
            return false;
        };
        starts.iter().any(|start| {
            let here = self.words.get(start + 1..start + 1 + rest.len());
            here.is_some_and(|here| {
                here.iter()
                    .zip(rest)
                    .all(|(word, wanted)| word.reads(wanted))
            })
        })
    }
}

impl Word {
    fn reads(&self, wanted: &String) -> bool {
        self.plain == *wanted || self.also.contains(wanted)
    }
}

/// Accents off, then lower case, look-alikes and stretched letters undone.
fn fold(word: &str, folded: &mut String) -> String {
    if word.is_ascii() {
        text::fold_word(word, folded, &mut Disguises::default());
    } else {
        let bare: String = word.nfd().filter(|c| !is_accent(*c)).collect();
        text::fold_word(&bare, folded, &mut Disguises::default());
    }
    folded.clone()
}

/// The marks over and under Latin, Greek and Cyrillic letters. Those of other scripts are letters of
/// their own to their readers.
fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}')
}

fn in_latin(word: &str) -> Option<String> {
    if word.is_ascii() {
        return None;
    }
    word.chars().map(text::latin_for).collect()
}

/// The words of a text. Where a script writes without spaces, each sign is one.
fn cut(normal: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut start = None;
    for (at, c) in normal.char_indices() {
        let inside = c.is_alphanumeric() || is_combining_mark(c);
        if (!inside || stands_alone(c))
            && let Some(start) = start.take()
        {
            words.push(&normal[start..at]);
        }
        if stands_alone(c) {
            words.push(&normal[at..at + c.len_utf8()]);
        } else if inside && start.is_none() {
            start = Some(at);
        }
    }
    if let Some(start) = start {
        words.push(&normal[start..]);
    }
    words
}

/// Thai, Lao, Burmese, Khmer, kana and Han.
fn stands_alone(c: char) -> bool {
    matches!(c,
        '\u{e01}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        | '\u{3041}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
        && (c.is_alphanumeric() || is_combining_mark(c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn finds(phrase: &str, text: &str) -> bool {
        let phrase = Phrase::parse(phrase).expect("a phrase with words");
        Words::of(&normal(text)).have(&phrase)
    }

    #[test]
    fn a_phrase_is_found_as_a_reader_sees_it() {
        for text in [
            "free coins",
            "Get FREE  COINS today",
            "free-coins!",
            "(free_coins)",
            "free\ncoins",
            "fr\u{200b}ee co\u{ad}ins",
            "frее cоіns for all of you",
            "ｆｒｅｅ 𝐜𝐨𝐢𝐧𝐬",
            "fréé còins",
            "fre\u{301}e coins",
            "fr33 c0ins",
            "f&#114;ee coins",
        ] {
            assert!(finds("free coins", text), "{text}");
            assert!(finds("Free  Coins!", text), "{text}");
        }
        for text in [
            "carefree coins",
            "free coinsmith",
            "coins free",
            "free of coins",
            "freecoins",
            "",
        ] {
            assert!(!finds("free coins", text), "{text}");
        }
    }

    #[test]
    fn letters_that_look_alike_pass_for_one_another_only_where_they_deceive() {
        // All Cyrillic, among Latin words.
        assert!(finds("cocoa", "buy сосоа now, the best"));
        assert!(!finds("pot", "закрой рот и слушай"));
        assert!(finds("рот", "закрой РОТ и слушай"));
        assert!(!finds("ho", "но это хорошо"));
    }

    #[test]
    fn scripts_without_spaces_and_with_marks_are_read_too() {
        assert!(finds("免费", "这是免费的金币"));
        assert!(finds("無料コイン", "これは無料コインです"));
        assert!(!finds("免费", "免 费用".trim_start_matches("免 ")));
        // A vowel sign is a part of its word: "या" is none in "क्या".
        assert!(!finds("या", "क्या बात है"));
        assert!(finds("क्या", "क्या बात है"));
    }

    #[test]
    fn nothing_but_signs_is_no_phrase() {
        for typed in ["", "  ", "***", "🚀🚀", "\u{200b}"] {
            assert_eq!(Phrase::parse(typed), None, "{typed:?}");
        }
    }

    #[test]
    fn a_plain_phrase_is_no_pattern() {
        assert!(!finds("a.c", "abc"));
        assert!(finds("a.c", "so a.c it is"));
        assert!(!finds("duck.*pie", "duck and pie"));
        assert!(!finds("(a|b)", "a"));
        assert!(!finds("d[uo]ck", "duck dock"));
        assert_eq!(Phrase::parse("^$"), None);
    }

    /// Three of a letter in a row are read as two: what grows by that is another word.
    fn is_stretched(text: &str) -> bool {
        let all: Vec<char> = text.chars().collect();
        all.windows(3)
            .any(|three| three[0] == three[1] && three[1] == three[2])
    }

    proptest! {
        #[test]
        fn a_word_is_never_found_inside_another(word in "[a-z]{1,8}", before in "[a-z]{0,4}", after in "[a-z]{0,4}") {
            let longer = format!("{before}{word}{after}");
            prop_assume!(!is_stretched(&longer));
            prop_assert_eq!(finds(&word, &format!("one {longer} two")), longer == word || word == "one" || word == "two");
        }

        #[test]
        fn a_phrase_finds_itself_in_any_case_between_any_signs(
            words in prop::collection::vec("[a-z]{1,8}", 1..4), sign in "[ .,;:!?*()+|^$\\[\\]{}\\\\/-]", upper: bool,
        ) {
            let mut text = words.join(&sign);
            if upper {
                text = text.to_uppercase();
            }
            let text = format!("{sign}{text}{sign}");
            prop_assert!(finds(&words.join(" "), &text));
        }

        #[test]
        fn an_accent_and_an_invisible_sign_change_nothing(word in "[a-z]{2,8}", at in 1usize..7, mark in prop::sample::select(vec!['\u{301}', '\u{308}', '\u{323}', '\u{200b}', '\u{200d}', '\u{ad}', '\u{2060}', '\u{feff}'])) {
            let at = at.min(word.len() - 1);
            let disguised = format!("{}{mark}{}", &word[..at], &word[at..]);
            prop_assert!(finds(&word, &["so", &disguised, "there"].join(" ")));
            prop_assert!(finds(&disguised, &["so", &word, "there"].join(" ")));
        }

        #[test]
        fn a_sign_that_means_something_in_a_pattern_means_nothing_here(
            a in "[a-z]{1,5}", b in "[a-z]{1,5}", sign in prop::sample::select(vec![".", ".*", "+", "?", "|", "\\w", "[a-z]", "(", "$", "^"]), text in "[a-z ]{0,40}",
        ) {
            let phrase = format!("{a}{sign}{b}");
            let Some(parsed) = Phrase::parse(&phrase) else { return Ok(()) };
            let row = format!(" {} ", parsed.0.join(" "));
            prop_assume!(!is_stretched(&text));
            let plain = format!(" {} ", text.split_whitespace().collect::<Vec<_>>().join(" "));
            prop_assert_eq!(finds(&phrase, &text), plain.contains(&row));
        }

        #[test]
        fn any_text_is_read(phrase in "\\PC{0,30}", text in "\\PC{0,200}") {
            if let Some(phrase) = Phrase::parse(&phrase) {
                let _ = Words::of(&normal(&text)).have(&phrase);
            }
        }
    }
}
