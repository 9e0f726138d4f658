//! Ratings: what people think of a project, as its page shows it, and the form of one's own. The steps
//! can also be given with a comment (`pages/comments.rs`).

use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, see_other};
use crate::layout::{self, Html, Layout, page, page_with};
use crate::pages::projects::{Standing, visible};
use crate::session::{self, Member, SignedIn};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use potluck_models::gate::{Feedback, Refusal, Shut};
use potluck_models::item::{Item, State};
use potluck_models::project::{FieldError, Project};
use potluck_models::rating::picture::{self, Picture, SHOWN_FROM, Spread};
use potluck_models::rating::{self, Asked, Given, Giving, MAX_ANSWER, RateError, Rating, STEPS};
use potluck_models::settings::Settings;
use potluck_models::{Db, QueryResult};

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
}

impl askama::filters::HtmlSafe for Steps {}

impl Steps {
    /// With what was chosen.
    pub fn new<'a>(asked: &Asked, step: impl Fn(&str) -> &'a str) -> Steps {
        let with = |aspect: &String| (aspect.clone(), step(aspect).to_owned());
        Steps {
            aspects: asked.aspects.iter().map(with).collect(),
        }
    }

    pub fn typed(asked: &Asked, form: &Form) -> Steps {
        Steps::new(asked, |aspect| form.get(&field(aspect)))
    }
}

fn field(aspect: &str) -> String {
    format!("step:{aspect}")
}

/// Whether a form chose any.
pub fn has_steps(form: &Form) -> bool {
    let mut fields = form.fields();
    fields.any(|(name, value)| name.starts_with("step:") && !value.trim().is_empty())
}

/// The steps of a form that has no questions: the answers of before stay.
pub fn parse_steps(asked: &Asked, form: &Form) -> Result<Given, Vec<FieldError>> {
    let asked = Asked {
        questions: Vec::new(),
        ..asked.clone()
    };
    let given = Given::parse(&asked, |aspect| form.get(&field(aspect)), |_| "")?;
    Ok(Given {
        answers: None,
        ..given
    })
}

// ---- The form ----

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
    refusal: Option<Refusal>,
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
        let chosen = |aspect: &str| match steps.get(aspect) {
            Some(1) => "1",
            Some(2) => "2",
            Some(3) => "3",
            Some(4) => "4",
            Some(5) => "5",
            _ => "",
        };
        let waits = match &mine {
            Some(mine) if !mine.counts => Some(why_not(db, mine)?),
            _ => None,
        };
        Ok(FormPage {
            layout,
            errors: Vec::new(),
            steps: Steps::new(&asked, chosen),
            answers: asked.questions.iter().map(answer).collect(),
            asked,
            rated: mine.is_some(),
            waits,
            refusal,
            project,
        })
    }

    /// With what was typed, and what is wrong with it.
    fn again(mut self, form: &Form, errors: Vec<FieldError>) -> FormPage {
        self.steps = Steps::typed(&self.asked, form);
        let numbers = 0..self.asked.questions.len();
        self.answers = numbers
            .map(|number| form.get(&format!("answer-{number}")).to_owned())
            .collect();
        self.errors = errors;
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
    if let Some(refusal) = &shown.refusal {
        let refusal = refusal.clone();
        let again = FormPage {
            refusal: Some(refusal),
            ..shown.again(&form, Vec::new())
        };
        return page_with(StatusCode::FORBIDDEN, &again);
    }
    let step = |aspect: &str| form.get(&field(aspect));
    let answer = |number: usize| form.get(&format!("answer-{number}"));
    let fault = |field, message: &str| {
        vec![FieldError {
            field,
            message: message.to_owned(),
        }]
    };
    let given = match Given::parse(&shown.asked, step, answer) {
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
        Ok(true) => Ok(see_other(format!("/projects/{slug}?said=rated#ratings"))),
        Ok(false) => Ok(see_other(format!(
            "/projects/{slug}?said=rating-waits#ratings"
        ))),
        Err(error @ (Error::Refused(_) | Error::SlowDown(_))) => {
            let status = match &error {
                Error::SlowDown(_) => StatusCode::TOO_MANY_REQUESTS,
                _ => StatusCode::FORBIDDEN,
            };
            let errors = fault("steps", &error.sentence());
            page_with(status, &shown.again(&form, errors))
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
