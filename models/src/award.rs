//! Awards: a maker designs one (a name, a mark, and why) and gives it to what others made, a few each
//! month. Each is an item of its own, since name and why are public text. Its receivers may decline it:
//! then it is shown nowhere, and nobody is told so.
//!
//! Nobody awards what they make themselves. Of who joins the makers later, what they gave before goes
//! out of sight for as long as they make it.

use crate::account::User;
use crate::condition::{Published, Upto, among};
use crate::db::{ItemId, UserId, dialect, now};
use crate::failure;
use crate::gate::{self, Feedback, Refusal};
use crate::ignore;
use crate::intake::limits::{self, Limited};
use crate::intake::{self, Context, Text};
use crate::invitation;
use crate::item::{Item, Kind, Queue, State, Submitted, appearing};
use crate::line::one_line;
use crate::notice::{self, Sort};
use crate::project::{FieldError, Project};
use crate::schema::{awards, ignores, items, notices, project_makers, projects, users};
use crate::settings::Settings;
use crate::{Db, QueryResult, inbox, markdown, words};
use chrono::{Datelike, Months, NaiveDate, NaiveDateTime};
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use regex::Regex;
use std::collections::HashMap;
use std::sync::LazyLock;
use unicode_segmentation::UnicodeSegmentation;

pub const MAX_NAME: usize = 50;
pub const MAX_WHY: usize = 500;
/// Awards of a page.
pub const PAGE: i64 = 30;

words! {
    /// The drawn ones, in `static/img/awards.svg`.
    pub enum Mark {
        Duck = "duck",
        Pie = "pie",
        Spoon = "spoon",
        Star = "star",
        Heart = "heart",
        Lamp = "lamp",
        Bell = "bell",
        Sprout = "sprout",
        Kite = "kite",
        Moon = "moon",
        Key = "key",
        Wave = "wave",
    }
}

impl Mark {
    /// What it shows.
    pub fn name(self) -> &'static str {
        match self {
            Mark::Duck => "Duck",
            Mark::Pie => "Pie",
            Mark::Spoon => "Spoon",
            Mark::Star => "Star",
            Mark::Heart => "Heart",
            Mark::Lamp => "Lamp",
            Mark::Bell => "Bell",
            Mark::Sprout => "Sprout",
            Mark::Kite => "Kite",
            Mark::Moon => "Moon",
            Mark::Key => "Key",
            Mark::Wave => "Wave",
        }
    }
}

/// What somebody designs, parsed. A revision keeps it as JSON.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Design {
    pub name: String,
    /// The word of a [`Mark`], or one emoji.
    pub mark: String,
    pub why: String,
}

/// What was typed.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    pub name: String,
    /// The word of a [`Mark`], or nothing where an emoji is.
    pub mark: String,
    pub emoji: String,
    pub why: String,
}

impl Design {
    pub fn parse(typed: &Typed) -> Result<Design, Vec<FieldError>> {
        let mut faults = Vec::new();
        let mut fault = |field, message: String| faults.push(FieldError { field, message });
        let name = one_line(&typed.name);
        match name.chars().count() {
            _ if !name.chars().any(char::is_alphanumeric) => {
                fault("name", "Say what it is for.".into());
            }
            n if n > MAX_NAME => fault(
                "name",
                format!("A name has at most {MAX_NAME} characters; this has {n}."),
            ),
            _ => {}
        }
        let emoji = typed.emoji.trim();
        let mark = match typed.mark.parse::<Mark>() {
            // Whoever typed an emoji means it.
            _ if !emoji.is_empty() => {
                if !is_one_emoji(emoji) {
                    fault("emoji", "One emoji, and nothing else.".into());
                }
                emoji.to_owned()
            }
            Ok(mark) => mark.as_str().to_owned(),
            Err(_) => {
                fault("mark", "Choose a picture, or type one emoji.".into());
                String::new()
            }
        };
        let why = typed.why.trim().to_owned();
        match why.chars().count() {
            _ if !why.chars().any(char::is_alphanumeric) => {
                fault("why", "Say in a sentence why they get it.".into());
            }
            n if n > MAX_WHY => fault(
                "why",
                format!("At most {MAX_WHY} characters; these are {n}."),
            ),
            _ => {}
        }
        match faults.is_empty() {
            true => Ok(Design { name, mark, why }),
            false => Err(faults),
        }
    }

    fn text(&self) -> String {
        format!("{}\n{}", self.name, self.why)
    }

    fn to_json(&self) -> QueryResult<String> {
        serde_json::to_string(self)
            .map_err(|error| diesel::result::Error::SerializationError(error.into()))
    }
}

fn is_one_emoji(text: &str) -> bool {
    static EMOJI: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"^(?:\p{Extended_Pictographic}|\p{Regional_Indicator}{2}|[0-9#*]\x{FE0F}?\x{20E3})",
        )
        .expect("a pattern of our own")
    });
    text.graphemes(true).count() == 1 && text.chars().count() <= 12 && EMOJI.is_match(text)
}

/// A revision's content as moderators read it: Markdown.
pub fn readable(content: &str) -> String {
    match serde_json::from_str::<Design>(content) {
        Ok(design) => format!("**{}** ({})\n\n{}", design.name, design.mark, design.why),
        Err(_) => content.to_owned(),
    }
}

#[derive(Debug, thiserror::Error)]
pub enum AwardError {
    #[error("{}", .0.sentence())]
    Refused(Refusal),
    #[error("{}", .0.sentence())]
    Limited(Limited),
    #[error("Awards come from people who have made something: share a project of your own first.")]
    NotMaker,
    #[error("You have given all your awards of this month. More come on {}.", .0.format("%-d %B"))]
    NoneLeft(NaiveDate),
    #[error("You gave it this award before. It can have another one from you.")]
    Already,
    #[error("This award is not here any more.")]
    Gone,
    #[error("Only the makers of the project decide that.")]
    NotTheirs,
    #[error("Only who gave it takes it back.")]
    NotGiver,
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

impl AwardError {
    /// The way in: a link's words and address.
    pub fn way_in(&self) -> Option<(&'static str, &'static str)> {
        match self {
            AwardError::Refused(refusal) => refusal.way_in(),
            AwardError::NotMaker => Some(("Share a project", "/projects/new")),
            _ => None,
        }
    }
}

/// How many more somebody may give, and when more come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    pub left: i64,
    /// Of a month, to begin with.
    pub of: i64,
    pub more_on: NaiveDate,
}

/// Those that were declined, removed or taken back count, too: giving is what a month has five of.
pub fn left(db: &mut Db, settings: &Settings, giver: UserId) -> QueryResult<Left> {
    let today = now().date();
    let first = today.with_day(1).unwrap_or(today);
    let given: i64 = awards::table
        .filter(awards::giver_id.eq(giver))
        .filter(awards::created_at.ge(first.and_time(Default::default())))
        .count()
        .get_result(db)?;
    Ok(Left {
        left: (settings.awards_per_month - given).max(0),
        of: settings.awards_per_month,
        more_on: first + Months::new(1),
    })
}

/// Whether this person may give one here now, whatever it is.
pub fn may_give(
    db: &mut Db,
    settings: &Settings,
    giver: &User,
    project: &Project,
) -> Result<(), AwardError> {
    let person = failure::person(db, giver, project)?;
    gate::may_give(Feedback::Award, Some(person), project.terms(), now())
        .map_err(AwardError::Refused)?;
    if !person.is_maker {
        return Err(AwardError::NotMaker);
    }
    let left = left(db, settings, giver.id)?;
    match left.left {
        0 => Err(AwardError::NoneLeft(left.more_on)),
        _ => Ok(()),
    }
}

/// Takes an award in: gate, limit, checks, filter, state. To be called in a write transaction.
pub fn give(
    db: &mut Db,
    context: &Context,
    giver: &User,
    project: &Project,
    design: &Design,
    network: &str,
) -> Result<(ItemId, State), AwardError> {
    // Of two at once, the second sees the first.
    dialect::lock(db, &format!("awards:{}", giver.id))?;
    may_give(db, context.settings, giver, project)?;
    if !context.limits_off {
        limits::texts(db, giver.id)?.map_err(AwardError::Limited)?;
    }
    let before: Vec<String> = awards::table
        .inner_join(items::table)
        .filter(awards::project_id.eq(project.id))
        .filter(awards::giver_id.eq(giver.id))
        .filter(items::state.ne(State::Deleted))
        .select(awards::name)
        .load(db)?;
    let same = |name: &String| name.to_lowercase() == design.name.to_lowercase();
    if before.iter().any(same) {
        return Err(AwardError::Already);
    }
    let text = design.text();
    let decision = intake::judge(
        db,
        context,
        &Text {
            kind: Kind::Award,
            author: giver,
            is_maker: true,
            text: &text,
            editing: None,
            approve_first: false,
            network,
            heat: None,
        },
    )?;
    let id = Item::submit(
        db,
        &Submitted {
            kind: Kind::Award,
            author: giver.id,
            project: Some(project.id),
            content: &design.to_json()?,
            text: &text,
            network,
            decision: &decision,
        },
    )?;
    diesel::insert_into(awards::table)
        .values((
            awards::id.eq(id),
            awards::project_id.eq(project.id),
            awards::giver_id.eq(giver.id),
            awards::name.eq(&design.name),
            awards::mark.eq(&design.mark),
            awards::why.eq(&design.why),
            awards::why_html.eq(markdown::to_html(&design.why)),
            awards::created_at.eq(now()),
        ))
        .execute(db)?;
    let state = Item::find(db, id)?.state;
    if state == State::Published {
        published(db, &[id])?;
        recount(db, project.id)?;
    }
    Ok((id, state))
}

/// Of these items, awards that come before readers by this are told of.
pub fn settled(db: &mut Db, items: &[&Item], to: State) -> QueryResult<()> {
    let ids: Vec<ItemId> = appearing(items, Kind::Award, to)
        .map(|item| item.id)
        .collect();
    match ids.is_empty() {
        true => Ok(()),
        false => published(db, &ids),
    }
}

/// The makers learn of what they received, but for those who ignore who gave it.
fn published(db: &mut Db, ids: &[ItemId]) -> QueryResult<()> {
    let given: Vec<(ItemId, ItemId, UserId)> = awards::table
        .filter(among(awards::id, ids).and(awards::declined_at.is_null()))
        .order(awards::id)
        .select((awards::id, awards::project_id, awards::giver_id))
        .load(db)?;
    for (id, project, giver) in given {
        let makers = invitation::makers(db, project)?;
        let meant = ignore::listening(db, &makers, &[giver])?;
        notice::tell_many(db, &meant, Sort::Award, id)?;
    }
    Ok(())
}

/// A maker of the project would rather not have it, or takes that back. False: it is so already.
pub fn decline(db: &mut Db, maker: &User, id: ItemId, declines: bool) -> Result<bool, AwardError> {
    let item = dialect::lock_item(db, id)?
        .filter(|item| item.kind == Kind::Award && item.state == State::Published)
        .ok_or(AwardError::Gone)?;
    let project = Project::find(db, item.project_id.ok_or(AwardError::Gone)?)?;
    if !project.is_made_by(db, maker.id)? {
        return Err(AwardError::NotTheirs);
    }
    let award = awards::table.find(id);
    let changed = match declines {
        true => diesel::update(award.filter(awards::declined_at.is_null()))
            .set((
                awards::declined_at.eq(Some(now())),
                awards::declined_by.eq(Some(maker.id)),
            ))
            .execute(db)?,
        false => diesel::update(award.filter(awards::declined_at.is_not_null()))
            .set((
                awards::declined_at.eq(None::<NaiveDateTime>),
                awards::declined_by.eq(None::<UserId>),
            ))
            .execute(db)?,
    };
    if changed == 0 {
        return Ok(false);
    }
    if declines {
        // Nothing of it stays in the inboxes of the other makers either.
        diesel::delete(notices::table.filter(notices::item_id.eq(id))).execute(db)?;
    }
    let act = match declines {
        true => "declined an award",
        false => "accepted an award after all",
    };
    invitation::record(db, maker.id, act, &project, None)?;
    recount(db, project.id)?;
    Ok(true)
}

/// Who gave it takes it back.
pub fn take_back(db: &mut Db, giver: &User, id: ItemId) -> Result<(), AwardError> {
    let item = dialect::lock_item(db, id)?
        .filter(|item| item.kind == Kind::Award)
        .ok_or(AwardError::Gone)?;
    if item.author_id != giver.id {
        return Err(AwardError::NotGiver);
    }
    item.delete(db)?;
    Ok(())
}

/// Shows an earlier or a waiting revision.
pub fn show_content(db: &mut Db, id: ItemId, content: &str) -> QueryResult<()> {
    let design: Design = serde_json::from_str(content)
        .map_err(|error| diesel::result::Error::DeserializationError(error.into()))?;
    diesel::update(awards::table.find(id))
        .set((
            awards::name.eq(&design.name),
            awards::mark.eq(&design.mark),
            awards::why.eq(&design.why),
            awards::why_html.eq(markdown::to_html(&design.why)),
        ))
        .execute(db)
        .map(|_| ())
}

/// What its giver took back, after its time.
pub fn erase(db: &mut Db, id: ItemId) -> QueryResult<()> {
    diesel::update(awards::table.find(id))
        .set((
            awards::name.eq(""),
            awards::why.eq(""),
            awards::why_html.eq(""),
        ))
        .execute(db)
        .map(|_| ())
}

/// What inboxes tell of them.
pub(crate) fn told(
    db: &mut Db,
    ids: &[ItemId],
    found: &mut HashMap<ItemId, inbox::Text>,
) -> QueryResult<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let rows: Vec<(ItemId, String, String)> = awards::table
        .filter(awards::id.eq_any(ids))
        .select((awards::id, awards::name, awards::why_html))
        .load(db)?;
    for (id, name, html) in rows {
        let why = markdown::excerpt(&html, inbox::EXCERPT);
        let excerpt = format!("{name}: {why}");
        let version = String::new();
        found.insert(id, inbox::Text { excerpt, version });
    }
    Ok(())
}

/// Counts what readers see on a project. Takes the row's lock before it counts.
pub fn recount(db: &mut Db, project: ItemId) -> QueryResult<()> {
    diesel::update(projects::table.find(project))
        .set(projects::awards.eq(projects::awards))
        .execute(db)?;
    let counted: i64 = awards::table
        .inner_join(items::table)
        .filter(awards::project_id.eq(project))
        .filter(Published)
        .filter(awards::declined_at.is_null())
        .filter(not(exists(
            project_makers::table
                .filter(project_makers::project_id.eq(awards::project_id))
                .filter(project_makers::user_id.eq(awards::giver_id)),
        )))
        .count()
        .get_result(db)?;
    diesel::update(projects::table.find(project))
        .set(projects::awards.eq(counted as i32))
        .execute(db)
        .map(|_| ())
}

/// The projects that these awards are on.
pub(crate) fn projects_of(db: &mut Db, ids: &[ItemId]) -> QueryResult<Vec<ItemId>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    awards::table
        .filter(among(awards::id, ids))
        .select(awards::project_id)
        .distinct()
        .load(db)
}

/// An award as pages show it.
#[derive(Clone, Debug)]
pub struct Given {
    pub id: ItemId,
    pub name: String,
    pub mark: String,
    pub why_html: String,
    pub at: NaiveDateTime,
    pub declined: bool,
    pub state: State,
    pub has_waiting_edit: bool,
    pub giver: UserId,
    pub username: String,
    pub display_name: String,
    pub slug: String,
    pub title: String,
}

impl Given {
    pub fn giver_name(&self) -> &str {
        match self.display_name.is_empty() {
            true => &self.username,
            false => &self.display_name,
        }
    }
}

/// Which awards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// On a project, as readers see them.
    On(ItemId),
    /// The same with those that were declined, for its makers.
    OnWithDeclined(ItemId),
    By(UserId),
    /// For what somebody made.
    For(UserId),
}

type Row = (
    (ItemId, String, String, String, NaiveDateTime),
    (Option<NaiveDateTime>, State, Option<Queue>),
    (UserId, String, String),
    (String, String),
);

fn given(row: Row) -> Given {
    let ((id, name, mark, why_html, at), (declined, state, queue), giver, project) = row;
    Given {
        id,
        name,
        mark,
        why_html,
        at,
        declined: declined.is_some(),
        has_waiting_edit: state == State::Published && queue.is_some(),
        state,
        giver: giver.0,
        username: giver.1,
        display_name: giver.2,
        slug: project.0,
        title: project.1,
    }
}

/// Newest first, before one, and where the next page begins: those that are before readers, without
/// those of people whom this reader ignores.
pub fn list(
    db: &mut Db,
    which: Which,
    reader: Option<UserId>,
    before: Option<ItemId>,
    most: i64,
) -> QueryResult<(Vec<Given>, Option<ItemId>)> {
    let project_items = diesel::alias!(items as project_items);
    let mut query = awards::table
        .inner_join(items::table.on(items::id.eq(awards::id)))
        .inner_join(users::table.on(users::id.eq(awards::giver_id)))
        .inner_join(projects::table.on(projects::id.eq(awards::project_id)))
        .inner_join(project_items.on(project_items.field(items::id).eq(awards::project_id)))
        .filter(Published)
        .filter(not(exists(
            project_makers::table
                .filter(project_makers::project_id.eq(awards::project_id))
                .filter(project_makers::user_id.eq(awards::giver_id)),
        )))
        .order(awards::id.desc())
        .select((
            (
                awards::id,
                awards::name,
                awards::mark,
                awards::why_html,
                awards::created_at,
            ),
            (awards::declined_at, items::state, items::queue),
            (users::id, users::username, users::display_name),
            (projects::slug, projects::title),
        ))
        .into_boxed();
    if !matches!(which, Which::OnWithDeclined(_)) {
        query = query.filter(awards::declined_at.is_null());
    }
    query = match which {
        // Who may see the project sees what stands on it.
        Which::On(project) | Which::OnWithDeclined(project) => {
            query.filter(awards::project_id.eq(project))
        }
        Which::By(giver) => query
            .filter(awards::giver_id.eq(giver))
            .filter(project_items.field(items::state).eq(State::Published)),
        Which::For(maker) => query
            .filter(
                awards::project_id.eq_any(
                    project_makers::table
                        .filter(project_makers::user_id.eq(maker))
                        .select(project_makers::project_id),
                ),
            )
            .filter(project_items.field(items::state).eq(State::Published)),
    };
    if let Some(before) = before {
        query = query.filter(awards::id.lt(before));
    }
    if let Some(reader) = reader {
        query = query.filter(
            awards::giver_id.ne_all(
                ignores::table
                    .filter(ignores::by_id.eq(reader))
                    .select(ignores::user_id),
            ),
        );
    }
    let mut rows: Vec<Row> = query.upto(most + 1).load(db)?;
    let more = rows.len() as i64 > most;
    rows.truncate(most as usize);
    let next = rows.last().filter(|_| more).map(|row| row.0.0);
    Ok((rows.into_iter().map(given).collect(), next))
}

/// One, in whatever state; who may read it is for the page to decide.
pub fn find(db: &mut Db, id: ItemId) -> QueryResult<Given> {
    let row: Row = awards::table
        .inner_join(items::table.on(items::id.eq(awards::id)))
        .inner_join(users::table.on(users::id.eq(awards::giver_id)))
        .inner_join(projects::table.on(projects::id.eq(awards::project_id)))
        .filter(awards::id.eq(id))
        .select((
            (
                awards::id,
                awards::name,
                awards::mark,
                awards::why_html,
                awards::created_at,
            ),
            (awards::declined_at, items::state, items::queue),
            (users::id, users::username, users::display_name),
            (projects::slug, projects::title),
        ))
        .first(db)?;
    Ok(given(row))
}

/// What somebody designed, the newest first, each once: to be given again. Not what was taken away.
pub fn designs(db: &mut Db, giver: UserId) -> QueryResult<Vec<(ItemId, String, String)>> {
    const READ: i64 = 100;
    const MOST: usize = 12;
    let rows: Vec<(ItemId, String, String)> = awards::table
        .inner_join(items::table)
        .filter(awards::giver_id.eq(giver))
        .filter(Published)
        .order(awards::id.desc())
        .limit(READ)
        .select((awards::id, awards::name, awards::mark))
        .load(db)?;
    let mut designs: Vec<(ItemId, String, String)> = Vec::new();
    for (id, name, mark) in rows {
        if designs.len() < MOST && !designs.iter().any(|(_, n, m)| (n, m) == (&name, &mark)) {
            designs.push((id, name, mark));
        }
    }
    Ok(designs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(name: &str, mark: &str, emoji: &str, why: &str) -> Result<Design, Vec<&'static str>> {
        let typed = Typed {
            name: name.into(),
            mark: mark.into(),
            emoji: emoji.into(),
            why: why.into(),
        };
        Design::parse(&typed).map_err(|faults| faults.iter().map(|fault| fault.field).collect())
    }

    #[test]
    fn a_design_has_a_name_a_mark_and_a_reason() {
        let best = parse(
            " Best \u{202e}duck\nmain character ",
            "duck",
            "",
            "It quacks.",
        )
        .unwrap();
        assert_eq!(best.name, "Best duck main character");
        assert_eq!(
            parse("", "trophy", "", " ").unwrap_err(),
            ["name", "mark", "why"]
        );
        assert_eq!(
            parse(&"n".repeat(51), "pie", "", &"w".repeat(501)).unwrap_err(),
            ["name", "why"]
        );
        // Both: the emoji is what they typed last.
        assert_eq!(parse("a", "pie", "🦆", "b").unwrap().mark, "🦆");
    }

    #[test]
    fn an_emoji_is_one_picture_and_no_word() {
        for one in ["🦆", "❤️", "👩🏽‍🚀", "🇵🇹", "#️⃣", "🏳️‍🌈"] {
            assert!(is_one_emoji(one), "{one}");
        }
        for other in [
            "🦆🦆",
            "a",
            "🦆a",
            "1",
            "",
            "♥\u{30d}\u{30e}\u{304}\u{305}\u{30d}\u{30e}\u{304}\u{305}\u{30d}\u{30e}\u{304}\u{305}",
            "🇵",
        ] {
            assert!(!is_one_emoji(other), "{other}");
        }
    }

    #[test]
    fn moderators_read_name_mark_and_why() {
        let design = parse("Warmest light", "lamp", "", "Of *all* lamps.").unwrap();
        assert_eq!(
            readable(&design.to_json().unwrap()),
            "**Warmest light** (lamp)\n\nOf *all* lamps."
        );
    }
}
