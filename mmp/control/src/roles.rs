//! The one table of who may ask what (`mmp.md` sections 0.3 and 2.6). mmpd enforces it; the shell only hides by it.
//!
//! Invariant: what is not listed is the administrator's alone. Reading and removing single files is decided per name
//! by [`mmp_model::file`].

use mmp_model::Role;

use crate::request::{Date, Pki, Request, Status, Surface, Syslog, Trial, User, Webadmin};

/// Whether the role may make the request. `Access` is not a role's to ask: mmpd takes it from root only, and
/// `Web` from the `webadmin` service only.
pub fn permits(role: Role, request: &Request) -> bool {
    match request {
        Request::Access(_) | Request::Web(_) => false,
        // The own password and the log line are everybody's.
        Request::User(User::ChangeOwn { .. }) | Request::Noted => true,
        // Who may make a change may make it on condition, and then has to be able to confirm it.
        Request::Trial(Trial::Change(_, request)) => permits(role, request),
        // Which files and values a role sees is decided per name.
        Request::Status(Status::Version | Status::Model | Status::Serial | Status::Uptime)
        | Request::Date(Date::Show)
        | Request::File(_)
        | Request::Live(_)
        | Request::Trial(_)
        | Request::News => role.has_shell(),
        // `mmp.md` section 2.6: who audits reads the audit log and has it shipped.
        Request::Audit(_) | Request::Syslog(Syslog::ShowAudit | Syslog::AddAudit(_) | Syslog::DelAudit(_)) => {
            matches!(role, Role::Admin | Role::Audit)
        }
        // Keys of accounts are the administrator's, as their upload is.
        Request::Pki(Pki::CheckToSsh(_) | Pki::ToSsh(..)) => role == Role::Admin,
        // `mmp.md` sections 2.6, 10 and 20: keys, certificates and what protects with them.
        Request::Pki(_) | Request::Tls(_) | Request::Webadmin(Webadmin::Certs(_)) => {
            matches!(role, Role::Admin | Role::Crypto)
        }
        // Pages and scripts show what is licensed to whoever may use them.
        Request::License => matches!(role, Role::Admin | Role::Appadmin | Role::Api),
        _ => role == Role::Admin,
    }
}

/// Whether the role has business at the web door (`mmp.md` section 2.1, `api.md` section 1.1).
pub fn may_use(role: Role, surface: Surface) -> bool {
    match surface {
        Surface::Pages => matches!(role, Role::Admin | Role::Appadmin),
        Surface::Api => matches!(role, Role::Admin | Role::Appadmin | Role::Api),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Secret,
        request::{Audit, Dns, Power},
    };

    #[test]
    fn the_unlisted_is_the_administrators_alone() {
        for role in Role::ALL {
            assert_eq!(permits(role, &Request::Dns(Dns::Show)), role == Role::Admin);
            assert_eq!(permits(role, &Request::Power(Power::Reboot)), role == Role::Admin);
            assert_eq!(permits(role, &Request::User(User::List)), role == Role::Admin);
        }
    }

    #[test]
    fn who_audits_reads_the_audit_log_and_ships_it_but_leaves_the_system_log_alone() {
        for role in Role::ALL {
            let auditor = matches!(role, Role::Admin | Role::Audit);
            assert_eq!(permits(role, &Request::Audit(Audit::Follow)), auditor);
            assert_eq!(permits(role, &Request::Syslog(Syslog::ShowAudit)), auditor);
            assert_eq!(permits(role, &Request::Syslog(Syslog::Follow)), role == Role::Admin);
            assert_eq!(permits(role, &Request::Syslog(Syslog::Disable)), role == Role::Admin);
            assert_eq!(permits(role, &Request::LogBundle), role == Role::Admin);
        }
    }

    #[test]
    fn keys_and_certificates_are_for_the_administrator_and_for_crypto() {
        for role in Role::ALL {
            let keeper = matches!(role, Role::Admin | Role::Crypto);
            assert_eq!(permits(role, &Request::Pki(Pki::List)), keeper);
        }
    }

    #[test]
    fn everybody_changes_the_own_password_and_shell_users_read_the_version() {
        let own = Request::User(User::ChangeOwn { old: None, new: Secret::new("x".into()) });
        assert!(Role::ALL.into_iter().all(|role| permits(role, &own)));
        assert!(permits(Role::Audit, &Request::Status(Status::Version)));
        assert!(!permits(Role::Api, &Request::Status(Status::Version)));
        assert!(!permits(Role::Crypto, &Request::Status(Status::Df)));
    }
}
