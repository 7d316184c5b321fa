"""Where things lie: one place for every folder the harness reads or writes."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The checkout."""

WORK = ROOT / "target" / "compare"
"""Everything a run makes and may throw away: logs, configurations, content, the store, the peers' packages."""

CONTENT = WORK / "content"
"""The files that are served: nginx reads them here, the store gets a copy."""

LOGS = WORK / "logs"
PYTHON = WORK / "python" / "bin"
"""The virtual environment's programs (`compare/install` makes it)."""

EXPRESS = WORK / "express"
RESULTS = ROOT / "compare" / "results"
README = ROOT / "compare" / "README.md"
FLASK_APP = ROOT / "tests" / "originals" / "flask"
TARGET = "x86_64-unknown-linux-gnu"
BINARIES = ROOT / "target" / TARGET / "dist"
"""Where ours are built, static and stripped."""
