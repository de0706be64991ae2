//! The SFTP folder with the files that are settings among its files.

use std::{fs::File, io::Read};

use mmp_control::{Kind, Refusal, Reply, Request, request::File as Ask};
use mmp_model::{FileName, Settings, file::FileAccess, ssh::LONGEST_FILE};

use super::SettingFile;
use crate::files::{Answer, Folder};

/// Changes settings.
pub type Change<'a> = &'a mut dyn FnMut(&Request) -> Result<(), Refusal>;

/// Answers for the whole folder, whose own part is what only reads.
pub fn answer(settings: &Settings, ask: &Ask, folder: &mut Folder<'_>, change: Change<'_>) -> Result<Answer, Refusal> {
    let done = |()| (Reply::Nothing, None);
    match ask {
        Ask::Create { name, ticket, keep } => {
            if let Some(file) = SettingFile::named(name) {
                folder.permit(name, FileAccess::Write)?;
                file.check_name(settings)?;
            }
            folder.answer(&Ask::Create { name: name.clone(), ticket: *ticket, keep: *keep })
        }
        Ask::Commit { ticket } => match folder.upload(*ticket).and_then(SettingFile::named) {
            Some(file) => change(&file.set(&read(folder.take(*ticket)?)?)?).map(done),
            None => folder.answer(ask),
        },
        Ask::Remove(name) => match SettingFile::named(name) {
            Some(file) => {
                folder.answer(&Ask::Stat(name.clone()))?;
                folder.permit(name, FileAccess::Remove)?;
                change(&file.remove()).map(done)
            }
            None => folder.answer(ask),
        },
        // Its time is when it is looked at; a client that sets another is not told off for it.
        Ask::SetTime(name, _) if SettingFile::named(name).is_some() => {
            folder.permit(name, FileAccess::Write)?;
            folder.answer(&Ask::Stat(name.clone())).map(|_| done(()))
        }
        Ask::Rename { from, to, replace } => rename(settings, (from, to, *replace), folder, change),
        Ask::List | Ask::Stat(_) | Ask::Open(_) | Ask::SetTime(..) | Ask::Abandon { .. } => folder.answer(ask),
    }
}

/// Clients upload under another name and rename when all is there: that is when the setting is taken.
fn rename(
    settings: &Settings,
    (from, to, replace): (&FileName, &FileName, bool),
    folder: &mut Folder<'_>,
    change: Change<'_>,
) -> Result<Answer, Refusal> {
    if SettingFile::named(from).is_some() {
        folder.permit(from, FileAccess::Remove)?;
        return Err(Refusal::new(Kind::Conflict, format!("{from} is a setting and keeps its name"))
            .hint("get it, put it under the other name, and remove it here"));
    }
    let Some(file) = SettingFile::named(to) else {
        return folder.answer(&Ask::Rename { from: from.clone(), to: to.clone(), replace });
    };
    folder.permit(from, FileAccess::Remove)?;
    folder.permit(to, FileAccess::Write)?;
    file.check_name(settings)?;
    if !replace && file.content(settings).is_some() {
        return Err(Refusal::new(Kind::Conflict, format!("File already exists: {to}")));
    }
    let bytes = read(folder.plain(from)?)?;
    change(&file.set(&bytes)?)?;
    folder.answer(&Ask::Remove(from.clone()))
}

/// The bytes of an upload: of a longer one no more than shows that it is too long.
fn read(file: File) -> Result<Vec<u8>, Refusal> {
    let mut content = Vec::new();
    let read = file.take(LONGEST_FILE as u64 + 1).read_to_end(&mut content);
    read.map_err(|error| Refusal::new(Kind::Internal, format!("The file cannot be read: {error}")))?;
    Ok(content)
}

#[cfg(test)]
mod tests {
    use std::{
        cell::RefCell,
        io::{self, Seek, SeekFrom, Write},
    };

    use mmp_model::Role;

    use super::*;
    use crate::{
        change::{
            self,
            tests::{clean, facts},
        },
        files::Producer,
        produced, setting_files,
    };

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f bob\n";

    /// Settings in force, which the folder shows.
    struct Force(RefCell<Settings>);

    impl Producer for Force {
        fn names(&self) -> Vec<FileName> {
            setting_files::names(&self.0.borrow())
        }
        fn produce(&self, name: &FileName) -> Option<io::Result<File>> {
            let content = SettingFile::named(name)?.content(&self.0.borrow())?;
            Some(produced::sealed("test", content.as_bytes()))
        }
    }

    struct Session {
        _temporary: tempfile::TempDir,
        folder: Folder<'static>,
        force: &'static Force,
    }

    impl Session {
        fn of(role: Role) -> Self {
            let temporary = tempfile::tempdir().unwrap();
            let force: &Force = Box::leak(Box::new(Force(RefCell::new(clean()))));
            let folder = Folder::new(temporary.path().to_owned(), role, force);
            Self { _temporary: temporary, folder, force }
        }

        fn settings(&self) -> Settings {
            self.force.0.borrow().clone()
        }

        fn ask(&mut self, ask: &Ask) -> Result<Answer, Refusal> {
            let force = self.force;
            answer(&self.settings(), ask, &mut self.folder, &mut |request| {
                let (settings, _) = change::change(&force.0.borrow(), request, &facts()).unwrap()?;
                *force.0.borrow_mut() = settings;
                Ok(())
            })
        }

        fn put(&mut self, name: &str, content: &str) -> Result<(), Refusal> {
            let create = Ask::Create { name: name.parse().unwrap(), ticket: 1, keep: false };
            let mut file = File::from(self.ask(&create)?.1.unwrap());
            file.write_all(content.as_bytes()).unwrap();
            drop(file);
            self.ask(&Ask::Commit { ticket: 1 }).map(drop)
        }

        fn get(&mut self, name: &str) -> String {
            let mut text = String::new();
            let (_, descriptor) = self.ask(&Ask::Open(name.parse().unwrap())).unwrap();
            File::from(descriptor.unwrap()).read_to_string(&mut text).unwrap();
            text
        }

        fn names(&mut self) -> Vec<String> {
            let Reply::Files(files) = self.ask(&Ask::List).unwrap().0 else { panic!("no list") };
            files.into_iter().map(|file| file.name.to_string()).collect()
        }
    }

    #[test]
    fn a_key_comes_and_goes_with_its_file() {
        let mut session = Session::of(Role::Admin);
        session.put("admin.pub", &format!("# mine\n{KEY}")).unwrap();
        assert_eq!(session.names(), ["admin.pub"]);
        assert_eq!(session.get("admin.pub"), KEY);
        assert_eq!(session.settings().ssh.keys.len(), 1);
        session.ask(&Ask::Remove("admin.pub".parse().unwrap())).unwrap();
        assert_eq!((session.names().len(), session.settings()), (0, clean()));
    }

    #[test]
    fn a_bad_file_changes_nothing_and_leaves_nothing() {
        let mut session = Session::of(Role::Admin);
        session.put("admin.pub", KEY).unwrap();
        let before = session.settings();
        for bad in ["", "hello", &format!("command=\"x\" {KEY}"), &KEY.repeat(1000)] {
            let refusal = session.put("admin.pub", bad).unwrap_err();
            assert!(refusal.message.starts_with("The file was not taken: "), "{refusal}");
        }
        assert_eq!(session.settings(), before);
        assert_eq!(session.get("admin.pub"), KEY);
        assert_eq!(session.put("nobody1.pub", KEY).unwrap_err().message, "No such user: nobody1");
        assert_eq!(session.names(), ["admin.pub"]);
    }

    #[test]
    fn a_client_that_renames_at_the_end_sets_it_then() {
        let mut session = Session::of(Role::Admin);
        session.put("motd.filepart", "Maintenance on Sunday\n").unwrap();
        assert!(session.settings().texts.motd.is_none());
        let rename =
            |from: &str, to: &str| Ask::Rename { from: from.parse().unwrap(), to: to.parse().unwrap(), replace: false };
        session.ask(&rename("motd.filepart", "motd")).unwrap();
        assert_eq!((session.names(), session.get("motd")), (vec!["motd".into()], "Maintenance on Sunday\n".into()));
        assert_eq!(session.ask(&rename("motd", "other")).unwrap_err().message, "motd is a setting and keeps its name");
        session.put("x", "\x1b[2J").unwrap();
        assert!(session.ask(&rename("x", "banner")).is_err());
        assert_eq!(session.names(), ["motd", "x"]);
    }

    #[test]
    fn a_text_can_be_appended_to() {
        let mut session = Session::of(Role::Admin);
        session.put("banner", "one\n").unwrap();
        let create = Ask::Create { name: "banner".parse().unwrap(), ticket: 2, keep: true };
        let mut file = File::from(session.ask(&create).unwrap().1.unwrap());
        file.seek(SeekFrom::End(0)).unwrap();
        file.write_all(b"two\n").unwrap();
        drop(file);
        session.ask(&Ask::Commit { ticket: 2 }).unwrap();
        assert_eq!(session.get("banner"), "one\ntwo\n");
    }

    #[test]
    fn other_roles_neither_see_nor_set_them() {
        for role in Role::ALL.into_iter().filter(|role| *role != Role::Admin) {
            let mut session = Session::of(role);
            session.force.0.borrow_mut().texts.motd = Some("hello".parse().unwrap());
            assert!(session.names().is_empty(), "{role}");
            assert!(session.put("admin.pub", KEY).is_err() && session.put("motd", "x").is_err());
            for ask in [Ask::Stat("motd".parse().unwrap()), Ask::Open("motd".parse().unwrap())] {
                assert_eq!(session.ask(&ask).unwrap_err().message, "File not found: motd");
            }
            let before = session.settings();
            assert!(session.ask(&Ask::Remove("motd".parse().unwrap())).is_err());
            assert_eq!(session.settings(), before);
        }
    }
}
