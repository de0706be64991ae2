//! The table that is printed.

/// A figure.
#[derive(Clone, Debug)]
pub struct Row {
    /// What it is.
    pub name: String,
    /// What was measured.
    pub measured: String,
    /// What it should be at most; empty where nothing is set.
    pub aim: String,
    /// What it compares with, or what to know about it.
    pub beside: String,
}

/// All figures, in the order in which they came.
#[derive(Debug, Default)]
pub struct Table {
    rows: Vec<Row>,
}

impl Table {
    /// Adds a figure.
    pub fn add(&mut self, name: &str, measured: impl Into<String>, aim: &str, beside: impl Into<String>) {
        let (measured, beside) = (measured.into(), beside.into());
        // Seen while the rest is measured.
        eprintln!("   {name}: {measured}");
        self.rows.push(Row { name: name.into(), measured, aim: aim.into(), beside });
    }

    /// As text, columns aligned.
    pub fn text(&self) -> String {
        let width = |column: fn(&Row) -> &str, title: &str| {
            self.rows.iter().map(|row| column(row).chars().count()).chain([title.len()]).max().unwrap_or(0)
        };
        let (name, measured, aim) =
            (width(|row| &row.name, "name"), width(|row| &row.measured, "measured"), width(|row| &row.aim, "aim"));
        let line = |a: &str, b: &str, c: &str, d: &str| {
            format!("{a:<name$}  {b:<measured$}  {c:<aim$}  {d}").trim_end().to_owned() + "\n"
        };
        let mut text = line("name", "measured", "aim", "beside it");
        text.push_str(&line(&"-".repeat(name), &"-".repeat(measured), &"-".repeat(aim), "---------"));
        for row in &self.rows {
            text.push_str(&line(&row.name, &row.measured, &row.aim, &row.beside));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::Table;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::default();
        table.add("processes", "7", "", "systemd");
        table.add("login prompt, virtual", "8.1 s", "8 s", "");
        let text = table.text();
        let at: Vec<_> = text.lines().skip(2).map(|line| line.find(['7', '8']).unwrap()).collect();
        assert_eq!(at[0], at[1], "{text}");
    }
}
