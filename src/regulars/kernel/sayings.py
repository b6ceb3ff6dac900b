"""What the shop says to a person: an English sentence, and beside it what is needed to say it in another language.

A code is for ever, as the reasons of events are: the console has its words for each, and takes the English sentence
for one that it does not know. Values are what a person may see anyway; never a customer's data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

Value = str | int | float


@dataclass(frozen=True, slots=True)  # no struct: errors are at hand before anything heavy is imported
class Saying:
    """Which sentence it is, and with which values."""

    code: str
    params: dict[str, Value] = field(default_factory=dict)


class Said(NamedTuple):
    """A sentence in English, and which one it is."""

    text: str
    saying: Saying


Sentence = str | Said  # what has no code yet, or comes from a package of somebody else, is a plain text


def said(code: str, english: str, /, **values: Value) -> Said:
    """Return a sentence with its code.

    `english` has the values by their names, as `str.format` does. A code has one sentence: a test reads both from the
    source, so they stand there as texts.

    >>> said("no_host", "There is no host named {host!r}.", host="x")
    Said(text="There is no host named 'x'.", saying=Saying(code='no_host', params={'host': 'x'}))
    """
    return Said(english.format(**values), Saying(code, values))


def text_of(sentence: Sentence) -> str:
    """Return a sentence in English."""
    return sentence.text if isinstance(sentence, Said) else sentence


def saying_of(sentence: Sentence) -> Saying | None:
    """Return which sentence it is; None for one without a code."""
    return sentence.saying if isinstance(sentence, Said) else None


def listed(words: Sequence[object]) -> str:
    """Return words as a list that reads the same in every language."""
    return ", ".join(str(word) for word in words)


def written(said_or: Sentence | Saying | None) -> str:
    """Return a saying as it is kept beside its English sentence; an empty text when there is none."""
    import msgspec

    saying = said_or if said_or is None or isinstance(said_or, Saying) else saying_of(said_or)
    return "" if saying is None else msgspec.json.encode(saying).decode()


def read(kept: str) -> Saying | None:
    """Return a saying as it was kept.

    >>> read(written(said("no_host", "There is no host named {host!r}.", host="x")))
    Saying(code='no_host', params={'host': 'x'})
    >>> read(written("Something else.")) is None
    True
    """
    import msgspec

    return msgspec.json.decode(kept, type=Saying) if kept else None
