//! `backup list` (`mmp.md` section 23).

use mmp_control::reply::BackupRow;

/// A name a line.
pub fn list(rows: &[BackupRow]) -> String {
    rows.iter().map(|row| row.name.to_string()).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_alone_are_listed() {
        let row = |name: &str| BackupRow { name: name.parse().unwrap(), size: 7, modified: 0 };
        assert_eq!(list(&[row("before_upgrade"), row("new")]), "before_upgrade\nnew");
    }
}
