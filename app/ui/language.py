"""Which language the window speaks: its texts, the formats of numbers and dates, the direction."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator
from PySide6.QtGui import QGuiApplication

from app.core.paths import resources

NAME = "inglenook"
ENGLISH = "en"  # the language of the source; its file has only what depends on a number

_installed: list[QTranslator] = []  # the last one is asked first


def translate(language: str) -> None:
    """Speak `language`, such as 'zh_CN', or with 'system' that of the desktop, from now on.

    Widgets hear of it by `QEvent.LanguageChange`, after this has returned.
    """
    wanted = QLocale.system() if language == "system" else QLocale(language)
    spoken = best_language(wanted)
    QLocale.setDefault(wanted)
    for old in _installed:
        QCoreApplication.removeTranslator(old)
    _installed.clear()
    own = str(resources() / "translations")
    of_qt = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    # a text that is missing is shown in English, and then also in its right form
    for name, code, folder in (
        (NAME, ENGLISH, own),
        (NAME, spoken, own),
        ("qtbase", spoken, of_qt),
    ):
        translator = QTranslator()
        if translator.load(QLocale(code), name, "_", folder):
            QCoreApplication.installTranslator(translator)
            _installed.append(translator)
    # of the language that is spoken: English is read from the left on an Arabic desktop too
    QGuiApplication.setLayoutDirection(QLocale(spoken).textDirection())


def best_language(wanted: QLocale) -> str:
    """The language there is a translation for that `wanted` prefers, else English."""
    seen: set[str] = set()
    for name in wanted.uiLanguages():
        general, *details = name.replace("_", "-").split("-")
        if not details and general in seen:
            continue  # 'zh' after 'zh-TW' would be read as the Chinese of somewhere else
        seen.add(general)
        preferred = QLocale(name)
        for code in languages():
            known = QLocale(code)
            if (known.language(), known.script()) == (preferred.language(), preferred.script()):
                return code
    return ENGLISH


def languages() -> list[str]:
    """The languages there are texts in, English included."""
    folder: Path = resources() / "translations"
    found = {path.stem.removeprefix(f"{NAME}_") for path in folder.glob(f"{NAME}_*.qm")}
    return sorted(found | {ENGLISH})
