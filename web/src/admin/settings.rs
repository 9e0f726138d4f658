use crate::error::Error;
use actix_web::HttpResponse;
pub async fn form() -> Result<HttpResponse, Error> {
    Err(Error::NotFound)
}
pub async fn save() -> Result<HttpResponse, Error> {
    Err(Error::NotFound)
}
