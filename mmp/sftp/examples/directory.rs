//! Serves a directory instead of the appliance's folder, for clients on a developer's machine and in tests:
//! `sftp -D "target/debug/examples/directory FOLDER"`.

use std::{
    env, fs, io,
    os::fd::AsFd,
    time::{SystemTime, UNIX_EPOCH},
};

use mmp_sftp::{directory::Directory, server::Server, stream};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = env::args_os().nth(1).ok_or("give the directory")?;
    let clock = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |t| t.as_secs().cast_signed());
    let mut server = Server::new(Directory::new(root.into()), "developer", clock);
    let input = fs::File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let output = fs::File::from(io::stdout().as_fd().try_clone_to_owned()?);
    Ok(stream::serve(&mut |request| server.answer(request), input, output)?)
}
