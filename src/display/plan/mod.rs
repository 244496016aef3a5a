//! Plans, drawn: as text for people, as flowcharts for what draws them.

mod flow;
mod page;
mod text;

pub(super) use flow::{Boxed, Chart, OTHERWISE, Shape, chart_mermaid};
pub use flow::{dot, mermaid};
pub use page::html;
pub use text::plan as text;
pub(super) use text::{length, named};
