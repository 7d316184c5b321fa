"""Rounds: A B A B, one side at a time, so that what the machine does meanwhile falls on all alike.

1. Every side that can be measured is measured once, in order; then again, for as many rounds as asked.
2. A side that answers wrongly voids its own round; the reason is kept beside the numbers.
"""

from dataclasses import dataclass, field
from typing import Callable

from harness.case import Case, Values
from harness.exchange import Wrong


@dataclass
class Played:
    """What the rounds of a case yielded."""

    rounds: int
    values: dict[str, list[Values | None]] = field(default_factory=dict)
    """By side and round; None for a void round."""

    void: dict[str, list[str]] = field(default_factory=dict)
    """By side: why rounds are void."""

    def series(self, side: str, metric: str) -> list[float]:
        """A side's sound values of one metric, in the order of the rounds."""
        return [values[metric] for values in self.values.get(side, []) if values is not None and metric in values]


def play(case: Case, rounds: int, announce: Callable[[str], None]) -> Played:
    """Plays all rounds of a case."""
    played = Played(case.rounds or rounds)
    for number in range(1, played.rounds + 1):
        for side in case.sides:
            if side.measure is None:
                continue
            announce(f"{case.name}: round {number} of {played.rounds}: {side.name}")
            try:
                values: Values | None = side.measure()
            except Wrong as wrong:
                values = None
                played.void.setdefault(side.name, []).append(f"round {number}: {wrong}")
            played.values.setdefault(side.name, []).append(values)
    return played
