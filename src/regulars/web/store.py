"""What the counter keeps in the state database: people, sessions, links, secret keys, the audit log, answers given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any  # Any: SQLAlchemy's Row and bound values

from sqlalchemy import Connection, Row, text

from regulars.kernel.database import Migration

MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        "web",
        1,
        (
            """CREATE TABLE web_people (
                person_id TEXT PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL, email_key TEXT NOT NULL UNIQUE,
                password_hash TEXT NOT NULL, role TEXT NOT NULL, language TEXT NOT NULL,
                created_us BIGINT NOT NULL, last_seen_us BIGINT)""",
            """CREATE TABLE web_sessions (
                token_hash TEXT PRIMARY KEY, person_id TEXT NOT NULL REFERENCES web_people ON DELETE CASCADE,
                created_us BIGINT NOT NULL, issued_us BIGINT NOT NULL, seen_us BIGINT NOT NULL,
                expires_us BIGINT NOT NULL)""",
            "CREATE INDEX web_sessions_person ON web_sessions (person_id)",
            """CREATE TABLE web_links (
                token_hash TEXT PRIMARY KEY, purpose TEXT NOT NULL, person_id TEXT, created_us BIGINT NOT NULL,
                expires_us BIGINT NOT NULL, uses_left INTEGER NOT NULL)""",
            """CREATE TABLE web_keys (
                key_id TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, prefix TEXT NOT NULL,
                token_hash TEXT NOT NULL UNIQUE, created_us BIGINT NOT NULL, created_by TEXT NOT NULL,
                last_used_us BIGINT)""",
            """CREATE TABLE web_audit (
                seq {serial}, entry_id TEXT NOT NULL UNIQUE, at_us BIGINT NOT NULL, actor_kind TEXT NOT NULL,
                actor_id TEXT NOT NULL, who TEXT NOT NULL, action TEXT NOT NULL, subject TEXT, detail TEXT,
                outcome TEXT NOT NULL)""",
            """CREATE TABLE web_answers (
                caller TEXT NOT NULL, idempotency_key TEXT NOT NULL, fingerprint TEXT NOT NULL,
                status INTEGER NOT NULL, media_type TEXT NOT NULL, body {blob}, created_us BIGINT NOT NULL,
                PRIMARY KEY (caller, idempotency_key))""",
            "CREATE TABLE web_facts (name TEXT PRIMARY KEY, fact TEXT NOT NULL)",
        ),
    ),
)
DERIVED_TABLES: tuple[str, ...] = ()

_PERSON = "person_id, name, email, role, language, created_us, last_seen_us"

# Has anybody been let in yet?
COUNT_PEOPLE = "SELECT COUNT(*) FROM web_people"
# How many could still let somebody in if this person left?
COUNT_OTHER_ADMINS = "SELECT COUNT(*) FROM web_people WHERE role = 'admin' AND person_id <> :person_id"
# Who works here?
LIST_PEOPLE = f"SELECT {_PERSON} FROM web_people ORDER BY created_us, person_id"
# Who is this?
FIND_PERSON = f"SELECT {_PERSON} FROM web_people WHERE person_id = :person_id"
# Who signs in with this address, and what do we know of their password?
FIND_BY_EMAIL = f"SELECT {_PERSON}, password_hash FROM web_people WHERE email_key = :email_key"
# What do we know of this person's password?
FIND_PASSWORD = "SELECT password_hash FROM web_people WHERE person_id = :person_id"  # noqa: S105 (a question)
ADD_PERSON = """
INSERT INTO web_people (person_id, name, email, email_key, password_hash, role, language, created_us)
VALUES (:person_id, :name, :email, :email_key, :password_hash, :role, :language, :now_us)
ON CONFLICT (email_key) DO NOTHING"""
CHANGE_PERSON = """
UPDATE web_people SET name = :name, role = :role, language = :language, password_hash = :password_hash
WHERE person_id = :person_id"""
REMOVE_PERSON = "DELETE FROM web_people WHERE person_id = :person_id"
PERSON_SEEN = "UPDATE web_people SET last_seen_us = :now_us WHERE person_id = :person_id"

ADD_SESSION = """
INSERT INTO web_sessions (token_hash, person_id, created_us, issued_us, seen_us, expires_us)
VALUES (:token_hash, :person_id, :created_us, :now_us, :now_us, :expires_us)"""
# Whose session is this, and until when?
FIND_SESSION = f"""
SELECT {", ".join("p." + column for column in _PERSON.split(", "))},
       s.created_us AS started_us, s.issued_us, s.seen_us, s.expires_us
FROM web_sessions s JOIN web_people p ON p.person_id = s.person_id WHERE s.token_hash = :token_hash"""
SESSION_SEEN = "UPDATE web_sessions SET seen_us = :now_us WHERE token_hash = :token_hash"
# Let the token before the present one live for its last moments.
END_SESSION_BY = """
UPDATE web_sessions SET expires_us = :expires_us WHERE token_hash = :token_hash AND expires_us > :expires_us"""
END_SESSION = "DELETE FROM web_sessions WHERE token_hash = :token_hash"
END_SESSIONS_OF = "DELETE FROM web_sessions WHERE person_id = :person_id AND token_hash <> :except_hash"
FORGET_SESSIONS = "DELETE FROM web_sessions WHERE expires_us < :now_us OR seen_us < :idle_us"

ADD_LINK = """
INSERT INTO web_links (token_hash, purpose, person_id, created_us, expires_us, uses_left)
VALUES (:token_hash, :purpose, :person_id, :now_us, :expires_us, :uses)"""
# Is this link still good, and for whom?
FIND_LINK = """
SELECT person_id FROM web_links
WHERE token_hash = :token_hash AND purpose = :purpose AND expires_us > :now_us AND uses_left > 0"""
USE_LINK = "UPDATE web_links SET uses_left = uses_left - 1 WHERE token_hash = :token_hash AND uses_left > 0"
FORGET_LINKS = "DELETE FROM web_links WHERE expires_us < :now_us OR uses_left <= 0"
REVOKE_LINKS = "DELETE FROM web_links WHERE purpose = :purpose"

_KEY = "key_id, name, role, prefix, created_us, created_by, last_used_us"
# Which servers may speak to us?
LIST_KEYS = f"SELECT {_KEY} FROM web_keys ORDER BY created_us, key_id"
# Whose key is this?
FIND_KEY = f"SELECT {_KEY} FROM web_keys WHERE token_hash = :token_hash"
ADD_KEY = """
INSERT INTO web_keys (key_id, name, role, prefix, token_hash, created_us, created_by)
VALUES (:key_id, :name, :role, :prefix, :token_hash, :now_us, :created_by)"""
REMOVE_KEY = "DELETE FROM web_keys WHERE key_id = :key_id"
KEY_USED = "UPDATE web_keys SET last_used_us = :now_us WHERE key_id = :key_id"

ADD_AUDIT = """
INSERT INTO web_audit (entry_id, at_us, actor_kind, actor_id, who, action, subject, detail, outcome)
VALUES (:entry_id, :now_us, :actor_kind, :actor_id, :who, :action, :subject, :detail, :outcome)"""
CLOSE_AUDIT = """
UPDATE web_audit SET subject = :subject, detail = :detail, outcome = :outcome WHERE entry_id = :entry_id"""
# What was done, newest first?
LIST_AUDIT = """
SELECT seq, entry_id, at_us, who, actor_kind, action, subject, detail, outcome FROM web_audit
WHERE seq < :before AND (:who = '' OR who = :who) AND (:action = '' OR action = :action)
ORDER BY seq DESC LIMIT :limit"""

# Has this caller asked the same thing before?
FIND_ANSWER = """
SELECT fingerprint, status, media_type, body FROM web_answers
WHERE caller = :caller AND idempotency_key = :idempotency_key"""
CLAIM_ANSWER = """
INSERT INTO web_answers (caller, idempotency_key, fingerprint, status, media_type, body, created_us)
VALUES (:caller, :idempotency_key, :fingerprint, 0, '', NULL, :now_us)
ON CONFLICT (caller, idempotency_key) DO NOTHING"""
KEEP_ANSWER = """
UPDATE web_answers SET status = :status, media_type = :media_type, body = :body
WHERE caller = :caller AND idempotency_key = :idempotency_key"""
DROP_ANSWER = "DELETE FROM web_answers WHERE caller = :caller AND idempotency_key = :idempotency_key"
# Answers are kept for a day; a claim whose process died is let go sooner.
FORGET_ANSWERS = """
DELETE FROM web_answers WHERE created_us < :before_us OR (status = 0 AND created_us < :claimed_before_us)"""

# What did the owner tell us about the shop?
FIND_FACT = "SELECT fact FROM web_facts WHERE name = :name"
PUT_FACT = """
INSERT INTO web_facts (name, fact) VALUES (:name, :fact) ON CONFLICT (name) DO UPDATE SET fact = excluded.fact"""

# Is the database there at all?
PING = "SELECT 1"


def rows(connection: Connection, question: str, values: Mapping[str, Any] | None = None) -> Sequence[Row[Any]]:
    """Return every row of a question."""
    return connection.execute(text(question), values or {}).fetchall()


def first(connection: Connection, question: str, values: Mapping[str, Any] | None = None) -> Row[Any] | None:
    """Return the first row of a question, or None."""
    return connection.execute(text(question), values or {}).first()


def change(connection: Connection, statement: str, values: Mapping[str, Any] | None = None) -> int:
    """Carry a statement out and return how many rows it touched."""
    return int(connection.execute(text(statement), values or {}).rowcount)
