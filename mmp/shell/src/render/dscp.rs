//! `dscp` (`mmp.md` section 8.2).

use std::fmt::Write;

use mmp_model::dscp::{Dscp, IpVersion, TrafficType};

use super::or_none;

/// Every kind by version. The assured kinds are listed once they play a part.
pub fn show(dscp: &Dscp) -> String {
    let mut text = String::new();
    for (title, version) in [("IPv4:", IpVersion::V4), ("IPv6:", IpVersion::V6)] {
        let _ = writeln!(text, "{title}");
        for kind in TrafficType::ALL {
            let value = dscp.of(version).get(&kind);
            let assured = matches!(kind, TrafficType::AssuredVoice | TrafficType::AssuredMultimedia);
            if assured && !dscp.assured && value.is_none() {
                continue;
            }
            let _ = writeln!(text, "  {:<24}: {}", kind.word(), or_none(value));
        }
    }
    let _ = write!(text, "{:<26}: {}", "Assured", dscp.assured);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seed_values_are_shown_as_documented() {
        let mut dscp = Dscp::default();
        for (kind, value) in [
            (TrafficType::Multimedia, "0x22"),
            (TrafficType::MultimediaStreaming, "0x22"),
            (TrafficType::Voice, "0x2E"),
            (TrafficType::Signaling, "0x1A"),
            (TrafficType::LowLatency, "0x1A"),
        ] {
            dscp.ipv4.insert(kind, value.parse().unwrap());
        }
        insta::assert_snapshot!(show(&dscp), @r"
        IPv4:
          signaling               : 0x1A
          voice                   : 0x2E
          multimedia              : 0x22
          multimedia-streaming    : 0x22
          low-latency             : 0x1A
          oam                     : none
        IPv6:
          signaling               : none
          voice                   : none
          multimedia              : none
          multimedia-streaming    : none
          low-latency             : none
          oam                     : none
        Assured                   : false
        ");
        dscp.assured = true;
        assert!(show(&dscp).contains("  assured-voice           : none"));
    }
}
