//! The form of a project's makers: sharing one, and changing it. Text goes through the intake; who may
//! comment, and the picture, are settings and change at once.

use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, see_other};
use crate::layout::{self, Html, Layout, page, page_with};
use crate::pages::projects::{LINK_ORDER, own};
use crate::picture::{self, PictureError, Sizes};
use crate::session::{self, Member, Visitor};
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::Duration;
use potluck_models::account::User;
use potluck_models::db::{UserId, now};
use potluck_models::gallery::{self};
use potluck_models::gate::{self, CommentPolicy, Refusal};
use potluck_models::intake::limits;
use potluck_models::item::{Item, Revision, State};
use potluck_models::line::one_line;
use potluck_models::looking::Role;
use potluck_models::maker::{self, Switches};
use potluck_models::picture::Picture;
use potluck_models::project::{
    self, Choices, FieldError, Fields, Intent, LinkKind, Project, ProjectKind, ShareError,
    link_field,
};
use potluck_models::{Db, QueryResult, looking, markdown, mature, rating, slug};

/// What stands in the form's fields: typed, or read from the project.
struct Typed {
    title: String,
    summary: String,
    description: String,
    kind: String,
    tags: String,
    links: Vec<(LinkKind, String)>,
    comment_policy: String,
    approve_first: bool,
    closed: bool,
    feedback_open: bool,
    /// On what they want to be rated.
    aspects: Vec<String>,
    picture_alt: String,
    picture_remove: bool,
    looking: Vec<Role>,
    mature: bool,
    /// Of a project that is there already; None from who sends the form without this field.
    address: Option<String>,
}

pub const MAX_ALT: usize = 300;

impl Typed {
    fn empty() -> Typed {
        Typed::read(&Form::default())
    }

    fn read(form: &Form) -> Typed {
        let text = |name| form.get(name).to_owned();
        Typed {
            title: text("title"),
            summary: text("summary"),
            description: text("description"),
            kind: text("kind"),
            tags: form.all("tags").collect::<Vec<_>>().join(", "),
            links: LINK_ORDER.map(|kind| (kind, text(link_field(kind)))).into(),
            comment_policy: match form.get("comment_policy") {
                "" => CommentPolicy::Members.as_str().to_owned(),
                chosen => chosen.to_owned(),
            },
            approve_first: form.has("approve_first"),
            closed: form.has("closed"),
            feedback_open: form.has("feedback_open"),
            aspects: form.all("aspect").map(str::to_owned).collect(),
            picture_alt: text("picture_alt"),
            picture_remove: form.has("picture_remove"),
            looking: looking::parse(form.all("looking_for")),
            mature: form.has("mature"),
            address: form.has("address").then(|| text("address")),
        }
    }

    /// `wished`: an address among the fields still waits to be taken.
    fn of(
        project: &Project,
        fields: Fields,
        picture: Option<&Picture>,
        looking: Vec<Role>,
        wished: bool,
    ) -> Typed {
        let link = |kind: LinkKind| {
            let found = fields.links.iter().find(|link| link.kind == kind);
            (kind, found.map_or(String::new(), |link| link.url.clone()))
        };
        Typed {
            links: LINK_ORDER.map(link).into(),
            title: fields.title,
            summary: fields.summary,
            description: fields.description,
            kind: fields.kind.as_str().to_owned(),
            tags: fields.tags.join(", "),
            comment_policy: project.comment_policy.as_str().to_owned(),
            approve_first: project.approve_first,
            closed: project.closed,
            feedback_open: project.feedback_open,
            aspects: Vec::new(),
            picture_alt: match picture {
                Some(picture) if fields.picture_alt.is_empty() => picture.alt.clone(),
                _ => fields.picture_alt,
            },
            picture_remove: false,
            looking,
            mature: project.mature,
            address: Some(match wished {
                true if !fields.address.is_empty() => fields.address,
                _ => project.slug.clone(),
            }),
        }
    }

    /// The text and the settings, or every fault at once.
    fn parse(&self) -> Result<(Fields, Choices), Vec<FieldError>> {
        let links: Vec<(LinkKind, &str)> = self
            .links
            .iter()
            .map(|(kind, url)| (*kind, url.as_str()))
            .collect();
        let parsed = Fields::parse(
            &self.title,
            &self.summary,
            &self.description,
            &self.kind,
            &self.tags,
            &links,
        );
        let mut faults = Vec::new();
        let mut fault = |field, message: String| faults.push(FieldError { field, message });
        let alt = self.picture_alt.chars().count();
        if alt > MAX_ALT {
            fault(
                "picture_alt",
                format!("At most {MAX_ALT} characters; these are {alt}."),
            );
        }
        let policy = self.comment_policy.parse().unwrap_or_else(|_| {
            fault("comment_policy", "Choose who may comment.".into());
            CommentPolicy::Members
        });
        let address = match &self.address {
            Some(typed) => slug::parse(typed).unwrap_or_else(|error| {
                faults.push(error);
                String::new()
            }),
            None => String::new(),
        };
        match parsed {
            Ok(fields) if faults.is_empty() => Ok((
                Fields {
                    picture_alt: one_line(&self.picture_alt),
                    address,
                    ..fields
                },
                Choices {
                    comment_policy: policy,
                    approve_first: self.approve_first,
                    closed: self.closed,
                    picture_id: None,
                },
            )),
            Ok(_) => Err(faults),
            Err(mut first) => {
                first.append(&mut faults);
                Err(first)
            }
        }
    }
}

/// A project whose form is open.
struct Editing {
    slug: String,
    title: String,
    is_draft: bool,
    picture: Option<Picture>,
    /// What the editor saw: compared when it comes back, so that two editors do not
    /// overwrite each other unknowing.
    seen: String,
}

/// Why the form comes again, besides faults of its fields.
enum Word {
    Preview(Html),
    /// The gate's or a limit's sentence, with the way in.
    Refused(String, Option<(&'static str, &'static str)>),
    /// Somebody else saved meanwhile: what stands there now.
    Conflict(Box<Typed>),
}

#[derive(Template)]
#[template(path = "projects/form.html")]
struct FormPage {
    layout: Layout,
    errors: Vec<FieldError>,
    typed: Typed,
    editing: Option<Editing>,
    word: Option<Word>,
    /// A browser forgets a chosen file when a form comes again.
    choose_again: bool,
}

impl FormPage {
    fn fault(&self, field: &str) -> Html {
        layout::fault(&self.errors, field)
    }

    fn described(&self, field: &str, has_hint: bool) -> Html {
        layout::described(&self.errors, field, has_hint)
    }

    fn picture(&self) -> Option<&Picture> {
        self.editing.as_ref()?.picture.as_ref()
    }

    fn heading(&self) -> String {
        match &self.editing {
            Some(editing) => format!("Edit {}", editing.title),
            None => "Share a project".into(),
        }
    }

    fn action(&self) -> String {
        match &self.editing {
            Some(editing) => format!("/projects/{}/edit", editing.slug),
            None => "/projects/new".into(),
        }
    }

    fn is_unshared(&self) -> bool {
        self.editing.as_ref().is_none_or(|editing| editing.is_draft)
    }

    fn policies(&self) -> [(CommentPolicy, &'static str, &'static str); 3] {
        [
            (
                CommentPolicy::Members,
                "Members",
                "Everyone with a confirmed account.",
            ),
            (
                CommentPolicy::Makers,
                "Makers",
                "People who have shared a project of their own.",
            ),
            (
                CommentPolicy::Nobody,
                "Nobody",
                "No comments for now. Earlier ones are hidden, not lost.",
            ),
        ]
    }

    /// What the site offers to be rated on.
    fn aspects(&self) -> Vec<String> {
        rating::offered(&self.layout.settings)
    }

    fn link_name(&self, kind: &LinkKind) -> &'static str {
        link_field(*kind)
    }

    fn link_label(&self, kind: &LinkKind) -> &'static str {
        match kind {
            LinkKind::Play => "Play in the browser",
            LinkKind::Website => "Website",
            LinkKind::Download => "Download",
            LinkKind::Repository => "Source code",
            LinkKind::Video => "Video",
            LinkKind::Funding => "Support its makers",
        }
    }
}

pub async fn new_form(req: HttpRequest, member: Member) -> Result<HttpResponse, Error> {
    // Better told before the typing than after it.
    let word = gate::may_post(member.user(), now())
        .err()
        .map(|refusal| Word::Refused(refusal.sentence(), refusal.way_in()));
    page(&FormPage {
        layout: Layout::new(&req),
        errors: Vec::new(),
        typed: Typed::empty(),
        editing: None,
        word,
        choose_again: false,
    })
}

/// The form again: with faults, a preview or a refusal, and everything typed kept.
fn again(
    req: &HttpRequest,
    status: StatusCode,
    form: &Form,
    editing: Option<Editing>,
    errors: Vec<FieldError>,
    word: Option<Word>,
) -> Result<HttpResponse, Error> {
    page_with(
        status,
        &FormPage {
            layout: Layout::new(req),
            typed: Typed::read(form),
            editing,
            choose_again: form.picture.is_some() && !errors.iter().any(|e| e.field == "picture"),
            errors,
            word,
        },
    )
}

/// An [`Error`] that a form answers itself, so that the text stays where it was typed.
fn refused(
    req: &HttpRequest,
    form: &Form,
    editing: Option<Editing>,
    error: Error,
) -> Result<HttpResponse, Error> {
    let (status, word, wait) = match error {
        Error::Refused(refusal) => (
            StatusCode::FORBIDDEN,
            Word::Refused(refusal.sentence(), refusal.way_in()),
            None,
        ),
        Error::SlowDown(limited) => (
            StatusCode::TOO_MANY_REQUESTS,
            Word::Refused(limited.sentence(), None),
            Some(limited.seconds()),
        ),
        other => return Err(other),
    };
    let mut response = again(req, status, form, editing, Vec::new(), Some(word))?;
    if let Some(seconds) = wait {
        response
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    Ok(response)
}

fn preview(form: &Form) -> Word {
    Word::Preview(Html(markdown::to_html(form.get("description").trim())))
}

/// The picture that came with a form, decoded; or the fault beside its field.
async fn decode_picture(
    app: &App,
    member: UserId,
    form: &mut Form,
) -> Result<Result<Option<Sizes>, PictureError>, Error> {
    // What is left says that there was one: the form may have to ask for it again.
    let Some(bytes) = form.picture.as_mut().map(std::mem::take) else {
        return Ok(Ok(None));
    };
    if !app.config.limits_off {
        let bucket = format!("picture:{member}");
        app.write(move |db| limits::count(db, &bucket, 60, Duration::hours(1)))
            .await?
            .map_err(Error::SlowDown)?;
    }
    Ok(picture::take(app, bytes).await?.map(Some))
}

/// Writes the files of a picture. Not yet named by any row: whoever calls this removes them when
/// the commit fails.
async fn store_picture(app: &App, sizes: Option<Sizes>) -> Result<Option<Sizes>, Error> {
    let Some(sizes) = sizes else {
        return Ok(None);
    };
    let uploads = app.config.uploads.clone();
    web::block(move || sizes.store(&uploads).map(|()| Some(sizes)))
        .await
        .map_err(|error| Error::internal(error.into()))?
        .map_err(|error| {
            Error::internal(anyhow::Error::new(error).context("cannot store a picture"))
        })
}

type Parsed = (Fields, Choices, Option<Sizes>);

/// Text, settings and picture, or every fault of them at once. Of somebody whom the gate does not
/// let through no picture is decoded.
async fn parse_all(
    app: &App,
    user: &User,
    gate: Result<(), Refusal>,
    form: &mut Form,
) -> Result<Result<Parsed, Vec<FieldError>>, Error> {
    let parsed = Typed::read(form).parse();
    let picture = match gate {
        Ok(()) => decode_picture(app, user.id, form).await?,
        Err(refusal) if parsed.is_ok() => return Err(Error::Refused(refusal)),
        Err(_) => Ok(None),
    };
    Ok(match (parsed, picture) {
        (Ok((fields, choices)), Ok(sizes)) => Ok((fields, choices, sizes)),
        (Ok(_), Err(fault)) => Err(vec![picture_fault(&fault)]),
        (Err(errors), Ok(_)) => Err(errors),
        (Err(mut errors), Err(fault)) => {
            errors.push(picture_fault(&fault));
            Err(errors)
        }
    })
}

fn picture_fault(fault: &PictureError) -> FieldError {
    FieldError {
        field: "picture",
        message: fault.to_string(),
    }
}

/// The row of a picture whose files are stored.
struct NewPicture {
    key: String,
    extension: &'static str,
    size: (u32, u32),
}

impl NewPicture {
    fn of(sizes: &Sizes) -> NewPicture {
        NewPicture {
            key: sizes.key.clone(),
            extension: sizes.extension,
            size: (sizes.width, sizes.height),
        }
    }

    /// Without words: they are text, and come with the text that the intake lets through.
    fn create(&self, db: &mut Db, owner: UserId) -> QueryResult<potluck_models::db::PictureId> {
        Picture::create(db, owner, &self.key, self.extension, self.size, "")
    }
}

pub async fn create(
    req: HttpRequest,
    app: web::Data<App>,
    visitor: Visitor,
    mut form: Form,
) -> Result<HttpResponse, Error> {
    let user = visitor.user().cloned().ok_or(Error::SignIn)?;
    if form.has("preview") {
        let word = preview(&form);
        return again(&req, StatusCode::OK, &form, None, Vec::new(), Some(word));
    }
    let gate = gate::may_post(&user, now());
    let (mut fields, mut choices, sizes) = match parse_all(&app, &user, gate, &mut form).await {
        Ok(Ok(parsed)) => parsed,
        Ok(Err(errors)) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            return again(&req, status, &form, None, errors, None);
        }
        Err(error) => return refused(&req, &form, None, error),
    };
    if sizes.is_none() {
        fields.picture_alt.clear();
    }
    let sizes = store_picture(&app, sizes).await?;
    let intent = intent(&form);
    let (intake, network) = (
        app.intake(session::caller(&app, &req)),
        session::network(&app, &req),
    );
    let new_picture = sizes.as_ref().map(NewPicture::of);
    let (looking, is_mature) = (looking::parse(form.all("looking_for")), form.has("mature"));
    let feedback_open = form.has("feedback_open");
    let offered = rating::offered(&app.settings());
    let aspects: Vec<String> = form.all("aspect").map(str::to_owned).collect();
    let shared = app
        .write(move |db| -> Result<Project, ShareError> {
            if let Some(new) = &new_picture {
                choices.picture_id = Some(new.create(db, user.id)?);
            }
            let project = project::share(
                db,
                &intake.context(),
                &user,
                &fields,
                choices,
                intent,
                &network,
            )?;
            looking::choose(db, project.id, &looking)?;
            mature::choose(db, project.id, is_mature)?;
            project.open_feedback(db, feedback_open)?;
            rating::choose(db, project.id, &offered, &aspects)?;
            Ok(project)
        })
        .await;
    match shared {
        Ok(project) => Ok(see_other(format!(
            "/projects/{}?said={}",
            project.slug,
            said(project.state)
        ))),
        Err(error) => {
            forget_files(&app, sizes);
            refused(&req, &form, None, error)
        }
    }
}

/// By the button that was pressed.
fn intent(form: &Form) -> Intent {
    if form.has("draft") {
        Intent::Draft
    } else if form.has("unlisted") {
        Intent::Unlisted
    } else {
        Intent::Publish
    }
}

fn said(state: State) -> &'static str {
    match state {
        State::Published => "published",
        State::Draft => "draft",
        State::Unlisted => "unlisted",
        _ => "waiting",
    }
}

fn forget_files(app: &App, sizes: Option<Sizes>) {
    if let Some(sizes) = sizes {
        picture::remove(&app.config.uploads, &sizes.key, sizes.extension);
    }
}

/// What an editor of a project sees, in a word: the newest text's number and the settings.
fn seen(db: &mut Db, project: &Project) -> QueryResult<String> {
    let revision = Revision::newest(db, project.id)?;
    let picture = project.picture_id.map_or(0, |id| id.0);
    let looking: Vec<&str> = looking::of(db, project.id)?
        .into_iter()
        .map(Role::as_str)
        .collect();
    let looking = looking.join("+");
    let aspects = rating::chosen(db, project.id, &[])?.join("+");
    Ok(format!(
        "{}-{}-{}{}{}{}-{picture}-{looking}-{aspects}",
        revision.number,
        project.comment_policy,
        u8::from(project.approve_first),
        u8::from(project.closed),
        u8::from(project.feedback_open),
        u8::from(project.mature),
    ))
}

/// The open form of a project, and the project as it is stored.
fn open(db: &mut Db, slug: &str, user: &User) -> Result<(Editing, Typed), Error> {
    let (project, _) = own(db, slug, user)?;
    let picture = project.picture(db)?;
    let fields = project.fields_for_editing(db)?;
    let wished = Item::find(db, project.id)?.has_waiting_edit();
    let looking = looking::of(db, project.id)?;
    let mut typed = Typed::of(&project, fields, picture.as_ref(), looking, wished);
    typed.aspects = rating::chosen(db, project.id, &[])?;
    let editing = Editing {
        seen: seen(db, &project)?,
        slug: project.slug,
        title: project.title,
        is_draft: project.state == State::Draft,
        picture,
    };
    Ok((editing, typed))
}

pub async fn edit_form(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    slug: web::Path<String>,
) -> Result<HttpResponse, Error> {
    let (slug, user) = (slug.into_inner(), member.user().clone());
    let (editing, typed) = app.read(move |db| open(db, &slug, &user)).await?;
    page(&FormPage {
        layout: Layout::new(&req),
        errors: Vec::new(),
        typed,
        editing: Some(editing),
        word: None,
        choose_again: false,
    })
}

/// What became of an edit.
enum Edited {
    Saved {
        state: State,
        before: State,
        /// Where it is now.
        slug: String,
        /// A picture that is not shown any more.
        replaced: Option<Picture>,
    },
    Conflict,
    /// Another project is or was at the address.
    Taken,
}

pub async fn update(
    req: HttpRequest,
    app: web::Data<App>,
    visitor: Visitor,
    slug: web::Path<String>,
    mut form: Form,
) -> Result<HttpResponse, Error> {
    let user = visitor.user().cloned().ok_or(Error::SignIn)?;
    let slug = slug.into_inner();
    let (asked, editor) = (slug.clone(), user.clone());
    let (mut editing, stored) = app.read(move |db| open(db, &asked, &editor)).await?;
    let now_seen = std::mem::take(&mut editing.seen);
    // Until it is told, the editor has seen what the form came with.
    let given = form.get("seen").to_owned();
    editing.seen = if given.is_empty() {
        now_seen.clone()
    } else {
        given.clone()
    };
    let conflict = |form: &Form, mut editing: Editing, stored: Typed, seen: String| {
        editing.seen = seen;
        let word = Some(Word::Conflict(Box::new(stored)));
        again(
            &req,
            StatusCode::CONFLICT,
            form,
            Some(editing),
            Vec::new(),
            word,
        )
    };
    if form.has("preview") {
        let word = preview(&form);
        return again(
            &req,
            StatusCode::OK,
            &form,
            Some(editing),
            Vec::new(),
            Some(word),
        );
    }
    // Settings alone take no gate: that is asked once it is known that the text changed.
    let (mut fields, mut choices, sizes) = match parse_all(&app, &user, Ok(()), &mut form).await {
        Ok(Ok(parsed)) => parsed,
        Ok(Err(errors)) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            return again(&req, status, &form, Some(editing), errors, None);
        }
        Err(error) => return refused(&req, &form, Some(editing), error),
    };
    if !given.is_empty() && given != now_seen {
        return conflict(&form, editing, stored, now_seen);
    }
    let remove = form.has("picture_remove");
    let sizes = store_picture(&app, sizes).await?;
    let intent = intent(&form);
    let (intake, network) = (
        app.intake(session::caller(&app, &req)),
        session::network(&app, &req),
    );
    let new_picture = sizes.as_ref().map(NewPicture::of);
    let (looking, is_mature) = (looking::parse(form.all("looking_for")), form.has("mature"));
    let feedback_open = form.has("feedback_open");
    let offered = rating::offered(&app.settings());
    let aspects: Vec<String> = form.all("aspect").map(str::to_owned).collect();
    let (asked, editor) = (slug.clone(), user.clone());
    let expected = now_seen;
    let edited = app
        .write(move |db| -> Result<Edited, Error> {
            let (project, _) = own(db, &asked, &editor)?;
            // Again, and now nobody can come between.
            if seen(db, &project)? != expected {
                return Ok(Edited::Conflict);
            }
            let shown = project.picture(db)?;
            choices.picture_id = match (&new_picture, &shown) {
                (Some(new), _) => Some(new.create(db, editor.id)?),
                (None, Some(shown)) if !remove => Some(shown.id),
                _ => None,
            };
            let stored = project.fields_for_editing(db)?;
            if choices.picture_id.is_none() {
                // The next one takes its place, with its own words.
                choices.picture_id = gallery::next_cover(db, &project)?;
                fields.picture_alt = match choices.picture_id {
                    Some(next) => stored.words_of(next, false).0.to_owned(),
                    None => String::new(),
                };
            }
            let gone = shown
                .as_ref()
                .map(|shown| shown.id)
                .filter(|id| Some(*id) != choices.picture_id);
            fields.keep_shots(&stored, choices.picture_id, gone);
            let stays = fields.address == project.slug && stored.address.is_empty();
            if fields.address.is_empty() || stays {
                fields.address = stored.address;
            } else if !slug::is_free(db, project.id, &fields.address)? {
                return Ok(Edited::Taken);
            }
            // With a line in the log.
            let switches = Switches {
                closed: Some(choices.closed),
                approve_first: Some(choices.approve_first),
                feedback_open: Some(feedback_open),
            };
            maker::switch(db, &editor, &project, switches)?;
            project.choose(db, choices)?;
            looking::choose(db, project.id, &looking)?;
            mature::choose(db, project.id, is_mature)?;
            rating::choose(db, project.id, &offered, &aspects)?;
            let replaced = shown.filter(|shown| Some(shown.id) != choices.picture_id);
            if let Some(replaced) = &replaced {
                replaced.delete(db)?;
            }
            // Settings alone are no text: a maker can always close the door.
            let same_text = project.fields_for_editing(db)? == fields;
            let state = if same_text && project.state != State::Draft {
                // Words that wait come with the edit they belong to.
                if !Item::find(db, project.id)?.has_waiting_edit() {
                    gallery::describe(db, project.id, &fields)?;
                }
                project.state
            } else {
                project.edit(db, &intake.context(), &editor, &fields, intent, &network)?
            };
            Ok(Edited::Saved {
                state,
                before: project.state,
                slug: Project::find(db, project.id)?.slug,
                replaced,
            })
        })
        .await;
    match edited {
        Ok(Edited::Saved {
            state,
            before,
            slug,
            replaced,
        }) => {
            if let Some(old) = replaced {
                picture::remove(&app.config.uploads, &old.key, &old.extension);
            }
            let word = match (before, state) {
                (State::Draft, state) => said(state),
                (State::Published, State::Published) | (State::Unlisted, State::Unlisted) => {
                    "saved"
                }
                (State::Published | State::Unlisted, _) => "edit-waiting",
                _ => "waiting",
            };
            Ok(see_other(format!("/projects/{slug}?said={word}")))
        }
        Ok(Edited::Taken) => {
            forget_files(&app, sizes);
            let errors = vec![FieldError {
                field: "address",
                message: "Another project has this address, or had it once.".into(),
            }];
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            again(&req, status, &form, Some(editing), errors, None)
        }
        Ok(Edited::Conflict) => {
            forget_files(&app, sizes);
            let (editing, stored) = app.read(move |db| open(db, &slug, &user)).await?;
            let seen = editing.seen.clone();
            conflict(&form, editing, stored, seen)
        }
        Err(error) => {
            forget_files(&app, sizes);
            refused(&req, &form, Some(editing), error)
        }
    }
}
