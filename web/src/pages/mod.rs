//! The pages that visitors, members and makers see. A file holds a page's form, struct and handlers.

pub mod account;
pub mod comments;
pub mod home;
pub mod people;
pub mod projects;
pub mod releases;
pub mod signup;
pub mod site;
pub mod tags;
pub mod unsubscribe;
