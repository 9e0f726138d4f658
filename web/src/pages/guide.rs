//! `/guide`: on giving good criticism. The text of the site's administrators or the one it comes with,
//! comments that show how it is done, and articles that readers suggested.

use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, see_other};
use crate::layout::{Html, Layout, described, fault, page, page_with};
use crate::session::{self, Member};
use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use potluck_models::article::{self, Article, MAX_TITLE, MAX_WHY, Standing, SuggestError};
use potluck_models::db::Db;
use potluck_models::good_review::{self, Pick};
use potluck_models::project::FieldError;
use potluck_models::{QueryResult, markdown};

/// Reviews of the page: enough to learn from, few enough to read.
const REVIEWS: i64 = 6;
const ARTICLES: i64 = 50;
/// Longer ones are read where they stand.
const WHOLE: usize = 2_400;
/// Own suggestions of a page.
const OWN: i64 = 30;

#[derive(Template)]
#[template(path = "site/guide.html")]
struct GuidePage {
    layout: Layout,
    reviews: Vec<Pick>,
    articles: Vec<Article>,
}

impl GuidePage {
    fn html(&self) -> Html {
        Html(self.layout.settings.texts.guide.html.clone())
    }

    fn parts(&self) -> &[(String, String)] {
        &self.layout.settings.texts.guide.parts
    }

    fn excerpt(&self) -> &str {
        &self.layout.settings.texts.guide.excerpt
    }

    fn is_whole(&self, review: &Pick) -> bool {
        review.body_html.len() <= WHOLE
    }

    fn body(&self, review: &Pick) -> Html {
        Html(review.body_html.clone())
    }

    fn beginning(&self, review: &Pick) -> String {
        markdown::excerpt(&review.body_html, 700)
    }
}

pub async fn show(req: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, Error> {
    let reader = session::reader(&req);
    let (reviews, articles) = app
        .read(move |db: &mut Db| -> QueryResult<_> {
            Ok((
                good_review::shown(db, reader, REVIEWS)?,
                Article::all(db, Standing::Accepted, ARTICLES)?,
            ))
        })
        .await?;
    page(&GuidePage {
        layout: Layout::new(&req),
        reviews,
        articles,
    })
}

#[derive(Template)]
#[template(path = "site/suggest.html")]
struct SuggestPage {
    layout: Layout,
    errors: Vec<FieldError>,
    /// What refuses it as a whole.
    refused: String,
    title: String,
    url: String,
    why: String,
    own: Vec<Article>,
}

impl SuggestPage {
    fn fault(&self, field: &str) -> Html {
        fault(&self.errors, field)
    }

    fn described(&self, field: &str) -> Html {
        described(&self.errors, field, true)
    }

    fn standing(&self, article: &Article) -> &'static str {
        match article.state {
            Standing::Waiting => "waits for a moderator",
            Standing::Accepted => "in the guide",
            Standing::Declined => "not taken",
        }
    }
}

async fn suggest_page(
    req: &HttpRequest,
    app: &App,
    member: &Member,
    form: &Form,
    errors: Vec<FieldError>,
) -> Result<SuggestPage, Error> {
    let me = member.user().id;
    Ok(SuggestPage {
        layout: Layout::new(req),
        errors,
        refused: String::new(),
        title: form.get("title").to_owned(),
        url: form.get("url").to_owned(),
        why: form.get("why").to_owned(),
        own: app
            .read(move |db: &mut Db| Article::by(db, me, OWN))
            .await?,
    })
}

/// `/guide/suggest`
pub async fn suggest_form(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
) -> Result<HttpResponse, Error> {
    page(&suggest_page(&req, &app, &member, &Form::default(), Vec::new()).await?)
}

pub async fn suggest(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    form: Form,
) -> Result<HttpResponse, Error> {
    let fields = match article::Fields::parse(form.get("title"), form.get("url"), form.get("why")) {
        Ok(fields) => fields,
        Err(errors) => {
            let page = suggest_page(&req, &app, &member, &form, errors).await?;
            return page_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
        }
    };
    let (by, limits_off) = (member.user().clone(), app.config.limits_off);
    let taken = app
        .write(move |db: &mut Db| -> Result<_, Error> {
            match article::suggest(db, &by, &fields, limits_off) {
                Err(SuggestError::Database(error)) => Err(error.into()),
                other => Ok(other),
            }
        })
        .await?;
    let fault = match taken {
        Ok(_) => return Ok(see_other("/guide/suggest?said=article-suggested")),
        Err(fault) => fault,
    };
    let mut page = suggest_page(&req, &app, &member, &form, Vec::new()).await?;
    let mut seconds = None;
    let status = match &fault {
        SuggestError::Invalid(error) => {
            page.errors = vec![error.clone()];
            StatusCode::UNPROCESSABLE_ENTITY
        }
        SuggestError::Limited(limited) => {
            seconds = Some(limited.seconds());
            page.refused = limited.sentence();
            StatusCode::TOO_MANY_REQUESTS
        }
        refused => {
            page.refused = refused.to_string();
            StatusCode::FORBIDDEN
        }
    };
    let mut response = page_with(status, &page)?;
    if let Some(seconds) = seconds {
        let headers = response.headers_mut();
        headers.insert(RETRY_AFTER, seconds.into());
    }
    Ok(response)
}
