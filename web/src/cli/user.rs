//! `potluck user`: accounts from the command line.

use super::open;
use crate::config::Config;
use anyhow::{Context, bail};
use clap::Subcommand;
use potluck_models::account::{self, Email, Role, Username};
use potluck_models::db::write_tx;
use potluck_models::link::{Link, Purpose};
use potluck_models::{Db, password, secret};

#[derive(Subcommand)]
pub enum User {
    /// Make an account with a confirmed address; asks for nothing
    Create {
        name: String,
        #[arg(long)]
        email: String,
        /// Without it, one is drawn and printed
        #[arg(long)]
        password: Option<String>,
        /// member, moderator or admin
        #[arg(long, default_value = "member")]
        role: Role,
    },
    /// Make somebody a member, moderator or admin
    Role { name: String, role: Role },
    /// Print a link with which somebody chooses a new password
    ResetPassword { name: String },
}

impl User {
    pub fn run(self, config: &Config) -> anyhow::Result<()> {
        let db = &mut open(config)?;
        match self {
            User::Create {
                name,
                email,
                password,
                role,
            } => create(db, &name, &email, password, role),
            User::Role { name, role } => set_role(db, &name, role),
            User::ResetPassword { name } => {
                let user = find(db, &name)?;
                let token = write_tx(db, |db| Link::issue(db, Purpose::Reset, Some(user.id)))?;
                println!("{name} chooses a new password here, once, within an hour:");
                println!("{}/reset?token={token}", config.public_url());
                Ok(())
            }
        }
    }
}

fn find(db: &mut Db, name: &str) -> anyhow::Result<account::User> {
    account::User::by_login(db, name)?.with_context(|| format!("nobody here is called {name:?}"))
}

fn create(
    db: &mut Db,
    name: &str,
    email: &str,
    given: Option<String>,
    role: Role,
) -> anyhow::Result<()> {
    let name = Username::parse(name).context("name")?;
    let email = Email::parse(email)
        .map_err(anyhow::Error::msg)
        .context("email")?;
    let drawn = secret::token()[..20].to_owned();
    let chosen = given.as_deref().unwrap_or(&drawn);
    password::check(chosen, &[name.as_str(), email.as_str()]).context("password")?;
    let hash = password::hash(chosen);
    write_tx(db, |db| -> Result<(), account::SignUpError> {
        let user = account::User::create(db, &name, &email, hash, "")?;
        user.confirm(db)?;
        give_role(db, &user, role)?;
        Ok(())
    })?;
    println!("Made {role} {}.", name.as_str());
    if given.is_none() {
        println!("Password: {drawn}");
    }
    Ok(())
}

/// The link of the first start ends with the first administrator, however they came.
fn give_role(db: &mut Db, user: &account::User, role: Role) -> diesel::QueryResult<()> {
    user.set_role(db, role)?;
    if role == Role::Admin {
        Link::close_setup(db)?;
    }
    Ok(())
}

fn set_role(db: &mut Db, name: &str, role: Role) -> anyhow::Result<()> {
    let user = find(db, name)?;
    let last_admin =
        user.role == Role::Admin && role != Role::Admin && account::User::count_admins(db)? == 1;
    if last_admin {
        bail!("{name} is the last administrator; make another one first");
    }
    // Each request reads the role anew: it changes at the next click.
    write_tx(db, |db| give_role(db, &user, role))?;
    println!("{} was {} and is {role} now.", user.username, user.role);
    Ok(())
}
