"""What do we call a customer? By name where we know it; a stranger gets a friendly pseudonym that never changes."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping
from typing import Any  # Any: traits are whatever the customer's shop sent

NAME_CHARACTERS_MAX = 100
WORDS_MAX = 12

_HOW = tuple(
    """
    Amber Bold Brave Bright Brisk Calm Candid Clever Coral Cosy Curious Daring Eager Early Fond Gentle
    Glad Golden Happy Honest Humble Indigo Jolly Keen Kind Lively Lucky Mellow Merry Mild Misty Modest
    Neat Nimble Noble Olive Patient Plucky Polite Proud Quick Quiet Rapid Ready Rosy Rusty Sandy Shy
    Silver Smart Snug Spry Steady Sunny Swift Tidy Tiny Velvet Violet Warm Wise Witty Young Zesty
    """.split()  # noqa: SIM905 (words are easier to read than quotes)
)
_WHO = tuple(
    """
    Badger Beaver Bison Bunting Cat Crane Cricket Curlew Deer Dolphin Dormouse Dove Duck Eagle Egret Elk
    Falcon Ferret Finch Fox Gecko Goose Grouse Hare Hedgehog Heron Ibis Jay Kestrel Kingfisher Koala
    Lark Lemur Linnet Lynx Magpie Marten Mole Moose Newt Nightjar Ocelot Osprey Otter Owl Panda Pelican
    Pika Plover Puffin Quail Rabbit Raven Robin Seal Shrew Sparrow Stoat Swan Tapir Tern Thrush Turtle
    Vole
    """.split()  # noqa: SIM905 (words are easier to read than quotes)
)


def pseudonym(customer_id: str) -> str:
    """Return what we call a stranger: always the same for one customer, seldom the same for two.

    >>> pseudonym("018bcfe5-6800-7aaa-8aaa-aaaaaaaaaaaa")
    'Sunny Moose 17'
    """
    digest = hashlib.blake2b(customer_id.encode(), digest_size=3).digest()
    return f"{_HOW[digest[0] % len(_HOW)]} {_WHO[digest[1] % len(_WHO)]} {digest[2] % 100:02}"


def name_in(traits: Mapping[str, Any]) -> str | None:  # Any: values of traits
    """Return a customer's own name, None where no trait tells it.

    >>> name_in({"firstName": "Ann", "lastName": "Lee"}), name_in({"plan": "pro"})
    ('Ann Lee', None)
    """
    for key in ("name", "fullName", "full_name", "displayName", "display_name"):
        if found := _text(traits.get(key)):
            return found
    parts = [
        _text(traits.get("firstName")) or _text(traits.get("first_name")),
        _text(traits.get("lastName")) or _text(traits.get("last_name")),
    ]
    return " ".join(filter(None, parts)) or _text(traits.get("username")) or _text(traits.get("email")) or None


def words_of(name: str) -> list[str]:
    """Return what a name is found by: itself, and from each later word on; in scripts without blanks, each character.

    >>> words_of("Ann  Lee-Park"), words_of("王小明")
    (['ann lee-park', 'lee-park', 'park'], ['王小明', '小明', '明'])
    """
    whole = folded(name)
    starts = [0]
    for index in range(1, len(whole)):
        letter, before = whole[index], whole[index - 1]
        if letter.isalnum() and (not before.isalnum() or (_stands_alone(letter) and _stands_alone(before))):
            starts.append(index)
    return list(dict.fromkeys(whole[start:] for start in starts[:WORDS_MAX]))


def folded(text: str) -> str:
    """Return a text as it is searched: width, case and outer blanks do not matter."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _stands_alone(letter: str) -> bool:
    return "\u2e80" <= letter <= "\ud7ff" or letter >= "\U00020000"


def _text(value: object) -> str:
    return " ".join(value.split())[:NAME_CHARACTERS_MAX] if isinstance(value, str) else ""
