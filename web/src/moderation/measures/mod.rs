//! The measures on the desk's front page: a few figures, then pictures, each with its figures in a
//! table beside it. Nothing here tells one moderator from another.

mod charts;

use super::desk::own_labels;
use super::filter::figures::{percent, thousands};
use crate::app::LARGE;
use crate::layout::{Html, Layout};
use charts::Series;
pub use charts::duration;
use potluck_models::moderation::measures::{
    self, Age, DAYS, Day, ENOUGH_GAPS, Pace, USUAL_SECONDS,
};
use potluck_models::moderation::queue::Count;
use potluck_models::{Db, QueryResult};

pub struct Measures {
    ages: Vec<Age>,
    /// Oldest first; the last is today.
    days: Vec<Day>,
    all: Day,
    pace: Pace,
    /// Own labels, spam and ham.
    pub labels: (i64, i64),
}

/// Fewer texts that people judged give no share.
const ENOUGH_JUDGED: i32 = 20;

/// A number, what it is called, and half a sentence on it.
pub struct Figure {
    pub number: String,
    pub name: &'static str,
    pub note: String,
}

/// A picture with its table.
pub struct Picture {
    pub id: &'static str,
    pub title: &'static str,
    pub note: &'static str,
    /// None: there is nothing to draw, and `nothing` says so.
    pub svg: Option<Html>,
    pub nothing: &'static str,
    /// The class of a colour, and what it stands for.
    pub legend: Vec<(&'static str, &'static str)>,
    pub head: Vec<&'static str>,
    pub rows: Vec<Vec<String>>,
}

impl Measures {
    pub fn load(db: &mut Db, counts: &[Count]) -> QueryResult<Measures> {
        let days = measures::month(db)?;
        Ok(Measures {
            ages: measures::ages(db, counts)?,
            all: measures::sum(&days),
            days,
            pace: measures::pace(db)?,
            labels: own_labels(db)?,
        })
    }

    /// To find out again would take long: much was decided today, or ever, or much waits.
    pub fn is_costly(&self) -> bool {
        let today = self
            .days
            .last()
            .map_or(0, |day| day.texts + day.decisions());
        let waiting: i64 = self.ages.iter().map(|age| age.items).sum();
        let labels = self.labels.0 + self.labels.1;
        i64::from(today).max(waiting).max(labels) >= LARGE
    }

    /// Nothing came in and nothing was decided.
    pub fn is_empty(&self) -> bool {
        let all = &self.all;
        self.ages.is_empty() && all.texts == 0 && all.decisions() == 0 && all.overturns() == 0
    }

    pub fn figures(&self) -> Vec<Figure> {
        let all = &self.all;
        let today = self.days.last().map_or(0, Day::decisions);
        let (drawn, drawn_spam) = (all.drawn, all.drawn_spam);
        let sample = if drawn > 0 {
            format!("; of {drawn} put away and drawn at random, {drawn_spam}")
        } else {
            String::new()
        };
        vec![
            Figure {
                number: count(all.decisions()),
                name: "decisions",
                note: format!("by people, {} of them today", count(today)),
            },
            Figure {
                number: share(all.alone(), all.texts),
                name: "decided by robots",
                note: match all.texts {
                    0 => "no text came in".into(),
                    _ => format!("{} of {}", count(all.alone()), texts(all.texts.into())),
                },
            },
            Figure {
                number: count(self.minutes(all.spared())),
                name: "minutes saved",
                note: format!(
                    "{} that nobody had to look at, {} seconds each",
                    texts(i64::from(all.spared())),
                    self.seconds()
                ),
            },
            Figure {
                number: count(all.overturns()),
                name: "overturned",
                note: format!(
                    "{} of people’s decisions, {} of robots’",
                    count(all.undone + all.changed),
                    count(all.reversed)
                ),
            },
            Figure {
                number: if all.flagged < ENOUGH_JUDGED {
                    "–".into()
                } else {
                    share(all.flagged_spam, all.flagged)
                },
                name: "filter’s precision",
                note: match all.flagged {
                    0 => "nobody judged what it held or put away".into(),
                    few @ 1..ENOUGH_JUDGED => format!(
                        "{few} judged of what it held or put away, {} of them spam: too few for a share",
                        all.flagged_spam
                    ),
                    flagged => format!(
                        "of {} held or put away by it and judged by people, {} were spam{sample}",
                        count(flagged),
                        count(all.flagged_spam)
                    ),
                },
            },
        ]
    }

    fn minutes(&self, texts: i32) -> i32 {
        (f64::from(texts) * self.pace.seconds / 60.0).round() as i32
    }

    /// 15, or 7.4.
    fn seconds(&self) -> String {
        let seconds = self.pace.seconds;
        if seconds < 10.0 && seconds.fract() > 0.0 {
            format!("{seconds:.1}")
        } else {
            format!("{seconds:.0}")
        }
    }

    /// Where the seconds of a decision come from.
    pub fn pace_words(&self) -> String {
        match self.pace.gaps {
            0 => format!(
                "{USUAL_SECONDS:.0} seconds a decision are assumed until there are {ENOUGH_GAPS} gaps between acts to measure."
            ),
            gaps => format!(
                "{} seconds a decision: the median of the last {gaps} gaps under five minutes between an act and the same person’s next.",
                self.seconds()
            ),
        }
    }

    pub fn pictures(&self, layout: &Layout) -> Vec<Picture> {
        vec![
            self.waiting(layout),
            self.decisions(),
            self.robots(),
            self.overturns(),
            self.saved(),
            self.precision(),
        ]
    }

    fn waiting(&self, layout: &Layout) -> Picture {
        Picture {
            id: "waiting",
            title: "How long it has waited",
            note: "From the one in the middle to the oldest, in each queue. What is left of the dashed line came within a day.",
            svg: (!self.ages.is_empty()).then(|| charts::ages(&self.ages, layout.now)),
            nothing: "Nothing waits.",
            legend: vec![
                ("curve-dot", "half are younger"),
                ("dot-oldest", "the oldest"),
            ],
            head: vec!["Queue", "Wait", "Median", "Oldest", "Over 24 hours"],
            rows: self
                .ages
                .iter()
                .map(|age| {
                    vec![
                        age.queue.title().to_owned(),
                        age.items.to_string(),
                        charts::duration(layout.now - age.median),
                        charts::duration(layout.now - age.oldest),
                        age.over_a_day.to_string(),
                    ]
                })
                .collect(),
        }
    }

    fn decisions(&self) -> Picture {
        self.stacked(
            "decisions",
            "Decisions a day",
            "What people decided, and did not take back.",
            "Nobody has decided anything.",
            &[
                ("bar-spam", "spam", |day| day.spam),
                ("bar-ham", "ham", |day| day.ham),
                ("bar-removed", "removed", |day| day.removed),
            ],
        )
    }

    fn robots(&self) -> Picture {
        let shares: Vec<Option<f64>> = self
            .days
            .iter()
            .map(|day| (day.texts > 0).then(|| f64::from(day.alone()) / f64::from(day.texts)))
            .collect();
        let description = format!(
            "Of {} texts in {DAYS} days, robots decided {} alone.",
            self.all.texts,
            self.all.alone()
        );
        let met = self.days.iter().rev().filter(|day| day.texts > 0);
        Picture {
            id: "robots",
            title: "Decided by robots",
            note: "Of the texts of each day, the share that was published or put away with nobody asked.",
            svg: (self.all.texts > 0).then(|| {
                charts::shares(
                    "robots",
                    "Decided by robots",
                    &description,
                    &self.days,
                    &shares,
                )
            }),
            nothing: "No text has come in.",
            legend: vec![("bar-ham", "decided by robots")],
            head: vec!["Day", "Texts", "Published", "Put away", "Share"],
            rows: met
                .map(|day| {
                    vec![
                        charts::day_words(day.day),
                        count(day.texts),
                        count(day.published_alone),
                        count(day.put_away_alone),
                        share(day.alone(), day.texts),
                    ]
                })
                .collect(),
        }
    }

    fn overturns(&self) -> Picture {
        self.stacked(
            "overturns",
            "Overturned",
            "Decisions taken back, people’s decisions that somebody changed later, and robots’ that people reversed.",
            "Nothing was overturned.",
            &[
                ("bar-removed", "taken back", |day| day.undone),
                ("bar-plain", "changed later", |day| day.changed),
                ("bar-spam", "robots’, reversed", |day| day.reversed),
            ],
        )
    }

    fn saved(&self) -> Picture {
        let minutes: Vec<f64> = self
            .days
            .iter()
            .map(|day| f64::from(day.spared()) * self.pace.seconds / 60.0)
            .collect();
        let days = self.days.iter().rev().filter(|day| day.spared() > 0);
        Picture {
            id: "saved",
            title: "Minutes saved a day",
            note: "Texts that robots decided and nobody looked at since, times the seconds that a decision takes here.",
            svg: (self.all.spared() > 0).then(|| {
                let description = format!(
                    "{} minutes in {DAYS} days.",
                    self.minutes(self.all.spared())
                );
                let series = [Series {
                    class: "bar-ham",
                    values: minutes,
                }];
                charts::stacked(
                    "saved",
                    "Minutes saved a day",
                    &description,
                    &self.days,
                    &series,
                )
            }),
            nothing: "Nothing yet.",
            legend: vec![("bar-ham", "minutes")],
            head: vec!["Day", "Texts nobody looked at", "Minutes"],
            rows: days
                .map(|day| {
                    vec![
                        charts::day_words(day.day),
                        count(day.spared()),
                        count(self.minutes(day.spared())),
                    ]
                })
                .collect(),
        }
    }

    fn precision(&self) -> Picture {
        self.stacked(
            "precision",
            "What the filter flagged",
            "Of what it held or put away, what people then called spam, and what was real after all.",
            "Nobody has judged what the filter held or put away.",
            &[
                ("bar-spam", "was spam", |day| day.flagged_spam),
                ("bar-ham", "was real", |day| day.flagged - day.flagged_spam),
            ],
        )
    }

    fn stacked(
        &self,
        id: &'static str,
        title: &'static str,
        note: &'static str,
        nothing: &'static str,
        parts: &[Part],
    ) -> Picture {
        let sums: Vec<String> = parts
            .iter()
            .map(|(_, name, of)| format!("{} {name}", self.days.iter().map(of).sum::<i32>()))
            .collect();
        let description = format!("In {DAYS} days: {}.", sums.join(", "));
        let series: Vec<Series> = parts
            .iter()
            .map(|(class, _, of)| Series {
                class,
                values: self.days.iter().map(|day| f64::from(of(day))).collect(),
            })
            .collect();
        let values = |day: &Day| -> Vec<i32> { parts.iter().map(|(.., of)| of(day)).collect() };
        let rows: Vec<Vec<String>> = self
            .days
            .iter()
            .rev()
            .filter(|day| values(day).iter().any(|n| *n > 0))
            .map(|day| {
                let mut row = vec![charts::day_words(day.day)];
                row.extend(values(day).into_iter().map(count));
                row
            })
            .collect();
        let mut head = vec!["Day"];
        head.extend(parts.iter().map(|(_, name, _)| *name));
        Picture {
            id,
            title,
            note,
            svg: (!rows.is_empty())
                .then(|| charts::stacked(id, title, &description, &self.days, &series)),
            nothing,
            legend: parts
                .iter()
                .map(|(class, name, _)| (*class, *name))
                .collect(),
            head,
            rows,
        }
    }
}

/// A colour of a stack, its name, and how much of a day is of it.
type Part = (&'static str, &'static str, fn(&Day) -> i32);

fn count(n: i32) -> String {
    thousands(&(n.max(0) as u64))
}

/// "1 text", "12,345 texts".
pub fn texts(n: i64) -> String {
    match n {
        1 => "1 text".into(),
        n => format!("{} texts", thousands(&(n.max(0) as u64))),
    }
}

/// In per cent; a dash of nothing.
fn share(part: i32, whole: i32) -> String {
    if whole == 0 {
        return "–".into();
    }
    percent(&(f64::from(part) / f64::from(whole)))
}
