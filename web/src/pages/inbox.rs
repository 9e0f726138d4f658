//! `/inbox`: what was said to somebody. Reading the page changes nothing; a button does.

use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, Query, see_other};
use crate::layout::{Layout, page, segment};
use crate::session::Member;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use potluck_models::db::{Db, ItemId, JoinNoticeId, NoticeId, UserId};
use potluck_models::inbox::{self, Notice};
use potluck_models::item::Kind;
use potluck_models::join::{self, Answer, Told};
use potluck_models::mailing::{self, Rate, Topic};
use potluck_models::notice::{Sort, Wishes};
use potluck_models::{QueryResult, mute};
use serde::Deserialize;
use std::collections::HashMap;

#[derive(Deserialize)]
pub struct InboxQuery {
    #[serde(default)]
    before: String,
    /// A topic; without, all of them.
    #[serde(default)]
    kind: String,
}

#[derive(Template)]
#[template(path = "people/inbox.html")]
struct InboxPage {
    layout: Layout,
    groups: Vec<Group>,
    topic: Option<Topic>,
    unread: HashMap<Topic, usize>,
    /// Who asks to join, and what became of one's own asking; on the first page.
    joins: Vec<Told>,
    is_first: bool,
    next: Option<NoticeId>,
}

/// The notices about one project, newest first: one row, which unfolds.
struct Group {
    notices: Vec<Notice>,
    muted: bool,
}

impl Group {
    /// In the order of what is newest in each. What asks for an answer stands alone.
    fn all(db: &mut Db, me: UserId, notices: Vec<Notice>) -> QueryResult<Vec<Group>> {
        let mut places: Vec<ItemId> = notices.iter().map(|notice| notice.place).collect();
        places.sort();
        places.dedup();
        let muted = mute::among(db, me, &places)?;
        let mut groups: Vec<Group> = Vec::new();
        for notice in notices {
            let asks = notice.sort == Sort::Review;
            let fits = |group: &&mut Group| {
                let first = &group.notices[0];
                !asks && first.place == notice.place && first.sort != Sort::Review
            };
            match groups.iter_mut().find(fits) {
                Some(group) => group.notices.push(notice),
                None => groups.push(Group {
                    muted: muted.contains(&notice.place),
                    notices: vec![notice],
                }),
            }
        }
        Ok(groups)
    }

    fn first(&self) -> &Notice {
        &self.notices[0]
    }

    fn unread(&self) -> usize {
        self.notices.iter().filter(|notice| !notice.read).count()
    }

    fn is_talk(&self) -> bool {
        self.notices.iter().any(|notice| notice.sort.is_talk())
    }

    /// "ann, bob and 2 others"
    fn names(&self) -> String {
        let mut names: Vec<&str> = Vec::new();
        for notice in &self.notices {
            let name = match notice.is_by_makers() {
                true => "its makers",
                false => notice.name(),
            };
            if !names.contains(&name) {
                names.push(name);
            }
        }
        match names.as_slice() {
            [] => String::new(),
            [one] => (*one).to_owned(),
            [one, two] => format!("{one} and {two}"),
            [one, two, third] => format!("{one}, {two} and {third}"),
            [one, two, rest @ ..] => format!("{one}, {two} and {} others", rest.len()),
        }
    }
}

/// Where a notice leads.
pub fn path(notice: &Notice) -> String {
    let (item, slug) = (notice.item, &notice.slug);
    match notice.kind {
        Kind::Comment => format!("/comments/{item}#comment-{item}"),
        Kind::Release => format!(
            "/projects/{slug}/releases/{}",
            segment(&notice.text.version)
        ),
        Kind::Project => format!("/projects/{slug}"),
        Kind::Profile => format!("/people/{}", notice.username),
        Kind::Failure => format!("/failures/{item}"),
        Kind::Answer => format!("/answers/{item}"),
        // Its own page: the list of a project's awards has several, and it may stand on any of them.
        Kind::Award => format!("/awards/{item}"),
        Kind::Rating => format!("/projects/{slug}/feedback"),
    }
}

impl InboxPage {
    fn newest(&self) -> Option<NoticeId> {
        let all = || self.groups.iter().flat_map(|group| &group.notices);
        let unread = all().any(|notice| !notice.read);
        let newest = all().map(|notice| notice.id).max();
        newest.filter(|_| unread)
    }

    fn unread(&self, topic: &Topic) -> usize {
        let joins = match topic {
            Topic::Team => self.joins.iter().filter(|told| !told.read).count(),
            _ => 0,
        };
        joins + self.unread.get(topic).copied().unwrap_or(0)
    }

    /// What addresses of this list go on with.
    fn query(&self) -> String {
        self.topic
            .map_or(String::new(), |topic| format!("kind={topic}&"))
    }

    fn button(&self, told: &Told) -> &'static str {
        match told.state {
            Answer::Open => "Answer",
            _ => "Open",
        }
    }

    fn newest_join(&self) -> Option<JoinNoticeId> {
        let unread = self.joins.iter().any(|told| !told.read);
        let newest = self.joins.first().map(|told| told.id);
        newest.filter(|_| unread)
    }
}

pub async fn show(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    query: Query<InboxQuery>,
) -> Result<HttpResponse, Error> {
    let me = member.user().id;
    let before: Option<NoticeId> = query.0.before.parse().ok();
    let topic: Option<Topic> = query.0.kind.parse().ok();
    let (groups, next, unread, joins) = app
        .read(move |db: &mut Db| -> QueryResult<_> {
            let joins = match (before, topic) {
                (None, None | Some(Topic::Team)) => join::inbox(db, me)?,
                _ => Vec::new(),
            };
            let (notices, next) = inbox::page(db, me, topic, before)?;
            let unread = inbox::unread_by_topic(db, me)?;
            Ok((Group::all(db, me, notices)?, next, unread, joins))
        })
        .await?;
    page(&InboxPage {
        layout: Layout::new(&req),
        groups,
        topic,
        unread,
        joins,
        is_first: before.is_none(),
        next,
    })
}

/// All up to one, those on a project, or one, which leads to what it is about.
pub async fn read(app: web::Data<App>, member: Member, form: Form) -> Result<HttpResponse, Error> {
    const FAULT: Error = Error::BadRequest("Press one of the buttons. Nothing was changed.");
    let me = member.user().id;
    if let Ok(one) = form.get("one").parse::<NoticeId>() {
        let notice = app
            .write(move |db: &mut Db| inbox::read_one(db, me, one))
            .await?
            .ok_or(Error::NotFound)?;
        return Ok(see_other(path(&notice)));
    }
    if let Ok(one) = form.get("join").parse::<JoinNoticeId>() {
        let path = app
            .write(move |db: &mut Db| join::read_one(db, me, one))
            .await?
            .ok_or(Error::NotFound)?;
        return Ok(see_other(path));
    }
    let up_to: Option<NoticeId> = form.get("up_to").parse().ok();
    let joins: Option<JoinNoticeId> = form.get("joins_up_to").parse().ok();
    if up_to.is_none() && joins.is_none() {
        return Err(FAULT);
    }
    let place: Option<ItemId> = form.get("on").parse().ok();
    let topic: Option<Topic> = form.get("kind").parse().ok();
    app.write(move |db: &mut Db| -> QueryResult<()> {
        match (up_to, place) {
            (Some(up_to), Some(place)) => inbox::read_on(db, me, place, up_to)?,
            (Some(up_to), None) => inbox::read_all(db, me, topic, up_to)?,
            (None, _) => 0,
        };
        if let Some(up_to) = joins {
            join::read_all(db, me, up_to)?;
        }
        Ok(())
    })
    .await?;
    let said = if place.is_some() {
        "inbox-some"
    } else {
        "inbox-read"
    };
    let kind = topic.map_or(String::new(), |topic| format!("kind={topic}&"));
    Ok(see_other(format!("/inbox?{kind}said={said}")))
}

/// What somebody wants to be told of, and how often by mail, from the account page.
pub async fn choose(
    app: web::Data<App>,
    member: Member,
    form: Form,
) -> Result<HttpResponse, Error> {
    let me = member.user().id;
    let wishes = Wishes {
        mentions: form.has("mentions"),
        replies: form.has("replies"),
        comments: form.has("comments"),
    };
    // What the form does not say stays.
    let letters: Vec<(Topic, Rate)> = Topic::ALL
        .iter()
        .filter_map(|topic| Some((*topic, form.get(&format!("mail_{topic}")).parse().ok()?)))
        .collect();
    app.write(move |db: &mut Db| -> QueryResult<()> {
        wishes.save(db, me)?;
        mailing::choose(db, me, &letters)
    })
    .await?;
    Ok(see_other("/account?said=saved#told"))
}
