"""May an address be called? Pure: names are looked up elsewhere; here is judged what they came to.

The rule is a list of what is public, not a list of what is bad: IPv6 has one public block, and an IPv4 address is
looked for in every form that IPv6 can carry it in. What the shop's owner listed as their own may be called as well,
but never the addresses from which a cloud machine learns its own passwords.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from urllib.parse import urlsplit

from regulars.kernel.errors import InvalidError, OutboundRefusedError
from regulars.kernel.sayings import Said, said

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

URL_CHARACTERS_MAX = 2_000
PORTS = {"https": 443, "http": 80}
NOT_PUBLIC, OF_SECRETS = "an address that is not public", "an address that serves a machine's own secrets"
FIRST_FREE_PORT = 1024  # below it stand mail, shells and directories: nothing that takes a webhook but 80 and 443

# IANA, "IPv4 Special-Purpose Address Registry" (RFC 6890 and successors), multicast and the old class E.
_NOT_PUBLIC_4 = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip
_PUBLIC_6 = IPv6Network("2000::/3")
_NOT_PUBLIC_6 = tuple(
    IPv6Network(block) for block in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)
# Blocks whose last 32 bits are an IPv4 address: mapped, compatible, NAT64 (RFC 6052).
_CARRIES_4_LAST = tuple(IPv6Network(block) for block in ("::ffff:0:0/96", "::/96", "64:ff9b::/96"))
# Where cloud machines learn their own secrets; nobody's webhook stands there, whatever the owner lists.
_METADATA: tuple[Network, ...] = (
    IPv4Network("169.254.0.0/16"),
    IPv4Network("100.100.100.200/32"),
    IPv4Network("192.0.0.192/32"),
    IPv6Network("fd00:ec2::/32"),
    IPv6Network("fe80::/10"),
)
_NUMBER = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)", re.IGNORECASE)
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Networks:
    """Networks of the shop's own, which may be called although they are not public.

    >>> Networks.of("127.0.0.1, 10.1.0.0/16").hold(IPv4Address("10.1.2.3"))
    True
    >>> Networks.of("somewhere")
    Traceback (most recent call last):
    regulars.kernel.errors.InvalidError: 'somewhere' is no network. Write one such as 10.1.0.0/16 or 127.0.0.1.
    """

    blocks: tuple[Network, ...] = ()

    @classmethod
    def of(cls, text: str) -> Networks:
        """Return the networks in a list with commas; nothing for an empty text."""
        return cls(tuple(_network(word) for word in text.replace(",", " ").split()))

    def hold(self, address: Address) -> bool:
        """Return whether an address is in one of them."""
        return any(address.version == block.version and address in block for block in self.blocks)


def _network(word: str) -> Network:
    try:
        return ipaddress.ip_network(word, strict=False)
    except ValueError:
        raise InvalidError(f"{word!r} is no network. Write one such as 10.1.0.0/16 or 127.0.0.1.") from None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a URL leads: checked in form, not yet looked up."""

    scheme: str
    host: str
    port: int
    target: str  # path and query, as they stand on the wire

    @property
    def origin(self) -> str:
        """Return scheme, host and port, as they may be shown."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port == PORTS[self.scheme] else f":{self.port}")


def place_of(url: str) -> Place:
    """Return where a URL leads.

    Raises
    ------
    InvalidError
        When it is no plain http or https address.

    >>> place_of("https://hooks.example/in?shop=1")
    Place(scheme='https', host='hooks.example', port=443, target='/in?shop=1')
    """
    if len(url) > URL_CHARACTERS_MAX or not url.isprintable() or any(one in url for one in " \\"):
        raise InvalidError(
            said(
                "url_characters",
                "A URL has at most {most} characters, no blanks and no backslashes. Write it as a browser shows it.",
                most=URL_CHARACTERS_MAX,
            )
        )
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise InvalidError(said("url_none", "That is no URL. Write one such as https://hooks.example/in.")) from None
    if parts.scheme not in PORTS or not host:
        raise InvalidError(
            said("url_scheme", "A URL begins with https:// and a host, got the scheme {scheme!r}.", scheme=parts.scheme)
        )
    if parts.username is not None or parts.password is not None:
        raise InvalidError(
            said("url_password", "A URL with a name or password in it is seen by many. Put them in a header instead.")
        )
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Place(parts.scheme, host_of(host), checked_port(port, parts.scheme), _on_the_wire(target))


def host_of(host: str) -> str:
    """Return a host as it stands on the wire; numbers must be whole addresses in their one usual form.

    Raises
    ------
    InvalidError
        When it is no host, or a number in disguise (`2130706433`, `0x7f.1`, `127.1`).

    """
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        name = host.encode("idna").decode("ascii").lower().removesuffix(".")
    except UnicodeError:
        raise InvalidError(said("host_characters", "That host has characters which no host may have.")) from None
    try:
        return str(ipaddress.ip_address(name))  # wide digits, for instance, become plain ones
    except ValueError:
        pass
    if _NUMBER.fullmatch(name.rsplit(".", 1)[-1]):
        raise InvalidError(
            said("host_number", "A host that ends in a number must be a whole address, such as 203.0.113.7.")
        )
    if len(name) > 253 or not _HOST.fullmatch(name):
        raise InvalidError(said("host_none", "That is no host. Write one such as hooks.example."))
    return name


def is_address(host: str) -> bool:
    """Return whether a host is an address already, with no name to look up.

    >>> is_address("203.0.113.7"), is_address("hooks.example")
    (True, False)
    """
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def checked_port(port: int | None, scheme: str) -> int:
    """Return the port to call.

    Raises
    ------
    InvalidError
        When nothing that takes our calls stands there.

    """
    if port is None:
        return PORTS[scheme]
    if port not in PORTS.values() and not FIRST_FREE_PORT <= port <= 65535:
        raise InvalidError(
            said(
                "port_not_called",
                "Port {port} is not called. Take 443, 80, or one from {first} on.",
                port=str(port),
                first=str(FIRST_FREE_PORT),
            )
        )
    return port


def refuse(host: str, addresses: Iterable[str], own: Networks, *, plain: bool) -> list[str]:
    """Return the addresses of a host as they may be called.

    Parameters
    ----------
    host
        As it was asked for, to be named in a refusal.
    addresses
        All that the host's name came to. One that may not be called condemns the host: a name that answers with a
        public address now and a private one then is how such guards are tricked.
    own
        The shop's own networks.
    plain
        Whether the call would be readable on the way (http). Then every address must be the shop's own.

    Raises
    ------
    OutboundRefusedError
        When one of them may not be called.

    """
    found = [_parsed(host, address) for address in addresses]
    for address in found:
        reason = why_not(address, own)
        if reason is not None:
            raise OutboundRefusedError(_leads_astray(host, reason))
        if plain and not own.hold(address):
            raise OutboundRefusedError(
                said(
                    "host_by_http",
                    "{host} is asked by http, which anyone on the way can read. Use https; http is for addresses "
                    "listed in destinations.private_networks.",
                    host=host,
                )
            )
    return [str(address) for address in found]


def why_not(address: Address, own: Networks = Networks()) -> str | None:
    """Return what is wrong with an address, None when it may be called.

    >>> why_not(IPv4Address("93.184.216.34")) is None, why_not(IPv6Address("::ffff:10.0.0.1"))
    (True, 'an address that is not public')
    >>> why_not(IPv4Address("169.254.169.254"), Networks.of("0.0.0.0/0"))
    "an address that serves a machine's own secrets"
    """
    inner = _carried(address)
    if any(_within(one, _METADATA) for one in (address, inner) if one is not None):
        return OF_SECRETS
    if own.hold(address) or (inner is not None and own.hold(inner)):
        return None
    judged = address if inner is None else inner
    return None if _is_public(judged) else NOT_PUBLIC


def _leads_astray(host: str, reason: str) -> Said:
    if reason == OF_SECRETS:
        return said(
            "host_of_secrets",
            "{host} leads to an address that serves a machine's own secrets. Calls go to public addresses, and to "
            "those listed in destinations.private_networks.",
            host=host,
        )
    return said(
        "host_not_public",
        "{host} leads to an address that is not public. Calls go to public addresses, and to those listed in "
        "destinations.private_networks.",
        host=host,
    )


def _parsed(host: str, address: str) -> Address:
    try:
        return ipaddress.ip_address(address)
    except ValueError:  # an address of one link, such as fe80::1%eth0
        raise OutboundRefusedError(
            said("host_one_cable", "{host} leads to an address of one cable only.", host=host)
        ) from None


def _carried(address: Address) -> IPv4Address | None:
    if isinstance(address, IPv6Address) and any(address in block for block in _CARRIES_4_LAST):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def _within(address: Address, blocks: Iterable[Network]) -> bool:
    return any(address.version == block.version and address in block for block in blocks)


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        return not any(address in block for block in _NOT_PUBLIC_4)
    return address in _PUBLIC_6 and not any(address in block for block in _NOT_PUBLIC_6)


def _on_the_wire(target: str) -> str:
    safe = "!#$%&'()*+,/:;=?@[]~-._"
    return "".join(
        one if one.isascii() and (one.isalnum() or one in safe) else "".join(f"%{octet:02X}" for octet in one.encode())
        for one in target
    )
