use crate::error::Error;
use actix_web::HttpResponse;
pub async fn list() -> Result<HttpResponse, Error> {
    Err(Error::NotFound)
}
pub async fn retrain() -> Result<HttpResponse, Error> {
    Err(Error::NotFound)
}
pub async fn activate() -> Result<HttpResponse, Error> {
    Err(Error::NotFound)
}
