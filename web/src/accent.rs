//! The site's own colour: a style sheet of its own for light and for dark, so that the policy against
//! inline styles stands. An administrator gives one colour; it is made darker on light paper and lighter
//! on dark until everything that is written in it, or on it, can be read (WCAG AA, 4.5 to 1).

use potluck_models::secret;

/// What text in the accent stands on: paper, card, tint and the washes of `site.css`.
const LIGHT: [Rgb; 6] = [
    Rgb(0xfb, 0xf7, 0xf0),
    Rgb(0xff, 0xfd, 0xf9),
    Rgb(0xf5, 0xec, 0xdf),
    Rgb(0xfb, 0xe6, 0xdf),
    Rgb(0xe2, 0xef, 0xe4),
    Rgb(0xf8, 0xec, 0xce),
];
const DARK: [Rgb; 6] = [
    Rgb(0x17, 0x15, 0x12),
    Rgb(0x20, 0x1d, 0x19),
    Rgb(0x2a, 0x26, 0x20),
    Rgb(0x3a, 0x22, 0x1c),
    Rgb(0x1d, 0x32, 0x26),
    Rgb(0x35, 0x2a, 0x14),
];
/// What is written on it.
const ON_LIGHT: Rgb = Rgb(0xff, 0xfd, 0xf9);
const ON_DARK: Rgb = Rgb(0x1d, 0x12, 0x0e);
/// Of 4.5 a little more: the colours are cut to 256 steps.
const READABLE: f64 = 4.6;
/// Steps of lightness that are tried.
const STEPS: u16 = 200;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rgb(u8, u8, u8);

impl Rgb {
    /// `#2a6345`, `2a6345` or `#2a6`.
    pub fn parse(typed: &str) -> Option<Rgb> {
        let digits = typed.trim().trim_start_matches('#');
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let number = u32::from_str_radix(digits, 16).ok()?;
        let part = |shift: u32, mask: u32| ((number >> shift) & mask) as u8;
        match digits.len() {
            6 => Some(Rgb(part(16, 255), part(8, 255), part(0, 255))),
            3 => Some(Rgb(part(8, 15) * 17, part(4, 15) * 17, part(0, 15) * 17)),
            _ => None,
        }
    }

    pub fn hex(self) -> String {
        format!("#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }

    /// As WCAG counts it.
    fn luminance(self) -> f64 {
        let part = |value: u8| {
            let value = f64::from(value) / 255.0;
            if value <= 0.040_45 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * part(self.0) + 0.7152 * part(self.1) + 0.0722 * part(self.2)
    }

    pub fn contrast(self, other: Rgb) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// Hue in sixths of the circle, saturation and lightness.
    fn hsl(self) -> (f64, f64, f64) {
        let [r, g, b] = [self.0, self.1, self.2].map(|value| f64::from(value) / 255.0);
        let (most, least) = (r.max(g).max(b), r.min(g).min(b));
        let (lightness, range) = ((most + least) / 2.0, most - least);
        if range == 0.0 {
            return (0.0, 0.0, lightness);
        }
        let hue = if most == r {
            ((g - b) / range).rem_euclid(6.0)
        } else if most == g {
            (b - r) / range + 2.0
        } else {
            (r - g) / range + 4.0
        };
        (
            hue,
            range / (1.0 - (2.0 * lightness - 1.0).abs()),
            lightness,
        )
    }

    fn of_hsl((hue, saturation, lightness): (f64, f64, f64)) -> Rgb {
        let chroma = (1.0 - (2.0 * lightness - 1.0).abs()) * saturation;
        let second = chroma * (1.0 - (hue.rem_euclid(2.0) - 1.0).abs());
        let (r, g, b) = match hue as u8 {
            0 => (chroma, second, 0.0),
            1 => (second, chroma, 0.0),
            2 => (0.0, chroma, second),
            3 => (0.0, second, chroma),
            4 => (second, 0.0, chroma),
            _ => (chroma, 0.0, second),
        };
        let byte = |part: f64| ((part + lightness - chroma / 2.0) * 255.0).round() as u8;
        Rgb(byte(r), byte(g), byte(b))
    }
}

/// What the style sheet sets, for one of the two schemes.
#[derive(Clone, Copy, Debug)]
pub struct Shades {
    pub accent: Rgb,
    /// Under the pointer.
    deep: Rgb,
    pub on: Rgb,
}

impl Shades {
    fn are_readable(self, grounds: &[Rgb]) -> bool {
        let of = |a: Rgb, b: Rgb| a.contrast(b) >= READABLE;
        grounds.iter().all(|ground| of(self.accent, *ground))
            && of(self.on, self.accent)
            && of(self.on, self.deep)
    }

    /// The nearest to a colour, going towards black or white, that can be read.
    fn nearest(colour: Rgb, grounds: &[Rgb], on: Rgb, step: f64) -> Shades {
        let (hue, saturation, from) = colour.hsl();
        let shades = |lightness: f64| {
            let accent = Rgb::of_hsl((hue, saturation, lightness));
            Shades {
                accent,
                deep: Rgb::of_hsl((hue, saturation, (lightness + 12.0 * step).clamp(0.0, 1.0))),
                on,
            }
        };
        let lightness = |n: u16| (from + f64::from(n) * step).clamp(0.0, 1.0);
        let found = (0..=STEPS)
            .map(|n| shades(lightness(n)))
            .find(|shades| shades.are_readable(grounds));
        // Black on light and white on dark are reached at the latest, and can be read.
        found.unwrap_or_else(|| shades(lightness(STEPS)))
    }

    pub fn light(colour: Rgb) -> Shades {
        Shades::nearest(colour, &LIGHT, ON_LIGHT, -1.0 / f64::from(STEPS))
    }

    pub fn dark(colour: Rgb) -> Shades {
        Shades::nearest(colour, &DARK, ON_DARK, 1.0 / f64::from(STEPS))
    }

    fn rules(self, gingham: f64, pale: f64) -> String {
        let Rgb(r, g, b) = self.accent;
        format!(
            "--accent:{};--accent-deep:{};--on-accent:{};\
             --gingham:rgb({r} {g} {b}/{gingham});--gingham-pale:rgb({r} {g} {b}/{pale})",
            self.accent.hex(),
            self.deep.hex(),
            self.on.hex()
        )
    }
}

/// The style sheet of a colour.
pub fn stylesheet(colour: Rgb) -> String {
    format!(
        ":root{{{}}}@media (prefers-color-scheme:dark){{:root{{{}}}}}\n",
        Shades::light(colour).rules(0.52, 0.07),
        Shades::dark(colour).rules(0.5, 0.06)
    )
}

/// Names the style sheet of a colour by what is in it.
pub fn version(colour: Rgb) -> String {
    secret::sha256(&stylesheet(colour))[..12].to_owned()
}

/// Where the style sheet of a site is, if it has a colour of its own.
pub fn url(setting: &str) -> Option<String> {
    let colour = Rgb::parse(setting)?;
    let hex = colour.hex();
    Some(format!(
        "/static/{}/accent/{}.css",
        version(colour),
        hex.trim_start_matches('#')
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_is_read_as_people_write_it() {
        assert_eq!(Rgb::parse(" #2A6345 "), Some(Rgb(0x2a, 0x63, 0x45)));
        assert_eq!(Rgb::parse("2a6"), Some(Rgb(0x22, 0xaa, 0x66)));
        for bad in ["", "#", "green", "#12345", "#1234567", "#ggg", "#é1"] {
            assert_eq!(Rgb::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn black_on_white_is_21_to_1() {
        let contrast = Rgb(0, 0, 0).contrast(Rgb(255, 255, 255));
        assert!((contrast - 21.0).abs() < 1e-9, "{contrast}");
    }

    #[test]
    fn hue_and_back_is_the_same_colour() {
        for colour in every(51) {
            assert_eq!(Rgb::of_hsl(colour.hsl()), colour);
        }
    }

    fn every(step: usize) -> Vec<Rgb> {
        let parts: Vec<u8> = (0..=255_u8).step_by(step).collect();
        let mut all = Vec::new();
        for &r in &parts {
            for &g in &parts {
                all.extend(parts.iter().map(|&b| Rgb(r, g, b)));
            }
        }
        all
    }

    #[test]
    fn whatever_the_colour_it_can_be_read() {
        for colour in every(17) {
            for (shades, grounds) in [(Shades::light(colour), LIGHT), (Shades::dark(colour), DARK)]
            {
                assert!(shades.are_readable(&grounds), "{colour:?}: {shades:?}");
            }
        }
    }

    #[test]
    fn a_colour_that_can_be_read_stays_as_it_is() {
        let green = Rgb(0x2a, 0x63, 0x45);
        assert_eq!(Shades::light(green).accent, green);
        assert_ne!(Shades::dark(green).accent, green);
    }
}
