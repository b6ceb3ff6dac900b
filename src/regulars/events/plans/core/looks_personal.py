"""Does a field look as if it were about a person? A guess from its name and values, for people to confirm."""

from __future__ import annotations

import re

from regulars.events.plans.core.plan import Normal

_EMAIL = re.compile(r"e[-_ ]?mail", re.IGNORECASE)
_PHONE = re.compile(r"phone|mobile|(?:^|[_ ])(?:tel|fax|msisdn)(?:$|[_ ])", re.IGNORECASE)
_OTHER = re.compile(
    r"(?:first|last|full|given|family|middle|maiden|nick|user|screen|holder|recipient|receiver|contact)[-_ ]?name"
    r"|surname|birth|^dob$|street|address|postal|post[-_ ]?code|^zip|^ip$|ip[-_ ]?addr|passport|^ssn$|national[-_ ]?id"
    r"|tax[-_ ]?id|iban|card[-_ ]?(?:number|holder)|credit[-_ ]?card|line[-_ ]?(?:user[-_ ]?)?id|latitude|longitude",
    re.IGNORECASE,
)
_EMAIL_VALUE = re.compile(r"[^\s@]{1,64}@[^\s@]{1,255}\.[^\s@.]{2,}")
_PHONE_VALUE = re.compile(r"\+[0-9][0-9 ()./-]{6,18}[0-9]")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def looks_personal(name: str, *, of_traits: bool = False, values: tuple[str, ...] = ()) -> Normal | None:
    """Return how a field's value would be made equal before hashing, None when it does not look personal.

    Parameters
    ----------
    name
        The field's own name, the last part of its pointer.
    of_traits
        Whether it is one of the traits, where a bare `name` is a person's.
    values
        Some of what it held.

    >>> looks_personal("customerEmail"), looks_personal("shipping_address"), looks_personal("product_name")
    ('email', 'text', None)
    >>> looks_personal("name", of_traits=True), looks_personal("contact", values=("ann@example.org",))
    ('text', 'email')

    """
    spoken = _CAMEL.sub("_", name)
    if _EMAIL.search(spoken) or (values and all(_EMAIL_VALUE.fullmatch(value) for value in values)):
        return "email"
    if _PHONE.search(spoken) or (values and all(_PHONE_VALUE.fullmatch(value) for value in values)):
        return "phone"
    if _OTHER.search(spoken) or (of_traits and spoken.lower() == "name"):
        return "text"
    return None
