//! What every request shares: the configuration, the pools, the site's settings and the filter.

use crate::config::Config;
use crate::error::Error;
use crate::fetch::Fetcher;
use crate::kept::Kept;
use crate::moderation::measures::Measures;
use crate::views::Views;
use potluck_models::db::{self, Db, Kind, Pools};
use potluck_models::intake::rules::Rules;
use potluck_models::intake::{ActiveModel, Context};
use potluck_models::moderation::log;
use potluck_models::moderation::queue::Count;
use potluck_models::settings::Settings;
use std::cell::RefCell;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, RwLock};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Items from which on a queue is not counted for each page.
pub const LARGE: i64 = 5_000;
const COUNTED_FOR: Duration = Duration::from_secs(5);
const MEASURED_FOR: Duration = Duration::from_secs(30);
const TAGS_FOR: Duration = Duration::from_secs(60);

pub struct App {
    pub config: Config,
    pools: Pools,
    /// SQLite has one writer: requests queue here, in turn, instead of on the database's lock.
    writer: Semaphore,
    /// Hashing a password takes 40 ms of a core and 19 MiB: two at once, off the request threads.
    hashing: Semaphore,
    /// Decoding a picture takes seconds of a core and much memory.
    pub decoding: Semaphore,
    settings: RwLock<Arc<Settings>>,
    filter: RwLock<Option<Arc<ActiveModel>>>,
    rules: RwLock<Arc<Rules>>,
    /// Queues of the desk that are too large to be counted for every page: of 50,000 that wait nobody
    /// asks for the last digit.
    pub large: Kept<Vec<Count>>,
    /// What waits in all of them, if that is much.
    pub waiting: Kept<i64>,
    /// Of a day with many decisions.
    pub measures: Kept<Arc<Measures>>,
    /// Tags with their counts, of a site that has many.
    pub tags: Kept<Arc<Vec<(String, i64)>>>,
    /// How often readers were shown what waits to be looked at, since it was last stored.
    pub views: Views,
    /// The address in use, once it is bound: `bind` may ask for any port.
    pub public_url: RwLock<String>,
    /// How other people's servers are asked.
    fetcher: RwLock<Fetcher>,
    /// The versions of what other processes change, looked up before it was read.
    pub versions: HashMap<String, i64>,
    /// How often the hourly sweep came to its end: a benchmark waits for the first, which takes minutes on
    /// a large site.
    pub swept: AtomicUsize,
}

impl App {
    pub fn new(
        config: Config,
        pools: Pools,
        settings: Settings,
        filter: Option<ActiveModel>,
        versions: HashMap<String, i64>,
    ) -> App {
        App {
            public_url: RwLock::new(config.public_url()),
            writer: Semaphore::new(if pools.kind == Kind::Sqlite { 1 } else { 64 }),
            hashing: Semaphore::new(2),
            decoding: Semaphore::new(2),
            settings: RwLock::new(Arc::new(settings)),
            filter: RwLock::new(filter.map(Arc::new)),
            rules: RwLock::default(),
            large: Kept::new(COUNTED_FOR),
            waiting: Kept::new(COUNTED_FOR),
            measures: Kept::new(MEASURED_FOR),
            tags: Kept::new(TAGS_FOR),
            views: Views::default(),
            fetcher: RwLock::default(),
            versions,
            swept: AtomicUsize::new(0),
            config,
            pools,
        }
    }

    /// After a verdict, whoever gave it sees what it did.
    pub fn forget_counts(&self) {
        self.large.forget();
        self.waiting.forget();
    }

    /// Runs queries, and what renders their result, off the request threads.
    pub async fn read<T, E>(
        &self,
        work: impl FnOnce(&mut Db) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Error>
    where
        T: Send + 'static,
        E: Send + 'static,
        Error: From<E>,
    {
        let pool = self.pools.read.clone();
        actix_web::web::block(move || -> Result<T, Error> {
            let mut db = pool.get().map_err(Error::busy)?;
            work(&mut db).map_err(Error::from)
        })
        .await
        .map_err(|_| Error::internal(anyhow::anyhow!("a read was cancelled")))?
    }

    /// Like [`App::read`], for the few pages that most people ask for and whose queries are bounded by
    /// an index: on SQLite they run where the request is, on a connection that the thread keeps.
    /// The hop to another thread and back would cost as much as the queries.
    pub async fn read_here<T, E>(
        &self,
        work: impl FnOnce(&mut Db) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Error>
    where
        T: Send + 'static,
        E: Send + 'static,
        Error: From<E>,
    {
        thread_local! {
            static READER: RefCell<Option<(String, Db)>> = const { RefCell::new(None) };
        }
        if self.pools.kind != Kind::Sqlite {
            return self.read(work).await;
        }
        let url = &self.config.database_url;
        READER.with_borrow_mut(|reader| {
            let kept = reader.take().filter(|(of, _)| of == url);
            let mut db = match kept {
                Some((_, db)) => db,
                None => db::connect(url).map_err(Error::busy)?,
            };
            // A panic in between drops the connection.
            let answer = work(&mut db);
            *reader = Some((url.clone(), db));
            answer.map_err(Error::from)
        })
    }

    /// Runs one write transaction.
    pub async fn write<T, E>(
        &self,
        work: impl FnOnce(&mut Db) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Error>
    where
        T: Send + 'static,
        E: From<diesel::result::Error> + Send + 'static,
        Error: From<E>,
    {
        let _turn = self
            .writer
            .acquire()
            .await
            .map_err(|error| Error::internal(error.into()))?;
        let pool = self.pools.write.clone();
        // The log names the request that an act came by.
        let request = crate::layout::REQUEST.try_with(Clone::clone).ok();
        actix_web::web::block(move || -> Result<T, Error> {
            let mut db = pool.get().map_err(Error::busy)?;
            log::during(request, || db::write_tx(&mut db, work)).map_err(Error::from)
        })
        .await
        .map_err(|_| Error::internal(anyhow::anyhow!("a write was cancelled")))?
    }

    /// Work with a password, which is slow on purpose.
    pub async fn hash<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let _turn = self
            .hashing
            .acquire()
            .await
            .map_err(|error| Error::internal(error.into()))?;
        actix_web::web::block(work)
            .await
            .map_err(|error| Error::internal(error.into()))
    }

    pub fn settings(&self) -> Arc<Settings> {
        self.settings
            .read()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .clone()
    }

    pub fn set_settings(&self, settings: Settings) {
        *self
            .settings
            .write()
            .unwrap_or_else(|poisoned| poisoned.into_inner()) = Arc::new(settings);
    }

    pub fn filter(&self) -> Option<Arc<ActiveModel>> {
        self.filter
            .read()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .clone()
    }

    pub fn set_filter(&self, filter: Option<ActiveModel>) {
        *self
            .filter
            .write()
            .unwrap_or_else(|poisoned| poisoned.into_inner()) = filter.map(Arc::new);
    }

    /// The rules of moderators that are in force.
    pub fn rules(&self) -> Arc<Rules> {
        self.rules
            .read()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .clone()
    }

    pub fn set_rules(&self, rules: Rules) {
        *self
            .rules
            .write()
            .unwrap_or_else(|poisoned| poisoned.into_inner()) = Arc::new(rules);
    }

    /// What the intake needs, to be moved into a write. The caller's address is kept for a while.
    pub fn intake(&self, address: IpAddr) -> Intake {
        Intake {
            settings: self.settings(),
            filter: self.filter(),
            limits_off: self.config.limits_off,
            rules: self.rules(),
            address: Some(address),
        }
    }

    /// The same for a text that nobody sent just now: it came from a forge.
    pub fn intake_of_ours(&self) -> Intake {
        Intake {
            address: None,
            ..self.intake(IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED))
        }
    }

    pub fn fetcher(&self) -> Fetcher {
        self.fetcher
            .read()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .clone()
    }

    /// For tests, with programs of their own in the place of other people's servers.
    pub fn set_fetcher(&self, fetcher: Fetcher) {
        *self
            .fetcher
            .write()
            .unwrap_or_else(|poisoned| poisoned.into_inner()) = fetcher;
    }

    /// Scheme and host, without a slash at the end.
    pub fn url(&self) -> String {
        self.public_url
            .read()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .clone()
    }
}

pub struct Intake {
    settings: Arc<Settings>,
    filter: Option<Arc<ActiveModel>>,
    limits_off: bool,
    rules: Arc<Rules>,
    address: Option<IpAddr>,
}

impl Intake {
    pub fn context(&self) -> Context<'_> {
        Context {
            settings: &self.settings,
            filter: self.filter.as_deref(),
            limits_off: self.limits_off,
            rules: &self.rules,
            address: self.address,
        }
    }
}
