//! Setting a rule: the form, its trial against the last 30 days, and then the button that sets it.

use super::Frame;
use super::rules::reload;
use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, Query, see_other};
use crate::layout::{Layout, encode, page, page_with};
use crate::session::Moderator;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use diesel::OptionalExtension;
use potluck_models::db::{Db, ItemId};
use potluck_models::intake::address;
use potluck_models::intake::cidr::Cidr;
use potluck_models::item::Revision;
use potluck_models::moderation::rule::{
    Does, ENDS, Kind, MAX_NOTE, MAX_PATTERN, NewRule, Rule, USUAL_END, headline,
};
use potluck_models::moderation::trial::{self, LOOKED_AT, Trial};
use potluck_models::project::{FieldError, Project};
use potluck_models::spam::facts;
use serde::Deserialize;

#[derive(Deserialize)]
pub struct NewQuery {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    pattern: String,
    /// A text that somebody wants no more of.
    #[serde(default)]
    item: String,
}

/// The fields as they were typed.
#[derive(Clone, Default)]
struct Typed {
    pattern: String,
    number: String,
    does: String,
    days: String,
    note: String,
}

impl Typed {
    fn of(form: &Form) -> Typed {
        let get = |name: &str| form.get(name).trim().to_owned();
        Typed {
            pattern: get("pattern"),
            number: get("number"),
            does: get("does"),
            days: get("days"),
            note: get("note"),
        }
    }

    /// What the form offers at first: the mildest.
    fn first(kind: Kind, pattern: String) -> Typed {
        Typed {
            pattern,
            number: kind.number().map_or(0, |(.., usual, _)| usual).to_string(),
            does: kind.does()[0].to_string(),
            days: USUAL_END.to_string(),
            note: String::new(),
        }
    }

    fn parse(&self, kind: Kind) -> Result<NewRule, Vec<FieldError>> {
        NewRule::parse(
            kind,
            &self.pattern,
            &self.number,
            &self.does,
            &self.days,
            &self.note,
        )
    }
}

#[derive(Template)]
#[template(path = "moderation/rule_kinds.html")]
struct KindsPage {
    layout: Layout,
    frame: Frame,
    item: Option<ItemId>,
    /// Rules that fit a text: words and address.
    fitting: Vec<(String, String)>,
}

impl KindsPage {
    fn kinds(&self) -> impl Iterator<Item = Kind> {
        Kind::ALL.iter().copied().filter(|kind| *kind != Kind::Raid)
    }
}

#[derive(Template)]
#[template(path = "moderation/rule_form.html")]
struct FormPage {
    layout: Layout,
    frame: Frame,
    kind: Kind,
    typed: Typed,
    errors: Vec<FieldError>,
}

impl FormPage {
    fn fault(&self, field: &str) -> crate::layout::Html {
        crate::layout::fault(&self.errors, field)
    }

    fn described(&self, field: &str, has_hint: bool) -> crate::layout::Html {
        crate::layout::described(&self.errors, field, has_hint)
    }

    fn has_fault(&self, field: &str) -> bool {
        self.errors.iter().any(|error| error.field == field)
    }

    /// The label of the pattern's field.
    fn asks(&self) -> &'static str {
        match self.kind {
            Kind::Words => "Word or phrase",
            Kind::Pattern => "Pattern",
            Kind::Domain => "Domain",
            Kind::Network => "Network or address",
            Kind::Mail => "Domain of the addresses",
            Kind::Slow => "Project",
            Kind::Newcomer | Kind::Raid => "",
        }
    }

    fn does_label(&self, does: &Does) -> &'static str {
        match (self.kind, does) {
            (Kind::Mail, Does::Hold) => {
                "What they write in their first 30 days waits for a moderator"
            }
            (_, Does::Hold) => "It waits for a moderator",
            (_, Does::Spam) => "It is put away as spam, for those who are sure of it",
            (Kind::Mail, Does::Refuse) => "Nobody signs up with one; who is here stays",
            (_, Does::Refuse) => "Nobody signs up from there; who is here posts on",
        }
    }

    fn ends(&self) -> [(i64, &'static str); 4] {
        ENDS
    }

    fn ends_in(&self, days: &i64) -> bool {
        self.typed.days == days.to_string()
    }

    fn max_pattern(&self) -> usize {
        MAX_PATTERN
    }

    fn max_note(&self) -> usize {
        MAX_NOTE
    }
}

/// What a rule of this kind is for, in a sentence.
pub fn about(kind: &Kind) -> &'static str {
    match kind {
        Kind::Words => "A word or a phrase, as readers see it and never inside another word.",
        Kind::Pattern => "A regular expression, for what plain words cannot say.",
        Kind::Domain => "Links to a domain, with everything below it.",
        Kind::Network => "What comes from a network or from one address.",
        Kind::Mail => "Accounts with mail addresses at a domain.",
        Kind::Newcomer => "Whatever accounts write in their first days, makers’ too.",
        Kind::Slow => {
            "Some minutes between two comments of one person on a project. Its makers are not slowed."
        }
        Kind::Raid => "Only makers post without waiting, and nobody signs up.",
    }
}

pub async fn new_form(
    req: HttpRequest,
    app: web::Data<App>,
    _moderator: Moderator,
    query: Query<NewQuery>,
) -> Result<HttpResponse, Error> {
    let NewQuery {
        kind,
        pattern,
        item,
    } = query.0;
    let (layout, frame) = (Layout::new(&req), Frame::of(&req, &app).await?);
    if kind.is_empty() {
        let item: Option<ItemId> = item.parse().ok();
        let fitting = match item {
            Some(item) => app.read(move |db| fitting(db, item)).await?,
            None => Vec::new(),
        };
        return page(&KindsPage {
            layout,
            frame,
            item,
            fitting,
        });
    }
    let kind = settable(&kind)?;
    let pattern = pattern.chars().take(MAX_PATTERN).collect();
    page(&FormPage {
        layout,
        frame,
        kind,
        typed: Typed::first(kind, pattern),
        errors: Vec::new(),
    })
}

/// Raid mode has a button of its own.
fn settable(word: &str) -> Result<Kind, Error> {
    match word.parse() {
        Ok(Kind::Raid) | Err(_) => Err(Error::BadRequest("There is no such kind of rule.")),
        Ok(kind) => Ok(kind),
    }
}

/// What would meet more texts like this one.
fn fitting(db: &mut Db, item: ItemId) -> Result<Vec<(String, String)>, Error> {
    let revision = Revision::current(db, item)?;
    let mut rules: Vec<(Kind, String)> = facts::of(&revision.text)
        .domains
        .into_iter()
        .take(6)
        .map(|domain| (Kind::Domain, domain))
        .collect();
    if let Some(address) = address::of(db, item)? {
        rules.push((Kind::Network, Cidr::around(address).to_string()));
        rules.push((Kind::Network, address.to_string()));
    }
    Ok(rules
        .into_iter()
        .map(|(kind, pattern)| {
            let to = format!(
                "/moderation/rules/new?kind={kind}&pattern={}",
                encode(&pattern)
            );
            let words = match kind {
                Kind::Domain => format!("Links to {pattern}"),
                _ if pattern.contains('/') => format!("Its network, {pattern}"),
                _ => format!("Its address, {pattern}"),
            };
            (words, to)
        })
        .collect())
}

#[derive(Template)]
#[template(path = "moderation/rule_trial.html")]
struct TrialPage {
    layout: Layout,
    frame: Frame,
    kind: Kind,
    typed: Typed,
    new: NewRule,
    trial: Trial,
}

impl TrialPage {
    /// "Would have held 14 texts in the last 30 days".
    fn headline(&self) -> String {
        let texts = |n: usize| match n {
            1 => "1 text".to_owned(),
            n => format!("{n} texts"),
        };
        let trial = &self.trial;
        match (self.kind, self.new.does) {
            (Kind::Slow, _) => match trial.waits {
                0 => "Nobody would have been asked to wait in the last 30 days.".into(),
                1 => "1 comment of the last 30 days would have been asked to wait.".into(),
                n => format!("{n} comments of the last 30 days would have been asked to wait."),
            },
            _ if trial.met() == 0 => "It would have met nothing in the last 30 days.".into(),
            (_, Does::Refuse) => format!(
                "{} of {} in the last 30 days came from accounts that it would not have let in.",
                texts(trial.met()),
                self.people()
            ),
            (_, Does::Spam) => format!(
                "Would have put {} of {} away as spam in the last 30 days.",
                texts(trial.met()),
                self.people()
            ),
            (_, Does::Hold) => format!(
                "Would have held {} of {} in the last 30 days.",
                texts(trial.met()),
                self.people()
            ),
        }
    }

    fn people(&self) -> String {
        match self.trial.people {
            1 => "1 person".into(),
            n => format!("{n} people"),
        }
    }

    /// "13 spam and 1 ham, as people judged; 3 not judged."
    fn figures(&self) -> String {
        let trial = &self.trial;
        let mut words = format!(
            "{} spam and {} ham, as people judged them",
            trial.spam, trial.ham
        );
        if trial.removed > 0 {
            words.push_str(&format!("; {} removed for another reason", trial.removed));
        }
        format!("{words}; {} not judged.", trial.open)
    }

    /// More real texts than spam: worth a second look.
    fn harms(&self) -> bool {
        self.kind != Kind::Slow && self.trial.ham > self.trial.spam
    }

    fn looked_at(&self) -> usize {
        LOOKED_AT
    }

    fn badge(&self, judged: &trial::Judged) -> &'static str {
        match judged {
            trial::Judged::Spam | trial::Judged::Removed => "badge-bad",
            trial::Judged::Ham => "badge-good",
            trial::Judged::Open => "badge-wait",
        }
    }

    fn rule_words(&self) -> String {
        let new = &self.new;
        headline(new.kind, &new.pattern, new.number, new.does)
    }
}

/// The rule of a form that makes sense, or what is wrong with it.
async fn checked(
    app: &App,
    kind: Kind,
    typed: &Typed,
) -> Result<Result<NewRule, Vec<FieldError>>, Error> {
    let new = match typed.parse(kind) {
        Ok(new) => new,
        Err(errors) => return Ok(Err(errors)),
    };
    if kind == Kind::Slow {
        let slug = new.pattern.clone();
        let known = app
            .read(move |db| Project::by_slug(db, &slug).optional())
            .await?;
        if known.is_none() {
            return Ok(Err(vec![FieldError {
                field: "pattern",
                message: "There is no project of this name.".into(),
            }]));
        }
    }
    Ok(Ok(new))
}

async fn again(
    req: &HttpRequest,
    app: &App,
    kind: Kind,
    typed: Typed,
    errors: Vec<FieldError>,
) -> Result<HttpResponse, Error> {
    page_with(
        StatusCode::UNPROCESSABLE_ENTITY,
        &FormPage {
            layout: Layout::new(req),
            frame: Frame::of(req, app).await?,
            kind,
            typed,
            errors,
        },
    )
}

pub async fn try_out(
    req: HttpRequest,
    app: web::Data<App>,
    _moderator: Moderator,
    form: Form,
) -> Result<HttpResponse, Error> {
    let (kind, typed) = (settable(form.get("kind"))?, Typed::of(&form));
    let new = match checked(&app, kind, &typed).await? {
        Ok(new) => new,
        Err(errors) => return again(&req, &app, kind, typed, errors).await,
    };
    if form.has("change") {
        return page(&FormPage {
            layout: Layout::new(&req),
            frame: Frame::of(&req, &app).await?,
            kind,
            typed,
            errors: Vec::new(),
        });
    }
    let key = app.settings().key.clone();
    let tried = new.clone();
    let trial = app.read(move |db| trial::of(db, &tried, &key)).await?;
    page(&TrialPage {
        layout: Layout::new(&req),
        frame: Frame::of(&req, &app).await?,
        kind,
        typed,
        new,
        trial,
    })
}

pub async fn set(
    req: HttpRequest,
    app: web::Data<App>,
    moderator: Moderator,
    form: Form,
) -> Result<HttpResponse, Error> {
    let (kind, typed) = (settable(form.get("kind"))?, Typed::of(&form));
    let new = match checked(&app, kind, &typed).await? {
        Ok(new) => new,
        Err(errors) => return again(&req, &app, kind, typed, errors).await,
    };
    let by = moderator.user().id;
    let rule = app
        .write(move |db: &mut Db| Rule::set(db, by, &new).map_err(Error::from))
        .await?;
    reload(&app).await;
    Ok(see_other(format!(
        "/moderation/rules/{}?said=rule-set",
        rule.id
    )))
}
