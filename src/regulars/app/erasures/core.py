"""How is somebody remembered as forgotten? By salted hashes of their identifiers: enough to know them again. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

import msgspec

CUSTOMER = "customer"


class Erasure(msgspec.Struct, frozen=True, kw_only=True):
    """One customer who was forgotten at a moment.

    `hashes` are those of their identifiers (`kind:value`) and of our own ids of them (`customer:id`) under `salt`,
    which is the shop's own. `rewritten` are the records of the log that were rewritten for it, by partition. It
    `is_over` once log, history and tables hold nothing of them.
    """

    erasure_id: str
    at_us: int
    salt: str
    hashes: list[str]
    rewritten: dict[str, list[int]] = {}
    is_over: bool = False


def hash_of(identifier: str, salt: str) -> str:
    """Return what an identifier is remembered by.

    >>> hash_of("user_id:ann", "s") == hash_of("user_id:ann", "s") != hash_of("user_id:ann", "t")
    True
    """
    return hashlib.blake2b(
        identifier.encode("utf-8", "surrogatepass"), key=salt.encode()[:64], digest_size=16
    ).hexdigest()


def matches(erasures: Iterable[Erasure], known: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield the (identifier, customer id) pairs that belong to somebody who was forgotten.

    >>> hashes = [hash_of("user_id:ann", "s"), hash_of("customer:c9", "s")]
    >>> gone = Erasure(erasure_id="1", at_us=0, salt="s", hashes=hashes)
    >>> list(matches([gone], [("user_id:ann", "c1"), ("user_id:bob", "c2"), ("email:x", "c9")]))
    [('user_id:ann', 'c1'), ('email:x', 'c9')]
    """
    hashes: dict[str, set[str]] = {}
    for one in erasures:
        hashes.setdefault(one.salt, set()).update(one.hashes)
    for identifier, customer in known:
        for salt, among in hashes.items():
            if hash_of(identifier, salt) in among or hash_of(f"{CUSTOMER}:{customer}", salt) in among:
                yield identifier, customer
                break
