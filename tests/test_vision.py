"""Models that see: an image changes the answer, is read once, and never harms the worker.

The projectors here have random weights: what they see makes no sense, but each image another one.
"""

from __future__ import annotations

import hashlib
import random
import struct
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.core import messages
from app.core.entities import ChatMessage, KeepParams, LoadParams, Role, SamplingParams, StopReason
from app.core.errors import ImageBroken, ImageTooLarge
from app.core.history import weight
from app.core.pictures import MOST_BYTES, check_picture, check_unpacked
from app.models.projector import projector_of
from app.worker.cache import Aborted, Cache
from app.worker.llm import StreamingLlamaCpp
from app.worker.vision import MOST_HELD, Eyes
from tests.weightless_models import projector, two_dimensional
from tests.worker_process import WorkerProcess, user

pytestmark = pytest.mark.engine
GREEDY = SamplingParams(temperature=0.0, max_tokens=8, is_own=True)
WIDTH = 576  # of the starter model


def png(seed: int, width: int = 32, height: int = 32) -> bytes:
    """Random pixels."""
    rng = random.Random(seed)
    rows = b"".join(b"\0" + rng.randbytes(width * 3) for _ in range(height))
    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", size), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    chunks = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def bmp(width: int, height: int) -> bytes:
    """A black image of 24 bits a pixel."""
    row = (width * 3 + 3) // 4 * 4
    head = struct.pack("<2sIHHIIiiHHIIiiII", b"BM", 54 + row * height, 0, 0, 54, 40, width,
                       height, 1, 24, 0, row * height, 0, 0, 0, 0)  # fmt: skip
    return head + bytes(row * height)


def looking(image: bytes, text: str = "What is this?") -> ChatMessage:
    return ChatMessage(Role.USER, text, (image,))


def answered(question: ChatMessage, text: str) -> tuple[ChatMessage, ...]:
    """The same conversation one turn later."""
    return (
        question,
        ChatMessage(Role.ASSISTANT, text),
        ChatMessage(Role.USER, "Are you sure?"),
    )


@pytest.fixture(scope="module", params=["one", "two"])
def folder(
    request: pytest.FixtureRequest, starter: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A model and its projector: positions in one dimension, and in two (M-RoPE)."""
    folder: Path = tmp_path_factory.mktemp("seeing")
    if request.param == "one":
        (folder / "smol.gguf").symlink_to(starter)
        projector(folder / "mmproj-smol.gguf", WIDTH)
    else:
        two_dimensional(folder / "smol.gguf", starter)
        projector(folder / "mmproj-smol.gguf", 64, "qwen2vl_merger")
    return folder


@pytest.fixture(scope="module")
def seeing(folder: Path) -> Iterator[WorkerProcess]:
    process = WorkerProcess(folder / "worker.log")
    assert process.load(folder / "smol.gguf", LoadParams(context_tokens=1024)).model.can_see
    yield process
    process.close()


def test_an_image_changes_the_answer(seeing: WorkerProcess) -> None:
    plain, without = seeing.ask(user("What is this?"), GREEDY)
    one, with_one = seeing.ask((looking(png(1)),), GREEDY)
    other, _ = seeing.ask((looking(png(2)),), GREEDY)
    again, _ = seeing.ask((looking(png(1)),), GREEDY)
    assert with_one.statistics.prompt_tokens > without.statistics.prompt_tokens
    assert len({plain, one, other}) == 3
    assert again == one


def test_an_image_is_read_once(seeing: WorkerProcess) -> None:
    question = looking(png(3))
    text, first = seeing.ask((question,), GREEDY)
    history = answered(question, text)
    told, second = seeing.ask(history, GREEDY)
    # all of the first prompt was there, with the image
    assert second.statistics.reused_tokens >= first.statistics.reused_tokens
    new = second.statistics.prompt_tokens - first.statistics.prompt_tokens
    assert second.statistics.read_s >= 0
    seeing.ask(user("Something else"), GREEDY)
    fresh, third = seeing.ask(history, GREEDY)
    assert fresh == told
    assert third.statistics.reused_tokens < second.statistics.reused_tokens
    assert second.statistics.reused_tokens > new


def test_another_image_in_its_place_is_another_beginning(seeing: WorkerProcess) -> None:
    text, _ = seeing.ask((looking(png(4)),), GREEDY)
    same, kept = seeing.ask(answered(looking(png(4)), text), GREEDY)
    other, changed = seeing.ask(answered(looking(png(5)), text), GREEDY)
    assert changed.statistics.reused_tokens < kept.statistics.reused_tokens
    seeing.ask(user("Nothing"), GREEDY)
    fresh, _ = seeing.ask(answered(looking(png(5)), text), GREEDY)
    assert other == fresh
    assert same != other


@pytest.mark.parametrize(("width", "height"), [(1, 1), (9, 1), (16, 500), (700, 500)])
def test_images_of_any_size_are_seen(seeing: WorkerProcess, width: int, height: int) -> None:
    _, end = seeing.ask((looking(png(6, width, height)),), GREEDY)
    assert end.reason in (StopReason.END, StopReason.LIMIT)
    # a photograph does not fill the context
    assert 4 < end.statistics.prompt_tokens < 512


@pytest.mark.parametrize(("width", "height"), [(200, 1), (1, 200), (3, 500)])
def test_a_line_of_an_image_is_seen_or_refused_in_words(
    seeing: WorkerProcess, width: int, height: int
) -> None:
    seeing.send(lambda i: messages.Generate(i, "", (looking(png(6, width, height)),), GREEDY))
    while not isinstance(event := seeing.next_event(), messages.Finished | messages.Failed):
        assert isinstance(event, messages.TextProduced), event
    if isinstance(event, messages.Failed):
        assert event.problem.code == "image.broken"
    seeing.ask(user("Hello"), GREEDY)


def test_a_bmp_is_seen_too(seeing: WorkerProcess) -> None:
    seeing.ask((looking(bmp(40, 30)),), GREEDY)


def test_too_many_images_leave_old_turns_out(seeing: WorkerProcess) -> None:
    """An image counts with all of its cells, so that the context never overflows."""
    history: tuple[ChatMessage, ...] = ()
    for number in range(14):
        history += (looking(png(100 + number, 64, 64), "word " * 20),)
        history += (ChatMessage(Role.ASSISTANT, "Yes. " * 8),)
    _, end = seeing.ask((*history, looking(png(99), "And this?")), GREEDY)
    assert end.statistics.dropped_turns > 0
    assert end.statistics.context_tokens <= 1024


def test_one_message_of_too_many_images_is_refused_in_words(seeing: WorkerProcess) -> None:
    images = tuple(png(200 + number, 64, 64) for number in range(70))
    seeing.send(lambda i: messages.Generate(i, "", (ChatMessage(Role.USER, "?", images),), GREEDY))
    problem = seeing.next_event()
    assert isinstance(problem, messages.Failed)
    assert problem.problem.code == "model.prompt-too-long"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a",
        png(7)[:60],
        png(7)[:-20].replace(b"IDAT", b"IDAX"),
        b"\xff\xd8\xff\xe0" + b"\x00\x10JFIF" * 4,
        b"RIFF\x00\x00\x00\x00WEBPVP8 ",
        b"ID3" + bytes(100),
    ],
)
def test_a_broken_image_is_refused_in_words(seeing: WorkerProcess, data: bytes) -> None:
    seeing.send(lambda i: messages.Generate(i, "", (looking(data),), GREEDY))
    failed = seeing.next_event()
    assert isinstance(failed, messages.Failed)
    assert failed.problem.code == "image.broken"
    seeing.ask((looking(png(1)),), GREEDY)  # and it goes on


def test_sizes_are_looked_at_before_native_code() -> None:
    assert check_picture(png(1, 20, 30)) == (20, 30)
    assert check_picture(bmp(7, 5)) == (7, 5)
    assert check_picture(b"GIF89a" + struct.pack("<HH", 3, 4) + bytes(9)) == (3, 4)
    sof = b"\xff\xc2" + struct.pack(">HBHHB", 11, 8, 50, 60, 1)
    jpeg = b"\xff\xd8\xff\xe0" + struct.pack(">H", 18) + b"JFIF" + bytes(12) + sof
    assert check_picture(jpeg) == (60, 50)
    huge = bytearray(png(1))
    huge[16:24] = struct.pack(">II", 20_000, 20_000)
    for large in (bytes(huge), png(1) + bytes(MOST_BYTES)):
        with pytest.raises(ImageTooLarge):
            check_picture(large)
    for wrong in (b"\xff\xd8" + b"\xff\xd9" * 50_000, b"BM", png(1, 0, 5), png(1, 4000, 1)):
        with pytest.raises(ImageBroken):
            check_picture(wrong)


def packed(pixels: bytes) -> bytes:
    """A PNG of one pixel that holds these bytes."""
    small = png(1, 1, 1)
    at = small.index(b"IDAT") - 4
    data = b"IDAT" + zlib.compress(pixels, 9)
    chunk = struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))
    return small[:at] + chunk + small[small.index(b"IEND") - 4 :]


def test_an_image_that_holds_more_than_its_pixels_is_refused(seeing: WorkerProcess) -> None:
    """Native code would unpack all of it: gigabytes of a file of megabytes."""
    check_unpacked(packed(b"\0abc"))
    for sound in (png(3, 300, 200), bmp(4, 4), png(3)[:-30]):
        check_unpacked(sound)
    assert refusal(seeing, looking(packed(bytes(1 << 24)))) == "image.broken"
    with pytest.raises(ImageBroken):
        check_unpacked(png(1, 1, 1).replace(b"IDAT\x78\x9c", b"IDAT\x78\x9c\x07"))


def test_a_damaged_image_of_earlier_is_left_out(seeing: WorkerProcess) -> None:
    """Such as one that was imported: it must not make every later question fail."""
    broken = png(7)[:-20].replace(b"IDAT", b"IDAX")
    history = answered(looking(broken), "A cat.")
    assert seeing.ask(history, GREEDY)[1].statistics.completion_tokens > 0
    assert refusal(seeing, *history[:2], looking(broken)) == "image.broken"


def test_few_images_are_in_memory_with_their_pixels(
    llm: StreamingLlamaCpp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many are in a conversation; and all of them can be read."""
    file = projector(tmp_path / "mmproj.gguf", WIDTH)
    eyes = Eyes(llm.client, file, threads=1, batch=512, card="", is_stopped=lambda: False)
    images = [png(400 + number) for number in range(MOST_HELD + 3)]
    names = [hashlib.sha256(image).hexdigest() for image in images]
    eyes.open(dict(zip(names, images, strict=True)))
    tokens = [token for name in names for token in eyes.tokens_of(name)]
    assert len(eyes._chunks) == MOST_HELD
    cache: Cache = llm.cache_
    monkeypatch.setattr(cache, "eyes", eyes)
    cache.clear()
    cache.read(tokens)
    assert cache.tokens == tokens
    assert len(eyes._chunks) == MOST_HELD
    cache.clear()
    eyes.close()


def test_stop_works_while_images_are_read(seeing: WorkerProcess) -> None:
    images = tuple(png(300 + number, 64, 64) for number in range(6))
    request_id = seeing.send(
        lambda i: messages.Generate(i, "", (ChatMessage(Role.USER, "?", images),), GREEDY)
    )
    seeing.stop(request_id)
    end = seeing.wait_for(messages.Finished)
    assert end.reason is StopReason.STOPPED
    # what was broken off is not believed to be there
    one, _ = seeing.ask((looking(png(300, 64, 64)),), GREEDY)
    seeing.ask(user("Nothing"), GREEDY)
    assert seeing.ask((looking(png(300, 64, 64)),), GREEDY)[0] == one


def test_a_cut_answer_about_an_image_goes_on(seeing: WorkerProcess) -> None:
    question = looking(png(8))
    whole, _ = seeing.ask((question,), replace(GREEDY, max_tokens=16))
    seeing.ask(user("Nothing"), GREEDY)
    half, _ = seeing.ask((question,), GREEDY)
    request = seeing.send(lambda i: messages.Generate(i, "", (question,), GREEDY, continues=half))
    pieces = []
    while not isinstance(event := seeing.next_event(), messages.Finished):
        assert isinstance(event, messages.TextProduced), event
        pieces.append(event.text)
    assert event.request_id == request
    assert half + "".join(pieces) == whole


def test_a_kept_conversation_keeps_its_image(folder: Path, tmp_path: Path) -> None:
    question = looking(png(9), "Look at this. " * 12)
    keep = KeepParams(tmp_path / "kept", 0, 1 << 30)
    process = WorkerProcess(tmp_path / "worker.log")
    process.load(folder / "smol.gguf", keep=keep)
    text, _ = process.ask((question,), GREEDY, conversation="a")
    told, second = process.ask(answered(question, text), GREEDY, conversation="a")
    process.close()
    process = WorkerProcess(tmp_path / "worker.log")
    process.load(folder / "smol.gguf", keep=keep)
    again, end = process.ask(answered(question, text), GREEDY, conversation="a")
    other, changed = process.ask(answered(looking(png(1), question.content), text), GREEDY)
    process.close()
    assert again == told
    assert end.statistics.restored_tokens > second.statistics.prompt_tokens // 2
    # the state is of that image: with another one only what is before it serves
    assert other
    assert changed.statistics.reused_tokens < end.statistics.restored_tokens


def test_stop_ends_the_seeing_itself(
    llm: StreamingLlamaCpp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The network of a large projector takes seconds for an image: it is stopped in the middle."""
    looks: list[int] = []

    def is_stopped() -> bool:
        looks.append(1)
        return len(looks) >= 2

    def is_going_on() -> bool:
        return False

    file = projector(tmp_path / "mmproj.gguf", WIDTH)
    eyes = Eyes(llm.client, file, threads=1, batch=512, card="", is_stopped=is_stopped)
    cache: Cache = llm.cache_
    cache.clear()
    cache.read([5, 6, 7])
    image = png(1)
    name = hashlib.sha256(image).hexdigest()
    with pytest.raises(Aborted):  # a projector is a gigabyte to read
        eyes.open({name: image})
    monkeypatch.setattr(eyes, "_is_stopped", is_going_on)
    eyes.open({name: image})
    tokens = eyes.tokens_of(name)
    looks.clear()
    monkeypatch.setattr(eyes, "_is_stopped", is_stopped)
    monkeypatch.setattr(cache, "eyes", eyes)
    monkeypatch.setattr(cache, "_is_stopped", lambda: len(looks) >= 2)
    first = next(number for number, token in enumerate(tokens) if token < 0)
    with pytest.raises(Aborted):
        cache.read(tokens)
    assert cache.tokens == [5, 6, 7, *tokens[:first]]
    assert 2 <= len(looks) <= 4  # the whole network has five places to look
    monkeypatch.setattr(eyes, "_is_stopped", is_going_on)
    monkeypatch.setattr(cache, "_is_stopped", is_going_on)
    cache.read(tokens[first:])
    assert cache.tokens == [5, 6, 7, *tokens]
    cache.clear()
    eyes.close()


def refusal(process: WorkerProcess, *history: ChatMessage) -> str:
    """The code of what is said to a request that must fail."""
    process.send(lambda i: messages.Generate(i, "", history, GREEDY))
    failed = process.next_event()
    assert isinstance(failed, messages.Failed), failed
    return failed.problem.code


def test_without_eyes_an_image_is_refused_and_an_old_one_left_out(
    starter: Path, tmp_path: Path
) -> None:
    (tmp_path / "smol.gguf").symlink_to(starter)
    process = WorkerProcess(tmp_path / "worker.log")
    assert not process.load(tmp_path / "smol.gguf").model.can_see
    assert refusal(process, looking(png(1))) == "model.cannot-see"
    _, end = process.ask(answered(looking(png(1)), "A cat."), GREEDY)  # another model saw it
    assert end.statistics.completion_tokens > 0
    process.close()


def test_what_a_model_without_eyes_forgets_is_the_same_whatever_is_sent(
    starter: Path, tmp_path: Path
) -> None:
    """An image that it does not see counts as one: by that the window leaves turns out."""
    (tmp_path / "smol.gguf").symlink_to(starter)
    process = WorkerProcess(tmp_path / "worker.log")
    process.load(tmp_path / "smol.gguf", LoadParams(context_tokens=1280))
    history: tuple[ChatMessage, ...] = ()
    for number in range(24):
        history += (looking(png(1), f"Look at {number}. " * 25),)
        history += (ChatMessage(Role.ASSISTANT, "A cat. " * 8),)
    history += user("Are you sure?")
    one = replace(GREEDY, max_tokens=1)
    dropped = [process.ask(history, one)[1].statistics.dropped_turns]
    for turns in range(2, 13, 2):
        omitted = sum(weight(message) for message in history[:turns])
        command = messages.Generate(
            0, "", history[turns:], one, omitted_turns=turns, omitted_weight=omitted
        )
        process.send(lambda i, command=command: replace(command, request_id=i))  # type: ignore[misc]
        dropped.append(process.wait_for(messages.Finished).statistics.dropped_turns)
    process.close()
    assert len(set(dropped)) == 1
    assert dropped[0] > 12


@pytest.mark.parametrize("damage", ["cut", "text", "width", "unknown"])
def test_a_damaged_projector_is_told_in_words(starter: Path, tmp_path: Path, damage: str) -> None:
    (tmp_path / "smol.gguf").symlink_to(starter)
    file = projector(tmp_path / "mmproj-smol.gguf", 64 if damage == "width" else WIDTH)
    if damage == "cut":
        file.write_bytes(file.read_bytes()[:5000])
    elif damage == "text":
        file.write_text("not a projector")
    elif damage == "unknown":
        file.write_bytes(file.read_bytes().replace(b"idefics3", b"idefixx3"))
    process = WorkerProcess(tmp_path / "worker.log")
    assert process.load(tmp_path / "smol.gguf").model.can_see
    assert refusal(process, looking(png(1))) == "model.projector"
    process.ask(user("Hello"), GREEDY)  # it answers what it can
    file.unlink()
    assert refusal(process, looking(png(1))) == "model.projector"
    process.close()


def test_a_projector_is_of_the_model_that_it_is_named_after(tmp_path: Path) -> None:
    for name in ("Heron-2B-Q4_K_M", "Heron-2B-Q8_0", "Stork-7B-Q4_K_M"):
        (tmp_path / f"{name}.gguf").write_bytes(b"GGUF")
    eyes = projector(tmp_path / "mmproj-Heron-2B-f16.gguf", 64)
    assert projector_of(tmp_path / "Heron-2B-Q4_K_M.gguf") == eyes
    assert projector_of(tmp_path / "Heron-2B-Q8_0.gguf") == eyes
    assert projector_of(tmp_path / "Stork-7B-Q4_K_M.gguf") is None
    # one without a name is of all whose numbers are as many
    eyes.rename(tmp_path / "mmproj-model-f16.gguf")
    assert projector_of(tmp_path / "Stork-7B-Q4_K_M.gguf", 64) is not None
    assert projector_of(tmp_path / "Stork-7B-Q4_K_M.gguf", 4096) is None


def test_a_title_leaves_the_image_where_it_is(seeing: WorkerProcess) -> None:
    question = looking(png(11))
    text, _ = seeing.ask((question,), GREEDY)
    history = answered(question, text)
    plain, without = seeing.ask(history, GREEDY)
    seeing.ask(user("Nothing"), GREEDY)
    seeing.ask((question,), GREEDY)
    seeing.send(lambda i: messages.Suggest(i, "", history[:2]))
    seeing.wait_for(messages.Suggested)
    told, with_title = seeing.ask(history, GREEDY)
    assert told == plain
    assert with_title.statistics.reused_tokens == without.statistics.reused_tokens
