//! Measures which texts a SimHash calls alike, on a folder of CSV files with a column `text`:
//! `cargo run --release -p potluck-models --example alike -- FOLDER [DISTANCE]`
//!
//! For each distance: pairs of texts by the share of words that both have; how many of the alike ones a
//! look by bands finds; and how many of these are one spam and one ham. With a DISTANCE, some pairs at it to read.

use potluck_models::spam::alike::{self, NEAR, SHARED};
use potluck_models::spam::near::similarity;
use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let folder = args.next().ok_or("usage: alike FOLDER [DISTANCE]")?;
    let shown: Option<u32> = args.next().map(|word| word.parse()).transpose()?;
    const SHARES: [f64; 5] = [0.8, 0.6, 0.4, 0.25, 0.0];
    const FAR: u32 = 16;
    let mut pairs = [[0u32; SHARES.len()]; FAR as usize + 1];
    let (mut banded, mut mixed) = ([0u32; FAR as usize + 1], [0u32; FAR as usize + 1]);
    let mut texts = 0;
    for entry in std::fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "csv") {
            let rows = read(&path)?;
            texts += rows.len();
            for (at, (a, text, label)) in rows.iter().enumerate() {
                for (b, other, other_label) in &rows[at + 1..] {
                    let distance = alike::distance(*a, *b);
                    if distance > FAR {
                        continue;
                    }
                    let share = similarity(text, other);
                    let class = SHARES.iter().position(|least| share >= *least);
                    let d = distance as usize;
                    pairs[d][class.unwrap_or(SHARES.len() - 1)] += 1;
                    mixed[d] += u32::from(label != other_label && share >= SHARED);
                    let probes = alike::probes(*a);
                    let found = alike::bands(*b).iter().any(|band| probes.contains(band));
                    banded[d] += u32::from(found && share >= SHARED);
                    if shown == Some(distance) && pairs[d].iter().sum::<u32>() % 20 == 0 {
                        println!("{share:.2} {label} {text:.200}\n     {other_label} {other:.200}");
                    }
                }
            }
        }
    }
    println!("{texts} texts of {} different words and more", alike::WORDS);
    println!(
        "distance: pairs by shared words {SHARES:?}; of those at {SHARED} and above: found by a band; one spam, one ham"
    );
    for (d, counts) in pairs.iter().enumerate() {
        let mark = if d as u32 == NEAR {
            "  <- compared until here"
        } else {
            ""
        };
        println!("{d:2}: {counts:?} {} {}{mark}", banded[d], mixed[d]);
    }
    Ok(())
}

type Row = (u64, String, String);

fn read(path: &Path) -> Result<Vec<Row>, Box<dyn Error>> {
    let mut reader = csv::Reader::from_path(path)?;
    let headers = reader.headers()?.clone();
    let column = |name: &str| headers.iter().position(|header| header == name);
    let (text, label) = (column("text").ok_or("no column text")?, column("label"));
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record?;
        let text = record[text].to_owned();
        let label = label.map_or(String::new(), |label| record[label].to_owned());
        if let Some(hash) = alike::of(&text) {
            rows.push((hash, text, label));
        }
    }
    Ok(rows)
}
