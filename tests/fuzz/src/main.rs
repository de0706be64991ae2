//! The targets under libFuzzer: `FUZZ_TARGET` names one, `list` prints all names. Inputs are kept in the folder `inputs`,
//! which gets the target's seeds first.
#![no_main]

use std::{fs, process::exit, sync::OnceLock};

static TARGET: OnceLock<fuzz::Target> = OnceLock::new();

fn choose() {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    if name == "list" {
        fuzz::TARGETS.iter().for_each(|(name, ..)| println!("{name}"));
        exit(0);
    }
    let Some((_, target, seeds)) = fuzz::TARGETS.iter().find(|(other, ..)| *other == name) else {
        eprintln!("FUZZ_TARGET must be one that FUZZ_TARGET=list prints");
        exit(2);
    };
    for (number, seed) in seeds.iter().enumerate() {
        if let Err(error) = fs::write(format!("inputs/seed-{number}"), seed) {
            eprintln!("cannot write a seed: {error}");
            exit(2);
        }
    }
    // Set once: this runs once.
    let _ = TARGET.set(*target);
}

libfuzzer_sys::fuzz_target!(init: choose(), |bytes: &[u8]| {
    if let Some(target) = TARGET.get() {
        target(bytes);
    }
});
