//! The fuzzer's door to `fuzz/targets/check.rs`, where what must hold stands.

#![no_main]

#[path = "../targets/check.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::check(data));
