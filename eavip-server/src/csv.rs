//! A row of CSV (RFC 4180) that no spreadsheet takes for a formula. Columns and their order are the export's business.

use crate::foreign::is_harmful;

/// A row without the end of its line.
pub(crate) fn row<C: AsRef<str>>(cells: impl IntoIterator<Item = C>) -> String {
    cells.into_iter().map(|cell| quoted(cell.as_ref())).collect::<Vec<_>>().join(",")
}

/// Rows with the ends of their lines.
pub(crate) fn table(rows: impl IntoIterator<Item = String>) -> String {
    rows.into_iter().map(|row| row + "\r\n").collect()
}

/// The text in quotes. One that a spreadsheet would run begins with an apostrophe, which it shows as text (OWASP, *CSV
/// Injection*).
fn quoted(text: &str) -> String {
    let formula = text
        .trim_start()
        .starts_with(['=', '+', '-', '@', '\t', '\r', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'])
        || text.starts_with(['\t', '\r', '\n']);
    let guard = if formula { "'" } else { "" };
    // What breaks a line or can't be seen has no place in a table.
    let text: String = text.chars().map(|c| if is_harmful(c) { ' ' } else { c }).collect();
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_or_ends_the_row() {
        let cases = [
            ("plain", "\"plain\""),
            ("", "\"\""),
            ("say \"no\", twice", "\"say \"\"no\"\", twice\""),
            ("=1+1", "\"'=1+1\""),
            ("  @SUM(A1)", "\"'  @SUM(A1)\""),
            ("-2", "\"'-2\""),
            ("a\r\nb", "\"a  b\""),
            ("\t=1", "\"' =1\""),
        ];
        for (text, expected) in cases {
            assert_eq!(quoted(text), expected);
        }
        assert_eq!(table([row(["a", "=b"])]), "\"a\",\"'=b\"\r\n");
    }
}
