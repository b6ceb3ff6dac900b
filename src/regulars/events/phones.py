"""Telephone numbers in one spelling, E.164: `+886912345678`. Pure."""

from __future__ import annotations

from functools import lru_cache

from regulars.kernel.errors import InvalidError
from regulars.kernel.sayings import said

REMEMBERED = 65_536  # reading one takes some 50 µs; a regular's number comes again and again


@lru_cache(maxsize=REMEMBERED)
def e164(text: str, country: str) -> str | None:
    """Return a number in E.164, None when it is none that could be dialled.

    >>> e164("0912-345-678", "TW"), e164("+81 90-1234-5678", "TW"), e164("12", "TW")
    ('+886912345678', '+819012345678', None)
    """
    import phonenumbers  # its tables take 0.2 s to load

    try:
        found = phonenumbers.parse(text, country or None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(found):
        return None
    return str(phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164))


def country_named(country: str) -> str:
    """Return a country by its two letters.

    Raises
    ------
    InvalidError
        When no country has them.

    """
    import phonenumbers

    found = country.strip().upper()
    if found not in phonenumbers.SUPPORTED_REGIONS:
        raise InvalidError(
            said(
                "no_country",
                "No country is written {country!r}; two letters such as 'TW', 'JP' or 'US' are meant.",
                country=country,
            )
        )
    return found
