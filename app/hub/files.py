"""The files of a repository: which ones are models, which belong together, whose names are safe."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath

from app.core.hub_errors import UnsafeName
from app.core.models_entities import RemoteFile, Variant

LONGEST_PART, LONGEST_PATH = 200, 500  # what every file system of ours can hold
MOST_PARTS = 10  # folders in folders
MOST_SPLITS = 999

_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|clock\$|(com|lpt)[0-9¹²³])(\..*)?", re.I)
_FORBIDDEN = re.compile(
    r'[<>:"\\|?*\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]'
)
_SPLIT = re.compile(r"(?P<base>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})\.gguf", re.I)
_LABEL = re.compile(
    r"(?<![A-Za-z0-9])"
    r"((?:UD-)?(?:I?Q\d(?:_(?:\d|K|NL|X{0,2}[SL]|M|R\d))*|TQ\d_\d|MXFP4(?:_MOE)?|NVFP4|BF16|FP?16|FP?32))"
    r"(?![A-Za-z0-9])",
    re.I,
)
# from the one that is best for most people to the ones for want of room
_PREFERRED = (
    *("Q4_K_M", "UD-Q4_K_XL", "Q4_K_L", "Q4_K_XL", "Q5_K_M", "UD-Q5_K_XL", "Q5_K_S", "Q6_K"),
    *("UD-Q6_K_XL", "Q8_0", "UD-Q8_K_XL", "MXFP4", "MXFP4_MOE", "Q4_K_S", "IQ4_NL", "IQ4_XS"),
    *("Q5_1", "Q5_0", "Q4_1", "Q4_0", "Q3_K_L", "UD-Q3_K_XL", "Q3_K_M", "IQ3_M", "Q3_K_S"),
    *("IQ3_S", "IQ3_XS", "IQ3_XXS", "UD-Q2_K_XL", "Q2_K_L", "Q2_K", "IQ2_M", "IQ2_S", "IQ2_XS"),
    *("Q2_K_S", "IQ2_XXS", "IQ1_M", "IQ1_S"),
)
_FULL = ("BF16", "F16", "F32")  # larger than anyone needs for an answer


def safe_relative_path(path: str, repo: str = "") -> PurePosixPath:
    """`path` if it stays below a folder and can be written on every system.

    Raises UnsafeName for anything else: upwards or absolute paths, drives, names that Windows
    keeps for itself or shortens, characters that cannot be seen, names that are too long.
    """
    parts = path.split("/")
    is_safe = len(parts) <= MOST_PARTS and len(path.encode("utf-8", "replace")) <= LONGEST_PATH
    if not (is_safe and all(_is_safe_part(part) for part in parts)):
        shown = "".join(c if c.isprintable() else "?" for c in path[:LONGEST_PATH])
        raise UnsafeName(ascii(path[:LONGEST_PATH]), repo=repo or "?", file=shown)
    return PurePosixPath(path)


def _is_safe_part(part: str) -> bool:
    if part in ("", ".", "..") or part != part.strip(" ") or part.endswith("."):
        return False
    try:
        is_short = len(part.encode()) <= LONGEST_PART
    except UnicodeEncodeError:  # half of a surrogate pair: no file system takes it
        return False
    return is_short and not _FORBIDDEN.search(part) and not _RESERVED.fullmatch(part)


def is_safe(path: str) -> bool:
    """Whether `safe_relative_path` lets it pass."""
    try:
        safe_relative_path(path)
    except UnsafeName:
        return False
    return True


def quantization_of(path: str) -> str:
    """The label in a file's name, else in its folder's, as llama.cpp writes it; or empty."""
    for part in reversed(PurePosixPath(path).parts):
        if found := _LABEL.findall(part.removesuffix(".gguf")):
            return str(found[-1]).upper().replace("FP16", "F16").replace("FP32", "F32")
    return ""


def group(
    files: Sequence[RemoteFile],
) -> tuple[tuple[Variant, ...], tuple[RemoteFile, ...]]:
    """The models among `files`, smallest first, and the projectors (mmproj).

    The parts of a split model are one variant, in order. Names are unique: where two files have
    the same quantization, both are called by their file's name.
    """
    models, projectors = [], []
    for file in files:
        name = PurePosixPath(file.path).name.lower()
        if not name.endswith(".gguf") or file.size_bytes <= 0:
            continue
        if "mmproj" in name:
            projectors.append(file)
        elif "imatrix" not in name or quantization_of(name):
            models.append(file)
    variants = sorted(
        _named(_joined(models)), key=lambda variant: (variant.size_bytes, variant.name)
    )
    projectors.sort(key=lambda file: (file.size_bytes, file.path))
    return tuple(variants), tuple(projectors)


def _joined(models: Sequence[RemoteFile]) -> list[Variant]:
    """One variant a file, or a set of parts; named by quantization, not yet unique."""
    whole: list[Variant] = []
    parts: defaultdict[tuple[str, int], dict[int, RemoteFile]] = defaultdict(dict)
    for file in models:
        match = _SPLIT.fullmatch(file.path)
        if match is None:
            whole.append(Variant(quantization_of(file.path) or _stem(file), (file,)))
            continue
        parts[match["base"], int(match["count"])][int(match["number"])] = file
    for (base, count), found in parts.items():
        listed = tuple(found[number] for number in sorted(found))
        is_complete = count <= MOST_SPLITS and sorted(found) == list(range(1, count + 1))
        whole.append(Variant(quantization_of(base) or _stem(listed[0]), listed, is_complete))
    return whole


def _named(variants: Sequence[Variant]) -> list[Variant]:
    """The same with names that no two share."""
    for longer in (_stem, _path):
        count = Counter(variant.name for variant in variants)
        variants = [
            variant
            if count[variant.name] == 1
            else Variant(longer(variant.files[0]), variant.files, variant.is_complete)
            for variant in variants
        ]
    return list(variants)


def _path(file: RemoteFile) -> str:
    return file.path


def _stem(file: RemoteFile) -> str:
    """The file's name without ending and part number."""
    name = PurePosixPath(file.path).name
    match = _SPLIT.fullmatch(name)
    return match["base"] if match else name[: -len(".gguf")]


def recommended(variants: Sequence[Variant], fits: Callable[[Variant], bool]) -> Variant | None:
    """What most people should take of those that are complete and fit; None if there is none.

    Q4_K_M if it fits; else by a fixed order of quality for its size, labels not known after
    those (the largest first), full precision last.
    """
    fitting = [variant for variant in variants if variant.is_complete and fits(variant)]
    return min(fitting, key=_rank, default=None)


def _rank(variant: Variant) -> tuple[int, int]:
    label = quantization_of(variant.files[0].path)
    if label in _PREFERRED:
        return _PREFERRED.index(label), variant.size_bytes
    return len(_PREFERRED) + (label in _FULL), -variant.size_bytes
