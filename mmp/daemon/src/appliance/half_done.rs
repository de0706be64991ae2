//! What an mmpd that was killed in the middle of a change left behind: daemons with files that were never saved.
//!
//! Invariant: after a restart daemons follow the settings on disk, and one that follows them already is not disturbed.

use std::{fs, path::Path};

use crate::{
    paths::Paths,
    plan::{Daemon, Step},
    render::{Files, Rendered, chrony, unbound},
    webadmin,
};

/// Steps that bring daemons back, found before the files are written again. At a boot there is nothing to find.
pub fn steps(paths: &Paths, rendered: &Rendered) -> Vec<Step> {
    let families = [
        (Daemon::Unbound, unbound::CONFIG, &rendered.unbound),
        (Daemon::Chrony, chrony::CONFIG, &rendered.chrony),
        (Daemon::Webadmin, webadmin::SERVICE, &rendered.webadmin),
    ];
    families.into_iter().flat_map(|(daemon, config, files)| of(paths, daemon, Path::new(config), files)).collect()
}

fn of(paths: &Paths, daemon: Daemon, config: &Path, files: &Files) -> Vec<Step> {
    let on_disk = |path: &Path| fs::read(paths.system(&path.to_string_lossy())).ok();
    if on_disk(config).is_none() {
        return Vec::new();
    }
    if !files.contains_key(config) {
        return vec![Step::Remove(config.to_owned()), Step::Stop(daemon)];
    }
    let differs = files.iter().any(|(path, file)| on_disk(path).as_deref() != Some(file.content.as_bytes()));
    if differs { vec![Step::Restart(daemon)] } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::File;

    fn found(on_disk: Option<&str>, wanted: Option<&str>) -> Vec<Step> {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::below(folder.path());
        if let Some(content) = on_disk {
            let path = paths.system(unbound::CONFIG);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        let mut rendered = Rendered::default();
        if let Some(content) = wanted {
            let file = File { content: content.into(), mode: 0o644, group: None };
            rendered.unbound.insert(unbound::CONFIG.into(), file);
        }
        steps(&paths, &rendered)
    }

    #[test]
    fn a_boot_and_a_daemon_that_follows_need_nothing() {
        assert_eq!(found(None, Some("one")), []);
        assert_eq!(found(Some("one"), Some("one")), []);
    }

    #[test]
    fn a_change_that_was_not_saved_is_taken_back() {
        assert_eq!(found(Some("two"), Some("one")), [Step::Restart(Daemon::Unbound)]);
        let gone = [Step::Remove(unbound::CONFIG.into()), Step::Stop(Daemon::Unbound)];
        assert_eq!(found(Some("two"), None), gone);
    }
}
