"""From rounds to figures: median and spread of each value and of each ratio, and whether a target is met.

1. A ratio is taken inside a round, between two measurements that lie seconds apart, and only then the median over rounds.
2. It is turned so that above 1 is good for ours.
3. A target with nothing measured is neither met nor missed.
"""

from dataclasses import dataclass
from statistics import median

from harness.case import Case, Metric, Target
from harness.rounds import Played


@dataclass(frozen=True)
class Spread:
    """A median with the least and the most."""

    median: float
    least: float
    most: float

    @staticmethod
    def of(values: list[float]) -> "Spread | None":
        """None where there is nothing to take a median of."""
        return Spread(median(values), min(values), max(values)) if values else None


@dataclass(frozen=True)
class Verdict:
    """A target and what was measured for it."""

    text: str
    measured: Spread | None
    met: bool | None
    """None where it could not be measured."""


def ratio(played: Played, metric: Metric, ours: str, peers: tuple[str, ...]) -> Spread | None:
    """Ours against the worst of the peers, round by round."""
    ratios: list[float] = []
    sides = [played.values.get(name, []) for name in (ours, *peers)]
    for own, *others in zip(*sides):
        if own is None or any(other is None for other in others):
            continue
        theirs = [other[metric.key] for other in others if other is not None]
        worst = min(theirs) if metric.more_is_better else max(theirs)
        above, below = (own[metric.key], worst) if metric.more_is_better else (worst, own[metric.key])
        if below > 0:
            ratios.append(above / below)
    return Spread.of(ratios)


def judge(case: Case, target: Target, played: Played) -> Verdict:
    """Holds the measured median against a target."""
    metric = case.metric(target.metric)
    if target.versus:
        spread = ratio(played, metric, target.side, target.versus)
        peers = " and ".join(target.versus)
        whom = f"the worse of {peers}" if len(target.versus) > 1 else peers
        text = f"{metric.label} {_bound(metric, target.bound, whom)}"
        return Verdict(text, spread, None if spread is None else spread.median >= target.bound)
    spread = Spread.of(played.series(target.side, metric.key))
    word = "at least" if metric.more_is_better else "at most"
    text = f"{target.side}: {metric.label} {word} {target.bound:g}, in every round"
    if spread is None:
        return Verdict(text, None, None)
    # A bound on ours alone holds in every round, not in the middle one.
    met = spread.least >= target.bound if metric.more_is_better else spread.most <= target.bound
    return Verdict(text, spread, met)


def _bound(metric: Metric, bound: float, whom: str) -> str:
    """The bound in words; the ratio itself is turned so that above the bound is always good."""
    if metric.more_is_better:
        return f"at least {bound:g} × {whom}"
    return f"at most that of {whom}" + ("" if bound == 1 else f" / {bound:g}")
