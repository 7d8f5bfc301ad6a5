"""GPT4All's chats: binary files gpt4all-*.chat of the format versions 1 to 13.

Magic F5D553CC and the version, then as QDataStream writes: creation time in seconds, id, name,
name of the user, model, collections (from 3), state of the engine (before 11), and the items: a
prompt or response each with its flags, sources, attachments (from 10) and inner items (from 12).
The layout is that of ChatItem::serialize, Chat::serialize and ChatLLM::deserialize of GPT4All.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from urllib.parse import unquote

from app.core.entities import Role, Status
from app.exchange.qt_stream import QtStream
from app.exchange.reading import MOST_MESSAGES, Bad, decode, moment
from app.exchange.records import Record, derived_id
from app.exchange.tree import File, Node, build

ORIGIN = "GPT4All"
MAGIC = b"\xf5\xd5\x53\xcc"
NEWEST = 13
_DEEPEST = 8
_ROLES = {"Prompt: ": Role.USER, "Response: ": Role.ASSISTANT}


def is_gpt4all(head: bytes) -> bool:
    """Whether a file begins as its chats do."""
    return head.startswith(MAGIC)


def read(data: bytes) -> Record:
    """The conversation. Raises Bad for a damaged file and for a version that is not known."""
    problem: Bad | None = None
    for time_code in ("i", "q"):  # how long it thought: of either width, so see which fits
        try:
            return _Reader(data, time_code).read()
        except Bad as error:
            problem = problem or error
    raise problem or Bad("not read")


class _Reader:
    def __init__(self, data: bytes, time_code: str) -> None:
        self._stream = QtStream(data)
        self._time_code = time_code
        self._version = 0

    def read(self) -> Record:
        stream = self._stream
        if stream.take(4) != MAGIC:
            raise Bad("no chat of GPT4All")
        self._version = stream.number("i")
        if not 1 <= self._version <= NEWEST:
            raise Bad(f"chat format version {self._version}")
        created = moment(stream.number("q"))
        source_id, name = stream.text(), stream.text()
        stream.text()  # what the person is called
        model = stream.text()
        if self._version >= 3:
            stream.texts()
        self._skip_state()
        nodes: list[Node] = []
        for number in range(min(stream.count("i", 8), MOST_MESSAGES)):
            node = self._item(str(number))
            node.parent = nodes[-1].key if nodes else None
            node.model = model if node.role is Role.ASSISTANT else ""
            nodes.append(node)
        if not stream.is_at_end:
            raise Bad("there is more than expected")
        return build(
            ORIGIN,
            derived_id(ORIGIN, source_id or name),
            nodes,
            title=name,
            model=model,
            created_at=created,
        )

    def _skip_state(self) -> None:
        """What the engine had computed, in versions that kept it."""
        stream, version = self._stream, self._version
        if version >= 11:
            return
        has_state = stream.flag() if version >= 6 else True
        if version >= 2:
            stream.take(4)  # the kind of model
            if stream.number("i"):
                raise Bad("an unknown state of the engine")
        stream.text()
        stream.text()
        stream.take(4)
        if not has_state:
            return
        if version < 4:
            stream.take(4)
        stream.take(4)
        if version >= 7:
            stream.take(4)
        if version < 9:
            stream.take(stream.count("Q", 4) * 4)
        stream.take(stream.count("Q", 4) * 4)
        stream.blob()

    def _item(self, key: str) -> Node:
        stream, version = self._stream, self._version
        if version < 12:
            stream.take(4)
        name = stream.text()
        if name not in ("Prompt: ", "Response: ", "System: "):
            raise Bad(f"an item called {name[:20]!r}")
        node = Node(key, None, _ROLES.get(name), stream.text())
        if version < 10:
            stream.text()
        stream.text()  # a better answer that the person wrote
        stream.flag()
        if stream.flag():
            node.status = Status.STOPPED
        stream.take(2)
        if version >= 11 and name == "Response: " and stream.flag():
            node.status = Status.FAILED
        self._skip_sources()
        if version >= 10:
            node.files = self._attachments()
        if version >= 12:
            inner = [self._inner(0) for _ in range(stream.count("q", 8))]
            node.content = "\n\n".join(t for t in (*inner, node.content) if t.strip())
        return node

    def _skip_sources(self) -> None:
        stream = self._stream
        if self._version >= 8:
            for _ in range(stream.count("q", 40)):
                for _text in range(7):
                    stream.text()
                stream.take(12)  # page, first and last line
        elif self._version >= 3:
            stream.text()
            stream.texts()

    def _attachments(self) -> list[File]:
        found = []
        for _ in range(self._stream.count("q", 8)):
            address, content = decode(self._stream.blob()), self._stream.blob()
            name = PurePosixPath(unquote(address)).name or "file"
            is_text = b"\0" not in content[:4096]
            kind = "text/plain" if is_text else "application/octet-stream"
            found.append(File(name, kind, content, decode(content) if is_text else ""))
        return found

    def _inner(self, depth: int) -> str:
        """A part of an answer: text, reasoning, or the call of a tool and what came of it."""
        stream = self._stream
        if depth > _DEEPEST:
            raise Bad("nested too deep")
        name, value = stream.text(), stream.text()
        if name == "ToolCall: ":
            self._skip_tool_call()
        elif name == "Think: ":
            stream.number(self._time_code)
        elif name not in ("Text: ", "Response: ", "ToolResponse: "):
            raise Bad(f"an item called {name[:20]!r}")
        inner = [self._inner(depth + 1) for _ in range(stream.count("q", 8))]
        if name == "ToolResponse: ":
            value = ""  # it is in the call, and was never shown
        elif name in ("Think: ", "ToolCall: ") and value.strip():
            value = (
                f"<think>\n{value.replace('<think>', '').replace('</think>', '').strip()}\n</think>"
            )
        return "\n\n".join(text for text in (*inner, value) if text.strip())

    def _skip_tool_call(self) -> None:
        stream = self._stream
        stream.text()
        for _ in range(stream.count("q", 9)):
            stream.text()
            stream.take(4)
            stream.skip_variant()
        stream.text()
        stream.take(4)
        stream.text()
