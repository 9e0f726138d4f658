//! A nudge: what would make a comment more useful to its maker, asked of its author alone, before it
//! is sent and once. It is a question, not a rule: who sends the text as it is, sends it.

use crate::words;

words! {
    pub enum Nudge {
        /// A few words: they say that something is good or bad, and not what.
        Short = "short",
        Shouting = "shouting",
        /// Only what is wrong.
        DefectsOnly = "defects-only",
    }
}

/// Fewer words and characters than these are short. Both, for not every script puts spaces between
/// its words.
const WORDS: usize = 5;
const CHARS: usize = 25;
/// Fewer letters than these shout nothing: "OK", "RPG".
const LETTERS: usize = 12;
/// A longer text has more to say than what its words of blame count.
const ONLY_BELOW: usize = 30;

/// What is said of things that fail. English, as this question is.
const BLAME: [&str; 30] = [
    "bad",
    "boring",
    "broke",
    "broken",
    "bug",
    "bugs",
    "buggy",
    "cannot",
    "crash",
    "crashed",
    "crashes",
    "error",
    "errors",
    "fail",
    "failed",
    "fails",
    "freezes",
    "hate",
    "lag",
    "laggy",
    "pointless",
    "slow",
    "stuck",
    "sucks",
    "terrible",
    "ugly",
    "unplayable",
    "unusable",
    "useless",
    "worst",
];
/// Said with "not" in one word: "doesn't", "won't".
const NOT: [&str; 6] = ["doesn", "don", "won", "can", "didn", "isn"];
/// Praise, or a way on, or a circumstance by which a maker can find the fault.
const HELP: [&str; 46] = [
    "after",
    "because",
    "beautiful",
    "better",
    "charming",
    "clever",
    "could",
    "cute",
    "enjoy",
    "enjoyed",
    "firefox",
    "chrome",
    "fun",
    "good",
    "great",
    "idea",
    "ios",
    "liked",
    "like",
    "linux",
    "love",
    "loved",
    "lovely",
    "mac",
    "macos",
    "maybe",
    "nice",
    "perhaps",
    "please",
    "safari",
    "should",
    "smooth",
    "step",
    "steps",
    "suggest",
    "thanks",
    "thank",
    "try",
    "trying",
    "until",
    "version",
    "when",
    "while",
    "windows",
    "wonderful",
    "would",
];

impl Nudge {
    pub fn question(self) -> &'static str {
        match self {
            Nudge::Short => {
                "Could you say what you liked, or what would make it better? A sentence more, and its maker can use it."
            }
            Nudge::Shouting => {
                "Capitals read as shouting. The same words in small letters are heard more easily."
            }
            Nudge::DefectsOnly => {
                "Could you also say what worked, or where and when it failed: which version, on what system? That is what its maker can act on."
            }
        }
    }
}

/// What to ask of whoever wrote this; of most texts nothing.
pub fn of(text: &str) -> Option<Nudge> {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    if words.len() < WORDS && text.trim().chars().count() < CHARS {
        return Some(Nudge::Short);
    }
    let capitals = text.chars().filter(|c| c.is_uppercase()).count();
    let small = text.chars().filter(|c| c.is_lowercase()).count();
    if capitals + small >= LETTERS && capitals > 2 * small {
        return Some(Nudge::Shouting);
    }
    let has = |of: &[&str]| words.iter().any(|word| of.contains(word));
    let negated = words
        .windows(2)
        .any(|pair| NOT.contains(&pair[0]) && pair[1] == "t");
    let only = words.len() < ONLY_BELOW && (has(&BLAME) || negated) && !has(&HELP);
    only.then_some(Nudge::DefectsOnly)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn asks_of_texts_that_its_maker_can_do_little_with() {
        for text in ["Nice!", "first", "cool game bro", "meh", "¿qué?"] {
            assert_eq!(of(text), Some(Nudge::Short), "{text}");
        }
        for text in [
            "THIS IS THE BEST GAME I EVER PLAYED",
            "WHY WOULD you DO THAT TO ME",
        ] {
            assert_eq!(of(text), Some(Nudge::Shouting), "{text}");
        }
        for text in [
            "It crashes on the second level.",
            "The menu is ugly and the music is boring.",
            "It doesn't start on my computer at all.",
        ] {
            assert_eq!(of(text), Some(Nudge::DefectsOnly), "{text}");
        }
    }

    #[test]
    fn leaves_texts_in_peace_that_say_something() {
        for text in [
            "The way the ducks lean into the curve is lovely.",
            "It crashes on the second level when I pause, version 1.2 on Linux.",
            "I would try a slower start; the first race is over before I know the keys.",
            "The RPG part is OK and HUD text readable enough for me.",
            "这个游戏的音乐非常好听，关卡设计也很有意思，谢谢你把它做出来分享。",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
        let long = format!(
            "It is slow. {}",
            "The wheel turns and the boat goes on. ".repeat(5)
        );
        assert_eq!(of(&long), None);
    }

    proptest! {
        #[test]
        fn asks_the_same_however_the_text_is_framed(text in "\\PC{0,80}") {
            prop_assert_eq!(of(&text), of(&format!("\n  {text}\n")));
        }
    }
}
