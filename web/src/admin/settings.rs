//! What an administrator sets for the whole site, while it runs.

use crate::accent::{Rgb, Shades};
use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, see_other};
use crate::layout::{Layout, page, page_with};
use crate::session::Admin;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use potluck_models::Db;
use potluck_models::QueryResult;
use potluck_models::forge;
use potluck_models::gravatar;
use potluck_models::moderation::log::Act;
use potluck_models::project::FieldError;
use potluck_models::settings::Settings;
use potluck_models::{rating, reaction};
use std::collections::HashMap;

/// A field of the form, with what is in it now.
struct Field {
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    value: String,
    /// Of a number: the least and the most.
    range: Option<(i64, i64)>,
    /// Of a choice: the words stored, and as people read them.
    choices: &'static [(&'static str, &'static str)],
}

const STEMMING: &[(&str, &str)] = &[
    ("simple", "no: each word as it is typed"),
    ("danish", "Danish"),
    ("dutch", "Dutch"),
    ("english", "English"),
    ("finnish", "Finnish"),
    ("french", "French"),
    ("german", "German"),
    ("hungarian", "Hungarian"),
    ("italian", "Italian"),
    ("norwegian", "Norwegian"),
    ("portuguese", "Portuguese"),
    ("romanian", "Romanian"),
    ("russian", "Russian"),
    ("spanish", "Spanish"),
    ("swedish", "Swedish"),
    ("turkish", "Turkish"),
];

impl Field {
    fn text(name: &'static str, label: &'static str, hint: &'static str, value: &str) -> Field {
        Field {
            name,
            label,
            hint,
            value: value.to_owned(),
            range: None,
            choices: &[],
        }
    }

    fn choice(
        name: &'static str,
        label: &'static str,
        hint: &'static str,
        value: &str,
        choices: &'static [(&'static str, &'static str)],
    ) -> Field {
        Field {
            choices,
            ..Field::text(name, label, hint, value)
        }
    }

    fn number(
        name: &'static str,
        label: &'static str,
        hint: &'static str,
        value: i64,
        range: (i64, i64),
    ) -> Field {
        Field {
            name,
            label,
            hint,
            range: Some(range),
            ..Field::text(name, label, hint, &value.to_string())
        }
    }

    fn all(settings: &Settings) -> Vec<Field> {
        let s = settings;
        vec![
            Field::text("site_name", "Name of the site", "", &s.site_name),
            Field::text("tagline", "The sentence on the front page", "", &s.tagline),
            Field::text(
                "contact",
                "Where readers reach you",
                "A mail address or the address of a page; shown to everyone.",
                &s.contact,
            ),
            Field::text(
                "accent",
                "The site’s own colour",
                "As #2a6345; empty: tomato. Of buttons, links and the tablecloth. It is made darker on light paper and lighter on dark, until it can be read.",
                &s.accent,
            ),
            Field::number(
                "signups_per_hour",
                "Sign-ups an hour from one network",
                "",
                s.signups_per_hour,
                (1, 100_000),
            ),
            Field::number(
                "comments_per_hour",
                "Comments an hour of one account",
                "",
                s.comments_per_hour,
                (1, 100_000),
            ),
            Field::number(
                "seconds_between_comments",
                "Seconds between two comments of one account",
                "",
                s.seconds_between_comments,
                (0, 3_600),
            ),
            Field::number(
                "new_member_waiting",
                "Texts of a new member that may wait at once",
                "",
                s.new_member_waiting,
                (1, 1_000),
            ),
            Field::number(
                "links_held_above",
                "Hold a comment with more links than",
                "Project pages may have twelve more.",
                s.links_held_above,
                (0, 1_000),
            ),
            Field::number(
                "retrain_after",
                "Train the filter after so many new verdicts",
                "0: not by their number.",
                s.retrain_after,
                (0, 1_000_000),
            ),
            Field::number(
                "retrain_hour",
                "Train the filter each night at this hour",
                "0 to 23, in UTC, if there are new verdicts; -1: not at night.",
                s.retrain_hour,
                (-1, 23),
            ),
            Field::number(
                "sampled_in_100",
                "Show people so many in 100 of what the filter decides alone",
                "Drawn at random: how well it does is measured on them.",
                s.sampled_in_100,
                (0, 100),
            ),
            Field::choice(
                "sure_spam",
                "Spam that the filter put away by itself, and copies of a campaign that was called spam",
                "What was drawn for the sample is always shown.",
                s.sure_spam.as_str(),
                &[
                    ("folded", "is in the queue, its text folded away"),
                    ("left-out", "is left out of the queue unless asked for"),
                    ("shown", "is in the queue and shown"),
                ],
            ),
            Field::number(
                "vocabulary",
                "Words that the filter keeps",
                "Of each of its four views, the most telling ones.",
                s.vocabulary,
                (100, 1_000_000),
            ),
            Field::number(
                "log_names_moderators",
                "Name moderators in the public log",
                "1: the log at /log says who acted; 0: it does not.",
                s.log_names_moderators.into(),
                (0, 1),
            ),
            Field::number(
                "nudges",
                "Ask once for more before a curt comment is sent",
                "1: whoever presses the button under a few words, capitals or faults alone is asked what they liked or what would help, and may send it as it is; 0: nobody is.",
                s.nudges.into(),
                (0, 1),
            ),
            Field::number(
                "reports_hide_at",
                "Hide what readers report until a moderator looks, from this weight on",
                "A report weighs 0.5 from somebody new to reporting and up to 1 from somebody who was right before. 2: three such people, or four newcomers; 0: never.",
                s.reports_hide_at,
                (0, 1_000),
            ),
            Field::number(
                "digest_hour",
                "Write to moderators each day at this hour",
                "0 to 23, in UTC, only if something waits; each may say no on the account page. -1: never.",
                s.digest_hour,
                (-1, 23),
            ),
            Field::choice(
                "stemming",
                "The search finds other forms of words",
                "games for game, in the language that most here write. Phrases in quotes stay exact.",
                s.stemming.as_str(),
                STEMMING,
            ),
            Field::number(
                "gravatar",
                "Fetch pictures of people from Gravatar",
                "1: who has brought none gets the one of their Gravatar account, fetched and kept by this site. Gravatar learns a hash of their mail address; nothing of your readers. 0: nobody is asked.",
                s.gravatar.into(),
                (0, 1),
            ),
            Field::number(
                "letters_hour",
                "Write to members at this hour",
                "0 to 23, in UTC: to those who asked for a letter a day, and on Mondays to those who asked for one a week.",
                s.letters_hour,
                (0, 23),
            ),
            Field::number(
                "letters_a_minute",
                "Letters a minute",
                "About what lies in inboxes, so that the mail server is not choked; confirmations and the like never wait. 0: as many as there are.",
                s.letters_a_minute,
                (0, 100_000),
            ),
            Field::number(
                "awards_per_month",
                "Awards that a maker may give in a month",
                "Few enough that each means something. 0: nobody gives any.",
                s.awards_per_month,
                (0, 1_000),
            ),
            Field::text(
                "forges",
                "Forges of your own that projects may follow",
                "Besides GitHub, GitLab, Codeberg and Bitbucket. A host and its kind, gitea, forgejo or gitlab, with commas between: git.example.org gitea, code.example.net gitlab. They have to be on the open net, by https.",
                &s.forges,
            ),
            Field::text(
                "reactions",
                "Reactions",
                "A sign and its word, for those who do not see it, with commas between; at most eight. What you take out is offered no more, and what was given stays. Empty: none.",
                &s.reactions,
            ),
            Field::text(
                "aspects",
                "Aspects of ratings",
                "What makers may ask people to rate, with commas between; at most twelve. Empty: no ratings.",
                &s.aspects,
            ),
        ]
    }
}

#[derive(Template)]
#[template(path = "admin/settings.html")]
struct SettingsPage {
    layout: Layout,
    errors: Vec<FieldError>,
    fields: Vec<Field>,
}

impl SettingsPage {
    fn error(&self, field: &str) -> Option<&str> {
        self.errors
            .iter()
            .find(|error| error.field == field)
            .map(|error| error.message.as_str())
    }

    /// What becomes of the colour in force: for which paper, the colour, and what is written on it.
    fn shades(&self) -> Vec<(&'static str, String, String)> {
        let Some(colour) = Rgb::parse(&self.layout.settings.accent) else {
            return Vec::new();
        };
        [
            ("light", Shades::light(colour)),
            ("dark", Shades::dark(colour)),
        ]
        .map(|(paper, shades)| (paper, shades.accent.hex(), shades.on.hex()))
        .into()
    }

    /// The ids of hint and error, for `aria-describedby`.
    fn described_by(&self, field: &Field) -> String {
        let mut ids = Vec::new();
        if !field.hint.is_empty() {
            ids.push(format!("{}-hint", field.name));
        }
        if self.error(field.name).is_some() {
            ids.push(format!("{}-error", field.name));
        }
        ids.join(" ")
    }
}

pub async fn form(
    req: HttpRequest,
    app: web::Data<App>,
    _admin: Admin,
) -> Result<HttpResponse, Error> {
    page(&SettingsPage {
        layout: Layout::new(&req),
        errors: Vec::new(),
        fields: Field::all(&app.settings()),
    })
}

/// The page with what is wrong in a form of it that has a handler of its own.
pub fn at_fault(
    req: &HttpRequest,
    app: &App,
    errors: Vec<FieldError>,
) -> Result<HttpResponse, Error> {
    page_with(
        StatusCode::UNPROCESSABLE_ENTITY,
        &SettingsPage {
            layout: Layout::new(req),
            errors,
            fields: Field::all(&app.settings()),
        },
    )
}

/// What was typed, over the settings in force, or what is wrong with it. What a form leaves out stays
/// as it is.
fn parse(form: &Form, now: &Settings) -> Result<Settings, Vec<FieldError>> {
    let fields = Field::all(now);
    let typed = |name: &str| match fields.iter().find(|field| field.name == name) {
        Some(field) if !form.has(name) => field.value.clone(),
        _ => form.get(name).trim().to_owned(),
    };
    let mut errors = Vec::new();
    let mut fault = |field, message: String| errors.push(FieldError { field, message });
    let mut line = |field: &'static str, most: usize| {
        let text = typed(field);
        let words: Vec<&str> = text.split_whitespace().collect();
        let text = words.join(" ");
        let long = text.chars().count();
        if long > most {
            let message = format!("This has at most {most} characters; it has {long}.");
            fault(field, message);
        } else if text.chars().any(char::is_control) {
            fault(field, "This holds a character that cannot be shown.".into());
        }
        text
    };
    let site_name = line("site_name", 60);
    let tagline = line("tagline", 200);
    let contact = line("contact", 200);
    let forges = line("forges", 2_000);
    let reactions = line("reactions", 600);
    let aspects = line("aspects", 600);
    if let Err(message) = forge::parse_hosts(&forges) {
        fault("forges", message);
    }
    let mut reactions_before = now.reactions_before.clone();
    match reaction::parse(&reactions) {
        Ok(set) => reactions_before = reaction::withdrawn(now, &set),
        Err(message) => fault("reactions", message),
    }
    if let Err(message) = rating::parse_aspects(&aspects) {
        fault("aspects", message);
    }
    if site_name.is_empty() {
        fault("site_name", "Give the site a name.".into());
    }
    let accent = match typed("accent").as_str() {
        "" => String::new(),
        typed => Rgb::parse(typed).map_or_else(
            || {
                let message = "A colour is written like #2a6345: six digits from 0 to f.";
                fault("accent", message.into());
                String::new()
            },
            Rgb::hex,
        ),
    };
    let mut numbers = HashMap::new();
    for field in &fields {
        let typed = typed(field.name);
        if let Some((least, most)) = field.range {
            match typed.parse::<i64>() {
                Ok(number) if (least..=most).contains(&number) => {
                    numbers.insert(field.name, number);
                }
                _ => fault(
                    field.name,
                    format!("{}: a number from {least} to {most}.", field.label),
                ),
            }
        } else if !field.choices.is_empty() && !field.choices.iter().any(|(word, _)| *word == typed)
        {
            fault(field.name, format!("{}: one of the choices.", field.label));
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let number = |name: &str| numbers[name];
    Ok(Settings {
        site_name,
        tagline,
        contact,
        accent,
        logo: now.logo.clone(),
        texts: now.texts.clone(),
        named: true,
        guide_read: now.guide_read,
        signups_per_hour: number("signups_per_hour"),
        comments_per_hour: number("comments_per_hour"),
        seconds_between_comments: number("seconds_between_comments"),
        new_member_waiting: number("new_member_waiting"),
        links_held_above: number("links_held_above"),
        retrain_after: number("retrain_after"),
        retrain_hour: number("retrain_hour"),
        sampled_in_100: number("sampled_in_100"),
        vocabulary: number("vocabulary"),
        sure_spam: typed("sure_spam").parse().unwrap_or(now.sure_spam),
        reports_hide_at: number("reports_hide_at"),
        digest_hour: number("digest_hour"),
        gravatar: number("gravatar") == 1,
        stemming: typed("stemming").parse().unwrap_or(now.stemming),
        letters_hour: number("letters_hour"),
        letters_a_minute: number("letters_a_minute"),
        awards_per_month: number("awards_per_month"),
        forges,
        reactions,
        reactions_before,
        aspects,
        // Set where their effect is shown: /admin/models/promises.
        put_away_per_1000: now.put_away_per_1000,
        held_per_100: now.held_per_100,
        log_names_moderators: number("log_names_moderators") == 1,
        nudges: number("nudges") == 1,
        reasons: now.reasons.clone(),
        key: now.key.clone(),
    })
}

pub async fn save(
    req: HttpRequest,
    app: web::Data<App>,
    admin: Admin,
    form: Form,
) -> Result<HttpResponse, Error> {
    let now = app.settings();
    let settings = match parse(&form, &now) {
        Ok(settings) => settings,
        Err(errors) => {
            let mut fields = Field::all(&now);
            for field in &mut fields {
                if form.has(field.name) {
                    field.value = form.get(field.name).to_owned();
                }
            }
            return page_with(
                StatusCode::UNPROCESSABLE_ENTITY,
                &SettingsPage {
                    layout: Layout::new(&req),
                    errors,
                    fields,
                },
            );
        }
    };
    // Whoever saves them as they are has seen them too.
    let is_first = !now.named;
    let (before, after) = (Field::all(&now), Field::all(&settings));
    let changed: Vec<String> = before
        .iter()
        .zip(&after)
        .filter(|(before, after)| before.value != after.value)
        .map(|(before, after)| format!("{} {:?} to {:?}", before.name, before.value, after.value))
        .collect();
    let one_line = |fields: &[Field], others: &[Field]| -> Vec<String> {
        let differ = fields
            .iter()
            .zip(others)
            .filter(|(a, b)| a.value != b.value);
        differ
            .map(|(field, _)| format!("{}: {}", field.name, field.value))
            .collect()
    };
    let (were, are) = (one_line(&before, &after), one_line(&after, &before));
    let (by, stored) = (admin.0.user.id, settings.clone());
    if !changed.is_empty() || is_first {
        app.write(move |db: &mut Db| -> QueryResult<()> {
            stored.save(db)?;
            if !stored.gravatar {
                gravatar::forget_all(db)?;
            }
            if changed.is_empty() {
                return Ok(());
            }
            Act {
                actor: Some(by),
                act: "settings",
                detail: &changed.join(", "),
                before: &were.join(", "),
                after: &are.join(", "),
                ..Act::default()
            }
            .write(db)
            .map(|_| ())
        })
        .await?;
        app.set_settings(settings);
    }
    Ok(see_other("/admin/settings?said=settings"))
}
