"""Real chat templates and vocabularies, those of llama-cpp-python's source distribution, and models
whose template has something unusual: all are rendered, or it is said in plain words why not."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.core.entities import Finding, FindingKind, LoadParams, SamplingParams, StopReason
from app.core.messages import Failed, Generate, Load, ModelLoaded, UseTemplate
from app.core.templates import KnownTemplate, Vocabulary
from app.models.template_choices import choice_for, identity, read_choices, write_choice
from app.models.vocabulary import read_template, read_vocabulary
from app.templates import doctor
from app.templates.doctor import end_of_turn, examine, stop_texts
from app.templates.known import KNOWN, fallback_for, known, source_of, suited
from app.templates.process import TemplateProcess
from tests.gguf_files import LLAMA, gguf, with_template, without_template
from tests.llama_source import source_folder
from tests.worker_process import WorkerProcess, user

if TYPE_CHECKING:
    from app.worker.llm import StreamingLlamaCpp

Kind = FindingKind
SOURCE = source_folder()
TEMPLATES = sorted((SOURCE / "templates").glob("*.jinja"))
VOCABULARIES = sorted(SOURCE.glob("ggml-vocab-*.gguf"))
TURNS = [
    ("user", "What is moss?"),
    ("assistant", "A plant."),
    ("user", "Where does it grow?"),
    ("assistant", "In shade."),
    ("user", "And lichen?"),
]
SYSTEM = ("system", "Be terse.")
# as the vocabularies of the families have them
SPECIALS = frozenset(("<s>", "</s>", "<|im_start|>", "<|im_end|>", "<|eot_id|>", "<|end|>"))
PLAIN = Vocabulary("<s>", "</s>", True, frozenset(("</s>", "<|im_end|>")), SPECIALS)
BEGIN = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}"
OPEN = "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
SHORT = SamplingParams(temperature=0, max_tokens=16)
CHATML = BEGIN + "<|im_end|>\n{% endfor %}" + OPEN


@pytest.fixture(scope="module")
def process() -> Iterator[TemplateProcess]:
    """One template process for all."""
    found = TemplateProcess()
    yield found
    found.close()


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerProcess]:
    """One model's process for all, which loads one model after the other."""
    found = WorkerProcess(tmp_path_factory.mktemp("worker") / "worker.log")
    yield found
    found.close()


def rendered(process: TemplateProcess, source: str, turns: list[tuple[str, str]]) -> str:
    return str(process.call("chat", source, turns, "<s>", "</s>"))


def test_there_are_as_many_real_ones_as_there_were() -> None:
    assert len(TEMPLATES) >= 60
    assert len(VOCABULARIES) >= 15


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_a_real_template_renders_five_turns(process: TemplateProcess, path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    for turns in (TURNS, [SYSTEM, *TURNS]):
        text = rendered(process, source, turns)
        places = [text.find(content) for _, content in TURNS]
        assert -1 not in places
        assert places == sorted(places)
        assert (SYSTEM[1] in text) == (SYSTEM in turns)
        assert not text.endswith(TURNS[-1][1])  # something begins the answer
    findings = examine(process, source, PLAIN)
    assert Kind.BROKEN not in {finding.kind for finding in findings}
    opening = [("assistant", "Hello, I am Moss."), TURNS[0]]
    assert "Hello, I am Moss." in rendered(process, source, opening)


@pytest.mark.parametrize("path", VOCABULARIES, ids=lambda path: path.stem)
def test_a_real_vocabulary_is_read_as_llama_cpp_reads_it(path: Path) -> None:
    import llama_cpp

    quiet = llama_cpp.llama_log_callback(lambda *_: None)
    llama_cpp.llama_log_set(quiet, None)
    params = llama_cpp.llama_model_default_params()
    params.vocab_only = True
    model = llama_cpp.llama_model_load_from_file(str(path).encode(), params)
    assert model
    vocabulary = llama_cpp.llama_model_get_vocab(model)

    def text(token: int) -> str:
        raw = llama_cpp.llama_vocab_get_text(vocabulary, token) if token >= 0 else b""
        return str((raw or b"").decode("utf-8", "replace"))

    count = llama_cpp.llama_vocab_n_tokens(vocabulary)
    ends = {text(t) for t in range(count) if llama_cpp.llama_vocab_is_eog(vocabulary, t)}
    found = read_vocabulary(path)
    assert found.ends == ends
    assert found.bos == text(llama_cpp.llama_vocab_bos(vocabulary))
    assert found.eos == text(llama_cpp.llama_vocab_eos(vocabulary))
    assert found.adds_bos == bool(llama_cpp.llama_vocab_get_add_bos(vocabulary))
    llama_cpp.llama_model_free(model)


@pytest.mark.parametrize("path", VOCABULARIES, ids=lambda path: path.stem)
def test_a_real_vocabulary_has_its_templates(process: TemplateProcess, path: Path) -> None:
    """Most of these files have no template; the known good ones that suit are well with it."""
    source, vocabulary = read_template(path)
    findings = examine(process, source, vocabulary)
    if source is None:
        assert [f.kind for f in findings] == [Kind.NO_TEMPLATE]
        assert known(findings[0].details) is not None
    assert all(f.is_handled for f in findings if f.kind is not Kind.NO_TEMPLATE)
    for name in suited(vocabulary)[:3]:
        kinds = {f.kind for f in examine(process, source_of(name), vocabulary)}
        assert not kinds & {Kind.BROKEN, Kind.NO_GENERATION_PROMPT, Kind.SYSTEM_REFUSED}


@pytest.mark.parametrize(
    ("vocabulary", "template", "name"),
    [
        ("qwen2", "Qwen-Qwen2.5-7B-Instruct", "chatml"),
        ("llama-bpe", "meta-llama-Llama-3.1-8B-Instruct", "llama3"),
        ("phi-3", "microsoft-Phi-3.5-mini-instruct", "phi3"),
        ("command-r", "CohereForAI-c4ai-command-r-plus-tool_use", "command-r"),
        ("gemma-4", "google-gemma-4-31B-it", "gemma4"),
    ],
)
def test_a_family_s_template_and_vocabulary_are_well_together(
    process: TemplateProcess, vocabulary: str, template: str, name: str
) -> None:
    words = read_vocabulary(SOURCE / f"ggml-vocab-{vocabulary}.gguf")
    source = (SOURCE / "templates" / f"{template}.jinja").read_text(encoding="utf-8")
    findings = examine(process, source, words)
    assert {f.kind for f in findings} <= {Kind.DOUBLE_BOS, Kind.OPEN_THINK}
    assert suited(words)[0] == name
    assert fallback_for(words) == (name, True)
    # ours begins the answer in the family's own way
    last = TURNS[-1][1]
    own, ours = (
        rendered(process, text, TURNS).rpartition(last)[2] for text in (source, source_of(name))
    )
    assert ours.strip() in own


@pytest.mark.parametrize("template", KNOWN, ids=lambda template: template.name)
def test_a_known_good_template_is_good(process: TemplateProcess, template: KnownTemplate) -> None:
    name = template.name
    source = source_of(name)
    assert known(name) is template
    vocabulary = Vocabulary(
        "<s>", "</s>", False, frozenset(("</s>",)), SPECIALS | {*template.needs}
    )
    findings = examine(process, source, vocabulary)
    assert {f.kind for f in findings} <= {Kind.END_NOT_STOPPING}
    assert all(f.is_handled for f in findings)
    text = rendered(process, source, [SYSTEM, *TURNS])
    assert all(content in text for _, content in [SYSTEM, *TURNS])


@pytest.mark.parametrize(
    ("source", "kind", "details"),
    [
        (CHATML, None, ""),
        (BEGIN + "<|im_end|>\n{% endfor %}", Kind.NO_GENERATION_PROMPT, "<|im_start|>assistant\n"),
        ("{{ bos_token }}" + CHATML, Kind.DOUBLE_BOS, "<s>"),
        ("{% for m in messages if m.role != 'system' %}[{{ m.role }}]{{ m.content }}</s>"
         "{% endfor %}"
         "{% if add_generation_prompt %}[assistant]{% endif %}", Kind.SYSTEM_IGNORED, ""),
        ("{% if messages[0].role == 'system' %}{{ raise_exception('None!') }}{% endif %}" + CHATML,
         Kind.SYSTEM_REFUSED, "None!"),
        ("{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) and "
         "messages[0].role != 'system' %}{{ raise_exception('In turns!') }}{% endif %}{% endfor %}"
         + CHATML, Kind.MUST_ALTERNATE, "In turns!"),
        (CHATML.replace("<|im_end|>", "<|end|>"), Kind.END_NOT_STOPPING, "<|end|>"),
        (CHATML.replace("<|im_end|>", "<stop>"), Kind.END_NOT_STOPPING, "<stop>"),
        (CHATML + "<think>\n", Kind.OPEN_THINK, "<think>"),
        ("{% if %}", Kind.BROKEN, "TemplateSyntaxError"),
        ("{{ bos_token }}", Kind.BROKEN, "the question"),
        ("{{ messages[-1].content }}", Kind.BROKEN, "answer that was given"),
        ("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
         Kind.BROKEN, "more than 0.4 s"),
        ("{{ 'x' * 1000000000 }}", Kind.BROKEN, "more memory"),
    ],
)  # fmt: skip
def test_each_thing_is_found(
    process: TemplateProcess,
    source: str,
    kind: FindingKind | None,
    details: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    process.call("chat", "", [])  # it has started
    monkeypatch.setattr(doctor, "TIMEOUT_S", 0.4)
    findings = examine(process, source, PLAIN)
    kinds = [f.kind for f in findings if f.kind is not Kind.SYSTEM_IGNORED or kind is f.kind]
    assert kinds == ([kind] if kind is not None else [])
    assert all(f.is_handled == (f.kind is not Kind.BROKEN) for f in findings)
    assert all(details in f.details for f in findings if f.kind is kind)


def test_what_is_missing_is_made_up_for(process: TemplateProcess) -> None:
    unopened = BEGIN + "<|im_end|>\n{% endfor %}"
    assert rendered(process, unopened, TURNS) == rendered(process, CHATML, TURNS)
    deaf = (
        "{% for m in messages if m.role != 'system' %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
    )
    assert rendered(process, deaf, [SYSTEM, TURNS[0]]).startswith("user: Be terse.\n\nWhat is")


@pytest.mark.parametrize(
    ("between", "specials", "ends", "expected"),
    [
        ("<|im_end|>\n<|im_start|>user\n", {"<|im_end|>", "<|im_start|>"}, {"<|im_end|>"}, None),
        ("<|END_RESPONSE|><|END|>", {"<|END_RESPONSE|>", "<|END|>"}, {"<|END|>"}, None),
        ("<|end|><|start|>user", {"<|end|>", "<|start|>"}, {"<|return|>", "<|call|>"}, None),
        ("<|end|><|user|>", {"<|end|>", "<|user|>"}, {"</s>"}, "<|end|>"),
        ("<|user|>\n", {"<|user|>"}, {"</s>"}, "<|user|>"),
        ("<|im_end|>\n<|im_start|>user\n", set(), {"</s>"}, "<|im_end|>"),
        ("\n\n### Instruction:\n", set(), {"</s>"}, "\n\n### Instruction:"),
        ("\n\nUser: ", set(), {"</s>"}, "\n\nUser:"),
        ("\n\n", set(), {"</s>"}, ""),
        (" B ", set(), {"</s>"}, ""),
    ],
)
def test_the_end_of_a_turn_is_found(
    between: str, specials: set[str], ends: set[str], expected: str | None
) -> None:
    vocabulary = Vocabulary("<s>", "</s>", True, frozenset(ends), frozenset(specials))
    assert end_of_turn(between, vocabulary) == expected


def test_an_end_that_was_found_is_a_text_to_stop_at() -> None:
    found = Finding(Kind.END_NOT_STOPPING, details="<|end|>")
    assert stop_texts((Finding(Kind.OPEN_THINK, details="<think>"), found)) == ("<|end|>",)


@pytest.mark.parametrize("cut", [3, 10, 200, 300])
def test_a_damaged_file_is_told_as_one(tmp_path: Path, cut: int) -> None:
    from app.core.errors import ModelError

    path = tmp_path / "cut.gguf"
    path.write_bytes(gguf(LLAMA)[:cut])
    with pytest.raises(ModelError):
        read_template(path)


def test_a_choice_is_remembered_by_what_is_in_the_file(tmp_path: Path) -> None:
    file, model = tmp_path / "choices.json", tmp_path / "model.gguf"
    model.write_bytes(gguf({**LLAMA, "general.name": "One"}))
    write_choice(file, identity(model), "llama3")
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    other = Path(shutil.copy(model, moved / "renamed.gguf"))
    os.utime(other, (1, 1))
    assert choice_for(file, other) == "llama3"
    model.write_bytes(gguf({**LLAMA, "general.name": "Two"}))
    assert choice_for(file, model) == ""
    write_choice(file, identity(other), "")
    assert read_choices(file) == {}


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff\xfe", b'{"a": 1, "b": "chatml"}'])
def test_a_damaged_list_of_choices_is_none(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "choices.json"
    file.write_bytes(content)
    assert set(read_choices(file).values()) <= {"chatml"}
    assert choice_for(file, tmp_path / "missing.gguf") == ""


# in the model's process


@pytest.mark.engine
def test_a_loaded_model_uses_what_was_chosen(
    worker: WorkerProcess, tmp_path: Path, starter: Path
) -> None:
    choices = tmp_path / "choices.json"
    write_choice(choices, identity(starter), "alpaca")
    params = LoadParams(context_tokens=1024, threads=1)
    worker.send(lambda i: Load(i, starter, params, choices=choices))
    loaded = worker.wait_for(ModelLoaded).model
    assert loaded.template_name == "alpaca"
    worker.send(lambda i: UseTemplate(i, ""))
    own = worker.wait_for(ModelLoaded).model
    assert own.template_name == ""
    assert own.findings == ()  # the starter model's own is well
    before = worker.ask(user("Hi"), SHORT)[1].statistics.prompt_tokens
    worker.send(lambda i: UseTemplate(i, "llama3"))  # its tokens are text here: more of them
    assert worker.wait_for(ModelLoaded).model.template_name == "llama3"
    assert worker.ask(user("Hi"), SHORT)[1].statistics.prompt_tokens > before


@pytest.mark.engine
def test_an_answer_ends_at_an_end_that_does_not_stop(
    llm: StreamingLlamaCpp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A control token is never shown: as a text to stop at it would never come."""
    from app.worker import generation

    monkeypatch.setattr(generation.llama_cpp, "llama_vocab_is_eog", lambda *_: False)
    prompt = "<|im_start|>user\nWhat is the capital of France?<|im_end|>\n<|im_start|>assistant\n"
    request = generation.Request(SamplingParams(temperature=0, max_tokens=60, is_own=True))

    def reason(stop: list[str]) -> StopReason:
        chunks = list(generation.Generation(llm, llm.tokens_of(prompt), request, stop).run())
        found = (chunks[-1].generation_info or {})["finish_reason"]
        assert isinstance(found, StopReason)
        return found

    assert reason([]) is StopReason.LIMIT
    assert reason(["<|im_end|>"]) is StopReason.END
    assert llm.pieces.control_tokens(["hello", "<|im_end|> ", ""]) == frozenset()


@pytest.mark.engine
def test_the_end_that_does_not_stop_is_found_at_load(
    worker: WorkerProcess, tmp_path: Path, starter: Path
) -> None:
    end = "<jupyter_start>"
    odd = with_template(starter, tmp_path, CHATML.replace("<|im_end|>", end))
    loaded = worker.load(odd, LoadParams(context_tokens=1024, threads=1)).model
    assert loaded.findings == (Finding(Kind.END_NOT_STOPPING, details=end),)


@pytest.mark.engine
def test_a_model_whose_template_is_broken_loads(
    worker: WorkerProcess, tmp_path: Path, starter: Path
) -> None:
    """The wrapper would compile it in the model's process, and refuse the model."""
    path = with_template(starter, tmp_path, "{{ 'x' * 1000000000 }}{% for m in messages %}")
    loaded = worker.load(path, LoadParams(context_tokens=1024, threads=1)).model
    assert [(f.kind, f.is_handled) for f in loaded.findings] == [(Kind.BROKEN, False)]
    worker.send(lambda i: Generate(i, "", user("Hi"), SHORT))
    while not isinstance(failed := worker.next_event(), Failed):
        pass
    assert failed.problem.code == "model.template"
    assert "endfor" in failed.problem.details
    worker.send(lambda i: UseTemplate(i, "chatml"))
    assert worker.wait_for(ModelLoaded).model.findings == ()
    assert worker.ask(user("Hi"), SHORT)[0]


@pytest.mark.engine
def test_a_model_without_a_template_is_asked_in_the_way_of_its_tokens(
    worker: WorkerProcess, tmp_path: Path, starter: Path
) -> None:
    path = without_template(starter, tmp_path)
    loaded = worker.load(path, LoadParams(context_tokens=1024, threads=1)).model
    assert loaded.findings == (Finding(Kind.NO_TEMPLATE, True, "chatml"),)
    assert "Paris" in worker.ask(user("What is the capital of France?"), SHORT)[0]
