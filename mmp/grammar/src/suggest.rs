//! "Did you mean": the known word nearest to a mistyped one.

/// The word that was probably meant: one that begins with what was typed, or one at most a third of its letters away.
pub fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if typed.is_empty() || typed.len() > 64 {
        return None;
    }
    let lower = typed.to_lowercase();
    known
        .into_iter()
        .filter_map(|word| {
            let distance = distance(&lower, word);
            let near = distance <= 1.max(word.chars().count() / 3) && distance < word.chars().count();
            let abbreviation = word.starts_with(lower.as_str());
            (near || abbreviation).then_some((!abbreviation, distance, word))
        })
        .min()
        .map(|(_, _, word)| word)
}

/// Letters to insert, delete, replace or swap with their neighbour to get from one word to the other.
fn distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let mut rows = vec![(0..=to.len()).collect::<Vec<usize>>()];
    for i in 1..=from.len() {
        let mut row = vec![i];
        for j in 1..=to.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(from[i - 1] != to[j - 1]);
            let mut best = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[from.len()][to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: [&str; 5] = ["ipv4", "iface", "dns", "hostname", "enable"];

    #[test]
    fn slips_and_abbreviations_find_their_word() {
        assert_eq!(nearest("hsotname", WORDS), Some("hostname"));
        assert_eq!(nearest("ipv6", WORDS), Some("ipv4"));
        assert_eq!(nearest("en", WORDS), Some("enable"));
        assert_eq!(nearest("DNS", WORDS), Some("dns"));
        assert_eq!(nearest("hst", WORDS), None);
        assert_eq!(nearest("completely", WORDS), None);
    }
}
