"""What a case is: some sides that are measured in turn, the metrics they yield, and the figures to reach.

1. A `Side` is measured once a round and yields a number for each metric, or is left out with a reason.
2. A ratio is always written so that more is better for ours: ours / peer for requests a second, peer / ours for costs.
3. A `Target` bounds either the median ratio to a peer, or the median of ours alone.
"""

from dataclasses import dataclass, field
from typing import Callable

Values = dict[str, float]
"""What one round of one side yields: a number for each metric's key."""


@dataclass(frozen=True)
class Metric:
    """A column."""

    key: str
    label: str
    digits: int
    more_is_better: bool = False
    compared: bool = False
    """Whether the ratio to each peer is worth a line."""


@dataclass(frozen=True)
class Side:
    """Ours or a peer."""

    name: str
    measure: Callable[[], Values] | None
    left_out: str = ""
    """Why it is not measured, where it is not."""


def left_out(name: str, reason: str) -> Side:
    """A side that this machine cannot have."""
    return Side(name, None, reason)


@dataclass(frozen=True)
class Target:
    """A figure to reach."""

    metric: str
    bound: float
    side: str
    """Whose figure it is."""

    versus: tuple[str, ...] = ()
    """The peer of the ratio; of several, in each round the worst. Empty: `bound` limits the side's own value."""


@dataclass
class Case:
    """What is compared."""

    name: str
    title: str
    metrics: tuple[Metric, ...]
    sides: list[Side]
    ours: str = ""
    """The side that all others are compared with; empty where nothing is."""

    targets: list[Target] = field(default_factory=list)
    conditions: list[str] = field(default_factory=list)
    """What a reader must know to believe the numbers."""

    rounds: int | None = None
    """Where a case wants another number than the run's."""

    def metric(self, key: str) -> Metric:
        """The metric with this key."""
        return next(metric for metric in self.metrics if metric.key == key)

    @property
    def peers(self) -> list[str]:
        """The sides that ours is compared with."""
        return [side.name for side in self.sides if side.name != self.ours] if self.ours else []
