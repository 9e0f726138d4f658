//! The verdict buttons beside an item where it stands: on a project's page, a release's, a person's.

use askama::Template;
use potluck_models::item::{Item, State};
use potluck_models::settings::Settings;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "moderation/_beside.html")]
pub struct Beside {
    item: Item,
    /// What it is, for who does not see where the buttons stand: "the comment by ann".
    what: String,
    /// Where the form comes back to.
    back: String,
    csrf: String,
    settings: Arc<Settings>,
}

impl askama::filters::HtmlSafe for Beside {}

impl Beside {
    pub fn new(
        item: &Item,
        what: String,
        back: &str,
        csrf: &str,
        settings: &Arc<Settings>,
    ) -> Beside {
        Beside {
            item: item.clone(),
            what,
            back: back.to_owned(),
            csrf: csrf.to_owned(),
            settings: settings.clone(),
        }
    }

    /// What its author deleted, or keeps as a draft, nobody decides on.
    fn can_decide(&self) -> bool {
        !matches!(self.item.state, State::Deleted | State::Draft)
    }

    fn can_restore(&self) -> bool {
        matches!(self.item.state, State::Spam | State::Removed)
    }
}
