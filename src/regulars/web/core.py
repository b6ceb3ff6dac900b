"""Who stands behind the counter, with which key, for how long, and how often somebody may ask.

Pure: the present moment and every secret are arguments. Knows nothing of HTTP and nothing of a database.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import msgspec

from regulars.kernel.errors import InvalidError
from regulars.kernel.sayings import Sentence, said, text_of

Seat = Literal["viewer", "marketer", "admin"]
Language = Literal["zh-TW", "en", "ja"]

PASSWORD_LENGTH_MIN = 10  # NIST SP 800-63B asks for 8 at least; length is the only rule that helps
PASSWORD_LENGTH_MAX = 256  # argon2 costs the same, but nobody should send us a book
NAME_LENGTH_MAX = 120
EMAIL_LENGTH_MAX = 254  # RFC 5321, section 4.5.3.1.3
SESSION_DAYS = 14
SESSION_IDLE_DAYS = 3
ROTATE_AFTER_HOURS = 12
GRACE_S = 60  # requests already on their way when a session gets its next token
KEY_PREFIX = "rgs_"

_EMAIL = re.compile(r"[^@\s\x00-\x1f]+@[^@\s\x00-\x1f.]+(\.[^@\s\x00-\x1f.]+)*")
_COMMON = frozenset({"password12", "1234567890", "qwertyuiop", "password123", "iloveyou12", "0987654321"})


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who may sign in to the console."""

    person_id: str
    name: str
    email: str
    role: Seat
    language: Language
    created_at: datetime
    last_seen_at: datetime | None = None


class SecretKey(msgspec.Struct, frozen=True, kw_only=True):
    """A server's key. `prefix` is what may be shown again; the rest was shown once."""

    key_id: str
    name: str
    role: Seat
    prefix: str
    created_at: datetime
    created_by: str
    last_used_at: datetime | None = None


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Who did what to what, and how it ended: `detail` says it in words, `outcome` and the answer's `status` in short.

    `who` is a name, or the kind of caller where there is none.
    """

    entry_id: str
    at: datetime
    who: str
    who_kind: Literal["person", "key", "anyone"]
    action: str
    subject: str | None = None
    detail: str | None = None
    outcome: Literal["done", "refused", "failed", "begun"]
    status: int = 0  # of the answer, where it was refused or failed


class NewPerson(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of somebody before they are let in."""

    name: str
    email: str
    password: str
    role: Seat = "viewer"
    language: Language = "en"


def email_key(email: str) -> str:
    """Return the form under which one address is one person.

    >>> email_key(" Ann@Shop.Example ")
    'ann@shop.example'
    """
    return email.strip().casefold()


def faults_of(person: NewPerson) -> list[Sentence]:
    """Return every reason not to let this person in as described, each a sentence.

    >>> faults_of(NewPerson(name="Ann", email="ann@shop.example", password="a long enough one"))
    []
    >>> text_of(faults_of(NewPerson(name=" ", email="ann", password="short"))[0])
    'A name must have 1 to 120 characters.'
    """
    problems: list[Sentence] = []
    if not 1 <= len(person.name.strip()) <= NAME_LENGTH_MAX:
        problems.append(said("person_name", "A name must have 1 to {most} characters.", most=NAME_LENGTH_MAX))
    if len(person.email) > EMAIL_LENGTH_MAX or not _EMAIL.fullmatch(person.email.strip()):
        problems.append(said("person_email", "The email address must look like name@domain."))
    return problems + password_faults(person.password, name=person.name, email=person.email)


def password_faults(password: str, *, name: str, email: str) -> list[Sentence]:
    """Return why a password must not be used, each reason a sentence.

    >>> [text_of(fault) for fault in password_faults("1234567890", name="Ann", email="ann@shop.example")]
    ['This password is among the first that are guessed.']
    """
    if len(password) < PASSWORD_LENGTH_MIN:
        return [
            said(
                "password_short",
                "A password must have at least {least} characters, got {length}.",
                least=PASSWORD_LENGTH_MIN,
                length=len(password),
            )
        ]
    if len(password) > PASSWORD_LENGTH_MAX:
        return [
            said(
                "password_long",
                "A password must have at most {most} characters, got {length}.",
                most=PASSWORD_LENGTH_MAX,
                length=len(password),
            )
        ]
    plain = password.strip().casefold()
    if plain in _COMMON or len(set(plain)) < 4:
        return [said("password_guessed", "This password is among the first that are guessed.")]
    if plain in {name.strip().casefold(), email_key(email)}:
        return [said("password_own_name", "A password must not be the person's own name or address.")]
    return []


def refuse(problems: list[Sentence], what: str) -> None:
    """Raise when there is anything to complain about, all of it together."""
    if problems:
        raise InvalidError(f"{what} {text_of(problems[0])}", problems=problems)


def digest(secret: str) -> str:
    """Return what we keep of a secret that has 128 random bits or more: enough to know it again.

    A slow hash protects guessable secrets; these cannot be guessed, so SHA-256 is right here.

    >>> len(digest("rgs_abc"))
    64
    """
    return hashlib.sha256(secret.encode()).hexdigest()


def csrf_token(session_token: str) -> str:
    """Return the token that a page of ours proves itself with; whoever cannot read our cookies cannot know it.

    >>> csrf_token("a") == csrf_token("a"), csrf_token("a") == csrf_token("b")
    (True, False)
    """
    return hmac.new(session_token.encode(), b"regulars csrf", hashlib.sha256).hexdigest()


def is_csrf_token(given: str | None, session_token: str) -> bool:
    """Say, in constant time, whether the header belongs to the session."""
    return given is not None and hmac.compare_digest(given.encode(), csrf_token(session_token).encode())


class Allowance(msgspec.Struct, frozen=True):
    """How often one caller may ask: `per_s` in the long run, `burst` at once."""

    per_s: float
    burst: int


class Bucket(msgspec.Struct):
    """How much of an allowance is left, and when that was true (seconds on any steady clock)."""

    tokens: float
    at_s: float


def take(bucket: Bucket, allowance: Allowance, now_s: float) -> int:
    """Take one token; return 0 when there was one, else the whole seconds until there is.

    >>> bucket, allowance = Bucket(tokens=1, at_s=0), Allowance(per_s=0.5, burst=1)
    >>> take(bucket, allowance, 0.0), take(bucket, allowance, 0.0), take(bucket, allowance, 2.0)
    (0, 2, 0)
    """
    refilled = bucket.tokens + max(0.0, now_s - bucket.at_s) * allowance.per_s
    bucket.tokens, bucket.at_s = min(float(allowance.burst), refilled), now_s
    if bucket.tokens >= 1.0:
        bucket.tokens -= 1.0
        return 0
    return max(1, math.ceil((1.0 - bucket.tokens) / allowance.per_s))


_SUBJECT_NAMES = ("name", "key", "title")


def subject_of(path_values: Mapping[str, object], answer: object) -> str | None:
    """Return what a change was made to: the path's values, else the answer's own `…_id` or name.

    >>> subject_of({"name": "home"}, None), subject_of({}, {"slot_id": "7", "name": "home"}), subject_of({}, [])
    ('home', '7', None)
    """
    if path_values:
        return "/".join(str(value) for value in path_values.values())
    if not isinstance(answer, dict):
        return None
    for name, value in answer.items():
        if name.endswith("_id") and isinstance(value, str):
            return value
    return next((str(answer[name]) for name in _SUBJECT_NAMES if name in answer), None)
