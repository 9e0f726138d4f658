//! Starting and stopping: the database is brought up to date, the parts are put together, the
//! address is bound, and what runs beside the requests is set going.

use crate::app::App;
use crate::config::{Config, MailTo};
use crate::mail::Mailer;
use crate::{filter, jobs, layout, routes, views};
use actix_web::dev::Server;
use actix_web::{App as Actix, HttpServer, middleware, web};
use anyhow::Context;
use potluck_models::account::User;
use potluck_models::db::{self, Pools, write_tx};
use potluck_models::link::{Link, Purpose};
use potluck_models::moderation::rule;
use potluck_models::settings::Settings;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use tokio::task::JoinHandle;

/// Opens the database, makes what is missing, and gives the shared state.
pub fn open(config: Config) -> anyhow::Result<(Arc<App>, Pools)> {
    std::fs::create_dir_all(&config.data_dir)
        .with_context(|| format!("cannot make the folder {}", config.data_dir.display()))?;
    let mut db = db::connect(&config.database_url)?;
    for migration in db::migrate(&mut db)? {
        tracing::info!("migrated the database to {migration}");
    }
    // Before what they are versions of: what another process changes from here on is noticed.
    let versions = db::dialect::versions(&mut db)?;
    let settings = write_tx(&mut db, Settings::load_or_init)?;
    let filter = filter::load_or_init(&mut db)?;
    let rules = rule::in_force(&mut db, &settings.key)?;
    drop(db);
    let pools = Pools::open(&config.database_url)?;
    let app = App::new(config, pools.clone(), settings, filter, versions);
    app.set_rules(rules);
    Ok((Arc::new(app), pools))
}

/// A running site: the server, and the tasks beside it.
pub struct Site {
    pub app: Arc<App>,
    pub address: SocketAddr,
    pub server: Server,
    tasks: Vec<JoinHandle<()>>,
}

/// Binds and starts to answer. `bind` may ask for port 0.
pub fn start(app: Arc<App>, workers: usize) -> anyhow::Result<Site> {
    let bind = app.config.bind;
    let listener = TcpListener::bind(bind).with_context(|| {
        format!(
            "cannot listen on {bind}: is another program using the port? Try --bind 127.0.0.1:8081"
        )
    })?;
    let address = listener.local_addr()?;
    if app.config.base_url.is_none() {
        *app.public_url
            .write()
            .unwrap_or_else(|poisoned| poisoned.into_inner()) = format!("http://{address}");
    }
    let mailer = Mailer::new(&app.config, &app.settings().site_name).context("mail")?;
    let data = web::Data::from(app.clone());
    let server = HttpServer::new(move || {
        Actix::new()
            .app_data(data.clone())
            .configure(routes::routes)
            .default_service(web::route().to(layout::not_found))
            .wrap(middleware::from_fn(layout::serve))
            .wrap(middleware::from_fn(layout::headers))
            .wrap(middleware::Compress::default())
    })
    .workers(workers)
    // The end of an answer would wait up to 40 ms for the reader's word that its beginning came.
    .tcp_nodelay(true)
    .client_request_timeout(std::time::Duration::from_secs(15))
    .shutdown_timeout(10)
    .listen(listener)?
    .run();
    let tasks = vec![
        tokio::spawn(jobs::work(app.clone(), mailer)),
        tokio::spawn(jobs::watch(app.clone())),
        tokio::spawn(jobs::sweep(app.clone())),
        tokio::spawn(jobs::notices::watch(app.clone())),
        tokio::spawn(jobs::outside::watch(app.clone())),
        tokio::spawn(jobs::gravatars::watch(app.clone())),
        tokio::spawn(views::work(app.clone())),
    ];
    Ok(Site {
        app,
        address,
        server,
        tasks,
    })
}

impl Site {
    /// Serves until it is told to stop; the tasks end with it.
    pub async fn run(self) -> anyhow::Result<()> {
        self.server.await?;
        for task in self.tasks {
            task.abort();
        }
        if let Err(error) = views::store(&self.app).await {
            tracing::warn!("storing how often texts were seen failed: {error}");
        }
        Ok(())
    }
}

/// As long as there is no administrator, each start prints a link that makes the first one.
pub fn setup_link(app: &App, pools: &Pools) -> anyhow::Result<Option<String>> {
    let mut db = pools.write.get()?;
    let token = write_tx(&mut db, |db| -> diesel::QueryResult<Option<String>> {
        if User::count_admins(db)? > 0 {
            Link::close_setup(db)?;
            return Ok(None);
        }
        Link::issue(db, Purpose::Setup, None).map(Some)
    })?;
    Ok(token.map(|token| format!("{}/setup/{token}", app.url())))
}

/// Where the mail goes, for the log of a start.
pub fn mail_notice(config: &Config) -> String {
    match &config.mail {
        MailTo::Outbox(folder) => format!("mail is written to files in {}", folder.display()),
        MailTo::Smtp(url) => {
            let host = url::Url::parse(url)
                .ok()
                .and_then(|url| url.host_str().map(str::to_owned));
            format!("mail is sent by {}", host.unwrap_or_default())
        }
    }
}
