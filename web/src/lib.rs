//! Potluck: everything that speaks HTTP, mail or argv. Rules and tables are in `potluck-models`.
//!
//! A request takes four hops: [`routes`] → a handler in [`pages`], [`moderation`] or [`admin`] →
//! a function of the models → a template.

pub mod accent;
pub mod admin;
pub mod app;
pub mod assets;
pub mod cli;
pub mod config;
mod demo;
pub mod error;
pub mod feeds;
pub mod fetch;
pub mod filter;
pub mod forms;
pub mod jobs;
pub mod kept;
pub mod layout;
pub mod linked;
pub mod mail;
pub mod moderation;
pub mod pages;
pub mod picture;
pub mod rel_me;
pub mod routes;
pub mod server;
pub mod session;
pub mod video;
pub mod views;

/// Here and not beside `main`, so that tests and benchmarks have it too: what is measured is what runs.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
