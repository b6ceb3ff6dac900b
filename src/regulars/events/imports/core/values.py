"""What does a cell say, as a value of a property? Numbers as people and tills write them. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, get_args  # Any: a cell is whatever the file holds

import msgspec

ValueType = Literal["text", "number", "money", "whole", "yes_no", "list", "json"]
VALUE_TYPES: tuple[ValueType, ...] = get_args(ValueType)
Unit = Literal["as_it_is", "cents", "thousandths", "minutes", "hours", "percent"]
UNITS: dict[str, Decimal] = {
    "as_it_is": Decimal(1),
    "cents": Decimal("0.01"),
    "thousandths": Decimal("0.001"),  # milliseconds to seconds, grams to kilograms
    "minutes": Decimal(60),
    "hours": Decimal(3600),
    "percent": Decimal("0.01"),
}
DecimalMark = Literal[".", ","]
_NUMERIC = frozenset({"number", "money", "whole"})
_PLAIN = re.compile(r"-?\d{1,15}(\.\d{1,4})?", re.ASCII)
MONEY_PLACES = Decimal("0.0001")  # a 4-byte float of 2.55 reads 2.549999952316284
LIST_MARK = re.compile(r"[|;]")
_YES = {"yes", "y", "true", "t", "1", "是", "有", "はい", "on"}
_NO = {"no", "n", "false", "f", "0", "否", "無", "いいえ", "off"}
_SURELY_YES_NO = {"true", "false", "yes", "no", "是", "否", "はい", "いいえ"}
_CURRENCIES = re.compile(r"nt\$|us\$|hk\$|a\$|[$€£¥₩円元圓]|twd|usd|eur|gbp|jpy|cny|hkd|krw", re.IGNORECASE)
_SPACES = re.compile(r"[\s'’_]")
_POINT = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?|\d*\.?\d+|\d+\.")
_COMMA = re.compile(r"\d{1,3}(\.\d{3})+(,\d+)?|\d*,?\d+|\d+,")
_MAYBE_EITHER = re.compile(r"\d{1,3}[.,]\d{3}")  # 1,234: a thousand, or one and a bit?


class UnreadableValueError(ValueError):
    """A cell is not of the type that was chosen; `code` is stable, the message a sentence about what would be."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


def value_of(cell: Any, kind: ValueType, *, decimal: DecimalMark = ".", unit: Unit = "as_it_is") -> Any:  # Any: JSON
    """Return a cell as a value; None when it is empty.

    >>> value_of("NT$1,290", "money"), value_of("(12,50 €)", "money", decimal=","), value_of("１２", "whole")
    (1290, -12.5, 12)
    >>> value_of("1290", "money", unit="cents"), value_of("Drama|Comedy", "list"), value_of(" ", "text")
    (12.9, ['Drama', 'Comedy'], None)

    Raises
    ------
    UnreadableValueError
        When it is not of this type.

    """
    if type(cell) is str:
        cell = cell.strip() or None
        if kind == "text" or cell is None:
            return cell
        if unit == "as_it_is" and decimal == "." and _PLAIN.fullmatch(cell):  # most cells, at a quarter of the cost
            return _plainly(cell, kind)
    if cell is None:
        return None
    if kind in _NUMERIC:
        return _numeric(cell, kind, decimal, unit)
    return text_of(cell) if kind == "text" else _OTHERS[kind](cell)


def _plainly(cell: str, kind: ValueType) -> Any:  # Any: JSON
    if "." not in cell and kind in _NUMERIC:
        return int(cell)
    if kind in ("number", "money"):
        found = float(cell)
        return int(found) if found.is_integer() else round(found, 4) if kind == "money" else found
    if kind == "whole":
        raise UnreadableValueError("not_whole", "This is not a whole number.")
    return _OTHERS[kind](cell)


def text_of(cell: Any) -> str:  # Any: a cell
    """Return a cell as text; a whole number without a point.

    >>> text_of(17850.0), text_of(" ann ")
    ('17850', 'ann')
    """
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    if isinstance(cell, bytes):
        return cell.decode("utf-8", "replace").strip()
    return str(cell).strip()


def number_of(cell: Any, decimal: DecimalMark = ".") -> Decimal:  # Any: a cell
    """Return a cell as an exact number.

    Raises
    ------
    UnreadableValueError
        When it is none, or is one only with the other decimal mark.

    """
    if isinstance(cell, bool):
        raise UnreadableValueError("not_a_number", "This is yes or no, not a number.")
    if isinstance(cell, int | float | Decimal):
        found = Decimal(str(cell))
        if not found.is_finite():
            raise UnreadableValueError("not_a_number", "This is not a finite number.")
        return found
    return _read_number(str(cell), decimal)


def _read_number(text: str, decimal: DecimalMark) -> Decimal:
    plain = unicodedata.normalize("NFKC", text).strip().replace("−", "-")
    is_negative = plain.startswith("(") and plain.endswith(")")
    plain = _SPACES.sub("", _CURRENCIES.sub("", plain.strip("()")))
    if plain.endswith("-"):
        plain = "-" + plain[:-1]
    sign, digits = ("-", plain[1:]) if plain[:1] == "-" else ("", plain.removeprefix("+"))
    shape, other = (_POINT, _COMMA) if decimal == "." else (_COMMA, _POINT)
    if not shape.fullmatch(digits):
        if other.fullmatch(digits):
            mark = "a comma" if decimal == "." else "a point"
            raise UnreadableValueError("comma_or_point", f"This is a number only where {mark} is the decimal mark.")
        raise UnreadableValueError("not_a_number", "This is not a number such as 1234.5.")
    digits = digits.replace(",", "") if decimal == "." else digits.replace(".", "").replace(",", ".")
    try:
        found = Decimal(sign + digits)
    except InvalidOperation:
        raise UnreadableValueError("not_a_number", "This is not a number such as 1234.5.") from None
    return -found if is_negative else found


def plain_number(number: Decimal) -> int | float:
    """Return a number as JSON has it: whole where it is whole.

    >>> plain_number(Decimal("12.50")), plain_number(Decimal("3.00"))
    (12.5, 3)
    """
    return int(number) if number == number.to_integral_value() and abs(number) < 1 << 53 else float(number)


def _numeric(cell: Any, kind: ValueType, decimal: DecimalMark, unit: Unit) -> int | float:  # Any: a cell
    found = number_of(cell, decimal) * UNITS[unit]
    if kind == "whole" and found != found.to_integral_value():
        raise UnreadableValueError("not_whole", "This is not a whole number.")
    if kind == "money":
        found = found.quantize(MONEY_PLACES) if abs(found) < Decimal(10) ** 20 else found
    return plain_number(found)


def _yes_no(cell: Any) -> bool:  # Any: a cell
    if isinstance(cell, bool):
        return cell
    word = text_of(cell).lower()
    if word in _YES or word in _NO:
        return word in _YES
    raise UnreadableValueError("not_yes_no", "This is neither yes nor no (true, false, 1, 0, 是, 否).")


def _list(cell: Any) -> list[str]:  # Any: a cell
    if isinstance(cell, list | tuple):
        return [text_of(word) for word in cell if word is not None]
    return [word.strip() for word in LIST_MARK.split(text_of(cell)) if word.strip()]


def _json(cell: Any) -> Any:  # Any: JSON
    if not isinstance(cell, str):
        return cell
    try:
        return msgspec.json.decode(cell)
    except msgspec.DecodeError:
        raise UnreadableValueError("not_json", 'This is not JSON such as {"size": "M"}.') from None


_OTHERS: dict[str, Callable[[Any], Any]] = {"yes_no": _yes_no, "list": _list, "json": _json}  # Any: as above


def types_of(samples: Sequence[Any]) -> tuple[ValueType, DecimalMark | None]:  # Any: cells
    """Return the type that cells show, and for numbers the decimal mark: None when they leave it open.

    >>> types_of(["1,234.50", "7"]), types_of(["1.234,50"]), types_of(["1,234"])
    (('money', '.'), ('money', ','), ('money', None))
    >>> types_of(["3", "12"]), types_of(["00123"]), types_of(["milk"]), types_of(["true"])
    (('whole', '.'), ('text', '.'), ('text', '.'), ('yes_no', '.'))
    """
    cells = [cell for cell in samples if cell is not None and str(cell).strip()]
    if not cells:
        return "text", "."
    if any(isinstance(cell, dict | list) for cell in cells):
        return ("list" if all(isinstance(cell, list) and _are_words(cell) for cell in cells) else "json"), "."
    if all(isinstance(cell, bool) or str(cell).strip().lower() in _SURELY_YES_NO for cell in cells):
        return "yes_no", "."
    return _number_shown(cells)


def _are_words(cell: Iterable[Any]) -> bool:  # Any: parts of a cell
    return all(isinstance(word, str | int | float) for word in cell)


def _number_shown(cells: Sequence[Any]) -> tuple[ValueType, DecimalMark | None]:  # Any: cells
    texts = [unicodedata.normalize("NFKC", str(cell)).strip() for cell in cells]
    if any(re.fullmatch(r"0\d+", text) for text in texts):
        return "text", "."  # 00123 would not survive as a number
    reads = [mark for mark in get_args(DecimalMark) if all(_reads(cell, mark) for cell in cells)]
    if not reads:
        return "text", "."
    if all(isinstance(cell, int) or re.fullmatch(r"-?\d+", text) for cell, text in zip(cells, texts, strict=True)):
        return "whole", "."
    has_currency = any(_CURRENCIES.search(text) for text in texts)
    kind: ValueType = "money" if has_currency or all(_has_few_places(text) for text in texts) else "number"
    if len(reads) == 1:
        return kind, reads[0]
    pairs = zip(cells, texts, strict=True)
    doubtful = any(_MAYBE_EITHER.search(text) and not isinstance(cell, float) for cell, text in pairs)
    return kind, None if doubtful else "."


def _reads(cell: Any, mark: DecimalMark) -> bool:  # Any: a cell
    try:
        number_of(cell, mark)
    except UnreadableValueError:
        return False
    return True


def _has_few_places(text: str) -> bool:
    return bool(re.fullmatch(r".*\d([.,]\d{1,2})?\D*|.*[.,]\d{3}\D*", text))
