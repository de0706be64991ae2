//! Refusals: their codes, their one status, and their exact bytes (`api.md` 2).

use crate::xml::{Closing, Element};

/// Names the codes once: the variant, the element's text, and when it is raised (for the OpenAPI document).
macro_rules! codes {
    ($($variant:ident $text:literal $when:literal)+) => {
        /// A refusal's code. Clients match on the text, so none may change.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $(#[doc = $when] $variant),+ }

        impl Code {
            /// Every code there is.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The element's name.
            pub const fn text(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// When it is raised.
            pub const fn when(self) -> &'static str {
                match self { $(Self::$variant => $when),+ }
            }
        }
    };
}

codes! {
    AccessMethod "accessMethodDoesNotExist" "no such access method"
    CallBrandingProfile "callBrandingProfileDoesNotExist" "no such call branding profile"
    CallBridge "callBridgeDoesNotExist" "no such Call Bridge"
    CallBridgeGroup "callBridgeGroupDoesNotExist" "no such Call Bridge group"
    Call "callDoesNotExist" "no such call"
    CallLeg "callLegDoesNotExist" "no such call leg"
    CallLegProfile "callLegProfileDoesNotExist" "no such call leg profile"
    CallProfile "callProfileDoesNotExist" "no such call profile"
    CdrReceiver "cdrReceiverDoesNotExist" "no such CDR receiver"
    CompatibilityProfile "compatibilityProfileDoesNotExist" "no such compatibility profile"
    CoSpace "coSpaceDoesNotExist" "no such space"
    CoSpaceUser "coSpaceUserDoesNotExist" "no such member"
    CoSpaceTemplate "coSpaceTemplateDoesNotExist" "no such space template"
    CoSpaceAccessMethodTemplate "coSpaceAccessMethodTemplateDoesNotExist" "no such access method template"
    CospaceBulkParameterSet "cospaceBulkParameterSetDoesNotExist" "no such parameter set"
    CospaceBulkSync "cospaceBulkSyncDoesNotExist" "no such bulk run"
    DialInSecurityProfile "dialInSecurityProfileDoesNotExist" "no such dial-in security profile"
    DialTransform "dialTransformDoesNotExist" "no such dial transform"
    DirectorySearchLocation "directorySearchLocationDoesNotExist" "no such directory search location"
    DtmfProfile "dtmfProfileDoesNotExist" "no such DTMF profile"
    ForwardingDialPlanRule "forwardingDialPlanRuleDoesNotExist" "no such forwarding rule"
    InboundDialPlanRule "inboundDialPlanRuleDoesNotExist" "no such inbound rule"
    Ivr "ivrDoesNotExist" "no such IVR"
    IvrBrandingProfile "ivrBrandingProfileDoesNotExist" "no such IVR branding profile"
    LayoutTemplate "layoutTemplateDoesNotExist" "no such layout template"
    LdapMapping "ldapMappingDoesNotExist" "no such LDAP mapping"
    LdapServer "ldapServerDoesNotExist" "no such LDAP server"
    LdapSource "ldapSourceDoesNotExist" "no such LDAP source"
    LdapSync "ldapSyncDoesNotExist" "no such LDAP synchronisation"
    LdapUserCoSpaceTemplateSource "ldapUserCoSpaceTemplateSourceDoesNotExist" "no such source of templates"
    Message "messageDoesNotExist" "no such message"
    OutboundDialPlanRule "outboundDialPlanRuleDoesNotExist" "no such outbound rule"
    Participant "participantDoesNotExist" "no such participant"
    Recorder "recorderDoesNotExist" "no such recorder"
    Streamer "streamerDoesNotExist" "no such streamer"
    SystemDiagnostics "systemDiagnosticsDoesNotExist" "no such diagnostics capture"
    Tenant "tenantDoesNotExist" "no such tenant"
    TenantGroup "tenantGroupDoesNotExist" "no such tenant group"
    TurnServer "turnServerDoesNotExist" "no such TURN server"
    User "userDoesNotExist" "no such user"
    UserCoSpaceTemplate "userCoSpaceTemplateDoesNotExist" "no such template of this user"
    UserProfile "userProfileDoesNotExist" "no such user profile"
    WebBridge "webBridgeDoesNotExist" "no such web bridge"
    WebBridgeProfile "webBridgeProfileDoesNotExist" "no such web bridge profile"

    DuplicateCoSpaceUri "duplicateCoSpaceUri" "the URI belongs to another space, access method, user or IVR"
    DuplicateCoSpaceId "duplicateCoSpaceId" "the call ID belongs to another space"
    DuplicateCoSpaceUriPasscode "duplicateCoSpaceUriPasscode" "URI and passcode are both those of this space or of one of its access methods"
    DuplicateCoSpaceIdPasscode "duplicateCoSpaceIdPasscode" "call ID and passcode are both those of this space or of one of its access methods"
    DuplicateCoSpaceSecret "duplicateCoSpaceSecret" "the secret is used in this space already"
    DuplicateCallBridgeName "duplicateCallBridgeName" "the name belongs to another Call Bridge"
    DuplicateUserCoSpaceTemplate "duplicateUserCoSpaceTemplate" "the user has this template already"
    InboundDialPlanRuleUriConflict "inboundDialPlanRuleUriConflict" "one URI would reach spaces of several tenants"
    IvrUriConflict "ivrUriConflict" "the IVR's URI is in use"
    TenantGroupCoSpaceIdConflict "tenantGroupCoSpaceIdConflict" "two spaces would have one call ID"

    InvalidOperation "invalidOperation" "this method does not work on this node"
    InvalidVersion "invalidVersion" "there is no such version of the API"
    UnrecognisedObject "unrecognisedObject" "there is no such node"
    ParameterError "parameterError" "a parameter is missing or wrong; the attributes say which and how"

    CallBridgeUnavailable "callBridgeUnavailable" "the Call Bridge cannot take the call"
    CallBridgeGroupUnavailable "callBridgeGroupUnavailable" "no Call Bridge of the group can take the call"
    LoadBalancingDisabled "loadBalancingDisabled" "the group does not balance outgoing calls"
    CallRecordingCannotBeModified "callRecordingCannotBeModified" "recording of this call is not started or stopped by hand"
    CallStreamingCannotBeModified "callStreamingCannotBeModified" "streaming of this call is not started or stopped by hand"
    RecordingLimitReached "recordingLimitReached" "all licensed recordings are running"
    StreamingLimitReached "streamingLimitReached" "all licensed streams are running"
    CallLegCannotBeDeleted "callLegCannotBeDeleted" "the leg cannot be removed"
    ParticipantCannotBeDeleted "participantCannotBeDeleted" "another Call Bridge has the participant"
    ParticipantCannotBeModified "participantCannotBeModified" "another Call Bridge has the participant"
    ParticipantLimitReached "participantLimitReached" "the call is full"
    TenantParticipantLimitReached "tenantParticipantLimitReached" "the tenant's calls are full"
    LdapSyncCannotBeCancelled "ldapSyncCannotBeCancelled" "the synchronisation has begun"
    TooManyLdapSyncs "tooManyLdapSyncs" "too many synchronisations wait"
    TooManyCdrReceivers "tooManyCdrReceivers" "there are four receivers already"
    DatabaseNotReady "databaseNotReady" "nothing can be stored, for the database is not up"
    LayoutTemplateDescriptionTooLong "layoutTemplateDescriptionTooLong" "the template's document is too large"
    UserCoSpaceTemplateDeletionProhibited "userCoSpaceTemplateDeletionProhibited" "the template came from LDAP"
    PasscodeTooShort "passcodeTooShort" "shorter than the dial-in security profile allows"
}

impl Code {
    /// The status of every refusal by the user's fault. Clients expect 400 for unknown ids too (`api.md` 2); this is the one
    /// place where that could change.
    pub const fn status(self) -> u16 {
        400
    }
}

/// What is wrong with a parameter's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// Not a value of its type.
    InvalidValue,
    /// Mandatory and not there.
    Missing,
    /// Too long.
    TooLong,
}

impl Wrong {
    /// The attribute's value.
    pub const fn text(self) -> &'static str {
        match self {
            Self::InvalidValue => "invalidValue",
            Self::Missing => "missing",
            Self::TooLong => "valueTooLong",
        }
    }
}

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// A code alone.
    Code(Code),
    /// Parameters by canonical name, each with what is wrong; never empty.
    Parameters(Vec<(&'static str, Wrong)>),
}

impl Fault {
    /// One wrong parameter.
    pub fn parameter(name: &'static str, wrong: Wrong) -> Self {
        Self::Parameters(vec![(name, wrong)])
    }

    /// The HTTP status.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Code(code) => code.status(),
            Self::Parameters(_) => Code::ParameterError.status(),
        }
    }

    /// The body.
    pub fn element(&self) -> Element {
        let code = |code: Code| Element::new(code.text()).closed(Closing::Spaced);
        let root = Element::new("failureDetails");
        match self {
            Self::Code(one) => root.child(code(*one)),
            Self::Parameters(wrong) => root.children(wrong.iter().map(|(name, wrong)| {
                code(Code::ParameterError).attribute("parameter", name).attribute("error", wrong.text())
            })),
        }
    }
}

impl From<Code> for Fault {
    fn from(code: Code) -> Self {
        Self::Code(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A widely used client takes the code from between the first 38 and the last 20 characters.
    #[test]
    fn the_code_stands_between_38_and_20_characters() {
        for code in Code::ALL {
            let body = String::from_utf8(Fault::from(*code).element().document()).unwrap();
            assert_eq!(&body[38..body.len() - 20], code.text(), "{body}");
            assert!(body.ends_with(" /></failureDetails>"), "{body}");
        }
    }

    #[test]
    fn wrong_parameters_follow_each_other() {
        let fault = Fault::Parameters(vec![("streamUrl", Wrong::InvalidValue), ("name", Wrong::TooLong)]);
        assert_eq!(
            fault.element().text(),
            "<failureDetails><parameterError parameter=\"streamUrl\" error=\"invalidValue\" />\
             <parameterError parameter=\"name\" error=\"valueTooLong\" /></failureDetails>"
        );
    }
}
