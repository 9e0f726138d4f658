//! Forges: places where makers keep their source, and where the site may ask for their releases and
//! recent changes. A project follows the repository that it links to, once a maker switches it on.
//!
//! Here: which links name a repository, and where to ask for it. What the answers say is in
//! [`answers`], who follows what in [`follow`], and how a release comes in from there in [`taking`].

pub mod answers;
pub mod follow;
pub mod taking;

use crate::words;
use url::{Host, Url};

words! {
    /// What a forge runs on, and so how it is asked.
    pub enum Software {
        Github = "github",
        Gitlab = "gitlab",
        /// Forgejo too, which Codeberg runs on.
        Gitea = "gitea",
        Bitbucket = "bitbucket",
    }
}

/// Forges that every site may ask.
const FORGES: [(&str, Software); 4] = [
    ("github.com", Software::Github),
    ("gitlab.com", Software::Gitlab),
    ("codeberg.org", Software::Gitea),
    ("bitbucket.org", Software::Bitbucket),
];

/// Releases of one answer, and changes.
pub const MOST_RELEASES: usize = 30;
pub const MOST_CHANGES: usize = 20;

/// Where somebody keeps their source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    pub software: Software,
    pub host: String,
    /// `owner/name`; on GitLab there may be groups between.
    pub path: String,
}

/// Why a link names no repository that we can ask.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAsked {
    #[error("{0} is not one of the places that this site asks.")]
    Host(String),
    #[error("The address has to name a repository, such as https://codeberg.org/name/project.")]
    Shape,
}

/// What people call a forge.
pub fn name_of(host: &str) -> &str {
    match host {
        "github.com" => "GitHub",
        "gitlab.com" => "GitLab",
        "codeberg.org" => "Codeberg",
        "bitbucket.org" => "Bitbucket",
        other => other,
    }
}

/// The forges of a site's own: `git.example.org gitea, code.example.net gitlab`.
pub fn parse_hosts(text: &str) -> Result<Vec<(String, Software)>, String> {
    let mut hosts = Vec::new();
    for one in text.split([',', ';', '\n']) {
        let words: Vec<&str> = one.split_whitespace().collect();
        let (host, software) = match words[..] {
            [] => continue,
            [host, software] => (host.to_ascii_lowercase(), software.to_ascii_lowercase()),
            _ => {
                return Err(format!(
                    "“{one}”: write a host and its kind, such as git.example.org gitea."
                ));
            }
        };
        let software = match software.as_str() {
            "gitea" | "forgejo" => Software::Gitea,
            "gitlab" => Software::Gitlab,
            _ => return Err(format!("“{one}”: the kind is gitea, forgejo or gitlab.")),
        };
        let named = matches!(Host::parse(&host), Ok(Host::Domain(name)) if name == host);
        if !named || !host.contains('.') || host.starts_with('.') || host.ends_with('.') {
            return Err(format!(
                "“{one}”: a host is a name such as git.example.org."
            ));
        }
        hosts.push((host, software));
    }
    Ok(hosts)
}

/// A part of a repository's address, as all of them allow it.
fn is_segment(part: &str) -> bool {
    (1..=100).contains(&part.len())
        && part
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        && part.chars().any(|c| c != '.')
}

impl Repository {
    /// The repository that a link names; `others` are the forges of the site's settings.
    pub fn of(link: &str, others: &str) -> Result<Repository, NotAsked> {
        let url = Url::parse(link).map_err(|_| NotAsked::Shape)?;
        let host = url.host_str().ok_or(NotAsked::Shape)?;
        let host = host.strip_prefix("www.").unwrap_or(host).to_owned();
        let own = parse_hosts(others).unwrap_or_default();
        let software = FORGES
            .iter()
            .find(|(known, _)| *known == host)
            .map(|(_, software)| *software)
            .or_else(|| {
                let found = own.into_iter().find(|(known, _)| *known == host);
                found.map(|(_, software)| software)
            })
            .ok_or_else(|| NotAsked::Host(host.clone()))?;
        if url.port().is_some() || !url.username().is_empty() {
            return Err(NotAsked::Shape);
        }
        let mut parts: Vec<&str> = url
            .path_segments()
            .ok_or(NotAsked::Shape)?
            .filter(|part| !part.is_empty())
            .collect();
        if software == Software::Gitlab {
            // Behind the dash come its pages.
            if let Some(dash) = parts.iter().position(|part| *part == "-") {
                parts.truncate(dash);
            }
        } else {
            parts.truncate(2);
        }
        let last = parts.pop().ok_or(NotAsked::Shape)?;
        parts.push(last.strip_suffix(".git").unwrap_or(last));
        if parts.len() < 2 || parts.len() > 8 || !parts.iter().all(|part| is_segment(part)) {
            return Err(NotAsked::Shape);
        }
        Ok(Repository {
            software,
            host,
            path: parts.join("/"),
        })
    }

    pub fn name(&self) -> &str {
        name_of(&self.host)
    }

    /// `codeberg.org/name/project`
    pub fn source(&self) -> String {
        format!("{}/{}", self.host, self.path)
    }

    /// For readers.
    pub fn page(&self) -> String {
        format!("https://{}/{}", self.host, self.path)
    }

    /// Where it is asked: some forges have another host for that.
    fn api(&self) -> String {
        match self.software {
            Software::Github => format!("https://api.github.com/repos/{}", self.path),
            Software::Gitlab => format!(
                "https://{}/api/v4/projects/{}",
                self.host,
                self.path.replace('/', "%2F")
            ),
            Software::Gitea => format!("https://{}/api/v1/repos/{}", self.host, self.path),
            Software::Bitbucket => {
                format!("https://api.bitbucket.org/2.0/repositories/{}", self.path)
            }
        }
    }

    /// The newest releases. Bitbucket has none; there a tag is one.
    pub fn releases(&self) -> String {
        let api = self.api();
        match self.software {
            Software::Github => format!("{api}/releases?per_page={MOST_RELEASES}"),
            Software::Gitlab => format!("{api}/releases?per_page={MOST_RELEASES}"),
            Software::Gitea => format!("{api}/releases?draft=false&limit={MOST_RELEASES}"),
            Software::Bitbucket => {
                format!("{api}/refs/tags?sort=-target.date&pagelen={MOST_RELEASES}")
            }
        }
    }

    /// The newest changes of the branch that it shows first.
    pub fn changes(&self) -> String {
        let api = self.api();
        match self.software {
            Software::Github => format!("{api}/commits?per_page={MOST_CHANGES}"),
            Software::Gitlab => format!("{api}/repository/commits?per_page={MOST_CHANGES}"),
            Software::Gitea => format!(
                "{api}/commits?stat=false&verification=false&files=false&limit={MOST_CHANGES}"
            ),
            Software::Bitbucket => format!("{api}/commits?pagelen={MOST_CHANGES}"),
        }
    }

    /// The pages of a release and of a change are made here and not read from the answer, which might
    /// lead anywhere.
    pub fn release_page(&self, tag: &str) -> String {
        let page = self.page();
        match self.software {
            Software::Github | Software::Gitea => with_tail(&format!("{page}/releases/tag"), tag),
            Software::Gitlab => with_tail(&format!("{page}/-/releases"), tag),
            Software::Bitbucket => with_tail(&format!("{page}/src"), tag),
        }
    }

    pub fn change_page(&self, hash: &str) -> String {
        let page = self.page();
        match self.software {
            Software::Github | Software::Gitea => format!("{page}/commit/{hash}"),
            Software::Gitlab => format!("{page}/-/commit/{hash}"),
            Software::Bitbucket => format!("{page}/commits/{hash}"),
        }
    }

    /// The source of a release, packed; of a tag that would need escaping none.
    pub fn archive(&self, tag: &str) -> Option<String> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.+".contains(c);
        if tag.is_empty() || tag.len() > 100 || !tag.chars().all(plain) {
            return None;
        }
        let page = self.page();
        let name = self.path.rsplit('/').next().unwrap_or("source");
        Some(match self.software {
            Software::Github => format!("{page}/archive/refs/tags/{tag}.tar.gz"),
            Software::Gitlab => format!("{page}/-/archive/{tag}/{name}-{tag}.tar.gz"),
            Software::Gitea => format!("{page}/archive/{tag}.tar.gz"),
            Software::Bitbucket => format!("{page}/get/{tag}.tar.gz"),
        })
    }
}

/// An address with one more part, whatever is in it.
fn with_tail(address: &str, tail: &str) -> String {
    let Ok(mut url) = Url::parse(address) else {
        return address.to_owned();
    };
    if let Ok(mut parts) = url.path_segments_mut() {
        parts.extend(tail.split('/'));
    }
    url.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const OTHERS: &str = "git.ducks.example gitea, code.ducks.example GitLab";

    fn source(link: &str) -> Option<String> {
        Repository::of(link, OTHERS)
            .ok()
            .map(|found| found.source())
    }

    #[test]
    fn a_link_names_a_repository() {
        for (link, expected) in [
            (
                "https://github.com/odile/duck-racer",
                "github.com/odile/duck-racer",
            ),
            (
                "http://www.github.com/odile/duck.git",
                "github.com/odile/duck",
            ),
            (
                "https://github.com/odile/duck/tree/main?x#y",
                "github.com/odile/duck",
            ),
            (
                "https://gitlab.com/a/b/c/duck/-/issues",
                "gitlab.com/a/b/c/duck",
            ),
            (
                "https://codeberg.org/odile/duck/",
                "codeberg.org/odile/duck",
            ),
            (
                "https://bitbucket.org/odile/duck/src/main/",
                "bitbucket.org/odile/duck",
            ),
            (
                "https://git.ducks.example/odile/duck",
                "git.ducks.example/odile/duck",
            ),
            (
                "https://code.ducks.example/odile/duck",
                "code.ducks.example/odile/duck",
            ),
        ] {
            assert_eq!(source(link).as_deref(), Some(expected), "{link}");
        }
        for link in [
            "https://github.com/odile",
            "https://github.com/",
            "https://github.com/../..",
            "https://github.com/a/%2e%2e",
            "https://github.com/a/b%2Fc",
            "https://github.com/a%20b/c",
            "https://github.com:8443/a/b",
            "https://x@github.com/a/b",
            "https://github.com.evil.example/a/b",
            "https://evil.example/github.com/a/b",
            "https://127.0.0.1/a/b",
            "https://gist.github.com/a/b",
            "ftp://x/y",
            "",
        ] {
            assert_eq!(source(link), None, "{link}");
        }
    }

    #[test]
    fn hosts_of_the_settings_have_a_kind() {
        let hosts = parse_hosts("git.ducks.example forgejo;\n a.b gitlab ,").unwrap();
        assert_eq!(
            hosts,
            [
                ("git.ducks.example".to_owned(), Software::Gitea),
                ("a.b".to_owned(), Software::Gitlab)
            ]
        );
        assert_eq!(parse_hosts(" ").unwrap(), []);
        for bad in [
            "git.example",
            "git.example svn",
            "https://git.example gitea",
            "git.example/x gitea",
            "127.0.0.1 gitea",
            "[::1] gitea",
            "localhost gitea",
            "git.example:8443 gitea",
            ".example gitea",
            "example. gitea",
            "a b c",
        ] {
            assert!(parse_hosts(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn each_forge_has_its_ways() {
        let of = |link| Repository::of(link, OTHERS).unwrap();
        let lab = of("https://gitlab.com/a/b/duck");
        assert_eq!(
            lab.releases(),
            "https://gitlab.com/api/v4/projects/a%2Fb%2Fduck/releases?per_page=30"
        );
        assert_eq!(
            lab.archive("v1.0").unwrap(),
            "https://gitlab.com/a/b/duck/-/archive/v1.0/duck-v1.0.tar.gz"
        );
        let berg = of("https://codeberg.org/a/duck");
        assert_eq!(berg.name(), "Codeberg");
        assert_eq!(
            berg.release_page("v1/ä b"),
            "https://codeberg.org/a/duck/releases/tag/v1/%C3%A4%20b"
        );
        assert_eq!(berg.archive("a/b"), None);
        assert_eq!(
            of("https://git.ducks.example/a/b").name(),
            "git.ducks.example"
        );
    }

    proptest! {
        /// Whatever is typed, the questions go to the forge that it names, and below the repository.
        #[test]
        fn no_link_leads_out_of_its_forge(path in "[\\PC]{0,40}", tag in "[\\PC]{0,30}") {
            for host in ["github.com", "gitlab.com", "codeberg.org", "bitbucket.org", "git.ducks.example"] {
                let Ok(found) = Repository::of(&format!("https://{host}/{path}"), OTHERS) else { continue };
                for address in [found.releases(), found.changes(), found.release_page(&tag), found.page()] {
                    let url = Url::parse(&address).unwrap();
                    let asked = url.host_str().unwrap();
                    prop_assert!(asked == host || asked == format!("api.{host}"), "{}", address);
                    prop_assert_eq!(url.scheme(), "https");
                }
                prop_assert!(!found.path.contains(".."), "{}", found.path);
            }
        }
    }
}
