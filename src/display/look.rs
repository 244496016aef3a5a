//! What a terminal can show, and in which colours things stand on it.

use std::env;
use std::io::IsTerminal;

use annotate_snippets::Renderer;
use annotate_snippets::renderer::DecorStyle;
use anstyle::{Ansi256Color, Color, Effects, Style};

use crate::timeline::{Kind, Tone};

// Of the palette that no theme changes, of middling brightness: each has a contrast of at least 3.9
// to white and to black. The sixteen named colours are what the theme makes of them: yellow cannot be
// read on white, blue cannot be read on black.
const GREEN: Ansi256Color = Ansi256Color(28);
const RED: Ansi256Color = Ansi256Color(160);
const AMBER: Ansi256Color = Ansi256Color(130);
const BLUE: Ansi256Color = Ansi256Color(31);

/// What the output can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    pub colour: bool,
    /// Whether it shows more than ASCII.
    pub unicode: bool,
    /// Columns; `None`: no line is wrapped (a file, a pipe).
    pub width: Option<usize>,
}

impl Look {
    /// What fits everywhere: no colour, ASCII, no wrapping.
    pub const BARE: Look = Look { colour: false, unicode: false, width: None };

    /// Returns what standard output can show.
    pub fn of_stdout() -> Look {
        let stdout = std::io::stdout();
        Look::of(stdout.is_terminal(), size(&stdout))
    }

    /// Returns what standard error can show.
    pub fn of_stderr() -> Look {
        let stderr = std::io::stderr();
        Look::of(stderr.is_terminal(), size(&stderr))
    }

    /// `NO_COLOR` (no-color.org) and `CLICOLOR_FORCE` (bixense.com/clicolors) are asked, then the terminal.
    fn of(terminal: bool, size: Option<usize>) -> Look {
        let set = |name: &str| env::var_os(name).is_some_and(|v| !v.is_empty());
        // Of terminals without a palette some take the number of a colour for an order to blink.
        let dumb = env::var("TERM")
            .map_or(true, |t| matches!(t.as_str(), "dumb" | "unknown" | "ansi") || t.starts_with("vt"));
        let forced = env::var_os("CLICOLOR_FORCE").is_some_and(|v| v != "0");
        let columns = || env::var("COLUMNS").ok()?.parse().ok();
        Look {
            colour: !set("NO_COLOR") && (forced || terminal && !dumb),
            unicode: is_utf8(),
            width: terminal.then(|| size.or_else(columns).unwrap_or(80).max(20)),
        }
    }

    /// Returns the same on standard output's terminal as wide as it is now.
    pub(super) fn as_wide_as_now(self) -> Look {
        Look { width: self.width.map(|before| width().unwrap_or(before)), ..self }
    }

    /// Returns how `tone` is written.
    pub(super) fn tone(self, tone: Tone) -> Paint {
        match tone {
            Tone::Plain => self.plain(),
            Tone::Good => self.colour(GREEN),
            Tone::Bad => self.bold_colour(RED),
            Tone::Warn => self.colour(AMBER),
            Tone::Quiet => self.dim(),
        }
    }

    pub(super) fn plain(self) -> Paint {
        Paint(None)
    }

    pub(super) fn dim(self) -> Paint {
        self.style(Style::new().effects(Effects::DIMMED))
    }

    pub(super) fn bold(self) -> Paint {
        self.style(Style::new().effects(Effects::BOLD))
    }

    /// How a command, an expression or a value is written.
    pub(super) fn code(self) -> Paint {
        self.colour(BLUE)
    }

    /// How a question is written that waits for somebody.
    pub(super) fn asking(self) -> Paint {
        self.bold_colour(AMBER)
    }

    fn colour(self, colour: Ansi256Color) -> Paint {
        self.style(style(colour))
    }

    fn bold_colour(self, colour: Ansi256Color) -> Paint {
        self.style(style(colour).bold())
    }

    /// Returns what draws diagnostics in these colours.
    pub(super) fn renderer(self) -> Renderer {
        let decor = if self.unicode { DecorStyle::Unicode } else { DecorStyle::Ascii };
        let renderer = if self.colour {
            let strong = |colour| style(colour).bold();
            Renderer::styled()
                .error(strong(RED))
                .warning(strong(AMBER))
                .info(strong(BLUE))
                .note(strong(GREEN))
                .help(strong(BLUE))
                .line_num(style(BLUE))
                .context(style(BLUE))
                .addition(style(GREEN))
                .removal(style(RED))
        } else {
            Renderer::plain()
        };
        renderer.decor_style(decor).term_width(self.width.unwrap_or(140))
    }

    fn style(self, style: Style) -> Paint {
        Paint(self.colour.then_some(style))
    }

    /// Returns the sign before a line.
    pub(super) fn glyph(self, kind: Kind, tone: Tone) -> &'static str {
        let (unicode, ascii) = match (kind, tone) {
            (Kind::Phase, _) => ("▸", ">"),
            (Kind::Question, _) => ("?", "?"),
            (Kind::Decision, _) => ("→", ">"),
            (Kind::Finding, _) => ("•", "*"),
            (Kind::Symptom, Tone::Bad) => ("!", "!"),
            (Kind::Unwind, Tone::Good) => ("↶", "<"),
            (_, Tone::Good) => ("✓", "+"),
            (_, Tone::Bad) => ("✗", "x"),
            (_, Tone::Warn) => ("!", "!"),
            (_, Tone::Plain | Tone::Quiet) => ("·", "-"),
        };
        if self.unicode { unicode } else { ascii }
    }

    /// Returns the sign between what belongs together.
    pub(super) fn bar(self) -> &'static str {
        if self.unicode { "│" } else { "|" }
    }
}

fn style(colour: Ansi256Color) -> Style {
    Style::new().fg_color(Some(Color::Ansi256(colour)))
}

/// How a piece of text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paint(Option<Style>);

impl Paint {
    /// Returns the text so written.
    pub fn on(self, text: &str) -> String {
        match self.0 {
            Some(style) if !text.is_empty() => {
                format!("{}{text}{}", style.render(), style.render_reset())
            }
            _ => text.to_owned(),
        }
    }
}

/// The locale of the characters, as setlocale(3) finds it.
fn is_utf8() -> bool {
    ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| env::var(name).ok().filter(|v| !v.is_empty()))
        .is_some_and(|v| {
            let v = v.to_ascii_lowercase();
            v.contains("utf-8") || v.contains("utf8")
        })
}

fn size(terminal: &impl std::os::fd::AsFd) -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(terminal).ok()?;
    (size.ws_col > 0).then_some(usize::from(size.ws_col))
}

/// Returns how wide the terminal on standard output is now.
pub(super) fn width() -> Option<usize> {
    Some(size(&std::io::stdout())?.max(20))
}

/// Returns how many lines the terminal on standard output has, 24 where it does not say; `None` where there is none.
pub(super) fn height() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
    Some(if size.ws_row > 0 { usize::from(size.ws_row) } else { 24 })
}
