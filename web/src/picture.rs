use crate::error::Error;
use actix_web::HttpResponse;
pub async fn serve() -> Result<HttpResponse, Error> {
    Err(Error::NotFound)
}
