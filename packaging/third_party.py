"""Names and licences of all that is inside the packaged program:
`python packaging/third_party.py --into FILE [--frozen FOLDER]`.

The Python packages are those that Inglenook needs here, with what they need in turn. With --frozen,
also the libraries of this Debian system that PyInstaller has put into FOLDER.
"""

from __future__ import annotations

import argparse
import platform
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from app.core.paths import resources
from app.hub.starter import LICENCE_NAME

ROOT = Path(__file__).parents[1]
COMMON = ROOT / "packaging" / "licences"  # whole texts of licences that wheels only name
LICENCE_FILES = ("licen", "copying", "notice", "authors")
INSIDE_TOO = ("pyinstaller",)  # its bootloader is what starts the frozen program
LINE = "=" * 88
# without its title and the line of whose copyright it is
MIT = (ROOT / "LICENSE").read_text(encoding="utf-8").split("\n\n", 2)[2].strip()
HEAD = """\
THIRD-PARTY SOFTWARE IN INGLENOOK

Inglenook itself is under the MIT licence. The packaged program contains, whole or in part, what is
listed here; below the list are the licences of each part, with their whole text."""
QT = """\
Qt and its Python binding are used under the GNU Lesser General Public License, version 3. They are
dynamic libraries in files of their own, unchanged, as the PySide6 wheels of the Qt Company bring
them: the folders PySide6 and shiboken6 beside the program (in _internal). You may replace them by
other, also changed, versions that are binary compatible: put your files in the place of these, or
build Inglenook with your own PySide6 (its README says how). Nothing in Inglenook prevents this, nor
taking the program apart to find faults in such a change. The source code of Qt is at
https://download.qt.io/official_releases/qt/ and that of PySide6 at
https://download.qt.io/official_releases/QtForPython/."""
NOTES = {
    "pyside6-essentials": QT,
    "shiboken6": "It belongs to PySide6; what is said there holds for it too.",
    "llama-cpp-python": "Its libraries are compiled from llama.cpp, see there.",
    "cryptography": "Its library contains OpenSSL (Apache-2.0, https://www.openssl.org).",
    "pyinstaller": "Only its bootloader and hooks are inside. Their licence has an exception that"
    " allows to distribute programs made with them under any terms.",
}
# for distributions without a licence file: those that their licence names
FONT_LICENCES = ("OFL-1.1", "Bitstream-Vera")
COMMON_TEXTS = {"LGPL-3.0": ("LGPL-3", "GPL-3"), "Apache-2.0": ("Apache-2.0",)}


@dataclass
class Part:
    """One thing that is inside the program; `texts` are whole licence texts, by name."""

    name: str
    version: str
    licence: str
    address: str = ""
    note: str = ""
    texts: dict[str, str] = field(default_factory=dict)


def main(arguments: list[str] | None = None) -> int:
    """Write the file; returns the exit code: 1 where a licence is not known."""
    options = argparse.ArgumentParser(description="Write the licences of all that is inside.")
    options.add_argument("--into", type=Path, required=True, metavar="FILE")
    options.add_argument("--frozen", type=Path, metavar="FOLDER", help="made by PyInstaller")
    chosen = options.parse_args(arguments)
    if chosen.frozen is not None and not (chosen.frozen / "_internal").is_dir():
        options.error(f"{chosen.frozen} was not made by PyInstaller: it has no folder _internal")
    target: Path = chosen.into
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        parts = all_parts(chosen.frozen)
    except (OSError, PackageNotFoundError) as error:
        options.error(f"{error}: run 'make setup'")
    target.write_text(document(parts), encoding="utf-8")
    unknown = [part.name for part in parts if not part.licence]
    if unknown:
        print(f"The licence is not known of: {', '.join(unknown)}", file=sys.stderr)
    return 1 if unknown else 0


def all_parts(frozen: Path | None = None) -> list[Part]:
    """Everything, sorted by name; `frozen` is what PyInstaller made, if it is to be looked at."""
    distributions = runtime_distributions()
    distributions += [tool for name in INSIDE_TOO if (tool := installed(name)) is not None]
    found = [described(one) for one in distributions]
    found += [python(), llama_cpp(), icons(), *fonts(), starter_model()]
    if frozen is not None:
        found += system_libraries(frozen)
    return sorted(found, key=lambda part: part.name.lower())


def runtime_distributions(root: str = "inglenook") -> list[Distribution]:
    """What `root` needs on this system, directly or not; without itself and extras not asked for.

    Raises PackageNotFoundError where one of them is not installed.
    """
    found: dict[str, Distribution] = {}
    seen: set[tuple[str, str]] = set()
    waiting = [(root, "")]
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        found[name] = distribution(name)
        for line in found[name].requires or ():
            needed = Requirement(line)
            if needed.marker is None or needed.marker.evaluate({"extra": extra}):
                waiting += [(canonicalize_name(needed.name), e) for e in ("", *needed.extras)]
    del found[root]
    return [found[name] for name in sorted(found)]


def installed(name: str) -> Distribution | None:
    """The distribution, or None."""
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def described(found: Distribution) -> Part:
    """A distribution with the licence texts that it brings, else those that its licence names."""
    part = Part(
        found.metadata["Name"],
        found.version,
        licence_name(found),
        project_address(found),
        NOTES.get(canonicalize_name(found.metadata["Name"]), ""),
        dict(licence_files(found)),
    )
    if not part.texts:
        part.texts = common_texts(part.licence)
        missing = "Its package brings no licence text; this is what its metadata says."
        part.note = f"{part.note}\n{missing}".strip()
    return part


def licence_name(found: Distribution) -> str:
    """What the metadata calls the licence; empty if they say nothing."""
    for name in ("License-Expression", "License"):
        for words in field_of(found, name):
            if words and "\n" not in words:
                return words
    classes = [line for line in field_of(found, "Classifier") if line.startswith("License")]
    return ", ".join(line.rsplit(" :: ", 1)[-1] for line in classes)


def project_address(found: Distribution) -> str:
    """Where the metadata say that its source or its home is."""
    lines = [line.split(", ", 1) for line in field_of(found, "Project-URL")]
    addresses = {label.lower(): address for label, address in lines}
    for label in ("source", "source code", "repository", "homepage"):
        if label in addresses:
            return addresses[label]
    return next(iter([*field_of(found, "Home-page"), *addresses.values()]), "")


def field_of(found: Distribution, name: str) -> list[str]:
    """All values that a distribution's metadata has under `name`."""
    return found.metadata.get_all(name) or []


def licence_files(found: Distribution) -> Iterator[tuple[str, str]]:
    """Name and text of each licence file in the distribution's own metadata folder."""
    for file in sorted(found.files or (), key=str):
        folder, *inside = file.parts
        if not folder.endswith(".dist-info") or not inside:
            continue
        is_licence = "licenses" in inside or inside[-1].lower().startswith(LICENCE_FILES)
        path = Path(str(file.locate()))
        if is_licence and path.is_file():
            yield "/".join(inside), path.read_text(encoding="utf-8", errors="replace")


def common_texts(licence: str) -> dict[str, str]:
    """Whole texts of what `licence` names, as far as we know them."""
    if licence == "MIT":
        return {"MIT": MIT}
    names = [name for key, names in COMMON_TEXTS.items() if key in licence for name in names]
    return {name: (COMMON / name).read_text(encoding="utf-8") for name in names}


def python() -> Part:
    """The interpreter, whose library is inside too."""
    file = Path(sysconfig.get_path("stdlib")) / "LICENSE.txt"
    texts = {file.name: file.read_text(encoding="utf-8")} if file.is_file() else {}
    version = platform.python_version()
    return Part("Python", version, "PSF-2.0", "https://www.python.org", texts=texts)


def llama_cpp() -> Part:
    """What llama-cpp-python is compiled from; its wheel brings only the binding's licence."""
    return Part(
        "llama.cpp and ggml",
        f"as in llama-cpp-python {distribution('llama-cpp-python').version}",
        "MIT",
        "https://github.com/ggml-org/llama.cpp",
        "The source is in the folder vendor/llama.cpp of llama-cpp-python's source distribution."
        " The library libmtmd contains stb_image and miniaudio, both in the public domain.",
        {"LICENSE": f"MIT License\n\nCopyright (c) 2023-2026 The ggml authors\n\n{MIT}"},
    )


def icons() -> Part:
    """The icon set."""
    text = (resources() / "icons" / "LICENSE-lucide.txt").read_text(encoding="utf-8")
    address = "https://lucide.dev"
    return Part("Lucide icons", "a selection", "ISC AND MIT", address, texts={"LICENSE": text})


def fonts() -> list[Part]:
    """Those that formulas are drawn with; they come within ziamath and ziafont."""
    stix, vera = ((COMMON / name).read_text(encoding="utf-8") for name in FONT_LICENCES)
    return [
        Part(
            "STIX Two Math",
            "2.11",
            "OFL-1.1",
            "https://www.stixfonts.org",
            "Copyright 2001-2020 The STIX Fonts Project Authors.",
            {"LICENSE": stix},
        ),
        Part(
            "DejaVu Sans",
            "",
            "Bitstream-Vera",
            "https://dejavu-fonts.github.io",
            texts={"LICENSE": vera},
        ),
    ]


def starter_model() -> Part:
    """The model that comes with the program. Raises OSError where it has not been fetched."""
    text = (resources() / "starter" / LICENCE_NAME).read_text(encoding="utf-8")
    address = "https://huggingface.co/HuggingFaceTB/SmolLM2-135M-Instruct"
    name = "SmolLM2-135M-Instruct"
    return Part(name, "GGUF, Q4_1", "Apache-2.0", address, texts={"LICENSE": text})


def system_libraries(frozen: Path) -> list[Part]:
    """Debian packages whose libraries PyInstaller has put beside the program's own.

    They lie above the packages' folders. Raises OSError without dpkg.
    """
    found: dict[str, Part] = {}
    for file in sorted((frozen / "_internal").glob("*.so*")):
        # links stand for libraries of the Python packages, which are named already
        if file.is_file() and not file.is_symlink() and not file.name.startswith("libpython"):
            part = debian_package(file.name)
            found.setdefault(part.name, part)
    return list(found.values())


def debian_package(library: str) -> Part:
    """The installed Debian package that has this library, with its copyright file."""
    name = dpkg_query("--search", f"*/{library}").split(": ")[0].split(",")[0]
    if not name:
        return Part(library, "", "", note="A library of the system on which this was built.")
    version = dpkg_query("--show", "--showformat=${Version}", name)
    file = Path("/usr/share/doc") / name.split(":")[0] / "copyright"
    text = file.read_text(encoding="utf-8", errors="replace")
    licences = sorted(set(re.findall(r"^License: *(\S.*)$", text, re.MULTILINE)))
    address = f"https://tracker.debian.org/pkg/{name.split(':')[0]}"
    words = ", ".join(licences) or "in the text below"
    return Part(name.split(":")[0], version, words, address, texts={"copyright": text})


def dpkg_query(*arguments: str) -> str:
    """What it prints; empty where it finds nothing."""
    done = subprocess.run(["dpkg-query", *arguments], capture_output=True, text=True, check=False)
    return done.stdout.strip()


def document(parts: list[Part]) -> str:
    """A list of all parts, then each with its texts; a text that was there before is only named."""
    lines = [HEAD, ""]
    width = max(len(f"{part.name} {part.version}") for part in parts)
    lines += [f"  {f'{part.name} {part.version}':{width}}  {part.licence}" for part in parts]
    places: dict[str, str] = {}
    for part in parts:
        lines += ["", LINE, f"{part.name} {part.version}".strip(), f"Licence: {part.licence}"]
        lines += [f"Project: {part.address}"] if part.address else []
        lines += ["", part.note] if part.note else []
        for name, text in part.texts.items():
            before = places.setdefault(text.strip(), f"{part.name}, {name}")
            is_first = before == f"{part.name}, {name}"
            words = text.strip() if is_first else f"The same text as that of {before}."
            lines += ["", f"--- {name} ---", "", words]
    return "\n".join(line.rstrip() for line in lines) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
