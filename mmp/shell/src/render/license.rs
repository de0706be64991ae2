//! `license` (`mmp.md` section 4.2).

use mmp_control::reply::{License, LicenseFeature};

/// A feature a line, or why there is none.
pub fn show(license: &License) -> String {
    if let Some(fault) = &license.fault {
        return fault.clone();
    }
    license.features.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn line(one: &LicenseFeature) -> String {
    let status = match one.status.as_str() {
        "activated" => "Activated",
        "grace" => "Grace",
        _ => "Expired",
    };
    format!("Feature: {} status: {status} expiry: {} ({} days remain)", one.feature, one.expiry, one.days)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_are_those_documented() {
        let one = |feature: &str, status: &str, expiry: &str, days| LicenseFeature {
            feature: feature.into(),
            api_name: feature.into(),
            status: status.into(),
            trial: false,
            expiry: expiry.into(),
            days,
            limit: None,
        };
        let features =
            vec![one("callbridge", "activated", "2027-Apr-28", 690), one("turn", "expired", "2026-Jan-01", 0)];
        assert_eq!(
            show(&License { fault: None, features }),
            "Feature: callbridge status: Activated expiry: 2027-Apr-28 (690 days remain)\n\
             Feature: turn status: Expired expiry: 2026-Jan-01 (0 days remain)"
        );
        let none = License { fault: Some("No license file found".into()), features: Vec::new() };
        assert_eq!(show(&none), "No license file found");
    }
}
