"""Takes new texts into the translation files and compiles them: `make translations`.

English has a file too, with nothing in it but the forms that depend on a number.
`--check` changes nothing and fails where a text is missing, unfinished or not compiled. The texts
of problems and settings are data, which Qt's tool cannot see: they go through a file made for it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

from app.core.errors import error_classes
from app.core.settings import declarations

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "resources" / "translations"
LANGUAGES = ("zh_CN",)
PLURALS_ONLY = ("en",)  # the language of the source needs nothing else


def main() -> int:
    """Update, or with --check compare."""
    if "--check" not in sys.argv[1:]:
        update(FOLDER)
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for file in FOLDER.glob("*.ts"):
            shutil.copy(file, folder)
        update(folder)
        bad = [
            words
            for language in (*LANGUAGES, *PLURALS_ONLY)
            for words in complaints(folder, language)
        ]
    for words in bad:
        print(words, file=sys.stderr)
    return 1 if bad else 0


def update(folder: Path) -> None:
    """Bring every .ts in `folder` up to the sources and compile it beside itself."""
    with tempfile.TemporaryDirectory() as scratch:
        problems = Path(scratch) / "problems.py"
        problems.write_text(problem_texts(), encoding="utf-8")
        sources = [*sorted((ROOT / "app" / "ui").rglob("*.py")), problems]
        for language in (*LANGUAGES, *PLURALS_ONLY):
            file = folder / f"inglenook_{language}.ts"
            options = ["-no-obsolete", "-locations", "none", "-target-language", language]
            if language in PLURALS_ONLY:
                options.append("-pluralonly")
            run("pyside6-lupdate", *options, *sources, "-ts", file)
            run("pyside6-lrelease", "-silent", file, "-qm", file.with_suffix(".qm"))


def problem_texts() -> str:
    """Texts of all errors and settings, in a form that Qt's tool reads."""
    texts = [text for cls in error_classes() for text in (cls.summary, cls.action)]
    lines = [f'QCoreApplication.translate("Problem", {text!r})' for text in texts]
    for setting in declarations().values():
        words = [setting.label, setting.help, *(label for _, label in setting.choices)]
        lines += [f'QCoreApplication.translate("Settings", {text!r})' for text in words if text]
    return "\n".join(lines)


def run(tool: str, *arguments: object) -> None:
    """Run one of Qt's tools from this environment."""
    command = [str(Path(sys.executable).parent / tool), *map(str, arguments)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def complaints(fresh: Path, language: str) -> list[str]:
    """What is missing in the stored files, compared with those just made in `fresh`."""
    name = f"inglenook_{language}"
    found = [
        f"{language}: not translated: {message.findtext('source')}"
        for message in ET.parse(fresh / f"{name}.ts").iter("message")
        if message.find("translation[@type='unfinished']") is not None
    ]
    # Qt's tool takes what stands before `.tr`, or nothing, where the program looks by the class
    found += [
        f"{language}: never found at run time, translate it by the name of its class: {context!r}"
        for context in (c.text or "" for c in ET.parse(fresh / f"{name}.ts").iterfind("*/name"))
        if not context.isidentifier()
    ]
    if texts(fresh / f"{name}.ts") != texts(FOLDER / f"{name}.ts"):
        found.append(f"{language}: the texts have changed; run 'make translations'")
    if (fresh / f"{name}.qm").read_bytes() != (FOLDER / f"{name}.qm").read_bytes():
        found.append(f"{language}: not compiled; run 'make translations'")
    return found


def texts(file: Path) -> list[tuple[str, ...]]:
    """Source and translation of every message, all forms of it, in order."""
    found = []
    for message in ET.parse(file).iter("message"):
        words = "".join(message.find("translation").itertext())  # type: ignore[union-attr]
        found.append((message.findtext("source") or "", message.get("numerus", ""), words))
    return found


if __name__ == "__main__":
    sys.exit(main())
