//! What an edit changed, word by word.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Same,
    Gone,
    New,
}

/// Texts that differ in more than this many pairs of words are shown whole, one after the other:
/// comparing them would hold up the page.
const MOST: usize = 4_000_000;
/// Unchanged words that are shown on either side of a change.
const AROUND: usize = 12;

/// Runs of words, with the white space behind them.
pub fn words(old: &str, new: &str) -> Vec<(Change, String)> {
    let (old, new) = (split(old), split(new));
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) = (&old[head..], &new[head..]);
    let tail = old_rest
        .iter()
        .rev()
        .zip(new_rest.iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    let a = &old_rest[..old_rest.len() - tail];
    let b = &new_rest[..new_rest.len() - tail];
    let mut runs: Vec<(Change, Vec<&str>)> = Vec::new();
    let mut push = |change: Change, word| match runs.last_mut() {
        Some((last, words)) if *last == change => words.push(word),
        _ => runs.push((change, vec![word])),
    };
    old[..head].iter().for_each(|word| push(Change::Same, word));
    if a.len() * b.len() > MOST {
        a.iter().for_each(|word| push(Change::Gone, word));
        b.iter().for_each(|word| push(Change::New, word));
    } else {
        middle(a, b, &mut push);
    }
    let tail = &old_rest[old_rest.len() - tail..];
    tail.iter().for_each(|word| push(Change::Same, word));
    let last = runs.len().saturating_sub(1);
    runs.into_iter()
        .enumerate()
        .map(|(at, (change, words))| (change, shorten(change, &words, at == 0, at == last)))
        .collect()
}

fn split(text: &str) -> Vec<&str> {
    text.split_inclusive(char::is_whitespace).collect()
}

/// By the longest common subsequence.
fn middle<'a>(a: &[&'a str], b: &[&'a str], push: &mut impl FnMut(Change, &'a str)) {
    let wide = b.len() + 1;
    let mut longest = vec![0_u32; (a.len() + 1) * wide];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            longest[i * wide + j] = if a[i] == b[j] {
                longest[(i + 1) * wide + j + 1] + 1
            } else {
                longest[(i + 1) * wide + j].max(longest[i * wide + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            push(Change::Same, b[j]);
            (i, j) = (i + 1, j + 1);
        } else if j == b.len()
            || (i < a.len() && longest[(i + 1) * wide + j] >= longest[i * wide + j + 1])
        {
            push(Change::Gone, a[i]);
            i += 1;
        } else {
            push(Change::New, b[j]);
            j += 1;
        }
    }
}

fn shorten(change: Change, words: &[&str], first: bool, last: bool) -> String {
    if change != Change::Same || words.len() <= 3 * AROUND {
        return words.concat();
    }
    let head = if first { "" } else { &words[..AROUND].concat() };
    let tail = if last {
        ""
    } else {
        &words[words.len() - AROUND..].concat()
    };
    format!("{head}… {tail}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use Change::{Gone, New, Same};

    #[test]
    fn a_word_that_changed_stands_between_what_stayed() {
        let runs = words("a small duck swims", "a yellow duck swims");
        let runs: Vec<(Change, &str)> = runs.iter().map(|(c, w)| (*c, w.as_str())).collect();
        assert_eq!(
            runs,
            [
                (Same, "a "),
                (Gone, "small "),
                (New, "yellow "),
                (Same, "duck swims")
            ]
        );
    }

    #[test]
    fn both_texts_can_be_read_off() {
        let (old, new) = ("one two three four", "zero two three five four six");
        let runs = words(old, new);
        let read = |skip: Change| -> String {
            let kept = runs.iter().filter(|(change, _)| *change != skip);
            kept.map(|(_, words)| words.as_str()).collect()
        };
        assert_eq!((read(New), read(Gone)), (old.to_owned(), new.to_owned()));
    }

    #[test]
    fn long_agreement_is_cut_and_long_difference_is_not_compared() {
        let same = "word ".repeat(500);
        let runs = words(&format!("{same}old"), &format!("{same}new"));
        assert!(runs[0].1.len() < 100 && runs.len() == 3);
        let (a, b) = ("a ".repeat(3_000), "b ".repeat(3_000));
        assert_eq!(words(&a, &b).len(), 2);
        assert!(words("", "").is_empty());
    }
}
