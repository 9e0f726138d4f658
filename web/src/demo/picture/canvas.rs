//! A sheet of paper and a pair of scissors: flat shapes with smooth edges.
//!
//! Every shape is a polygon in the end, and `fill` is the only function that touches pixels.
//! It adds up the exact area that the polygon covers in each pixel, so edges are smooth without drawing anything twice, and a cover takes milliseconds.

use image::{Rgb, RgbImage};

pub const WIDTH: f32 = 1600.0;
pub const HEIGHT: f32 = 1000.0;

pub type Colour = Rgb<u8>;
pub type Point = (f32, f32);

/// A linear congruential generator with its output scrambled (PCG's shape).
///
/// The demo's pictures must be the same in every release and, but for the last bit of a sine, on every machine: screenshots are compared, and a restarted demo should not redecorate.
/// A crate's generator may change its stream between versions; these few lines cannot.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice(seed ^ 0x9e37_79b9_7f4a_7c15);
        // Neighbouring seeds start alike; a few throws part them.
        for _ in 0..4 {
            dice.roll();
        }
        dice
    }

    fn roll(&mut self) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let mixed = ((self.0 >> 18) ^ self.0) >> 27;
        (mixed as u32).rotate_right((self.0 >> 59) as u32)
    }

    /// A number from `low` up to, not including, `high`.
    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * (self.roll() >> 8) as f32 / 16_777_216.0
    }

    /// A whole number below `sides`.
    pub fn below(&mut self, sides: usize) -> usize {
        self.roll() as usize % sides.max(1)
    }

    pub fn chance(&mut self, probability: f32) -> bool {
        self.between(0.0, 1.0) < probability
    }
}

/// The colours of one cover: the first is the ground, the others are taken in turn.
pub struct Inks {
    pub ground: Colour,
    others: Vec<Colour>,
}

impl Inks {
    /// Reads `#rrggbb`; a colour that cannot be read becomes a middle grey rather than an error, for a picture is only decoration.
    pub fn new(palette: &[&str]) -> Self {
        let mut colours = palette.iter().map(|text| parse(text));
        let ground = colours.next().unwrap_or(Rgb([0xf5, 0xec, 0xdf]));
        let mut others: Vec<Colour> = colours.collect();
        if others.is_empty() {
            others.push(mix(ground, Rgb([0, 0, 0]), 0.5));
        }
        Inks { ground, others }
    }

    pub fn len(&self) -> usize {
        self.others.len()
    }

    pub fn get(&self, index: usize) -> Colour {
        self.others[index % self.others.len()]
    }
}

fn parse(text: &str) -> Colour {
    let hex = text.trim_start_matches('#');
    match u32::from_str_radix(hex, 16) {
        Ok(n) if hex.len() == 6 => Rgb([(n >> 16) as u8, (n >> 8) as u8, n as u8]),
        _ => Rgb([0x88, 0x88, 0x88]),
    }
}

/// `a` with `share` of `b` stirred in.
pub fn mix(a: Colour, b: Colour, share: f32) -> Colour {
    let channel = |i: usize| {
        let (a, b) = (f32::from(a.0[i]), f32::from(b.0[i]));
        (a + (b - a) * share + 0.5) as u8
    };
    Rgb([channel(0), channel(1), channel(2)])
}

pub fn darker(colour: Colour, share: f32) -> Colour {
    mix(colour, Rgb([0x14, 0x12, 0x1c]), share)
}

pub fn lighter(colour: Colour, share: f32) -> Colour {
    mix(colour, Rgb([0xff, 0xfb, 0xf2]), share)
}

pub struct Canvas {
    image: RgbImage,
}

impl Canvas {
    pub fn new(ground: Colour) -> Self {
        Canvas {
            image: RgbImage::from_pixel(WIDTH as u32, HEIGHT as u32, ground),
        }
    }

    pub fn into_image(self) -> RgbImage {
        self.image
    }

    /// The few patterns that are fields rather than shapes colour each pixel themselves.
    pub fn paint(&mut self, mut colour_at: impl FnMut(f32, f32) -> Colour) {
        for (x, y, pixel) in self.image.enumerate_pixels_mut() {
            *pixel = colour_at(x as f32 + 0.5, y as f32 + 0.5);
        }
    }

    /// Fills a polygon; `alpha` 1 is opaque.
    pub fn fill(&mut self, points: &[Point], colour: Colour, alpha: f32) {
        let Some((left, top, right, bottom)) = bounds(points) else {
            return;
        };
        let (width, height) = (right - left, bottom - top);
        // Two spare cells a row: an edge at the very right still writes beside itself.
        let stride = width + 2;
        let mut areas = vec![0.0f32; stride * height];
        let offset = |(x, y): Point| (x - left as f32, y - top as f32);
        for (i, &from) in points.iter().enumerate() {
            let to = points[(i + 1) % points.len()];
            add_edge(&mut areas, stride, height, offset(from), offset(to));
        }
        for (row, areas) in areas.chunks_exact(stride).enumerate() {
            let start = ((top + row) * WIDTH as usize + left) * 3;
            let pixels = &mut self.image.as_mut()[start..start + width * 3];
            blend_row(pixels, areas, colour, alpha);
        }
    }

    pub fn rect(&mut self, x: f32, y: f32, width: f32, height: f32, colour: Colour) {
        let (right, bottom) = (x + width, y + height);
        self.fill(
            &[(x, y), (right, y), (right, bottom), (x, bottom)],
            colour,
            1.0,
        );
    }

    pub fn rounded(&mut self, x: f32, y: f32, w: f32, h: f32, radius: f32, colour: Colour) {
        let r = radius.min(w / 2.0).min(h / 2.0);
        let corners = [
            (x + w - r, y + h - r),
            (x + r, y + h - r),
            (x + r, y + r),
            (x + w - r, y + r),
        ];
        let mut points = Vec::new();
        for (quarter, centre) in corners.into_iter().enumerate() {
            let from = quarter as f32 * 90.0;
            points.extend(arc(centre, r, from, from + 90.0));
        }
        self.fill(&points, colour, 1.0);
    }

    pub fn circle(&mut self, centre: Point, radius: f32, colour: Colour, alpha: f32) {
        self.fill(&arc(centre, radius, 0.0, 360.0), colour, alpha);
    }

    /// A line through all the points, with round ends and joints.
    pub fn stroke(&mut self, points: &[Point], width: f32, colour: Colour) {
        for pair in points.windows(2) {
            self.fill(&band(pair[0], pair[1], width, width), colour, 1.0);
        }
        for &point in points {
            self.circle(point, width / 2.0, colour, 1.0);
        }
    }

    /// A pointed leaf from stalk to tip.
    pub fn leaf(&mut self, stalk: Point, tip: Point, belly: f32, colour: Colour) {
        let (dx, dy) = (tip.0 - stalk.0, tip.1 - stalk.1);
        let side = |sign: f32| {
            (0..=12).map(move |i| {
                let t = i as f32 / 12.0;
                let swell = (t * std::f32::consts::PI).sin() * belly * sign;
                (stalk.0 + dx * t - dy * swell, stalk.1 + dy * t + dx * swell)
            })
        };
        let points: Vec<Point> = side(1.0).chain(side(-1.0).rev()).collect();
        self.fill(&points, colour, 1.0);
    }
}

/// Points on a circle, in degrees, clockwise from three o'clock.
pub fn arc(centre: Point, radius: f32, from: f32, to: f32) -> Vec<Point> {
    let turn = (to - from).abs() / 360.0;
    let steps = (turn * (12.0 + radius * 0.5).min(160.0)).ceil().max(3.0);
    (0..=steps as usize)
        .map(|i| {
            let angle = (from + (to - from) * i as f32 / steps).to_radians();
            (
                centre.0 + radius * angle.cos(),
                centre.1 + radius * angle.sin(),
            )
        })
        .collect()
}

/// The four corners of a straight band, which may taper.
pub fn band(from: Point, to: Point, width_from: f32, width_to: f32) -> [Point; 4] {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = (dx * dx + dy * dy).sqrt().max(0.001);
    let (nx, ny) = (-dy / length / 2.0, dx / length / 2.0);
    [
        (from.0 + nx * width_from, from.1 + ny * width_from),
        (to.0 + nx * width_to, to.1 + ny * width_to),
        (to.0 - nx * width_to, to.1 - ny * width_to),
        (from.0 - nx * width_from, from.1 - ny * width_from),
    ]
}

/// The whole pixels that a polygon can touch, cut to the sheet: left, top, right, bottom.
fn bounds(points: &[Point]) -> Option<(usize, usize, usize, usize)> {
    let (mut left, mut top) = (WIDTH, HEIGHT);
    let (mut right, mut bottom) = (0.0f32, 0.0f32);
    for &(x, y) in points {
        left = left.min(x);
        right = right.max(x);
        top = top.min(y);
        bottom = bottom.max(y);
    }
    let (left, top) = (left.max(0.0) as usize, top.max(0.0) as usize);
    let right = right.min(WIDTH).ceil() as usize;
    let bottom = bottom.min(HEIGHT).ceil() as usize;
    (left < right && top < bottom).then_some((left, top, right, bottom))
}

/// Notes, for each pixel an edge passes, how much of everything to its right the edge opens or closes.
/// Summing a row from the left then gives the covered share of every pixel.
fn add_edge(areas: &mut [f32], stride: usize, height: usize, from: Point, to: Point) {
    if from.1 == to.1 {
        return;
    }
    let (sign, top, bottom) = if from.1 < to.1 {
        (1.0, from, to)
    } else {
        (-1.0, to, from)
    };
    let slope = (bottom.0 - top.0) / (bottom.1 - top.1);
    let limit = (stride - 2) as f32;
    let first = top.1.max(0.0) as usize;
    let last = (bottom.1.max(0.0).ceil() as usize).min(height);
    for row in first..last {
        let y0 = top.1.max(row as f32);
        let y1 = bottom.1.min(row as f32 + 1.0);
        let x0 = (top.0 + (y0 - top.1) * slope).clamp(0.0, limit);
        let x1 = (top.0 + (y1 - top.1) * slope).clamp(0.0, limit);
        let cells = &mut areas[row * stride..(row + 1) * stride];
        add_piece(cells, x0.min(x1), x0.max(x1), sign * (y1 - y0));
    }
}

/// One edge within one row of pixels, cut at each column it crosses.
fn add_piece(cells: &mut [f32], left: f32, right: f32, height: f32) {
    let span = right - left;
    let mut column = left as usize;
    loop {
        let start = left.max(column as f32);
        let end = right.min(column as f32 + 1.0);
        let share = if span > 0.0 {
            height * (end - start) / span
        } else {
            height
        };
        let middle = (start + end) / 2.0 - column as f32;
        cells[column] += share * (1.0 - middle);
        cells[column + 1] += share * middle;
        column += 1;
        if column as f32 >= right {
            return;
        }
    }
}

fn blend_row(pixels: &mut [u8], areas: &[f32], colour: Colour, alpha: f32) {
    let mut sum = 0.0f32;
    for (pixel, area) in pixels.chunks_exact_mut(3).zip(areas) {
        sum += area;
        let cover = sum.abs().min(1.0) * alpha;
        if cover > 0.998 {
            pixel.copy_from_slice(&colour.0);
        } else if cover > 0.002 {
            let under = Rgb([pixel[0], pixel[1], pixel[2]]);
            pixel.copy_from_slice(&mix(under, colour, cover).0);
        }
    }
}
