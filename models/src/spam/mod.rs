//! The filter: a naive Bayes that says why and knows when it is unsure.
//!
//! Strings and labels in, probabilities and reasons out; no table, no page, no clock.
//!
//! ```text
//! text ──text.rs──▶ cleaned ──features.rs──▶ 0/1 features in four views (words, pairs, chars, signs)
//!      ──classifier.rs──▶ per view  s = Σ (ln P(f|spam) − ln P(f|ham)),  x = s / √n,
//!                         half-way to the worst two neighbouring passages of eight words
//!      ──calibration.rs─▶ p(spam) = logistic(bias + Σ slope·x + Σ length slope·√n)
//!      ──evaluation.rs──▶ thresholds that keep a promise, figures that can be compared
//! ```
//!
//! Units: a *weight* is a natural-log likelihood ratio (positive speaks for spam), a *score* a
//! probability of spam between 0 and 1, a *count* the number of texts (weighted) that hold a token.
//!
//! Sources: multinomial naive Bayes by linfa-bayes, fitted on per-class sums, which are its
//! sufficient statistic; 0/1 features and length scaling after Rennie, Shih, Teevan and Karger
//! (2003, "Tackling the poor assumptions of naive Bayes text classifiers"); selection by mutual
//! information after Yang and Pedersen (1997); calibration after Platt (1999).

pub mod alike;
pub mod calibration;
pub mod classifier;
pub mod compare;
mod counting;
pub mod evaluation;
pub mod facts;
pub mod features;
pub mod labelled;
pub mod learning;
pub mod near;
pub mod replay;
pub mod report;
pub mod starter;
pub mod text;
pub mod training;

#[cfg(test)]
mod tests;

pub use classifier::{Decision, Explanation, Model, ModelError, TokenWeight};
pub use evaluation::{Metrics, Promises, Thresholds};
pub use learning::{Example, Label, Options, Step, TrainError, Trained, train};
pub use report::Report;

/// Raised whenever `text.rs` or `features.rs` emits something else than before: a model made for
/// other features is kept and shown, but never scored with.
pub const FEATURES_VERSION: u32 = 2;
