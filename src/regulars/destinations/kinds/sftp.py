"""Files over SFTP: to a checked address, to a server that shows the key it is known by, seen whole or not at all."""

from __future__ import annotations

import base64
import hashlib
import io
import posixpath
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, cast  # Any: as said where it stands
from urllib.parse import unquote, urlsplit

import msgspec

from regulars.kernel.errors import InvalidError, NotInstalledError, OutboundError
from regulars.kernel.outbound import Outbound
from regulars.kernel.sayings import said

if TYPE_CHECKING:
    import paramiko

PORT = 22
TIMEOUT_S = 20.0


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """Where a server stands, who we are there, and how it proves that it is the one."""

    host: str
    port: int
    user: str
    folder: str
    password: str = ""
    private_key: str = ""
    host_key: str = ""


def login_of(url: str, *, password: str, private_key: str, host_key: str) -> Login:
    """Return a login from `sftp://user@host:port/folder`.

    Raises
    ------
    InvalidError
        When user, host or a way to prove who we are is missing.

    """
    try:
        parts = urlsplit(url)
        port = parts.port or PORT
    except ValueError:
        raise InvalidError(
            said("sftp_no_address", "That is no address. Write one such as sftp://shop@files.example/drop.")
        ) from None
    if not parts.hostname or not parts.username:
        raise InvalidError(
            said("sftp_user_and_host", "An SFTP address names user and host: sftp://shop@files.example/drop.")
        )
    if parts.password is not None:
        raise InvalidError(
            said("sftp_password_in_address", "Put the password into its own field; an address is seen by many.")
        )
    if not password and not private_key:
        raise InvalidError(said("sftp_no_secret", "SFTP needs a password or a private key."))
    return Login(
        host=parts.hostname,
        port=port,
        user=unquote(parts.username),
        folder=unquote(parts.path) or ".",
        password=password,
        private_key=private_key,
        host_key=host_key,
    )


class SftpDrop:
    """A folder on an SFTP server. A connection is made for each file: drops are hours apart."""

    def __init__(self, login: Login, outbound: Outbound) -> None:
        _library()
        self._login = login
        self._outbound = outbound

    def put(self, name: str, content: bytes) -> None:
        """Write a file under another name, then give it its own: who looks sees all of it or what was there before.

        Raises
        ------
        OutboundError
            When the server does not answer, shows another key, or lets us not in.

        """
        with self._client() as client:
            path = posixpath.join(self._login.folder, name)
            part = posixpath.join(self._login.folder, f".{name}.part")
            client.putfo(io.BytesIO(content), part, file_size=len(content), confirm=True)
            try:
                client.posix_rename(part, path)
            except OSError:  # a server without the extension cannot rename onto what is there
                with suppress(OSError):
                    client.remove(path)
                client.rename(part, path)

    def remove(self, name: str) -> None:
        """Take a file away."""
        with self._client() as client:
            client.remove(posixpath.join(self._login.folder, name))

    @contextmanager
    def _client(self) -> Iterator[paramiko.SFTPClient]:
        library, login = _library(), self._login
        connection = self._outbound.connect(login.host, login.port, timeout_s=TIMEOUT_S)
        transport = library.Transport(connection)
        try:
            transport.start_client(timeout=TIMEOUT_S)
            self._refuse_stranger(transport)
            self._sign_in(transport)
            client = library.SFTPClient.from_transport(transport)
            assert client is not None, "a transport that let us in opens a channel"
            client.get_channel().settimeout(TIMEOUT_S)
            yield client
        except library.SSHException as error:
            raise OutboundError(
                said(
                    "sftp_not_let_in", "{host} does not let us in: {kind}.", host=login.host, kind=type(error).__name__
                )
            ) from error
        except OSError as error:
            why = str(error.strerror or error)
            raise OutboundError(
                said("sftp_file_not_taken", "{host} does not take the file: {why}.", host=login.host, why=why)
            ) from error
        finally:
            transport.close()

    def _refuse_stranger(self, transport: paramiko.Transport) -> None:
        shown = fingerprint_of(transport.get_remote_server_key().asbytes())
        if not self._login.host_key:
            raise OutboundError(
                said(
                    "sftp_key_shown",
                    "{host} shows the key {key}. Compare it with what its owner says, and put it into the field for "
                    "the server's key: from then on no other server is talked to.",
                    host=self._login.host,
                    key=shown,
                )
            )
        if shown != self._login.host_key.strip():
            raise OutboundError(
                said(
                    "sftp_key_changed",
                    "{host} shows the key {key}, not the one it is known by. Either its owner has changed it, or "
                    "somebody stands in between: ask before you change the field.",
                    host=self._login.host,
                    key=shown,
                )
            )

    def _sign_in(self, transport: paramiko.Transport) -> None:
        if self._login.private_key:
            transport.auth_publickey(self._login.user, _key_of(self._login.private_key))
        else:
            transport.auth_password(self._login.user, self._login.password)


def fingerprint_of(key: bytes) -> str:
    """Return a key's fingerprint as ssh-keygen writes it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")


def _key_of(text: str) -> paramiko.PKey:
    library = _library()
    for kind in (library.Ed25519Key, library.ECDSAKey, library.RSAKey):
        try:
            return cast("paramiko.PKey", kind.from_private_key(io.StringIO(text)))  # cast: one of three kinds
        except library.SSHException:
            continue
    raise OutboundError(
        said("sftp_private_key", "The private key cannot be read. Paste an OpenSSH key without a passphrase.")
    )


def _library() -> Any:  # Any: the module itself, loaded when it is needed
    try:
        import paramiko
    except ImportError:
        raise NotInstalledError(
            said("sftp_not_installed", "SFTP is not installed. Run: pip install 'regulars[sftp]'.")
        ) from None
    return paramiko
