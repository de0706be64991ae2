//! From the outcome of an operation to the bytes of its answer (`api.md` 1.2, 1.5).

use crate::{
    catalogue::{Field, Node},
    exchange::Answer,
    fault::Fault,
    guid::Guid,
    operation::{Changes, Operation, Outcome, Record, What},
    value::Value,
    xml::Element,
};

/// The answer to an operation.
pub fn render(operation: &Operation, outcome: Result<Outcome, Fault>) -> Answer {
    let node = operation.node;
    let mut answer = match outcome {
        Err(fault) => return fault.into(),
        Ok(Outcome::Page { total, records }) => Answer::document(&list(node, total, &records)),
        Ok(Outcome::Record(record)) => {
            let fields: Vec<&Field> = node.fields.iter().filter(|field| field.read).collect();
            Answer::document(&object(node.element, &fields, &record))
        }
        Ok(Outcome::Created(id)) => Answer::empty(200).with("Location", location(operation, id)),
        Ok(Outcome::Done) => Answer::empty(200),
        Ok(Outcome::Element(root)) => Answer::document(&root),
        Ok(Outcome::Document(bytes)) => Answer::ok(node.document.unwrap_or("text/plain"), bytes),
        Ok(Outcome::Token(token)) => return Answer::empty(200).with("X-Cisco-CMS-Auth-Token", token),
    };
    answer.event = event(operation, answer.header("Location"));
    answer
}

fn list(node: &Node, total: u64, records: &[Record]) -> Element {
    let fields = node.list_fields();
    let mut root = Element::new(node.root).attribute("total", total);
    for (name, value) in node.attributes {
        root = root.attribute(name, value);
    }
    root.children(records.iter().map(|record| object(node.element, &fields, record)))
}

/// One object with these fields, in their order.
fn object(name: &'static str, fields: &[&Field], record: &Record) -> Element {
    let mut element = Element::new(name);
    if let Some(id) = record.id {
        element = element.attribute("id", id);
    }
    for (name, value) in &record.attributes {
        element = element.attribute(name, value);
    }
    element.children(fields.iter().flat_map(|field| {
        let details = record.details.iter().filter(|(after, _)| *after == field.name).map(|(_, detail)| detail.clone());
        shown(field, record).into_iter().chain(details)
    }))
}

/// A field's elements: none while it is unset, unless it is always shown.
fn shown(field: &Field, record: &Record) -> Vec<Element> {
    match field.value {
        Value::Tree => record.trees.get(field.name).cloned().unwrap_or_default(),
        Value::Group => {
            let within = field.within.iter().flat_map(|field| shown(field, record));
            vec![Element::new(field.name).children(within)]
        }
        _ => match record.values.get(field.name) {
            Some(value) if field.only.is_none_or(|only| only == value) => vec![Element::of(field.name, value)],
            None if field.shown_empty => vec![Element::new(field.name)],
            _ => Vec::new(),
        },
    }
}

/// Where the object is, as a path in canonical case that ends in its id.
fn location(operation: &Operation, id: Guid) -> String {
    let mut parents = operation.parents.iter();
    let filled = operation.node.kept_at().split('/').map(|name| match name {
        "{}" => parents.next().map(|(_, id)| id.to_string()).unwrap_or_default(),
        name => name.to_owned(),
    });
    format!("/api/v1/{}/{id}", filled.collect::<Vec<_>>().join("/"))
}

/// What the log says of a change, after the name of the user (`api.md` 10).
fn event(operation: &Operation, location: Option<&str>) -> Option<String> {
    let label = operation.node.label;
    let within = operation.node.view.and(operation.parents.last()).map(|(node, id)| format!(", {} {id}", node.label));
    let within = within.unwrap_or_default();
    let created = || location.and_then(|location| location.rsplit('/').next());
    match &operation.what {
        What::Create(_) => Some(format!("created new {label} {}{within}", created()?)),
        What::Run(_) => created().map(|id| format!("created new {label} {id}{within}")),
        What::Modify(id, changes) => Some(format!("modified {label} {id}{}", name(changes))),
        What::Set(_) | What::Replace(_) => Some(format!("modified {label}")),
        What::Remove(id) => Some(format!("deleted {label} {id}")),
        What::Clear(_) => Some(format!("deleted {}", operation.node.root)),
        What::List(_) | What::Read(_) | What::Show => None,
    }
}

/// A new name is logged on one line, whatever it holds.
fn name(changes: &Changes) -> String {
    let one_line = |name: &str| name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>();
    changes.value("name").map(|name| format!(" ({})", one_line(name))).unwrap_or_default()
}
