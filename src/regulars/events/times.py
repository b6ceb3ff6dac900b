"""When did it happen, according to a cell? Formats are written as people write them: `DD/MM/YYYY HH:mm`. Pure.

A date that may be read two ways is never guessed: `readings_of` returns every format that fits, and `disagreeing` says
which of them mean different days.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, time, timedelta, timezone
from typing import Any  # Any: a cell is whatever the file holds
from zoneinfo import ZoneInfo

from regulars.kernel.clock import EPOCH, MICROSECONDS_PER_SECOND, microseconds
from regulars.kernel.errors import InvalidError, nearest

DAY_US = 86_400 * MICROSECONDS_PER_SECOND
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_AFTERNOON = {"pm", "p.m.", "下午", "午後", "晚上"}
_HALVES = r"am|pm|a\.m\.|p\.m\.|上午|下午|午前|午後|早上|晚上"
# What a format is made of, the longest first. Beside another number a part has its full width; else 1 digit will do.
_TOKENS: dict[str, tuple[str, str, str]] = {
    "YYYY": ("year", r"\d{4}", r"\d{4}"),
    "RRR": ("minguo", r"\d{3}", r"\d{2,3}"),  # 民國 113 is 2024
    "YY": ("short_year", r"\d{2}", r"\d{2}"),
    "MMM": ("month_name", r"[A-Za-z]{3,9}\.?", r"[A-Za-z]{3,9}\.?"),
    "MM": ("month", r"\d{2}", r"\d{1,2}"),
    "DD": ("day", r"\d{2}", r"\d{1,2}"),
    "HH": ("hour", r"\d{2}", r"\d{1,2}"),
    "hh": ("hour12", r"\d{2}", r"\d{1,2}"),
    "mm": ("minute", r"\d{2}", r"\d{2}"),
    "ss": ("second", r"\d{2}(?:\.\d{1,6})?", r"\d{2}(?:\.\d{1,6})?"),
    "A": ("half", _HALVES, _HALVES),
    "Z": ("offset", r"Z|UTC|[+-]\d{2}:?\d{2}", r"Z|UTC|[+-]\d{2}:?\d{2}"),
}
_TOKEN = re.compile("|".join(_TOKENS))
_DATES = (
    "YYYY-MM-DD", "YYYY/MM/DD", "YYYY.MM.DD", "YYYYMMDD", "YYYY年MM月DD日", "RRR/MM/DD", "RRR-MM-DD", "RRR.MM.DD",
    "DD/MM/YYYY", "MM/DD/YYYY", "DD-MM-YYYY", "MM-DD-YYYY", "DD.MM.YYYY", "DD/MM/YY", "MM/DD/YY", "YY/MM/DD",
    "DD.MM.YY", "DD-MM-YY", "MM-DD-YY", "DD MMM YYYY", "DD-MMM-YYYY", "DD-MMM-YY", "MMM DD, YYYY", "MMM DD YYYY",
)  # fmt: skip
_CLOCKS = ("", " HH:mm", " HH:mm:ss", " HH:mm:ss Z", " hh:mm A", " hh:mm:ss A", " A hh:mm", " A hh:mm:ss")
NUMBERED = {"unix_s": MICROSECONDS_PER_SECOND, "unix_ms": 1_000, "unix_us": 1}
EXCEL = "excel_days"
ISO = "iso"
NAMED = (ISO, *NUMBERED, EXCEL)
PATTERNS = (*(day + clock for day in _DATES for clock in _CLOCKS), "YYYYMMDDHHmmss", "YYYYMMDDHHmm")
_EXCEL_EPOCH_DAYS = 25_569  # of 1970-01-01; Excel counts from the last day of 1899
_PLAUSIBLE_US = (EPOCH.replace(year=1990), EPOCH.replace(year=2100))

Moment = Callable[[Any], int]  # a cell becomes microseconds since 1970, or ValueError


def time_reader(pattern: str, zone: str) -> Moment:
    """Return what reads a cell in a format; a cell without a zone of its own is in `zone`.

    >>> time_reader("DD/MM/YYYY HH:mm", "Asia/Taipei")("31/12/2025 08:00") == time_reader("iso", "UTC")("2025-12-31")
    True
    >>> time_reader("RRR/MM/DD", "UTC")("114/01/02") == time_reader("iso", "UTC")("2025-01-02")
    True

    Raises
    ------
    InvalidError
        When there is no such format or zone.

    """
    here = zone_named(zone)
    read = _text_reader(pattern, here)

    def moment_of(cell: Any) -> int:  # Any: a cell
        if isinstance(cell, datetime):
            return microseconds(cell if cell.tzinfo else cell.replace(tzinfo=here))
        if isinstance(cell, date):
            return microseconds(datetime.combine(cell, time(), here))
        if isinstance(cell, int | float) and not isinstance(cell, bool) and pattern not in NAMED:
            cell = str(cell)
        return read(cell)

    return moment_of


def zone_named(zone: str) -> ZoneInfo:
    """Return a time zone.

    Raises
    ------
    InvalidError
        When there is none of this name.

    """
    try:
        return ZoneInfo(zone or "UTC")
    except (KeyError, ValueError, OSError):
        from zoneinfo import available_timezones

        near = nearest(zone, sorted(available_timezones()))
        raise InvalidError(f"No time zone is named {zone!r}; they are written like 'Asia/Taipei'.{near}") from None


def _text_reader(pattern: str, here: ZoneInfo) -> Moment:
    if pattern == ISO:
        return lambda cell: _iso(cell, here)
    if pattern in NUMBERED:
        unit_us = NUMBERED[pattern]
        return lambda cell: round(_finite(cell) * unit_us)
    if pattern == EXCEL:
        return lambda cell: _excel(cell, here)
    return _Pattern(pattern, here)


def _iso(cell: Any, here: ZoneInfo) -> int:  # Any: a cell
    text = str(cell).strip()
    if len(text) > 6 and text[-6] == " " and text[-5] in "+-":  # 2026-01-31 09:00:00 +0800, as Shopify writes it
        text = text[:-6] + text[-5:]
    when = datetime.fromisoformat(text.removesuffix(" UTC") + ("+00:00" if text.endswith(" UTC") else ""))
    return microseconds(when if when.tzinfo else when.replace(tzinfo=here))


def _finite(cell: Any) -> float:  # Any: a cell
    found = float(cell)
    if not abs(found) < 1e18:
        raise ValueError(found)
    return found


def _excel(cell: Any, here: ZoneInfo) -> int:  # Any: a cell
    days = _finite(cell) - _EXCEL_EPOCH_DAYS
    if not 0 <= days < 200_000:
        raise ValueError(cell)
    naive = EPOCH.replace(tzinfo=None) + timedelta(seconds=round(days * 86_400))
    return microseconds(naive.replace(tzinfo=here))


class _Pattern:
    """Reads text in one format."""

    def __init__(self, pattern: str, here: ZoneInfo) -> None:
        names: list[str] = []
        parts: list[str] = []
        place = 0
        for found in _TOKEN.finditer(pattern):
            touches = bool(names) and found.start() == place
            parts.append(_literal(pattern[place : found.start()]))
            name, exact, loose = _TOKENS[found.group()]
            place = found.end()
            is_tight = touches or _TOKEN.match(pattern, place) is not None
            names.append(name)
            parts.append(f"({exact if is_tight else loose})")
        parts.append(_literal(pattern[place:]))
        if len(set(names)) != len(names) or not {"day", "month", "month_name"} & set(names):
            raise InvalidError(
                f"{pattern!r} is no format of a time. It is made of YYYY MM DD HH mm ss, such as 'DD/MM/YYYY HH:mm'; "
                f"or is one of {', '.join(NAMED)}.{nearest(pattern, PATTERNS)}"
            )
        self._names = names
        self._here = here
        self._match = re.compile("".join(parts), re.IGNORECASE).fullmatch
        self._places = _plain_places(names)
        self._last: tuple[str, int] = ("", 0)

    def __call__(self, cell: Any) -> int:  # Any: a cell
        text = str(cell).strip()
        if text == self._last[0]:  # the lines of one receipt carry one time
            return self._last[1]
        found = self._match(text)
        if found is None:
            raise ValueError(text)
        groups = found.groups()
        if self._places is not None and "." not in groups[-1]:
            at_us = microseconds(datetime(*(int(groups[place]) for place in self._places), tzinfo=self._here))  # type: ignore[misc, arg-type]  # year, month, day and so on, as many as there are
        else:
            at_us = _composed(dict(zip(self._names, groups, strict=True)), self._here)
        self._last = (text, at_us)
        return at_us


def _plain_places(names: Sequence[str]) -> list[int] | None:
    """Return where year, month, day, hour, minute and second stand when there is nothing else: the common case."""
    wanted = ["year", "month", "day", "hour", "minute", "second"]
    if sorted(names) != sorted(wanted[: len(names)]) or len(names) < 3:
        return None
    return [names.index(name) for name in wanted[: len(names)]]


def _literal(text: str) -> str:
    return r"\s*".join(re.escape(part) for part in re.split(r"\s+", text)) if text.strip() else r"\s+" * bool(text)


def _composed(parts: dict[str, str], here: ZoneInfo) -> int:
    seconds = float(parts.get("second", 0))
    if seconds >= 60:
        raise ValueError(seconds)
    when = datetime(
        _year(parts),
        _month(parts),
        int(parts.get("day", 1)),
        _hour(parts),
        int(parts.get("minute", 0)),
        int(seconds),
        round(seconds % 1 * 1_000_000) % 1_000_000,
        tzinfo=_offset(parts["offset"]) if "offset" in parts else here,
    )
    return microseconds(when)


def _year(parts: dict[str, str]) -> int:
    if "minguo" in parts:
        return int(parts["minguo"]) + 1911
    if "short_year" in parts:
        short = int(parts["short_year"])
        return short + (2000 if short < 69 else 1900)  # as POSIX has it
    return int(parts["year"])


def _month(parts: dict[str, str]) -> int:
    if "month_name" not in parts:
        return int(parts["month"])
    return _MONTHS.index(parts["month_name"][:3].lower()) + 1


def _hour(parts: dict[str, str]) -> int:
    if "hour12" not in parts:
        return int(parts.get("hour", 0))
    hour = int(parts["hour12"])
    if not 1 <= hour <= 12:
        raise ValueError(hour)
    return hour % 12 + (12 if parts.get("half", "").lower() in _AFTERNOON else 0)


def _offset(text: str) -> timezone:
    if text.upper() in {"Z", "UTC"}:
        return timezone.utc  # noqa: UP017 (the type of the others)
    sign = -1 if text[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(text[1:3]), minutes=int(text[-2:])))


def readings_of(samples: Sequence[Any], *, share: float = 1.0) -> list[str]:  # Any: cells
    """Return every format that reads all samples, the likeliest first; those that mean the same are named once.

    Where none reads all, those that read at least a share of them in (0, 1]: a few cells of a file may be wrong.

    >>> readings_of(["2025-03-01 10:00", "2025-03-02 11:30"])
    ['iso']
    >>> readings_of(["03/04/2025", "05/06/2025"])
    ['DD/MM/YYYY', 'MM/DD/YYYY']
    >>> readings_of(["13/04/2025", "05/06/2025"]), readings_of(["114/03/01 下午 02:30"]), readings_of(["milk"])
    (['DD/MM/YYYY'], ['RRR/MM/DD A hh:mm'], [])
    >>> readings_of(["2025/03/01", "2025/03/02", "2025/13/45"], share=0.6)
    ['YYYY/MM/DD']
    """
    texts = [cell for cell in samples if cell is not None and str(cell).strip()]
    whole: dict[tuple[int | None, ...], str] = {}
    mostly: dict[tuple[int | None, ...], str] = {}
    for pattern in (ISO, *NUMBERED, *PATTERNS, EXCEL):
        if pattern.startswith("RRR") and all(len(str(text).strip()) < 3 or str(text)[2] in "/-." for text in texts):
            continue  # 99/01/02 may be anything; a year of three digits is Minguo
        moments = _read(pattern, texts, faults_max=int((1 - share) * len(texts)))
        if moments and None not in moments:
            whole.setdefault(moments, pattern)
        elif moments:
            mostly.setdefault(moments, pattern)
    return list((whole or mostly).values())


def _read(pattern: str, texts: Iterable[Any], *, faults_max: int) -> tuple[int | None, ...]:  # Any: cells
    """Return what a format makes of cells, None where it reads nothing plausible; nothing with too many of these."""
    read = time_reader(pattern, "UTC")
    first, last = (microseconds(edge) for edge in _PLAUSIBLE_US)
    moments: list[int | None] = []
    for text in texts:
        try:
            at_us = read(text)
        except (ValueError, OverflowError, TypeError):
            at_us = first - 1
        moments.append(at_us if first <= at_us < last else None)
        if moments[-1] is None and moments.count(None) > faults_max:
            return ()
    return tuple(moments)
