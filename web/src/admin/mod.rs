//! Pages of administrators.

pub mod models;
pub mod settings;
use crate::error::Error;
use actix_web::HttpResponse;
pub async fn overview() -> Result<HttpResponse, Error> {
    Err(Error::NotFound)
}
pub async fn jobs() -> Result<HttpResponse, Error> {
    Err(Error::NotFound)
}
