use super::*;
use proptest::prelude::*;

/// One machine: what differs there, and the error does not.
#[derive(Clone, Debug)]
struct Machine {
    folder: String,
    line: u32,
    address: u64,
    value: String,
}

fn machine() -> impl Strategy<Value = Machine> {
    let folder = prop_oneof![
        "[a-z]{2,9}".prop_map(|name| format!("/home/{name}/games/")),
        "[A-Za-z]{2,9}".prop_map(|name| format!("C:\\Users\\{name}\\Desktop\\")),
        "[a-z]{1,5}".prop_map(|name| format!("/opt/{name}-1.2/")),
    ];
    (
        folder,
        1u32..40_000,
        0x1000u64..0x7fff_ffff_ffff,
        "[A-Za-z0-9 _.\\-]{0,12}",
    )
        .prop_map(|(folder, line, address, value)| Machine {
            folder,
            line,
            address,
            value,
        })
}

/// An error: its kind, what it says, and the two functions it came through.
#[derive(Clone, Debug, PartialEq)]
struct Fault {
    kind: String,
    says: String,
    inner: String,
    outer: String,
}

fn fault() -> impl Strategy<Value = Fault> {
    (
        prop::sample::select(vec!["Value", "Key", "Type", "Save", "Io"]),
        prop::sample::select(vec![
            "no such level",
            "cannot open the save",
            "out of range",
            "not a sound",
        ]),
        "(load|draw|step|read)_[a-z]{2,6}",
        "(run|tick|play|main)_[a-z]{2,6}",
    )
        .prop_map(|(kind, says, inner, outer)| Fault {
            kind: format!("{kind}Error"),
            says: says.into(),
            inner,
            outer,
        })
}

/// The same error as each of them tells it.
const TELL: [fn(&Fault, &Machine) -> String; 9] = [
    |f, m| {
        format!(
            "Traceback (most recent call last):\n  File \"{0}game.py\", line {1}, in <module>\n    {3}()\n  File \"{0}game.py\", line {1}, in {3}\n    {2}(x)\n  File \"{0}lib/save.py\", line {4}, in {2}\n    raise {5}\n    ^^^^^^^^^^\n{5}: {6}: '{7}' at {1}\n",
            m.folder,
            m.line,
            f.inner,
            f.outer,
            m.line + 7,
            f.kind,
            f.says,
            m.value
        )
    },
    |f, m| {
        format!(
            "thread 'main' panicked at src/save.rs:{0}:9:\n{1}: {0} \"{2}\" in {3}x.sav\nstack backtrace:\n   0: rust_begin_unwind\n             at /rustc/{4:040x}/library/std/src/panicking.rs:{0}:5\n   1: core::panicking::panic_fmt\n   2: game::{5}::h{4:016x}\n             at ./src/save.rs:{0}:9\n   3: game::{6}\n             at {3}main.rs:{0}:5\n   4: core::ops::function::FnOnce::call_once\nnote: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.\n",
            m.line, f.says, m.value, m.folder, m.address, f.inner, f.outer
        )
    },
    |f, m| {
        format!(
            "Uncaught {}: {} (reading '{}')\n    at {} (https://m{}.example/game.js:{}:17)\n    at async {} (https://m{}.example/game.js:{}:3)\n    at https://m{}.example/game.js:1:1\n",
            f.kind,
            f.says,
            m.value,
            f.inner,
            m.line,
            m.line,
            f.outer,
            m.line,
            m.line + 1,
            m.line
        )
    },
    |f, m| {
        format!(
            "{}: {}\n{}@https://m{}.example/game.js:{}:17\n{}@https://m{}.example/game.js:{}:3\n",
            f.kind, f.says, f.inner, m.line, m.line, f.outer, m.line, m.line
        )
    },
    |f, m| {
        format!(
            "Exception in thread \"main-{0}\" java.lang.RuntimeException: it broke\n\tat org.duck.Game.start(Game.java:{0})\nCaused by: org.duck.{1}: {2} {3}save.dat ({0} bytes)\n\tat org.duck.Save.{4}(Save.java:{0})\n\tat org.duck.Game.lambda${5}${6}(Game.java:{0})\n\t... {0} more\n",
            m.line,
            f.kind,
            f.says,
            m.folder.replace(' ', ""),
            f.inner,
            f.outer,
            m.line % 9
        )
    },
    |f, m| {
        format!(
            "Program received signal SIGSEGV, Segmentation fault.\n0x{0:016x} in {1} (level=0x{0:x}, n={2}) at {3}src/level.c:{2}\n#0  0x{0:016x} in {1} (level=0x{0:x}, n={2}) at {3}src/level.c:{2}\n#1  0x{4:016x} in {5} () at {3}src/main.c:{2}\n#2  0x{4:016x} in {6} (argc=1, argv=0x{0:x}) at {3}src/main.c:9\n#3  0x{0:016x} in __libc_start_main () from /lib/libc.so.6\n",
            m.address,
            f.inner,
            m.line,
            m.folder,
            m.address + 64,
            f.outer,
            f.kind.to_lowercase()
        )
    },
    |f, m| {
        format!(
            "=={0}==ERROR: AddressSanitizer: {6} on address 0x{1:x} at pc 0x{1:x}\n    #0 0x{1:x} in {2} {3}src/level.c:{0}:3\n    #1 0x{1:x} in {4} {3}src/main.c:{0}\nSUMMARY: AddressSanitizer: {6} {3}src/level.c:{0}:3 in {2}{5}\n",
            m.line,
            m.address,
            f.inner,
            m.folder,
            f.outer,
            "",
            f.kind.to_lowercase()
        )
    },
    |f, m| {
        format!(
            "panic: {}: {} [{}]\n\ngoroutine {} [running]:\nmain.{}(0x{:x}, 0x{:x})\n\t{}save.go:{} +0x{:x}\nmain.{}()\n\t{}main.go:{} +0x1d\nexit status 2\n",
            f.kind,
            f.says,
            m.line,
            m.line,
            f.inner,
            m.address,
            m.line,
            m.folder,
            m.line,
            m.line,
            f.outer,
            m.folder,
            m.line
        )
    },
    |f, m| {
        format!(
            "11-22 10:00:{0:02}.123  {1}  {1} E AndroidRuntime: FATAL EXCEPTION: main\n11-22 10:00:{0:02}.123  {1}  {1} E AndroidRuntime: org.duck.{2}: {3} {1}\n11-22 10:00:{0:02}.124  {1}  {1} E AndroidRuntime: \tat org.duck.Save.{4}(Save.java:{1})\n11-22 10:00:{0:02}.124  {1}  {1} E AndroidRuntime: \tat org.duck.Game.{5}(Game.java:{1})\n",
            m.line % 60,
            m.line,
            f.kind,
            f.says,
            f.inner,
            f.outer
        )
    },
];

proptest! {
    #[test]
    fn the_same_error_from_two_machines_is_one_group(fault in fault(), one in machine(), other in machine()) {
        for (at, tell) in TELL.iter().enumerate() {
            let (one, other) = (tell(&fault, &one), tell(&fault, &other));
            prop_assert_eq!(read(&one).signature, read(&other).signature, "{}:\n{}\n{}", at, one, other);
        }
    }

    #[test]
    fn two_different_errors_are_two_groups(one in fault(), other in fault(), here in machine(), there in machine()) {
        prop_assume!(one.kind != other.kind || one.inner != other.inner);
        for (at, tell) in TELL.iter().enumerate() {
            // Only the functions tell them apart where a panic or a browser names no kind.
            if one.inner == other.inner && at == 1 {
                continue;
            }
            let (one, other) = (tell(&one, &here), tell(&other, &there));
            prop_assert_ne!(read(&one).signature, read(&other).signature, "{}:\n{}\n{}", at, one, other);
        }
    }

    #[test]
    fn whatever_it_is_it_is_read(text in "\\PC{0,400}", lines in prop::collection::vec("[ -~]{0,60}", 0..12)) {
        let all = format!("{text}\n{}", lines.join("\n"));
        let trace = read(&all);
        prop_assert_eq!(trace.signature.is_empty(), all.trim().is_empty());
        prop_assert!(trace.headline.chars().count() <= HEADLINE);
    }

    #[test]
    fn what_is_advertised_among_frames_is_read_as_words(fault in fault(), machine in machine(), at in 0usize..9, start in "(  at |#3  |   7: |)") {
        let spam = "Visit our casino today and win big money at home";
        let trace = TELL[at](&fault, &machine);
        let mut lines: Vec<&str> = trace.lines().collect();
        let hidden = format!("{start}{spam}");
        lines.insert(lines.len() / 2, &hidden);
        let said = read(&lines.join("\n")).said.join("\n");
        prop_assert!(said.contains(spam), "{}: {}", said, lines.join("\n"));
    }
}

#[test]
fn the_line_that_says_what_went_wrong_is_the_headline() {
    let python = "Traceback (most recent call last):\n  File \"a.py\", line 3, in play\n    x()\nKeyError: 'mango'\n";
    assert_eq!(read(python).headline, "KeyError: 'mango'");
    let rust = "thread 'main' panicked at src/main.rs:3:5:\nindex out of bounds: the len is 3 but the index is 7\nnote: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n";
    assert_eq!(
        read(rust).headline,
        "index out of bounds: the len is 3 but the index is 7"
    );
    let c = "game: src/level.c:88: load_level: Assertion `level != NULL' failed.\nAborted (core dumped)\n";
    assert!(read(c).headline.contains("Assertion"));
    assert_eq!(
        read("it just stops\n\nafter the menu").headline,
        "after the menu"
    );
    assert_eq!(read(" \n\t\n"), Trace::default());
}

#[test]
fn of_a_chain_the_last_one_told_counts() {
    let first = "Traceback (most recent call last):\n  File \"a.py\", line 3, in read\nKeyError: 'a'\n\nDuring handling of the above exception, another exception occurred:\n\n";
    let last = "Traceback (most recent call last):\n  File \"a.py\", line 9, in open_save\nSaveError: broken\n";
    assert_eq!(
        read(&format!("{first}{last}")).signature,
        read(last).signature
    );
    assert_ne!(read(first).signature, read(last).signature);
}

#[test]
fn recursion_is_as_deep_as_it_happens_to_be() {
    let tell = |times: usize| {
        let deep = "  File \"a.py\", line 3, in walk\n    walk(n)\n".repeat(times);
        format!(
            "Traceback (most recent call last):\n  File \"a.py\", line 9, in play\n{deep}  [Previous line repeated {times} more times]\nRecursionError: maximum recursion depth exceeded\n"
        )
    };
    assert_eq!(read(&tell(3)).signature, read(&tell(90)).signature);
}

#[test]
fn messages_settle_and_words_stay() {
    assert_eq!(
        settled("can't open '/home/ann/x.sav' (3 of 17)"),
        "can't open <q> (<n> of <n>)"
    );
    assert_eq!(
        settled("at 0x7fffdeadbeef in C:\\games\\duck\\a.dll"),
        "at <n> in <path>"
    );
    assert_eq!(
        settled("bad utf8 in https://duck.example/a?b=1 “Ente”"),
        "bad utf8 in <url> <q>"
    );
    assert_eq!(
        settled("took -3.5e7 s,  id 550e8400-e29b-41d4-a716-446655440000"),
        "took <n> s, id <n>"
    );
}

#[test]
fn a_usual_trace_has_little_to_say() {
    let java = "Exception in thread \"main\" java.lang.NullPointerException\n\tat org.duck.Save.load(Save.java:12)\n\tat java.base/java.lang.Thread.run(Thread.java:840)\n";
    let head = "Exception in thread \"main\" java.lang.NullPointerException";
    assert_eq!(read(java).said, [head]);
    let no_trace = "I clicked the pie\nand got https://spam.example/";
    assert_eq!(read(no_trace).said.len(), 2);
}
