//! Changes of DSCP classes (`mmp.md` section 8.2).

use mmp_control::{Refusal, Reply, request::Dscp as Ask};
use mmp_model::dscp::Dscp;

pub fn change(dscp: &mut Dscp, ask: &Ask) -> Option<Result<Reply, Refusal>> {
    match ask {
        Ask::Show => return None,
        Ask::Set(version, kind, Some(class)) => {
            dscp.of_mut(*version).insert(*kind, *class);
        }
        Ask::Set(version, kind, None) => {
            dscp.of_mut(*version).remove(kind);
        }
        Ask::Assured(assured) => dscp.assured = *assured,
    }
    Some(Ok(Reply::Nothing))
}

#[cfg(test)]
mod tests {
    use mmp_control::Request;
    use mmp_model::dscp::{IpVersion, TrafficType};

    use super::{
        super::tests::{after, clean},
        *,
    };

    #[test]
    fn none_takes_a_class_away() {
        let set = |class: Option<&str>| {
            let class = class.map(|text| text.parse().unwrap());
            Request::Dscp(Ask::Set(IpVersion::V4, TrafficType::Voice, class))
        };
        assert_eq!(after(&[set(Some("0x2E"))]).dscp.ipv4[&TrafficType::Voice].bits(), 46);
        assert_eq!(after(&[set(Some("0x2E")), set(None)]), clean());
    }
}
