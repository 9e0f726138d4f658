//! The overview, and the queues with their filters.

use super::Frame;
use super::diff::Change;
use super::row::{Row, percent};
use crate::app::App;
use crate::error::Error;
use crate::layout::{Layout, encode, page};
use crate::session::Moderator;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use potluck_models::db::UserId;
use potluck_models::item::Kind;
use potluck_models::label::Import;
use potluck_models::moderation::drift;
use potluck_models::moderation::queue::{
    self, Content, Count, Cursor, Entry, Filter, Name, Order, Show,
};
use potluck_models::moderation::verdict::{Batch, Reason, Told, UNDO};
use potluck_models::spam::report::OWN_FEET;
use potluck_models::spam::training::StoredModel;
use potluck_models::spam::{Report, Thresholds};
use potluck_models::{Db, QueryResult};

#[derive(Template)]
#[template(path = "moderation/overview.html")]
struct OverviewPage {
    me: UserId,
    layout: Layout,
    frame: Frame,
    model: Option<(StoredModel, Option<Report>)>,
    notices: Vec<String>,
    labels: (i64, i64),
    mine: Vec<Told>,
    others: Vec<Told>,
}

impl OverviewPage {
    fn note(&self, count: &Count) -> String {
        match &count.oldest {
            Some(oldest) => format!("oldest {}", self.layout.ago(oldest)),
            None => "nothing waits".into(),
        }
    }

    /// What the key `u` takes back.
    fn is_newest(&self, told: &Told) -> bool {
        let newest = self.mine.iter().find(|told| told.can_be_undone());
        newest.is_some_and(|newest| newest.batch.id == told.batch.id)
    }

    fn labelled(&self) -> u64 {
        (self.labels.0 + self.labels.1) as u64
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
    let loaded = app.filter().map(|active| active.id);
    let (model, notices, labels, mine, latest) = app
        .read(move |db: &mut Db| -> QueryResult<_> {
            // What decides here, should the active one be damaged.
            let model = match loaded {
                Some(id) => StoredModel::find(db, id)?,
                None => None,
            };
            let model = match model {
                Some(model) => {
                    let report = model.report_in_force(db)?;
                    Some((model, report))
                }
                None => None,
            };
            Ok((
                model,
                drift::notices(&drift::weeks(db)?),
                own_labels(db)?,
                Batch::latest(db, Some(me), 5)?,
                Batch::latest(db, None, 20)?,
            ))
        })
        .await?;
    page(&OverviewPage {
        me,
        layout: Layout::new(&req),
        frame,
        model,
        notices,
        labels,
        mine,
        others: latest
            .into_iter()
            .filter(|told| told.batch.by_id != me)
            .take(5)
            .collect(),
    })
}

/// What the address of a queue says.
pub struct View {
    pub filter: Filter,
    pub order: Order,
    pub after: Option<Cursor>,
}

const FOREIGN: Error = Error::BadRequest(
    "This filter holds something that no filter has. Nothing was changed; go back to the queue.",
);

impl View {
    /// From the fields of a form or the words of an address. What cannot be understood is refused
    /// and not left out: a verdict on all that match must never reach further than was meant.
    pub fn read(queue: Name, get: &dyn Fn(&str) -> String) -> Result<View, Error> {
        let share = |word: &str| -> Result<Option<f64>, Error> {
            match get(word).trim() {
                "" => Ok(None),
                number => match number.parse::<f64>() {
                    Ok(number) if (0.0..=100.0).contains(&number) => Ok(Some(number / 100.0)),
                    _ => Err(FOREIGN),
                },
            }
        };
        // Neither longer than a field takes, nor with what PostgreSQL's texts cannot hold.
        let short = |word: &str| {
            let text = get(word);
            let shown = text.trim().chars().filter(|c| *c != '\0');
            shown.take(200).collect::<String>()
        };
        let mut filter = Filter {
            text: short("q"),
            author: short("author").to_lowercase(),
            project: short("project"),
            why: short("why"),
            score_from: share("from")?,
            score_to: share("to")?,
            sample: match get("sample").as_str() {
                "" => false,
                "1" => true,
                _ => return Err(FOREIGN),
            },
            ..Filter::all_of(queue)
        };
        if let Some(kind) = Some(get("kind")).filter(|word| !word.is_empty()) {
            filter.kind = Some(kind.parse().map_err(|_| FOREIGN)?);
        }
        if let Some(show) = Some(get("show")).filter(|word| !word.is_empty()) {
            filter.show = show.parse().map_err(|_| FOREIGN)?;
        }
        if let Some(until) = Some(get("until")).filter(|word| !word.is_empty()) {
            filter.until = Some(until.parse().map_err(|_| FOREIGN)?);
        }
        let order = match get("order").as_str() {
            "" => queue.usual_order(),
            word => word.parse().map_err(|_| FOREIGN)?,
        };
        let after = match get("after").as_str() {
            "" => None,
            word => Some(word.parse().map_err(|()| FOREIGN)?),
        };
        Ok(View {
            filter,
            order,
            after,
        })
    }

    pub fn of(req: &HttpRequest, queue: Name) -> Result<View, Error> {
        let words: Vec<(String, String)> =
            url::form_urlencoded::parse(req.query_string().as_bytes())
                .into_owned()
                .collect();
        let get = |word: &str| {
            let found = words.iter().find(|(key, _)| key == word);
            found.map_or(String::new(), |(_, value)| value.clone())
        };
        View::read(queue, &get)
    }

    /// The filter as fields of a form, the usual left out.
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        let filter = &self.filter;
        let mut fields = vec![
            ("q", filter.text.clone()),
            ("author", filter.author.clone()),
            ("project", filter.project.clone()),
            (
                "kind",
                filter.kind.map_or(String::new(), |kind| kind.to_string()),
            ),
            ("why", filter.why.clone()),
            ("from", typed(filter.score_from)),
            ("to", typed(filter.score_to)),
            ("sample", if filter.sample { "1" } else { "" }.to_owned()),
        ];
        if filter.show != Show::Waiting {
            fields.push(("show", filter.show.to_string()));
        }
        fields.retain(|(_, value)| !value.is_empty());
        fields
    }

    /// The filter, and the order if it is not the usual one, as a query string.
    pub fn query(&self) -> String {
        let mut fields = self.fields();
        if self.order != self.filter.queue.usual_order() {
            fields.push(("order", self.order.to_string()));
        }
        let pairs: Vec<String> = fields
            .iter()
            .map(|(word, value)| format!("{word}={}", encode(value)))
            .collect();
        pairs.join("&")
    }

    /// The filter in words, for "all that match".
    pub fn words(&self) -> String {
        let filter = &self.filter;
        let mut words = vec![match filter.show {
            Show::Decided => "spam, decided by people".to_owned(),
            Show::Removed => "removed".to_owned(),
            Show::Waiting => filter.queue.title().to_lowercase(),
        }];
        if !filter.text.is_empty() {
            words.push(format!("with “{}”", filter.text));
        }
        if !filter.author.is_empty() {
            words.push(format!("by {}", filter.author));
        }
        if !filter.project.is_empty() {
            words.push(format!("on {}", filter.project));
        }
        if let Some(kind) = filter.kind {
            words.push(format!("{kind}s only"));
        }
        if !filter.why.is_empty() {
            words.push(format!("decided by: {}", super::why_words(&filter.why)));
        }
        match (filter.score_from, filter.score_to) {
            (None, None) => {}
            (from, to) => words.push(format!(
                "score {} to {} %",
                percent(&from.unwrap_or(0.0)),
                percent(&to.unwrap_or(1.0))
            )),
        }
        if filter.sample {
            words.push("drawn at random".to_owned());
        }
        words.join(" · ")
    }
}

/// A share as it was typed. Two decimals survive the way through an address.
fn typed(share: Option<f64>) -> String {
    share.map_or(String::new(), |share| {
        let number = format!("{:.2}", share * 100.0);
        number
            .trim_end_matches('0')
            .trim_end_matches('.')
            .to_owned()
    })
}

#[derive(Template)]
#[template(path = "moderation/queue.html")]
struct QueuePage {
    layout: Layout,
    frame: Frame,
    view: View,
    matching: i64,
    rows: Vec<Row>,
    next: Option<Cursor>,
    thresholds: Option<Thresholds>,
}

impl QueuePage {
    fn heading(&self) -> &'static str {
        match self.view.filter.show {
            Show::Waiting => self.view.filter.queue.title(),
            Show::Decided => "Spam, decided",
            Show::Removed => "Removed",
        }
    }

    fn lede(&self) -> String {
        let filter = &self.view.filter;
        let count = self.frame.count(filter.queue);
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
                "{} wait · oldest {}",
                count.map_or(0, |count| count.items),
                self.layout.ago(&oldest)
            ),
        }
    }

    fn path(&self) -> String {
        format!("/moderation/{}", self.view.filter.queue)
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
        self.with_query(&format!("{}/all", self.path()), "")
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

    fn whys(&self) -> [(&'static str, &'static str); 6] {
        [
            ("first_comment", "First comment"),
            ("first_project", "First project"),
            ("links", "Links"),
            ("duplicates", "Same text as another"),
            ("filter", "The filter"),
            ("moderator", "A moderator"),
        ]
    }

    fn orders(&self) -> [(Order, &'static str); 4] {
        [
            (Order::Doubtful, "Most doubtful"),
            (Order::Surest, "Surest spam"),
            (Order::Oldest, "Oldest"),
            (Order::Newest, "Newest"),
        ]
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
    _moderator: Moderator,
    path: web::Path<String>,
) -> Result<HttpResponse, Error> {
    let name: Name = path.parse().map_err(|_| Error::NotFound)?;
    let view = View::of(&req, name)?;
    let frame = Frame::of(&req, &app).await?;
    let active = app.filter();
    let thresholds = active.as_ref().map(|active| active.model.thresholds());
    let (view, matching, rows, next) = app
        .read(move |db: &mut Db| -> QueryResult<_> {
            let matching = view.filter.count(db)?;
            let (page, next) = view.filter.page(db, view.order, view.after)?;
            let rows: Vec<Row> = Entry::load(db, page)?
                .into_iter()
                .map(|entry| Row::of(entry, active.as_deref()))
                .collect();
            Ok((view, matching, rows, next))
        })
        .await?;
    page(&QueuePage {
        layout: Layout::new(&req),
        frame,
        view,
        matching,
        rows,
        next,
        thresholds,
    })
}
