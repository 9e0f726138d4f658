use crate::error::Error;
use actix_web::HttpResponse;
pub async fn overview() -> Result<HttpResponse, Error> {
    Err(Error::NotFound)
}
pub async fn queue() -> Result<HttpResponse, Error> {
    Err(Error::NotFound)
}
