//! Words as both databases know them: compatibility forms, capitals and accents folded away here, so
//! that no database's own idea of a letter decides what is found.

use unicode_normalization::char::{decompose_compatible, is_combining_mark};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// Raised when the same text gives other words than before: every site then reads its texts anew.
pub const FOLDING: u32 = 1;
/// Letters of a word that count. Longer ones are cut, in texts and in questions alike.
const LONGEST: usize = 40;
/// Words of a text that are kept: PostgreSQL knows places up to 16,383.
pub const MOST: usize = 15_000;

/// A folded word and the bytes of the text that it was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'a> {
    pub word: &'a str,
    pub start: usize,
    pub end: usize,
}

/// Reads a text word by word, until `take` says that it has enough.
pub fn each(text: &str, mut take: impl FnMut(Token) -> bool) {
    let mut word = Word::default();
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        if c.is_ascii() {
            if c.is_ascii_alphanumeric() {
                word.push(c.to_ascii_lowercase(), at, end);
            } else if !word.finish(&mut take) {
                return;
            }
            continue;
        }
        if is_nothing(c) {
            // An accent belongs to the letter before it.
            word.stretch(end);
            continue;
        }
        if stands_alone(c) {
            if !word.finish(&mut take) {
                return;
            }
            word.push(c, at, end);
            if !word.finish(&mut take) {
                return;
            }
            continue;
        }
        if !is_letter(c) {
            if !word.finish(&mut take) {
                return;
            }
            continue;
        }
        fold(c, |folded| word.push(folded, at, end));
    }
    word.finish(&mut take);
}

/// The words of a text, each on its own.
pub fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    each(text, |token| {
        words.push(token.word.to_owned());
        words.len() < MOST
    });
    words
}

/// One way to write each letter, as [`each`] expects it.
pub fn composed(text: &str) -> String {
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => text.to_owned(),
        _ => text.nfc().collect(),
    }
}

#[derive(Default)]
struct Word {
    folded: String,
    letters: usize,
    start: usize,
    end: usize,
}

impl Word {
    fn push(&mut self, c: char, start: usize, end: usize) {
        if self.folded.is_empty() {
            self.start = start;
        }
        self.end = end;
        if self.letters < LONGEST {
            self.folded.push(c);
            self.letters += 1;
        }
    }

    fn stretch(&mut self, end: usize) {
        if !self.folded.is_empty() {
            self.end = end;
        }
    }

    fn finish(&mut self, take: &mut impl FnMut(Token) -> bool) -> bool {
        if self.folded.is_empty() {
            return true;
        }
        let goes_on = take(Token {
            word: &self.folded,
            start: self.start,
            end: self.end,
        });
        self.folded.clear();
        self.letters = 0;
        goes_on
    }
}

fn fold(c: char, mut push: impl FnMut(char)) {
    // Hangul and kana would fall apart into pieces that nobody types.
    if matches!(c, '\u{ac00}'..='\u{d7a3}') {
        return push(c);
    }
    decompose_compatible(c, |part| {
        if is_nothing(part) {
            return;
        }
        for lower in part.to_lowercase() {
            match lower {
                'ß' => "ss".chars().for_each(&mut push),
                'æ' => "ae".chars().for_each(&mut push),
                'œ' => "oe".chars().for_each(&mut push),
                'þ' => "th".chars().for_each(&mut push),
                'ø' => push('o'),
                'ł' => push('l'),
                'đ' | 'ð' => push('d'),
                'ħ' => push('h'),
                'ı' => push('i'),
                'ς' => push('σ'),
                mark if is_nothing(mark) => {}
                letter if is_letter(letter) => push(letter),
                // A half is `1⁄2`: one word of its digits.
                _ => {}
            }
        }
    });
}

fn is_letter(c: char) -> bool {
    c.is_alphanumeric() || is_combining_mark(c)
}

/// Accents and points over letters that are also written without them, and what has no width at all.
/// Signs that make other syllables (of Indic scripts, say) stay.
fn is_nothing(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}'
        | '\u{fe20}'..='\u{fe2f}' | '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}'..='\u{5c2}' | '\u{5c4}'..='\u{5c5}'
        | '\u{610}'..='\u{61a}' | '\u{640}' | '\u{64b}'..='\u{65f}' | '\u{670}'
        | '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// Written without spaces between words: each sign is a word, and a word of two is a phrase.
fn stands_alone(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
        && is_letter(c)
}

/// The text of HTML that was cleaned when it was written: no tags, entities as letters.
pub fn plain(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find(['<', '&']) {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        if rest.starts_with('<') {
            let mut quoted = false;
            let end = rest.find(|c| {
                quoted ^= c == '"';
                c == '>' && !quoted
            });
            let (tag, after) = match end {
                Some(end) => (&rest[1..end], &rest[end + 1..]),
                None => ("", ""),
            };
            let name = tag.trim_start_matches('/');
            let name = name.split([' ', '/']).next().unwrap_or("");
            if !matches!(name, "a" | "em" | "strong" | "del" | "code") {
                text.push(' ');
            }
            rest = after;
            continue;
        }
        let known = [
            ("&amp;", "&"),
            ("&lt;", "<"),
            ("&gt;", ">"),
            ("&quot;", "\""),
            ("&#39;", "'"),
            ("&nbsp;", " "),
        ];
        match known.iter().find(|(entity, _)| rest.starts_with(entity)) {
            Some((entity, letter)) => {
                text.push_str(letter);
                rest = &rest[entity.len()..];
            }
            None => {
                text.push('&');
                rest = &rest[1..];
            }
        }
    }
    text.push_str(rest);
    let mut folded = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.push_str(word);
    }
    if folded.is_ascii() {
        return folded;
    }
    composed(&folded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn capitals_accents_and_fancy_letters_are_one_word() {
        for (text, word) in [
            ("Café", "cafe"),
            ("cafe\u{301}", "cafe"),
            ("ＣＡＦＥ", "cafe"),
            ("Straße", "strasse"),
            ("Łódź", "lodz"),
            ("smørrebrød", "smorrebrod"),
            ("ÉCOLE", "ecole"),
            ("İstanbul", "istanbul"),
            ("ΟΔΥΣΣΕΥΣ", "οδυσσευσ"),
            ("шёлк", "шелк"),
            ("한국어", "한국어"),
            ("soft\u{ad}hyphen", "softhyphen"),
            ("ﬁne", "fine"),
            ("שָׁלוֹם", "שלום"),
        ] {
            assert_eq!(words(text), [word], "{text}");
        }
        assert_eq!(
            words("mo_t said: don't, C++!"),
            ["mo", "t", "said", "don", "t", "c"]
        );
        assert_eq!(words("日本 go"), ["日", "本", "go"]);
        assert_eq!(words("हिन्दी"), ["हिन्दी"]);
        assert_eq!(words("?! \u{301} -- \"\" \0"), Vec::<String>::new());
        assert_eq!(words(&"x".repeat(1_000)), ["x".repeat(LONGEST)]);
    }

    #[test]
    fn html_becomes_what_a_reader_sees() {
        assert_eq!(
            plain(
                "<p>A <em>du</em>ck &amp; a&nbsp;pie<br>\n&lt;b&gt;</p><ul><li>one</li><li>two</li></ul><a href=\"https://x.example/?a>b\">here</a>"
            ),
            "A duck & a pie <b> one two here"
        );
        assert_eq!(plain("a &copy b & <"), "a &copy b &");
    }

    proptest! {
        #[test]
        fn tokens_lie_in_the_text_in_order(text in "\\PC{0,80}") {
            let mut last = 0;
            let mut fine = true;
            each(&text, |token| {
                fine &= token.start >= last && token.end > token.start && text.get(token.start..token.end).is_some();
                fine &= !token.word.is_empty() && !token.word.contains(['_', '"', '\'', '*', ' ', '\\']);
                last = token.end;
                true
            });
            prop_assert!(fine && last <= text.len());
        }

        #[test]
        fn folding_a_word_again_changes_nothing(text in "\\PC{0,40}") {
            for word in words(&composed(&text)) {
                prop_assert_eq!(words(&word).concat(), word.clone());
            }
        }
    }
}
