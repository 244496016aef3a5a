//! Where the boxes and arrows of a flowchart stand.
//!
//! Owns the layers: what leads somewhere stands above it. An arrow's label is a box of its own on the arrow's way, and an arrow past
//! a layer bends there, so that nothing lies on anything else. The same chart is always laid out in the same way.

use super::super::plan::{Chart, OTHERWISE};

/// What stands at a place of the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A box of the chart, by its number.
    Box(usize),
    /// The label of an arrow of the chart, by its number.
    Label(usize),
    /// Where an arrow passes.
    Bend,
}

/// Something with a place: `x` is its middle, `y` its upper end.
#[derive(Clone, Debug)]
pub struct Item {
    pub what: What,
    pub width: f64,
    pub height: f64,
    pub x: f64,
    pub y: f64,
    layer: usize,
}

/// A chart, laid out.
pub struct Layout {
    pub items: Vec<Item>,
    /// From one item to another one layer below.
    pub lines: Vec<(usize, usize)>,
    pub width: f64,
    pub height: f64,
    /// Where each layer begins and ends.
    pub layers: Vec<(f64, f64)>,
}

/// Between neighbours.
const GAP: f64 = 22.0;
/// Between layers.
const DROP: f64 = 28.0;
/// Around everything.
const EDGE: f64 = 8.0;
/// How often the order of a layer is improved by that of its neighbours.
const SWEEPS: usize = 8;

/// Lays a chart out. `size`: width and height of what stands there.
pub fn layout(chart: &Chart, size: impl Fn(What) -> (f64, f64)) -> Layout {
    let mut made = Maker { items: Vec::new(), lines: Vec::new() };
    made.items(chart, &size);
    let mut layers = made.layers();
    let (above, below) = made.neighbours();
    for sweep in 0..SWEEPS {
        made.order(&mut layers, if sweep % 2 == 0 { &above } else { &below }, sweep % 2 == 0);
    }
    for sweep in 0..SWEEPS {
        made.place(&layers, &above, &below, sweep % 2 == 0);
    }
    made.finish(&layers)
}

struct Maker {
    items: Vec<Item>,
    lines: Vec<(usize, usize)>,
}

impl Maker {
    /// Adds boxes, labels and bends, each in its layer. Boxes are numbered so that an arrow leads to a higher number.
    fn items(&mut self, chart: &Chart, size: &impl Fn(What) -> (f64, f64)) {
        let mut into: Vec<Vec<usize>> = vec![Vec::new(); chart.boxes.len()];
        for (number, (_, to, _)) in chart.arrows.iter().enumerate() {
            into[*to].push(number);
        }
        let mut layer = vec![0_usize; chart.boxes.len()];
        for (at, arrows) in into.iter().enumerate() {
            let least = arrows.iter().map(|number| {
                let (from, _, label) = &chart.arrows[*number];
                layer[*from] + if label.is_empty() { 1 } else { 2 }
            });
            layer[at] = least.max().unwrap_or(0);
            self.add(What::Box(at), layer[at], size);
        }
        // What is left stands behind the other branches.
        let mut arrows: Vec<_> = chart.arrows.iter().enumerate().collect();
        arrows.sort_by_key(|(_, (_, _, label))| label == OTHERWISE);
        for (number, (from, to, label)) in arrows {
            let mut last = *from;
            let mut at = layer[*from] + 1;
            if !label.is_empty() {
                let item = self.add(What::Label(number), at, size);
                self.lines.push((last, item));
                last = item;
                at += 1;
            }
            for at in at..layer[*to] {
                let item = self.add(What::Bend, at, size);
                self.lines.push((last, item));
                last = item;
            }
            self.lines.push((last, *to));
        }
    }

    fn add(&mut self, what: What, layer: usize, size: &impl Fn(What) -> (f64, f64)) -> usize {
        let (width, height) = size(what);
        self.items.push(Item { what, width, height, x: 0.0, y: 0.0, layer });
        self.items.len() - 1
    }

    fn layers(&self) -> Vec<Vec<usize>> {
        let count = self.items.iter().map(|item| item.layer + 1).max().unwrap_or(0);
        let mut layers = vec![Vec::new(); count];
        for (at, item) in self.items.iter().enumerate() {
            layers[item.layer].push(at);
        }
        layers
    }

    fn neighbours(&self) -> (Vec<Vec<usize>>, Vec<Vec<usize>>) {
        let mut above = vec![Vec::new(); self.items.len()];
        let mut below = above.clone();
        for (from, to) in &self.lines {
            above[*to].push(*from);
            below[*from].push(*to);
        }
        (above, below)
    }

    /// Puts each layer into the order of the middles of what its items hang together with.
    fn order(&self, layers: &mut [Vec<usize>], neighbours: &[Vec<usize>], down: bool) {
        let mut rank = vec![0.0; self.items.len()];
        let number = |layer: &[usize], rank: &mut Vec<f64>| {
            for (at, item) in layer.iter().enumerate() {
                rank[*item] = of(at);
            }
        };
        layers.iter().for_each(|layer| number(layer, &mut rank));
        let count = layers.len();
        for at in 0..count {
            let layer = &mut layers[if down { at } else { count - 1 - at }];
            let mut sorted: Vec<(f64, usize)> = layer
                .iter()
                .map(|item| (mean(neighbours[*item].iter().map(|n| rank[*n])).unwrap_or(rank[*item]), *item))
                .collect();
            sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
            *layer = sorted.into_iter().map(|(_, item)| item).collect();
            number(layer, &mut rank);
        }
    }

    /// Moves the items of each layer to where they hang straight, as far as their neighbours leave them room.
    fn place(&mut self, layers: &[Vec<usize>], above: &[Vec<usize>], below: &[Vec<usize>], down: bool) {
        for at in 0..layers.len() {
            let layer = &layers[if down { at } else { layers.len() - 1 - at }];
            let wanted: Vec<f64> = layer
                .iter()
                .map(|item| {
                    let (first, second) = if down { (above, below) } else { (below, above) };
                    let toward = |all: &[Vec<usize>]| mean(all[*item].iter().map(|n| self.items[*n].x));
                    toward(first).or_else(|| toward(second)).unwrap_or(0.0)
                })
                .collect();
            self.spread(layer, &wanted);
        }
    }

    /// Places a layer as near to what is wanted as its order and the gaps allow: neighbours that would overlap move together.
    fn spread(&mut self, layer: &[usize], wanted: &[f64]) {
        let mut offset = 0.0;
        let mut offsets = Vec::with_capacity(layer.len());
        let mut last = 0.0;
        for (at, item) in layer.iter().enumerate() {
            let half = self.items[*item].width / 2.0;
            if at > 0 {
                offset += last + GAP + half;
            }
            offsets.push(offset);
            last = half;
        }
        // Runs of neighbours that touch each other: the sum of what they want, their weight, how many.
        let mut runs: Vec<(f64, f64, usize)> = Vec::new();
        for (at, item) in layer.iter().enumerate() {
            // What passes by shall be straight.
            let weight = if self.items[*item].what == What::Bend { 3.0 } else { 1.0 };
            runs.push(((wanted[at] - offsets[at]) * weight, weight, 1));
            while let [.., before, this] = runs.as_slice()
                && before.0 / before.1 >= this.0 / this.1
            {
                let both = (before.0 + this.0, before.1 + this.1, before.2 + this.2);
                runs.truncate(runs.len() - 2);
                runs.push(both);
            }
        }
        let places = runs.iter().flat_map(|(sum, weight, count)| std::iter::repeat_n(sum / weight, *count));
        for ((item, offset), place) in layer.iter().zip(offsets).zip(places) {
            self.items[*item].x = place + offset;
        }
    }

    fn finish(mut self, layers: &[Vec<usize>]) -> Layout {
        let left = self.items.iter().map(|item| item.x - item.width / 2.0).fold(f64::INFINITY, f64::min);
        let right = self.items.iter().map(|item| item.x + item.width / 2.0).fold(f64::NEG_INFINITY, f64::max);
        let (left, right) = if self.items.is_empty() { (0.0, 0.0) } else { (left, right) };
        let mut y = EDGE;
        let mut spans = Vec::with_capacity(layers.len());
        for layer in layers {
            let height = layer.iter().map(|item| self.items[*item].height).fold(0.0, f64::max);
            for item in layer {
                let item = &mut self.items[*item];
                item.x += EDGE - left;
                // What is lower than its layer stands in the middle of it; what passes fills it.
                item.y = y + (height - item.height) / 2.0;
            }
            spans.push((y, y + height));
            y += height + DROP;
        }
        let height = (y - DROP + EDGE).max(2.0 * EDGE);
        Layout {
            items: self.items,
            lines: self.lines,
            width: right - left + 2.0 * EDGE,
            height,
            layers: spans,
        }
    }
}

impl Layout {
    /// Returns where the layer of an item begins and ends.
    pub fn layer_of(&self, item: &Item) -> (f64, f64) {
        self.layers.get(item.layer).copied().unwrap_or((item.y, item.y))
    }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / of(count))
}

/// Returns a small number as one with a point.
fn of(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::super::super::plan::{Boxed, Chart, Shape};
    use super::{What, layout};

    /// A chart in which each box leads to some of those behind it, with and without labels.
    fn chart(count: usize, seed: usize) -> Chart {
        let boxes = (0..count).map(|at| Boxed { label: at.to_string(), shape: Shape::Box }).collect();
        let mut chart = Chart::default();
        chart.boxes = boxes;
        for from in 0..count {
            for step in [1, 2 + (from * 7 + seed) % 5, 3 + (from * 13 + seed) % 17] {
                let label = if (from + step + seed).is_multiple_of(3) { "yes" } else { "" };
                if from + step < count {
                    chart.arrows.push((from, from + step, label.to_owned()));
                }
            }
        }
        chart
    }

    #[test]
    fn nothing_lies_on_anything_else_and_what_leads_somewhere_stands_above_it() {
        for seed in 0..20 {
            let chart = chart(3 + seed * 2, seed);
            let size = |what| match what {
                What::Box(at) => (40.0 + f64::from(u32::try_from(at * 37 % 90).unwrap()), 30.0),
                What::Label(_) => (25.0, 18.0),
                What::Bend => (1.0, 0.0),
            };
            let laid = layout(&chart, size);
            for (at, one) in laid.items.iter().enumerate() {
                let inside = one.x - one.width / 2.0 >= 0.0
                    && one.x + one.width / 2.0 <= laid.width
                    && one.y >= 0.0
                    && one.y + one.height <= laid.height;
                assert!(inside, "{one:?} of {} x {}", laid.width, laid.height);
                for other in &laid.items[at + 1..] {
                    let apart = (one.x - other.x).abs() >= (one.width + other.width) / 2.0
                        || one.y + one.height < other.y
                        || other.y + other.height < one.y;
                    assert!(apart, "{one:?} {other:?}");
                }
            }
            for (from, to) in &laid.lines {
                let (from, to) = (&laid.items[*from], &laid.items[*to]);
                assert_eq!(from.layer + 1, to.layer, "a line leads to the next layer");
                assert!(laid.layer_of(from).1 < laid.layer_of(to).0);
            }
        }
    }
}
