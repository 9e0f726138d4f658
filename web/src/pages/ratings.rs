//! Ratings: what people think of a project, as its page shows it, and the form of one's own. The steps
//! can also be given with a comment (`pages/comments.rs`).

use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, see_other};
use crate::layout::{self, Html, Layout, page, page_with};
use crate::pages::projects::{Standing, visible};
use crate::session::{self, Member, SignedIn};
use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::NaiveDateTime;
use potluck_models::db::ItemId;
use potluck_models::gate::{Feedback, Refusal, Shut};
use potluck_models::item::{Item, State};
use potluck_models::project::{FieldError, Project};
use potluck_models::rating::picture::{self, Picture, SHOWN_FROM, Spread};
use potluck_models::rating::{
    self, Asked, Given, Giving, MAX_ANSWER, MOST_QUESTIONS, RateError, Rating, STEPS,
};
use potluck_models::settings::Settings;
use potluck_models::{Db, QueryResult};
use std::collections::{BTreeMap, BTreeSet};

// ---- On the page of a project ----

/// What people think of it, and the way to say it.
#[derive(Template)]
#[template(path = "ratings/_panel.html")]
pub struct Panel {
    slug: String,
    picture: Picture,
    /// The reader rated it.
    rated: bool,
    gate: Result<(), Refusal>,
    on_team: bool,
}

impl askama::filters::HtmlSafe for Panel {}

impl Panel {
    /// None: its makers ask for no ratings.
    pub fn of(
        db: &mut Db,
        project: &Project,
        me: Option<&SignedIn>,
        on_team: bool,
        settings: &Settings,
    ) -> QueryResult<Option<Panel>> {
        let offered = rating::offered(settings);
        let chosen = rating::chosen(db, project.id, &offered)?;
        if chosen.is_empty() || project.state != State::Published {
            return Ok(None);
        }
        let asked = Asked {
            aspects: chosen
                .iter()
                .filter(|one| offered.contains(one))
                .cloned()
                .collect(),
            ..Asked::default()
        };
        let rated = match me {
            Some(me) => Rating::of(db, project.id, me.user.id)?.is_some(),
            None => false,
        };
        let user = me.map(|me| (&me.user, me.is_maker));
        Ok(Some(Panel {
            slug: project.slug.clone(),
            picture: picture::of_project(db, project.id, &chosen)?,
            rated,
            gate: rating::may_rate(db, user, project, &asked)?,
            on_team,
        }))
    }

    fn is_shut(&self) -> bool {
        matches!(
            self.gate,
            Err(Refusal::NoFeedback(Feedback::Rating, Shut::NotTaken))
        )
    }
}

/// A bar for each step, as tall as many chose it; the words for those who do not see it are beside it.
pub fn drawing(spread: &Spread) -> Html {
    let most = spread.n.iter().copied().max().unwrap_or(0).max(1);
    let mut bars = String::new();
    for (at, n) in spread.n.iter().enumerate() {
        // One is told from none.
        let height = if *n == 0 { 1 } else { 3 + n * 21 / most };
        let (x, y) = (at * 20, 24 - height);
        bars.push_str(&format!(
            r#"<rect x="{x}" y="{y}" width="16" height="{height}" rx="2"/>"#
        ));
    }
    let words = in_words(spread);
    Html(format!(
        r#"<svg class="spread" viewBox="0 0 96 24" width="96" height="24" role="img" aria-label="{words}">{bars}</svg>"#
    ))
}

/// "good 3, very good 6".
pub fn in_words(spread: &Spread) -> String {
    let each = STEPS.iter().zip(spread.n).filter(|(_, n)| *n > 0);
    let each: Vec<String> = each.map(|(word, n)| format!("{word} {n}")).collect();
    each.join(", ")
}

// ---- The steps, in two forms ----

/// A choice for each aspect.
#[derive(Template)]
#[template(path = "ratings/_steps.html")]
pub struct Steps {
    aspects: Vec<(String, String)>,
    /// What was chosen when the page came, where it matters whether that was changed: in a composer.
    seen: Vec<String>,
}

impl askama::filters::HtmlSafe for Steps {}

impl Steps {
    /// With what was given before.
    pub fn given(asked: &Asked, given: &BTreeMap<String, i32>) -> Steps {
        let with = |aspect: &String| {
            let step = given.get(aspect).map(i32::to_string);
            (aspect.clone(), step.unwrap_or_default())
        };
        Steps {
            aspects: asked.aspects.iter().map(with).collect(),
            seen: Vec::new(),
        }
    }

    /// The same below a comment, which takes along only what is changed there.
    pub fn beside_comment(asked: &Asked, given: &BTreeMap<String, i32>) -> Steps {
        let steps = Steps::given(asked, given);
        let chosen = steps.aspects.iter().filter(|(_, step)| !step.is_empty());
        Steps {
            seen: chosen.map(|(aspect, step)| seen(aspect, step)).collect(),
            ..steps
        }
    }

    pub fn typed(asked: &Asked, form: &Form) -> Steps {
        let with = |aspect: &String| (aspect.clone(), form.get(&field(aspect)).to_owned());
        Steps {
            aspects: asked.aspects.iter().map(with).collect(),
            seen: form.all("seen").map(str::to_owned).collect(),
        }
    }

    /// The reader gave some before.
    pub fn were_given(&self) -> bool {
        !self.seen.is_empty()
    }
}

fn seen(aspect: &str, step: &str) -> String {
    format!("{aspect}: {step}")
}

fn field(aspect: &str) -> String {
    format!("step:{aspect}")
}

/// Aspects and steps that a form chose.
fn chosen(form: &Form) -> impl Iterator<Item = (&str, &str)> {
    let steps = form.fields().filter_map(|(name, value)| {
        let aspect = name.strip_prefix("step:")?;
        Some((aspect, value.trim()))
    });
    steps.filter(|(_, step)| !step.is_empty())
}

/// Whether a form chose any.
pub fn has_steps(form: &Form) -> bool {
    chosen(form).next().is_some()
}

/// Whether a composer's steps are others than those it came with. Sent as they were, they would put
/// what somebody rated alone beside each of their comments.
pub fn has_changed(form: &Form) -> bool {
    let now: BTreeSet<String> = chosen(form)
        .map(|(aspect, step)| seen(aspect, step))
        .collect();
    let before: BTreeSet<String> = form.all("seen").map(str::to_owned).collect();
    now != before
}

/// The steps of a form that has no questions: the answers of before stay.
pub fn parse_steps(asked: &Asked, form: &Form) -> Result<Given, Vec<FieldError>> {
    let step = |aspect: &str| form.get(&field(aspect));
    let given = Given::parse(asked, step, std::iter::empty())?;
    Ok(Given {
        answers: None,
        ..given
    })
}

// ---- The form ----

/// What was typed below each question, with the question as the page had it.
fn typed_answers(form: &Form) -> impl Iterator<Item = (&str, &str)> {
    (0..MOST_QUESTIONS).map(move |number| {
        let question = form.get(&format!("question-{number}"));
        (question, form.get(&format!("answer-{number}")))
    })
}

/// The same to be read again, of those questions that `keep` says.
fn answers_again(form: &Form, keep: impl Fn(&str) -> bool) -> Vec<String> {
    let typed = typed_answers(form);
    let typed = typed.filter(|(question, answer)| !answer.trim().is_empty() && keep(question));
    typed
        .map(|(question, answer)| format!("{question}\n{answer}").trim().to_owned())
        .collect()
}

#[derive(Template)]
#[template(path = "ratings/form.html")]
struct FormPage {
    layout: Layout,
    project: Project,
    asked: Asked,
    errors: Vec<FieldError>,
    steps: Steps,
    /// Below each question.
    answers: Vec<String>,
    rated: bool,
    /// It waits, or was taken away, and so does not count.
    waits: Option<&'static str>,
    /// The comment that it was given with, from when: there everybody reads whose steps these are.
    beside: Option<(ItemId, NaiveDateTime)>,
    refusal: Option<Refusal>,
    /// What was typed and has no field here any more.
    kept: String,
}

impl FormPage {
    fn fault(&self, field: &str) -> Html {
        layout::fault(&self.errors, field)
    }

    fn described(&self, field: &str, has_hint: bool) -> Html {
        layout::described(&self.errors, field, has_hint)
    }

    fn load(
        db: &mut Db,
        slug: &str,
        me: &SignedIn,
        layout: Layout,
        settings: &Settings,
    ) -> Result<FormPage, Error> {
        let (project, Standing { on_team, .. }) = visible(db, slug, Some(&me.user))?;
        if !project.is_public() && !on_team {
            return Err(Error::NotFound);
        }
        let asked = Asked::of(db, project.id, &rating::offered(settings))?;
        let user = Some((&me.user, me.is_maker));
        let refusal = rating::may_rate(db, user, &project, &asked)?.err();
        let mine = Rating::of(db, project.id, me.user.id)?;
        let (steps, before) = match &mine {
            Some(mine) => (mine.steps(db)?, mine.answers(db)?),
            None => Default::default(),
        };
        let answer = |question: &String| {
            let found = before.iter().find(|one| one.question == *question);
            found.map_or(String::new(), |one| one.answer.clone())
        };
        let release = asked.release.as_ref().map(|(id, _)| *id);
        let same = Rating::of_release(db, project.id, me.user.id, release)?;
        let beside = match same.and_then(|same| same.comment_id) {
            Some(comment) => {
                let item = Item::find(db, comment)?;
                (item.state == State::Published).then_some((comment, item.created_at))
            }
            None => None,
        };
        let waits = match &mine {
            Some(mine) if !mine.counts => Some(why_not(db, mine)?),
            _ => None,
        };
        Ok(FormPage {
            layout,
            errors: Vec::new(),
            steps: Steps::given(&asked, &steps),
            answers: asked.questions.iter().map(answer).collect(),
            asked,
            rated: mine.is_some(),
            waits,
            beside,
            refusal,
            kept: String::new(),
            project,
        })
    }

    /// With what was typed, and what is wrong with it.
    fn again(mut self, form: &Form, errors: Vec<FieldError>) -> FormPage {
        self.steps = Steps::typed(&self.asked, form);
        let questions = &self.asked.questions;
        let below = |question: &String| {
            let found = typed_answers(form).find(|(of, _)| of == question);
            found.map_or(String::new(), |(_, answer)| answer.to_owned())
        };
        self.answers = questions.iter().map(below).collect();
        let is_gone = |question: &str| !questions.iter().any(|one| one == question);
        self.kept = answers_again(form, is_gone).join("\n\n");
        self.errors = errors;
        self
    }

    /// Without a form, and with everything that was typed.
    fn refused(mut self, form: &Form, refusal: Refusal) -> FormPage {
        let steps = chosen(form).filter_map(|(aspect, step)| {
            let step: i32 = step.parse().ok()?;
            let known = (1..=5).contains(&step);
            known.then(|| format!("{aspect}: {}", rating::step_word(step)))
        });
        let steps = steps.collect::<Vec<_>>().join("\n");
        let parts = [vec![steps], answers_again(form, |_| true)].concat();
        self.kept = parts.join("\n\n").trim().to_owned();
        self.refusal = Some(refusal);
        self
    }
}

/// Why a rating does not count, in the words that its author may read.
fn why_not(db: &mut Db, mine: &Rating) -> QueryResult<&'static str> {
    for part in [mine.answers_id, mine.comment_id].into_iter().flatten() {
        let waits =
            "Your rating waits with the words that came with it: a moderator looks at them first.";
        match Item::find(db, part)?.state {
            State::Published => {}
            State::Held | State::Spam => return Ok(waits),
            _ => {
                return Ok(
                    "The words that came with your rating are not shown, so it does not count. Send it anew to give it alone.",
                );
            }
        }
    }
    Ok("Your rating does not count at the moment.")
}

pub async fn form(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    slug: web::Path<String>,
) -> Result<HttpResponse, Error> {
    let (slug, me, layout) = (slug.into_inner(), member.0.clone(), Layout::new(&req));
    let settings = app.settings();
    let shown = app
        .read(move |db| FormPage::load(db, &slug, &me, layout, &settings))
        .await?;
    page(&shown)
}

pub async fn save(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    slug: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let (slug, me, layout) = (slug.into_inner(), member.0.clone(), Layout::new(&req));
    let (asked_for, reader, settings) = (slug.clone(), me.clone(), app.settings());
    let shown = app
        .read(move |db| FormPage::load(db, &asked_for, &reader, layout, &settings))
        .await?;
    let (intake, network) = (
        app.intake(session::caller(&app, &req)),
        session::network(&app, &req),
    );
    let project = shown.project.id;
    if form.has("withdraw") {
        let withdrawn = app
            .write(move |db| rating::withdraw(db, &intake.context(), &me.user, project))
            .await?;
        let said = if withdrawn { "unrated" } else { "nothing" };
        return Ok(see_other(format!("/projects/{slug}?said={said}#ratings")));
    }
    if let Some(refusal) = shown.refusal.clone() {
        return page_with(StatusCode::FORBIDDEN, &shown.refused(&form, refusal));
    }
    let step = |aspect: &str| form.get(&field(aspect));
    let fault = |field, message: &str| {
        vec![FieldError {
            field,
            message: message.to_owned(),
        }]
    };
    let given = match Given::parse(&shown.asked, step, typed_answers(&form)) {
        Ok(given) if given.steps.is_empty() => Err(fault(
            "steps",
            "Choose a step for one aspect at least. What you have no opinion on stays empty.",
        )),
        parsed => parsed,
    };
    let given = match given {
        Ok(given) => given,
        Err(errors) => {
            let again = shown.again(&form, errors);
            return page_with(StatusCode::UNPROCESSABLE_ENTITY, &again);
        }
    };
    let rated = app
        .write(move |db| -> Result<bool, RateError> {
            let giving = Giving {
                given: &given,
                comment: None,
                network: &network,
            };
            rating::give(db, &intake.context(), &me.user, project, &giving)?;
            let mine = Rating::of(db, project, me.user.id)?;
            Ok(mine.is_some_and(|mine| mine.counts))
        })
        .await;
    match rated {
        Ok(true) => {
            // Its thanks say that nobody learns who: beside a comment everybody does.
            let said = if shown.beside.is_some() {
                "saved"
            } else {
                "rated"
            };
            Ok(see_other(format!("/projects/{slug}?said={said}#ratings")))
        }
        Ok(false) => Ok(see_other(format!(
            "/projects/{slug}?said=rating-waits#ratings"
        ))),
        // Something changed since the page was asked.
        Err(Error::Refused(refusal)) => {
            page_with(StatusCode::FORBIDDEN, &shown.refused(&form, refusal))
        }
        Err(Error::SlowDown(limited)) => {
            let again = shown.again(&form, fault("steps", &limited.sentence()));
            let mut response = page_with(StatusCode::TOO_MANY_REQUESTS, &again)?;
            response
                .headers_mut()
                .insert(RETRY_AFTER, limited.seconds().into());
            Ok(response)
        }
        Err(error) => Err(error),
    }
}

impl From<RateError> for Error {
    fn from(error: RateError) -> Error {
        match error {
            RateError::Refused(refusal) => Error::Refused(refusal),
            RateError::Limited(limited) => Error::SlowDown(limited),
            RateError::Database(error) => error.into(),
        }
    }
}

/// What a comment's author thinks, beside the comment.
pub fn beside(steps: &[(String, i32)]) -> Vec<(&str, &'static str)> {
    let each = steps.iter();
    each.map(|(aspect, step)| (aspect.as_str(), rating::step_word(*step)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawing_says_in_words_what_it_shows() {
        let spread = Spread {
            aspect: "Fun".into(),
            n: [0, 1, 0, 3, 12],
        };
        let svg = drawing(&spread).0;
        assert!(
            svg.contains("getting there 1, very good 3, outstanding 12"),
            "{svg}"
        );
        assert_eq!(svg.matches("<rect").count(), 5);
        assert!(!svg.contains("style"));
    }
}
