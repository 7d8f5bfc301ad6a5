"""ChatGPT's data export: conversations.json, a list of trees, perhaps in a .zip with its images.

A conversation has `mapping` (id -> node with message, parent, children) and `current_node`. A
message's content is of a type: text and multimodal_text have `parts`, code and execution_output
`text`, thoughts a list of summaries. OpenAI documents none of it; this is what exports hold.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from app.core.entities import Role, Status
from app.exchange.pictures import picture_type
from app.exchange.reading import flag, items, mapping, moment, text_of
from app.exchange.records import Record, derived_id
from app.exchange.tree import File, Node, build

ORIGIN = "ChatGPT"
_CITATION = re.compile(r"[\ue200-\ue20f][^\ue201]{0,200}\ue201|【\d+†[^】]{0,100}】")
_POINTER = re.compile(r"(?:sediment|file-service)://([A-Za-z0-9_-]+)")
Assets = Callable[[str], tuple[str, bytes] | None]  # the id of a file -> its name and bytes


def is_chatgpt(value: Mapping[str, Any]) -> bool:
    """Whether it looks like one of its conversations."""
    return isinstance(value.get("mapping"), dict)


def read(value: Mapping[str, Any], assets: Assets) -> Record:
    """The conversation. Raises Bad."""
    nodes: list[Node] = []
    system: list[str] = []
    for key, raw in mapping(value.get("mapping")).items():
        entry = mapping(raw)
        message = mapping(entry.get("message"))
        nodes.append(_node(key, entry, message, assets))
        if instructions := _instructions(message):
            system.append(instructions)
    source_id = text_of(value.get("conversation_id")) or text_of(value.get("id"))
    title = text_of(value.get("title"))
    identity = source_id or f"{title}\0{value.get('create_time')}"
    model = text_of(value.get("default_model_slug"))
    return build(
        ORIGIN,
        derived_id(ORIGIN, identity),
        nodes,
        head=text_of(value.get("current_node")) or None,
        title=title,
        system_prompt="\n\n".join(dict.fromkeys(system)),
        model="" if model == "auto" else model,
        created_at=moment(value.get("create_time")),
        updated_at=moment(value.get("update_time")),
    )


def _node(key: str, entry: Mapping[str, Any], message: Mapping[str, Any], assets: Assets) -> Node:
    content, metadata = mapping(message.get("content")), mapping(message.get("metadata"))
    author = mapping(message.get("author")).get("role")
    kind = text_of(content.get("content_type"))
    node = Node(key, text_of(entry.get("parent")) or None, None, "")
    node.created_at = moment(message.get("create_time"))
    if flag(metadata.get("is_visually_hidden_from_conversation")):
        return node
    node.model = text_of(metadata.get("model_slug"))
    if text_of(message.get("status")) == "in_progress":
        node.status = Status.INTERRUPTED
    node.files = _images(content, assets)
    if author == "tool":
        # what a tool drew is shown; what it said to the model was never shown
        node.role = Role.ASSISTANT if node.files else None
    elif author in ("user", "assistant") and kind not in (
        "user_editable_context",
        "model_editable_context",
    ):
        node.role = Role(author)
        node.content = _words(kind, content, is_call=_is_call(message))
    return node


def _is_call(message: Mapping[str, Any]) -> bool:
    recipient = text_of(message.get("recipient"))
    return bool(recipient) and recipient != "all"


def _words(kind: str, content: Mapping[str, Any], *, is_call: bool) -> str:
    if kind == "thoughts":
        return _thoughts(content)
    if kind == "reasoning_recap":
        return ""
    parts = [
        part if isinstance(part, str) else _spoken(part) for part in items(content.get("parts"))
    ]
    text = "\n".join(part for part in parts if part) or text_of(content.get("text"))
    if is_call or kind in ("code", "execution_output"):
        language = text_of(content.get("language"))
        language = language if language.isalnum() and language != "unknown" else ""
        body = text.replace("</think>", "").strip()
        return f"<think>\n````{language}\n{body}\n````\n</think>" if body else ""
    return _CITATION.sub("", text).strip()


def _spoken(part: object) -> str:
    """What was said in voice mode."""
    about = mapping(part)
    return text_of(about.get("text")) if about.get("content_type") == "audio_transcription" else ""


def _thoughts(content: Mapping[str, Any]) -> str:
    found = []
    for raw in items(content.get("thoughts")):
        thought = mapping(raw)
        summary, text = text_of(thought.get("summary")), text_of(thought.get("content"))
        found += [f"**{summary}**"] if summary.strip() else []
        found += [text] if text.strip() else []
    body = "\n\n".join(found).replace("</think>", "")
    return f"<think>\n{body}\n</think>" if body else ""


def _images(content: Mapping[str, Any], assets: Assets) -> list[File]:
    found = []
    for raw in items(content.get("parts")):
        pointer = _POINTER.match(text_of(mapping(raw).get("asset_pointer")))
        asset = assets(pointer[1]) if pointer else None
        if asset is not None and (kind := picture_type(asset[1])):
            found.append(File(asset[0], kind, asset[1]))
    return found


def _instructions(message: Mapping[str, Any]) -> str:
    """What the person had set for all conversations, where it is in the file."""
    content = mapping(message.get("content"))
    if content.get("content_type") != "user_editable_context":
        return ""
    names = ("user_profile", "user_instructions")
    return "\n\n".join(text for name in names if (text := text_of(content.get(name)).strip()))
