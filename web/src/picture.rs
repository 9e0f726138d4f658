//! Pictures that members bring: from bytes to files, and from files to readers.
//!
//! Nothing of what was sent is kept. The type is read from the content, the size from the header
//! before anything is decoded, and what is stored are new encodings of the pixels alone, so that
//! place, camera and whatever hides behind the picture are gone.

use crate::app::App;
use crate::error::Error;
use crate::session::Visitor;
use actix_web::http::header::{self, HeaderName};
use actix_web::{HttpResponse, web};
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, GenericImageView, ImageDecoder, ImageFormat, ImageReader, Limits};
use potluck_models::item::State;
use potluck_models::picture::Picture;
use potluck_models::secret;
use std::collections::HashSet;
use std::io::{self, Cursor, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

const MAX_PIXELS: u64 = 40_000_000;
/// 40 megapixels of four channels of 16 bits, and the working copy of a line.
const MAX_ALLOC: u64 = 384 * 1024 * 1024;
const JPEG_QUALITY: u8 = 82;

const PAGE: (u32, u32) = (1600, 1000);
const CARD: (u32, u32) = (640, 400);
const THUMB: (u32, u32) = (320, 200);
/// Of people, square.
const FACE: u32 = 256;
const DOT: u32 = 80;
/// Of the site itself: as it stands in the head of every page, on fine screens, and square.
const LOGO: (u32, u32) = (480, 96);
const ICON: u32 = 96;
const SIZES: [&str; 7] = ["page", "card", "thumb", "face", "dot", "logo", "icon"];
const KEY_LENGTH: usize = 32;

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PictureError {
    #[error("This file is not a picture that can be read here. PNG, JPEG, GIF and WebP can.")]
    NotAPicture,
    #[error(
        "This picture has {0} × {1} pixels. At most 40 megapixels can be taken, such as 8000 × 5000."
    )]
    TooManyPixels(u32, u32),
    #[error("This picture is broken or not whole. Try to save it anew.")]
    Broken,
}

/// A picture in every size that is served, ready to be stored.
pub struct Sizes {
    /// Random; names the files.
    pub key: String,
    pub extension: &'static str,
    /// Of the size `page`.
    pub width: u32,
    pub height: u32,
    files: Vec<(&'static str, Vec<u8>)>,
}

/// Decodes, turns, scales and encodes. Takes up to seconds and hundreds of megabytes: see [`take`].
pub fn intake(bytes: &[u8]) -> Result<Sizes, PictureError> {
    encode(decode(bytes)?).map_err(|_| PictureError::Broken)
}

/// The same for the picture of a person: the middle of it, square.
pub fn intake_face(bytes: &[u8]) -> Result<Sizes, PictureError> {
    encode_face(&decode(bytes)?).map_err(|_| PictureError::Broken)
}

/// The same for the mark of the site: whole, and with what is clear in it.
pub fn intake_logo(bytes: &[u8]) -> Result<Sizes, PictureError> {
    encode_logo(decode(bytes)?).map_err(|_| PictureError::Broken)
}

fn decode(bytes: &[u8]) -> Result<DynamicImage, PictureError> {
    let format = match image::guess_format(bytes) {
        Ok(
            known @ (ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::Gif | ImageFormat::WebP),
        ) => known,
        _ => return Err(PictureError::NotAPicture),
    };
    refuse_too_large(png_header(bytes))?;
    let reader = || {
        let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
        let mut limits = Limits::default();
        limits.max_alloc = Some(MAX_ALLOC);
        reader.limits(limits);
        reader
    };
    let dimensions = reader().into_dimensions();
    refuse_too_large(Some(dimensions.map_err(|_| PictureError::Broken)?))?;
    let mut decoder = reader().into_decoder().map_err(|_| PictureError::Broken)?;
    let orientation = decoder.orientation().map_err(|_| PictureError::Broken)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|_| PictureError::Broken)?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

/// The size a PNG claims, also where nothing follows its first bytes.
fn png_header(bytes: &[u8]) -> Option<(u32, u32)> {
    let header = bytes.get(..24)?;
    let number = |at: usize| u32::from_be_bytes([0, 1, 2, 3].map(|i| header[at + i]));
    (header.starts_with(b"\x89PNG\r\n\x1a\n") && &header[12..16] == b"IHDR")
        .then(|| (number(16), number(20)))
}

fn refuse_too_large(size: Option<(u32, u32)>) -> Result<(), PictureError> {
    match size {
        Some((width, height)) if u64::from(width) * u64::from(height) > MAX_PIXELS => {
            Err(PictureError::TooManyPixels(width, height))
        }
        Some((0, _) | (_, 0)) => Err(PictureError::Broken),
        _ => Ok(()),
    }
}

fn is_transparent(picture: &DynamicImage) -> bool {
    picture.color().has_alpha() && picture.pixels().any(|(_, _, pixel)| pixel[3] < 255)
}

fn encode_one(picture: &DynamicImage, transparent: bool) -> image::ImageResult<Vec<u8>> {
    let mut bytes = Vec::new();
    if transparent {
        picture
            .to_rgba8()
            .write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png)?;
    } else {
        JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY).encode_image(&picture.to_rgb8())?;
    }
    Ok(bytes)
}

fn encode_face(picture: &DynamicImage) -> image::ImageResult<Sizes> {
    // Coarsely first, as in `fit`.
    let coarse = if picture.width().min(picture.height()) > 4 * FACE {
        &picture.thumbnail_exact(
            (u64::from(picture.width()) * 2 * u64::from(FACE)
                / u64::from(picture.width().min(picture.height()))) as u32,
            (u64::from(picture.height()) * 2 * u64::from(FACE)
                / u64::from(picture.width().min(picture.height()))) as u32,
        )
    } else {
        picture
    };
    let face = coarse.resize_to_fill(FACE, FACE, FilterType::Lanczos3);
    let dot = face.resize_exact(DOT, DOT, FilterType::Lanczos3);
    let transparent = is_transparent(&face);
    Ok(Sizes {
        key: secret::token()[..KEY_LENGTH].to_owned(),
        extension: if transparent { "png" } else { "jpg" },
        width: FACE,
        height: FACE,
        files: vec![
            ("face", encode_one(&face, transparent)?),
            ("dot", encode_one(&dot, transparent)?),
        ],
    })
}

fn encode_logo(picture: DynamicImage) -> image::ImageResult<Sizes> {
    let logo = fit(picture, LOGO);
    let icon = logo.thumbnail(ICON, ICON);
    let mut square = DynamicImage::new_rgba8(ICON, ICON);
    let (left, top) = ((ICON - icon.width()) / 2, (ICON - icon.height()) / 2);
    image::imageops::overlay(&mut square, &icon, left.into(), top.into());
    Ok(Sizes {
        key: secret::token()[..KEY_LENGTH].to_owned(),
        extension: "png",
        width: logo.width(),
        height: logo.height(),
        files: vec![
            ("logo", encode_one(&logo, true)?),
            ("icon", encode_one(&square, true)?),
        ],
    })
}

fn encode(picture: DynamicImage) -> image::ImageResult<Sizes> {
    let page = fit(picture, PAGE);
    let transparent = is_transparent(&page);
    let extension = if transparent { "png" } else { "jpg" };
    let one = |picture: &DynamicImage| encode_one(picture, transparent);
    let crop = |(width, height): (u32, u32)| {
        let filter = if page.width() < width || page.height() < height {
            FilterType::CatmullRom
        } else {
            FilterType::Lanczos3
        };
        one(&page.resize_to_fill(width, height, filter))
    };
    Ok(Sizes {
        key: secret::token()[..KEY_LENGTH].to_owned(),
        extension,
        width: page.width(),
        height: page.height(),
        files: vec![
            ("page", one(&page)?),
            ("card", crop(CARD)?),
            ("thumb", crop(THUMB)?),
        ],
    })
}

/// Scales down to fit, never up. A large picture is halved coarsely first: the fine filter over
/// 40 megapixels takes seconds and half a gigabyte.
fn fit(picture: DynamicImage, (width, height): (u32, u32)) -> DynamicImage {
    if picture.width() <= width && picture.height() <= height {
        return picture;
    }
    let coarse = if picture.width() > 4 * width || picture.height() > 4 * height {
        picture.thumbnail(2 * width, 2 * height)
    } else {
        picture
    };
    coarse.resize(width, height, FilterType::Lanczos3)
}

/// Decodes what a form brought, a few at a time and off the request threads.
pub async fn take(app: &App, bytes: Vec<u8>) -> Result<Result<Sizes, PictureError>, Error> {
    take_as(app, bytes, intake).await
}

/// The same for the picture of a person.
pub async fn take_face(app: &App, bytes: Vec<u8>) -> Result<Result<Sizes, PictureError>, Error> {
    take_as(app, bytes, intake_face).await
}

/// The same for the mark of the site.
pub async fn take_logo(app: &App, bytes: Vec<u8>) -> Result<Result<Sizes, PictureError>, Error> {
    take_as(app, bytes, intake_logo).await
}

async fn take_as(
    app: &App,
    bytes: Vec<u8>,
    intake: fn(&[u8]) -> Result<Sizes, PictureError>,
) -> Result<Result<Sizes, PictureError>, Error> {
    let _turn = app
        .decoding
        .acquire()
        .await
        .map_err(|error| Error::internal(error.into()))?;
    web::block(move || intake(&bytes))
        .await
        .map_err(|error| Error::internal(error.into()))
}

impl Sizes {
    /// Writes the files so that they outlast a power cut, before the row that names them is
    /// committed. What is half written is taken away again.
    pub fn store(&self, uploads: &Path) -> io::Result<()> {
        let written = self.write_files(uploads);
        if written.is_err() {
            remove(uploads, &self.key, self.extension);
        }
        written
    }

    fn write_files(&self, uploads: &Path) -> io::Result<()> {
        let folder = folder(uploads, &self.key);
        if !folder.is_dir() {
            std::fs::create_dir_all(&folder)?;
            sync_folder(uploads)?;
        }
        for (size, bytes) in &self.files {
            let name = file_name(&self.key, size, self.extension);
            let draft = folder.join(format!(".{name}.part"));
            let mut file = std::fs::File::create(&draft)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            std::fs::rename(&draft, folder.join(name))?;
        }
        sync_folder(&folder)
    }
}

/// A new name in a folder is on disk only when the folder is.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        std::fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// Takes the files of a picture away: of a commit that failed, or of a picture that was replaced.
pub fn remove(uploads: &Path, key: &str, extension: &str) {
    for size in SIZES {
        let name = file_name(key, size, extension);
        let folder = folder(uploads, key);
        for path in [folder.join(format!(".{name}.part")), folder.join(&name)] {
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    tracing::warn!("cannot remove {}: {error}", path.display());
                }
                _ => {}
            }
        }
    }
}

/// Files older than `age` that no row names: written for a commit that never came. Gives how many.
pub fn orphans(uploads: &Path, named: &HashSet<String>, age: Duration) -> io::Result<usize> {
    let mut gone = 0;
    for folder in std::fs::read_dir(uploads)? {
        let folder = folder?.path();
        if !folder.is_dir() {
            continue;
        }
        for file in std::fs::read_dir(folder)? {
            let file = file?;
            let name = file.file_name().to_string_lossy().into_owned();
            let whole = name.strip_prefix('.').and_then(|n| n.strip_suffix(".part"));
            // What is not named like ours is not ours to remove.
            let Some((key, ..)) = parse_name(whole.unwrap_or(&name)) else {
                continue;
            };
            let written = file.metadata()?.modified()?;
            let is_old = written.elapsed().is_ok_and(|since| since > age);
            if is_old && (whole.is_some() || !named.contains(key)) {
                std::fs::remove_file(file.path())?;
                gone += 1;
            }
        }
    }
    Ok(gone)
}

fn folder(uploads: &Path, key: &str) -> PathBuf {
    uploads.join(key.get(..2).unwrap_or("__"))
}

fn file_name(key: &str, size: &str, extension: &str) -> String {
    format!("{key}-{size}.{extension}")
}

/// `{key}-{size}.{extension}` and nothing else: what comes here becomes a path.
fn parse_name(name: &str) -> Option<(&str, &str, &str)> {
    let (key, rest) = name.split_once('-')?;
    let (size, extension) = rest.split_once('.')?;
    let fine = key.len() == KEY_LENGTH
        && key
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        && SIZES.contains(&size)
        && ["jpg", "png"].contains(&extension);
    fine.then_some((key, size, extension))
}

/// `/files/{name}`. The picture of a project that is not public is for its makers, for whoever
/// brought it and for moderators.
pub async fn serve(
    app: web::Data<App>,
    visitor: Visitor,
    name: web::Path<String>,
) -> Result<HttpResponse, Error> {
    let name = name.into_inner();
    let (key, size, extension) = parse_name(&name).ok_or(Error::NotFound)?;
    // There are such files of what administrators brought for every page, and of nothing else.
    let is_logo = ["logo", "icon"].contains(&size);
    let (key, wanted) = (key.to_owned(), extension.to_owned());
    let content_type = if extension == "png" {
        "image/png"
    } else {
        "image/jpeg"
    };
    let (viewer, is_moderator) = (visitor.id(), visitor.is_moderator());
    let path = folder(&app.config.uploads, &key).join(&name);
    let (bytes, is_public) = app
        .read(move |db| -> Result<_, Error> {
            let picture = Picture::by_key(db, &key)?
                .filter(|picture| picture.extension == wanted)
                .ok_or(Error::NotFound)?;
            let user = picture.shown_by(db)?;
            // Of an unlisted project: the name of the file is as secret as the link.
            let is_public = match &user {
                Some(project) => project.is_public() || project.state == State::Unlisted,
                None => is_logo || picture.is_avatar(db)?,
            };
            let mut allowed = is_public || is_moderator || viewer == Some(picture.owner_id);
            if let (false, Some(project), Some(viewer)) = (allowed, user, viewer) {
                allowed = project.is_made_by(db, viewer)?;
            }
            if !allowed {
                return Err(Error::NotFound);
            }
            match std::fs::read(&path) {
                Ok(bytes) => Ok((bytes, is_public)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    tracing::warn!("the file {} of a picture is missing", path.display());
                    Err(Error::NotFound)
                }
                Err(error) => Err(Error::internal(error.into())),
            }
        })
        .await?;
    let keep = if is_public {
        "public, max-age=31536000, immutable"
    } else {
        "private, no-store"
    };
    Ok(HttpResponse::Ok()
        .content_type(content_type)
        .insert_header((header::CACHE_CONTROL, keep))
        .insert_header((header::CONTENT_DISPOSITION, "inline"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((
            HeaderName::from_static("content-security-policy"),
            "default-src 'none'; sandbox",
        ))
        .body(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Rgb, RgbImage, Rgba, RgbaImage};

    fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Vec::new();
        picture
            .write_to(&mut Cursor::new(&mut bytes), format)
            .unwrap();
        bytes
    }

    /// Left half red, right half blue.
    fn halves(width: u32, height: u32) -> DynamicImage {
        RgbImage::from_fn(width, height, |x, _| {
            if x < width / 2 {
                Rgb([220, 20, 20])
            } else {
                Rgb([20, 20, 220])
            }
        })
        .into()
    }

    /// A JPEG whose EXIF says that it is to be turned clockwise by 90 degrees.
    fn turned_jpeg() -> Vec<u8> {
        let plain = encoded(&halves(80, 40), ImageFormat::Jpeg);
        let tiff =
            b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0secret place";
        let mut bytes = plain[..2].to_vec();
        bytes.extend([0xFF, 0xE1]);
        bytes.extend(u16::try_from(tiff.len() + 2).unwrap().to_be_bytes());
        bytes.extend(tiff);
        bytes.extend(&plain[2..]);
        bytes
    }

    fn page_of(sizes: &Sizes) -> DynamicImage {
        image::load_from_memory(&sizes.files[0].1).unwrap()
    }

    #[test]
    fn a_turned_picture_is_set_upright_and_its_metadata_dropped() {
        let sizes = intake(&turned_jpeg()).unwrap();
        assert_eq!((sizes.width, sizes.height), (40, 80));
        let page = page_of(&sizes);
        let (top, bottom) = (page.get_pixel(20, 5), page.get_pixel(20, 75));
        assert!(top[0] > 150 && bottom[2] > 150, "{top:?} {bottom:?}");
        for (_, bytes) in &sizes.files {
            assert!(!bytes.windows(6).any(|six| six == b"secret"));
            assert!(!bytes.windows(4).any(|four| four == b"Exif"));
        }
    }

    #[test]
    fn every_size_has_its_measure() {
        let sizes = intake(&encoded(&halves(3000, 1500), ImageFormat::Png)).unwrap();
        assert_eq!((sizes.width, sizes.height), (1600, 800));
        let measures: Vec<_> = sizes
            .files
            .iter()
            .map(|(name, bytes)| (*name, image::load_from_memory(bytes).unwrap().dimensions()))
            .collect();
        assert_eq!(
            measures,
            [
                ("page", (1600, 800)),
                ("card", (640, 400)),
                ("thumb", (320, 200))
            ]
        );
    }

    #[test]
    fn a_small_picture_keeps_its_size_and_transparency_stays() {
        let mut clear = RgbaImage::from_pixel(64, 32, Rgba([10, 200, 10, 255]));
        clear.put_pixel(3, 3, Rgba([0, 0, 0, 0]));
        let sizes = intake(&encoded(&clear.into(), ImageFormat::Png)).unwrap();
        assert_eq!(
            (sizes.width, sizes.height, sizes.extension),
            (64, 32, "png")
        );
        assert_eq!(page_of(&sizes).get_pixel(3, 3)[3], 0);
        let opaque = intake(&encoded(&halves(64, 32), ImageFormat::Png)).unwrap();
        assert_eq!(opaque.extension, "jpg");
    }

    #[test]
    fn gif_and_webp_are_taken_too() {
        for format in [ImageFormat::Gif, ImageFormat::WebP] {
            let picture = DynamicImage::from(halves(40, 40).to_rgba8());
            assert!(intake(&encoded(&picture, format)).is_ok(), "{format:?}");
        }
    }

    fn png_header_of(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
        bytes.extend(width.to_be_bytes());
        bytes.extend(height.to_be_bytes());
        bytes.extend(b"\x08\x06\0\0\0\0\0\0\0");
        bytes
    }

    #[test]
    fn a_huge_picture_is_refused_by_its_header() {
        assert_eq!(
            intake(&png_header_of(30_000, 30_000)).err(),
            Some(PictureError::TooManyPixels(30_000, 30_000))
        );
        assert_eq!(
            intake(&png_header_of(u32::MAX, u32::MAX)).err(),
            Some(PictureError::TooManyPixels(u32::MAX, u32::MAX))
        );
    }

    #[test]
    fn what_is_no_picture_is_refused_whatever_its_name() {
        for bytes in [
            &b"<html><script>alert(1)</script></html>"[..],
            b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>",
            b"BM\0\0\0\0",
            b"%PDF-1.7",
            b"",
            b"\0",
        ] {
            assert_eq!(intake(bytes).err(), Some(PictureError::NotAPicture));
        }
    }

    #[test]
    fn a_broken_picture_is_refused() {
        let whole = encoded(&halves(200, 200), ImageFormat::Png);
        for length in [24, 40, whole.len() / 2] {
            assert_eq!(
                intake(&whole[..length]).err(),
                Some(PictureError::Broken),
                "{length} bytes"
            );
        }
        assert_eq!(
            intake(&png_header_of(0, 10)).err(),
            Some(PictureError::Broken)
        );
    }

    #[test]
    fn what_hides_behind_a_picture_is_gone() {
        let mut bytes = encoded(&halves(60, 60), ImageFormat::Png);
        bytes.extend(b"<script>alert(1)</script>");
        let sizes = intake(&bytes).unwrap();
        for (_, bytes) in &sizes.files {
            assert!(!bytes.windows(7).any(|seven| seven == b"<script"));
        }
    }

    #[test]
    fn a_name_is_a_key_a_size_and_an_extension() {
        let key = "0123456789abcdef0123456789abcdef";
        assert_eq!(
            parse_name(&format!("{key}-card.jpg")),
            Some((key, "card", "jpg"))
        );
        for bad in [
            "../../etc/passwd",
            "-card.jpg",
            &format!("{key}-card.svg"),
            &format!("{key}-huge.jpg"),
            &format!("{key}-card.jpg.png"),
            &format!("{}-card.jpg", key.to_uppercase()),
            &format!("{}/..-card.jpg", &key[..29]),
        ] {
            assert_eq!(parse_name(bad), None, "{bad}");
        }
    }

    #[test]
    fn old_files_that_no_row_names_are_swept() {
        let uploads = std::env::temp_dir().join(format!("potluck-{}", secret::token()));
        std::fs::create_dir_all(&uploads).unwrap();
        let one = || intake(&encoded(&halves(60, 60), ImageFormat::Png)).unwrap();
        let (kept, lost) = (one(), one());
        kept.store(&uploads).unwrap();
        lost.store(&uploads).unwrap();
        let foreign = folder(&uploads, &kept.key).join("notes.txt");
        std::fs::write(&foreign, "mine").unwrap();
        let named = HashSet::from([kept.key.clone()]);
        let day = Duration::from_secs(86_400);
        assert_eq!(orphans(&uploads, &named, day).unwrap(), 0);
        assert_eq!(orphans(&uploads, &named, Duration::ZERO).unwrap(), 3);
        let stays = folder(&uploads, &kept.key).join(file_name(&kept.key, "card", kept.extension));
        assert!(stays.exists() && foreign.exists());
        std::fs::remove_dir_all(&uploads).unwrap();
    }

    #[test]
    fn files_are_stored_whole_and_removed_whole() {
        let uploads = std::env::temp_dir().join(format!("potluck-{}", secret::token()));
        std::fs::create_dir_all(&uploads).unwrap();
        let sizes = intake(&encoded(&halves(60, 60), ImageFormat::Png)).unwrap();
        sizes.store(&uploads).unwrap();
        let folder = folder(&uploads, &sizes.key);
        let count = || std::fs::read_dir(&folder).unwrap().count();
        assert_eq!(count(), 3);
        remove(&uploads, &sizes.key, sizes.extension);
        assert_eq!(count(), 0);
        std::fs::remove_dir_all(&uploads).unwrap();
    }
}
