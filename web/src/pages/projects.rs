use crate::error::Error;
use actix_web::HttpResponse;
pub async fn list() -> Result<HttpResponse, Error> {
    Err(Error::NotFound)
}
pub async fn new_form() -> Result<HttpResponse, Error> {
    Err(Error::NotFound)
}
pub async fn create() -> Result<HttpResponse, Error> {
    Err(Error::NotFound)
}
pub async fn show() -> Result<HttpResponse, Error> {
    Err(Error::NotFound)
}
pub async fn edit_form() -> Result<HttpResponse, Error> {
    Err(Error::NotFound)
}
pub async fn update() -> Result<HttpResponse, Error> {
    Err(Error::NotFound)
}
pub async fn delete_form() -> Result<HttpResponse, Error> {
    Err(Error::NotFound)
}
pub async fn delete() -> Result<HttpResponse, Error> {
    Err(Error::NotFound)
}
