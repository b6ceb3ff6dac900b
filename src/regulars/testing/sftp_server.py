"""An SFTP server on this machine: a real one, over a folder, for tests of whatever drops files.

with SftpServer(folder, user="shop", password="drop it") as server:
    server.url, server.host_key
"""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path
from typing import Self

import paramiko
from paramiko.common import (
    AUTH_FAILED,
    AUTH_SUCCESSFUL,
    OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED,
    OPEN_SUCCEEDED,
)
from paramiko.sftp import SFTP_FAILURE, SFTP_OK

from regulars.destinations.kinds.sftp import fingerprint_of

ACCEPT_S = 0.1


class SftpServer:
    """Serves one folder to one user, by password or by one key."""

    def __init__(self, folder: Path, *, user: str, password: str, key: paramiko.PKey | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._login = _Login(user, password, key)
        self._own_key = paramiko.ECDSAKey.generate()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(ACCEPT_S)
        self._over = threading.Event()
        self._transports: list[paramiko.Transport] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        self.url = f"sftp://{user}@127.0.0.1:{self._socket.getsockname()[1]}/"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._socket.close()
        for transport in self._transports:
            transport.close()

    @property
    def host_key(self) -> str:
        """Return the fingerprint the server is known by."""
        return fingerprint_of(self._own_key.asbytes())

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                connection, _ = self._socket.accept()
            except TimeoutError:
                continue
            connection.settimeout(None)
            transport = paramiko.Transport(connection)
            transport.add_server_key(self._own_key)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _Folder, self.folder)
            try:
                transport.start_server(server=self._login)
            except (paramiko.SSHException, EOFError):
                transport.close()  # whoever did not like our key
            self._transports.append(transport)


class _Login(paramiko.ServerInterface):
    def __init__(self, user: str, password: str, key: paramiko.PKey | None) -> None:
        self._user, self._password, self._key = user, password, key

    def check_auth_password(self, username: str, password: str) -> int:
        good = username == self._user and password == self._password
        return AUTH_SUCCESSFUL if good else AUTH_FAILED

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        good = username == self._user and self._key is not None and key.asbytes() == self._key.asbytes()
        return AUTH_SUCCESSFUL if good else AUTH_FAILED

    def get_allowed_auths(self, username: str) -> str:
        del username  # the same for everybody
        return "password,publickey"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        del chanid  # any number will do
        return OPEN_SUCCEEDED if kind == "session" else OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED


class _Handle(paramiko.SFTPHandle):
    def stat(self) -> paramiko.SFTPAttributes | int:
        return paramiko.SFTPAttributes.from_stat(os.fstat(self.writefile.fileno()))  # type: ignore[attr-defined] # set below


class _Folder(paramiko.SFTPServerInterface):
    def __init__(self, server: paramiko.ServerInterface, folder: Path) -> None:
        super().__init__(server)
        self._folder = folder

    def open(self, path: str, flags: int, attr: paramiko.SFTPAttributes) -> paramiko.SFTPHandle | int:
        del attr  # rights are the folder's
        try:
            file = os.fdopen(os.open(self._real(path), flags, 0o600), "wb" if flags & os.O_WRONLY else "rb")
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)
        handle = _Handle(flags)
        handle.filename = path  # type: ignore[attr-defined] # the library looks for these names
        handle.readfile = handle.writefile = file  # type: ignore[attr-defined] # as above
        return handle

    def stat(self, path: str) -> paramiko.SFTPAttributes | int:
        try:
            return paramiko.SFTPAttributes.from_stat(self._real(path).stat())
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)

    lstat = stat

    def remove(self, path: str) -> int:
        return _done(lambda: self._real(path).unlink())

    def rename(self, oldpath: str, newpath: str) -> int:
        """Refuse to rename onto what is there, as the protocol has it."""
        if self._real(newpath).exists():
            return SFTP_FAILURE
        return _done(lambda: self._real(oldpath).rename(self._real(newpath)))

    def posix_rename(self, oldpath: str, newpath: str) -> int:
        return _done(lambda: self._real(oldpath).replace(self._real(newpath)))

    def _real(self, path: str) -> Path:
        real = (self._folder / path.lstrip("/")).resolve()
        if not real.is_relative_to(self._folder.resolve()):
            raise PermissionError(13, "outside")
        return real


def _done(act: object) -> int:
    assert callable(act), "a step on the disk"
    try:
        act()
    except OSError as error:
        return paramiko.SFTPServer.convert_errno(error.errno or 0)
    return SFTP_OK
