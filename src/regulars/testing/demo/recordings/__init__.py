"""Real logs, read into a catalogue and calls in order of time. Nothing here invents anything."""

from regulars.testing.demo.recordings.presets import PRESETS, Preset, read_catalogue, read_log
from regulars.testing.demo.recordings.recording import Recording

__all__ = ["PRESETS", "Preset", "Recording", "read_catalogue", "read_log"]
