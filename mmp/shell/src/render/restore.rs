//! `try`, `settings list` and `settings compare`.

use std::fmt::Write;

use mmp_control::reply::{Difference, RestorePoint, Trial};

use super::utc;

/// What waits for its confirmation.
pub fn trial(trial: Option<&Trial>) -> String {
    let Some(trial) = trial else { return "Nothing waits for a confirmation".into() };
    let mut text = format!("{} from {} changed on condition:", trial.user, trial.origin);
    for line in &trial.lines {
        let _ = write!(text, "\n    {line}");
    }
    let _ = write!(text, "\nIt is undone in {} s unless {} types 'confirm'", trial.seconds_left, trial.user);
    text
}

/// One line a restore point.
pub fn points(points: &[RestorePoint]) -> String {
    let origin = points.iter().map(|point| point.origin.chars().count()).max().unwrap_or(0).max(4) + 2;
    let user = points.iter().map(|point| point.user.chars().count()).max().unwrap_or(0).max(3) + 2;
    let mut text = format!("{:>8}  {:<25}{:<user$}{:<origin$}COMMAND", "NUMBER", "WHEN", "WHO", "FROM");
    for point in points {
        let RestorePoint { generation, at, user: who, origin: from, line } = point;
        let _ = write!(text, "\n{generation:>8}  {:<25}{who:<user$}{from:<origin$}{line}", utc(*at));
    }
    text
}

/// One block a family.
pub fn differences(differences: &[Difference]) -> String {
    if differences.is_empty() {
        return "No difference".into();
    }
    let mut text = String::new();
    for Difference { family, removed, added } in differences {
        let _ = writeln!(text, "{family}");
        for line in removed {
            let _ = writeln!(text, "  - {line}");
        }
        for line in added {
            let _ = writeln!(text, "  + {line}");
        }
    }
    text.truncate(text.trim_end().len());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_on_condition_says_who_must_confirm_and_until_when() {
        assert_eq!(trial(None), "Nothing waits for a confirmation");
        let now = Trial {
            user: "admin".into(),
            origin: "192.0.2.7:50022".into(),
            lines: vec!["ipv4 a add 192.0.2.20/24 192.0.2.1".into()],
            seconds_left: 85,
        };
        insta::assert_snapshot!(trial(Some(&now)), @r"
        admin from 192.0.2.7:50022 changed on condition:
            ipv4 a add 192.0.2.20/24 192.0.2.1
        It is undone in 85 s unless admin types 'confirm'
        ");
    }

    #[test]
    fn restore_points_are_a_table() {
        let point = |generation, line: &str| RestorePoint {
            generation,
            at: 1_791_205_440,
            user: "admin".into(),
            origin: "console ttyS0".into(),
            line: line.into(),
        };
        insta::assert_snapshot!(points(&[point(12, "hostname cms1"), point(11, "passwd")]), @r"
          NUMBER  WHEN                     WHO    FROM           COMMAND
              12  2026-10-05 13:04:00 UTC  admin  console ttyS0  hostname cms1
              11  2026-10-05 13:04:00 UTC  admin  console ttyS0  passwd
        ");
    }

    #[test]
    fn differences_are_grouped_by_family() {
        assert_eq!(differences(&[]), "No difference");
        let hostname = Difference {
            family: "hostname".into(),
            removed: vec!["hostname = \"cms\"".into()],
            added: vec!["hostname = \"cms1\"".into()],
        };
        insta::assert_snapshot!(differences(&[hostname]), @r#"
        hostname
          - hostname = "cms"
          + hostname = "cms1"
        "#);
    }
}
