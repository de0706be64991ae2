//! Placeholder

use crate::Scenario;

pub const ALL: &[Scenario] = &[];
