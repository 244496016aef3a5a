//! Sentences of one kind that follow each other, in columns.
//!
//! Owns the widths of columns. Never moves a line's beginning, and leaves alone what has more than one line.

use super::line::Line;
use super::token::Table;

/// Columns that any table has behind its first.
const COLUMNS: usize = 3;

/// A column that would begin further to the right is none: a line of it stands one blank behind what is before it.
const FURTHEST: usize = 72;

/// Puts what follows each other in columns.
pub(super) fn align(lines: &mut [Line<'_>]) {
    let rows: Vec<Option<Table>> =
        lines.iter().enumerate().map(|(at, line)| line.row_of(lines.get(at + 1))).collect();
    let mut from = 0;
    while from < lines.len() {
        let mut to = from + 1;
        while rows[from].is_some()
            && to < lines.len()
            && rows[to] == rows[from]
            && lines[to].indent == lines[from].indent
            && !lines[to].apart
        {
            to += 1;
        }
        if let Some(table) = rows[from] {
            for column in 1..=COLUMNS {
                fill(&mut lines[from..to], table, column);
            }
        }
        from = to;
    }
}

/// Makes a column begin at the same place in all lines that have it.
fn fill(lines: &mut [Line<'_>], table: Table, column: usize) {
    let part_of = |line: &Line<'_>| {
        line.parts.iter().position(|part| part.cell.is_some_and(|c| c.table == table && c.column == column))
    };
    let column_of = |line: &Line<'_>| part_of(line).map(|part| (part, line.column_of(part)));
    let begins = lines.iter().filter_map(|line| column_of(line).map(|(_, column)| column)).max();
    let Some(begins) = begins.filter(|begins| *begins <= FURTHEST) else { return };
    for line in lines {
        if let Some((part, column)) = column_of(line) {
            line.parts[part].gap += begins - column;
        }
    }
}
