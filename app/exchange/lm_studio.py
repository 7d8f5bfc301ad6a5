"""LM Studio's conversations: a file each, messages with versions, answers in steps.

`messages[].versions[currentlySelected]` is what is shown. A version of type singleStep has
`content`, one of type multiStep `steps`, of which contentBlock holds `content`, and `style.type`
"thinking" marks reasoning. The other versions are other answers to, or wordings of, the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from app.core.entities import Role, Status
from app.exchange.pictures import picture_type
from app.exchange.reading import items, mapping, moment, text_of, whole_number
from app.exchange.records import Record, derived_id
from app.exchange.tree import File, Node, build

ORIGIN = "LM Studio"
Files = Callable[[str], bytes | None]  # the name of a file of the person's -> its bytes


def is_lm_studio(value: Mapping[str, Any]) -> bool:
    """Whether it looks like one of its conversations."""
    messages = items(value.get("messages"))
    if messages:
        return isinstance(mapping(messages[0]).get("versions"), list)
    return "lastUsedModel" in value or "perChatPredictionConfig" in value


def read(value: Mapping[str, Any], files: Files, name: str = "") -> Record:
    """The conversation; `name` is its file's, the one id it has. Raises Bad."""
    nodes: list[Node] = []
    parent: str | None = None
    for number, raw in enumerate(items(value.get("messages"))):
        message = mapping(raw)
        versions = items(message.get("versions"))
        chosen = whole_number(message.get("currentlySelected"))
        chosen = chosen if 0 <= chosen < len(versions) else 0
        made = [
            _node(f"{number}.{place}", parent, mapping(version), files)
            for place, version in enumerate(versions)
        ]
        nodes += made
        if made:
            parent = made[chosen].key  # what follows was said after the version on show
    model = mapping(value.get("lastUsedModel"))
    created = moment(value.get("createdAt"))
    identity = name or f"{value.get('name')}\0{value.get('createdAt')}"
    return build(
        ORIGIN,
        derived_id(ORIGIN, identity),
        nodes,
        head=parent,
        title=text_of(value.get("name")),
        system_prompt=_system_prompt(value),
        model=text_of(model.get("identifier")) or text_of(model.get("indexedModelIdentifier")),
        created_at=created,
        updated_at=moment(value.get("assistantLastMessagedAt"))
        or moment(value.get("userLastMessagedAt")),
    )


def _node(key: str, parent: str | None, version: Mapping[str, Any], files: Files) -> Node:
    role = version.get("role")
    node = Node(key, parent, Role(role) if role in ("user", "assistant") else None, "")
    blocks = [mapping(step) for step in items(version.get("steps"))]
    if not blocks:
        blocks = [dict(version)]
    pieces = []
    for block in blocks:
        if text_of(block.get("type")) not in ("contentBlock", "singleStep", ""):
            continue  # calls of tools, notes on loading
        pieces.append(_words(block))
        node.files += _files(block, files)
        information = mapping(block.get("genInfo"))
        node.model = text_of(information.get("identifier")) or node.model
        reason = text_of(mapping(information.get("stats")).get("stopReason"))
        if reason == "userStopped":
            node.status = Status.STOPPED
        elif reason in ("contextLengthReached", "maxPredictedTokensReached"):
            node.status = Status.CUT_OFF
    node.content = "\n\n".join(piece for piece in pieces if piece.strip())
    return node


def _words(block: Mapping[str, Any]) -> str:
    content = block.get("content")
    if isinstance(content, str):
        text = content
    else:
        parts = [mapping(part) for part in items(content)]
        text = "".join(text_of(part.get("text")) for part in parts if part.get("type") == "text")
    if mapping(block.get("style")).get("type") == "thinking" and text.strip():
        for marker in ("<think>", "</think>"):
            text = text.replace(marker, "")
        return f"<think>\n{text.strip()}\n</think>"
    return text.strip()


def _files(block: Mapping[str, Any], files: Files) -> list[File]:
    found = []
    for raw in items(block.get("content")):
        part = mapping(raw)
        name = text_of(part.get("fileIdentifier"))
        data = files(name) if name and part.get("type") == "file" else None
        if data is not None and (kind := picture_type(data)):
            found.append(File(name, kind, data))
    return found


def _system_prompt(value: Mapping[str, Any]) -> str:
    if text := text_of(value.get("systemPrompt")):
        return text
    settings = mapping(value.get("perChatPredictionConfig"))
    for raw in items(settings.get("fields")):
        if mapping(raw).get("key") == "llm.prediction.systemPrompt":
            return text_of(mapping(raw).get("value"))
    return ""
