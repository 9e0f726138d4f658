//! Reactions: a sign on a project, a release or a comment, out of a small set that the site chose. One
//! of each a person and text. Nobody reacts to what they make themselves.
//!
//! The sign itself is the key, so that what was given outlives the set. `reactions.counts` says whether
//! one is counted; [`weigh`] brings a person's in line when what holds for them changes.

use crate::account::User;
use crate::condition::among;
use crate::db::{ItemId, UserId, dialect, now};
use crate::gate::{self, Feedback, Person, Refusal, Shut};
use crate::intake::limits::{self, Limited};
use crate::item::{Item, Kind};
use crate::project::Project;
use crate::schema::{reaction_counts, reactions};
use crate::settings::Settings;
use crate::{Db, QueryResult, block, both};
use chrono::Duration;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};
use std::collections::{HashMap, HashSet};

/// What a site offers at most: a choice, not a keyboard.
pub const MOST: usize = 8;
/// What a person may give and take back in an hour: far beyond a good evening, far below a script.
pub const PER_HOUR: i64 = 200;

/// A sign with the word that it is read out as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sign {
    pub sign: String,
    pub word: String,
}

/// What the site offers, and what it offered once.
#[derive(Clone, Debug, Default)]
pub struct Set {
    pub offered: Vec<Sign>,
    before: Vec<Sign>,
}

impl Set {
    pub fn of(settings: &Settings) -> Set {
        Set {
            offered: parse(&settings.reactions).unwrap_or_default(),
            before: parse_all(&settings.reactions_before),
        }
    }

    fn offers(&self, sign: &str) -> bool {
        self.offered.iter().any(|one| one.sign == sign)
    }

    /// How it is read out, though it is offered no more.
    fn word<'a>(&'a self, sign: &'a str) -> &'a str {
        let mut all = self.offered.iter().chain(&self.before);
        let found = all.find(|one| one.sign == sign);
        found.map_or(sign, |one| &one.word)
    }
}

/// As an administrator writes it: `❤️ Love it, 👏 Well done`.
pub fn parse(typed: &str) -> Result<Vec<Sign>, String> {
    let mut set: Vec<Sign> = Vec::new();
    for one in typed.split([',', '\n']).map(str::trim) {
        if one.is_empty() {
            continue;
        }
        let Some((sign, word)) = one.split_once(char::is_whitespace) else {
            return Err(format!(
                "A sign needs a word beside it, for who cannot see it: “{one}”."
            ));
        };
        let (sign, word) = (sign.to_owned(), word.trim().to_owned());
        if sign.chars().count() > 16 || sign.chars().any(char::is_alphanumeric) {
            return Err(format!("“{sign}” is not one sign. Write ❤️ Love it."));
        }
        if word.chars().count() > 40 {
            return Err(format!("A word has at most 40 characters: “{word}”."));
        }
        if set.iter().any(|known| known.sign == sign) {
            return Err(format!("{sign} stands there twice."));
        }
        set.push(Sign { sign, word });
    }
    if set.len() > MOST {
        return Err(format!("At most {MOST} signs: a choice, not a keyboard."));
    }
    Ok(set)
}

/// Without the limit of a set.
fn parse_all(kept: &str) -> Vec<Sign> {
    let each = kept.split(',').filter_map(|one| parse(one).ok());
    each.flatten().collect()
}

/// What was offered before a change and is not any more, beside what was withdrawn earlier.
pub fn withdrawn(settings: &Settings, new: &[Sign]) -> String {
    let old = parse(&settings.reactions).unwrap_or_default();
    let all = old.into_iter().chain(parse_all(&settings.reactions_before));
    let mut kept: Vec<Sign> = Vec::new();
    for one in all {
        let is = |other: &Sign| other.sign == one.sign;
        if !new.iter().any(is) && !kept.iter().any(is) {
            kept.push(one);
        }
    }
    let each = kept.iter().map(|one| format!("{} {}", one.sign, one.word));
    each.collect::<Vec<_>>().join(", ")
}

#[derive(Debug, thiserror::Error)]
pub enum ReactError {
    #[error("{}", .0.sentence())]
    Refused(Refusal),
    #[error("{}", .0.sentence())]
    Limited(Limited),
    #[error("This site does not offer that sign.")]
    NoSuchSign,
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

/// Whether this person may react to this text now.
pub fn may_react(
    db: &mut Db,
    user: &User,
    item: &Item,
    project: &Project,
) -> QueryResult<Result<(), Refusal>> {
    let not_public = Refusal::NoFeedback(Feedback::Reaction, Shut::NotPublished);
    if item.kind == Kind::Comment && !gate::shows_comments(project.terms()) {
        return Ok(Err(not_public));
    }
    let makes = project.is_made_by(db, user.id)?;
    let person = Person {
        user,
        is_maker: makes,
        // A comment is its author's alone, whoever makes the project below it.
        on_team: match item.kind {
            Kind::Comment => item.author_id == user.id,
            _ => makes,
        },
        is_blocked: !makes && block::holds(db, project.id, user.id)?,
    };
    let mut terms = project.terms();
    if item.state != crate::item::State::Published {
        terms.state = item.state;
    }
    Ok(gate::may_give(
        Feedback::Reaction,
        Some(person),
        terms,
        now(),
    ))
}

/// What belongs to one person changes one act at a time: a maker who joins, a ban and a click meet here.
/// Before any item, thread or project, as a ban takes it that goes on to what they wrote.
pub fn lock(db: &mut Db, user: UserId) -> QueryResult<()> {
    dialect::lock(db, &format!("feedback:{user}"))
}

/// Given twice, it is given once. To be called in a write transaction.
pub fn give(
    db: &mut Db,
    settings: &Settings,
    limits_off: bool,
    user: &User,
    item: ItemId,
    sign: &str,
) -> Result<(), ReactError> {
    lock(db, user.id)?;
    // As they are now: a ban may have been what this waited for.
    let user = &User::find(db, user.id)?;
    let (item, project) = find(db, item)?;
    may_react(db, user, &item, &project)?.map_err(ReactError::Refused)?;
    if !Set::of(settings).offers(sign) {
        return Err(ReactError::NoSuchSign);
    }
    limit(db, user.id, limits_off)?;
    let new = both!(db, conn => diesel::insert_into(reactions::table)
        .values((
            reactions::item_id.eq(item.id),
            reactions::user_id.eq(user.id),
            reactions::sign.eq(sign),
            reactions::created_at.eq(now()),
        ))
        .on_conflict_do_nothing()
        .execute(conn))?;
    if new > 0 {
        count(db, item.id, sign, 1)?;
    }
    Ok(())
}

/// What one gave one may always take back, whatever holds here by now.
pub fn take_back(
    db: &mut Db,
    limits_off: bool,
    user: &User,
    item: ItemId,
    sign: &str,
) -> Result<(), ReactError> {
    lock(db, user.id)?;
    limit(db, user.id, limits_off)?;
    let mine = reactions::table.find((item, user.id, sign));
    let counted: Option<bool> = mine.select(reactions::counts).get_result(db).optional()?;
    let Some(counted) = counted else {
        return Ok(());
    };
    diesel::delete(mine).execute(db)?;
    if counted {
        count(db, item, sign, -1)?;
    }
    Ok(())
}

fn limit(db: &mut Db, user: UserId, limits_off: bool) -> Result<(), ReactError> {
    if limits_off {
        return Ok(());
    }
    let bucket = format!("reactions:{user}");
    limits::count(db, &bucket, PER_HOUR, Duration::hours(1))?.map_err(ReactError::Limited)
}

/// A text that people react to, with the project it belongs to.
pub fn find(db: &mut Db, id: ItemId) -> QueryResult<(Item, Project)> {
    let item = Item::find(db, id)?;
    let reacts = matches!(item.kind, Kind::Project | Kind::Release | Kind::Comment);
    match item.project_id {
        Some(project) if reacts => {
            let project = Project::find(db, project)?;
            Ok((item, project))
        }
        _ => Err(diesel::result::Error::NotFound),
    }
}

fn count(db: &mut Db, item: ItemId, sign: &str, step: i32) -> QueryResult<()> {
    both!(db, conn => diesel::insert_into(reaction_counts::table)
        .values((
            reaction_counts::item_id.eq(item),
            reaction_counts::sign.eq(sign),
            reaction_counts::n.eq(step),
        ))
        .on_conflict((reaction_counts::item_id, reaction_counts::sign))
        .do_update()
        .set(reaction_counts::n.eq(reaction_counts::n + step))
        .execute(conn))
    .map(|_| ())
}

/// When a reaction `r` on the item `i` counts, in SQL.
macro_rules! stands {
    () => {
        "NOT EXISTS (SELECT 1 FROM sanctions s WHERE s.user_id = r.user_id AND s.kind IN ('ban', 'clear') \
         AND s.undone_at IS NULL AND s.created_at >= r.created_at) \
         AND (i.kind = 'comment' OR NOT EXISTS (SELECT 1 FROM project_makers m \
         WHERE m.project_id = i.project_id AND m.user_id = r.user_id))"
    };
}
pub(crate) use stands;

#[derive(QueryableByName)]
struct Changed {
    #[diesel(sql_type = BigInt)]
    item_id: i64,
    #[diesel(sql_type = Text)]
    sign: String,
    #[diesel(sql_type = Bool)]
    counts: bool,
}

/// Those of a person whose flag is not what [`stands`] says.
const WRONG: &str = concat!(
    "SELECT r.item_id, r.sign, r.counts FROM reactions r JOIN items i ON i.id = r.item_id \
         WHERE r.user_id = $1 AND r.counts <> (",
    stands!(),
    ") ORDER BY r.item_id, r.sign"
);

/// Takes those of a person out of the counts that may not count any more, and those into them that may
/// again: after a ban and its undo, after they joined the makers of a project and after they left.
pub fn weigh(db: &mut Db, user: UserId) -> QueryResult<()> {
    let changed: Vec<Changed> = diesel::sql_query(WRONG).bind::<BigInt, _>(user).load(db)?;
    for one in changed {
        let item = ItemId(one.item_id);
        diesel::update(reactions::table.find((item, user, &one.sign)))
            .set(reactions::counts.eq(!one.counts))
            .execute(db)?;
        count(db, item, &one.sign, if one.counts { -1 } else { 1 })?;
    }
    Ok(())
}

/// One sign under a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    pub sign: String,
    pub word: String,
    pub n: i32,
    /// The reader gave it.
    pub mine: bool,
    /// Can still be given.
    pub offered: bool,
}

/// What stands under these texts, in the order of the set, what was withdrawn last. Those without any
/// are not among them.
pub fn under(
    db: &mut Db,
    ids: &[ItemId],
    reader: Option<UserId>,
    set: &Set,
) -> QueryResult<HashMap<ItemId, Vec<Shown>>> {
    let rows: Vec<(ItemId, String, i32)> = reaction_counts::table
        .filter(among(reaction_counts::item_id, ids))
        .filter(reaction_counts::n.gt(0))
        .order((reaction_counts::item_id, reaction_counts::sign))
        .select((
            reaction_counts::item_id,
            reaction_counts::sign,
            reaction_counts::n,
        ))
        .load(db)?;
    let mine: HashSet<(ItemId, String)> = match reader {
        Some(reader) if !rows.is_empty() => reactions::table
            .filter(reactions::user_id.eq(reader))
            .filter(among(reactions::item_id, ids))
            .select((reactions::item_id, reactions::sign))
            .load(db)?
            .into_iter()
            .collect(),
        _ => HashSet::new(),
    };
    let mut under: HashMap<ItemId, Vec<Shown>> = HashMap::new();
    for (item, sign, n) in rows {
        let shown = Shown {
            word: set.word(&sign).to_owned(),
            mine: mine.contains(&(item, sign.clone())),
            offered: set.offers(&sign),
            sign,
            n,
        };
        under.entry(item).or_default().push(shown);
    }
    let place = |shown: &Shown| {
        let at = set.offered.iter().position(|one| one.sign == shown.sign);
        at.unwrap_or(usize::MAX)
    };
    for shown in under.values_mut() {
        shown.sort_by_key(place);
    }
    Ok(under)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_signs_with_a_word_each() {
        let set = parse("❤️ Love it,\n👏  Well done , ").unwrap();
        let read: Vec<_> = set
            .iter()
            .map(|s| (s.sign.as_str(), s.word.as_str()))
            .collect();
        assert_eq!(read, [("❤️", "Love it"), ("👏", "Well done")]);
        assert_eq!(parse("").unwrap(), []);
        for bad in ["❤️", "love it", "❤️ Love, ❤️ Again", "😀x y"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
        let nine = ["a"; 9].iter().enumerate();
        let nine: Vec<_> = nine
            .map(|(n, _)| format!("{} w", "!".repeat(n + 1)))
            .collect();
        assert!(parse(&nine.join(",")).is_err());
    }

    #[test]
    fn what_is_withdrawn_keeps_its_word() {
        let mut settings = Settings {
            reactions: "❤️ Love it, 👏 Well done".into(),
            ..Settings::default()
        };
        let new = parse("👏 Well done, 💡 New idea").unwrap();
        settings.reactions_before = withdrawn(&settings, &new);
        settings.reactions = "👏 Well done, 💡 New idea".into();
        assert_eq!(settings.reactions_before, "❤️ Love it");
        let set = Set::of(&settings);
        assert_eq!(set.word("❤️"), "Love it");
        assert!(!set.offers("❤️") && set.offers("💡"));
        // It comes back.
        let new = parse("❤️ Love it").unwrap();
        assert_eq!(withdrawn(&settings, &new), "👏 Well done, 💡 New idea");
    }
}
