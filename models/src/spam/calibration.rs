//! From log-odds to a probability that means what it says.
//!
//! Naive Bayes ranks well and exaggerates wildly: its scores bunch at 0 and 1. Platt (1999,
//! "Probabilistic outputs for support vector machines") fits a logistic curve to scores of
//! examples that the model has not seen; here with one slope a view instead of one in all, so that
//! the curve also learns what each view is worth, and one for the length of each (see [`Input`]).
//! Targets are Platt's smoothed ones,
//! (N+1)/(N+2) and 1/(N+2); the fit is Newton's method with the safeguards of Lin, Lin and Weng
//! (2007, "A note on Platt's probabilistic outputs").
//!
//! A Gaussian prior around another calibration (the starter's) keeps the curve sane while labels
//! are few: with none it *is* the starter's, with many it is the site's own.

use serde::{Deserialize, Serialize};

/// How many views describe a text to the calibration.
pub const INPUTS: usize = 4;
const PARAMETERS: usize = 2 * INPUTS + 1;

/// What one view says of one text (see `classifier.rs`).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Input {
    /// Scaled log-odds.
    pub evidence: f64,
    /// The square root of the number of known features, in fours, so that its size is like the
    /// evidence's.
    ///
    /// Multinomial naive Bayes divides by all that a class wrote: where spam is longer than ham, a
    /// word equally common in both speaks for ham, and the more such words the more it does. In
    /// the scaled sum that error grows with this very number, so a slope on it takes it out again
    /// (Rennie et al. 2003 weigh classes anew against the same fault).
    pub length: f64,
}

/// Features whose square root makes a length of one.
pub(super) const LENGTH_UNIT: f64 = 4.0;

/// One text, a part a view.
pub type Inputs = [Input; INPUTS];

/// p(spam) = 1 / (1 + exp(-(bias + Σ slope · evidence + Σ length slope · length))).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    pub bias: f64,
    pub slopes: [f64; INPUTS],
    /// Of either sign: they correct, they do not speak.
    pub lengths: [f64; INPUTS],
}

/// One text for the fit: inputs, whether it is spam, its weight.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    pub inputs: Inputs,
    pub spam: bool,
    pub weight: f64,
}

impl Default for Calibration {
    /// A guess for a site without any evidence: views trusted equally.
    fn default() -> Calibration {
        Calibration {
            bias: 0.0,
            slopes: [0.5; INPUTS],
            lengths: [0.0; INPUTS],
        }
    }
}

impl Calibration {
    /// The log-odds after calibration.
    pub fn margin(&self, inputs: &Inputs) -> f64 {
        dot(&self.to_array(), &with_one(inputs))
    }

    pub fn probability(&self, inputs: &Inputs) -> f64 {
        logistic(self.margin(inputs))
    }

    /// Fits to `points`, drawn towards `prior` as if by `strength` per unit of squared distance.
    /// An infinite strength gives the prior. The points must come in a fixed order: sums of floats
    /// depend on it.
    pub fn fit(points: &[Point], prior: &Calibration, strength: f64) -> Calibration {
        Calibration::fit_to(&points.iter().collect::<Vec<_>>(), prior, strength)
    }

    /// The same for points that were picked out.
    pub fn fit_to(points: &[&Point], prior: &Calibration, strength: f64) -> Calibration {
        let weight = |spam| {
            points
                .iter()
                .filter(|p| p.spam == spam)
                .map(|p| p.weight)
                .sum::<f64>()
        };
        let (spam, ham) = (weight(true), weight(false));
        if points.is_empty() || strength.is_infinite() {
            return *prior;
        }
        let targets = ((spam + 1.0) / (spam + 2.0), 1.0 / (ham + 2.0));
        // A view must not speak against its own evidence, as an unhindered fit lets one of several
        // that agree do: pin what falls below the least slope, fit the rest again.
        let mut pinned = [false; PARAMETERS];
        loop {
            let at = newton(points, prior.to_array(), &pinned, strength, targets);
            let mut fell = false;
            for (pin, slope) in pinned.iter_mut().zip(at).skip(1).take(INPUTS) {
                if slope < LEAST_SLOPE && !*pin {
                    *pin = true;
                    fell = true;
                }
            }
            if !fell {
                return Calibration::from_array(at);
            }
        }
    }

    fn to_array(self) -> [f64; PARAMETERS] {
        let mut out = [self.bias; PARAMETERS];
        out[1..=INPUTS].copy_from_slice(&self.slopes);
        out[INPUTS + 1..].copy_from_slice(&self.lengths);
        out
    }

    fn from_array(a: [f64; PARAMETERS]) -> Calibration {
        Calibration {
            bias: a[0],
            slopes: std::array::from_fn(|v| a[1 + v]),
            lengths: std::array::from_fn(|v| a[1 + INPUTS + v]),
        }
    }
}

/// The least that a view may count.
const LEAST_SLOPE: f64 = 0.1;

/// Newton's method with step halving; pinned parameters stay at [`LEAST_SLOPE`].
fn newton(
    points: &[&Point],
    start: [f64; PARAMETERS],
    pinned: &[bool; PARAMETERS],
    strength: f64,
    targets: (f64, f64),
) -> [f64; PARAMETERS] {
    let (high, low) = targets;
    let mut at = start;
    for (a, pin) in at.iter_mut().zip(pinned) {
        if *pin {
            *a = LEAST_SLOPE;
        }
    }
    let mut loss = penalised(points, &at, &start, strength, high, low);
    for _ in 0..100 {
        let mut gradient = [0.0; PARAMETERS];
        let mut hessian = [[0.0; PARAMETERS]; PARAMETERS];
        for (i, g) in gradient.iter_mut().enumerate() {
            *g = strength * (at[i] - start[i]);
            hessian[i][i] = strength + 1e-9;
        }
        for point in points {
            let x = with_one(&point.inputs);
            let p = logistic(dot(&at, &x));
            let error = point.weight * (p - if point.spam { high } else { low });
            let curve = point.weight * (p * (1.0 - p)).max(1e-12);
            for i in 0..PARAMETERS {
                gradient[i] += error * x[i];
                for j in 0..=i {
                    hessian[i][j] += curve * x[i] * x[j];
                }
            }
        }
        for i in (0..PARAMETERS).filter(|&i| pinned[i]) {
            gradient[i] = 0.0;
            for j in 0..PARAMETERS {
                hessian[i.max(j)][i.min(j)] = if i == j { 1.0 } else { 0.0 };
            }
        }
        if gradient.iter().all(|g| g.abs() < 1e-7) {
            break;
        }
        let Some(step) = solve(hessian, gradient) else {
            break;
        };
        let mut size = 1.0;
        let mut moved = false;
        while size > 1e-8 {
            let mut next = at;
            for (n, s) in next.iter_mut().zip(&step) {
                *n -= size * s;
            }
            let next_loss = penalised(points, &next, &start, strength, high, low);
            if next_loss < loss {
                at = next;
                loss = next_loss;
                moved = true;
                break;
            }
            size /= 2.0;
        }
        if !moved {
            break;
        }
    }
    at
}

pub fn logistic(x: f64) -> f64 {
    if x >= 0.0 {
        1.0 / (1.0 + (-x).exp())
    } else {
        let e = x.exp();
        e / (1.0 + e)
    }
}

fn with_one(inputs: &Inputs) -> [f64; PARAMETERS] {
    let mut out = [1.0; PARAMETERS];
    for (v, input) in inputs.iter().enumerate() {
        out[1 + v] = input.evidence;
        out[1 + INPUTS + v] = input.length;
    }
    out
}

fn dot(a: &[f64; PARAMETERS], b: &[f64; PARAMETERS]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn penalised(
    points: &[&Point],
    at: &[f64; PARAMETERS],
    start: &[f64; PARAMETERS],
    strength: f64,
    high: f64,
    low: f64,
) -> f64 {
    let distance: f64 = at.iter().zip(start).map(|(a, s)| (a - s) * (a - s)).sum();
    let mut loss = 0.5 * strength * distance;
    for point in points {
        let f = dot(at, &with_one(&point.inputs));
        let target = if point.spam { high } else { low };
        // ln(1 + e^-f) without overflow, plus (1 - t) f.
        let softplus = if f >= 0.0 {
            (-f).exp().ln_1p()
        } else {
            f.exp().ln_1p() - f
        };
        loss += point.weight * (softplus + (1.0 - target) * f);
    }
    loss
}

/// Cholesky on a tiny symmetric matrix, given by its lower half.
fn solve(
    mut a: [[f64; PARAMETERS]; PARAMETERS],
    mut b: [f64; PARAMETERS],
) -> Option<[f64; PARAMETERS]> {
    for i in 0..PARAMETERS {
        for j in 0..=i {
            let mut sum = a[i][j];
            sum -= a[i][..j]
                .iter()
                .zip(&a[j][..j])
                .map(|(x, y)| x * y)
                .sum::<f64>();
            if i == j {
                if sum <= 0.0 || !sum.is_finite() {
                    return None;
                }
                a[i][i] = sum.sqrt();
            } else {
                a[i][j] = sum / a[j][j];
            }
        }
    }
    for i in 0..PARAMETERS {
        for k in 0..i {
            b[i] -= a[i][k] * b[k];
        }
        b[i] /= a[i][i];
    }
    for i in (0..PARAMETERS).rev() {
        for k in i + 1..PARAMETERS {
            b[i] -= a[k][i] * b[k];
        }
        b[i] /= a[i][i];
    }
    Some(b)
}
