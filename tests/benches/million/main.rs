//! A large site, and what the desk costs there.
//!
//! ```sh
//! cargo bench -p potluck-tests --bench million -- fill sqlite:FILE
//! cargo bench -p potluck-tests --bench million -- fill postgres://…  --comments 10000 --projects 1000 --people 2000 --seed 7
//! cargo bench -p potluck-tests --bench million -- queues sqlite:FILE
//! cargo bench -p potluck-tests --bench million -- pages sqlite:FILE
//! ```
//!
//! `fill` wants an empty database; without sizes it makes 100,000 projects, 1,000,000 comments and
//! 200,000 people; its last part, `settle`, makes the search index and the orders of the lists. `queues` asks for pages of the desk over HTTP, one after another, and prints how
//! long the answers took; `pages` does so for what readers ask for.

mod asker;
mod fill;
mod pages;
mod queues;

fn main() {
    let args: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let number = |name: &str, usual: u64| {
        let at = words.iter().position(|word| *word == name);
        at.and_then(|at| words.get(at + 1))
            .map_or(usual, |number| number.parse().expect("a number"))
    };
    match words[..] {
        ["fill", url, ..] => fill::fill(
            url,
            &fill::Size {
                projects: number("--projects", 100_000),
                comments: number("--comments", 1_000_000),
                people: number("--people", 200_000),
                seed: number("--seed", 1),
            },
        ),
        ["settle", url, ..] => fill::settle(url),
        ["queues", url, ..] => queues::measure(url, number("--times", 30) as usize),
        ["pages", url, ..] => pages::measure(
            url,
            number("--times", 30) as usize,
            number("--deep", 1_000) as usize,
        ),
        _ => println!(
            "fill URL | settle URL | pages URL | queues URL; see the head of benches/million/main.rs"
        ),
    }
}
