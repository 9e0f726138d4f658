//! What somebody asks for: words that all must stand there, "phrases in quotes", and words with a
//! star that may go on. Nothing that is typed is an error, and nothing of it reaches a database but
//! folded words between our own quotes.

use super::fold;

/// Letters of a question, and terms of it, that are read.
pub const MAX_CHARS: usize = 300;
const MAX_TERMS: usize = 12;
/// A star behind fewer letters would ask for half of all texts.
const MIN_PREFIX: usize = 2;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// One word, or those of a phrase.
    pub words: Vec<String>,
    /// Its last word may go on.
    pub goes_on: bool,
    /// As it was typed.
    pub typed: String,
    /// Other forms of its only word, any of which will do.
    pub also: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    pub terms: Vec<Term>,
}

impl Question {
    pub fn parse(typed: &str) -> Question {
        let typed: String = typed.chars().take(MAX_CHARS).collect();
        let typed = fold::composed(&typed);
        let mut terms: Vec<Term> = Vec::new();
        let is_quote = |c: char| matches!(c, '"' | '“' | '”' | '„' | '«' | '»');
        // Between quotes lie phrases: every second piece. A quote that nobody closed ends with the text.
        for (number, piece) in typed.split(is_quote).enumerate() {
            if number % 2 == 1 {
                terms.extend(Term::read(piece, true));
            } else {
                terms.extend(
                    piece
                        .split_whitespace()
                        .filter_map(|word| Term::read(word, false)),
                );
            }
        }
        let mut different: Vec<Term> = Vec::new();
        for term in terms {
            let same = |other: &Term| other.words == term.words && other.goes_on == term.goes_on;
            if !different.iter().any(same) {
                different.push(term);
            }
        }
        different.truncate(MAX_TERMS);
        Question { terms: different }
    }

    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// As it was understood, to be asked again.
    pub fn typed(&self) -> String {
        let typed: Vec<&str> = self.terms.iter().map(|term| term.typed.as_str()).collect();
        typed.join(" ")
    }

    /// The question again, with other words for one of its terms.
    pub fn with(&self, at: usize, word: &str) -> String {
        let mut typed: Vec<&str> = self.terms.iter().map(|term| term.typed.as_str()).collect();
        typed[at] = word;
        typed.join(" ")
    }

    /// For FTS5. `facts` are words of the index that no text can hold.
    pub fn for_sqlite(&self, facts: &[Vec<String>]) -> String {
        let mut parts: Vec<String> = self
            .terms
            .iter()
            .map(|term| {
                let star = if term.goes_on { " *" } else { "" };
                let typed = format!("\"{}\"{star}", term.words.join(" "));
                let also = term.also.iter().map(|form| format!("\"{form}\""));
                either(typed, also, " OR ")
            })
            .collect();
        for either in facts {
            let either: Vec<String> = either.iter().map(|fact| format!("\"{fact}\"")).collect();
            parts.push(format!("({})", either.join(" OR ")));
        }
        parts.join(" AND ")
    }

    /// A `tsquery`.
    pub fn for_postgres(&self, facts: &[Vec<String>]) -> String {
        let mut parts: Vec<String> = self
            .terms
            .iter()
            .map(|term| {
                let last = term.words.len() - 1;
                let words: Vec<String> = term
                    .words
                    .iter()
                    .enumerate()
                    .map(|(at, word)| {
                        let star = if term.goes_on && at == last { ":*" } else { "" };
                        format!("'{word}'{star}")
                    })
                    .collect();
                let typed = format!("({})", words.join(" <-> "));
                let also = term.also.iter().map(|form| format!("'{form}'"));
                either(typed, also, " | ")
            })
            .collect();
        for either in facts {
            let either: Vec<String> = either.iter().map(|fact| format!("'{fact}'")).collect();
            parts.push(format!("({})", either.join(" | ")));
        }
        parts.join(" & ")
    }
}

/// Alone as it is; with others, in brackets of their own.
fn either(first: String, others: impl Iterator<Item = String>, or: &str) -> String {
    let all: Vec<String> = std::iter::once(first).chain(others).collect();
    match all.len() {
        1 => all.concat(),
        _ => format!("({})", all.join(or)),
    }
}

impl Term {
    fn read(typed: &str, quoted: bool) -> Option<Term> {
        let words = fold::words(typed);
        let last = words.last()?;
        let starred = typed.trim_end().ends_with('*');
        let plain: String = typed
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        Some(Term {
            goes_on: starred && last.chars().count() >= MIN_PREFIX,
            typed: match quoted {
                true => format!("\"{}\"", plain.trim()),
                false => plain,
            },
            words,
            also: Vec::new(),
        })
    }

    /// Whether a word of a text is this term's, at this place of it.
    pub fn has(&self, at: usize, word: &str) -> bool {
        match self.goes_on && at + 1 == self.words.len() {
            true => word.starts_with(self.words[at].as_str()),
            false => word == self.words[at] || self.also.iter().any(|form| form == word),
        }
    }

    /// One whole word: what a typing mistake can be in.
    pub fn word(&self) -> Option<&str> {
        match &self.words[..] {
            [word] if !self.goes_on => Some(word),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn terms(typed: &str) -> Vec<(String, bool)> {
        let question = Question::parse(typed);
        question
            .terms
            .iter()
            .map(|term| (term.words.join(" "), term.goes_on))
            .collect()
    }

    #[test]
    fn words_phrases_and_stars_are_told_apart() {
        let is = |typed: &str, expected: &[(&str, bool)]| {
            let expected: Vec<(String, bool)> = expected
                .iter()
                .map(|(words, star)| ((*words).to_owned(), *star))
                .collect();
            assert_eq!(terms(typed), expected, "{typed}");
        };
        is("Mango racer", &[("mango", false), ("racer", false)]);
        is("“paper lamp” rac*", &[("paper lamp", false), ("rac", true)]);
        is("\"not closed", &[("not closed", false)]);
        is(
            "pixel-art e-mail*",
            &[("pixel art", false), ("e mail", true)],
        );
        is("a* * ** \"\" - ~ ?", &[("a", false)]);
        is("duck DUCK dück", &[("duck", false)]);
        is(
            "AND OR NEAR(a b) NOT",
            &[
                ("and", false),
                ("or", false),
                ("near a", false),
                ("b", false),
                ("not", false),
            ],
        );
        is(
            "\0\u{202e}'; DROP TABLE items;--",
            &[("drop", false), ("table", false), ("items", false)],
        );
    }

    #[test]
    fn a_long_question_is_cut() {
        assert_eq!(terms(&"x".repeat(1_000)), [("x".repeat(40), false)]);
        let many: String = (0..1_000).map(|n| format!("w{n} ")).collect();
        assert_eq!(terms(&many).len(), MAX_TERMS);
    }

    #[test]
    fn each_database_gets_its_own_words_for_the_same() {
        let question = Question::parse("\"paper lamp\" rac*");
        let facts = vec![vec!["is_project".to_owned(), "is_release".to_owned()]];
        assert_eq!(
            question.for_sqlite(&facts),
            "\"paper lamp\" AND \"rac\" * AND (\"is_project\" OR \"is_release\")"
        );
        assert_eq!(
            question.for_postgres(&facts),
            "('paper' <-> 'lamp') & ('rac':*) & ('is_project' | 'is_release')"
        );
        assert_eq!(question.with(1, "racer"), "\"paper lamp\" racer");
    }

    proptest! {
        #[test]
        fn nothing_that_is_typed_leaves_the_quotes(typed in "\\PC{0,60}|[\"'*()&|!:<>\\\\ ab_-]{0,60}") {
            let question = Question::parse(&typed);
            for term in &question.terms {
                prop_assert!(!term.words.is_empty());
                for word in &term.words {
                    prop_assert!(word.chars().all(|c| !c.is_ascii() || c.is_ascii_alphanumeric()), "{word}");
                }
            }
        }
    }
}
