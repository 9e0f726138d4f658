-- What was decided on each day, counted by the hourly sweep, so that the desk's front page need not
-- count a month anew for everybody who opens it. Days of the last month are counted again, since
-- an undo changes them.
CREATE TABLE desk_days (
    -- 00:00 UTC.
    day TIMESTAMP PRIMARY KEY NOT NULL,
    -- Texts that came in, and what the intake did with them without asking anybody.
    texts INTEGER NOT NULL,
    published_alone INTEGER NOT NULL,
    put_away_alone INTEGER NOT NULL,
    -- What people decided and did not take back: published or looked at, spam, removed.
    ham INTEGER NOT NULL,
    spam INTEGER NOT NULL,
    removed INTEGER NOT NULL,
    -- Of what robots had decided alone: what people said anything of, and where they said otherwise.
    looked_at INTEGER NOT NULL,
    reversed INTEGER NOT NULL,
    -- What people had decided: taken back, and decided otherwise later (an appeal, a second look).
    undone INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    -- Of what the filter had held or put away: what people called spam or ham, and what was spam.
    flagged INTEGER NOT NULL,
    flagged_spam INTEGER NOT NULL,
    -- The same of what was drawn at random from what it put away.
    drawn INTEGER NOT NULL,
    drawn_spam INTEGER NOT NULL,
    counted_at TIMESTAMP NOT NULL
);

-- Whether a moderator wants the daily letter of what waits.
ALTER TABLE users ADD COLUMN digest BOOLEAN NOT NULL DEFAULT TRUE;
