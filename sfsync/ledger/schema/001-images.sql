-- Pictures that frozen documents show, each once, under the SHA-256 of its bytes.

CREATE TABLE image (
    sha256 TEXT PRIMARY KEY CHECK (length(sha256) = 64),
    content BLOB NOT NULL CHECK (length(content) BETWEEN 1 AND 1000000)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER image_insert BEFORE INSERT ON image
WHEN EXISTS (SELECT 1 FROM image WHERE sha256 = NEW.sha256)
BEGIN SELECT RAISE(ABORT, 'image: is there already'); END;

CREATE TRIGGER image_update BEFORE UPDATE ON image
BEGIN SELECT RAISE(ABORT, 'image: stays as it is'); END;

CREATE TRIGGER image_delete BEFORE DELETE ON image
BEGIN SELECT RAISE(ABORT, 'image: stays as it is'); END;

-- Some SQLites trust no JSON function in a trigger. A quote inside a text is escaped, so the words
-- below stand only where the key does.
CREATE TRIGGER document_logo BEFORE UPDATE OF seller ON document
WHEN instr(NEW.seller, '"logo":"') > 0
  AND NOT EXISTS (SELECT 1 FROM image
      WHERE sha256 = substr(NEW.seller, instr(NEW.seller, '"logo":"') + 8, 64))
BEGIN SELECT RAISE(ABORT, 'document: the frozen logo is not there'); END;
