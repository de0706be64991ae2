//! The system's own nodes, answered from plain values that the caller gives: status, load, alarms, licences and the state of
//! the database (`api.md` 3.10). They are polled as signs of life, so nothing here waits for anything.

use crate::{
    guid::Guid,
    operation::{Operation, Outcome, Query, Record, What},
    xml::{Closing, Element},
};

/// What the product tells of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct System {
    /// `system/status`.
    pub status: Status,
    /// `system/load`: load of the media, in load units.
    pub load: u64,
    /// `system/alarms`, in a stable order.
    pub alarms: Vec<Alarm>,
    /// `system/licensing`: features that are not named have no licence.
    pub licences: Vec<Licence>,
    /// `system/database`.
    pub database: Database,
}

/// `system/status`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Identifies this host.
    pub host_id: Guid,
    /// The release, as in `2.9.5`: clients compare its numbers.
    pub software_version: String,
    /// Since the start, in seconds.
    pub uptime_seconds: u64,
    /// Now, as RFC 3339 in UTC with seconds and `Z`.
    pub now: String,
    /// Whether a licence activates the product.
    pub activated: bool,
    /// Whether several Call Bridges work together.
    pub cluster_enabled: bool,
    /// The next call detail record's index.
    pub cdr_correlator_index: u64,
    /// Legs at this moment.
    pub call_legs_active: u64,
    /// Most legs at one moment.
    pub call_legs_max_active: u64,
    /// Legs that have ended.
    pub call_legs_completed: u64,
    /// Bits a second, sent.
    pub audio_bit_rate_outgoing: u64,
    /// Bits a second, received.
    pub audio_bit_rate_incoming: u64,
    /// Bits a second, sent.
    pub video_bit_rate_outgoing: u64,
    /// Bits a second, received.
    pub video_bit_rate_incoming: u64,
}

impl Default for Status {
    fn default() -> Self {
        Self {
            host_id: Guid::from_bits(0),
            software_version: String::new(),
            uptime_seconds: 0,
            now: "1970-01-01T00:00:00Z".to_owned(),
            activated: false,
            cluster_enabled: false,
            cdr_correlator_index: 0,
            call_legs_active: 0,
            call_legs_max_active: 0,
            call_legs_completed: 0,
            audio_bit_rate_outgoing: 0,
            audio_bit_rate_incoming: 0,
            video_bit_rate_outgoing: 0,
            video_bit_rate_incoming: 0,
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// The same for as long as it lasts.
    pub id: Guid,
    /// A type of `api.md` 3.10, or one of our own.
    pub kind: String,
    /// What it concerns: a field's name and an id or a name.
    pub concerns: Option<(&'static str, String)>,
    /// Why, if it is known.
    pub failure_reason: Option<String>,
    /// For how long, in seconds.
    pub active_seconds: u64,
}

/// Features in the order in which they are shown.
pub const FEATURES: [&str; 11] = [
    "callBridge",
    "callBridgeNoEncryption",
    "webBridge",
    "turn",
    "ldap",
    "branding",
    "recording",
    "streaming",
    "personal",
    "shared",
    "capacityUnits",
];

/// Whether a feature may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LicenceState {
    /// It may.
    Activated,
    /// It may for the days of grace.
    Grace,
    /// It could once.
    Expired,
}

/// A day, for the end of a licence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// The year.
    pub year: u16,
    /// 1 to 12; anything else is shown as the nearest.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
}

impl Day {
    /// As in `2027-Aug-08`.
    fn text(self) -> String {
        const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let month = MONTHS[usize::from(self.month.clamp(1, 12)) - 1];
        format!("{:04}-{month}-{:02}", self.year, self.day)
    }
}

/// The licence of one feature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Licence {
    /// One of [`FEATURES`]; others are not shown.
    pub feature: String,
    /// Whether it may be used.
    pub state: LicenceState,
    /// The last day, if it ends.
    pub expiry: Option<Day>,
    /// How many, for what is counted.
    pub limit: Option<u64>,
    /// How much, for branding.
    pub level: Option<String>,
}

/// The database cluster as this node sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Database {
    /// No cluster.
    #[default]
    Alone,
    /// A cluster.
    Cluster {
        /// The node that is written to.
        in_use: String,
        /// All nodes.
        nodes: Vec<DatabaseNode>,
        /// What is wrong, if anything.
        error: Option<String>,
    },
}

/// One node of the database cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseNode {
    /// Its name or address.
    pub hostname: String,
    /// Whether it is reached.
    pub up: bool,
    /// Bytes behind, or `None` if unknown.
    pub behind: Option<u64>,
    /// Whether it is written to.
    pub master: bool,
}

impl System {
    /// The answer to an operation on one of these nodes; `None` for every other node.
    pub fn perform(&self, operation: &Operation) -> Option<Outcome> {
        let element = match (operation.node.path, &operation.what) {
            ("system/status", What::Show) => return Some(Outcome::Record(self.status())),
            ("system/alarms", What::List(query)) => return Some(self.alarms(query)),
            ("system/load", What::Show) => {
                return Some(Outcome::Record(Record::default().with("mediaProcessingLoad", self.load)));
            }
            ("system/multipartyLicensing", What::Show) => return Some(Outcome::Record(self.multiparty())),
            ("system/licensing", What::Show) => Element::new("licensing").child(self.features(&FEATURES)),
            ("clusterLicensing", What::Show) => {
                let of_the_cluster = ["callBridge", "callBridgeNoEncryption", "customizations", "recording"];
                Element::new("clusterLicensing").child(self.features(&of_the_cluster))
            }
            ("system/database", What::Show) => self.database(),
            _ => return None,
        };
        Some(Outcome::Element(element))
    }

    fn status(&self) -> Record {
        let status = &self.status;
        Record::default()
            .with("hostId", status.host_id)
            .with("softwareVersion", &status.software_version)
            .with("uptimeSeconds", status.uptime_seconds)
            .with("cdrTime", &status.now)
            .with("activated", status.activated)
            .with("clusterEnabled", status.cluster_enabled)
            .with("cdrCorrelatorIndex", status.cdr_correlator_index)
            .with("callLegsActive", status.call_legs_active)
            .with("callLegsMaxActive", status.call_legs_max_active)
            .with("callLegsCompleted", status.call_legs_completed)
            .with("audioBitRateOutgoing", status.audio_bit_rate_outgoing)
            .with("audioBitRateIncoming", status.audio_bit_rate_incoming)
            .with("videoBitRateOutgoing", status.video_bit_rate_outgoing)
            .with("videoBitRateIncoming", status.video_bit_rate_incoming)
    }

    fn alarms(&self, query: &Query) -> Outcome {
        let page = self.alarms.iter().skip(index(query.offset)).take(index(query.limit)).map(|alarm| {
            let mut record =
                Record::new(alarm.id).with("type", &alarm.kind).with("activeTimeSeconds", alarm.active_seconds);
            if let Some(reason) = &alarm.failure_reason {
                record = record.with("failureReason", reason);
            }
            if let Some((name, value)) = &alarm.concerns {
                record.details.push(("type", Element::of(*name, value)));
            }
            record
        });
        Outcome::Page { total: self.alarms.len() as u64, records: page.collect() }
    }

    fn licence(&self, feature: &str) -> Option<&Licence> {
        self.licences.iter().find(|licence| licence.feature == feature)
    }

    fn features(&self, names: &[&'static str]) -> Element {
        Element::new("features").children(names.iter().map(|name| {
            let element = Element::new(*name);
            let Some(licence) = self.licence(name) else { return element.child(Element::of("status", "noLicense")) };
            let state = match licence.state {
                LicenceState::Activated => "activated",
                LicenceState::Grace => "grace",
                LicenceState::Expired => "expired",
            };
            element
                .child(Element::of("status", state))
                .children(licence.expiry.map(|day| Element::of("expiry", day.text())))
                .children(licence.limit.map(|limit| Element::of("limit", limit)))
                .children(licence.level.as_ref().map(|level| Element::of("level", level)))
        }))
    }

    /// Limits are those of the licences; nothing uses them while no call runs.
    fn multiparty(&self) -> Record {
        let limit = |feature| self.licence(feature).and_then(|licence| licence.limit).unwrap_or_default();
        let mut record = Record::default()
            .with("timestamp", &self.status.now)
            .with("personalLicenseLimit", limit("personal"))
            .with("sharedLicenseLimit", limit("shared"))
            .with("capacityUnitLimit", limit("capacityUnits"));
        for name in ["users", "personalLicenses", "participantsActive", "callsActive", "callsWithoutPersonalLicense"] {
            record = record.with(name, 0);
        }
        for name in [
            "weightedCallsActive",
            "weightedCallsWithoutPersonalLicense",
            "capacityUnitUsage",
            "capacityUnitUsageWithoutPersonalLicense",
        ] {
            record = record.with(name, "0.000");
        }
        record
    }

    fn database(&self) -> Element {
        let root = Element::new("database");
        let (in_use, nodes, error) = match &self.database {
            Database::Alone => return root.attribute("clustered", "disabled").closed(Closing::Tight),
            Database::Cluster { in_use, nodes, error } => (in_use, nodes, error),
        };
        let cluster = Element::new("cluster")
            .child(Element::of("totalNodes", nodes.len()))
            .child(Element::of("nodeInUse", in_use))
            .children(nodes.iter().map(|node| {
                let behind = node.behind.map_or_else(|| "-1".to_owned(), |bytes| bytes.to_string());
                Element::new("node")
                    .attribute("hostname", &node.hostname)
                    .attribute("up", node.up)
                    .attribute("syncBehind", behind)
                    .attribute("master", node.master)
            }))
            .children(error.as_ref().map(|error| Element::of("error", error)));
        root.attribute("clustered", "enabled").child(cluster)
    }
}

/// A place in a list; what is beyond any list is the end of all.
fn index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
