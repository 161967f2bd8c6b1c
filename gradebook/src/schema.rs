//! The tables, and how an older gradebook gets the newest.

/// Each brings a gradebook from the version of its place in the list to the next. Never changed once
/// released: a new table or column is a new entry.
const MIGRATIONS: [&str; 4] = [FIRST, WRITTEN, REMARKS, FORFEITED];

/// The newest version.
pub(crate) const KNOWN: i64 = MIGRATIONS.len() as i64;

/// What a gradebook of this version lacks, in order.
pub(crate) fn migrations(version: i64) -> impl Iterator<Item = &'static str> {
    MIGRATIONS.into_iter().skip(usize::try_from(version).unwrap_or_default())
}

const FIRST: &str = "
    CREATE TABLE learners (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
    CREATE TABLE assignments (id INTEGER PRIMARY KEY, notebook TEXT NOT NULL UNIQUE);

    -- A check, quiz or written answer; `name` is the notebook's cell id.
    CREATE TABLE items (id INTEGER PRIMARY KEY,
        assignment BIGINT NOT NULL REFERENCES assignments (id),
        unit TEXT NOT NULL, title TEXT NOT NULL, name TEXT NOT NULL, place BIGINT NOT NULL,
        UNIQUE (assignment, unit, name));

    -- `hash` is that of the submitted file.
    CREATE TABLE submissions (id INTEGER PRIMARY KEY,
        learner BIGINT NOT NULL REFERENCES learners (id),
        assignment BIGINT NOT NULL REFERENCES assignments (id),
        hash TEXT NOT NULL, file TEXT NOT NULL, seen_at TEXT NOT NULL,
        UNIQUE (learner, assignment, hash));

    -- What the grader was told: the same again gives the same scores.
    CREATE TABLE gradings (id INTEGER PRIMARY KEY,
        submission BIGINT NOT NULL REFERENCES submissions (id),
        revision TEXT NOT NULL, grader TEXT NOT NULL, seed BIGINT NOT NULL,
        millis DOUBLE PRECISION NOT NULL, graded_at TEXT NOT NULL,
        UNIQUE (submission, revision, grader, seed));

    -- Of a grading's scores for an item the one with the highest id counts.
    CREATE TABLE scores (id INTEGER PRIMARY KEY,
        grading BIGINT NOT NULL REFERENCES gradings (id),
        item BIGINT NOT NULL REFERENCES items (id),
        status TEXT NOT NULL, points DOUBLE PRECISION NOT NULL,
        max_points DOUBLE PRECISION NOT NULL,
        hidden BOOLEAN NOT NULL, guard BOOLEAN NOT NULL, hint TEXT, given_at TEXT NOT NULL);
    CREATE INDEX scores_of_grading ON scores (grading, item);

    -- The grading that counts: the one that was made, or made again, last.
    CREATE TABLE standings (
        learner BIGINT NOT NULL REFERENCES learners (id),
        assignment BIGINT NOT NULL REFERENCES assignments (id),
        grading BIGINT NOT NULL REFERENCES gradings (id),
        PRIMARY KEY (learner, assignment));

    -- The one with the highest id counts; without points the grader's do again.
    CREATE TABLE manual_scores (id INTEGER PRIMARY KEY,
        learner BIGINT NOT NULL REFERENCES learners (id),
        item BIGINT NOT NULL REFERENCES items (id),
        points DOUBLE PRECISION, comment TEXT NOT NULL,
        given_by TEXT NOT NULL, given_at TEXT NOT NULL);
    CREATE INDEX manual_scores_of_learner ON manual_scores (learner, item);

    -- Extensions, late days, exemptions: of each kind the one with the highest id counts; without a
    -- value there is none any more.
    CREATE TABLE allowances (id INTEGER PRIMARY KEY,
        learner BIGINT NOT NULL REFERENCES learners (id),
        assignment BIGINT NOT NULL REFERENCES assignments (id),
        kind TEXT NOT NULL, value TEXT, comment TEXT NOT NULL,
        given_by TEXT NOT NULL, given_at TEXT NOT NULL);
    CREATE INDEX allowances_of_learner ON allowances (learner, assignment, kind);";

/// An answer that a person grades: unanswered, it could not be told from a quiz.
const WRITTEN: &str = "ALTER TABLE items ADD COLUMN written BOOLEAN NOT NULL DEFAULT FALSE";

/// What the grader says beside points. Notes and errors are those of the last time that the grading was
/// made.
const REMARKS: &str = "
    ALTER TABLE scores ADD COLUMN message TEXT;

    CREATE TABLE notes (id INTEGER PRIMARY KEY,
        grading BIGINT NOT NULL REFERENCES gradings (id), note TEXT NOT NULL);
    CREATE INDEX notes_of_grading ON notes (grading);

    -- Exceptions of the learner's own cells.
    CREATE TABLE cell_errors (id INTEGER PRIMARY KEY,
        grading BIGINT NOT NULL REFERENCES gradings (id),
        unit TEXT NOT NULL, cell TEXT NOT NULL, ename TEXT NOT NULL, evalue TEXT NOT NULL,
        traceback TEXT NOT NULL);
    CREATE INDEX cell_errors_of_grading ON cell_errors (grading);

    CREATE INDEX manual_scores_of_item ON manual_scores (item, learner);";

/// None of the points count: handed in too late. As of the last time that the grading was made.
const FORFEITED: &str = "ALTER TABLE gradings ADD COLUMN forfeited BOOLEAN NOT NULL DEFAULT FALSE";
