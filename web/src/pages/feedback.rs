//! All feedback of a project on one page, for its makers: `/projects/{slug}/feedback`, and to take along
//! as `.csv` and `.json`.

use crate::app::App;
use crate::error::Error;
use crate::layout::{Html, Layout, page, rfc3339, segment};
use crate::moderation::log_export::cell;
use crate::pages::projects::visible;
use crate::pages::ratings;
use crate::session::Member;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use potluck_models::Db;
use potluck_models::QueryResult;
use potluck_models::account::User;
use potluck_models::db::ItemId;
use potluck_models::failure::group::{self, Fate, Line};
use potluck_models::feedback::{self, Helped, OfRelease};
use potluck_models::markdown;
use potluck_models::project::Project;
use potluck_models::rating::picture::{self, Picture, SHOWN_FROM, Spread};
use potluck_models::rating::{self, STEPS};
use potluck_models::settings::Settings;
use serde::Serialize;

/// Releases of a drawing: the newest.
const DRAWN: usize = 12;

#[derive(Template)]
#[template(path = "projects/feedback.html")]
struct FeedbackPage {
    layout: Layout,
    project: Project,
    /// What they ask for now, or asked before.
    aspects: Vec<String>,
    /// Of all ratings that stand.
    now: Picture,
    releases: Vec<OfRelease>,
}

impl FeedbackPage {
    /// Of an aspect, release by release, the oldest first; those of which enough is known.
    fn course(&self, aspect: &str) -> Vec<(String, &Spread)> {
        let mut course: Vec<(String, &Spread)> = self
            .releases
            .iter()
            .filter_map(|one| {
                let spread = one.picture.spreads.iter().find(|s| s.aspect == aspect)?;
                spread.is_shown().then(|| (name(one), spread))
            })
            .take(DRAWN)
            .collect();
        course.reverse();
        course
    }

    /// A column for each release, of the shares of the steps; the table below says the same.
    fn drawing(&self, aspect: &str) -> Html {
        let course = self.course(aspect);
        let (wide, high) = (44, 96);
        let width = course.len() * wide;
        let mut columns = String::new();
        for (at, (_, spread)) in course.iter().enumerate() {
            let people = spread.people().max(1);
            let mut y = 0.0;
            for step in (0..5).rev() {
                let height = f64::from(spread.n[step]) / f64::from(people) * f64::from(high);
                if height > 0.0 {
                    let (x, class) = (at * wide + 4, step + 1);
                    columns.push_str(&format!(
                        r#"<rect class="step-{class}" x="{x}" y="{y:.1}" width="36" height="{height:.1}"/>"#
                    ));
                }
                y += height;
            }
        }
        Html(format!(
            r#"<svg class="course" viewBox="0 0 {width} {high}" width="{width}" height="{high}" aria-hidden="true" focusable="false">{columns}</svg>"#
        ))
    }

    fn excerpt(&self, helped: &Helped) -> String {
        markdown::excerpt(&helped.body_html, 240)
    }

    fn address(&self, one: &OfRelease) -> String {
        let version = segment(&one.version);
        format!("/projects/{}/releases/{version}", self.project.slug)
    }

    fn has_course(&self) -> bool {
        self.aspects.iter().any(|one| !self.course(one).is_empty())
    }
}

fn name(one: &OfRelease) -> String {
    match one.release {
        Some(_) => one.version.clone(),
        None => "before the first release".into(),
    }
}

/// The project with its feedback, for its makers.
fn load(
    db: &mut Db,
    slug: &str,
    user: &User,
    settings: &Settings,
) -> Result<(Project, Vec<String>, Picture, Vec<OfRelease>), Error> {
    let (project, standing) = visible(db, slug, Some(user))?;
    if !standing.on_team {
        return Err(Error::Forbidden(
            "Only the makers of a project read all its feedback.".into(),
        ));
    }
    let aspects = rating::chosen(db, project.id, &rating::offered(settings))?;
    let now = picture::of_project(db, project.id, &aspects)?;
    let releases = feedback::by_release(db, project.id, &aspects)?;
    Ok((project, aspects, now, releases))
}

pub async fn show(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    slug: web::Path<String>,
) -> Result<HttpResponse, Error> {
    let (slug, user, settings) = (slug.into_inner(), member.user().clone(), app.settings());
    let (project, aspects, now, releases) = app
        .read(move |db| load(db, &slug, &user, &settings))
        .await?;
    page(&FeedbackPage {
        layout: Layout::new(&req),
        project,
        aspects,
        now,
        releases,
    })
}

// ---- To take along ----

#[derive(Serialize)]
struct Export {
    project: String,
    releases: Vec<ExportedRelease>,
    /// Each published report, the oldest first.
    failures: Vec<Line>,
}

#[derive(Serialize)]
struct ExportedRelease {
    release: Option<String>,
    released_at: Option<String>,
    people: i32,
    /// Empty where fewer rated than it takes to be told.
    ratings: Vec<ExportedSpread>,
    answers: Vec<ExportedAnswers>,
    helped: Vec<ExportedComment>,
}

#[derive(Serialize)]
struct ExportedSpread {
    aspect: String,
    /// How many chose each step, from the lowest to the highest.
    steps: [i32; 5],
}

#[derive(Serialize)]
struct ExportedAnswers {
    question: String,
    answers: Vec<String>,
}

#[derive(Serialize)]
struct ExportedComment {
    url: String,
    by: String,
    at: String,
    text: String,
}

impl ExportedRelease {
    fn of(one: &OfRelease, url: &str) -> ExportedRelease {
        let spreads = one
            .picture
            .spreads
            .iter()
            .filter(|spread| spread.is_shown());
        ExportedRelease {
            release: one.release.map(|_| one.version.clone()),
            released_at: one.released_at.as_ref().map(rfc3339),
            people: one.picture.people,
            ratings: spreads
                .map(|spread| ExportedSpread {
                    aspect: spread.aspect.clone(),
                    steps: spread.n,
                })
                .collect(),
            answers: one
                .answers
                .iter()
                .map(|(question, answers)| ExportedAnswers {
                    question: question.clone(),
                    answers: answers.clone(),
                })
                .collect(),
            helped: one
                .helped
                .iter()
                .map(|helped| ExportedComment {
                    url: format!("{url}/comments/{}", helped.id),
                    by: helped.username.clone(),
                    at: rfc3339(&helped.created_at),
                    text: markdown::excerpt(&helped.body_html, 20_000),
                })
                .collect(),
        }
    }

    /// One line a figure, an answer or a comment.
    fn lines(&self) -> Vec<[String; 5]> {
        let release = self.release.clone().unwrap_or_default();
        let line = |what: &str, about: &str, said: &str, n: String| {
            let about = about.to_owned();
            [what.to_owned(), release.clone(), about, said.to_owned(), n]
        };
        let mut lines = vec![line("people", "", "", self.people.to_string())];
        for spread in &self.ratings {
            for (word, n) in STEPS.iter().zip(spread.steps) {
                lines.push(line("rating", &spread.aspect, word, n.to_string()));
            }
        }
        for asked in &self.answers {
            for answer in &asked.answers {
                lines.push(line("answer", &asked.question, answer, String::new()));
            }
        }
        for comment in &self.helped {
            lines.push(line("helped", &comment.url, &comment.text, String::new()));
        }
        lines
    }
}

fn all_failures(db: &mut Db, project: ItemId) -> QueryResult<Vec<Line>> {
    const AT_ONCE: i64 = 500;
    let (mut all, mut next) = group::lines(db, project, ItemId(0), AT_ONCE)?;
    while let Some(after) = next {
        let (more, then) = group::lines(db, project, after, AT_ONCE)?;
        all.extend(more);
        next = then;
    }
    Ok(all)
}

/// `/projects/{slug}/feedback.csv` and `.json`
pub async fn export(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Error> {
    let ((slug, format), user) = (path.into_inner(), member.user().clone());
    let (settings, url) = (app.settings(), Layout::new(&req).url);
    let (project, releases, failures) = app
        .read(move |db| -> Result<_, Error> {
            let (project, _, _, releases) = load(db, &slug, &user, &settings)?;
            let failures = all_failures(db, project.id)?;
            Ok((project, releases, failures))
        })
        .await?;
    let all = Export {
        project: project.title.clone(),
        releases: releases
            .iter()
            .map(|one| ExportedRelease::of(one, &url))
            .collect(),
        failures,
    };
    let (kind, body) = match format.as_str() {
        "json" => {
            let json = serde_json::to_string_pretty(&all)
                .map_err(|error| Error::internal(error.into()))?;
            ("application/json", json)
        }
        _ => {
            let mut csv = String::from("what,release,about,said,people\r\n");
            for line in all.releases.iter().flat_map(ExportedRelease::lines) {
                csv.push_str(&line.map(|field| cell(&field)).join(","));
                csv.push_str("\r\n");
            }
            for one in &all.failures {
                let release = one.release.clone().unwrap_or_default();
                let about = format!("failure {}, {}", one.failure, one.state);
                let said = [&one.words, &one.headline]
                    .map(|part| part.trim())
                    .join(" ");
                let line = [
                    "failure".into(),
                    release,
                    about,
                    said.trim().into(),
                    one.people.to_string(),
                ];
                csv.push_str(&line.map(|field: String| cell(&field)).join(","));
                csv.push_str("\r\n");
            }
            ("text/csv; charset=utf-8", csv)
        }
    };
    let file = format!(
        "attachment; filename=\"{}-feedback.{format}\"",
        project.slug
    );
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, kind))
        .insert_header((CONTENT_DISPOSITION, file))
        .body(body))
}
