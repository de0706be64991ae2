//! The answers of a product whose Call Bridge does not run: its own nodes are true, every list is empty, every id is
//! unknown, and whatever would have to be stored or called is refused (decision 0130).

use crate::{
    fault::{Code, Fault},
    operation::{Operation, Outcome, Record, Store, What},
    system::System,
    xml::Element,
};

/// A store that knows the system alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WithoutCallBridge {
    /// What the system's own nodes tell.
    pub system: System,
}

impl Store for WithoutCallBridge {
    fn perform(&self, operation: &Operation) -> Result<Outcome, Fault> {
        if let Some(outcome) = self.system.perform(operation) {
            return Ok(outcome);
        }
        // No object exists, so neither does one that the path or a parameter names.
        if let Some((parent, _)) = operation.parents.first() {
            return Err(parent.unknown.unwrap_or(Code::UnrecognisedObject).into());
        }
        match &operation.what {
            What::List(_) => Ok(Outcome::Page { total: 0, records: Vec::new() }),
            What::Read(_) | What::Modify(..) | What::Remove(_) => Err(operation.unknown()),
            What::Clear(_) => Ok(Outcome::Done),
            What::Show => Ok(alone(operation)),
            What::Create(changes) | What::Set(changes) | What::Run(changes) => {
                if let Some(code) = changes.references().find_map(|(kept_at, _)| unknown(kept_at)) {
                    return Err(code.into());
                }
                match operation.node.path {
                    "accessQuery" | "uriUsageQuery" => Ok(Outcome::Record(Record::default())),
                    "conversationIdQuery" => {
                        let asked = changes.value("conversationId").unwrap_or_default();
                        Ok(Outcome::Record(Record::default().with("conversationId", asked).with("found", false)))
                    }
                    "calls" | "callLegs" | "authTokens" => Err(Code::CallBridgeUnavailable.into()),
                    _ => Err(Code::DatabaseNotReady.into()),
                }
            }
            What::Replace(_) => Err(Code::DatabaseNotReady.into()),
        }
    }
}

fn unknown(kept_at: &str) -> Option<Code> {
    crate::catalogue::find(kept_at).and_then(|node| node.unknown)
}

/// A single node nobody has set anything on: what it is by default.
fn alone(operation: &Operation) -> Outcome {
    if operation.node.document.is_some() {
        return Outcome::Document(Vec::new());
    }
    let defaults = operation.node.fields.iter().filter_map(|field| Some((field.name, field.default?.to_owned())));
    let record = Record { values: defaults.collect(), ..Record::default() };
    if operation.node.fields.is_empty() {
        Outcome::Element(Element::new(operation.node.element))
    } else {
        Outcome::Record(record)
    }
}
