//! An item with all that a decision on it needs, read in a fixed number of queries however many
//! items a page has.

use super::maker_acts;
use super::queue::COUNTED;
use super::report::{self, Report};
use super::verdict::{Label, Verdict};
use crate::account::Role;
use crate::condition::{KnownText, among, fixed};
use crate::db::{BatchId, ItemId, UserId};
use crate::item::{Item, Kind, Revision, RevisionState, State};
use crate::picture::Picture;
use crate::project::Fields;
use crate::schema::{
    comments, items, pictures, profiles, project_makers, projects, releases, revisions, users,
    verdicts,
};
use crate::{Db, QueryResult, gallery, markdown, profile};
use chrono::NaiveDateTime;
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use std::collections::HashMap;

/// Who wrote it, and how they have stood until now.
#[derive(Clone, Debug)]
pub struct Author {
    pub id: UserId,
    pub username: String,
    pub display_name: String,
    pub role: Role,
    pub created_at: NaiveDateTime,
    pub is_maker: bool,
    /// These three up to one more than [`COUNTED`].
    pub published: i64,
    pub removed: i64,
    pub spam: i64,
}

/// Where it stands.
#[derive(Clone, Debug)]
pub struct Place {
    pub slug: String,
    pub title: String,
}

/// What a comment answers.
#[derive(Clone, Debug)]
pub struct Parent {
    pub id: ItemId,
    pub username: String,
    pub excerpt: String,
}

/// A verdict that was given on it before.
#[derive(Clone, Debug)]
pub struct Earlier {
    pub batch: BatchId,
    pub by: String,
    pub verdict: Verdict,
    pub reason: String,
    pub label: Option<Label>,
    pub at: NaiveDateTime,
    pub undone: bool,
}

/// What there is to read.
#[derive(Clone, Debug)]
pub enum Content {
    /// Of a comment, or notes of a release: cleaned HTML without links.
    Prose(String),
    Project {
        fields: Box<Fields>,
        description: String,
    },
    /// Of a profile: name and links, and the words about oneself as cleaned HTML without links.
    Profile {
        fields: Box<profile::Fields>,
        bio: String,
    },
}

/// An item with all that a decision on it needs.
#[derive(Clone, Debug)]
pub struct Entry {
    pub item: Item,
    pub author: Author,
    pub place: Option<Place>,
    pub parent: Option<Parent>,
    pub picture: Option<Picture>,
    /// The others of a project.
    pub shots: Vec<Picture>,
    /// The version of a release.
    pub release: Option<String>,
    pub content: Content,
    /// Where its links lead.
    pub links: Vec<String>,
    /// The text that waits, or the newest that there is.
    pub revision: Revision,
    /// The text that readers see while another waits, or saw last.
    pub before: Option<Revision>,
    pub earlier: Vec<Earlier>,
    pub reports: Vec<Report>,
    /// What makers did with it.
    pub makers: Vec<maker_acts::Told>,
}

impl Entry {
    /// Reads what belongs to these items, in their order.
    pub fn load(db: &mut Db, page: Vec<Item>) -> QueryResult<Vec<Entry>> {
        if page.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<ItemId> = page.iter().map(|item| item.id).collect();
        let mut revisions = current_revisions(db, &ids)?;
        let authors = authors(db, &page)?;
        let of = |kind: Kind| -> Vec<ItemId> {
            let same = page.iter().filter(|item| item.kind == kind);
            same.map(|item| item.id).collect()
        };
        let comments = of(Kind::Comment);
        let parents = parents(db, &comments)?;
        let (places, mut pictures) = places(db, &page)?;
        pictures.extend(faces(db, &of(Kind::Profile))?);
        let versions = versions(db, &of(Kind::Release))?;
        let mut shots = gallery::beside_covers(db, &of(Kind::Project))?;
        let mut earlier = earlier(db, &ids)?;
        let mut makers = maker_acts::told_on(db, &comments)?;
        let mut reports: HashMap<ItemId, Vec<Report>> = HashMap::new();
        for report in report::open_on(db, &ids)? {
            reports.entry(report.item_id).or_default().push(report);
        }
        let entries = page.into_iter().filter_map(|item| {
            let mut all = revisions.remove(&item.id)?;
            let revision = all.pop()?;
            let before = (revision.state == RevisionState::Waiting)
                .then(|| all.pop())
                .flatten();
            let (content, links) = Content::of(item.kind, &revision.readable(item.kind));
            Some(Entry {
                author: authors.get(&item.author_id)?.clone(),
                place: item.project_id.and_then(|id| places.get(&id).cloned()),
                parent: parents.get(&item.id).cloned(),
                picture: pictures.remove(&item.id),
                shots: shots.remove(&item.id).unwrap_or_default(),
                release: versions.get(&item.id).cloned(),
                content,
                links,
                earlier: earlier.remove(&item.id).unwrap_or_default(),
                reports: reports.remove(&item.id).unwrap_or_default(),
                makers: makers.remove(&item.id).unwrap_or_default(),
                revision,
                before,
                item,
            })
        });
        Ok(entries.collect())
    }

    /// An edit of a published text waits, and readers still see the text before it.
    pub fn is_edit(&self) -> bool {
        self.before.is_some() && self.item.is_shown()
    }

    /// Its address on the site.
    pub fn path(&self) -> String {
        match (&self.place, self.item.kind, &self.release) {
            (_, Kind::Profile, _) => format!("/people/{}", self.author.username),
            (Some(place), Kind::Project, _) => format!("/projects/{}", place.slug),
            (Some(place), Kind::Rating, _) => format!("/projects/{}#ratings", place.slug),
            (Some(place), Kind::Release, Some(version)) => {
                format!("/projects/{}/releases/{version}", place.slug)
            }
            (_, Kind::Failure, _) => format!("/failures/{}", self.item.id),
            (_, Kind::Answer, _) => format!("/answers/{}", self.item.id),
            (_, Kind::Award, _) => format!("/awards/{}", self.item.id),
            _ => format!("/comments/{}", self.item.id),
        }
    }

    /// Its first words, for lists.
    pub fn excerpt(&self, chars: usize) -> String {
        match &self.content {
            Content::Prose(html) => markdown::excerpt(html, chars),
            Content::Project { fields, .. } => {
                let all = format!("{}: {}", fields.title, fields.summary);
                match all.char_indices().nth(chars) {
                    Some((cut, _)) => format!("{}…", &all[..cut]),
                    None => all,
                }
            }
            Content::Profile { fields, bio } => {
                let words = markdown::excerpt(bio, chars);
                match fields.display_name.as_str() {
                    "" => words,
                    name => format!("{name}: {words}"),
                }
            }
        }
    }
}

impl Content {
    /// With where its links lead. The words are rendered once for both, which is most of what it costs.
    fn of(kind: Kind, content: &str) -> (Content, Vec<String>) {
        let prose = |words: &str, own: Vec<String>| {
            let html = markdown::to_html(words);
            let links = own.into_iter().chain(markdown::links(&html)).collect();
            (markdown::unlinked(&html), links)
        };
        if kind == Kind::Profile {
            let fields = profile::Fields::of(content);
            let own = fields.links.iter().map(|link| link.url.clone()).collect();
            let (bio, links) = prose(&fields.bio, own);
            let fields = Box::new(fields);
            return (Content::Profile { fields, bio }, links);
        }
        match (kind, serde_json::from_str::<Fields>(content)) {
            (Kind::Project, Ok(fields)) => {
                let own = fields.links.iter().map(|link| link.url.clone()).collect();
                let (description, links) = prose(&fields.description, own);
                let fields = Box::new(fields);
                (
                    Content::Project {
                        fields,
                        description,
                    },
                    links,
                )
            }
            _ => {
                let (html, links) = prose(content, Vec::new());
                (Content::Prose(html), links)
            }
        }
    }
}

/// What each item shows, what waits, and what was put away, oldest first.
fn current_revisions(db: &mut Db, ids: &[ItemId]) -> QueryResult<HashMap<ItemId, Vec<Revision>>> {
    let mut of: HashMap<ItemId, Vec<Revision>> = HashMap::new();
    let rows: Vec<Revision> = revisions::table
        .filter(among(revisions::item_id, ids).and(KnownText))
        .order((revisions::item_id, revisions::number))
        .select(Revision::as_select())
        .load(db)?;
    for revision in rows {
        of.entry(revision.item_id).or_default().push(revision);
    }
    Ok(of)
}

macro_rules! counted {
    ($state:literal) => {
        concat!(
            "(SELECT count(*) FROM (SELECT 1 FROM items WHERE items.author_id = users.id \
             AND items.state = '",
            $state,
            "' LIMIT 1001) AS few)"
        )
    };
}

const PUBLISHED: &str = counted!("published");
const REMOVED: &str = counted!("removed");
const SPAM: &str = counted!("spam");
const _: () = assert!(COUNTED + 1 == 1_001);

fn authors(db: &mut Db, page: &[Item]) -> QueryResult<HashMap<UserId, Author>> {
    let ids: Vec<UserId> = page.iter().map(|item| item.author_id).collect();
    // Each is counted up to a bound, and read from an index: of somebody who wrote a hundred thousand
    // comments nobody asks for the last digit.
    let makings = project_makers::table
        .inner_join(items::table.on(items::id.eq(project_makers::project_id)))
        .filter(project_makers::user_id.eq(users::id))
        .filter(items::state.eq(State::Published));
    type Row = (
        UserId,
        String,
        String,
        Role,
        NaiveDateTime,
        bool,
        i64,
        i64,
        i64,
    );
    let rows: Vec<Row> = users::table
        .filter(among(users::id, &ids))
        .select((
            users::id,
            users::username,
            users::display_name,
            users::role,
            users::created_at,
            exists(makings),
            fixed::<BigInt>(PUBLISHED),
            fixed::<BigInt>(REMOVED),
            fixed::<BigInt>(SPAM),
        ))
        .load(db)?;
    let authors = rows.into_iter().map(
        |(id, username, display_name, role, created_at, is_maker, published, removed, spam)| {
            Author {
                id,
                username,
                display_name,
                role,
                created_at,
                is_maker,
                published,
                removed,
                spam,
            }
        },
    );
    Ok(authors.map(|author| (author.id, author)).collect())
}

/// The pictures of these profiles.
fn faces(db: &mut Db, ids: &[ItemId]) -> QueryResult<Vec<(ItemId, Picture)>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    profiles::table
        .inner_join(pictures::table.on(profiles::picture_id.eq(pictures::id.nullable())))
        .filter(among(profiles::id, ids))
        .select((profiles::id, Picture::as_select()))
        .load(db)
}

/// The versions of these releases.
fn versions(db: &mut Db, ids: &[ItemId]) -> QueryResult<HashMap<ItemId, String>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(ItemId, String)> = releases::table
        .filter(among(releases::id, ids))
        .select((releases::id, releases::version))
        .load(db)?;
    Ok(rows.into_iter().collect())
}

fn parents(db: &mut Db, ids: &[ItemId]) -> QueryResult<HashMap<ItemId, Parent>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let up = diesel::alias!(comments as up);
    type Row = (ItemId, ItemId, String, String);
    let rows: Vec<Row> = comments::table
        .inner_join(up.on(comments::parent_id.eq(up.field(comments::id).nullable())))
        .inner_join(users::table.on(users::id.eq(up.field(comments::author_id))))
        .filter(among(comments::id, ids))
        .select((
            comments::id,
            up.field(comments::id),
            users::username,
            up.field(comments::body_html),
        ))
        .load(db)?;
    Ok(rows
        .into_iter()
        .map(|(id, parent, username, html)| {
            let parent = Parent {
                id: parent,
                username,
                excerpt: markdown::excerpt(&html, 160),
            };
            (id, parent)
        })
        .collect())
}

type Places = (HashMap<ItemId, Place>, HashMap<ItemId, Picture>);

fn places(db: &mut Db, page: &[Item]) -> QueryResult<Places> {
    let ids: Vec<ItemId> = page.iter().filter_map(|item| item.project_id).collect();
    let rows: Vec<(ItemId, String, String, Option<Picture>)> = projects::table
        .left_join(pictures::table.on(projects::picture_id.eq(pictures::id.nullable())))
        .filter(among(projects::id, ids))
        .select((
            projects::id,
            projects::slug,
            projects::title,
            Option::<Picture>::as_select(),
        ))
        .load(db)?;
    let (mut places, mut found) = (HashMap::new(), HashMap::new());
    for (id, slug, title, picture) in rows {
        places.insert(id, Place { slug, title });
        if let Some(picture) = picture {
            found.insert(id, picture);
        }
    }
    Ok((places, found))
}

fn earlier(db: &mut Db, ids: &[ItemId]) -> QueryResult<HashMap<ItemId, Vec<Earlier>>> {
    type Row = (
        ItemId,
        BatchId,
        String,
        Verdict,
        String,
        Option<Label>,
        NaiveDateTime,
        Option<NaiveDateTime>,
    );
    let rows: Vec<Row> = verdicts::table
        .inner_join(users::table.on(users::id.eq(verdicts::by_id)))
        .filter(among(verdicts::item_id, ids))
        .order(verdicts::id)
        .select((
            verdicts::item_id,
            verdicts::batch_id,
            users::username,
            verdicts::verdict,
            verdicts::reason,
            verdicts::label,
            verdicts::created_at,
            verdicts::undone_at,
        ))
        .load(db)?;
    let mut of: HashMap<ItemId, Vec<Earlier>> = HashMap::new();
    for (item, batch, by, verdict, reason, label, at, undone) in rows {
        of.entry(item).or_default().push(Earlier {
            batch,
            by,
            verdict,
            reason,
            label,
            at,
            undone: undone.is_some(),
        });
    }
    Ok(of)
}

/// These items with what belongs to them, in order of their numbers: for a batch, and for what a
/// verdict left as it was.
pub fn these(db: &mut Db, ids: &[ItemId]) -> QueryResult<Vec<Entry>> {
    let found = items::table
        .filter(among(items::id, ids))
        .order(items::id)
        .select(Item::as_select())
        .load(db)?;
    Entry::load(db, found)
}
