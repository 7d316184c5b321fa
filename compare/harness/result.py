"""The result of a case as plain data: what is printed, written as JSON and rendered as Markdown is all made from this.

1. `of` turns rounds into medians with their spread, ratios and verdicts, beside the machine and the versions.
2. `write` and `read_all` keep one file a case under compare/results.
"""

import json
import subprocess
from datetime import datetime, timezone
from typing import Any

from harness import layout, ratios
from harness.case import Case
from harness.machine import Cores
from harness.rounds import Played

Result = dict[str, Any]


def of(case: Case, played: Played, about: Result) -> Result:
    """Everything there is to say about a case; `about` is what all cases of a run share."""
    return {
        "case": case.name,
        "title": case.title,
        **about,
        "rounds": played.rounds,
        "conditions": case.conditions,
        "metrics": {metric.key: {"label": metric.label, "digits": metric.digits} for metric in case.metrics},
        "ours": case.ours,
        "sides": {side.name: _side(case, played, side.name, side.left_out) for side in case.sides},
        "ratios": [line for peer in case.peers for line in _ratios(case, played, peer)],
        "targets": [_target(case, played, index) for index in range(len(case.targets))],
    }


def about_run(cores: Cores, seconds: float, machine: Result, versions: dict[str, str]) -> Result:
    """What all cases of a run share."""
    return {
        "measured_at": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%MZ"),
        "commit": _commit(),
        "machine": machine,
        "pinning": cores.describe(),
        "versions": versions,
        "seconds": seconds,
    }


def write(result: Result) -> None:
    """Writes compare/results/<case>.json."""
    layout.RESULTS.mkdir(parents=True, exist_ok=True)
    text = json.dumps(result, indent=2, ensure_ascii=False) + "\n"
    (layout.RESULTS / f"{result['case']}.json").write_text(text)


def read_all(names: list[str]) -> list[Result]:
    """The results that are there, in the order of the names."""
    files = (layout.RESULTS / f"{name}.json" for name in names)
    return [json.loads(file.read_text()) for file in files if file.exists()]


def _side(case: Case, played: Played, name: str, left_out: str) -> Result:
    if left_out:
        return {"left_out": left_out}
    values: Result = {}
    for metric in case.metrics:
        series = played.series(name, metric.key)
        if spread := ratios.Spread.of(series):
            # One digit more than is shown: enough to work with, and no noise in the repository.
            rounded = [round(value, metric.digits + 1) for value in series]
            values[metric.key] = {**_spread(spread, metric.digits + 1), "rounds": rounded}
    return {"values": values, "void": played.void.get(name, [])}


def _ratios(case: Case, played: Played, peer: str) -> list[Result]:
    compared = [metric for metric in case.metrics if metric.compared]
    spreads = ((metric, ratios.ratio(played, metric, case.ours, (peer,))) for metric in compared)
    return [{"peer": peer, "metric": metric.key, **_spread(spread, 3)} for metric, spread in spreads if spread]


def _target(case: Case, played: Played, index: int) -> Result:
    target = case.targets[index]
    verdict = ratios.judge(case, target, played)
    measured = _spread(verdict.measured, 3) if verdict.measured else None
    return {"text": verdict.text, "ratio": bool(target.versus), "measured": measured, "met": verdict.met}


def _spread(spread: ratios.Spread, digits: int) -> Result:
    return {
        "median": round(spread.median, digits), "min": round(spread.least, digits), "max": round(spread.most, digits)
    }


def _commit() -> str | None:
    """The commit that was measured, marked where the tree holds more than it."""
    command = ["git", "-C", str(layout.ROOT), "describe", "--always", "--dirty", "--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout.strip() or None
