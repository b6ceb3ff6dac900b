"""Inbound webhooks over HTTP, for the console; the door for deliveries themselves is `regulars.events.hooks.door`."""

from __future__ import annotations

import msgspec
from litestar import Controller, delete, get, patch, post

from regulars.events.hooks.core.mapping import HookMapping
from regulars.events.hooks.core.presets import HookPreset
from regulars.events.hooks.core.schemes import Scheme
from regulars.events.hooks.service import Hook, HookPreview, Hooks, MappingVersion, NewHook, ShownDelivery
from regulars.kernel.http import Caller, Role, needs


class HookOpening(msgspec.Struct, frozen=True, kw_only=True):
    """A hook to open: what to begin with, and the other service's secret when it makes one."""

    name: str = ""
    preset: str = "generic"
    scheme: Scheme | None = None
    mapping: HookMapping | None = None
    secret: str | None = None


class HookChange(msgspec.Struct, frozen=True, kw_only=True):
    """What shall be different; what is left out stays."""

    name: str | None = None
    enabled: bool | None = None
    scheme: Scheme | None = None
    mapping: HookMapping | None = None


class SecretGiven(msgspec.Struct, frozen=True, kw_only=True):
    """A new secret; one is made when none is given. The one before it verifies for `overlap_s` more."""

    secret: str | None = None
    overlap_s: int = 0


class BodyTried(msgspec.Struct, frozen=True, kw_only=True):
    """A mapping and a body to try it on."""

    mapping: HookMapping
    body: str
    headers: dict[str, str] = {}
    hook_id: str = ""
    delivery_id: str = ""


class ToldAgain(msgspec.Struct, frozen=True, kw_only=True):
    """How many deliveries were told again."""

    deliveries: int


class HooksController(Controller):
    """`/v1/hooks`."""

    path = "/v1/hooks"
    tags = ("Hooks",)

    @get(operation_id="listHooks", summary="Every inbound webhook", sync_to_thread=True, opt=needs(Role.VIEWER))
    def all(self, hooks: Hooks) -> list[Hook]:
        """Return every hook, oldest first; of its secrets only how they end."""
        return hooks.all()

    @post(
        operation_id="createHook",
        summary="Open an inbound webhook",
        sync_to_thread=True,
        opt=needs(Role.ADMIN, audited_as="hook_created"),
    )
    def create(self, hooks: Hooks, data: HookOpening) -> NewHook:
        """Open a hook and return it; a secret of our making is told this once."""
        return hooks.create(data.name, preset=data.preset, scheme=data.scheme, mapping=data.mapping, secret=data.secret)

    @get("/presets", operation_id="hookPresets", summary="Known services", sync_to_thread=True, opt=needs(Role.VIEWER))
    def presets(self, hooks: Hooks) -> list[HookPreset]:
        """Return how each service signs, what its deliveries tell, and an invented one to look at."""
        return hooks.presets()

    @post(
        "/preview",
        operation_id="previewHook",
        summary="What would this body tell?",
        status_code=200,
        sync_to_thread=True,
        opt=needs(Role.MARKETER),
    )
    def preview(self, hooks: Hooks, data: BodyTried) -> HookPreview:
        """Return the events a mapping makes of a body, and every fault with its place in the expression."""
        return hooks.preview(data.mapping, data.body, data.headers, hook_id=data.hook_id, delivery=data.delivery_id)

    @get("/{hook_id:str}", operation_id="getHook", summary="One hook", sync_to_thread=True, opt=needs(Role.VIEWER))
    def one(self, hooks: Hooks, hook_id: str) -> Hook:
        """Return one hook."""
        return hooks.find(hook_id)

    @patch(
        "/{hook_id:str}",
        operation_id="changeHook",
        summary="Rename, close or open a hook, or say what it tells",
        sync_to_thread=True,
        opt=needs(Role.ADMIN, audited_as="hook_changed"),
    )
    def change(self, hooks: Hooks, hook_id: str, data: HookChange) -> Hook:
        """Change a hook; a new mapping is a new version and holds for what comes from now on."""
        return hooks.change(hook_id, name=data.name, enabled=data.enabled, scheme=data.scheme, mapping=data.mapping)

    @delete(
        "/{hook_id:str}",
        operation_id="removeHook",
        summary="Take a hook away",
        sync_to_thread=True,
        opt=needs(Role.ADMIN, audited_as="hook_removed"),
    )
    def remove(self, hooks: Hooks, hook_id: str) -> None:
        """Take it away and close its source; what it told stays."""
        hooks.remove(hook_id)

    @post(
        "/{hook_id:str}/secret",
        operation_id="setHookSecret",
        summary="Give a hook a new secret",
        status_code=200,
        sync_to_thread=True,
        opt=needs(Role.ADMIN, audited_as="hook_secret_changed"),
    )
    def set_secret(self, hooks: Hooks, hook_id: str, data: SecretGiven) -> NewHook:
        """Keep the other service's secret, or make one and tell it this once."""
        return hooks.set_secret(hook_id, secret=data.secret, overlap_s=data.overlap_s)

    @get(
        "/{hook_id:str}/versions",
        operation_id="hookVersions",
        summary="The mappings that held",
        sync_to_thread=True,
        opt=needs(Role.VIEWER),
    )
    def versions(self, hooks: Hooks, hook_id: str) -> list[MappingVersion]:
        """Return every mapping of a hook, the newest first."""
        return hooks.versions(hook_id)

    @get(
        "/{hook_id:str}/deliveries",
        operation_id="hookDeliveries",
        summary="What came last",
        sync_to_thread=True,
        opt=needs(Role.MARKETER),
    )
    def deliveries(self, hooks: Hooks, caller: Caller, hook_id: str) -> list[ShownDelivery]:
        """Return the last deliveries as they came, refused ones too, with what each told."""
        return hooks.deliveries(hook_id, covered=not caller.may(Role.ADMIN))

    @post(
        "/{hook_id:str}/again",
        operation_id="tellAgain",
        summary="Tell again what could not be told",
        status_code=200,
        sync_to_thread=True,
        opt=needs(Role.ADMIN, audited_as="hook_retold"),
    )
    def again(self, hooks: Hooks, hook_id: str) -> ToldAgain:
        """Read deliveries that failed before by the mapping that holds now; what they told already counts once."""
        return ToldAgain(deliveries=hooks.tell_again(hook_id))


ROUTES: list[type[Controller]] = [HooksController]
