//! Texts that say nearly the same, found again among a million: a SimHash of each (Charikar 2002,
//! "Similarity estimation techniques from rounding algorithms"; Manku and others 2007 for the bands).
//!
//! Each word of a text votes on 64 bits; texts that share most of their words agree in most bits. The
//! bits are kept in four bands of sixteen. A look asks for each band as it is and with each one of its
//! bits turned: texts that differ in at most seven bits are found for certain, those that differ in
//! more often enough, since a wave has many texts and a new one needs to meet only one of them. What
//! is found so is then compared by its words.

use super::near;
use std::collections::HashSet;

/// Fewer different words than these are said by many people of themselves.
pub const WORDS: usize = 8;
/// Texts whose hashes differ in at most so many bits are compared by their words. Short ones differ
/// in many bits by a word or two. `examples/alike.rs` measures it.
pub const NEAR: u32 = 12;
/// Of the words of two texts that are alike, at least so many are in both.
pub const SHARED: f64 = 0.6;

/// The SimHash of a text that is long enough: of its words as a person reads them, whatever their
/// case, order, disguises and numbers. Never 0. What was stored by other rules for reading words
/// matches nothing new, and is out of use after 60 days.
pub fn of(text: &str) -> Option<u64> {
    let words = near::words(text);
    (words.len() >= WORDS).then(|| of_words(&words))
}

fn of_words(words: &[u64]) -> u64 {
    let mut votes = [0i32; 64];
    for word in words {
        let bits = mixed(*word);
        for (bit, vote) in votes.iter_mut().enumerate() {
            *vote += if bits >> bit & 1 == 1 { 1 } else { -1 };
        }
    }
    let hash = votes
        .iter()
        .enumerate()
        .filter(|(_, vote)| **vote > 0)
        .fold(0, |hash, (bit, _)| hash | 1 << bit);
    // 0 stands for a text that is too short.
    if hash == 0 { 1 } else { hash }
}

/// Every bit of a word's hash must be as good as another (the end of MurmurHash 3).
fn mixed(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    bits = (bits ^ (bits >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    bits ^ (bits >> 33)
}

/// In how many bits two hashes differ.
pub fn distance(a: u64, b: u64) -> u32 {
    (a ^ b).count_ones()
}

/// The four bands, each with its number before its bits.
pub fn bands(hash: u64) -> [i32; 4] {
    std::array::from_fn(|band| (band as i32) << 16 | (hash >> (16 * band) & 0xffff) as i32)
}

/// The bands to look for: those of the hash, then each with one bit turned.
pub fn probes(hash: u64) -> Vec<i32> {
    let bands = bands(hash);
    let turned = |band: i32| (0..16).map(move |bit| band ^ 1 << bit);
    bands
        .into_iter()
        .chain(bands.into_iter().flat_map(turned))
        .collect()
}

/// Whether two texts whose hashes are near say nearly the same.
pub fn says_the_same(a: &str, b: &str) -> bool {
    near::similarity(a, b) >= SHARED
}

/// Words of a text that are looked at for what it shares: beyond, nobody reads an example.
const SHOWN: usize = 150;

/// The start of a text in pieces, each with whether nearly all of the others say it too: a word
/// counts together with its neighbour, so that "the" alone is not in common.
pub fn in_common(text: &str, others: &[&str]) -> Vec<(bool, String)> {
    let others: Vec<HashSet<(u64, u64)>> = others
        .iter()
        .map(|other| pairs(&near::words_in_order(other)).collect())
        .collect();
    // Four in five: one text that was cut short must not unmark the rest.
    let enough = (others.len() * 4).div_ceil(5).max(1);
    let said = |pair: &(u64, u64)| others.iter().filter(|of| of.contains(pair)).count() >= enough;
    let all: Vec<&str> = text.split_whitespace().collect();
    let shown = &all[..all.len().min(SHOWN)];
    let words: Vec<(usize, u64)> = shown
        .iter()
        .enumerate()
        .flat_map(|(at, chunk)| {
            let inside = near::words_in_order(chunk).into_iter();
            inside.map(move |word| (at, word))
        })
        .collect();
    let mut common = vec![false; shown.len()];
    for pair in words.windows(2) {
        if said(&(pair[0].1, pair[1].1)) {
            common[pair[0].0] = true;
            common[pair[1].0] = true;
        }
    }
    let mut pieces: Vec<(bool, String)> = Vec::new();
    for (chunk, is_common) in shown.iter().zip(common) {
        match pieces.last_mut() {
            Some((before, piece)) if *before == is_common => {
                piece.push(' ');
                piece.push_str(chunk);
            }
            _ => pieces.push((is_common, (*chunk).to_owned())),
        }
    }
    if all.len() > shown.len() {
        pieces.push((false, "…".to_owned()));
    }
    pieces
}

fn pairs(words: &[u64]) -> impl Iterator<Item = (u64, u64)> {
    words.windows(2).map(|pair| (pair[0], pair[1]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_wave_is_alike_and_other_texts_are_not() {
        let wave = |name: &str, n: u32| {
            of(&format!(
                "Hello {name}, I got {n} followers in one week with this little trick and you can \
                 do the same, it costs nothing at all, just look at my page and sign up today"
            ))
            .unwrap()
        };
        assert!(distance(wave("ann", 500), wave("bob", 7_000)) <= NEAR);
        let other =
            of("The boss of level three jumps over my duck and then nothing happens at all");
        assert!(distance(wave("ann", 1), other.unwrap()) > NEAR + 4);
    }

    #[test]
    fn a_short_text_has_no_hash() {
        assert_eq!(of("Thank you, what a lovely little game!"), None);
        assert_eq!(
            of("great great great great great great great great great"),
            None
        );
        assert!(of("Thank you, what a lovely little game this is!").is_some());
    }

    #[test]
    fn what_is_said_by_all_is_marked_and_what_only_one_says_is_not() {
        let pieces = in_common(
            "Hello ann, get cheap followers today at my page",
            &[
                "Hello bob, get cheap followers today at my page",
                "Dear eve: GET cheap followers today at my little page",
            ],
        );
        assert_eq!(
            pieces,
            [
                (false, "Hello ann,".to_owned()),
                (true, "get cheap followers today at my".to_owned()),
                (false, "page".to_owned())
            ]
        );
        assert_eq!(in_common("one two", &[]), [(false, "one two".to_owned())]);
        assert_eq!(in_common("", &["one two"]), []);
    }

    proptest! {
        #[test]
        fn texts_that_look_the_same_have_the_same_hash(words in prop::collection::vec("[a-z]{2,9}", 8..60)) {
            let plain = words.join(" ");
            let Some(hash) = of(&plain) else { return Ok(()) };
            prop_assert_eq!(of(&plain), Some(hash));
            prop_assert_eq!(of(&plain.to_uppercase()), Some(hash));
            prop_assert_eq!(of(&words.join("  \n ")), Some(hash));
            let hidden: String = plain.chars().flat_map(|c| [c, '\u{200b}']).collect();
            prop_assert_eq!(of(&hidden), Some(hash));
        }

        #[test]
        fn the_order_of_the_words_does_not_matter(words in prop::collection::vec("[a-z]{2,9}", 8..60)) {
            let mut turned = words.clone();
            turned.reverse();
            prop_assert_eq!(of(&words.join(" ")), of(&turned.join(" ")));
        }

        #[test]
        fn bands_hold_all_of_a_hash_and_seven_bits_do_not_hide_it(hash: u64, bits in prop::collection::vec(0..64u32, 0..8)) {
            let bands_of = bands(hash);
            let whole = bands_of.iter().rev().fold(0u64, |whole, band| whole << 16 | (*band as u64 & 0xffff));
            prop_assert_eq!(whole, hash);
            let near = bits.iter().fold(hash, |hash, bit| hash ^ 1 << bit);
            prop_assert!(distance(hash, near) <= 7);
            let probes = probes(near);
            prop_assert_eq!(probes.len(), 68);
            prop_assert!(bands_of.iter().any(|band| probes.contains(band)));
        }
    }
}
