//! What an administrator sets for the whole site, kept in the database and shared by all nodes.
//!
//! Unlike the configuration of one start (flags, environment, `potluck.toml`) these change while
//! the site runs; every process notices by the `settings` row of `changes`.

use crate::branding::Logo;
use crate::moderation::reason::Reasons;
use crate::schema::settings;
use crate::search::Language;
use crate::site_text::Texts;
use crate::spam::{Options, Promises};
use crate::{Db, QueryResult};
use crate::{both, db::dialect, secret};
use diesel::prelude::*;

crate::words! {
    /// What the desk does with spam that the filter put away by itself, or the rule of a campaign that
    /// was called spam, and that was not drawn for the sample: its text need be seen by nobody.
    pub enum SureSpam {
        /// Not in the queue, unless asked for.
        LeftOut = "left-out",
        /// In the queue, its text folded away.
        Folded = "folded",
        Shown = "shown",
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    pub site_name: String,
    pub tagline: String,
    /// Where readers reach the people who run the site: an address or a page.
    pub contact: String,
    /// The site's own colour, as `#2a6345`; empty: the tomato that it comes with.
    pub accent: String,
    /// Stands where the covered dish would.
    pub logo: Option<Logo>,
    /// The guide and the imprint; stored in a table of their own, by [`crate::site_text`].
    pub texts: Texts,
    /// An administrator saved the settings once, and so knows name and tagline.
    pub named: bool,
    /// An administrator said that they read code of conduct and guide.
    pub guide_read: bool,
    /// Sign-ups from one network in an hour.
    pub signups_per_hour: i64,
    /// Comments of one account in an hour.
    pub comments_per_hour: i64,
    /// Seconds between two comments of one account.
    pub seconds_between_comments: i64,
    /// Texts of a new member that may wait at once.
    pub new_member_waiting: i64,
    /// More links than this are held.
    pub links_held_above: i64,
    /// At most so many in 1,000 real comments are put away as spam.
    pub put_away_per_1000: i64,
    /// At most so many in 100 real comments wait for a person.
    pub held_per_100: i64,
    /// Tokens that the filter keeps, a view.
    pub vocabulary: i64,
    /// The hour (UTC) at which the filter learns the day's verdicts; -1: never.
    pub retrain_hour: i64,
    /// New verdicts after which it learns at once; 0: never.
    pub retrain_after: i64,
    /// So many in 100 of what the filter decided go to people, to see how well it does.
    pub sampled_in_100: i64,
    pub sure_spam: SureSpam,
    /// The public log says which moderator acted.
    pub log_names_moderators: bool,
    /// Before a comment of a few words, in capitals or of faults alone is sent, its author is asked for
    /// more, once.
    pub nudges: bool,
    /// Why texts are removed; stored in a table of their own, by [`crate::moderation::reason`].
    pub reasons: Reasons,
    /// A published text waits for a person when its reports weigh so much together; 0: never.
    pub reports_hide_at: i64,
    /// The hour (UTC) at which moderators are written to if something waits; -1: never.
    pub digest_hour: i64,
    /// Whose forms of words the search knows.
    pub stemming: Language,
    /// Who has no picture here gets the one of their Gravatar account.
    pub gravatar: bool,
    /// The hour (UTC) at which letters by the day go out, and on Mondays those by the week.
    pub letters_hour: i64,
    /// Letters about notices in a minute; 0: as many as there are.
    pub letters_a_minute: i64,
    /// Awards that a maker may give in a month.
    pub awards_per_month: i64,
    /// Forges besides the four that projects may follow: `git.example.org gitea, …`.
    pub forges: String,
    /// What people may react with: `❤️ Love it, …`.
    pub reactions: String,
    /// What they could react with once, and may have.
    pub reactions_before: String,
    /// What makers may ask to be rated on: `Fun, …`.
    pub aspects: String,
    /// The key of forgery tokens and network hashes; made at first start, never shown.
    pub key: String,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            site_name: "Potluck".into(),
            tagline: "Bring what you made. Take home something kind.".into(),
            contact: String::new(),
            accent: String::new(),
            logo: None,
            texts: Texts::default(),
            named: false,
            guide_read: false,
            signups_per_hour: 10,
            comments_per_hour: 30,
            seconds_between_comments: 10,
            new_member_waiting: 5,
            links_held_above: 3,
            put_away_per_1000: 1,
            held_per_100: 2,
            vocabulary: 50_000,
            retrain_hour: 3,
            retrain_after: 50,
            sampled_in_100: 2,
            sure_spam: SureSpam::Folded,
            log_names_moderators: false,
            nudges: true,
            reasons: Reasons::default(),
            // Three people who were mostly right, or four of whom nobody knows yet; never two.
            reports_hide_at: 2,
            digest_hour: 7,
            stemming: Language::default(),
            gravatar: false,
            letters_hour: crate::mailing::HOUR,
            letters_a_minute: 300,
            awards_per_month: 5,
            forges: String::new(),
            reactions:
                "❤️ Love it, 👏 Well done, 😂 Made me laugh, 💡 Gave me an idea, 🙏 Thank you"
                    .into(),
            reactions_before: String::new(),
            aspects: "Fun, Innovation, Production, Graphics, Audio, Humour, Accessibility".into(),
            key: String::new(),
        }
    }
}

impl Settings {
    /// What the filter's thresholds must keep.
    pub fn promises(&self) -> Promises {
        Promises {
            put_away: self.put_away_per_1000.clamp(1, 1_000) as f64 / 1_000.0,
            held: self.held_per_100.clamp(1, 100) as f64 / 100.0,
        }
    }

    /// How the filter is trained on this site.
    pub fn training(&self) -> Options {
        Options {
            vocabulary: self.vocabulary.clamp(100, 1_000_000) as usize,
            promises: self.promises(),
            ..Options::default()
        }
    }

    /// Reads what is stored over the defaults. Makes the site's key if there is none.
    pub fn load_or_init(db: &mut Db) -> QueryResult<Settings> {
        Reasons::ensure(db)?;
        let stored = Settings::load(db)?;
        if !stored.key.is_empty() {
            return Ok(stored);
        }
        both!(db, conn => diesel::insert_into(settings::table)
            .values((settings::key.eq("key"), settings::value.eq(secret::token())))
            .on_conflict_do_nothing()
            .execute(conn))?;
        Settings::load(db)
    }

    pub fn load(db: &mut Db) -> QueryResult<Settings> {
        let rows: Vec<(String, String)> = settings::table
            .select((settings::key, settings::value))
            .load(db)?;
        let mut all = Settings {
            reasons: Reasons::load(db)?,
            texts: Texts::load(db)?,
            ..Settings::default()
        };
        for (key, value) in rows {
            let number = |default: i64| value.parse().unwrap_or(default);
            match key.as_str() {
                "site_name" => (all.site_name, all.named) = (value, true),
                "tagline" => all.tagline = value,
                "contact" => all.contact = value,
                "accent" => all.accent = value,
                "logo" => all.logo = value.parse().ok(),
                "guide_read" => all.guide_read = value == "1",
                "signups_per_hour" => all.signups_per_hour = number(all.signups_per_hour),
                "comments_per_hour" => all.comments_per_hour = number(all.comments_per_hour),
                "seconds_between_comments" => {
                    all.seconds_between_comments = number(all.seconds_between_comments)
                }
                "new_member_waiting" => all.new_member_waiting = number(all.new_member_waiting),
                "links_held_above" => all.links_held_above = number(all.links_held_above),
                "put_away_per_1000" => all.put_away_per_1000 = number(all.put_away_per_1000),
                "held_per_100" => all.held_per_100 = number(all.held_per_100),
                "vocabulary" => all.vocabulary = number(all.vocabulary),
                "retrain_hour" => all.retrain_hour = number(all.retrain_hour),
                "retrain_after" => all.retrain_after = number(all.retrain_after),
                "sampled_in_100" => all.sampled_in_100 = number(all.sampled_in_100),
                "sure_spam" => all.sure_spam = value.parse().unwrap_or(all.sure_spam),
                "log_names_moderators" => all.log_names_moderators = value == "1",
                "nudges" => all.nudges = value == "1",
                "reports_hide_at" => all.reports_hide_at = number(all.reports_hide_at),
                "digest_hour" => all.digest_hour = number(all.digest_hour),
                "gravatar" => all.gravatar = value == "1",
                "stemming" => all.stemming = value.parse().unwrap_or_default(),
                "letters_hour" => all.letters_hour = number(all.letters_hour),
                "letters_a_minute" => all.letters_a_minute = number(all.letters_a_minute),
                "awards_per_month" => all.awards_per_month = number(all.awards_per_month),
                "forges" => all.forges = value,
                "reactions" => all.reactions = value,
                "reactions_before" => all.reactions_before = value,
                "aspects" => all.aspects = value,
                "key" => all.key = value,
                _ => {} // of a newer version: kept, not understood
            }
        }
        Ok(all)
    }

    /// Stores everything but the key, and tells the other processes.
    pub fn save(&self, db: &mut Db) -> QueryResult<()> {
        let rows = [
            ("site_name", self.site_name.clone()),
            ("tagline", self.tagline.clone()),
            ("contact", self.contact.clone()),
            ("accent", self.accent.clone()),
            ("signups_per_hour", self.signups_per_hour.to_string()),
            ("comments_per_hour", self.comments_per_hour.to_string()),
            (
                "seconds_between_comments",
                self.seconds_between_comments.to_string(),
            ),
            ("new_member_waiting", self.new_member_waiting.to_string()),
            ("links_held_above", self.links_held_above.to_string()),
            ("put_away_per_1000", self.put_away_per_1000.to_string()),
            ("held_per_100", self.held_per_100.to_string()),
            ("vocabulary", self.vocabulary.to_string()),
            ("retrain_hour", self.retrain_hour.to_string()),
            ("retrain_after", self.retrain_after.to_string()),
            ("sampled_in_100", self.sampled_in_100.to_string()),
            ("sure_spam", self.sure_spam.to_string()),
            (
                "log_names_moderators",
                i64::from(self.log_names_moderators).to_string(),
            ),
            ("nudges", i64::from(self.nudges).to_string()),
            ("reports_hide_at", self.reports_hide_at.to_string()),
            ("digest_hour", self.digest_hour.to_string()),
            ("gravatar", i64::from(self.gravatar).to_string()),
            ("stemming", self.stemming.to_string()),
            ("letters_hour", self.letters_hour.to_string()),
            ("letters_a_minute", self.letters_a_minute.to_string()),
            ("awards_per_month", self.awards_per_month.to_string()),
            ("forges", self.forges.clone()),
            ("reactions", self.reactions.clone()),
            ("reactions_before", self.reactions_before.clone()),
            ("aspects", self.aspects.clone()),
        ];
        store(db, &rows)
    }

    /// Stores the logo and what the checklist of the first administrator knows, which are not in the
    /// form of the settings: saving them does not say that somebody has read that.
    pub fn save_looks(&self, db: &mut Db) -> QueryResult<()> {
        store(db, &self.looks())
    }

    fn looks(&self) -> [(&'static str, String); 2] {
        let logo = self.logo.as_ref().map_or(String::new(), Logo::to_string);
        [
            ("logo", logo),
            ("guide_read", i64::from(self.guide_read).to_string()),
        ]
    }
}

fn store(db: &mut Db, rows: &[(&str, String)]) -> QueryResult<()> {
    for (key, value) in rows {
        both!(db, conn => diesel::insert_into(settings::table)
            .values((settings::key.eq(key), settings::value.eq(value)))
            .on_conflict(settings::key)
            .do_update()
            .set(settings::value.eq(value))
            .execute(conn))?;
    }
    dialect::bump(db, "settings").map(|_| ())
}
