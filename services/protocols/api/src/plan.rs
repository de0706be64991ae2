//! From the bytes of a request to an operation, or to the answer that refuses it (`api.md` 1.2 to 1.7).

use crate::{
    catalogue::{self, Field, Meaning, Node, Shape},
    exchange::{Answer, Request},
    fault::{Code, Fault, Wrong},
    form::{Given, Parameters, decode},
    guid::Guid,
    operation::{Changes, Operation, Query, What},
    value::{self, Value},
};

/// Largest layout document, in bytes.
pub const DOCUMENT_MAX: usize = 65_536;

/// What a request asks for. The error is the whole answer: a refusal, or 404 for a path that is not of the API.
pub fn plan(request: &Request<'_>) -> Result<Operation, Answer> {
    let segments = segments(request.path)?;
    let (place, parents) = locate(&segments).ok_or(Fault::from(Code::UnrecognisedObject))?;
    let parents =
        parents.into_iter().map(|(node, id)| Ok((node, known(node, id)?))).collect::<Result<Vec<_>, Fault>>()?;
    let get = request.method == "GET" || request.method == "HEAD";
    let (node, what) = match place {
        Place::Here(node) => {
            let node = starred(node, request.method);
            let here = node.here;
            let what = match (node.shape, request.method) {
                (Shape::Collection, _) if get && here.get => What::List(query(node, request)?),
                (Shape::Collection, "POST") if here.post => What::Create(created(node, request)?),
                (Shape::Collection, "DELETE") if here.delete => What::Clear(query(node, request)?),
                (Shape::Single, _) if get && here.get => What::Show,
                (Shape::Single, "PUT") if here.put && node.document.is_some() => What::Replace(document(request)?),
                (Shape::Single, "PUT") if here.put => What::Set(modified(node, request)?),
                (Shape::Single, "POST") if here.post => What::Set(modified(node, request)?),
                (Shape::Action, _) if get && here.get => What::Run(created(node, request)?),
                (Shape::Action, "POST") if here.post => What::Run(created(node, request)?),
                (Shape::Action, "PUT") if here.put => What::Run(created(node, request)?),
                _ => return Err(Fault::from(Code::InvalidOperation).into()),
            };
            (node, what)
        }
        Place::Below(node, id) => {
            let what = match request.method {
                _ if get && node.below.get => What::Read(known(node, id)?),
                "PUT" if node.below.put => What::Modify(known(node, id)?, modified(node, request)?),
                "DELETE" if node.below.delete => What::Remove(known(node, id)?),
                _ => return Err(Fault::from(Code::InvalidOperation).into()),
            };
            (node, what)
        }
    };
    Ok(Operation { node, parents, what })
}

/// A path below a node, or the node itself.
enum Place<'a> {
    Here(&'static Node),
    Below(&'static Node, &'a str),
}

/// The decoded elements of a path after `/api/v1`.
fn segments(path: &str) -> Result<Vec<String>, Answer> {
    let mut parts = path.strip_prefix('/').ok_or_else(Answer::not_found)?.split('/');
    let is_api = parts.next().is_some_and(|part| part.eq_ignore_ascii_case("api"));
    let version = parts.next().unwrap_or_default();
    let numbered = version.strip_prefix(['v', 'V']).is_some_and(|rest| value::number(rest).is_some());
    if !is_api || !numbered {
        return Err(Answer::not_found());
    }
    if !version.eq_ignore_ascii_case("v1") {
        return Err(Fault::from(Code::InvalidVersion).into());
    }
    let mut found: Vec<&str> = parts.collect();
    // One slash at the end is tolerated.
    if found.last().is_some_and(|last| last.is_empty()) {
        found.pop();
    }
    let decoded = found.into_iter().map(|part| String::from_utf8(decode(part.as_bytes(), false).into_owned()));
    decoded.collect::<Result<_, _>>().map_err(|_| Fault::from(Code::UnrecognisedObject).into())
}

/// Each id of a path with the collection that keeps it.
type Ids<'a> = Vec<(&'static Node, &'a str)>;

/// Finds the node; names in any case.
fn locate(segments: &[String]) -> Option<(Place<'_>, Ids<'_>)> {
    let (last, front) = segments.split_last()?;
    let matching = |segments: &[String]| {
        catalogue::nodes().find(|node| {
            let mut names = node.path.split('/');
            segments.iter().all(|segment| {
                names
                    .next()
                    .is_some_and(|name| name == "{}" && !segment.is_empty() || name.eq_ignore_ascii_case(segment))
            }) && names.next().is_none()
        })
    };
    let (place, node) = if let Some(node) = matching(segments) {
        (Place::Here(node), node)
    } else {
        let node = matching(front).filter(|node| node.shape == Shape::Collection && !last.is_empty())?;
        (Place::Below(node, last), node)
    };
    let given = node.path.split('/').zip(segments).filter(|(name, _)| *name == "{}").map(|(_, id)| id.as_str());
    Some((place, node.parents().zip(given).collect()))
}

/// A PUT on a collection is one on its star, if it has one (`api.md` 3.3).
fn starred(node: &'static Node, method: &str) -> &'static Node {
    let star = || catalogue::find(&format!("{}/*", node.path));
    if method == "PUT" && !node.here.put { star().unwrap_or(node) } else { node }
}

/// An id, or the refusal of whoever keeps such objects: what is no id is nobody's.
fn known(node: &'static Node, id: &str) -> Result<Guid, Fault> {
    id.parse().map_err(|_| node.unknown.unwrap_or(Code::UnrecognisedObject).into())
}

/// Bodies count on every method. Where both name a parameter, the one of the method's own place wins.
fn parameters(request: &Request<'_>) -> Parameters {
    let (query, body) = (request.query.as_bytes(), request.body);
    Parameters::read(if matches!(request.method, "POST" | "PUT") { [query, body] } else { [body, query] })
}

fn query(node: &'static Node, request: &Request<'_>) -> Result<Query, Fault> {
    let parameters = parameters(request);
    let mut wrong = Vec::new();
    let mut number = |name: &'static str, otherwise: u64| match parameters.get(name) {
        Given::Absent | Given::Text("") => otherwise,
        Given::Text(text) if value::number(text.trim()).is_some() => value::number(text.trim()).unwrap_or(otherwise),
        _ => {
            wrong.push((name, Wrong::InvalidValue));
            otherwise
        }
    };
    let offset = number("offset", 0);
    let limit = number("limit", node.cap).min(node.cap);
    let mut filters = Vec::new();
    for filter in node.filters {
        match parameters.get(filter.name) {
            Given::Absent => {}
            Given::Text("") => {
                // Only an object's field can be asked for as empty; other filters without a value filter nothing.
                if matches!(filter.meaning, Meaning::Is(_)) {
                    filters.push((filter, None));
                }
            }
            Given::Text(text) => match filter.value.read(text) {
                Ok(value) => filters.push((filter, Some(value))),
                Err(how) => wrong.push((filter.name, how)),
            },
            Given::Garbled => wrong.push((filter.name, Wrong::InvalidValue)),
        }
    }
    if wrong.is_empty() { Ok(Query { offset, limit, filters }) } else { Err(Fault::Parameters(wrong)) }
}

/// What one field gets of what was sent.
enum Sent {
    Nothing,
    Empty,
    Value(String),
}

/// Reads parameters, gathering all that is wrong; ids of references that are none are refused as unknown.
#[derive(Default)]
struct Reading {
    changes: Changes,
    wrong: Vec<(&'static str, Wrong)>,
    unknown: Option<Code>,
}

impl Reading {
    fn sent(&mut self, parameters: &Parameters, field: &'static Field) -> Sent {
        let mut given = parameters.get(field.name);
        if let (Given::Absent, Some(alias)) = (given, field.alias) {
            given = parameters.get(alias);
        }
        match given {
            Given::Absent => Sent::Nothing,
            Given::Text(text) if text.trim().is_empty() => Sent::Empty,
            Given::Text(text) => match (field.value.read(text), field.value) {
                (Ok(value), _) => Sent::Value(value),
                (Err(Wrong::InvalidValue), Value::Reference(kept_at)) => {
                    self.unknown = self.unknown.or(catalogue::find(kept_at).and_then(|node| node.unknown));
                    Sent::Nothing
                }
                (Err(how), _) => {
                    self.wrong.push((field.name, how));
                    Sent::Nothing
                }
            },
            Given::Garbled => {
                self.wrong.push((field.name, Wrong::InvalidValue));
                Sent::Nothing
            }
        }
    }

    fn finish(self) -> Result<Changes, Fault> {
        match self {
            Self { wrong, .. } if !wrong.is_empty() => Err(Fault::Parameters(wrong)),
            Self { unknown: Some(code), .. } => Err(code.into()),
            Self { changes, .. } => Ok(changes),
        }
    }
}

/// The values of a new object, with those that it has when nobody says otherwise.
fn created(node: &'static Node, request: &Request<'_>) -> Result<Changes, Fault> {
    let parameters = parameters(request);
    let mut reading = Reading::default();
    for field in node.fields.iter().chain(node.also) {
        let sent = if field.create { reading.sent(&parameters, field) } else { Sent::Nothing };
        let refused = reading.wrong.iter().any(|(name, _)| *name == field.name) || reading.unknown.is_some();
        match sent {
            Sent::Value(value) => reading.changes.0.push((field, Some(value))),
            Sent::Empty if field.may_be_empty => {}
            Sent::Nothing | Sent::Empty if field.mandatory && !refused && !stands_in(&parameters, field) => {
                reading.wrong.push((field.name, Wrong::Missing));
            }
            Sent::Nothing | Sent::Empty => {
                if let Some(default) = field.default {
                    reading.changes.0.push((field, Some(default.to_owned())));
                }
            }
        }
    }
    reading.finish()
}

/// Whether another parameter is given that may stand in for this one.
fn stands_in(parameters: &Parameters, field: &Field) -> bool {
    field.unless.is_some_and(|other| matches!(parameters.get(other), Given::Text(text) if !text.trim().is_empty()))
}

/// The values that change: absent is unchanged, empty is unset.
fn modified(node: &'static Node, request: &Request<'_>) -> Result<Changes, Fault> {
    let parameters = parameters(request);
    let mut reading = Reading::default();
    for field in node.parameters().filter(|field| field.modify) {
        match reading.sent(&parameters, field) {
            Sent::Nothing => {}
            Sent::Value(value) => reading.changes.0.push((field, Some(value))),
            Sent::Empty if field.mandatory && !field.may_be_empty => reading.wrong.push((field.name, Wrong::Missing)),
            Sent::Empty => reading.changes.0.push((field, field.default.map(str::to_owned))),
        }
    }
    reading.finish()
}

/// A layout's document: JSON of any form, within bounds.
fn document(request: &Request<'_>) -> Result<Vec<u8>, Fault> {
    if request.body.len() > DOCUMENT_MAX {
        return Err(Code::LayoutTemplateDescriptionTooLong.into());
    }
    match serde_json::from_slice::<serde_json::Value>(request.body) {
        Ok(_) => Ok(request.body.to_vec()),
        Err(_) => Err(Fault::parameter("template", Wrong::InvalidValue)),
    }
}
