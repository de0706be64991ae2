//! Questions that are no objects (`api.md` 3.13).

use super::{Field, Node, action, given, shown};
use crate::value::Value;

const TENANT: Field = given("tenant", Value::Reference("tenants"));

pub(super) const NODES: &[Node] = &[
    action("accessQuery", "accessQuery", "P")
        .fields(&[
            given("uri", Value::UriUser).mandatory_unless("callId"),
            given("callId", Value::CallId),
            TENANT,
            shown("uri", Value::Text),
            shown("webAddress", Value::Text),
            shown("ivr", Value::Text),
        ])
        .about("How a space is reached"),
    action("uriUsageQuery", "uriUsageQuery", "P")
        .fields(&[
            given("uri", Value::UriUser).mandatory(),
            TENANT,
            shown("coSpaceId", Value::Reference("coSpaces")),
            shown("userId", Value::Reference("users")),
            shown("ivrId", Value::Reference("ivrs")),
        ])
        .about("What a URI belongs to"),
    action("conversationIdQuery", "conversationIdQuery", "G")
        .fields(&[
            given("conversationId", Value::Text).mandatory(),
            shown("conversationId", Value::Text),
            shown("found", Value::Bool),
        ])
        .about("Whether a conversation runs here"),
];
