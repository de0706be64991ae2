//! The targets under libFuzzer: `FUZZ_TARGET` names one.
#![no_main]

use std::sync::OnceLock;

static TARGET: OnceLock<fuzz::Target> = OnceLock::new();

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let target = TARGET.get_or_init(|| {
        let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
        fuzz::target(&name).unwrap_or_else(|| {
            let names: Vec<_> = fuzz::TARGETS.iter().map(|(name, ..)| *name).collect();
            eprintln!("FUZZ_TARGET must be one of {names:?}");
            std::process::exit(2)
        })
    });
    target(bytes);
});
