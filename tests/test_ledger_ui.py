"""The ledger over the composer: what it shows, what it says before something is left out, and that
ten thousand messages cost nothing."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import pairwise

import pytest
from PySide6.QtCore import QPoint, Qt, QTranslator
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.core.entities import MessageId
from app.core.memory import MemoryKind, MemoryPolicy, Part, PartKind, WhenFull
from app.core.paths import Paths
from app.core.remembered import MarkKind, Summary
from app.services.ledger import LedgerView
from app.ui.application import make_application
from app.ui.memory.bar import LedgerBar
from app.ui.memory.blocks import blocks_of
from app.ui.memory.colours import fill_of
from app.ui.memory.parts_model import NOT_SENT
from app.ui.memory.parts_panel import PartsPanel
from app.ui.memory.preview import preview_of
from app.ui.memory.state import Gap, MemoryState, state_of
from app.ui.memory.strip import LedgerStrip
from app.ui.memory.text_dialog import TextDialog
from app.ui.memory.words import FREE, ROOM
from app.ui.palettes import (
    CONTRAST_DARK,
    CONTRAST_LIGHT,
    DARK,
    LIGHT,
    PARTS_CONTRAST,
    Colours,
    contrast,
)
from app.ui.theme import Theme
from app.ui.transcript import Transcript
from tests.app_window import AppWindow
from tests.engine_window import OpenWindow
from tests.memory_samples import (
    CONTEXT,
    NOW,
    branch_of,
    choose,
    entries,
    ledger_of,
    open_stored,
    settle_on,
    store_exchanges,
)

# The ledger over 10,000 messages opens within it: of this thread's own time, as the machine may be
# busy with something else
OPENING_S = 0.1
MANY = 10_000


@pytest.fixture(scope="module")
def theme(qapp: QApplication) -> Theme:
    del qapp
    theme = Theme(make_application())
    theme.choose("light")
    return theme


@pytest.fixture
def bar(qtbot: QtBot, theme: Theme) -> LedgerBar:
    bar = LedgerBar(theme)
    qtbot.addWidget(bar)
    bar.resize(400, 18)
    bar.show()
    return bar


# the bar


def test_blocks_are_in_proportion_and_in_one_order(bar: LedgerBar) -> None:
    view = LedgerView(
        parts=(
            Part(PartKind.SYSTEM, 100),
            Part(PartKind.TURN, 200, "a"),
            Part(PartKind.PINNED, 100, "b"),
            Part(PartKind.TURN, 200, "c", is_seen=False),
            Part(PartKind.DRAFT, 100),
        ),
        total=500,
        context=1000,
        room=250,
        is_known=True,
    )
    bar.show_ledger(view)
    spans = {block.kind: (begin, end) for block, begin, end in bar.spans()}
    assert list(spans) == ["system", "pinned", "turn", "draft", ROOM, FREE]
    assert spans["turn"] == (80, 160)  # 200 of 1,000 tokens on 400 pixels
    assert spans[ROOM][1] - spans[ROOM][0] == 100
    assert spans[FREE][1] == 400
    assert not bar.children()[1:] or not [c for c in bar.children() if isinstance(c, QWidget)]


def test_what_is_tiny_is_seen_and_nothing_goes_over_the_end(bar: LedgerBar) -> None:
    parts = tuple(Part(kind, 1) for kind in (PartKind.SYSTEM, PartKind.FACTS, PartKind.DRAFT))
    bar.show_ledger(
        LedgerView(parts=(*parts, Part(PartKind.TURN, 90_000, "a")), total=90_003, context=4096)
    )
    spans = bar.spans()
    assert all(end - begin >= 2 for _, begin, end in spans)
    assert spans[-1][2] <= 400
    assert all(before[2] == after[1] for before, after in pairwise(spans))


def test_its_colours_are_painted_from_where_reading_begins(bar: LedgerBar, theme: Theme) -> None:
    bar.show_ledger(
        LedgerView(parts=(Part(PartKind.SYSTEM, 500),), total=500, context=1000, is_known=True)
    )
    system = fill_of("system", theme.colours).colour
    picture = bar.grab().toImage()
    assert picture.pixelColor(50, 9).name() == system
    assert picture.pixelColor(350, 9).name() != system
    bar.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    picture = bar.grab().toImage()
    assert picture.pixelColor(350, 9).name() == system
    assert picture.pixelColor(50, 9).name() != system


@pytest.mark.parametrize("colours", [LIGHT, DARK, CONTRAST_LIGHT, CONTRAST_DARK])
def test_every_block_stands_out_and_differs_from_its_neighbours(colours: Colours) -> None:
    kinds = [kind.value for kind in PartKind]
    fills = [fill_of(kind, colours) for kind in kinds]
    for fill in fills:
        assert contrast(fill.colour, colours.window) >= PARTS_CONTRAST
    # without seeing colours: another lightness or other stripes
    for one, other in pairwise(fills):
        assert one.stripes != other.stripes or contrast(one.colour, other.colour) > 1.2
    assert len({(fill.colour, fill.stripes) for fill in fills}) == len(fills)


def test_a_screen_reader_hears_the_numbers(bar: LedgerBar) -> None:
    bar.show_ledger(ledger_of(branch_of(6)))
    total = ledger_of(branch_of(6)).total
    assert bar.accessibleName() == f"Context: {total} of 4096 tokens"
    assert "System prompt: 300" in bar.accessibleDescription()
    assert "Room for the answer: 1024" in bar.toolTip()


# what sending would leave out


@pytest.fixture
def strip(qtbot: QtBot, theme: Theme) -> LedgerStrip:
    host = QWidget()
    strip = LedgerStrip(theme)
    layout = QVBoxLayout(host)
    layout.addStretch(1)
    layout.addWidget(strip)
    qtbot.addWidget(host)
    host.resize(640, 600)
    host.show()
    strip.host = host  # type: ignore[attr-defined] # or it would be gone
    return strip


def test_it_is_quiet_until_something_would_be_left_out(strip: LedgerStrip) -> None:
    branch = branch_of(8)
    view = ledger_of(branch)
    assert not strip.isVisible()
    strip.show_ledger(view)
    assert strip.bar.isVisible()
    assert not strip.notice.isVisible()
    dropped = frozenset(m.id for m in branch[:4])
    strip.show_ledger(replace(view, is_full=True, dropped=dropped))
    assert strip.notice.sentence.text() == "Sending this leaves out the 4 oldest messages."
    assert not strip.notice.reason.isVisible()
    strip.notice.why.click()
    assert "4096" in strip.notice.reason.text()
    assert strip.notice.reason.isVisible()
    middle = MemoryPolicy(when_full=WhenFull.DROP_MIDDLE)
    strip.show_ledger(replace(view, is_full=True, dropped=dropped, policy=middle))
    assert strip.notice.sentence.text() == "Sending this leaves out 4 messages from the middle."
    # a policy that a person chose is no news each time
    strip.show_ledger(replace(view, dropped=dropped))
    assert not strip.notice.isVisible()
    strip.show_ledger(replace(view, total=2950))
    assert strip.notice.sentence.text() == "The context is nearly full: 2950 of 4096 tokens."
    strip.show_ledger(replace(view, is_known=False))
    assert not strip.isVisible()


def test_where_it_asks_the_choices_are_right_there(strip: LedgerStrip, qtbot: QtBot) -> None:
    view = ledger_of(branch_of(8), is_full=True, policy=MemoryPolicy(when_full=WhenFull.ASK))
    strip.show_ledger(view)
    buttons = strip.notice.choices.buttons
    assert all(button.isVisible() for button in buttons.values())
    with qtbot.waitSignal(strip.notice.full_chosen) as chosen:
        buttons[WhenFull.DROP_MIDDLE].click()
    assert chosen.args == ["drop_middle"]
    strip.show_ledger(replace(view, is_full=False))
    assert not strip.notice.choices.isVisible()


# the parts


def test_the_ledger_of_ten_thousand_messages_opens_at_once(
    strip: LedgerStrip, theme: Theme, qtbot: QtBot
) -> None:
    branch = branch_of(MANY)
    view = ledger_of(branch, unseen=9000)
    state = state_of(branch, view)
    strip.show_ledger(view)
    strip.opened.connect(lambda: strip.panel and strip.panel.show_parts(view, branch, state))
    times = []
    for _ in range(3):
        strip.panel = None
        started = time.thread_time()
        strip.open_parts()
        strip.grab()
        times.append(time.thread_time() - started)
        assert strip.panel is not None
        assert strip.panel.list.parts.rowCount() == MANY + 4
        strip.panel.hide()
    print(f"opened in {min(times) * 1000:.0f} ms")
    assert min(times) < OPENING_S


def test_each_part_can_be_looked_at_kept_and_left_out(
    strip: LedgerStrip, theme: Theme, qtbot: QtBot
) -> None:
    branch = branch_of(8)
    pinned = frozenset({branch[2].id, branch[3].id})
    file = (branch[4].id, "file")
    view = ledger_of(branch, unseen=2, pinned=pinned, left_out_files=frozenset({file}))
    panel = PartsPanel(theme)
    qtbot.addWidget(panel)
    panel.resize(500, 400)
    panel.show_parts(view, branch, state_of(branch, view))
    panel.show()
    rows = panel.list.parts.rows
    assert [row.kind.value for row in rows[:3]] == ["system", "facts", "turn"]
    assert [row.tokens for row in rows[2:4]] == [NOT_SENT, NOT_SENT]
    spoken = [
        panel.list.parts.index(n).data(Qt.ItemDataRole.AccessibleTextRole) for n in range(len(rows))
    ]
    assert spoken[2] == "You, 0 is asked, not sent, The model does not see this"
    assert spoken[4].startswith("You, 2 is asked, 52 · 1%, Kept in memory always")
    assert spoken[7].startswith("report.txt, It says. It says.")
    assert spoken[7].endswith("Left out of memory")
    panel.choose_message(branch[2].id)
    assert panel.pin.text() == "No longer keep always"
    with qtbot.waitSignal(panel.mark_requested) as asked:
        panel.pin.click()
    assert asked.args == [rows[4], None]
    panel.choose_message(branch[4].id)
    with qtbot.waitSignal(panel.mark_requested) as asked:
        panel.leave_out.click()
    assert asked.args == [rows[6], MarkKind.LEFT_OUT]
    qtbot.keyClick(panel.list, Qt.Key.Key_Down)
    assert panel.leave_out.text() == "Take back in"
    with qtbot.waitSignal(panel.look_requested) as asked:
        qtbot.keyClick(panel.list, Qt.Key.Key_Return)
    assert asked.args == [rows[7]]
    panel.list.choose(0)
    assert not panel.pin.isVisible()
    assert not panel.leave_out.isVisible()


# marks in the conversation


def test_where_the_model_does_not_see_any_more() -> None:
    branch = branch_of(12)
    ids = [message.id for message in branch]
    view = ledger_of(
        branch,
        unseen=4,
        left_out=frozenset(ids[6:8]),
        pinned=frozenset(ids[2:4]),
        dropped=frozenset(ids[4:6]),
    )
    view = replace(view, unseen=frozenset([*ids[0:2], *ids[4:6], *ids[6:8], *ids[8:10]]))
    state = state_of(branch, view)
    assert [state.of.get(i, "") for i in ids] == [
        *["unseen"] * 2,
        *["pinned"] * 2,
        *[""] * 2,  # only makes room for what is not sent yet
        *["left_out"] * 2,
        *["unseen"] * 2,
        *[""] * 2,
    ]
    assert state.gaps == {ids[2]: Gap(2, True), ids[10]: Gap(2, False)}


def test_a_summary_stands_for_what_is_above_it() -> None:
    branch = branch_of(8)
    summary = Summary("s", branch[0].conversation_id, branch[3].id, branch[5].id, "Short.", NOW)
    view = ledger_of(branch, unseen=4, summary=summary, pinned=frozenset(m.id for m in branch[:2]))
    state = state_of(branch, view)
    assert [state.of[m.id] for m in branch[:4]] == [*["pinned"] * 2, *["summarised"] * 2]
    assert (state.summary_at, state.replaced) == (branch[4].id, 2)


@pytest.fixture
def transcript(qtbot: QtBot, theme: Theme) -> Transcript:
    widget = Transcript(theme)
    qtbot.addWidget(widget)
    widget.resize(700, 500)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def places(transcript: Transcript) -> dict[MessageId, tuple[int, int]]:
    return {view.message_id: (view.y(), view.height()) for view in transcript.views()}


def test_a_line_moves_nothing_that_is_being_read(transcript: Transcript, qtbot: QtBot) -> None:
    branch = branch_of(60)
    transcript.show_messages(branch)
    transcript.scroll_to(branch[20].id)
    qtbot.waitUntil(lambda: not transcript._fill.isActive())
    before, value = places(transcript), transcript.verticalScrollBar().value()
    picture = transcript.viewport().grab().toImage()
    transcript.show_memory(state_of(branch, ledger_of(branch, unseen=22)))
    qtbot.wait(30)
    assert places(transcript) == before
    assert transcript.verticalScrollBar().value() == value
    view = transcript.view_at(22)
    assert view is not None
    line = transcript.viewport().grab().toImage()
    gap = range(view.y() - 14, view.y() + 6)
    assert any(picture.pixel(60, y) != line.pixel(60, y) for y in gap), "there is no line"
    assert not transcript.view_at(20).row.mark.isHidden()  # type: ignore[union-attr]
    assert transcript.view_at(22).row.mark.isHidden()  # type: ignore[union-attr]
    assert transcript.view_at(20).accessibleDescription() == "The model does not see this"  # type: ignore[union-attr]
    transcript.show_memory(MemoryState())
    qtbot.wait(30)
    assert transcript.viewport().grab().toImage() == picture, "something of it stays"


def test_a_summary_that_comes_moves_nothing_below_it(transcript: Transcript, qtbot: QtBot) -> None:
    branch = branch_of(60)
    transcript.show_messages(branch)
    transcript.scroll_to(branch[20].id)
    transcript.verticalScrollBar().setValue(transcript.verticalScrollBar().value() + 60)
    qtbot.waitUntil(lambda: not transcript._fill.isActive())
    summary = Summary("s", branch[0].conversation_id, branch[15].id, branch[17].id, "Short.", NOW)
    reading = transcript.view_at(21)
    assert reading is not None
    before = reading.mapTo(transcript, QPoint(0, 0))
    transcript.show_memory(state_of(branch, ledger_of(branch, unseen=16, summary=summary)))
    qtbot.waitUntil(lambda: not transcript._fill.isActive())
    assert reading.mapTo(transcript, QPoint(0, 0)) == before
    transcript.scroll_to(branch[16].id)
    view = transcript.view_at(16)
    assert view is not None
    assert view._summary is not None
    assert view._summary.words.text() == "Summarised: 16 messages."
    with qtbot.waitSignal(transcript.action_requested) as asked:
        view._summary.undo_button.click()
    assert asked.args == ["undo_summary", branch[16].id]


class OtherWords(QTranslator):
    """As if in another language."""

    def isEmpty(self) -> bool:  # noqa: N802 - Qt's name
        return False

    def translate(
        self,
        context: str,
        source: str,
        disambiguation: str | None = None,
        n: int = -1,
    ) -> str:
        return source.replace("%Ln", str(n)).replace("Summarised", "Kurz").replace("leaves", "lets")


def test_it_speaks_another_language_at_once(
    transcript: Transcript, strip: LedgerStrip, qtbot: QtBot
) -> None:
    branch = branch_of(20)
    summary = Summary("s", branch[0].conversation_id, branch[9].id, branch[9].id, "Short.", NOW)
    view = ledger_of(branch, unseen=10, summary=summary)
    transcript.show_messages(branch)
    transcript.show_memory(state_of(branch, view))
    transcript.scroll_to(branch[10].id)
    strip.show_ledger(replace(view, is_full=True, dropped=frozenset({branch[10].id})))
    shown = transcript.view_at(10)
    assert shown is not None
    assert shown._summary is not None
    translator = OtherWords()
    QApplication.installTranslator(translator)
    qtbot.waitUntil(lambda: shown._summary.words.text() == "Kurz: 10 messages.")  # type: ignore[union-attr]
    assert strip.notice.sentence.text() == "Sending this lets out the 1 oldest messages."
    QApplication.removeTranslator(translator)
    qtbot.waitUntil(lambda: "Summarised" in shown._summary.words.text())  # type: ignore[union-attr]


def test_marks_cost_nothing_at_ten_thousand_messages(transcript: Transcript, qtbot: QtBot) -> None:
    branch = branch_of(MANY)
    transcript.show_messages(branch)
    qtbot.waitUntil(lambda: not transcript._fill.isActive())
    views = ledger_of(branch, unseen=9000), ledger_of(branch, unseen=9500)
    times = []
    for number in range(6):
        started = time.thread_time()
        transcript.show_memory(state_of(branch, views[number % 2]))
        times.append(time.thread_time() - started)
    print(f"marks of {MANY} messages: {min(times) * 1000:.1f} ms")
    assert min(times) < 0.02
    assert len(transcript.views()) < 100


# what another policy would mean


def test_the_preview_tells_what_a_policy_would_tell() -> None:
    branch = branch_of(20)
    view = ledger_of(branch, unseen=10)
    state = state_of(branch, view)
    everything = preview_of(view, branch, state, MemoryPolicy())
    assert (everything.seen, everything.messages, everything.is_full) == (20, 20, False)
    last = preview_of(view, branch, state, MemoryPolicy(MemoryKind.LAST_TURNS, turns=3))
    assert last.seen == 6
    assert not [part for part in last.parts if part.kind is PartKind.FACTS]
    with_facts = MemoryPolicy(MemoryKind.LAST_TURNS, turns=3, uses_facts=True)
    assert preview_of(view, branch, state, with_facts).total == last.total + 60
    tokens = preview_of(view, branch, state, MemoryPolicy(MemoryKind.TOKENS, tokens=420))
    assert tokens.seen == 4  # with a file of 200 tokens in the last but one
    summary = preview_of(view, branch, state, MemoryPolicy(MemoryKind.SUMMARY, turns=3))
    assert summary.seen == 6
    assert [part.kind for part in summary.parts if part.kind is PartKind.SUMMARY]
    little = replace(view, context=1900)
    full = preview_of(little, branch, state, MemoryPolicy(when_full=WhenFull.DROP_MIDDLE))
    assert full.is_full
    assert full.total <= 1900 - 1024
    assert blocks_of(full)


@pytest.mark.parametrize("when_full", list(WhenFull))
def test_what_cannot_be_sent_at_all_is_said_before(strip: LedgerStrip, when_full: WhenFull) -> None:
    branch = branch_of(4)
    view = ledger_of(branch)
    parts = [replace(part, is_seen=part.kind is not PartKind.TURN) for part in view.parts]
    too_long = replace(
        view,
        parts=(*parts[:-1], Part(PartKind.DRAFT, 9000)),
        total=9300,
        is_full=True,
        dropped=frozenset(m.id for m in branch),
        policy=MemoryPolicy(when_full=when_full),
    )
    strip.show_ledger(too_long)
    assert strip.notice.sentence.text().replace(",", "") == (
        "This is too long for the context whatever is left out: 9300 of 4096 tokens."
    )
    assert strip.notice.choices.isHidden()
    # sent all the same, it is a message that nothing answers
    sent = (*parts[:-1], Part(PartKind.TURN, 9000, "sent"))
    strip.show_ledger(replace(too_long, parts=sent))
    assert strip.notice.sentence.text().startswith("This is too long")
    strip.show_ledger(replace(too_long, parts=(*view.parts[:-1], Part(PartKind.DRAFT, 9000))))
    asks = when_full is WhenFull.ASK  # where leaving something out would do
    assert strip.notice.sentence.text().startswith("The context is full.") == asks


# in the window, with the model


@pytest.mark.engine
def test_the_window_says_what_sending_leaves_out_before_it_does(
    open_window: OpenWindow, paths: Paths
) -> None:
    settle_on(paths)
    conversation = store_exchanges(paths, 6, words=30)
    app = open_window(paths)
    app.until_ready()
    strip = app.window.ledger
    assert not strip.isVisible()  # an empty conversation has nothing to show
    open_stored(app, conversation)
    assert not strip.notice.choices.isVisible()
    assert app.controller.memory.ledger.view.context == CONTEXT
    app.window.composer.text.setPlainText("word " * 150 + "What is it?")
    app.until(lambda: "Sending this leaves out" in strip.notice.sentence.text())
    announced = app.controller.memory.ledger.view.dropped
    assert announced
    first = app.chat.branch[0].id
    app.press(Qt.Key.Key_Return)
    app.until(lambda: len(app.chat.branch) == 14 and not app.chat.is_answering)
    app.until(lambda: app.controller.memory._state.of.get(first) == "unseen")
    gaps = app.controller.memory._state.gaps
    assert [gap.from_start for gap in gaps.values()] == [True]
    seen_from = next(iter(gaps))
    unseen = {m.id for m in app.chat.branch[: app.window.transcript.place_of(seen_from)]}
    assert announced <= unseen


@pytest.mark.engine
def test_a_person_keeps_and_leaves_out_messages(open_window: OpenWindow, paths: Paths) -> None:
    settle_on(paths)
    conversation = store_exchanges(paths, 3, words=5)
    app = open_window(paths)
    app.until_ready()
    open_stored(app, conversation)
    memory = app.controller.memory
    question, answer = app.messages()[0], app.messages()[1]
    choose(answer, "Keep in memory always")
    app.until(lambda: "pinned" in {block.kind for block in app.window.ledger.bar.blocks})
    assert not question.row.mark.isHidden()
    assert answer.row.mark.accessibleName() == "Kept in memory always"
    assert "Keep in memory always" not in entries(question)
    choose(question, "Leave out of memory")
    app.until(lambda: memory._state.of.get(answer.message_id) == "left_out")
    assert memory._state.of.get(question.message_id) == "left_out"
    # the parts: by keys, and back in
    app.window.activateWindow()
    app.window.composer.setFocus()
    app.until(lambda: app.window.composer.text.hasFocus())
    control, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
    app.press(Qt.Key.Key_L, control | shift)
    panel = app.window.ledger.panel
    assert panel is not None
    assert panel.isVisible()
    panel.choose_message(question.message_id)
    assert panel.leave_out.text() == "Take back in"
    panel.leave_out.click()
    app.until(lambda: not memory._state.of)
    app.until(lambda: panel.list.current().tokens > 0)  # type: ignore[union-attr]
    assert question.row.mark.isHidden()
    app._qtbot.keyClick(panel.list, Qt.Key.Key_Escape)
    assert not panel.isVisible()
    assert app.window.composer.text.hasFocus()


@pytest.mark.engine
def test_a_full_context_asks_and_the_answer_comes_after_the_choice(
    open_window: OpenWindow, paths: Paths
) -> None:
    settle_on(paths, when_full="ask")
    conversation = store_exchanges(paths, 12, words=30)
    app: AppWindow = open_window(paths)
    app.until_ready()
    open_stored(app, conversation)
    app.type("And now?")
    notice = app.window.ledger.notice
    app.until(lambda: notice.choices.isVisible())
    assert notice.sentence.text() == "The context is full. What shall be left out?"
    app.press(Qt.Key.Key_Return)  # all the same
    app.until(lambda: len(app.chat.branch) == 26 and not app.chat.is_answering)
    assert app.chat.branch[-1].problem is not None
    assert app.chat.branch[-1].problem.code == "context.full"
    choices = app.answer()._choices
    assert choices is not None
    assert choices.isVisible()
    app.until(lambda: not notice.choices.isVisible())  # the question stands in one place
    choices.buttons[WhenFull.DROP_OLDEST].click()
    app.until(lambda: not app.chat.is_answering and app.chat.branch[-1].content)
    assert app.chat.branch[-1].problem is None
    app.until(lambda: app.chat.conversation.memory is not None)  # type: ignore[union-attr]
    assert app.chat.conversation.memory.when_full is WhenFull.DROP_OLDEST  # type: ignore[union-attr]
    app.until(lambda: not notice.choices.isVisible())


@pytest.mark.engine
def test_what_was_to_be_summarised_is_not_dropped_because_there_is_no_summary(
    open_window: OpenWindow, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle_on(paths, when_full="ask")
    conversation = store_exchanges(paths, 12, words=30)
    app: AppWindow = open_window(paths)
    app.until_ready()
    open_stored(app, conversation)
    app.ask("And now?")
    app.until(lambda: len(app.chat.branch) == 26 and not app.chat.is_answering)

    def nothing(*given: object, **_named: object) -> int:
        given[4]("", True)  # type: ignore[operator]
        return 0

    monkeypatch.setattr(app.engine, "suggest", nothing)
    choices = app.answer()._choices
    assert choices is not None
    choices.buttons[WhenFull.SUMMARISE].click()
    app.until(lambda: app.banner_code() == "memory.no-summary")
    assert not app.chat.is_answering
    assert app.chat.branch[-1].problem is not None
    assert choices.isVisible()


@pytest.mark.engine
def test_the_system_prompt_is_looked_at_as_it_is(open_window: OpenWindow, paths: Paths) -> None:
    settle_on(paths, system_prompt="")
    app: AppWindow = open_window(paths)
    app.until_ready()
    app.ask_and_wait("Hi")
    app.controller.services.preferences.change(system_prompt="Of other conversations.")
    app.window.ledger.toggle_parts()
    panel = app.window.ledger.panel
    assert panel is not None
    app.until(lambda: panel.list.parts.rows[0].kind is PartKind.SYSTEM)  # the template's own words
    panel.list.choose(0)
    panel.look.click()
    dialog = next(w for w in QApplication.topLevelWidgets() if isinstance(w, TextDialog))
    assert dialog.text.toPlainText().startswith("There is no system prompt.")
    dialog.close()
