//! Objects in memory: the store of this layer's own tests, and of whoever tests a client against it. It knows the rules that
//! the sample exchanges of `api.md` 13 show, and those that tables express; conferencing itself is the Call Bridge's.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use crate::{
    catalogue::{self, Filter, Meaning},
    fault::{Code, Fault},
    guid::Guid,
    operation::{Changes, Operation, Outcome, Query, Record, Store, What},
    system::System,
    value,
    xml::Element,
};

/// The store.
#[derive(Debug, Default)]
pub struct Memory {
    /// What the system's own nodes tell.
    pub system: System,
    kept: Mutex<Kept>,
}

/// Most receivers of call detail records (`api.md` 2, `tooManyCdrReceivers`).
const RECEIVERS_MAX: usize = 4;

/// An object with the path and the parents below which it is kept.
#[derive(Debug, Clone)]
struct Object {
    kept_at: &'static str,
    parents: Vec<Guid>,
    record: Record,
}

#[derive(Debug, Default)]
struct Kept {
    /// In the order of creation, which is the order of every list.
    objects: Vec<Object>,
    singles: BTreeMap<String, Record>,
    documents: BTreeMap<Guid, Vec<u8>>,
    /// Counts what stands in for chance.
    drawn: u128,
}

impl Memory {
    /// An empty store.
    pub fn new(system: System) -> Self {
        Self { system, kept: Mutex::default() }
    }

    /// Puts an object in as it is, as the Call Bridge or a directory would.
    pub fn put(&self, kept_at: &'static str, parents: &[Guid], record: Record) {
        let object = Object { kept_at, parents: parents.to_vec(), record };
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).objects.push(object);
    }
}

impl Store for Memory {
    fn perform(&self, operation: &Operation) -> Result<Outcome, Fault> {
        if let Some(outcome) = self.system.perform(operation) {
            return Ok(outcome);
        }
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).perform(operation)
    }
}

impl Kept {
    fn perform(&mut self, operation: &Operation) -> Result<Outcome, Fault> {
        for (node, id) in &operation.parents {
            self.find(node.kept_at(), *id).ok_or(node.unknown.unwrap_or(Code::UnrecognisedObject))?;
        }
        match &operation.what {
            What::List(query) => Ok(self.list(operation, query)),
            What::Read(id) => self.below(operation, *id).map(|object| Outcome::Record(object.record.clone())),
            What::Create(changes) => self.create(operation, changes).map(Outcome::Created),
            What::Modify(id, changes) => {
                self.below(operation, *id)?;
                self.modify(operation, *id, changes)
            }
            What::Remove(id) => {
                self.below(operation, *id)?;
                self.objects.retain(|object| object.record.id != Some(*id) && !object.parents.contains(id));
                Ok(Outcome::Done)
            }
            What::Clear(_) => {
                let (kept_at, parents) = place(operation);
                self.objects.retain(|object| object.kept_at != kept_at || object.parents != parents);
                Ok(Outcome::Done)
            }
            What::Show => Ok(self.show(operation)),
            What::Set(changes) => {
                self.references(changes)?;
                let mut record = self.single(operation);
                apply(&mut record, changes);
                self.singles.insert(key(operation), record);
                Ok(Outcome::Done)
            }
            What::Replace(bytes) => {
                if let Some((_, id)) = operation.parents.first() {
                    self.documents.insert(*id, bytes.clone());
                }
                Ok(Outcome::Done)
            }
            What::Run(changes) => self.run(operation, changes),
        }
    }

    fn draw(&mut self) -> u128 {
        self.drawn += 1;
        // Spread over all bits, so that secrets and ids look as they do in life.
        self.drawn.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
    }

    fn find(&self, kept_at: &str, id: Guid) -> Option<&Object> {
        self.objects.iter().find(|object| object.kept_at == kept_at && object.record.id == Some(id))
    }

    fn below(&self, operation: &Operation, id: Guid) -> Result<&Object, Fault> {
        let (kept_at, parents) = place(operation);
        self.find(kept_at, id).filter(|object| object.parents == parents).ok_or_else(|| operation.unknown())
    }

    fn list(&self, operation: &Operation, query: &Query) -> Outcome {
        let (kept_at, parents) = place(operation);
        let by = operation.node.view.zip(operation.parents.last()).map(|(view, (_, id))| (view.by, id.to_string()));
        let belongs = |object: &&Object| match &by {
            Some((field, id)) => object.record.values.get(field) == Some(id),
            None => object.parents == parents,
        };
        let matching: Vec<&Object> = self
            .objects
            .iter()
            .filter(|object| object.kept_at == kept_at)
            .filter(belongs)
            .filter(|object| query.filters.iter().all(|(filter, value)| self.passes(object, filter, value.as_deref())))
            .collect();
        let number = |value| usize::try_from(value).unwrap_or(usize::MAX);
        let page = matching.iter().skip(number(query.offset)).take(number(query.limit));
        let records = page.map(|object| object.record.clone()).collect();
        Outcome::Page { total: matching.len() as u64, records }
    }

    fn passes(&self, object: &Object, filter: &Filter, wanted: Option<&str>) -> bool {
        let of = |name: &str| object.record.values.get(name).map(String::as_str);
        match filter.meaning {
            Meaning::Contains(fields) => {
                let wanted = wanted.unwrap_or_default().to_lowercase();
                fields.iter().any(|field| of(field).is_some_and(|value| value.to_lowercase().contains(&wanted)))
            }
            Meaning::Is(field) => of(field) == wanted,
            Meaning::Usage => {
                let id = object.record.id.map(|id| id.to_string());
                let mut others = self.objects.iter().map(|other| &other.record).chain(self.singles.values());
                let used = others.any(|other| id.as_ref().is_some_and(|id| other.values.values().any(|it| it == id)));
                used == (wanted == Some("referenced"))
            }
            Meaning::Told => true,
        }
    }

    fn references(&self, changes: &Changes) -> Result<(), Fault> {
        for (kept_at, id) in changes.references() {
            if self.find(kept_at, id).is_none() {
                let unknown = catalogue::find(kept_at).and_then(|node| node.unknown);
                return Err(unknown.unwrap_or(Code::ParameterError).into());
            }
        }
        Ok(())
    }

    fn create(&mut self, operation: &Operation, changes: &Changes) -> Result<Guid, Fault> {
        self.references(changes)?;
        let (kept_at, parents) = place(operation);
        let mut record = Record::new(Guid::random(self.draw()));
        apply(&mut record, changes);
        if let Some((view, (_, parent))) = operation.node.view.zip(operation.parents.last()) {
            record = record.with(view.by, parent);
        }
        match kept_at {
            "coSpaces" | "coSpaces/{}/accessMethods" => {
                self.unique(&record, None)?;
                if changes.value("requireCallId") == Some("true") && !record.values.contains_key("callId") {
                    let bits = (self.draw() >> 64) as u64;
                    record = record.with("callId", value::call_id(bits));
                }
                if record.values.contains_key("callId") && !record.values.contains_key("secret") {
                    let secret = value::secret(self.draw());
                    record = record.with("secret", secret);
                }
            }
            "calls" => {
                let space = changes.value("coSpace").and_then(|id| self.find("coSpaces", id.parse().ok()?));
                if let Some(name) = space.and_then(|space| space.record.values.get("name")).cloned() {
                    record = record.with("name", name);
                }
                let kind = if space.is_some() { "coSpace" } else { "adHoc" };
                record = record.with("callType", kind);
                if !record.values.contains_key("callCorrelator") {
                    let correlator = Guid::random(self.draw());
                    record = record.with("callCorrelator", correlator);
                }
            }
            "callLegs" => {
                let remote = record.values.get("remoteParty").cloned().unwrap_or_default();
                record = record.with("name", remote).with("direction", "outgoing").with("type", "sip");
            }
            "participants" => {
                let remote = record.values.get("remoteParty").cloned().unwrap_or_default();
                record = record.with("name", &remote).with("uri", remote);
            }
            "system/cdrReceivers" => {
                let there = self.objects.iter().filter(|object| object.kept_at == kept_at).count();
                if there >= RECEIVERS_MAX {
                    return Err(Code::TooManyCdrReceivers.into());
                }
            }
            _ => {}
        }
        let id = record.id.unwrap_or(Guid::from_bits(0));
        self.objects.push(Object { kept_at, parents, record });
        Ok(id)
    }

    fn modify(&mut self, operation: &Operation, id: Guid, changes: &Changes) -> Result<Outcome, Fault> {
        self.references(changes)?;
        let mut record = self.below(operation, id)?.record.clone();
        apply(&mut record, changes);
        self.unique(&record, Some(id))?;
        if changes.value("regenerateSecret") == Some("true") {
            let secret = value::secret(self.draw());
            record = record.with("secret", secret);
        }
        if let Some(object) = self.objects.iter_mut().find(|object| object.record.id == Some(id)) {
            object.record = record;
        }
        Ok(Outcome::Done)
    }

    /// URIs and call IDs belong to one space.
    fn unique(&self, record: &Record, own: Option<Guid>) -> Result<(), Fault> {
        let clashes = |names: [&str; 2]| {
            let mine: Vec<&String> = names.iter().filter_map(|name| record.values.get(*name)).collect();
            self.objects.iter().filter(|other| other.kept_at.starts_with("coSpaces") && other.record.id != own).any(
                |other| names.iter().filter_map(|name| other.record.values.get(*name)).any(|it| mine.contains(&it)),
            )
        };
        if clashes(["uri", "secondaryUri"]) {
            return Err(Code::DuplicateCoSpaceUri.into());
        }
        if clashes(["callId", "callId"]) { Err(Code::DuplicateCoSpaceId.into()) } else { Ok(()) }
    }

    fn single(&self, operation: &Operation) -> Record {
        self.singles.get(&key(operation)).cloned().unwrap_or_else(|| {
            let defaults =
                operation.node.fields.iter().filter_map(|field| Some((field.name, field.default?.to_owned())));
            Record { values: defaults.collect(), ..Record::default() }
        })
    }

    fn show(&self, operation: &Operation) -> Outcome {
        if operation.node.document.is_some() {
            let stored = operation.parents.first().and_then(|(_, id)| self.documents.get(id)).cloned();
            return Outcome::Document(stored.unwrap_or_default());
        }
        if operation.node.fields.is_empty() {
            return Outcome::Element(Element::new(operation.node.element));
        }
        Outcome::Record(self.single(operation))
    }

    fn run(&mut self, operation: &Operation, changes: &Changes) -> Result<Outcome, Fault> {
        self.references(changes)?;
        match operation.node.path {
            "authTokens" => Ok(Outcome::Token(value::secret(self.draw()))),
            "accessQuery" | "uriUsageQuery" => Ok(Outcome::Record(Record::default())),
            "conversationIdQuery" => {
                let asked = changes.value("conversationId").unwrap_or_default();
                Ok(Outcome::Record(Record::default().with("conversationId", asked).with("found", false)))
            }
            _ if operation.node.view.is_some() => self.create(operation, changes).map(Outcome::Created),
            _ => Ok(Outcome::Done),
        }
    }
}

/// Where an operation's objects are kept; those of a view have no parents.
fn place(operation: &Operation) -> (&'static str, Vec<Guid>) {
    let parents = match operation.node.view {
        Some(_) => Vec::new(),
        None => operation.parents.iter().map(|(_, id)| *id).collect(),
    };
    (operation.node.kept_at(), parents)
}

/// Which of the single nodes it is: some exist once for each parent.
fn key(operation: &Operation) -> String {
    let ids = operation.parents.iter().map(|(_, id)| id.to_string());
    [operation.node.path.to_owned()].into_iter().chain(ids).collect::<Vec<_>>().join(" ")
}

/// Values are kept by their fields' names; those of requests alone are kept too, and never shown.
fn apply(record: &mut Record, changes: &Changes) {
    for (field, value) in &changes.0 {
        match value {
            Some(value) => record.values.insert(field.name, value.clone()),
            None => record.values.remove(field.name),
        };
    }
}
