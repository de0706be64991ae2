//! The system's own nodes (`api.md` 3.10).

use super::{
    Field, Node, action, calls::BIT_RATE, collection, exactly, field, methods, profiles::WEB_BRIDGE, shown, single,
    told,
};
use crate::{
    fault::Code,
    value::{NUMBER, Value},
};

const fn profile(name: &'static str, kept_at: &'static str) -> Field {
    field(name, Value::Reference(kept_at))
}

const STATUS: &[Field] = &[
    shown("hostId", Value::Id),
    shown("softwareVersion", Value::Text),
    shown("uptimeSeconds", NUMBER),
    shown("cdrTime", Value::Time),
    shown("activated", Value::Bool),
    shown("clusterEnabled", Value::Bool),
    shown("cdrCorrelatorIndex", NUMBER),
    shown("callLegsActive", NUMBER),
    shown("callLegsMaxActive", NUMBER),
    shown("callLegsCompleted", NUMBER),
    shown("audioBitRateOutgoing", BIT_RATE),
    shown("audioBitRateIncoming", BIT_RATE),
    shown("videoBitRateOutgoing", BIT_RATE),
    shown("videoBitRateIncoming", BIT_RATE),
];

const PROFILES: &[Field] = &[
    profile("callLegProfile", "callLegProfiles"),
    profile("callProfile", "callProfiles"),
    profile("dtmfProfile", "dtmfProfiles"),
    profile("userProfile", "userProfiles"),
    profile("ivrBrandingProfile", "ivrBrandingProfiles"),
    profile("callBrandingProfile", "callBrandingProfiles"),
    profile("compatibilityProfile", "compatibilityProfiles").since("2.1"),
    profile("dialInSecurityProfile", "dialInSecurityProfiles").since("3.0"),
    profile("webBridgeProfile", "webBridgeProfiles").since("3.0"),
];

const THREE: Value = Value::Decimal(3);

const MULTIPARTY: &[Field] = &[
    shown("timestamp", Value::Time),
    shown("personalLicenseLimit", NUMBER),
    shown("sharedLicenseLimit", NUMBER),
    shown("capacityUnitLimit", NUMBER),
    shown("users", NUMBER),
    shown("personalLicenses", NUMBER),
    shown("participantsActive", NUMBER),
    shown("callsActive", NUMBER),
    shown("weightedCallsActive", THREE),
    shown("callsWithoutPersonalLicense", NUMBER),
    shown("weightedCallsWithoutPersonalLicense", THREE),
    shown("capacityUnitUsage", THREE),
    shown("capacityUnitUsageWithoutPersonalLicense", THREE),
];

/// A list that is only read.
const fn report(path: &'static str, root: &'static str, element: &'static str) -> Node {
    let mut made = collection(path, root, element, Code::UnrecognisedObject);
    made.here = methods("G");
    made.below = methods("");
    made.unknown = None;
    made
}

const RECEIVER_URI: Field = field("uri", Value::Url(&["http", "https"])).or("url");

pub(super) const NODES: &[Node] = &[
    single("system/status", "status").fields(STATUS).about("Whether the system is well, and how busy it is"),
    single("system/load", "load")
        .fields(&[shown("mediaProcessingLoad", NUMBER)])
        .since("2.1")
        .about("Load in load units"),
    report("system/alarms", "alarms", "alarm")
        .fields(&[
            shown("type", Value::Text).in_list(),
            shown("failureReason", Value::Text).in_list(),
            shown("activeTimeSeconds", NUMBER).in_list(),
        ])
        .about("What is wrong now"),
    single("system/database", "database").fields(&[shown("cluster", Value::Tree)]).about("The database cluster"),
    collection("system/cdrReceivers", "cdrReceivers", "cdrReceiver", Code::CdrReceiver)
        .fields(&[RECEIVER_URI.in_list().even_empty()])
        .attributes(&[("maximum", "4")])
        .label("CDR receiver")
        .about("Where call detail records go"),
    {
        let mut node = single("system/cdrReceiver", "cdrReceiver").fields(&[RECEIVER_URI]);
        node.here = methods("GU");
        node.label("CDR receiver").about("The first receiver, by its old name")
    },
    {
        let mut node = single("system/profiles", "profiles").fields(PROFILES);
        node.here = methods("GPU");
        node.label("system profiles").about("Profiles that hold where nothing nearer does")
    },
    single("system/profiles/effectiveWebBridgeProfile", "effectiveWebBridgeProfile")
        .fields(WEB_BRIDGE)
        .since("3.0")
        .about("What holds for guests where nothing nearer does"),
    single("system/licensing", "licensing").fields(&[shown("features", Value::Tree)]).about("Licensed features"),
    single("system/multipartyLicensing", "multipartyLicensing")
        .fields(MULTIPARTY)
        .about("Use of personal and shared licences"),
    report("system/multipartyLicensing/activePersonalLicenses", "activePersonalLicenses", "activePersonalLicense")
        .fields(&[shown("callsActive", NUMBER).in_list(), shown("weightedCallsActive", THREE).in_list()])
        .about("Personal licences in use"),
    report("system/MPLicenseUsage", "MPLicenseUsage", "entry")
        .filters(&[
            told("startTime", Value::Text),
            told("endTime", Value::Text),
            exactly("hostId", "hostId", Value::Id),
        ])
        .since("2.6")
        .about("Licence use, every five minutes"),
    report("system/MPLicenseUsage/knownHosts", "knownHosts", "host").since("2.6").about("Hosts with licence records"),
    collection("system/diagnostics", "diagnostics", "diagnostics", Code::SystemDiagnostics)
        .here("G")
        .below("GD")
        .fields(&[
            shown("label", Value::Text).in_list(),
            shown("coSpace", Value::Reference("coSpaces")).in_list(),
            shown("callCorrelator", Value::Id).in_list(),
            shown("timestamp", Value::Time).in_list(),
            shown("contentsSize", NUMBER).in_list(),
        ])
        .filters(&[
            exactly("coSpaceFilter", "coSpace", Value::Reference("coSpaces")),
            exactly("callCorrelatorFilter", "callCorrelator", Value::Id),
        ])
        .about("Diagnostics captures"),
    single("system/diagnostics/{}/contents", "contents").document("text/plain").about("What a capture holds"),
    single("clusterLicensing", "clusterLicensing")
        .fields(&[shown("features", Value::Tree)])
        .since("3.0")
        .about("Licensed features of the cluster"),
    action("authTokens", "authTokens", "P").label("token").since("2.4").about("A token for the events"),
];
