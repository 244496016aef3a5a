//! The program: what was typed, handed to the room that does it.

use std::process::ExitCode;

fn main() -> ExitCode {
    mainstay::commands::main()
}
