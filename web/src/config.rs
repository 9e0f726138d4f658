//! The settings of one start: flags, then `POTLUCK_*` variables, then `potluck.toml`, then defaults.

use anyhow::{Context, bail};
use clap::Args;
use serde::Deserialize;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

/// Each field's comment is the manual: `potluck serve --help` prints it.
#[derive(Args, Deserialize, Clone, Debug, Default)]
#[serde(deny_unknown_fields, default)]
pub struct Given {
    /// Folder of the database, uploads and outbox [default: ./data]
    #[arg(long, env = "POTLUCK_DATA_DIR", global = true)]
    pub data_dir: Option<PathBuf>,
    /// sqlite:PATH or postgres://USER@HOST/NAME [default: sqlite:<data_dir>/potluck.sqlite]
    #[arg(long, env = "POTLUCK_DATABASE_URL", global = true)]
    pub database_url: Option<String>,
    /// Address and port to listen on [default: 127.0.0.1:8080]
    #[arg(long, env = "POTLUCK_BIND", global = true)]
    pub bind: Option<String>,
    /// The address people reach the site by, such as https://potluck.example
    #[arg(long, env = "POTLUCK_BASE_URL", global = true)]
    pub base_url: Option<String>,
    /// outbox:FOLDER (one .eml a file), smtp://HOST or smtps://USER:PASSWORD@HOST [default: outbox:<data_dir>/outbox]
    #[arg(long, env = "POTLUCK_MAIL", global = true)]
    pub mail: Option<String>,
    /// The sender of the site's mail [default: potluck@ the host of base_url]
    #[arg(long, env = "POTLUCK_MAIL_FROM", global = true)]
    pub mail_from: Option<String>,
    /// file:FOLDER for pictures [default: file:<data_dir>/uploads]
    #[arg(long, env = "POTLUCK_UPLOADS", global = true)]
    pub uploads: Option<String>,
    /// normal, or off for load and acceptance tests on loopback [default: normal]
    #[arg(long, env = "POTLUCK_LIMITS", global = true)]
    pub limits: Option<String>,
    /// Addresses of proxies whose X-Forwarded-For is believed, separated by commas
    #[arg(
        long,
        env = "POTLUCK_TRUSTED_PROXIES",
        global = true,
        value_delimiter = ','
    )]
    pub trusted_proxies: Option<Vec<IpAddr>>,
    /// What to log, such as info or potluck=debug,warn [default: info]
    #[arg(long, env = "POTLUCK_LOG", global = true)]
    pub log: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailTo {
    Outbox(PathBuf),
    Smtp(String),
}

/// What [`Given`] comes to.
#[derive(Clone, Debug)]
pub struct Config {
    /// This program, to start it again for the work of training.
    pub program: PathBuf,
    pub data_dir: PathBuf,
    pub database_url: String,
    pub bind: SocketAddr,
    /// Without a slash at the end. None: only requests to loopback are believed to be for us.
    pub base_url: Option<String>,
    pub mail: MailTo,
    pub mail_from: Option<String>,
    pub uploads: PathBuf,
    pub limits_off: bool,
    pub trusted_proxies: Vec<IpAddr>,
    pub log: String,
}

const FILE: &str = "potluck.toml";

impl Given {
    pub fn resolve(self) -> anyhow::Result<Config> {
        let file: Given = match std::fs::read_to_string(FILE) {
            Ok(text) => toml::from_str(&text).with_context(|| format!("in {FILE}"))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Given::default(),
            Err(error) => return Err(error).with_context(|| format!("cannot read {FILE}")),
        };
        let data_dir = self
            .data_dir
            .or(file.data_dir)
            .unwrap_or_else(|| "data".into());
        let database_url = self
            .database_url
            .or(file.database_url)
            .unwrap_or_else(|| format!("sqlite:{}", data_dir.join("potluck.sqlite").display()));
        let bind = self
            .bind
            .or(file.bind)
            .unwrap_or_else(|| "127.0.0.1:8080".into());
        let bind: SocketAddr = bind.parse().with_context(|| {
            format!("bind = {bind:?}: give an address and a port, such as 127.0.0.1:8080")
        })?;
        let base_url = match self.base_url.or(file.base_url) {
            None => None,
            Some(url) => {
                let parsed =
                    url::Url::parse(&url).with_context(|| format!("base_url = {url:?}"))?;
                if !matches!(parsed.scheme(), "http" | "https") || parsed.path() != "/" {
                    bail!(
                        "base_url = {url:?}: give scheme and host only, such as https://potluck.example"
                    );
                }
                Some(parsed.origin().ascii_serialization())
            }
        };
        let mail = match self.mail.or(file.mail) {
            None => MailTo::Outbox(data_dir.join("outbox")),
            Some(to) => match to.strip_prefix("outbox:") {
                Some(folder) => MailTo::Outbox(folder.into()),
                None if to.starts_with("smtp://") || to.starts_with("smtps://") => MailTo::Smtp(to),
                None => bail!("mail = {to:?}: give outbox:FOLDER, smtp://… or smtps://…"),
            },
        };
        let uploads = match self.uploads.or(file.uploads) {
            None => data_dir.join("uploads"),
            Some(to) => match to.strip_prefix("file:") {
                Some(folder) => folder.into(),
                None => bail!("uploads = {to:?}: give file:FOLDER"),
            },
        };
        let limits_off = match self.limits.or(file.limits).as_deref() {
            None | Some("normal") => false,
            Some("off") if bind.ip().is_loopback() => true,
            Some("off") => bail!("limits = off is for tests: it needs a loopback bind, not {bind}"),
            Some(other) => bail!("limits = {other:?}: give normal or off"),
        };
        Ok(Config {
            program: std::env::current_exe().context("cannot tell which program this is")?,
            data_dir,
            database_url,
            bind,
            base_url,
            mail,
            mail_from: self.mail_from.or(file.mail_from),
            uploads,
            limits_off,
            trusted_proxies: self
                .trusted_proxies
                .or(file.trusted_proxies)
                .unwrap_or_default(),
            log: self.log.or(file.log).unwrap_or_else(|| "info".into()),
        })
    }
}

/// Variables that look like ours and are not: a typing mistake would otherwise be silent.
pub fn unknown_variables() -> Vec<String> {
    use clap::CommandFactory;
    #[derive(clap::Parser)]
    struct Names {
        #[command(flatten)]
        _given: Given,
    }
    let command = Names::command();
    let known: Vec<&std::ffi::OsStr> = command
        .get_arguments()
        .filter_map(|arg| arg.get_env())
        .collect();
    // Read by the tests and the measurements, not by a start.
    const OTHERS: &[&str] = &["POTLUCK_SPAM_DATA", "POTLUCK_TEST_DATABASE_URL"];
    std::env::vars_os()
        .map(|(name, _)| name)
        .filter(|name| !known.contains(&name.as_os_str()))
        .filter_map(|name| name.into_string().ok())
        .filter(|name| name.starts_with("POTLUCK_") && !OTHERS.contains(&name.as_str()))
        .collect()
}

impl Config {
    pub fn is_https(&self) -> bool {
        self.base_url
            .as_deref()
            .is_some_and(|url| url.starts_with("https://"))
    }

    /// Scheme and host for links that leave the page: mails, feeds, cards. Never from a request.
    pub fn public_url(&self) -> String {
        self.base_url
            .clone()
            .unwrap_or_else(|| format!("http://{}", self.bind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_lifted_on_loopback_only() {
        let given = |bind: &str| Given {
            bind: Some(bind.into()),
            limits: Some("off".into()),
            ..Given::default()
        };
        assert!(given("127.0.0.1:0").resolve().unwrap().limits_off);
        assert!(given("[::1]:0").resolve().unwrap().limits_off);
        assert!(given("0.0.0.0:80").resolve().is_err());
    }

    #[test]
    fn unknown_keys_in_the_file_are_refused() {
        assert!(toml::from_str::<Given>("data_dir = \"x\"").is_ok());
        assert!(toml::from_str::<Given>("datadir = \"x\"").is_err());
    }
}
