"""What an evaluation says: the protocol, the data, and one row per model with intervals."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from regulars.recommend.core.metrics import Figure


@dataclass(frozen=True, slots=True)
class ModelResult:
    """How one model fared. `settings` were chosen inside the training part; `query_ms` is time of the processor."""

    model: str
    figures: dict[str, Figure]
    is_baseline: bool = False
    settings: dict[str, float] = field(default_factory=dict)
    fit_s: float = 0.0
    query_ms: float = 0.0


class FigureShown(msgspec.Struct, frozen=True):
    """A mean with its 95 % interval."""

    value: float
    low: float
    high: float


class ModelShown(msgspec.Struct, frozen=True, kw_only=True):
    """One model's figures."""

    model: str
    is_baseline: bool
    settings: dict[str, float]
    figures: dict[str, FigureShown]
    fit_s: float
    query_ms: float


class EvaluationReport(msgspec.Struct, frozen=True, kw_only=True):
    """What `regulars evaluate recommend` prints and `--json` writes."""

    protocol: str
    interactions: int
    customers: int
    items: int
    questions: int
    notes: list[str]
    models: list[ModelShown]

    @property
    def summary(self) -> str:
        """The data and the protocol in sentences, and which model came first."""
        data = f"{self.interactions:,} interactions, {self.customers:,} customers, {self.items:,} items"
        lines = [f"Protocol {self.protocol}: {self.questions:,} questions, {data}.", *self.notes]
        if self.models:
            name = next(iter(self.models[0].figures))
            best = max(self.models, key=lambda one: one.figures[name].value)
            kind = "a baseline" if best.is_baseline else "ours"
            lines.append(f"Highest {name}: {best.model} ({kind}), {best.figures[name].value:.4f}.")
        return "\n".join(lines)

    def rows(self) -> list[dict[str, object]]:
        """Return one row per model: its figures with half the width of their intervals, its settings."""
        return [
            {
                "model": one.model + (" (baseline)" if one.is_baseline else ""),
                **{
                    name: f"{figure.value:.4f} ± {(figure.high - figure.low) / 2:.4f}"
                    for name, figure in one.figures.items()
                },
                "settings": " ".join(f"{name}={value:g}" for name, value in one.settings.items()) or "-",
                "fit s": f"{one.fit_s:.1f}",
                "ms a query": f"{one.query_ms:.2f}",
            }
            for one in self.models
        ]


def shown(result: ModelResult) -> ModelShown:
    """Return a result as it is written."""
    return ModelShown(
        model=result.model,
        is_baseline=result.is_baseline,
        settings={name: float(value) for name, value in result.settings.items()},
        figures={  # plain floats: numpy's are no JSON
            name: FigureShown(float(one.value), float(one.low), float(one.high)) for name, one in result.figures.items()
        },
        fit_s=round(float(result.fit_s), 3),
        query_ms=round(float(result.query_ms), 4),
    )
