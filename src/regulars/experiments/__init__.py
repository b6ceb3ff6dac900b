"""Experiments: who gets which variant, decided by hashes alone, and who has seen it."""

from regulars.experiments.core import Assignment, AssignmentReason, Experiment, Holdout, Variant, assign
from regulars.experiments.service import Experiments
from regulars.experiments.store import MIGRATIONS

__all__ = ["MIGRATIONS", "Assignment", "AssignmentReason", "Experiment", "Experiments", "Holdout", "Variant", "assign"]
