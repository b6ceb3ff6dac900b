"""Small expressions over events and members, in JMESPath: they read, choose and rearrange, and can do nothing else."""

from __future__ import annotations

from functools import lru_cache
from typing import Any  # Any: JSON in, JSON out

import jmespath
from jmespath.exceptions import JMESPathError, JMESPathTypeError, ParseError
from jmespath.parser import ParsedResult

from regulars.kernel.errors import InvalidError
from regulars.kernel.sayings import Said, Sentence, listed, said


def compiled(expression: str, what: str) -> ParsedResult:
    """Return an expression ready for use.

    Raises
    ------
    InvalidError
        When it cannot be read; `what` names it in the sentence.

    >>> compiled("data.properties.total > `100`", "The condition").search({"data": {"properties": {"total": 120}}})
    True
    """
    try:
        return _parsed(expression)
    except ParseError as error:
        raise InvalidError(_unread(what, getattr(error, "lex_position", None), expression)) from None
    except JMESPathError as error:
        raise InvalidError(f"{what} is no JMESPath: {error}. See https://jmespath.org.") from None


def _unread(what: str, position: object, expression: str) -> Sentence:
    if not isinstance(position, int):
        return f"{what} is no JMESPath: {expression!r}. See https://jmespath.org."
    place = position + 1
    told = {
        "The condition": said(
            "condition_unread",
            "The condition is no JMESPath at character {place}: {expression!r}. See https://jmespath.org.",
            place=place,
            expression=expression,
        ),
        "The template": said(
            "template_unread",
            "The template is no JMESPath at character {place}: {expression!r}. See https://jmespath.org.",
            place=place,
            expression=expression,
        ),
        "The body to add": said(
            "add_body_unread",
            "The body to add is no JMESPath at character {place}: {expression!r}. See https://jmespath.org.",
            place=place,
            expression=expression,
        ),
        "The body to remove": said(
            "remove_body_unread",
            "The body to remove is no JMESPath at character {place}: {expression!r}. See https://jmespath.org.",
            place=place,
            expression=expression,
        ),
    }
    plain = f"{what} is no JMESPath at character {place}: {expression!r}. See https://jmespath.org."
    return told.get(what, plain)


def is_true(expression: ParsedResult, value: Any) -> bool:  # Any: JSON
    """Return whether a value fits a condition; a condition that cannot be asked of it does not fit.

    What counts as false is JMESPath's own: nothing, false, an empty text, list or object. Zero is true.
    """
    try:
        found = expression.search(value)
    except JMESPathError:
        return False
    return bool(found) or (isinstance(found, int | float) and not isinstance(found, bool))


def shaped(expression: ParsedResult, value: Any) -> Any:  # Any: JSON
    """Return a value as an expression rearranges it.

    Raises
    ------
    InvalidError
        When the expression cannot be asked of this value, or nothing comes of it.

    """
    try:
        found = expression.search(value)
    except JMESPathError as error:
        raise InvalidError(_why(error)) from None
    if found is None:
        raise InvalidError(said("template_leaves_nothing", "The template leaves nothing of it."))
    return found


def _why(error: JMESPathError) -> Said:
    """Return what went wrong, without the value it went wrong with: that is a customer's."""
    if isinstance(error, JMESPathTypeError):
        return said(
            "template_wrong_type",
            "The template cannot be filled: {function}() was given the type {given!r}, and takes {wanted}.",
            function=str(error.function_name),
            given=str(error.actual_type),
            wanted=listed(error.expected_types),
        )
    return said("template_not_filled", "The template cannot be filled.")


@lru_cache(maxsize=1_000)
def _parsed(expression: str) -> ParsedResult:
    return jmespath.compile(expression)
