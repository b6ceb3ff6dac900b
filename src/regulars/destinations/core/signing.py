"""Signatures by the Standard Webhooks specification (v1: HMAC-SHA256 over id, time and body). Pure.

Any receiver may check them with the specification's own libraries.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence

from regulars.kernel.errors import InvalidError

PREFIX = "whsec_"
KEY_BYTES = 32
TOLERANCE_S = 300


def secret_of(random_bytes: bytes) -> str:
    """Return random bytes as a signing secret.

    >>> secret_of(bytes(32))
    'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='
    """
    return PREFIX + base64.b64encode(random_bytes).decode()


def sign(secret: str, *, message_id: str, timestamp_s: int, body: bytes) -> str:
    """Return one signature.

    The specification's own example:

    >>> sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
    ...      timestamp_s=1614265330, body=b'{"test": 2432232314}')
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
    """
    signed = f"{message_id}.{timestamp_s}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(_key(secret), signed, hashlib.sha256).digest()).decode()


def headers(secrets: Sequence[str], *, message_id: str, timestamp_s: int, body: bytes) -> dict[str, str]:
    """Return the three headers, with a signature by each secret: while one is replaced, either is good."""
    signatures = [sign(one, message_id=message_id, timestamp_s=timestamp_s, body=body) for one in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": " ".join(signatures),
    }


def is_signed(secret: str, told: Mapping[str, str], body: bytes, *, now_s: int) -> bool:
    """Return whether a request was signed with a secret within the last five minutes; what a receiver does."""
    try:
        timestamp_s = int(told["webhook-timestamp"])
        expected = sign(secret, message_id=told["webhook-id"], timestamp_s=timestamp_s, body=body)
    except (KeyError, ValueError):
        return False
    signatures = told.get("webhook-signature", "").split(" ")
    found = any(hmac.compare_digest(one.encode(), expected.encode()) for one in signatures)
    return found and abs(now_s - timestamp_s) <= TOLERANCE_S


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidError(f"A signing secret is {PREFIX!r} followed by base64.") from None
