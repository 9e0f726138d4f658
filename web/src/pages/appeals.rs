//! An author's appeal: what is said of it where the text stands, and the form.

use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, see_other};
use crate::layout::{Html, Layout, page, page_with};
use crate::session::Member;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::NaiveDateTime;
use potluck_models::db::{ItemId, UserId, now};
use potluck_models::item::{Item, Kind, Revision, State};
use potluck_models::maker::is_hidden;
use potluck_models::moderation::appeal::{self, AppealError, MAX_WORDS, Outcome, Standing};
use potluck_models::moderation::queue::{self, Content};
use potluck_models::moderation::reason::Reason;
use potluck_models::{Db, QueryResult};
use std::collections::HashMap;

/// What an author is told of appealing, beside their text.
#[derive(Template)]
#[template(path = "appeals/_note.html")]
pub struct Note {
    item: ItemId,
    standing: Standing,
    is_removed: bool,
    now: NaiveDateTime,
}

impl askama::filters::HtmlSafe for Note {}

impl Note {
    fn new(item: &Item, standing: Standing) -> Note {
        Note {
            item: item.id,
            standing,
            is_removed: item.state == State::Removed,
            now: now(),
        }
    }

    /// For those of these items that their author, who reads, can say or was told something of.
    pub fn of(db: &mut Db, own: &[Item]) -> QueryResult<HashMap<ItemId, Note>> {
        let mut standing = appeal::standing(db, own)?;
        // Before a day has passed there is nothing to do but wait.
        standing.retain(|_, standing| !matches!(standing, Standing::Early(_)));
        Ok(own
            .iter()
            .filter_map(|item| Some((item.id, Note::new(item, standing.remove(&item.id)?))))
            .collect())
    }

    /// The same of one item, for whoever reads its page.
    pub fn for_reader(
        db: &mut Db,
        item: &Item,
        reader: Option<UserId>,
    ) -> QueryResult<Option<Note>> {
        if reader != Some(item.author_id) {
            return Ok(None);
        }
        Ok(Note::of(db, std::slice::from_ref(item))?.remove(&item.id))
    }

    /// A moderator looked again and left it away: nobody is told then that it waits for one.
    pub fn is_upheld(&self) -> bool {
        let upheld = Outcome::Upheld;
        matches!(&self.standing, Standing::Answered { outcome, .. } if *outcome == upheld)
    }

    fn ago(&self, at: &NaiveDateTime) -> String {
        crate::layout::ago(self.now, *at)
    }

    fn said(&self, outcome: &Outcome) -> &'static str {
        match outcome {
            Outcome::Upheld => "it stays away from readers.",
            Outcome::Overturned => "nothing is wrong with it.",
        }
    }
}

#[derive(Template)]
#[template(path = "appeals/form.html")]
struct FormPage {
    layout: Layout,
    item: ItemId,
    state: State,
    by_maker: bool,
    reason: Option<Reason>,
    label: String,
    text: Html,
    back: String,
    standing: Option<Standing>,
    /// What was asked before, and answered.
    shown: Option<Note>,
    words: String,
    fault: Option<String>,
}

impl FormPage {
    /// Spam looks held to its author.
    fn lede(&self) -> String {
        let another = match self.standing {
            Some(Standing::MayAsk) => " Another one looks at it if you ask.",
            _ => "",
        };
        match (self.state, &self.reason) {
            _ if self.by_maker => "The maker of the project does not show this.".into(),
            (State::Removed, Some(reason)) => {
                format!("A moderator removed this: {}.{another}", reason.sentence)
            }
            (State::Removed, None) => format!("A moderator removed this.{another}"),
            _ if self.shown.as_ref().is_some_and(Note::is_upheld) => {
                "You asked for another look.".into()
            }
            (State::Held | State::Spam, _) => "This waits for a moderator.".into(),
            _ => "About your text.".into(),
        }
    }
}

async fn form_page(
    req: &HttpRequest,
    app: &App,
    member: &Member,
    id: ItemId,
    refused: Option<(String, String)>,
) -> Result<FormPage, Error> {
    let (layout, me) = (Layout::new(req), member.user().id);
    let (words, fault) = match refused {
        Some((words, fault)) => (words, Some(fault)),
        None => Default::default(),
    };
    app.read(move |db: &mut Db| -> Result<FormPage, Error> {
        let item = Item::find(db, id)?;
        if item.author_id != me || matches!(item.state, State::Draft | State::Deleted) {
            return Err(Error::NotFound);
        }
        let entry = queue::these(db, &[id])?.pop();
        let (label, text, back) = match &entry {
            Some(entry) => {
                let text = match &entry.content {
                    Content::Prose(html) => Html(html.clone()),
                    Content::Project { description, .. } => Html(description.clone()),
                    Content::Profile { bio, .. } => Html(bio.clone()),
                };
                let label = match &entry.place {
                    Some(place) if item.kind == Kind::Project => place.title.clone(),
                    Some(place) => format!("your {} on {}", item.kind, place.title),
                    None => format!("your {}", item.kind),
                };
                (label, text, entry.path())
            }
            None => {
                let newest = Revision::newest(db, id)?;
                let words = match item.kind {
                    Kind::Profile => newest.text.clone(),
                    kind => newest.readable(kind),
                };
                let html = potluck_models::markdown::to_html(&words);
                (format!("your {}", item.kind), Html(html), "/account".into())
            }
        };
        let standing = appeal::standing(db, std::slice::from_ref(&item))?.remove(&id);
        Ok(FormPage {
            item: id,
            state: item.state,
            by_maker: is_hidden(&item),
            reason: layout.settings.reasons.find(&item.evidence).cloned(),
            layout,
            label,
            text,
            back,
            shown: standing.clone().map(|standing| Note::new(&item, standing)),
            standing,
            words,
            fault,
        })
    })
    .await
}

pub async fn form(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    id: web::Path<ItemId>,
) -> Result<HttpResponse, Error> {
    page(&form_page(&req, &app, &member, id.into_inner(), None).await?)
}

pub async fn send(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    id: web::Path<ItemId>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let id = id.into_inner();
    // What a browser sends as two characters, it counted as one.
    let words = form.get("words").replace("\r\n", "\n").trim().to_owned();
    let fault = match words.chars().count() {
        0 => Some("Say in a few words why it should be looked at again.".to_owned()),
        n if n > MAX_WORDS => Some(format!(
            "This has at most {MAX_WORDS} characters; it has {n}."
        )),
        _ => None,
    };
    // Asked before anything is said of the words: whose it is not, learns nothing.
    let shown = form_page(
        &req,
        &app,
        &member,
        id,
        fault.map(|fault| (words.clone(), fault)),
    )
    .await?;
    if shown.fault.is_some() {
        return page_with(StatusCode::UNPROCESSABLE_ENTITY, &shown);
    }
    let (author, asked) = (member.user().clone(), words.clone());
    app.write(move |db| -> Result<(), AppealError> { appeal::file(db, &author, id, &asked) })
        .await?;
    let back = shown.back;
    Ok(see_other(format!("{back}?said=appealed#appeal-{id}")))
}
