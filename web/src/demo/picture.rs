//! Covers for the demo's projects, drawn instead of shipped.
//!
//! A community needs pictures to look like one, but two dozen photographs would outweigh the program.
//! So each project of `community.toml` names a pattern, a palette and a seed, and `cover` draws it: flat shapes, few colours, the same pixels every time.
//! The shapes and their smooth edges live in `canvas`.

mod canvas;

use canvas::{Canvas, Colour, Dice, HEIGHT, Inks, Point, WIDTH, arc, band, darker, lighter, mix};
use image::RgbImage;
use std::f32::consts::TAU;

type Draw = fn(&mut Canvas, &Inks, &mut Dice);

/// Every pattern by the name that `community.toml` uses.
pub const PATTERNS: &[(&str, Draw)] = &[
    ("bars", bars),
    ("blocks", blocks),
    ("circles", circles),
    ("contour", contour),
    ("facets", facets),
    ("fruit", fruit),
    ("garden", garden),
    ("keys", keys),
    ("knit", knit),
    ("lantern", lantern),
    ("night", night),
    ("pixels", pixels),
    ("sprites", sprites),
    ("stars", stars),
    ("sunset", sunset),
    ("tiles", tiles),
    ("tracks", tracks),
    ("tree", tree),
    ("waves", waves),
    ("weave", weave),
];

/// Draws a cover of 1600 × 1000 pixels.
///
/// The first colour of the palette (`#rrggbb`) is the ground, the others are used in turn.
/// An unknown pattern becomes `circles`: a demo should start with a plain picture rather than not at all.
pub fn cover(pattern: &str, palette: &[&str], seed: u64) -> RgbImage {
    let inks = Inks::new(palette);
    let mut canvas = Canvas::new(inks.ground);
    let draw = PATTERNS
        .iter()
        .find(|(name, _)| *name == pattern)
        .map_or(circles as Draw, |(_, draw)| *draw);
    draw(&mut canvas, &inks, &mut Dice::new(seed));
    canvas.into_image()
}

/// Standing bars of two widths of air, as on a sound meter.
fn bars(canvas: &mut Canvas, inks: &Inks, dice: &mut Dice) {
    let count = 9 + dice.below(4);
    let step = WIDTH / count as f32;
    for i in 0..count {
        let height = dice.between(0.12, 0.8) * HEIGHT;
        let x = i as f32 * step + step * 0.08;
        let colour = inks.get(dice.below(inks.len()));
        canvas.rect(x, HEIGHT - height, step * 0.84, height, colour);
        let cap = lighter(colour, 0.35);
        canvas.rect(x, HEIGHT - height - 34.0, step * 0.84, 14.0, cap);
    }
}

/// A small town of cubes seen from above a corner.
fn blocks(canvas: &mut Canvas, inks: &Inks, dice: &mut Dice) {
    let (half, quarter) = (88.0, 50.0);
    for depth in -3i32..22 {
        for column in -1..10 {
            let shift = if depth % 2 == 0 { 0.0 } else { half };
            let x = column as f32 * half * 2.0 + shift;
            let y = depth as f32 * quarter + 60.0;
            // Taller towards the middle, so that the picture has a centre.
            let far = ((x - WIDTH / 2.0) / WIDTH).hypot((y - 620.0) / HEIGHT);
            let floors = dice.between(0.0, 5.2) * (1.0 - far * 1.5).max(0.0);
            let colour = if floors < 1.0 {
                mix(inks.ground, inks.get(0), 0.18)
            } else {
                inks.get(dice.below(inks.len()))
            };
            cube(
                canvas,
                (x, y),
                half,
                quarter,
                floors.floor() * 62.0 + 14.0,
                colour,
            );
        }
    }
}

fn cube(canvas: &mut Canvas, at: Point, half: f32, quarter: f32, tall: f32, colour: Colour) {
    let (x, y) = at;
    let roof = y - tall;
    let front = (x, y + quarter);
    let left = [(x - half, roof), (x, roof + quarter), front, (x - half, y)];
    let right = [(x + half, roof), (x, roof + quarter), front, (x + half, y)];
    let top = [
        (x - half, roof),
        (x, roof - quarter),
        (x + half, roof),
        (x, roof + quarter),
    ];
    canvas.fill(&left, darker(colour, 0.18), 1.0);
    canvas.fill(&right, darker(colour, 0.42), 1.0);
    canvas.fill(&top, lighter(colour, 0.12), 1.0);
}

/// Large discs of thin paper, darker where they overlap.
fn circles(canvas: &mut Canvas, inks: &Inks, dice: &mut Dice) {
    for i in 0..9 {
        let radius = if i < 4 {
            dice.between(180.0, 300.0)
        } else {
            dice.between(50.0, 130.0)
        };
        let centre = (
            dice.between(60.0, WIDTH - 60.0),
            dice.between(260.0, HEIGHT),
        );
        canvas.circle(centre, radius, inks.get(i), 0.82);
    }
}

/// A map of hills: bands of height with a thin line between them.
fn contour(canvas: &mut Canvas, inks: &Inks, dice: &mut Dice) {
    let hills: Vec<(Point, f32, f32)> = (0..7)
        .map(|_| {
            let top = (dice.between(0.0, WIDTH), dice.between(0.0, HEIGHT));
            (top, dice.between(170.0, 360.0), dice.between(0.5, 1.1))
        })
        .collect();
    let height = |x: f32, y: f32| {
        hills
            .iter()
            .map(|&((hx, hy), wide, tall)| {
                let far = ((x - hx).powi(2) + (y - hy).powi(2)) / (wide * wide);
                tall * (-far).exp()
            })
            .sum::<f32>()
    };
    let field = Field::sample(height);
    let levels = 10.0;
    let bands = inks.len();
    let line = darker(inks.get(bands - 1), 0.25);
    let fills: Vec<Colour> = (0..=10)
        .map(|level| {
            let share = level as f32 / levels * bands as f32;
            let upper = inks.get((share as usize).min(bands - 1));
            let lower = match share as usize {
                0 => inks.ground,
                band => inks.get(band - 1),
            };
            mix(lower, upper, share.fract())
        })
        .collect();
    canvas.paint(|x, y| {
        let (value, slope) = field.at(x, y);
        let level = value * levels;
        let fill = fills[(level as usize).min(10)];
        // Distance to the nearest line in pixels, from the height and how steep it is here.
        let away = (level - level.round()).abs() / (slope * levels).max(0.0008);
        let ink = (2.6 - away).clamp(0.0, 1.0) * 0.55;
        mix(fill, line, ink)
    });
}

/// A smooth function looked up on a coarse grid: the exponentials above are too slow for each pixel.
struct Field {
    values: Vec<f32>,
}

impl Field {
    const STEP: f32 = 20.0;
    const COLUMNS: usize = 83;
    const ROWS: usize = 53;

    fn sample(function: impl Fn(f32, f32) -> f32) -> Self {
        let values = (0..Self::COLUMNS * Self::ROWS)
            .map(|i| {
                let (row, column) = (i / Self::COLUMNS, i % Self::COLUMNS);
                function(column as f32 * Self::STEP, row as f32 * Self::STEP)
            })
            .collect();
        Field { values }
    }

    /// The value and how fast it changes in one pixel.
    fn at(&self, x: f32, y: f32) -> (f32, f32) {
        let (gx, gy) = (x / Self::STEP, y / Self::STEP);
        let (fx, fy) = (gx.fract(), gy.fract());
        let i = gy as usize * Self::COLUMNS + gx as usize;
        let (a, b) = (self.values[i], self.values[i + 1]);
        let (c, d) = (
            self.values[i + Self::COLUMNS],
            self.values[i + Self::COLUMNS + 1],
        );
        let (upper, lower) = (a + (b - a) * fx, c + (d - c) * fx);
        let across = ((b - a) * (1.0 - fy) + (d - c) * fy) / Self::STEP;
        let down = (lower - upper) / Self::STEP;
        (
            upper + (lower - upper) * fy,
            (across * across + down * down).sqrt(),
        )
    }
}

/// Folded paper: a grid of triangles, pushed about a little.
fn facets(canvas: &mut Canvas, inks: &Inks, dice: &mut Dice) {
    let (columns, rows) = (9, 6);
    let (wide, high) = (WIDTH / (columns - 1) as f32, HEIGHT / (rows - 1) as f32);
    let mut corners = Vec::new();
    for row in 0..=rows {
        for column in 0..=columns {
            let x = (column as f32 - 0.5 + dice.between(-0.3, 0.3)) * wide;
            let y = (row as f32 - 0.5 + dice.between(-0.3, 0.3)) * high;
            corners.push((x, y));
        }
    }
    for row in 0..rows {
        for column in 0..columns {
            let i = row * (columns + 1) + column;
            let (a, b) = (corners[i], corners[i + 1]);
            let (c, d) = (corners[i + columns + 1], corners[i + columns + 2]);
            let hue = inks.get((row + column) * inks.len() / (rows + columns - 1));
            // The second triangle is grown by a hair, or the ground would shine through the fold.
            canvas.fill(
                &[a, b, d, c],
                mix(hue, inks.ground, dice.between(0.0, 0.5)),
                1.0,
            );
            let shade = mix(hue, inks.ground, dice.between(0.0, 0.5));
            canvas.fill(&[a, b, d], darker(shade, dice.between(0.0, 0.16)), 1.0);
        }
    }
}

/// Fruit with a shaded side, a leaf, and lines of speed behind it.
fn fruit(canvas: &mut Canvas, inks: &Inks, dice: &mut Dice) {
    let skin = inks.get(0);
    canvas.rect(0.0, 800.0, WIDTH, 200.0, inks.get(3));
    for i in 0..10 {
        let x = i as f32 * 180.0 - 60.0;
        canvas.rect(x, 892.0, 100.0, 16.0, lighter(inks.get(3), 0.7));
    }
    for i in 0..3 {
        let radius = 150.0 + i as f32 * 40.0;
        let x = 290.0 + i as f32 * 470.0;
        let y = 800.0 - radius * 0.82 - dice.between(0.0, 70.0);
        for line in 0..4 {
            let at = y - radius * 0.5 + line as f32 * radius * 0.38;
            let back = x - radius - dice.between(60.0, 190.0);
            canvas.stroke(&[(back, at), (x, at)], 12.0, lighter(inks.ground, 0.45));
        }
        let colour = if i == 1 { inks.get(1) } else { skin };
        canvas.fill(&oval((x, y), radius), darker(colour, 0.18), 1.0);
        let lit = (x - radius * 0.07, y - radius * 0.08);
        canvas.fill(&oval(lit, radius * 0.88), colour, 1.0);
        let shine = (x - radius * 0.3, y - radius * 0.36);
        canvas.circle(shine, radius * 0.16, lighter(colour, 0.45), 1.0);
        let stalk = (x + radius * 0.3, y - radius * 0.86);
        let knot = (stalk.0 + radius * 0.1, stalk.1 - radius * 0.34);
        canvas.stroke(&[stalk, knot], radius * 0.09, darker(inks.get(2), 0.4));
        let tip = (knot.0 + radius * 0.85, knot.1 - radius * 0.18);
        canvas.leaf(knot, tip, 0.24, inks.get(2));
    }
}

/// A circle pulled long and leaning forward, thicker at one end.
fn oval(centre: Point, radius: f32) -> Vec<Point> {
    arc((0.0, 0.0), radius, 0.0, 360.0)
        .into_iter()
        .map(|(x, y)| {
            let (along, across) = (x * 1.16, y * (0.88 - x / radius * 0.14));
            let (sin, cos) = (-0.42f32).sin_cos();
            (
                centre.0 + along * cos - across * sin,
                centre.1 + along * sin + across * cos,
            )
        })
        .collect()
}

/// Plants in a row, each with its own sort of leaf.
fn garden(canvas: &mut Canvas, inks: &Inks, dice: &mut Dice) {
    let soil = inks.get(inks.len() - 1);
    let count = 7;
    for i in 0..count {
        let x = (i as f32 + 0.5) * WIDTH / count as f32 + dice.between(-24.0, 24.0);
        let tall = dice.between(340.0, 720.0);
        let green = inks.get(dice.below(inks.len() - 1));
        let top = (x + dice.between(-40.0, 40.0), 880.0 - tall);
        canvas.stroke(&[(x, 890.0), top], 11.0, darker(green, 0.2));
        let pairs = 3 + dice.below(4);
        let long = dice.between(90.0, 135.0);
        let lift = dice.between(0.3, 0.9);
        for pair in 0..pairs {
            let t = 0.22 + 0.72 * pair as f32 / pairs as f32;
            let node = (x + (top.0 - x) * t, 880.0 - tall * t);
            let reach = long * (1.1 - t * 0.55);
            for side in [-1.0, 1.0] {
                let tip = (node.0 + reach * side, node.1 - reach * lift);
                canvas.leaf(node, tip, 0.26, green);
            }
        }
        if dice.chance(0.55) {
            let petal = inks.get(inks.len() - 2);
            for angle in 0..6 {
                let spot = arc(top, 42.0, angle as f32 * 60.0, angle as f32 * 60.0 + 1.0)[0];
                canvas.circle(spot, 30.0, petal, 1.0);
            }
            canvas.circle(top, 26.0, lighter(inks.ground, 0.5), 1.0);
        } else {
            canvas.leaf(top, (top.0, top.1 - 110.0), 0.24, green);
        }
    }
    canvas.rect(0.0, 880.0, WIDTH, 120.0, soil);
    for _ in 0..60 {
        let spot = (dice.between(0.0, WIDTH), dice.between(905.0, 990.0));
        canvas.circle(spot, dice.between(3.0, 8.0), lighter(soil, 0.22), 1.0);
    }
}

/// The face of a small synthesiser: a screen with a wave, knobs and keys.
fn keys(canvas: &mut Canvas, inks: &Inks, dice: &mut Dice) {
    let (body, dark) = (inks.get(0), inks.get(1));
    canvas.rounded(120.0, 110.0, 1360.0, 780.0, 46.0, darker(body, 0.2));
    canvas.rounded(120.0, 95.0, 1360.0, 770.0, 46.0, body);
    canvas.rounded(180.0, 155.0, 500.0, 230.0, 20.0, dark);
    let wave: Vec<Point> = (0..=90)
        .map(|i| {
            let t = i as f32 / 90.0;
            let swing = (t * 18.8).sin() * 62.0 * (1.0 - (t - 0.5).abs());
            (215.0 + t * 430.0, 270.0 + swing)
        })
        .collect();
    canvas.stroke(&wave, 11.0, inks.get(2));
    for i in 0..8 {
        let centre = (
            800.0 + (i % 4) as f32 * 185.0,
            208.0 + (i / 4) as f32 * 130.0,
        );
        canvas.circle(centre, 50.0, darker(body, 0.3), 1.0);
        canvas.circle((centre.0, centre.1 - 6.0), 48.0, inks.get(2 + i % 2), 1.0);
        let turn = dice.between(140.0, 400.0);
        let tip = arc((centre.0, centre.1 - 6.0), 36.0, turn, turn + 1.0)[0];
        canvas.stroke(&[(centre.0, centre.1 - 6.0), tip], 10.0, dark);
    }
    let wide = 1240.0 / 14.0;
    let pressed = [dice.below(14), dice.below(14)];
    for i in 0..14 {
        let colour = if pressed.contains(&i) {
            inks.get(3)
        } else {
            lighter(body, 0.85)
        };
        let x = 180.0 + i as f32 * wide;
        canvas.rounded(x + 3.0, 450.0, wide - 6.0, 350.0, 10.0, colour);
    }
    for i in (0..13).filter(|i| ![2, 6, 9].contains(&(i % 14))) {
        let x = 180.0 + (i as f32 + 1.0) * wide - 27.0;
        canvas.rounded(x, 440.0, 54.0, 210.0, 8.0, dark);
    }
}

/// Knitted stitches with a pattern that mirrors itself, as on a jumper.
fn knit(canvas: &mut Canvas, inks: &Inks, dice: &mut Dice) {
    let (wide, high) = (50.0, 42.0);
    let motif: Vec<[bool; 6]> = (0..4)
        .map(|_| std::array::from_fn(|_| dice.chance(0.5)))
        .collect();
    for row in 0..25 {
        let yarn = inks.get(row / 12);
        let edging = inks.get(row / 12 + 1);
        for column in 0..33 {
            let across = (column % 10).min(10 - column % 10);
            let colour = match row % 12 {
                line @ 0..=6 if motif[line.min(6 - line)][across] => yarn,
                8 | 10 if column % 2 == 0 => edging,
                9 => edging,
                _ => inks.ground,
            };
            let (x, y) = (column as f32 * wide - 25.0, row as f32 * high - 20.0);
            stitch(canvas, (x, y), wide, high, colour);
        }
    }
}

fn stitch(canvas: &mut Canvas, at: Point, wide: f32, high: f32, colour: Colour) {
    let (x, y) = at;
    canvas.rect(x, y, wide, high, darker(colour, 0.3));
    for side in [-1.0, 1.0] {
        let middle = x + wide / 2.0;
        let top = (middle + side * wide * 0.34, y - high * 0.12);
        let foot = (middle + side * wide * 0.13, y + high * 1.08);
        let shade = if side < 0.0 {
            colour
        } else {
            darker(colour, 0.07)
        };
        canvas.fill(&plump(top, foot, wide * 0.4), shade, 1.0);
    }
}

/// A strand of wool: a band with rounded sides.
fn plump(from: Point, to: Point, width: f32) -> Vec<Point> {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx.hypot(dy);
    let (nx, ny) = (-dy / length, dx / length);
    let edge = |sign: f32| {
        (0..=8).map(move |i| {
            let t = i as f32 / 8.0;
            let swell = (1.0 - (2.0 * t - 1.0).powi(4)) * 0.5 * width * sign;
            (from.0 + dx * t + nx * swell, from.1 + dy * t + ny * swell)
        })
    };
    edge(1.0).chain(edge(-1.0).rev()).collect()
}

/// A desk at night: a lamp, its cone of light, and pages with lines on them.
fn lantern(canvas: &mut Canvas, inks: &Inks, dice: &mut Dice) {
    let (light, desk) = (inks.get(0), inks.get(1));
    canvas.rect(0.0, 800.0, WIDTH, 200.0, desk);
    let lamp = (900.0, 210.0);
    for (spread, share) in [(1.0, 0.10), (0.72, 0.13), (0.46, 0.2)] {
        let cone = [
            (lamp.0 - 70.0, lamp.1 + 20.0),
            (lamp.0 + 70.0, lamp.1 + 20.0),
            (lamp.0 + 470.0 * spread, 850.0),
            (lamp.0 - 760.0 * spread, 850.0),
        ];
        canvas.fill(&cone, light, share);
    }
    for (i, x) in [360.0, 610.0].into_iter().enumerate() {
        let y = 400.0 - i as f32 * 30.0;
        let paper = lighter(light, 0.75 + i as f32 * 0.15);
        canvas.rounded(x, y, 380.0, 470.0, 10.0, paper);
        for line in 0..10 {
            if line % 5 == 4 {
                continue;
            }
            let long = dice.between(190.0, 310.0);
            let at = y + 54.0 + line as f32 * 38.0;
            canvas.rounded(x + 45.0, at, long, 12.0, 6.0, mix(paper, inks.ground, 0.62));
        }
    }
    let arm = [(1250.0, 805.0), (1320.0, 400.0), (lamp.0 + 40.0, 130.0)];
    canvas.stroke(&arm, 20.0, inks.get(2));
    canvas.rounded(1130.0, 790.0, 240.0, 34.0, 17.0, inks.get(2));
    canvas.circle((lamp.0, lamp.1 + 14.0), 46.0, lighter(light, 0.5), 1.0);
    let mut shade = arc(lamp, 130.0, 180.0, 360.0);
    shade.extend([
        (lamp.0 + 150.0, lamp.1 + 24.0),
        (lamp.0 - 150.0, lamp.1 + 24.0),
    ]);
    canvas.fill(&shade, inks.get(3), 1.0);
    canvas.circle((190.0, 150.0), 58.0, lighter(light, 0.55), 1.0);
    canvas.circle((218.0, 134.0), 54.0, inks.ground, 1.0);
}

/// A street after dark, with the last bus.
fn night(canvas: &mut Canvas, inks: &Inks, dice: &mut Dice) {
    let (far, near, glow, coach) = (inks.get(0), inks.get(1), inks.get(2), inks.get(3));
    canvas.circle((1290.0, 200.0), 92.0, lighter(glow, 0.55), 1.0);
    skyline(canvas, dice, 330.0, far, None);
    skyline(canvas, dice, 520.0, near, Some(glow));
    canvas.rect(0.0, 830.0, WIDTH, 170.0, darker(inks.ground, 0.35));
    for i in 0..9 {
        let x = i as f32 * 200.0 + 30.0;
        canvas.rect(x, 935.0, 110.0, 12.0, mix(near, glow, 0.4));
    }
    let beam = [
        (930.0, 800.0),
        (1450.0, 760.0),
        (1560.0, 905.0),
        (930.0, 845.0),
    ];
    canvas.fill(&beam, glow, 0.28);
    canvas.rounded(330.0, 600.0, 620.0, 270.0, 40.0, coach);
    canvas.rect(330.0, 770.0, 620.0, 26.0, darker(coach, 0.28));
    for i in 0..5 {
        let x = 372.0 + i as f32 * 116.0;
        canvas.rounded(x, 642.0, 92.0, 100.0, 14.0, lighter(glow, 0.3));
        if dice.chance(0.6) {
            let rider = darker(inks.ground, 0.1);
            canvas.circle((x + 46.0, 702.0), 20.0, rider, 1.0);
            canvas.rounded(x + 18.0, 718.0, 56.0, 24.0, 12.0, rider);
        }
    }
    for x in [470.0, 810.0] {
        canvas.circle((x, 870.0), 52.0, darker(inks.ground, 0.6), 1.0);
        canvas.circle((x, 870.0), 22.0, mix(near, glow, 0.3), 1.0);
    }
    canvas.circle((942.0, 822.0), 15.0, lighter(glow, 0.7), 1.0);
}

fn skyline(canvas: &mut Canvas, dice: &mut Dice, top: f32, wall: Colour, lit: Option<Colour>) {
    let mut x = -20.0;
    while x < WIDTH {
        let wide = dice.between(110.0, 210.0);
        let roof = top + dice.between(-110.0, 130.0);
        canvas.rect(x, roof, wide + 1.0, HEIGHT - roof, wall);
        if let Some(lit) = lit {
            let columns = (wide / 44.0) as usize;
            for row in 0..5 {
                for column in 0..columns {
                    let on = dice.chance(0.42);
                    let colour = if on { lit } else { darker(wall, 0.22) };
                    let inset = (wide - columns as f32 * 40.0 + 18.0) / 2.0;
                    let spot = (
                        x + inset + column as f32 * 40.0,
                        roof + 34.0 + row as f32 * 56.0,
                    );
                    canvas.rect(spot.0, spot.1, 22.0, 32.0, colour);
                }
            }
        }
        x += wide;
    }
}

/// A loose grid of squares that gather in clumps.
fn pixels(canvas: &mut Canvas, inks: &Inks, dice: &mut Dice) {
    let cell = 80.0;
    for clump in 0..13 {
        let (x, y) = (dice.below(20) as i32, dice.below(13) as i32);
        let colour = inks.get(clump);
        for _ in 0..3 + dice.below(7) {
            let column = x + dice.below(5) as i32 - 2;
            let row = y + dice.below(4) as i32 - 1;
            let corner = (column as f32 * cell, row as f32 * cell - 20.0);
            canvas.rect(corner.0, corner.1, cell, cell, colour);
        }
    }
}

/// Small creatures of seven by six pixels, each mirrored down the middle.
fn sprites(canvas: &mut Canvas, inks: &Inks, dice: &mut Dice) {
    let cell = 32.0;
    for place in 0..15 {
        let (column, row) = (place % 5, place / 5);
        let x = 80.0 + column as f32 * 304.0;
        let y = 74.0 + row as f32 * 304.0;
        let colour = inks.get(dice.below(inks.len()));
        for line in 0..7 {
            for across in 0..4 {
                // Full in the middle, ragged at the rim: this is what makes it look alive.
                let solid = 0.95 - across as f32 * 0.17 - (line as f32 - 3.0).abs() * 0.09;
                let eye = line == 2 && across == 1;
                if !eye && !dice.chance(solid) {
                    continue;
                }
                let tone = if eye {
                    darker(inks.ground, 0.75)
                } else if line > 4 {
                    darker(colour, 0.2)
                } else {
                    colour
                };
                for side in [3 - across, 3 + across] {
                    let corner = (x + side as f32 * cell, y + line as f32 * cell);
                    canvas.rect(corner.0, corner.1, cell, cell, tone);
                }
            }
        }
    }
}

/// A clear sky with constellations over dark hills.
fn stars(canvas: &mut Canvas, inks: &Inks, dice: &mut Dice) {
    let (bright, line) = (inks.get(0), inks.get(1));
    for _ in 0..150 {
        let at = (dice.between(0.0, WIDTH), dice.between(0.0, 820.0));
        canvas.circle(at, dice.between(1.5, 4.0), bright, dice.between(0.35, 0.9));
    }
    for group in 0..4 {
        let mut at = (140.0 + group as f32 * 380.0, dice.between(170.0, 560.0));
        let mut path = vec![at];
        for _ in 0..3 + dice.below(3) {
            at = (
                at.0 + dice.between(45.0, 120.0),
                (at.1 + dice.between(-150.0, 150.0)).clamp(70.0, 640.0),
            );
            path.push(at);
        }
        canvas.stroke(&path, 4.0, line);
        for point in path {
            canvas.circle(point, dice.between(9.0, 17.0), inks.ground, 1.0);
            canvas.circle(point, dice.between(7.0, 13.0), bright, 1.0);
        }
    }
    for layer in 0..2 {
        let rise = dice.between(0.0, 6.0);
        let hill = swell(700.0 + layer as f32 * 120.0, 60.0, rise, 1.3);
        canvas.fill(&hill, inks.get(2 + layer), 1.0);
    }
}

/// A low sun, cut by bars of haze, over water.
fn sunset(canvas: &mut Canvas, inks: &Inks, dice: &mut Dice) {
    let horizon = 640.0;
    for i in 0..4 {
        let shade = mix(inks.ground, inks.get(1), i as f32 * 0.2);
        let y = i as f32 * horizon / 4.0;
        canvas.rect(0.0, y, WIDTH, horizon / 4.0 + 1.0, shade);
    }
    let x = dice.between(560.0, 1040.0);
    canvas.circle((x, horizon - 60.0), 330.0, inks.get(0), 1.0);
    for i in 0..4 {
        let y = horizon - 40.0 - i as f32 * 82.0;
        let haze = mix(inks.ground, inks.get(1), 0.6 - i as f32 * 0.14);
        let thick = 30.0 - i as f32 * 6.0;
        canvas.rect(0.0, y, WIDTH, thick, haze);
    }
    for i in 0..4 {
        let y = horizon + i as f32 * 90.0;
        let sea = mix(inks.get(2), inks.get(3), i as f32 / 3.0);
        canvas.rect(0.0, y, WIDTH, 100.0, sea);
    }
    for i in 0..13 {
        let y = horizon + 22.0 + i as f32 * 27.0;
        let wide = dice.between(60.0, 420.0) * (1.0 - i as f32 * 0.045);
        let at = x + dice.between(-110.0, 110.0) - wide / 2.0;
        canvas.rounded(at, y, wide, 11.0, 6.0, mix(inks.get(0), inks.get(2), 0.12));
    }
}

/// Quarter circles in squares, as on a kitchen floor.
fn tiles(canvas: &mut Canvas, inks: &Inks, dice: &mut Dice) {
    let side = 200.0;
    for row in 0..5 {
        for column in 0..8 {
            let (x, y) = (column as f32 * side, row as f32 * side);
            let colour = inks.get(dice.below(inks.len()));
            let other = inks.get(dice.below(inks.len()));
            if dice.chance(0.3) {
                canvas.rect(x, y, side, side, mix(inks.ground, other, 0.25));
            }
            let turn = dice.below(4);
            let corner = [(x, y), (x + side, y), (x + side, y + side), (x, y + side)];
            let from = turn as f32 * 90.0;
            let mut quarter = arc(corner[turn], side, from, from + 90.0);
            quarter.push(corner[turn]);
            canvas.fill(&quarter, colour, 1.0);
            if dice.chance(0.5) {
                let mut inner = arc(corner[turn], side * 0.5, from, from + 90.0);
                inner.push(corner[turn]);
                canvas.fill(&inner, lighter(inks.ground, 0.3), 1.0);
            } else if dice.chance(0.4) {
                let centre = (x + side / 2.0, y + side / 2.0);
                canvas.circle(centre, side * 0.16, other, 1.0);
            }
        }
    }
}

/// A signaller's panel: lines that part and meet, lamps and a train.
fn tracks(canvas: &mut Canvas, inks: &Inks, dice: &mut Dice) {
    let line = inks.get(0);
    let lanes = [210.0, 355.0, 500.0, 645.0, 790.0];
    for (i, &y) in lanes.iter().enumerate() {
        let from = if i % 2 == 0 { -20.0 } else { 200.0 };
        canvas.stroke(&[(from, y), (WIDTH + 20.0, y)], 22.0, line);
    }
    for i in 0..lanes.len() - 1 {
        for _ in 0..2 {
            let x = dice.between(120.0, 1250.0);
            let (a, b) = if dice.chance(0.5) {
                (lanes[i], lanes[i + 1])
            } else {
                (lanes[i + 1], lanes[i])
            };
            canvas.stroke(&[(x, a), (x + 145.0, b)], 22.0, line);
        }
    }
    let train = 1 + dice.below(3);
    let start = dice.between(420.0, 760.0);
    for car in 0..4 {
        let x = start + car as f32 * 112.0;
        canvas.rounded(x, lanes[train] - 27.0, 104.0, 54.0, 16.0, inks.get(1));
    }
    for (i, &y) in lanes.iter().enumerate() {
        for _ in 0..3 {
            let x = dice.between(60.0, 1540.0);
            if i == train && (start - 60.0..start + 500.0).contains(&x) {
                continue;
            }
            canvas.circle((x, y), 27.0, inks.ground, 1.0);
            canvas.circle((x, y), 19.0, inks.get(1 + dice.below(inks.len() - 1)), 1.0);
        }
    }
}

/// A small tree in a pot.
fn tree(canvas: &mut Canvas, inks: &Inks, dice: &mut Dice) {
    canvas.circle((800.0, 430.0), 400.0, lighter(inks.ground, 0.4), 1.0);
    let mut leaves = Vec::new();
    branch(
        canvas,
        inks,
        dice,
        (800.0, 800.0),
        -90.0,
        172.0,
        52.0,
        &mut leaves,
    );
    for (i, &(at, size)) in leaves.iter().enumerate() {
        canvas.circle(at, size, inks.get(1 + i % (inks.len() - 2).max(1)), 1.0);
    }
    let pot = inks.get(inks.len() - 1);
    let bowl = [
        (590.0, 815.0),
        (1010.0, 815.0),
        (950.0, 925.0),
        (650.0, 925.0),
    ];
    canvas.fill(&bowl, pot, 1.0);
    canvas.rounded(560.0, 785.0, 480.0, 52.0, 12.0, darker(pot, 0.15));
}

#[expect(clippy::too_many_arguments, reason = "a branch is all of these things")]
fn branch(
    canvas: &mut Canvas,
    inks: &Inks,
    dice: &mut Dice,
    from: Point,
    angle: f32,
    long: f32,
    thick: f32,
    leaves: &mut Vec<(Point, f32)>,
) {
    let (sin, cos) = angle.to_radians().sin_cos();
    let to = (from.0 + cos * long, from.1 + sin * long);
    let bark = inks.get(0);
    canvas.fill(&band(from, to, thick, thick * 0.72), bark, 1.0);
    canvas.circle(to, thick * 0.36, bark, 1.0);
    if long < 125.0 {
        for _ in 0..3 {
            let at = (
                to.0 + dice.between(-46.0, 46.0),
                to.1 + dice.between(-42.0, 22.0),
            );
            leaves.push((at, dice.between(22.0, 48.0)));
        }
    }
    if long < 60.0 {
        return;
    }
    for side in [-1.0, 1.0] {
        let bend = angle + side * dice.between(18.0, 40.0);
        let next = long * dice.between(0.7, 0.86);
        branch(canvas, inks, dice, to, bend, next, thick * 0.68, leaves);
    }
}

/// Layers of water, the nearest last.
fn waves(canvas: &mut Canvas, inks: &Inks, dice: &mut Dice) {
    let layers = inks.len().max(5);
    for i in 0..layers {
        let y = 300.0 + i as f32 * 640.0 / layers as f32;
        let (tall, shift) = (dice.between(45.0, 110.0), dice.between(0.0, 6.3));
        let water = swell(y, tall, shift, dice.between(0.8, 1.5));
        canvas.fill(&water, inks.get(i), 1.0);
    }
}

/// Everything below a rolling line.
fn swell(y: f32, tall: f32, shift: f32, times: f32) -> Vec<Point> {
    let mut points: Vec<Point> = (0..=100)
        .map(|i| {
            let t = i as f32 / 100.0;
            let roll = (t * TAU * times + shift).sin() + 0.3 * (t * TAU * 2.0 + shift * 2.0).sin();
            (t * WIDTH, y + roll * tall)
        })
        .collect();
    points.extend([(WIDTH, HEIGHT), (0.0, HEIGHT)]);
    points
}

/// Ribbons that go over and under each other.
fn weave(canvas: &mut Canvas, inks: &Inks, dice: &mut Dice) {
    let (step, wide) = (125.0, 96.0);
    let gap = (step - wide) / 2.0;
    let shift = dice.below(inks.len());
    let warp: Vec<Colour> = (0..13).map(|_| inks.get(dice.below(inks.len()))).collect();
    for row in 0..8 {
        let y = row as f32 * step + gap;
        let weft = inks.get(row + shift);
        canvas.rect(0.0, y, WIDTH, wide, weft);
        for (column, &colour) in warp.iter().enumerate() {
            let x = column as f32 * step + gap - 12.0;
            let over = (row + column) % 2 == 0;
            if over {
                // The shadow of the upper ribbon is what makes it lie above.
                canvas.rect(x - 9.0, y, wide + 18.0, wide, darker(weft, 0.25));
                canvas.rect(x, y - gap, wide, step, colour);
            } else {
                canvas.rect(x, y - gap, wide, gap, darker(colour, 0.25));
                canvas.rect(x, y + wide, wide, gap, darker(colour, 0.25));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    #[test]
    fn a_cover_is_the_same_every_time_and_differs_by_seed() {
        let palette = ["#cfe6f3", "#1f6391", "#f5efe2"];
        assert_eq!(cover("pixels", &palette, 3), cover("pixels", &palette, 3));
        assert_ne!(cover("pixels", &palette, 3), cover("pixels", &palette, 4));
    }

    #[test]
    fn a_strange_pattern_or_palette_still_gives_a_picture() {
        assert_eq!(cover("no such", &["tomato"], 1).dimensions(), (1600, 1000));
        assert_eq!(cover("bars", &[], 1).dimensions(), (1600, 1000));
    }

    #[test]
    fn every_pattern_that_the_community_names_is_known() {
        let named = include_str!("community.toml")
            .lines()
            .filter_map(|line| line.strip_prefix("picture = { pattern = \""))
            .filter_map(|rest| rest.split('"').next());
        let mut seen = 0;
        for pattern in named {
            assert!(
                PATTERNS.iter().any(|(name, _)| *name == pattern),
                "{pattern}"
            );
            seen += 1;
        }
        assert!(seen > 20, "the community has pictures");
    }

    #[test]
    fn an_edge_through_a_pixel_colours_its_share_of_it() {
        let mut canvas = Canvas::new(Rgb([0, 0, 0]));
        canvas.rect(10.25, 20.0, 2.0, 1.5, Rgb([200, 200, 200]));
        let image = canvas.into_image();
        let grey = |x, y| image.get_pixel(x, y).0[0];
        assert_eq!([grey(9, 20), grey(10, 20), grey(11, 20)], [0, 150, 200]);
        assert_eq!([grey(12, 20), grey(11, 21), grey(11, 22)], [50, 100, 0]);
    }

    #[test]
    fn shapes_may_hang_over_the_edge_of_the_sheet() {
        let mut canvas = Canvas::new(Rgb([0, 0, 0]));
        canvas.circle((1600.0, 1000.0), 3000.0, Rgb([9, 9, 9]), 1.0);
        canvas.rect(-50.0, -50.0, 20.0, 20.0, Rgb([7, 7, 7]));
        let image = canvas.into_image();
        assert!(image.pixels().all(|pixel| pixel.0 == [9, 9, 9]));
    }
}
