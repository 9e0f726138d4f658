//! Words of one line, as people type them into names and short answers.

/// White space folded and signs that nobody sees dropped: they would turn the words around them about, or
/// make two names look the same. Joiners stay: emoji and some scripts are written with them.
pub fn one_line(text: &str) -> String {
    let seen: String = text
        .chars()
        .filter(|c| {
            !matches!(c, '\u{200B}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
        })
        .collect();
    seen.split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_is_folded_and_unseen_signs_go_but_joiners_stay() {
        assert_eq!(one_line(" Debian\t13\r\n\u{7}trixie "), "Debian 13 trixie");
        assert_eq!(one_line("a\u{202e}b\u{200b}c \u{2066}\u{feff} d"), "abc d");
        assert_eq!(one_line("👩🏽\u{200d}🚀"), "👩🏽\u{200d}🚀");
        assert_eq!(one_line(" \u{202e}\u{200b} "), "");
    }
}
