-- Why texts are removed, in the words of the site. The program puts in the first ones.
CREATE TABLE removal_reasons (
    -- As verdicts name it, for ever.
    key TEXT PRIMARY KEY NOT NULL,
    -- As a moderator chooses it.
    label TEXT NOT NULL,
    -- What readers see where the text stood.
    sentence TEXT NOT NULL,
    -- What its author is told.
    letter TEXT NOT NULL,
    -- The part of the guide it leads to; '': its own entry there.
    guide TEXT NOT NULL DEFAULT '',
    position INTEGER NOT NULL,
    -- Not offered any more. Old verdicts still read well.
    retired_at TIMESTAMP
);

-- What a verdict turned into what, and what the author is told of it: NULL, nothing.
ALTER TABLE verdicts ADD COLUMN state_before TEXT;
ALTER TABLE verdicts ADD COLUMN state_after TEXT;
ALTER TABLE verdicts ADD COLUMN news TEXT;

-- How many items of which kind, as JSON, so that the public log counts nothing. '': of an older version.
ALTER TABLE batches ADD COLUMN kinds TEXT NOT NULL DEFAULT '';
-- The last author that was written to about it.
ALTER TABLE batches ADD COLUMN told_to BIGINT NOT NULL DEFAULT 0;

ALTER TABLE log ADD COLUMN before TEXT;
ALTER TABLE log ADD COLUMN after TEXT;
ALTER TABLE log ADD COLUMN why TEXT;
ALTER TABLE log ADD COLUMN request_id TEXT;
CREATE INDEX log_at ON log (at);
CREATE INDEX log_act ON log (act, id);
CREATE INDEX log_actor ON log (actor_id, id);
CREATE INDEX log_user ON log (user_id, id) WHERE user_id IS NOT NULL;
CREATE INDEX log_batch ON log (batch_id, id) WHERE batch_id IS NOT NULL;

-- Append-only, whoever asks.
CREATE TRIGGER log_is_not_changed BEFORE UPDATE ON log
BEGIN
    SELECT RAISE(ABORT, 'the log is append-only');
END;
CREATE TRIGGER log_is_not_deleted BEFORE DELETE ON log
BEGIN
    SELECT RAISE(ABORT, 'the log is append-only');
END;
