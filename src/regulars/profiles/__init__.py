"""What the shop remembers of each customer."""

from regulars.profiles.core.timeline import TimelineEntry
from regulars.profiles.core.view import Affinity, Profile, ProfileSummary
from regulars.profiles.service import Profiles

__all__ = ["Affinity", "Profile", "ProfileSummary", "Profiles", "TimelineEntry"]
