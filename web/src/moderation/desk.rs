//! The overview, and the queues with their filters.

use super::Frame;
use super::campaigns::Shown;
use super::diff::Change;
use super::last;
use super::measures::Measures;
use super::row::{Row, percent};
use super::view::{age, script_words, typed};
use crate::app::App;
use crate::error::Error;
use crate::layout::{Layout, page};
use crate::session::Moderator;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use potluck_models::db::{ItemId, UserId, with_kept_plans};
use potluck_models::fairness::{self, Hint};
use potluck_models::item::{Item, Kind};
use potluck_models::label::Import;
use potluck_models::moderation::campaign::card;
use potluck_models::moderation::claim::{self, OnDuty, SHARE};
use potluck_models::moderation::drift;
use potluck_models::moderation::habits::Habits;
use potluck_models::moderation::last::acts;
use potluck_models::moderation::queue::{
    self, COUNTED, Content, Count, Cursor, Entry, LOOKED_THROUGH, Name, Order, PAGE, Show,
};
use potluck_models::moderation::verdict::{Batch, Told, UNDO};
use potluck_models::settings::SureSpam;
use potluck_models::spam::facts::ALL_SCRIPTS;
use potluck_models::spam::report::OWN_FEET;
use potluck_models::spam::training::StoredModel;
use potluck_models::spam::{Report, Thresholds};
use potluck_models::{Db, QueryResult};
use std::sync::Arc;

pub use super::view::View;

/// Of a moderator, on the front page.
const LAST_ACTS: i64 = 8;

#[derive(Template)]
#[template(path = "moderation/overview.html")]
struct OverviewPage {
    me: UserId,
    layout: Layout,
    frame: Frame,
    model: Option<(StoredModel, Report)>,
    notices: Vec<String>,
    mine: Vec<last::Row>,
    others: Vec<Told>,
    measures: Arc<Measures>,
    /// Ratings that are worth a look.
    hints: Vec<Hint>,
}

impl OverviewPage {
    fn note(&self, count: &Count) -> String {
        match &count.oldest {
            Some(oldest) => format!("oldest {}", self.layout.ago(oldest)),
            None => "nothing waits".into(),
        }
    }

    fn labelled(&self) -> u64 {
        (self.measures.labels.0 + self.measures.labels.1) as u64
    }

    fn own_feet(&self) -> u64 {
        OWN_FEET
    }
}

/// What the site has taught its filter: verdicts and imports, (spam, ham).
pub fn own_labels(db: &mut Db) -> QueryResult<(i64, i64)> {
    let (given, imported) = (queue::labels(db)?, Import::labels(db)?);
    Ok((given.0 + imported.0, given.1 + imported.1))
}

pub async fn overview(
    req: HttpRequest,
    app: web::Data<App>,
    moderator: Moderator,
) -> Result<HttpResponse, Error> {
    let me = moderator.user().id;
    let frame = Frame::of(&req, &app).await?;
    // What decides here, should the active one be damaged.
    let loaded = app.filter();
    let (counts, kept) = (frame.counts.clone(), app.measures.get());
    let (model, notices, mine, latest, measures, hints) = app
        .read(move |db: &mut Db| -> QueryResult<_> {
            let model = match loaded {
                Some(active) => StoredModel::find(db, active.id)?
                    .map(|stored| (stored, active.model.report().clone())),
                None => None,
            };
            Ok((
                model,
                drift::notices(&drift::weeks(db)?),
                acts(db, me, LAST_ACTS)?,
                Batch::latest(db, None, 20)?,
                match kept {
                    Some(kept) => kept,
                    None => Arc::new(Measures::load(db, &counts)?),
                },
                fairness::hints(db)?,
            ))
        })
        .await?;
    if measures.is_costly() {
        app.measures.keep(measures.clone());
    }
    let layout = Layout::new(&req);
    page(&OverviewPage {
        me,
        mine: last::rows(&mine, &layout.settings.reasons),
        layout,
        frame,
        model,
        notices,
        others: latest
            .into_iter()
            .filter(|told| told.batch.by_id != me)
            .take(5)
            .collect(),
        measures,
        hints,
    })
}

#[derive(Template)]
#[template(path = "moderation/queue.html")]
pub struct QueuePage {
    layout: Layout,
    pub frame: Frame,
    view: View,
    /// How many match, up to [`COUNTED`]; None: words are looked for, and not all texts were
    /// looked through.
    matching: Option<i64>,
    rows: Vec<Row>,
    next: Option<Cursor>,
    thresholds: Option<Thresholds>,
    /// One item at a time.
    one: bool,
    me: String,
    on_duty: Vec<OnDuty>,
    /// Of the page of a campaign.
    pub campaign: Option<Shown>,
}

impl QueuePage {
    fn heading(&self) -> String {
        match (&self.campaign, self.view.filter.show) {
            (Some(shown), _) => format!("Campaign {}", shown.card.campaign.id),
            (_, Show::Waiting) => self.view.filter.queue.title().to_owned(),
            (_, Show::Decided) => "Spam, decided".to_owned(),
            (_, Show::Removed) => "Removed".to_owned(),
        }
    }

    /// Whether there is something to clear: its campaign a page has from its address.
    fn is_narrowed(&self) -> bool {
        match self.campaign {
            Some(_) => self.view.filter.whole_campaign().is_none(),
            None => self.view.filter.narrows(),
        }
    }

    fn lede(&self) -> String {
        let filter = &self.view.filter;
        let count = self.frame.count(filter.queue);
        if let Some(shown) = &self.campaign {
            return shown.sentence();
        }
        if filter.queue == Name::Everything {
            return "whatever state it is in, newest first".into();
        }
        match (
            filter.queue,
            filter.show,
            count.and_then(|count| count.oldest),
        ) {
            (_, Show::Decided, _) => "what people marked; all of it can come back".into(),
            (_, Show::Removed, _) => "what people took away; all of it can come back".into(),
            (_, _, None) => "nothing waits".into(),
            (Name::Recent, ..) => format!(
                "{} published and not yet looked at",
                count.map_or(0, |count| count.items)
            ),
            (_, _, Some(oldest)) => format!(
                "{} · oldest {}",
                match count.map_or(0, |count| count.items) {
                    1 => "1 waits".to_owned(),
                    n => format!("{n} wait"),
                },
                self.layout.ago(&oldest)
            ),
        }
    }

    fn path(&self) -> String {
        match &self.campaign {
            Some(shown) => shown.path(),
            None => format!("/moderation/{}", self.view.filter.queue),
        }
    }

    fn with_query(&self, path: &str, more: &str) -> String {
        let words: Vec<String> = [self.view.query(), more.to_owned()]
            .into_iter()
            .filter(|words| !words.is_empty())
            .collect();
        if words.is_empty() {
            path.to_owned()
        } else {
            format!("{path}?{}", words.join("&"))
        }
    }

    fn all(&self) -> String {
        self.with_query(&format!("/moderation/{}/all", self.view.filter.queue), "")
    }

    fn next_page(&self, cursor: &Cursor) -> String {
        self.with_query(&self.path(), &format!("after={cursor}"))
    }

    fn first_page(&self) -> String {
        self.with_query(&self.path(), "")
    }

    fn order_words(&self) -> &'static str {
        match self.view.order {
            Order::Doubtful => "Most doubtful first",
            Order::Surest => "Surest spam first",
            Order::Oldest => "Oldest first",
            Order::Newest => "Newest first",
            Order::Reported => "Most reported first",
            Order::Seen => "Most seen first",
        }
    }

    fn ham(&self) -> &'static str {
        if self.view.filter.queue == Name::Recent {
            "Looked at"
        } else {
            "Ham"
        }
    }

    fn restores(&self) -> bool {
        self.view.filter.show != Show::Waiting
    }

    /// What robots decided alone is sampled: published, or put away.
    fn can_sample(&self) -> bool {
        let filter = &self.view.filter;
        filter.sample
            || (filter.show == Show::Waiting && matches!(filter.queue, Name::Recent | Name::Spam))
    }

    fn is_kind(&self, kind: &Kind) -> bool {
        self.view.filter.kind == Some(*kind)
    }

    fn score_field(&self, share: &Option<f64>) -> String {
        typed(*share)
    }

    fn whys(&self) -> [(&'static str, &'static str); 13] {
        [
            ("first_comment", "First comment"),
            ("first_project", "First project"),
            ("first_failure", "First report of a failure"),
            ("first_profile", "First profile with links"),
            ("links", "Links"),
            ("duplicates", "Same text as another"),
            ("campaign", "Part of a campaign"),
            ("filter", "The filter"),
            ("reports", "Reports of readers"),
            ("moderator", "A moderator"),
            ("rules", "A rule"),
            ("raid", "Raid mode"),
            ("heated", "Heated thread"),
        ]
    }

    /// "37", "over 1,000".
    fn how_many(&self, matching: &i64) -> String {
        let filter = &self.view.filter;
        let counted_all = filter.show == Show::Waiting && !filter.narrows();
        if *matching > COUNTED && !counted_all {
            "over 1,000".to_owned()
        } else {
            matching.to_string()
        }
    }

    /// It ended early, for it had looked through enough texts.
    fn ended_early(&self) -> bool {
        let searches = !self.one && !self.view.filter.text.is_empty();
        searches && self.next.is_some() && (self.rows.len() as i64) < PAGE
    }

    fn looked_through(&self) -> usize {
        LOOKED_THROUGH
    }

    fn scripts(&self) -> Vec<(&'static str, &'static str)> {
        ALL_SCRIPTS
            .iter()
            .map(|script| (*script, script_words(script)))
            .collect()
    }

    fn age_field(&self, hours: &Option<i64>) -> String {
        age(*hours)
    }

    /// Whether an item's card leads to the others of its network.
    fn leads_to_network(&self, row: &Row) -> bool {
        !row.entry.item.network.is_empty() && self.view.filter.network.is_empty()
    }

    fn of_network(&self, network: &str) -> String {
        format!("{}?network={network}", self.path())
    }

    fn orders(&self) -> Vec<(Order, &'static str)> {
        let by_number = [(Order::Newest, "Newest"), (Order::Oldest, "Oldest")];
        if self.view.filter.queue == Name::Everything {
            return by_number.to_vec();
        }
        vec![
            (Order::Doubtful, "Most doubtful"),
            (Order::Surest, "Surest spam"),
            (Order::Oldest, "Oldest"),
            (Order::Newest, "Newest"),
            (Order::Reported, "Most reported"),
            (Order::Seen, "Most seen"),
        ]
    }

    /// The others who are at the desk: "ada (12 open), mo".
    fn others_on_duty(&self) -> String {
        let others = self.on_duty.iter().filter(|who| who.username != self.me);
        let named: Vec<String> = others
            .map(|who| match who.holds {
                0 => who.username.clone(),
                n => format!("{} ({n} open)", who.username),
            })
            .collect();
        named.join(", ")
    }

    fn is_mine(&self) -> bool {
        self.view.filter.claimed == self.me
    }

    fn share(&self) -> usize {
        SHARE
    }

    /// This view, one item at a time or as a list.
    fn turned(&self) -> String {
        let mut view = View {
            one: Some(!self.one),
            ..self.view.clone()
        };
        view.after = None;
        format!("{}?{}", self.path(), view.query())
    }

    /// This view with what the site leaves out.
    fn with_sure(&self) -> String {
        let mut view = self.view.clone();
        (view.sure, view.filter.unsure) = (true, false);
        format!("{}?{}", self.path(), view.query())
    }

    /// The thresholds' places on a meter.
    fn limits(&self) -> Vec<String> {
        let Some(thresholds) = &self.thresholds else {
            return Vec::new();
        };
        let limits = [Some(thresholds.hold), thresholds.spam];
        limits.iter().flatten().map(percent).collect()
    }
}

pub async fn queue(
    req: HttpRequest,
    app: web::Data<App>,
    moderator: Moderator,
    path: web::Path<String>,
) -> Result<HttpResponse, Error> {
    let name: Name = path.parse().map_err(|_| Error::NotFound)?;
    let view = View::of(&req, name)?;
    page(&QueuePage::load(&req, &app, &moderator, view).await?)
}

impl QueuePage {
    pub async fn load(
        req: &HttpRequest,
        app: &App,
        moderator: &Moderator,
        mut view: View,
    ) -> Result<QueuePage, Error> {
        let settings = app.settings();
        if view.filter.queue == Name::Spam && view.filter.show == Show::Waiting {
            view.filter.unsure |= settings.sure_spam == SureSpam::LeftOut && !view.sure;
        }
        let me = moderator.user();
        let active = app.filter();
        let thresholds = active.as_ref().map(|active| active.model.thresholds());
        // Without a filter the number stands beside the queue's name already; else nothing of the page
        // hangs on its frame, and both are asked for at once.
        let whole = view.filter.show == Show::Waiting && !view.sure && !view.filter.narrows();
        let (frame, known) = match whole {
            true => {
                let frame = Frame::of(req, app).await?;
                let known = frame.count(view.filter.queue).map(|count| count.items);
                (Some(frame), known)
            }
            false => (None, None),
        };
        let (id, folds) = (me.id, settings.sure_spam != SureSpam::Shown);
        let reading = app.read(move |db: &mut Db| -> QueryResult<_> {
            let (filter, order) = (&view.filter, view.order);
            let one = match view.one {
                Some(one) => one,
                None => Habits::of(db, id)?.one_at_a_time,
            };
            let (page, next, matching) = if one {
                let (page, next) = claim::first_free(db, filter, order, view.after, id)?;
                let all = view.after.is_none() && next.is_none();
                (page, next, known.filter(|_| !all))
            } else if view.after.is_none() && known.is_none() && filter.text.is_empty() {
                let (page, next, matching) = filter.first_page(db, order, PAGE)?;
                (page, next, Some(matching))
            } else {
                let (page, next) = filter.page(db, order, view.after, PAGE)?;
                // A first page that nothing follows is all there is. Further down, only what is
                // known without counting is said.
                let all = (view.after.is_none() && next.is_none()).then_some(page.len() as i64);
                (page, next, all.or(known))
            };
            let (rows, on_duty) = with_kept_plans(db, |db| -> QueryResult<_> {
                let ids: Vec<ItemId> = page.iter().map(|item| item.id).collect();
                let claims = claim::on(db, &ids)?;
                let mut rows: Vec<Row> = Entry::load(db, page)?
                    .into_iter()
                    .map(|entry| Row::of(entry, active.as_deref()))
                    .collect();
                let items: Vec<&Item> = rows.iter().map(|row| &row.entry.item).collect();
                let mut kin = card::kin(db, &items)?;
                for row in &mut rows {
                    row.kin = kin.remove(&row.entry.item.id);
                    row.folded = folds && row.is_sure_spam();
                    if let Some(claim) = claims.get(&row.entry.item.id) {
                        row.open_by = match claim.by == id {
                            true => "you have it".to_owned(),
                            false => format!("{} has it open", claim.username),
                        };
                    }
                }
                Ok((rows, claim::on_duty(db)?))
            })?;
            Ok((view, one, matching, rows, next, on_duty))
        });
        let (frame, (view, one, matching, rows, next, on_duty)) = match frame {
            Some(frame) => (frame, reading.await?),
            None => tokio::try_join!(Frame::of(req, app), reading)?,
        };
        Ok(QueuePage {
            one,
            me: me.username.clone(),
            on_duty,
            layout: Layout::new(req),
            frame,
            view,
            matching,
            rows,
            next,
            thresholds,
            campaign: None,
        })
    }
}
