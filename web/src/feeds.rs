use crate::error::Error;
use actix_web::HttpResponse;
pub async fn projects() -> Result<HttpResponse, Error> {
    Err(Error::NotFound)
}
pub async fn releases() -> Result<HttpResponse, Error> {
    Err(Error::NotFound)
}
pub async fn tag() -> Result<HttpResponse, Error> {
    Err(Error::NotFound)
}
pub async fn person() -> Result<HttpResponse, Error> {
    Err(Error::NotFound)
}
pub async fn comments() -> Result<HttpResponse, Error> {
    Err(Error::NotFound)
}
