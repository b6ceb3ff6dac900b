"""Which hook is this, and what verifies it? Answered from a snapshot on disk, so that the door needs no database.

It holds secrets, sealed; only the shop's own user may read it.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from regulars.events.hooks.core.definition import HookSecret, KeyedHook, purpose_of
from regulars.kernel.clock import Clock
from regulars.kernel.seal import Seal, SealedError

FILE_NAME = "hooks.json"
_log = logging.getLogger(__name__)
LOOK_EVERY_US = 1_000_000
LOOK_AGAIN_US = 20_000  # strangers with invented addresses shall not make the door stat a file for each of them


class HookKeys:
    """The hooks of a shop, as of at most a second ago; at once when one is not known yet."""

    def __init__(self, folder: Path, clock: Clock, seal: Seal) -> None:
        self._path = folder / FILE_NAME
        self._seal = seal
        self._clock = clock
        self._looked_us = 0
        self._stamp: tuple[int, int, int] | None = None
        self._hooks: dict[str, KeyedHook] = {}
        self._encoded: dict[str, bytes] = {}
        self._lost: set[str] = set()

    def hook_of(self, hook_id: str) -> KeyedHook | None:
        """Return a hook, None when there is none of this id."""
        age_us = self._clock.now_us() - self._looked_us
        if age_us >= LOOK_EVERY_US or (hook_id not in self._hooks and age_us >= LOOK_AGAIN_US):
            self._look()
        return self._hooks.get(hook_id)

    def is_sealed(self, hook: KeyedHook) -> bool:
        """Return whether a hook has a secret and none of its secrets can be read, because their key is lost."""
        return hook.hook_id in self._lost

    def mapping_of(self, hook: KeyedHook) -> bytes:
        """Return a hook's mapping as a record carries it."""
        if hook.hook_id not in self._encoded:
            self._encoded[hook.hook_id] = msgspec.json.encode(hook.mapping)
        return self._encoded[hook.hook_id]

    def _look(self) -> None:
        self._looked_us = self._clock.now_us()
        try:
            found = self._path.stat()
            stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
            if stamp != self._stamp:
                hooks = msgspec.json.decode(self._path.read_bytes(), type=list[KeyedHook])
                self._hooks = {hook.hook_id: self._opened(hook) for hook in hooks}
                self._lost &= self._hooks.keys()
                self._encoded.clear()
                self._stamp = None if self._lost else stamp  # the key may be put back, which no snapshot tells
        except (OSError, msgspec.MsgspecError):
            return  # not there yet: what we know stays true; the next look tries again

    def _opened(self, hook: KeyedHook) -> KeyedHook:
        """Return a hook with those of its secrets that can be read, in the clear; with none it lets nothing in."""
        purpose = purpose_of(hook.hook_id)
        secrets: list[HookSecret] = []
        trouble: SealedError | None = None
        for one in hook.secrets:
            try:
                secrets.append(msgspec.structs.replace(one, secret=self._seal.open(one.secret, purpose)))
            except SealedError as error:
                trouble = error
        if secrets or trouble is None:
            self._lost.discard(hook.hook_id)
        elif hook.hook_id not in self._lost:  # said once, not at every look
            self._lost.add(hook.hook_id)
            _log.error("the hook %s lets nothing in: %s", hook.hook_id, trouble)
        return msgspec.structs.replace(hook, secrets=secrets)


def write_hooks(folder: Path, hooks: Sequence[KeyedHook]) -> None:
    """Replace the snapshot in one step, durably."""
    path = folder / FILE_NAME
    new = path.with_name(f"{FILE_NAME}.{os.getpid()}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(hooks), indent=1))
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
