"""A prompt over a table: reading it, writing answers that survive any end, and who goes first."""

from __future__ import annotations

import csv
import itertools
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.core.batch_errors import (
    AnswerEmpty,
    AnswerNoObject,
    BatchError,
    ColumnMissing,
    ColumnTaken,
    ColumnTwice,
    ColumnUnnamed,
    OutputDamaged,
    OutputDiskFull,
    OutputExists,
    OutputInUse,
    OutputIsInput,
    OutputNotWritable,
    OutputOfAnotherRun,
    SchemaNotReadable,
    TableBroken,
    TableEmpty,
    TableNoText,
    TableNotReadable,
    ValueUnknown,
)
from app.core.entities import (
    ChatMessage,
    Message,
    ModelDescription,
    Role,
    SamplingParams,
    Statistics,
    Status,
    StopReason,
    utc_now,
)
from app.core.errors import GrammarBroken, Problem, PromptTooLong, WorkerKilled
from app.core.messages import TextProduced
from app.core.paths import Paths
from app.core.prompts import PromptMessage, PromptTemplate
from app.services.batch import Batch, BatchListener, BatchProgress, BatchState
from app.services.batch_files import read_table, rows_of
from app.services.batch_memory import forget_order, load_order, save_order
from app.services.batch_output import Output
from app.services.batch_rows import (
    GREEDY,
    AnswerColumns,
    BatchOrder,
    as_template,
    columns_for,
    identity_of,
    sources_of,
)
from app.services.loop import LoopScheduler
from app.services.ports import EngineListener
from tests.app_window import AppWindow
from tests.disks import fill

ROOT = Path(__file__).parents[1]
PATIENCE_S = 90.0


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def read(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """Three rows, one of them with a line break, a quote and a comma in a cell."""
    text = 'Name,city\r\nAnna,Paris\r\nBob,"Ro\nme, ""eternal"""\r\nCem,Ankara\r\n'
    return write(tmp_path / "rows.csv", text)


# reading


@pytest.mark.parametrize(
    ("encoding", "delimiter", "word"),
    [
        ("utf-8", ",", "naïve"),
        ("utf-8-sig", ";", "naïve"),
        ("utf-16", "\t", "naïve"),
        ("utf-32", ",", "naïve"),
        ("cp1252", ";", "naïve café"),
        ("gb18030", ",", "你好世界，今天天气很好"),
        ("utf-8", "|", "plain"),
    ],
)
def test_encodings_and_delimiters_are_found(
    tmp_path: Path, encoding: str, delimiter: str, word: str
) -> None:
    lines = [["id", "text"], ["1", f"{word} 1"], ["2", f"{word},;\n{word}"]]
    quoted = "\r\n".join(delimiter.join(f'"{cell}"' for cell in line) for line in lines)
    table = read_table(write(tmp_path / "t.csv", quoted + "\r\n", encoding))
    assert (table.columns, table.rows, table.delimiter) == (("id", "text"), 2, delimiter)
    found = [list(row.cells) for row in rows_of(table)]
    assert [[cell.replace("\r\n", "\n") for cell in row] for row in found] == lines[1:]


def test_a_bad_byte_far_down_does_not_end_a_run(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"id,text\n" + b"1,plain\n" * 20_000 + b"2,caf\xe9\n")
    table = read_table(path)
    assert next(rows_of(table, 20_000)).cells == ("2", "café")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", TableEmpty),
        ("\n\n", TableEmpty),
        ("a,b,a\n1,2,3\n", ColumnTwice),
        ("a,,c\n1,2,3\n", ColumnUnnamed),
    ],
)
def test_a_bad_first_line_is_said(tmp_path: Path, text: str, error: type[BatchError]) -> None:
    with pytest.raises(error) as raised:
        read_table(write(tmp_path / "t.csv", text))
    assert "t.csv" in raised.value.problem.summary_text


def test_what_is_no_table_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TableNotReadable):
        read_table(tmp_path / "missing.csv")
    (tmp_path / "t.xlsx").write_bytes(b"PK\x03\x04" + bytes(range(256)) * 40)
    with pytest.raises(TableNoText):
        read_table(tmp_path / "t.xlsx")
    monkeypatch.setattr("app.services.batch_files.MOST_CELL", 1000)
    with pytest.raises(TableBroken) as raised:  # a quote that is never closed swallows the rest
        read_table(write(tmp_path / "t.csv", 'a,b\n1,"open\n' + "1,2\n" * 1000))
    assert "line" in raised.value.problem.summary_text


def test_the_line_that_tells_excel_the_delimiter_is_no_row(tmp_path: Path) -> None:
    table = read_table(write(tmp_path / "t.csv", "sep=;\r\nid;text\r\n1;one, two\r\n", "utf-8-sig"))
    assert (table.columns, table.rows) == (("id", "text"), 1)
    assert [row.cells for row in rows_of(table)] == [("1", "one, two")]
    assert read_table(write(tmp_path / "s.csv", "sep=\n1\n")).columns == ("sep=",)


def test_rows_of_other_widths(tmp_path: Path) -> None:
    table = read_table(write(tmp_path / "t.csv", "a,b\n1\n\n1,2,3\n1,2,\n"))
    found = list(rows_of(table))
    assert [row.cells for row in found] == [("1", ""), ("1", "2"), ("1", "2")]
    assert [row.is_odd for row in found] == [False, True, False]


def test_a_large_table_is_streamed(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write("id,text\n")
        file.writelines(f'{n},"text {n}\n{"x" * 200}"\n' for n in range(100_000))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    table = read_table(path)
    assert table.rows == 100_000
    assert next(rows_of(table, 99_999)).cells[0] == "99999"
    more = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert more < 15_000  # KiB, of a file of 21 MB


# writing


def output(rows: Path, name: str = "out.csv", prompt: str = "one") -> Output:
    run = {"prompt": prompt, "model": "m"}
    return Output(rows.with_name(name), read_table(rows), ("answer", "error"), run)


def test_every_torn_end_goes_on_with_the_row_that_was_not_whole(rows: Path) -> None:
    whole = output(rows)
    whole.open()
    cells = [
        (*row.cells, f'an "answer"\nto {n}\r.', "") for n, row in enumerate(rows_of(whole._table))
    ]
    for row in cells:
        whole.append(row)
    whole.close()
    data = whole.path.read_bytes()
    for size in range(len(data)):
        whole.path.write_bytes(data[:size])  # as a kill at this byte leaves it
        again = output(rows)
        done = again.open()
        for row in cells[done:]:
            again.append(row)
        again.close()
        assert whole.path.read_bytes() == data, f"killed after {size} bytes"
    again = output(rows)
    assert again.open() == 3
    again.finish()
    assert sorted(path.name for path in rows.parent.iterdir() if path.is_file()) == [
        "out.csv",
        "rows.csv",
    ]


def test_the_output_of_something_else_is_left_alone(rows: Path) -> None:
    first = output(rows)
    first.open()
    with pytest.raises(OutputInUse):
        output(rows).open()
    first.append(("Anna", "Paris", "x", ""))
    first.close()
    with pytest.raises(OutputOfAnotherRun) as raised:
        output(rows, prompt="two").open()
    assert "prompt" in raised.value.problem.summary_text
    assert read(first.path)[1][0] == "Anna"
    assert output(rows, prompt="two").open(restarts=True) == 0
    mine = write(rows.with_name("mine.csv"), "my,own\n1,2\n")
    with pytest.raises(OutputExists):
        output(rows, "mine.csv").open()
    assert mine.read_text() == "my,own\n1,2\n"
    with pytest.raises(OutputIsInput):
        output(rows, "rows.csv").open(restarts=True)
    assert rows.exists()


def test_an_output_that_was_changed_is_not_gone_on_with(rows: Path) -> None:
    first = output(rows)
    first.open()
    first.close()
    with first.path.open("a", newline="") as file:
        file.write("a,b,c,d\r\n" * 9)
    with pytest.raises(OutputDamaged):
        output(rows).open()
    first.note.write_text("{broken")
    with pytest.raises(OutputDamaged):
        output(rows).open()


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.replace(b"\r\n", b"\n"),  # as a spreadsheet on Linux saves it
        lambda data: data.replace(b",", b";"),
        lambda data: data.replace(b"city,", b""),
        lambda data: b"mine\r\n" + data,
        lambda data: b"m",
        lambda data: data + b'Bob,Rome,"torn by hand\r\n',
        lambda data: data + b"Cem,",
    ],
)
def test_what_another_program_saved_is_never_deleted(
    rows: Path, change: Callable[[bytes], bytes]
) -> None:
    first = output(rows)
    first.open()
    first.append(("Anna", "Paris", "an answer", ""))
    first.close()
    changed = change(first.path.read_bytes())
    first.path.write_bytes(changed)
    with pytest.raises(OutputDamaged):
        output(rows).open()
    assert first.path.read_bytes() == changed


def test_a_run_that_answered_nothing_is_in_nobody_s_way(rows: Path) -> None:
    """A mistake in what it was begun with is corrected, and the table is as if it never was."""
    first = output(rows, prompt="mistaken")
    first.open()
    first.close()
    again = output(rows, prompt="corrected")
    assert again.open() == 0
    again.append(("Anna", "Paris", "an answer", ""))
    again.close()
    with pytest.raises(OutputOfAnotherRun):
        output(rows, prompt="mistaken").open()
    write(first.path, "my,own\r\n")
    with pytest.raises(OutputOfAnotherRun):
        output(rows, prompt="mistaken").open()


def test_a_folder_that_cannot_be_written_to_is_said(rows: Path, read_only_folder: Path) -> None:
    with pytest.raises(OutputNotWritable) as raised:
        Output(read_only_folder / "out.csv", read_table(rows), ("answer",), {}).open()
    assert "out.csv" in raised.value.problem.summary_text


def test_a_folder_that_is_not_there_is_said_and_not_made(rows: Path) -> None:
    made = Output(rows.with_name("missing") / "out.csv", read_table(rows), ("answer",), {})
    with pytest.raises(OutputNotWritable):
        made.open()
    assert not rows.with_name("missing").exists()


def test_a_spreadsheet_program_sees_what_encoding_the_answers_have(tmp_path: Path) -> None:
    """Excel takes a file without a mark for one in the system's encoding, as the table was."""
    for encoding, has_mark in (("utf-8", False), ("utf-8-sig", True), ("gb18030", True)):
        rows = write(tmp_path / f"{encoding}.csv", "名字,城市\n王小明,北京\n", encoding)
        made = output(rows, f"{encoding}-out.csv")
        made.open()
        made.append(("王小明", "北京", "你好", ""))
        made.close()
        assert made.path.read_bytes().startswith(b"\xef\xbb\xbf") is has_mark
        again = output(rows, made.path.name)
        assert again.open() == 1
        again.close()
        assert read(made.path)[0][0] == "名字"


def test_a_full_disk_keeps_what_there_is_and_goes_on_later(small_disk: Path) -> None:
    rows = write(small_disk / "rows.csv", "a\n" + "x\n" * 50)
    out = output(rows)
    out.open()
    out.append(("x", "first", ""))
    filler = fill(small_disk)

    def write_many() -> None:
        for _ in range(50):
            out.append(("x", "y" * 4000, ""))

    with pytest.raises(OutputDiskFull) as raised:
        write_many()
    assert "full" in raised.value.problem.summary_text
    out.close()
    filler.unlink()
    again = output(rows)
    done = again.open()
    assert done >= 1
    again.append(("x", "after", ""))
    again.close()
    found = read(rows.with_name("out.csv"))
    assert len(found) == done + 2
    assert found[-1] == ["x", "after", ""]


# values and answers


def order_for(rows: Path, prompt: str = "Greet {NAME} of {city}.", **more: object) -> BatchOrder:
    values: dict[str, object] = {
        "input": rows,
        "output": rows.with_name("out.csv"),
        "template": as_template(prompt),
        "model": Path("model.gguf"),
    }
    return BatchOrder(**(values | more))  # type: ignore[arg-type]


def test_columns_fill_variables_of_the_same_name(rows: Path) -> None:
    table = read_table(rows)
    assert sources_of(order_for(rows), table, ("NAME", "city")) == {"NAME": 0, "city": 1}
    order = order_for(rows, mapping=(("town", "city"),), values=(("tone", "kind"),))
    assert sources_of(order, table, ("town", "tone")) == {"town": 1}
    with pytest.raises(ColumnMissing) as raised:
        sources_of(order_for(rows), table, ("country",))
    assert "country" in raised.value.problem.summary_text
    with pytest.raises(ValueUnknown):
        sources_of(order_for(rows, values=(("x", "1"),)), table, ("NAME",))


def test_answers_become_columns(rows: Path) -> None:
    table = read_table(rows)
    assert columns_for(order_for(rows), table).names == ("answer", "error")
    with pytest.raises(ColumnTaken):
        columns_for(order_for(rows, column="city"), table)
    schema = json.dumps({"type": "object", "properties": {"city": {}, "n": {}}})
    made = columns_for(order_for(rows, schema=schema), table)
    assert made.names == ("city_2", "n", "error")
    assert made.cells_of('{"city": "Rom", "n": [1, "é"]}') == ("Rom", '[1, "é"]', "")
    assert made.cells_of("<think>x</think>\n\n{}") == ("", "", "")
    with pytest.raises(AnswerNoObject):
        made.cells_of('{"city": ')
    with pytest.raises(AnswerEmpty):
        made.cells_of("<think>x</think>")
    with pytest.raises(SchemaNotReadable):
        columns_for(order_for(rows, schema="{"), table)
    assert AnswerColumns(("answer", "error")).cells_of("<think>\nhm\n</think>\n\nYes")[0] == "Yes"


def test_what_makes_another_run(rows: Path) -> None:
    table = read_table(rows)
    first = identity_of(order_for(rows), table)
    assert identity_of(order_for(rows, limit=1), table) == first
    others = {
        "prompt": order_for(rows, "Other {NAME}"),
        "values": order_for(rows, values=(("a", "b"),)),
        "schema": order_for(rows, schema="{}"),
        "model": order_for(rows, model=Path("other.gguf")),
        "settings": order_for(rows, sampling=replace(GREEDY, max_tokens=9)),
    }
    for name, order in others.items():
        found = identity_of(order, table)
        assert [key for key in first if found[key] != first[key]] == [name]


def test_a_run_that_is_not_over_is_remembered(rows: Path, tmp_path: Path) -> None:
    kept = tmp_path / "batch.json"
    template = PromptTemplate((PromptMessage("system", "Be {x}."), PromptMessage("user", "{text}")))
    order = order_for(
        rows, template=template, mapping=(("text", "city"),), values=(("x", "kind"),), schema="{}"
    )
    assert load_order(kept) is None
    save_order(kept, order, "A title")
    assert load_order(kept) is None  # nothing was written yet
    out = Output(order.output, read_table(rows), ("answer", "error"), {})
    out.open()
    out.close()
    assert load_order(kept) == (order, "A title")
    out.open()
    out.finish()
    assert load_order(kept) is None  # someone else finished it
    for text in ("", "[]", "{}", '{"input": 3}', "\x00"):
        kept.write_text(text)
        assert load_order(kept) is None
    forget_order(kept)
    assert not kept.exists()


# the run


class RowEngine:
    """Answers with what `answer` says of the question, when the loop comes to it."""

    def __init__(self, scheduler: LoopScheduler, answer: Callable[[str], object]) -> None:
        self.model: ModelDescription | None = None
        self.model_path: Path | None = None
        self.questions: list[str] = []
        self.samplings: list[SamplingParams] = []
        self.is_held = False
        self._answer, self._scheduler = answer, scheduler
        self._listeners: list[EngineListener] = []
        self._ids = itertools.count(1)
        self._open: dict[int, str] = {}

    def add_listener(self, listener: EngineListener) -> None:
        self._listeners.append(listener)

    def remove_listener(self, listener: EngineListener) -> None:
        self._listeners = [one for one in self._listeners if one is not listener]

    def ask(self, system: str, history: list[ChatMessage], sampling: SamplingParams) -> int:
        number, question = next(self._ids), history[-1].content
        self.questions.append(question)
        self.samplings.append(sampling)
        self._open[number] = question
        if not self.is_held:
            self._scheduler.post(lambda: self.give(number))
        return number

    def give(self, number: int) -> None:
        """The answer, or how it failed."""
        if number not in self._open:
            return
        found = self._answer(self._open.pop(number))
        for listener in list(self._listeners):
            if isinstance(found, BaseException):
                died = isinstance(found, WorkerKilled)
                problem = found.problem  # type: ignore[attr-defined]
                listener.generation_failed(number, problem, worker_died=died)
            else:
                listener.text_produced(TextProduced(number, str(found), 1, 1))
                statistics = Statistics(prompt_tokens=10, reused_tokens=6)
                listener.generation_finished(number, StopReason.END, statistics)

    def stop(self, request_id: int) -> None:
        if self._open.pop(request_id, None) is not None:

            def stopped() -> None:
                for listener in list(self._listeners):
                    listener.text_produced(TextProduced(request_id, "half an ans", 1, 1))
                    listener.generation_finished(request_id, StopReason.STOPPED, Statistics())

            self._scheduler.post(stopped)


class Run(BatchListener):
    """A batch over the scripted engine, in a loop."""

    def __init__(self, order: BatchOrder, answer: Callable[[str], object]) -> None:
        self.scheduler = LoopScheduler()
        self.engine = RowEngine(self.scheduler, answer)
        self.is_busy = False
        self.states: list[BatchState] = []
        self.errors: list[Problem] = []
        self.batch = Batch(
            order, self.engine, self.engine.ask, self.scheduler, self, lambda: self.is_busy
        )

    def batch_changed(self, progress: BatchProgress) -> None:
        if not self.states or self.states[-1] is not progress.state:
            self.states.append(progress.state)
        error = progress.last_error
        if error is not None and error not in self.errors:
            self.errors.append(error)

    def until(self, condition: Callable[[], object]) -> None:
        assert self.scheduler.run_until(lambda: bool(condition()), PATIENCE_S)

    def until_over(self) -> BatchProgress:
        self.until(lambda: self.batch.progress.state in (BatchState.DONE, BatchState.FAILED))
        return self.batch.progress

    def close(self) -> None:
        self.batch.close()
        self.scheduler.drain(5.0)


@pytest.fixture
def make_run() -> Iterator[Callable[..., Run]]:
    made: list[Run] = []

    def make(order: BatchOrder, answer: Callable[[str], object] = str.upper) -> Run:
        made.append(Run(order, answer))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_a_run_answers_every_row_in_order(rows: Path, make_run: Callable[..., Run]) -> None:
    run = make_run(order_for(rows))
    run.batch.start()
    progress = run.until_over()
    assert progress.state is BatchState.DONE
    assert (progress.done, progress.total, progress.errors) == (3, 3, 0)
    assert (progress.prompt_tokens, progress.reused_tokens) == (30, 18)
    assert read(rows.with_name("out.csv")) == [
        ["Name", "city", "answer", "error"],
        ["Anna", "Paris", "GREET ANNA OF PARIS.", ""],
        ["Bob", 'Ro\nme, "eternal"', 'GREET BOB OF RO\nME, "ETERNAL".', ""],
        ["Cem", "Ankara", "GREET CEM OF ANKARA.", ""],
    ]
    sampling = run.engine.samplings[0]
    assert (sampling.temperature, sampling.seed, sampling.is_own) == (0.0, 0, True)


def test_an_error_of_one_row_does_not_end_the_run(rows: Path, make_run: Callable[..., Run]) -> None:
    def answer(question: str) -> object:
        return PromptTooLong(tokens=9, context=5) if "Bob" in question else "yes"

    write(rows, rows.read_text() + "Dee,D,too many\n" + "Eve,E\n")
    run = make_run(order_for(rows), answer)
    run.batch.start()
    assert run.until_over().errors == 2
    found = read(rows.with_name("out.csv"))
    assert [row[2] for row in found[1:]] == ["yes", "", "yes", "", "yes"]
    assert "too long" in found[2][3]
    assert "more cells" in found[4][3]
    assert [error.code for error in run.errors] == ["model.prompt-too-long", "batch.row-too-wide"]


def test_a_limit_and_then_the_rest(rows: Path, make_run: Callable[..., Run]) -> None:
    first = make_run(order_for(rows, limit=1))
    first.batch.start()
    assert first.until_over().done == 1
    second = make_run(order_for(rows))
    second.batch.start()
    assert second.until_over().done == 3
    assert second.engine.questions[0].startswith("Greet Bob")
    assert [row[0] for row in read(rows.with_name("out.csv"))] == ["Name", "Anna", "Bob", "Cem"]


def test_the_question_of_a_person_goes_first(rows: Path, make_run: Callable[..., Run]) -> None:
    run = make_run(order_for(rows))
    run.engine.is_held = True
    run.batch.start()
    run.until(lambda: run.engine.questions)
    message = Message("m", "c", None, Role.ASSISTANT, "", Status.STREAMING, utc_now())  # type: ignore[arg-type]
    run.is_busy = True
    run.batch.answer_begun(message)
    run.until(lambda: run.batch.progress.state is BatchState.WAITING)
    assert not run.engine._open  # nothing stands in the way of the person's answer
    assert run.batch.progress.done == 0
    run.engine.is_held = run.is_busy = False
    run.batch.answer_ended(message)
    assert run.until_over().done == 3
    found = read(rows.with_name("out.csv"))
    assert found[1][2] == "GREET ANNA OF PARIS."  # the half answer is nowhere
    assert run.engine.questions.count("Greet Anna of Paris.") == 2


def test_a_pause_loses_and_doubles_nothing(rows: Path, make_run: Callable[..., Run]) -> None:
    run = make_run(order_for(rows))
    run.engine.is_held = True
    run.batch.start()
    run.until(lambda: run.engine.questions)
    run.batch.pause()
    run.until(lambda: not run.batch._request)
    run.engine.is_held = False
    run.batch.resume()
    assert run.until_over().done == 3
    assert len(read(rows.with_name("out.csv"))) == 4


def test_a_row_that_kills_the_model_is_tried_twice(
    rows: Path, make_run: Callable[..., Run]
) -> None:
    run = make_run(order_for(rows), lambda q: WorkerKilled() if "Bob" in q else "yes")
    run.batch.start()
    progress = run.until_over()
    assert (progress.state, progress.errors) == (BatchState.DONE, 1)
    assert sum("Bob" in question for question in run.engine.questions) == 2


def test_a_schema_that_cannot_be_used_is_said_once(
    rows: Path, make_run: Callable[..., Run]
) -> None:
    order = order_for(rows, schema='{"type": "object", "properties": {"a": {"$ref": "#/x"}}}')
    run = make_run(order, lambda _: GrammarBroken(reason="x is not there"))
    run.batch.start()
    progress = run.until_over()
    assert progress.problem is not None
    assert "JSON schema" in progress.problem.summary_text
    assert "x is not there" in progress.problem.summary_text
    assert len(run.engine.questions) == 1


def test_a_model_that_dies_at_every_row_pauses_the_run(
    rows: Path, make_run: Callable[..., Run]
) -> None:
    run = make_run(order_for(rows), lambda _: WorkerKilled())
    run.batch.start()
    progress = run.until_over()
    assert progress.problem is not None
    assert progress.problem.code == "batch.given-up"
    run.engine._answer = str.upper
    run.batch.resume()
    assert run.until_over().done == 3


def test_another_model_does_not_go_on_with_it(rows: Path, make_run: Callable[..., Run]) -> None:
    run = make_run(order_for(rows))
    run.engine.is_held = True
    run.batch.start()
    run.until(lambda: run.engine.questions)
    run.engine.model_path = Path("other.gguf")  # being loaded: what was asked is stopped
    run.engine.stop(1)
    progress = run.until_over()
    assert progress.problem is not None
    assert progress.problem.code == "batch.model-changed"
    run.engine.model_path, run.engine.is_held = Path("model.gguf"), False
    run.batch.resume()
    assert run.until_over().done == 3
    assert len(read(rows.with_name("out.csv"))) == 4


def test_a_full_disk_is_said_and_gone_on_after(
    small_disk: Path, make_run: Callable[..., Run]
) -> None:
    rows = write(small_disk / "rows.csv", "text\n" + "x\n" * 20)
    filler: list[Path] = []

    def answer(_: str) -> str:
        if len(run.engine.questions) == 5:
            filler.append(fill(small_disk))
        return "y" * 3000

    run = make_run(order_for(rows, "Say {text}"), answer)
    run.batch.start()
    progress = run.until_over()
    assert progress.problem is not None
    assert progress.problem.code == "batch.disk-full"
    filler[0].unlink()
    run.batch.resume()
    assert run.until_over().done == 20
    found = read(rows.with_name("out.csv"))
    assert len(found) == 21
    assert all(row[1] == "y" * 3000 for row in found[1:])


# the command line, with the real model


class Cli:
    """`inglenook run` in processes of its own."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self.environment = os.environ | {
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "OMP_THREAD_LIMIT": "1",  # two would spin beside other programs
        }

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "app", "--data-dir", str(self._paths.data), "run"]
        return subprocess.Popen(
            [*command, *arguments],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str) -> tuple[int, str]:
        process = self.start(*arguments)
        out, error = process.communicate(timeout=PATIENCE_S)
        assert out == ""
        return process.returncode, error


@pytest.fixture
def cli(paths: Paths) -> Cli:
    return Cli(paths)


def arguments_for(rows: Path, *more: str) -> tuple[str, ...]:
    out = str(rows.with_name("out.csv"))
    return ("--input", str(rows), "--output", out, "--max-tokens", "8", *more)


def until_rows(path: Path, count: int) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not path.exists() or len(read(path)) <= count:
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.engine
def test_killed_at_any_moment_it_goes_on_to_the_same_table(cli: Cli, tmp_path: Path) -> None:
    text = "word\n" + "".join(f"thing number {n}\n" for n in range(7))
    rows = write(tmp_path / "rows.csv", text)
    prompt = "You are a poet who likes short words. Write one line about: {WORD}"
    out = rows.with_name("out.csv")
    process = cli.start(prompt, *arguments_for(rows))
    until_rows(out, 2)
    os.kill(process.pid, signal.SIGINT)
    _, error = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130
    assert "go on" in error
    before = out.read_bytes()
    process = cli.start(prompt, *arguments_for(rows))
    until_rows(out, len(read(out)))
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    killed = out.read_bytes()
    assert killed.startswith(before)
    code, error = cli.run(prompt, *arguments_for(rows))
    assert code == 0, error
    share = int(error.rpartition(" % of what")[0].split()[-1])
    assert share > 40  # the instructions were read once, not for every row
    whole = killed[: killed.rindex(b"\r\n") + 2]
    assert out.read_bytes().startswith(whole)  # nothing is lost
    found = read(out)
    assert [row[0] for row in found[1:]] == [f"thing number {n}" for n in range(7)]
    assert all(row[1] for row in found)
    assert not out.with_name("out.csv.batch.json").exists()


@pytest.mark.engine
def test_a_schema_from_the_command_line(cli: Cli, rows: Path) -> None:
    schema = {
        "type": "object",
        "properties": {"mood": {"enum": ["good", "bad"]}, "stars": {"type": "integer"}},
        "required": ["mood", "stars"],
    }
    file = write(rows.with_name("schema.json"), json.dumps(schema))
    prompt = write(
        rows.with_name("rate.prompt.yaml"),
        "name: rate\ntitle: Rate\nformat: f-string\nvariables:\n- name: place\n"
        "messages:\n- role: system\n  text: You rate.\n- role: user\n  text: 'Rate {place}.'\n",
    )
    more = ("--map", "place=city", "--schema", str(file), "--max-tokens", "24", "--limit", "1")
    code, error = cli.run(str(prompt), *arguments_for(rows), *more)
    assert code == 0, error
    found = read(rows.with_name("out.csv"))
    assert found[0] == ["Name", "city", "mood", "stars", "error"]
    assert len(found) == 2
    for row in found[1:]:
        assert row[2] in ("good", "bad")
        int(row[3])
        assert row[4] == ""


def test_what_is_wrong_is_said_before_a_model_is_loaded(cli: Cli, rows: Path) -> None:
    for arguments, words in (
        (("no-such-prompt", *arguments_for(rows)), "no-such-prompt"),
        (("Greet {name", *arguments_for(rows)), "braces"),
        (("Greet {name}", *arguments_for(rows, "--column", "city")), "city"),
    ):
        code, error = cli.run(*arguments)
        assert code == 1
        assert error.startswith("inglenook: ")
        assert words in error
        assert "Traceback" not in error
    assert not rows.with_name("out.csv").exists()


# the window


@pytest.mark.engine
def test_the_dialog_runs_lets_a_person_go_first_and_offers_to_go_on(
    open_window: Callable[[Paths], AppWindow], paths: Paths, tmp_path: Path
) -> None:
    rows = write(tmp_path / "rows.csv", "Thing\n" + "".join(f"thing {n}\n" for n in range(30)))
    out = tmp_path / "rows-answers.csv"
    paths.settings.write_text('{"temperature": 0.0, "max_tokens": 12, "threads": 1}')
    app = open_window(paths)
    app.until_ready()
    app.controller.commands.commands.run("batch")
    tables = app.controller.batch.tables
    assert tables is not None
    dialog = tables.dialog
    assert dialog is not None
    assert not dialog.start.isEnabled()
    dialog.set_up.text.setPlainText("Write a long story about a {thing}.")
    dialog.table_chosen.emit(rows)
    dialog.set_up.most.setValue(8)
    app.until(dialog.start.isEnabled)
    assert dialog.set_up.sources.rows[0].column.currentText() == "Thing"
    app.click(dialog.start)
    app.until(lambda: tables.batch is not None and tables.batch.progress.done >= 1)
    batch = tables.batch
    assert batch is not None
    dialog.close()  # it goes on in the background
    app.ask("What is two and two?")
    app.until(lambda: batch.progress.state is BatchState.WAITING)
    app.until(lambda: len(app.messages()) == 2 and not app.chat.is_answering)
    assert len(app.answer().text) > 0
    done = batch.progress.done
    app.until(lambda: batch.progress.done > done)
    app.close()  # in the middle of a row
    count = len(read(out))
    assert count > 2
    again = open_window(paths)
    again.until_ready()
    again.controller.commands.commands.run("batch")
    reopened = again.controller.batch.tables
    assert reopened is not None
    offered = reopened.dialog
    assert offered is not None
    again.until(offered.kept.isVisible)
    again.click(offered.go_on)
    again.until(lambda: reopened.batch is not None and reopened.batch.progress.done > count)
    again.click(offered.pause)
    assert offered.resume.isVisible()
    found = read(out)
    assert [row[0] for row in found[1:]] == [f"thing {n}" for n in range(len(found) - 1)]


def test_the_dialog_says_what_is_missing(app: AppWindow, rows: Path) -> None:
    app.controller.commands.commands.run("batch")
    tables = app.controller.batch.tables
    assert tables is not None
    dialog = tables.dialog
    assert dialog is not None
    setup = dialog.set_up
    assert "prompt" in setup.missing
    setup.text.setPlainText("Greet {name} from {land}")
    app.until(lambda: "table" in setup.missing)
    dialog.table_chosen.emit(write(rows.with_name("bad.csv"), "a,a\n"))
    app.until(lambda: "more than one column" in setup.table.about.text())
    dialog.table_chosen.emit(rows)
    app.until(lambda: "Land" in setup.missing)
    setup.sources.rows[1].set_text("France")
    assert dialog.start.isEnabled()
    setup.is_json.setChecked(True)
    setup.schema.setPlainText("{")
    assert not dialog.start.isEnabled()
    setup.schema.setPlainText('{"type": "object", "properties": {"mood": {}}}')
    assert "mood" in setup.schema_note.text()
    assert dialog.start.isEnabled()
    setup.text.setPlainText("Greet {name")
    app.until(lambda: "mistake" in setup.missing)
    order_output = write(rows.with_name("rows-answers.csv"), "mine\n")
    setup.text.setPlainText("Greet {name}")
    app.until(dialog.start.isEnabled)
    app.click(dialog.start)
    app.until(dialog.confirm.isVisible)
    app.click(dialog.confirm.no)
    assert order_output.read_text() == "mine\n"
