"""Which servers may speak to us: secret keys, told once, kept as hashes."""

from __future__ import annotations

import secrets
from typing import Any  # Any: SQLAlchemy's Row

from sqlalchemy import Row

from regulars.kernel.clock import Clock, microseconds, moment
from regulars.kernel.database import Database
from regulars.kernel.errors import InvalidError, NotFoundError
from regulars.kernel.ids import new_id
from regulars.kernel.sayings import said
from regulars.web import core, store
from regulars.web.core import Seat, SecretKey

_USED_EVERY_US = 60_000_000  # a write a minute, not one for every request
_SHOWN = len(core.KEY_PREFIX) + 6


class Keys:
    """The secret keys."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def list_keys(self) -> list[SecretKey]:
        """Return every key, without its secret, in the order they were made."""
        with self._database.read() as connection:
            return [_key(row) for row in store.rows(connection, store.LIST_KEYS)]

    def make(self, *, name: str, role: Seat, created_by: str) -> tuple[SecretKey, str]:
        """Return a new key and its secret, which nobody can show again."""
        if not 1 <= len(name.strip()) <= core.NAME_LENGTH_MAX:
            raise InvalidError(
                said("key_name", "A key's name must have 1 to {most} characters.", most=core.NAME_LENGTH_MAX)
            )
        now_us, secret = self._clock.now_us(), core.KEY_PREFIX + secrets.token_urlsafe(32)
        values = {
            "key_id": new_id(now_us),
            "name": name.strip(),
            "role": role,
            "prefix": secret[:_SHOWN],
            "token_hash": core.digest(secret),
            "now_us": now_us,
            "created_by": created_by,
        }
        with self._database.write() as connection:
            store.change(connection, store.ADD_KEY, values)
            row = store.first(connection, store.FIND_KEY, values)
        assert row is not None, "the key was added in this very transaction"
        return _key(row), secret

    def find(self, secret: str) -> SecretKey | None:
        """Return whose secret this is."""
        with self._database.read() as connection:
            row = store.first(connection, store.FIND_KEY, {"token_hash": core.digest(secret)})
        return None if row is None else _key(row)

    def is_use_news(self, key: SecretKey) -> bool:
        """Return whether it is a minute or more since it was noted that a key is in use."""
        return key.last_used_at is None or self._clock.now_us() - microseconds(key.last_used_at) >= _USED_EVERY_US

    def note_use(self, key_id: str) -> None:
        """Note that a key is in use now."""
        with self._database.write() as connection:
            store.change(connection, store.KEY_USED, {"key_id": key_id, "now_us": self._clock.now_us()})

    def remove(self, key_id: str) -> None:
        """Make a key worthless.

        Raises
        ------
        NotFoundError
            When no key has this id.

        """
        with self._database.write() as connection:
            if store.change(connection, store.REMOVE_KEY, {"key_id": key_id}) == 0:
                raise NotFoundError(said("no_key_id", "No secret key has this id."))


def _key(row: Row[Any]) -> SecretKey:
    return SecretKey(
        key_id=row.key_id,
        name=row.name,
        role=row.role,
        prefix=row.prefix,
        created_at=moment(row.created_us),
        created_by=row.created_by,
        last_used_at=moment(row.last_used_us) if row.last_used_us is not None else None,
    )
