#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    fluss_fuzz::transaction(data);
});
