//! Calls, their legs and participants (`api.md` 3.3).

use super::{
    Field, LIVE_PAGE, Node, TENANT_FILTER, action, collection, field, filter, given, group, listed,
    profiles::{self, CALL_LEG},
    shown, single,
    spaces::{IMPORTANCE, PANE_IMPORTANCE, PANE_SELF},
    told,
};
use crate::{
    fault::Code,
    value::{LAYOUT, NUMBER, Value},
};

const BIG: Value = Value::Number(0, u64::MAX);

const CALL: &[Field] = &[
    field("name", Value::Text).once().in_list().always().mandatory_unless("coSpace"),
    shown("callType", Value::OneOf(&["coSpace", "forwarding", "adHoc", "lyncConferencing"])),
    field("coSpace", Value::Reference("coSpaces")).once().in_list(),
    shown("ownerName", Value::Text),
    field("callCorrelator", Value::Id).once().in_list(),
    shown("tenant", Value::Reference("tenants")).in_list(),
    shown("durationSeconds", NUMBER),
    shown("numCallLegs", NUMBER),
    shown("maxCallLegs", NUMBER),
    shown("numParticipantsLocal", NUMBER),
    shown("numParticipantsRemote", NUMBER),
    shown("numDistributedInstances", NUMBER),
    shown("presenterCallLeg", Value::Reference("callLegs")),
    field("locked", Value::Bool),
    field("recording", Value::Bool),
    shown("recordingStatus", Value::Bool),
    field("streaming", Value::Bool),
    shown("streamingStatus", Value::Bool),
    field("allowAllMuteSelf", Value::Bool).default("false"),
    field("allowAllPresentationContribution", Value::Bool).default("false"),
    field("joinAudioMuteOverride", Value::Bool),
    field("messageText", Value::Text).since("2.1"),
    field("messagePosition", Value::OneOf(&["top", "middle", "bottom"])).default("middle"),
    field("messageDuration", Value::SecondsOr("permanent")).default("0"),
    shown("messageTimeRemaining", Value::SecondsOr("permanent")),
    field("activeWhenEmpty", Value::Bool).default("true"),
    shown("endpointRecording", Value::Bool).since("2.4"),
    shown("lyncAudienceMute", Value::Bool).since("2.4"),
    PANE_IMPORTANCE,
    PANE_SELF,
];

const LEG_STATUS: &[Field] = &[
    shown("state", Value::OneOf(&["initial", "ringing", "connected", "onHold"])),
    shown("durationSeconds", NUMBER),
    shown("direction", DIRECTION),
    shown("sipCallId", Value::Text),
    shown("groupId", Value::Id),
    shown("recording", Value::Bool).only("true"),
    shown("streaming", Value::Bool).only("true"),
    // A lobby tool takes the mere presence of this element for "still outside" (`api.md` 12, line 11).
    shown("deactivated", Value::Bool).only("true"),
    shown("encryptedMedia", Value::Bool),
    shown("unencryptedMedia", Value::Bool),
    shown(
        "cipherSuite",
        Value::OneOf(&["AEAD_AES_256_GCM", "AEAD_AES_128_GCM", "AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32"]),
    ),
    shown("layout", LAYOUT),
    shown("activeLayout", LAYOUT),
    shown("availableVideoStreams", NUMBER),
    shown("layoutTemplate", Value::Reference("layoutTemplates")),
    shown("cameraControlAvailable", Value::Bool),
    shown("lyncRole", Value::Text),
    shown("rxAudio", Value::Tree),
    shown("txAudio", Value::Tree),
    shown("rxVideo", Value::Tree),
    shown("txVideo", Value::Tree),
    shown("activeControl", Value::Tree),
    shown("multiStreamVideo", Value::Tree),
];

const DIRECTION: Value = Value::OneOf(&["incoming", "outgoing"]);

/// What is in force for one leg: its own settings, then the fields of a call leg profile.
const LEG_CONFIGURATION: [Field; CALL_LEG.len() + 2] = {
    let mut out = [shown("ownerId", Value::Text); CALL_LEG.len() + 2];
    out[1] = shown("chosenLayout", LAYOUT);
    out[2] = shown("nameLabelOverride", Value::Bytes(50));
    let mut at = 1;
    while at < CALL_LEG.len() {
        out[at + 2] = shown(CALL_LEG[at].name, CALL_LEG[at].value);
        at += 1;
    }
    out
};

const LEG: &[Field] = &[
    shown("name", Value::Text).in_list().always(),
    field("remoteParty", Value::Text).once().in_list().always().mandatory(),
    shown("originalRemoteParty", Value::Text).in_list().since("2.3"),
    shown("localAddress", Value::Text),
    shown("call", Value::Reference("calls")).in_list(),
    shown("tenant", Value::Reference("tenants")).in_list(),
    listed("alarms", Value::Tree),
    shown("type", Value::OneOf(&["sip", "acano"])),
    shown("subType", Value::OneOf(&["lync", "avaya", "distributionLink", "lyncDistribution"])),
    shown("lyncSubType", Value::OneOf(&["audioVideo", "applicationSharing", "instantMessaging"])),
    shown("direction", DIRECTION),
    shown("canMove", Value::Bool).since("2.6"),
    shown("movedCallLeg", Value::Id).since("2.6"),
    shown("movedCallLegCallBridge", Value::Reference("callBridges")).since("2.6"),
    group("configuration", &LEG_CONFIGURATION),
    group("status", LEG_STATUS),
    given("bandwidth", NUMBER).once(),
    given("confirmation", Value::Bool).once(),
    given("ownerId", Value::Text),
    given("chosenLayout", LAYOUT),
    given("dtmfSequence", Value::Dtmf),
    given("nameLabelOverride", Value::Bytes(50)),
    given("callLegProfile", Value::Reference("callLegProfiles")),
];

/// A leg's overrides; `layout` is an old name of `defaultLayout`.
const OVERRIDES: [Field; CALL_LEG.len() - 1] = {
    let mut out = profiles::overrides();
    out[1].alias = Some("layout");
    out
};

const PARTICIPANT: &[Field] = &[
    shown("call", Value::Reference("calls")),
    shown("tenant", Value::Reference("tenants")),
    shown("callBridge", Value::Reference("callBridges")),
    shown("numCallLegs", NUMBER),
    shown("name", Value::Text).always(),
    shown("uri", Value::Text),
    shown("originalUri", Value::Text),
    shown("userJid", Value::Text),
    shown("isActivator", Value::Bool),
    shown("canMove", Value::Bool).since("2.6"),
    shown("movedParticipant", Value::Id).since("2.6"),
    shown("movedParticipantCallBridge", Value::Reference("callBridges")).since("2.6"),
    group(
        "configuration",
        &[
            shown("importance", IMPORTANCE),
            shown("nameLabelOverride", Value::Bytes(50)),
            shown("defaultLayout", LAYOUT),
            shown("layoutTemplate", Value::Reference("layoutTemplates")),
        ],
    ),
    group(
        "status",
        &[
            shown("state", Value::OneOf(&["initial", "ringing", "connected", "onHold"])),
            shown("cameraControlAvailable", Value::Bool),
        ],
    ),
];

/// What can be changed of somebody who is there.
const PARTICIPANT_CHANGES: &[Field] = &[
    given("importance", IMPORTANCE),
    given("dtmfSequence", Value::Dtmf),
    given("nameLabelOverride", Value::Bytes(50)),
    given("deactivated", Value::Bool).since("2.9"),
];

/// What is asked for when somebody is called into a conference.
const INVITED: &[Field] = &[
    given("remoteParty", Value::Text).once().mandatory_unless("movedParticipant"),
    given("movedParticipant", Value::Reference("participants")).once().since("2.6"),
    given("bandwidth", NUMBER).once(),
    given("confirmation", Value::Bool).once(),
    given("ownerId", Value::Text).once(),
    given("callBridge", Value::Reference("callBridges")).once(),
    given("callBridgeGroup", Value::Reference("callBridgeGroups")).once().since("2.2"),
    given("importance", IMPORTANCE).once(),
    given("dtmfSequence", Value::Dtmf).once(),
    given("nameLabelOverride", Value::Bytes(50)).once(),
    given("deactivated", Value::Bool).once().since("2.9"),
    given("callLegProfile", Value::Reference("callLegProfiles")).once(),
];

const CAMERA: &[Field] = &[
    given("pan", Value::OneOf(&["left", "right"])),
    given("tilt", Value::OneOf(&["up", "down"])),
    given("zoom", Value::OneOf(&["in", "out"])),
    given("focus", Value::OneOf(&["in", "out"])),
];

const PARTICIPANT_LIST: &[&str] = &["name", "call", "tenant", "callBridge"];

pub(super) const NODES: &[Node] = &[
    collection("calls", "calls", "call", Code::Call)
        .fields(CALL)
        .filters(&[super::exactly("coSpaceFilter", "coSpace", Value::Reference("coSpaces")), TENANT_FILTER])
        .cap(LIVE_PAGE)
        .about("Active calls"),
    action("calls/{}/diagnostics", "diagnostics", "P")
        .view("system/diagnostics", "call")
        .label("diagnostics")
        .about("Begins a diagnostics capture"),
    collection("calls/{}/participants", "participants", "participant", Code::Participant)
        .fields(PARTICIPANT)
        .also(INVITED_WITH_OVERRIDES)
        .below("")
        .filters(&[filter(&["name", "uri"]), TENANT_FILTER, told("callBridgeFilter", Value::Reference("callBridges"))])
        .cap(LIVE_PAGE)
        .listed_as(PARTICIPANT_LIST)
        .view("participants", "call")
        .about("Participants of a call"),
    action("calls/{}/participants/*", "participants", "U")
        .fields(&[
            given("rxAudioMute", Value::Bool),
            given("txAudioMute", Value::Bool),
            given("rxVideoMute", Value::Bool),
            given("txVideoMute", Value::Bool),
            given("layout", LAYOUT),
            given("importance", IMPORTANCE),
            given("filterIds", Value::Ids),
            given("mode", Value::OneOf(&["exclude", "selected"])).implied("exclude").since("2.4"),
        ])
        .label("participants of call")
        .about("Changes many participants at once"),
    collection("calls/{}/callLegs", "callLegs", "callLeg", Code::CallLeg)
        .fields(LEG)
        .also(&OVERRIDES)
        .below("")
        .filters(&[filter(&["name", "remoteParty"])])
        .cap(LIVE_PAGE)
        .view("callLegs", "call")
        .label("call leg")
        .about("Legs of a call"),
    collection("callLegs", "callLegs", "callLeg", Code::CallLeg)
        .fields(LEG)
        .also(&OVERRIDES)
        .filters(&[
            filter(&["name", "remoteParty"]),
            TENANT_FILTER,
            told("participantFilter", Value::Reference("participants")),
            told("activeLayoutFilter", LAYOUT),
            told("availableVideoStreamsLowerBound", NUMBER),
            told("availableVideoStreamsUpperBound", NUMBER),
            told("ownerIdSet", Value::Bool),
            told("alarms", Value::Text),
        ])
        .cap(LIVE_PAGE)
        .label("call leg")
        .about("Every connection to this Call Bridge"),
    single("callLegs/{}/callLegProfileTrace", "callLegProfileTrace")
        .fields(&[shown("profile", Value::Tree)])
        .about("Which profile sets what for a leg"),
    action("callLegs/{}/cameraControl", "cameraControl", "U").fields(CAMERA).since("2.8").about("Moves a camera"),
    action("callLegs/{}/generateKeyframe", "generateKeyframe", "P").about("Asks for a whole picture"),
    collection("participants", "participants", "participant", Code::Participant)
        .here("G")
        .fields(PARTICIPANT)
        .also(PARTICIPANT_CHANGES)
        .filters(&[filter(&["name", "uri"]), TENANT_FILTER, told("callBridgeFilter", Value::Reference("callBridges"))])
        .cap(LIVE_PAGE)
        .listed_as(PARTICIPANT_LIST)
        .about("Everybody in a call"),
    collection("participants/{}/callLegs", "callLegs", "callLeg", Code::CallLeg)
        .here("G")
        .below("")
        .fields(LEG)
        .cap(LIVE_PAGE)
        .view("callLegs", "participant")
        .label("call leg")
        .about("Legs of a participant"),
    action("participants/{}/cameraControl", "cameraControl", "U").fields(CAMERA).since("2.8").about("Moves a camera"),
];

const INVITED_WITH_OVERRIDES: &[Field] = &{
    let mut out = [INVITED[0]; INVITED.len() + OVERRIDES.len()];
    let mut at = 0;
    while at < out.len() {
        out[at] = if at < INVITED.len() { INVITED[at] } else { OVERRIDES[at - INVITED.len()] };
        out[at].modify = false;
        at += 1;
    }
    out
};

/// Bits a second.
pub(super) const BIT_RATE: Value = BIG;
