//! `dns lookup`: a question to the appliance's own resolver, as its programs ask it, and the answer in presentation
//! form. Services are followed to their addresses.

use std::{
    io::{self, Read, Write},
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream, UdpSocket},
    time::Duration,
};

use domain::{
    base::{
        Message, MessageBuilder, Name, ParsedName,
        iana::{Rcode, Rtype},
    },
    rdata::AllRecordData,
};
use mmp_control::{Kind, Refusal, request::LookupType};
use mmp_model::{DomainName, name::absolute};

use crate::apply::ApplyError;

/// Returns when the resolver runs.
pub type Await<'a> = &'a dyn Fn() -> Result<(), ApplyError>;

/// The resolver of the appliance.
const SERVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 53);
/// Wait for one answer; the resolver tries every forward server in that time.
const DEADLINE: Duration = Duration::from_secs(8);
/// Largest answer over UDP that is asked for (RFC 9715).
const UDP_PAYLOAD: u16 = 1232;
/// Hosts of a service that are followed.
const MOST_TARGETS: usize = 16;

/// Looks the name up; the records found, or the documented refusal. `await_resolver` returns when the
/// resolver runs; it is absent when none is configured.
pub fn lookup(kind: LookupType, name: &DomainName, await_resolver: Option<Await>) -> Result<Vec<String>, Refusal> {
    let Some(await_resolver) = await_resolver else {
        return Err(failed("the resolver does not run, as no forward zone is configured")
            .hint("add one with `dns add forwardzone . <server-ip>`"));
    };
    let ask = |name: &DomainName, rtype| ask(name, rtype, await_resolver);
    let rtype = match kind {
        LookupType::A => Rtype::A,
        LookupType::Aaaa => Rtype::AAAA,
        LookupType::Srv => Rtype::SRV,
    };
    let (mut lines, targets) = ask(name, rtype)?;
    for target in targets.iter().take(MOST_TARGETS) {
        for rtype in [Rtype::A, Rtype::AAAA] {
            // A target without one kind of address is usual, and the service itself was found.
            if let Ok((more, _)) = ask(target, rtype) {
                lines.extend(more);
            }
        }
    }
    if lines.is_empty() {
        return Err(Refusal::new(Kind::Absent, "No records found"));
    }
    Ok(lines)
}

/// Whether the name has the address now, by the appliance's resolver. What cannot be resolved has none.
pub fn has_address(name: &DomainName, address: IpAddr) -> bool {
    let rtype = if address.is_ipv4() { Rtype::A } else { Rtype::AAAA };
    // `owner. TYPE data`, the names that stand for it among them.
    let is_it = |line: &String| line.rsplit(' ').next().is_some_and(|data| data.parse() == Ok(address));
    ask(name, rtype, &|| Ok(())).is_ok_and(|(lines, _)| lines.iter().any(is_it))
}

fn failed(reason: &str) -> Refusal {
    Refusal::new(Kind::Unavailable, format!("DNS lookup failed: {reason}"))
        .hint("see `dns` for the servers that are asked")
}

/// One question: the answer's lines, and the targets of its services.
fn ask(name: &DomainName, rtype: Rtype, await_resolver: Await) -> Result<(Vec<String>, Vec<DomainName>), Refusal> {
    let answer = exchange(name, rtype).or_else(|error| match error.kind() {
        io::ErrorKind::ConnectionRefused => {
            await_resolver().map_err(io::Error::other)?;
            exchange(name, rtype)
        }
        _ => Err(error),
    });
    let answer = answer.map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => failed("no answer in time"),
        _ => failed(&error.to_string()),
    })?;
    match answer.header().rcode() {
        Rcode::NOERROR => {}
        Rcode::NXDOMAIN => return Ok((Vec::new(), Vec::new())),
        Rcode::SERVFAIL => return Err(failed("no server gave a valid answer (SERVFAIL)")),
        other => return Err(failed(&other.to_string())),
    }
    let (mut lines, mut targets) = (Vec::new(), Vec::new());
    let records = answer.answer().map_err(|_| failed("the answer cannot be read"))?;
    for record in records.limit_to::<AllRecordData<_, ParsedName<_>>>().flatten() {
        if let AllRecordData::Srv(service) = record.data()
            && let Ok(target) = service.target().to_string().parse()
        {
            targets.push(target);
        }
        if let Some(line) = line(record.owner(), record.data()) {
            lines.push(line);
        }
    }
    Ok((lines, targets))
}

/// `owner. TYPE data` (`mmp.md` section 7), for the types that a lookup is about.
fn line<O: AsRef<[u8]>, N: std::fmt::Display>(
    owner: impl std::fmt::Display,
    data: &AllRecordData<O, N>,
) -> Option<String> {
    let owner = absolute(owner);
    Some(match data {
        AllRecordData::A(a) => format!("{owner} A {}", a.addr()),
        AllRecordData::Aaaa(aaaa) => format!("{owner} AAAA {}", aaaa.addr()),
        AllRecordData::Srv(s) => {
            format!("{owner} SRV {} {} {} {}", s.priority(), s.weight(), s.port(), absolute(s.target()))
        }
        AllRecordData::Cname(c) => format!("{owner} CNAME {}", absolute(c.cname())),
        _ => return None,
    })
}

fn exchange(name: &DomainName, rtype: Rtype) -> io::Result<Message<Vec<u8>>> {
    let mut id = [0; 2];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut id)?;
    let id = u16::from_be_bytes(id);
    let name: Name<Vec<u8>> = name.absolute().parse().map_err(io::Error::other)?;
    let mut message = MessageBuilder::new_vec();
    message.header_mut().set_id(id);
    message.header_mut().set_rd(true);
    let mut question = message.question();
    question.push((&name, rtype)).map_err(|_| io::Error::other("the question is too long"))?;
    let mut additional = question.additional();
    additional
        .opt(|options| {
            options.set_udp_payload_size(UDP_PAYLOAD);
            Ok(())
        })
        .map_err(|_| io::Error::other("the question is too long"))?;
    let bytes = additional.finish();

    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    socket.connect(SERVER)?;
    socket.set_read_timeout(Some(DEADLINE))?;
    socket.send(&bytes)?;
    let mut buffer = vec![0; usize::from(u16::MAX)];
    let length = socket.recv(&mut buffer)?;
    buffer.truncate(length);
    let answer = read(buffer, id)?;
    if answer.header().tc() { over_tcp(&bytes, id) } else { Ok(answer) }
}

fn over_tcp(question: &[u8], id: u16) -> io::Result<Message<Vec<u8>>> {
    let mut stream = TcpStream::connect_timeout(&SERVER, DEADLINE)?;
    stream.set_read_timeout(Some(DEADLINE))?;
    let length = u16::try_from(question.len()).map_err(io::Error::other)?;
    stream.write_all(&[&length.to_be_bytes(), question].concat())?;
    let mut length = [0; 2];
    stream.read_exact(&mut length)?;
    let mut buffer = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut buffer)?;
    read(buffer, id)
}

fn read(bytes: Vec<u8>, id: u16) -> io::Result<Message<Vec<u8>>> {
    let message = Message::from_octets(bytes).map_err(|_| io::Error::other("the answer is too short"))?;
    if message.header().id() == id && message.header().qr() {
        Ok(message)
    } else {
        Err(io::Error::other("the answer is not to the question"))
    }
}
