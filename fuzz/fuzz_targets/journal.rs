//! The fuzzer's door to `fuzz/targets/journal.rs`, where what must hold stands.

#![no_main]

#[path = "../targets/journal.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::journal(data));
