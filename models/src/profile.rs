//! Profiles: what people say of themselves. A profile is an item whose author and subject are the
//! person, made with the first save, so that name, words and links take the intake as every text
//! does. What readers see of it stands in `users`, where every list reads names; [`show`] and
//! [`settled`] write it there, and take it away with the state.

use crate::account::{RESERVED, Role, User};
use crate::db::{ItemId, PictureId, UserId, dialect, now};
use crate::elsewhere::{Elsewhere, Site};
use crate::gate::{self, Refusal};
use crate::intake::limits::{self, Limited};
use crate::intake::{self, Context, Outcome, Step, Text};
use crate::item::{Item, Kind, Revision, State, Submitted};
use crate::moderation::verdict;
use crate::picture::Picture;
use crate::project::FieldError;
use crate::schema::{items, pictures, profiles, users};
use crate::{Db, QueryResult, gravatar, markdown, proof};
use chrono::Duration;
use diesel::prelude::*;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_security::confusable_detection::skeleton;

pub const MAX_NAME: usize = 50;
pub const MAX_BIO: usize = 1_000;
/// Why the profile of somebody waits whose profile a moderator had removed.
pub const REMOVED_BEFORE: &str = "removed_before";

/// The text of a profile, parsed and within its limits. What a revision of it keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Fields {
    /// Empty: they go by their user name.
    pub display_name: String,
    pub bio: String,
    pub links: Vec<Elsewhere>,
}

impl Fields {
    /// From what was typed; links as (place, name or address), empty ones left out.
    pub fn parse(
        display_name: &str,
        bio: &str,
        links: &[(Site, &str)],
    ) -> Result<Fields, Vec<FieldError>> {
        let mut faults = Vec::new();
        let mut fault = |field, message: String| faults.push(FieldError { field, message });
        let display_name = tidy(display_name);
        match display_name.chars().count() {
            0 => {}
            n if n > MAX_NAME => fault(
                "display_name",
                format!("A name has at most {MAX_NAME} characters; this has {n}."),
            ),
            _ if !display_name.chars().any(char::is_alphanumeric) => fault(
                "display_name",
                "A name has at least one letter or digit.".into(),
            ),
            _ if has_towers(&display_name) => fault(
                "display_name",
                "A name has at most two marks above or below one letter.".into(),
            ),
            _ => {}
        }
        let bio = bio.trim().to_owned();
        match bio.chars().count() {
            n if n > MAX_BIO => fault(
                "bio",
                format!("This has at most 1,000 characters; it has {n}."),
            ),
            _ => {}
        }
        let mut kept = Vec::new();
        for (site, typed) in links {
            if typed.trim().is_empty() {
                continue;
            }
            match site.parse(typed) {
                Ok(link) => kept.push(link),
                Err(message) => fault(site.field(), message),
            }
        }
        if faults.is_empty() {
            Ok(Fields {
                display_name,
                bio,
                links: kept,
            })
        } else {
            Err(faults)
        }
    }

    /// Of a revision; what cannot be read is nothing.
    pub fn of(content: &str) -> Fields {
        serde_json::from_str(content).unwrap_or_default()
    }

    pub fn is_empty(&self) -> bool {
        *self == Fields::default()
    }

    /// What the filter reads.
    pub fn text(&self) -> String {
        let mut text = format!("{}\n{}", self.display_name, self.bio);
        for link in &self.links {
            text.push('\n');
            text.push_str(&link.url);
        }
        text
    }

    pub fn link(&self, site: Site) -> Option<&Elsewhere> {
        self.links.iter().find(|link| link.site == site)
    }

    fn to_json(&self) -> QueryResult<String> {
        serde_json::to_string(self)
            .map_err(|error| diesel::result::Error::SerializationError(error.into()))
    }
}

/// A name in one line, without signs that nobody sees: they would turn what stands beside it around,
/// or make two of one name. A joiner stays between letters that are joined by it.
pub(crate) fn tidy(typed: &str) -> String {
    let all: Vec<char> = typed.nfc().collect();
    let joins = |i: usize| {
        let near = |c: Option<&char>| c.is_some_and(|c| !c.is_ascii() && !is_unseen(*c));
        matches!(all[i], '\u{200C}' | '\u{200D}')
            && near(i.checked_sub(1).and_then(|i| all.get(i)))
            && near(all.get(i + 1))
    };
    let seen: String = (0..all.len())
        .filter(|&i| !is_unseen(all[i]) || joins(i))
        .map(|i| if all[i].is_control() { ' ' } else { all[i] })
        .collect();
    seen.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
        | '\u{180B}'..='\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}'
        | '\u{FFF0}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
}

/// Marks piled up on one letter reach into the lines around it.
fn has_towers(name: &str) -> bool {
    let mut pile = 0;
    name.nfd().any(|c| {
        pile = if is_combining_mark(c) { pile + 1 } else { 0 };
        pile > 2
    })
}

/// What letters look like: twice, since a foreign capital is folded to one of ours, whose small letter
/// may look like others (`m` like `rn`).
fn folded(text: &str) -> String {
    let once: String = skeleton(text).collect::<String>().to_lowercase();
    skeleton(&once).collect::<String>().to_lowercase()
}

/// What a name looks like, whatever letters it is written with, spaces and signs left out.
fn looks(name: &str) -> [String; 2] {
    let letters = |text: &str| -> String {
        let folded = folded(text);
        folded.chars().filter(|c| c.is_alphanumeric()).collect()
    };
    let wide: String = name.nfkc().collect();
    // `I` looks like `l`, which its small letter does not.
    [letters(&wide), letters(&wide.to_lowercase())]
}

/// Words of a name that only who holds the office may use, alone or run together with others.
const OFFICES: [&str; 4] = ["admin", "administrator", "moderator", "staff"];

fn is_office(word: &str, office: &str) -> bool {
    let [office, _] = looks(office);
    // "Badminton" and "Staffordshire" are no office.
    let long = office.chars().count() > 8;
    looks(word).iter().any(|word| {
        *word == office
            || word.strip_prefix(&office).is_some_and(|rest| rest == "s")
            || (long && word.contains(&office))
    })
}

/// Why somebody may not go by this name: it poses as the site, as a moderator, or as another member
/// whose user name it is. One's own is free.
fn poses(db: &mut Db, person: &User, name: &str) -> QueryResult<Option<&'static str>> {
    if name.is_empty() {
        return Ok(None);
    }
    let looks_like = looks(name);
    let is_like = |other: &str| {
        let others = looks(other);
        !others[0].is_empty() && looks_like.iter().any(|look| others.contains(look))
    };
    if is_like(&person.username) {
        return Ok(None);
    }
    if person.role < Role::Moderator {
        let whole = RESERVED.iter().any(|word| is_like(word));
        let part = name
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .any(|word| OFFICES.iter().any(|office| is_office(word, office)));
        if whole || part {
            return Ok(Some(
                "This sounds as if the site itself were speaking. Choose another name.",
            ));
        }
    }
    // Signs that a user name may hold stand in its key.
    let mut keys: Vec<String> = Vec::new();
    for text in [name.to_owned(), name.to_lowercase()] {
        let wide: String = text.nfkc().collect();
        for between in ["", "-", "_"] {
            let joined = wide.split_whitespace().collect::<Vec<_>>().join(between);
            keys.push(folded(&joined));
        }
    }
    keys.extend(looks_like.iter().cloned());
    let taken: Option<UserId> = users::table
        .filter(users::username_key.eq_any(keys))
        .filter(users::id.ne(person.id))
        .select(users::id)
        .first(db)
        .optional()?;
    if taken.is_some() {
        return Ok(Some(
            "Somebody else has this user name, or one that looks like it. Choose another name.",
        ));
    }
    let moderators: Vec<String> = users::table
        .filter(users::role.eq_any([Role::Moderator, Role::Admin]))
        .filter(users::id.ne(person.id))
        .filter(users::display_name.ne(""))
        .select(users::display_name)
        .load(db)?;
    if moderators.iter().any(|other| is_like(other)) {
        return Ok(Some(
            "A moderator goes by this name, or one that looks like it. Choose another name.",
        ));
    }
    Ok(None)
}

#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    #[error("{}", .0.sentence())]
    Refused(Refusal),
    #[error("{}", .0.sentence())]
    Limited(Limited),
    #[error("{}", .0.message)]
    Invalid(FieldError),
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

/// The row of a profile whose item was submitted before.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = profiles)]
pub struct Profile {
    pub id: ItemId,
    pub user_id: UserId,
    pub links: String,
    pub picture_id: Option<PictureId>,
}

impl Profile {
    pub fn of(db: &mut Db, person: UserId) -> QueryResult<Option<Profile>> {
        profiles::table
            .filter(profiles::user_id.eq(person))
            .select(Profile::as_select())
            .first(db)
            .optional()
    }

    /// What readers follow.
    pub fn links(&self) -> Vec<Elsewhere> {
        serde_json::from_str(&self.links).unwrap_or_default()
    }

    pub fn picture(&self, db: &mut Db) -> QueryResult<Option<Picture>> {
        match self.picture_id {
            Some(id) => Picture::find(db, id).optional(),
            None => Ok(None),
        }
    }
}

/// What a person wrote last, shown or not, and where it stands. None: nothing, or it is erased.
pub fn own(db: &mut Db, person: UserId) -> QueryResult<Option<(Item, Fields)>> {
    let Some(profile) = Profile::of(db, person)? else {
        return Ok(None);
    };
    let item = Item::find(db, profile.id)?;
    if item.state == State::Deleted {
        return Ok(None);
    }
    let newest = Revision::newest(db, item.id)?;
    Ok(Some((item, Fields::of(&newest.content))))
}

/// Takes a profile in, new or changed: gate, limits, checks, filter, state. To be called in a write
/// transaction. Gives the state the text got.
pub fn save(
    db: &mut Db,
    context: &Context,
    author: &User,
    fields: &Fields,
    network: &str,
) -> Result<State, SaveError> {
    gate::may_post(author, now()).map_err(SaveError::Refused)?;
    if !context.limits_off {
        let bucket = format!("profile:{}", author.id);
        limits::count(db, &bucket, 20, Duration::hours(1))?.map_err(SaveError::Limited)?;
    }
    // Two first saves at once: the second sees the first.
    dialect::lock(db, &format!("profile:{}", author.id))?;
    let known = Profile::of(db, author.id)?;
    let item = match &known {
        Some(profile) => dialect::lock_item(db, profile.id)?,
        None => None,
    };
    if let Some(item) = &item {
        let newest = Revision::newest(db, item.id)?;
        if item.state != State::Deleted && Fields::of(&newest.content) == *fields {
            proof::look_again(db, author.id)?;
            return Ok(told(item));
        }
        let has_picture = known.is_some_and(|profile| profile.picture_id.is_some());
        if fields.is_empty() && !has_picture && item.state != State::Removed {
            item.delete(db)?;
            return Ok(State::Deleted);
        }
    } else if fields.is_empty() && author.display_name.is_empty() && author.bio.is_empty() {
        return Ok(State::Deleted);
    }
    if let Some(message) = poses(db, author, &fields.display_name)? {
        return Err(SaveError::Invalid(FieldError {
            field: "display_name",
            message: message.into(),
        }));
    }
    if item.is_none() && !context.limits_off {
        limits::waiting(db, context.settings, author.id)?.map_err(SaveError::Limited)?;
    }
    let id = take_in(db, context, author, item.as_ref(), fields, network)?;
    Ok(told(&Item::find(db, id)?))
}

/// Judges a profile and stores it: the first, or a new text of the one there is, which is locked.
fn take_in(
    db: &mut Db,
    context: &Context,
    author: &User,
    item: Option<&Item>,
    fields: &Fields,
    network: &str,
) -> QueryResult<ItemId> {
    let text = fields.text();
    let is_maker = User::is_maker(db, author.id)?;
    let mut decision = intake::judge(
        db,
        context,
        &Text {
            kind: Kind::Profile,
            author,
            is_maker,
            text: &text,
            editing: item.map(|item| item.id),
            approve_first: false,
            network,
            heat: None,
        },
    )?;
    let removed = match item {
        Some(item) if item.state == State::Deleted => verdict::taken_by_people(db, item.id)?,
        Some(item) => item.state == State::Removed,
        None => false,
    };
    if removed {
        // Writing it anew is no way round a moderator, nor is clearing it first, nor a filter that
        // learned since.
        let evidence = "a moderator removed the one before";
        let step = Step::new(REMOVED_BEFORE, Outcome::Hold, evidence);
        decision.steps.push(step);
        if decision.outcome < Outcome::Hold {
            decision.outcome = Outcome::Hold;
            decision.why = REMOVED_BEFORE.into();
            decision.evidence = evidence.into();
            decision.sampled = false;
        }
    }
    let json = fields.to_json()?;
    if let Some(item) = item {
        item.revise(db, &json, &text, &decision)?;
        return Ok(item.id);
    }
    let id = Item::submit(
        db,
        &Submitted {
            kind: Kind::Profile,
            author: author.id,
            project: None,
            content: &json,
            text: &text,
            network,
            decision: &decision,
        },
    )?;
    diesel::insert_into(profiles::table)
        .values((profiles::id.eq(id), profiles::user_id.eq(author.id)))
        .execute(db)?;
    show(db, id)?;
    Ok(id)
}

/// An edit that waits beside a published text is told as what it is.
fn told(item: &Item) -> State {
    match item.state {
        State::Published if item.queue.is_some() => State::Held,
        state => state,
    }
}

/// Takes a picture in, or takes it away. It is a setting and changes at once, but it needs an item:
/// there has to be something that moderators can decide on, if without words. Gives the picture
/// before, whose files go after the commit.
pub fn set_picture(
    db: &mut Db,
    context: &Context,
    author: &User,
    picture: Option<PictureId>,
    network: &str,
) -> Result<Option<Picture>, SaveError> {
    if picture.is_some() {
        gate::may_post(author, now()).map_err(SaveError::Refused)?;
        if !context.limits_off {
            let bucket = format!("profile:{}", author.id);
            limits::count(db, &bucket, 20, Duration::hours(1))?.map_err(SaveError::Limited)?;
        }
    }
    dialect::lock(db, &format!("profile:{}", author.id))?;
    let known = Profile::of(db, author.id)?;
    if known.is_none() && picture.is_none() {
        return Ok(None);
    }
    let before = match &known {
        Some(profile) => profile.picture(db)?,
        None => None,
    };
    let item = match &known {
        Some(profile) => dialect::lock_item(db, profile.id)?,
        None => None,
    };
    let id = match &item {
        Some(item) if item.state != State::Deleted || picture.is_none() => item.id,
        item => {
            let fields = Fields {
                display_name: author.display_name.clone(),
                bio: author.bio.clone(),
                links: Vec::new(),
            };
            take_in(db, context, author, item.as_ref(), &fields, network)?
        }
    };
    diesel::update(profiles::table.find(id))
        .set(profiles::picture_id.eq(picture))
        .execute(db)?;
    show(db, id)?;
    if let Some(before) = &before {
        before.delete(db)?;
    }
    Ok(before)
}

/// Writes what readers see of a profile: its published text while it is published, and nothing
/// otherwise. Called whenever its state or its published text has changed.
pub fn show(db: &mut Db, id: ItemId) -> QueryResult<()> {
    let (author, state): (UserId, State) = items::table
        .find(id)
        .select((items::author_id, items::state))
        .get_result(db)?;
    let published = match state {
        State::Published => Revision::published(db, id)?,
        _ => None,
    };
    let Some(published) = published else {
        return hide(db, &[author]);
    };
    let fields = Fields::of(&published.content);
    let avatar: Option<(String, String)> = profiles::table
        .inner_join(pictures::table.on(profiles::picture_id.eq(pictures::id.nullable())))
        .filter(profiles::id.eq(id))
        .select((pictures::key, pictures::extension))
        .first(db)
        .optional()?;
    let avatar = match avatar {
        Some((key, extension)) => Some(format!("{key}.{extension}")),
        None => gravatar::file(db, author)?,
    };
    diesel::update(users::table.find(author))
        .set((
            users::display_name.eq(&fields.display_name),
            users::bio.eq(&fields.bio),
            users::bio_html.eq(markdown::to_html(&fields.bio)),
            users::avatar.eq(avatar),
        ))
        .execute(db)?;
    proof::follow(db, author, &fields.links)?;
    let links = serde_json::to_string(&fields.links)
        .map_err(|error| diesel::result::Error::SerializationError(error.into()))?;
    diesel::update(profiles::table.find(id))
        .set(profiles::links.eq(links))
        .execute(db)
        .map(|_| ())
}

fn hide(db: &mut Db, people: &[UserId]) -> QueryResult<()> {
    proof::forget(db, people)?;
    diesel::update(users::table.filter(users::id.eq_any(people)))
        .set((
            users::display_name.eq(""),
            users::bio.eq(""),
            users::bio_html.eq(""),
            users::avatar.eq(None::<String>),
        ))
        .execute(db)?;
    diesel::update(profiles::table.filter(profiles::user_id.eq_any(people)))
        .set(profiles::links.eq("[]"))
        .execute(db)
        .map(|_| ())
}

/// The profiles among these items came into a state: many at once are hidden at once.
pub fn settled(db: &mut Db, items: &[&Item], state: State) -> QueryResult<()> {
    let among = || items.iter().filter(|item| item.kind == Kind::Profile);
    if state == State::Published {
        for profile in among() {
            show(db, profile.id)?;
        }
        return Ok(());
    }
    let people: Vec<UserId> = among().map(|item| item.author_id).collect();
    if people.is_empty() {
        return Ok(());
    }
    hide(db, &people)
}

/// What its person took away, after its time. Readers have not seen it since.
pub fn erase(db: &mut Db, id: ItemId) -> QueryResult<()> {
    diesel::update(profiles::table.find(id))
        .set(profiles::links.eq("[]"))
        .execute(db)
        .map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(typed: &str) -> Result<String, String> {
        Fields::parse(typed, "", &[])
            .map(|fields| fields.display_name)
            .map_err(|faults| faults[0].message.clone())
    }

    #[test]
    fn a_name_is_one_line_without_signs_that_nobody_sees() {
        assert_eq!(
            name("  Odile \t Marchandeau\n"),
            Ok("Odile Marchandeau".into())
        );
        assert_eq!(name("od\u{202E}eli\u{200B}"), Ok("odeli".into()));
        assert_eq!(name("\u{2067}عمر\u{2069}"), Ok("عمر".into()));
        // Persian joins by one of them.
        assert_eq!(name("می\u{200C}خواهم"), Ok("می\u{200C}خواهم".into()));
        assert_eq!(name("\u{200B}\u{2800}"), Ok(String::new()));
        assert!(name("🍕🍕").is_err() && name("***").is_err());
        assert!(name(&"ü".repeat(50)).is_ok() && name(&"ü".repeat(51)).is_err());
        assert!(name("Z\u{30d}\u{30e}\u{304}\u{305}a").is_err());
        assert!(name("Nguyễn Văn").is_ok());
    }

    #[test]
    fn names_look_alike_whatever_they_are_written_with() {
        let alike = |a: &str, b: &str| looks(a).iter().any(|look| looks(b).contains(look));
        assert!(alike("Моdеrаtоr", "moderator")); // Cyrillic letters
        assert!(alike("m o d e r a t o r", "moderator"));
        assert!(alike("ＭＯ", "mo") && alike("0dIle", "odile"));
        assert!(!alike("Odette", "odile"));
    }

    #[test]
    fn faults_stand_at_their_fields() {
        let faults = Fields::parse(
            &"n".repeat(51),
            &"b".repeat(1_001),
            &[(Site::Github, "a b"), (Site::Mastodon, "me")],
        )
        .unwrap_err();
        let fields: Vec<_> = faults.iter().map(|fault| fault.field).collect();
        assert_eq!(
            fields,
            ["display_name", "bio", "link_github", "link_mastodon"]
        );
    }
}
