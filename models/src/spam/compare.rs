//! Two models side by side, and one model under other promises: for a person who has to choose.

use std::collections::HashMap;

use super::classifier::{Decision, Model, readable};
use super::evaluation::Thresholds;
use super::features::View;

/// A token whose pull differs between two models.
#[derive(Clone, Debug, PartialEq)]
pub struct Moved {
    /// For a person, as in an explanation.
    pub token: String,
    pub view: View,
    /// What it adds to the log-odds of a text that holds nothing else of its view, calibrated;
    /// positive speaks for spam. None: the model does not know it.
    pub before: Option<f64>,
    pub after: Option<f64>,
}

impl Moved {
    /// How far it moved. An unknown token pulls nowhere.
    pub fn by(&self) -> f64 {
        self.after.unwrap_or(0.0) - self.before.unwrap_or(0.0)
    }
}

impl Model {
    /// The tokens whose pull differs most from this model to another, the furthest first.
    pub fn moved(&self, other: &Model, most: usize) -> Vec<Moved> {
        let mut all: Vec<Moved> = Vec::new();
        for view in View::ALL {
            let (before, after) = (self.pulls(view), other.pulls(view));
            for (token, pull) in &before {
                all.push(Moved {
                    token: readable(view, token),
                    view,
                    before: Some(*pull),
                    after: after.get(token).copied(),
                });
            }
            for (token, pull) in &after {
                if !before.contains_key(token) {
                    all.push(Moved {
                        token: readable(view, token),
                        view,
                        before: None,
                        after: Some(*pull),
                    });
                }
            }
        }
        all.retain(|moved| moved.by() != 0.0);
        // Ties by token, so that a page reads the same each time.
        all.sort_by(|a, b| {
            b.by()
                .abs()
                .total_cmp(&a.by().abs())
                .then_with(|| (a.view as usize, &a.token).cmp(&(b.view as usize, &b.token)))
        });
        all.truncate(most);
        all
    }

    fn pulls(&self, view: View) -> HashMap<&str, f64> {
        let part = &self.parts[view as usize];
        let slope = self.calibration.slopes[view as usize];
        (0..part.len())
            .map(|id| {
                let weight = part.log_spam[id] - part.log_ham[id];
                (part.token(id as u32), weight * slope)
            })
            .collect()
    }
}

impl Thresholds {
    /// What the filter alone does with a text of this score.
    pub fn place(&self, probability: f64) -> Decision {
        if self.spam.is_some_and(|spam| probability >= spam) {
            Decision::Spam
        } else if probability >= self.hold {
            Decision::Hold
        } else {
            Decision::Publish
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::learning::{Example, Label, Options, train};
    use super::*;

    fn model(labels: &[(&str, Label)]) -> Model {
        let examples: Vec<Example> = labels
            .iter()
            .cycle()
            .take(40)
            .map(|(text, label)| Example {
                text: (*text).to_owned(),
                signals: Vec::new(),
                label: *label,
                at: None,
                weight: 1.0,
            })
            .collect();
        let options = Options {
            starter: false,
            quiet: true,
            ..Options::default()
        };
        train(&examples, &options, &mut |_, _| {}).unwrap().model
    }

    #[test]
    fn what_two_models_disagree_on_comes_first_and_a_model_agrees_with_itself() {
        let before = model(&[
            ("lovely ducks in the pond", Label::Ham),
            ("buy gold coins today", Label::Spam),
        ]);
        let after = model(&[
            ("buy lovely ducks in the pond", Label::Ham),
            ("gold coins and pie today", Label::Spam),
        ]);
        assert_eq!(before.moved(&before, 20), []);
        let moved = before.moved(&after, 1_000);
        assert!(
            moved
                .windows(2)
                .all(|two| two[0].by().abs() >= two[1].by().abs())
        );
        let of = |token: &str| {
            moved
                .iter()
                .find(|m| m.token == token && m.view == View::Words)
        };
        assert!(of("buy").is_some_and(|buy| buy.by() < 0.0), "{moved:?}");
        let pie = of("pie").expect("a new word");
        assert!(pie.before.is_none() && pie.by() > 0.0, "{pie:?}");
        assert_eq!(before.moved(&after, 3), moved[..3]);
    }

    #[test]
    fn thresholds_place_as_the_model_does() {
        let model = model(&[("ducks", Label::Ham), ("gold", Label::Spam)]);
        for at in [0.0, 0.2, 0.5, 0.9, 0.999, 1.0] {
            assert_eq!(model.thresholds().place(at), model.verdict(at));
        }
        let both = Thresholds {
            hold: 0.5,
            spam: Some(0.9),
        };
        assert_eq!(both.place(0.49), Decision::Publish);
        assert_eq!(both.place(0.5), Decision::Hold);
        assert_eq!(both.place(0.9), Decision::Spam);
    }
}
