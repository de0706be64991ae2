//! Puts the pages into the program: each file as it is and, where that is smaller, compressed.

use std::{
    env, fmt, fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use flate2::{Compression, write::GzEncoder};

fn main() -> io::Result<()> {
    let pages = PathBuf::from("pages");
    println!("cargo::rerun-if-changed=pages");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    let mut files = Vec::new();
    below(&pages, &mut files)?;
    files.sort();
    let mut list = String::from("&[\n");
    for (number, file) in files.iter().enumerate() {
        let content = fs::read(file)?;
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&content)?;
        let packed = encoder.finish()?;
        let packed = if packed.len() < content.len() { packed } else { Vec::new() };
        let path = out.join(format!("page-{number}.gz"));
        fs::write(&path, packed)?;
        let name = file.strip_prefix(&pages).map_err(io::Error::other)?.display().to_string();
        let line = Entry { name: &name, content: &fs::canonicalize(file)?, packed: &path };
        list.push_str(&line.to_string());
    }
    list.push(']');
    fs::write(out.join("pages.rs"), list)
}

struct Entry<'a> {
    name: &'a str,
    content: &'a Path,
    packed: &'a Path,
}

impl fmt::Display for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, content, packed } = self;
        writeln!(
            f,
            "    Page {{ name: {name:?}, content: include_bytes!({content:?}), packed: include_bytes!({packed:?}) }},"
        )
    }
}

fn below(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        println!("cargo::rerun-if-changed={}", path.display());
        if path.is_dir() {
            below(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
