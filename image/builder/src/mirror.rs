//! The Debian mirror and keyring of this host, from its own apt configuration.
//!
//! Invariant: the tree names no mirror; without one in the host's configuration the build stops and says so.

use std::path::Path;

use anyhow::Context;

use crate::step;

/// One archive as the host uses it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Source {
    uri: String,
    suites: Vec<String>,
    components: Vec<String>,
    signed_by: Option<String>,
}

/// Source lines for the given suite: the archive, its updates, and security updates when the host has them.
pub fn sources_for(suite: &str) -> anyhow::Result<String> {
    let mut sources = Vec::new();
    if let Ok(text) = std::fs::read_to_string("/etc/apt/sources.list") {
        sources.extend(one_line_format(&text));
    }
    let parts = step::sorted(Path::new("/etc/apt/sources.list.d")).unwrap_or_default();
    for path in parts {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("list") => sources.extend(one_line_format(&text)),
            Some("sources") => sources.extend(deb822_format(&text)),
            _ => {}
        }
    }
    render(&sources, suite).context(
        "this host's apt configuration has no Debian archive over http: add one to /etc/apt/sources.list.d and start again",
    )
}

fn render(sources: &[Source], suite: &str) -> Option<String> {
    let usable =
        |source: &&Source| source.uri.starts_with("http") && source.components.iter().any(|name| name == "main");
    let security = |source: &&Source| source.suites.iter().any(|suite| suite.ends_with("-security"));
    let debian = |source: &&Source| source.uri.trim_end_matches('/').ends_with("/debian");
    let archive = sources.iter().filter(usable).find(|source| debian(source) && !security(source))?;
    let line = |source: &Source, suite: &str| {
        let signed = source.signed_by.as_ref().map(|key| format!("[signed-by={key}] ")).unwrap_or_default();
        format!("deb {signed}{} {suite} main\n", source.uri)
    };
    let mut text = line(archive, suite) + &line(archive, &format!("{suite}-updates"));
    if let Some(source) = sources.iter().filter(usable).find(security) {
        text += &line(source, &format!("{suite}-security"));
    }
    Some(text)
}

fn one_line_format(text: &str) -> Vec<Source> {
    text.lines()
        .filter_map(|line| {
            let rest = line.trim().strip_prefix("deb ")?.trim_start();
            let (options, rest) = match rest.strip_prefix('[') {
                Some(rest) => rest.split_once(']')?,
                None => ("", rest),
            };
            let mut words = rest.split_whitespace().map(str::to_owned);
            let (uri, suite) = (words.next()?, words.next()?);
            let signed_by =
                options.split_whitespace().find_map(|option| option.strip_prefix("signed-by=")).map(str::to_owned);
            Some(Source { uri, suites: vec![suite], components: words.collect(), signed_by })
        })
        .collect()
}

fn deb822_format(text: &str) -> Vec<Source> {
    text.split("\n\n")
        .filter_map(|stanza| {
            let field = |name: &str| {
                stanza.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
                    let (key, value) = line.split_once(':')?;
                    key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
                })
            };
            let words =
                |name: &str| field(name).unwrap_or_default().split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            if field("Enabled").is_some_and(|value| value == "no") || !words("Types").iter().any(|kind| kind == "deb") {
                return None;
            }
            Some(Source {
                uri: words("URIs").into_iter().next()?,
                suites: words("Suites"),
                components: words("Components"),
                signed_by: field("Signed-By").filter(|value| value.starts_with('/')),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEB822: &str = "Types: deb\n# a comment\nURIs: http://mirror.example/debian\nSuites: bookworm bookworm-updates\nComponents: main\nSigned-By: /usr/share/keyrings/k.gpg\n\nTypes: deb\nURIs: http://mirror.example/debian-security\nSuites: bookworm-security\nComponents: main\n";

    #[test]
    fn archive_updates_and_security_are_taken_from_deb822_stanzas() {
        let text = render(&deb822_format(DEB822), "trixie").unwrap();
        assert_eq!(
            text,
            "deb [signed-by=/usr/share/keyrings/k.gpg] http://mirror.example/debian trixie main\n\
             deb [signed-by=/usr/share/keyrings/k.gpg] http://mirror.example/debian trixie-updates main\n\
             deb http://mirror.example/debian-security trixie-security main\n"
        );
    }

    #[test]
    fn one_line_sources_with_options_are_understood() {
        let text = "# deb http://no.example/debian x main\ndeb [arch=amd64 signed-by=/k] http://m.example/debian/ bookworm main contrib\n";
        assert_eq!(
            render(&one_line_format(text), "trixie").unwrap().lines().next().unwrap(),
            "deb [signed-by=/k] http://m.example/debian/ trixie main"
        );
    }

    #[test]
    fn other_vendors_archives_do_not_count() {
        assert!(render(&one_line_format("deb https://packages.example/apt stable main\n"), "trixie").is_none());
    }
}
