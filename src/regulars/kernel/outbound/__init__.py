"""Calls to addresses that a person typed in: guarded, so that nobody turns the shop against its own network."""

from regulars.kernel.outbound.core import Networks, Place
from regulars.kernel.outbound.service import Answer, Call, Outbound

__all__ = ["Answer", "Call", "Networks", "Outbound", "Place"]
