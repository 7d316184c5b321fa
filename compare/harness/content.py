"""The files that are served, the same for every side.

1. Each is made once, from a fixed seed: text where it is to be compressed, noise where it is not.
2. The text has its br sibling beside it, made by the brotli package of the virtual environment.
"""

import functools
import hashlib
import random
import subprocess
from pathlib import Path

from harness import layout, tools

MIB = 1024 * 1024
TEXT, MEDIUM, LARGE, HUGE = "1k.html", "100k.bin", "100m.bin", "1g.bin"
SIZES = {TEXT: 1024, MEDIUM: 100 * 1024, LARGE: 100 * MIB, HUGE: 1024 * MIB}
_WORDS = "a the of harbour keel ballast hull sail tide mast anchor deck rudder cargo stern bow crew wind".split()


def path(name: str) -> Path:
    """The file, made if need be."""
    file = layout.CONTENT / name
    if not file.exists() or file.stat().st_size != SIZES[name]:
        layout.CONTENT.mkdir(parents=True, exist_ok=True)
        (_write_text if name == TEXT else _write_noise)(file, SIZES[name])
    return file


def small_files() -> list[Path]:
    """What the cached cases serve; the sibling is left out where brotli cannot be had."""
    files = [path(TEXT), path(MEDIUM)]
    try:
        files.append(sibling())
    except tools.Missing:
        pass
    return files


def sibling() -> Path:
    """The text in br, as a build step would lay it beside the original."""
    file = layout.CONTENT / f"{TEXT}.br"
    if not file.exists():
        file.write_bytes(_brotli("compress", path(TEXT).read_bytes()))
    return file


def decode_br(body: bytes) -> bytes:
    """What a br body says."""
    return _brotli("decompress", body)


@functools.cache
def sha256(file: Path) -> str:
    """The file's hash, in hex."""
    with open(file, "rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def _brotli(operation: str, data: bytes) -> bytes:
    code = f"import brotli, sys; sys.stdout.buffer.write(brotli.{operation}(sys.stdin.buffer.read()))"
    done = subprocess.run([tools.find("python"), "-c", code], input=data, capture_output=True, check=False)
    if done.returncode:
        raise tools.Missing(f"brotli cannot {operation}: {done.stderr.decode(errors='replace').strip()[-120:]}")
    return done.stdout


def _write_text(file: Path, size: int) -> None:
    words = random.Random(size)
    text = "<!doctype html><title>Ballast</title><p>"
    while len(text) < size:
        text += words.choice(_WORDS) + " "
    file.write_text(text[: size - 1] + "\n")


def _write_noise(file: Path, size: int) -> None:
    noise = random.Random(size)
    with open(file, "wb") as target:
        for start in range(0, size, MIB):
            target.write(noise.randbytes(min(MIB, size - start)))
