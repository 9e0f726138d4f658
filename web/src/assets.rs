//! Styles, scripts, font and marks, inside the binary. Their address carries a hash of them all,
//! so that they are kept for a year and a new version is seen at once; relative addresses in a
//! style sheet stay right, since all files share the hash.

use crate::accent::{self, Rgb};
use crate::error::Error;
use actix_web::http::header;
use actix_web::{HttpResponse, web};
use potluck_models::secret;
use rust_embed::RustEmbed;
use std::sync::LazyLock;

#[derive(RustEmbed)]
#[folder = "../static"]
struct Static;

static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut all = String::new();
    for path in Static::iter() {
        if let Some(file) = Static::get(&path) {
            all.push_str(&path);
            all.push_str(&secret::sha256_bytes(&file.metadata.sha256_hash()));
        }
    }
    secret::sha256(&all)[..12].to_owned()
});

pub fn url(path: &str) -> String {
    format!("/static/{}/{path}", *VERSION)
}

/// `/static/{version}/{path}`
pub async fn serve(path: web::Path<(String, String)>) -> Result<HttpResponse, Error> {
    let (version, path) = path.into_inner();
    // The colour of a site is made when it is asked for, and named by what is in it.
    let colour = path
        .strip_prefix("accent/")
        .and_then(|name| name.strip_suffix(".css"))
        .and_then(Rgb::parse);
    if let Some(colour) = colour {
        return Ok(answer(
            &path,
            version == accent::version(colour),
            accent::stylesheet(colour).into_bytes(),
        ));
    }
    let file = Static::get(&path).ok_or(Error::NotFound)?;
    // A page made by the version before this one still finds its files.
    let is_ours = version == *VERSION;
    Ok(answer(&path, is_ours, file.data.into_owned()))
}

fn answer(path: &str, for_ever: bool, body: Vec<u8>) -> HttpResponse {
    let keep = if for_ever {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    HttpResponse::Ok()
        .content_type(content_type(path))
        .insert_header((header::CACHE_CONTROL, keep))
        .body(body)
}

pub fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or("") {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" => "image/jpeg",
        "woff2" => "font/woff2",
        "txt" | "md" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
