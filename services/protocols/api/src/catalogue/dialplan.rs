//! The dial plan and the IVRs (`api.md` 3.2, 3.5).

use super::{Field, Node, TENANT_FILTER, collection, field, filter};
use crate::{fault::Code, value::Value};

const PRIORITY: Field = field("priority", Value::Number(0, u32::MAX as u64)).in_list().default("0");
const TENANT: Field = field("tenant", Value::Reference("tenants")).in_list();

const PATTERN: Value = Value::Domain { wildcards: true };
const EXACT: Value = Value::Domain { wildcards: false };

const OUTBOUND: &[Field] = &[
    field("domain", PATTERN).in_list().even_empty().always(),
    PRIORITY,
    TENANT,
    field("localContactDomain", EXACT).always(),
    field("localFromDomain", EXACT).always(),
    field("trunkType", Value::OneOf(&["sip", "lync", "avaya"])).default("sip"),
    field("sipControlEncryption", Value::OneOf(&["auto", "encrypted", "unencrypted"])).default("auto"),
    field("sipProxy", Value::Text),
    field("failureAction", Value::OneOf(&["stop", "continue"])).default("stop"),
    field("scope", Value::OneOf(&["global", "callBridge", "callBridgeGroup"])).default("global"),
    field("callBridge", Value::Reference("callBridges")),
    field("callBridgeGroup", Value::Reference("callBridgeGroups")).since("2.2"),
    field("callRouting", Value::OneOf(&["default", "traversal"])).default("default"),
];

const INBOUND: &[Field] = &[
    field("domain", EXACT).in_list().mandatory(),
    PRIORITY,
    TENANT,
    field("resolveToUsers", Value::Bool).default("true"),
    field("resolveTocoSpaces", Value::Bool).default("true"),
    field("resolveToIvrs", Value::Bool).default("true"),
    field("resolveToLyncConferences", Value::Bool).default("false"),
    field("resolveToLyncSimplejoin", Value::Bool).default("false").since("2.2"),
];

const FORWARDING: &[Field] = &[
    field("matchPattern", PATTERN).in_list().mandatory(),
    PRIORITY,
    TENANT,
    field("action", Value::OneOf(&["forward", "reject"])).default("reject"),
    field("destinationDomain", EXACT),
    field("callerIdMode", Value::OneOf(&["regenerate", "preserve"])).default("regenerate"),
    field("uriParameters", Value::OneOf(&["discard", "forward"])).default("discard").since("2.0"),
];

const TRANSFORM: &[Field] = &[
    field("type", Value::OneOf(&["raw", "strip", "phone"])).in_list(),
    field("match", Value::Text),
    field("transform", Value::Text),
    field("priority", Value::Number(0, u32::MAX as u64)).default("0"),
    field("action", Value::OneOf(&["accept", "acceptPhone", "deny"])),
];

pub(super) const NODES: &[Node] = &[
    collection("outboundDialPlanRules", "outboundDialPlanRules", "outboundDialPlanRule", Code::OutboundDialPlanRule)
        .fields(OUTBOUND)
        .filters(&[filter(&["domain"]), TENANT_FILTER])
        .label("outbound dial plan rule")
        .about("Where calls to a domain go"),
    collection("inboundDialPlanRules", "inboundDialPlanRules", "inboundDialPlanRule", Code::InboundDialPlanRule)
        .fields(INBOUND)
        .filters(&[filter(&["domain"]), TENANT_FILTER])
        .label("inbound dial plan rule")
        .about("Domains for which calls are taken, and what they may reach"),
    collection(
        "forwardingDialPlanRules",
        "forwardingDialPlanRules",
        "forwardingDialPlanRule",
        Code::ForwardingDialPlanRule,
    )
    .fields(FORWARDING)
    .filters(&[filter(&["matchPattern"]), TENANT_FILTER])
    .label("forwarding dial plan rule")
    .about("What becomes of calls that no inbound rule takes"),
    collection("dialTransforms", "dialTransforms", "dialTransform", Code::DialTransform)
        .fields(TRANSFORM)
        .filters(&[filter(&["match", "transform"])])
        .label("dial transform")
        .about("How a dialled string is rewritten"),
    collection("ivrs", "ivrs", "ivr", Code::Ivr)
        .fields(&[
            field("uri", Value::UriUser).in_list().mandatory(),
            TENANT,
            field("tenantGroup", Value::Reference("tenantGroups")),
            field("ivrBrandingProfile", Value::Reference("ivrBrandingProfiles")),
            field("resolveCoSpaceCallIds", Value::Bool).default("true"),
            field("resolveLyncConferenceIds", Value::Bool).default("false"),
        ])
        .filters(&[filter(&["uri"]), TENANT_FILTER])
        .label("IVR")
        .about("Numbers that ask for a call ID"),
];
