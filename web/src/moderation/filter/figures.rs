//! Figures as people read them, each with half a sentence on what it means.

use potluck_models::spam::{Metrics, Promises, Report};

pub fn two(figure: &f64) -> String {
    format!("{figure:.2}")
}

pub fn three(figure: &f64) -> String {
    format!("{figure:.3}")
}

/// A share in per cent, with as many digits as it takes to be neither 0 nor all.
pub fn percent(share: &f64) -> String {
    let percent = share * 100.0;
    let (whole, near) = (percent.round(), percent.min(100.0 - percent).abs());
    if near > 0.0 && near < 0.005 {
        return if percent < 50.0 {
            "under 0.01 %".into()
        } else {
            "over 99.99 %".into()
        };
    }
    if near == 0.0 || (10.0..=90.0).contains(&percent) {
        format!("{whole:.0} %")
    } else if near >= 0.1 {
        format!("{percent:.1} %")
    } else {
        format!("{percent:.2} %")
    }
}

/// 12,345.
pub fn thousands(n: &u64) -> String {
    match n / 1_000 {
        0 => n.to_string(),
        more => format!("{},{:03}", thousands(&more), n % 1_000),
    }
}

/// "1 in 1,000".
pub fn put_away(promises: &Promises) -> String {
    format!("{:.0} in 1,000", promises.put_away * 1_000.0)
}

/// "2 in 100".
pub fn held(promises: &Promises) -> String {
    format!("{:.0} in 100", promises.held * 100.0)
}

/// From where the filter holds, and whether it can promise anything of that.
pub fn hold_words(report: &Report) -> String {
    let from = percent(&report.thresholds.hold);
    let held = held(&report.promises);
    if report.hold_promised {
        format!("{from}, so that at most {held} real comments wait")
    } else if report.ham_missing_to_hold > 0 {
        format!(
            "{from}, as the starter does. {} are missing for a promise of its own: at most {held} real comments wait",
            labels(report.ham_missing_to_hold)
        )
    } else {
        format!("{from}, as the starter does, until the next training")
    }
}

/// From where the filter puts away, or what is missing.
pub fn put_away_words(report: &Report) -> String {
    let put_away = put_away(&report.promises);
    match report.thresholds.spam {
        Some(spam) => format!(
            "{}, so that at most {put_away} real comments are",
            percent(&spam)
        ),
        None if report.ham_missing_to_put_away > 0 => format!(
            "never by itself. {} are missing before it can promise that at most {put_away} real comments are; \
             until then it only holds",
            labels(report.ham_missing_to_put_away)
        ),
        None => {
            format!("never by itself: no score is high enough to keep the promise of {put_away}")
        }
    }
}

fn labels(n: u64) -> String {
    format!(
        "{} more ham label{}",
        thousands(&n),
        if n == 1 { "" } else { "s" }
    )
}

/// A row of a table of figures, one value a column.
pub struct Row {
    pub name: &'static str,
    pub means: &'static str,
    pub values: Vec<String>,
}

impl Row {
    /// Whether the columns that have a value disagree.
    pub fn differs(&self) -> bool {
        self.values.iter().any(|value| *value != self.values[0])
    }
}

type Figure = (&'static str, &'static str, fn(&Metrics) -> String);

const ROWS: [Figure; 13] = [
    (
        "F1 ham",
        "how well it knows real comments, in one number: 1 is perfect",
        |m| three(&m.f1_ham),
    ),
    ("F1 spam", "how well it knows spam", |m| three(&m.f1_spam)),
    (
        "Precision of spam",
        "of what it calls spam, so much is spam",
        |m| percent(&m.precision_spam),
    ),
    ("Recall of spam", "of all spam, so much it finds", |m| {
        percent(&m.recall_spam)
    }),
    (
        "Precision of ham",
        "of what it calls ham, so much is real",
        |m| percent(&m.precision_ham),
    ),
    (
        "Recall of ham",
        "of all real comments, so many it calls ham",
        |m| percent(&m.recall_ham),
    ),
    (
        "AUC",
        "how often a spam scores above a real comment, both drawn at random",
        |m| three(&m.auc),
    ),
    (
        "Ham flagged at 90 %",
        "real comments over a bar that catches 90 in 100 spam",
        |m| percent(&m.ham_flagged_at_90),
    ),
    ("Ham flagged at 95 %", "the same for 95 in 100 spam", |m| {
        percent(&m.ham_flagged_at_95)
    }),
    (
        "Brier score",
        "how far its scores are from the truth: 0 is perfect, 0.25 a coin",
        |m| three(&m.brier),
    ),
    (
        "Spam, called spam or ham",
        "at even odds: found, and missed",
        |m| {
            format!(
                "{} or {}",
                m.confusion.spam_as_spam, m.confusion.spam_as_ham
            )
        },
    ),
    (
        "Ham, called ham or spam",
        "at even odds: left alone, and wronged",
        |m| format!("{} or {}", m.confusion.ham_as_ham, m.confusion.ham_as_spam),
    ),
    ("Texts", "how many were measured", |m| thousands(&m.texts)),
];

/// The same figures of several measurements, side by side; a dash where there is none.
pub fn rows(columns: &[Option<&Metrics>]) -> Vec<Row> {
    ROWS.iter()
        .map(|(name, means, of)| Row {
            name,
            means,
            values: columns
                .iter()
                .map(|metrics| metrics.map_or("–".into(), of))
                .collect(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_told_apart() {
        assert_eq!(thousands(&999), "999");
        assert_eq!(thousands(&1_002), "1,002");
        assert_eq!(thousands(&12_034_567), "12,034,567");
    }

    #[test]
    fn a_share_is_never_rounded_to_nothing_or_all() {
        for (share, words) in [
            (0.0, "0 %"),
            (1.0, "100 %"),
            (0.5, "50 %"),
            (0.034, "3.4 %"),
            (0.0004, "0.04 %"),
            (0.997, "99.7 %"),
            (0.9996, "99.96 %"),
            (0.99997, "over 99.99 %"),
            (0.00001, "under 0.01 %"),
        ] {
            assert_eq!(percent(&share), words);
        }
    }
}
