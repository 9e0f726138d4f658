//! Where else somebody is: links of a profile, typed as a name or as an address and kept as the
//! address that the place itself uses. Checked by shape alone; nothing is fetched.

use crate::project::parse_url;
use crate::words;
use url::{Host, Url};

words! {
    pub enum Site {
        Website = "website",
        Github = "github",
        Gitlab = "gitlab",
        Codeberg = "codeberg",
        Bitbucket = "bitbucket",
        Mastodon = "mastodon",
        Youtube = "youtube",
        Itch = "itch",
        Twitter = "twitter",
    }
}

/// One link, with the address as it is shown and followed.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Elsewhere {
    pub site: Site,
    pub url: String,
}

impl Site {
    pub fn name(self) -> &'static str {
        match self {
            Site::Website => "Website",
            Site::Github => "GitHub",
            Site::Gitlab => "GitLab",
            Site::Codeberg => "Codeberg",
            Site::Bitbucket => "Bitbucket",
            Site::Mastodon => "Mastodon",
            Site::Youtube => "YouTube",
            Site::Itch => "itch.io",
            Site::Twitter => "Twitter / X",
        }
    }

    /// The name of the form's field.
    pub fn field(self) -> &'static str {
        match self {
            Site::Website => "link_website",
            Site::Github => "link_github",
            Site::Gitlab => "link_gitlab",
            Site::Codeberg => "link_codeberg",
            Site::Bitbucket => "link_bitbucket",
            Site::Mastodon => "link_mastodon",
            Site::Youtube => "link_youtube",
            Site::Itch => "link_itch",
            Site::Twitter => "link_twitter",
        }
    }

    pub fn example(self) -> &'static str {
        match self {
            Site::Website => "example.org",
            Site::Mastodon => "name@server.example",
            _ => "name",
        }
    }

    fn hosts(self) -> &'static [&'static str] {
        match self {
            Site::Website | Site::Mastodon => &[],
            Site::Github => &["github.com"],
            Site::Gitlab => &["gitlab.com"],
            Site::Codeberg => &["codeberg.org"],
            Site::Bitbucket => &["bitbucket.org"],
            Site::Youtube => &["youtube.com"],
            Site::Itch => &["itch.io"],
            Site::Twitter => &["x.com", "twitter.com"],
        }
    }

    /// Whether a name has the shape that this place gives to names.
    fn takes(self, name: &str) -> bool {
        let (most, marks) = match self {
            Site::Website => return false,
            Site::Github => (39, "-"),
            Site::Gitlab => (255, "-_."),
            Site::Codeberg => (40, "-_."),
            Site::Bitbucket => (62, "-_"),
            Site::Mastodon => (64, "-_."),
            Site::Youtube => (30, "-_.·"),
            Site::Itch => (63, "-_"),
            Site::Twitter => (15, "_"),
        };
        let letter = |c: char| match self {
            Site::Youtube => c.is_alphanumeric(),
            _ => c.is_ascii_alphanumeric(),
        };
        (1..=most).contains(&name.chars().count())
            && name.chars().all(|c| letter(c) || marks.contains(c))
            && name.chars().any(char::is_alphanumeric)
            && !name.starts_with(['-', '.'])
            && !name.ends_with(['-', '.'])
    }

    fn address(self, name: &str) -> String {
        match self {
            Site::Itch => format!("https://{}.itch.io/", name.to_ascii_lowercase()),
            Site::Youtube => format!("https://www.youtube.com/@{name}"),
            _ => format!(
                "https://{}/{name}",
                self.hosts().first().copied().unwrap_or_default()
            ),
        }
    }

    fn fault(self) -> String {
        match self {
            Site::Website => {
                "This is no web address. Write it as example.org or https://example.org.".into()
            }
            Site::Mastodon => {
                "Write it as name@server.example, or as the address of your page there.".into()
            }
            _ => format!(
                "Write your name on {0} alone, or the address of your page on {0}.",
                self.name()
            ),
        }
    }

    /// From what was typed: `name`, `@name`, or the address of a page there.
    pub fn parse(self, typed: &str) -> Result<Elsewhere, String> {
        let typed = typed.trim();
        let found = if typed.chars().count() > 500 || typed.chars().any(char::is_control) {
            None
        } else {
            match self {
                Site::Website => website(typed),
                Site::Mastodon => mastodon(typed),
                _ => self.named(typed),
            }
        };
        match found {
            Some(url) => Ok(Elsewhere { site: self, url }),
            None => Err(self.fault()),
        }
    }

    fn named(self, typed: &str) -> Option<String> {
        let is_address =
            typed.contains('/') || self.hosts().iter().any(|host| typed.ends_with(host));
        let url = if is_address {
            let url = secure(typed)?;
            let host = url.host_str()?.to_ascii_lowercase();
            let bare = host.strip_prefix("www.").or(host.strip_prefix("m."));
            let bare = bare.unwrap_or(&host);
            let path: Vec<&str> = url
                .path_segments()?
                .filter(|part| !part.is_empty())
                .collect();
            if self == Site::Itch
                && let Some(name) = bare.strip_suffix(".itch.io")
            {
                return self.takes(name).then(|| self.address(name));
            }
            if !self.hosts().contains(&bare) {
                return None;
            }
            match (self, path.as_slice()) {
                (Site::Itch, ["profile", name]) => self.of(name)?,
                (Site::Itch, _) => return None,
                // Older pages have no name but these.
                (Site::Youtube, [way @ ("channel" | "c" | "user"), name]) => {
                    let name = decoded(name)?;
                    self.takes(&name)
                        .then(|| format!("https://www.youtube.com/{way}/{name}"))?
                }
                (_, [name, ..]) => self.of(name)?,
                (_, []) => return None,
            }
        } else {
            self.of(typed)?
        };
        // As the address bar writes letters of other scripts.
        Some(Url::parse(&url).ok()?.to_string())
    }

    fn of(self, name: &str) -> Option<String> {
        let name = decoded(name.strip_prefix('@').unwrap_or(name))?;
        self.takes(&name).then(|| self.address(&name))
    }
}

impl Elsewhere {
    /// What is read of it: the name, or the address without what every address has.
    pub fn label(&self) -> String {
        let bare = self.url.split_once("://").map_or("", |(_, rest)| rest);
        let bare = bare.trim_start_matches("www.").trim_end_matches('/');
        let all = match self.site {
            Site::Website => bare.to_owned(),
            Site::Mastodon => match bare.split_once("/@") {
                Some((server, name)) => format!("@{name}@{server}"),
                None => bare.to_owned(),
            },
            Site::Itch => bare.trim_end_matches(".itch.io").to_owned(),
            _ => {
                let name = bare.rsplit('/').next().unwrap_or(bare);
                decoded(name).unwrap_or_else(|| name.to_owned())
            }
        };
        match all.char_indices().nth(40) {
            Some((cut, _)) => format!("{}…", &all[..cut]),
            None => all,
        }
    }
}

/// An address with a scheme that browsers follow; https where none was typed.
fn secure(typed: &str) -> Option<Url> {
    let typed = typed.strip_prefix("//").unwrap_or(typed);
    let whole = if typed.contains("://") {
        typed.to_owned()
    } else {
        format!("https://{typed}")
    };
    let mut url = Url::parse(&parse_url(&whole)?).ok()?;
    url.set_fragment(None);
    Some(url)
}

fn website(typed: &str) -> Option<String> {
    let url = secure(typed)?;
    matches!(url.host()?, Host::Domain(host) if host.contains('.')).then(|| url.to_string())
}

/// `name@server`, `@name@server`, `https://server/@name`.
fn mastodon(typed: &str) -> Option<String> {
    let (name, server) = if typed.contains('/') {
        let url = secure(typed)?;
        let path: Vec<&str> = url
            .path_segments()?
            .filter(|part| !part.is_empty())
            .collect();
        let name = match path.as_slice() {
            ["users", name] => *name,
            [name] => name.strip_prefix('@')?,
            _ => return None,
        };
        if url.port().is_some() {
            return None;
        }
        (name.to_owned(), url.host_str()?.to_owned())
    } else {
        let (name, server) = typed.strip_prefix('@').unwrap_or(typed).split_once('@')?;
        (name.to_owned(), server.to_owned())
    };
    let url = Url::parse(&format!("https://{server}/@{name}")).ok()?;
    let plain =
        url.port().is_none() && url.username().is_empty() && url.path() == format!("/@{name}");
    let domain = matches!(url.host()?, Host::Domain(host) if host.contains('.'));
    (Site::Mastodon.takes(&name)
        && plain
        && domain
        && url.query().is_none()
        && url.fragment().is_none())
    .then(|| url.to_string())
}

fn decoded(name: &str) -> Option<String> {
    // `+` is a plus in a path; names hold none, so it falls to the check of the shape.
    let pair = format!("n={}", name.replace('+', "%2B").replace('&', "%26"));
    url::form_urlencoded::parse(pair.as_bytes())
        .next()
        .map(|(_, name)| name.into_owned())
        .filter(|name| !name.contains('\u{FFFD}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(site: Site, typed: &str) -> Option<String> {
        site.parse(typed).ok().map(|link| link.url)
    }

    #[test]
    fn a_name_an_at_name_and_an_address_come_to_the_same() {
        for typed in [
            "odile-m",
            " @odile-m ",
            "github.com/odile-m",
            "https://github.com/odile-m/",
            "http://www.github.com/odile-m?tab=repositories#x",
            "https://github.com/odile-m/racer",
        ] {
            assert_eq!(
                url(Site::Github, typed).as_deref(),
                Some("https://github.com/odile-m"),
                "{typed}"
            );
        }
        for typed in [
            "x.com/duck",
            "https://twitter.com/duck",
            "@duck",
            "https://mobile.x.com",
        ] {
            let expected = (!typed.contains("mobile")).then_some("https://x.com/duck");
            assert_eq!(url(Site::Twitter, typed).as_deref(), expected, "{typed}");
        }
        for typed in [
            "Odile",
            "odile.itch.io",
            "https://odile.itch.io/racer",
            "https://itch.io/profile/odile",
        ] {
            assert_eq!(
                url(Site::Itch, typed).as_deref(),
                Some("https://odile.itch.io/"),
                "{typed}"
            );
        }
        for typed in [
            "odile@masto.example",
            "@odile@masto.example",
            "https://masto.example/@odile",
            "masto.example/users/odile",
        ] {
            assert_eq!(
                url(Site::Mastodon, typed).as_deref(),
                Some("https://masto.example/@odile"),
                "{typed}"
            );
        }
        for typed in [
            "@ducks",
            "ducks",
            "https://youtube.com/@ducks",
            "https://www.youtube.com/@ducks/videos",
        ] {
            assert_eq!(
                url(Site::Youtube, typed).as_deref(),
                Some("https://www.youtube.com/@ducks"),
                "{typed}"
            );
        }
        assert_eq!(
            url(Site::Youtube, "https://youtube.com/channel/UC12_x").as_deref(),
            Some("https://www.youtube.com/channel/UC12_x")
        );
        assert_eq!(
            url(Site::Website, "odile.example").as_deref(),
            Some("https://odile.example/")
        );
        assert_eq!(
            url(Site::Codeberg, "codeberg.org/odile").as_deref(),
            Some("https://codeberg.org/odile")
        );
    }

    #[test]
    fn nothing_that_leads_elsewhere_is_taken() {
        let long = "a".repeat(1_000);
        for hostile in [
            "javascript:alert(1)",
            "JavaScript:alert(1)//github.com/x",
            "data:text/html,x",
            "https://evil.example/odile",
            "https://github.com.evil.example/odile",
            "https://github.com@evil.example/odile",
            "https://user:pass@github.com/odile",
            "//evil.example/x",
            "https://github.com/",
            "od\u{202E}ile",
            "od\u{200B}ile",
            "оdile",
            "a b",
            "../x",
            "x?y",
            "<script>",
            "\"onclick=x",
            "",
            "-",
            "...",
            &long,
        ] {
            for site in Site::ALL
                .iter()
                .copied()
                .filter(|site| *site != Site::Website && *site != Site::Youtube)
            {
                assert_eq!(url(site, hostile), None, "{site} {hostile}");
            }
        }
        for hostile in [
            "javascript:alert(1)",
            "https://javascript:alert(1)",
            "data:text/html,x",
            "ftp://x.example",
            "https://127.0.0.1/",
            "http://localhost/",
            "https://user:pass@x.example/",
            "mailto:me@x.example",
            "example",
            &long,
        ] {
            assert_eq!(url(Site::Website, hostile), None, "{hostile}");
        }
        assert_eq!(url(Site::Github, "github.com"), None);
        for hostile in [
            "odile",
            "@odile",
            "a@b",
            "a@127.0.0.1",
            "a@b.example:80",
            "a@b.example/x?y",
            "a@b@c.example",
        ] {
            assert_eq!(url(Site::Mastodon, hostile), None, "{hostile}");
        }
    }

    #[test]
    fn a_label_is_the_name() {
        let label = |site: Site, typed| site.parse(typed).unwrap().label();
        assert_eq!(label(Site::Github, "@odile"), "odile");
        assert_eq!(
            label(Site::Mastodon, "odile@masto.example"),
            "@odile@masto.example"
        );
        assert_eq!(label(Site::Itch, "odile"), "odile");
        assert_eq!(
            label(Site::Website, "https://www.odile.example/ducks/"),
            "odile.example/ducks"
        );
        assert_eq!(label(Site::Youtube, "@ducks"), "@ducks");
    }
}
