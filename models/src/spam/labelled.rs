//! Labelled comments in files: CSV with the header `text,label[,source][,time]`, in any order, other
//! columns allowed, as exporters and spreadsheets write it (a byte order mark, CRLF, quotes, line
//! breaks inside texts).
//!
//! A fault names file, row and line: whoever made the file must be able to find it.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use chrono::DateTime;
use csv::{ReaderBuilder, StringRecord, Writer};

use super::learning::{Example, Label};

#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("cannot read {file}: {error}")]
    Unreadable { file: String, error: io::Error },
    #[error("{file}: {fault}")]
    File { file: String, fault: String },
    /// Rows are counted from 1 without the header, lines from 1 with it.
    #[error("{file}, row {row} (line {line}): {fault}")]
    Row {
        file: String,
        row: usize,
        line: usize,
        fault: String,
    },
}

/// One file as it was read. Labels and times are looked at when they are asked for, so that a file
/// without any can be scored too.
#[derive(Debug)]
pub struct Table {
    /// For messages: the path as it was given.
    pub name: String,
    header: StringRecord,
    rows: Vec<StringRecord>,
    lines: Vec<usize>,
    text: usize,
    label: Option<usize>,
    time: Option<usize>,
}

impl Table {
    /// Reads a file, or standard input when the path is `-`.
    pub fn read(path: &Path) -> Result<Table, Fault> {
        let standard = path.as_os_str() == "-";
        let name = match standard {
            true => "standard input".to_owned(),
            false => path.display().to_string(),
        };
        let mut bytes = Vec::new();
        let read = match standard {
            true => io::stdin().read_to_end(&mut bytes),
            false => File::open(path).and_then(|mut file| file.read_to_end(&mut bytes)),
        };
        match read {
            Ok(_) => Table::parse(&name, &bytes),
            Err(error) => Err(Fault::Unreadable { file: name, error }),
        }
    }

    pub fn parse(name: &str, bytes: &[u8]) -> Result<Table, Fault> {
        let of_file = |fault: String| Fault::File {
            file: name.to_owned(),
            fault,
        };
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        // Flexible, so that a row of the wrong length is our fault to report.
        let mut reader = ReaderBuilder::new().flexible(true).from_reader(bytes);
        let header = reader
            .headers()
            .map_err(|_| of_file("its first line is not UTF-8 text".to_owned()))?
            .clone();
        let text = column(&header, "text")
            .map_err(of_file)?
            .ok_or_else(|| of_file(no_column(&header, "text")))?;
        let label = column(&header, "label").map_err(of_file)?;
        let time = column(&header, "time").map_err(of_file)?;
        let mut table = Table {
            name: name.to_owned(),
            header,
            rows: Vec::new(),
            lines: Vec::new(),
            text,
            label,
            time,
        };
        let (mut line, mut counted) = (1, 0);
        let mut record = StringRecord::new();
        loop {
            let mut start = reader.position().byte() as usize;
            let read = reader.read_record(&mut record);
            if matches!(read, Ok(false)) {
                return Ok(table);
            }
            // The reader stops before the line break, and passes over blank lines.
            while matches!(bytes.get(start), Some(b'\r' | b'\n')) {
                start += 1;
            }
            line += bytes[counted..start]
                .iter()
                .filter(|&&b| b == b'\n')
                .count();
            counted = start;
            table.lines.push(line);
            let row = table.lines.len() - 1;
            let end = reader.position().byte() as usize;
            if read.is_err() {
                return Err(table.fault(row, "this is not UTF-8 text".to_owned()));
            }
            if end == bytes.len() && ends_inside_quotes(&bytes[start..]) {
                return Err(table.fault(row, "a quotation mark is never closed".to_owned()));
            }
            if record.len() != table.header.len() {
                let fault = format!(
                    "{} fields, where the header has {}",
                    record.len(),
                    table.header.len()
                );
                return Err(table.fault(row, fault));
            }
            table.rows.push(record.clone());
        }
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().map(|row| &row[self.text])
    }

    /// The line of the file on which a row begins.
    pub fn line(&self, row: usize) -> usize {
        self.lines[row]
    }

    /// Every row with its label, and its time where there is one.
    pub fn examples(&self) -> Result<Vec<Example>, Fault> {
        let rows = self.rows.iter().enumerate();
        rows.map(|(i, row)| self.example(i, row)).collect()
    }

    /// The same without keeping the rows, for a large file whose rows are not written again.
    pub fn into_examples(mut self) -> Result<Vec<Example>, Fault> {
        let rows = std::mem::take(&mut self.rows).into_iter().enumerate();
        rows.map(|(i, row)| self.example(i, &row)).collect()
    }

    fn example(&self, i: usize, row: &StringRecord) -> Result<Example, Fault> {
        let label = self.label.ok_or_else(|| Fault::File {
            file: self.name.clone(),
            fault: no_column(&self.header, "label"),
        })?;
        let said = row[label].trim();
        let label = if said.eq_ignore_ascii_case("spam") {
            Label::Spam
        } else if said.eq_ignore_ascii_case("ham") {
            Label::Ham
        } else {
            let said = shortened(said);
            let fault = format!("the label is {said:?}, where it must be spam or ham");
            return Err(self.fault(i, fault));
        };
        let mut example = Example::new(&row[self.text], label);
        let time = self.time.map_or("", |time| row[time].trim());
        if !time.is_empty() {
            let at = seconds(time).ok_or_else(|| {
                let time = shortened(time);
                let fault = format!(
                    "the time is {time:?}, where it must be like 2026-01-31T12:00:00Z or \
                     seconds since 1970"
                );
                self.fault(i, fault)
            })?;
            example.at = Some(at);
        }
        Ok(example)
    }

    fn fault(&self, row: usize, fault: String) -> Fault {
        Fault::Row {
            file: self.name.clone(),
            row: row + 1,
            line: self.lines[row],
            fault,
        }
    }
}

/// The tables' rows in their order with a column `score` at the end; a row that has no score (left
/// out of a sample) is left out here too. Columns that only some files have are empty elsewhere,
/// and a `score` that was there before gives way.
pub fn write_predictions(
    out: impl Write,
    tables: &[(&Table, &[Option<f64>])],
) -> Result<(), io::Error> {
    // csv's own conversion hides the kind, by which a closed pipe is known.
    write_rows(out, tables).map_err(|error| match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    })
}

fn write_rows(out: impl Write, tables: &[(&Table, &[Option<f64>])]) -> Result<(), csv::Error> {
    let mut columns: Vec<&str> = Vec::new();
    for (table, _) in tables {
        for name in &table.header {
            if !is(name, "score") && !columns.iter().any(|known| is(known, name)) {
                columns.push(name);
            }
        }
    }
    let mut out = Writer::from_writer(out);
    out.write_record(columns.iter().copied().chain(["score"]))?;
    for (table, scores) in tables {
        let places: Vec<Option<usize>> = columns
            .iter()
            .map(|column| table.header.iter().position(|name| is(name, column)))
            .collect();
        for (row, score) in table.rows.iter().zip(*scores) {
            if let Some(score) = score {
                let score = score.to_string();
                let fields = places.iter().map(|place| place.map_or("", |at| &row[at]));
                out.write_record(fields.chain([score.as_str()]))?;
            }
        }
    }
    out.flush()?;
    Ok(())
}

fn is(name: &str, column: &str) -> bool {
    name.trim().eq_ignore_ascii_case(column.trim())
}

fn column(header: &StringRecord, wanted: &str) -> Result<Option<usize>, String> {
    let mut found = (0..header.len()).filter(|&i| is(&header[i], wanted));
    let first = found.next();
    match found.next() {
        Some(_) => Err(format!("two columns are named {wanted:?}")),
        None => Ok(first),
    }
}

fn no_column(header: &StringRecord, wanted: &str) -> String {
    if header.is_empty() {
        return "it is empty, where a header with text and label was expected".to_owned();
    }
    let names: Vec<String> = header.iter().map(shortened).collect();
    format!(
        "no column named {wanted:?}; its first line names {}",
        names.join(", ")
    )
}

/// A file without a header may have a whole comment there.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Seconds since 1970 of a time in RFC 3339, or given as such.
fn seconds(time: &str) -> Option<i64> {
    time.parse().ok().or_else(|| {
        let time = DateTime::parse_from_rfc3339(time).ok()?;
        Some(time.timestamp())
    })
}

/// Whether a record, given to the end of the file, opens a quotation mark and never closes it. The
/// reader takes the rest of the file for the field, which is how a file that was cut off looks.
fn ends_inside_quotes(record: &[u8]) -> bool {
    let (mut inside, mut fresh) = (false, true);
    for &byte in record {
        if inside {
            // A doubled mark closes and opens again at once.
            inside = byte != b'"';
            fresh = byte == b'"';
        } else {
            inside = byte == b'"' && fresh;
            fresh = byte == b',' || byte == b'\n' || byte == b'\r';
        }
    }
    inside
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fault(csv: &str) -> String {
        let read = Table::parse("some.csv", csv.as_bytes());
        read.and_then(|table| table.examples())
            .expect_err(csv)
            .to_string()
    }

    #[test]
    fn columns_come_in_any_order_and_labels_in_any_case() {
        let csv = "\u{feff}\"Time\",LABEL,note, text \r\n\
                   2026-01-31T12:00:00+01:00,SPAM,a,\"buy, \"\"now\"\"\r\nplease\"\r\n\
                   \r\n\
                   -5, ham ,b,bread\r\n\
                   ,Ham,,\r\n";
        let table = Table::parse("x", csv.as_bytes()).unwrap();
        let examples = table.examples().unwrap();
        let read: Vec<(&str, Label, Option<i64>)> = examples
            .iter()
            .map(|e| (e.text.as_str(), e.label, e.at))
            .collect();
        assert_eq!(
            read,
            [
                ("buy, \"now\"\r\nplease", Label::Spam, Some(1_769_857_200)),
                ("bread", Label::Ham, Some(-5)),
                ("", Label::Ham, None),
            ]
        );
        assert_eq!(
            (0..3).map(|row| table.line(row)).collect::<Vec<_>>(),
            [2, 5, 6]
        );
    }

    #[test]
    fn a_fault_names_file_row_and_line() {
        for (csv, expected) in [
            (
                "text,label\r\n\"two\r\nlines\",ham\r\nhello,x\r\n",
                "some.csv, row 2 (line 4): the label is \"x\", where it must be spam or ham",
            ),
            (
                "text,label\na,ham\n\nb\n",
                "some.csv, row 2 (line 4): 1 fields, where the header has 2",
            ),
            (
                "label,text\nham,a\nspam,\"b\nham,c\n",
                "some.csv, row 2 (line 3): a quotation mark is never closed",
            ),
            (
                "text,label,time\na,ham,tomorrow\n",
                "some.csv, row 1 (line 2): the time is \"tomorrow\", where it must be like \
                 2026-01-31T12:00:00Z or seconds since 1970",
            ),
            (
                "text;label\na;ham\n",
                "some.csv: no column named \"text\"; its first line names text;label",
            ),
            (
                "text,TEXT,label\n",
                "some.csv: two columns are named \"text\"",
            ),
            (
                "text\na\n",
                "some.csv: no column named \"label\"; its first line names text",
            ),
            (
                "",
                "some.csv: it is empty, where a header with text and label was expected",
            ),
        ] {
            assert_eq!(fault(csv), expected);
        }
        let broken = Table::parse("b.csv", b"text,label\na,ham\n\xff,ham\n").unwrap_err();
        assert_eq!(
            broken.to_string(),
            "b.csv, row 2 (line 3): this is not UTF-8 text"
        );
        let missing = Table::read(Path::new("no/such/file.csv")).unwrap_err();
        assert!(
            missing
                .to_string()
                .starts_with("cannot read no/such/file.csv: "),
            "{missing}"
        );
    }

    #[test]
    fn a_closed_quotation_mark_at_the_very_end_is_fine() {
        for csv in [
            "text\n\"a\"",
            "text\n\"a\"\"\"",
            "text\n5\" nails",
            "text\n\"\"",
            "text\n\"a\n\"\n",
        ] {
            assert_eq!(Table::parse("x", csv.as_bytes()).unwrap().len(), 1, "{csv}");
        }
    }

    #[test]
    fn files_with_other_columns_are_written_as_one_table() {
        let a = Table::parse("a", b"text,label\nx,ham\ny,spam\n").unwrap();
        let b = Table::parse("b", b"score,source,Text\n0.1,s,z\n").unwrap();
        let mut out = Vec::new();
        let scores = [Some(0.25), None];
        write_predictions(&mut out, &[(&a, &scores), (&b, &[Some(1e-9)])]).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "text,label,source,score\nx,ham,,0.25\nz,,s,0.000000001\n"
        );
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_with_a_score_more(
            rows in prop::collection::vec(("[a-z\",\r\n\t é💬]{0,12}", any::<bool>(), 0.0..1.0f64), 1..20)
        ) {
            let mut csv = Writer::from_writer(Vec::new());
            csv.write_record(["label", "text", "extra"]).unwrap();
            for (text, spam, _) in &rows {
                csv.write_record([if *spam { "spam" } else { "ham" }, text, "\"e\""]).unwrap();
            }
            let table = Table::parse("x", &csv.into_inner().unwrap()).unwrap();
            let scores: Vec<Option<f64>> = rows.iter().map(|(.., score)| Some(*score)).collect();
            let mut out = Vec::new();
            write_predictions(&mut out, &[(&table, &scores)]).unwrap();
            let again = Table::parse("y", &out).unwrap();
            prop_assert_eq!(again.examples().unwrap(), table.examples().unwrap());
            prop_assert_eq!(again.header.iter().collect::<Vec<_>>(), ["label", "text", "extra", "score"]);
            for (row, (text, _, score)) in again.rows.iter().zip(&rows) {
                prop_assert_eq!(&row[1], text);
                prop_assert_eq!(row[3].parse::<f64>().unwrap(), *score);
            }
        }
    }
}
