//! What a product answers whose Call Bridge does not run (decision 0130): its own nodes are true, lists are empty, and nothing
//! is stored.

use meeting_api::{
    Answer, Guid, Request, System, WithoutCallBridge, answer,
    catalogue::{self, Shape},
    system::{Alarm, Database, DatabaseNode, Day, Licence, LicenceState, Status},
};

const G1: Guid = Guid::from_bits(1);

fn product() -> WithoutCallBridge {
    let licence = |feature: &str, limit| Licence {
        feature: feature.into(),
        state: LicenceState::Activated,
        expiry: Some(Day { year: 2027, month: 8, day: 8 }),
        limit,
        level: None,
    };
    WithoutCallBridge {
        system: System {
            status: Status {
                host_id: G1,
                software_version: "2.9.5".into(),
                uptime_seconds: 3600,
                now: "2027-03-01T09:00:00Z".into(),
                activated: true,
                ..Status::default()
            },
            load: 0,
            alarms: vec![Alarm {
                id: G1,
                kind: "callBridgeConnectionFailure".into(),
                concerns: Some(("callBridge", Guid::from_bits(2).to_string())),
                failure_reason: Some("connectFailure".into()),
                active_seconds: 12,
            }],
            licences: vec![licence("callBridge", None), licence("recording", Some(5)), licence("personal", Some(10))],
            database: Database::Alone,
        },
    }
}

fn send(method: &str, path: &str, body: &str) -> (u16, String) {
    let path = format!("/api/v1/{path}");
    let Answer { status, body, .. } =
        answer(&Request { method, path: &path, query: "", body: body.as_bytes() }, &product());
    (status, String::from_utf8(body).expect("XML is text").replace("<?xml version=\"1.0\"?>", ""))
}

#[test]
fn the_systems_own_nodes_are_true() {
    let id = |n: u128| Guid::from_bits(n).to_string();
    for (path, wanted) in [
        (
            "system/status",
            "<status><hostId>G1</hostId><softwareVersion>2.9.5</softwareVersion><uptimeSeconds>3600</uptimeSeconds><cdrTime>2027-03-01T09:00:00Z</cdrTime><activated>true</activated><clusterEnabled>false</clusterEnabled><cdrCorrelatorIndex>0</cdrCorrelatorIndex><callLegsActive>0</callLegsActive><callLegsMaxActive>0</callLegsMaxActive><callLegsCompleted>0</callLegsCompleted><audioBitRateOutgoing>0</audioBitRateOutgoing><audioBitRateIncoming>0</audioBitRateIncoming><videoBitRateOutgoing>0</videoBitRateOutgoing><videoBitRateIncoming>0</videoBitRateIncoming></status>",
        ),
        (
            "system/alarms",
            "<alarms total=\"1\"><alarm id=\"G1\"><type>callBridgeConnectionFailure</type><callBridge>G2</callBridge><failureReason>connectFailure</failureReason><activeTimeSeconds>12</activeTimeSeconds></alarm></alarms>",
        ),
        ("system/load", "<load><mediaProcessingLoad>0</mediaProcessingLoad></load>"),
        ("system/database", "<database clustered=\"disabled\"/>"),
        ("system/profiles", "<profiles></profiles>"),
        (
            "system/configuration/cluster",
            "<cluster><uniqueName></uniqueName><maxPeerVideoStreams></maxPeerVideoStreams><participantLimit></participantLimit><loadLimit></loadLimit><newConferenceLoadLimitBasisPoints>5000</newConferenceLoadLimitBasisPoints><existingConferenceLoadLimitBasisPoints>8000</existingConferenceLoadLimitBasisPoints></cluster>",
        ),
    ] {
        assert_eq!(send("GET", path, ""), (200, wanted.replace("G1", &id(1)).replace("G2", &id(2))), "{path}");
    }
    let (_, licensing) = send("GET", "system/licensing", "");
    for part in [
        "<licensing><features><callBridge><status>activated</status><expiry>2027-Aug-08</expiry></callBridge>",
        "<recording><status>activated</status><expiry>2027-Aug-08</expiry><limit>5</limit></recording>",
        "<capacityUnits><status>noLicense</status></capacityUnits></features></licensing>",
    ] {
        assert!(licensing.contains(part), "{licensing}");
    }
    let (_, multiparty) = send("GET", "system/multipartyLicensing", "");
    assert!(multiparty.contains("<personalLicenseLimit>10</personalLicenseLimit>"), "{multiparty}");
    assert!(multiparty.contains("<weightedCallsActive>0.000</weightedCallsActive>"), "{multiparty}");
}

#[test]
fn a_database_cluster_is_told() {
    let node = DatabaseNode { hostname: "n1.test".into(), up: true, behind: Some(0), master: true };
    let lost = DatabaseNode { hostname: "n2.test".into(), up: false, behind: None, master: false };
    let database = Database::Cluster { in_use: "n1.test".into(), nodes: vec![node, lost], error: None };
    let store = WithoutCallBridge { system: System { database, ..System::default() } };
    let request = Request { method: "GET", path: "/api/v1/system/database", query: "", body: b"" };
    assert_eq!(
        String::from_utf8(answer(&request, &store).body).unwrap(),
        "<?xml version=\"1.0\"?><database clustered=\"enabled\"><cluster><totalNodes>2</totalNodes><nodeInUse>n1.test</nodeInUse><node hostname=\"n1.test\" up=\"true\" syncBehind=\"0\" master=\"true\"></node><node hostname=\"n2.test\" up=\"false\" syncBehind=\"-1\" master=\"false\"></node></cluster></database>"
    );
}

#[test]
fn every_list_is_empty_and_every_object_unknown() {
    for node in catalogue::nodes().filter(|node| node.shape == Shape::Collection && node.parents().next().is_none()) {
        if node.here.get && node.path != "system/alarms" {
            let (status, text) = send("GET", node.path, "");
            assert_eq!(status, 200, "{}", node.path);
            assert!(text.starts_with(&format!("<{} total=\"0\"", node.root)), "{text}");
        }
        if let (true, Some(code)) = (node.below.get, node.unknown) {
            let (status, text) = send("GET", &format!("{}/{G1}", node.path), "");
            assert_eq!((status, text), (400, format!("<failureDetails><{} /></failureDetails>", code.text())));
        }
    }
}

#[test]
fn nothing_is_stored_and_nobody_called() {
    for (method, path, body, code) in [
        ("POST", "coSpaces", "name=Ops", "databaseNotReady"),
        ("PUT", "system/profiles", "callProfile=", "databaseNotReady"),
        ("POST", "calls", "name=Ops", "callBridgeUnavailable"),
        ("POST", "callLegs", "remoteParty=a@b.test", "callBridgeUnavailable"),
        ("POST", "calls", "coSpace=00000000-0000-0000-0000-000000000001", "coSpaceDoesNotExist"),
        ("POST", "calls/00000000-0000-0000-0000-000000000001/participants", "remoteParty=a", "callDoesNotExist"),
        ("PUT", "coSpaces/00000000-0000-0000-0000-000000000001", "name=a", "coSpaceDoesNotExist"),
    ] {
        let wanted = format!("<failureDetails><{code} /></failureDetails>");
        assert_eq!(send(method, path, body), (400, wanted), "{method} {path}");
    }
    // What is wrong with a request is said first.
    assert!(send("POST", "coSpaces", "uri=a@b").1.contains("parameterError"));
    assert_eq!(send("POST", "accessQuery", "uri=ops"), (200, "<accessQuery></accessQuery>".into()));
    let asked = "<conversationIdQuery><conversationId>G1</conversationId><found>false</found></conversationIdQuery>";
    assert_eq!(send("GET", "conversationIdQuery", "conversationId=G1"), (200, asked.into()));
}
