//! Where the administrator sits, for the logs.
//!
//! Invariant: text from the environment is taken only in the two forms that sshd and the console login write.

use std::{env, net::IpAddr, os::fd::AsFd};

/// `198.51.100.63:63290`, `console ttyS0`, or `local`.
pub fn origin() -> String {
    let ssh = env::var("SSH_CONNECTION").ok().and_then(|text| from_ssh(&text));
    let console = || env::var("MMP_ORIGIN").ok().filter(|text| is_console(text));
    ssh.or_else(console).or_else(terminal).unwrap_or_else(|| "local".into())
}

/// `SSH_CONNECTION` is "address port address port", the peer first.
fn from_ssh(text: &str) -> Option<String> {
    let mut words = text.split(' ');
    // A link-local peer comes with the interface that it is on.
    let address = words.next()?.split('%').next()?.parse::<IpAddr>().ok()?;
    let port = words.next()?.parse::<u16>().ok()?;
    Some(if address.is_ipv6() { format!("[{address}]:{port}") } else { format!("{address}:{port}") })
}

fn is_console(text: &str) -> bool {
    text.strip_prefix("console ")
        .is_some_and(|tty| (1..=16).contains(&tty.len()) && tty.bytes().all(|b| b.is_ascii_alphanumeric()))
}

fn terminal() -> Option<String> {
    let path = nix::unistd::ttyname(std::io::stdin().as_fd()).ok()?;
    let name = format!("console {}", path.file_name()?.to_str()?);
    is_console(&name).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_documented_forms_are_taken() {
        assert_eq!(from_ssh("198.51.100.63 63290 192.0.2.10 22").as_deref(), Some("198.51.100.63:63290"));
        assert_eq!(from_ssh("2001:db8::1 63290 2001:db8::2 22").as_deref(), Some("[2001:db8::1]:63290"));
        assert_eq!(from_ssh("fe80::1%a 63290 fe80::2%a 22").as_deref(), Some("[fe80::1]:63290"));
        assert_eq!(from_ssh("x\ny 1 2 3"), None);
        assert!(is_console("console ttyS0") && !is_console("console tty S0") && !is_console("198.51.100.63:1"));
    }
}
