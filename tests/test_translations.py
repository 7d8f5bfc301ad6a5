"""Every text a person reads is there in Chinese, with the same placeholders."""

from __future__ import annotations

import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QTranslator
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QToolButton
from pytestqt.qtbot import QtBot

from app.core.errors import NotEnoughMemory
from app.ui.main_window import MainWindow
from app.ui.theme import Theme
from app.ui.words import action_of, summary_of

ROOT = Path(__file__).parents[1]
FILE = ROOT / "resources" / "translations" / "inglenook_zh_CN.ts"
ENGLISH = FILE.with_name("inglenook_en.ts")
PLACE = re.compile(r"\{\w+\}|%L?n")


def test_english_has_only_what_depends_on_a_number() -> None:
    for message in ET.parse(ENGLISH).iter("message"):
        forms = [form.text for form in message.iter("numerusform")]
        assert len(forms) == 2
        assert forms[0] != forms[1]
        assert forms[1] == message.findtext("source")


def test_nothing_is_missing_or_stale() -> None:
    done = subprocess.run(
        [sys.executable, "packaging/translations.py", "--check"],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.returncode == 0


def test_placeholders_survive() -> None:
    for file in (FILE, ENGLISH):
        for message in ET.parse(file).iter("message"):
            source, found = message.findtext("source"), message.find("translation")
            assert source
            assert found is not None
            for form in found.findall("numerusform") or [found]:
                assert form.text
                assert sorted(PLACE.findall(source)) == sorted(PLACE.findall(form.text))


@pytest.fixture
def chinese(qapp: QApplication) -> object:
    translator = QTranslator()
    assert translator.load(str(FILE.with_suffix(".qm")))
    QCoreApplication.installTranslator(translator)
    yield translator
    QCoreApplication.removeTranslator(translator)


def test_the_window_speaks_chinese(qtbot: QtBot, qapp: QApplication, chinese: object) -> None:
    window = MainWindow(Theme(qapp))
    qtbot.addWidget(window)
    window.show()
    buttons = [*window.findChildren(QPushButton), *window.findChildren(QToolButton)]
    words = {b.text() or b.toolTip() for b in buttons if b.objectName() != "qt_toolbar_ext_button"}
    words |= {label.text() for label in window.findChildren(QLabel)}
    english = {word for word in words if re.search(r"[A-Za-z]{3,}", word)}
    allowed = {"Inglenook"}
    assert {w for w in english if not re.search(r"[\u4e00-\u9fff]", w)} <= allowed


def test_problems_speak_chinese(qapp: QApplication, chinese: object) -> None:
    problem = NotEnoughMemory(name="m.gguf", need="5 GiB", have="2 GiB").problem
    assert summary_of(problem) == "内存不足以运行 m.gguf：大约需要 5 GiB，可用 2 GiB。"
    assert "{" not in action_of(problem)
