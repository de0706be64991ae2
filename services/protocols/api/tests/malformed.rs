//! Whatever comes over the connection: no panic, a documented status, and a body that is XML or nothing.

use meeting_api::{Guid, Memory, Record, Request, Store, System, WithoutCallBridge, answer, catalogue};
use proptest::prelude::*;

/// Something like a path: elements of the catalogue, ids and noise.
fn path() -> impl Strategy<Value = String> {
    let names: Vec<&str> = catalogue::nodes().flat_map(|node| node.path.split('/')).collect();
    let element = prop_oneof![
        4 => proptest::sample::select(names),
        1 => Just("4b7e6a0e-58f1-4f0b-9a55-0c3a7d1e2f10"),
        1 => Just("%2a"),
        1 => Just(""),
    ]
    .prop_map(str::to_owned);
    let noise = "\\PC{0,12}|%[0-9a-f]{0,2}";
    let rest = proptest::collection::vec(prop_oneof![6 => element, 1 => noise], 0..5);
    let front = prop_oneof![8 => Just("/api/v1/"), 1 => Just("/API/v1"), 1 => Just("/api/v7/"), 1 => Just("/")];
    (front, rest).prop_map(|(front, rest)| front.to_owned() + &rest.join("/"))
}

/// Something like a form: parameters of the catalogue with values of all kinds, and noise.
fn form() -> impl Strategy<Value = Vec<u8>> {
    let names: Vec<&str> = catalogue::nodes()
        .flat_map(|node| node.parameters().map(|field| field.name))
        .chain(["offset", "limit"])
        .collect();
    let value = prop_oneof![
        Just(Vec::new()),
        "true|off|1|-5|99999999999999999999|4b7e6a0e-58f1-4f0b-9a55-0c3a7d1e2f10|allEqual|https://a.test|a%00b|%ff|%"
            .prop_map(String::into_bytes),
        proptest::collection::vec(any::<u8>(), 0..20),
    ];
    let pair =
        (proptest::sample::select(names), value).prop_map(|(name, value)| [name.as_bytes(), b"=", &value].concat());
    let piece = prop_oneof![5 => pair, 1 => proptest::collection::vec(any::<u8>(), 0..30)];
    proptest::collection::vec(piece, 0..6).prop_map(|pieces| pieces.join(&b'&'))
}

fn check(request: &Request<'_>, store: &impl Store) -> Result<(), TestCaseError> {
    let answer = answer(request, store);
    prop_assert!(matches!(answer.status, 200 | 400 | 404), "{:?}", answer);
    prop_assert_eq!(answer.body.is_empty(), answer.header("Content-Type").is_none());
    match answer.header("Content-Type") {
        Some("text/xml") => {
            let text = std::str::from_utf8(&answer.body).expect("XML is text");
            prop_assert!(text.starts_with("<?xml version=\"1.0\"?><"));
            prop_assert!(roxmltree::Document::parse(text).is_ok(), "{}", text);
        }
        None => prop_assert!(answer.status != 400, "a refusal without a reason"),
        Some(other) => prop_assert!(matches!(other, "application/json" | "text/plain"), "{}", other),
    }
    for (name, value) in &answer.headers {
        prop_assert!(!value.contains(['\r', '\n']), "{name}");
    }
    prop_assert!(answer.event.is_none_or(|event| !event.contains(char::is_control)));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]
    #[test]
    fn ten_thousand_malformed_requests(
        method in "GET|POST|PUT|DELETE|HEAD|OPTIONS|get|[A-Z]{0,8}",
        path in path(),
        query in form(),
        body in form(),
    ) {
        let memory = Memory::new(System::default());
        let id = Guid::from_bits(0x4b7e_6a0e_58f1_4f0b_9a55_0c3a_7d1e_2f10);
        for kept_at in ["coSpaces", "calls", "callLegs", "participants", "users", "callLegProfiles"] {
            memory.put(kept_at, &[], Record::new(id).with("name", "a\u{b}<").with("remoteParty", "x"));
        }
        let query = String::from_utf8_lossy(&query);
        let request = Request { method: &method, path: &path, query: &query, body: &body };
        check(&request, &memory)?;
        check(&Request { method: "GET", ..request }, &memory)?;
        check(&request, &WithoutCallBridge::default())?;
    }
}
