//! The fuzzer's door to `fuzz/targets/interpolation.rs`, where what must hold stands.

#![no_main]

#[path = "../targets/interpolation.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::interpolation(data));
