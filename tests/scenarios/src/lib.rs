//! Promises that only a booted appliance shows: one promise a file, in the folder of its area.
//!
//! Invariants: a scenario starts from a named moment of the one shared appliance, or boots its own; it neither sees nor
//! leaves anything of another; it types what an administrator types.

mod access;
mod attack;
mod backup;
mod badday;
mod boot;
mod boxes;
mod certificates;
mod change;
mod commands;
mod expect;
mod files;
mod logs;
mod naming;
mod network;
mod power;
mod stage;
mod time;
mod webadmin;

use std::{
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use libtest_mimic::{Arguments, Failed, Trial};
use stage::{Moment, Stage};

/// One promise.
struct Scenario {
    /// `area::promise`.
    name: &'static str,
    /// Where it starts.
    from: Moment,
    /// Types and looks.
    run: fn(&mut Stage) -> anyhow::Result<()>,
}

/// A scenario of the shared appliance or of machines of its own.
const fn scenario(name: &'static str, from: Moment, run: fn(&mut Stage) -> anyhow::Result<()>) -> Scenario {
    Scenario { name, from, run }
}

/// All scenarios, the quick and basic ones first: what they find explains the failures of the later ones.
fn all() -> impl Iterator<Item = &'static Scenario> {
    [
        access::ALL,
        network::ALL,
        naming::ALL,
        time::ALL,
        files::ALL,
        backup::ALL,
        logs::ALL,
        webadmin::ALL,
        certificates::ALL,
        commands::ALL,
        change::ALL,
        attack::ALL,
        boot::ALL,
        power::ALL,
        badday::ALL,
    ]
    .into_iter()
    .flatten()
}

/// The program.
pub fn run() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // There is one appliance.
    arguments.test_threads = Some(1);
    if !arguments.list
        && let Err(error) = harness::lan::enter()
    {
        eprintln!("device tests: {error:#}");
        return ExitCode::FAILURE;
    }
    let stage = Arc::new(Mutex::new(Stage::default()));
    let trials = all().map(|scenario| {
        let stage = Arc::clone(&stage);
        Trial::test(scenario.name, move || play(scenario, &stage))
    });
    let conclusion = libtest_mimic::run(&arguments, trials.collect());
    // The appliance goes before the process does.
    stage.lock().unwrap_or_else(PoisonError::into_inner).clear();
    conclusion.exit_code()
}

fn play(scenario: &'static Scenario, stage: &Mutex<Stage>) -> Result<(), Failed> {
    let mut stage = stage.lock().unwrap_or_else(PoisonError::into_inner);
    let started = Instant::now();
    let result = stage.set(scenario.from).and_then(|()| (scenario.run)(&mut stage));
    let seconds = started.elapsed().as_secs_f64();
    eprintln!("[{seconds:6.1} s] {}", scenario.name);
    result.map_err(|error| {
        let kept = match stage.keep(scenario.name) {
            Some(Ok(folder)) => format!("\nconsole and journal: {}", folder.display()),
            Some(Err(error)) => format!("\nconsole and journal are lost: {error:#}"),
            None => String::new(),
        };
        let report = format!("{error:#}{kept}");
        // At once as well: the rest may take many minutes.
        eprintln!("{report}");
        Failed::from(report)
    })
}
