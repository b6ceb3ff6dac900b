"""Nonsense of every kind, from a seed: nothing of it may break the door, the worker or the API."""
