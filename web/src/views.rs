//! Counts how often readers are shown each text, for the desk's order "most seen". In memory, and
//! added to the database every few minutes: a page that is read writes nothing. A kill loses what
//! was counted since.

use crate::app::App;
use crate::error::Error;
use crate::session::Visitor;
use potluck_models::account::Role;
use potluck_models::db::ItemId;
use potluck_models::moderation::views;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

const EVERY: Duration = Duration::from_secs(300);
/// Texts counted at once; what comes on top of them is left out until they are added.
const MOST: usize = 200_000;
const AT_ONCE: usize = 500;

#[derive(Default)]
pub struct Views(Mutex<HashMap<ItemId, i32>>);

impl Views {
    /// A page showed these to a reader. Moderators at work are none.
    pub fn count(&self, visitor: &Visitor, shown: impl IntoIterator<Item = ItemId>) {
        if visitor
            .user()
            .is_some_and(|user| user.role >= Role::Moderator)
        {
            return;
        }
        let mut views = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for id in shown {
            if views.len() < MOST || views.contains_key(&id) {
                let times = views.entry(id).or_default();
                *times = times.saturating_add(1);
            }
        }
    }

    fn take(&self) -> Vec<(ItemId, i32)> {
        let mut views = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken: Vec<(ItemId, i32)> = std::mem::take(&mut *views).into_iter().collect();
        taken.sort_by_key(|(id, _)| *id);
        taken
    }
}

/// Adds what was counted to the database, a short transaction at a time.
pub async fn store(app: &App) -> Result<(), Error> {
    for part in app.views.take().chunks(AT_ONCE) {
        let ids: Vec<ItemId> = part.iter().map(|(id, _)| *id).collect();
        let counted = app.read(move |db| views::counted(db, &ids)).await?;
        if counted.is_empty() {
            continue;
        }
        let mut part = part.to_vec();
        part.retain(|(id, _)| counted.contains(id));
        app.write(move |db| views::add(db, &part)).await?;
    }
    Ok(())
}

pub async fn work(app: Arc<App>) {
    loop {
        tokio::time::sleep(EVERY).await;
        if let Err(error) = store(&app).await {
            tracing::warn!("storing how often texts were seen failed: {error}");
        }
    }
}
