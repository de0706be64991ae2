//! The wire format: a packet's body to a [`Request`], a [`Reply`] to bytes.
//!
//! Invariants: no IO; foreign bytes give a request or an error, never a panic; nothing is reserved by a length that the
//! peer claims.

/// Longest packet that is announced, and taken with [`OVERHEAD`] to spare. OpenSSH has the same limit.
pub const LONGEST_PACKET: usize = 256 * 1024;

/// What a packet may have beside its data.
pub const OVERHEAD: usize = 1024;

/// Most bytes in one read or write.
pub const LONGEST_DATA: usize = LONGEST_PACKET - OVERHEAD;

/// The version that is spoken.
pub const VERSION: u32 = 3;

/// A request, borrowing from its packet.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // fields are named as in the draft
pub enum Request<'a> {
    Open {
        path: &'a [u8],
        flags: OpenFlags,
        attributes: Attributes,
    },
    Close {
        handle: &'a [u8],
    },
    Read {
        handle: &'a [u8],
        offset: u64,
        length: u32,
    },
    Write {
        handle: &'a [u8],
        offset: u64,
        data: &'a [u8],
    },
    Lstat {
        path: &'a [u8],
    },
    Fstat {
        handle: &'a [u8],
    },
    Setstat {
        path: &'a [u8],
        attributes: Attributes,
    },
    Fsetstat {
        handle: &'a [u8],
        attributes: Attributes,
    },
    Opendir {
        path: &'a [u8],
    },
    Readdir {
        handle: &'a [u8],
    },
    Remove {
        path: &'a [u8],
    },
    Mkdir {
        path: &'a [u8],
    },
    Rmdir {
        path: &'a [u8],
    },
    Realpath {
        path: &'a [u8],
    },
    Stat {
        path: &'a [u8],
    },
    Rename {
        from: &'a [u8],
        to: &'a [u8],
    },
    Readlink {
        path: &'a [u8],
    },
    Symlink,
    PosixRename {
        from: &'a [u8],
        to: &'a [u8],
    },
    Statvfs {
        path: &'a [u8],
    },
    Fstatvfs {
        handle: &'a [u8],
    },
    Fsync {
        handle: &'a [u8],
    },
    Limits,
    ExpandPath {
        path: &'a [u8],
    },
    /// A packet or an extension that is not known here.
    Unknown,
}

/// A packet from the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    /// Opens the conversation; carries the client's version.
    Init(u32),
    /// A request with its number.
    Request(u32, Request<'a>),
}

/// Why bytes are not a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// The request has a number and can be answered.
    #[error("request {0} is cut short or too long")]
    Malformed(u32),
    /// Not even a number.
    #[error("a packet is not one of SFTP")]
    NoPacket,
}

/// How a file is opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenFlags(pub u32);

#[allow(missing_docs)] // named as in the draft
impl OpenFlags {
    pub const READ: u32 = 0x01;
    pub const WRITE: u32 = 0x02;
    pub const APPEND: u32 = 0x04;
    pub const CREATE: u32 = 0x08;
    pub const TRUNCATE: u32 = 0x10;
    pub const EXCLUSIVE: u32 = 0x20;

    /// All of these bits are set.
    pub fn has(self, bits: u32) -> bool {
        self.0 & bits == bits
    }
}

/// What a file is, or shall be; what is absent is not said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    /// Bytes.
    pub size: Option<u64>,
    /// User and group number.
    pub owner: Option<(u32, u32)>,
    /// Type and permission bits.
    pub permissions: Option<u32>,
    /// Times of last access and of last change, seconds since 1970.
    pub times: Option<(u32, u32)>,
}

const ATTR_SIZE: u32 = 0x1;
const ATTR_OWNER: u32 = 0x2;
const ATTR_PERMISSIONS: u32 = 0x4;
const ATTR_TIMES: u32 = 0x8;
const ATTR_EXTENDED: u32 = 0x8000_0000;

/// One entry of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name.
    pub name: String,
    /// The line of a long listing.
    pub long: String,
    /// What it is.
    pub attributes: Attributes,
}

/// The file system's sizes, as `statvfs` tells them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)] // named as in statvfs(3)
pub struct Space {
    pub block_size: u64,
    pub fragment_size: u64,
    pub blocks: u64,
    pub blocks_free: u64,
    pub blocks_available: u64,
    pub files: u64,
    pub files_free: u64,
}

/// A status code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // named as in the draft
pub enum Code {
    Ok = 0,
    Eof = 1,
    NoSuchFile = 2,
    PermissionDenied = 3,
    Failure = 4,
    BadMessage = 5,
    OpUnsupported = 8,
}

/// A reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// How it went, with a line for people.
    Status(Code, String),
    /// A handle.
    Handle([u8; 4]),
    /// What was read.
    Data(Vec<u8>),
    /// Names.
    Names(Vec<Entry>),
    /// What a file is.
    Attributes(Attributes),
    /// Sizes of the file system.
    Space(Space),
    /// Longest packet, read and write, and the number of handles.
    Limits([u64; 4]),
}

impl Reply {
    /// Done.
    pub fn ok() -> Self {
        Self::Status(Code::Ok, "Success".into())
    }
}

/// Extensions that are announced, with their versions.
const EXTENSIONS: [(&str, &str); 7] = [
    ("posix-rename@openssh.com", "1"),
    ("statvfs@openssh.com", "2"),
    ("fstatvfs@openssh.com", "2"),
    ("fsync@openssh.com", "1"),
    ("lsetstat@openssh.com", "1"),
    ("limits@openssh.com", "1"),
    ("expand-path@openssh.com", "1"),
];

/// Reads fields off the front.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|b| b[0])
    }

    fn u32(&mut self) -> Option<u32> {
        Some(u32::from_be_bytes(self.take(4)?.try_into().ok()?))
    }

    fn u64(&mut self) -> Option<u64> {
        Some(u64::from_be_bytes(self.take(8)?.try_into().ok()?))
    }

    fn string(&mut self) -> Option<&'a [u8]> {
        let length = self.u32()?;
        self.take(usize::try_from(length).ok()?)
    }

    fn attributes(&mut self) -> Option<Attributes> {
        let flags = self.u32()?;
        let mut attributes = Attributes::default();
        if flags & ATTR_SIZE != 0 {
            attributes.size = Some(self.u64()?);
        }
        if flags & ATTR_OWNER != 0 {
            attributes.owner = Some((self.u32()?, self.u32()?));
        }
        if flags & ATTR_PERMISSIONS != 0 {
            attributes.permissions = Some(self.u32()?);
        }
        if flags & ATTR_TIMES != 0 {
            attributes.times = Some((self.u32()?, self.u32()?));
        }
        if flags & ATTR_EXTENDED != 0 {
            for _ in 0..self.u32()? {
                self.string()?;
                self.string()?;
            }
        }
        Some(attributes)
    }
}

/// The packet in a body (the length before it taken off).
pub fn decode(body: &[u8]) -> Result<Packet<'_>, WireError> {
    let mut fields = Fields(body);
    let kind = fields.byte().ok_or(WireError::NoPacket)?;
    let number = fields.u32().ok_or(WireError::NoPacket)?;
    if kind == 1 {
        return Ok(Packet::Init(number));
    }
    let request = request(kind, &mut fields).ok_or(WireError::Malformed(number))?;
    Ok(Packet::Request(number, request))
}

fn request<'a>(kind: u8, f: &mut Fields<'a>) -> Option<Request<'a>> {
    Some(match kind {
        3 => Request::Open { path: f.string()?, flags: OpenFlags(f.u32()?), attributes: f.attributes()? },
        4 => Request::Close { handle: f.string()? },
        5 => Request::Read { handle: f.string()?, offset: f.u64()?, length: f.u32()? },
        6 => Request::Write { handle: f.string()?, offset: f.u64()?, data: f.string()? },
        7 => Request::Lstat { path: f.string()? },
        8 => Request::Fstat { handle: f.string()? },
        9 => Request::Setstat { path: f.string()?, attributes: f.attributes()? },
        10 => Request::Fsetstat { handle: f.string()?, attributes: f.attributes()? },
        11 => Request::Opendir { path: f.string()? },
        12 => Request::Readdir { handle: f.string()? },
        13 => Request::Remove { path: f.string()? },
        14 => Request::Mkdir { path: f.string()? },
        15 => Request::Rmdir { path: f.string()? },
        16 => Request::Realpath { path: f.string()? },
        17 => Request::Stat { path: f.string()? },
        18 => Request::Rename { from: f.string()?, to: f.string()? },
        19 => Request::Readlink { path: f.string()? },
        20 => Request::Symlink,
        200 => match f.string()? {
            b"posix-rename@openssh.com" => Request::PosixRename { from: f.string()?, to: f.string()? },
            b"statvfs@openssh.com" => Request::Statvfs { path: f.string()? },
            b"fstatvfs@openssh.com" => Request::Fstatvfs { handle: f.string()? },
            b"fsync@openssh.com" => Request::Fsync { handle: f.string()? },
            b"lsetstat@openssh.com" => Request::Setstat { path: f.string()?, attributes: f.attributes()? },
            b"limits@openssh.com" => Request::Limits,
            b"expand-path@openssh.com" => Request::ExpandPath { path: f.string()? },
            _ => Request::Unknown,
        },
        _ => Request::Unknown,
    })
}

/// Appends the reply that opens the conversation.
pub fn encode_version(out: &mut Vec<u8>) {
    framed(out, 2, |out| {
        put_u32(out, VERSION);
        for (name, version) in EXTENSIONS {
            put_string(out, name.as_bytes());
            put_string(out, version.as_bytes());
        }
    });
}

/// Appends a reply to the request of that number.
pub fn encode(number: u32, reply: &Reply, out: &mut Vec<u8>) {
    let kind = match reply {
        Reply::Status(..) => 101,
        Reply::Handle(_) => 102,
        Reply::Data(_) => 103,
        Reply::Names(_) => 104,
        Reply::Attributes(_) => 105,
        Reply::Space(_) | Reply::Limits(_) => 201,
    };
    framed(out, kind, |out| {
        put_u32(out, number);
        match reply {
            Reply::Status(code, text) => {
                put_u32(out, *code as u32);
                put_string(out, text.as_bytes());
                put_string(out, b"en");
            }
            Reply::Handle(handle) => put_string(out, handle),
            Reply::Data(data) => put_string(out, data),
            Reply::Names(entries) => {
                put_u32(out, length(entries.len()));
                for entry in entries {
                    put_string(out, entry.name.as_bytes());
                    put_string(out, entry.long.as_bytes());
                    put_attributes(out, &entry.attributes);
                }
            }
            Reply::Attributes(attributes) => put_attributes(out, attributes),
            Reply::Space(s) => {
                let (sizes, files) = ([s.block_size, s.fragment_size], [s.files, s.files_free, s.files_free]);
                let blocks = [s.blocks, s.blocks_free, s.blocks_available];
                // No number of the file system, no flags (1 read only, 2 no setuid): names have 64 characters at most.
                let rest = [0, 2, 64];
                sizes.iter().chain(&blocks).chain(&files).chain(&rest).for_each(|value| put_u64(out, *value));
            }
            Reply::Limits(limits) => limits.iter().for_each(|limit| put_u64(out, *limit)),
        }
    });
}

fn framed(out: &mut Vec<u8>, kind: u8, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    put_u32(out, 0);
    out.push(kind);
    body(out);
    let size = length(out.len() - start - 4);
    out[start..start + 4].copy_from_slice(&size.to_be_bytes());
}

fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).expect("replies are made here and far below 4 GiB")
}

fn put_u32(out: &mut Vec<u8>, value: u32) {
    out.extend_from_slice(&value.to_be_bytes());
}

fn put_u64(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(&value.to_be_bytes());
}

fn put_string(out: &mut Vec<u8>, bytes: &[u8]) {
    put_u32(out, length(bytes.len()));
    out.extend_from_slice(bytes);
}

fn put_attributes(out: &mut Vec<u8>, attributes: &Attributes) {
    let flag = |given: bool, bit: u32| if given { bit } else { 0 };
    put_u32(
        out,
        flag(attributes.size.is_some(), ATTR_SIZE)
            | flag(attributes.owner.is_some(), ATTR_OWNER)
            | flag(attributes.permissions.is_some(), ATTR_PERMISSIONS)
            | flag(attributes.times.is_some(), ATTR_TIMES),
    );
    if let Some(size) = attributes.size {
        put_u64(out, size);
    }
    for (first, second) in [attributes.owner].into_iter().flatten() {
        put_u32(out, first);
        put_u32(out, second);
    }
    if let Some(permissions) = attributes.permissions {
        put_u32(out, permissions);
    }
    for (first, second) in [attributes.times].into_iter().flatten() {
        put_u32(out, first);
        put_u32(out, second);
    }
}

#[cfg(test)]
mod tests {
    use proptest::{option, prelude::*};

    use super::*;

    /// A packet's body, built the way a client does.
    fn body(kind: u8, number: u32, rest: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut out = vec![kind];
        put_u32(&mut out, number);
        rest(&mut out);
        out
    }

    #[test]
    fn an_open_and_a_write_are_read() {
        let open = body(3, 7, |out| {
            put_string(out, b"/cms.lic");
            put_u32(out, 0x1a);
            put_attributes(out, &Attributes { permissions: Some(0o644), ..Attributes::default() });
        });
        let attributes = Attributes { permissions: Some(0o644), ..Attributes::default() };
        let flags = OpenFlags(0x1a);
        assert!(flags.has(OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::TRUNCATE) && !flags.has(OpenFlags::READ));
        let expected = Packet::Request(7, Request::Open { path: b"/cms.lic", flags, attributes });
        assert_eq!(decode(&open).unwrap(), expected);
        let write = body(6, 8, |out| {
            put_string(out, &[0, 0, 0, 1]);
            put_u64(out, 1 << 40);
            put_string(out, b"data");
        });
        let expected = Request::Write { handle: &[0, 0, 0, 1], offset: 1 << 40, data: b"data" };
        assert_eq!(decode(&write).unwrap(), Packet::Request(8, expected));
    }

    #[test]
    fn a_cut_request_is_answerable_when_its_number_is_there() {
        assert_eq!(decode(&[3, 0, 0, 0, 9, 0, 0, 0, 200, 1]), Err(WireError::Malformed(9)));
        assert_eq!(decode(&[3, 0, 0]), Err(WireError::NoPacket));
        assert_eq!(decode(&[]), Err(WireError::NoPacket));
    }

    #[test]
    fn what_is_not_known_is_told_from_what_is_broken() {
        assert_eq!(decode(&body(99, 1, |_| {})), Ok(Packet::Request(1, Request::Unknown)));
        let hardlink = body(200, 2, |out| put_string(out, b"hardlink@openssh.com"));
        assert_eq!(decode(&hardlink), Ok(Packet::Request(2, Request::Unknown)));
    }

    #[test]
    fn a_status_has_code_text_and_language() {
        let mut out = Vec::new();
        encode(5, &Reply::Status(Code::NoSuchFile, "no".into()), &mut out);
        assert_eq!(out, b"\0\0\0\x15\x65\0\0\0\x05\0\0\0\x02\0\0\0\x02no\0\0\0\x02en");
    }

    #[test]
    fn the_version_announces_the_extensions() {
        let mut out = Vec::new();
        encode_version(&mut out);
        assert_eq!(u32::from_be_bytes(out[..4].try_into().unwrap()) as usize, out.len() - 4);
        let mut fields = Fields(&out[5..]);
        assert_eq!(fields.u32(), Some(3));
        let mut names = Vec::new();
        while let (Some(name), Some(_)) = (fields.string(), fields.string()) {
            names.push(String::from_utf8(name.to_vec()).unwrap());
        }
        assert_eq!(names.len(), 7);
    }

    fn any_attributes() -> impl Strategy<Value = Attributes> {
        let pair = || option::of((any::<u32>(), any::<u32>()));
        (option::of(any::<u64>()), pair(), option::of(any::<u32>()), pair())
            .prop_map(|(size, owner, permissions, times)| Attributes { size, owner, permissions, times })
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&bytes);
        }

        #[test]
        fn nothing_after_a_known_kind_makes_it_panic(kind in 1u8..21, bytes in proptest::collection::vec(0u8..9, 0..60)) {
            let mut packet = vec![kind, 0, 0, 0, 1];
            packet.extend(bytes);
            let _ = decode(&packet);
        }

        #[test]
        fn attributes_go_there_and_back(attributes in any_attributes()) {
            let mut out = Vec::new();
            put_attributes(&mut out, &attributes);
            let mut fields = Fields(&out);
            prop_assert_eq!(fields.attributes(), Some(attributes));
            prop_assert!(fields.0.is_empty());
        }

        #[test]
        fn a_setstat_goes_there_and_back(path in proptest::collection::vec(any::<u8>(), 0..40), attributes in any_attributes(), number: u32) {
            let packet = body(9, number, |out| {
                put_string(out, &path);
                put_attributes(out, &attributes);
            });
            let expected = Packet::Request(number, Request::Setstat { path: &path, attributes });
            prop_assert_eq!(decode(&packet), Ok(expected));
        }
    }
}
