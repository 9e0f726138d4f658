-- Comments that were put away and then edited: their row holds the edit, and the text of before was
-- still noted as what readers see. A verdict could bring the row back under its approval.
UPDATE revisions SET state = 'hidden'
WHERE state = 'published'
AND EXISTS (SELECT 1 FROM items i JOIN comments c ON c.id = i.id
    WHERE i.id = revisions.item_id AND i.state IN ('held', 'spam', 'removed') AND c.body <> revisions.content)
AND EXISTS (SELECT 1 FROM revisions newer
    WHERE newer.item_id = revisions.item_id AND newer.state = 'waiting' AND newer.number > revisions.number);
