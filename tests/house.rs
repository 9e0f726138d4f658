//! Rules of the house that a compiler does not keep: licences, who may know whom, what a template
//! and a query may not do.

use crate::support::repository;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Licences that ask for no more than their own text to be kept. The same list as in `deny.toml`.
const LICENCES: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "PostgreSQL",
    "Unicode-3.0",
    "Unicode-DFS-2016",
    "Unlicense",
    "Zlib",
];

/// Whether some choice that a licence expression leaves is on the list.
fn is_fine(expression: &str) -> bool {
    // The older form of `MIT OR Apache-2.0`.
    let text = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut at = 0;
    let fine = either(&words, &mut at);
    fine && at == words.len()
}

fn either(words: &[&str], at: &mut usize) -> bool {
    let mut fine = both(words, at);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        fine |= both(words, at);
    }
    fine
}

fn both(words: &[&str], at: &mut usize) -> bool {
    let mut fine = one(words, at);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        fine &= one(words, at);
    }
    fine
}

fn one(words: &[&str], at: &mut usize) -> bool {
    let Some(word) = words.get(*at) else {
        return false;
    };
    *at += 1;
    if *word == "(" {
        let fine = either(words, at);
        let closed = words.get(*at) == Some(&")");
        *at += 1;
        return fine && closed;
    }
    if words.get(*at) == Some(&"WITH") {
        let exception = words.get(*at + 1).copied().unwrap_or("");
        *at += 2;
        return LICENCES.contains(&format!("{word} WITH {exception}").as_str());
    }
    LICENCES.contains(word)
}

#[test]
fn a_licence_expression_is_read_as_it_is_meant() {
    for fine in [
        "MIT",
        "MIT/Apache-2.0",
        "MIT OR GPL-3.0",
        "(MIT OR Apache-2.0) AND Unicode-3.0",
        "Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR MIT",
    ] {
        assert!(is_fine(fine), "{fine}");
    }
    for bad in [
        "",
        "GPL-3.0",
        "MIT AND GPL-3.0",
        "(MIT OR Apache-2.0) AND AGPL-3.0",
        "GPL-2.0 WITH Classpath-exception-2.0",
        "MIT MIT",
        "(MIT",
    ] {
        assert!(!is_fine(bad), "{bad}");
    }
}

fn metadata() -> serde_json::Value {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let output = std::process::Command::new(cargo)
        .args([
            "metadata",
            "--format-version",
            "1",
            "--all-features",
            "--locked",
        ])
        .current_dir(repository())
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON")
}

#[test]
fn every_dependency_has_a_permissive_licence() {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 100);
    let faults: Vec<String> = packages
        .iter()
        .filter(|package| !is_fine(package["license"].as_str().unwrap_or("")))
        .map(|package| {
            format!(
                "{} {}: {}",
                package["name"], package["version"], package["license"]
            )
        })
        .collect();
    assert!(
        faults.is_empty(),
        "not permissive, or not known:\n{}",
        faults.join("\n")
    );
}

#[test]
fn cargo_deny_allows_the_same_licences() {
    let text = std::fs::read_to_string(repository().join("deny.toml")).unwrap();
    let (_, list) = text.split_once("allow = [").unwrap();
    let list = list.split(']').next().unwrap();
    let listed: BTreeSet<&str> = list.split('"').skip(1).step_by(2).collect();
    assert_eq!(listed, LICENCES.iter().copied().collect());
}

#[test]
fn the_models_know_no_web_and_the_site_knows_no_tests() {
    let metadata = metadata();
    let resolved = metadata["resolve"]["nodes"].as_array().unwrap();
    // Along normal dependencies only: not what builds or tests them.
    let edges: BTreeMap<&str, Vec<&str>> = resolved
        .iter()
        .map(|node| {
            let normal = node["deps"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|dep| {
                    dep["dep_kinds"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .any(|kind| kind["kind"].is_null())
                })
                .map(|dep| dep["pkg"].as_str().unwrap())
                .collect();
            (node["id"].as_str().unwrap(), normal)
        })
        .collect();
    let names: BTreeMap<&str, &str> = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| {
            (
                package["id"].as_str().unwrap(),
                package["name"].as_str().unwrap(),
            )
        })
        .collect();
    let reach = |start: &str| {
        let start = names.iter().find(|(_, name)| **name == start).unwrap().0;
        let mut seen = BTreeSet::new();
        let mut next = vec![*start];
        while let Some(id) = next.pop() {
            if seen.insert(names[id]) {
                next.extend(&edges[id]);
            }
        }
        seen
    };
    let models = reach("potluck-models");
    for web in [
        "actix-web",
        "actix-http",
        "askama",
        "lettre",
        "tokio",
        "hyper",
        "potluck",
    ] {
        assert!(!models.contains(web), "potluck-models depends on {web}");
    }
    assert!(models.contains("diesel"));
    let site = reach("potluck");
    for outside in ["potluck-tests", "fantoccini", "openssl-sys"] {
        assert!(!site.contains(outside), "potluck depends on {outside}");
    }
}

fn files(folder: &str, extension: &str) -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, extension: &str, found: &mut Vec<(PathBuf, String)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, extension, found);
            } else if path.extension().is_some_and(|found| found == extension) {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    let mut found = Vec::new();
    walk(&repository().join(folder), extension, &mut found);
    assert!(!found.is_empty(), "no .{extension} in {folder}");
    found
}

#[test]
fn the_filter_knows_no_table() {
    for (path, text) in files("models/src/spam", "rs") {
        if path.ends_with("training.rs") {
            continue;
        }
        let code = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        for line in code {
            for table in [
                "diesel",
                "crate::schema",
                "crate::db",
                "crate::Db",
                "crate::item",
            ] {
                assert!(
                    !line.contains(table),
                    "{} names {table}: {line}",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn no_template_switches_escaping_off() {
    for (path, text) in files("templates", "html") {
        for word in ["|safe", "| safe", "escape(\"none\")", "autoescape"] {
            assert!(!text.contains(word), "{} has {word}", path.display());
        }
    }
}

#[test]
fn no_template_has_a_script_or_style_of_its_own() {
    for (path, text) in files("templates", "html") {
        let lower = text.to_lowercase();
        for word in [
            " onclick=",
            " onsubmit=",
            " onload=",
            " onchange=",
            " style=",
            "<style",
            "javascript:",
        ] {
            assert!(!lower.contains(word), "{} has{word}", path.display());
        }
        for tag in lower.split("<script").skip(1) {
            let head = tag.split('>').next().unwrap_or("");
            assert!(
                head.contains(" src="),
                "{} has a script of its own",
                path.display()
            );
        }
    }
}

/// A post form without its token would never work; this says so before somebody tries.
#[test]
fn every_post_form_carries_its_token() {
    for (path, text) in files("templates", "html") {
        for form in text.split("<form").skip(1) {
            let form = form.split("</form>").next().unwrap_or(form);
            let head = form.split('>').next().unwrap_or("");
            if head.contains("method=\"post\"") {
                assert!(
                    form.contains("name=\"csrf\""),
                    "{}: <form{head}> has no token",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn no_sql_is_put_together_from_text() {
    for folder in ["models/src", "web/src"] {
        for (path, text) in files(folder, "rs") {
            let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
            for call in ["sql_query(", "batch_execute(", "dsl::sql::<", "dsl::sql("] {
                for (at, _) in flat.match_indices(call) {
                    let argument: String = flat[at + call.len()..].chars().take(60).collect();
                    let made = argument.trim_start().trim_start_matches('&');
                    let bad = ["format!", "String", "concat"]
                        .iter()
                        .any(|way| made.starts_with(way))
                        || made.contains("format!(");
                    assert!(!bad, "{}: {call}{argument}", path.display());
                }
            }
        }
    }
}

#[test]
fn no_rust_file_is_unsafe_and_no_text_of_others_is_in_the_repository() {
    for folder in ["models/src", "web/src", "tests"] {
        for (path, text) in files(folder, "rs") {
            let word = concat!("un", "safe ");
            assert!(
                !text.lines().any(|line| line.trim_start().starts_with(word)),
                "{}",
                path.display()
            );
        }
    }
    let csv: Vec<PathBuf> = ["models", "web", "tests", "static", "templates"]
        .iter()
        .flat_map(|folder| list(&repository().join(folder), "csv"))
        // Invented for this purpose.
        .filter(|path| !path.ends_with("models/tests/golden/labels.csv"))
        .collect();
    assert!(csv.is_empty(), "{csv:?}");
}

fn list(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else {
        return found;
    };
    for entry in entries.filter_map(Result::ok) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(list(&path, extension));
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
    found
}
