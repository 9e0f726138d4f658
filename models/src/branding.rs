//! The site's own mark: which picture it is. It is a setting; the picture is a row like any other,
//! that the sweep spares.

use crate::schema::settings;
use crate::{Db, QueryResult};
use diesel::prelude::*;
use std::fmt;
use std::str::FromStr;

/// As it is stored: `0f3a….png 240x80`. The size is told in the page, so that nothing shifts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logo {
    pub key: String,
    pub extension: String,
    pub width: u32,
    pub height: u32,
}

impl Logo {
    pub fn url(&self) -> String {
        format!("/files/{}-logo.{}", self.key, self.extension)
    }

    /// Square, for the browser's tab.
    pub fn icon(&self) -> String {
        format!("/files/{}-icon.{}", self.key, self.extension)
    }

    /// So wide that the name of the site is in it, most likely: it is not said twice.
    pub fn is_wordmark(&self) -> bool {
        self.width > 2 * self.height
    }

    /// As wide as it is shown where it is so high.
    pub fn width_at(&self, height: u32) -> u32 {
        (self.width * height / self.height.max(1)).max(1)
    }
}

impl fmt::Display for Logo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Logo {
            key,
            extension,
            width,
            height,
        } = self;
        write!(f, "{key}.{extension} {width}x{height}")
    }
}

impl FromStr for Logo {
    type Err = String;

    fn from_str(stored: &str) -> Result<Logo, String> {
        let read = || {
            let (file, size) = stored.split_once(' ')?;
            let (key, extension) = file.split_once('.')?;
            let (width, height) = size.split_once('x')?;
            Some(Logo {
                key: key.to_owned(),
                extension: extension.to_owned(),
                width: width.parse().ok()?,
                height: height.parse().ok().filter(|height| *height > 0)?,
            })
        };
        read().ok_or_else(|| format!("{stored:?} is no logo"))
    }
}

/// The one in use.
pub fn logo(db: &mut Db) -> QueryResult<Option<Logo>> {
    let stored: Option<String> = settings::table
        .find("logo")
        .select(settings::value)
        .get_result(db)
        .optional()?;
    Ok(stored.and_then(|stored| stored.parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logo_is_read_as_it_was_stored() {
        let logo = Logo {
            key: "0f".into(),
            extension: "png".into(),
            width: 240,
            height: 80,
        };
        assert_eq!(logo.to_string().parse(), Ok(logo.clone()));
        assert_eq!(logo.width_at(40), 120);
        for bad in ["", "0f.png", "0f.png 3x", "0f.png 3x0"] {
            assert!(bad.parse::<Logo>().is_err(), "{bad}");
        }
    }
}
