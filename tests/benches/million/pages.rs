//! What readers ask a large site for: lists, tags, people, projects, threads and the search; the first
//! page and one far down.

use crate::asker::{self, Asker, cpu};

pub fn measure(url: &str, times: usize, farthest: usize) {
    let asker = Asker::new(&asker::serve(url), "");
    println!(
        "milliseconds, p50 / p95 of {times}; the page; CPU of this program a page; further down, and how far; bytes of HTML"
    );
    let mut misses = 0;
    let mut asked = 0;
    let mut show = |bound: f64, deep: usize, path: &str| {
        let deep = deep.min(farthest);
        let (first, further) = asker.first_and_deep(path, deep, times);
        let before = cpu();
        for _ in 0..3 {
            asker.get(path);
        }
        let used = (cpu() - before).as_secs_f64() * 1_000.0 / 3.0;
        let bytes = asker.get(path).1.len();
        let further_words = further.map_or(String::new(), |(p50, p95)| {
            format!("{p50:>7.1} / {p95:<6.1} page {deep}")
        });
        let worst = first.1.max(further.map_or(0.0, |(_, p95)| p95));
        asked += 1;
        let mark = if worst > bound { "OVER" } else { "" };
        misses += usize::from(worst > bound);
        println!(
            "{path:<52} {:>7.1} / {:<6.1} {used:>6.1} CPU {bytes:>7} B {further_words:<28} {mark}",
            first.0, first.1
        );
    };
    show(30.0, 1, "/");
    for (path, deep) in [
        ("/projects", 1_000),
        ("/projects?order=released", 1_000),
        ("/projects?order=waiting", 1_000),
        ("/projects?kind=game", 1_000),
        ("/projects?kind=art", 2),
        ("/projects?download=1", 2),
        ("/projects?order=helpful", 2),
        ("/releases", 1_000),
        ("/tags", 1),
        ("/tags/tag0", 100),
        ("/tags/tag499", 10),
        ("/people/user0", 1),
        ("/people/user0?made=&gave=", 1),
        ("/people/user1000", 1),
        ("/people/user150000", 1),
        ("/people/user199000", 1),
        ("/projects.atom", 1),
        ("/releases.atom", 1),
        ("/tags/tag0.atom", 1),
        ("/people/user0.atom", 1),
        ("/sitemap.xml", 1),
    ] {
        show(30.0, deep, path);
    }
    for list in ["/projects", "/projects?order=waiting", "/tags/tag499"] {
        let page = asker.get(list).1;
        let start = page.find("/projects/project-").expect("a project");
        let end = start + page[start..].find('"').expect("its end");
        show(30.0, 1, &page[start..end]);
    }
    // The longest thread.
    for path in [
        "/projects/project-1",
        "/projects/project-1?order=newest",
        "/projects/project-1?order=helpful",
    ] {
        show(50.0, 20, path);
    }
    show(30.0, 1, "/projects/project-1/comments.atom");
    for (words, deep) in [
        ("game+music", 1_000),
        ("game", 20),
        ("%22game+music%22", 20),
        ("mu*", 20),
        ("casino+bonus", 20),
        ("zozozo", 20),
        ("xylophonist+game", 20),
        ("musik", 20),
        ("game&kind=game", 20),
        ("game&in=people", 20),
        ("game&in=releases", 20),
        ("the&tag=tag499", 20),
    ] {
        show(50.0, deep, &format!("/search?order=newest&q={words}"));
        show(100.0, 10, &format!("/search?order=relevance&q={words}"));
    }
    println!("{misses} of {asked} pages over their bound");
}
