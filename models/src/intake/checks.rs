//! The checks between limits and filter, and the signals that the filter reads beside the words.

use super::{APPROVE_FIRST, Outcome, Step, Text};
use crate::account::Role;
use crate::condition::{KnownText, Published};
use crate::db::{ItemId, now};
use crate::elsewhere::Site;
use crate::item::{Kind, Queue, RevisionState, State};
use crate::moderation::log::counted;
use crate::moderation::sanction;
use crate::schema::{failures, items, revisions};
use crate::settings::Settings;
use crate::spam::near;
use crate::{Db, QueryResult};
use chrono::Duration;
use diesel::prelude::*;

/// What the author did before, read once for all steps.
pub struct History {
    published_comments: bool,
    published_projects: bool,
    /// With words or a trace: "me too" is looked at by nobody. Asked for a report of a failure alone.
    published_failures: bool,
    /// Other accounts of the same network that were made in the last week.
    linked: i64,
}

impl History {
    pub fn of(db: &mut Db, text: &Text) -> QueryResult<History> {
        let mut published = |kind: Kind| -> QueryResult<bool> {
            let first: Option<ItemId> = items::table
                .filter(
                    items::author_id
                        .eq(text.author.id)
                        .and(items::kind.eq(kind)),
                )
                .filter(items::state.eq(State::Published))
                .select(items::id)
                .first(db)
                .optional()?;
            Ok(first.is_some())
        };
        let published_comments = published(Kind::Comment)?;
        let published_projects = published(Kind::Project)?;
        let published_failures = text.kind == Kind::Failure && has_reported(db, text)?;
        let linked = if text.network.is_empty() {
            0
        } else {
            use crate::schema::users;
            users::table
                .filter(
                    users::network
                        .eq(text.network)
                        .and(users::id.ne(text.author.id)),
                )
                .filter(users::created_at.gt(now() - Duration::days(7)))
                .count()
                .get_result(db)?
        };
        Ok(History {
            published_comments,
            published_projects,
            published_failures,
            linked,
        })
    }

    pub fn is_newcomer(&self) -> bool {
        !self.published_comments && !self.published_projects
    }

    /// Named facts at the moment of posting. Stored with the text and never recomputed: training
    /// must not see the future.
    pub fn signals(&self, text: &Text) -> Vec<String> {
        let mut signals = Vec::with_capacity(5);
        if text.kind == Kind::Comment && !self.published_comments {
            signals.push("@first-comment".to_owned());
        }
        if text.kind == Kind::Project {
            signals.push("@project".to_owned());
            if !self.published_projects {
                signals.push("@first-project".to_owned());
            }
        }
        if text.kind == Kind::Release {
            signals.push("@release".to_owned());
        }
        if text.kind == Kind::Profile {
            signals.push("@profile".to_owned());
        }
        match text.kind {
            Kind::Rating => signals.push("@rating".to_owned()),
            Kind::Failure => signals.push("@failure".to_owned()),
            Kind::Answer => signals.push("@answer".to_owned()),
            Kind::Award => signals.push("@award".to_owned()),
            _ => {}
        }
        let age = now() - text.author.created_at;
        signals.push(
            match age {
                age if age < Duration::days(1) => "@account:new",
                age if age < Duration::days(30) => "@account:young",
                _ => "@account:settled",
            }
            .to_owned(),
        );
        if text.is_maker {
            signals.push("@maker".to_owned());
        }
        match self.linked {
            0 => {}
            n @ 1..=2 => signals.push(format!("@linked:{n}")),
            _ => signals.push("@linked:3+".to_owned()),
        }
        signals
    }
}

/// Whether another report of theirs, which said something, was let through.
fn has_reported(db: &mut Db, text: &Text) -> QueryResult<bool> {
    let first: Option<ItemId> = failures::table
        .inner_join(items::table)
        .filter(items::author_id.eq(text.author.id))
        .filter(items::kind.eq(Kind::Failure))
        .filter(Published)
        .filter(failures::words.ne("").or(failures::trace.ne("")))
        .filter(failures::id.ne(text.editing.unwrap_or(ItemId(0))))
        .select(failures::id)
        .first(db)
        .optional()?;
    Ok(first.is_some())
}

/// A moderator wants to see their next texts first.
pub fn watched(db: &mut Db, text: &Text) -> QueryResult<Step> {
    Ok(
        match sanction::hold_next(db, text.author.id, text.editing.is_some())? {
            Some(hold) => Step::new(
                "watched",
                Outcome::Hold,
                format!(
                    "{}, {} left: {}",
                    hold.words(),
                    hold.texts_left.unwrap_or(0),
                    hold.reason
                ),
            ),
            None => Step::pass("watched"),
        },
    )
}

/// More links than the site allows wait for a person. A project page is expected to have some, and a
/// profile one for each place where somebody may be.
pub fn links(settings: &Settings, text: &Text) -> Step {
    let most = match text.kind {
        Kind::Comment | Kind::Rating | Kind::Answer | Kind::Award => settings.links_held_above,
        // A trace names the pages it ran on.
        Kind::Failure => settings.links_held_above + 3,
        Kind::Project | Kind::Release => settings.links_held_above + 12,
        Kind::Profile => settings.links_held_above + Site::ALL.len() as i64,
    };
    let found = count_links(text.text);
    if found > most {
        Step::new("links", Outcome::Hold, counted(found, "link"))
    } else {
        Step::pass("links")
    }
}

fn count_links(text: &str) -> i64 {
    let lower = text.to_lowercase();
    (lower.matches("http://").count() + lower.matches("https://").count()) as i64
}

/// The same words from somebody else: held, and spam when those were spam. Short texts ("thank
/// you!") are said by many.
pub fn duplicates(db: &mut Db, text: &Text) -> QueryResult<Step> {
    if text.text.chars().count() < 25 {
        return Ok(Step::pass("duplicates"));
    }
    // What is shown, what waits beside it, and what was put away: each may be copied.
    type Row = (ItemId, State, Option<Queue>, RevisionState);
    let same: Vec<Row> = revisions::table
        .inner_join(items::table)
        .filter(revisions::text_hash.eq(near::text_hash(text.text)))
        .filter(revisions::created_at.gt(now() - Duration::days(60)))
        .filter(KnownText)
        .filter(items::author_id.ne(text.author.id))
        .order(revisions::created_at.desc())
        .limit(20)
        .select((items::id, items::state, items::queue, revisions::state))
        .load(db)?;
    // A spam edit waits beside a published text.
    let is_spam = |(_, state, queue, revision): &&Row| {
        *state == State::Spam
            || (*queue == Some(Queue::Spam) && *revision == RevisionState::Waiting)
    };
    Ok(match (same.iter().find(is_spam), same.first()) {
        (Some((id, ..)), _) => Step::new(
            "duplicates",
            Outcome::Spam,
            format!("the same as {id}, which is spam"),
        ),
        (None, Some((id, ..))) => Step::new(
            "duplicates",
            Outcome::Hold,
            format!("the same as {id} by somebody else"),
        ),
        (None, None) => Step::pass("duplicates"),
    })
}

/// The first comments and the first project of a new member wait until one is approved.
/// Makers' comments do not; the people who would approve do not either. Of a profile only one with
/// links does.
pub fn first_texts(history: &History, text: &Text) -> Step {
    let trusted = text.author.role >= Role::Moderator;
    match text.kind {
        Kind::Comment if !trusted && !text.is_maker && !history.published_comments => Step::new(
            "first_comment",
            Outcome::Hold,
            "no comment of this member was approved yet",
        ),
        Kind::Project if !trusted && !history.published_projects => Step::new(
            "first_project",
            Outcome::Hold,
            "no project of this member was approved yet",
        ),
        // Of somebody of whom nobody has seen anything, links are looked at; words alone are not worth a
        // moderator's time.
        // The makers alone read it, and of a newcomer as little as anybody may: a comment.
        Kind::Rating if !trusted && !text.is_maker && history.is_newcomer() => Step::new(
            "first_rating",
            Outcome::Hold,
            "nothing of this member was approved yet",
        ),
        Kind::Rating => Step::pass("first_rating"),
        Kind::Profile
            if !trusted
                && !text.is_maker
                && history.is_newcomer()
                && count_links(text.text) > 0 =>
        {
            Step::new(
                "first_profile",
                Outcome::Hold,
                "links of a member of whom nothing was approved yet",
            )
        }
        // As for comments, or it would be the way round: but whose earlier one was let through is known.
        Kind::Failure
            if !trusted
                && !text.is_maker
                // "Me too" has no words.
                && !text.text.is_empty()
                && history.is_newcomer()
                && !history.published_failures =>
        {
            Step::new(
                "first_failure",
                Outcome::Hold,
                "nothing of this member was approved yet",
            )
        }
        Kind::Failure => Step::pass("first_failure"),
        Kind::Profile => Step::pass("first_profile"),
        Kind::Comment | Kind::Answer | Kind::Award => Step::pass("first_comment"),
        Kind::Project | Kind::Release => Step::pass("first_project"),
    }
}

/// The maker of the project sees each comment before others do.
pub fn approve_first(text: &Text) -> Step {
    if text.approve_first {
        Step::new(
            APPROVE_FIRST,
            Outcome::Hold,
            "the maker approves each comment",
        )
    } else {
        Step::pass(APPROVE_FIRST)
    }
}
