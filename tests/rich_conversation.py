"""A stored conversation with everything that a message can have, for tests of the whole window."""

from __future__ import annotations

from dataclasses import replace

from app.core.entities import ConversationId, Statistics, Status
from app.core.paths import Paths
from app.storage.storage import open_storage

ANSWER = """<think>Is it long? Not very.</think>

# A title

Some **bold** text with [a link](https://example.org) and $x^2$.

- [x] done
- one

```python
def f():
    return 1
```

| a | b |
|---|---|
| 1 | 2 |

$$
\\int_0^1 x\\,dx
$$

```sh
ls
```
"""


def store_conversation(paths: Paths) -> ConversationId:
    """Two questions with two versions of each answer; beside it another one in the bin."""
    storage = open_storage(paths.database)
    history = storage.history
    note = storage.attachments.add("notes.txt", "text/plain", b"hello", "hello")
    first = history.begin_turn(None, "What is it?", "", "m", attachments=[note.id])
    history.finish(replace(first.answer, content=ANSWER, status=Status.COMPLETE))
    again = history.begin_answer(first.question, "m")
    figures = Statistics(prompt_tokens=10, completion_tokens=20, thinking_s=12.0)
    history.finish(
        replace(again, content=ANSWER + "\nMore.", status=Status.COMPLETE, statistics=figures)
    )
    second = history.begin_turn(first.conversation.id, "And then?", "", "m")
    history.finish(replace(second.answer, content=ANSWER, status=Status.COMPLETE))
    again = history.begin_answer(second.question, "m")
    history.finish(replace(again, content=ANSWER + "\nMore.", status=Status.CUT_OFF))
    other = history.begin_turn(None, "Something else", "", "m")
    history.finish(replace(other.answer, content="Yes.", status=Status.COMPLETE))
    storage.organiser.add_folder("Work")
    storage.organiser.tag([first.conversation.id], "physics")
    storage.bin.delete([other.conversation.id])
    storage.close()
    return first.conversation.id
