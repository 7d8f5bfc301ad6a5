"""The settings of model and answers: presets, a person's own values, devices, loading again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from app.core.entities import Device, ModelDescription
from app.core.errors import GpuNotBuiltIn
from app.core.paths import Paths
from app.core.presets import OWN_FIELDS, PRESETS
from app.core.settings import Settings, SettingsFile, declarations
from app.services.engine import Engine
from app.ui.bridge import QtScheduler
from app.ui.engine_settings_lines import LinesField
from app.ui.engine_settings_parts import AnyField
from app.ui.settings_dialog import SettingsDialog
from app.ui.theme import Theme
from tests.app_window import AppWindow

MODEL = ModelDescription(Path("tiny.gguf"), "tiny", "llama", 2048, 1024, "model")
ADVICE = (("temperature", 0.6), ("top_k", 20), ("min_p", 0.0))
CARD = Device("Vulkan0", "A graphics card", "gpu", 12 << 30, 10 << 30)
PROCESSOR = Device("CPU", "a processor", "cpu", 8 << 30, 4 << 30)


@pytest.fixture
def engine(paths: Paths) -> Engine:
    """One that was never started, with nothing loaded."""
    return Engine(paths, QtScheduler())


@pytest.fixture
def dialog(qtbot: QtBot, qapp: QApplication, engine: Engine) -> Iterator[SettingsDialog]:
    """The dialog alone, with the defaults."""
    window = QWidget()
    made = SettingsDialog(Theme(qapp), window)
    show(made, Settings(), engine)
    made.show_section("answers")
    made.show()
    yield made
    window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)  # or it is styled ever again


def show(dialog: SettingsDialog, settings: Settings, engine: Engine) -> None:
    """What the control shows."""
    model = engine.model
    advice = dict(model.advice) if model is not None else {}
    dialog.answers.show_settings(settings, advice, has_model=model is not None)
    dialog.model.show_settings(settings, model, engine.devices, engine.no_gpu)


def changes(dialog: SettingsDialog) -> list[object]:
    """Grows with every setting that is chosen."""
    taken: list[object] = []
    for signal in (dialog.answers.changed, dialog.answers.own_changed, dialog.model.changed):
        signal.connect(lambda *change: taken.append(change))
    return taken


def opened(app: AppWindow) -> SettingsDialog:
    """The dialog as the gear's menu opens it."""
    app.window.menu.engine_settings.trigger()
    found = app.controller.engine_settings.dialog
    assert found is not None
    assert found.isVisible()
    app.until(found.isActiveWindow)  # or what is typed goes to the window
    found.show_section("answers")
    return found


def enter(qtbot: QtBot, field: AnyField, text: str) -> None:
    """Replace what is in a number's field, and press Enter."""
    assert isinstance(field.editor, QAbstractSpinBox)
    field.editor.setFocus()
    field.editor.selectAll()
    qtbot.keyClicks(field.editor, text)
    qtbot.keyClick(field.editor, Qt.Key.Key_Return)


def write(qtbot: QtBot, field: LinesField, text: str) -> None:
    """Paste into a field of several lines in place of what is there, and go on with Tab."""
    field.editor.setFocus()
    field.editor.selectAll()
    field.editor.insertPlainText(text)
    qtbot.keyClick(field.editor, Qt.Key.Key_Tab)


def shown(field: AnyField) -> str:
    """What a person reads in a number's field or in a choice."""
    editor = field.editor
    return editor.text() if isinstance(editor, QAbstractSpinBox) else editor.currentText()  # type: ignore[attr-defined]


def notes(dialog: SettingsDialog) -> set[str]:
    """The sampling fields that say that the model recommends their value."""
    found = dialog.answers.sampling.items()
    return {name for name, field in found if "recommends" in field.note.text()}


def stored(app: AppWindow) -> dict[str, object]:
    """The settings on disk."""
    found: dict[str, object] = json.loads(app.paths.settings.read_text())
    return found


# the dialog alone


def test_every_setting_of_loading_and_sampling_has_a_field(dialog: SettingsDialog) -> None:
    sections = ("model", "answers")
    wanted = [name for name, found in declarations().items() if found.section in sections]
    fields = [*dialog.answers.fields, *dialog.model.fields, dialog.answers.preset]
    assert sorted(field.name for field in fields) == sorted(wanted)


def test_presets_show_what_they_use(dialog: SettingsDialog, engine: Engine) -> None:
    field = dialog.answers.sampling
    for preset in ("precise", "creative"):
        show(dialog, Settings(preset=preset, temperature=0.33), engine)
        assert dialog.answers.preset.buttons[preset].isChecked()
        assert shown(field["temperature"]) == f"{PRESETS[preset]['temperature']:g}"
        assert shown(field["top_k"]) == str(PRESETS[preset]["top_k"])
        assert shown(field["typical_p"]) == "1"
    show(dialog, Settings(preset="own", temperature=0.33), engine)
    assert shown(field["temperature"]) == "0.33"


def test_what_the_model_recommends_is_shown_and_said(
    dialog: SettingsDialog, engine: Engine
) -> None:
    sentence = dialog.answers.preset.sentences["model"]
    assert "once it is loaded" in sentence.text()
    engine.model = MODEL
    show(dialog, Settings(), engine)
    assert "recommends nothing" in sentence.text()
    assert notes(dialog) == set()
    engine.model = replace(MODEL, advice=ADVICE)
    show(dialog, Settings(), engine)
    field = dialog.answers.sampling
    assert [shown(field[name]) for name in ("temperature", "top_k", "min_p", "top_p")] == [
        "0.6",
        "20",
        "0",
        "0.95",
    ]
    assert notes(dialog) == {"temperature", "top_k", "min_p"}
    show(dialog, Settings(preset="balanced"), engine)
    assert shown(field["temperature"]) == "0.7"
    assert notes(dialog) == set()


def test_more_is_folded_until_it_is_opened(qtbot: QtBot, dialog: SettingsDialog) -> None:
    assert dialog.answers.sampling["temperature"].isVisible()
    assert not dialog.answers.sampling["mirostat"].isVisible()
    qtbot.keyClick(dialog.answers.fold.button, Qt.Key.Key_Space)
    assert dialog.answers.sampling["mirostat"].isVisible()
    qtbot.keyClick(dialog.answers.fold.button, Qt.Key.Key_Space)
    assert not dialog.answers.sampling["mirostat"].isVisible()


@pytest.mark.parametrize(
    ("name", "wrong", "said", "right"),
    [
        ("logit_bias", "cat = 5\nhello there\ndog = 1", "“hello there”", "cat = -100\ndog: 2.5"),
        ("json_schema", '{"type":\n "object",}', "line 2", '{"type": "object"}'),
        ("json_schema", "[1]", "begins with {", "{}"),
        ("grammar", 'answer ::= "yes"', "root", 'root ::= "yes"'),
    ],
)
def test_what_is_wrong_is_said_at_once_and_not_taken(
    qtbot: QtBot, dialog: SettingsDialog, name: str, wrong: str, said: str, right: str
) -> None:
    field = getattr(dialog.answers, name)
    taken = changes(dialog)
    field.editor.setFocus()
    field.editor.insertPlainText(wrong)
    assert field.note.isVisible()
    assert said in field.note.text()
    qtbot.keyClick(field.editor, Qt.Key.Key_Tab)
    assert taken == []
    assert field.editor.toPlainText() == wrong
    write(qtbot, field, right)
    assert not field.note.isVisible()
    assert taken == [(name, right)]


def test_text_is_taken_after_a_pause_and_when_the_dialog_closes(
    qtbot: QtBot, dialog: SettingsDialog
) -> None:
    prompt = dialog.answers.system_prompt
    taken: list[object] = []
    dialog.answers.changed.connect(lambda _name, text: taken.append(text))
    prompt.editor.setFocus()
    qtbot.keyClicks(prompt.editor, "Be brief.")
    assert taken == []
    qtbot.waitUntil(lambda: taken == ["Be brief."])
    qtbot.keyClick(prompt.editor, Qt.Key.Key_Return)
    qtbot.keyClicks(prompt.editor, "Be kind.")
    assert dialog.isVisible(), "Enter begins a line"
    dialog.close()
    assert taken == ["Be brief.", "Be brief.\nBe kind."]


def test_the_lowest_values_have_words_and_negative_ones_can_be_set(
    qtbot: QtBot, dialog: SettingsDialog
) -> None:
    taken = changes(dialog)
    assert shown(dialog.model.layers) == "As many as fit"
    assert shown(dialog.answers.seed) == "Always another"
    dialog.show_section("model")
    enter(qtbot, dialog.model.layers, "12")
    enter(qtbot, dialog.model.layers, "-1")
    assert taken == [("gpu_layers", 12), ("gpu_layers", -1)]
    for _ in range(70):
        qtbot.keyClick(dialog.model.unload.editor, Qt.Key.Key_Down)
    assert shown(dialog.model.unload) == "Never"
    assert taken[-1] == ("unload_after_min", 0)


def test_the_wheel_scrolls_the_page_rather_than_changing_values(dialog: SettingsDialog) -> None:
    taken = changes(dialog)
    dialog.answers.fold.button.click()
    field = dialog.answers.sampling
    for editor in (field["temperature"].editor, field["top_k"].editor, field["mirostat"].editor):
        turn(editor)
    assert taken == []
    field["top_k"].editor.setFocus()
    turn(field["top_k"].editor)
    assert taken == [("top_k", 35)]


def turn(editor: QWidget) -> None:
    """One notch of the wheel, downwards."""
    event = QWheelEvent(
        QPointF(5, 5),
        QPointF(editor.mapToGlobal(QPoint(5, 5))),
        QPoint(),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(editor, event)


def test_devices_are_listed_with_their_memory(
    qtbot: QtBot, dialog: SettingsDialog, engine: Engine
) -> None:
    editor = dialog.model.device.editor
    engine.devices, engine.no_gpu = (PROCESSOR,), GpuNotBuiltIn().problem
    show(dialog, Settings(device="Vulkan7"), engine)
    texts = [editor.itemText(index) for index in range(editor.count())]
    assert texts == ["Automatic", "Processor only", "Vulkan7 (not there now)"]
    assert editor.currentText() == texts[2]
    assert engine.no_gpu.summary_text in dialog.model.device.note.text()
    engine.devices, engine.no_gpu = (CARD, PROCESSOR), None
    show(dialog, Settings(), engine)
    texts = [editor.itemText(index) for index in range(editor.count())]
    assert texts[0] == editor.currentText() == "Automatic"
    assert texts[2:] == ["Processor only"]
    for words in ("Vulkan0", "A graphics card", "10", "12", "free"):
        assert words in texts[1]
    assert dialog.model.device.note.text() == ""
    with qtbot.waitSignal(dialog.model.changed) as chosen:
        qtbot.keyClick(editor, Qt.Key.Key_Down)
    assert chosen.args == ["device", "Vulkan0"]
    with qtbot.waitSignal(dialog.model.changed) as chosen:
        qtbot.keyClick(editor, Qt.Key.Key_Down)
    assert chosen.args == ["device", "cpu"]


def test_a_schema_and_a_grammar_together_are_explained(
    dialog: SettingsDialog, engine: Engine
) -> None:
    both = Settings(grammar='root ::= "a"', json_schema="{}")
    show(dialog, both, engine)
    assert "JSON schema goes before" in dialog.answers.grammar.note.text()
    show(dialog, replace(both, json_schema=""), engine)
    assert dialog.answers.grammar.note.text() == ""


def test_the_keyboard_goes_through_every_field_in_order(
    qtbot: QtBot, dialog: SettingsDialog
) -> None:
    dialog.answers.fold.button.click()
    for page in (dialog.answers, dialog.model):
        dialog.show_section(page.section)
        dialog.search.setFocus()
        seen: list[QWidget] = []
        for _ in range(60):
            qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
            widget = QApplication.focusWidget()
            if widget is dialog.search:
                break
            seen.append(widget)
        editors = {field.editor: field for field in page.fields}
        order = [widget for widget in seen if widget in editors]
        assert set(order) == set(editors)
        heights = [editor.mapTo(page, QPoint()).y() for editor in order]
        assert heights == sorted(heights)
        assert all(editor.accessibleName() or editor.text() for editor in order)  # type: ignore[attr-defined]


def test_nothing_is_wider_than_a_small_window(dialog: SettingsDialog) -> None:
    dialog.answers.fold.button.click()
    dialog.resize(640, 480)
    for page in (dialog.answers, dialog.model):
        dialog.show_section(page.section)
        QApplication.processEvents()
        assert page.isVisible()
        assert page.width() <= dialog.area.viewport().width()
        assert page.minimumSizeHint().width() <= dialog.area.viewport().width()


# the dialog in the window


def test_a_shortcut_opens_it(qtbot: QtBot, app: AppWindow) -> None:
    assert app.controller.engine_settings.dialog is None
    app.window.activateWindow()
    qtbot.keyClick(app.window, Qt.Key.Key_Comma, Qt.KeyboardModifier.ControlModifier)
    dialog = app.controller.engine_settings.dialog
    assert dialog is not None
    assert dialog.isVisible()
    assert not dialog.isModal()


def test_an_edit_makes_the_values_in_force_ones_own_and_keeps_them(
    qtbot: QtBot, open_window: Callable[[Paths], AppWindow], paths: Paths
) -> None:
    SettingsFile(paths.settings).save(Settings(preset="own", temperature=1.5, top_k=7))
    app = open_window(paths)
    app.until_ready()
    dialog = opened(app)
    field = dialog.answers.sampling
    assert shown(field["temperature"]) == "1.5"
    dialog.answers.preset.buttons["precise"].click()
    assert shown(field["temperature"]) == "0.2"
    dialog.answers.preset.buttons["own"].click()
    assert shown(field["temperature"]) == "1.5", "the values of before come back"
    dialog.answers.preset.buttons["precise"].click()
    enter(qtbot, field["min_p"], "0.125")
    assert dialog.answers.preset.buttons["own"].isChecked()
    wanted: dict[str, object] = {name: getattr(Settings(), name) for name in OWN_FIELDS}
    wanted |= {**PRESETS["precise"], "min_p": 0.125, "preset": "own"}
    app.until(lambda: stored(app)["preset"] == "own" and stored(app)["min_p"] == 0.125)
    assert {name: stored(app)[name] for name in wanted} == wanted
    sampling = app.controller.preferences.settings.sampling_params()
    assert (sampling.temperature, sampling.top_k, sampling.is_own) == (0.2, 20, True)
    write(qtbot, dialog.answers.system_prompt, "Answer briefly.")
    enter(qtbot, dialog.answers.seed, "12345")
    app.until(lambda: stored(app)["seed"] == 12345)
    app.close()
    again = open_window(paths)
    dialog = opened(again)
    assert dialog.answers.system_prompt.editor.toPlainText() == "Answer briefly."
    assert shown(dialog.answers.seed) == "12345"
    assert shown(dialog.answers.sampling["min_p"]) == "0.125"
    assert dialog.answers.preset.buttons["own"].isChecked()


def test_ones_own_values_begin_with_what_the_model_recommends(
    open_window: Callable[[Paths], AppWindow], paths: Paths
) -> None:
    SettingsFile(paths.settings).save(Settings())
    app = open_window(paths)
    app.until_ready()
    assert app.engine.model is not None
    app.engine.model = replace(app.engine.model, advice=ADVICE)
    dialog = opened(app)
    assert notes(dialog) == {"temperature", "top_k", "min_p"}
    dialog.answers.preset.buttons["own"].click()
    assert notes(dialog) == set()
    settings = app.controller.preferences.settings
    assert (settings.temperature, settings.top_k, settings.min_p) == (0.6, 20, 0.0)
    assert settings.preset == "own"


def test_what_needs_another_load_is_offered_and_loaded(qtbot: QtBot, app: AppWindow) -> None:
    dialog = opened(app)
    dialog.show_section("model")
    assert app.engine.model is not None
    trained = app.engine.model.trained_context
    assert str(trained) in dialog.model.context.note.text().replace(",", "")
    dialog.model.guesses.editor.click()
    enter(qtbot, dialog.model.unload, "30")
    assert not dialog.reload_bar.isVisible(), "these apply as they are"
    enter(qtbot, dialog.model.context, "1024")
    assert dialog.reload_bar.isVisible()
    enter(qtbot, dialog.model.context, "0")
    assert not dialog.reload_bar.isVisible(), "it is loaded like that"
    enter(qtbot, dialog.model.context, "1024")
    app.click(dialog.reload_bar.button)
    assert not dialog.reload_bar.isVisible()
    app.until_ready()
    assert app.engine.model is not None
    assert app.engine.model.context == 1024
    assert not dialog.reload_bar.isVisible()
    assert "1024 are in use" in dialog.model.context.note.text().replace(",", "")
    assert stored(app)["context_tokens"] == 1024
    assert stored(app)["is_speculating"] is False
    app.window.menu.unload.trigger()
    app.until(lambda: app.engine.model is None)
    dialog.model.mlock.editor.click()
    assert dialog.reload_bar.isVisible(), "the next question would load it as before"


def test_kept_conversations_can_be_deleted_from_here(qtbot: QtBot, app: AppWindow) -> None:
    dialog = opened(app)
    dialog.show_section("model")
    with qtbot.waitSignal(app.controller.engine_settings.delete_kept_requested):
        qtbot.keyClick(dialog.model.delete_kept, Qt.Key.Key_Return)


def test_fields_of_several_lines_let_the_keyboard_out(dialog: SettingsDialog) -> None:
    lines = dialog.findChildren(QPlainTextEdit)
    assert len(lines) == 5
    assert all(editor.tabChangesFocus() for editor in lines)
