//! What a trace is about: the kind of the error, what it says, and the functions it came through,
//! without what differs from one machine to the next (numbers, addresses, paths, line numbers, quoted
//! values). Two traces of one signature are one group of failures.
//!
//! Python, Rust, JavaScript, Java and what is like it, C by gdb, glibc or a sanitizer, and Go are
//! read. Whatever else it is, its last lines stand for it.

use crate::secret;
use regex::Regex;
use std::sync::LazyLock;

/// Functions of one signature, from where it failed outwards. A deeper trace of the same fault, cut
/// off elsewhere, has the same ones.
const FRAMES: usize = 5;
/// Last lines of what has neither a frame nor an error.
const LAST: usize = 3;
/// Characters of a headline.
const HEADLINE: usize = 200;

/// A trace, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// Of what it is about; empty: there was no trace.
    pub signature: String,
    /// The line that says what went wrong, as it stands there.
    pub headline: String,
    /// What in it is said and not listed: the lines that the filter has to read.
    pub said: Vec<String>,
}

/// What one line is.
enum Line<'a> {
    /// Where it came through. None: of the language itself, or without a name.
    Frame(Option<String>),
    /// What went wrong: its kind and what it says.
    Error(&'a str, &'a str),
    /// The same in the shell's words, which follow the program's own.
    Crash(&'a str),
    /// Belongs to a frame: a line of source, a place in a file.
    Beside,
    /// An error that had another one as its cause follows.
    Cause,
    Other,
}

macro_rules! pattern {
    ($name:ident, $text:literal) => {
        static $name: LazyLock<Regex> =
            LazyLock::new(|| Regex::new($text).expect("a pattern of our own"));
    };
}

pattern!(ANSI, "\u{1b}\\[[0-9;?]*[A-Za-z]");
// Before a line of a log.
pattern!(
    STAMP,
    r"^(?:\[?[0-9]{1,4}[-/.][0-9]{1,2}(?:[-/.][0-9]{1,4})?[T ]?)?\[?[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]+)?Z?\]?\s+"
);
pattern!(
    LOGCAT,
    r"^(?:.{0,60}?)\bAndroidRuntime(?:\s*\(\s*[0-9]+\))?:\s?"
);
// Frames.
pattern!(PYTHON, r#"^\s*File "[^"]*", line [0-9]+(?:, in (.+))?$"#);
pattern!(PYTHON_PLACE, r#"^\s*File "([^"]*)", line [0-9]+"#);
pattern!(RUST, r"^\s*[0-9]+:\s+(?:0x[0-9a-fA-F]+ - )?(\S.*)$");
pattern!(GDB, r"^\s*#[0-9]+\s+(?:0x[0-9a-fA-F]+\s+)?(?:in\s+)?(.+)$");
pattern!(AT, r"^\s*at\s+(\S.*)$");
pattern!(FIREFOX, r"^\s*([^\s@]*)@[^\s@]+:[0-9]+(?::[0-9]+)?$");
pattern!(
    GLIBC,
    r"^\s*[^\s()]+\(([^()+]*)(?:\+0x[0-9a-fA-F]+)?\)\s*\[0x[0-9a-fA-F]+\]$"
);
pattern!(GO, r"^([\w./\-*()\[\]{}]+\.[\w.*()\[\]]+)\(.*\)$");
pattern!(
    BESIDE,
    r"^\s+(?:at\s+)?\S+:[0-9]+(?::[0-9]+)?(?:\s+\+0x[0-9a-fA-F]+)?$"
);
// Errors.
pattern!(
    TYPED,
    r#"^(?:Exception in thread "[^"]*"\s+|Uncaught\s+(?:\(in promise\)\s+)?|Unhandled exception\.?\s+|Fatal error:\s+Uncaught\s+|FATAL EXCEPTION:\s+)?((?:[A-Za-z_$][\w$]*(?:\.|::))*[A-Za-z_$][\w$]*(?:Error|Exception|Interrupt|Exit|Iteration|Panic|Fault|Throwable|Failure))(?:\s*\[[^\]]*\])?(?::\s*(.*))?$"#
);
// `pkg.errors.Broken: text`, as nobody writes a sentence.
pattern!(DOTTED, r"^((?:[A-Za-z_][\w$]*\.)+[A-Z][\w$]*):\s+(.*)$");
pattern!(
    PANIC_NEW,
    r"^thread '[^']*'(?: \([0-9]+\))? panicked at (?:[^'\s].*):[0-9]+:[0-9]+:?$"
);
pattern!(
    PANIC_OLD,
    r"^thread '[^']*' panicked at '(.*)', \S+:[0-9]+(?::[0-9]+)?$"
);
pattern!(PANIC_GO, r"^panic: (.*)$");
pattern!(
    SIGNAL,
    r"^(?:Program|Thread .*) (?:received|terminated with) signal (SIG[A-Z]+)(?:,.*)?\.?$"
);
pattern!(
    SANITIZER,
    r"^=+[0-9]*=*\s*ERROR: (\w+Sanitizer): ([\w\-]+).*$"
);
pattern!(
    ASSERTION,
    r"^[^\s:]+:(?: \S*:[0-9]+:)? ?(?:[^:]*: )?(Assertion) [`'](.*)' failed\.?$"
);
pattern!(
    CRASH,
    r"^((?:Segmentation fault|Bus error|Aborted|Illegal instruction|Floating point exception)).*$"
);
// What differs from one machine to the next.
pattern!(URL, r#"\b[a-z][a-z0-9+.\-]*://[^\s'"<>)\]]+"#);
pattern!(
    QUOTED,
    r#"(^|[^\w'])'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|“[^”]*”|‘[^’]*’|«[^»]*»"#
);
pattern!(
    PATH,
    r#"(?:[A-Za-z]:)?[\\/~.]*(?:[\w.\-+@]+[\\/])+[\w.\-+@]*|[\\/][\w.\-+@]+"#
);
pattern!(
    HEX,
    r"\b(?:0x[0-9a-fA-F]+|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|[0-9a-fA-F]*[0-9][0-9a-fA-F]{7,})\b"
);
pattern!(
    NUMBER,
    r"(?:[+\-]?\b[0-9]+(?:[.,:_][0-9]+)*(?:[eE][+\-]?[0-9]+)?)"
);
pattern!(SPACE, r"\s+");
// Of the names of functions.
pattern!(STOP, r"\(| [/\[]| (?:at|from|in) | [A-Za-z]:[\\/]");
pattern!(HASH, r"::h[0-9a-f]{16}$");
pattern!(MADE_UP, r"\$+[0-9]+|(?:0x[0-9a-fA-F]+)|[+\-]0x[0-9a-fA-F]+");

/// Without what differs from one machine to the next.
fn settled(text: &str) -> String {
    let text = URL.replace_all(text, "<url>");
    let text = QUOTED.replace_all(&text, "${1}<q>");
    let text = PATH.replace_all(&text, "<path>");
    let text = HEX.replace_all(&text, "<n>");
    let text = NUMBER.replace_all(&text, "<n>");
    SPACE.replace_all(text.trim(), " ").into_owned()
}

/// The name of a function: what stands before its arguments and its place. None: of the language's
/// own works, which differ with its version, or without a name.
fn function(told: &str) -> Option<String> {
    let told = told.trim();
    let told = told.strip_prefix("async ").unwrap_or(told);
    let told = told.strip_prefix("new ").unwrap_or(told);
    // Rust's `<T as Trait>::call` has spaces in the name.
    let end = match told.starts_with('<') {
        true => told.len(),
        false => STOP.find(told).map_or(told.len(), |stop| stop.start()),
    };
    let name = told[..end].trim();
    // .NET and Java write the module first: `java.base/java.util.List.get`.
    let name = match (name.starts_with('<'), name.rsplit_once('/')) {
        (false, Some((_, last))) => last,
        _ => name,
    };
    let name = HASH.replace(name, "");
    let name = MADE_UP.replace_all(&name, "$");
    let name = name.trim_end_matches([':', '.', '$']).trim();
    let is_name = name.chars().any(char::is_alphabetic)
        && (name.contains('<') || !name.contains(' '))
        && !matches!(
            name,
            "anonymous" | "<anonymous>" | "Object.<anonymous>" | "native"
        );
    // A place alone: `at app.js:3:9`.
    let is_place = BESIDE.is_match(&format!(" {told}")) || name.contains("://");
    (is_name && !is_place && !is_of_the_language(name)).then(|| name.to_owned())
}

fn is_of_the_language(name: &str) -> bool {
    const STARTS: &[&str] = &[
        "core::",
        "std::",
        "alloc::",
        "<core::",
        "<std::",
        "<alloc::",
        "backtrace::",
        "rust_",
        "__rust",
        "tokio::runtime",
        "test::",
        "__GI_",
        "__libc",
        "__pthread",
        "___",
        "java.lang.reflect.",
        "jdk.internal.",
        "sun.reflect.",
        "java.lang.Thread.",
        "Module._",
        "node:internal",
        "runtime.",
        "__asan",
        "__interceptor",
        "__sanitizer",
        "__ubsan",
    ];
    const WHOLE: &[&str] = &[
        "_start",
        "start",
        "raise",
        "abort",
        "abort_msg",
        "__assert_fail",
        "__assert_fail_base",
        "pthread_kill",
        "gsignal",
        "clone",
        "clone3",
        "start_thread",
        "??",
        "<module>",
        "panic_unwind",
        "BaseThreadInitThunk",
        "RtlUserThreadStart",
        "executeUserEntryPoint",
        "processTicksAndRejections",
        "process.processTicksAndRejections",
        "Function.executeUserEntryPoint",
        "goexit",
    ];
    WHOLE.contains(&name) || STARTS.iter().any(|start| name.starts_with(start))
}

fn read_line(line: &str) -> Line<'_> {
    let trimmed = line.trim();
    if trimmed.is_empty() {
        return Line::Other;
    }
    if trimmed.starts_with("During handling of the above exception")
        || trimmed.starts_with("The above exception was the direct cause")
        || trimmed.starts_with("Traceback (most recent call last)")
    {
        return Line::Cause;
    }
    if let Some(found) = PYTHON.captures(line) {
        return Line::Frame(found.get(1).and_then(|name| function(name.as_str())));
    }
    if let Some(found) = GLIBC.captures(line) {
        return Line::Frame(function(&found[1]));
    }
    if let Some(found) = GDB.captures(line) {
        return Line::Frame(function(&found[1]));
    }
    if BESIDE.is_match(line) {
        return Line::Beside;
    }
    if let Some(found) = AT.captures(line) {
        return Line::Frame(function(&found[1]));
    }
    if let Some(found) = FIREFOX.captures(line) {
        return Line::Frame(function(&found[1]));
    }
    if let Some(found) = RUST.captures(line) {
        return Line::Frame(function(&found[1]));
    }
    let told = trimmed.strip_prefix("Caused by: ").unwrap_or(trimmed);
    for pattern in [&TYPED, &DOTTED, &SANITIZER, &ASSERTION] {
        if let Some(found) = pattern.captures(told) {
            let kind = found.get(1).map_or("", |kind| kind.as_str());
            return Line::Error(kind, found.get(2).map_or("", |said| said.as_str()));
        }
    }
    if let Some(found) = SIGNAL.captures(told) {
        return Line::Error(found.get(1).map_or("", |kind| kind.as_str()), "");
    }
    if let Some(found) = CRASH.captures(told) {
        return Line::Crash(found.get(1).map_or("", |kind| kind.as_str()));
    }
    if let Some(found) = PANIC_OLD.captures(told).or_else(|| PANIC_GO.captures(told)) {
        return Line::Error("panic", found.get(1).map_or("", |said| said.as_str()));
    }
    if PANIC_NEW.is_match(told) {
        // What it says stands in the next line.
        return Line::Error("panic", "");
    }
    if let Some(found) = GO.captures(line) {
        return Line::Frame(function(&found[1]));
    }
    Line::Other
}

/// The error of a trace with the functions it came through, as they stand there.
#[derive(Default)]
struct Fault<'a> {
    kind: &'a str,
    said: &'a str,
    headline: &'a str,
    frames: Vec<String>,
    /// As Python lists them: where it failed comes last.
    last_first: bool,
}

/// Reads a trace. Of several errors, each the cause of the next, the last one told counts.
pub fn read(text: &str) -> Trace {
    let clean = ANSI.replace_all(text, "");
    let lines: Vec<&str> = clean
        .lines()
        .map(|line| {
            let line = LOGCAT.find(line).map_or(line, |found| &line[found.end()..]);
            let line = STAMP.find(line).map_or(line, |found| &line[found.end()..]);
            line.trim_end()
        })
        .collect();
    let mut fault = Fault::default();
    let mut said = Vec::new();
    let mut said_next = false;
    for line in &lines {
        let trimmed = line.trim();
        // Whatever it looks like: a text that pretends to be a trace is read as what it says.
        if reads_like_words(PYTHON_PLACE.captures(line).map_or(trimmed, |found| {
            found.get(1).map_or("", |place| place.as_str())
        })) {
            said.push(trimmed.to_owned());
        }
        if std::mem::take(&mut said_next) && !trimmed.is_empty() {
            (fault.said, fault.headline) = (trimmed, trimmed);
            continue;
        }
        match read_line(line) {
            Line::Cause => fault = Fault::default(),
            Line::Frame(name) => {
                fault.last_first |= PYTHON.is_match(line);
                // Where recursion ended differs from one machine to the next.
                if let Some(name) = name.filter(|name| !fault.frames.contains(name)) {
                    fault.frames.push(name);
                }
            }
            Line::Error(kind, words) => {
                // Python says it after its frames, the others before theirs.
                let frames = match fault.kind.is_empty() {
                    true => std::mem::take(&mut fault.frames),
                    false => Vec::new(),
                };
                fault = Fault {
                    kind,
                    said: words,
                    headline: trimmed,
                    frames,
                    last_first: fault.last_first && fault.kind.is_empty(),
                };
                said_next = kind == "panic" && words.is_empty();
            }
            Line::Crash(kind) if fault.kind.is_empty() => {
                (fault.kind, fault.headline) = (kind, trimmed);
            }
            Line::Crash(_) | Line::Beside | Line::Other => {}
        }
    }
    let meant: Vec<&str> = lines
        .iter()
        .map(|line| line.trim())
        .filter(|line| !line.is_empty())
        .collect();
    let Some(last) = meant.last() else {
        return Trace::default();
    };
    let signs: Vec<String> = if fault.kind.is_empty() && fault.frames.is_empty() {
        // No trace of any sort that is known: all of it is words to the filter.
        said = meant.iter().map(|line| (*line).to_owned()).collect();
        let from = meant.len().saturating_sub(LAST);
        meant[from..].iter().map(|line| settled(line)).collect()
    } else {
        if fault.last_first {
            fault.frames.reverse();
        }
        fault.frames.truncate(FRAMES);
        let mut signs = vec![fault.kind.to_owned(), settled(fault.said)];
        signs.append(&mut fault.frames);
        signs
    };
    let headline = match fault.headline.is_empty() {
        true => *last,
        false => fault.headline,
    };
    Trace {
        signature: secret::sha256(&signs.join("\n"))[..32].to_owned(),
        headline: headline.chars().take(HEADLINE).collect(),
        said,
    }
}

/// Mostly words, as people write them and as code is not: a line of a trace that advertises something
/// is one.
fn reads_like_words(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    let plain = words
        .iter()
        .filter(|word| {
            let word = word.trim_end_matches(['.', ',', '!', '?', ':', ';', ')']);
            let word = word.trim_start_matches('(');
            word.chars().any(char::is_alphabetic)
                && word
                    .chars()
                    .all(|c| c.is_alphabetic() || matches!(c, '\'' | '’' | '-'))
        })
        .count();
    let written_without_gaps = line
        .chars()
        .filter(|c| !c.is_ascii() && c.is_alphabetic())
        .count()
        >= 6;
    written_without_gaps || (plain >= 3 && plain * 10 >= words.len() * 6)
}

#[cfg(test)]
mod tests;
