"""How good are the recommendations on a log? Proper splits, full ranking, intervals, baselines beside ours.

Measured through the same cores that serve.
"""

from regulars.recommend.evaluation.files import EvaluationOptions, evaluate_file
from regulars.recommend.evaluation.report import EvaluationReport

__all__ = ["EvaluationOptions", "EvaluationReport", "evaluate_file"]
