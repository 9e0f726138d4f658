//! Pictures from Gravatar, where the site's setting allows it: fetched by the site itself, kept here,
//! and shown as if their people had brought them. Gravatar learns a hash of the mail address and that
//! this site asked, once a month, and nothing of who reads here.

use crate::db::{PictureId, UserId, dialect, now};
use crate::item::State;
use crate::picture::Picture;
use crate::schema::{gravatars, items, pictures, profiles, settings, users};
use crate::{Db, QueryResult, both, secret};
use chrono::Duration;
use diesel::dsl::{exists, not};
use diesel::prelude::*;

pub const HOST: &str = "gravatar.com";
/// People of one look.
const AT_ONCE: i64 = 100;
const ASKED_AGAIN: Duration = Duration::days(30);
/// Whoever asks has so long before somebody else may.
const CLAIM: Duration = Duration::minutes(5);
/// Held by whoever writes here, so that what comes while the setting is switched off is not kept.
const LOCK: &str = "gravatars";

/// Where the picture of a mail address would be; 404 if there is none.
pub fn url(email: &str) -> String {
    let hash = secret::sha256(&email.trim().to_lowercase());
    format!("https://{HOST}/avatar/{hash}?s=512&d=404&r=g")
}

/// Confirmed people who brought no picture, whether readers see one or not.
macro_rules! without_picture {
    ($people:expr) => {
        $people
            .filter(users::confirmed_at.is_not_null())
            .filter(not(exists(
                profiles::table
                    .filter(profiles::user_id.eq(users::id))
                    .filter(profiles::picture_id.is_not_null()),
            )))
    };
}

/// Confirmed people without a picture of their own who were not asked for in the last month: first those
/// never asked for, the newest before the others.
pub fn due(db: &mut Db) -> QueryResult<Vec<(UserId, String)>> {
    let mut found: Vec<(UserId, String)> = without_picture!(users::table)
        .filter(users::avatar.is_null())
        .filter(not(exists(
            gravatars::table.filter(gravatars::user_id.eq(users::id)),
        )))
        .order(users::id.desc())
        .limit(AT_ONCE)
        .select((users::id, users::email))
        .load(db)?;
    let again: Vec<(UserId, String)> = without_picture!(gravatars::table.inner_join(users::table))
        .filter(gravatars::asked_at.lt(now() - ASKED_AGAIN))
        .filter(gravatars::refused.eq(false))
        .order(gravatars::asked_at)
        .limit(AT_ONCE)
        .select((users::id, users::email))
        .load(db)?;
    found.extend(again);
    Ok(found)
}

/// What became of a [`claim`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    Ours,
    /// Another process asks for them.
    Taken,
    /// The setting was switched off.
    Off,
}

/// Takes somebody who is due, so that of several processes one asks. In a write transaction. Whoever dies
/// over it, or gets no answer, leaves them due again.
pub fn claim(db: &mut Db, user: UserId) -> QueryResult<Claim> {
    dialect::lock(db, LOCK)?;
    if !is_on(db)? {
        return Ok(Claim::Off);
    }
    let before = now() - ASKED_AGAIN;
    let asked_at = before + CLAIM;
    let new = both!(db, conn => diesel::insert_into(gravatars::table)
        .values((gravatars::user_id.eq(user), gravatars::asked_at.eq(asked_at)))
        .on_conflict_do_nothing()
        .execute(conn))?;
    let again = diesel::update(
        gravatars::table
            .find(user)
            .filter(gravatars::asked_at.lt(before))
            .filter(gravatars::refused.eq(false)),
    )
    .set(gravatars::asked_at.eq(asked_at))
    .execute(db)?;
    Ok(match new + again {
        0 => Claim::Taken,
        _ => Claim::Ours,
    })
}

/// As it is stored: what this process knows of the setting may be a second old.
fn is_on(db: &mut Db) -> QueryResult<bool> {
    let stored: Option<String> = settings::table
        .find("gravatar")
        .select(settings::value)
        .get_result(db)
        .optional()?;
    Ok(stored.as_deref() == Some("1"))
}

/// What Gravatar has for somebody.
pub enum Came {
    /// The files are stored already: key, extension, width and height.
    Picture(String, String, (u32, u32)),
    Nothing,
}

/// Shows it, in the place of the one before; none again, if there is none any more. What comes when the
/// setting is off by now, or they want none, is dropped. Gives key and extension of the picture that nothing
/// shows: its files go after the commit.
pub fn store(db: &mut Db, user: UserId, came: &Came) -> QueryResult<Option<(String, String)>> {
    lock(db, user)?;
    let refused: Option<bool> = gravatars::table
        .find(user)
        .select(gravatars::refused)
        .get_result(db)
        .optional()?;
    if refused == Some(true) || !is_on(db)? {
        return Ok(match came {
            Came::Picture(key, extension, _) => Some((key.clone(), extension.clone())),
            Came::Nothing => None,
        });
    }
    let before = put(db, user, came)?;
    Ok(before.map(|picture| (picture.key, picture.extension)))
}

fn lock(db: &mut Db, user: UserId) -> QueryResult<()> {
    dialect::lock(db, &format!("profile:{user}"))?;
    dialect::lock(db, LOCK)
}

fn put(db: &mut Db, user: UserId, came: &Came) -> QueryResult<Option<Picture>> {
    let before: Option<Option<PictureId>> = gravatars::table
        .find(user)
        .select(gravatars::picture_id)
        .get_result(db)
        .optional()?;
    let before = before.flatten();
    let picture = match came {
        Came::Picture(key, extension, size) => {
            Some(Picture::create(db, user, key, extension, *size, "")?)
        }
        Came::Nothing => None,
    };
    let asked = (
        gravatars::picture_id.eq(picture),
        gravatars::asked_at.eq(now()),
    );
    both!(db, conn => diesel::insert_into(gravatars::table)
        .values((gravatars::user_id.eq(user), asked))
        .on_conflict(gravatars::user_id)
        .do_update()
        .set(asked)
        .execute(conn))?;
    show(db, user, before)?;
    forget(db, before)
}

/// Whether somebody's picture came from there and is shown.
pub fn is_shown(db: &mut Db, user: UserId) -> QueryResult<bool> {
    let file = file(db, user)?;
    let avatar: Option<String> = users::table
        .find(user)
        .select(users::avatar)
        .get_result(db)?;
    Ok(file.is_some() && avatar == file)
}

/// They want none of it, now or later.
pub fn refuse(db: &mut Db, user: UserId) -> QueryResult<Option<Picture>> {
    lock(db, user)?;
    let gone = put(db, user, &Came::Nothing)?;
    diesel::update(gravatars::table.find(user))
        .set(gravatars::refused.eq(true))
        .execute(db)?;
    Ok(gone)
}

/// The file of the picture from there, as `users.avatar` names it.
pub fn file(db: &mut Db, user: UserId) -> QueryResult<Option<String>> {
    let found: Option<(String, String)> = gravatars::table
        .inner_join(pictures::table)
        .filter(gravatars::user_id.eq(user))
        .select((pictures::key, pictures::extension))
        .first(db)
        .optional()?;
    Ok(found.map(|(key, extension)| format!("{key}.{extension}")))
}

/// Puts it before readers, unless the person has brought a picture of their own.
fn show(db: &mut Db, user: UserId, before: Option<PictureId>) -> QueryResult<()> {
    // With a profile that waits or was taken away, readers see nothing of them.
    let own = profiles::table
        .inner_join(items::table.on(items::id.eq(profiles::id)))
        .filter(profiles::user_id.eq(user))
        .filter(
            profiles::picture_id
                .is_not_null()
                .or(items::state.ne(State::Published)),
        )
        .select(profiles::id);
    let has_own: bool = diesel::select(exists(own)).get_result(db)?;
    let now_shown: Option<String> = users::table
        .find(user)
        .select(users::avatar)
        .get_result(db)?;
    let was_ours = match before {
        Some(before) => {
            let before = Picture::find(db, before)?;
            now_shown == Some(format!("{}.{}", before.key, before.extension))
        }
        None => now_shown.is_none(),
    };
    if has_own || !was_ours {
        return Ok(());
    }
    let file = file(db, user)?;
    diesel::update(users::table.find(user))
        .set(users::avatar.eq(file))
        .execute(db)
        .map(|_| ())
}

fn forget(db: &mut Db, picture: Option<PictureId>) -> QueryResult<Option<Picture>> {
    let Some(id) = picture else {
        return Ok(None);
    };
    let picture = Picture::find(db, id)?;
    picture.delete(db)?;
    Ok(Some(picture))
}

/// The setting was switched off: nobody's picture from there is shown any more. The sweep takes the
/// files.
pub fn forget_all(db: &mut Db) -> QueryResult<()> {
    dialect::lock(db, LOCK)?;
    let theirs = gravatars::table.inner_join(pictures::table).select(
        pictures::key
            .concat(".")
            .concat(pictures::extension)
            .nullable(),
    );
    diesel::update(users::table.filter(users::avatar.eq_any(theirs)))
        .set(users::avatar.eq(None::<String>))
        .execute(db)?;
    // Who wants none is not asked for again.
    diesel::delete(gravatars::table.filter(gravatars::refused.eq(false))).execute(db)?;
    Ok(())
}
