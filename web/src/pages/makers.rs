//! What makers do with the comments on their own projects: the acts beside each comment, the page of
//! what waits for them and what they hid, the two switches, and whom they block.

use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, Query, see_other};
use crate::layout::{Html, Layout, page, page_with};
use crate::pages::comments::{in_thread, part_of};
use crate::pages::projects::own;
use crate::session::Member;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use potluck_models::account::User;
use potluck_models::block::{self, BlockError, Told};
use potluck_models::comment::Comment;
use potluck_models::db::{BlockId, ItemId};
use potluck_models::item::{Item, State};
use potluck_models::maker::{self, MakerError, PAGE, Switches, Wish};
use potluck_models::moderation::entry::{Content, Entry, these};
use potluck_models::project::Project;
use serde::Deserialize;

impl From<MakerError> for Error {
    fn from(error: MakerError) -> Error {
        match error {
            MakerError::Database(error) => error.into(),
            rule => Error::Forbidden(rule.to_string()),
        }
    }
}

impl From<BlockError> for Error {
    fn from(error: BlockError) -> Error {
        match error {
            BlockError::Database(error) => error.into(),
            rule => Error::Forbidden(rule.to_string()),
        }
    }
}

// ---- Beside a comment ----

/// The word of the button that blocks its author.
const BLOCK: &str = "block";

pub async fn act(
    app: web::Data<App>,
    member: Member,
    id: web::Path<ItemId>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let (id, maker) = (id.into_inner(), member.user().clone());
    let word = form.get("act").to_owned();
    let back = app
        .write(move |db| -> Result<String, Error> {
            let item = Item::find(db, id)?;
            let project = Project::find(db, item.project_id.ok_or(Error::NotFound)?)?;
            if !project.is_made_by(db, maker.id)? {
                return Err(MakerError::NotTheirs.into());
            }
            let author = Comment::find(db, id)?.author_id;
            let said = if word == BLOCK {
                match block::block(db, &maker, author, Some(id))? {
                    true => "blocked",
                    false => "nothing",
                }
            } else {
                let wish: Wish = word
                    .parse()
                    .map_err(|_| Error::BadRequest("Choose what to do with the comment."))?;
                match maker::act(db, &maker, id, wish)? {
                    true => said_of(wish),
                    false => "nothing",
                }
            };
            Ok(in_thread(&project.slug, said, part_of(db, id)?, id))
        })
        .await?;
    Ok(see_other(back))
}

fn said_of(wish: Wish) -> &'static str {
    match wish {
        Wish::Show => "approved",
        Wish::Hold => "maker-held",
        Wish::Hide => "maker-hid",
        Wish::Fold => "maker-folded",
        Wish::Pin => "maker-pinned",
        Wish::Helped => "maker-helped",
        Wish::Unfold | Wish::Unpin | Wish::Unhelped => "undone",
    }
}

// ---- What waits for the makers of a project, and what they hid ----

#[derive(Template)]
#[template(path = "projects/waiting.html")]
struct WaitingPage {
    layout: Layout,
    project: Project,
    waiting: Vec<Entry>,
    /// All that waits, on this page or not.
    count: i64,
    next: Option<ItemId>,
    hidden: Vec<Entry>,
}

impl WaitingPage {
    fn prose(&self, entry: &Entry) -> Html {
        match &entry.content {
            Content::Prose(html)
            | Content::Profile { bio: html, .. }
            | Content::Project {
                description: html, ..
            } => Html(html.clone()),
        }
    }

    fn why(&self, entry: &Entry) -> &'static str {
        match entry.item.state {
            State::Published => "an edit; readers see the text before it",
            State::Held if entry.item.why == maker::BY_MAKER => "held by a maker",
            State::Removed if entry.item.published_at.is_some() => "hidden by a maker",
            State::Removed => "not published by a maker",
            _ => "new",
        }
    }

    fn heading(&self) -> String {
        match self.count {
            0 => "Waiting and hidden comments".into(),
            1 => "One comment waits for you".into(),
            n => format!("{n} comments wait for you"),
        }
    }
}

#[derive(Deserialize)]
pub struct WaitingQuery {
    #[serde(default)]
    after: String,
}

pub async fn waiting(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    slug: web::Path<String>,
    query: Query<WaitingQuery>,
) -> Result<HttpResponse, Error> {
    let (slug, user) = (slug.into_inner(), member.user().clone());
    let after = query.0.after.parse().unwrap_or(ItemId(0));
    let layout = Layout::new(&req);
    let shown = app
        .read(move |db| -> Result<WaitingPage, Error> {
            let (project, _) = own(db, &slug, &user)?;
            let ids = maker::waiting(db, project.id, after)?;
            let next = ids.last().copied().filter(|_| ids.len() as i64 == PAGE);
            let hidden = maker::hidden(db, project.id)?;
            let mut put_away = these(db, &hidden)?;
            put_away.sort_by_key(|entry| hidden.iter().position(|id| *id == entry.item.id));
            Ok(WaitingPage {
                layout,
                count: maker::waiting_count(db, project.id)?,
                waiting: these(db, &ids)?,
                next,
                hidden: put_away,
                project,
            })
        })
        .await?;
    page(&shown)
}

/// `show` or `hide` with a number is the button of one comment; `act` is that of the ticked ones, or
/// of all that the page has.
pub async fn decide(
    app: web::Data<App>,
    member: Member,
    slug: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Error> {
    const NONE: Error = Error::BadRequest("Tick the comments first. Nothing was changed.");
    let (slug, user) = (slug.into_inner(), member.user().clone());
    let single = |name: &str| form.get(name).parse::<ItemId>().ok();
    let (wish, ids) = match (single("show"), single("hide"), form.get("act")) {
        (Some(one), ..) => (Wish::Show, vec![one]),
        (_, Some(one), _) => (Wish::Hide, vec![one]),
        (.., word) => {
            let those = |name| form.all(name).filter_map(|id| id.parse().ok()).collect();
            match word {
                "show" => (Wish::Show, those("item")),
                "hide" => (Wish::Hide, those("item")),
                "all" => (Wish::Show, those("here")),
                _ => (Wish::Show, Vec::new()),
            }
        }
    };
    let (slug, said) = app
        .write(move |db| -> Result<_, Error> {
            let (project, _) = own(db, &slug, &user)?;
            if ids.is_empty() {
                return Err(NONE);
            }
            let decided = maker::act_on(db, &user, project.id, &ids, wish)?;
            let said = match (decided.done, decided.left, wish) {
                (0, ..) => "nothing",
                (1, 0, Wish::Show) => "approved",
                (1, 0, _) => "declined",
                (_, 0, Wish::Show) => "all-approved",
                (_, 0, _) => "all-declined",
                _ => "some-left",
            };
            Ok((project.slug, said))
        })
        .await?;
    Ok(see_other(format!("/projects/{slug}/waiting?said={said}")))
}

/// Closed, approving first, and feedback apart from comments: from the page of the project. Without a word it changes nothing.
pub async fn switch(
    app: web::Data<App>,
    member: Member,
    slug: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let (slug, user) = (slug.into_inner(), member.user().clone());
    let wanted = |name: &str| match form.get(name) {
        "on" => Some(true),
        "off" => Some(false),
        _ => None,
    };
    let switches = Switches {
        closed: wanted("closed"),
        approve_first: wanted("approve_first"),
        feedback_open: wanted("feedback_open"),
    };
    let slug = app
        .write(move |db| -> Result<String, Error> {
            let (project, _) = own(db, &slug, &user)?;
            maker::switch(db, &user, &project, switches)?;
            Ok(project.slug)
        })
        .await?;
    Ok(see_other(format!("/projects/{slug}?said=saved")))
}

// ---- Blocks ----

#[derive(Template)]
#[template(path = "accounts/blocks.html")]
struct BlocksPage {
    layout: Layout,
    blocks: Vec<Told>,
    is_maker: bool,
    typed: String,
    fault: Option<String>,
}

async fn blocks_page(
    req: &HttpRequest,
    app: &App,
    member: &Member,
    typed: String,
    fault: Option<String>,
) -> Result<BlocksPage, Error> {
    let (layout, user, is_maker) = (Layout::new(req), member.user().id, member.0.is_maker);
    let blocks = app.read(move |db| block::of_maker(db, user)).await?;
    Ok(BlocksPage {
        layout,
        blocks,
        is_maker,
        typed,
        fault,
    })
}

pub async fn blocks(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
) -> Result<HttpResponse, Error> {
    page(&blocks_page(&req, &app, &member, String::new(), None).await?)
}

/// Blocks by name, or lifts one's own.
pub async fn change_blocks(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    form: Form,
) -> Result<HttpResponse, Error> {
    let maker = member.user().clone();
    if form.has("lift") {
        let id: BlockId = form.get("lift").parse().map_err(|_| Error::NotFound)?;
        app.write(move |db| block::lift_own(db, &maker, id))
            .await?
            .ok_or(Error::NotFound)?;
        return Ok(see_other("/account/blocks?said=unblocked"));
    }
    let typed = form.get("username").trim().to_owned();
    let name = typed.clone();
    let blocked = app
        .write(move |db| -> Result<bool, BlockError> {
            let whom = User::by_username(db, &name)?.ok_or(BlockError::Nobody)?;
            block::block(db, &maker, whom.id, None)
        })
        .await;
    match blocked {
        Ok(true) => Ok(see_other("/account/blocks?said=blocked")),
        Ok(false) => Ok(see_other("/account/blocks?said=nothing")),
        Err(Error::Forbidden(sentence)) => {
            let again = blocks_page(&req, &app, &member, typed, Some(sentence)).await?;
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &again)
        }
        Err(error) => Err(error),
    }
}
