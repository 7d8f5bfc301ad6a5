"""Taking conversations in: each program's format, and what bad files do: no harm."""

from __future__ import annotations

import copy
import json
import random
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from app.core.entities import ConversationId, Role, Status
from app.core.errors import ImportFailed, NothingToImport
from app.exchange import gpt4all, zips
from app.exchange.archive import ArchiveWriter
from app.exchange.as_json import to_json
from app.exchange.known_places import known_places
from app.exchange.reading import Bad, elements, moment
from app.exchange.records import Record, Skipped, branch
from app.exchange.sources import read_all
from app.exchange.tree import Node, build
from app.services.exchange import Imported
from tests.exchange_samples import PNG, a_record, gpt4all_chat
from tests.test_exchange import Desk, News, desk

__all__ = ["desk"]
SAMPLES = Path(__file__).parent / "data" / "exchange"


def one(*paths: Path) -> Record:
    """The only conversation in there."""
    (found,) = read_all(paths)
    assert isinstance(found, Record)
    return found


def shown(record: Record) -> list[str]:
    """The texts of the branch on show."""
    return [m.content for m in branch(record.messages, record.conversation.head_id)]


# each program


def test_chatgpt() -> None:
    first, second = read_all([SAMPLES / "chatgpt" / "conversations.json"])
    assert isinstance(first, Record)
    assert isinstance(second, Record)
    assert first.conversation.title == "Bees in the garden"
    assert first.conversation.system_prompt == "I keep bees.\n\nBe brief."
    question, answer, thanks, end = branch(first.messages, first.conversation.head_id)
    assert (question.role, question.content) == (Role.USER, "What insect is this?")
    assert [a.media_type for a in question.attachments] == ["image/png"]
    assert first.data[question.attachments[0].id] == PNG
    assert "Stripes and fur." in answer.content
    assert answer.content.endswith("A honey bee."), "what only machines read is gone"
    assert answer.model == "o3"
    assert (thanks.content, end.content) == ("Thanks", "You are welcome.")
    others = {message.content for message in first.messages} - set(shown(first))
    assert others == {"A wasp."}, "the other branch is there, too"
    assert second.conversation.title == "Hello"


def test_chatgpt_as_the_zip_that_came_in_the_mail(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as made:
        for file in (SAMPLES / "chatgpt").iterdir():
            made.write(file, f"export/{file.name}")
        made.writestr("export/user.json", '{"id": "user-x"}')
        made.writestr("export/message_feedback.json", "[]")
        made.writestr("export/chat.html", "<html></html>")
    found = list(read_all([path]))
    assert found == list(read_all([SAMPLES / "chatgpt" / "conversations.json"]))


@pytest.mark.parametrize(
    ("folder", "is_found"), [("user-x/images", True), ("Pictures/2024/05/weekend", False)]
)
def test_chatgpt_unpacked_somewhere_in_a_large_folder(
    tmp_path: Path, folder: str, is_found: bool
) -> None:
    """Its pictures are looked for nearby, not in everything a person has."""
    place = tmp_path / folder
    place.mkdir(parents=True)
    for file in (SAMPLES / "chatgpt").iterdir():
        target = tmp_path if file.name == "conversations.json" else place
        (target / file.name).write_bytes(file.read_bytes())
    first = next(read_all([tmp_path / "conversations.json"]))
    assert isinstance(first, Record)
    assert (PNG in first.data.values()) == is_found


@pytest.mark.parametrize(
    ("place", "origin", "answers"),
    [
        ("lm-studio", "LM Studio", 2),
        ("jan", "Jan", 1),
        ("gpt4all", "GPT4All", 1),
        ("open-webui.json", "Open WebUI", 2),
        ("llama-cpp.json", "llama.cpp", 1),
    ],
)
def test_each_program_by_what_is_in_its_files(place: str, origin: str, answers: int) -> None:
    record = one(SAMPLES / place)
    assert record.origin == origin
    assert record.conversation.title in ("Night bees", "Bees at night")
    question, answer = shown(record)
    assert question == "Do bees sleep?"
    assert "Hives are quiet." in answer
    assert answer.startswith("<think>")
    assert answer.endswith("They do.")
    assert sum(message.role is Role.ASSISTANT for message in record.messages) == answers
    assert record.messages[0].attachments
    assert all(record.data[a.id] for a in record.messages[0].attachments)
    assert record.conversation.created_at.year in (2025, 2026)


def test_lm_studio_tells_how_an_answer_ended() -> None:
    statuses = [message.status for message in one(SAMPLES / "lm-studio").messages]
    assert statuses == [Status.COMPLETE, Status.STOPPED, Status.COMPLETE]


@pytest.mark.parametrize("version", range(1, 13))
def test_gpt4all_in_each_version_of_its_format(version: int) -> None:
    record = gpt4all.read(gpt4all_chat(version))
    assert record.conversation.title == "Bees at night"
    assert record.conversation.model == "Tiny Model"
    assert shown(record)[0] == "Do bees sleep?"
    assert shown(record)[1].endswith("They do.")
    assert [a.name for a in record.messages[0].attachments] == ["my notes.txt"] * (version >= 10)


def test_gpt4all_of_a_version_to_come_is_said_to_be() -> None:
    with pytest.raises(Bad, match="version 99"):
        gpt4all.read(gpt4all_chat(99))


def test_a_whole_folder_of_different_programs() -> None:
    found = list(read_all([SAMPLES]))
    assert sorted(record.origin for record in found) == [
        "ChatGPT", "ChatGPT", "GPT4All", "Jan", "LM Studio", "Open WebUI", "llama.cpp",
    ]  # fmt: skip


def test_the_places_of_other_programs_are_found(tmp_path: Path) -> None:
    assert known_places(tmp_path, {}) == []
    chats = tmp_path / ".lmstudio" / "conversations" / "work"
    chats.mkdir(parents=True)
    (chats / "1.conversation.json").write_text("{}")
    (tmp_path / "jan" / "threads" / "t1").mkdir(parents=True)
    (tmp_path / "jan" / "threads" / "t1" / "thread.json").write_text("{}")
    found = {place.origin: place.folder for place in known_places(tmp_path, {})}
    assert found == {"LM Studio": chats.parent, "Jan": tmp_path / "jan" / "threads"}


# nothing twice


def test_nothing_is_imported_twice(desk: Desk) -> None:
    assert desk.bring_in(SAMPLES) == Imported(added=7)
    assert desk.bring_in(SAMPLES) == Imported(already_there=7)
    assert len(desk.storage.history.conversations()) == 7


def test_what_was_exported_here_is_known_again(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "bees.json"
    path.write_text(to_json(a_record()), encoding="utf-8")
    assert desk.bring_in(path).added == 1
    assert desk.bring_in(path).already_there == 1
    (stored,) = desk.storage.history.conversations()
    assert stored.tags == ("insects",)
    assert stored.is_pinned
    assert [folder.name for folder in desk.storage.organiser.folders()] == ["Garden"]
    assert stored.folder_id == desk.storage.organiser.folders()[0].id
    branch_there = desk.storage.history.branch(stored.id)
    assert [m.content for m in branch_there] == shown(a_record())
    assert desk.storage.attachments.data(branch_there[0].attachments[0].id) == PNG


def test_one_that_has_grown_elsewhere_comes_beside_the_old_one_once(
    desk: Desk, tmp_path: Path
) -> None:
    value = json.loads((SAMPLES / "open-webui.json").read_text())
    path = tmp_path / "export.json"
    path.write_text(json.dumps(value))
    assert desk.bring_in(path).added == 1
    messages = value[0]["chat"]["history"]["messages"]
    messages["4"] = {"id": "4", "parentId": "3", "role": "user", "content": "Where?"}
    path.write_text(json.dumps(value))
    assert desk.bring_in(path).added == 1
    assert desk.bring_in(path) == Imported(already_there=1)
    assert len(desk.storage.history.conversations()) == 2


def test_one_in_the_bin_comes_out_of_it(desk: Desk) -> None:
    desk.bring_in(SAMPLES / "jan")
    (stored,) = desk.storage.history.conversations()
    desk.storage.bin.delete([stored.id])
    assert desk.bring_in(SAMPLES / "jan") == Imported(added=1)
    assert [c.id for c in desk.storage.history.conversations()] == [stored.id]


# bad files


def test_a_bad_conversation_never_stops_the_others(desk: Desk, tmp_path: Path) -> None:
    good = json.loads((SAMPLES / "chatgpt" / "conversations.json").read_text())
    content = {"content_type": "text", "parts": ["hi"]}
    circle = {"message": {"author": {"role": "user"}, "content": content}, "parent": "x"}
    bad: list[object] = [{"mapping": {"a": 1, "b": []}}, 7, {"mapping": {"x": circle}}]
    path = tmp_path / "conversations.json"
    path.write_text(json.dumps([good[0], *bad, good[1]]))
    assert desk.bring_in(path).added == 3, "the one whose message follows itself is mended"


def test_what_comes_before_the_end_of_a_truncated_file_is_taken(desk: Desk, tmp_path: Path) -> None:
    text = (SAMPLES / "chatgpt" / "conversations.json").read_text()
    path = tmp_path / "conversations.json"
    path.write_text(text[:-300])
    result = desk.bring_in(path)
    assert (result.added, result.skipped) == (1, 1)
    assert result.reasons


def failure(desk: Desk, path: Path) -> str:
    """The code of what is said about a file with nothing to import."""
    news = News()
    job = desk.service.look([path], news)
    assert desk.loop.run_until(lambda: job.is_over, 60)
    assert news.problem is not None
    return news.problem.code


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\0" * 100, b"hello", b"[" * 500_000, b'{"mapping":' * 50_000, b"[1,2,3]", b"{}",
        b"\xff\xfe\x00\xd8", b"PK\x03\x04 broken", b"PK\x05\x06" + bytes(18), gpt4all.MAGIC,
        gpt4all.MAGIC + b"\xff" * 50, b'{"format": "inglenook.conversation", "version": 99}',
        b'{"format": "inglenook.conversation", "version": 1, "messages": []}', b'"\\ud800"',
        b"1" * 5000, b"nan",
    ],
)  # fmt: skip
def test_what_is_nothing_to_import_is_said(desk: Desk, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file.json"
    path.write_bytes(content)
    assert failure(desk, path) == NothingToImport.code
    assert failure(desk, tmp_path) == NothingToImport.code


def test_a_file_that_is_gone_is_said(desk: Desk, tmp_path: Path) -> None:
    assert failure(desk, tmp_path / "gone.json") == ImportFailed.code


def every_value(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in some JSON: what holds it, and its key."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in list(pairs):
        yield value, key
        if isinstance(inner, dict | list):
            yield from every_value(inner)


WRONG: list[Any] = [
    None, True, -1, 0, 1e300, float("nan"), float("inf"), 10**400, "", "x" * 1000, "\ud800", "\0",
    [], {}, [[]], [None], {"a": {}}, "root", "a2", "data:image/png;base64,AAAA",
    "9999-12-31T23:59:59",
]  # fmt: skip


@pytest.mark.parametrize(
    "name", ["chatgpt/conversations.json", "open-webui.json", "llama-cpp.json",
             "lm-studio/conversations/1750000000000.conversation.json",
             "jan/threads/0a1b/thread.json", "ours"],
)  # fmt: skip
def test_wrong_types_anywhere_do_no_harm(desk: Desk, tmp_path: Path, name: str) -> None:
    """Every value in turn becomes something else; what can be stored is stored."""
    text = to_json(a_record()) if name == "ours" else (SAMPLES / name).read_text()
    chance = random.Random(6)
    folder = tmp_path / "conversations"
    folder.mkdir()
    if "jan" in name:
        messages = (SAMPLES / "jan/threads/0a1b/messages.jsonl").read_bytes()
        (folder / "messages.jsonl").write_bytes(messages)
    places = len(list(every_value(json.loads(text))))
    for number in range(0, places, max(1, places // 60)):
        value = json.loads(text)
        holder, key = list(every_value(value))[number]
        holder[key] = copy.deepcopy(chance.choice(WRONG))
        (folder / f"{number}.json").write_text(json.dumps(value), encoding="utf-8")
    for found in read_all([folder]):
        if isinstance(found, Record):
            assert_is_proper(found)
            desk.storage.history.add_whole(found.conversation, found.messages, found.data)
    assert desk.storage.history.conversations()


def assert_is_proper(record: Record) -> None:
    """Parents come first, ids are there once, the head is one of them, all can be written."""
    known: set[str] = set()
    for message in record.messages:
        assert message.parent_id is None or message.parent_id in known
        assert message.id not in known
        known.add(message.id)
        message.content.encode()
    assert record.conversation.head_id in known
    record.conversation.title.encode()
    assert json.loads(to_json(record))


@pytest.mark.parametrize("seed", range(3))
def test_damaged_bytes_do_no_harm(seed: int) -> None:
    chance = random.Random(seed)
    whole = gpt4all_chat(seed + 10)
    for length in range(len(whole)):
        with pytest.raises(Bad):
            gpt4all.read(whole[:length])
    for _ in range(400):
        broken = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            broken[chance.randrange(4, len(broken))] = chance.choice((0, 1, 127, 255))
        try:
            assert_is_proper(gpt4all.read(bytes(broken)))
        except Bad:
            continue


def test_declared_sizes_are_not_believed(tmp_path: Path) -> None:
    whole = bytearray(gpt4all_chat())
    whole[16:20] = (1 << 30).to_bytes(4, "big")
    with pytest.raises(Bad, match="declared"):
        gpt4all.read(bytes(whole))


def test_a_zip_that_grows_without_measure_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("conversations.json", b"[" + b" " * (64 << 20) + b"]")
    (found,) = read_all([path])
    assert isinstance(found, Skipped)
    assert "without measure" in found.reason
    monkeypatch.setattr(zips, "HARMLESS", 1 << 40)
    reader = zips.ZipReader(path)
    with pytest.raises(Bad, match="larger"):
        reader.read("conversations.json", 1 << 20)
    reader.close()


@pytest.mark.parametrize(
    "name", ["../../evil.json", "/etc/evil.json", "C:\\evil.json", "..\\evil.json"]
)
def test_names_in_a_zip_lead_nowhere(desk: Desk, tmp_path: Path, name: str) -> None:
    inner = tmp_path / "in"
    inner.mkdir()
    path = inner / "names.zip"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr(name, to_json(a_record()))
    before = sorted(tmp_path.rglob("*.json"))
    assert desk.bring_in(path).added == 1, "it is read, and written nowhere but the database"
    assert sorted(tmp_path.rglob("*.json")) == before


def test_attachments_of_an_archive_come_from_the_archive_alone(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    value = json.loads(to_json(a_record()))
    for place in ("../secret.txt", str(secret), "attachments/../../secret.txt", "manifest.json"):
        for attachment in value["messages"][0]["attachments"]:
            attachment.pop("data", None)
            attachment["file"] = place
        for path in (tmp_path / "one.json", tmp_path / "all.zip"):
            if path.suffix == ".zip":
                with zipfile.ZipFile(path, "w") as made:
                    made.writestr("manifest.json", "{}")
                    made.writestr("conversations/one.json", json.dumps(value))
            else:
                path.write_text(json.dumps(value))
            assert one(path).data == {}


def test_a_damaged_archive_gives_what_is_whole(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    writer = ArchiveWriter(path)
    writer.add(a_record())
    other = replace(a_record().conversation, id=ConversationId("e" * 16), title="Other")
    writer.add(Record(other, tuple(a_record().messages[:1]), a_record().data))
    writer.finish()
    with zipfile.ZipFile(path) as made:
        at = made.getinfo(f"conversations/{'e' * 16}.json").header_offset
    data = bytearray(path.read_bytes())
    data[at + 100 : at + 140] = bytes(40)
    path.write_bytes(bytes(data))
    result = desk.bring_in(path)
    assert (result.added, result.skipped) == (1, 1)


# trees and times


def user(key: str, parent: str | None, text: str = "hi") -> Node:
    return Node(key, parent, Role.USER, text)


def test_circles_are_cut_and_orphans_kept() -> None:
    nodes = [user("a", "c"), user("b", "a"), user("c", "b"), user("d", "gone"), user("e", "e")]
    record = build("test", "id", nodes, head="b")
    assert_is_proper(record)
    assert len(record.messages) == 5


def test_a_hundred_thousand_messages_in_a_row_are_no_problem() -> None:
    nodes = [user(str(n), str(n - 1)) if n % 3 else Node(str(n), str(n - 1), None, "")
             for n in range(100_000)]  # fmt: skip
    record = build("test", "id", nodes)
    assert len(branch(record.messages, record.conversation.head_id)) == len(record.messages)


def test_answers_in_a_row_are_one_but_for_forks() -> None:
    nodes = [
        user("q", None),
        Node("a", "q", Role.ASSISTANT, "thinking"),
        Node("b", "a", Role.ASSISTANT, "one"),
        Node("c", "b", Role.ASSISTANT, "two"),
        Node("d", "b", Role.ASSISTANT, "three"),
    ]
    record = build("test", "id", nodes, head="d")
    assert [m.content for m in record.messages] == ["hi", "thinking\n\none", "two", "three"]
    assert shown(record) == ["hi", "thinking\n\none", "three"]


@pytest.mark.parametrize(
    ("value", "year"),
    [
        (1750000000, 2025), (1750000000.5, 2025), (1750000000000, 2025), (1750000000000000, 2025),
        ("2025-06-15T15:06:40Z", 2025), ("2025-06-15", 2025),
        *((bad, None) for bad in (None, True, float("nan"), float("inf"), -5, 0, 10**400, "soon",
          "9999-12-31T23:59:59", "0001-01-01", [], {})),
    ],
)  # fmt: skip
def test_times_of_every_kind(value: object, year: int | None) -> None:
    found: datetime | None = moment(value)
    assert (found.year if found else None) == year


def test_elements_come_one_by_one() -> None:
    given = elements('[{"a": 1}, 2, "x"')
    assert [next(given), next(given), next(given)] == [{"a": 1}, 2, "x"]
    with pytest.raises(Bad):
        next(given)


def test_a_look_and_an_import_can_be_called_off(desk: Desk, tmp_path: Path) -> None:
    chats = [{"id": str(n), "chat": {"messages": [{"role": "user", "content": f"q {n}"}]}}
             for n in range(300)]  # fmt: skip
    path = tmp_path / "many.json"
    path.write_text(json.dumps(chats))
    news = News()
    job = desk.service.look([path], news)
    news.on_progress = job.cancel
    assert desk.loop.run_until(lambda: job.is_over, 60)
    assert news.is_cancelled
    whole = News()
    looked = desk.service.look([path], whole)
    assert desk.loop.run_until(lambda: looked.is_over, 60)
    assert whole.result.total == 300  # type: ignore[attr-defined]
    news = News()
    job = desk.service.bring_in(whole.result, news)  # type: ignore[arg-type]
    news.on_progress = lambda: job.cancel() if news.progress[-1][0] else None
    assert desk.loop.run_until(lambda: job.is_over, 60)
    assert news.is_cancelled
    assert isinstance(news.result, Imported)
    assert 0 < news.result.added < 300
    assert len(desk.storage.history.conversations()) == news.result.added
