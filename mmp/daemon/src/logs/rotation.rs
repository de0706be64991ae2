//! `syslog rotate`: the present log becomes a file of the SFTP folder, and a new one begins.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, BufWriter, Write},
    os::unix::net::UnixStream,
    time::Duration,
};

use mmp_control::{Kind, Refusal, Reply, request::File as Ask};
use mmp_log::{SystemLog, system};
use mmp_model::{FileName, Role, file::FileKind};

use crate::{appliance::Appliance, files::Folder};

/// journald's own socket, as `journalctl --rotate` uses it.
const JOURNALD: &str = "/run/systemd/journal/io.systemd.journal";
/// Longest wait for journald.
const PATIENCE: Duration = Duration::from_secs(30);

/// Keeps the log as `name`.
pub fn rotate(appliance: &Appliance, name: &FileName) -> Result<Reply, Refusal> {
    let failed = |error: io::Error| Refusal::new(Kind::Internal, format!("The log was not rotated: {error}"));
    if name.kind() != FileKind::Plain {
        return Err(Refusal::new(Kind::BadValue, format!("Invalid file name: {name}"))
            .hint("this name stands for something else; choose another, such as saved.log"));
    }
    let mut folder = Folder::new(appliance.system.paths.files(), Role::Admin, appliance);
    if folder.answer(&Ask::Stat(name.clone())).is_ok() {
        return Err(Refusal::new(Kind::Conflict, format!("File already exists: {name}"))
            .hint("choose another name, or delete the file by SFTP first"));
    }
    // The file comes first: a full disk is said before anything is rotated.
    let (_, descriptor) = folder.answer(&Ask::Create { name: name.clone(), ticket: 0, keep: false })?;
    let file = File::from(descriptor.ok_or_else(|| failed(io::ErrorKind::NotFound.into()))?);
    if appliance.system.device {
        ask_journald("io.systemd.Journal.Rotate").map_err(failed)?;
    }
    // The newest of the archived files is the one that was just closed.
    let closed = system::files(&appliance.system.paths.journal())
        .into_iter()
        .find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().contains('@')));
    let closed = closed.ok_or_else(|| failed(io::ErrorKind::NotFound.into()))?;
    let zone = super::zone(appliance);
    let write = || -> io::Result<()> {
        let mut log = SystemLog::open_file(&closed)?;
        let mut out = BufWriter::new(&file);
        while let Some(record) = log.next()? {
            writeln!(out, "{}", record.dated(&zone))?;
        }
        out.flush()
    };
    write().map_err(|error| failed(error).state("A new log was begun, and the file was not made"))?;
    drop(file);
    folder.answer(&Ask::Commit { ticket: 0 })?;
    Ok(Reply::Notice(format!("{name} ready for download")))
}

/// One call of a method without parameters (varlink: JSON with a zero byte at its end).
fn ask_journald(method: &str) -> io::Result<()> {
    let stream = UnixStream::connect(JOURNALD)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    (&stream).write_all(format!("{{\"method\":\"{method}\",\"parameters\":{{}}}}\0").as_bytes())?;
    let mut answer = Vec::new();
    BufReader::new(stream).read_until(0, &mut answer)?;
    answer.pop();
    let answer: serde_json::Value = serde_json::from_slice(&answer)?;
    match answer.get("error") {
        Some(error) => Err(io::Error::other(error.to_string())),
        None => Ok(()),
    }
}
