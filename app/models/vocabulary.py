"""The special tokens of a model's vocabulary, from its file, and which of them end an answer.

As llama.cpp finds them: llama-vocab.cpp, `impl::load` ("auto-detect special tokens by text",
"maintain a list of tokens that cause end-of-generation"). The file is untrusted.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from pathlib import Path

from app.core.errors import ModelFileDamaged, ModelFileMissing, ModelFileNotReadable, NotAModel
from app.core.templates import Vocabulary
from app.models.gguf import ARRAY, MAGIC, STRING, Damaged, Reader, Short, read_counts

MOST_TOKEN = 1024  # bytes of a special token
MOST_SPECIALS = 20_000
CONTROL, USER_DEFINED = 3, 4  # llama.h, llama_token_type
HEAD = 12  # bytes before an array's first value: the kind and the count
_ARRAYS = ("tokenizer.ggml.token_type", "tokenizer.ggml.tokens")
_ENDS = (
    "<|eot_id|>", "<|im_end|>", "<|end|>", "<|return|>", "<|call|>", "<|flush|>", "<|calls|>",
    "<end_of_turn>", "<|endoftext|>", "</s>", "<|eom_id|>", "<EOT>", "_<EOT>", "[EOT]", "[EOS]",
    "<|end_of_text|>", "<end_of_utterance>", "<eos>", "<turn|>", "<|tool_response>",
    "<｜end▁of▁sentence｜>", "[e~[",
)  # fmt: skip
# tokens for code, at which an answer ends too; the first of a row that there is
_CODE = {
    "fim_pad": ("<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]"),
    "fim_rep": ("<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<REPO>", "<reponame>"),
    "fim_sep": ("<|file_sep|>",),
}
_BY_TEXT = {text.encode() for text in (*_ENDS, "<|plamo:eos|>", *sum(_CODE.values(), ()))}
# tokenizer.ggml.model -> the tokens that begin and end a text, where the file does not say
_DEFAULTS = {"llama": (1, 2), "bert": (101, -1), "gpt2": (11, 11), "t5": (-1, 1), "plamo2": (1, 2)}
_ADDS_BOS = ("llama", "bert", "gemma4")
_PRE_ADDS_BOS = (
    "llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2",
    "jina-v5-nano", "tekken", "chameleon",
)  # fmt: skip
_PRE_WITHOUT_BOS = ("chatglm-bpe", "glm4", "glm5")


@dataclass
class _Found:
    """What the header has about tokens: its own values, the texts of all that can matter."""

    values: dict[str, object]
    tokens: dict[int, str]
    specials: set[int]

    def text(self, key: str, default: int = -1) -> str:
        """The text of the token that a key names; empty where there is none."""
        value = self.values.get(f"tokenizer.ggml.{key}_token_id", default)
        return self.tokens.get(value, "") if isinstance(value, int) else ""

    def word(self, key: str, place: str = "tokenizer.ggml") -> str:
        """A text of the header."""
        value = self.values.get(f"{place}.{key}")
        return value if isinstance(value, str) else ""


def read_vocabulary(path: Path) -> Vocabulary:
    """What chat templates have to do with. Raises a ModelError if the file cannot be read; without
    a list of tokens `is_known` is false."""
    return read_template(path)[1]


def read_template(path: Path) -> tuple[str | None, Vocabulary]:
    """The chat template of the file, if it has one, and its vocabulary. Raises a ModelError."""
    try:
        with path.open("rb") as file:
            if file.read(4) != MAGIC:
                raise NotAModel(name=path.name)
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                found = _read(data)
        template = found.word("chat_template", "tokenizer")
        return (template if template.strip() else None), _vocabulary(found)
    except FileNotFoundError as error:
        raise ModelFileMissing(path=path) from error
    except PermissionError as error:
        raise ModelFileNotReadable(path=path) from error
    except (Damaged, Short, struct.error, OSError, ValueError) as error:
        raise ModelFileDamaged(str(error), name=path.name) from error


def _read(data: mmap.mmap) -> _Found:
    reader = Reader(data)
    _, keys = read_counts(reader)
    values: dict[str, object] = {}
    arrays: dict[str, tuple[int, int]] = {}
    for _ in range(keys):
        key = reader.text()
        kind = reader.number("<I")
        begin = reader.position
        values[key] = reader.value(kind)
        if kind == ARRAY and key in _ARRAYS:
            arrays[key] = (begin, reader.position)
    kinds, tokens = (data[slice(*arrays[key])] if key in arrays else b"" for key in _ARRAYS)
    specials = _specials(kinds)
    ids = {v for k, v in values.items() if k.endswith("_token_id") and isinstance(v, int)}
    ids.update(number for pair in _DEFAULTS.values() for number in pair)
    return _Found(values, _texts(tokens, specials | ids), specials)


def _specials(array: bytes) -> set[int]:
    """The tokens that are not plain text, of the list of kinds; none where there is no list."""
    if len(array) < HEAD or array[:4] not in (b"\x04\0\0\0", b"\x05\0\0\0"):
        return set()
    kinds = struct.unpack(f"<{(len(array) - HEAD) // 4}i", array[HEAD:])
    found = [at for at, kind in enumerate(kinds) if kind in (CONTROL, USER_DEFINED)]
    return set(found[:MOST_SPECIALS])


def _texts(array: bytes, wanted: set[int]) -> dict[int, str]:
    """The texts of the wanted tokens, and of those that llama.cpp knows by their text. The lengths
    were checked when the array was read over."""
    if len(array) < HEAD or array[:4] != STRING.to_bytes(4, "little"):
        return {}
    found, position, length_at = {}, HEAD, struct.Struct("<Q").unpack_from
    lengths = {len(text) for text in _BY_TEXT}
    for number in range(int.from_bytes(array[4:HEAD], "little")):
        length = length_at(array, position)[0]
        position += 8 + length
        if number in wanted or length in lengths:
            raw = array[position - length : position]
            if length <= MOST_TOKEN and (number in wanted or raw in _BY_TEXT):
                found[number] = raw.decode("utf-8", "replace")
    return found


def _vocabulary(found: _Found) -> Vocabulary:
    model, pre = found.word("model"), found.word("pre")
    first, last = _DEFAULTS.get(model, (-1, -1))
    bos = "" if pre in _PRE_WITHOUT_BOS else found.text("bos", first)
    eos = found.text("eos", last)
    adds = found.values.get("tokenizer.ggml.add_bos_token")
    adds_bos = adds if isinstance(adds, bool) else model in _ADDS_BOS or pre in _PRE_ADDS_BOS
    ends = _ends(found, eos)
    specials = {found.tokens[number] for number in found.specials if number in found.tokens}
    return Vocabulary(
        bos=bos,
        eos=eos,
        adds_bos=(adds_bos or model == "gemma4") and bool(bos),
        ends=frozenset(ends),
        specials=frozenset(specials | ends | {bos, eos}) - {""},
        is_known=bool(found.tokens),
    )


def _ends(found: _Found, eos: str) -> set[str]:
    there = set(found.tokens.values())
    ends = {text for text in _ENDS if text in there}
    ends |= {eos, found.text("eot"), found.text("eom")}
    for key, texts in _CODE.items():
        named = found.text(key)
        ends.add(named or next((text for text in texts if text in there), ""))
    # a model of several channels ends only one of them with <|end|>
    calls = {"<|call|>", "<|calls|>"} & ends
    if calls and ends & {"<|return|>", "<|flush|>"}:
        ends.discard("<|end|>")
    if ends & {"<|tool_response>", "<|plamo:eos|>"}:
        ends.discard("</s>")  # text like any other there
    return ends - {""}
