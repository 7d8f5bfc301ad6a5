"""Jan's threads: a folder each with thread.json and, line by line, messages.jsonl.

Both follow OpenAI's objects `thread` and `thread.message`: `content` is a list of parts, of which
text has `text.value` and image_url an address, here one that holds the picture itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

from app.core.entities import Role
from app.exchange.pictures import ending_of, from_data_uri
from app.exchange.reading import items, mapping, moment, text_of
from app.exchange.records import Record, derived_id
from app.exchange.tree import File, Node, build

ORIGIN = "Jan"
MESSAGES = "messages.jsonl"


def is_jan(value: Mapping[str, Any]) -> bool:
    """Whether it looks like one of its thread.json."""
    return value.get("object") == "thread" and "assistants" in value


def read(value: Mapping[str, Any], messages: Iterable[object]) -> Record:
    """The conversation of a thread and its messages, in whatever order those are. Raises Bad."""
    nodes = []
    for number, raw in enumerate(messages):
        message = mapping(raw)
        role = message.get("role")
        nodes.append(
            Node(
                text_of(message.get("id")) or str(number),
                None,
                Role(role) if role in ("user", "assistant") else None,
                _words(message),
                moment(message.get("created_at")),
                text_of(mapping(message.get("metadata")).get("modelId")),
                files=_files(message),
            )
        )
    if all(node.created_at for node in nodes):
        nodes.sort(key=lambda node: node.created_at.timestamp() if node.created_at else 0)
    for before, node in pairwise(nodes):
        node.parent = before.key
    assistant = mapping(next(iter(items(value.get("assistants"))), {}))
    settings = mapping(value.get("metadata"))
    return build(
        ORIGIN,
        derived_id(ORIGIN, text_of(value.get("id")) or text_of(value.get("title"))),
        nodes,
        title=text_of(value.get("title")) or text_of(settings.get("title")),
        system_prompt=text_of(assistant.get("instructions")),
        model=text_of(mapping(assistant.get("model")).get("id"))
        or text_of(mapping(value.get("model")).get("id")),
        created_at=moment(value.get("created")),
        updated_at=moment(value.get("updated")),
    )


def _words(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, str):
        return content
    found = []
    for raw in items(content):
        part = mapping(raw)
        text = part.get("text")
        words = text if isinstance(text, str) else text_of(mapping(text).get("value"))
        if part.get("type") == "reasoning" and words.strip():
            found.append(f"<think>\n{words.strip()}\n</think>")
        elif part.get("type") == "text":
            found.append(words)
    return "\n\n".join(words for words in found if words.strip())


def _files(message: Mapping[str, Any]) -> list[File]:
    found: list[File] = []
    for raw in items(message.get("content")):
        address = text_of(mapping(mapping(raw).get("image_url")).get("url"))
        picture = from_data_uri(address) if address.startswith("data:") else None
        if picture is not None:
            name = f"image-{len(found) + 1}{ending_of(picture[0])}"
            found.append(File(name, picture[0], picture[1]))
    return found
