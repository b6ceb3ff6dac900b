"""Three small shops to live in."""
