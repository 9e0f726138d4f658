//! Reading a thread: a part of it in reading order, or one comment in its line.

use super::Comment;
use crate::condition::{Published, Upto, among};
use crate::db::{ItemId, ThreadId, UserId};
use crate::item::{Queue, Revision, RevisionState, State};
use crate::maker::BY_MAKER;
use crate::schema::{comments, items, project_makers, projects, releases, threads, users};
use crate::thread::Thread;
use crate::{Db, QueryResult, markdown, release, words};
use chrono::NaiveDateTime;
use diesel::dsl::count_star;
use diesel::prelude::*;
use std::collections::{HashMap, HashSet};

/// Deeper replies go on flat, with "in reply to".
pub const MAX_DEPTH: usize = 6;
/// Top-level comments of a part of a thread.
pub const PART: i64 = 50;

/// A comment as a thread shows it.
#[derive(Clone, Debug)]
pub struct CommentInThread {
    pub id: ItemId,
    pub parent_id: Option<ItemId>,
    pub root_id: ItemId,
    pub author_id: UserId,
    pub username: String,
    pub display_name: String,
    /// As in `users.avatar`.
    pub avatar: Option<String>,
    pub body_html: String,
    pub created_at: NaiveDateTime,
    pub edited_at: Option<NaiveDateTime>,
    pub state: State,
    pub queue: Option<Queue>,
    pub why: String,
    pub evidence: String,
    pub version: i32,
    pub was_published: bool,
    /// Its maker folded it with its replies.
    pub folded: bool,
    /// It helped the maker.
    pub helped: bool,
    /// Title and slug of a project the author made.
    pub maker_of: Option<(String, String)>,
    /// 0 at the top, at most [`MAX_DEPTH`].
    pub depth: usize,
    /// Whom it answers, where the depth no longer shows it.
    pub in_reply_to: Option<(ItemId, String)>,
    /// An edit that waits for the maker, rendered, if the maker reads.
    pub edit_html: Option<String>,
    /// The release that was the newest when it was written, where there is a newer one now.
    pub on_version: Option<String>,
}

impl CommentInThread {
    pub fn name(&self) -> &str {
        if self.display_name.is_empty() {
            &self.username
        } else {
            &self.display_name
        }
    }

    /// Its text is for this reader: published, their own, or theirs to decide on.
    pub fn is_readable_by(&self, reader: Reader) -> bool {
        match self.state {
            State::Published => true,
            State::Held | State::Spam => {
                reader.is(self.author_id) || self.is_for_maker(reader) || reader.moderates
            }
            // Its author reads there why.
            State::Removed => reader.moderates || reader.is(self.author_id),
            State::Draft | State::Unlisted | State::Deleted => false,
        }
    }

    /// By the maker, and not by a moderator.
    pub fn is_hidden_by_maker(&self) -> bool {
        self.state == State::Removed && self.why == BY_MAKER
    }

    /// It, or an edit of it, waits for this reader as the maker of the project.
    pub fn is_for_maker(&self, reader: Reader) -> bool {
        reader.on_team && self.queue == Some(Queue::Maker)
    }
}

/// Who reads a thread.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reader {
    /// None: a visitor.
    pub id: Option<UserId>,
    /// Owner or co-maker of the project.
    pub on_team: bool,
    pub moderates: bool,
}

impl Reader {
    pub fn is(self, user: UserId) -> bool {
        self.id == Some(user)
    }
}

/// A part of a thread, in reading order, and where the next part begins.
pub struct Part {
    pub comments: Vec<CommentInThread>,
    pub more_after: Option<ItemId>,
}

type Row = (
    (
        ItemId,
        Option<ItemId>,
        ItemId,
        UserId,
        String,
        NaiveDateTime,
        Option<NaiveDateTime>,
    ),
    (State, Option<Queue>, String, String, i32, bool),
    (String, String, Option<String>),
    (bool, bool),
);

words! {
    pub enum Order {
        Oldest = "oldest",
        Newest = "newest",
        /// First the branches in which something helped the maker, then the others from the oldest on.
        Helpful = "helpful",
    }
}

/// Reads a part of a thread: the branches that come after a top-level comment in an order. What may
/// not be read appears as a place without text when something readable hangs below it, and not at
/// all otherwise; what was published and then taken away keeps its place. Moderators find what others
/// wait with on their desk and on its own page, not here, where a wave of spam would bury the talk.
/// The first part begins with what the maker pinned, wherever it stands.
pub fn thread_part(
    db: &mut Db,
    thread: &Thread,
    order: Order,
    after: ItemId,
    reader: Reader,
) -> QueryResult<Part> {
    let (mut roots, more_after) = tops(db, thread.id, order, after)?;
    let pinned = thread.pinned_id.filter(|_| after == ItemId(0));
    if let Some(pinned) = pinned.filter(|pinned| !roots.contains(pinned)) {
        roots.push(pinned);
    }
    if roots.is_empty() {
        return Ok(Part {
            comments: Vec::new(),
            more_after: None,
        });
    }
    let rows: Vec<Row> = select_rows()
        .filter(comments::thread_id.eq(thread.id))
        .filter(among(comments::root_id, &roots))
        .order((comments::root_id, comments::id))
        .load(db)?;
    let in_public = Reader {
        moderates: false,
        ..reader
    };
    let mut comments = in_reading_order(rows, in_public);
    let place: HashMap<ItemId, usize> = roots.iter().enumerate().map(|(i, id)| (*id, i)).collect();
    // A stable sort: within its branch each stays where it is.
    comments.sort_by_key(|comment| place.get(&comment.root_id).copied());
    let comments = with_waiting_edits(db, comments, reader)?;
    let mut comments = with_makers(db, thread.id, &roots, comments)?;
    if let Some(pinned) = pinned {
        show_first(&mut comments, pinned);
    }
    Ok(Part {
        comments,
        more_after,
    })
}

/// The top-level comments of one part in their order, and after which of them the next part begins.
fn tops(
    db: &mut Db,
    thread: ThreadId,
    order: Order,
    after: ItemId,
) -> QueryResult<(Vec<ItemId>, Option<ItemId>)> {
    let all = comments::table
        .filter(comments::thread_id.eq(thread))
        .filter(comments::parent_id.is_null())
        .select(comments::id);
    // By `root_id`, which is the same of them and stands in the index of the thread.
    let from_oldest = all
        .filter(comments::root_id.gt(after))
        .order(comments::root_id);
    let mut first = Vec::new();
    let mut roots: Vec<ItemId> = match order {
        Order::Oldest => from_oldest.upto(PART + 1).load(db)?,
        Order::Newest => {
            let before = if after.0 > 0 { after.0 } else { i64::MAX };
            all.filter(comments::root_id.lt(ItemId(before)))
                .order(comments::root_id.desc())
                .upto(PART + 1)
                .load(db)?
        }
        Order::Helpful => {
            let helpful = helpful(db, thread)?;
            let others = from_oldest
                .filter(comments::root_id.ne_all(&helpful))
                .upto(PART + 1)
                .load(db)?;
            if after == ItemId(0) {
                first = helpful;
            }
            others
        }
    };
    let room = (PART as usize).saturating_sub(first.len()).max(1);
    let more_after = (roots.len() > room).then(|| roots[room - 1]);
    roots.truncate(room);
    first.extend(roots);
    Ok((first, more_after))
}

/// The branches in which most helped the maker; at most a part of them.
fn helpful(db: &mut Db, thread: ThreadId) -> QueryResult<Vec<ItemId>> {
    comments::table
        .inner_join(items::table.on(items::id.eq(comments::id)))
        .filter(comments::thread_id.eq(thread))
        .filter(comments::helped_at.is_not_null())
        .filter(Published)
        .group_by(comments::root_id)
        .order((count_star().desc(), comments::root_id))
        .limit(PART)
        .select(comments::root_id)
        .load(db)
}

/// Moves a branch before the others, if its first comment may be read by all.
fn show_first(comments: &mut [CommentInThread], pinned: ItemId) {
    let Some(at) = comments.iter().position(|c| c.id == pinned) else {
        return;
    };
    let replies = comments[at + 1..]
        .iter()
        .take_while(|c| c.depth > 0)
        .count();
    let end = at + 1 + replies;
    if comments[at].state == State::Published {
        comments[..end].rotate_right(end - at);
    }
}

/// Where the part that holds a branch begins, oldest first: the `after` of [`thread_part`].
pub fn part_of(db: &mut Db, thread: ThreadId, root: ItemId) -> QueryResult<ItemId> {
    let tops = || {
        comments::table.filter(
            comments::thread_id
                .eq(thread)
                .and(comments::parent_id.is_null()),
        )
    };
    let before: i64 = tops()
        .filter(comments::root_id.lt(root))
        .count()
        .get_result(db)?;
    let whole_parts = before / PART * PART;
    if whole_parts == 0 {
        return Ok(ItemId(0));
    }
    tops()
        .order(comments::root_id)
        .limit(1)
        .offset(whole_parts - 1)
        .select(comments::id)
        .first(db)
}

/// One comment with what it answers and what answers it.
pub fn with_context(
    db: &mut Db,
    comment: &Comment,
    reader: Reader,
) -> QueryResult<Vec<CommentInThread>> {
    let rows: Vec<Row> = select_rows()
        .filter(
            comments::thread_id
                .eq(comment.thread_id)
                .and(comments::root_id.eq(comment.root_id)),
        )
        .order((comments::root_id, comments::id))
        .load(db)?;
    let shown = in_reading_order(line_of(rows, comment.id), reader);
    let shown = with_waiting_edits(db, shown, reader)?;
    with_makers(db, comment.thread_id, &[comment.root_id], shown)
}

/// The ancestors and descendants of a comment; its siblings are on the project's page.
fn line_of(rows: Vec<Row>, id: ItemId) -> Vec<Row> {
    let parents: HashMap<ItemId, ItemId> = rows
        .iter()
        .filter_map(|row| Some((row.0.0, row.0.1?)))
        .collect();
    let mut line = HashSet::from([id]);
    let mut below = line.clone();
    let mut at = id;
    while let Some(up) = parents.get(&at) {
        line.insert(*up);
        at = *up;
    }
    // Replies are younger than what they answer: one pass finds all below.
    for row in &rows {
        if row.0.1.is_some_and(|parent| below.contains(&parent)) {
            below.insert(row.0.0);
        }
    }
    rows.into_iter()
        .filter(|row| line.contains(&row.0.0) || below.contains(&row.0.0))
        .collect()
}

#[diesel::dsl::auto_type(no_type_alias)]
fn select_rows() -> _ {
    comments::table
        .inner_join(items::table.on(items::id.eq(comments::id)))
        .inner_join(users::table.on(users::id.eq(comments::author_id)))
        .select((
            (
                comments::id,
                comments::parent_id,
                comments::root_id,
                comments::author_id,
                comments::body_html,
                comments::created_at,
                comments::edited_at,
            ),
            (
                items::state,
                items::queue,
                items::why,
                items::evidence,
                items::version,
                items::published_at.is_not_null(),
            ),
            (users::username, users::display_name, users::avatar),
            (
                comments::folded_at.is_not_null(),
                comments::helped_at.is_not_null(),
            ),
        ))
}

/// Depth first, replies below what they answer, in order of age.
fn in_reading_order(rows: Vec<Row>, reader: Reader) -> Vec<CommentInThread> {
    let mut all: Vec<CommentInThread> = rows
        .into_iter()
        .map(
            |(
                (id, parent_id, root_id, author_id, body_html, created_at, edited_at),
                (state, queue, why, evidence, version, was_published),
                (username, display_name, avatar),
                (folded, helped),
            )| {
                CommentInThread {
                    id,
                    parent_id,
                    root_id,
                    author_id,
                    username,
                    display_name,
                    avatar,
                    body_html,
                    created_at,
                    edited_at,
                    state,
                    queue,
                    why,
                    evidence,
                    version,
                    was_published,
                    folded,
                    helped,
                    maker_of: None,
                    depth: 0,
                    in_reply_to: None,
                    edit_html: None,
                    on_version: None,
                }
            },
        )
        .collect();
    let place: HashMap<ItemId, usize> = all.iter().enumerate().map(|(i, c)| (c.id, i)).collect();
    let parent_of = |c: &CommentInThread| c.parent_id.and_then(|p| place.get(&p).copied());
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); all.len()];
    let mut tops = Vec::new();
    for (i, comment) in all.iter().enumerate() {
        match parent_of(comment) {
            Some(parent) => children[parent].push(i),
            None => tops.push(i),
        }
    }
    // Replies are younger than what they answer, so one backward pass sees each subtree whole.
    let mut kept = vec![false; all.len()];
    for i in (0..all.len()).rev() {
        let place_stays =
            all[i].was_published && matches!(all[i].state, State::Removed | State::Deleted);
        kept[i] =
            all[i].is_readable_by(reader) || place_stays || children[i].iter().any(|&c| kept[c]);
    }
    let mut order = Vec::with_capacity(all.len());
    let mut stack: Vec<(usize, usize)> = tops.into_iter().rev().map(|i| (i, 0)).collect();
    while let Some((i, depth)) = stack.pop() {
        if !kept[i] {
            continue;
        }
        if depth > MAX_DEPTH {
            all[i].in_reply_to = parent_of(&all[i]).map(|p| (all[p].id, all[p].name().to_owned()));
        }
        all[i].depth = depth.min(MAX_DEPTH);
        order.push(i);
        stack.extend(children[i].iter().rev().map(|&child| (child, depth + 1)));
    }
    let mut slots: Vec<Option<CommentInThread>> = all.into_iter().map(Some).collect();
    order.into_iter().filter_map(|i| slots[i].take()).collect()
}

/// Adds the edits that wait for the maker who reads, or they would decide on what they cannot see.
fn with_waiting_edits(
    db: &mut Db,
    mut all: Vec<CommentInThread>,
    reader: Reader,
) -> QueryResult<Vec<CommentInThread>> {
    for comment in &mut all {
        if comment.state == State::Published && comment.is_for_maker(reader) {
            let newest = Revision::newest(db, comment.id)?;
            if newest.state == RevisionState::Waiting {
                comment.edit_html = Some(markdown::to_html(&newest.content));
            }
        }
    }
    Ok(all)
}

/// Adds to each author of these branches the newest project of theirs: who speaks. Asks for the
/// authors by a subquery, since a list of them would be another statement for every length.
fn with_makers(
    db: &mut Db,
    thread: ThreadId,
    roots: &[ItemId],
    mut all: Vec<CommentInThread>,
) -> QueryResult<Vec<CommentInThread>> {
    let authors = comments::table
        .filter(comments::thread_id.eq(thread))
        .filter(among(comments::root_id, roots))
        .select(comments::author_id);
    let makings: Vec<(UserId, String, String)> = project_makers::table
        .inner_join(projects::table)
        .inner_join(items::table.on(items::id.eq(project_makers::project_id)))
        .filter(project_makers::user_id.eq_any(authors).and(Published))
        .order(projects::id)
        .select((project_makers::user_id, projects::title, projects::slug))
        .load(db)?;
    let newest: HashMap<UserId, (String, String)> = makings
        .into_iter()
        .map(|(user, title, slug)| (user, (title, slug)))
        .collect();
    for comment in &mut all {
        comment.maker_of = newest.get(&comment.author_id).cloned();
    }
    with_versions(db, thread, roots, all)
}

/// Adds what the comments of these branches were said about, where a newer release has come since.
fn with_versions(
    db: &mut Db,
    thread: ThreadId,
    roots: &[ItemId],
    mut all: Vec<CommentInThread>,
) -> QueryResult<Vec<CommentInThread>> {
    let project: Option<ItemId> = threads::table
        .find(thread)
        .select(threads::project_id)
        .get_result(db)?;
    let newest = match project {
        Some(project) => release::latest_of(db, project)?,
        None => None,
    };
    let Some((newest, released_at)) = newest else {
        return Ok(all);
    };
    let older: Vec<(ItemId, String)> = comments::table
        .inner_join(releases::table.on(comments::release_id.eq(releases::id.nullable())))
        .inner_join(items::table.on(items::id.eq(releases::id)))
        .filter(comments::thread_id.eq(thread))
        .filter(among(comments::root_id, roots))
        .filter(Published)
        .filter(
            releases::id
                .ne(newest)
                .and(releases::released_at.le(released_at)),
        )
        .select((comments::id, releases::version))
        .load(db)?;
    let mut older: HashMap<ItemId, String> = older.into_iter().collect();
    for comment in &mut all {
        comment.on_version = older.remove(&comment.id);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::now;
    use proptest::prelude::*;

    fn row(id: i64, parent: Option<i64>, state: State) -> Row {
        let at = now();
        (
            (
                ItemId(id),
                parent.map(ItemId),
                ItemId(1),
                UserId(7),
                format!("<p>{id}</p>"),
                at,
                None,
            ),
            (state, None, String::new(), String::new(), 1, true),
            ("ann".into(), String::new(), None),
            (false, false),
        )
    }

    fn read(rows: Vec<Row>) -> Vec<(i64, usize)> {
        in_reading_order(rows, Reader::default())
            .into_iter()
            .map(|c| (c.id.0, c.depth))
            .collect()
    }

    #[test]
    fn replies_stand_below_what_they_answer() {
        let rows = vec![
            row(1, None, State::Published),
            row(2, None, State::Published),
            row(3, Some(1), State::Published),
            row(4, Some(3), State::Published),
            row(5, Some(1), State::Published),
        ];
        assert_eq!(read(rows), [(1, 0), (3, 1), (4, 2), (5, 1), (2, 0)]);
    }

    #[test]
    fn a_hidden_parent_keeps_its_place_and_a_hidden_leaf_does_not() {
        let rows = vec![
            row(1, None, State::Held),
            row(2, Some(1), State::Published),
            row(3, Some(2), State::Spam),
            row(4, None, State::Deleted),
        ];
        assert_eq!(read(rows), [(1, 0), (2, 1), (4, 0)]);
    }

    #[test]
    fn who_decides_reads_what_waits() {
        let mut rows = vec![
            row(1, None, State::Held),
            row(2, None, State::Held),
            row(3, None, State::Spam),
            row(4, None, State::Removed),
            row(5, None, State::Deleted),
        ];
        rows[0].1.1 = Some(Queue::Maker);
        rows[3].1.5 = false;
        rows[4].1.5 = false;
        let maker = Reader {
            id: Some(UserId(1)),
            on_team: true,
            moderates: false,
        };
        let moderator = Reader {
            id: Some(UserId(2)),
            on_team: false,
            moderates: true,
        };
        let author = Reader {
            id: Some(UserId(7)),
            ..Reader::default()
        };
        let read = |reader| -> Vec<i64> {
            in_reading_order(rows.clone(), reader)
                .into_iter()
                .map(|c| c.id.0)
                .collect()
        };
        assert_eq!(read(Reader::default()), [0; 0]);
        assert_eq!(read(maker), [1]);
        // Why theirs was removed stands beside it.
        assert_eq!(read(author), [1, 2, 3, 4]);
        assert_eq!(read(moderator), [1, 2, 3, 4]);
    }

    #[test]
    fn a_comment_on_its_own_has_its_line_without_its_siblings() {
        let rows = vec![
            row(1, None, State::Published),
            row(2, Some(1), State::Published),
            row(3, Some(1), State::Published),
            row(4, Some(2), State::Published),
            row(5, Some(4), State::Published),
            row(6, Some(3), State::Published),
        ];
        let line: Vec<i64> = line_of(rows, ItemId(2)).iter().map(|r| r.0.0.0).collect();
        assert_eq!(line, [1, 2, 4, 5]);
    }

    #[test]
    fn a_pinned_branch_comes_first_and_whole() {
        let rows = vec![
            row(1, None, State::Published),
            row(2, None, State::Published),
            row(3, Some(2), State::Published),
            row(4, Some(3), State::Published),
            row(5, None, State::Published),
        ];
        let pin = |rows: Vec<Row>, id| -> Vec<i64> {
            let mut shown = in_reading_order(rows, Reader::default());
            show_first(&mut shown, ItemId(id));
            shown.into_iter().map(|c| c.id.0).collect()
        };
        assert_eq!(pin(rows.clone(), 2), [2, 3, 4, 1, 5]);
        assert_eq!(pin(rows.clone(), 5), [5, 1, 2, 3, 4]);
        assert_eq!(pin(rows.clone(), 9), [1, 2, 3, 4, 5]);
        let mut gone = rows;
        gone[1].1.0 = State::Removed;
        assert_eq!(pin(gone, 2), [1, 2, 3, 4, 5]);
    }

    #[test]
    fn below_the_deepest_level_it_goes_on_flat() {
        let rows = (1..=9)
            .map(|i| row(i, (i > 1).then_some(i - 1), State::Published))
            .collect();
        let shown = in_reading_order(rows, Reader::default());
        assert_eq!(shown.last().map(|c| c.depth), Some(MAX_DEPTH));
        assert_eq!(shown[8].in_reply_to.as_ref().map(|(id, _)| id.0), Some(8));
        assert_eq!(shown[6].in_reply_to, None);
    }

    proptest! {
        #[test]
        fn no_published_comment_is_ever_lost(parents in prop::collection::vec(any::<prop::sample::Index>(), 1..60), hidden in prop::collection::vec(any::<bool>(), 60)) {
            let rows: Vec<Row> = parents.iter().enumerate().map(|(i, index)| {
                let at = index.index(i + 1);
                let parent = (at > 0).then_some(at as i64);
                row(i as i64 + 1, parent, if hidden[i] { State::Held } else { State::Published })
            }).collect();
            let mut expected: Vec<i64> = rows.iter().filter(|r| r.1.0 == State::Published).map(|r| r.0.0.0).collect();
            let shown = in_reading_order(rows, Reader::default());
            let mut published: Vec<i64> = shown.iter().filter(|c| c.state == State::Published).map(|c| c.id.0).collect();
            published.sort_unstable();
            expected.sort_unstable();
            prop_assert_eq!(published, expected);
        }
    }
}
