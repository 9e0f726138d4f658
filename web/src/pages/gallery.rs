//! The pictures of a project, for its makers: which, in which order, and what is said of each. Several
//! are taken at once; one that fails leaves the others. What is said is text and takes the intake.

use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, Upload, see_other};
use crate::layout::{self, Html, Layout, page, page_with};
use crate::pages::project_form::MAX_ALT;
use crate::pages::projects::own;
use crate::picture::{self, Sizes};
use crate::session::{self, Member};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::Duration;
use potluck_models::account::User;
use potluck_models::db::{PictureId, now};
use potluck_models::gallery::{self, MAX_CAPTION, MOST, Shot, Words};
use potluck_models::gate;
use potluck_models::intake::limits;
use potluck_models::item::{Item, Revision, State};
use potluck_models::line::one_line;
use potluck_models::picture::Picture;
use potluck_models::project::{FieldError, Intent, Project};
use potluck_models::{Db, QueryResult};

/// A field of the picture in each place of the form.
const ALT: [&str; MOST] = [
    "alt-1", "alt-2", "alt-3", "alt-4", "alt-5", "alt-6", "alt-7", "alt-8", "alt-9", "alt-10",
    "alt-11", "alt-12",
];
const CAPTION: [&str; MOST] = [
    "caption-1",
    "caption-2",
    "caption-3",
    "caption-4",
    "caption-5",
    "caption-6",
    "caption-7",
    "caption-8",
    "caption-9",
    "caption-10",
    "caption-11",
    "caption-12",
];

/// A picture as its fields have it.
struct Row {
    shot: Shot,
    alt: String,
    caption: String,
    place: String,
    remove: bool,
}

#[derive(Template)]
#[template(path = "projects/pictures.html")]
struct GalleryPage {
    layout: Layout,
    errors: Vec<FieldError>,
    project: Project,
    rows: Vec<Row>,
    seen: String,
    /// Why it comes again, beside faults of its fields.
    word: &'static str,
    /// Words wait for a moderator.
    waits: bool,
}

impl GalleryPage {
    fn fault(&self, field: &str) -> Html {
        layout::fault(&self.errors, field)
    }

    fn described(&self, field: &str, has_hint: bool) -> Html {
        layout::described(&self.errors, field, has_hint)
    }

    fn alt(&self, number: &usize) -> &'static str {
        ALT[(number - 1).min(MOST - 1)]
    }

    fn caption(&self, number: &usize) -> &'static str {
        CAPTION[(number - 1).min(MOST - 1)]
    }

    fn room(&self) -> usize {
        MOST.saturating_sub(self.rows.len())
    }
}

/// What an editor of the pictures sees, in a word.
fn seen(db: &mut Db, project: &Project, shots: &[Shot]) -> QueryResult<String> {
    let number = Revision::newest(db, project.id)?.number;
    let ids: Vec<String> = shots
        .iter()
        .map(|shot| shot.picture.id.to_string())
        .collect();
    Ok(format!("{number}-{}", ids.join("+")))
}

/// The page with what is stored, or with what stands in the fields of a form that came.
fn load(
    db: &mut Db,
    slug: &str,
    user: &User,
    layout: Layout,
    typed: Option<&Form>,
) -> Result<GalleryPage, Error> {
    let (project, _) = own(db, slug, user)?;
    let shots = gallery::of(db, &project)?;
    let fields = project.fields_for_editing(db)?;
    let seen = seen(db, &project, &shots)?;
    let rows = shots
        .into_iter()
        .enumerate()
        .map(|(at, shot)| {
            let id = shot.picture.id;
            // By its number: another maker may have moved it meanwhile.
            let sent = typed.and_then(|form| {
                let place = form.all("shot").position(|sent| sent == id.to_string())?;
                Some((form, ALT.get(place)?, CAPTION.get(place)?, place))
            });
            let (alt, caption) = fields.words_of(id, project.picture_id == Some(id));
            match sent {
                Some((form, alt, caption, place)) => Row {
                    alt: form.get(alt).to_owned(),
                    caption: form.get(caption).to_owned(),
                    place: form.all("place").nth(place).unwrap_or("").to_owned(),
                    remove: form.all("remove").any(|sent| sent == id.to_string()),
                    shot,
                },
                None => Row {
                    alt: alt.to_owned(),
                    caption: caption.to_owned(),
                    place: (at + 1).to_string(),
                    remove: false,
                    shot,
                },
            }
        })
        .collect();
    let waits = Item::find(db, project.id)?.has_waiting_edit();
    Ok(GalleryPage {
        layout,
        errors: Vec::new(),
        project,
        rows,
        seen,
        word: "",
        waits,
    })
}

pub async fn form(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    slug: web::Path<String>,
) -> Result<HttpResponse, Error> {
    let (slug, user, layout) = (slug.into_inner(), member.user().clone(), Layout::new(&req));
    let shown = app
        .read(move |db| load(db, &slug, &user, layout, None))
        .await?;
    page(&shown)
}

/// What a form says of the pictures that are there.
struct Typed {
    words: Vec<Words>,
    /// All that stay, the cover first.
    order: Vec<PictureId>,
    faults: Vec<FieldError>,
}

impl Typed {
    fn read(form: &Form) -> Typed {
        let (mut words, mut places, mut faults) = (Vec::new(), Vec::new(), Vec::new());
        let removed: Vec<&str> = form.all("remove").collect();
        let to_cover = form.get("cover");
        for (at, id) in form.all("shot").enumerate().take(MOST) {
            let Ok(picture) = id.parse::<PictureId>() else {
                continue;
            };
            if removed.contains(&id) {
                continue;
            }
            for (field, most) in [(ALT[at], MAX_ALT), (CAPTION[at], MAX_CAPTION)] {
                let length = form.get(field).chars().count();
                if length > most {
                    faults.push(FieldError {
                        field,
                        message: format!("At most {most} characters; these are {length}."),
                    });
                }
            }
            words.push(Words {
                picture,
                alt: one_line(form.get(ALT[at])),
                caption: one_line(form.get(CAPTION[at])),
            });
            let before = at + 1;
            let place = form
                .all("place")
                .nth(at)
                .and_then(|place| place.trim().parse().ok());
            let place: usize = if id == to_cover {
                0
            } else {
                place.unwrap_or(before)
            };
            // What moves up comes before who has this place, what moves down behind.
            let side = match place.cmp(&before) {
                std::cmp::Ordering::Less => 0,
                std::cmp::Ordering::Equal => 1,
                std::cmp::Ordering::Greater => 2,
            };
            places.push((place, side, before, picture));
        }
        places.sort_unstable();
        Typed {
            words,
            order: places.into_iter().map(|(.., picture)| picture).collect(),
            faults,
        }
    }
}

/// Decodes and stores what came, one after the other; and says of each that failed what is wrong.
async fn take(
    app: &App,
    user: &User,
    uploads: Vec<Upload>,
    room: usize,
) -> Result<(Vec<Sizes>, Vec<FieldError>), Error> {
    let (mut taken, mut faults) = (Vec::new(), Vec::new());
    let mut left_out = 0;
    for upload in uploads {
        let fault = |message: String| FieldError {
            field: "shots",
            message: format!("“{}”: {message}", upload.name),
        };
        if taken.len() >= room {
            left_out += 1;
            continue;
        }
        let Some(bytes) = upload.bytes else {
            faults.push(fault("a picture may have 10 MB.".into()));
            continue;
        };
        if !app.config.limits_off {
            let bucket = format!("picture:{}", user.id);
            let counted = app
                .write(move |db| limits::count(db, &bucket, 60, Duration::hours(1)))
                .await?;
            if let Err(limited) = counted {
                faults.push(fault(limited.sentence()));
                continue;
            }
        }
        match picture::take(app, bytes).await? {
            Ok(sizes) => taken.push(sizes),
            Err(error) => faults.push(fault(error.to_string())),
        }
    }
    if left_out > 0 {
        faults.push(FieldError {
            field: "shots",
            message: format!(
                "A project has at most {MOST} pictures; {left_out} of those you chose found no place."
            ),
        });
    }
    let folder = app.config.uploads.clone();
    let stored = web::block(move || {
        for (at, sizes) in taken.iter().enumerate() {
            if let Err(error) = sizes.store(&folder) {
                for sizes in &taken[..at] {
                    picture::remove(&folder, &sizes.key, sizes.extension);
                }
                return Err(error);
            }
        }
        Ok(taken)
    })
    .await
    .map_err(|error| Error::internal(error.into()))?;
    let taken = stored.map_err(|error| {
        Error::internal(anyhow::Error::new(error).context("cannot store a picture"))
    })?;
    Ok((taken, faults))
}

/// What became of it.
enum Saved {
    Done {
        slug: String,
        waits: bool,
        gone: Vec<Picture>,
    },
    Conflict,
}

pub async fn save(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    slug: web::Path<String>,
    mut form: Form,
) -> Result<HttpResponse, Error> {
    let (slug, user) = (slug.into_inner(), member.user().clone());
    let (asked, maker) = (slug.clone(), user.clone());
    let shown = app
        .read(move |db| -> Result<usize, Error> {
            let (project, _) = own(db, &asked, &maker)?;
            Ok(gallery::of(db, &project)?.len())
        })
        .await?;
    let uploads = std::mem::take(&mut form.shots);
    let typed = Typed::read(&form);
    if !typed.faults.is_empty() {
        let (layout, asked) = (Layout::new(&req), slug.clone());
        let again = app
            .read(move |db| -> Result<GalleryPage, Error> {
                let mut again = load(db, &asked, &user, layout, Some(&form))?;
                form.get("seen").clone_into(&mut again.seen);
                again.errors = typed.faults;
                if !uploads.is_empty() {
                    again.word =
                        "Please choose your new pictures once more: browsers do not keep them.";
                }
                Ok(again)
            })
            .await?;
        return page_with(StatusCode::UNPROCESSABLE_ENTITY, &again);
    }
    if !uploads.is_empty() {
        gate::may_post(&user, now()).map_err(Error::Refused)?;
    }
    // Without its rows the form only brings new pictures.
    let stay = match form.has("shot") {
        true => typed.order.len(),
        false => shown,
    };
    let room = MOST.saturating_sub(stay);
    let (taken, faults) = take(&app, &user, uploads, room).await?;
    let new: Vec<(String, &'static str, (u32, u32))> = taken
        .iter()
        .map(|sizes| {
            (
                sizes.key.clone(),
                sizes.extension,
                (sizes.width, sizes.height),
            )
        })
        .collect();
    let (intake, network) = (
        app.intake(session::caller(&app, &req)),
        session::network(&app, &req),
    );
    let (asked, maker, given) = (slug.clone(), user.clone(), form.get("seen").to_owned());
    let (words, mut order, has_rows) = (typed.words, typed.order, form.has("shot"));
    let saved = app
        .write(move |db| -> Result<Saved, Error> {
            let (project, _) = own(db, &asked, &maker)?;
            let before = gallery::of(db, &project)?;
            if !given.is_empty() && seen(db, &project, &before)? != given {
                return Ok(Saved::Conflict);
            }
            let known: Vec<PictureId> = before.iter().map(|shot| shot.picture.id).collect();
            if has_rows {
                // Only this project's, and each once.
                let mut met = Vec::new();
                order.retain(|id| {
                    known.contains(id) && !met.contains(id) && {
                        met.push(*id);
                        true
                    }
                });
            } else {
                order.clone_from(&known);
            }
            for (key, extension, size) in &new {
                if order.len() < MOST {
                    order.push(Picture::create(db, maker.id, key, extension, *size, "")?);
                }
            }
            let stored = project.fields_for_editing(db)?;
            let mut fields = stored.clone();
            let said = |picture: PictureId| match words.iter().find(|w| w.picture == picture) {
                Some(words) => (words.alt.clone(), words.caption.clone()),
                None => {
                    let is_cover = project.picture_id == Some(picture);
                    let (alt, caption) = stored.words_of(picture, is_cover);
                    (alt.to_owned(), caption.to_owned())
                }
            };
            let all: Vec<Words> = order
                .iter()
                .map(|picture| {
                    let (alt, caption) = said(*picture);
                    Words {
                        picture: *picture,
                        alt,
                        caption,
                    }
                })
                .collect();
            fields.picture_alt = all.first().map_or(String::new(), |words| words.alt.clone());
            // Where only the cover has words they stand where they always did: a new picture without
            // any is no new text.
            let said_as_ever = all
                .iter()
                .enumerate()
                .all(|(at, words)| words.caption.is_empty() && (at == 0 || words.alt.is_empty()));
            if !said_as_ever || !stored.shots.is_empty() {
                fields.set_shots(all);
            }
            // The item before its project, in the order in which a verdict takes them.
            potluck_models::db::dialect::lock_item(db, project.id)?;
            // Also for new words: the cover may have no row yet that could hold its caption.
            if order != known || fields.shots != stored.shots {
                gallery::arrange(db, &project, &order)?;
            }
            let gone: Vec<Picture> = before
                .into_iter()
                .map(|shot| shot.picture)
                .filter(|picture| !order.contains(&picture.id))
                .collect();
            for picture in &gone {
                picture.delete(db)?;
            }
            let project = Project::find(db, project.id)?;
            let mut waits = false;
            if fields != stored {
                let intent = match project.state {
                    State::Draft => Intent::Draft,
                    _ => Intent::Publish,
                };
                let context = intake.context();
                let state = project.edit(db, &context, &maker, &fields, intent, &network)?;
                waits = project.state == State::Published && state != State::Published
                    || project.state == State::Unlisted && state != State::Unlisted;
            }
            Ok(Saved::Done {
                slug: project.slug,
                waits,
                gone,
            })
        })
        .await;
    let forget = |all: &[Sizes]| {
        for sizes in all {
            picture::remove(&app.config.uploads, &sizes.key, sizes.extension);
        }
    };
    match saved {
        Ok(Saved::Done { slug, waits, gone }) => {
            for old in &gone {
                picture::remove(&app.config.uploads, &old.key, &old.extension);
            }
            if faults.is_empty() {
                let word = if waits { "edit-waiting" } else { "saved" };
                return Ok(see_other(format!("/projects/{slug}/pictures?said={word}")));
            }
            let layout = Layout::new(&req);
            let mut again = app
                .read(move |db| load(db, &slug, &user, layout, None))
                .await?;
            again.errors = faults;
            again.word = "What could be taken is saved; what could not is told below.";
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &again)
        }
        Ok(Saved::Conflict) => {
            forget(&taken);
            let layout = Layout::new(&req);
            let mut again = app
                .read(move |db| load(db, &slug, &user, layout, Some(&form)))
                .await?;
            again.word = "Somebody changed this project while you were at it, and nothing of yours is saved yet. Your words stand in the fields: look at them, choose new pictures once more, and save.";
            page_with(StatusCode::CONFLICT, &again)
        }
        Err(error) => {
            forget(&taken);
            Err(error)
        }
    }
}
