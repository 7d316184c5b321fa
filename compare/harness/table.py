"""The newest results as Markdown, between two markers in compare/README.md.

1. One line for each target: what was asked, what was measured, whether that is enough.
2. One table of the values of each case, so that a ratio can be traced to what it is made of.
3. The machine, the versions and the commit, once for each set that is alike.
"""

from harness import layout
from harness.report import ratio_digits, spread
from harness.result import Result

BEGIN, END = "<!-- results: written by compare/run --table -->", "<!-- end of results -->"
_WORDS = {True: "yes", False: "**no**", None: "not measured"}


def render(results: list[Result]) -> str:
    """All of it."""
    parts = [_about(results), _targets(results), *(_values(result) for result in results)]
    return "\n\n".join(part for part in parts if part)


def write(results: list[Result]) -> None:
    """Replaces what stands between the markers."""
    before, begin, rest = layout.README.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"compare/README.md has no {BEGIN!r} with {END!r} after it")
    layout.README.write_text(f"{before}{BEGIN}\n\n{render(results)}\n\n{END}{after}")


def _about(results: list[Result]) -> str:
    runs: dict[str, list[str]] = {}
    for result in results:
        machine = result["machine"]
        versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
        sentence = (
            f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_mib'] // 1024} GiB, Linux {machine['kernel']}; "
            f"{result['pinning']}. Commit {result['commit'] or 'unknown'}. {versions}."
        )
        runs.setdefault(sentence, []).append(result["case"])
    if len(runs) == 1:
        return next(iter(runs))
    return "\n\n".join(f"{', '.join(cases)}: {sentence}" for sentence, cases in runs.items())


def _targets(results: list[Result]) -> str:
    lines = ["| case | figure to reach | measured: median (min–max) | reached |", "|---|---|---|---|"]
    for result in results:
        for target in result["targets"]:
            measured = target["measured"]
            shown = spread(measured, ratio_digits(measured["median"])) if measured else "-"
            lines.append(f"| {result['case']} | {target['text']} | {shown} | {_WORDS[target['met']]} |")
    return "\n".join(lines)


def _values(result: Result) -> str:
    metrics, ratios = result["metrics"], _ratios_by_peer(result)
    labels = [metric["label"] for metric in metrics.values()]
    header = [result["case"], *labels, *(["ours to it"] if ratios else [])]
    lines = [f"**{result['title']}** ({result['rounds']} rounds)", "", _row(header), _row(["---"] * len(header))]
    for name, side in result["sides"].items():
        if "left_out" in side:
            lines.append(_row([name, f"left out: {side['left_out']}", *[""] * (len(header) - 2)]))
            continue
        values = side["values"]
        cells = [spread(values[key], metric["digits"]) if key in values else "void" for key, metric in metrics.items()]
        lines.append(_row([name, *cells, *([ratios.get(name, "")] if ratios else [])]))
    return "\n".join(lines)


def _ratios_by_peer(result: Result) -> dict[str, str]:
    peers: dict[str, list[str]] = {}
    for line in result["ratios"]:
        label = result["metrics"][line["metric"]]["label"]
        peers.setdefault(line["peer"], []).append(f"{label} {spread(line, ratio_digits(line['median']))}")
    return {peer: "; ".join(lines) for peer, lines in peers.items()}


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"
