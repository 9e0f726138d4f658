//! `potluck serve --demo`: an invented community, so that a newcomer sees the place in use.
//!
//! Everything goes the way it goes on a real site: texts take the intake, moderators give verdicts,
//! the filter is trained on them. Only the clock is turned back, so that it looks lived in.

mod elsewhere;
mod finding;
mod given;
mod giving;
mod guide;
mod liking;
mod making;
mod picture;

use crate::app::App;
use crate::config::Config;
use crate::picture as pictures;
use anyhow::Context as _;
use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;
use potluck_models::account::{Email, Role, User, Username};
use potluck_models::comment::{self, Body};
use potluck_models::db::{Db, ItemId, Pools, UserId, write_tx};
use potluck_models::elsewhere::Site;
use potluck_models::intake::rules::Rules;
use potluck_models::intake::{self, Context, Outcome, Step, Text};
use potluck_models::item::{Item, Kind, Revision, RevisionState, State, Submitted};
use potluck_models::moderation::report::{self, ReportReason};
use potluck_models::moderation::verdict::{self, Seen, Verdict};
use potluck_models::moderation::{letters, log};
use potluck_models::notice;
use potluck_models::picture::Picture;
use potluck_models::profile;
use potluck_models::project::{self, Choices, Fields, Intent, Link, LinkKind};
use potluck_models::release::{self, Notes, Release};
use potluck_models::schema::{
    batches, comments, items, jobs, notices, projects, reports, revisions, users, verdicts,
};
use potluck_models::settings::Settings;
use potluck_models::spam::Options;
use potluck_models::spam::training::{self, StoredModel};
use potluck_models::{now, password};
use serde::Deserialize;
use std::collections::HashMap;
use std::time::Instant;

const COMMUNITY: &str = include_str!("community.toml");
/// Everybody in the demo has it; it is printed at the start and guards nothing.
const PASSWORD: &str = "bring what you made";
/// Published in this time and not looked at: the Recent queue.
const RECENT: Duration = Duration::days(3);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Community {
    person: Vec<Person>,
    project: Vec<Project>,
    pending_project: Vec<Project>,
    comment: Vec<Comment>,
    queue: Vec<Queued>,
    label: Vec<Labelled>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Person {
    username: String,
    display_name: String,
    bio: String,
    role: Role,
    days_ago: f64,
    #[serde(default)]
    links: Vec<PersonLink>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PersonLink {
    site: Site,
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Project {
    slug: String,
    title: String,
    summary: String,
    description: String,
    kind: project::ProjectKind,
    tags: Vec<String>,
    owner: String,
    #[serde(default)]
    co_makers: Vec<String>,
    comment_policy: potluck_models::gate::CommentPolicy,
    #[serde(default)]
    closed: bool,
    days_ago: f64,
    #[serde(default)]
    links: Vec<ProjectLink>,
    picture: Cover,
    #[serde(default)]
    release: Vec<ProjectRelease>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProjectLink {
    kind: LinkKind,
    url: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cover {
    pattern: String,
    palette: Vec<String>,
    seed: u64,
    alt: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProjectRelease {
    version: String,
    notes: String,
    days_ago: f64,
    /// Where it can be had, if it is the same everywhere.
    #[serde(default)]
    url: String,
    #[serde(default)]
    downloads: Vec<release::Download>,
    #[serde(default)]
    prerelease: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Comment {
    key: String,
    project: String,
    author: String,
    reply_to: Option<String>,
    hours_ago: f64,
    #[serde(default)]
    edited: bool,
    body: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Queued {
    project: String,
    author: String,
    hours_ago: f64,
    expect: Expected,
    #[serde(rename = "note")]
    _note: String,
    body: String,
    #[serde(default)]
    report: Vec<Report>,
}

/// What a moderator would think of it; the filter never sees it.
#[derive(Deserialize, PartialEq, Eq, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Expected {
    Spam,
    Held,
    Published,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Report {
    by: String,
    reason: String,
    note: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Labelled {
    #[serde(rename = "label")]
    _label: verdict::Label,
    days_ago: f64,
    body: String,
}

/// What was said and stays, in the order it was said.
enum Said<'a> {
    Comment(&'a Comment),
    Reported(&'a Queued),
}

impl Community {
    fn in_order(&self) -> Vec<Said<'_>> {
        let reported = self
            .queue
            .iter()
            .filter(|queued| queued.expect == Expected::Published);
        let mut all: Vec<(f64, Said)> = self
            .comment
            .iter()
            .map(|comment| (comment.hours_ago, Said::Comment(comment)))
            .chain(reported.map(|queued| (queued.hours_ago, Said::Reported(queued))))
            .collect();
        all.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        all.into_iter().map(|(_, said)| said).collect()
    }
}

/// Fills an empty database. What is there already stays as it is.
pub fn lay_table(app: &App, pools: &Pools) -> anyhow::Result<()> {
    let mut db = pools.write.get()?;
    if users::table.count().get_result::<i64>(&mut *db)? > 0 {
        return Ok(());
    }
    let start = Instant::now();
    println!("  Laying the table: people, projects, pictures, comments …");
    let community: Community = toml::from_str(COMMUNITY).context("community.toml")?;
    let covers = draw_covers(
        &app.config,
        community.project.iter().chain(&community.pending_project),
    )?;
    let shots = making::draw(&app.config)?;
    let settings = app.settings();
    let active = app.filter();
    let demo = Demo {
        context: Context {
            settings: &settings,
            filter: active.as_deref(),
            limits_off: true,
            rules: Rules::none(),
            address: None,
        },
        start: now(),
    };
    write_tx(&mut db, |db| {
        demo.lay(db, &community, &covers).map_err(Rollback)
    })
    .map_err(|rollback| rollback.0)?;
    // The filter learns from what the demo's moderators decided, as the nightly job would have it.
    let labels = training::labels(&mut db)?;
    let options = Options {
        quiet: true,
        ..settings.training()
    };
    let mut candidate = training::candidate(&mut db, labels, &options, &mut |_, _| {})?;
    candidate.facts.because = "the demo's first night".into();
    write_tx(&mut db, |db| -> diesel::QueryResult<()> {
        let id = training::store(db, &candidate, None)?;
        StoredModel::activate(db, id)
    })?;
    app.set_filter(training::load_active(&mut db)?);
    let again = app.filter();
    let demo = Demo {
        context: Context {
            settings: &settings,
            filter: again.as_deref(),
            limits_off: true,
            rules: Rules::none(),
            address: None,
        },
        start: demo.start,
    };
    write_tx(&mut db, |db| {
        demo.fill_queues(db, &community, &covers)
            .and_then(|()| finding::lay(db))
            .and_then(|()| making::lay(db, &demo.context, &shots))
            .and_then(|()| given::lay(db, &demo.context))
            .and_then(|()| elsewhere::lay(db))
            .and_then(|()| giving::lay(db, &demo.context))
            .map_err(Rollback)?;
        demo.tell(db)
            .and_then(|()| guide::lay(db))
            .and_then(|()| liking::lay(db))
            .map_err(Rollback)
    })
    .map_err(|rollback| rollback.0)?;
    // Contact and imprint came after the site was opened.
    app.set_settings(Settings::load(&mut db)?);
    println!("  Done in {:.1?}.", start.elapsed());
    Ok(())
}

pub fn print_logins() {
    println!("  Everything here is invented. Log in with the password “{PASSWORD}” as");
    println!("    vera    a visitor who has an account and no project");
    println!("    odile   a maker");
    println!("    mo_t    a moderator");
    println!("    ada     the administrator\n");
}

struct Rollback(anyhow::Error);

impl From<diesel::result::Error> for Rollback {
    fn from(error: diesel::result::Error) -> Self {
        Rollback(error.into())
    }
}

type Covers = HashMap<String, pictures::Sizes>;

/// Drawn and encoded on all cores, outside the transaction.
fn draw_covers<'a>(
    config: &Config,
    all: impl Iterator<Item = &'a Project>,
) -> anyhow::Result<Covers> {
    let all: Vec<&Project> = all.collect();
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let drawn: Vec<anyhow::Result<(String, pictures::Sizes)>> = std::thread::scope(|scope| {
        let workers: Vec<_> = all
            .chunks(all.len().div_ceil(threads).max(1))
            .map(|share| {
                scope.spawn(move || {
                    share
                        .iter()
                        .map(|project| draw(project))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap_or_default())
            .collect()
    });
    let covers = drawn.into_iter().collect::<anyhow::Result<Covers>>()?;
    for sizes in covers.values() {
        sizes.store(&config.uploads)?;
    }
    Ok(covers)
}

fn draw(project: &Project) -> anyhow::Result<(String, pictures::Sizes)> {
    let palette: Vec<&str> = project.picture.palette.iter().map(String::as_str).collect();
    let cover = picture::cover(&project.picture.pattern, &palette, project.picture.seed);
    let mut png = std::io::Cursor::new(Vec::new());
    cover.write_to(&mut png, image::ImageFormat::Png)?;
    Ok((project.slug.clone(), pictures::intake(png.get_ref())?))
}

struct Demo<'a> {
    context: Context<'a>,
    start: NaiveDateTime,
}

impl Demo<'_> {
    fn ago(&self, days: f64) -> NaiveDateTime {
        self.start - Duration::milliseconds((days * 86_400_000.0) as i64)
    }

    /// Everything that moderators have long decided.
    fn lay(&self, db: &mut Db, community: &Community, covers: &Covers) -> anyhow::Result<()> {
        let hash = password::hash(PASSWORD);
        for person in &community.person {
            self.seat(db, person, &hash)?;
        }
        let settings = Settings {
            contact: "ada@potluck.example".into(),
            ..self.context.settings.clone()
        };
        settings.save(db)?;
        let moderator = find(db, "mo_t")?.id;
        for project in by_age(&community.project, |project| project.days_ago) {
            self.share(db, project, covers, Some(moderator))?;
        }
        let mut ids = HashMap::new();
        for said in community.in_order() {
            match said {
                Said::Comment(comment) => {
                    let at = self.ago(comment.hours_ago / 24.0);
                    let parent = comment
                        .reply_to
                        .as_ref()
                        .and_then(|key| ids.get(key).copied());
                    let id = self.say(
                        db,
                        &comment.project,
                        &comment.author,
                        parent,
                        &comment.body,
                        at,
                    )?;
                    ids.insert(comment.key.clone(), id);
                    if Item::find(db, id)?.state != State::Published || at < self.start - RECENT {
                        self.decide(db, moderator, Verdict::Ham, id, at + Duration::minutes(40))?;
                    }
                    if comment.edited {
                        diesel::update(comments::table.find(id))
                            .set(comments::edited_at.eq(at + Duration::minutes(50)))
                            .execute(db)?;
                    }
                }
                Said::Reported(queued) => self.report(db, moderator, queued)?,
            }
        }
        // Spam of the past lies where it was put, on whatever project it came to, by accounts that
        // nobody saw again.
        let targets: Vec<&Project> = community
            .project
            .iter()
            .filter(|p| takes_comments(p))
            .collect();
        for (i, old) in community.label.iter().enumerate() {
            let author = format!("bestdeals{}", 1 + i / 5);
            if i % 5 == 0 {
                let person = Person {
                    username: author.clone(),
                    display_name: String::new(),
                    bio: String::new(),
                    role: Role::Member,
                    days_ago: old.days_ago + 0.3,
                    links: Vec::new(),
                };
                self.seat(db, &person, &hash)?;
            }
            let at = self.ago(old.days_ago);
            let id = self.say(
                db,
                &targets[i % targets.len()].slug,
                &author,
                None,
                &old.body,
                at,
            )?;
            self.decide(db, moderator, Verdict::Spam, id, at + Duration::hours(2))?;
        }
        Ok(())
    }

    /// Published once, and complained about since.
    fn report(&self, db: &mut Db, moderator: UserId, queued: &Queued) -> anyhow::Result<()> {
        let at = self.ago(queued.hours_ago / 24.0);
        let id = self.say(db, &queued.project, &queued.author, None, &queued.body, at)?;
        self.decide(db, moderator, Verdict::Ham, id, at + Duration::minutes(5))?;
        for complaint in &queued.report {
            let reason = complaint
                .reason
                .replace("abuse", "unkind")
                .parse::<ReportReason>();
            let reporter = find(db, &complaint.by)?;
            report::file(
                db,
                &reporter,
                id,
                reason.map_err(anyhow::Error::msg)?,
                &complaint.note,
            )?;
        }
        diesel::update(reports::table.filter(reports::item_id.eq(id)))
            .set(reports::created_at.eq(at + Duration::hours(1)))
            .execute(db)?;
        Ok(())
    }

    /// What waits for the moderators today.
    fn fill_queues(
        &self,
        db: &mut Db,
        community: &Community,
        covers: &Covers,
    ) -> anyhow::Result<()> {
        let moderator = find(db, "mo_t")?.id;
        for project in &community.pending_project {
            self.share(db, project, covers, None)?;
        }
        // Some of this night's spam was decided already; whoever repeats it word for word lands in
        // Spam without a person.
        let waiting = by_age(&community.queue, |queued| queued.hours_ago);
        let waiting: Vec<&Queued> = waiting
            .into_iter()
            .filter(|q| q.expect != Expected::Published)
            .collect();
        let mut repeated = Vec::new();
        for (i, queued) in waiting.iter().enumerate() {
            let at = self.ago(queued.hours_ago / 24.0);
            let id = self.say(db, &queued.project, &queued.author, None, &queued.body, at)?;
            if queued.expect == Expected::Spam && i % 3 == 0 {
                self.decide(db, moderator, Verdict::Spam, id, at + Duration::minutes(9))?;
                repeated.push(*queued);
            }
        }
        let spammers: Vec<&Queued> = waiting
            .iter()
            .copied()
            .filter(|q| q.expect == Expected::Spam)
            .collect();
        for (i, queued) in repeated.iter().enumerate() {
            let other = spammers
                .iter()
                .cycle()
                .skip(7 * i + 1)
                .find(|other| other.author != queued.author);
            let other = other.context("the demo has more than one spammer")?;
            let at = self.ago(queued.hours_ago / 24.0 * 0.4);
            self.say(db, &queued.project, &other.author, None, &queued.body, at)?;
        }
        // They came as they were said, not all at once.
        diesel::sql_query(
            "UPDATE campaigns SET (created_at, last_at) = \
             (SELECT min(created_at), max(created_at) FROM items WHERE campaign_id = campaigns.id)",
        )
        .execute(db)?;
        Ok(())
    }

    /// What was said to people lies in their inboxes, as old as it is, and most of it is read.
    fn tell(&self, db: &mut Db) -> anyhow::Result<()> {
        let said: Vec<ItemId> = comments::table
            .order((comments::created_at, comments::id))
            .select(comments::id)
            .load(db)?;
        notice::make(db, &said)?;
        diesel::delete(jobs::table.filter(jobs::kind.eq_any([notice::JOB, notice::LETTER])))
            .execute(db)?;
        diesel::sql_query(
            "UPDATE notices SET mailed_at = created_at, due_at = NULL, \
             created_at = coalesce((SELECT c.created_at FROM comments c WHERE c.id = comment_id), created_at)",
        )
        .execute(db)?;
        let lately = self.start - Duration::days(1);
        diesel::update(notices::table.filter(notices::created_at.lt(lately)))
            .set(notices::read_at.eq(lately))
            .execute(db)?;
        Ok(())
    }

    fn seat(&self, db: &mut Db, person: &Person, hash: &str) -> anyhow::Result<UserId> {
        let name = Username::parse(&person.username)?;
        let email = Email::parse(&format!("{}@people.example", person.username))
            .map_err(anyhow::Error::msg)?;
        let user = User::create(db, &name, &email, hash.to_owned(), "")?;
        let at = self.ago(person.days_ago);
        user.set_role(db, person.role)?;
        diesel::update(users::table.find(user.id))
            .set((
                users::created_at.eq(at),
                users::confirmed_at.eq(at + Duration::minutes(3)),
            ))
            .execute(db)?;
        self.describe(db, person, user.id, at)?;
        Ok(user.id)
    }

    /// What they say of themselves; somebody has looked at it since.
    fn describe(
        &self,
        db: &mut Db,
        person: &Person,
        id: UserId,
        at: NaiveDateTime,
    ) -> anyhow::Result<()> {
        let links: Vec<(Site, &str)> = person
            .links
            .iter()
            .map(|link| (link.site, link.name.as_str()))
            .collect();
        let fields = profile::Fields::parse(&person.display_name, &person.bio, &links)
            .map_err(|faults| anyhow::anyhow!("{}: {faults:?}", person.username))?;
        if fields.is_empty() {
            return Ok(());
        }
        let user = User::find(db, id)?;
        profile::save(db, &self.context, &user, &fields, "")?;
        let profile = profile::Profile::of(db, id)?.context("just saved")?;
        let item = Item::find(db, profile.id)?;
        let mut to = item.standing();
        (to.state, to.queue, to.looked_at) = (State::Published, None, Some(at));
        (to.why, to.evidence) = Default::default();
        Revision::newest(db, profile.id)?.set_state(db, RevisionState::Published)?;
        item.settle(db, to)?;
        self.turn_back(db, profile.id, at)?;
        Ok(())
    }

    /// With a moderator: approved by them. Without: it waits.
    fn share(
        &self,
        db: &mut Db,
        project: &Project,
        covers: &Covers,
        moderator: Option<UserId>,
    ) -> anyhow::Result<()> {
        let owner = find(db, &project.owner)?;
        let at = self.ago(project.days_ago);
        let cover = covers
            .get(&project.slug)
            .context("every project has a cover")?;
        let size = (cover.width, cover.height);
        let picture = Picture::create(
            db,
            owner.id,
            &cover.key,
            cover.extension,
            size,
            &project.picture.alt,
        )?;
        let links: Vec<Link> = project
            .links
            .iter()
            .map(|link| Link {
                kind: link.kind,
                url: link.url.clone(),
            })
            .collect();
        let fields = Fields {
            title: project.title.clone(),
            summary: project.summary.clone(),
            description: project.description.clone(),
            kind: project.kind,
            tags: project.tags.clone(),
            links,
            picture_alt: project.picture.alt.clone(),
            address: String::new(),
            shots: Vec::new(),
        };
        let choices = Choices {
            comment_policy: project.comment_policy,
            approve_first: false,
            closed: project.closed,
            picture_id: Some(picture),
        };
        let shared = project::share(
            db,
            &self.context,
            &owner,
            &fields,
            choices,
            Intent::Publish,
            "",
        )?;
        for name in &project.co_makers {
            let maker = find(db, name)?;
            shared.add_maker(db, maker.id)?;
        }
        diesel::update(projects::table.find(shared.id))
            .set((
                projects::slug.eq(&project.slug),
                projects::created_at.eq(at),
                projects::updated_at.eq(at),
            ))
            .execute(db)?;
        self.turn_back(db, shared.id, at)?;
        if let Some(moderator) = moderator {
            self.decide(
                db,
                moderator,
                Verdict::Ham,
                shared.id,
                at + Duration::minutes(20),
            )?;
        }
        for release in &project.release {
            self.release(db, shared.id, &owner, release)?;
        }
        Ok(())
    }

    fn release(
        &self,
        db: &mut Db,
        project: ItemId,
        owner: &User,
        release: &ProjectRelease,
    ) -> anyhow::Result<()> {
        let only = (release::System::Other.as_str(), release.url.as_str());
        let each = release
            .downloads
            .iter()
            .map(|one| (one.system.as_str(), one.url.as_str()));
        let downloads: Vec<(&str, &str)> = std::iter::once(only).chain(each).collect();
        let notes = Notes::parse(&release.version, &release.notes, &downloads)
            .map_err(|faults| anyhow::anyhow!("{}: {faults:?}", release.version))?;
        let text = notes.text();
        let json = notes.to_json()?;
        let judged = Text {
            kind: Kind::Release,
            author: owner,
            is_maker: true,
            text: &text,
            editing: None,
            approve_first: false,
            network: "",
            heat: None,
        };
        let mut decision = intake::judge(db, &self.context, &judged)?;
        decision.outcome = Outcome::Publish;
        decision
            .steps
            .push(Step::new("demo", Outcome::Publish, "an old release"));
        let new = Submitted {
            kind: Kind::Release,
            author: owner.id,
            project: Some(project),
            content: &json,
            text: &text,
            network: "",
            decision: &decision,
        };
        let id = Item::submit(db, &new)?;
        let at = self.ago(release.days_ago);
        Release::insert(db, id, project, &notes, release.prerelease, at)?;
        self.turn_back(db, id, at)?;
        diesel::update(items::table.find(id))
            .set(items::looked_at.eq(at))
            .execute(db)?;
        Ok(())
    }

    fn say(
        &self,
        db: &mut Db,
        slug: &str,
        author: &str,
        parent: Option<ItemId>,
        body: &str,
        at: NaiveDateTime,
    ) -> anyhow::Result<ItemId> {
        let author = find(db, author)?;
        let project = project::Project::by_slug(db, slug)?;
        let body = Body::parse(body)?;
        // A closed project had its comments before it was closed.
        if project.closed {
            diesel::update(projects::table.find(project.id))
                .set(projects::closed.eq(false))
                .execute(db)?;
        }
        let posted = comment::post(db, &self.context, &author, project.id, parent, &body, "");
        let (id, _) = posted.with_context(|| format!("{} on {slug}", author.username))?;
        if project.closed {
            diesel::update(projects::table.find(project.id))
                .set(projects::closed.eq(true))
                .execute(db)?;
        }
        diesel::update(comments::table.find(id))
            .set((
                comments::created_at.eq(at),
                comments::release_id.eq(release::newest_of(db, project.id, at)?),
            ))
            .execute(db)?;
        self.turn_back(db, id, at)?;
        Ok(id)
    }

    fn turn_back(&self, db: &mut Db, id: ItemId, at: NaiveDateTime) -> diesel::QueryResult<()> {
        diesel::update(items::table.find(id))
            .set(items::created_at.eq(at))
            .execute(db)?;
        diesel::update(
            items::table
                .find(id)
                .filter(items::published_at.is_not_null()),
        )
        .set(items::published_at.eq(at))
        .execute(db)?;
        diesel::update(revisions::table.filter(revisions::item_id.eq(id)))
            .set(revisions::created_at.eq(at))
            .execute(db)?;
        Ok(())
    }

    fn decide(
        &self,
        db: &mut Db,
        by: UserId,
        verdict: Verdict,
        id: ItemId,
        at: NaiveDateTime,
    ) -> anyhow::Result<()> {
        let at = at.min(self.start);
        let kind = Item::find(db, id)?.kind;
        let seen = [Seen {
            kind,
            id,
            version: None,
        }];
        let outcomes = log::dated(at, || verdict::decide(db, by, verdict, "", &seen))?;
        let Some(batch) = outcomes.batch else {
            return Ok(());
        };
        diesel::update(batches::table.find(batch))
            .set(batches::created_at.eq(at))
            .execute(db)?;
        diesel::update(verdicts::table.filter(verdicts::batch_id.eq(batch)))
            .set(verdicts::created_at.eq(at))
            .execute(db)?;
        diesel::update(items::table.find(id))
            .set(items::looked_at.eq(at))
            .execute(db)?;
        let published = items::table.find(id).filter(items::published_at.gt(at));
        diesel::update(published)
            .set(items::published_at.eq(at))
            .execute(db)?;
        // It was long ago.
        letters::forget(db, batch)?;
        Ok(())
    }
}

fn find(db: &mut Db, name: &str) -> anyhow::Result<User> {
    User::by_username(db, name)?.with_context(|| format!("the demo has no {name}"))
}

fn takes_comments(project: &Project) -> bool {
    project.comment_policy == potluck_models::gate::CommentPolicy::Members && !project.closed
}

/// Oldest first, as things happened.
fn by_age<T>(all: &[T], age: impl Fn(&T) -> f64) -> Vec<&T> {
    let mut sorted: Vec<&T> = all.iter().collect();
    sorted.sort_by(|a, b| age(b).total_cmp(&age(a)));
    sorted
}
