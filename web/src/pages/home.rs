use crate::error::Error;
use actix_web::HttpResponse;
pub async fn show() -> Result<HttpResponse, Error> {
    Err(Error::NotFound)
}
