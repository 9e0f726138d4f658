//! Comments: the talk on a project's page, one comment on its own, and what people do with them.
//! Whatever refuses a comment gives the typed text back.

use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, see_other};
use crate::layout::{Html, Layout, page, page_with};
use crate::linked::{self, Who};
use crate::moderation::diff::{self, Change};
use crate::pages::appeals;
use crate::pages::ratings::{self, Steps};
use crate::pages::reactions::Bar;
use crate::session::{self, Member, SignedIn, Visitor};
use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::{Duration, NaiveDateTime};
use potluck_models::account::User;
use potluck_models::block;
use potluck_models::comment::{
    self, Body, Comment, CommentInThread, Order, PostError, QUIET_EDIT, Reader,
};
use potluck_models::db::{ItemId, UserId};
use potluck_models::gate::{self, Person, Refusal};
use potluck_models::ignore;
use potluck_models::intake::limits::Limited;
use potluck_models::item::{Item, Queue, Revision, State};
use potluck_models::maker::{self, BY_MAKER, Wish};
use potluck_models::moderation::reason::{Reason, Reasons};
use potluck_models::nudge::{self, Nudge};
use potluck_models::project::Project;
use potluck_models::rating::{self, Asked, Giving, RateError, Rating};
use potluck_models::reaction::{self, Set};
use potluck_models::settings::Settings;
use potluck_models::thread::Thread;
use potluck_models::{Db, QueryResult, markdown, mute, now};
use std::sync::Arc;

/// A thread, or a part of one, with the composer or the gate's sentence in its place.
#[derive(Template)]
#[template(path = "comments/_talk.html")]
pub struct Talk {
    project: Project,
    /// False under `nobody`: earlier comments are kept and not shown.
    shows: bool,
    count: i32,
    comments: Vec<Shown>,
    order: Order,
    after: ItemId,
    more_after: Option<ItemId>,
    /// How many comments wait for the makers of the project, if one of them reads.
    for_maker: i64,
    reader: Reader,
    pinned: Option<ItemId>,
    /// One comment with its line, where nothing is folded away.
    on_its_own: bool,
    me: Option<Arc<SignedIn>>,
    moderates: bool,
    may_react: bool,
    /// What a comment may bring along, where the makers ask for it.
    steps: Option<Steps>,
    gate: Result<(), Refusal>,
    csrf: String,
    settings: Arc<Settings>,
    now: NaiveDateTime,
    /// The reader is not told of it, as they wish.
    muted: bool,
}

impl askama::filters::HtmlSafe for Talk {}

/// A comment and what has to be opened and closed around its replies.
pub struct Shown {
    c: CommentInThread,
    /// Its text is shown, rather than its empty place.
    readable: bool,
    own: bool,
    for_maker: bool,
    can_edit: bool,
    pinned: bool,
    opens_replies: bool,
    /// Readers can fold its replies: of one alone there is nothing to fold.
    branch: bool,
    /// Comments that end after this one, innermost first: whether its replies can be folded, and
    /// whether the maker folded all of it.
    closes: Vec<(bool, bool)>,
    /// Readable ones below it, at any depth.
    replies: usize,
    /// Why a moderator removed it.
    reason: Option<Reason>,
    /// By somebody whom the reader ignores.
    ignored: bool,
    /// What its author, who reads, can ask of a moderator or was answered.
    appeal: Option<appeals::Note>,
    /// What its author thinks of the project, given with it.
    rated: Vec<(String, i32)>,
    reactions: Option<Bar>,
}

impl Shown {
    fn body(&self) -> Html {
        match &self.c.edit_html {
            Some(edit) => Html(format!("{}<hr>{edit}", self.c.body_html)),
            None => Html(self.c.body_html.clone()),
        }
    }

    /// Who took it away and why, for its place in the thread.
    fn tombstone(&self) -> String {
        match (self.c.state, self.c.why.as_str()) {
            (State::Deleted, _) => "A comment was here. Its author deleted it.".into(),
            (State::Removed, BY_MAKER) => {
                "A comment was here. The maker of this project hid it.".into()
            }
            (State::Removed, _) => match &self.reason {
                Some(reason) => format!(
                    "A comment was here. A moderator removed it: {}.",
                    reason.sentence
                ),
                None => "A comment was here. A moderator removed it.".into(),
            },
            _ => "A comment is not shown here.".into(),
        }
    }

    fn is_published(&self) -> bool {
        self.c.state == State::Published
    }

    /// Why not everybody reads it. Spam looks held to its author: a spammer learns nothing, and a
    /// wronged person is told the same as everybody who waits.
    fn note(&self) -> Option<String> {
        let words = match (self.c.state, self.c.queue) {
            (State::Published, Some(_)) if self.own => {
                "Your edit waits for a moderator. Until then readers see this text."
            }
            (State::Published, Some(Queue::Maker)) if self.c.edit_html.is_some() => {
                "An edit waits for you: what stands below the line. Until then readers see what stands above it."
            }
            (State::Published, _) => return None,
            (State::Held, Some(Queue::Maker)) if self.for_maker => {
                "Waiting for you. Only you and its author see it until then."
            }
            (State::Held, Some(Queue::Maker)) if self.c.why == BY_MAKER && self.own => {
                "The maker of this project does not show your comment at the moment. You, they and the moderators can read it."
            }
            (State::Held, Some(Queue::Maker)) if self.c.why == BY_MAKER => {
                "Held by the maker. Restoring it puts it before readers again."
            }
            (State::Removed, _) if self.c.is_hidden_by_maker() && self.own => {
                "The maker of this project does not show your comment. You can still read it, and so can the moderators. Not every maker likes the same talk: it says nothing about you."
            }
            (State::Held, Some(Queue::Maker)) => {
                "Waiting for the maker of this project. Only you and they see it until then."
            }
            (State::Held | State::Spam, _)
                if self.own && self.appeal.as_ref().is_some_and(appeals::Note::is_upheld) =>
            {
                "Only you see it."
            }
            (State::Held | State::Spam, _) if self.own => {
                "Waiting for a moderator. Only you see it until then."
            }
            (State::Held | State::Spam, _) => {
                return Some(format!(
                    "Only moderators see this. It is {}: {}.",
                    self.c.state, self.c.why
                ));
            }
            (State::Removed, _) if self.own && self.c.why != "maker" => {
                return Some(match &self.reason {
                    Some(reason) => format!(
                        "A moderator removed your comment: {}. {}",
                        reason.sentence, reason.letter
                    ),
                    None => "A moderator removed your comment.".into(),
                });
            }
            _ => return Some(self.tombstone()),
        };
        Some(words.to_owned())
    }

    /// Where its author reads more about why it was removed.
    fn guide(&self) -> Option<String> {
        let reason = self.reason.as_ref().filter(|_| self.own)?;
        Some(format!("/guide#{}", reason.anchor()))
    }

    fn can_restore(&self) -> bool {
        matches!(self.c.state, State::Spam | State::Removed)
            || (self.c.state == State::Held && self.c.why == BY_MAKER)
    }

    /// "A comment by Ann and 3 replies".
    fn folded_words(&self) -> String {
        let replies = match self.replies {
            0 => String::new(),
            1 => " and a reply".into(),
            n => format!(" and {n} replies"),
        };
        format!("The maker folded a comment by {}{replies}.", self.c.name())
    }
}

impl Talk {
    pub fn load(
        db: &mut Db,
        project: &Project,
        me: Option<Arc<SignedIn>>,
        csrf: &str,
        settings: &Arc<Settings>,
        order: Order,
        after: ItemId,
    ) -> QueryResult<Talk> {
        let thread = Thread::of_project(db, project.id)?;
        let viewer = me.as_ref().map(|me| me.user.id);
        let on_team = match viewer {
            Some(viewer) => project.is_made_by(db, viewer)?,
            None => false,
        };
        let reader = Reader {
            id: viewer,
            on_team,
            moderates: me.as_ref().is_some_and(|me| me.is_moderator()),
        };
        let shows = gate::shows_comments(project.terms());
        let part = if shows {
            comment::thread_part(db, &thread, order, after, reader)?
        } else {
            comment::Part {
                comments: Vec::new(),
                more_after: None,
            }
        };
        let for_maker = if on_team {
            maker::waiting_count(db, project.id)?
        } else {
            0
        };
        let is_blocked = match viewer {
            Some(viewer) if !on_team => block::holds(db, project.id, viewer)?,
            _ => false,
        };
        let person = me.as_ref().map(|me| Person {
            user: &me.user,
            is_maker: me.is_maker,
            on_team,
            is_blocked,
        });
        let mut comments = nest(part.comments, reader, thread.pinned_id, &settings.reasons);
        note_appeals(db, &mut comments)?;
        note_ignored(db, viewer, &mut comments)?;
        let muted = match viewer {
            Some(viewer) => mute::holds(db, viewer, project.id)?,
            None => false,
        };
        let gate = gate::may_comment(person, project.terms(), now());
        let steps = match &me {
            Some(me) if gate.is_ok() && !on_team => steps_for(db, project, me, settings)?,
            _ => None,
        };
        let may_react = person
            .map(|person| Person {
                on_team: false,
                ..person
            })
            .is_some_and(|person| {
                let what = gate::Feedback::Reaction;
                gate::may_give(what, Some(person), project.terms(), now()).is_ok()
            });
        let mut talk = Talk {
            steps,
            may_react,
            muted,
            gate,
            project: project.clone(),
            shows,
            count: thread.comment_count,
            comments,
            pinned: thread.pinned_id,
            on_its_own: false,
            order,
            after,
            more_after: part.more_after,
            for_maker,
            moderates: reader.moderates,
            reader,
            me,
            csrf: csrf.to_owned(),
            settings: settings.clone(),
            now: now(),
        };
        talk.note_given(db)?;
        Ok(talk)
    }

    /// Adds what people gave: reactions, and the steps that came with a comment.
    fn note_given(&mut self, db: &mut Db) -> QueryResult<()> {
        let published: Vec<ItemId> = self.shown().collect();
        if published.is_empty() || !self.project.is_public() {
            return Ok(());
        }
        let set = Set::of(&self.settings);
        let mut rated = rating::picture::beside(db, &published)?;
        let mut given = reaction::under(db, &published, self.reader.id, &set)?;
        let more = Arc::new(set.offered);
        let back = match self.on_its_own {
            true => None,
            false => Some(self.address(&self.order, Some(&self.after).filter(|at| at.0 > 0))),
        };
        let back = back.map(|back| back.trim_end_matches("#comments").to_owned());
        for shown in &mut self.comments {
            let id = shown.c.id;
            if shown.c.state != State::Published {
                continue;
            }
            shown.rated = rated.remove(&id).unwrap_or_default();
            let own = format!("/comments/{id}");
            let here = (self.csrf.as_str(), back.as_deref().unwrap_or(&own));
            let may = self.may_react && !shown.own;
            let under = given.remove(&id).unwrap_or_default();
            shown.reactions = Bar::new(id, under, &more, may, here);
        }
        Ok(())
    }

    /// One comment with what it answers and what answers it.
    fn of_comment(
        db: &mut Db,
        project: &Project,
        comment: &Comment,
        me: Option<Arc<SignedIn>>,
        csrf: &str,
        settings: &Arc<Settings>,
    ) -> QueryResult<Talk> {
        let nothing = ItemId(i64::MAX);
        let mut talk = Talk::load(db, project, me, csrf, settings, Order::Oldest, nothing)?;
        if talk.shows || talk.moderates {
            let comments = comment::with_context(db, comment, talk.reader)?;
            talk.comments = nest(comments, talk.reader, talk.pinned, &settings.reasons);
            note_appeals(db, &mut talk.comments)?;
            note_ignored(db, talk.reader.id, &mut talk.comments)?;
        }
        talk.after = ItemId(0);
        talk.on_its_own = true;
        talk.note_given(db)?;
        Ok(talk)
    }

    /// Of all parts.
    pub fn count(&self) -> i32 {
        self.count
    }

    /// What of it stands before its readers.
    pub fn shown(&self) -> impl Iterator<Item = ItemId> {
        let published = self.comments.iter().filter(|shown| shown.is_published());
        published.map(|shown| shown.c.id)
    }

    /// Each order with its name, where there is anything to order.
    fn orders(&self) -> Vec<(Order, &'static str)> {
        if self.on_its_own || self.count < 2 {
            return Vec::new();
        }
        vec![
            (Order::Oldest, "Oldest"),
            (Order::Newest, "Newest"),
            (Order::Helpful, "Most helpful"),
        ]
    }

    /// The address of the talk in an order, from its beginning or from a part on.
    fn address(&self, order: &Order, after: Option<&ItemId>) -> String {
        let order = (*order != Order::Oldest).then(|| format!("order={order}"));
        let after = after.map(|after| format!("after={after}"));
        let query: Vec<String> = order.into_iter().chain(after).collect();
        let mark = if query.is_empty() { "" } else { "?" };
        let (slug, query) = (&self.project.slug, query.join("&"));
        format!("/projects/{slug}{mark}{query}#comments")
    }

    fn ago(&self, at: &NaiveDateTime) -> String {
        crate::layout::ago(self.now, *at)
    }

    fn can_reply(&self) -> bool {
        self.gate.is_ok()
    }
}

/// Works out, from the depths in reading order, where each `.replies` opens and closes.
fn nest(
    comments: Vec<CommentInThread>,
    reader: Reader,
    pinned: Option<ItemId>,
    reasons: &Reasons,
) -> Vec<Shown> {
    let depths: Vec<usize> = comments.iter().map(|c| c.depth).chain([0]).collect();
    let readable: Vec<bool> = comments.iter().map(|c| c.is_readable_by(reader)).collect();
    // Those around the comment at hand, itself not: how each closes.
    let mut open: Vec<(bool, bool)> = Vec::new();
    comments
        .into_iter()
        .enumerate()
        .map(|(i, c)| {
            let (depth, next) = (depths[i], depths[i + 1]);
            let own = reader.is(c.author_id);
            let below = depths[i + 1..].iter().take_while(|below| **below > depth);
            let replies = below
                .zip(&readable[i + 1..])
                .filter(|(_, readable)| **readable)
                .count();
            let opens_replies = next > depth;
            let branch = opens_replies && replies > 1;
            let closes = if opens_replies {
                open.push((branch, c.folded));
                Vec::new()
            } else {
                let stay = open.len() - (depth - next);
                open.split_off(stay).into_iter().rev().collect()
            };
            Shown {
                readable: readable[i],
                own,
                for_maker: c.is_for_maker(reader),
                can_edit: own && readable[i] && c.state != State::Removed,
                pinned: pinned == Some(c.id) && c.state == State::Published,
                replies,
                opens_replies,
                branch,
                closes,
                reason: match c.state {
                    State::Removed => reasons.find(&c.evidence).cloned(),
                    _ => None,
                },
                ignored: false,
                appeal: None,
                rated: Vec::new(),
                reactions: None,
                c,
            }
        })
        .collect()
}

/// The steps that the reader may give with a comment, as they gave them before.
fn steps_for(
    db: &mut Db,
    project: &Project,
    me: &SignedIn,
    settings: &Settings,
) -> QueryResult<Option<Steps>> {
    let asked = Asked::of(db, project.id, &rating::offered(settings))?;
    if asked.aspects.is_empty() {
        return Ok(None);
    }
    let may = rating::may_rate(db, Some((&me.user, me.is_maker)), project, &asked)?;
    if may.is_err() {
        return Ok(None);
    }
    let given = match Rating::of(db, project.id, me.user.id)? {
        Some(mine) => mine.steps(db)?,
        None => Default::default(),
    };
    Ok(Some(Steps::beside_comment(&asked, &given)))
}

/// Adds what the reader's own comments among these say of appealing.
fn note_appeals(db: &mut Db, comments: &mut [Shown]) -> QueryResult<()> {
    let own: Vec<ItemId> = comments
        .iter()
        .filter(|shown| shown.own)
        .map(|shown| shown.c.id)
        .collect();
    if own.is_empty() {
        return Ok(());
    }
    let items = Item::all(db, &own)?;
    let mut notes = appeals::Note::of(db, &items)?;
    for shown in comments {
        shown.appeal = notes.remove(&shown.c.id);
    }
    Ok(())
}

/// Folds what is by people whom the reader ignores.
fn note_ignored(db: &mut Db, reader: Option<UserId>, comments: &mut [Shown]) -> QueryResult<()> {
    let ignored = ignore::by(db, reader)?;
    for shown in comments {
        shown.ignored = ignored.contains(&shown.c.author_id);
    }
    Ok(())
}

/// A comment that this person may see on its own, with the project it stands on.
pub fn find_visible(
    db: &mut Db,
    id: ItemId,
    me: Option<&SignedIn>,
) -> Result<(Comment, Item, Project), Error> {
    let comment = Comment::find(db, id)?;
    let item = Item::find(db, id)?;
    let project = Project::find(db, item.project_id.ok_or(Error::NotFound)?)?;
    let own = me.is_some_and(|me| me.user.id == comment.author_id);
    let moderates = me.is_some_and(SignedIn::is_moderator);
    let on_team = match me {
        Some(me) => project.is_made_by(db, me.user.id)?,
        None => false,
    };
    let public = project.state == State::Published && gate::shows_comments(project.terms());
    if !public && !moderates && !on_team {
        return Err(Error::NotFound);
    }
    match item.state {
        State::Published => {}
        State::Held if on_team && item.queue == Some(Queue::Maker) => {}
        State::Removed if on_team && maker::is_hidden(&item) => {}
        State::Removed | State::Deleted if item.published_at.is_some() && !own && !moderates => {
            return Err(Error::Gone);
        }
        _ if own || moderates => {}
        _ => return Err(Error::NotFound),
    }
    Ok((comment, item, project))
}

#[derive(Template)]
#[template(path = "comments/show.html")]
struct ShowPage {
    layout: Layout,
    project: Project,
    comment: Comment,
    excerpt: String,
    /// For programs, if everybody may read it.
    linked: Option<Html>,
    talk: Talk,
}

pub async fn show(
    req: HttpRequest,
    app: web::Data<App>,
    visitor: Visitor,
    id: web::Path<ItemId>,
) -> Result<HttpResponse, Error> {
    let layout = Layout::new(&req);
    let (id, csrf) = (id.into_inner(), layout.csrf.clone());
    let (me, settings) = (visitor.signed_in.clone(), app.settings());
    let (project, comment, talk) = app
        .read(move |db| -> Result<_, Error> {
            let (comment, _, project) = find_visible(db, id, me.as_deref())?;
            let talk = Talk::of_comment(db, &project, &comment, me, &csrf, &settings)?;
            Ok((project, comment, talk))
        })
        .await?;
    app.views.count(&visitor, talk.shown());
    let excerpt = markdown::excerpt(&comment.body_html, 160);
    let public = project.is_public() && talk.shows;
    let own = talk.comments.iter().find(|shown| shown.c.id == comment.id);
    let linked = own.filter(|own| public && own.is_published()).map(|own| {
        let (name, username) = (own.c.name(), own.c.username.as_str());
        let (url, at) = (&layout.url, &comment.created_at);
        linked::of_comment(
            url,
            &project,
            &Who { name, username },
            comment.id,
            &excerpt,
            at,
        )
    });
    page(&ShowPage {
        layout,
        project,
        comment,
        excerpt,
        linked,
        talk,
    })
}

/// Writing, previewing, and every refusal: the one page on which a text is never lost.
#[derive(Template)]
#[template(path = "comments/compose.html")]
struct ComposePage {
    layout: Layout,
    heading: &'static str,
    slug: String,
    title: String,
    me: Arc<SignedIn>,
    action: String,
    parent: Option<ItemId>,
    body: String,
    preview: Option<Html>,
    /// What stood in the way, and the way in.
    message: Option<String>,
    way_in: Option<(&'static str, &'static str)>,
    /// What would make it better, and is asked once, of its author alone.
    nudge: Option<Nudge>,
    /// The text may be sent again from here.
    can_send: bool,
    editing: bool,
    /// What came with it, kept.
    steps: Option<Steps>,
}

struct Composing<'a> {
    slug: &'a str,
    title: &'a str,
    action: String,
    parent: Option<ItemId>,
    body: &'a str,
    editing: bool,
}

fn compose_page(req: &HttpRequest, member: &Member, composing: Composing) -> ComposePage {
    ComposePage {
        layout: Layout::new(req),
        heading: if composing.editing {
            "Edit your comment"
        } else {
            "Your comment"
        },
        slug: composing.slug.to_owned(),
        title: composing.title.to_owned(),
        me: member.0.clone(),
        action: composing.action,
        parent: composing.parent,
        body: composing.body.to_owned(),
        preview: None,
        message: None,
        way_in: None,
        nudge: None,
        can_send: true,
        editing: composing.editing,
        steps: None,
    }
}

impl ComposePage {
    fn quiet_minutes(&self) -> i64 {
        QUIET_EDIT.num_minutes()
    }

    fn with_preview(mut self, body: &Body) -> ComposePage {
        self.heading = "Preview";
        self.preview = Some(Html(body.html().to_owned()));
        self
    }

    fn with_nudge(mut self, body: &Body, nudge: Nudge) -> ComposePage {
        self = self.with_preview(body);
        self.heading = "Before you send it";
        self.nudge = Some(nudge);
        self
    }

    fn refused(mut self, status: StatusCode, message: String) -> Result<HttpResponse, Error> {
        self.message = Some(message);
        page_with(status, &self)
    }

    /// The status and the words of whatever stood in the way.
    fn answer(mut self, error: PostError) -> Result<HttpResponse, Error> {
        match error {
            PostError::Database(error) => Err(error.into()),
            PostError::Refused(refusal) => {
                self.heading = "Not sent";
                self.way_in = refusal.way_in();
                // What a person can do at once, they do in another tab and send this again.
                self.can_send = refusal == Refusal::Warned;
                self.refused(StatusCode::FORBIDDEN, refusal.sentence())
            }
            PostError::Limited(limited) => {
                let mut response =
                    self.refused(StatusCode::TOO_MANY_REQUESTS, limited.sentence())?;
                response
                    .headers_mut()
                    .insert(RETRY_AFTER, limited.seconds().into());
                Ok(response)
            }
            PostError::NoSuchParent => {
                self.parent = None;
                self.refused(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "The comment you answer is not here any more. You can still say it to everybody.".into(),
                )
            }
        }
    }
}

pub async fn post(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    slug: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let slug = slug.into_inner();
    let user = member.user().clone();
    let (asked, viewer) = (slug.clone(), user.id);
    let (rates, settings) = (ratings::has_steps(&form), app.settings());
    let (project, asked) = app
        .read(move |db| -> Result<_, Error> {
            let project = Project::by_address(db, &asked)?;
            let visible = project.state == State::Published || project.is_made_by(db, viewer)?;
            if visible && project.slug != asked {
                Err(Error::Moved(project.slug))
            } else if visible {
                let asked = match rates {
                    true => Asked::of(db, project.id, &rating::offered(&settings))?,
                    false => Asked::default(),
                };
                Ok((project, asked))
            } else {
                Err(Error::NotFound)
            }
        })
        .await?;
    let composing = Composing {
        slug: &slug,
        title: &project.title,
        action: format!("/projects/{slug}/comments"),
        parent: form.get("parent").parse().ok(),
        body: form.get("body"),
        editing: false,
    };
    let parent = match form.get("parent").trim() {
        "" => None,
        typed => match typed.parse::<ItemId>() {
            Ok(parent) => Some(parent),
            Err(_) => {
                return compose_page(&req, &member, composing).answer(PostError::NoSuchParent);
            }
        },
    };
    let mut again = compose_page(&req, &member, composing);
    again.steps = (!asked.aspects.is_empty()).then(|| Steps::typed(&asked, &form));
    let body = match Body::parse(form.get("body")) {
        Ok(body) => body,
        Err(fault) => return again.refused(StatusCode::UNPROCESSABLE_ENTITY, fault.to_string()),
    };
    // With a reply no rating comes: it is about what somebody said. Nor with steps left as they were.
    let may_rate = parent.is_none() && ratings::has_changed(&form);
    let rated = match ratings::parse_steps(&asked, &form) {
        Ok(given) => Some(given).filter(|given| may_rate && !given.steps.is_empty()),
        Err(faults) => {
            let message = faults.into_iter().map(|fault| fault.message).next();
            let message = message.unwrap_or_default();
            return again.refused(StatusCode::UNPROCESSABLE_ENTITY, message);
        }
    };
    if form.has("preview") {
        return page(&again.with_preview(&body));
    }
    // Asked of who pressed the button, before it is sent; never twice, and never of a program.
    if form.has("send")
        && parent.is_none()
        && app.settings().nudges
        && let Some(nudge) = nudge::of(form.get("body"))
    {
        return page(&again.with_nudge(&body, nudge));
    }
    let (intake, network) = (
        app.intake(session::caller(&app, &req)),
        session::network(&app, &req),
    );
    let posted = app
        .write(move |db| -> Result<Posted, PostError> {
            if rated.is_some() {
                // Before the thread, in the order in which a ban takes them.
                reaction::lock(db, user.id)?;
            }
            match comment::post(
                db,
                &intake.context(),
                &user,
                project.id,
                parent,
                &body,
                &network,
            ) {
                Ok((id, state)) => {
                    if let Some(given) = &rated {
                        let giving = Giving {
                            given,
                            comment: Some(id),
                            network: &network,
                        };
                        rating::give(db, &intake.context(), &user, project.id, &giving)
                            .map_err(together)?;
                    }
                    Ok(Posted {
                        part: part_of(db, id)?,
                        id,
                        state,
                        queue: Item::find(db, id)?.queue,
                    })
                }
                // Sent twice by a double click: the first one counts, and this is its answer.
                Err(PostError::Limited(Limited::SameText { earlier }))
                    if just_now(db, earlier)? =>
                {
                    let item = Item::find(db, earlier)?;
                    Ok(Posted {
                        part: part_of(db, earlier)?,
                        id: earlier,
                        state: item.state,
                        queue: item.queue,
                    })
                }
                Err(error) => Err(error),
            }
        })
        .await;
    match posted {
        Ok(posted) => Ok(see_other(in_thread(
            &slug,
            posted.said(),
            posted.part,
            posted.id,
        ))),
        Err(Error::Rule(rule)) => again.answer(rule),
        Err(error) => Err(error),
    }
}

/// The page to answer a comment on, with what it says above the answer.
pub async fn quote(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    id: web::Path<ItemId>,
) -> Result<HttpResponse, Error> {
    let (id, me) = (id.into_inner(), member.0.clone());
    let (comment, project) = app
        .read(move |db| -> Result<_, Error> {
            let (comment, item, project) = find_visible(db, id, Some(&me))?;
            match item.state {
                State::Published => Ok((comment, project)),
                _ => Err(Error::NotFound),
            }
        })
        .await?;
    let composing = Composing {
        slug: &project.slug,
        title: &project.title,
        action: format!("/projects/{}/comments", project.slug),
        parent: Some(id),
        body: &markdown::quoted(&comment.body),
        editing: false,
    };
    page(&compose_page(&req, &member, composing))
}

/// What refuses the rating refuses the comment that it came with: they are sent together.
fn together(error: RateError) -> PostError {
    match error {
        RateError::Refused(refusal) => PostError::Refused(refusal),
        RateError::Limited(limited) => PostError::Limited(limited),
        RateError::Database(error) => PostError::Database(error),
    }
}

struct Posted {
    id: ItemId,
    part: ItemId,
    state: State,
    queue: Option<Queue>,
}

impl Posted {
    fn said(&self) -> &'static str {
        match (self.state, self.queue) {
            (State::Published, _) => "commented",
            (_, Some(Queue::Maker)) => "comment-waiting-maker",
            _ => "comment-waiting",
        }
    }
}

/// The address of a comment in its part of the thread.
pub fn in_thread(slug: &str, said: &str, part: ItemId, id: ItemId) -> String {
    let after = if part.0 > 0 {
        format!("&after={part}")
    } else {
        String::new()
    };
    format!("/projects/{slug}?said={said}{after}#comment-{id}")
}

pub fn part_of(db: &mut Db, id: ItemId) -> QueryResult<ItemId> {
    let comment = Comment::find(db, id)?;
    comment::part_of(db, comment.thread_id, comment.root_id)
}

fn just_now(db: &mut Db, id: ItemId) -> QueryResult<bool> {
    Ok(now() - Item::find(db, id)?.created_at < Duration::seconds(60))
}

/// The comment as its author may delete it, and edit it unless its maker hid it.
fn find_own(db: &mut Db, id: ItemId, user: &User) -> Result<(Comment, Item, Project), Error> {
    let comment = Comment::find(db, id)?;
    if comment.author_id != user.id {
        return Err(Error::Forbidden(
            "Only its author can change a comment.".into(),
        ));
    }
    let item = Item::find(db, id)?;
    if matches!(item.state, State::Removed | State::Deleted) && !maker::is_hidden(&item) {
        return Err(Error::Gone);
    }
    let project = Project::find(db, item.project_id.ok_or(Error::NotFound)?)?;
    Ok((comment, item, project))
}

fn find_editable(db: &mut Db, id: ItemId, user: &User) -> Result<(Comment, Project), Error> {
    let (comment, item, project) = find_own(db, id, user)?;
    if maker::is_hidden(&item) {
        return Err(Error::Forbidden(
            "The maker of this project does not show this comment, so it cannot be changed now. You can delete it.".into(),
        ));
    }
    Ok((comment, project))
}

pub async fn edit_form(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    id: web::Path<ItemId>,
) -> Result<HttpResponse, Error> {
    let (id, user) = (id.into_inner(), member.user().clone());
    let (project, newest) = app
        .read(move |db| -> Result<_, Error> {
            let (_, project) = find_editable(db, id, &user)?;
            Ok((project, Revision::newest(db, id)?))
        })
        .await?;
    page(&compose_page(
        &req,
        &member,
        Composing {
            slug: &project.slug,
            title: &project.title,
            action: format!("/comments/{id}/edit"),
            parent: None,
            body: &newest.content,
            editing: true,
        },
    ))
}

pub async fn edit(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    id: web::Path<ItemId>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let (id, user) = (id.into_inner(), member.user().clone());
    let asked = user.clone();
    let (comment, project) = app.read(move |db| find_editable(db, id, &asked)).await?;
    let composing = Composing {
        slug: &project.slug,
        title: &project.title,
        action: format!("/comments/{id}/edit"),
        parent: None,
        body: form.get("body"),
        editing: true,
    };
    let again = compose_page(&req, &member, composing);
    let body = match Body::parse(form.get("body")) {
        Ok(body) => body,
        Err(fault) => return again.refused(StatusCode::UNPROCESSABLE_ENTITY, fault.to_string()),
    };
    if form.has("preview") {
        return page(&again.with_preview(&body));
    }
    let (intake, network) = (
        app.intake(session::caller(&app, &req)),
        session::network(&app, &req),
    );
    let edited = app
        .write(move |db| -> Result<(State, ItemId), PostError> {
            let state = comment::edit(db, &intake.context(), &user, &comment, &body, &network)?;
            Ok((state, part_of(db, id)?))
        })
        .await;
    match edited {
        Ok((state, part)) => {
            let said = if state == State::Published {
                "saved"
            } else {
                "edit-waiting"
            };
            Ok(see_other(in_thread(&project.slug, said, part, id)))
        }
        Err(Error::Rule(rule)) => again.answer(rule),
        Err(error) => Err(error),
    }
}

#[derive(Template)]
#[template(path = "comments/delete.html")]
struct DeletePage {
    layout: Layout,
    project: Project,
    id: ItemId,
    body: Html,
}

pub async fn delete_form(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    id: web::Path<ItemId>,
) -> Result<HttpResponse, Error> {
    let (id, user) = (id.into_inner(), member.user().clone());
    let (comment, _, project) = app.read(move |db| find_own(db, id, &user)).await?;
    page(&DeletePage {
        layout: Layout::new(&req),
        project,
        id,
        body: Html(comment.body_html),
    })
}

pub async fn delete(
    app: web::Data<App>,
    member: Member,
    id: web::Path<ItemId>,
    _form: Form,
) -> Result<HttpResponse, Error> {
    let (id, user) = (id.into_inner(), member.user().clone());
    let slug = app
        .write(move |db| -> Result<String, Error> {
            let (_, item, project) = find_own(db, id, &user)?;
            item.delete(db)?;
            Ok(project.slug)
        })
        .await?;
    Ok(see_other(format!("/projects/{slug}?said=deleted#comments")))
}

/// What a comment said from then on.
struct Version {
    revision: Revision,
    body: Html,
    /// Against what it said before; nothing at the first.
    changes: Vec<(Change, String)>,
}

#[derive(Template)]
#[template(path = "comments/history.html")]
struct HistoryPage {
    layout: Layout,
    project: Project,
    id: ItemId,
    author: String,
    /// Newest first, rendered.
    revisions: Vec<Version>,
}

pub async fn history(
    req: HttpRequest,
    app: web::Data<App>,
    visitor: Visitor,
    id: web::Path<ItemId>,
) -> Result<HttpResponse, Error> {
    let (id, me) = (id.into_inner(), visitor.signed_in);
    let (project, author, revisions) = app
        .read(move |db| -> Result<_, Error> {
            let (comment, item, project) = find_visible(db, id, me.as_deref())?;
            let moderates = me.as_deref().is_some_and(SignedIn::is_moderator);
            if !moderates && matches!(item.state, State::Removed | State::Deleted) {
                return Err(Error::Gone);
            }
            let author = User::find(db, comment.author_id)?.name().to_owned();
            let revisions = if moderates {
                Revision::all(db, id)?
            } else {
                comment::public_history(db, &comment)?
            };
            Ok((project, author, revisions))
        })
        .await?;
    let before = std::iter::once(None).chain(revisions.iter().map(Some));
    let versions = revisions
        .iter()
        .zip(before)
        .map(|(revision, before)| Version {
            revision: revision.clone(),
            body: Html(markdown::to_html(&revision.content)),
            changes: match before {
                Some(before) => diff::words(&before.content, &revision.content),
                None => Vec::new(),
            },
        });
    let mut revisions: Vec<Version> = versions.collect();
    revisions.reverse();
    page(&HistoryPage {
        layout: Layout::new(&req),
        project,
        id,
        author,
        revisions,
    })
}

/// The maker's answer to a comment that waits for them.
pub async fn approve(
    app: web::Data<App>,
    member: Member,
    id: web::Path<ItemId>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let (id, maker) = (id.into_inner(), member.user().clone());
    let publish = !form.has("decline");
    let wish = if publish { Wish::Show } else { Wish::Hide };
    let (slug, decided) = app
        .write(move |db| -> Result<_, Error> {
            let item = Item::find(db, id)?;
            let project = Project::find(db, item.project_id.ok_or(Error::NotFound)?)?;
            // Only what waits: hiding what is published is another act.
            let waits = item.queue == Some(Queue::Maker);
            let own = project.is_made_by(db, maker.id)?;
            let decided = (!own || waits) && maker::act(db, &maker, id, wish)?;
            Ok((project.slug, decided))
        })
        .await?;
    let said = match (decided, publish) {
        (false, _) => "nothing",
        (true, true) => "approved",
        (true, false) => "declined",
    };
    Ok(see_other(format!("/projects/{slug}?said={said}#comments")))
}
