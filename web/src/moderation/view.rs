//! What the address of a queue says: its filter, its order, and the page.

use super::row::percent;
use crate::error::Error;
use crate::layout::encode;
use actix_web::HttpRequest;
use potluck_models::moderation::queue::{Cursor, Filter, Name, Order, Show};
use potluck_models::spam::facts;

/// What the address of a queue says.
#[derive(Clone)]
pub struct View {
    pub filter: Filter,
    pub order: Order,
    pub after: Option<Cursor>,
    /// One item at a time; None: as this moderator likes it.
    pub one: Option<bool>,
    /// Also sure spam, where the site leaves that out.
    pub sure: bool,
}

const FOREIGN: Error = Error::BadRequest(
    "This filter holds something that no filter has. Nothing was changed; go back to the queue.",
);

impl View {
    /// From the fields of a form or the words of an address. What cannot be understood is refused
    /// and not left out: a verdict on all that match must never reach further than was meant.
    pub fn read(queue: Name, get: &dyn Fn(&str) -> String) -> Result<View, Error> {
        let share = |word: &str| -> Result<Option<f64>, Error> {
            match get(word).trim() {
                "" => Ok(None),
                number => match number.parse::<f64>() {
                    Ok(number) if (0.0..=100.0).contains(&number) => Ok(Some(number / 100.0)),
                    _ => Err(FOREIGN),
                },
            }
        };
        let tick = |word: &str| match get(word).as_str() {
            "" => Ok(false),
            "1" => Ok(true),
            _ => Err(FOREIGN),
        };
        let age = |word: &str| match get(word).trim() {
            "" => Ok(None),
            age => hours(age).map(Some).ok_or(FOREIGN),
        };
        // Neither longer than a field takes, nor with what PostgreSQL's texts cannot hold.
        let short = |word: &str| {
            let text = get(word);
            let shown = text.trim().chars().filter(|c| *c != '\0');
            shown.take(200).collect::<String>()
        };
        let mut filter = Filter {
            text: short("q"),
            author: short("author").to_lowercase(),
            project: short("project"),
            why: short("why"),
            score_from: share("from")?,
            score_to: share("to")?,
            sample: tick("sample")?,
            domain: match (
                short("domain").as_str(),
                facts::typed_domain(&short("domain")),
            ) {
                ("", _) => String::new(),
                // Left out, it would mean everything.
                (_, domain) if domain.is_empty() => return Err(FOREIGN),
                (_, domain) => domain,
            },
            network: short("network"),
            younger: age("younger")?,
            older: age("older")?,
            first: tick("first")?,
            maker: match get("maker").as_str() {
                "" => None,
                "yes" => Some(true),
                "no" => Some(false),
                _ => return Err(FOREIGN),
            },
            claimed: short("claimed").to_lowercase(),
            unsure: tick("unsure")?,
            ..Filter::all_of(queue)
        };
        if let Some(kind) = Some(get("kind")).filter(|word| !word.is_empty()) {
            filter.kind = Some(kind.parse().map_err(|_| FOREIGN)?);
        }
        if let Some(script) = Some(get("script")).filter(|word| !word.is_empty()) {
            if !facts::ALL_SCRIPTS.contains(&script.as_str()) {
                return Err(FOREIGN);
            }
            filter.script = script;
        }
        if let Some(show) = Some(get("show")).filter(|word| !word.is_empty()) {
            filter.show = show.parse().map_err(|_| FOREIGN)?;
        }
        if let Some(campaign) = Some(get("campaign")).filter(|word| !word.is_empty()) {
            filter.campaign = Some(campaign.parse().map_err(|_| FOREIGN)?);
        }
        if let Some(until) = Some(get("until")).filter(|word| !word.is_empty()) {
            filter.until = Some(until.parse().map_err(|_| FOREIGN)?);
        }
        let order = match get("order").as_str() {
            "" => filter.usual_order(),
            word => word.parse().map_err(|_| FOREIGN)?,
        };
        // It is read by its numbers, in whatever state things are.
        if queue == Name::Everything && !matches!(order, Order::Newest | Order::Oldest) {
            return Err(FOREIGN);
        }
        let after = match get("after").as_str() {
            "" => None,
            word => Some(word.parse().map_err(|()| FOREIGN)?),
        };
        Ok(View {
            filter,
            order,
            after,
            one: match get("one").as_str() {
                "" => None,
                "1" => Some(true),
                "0" => Some(false),
                _ => return Err(FOREIGN),
            },
            sure: tick("sure")?,
        })
    }

    pub fn of(req: &HttpRequest, queue: Name) -> Result<View, Error> {
        View::parse(queue, req.query_string())
    }

    pub fn parse(queue: Name, query: &str) -> Result<View, Error> {
        let words: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        let get = |word: &str| {
            let found = words.iter().find(|(key, _)| key == word);
            found.map_or(String::new(), |(_, value)| value.clone())
        };
        View::read(queue, &get)
    }

    /// The filter as fields of a form, the usual left out.
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        let filter = &self.filter;
        let mut fields = vec![
            ("q", filter.text.clone()),
            ("author", filter.author.clone()),
            ("project", filter.project.clone()),
            (
                "kind",
                filter.kind.map_or(String::new(), |kind| kind.to_string()),
            ),
            ("why", filter.why.clone()),
            ("from", typed(filter.score_from)),
            ("to", typed(filter.score_to)),
            ("sample", ticked(filter.sample)),
            ("domain", filter.domain.clone()),
            ("network", filter.network.clone()),
            ("younger", age(filter.younger)),
            ("older", age(filter.older)),
            ("script", filter.script.clone()),
            ("first", ticked(filter.first)),
            (
                "maker",
                match filter.maker {
                    None => String::new(),
                    Some(true) => "yes".to_owned(),
                    Some(false) => "no".to_owned(),
                },
            ),
        ];
        fields.push(("claimed", filter.claimed.clone()));
        fields.push(("unsure", ticked(filter.unsure)));
        if let Some(campaign) = filter.campaign {
            fields.push(("campaign", campaign.to_string()));
        }
        if filter.show != Show::Waiting {
            fields.push(("show", filter.show.to_string()));
        }
        fields.retain(|(_, value)| !value.is_empty());
        fields
    }

    /// The filter, and the order if it is not the usual one, as a query string.
    pub fn query(&self) -> String {
        let mut fields = self.fields();
        if self.order != self.filter.usual_order() {
            fields.push(("order", self.order.to_string()));
        }
        if self.sure {
            fields.push(("sure", ticked(true)));
        }
        if let Some(one) = self.one {
            fields.push(("one", if one { "1" } else { "0" }.to_owned()));
        }
        let pairs: Vec<String> = fields
            .iter()
            .map(|(word, value)| format!("{word}={}", encode(value)))
            .collect();
        pairs.join("&")
    }

    /// The filter in words, for "all that match".
    pub fn words(&self) -> String {
        let filter = &self.filter;
        let mut words = vec![match filter.show {
            Show::Decided => "spam, decided by people".to_owned(),
            Show::Removed => "removed".to_owned(),
            Show::Waiting => filter.queue.title().to_lowercase(),
        }];
        if !filter.text.is_empty() {
            words.push(format!("with “{}”", filter.text));
        }
        if !filter.author.is_empty() {
            words.push(format!("by {}", filter.author));
        }
        if !filter.project.is_empty() {
            words.push(format!("on {}", filter.project));
        }
        if let Some(kind) = filter.kind {
            words.push(format!("{kind}s only"));
        }
        if !filter.why.is_empty() {
            words.push(format!("decided by: {}", super::why_words(&filter.why)));
        }
        match (filter.score_from, filter.score_to) {
            (None, None) => {}
            (from, to) => words.push(format!(
                "score {} to {} %",
                percent(&from.unwrap_or(0.0)),
                percent(&to.unwrap_or(1.0))
            )),
        }
        if filter.sample {
            words.push("drawn at random".to_owned());
        }
        if !filter.domain.is_empty() {
            words.push(format!("with a link to {}", filter.domain));
        }
        if !filter.network.is_empty() {
            words.push("from one network".to_owned());
        }
        for (which, hours) in [("younger", filter.younger), ("older", filter.older)] {
            if let Some(hours) = hours {
                words.push(format!("{which} than {}", age_words(hours)));
            }
        }
        if !filter.script.is_empty() {
            words.push(format!("in {}", script_words(&filter.script)));
        }
        if filter.first {
            words.push("by first-timers".to_owned());
        }
        if !filter.claimed.is_empty() {
            words.push(format!("held by {}", filter.claimed));
        }
        if filter.unsure {
            words.push("but for sure spam".to_owned());
        }
        if let Some(campaign) = filter.campaign {
            words.push(format!("of campaign {campaign}"));
        }
        match filter.maker {
            None => {}
            Some(true) => words.push("by makers".to_owned()),
            Some(false) => words.push("not by makers".to_owned()),
        }
        words.join(" · ")
    }
}

fn ticked(is: bool) -> String {
    if is { "1" } else { "" }.to_owned()
}

/// `12h`, `3d` or `12 hours`: what an age may be typed as, in hours. At most a hundred years.
fn hours(typed: &str) -> Option<i64> {
    let digits = typed.find(|c: char| !c.is_ascii_digit()).unwrap_or(0);
    let (number, unit) = typed.split_at(digits);
    let number: i64 = number.parse().ok()?;
    let hours = match unit.trim() {
        "h" | "hour" | "hours" => number,
        "d" | "day" | "days" => number.checked_mul(24)?,
        _ => return None,
    };
    (hours <= 876_000).then_some(hours)
}

/// As it is typed.
pub(super) fn age(hours: Option<i64>) -> String {
    match hours {
        None => String::new(),
        Some(hours) if hours > 0 && hours % 24 == 0 => format!("{}d", hours / 24),
        Some(hours) => format!("{hours}h"),
    }
}

fn age_words(hours: i64) -> String {
    match (hours % 24, hours / 24) {
        (0, 1) => "a day".to_owned(),
        (0, days) if days > 0 => format!("{days} days"),
        _ if hours == 1 => "an hour".to_owned(),
        _ => format!("{hours} hours"),
    }
}

/// What a text is written in, as people call it.
pub fn script_words(script: &str) -> &'static str {
    match script {
        "latin" => "Latin letters",
        "cyrillic" => "Cyrillic letters",
        "greek" => "Greek letters",
        "arabic" => "Arabic letters",
        "hebrew" => "Hebrew letters",
        "han" => "Chinese characters",
        "kana" => "Japanese characters",
        "none" => "no letters at all",
        _ => "other letters",
    }
}

/// A share as it was typed. Two decimals survive the way through an address.
pub(super) fn typed(share: Option<f64>) -> String {
    share.map_or(String::new(), |share| {
        let number = format!("{:.2}", share * 100.0);
        number
            .trim_end_matches('0')
            .trim_end_matches('.')
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_read_as_people_type_it_and_written_so() {
        for (typed, hours_of, written) in [
            ("12h", 12, "12h"),
            ("3d", 72, "3d"),
            ("24 hours", 24, "1d"),
            ("1 day", 24, "1d"),
        ] {
            assert_eq!(hours(typed), Some(hours_of), "{typed}");
            assert_eq!(age(Some(hours_of)), written);
        }
        for foreign in [
            "",
            "h",
            "12",
            "-3d",
            "3 weeks",
            "99999999999999999999d",
            "9999999d",
            "３d",
        ] {
            assert_eq!(hours(foreign), None, "{foreign}");
        }
    }
}
