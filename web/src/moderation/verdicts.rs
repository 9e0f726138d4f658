use crate::error::Error;
use actix_web::HttpResponse;
pub async fn decide() -> Result<HttpResponse, Error> {
    Err(Error::NotFound)
}
pub async fn undo() -> Result<HttpResponse, Error> {
    Err(Error::NotFound)
}
pub async fn confirm_all() -> Result<HttpResponse, Error> {
    Err(Error::NotFound)
}
