"""How large each binary is, and that it is what it is said to be: static and stripped."""

import os
import struct
from typing import Callable

from harness import content, ours, tools
from harness.bench import Bench
from harness.case import Case, Metric, Side, Target, Values
from harness.exchange import Wrong

_LIMITS_MIB = {"file-server": 12, "content-fetcher": 12, "web-app": 5, "work-app": 5, "review-api": 12}
_METRICS = (Metric("size", "MiB", 2),)
_INTERPRETER, _SYMBOLS = 3, 2
"""PT_INTERP and SHT_SYMTAB of the ELF specification."""


def of_binaries(bench: Bench) -> Case:
    """size of each static, stripped binary"""

    def side(name: str, path: Callable[[], str], is_ours: bool = False) -> Side:
        def make() -> Side:
            program = path()
            return Side(name, lambda: _measure(program, is_ours))

        return bench.side(name, make, is_ours)

    def own(name: str) -> Side:
        return side(name, lambda: ours.binary(name), is_ours=True)

    return Case(
        name="size",
        title=f"size: {of_binaries.__doc__}",
        metrics=_METRICS,
        sides=[*(own(name) for name in ours.NAMES), side("podinfo", lambda: tools.find("podinfo"))],
        targets=[Target("size", limit, name) for name, limit in _LIMITS_MIB.items()],
        conditions=["profile `dist` with target-feature=+crt-static; each of ours is read to be an ELF file without "
                    "interpreter and without symbols"],
        rounds=1,
    )


def _measure(program: str, is_ours: bool) -> Values:
    if is_ours:
        _require_static_and_stripped(program)
    return {"size": os.stat(program).st_size / content.MIB}


def _require_static_and_stripped(program: str) -> None:
    with open(program, "rb") as file:
        data = file.read()
    if data[:5] != b"\x7fELF\x02":
        raise Wrong("not a 64-bit ELF file")
    program_offset, section_offset = struct.unpack_from("<QQ", data, 32)
    program_size, program_count, section_size, section_count = struct.unpack_from("<HHHH", data, 54)
    segments = (program_offset + index * program_size for index in range(program_count))
    if any(struct.unpack_from("<I", data, at)[0] == _INTERPRETER for at in segments):
        raise Wrong("not static: it names an interpreter")
    sections = (section_offset + index * section_size for index in range(section_count))
    if any(struct.unpack_from("<I", data, at + 4)[0] == _SYMBOLS for at in sections):
        raise Wrong("not stripped: it has a symbol table")
