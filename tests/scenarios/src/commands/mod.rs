//! Every command of the table.

use crate::{Scenario, scenario, stage::Moment};

mod at_the_prompt;
mod every_example;
mod every_refusal;
mod first_chapter;

pub const ALL: &[Scenario] = &[
    scenario("commands::first_chapter_line_by_line", Moment::Shell, first_chapter::run),
    scenario("commands::help_while_typing", Moment::Shell, at_the_prompt::run),
    scenario("commands::every_example", Moment::Shell, every_example::run),
    scenario("commands::every_bad_argument_changes_nothing", Moment::Shell, every_refusal::run),
];
