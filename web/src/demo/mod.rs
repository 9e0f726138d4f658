//! The demo community.
mod picture;
use crate::app::App;
use potluck_models::db::Pools;
pub fn lay_table(_: &App, _: &Pools) -> anyhow::Result<()> {
    Ok(())
}
pub fn print_logins() {}
