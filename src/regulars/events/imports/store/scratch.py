"""What one walk through a file remembers, in a private file on disk that vanishes with it: memory stays flat.

Which orders' lines stand apart? Which phone do several people share? Who are the people of this file?
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from types import TracebackType
from typing import Self

import msgspec

from regulars.kernel.errors import DiskFullError
from regulars.kernel.sayings import said

_SCRATCH = ""  # SQLite's name for a private file on disk that vanishes when it is closed
_TABLES = (
    "CREATE TABLE orders (order_id TEXT PRIMARY KEY, lines INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE ties (weak TEXT, kind TEXT, strong TEXT, PRIMARY KEY (weak, kind, strong)) WITHOUT ROWID",
    "CREATE TABLE shared (weak TEXT PRIMARY KEY) WITHOUT ROWID",
    "CREATE TABLE people (surest TEXT PRIMARY KEY, others BLOB NOT NULL) WITHOUT ROWID",
    "CREATE TABLE numbers (name TEXT, number TEXT, at_us INT, met INT, PRIMARY KEY (name, number)) WITHOUT ROWID",
    "CREATE TABLE messages (half INTEGER, other INTEGER, PRIMARY KEY (half, other)) WITHOUT ROWID",
)
_ADD_ORDER = "INSERT INTO orders (order_id, lines) VALUES (?, ?) ON CONFLICT (order_id) DO NOTHING"
_GROW_ORDER = "UPDATE orders SET lines = lines + ? WHERE order_id = ?"
# How many lines has this order?
_LINES = "SELECT lines FROM orders WHERE order_id = ?"
_ADD_TIE = "INSERT INTO ties (weak, kind, strong) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
# Which phones and addresses go with two different cards, user ids or addresses?
_FIND_SHARED = "INSERT INTO shared SELECT DISTINCT weak FROM ties GROUP BY weak, kind HAVING COUNT(*) > 1"
_IS_SHARED = "SELECT 1 FROM shared WHERE weak = ?"
# How many are shared, by the first letters of their kind?
_COUNT_SHARED = "SELECT substr(weak, 1, instr(weak, ':') - 1), COUNT(*) FROM shared GROUP BY 1"
_ADD_PERSON = """INSERT INTO people (surest, others) VALUES (?, ?) ON CONFLICT (surest) DO NOTHING"""
_PEOPLE = "SELECT surest, others FROM people ORDER BY surest"
_ADD_MESSAGE = "INSERT INTO messages (half, other) VALUES (?, ?) ON CONFLICT DO NOTHING"
# Which of these messages stood in the file before?
_AMONG_MESSAGES = "SELECT half, other FROM messages WHERE half IN (SELECT value FROM json_each(?))"
_ADD_NUMBER = "INSERT INTO numbers (name, number, at_us, met) VALUES (?, ?, ?, 0) ON CONFLICT DO NOTHING"
_MEET = "UPDATE numbers SET met = 1 WHERE name = ? AND number = ? AND ABS(at_us - ?) <= ?"
# Of which names are there orders, and between when did they happen?
_NUMBERED = "SELECT name, MIN(at_us), MAX(at_us) FROM numbers GROUP BY name"
_COUNT_MET = "SELECT COUNT(*) FROM numbers WHERE met = 1"
_REMEMBERED = 20_000
_KNOWN_CHARACTERS_MAX = 600

Key = tuple[str, str]


class Scratch:
    """The memory of one walk. Every method may be called for every row.

    >>> with Scratch() as scratch:
    ...     scratch.tie(("phone", "+886912345678"), [("card", "1")])
    ...     scratch.tie(("phone", "+886912345678"), [("card", "2")])
    ...     scratch.settle()
    ...     scratch.is_shared("phone", "+886912345678"), scratch.count_shared()
    (True, {'phone': 1})
    """

    def __enter__(self) -> Self:
        """Open the file."""
        self._file = sqlite3.connect(_SCRATCH, isolation_level=None, check_same_thread=False)
        for statement in ("PRAGMA journal_mode=OFF", "PRAGMA cache_size=-8192", *_TABLES, "BEGIN"):
            self._file.execute(statement)
        self._order: tuple[str, int] = ("", 0)
        self._known: set[str] = set()
        self._shared: dict[str, bool] = {}
        self.has_scattered_orders = False
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let the file go."""
        self._file.close()

    def note_line(self, order_id: str) -> None:
        """Count a line of an order; lines of one order that stand apart are noticed."""
        if order_id == self._order[0]:
            self._order = (order_id, self._order[1] + 1)
            return
        self._close_order()
        self._order = (order_id, 1)

    def _close_order(self) -> None:
        order_id, lines = self._order
        if not order_id or self._do(_ADD_ORDER, (order_id, lines)).rowcount:
            return
        self.has_scattered_orders = True
        self._do(_GROW_ORDER, (lines, order_id))

    def lines_of(self, order_id: str) -> int:
        """Return how many lines an order has in the whole file."""
        found = self._do(_LINES, (order_id,)).fetchone()
        return int(found[0]) if found else 0

    def tie(self, weak: Key, strong: Iterable[Key]) -> None:
        """Note what stands beside an e-mail address or a phone."""
        for kind, value in strong:
            key = f"{weak[0]}:{weak[1]}"
            whole = f"{key}\x00{kind}\x00{value}"
            if whole not in self._known:
                self._remember(whole)
                self._do(_ADD_TIE, (key, kind, value))

    def note_person(self, keys: Sequence[Key]) -> None:
        """Note a person of the file by all that names them."""
        surest = ":".join(keys[0])
        others = msgspec.msgpack.encode(keys[1:])
        whole = f"{surest}\x00{others!r}"[:_KNOWN_CHARACTERS_MAX]
        if whole not in self._known:
            self._remember(whole)
            self._do(_ADD_PERSON, (surest, others))

    def seen_before(self, keys: Iterable[tuple[int, int]]) -> list[bool]:
        """Return for each message whether this file had it before, and remember it."""
        wanted = list(keys)
        asked = msgspec.json.encode([half for half, _ in wanted]).decode()
        known = set(self._do(_AMONG_MESSAGES, (asked,)))
        again: list[bool] = []
        for key in wanted:
            again.append(key in known)
            known.add(key)
        self._file.executemany(_ADD_MESSAGE, wanted)
        return again

    def note_order(self, name: str, number: str, at_us: int) -> None:
        """Note an order that an event of the file tells."""
        self._do(_ADD_NUMBER, (name, number, at_us))

    def orders(self) -> list[tuple[str, int, int]]:
        """Return of which names there are orders, and between when those happened."""
        return [(str(name), int(first), int(last)) for name, first, last in self._do(_NUMBERED, ())]

    def meet(self, orders: Iterable[tuple[str, str, int]], *, within_us: int) -> None:
        """Note orders that came another way: by name, number and moment."""
        self._file.executemany(_MEET, [(*order, within_us) for order in orders])

    def count_met(self) -> int:
        """Return how many orders of the file came another way too."""
        return int(self._do(_COUNT_MET, ()).fetchone()[0])

    def settle(self) -> None:
        """Be done with a first walk: what is shared, and how many lines each order has, can be asked from now on."""
        self._close_order()
        self._order = ("", 0)
        self._known.clear()
        self._do(_FIND_SHARED, ())

    def is_shared(self, kind: str, value: str) -> bool:
        """Return whether several people of the file have this."""
        key = f"{kind}:{value}"
        found = self._shared.get(key)
        if found is None:
            if len(self._shared) >= _REMEMBERED:
                self._shared.clear()
            found = self._shared[key] = self._do(_IS_SHARED, (key,)).fetchone() is not None
        return found

    def count_shared(self) -> dict[str, int]:
        """Return how many addresses and phones are shared, by kind."""
        return {str(kind): int(count) for kind, count in self._do(_COUNT_SHARED, ())}

    def people(self) -> Iterator[list[Key]]:
        """Walk the people of the file, each with all that names them, the surest first."""
        for surest, others in self._do(_PEOPLE, ()):
            kind, _, value = surest.partition(":")
            yield [(kind, value), *msgspec.msgpack.decode(others, type=list[tuple[str, str]])]

    def _remember(self, whole: str) -> None:
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known.add(whole)

    def _do(self, statement: str, values: tuple[object, ...]) -> sqlite3.Cursor:
        try:
            return self._file.execute(statement, values)
        except sqlite3.OperationalError as error:
            raise DiskFullError(
                said("import_scratch", "The scratch file of an import cannot be written: {why}.", why=str(error))
            ) from error
