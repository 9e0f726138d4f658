//! Texts that say the same: hashes that see through white space and case, and near-duplicates.
//!
//! Near-duplicates are found by MinHash (Broder 1997, "On the resemblance and containment of
//! documents"): a text is the set of its folded words, the least of many hashes of them agrees for
//! two texts as often as their sets overlap. Candidates agree in a band of four such minima; the
//! overlap itself (Jaccard: words in both over words in either) is then computed.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use super::classifier::hash;
use super::learning::Label;
use super::text::{self, Disguises};

/// SHA-256 of the text, hexadecimal, folded so that white space and case do not make it look new.
pub fn text_hash(text: &str) -> String {
    let folded = text
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .to_lowercase();
    format!("{:x}", Sha256::digest(folded))
}

/// The share of words, of those in either text, that are in both.
pub fn similarity(a: &str, b: &str) -> f64 {
    overlap(&words(a), &words(b))
}

/// From this overlap on two texts say the same.
pub const SAME: f64 = 0.8;

/// [`words_in_order`], sorted, without repeats.
pub(super) fn words(text: &str) -> Vec<u64> {
    let mut words = words_in_order(text);
    words.sort_unstable();
    words.dedup();
    words
}

/// Hashes of a text's folded words: disguises undone, numbers alike.
pub(super) fn words_in_order(text: &str) -> Vec<u64> {
    let mut disguises = Disguises::default();
    let (mut normal, mut folded) = (String::new(), String::new());
    text::normalise(text, &mut normal, &mut disguises);
    let mut words: Vec<u64> = normal
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| {
            if word.bytes().all(|b| b.is_ascii_digit()) {
                return hash("#");
            }
            text::fold_word(word, &mut folded, &mut disguises);
            hash(&folded)
        })
        .collect();
    if words.is_empty() {
        // Emoji or signs alone.
        words.extend(
            normal
                .chars()
                .filter(|c| !c.is_whitespace())
                .map(|c| hash(c.encode_utf8(&mut [0; 4]))),
        );
    }
    words
}

fn overlap(a: &[u64], b: &[u64]) -> f64 {
    let (mut i, mut j, mut both) = (0, 0, 0usize);
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                both += 1;
                i += 1;
                j += 1;
            }
        }
    }
    match a.len() + b.len() - both {
        0 => 1.0,
        either => both as f64 / either as f64,
    }
}

/// At an overlap of 0.8 two texts share a band of four with a chance of 0.41, one of eight with 0.985.
const BANDS: u64 = 8;
const ROWS: u64 = 4;

fn band(words: &[u64], band: u64) -> u64 {
    let mut key = band;
    for row in 0..ROWS {
        let seed = (band * ROWS + row + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let least = words
            .iter()
            .map(|word| {
                let mixed = (word ^ seed).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                (mixed ^ (mixed >> 29)).wrapping_mul(0x94d0_49bb_1331_11eb)
            })
            .min()
            .unwrap_or(0);
        key = (key ^ least).wrapping_mul(0x100_0000_01b3).rotate_left(23);
    }
    key
}

/// Near-identical texts of which one was called spam and one ham, by their [`text_hash`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Contradiction {
    pub spam: String,
    pub ham: String,
}

/// Texts of one band that are compared with one another; a larger crowd is a campaign, and its
/// first members tell enough.
const CROWD: usize = 24;

/// The contradictions among labelled texts, at most `most`, the likest first and those left out that
/// people have settled; in an order that depends on them alone. No text is in two of them.
pub fn contradictions(
    texts: &[(&str, Label)],
    settled: &BTreeSet<Contradiction>,
    most: usize,
) -> Vec<Contradiction> {
    // Unlikeness first, in millionths, so that the set is in the order of the questions.
    let mut found: BTreeSet<(u32, Contradiction)> = BTreeSet::new();
    let mut seen: BTreeSet<(u32, u32)> = BTreeSet::new();
    let bands: Vec<[u64; BANDS as usize]> = texts
        .iter()
        .map(|(text, _)| {
            let words = words(text);
            std::array::from_fn(|number| band(&words, number as u64))
        })
        .collect();
    let mut keys: Vec<(u64, u32)> = Vec::with_capacity(texts.len());
    for number in 0..BANDS as usize {
        keys.clear();
        keys.extend(
            bands
                .iter()
                .enumerate()
                .map(|(i, keys)| (keys[number], i as u32)),
        );
        keys.sort_unstable();
        for crowd in keys.chunk_by(|a, b| a.0 == b.0) {
            let of = |label: Label| {
                crowd
                    .iter()
                    .map(|(_, i)| *i)
                    .filter(move |&i| texts[i as usize].1 == label)
                    .take(CROWD)
            };
            for spam in of(Label::Spam) {
                for ham in of(Label::Ham) {
                    if !seen.insert((spam, ham)) {
                        continue;
                    }
                    let (a, b) = (texts[spam as usize].0, texts[ham as usize].0);
                    let alike = similarity(a, b);
                    if alike >= SAME {
                        let pair = Contradiction {
                            spam: text_hash(a),
                            ham: text_hash(b),
                        };
                        let same = pair.spam == pair.ham;
                        let unlike = ((1.0 - alike) * 1e6) as u32 + u32::from(!same);
                        if !settled.contains(&pair) {
                            found.insert((unlike, pair));
                        }
                    }
                }
            }
        }
    }
    // One text against a wave of fifty is one question, not fifty.
    let mut asked: BTreeSet<String> = BTreeSet::new();
    found
        .into_iter()
        .map(|(_, pair)| pair)
        .filter(|pair| {
            let new = !asked.contains(&pair.spam) && !asked.contains(&pair.ham);
            if new {
                asked.extend([pair.spam.clone(), pair.ham.clone()]);
            }
            new
        })
        .take(most)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_known_again_in_disguise() {
        let a = "Get 100 cheap followers today at my shop, really cheap!";
        assert!(similarity(a, "get 250 CHEAP followers today, at my shop: really cheap") > 0.99);
        assert!(
            similarity(
                a,
                "g\u{200d}et 9 cheap follow\u{200d}ers today at my shop really"
            ) > SAME
        );
        assert!(similarity(a, "The boss of level 3 jumps over my duck") < 0.3);
        assert_eq!(similarity("👍👍", "👍"), 1.0);
        assert!(similarity("👍", "💩") < 0.1);
        assert_eq!(similarity("", ""), 1.0);
    }

    #[test]
    fn contradictions_are_found_whatever_the_order() {
        let mut texts: Vec<(String, Label)> = (0..200)
            .map(|i| {
                let text = format!("word{i} other{} third{} fourth{i} duck jump", i * 7, i * 13);
                (text, if i % 2 == 0 { Label::Ham } else { Label::Spam })
            })
            .collect();
        texts.push((
            "Cheap followers for your channel, click now".into(),
            Label::Spam,
        ));
        texts.push((
            "cheap FOLLOWERS for your channel: click now!!".into(),
            Label::Ham,
        ));
        let find = |texts: &[(String, Label)]| {
            let borrowed: Vec<(&str, Label)> =
                texts.iter().map(|(t, l)| (t.as_str(), *l)).collect();
            contradictions(&borrowed, &BTreeSet::new(), 50)
        };
        let found = find(&texts);
        assert_eq!(
            found,
            [Contradiction {
                spam: text_hash("Cheap followers for your channel, click now"),
                ham: text_hash("cheap FOLLOWERS for your channel: click now!!"),
            }]
        );
        texts.reverse();
        assert_eq!(find(&texts), found);
        // A wave that says the same makes no second question of it.
        let mut wave = texts.clone();
        wave.extend((0..9).map(|i| {
            (
                format!("{i} cheap followers for your channel, click now"),
                Label::Spam,
            )
        }));
        assert_eq!(find(&wave).len(), 1);
        // Each beside its like, not beside its neighbour; and what was settled is not asked again.
        let family: Vec<(String, Label)> = ["alpha", "beta", "gamma"]
            .iter()
            .flat_map(|word| {
                let text = format!("Cheap {word} coins for your game, order now and win big");
                [
                    (text.clone(), Label::Spam),
                    (text.to_uppercase(), Label::Ham),
                ]
            })
            .collect();
        let borrowed: Vec<(&str, Label)> = family.iter().map(|(t, l)| (t.as_str(), *l)).collect();
        let pairs = contradictions(&borrowed, &BTreeSet::new(), 50);
        assert_eq!(pairs.len(), 3);
        assert!(pairs.iter().all(|pair| pair.spam == pair.ham));
        let settled: BTreeSet<Contradiction> = pairs.into_iter().collect();
        let others = contradictions(&borrowed, &settled, 50);
        assert!(others.iter().all(|pair| !settled.contains(pair)));
        texts[0].1 = Label::Spam;
        assert!(find(&texts).is_empty());
    }
}
