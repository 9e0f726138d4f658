//! All feedback of a project on one page, for its makers: `/projects/{slug}/feedback`, and to take along
//! as `.csv` and `.json`, which are written piece by piece.

use crate::app::App;
use crate::error::Error;
use crate::layout::{Html, Layout, page, rfc3339, segment};
use crate::moderation::log_export::cell;
use crate::pages::projects::visible;
use crate::pages::ratings;
use crate::session::Member;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use futures_util::stream;
use potluck_models::Db;
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

    fn address(&self, version: &str) -> String {
        let version = segment(version);
        format!("/projects/{}/releases/{version}", self.project.slug)
    }

    fn has_course(&self) -> bool {
        self.aspects.iter().any(|one| !self.course(one).is_empty())
    }
}

fn name(one: &OfRelease) -> String {
    match (&one.version, one.release) {
        (Some(version), _) => version.clone(),
        // Deleted: it has neither name nor page.
        (None, Some(_)) => "an earlier release".into(),
        (None, None) => "before the first release".into(),
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
            release: one.release.map(|_| name(one)),
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

#[derive(Clone, Copy)]
enum Format {
    Csv,
    Json,
}

/// What comes first of a JSON document: all but the reports of failures, whose list stays open.
fn json_head(project: &str, releases: &[ExportedRelease]) -> serde_json::Result<String> {
    let (project, releases) = (
        serde_json::to_string(project)?,
        serde_json::to_string_pretty(releases)?,
    );
    Ok(format!(
        "{{\n\"project\": {project},\n\"releases\": {releases},\n\"failures\": ["
    ))
}

fn csv_head(releases: &[ExportedRelease]) -> String {
    let mut csv = String::from("what,release,about,said,people\r\n");
    for line in releases.iter().flat_map(ExportedRelease::lines) {
        push_line(&mut csv, &line);
    }
    csv
}

fn push_line(csv: &mut String, line: &[String; 5]) {
    csv.push_str(&line.each_ref().map(|field| cell(field)).join(","));
    csv.push_str("\r\n");
}

/// How far a download came. The reports of failures are read as they are written: with their traces
/// they may be thousands of 64 KB.
struct Export {
    app: web::Data<App>,
    project: ItemId,
    format: Format,
    /// What is still to be written of what comes before the reports.
    head: String,
    /// The last report that was written; None: there are no more.
    after: Option<ItemId>,
    /// One was written.
    begun: bool,
}

impl Export {
    /// The next piece, never an empty one; None at the end.
    async fn next(mut self) -> Result<Option<(Bytes, Export)>, Error> {
        let mut out = std::mem::take(&mut self.head);
        while out.len() < 32_000
            && let Some(after) = self.after
        {
            let (project, format) = (self.project, self.format);
            let (lines, next) = self
                .app
                .read(move |db: &mut Db| match format {
                    Format::Csv => group::lines(db, project, after, 500, false),
                    Format::Json => group::lines(db, project, after, 20, true),
                })
                .await?;
            for line in &lines {
                self.write(line, &mut out)?;
            }
            if next.is_none() && matches!(format, Format::Json) {
                out.push_str("\n]\n}\n");
            }
            self.after = next;
        }
        if out.is_empty() {
            return Ok(None);
        }
        Ok(Some((Bytes::from(out), self)))
    }

    fn write(&mut self, one: &Line, out: &mut String) -> Result<(), Error> {
        match self.format {
            Format::Json => {
                out.push_str(if self.begun { ",\n" } else { "\n" });
                let line = serde_json::to_string(one);
                out.push_str(&line.map_err(|error| Error::internal(error.into()))?);
            }
            Format::Csv => {
                let release = one.release.clone().unwrap_or_default();
                let about = format!("failure {}, {}", one.failure, one.state);
                let said = [&one.words, &one.headline]
                    .map(|part| part.trim())
                    .join(" ");
                let (said, people) = (said.trim().to_owned(), one.people.to_string());
                push_line(out, &["failure".into(), release, about, said, people]);
            }
        }
        self.begun = true;
        Ok(())
    }
}

/// `/projects/{slug}/feedback.csv` and `.json`
pub async fn export(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Error> {
    let ((slug, ending), user) = (path.into_inner(), member.user().clone());
    let (settings, url) = (app.settings(), Layout::new(&req).url);
    let (project, releases) = app
        .read(move |db| -> Result<_, Error> {
            let (project, _, _, releases) = load(db, &slug, &user, &settings)?;
            Ok((project, releases))
        })
        .await?;
    let releases: Vec<ExportedRelease> = releases
        .iter()
        .map(|one| ExportedRelease::of(one, &url))
        .collect();
    let (format, kind, head) = match ending.as_str() {
        "json" => {
            let head = json_head(&project.title, &releases);
            let head = head.map_err(|error| Error::internal(error.into()))?;
            (Format::Json, "application/json", head)
        }
        _ => {
            let head = csv_head(&releases);
            (Format::Csv, "text/csv; charset=utf-8", head)
        }
    };
    let file = format!(
        "attachment; filename=\"{}-feedback.{ending}\"",
        project.slug
    );
    let export = Export {
        app,
        project: project.id,
        format,
        head,
        after: Some(ItemId(0)),
        begun: false,
    };
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, kind))
        .insert_header((CONTENT_DISPOSITION, file))
        .streaming(stream::try_unfold(export, Export::next)))
}
