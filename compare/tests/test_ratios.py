"""Ratios, spreads and verdicts, from rounds made by hand."""

import unittest

from harness.case import Case, Metric, Side, Target
from harness.ratios import Spread, judge, ratio
from harness.rounds import Played

RATE = Metric("rate", "MiB/s", 0, more_is_better=True, compared=True)
COST = Metric("cpu", "CPU s", 2, compared=True)


def played(**sides: list[tuple[float, float] | None]) -> Played:
    """Rounds of (rate, cpu) by side; None for a void one."""
    rounds = max(len(values) for values in sides.values())
    series = {
        name: [None if pair is None else {"rate": pair[0], "cpu": pair[1]} for pair in values]
        for name, values in sides.items()
    }
    return Played(rounds, series)


def case(*targets: Target) -> Case:
    """A case of ours and two peers."""
    return Case("c", "c", (RATE, COST), [Side(name, None) for name in ("ours", "a", "b")], "ours", list(targets))


class Ratios(unittest.TestCase):
    """What a reader takes from the table."""

    def test_more_is_better_for_ours_on_both_kinds(self) -> None:
        """Twice the rate at half the cost is 2 and 2."""
        rounds = played(ours=[(200, 1)], a=[(100, 2)])
        self.assertEqual(ratio(rounds, RATE, "ours", ("a",)), Spread(2, 2, 2))
        self.assertEqual(ratio(rounds, COST, "ours", ("a",)), Spread(2, 2, 2))

    def test_the_ratio_is_taken_inside_a_round(self) -> None:
        """A machine that halves its speed between rounds changes no ratio."""
        rounds = played(ours=[(200, 1), (100, 1), (50, 1)], a=[(100, 1), (50, 1), (25, 1)])
        self.assertEqual(ratio(rounds, RATE, "ours", ("a",)), Spread(2, 2, 2))

    def test_a_void_round_counts_for_neither(self) -> None:
        """The ratio comes from the sound rounds; from none there is none."""
        rounds = played(ours=[(200, 1), None, (300, 1)], a=[(100, 1), (1, 1), None])
        self.assertEqual(ratio(rounds, RATE, "ours", ("a",)), Spread(2, 2, 2))
        self.assertIsNone(ratio(played(ours=[None], a=[(1, 1)]), RATE, "ours", ("a",)))
        self.assertIsNone(ratio(rounds, RATE, "ours", ("absent",)))

    def test_of_several_peers_the_worst_of_each_round(self) -> None:
        """A rate against the slower, a cost against the dearer."""
        rounds = played(ours=[(90, 2), (90, 2)], a=[(100, 4), (200, 1)], b=[(300, 1), (100, 8)])
        self.assertEqual(ratio(rounds, RATE, "ours", ("a", "b")), Spread(0.9, 0.9, 0.9))
        self.assertEqual(ratio(rounds, COST, "ours", ("a", "b")), Spread(3, 2, 4))


class Verdicts(unittest.TestCase):
    """Whether a figure is reached."""

    def test_a_ratio_is_judged_by_its_median(self) -> None:
        """One bad round of three does not miss it."""
        rounds = played(ours=[(95, 1), (80, 1), (96, 1)], a=[(100, 1)] * 3)
        self.assertIs(judge(case(), Target("rate", 0.9, "ours", ("a",)), rounds).met, True)
        self.assertIs(judge(case(), Target("rate", 0.96, "ours", ("a",)), rounds).met, False)

    def test_a_bound_on_ours_holds_in_every_round(self) -> None:
        """The most counts, not the median."""
        rounds = played(ours=[(1, 1), (1, 1), (1, 9)])
        self.assertIs(judge(case(), Target("cpu", 8, "ours"), rounds).met, False)
        self.assertIs(judge(case(), Target("cpu", 9, "ours"), rounds).met, True)

    def test_nothing_measured_is_neither_met_nor_missed(self) -> None:
        """A side left out proves nothing."""
        for target in (Target("cpu", 8, "ours"), Target("rate", 1, "ours", ("a",))):
            self.assertIsNone(judge(case(), target, played(a=[(1, 1)])).met)


if __name__ == "__main__":
    unittest.main()
