use crate::error::Error;
use actix_web::HttpResponse;
pub async fn conduct() -> Result<HttpResponse, Error> {
    Err(Error::NotFound)
}
pub async fn guide() -> Result<HttpResponse, Error> {
    Err(Error::NotFound)
}
pub async fn privacy() -> Result<HttpResponse, Error> {
    Err(Error::NotFound)
}
pub async fn healthz() -> Result<HttpResponse, Error> {
    Err(Error::NotFound)
}
pub async fn readyz() -> Result<HttpResponse, Error> {
    Err(Error::NotFound)
}
pub async fn robots() -> Result<HttpResponse, Error> {
    Err(Error::NotFound)
}
pub async fn sitemap() -> Result<HttpResponse, Error> {
    Err(Error::NotFound)
}
pub async fn security() -> Result<HttpResponse, Error> {
    Err(Error::NotFound)
}
pub async fn change_password() -> Result<HttpResponse, Error> {
    Err(Error::NotFound)
}
