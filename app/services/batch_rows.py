"""What a batch makes of rows: values for the prompt from cells, cells from the model's answer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from app.core.batch_errors import (
    AnswerEmpty,
    AnswerNoObject,
    ColumnMissing,
    ColumnTaken,
    SchemaNotReadable,
    TableNotReadable,
    ValueUnknown,
)
from app.core.entities import SamplingParams
from app.core.errors import Problem
from app.core.prompts import PromptMessage, PromptTemplate
from app.core.reasoning import without_reasoning
from app.services.batch_files import Table
from app.services.prompt_rendering import BUILT_IN

ERROR = "error"
MOST_TOKENS = 1024  # of one answer where nothing else is asked for: greedy ones may never end
SHOWN = 200  # characters of an answer that is not what it should be
# the same table gives the same answers: greedy, and what the model recommends stays out
GREEDY = SamplingParams(temperature=0.0, seed=0, max_tokens=MOST_TOKENS, is_own=True)


@dataclass(frozen=True, slots=True)
class BatchOrder:
    """A prompt to run over a table.

    `mapping` says from which column a variable comes where that has another name, `values` what
    has the same value in every row. With a `schema` answers are JSON of that form, in a column a
    property; else they are in `column`. `limit` rows at most; 0 is all. `model` is a file."""

    input: Path
    output: Path
    template: PromptTemplate
    model: Path
    mapping: tuple[tuple[str, str], ...] = ()
    values: tuple[tuple[str, str], ...] = ()
    schema: str = ""
    column: str = "answer"
    limit: int = 0
    sampling: SamplingParams = field(default=GREEDY)

    def of_model(self, model: Path) -> BatchOrder:
        """The same for another model."""
        return replace(self, model=model)

    def sampling_params(self) -> SamplingParams:
        """How every row is sampled."""
        return replace(self.sampling, json_schema=self.schema, grammar="")


def as_template(text: str) -> PromptTemplate:
    """A prompt of just this text, with its columns in braces."""
    return PromptTemplate((PromptMessage("user", text),))


def needed(template: PromptTemplate, used: Sequence[str]) -> tuple[str, ...]:
    """Of the variables that its text uses, what it has to be told; the declared ones first, in
    their order, then the others as they come in the text. What every prompt may use (BUILT_IN)
    only where it is declared."""
    declared = [variable.name for variable in template.variables if variable.name in used]
    others = [name for name in used if name not in declared and name not in BUILT_IN]
    text = "\n".join(message.text for message in template.messages)
    return (*declared, *sorted(others, key=text.find))


def sources_of(order: BatchOrder, table: Table, names: Sequence[str]) -> dict[str, int]:
    """From which column, by its number, each of the variables `names` comes that has no fixed
    value; names are compared without regard to case. Raises ColumnMissing or ValueUnknown."""
    declared = {variable.name: variable for variable in order.template.variables}
    known = {*names, *declared, *BUILT_IN}
    for name in [*dict(order.values), *dict(order.mapping)]:
        if name not in known:
            raise ValueUnknown(variable=name, variables=", ".join(names) or "—")
    fixed, mapping = dict(order.values), dict(order.mapping)
    found: dict[str, int] = {}
    for name in names:
        if name in fixed:
            continue
        column = column_for(mapping.get(name, name), table.columns)
        if column is not None:
            found[name] = column
            continue
        variable = declared.get(name)
        if variable is None or (variable.is_required and not variable.default):
            raise ColumnMissing(variable=mapping.get(name, name), name=table.path.name)
    return found


def column_for(name: str, columns: Sequence[str]) -> int | None:
    """The number of the column of that name; with the same case rather than with another."""
    if name in columns:
        return columns.index(name)
    folded = [column.casefold() for column in columns]
    return folded.index(name.casefold()) if name.casefold() in folded else None


def properties_of(schema: str) -> tuple[str, ...]:
    """The properties that a schema gives its object; none where it is of no object.

    Raises SchemaNotReadable."""
    if not schema.strip():
        return ()
    try:
        found = json.loads(schema)
    except (ValueError, RecursionError) as error:
        raise SchemaNotReadable(str(error), reason=str(error)) from None
    if not isinstance(found, dict):
        raise SchemaNotReadable(reason="it is no JSON object")
    properties = found.get("properties")
    return tuple(properties) if isinstance(properties, dict) else ()


@dataclass(frozen=True, slots=True)
class AnswerColumns:
    """The columns that come after those of the table."""

    names: tuple[str, ...]  # with that of errors, the last one
    properties: tuple[str, ...] = ()

    def cells_of(self, text: str) -> tuple[str, ...]:
        """An answer as cells. Raises AnswerEmpty, and AnswerNoObject for one that is not as the
        schema wants it."""
        answer = without_reasoning(text)
        if not answer:
            raise AnswerEmpty
        if not self.properties:
            return (answer, "")
        try:
            found = json.loads(answer)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise AnswerNoObject(answer=answer[:SHOWN])
        return (*(_cell(found.get(name)) for name in self.properties), "")

    def failed(self, problem: Problem) -> tuple[str, ...]:
        """Empty cells, and why: in English, as the names of the columns."""
        return (*[""] * (len(self.names) - 1), problem.summary_text)


def columns_for(order: BatchOrder, table: Table) -> AnswerColumns:
    """Raises ColumnTaken or SchemaNotReadable."""
    properties = properties_of(order.schema)
    taken = set(table.columns)
    if not properties:
        if order.column in taken or not order.column.strip():
            raise ColumnTaken(name=table.path.name, column=order.column)
        return AnswerColumns((order.column, _free(ERROR, {*taken, order.column})))
    names: list[str] = []
    for name in (*properties, ERROR):
        names.append(_free(name, {*taken, *names}))
    return AnswerColumns(tuple(names), properties)


def identity_of(order: BatchOrder, table: Table) -> dict[str, str]:
    """What makes a run another one, by what a person calls it."""
    values = {"values": sorted(order.values), "mapping": sorted(order.mapping)}
    return {
        "table": table.digest,
        "prompt": _digest(asdict(order.template)),
        "values": _digest(values),
        "schema": _digest(order.schema),
        "model": order.model.name,
        "settings": json.dumps(asdict(replace(order.sampling, json_schema=""))),
    }


def text_of_schema(path: Path) -> str:
    """The text of a file with a schema. Raises TableNotReadable or SchemaNotReadable."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise TableNotReadable(str(error), path=path) from None
    except UnicodeError as error:
        raise SchemaNotReadable(str(error), reason="it is no UTF-8 text") from None
    properties_of(text)
    return text


def values_of(cells: Sequence[str], sources: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """The variables that come from a row."""
    for name, column in sources.items():
        yield name, cells[column]


def _cell(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _free(name: str, taken: set[str]) -> str:
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{name}_{number}"
    return found


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, ensure_ascii=False).encode()).hexdigest()
