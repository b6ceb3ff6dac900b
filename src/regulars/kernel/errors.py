"""What can go wrong, as one family.

    RegularsError
    ├── InvalidError            400  what was sent cannot be used as it is
    │   ├── ShapeError               it has not the shape that was promised
    │   ├── SettingsError            settings that contradict or are unknown
    │   └── OutboundRefusedError     an address that the shop does not call
    ├── UnauthenticatedError    401  we do not know who is asking
    ├── ForbiddenError          403  we know, and the answer is no
    ├── NotFoundError           404  there is no such thing
    ├── ConflictError           409  it exists already, or has changed meanwhile
    ├── TooLargeError           413  more than the stated limit
    ├── TooManyError            429  too often; `retry_after_s` says when to come back
    ├── UnavailableError        503  a part we need is away; `retry_after_s` says when to come back
    │   ├── DiskFullError            nothing more can be made durable
    │   ├── OutboundError            an address of others does not answer
    │   ├── SealedError              a secret is there, and its key is not
    │   └── DatabaseError            the state database does not answer
    │       └── DatabaseBusyError    somebody else is changing it just now
    ├── NotInstalledError       501  an extra is missing; the message says how to install it
    ├── NewerShopError          500  this shop was written by a newer version
    └── PluginError             500  an installed package offers a part that cannot be used

A message is a sentence for the person who must act. It never carries the customer's data.
The web turns each into a problem document (RFC 9457) by its `status`, `kind` and `title`. What a person meets while
working in the console is `said(…)` with a code, so that it can be told in their language.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from regulars.kernel.sayings import Said, Saying, Sentence, saying_of, text_of


class RegularsError(Exception):
    """The root of the family. `status` is the HTTP status, `kind` the last part of the problem's type."""

    status = 500
    kind = "error"
    title = "Something went wrong"

    def __init__(self, message: Sentence = "") -> None:
        super().__init__(text_of(message))
        self.saying: Saying | None = saying_of(message)

    @property
    def sentence(self) -> Sentence:
        """What it says, with its code where it has one."""
        return str(self) if self.saying is None else Said(str(self), self.saying)


class InvalidError(RegularsError):
    """What was sent cannot be used as it is. `problems` lists every single fault, each a sentence."""

    status = 400
    kind = "invalid"
    title = "That cannot be used as it is"

    def __init__(self, message: Sentence, *, problems: Sequence[Sentence] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(text_of(one) for one in problems)
        self.problem_sayings = tuple(saying_of(one) for one in problems)


class ShapeError(InvalidError):
    """A value has not the shape that was promised."""

    kind = "shape"


class SettingsError(InvalidError):
    """Settings that are unknown, of the wrong type, or contradict each other."""

    kind = "settings"


class OutboundRefusedError(InvalidError):
    """An address that the shop does not call: it is not public, or readable on the way."""

    kind = "outbound-refused"


class UnauthenticatedError(RegularsError):
    """We do not know who is asking."""

    status = 401
    kind = "unauthenticated"
    title = "Who is asking?"


class ForbiddenError(RegularsError):
    """We know who is asking, and the answer is no."""

    status = 403
    kind = "forbidden"
    title = "Not allowed"


class NotFoundError(RegularsError):
    """There is no such thing."""

    status = 404
    kind = "not-found"
    title = "Not found"


class ConflictError(RegularsError):
    """It exists already, or has changed meanwhile."""

    status = 409
    kind = "conflict"
    title = "That clashes with what is there"


class TooLargeError(RegularsError):
    """More than the stated limit."""

    status = 413
    kind = "too-large"
    title = "Too large"


class TooManyError(RegularsError):
    """Too often. `retry_after_s` says when to come back."""

    status = 429
    kind = "too-many"
    title = "Too many requests"

    def __init__(self, message: Sentence, *, retry_after_s: int = 1) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class UnavailableError(RegularsError):
    """A part we need is away. `retry_after_s` says when to come back."""

    status = 503
    kind = "unavailable"
    title = "Not available right now"

    def __init__(self, message: Sentence, *, retry_after_s: int = 5) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class DiskFullError(UnavailableError):
    """Nothing more can be made durable."""

    kind = "disk-full"


class OutboundError(UnavailableError):
    """An address of others does not answer, or not in time."""

    kind = "outbound"


class DatabaseError(UnavailableError):
    """The state database does not answer."""

    kind = "database"


class DatabaseBusyError(DatabaseError):
    """Somebody else is changing the same thing just now; the whole change may be tried again."""

    kind = "database-busy"

    def __init__(self, message: Sentence, *, retry_after_s: int = 1) -> None:
        super().__init__(message, retry_after_s=retry_after_s)


class NotInstalledError(RegularsError):
    """An optional part is missing; the message says how to install it."""

    status = 501
    kind = "not-installed"
    title = "Not installed"


class NewerShopError(RegularsError):
    """This shop was written by a newer version of Regulars."""

    kind = "newer-shop"
    title = "This shop is newer than this program"


class PluginError(RegularsError):
    """An installed package offers a part that cannot be used; the message names the package."""

    kind = "plugin"
    title = "An installed package cannot be used"


def nearest(name: str, known: Sequence[str]) -> str:
    """Return ` Nearest: 'x'.` for the closest known name, or an empty string: the tail of a message.

    >>> nearest("colour", ["color", "size"])
    " Nearest: 'color'."
    >>> nearest("zzz", ["color"])
    ''
    """
    found = get_close_matches(name, known, n=1, cutoff=0.5)
    return f" Nearest: {found[0]!r}." if found else ""
