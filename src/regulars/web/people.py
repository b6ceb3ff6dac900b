"""Who may sign in, and who has: people, their sessions, and links that let somebody in once."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any  # Any: SQLAlchemy's Row

import msgspec
from sqlalchemy import Connection, Row

from regulars.kernel.clock import Clock, moment
from regulars.kernel.database import Database
from regulars.kernel.errors import ConflictError, ForbiddenError, NotFoundError, UnauthenticatedError
from regulars.kernel.ids import new_id
from regulars.kernel.sayings import Sentence, said
from regulars.web import core, store
from regulars.web.core import Language, NewPerson, Person, Seat
from regulars.web.passwords import hash_password, is_outdated, is_password

_DAY_US = timedelta(days=1) // timedelta(microseconds=1)
_SESSION_US = core.SESSION_DAYS * _DAY_US
_IDLE_US = core.SESSION_IDLE_DAYS * _DAY_US
_ROTATE_US = core.ROTATE_AFTER_HOURS * _DAY_US // 24
_GRACE_US = core.GRACE_S * 1_000_000
_SEEN_EVERY_US = 60_000_000  # a write a minute, not one for every request
_WRONG = said("wrong_password", "This address and password do not belong together.")


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """A person with a fresh session; the token is told once and kept only as a hash."""

    person: Person
    token: str
    expires_us: int


class LiveSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session that is still good."""

    person: Person
    started_us: int
    issued_us: int
    seen_us: int
    expires_us: int

    def is_due_to_rotate(self, now_us: int) -> bool:
        """Say whether the token has been in use long enough to get its successor."""
        return now_us - self.issued_us >= _ROTATE_US and self.expires_us - now_us > _GRACE_US


class People:
    """The people behind the counter."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def is_empty(self) -> bool:
        """Say whether nobody was let in yet: the shop is new."""
        with self._database.read() as connection:
            return _count(connection) == 0

    def set_up(self, *, token: str | None, shop_name: str, owner: NewPerson) -> SignedIn:
        """Let the first person in, as admin, by the link that `regulars serve` printed.

        Raises
        ------
        ConflictError
            When somebody was faster.
        ForbiddenError
            When the link's token is missing, wrong, used or old.

        """
        owner = msgspec.structs.replace(owner, role="admin")
        core.refuse(core.faults_of(owner) + _shop_faults(shop_name), "The shop cannot be set up like this.")
        with self._database.read() as connection:
            self._check_set_up(connection, token)
        password_hash = hash_password(owner.password)
        with self._database.write() as connection:
            self._check_set_up(connection, token)
            store.change(connection, store.REVOKE_LINKS, {"purpose": "setup"})
            store.change(connection, store.PUT_FACT, {"name": "shop_name", "fact": shop_name.strip()})
            person = self._add(connection, owner, password_hash)
            return self._begin(connection, person)

    def _check_set_up(self, connection: Connection, token: str | None) -> None:
        if _count(connection) > 0:
            raise ConflictError(
                said("setup_done", "This shop is set up already. Sign in, or ask an admin to let you in.")
            )
        if token is None or self._find_link(connection, token, "setup") is None:
            raise ForbiddenError(
                said(
                    "setup_link",
                    "Setting up needs the link that `regulars serve` prints when it starts. Open that link; "
                    "start the shop again for a new one.",
                )
            )

    def shop_name(self) -> str:
        """Return what the shop is called, empty before it is set up."""
        with self._database.read() as connection:
            row = store.first(connection, store.FIND_FACT, {"name": "shop_name"})
        return str(row.fact) if row else ""

    def name_shop(self, shop_name: str) -> None:
        """Change what the shop is called."""
        core.refuse(_shop_faults(shop_name), "The shop cannot be called that.")
        with self._database.write() as connection:
            store.change(connection, store.PUT_FACT, {"name": "shop_name", "fact": shop_name.strip()})

    def invite(self, purpose: str, *, person_id: str | None = None, hours: float = 24, uses: int = 1) -> str:
        """Return the token of a link: `setup` lets the first admin in, `enter` signs a person in."""
        now_us, token = self._clock.now_us(), secrets.token_urlsafe(24)
        with self._database.write() as connection:
            store.change(connection, store.FORGET_LINKS, {"now_us": now_us})
            if purpose == "setup":
                store.change(connection, store.REVOKE_LINKS, {"purpose": purpose})
            link = {"token_hash": core.digest(token), "purpose": purpose, "person_id": person_id, "uses": uses}
            expires_us = now_us + int(hours * _DAY_US / 24)
            store.change(connection, store.ADD_LINK, {**link, "now_us": now_us, "expires_us": expires_us})
        return token

    def _find_link(self, connection: Connection, token: str, purpose: str) -> Row[Any] | None:
        values = {"token_hash": core.digest(token), "purpose": purpose, "now_us": self._clock.now_us()}
        return store.first(connection, store.FIND_LINK, values)

    def enter(self, token: str) -> SignedIn:
        """Sign a person in by a link that was made for them.

        Raises
        ------
        UnauthenticatedError
            When the link is wrong, used up or old.

        """
        with self._database.write() as connection:
            link = self._find_link(connection, token, "enter")
            person = self._find(connection, link.person_id) if link and link.person_id else None
            if person is None:
                raise UnauthenticatedError(
                    said("link_used", "This link is used up or too old. Sign in with your password instead.")
                )
            store.change(connection, store.USE_LINK, {"token_hash": core.digest(token)})
            return self._begin(connection, person)

    def sign_in(self, *, email: str, password: str, replaces: str | None = None) -> SignedIn:
        """Begin a session; the one it replaces, if any, ends.

        Raises
        ------
        UnauthenticatedError
            When address and password do not belong together; it does not say which of the two is wrong.

        """
        with self._database.read() as connection:
            row = store.first(connection, store.FIND_BY_EMAIL, {"email_key": core.email_key(email)})
        fits = is_password(password[: core.PASSWORD_LENGTH_MAX + 1], row.password_hash if row else None)
        if row is None or not fits:
            raise UnauthenticatedError(_WRONG)
        renewed = hash_password(password) if is_outdated(row.password_hash) else row.password_hash
        with self._database.write() as connection:
            if replaces:
                store.change(connection, store.END_SESSION, {"token_hash": core.digest(replaces)})
            person = self._find(connection, row.person_id)
            if person is None:
                raise UnauthenticatedError(_WRONG)
            if renewed != row.password_hash:
                store.change(connection, store.CHANGE_PERSON, _changed(person, renewed))
            return self._begin(connection, person)

    def _begin(self, connection: Connection, person: Person) -> SignedIn:
        now_us, token = self._clock.now_us(), secrets.token_urlsafe(32)
        store.change(connection, store.FORGET_SESSIONS, {"now_us": now_us, "idle_us": now_us - _IDLE_US})
        self._add_session(connection, token, person, created_us=now_us, expires_us=now_us + _SESSION_US)
        store.change(connection, store.PERSON_SEEN, {"now_us": now_us, "person_id": person.person_id})
        seen = msgspec.structs.replace(person, last_seen_at=moment(now_us))
        return SignedIn(person=seen, token=token, expires_us=now_us + _SESSION_US)

    def _add_session(
        self, connection: Connection, token: str, person: Person, *, created_us: int, expires_us: int
    ) -> None:
        session = {"token_hash": core.digest(token), "person_id": person.person_id, "created_us": created_us}
        values = {**session, "now_us": self._clock.now_us(), "expires_us": expires_us}
        store.change(connection, store.ADD_SESSION, values)

    def session(self, token: str) -> LiveSession | None:
        """Return the session of a token while it is good, and note at most once a minute that it was used."""
        now_us, key = self._clock.now_us(), {"token_hash": core.digest(token)}
        with self._database.read() as connection:
            row = store.first(connection, store.FIND_SESSION, key)
        if row is None or row.expires_us <= now_us or row.seen_us <= now_us - _IDLE_US:
            return None
        if now_us - row.seen_us >= _SEEN_EVERY_US:
            with self._database.write() as connection:
                store.change(connection, store.SESSION_SEEN, {**key, "now_us": now_us})
                store.change(connection, store.PERSON_SEEN, {"now_us": now_us, "person_id": row.person_id})
        return LiveSession(
            person=_person(row),
            started_us=row.started_us,
            issued_us=row.issued_us,
            seen_us=row.seen_us,
            expires_us=row.expires_us,
        )

    def rotate(self, token: str, session: LiveSession) -> SignedIn:
        """Give a session its next token; the present one stays good for a minute, for requests on their way."""
        following = secrets.token_urlsafe(32)
        end = {"token_hash": core.digest(token), "expires_us": self._clock.now_us() + _GRACE_US}
        with self._database.write() as connection:
            store.change(connection, store.END_SESSION_BY, end)
            self._add_session(
                connection,
                following,
                session.person,
                created_us=session.started_us,
                expires_us=session.expires_us,
            )
        return SignedIn(person=session.person, token=following, expires_us=session.expires_us)

    def sign_out(self, token: str) -> None:
        """End a session; nothing happens when it has ended already."""
        with self._database.write() as connection:
            store.change(connection, store.END_SESSION, {"token_hash": core.digest(token)})

    def list_people(self) -> list[Person]:
        """Return everybody, in the order they came."""
        with self._database.read() as connection:
            return [_person(row) for row in store.rows(connection, store.LIST_PEOPLE)]

    def get(self, person_id: str) -> Person:
        """Return one person.

        Raises
        ------
        NotFoundError
            When nobody has this id.

        """
        with self._database.read() as connection:
            return self._known(connection, person_id)

    def add(self, person: NewPerson) -> Person:
        """Let somebody in.

        Raises
        ------
        ConflictError
            When the address belongs to somebody already.

        """
        core.refuse(core.faults_of(person), "This person cannot be let in like this.")
        password_hash = hash_password(person.password)
        with self._database.write() as connection:
            return self._add(connection, person, password_hash)

    def _add(self, connection: Connection, person: NewPerson, password_hash: str) -> Person:
        now_us = self._clock.now_us()
        values = {
            "person_id": new_id(now_us),
            "name": person.name.strip(),
            "email": person.email.strip(),
            "email_key": core.email_key(person.email),
            "password_hash": password_hash,
            "role": person.role,
            "language": person.language,
            "now_us": now_us,
        }
        if store.change(connection, store.ADD_PERSON, values) == 0:
            raise ConflictError(
                said("person_here", "Somebody with this address is here already. Change their role instead.")
            )
        return self._known(connection, str(values["person_id"]))

    def check_password(self, person_id: str, password: str) -> None:
        """Make sure that it is really this person who asks.

        Raises
        ------
        ForbiddenError
            When the password is not theirs.

        """
        with self._database.read() as connection:
            row = store.first(connection, store.FIND_PASSWORD, {"person_id": person_id})
        if not is_password(password, row.password_hash if row else None):
            raise ForbiddenError(
                said("password_not_right", "The present password is not right. Send it as `current_password`.")
            )

    def change(
        self,
        person_id: str,
        *,
        name: str | None = None,
        role: Seat | None = None,
        language: Language | None = None,
        password: str | None = None,
        keeping: str | None = None,
    ) -> Person:
        """Change what is given. A new role or password ends the person's sessions, but for the one `keeping` names.

        Raises
        ------
        ConflictError
            When the last admin would be an admin no longer.

        """
        with self._database.read() as connection:
            before = self._known(connection, person_id)
        after = msgspec.structs.replace(
            before, name=name or before.name, role=role or before.role, language=language or before.language
        )
        core.refuse(_change_faults(after, password), "This person cannot be changed like this.")
        fresh_hash = hash_password(password) if password else None
        with self._database.write() as connection:
            if before.role == "admin" and after.role != "admin":
                self._keep_an_admin(connection, person_id)
            row = store.first(connection, store.FIND_PASSWORD, {"person_id": person_id})
            if row is None:
                raise _nobody()
            store.change(connection, store.CHANGE_PERSON, _changed(after, fresh_hash or row.password_hash))
            if fresh_hash or after.role != before.role:
                kept = {"person_id": person_id, "except_hash": core.digest(keeping) if keeping else ""}
                store.change(connection, store.END_SESSIONS_OF, kept)
            return self._known(connection, person_id)

    def remove(self, person_id: str) -> Person:
        """Let somebody go; their sessions end at once.

        Raises
        ------
        ConflictError
            When the last admin would go.

        """
        with self._database.write() as connection:
            person = self._known(connection, person_id)
            if person.role == "admin":
                self._keep_an_admin(connection, person_id)
            store.change(connection, store.END_SESSIONS_OF, {"person_id": person_id, "except_hash": ""})
            store.change(connection, store.REMOVE_PERSON, {"person_id": person_id})
        return person

    def _keep_an_admin(self, connection: Connection, person_id: str) -> None:
        row = store.first(connection, store.COUNT_OTHER_ADMINS, {"person_id": person_id})
        if row is None or row[0] == 0:
            raise ConflictError(said("last_admin", "This is the last admin. Make somebody else an admin first."))

    def _known(self, connection: Connection, person_id: str) -> Person:
        person = self._find(connection, person_id)
        if person is None:
            raise _nobody()
        return person

    def _find(self, connection: Connection, person_id: str) -> Person | None:
        row = store.first(connection, store.FIND_PERSON, {"person_id": person_id})
        return _person(row) if row else None


def _nobody() -> NotFoundError:
    return NotFoundError(said("no_person", "Nobody here has this person id."))


def _count(connection: Connection) -> int:
    row = store.first(connection, store.COUNT_PEOPLE)
    return int(row[0]) if row else 0


def _person(row: Row[Any]) -> Person:
    return Person(
        person_id=row.person_id,
        name=row.name,
        email=row.email,
        role=row.role,
        language=row.language,
        created_at=moment(row.created_us),
        last_seen_at=moment(row.last_seen_us) if row.last_seen_us is not None else None,
    )


def _changed(person: Person, password_hash: str) -> dict[str, str]:
    return {
        "person_id": person.person_id,
        "name": person.name.strip(),
        "role": person.role,
        "language": person.language,
        "password_hash": password_hash,
    }


def _change_faults(person: Person, password: str | None) -> list[Sentence]:
    problems: list[Sentence] = []
    if not 1 <= len(person.name.strip()) <= core.NAME_LENGTH_MAX:
        problems.append(said("person_name", "A name must have 1 to {most} characters.", most=core.NAME_LENGTH_MAX))
    if password is not None:
        problems += core.password_faults(password, name=person.name, email=person.email)
    return problems


def _shop_faults(shop_name: str) -> list[Sentence]:
    if 1 <= len(shop_name.strip()) <= core.NAME_LENGTH_MAX:
        return []
    return [said("shop_name", "A shop's name must have 1 to {most} characters.", most=core.NAME_LENGTH_MAX)]
