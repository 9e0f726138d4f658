//! A labelled history walked through as if it happened: what would the filter have published, held
//! and put away, what would people have had to decide, and what would it have learned meanwhile?
//!
//! Prequential ("predictive sequential", Dawid 1984): each comment is judged by a model that has
//! learned from earlier ones only, and only from those that a person has decided on. A batch is the
//! time between two visits of a moderator, who then labels what is held and what lies in Spam.
//! Published spam is found only if a reader reports it or chance has it looked at.

use serde::Serialize;

use super::classifier::{Decision, Model};
use super::learning::{Example, Label, Options, TrainError, train_with};
use super::starter::Starter;

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rules {
    /// New labels after which there is a new model.
    pub retrain_every: usize,
    /// Comments between two visits of a moderator.
    pub batch: usize,
    /// The probability that somebody reports a published spam.
    pub report: f64,
    /// The share of published comments that people look at by chance.
    pub look: f64,
    pub seed: u64,
}

impl Default for Rules {
    fn default() -> Rules {
        Rules {
            retrain_every: 100,
            batch: 50,
            report: 0.5,
            look: 0.02,
            seed: 0,
        }
    }
}

/// What became of one comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    pub spam: bool,
    /// Without a model yet, everything is held.
    pub state: Decision,
    /// Whether a person labelled it afterwards.
    pub decided: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Replay {
    /// In the order of the history.
    pub arrivals: Vec<Arrival>,
    /// How often a new model came into use.
    pub retrainings: usize,
}

/// Arrivals added up. `state` is the one given on arrival, before anybody looked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    pub comments: u64,
    pub spam: u64,
    pub spam_published: u64,
    /// Of the published spam: reported, or looked at by chance.
    pub spam_found: u64,
    pub spam_held: u64,
    pub spam_put_away: u64,
    pub ham_held: u64,
    pub ham_put_away: u64,
    /// Labels that people gave, one a comment at most.
    pub decisions: u64,
}

impl Tally {
    pub fn of(arrivals: &[Arrival]) -> Tally {
        let mut tally = Tally::default();
        for arrival in arrivals {
            tally.comments += 1;
            tally.spam += u64::from(arrival.spam);
            tally.decisions += u64::from(arrival.decided);
            match (arrival.spam, arrival.state) {
                (true, Decision::Publish) => {
                    tally.spam_published += 1;
                    tally.spam_found += u64::from(arrival.decided);
                }
                (true, Decision::Hold) => tally.spam_held += 1,
                (true, Decision::Spam) => tally.spam_put_away += 1,
                (false, Decision::Publish) => {}
                (false, Decision::Hold) => tally.ham_held += 1,
                (false, Decision::Spam) => tally.ham_put_away += 1,
            }
        }
        tally
    }
}

impl Replay {
    /// Four parts of the history as equal as can be, oldest first.
    pub fn quarters(&self) -> [Tally; 4] {
        let n = self.arrivals.len();
        [0, 1, 2, 3].map(|q| Tally::of(&self.arrivals[n * q / 4..n * (q + 1) / 4]))
    }

    pub fn total(&self) -> Tally {
        Tally::of(&self.arrivals)
    }
}

/// Walks through `history` in the order given. Without a starter everything is held until the
/// labels can carry a first model. `progress` is told how many comments have come and how many new
/// models were made.
pub fn replay(
    history: &[Example],
    starter: Option<&Starter>,
    rules: &Rules,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Replay, TrainError> {
    let options = Options {
        seed: rules.seed,
        // Some hundred models may be made; linfa's formula gives the same numbers without a print.
        quiet: true,
        ..Options::default()
    };
    let mut model: Option<Model> = starter.map(Starter::model);
    let mut random = Random::new(rules.seed);
    let mut labels: Vec<Example> = Vec::new();
    let (mut unlearned, mut silent) = (0, 0);
    let mut replay = Replay {
        arrivals: Vec::with_capacity(history.len()),
        retrainings: 0,
    };
    for batch in history.chunks(rules.batch.max(1)) {
        // Nothing is left to be judged by what the last batch teaches, so labels learn before one.
        if unlearned >= rules.retrain_every.max(1) {
            match train_with(&labels, starter, &options, &mut |_, _| {}) {
                Ok(mut trained) => {
                    trained.model.promise(options.promises, silent);
                    model = Some(trained.model);
                    replay.retrainings += 1;
                    unlearned = 0;
                }
                // Without a starter, until both kinds were seen: the next batch may bring them.
                Err(TrainError::OneClass) => {}
                Err(error) => return Err(error),
            }
        }
        for comment in batch {
            let signals: Vec<&str> = comment.signals.iter().map(String::as_str).collect();
            let state = match &model {
                Some(model) => model.verdict(model.score(&comment.text, &signals)),
                None => Decision::Hold,
            };
            let spam = comment.label == Label::Spam;
            // Drawn for every comment, whatever its state: other rules leave the luck as it was.
            let (report, look) = (random.share(), random.share());
            let decided = match state {
                Decision::Publish => (spam && report < rules.report) || look < rules.look,
                Decision::Hold | Decision::Spam => true,
            };
            if decided {
                labels.push(Example {
                    picked: model.is_some() && state != Decision::Publish,
                    ..comment.clone()
                });
                unlearned += 1;
            } else {
                silent += 1;
            }
            replay.arrivals.push(Arrival {
                spam,
                state,
                decided,
            });
        }
        progress(replay.arrivals.len(), replay.retrainings);
    }
    Ok(replay)
}

/// Splitmix64 (Steele, Lea and Flood 2014): the same numbers from the same seed on every machine
/// and in every release, which no library promises.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Evenly from 0 to below 1.
    pub fn share(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Every order equally likely (Fisher-Yates), but for a bias far below one in a billion.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, (self.bits() % (i as u64 + 1)) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spam::starter::bundled;
    use proptest::prelude::*;

    /// Invented, with words of their own to each kind, and some that both use.
    fn history(n: usize) -> Vec<Example> {
        let mut random = Random::new(7);
        let mut pick =
            |words: &[&str]| words[(random.bits() % words.len() as u64) as usize].to_owned();
        let spam = [
            "casino",
            "bonus",
            "pills",
            "followers",
            "cheap",
            "http://win.example/now",
        ];
        let ham = ["jump", "melody", "level", "sprite", "controls", "ending"];
        let both = ["the", "really", "my", "game", "today", "check", "new"];
        (0..n)
            .map(|i| {
                let label = match i % 3 {
                    0 => Label::Spam,
                    _ => Label::Ham,
                };
                let own: &[&str] = if label == Label::Spam { &spam } else { &ham };
                let words: Vec<String> = (0..8)
                    .map(|w| pick(if w % 2 == 0 { own } else { &both }))
                    .collect();
                Example::new(words.join(" "), label)
            })
            .collect()
    }

    fn run(history: &[Example], starter: bool, rules: &Rules) -> Replay {
        replay(history, starter.then(bundled), rules, &mut |_, _| {}).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]
        #[test]
        fn every_comment_gets_one_state_and_the_counts_add_up(
            n in 0usize..200, batch in 1usize..80, retrain_every in 1usize..120, seed: u64, starter: bool
        ) {
            let history = history(n);
            let rules = Rules { batch, retrain_every: retrain_every.max(20), seed, ..Rules::default() };
            let replay = run(&history, starter, &rules);
            prop_assert_eq!(replay.arrivals.len(), n);
            for (arrival, comment) in replay.arrivals.iter().zip(&history) {
                prop_assert_eq!(arrival.spam, comment.label == Label::Spam);
                prop_assert!(arrival.decided || arrival.state == Decision::Publish);
            }
            let all = replay.total();
            prop_assert_eq!(all.spam, all.spam_published + all.spam_held + all.spam_put_away);
            prop_assert!(all.spam_found <= all.spam_published);
            prop_assert!(
                all.decisions
                    >= all.spam_found + all.spam_held + all.spam_put_away + all.ham_held + all.ham_put_away
            );
            let quarters = replay.quarters();
            prop_assert_eq!(quarters.iter().map(|q| q.comments).sum::<u64>(), n as u64);
            prop_assert_eq!(quarters.iter().map(|q| q.decisions).sum::<u64>(), all.decisions);
            prop_assert_eq!(quarters.iter().map(|q| q.spam_published).sum::<u64>(), all.spam_published);
        }
    }

    #[test]
    fn the_same_seed_tells_the_same_story_and_another_seed_another() {
        let history = history(300);
        let rules = Rules {
            look: 0.3,
            ..Rules::default()
        };
        let first = run(&history, true, &rules);
        assert_eq!(first, run(&history, true, &rules));
        assert_ne!(first, run(&history, true, &Rules { seed: 1, ..rules }));
    }

    #[test]
    fn reports_find_all_published_spam_or_none() {
        let history = history(300);
        let mut rules = Rules {
            report: 1.0,
            look: 0.0,
            ..Rules::default()
        };
        let all = run(&history, true, &rules).total();
        assert!(all.spam_published > 0, "{all:?}");
        assert_eq!(all.spam_found, all.spam_published);
        rules.report = 0.0;
        let none = run(&history, true, &rules).total();
        assert!(none.spam_published > 0, "{none:?}");
        assert_eq!(none.spam_found, 0);
    }

    #[test]
    fn without_a_starter_everything_waits_for_the_first_model() {
        let history = history(400);
        let rules = Rules::default();
        let replay = run(&history, false, &rules);
        let first = replay
            .arrivals
            .iter()
            .position(|a| a.state != Decision::Hold);
        // A hundred labels are two batches; the third is the first that a model judges.
        assert!(first.is_some_and(|first| first >= 100), "{first:?}");
        assert!(replay.arrivals[..100].iter().all(|a| a.decided));
        assert!(replay.retrainings >= 1);
    }

    #[test]
    fn one_kind_alone_never_makes_a_model_without_the_starter() {
        let mut ham = history(200);
        ham.retain(|comment| comment.label == Label::Ham);
        let replay = run(
            &ham,
            false,
            &Rules {
                retrain_every: 10,
                ..Rules::default()
            },
        );
        assert_eq!(replay.retrainings, 0);
        assert_eq!(replay.total().ham_held, ham.len() as u64);
    }

    #[test]
    fn what_people_decide_makes_the_filter_better() {
        let quarters = run(&history(600), true, &Rules::default()).quarters();
        let caught = |t: &Tally| (t.spam_held + t.spam_put_away) as f64 / t.spam as f64;
        assert!(caught(&quarters[3]) > 0.95, "{quarters:?}");
        assert!(caught(&quarters[3]) > caught(&quarters[0]), "{quarters:?}");
    }
}
