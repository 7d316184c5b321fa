"""A result for a terminal: values, ratios, targets."""

from harness.result import Result

NOISY = 0.1
"""The share of a core that others may take before a round's times say more about them than about the server."""

_WORDS = {True: "met", False: "MISSED", None: "not measured"}


def text(result: Result) -> str:
    """The whole report of one case."""
    lines = ["", f"{result['case']}   {result['title']}", *(f"  . {line}" for line in result["conditions"])]
    return "\n".join([*lines, *_values(result), *_ratios(result), *_targets(result)])


def number(value: float, digits: int) -> str:
    """A number with its digits, thousands apart."""
    return f"{value:,.{digits}f}"


def spread(values: Result, digits: int) -> str:
    """A median with its spread, for ratios and columns alike."""
    middle, least, most = (number(values[key], digits) for key in ("median", "min", "max"))
    return middle if least == most else f"{middle} ({least}–{most})"


def ratio_digits(value: float) -> int:
    """Three figures are as much as a shared machine can tell."""
    return 2 if value < 10 else 1 if value < 100 else 0


def _values(result: Result) -> list[str]:
    metrics = result["metrics"]
    rows = [["", *(metric["label"] for metric in metrics.values())]]
    notes: list[str] = []
    for name, side in result["sides"].items():
        if "left_out" in side:
            notes.append(f"  {name}: left out: {side['left_out']}")
            continue
        notes += [f"  {name}: void: {reason}" for reason in side["void"]]
        others = side["values"].get("others", {}).get("median", 0)
        if others > NOISY:
            notes.append(f"  {name}: noisy: others took {others:.0%} of a core; CPU per request is what to trust")
        cells = (
            spread(side["values"][key], metric["digits"]) if key in side["values"] else "-"
            for key, metric in metrics.items()
        )
        rows.append([name, *cells])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    table = ["  " + row[0].ljust(widths[0]) + "".join(f"  {cell:>{width}}" for cell, width in zip(row[1:], widths[1:]))
             for row in rows]
    return [*table, *notes]


def _ratios(result: Result) -> list[str]:
    return [
        f"  ratio to {line['peer']}: {result['metrics'][line['metric']]['label']} "
        f"{spread(line, ratio_digits(line['median']))}"
        for line in result["ratios"]
    ]


def _targets(result: Result) -> list[str]:
    lines = []
    for target in result["targets"]:
        measured = target["measured"]
        shown = f" {spread(measured, ratio_digits(measured['median']))}," if measured else ""
        lines.append(f"  target: {target['text']}:{shown} {_WORDS[target['met']]}")
    return lines
