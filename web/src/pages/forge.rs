//! Following a forge: the page on which a project's makers switch it on and see what came, and the
//! list of recent changes that readers see.

use crate::app::App;
use crate::error::Error;
use crate::forms::{Form, see_other};
use crate::layout::{Layout, ago, page};
use crate::pages::projects::{own, visible};
use crate::session::{Member, Moderator};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::{Duration, NaiveDateTime};
use potluck_models::Db;
use potluck_models::account::User;
use potluck_models::db::now;
use potluck_models::forge::follow::{self, Follow};
use potluck_models::forge::{NotAsked, Repository};
use potluck_models::gate;
use potluck_models::intake::limits;
use potluck_models::project::Project;

/// How often a maker may have it asked by hand.
const BY_HAND: i64 = 4;

/// The link to the source, and the repository that it names, or why it names none.
type Linked = Option<(String, Result<Repository, NotAsked>)>;

#[derive(Template)]
#[template(path = "projects/forge.html")]
struct ForgePage {
    layout: Layout,
    project: Project,
    linked: Linked,
    follow: Option<Follow>,
    /// In whose name releases come.
    author: String,
    /// Releases that the forge has no longer.
    gone: Vec<String>,
}

impl ForgePage {
    /// The one that is on.
    fn following(&self) -> Option<&Follow> {
        self.follow.as_ref().filter(|follow| follow.is_on())
    }

    /// Why it stopped by itself.
    fn stopped(&self) -> Option<&str> {
        let follow = self.follow.as_ref().filter(|follow| !follow.is_on())?;
        (!follow.error.is_empty()).then_some(follow.error.as_str())
    }

    fn repository(&self) -> Option<&Repository> {
        self.linked.as_ref()?.1.as_ref().ok()
    }

    fn is_own(&self) -> bool {
        self.layout
            .signed_in
            .as_ref()
            .is_some_and(|me| me.user.username == self.author)
    }

    fn next_try(&self, at: &NaiveDateTime) -> String {
        until(self.layout.now, *at)
    }

    /// The forge asked to be left alone for a while.
    fn waits(&self, follow: &Follow) -> bool {
        follow.wait_until.is_some_and(|at| at > self.layout.now)
    }
}

/// "in 40 minutes"
fn until(now: NaiveDateTime, at: NaiveDateTime) -> String {
    let minutes = (at - now).num_minutes();
    match minutes {
        ..1 => "in a moment".into(),
        1 => "in a minute".into(),
        2..90 => format!("in {minutes} minutes"),
        _ => format!("in {} hours", (minutes + 30) / 60),
    }
}

/// `/projects/{slug}/forge`
pub async fn show(
    req: HttpRequest,
    app: web::Data<App>,
    member: Member,
    slug: web::Path<String>,
) -> Result<HttpResponse, Error> {
    let (slug, user) = (slug.into_inner(), member.user().clone());
    let layout = Layout::new(&req);
    let forges = layout.settings.forges.clone();
    let shown = app
        .read(move |db| -> Result<_, Error> {
            let (project, _) = own(db, &slug, &user)?;
            let follow = Follow::of(db, project.id)?;
            let author = match &follow {
                Some(follow) => follow.author(db)?,
                None => String::new(),
            };
            Ok(ForgePage {
                layout,
                linked: follow::linked(db, &project, &forges)?,
                gone: follow::gone(db, project.id)?,
                follow,
                author,
                project,
            })
        })
        .await?;
    page(&shown)
}

fn switch_on(db: &mut Db, by: &User, project: &Project, forges: &str) -> Result<(), Error> {
    gate::may_post(by, now()).map_err(Error::Refused)?;
    match follow::linked(db, project, forges)? {
        Some((_, Ok(repository))) => {
            follow::switch_on(db, by.id, project.id, &repository)?;
            Ok(())
        }
        Some((_, Err(why))) => Err(Error::Forbidden(why.to_string())),
        None => Err(Error::BadRequest(
            "Add the address of the source code to the project first.",
        )),
    }
}

/// On, off, once now, and whether readers see the changes.
pub async fn change(
    app: web::Data<App>,
    member: Member,
    slug: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let (slug, user) = (slug.into_inner(), member.user().clone());
    let act = form.get("act").to_owned();
    let (forges, limits_off) = (app.settings().forges.clone(), app.config.limits_off);
    let to = app
        .write(move |db| -> Result<String, Error> {
            let (project, _) = own(db, &slug, &user)?;
            let follow = Follow::of(db, project.id)?.filter(Follow::is_on);
            let said = match (act.as_str(), follow) {
                ("on", _) => {
                    ask_by_hand(db, limits_off, project.id.0)?;
                    switch_on(db, &user, &project, &forges)?;
                    "forge-on"
                }
                ("off", _) => {
                    follow::switch_off(db, project.id)?;
                    "forge-off"
                }
                ("now", Some(follow)) => {
                    ask_by_hand(db, limits_off, project.id.0)?;
                    match follow::ask_now(db, &follow)? > now() {
                        true => "forge-waits",
                        false => "forge-now",
                    }
                }
                ("show" | "hide", Some(_)) => {
                    follow::show_changes(db, project.id, act == "show")?;
                    "saved"
                }
                ("now" | "show" | "hide", None) => "nothing",
                _ => return Err(Error::BadRequest("Choose what to do.")),
            };
            Ok(format!("/projects/{}/forge?said={said}", project.slug))
        })
        .await?;
    Ok(see_other(to))
}

fn ask_by_hand(db: &mut Db, limits_off: bool, project: i64) -> Result<(), Error> {
    if limits_off {
        return Ok(());
    }
    let bucket = format!("forge-by-hand:{project}");
    limits::count(db, &bucket, BY_HAND, Duration::hours(1))?.map_err(Error::SlowDown)
}

/// `/projects/{slug}/changes`: a moderator takes the list of changes away, or brings it back.
pub async fn moderate(
    app: web::Data<App>,
    moderator: Moderator,
    slug: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Error> {
    let (slug, user) = (slug.into_inner(), moderator.0.user.clone());
    let hidden = match form.get("act") {
        "hide" => true,
        "show" => false,
        _ => return Err(Error::BadRequest("Choose what to do.")),
    };
    let to = app
        .write(move |db| -> Result<String, Error> {
            let (project, _) = visible(db, &slug, Some(&user))?;
            let said = match follow::hide_changes(db, &user, project.id, hidden)? {
                true if hidden => "changes-hidden",
                true => "changes-shown",
                false => "nothing",
            };
            Ok(format!(
                "/projects/{}/releases?said={said}#changes",
                project.slug
            ))
        })
        .await?;
    Ok(see_other(to))
}

// ---- For readers ----

/// Of the list on a project's own page.
const FEW: usize = 3;

#[derive(Template)]
#[template(path = "projects/_changes.html")]
pub struct Changes {
    recent: follow::Recent,
    slug: String,
    /// What links end with behind a secret one.
    key: String,
    csrf: String,
    /// On a project's own page a few stand, on that of its releases all.
    whole: bool,
    may_decide: bool,
    now: NaiveDateTime,
}

impl askama::filters::HtmlSafe for Changes {}

impl Changes {
    /// Those of a project that this reader sees.
    pub fn of(
        db: &mut Db,
        project: &Project,
        (key, csrf): (&str, &str),
        whole: bool,
        may_decide: bool,
    ) -> Result<Option<Changes>, Error> {
        let mut recent = follow::recent(db, project, may_decide && whole)?;
        if let Some(recent) = recent.as_mut().filter(|_| !whole) {
            recent.changes.truncate(FEW);
        }
        Ok(recent.map(|recent| Changes {
            recent,
            slug: project.slug.clone(),
            key: key.to_owned(),
            csrf: csrf.to_owned(),
            whole,
            may_decide,
            now: now(),
        }))
    }

    fn ago(&self, at: &NaiveDateTime) -> String {
        ago(self.now, *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_try_is_told_in_words() {
        let at = now();
        let told = |minutes| until(at, at + Duration::minutes(minutes));
        assert_eq!(told(-5), "in a moment");
        assert_eq!(told(61), "in 61 minutes");
        assert_eq!(told(60 * 24), "in 24 hours");
    }
}
