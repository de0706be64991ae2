//! Profiles: what a call, a leg, a user or a caller may do (`api.md` 3.4). An unset field inherits.

use super::{Field, Node, USAGE_FILTER, collection, field, filter, given, shown, single};
use crate::{
    fault::Code,
    value::{LAYOUT, NUMBER, Value},
};

const fn allowed(name: &'static str) -> Field {
    field(name, Value::Bool).in_list()
}

const fn keys(name: &'static str) -> Field {
    field(name, Value::Dtmf).always()
}

/// The fields of a call leg profile, which are a leg's overrides too.
pub(super) const CALL_LEG: &[Field] = &[
    field("name", Value::Text).in_list().since("2.0"),
    allowed("needsActivation").implied("false"),
    field("defaultLayout", LAYOUT).in_list(),
    field("deactivationMode", Value::OneOf(&["deactivate", "disconnect", "remainActivated"])).in_list(),
    field("deactivationModeTime", NUMBER).in_list(),
    field("maxCallDurationTime", NUMBER).in_list().since("2.0"),
    allowed("changeLayoutAllowed").implied("true"),
    allowed("participantLabels"),
    field("participantCounter", Value::OneOf(&["never", "auto", "always"])).in_list().implied("auto").since("2.2"),
    field("layoutTemplate", Value::Reference("layoutTemplates")).in_list().since("2.8"),
    field("videoMode", Value::OneOf(&["auto", "disabled"])).in_list(),
    field("presentationDisplayMode", Value::OneOf(&["dualStream", "singleStream"])).in_list(),
    allowed("presentationContributionAllowed"),
    allowed("presentationViewingAllowed"),
    allowed("sipPresentationChannelEnabled"),
    field("bfcpMode", Value::OneOf(&["serverOnly", "serverAndClient"])).in_list(),
    allowed("allowAllPresentationContributionAllowed"),
    allowed("endCallAllowed"),
    allowed("disconnectOthersAllowed"),
    allowed("addParticipantAllowed").since("2.3"),
    allowed("muteOthersAllowed").implied("false"),
    allowed("videoMuteOthersAllowed").implied("false"),
    allowed("setImportanceAllowed").since("2.3"),
    allowed("callLockAllowed"),
    allowed("recordingControlAllowed"),
    allowed("streamingControlAllowed").since("2.1"),
    allowed("allowAllMuteSelfAllowed"),
    allowed("changeJoinAudioMuteOverrideAllowed"),
    allowed("controlRemoteCameraAllowed").since("2.8"),
    allowed("muteSelfAllowed").implied("true"),
    allowed("videoMuteSelfAllowed").implied("true"),
    allowed("rxAudioMute"),
    allowed("txAudioMute"),
    allowed("rxVideoMute"),
    allowed("txVideoMute"),
    field("joinToneParticipantThreshold", Value::Number(0, 100)).in_list().implied("0"),
    field("leaveToneParticipantThreshold", Value::Number(0, 100)).in_list().implied("0"),
    field("audioPacketSizeMs", NUMBER).in_list().implied("20"),
    field("audioGainMode", Value::OneOf(&["agc", "disabled"])).in_list().since("2.8"),
    field("sipMediaEncryption", Value::OneOf(&["optional", "required", "prohibited"])).in_list().implied("optional"),
    allowed("telepresenceCallsAllowed"),
    field("qualityMain", Value::OneOf(&["unrestricted", "max1080p30", "max720p30", "max480p30"]))
        .in_list()
        .implied("unrestricted")
        .since("2.2"),
    field("qualityPresentation", Value::OneOf(&["unrestricted", "max1080p30", "max720p5"]))
        .in_list()
        .implied("unrestricted")
        .since("2.2"),
];

const MODES: Value = Value::OneOf(&["disabled", "manual", "automatic"]);

const CALL: &[Field] = &[
    field("name", Value::Text).since("3.0"),
    field("participantLimit", NUMBER),
    field("messageBoardEnabled", Value::Bool),
    field("locked", Value::Bool),
    field("recordingMode", MODES).implied("manual"),
    field("streamingMode", MODES).implied("manual").since("2.1"),
    field("passcodeMode", Value::OneOf(&["required", "timeout"])).implied("required").since("2.1"),
    field("passcodeTimeout", NUMBER).since("2.1"),
    field("gatewayAudioCallOptimization", Value::Bool).since("2.3"),
    field("lyncConferenceMode", Value::OneOf(&["dualHomeCluster", "dualHomeCallBridge", "gateway"])).since("2.3"),
    field("lockMode", Value::OneOf(&["all", "needsActivation"])).implied("needsActivation").since("2.9"),
    field("sipRecorderUri", Value::Text).since("2.9"),
    field("sipStreamerUri", Value::Text).since("3.0"),
];

const DTMF: &[Field] = &[
    keys("muteSelfAudio"),
    keys("unmuteSelfAudio"),
    keys("toggleMuteSelfAudio"),
    keys("lockCall"),
    keys("unlockCall"),
    keys("muteAllExceptSelfAudio"),
    keys("unmuteAllExceptSelfAudio"),
    keys("endCall"),
    keys("nextLayout"),
    keys("previousLayout"),
    keys("startRecording"),
    keys("stopRecording"),
    keys("startStreaming"),
    keys("stopStreaming"),
    keys("allowAllMuteSelf"),
    keys("cancelAllowAllMuteSelf"),
    keys("allowAllPresentationContribution"),
    keys("cancelAllowAllPresentationContribution"),
    keys("muteAllNewAudio"),
    keys("unmuteAllNewAudio"),
    keys("defaultMuteAllNewAudio"),
    keys("muteAllNewAndAllExceptSelfAudio"),
    keys("unmuteAllNewAndAllExceptSelfAudio"),
    keys("getTotalParticipantCount").since("2.8"),
];

const USER: &[Field] = &[
    field("canCreateCoSpaces", Value::Bool),
    field("canCreateCalls", Value::Bool),
    field("canUseExternalDevices", Value::Bool),
    field("canMakePhoneCalls", Value::Bool),
    field("userToUserMessagingAllowed", Value::Bool),
    field("audioParticipationAllowed", Value::Bool),
    field("videoParticipationAllowed", Value::Bool),
    field("presentationParticipationAllowed", Value::Bool),
    field("hasLicense", Value::Bool),
    field("canReceiveCalls", Value::Bool),
    field("canSendEmailInvite", Value::Bool),
];

const COMPATIBILITY: &[Field] = &[
    field("sipUdt", Value::Bool),
    field("sipMultistream", Value::Bool).implied("true"),
    field("sipMediaPayloadTypeMode", Value::OneOf(&["auto", "broadsoft"])),
    field("chromeWebRtcVideoCodec", Value::OneOf(&["auto", "avoidH264"])),
    field("chromeWebRtcH264interopMode", Value::OneOf(&["auto", "none"])).since("2.9"),
    field("h264CHPMode", Value::OneOf(&["auto", "basic"])),
    field("sipH224", Value::Bool).since("2.8"),
    field("distributionLinkMediaTraversal", Value::OneOf(&["enabled", "disabled"])).since("2.8"),
];

const WEB: Value = Value::Url(&["http", "https"]);

/// The fields of a web bridge profile, of which the effective ones are shown elsewhere too.
pub(super) const WEB_BRIDGE: &[Field] = &[
    field("name", Value::Text).in_list(),
    field("resourceArchive", WEB),
    field("allowPasscodes", Value::Bool).default("true"),
    field("allowSecrets", Value::Bool).default("true"),
    field("userPortalEnabled", Value::Bool).default("true"),
    field("allowUnauthenticatedGuests", Value::Bool).default("true"),
    field("resolveCoSpaceCallIds", Value::Bool).default("true"),
    field("resolveLyncConferenceIds", Value::Bool).default("false"),
    field("resolveCoSpaceUris", Value::OneOf(&["off", "domainSuggestionDisabled", "domainSuggestionEnabled"]))
        .default("off"),
];

pub(super) const NODES: &[Node] = &[
    collection("callProfiles", "callProfiles", "callProfile", Code::CallProfile)
        .fields(CALL)
        .filters(&[USAGE_FILTER])
        .label("call profile")
        .about("What holds for a conference"),
    collection("callLegProfiles", "callLegProfiles", "callLegProfile", Code::CallLegProfile)
        .fields(CALL_LEG)
        .filters(&[filter(&["name"]), USAGE_FILTER])
        .label("call leg profile")
        .about("What holds for one connection"),
    single("callLegProfiles/{}/usage", "callLegProfileUsage")
        .fields(&[shown("global", Value::Tree)])
        .about("Where a call leg profile is used"),
    collection("dtmfProfiles", "dtmfProfiles", "dtmfProfile", Code::DtmfProfile)
        .fields(DTMF)
        .filters(&[USAGE_FILTER])
        .label("DTMF profile")
        .about("Which keys do what"),
    collection("userProfiles", "userProfiles", "userProfile", Code::UserProfile)
        .fields(USER)
        .filters(&[USAGE_FILTER])
        .label("user profile")
        .about("What users may do"),
    collection("callBrandingProfiles", "callBrandingProfiles", "callBrandingProfile", Code::CallBrandingProfile)
        .fields(&[field("resourceLocation", WEB).in_list(), field("invitationTemplate", WEB).in_list()])
        .filters(&[USAGE_FILTER])
        .label("call branding profile")
        .about("Sounds, pictures and invitations of calls"),
    collection("ivrBrandingProfiles", "ivrBrandingProfiles", "ivrBrandingProfile", Code::IvrBrandingProfile)
        .fields(&[field("resourceLocation", WEB).in_list()])
        .filters(&[USAGE_FILTER])
        .label("IVR branding profile")
        .about("Sounds and pictures of IVRs"),
    collection("compatibilityProfiles", "compatibilityProfiles", "compatibilityProfile", Code::CompatibilityProfile)
        .fields(COMPATIBILITY)
        .filters(&[USAGE_FILTER])
        .label("compatibility profile")
        .since("2.1")
        .about("Concessions to other makers' equipment"),
    collection("layoutTemplates", "layoutTemplates", "layoutTemplate", Code::LayoutTemplate)
        .fields(&[field("name", Value::Text).in_list(), shown("templateSize", NUMBER).in_list()])
        .filters(&[filter(&["name"])])
        .label("layout template")
        .since("2.8")
        .about("Layouts of one's own"),
    {
        let mut node = single("layoutTemplates/{}/template", "template").document("application/json");
        node.here = super::methods("GU");
        node.since("2.8").about("The document of a layout template")
    },
    collection(
        "dialInSecurityProfiles",
        "dialInSecurityProfiles",
        "dialInSecurityProfile",
        Code::DialInSecurityProfile,
    )
    .fields(&[
        field("name", Value::Text).in_list(),
        field("minPasscodeLength", NUMBER),
        field("allowOutOfPolicy", Value::Bool).implied("false"),
    ])
    .filters(&[filter(&["name"]), USAGE_FILTER])
    .label("dial-in security profile")
    .since("3.0")
    .about("How long a passcode must be"),
    collection("webBridgeProfiles", "webBridgeProfiles", "webBridgeProfile", Code::WebBridgeProfile)
        .fields(WEB_BRIDGE)
        .filters(&[filter(&["name"]), USAGE_FILTER])
        .label("web bridge profile")
        .since("3.0")
        .about("What guests of a web bridge may do"),
];

/// Overrides of one leg: every field of a call leg profile but its name, never shown under these names.
pub(super) const fn overrides() -> [Field; CALL_LEG.len() - 1] {
    let mut out = [given("", Value::Bool); CALL_LEG.len() - 1];
    let mut at = 0;
    while at < out.len() {
        out[at] = CALL_LEG[at + 1];
        out[at].read = false;
        out[at].list = false;
        out[at].implied = None;
        at += 1;
    }
    out
}
