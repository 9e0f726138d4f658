//! What a person says of themselves: name, words, links, picture. The text takes the intake; the
//! picture is a setting and changes at once.

use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, see_other};
use crate::layout::{self, Html, Layout, page_with};
use crate::pages::appeals;
use crate::picture;
use crate::session::{self, Member};
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::Duration;
use potluck_models::db::{Db, PictureId};
use potluck_models::elsewhere::Site;
use potluck_models::gate;
use potluck_models::gravatar;
use potluck_models::intake::limits;
use potluck_models::item::{Item, State};
use potluck_models::picture::Picture;
use potluck_models::profile::{self, Fields, Profile, SaveError};
use potluck_models::project::FieldError;
use potluck_models::{markdown, now, proof};

/// A sentence of the gate or of a limit, and the way in.
type Refused = Option<(String, Option<(&'static str, &'static str)>)>;

#[derive(Template)]
#[template(path = "accounts/profile.html")]
struct ProfilePage {
    layout: Layout,
    errors: Vec<FieldError>,
    username: String,
    display_name: String,
    bio: String,
    links: Vec<(Site, String)>,
    /// Of those that readers see: whether the page there links back.
    proofs: Vec<proof::Link>,
    /// What the text on this page is to readers.
    standing: Option<&'static str>,
    appeal: Option<appeals::Note>,
    has_picture: bool,
    /// The picture that readers see came from Gravatar.
    from_gravatar: bool,
    avatar: Option<String>,
    preview: Option<Html>,
    refused: Refused,
}

impl ProfilePage {
    fn fault(&self, field: &str) -> Html {
        layout::fault(&self.errors, field)
    }

    fn described(&self, field: &str, has_hint: bool) -> Html {
        layout::described(&self.errors, field, has_hint)
    }

    /// What was found at a link, as it is stored.
    fn proof(&self, url: &str) -> Option<&proof::Link> {
        self.proofs.iter().find(|link| link.url == url)
    }

    fn name(&self) -> &str {
        match self.display_name.trim() {
            "" => &self.username,
            name => name,
        }
    }
}

/// Spam looks held to its author.
fn standing(item: &Item) -> Option<&'static str> {
    match item.state {
        State::Published if item.queue.is_some() => {
            Some("This waits for a moderator. Until then readers see what they saw before.")
        }
        State::Held | State::Spam => {
            Some("This waits for a moderator. Only you see it until then.")
        }
        State::Removed => Some(
            "A moderator removed this. Readers see your user name alone. You can write it anew; a moderator looks at that first.",
        ),
        _ => None,
    }
}

/// The page with what is stored, for what a form brought to be laid over.
async fn stored(req: &HttpRequest, app: &App, member: &Member) -> Result<ProfilePage, Error> {
    let user = member.user().clone();
    let refusal = gate::may_post(&user, now()).err();
    let person = user.clone();
    let (own, has_picture, appeal, proofs, from_gravatar) = app
        .read(move |db: &mut Db| -> Result<_, Error> {
            let own = profile::own(db, person.id)?;
            let profile = Profile::of(db, person.id)?;
            let mut appeal = None;
            if let Some((item, _)) = &own {
                let mut notes = appeals::Note::of(db, std::slice::from_ref(item))?;
                appeal = notes.remove(&item.id);
            }
            let has_picture = profile.is_some_and(|p| p.picture_id.is_some());
            let from_gravatar = gravatar::is_shown(db, person.id)?;
            Ok((
                own,
                has_picture,
                appeal,
                proof::of(db, person.id)?,
                from_gravatar,
            ))
        })
        .await?;
    let standing = own.as_ref().and_then(|(item, _)| standing(item));
    let fields = match own {
        Some((_, fields)) => fields,
        None => Fields {
            display_name: user.display_name,
            bio: user.bio,
            links: Vec::new(),
        },
    };
    let typed = |site: &Site| fields.link(*site).map(|link| link.url.clone());
    Ok(ProfilePage {
        layout: Layout::new(req),
        errors: Vec::new(),
        username: user.username,
        links: Site::ALL
            .iter()
            .map(|site| (*site, typed(site).unwrap_or_default()))
            .collect(),
        proofs,
        display_name: fields.display_name,
        bio: fields.bio,
        standing,
        appeal,
        has_picture,
        from_gravatar,
        avatar: user.avatar,
        preview: None,
        refused: refusal.map(|refusal| (refusal.sentence(), refusal.way_in())),
    })
}

pub async fn form(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
) -> Result<HttpResponse, Error> {
    layout::page(&stored(&req, &app, &member).await?)
}

fn lay_over(page: &mut ProfilePage, form: &Form) {
    page.display_name = form.get("display_name").to_owned();
    page.bio = form.get("bio").to_owned();
    for (site, typed) in &mut page.links {
        *typed = form.get(site.field()).to_owned();
    }
}

pub async fn save(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    form: Form,
) -> Result<HttpResponse, Error> {
    let mut page = stored(&req, &app, &member).await?;
    lay_over(&mut page, &form);
    // What a browser sends as two characters, it counted as one.
    let bio = page.bio.replace("\r\n", "\n");
    if form.has("preview") {
        page.preview = Some(Html(markdown::to_html(bio.trim())));
        return layout::page(&page);
    }
    let links: Vec<(Site, &str)> = page
        .links
        .iter()
        .map(|(site, typed)| (*site, typed.as_str()))
        .collect();
    let fields = match Fields::parse(&page.display_name, &bio, &links) {
        Ok(fields) => fields,
        Err(errors) => {
            page.errors = errors;
            return page_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
        }
    };
    let (user, network) = (member.user().clone(), session::network(&app, &req));
    let intake = app.intake(session::caller(&app, &req));
    let saved = app
        .write(move |db| -> Result<Result<State, FieldError>, Error> {
            match profile::save(db, &intake.context(), &user, &fields, &network) {
                Ok(state) => Ok(Ok(state)),
                Err(SaveError::Invalid(fault)) => Ok(Err(fault)),
                Err(error) => Err(error.into()),
            }
        })
        .await;
    let said = match saved {
        Ok(Ok(State::Published)) => "saved",
        Ok(Ok(State::Deleted)) => "profile-cleared",
        // The same words again: the page says what became of them.
        Ok(Ok(State::Removed)) => "",
        Ok(Ok(_)) => "profile-waiting",
        Ok(Err(fault)) => {
            page.errors = vec![fault];
            return page_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
        }
        Err(error) => return refuse(page, error),
    };
    Ok(see_other(format!("/account/profile?said={said}")))
}

/// The page again with the sentence, what was typed kept.
fn refuse(mut page: ProfilePage, error: Error) -> Result<HttpResponse, Error> {
    let (status, wait) = match error {
        Error::Refused(refusal) => {
            page.refused = Some((refusal.sentence(), refusal.way_in()));
            (StatusCode::FORBIDDEN, None)
        }
        Error::SlowDown(limited) => {
            page.refused = Some((limited.sentence(), None));
            (StatusCode::TOO_MANY_REQUESTS, Some(limited.seconds()))
        }
        other => return Err(other),
    };
    let mut response = page_with(status, &page)?;
    if let Some(seconds) = wait {
        response
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    Ok(response)
}

/// A new picture, or none. A form of its own: browsers forget a chosen file when a page comes again.
pub async fn picture(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    mut form: Form,
) -> Result<HttpResponse, Error> {
    let user = member.user().clone();
    let remove = form.has("remove");
    let bytes = form
        .picture
        .as_mut()
        .map(std::mem::take)
        .unwrap_or_default();
    let invalid = |page: &mut ProfilePage, message: String| {
        page.errors = vec![FieldError {
            field: "picture",
            message,
        }];
        page_with(StatusCode::UNPROCESSABLE_ENTITY, page)
    };
    if !remove && bytes.is_empty() {
        let mut page = stored(&req, &app, &member).await?;
        return invalid(&mut page, "Choose a picture first.".into());
    }
    let mut sizes = None;
    if !remove {
        // Decoding is dear: not for who may not show it, and not without end.
        if let Err(refusal) = gate::may_post(&user, now()) {
            let page = stored(&req, &app, &member).await?;
            return refuse(page, Error::Refused(refusal));
        }
        if !app.config.limits_off {
            let bucket = format!("picture:{}", user.id);
            let counted = app
                .write(move |db| limits::count(db, &bucket, 20, Duration::hours(1)))
                .await?;
            if let Err(limited) = counted {
                let page = stored(&req, &app, &member).await?;
                return refuse(page, Error::SlowDown(limited));
            }
        }
        let taken = match picture::take_face(&app, bytes).await? {
            Ok(taken) => taken,
            Err(fault) => {
                let mut page = stored(&req, &app, &member).await?;
                return invalid(&mut page, fault.to_string());
            }
        };
        let uploads = app.config.uploads.clone();
        let stored = web::block(move || taken.store(&uploads).map(|()| taken)).await;
        let stored = stored.map_err(|error| Error::internal(error.into()))?;
        sizes = Some(stored.map_err(|error| {
            Error::internal(anyhow::Error::new(error).context("cannot store a picture"))
        })?);
    }
    let new = sizes.as_ref().map(|sizes| {
        (
            sizes.key.clone(),
            sizes.extension,
            sizes.width,
            sizes.height,
        )
    });
    let intake = app.intake(session::caller(&app, &req));
    let network = session::network(&app, &req);
    let changed = app
        .write(move |db| -> Result<Option<Picture>, Error> {
            let id: Option<PictureId> = match &new {
                Some((key, extension, width, height)) => {
                    let size = (*width, *height);
                    Some(Picture::create(db, user.id, key, extension, size, "")?)
                }
                None => None,
            };
            // Whoever takes it away wants none from there.
            if id.is_none() && gravatar::is_shown(db, user.id)? {
                return Ok(gravatar::refuse(db, user.id)?);
            }
            Ok(profile::set_picture(
                db,
                &intake.context(),
                &user,
                id,
                &network,
            )?)
        })
        .await;
    match changed {
        Ok(before) => {
            if let Some(before) = before {
                picture::remove(&app.config.uploads, &before.key, &before.extension);
            }
            Ok(see_other("/account/profile?said=saved#picture-title"))
        }
        Err(error) => {
            if let Some(sizes) = &sizes {
                picture::remove(&app.config.uploads, &sizes.key, sizes.extension);
            }
            refuse(stored(&req, &app, &member).await?, error)
        }
    }
}
