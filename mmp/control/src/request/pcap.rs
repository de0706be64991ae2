//! `pcap` (`mmp.md` section 22).

use mmp_model::capture::{Filter, Megabytes, Seconds};
use serde::{Deserialize, Serialize};

/// What to capture. Free space bounds it whatever is asked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pcap {
    /// Largest file.
    pub size: Option<Megabytes>,
    /// Longest time.
    pub time: Option<Seconds>,
    /// Which packets; `None`: all.
    pub filter: Option<Filter>,
}
