//! The OpenAPI 3.1 description of `/api/v1`, made from the catalogue.

use serde_json::{Map, Value as Json, json};

use crate::{
    catalogue::{self, Field, Filter, Meaning, Node, Shape},
    fault::{Code, Wrong},
    value::Value,
};

/// The document as it is checked in: JSON with two spaces of indentation and a line feed at the end.
pub fn document() -> String {
    let mut paths = Map::new();
    for node in catalogue::nodes() {
        let base = path(node);
        paths.insert(base.clone(), here(node));
        if node.shape == Shape::Collection && node.below != catalogue::Methods::default() {
            let id = node.element;
            paths.insert(format!("{base}/{{{id}}}"), below(node, id));
        }
    }
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Meeting server REST API",
            "version": "1",
            "description": "Names are matched in any case, a slash at the end of a path is tolerated, parameters that are \
                not known are ignored. On modification an absent parameter stays as it is and an empty one is unset. \
                Answers to POST, PUT and DELETE have no body."
        },
        "servers": [{ "url": "/api/v1" }],
        "security": [{ "basic": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "basic": { "type": "http", "scheme": "basic" } },
            "responses": responses(),
            "parameters": {
                "offset": query("offset", &json!({ "type": "integer", "minimum": 0, "default": 0 }), "Matching objects to pass over"),
                "limit": query("limit", &json!({ "type": "integer", "minimum": 0 }), "Most objects wanted; the node's own bound holds too"),
            },
        },
    });
    let mut text = serde_json::to_string_pretty(&document).expect("a JSON value is written");
    text.push('\n');
    text
}

/// The path with names for the ids.
fn path(node: &Node) -> String {
    let mut parents = node.parents();
    let parts = node.path.split('/').map(|part| match part {
        "{}" => parents.next().map_or_else(|| part.to_owned(), |parent| format!("{{{}}}", parent.element)),
        part => part.to_owned(),
    });
    format!("/{}", parts.collect::<Vec<_>>().join("/"))
}

fn id_parameter(name: &str) -> Json {
    json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string", "format": "uuid" } })
}

fn query(name: &str, schema: &Json, about: &str) -> Json {
    json!({ "name": name, "in": "query", "schema": schema, "description": about })
}

fn common(node: &Node) -> Map<String, Json> {
    let mut item = Map::new();
    let mut about = node.about.to_owned();
    if let Some(since) = node.since {
        about.push_str(&format!(". Since {since}"));
    }
    if let Some(until) = node.until {
        about.push_str(&format!(". Up to {until}"));
    }
    item.insert("summary".into(), about.into());
    let ids: Vec<Json> = node.parents().map(|parent| id_parameter(parent.element)).collect();
    if !ids.is_empty() {
        item.insert("parameters".into(), ids.into());
    }
    item
}

fn here(node: &'static Node) -> Json {
    let mut item = common(node);
    let collection = node.shape == Shape::Collection;
    if node.here.get {
        let content = match (collection, node.document) {
            (true, _) => xml(&list_schema(node)),
            (_, Some(kind)) => json!({ kind: {} }),
            _ => xml(&object_schema(node, &read_fields(node), false)),
        };
        let mut asked: Vec<Json> = node.filters.iter().map(filter).collect();
        if collection {
            asked.insert(0, json!({ "$ref": "#/components/parameters/offset" }));
            asked.insert(1, json!({ "$ref": "#/components/parameters/limit" }));
        } else {
            let parameters = node.parameters().filter(|_| node.shape == Shape::Action);
            asked.extend(parameters.map(|field| query(field.name, &schema(field), "")));
        }
        item.insert("get".into(), operation(Some(content), &asked, None));
    }
    if node.here.post {
        let form = form(node, |field| field.create);
        let done = match node.shape {
            Shape::Action if read_fields(node).is_empty() => None,
            Shape::Action => Some(xml(&object_schema(node, &read_fields(node), false))),
            _ => None,
        };
        item.insert("post".into(), operation(done, &[], form));
    }
    if node.here.put {
        let body = match node.document {
            Some(kind) => Some(json!({ "content": { kind: {} } })),
            None => form(node, |field| field.modify || node.shape == Shape::Action),
        };
        item.insert("put".into(), operation(None, &[], body));
    }
    if node.here.delete {
        let asked: Vec<Json> = node.filters.iter().map(filter).collect();
        item.insert("delete".into(), operation(None, &asked, None));
    }
    item.into()
}

fn below(node: &'static Node, id: &str) -> Json {
    let mut item = common(node);
    let mut ids = item.remove("parameters").and_then(|ids| ids.as_array().cloned()).unwrap_or_default();
    ids.push(id_parameter(id));
    item.insert("parameters".into(), ids.into());
    if node.below.get {
        let content = xml(&object_schema(node, &read_fields(node), true));
        item.insert("get".into(), operation(Some(content), &[], None));
    }
    if node.below.put {
        item.insert("put".into(), operation(None, &[], form(node, |field| field.modify)));
    }
    if node.below.delete {
        item.insert("delete".into(), operation(None, &[], None));
    }
    item.into()
}

fn read_fields(node: &Node) -> Vec<&'static Field> {
    node.fields.iter().filter(|field| field.read).collect()
}

fn operation(content: Option<Json>, parameters: &[Json], body: Option<Json>) -> Json {
    let mut made = Map::new();
    if !parameters.is_empty() {
        made.insert("parameters".into(), parameters.into());
    }
    if let Some(body) = body {
        made.insert("requestBody".into(), body);
    }
    let done = match content {
        Some(content) => json!({ "description": "The answer", "content": content }),
        None => json!({ "$ref": "#/components/responses/done" }),
    };
    let reference = |name: &str| json!({ "$ref": format!("#/components/responses/{name}") });
    made.insert(
        "responses".into(),
        json!({
            "200": done,
            "400": reference("refused"),
            "401": reference("challenge"),
            "403": reference("forbidden"),
            "503": reference("busy"),
        }),
    );
    made.into()
}

fn responses() -> Json {
    let codes: Vec<String> = Code::ALL.iter().map(|code| format!("- `{}`: {}", code.text(), code.when())).collect();
    let details: Vec<&str> = [Wrong::InvalidValue, Wrong::Missing, Wrong::TooLong].map(Wrong::text).into();
    json!({
        "done": {
            "description": "Done. No body.",
            "headers": { "Location": { "schema": { "type": "string" }, "description": "The path of a new object" } },
        },
        "refused": {
            "description": format!("Refused; nothing was changed. The element within `failureDetails` says why:\n\n{}", codes.join("\n")),
            "content": { "text/xml": { "schema": {
                "type": "object",
                "xml": { "name": "failureDetails" },
                "properties": { "parameterError": { "type": "array", "items": { "type": "object", "properties": {
                    "parameter": { "type": "string", "xml": { "attribute": true } },
                    "error": { "type": "string", "enum": details, "xml": { "attribute": true } },
                } } } },
            } } },
        },
        "challenge": { "description": "No credentials, or wrong ones. No body." },
        "forbidden": { "description": "This account's role may not use the API. No body." },
        "busy": { "description": "The same request may be tried again later. No body." },
    })
}

fn xml(schema: &Json) -> Json {
    json!({ "text/xml": { "schema": schema } })
}

fn form(node: &'static Node, wanted: impl Fn(&Field) -> bool) -> Option<Json> {
    let fields: Vec<&Field> = node.parameters().filter(|field| wanted(field)).collect();
    if fields.is_empty() {
        return None;
    }
    let properties: Map<String, Json> = fields.iter().map(|field| (field.name.to_owned(), schema(field))).collect();
    let required: Vec<&str> =
        fields.iter().filter(|field| field.mandatory && field.unless.is_none()).map(|field| field.name).collect();
    Some(json!({ "content": { "application/x-www-form-urlencoded": { "schema": {
        "type": "object",
        "properties": properties,
        "required": required,
    } } } }))
}

fn list_schema(node: &'static Node) -> Json {
    let mut properties = Map::new();
    properties.insert("total".into(), json!({ "type": "integer", "xml": { "attribute": true } }));
    for (name, value) in node.attributes {
        properties.insert((*name).into(), json!({ "const": value, "xml": { "attribute": true } }));
    }
    let mut objects = json!({ "type": "array", "items": object_schema(node, &node.list_fields(), true) });
    objects["maxItems"] = node.cap.into();
    properties.insert(node.element.into(), objects);
    json!({ "type": "object", "xml": { "name": node.root }, "properties": properties })
}

fn object_schema(node: &Node, fields: &[&'static Field], with_id: bool) -> Json {
    let mut properties = Map::new();
    if with_id {
        properties.insert("id".into(), json!({ "type": "string", "format": "uuid", "xml": { "attribute": true } }));
    }
    properties.extend(fields.iter().map(|field| (field.name.to_owned(), schema(field))));
    json!({ "type": "object", "xml": { "name": node.element }, "properties": properties })
}

fn filter(filter: &Filter) -> Json {
    let about = match filter.meaning {
        Meaning::Contains(fields) => format!("Part of one of: {}", fields.join(", ")),
        Meaning::Is(field) => format!("Exact value of {field}; empty: those without"),
        Meaning::Usage => "Whether anything refers to it".to_owned(),
        Meaning::Told => String::new(),
    };
    query(filter.name, &value_schema(filter.value), &about)
}

fn schema(field: &Field) -> Json {
    let mut made = if field.value == Value::Group {
        let within: Map<String, Json> =
            field.within.iter().map(|field| (field.name.to_owned(), schema(field))).collect();
        json!({ "type": "object", "properties": within })
    } else {
        value_schema(field.value)
    };
    let mut notes = Vec::new();
    if let Some(default) = field.default {
        made["default"] = default.into();
    }
    if let Some(implied) = field.implied {
        notes.push(format!("`{implied}` while unset"));
    }
    if let Some(only) = field.only {
        notes.push(format!("shown only while `{only}`"));
    }
    if let Some(other) = field.unless {
        notes.push(format!("mandatory unless `{other}` is given"));
    }
    if let Some(alias) = field.alias {
        notes.push(format!("also sent as `{alias}`"));
    }
    if let Some(since) = field.since {
        notes.push(format!("since {since}"));
    }
    if field.secret {
        made["format"] = "password".into();
    }
    if !notes.is_empty() {
        made["description"] = notes.join("; ").into();
    }
    made
}

fn value_schema(value: Value) -> Json {
    let text = |pattern: &str| json!({ "type": "string", "pattern": pattern });
    match value {
        Value::Text => json!({ "type": "string", "maxLength": crate::value::TEXT_MAX }),
        Value::Short(most) | Value::Bytes(most) => json!({ "type": "string", "maxLength": most }),
        Value::UriUser => text("^[^@<>\"\\s]+$"),
        Value::CallId => text("^[A-Za-z0-9]+$"),
        Value::Bool => json!({ "type": "boolean" }),
        Value::Number(least, most) if most > u64::from(u32::MAX) => json!({ "type": "integer", "minimum": least }),
        Value::Number(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Value::SecondsOr(word) => json!({ "anyOf": [{ "type": "integer", "minimum": 0 }, { "const": word }] }),
        Value::OneOf(words) => json!({ "type": "string", "enum": words }),
        Value::Id => json!({ "type": "string", "format": "uuid" }),
        Value::Reference(kept_at) => {
            json!({ "type": "string", "format": "uuid", "description": format!("of `/{kept_at}`") })
        }
        Value::Url(schemes) => {
            json!({ "type": "string", "format": "uri", "pattern": format!("^({})://", schemes.join("|")) })
        }
        Value::Dtmf => text("^[0-9*#,]*$"),
        Value::Ids => text("^[0-9a-fA-F-]{36}(,[0-9a-fA-F-]{36})*$"),
        Value::UriGenerator => text("^[a-zA-Z0-9._-]*\\$[a-zA-Z0-9._-]*$"),
        Value::Domain { wildcards: true } => text("^[^@/<>\"\\s]*$"),
        Value::Domain { wildcards: false } => text("^[^@/<>\"\\s*]*$"),
        Value::Numbered { .. } => json!({ "type": "string", "description": "text with at most one `$index$`" }),
        Value::Time => json!({ "type": "string", "format": "date-time" }),
        Value::Decimal(digits) => text(&format!("^[0-9]+\\.[0-9]{{{digits}}}$")),
        Value::Tree | Value::Group => json!({ "type": "object" }),
    }
}
