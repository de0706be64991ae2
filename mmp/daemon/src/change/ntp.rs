//! Changes of NTP servers and their key (`mmp.md` section 8.5).

use mmp_control::{Kind, Refusal, Reply, request::Ntp as Ask};
use mmp_model::time::{MAX_NTP_SERVERS, Ntp};

use super::KeyFile;

pub fn change(ntp: &mut Ntp, ask: &Ask, key_file: KeyFile) -> Option<Result<Reply, Refusal>> {
    let done = match ask {
        Ask::List | Ask::Status => return None,
        Ask::Add(server) if ntp.servers.contains(server) => {
            Err(Refusal::new(Kind::Conflict, format!("NTP server already configured: {server}")))
        }
        Ask::Add(_) if ntp.servers.len() >= MAX_NTP_SERVERS => {
            Err(Refusal::new(Kind::Conflict, format!("Maximum of {MAX_NTP_SERVERS} NTP servers"))
                .hint("remove one with `ntp server del <server>`, then add the new one"))
        }
        Ask::Add(server) => {
            ntp.servers.push(server.clone());
            Ok(())
        }
        Ask::Del(server) if ntp.servers.contains(server) => {
            ntp.servers.retain(|other| other != server);
            Ok(())
        }
        Ask::Del(server) => Err(Refusal::new(Kind::Absent, format!("No such NTP server: {server}"))
            .hint("list the servers with `ntp server list`")),
        Ask::GroupKey(None) => {
            ntp.group_key = None;
            Ok(())
        }
        Ask::GroupKey(Some(file)) => match key_file {
            KeyFile::Absent => Err(Refusal::new(Kind::Absent, format!("File not found: {file}"))
                .hint(format!("upload it with `sftp> put {file}`"))),
            KeyFile::Unusable => Err(Refusal::new(Kind::BadValue, format!("No key found in {file}"))
                .hint("a key is a line `<number> <SHA256|SHA1|AES128> HEX:<digits>`, the same as on the server")),
            KeyFile::Usable => {
                ntp.group_key = Some(file.clone());
                Ok(())
            }
        },
        // Autokey is broken beyond repair (RFC 8573 replaced its primitives, RFC 8633 section 4.2 advises against it).
        Ask::Autokey(true) => Err(Refusal::new(Kind::Unavailable, "Autokey is not supported: it protects nothing")
            .hint("share a symmetric key with the server instead: `ntp groupkey <key-file>`")),
        Ask::Autokey(false) => Ok(()),
    };
    Some(done.map(|()| Reply::Nothing))
}

#[cfg(test)]
mod tests {
    use mmp_control::Request;

    use super::{
        super::tests::{after, clean, refused},
        *,
    };

    fn add(server: &str) -> Request {
        Request::Ntp(Ask::Add(server.parse().unwrap()))
    }

    #[test]
    fn five_servers_and_none_twice() {
        let five: Vec<_> = (1..=5).map(|n| add(&format!("192.0.2.{n}"))).collect();
        let settings = after(&five);
        assert_eq!(refused(&settings, &add("192.0.2.1")), "NTP server already configured: 192.0.2.1");
        assert_eq!(refused(&settings, &add("192.0.2.6")), "Maximum of 5 NTP servers");
        let del = Request::Ntp(Ask::Del("192.0.2.6".parse().unwrap()));
        assert_eq!(refused(&settings, &del), "No such NTP server: 192.0.2.6");
    }

    #[test]
    fn a_key_file_must_be_there_and_hold_a_key() {
        let set = Request::Ntp(Ask::GroupKey(Some("group.key".parse().unwrap())));
        assert_eq!(refused(&clean(), &set), "File not found: group.key");
    }
}
