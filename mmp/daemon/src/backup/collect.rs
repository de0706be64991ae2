//! Putting together what a backup holds.

use std::{fs, io, path::Path};

use mmp_backup::{Bundle, Item, MAX_CONTENT};
use mmp_model::{FileName, Settings, backup::is_configuration};

use super::{HOST_KEYS, is_host_key, item, names};
use crate::paths::Paths;

/// Why a backup cannot be put together.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// A file cannot be read.
    #[error("cannot read `{name}`")]
    Read {
        /// Which.
        name: String,
        /// Cause.
        source: io::Error,
    },
    /// More than a backup can hold.
    #[error("the files of the configuration are larger than {} MiB, with `{name}` among them", MAX_CONTENT >> 20)]
    TooLarge {
        /// The first that has no room.
        name: FileName,
    },
}

/// Whether the file belongs to the configuration: by its name, or because a setting names it.
pub fn belongs(name: &FileName, settings: &Settings) -> bool {
    is_configuration(name) || settings.named_files().any(|(_, named)| named == name)
}

/// The settings with all files that belong to them. `on_step` is called for each file.
pub fn collect(paths: &Paths, settings: &Settings, on_step: &mut dyn FnMut()) -> Result<Bundle, CollectError> {
    let mut left = MAX_CONTENT as u64;
    let mut take = |folder: &Path, wanted: &dyn Fn(&FileName) -> bool| -> Result<Vec<Item>, CollectError> {
        let fail = |name: &str, source| CollectError::Read { name: name.to_owned(), source };
        let mut all = names(folder).map_err(|source| fail(&folder.display().to_string(), source))?;
        // As they came, which is how they are listed: put back one after the other, they come in this order again.
        all.sort_by_cached_key(|name| {
            fs::metadata(folder.join(name.as_str())).and_then(|metadata| metadata.created()).ok()
        });
        let mut items = Vec::new();
        for name in all.into_iter().filter(|name| wanted(name)) {
            on_step();
            let size = fs::metadata(folder.join(name.as_str())).map_err(|source| fail(name.as_str(), source))?.len();
            left = left.checked_sub(size).ok_or_else(|| CollectError::TooLarge { name: name.clone() })?;
            let text = name.to_string();
            items.push(item(folder, name).map_err(|source| fail(&text, source))?);
        }
        Ok(items)
    };
    let files = take(&paths.files(), &|name| belongs(name, settings))?;
    let host_keys = take(&paths.system(HOST_KEYS), &is_host_key)?;
    Ok(Bundle { settings: settings.clone(), files, host_keys })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::tests::clean;

    #[test]
    fn everything_that_belongs_to_the_configuration_is_taken_and_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let paths = Paths::below(root.path());
        let keys = paths.system(HOST_KEYS);
        fs::create_dir_all(paths.files()).unwrap();
        fs::create_dir_all(&keys).unwrap();
        for name in ["cms.lic", "one.key", "old.bak", "upgrade.img", "shared", ".one.cer.new"] {
            fs::write(paths.files().join(name), name).unwrap();
        }
        for name in ["ssh_host_rsa_key", "ssh_host_rsa_key.pub", "ssh_host_ecdsa_key.xYz", "moduli"] {
            fs::write(keys.join(name), name).unwrap();
        }
        let mut settings = clean();
        settings.ntp.group_key = Some("shared".parse().unwrap());
        let mut steps = 0;
        let bundle = collect(&paths, &settings, &mut || steps += 1).unwrap();
        let names = |items: &[Item]| items.iter().map(|item| item.name.to_string()).collect::<Vec<_>>();
        assert_eq!(names(&bundle.files), ["cms.lic", "one.key", "shared"]);
        assert_eq!(names(&bundle.host_keys), ["ssh_host_rsa_key", "ssh_host_rsa_key.pub"]);
        assert_eq!((steps, bundle.files[0].content.as_slice()), (5, b"cms.lic".as_slice()));
    }

    #[test]
    fn a_file_that_is_too_large_is_named() {
        let root = tempfile::tempdir().unwrap();
        let paths = Paths::below(root.path());
        fs::create_dir_all(paths.files()).unwrap();
        let file = fs::File::create(paths.files().join("huge.pem")).unwrap();
        file.set_len(MAX_CONTENT as u64 + 1).unwrap();
        let error = collect(&paths, &clean(), &mut || {}).unwrap_err();
        assert!(error.to_string().ends_with("with `huge.pem` among them"), "{error}");
    }
}
