"""Is everything well? Looks the machine, the folder and the engines over, and says what to do about each finding."""

from regulars.app.doctor.examine import examine
from regulars.app.doctor.finding import Finding

__all__ = ["Finding", "examine"]
