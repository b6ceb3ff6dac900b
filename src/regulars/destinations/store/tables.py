"""The tables. None can be derived from the log: what has left the shop has left, and a replay sends nothing again."""

from __future__ import annotations

from regulars.kernel.database import Migration

DERIVED_TABLES: tuple[str, ...] = ()

MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        capability="destinations",
        number=1,
        statements=(
            # `body` is the definition; `keys` the signing keys, the present one first, each with the moment it ends.
            """
            CREATE TABLE destinations_definitions (
                destination_id TEXT NOT NULL PRIMARY KEY, body {json} NOT NULL, keys {json} NOT NULL)""",
            # One row: raised with every change, so that a worker knows that what it remembers is old.
            "CREATE TABLE destinations_marks (place INTEGER NOT NULL PRIMARY KEY, version BIGINT NOT NULL)",
            "INSERT INTO destinations_marks (place, version) VALUES (1, 0)",
            # How each answers, who is sending to it just now, and how much it got since it was made.
            """
            CREATE TABLE destinations_health (
                destination_id TEXT NOT NULL PRIMARY KEY,
                failures INTEGER NOT NULL DEFAULT 0, failing_since_us BIGINT, wait_until_us BIGINT NOT NULL DEFAULT 0,
                last_error TEXT NOT NULL DEFAULT '', last_error_us BIGINT, last_good_us BIGINT,
                delivered BIGINT NOT NULL DEFAULT 0, retried BIGINT NOT NULL DEFAULT 0, dead BIGINT NOT NULL DEFAULT 0,
                skipped BIGINT NOT NULL DEFAULT 0, holder TEXT NOT NULL DEFAULT '',
                lease_until_us BIGINT NOT NULL DEFAULT 0)""",
            # `anchor` is the number of the identifier an event is filed under: it never changes hands, and it is how
            # the rows of somebody are found when they must be forgotten.
            """
            CREATE TABLE destinations_queue (
                queue_id {serial}, destination_id TEXT NOT NULL, event_id TEXT NOT NULL, name TEXT NOT NULL,
                anchor BIGINT, occurred_us BIGINT NOT NULL, first_us BIGINT NOT NULL, due_us BIGINT NOT NULL,
                attempt INTEGER NOT NULL DEFAULT 0, alone INTEGER NOT NULL DEFAULT 0, status INTEGER,
                sentence TEXT NOT NULL DEFAULT '', head TEXT NOT NULL DEFAULT '', data {blob} NOT NULL)""",
            "CREATE INDEX destinations_queue_by_due ON destinations_queue (destination_id, due_us, queue_id)",
            "CREATE INDEX destinations_queue_by_anchor ON destinations_queue (anchor)",
            """
            CREATE TABLE destinations_dead_letters (
                letter_id {serial}, destination_id TEXT NOT NULL, event_id TEXT NOT NULL, name TEXT NOT NULL,
                anchor BIGINT, occurred_us BIGINT NOT NULL, first_us BIGINT NOT NULL, dead_us BIGINT NOT NULL,
                attempt INTEGER NOT NULL, status INTEGER, sentence TEXT NOT NULL, head TEXT NOT NULL,
                data {blob} NOT NULL)""",
            "CREATE INDEX destinations_dead_letters_by_one ON destinations_dead_letters (destination_id, letter_id)",
            "CREATE INDEX destinations_dead_letters_by_anchor ON destinations_dead_letters (anchor)",
            # One row for each request (or file, or hour); never what was said in it.
            """
            CREATE TABLE destinations_tries (
                try_id {serial}, destination_id TEXT NOT NULL, at_us BIGINT NOT NULL, outcome TEXT NOT NULL,
                items BIGINT NOT NULL, status INTEGER, duration_ms BIGINT NOT NULL, sentence TEXT NOT NULL,
                about TEXT NOT NULL)""",
            "CREATE INDEX destinations_tries_by_one ON destinations_tries (destination_id, try_id)",
            # By minute: how many events came to which end, and how long the requests took.
            """
            CREATE TABLE destinations_counts (
                destination_id TEXT NOT NULL, minute BIGINT NOT NULL, outcome TEXT NOT NULL, items BIGINT NOT NULL,
                requests BIGINT NOT NULL, ms_sum BIGINT NOT NULL, ms_max BIGINT NOT NULL,
                PRIMARY KEY (destination_id, minute, outcome))""",
            # What makes up an hour is settled in `plan` before anything of it is written. `state`: due, done.
            """
            CREATE TABLE destinations_hours (
                destination_id TEXT NOT NULL, hour_us BIGINT NOT NULL, state TEXT NOT NULL, plan {json} NOT NULL,
                events BIGINT NOT NULL DEFAULT 0, written_us BIGINT, again INTEGER NOT NULL DEFAULT 0,
                PRIMARY KEY (destination_id, hour_us))""",
            # Whom the other side knows of, under the digest of what they are known by there.
            """
            CREATE TABLE destinations_members (
                member_key TEXT NOT NULL PRIMARY KEY, destination_id TEXT NOT NULL, customer_id TEXT NOT NULL,
                told {json} NOT NULL, run BIGINT NOT NULL, state INTEGER NOT NULL)""",
            "CREATE INDEX destinations_members_by_run ON destinations_members (destination_id, run, member_key)",
            "CREATE INDEX destinations_members_by_customer ON destinations_members (customer_id)",
            # Members whose customer is forgotten here, and who must still be taken out over there.
            """
            CREATE TABLE destinations_removals (
                member_key TEXT NOT NULL PRIMARY KEY, destination_id TEXT NOT NULL, told {json} NOT NULL,
                since_us BIGINT NOT NULL)""",
            """
            CREATE TABLE destinations_syncs (
                destination_id TEXT NOT NULL, run BIGINT NOT NULL, begun_us BIGINT NOT NULL, finished_us BIGINT,
                members BIGINT NOT NULL DEFAULT 0, added BIGINT NOT NULL DEFAULT 0, changed BIGINT NOT NULL DEFAULT 0,
                removed BIGINT NOT NULL DEFAULT 0, left_out BIGINT NOT NULL DEFAULT 0, asked INTEGER NOT NULL DEFAULT 0,
                PRIMARY KEY (destination_id, run))""",
        ),
    ),
    # From here on secrets are sealed, which an older program could not read. SQL cannot do it: `Destinations.seal_old`.
    Migration("destinations", 2),
    # Beside each sentence its code and values, by which the console says it in other languages.
    Migration(
        "destinations",
        3,
        (
            "ALTER TABLE destinations_health ADD COLUMN last_error_said TEXT NOT NULL DEFAULT ''",
            "ALTER TABLE destinations_dead_letters ADD COLUMN said TEXT NOT NULL DEFAULT ''",
            "ALTER TABLE destinations_tries ADD COLUMN said TEXT NOT NULL DEFAULT ''",
        ),
    ),
)

# Every table with rows of one destination.
OF_ONE = (
    "destinations_definitions", "destinations_health", "destinations_queue", "destinations_dead_letters",
    "destinations_tries", "destinations_counts", "destinations_hours", "destinations_members",
    "destinations_removals", "destinations_syncs",
)  # fmt: skip
