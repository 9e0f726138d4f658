//! What forges answer: releases and changes, in the four shapes that there are, read into one. All of
//! it is foreign: dates may lie, texts may hold anything, and what cannot be read is left out.

use super::{MOST_CHANGES, MOST_RELEASES, Repository, Software};
use crate::db::now;
use crate::profile::tidy;
use crate::project::parse_url;
use crate::release::{Download, MAX_NOTES, MAX_VERSION, Notes, System};
use chrono::{DateTime, NaiveDateTime, SubsecRound};
use serde::Deserialize;
use serde_json::Value;
use unicode_normalization::char::is_combining_mark;

/// Of the line that a change is known by.
const MAX_TITLE: usize = 120;
/// Of a tag: those that are longer are nobody's.
const MAX_TAG: usize = 255;
/// Addresses that one release takes from a forge: more of them would look like advertising.
const MOST_FILES: usize = 8;
/// Of one system.
const MOST_OF_A_SYSTEM: usize = 2;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    pub tag: String,
    /// As it was given; [`Release::notes`] makes it fit.
    pub body: String,
    pub at: NaiveDateTime,
    pub prerelease: bool,
    /// Name and address.
    pub files: Vec<(String, String)>,
}

/// One change, as a line of plain text.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, Deserialize)]
pub struct Change {
    pub title: String,
    pub url: String,
    pub at: NaiveDateTime,
}

/// It is no answer of this kind of forge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answer is not as this kind of forge answers")]
pub struct Unreadable;

/// A release of GitHub, GitLab or Gitea: they differ in a few names.
#[derive(Deserialize)]
struct RawRelease {
    tag_name: Option<String>,
    body: Option<String>,
    description: Option<String>,
    draft: Option<bool>,
    prerelease: Option<bool>,
    /// Of GitLab: its day has not come.
    upcoming_release: Option<bool>,
    published_at: Option<String>,
    released_at: Option<String>,
    created_at: Option<String>,
    #[serde(default)]
    assets: Value,
}

#[derive(Deserialize)]
struct RawFile {
    name: Option<String>,
    browser_download_url: Option<String>,
    direct_asset_url: Option<String>,
    url: Option<String>,
}

#[derive(Deserialize)]
struct RawTag {
    name: Option<String>,
    message: Option<String>,
    date: Option<String>,
    target: Option<RawTarget>,
}

#[derive(Deserialize)]
struct RawTarget {
    date: Option<String>,
}

/// A change of any of them.
#[derive(Deserialize)]
struct RawChange {
    sha: Option<String>,
    id: Option<String>,
    hash: Option<String>,
    commit: Option<RawCommit>,
    title: Option<String>,
    message: Option<String>,
    created_at: Option<String>,
    date: Option<String>,
}

#[derive(Deserialize)]
struct RawCommit {
    message: Option<String>,
    author: Option<RawTarget>,
    committer: Option<RawTarget>,
}

/// The list of an answer; what is in it is read one by one, so that one odd entry spoils no other.
fn entries(repository: &Repository, body: &[u8]) -> Result<Vec<Value>, Unreadable> {
    let mut answer: Value = serde_json::from_slice(body).map_err(|_| Unreadable)?;
    let list = match repository.software {
        Software::Bitbucket => answer.get_mut("values").map(Value::take),
        _ => Some(answer),
    };
    match list {
        Some(Value::Array(list)) => Ok(list),
        _ => Err(Unreadable),
    }
}

fn each<T: serde::de::DeserializeOwned>(list: Vec<Value>) -> impl Iterator<Item = T> {
    list.into_iter()
        .filter_map(|one| serde_json::from_value(one).ok())
}

/// A moment between the first computers and now: a forge may say anything.
fn moment(said: &[&Option<String>]) -> NaiveDateTime {
    let now = now();
    let found = said
        .iter()
        .filter_map(|said| said.as_deref())
        .find_map(|said| DateTime::parse_from_rfc3339(said).ok());
    match found {
        Some(at) => at
            .naive_utc()
            .trunc_subsecs(6)
            .clamp(DateTime::UNIX_EPOCH.naive_utc(), now),
        None => now,
    }
}

/// The newest releases, newest first.
pub fn releases(repository: &Repository, body: &[u8]) -> Result<Vec<Release>, Unreadable> {
    let list = entries(repository, body)?;
    let found: Vec<Release> = match repository.software {
        Software::Bitbucket => each::<RawTag>(list).filter_map(of_tag).collect(),
        _ => each::<RawRelease>(list).filter_map(of_release).collect(),
    };
    let mut found: Vec<Release> = found
        .into_iter()
        .filter(|release| {
            !release.tag.is_empty()
                && release.tag.chars().count() <= MAX_TAG
                && !release.tag.contains('\0')
        })
        .collect();
    found.sort_by_key(|release| std::cmp::Reverse(release.at));
    found.truncate(MOST_RELEASES);
    Ok(found)
}

fn of_release(raw: RawRelease) -> Option<Release> {
    if raw.draft == Some(true) || raw.upcoming_release == Some(true) {
        return None;
    }
    let files = match raw.assets {
        // GitLab puts them under a name.
        Value::Object(mut all) => all.get_mut("links").map(Value::take),
        other => Some(other),
    };
    let files = match files {
        Some(Value::Array(list)) => each::<RawFile>(list)
            .filter_map(|file| {
                let url = file
                    .browser_download_url
                    .or(file.direct_asset_url)
                    .or(file.url)?;
                Some((file.name.unwrap_or_default(), url))
            })
            .collect(),
        _ => Vec::new(),
    };
    Some(Release {
        tag: raw.tag_name?,
        body: raw.body.or(raw.description).unwrap_or_default(),
        at: moment(&[&raw.published_at, &raw.released_at, &raw.created_at]),
        prerelease: raw.prerelease == Some(true),
        files,
    })
}

fn of_tag(raw: RawTag) -> Option<Release> {
    let target = raw.target.and_then(|target| target.date);
    Some(Release {
        tag: raw.name?,
        body: raw.message.unwrap_or_default(),
        at: moment(&[&raw.date, &target]),
        prerelease: false,
        files: Vec::new(),
    })
}

/// The newest changes, newest first.
pub fn changes(repository: &Repository, body: &[u8]) -> Result<Vec<Change>, Unreadable> {
    let list = entries(repository, body)?;
    let found = each::<RawChange>(list).filter_map(|raw| {
        let hash = raw.sha.or(raw.hash).or(raw.id)?;
        let is_hash = (7..=64).contains(&hash.len()) && hash.chars().all(|c| c.is_ascii_hexdigit());
        let (message, at) = match raw.commit {
            Some(commit) => {
                let day = |who: Option<RawTarget>| who.and_then(|who| who.date);
                let (committed, written) = (day(commit.committer), day(commit.author));
                (commit.message, moment(&[&committed, &written]))
            }
            None => (
                raw.title.or(raw.message),
                moment(&[&raw.created_at, &raw.date]),
            ),
        };
        let title = title(&message?);
        (is_hash && !title.is_empty()).then(|| Change {
            title,
            url: repository.change_page(&hash),
            at,
        })
    });
    Ok(found.take(MOST_CHANGES).collect())
}

/// The first line that says something, plain and short.
fn title(message: &str) -> String {
    let first = message.lines().map(plain).find(|line| !line.is_empty());
    cut(&first.unwrap_or_default(), MAX_TITLE)
}

/// One line without signs that nobody sees or that turn around what stands beside them, and without
/// towers of marks that reach into other lines.
fn plain(text: &str) -> String {
    let mut pile = 0;
    tidy(text)
        .chars()
        .filter(|c| {
            pile = if is_combining_mark(*c) { pile + 1 } else { 0 };
            pile <= 2
        })
        .collect()
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most - 1).collect();
    format!("{}…", kept.trim_end())
}

/// What a tag is called here: a version without the `v` before its number, and nothing in it that no
/// address may hold. None: nothing is left.
pub fn version(tag: &str) -> Option<String> {
    let safe: String = plain(tag)
        .chars()
        .map(|c| match c {
            '/' | '\\' | '?' | '#' | '%' => '-',
            other => other,
        })
        .collect();
    let bare = match safe.strip_prefix(['v', 'V']) {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => rest,
        _ => safe.as_str(),
    };
    let version = cut(bare.trim_matches('-').trim(), MAX_VERSION);
    match version.as_str() {
        _ if version.eq_ignore_ascii_case("new") => Some(format!("release {version}")),
        _ if version.chars().any(char::is_alphanumeric) => Some(version),
        _ => None,
    }
}

/// What a file runs on, by its name; None: it only belongs to another (a signature, a checksum).
fn system(name: &str) -> Option<System> {
    let name = name.to_lowercase();
    let ends = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    let parts: Vec<&str> = name.split(|c: char| !c.is_alphanumeric()).collect();
    let is = |words: &[&str]| words.iter().any(|word| parts.contains(word));
    if ends(&[
        ".sha256",
        ".sha512",
        ".sha1",
        ".md5",
        ".sig",
        ".asc",
        ".minisig",
        ".pem",
        ".crt",
        ".blockmap",
        ".yml",
        ".yaml",
        ".json",
        ".jsonl",
        ".txt",
        ".zsync",
        ".sbom",
        ".spdx",
        ".sigstore",
        ".sha256sum",
    ]) || has(&["checksum", "sha256sum"])
    {
        return None;
    }
    Some(if ends(&[".apk", ".aab"]) || has(&["android"]) {
        System::Android
    } else if ends(&[".ipa"]) || is(&["ios"]) {
        System::Ios
    } else if ends(&[".dmg", ".pkg"]) || has(&["macos", "darwin"]) || is(&["mac", "osx", "apple"]) {
        System::Macos
    } else if ends(&[".exe", ".msi", ".msix", ".appx"])
        || has(&["windows"])
        || is(&["win", "win32", "win64", "mingw"])
    {
        System::Windows
    } else if ends(&[".appimage", ".deb", ".rpm", ".flatpak", ".snap"])
        || has(&["linux", "ubuntu", "debian"])
    {
        System::Linux
    } else if is(&["web", "html", "html5", "wasm", "browser"]) {
        System::Web
    } else if is(&["source", "src", "sources"]) {
        System::Source
    } else {
        System::Other
    })
}

impl Release {
    /// As a maker would have typed it, within the limits. None: its tag cannot be a name here.
    pub fn notes(&self, repository: &Repository) -> Option<Notes> {
        let body = self.body.replace("\r\n", "\n");
        let body: String = body
            .chars()
            .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
            .collect();
        let mut downloads: Vec<Download> = Vec::new();
        let mut add = |system: System, url: &str| {
            let Some(url) = parse_url(url) else { return };
            let of_it = downloads.iter().filter(|one| one.system == system).count();
            if of_it < MOST_OF_A_SYSTEM
                && downloads.len() < MOST_FILES
                && downloads.iter().all(|one| one.url != url)
            {
                downloads.push(Download { system, url });
            }
        };
        // The name of a link may say nothing, and its address all.
        for (name, url) in &self.files {
            let by_name = system(name);
            let found = match by_name {
                Some(System::Other) => system(url.rsplit('/').next().unwrap_or("")),
                other => other,
            };
            if let Some(system) = found {
                add(system, url);
            }
        }
        if let Some(archive) = repository.archive(&self.tag) {
            add(System::Source, &archive);
        }
        Some(Notes {
            version: version(&self.tag)?,
            notes: cut(body.trim(), MAX_NOTES),
            downloads,
            questions: Vec::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn repository(link: &str) -> Repository {
        Repository::of(link, "git.ducks.example gitea").unwrap()
    }

    #[test]
    fn a_tag_becomes_a_version() {
        for (tag, expected) in [
            ("v1.2.0", "1.2.0"),
            ("1.2", "1.2"),
            ("V2", "2"),
            ("vanilla", "vanilla"),
            ("release/1.2", "release-1.2"),
            ("50% done?", "50- done"),
            ("new", "release new"),
            ("  a \t b ", "a b"),
            ("1\u{202E}0.1", "10.1"),
        ] {
            assert_eq!(version(tag).as_deref(), Some(expected), "{tag}");
        }
        for nothing in ["", "///", "..", "\u{202E}", "💥"] {
            assert_eq!(version(nothing), None, "{nothing}");
        }
        assert_eq!(version(&"1".repeat(1_000)).unwrap().chars().count(), 80);
    }

    #[test]
    fn files_are_known_by_their_names() {
        for (name, expected) in [
            ("duck-1.0-linux-x86_64.tar.gz", System::Linux),
            ("Duck.AppImage", System::Linux),
            ("duck_1.0_amd64.deb", System::Linux),
            ("duck-darwin-arm64.zip", System::Macos),
            ("Duck-1.0.dmg", System::Macos),
            ("duck-win64.zip", System::Windows),
            ("DuckSetup.exe", System::Windows),
            ("duck.msi", System::Windows),
            ("duck.apk", System::Android),
            ("duck.ipa", System::Ios),
            ("duck-web.zip", System::Web),
            ("duck-1.0-src.tar.gz", System::Source),
            ("duck.zip", System::Other),
            ("window-cleaner.zip", System::Other),
        ] {
            assert_eq!(system(name), Some(expected), "{name}");
        }
        for beside in [
            "duck.exe.sha256",
            "SHA256SUMS.txt",
            "duck.dmg.sig",
            "latest.yml",
        ] {
            assert_eq!(system(beside), None, "{beside}");
        }
    }

    #[test]
    fn dates_are_kept_within_reason() {
        let at = |said: &str| moment(&[&Some(said.to_owned())]);
        assert_eq!(
            at("2025-03-04T05:06:07+02:00").to_string(),
            "2025-03-04 03:06:07"
        );
        assert!(at("2999-01-01T00:00:00Z") <= now());
        assert!(at("yesterday") <= now());
        assert_eq!(at("0001-01-01T00:00:00Z"), DateTime::UNIX_EPOCH.naive_utc());
    }

    #[test]
    fn hostile_answers_are_no_answers() {
        let berg = repository("https://codeberg.org/a/b");
        for bad in [
            "",
            "null",
            "{}",
            "{\"message\":\"x\"}",
            "<html>",
            "[",
            "\u{feff}[]",
            "42",
        ] {
            assert_eq!(releases(&berg, bad.as_bytes()), Err(Unreadable), "{bad}");
            assert_eq!(changes(&berg, bad.as_bytes()), Err(Unreadable), "{bad}");
        }
        let odd = r#"[1, null, {}, {"tag_name": 7}, {"tag_name": ""}, {"tag_name": "a\u0000b"},
            {"tag_name": "v1", "assets": 3, "body": null}, {"tag_name": "v2", "draft": true}]"#;
        let found = releases(&berg, odd.as_bytes()).unwrap();
        let tags: Vec<&str> = found.iter().map(|one| one.tag.as_str()).collect();
        assert_eq!(tags, ["v1"]);
        let deep = "[".repeat(100_000);
        assert_eq!(releases(&berg, deep.as_bytes()), Err(Unreadable));
        let odd = r#"[{"sha": "javascript:alert(1)", "commit": {"message": "x"}}, {"sha": "abcdef0"},
            {"sha": "abcdef0", "commit": {"message": "\u0000\u202e <b>x</b>\nrest"}}]"#;
        let found = changes(&berg, odd.as_bytes()).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].title, "<b>x</b>");
        assert_eq!(found[0].url, "https://codeberg.org/a/b/commit/abcdef0");
    }

    #[test]
    fn a_release_has_few_addresses_and_only_of_the_web() {
        let files = [
            ("a-linux.tar.gz", "https://x.example/1"),
            ("b-linux.tar.gz", "https://x.example/2"),
            ("c-linux.tar.gz", "https://x.example/3"),
            ("d.exe", "javascript:alert(1)"),
            ("e.exe", "ftp://x.example/e.exe"),
            ("a-linux.tar.gz", "https://x.example/1"),
        ];
        let release = Release {
            tag: "v1".into(),
            body: format!("a\u{0}b\r\nc {}", "x".repeat(60_000)),
            at: now(),
            prerelease: false,
            files: files.map(|(a, b)| (a.to_owned(), b.to_owned())).into(),
        };
        let notes = release
            .notes(&repository("https://github.com/a/b"))
            .unwrap();
        let urls: Vec<&str> = notes.downloads.iter().map(|d| d.url.as_str()).collect();
        assert_eq!(
            urls,
            [
                "https://x.example/1",
                "https://x.example/2",
                "https://github.com/a/b/archive/refs/tags/v1.tar.gz"
            ]
        );
        assert!(notes.notes.starts_with("ab\nc x") && notes.notes.chars().count() == MAX_NOTES);
    }

    proptest! {
        #[test]
        fn nothing_that_a_forge_says_breaks_the_reading(body in "\\PC{0,200}", tag in "\\PC{0,300}") {
            for link in ["https://github.com/a/b", "https://gitlab.com/a/b", "https://bitbucket.org/a/b"] {
                let repository = repository(link);
                let _ = releases(&repository, body.as_bytes());
                let _ = changes(&repository, body.as_bytes());
                let release = Release { tag: tag.clone(), body: body.clone(), at: now(), prerelease: false,
                    files: vec![(tag.clone(), body.clone())] };
                if let Some(notes) = release.notes(&repository) {
                    // What a maker may type, and nothing else.
                    let rows: Vec<_> = notes.downloads.iter().map(|d| (d.system.as_str(), d.url.as_str())).collect();
                    prop_assert!(Notes::parse(&notes.version, &notes.notes, &rows).is_ok(), "{:?}", notes);
                }
            }
        }
    }
}
