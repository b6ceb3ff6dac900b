"""Experiments: who gets which variant, decided by hashes alone, and who has seen it."""

from regulars.experiments.core import Assignment, Experiment, Holdout, Reason, Variant, assign
from regulars.experiments.service import Experiments
from regulars.experiments.store import MIGRATIONS

__all__ = ["MIGRATIONS", "Assignment", "Experiment", "Experiments", "Holdout", "Reason", "Variant", "assign"]
