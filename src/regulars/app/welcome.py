"""What is said when a shop opens: where it is, and how the first person comes in."""

from __future__ import annotations

from regulars.app.shop import Shop
from regulars.web.people import People

SETUP_HOURS = 24 * 7


def welcome(shop: Shop) -> dict[str, str]:
    """Return the addresses to show: `url` always, and `setup_url` while nobody was let in yet."""
    people = People(database=shop.database, clock=shop.clock)
    serve = shop.settings.serve
    base = serve.base_url.rstrip("/") or f"http://{_shown_host(serve.host)}:{serve.port}"
    told = {"url": base}
    if people.is_empty():
        told["setup_url"] = f"{base}/setup?token={people.invite('setup', hours=SETUP_HOURS)}"
    if serve.demo:
        told["demo_url"] = f"{base}/demo/{serve.demo}"
    return told


def _shown_host(host: str) -> str:
    if host in {"0.0.0.0", "::", ""}:  # noqa: S104 (compared, not bound)
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
