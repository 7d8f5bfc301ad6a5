"""The run over a table that is not over, kept so that the window can go on with it another day."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.core.prompt_documents import BadDocument, template_document, template_from
from app.services.batch_rows import GREEDY, BatchOrder


def save_order(path: Path, order: BatchOrder, title: str) -> None:
    """Keep it; `title` is what the prompt is called. On the lane for the disk. Raises OSError."""
    document = {
        "title": title,
        "input": str(order.input),
        "output": str(order.output),
        "model": str(order.model),
        "template": template_document(order.template),
        "mapping": dict(order.mapping),
        "values": dict(order.values),
        "schema": order.schema,
        "column": order.column,
        "max_tokens": order.sampling.max_tokens,
    }
    part = path.with_name(f"{path.name}.part")
    part.write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")
    part.replace(path)


def load_order(path: Path) -> tuple[BatchOrder, str] | None:
    """What was kept, with the prompt's title; None where there is nothing to go on with."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        order = _order_from(kept)
        title = str(kept.get("title", ""))
        # without its output, or after that was finished by someone else, it is over
        note = order.output.with_name(f"{order.output.name}.batch.json")
        is_open = order.output.is_file() and note.is_file() and order.input.is_file()
    except (OSError, ValueError, TypeError, KeyError, AttributeError, BadDocument):
        return None
    return (order, title) if is_open else None


def forget_order(path: Path) -> None:
    """It is over, or the person wants no more of it; what was answered stays."""
    path.unlink(missing_ok=True)


def _order_from(kept: dict[str, Any]) -> BatchOrder:
    return BatchOrder(
        input=Path(kept["input"]),
        output=Path(kept["output"]),
        model=Path(kept["model"]),
        template=template_from(kept["template"], is_question_needed=False),
        mapping=_pairs(kept["mapping"]),
        values=_pairs(kept["values"]),
        schema=str(kept["schema"]),
        column=str(kept["column"]),
        sampling=replace(GREEDY, max_tokens=int(kept["max_tokens"])),
    )


def _pairs(found: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((str(name), str(value)) for name, value in found.items())
