//! Every address of the site. What a handler asks for in its signature (`Member`, `Moderator`,
//! `Admin`) is who may call it; `tests/access.rs` tries each line here as everybody.

use crate::{admin, assets, feeds, moderation, pages, picture};
use actix_web::guard;
use actix_web::web::{self, ServiceConfig, post};

/// A page answers HEAD as it answers GET, without the body.
fn get() -> actix_web::Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

pub fn routes(site: &mut ServiceConfig) {
    use pages::{
        account, appeals, awards, comments, deleted, failure_answers, failures, favourites,
        feedback, following, forge, gallery, home, ignored, inbox, join, lists, makers, mine,
        muting, old, people, profile, project_form, projects, ratings, reactions, release_form,
        releases, reports, search, secret, signup, tags, team, unsubscribe,
    };
    site
        // Front page and lists
        .route("/", get().to(home::show))
        .route("/projects", get().to(lists::projects))
        .route("/projects.{format:atom|json}", get().to(feeds::projects))
        .route("/releases", get().to(releases::list))
        .route("/releases.{format:atom|json}", get().to(feeds::releases))
        .route("/search", get().to(search::show))
        .route("/tags", get().to(tags::cloud))
        // Of a site that this one follows
        .route("/project/{number:.*}", get().to(old::by_number))
        .route("/project-{title:.*}.html", get().to(old::by_title))
        .route("/tags/{tag}.{format:atom|json}", get().to(feeds::tag))
        .route("/tags/{tag}", get().to(tags::show))
        .route("/tags/{tag}/follow", post().to(following::tag))
        .route(
            "/people/{username}.{format:atom|json}",
            get().to(feeds::person),
        )
        .route("/people/{username}", get().to(people::show))
        .route("/people/{username}/ignore", post().to(ignored::change))
        .route("/account/ignored", get().to(ignored::list))
        .route("/people/{username}/follow", post().to(following::person))
        .route("/account/following", get().to(following::list))
        .route("/favourites", get().to(favourites::list))
        .route("/people/{username}/report", get().to(reports::person_form))
        .route("/people/{username}/report", post().to(reports::person))
        // Projects
        .route("/projects/new", get().to(project_form::new_form))
        .route("/projects/new", post().to(project_form::create))
        .route("/projects/{slug}", get().to(projects::show))
        .route("/projects/{slug}/edit", get().to(project_form::edit_form))
        .route("/projects/{slug}/edit", post().to(project_form::update))
        .route("/projects/{slug}/delete", get().to(projects::delete_form))
        .route("/projects/{slug}/delete", post().to(projects::delete))
        .route("/projects/{slug}/link", get().to(secret::show))
        .route("/projects/{slug}/link", post().to(secret::change))
        .route("/projects/{slug}/makers", get().to(team::show))
        .route("/projects/{slug}/makers", post().to(team::change))
        .route("/projects/{slug}/leave", post().to(team::leave))
        .route("/projects/{slug}/forge", get().to(forge::show))
        .route("/projects/{slug}/forge", post().to(forge::change))
        .route("/projects/{slug}/changes", post().to(forge::moderate))
        .route("/projects/{slug}/invitation", post().to(team::answer))
        .route("/projects/{slug}/pictures", get().to(gallery::form))
        .route("/projects/{slug}/pictures", post().to(gallery::save))
        .route("/projects/{slug}/follow", post().to(following::project))
        .route("/projects/{slug}/favourite", post().to(favourites::change))
        .route("/projects/{slug}/mute", post().to(muting::change))
        .route("/projects/{slug}/join", get().to(join::form))
        .route("/projects/{slug}/join", post().to(join::ask))
        .route("/projects/{slug}/requests", post().to(join::answer))
        .route(
            "/projects/{slug}/feedback.{format:csv|json}",
            get().to(feedback::export),
        )
        .route("/projects/{slug}/feedback", get().to(feedback::show))
        .route("/projects/{slug}/rating", get().to(ratings::form))
        .route("/projects/{slug}/rating", post().to(ratings::save))
        .route("/items/{id}/reactions", post().to(reactions::change))
        .route(
            "/projects/{slug}/restore",
            post().to(deleted::restore_project),
        )
        .route(
            "/projects/{slug}/mature",
            post().to(moderation::mature::mark),
        )
        .route("/projects/{slug}/report", get().to(reports::project_form))
        .route("/projects/{slug}/report", post().to(reports::project))
        .route(
            "/projects/{slug}/picture/report",
            get().to(reports::picture_form),
        )
        .route(
            "/projects/{slug}/picture/report",
            post().to(reports::picture),
        )
        .route("/projects/{slug}/releases", get().to(releases::of_project))
        .route(
            "/projects/{slug}/releases/new",
            get().to(release_form::new_form),
        )
        .route(
            "/projects/{slug}/releases/new",
            post().to(release_form::create),
        )
        .route(
            "/projects/{slug}/releases/{version}",
            get().to(releases::show),
        )
        .route(
            "/projects/{slug}/releases/{version}/edit",
            get().to(release_form::edit_form),
        )
        .route(
            "/projects/{slug}/releases/{version}/edit",
            post().to(release_form::update),
        )
        .route(
            "/projects/{slug}/releases/{version}/delete",
            get().to(release_form::delete_form),
        )
        .route(
            "/projects/{slug}/releases/{version}/delete",
            post().to(release_form::delete),
        )
        .route(
            "/projects/{slug}/releases/{version}/restore",
            post().to(release_form::restore),
        )
        .route(
            "/projects/{slug}/releases/{version}/report",
            get().to(reports::release_form),
        )
        .route(
            "/projects/{slug}/releases/{version}/report",
            post().to(reports::release),
        )
        // What did not work
        .route("/projects/{slug}/failures", get().to(failures::list))
        .route(
            "/projects/{slug}/failures/new",
            get().to(failures::new_form),
        )
        .route("/projects/{slug}/failures/new", post().to(failures::create))
        .route(
            "/projects/{slug}/failures/{group}",
            get().to(failures::show),
        )
        .route(
            "/projects/{slug}/failures/{group}/too",
            post().to(failures::too),
        )
        .route(
            "/projects/{slug}/failures/{group}/answer",
            post().to(failure_answers::post),
        )
        .route("/failures/{id}/edit", get().to(failures::edit_form))
        .route("/failures/{id}/edit", post().to(failures::edit))
        .route("/failures/{id}/delete", post().to(failures::delete))
        .route("/answers/{id}/delete", post().to(failure_answers::delete))
        .route("/{kind:failures|answers}/{id}", get().to(failures::find))
        // Awards
        .route("/projects/{slug}/award", get().to(awards::form))
        .route("/projects/{slug}/award", post().to(awards::give))
        .route("/projects/{slug}/awards", get().to(awards::of_project))
        .route("/people/{username}/awards", get().to(awards::of_person))
        .route("/awards/{id}", get().to(awards::find))
        .route("/awards/{id}/decline", post().to(awards::decline))
        .route("/awards/{id}/delete", post().to(awards::delete))
        .route(
            "/{kind:failures|answers|awards}/{id}/report",
            get().to(reports::item_form),
        )
        .route(
            "/{kind:failures|answers|awards}/{id}/report",
            post().to(reports::item),
        )
        // Comments
        .route(
            "/projects/{slug}/comments.{format:atom|json}",
            get().to(feeds::comments),
        )
        .route("/projects/{slug}/comments", post().to(comments::post))
        .route("/comments/{id}", get().to(comments::show))
        .route("/comments/{id}/edit", get().to(comments::edit_form))
        .route("/comments/{id}/edit", post().to(comments::edit))
        .route("/comments/{id}/delete", get().to(comments::delete_form))
        .route("/comments/{id}/delete", post().to(comments::delete))
        .route("/comments/{id}/history", get().to(comments::history))
        .route("/comments/{id}/quote", get().to(comments::quote))
        .route("/comments/{id}/report", get().to(reports::comment_form))
        .route("/comments/{id}/report", post().to(reports::comment))
        .route("/comments/{id}/approve", post().to(comments::approve))
        // Makers on their own projects
        .route("/comments/{id}/maker", post().to(makers::act))
        .route("/projects/{slug}/waiting", get().to(makers::waiting))
        .route("/projects/{slug}/waiting", post().to(makers::decide))
        .route("/projects/{slug}/switch", post().to(makers::switch))
        .route("/account/blocks", get().to(makers::blocks))
        .route("/account/blocks", post().to(makers::change_blocks))
        .route("/appeals/{id}", get().to(appeals::form))
        .route("/appeals/{id}", post().to(appeals::send))
        // Account
        .route("/signup", get().to(signup::sign_up_form))
        .route("/signup", post().to(signup::sign_up))
        .route("/confirm", get().to(signup::confirm_form))
        .route("/confirm", post().to(signup::confirm))
        .route("/login", get().to(signup::log_in_form))
        .route("/login", post().to(signup::log_in))
        .route("/logout", post().to(signup::log_out))
        .route("/reset", get().to(signup::reset_form))
        .route("/reset", post().to(signup::reset))
        .route("/setup/{token}", get().to(signup::set_up_form))
        .route("/setup/{token}", post().to(signup::set_up))
        .route("/account", get().to(account::show))
        .route("/account", post().to(account::change_password))
        .route("/account/sessions", post().to(account::end_sessions))
        .route("/account/profile", get().to(profile::form))
        .route("/account/profile", post().to(profile::save))
        .route("/account/avatar", post().to(profile::picture))
        .route("/inbox", get().to(inbox::show))
        .route("/inbox", post().to(inbox::read))
        .route("/account/notices", post().to(inbox::choose))
        .route("/account/mine", get().to(mine::show))
        .route("/account/reports", get().to(reports::own))
        .route("/account/reviews", get().to(pages::reviews::show))
        .route("/account/reviews", post().to(pages::reviews::answer))
        .route("/account/warning", post().to(account::read_warning))
        .route("/account/letters", post().to(account::choose_letters))
        .route("/unsubscribe/{token}", get().to(unsubscribe::show))
        .route("/unsubscribe/{token}", post().to(unsubscribe::unsubscribe))
        .configure(moderation_routes)
        .configure(admin_routes)
        .configure(site_routes)
        // Files
        .route("/files/{name}", get().to(picture::serve))
        .route("/static/{version}/{path:.*}", get().to(assets::serve));
}

/// For moderators.
fn moderation_routes(site: &mut ServiceConfig) {
    use moderation::{
        appeals, batches, campaigns, claims, desk, filter, guide, habits, log, log_export, makers,
        people, reported, rule_form, rules, sanctions, tags, verdicts,
    };
    site.route("/moderation", get().to(desk::overview))
        .route("/moderation/verdicts", post().to(verdicts::decide))
        .route("/moderation/batches/{id}", get().to(batches::show))
        .route("/moderation/batches/{id}/undo", post().to(verdicts::undo))
        .route("/moderation/claims", post().to(claims::take))
        .route("/moderation/items/{id}/open", post().to(claims::open))
        .route("/moderation/habits", get().to(habits::form))
        .route("/moderation/habits", post().to(habits::save))
        .route("/moderation/log", get().to(log::show))
        .route("/moderation/log.csv", get().to(log_export::csv))
        .route("/moderation/log.jsonl", get().to(log_export::jsonl))
        .route("/moderation/filter", get().to(filter::show))
        .route(
            "/moderation/filter/contradictions",
            post().to(filter::texts::settle),
        )
        .route("/moderation/people", get().to(people::list))
        .route("/moderation/appeals", get().to(appeals::list))
        .route("/moderation/appeals/{id}", post().to(appeals::decide))
        .route("/moderation/people/{username}", get().to(people::show))
        .route(
            "/moderation/people/{username}/reports",
            post().to(reported::answer),
        )
        .route(
            "/moderation/people/{username}/notes",
            post().to(people::add_note),
        )
        .route(
            "/moderation/people/{username}/{act}",
            get().to(sanctions::form),
        )
        .route(
            "/moderation/people/{username}/{act}",
            post().to(sanctions::impose),
        )
        .route(
            "/moderation/notes/{id}/remove",
            post().to(people::remove_note),
        )
        .route(
            "/moderation/sanctions/{id}/undo",
            post().to(sanctions::undo),
        )
        .route("/moderation/rules", get().to(rules::list))
        .route("/moderation/rules", post().to(rule_form::set))
        .route("/moderation/rules/new", get().to(rule_form::new_form))
        .route("/moderation/rules/new", post().to(rule_form::try_out))
        .route("/moderation/rules/raid", post().to(rules::start_raid))
        .route("/moderation/rules/{id}", get().to(rules::show))
        .route("/moderation/rules/{id}/end", post().to(rules::end))
        .route("/moderation/rules/{id}/resume", post().to(rules::resume))
        .route("/moderation/makers", get().to(makers::list))
        .route("/moderation/makers/{id}/undo", post().to(makers::undo))
        .route("/moderation/blocks/{id}/lift", post().to(makers::lift))
        .route("/moderation/tags", get().to(tags::list))
        .route("/moderation/tags", post().to(tags::merge))
        .route("/moderation/tags/{id}/undo", post().to(tags::undo))
        .route("/moderation/guide", get().to(guide::show))
        .route("/moderation/articles/{id}", post().to(guide::decide))
        .route(
            "/moderation/comments/{id}/review",
            post().to(guide::suggest),
        )
        .route("/moderation/reviews/{id}/undo", post().to(guide::undo))
        .route("/moderation/campaigns", get().to(campaigns::list))
        .route("/moderation/campaigns/{id}", get().to(campaigns::show))
        .route(
            "/moderation/campaigns/{id}/hold",
            post().to(campaigns::hold),
        )
        .route(
            "/moderation/campaigns/{id}/let-go",
            post().to(campaigns::let_go),
        )
        .route("/moderation/{queue}", get().to(desk::queue))
        .route("/moderation/{queue}/all", get().to(verdicts::confirm_all));
}

/// For administrators.
fn admin_routes(site: &mut ServiceConfig) {
    site.route("/admin", get().to(admin::overview))
        .route("/admin/settings", get().to(admin::settings::form))
        .route("/admin/settings", post().to(admin::settings::save))
        .route("/admin/logo", post().to(admin::logo::save))
        .route("/admin/checked", post().to(admin::texts::check))
        .route("/admin/texts/{name}", get().to(admin::texts::form))
        .route("/admin/texts/{name}", post().to(admin::texts::save))
        .route("/admin/texts/{name}/{id}", get().to(admin::texts::before))
        .route("/admin/reasons", get().to(admin::reasons::list))
        .route("/admin/reasons", post().to(admin::reasons::add))
        .route("/admin/reasons/{key}", get().to(admin::reasons::form))
        .route("/admin/reasons/{key}", post().to(admin::reasons::change))
        .route(
            "/admin/reasons/{key}/move",
            post().to(admin::reasons::shift),
        )
        .route(
            "/admin/reasons/{key}/retire",
            post().to(admin::reasons::retire),
        )
        .route("/admin/models", get().to(admin::models::list))
        .route("/admin/models/retrain", post().to(admin::models::retrain))
        .route("/admin/models/compare", get().to(admin::compare::show))
        .route("/admin/models/promises", get().to(admin::promises::show))
        .route("/admin/models/promises", post().to(admin::promises::save))
        .route(
            "/admin/models/{id}/activate",
            post().to(admin::models::activate),
        )
        .route(
            "/admin/imports/{id}/undo",
            post().to(admin::models::undo_import),
        )
        .route("/admin/jobs", get().to(admin::jobs))
        .route("/admin/jobs/{id}/retry", post().to(admin::retry_job));
}

/// The site itself, and what programs ask for.
fn site_routes(site: &mut ServiceConfig) {
    use pages::{guide, site as about};
    site.route("/conduct", get().to(about::conduct))
        .route("/guide", get().to(guide::show))
        .route("/guide/suggest", get().to(guide::suggest_form))
        .route("/guide/suggest", post().to(guide::suggest))
        .route("/imprint", get().to(about::imprint))
        .route("/privacy", get().to(about::privacy))
        .route("/log", get().to(pages::log::show))
        .route("/healthz", get().to(about::healthz))
        .route("/readyz", get().to(about::readyz))
        .route("/robots.txt", get().to(about::robots))
        .route("/sitemap.xml", get().to(pages::sitemap::show))
        .route(
            "/sitemap/{name}-{number}.xml",
            get().to(pages::sitemap::part),
        )
        .route("/.well-known/security.txt", get().to(about::security))
        .route(
            "/.well-known/change-password",
            get().to(about::change_password),
        )
        .service(web::redirect(
            "/favicon.ico",
            assets::url("img/favicon.svg"),
        ));
}
