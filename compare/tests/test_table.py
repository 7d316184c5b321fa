"""From a played case to the page and the terminal."""

import unittest

from harness import report, result, table
from harness.case import Case, Metric, Side, Target, left_out
from harness.rounds import play


def played_result() -> result.Result:
    """Three sides: one measured, one measured and void once, one left out."""
    theirs = iter((100.0, 50.0))
    case = Case(
        name="case",
        title="ours: a case",
        metrics=(Metric("rps", "requests/s", 0, more_is_better=True, compared=True),),
        sides=[
            Side("ours", lambda: {"rps": 1000.0}),
            Side("peer", lambda: {"rps": next(theirs)}),
            left_out("absent", "it is not installed"),
        ],
        ours="ours",
        targets=[Target("rps", 12, "ours", ("peer",)), Target("rps", 16, "ours", ("peer",)),
                 Target("rps", 1, "ours", ("absent",))],
    )
    about = {
        "commit": "c0ffee", "pinning": "pinned", "versions": {"wrk": "4.1"}, "seconds": 1,
        "machine": {"cpu": "a processor", "cores": 2, "memory_mib": 2048, "kernel": "6.1"},
    }
    return result.of(case, play(case, 2, lambda line: None), about)


class Rendering(unittest.TestCase):
    """Nothing is lost between the rounds and the reader."""

    def test_the_page_tells_targets_values_and_reasons(self) -> None:
        """Ratios 10 and 20: a median of 15 reaches 12 and not 16, and what is left out is not measured."""
        page = table.render([played_result()])
        self.assertIn("| case | requests/s at least 12 × peer | 15.0 (10.0–20.0) | yes |", page)
        self.assertIn("| case | requests/s at least 16 × peer | 15.0 (10.0–20.0) | **no** |", page)
        self.assertIn("| case | requests/s at least 1 × absent | - | not measured |", page)
        self.assertIn("| absent | left out: it is not installed |", page)
        self.assertIn("| peer | 75 (50–100) | requests/s 15.0 (10.0–20.0) |", page)
        self.assertIn("Commit c0ffee", page)

    def test_the_terminal_tells_the_same(self) -> None:
        """Targets in words."""
        said = report.text(played_result())
        self.assertIn("requests/s at least 16 × peer: 15.0 (10.0–20.0), MISSED", said)
        self.assertIn("absent: left out: it is not installed", said)


if __name__ == "__main__":
    unittest.main()
