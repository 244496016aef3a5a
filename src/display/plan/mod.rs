//! Plans, drawn: as text for people, as flowcharts for what draws them.

mod flow;
mod text;

pub use flow::{dot, mermaid};
pub use text::plan as text;
