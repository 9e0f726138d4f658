//! `potluck serve` and `potluck work`.

use crate::config::{Config, Given};
use crate::mail::Mailer;
use crate::{jobs, server};
use clap::Args;

#[derive(Args, Default)]
pub struct Serve {
    /// Serve an invented community from its own folder, ./demo
    #[arg(long)]
    demo: bool,
}

impl Serve {
    /// The demo keeps to its own folder, so that trying it costs nothing.
    pub fn adjust(&self, given: &mut Given) {
        if self.demo && given.data_dir.is_none() {
            given.data_dir = Some("demo".into());
        }
    }

    pub fn run(self, config: Config) -> anyhow::Result<()> {
        actix_web::rt::System::new().block_on(async {
            let (app, pools) = server::open(config)?;
            if self.demo {
                crate::demo::lay_table(&app, &pools)?;
            }
            if app.config.limits_off {
                tracing::warn!("limits are off: for tests on this machine only");
            }
            let workers = std::thread::available_parallelism().map_or(2, usize::from);
            let site = server::start(app.clone(), workers)?;
            let trainer = tokio::spawn(jobs::training::watch(app.clone()));
            let writer = tokio::spawn(jobs::digest::watch(app.clone()));
            tracing::info!("{}", server::mail_notice(&app.config));
            println!("\n  Potluck is at {}\n", app.url());
            if self.demo {
                crate::demo::print_logins();
            } else if let Some(link) = server::setup_link(&app, &pools)? {
                println!("  No administrator yet. Make the first one at this link, which works once:\n  {link}\n");
            }
            let ended = site.run().await;
            trainer.abort();
            writer.abort();
            ended
        })
    }
}

/// Only what is queued: for machines that serve no pages.
pub fn work(config: Config) -> anyhow::Result<()> {
    actix_web::rt::System::new().block_on(async {
        let (app, _) = server::open(config)?;
        let mailer = Mailer::new(&app.config, &app.settings().site_name)?;
        tracing::info!(
            "working on queued jobs; {}",
            server::mail_notice(&app.config)
        );
        tokio::select! {
            () = jobs::work(app.clone(), mailer) => {}
            () = jobs::watch(app.clone()) => {}
            () = jobs::digest::watch(app.clone()) => {}
            () = jobs::notices::watch(app.clone()) => {}
            () = jobs::outside::watch(app.clone()) => {}
            () = jobs::training::watch(app) => {}
            stop = tokio::signal::ctrl_c() => stop?,
        }
        Ok(())
    })
}
