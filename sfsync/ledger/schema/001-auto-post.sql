-- What a run posted by itself, and why it left the others to a person.

CREATE TABLE auto_post (
    run_id INTEGER NOT NULL REFERENCES run (id),
    document_id INTEGER NOT NULL REFERENCES document (id),
    code TEXT,
    message TEXT,
    PRIMARY KEY (run_id, document_id),
    CHECK ((code IS NULL) = (message IS NULL))
) STRICT, WITHOUT ROWID;

-- Without a code the run has posted it; a draft that waits has its reason.
CREATE TRIGGER auto_post_insert BEFORE INSERT ON auto_post
WHEN (SELECT outcome FROM run WHERE id = NEW.run_id) IS NOT 'running'
  OR EXISTS (SELECT 1 FROM auto_post WHERE run_id = NEW.run_id AND document_id = NEW.document_id)
  OR EXISTS (SELECT 1 FROM auto_post WHERE document_id = NEW.document_id AND code IS NULL)
  OR (SELECT status FROM document WHERE id = NEW.document_id)
     IS NOT CASE WHEN NEW.code IS NULL THEN 'posted' ELSE 'draft' END
BEGIN SELECT RAISE(ABORT, 'auto_post: once, while its run is running, as the document is'); END;

CREATE TRIGGER auto_post_update BEFORE UPDATE ON auto_post
BEGIN SELECT RAISE(ABORT, 'auto_post: history stays as written'); END;

CREATE TRIGGER auto_post_delete BEFORE DELETE ON auto_post
BEGIN SELECT RAISE(ABORT, 'auto_post: history stays as written'); END;
