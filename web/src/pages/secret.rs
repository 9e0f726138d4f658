//! Projects that are in no list: the page with their secret link, and how pages behind such a link keep
//! it to themselves.

use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, see_other};
use crate::layout::{Layout, page};
use crate::pages::projects::own;
use crate::session::Member;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use potluck_models::item::State;
use potluck_models::project::Project;
use potluck_models::unlisted;

/// What the links of a page behind a secret link end with.
pub fn query(project: &Project, key: &str) -> String {
    if project.opens_with(key) {
        format!("?key={key}")
    } else {
        String::new()
    }
}

/// No search engine keeps a page of an unlisted project, no other site learns its address from a
/// reader's browser, and no cache holds it when the link has ended.
pub fn quietly(mut response: HttpResponse, project: &Project) -> HttpResponse {
    if project.state == State::Unlisted {
        let headers = response.headers_mut();
        headers.insert(
            HeaderName::from_static("x-robots-tag"),
            HeaderValue::from_static("noindex, nofollow"),
        );
        headers.insert(
            header::REFERRER_POLICY,
            HeaderValue::from_static("no-referrer"),
        );
        headers.insert(
            header::CACHE_CONTROL,
            HeaderValue::from_static("private, no-store"),
        );
    }
    response
}

#[derive(Template)]
#[template(path = "projects/secret.html")]
struct SecretPage {
    layout: Layout,
    project: Project,
}

impl SecretPage {
    fn link(&self) -> Option<String> {
        let key = self.project.secret.as_ref()?;
        Some(format!(
            "{}/projects/{}?key={key}",
            self.layout.url, self.project.slug
        ))
    }
}

/// `/projects/{slug}/link`
pub async fn show(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    slug: web::Path<String>,
) -> Result<HttpResponse, Error> {
    let (slug, user) = (slug.into_inner(), member.user().clone());
    let layout = Layout::new(&req);
    let (project, _) = app.read(move |db| own(db, &slug, &user)).await?;
    let response = page(&SecretPage {
        layout,
        project: project.clone(),
    })?;
    Ok(quietly(response, &project))
}

/// Out of the lists, back into them, or another link.
pub async fn change(
    app: web::Data<App>,
    member: Member,
    slug: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let (slug, user) = (slug.into_inner(), member.user().clone());
    let act = form.get("act").to_owned();
    let to = app
        .write(move |db| -> Result<String, Error> {
            let (project, _) = own(db, &slug, &user)?;
            let shown = matches!(project.state, State::Published | State::Unlisted);
            let said = match act.as_str() {
                "unlist" if shown => {
                    unlisted::switch(db, &user, &project, true)?;
                    "unlisted"
                }
                "list" if shown => {
                    unlisted::switch(db, &user, &project, false)?;
                    "listed"
                }
                "new" if project.secret.is_some() => {
                    unlisted::make_new_link(db, &user, &project)?;
                    "new-link"
                }
                _ => return Err(Error::BadRequest("Choose what to do with it.")),
            };
            Ok(format!("/projects/{}/link?said={said}", project.slug))
        })
        .await?;
    Ok(see_other(to))
}
