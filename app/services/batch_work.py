"""What a batch does off the main thread: its files, and the prompt of each row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from app.core.batch_errors import RowTooWide
from app.core.errors import AppError, Problem
from app.core.prompt_errors import PromptEmpty
from app.core.prompts import Rendered
from app.services.batch_files import Row, Table, read_table, rows_of
from app.services.batch_output import Output
from app.services.batch_rows import (
    AnswerColumns,
    BatchOrder,
    columns_for,
    identity_of,
    needed,
    sources_of,
    values_of,
)
from app.services.prompt_rendering import render_now, variables_now


@dataclass(slots=True)
class Task:
    """A row that was read, with what the model is asked; or what is wrong with it."""

    row: Row
    rendered: Rendered | None
    problem: Problem | None = None
    deaths: int = 0


class Work:
    """What happens on the lane: the files, and the prompt of each row."""

    def __init__(self, order: BatchOrder, language: str) -> None:
        self._order, self._language = order, language
        self._table: Table | None = None
        self._output: Output | None = None
        self._rows: Iterator[Row] = iter(())
        self._row: Row | None = None
        self._sources: dict[str, int] = {}
        self._number = 0  # of the row that is read next
        self.columns = AnswerColumns(())
        self.total = 0

    def open(self, *, restarts: bool = False) -> int:
        """Returns how many rows are done. Raises AppError."""
        order = self._order
        table = self._table = read_table(order.input)
        names = needed(order.template, variables_now(order.template))
        self._sources = sources_of(order, table, names)
        self.columns = columns_for(order, table)
        output = Output(order.output, table, self.columns.names, identity_of(order, table))
        self._number = output.open(restarts=restarts)
        self._output = output
        self._rows = rows_of(table, self._number)
        self.total = min(table.rows, order.limit) if order.limit else table.rows
        return self._number

    def step(self, cells: tuple[str, ...] | None) -> Task | None:
        """Write what came of the last row, where there is one, and read the next.

        None where that was the last. Raises AppError."""
        output = self._output
        assert output is not None
        assert self._table is not None
        if cells is not None:
            assert self._row is not None
            output.append((*self._row.cells, *cells))
        if self._number >= self.total:
            self._output = None
            if self._number >= self._table.rows:
                output.finish()
            else:
                output.close()
            return None
        self._row = next(self._rows)
        self._number += 1
        return self._task_of(self._row)

    def close(self) -> None:
        """The output may be opened again."""
        output, self._output = self._output, None
        if output is not None:
            output.close()

    def _task_of(self, row: Row) -> Task:
        if row.is_odd:
            return Task(row, None, RowTooWide().problem)
        order = self._order
        values = dict(order.values) | dict(values_of(row.cells, self._sources))
        model = order.model.stem
        try:
            made = render_now(order.template, values, language=self._language, model=model)
            if not made.question:
                raise PromptEmpty
            return Task(row, made)
        except AppError as error:
            return Task(row, None, error.problem)
