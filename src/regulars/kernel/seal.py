"""How are secrets kept that must be used again, such as a password of somebody's server? Sealed, the key elsewhere.

AES-256-GCM. The key is a file of the shop's folder that only its user may read, made when the first secret is sealed;
it is never in the state database. Whoever gets hold of the database alone learns no secret. What is sealed for one
purpose cannot be opened for another: a row copied over another row is of no use.
"""

from __future__ import annotations

import errno
import os
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from pathlib import Path

from sqlalchemy import Connection

from regulars.kernel.errors import UnavailableError
from regulars.kernel.files import sync_folder

FILE_NAME = "seal.key"
PREFIX = "sealed:1:"
KEY_BYTES = 32
_NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})  # what drives say that know none
NONCE_BYTES = 12  # what GCM is made for; random ones are safe for 2^32 secrets of one key


class SealedError(UnavailableError):
    """A secret is there and cannot be opened: its key is lost or another one."""

    kind = "sealed"
    title = "A secret cannot be opened"


class Seal:
    """Seals and opens secrets with the key in one file.

    >>> import tempfile
    >>> seal = Seal(Path(tempfile.mkdtemp()) / "seal.key")
    >>> sealed = seal.close("s3cret", "destination:7")
    >>> is_sealed(sealed), seal.open(sealed, "destination:7")
    (True, 's3cret')
    """

    def __init__(self, key_file: Path) -> None:
        self._key_file = key_file

    def close(self, secret: str, purpose: str) -> str:
        """Return a secret sealed for a purpose; the key is made when there is none yet."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        key = self._key() or self._made()
        nonce = secrets.token_bytes(NONCE_BYTES)
        closed = AESGCM(key).encrypt(nonce, secret.encode("utf-8", "surrogatepass"), purpose.encode())
        return f"{PREFIX}{_name(key)}:{urlsafe_b64encode(nonce + closed).decode()}"

    def open(self, sealed: str, purpose: str) -> str:
        """Return a secret that was sealed for a purpose; one that never was sealed as it is.

        Raises
        ------
        SealedError
            When the key is missing or another one, or it was sealed for another purpose.

        """
        if not is_sealed(sealed):
            return sealed
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        key = self._key()
        if key is None:
            raise SealedError(
                f"The key {str(self._key_file)!r}, with which secrets were sealed, is not there. Put it back from a "
                "backup, or enter the secrets again."
            )
        name, _, content = sealed.removeprefix(PREFIX).partition(":")
        try:
            raw = urlsafe_b64decode(content)
            opened = AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], purpose.encode())
        except (InvalidTag, ValueError):
            file = str(self._key_file)
            if name == _name(key):
                raise SealedError(f"A secret that {file!r} should open is damaged. Enter it again.") from None
            raise SealedError(
                f"A secret was sealed with another key than the one in {file!r}. Put that key back, or enter the "
                "secret again."
            ) from None
        return opened.decode("utf-8", "surrogatepass")

    def _key(self) -> bytes | None:
        try:
            found = self._key_file.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SealedError(f"The key {str(self._key_file)!r} cannot be read: {error.strerror}.") from error
        try:
            key = urlsafe_b64decode(found.strip())
        except ValueError:
            key = b""
        if len(key) != KEY_BYTES:
            raise SealedError(f"{str(self._key_file)!r} is no key: it holds {KEY_BYTES} bytes as base64, on one line.")
        return key

    def _made(self) -> bytes:
        """Make the key; of several processes that do so at once one is first, and all use its."""
        try:
            self._make()
        except OSError as error:
            raise SealedError(f"The key {str(self._key_file)!r} cannot be made: {error.strerror}.") from error
        key = self._key()
        assert key is not None, "it was made a moment ago"
        return key

    def _make(self) -> None:
        path = self._key_file
        beside = path.with_name(f".regulars-{path.name}-{secrets.token_hex(4)}")
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            _put(beside, path)
        finally:
            beside.unlink(missing_ok=True)
        sync_folder(path.parent)


def _put(beside: Path, path: Path) -> None:
    """Give a whole file its name, unless another process was first."""
    try:
        os.link(beside, path)
    except FileExistsError:
        return
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _put_by_turns(beside, path)


def _put_by_turns(beside: Path, path: Path) -> None:
    """Do so where a file cannot have two names, as on FAT and some network drives: whoever has the lock looks first."""
    import fcntl

    with path.with_name(f".regulars-{path.name}.lock").open("ab") as lock_file:
        fcntl.flock(lock_file, fcntl.LOCK_EX)
        if not path.exists():
            beside.rename(path)


def is_sealed(text: str) -> bool:
    """Return whether a text is a sealed secret."""
    return text.startswith(PREFIX)


def forget_what_was(connection: Connection) -> None:
    """Let SQLite overwrite with zeros what the rest of this connection's statements replace.

    PostgreSQL lets its old rows go by `VACUUM`; it has no such word.
    """
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete = ON")


def _name(key: bytes) -> str:
    return sha256(b"regulars seal" + key).hexdigest()[:8]
