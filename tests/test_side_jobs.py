"""Going on with an answer, reasoning, titles and counts: around an answer, and never in its way."""

from __future__ import annotations

import itertools
import queue
import random
import re
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from app.core import messages
from app.core.entities import (
    ChatMessage,
    KeepParams,
    LoadParams,
    ModelDescription,
    Placement,
    Role,
    SamplingParams,
    StopReason,
)
from app.core.errors import Problem, SideJobNotPossible
from app.core.history import MOST_BYTES, sendable
from app.core.messages import Event, Failed, Finished, Generate, Suggest, TextProduced
from app.core.paths import Paths
from app.services.engine import Engine
from app.services.loop import LoopScheduler
from app.services.ports import EngineListener, EngineState
from app.worker import generation
from app.worker.cache import Cache
from app.worker.chat_template import ChatTemplate
from app.worker.counting import Counter
from app.worker.generation import Pieces
from app.worker.keeping import Keeper
from app.worker.llm import AbortFlag, StreamingLlamaCpp, load
from app.worker.loaded import Loaded
from app.worker.prompting import ANSWER_ROOM, fit_prompt
from app.worker.reasoning import Thinking, answer_alone, going_on, opening_of
from app.worker.sampling import Sampler
from app.worker.side_jobs import clean_title, run_aside, without_thinking
from app.worker.states import States
from tests.gguf_files import ARRAY, Tokenizer, Value, entry
from tests.gguf_files import text as gguf_text
from tests.weightless_models import mamba, transformer, weightless, with_weights
from tests.worker_process import WorkerProcess, user

pytestmark = pytest.mark.engine
GREEDY = SamplingParams(temperature=0.0, max_tokens=24, is_own=True)
CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content MORE }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\nOPENING{% endif %}"
)
PLAIN = CHATML.replace(" MORE", "").replace("OPENING", "")
TRIMMING = CHATML.replace("MORE", "| trim").replace("OPENING", "")
THINKING = CHATML.replace(" MORE", "").replace("OPENING", "<think>\n")


def template(source: str) -> ChatTemplate:
    return ChatTemplate(source, "<|im_start|>", "<|im_end|>", "test.gguf")


class Talk:
    """A model with a template of our own, in this process."""

    def __init__(self, llm: StreamingLlamaCpp, source: str, memory: int = 1 << 28) -> None:
        description = ModelDescription(
            Path("test.gguf"), "Test", "llama", 8192, 1024, "model", placement=Placement(threads=1)
        )
        llm.states = States(KeepParams(None, memory), "test")
        llm.cache_.clear()
        self.cache: Cache = llm.cache_
        self.loaded = Loaded(llm, template(source), description, (), Keeper(llm.cache_, llm.states))
        self.events: list[Event] = []

    def ask(
        self,
        history: Sequence[ChatMessage],
        sampling: SamplingParams = GREEDY,
        continues: str = "",
        system: str = "",
    ) -> tuple[str, Finished]:
        self.events.clear()
        command = Generate(1, system, tuple(history), sampling, "c", continues=continues)
        self.loaded.generate(command, self.events.append, 0.0)
        end = self.events[-1]
        assert isinstance(end, Finished)
        return "".join(e.text for e in self.events if isinstance(e, TextProduced)), end

    def title(self, history: Sequence[ChatMessage]) -> str:
        return self.loaded.suggest(Suggest(2, "", tuple(history)), lambda: True).text


@pytest.fixture
def talk(llm: StreamingLlamaCpp) -> Iterator[Callable[..., Talk]]:
    """Makes one of a template; afterwards the model keeps nothing."""
    yield lambda source=PLAIN, **more: Talk(llm, source, **more)
    llm.states = None


def answered(history: Sequence[ChatMessage], text: str, question: str) -> list[ChatMessage]:
    return [
        *history,
        ChatMessage(Role.ASSISTANT, text),
        ChatMessage(Role.USER, question),
    ]


# Going on with an answer


@pytest.mark.parametrize("source", [PLAIN, TRIMMING])
@pytest.mark.parametrize("first", [1, 5, 12])
def test_a_cut_answer_goes_on_in_the_middle_of_its_sentence(
    talk: Callable[..., Talk], source: str, first: int
) -> None:
    one, question = talk(source), user("Tell me about rivers, mountains and the sea.")
    whole, _ = one.ask(question, replace(GREEDY, max_tokens=36))
    one.cache.clear()
    half, cut = one.ask(question, replace(GREEDY, max_tokens=first))
    assert cut.reason is StopReason.LIMIT
    rest, end = one.ask(question, replace(GREEDY, max_tokens=36 - first), continues=half)
    assert half + rest == whole
    assert not rest.startswith(half)
    # what it had written stands; the last token was never read
    assert end.statistics.reused_tokens >= cut.statistics.context_tokens - 1
    one.cache.clear()  # and the same where nothing of it is there any more
    assert one.ask(question, replace(GREEDY, max_tokens=36 - first), half)[0] == rest


def test_an_answer_that_filled_the_context_goes_on(talk: Callable[..., Talk]) -> None:
    one, history = talk(), list(user("Count to a thousand. " + "word " * 450))
    history = answered(history, "One two three. " * 40, "Go on, please.")
    written = "Yes, " * 100
    text, end = one.ask(history, GREEDY, continues=written)
    assert text
    assert end.statistics.dropped_turns == 2


def test_a_schema_holds_over_the_cut(talk: Callable[..., Talk]) -> None:
    one, question = talk(), user("A number?")
    schema = replace(GREEDY, grammar='root ::= "[" [0-9]{1,2} ("," [0-9]{1,2}){3} "]"')
    whole, end = one.ask(question, schema)
    assert end.reason is StopReason.END
    half, _ = one.ask(question, replace(schema, max_tokens=3))
    rest, end = one.ask(question, schema, half)
    assert half + rest == whole
    assert end.reason is StopReason.END


def test_a_stop_string_ends_an_answer_over_the_cut(talk: Callable[..., Talk]) -> None:
    one, question = talk(), user("Tell me about rivers, mountains and the sea.")
    whole, _ = one.ask(question, replace(GREEDY, max_tokens=36))
    half, _ = one.ask(question, replace(GREEDY, max_tokens=6))
    stop = whole[len(half) - 5 : len(half) + 5]
    stopping = replace(GREEDY, max_tokens=30, stop=(stop, stop[:4] + "#"))
    rest, end = one.ask(question, stopping, continues=half)
    assert (rest, end.reason) == ("", StopReason.END)
    other = replace(GREEDY, max_tokens=30, stop=(stop[:5] + "#",))  # only begins like it
    assert one.ask(question, other, continues=half)[0] == whole[len(half) :]


def test_a_grammar_goes_on_behind_what_the_template_opened(talk: Callable[..., Talk]) -> None:
    one, question = talk(THINKING), user("A number?")
    schema = replace(GREEDY, grammar='root ::= "[" [0-9]{1,2} ("," [0-9]{1,2}){3} "]"')
    whole, _ = one.ask(question, schema)
    half, _ = one.ask(question, replace(schema, max_tokens=3))
    rest, end = one.ask(question, schema, half)
    assert half + rest == whole
    assert end.reason is StopReason.END


def test_a_grammar_goes_on_where_words_begin_with_a_space(tmp_path: Path) -> None:
    """Sentencepiece puts one before whatever it is given."""
    path = spaced_words(tmp_path / "spaced.gguf")
    params = LoadParams(context_tokens=512, threads=1)
    llm, _ = load(path, params, 512, AbortFlag(), (), [], lambda _: None)
    one, question = Talk(llm, "{% for m in messages %}{{ m.content }}{% endfor %}"), user("a")
    schema = replace(GREEDY, grammar='root ::= "[" [0-9]{1,2} ("," [0-9]{1,2}){3} "]"')
    half, _ = one.ask(question, replace(schema, max_tokens=3))
    rest, end = one.ask(question, schema, half)
    llm.close()
    assert half.startswith("[")
    assert re.fullmatch(r"\[\d\d?(,\d\d?){3}]", half + rest)
    assert end.reason is StopReason.END


def spaced_words(path: Path) -> Path:
    """A llama of one layer with a sentencepiece vocabulary."""
    own = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    kinds = [2, 3, 3] + [6] * 256
    letters = [*"\u2581abcdefghij0123456789[],", *("\u2581" + sign for sign in "abc123[")]
    words = [*own, *letters]
    keys: dict[str, Value] = {
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.tokens": words,
        "tokenizer.ggml.scores": [float(-number) for number in range(len(words))],
    }
    raw = b"".join(entry(name, value) for name, value in keys.items())
    kinds += [1] * len(letters)
    signed = struct.pack(f"<IIQ{len(kinds)}i", ARRAY, 5, len(kinds), *kinds)
    raw += gguf_text("tokenizer.ggml.token_type") + signed
    width = 64
    shapes: list[tuple[str, tuple[int, ...], int]] = [
        ("token_embd.weight", (width, len(words)), 1),
        ("output_norm.weight", (width,), 0),
    ]
    square = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")
    shapes += [(f"blk.0.{name}.weight", (width, width), 1) for name in square]
    shapes += [(f"blk.0.{name}.weight", (width,), 0) for name in ("attn_norm", "ffn_norm")]
    metadata: dict[str, Value] = {
        "context_length": 512,
        "block_count": 1,
        "embedding_length": width,
        "feed_forward_length": width,
        "attention.head_count": 2,
        "attention.layer_norm_rms_epsilon": 1e-5,
        "rope.dimension_count": 32,
    }
    tokenizer = Tokenizer(raw, len(keys) + 1, len(words))
    return with_weights(weightless(path, "llama", metadata, shapes, tokenizer))


# Reasoning


@pytest.mark.parametrize(
    ("prompt", "opening"),
    [
        ("<|im_start|>assistant\n<think>\n", "<think>\n"),
        ("<|Assistant|><think>", "<think>"),
        ("[INST] a [/INST][THINK]", "[THINK]"),
        ("<|CHATBOT_TOKEN|><|START_THINKING|>", "<|START_THINKING|>"),
        ("<|im_start|>assistant\n<think>\n\n</think>\n\n", ""),
        ("<|im_start|>user\nWhat is <think> for?<|im_end|>\n<|im_start|>assistant\n", ""),
        ("", ""),
    ],
)
def test_what_a_template_opens(prompt: str, opening: str) -> None:
    assert opening_of(prompt) == opening


def test_an_open_answer_is_what_the_model_read_as_it_wrote() -> None:
    prompt = "a<think>\n"
    assert going_on(prompt, "") == prompt
    assert going_on(prompt, "<think>\nhm") == "a<think>\nhm"
    assert going_on(prompt, "<think>hm") == "a<think>\nhm"
    assert going_on(prompt, "hm</think>\nSo") == "a<think>\nhm</think>\nSo"
    assert going_on(prompt, "So it is") == "a<think>\n</think>\n\nSo it is"
    assert going_on("a", "<think>hm") == "a<think>hm"


def test_the_opening_that_the_template_wrote_is_the_answers_beginning(
    talk: Callable[..., Talk],
) -> None:
    one, question = talk(THINKING), user("Why is the sky blue?")
    text, _ = one.ask(question)
    first = next(e for e in one.events if isinstance(e, TextProduced))
    assert first.text.startswith("<think>\n")
    assert text.count("<think>") == 1
    rest, end = one.ask(question, continues=text)
    assert "<think>" not in rest
    assert end.statistics.prompt_tokens - end.statistics.reused_tokens <= 2
    plain, _ = talk(PLAIN).ask(question)
    assert "<think>" not in plain


def test_old_reasoning_is_cut_once_and_then_stays_cut(talk: Callable[..., Talk]) -> None:
    one, history = talk(PLAIN), list(user("Why is the sky blue?"))
    thought = "<think>\n" + "I wonder about light. " * 12 + "\n</think>\n\n"
    answers = [f"{thought}Because of light, number {n}. " + "It scatters. " * 12 for n in range(4)]
    read = []
    for answer in answers:
        history = answered(history, answer, "And then?")
        _, end = one.ask(history, replace(GREEDY, max_tokens=1))
        read.append(end.statistics.prompt_tokens - end.statistics.reused_tokens)
    # each turn reads its own answer and question, and nothing of earlier ones again
    assert max(read[1:]) - min(read[1:]) <= 4
    assert max(read[1:]) < 90
    assert answer_alone(answers[0]).startswith("Because of light, number 0.")
    assert answer_alone(" as it is ") == " as it is "


def test_reasoning_of_history_that_was_in_the_cache_is_moved_out_of_it(
    talk: Callable[..., Talk],
) -> None:
    """The answer behind it is not read again where the model can shift."""
    one, question = talk(PLAIN), user("Why is the sky blue?")
    answer = "<think>\n" + "hm " * 40 + "\n</think>\n\n" + "Because of the light. " * 16
    one.ask(question, replace(GREEDY, max_tokens=1), continues=answer)
    _, end = one.ask(answered(question, answer, "And?"), replace(GREEDY, max_tokens=1))
    assert end.statistics.shifted_tokens > 60


def test_thinking_is_measured_to_its_last_token() -> None:
    times = iter(range(1, 100))
    one = Thinking("<think>\n", clock=lambda: float(next(times)))
    for piece in ("Hm", ",", " yes", "</think>", "\n\n", "It", " is", " so"):
        one.feed(piece)
    assert one.seconds == 3.0
    times = iter(range(1, 100))
    own = Thinking(clock=lambda: float(next(times)))
    for piece in ("<th", "ink>", "a", "b", "</think>", "c", "d"):
        own.feed(piece)
    assert 2.0 <= own.seconds <= 3.0
    none = Thinking(clock=lambda: pytest.fail("looked at the clock"))
    none.feed("It is so.")
    assert none.seconds == 0.0


def test_an_answer_says_how_long_it_thought(talk: Callable[..., Talk]) -> None:
    one = talk(THINKING)
    _, end = one.ask(user("Why?"))  # the little model never closes it
    assert 0 < end.statistics.thinking_s <= end.statistics.write_s
    _, end = talk(PLAIN).ask(user("Why?"))
    assert end.statistics.thinking_s == 0.0


def test_marks_of_reasoning_that_are_control_tokens_are_text(
    llm: StreamingLlamaCpp, monkeypatch: pytest.MonkeyPatch
) -> None:
    (start,) = llm.client.tokenize(b"<|im_start|>", add_bos=False, special=True)
    (end,) = llm.client.tokenize(b"<|im_end|>", add_bos=False, special=True)
    assert Pieces(llm.client)[start] == b""
    monkeypatch.setattr(generation, "SHOWN", ("<|im_start|>", "<|channel|>"))
    pieces = Pieces(llm.client)
    assert (pieces[start], pieces[end]) == (b"<|im_start|>", b"")


# Titles


def test_a_title_leaves_everything_as_it_was(talk: Callable[..., Talk]) -> None:
    one, question = talk(), user("How do I bake bread with rye flour and honey?")
    text, _ = one.ask(question)
    history = answered(question, text, "And how long does it take?")
    plain, without = one.ask(history)
    one = talk()
    one.ask(question)
    held = list(one.cache.tokens)
    assert one.title([*question, ChatMessage(Role.ASSISTANT, text)])
    assert one.cache.tokens == held
    again, with_title = one.ask(history)
    assert again == plain
    assert with_title.statistics.reused_tokens == without.statistics.reused_tokens


def test_a_title_of_another_conversation_evicts_nothing(talk: Callable[..., Talk]) -> None:
    one, question = talk(), user("How do I bake bread with rye flour and honey?")
    text, _ = one.ask(question)
    held, history = list(one.cache.tokens), answered(question, text, "How long?")
    other = [*user("Which birds are there in winter?"), ChatMessage(Role.ASSISTANT, "Robins.")]
    assert one.title(other)
    assert one.cache.tokens == held
    told, end = one.ask(history)
    assert end.statistics.reused_tokens >= len(held)
    one.cache.clear()
    assert one.ask(history)[0] == told


def test_a_title_that_would_cost_the_conversation_is_refused(
    talk: Callable[..., Talk], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = talk(memory=0)
    monkeypatch.setattr("app.worker.side_jobs.LEAST_STATE", 0)
    one.ask(user("How do I bake bread?"))
    held = list(one.cache.tokens)
    with pytest.raises(SideJobNotPossible):
        one.title(user("Which birds are there in winter?"))
    assert one.cache.tokens == held


def test_a_model_that_cannot_go_back_gets_its_state_back(tmp_path: Path) -> None:
    path = with_weights(mamba(tmp_path / "mamba.gguf"))
    params = LoadParams(context_tokens=512, threads=1)
    llm, _ = load(path, params, 512, AbortFlag(), (), [], lambda _: None)
    llm.pieces = _NoWords()
    cache: Cache = llm.cache_
    prompt, question = [n * 7 % 900 + 5 for n in range(60)], [11, 12, 13]
    cache.read([*prompt, 77])
    before = [Sampler(llm.client, GREEDY).sample()]
    cache.clear()
    cache.read(prompt)
    run_aside(llm, [*prompt, *question], 4, ())
    assert cache.tokens == prompt
    cache.read([77])
    assert [Sampler(llm.client, GREEDY).sample()] == before
    llm.close()


def test_a_title_leaves_a_sliding_window_as_it_was(tmp_path: Path) -> None:
    """All of it: an answer can be given anew without reading the conversation again."""
    window = {"attention.sliding_window": 64}
    path = with_weights(transformer(tmp_path / "gemma.gguf", "gemma3", 4, **window))
    params = LoadParams(context_tokens=1024, threads=1)
    llm, _ = load(path, params, 1024, AbortFlag(), (), [], lambda _: None)
    llm.pieces = _NoWords()
    cache: Cache = llm.cache_
    prompt = [n * 7 % 900 + 5 for n in range(400)]
    cache.read(prompt)
    run_aside(llm, [*prompt, *range(11, 51)], 8, ())
    assert cache.tokens == prompt
    assert cache.cut(300) == 300
    cache.read([*prompt[300:], 77])
    after = [Sampler(llm.client, GREEDY).sample()]
    cache.clear()
    cache.read([*prompt, 77])
    assert [Sampler(llm.client, GREEDY).sample()] == after
    llm.close()


def test_a_title_late_in_a_conversation_reads_only_what_is_new(
    talk: Callable[..., Talk], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever was dropped of it: the title's prompt begins as the answer's did."""
    one, history = talk(), list(user("Tell me about rivers."))
    read: list[int] = []
    reading = one.cache.read

    def spy(tokens: Sequence[int], tell: object = None) -> None:
        read.append(len(tokens))
        reading(tokens)

    monkeypatch.setattr(one.cache, "read", spy)
    for number in range(16):
        history = answered(history, f"River {number} is long and wide. " * 6, "And another one?")
        if number < 10:
            continue
        text, end = one.ask(history, replace(GREEDY, max_tokens=2))
        read.clear()
        held = list(one.cache.tokens)
        one.title([*history, ChatMessage(Role.ASSISTANT, text)])
        assert 0 < sum(read) < 60
        assert one.cache.tokens == held
    assert end.statistics.dropped_turns > 4


def test_a_title_takes_no_memory_that_is_not_there(
    talk: Callable[..., Talk], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = talk()
    one.ask(user("How do I bake bread?"))
    monkeypatch.setattr("app.worker.side_jobs.free_ram_bytes", lambda: 1 << 10)
    with pytest.raises(SideJobNotPossible):
        one.title(user("Which birds are there in winter?"))


class _NoWords:
    """Stands for the pieces of a vocabulary that is not there."""

    def __getitem__(self, token: int) -> bytes:
        return b"x"

    def whole(self, token: int) -> bytes:
        return b"%d " % token

    def control_tokens(self, texts: Sequence[str]) -> frozenset[int]:
        return frozenset()


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ('"Baking Bread"', "Baking Bread"),
        ("**Title:** Baking *Bread*\n\nIt is about", "Baking Bread"),
        ("Title: “Bread & Honey”.", "Bread & Honey"),
        ("<think>\nhm\n</think>\n\n# Bread", "Bread"),
        ("\n\n- 1. Bread", "Bread"),
        ("《如何烤面包》", "如何烤面包"),
        ("标题:面包。", "面包"),
        ("2024 in review", "2024 in review"),
        ("C++ and C#", "C++ and C#"),
        ('"""\n', ""),
        ("", ""),
    ],
)
def test_a_title_is_made_clean(written: str, title: str) -> None:
    assert clean_title(written) == title


def test_a_long_title_ends_at_a_word() -> None:
    found = clean_title("word " * 40)
    assert len(found) <= 60
    assert found.endswith("word…")
    assert len(clean_title("面" * 90)) == 60


def test_a_model_that_thinks_is_asked_for_the_title_at_once() -> None:
    quiet = "{% if not enable_thinking %}x{% endif %}"
    prompt = "a<|im_start|>assistant\n"
    closed = f"{prompt}<think>\n\n</think>\n\n"
    assert without_thinking(prompt, lambda: closed, quiet) == closed
    # a template that says it in the system prompt would change what was read
    assert without_thinking(prompt, lambda: "/no_think" + prompt, quiet + "</think>") == closed
    opened = f"{prompt}<think>\n"
    assert without_thinking(opened, lambda: opened, "") == f"{opened}</think>\n\n"
    assert without_thinking(prompt, lambda: prompt, "") == prompt
    gpt = "<|channel|>final<|message|>"
    assert without_thinking("<|start|>assistant", str, gpt) == f"<|start|>assistant{gpt}"


# In the worker itself


@pytest.fixture(scope="module")
def worker(starter: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerProcess]:
    process = WorkerProcess(tmp_path_factory.mktemp("worker") / "worker.log")
    process.load(starter)
    yield process
    process.close()


LONG = user("Say all of it again. " + "The quick brown fox jumps over the lazy dog. " * 500)


def test_a_question_ends_a_title_at_once(worker: WorkerProcess) -> None:
    asked = worker.send(lambda i: Suggest(i, "", LONG))
    answer = worker.send(lambda i: Generate(i, "", user("What is 2+2?"), GREEDY))
    assert worker.next_event() == messages.Suggested(asked, "", is_whole=False)
    end = worker.wait_for(Finished)
    assert (end.request_id, end.reason) == (answer, StopReason.END)


def test_a_title_waits_for_nobody(worker: WorkerProcess) -> None:
    """One that comes while a question waits is not even begun."""
    first = worker.send(lambda i: Generate(i, "", user("Count to nine."), GREEDY))
    asked = worker.send(lambda i: Suggest(i, "", LONG))
    second = worker.send(lambda i: Generate(i, "", user("Count to ten."), GREEDY))
    ends: list[int] = []
    while len(ends) < 3:
        event = worker.next_event()
        if isinstance(event, Finished | messages.Suggested):
            ends.append(event.request_id)
    assert ends == [first, asked, second]


def test_stop_ends_a_title(worker: WorkerProcess) -> None:
    asked = worker.send(lambda i: Suggest(i, "", LONG))
    worker.stop(asked)
    event = worker.next_event()
    assert event == messages.Suggested(asked, "", is_whole=False)
    assert worker.ask(user("What is 2+2?"), GREEDY)[0]


def test_a_title_comes_from_the_worker(worker: WorkerProcess) -> None:
    question = user("How do I bake bread?")
    text, _ = worker.ask(question, GREEDY)
    history = (*question, ChatMessage(Role.ASSISTANT, text))
    asked = worker.send(lambda i: Suggest(i, "", history))
    event = worker.wait_for(messages.Suggested)
    assert event.request_id == asked
    assert 0 < len(event.text) <= 60
    assert "\n" not in event.text


def test_counts_while_it_writes_and_only_what_was_asked_last(worker: WorkerProcess) -> None:
    """The answer comes before the end of the answer that is being written."""
    writing = worker.send(
        lambda i: Generate(i, "", user("Write a long story."), replace(GREEDY, max_tokens=200))
    )
    worker.wait_for(TextProduced)
    for number in range(300):
        last = worker.send(lambda i, n=number: messages.Count(i, ("word " * n, "end")))  # type: ignore[misc]
    counted: list[messages.Counted] = []
    while not counted or counted[-1].request_id != last:
        event = worker.next_event()
        assert not isinstance(event, Finished)
        if isinstance(event, messages.Counted):
            counted.append(event)
    assert counted[-1].tokens == 301
    assert counted[-1].context_used > 10
    worker.stop(writing)
    worker.wait_for(Finished)


def test_counting_and_loading_do_not_meet(starter: Path, tmp_path: Path) -> None:
    """A model that goes while its tokenizer is at work would end the process."""
    process = WorkerProcess(tmp_path / "worker.log")
    process.send(lambda i: messages.Count(i, ("a",)))
    assert process.wait_for(messages.Counted).tokens == -1
    for _ in range(6):
        process.send(lambda i: messages.Load(i, starter, LoadParams(context_tokens=512)))
        for _ in range(40):
            process.send(lambda i: messages.Count(i, ("some words " * 4000,)))
        process.send(messages.Unload)
        process.wait_for(messages.ModelUnloaded)
    process.load(starter)
    process.close()


@pytest.mark.parametrize("error", [MemoryError(), SideJobNotPossible(name="m.gguf")])
def test_a_text_that_cannot_be_counted_is_not_the_end_of_counting(error: Exception) -> None:
    counted: queue.Queue[Event] = queue.Queue()

    def count(texts: Sequence[str]) -> tuple[int, int]:
        if texts == ("too much",):
            raise error
        return 1, 2

    def weigh(_: messages.Weigh) -> messages.Weighed:
        raise error

    counter = Counter(count, counted.put, weigh)
    counter.put(messages.Weigh(3, "", ()))  # whoever asked waits for the answer
    assert counted.get(timeout=30) == messages.Weighed(3, (), 0, -1, 0)
    counter.put(messages.Count(1, ("too much",)))
    assert counted.get(timeout=30) == messages.Counted(1, -1, -1)
    counter.put(messages.Count(2, ("word",)))
    assert counted.get(timeout=30) == messages.Counted(2, 1, 2)


# The engine


class Hears(EngineListener):
    def __init__(self) -> None:
        self.ends = 0
        self.reused = 0

    def generation_finished(self, request_id: int, reason: StopReason, statistics: object) -> None:
        self.ends += 1
        self.reused = getattr(statistics, "reused_tokens", 0)


def test_the_engine_counts_for_one_who_types(paths: Paths, starter: Path) -> None:
    loop = LoopScheduler()
    engine = Engine(paths, loop)
    none: list[int] = []
    engine.count("abc", none.append)
    assert loop.run_until(lambda: bool(none), 10)
    assert none == [-1]
    engine.load(starter, LoadParams())
    assert loop.run_until(lambda: engine.state is EngineState.READY, 60)
    told: list[tuple[int, int]] = []
    for number in range(50):
        engine.count(("one two", " three"), lambda tokens, n=number: told.append((n, tokens)))  # type: ignore[misc]
    assert loop.run_until(lambda: bool(told), 30)
    engine.count("one", lambda tokens: told.append((99, tokens)))
    assert loop.run_until(lambda: told[-1][0] == 99, 30)
    assert told == [(49, 3), (99, 1)]
    engine.shut_down(2.0)


def test_the_engine_asks_for_a_title(paths: Paths, starter: Path) -> None:
    loop, hears = LoopScheduler(), Hears()
    engine = Engine(paths, loop)
    engine.add_listener(hears)
    titles: list[str] = []
    problems: list[Problem] = []
    question = user("How do I bake bread?")
    engine.suggest_title("", question, "c", titles.append, problems.append)
    assert loop.run_until(lambda: bool(problems), 10)
    assert problems[0].code == "model.not-loaded"
    engine.load(starter, LoadParams())
    assert loop.run_until(lambda: engine.state is EngineState.READY, 60)
    engine.suggest_title("", question, "c", titles.append, problems.append)
    assert loop.run_until(lambda: bool(titles), 60)
    assert titles[0]
    engine.suggest_title("", LONG, "c", titles.append, problems.append)
    engine.generate("", question, GREEDY, "c")
    assert loop.run_until(lambda: len(titles) == 2 and hears.ends == 1, 60)
    assert titles[1] == ""
    stopped = engine.suggest_title("", LONG, "c", titles.append, problems.append)
    engine.stop(stopped)
    assert loop.run_until(lambda: len(titles) == 3, 60)
    engine.suggest_title("", LONG, "c", titles.append, problems.append)
    engine.remove_listener(hears)
    child = engine._child
    assert child is not None
    child.kill()
    assert loop.run_until(lambda: len(titles) == 4, 30)
    assert (titles[2:], len(problems)) == (["", ""], 1)


def test_a_title_that_waits_for_an_answer_is_stopped_without_ending_it(
    paths: Paths, starter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, hears = LoopScheduler(), Hears()
    engine = Engine(paths, loop)
    engine.add_listener(hears)
    engine.load(starter, LoadParams())
    assert loop.run_until(lambda: engine.state is EngineState.READY, 60)
    monkeypatch.setattr("app.services.engine.STOP_PATIENCE_S", 0.0)
    titles: list[str] = []
    long = replace(GREEDY, max_tokens=100, logit_bias=(("<|im_end|>", -100.0),))
    engine.generate("", user("Write a long story."), long)
    waiting = engine.suggest_title("", LONG, "c", titles.append, lambda _: None)
    engine.stop(waiting)
    assert loop.run_until(lambda: hears.ends == 1 and bool(titles), 60)
    assert titles == [""]
    engine.shut_down(2.0)


# What is sent of a long conversation


def conversation(seed: int, turns: int, words: Sequence[str]) -> list[ChatMessage]:
    rng = random.Random(seed)
    found = []
    for number in range(turns):
        role = Role.USER if number % 2 == 0 else Role.ASSISTANT
        text = " ".join(rng.choice(words) for _ in range(rng.randint(3, 60)))
        found.append(ChatMessage(role, text))
    return found


WORDS = {
    "English": ("river", "stone", "the", "of", "yesterday", "naïve", "`code()`"),
    "Chinese": ("河流", "石头", "昨天", "我们", "然后呢"),
    "spaces": (" " * 8, "x", "\t\t"),
}


@pytest.mark.parametrize("kind", WORDS)
def test_what_is_not_sent_changes_nothing(kind: str) -> None:
    """The prompt is the same, turn by turn, as if all had been sent."""
    history, context = conversation(5, 801, WORDS[kind]), 300

    def count(text: str) -> int:
        return len(text.encode()) // 3 + text.count("<|im_start|>") * 5

    prompts = []
    for end in range(1, len(history) + 1, 14):
        turns = history[:end]
        sent = sendable(turns, context)
        whole = fit_prompt("Be kind.", turns, template(PLAIN), count, context)
        part = fit_prompt(
            "Be kind.",
            sent.messages,
            template(PLAIN),
            count,
            context,
            omitted=(sent.omitted_turns, sent.omitted_weight),
        )
        assert part == whole
        prompts.append(whole)
    assert sent.omitted_turns > 100
    weights = sum(len(m.content.encode()) for m in sent.messages)
    assert weights < 3 * context * MOST_BYTES
    assert prompts[-1].dropped_turns > 600


def test_a_long_conversation_begins_the_same_for_many_turns() -> None:
    history, context = conversation(7, 600, WORDS["English"]), 1200

    def count(text: str) -> int:
        return len(text.encode()) // 4

    starts, sizes = [], []
    for end in range(301, 600, 2):
        sent = sendable(history[:end], context)
        fitted = fit_prompt(
            "",
            sent.messages,
            template(PLAIN),
            count,
            context,
            omitted=(sent.omitted_turns, sent.omitted_weight),
        )
        starts.append(fitted.dropped_turns)
        sizes.append(count(fitted.text))
    changes = sum(1 for one, other in itertools.pairwise(starts) if one != other)
    assert starts == sorted(starts)
    assert changes < len(starts) // 2
    assert max(sizes) <= context - min(ANSWER_ROOM, context // 4)
    assert min(sizes) > context // 4  # and never forgets more than it must


def test_a_short_conversation_is_sent_whole() -> None:
    history = conversation(3, 21, WORDS["English"])
    assert sendable(history, 8192).messages == tuple(history)
    alone = [ChatMessage(Role.USER, "x" * 1_000_000)]
    assert sendable(alone, 512).messages == tuple(alone)  # too long, and told so by the worker


def test_failed_is_still_told_for_a_title(tmp_path: Path) -> None:
    process = WorkerProcess(tmp_path / "worker.log")
    process.send(lambda i: Suggest(i, "", user("Hi")))
    event = process.next_event()
    assert isinstance(event, Failed)
    assert event.problem.code == "model.not-loaded"
    process.close()
