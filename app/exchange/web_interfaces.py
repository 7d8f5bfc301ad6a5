"""What the web pages of Open WebUI and of llama.cpp's server export: both JSON, both trees.

Open WebUI: `chat.history.messages` (id -> message with parentId) and `chat.history.currentId`,
in older ones a plain list `chat.messages`. llama.cpp: `conv` with `currNode`, and `messages` with
`parent`; one of type root says nothing.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Any

from app.core.entities import Role
from app.exchange.pictures import ending_of, from_data_uri
from app.exchange.reading import items, mapping, moment, text_of
from app.exchange.records import Record, derived_id
from app.exchange.tree import File, Node, build

OPEN_WEBUI, LLAMA_CPP = "Open WebUI", "llama.cpp"
_DETAILS = re.compile(
    r'<details type="reasoning"[^>]*>\s*(?:<summary>.*?</summary>)?(.*?)</details>', re.DOTALL
)
_QUOTED = re.compile(r"^> ?", re.MULTILINE)


def is_open_webui(value: Mapping[str, Any]) -> bool:
    """Whether it looks like a chat of Open WebUI."""
    chat = mapping(value.get("chat"))
    return isinstance(chat.get("history"), dict) or isinstance(chat.get("messages"), list)


def is_llama_cpp(value: Mapping[str, Any]) -> bool:
    """Whether it looks like a conversation of llama.cpp's page."""
    return isinstance(value.get("conv"), dict) and isinstance(value.get("messages"), list)


def read_open_webui(value: Mapping[str, Any]) -> Record:
    """The conversation. Raises Bad."""
    chat = mapping(value.get("chat"))
    history = mapping(chat.get("history"))
    entries = [mapping(entry) for entry in mapping(history.get("messages")).values()]
    is_list = not entries
    if is_list:
        entries = [mapping(entry) for entry in items(chat.get("messages"))]
    nodes: list[Node] = []
    for number, entry in enumerate(entries):
        parent = text_of(entry.get("parentId")) or None
        if is_list:
            parent = nodes[-1].key if nodes else None
        node = Node(text_of(entry.get("id")) or str(number), parent, _role(entry), "")
        node.content = _with_thoughts(text_of(entry.get("content")))
        node.created_at = moment(entry.get("timestamp"))
        node.model = text_of(entry.get("model")) if node.role is Role.ASSISTANT else ""
        node.files = _open_webui_files(entry)
        nodes.append(node)
    title = text_of(value.get("title")) or text_of(chat.get("title"))
    identity = text_of(value.get("id")) or text_of(chat.get("id")) or title
    return build(
        OPEN_WEBUI,
        derived_id(OPEN_WEBUI, identity),
        nodes,
        head=text_of(history.get("currentId")) or None,
        title=title,
        system_prompt=text_of(chat.get("system"))
        or text_of(mapping(chat.get("params")).get("system")),
        model=text_of(next(iter(items(chat.get("models"))), "")),
        created_at=moment(value.get("created_at")) or moment(chat.get("timestamp")),
        updated_at=moment(value.get("updated_at")),
        is_merging=False,
    )


def read_llama_cpp(value: Mapping[str, Any]) -> Record:
    """The conversation. Raises Bad."""
    about = mapping(value.get("conv"))
    nodes, system = [], ""
    for number, raw in enumerate(items(value.get("messages"))):
        entry = mapping(raw)
        node = Node(
            text_of(entry.get("id")) or str(number), text_of(entry.get("parent")) or None, None, ""
        )
        if entry.get("type") != "root":
            node.role = _role(entry)
            if entry.get("role") == "system":
                system = system or text_of(entry.get("content"))
        thought = text_of(entry.get("reasoningContent")) or text_of(entry.get("thinking"))
        node.content = text_of(entry.get("content"))
        if thought.strip():
            thought = thought.replace("</think>", "").strip()
            node.content = f"<think>\n{thought}\n</think>\n\n{node.content}"
        node.created_at = moment(entry.get("timestamp"))
        node.model = text_of(entry.get("model"))
        node.files = _llama_cpp_files(entry)
        nodes.append(node)
    return build(
        LLAMA_CPP,
        derived_id(LLAMA_CPP, text_of(about.get("id")) or text_of(about.get("name"))),
        nodes,
        head=text_of(about.get("currNode")) or None,
        title=text_of(about.get("name")),
        system_prompt=system,
        updated_at=moment(about.get("lastModified")),
    )


def _role(entry: Mapping[str, Any]) -> Role | None:
    role = entry.get("role")
    return Role(role) if role in ("user", "assistant") else None


def _with_thoughts(text: str) -> str:
    """Open WebUI keeps reasoning as a folded quotation in HTML."""

    def thought(match: re.Match[str]) -> str:
        thoughts = html.unescape(_QUOTED.sub("", match[1].strip())).replace("</think>", "")
        return f"<think>\n{thoughts}\n</think>\n\n"

    return _DETAILS.sub(thought, text).strip() if "<details" in text else text


def _open_webui_files(entry: Mapping[str, Any]) -> list[File]:
    found: list[File] = []
    for raw in items(entry.get("files")):
        about = mapping(raw)
        address = text_of(about.get("url"))
        if address.startswith("data:") and (picture := from_data_uri(address)) is not None:
            name = text_of(about.get("name")) or f"image-{len(found) + 1}{ending_of(picture[0])}"
            found.append(File(name, picture[0], picture[1]))
    return found


def _llama_cpp_files(entry: Mapping[str, Any]) -> list[File]:
    found = []
    for raw in items(entry.get("extra")):
        about = mapping(raw)
        name, text = text_of(about.get("name")), text_of(about.get("content"))
        kind = text_of(about.get("type"))
        if kind in ("imageFile", "IMAGE"):
            picture = from_data_uri(text_of(about.get("base64Url")))
            if picture is not None:
                found.append(File(name or f"image{ending_of(picture[0])}", *picture))
        elif kind in ("textFile", "TEXT", "context") and text:
            found.append(
                File(name or "text.txt", "text/plain", text.encode("utf-8", "replace"), text)
            )
    return found
