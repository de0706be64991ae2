//! The server's core over a directory: what each request does, and that nothing reaches outside.

use std::{fs, path::Path};

use mmp_sftp::{
    directory::Directory,
    server::Server,
    wire::{Attributes, Code, LONGEST_DATA, OpenFlags, Reply, Request},
};

const UPLOAD: u32 = OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::TRUNCATE;

struct Session {
    server: Server<Directory>,
    root: tempfile::TempDir,
}

#[cfg(test)]
impl Session {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let server = Server::new(Directory::new(root.path().into()), "admin", || 1_795_376_160);
        Self { server, root }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.root.path().join(name)
    }

    fn ask(&mut self, request: &Request<'_>) -> Reply {
        self.server.answer(request)
    }

    fn open(&mut self, path: &str, flags: u32) -> Reply {
        let request =
            Request::Open { path: path.as_bytes(), flags: OpenFlags(flags), attributes: Attributes::default() };
        self.ask(&request)
    }

    fn handle(&mut self, path: &str, flags: u32) -> [u8; 4] {
        match self.open(path, flags) {
            Reply::Handle(handle) => handle,
            other => panic!("{path}: {other:?}"),
        }
    }

    fn write(&mut self, handle: [u8; 4], offset: u64, data: &[u8]) -> Reply {
        self.ask(&Request::Write { handle: &handle, offset, data })
    }

    fn close(&mut self, handle: [u8; 4]) -> Reply {
        self.ask(&Request::Close { handle: &handle })
    }

    fn put(&mut self, path: &str, data: &[u8]) {
        let handle = self.handle(path, UPLOAD);
        assert_eq!(self.write(handle, 0, data), Reply::ok());
        assert_eq!(self.close(handle), Reply::ok());
    }
}

#[cfg(test)]
fn code(reply: &Reply) -> Code {
    match reply {
        Reply::Status(code, _) => *code,
        other => panic!("not a status: {other:?}"),
    }
}

#[cfg(test)]
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn an_upload_appears_when_it_is_closed_and_not_before() {
    let mut session = Session::new();
    let handle = session.handle("/cms.lic", UPLOAD);
    assert_eq!(session.write(handle, 0, b"licence"), Reply::ok());
    assert!(names(session.root.path()).is_empty());
    assert_eq!(code(&session.ask(&Request::Stat { path: b"/cms.lic" })), Code::NoSuchFile);
    assert_eq!(session.close(handle), Reply::ok());
    assert_eq!(fs::read(session.path("cms.lic")).unwrap(), b"licence");
}

#[test]
fn a_session_that_ends_leaves_nothing_of_its_uploads() {
    let mut session = Session::new();
    let handle = session.handle("/cms.lic", UPLOAD);
    session.write(handle, 0, b"half");
    let Session { server, root } = session;
    drop(server);
    assert!(names(root.path()).is_empty());
}

#[test]
fn writes_land_at_their_offsets_in_any_order() {
    let mut session = Session::new();
    let handle = session.handle("/x", UPLOAD);
    session.write(handle, 4, b"efgh");
    session.write(handle, 0, b"abcd");
    session.write(handle, 10, b"k");
    session.close(handle);
    assert_eq!(fs::read(session.path("x")).unwrap(), b"abcdefgh\0\0k");
}

#[test]
fn append_resume_and_exclusive_opens_do_what_they_say() {
    let mut session = Session::new();
    session.put("/x", b"abc");
    let append = session.handle("/x", OpenFlags::WRITE | OpenFlags::APPEND);
    session.write(append, 0, b"def");
    session.close(append);
    assert_eq!(fs::read(session.path("x")).unwrap(), b"abcdef");
    let resume = session.handle("/x", OpenFlags::WRITE | OpenFlags::CREATE);
    session.write(resume, 6, b"ghi");
    session.close(resume);
    assert_eq!(fs::read(session.path("x")).unwrap(), b"abcdefghi");
    assert_eq!(code(&session.open("/x", UPLOAD | OpenFlags::EXCLUSIVE)), Code::Failure);
    assert_eq!(code(&session.open("/new", OpenFlags::WRITE)), Code::NoSuchFile);
    session.handle("/new", UPLOAD | OpenFlags::EXCLUSIVE);
    assert_eq!(code(&session.open("/x", 0)), Code::Failure);
}

#[test]
fn a_failed_write_keeps_the_old_file() {
    let mut session = Session::new();
    session.put("/x", b"old");
    let handle = session.handle("/x", UPLOAD);
    session.write(handle, 0, b"new");
    assert_eq!(code(&session.write(handle, u64::MAX, b"beyond")), Code::Failure);
    let Reply::Status(Code::Failure, text) = session.close(handle) else { panic!("closed") };
    assert_eq!(text, "The upload of x failed; nothing was changed");
    assert_eq!(fs::read(session.path("x")).unwrap(), b"old");
}

#[test]
fn reads_end_at_the_end_and_are_bounded() {
    let mut session = Session::new();
    session.put("/x", b"0123456789");
    let handle = session.handle("/x", OpenFlags::READ);
    let mut read = |offset, length| session.ask(&Request::Read { handle: &handle, offset, length });
    assert_eq!(read(2, 4), Reply::Data(b"2345".to_vec()));
    assert_eq!(read(8, u32::MAX), Reply::Data(b"89".to_vec()));
    assert_eq!(code(&read(10, 4)), Code::Eof);
    assert_eq!(code(&read(u64::MAX, 4)), Code::Eof);
    assert_eq!(code(&session.write(handle, 0, b"x")), Code::PermissionDenied);
    let big = vec![7; LONGEST_DATA + 5];
    fs::write(session.path("big"), &big).unwrap();
    let handle = session.handle("/big", OpenFlags::READ);
    let Reply::Data(data) = session.ask(&Request::Read { handle: &handle, offset: 0, length: u32::MAX }) else {
        panic!("no data");
    };
    assert_eq!(data.len(), LONGEST_DATA);
}

#[test]
fn listings_have_the_dots_come_in_pieces_and_end() {
    let mut session = Session::new();
    for n in 0..250 {
        fs::write(session.path(&format!("f{n:03}")), b"").unwrap();
    }
    let Reply::Handle(handle) = session.ask(&Request::Opendir { path: b"." }) else { panic!("no handle") };
    let mut all = Vec::new();
    loop {
        match session.ask(&Request::Readdir { handle: &handle }) {
            Reply::Names(entries) => all.extend(entries.into_iter().map(|e| e.name)),
            reply => break assert_eq!(code(&reply), Code::Eof),
        }
    }
    assert_eq!(all.len(), 252);
    assert_eq!(all[..3], [".", "..", "f000"]);
    assert_eq!(all[251], "f249");
    assert_eq!(code(&session.ask(&Request::Opendir { path: b"/f000" })), Code::Failure);
    assert_eq!(code(&session.ask(&Request::Opendir { path: b"/sub/dir" })), Code::NoSuchFile);
}

#[test]
fn a_rename_replaces_only_when_asked_to() {
    let mut session = Session::new();
    session.put("/a", b"a");
    session.put("/b", b"b");
    assert_eq!(code(&session.ask(&Request::Rename { from: b"/a", to: b"/b" })), Code::Failure);
    assert_eq!(fs::read(session.path("b")).unwrap(), b"b");
    assert_eq!(session.ask(&Request::PosixRename { from: b"/a", to: b"/b" }), Reply::ok());
    assert_eq!(names(session.root.path()), ["b"]);
    assert_eq!(fs::read(session.path("b")).unwrap(), b"a");
    assert_eq!(code(&session.ask(&Request::Rename { from: b"/none", to: b"/c" })), Code::NoSuchFile);
    assert_eq!(code(&session.ask(&Request::Rename { from: b"/b", to: b"/../x/y" })), Code::NoSuchFile);
    assert_eq!(code(&session.ask(&Request::Rename { from: b"/b", to: b"/.hidden" })), Code::Failure);
}

#[test]
fn times_are_set_by_name_and_with_an_upload() {
    let mut session = Session::new();
    let times = Attributes { times: Some((1, 1_000_000_000)), permissions: Some(0o777), ..Attributes::default() };
    let handle = session.handle("/x", UPLOAD);
    session.write(handle, 0, b"x");
    assert_eq!(session.ask(&Request::Fsetstat { handle: &handle, attributes: times }), Reply::ok());
    assert_eq!(session.close(handle), Reply::ok());
    let seen = |session: &mut Session| match session.ask(&Request::Stat { path: b"/x" }) {
        Reply::Attributes(attributes) => (attributes.times, attributes.permissions),
        other => panic!("{other:?}"),
    };
    assert_eq!(seen(&mut session), (Some((1_000_000_000, 1_000_000_000)), Some(0o100_600)));
    let later = Attributes { times: Some((1, 1_100_000_000)), ..Attributes::default() };
    assert_eq!(session.ask(&Request::Setstat { path: b"/x", attributes: later }), Reply::ok());
    assert_eq!(seen(&mut session).0, Some((1_100_000_000, 1_100_000_000)));
    let absent = session.ask(&Request::Setstat { path: b"/none", attributes: Attributes::default() });
    assert_eq!(code(&absent), Code::NoSuchFile);
}

#[test]
fn a_file_is_cut_by_name_and_by_handle() {
    let mut session = Session::new();
    session.put("/x", b"0123456789");
    let cut = Attributes { size: Some(4), ..Attributes::default() };
    assert_eq!(session.ask(&Request::Setstat { path: b"/x", attributes: cut }), Reply::ok());
    assert_eq!(fs::read(session.path("x")).unwrap(), b"0123");
    let handle = session.handle("/x", OpenFlags::WRITE);
    let cut = Attributes { size: Some(2), ..Attributes::default() };
    assert_eq!(session.ask(&Request::Fsetstat { handle: &handle, attributes: cut }), Reply::ok());
    session.close(handle);
    assert_eq!(fs::read(session.path("x")).unwrap(), b"01");
    let handle = session.handle("/x", OpenFlags::READ);
    let refused = session.ask(&Request::Fsetstat { handle: &handle, attributes: cut });
    assert_eq!(code(&refused), Code::PermissionDenied);
}

#[test]
fn nothing_outside_the_folder_can_be_named() {
    let mut session = Session::new();
    let outside = tempfile::tempdir().unwrap();
    let secret = outside.path().join("secret");
    fs::write(&secret, b"secret").unwrap();
    let secret = secret.to_str().unwrap();
    for path in [secret, "/../../../../etc/passwd", "../etc/passwd", "a/../b/../../etc/passwd"] {
        assert_eq!(code(&session.open(path, OpenFlags::READ)), Code::NoSuchFile, "{path}");
        assert_eq!(code(&session.open(path, UPLOAD)), Code::NoSuchFile, "{path}");
        assert_eq!(code(&session.ask(&Request::Remove { path: path.as_bytes() })), Code::NoSuchFile, "{path}");
        assert_eq!(code(&session.ask(&Request::Stat { path: path.as_bytes() })), Code::NoSuchFile, "{path}");
    }
    for name in [".hidden", "a b", "ä", "a\0b", "a\nb", &"x".repeat(65)] {
        assert_eq!(code(&session.open(name, UPLOAD)), Code::Failure, "{name:?}");
        assert_eq!(code(&session.open(name, OpenFlags::READ)), Code::NoSuchFile, "{name:?}");
    }
    for request in [Request::Mkdir { path: b"/d" }, Request::Rmdir { path: b"/" }, Request::Remove { path: b"/" }] {
        assert_eq!(code(&session.ask(&request)), Code::Failure);
    }
    assert_eq!(code(&session.ask(&Request::Symlink)), Code::OpUnsupported);
    assert_eq!(code(&session.ask(&Request::Unknown)), Code::OpUnsupported);
    assert!(names(session.root.path()).is_empty());
}

#[test]
fn paths_are_resolved_without_a_look_at_the_folder() {
    let mut session = Session::new();
    let mut real = |request: &Request<'_>| match session.ask(request) {
        Reply::Names(entries) => entries[0].name.clone(),
        other => format!("{:?}", code(&other)),
    };
    assert_eq!(real(&Request::Realpath { path: b"." }), "/");
    assert_eq!(real(&Request::Realpath { path: b"" }), "/");
    assert_eq!(real(&Request::Realpath { path: b"//x" }), "/x");
    assert_eq!(real(&Request::Realpath { path: b"/a/b" }), "NoSuchFile");
    assert_eq!(real(&Request::ExpandPath { path: b"~/x" }), "/x");
}

#[test]
fn handles_run_out_and_come_back() {
    let mut session = Session::new();
    let handles: Vec<_> = (0..64).map(|n| session.handle(&format!("/f{n}"), UPLOAD)).collect();
    assert_eq!(code(&session.open("/one-more", UPLOAD)), Code::Failure);
    assert_eq!(session.close(handles[5]), Reply::ok());
    assert_eq!(code(&session.close(handles[5])), Code::Failure);
    session.handle("/one-more", UPLOAD);
}
