use super::*;
use crate::account::{Email, Role, Username};
use crate::comment::{self, Body, Comment};
use crate::gate::CommentPolicy;
use crate::intake::{self, Context};
use crate::maker::Wish;
use crate::moderation::queue::{self, Filter, Name};
use crate::moderation::report::{self, ReportReason};
use crate::project::{self, Choices, Fields, Intent};
use crate::schema::{comments, revisions, threads};
use crate::settings::Settings;
use crate::spam::training;
use crate::{db, item, thread::Thread};
use proptest::prelude::*;

/// A project of Odile's, who moderates, and a database that is gone with it.
struct Table {
    db: Db,
    settings: Settings,
    mo: User,
    project: ItemId,
}

impl Table {
    fn laid(approve_first: bool) -> Table {
        let mut db = db::connect("sqlite::memory:").unwrap();
        db::migrate(&mut db).unwrap();
        let settings = Settings::load_or_init(&mut db).unwrap();
        let mut table = Table {
            db,
            settings,
            mo: user_stub(),
            project: ItemId(0),
        };
        let odile = table.user("odile");
        odile.set_role(&mut table.db, Role::Moderator).unwrap();
        let odile = User::find(&mut table.db, odile.id).unwrap();
        table.mo = table.user("mo-mo");
        let fields = Fields::parse("Duck", "It floats.", "", "game", "", &[]).unwrap();
        let choices = Choices {
            comment_policy: CommentPolicy::Members,
            approve_first,
            closed: false,
            picture_id: None,
        };
        let context = context(&table.settings);
        table.project = project::share(
            &mut table.db,
            &context,
            &odile,
            &fields,
            choices,
            Intent::Publish,
            "",
        )
        .unwrap()
        .id;
        table
    }

    fn user(&mut self, name: &str) -> User {
        let email = Email::parse(&format!("{name}@example.org")).unwrap();
        let name = Username::parse(name).unwrap();
        let user = User::create(&mut self.db, &name, &email, "x".into(), "").unwrap();
        user.confirm(&mut self.db).unwrap();
        User::find(&mut self.db, user.id).unwrap()
    }

    fn comment(&mut self, by: &User, text: &str) -> ItemId {
        let body = Body::parse(text).unwrap();
        let context = context(&self.settings);
        comment::post(&mut self.db, &context, by, self.project, None, &body, "")
            .unwrap()
            .0
    }

    fn edit(&mut self, by: &User, id: ItemId, text: &str) -> State {
        let comment = Comment::find(&mut self.db, id).unwrap();
        let body = Body::parse(text).unwrap();
        let context = context(&self.settings);
        comment::edit(&mut self.db, &context, by, &comment, &body, "").unwrap()
    }

    /// Nobody reads a text that no verdict and no intake let through.
    fn shows_what_was_let_through(&mut self, id: ItemId) -> bool {
        let let_through = Revision::published(&mut self.db, id).unwrap();
        let body = Comment::find(&mut self.db, id).unwrap().body;
        let is_it = |text: Revision| text.content == body;
        self.item(id).state != State::Published || let_through.is_some_and(is_it)
    }

    fn give(&mut self, verdict: Verdict, ids: &[ItemId]) -> Outcomes {
        let reason = match verdict {
            Verdict::Remove => "unkind",
            _ => "",
        };
        let seen: Vec<Seen> = ids
            .iter()
            .map(|&id| Seen {
                kind: Kind::Comment,
                id,
                version: None,
            })
            .collect();
        let by = self.mo.id;
        db::write_tx(&mut self.db, |db| decide(db, by, verdict, reason, &seen)).unwrap()
    }

    fn odile(&mut self) -> User {
        User::by_username(&mut self.db, "odile").unwrap().unwrap()
    }

    fn maker_shows(&mut self, id: ItemId) {
        let maker = self.odile();
        assert!(maker::act(&mut self.db, &maker, id, Wish::Show).unwrap());
    }

    fn undo(&mut self, batch: BatchId) -> Result<Undone, UndoError> {
        let by = self.mo.id;
        db::write_tx(&mut self.db, |db| undo(db, batch, by))
    }

    fn item(&mut self, id: ItemId) -> Item {
        Item::find(&mut self.db, id).unwrap()
    }

    fn labels(&mut self) -> Vec<(String, bool, f64)> {
        training::labels(&mut self.db)
            .unwrap()
            .examples
            .into_iter()
            .map(|e| (e.text, e.label == crate::spam::Label::Spam, e.weight))
            .collect()
    }

    /// All that an undo must bring back, but for versions.
    fn picture(&mut self) -> Picture {
        let db = &mut self.db;
        let rows: Vec<Item> = items::table
            .order(items::id)
            .select(Item::as_select())
            .load(db)
            .unwrap();
        Picture {
            items: rows
                .into_iter()
                .map(|item| (item.id, item.reports, item.standing()))
                .collect(),
            bodies: comments::table
                .order(comments::id)
                .select((comments::id, comments::body))
                .load(db)
                .unwrap(),
            revisions: revisions::table
                .order(revisions::id)
                .select((revisions::id, revisions::state))
                .load(db)
                .unwrap(),
            count: threads::table
                .select(threads::comment_count)
                .load(db)
                .unwrap(),
            labels: self.labels(),
        }
    }

    fn recount(&mut self) -> (i32, i64) {
        let thread = Thread::of_project(&mut self.db, self.project).unwrap();
        let published = items::table
            .filter(items::kind.eq(Kind::Comment))
            .filter(items::state.eq(State::Published))
            .count()
            .get_result(&mut self.db)
            .unwrap();
        (thread.comment_count, published)
    }
}

#[derive(Debug, PartialEq)]
struct Picture {
    items: Vec<(ItemId, i32, Standing)>,
    bodies: Vec<(ItemId, String)>,
    revisions: Vec<(RevisionId, RevisionState)>,
    count: Vec<i32>,
    labels: Vec<(String, bool, f64)>,
}

fn context(settings: &Settings) -> Context<'_> {
    Context {
        settings,
        filter: None,
        limits_off: true,
        rules: crate::intake::rules::Rules::none(),
        address: None,
    }
}

fn user_stub() -> User {
    User {
        id: UserId(0),
        username: String::new(),
        email: String::new(),
        confirmed_at: None,
        password_hash: String::new(),
        display_name: String::new(),
        bio: String::new(),
        bio_html: String::new(),
        role: Role::Member,
        suspended_until: None,
        suspended_reason: String::new(),
        network: String::new(),
        created_at: now(),
        avatar: None,
        sanctioned: Default::default(),
    }
}

#[test]
fn an_item_is_named_by_kind_number_and_version() {
    let seen = |word: &str| word.parse::<Seen>();
    assert_eq!(
        seen("comment:12@3"),
        Ok(Seen {
            kind: Kind::Comment,
            id: ItemId(12),
            version: Some(3)
        })
    );
    assert_eq!(seen("project:3").unwrap().version, None);
    for foreign in [
        "",
        "comment",
        "comment:",
        "12",
        "pet:1",
        "comment:1@",
        "comment:x",
    ] {
        assert!(seen(foreign).is_err(), "{foreign:?}");
    }
}

#[test]
fn a_batch_decides_counts_teaches_and_comes_back_as_one() {
    let mut table = Table::laid(false);
    let (ann, ben) = (table.user("ann"), table.user("ben"));
    let ids = [
        table.comment(&ann, "The water looks wet."),
        table.comment(&ben, "Free coins for all."),
    ];
    let before = table.picture();
    let batch = table.give(Verdict::Spam, &ids);
    assert_eq!((batch.done, batch.skipped.len()), (2, 0));
    assert!(
        table
            .labels()
            .iter()
            .all(|(_, spam, weight)| *spam && *weight == 1.0)
    );
    assert_eq!(table.item(ids[0]).state, State::Spam);
    let undone = table.undo(batch.batch.unwrap()).unwrap();
    assert_eq!((undone.done, undone.left.len()), (2, 0));
    assert_eq!(table.picture(), before);
    assert!(matches!(
        table.undo(batch.batch.unwrap()),
        Err(UndoError::Already)
    ));
}

#[test]
fn undo_leaves_what_somebody_decided_again() {
    let mut table = Table::laid(false);
    let ann = table.user("ann");
    let a = table.comment(&ann, "one");
    let b = table.comment(&ann, "two");
    let first = table.give(Verdict::Spam, &[a, b]).batch.unwrap();
    table.give(Verdict::Ham, &[b]);
    let undone = table.undo(first).unwrap();
    assert_eq!((undone.done, undone.left), (1, vec![b]));
    assert_eq!(table.item(b).state, State::Published);
    assert_eq!(table.labels(), [("two".to_owned(), false, 1.0)]);
    let told = Batch::told(&mut table.db, &[first]).unwrap().remove(0);
    assert_eq!((told.items, told.left), (2, 1));
    assert_eq!(told.undone_by.as_deref(), Some("mo-mo"));
}

#[test]
fn what_changed_since_it_was_seen_is_left_and_says_by_whom() {
    let mut table = Table::laid(false);
    let ann = table.user("ann");
    let id = table.comment(&ann, "one");
    let version = Some(table.item(id).version);
    table.give(Verdict::Ham, &[id]);
    let seen = [
        Seen {
            kind: Kind::Comment,
            id,
            version,
        },
        Seen {
            kind: Kind::Comment,
            id: ItemId(9_999),
            version: None,
        },
        // A number alone is not enough: it must be the thing it is called.
        Seen {
            kind: Kind::Comment,
            id: table.project,
            version: None,
        },
    ];
    let by = table.mo.id;
    let outcomes = decide(&mut table.db, by, Verdict::Spam, "", &seen).unwrap();
    assert_eq!((outcomes.batch, outcomes.done), (None, 0));
    let by = Some("mo-mo".to_owned());
    assert!(outcomes.skipped.contains(&(id, Skip::Changed { by })));
    assert!(outcomes.skipped.contains(&(ItemId(9_999), Skip::Gone)));
    assert!(outcomes.skipped.contains(&(table.project, Skip::Gone)));
    assert_eq!(table.item(id).state, State::Published);
}

#[test]
fn looked_at_in_recent_is_ham_at_half_weight() {
    let mut table = Table::laid(false);
    let ann = table.user("ann");
    let first = table.comment(&ann, "first");
    table.give(Verdict::Ham, &[first]);
    let second = table.comment(&ann, "second");
    let recents = |table: &mut Table| -> Vec<ItemId> {
        let recent = Filter::all_of(Name::Recent);
        let seen = recent.seen(&mut table.db, ItemId(0), 9).unwrap();
        seen.iter().map(|seen| seen.id).collect()
    };
    assert!(recents(&mut table).contains(&second));
    table.give(Verdict::Ham, &[second]);
    assert_eq!(
        table.labels(),
        [
            ("first".to_owned(), false, 1.0),
            ("second".to_owned(), false, 0.5)
        ]
    );
    assert!(!recents(&mut table).contains(&second));
    assert!(table.give(Verdict::Ham, &[second]).batch.is_none());
}

#[test]
fn removing_never_teaches_and_restoring_leaves_the_label() {
    let mut table = Table::laid(false);
    let ann = table.user("ann");
    let id = table.comment(&ann, "You again.");
    table.give(Verdict::Remove, &[id]);
    assert_eq!(table.item(id).state, State::Removed);
    assert!(table.labels().is_empty());
    table.give(Verdict::Restore, &[id]);
    assert_eq!(table.item(id).state, State::Published);
    assert!(table.labels().is_empty());
    table.give(Verdict::Spam, &[id]);
    table.give(Verdict::Remove, &[id]);
    table.give(Verdict::Restore, &[id]);
    assert_eq!(table.labels(), [("You again.".to_owned(), true, 1.0)]);
}

#[test]
fn restoring_from_spam_is_ham() {
    let mut table = Table::laid(false);
    let ann = table.user("ann");
    let id = table.comment(&ann, "Look at my page.");
    table.give(Verdict::Spam, &[id]);
    table.give(Verdict::Restore, &[id]);
    assert_eq!(table.item(id).state, State::Published);
    assert_eq!(
        table.labels(),
        [("Look at my page.".to_owned(), false, 1.0)]
    );
    assert!(table.give(Verdict::Restore, &[id]).batch.is_none());
}

#[test]
fn what_the_maker_approves_goes_to_the_maker_after_the_moderator() {
    let mut table = Table::laid(true);
    let ann = table.user("ann");
    let id = table.comment(&ann, "one");
    assert_eq!(table.item(id).queue, Some(Queue::Held));
    let batch = table.give(Verdict::Ham, &[id]).batch.unwrap();
    let item = table.item(id);
    assert_eq!((item.state, item.queue), (State::Held, Some(Queue::Maker)));
    assert_eq!(table.recount(), (0, 0));
    table.undo(batch).unwrap();
    assert_eq!(table.item(id).queue, Some(Queue::Held));
    // Once the maker has let it through, restoring it does not ask again.
    table.give(Verdict::Ham, &[id]);
    assert!(table.give(Verdict::Ham, &[id]).batch.is_none());
    table.maker_shows(id);
    for taken in [Verdict::Remove, Verdict::Spam] {
        table.give(taken, &[id]);
        table.give(Verdict::Restore, &[id]);
        assert_eq!(table.item(id).state, State::Published);
    }
}

const MANY_LINKS: &str =
    "after http://a.example http://b.example http://c.example http://d.example";

#[test]
fn an_edit_too_goes_to_the_maker_after_the_moderator() {
    let mut table = Table::laid(true);
    let ann = table.user("ann");
    let id = table.comment(&ann, "before");
    table.give(Verdict::Ham, &[id]);
    table.maker_shows(id);
    assert_eq!(table.edit(&ann, id, MANY_LINKS), State::Held);
    assert_eq!(table.item(id).queue, Some(Queue::Held));
    // A milder text does not go past the moderators.
    assert_eq!(table.edit(&ann, id, "milder"), State::Held);
    assert_eq!(table.item(id).queue, Some(Queue::Held));
    let before = table.picture();
    let batch = table.give(Verdict::Ham, &[id]).batch.unwrap();
    let item = table.item(id);
    assert_eq!(
        (item.state, item.queue),
        (State::Published, Some(Queue::Maker))
    );
    assert_eq!(Comment::find(&mut table.db, id).unwrap().body, "before");
    table.undo(batch).unwrap();
    assert_eq!(table.picture(), before);
    table.give(Verdict::Ham, &[id]);
    table.maker_shows(id);
    assert_eq!(Comment::find(&mut table.db, id).unwrap().body, "milder");
    assert_eq!(table.recount(), (1, 1));
}

#[test]
fn when_the_switch_is_off_the_moderator_is_enough() {
    let mut table = Table::laid(true);
    let ann = table.user("ann");
    let id = table.comment(&ann, "one");
    diesel::update(projects::table)
        .set(projects::approve_first.eq(false))
        .execute(&mut table.db)
        .unwrap();
    table.give(Verdict::Ham, &[id]);
    assert_eq!(table.item(id).state, State::Published);
}

#[test]
fn an_edit_of_what_moderators_hold_stays_with_them() {
    let mut table = Table::laid(true);
    let ann = table.user("ann");
    // Published once, so that no first comment is held for that.
    let first = table.comment(&ann, "first");
    table.give(Verdict::Ham, &[first]);
    table.maker_shows(first);
    let id = table.comment(&ann, MANY_LINKS);
    assert_eq!(table.edit(&ann, id, "as mild as milk"), State::Held);
    let item = table.item(id);
    assert_eq!((item.state, item.queue), (State::Held, Some(Queue::Held)));
    assert_eq!(
        (item.why.as_str(), item.evidence.as_str()),
        ("links", "4 links")
    );
    let odile = table.odile();
    assert!(!maker::act(&mut table.db, &odile, id, Wish::Show).unwrap());
}

#[test]
fn restoring_what_was_removed_approves_no_edit() {
    let mut table = Table::laid(false);
    let ann = table.user("ann");
    let id = table.comment(&ann, "before");
    table.give(Verdict::Ham, &[id]);
    table.edit(&ann, id, MANY_LINKS);
    let standing = table.item(id).standing();
    table.give(Verdict::Remove, &[id]);
    let removed = table.picture();
    let batch = table.give(Verdict::Restore, &[id]).batch.unwrap();
    let item = table.item(id);
    assert_eq!(
        (item.state, item.queue),
        (State::Published, Some(Queue::Held))
    );
    assert_eq!(
        (&item.why, &item.evidence),
        (&standing.why, &standing.evidence)
    );
    assert_eq!(Comment::find(&mut table.db, id).unwrap().body, "before");
    table.undo(batch).unwrap();
    assert_eq!(table.picture(), removed);
    // Restored from Spam it is ham, and ham releases what waits.
    table.give(Verdict::Spam, &[id]);
    table.give(Verdict::Restore, &[id]);
    assert_eq!(Comment::find(&mut table.db, id).unwrap().body, MANY_LINKS);
}

#[test]
fn a_draft_was_never_published() {
    let mut table = Table::laid(false);
    let ann = table.user("ann");
    let context = context(&table.settings);
    let fields = |title: &str| Fields::parse(title, "Mine.", "", "game", "", &[]).unwrap();
    let choices = Choices {
        comment_policy: CommentPolicy::Members,
        approve_first: false,
        closed: false,
        picture_id: None,
    };
    let secret = fields("Secret");
    let draft = project::share(
        &mut table.db,
        &context,
        &ann,
        &secret,
        choices,
        Intent::Draft,
        "",
    )
    .unwrap();
    let open = fields("Open");
    let state = draft
        .edit(&mut table.db, &context, &ann, &open, Intent::Publish, "")
        .unwrap();
    assert_eq!(state, State::Held);
    assert!(
        Revision::published(&mut table.db, draft.id)
            .unwrap()
            .is_none()
    );
    let item = table.item(draft.id);
    let entry = queue::Entry::load(&mut table.db, vec![item])
        .unwrap()
        .remove(0);
    assert!(!entry.is_edit());
    let seen = [Seen {
        kind: Kind::Project,
        id: draft.id,
        version: None,
    }];
    let by = table.mo.id;
    let batch = decide(&mut table.db, by, Verdict::Ham, "", &seen).unwrap();
    undo(&mut table.db, batch.batch.unwrap(), by).unwrap();
    let project = project::Project::find(&mut table.db, draft.id).unwrap();
    assert_eq!(
        (project.title.as_str(), project.state),
        ("Open", State::Held)
    );
}

fn choices() -> Choices {
    Choices {
        comment_policy: CommentPolicy::Members,
        approve_first: false,
        closed: false,
        picture_id: None,
    }
}

fn fields(title: &str) -> Fields {
    let links = [(project::LinkKind::Website, "https://duck.example")];
    Fields::parse(title, "Mine.", "A story.", "game", "duck", &links).unwrap()
}

#[test]
fn a_copy_of_a_spam_edit_is_spam_and_of_the_shown_text_held() {
    let mut table = Table::laid(false);
    let (ann, ben) = (table.user("ann"), table.user("ben"));
    let shown = "The ducks turn faster than I can follow.";
    let hidden = "Cheap coins for everybody, right here and now.";
    let id = table.comment(&ann, shown);
    table.give(Verdict::Ham, &[id]);
    assert_eq!(
        table.edit(&ann, id, &format!("{hidden} {MANY_LINKS}")),
        State::Held
    );
    diesel::update(items::table.find(id))
        .set(items::queue.eq(Queue::Spam))
        .execute(&mut table.db)
        .unwrap();
    let copy = table.comment(&ben, &format!("{hidden} {MANY_LINKS}"));
    assert_eq!(table.item(copy).state, State::Spam);
    let copy = table.comment(&ben, shown);
    let item = table.item(copy);
    assert_eq!((item.state, item.why.as_str()), (State::Held, "duplicates"));
}

#[test]
fn edits_and_projects_have_their_limits() {
    let mut table = Table::laid(false);
    let ann = table.user("ann");
    let id = table.comment(&ann, "one");
    let comment = Comment::find(&mut table.db, id).unwrap();
    let strict = Context {
        limits_off: false,
        ..context(&table.settings)
    };
    for n in 0..=30 {
        let body = Body::parse(&format!("text {n}")).unwrap();
        let edited = comment::edit(&mut table.db, &strict, &ann, &comment, &body, "");
        assert_eq!(edited.is_ok(), n < 30, "{n}");
    }
    for n in 0..=20 {
        let shared = project::share(
            &mut table.db,
            &strict,
            &ann,
            &fields("Duck"),
            choices(),
            Intent::Draft,
            "",
        );
        let limited = matches!(shared, Err(project::ShareError::Limited(_)));
        assert_eq!(limited, n == 20, "{n}");
    }
}

#[test]
fn an_address_that_looks_numbered_is_no_obstacle() {
    let mut table = Table::laid(false);
    let ann = table.user("ann");
    let context = context(&table.settings);
    // "Duck" is there; the next project has this number, and its name is taken too.
    let next = table.project.0 + 2;
    let mut slugs = Vec::new();
    for title in [format!("Duck {next}"), "Duck".to_owned(), "Duck".to_owned()] {
        let shared = project::share(
            &mut table.db,
            &context,
            &ann,
            &fields(&title),
            choices(),
            Intent::Draft,
            "",
        );
        slugs.push(shared.unwrap().slug);
    }
    let expected = [
        format!("duck-{next}"),
        format!("duck-{next}-2"),
        format!("duck-{}", next + 1),
    ];
    assert_eq!(slugs, expected);
    // The newest first, though none was published.
    let mine = project::Listing {
        maker: Some(ann.id),
        every_state: true,
        ..Default::default()
    };
    let cards = mine.load(&mut table.db).unwrap();
    let listed: Vec<&str> = cards.iter().rev().map(|card| card.slug.as_str()).collect();
    assert_eq!(listed, expected);
}

#[test]
fn what_its_author_deleted_is_erased_after_its_time() {
    let mut table = Table::laid(false);
    let ann = table.user("ann");
    let id = table.comment(&ann, "Something I regret.");
    table.give(Verdict::Spam, &[id]);
    let context = context(&table.settings);
    let duck = project::share(
        &mut table.db,
        &context,
        &ann,
        &fields("Regretted"),
        choices(),
        Intent::Publish,
        "",
    )
    .unwrap();
    for id in [id, duck.id] {
        table.item(id).delete(&mut table.db).unwrap();
    }
    assert_eq!(item::erase_deleted(&mut table.db).unwrap().items, 0);
    assert_eq!(table.labels().len(), 1);
    diesel::update(items::table.filter(items::erase_at.is_not_null()))
        .set(items::erase_at.eq(now()))
        .execute(&mut table.db)
        .unwrap();
    let erased = item::erase_deleted(&mut table.db).unwrap();
    assert_eq!((erased.items, erased.more), (2, false));
    let comment = Comment::find(&mut table.db, id).unwrap();
    assert_eq!(
        (comment.body.as_str(), comment.body_html.as_str()),
        ("", "")
    );
    assert!(table.labels().is_empty());
    let gone = project::Project::find(&mut table.db, duck.id).unwrap();
    assert_eq!(
        (gone.title.as_str(), gone.slug.as_str()),
        ("Deleted project", "deleted-project")
    );
    assert_eq!(gone.summary.len() + gone.description_html.len(), 0);
    assert!(gone.links(&mut table.db).unwrap().is_empty());
    assert!(gone.tags(&mut table.db).unwrap().is_empty());
    for id in [id, duck.id] {
        assert_eq!(table.item(id).state, State::Deleted);
        for revision in Revision::all(&mut table.db, id).unwrap() {
            assert_eq!(
                (revision.content.as_str(), revision.text.as_str()),
                ("", "")
            );
        }
    }
    assert_eq!(item::erase_deleted(&mut table.db).unwrap().items, 0);
}

#[test]
fn deleting_twice_counts_once() {
    let mut table = Table::laid(false);
    let ann = table.user("ann");
    let ids = [table.comment(&ann, "one"), table.comment(&ann, "two")];
    table.give(Verdict::Ham, &ids);
    // Both read it before either deleted it.
    let item = table.item(ids[0]);
    item.delete(&mut table.db).unwrap();
    item.delete(&mut table.db).unwrap();
    assert_eq!(table.recount(), (1, 1));
}

#[test]
fn an_overruled_batch_can_be_undone_once_the_other_is() {
    let mut table = Table::laid(false);
    let ann = table.user("ann");
    let (a, b) = (table.comment(&ann, "one"), table.comment(&ann, "two"));
    let before = table.picture();
    let first = table.give(Verdict::Spam, &[a, b]).batch.unwrap();
    let second = table.give(Verdict::Ham, &[a, b]).batch.unwrap();
    let overruled = table.undo(first).unwrap_err();
    assert!(overruled.to_string().contains("mo-mo"), "{overruled}");
    table.undo(second).unwrap();
    table.undo(first).unwrap();
    assert_eq!(table.picture(), before);
    // In part, and the rest later.
    let first = table.give(Verdict::Spam, &[a, b]).batch.unwrap();
    let second = table.give(Verdict::Ham, &[b]).batch.unwrap();
    assert_eq!(table.undo(first).unwrap().left, [b]);
    assert!(table.undo(first).is_err());
    table.undo(second).unwrap();
    assert_eq!(table.undo(first).unwrap().done, 1);
    assert_eq!(table.picture(), before);
    assert!(matches!(table.undo(first), Err(UndoError::Already)));
}

#[test]
fn a_second_report_after_an_answer_asks_anew() {
    let mut table = Table::laid(false);
    let (ann, ben) = (table.user("ann"), table.user("ben"));
    let id = table.comment(&ann, "rude");
    table.give(Verdict::Ham, &[id]);
    let file = |table: &mut Table, note: &str| {
        report::file(&mut table.db, &ben, id, ReportReason::Unkind, note).unwrap();
        let open = report::open_on(&mut table.db, &[id]).unwrap();
        let notes: Vec<String> = open.into_iter().map(|report| report.note).collect();
        (table.item(id).reports, notes)
    };
    assert_eq!(file(&mut table, "once"), (1, vec!["once".to_owned()]));
    assert_eq!(file(&mut table, "again"), (1, vec!["once".to_owned()]));
    let batch = table.give(Verdict::Ham, &[id]).batch.unwrap();
    assert_eq!(file(&mut table, "still"), (1, vec!["still".to_owned()]));
    table.undo(batch).unwrap();
    assert_eq!(table.item(id).reports, 1);
}

#[test]
fn an_edit_that_was_let_through_goes_back_to_waiting() {
    let mut table = Table::laid(false);
    let ann = table.user("ann");
    let id = table.comment(&ann, "before");
    table.give(Verdict::Ham, &[id]);
    let after = "after http://a.example http://b.example http://c.example http://d.example";
    assert_eq!(table.edit(&ann, id, after), State::Held);
    let before = table.picture();
    let held = Filter::all_of(Name::Held);
    let (page, _) = held
        .page(&mut table.db, queue::Order::Oldest, None, queue::PAGE)
        .unwrap();
    let entry = queue::Entry::load(&mut table.db, page).unwrap().remove(0);
    assert_eq!(
        entry.before.as_ref().map(|r| r.text.as_str()),
        Some("before")
    );
    assert_eq!(entry.revision.text, after);
    let batch = table.give(Verdict::Ham, &[id]).batch.unwrap();
    assert_eq!(Comment::find(&mut table.db, id).unwrap().body, after);
    table.undo(batch).unwrap();
    assert_eq!(table.picture(), before);
}

#[test]
fn what_was_edited_out_of_sight_comes_back_by_a_verdict_on_it_alone() {
    for approve_first in [false, true] {
        let mut table = Table::laid(approve_first);
        let ann = table.user("ann");
        let before = "before it was put away by somebody";
        let id = table.comment(&ann, before);
        table.give(Verdict::Ham, &[id]);
        table.give(Verdict::Spam, &[id]);
        table.edit(&ann, id, "after");
        let edited = table.picture();
        // The desk still shows what readers saw last.
        let item = table.item(id);
        let entry = queue::Entry::load(&mut table.db, vec![item])
            .unwrap()
            .remove(0);
        let beside = entry.before.as_ref().map(|r| r.text.as_str());
        // None where the maker, who approves each comment first, never let it through.
        let seen = (!approve_first).then_some(before);
        assert_eq!((beside, entry.is_edit()), (seen, false));
        // Its undo brings the edit back, not the text before it.
        let batch = table.give(Verdict::Ham, &[id]).batch.unwrap();
        assert!(table.shows_what_was_let_through(id));
        table.undo(batch).unwrap();
        assert_eq!(table.picture(), edited);
        // Copies of what was put away are known as before.
        let copy = intake::Text {
            kind: Kind::Comment,
            author: &table.user("ben"),
            is_maker: false,
            text: before,
            editing: None,
            approve_first: false,
            network: "",
            heat: None,
        };
        let step = intake::checks::duplicates(&mut table.db, &copy).unwrap();
        let known = match approve_first {
            false => intake::Outcome::Spam,
            // Never seen by anybody, and its author took it back.
            true => intake::Outcome::Publish,
        };
        assert_eq!(step.outcome, known);
        // Put away and restored: never the new text under the approval of the old one.
        table.give(Verdict::Remove, &[id]);
        table.give(Verdict::Restore, &[id]);
        assert!(table.shows_what_was_let_through(id));
        // And it is no history for readers.
        let comment = Comment::find(&mut table.db, id).unwrap();
        let history = comment::public_history(&mut table.db, &comment).unwrap();
        assert!(history.iter().all(|revision| revision.content != before));
    }
}

#[test]
fn what_its_author_takes_back_while_it_is_put_away_stays_taken_back() {
    let mut table = Table::laid(false);
    let ann = table.user("ann");
    let id = table.comment(&ann, "before");
    table.give(Verdict::Ham, &[id]);
    let links = "after http://a.example http://b.example http://c.example http://d.example";
    assert_eq!(table.edit(&ann, id, links), State::Held);
    table.give(Verdict::Spam, &[id]);
    // The row holds the text of before, and that is what they write now.
    table.edit(&ann, id, "before");
    table.give(Verdict::Ham, &[id]);
    assert_eq!(Comment::find(&mut table.db, id).unwrap().body, "before");
}

#[test]
fn a_verdict_answers_reports_and_its_undo_asks_them_again() {
    let mut table = Table::laid(false);
    let (ann, ben, cleo) = (table.user("ann"), table.user("ben"), table.user("cleo"));
    let id = table.comment(&ann, "rude");
    table.give(Verdict::Ham, &[id]);
    report::file(&mut table.db, &ben, id, ReportReason::Unkind, "rude").unwrap();
    let reported = Filter::all_of(Name::Reported);
    assert_eq!(reported.count(&mut table.db).unwrap(), 1);
    assert_eq!(queue::waiting(&mut table.db).unwrap(), 1);
    let batch = table.give(Verdict::Ham, &[id]).batch.unwrap();
    assert_eq!(reported.count(&mut table.db).unwrap(), 0);
    report::file(&mut table.db, &cleo, id, ReportReason::Spam, "").unwrap();
    table.undo(batch).unwrap();
    assert_eq!(table.item(id).reports, 2);
    assert_eq!(report::open_on(&mut table.db, &[id]).unwrap().len(), 2);
    // What its author deleted waits for nobody.
    table.item(id).delete(&mut table.db).unwrap();
    assert_eq!(reported.count(&mut table.db).unwrap(), 0);
    assert_eq!(queue::waiting(&mut table.db).unwrap(), 0);
}

#[test]
fn pages_of_a_queue_hold_each_item_once_in_every_order() {
    let mut table = Table::laid(false);
    let ann = table.user("ann");
    let ids: Vec<ItemId> = (0..120)
        .map(|n| table.comment(&ann, &format!("text {n}")))
        .collect();
    for (n, id) in ids.iter().enumerate() {
        // Ties, and some without a score.
        let score = (n % 5 > 0).then_some((n % 7) as f64 / 7.0);
        diesel::update(items::table.find(id))
            .set(items::score.eq(score))
            .execute(&mut table.db)
            .unwrap();
    }
    let held = Filter::all_of(Name::Held);
    for order in queue::Order::ALL {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let (page, next) = held
                .page(&mut table.db, *order, after, queue::PAGE)
                .unwrap();
            seen.extend(page.iter().map(|item| item.id));
            // Through its text, as an address carries it.
            after = next.map(|next| next.to_string().parse().unwrap());
            if after.is_none() {
                break;
            }
        }
        seen.sort();
        assert_eq!(seen, ids, "{order}");
    }
}

#[test]
fn filters_find_what_they_say() {
    let mut table = Table::laid(false);
    let (ann, ben) = (table.user("ann"), table.user("ben"));
    let a = table.comment(&ann, "Fifty % OFF_now at Example");
    let b = table.comment(&ben, "fifty five ducks");
    let mut find = |filter: Filter| -> Vec<ItemId> {
        let found = filter.seen(&mut table.db, ItemId(0), 9).unwrap();
        found.iter().map(|seen| seen.id).collect()
    };
    let held = || Filter::all_of(Name::Held);
    let text = |text: &str| Filter {
        text: text.into(),
        ..held()
    };
    assert_eq!(find(text("FIFTY")), [a, b]);
    assert_eq!(find(text("fifty %")), [a]);
    assert_eq!(find(text("f_now")), [a]);
    assert!(find(text("fifty_five")).is_empty());
    assert_eq!(
        find(Filter {
            author: "ben".into(),
            ..held()
        }),
        [b]
    );
    assert_eq!(
        find(Filter {
            project: "duck".into(),
            ..held()
        }),
        [a, b]
    );
    assert!(
        find(Filter {
            project: "hen".into(),
            ..held()
        })
        .is_empty()
    );
    assert_eq!(
        find(Filter {
            until: Some(a),
            ..held()
        }),
        [a]
    );
    assert_eq!(
        find(Filter {
            why: "first_comment".into(),
            ..held()
        }),
        [a, b]
    );
    assert!(
        find(Filter {
            kind: Some(Kind::Project),
            ..held()
        })
        .is_empty()
    );
    assert!(
        find(Filter {
            score_from: Some(0.0),
            ..held()
        })
        .is_empty()
    );
}

#[derive(Clone, Debug)]
enum Act {
    Give(Verdict, Vec<usize>),
    /// By its author, in between: nothing that was decided before may overwrite it.
    Edit(usize),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let verdict = prop::sample::select(Verdict::ALL.to_vec());
    let give = (verdict, prop::collection::vec(0..4_usize, 1..4))
        .prop_map(|(verdict, items)| Act::Give(verdict, items));
    prop::collection::vec(
        prop_oneof![4 => give, 1 => (0..4_usize).prop_map(Act::Edit)],
        1..9,
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_verdicts_undone_in_reverse_leave_no_trace(acts in acts(), approve_first: bool) {
        let mut table = Table::laid(approve_first);
        let ann = table.user("ann");
        let ids: Vec<ItemId> = (0..4).map(|n| table.comment(&ann, &format!("text {n}"))).collect();
        let mut batches = Vec::new();
        for act in acts {
            let before = table.picture();
            match act {
                Act::Give(verdict, picked) => {
                    let picked: Vec<ItemId> = picked.iter().map(|n| ids[*n]).collect();
                    if let Some(batch) = table.give(verdict, &picked).batch {
                        batches.push((batch, before));
                    }
                }
                Act::Edit(n) => {
                    if !matches!(table.item(ids[n]).state, State::Removed) {
                        table.edit(&ann, ids[n], "edited since");
                        batches.clear();
                    }
                }
            }
            let (counted, published) = table.recount();
            prop_assert_eq!(i64::from(counted), published);
            for id in &ids {
                prop_assert!(table.shows_what_was_let_through(*id));
            }
        }
        while let Some((batch, before)) = batches.pop() {
            let undone = table.undo(batch).unwrap();
            prop_assert!(undone.left.is_empty());
            prop_assert_eq!(table.picture(), before);
        }
    }
}
