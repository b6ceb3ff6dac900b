"""Who signed this delivery? Each sender's way of saying so, over the raw body, compared in constant time. Pure."""

from __future__ import annotations

import binascii
import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import msgspec

from regulars.kernel.errors import InvalidError
from regulars.kernel.sayings import said

SchemeKind = Literal["shopify", "stripe", "github", "standard", "line", "mailgun", "hmac", "header", "basic"]
Algorithm = Literal["sha1", "sha256", "sha512"]
Encoding = Literal["hex", "base64"]
TOLERANCE_S = 300  # Stripe's and Standard Webhooks' own
BASIC_USER = "regulars"

Headers = Mapping[str, str]  # names in small letters


class Scheme(msgspec.Struct, frozen=True, kw_only=True):
    """How a sender signs.

    `header`, `algorithm`, `encoding` and `prefix` are for the kind `hmac`; `header` and `prefix` also for the kind
    `header`, a shared secret as it is. Where the sender says when it signed, a delivery older or newer than
    `tolerance_s` is refused. `delivery_header` names the header that is the same at every retry of a delivery.
    """

    kind: SchemeKind
    header: str = ""
    algorithm: Algorithm = "sha256"
    encoding: Encoding = "hex"
    prefix: str = ""
    tolerance_s: int = TOLERANCE_S
    delivery_header: str = ""


DELIVERY_HEADERS: dict[str, str] = {
    "shopify": "x-shopify-webhook-id",
    "github": "x-github-delivery",
    "standard": "webhook-id",
}
SIGNATURE_HEADERS: dict[str, str] = {
    "shopify": "x-shopify-hmac-sha256",
    "stripe": "stripe-signature",
    "github": "x-hub-signature-256",
    "standard": "webhook-signature",
    "line": "x-line-signature",
    "basic": "authorization",
}


class SignatureError(Exception):
    """A delivery that nobody we know has signed; `code` is what is counted, the message a sentence for the sender."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


def checked(scheme: Scheme) -> Scheme:
    """Return a scheme as it will be used.

    Raises
    ------
    InvalidError
        When it lacks what its kind needs.

    """
    if scheme.kind in {"hmac", "header"} and not scheme.header.strip():
        raise InvalidError(
            said("hook_which_header", "Say in which header the signature or the secret comes, such as 'X-Signature'.")
        )
    if not 1 <= scheme.tolerance_s <= 86_400:
        raise InvalidError(
            said("hook_tolerance", "A delivery may be 1 to 86,400 seconds old, got {given}.", given=scheme.tolerance_s)
        )
    return msgspec.structs.replace(
        scheme, header=scheme.header.strip().lower(), delivery_header=scheme.delivery_header.strip().lower()
    )


def delivery_id(scheme: Scheme, headers: Headers) -> str:
    """Return what the sender calls this delivery, the same at every retry; empty when it does not say."""
    name = scheme.delivery_header or DELIVERY_HEADERS.get(scheme.kind, "")
    return headers.get(name, "")[:200] if name else ""


def verify(scheme: Scheme, secrets: Sequence[str], headers: Headers, body: bytes, now_s: float) -> None:
    """Let a delivery through that one of the secrets has signed.

    Raises
    ------
    SignatureError
        When none has, or it was signed too long ago.

    """
    _VERIFIERS[scheme.kind](scheme, secrets, headers, body, now_s)


def sign(scheme: Scheme, secret: str, body: bytes, now_s: float, message_id: str = "msg_trial") -> dict[str, str]:
    """Return the headers with which a sender of this kind would deliver a body: for trials and tests.

    >>> scheme = Scheme(kind="github")
    >>> verify(scheme, ["s"], sign(scheme, "s", b"{}", 0), b"{}", 0)
    """
    at = str(int(now_s))
    if scheme.kind == "stripe":
        signed = _mac("sha256", secret.encode(), at.encode() + b"." + body).hex()
        return {"stripe-signature": f"t={at},v1={signed}"}
    if scheme.kind == "standard":
        content = f"{message_id}.{at}.".encode() + body
        signed = b64encode(_mac("sha256", _standard_key(secret), content)).decode()
        return {"webhook-id": message_id, "webhook-timestamp": at, "webhook-signature": f"v1,{signed}"}
    if scheme.kind == "basic":
        return {"authorization": "Basic " + b64encode(f"{BASIC_USER}:{secret}".encode()).decode()}
    if scheme.kind == "header":
        return {scheme.header.lower(): scheme.prefix + secret}
    header, algorithm, encoding, prefix = _plain_form(scheme)
    return {header: prefix + _encoded(_mac(algorithm, secret.encode(), body), encoding)}


def _plain_form(scheme: Scheme) -> tuple[str, Algorithm, Encoding, str]:
    if scheme.kind == "github":
        return "x-hub-signature-256", "sha256", "hex", "sha256="
    if scheme.kind in {"shopify", "line"}:
        return SIGNATURE_HEADERS[scheme.kind], "sha256", "base64", ""
    return scheme.header.lower(), scheme.algorithm, scheme.encoding, scheme.prefix


def _verify_plain(scheme: Scheme, secrets: Sequence[str], headers: Headers, body: bytes, now_s: float) -> None:  # noqa: ARG001 (these senders do not say when)
    header, algorithm, encoding, prefix = _plain_form(scheme)
    given = _needed(headers, header)
    if not given.startswith(prefix):
        raise SignatureError("wrong_signature", f"The signature in {header} does not begin with {prefix!r}.")
    shown = _decoded(given.removeprefix(prefix), encoding)
    _need_one([_mac(algorithm, secret.encode(), body) for secret in secrets], [shown])


def _verify_stripe(scheme: Scheme, secrets: Sequence[str], headers: Headers, body: bytes, now_s: float) -> None:
    parts = [part.strip().partition("=") for part in _needed(headers, "stripe-signature").split(",")]
    at = next((value for name, _, value in parts if name == "t"), "")
    shown = [_decoded(value, "hex") for name, _, value in parts if name == "v1"]
    _refuse_old(at, now_s, scheme.tolerance_s)
    content = at.encode() + b"." + body
    macs = [_mac("sha256", secret.encode(), content) for secret in secrets]
    _need_one(macs, shown)


def _verify_standard(scheme: Scheme, secrets: Sequence[str], headers: Headers, body: bytes, now_s: float) -> None:
    message_id, at = _needed(headers, "webhook-id"), _needed(headers, "webhook-timestamp")
    given = _needed(headers, "webhook-signature").split(" ")
    shown = [_decoded(one.removeprefix("v1,"), "base64") for one in given if one.startswith("v1,")]
    _refuse_old(at, now_s, scheme.tolerance_s)
    content = f"{message_id}.{at}.".encode() + body
    macs = [_mac("sha256", _standard_key(secret), content) for secret in secrets]
    _need_one(macs, shown)


class _MailgunSignature(msgspec.Struct):
    timestamp: str
    token: str
    signature: str


class _MailgunBody(msgspec.Struct):
    signature: _MailgunSignature


def _verify_mailgun(scheme: Scheme, secrets: Sequence[str], headers: Headers, body: bytes, now_s: float) -> None:  # noqa: ARG001 (Mailgun signs in the body)
    try:
        said = msgspec.json.decode(body, type=_MailgunBody, strict=False).signature
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise SignatureError("signature_missing", "The body holds no `signature` as Mailgun sends it.") from None
    _refuse_old(said.timestamp, now_s, scheme.tolerance_s)
    content = (said.timestamp + said.token).encode()
    shown = _decoded(said.signature, "hex")
    _need_one([_mac("sha256", secret.encode(), content) for secret in secrets], [shown])


def _verify_shared(scheme: Scheme, secrets: Sequence[str], headers: Headers, body: bytes, now_s: float) -> None:  # noqa: ARG001 (a secret that is shown signs nothing)
    header = "authorization" if scheme.kind == "basic" else scheme.header.lower()
    given = _needed(headers, header)
    if scheme.kind == "basic":
        try:
            shown = b64decode(given.partition(" ")[2].strip() + "==").partition(b":")[2]
        except (binascii.Error, ValueError):
            shown = b""
    else:
        shown = given.removeprefix(scheme.prefix).encode() if given.startswith(scheme.prefix) else b""
    digests = [hashlib.sha256(secret.encode()).digest() for secret in secrets]  # so that lengths tell nothing
    _need_one(digests, [hashlib.sha256(shown).digest()])


_Verifier = Callable[[Scheme, Sequence[str], Headers, bytes, float], None]
_VERIFIERS: dict[SchemeKind, _Verifier] = {
    "shopify": _verify_plain,
    "github": _verify_plain,
    "line": _verify_plain,
    "hmac": _verify_plain,
    "stripe": _verify_stripe,
    "standard": _verify_standard,
    "mailgun": _verify_mailgun,
    "header": _verify_shared,
    "basic": _verify_shared,
}


def _needed(headers: Headers, name: str) -> str:
    given = headers.get(name, "").strip()
    if not given:
        raise SignatureError("signature_missing", f"The delivery carries no {name} header, by which it is verified.")
    return given


def _need_one(expected: Sequence[bytes], shown: Sequence[bytes]) -> None:
    """Refuse unless one fits; every pair is compared, and each in constant time, so that the wait tells nothing."""
    fits = False
    for mac in expected:
        for one in shown:
            fits |= hmac.compare_digest(mac, one)
    if not fits:
        raise SignatureError(
            "wrong_signature",
            "The signature does not fit this body and the hook's secret. Copy the secret again on both sides.",
        )


def _refuse_old(at: str, now_s: float, tolerance_s: int) -> None:
    try:
        age_s = now_s - float(at)
    except ValueError:
        raise SignatureError("signature_missing", "The delivery does not say when it was signed.") from None
    if not abs(age_s) <= tolerance_s:
        raise SignatureError(
            "signature_too_old",
            f"The delivery was signed {abs(age_s):.0f} s {'ago' if age_s > 0 else 'ahead of our clock'}; "
            f"at most {tolerance_s} s are accepted, so that nobody can send it again later.",
        )


def _mac(algorithm: Algorithm, key: bytes, content: bytes) -> bytes:
    return hmac.digest(key, content, algorithm)


def _standard_key(secret: str) -> bytes:
    encoded = secret.removeprefix("whsec_")
    try:
        return b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        return secret.encode()


def _encoded(mac: bytes, encoding: Encoding) -> str:
    return mac.hex() if encoding == "hex" else b64encode(mac).decode()


def _decoded(text: str, encoding: Encoding) -> bytes:
    text = text.strip()
    try:
        if encoding == "hex":
            return bytes.fromhex(text)
        return b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""
