//! `pki` and `pki list` (`mmp.md` section 9.4).

use mmp_control::reply::PkiUse;
use mmp_model::FileName;

/// A use a line: service, purpose, file, and what is wrong with it.
pub fn uses(uses: &[PkiUse]) -> String {
    if uses.is_empty() {
        return "No service uses a key or certificate".into();
    }
    let width = |of: fn(&PkiUse) -> usize| uses.iter().map(of).max().unwrap_or(0);
    let (service, purpose) = (width(|used| used.service.len()), width(|used| used.purpose.len()));
    let line = |used: &PkiUse| {
        let fault = used.fault.as_ref().map_or_else(String::new, |fault| format!(" ({fault})"));
        format!("{:service$} {:purpose$} : {}{fault}", used.service, used.purpose, used.file)
    };
    uses.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A name a line, below the documented one.
pub fn list(files: &[FileName]) -> String {
    let mut lines = vec!["User supplied certificates and keys:".to_owned()];
    lines.extend(files.iter().map(ToString::to_string));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uses_stand_in_columns() {
        let used = |purpose: &str, file: &str, fault: Option<&str>| PkiUse {
            service: "webadmin".into(),
            purpose: purpose.into(),
            file: file.parse().unwrap(),
            fault: fault.map(str::to_owned),
        };
        let rows = [used("key", "onecert.key", None), used("certificate", "onecert.cer", Some("expired"))];
        assert_eq!(uses(&rows), "webadmin key         : onecert.key\nwebadmin certificate : onecert.cer (expired)");
        assert_eq!(uses(&[]), "No service uses a key or certificate");
    }

    #[test]
    fn the_list_has_the_documented_form() {
        let files = ["onecert.key".parse().unwrap(), "onecert.csr".parse().unwrap()];
        assert_eq!(list(&files), "User supplied certificates and keys:\nonecert.key\nonecert.csr");
    }
}
