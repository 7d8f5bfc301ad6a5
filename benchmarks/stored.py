"""A data folder as a person has it: conversations on disk, one of them open."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from pathlib import Path

from app.core.entities import Status
from app.core.paths import find_paths
from app.storage.database import open_database
from app.storage.history import History, Turn

TURNS = 10
OTHERS = 30  # conversations in the list besides the open one
PROSE = """## Step {n}: shape the loaf

Bread wants **time** more than work. Flour and water alone begin to change after half an hour; the
`salt` goes in later, with wet hands. *Do not* add flour because the dough sticks: it stops sticking
by itself once it has rested, and a wet dough gives the larger holes.

1. Fold the dough from all four sides, turn it over, and wait twenty minutes.
2. Repeat until it holds its shape for as long as it takes to count to ten.
   - in a warm kitchen three times are enough
   - in a cold one it may take five
3. Let it rise to one and a half times its size, not to double.

> A dough that has risen too far falls in the oven; one that has not risen enough tears.

| flour | water | salt |
|---|---|---|
| 500 g | {water} g | 10 g |
"""
CODE = """
Here is the sum as a program:

```python
def water_for(flour: float, hydration: float = 0.{n}7) -> float:
    \"\"\"Grams of water for `flour` grams of flour.\"\"\"
    if flour <= 0:
        raise ValueError("there is no bread without flour")
    return round(flour * hydration, 1)


for flour in (250, 500, 1000):
    print(f"{{flour}} g flour: {{water_for(flour)}} g water")
```
"""


def make_data_folder(folder: Path, model: str) -> Path:
    """Fill `folder` with 30 short conversations and an open one of 20 messages; returns it."""
    paths = find_paths(folder)
    paths.make()
    history = History(open_database(paths.database))
    with contextlib.closing(history):
        for number in range(OTHERS):
            turn = history.begin_turn(None, f"Another question, number {number}", "", model)
            _finish(history, turn, "A short answer.")
        conversation = None
        for number in range(1, TURNS + 1):
            question = f"What comes after step {number}, and how much water do I need for it?"
            turn = history.begin_turn(conversation, question, "", model)
            conversation = turn.conversation.id
            water, digit = 300 + number, number % 10
            _finish(history, turn, PROSE.format(n=number, water=water) + CODE.format(n=digit))
    paths.window_state.write_text(json.dumps({"conversation_id": conversation}), encoding="utf-8")
    return folder


def _finish(history: History, turn: Turn, text: str) -> None:
    history.finish(replace(turn.answer, content=text, status=Status.COMPLETE))
