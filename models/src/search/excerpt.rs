//! A few lines of a text around what was asked for, with the places that match. It is given as pieces,
//! not as HTML: the template escapes each like any other text.

use super::ask::{Question, Term};
use super::fold;

/// Letters of an excerpt, about.
const LENGTH: usize = 260;
/// Of these, before the first match.
const BEFORE: usize = 70;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    pub text: String,
    pub hit: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Excerpt {
    pub pieces: Vec<Piece>,
    /// The text begins before it, or goes on behind.
    pub cut_before: bool,
    pub cut_after: bool,
}

/// Where a text has the terms of a question, as byte ranges in order, none over another.
pub fn hits(text: &str, question: &Question) -> Vec<(usize, usize)> {
    let mut words: Vec<(String, usize, usize)> = Vec::new();
    fold::each(text, |token| {
        words.push((token.word.to_owned(), token.start, token.end));
        words.len() < fold::MOST
    });
    let mut hits: Vec<(usize, usize)> = Vec::new();
    for at in 0..words.len() {
        for term in &question.terms {
            if let Some(last) = matches(&words[at..], term) {
                hits.push((words[at].1, words[at + last].2));
            }
        }
    }
    hits.sort_unstable();
    let mut joined: Vec<(usize, usize)> = Vec::new();
    for (start, end) in hits {
        match joined.last_mut() {
            Some((_, before)) if start < *before => *before = end.max(*before),
            _ => joined.push((start, end)),
        }
    }
    joined
}

/// Whether the words begin with a term, and which one is its last.
fn matches(words: &[(String, usize, usize)], term: &Term) -> Option<usize> {
    let last = term.words.len() - 1;
    for at in 0..=last {
        let (word, ..) = words.get(at)?;
        if !term.has(at, word) {
            return None;
        }
    }
    Some(last)
}

impl Excerpt {
    /// The best lines: where most of what was asked for stands together.
    pub fn of(text: &str, question: &Question) -> Excerpt {
        let hits = hits(text, question);
        let start = match densest(&hits) {
            Some(first) => back(text, first, BEFORE),
            None => 0,
        };
        let end = forth(text, start, LENGTH);
        Excerpt {
            pieces: pieces(text, start, end, &hits),
            cut_before: start > 0,
            cut_after: end < text.len(),
        }
    }

    /// The whole of a short text, such as a title.
    pub fn whole(text: &str, question: &Question) -> Vec<Piece> {
        pieces(text, 0, text.len(), &hits(text, question))
    }

    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }
}

/// The match from which on most others follow closely.
fn densest(hits: &[(usize, usize)]) -> Option<usize> {
    let close = |at: usize| {
        let (start, _) = hits[at];
        hits[at..]
            .iter()
            .take_while(|(next, _)| next - start < LENGTH - BEFORE)
            .count()
    };
    // Of equals the first.
    let best = (0..hits.len()).rev().max_by_key(|at| close(*at).min(6))?;
    Some(hits[best].0)
}

/// So many letters before a place, at the beginning of a word if one is near.
fn back(text: &str, from: usize, letters: usize) -> usize {
    let mut before = text[..from].char_indices().rev();
    let Some((far, _)) = before.nth(letters) else {
        return 0;
    };
    match text[far..from].find(char::is_whitespace) {
        Some(space) => {
            let rest = &text[far + space..from];
            far + space + (rest.len() - rest.trim_start().len())
        }
        // One long word before it.
        None => boundary(text, far),
    }
}

fn forth(text: &str, from: usize, letters: usize) -> usize {
    let Some((far, _)) = text[from..].char_indices().nth(letters) else {
        return text.len();
    };
    let far = from + far;
    match text[from..far].rfind(char::is_whitespace) {
        Some(space) if space > far.saturating_sub(from) / 2 => from + space,
        _ => boundary(text, far),
    }
}

/// Not between a letter and its accent.
fn boundary(text: &str, at: usize) -> usize {
    text[at..]
        .char_indices()
        .find(|(_, c)| !unicode_normalization::char::is_combining_mark(*c))
        .map_or(text.len(), |(more, _)| at + more)
}

fn pieces(text: &str, start: usize, end: usize, hits: &[(usize, usize)]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut push = |from: usize, to: usize, hit: bool| {
        if from < to {
            pieces.push(Piece {
                text: text[from..to].to_owned(),
                hit,
            });
        }
    };
    let mut at = start;
    for (from, to) in hits {
        let (from, to) = ((*from).clamp(at, end), (*to).clamp(at, end));
        push(at, from, false);
        push(from, to, true);
        at = at.max(to);
    }
    push(at, end, false);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(text: &str, asked: &str) -> String {
        let excerpt = Excerpt::of(text, &Question::parse(asked));
        let mut out = String::new();
        for piece in &excerpt.pieces {
            out.push_str(&match piece.hit {
                true => format!("[{}]", piece.text),
                false => piece.text.clone(),
            });
        }
        out
    }

    #[test]
    fn the_letters_are_those_of_the_text() {
        assert_eq!(
            shown("Ein Café, zwei CAFÉS.", "cafe"),
            "Ein [Café], zwei CAFÉS."
        );
        assert_eq!(
            shown("Ein Café, zwei CAFÉS.", "cafe*"),
            "Ein [Café], zwei [CAFÉS]."
        );
        assert_eq!(
            shown("A paper lamp. Lamp, paper!", "\"paper lamp\""),
            "A [paper lamp]. Lamp, paper!"
        );
        assert_eq!(shown("<b>duck</b> & pie", "duck"), "<b>[duck]</b> & pie");
        assert_eq!(shown("Nothing here", "duck"), "Nothing here");
    }

    #[test]
    fn a_long_text_is_cut_at_words_around_the_match() {
        let text = format!(
            "{} the duck sings {}",
            "lorem ".repeat(200),
            "ipsum ".repeat(200)
        );
        let excerpt = Excerpt::of(&text, &Question::parse("duck"));
        assert!(excerpt.cut_before && excerpt.cut_after);
        let whole: String = excerpt
            .pieces
            .iter()
            .map(|piece| piece.text.as_str())
            .collect();
        assert!(
            whole.starts_with("lorem ") && whole.ends_with("ipsum"),
            "{whole}"
        );
        assert!(whole.contains("the duck sings"));
        assert!(whole.chars().count() <= LENGTH);
    }

    proptest! {
        #[test]
        fn without_its_marks_an_excerpt_is_a_part_of_the_text(
            text in "\\PC{0,400}|([a-c\u{301}é<>&\"] ?){0,200}",
            asked in "[a-cé\"* ]{0,12}|\\PC{0,6}",
        ) {
            let question = Question::parse(&asked);
            let excerpt = Excerpt::of(&text, &question);
            let whole: String = excerpt.pieces.iter().map(|piece| piece.text.as_str()).collect();
            prop_assert!(text.contains(&whole));
            prop_assert!(excerpt.cut_before || text.starts_with(&whole));
            prop_assert!(excerpt.cut_after || text.ends_with(&whole));
            let title: String = Excerpt::whole(&text, &question).iter().map(|piece| piece.text.as_str()).collect();
            prop_assert_eq!(title, text.clone());
            let mut last = 0;
            for (start, end) in hits(&text, &question) {
                prop_assert!(start >= last && end > start && text.get(start..end).is_some());
                last = end;
            }
        }
    }
}
