"""What each kind of problem means: the address in a problem document's `type` answers."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import msgspec
from litestar import Controller, get

from regulars.kernel.errors import NotFoundError, RegularsError
from regulars.kernel.http import Role, needs


class ProblemKind(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of problem."""

    kind: str
    title: str
    status: int
    meaning: str


def _family(root: type[RegularsError]) -> Iterator[type[RegularsError]]:
    yield root
    for child in root.__subclasses__():
        yield from _family(child)


class ProblemsController(Controller):
    """The kinds of problems."""

    path = "/problems"
    tags = ("Problems",)

    @get("/{kind:str}", operation_id="getProblemKind", summary="What does this problem mean?", opt=needs(Role.ANYONE))
    async def get_problem_kind(self, kind: str) -> ProblemKind:
        """Return the meaning of a problem document's `type`."""
        for error in _family(RegularsError):
            if error.kind == kind:
                meaning = (inspect.getdoc(error) or "").partition("\n\n")[0]
                return ProblemKind(kind=kind, title=error.title, status=error.status, meaning=meaning)
        raise NotFoundError(f"No kind of problem is named {kind!r}.")
