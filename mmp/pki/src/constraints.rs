//! Name constraints: which names an authority may vouch for (RFC 5280 section 4.2.1.10).
//!
//! Invariant: a kind of name that we cannot compare is refused where an authority constrains that kind.

use x509_parser::{
    certificate::X509Certificate,
    extensions::{GeneralName, NameConstraints},
};

use crate::text::harmless;

/// Whether `authority` may vouch for all that is below it; the name that it may not.
///
/// # Errors
/// The first name that is against the constraints.
pub fn check(authority: &X509Certificate<'_>, below: &[X509Certificate<'_>]) -> Result<(), String> {
    let Ok(Some(constraints)) = authority.name_constraints() else { return Ok(()) };
    for (depth, one) in below.iter().enumerate() {
        // Those that issued themselves are exempt, but for the first.
        if depth > 0 && one.subject().as_raw() == one.issuer().as_raw() {
            continue;
        }
        let subject = GeneralName::DirectoryName(one.subject().clone());
        if one.subject().iter_rdn().next().is_some() {
            single(constraints.value, &subject)?;
        }
        let alternative = one.subject_alternative_name().ok().flatten();
        let names = alternative.as_ref().map_or(&[][..], |names| &names.value.general_names);
        for name in names {
            single(constraints.value, name)?;
        }
        // Peers that still read a host's name from the common name must not be told one that is out of bounds.
        if depth == 0 && !names.iter().any(|name| matches!(name, GeneralName::DNSName(_))) {
            for common in one.subject().iter_common_name().filter_map(|name| name.as_str().ok()) {
                if common.contains('.') && !common.contains(' ') {
                    single(constraints.value, &GeneralName::DNSName(common))?;
                }
            }
        }
    }
    Ok(())
}

fn single(constraints: &NameConstraints<'_>, name: &GeneralName<'_>) -> Result<(), String> {
    let same_kind = |base: &GeneralName<'_>| std::mem::discriminant(base) == std::mem::discriminant(name);
    let excluded = constraints.excluded_subtrees.iter().flatten().map(|tree| &tree.base).filter(|b| same_kind(b));
    for base in excluded {
        // What cannot be compared counts as excluded.
        if within(name, base).unwrap_or(true) {
            return Err(shown(name));
        }
    }
    let mut permitted =
        constraints.permitted_subtrees.iter().flatten().map(|tree| &tree.base).filter(|b| same_kind(b)).peekable();
    if permitted.peek().is_some() && !permitted.any(|base| within(name, base).unwrap_or(false)) {
        return Err(shown(name));
    }
    Ok(())
}

/// Whether the name is in the subtree; `None` when that cannot be told.
fn within(name: &GeneralName<'_>, base: &GeneralName<'_>) -> Option<bool> {
    match (name, base) {
        (GeneralName::DNSName(name), GeneralName::DNSName(base)) => Some(host_within(name, base)),
        (GeneralName::IPAddress(address), GeneralName::IPAddress(base)) => {
            if base.len() != 2 * address.len() {
                return Some(false);
            }
            let (network, mask) = base.split_at(address.len());
            Some(address.iter().zip(network).zip(mask).all(|((a, n), m)| a & m == n & m))
        }
        (GeneralName::RFC822Name(name), GeneralName::RFC822Name(base)) => {
            let host = name.rsplit_once('@').map_or(*name, |(_, host)| host);
            Some(match base.strip_prefix('.') {
                Some(domain) => host_within(host, domain) && !host.eq_ignore_ascii_case(domain),
                None if base.contains('@') => name.eq_ignore_ascii_case(base),
                None => host.eq_ignore_ascii_case(base),
            })
        }
        (GeneralName::URI(name), GeneralName::URI(base)) => {
            let rest = name.split_once("://")?.1;
            let host = rest.split(['/', '?', '#']).next()?.rsplit('@').next()?.split(':').next()?;
            Some(match base.strip_prefix('.') {
                Some(domain) => host_within(host, domain) && !host.eq_ignore_ascii_case(domain),
                None => host.eq_ignore_ascii_case(base),
            })
        }
        (GeneralName::DirectoryName(name), GeneralName::DirectoryName(base)) => {
            let mut parts = name.iter_rdn();
            Some(base.iter_rdn().all(|wanted| parts.next() == Some(wanted)))
        }
        _ => None,
    }
}

fn host_within(name: &str, base: &str) -> bool {
    let (name, base) = (name.to_ascii_lowercase(), base.trim_start_matches('.').to_ascii_lowercase());
    base.is_empty() || name == base || name.strip_suffix(&base).is_some_and(|rest| rest.ends_with('.'))
}

fn shown(name: &GeneralName<'_>) -> String {
    harmless(&crate::inspect::general_name(name))
}
