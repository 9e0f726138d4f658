//! Videos of hosts whose player we know how to ask for. The page shows the maker's own picture; only
//! who presses play asks the host for anything, and only that page lets its player in.

use url::Url;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Video {
    /// What the host is called.
    pub host: &'static str,
    /// Where the player comes from, for the page's policy.
    pub origin: &'static str,
    pub player: String,
}

impl Video {
    /// Of an address that a maker gave; none, if it is of no host that we know or names no video.
    pub fn of(address: &str) -> Option<Video> {
        let url = Url::parse(address).ok()?;
        let host = url.host_str()?;
        let host = host.strip_prefix("www.").unwrap_or(host);
        let parts: Vec<&str> = url
            .path_segments()?
            .filter(|part| !part.is_empty())
            .collect();
        match host {
            "youtube.com" | "m.youtube.com" | "youtube-nocookie.com" => {
                let asked = url.query_pairs().find(|(key, _)| key == "v");
                match (&parts[..], asked) {
                    (["watch"], Some((_, id))) => youtube(&id),
                    (["shorts" | "embed" | "live" | "v", id], _) => youtube(id),
                    _ => None,
                }
            }
            "youtu.be" => match parts[..] {
                [id] => youtube(id),
                _ => None,
            },
            "vimeo.com" => match parts[..] {
                [id] => vimeo(id, None),
                // Of a video that only those with its address see.
                [id, key] => vimeo(id, Some(key)),
                _ => None,
            },
            "player.vimeo.com" => match parts[..] {
                ["video", id] => {
                    let key = url.query_pairs().find(|(key, _)| key == "h");
                    vimeo(id, key.as_ref().map(|(_, key)| key.as_ref()))
                }
                _ => None,
            },
            _ => None,
        }
    }
}

fn youtube(id: &str) -> Option<Video> {
    const ORIGIN: &str = "https://www.youtube-nocookie.com";
    let fine = id.len() == 11
        && id
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    fine.then(|| Video {
        host: "YouTube",
        origin: ORIGIN,
        player: format!("{ORIGIN}/embed/{id}?autoplay=1"),
    })
}

fn vimeo(id: &str, key: Option<&str>) -> Option<Video> {
    const ORIGIN: &str = "https://player.vimeo.com";
    let fine = (1..=12).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_digit())
        && key.is_none_or(|key| {
            (1..=20).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_alphanumeric())
        });
    fine.then(|| Video {
        host: "Vimeo",
        origin: ORIGIN,
        player: match key {
            Some(key) => format!("{ORIGIN}/video/{id}?h={key}&dnt=1&autoplay=1"),
            None => format!("{ORIGIN}/video/{id}?dnt=1&autoplay=1"),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_addresses_that_people_copy_are_known() {
        for address in [
            "https://www.youtube.com/watch?v=potluckdemo",
            "https://www.youtube.com/watch?list=abc&v=potluckdemo&t=3",
            "https://m.youtube.com/watch?v=potluckdemo",
            "https://youtu.be/potluckdemo?si=x",
            "https://youtube.com/shorts/potluckdemo",
            "https://www.youtube-nocookie.com/embed/potluckdemo",
        ] {
            let video = Video::of(address).expect(address);
            assert_eq!(
                video.player,
                "https://www.youtube-nocookie.com/embed/potluckdemo?autoplay=1"
            );
        }
        let player = |address: &str| Video::of(address).expect(address).player;
        assert_eq!(
            player("https://vimeo.com/12345"),
            "https://player.vimeo.com/video/12345?dnt=1&autoplay=1"
        );
        let hidden = "https://player.vimeo.com/video/12345?h=abc9&dnt=1&autoplay=1";
        assert_eq!(player("https://vimeo.com/12345/abc9"), hidden);
        assert_eq!(
            player("https://player.vimeo.com/video/12345?h=abc9"),
            hidden
        );
    }

    #[test]
    fn nothing_else_gets_a_player() {
        for address in [
            "https://youtube.com/",
            "https://youtube.com/@somebody",
            "https://youtube.com/watch?v=short",
            "https://youtube.com/watch?v=%22onload%3D1",
            "https://youtube.com.evil.example/watch?v=potluckdemo",
            "https://evil.example/youtube.com/watch?v=potluckdemo",
            "https://notyoutube.com/watch?v=potluckdemo",
            "https://vimeo.com/about",
            "https://vimeo.com/123/%22%3E",
            "https://video.example/w/abc",
            "",
        ] {
            assert_eq!(Video::of(address), None, "{address}");
        }
    }
}
