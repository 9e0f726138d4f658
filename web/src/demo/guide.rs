//! What the guide of the demo shows: reviews with their authors' consent, one that asks for it, and
//! articles that readers suggested.

use super::find;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use potluck_models::Db;
use potluck_models::article::{self, Standing};
use potluck_models::db::{ItemId, UserId};
use potluck_models::good_review;
use potluck_models::item::State;
use potluck_models::schema::{comments, items, project_makers};
use potluck_models::site_text::{self, Name};

const IMPRINT: &str = "This community is invented, and so is everybody in it.\n\n\
    **The Potluck demonstration**\nAda, at the long table\n\n\
    On a site of your own, the name and address of whoever runs it stand here.";

const ARTICLES: [(&str, &str, &str, &str, Standing); 3] = [
    (
        "odile",
        "Watching people play without helping them",
        "https://letters.example/watching",
        "How to sit on your hands for ten minutes, and what you see when you do.",
        Standing::Accepted,
    ),
    (
        "vera",
        "Looking at a picture for half an hour",
        "https://slow-looking.example/half-an-hour",
        "An exercise for one painting and a pencil. After it, “nice colours” is not enough any more.",
        Standing::Accepted,
    ),
    (
        "odile",
        "A bug report is a short story",
        "https://letters.example/short-story",
        "Beginning, middle, crash: why the steps come before the guess.",
        Standing::Waiting,
    ),
];

pub fn lay(db: &mut Db) -> anyhow::Result<()> {
    let (ada, moderator, odile) = (find(db, "ada")?, find(db, "mo_t")?, find(db, "odile")?);
    site_text::put(db, ada.id, Name::Imprint, Some(IMPRINT), 0)?;
    for (by, title, url, why, standing) in ARTICLES {
        let by = find(db, by)?;
        let fields = article::Fields::parse(title, url, why)
            .map_err(|faults| anyhow::anyhow!("{title}: {faults:?}"))?;
        let id = article::suggest(db, &by, &fields, true)?;
        if standing != Standing::Waiting {
            article::decide(db, &moderator, id, standing)?;
        }
    }
    // Comments that helped a maker, and one of Odile's, who is asked when she logs in.
    let helped: Vec<(ItemId, UserId)> = comments::table
        .inner_join(items::table.on(items::id.eq(comments::id)))
        .filter(items::state.eq(State::Published))
        .filter(comments::helped_at.is_not_null())
        .filter(comments::author_id.ne_all([moderator.id, odile.id]))
        // The longest say most.
        .order((sql::<BigInt>("length(body)").desc(), comments::id))
        .limit(3)
        .select((comments::id, comments::author_id))
        .load(db)?;
    for (comment, author) in helped {
        good_review::suggest(db, &moderator, comment)?;
        good_review::answer(db, author, comment, true)?;
    }
    let hers = project_makers::table
        .filter(project_makers::user_id.eq(odile.id))
        .select(project_makers::project_id.nullable());
    let asked: Option<ItemId> = comments::table
        .inner_join(items::table.on(items::id.eq(comments::id)))
        .filter(items::state.eq(State::Published))
        .filter(comments::author_id.eq(odile.id))
        .filter(items::project_id.ne_all(hers))
        .order(comments::id)
        .select(comments::id)
        .first(db)
        .optional()?;
    if let Some(asked) = asked {
        good_review::suggest(db, &moderator, asked)?;
    }
    Ok(())
}
