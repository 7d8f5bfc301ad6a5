"""A language made of the sources for tests: every text of the window is there, in marks."""

from __future__ import annotations

import importlib.util
import xml.etree.ElementTree as ET
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[1]
BEGIN, END = "〖", "〗"


def translations_tool() -> ModuleType:
    """packaging/translations.py, which is no package."""
    spec = importlib.util.spec_from_file_location(
        "translations", ROOT / "packaging" / "translations.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def make_language(folder: Path, name: str = "zh_CN") -> None:
    """Write the language into `folder`/translations under the name of a real one."""
    tool = translations_tool()
    target = folder / "translations"
    target.mkdir(parents=True)
    file = target / f"inglenook_{name}.ts"
    problems = folder / "problems.py"
    problems.write_text(tool.problem_texts(), encoding="utf-8")
    sources = [*sorted((ROOT / "app" / "ui").rglob("*.py")), problems]
    tool.run("pyside6-lupdate", "-locations", "none", *sources, "-ts", file)
    tree = ET.parse(file)
    for message in tree.iter("message"):
        translation = message.find("translation")
        assert translation is not None
        translation.attrib.clear()
        places = translation.findall("numerusform") or [translation]
        for place in places:
            place.text = f"{BEGIN}{message.findtext('source')}{END}"
    tree.write(file, encoding="utf-8")
    tool.run("pyside6-lrelease", "-silent", file, "-qm", file.with_suffix(".qm"))
