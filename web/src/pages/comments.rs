use crate::error::Error;
use actix_web::HttpResponse;
pub async fn post() -> Result<HttpResponse, Error> {
    Err(Error::NotFound)
}
pub async fn show() -> Result<HttpResponse, Error> {
    Err(Error::NotFound)
}
pub async fn edit_form() -> Result<HttpResponse, Error> {
    Err(Error::NotFound)
}
pub async fn edit() -> Result<HttpResponse, Error> {
    Err(Error::NotFound)
}
pub async fn delete_form() -> Result<HttpResponse, Error> {
    Err(Error::NotFound)
}
pub async fn delete() -> Result<HttpResponse, Error> {
    Err(Error::NotFound)
}
pub async fn history() -> Result<HttpResponse, Error> {
    Err(Error::NotFound)
}
pub async fn report_form() -> Result<HttpResponse, Error> {
    Err(Error::NotFound)
}
pub async fn report() -> Result<HttpResponse, Error> {
    Err(Error::NotFound)
}
pub async fn approve() -> Result<HttpResponse, Error> {
    Err(Error::NotFound)
}
pub async fn report_project_form() -> Result<HttpResponse, Error> {
    Err(Error::NotFound)
}
pub async fn report_project() -> Result<HttpResponse, Error> {
    Err(Error::NotFound)
}
