//! The front page: how people talk here, who just shared a first project, what waits for feedback, what
//! was released, what is new. An empty site explains itself, to its administrator and to its first maker.

use crate::app::App;
use crate::config::MailTo;
use crate::error::Error;
use crate::layout::{Layout, page};
use crate::session;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use potluck_models::front::Front;

#[derive(Template)]
#[template(path = "home/show.html")]
struct HomePage {
    layout: Layout,
    front: Front,
    /// For the first administrator: where letters lie while no mail server is set.
    outbox: Option<String>,
}

impl HomePage {
    /// The tagline's first sentence, and the rest of it in another tone.
    fn tagline(&self) -> (&str, &str) {
        let tagline = self.layout.settings.tagline.as_str();
        match tagline.find(". ") {
            Some(at) => (&tagline[..=at], &tagline[at + 2..]),
            None => (tagline, ""),
        }
    }

    /// Where sharing begins, for whoever reads.
    fn way_to_share(&self) -> &'static str {
        match self.layout.signed_in {
            Some(_) => "/projects/new",
            None => "/signup",
        }
    }
}

pub async fn show(req: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, Error> {
    let reader = session::reader(&req);
    let front = app.read(move |db| Front::load(db, reader)).await?;
    let outbox = match &app.config.mail {
        MailTo::Outbox(folder) => Some(folder.display().to_string()),
        MailTo::Smtp(_) => None,
    };
    page(&HomePage {
        layout: Layout::new(&req),
        front,
        outbox,
    })
}
