//! What an administrator sets for the whole site, while it runs.

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
use potluck_models::moderation::log::Act;
use potluck_models::project::FieldError;
use potluck_models::settings::Settings;

/// A field of the form, with what is in it now.
struct Field {
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    value: String,
    /// Of a number: the least and the most.
    range: Option<(i64, i64)>,
}

impl Field {
    fn text(name: &'static str, label: &'static str, hint: &'static str, value: &str) -> Field {
        Field {
            name,
            label,
            hint,
            value: value.to_owned(),
            range: None,
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
            value: value.to_string(),
            range: Some(range),
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
            Field::number(
                "vocabulary",
                "Words that the filter keeps",
                "Of each of its four views, the most telling ones.",
                s.vocabulary,
                (100, 1_000_000),
            ),
            Field::number(
                "digest_hour",
                "Write to moderators each day at this hour",
                "0 to 23, in UTC, only if something waits; each may say no on the account page. -1: never.",
                s.digest_hour,
                (-1, 23),
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

/// What was typed, over the settings in force, or what is wrong with it.
fn parse(form: &Form, now: &Settings) -> Result<Settings, Vec<FieldError>> {
    let mut errors = Vec::new();
    let mut fault = |field, message: String| errors.push(FieldError { field, message });
    let mut line = |field: &'static str, most: usize| {
        let words: Vec<&str> = form.get(field).split_whitespace().collect();
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
    if site_name.is_empty() {
        fault("site_name", "Give the site a name.".into());
    }
    let mut numbers = Vec::new();
    for field in Field::all(now) {
        let Some((least, most)) = field.range else {
            continue;
        };
        match form.get(field.name).trim().parse::<i64>() {
            Ok(number) if (least..=most).contains(&number) => numbers.push(number),
            _ => {
                numbers.push(least);
                fault(
                    field.name,
                    format!("{}: a number from {least} to {most}.", field.label),
                );
            }
        }
    }
    let [
        signups,
        comments,
        seconds,
        waiting,
        links,
        after,
        hour,
        sampled,
        vocabulary,
        digest,
    ] = numbers[..]
    else {
        unreachable!("ten of the fields are numbers")
    };
    if !errors.is_empty() {
        return Err(errors);
    }
    Ok(Settings {
        site_name,
        tagline,
        contact,
        signups_per_hour: signups,
        comments_per_hour: comments,
        seconds_between_comments: seconds,
        new_member_waiting: waiting,
        links_held_above: links,
        retrain_after: after,
        retrain_hour: hour,
        sampled_in_100: sampled,
        vocabulary,
        digest_hour: digest,
        // Set where their effect is shown: /admin/models/promises.
        put_away_per_1000: now.put_away_per_1000,
        held_per_100: now.held_per_100,
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
                field.value = form.get(field.name).to_owned();
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
    let (before, after) = (Field::all(&now), Field::all(&settings));
    let changed: Vec<String> = before
        .iter()
        .zip(&after)
        .filter(|(before, after)| before.value != after.value)
        .map(|(before, after)| format!("{} {:?} to {:?}", before.name, before.value, after.value))
        .collect();
    let (by, stored) = (admin.0.user.id, settings.clone());
    if !changed.is_empty() {
        app.write(move |db: &mut Db| -> QueryResult<()> {
            stored.save(db)?;
            Act {
                actor: Some(by),
                act: "settings",
                detail: &changed.join(", "),
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
