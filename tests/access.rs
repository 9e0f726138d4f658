//! Who may do what: every route of `web/src/routes.rs` as everybody. A new route without a line in
//! the table here fails.

use crate::support::*;
use potluck_models::award::{self, Design, Mark};
use potluck_models::failure::{self, Failure, Report, System, answer};
use potluck_models::intake::Context;
use potluck_models::intake::rules::Rules;
use potluck_models::item::{Item, Queue, State};
use potluck_models::project::Project;
use potluck_models::settings::Settings;

/// Every `.route(…)` of the table, as method and path.
pub fn routes() -> Vec<(String, String)> {
    let text = std::fs::read_to_string(repository().join("web/src/routes.rs")).unwrap();
    let routes: Vec<(String, String)> = text
        .split(".route(")
        .skip(1)
        .map(|route| {
            let path = route.split('"').nth(1).expect("a path").to_owned();
            let after = route.split('"').nth(2).expect("a method");
            let method = after.trim_start_matches([',', ' ', '\n']);
            let method = method.split('(').next().expect("a method").to_uppercase();
            (method, path)
        })
        .collect();
    assert!(routes.len() > 60, "the routes are read: {routes:?}");
    for (method, path) in &routes {
        assert!(matches!(method.as_str(), "GET" | "POST"), "{method} {path}");
    }
    routes
}

/// What somebody gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gets {
    /// 200.
    Page,
    /// Sent to the log-in.
    LogIn,
    /// 303 to somewhere else.
    Done,
    /// 403, or 404 where even the being of it is nobody's business.
    No,
    /// 422 or 400: may do it, but not with an empty form.
    Fault,
    /// 404 for everybody: in this test there is no such thing.
    None,
}
use Gets::{Done, Fault, LogIn, No, None, Page};

impl Gets {
    fn fits(self, answer: &Answer) -> bool {
        let to_login = answer.leads_to() == "/login";
        match self {
            Page => answer.status == 200,
            LogIn => answer.status == 303 && to_login,
            Done => matches!(answer.status, 301 | 302 | 303 | 307) && !to_login,
            No => matches!(answer.status, 403 | 404),
            Fault => matches!(answer.status, 400 | 422),
            None => answer.status == 404,
        }
    }
}

const ALL: [Gets; 6] = [Page; 6];
/// A page for members.
const MEMBERS: [Gets; 6] = [LogIn, Page, Page, Page, Page, Page];
const MODERATORS: [Gets; 6] = [LogIn, No, No, No, Page, Page];
const ADMINS: [Gets; 6] = [LogIn, No, No, No, No, Page];
/// An empty form that members may send.
const MEMBERS_SEND: [Gets; 6] = [No, Fault, Fault, Fault, Fault, Fault];

/// What everybody gets: a visitor; bob, a member who has nothing to do with it; ann, who wrote the
/// comment; odile, who made the project; a moderator; an administrator. POSTs are sent with a right
/// token and nothing else.
#[rustfmt::skip]
const TABLE: &[(&str, &str, [Gets; 6])] = &[
    //                                              visitor bob    ann    odile  mo     ada
    ("GET",  "/",                                   ALL),
    ("GET",  "/projects",                           ALL),
    ("GET",  "/projects.{format:atom|json}",                      ALL),
    ("GET",  "/releases",                           ALL),
    ("GET",  "/releases.{format:atom|json}",                      ALL),
    ("GET",  "/search",                             ALL),
    ("GET",  "/tags",                               ALL),
    ("GET",  "/project/{number:.*}",                [None; 6]),
    ("GET",  "/project-{title:.*}.html",            [None; 6]),
    ("GET",  "/tags/{tag}.{format:atom|json}",                    ALL),
    ("GET",  "/tags/{tag}",                         ALL),
    ("GET",  "/people/{username}.{format:atom|json}",             ALL),
    ("GET",  "/people/{username}",                  ALL),
    ("GET",  "/projects/new",                       MEMBERS),
    ("POST", "/projects/new",                       MEMBERS_SEND),
    ("GET",  "/projects/{slug}",                    ALL),
    ("GET",  "/projects/{slug}/edit",               [LogIn, No,    No,    Page,  No,    No]),
    ("POST", "/projects/{slug}/edit",               [No,    No,    No,    Fault, No,    No]),
    ("GET",  "/projects/{slug}/delete",             [LogIn, No,    No,    Page,  No,    No]),
    ("POST", "/projects/{slug}/delete",             [No,    No,    No,    Done,  No,    No]),
    ("GET",  "/projects/{slug}/link",               [LogIn, No,    No,    Page,  No,    No]),
    ("POST", "/projects/{slug}/link",               [No,    No,    No,    Fault, No,    No]),
    ("GET",  "/projects/{slug}/makers",             [LogIn, No,    No,    Page,  No,    No]),
    ("POST", "/projects/{slug}/makers",             [No,    No,    No,    Fault, No,    No]),
    ("POST", "/projects/{slug}/leave",              [No,    No,    No,    Fault, No,    No]),
    ("POST", "/projects/{slug}/invitation",         [No; 6]),
    ("GET",  "/projects/{slug}/pictures",           [LogIn, No,    No,    Page,  No,    No]),
    ("POST", "/projects/{slug}/pictures",           [No,    No,    No,    Done,  No,    No]),
    ("POST", "/projects/{slug}/mature",             [No,    No,    No,    No,    Fault, Fault]),
    ("GET",  "/projects/{slug}/join",               MEMBERS),
    // They look for nobody there.
    ("POST", "/projects/{slug}/join",               [No; 6]),
    ("POST", "/projects/{slug}/requests",           [No,    No,    No,    Fault, No,    No]),
    ("GET",  "/projects/{slug}/feedback",           [LogIn, No,    No,    Page,  No,    No]),
    ("GET",  "/projects/{slug}/feedback.{format:csv|json}", [LogIn, No, No, Page,  No,    No]),
    // Its makers ask for no ratings.
    ("GET",  "/projects/{slug}/rating",             MEMBERS),
    ("POST", "/projects/{slug}/rating",             [No; 6]),
    ("POST", "/items/{id}/reactions",               [No, None, None, None, None, None]),
    ("GET",  "/projects/{slug}/forge",              [LogIn, No,    No,    Page,  No,    No]),
    ("POST", "/projects/{slug}/forge",              [No,    No,    No,    Fault, No,    No]),
    ("POST", "/projects/{slug}/changes",            [No,    No,    No,    No,    Fault, Fault]),
    ("POST", "/projects/{slug}/restore",            [No, None, None, None, None, None]),
    ("POST", "/people/{username}/ignore",           [No,    Done,  Done,  No,    Done,  Done]),
    ("GET",  "/account/ignored",                    MEMBERS),
    ("POST", "/people/{username}/follow",           [No,    Done,  Done,  No,    Done,  Done]),
    ("POST", "/projects/{slug}/follow",             [No,    Done,  Done,  Done,  Done,  Done]),
    ("POST", "/tags/{tag}/follow",                  [No,    Done,  Done,  Done,  Done,  Done]),
    ("GET",  "/account/following",                  MEMBERS),
    ("POST", "/projects/{slug}/favourite",          [No,    Done,  Done,  No,    Done,  Done]),
    ("GET",  "/favourites",                         MEMBERS),
    ("POST", "/projects/{slug}/mute",               [No,    Done,  Done,  Done,  Done,  Done]),
    ("GET",  "/account/mine",                       MEMBERS),
    ("GET",  "/inbox",                              MEMBERS),
    ("POST", "/inbox",                              MEMBERS_SEND),
    ("POST", "/account/notices",                    [No,    Done,  Done,  Done,  Done,  Done]),
    ("GET",  "/people/{username}/report",           [Page,  Page,  Page,  No,    Page,  Page]),
    ("POST", "/people/{username}/report",           MEMBERS_SEND),
    ("GET",  "/projects/{slug}/report",             [Page,  Page,  Page,  No,    Page,  Page]),
    ("POST", "/projects/{slug}/report",             MEMBERS_SEND),
    ("GET",  "/projects/{slug}/picture/report",     [None; 6]),
    ("POST", "/projects/{slug}/picture/report",     [No, None, None, None, None, None]),
    ("GET",  "/projects/{slug}/releases",           ALL),
    ("GET",  "/projects/{slug}/releases/new",       [LogIn, No,    No,    Page,  No,    No]),
    ("POST", "/projects/{slug}/releases/new",       [No,    No,    No,    Fault, No,    No]),
    ("GET",  "/projects/{slug}/releases/{version}", [None; 6]),
    ("GET",  "/projects/{slug}/releases/{version}/edit", [LogIn, No, No, None, No, No]),
    ("POST", "/projects/{slug}/releases/{version}/edit", [No, No, No, None, No, No]),
    ("GET",  "/projects/{slug}/releases/{version}/delete", [LogIn, No, No, None, No, No]),
    ("POST", "/projects/{slug}/releases/{version}/delete", [No, No, No, None, No, No]),
    ("POST", "/projects/{slug}/releases/{version}/restore", [No, No, No, None, No, No]),
    ("GET",  "/projects/{slug}/releases/{version}/report", [None; 6]),
    ("POST", "/projects/{slug}/releases/{version}/report", [No, None, None, None, None, None]),
    ("GET",  "/projects/{slug}/failures",           ALL),
    ("GET",  "/projects/{slug}/failures/new",       MEMBERS),
    ("POST", "/projects/{slug}/failures/new",       [No,    Fault, Fault, No,    Fault, Fault]),
    ("GET",  "/projects/{slug}/failures/{group}",   ALL),
    ("POST", "/projects/{slug}/failures/{group}/too", MEMBERS_SEND),
    ("POST", "/projects/{slug}/failures/{group}/answer", [No, No, No, Fault, No, No]),
    ("GET",  "/failures/{id}/edit",                 [LogIn, No,    Page,  No,    No,    No]),
    ("POST", "/failures/{id}/edit",                 [No,    No,    Fault, No,    No,    No]),
    ("POST", "/failures/{id}/delete",               [No,    No,    Done,  No,    No,    No]),
    ("POST", "/answers/{id}/delete",                [No,    No,    No,    Done,  No,    No]),
    ("GET",  "/{kind:failures|answers}/{id}",       [Done; 6]),
    ("GET",  "/projects/{slug}/award",              MEMBERS),
    // Of these only odile is a maker, and it is her own.
    ("POST", "/projects/{slug}/award",              [No; 6]),
    ("GET",  "/projects/{slug}/awards",             ALL),
    ("GET",  "/people/{username}/awards",           ALL),
    ("GET",  "/awards/{id}",                        ALL),
    ("POST", "/awards/{id}/decline",                MEMBERS_SEND),
    ("POST", "/awards/{id}/delete",                 [No,    No,    No,    Done,  No,    No]),
    // The answer, which is odile's.
    ("GET",  "/{kind:failures|answers|awards}/{id}/report", [Page, Page, Page, No, Page, Page]),
    ("POST", "/{kind:failures|answers|awards}/{id}/report", MEMBERS_SEND),
    ("GET",  "/projects/{slug}/comments.{format:atom|json}",      ALL),
    ("POST", "/projects/{slug}/comments",           MEMBERS_SEND),
    ("GET",  "/comments/{id}",                      ALL),
    ("GET",  "/comments/{id}/edit",                 [LogIn, No,    Page,  No,    No,    No]),
    ("POST", "/comments/{id}/edit",                 [No,    No,    Fault, No,    No,    No]),
    ("GET",  "/comments/{id}/delete",               [LogIn, No,    Page,  No,    No,    No]),
    ("POST", "/comments/{id}/delete",               [No,    No,    Done,  No,    No,    No]),
    ("GET",  "/comments/{id}/history",              ALL),
    ("GET",  "/comments/{id}/quote",                MEMBERS),
    ("GET",  "/comments/{id}/report",               [Page,  Page,  No,    Page,  Page,  Page]),
    ("POST", "/comments/{id}/report",               MEMBERS_SEND),
    ("POST", "/comments/{id}/approve",              [No,    No,    No,    Done,  No,    No]),
    ("POST", "/comments/{id}/maker",                [No,    No,    No,    Fault, No,    No]),
    ("GET",  "/projects/{slug}/waiting",            [LogIn, No,    No,    Page,  No,    No]),
    ("POST", "/projects/{slug}/waiting",            [No,    No,    No,    Fault, No,    No]),
    ("POST", "/projects/{slug}/switch",             [No,    No,    No,    Done,  No,    No]),
    ("GET",  "/account/blocks",                     MEMBERS),
    ("POST", "/account/blocks",                     MEMBERS_SEND),
    ("GET",  "/appeals/{id}",                       [LogIn, None,  None,  None,  None,  None]),
    ("POST", "/appeals/{id}",                       [No,    None,  None,  None,  None,  None]),
    ("GET",  "/signup",                             [Page,  Done,  Done,  Done,  Done,  Done]),
    ("POST", "/signup",                             [Fault; 6]),
    ("GET",  "/confirm",                            ALL),
    ("POST", "/confirm",                            ALL),
    ("GET",  "/login",                              [Page,  Done,  Done,  Done,  Done,  Done]),
    ("POST", "/login",                              [Fault; 6]),
    ("POST", "/logout",                             [No,    Done,  Done,  Done,  Done,  Done]),
    ("GET",  "/reset",                              ALL),
    ("POST", "/reset",                              ALL),
    ("GET",  "/setup/{token}",                      [None; 6]),
    ("POST", "/setup/{token}",                      [None; 6]),
    ("GET",  "/account",                            MEMBERS),
    ("POST", "/account",                            MEMBERS_SEND),
    ("POST", "/account/sessions",                   [No,    Done,  Done,  Done,  Done,  Done]),
    ("GET",  "/account/reports",                    MEMBERS),
    ("GET",  "/account/reviews",                    MEMBERS),
    ("POST", "/account/reviews",                    MEMBERS_SEND),
    ("GET",  "/account/profile",                    MEMBERS),
    ("POST", "/account/profile",                    [No,    Done,  Done,  Done,  Done,  Done]),
    ("POST", "/account/avatar",                     MEMBERS_SEND),
    ("POST", "/account/warning",                    [No,    None,  None,  None,  None,  None]),
    ("POST", "/account/letters",                    [No,    No,    No,    No,    Done,  Done]),
    ("GET",  "/unsubscribe/{token}",                [None; 6]),
    ("POST", "/unsubscribe/{token}",                [None; 6]),
    ("GET",  "/moderation",                         MODERATORS),
    ("POST", "/moderation/verdicts",                [No,    No,    No,    No,    Fault, Fault]),
    ("GET",  "/moderation/batches/{id}",            [LogIn, No,    No,    No,    None,  None]),
    ("POST", "/moderation/batches/{id}/undo",       [No,    No,    No,    No,    None,  None]),
    ("POST", "/moderation/claims",                  [No,    No,    No,    No,    None,  None]),
    ("POST", "/moderation/items/{id}/open",         [No,    No,    No,    No,    None,  None]),
    ("GET",  "/moderation/habits",                  MODERATORS),
    ("POST", "/moderation/habits",                  [No,    No,    No,    No,    Done,  Done]),
    ("GET",  "/moderation/log",                     MODERATORS),
    ("GET",  "/moderation/log.csv",                 MODERATORS),
    ("GET",  "/moderation/log.jsonl",               MODERATORS),
    ("GET",  "/moderation/filter",                  MODERATORS),
    ("POST", "/moderation/filter/contradictions",   [No,    No,    No,    No,    Fault, Fault]),
    ("GET",  "/moderation/appeals",                 MODERATORS),
    ("POST", "/moderation/appeals/{id}",            [No,    No,    No,    No,    Fault, Fault]),
    ("GET",  "/moderation/people",                  MODERATORS),
    ("GET",  "/moderation/people/{username}",       MODERATORS),
    ("POST", "/moderation/people/{username}/notes", [No,    No,    No,    No,    Fault, Fault]),
    ("POST", "/moderation/people/{username}/reports", [No,  No,    No,    No,    Fault, Fault]),
    ("GET",  "/moderation/people/{username}/{act}", MODERATORS),
    ("POST", "/moderation/people/{username}/{act}", [No,    No,    No,    No,    Fault, Fault]),
    ("POST", "/moderation/notes/{id}/remove",       [No,    No,    No,    No,    None,  None]),
    ("POST", "/moderation/sanctions/{id}/undo",     [No,    No,    No,    No,    None,  None]),
    ("GET",  "/moderation/rules",                   MODERATORS),
    ("POST", "/moderation/rules",                   [No,    No,    No,    No,    Fault, Fault]),
    ("GET",  "/moderation/rules/new",               MODERATORS),
    ("POST", "/moderation/rules/new",               [No,    No,    No,    No,    Fault, Fault]),
    ("POST", "/moderation/rules/raid",              [No,    No,    No,    No,    Fault, Fault]),
    ("GET",  "/moderation/rules/{id}",              [LogIn, No,    No,    No,    None,  None]),
    ("POST", "/moderation/rules/{id}/end",          [No,    No,    No,    No,    None,  None]),
    ("POST", "/moderation/rules/{id}/resume",       [No,    No,    No,    No,    None,  None]),
    ("GET",  "/moderation/makers",                  MODERATORS),
    ("POST", "/moderation/makers/{id}/undo",        [No,    No,    No,    No,    None,  None]),
    ("POST", "/moderation/blocks/{id}/lift",        [No,    No,    No,    No,    Done,  Done]),
    ("GET",  "/moderation/tags",                    MODERATORS),
    ("POST", "/moderation/tags",                    [No,    No,    No,    No,    Fault, Fault]),
    ("POST", "/moderation/tags/{id}/undo",          [No,    No,    No,    No,    None,  None]),
    ("GET",  "/moderation/guide",                   MODERATORS),
    ("POST", "/moderation/articles/{id}",           [No,    No,    No,    No,    Fault, Fault]),
    ("POST", "/moderation/comments/{id}/review",    [No,    No,    No,    No,    None,  None]),
    ("POST", "/moderation/reviews/{id}/undo",       [No,    No,    No,    No,    None,  None]),
    ("GET",  "/moderation/campaigns",               MODERATORS),
    ("GET",  "/moderation/campaigns/{id}",          [LogIn, No,    No,    No,    None,  None]),
    ("POST", "/moderation/campaigns/{id}/hold",     [No,    No,    No,    No,    None,  None]),
    ("POST", "/moderation/campaigns/{id}/let-go",   [No,    No,    No,    No,    None,  None]),
    ("GET",  "/moderation/{queue}",                 MODERATORS),
    ("GET",  "/moderation/{queue}/all",             MODERATORS),
    ("GET",  "/admin",                              ADMINS),
    ("GET",  "/admin/settings",                     ADMINS),
    ("POST", "/admin/settings",                     [No,    No,    No,    No,    No,    Done]),
    ("POST", "/admin/logo",                         [No,    No,    No,    No,    No,    Fault]),
    ("POST", "/admin/checked",                      [No,    No,    No,    No,    No,    Done]),
    ("GET",  "/admin/texts/{name}",                 [LogIn, No,    No,    No,    No,    None]),
    ("POST", "/admin/texts/{name}",                 [No,    No,    No,    No,    No,    None]),
    ("GET",  "/admin/texts/{name}/{id}",            [LogIn, No,    No,    No,    No,    None]),
    ("GET",  "/admin/reasons",                      ADMINS),
    ("POST", "/admin/reasons",                      [No,    No,    No,    No,    No,    Fault]),
    ("GET",  "/admin/reasons/{key}",                [LogIn, No,    No,    No,    No,    None]),
    ("POST", "/admin/reasons/{key}",                [No,    No,    No,    No,    No,    None]),
    ("POST", "/admin/reasons/{key}/move",           [No,    No,    No,    No,    No,    None]),
    ("POST", "/admin/reasons/{key}/retire",         [No,    No,    No,    No,    No,    None]),
    ("GET",  "/admin/models",                       ADMINS),
    ("POST", "/admin/models/retrain",               [No,    No,    No,    No,    No,    Done]),
    ("GET",  "/admin/models/compare",               ADMINS),
    ("GET",  "/admin/models/promises",              ADMINS),
    ("POST", "/admin/models/promises",              [No,    No,    No,    No,    No,    Fault]),
    ("POST", "/admin/imports/{id}/undo",            [No,    No,    No,    No,    No,    None]),
    ("POST", "/admin/models/{id}/activate",         [No,    No,    No,    No,    No,    None]),
    ("GET",  "/admin/jobs",                         ADMINS),
    ("POST", "/admin/jobs/{id}/retry",              [No,    No,    No,    No,    No,    None]),
    ("GET",  "/conduct",                            ALL),
    ("GET",  "/guide",                              ALL),
    ("GET",  "/guide/suggest",                      MEMBERS),
    ("POST", "/guide/suggest",                      MEMBERS_SEND),
    ("GET",  "/imprint",                            [None; 6]),
    ("GET",  "/privacy",                            ALL),
    ("GET",  "/log",                                ALL),
    ("GET",  "/healthz",                            ALL),
    ("GET",  "/readyz",                             ALL),
    ("GET",  "/robots.txt",                         ALL),
    ("GET",  "/sitemap.xml",                        ALL),
    ("GET",  "/sitemap/{name}-{number}.xml",        ALL),
    ("GET",  "/.well-known/security.txt",           ALL),
    ("GET",  "/.well-known/change-password",        [Done; 6]),
    ("GET",  "/files/{name}",                       [None; 6]),
    ("GET",  "/static/{version}/{path:.*}",         ALL),
];

/// Things that a route can be tried on: a project of odile's and a comment of ann's, fresh.
struct Things {
    project: Made,
    comment: String,
    waiting: String,
    feedback: Feedback,
}

/// What ann reports of the project, the answer of odile to it, and an award that odile gave to what
/// somebody else made. Empty for the routes that ask for none of it.
#[derive(Default)]
struct Feedback {
    group: String,
    failure: String,
    answer: String,
    award: String,
}

fn things(site: &Site, path: &str) -> Things {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let project = site.project("odile", &format!("Thing {number}"));
    let comment = site.comment(
        "ann",
        &project,
        &format!("A kind word about thing {number}."),
    );
    let waiting = site.comment("ann", &project, &format!("Another about thing {number}."));
    site.db(|db| {
        let item = Item::find(db, waiting)?;
        let mut to = item.standing();
        (to.state, to.queue) = (State::Held, Some(Queue::Maker));
        item.settle(db, to)
    });
    let of_feedback = [
        "{group}",
        "/failures/{id}",
        "/answers/{id}",
        "/awards/{id}",
        "{kind:",
    ];
    let feedback = match of_feedback.iter().any(|part| path.contains(part)) {
        true => feedback(site, &project, number),
        false => Feedback::default(),
    };
    Things {
        project,
        comment: comment.to_string(),
        waiting: waiting.to_string(),
        feedback,
    }
}

fn feedback(site: &Site, project: &Made, number: usize) -> Feedback {
    let toy = site.project("marguerite", &format!("Toy {number}"));
    let (ann, odile) = (site.user("ann"), site.user("odile"));
    site.db(|db| {
        let mut settings = Settings::load(db)?;
        settings.awards_per_month = i64::MAX;
        let context = Context {
            settings: &settings,
            filter: Option::None,
            limits_off: true,
            rules: Rules::none(),
            address: Option::None,
        };
        let (project, toy) = (Project::find(db, project.id)?, Project::find(db, toy.id)?);
        let report = Report {
            release: Option::None,
            version: String::new(),
            system: System::Linux,
            system_version: String::new(),
            words: "It stops.".into(),
            trace: String::new(),
        };
        let (id, _) = failure::post(db, &context, &ann, &project, Option::None, &report, "")
            .expect("the report is taken in");
        let group = Failure::find(db, id)?.group_id;
        let (answer, _) = answer::post(db, &context, &odile, &project, group, "Where?", "")
            .expect("the answer is taken in");
        let design = Design {
            name: "Best toy".into(),
            mark: Mark::Duck.as_str().into(),
            why: "It rolls.".into(),
        };
        let (award, _) =
            award::give(db, &context, &odile, &toy, &design, "").expect("the award is taken in");
        Ok(Feedback {
            group: group.to_string(),
            failure: id.to_string(),
            answer: answer.to_string(),
            award: award.to_string(),
        })
    })
}

fn filled_in(path: &str, things: &Things) -> String {
    let id = match path {
        "/comments/{id}/approve" => &things.waiting,
        path if path.starts_with("/comments/") => &things.comment,
        path if path.starts_with("/answers/") => &things.feedback.answer,
        path if path.starts_with("/awards/") => &things.feedback.award,
        path if path.starts_with("/failures/") => &things.feedback.failure,
        "/{kind:failures|answers}/{id}" => &things.feedback.failure,
        "/{kind:failures|answers|awards}/{id}/report" => &things.feedback.answer,
        _ => "987654321",
    };
    path.replace("{slug}", &things.project.slug)
        .replace("{id}", id)
        .replace("{group}", &things.feedback.group)
        .replace("{kind:failures|answers}", "failures")
        .replace("{kind:failures|answers|awards}", "answers")
        .replace("{tag}", "duck")
        .replace("{username}", "odile")
        .replace("{version}/{path:.*}", "0/css/site.css")
        .replace("{version}", "1.0")
        .replace("{queue}", "held")
        .replace("{act}", "warn")
        .replace("{token}", "00ff")
        .replace("{name}-{number}", "projects-0")
        .replace("{format:atom|json}", "json")
        .replace("{format:csv|json}", "json")
        .replace("{name}", "none-card.png")
}

#[test]
fn every_route_has_its_line_in_the_table() {
    let routes = routes();
    for (method, path) in &routes {
        let lines = TABLE
            .iter()
            .filter(|(m, p, _)| m == method && p == path)
            .count();
        assert_eq!(
            lines, 1,
            "{method} {path}: say in tests/access.rs who may do that"
        );
    }
    for (method, path, _) in TABLE {
        assert!(
            routes.iter().any(|(m, p)| m == method && p == path),
            "{method} {path} is no route any more"
        );
    }
}

on_both! {
    fn everybody_gets_what_the_table_says(site, limits_off) {
        site.maker("odile");
        for name in ["ann", "bob"] {
            site.regular(name);
        }
        site.moderator("mona");
        site.admin("ada");
        let names = ["", "bob", "ann", "odile", "mona", "ada"];
        let mut faults = Vec::new();
        for (method, path, gets) in TABLE {
            for (name, gets) in names.iter().zip(gets) {
                let things = things(site, path);
                let client = if name.is_empty() { site.visitor() } else { site.come_back(name) };
                let there = filled_in(path, &things);
                let answer = if *method == "GET" { client.get(&there) } else { client.post(&there, &[]) };
                if !gets.fits(&answer) {
                    let name = if name.is_empty() { "a visitor" } else { name };
                    let to = answer.location().unwrap_or("").to_owned();
                    faults.push(format!("{method} {path} as {name}: {} {to} instead of {gets:?}", answer.status));
                }
            }
        }
        assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    }

    fn a_report_an_answer_and_an_award_are_complained_of_by_others_alone(site, limits_off) {
        let (odile, ann, bob) = (site.maker("odile"), site.regular("ann"), site.regular("bob"));
        let duck = site.project("odile", "Duck racer");
        let made = feedback(site, &duck, 1);
        let all = [("failures", &made.failure, &ann), ("answers", &made.answer, &odile), ("awards", &made.award, &odile)];
        for (kind, id, author) in all {
            let there = format!("/{kind}/{id}/report");
            author.get(&there).expect(403);
            site.visitor().get(&there).expect(200).says("Log in to report it");
            bob.submit(&there, &there, &[("reason", "unkind")]).expect(303);
        }
        assert_eq!(site.count("reports"), 3);
    }

    fn what_is_not_published_is_its_makers_and_the_moderators_alone(site) {
        let odile = site.maker("odile");
        let bob = site.regular("bob");
        let mona = site.moderator("mona");
        for state in [State::Draft, State::Held, State::Spam] {
            let project = site.project("odile", &format!("Secret in {state}"));
            site.put(project.id, state);
            for path in [project.path(), format!("{}/edit", project.path()), format!("{}.atom", project.comments())] {
                for stranger in [&site.visitor(), &bob] {
                    let answer = stranger.get(&path);
                    let hidden = matches!(answer.status, 403 | 404) || answer.leads_to() == "/login";
                    assert!(hidden, "{path} in {state} as {:?}: {}", stranger.name, answer.status);
                    assert!(!answer.html().contains("Secret in"), "{path}");
                }
            }
            odile.get(&project.path()).expect(200);
            odile.get(&format!("{}/edit", project.path())).expect(200);
            if state != State::Draft {
                mona.get(&project.path()).expect(200);
            }
            bob.post(&format!("{}/edit", project.path()), &[("title", "Mine now")]);
            bob.post(&format!("{}/delete", project.path()), &[]);
            assert_eq!(site.state(project.id), state);
        }
    }

    fn a_demotion_counts_at_the_next_request(site) {
        let mona = site.moderator("mona");
        mona.get("/moderation").expect(200);
        site.sql("UPDATE users SET role = 'member' WHERE username = 'mona'");
        mona.get("/moderation").expect(403);
        let ada = site.admin("ada");
        ada.get("/admin").expect(200);
        site.sql("UPDATE users SET role = 'moderator' WHERE username = 'ada'");
        ada.get("/admin").expect(403);
        ada.get("/moderation").expect(200);
    }

    fn a_suspension_counts_at_the_next_request(site, limits_off) {
        site.maker("odile");
        let ann = site.regular("ann");
        let duck = site.project("odile", "Duck racer");
        ann.post(&duck.comments(), &[("body", "One before, about the ducks.")]).expect(303);
        site.sql("UPDATE users SET suspended_until = '2999-01-01 00:00:00' WHERE username = 'ann'");
        let typed = "One after, which must not be lost.";
        ann.post(&duck.comments(), &[("body", typed)]).expect(403).says("cannot post until").keeps(typed);
        let fields = [("title", "A thing"), ("summary", "It is"), ("description", typed), ("kind", "game")];
        ann.post("/projects/new", &fields).expect(403).keeps(typed);
        assert_eq!(site.comment_saying("One after"), Option::None);
    }

    fn extra_fields_change_nothing(site, limits_off) {
        let odile = site.maker("odile");
        let ann = site.regular("ann");
        let duck = site.project("odile", "Duck racer");
        let more = [
            ("body", "A kind word with much around it."), ("author_id", "1"), ("state", "published"), ("role", "admin"),
            ("id", "1"), ("thread_id", "1"), ("created_at", "2001-01-01"),
        ];
        ann.post(&duck.comments(), &more).expect(303);
        let id = site.comment_saying("with much around it").expect("the comment");
        assert_eq!(site.item(id).author_id, site.user_id("ann"));
        assert!(site.item(id).created_at > potluck_models::now() - chrono::Duration::minutes(1));
        let fields = [
            ("title", "Duck racer"), ("summary", "Ducks that race"), ("description", "New words."), ("kind", "game"), ("tags", ""),
            ("comment_policy", "members"), ("owner_id", "1"), ("slug", "stolen"), ("state", "removed"), ("role", "admin"),
        ];
        odile.post(&format!("{}/edit", duck.path()), &fields).expect(303);
        assert_eq!(site.made(duck.id).slug, duck.slug);
        assert_eq!(site.state(duck.id), State::Published);
        let owner = site.db(|db| potluck_models::project::Project::find(db, duck.id)).owner_id;
        assert_eq!(owner, site.user_id("odile"));
        assert_eq!(site.user("odile").role, potluck_models::account::Role::Member);
        assert_eq!(site.user("ann").role, potluck_models::account::Role::Member);
    }
}
