"""Assistants on the disk, in files from strangers, and in the window with a real model."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QBuffer, QIODevice, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.core import assistant_errors as errors
from app.core.assistants import (
    BadAssistant,
    assistant_from,
    document_of,
    is_built_in,
    literal_template,
    numbered,
    system_template,
    system_text,
)
from app.core.beginning import Beginning
from app.core.entities import Conversation, SamplingParams, new_id
from app.core.errors import Problem
from app.core.memory import MemoryKind, MemoryPolicy
from app.core.paths import Paths
from app.core.prompts import (
    Assistant,
    AssistantId,
    Prompt,
    PromptId,
    PromptMessage,
    PromptTemplate,
    Variable,
    VariableKind,
)
from app.core.settings import Settings
from app.exchange import assistant_files
from app.services import prompt_library
from app.services.app import AppServices
from app.services.assistants import Assistants, built_in
from app.services.conversations import Conversations
from app.services.loop import LoopScheduler
from app.services.prompt_library import PromptLibrary
from app.services.prompt_rendering import PromptRenderer
from app.storage.storage import Storage, open_storage
from app.ui.assistants.dialog import AssistantsDialog
from app.ui.assistants.editor import Surroundings
from app.ui.assistants.pictures import initials, small_picture
from app.ui.theme import Theme
from tests.app_window import AppWindow
from tests.engine_window import OpenWindow
from tests.exchange_samples import PNG

ROOT = Path(__file__).parents[1]


def sample(name: str = "Guide", **changes: object) -> Assistant:
    """One with everything."""
    made = Assistant(
        AssistantId(new_id()),
        name,
        system_template(
            "You know {town}. Be {mood}.",
            (
                Variable("town", label="Town"),
                Variable("mood", VariableKind.CHOICE, choices=("kind", "short"), default="kind"),
            ),
        ),
        "Knows a town",
        model="some.gguf",
        preset="own",
        sampling=SamplingParams(temperature=0.1, stop=("END",), is_own=True, seed=7),
        memory=MemoryPolicy(MemoryKind.LAST_TURNS, 3),
        opening="Where to?",
        picture=PNG,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


# the document


def test_what_goes_out_comes_in_the_same() -> None:
    made = sample()
    document = json.loads(json.dumps(document_of(made)))
    assert assistant_from(document, made.id, made.picture) == made


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": " \n "},
        {"name": "n" * 81},
        {"name": 3},
        {"name": "half \ud800"},
        {"description": "d" * 501},
        {"description": None},
        {"template": "text"},
        {"template": {"messages": [{"role": "king", "text": "x"}]}},
        {"template": {"messages": [], "variables": [{"name": "a b"}]}},
        {"template": {"messages": [], "variables": [{"name": "a"}, {"name": "a"}]}},
        {"template": {"messages": [], "variables": [{"name": "a", "kind": "choice"}]}},
        {"template": {"messages": [], "format": "mustache"}},
        {"model": "../../etc/passwd"},
        {"model": "C:\\models\\m.gguf"},
        {"model": ".."},
        {"model": "m" * 256},
        {"preset": "wild"},
        {"preset": "own", "sampling": None},
        {"preset": "", "sampling": {"temperature": 1.0}},
        {"sampling": []},
        {"sampling": {"temperature": 99.0}},
        {"sampling": {"temperature": float("nan")}},
        {"sampling": {"temperature": "0.5"}},
        {"sampling": {"top_k": True}},
        {"sampling": {"top_k": 10**400}},
        {"sampling": {"seed": 2**40}},
        {"sampling": {"max_tokens": -1}},
        {"sampling": {"dry_window": 1.5}},
        {"sampling": {"stop": "END"}},
        {"sampling": {"stop": ["x"] * 33}},
        {"sampling": {"stop": ["x" * 201]}},
        {"sampling": {"logit_bias": [["word"]]}},
        {"sampling": {"logit_bias": [["word", 1000]]}},
        {"sampling": {"grammar": "g" * 100_001}},
        {"memory": "all"},
        {"memory": {"kind": "everything"}},
        {"memory": {"turns": 0}},
        {"memory": {"tokens": 10**9}},
        {"opening": "o" * 20_001},
        {"opening": "zero \0"},
    ],
    ids=str,
)
def test_a_bad_value_is_refused(change: dict[str, object]) -> None:
    document = {**document_of(sample()), **change}
    with pytest.raises(BadAssistant):
        assistant_from(document, AssistantId("x"))


def test_a_name_cannot_turn_what_stands_around_it() -> None:
    found = assistant_from({"name": "safe\u202egnp.exe\n2"}, AssistantId("x"))
    assert found.name == "safegnp.exe 2"


def test_only_a_system_message_counts_of_a_template() -> None:
    messages = [{"role": "system", "text": "s"}, {"role": "user", "text": "u"}]
    found = assistant_from({"name": "n", "template": {"messages": messages}}, AssistantId("x"))
    assert [m.role for m in found.template.messages] == ["system"]


def test_names_get_numbers_that_fit() -> None:
    assert numbered("Guide", {"guide", "guide (2)"}) == "Guide (3)"
    assert len(numbered("n" * 80, {"n" * 80})) == 80


@pytest.mark.parametrize("language", ["en", "zh_CN", "xx"])
def test_those_that_come_with_inglenook_are_sound(language: str) -> None:
    found = built_in(language)
    assert len(found) == 5
    assert all(is_built_in(a.id) and a.description and system_text(a) for a in found)
    assert any(a.template.variables for a in found)
    assert found == built_in("en") if language == "xx" else True
    assert all(sampling for a in found if (sampling := a.preset) == "precise")


# storage


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    """An open, empty one."""
    opened = open_storage(tmp_path / "conversations.sqlite3")
    yield opened
    opened.close()


def begun_with(storage: Storage, assistant: Assistant) -> Conversation:
    beginning = Beginning(
        system="Told once.", assistant_id=assistant.id, lead=(("assistant", "Where to?"),)
    )
    turn = storage.history.begin_turn(
        None, "Hello", "Told once.", "m.gguf", beginning=beginning, lead=beginning.lead
    )
    return turn.conversation


def test_saved_changed_deleted_and_back(storage: Storage) -> None:
    made = storage.assistants.save(sample())
    assert storage.assistants.all() == [made]
    assert made.changed_at is not None
    changed = storage.assistants.save(replace(made, name="Other"))
    assert [a.name for a in storage.assistants.all()] == ["Other"]
    storage.assistants.delete(made.id)
    assert storage.assistants.all() == []
    assert storage.assistants.binned() == [changed]
    storage.assistants.restore(made.id)
    assert storage.assistants.all() == [changed]


def test_what_could_not_be_read_again_is_not_written(storage: Storage) -> None:
    made = storage.assistants.save(sample())
    with pytest.raises(BadAssistant):
        storage.assistants.save(replace(made, name=""))
    assert storage.assistants.all() == [made]


def test_a_row_of_a_newer_version_is_left_alone(storage: Storage, tmp_path: Path) -> None:
    made = storage.assistants.save(sample())
    insert = (
        "INSERT INTO assistant VALUES ('n', 'N', ?, x'', 't', '2030-01-01T00:00:00+00:00', NULL)"
    )
    storage._database.execute(insert, ('{"name": "N", "preset": "of 2031"}',))
    assert storage.assistants.all() == [made]
    assert storage._database.rows("SELECT count(*) FROM assistant")[0][0] == 2


def test_after_thirty_days_it_is_gone_and_its_conversations_are_not(storage: Storage) -> None:
    made = storage.assistants.save(sample())
    conversation = begun_with(storage, made)
    assert storage.history.conversation(conversation.id).assistant_id == made.id
    storage.assistants.delete(made.id)
    storage.forget_old(30)
    assert storage.assistants.binned() != []
    storage.forget_old(0)
    assert storage.assistants.binned() == []
    left = storage.history.conversation(conversation.id)
    assert (left.assistant_id, left.system_prompt) == ("", "Told once.")
    assert len(storage.history.branch(conversation.id)) == 3


# files


def test_one_file_and_back_with_an_id_of_its_own(tmp_path: Path) -> None:
    made = sample("A/B: guide")
    target = tmp_path / assistant_files.file_name(made)
    assert target.name == "A B guide.assistant.json"
    assistant_files.write(made, target)
    found = assistant_files.read(target)
    assert found.id != made.id
    assert replace(found, id=made.id) == made
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == [target.name]


def png_of(width: int, height: int, data: bytes) -> bytes:
    """A PNG whose header says that size, and which holds `data`."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        whole = kind + body
        return struct.pack(">I", len(body)) + whole + struct.pack(">I", zlib.crc32(whole))

    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    packed = zlib.compress(data)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    )


def file_of(**changes: object) -> bytes:
    document = {**json.loads(assistant_files.as_text(sample())), **changes}
    return json.dumps(document).encode()


HOSTILE = {
    "nothing": b"",
    "no JSON": b"GGUF\x03",
    "half": file_of()[:-40],
    "a list": b"[1, 2]",
    "deep": b"[" * 100_000,
    "deep object": b'{"a":' * 100_000,
    "big number": b'{"format": "inglenook.assistant", "version": ' + b"9" * 5000 + b"}",
    "UTF-16": file_of().decode().encode("utf-16"),
    "another format": file_of(format="inglenook.archive"),
    "no version": file_of(version=None),
    "version true": file_of(version=True),
    "picture is a number": file_of(picture=3),
    "picture is no base64": file_of(picture="%%%"),
    "picture is a page": file_of(picture=base64.b64encode(b"<svg onload=x>").decode()),
    "picture is huge": file_of(picture=base64.b64encode(png_of(60_000, 60_000, b"")).decode()),
    "picture is a bomb": file_of(
        picture=base64.b64encode(png_of(8, 8, bytes(50_000_000))).decode()
    ),
    "picture has many bytes": file_of(picture=base64.b64encode(PNG + bytes(3 << 20)).decode()),
    "model is a path": file_of(model="/etc/passwd"),
    "system is no text": file_of(template={"messages": [{"role": "system", "text": [1]}]}),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_file_is_refused_in_words(data: bytes) -> None:
    began = time.monotonic()
    with pytest.raises(errors.AssistantFileBad) as caught:
        assistant_files.from_data(data, "x.assistant.json")
    assert "x.assistant.json" in caught.value.problem.summary_text
    assert time.monotonic() - began < 2


def test_a_file_of_a_newer_version_says_so() -> None:
    with pytest.raises(errors.AssistantFileTooNew):
        assistant_files.from_data(file_of(version=2), "x")


def test_a_file_that_is_none_or_too_large(tmp_path: Path) -> None:
    with pytest.raises(errors.AssistantFileNotRead):
        assistant_files.read(tmp_path / "gone.json")
    with pytest.raises(errors.AssistantFileNotRead):
        assistant_files.read(tmp_path)
    large = tmp_path / "large.json"
    with large.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(errors.AssistantFileBad):
        assistant_files.read(large)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_killed_while_writing_the_old_file_is_there_whole(tmp_path: Path) -> None:
    target = tmp_path / "guide.assistant.json"
    assistant_files.write(sample(), target)
    program = f"""
import sys
from dataclasses import replace
from pathlib import Path
from app.exchange import assistant_files
target = Path({str(target)!r})
made = assistant_files.read(target)
print("ready", flush=True)
for number in range(100_000):
    assistant_files.write(replace(made, opening=str(number) * 2000), target)
"""
    for delay_s in (0.02, 0.05, 0.11):
        writer = subprocess.Popen(
            [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
        time.sleep(delay_s)
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        assert assistant_files.read(target).name == "Guide"


def test_a_folder_that_cannot_be_written_to(read_only_folder: Path) -> None:
    with pytest.raises(errors.AssistantFileNotWritten):
        assistant_files.write(sample(), read_only_folder / "x.assistant.json")
    assert list(read_only_folder.iterdir()) == []


# the service


class Bench:
    """The service over a real database and the real template process."""

    def __init__(self, database: Path, renderer: PromptRenderer) -> None:
        self.scheduler = LoopScheduler()
        self.conversations = Conversations(database, self.scheduler)
        library = PromptLibrary(self.conversations, self.scheduler, lambda: "", renderer)
        self.settings = Settings()
        self.assistants = Assistants(
            self.conversations, library, self.scheduler, lambda: self.settings
        )
        library.start("en")
        self.assistants.start("en")
        self.conversations.start()
        self.until(lambda: self.conversations.is_ready and len(self.assistants.all) >= 5)
        self.problems: list[Problem] = []

    def until(self, condition: Callable[[], bool]) -> None:
        assert self.scheduler.run_until(condition, 20.0)

    def made(self, act: Callable[[Callable[[Assistant], None]], None]) -> Assistant:
        """What `act` hands on when it is done."""
        found: list[Assistant] = []
        act(found.append)
        self.until(lambda: bool(found or self.problems))
        assert not self.problems
        return found[0]

    def save(self, assistant: Assistant) -> Assistant:
        return self.made(lambda done: self.assistants.save(assistant, done, self.problems.append))

    def beginning(self, assistant: Assistant, **answers: str) -> Beginning:
        found: list[Beginning] = []
        self.assistants.begin(assistant, answers, found.append, self.problems.append)
        self.until(lambda: bool(found or self.problems))
        assert not self.problems
        return found[0]

    def names(self) -> list[str]:
        return [a.name for a in self.assistants.all if not is_built_in(a.id)]

    def close(self) -> None:
        self.conversations.close([])
        self.scheduler.drain(5.0)


@pytest.fixture(scope="module")
def renderer() -> Iterator[PromptRenderer]:
    """One template process for all: each start of one takes a moment."""
    made = PromptRenderer()
    yield made
    made.close()


@pytest.fixture
def bench(tmp_path: Path, renderer: PromptRenderer) -> Iterator[Bench]:
    made = Bench(tmp_path / "conversations.sqlite3", renderer)
    yield made
    made.close()


def test_a_built_in_one_stays_and_what_is_saved_is_a_copy(bench: Bench) -> None:
    tutor = bench.assistants.find("built-in:tutor")
    assert tutor is not None
    saved = bench.save(replace(tutor, name="Mine"))
    assert not is_built_in(saved.id)
    assert bench.assistants.find("built-in:tutor") == tutor
    assert bench.names() == ["Mine"]


def test_a_copy_an_import_and_a_second_one_get_numbers(bench: Bench, tmp_path: Path) -> None:
    first = bench.save(sample())
    bench.made(lambda done: bench.assistants.duplicate(first, done, bench.problems.append))
    file = tmp_path / "g.assistant.json"
    shared: list[Path] = []
    bench.assistants.share(first, file, shared.append, bench.problems.append)
    bench.until(lambda: bool(shared))
    imported = bench.made(
        lambda done: bench.assistants.read_file(file, done, bench.problems.append)
    )
    assert bench.names() == ["Guide", "Guide (2)", "Guide (3)"]
    assert imported.picture == PNG
    file.write_bytes(b"nonsense")
    bench.assistants.read_file(file, lambda _: None, bench.problems.append)
    bench.until(lambda: bool(bench.problems))
    assert [p.code for p in bench.problems] == ["assistant.file"]


def test_what_cannot_be_kept_is_a_problem_in_words(bench: Bench) -> None:
    bench.assistants.save(sample(""), lambda _: None, bench.problems.append)
    bench.until(lambda: bool(bench.problems))
    assert [p.code for p in bench.problems] == ["assistant"]


def test_delete_and_undo_and_it_is_still_found_for_its_conversations(bench: Bench) -> None:
    made = bench.save(sample())
    bench.assistants.delete(made.id)
    bench.until(lambda: bench.names() == [])
    found = bench.assistants.find(made.id)
    assert found is not None
    assert found.name == "Guide"
    bench.assistants.undo()
    bench.until(lambda: bench.names() == ["Guide"])
    bench.assistants.undo()  # there is nothing more to take back
    assert bench.names() == ["Guide"]


def test_the_system_prompt_is_filled_in_once(bench: Bench) -> None:
    made = bench.save(sample())
    found = bench.beginning(made, town="Bath")
    assert found.system == "You know Bath. Be kind."
    assert found.lead == (("assistant", "Where to?"),)
    assert found.assistant_id == made.id
    assert found.model == "some.gguf"
    assert found.memory == made.memory
    assert found.sampling == made.sampling


def test_a_preset_goes_with_what_else_the_settings_say(bench: Bench) -> None:
    bench.settings = Settings().changed(seed=11, preset="creative")
    made = bench.save(sample(preset="precise", sampling=None))
    found = bench.beginning(made, town="Bath").sampling
    assert found is not None
    assert (found.temperature, found.seed) == (0.2, 11)
    assert bench.beginning(replace(made, preset=""), town="Bath").sampling is None


def test_braces_of_a_conversation_stand_for_themselves(bench: Bench) -> None:
    made = bench.save(sample(template=literal_template('Answer as {"a": {}}')))
    assert bench.beginning(made).system == 'Answer as {"a": {}}'


@pytest.mark.parametrize("text", ["{nobody_knows}", "{unfinished"])
def test_a_mistake_in_the_template_is_a_problem(bench: Bench, text: str) -> None:
    made = sample(template=system_template(text))
    bench.assistants.begin(made, {}, lambda _: None, bench.problems.append)
    bench.until(lambda: bool(bench.problems))
    assert bench.problems[0].code.startswith("prompt.")


def test_the_last_one_talked_to_comes_first(bench: Bench) -> None:
    made = bench.save(sample())
    tutor = bench.assistants.find("built-in:tutor")
    assert tutor is not None
    bench.beginning(tutor, subject="x")
    seen: list[object] = []
    bench.conversations.run(lambda s: begun_with(s, tutor), seen.append)
    bench.conversations.refresh()
    bench.until(lambda: any(c.assistant_id == tutor.id for c in bench.conversations.all))
    assert [a.id for a in bench.assistants.recent(2)] == [tutor.id, made.id]


# pictures


def encoded(width: int, height: int, kind: str = "PNG") -> bytes:
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.red)
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, kind)  # type: ignore[call-overload]
    return bytes(buffer.data().data())


@pytest.mark.parametrize(("size", "side"), [((1200, 300), 256), ((40, 90), 40), ((256, 256), 256)])
def test_a_picture_becomes_a_small_square(
    qapp: QApplication, size: tuple[int, int], side: int
) -> None:
    for kind in ("PNG", "JPEG", "BMP"):
        made = QImage.fromData(small_picture(encoded(*size, kind), "p"), "PNG")
        assert (made.width(), made.height()) == (side, side)
        assert made.pixelColor(side // 2, side // 2).red() > 200


@pytest.mark.parametrize(
    "data", [b"", b"<svg/>", png_of(8, 8, bytes(9_000_000)), png_of(9, 9, b"")]
)
def test_a_bad_picture_is_refused_by_name(qapp: QApplication, data: bytes) -> None:
    with pytest.raises(errors.AssistantPictureBad) as caught:
        small_picture(data, "face.png")
    assert "face.png" in caught.value.problem.summary_text


def test_initials() -> None:
    assert [initials(n) for n in ("Code reviewer", "Tutor", "翻译", "", "a b c", "(x) y")] == [
        "CR",
        "Tu",
        "翻",
        "?",
        "AB",
        "Y",
    ]


# the dialog


def test_the_dialog_where_list_and_editor_are_not_side_by_side(
    qtbot: QtBot, qapp: QApplication
) -> None:
    around = Surroundings(SamplingParams, lambda _name, _but: False, lambda _template, _done: None)
    window = QWidget()
    qtbot.addWidget(window)
    dialog = AssistantsDialog(Theme(qapp), around, window)
    dialog.resize(500, 600)
    dialog.show()
    qtbot.waitExposed(dialog)
    dialog.show_assistants(built_in("en"))
    editor = dialog.editor
    for _ in range(2):  # the row that is current already opens it as well
        assert not editor.isVisible()
        place = dialog.rows.visualItemRect(dialog.rows.item(1)).center()
        qtbot.mouseClick(dialog.rows.viewport(), Qt.MouseButton.LeftButton, pos=place)
        assert editor.isVisible()
        assert not dialog.rows.isVisible()
        assert editor.name.text() == "Writing partner"
        assert editor.name.isReadOnly()
        qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    qtbot.keyClick(dialog.rows, Qt.Key.Key_Down)
    assert editor.name.text() == "Code reviewer"
    assert dialog.rows.isVisible()
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


# in the window


def keep_renderer(monkeypatch: pytest.MonkeyPatch, renderer: PromptRenderer) -> None:
    """A window does not end it: each new process would import LangChain again."""
    monkeypatch.setattr(prompt_library, "shared_renderer", lambda: renderer)
    monkeypatch.setattr(PromptLibrary, "close", lambda _library: None)


@pytest.fixture
def app(
    open_window: OpenWindow,
    paths: Paths,
    monkeypatch: pytest.MonkeyPatch,
    renderer: PromptRenderer,
) -> AppWindow:
    """A window whose model gives short answers, always the same ones."""
    keep_renderer(monkeypatch, renderer)
    paths.settings.write_text('{"preset": "own", "temperature": 0.0, "max_tokens": 12}')
    window = open_window(paths)
    window.until_ready()
    window.until(lambda: window.window.empty.cards.has_any)
    return window


def begin_with_tutor(app: AppWindow) -> None:
    """Choose it on the empty page and fill in its form."""
    card = next(b for b in app.window.empty.cards.buttons if b.text() == "Tutor")
    app.click(card)
    control = app.controller.assistants
    app.until(lambda: control.form is not None and control.form.isVisible())
    assert control.form is not None
    control.form.field("subject").set_value("algebra")
    app.click(control.form.send)
    app.until(lambda: len(app.messages()) == 1)


def ask(app: AppWindow, text: str, count: int) -> None:
    app.ask(text)
    app.until(lambda: len(app.messages()) == count and not app.chat.is_answering)


@pytest.mark.engine
def test_a_conversation_with_an_assistant_and_after_a_restart(
    app: AppWindow, open_window: OpenWindow, paths: Paths
) -> None:
    told: list[str] = []
    generate = app.engine.generate

    def listen(system: str, *args: object, **named: object) -> int:
        told.append(system)
        return generate(system, *args, **named)  # type: ignore[arg-type]

    app.engine.generate = listen  # type: ignore[method-assign]
    begin_with_tutor(app)
    opening = app.messages()[0]
    assert opening.text.startswith("Hello! What would you like to understand")
    assert not opening.row.isVisible()  # there is nothing to copy or to delete yet
    assert app.window.badge.isVisible()
    assert app.window.badge.text() == "Tutor"
    assert app.stored() == []
    ask(app, "What is x?", 3)
    assert told[0].startswith("You are a patient tutor for algebra.")
    assert [role for role, _, _ in app.stored()] == ["assistant", "user", "assistant"]
    conversation = app.chat.conversation
    assert conversation is not None
    assert conversation.system_prompt == told[0]
    ask(app, "And y?", 5)
    assert told[1] == told[0]
    second = app.answer()._statistics
    assert second is not None
    assert second.reused_tokens > second.prompt_tokens // 2  # the cache stayed
    app.controller.chat_control.new_conversation()
    assert not app.window.badge.isVisible()
    assert app.window.empty.cards.isVisible()
    app.controller.open(conversation.id)
    app.until(lambda: len(app.messages()) == 5)
    app.close()
    again = open_window(paths)
    again.until(lambda: len(again.messages()) == 5)
    again.until(lambda: again.window.badge.isVisible())
    assert again.window.badge.text() == "Tutor"
    assert again.chat.conversation is not None
    assert again.chat.conversation.system_prompt == told[0]


@pytest.mark.engine
def test_changing_or_deleting_one_leaves_its_conversations(app: AppWindow) -> None:
    control, service = app.controller.assistants, app.controller.services.assistants
    found: list[Assistant] = []
    made = sample(template=system_template("Be kind."), model="", picture=PNG)
    service.save(made, found.append, app.controller.show_problem)
    app.until(lambda: bool(found))
    control.begin(made.id)
    app.until(lambda: len(app.messages()) == 1)
    ask(app, "Hi", 3)
    service.save(
        replace(found[0], name="Other", template=system_template("Be rude."), memory=None),
        found.append,
        app.controller.show_problem,
    )
    app.until(lambda: app.window.badge.text() == "Other")
    conversation = app.chat.conversation
    assert conversation is not None
    assert conversation.system_prompt == "Be kind."
    assert conversation.memory == MemoryPolicy(MemoryKind.LAST_TURNS, 3)
    assert conversation.sampling is not None
    assert conversation.sampling.seed == 7
    control.open(made.id)
    dialog = control.dialog
    assert dialog is not None
    app.click(dialog.delete)
    app.until(lambda: made.id not in dialog.rows.ids())
    assert dialog.toast.isVisible()
    assert app.window.badge.isVisible()  # the conversation is still with it
    assert len(app.messages()) == 3
    app.click(dialog.toast.button)
    app.until(lambda: made.id in dialog.rows.ids())
    # a new one from what the conversation was told
    assert app.controller.commands.commands.run("save_set_up")
    app.until(lambda: dialog.editor.shown is not None and dialog.editor.shown.id != made.id)
    app.until(lambda: dialog.editor.system.toPlainText() == "Be kind.")
    copied = dialog.editor.value()
    assert (copied.name, copied.memory) == ("Hi", conversation.memory)
    assert app.engine.model_path is not None
    assert copied.model == app.engine.model_path.name


@pytest.mark.engine
def test_the_model_it_wants_is_loaded_or_said_to_be_missing(
    app: AppWindow, paths: Paths, starter: Path
) -> None:
    service = app.controller.services.assistants
    found: list[Assistant] = []
    made = sample(
        template=system_template(""), model="gone.gguf", opening="", preset="", sampling=None
    )
    service.save(made, found.append, app.controller.show_problem)
    app.until(lambda: bool(found))
    assert app.controller.commands.commands.run("new_with")
    palette = app.controller.commands.palette
    assert palette is not None
    palette.field.setText("Guide")
    QApplication.processEvents()
    app._qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    app.until(lambda: app.window.badge.text() == "Guide")
    assert "gone, the model of Guide, is not on this computer" in app.window.toast._label.text()
    assert app.window.empty._title.text() == "Guide"
    assert not app.window.empty.cards.isVisible()
    ask(app, "Hi", 2)
    other = paths.models / "other.gguf"
    shutil.copy(starter, other)
    app.controller.models.look()
    control = app.controller.assistants
    app.until(lambda: any(m.path == other for m in control._installed))
    service.save(replace(found[0], model=other.name), found.append, app.controller.show_problem)
    app.until(lambda: len(found) == 2)
    control.begin(made.id)
    app.until(lambda: app.engine.model is not None and app.engine.model.path == other)
    ask(app, "Hi", 2)
    assert app.chat.branch[-1].model == other.name
    assert app.chat.branch[-1].content


@pytest.fixture
def bare(
    open_window: OpenWindow,
    paths: Paths,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    renderer: PromptRenderer,
) -> AppWindow:
    """A window without a model."""
    monkeypatch.setenv("INGLENOOK_STARTER_DIR", str(tmp_path / "nothing"))
    keep_renderer(monkeypatch, renderer)
    window = open_window(paths)
    window.until(lambda: window.window.empty.cards.has_any)
    return window


def test_what_is_changed_is_neither_lost_by_the_badge_nor_by_the_end(
    bare: AppWindow, open_window: OpenWindow, paths: Paths
) -> None:
    control, service = bare.controller.assistants, bare.controller.services.assistants
    kept: list[Assistant] = []
    for name in ("Cook", "Guide"):
        service.save(sample(name), kept.append, lambda problem: pytest.fail(str(problem)))
    bare.until(lambda: len(kept) == 2)
    control.open_at(kept[0].id)
    dialog = control.dialog
    assert dialog is not None
    dialog.editor.system.setPlainText("half a thought")
    control.open_at(kept[0].id)
    assert dialog.editor.system.toPlainText() == "half a thought"
    control.open_at(kept[1].id)  # as a click on the badge of a conversation does
    assert dialog.confirm.isVisible()
    assert dialog.editor.system.toPlainText() == "half a thought"
    bare.until(paths.unsaved_assistant.is_file)  # a kill now would leave it
    bare.close()
    again = open_window(paths)
    again.until(lambda: len(again.controller.services.assistants.all) > 2)
    again.controller.assistants.open()
    dialog = again.controller.assistants.dialog
    assert dialog is not None
    again.until(lambda: dialog.editor.system.toPlainText() == "half a thought")
    assert dialog.editor.shown == replace(kept[0], changed_at=dialog.editor.shown.changed_at)  # type: ignore[union-attr]
    again.click(dialog.save)
    again.until(lambda: not dialog.editor.is_changed())
    again.until(lambda: not paths.unsaved_assistant.exists())


def test_a_short_name_is_whole_where_there_is_room(bare: AppWindow) -> None:
    window = bare.window
    window.resize(900, 700)
    window.badge.show_assistant(sample("A somewhat longer name"))
    bare.until(lambda: window.badge.width() >= window.badge.sizeHint().width())


def test_prompts_and_assistants_come_back_from_the_bin_or_go_for_good(bare: AppWindow) -> None:
    services = bare.controller.services
    kept: list[object] = []
    for name in ("Cook", "Guide"):
        services.assistants.save(sample(name), kept.append, lambda p: pytest.fail(str(p)))
    question = PromptTemplate((PromptMessage("user", "Hello"),))
    for name in ("greet", "wave"):
        prompt = Prompt(PromptId(""), name, name.title(), question)
        services.prompts.save(prompt, kept.append, lambda p: pytest.fail(str(p)))
    bare.until(lambda: len(kept) == 4)
    for each in kept:
        if isinstance(each, Assistant):
            services.assistants.delete(each.id)
        elif isinstance(each, Prompt):
            services.prompts.delete(each.id)
    bare.until(lambda: not own_names(services))
    bare.controller.sidebar.open_bin()
    page = bare.controller.sidebar.bin
    assert page is not None
    bare.until(lambda: len(page.rows) == 4)
    said = {row.what.text(): row.when.text().partition(" ")[0] for row in page.rows}
    assert said == {"Cook": "Assistant", "Guide": "Assistant", "Greet": "Prompt", "Wave": "Prompt"}
    for title in ("Cook", "Greet"):
        bare.click(next(r.restore for r in page.rows if r.what.text() == title))
        bare.until(lambda: title not in [r.what.text() for r in page.rows])  # noqa: B023
    bare.until(lambda: own_names(services) == {"Cook", "greet"})
    assert bare.banner_code() == ""
    bare.click(next(r.erase for r in page.rows if r.what.text() == "Wave"))
    bare.click(page.confirm.yes)
    bare.until(lambda: [r.what.text() for r in page.rows] == ["Guide"])
    bare.click(page.empty_button)
    bare.click(page.confirm.yes)
    bare.until(lambda: not page.rows)
    guide = next(each for each in kept if isinstance(each, Assistant) and each.name == "Guide")
    bare.until(lambda: services.assistants.find(guide.id) is None)
    page.close()


def own_names(services: AppServices) -> set[str]:
    prompts = {p.name for p in services.prompts.all if not p.is_built_in}
    return prompts | {a.name for a in services.assistants.all if not is_built_in(a.id)}


def test_making_one_in_the_dialog(bare: AppWindow, qtbot: QtBot, tmp_path: Path) -> None:
    app = bare
    app.controller.assistants.open()
    dialog = app.controller.assistants.dialog
    assert dialog is not None
    assert not dialog.delete.isVisible()  # of one that comes with Inglenook
    app.click(dialog.new)
    app.until(lambda: dialog.editor.name.text() == "New assistant")
    qtbot.keyClicks(dialog.editor.name, "Poet")
    qtbot.keyClicks(dialog.editor.system, "Write about {theme} on {date}. ")
    app.until(lambda: [row.name for row in dialog.editor.variables.rows] == ["theme"])
    photo = tmp_path / "photo.png"
    photo.write_bytes(encoded(600, 400))
    dialog.editor.picture.file_chosen.emit(photo)
    app.until(lambda: dialog.editor.value().picture)
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no picture")
    dialog.editor.picture.file_chosen.emit(bad)
    app.until(dialog.editor.picture.note.isVisible)
    assert "bad.png" in dialog.editor.picture.note.text()
    index = dialog.editor.answers.choice.findData("own")
    dialog.editor.answers.choice.setCurrentIndex(index)
    dialog.editor.answers.choice.activated.emit(index)
    assert "Temperature 0" in dialog.editor.answers.values.text()
    app.click(dialog.save)
    app.until(lambda: not dialog.editor.is_changed())
    kept = app.controller.services.assistants.all[0]
    assert (kept.name, kept.preset) == ("Poet", "own")
    assert [v.name for v in kept.template.variables] == ["theme"]
    assert kept.sampling is not None
    assert kept.sampling.temperature == 0.0
    assert check_size(kept.picture) <= 256
    # what was changed is not lost by choosing another
    qtbot.keyClicks(dialog.editor.description, "Rhymes")
    dialog.rows.setCurrentRow(dialog.rows.count() - 1)
    assert dialog.confirm.isVisible()
    app.click(dialog.confirm.no)
    assert dialog.rows.current_id() == kept.id
    assert dialog.editor.description.text() == "Rhymes"
    # a name that is taken
    dialog.editor.name.setText("tutor")
    assert dialog.editor.name_note.isVisible()
    assert not dialog.save.isEnabled()
    dialog.choose(kept.id)  # as it is kept
    share_and_import(app, kept, tmp_path)


def share_and_import(app: AppWindow, kept: Assistant, folder: Path) -> None:
    """As the buttons do once a file was chosen; then a file that is none."""
    control = app.controller.assistants
    dialog = control.dialog
    assert dialog is not None
    control.share(kept, folder / "mine")
    app.until(dialog.toast.isVisible)
    written = folder / "mine.assistant.json"
    control.read_files([written])
    app.until(lambda: dialog.editor.name.text() == "Poet (2)")
    written.write_bytes(b"{}")
    control.read_files([written])
    app.until(dialog.problem.isVisible)
    assert "mine.assistant.json is not an assistant" in dialog.problem.text()


def check_size(picture: bytes) -> int:
    return max(QImage.fromData(picture).width(), QImage.fromData(picture).height())
