"""Profiles over HTTP: find a customer, see what is remembered, see what they did, forget them."""

from __future__ import annotations

from typing import Annotated

from litestar import Controller, delete, get
from litestar.params import QueryParameter

from regulars.kernel.http import Page, Role, needs
from regulars.kernel.ids import CustomerId
from regulars.kernel.jobs import JobRunStatus, Jobs
from regulars.profiles.core.timeline import TimelineEntry
from regulars.profiles.core.view import Profile, ProfileSummary
from regulars.profiles.service import ERASE_JOB, Profiles, Taste


class ProfilesController(Controller):
    """`/v1/profiles`."""

    path = "/v1/profiles"
    tags = ("Profiles",)

    @get(operation_id="findProfiles", summary="Find customers", sync_to_thread=True, opt=needs(Role.VIEWER))
    def find(
        self,
        profiles: Profiles,
        words: Annotated[
            str,
            QueryParameter(
                name="query",  # the framework keeps the name `query` for itself
                description="The beginning of an identifier, or of any part of a name; empty for the latest.",
            ),
        ] = "",
        taste: Annotated[
            str | None,
            QueryParameter(
                description="Only those drawn most to this; empty for those with no taste yet. Not with `query`."
            ),
        ] = None,
        seen_within_s: Annotated[
            int | None, QueryParameter(ge=1, description="With `taste`: only those seen within so many seconds.")
        ] = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> Page[ProfileSummary]:
        """Return matching customers; without a query, whoever was seen last comes first."""
        drawn = None if taste is None else Taste(taste, seen_within_s)
        return profiles.search(words, taste=drawn, cursor=cursor, limit=limit)

    @get(
        "/{customer_id:str}",
        operation_id="getProfile",
        summary="One customer",
        sync_to_thread=True,
        opt=needs(Role.VIEWER),
    )
    def one(self, profiles: Profiles, customer_id: str) -> Profile:
        """Return all that is remembered; an absorbed customer's id gives whoever they are now."""
        return profiles.of(CustomerId(customer_id))

    @get(
        "/by/{kind:str}/{value:str}",
        operation_id="getProfileByIdentifier",
        summary="One customer by any identifier",
        sync_to_thread=True,
        opt=needs(Role.VIEWER),
    )
    def by(self, profiles: Profiles, kind: str, value: str) -> Profile:
        """Return the profile of whoever goes by `user_id`, `email`, `anonymous_id` or an external id."""
        return profiles.by(kind, value)

    @get(
        "/{customer_id:str}/timeline",
        operation_id="getTimeline",
        summary="What a customer did",
        sync_to_thread=True,
        opt=needs(Role.VIEWER),
    )
    def timeline(
        self, profiles: Profiles, customer_id: str, cursor: str | None = None, limit: int | None = None
    ) -> Page[TimelineEntry]:
        """Return their events, the latest first."""
        return profiles.timeline(CustomerId(customer_id), cursor=cursor, limit=limit)

    @delete(
        "/{customer_id:str}",
        operation_id="eraseProfile",
        summary="Forget a customer",
        status_code=202,
        sync_to_thread=True,
        opt=needs(Role.ADMIN, audited_as="customer_erased"),
    )
    def erase(self, profiles: Profiles, jobs: Jobs, customer_id: str) -> JobRunStatus:
        """Start the job that removes every trace of a customer, in tables, history and log, and return it."""
        standing = profiles.of(CustomerId(customer_id)).customer_id
        return jobs.find(jobs.start(ERASE_JOB, {"customer_id": standing}))


ROUTES: list[type[Controller]] = [ProfilesController]
