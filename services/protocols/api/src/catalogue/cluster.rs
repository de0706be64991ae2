//! Call Bridges and their groups, recorders, streamers, web bridges and TURN servers (`api.md` 3.6 to 3.8).

use super::{
    Field, Node, TENANT_FILTER, action, collection, field, filter, methods, profiles::WEB_BRIDGE, shown, single,
};
use crate::{
    fault::Code,
    value::{NUMBER, Value},
};

const WEB: Value = Value::Url(&["http", "https"]);
const CALL_BRIDGE: Field = field("callBridge", Value::Reference("callBridges"));
const GROUP: Field = field("callBridgeGroup", Value::Reference("callBridgeGroups")).since("2.1");
const CONNECTION: &[&str] = &[
    "unused",
    "success",
    "invalidAddress",
    "dnsFailure",
    "connectionFailure",
    "remoteFailure",
    "unknownFailure",
    "lowDiskSpace",
];

const MEDIA_NODE: &[Field] = &[field("url", WEB).in_list().mandatory(), CALL_BRIDGE.in_list(), GROUP.in_list()];

const WEB_BRIDGES: &[Field] = &[
    field("url", Value::Text).in_list(),
    field("resourceArchive", WEB),
    field("tenant", Value::Reference("tenants")),
    field("tenantGroup", Value::Reference("tenantGroups")),
    field("resolveCoSpaceCallIds", Value::Bool).default("true"),
    field("resolveLyncConferenceIds", Value::Bool).default("false"),
    field("idEntryMode", Value::OneOf(&["disabled", "secure", "legacy"])).default("secure"),
    field("allowWeblinkAccess", Value::Bool).default("true"),
    field("showSignIn", Value::Bool).default("true"),
    CALL_BRIDGE,
    GROUP,
    field("webBridgeProfile", Value::Reference("webBridgeProfiles")).since("3.0"),
];

const TURN: &[Field] = &[
    field("serverAddress", Value::Text).in_list(),
    field("clientAddress", Value::Text).in_list(),
    field("numRegistrations", NUMBER).default("0"),
    field("username", Value::Text),
    Field { read: false, ..field("password", Value::Text).secret() },
    field("type", Value::OneOf(&["acano", "cms", "expressway", "lyncEdge", "standard"])).default("standard"),
    field("tcpPortNumberOverride", Value::Number(0, 65535)),
    CALL_BRIDGE,
    GROUP,
];

const SHARE: Value = Value::Number(0, 10_000);

const CLUSTER: &[Field] = &[
    field("uniqueName", Value::Text).always(),
    field("peerLinkBitRate", NUMBER),
    field("maxPeerVideoStreams", Value::OneOf(&["1", "4", "9"])).always().since("2.3.3"),
    field("participantLimit", NUMBER).always(),
    field("loadLimit", NUMBER).always().since("2.1"),
    field("newConferenceLoadLimitBasisPoints", SHARE).default("5000"),
    field("existingConferenceLoadLimitBasisPoints", SHARE).default("8000"),
];

pub(super) const NODES: &[Node] = &[
    collection("recorders", "recorders", "recorder", Code::Recorder)
        .fields(MEDIA_NODE)
        .filters(&[filter(&["url"])])
        .until("2.9")
        .about("Recorders"),
    single("recorders/{}/status", "recorder")
        .fields(&[shown("status", Value::OneOf(CONNECTION)), shown("activeRecordings", NUMBER)])
        .until("2.9")
        .about("Whether a recorder can be reached"),
    collection("streamers", "streamers", "streamer", Code::Streamer)
        .fields(MEDIA_NODE)
        .filters(&[filter(&["url"])])
        .until("2.9")
        .about("Streamers"),
    single("streamers/{}/status", "streamer")
        .fields(&[shown("status", Value::OneOf(CONNECTION)), shown("activeStreams", NUMBER)])
        .until("2.9")
        .about("Whether a streamer can be reached"),
    collection("callBridges", "callBridges", "callBridge", Code::CallBridge)
        .fields(&[
            field("name", Value::Text).in_list(),
            field("address", Value::Text),
            field("sipDomain", Value::Text).always(),
            GROUP.in_list(),
        ])
        .label("Call Bridge")
        .about("The Call Bridges of the cluster"),
    collection("callBridgeGroups", "callBridgeGroups", "callBridgeGroup", Code::CallBridgeGroup)
        .fields(&[
            field("name", Value::Text).in_list(),
            field("loadBalancingEnabled", Value::Bool).default("false"),
            field("loadBalanceLyncCalls", Value::Bool).default("false"),
            field("loadBalanceOutgoingCalls", Value::Bool).default("false").since("2.2"),
            field("loadBalanceUserCalls", Value::Bool).default("true").since("2.3"),
            field("loadBalanceIndirectCalls", Value::Bool).default("false").since("2.4"),
        ])
        .label("Call Bridge group")
        .since("2.1")
        .about("Call Bridges that share calls"),
    {
        let mut node = single("system/configuration/cluster", "cluster").fields(CLUSTER);
        node.here = methods("GPU");
        node.label("cluster configuration").about("This Call Bridge's part in a cluster")
    },
    {
        let mut node = single("system/configuration/xmpp", "xmpp").fields(&[
            field("uniqueName", Value::Text).always(),
            field("domain", Value::Text).always(),
            Field { read: false, ..field("sharedSecret", Value::Text).secret() },
            field("serverAddressOverride", Value::Text).always(),
        ]);
        node.here = methods("GPU");
        node.label("XMPP configuration").until("2.9").about("How this Call Bridge reaches the XMPP server")
    },
    collection("webBridges", "webBridges", "webBridge", Code::WebBridge)
        .fields(WEB_BRIDGES)
        .filters(&[filter(&["url"]), TENANT_FILTER])
        .label("web bridge")
        .about("Web bridges"),
    single("webBridges/{}/status", "webBridge")
        .fields(&[shown("status", Value::OneOf(CONNECTION))])
        .about("Whether a web bridge can be reached"),
    action("webBridges/{}/updateCustomization", "updateCustomization", "P")
        .about("Sends the pictures and texts to a web bridge again"),
    single("webBridges/{}/effectiveWebBridgeProfile", "effectiveWebBridgeProfile")
        .fields(WEB_BRIDGE)
        .since("3.0")
        .about("What holds for a web bridge"),
    collection("turnServers", "turnServers", "turnServer", Code::TurnServer)
        .fields(TURN)
        .filters(&[filter(&["serverAddress", "clientAddress"])])
        .label("TURN server")
        .about("TURN servers"),
    single("turnServers/{}/status", "turnServer")
        .fields(&[shown("status", Value::OneOf(CONNECTION)), shown("host", Value::Tree)])
        .about("Whether a TURN server can be reached"),
];
