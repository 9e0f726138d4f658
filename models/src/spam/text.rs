//! Reading a comment the way a person sees it: what was done to hide a word is undone and named.
//!
//! The order matters: entities, compatibility forms (NFKC), invisible characters, look-alike
//! letters, case. Undoing a disguise alone would throw evidence away (an honest writer has no
//! reason to put a zero-width joiner into "free"), so each one undone is reported as a
//! [`Disguise`] and becomes a token of its own in `features.rs`.

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

/// Something that hides a word from a filter and not from a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Disguise {
    /// Zero-width joiners, soft hyphens, direction marks, variation selectors between letters.
    Invisible,
    /// Control characters.
    Control,
    /// Full-width, mathematical, circled or ligature forms of plain letters.
    Compatibility,
    /// Letters of another script that look like this one's, within one word.
    Lookalike,
    /// Digits or signs in place of letters: `fr33`.
    Leet,
    /// A word pulled apart: `f r e e`, `f.r.e.e`.
    Spaced,
    /// A letter held down: `sooooo`.
    Stretched,
    /// An address written so that it is none: `example dot com`, `hxxp://`.
    HiddenAddress,
    /// Letters under piles of combining marks.
    Marks,
}

impl Disguise {
    pub const ALL: [Disguise; 9] = [
        Disguise::Invisible,
        Disguise::Control,
        Disguise::Compatibility,
        Disguise::Lookalike,
        Disguise::Leet,
        Disguise::Spaced,
        Disguise::Stretched,
        Disguise::HiddenAddress,
        Disguise::Marks,
    ];

    /// The token under which the filter learns about it.
    pub fn token(self) -> &'static str {
        match self {
            Disguise::Invisible => "@disguise:invisible",
            Disguise::Control => "@disguise:control",
            Disguise::Compatibility => "@disguise:fancy-letters",
            Disguise::Lookalike => "@disguise:look-alike",
            Disguise::Leet => "@disguise:leet",
            Disguise::Spaced => "@disguise:spaced",
            Disguise::Stretched => "@disguise:stretched",
            Disguise::HiddenAddress => "@disguise:hidden-address",
            Disguise::Marks => "@disguise:marks",
        }
    }
}

/// The disguises met in one text, as a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Disguises(u16);

impl Disguises {
    pub fn add(&mut self, disguise: Disguise) {
        self.0 |= 1 << disguise as u8;
    }

    pub fn has(self, disguise: Disguise) -> bool {
        self.0 & (1 << disguise as u8) != 0
    }

    pub fn iter(self) -> impl Iterator<Item = Disguise> {
        Disguise::ALL.into_iter().filter(move |d| self.has(*d))
    }
}

/// The text with entities decoded, compatibility forms and invisible characters resolved; case and
/// layout are kept, since `features.rs` still wants to see the capitals and the lines.
pub fn normalise(raw: &str, out: &mut String, disguises: &mut Disguises) {
    out.clear();
    out.reserve(raw.len());
    if raw.is_ascii() && !raw.contains('&') && !raw.bytes().any(is_odd_control) {
        // Nine in ten English comments: nothing to do.
        out.push_str(raw);
        return;
    }
    let mut decoded = String::new();
    let source = if raw.contains('&') {
        decode_entities(raw, &mut decoded);
        decoded.as_str()
    } else {
        raw
    };
    let mut letter_before = false;
    let mut marks = 0;
    let mut push = |c: char, disguises: &mut Disguises| {
        if is_invisible(c) {
            // Emoji sequences are full of joiners and selectors: only beside a letter they hide.
            if letter_before {
                disguises.add(Disguise::Invisible);
            }
            return;
        }
        if c.is_control() && !matches!(c, '\n' | '\r' | '\t') {
            disguises.add(Disguise::Control);
            return;
        }
        if is_combining(c) {
            marks += 1;
            if marks > 2 {
                disguises.add(Disguise::Marks);
                return;
            }
        } else {
            marks = 0;
        }
        letter_before = c.is_alphanumeric();
        out.push(c);
    };
    if is_nfkc_quick(source.chars()) == IsNormalized::Yes {
        for c in source.chars() {
            push(c, disguises);
        }
        return;
    }
    if source.chars().any(is_fancy_letter) {
        disguises.add(Disguise::Compatibility);
    }
    for c in source.chars().nfkc() {
        push(c, disguises);
    }
}

fn is_odd_control(b: u8) -> bool {
    (b < 0x20 && !matches!(b, b'\n' | b'\r' | b'\t')) || b == 0x7f
}

/// Characters without width that part a word for a program and not for a reader.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

fn is_combining(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}')
}

/// Letters that NFKC turns into plain ones and that no keyboard has.
fn is_fancy_letter(c: char) -> bool {
    matches!(c,
        '\u{1d400}'..='\u{1d7ff}' | '\u{ff10}'..='\u{ff19}' | '\u{ff21}'..='\u{ff3a}'
        | '\u{ff41}'..='\u{ff5a}' | '\u{2460}'..='\u{24ff}' | '\u{1f110}'..='\u{1f169}'
        | '\u{2100}'..='\u{2121}' | '\u{2123}'..='\u{214f}' | '\u{1d2c}'..='\u{1d6a}'
        | '\u{2070}'..='\u{209c}' | '\u{fb00}'..='\u{fb06}')
}

/// The handful of entities that copied or imported comments carry; anything else stays as typed.
fn decode_entities(raw: &str, out: &mut String) {
    let mut rest = raw;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.bytes().take(12).position(|b| b == b';');
        match end.and_then(|end| Some((entity(&rest[1..end])?, end))) {
            Some((c, end)) => {
                out.push(c);
                rest = &rest[end + 1..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
}

fn entity(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "hellip" => '…',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    })
}

/// Folds one word: lower case, look-alikes of the minority script replaced, stretched letters cut
/// to two. `out` is cleared first.
pub fn fold_word(word: &str, out: &mut String, disguises: &mut Disguises) {
    out.clear();
    if word.is_ascii() {
        let mut last = 0;
        let mut run = 0;
        for b in word.bytes() {
            let b = b.to_ascii_lowercase();
            run = if b == last { run + 1 } else { 1 };
            last = b;
            if run > 2 && b.is_ascii_alphabetic() {
                disguises.add(Disguise::Stretched);
            } else {
                out.push(char::from(b));
            }
        }
        return;
    }
    let (mut latin, mut cyrillic, mut greek, mut only_cyrillic, mut only_greek) = (0, 0, 0, 0, 0);
    for c in word.chars() {
        match c {
            'a'..='z' | 'A'..='Z' => latin += 1,
            '\u{400}'..='\u{52f}' => {
                cyrillic += 1;
                only_cyrillic += usize::from(latin_for(c).is_none());
            }
            '\u{370}'..='\u{3ff}' => {
                greek += 1;
                only_greek += usize::from(latin_for(c).is_none());
            }
            _ => {}
        }
    }
    let mixed = usize::from(latin > 0) + usize::from(cyrillic > 0) + usize::from(greek > 0) > 1;
    // "раypal" is Latin in disguise, "рaботa" Cyrillic: a letter that only one script has decides.
    let to_cyrillic = mixed && only_cyrillic > 0 && cyrillic >= latin;
    let to_latin = mixed && !to_cyrillic && !(only_greek > 0 && greek >= latin);
    if mixed {
        disguises.add(Disguise::Lookalike);
    }
    let mut last = '\0';
    let mut run = 0;
    for c in word.chars() {
        let c = match c {
            _ if to_latin => latin_for(c).unwrap_or(c),
            _ if to_cyrillic => cyrillic_for(c).unwrap_or(c),
            _ => c,
        };
        for c in c.to_lowercase() {
            run = if c == last { run + 1 } else { 1 };
            last = c;
            if run > 2 && c.is_alphabetic() {
                disguises.add(Disguise::Stretched);
            } else {
                out.push(c);
            }
        }
    }
}

/// The Latin letter that a Cyrillic or Greek one passes for. A short table by eye: the full one of
/// UTS 39 folds `m` to `rn` and digits to letters, which reads worse than it hides.
pub(crate) fn latin_for(c: char) -> Option<char> {
    Some(match c {
        'а' => 'a',
        'А' => 'A',
        'В' => 'B',
        'в' => 'b',
        'с' => 'c',
        'С' => 'C',
        'ԁ' => 'd',
        'е' | 'ё' => 'e',
        'Е' | 'Ё' => 'E',
        'һ' => 'h',
        'Н' => 'H',
        'н' => 'h',
        'і' | 'ї' => 'i',
        'І' | 'Ї' => 'I',
        'ј' => 'j',
        'Ј' => 'J',
        'к' => 'k',
        'К' => 'K',
        'М' => 'M',
        'м' => 'm',
        'о' => 'o',
        'О' => 'O',
        'р' => 'p',
        'Р' => 'P',
        'ѕ' => 's',
        'Ѕ' => 'S',
        'т' => 't',
        'Т' => 'T',
        'у' => 'y',
        'У' => 'Y',
        'х' => 'x',
        'Х' => 'X',
        'ԛ' => 'q',
        'ԝ' => 'w',
        'α' => 'a',
        'Α' => 'A',
        'Β' => 'B',
        'ε' => 'e',
        'Ε' => 'E',
        'Ζ' => 'Z',
        'Η' => 'H',
        'ι' => 'i',
        'Ι' => 'I',
        'κ' => 'k',
        'Κ' => 'K',
        'Μ' => 'M',
        'ν' => 'v',
        'Ν' => 'N',
        'ο' => 'o',
        'Ο' => 'O',
        'ρ' => 'p',
        'Ρ' => 'P',
        'τ' => 't',
        'Τ' => 'T',
        'υ' => 'u',
        'Υ' => 'Y',
        'χ' => 'x',
        'Χ' => 'X',
        _ => return None,
    })
}

fn cyrillic_for(c: char) -> Option<char> {
    Some(match c {
        'a' => 'а',
        'A' => 'А',
        'b' => 'в',
        'B' => 'В',
        'c' => 'с',
        'C' => 'С',
        'e' => 'е',
        'E' => 'Е',
        'h' => 'н',
        'H' => 'Н',
        'i' => 'і',
        'I' => 'І',
        'k' => 'к',
        'K' => 'К',
        'm' => 'м',
        'M' => 'М',
        'o' => 'о',
        'O' => 'О',
        'p' => 'р',
        'P' => 'Р',
        's' => 'ѕ',
        't' => 'т',
        'T' => 'Т',
        'y' => 'у',
        'Y' => 'У',
        'x' => 'х',
        'X' => 'Х',
        'u' => 'и',
        _ => return None,
    })
}

/// Reads digits and signs inside a word as letters: `fr33` gives `free`. None when the word is no
/// such thing: it wants two letters at least, and `2nite`, `b4` or `mp3` stay what they are because
/// the digit must stand between letters (or twice at the end).
pub fn undo_leet(word: &str, out: &mut String) -> bool {
    out.clear();
    let letters = word.chars().filter(|c| c.is_alphabetic()).count();
    if letters < 2 || letters == word.chars().count() {
        return false;
    }
    if !word.starts_with(|c: char| c.is_alphabetic() || c == '$') {
        return false;
    }
    let tail = word.trim_end_matches(|c: char| !c.is_alphabetic());
    let inside = tail.chars().skip(1).any(|c| !c.is_alphabetic());
    // `fr33` ends in letters of its own making, `mp3` and `win10` in numbers.
    if !(tail.len() == word.len() || inside || matches!(&word[tail.len()..], "33" | "00")) {
        return false;
    }
    for c in word.chars() {
        out.push(match c {
            '0' => 'o',
            '1' => 'i',
            '3' => 'e',
            '4' => 'a',
            '5' => 's',
            '7' => 't',
            '@' => 'a',
            '$' => 's',
            c if c.is_alphabetic() => c,
            _ => {
                out.clear();
                return false;
            }
        });
    }
    true
}
