"""Memory in a person's hands: the policy of a conversation, what is remembered, summaries."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.core.entities import ConversationId, MessageId
from app.core.memory import MemoryKind, MemoryPolicy, WhenFull
from app.core.paths import Paths
from app.core.remembered import Fact, FactState, Summary
from app.storage.storage import Storage
from app.ui.application import make_application
from app.ui.conversation_window import ConversationWindow
from app.ui.memory.fact_note import FactNote
from app.ui.memory.facts_dialog import FactsDialog
from app.ui.memory.policy_dialog import PolicyDialog
from app.ui.memory.summary_dialog import SummaryDialog
from app.ui.theme import Theme
from tests.app_window import AppWindow
from tests.engine_window import OpenWindow
from tests.memory_samples import (
    NOW,
    choose,
    open_stored,
    settle_on,
    store_exchanges,
    store_summary,
)


@pytest.fixture(scope="module")
def theme(qapp: QApplication) -> Theme:
    del qapp
    theme = Theme(make_application())
    theme.choose("light")
    return theme


def fact(number: int, state: FactState, source: str = "") -> Fact:
    found = MessageId(source) if source else None
    return Fact(f"f{number}", f"Fact number {number}", state, found, NOW, NOW)


# the policy


def test_what_is_chosen_holds_at_once_with_its_number(qtbot: QtBot, theme: Theme) -> None:
    dialog = PolicyDialog(theme)
    qtbot.addWidget(dialog)
    dialog.show_policy(MemoryPolicy(), is_own=False, has_facts=False, has_conversation=True)
    dialog.show()
    chosen: list[object] = []
    dialog.chosen.connect(chosen.append)
    assert not dialog.facts.isEnabled()
    assert not dialog.reset.isEnabled()
    assert not any(editor.isVisible() for editor in dialog.numbers.values())
    dialog.kinds[MemoryKind.LAST_TURNS].click()
    assert dialog.numbers[MemoryKind.LAST_TURNS].isVisible()
    dialog.numbers[MemoryKind.LAST_TURNS].setValue(3)
    dialog.kinds[MemoryKind.SUMMARY].click()
    dialog.when_full[WhenFull.ASK].click()
    assert chosen == [
        MemoryPolicy(MemoryKind.LAST_TURNS),
        MemoryPolicy(MemoryKind.LAST_TURNS, 3),
        MemoryPolicy(MemoryKind.SUMMARY, 3),  # the same number of questions
        MemoryPolicy(MemoryKind.SUMMARY, 3, when_full=WhenFull.ASK),
    ]
    dialog.show_policy(dialog.policy, is_own=True, has_facts=True, has_conversation=True)
    assert dialog.origin.text() == "Chosen for this conversation."
    dialog.reset.click()
    assert chosen[-1] is None
    dialog.numbers[MemoryKind.TOKENS].setValue(1)
    assert dialog.policy.tokens == 128  # not less


@pytest.mark.engine
def test_the_policy_of_a_conversation_before_it_begins_and_after(
    open_window: OpenWindow, paths: Paths
) -> None:
    settle_on(paths)
    app = open_window(paths)
    app.until_ready()
    app.controller.commands.commands.run("memory")
    dialog = app.controller.memory.dialogs.policy
    assert dialog is not None
    assert dialog.isVisible()
    assert not dialog.bar.isVisible()  # there is nothing that it would mean anything for
    dialog.kinds[MemoryKind.LAST_TURNS].click()
    dialog.numbers[MemoryKind.LAST_TURNS].setValue(2)
    assert app.chat.beginning.memory == MemoryPolicy(MemoryKind.LAST_TURNS, 2)
    app.ask_and_wait("Name a colour.")
    app.until(lambda: app.chat.conversation is not None)
    assert app.chat.conversation.memory == MemoryPolicy(MemoryKind.LAST_TURNS, 2)  # type: ignore[union-attr]
    app.until(lambda: dialog.bar.isVisible() and "2 messages" in dialog.outcome.text())
    dialog.reset.click()
    app.until(lambda: app.chat.conversation.memory is None)  # type: ignore[union-attr]
    app.until(lambda: dialog.kinds[MemoryKind.ALL].isChecked())
    assert dialog.origin.text() == "As in the settings, until you choose something here."
    # in another language it is made anew
    QApplication.sendEvent(app.window, QEvent(QEvent.Type.LanguageChange))
    app.until(lambda: app.controller.memory.dialogs.policy is not dialog)
    app.until(lambda: app.controller.memory.dialogs.policy.isVisible())  # type: ignore[union-attr]


# what is remembered


def test_proposals_and_what_is_kept_stand_apart(qtbot: QtBot, theme: Theme) -> None:
    dialog = FactsDialog(theme)
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog.nothing.isVisible()
    assert not dialog.switch.isChecked()
    kept, proposed = fact(1, FactState.KEPT), fact(2, FactState.PROPOSED, "m1")
    dialog.show_facts((kept, proposed, fact(3, FactState.REFUSED)), is_on=True)
    assert [row.fact for row in dialog.rows] == [kept, proposed]
    own, found = dialog.rows
    qtbot.waitUntil(lambda: own.isVisible() and found.keep.isVisible())
    assert not own.keep.isVisible()
    assert not own.source.isVisible()
    with qtbot.waitSignal(dialog.source_requested) as asked:
        found.source.click()
    assert asked.args == ["m1"]
    with qtbot.waitSignal(dialog.kept) as asked:
        found.keep.click()
    assert asked.args == ["f2"]
    with qtbot.waitSignal(dialog.refused) as asked:
        found.refuse.click()
    own.edit.click()
    own.field.setText("  Another   text ")
    dialog.show_facts((kept, proposed), is_on=True)  # news meanwhile: what is typed stays
    with qtbot.waitSignal(dialog.edited) as asked:
        qtbot.keyClick(own.field, Qt.Key.Key_Return)
    assert asked.args == ["f1", "Another text"]
    own.edit.click()
    qtbot.keyClick(own.field, Qt.Key.Key_Escape)
    assert dialog.isVisible()
    assert own.text.isVisible()
    assert own.text.text() == "Fact number 1"
    dialog.field.setText("x" * 900)
    with qtbot.waitSignal(dialog.added) as asked:
        qtbot.keyClick(dialog.field, Qt.Key.Key_Return)
    assert asked.args == ["x" * 500]
    assert dialog.isVisible()


def test_the_keyboard_stays_in_the_list_when_a_row_goes(qtbot: QtBot, theme: Theme) -> None:
    dialog = FactsDialog(theme)
    qtbot.addWidget(dialog)
    facts = [fact(number, FactState.KEPT) for number in range(3)]
    dialog.show_facts(facts, is_on=True)
    dialog.show()
    dialog.activateWindow()
    dialog.rows[1].delete.setFocus()
    qtbot.waitUntil(dialog.rows[1].delete.hasFocus)
    dialog.show_facts([facts[0], facts[2]], is_on=True)
    assert dialog.rows[1].has_focus()
    dialog.show_facts([], is_on=True)
    assert dialog.field.hasFocus()


def test_a_proposal_is_a_calm_question(qtbot: QtBot, theme: Theme) -> None:
    note = FactNote(theme)
    qtbot.addWidget(note)
    assert not note.is_due
    one, two, three = (fact(number, FactState.PROPOSED) for number in range(3))
    note.show_proposals((one, two, three))
    assert note.question.text() == "Remember this for other conversations? (1 of 3)"
    with qtbot.waitSignal(note.kept) as asked:
        note.keep.click()
    assert asked.args == ["f0"]
    with qtbot.waitSignal(note.refused) as asked:
        note.refuse.click()
    assert asked.args == ["f1"]
    assert note.text.text() == "Fact number 2"
    note.close_button.click()
    assert not note.is_due
    note.show_proposals((three,))  # not asked again and again
    assert not note.is_due


def add_proposals(app: AppWindow, source: MessageId, *texts: str) -> None:
    """As the model makes them after an answer."""
    app.controller.services.facts._change(
        lambda s: s.memory.add_facts(list(texts), FactState.PROPOSED, source)
    )


def stored_facts(app: AppWindow) -> dict[str, FactState]:
    found: list[dict[str, FactState]] = []

    def work(storage: Storage) -> dict[str, FactState]:
        return {fact.text: fact.state for fact in storage.memory.facts()}

    app.controller.conversations.run(work, found.append)
    app.until(lambda: found)
    return found[0]


@pytest.mark.engine
def test_only_what_a_person_keeps_is_told(open_window: OpenWindow, paths: Paths) -> None:
    settle_on(paths)
    conversation = store_exchanges(paths, 2, words=4)
    app = open_window(paths)
    app.until_ready()
    open_stored(app, conversation)
    memory, strip = app.controller.memory, app.window.ledger

    def told() -> set[str]:
        return {block.kind for block in strip.bar.blocks}

    app.controller.commands.commands.run("facts")
    dialog = memory.dialogs.facts
    assert dialog is not None
    assert not dialog.switch.isChecked()  # off until a person wants it
    dialog.switch.click()
    app.until(lambda: app.controller.services.settings().is_remembering)
    source = app.chat.branch[1].id
    add_proposals(app, source, "Has a cat", "Lives by the sea")
    app.until(lambda: strip.fact.isVisible())
    assert len(dialog.rows) == 2
    assert "facts" not in told()
    strip.fact.keep.click()
    app.until(lambda: "facts" in told())
    strip.fact.refuse.click()
    app.until(lambda: not strip.fact.isVisible() and len(dialog.rows) == 1)
    assert stored_facts(app) == {"Has a cat": FactState.KEPT, "Lives by the sea": FactState.REFUSED}
    dialog.field.setText("Writes Python")
    dialog.add.click()
    app.until(lambda: len(dialog.rows) == 2)
    own = next(row for row in dialog.rows if row.fact.text == "Writes Python")
    own.delete.click()
    app.until(lambda: len(dialog.rows) == 1)
    # where it comes from: also while something else is on show
    app.controller.chat_control.new_conversation()
    app.until(lambda: not app.chat.branch)
    dialog.rows[0].source.click()
    app.until(lambda: app.chat.open_conversation_id == conversation)
    dialog.switch.click()
    app.until(lambda: "facts" not in told())


# summaries


def test_the_summary_can_be_changed_and_turned_off(qtbot: QtBot, theme: Theme) -> None:
    dialog = SummaryDialog(theme)
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog.text.isReadOnly()
    assert dialog.state.text() == "There is no summary of this conversation yet."
    summary = Summary("s", ConversationId("c"), MessageId("a"), MessageId("b"), "Short.", NOW)
    dialog.show_summary(summary, 4)
    assert dialog.messages.text() == "Summarised: 4 messages."
    assert not dialog.save.isEnabled()
    dialog.text.setPlainText("Shorter.")
    dialog.show_summary(summary, 6)  # news meanwhile: what is typed stays
    assert dialog.text.toPlainText() == "Shorter."
    with qtbot.waitSignal(dialog.edited) as asked:
        dialog.save.click()
    assert asked.args == ["s", "Shorter."]
    dialog.text.setPlainText(" ")
    assert not dialog.save.isEnabled()
    with qtbot.waitSignal(dialog.off_requested) as off:
        dialog.off.click()
    assert off.args == ["s", True]
    dialog.show_summary(replace(summary, is_off=True), 0)
    assert dialog.off.text() == "Use it again"
    dialog.show_making(True)
    assert not dialog.anew.isEnabled()


@pytest.mark.engine
def test_a_summary_in_the_conversation_and_in_another_window(
    open_window: OpenWindow, paths: Paths
) -> None:
    settle_on(paths)
    policy = MemoryPolicy(MemoryKind.SUMMARY, 2)
    conversation = store_exchanges(paths, 4, words=4, policy=policy)
    summary = store_summary(paths, conversation, 2, "They spoke of numbers.")
    app = open_window(paths)
    app.until_ready()
    open_stored(app, conversation)
    memory, branch = app.controller.memory, app.chat.branch
    app.until(lambda: memory._state.summary_at == branch[4].id)
    view = app.window.transcript.view_at(4)
    assert view is not None
    assert view._summary is not None
    assert view._summary.words.text() == "Summarised: 4 messages."
    assert "summary" in {block.kind for block in app.window.ledger.bar.blocks}
    view._summary.edit_button.click()
    dialog = memory.dialogs.summary
    assert dialog is not None
    app.until(lambda: dialog.text.toPlainText() == summary.text)
    dialog.text.setPlainText("They spoke of 1 and 2.")
    dialog.save.click()
    app.until(lambda: memory.ledger.view.summary.text == "They spoke of 1 and 2.")  # type: ignore[union-attr]
    app.until(lambda: "You have changed it." in dialog.state.text())
    view._summary.undo_button.click()
    app.until(lambda: memory._state.summary_at is None)
    assert view._summary.isHidden()
    app.until(lambda: dialog.off.text() == "Use it again")
    dialog.off.click()
    app.until(lambda: memory._state.summary_at == branch[4].id)
    # beside the main window
    window = app.controller.windows.open(conversation)
    assert isinstance(window, ConversationWindow)
    app.until(lambda: window.ledger.bar.isVisible())
    session = app.controller.windows._open[window][0]
    app.until(lambda: session.memory._state.summary_at == branch[4].id)  # type: ignore[union-attr]
    window.ledger.toggle_parts()
    assert window.ledger.panel is not None
    assert window.ledger.panel.list.parts.rowCount() == 2 + 8  # system, summary, messages
    choose(window.transcript.views()[-1], "Keep in memory always")
    app.until(lambda: memory._state.of.get(branch[7].id) == "pinned")  # in both windows
    window.close()
