//! Who has what open: opening an item, taking or dealing out the next 25, letting go.

use super::desk::View;
use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, see_other};
use crate::session::Moderator;
use actix_web::{HttpResponse, web};
use potluck_models::db::ItemId;
use potluck_models::moderation::claim;
use potluck_models::moderation::queue::{self, Name};
use potluck_models::{Db, QueryResult};

/// The way from the desk to where an item stands, by which the others see who reads it. A form, for
/// it leaves a trace: reading changes nothing.
pub async fn open(
    app: web::Data<App>,
    moderator: Moderator,
    path: web::Path<i64>,
) -> Result<HttpResponse, Error> {
    let (me, id) = (moderator.user().id, ItemId(path.into_inner()));
    let place = app
        .write(move |db: &mut Db| -> QueryResult<Option<String>> {
            let Some(entry) = queue::these(db, &[id])?.pop() else {
                return Ok(None);
            };
            claim::take(db, me, &[id])?;
            Ok(Some(entry.path()))
        })
        .await?;
    place.map(see_other).ok_or(Error::NotFound)
}

/// The next 25 of a queue's view, for whom asks or dealt out among all on duty; or lets go of all.
pub async fn take(
    app: web::Data<App>,
    moderator: Moderator,
    form: Form,
) -> Result<HttpResponse, Error> {
    let (me, name) = (moderator.user().id, moderator.user().username.clone());
    let queue: Name = form.get("queue").parse().map_err(|_| Error::NotFound)?;
    let path = format!("/moderation/{queue}");
    let view = View::read(queue, &|word| match word {
        // Whose share it was before does not narrow what there is to take.
        "claimed" => String::new(),
        word => form.get(word).to_owned(),
    })?;
    let taken = match form.get("share") {
        "one" => {
            let view = View {
                one: Some(true),
                ..view
            };
            let after = view
                .after
                .map_or(String::new(), |after| format!("&after={after}"));
            let to = format!("{path}?{}{after}", view.query());
            app.write(move |db: &mut Db| {
                claim::take_first(db, me, &view.filter, view.order, view.after)
            })
            .await?;
            return Ok(see_other(to));
        }
        "none" => {
            app.write(move |db: &mut Db| claim::release(db, me)).await?;
            return Ok(see_other(path));
        }
        "all" => {
            app.write(move |db: &mut Db| claim::deal_share(db, me, &view.filter, view.order))
                .await?
        }
        "mine" => {
            app.write(move |db: &mut Db| claim::take_share(db, me, &view.filter, view.order))
                .await?
        }
        _ => {
            return Err(Error::BadRequest(
                "This form asks for a share that nobody deals. Nothing was changed; go back to the queue.",
            ));
        }
    };
    if taken == 0 {
        return Ok(see_other(format!("{path}?said=nothing-free")));
    }
    Ok(see_other(format!("{path}?claimed={name}")))
}
