//! `settings list` and `settings compare`, read from the generations on disk.

use mmp_control::{Kind, Refusal, Reply, chain, reply};
use mmp_model::{restore::RestorePoint, versions};

use crate::{appliance::Appliance, compare, store};

/// All that are kept.
pub fn points(appliance: &Appliance) -> Vec<reply::RestorePoint> {
    let kept = store::points(&appliance.system.paths.settings());
    kept.into_iter()
        .map(|(generation, author)| reply::RestorePoint {
            generation,
            at: author.at,
            user: author.user,
            origin: author.origin,
            line: author.line,
        })
        .collect()
}

/// From the first to the second, or to what is in force.
pub fn compare(appliance: &Appliance, from: RestorePoint, to: Option<RestorePoint>) -> Result<Reply, Refusal> {
    let stored = |point: RestorePoint| -> Result<versions::Stored, Refusal> {
        let settings = store::point(&appliance.system.paths.settings(), point.number()).map_err(|error| {
            let line = format!("No such restore point: {point}");
            match error {
                store::ReadError::Io(_) => Refusal::new(Kind::Absent, line).hint("see `settings list`"),
                other => Refusal::new(Kind::Unavailable, format!("{line} ({})", chain(&other))),
            }
        })?;
        Ok(versions::store(&settings))
    };
    let later = match to {
        Some(point) => stored(point)?,
        None => versions::store(&appliance.settings()),
    };
    Ok(Reply::Differences(compare::differences(&stored(from)?, &later)))
}
