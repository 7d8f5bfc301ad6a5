"""Formulas in LaTeX as vector pictures, made on a thread of their own and kept.

ziamath draws them (pure Python, its own font, no program or network). What is nested deeply costs
it exponentially, so each formula has a time limit, after which it stays text.
"""

from __future__ import annotations

import contextlib
import ctypes
import queue
import threading
from collections import OrderedDict
from dataclasses import dataclass

SIZE = 20.0  # pixels to the em that pictures are made at; drawn at any size, they are vectors
LIMIT_S = 1.0
MAX_CHARACTERS = 2_000
MAX_NESTING = 9  # of braces; each level doubles the work
KEPT = 2_000  # pictures, some 10 KB each


@dataclass(frozen=True, slots=True)
class Formula:
    """A picture as SVG, black on nothing, in pixels at `SIZE`; without one it stays text.

    `depth` is what lies below the line that letters stand on.
    """

    svg: str = ""
    width: float = 0.0
    height: float = 0.0
    depth: float = 0.0


class _TooLong(BaseException):
    """The time of a formula is up; raised in the thread that draws it."""


class MathsRenderer:
    """Makes pictures in the background; `lookup` is for the main thread."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, bool], Formula] = OrderedDict()
        self._asked: set[tuple[str, bool]] = set()
        self._waiting: queue.SimpleQueue[tuple[str, bool]] = queue.SimpleQueue()
        self._lock = threading.Lock()  # of what is kept, and of the clock
        self._running = 0  # the number of the formula being drawn, 0 for none
        self._count = 0
        self._thread: threading.Thread | None = None

    def lookup(self, source: str, *, is_display: bool) -> Formula | None:
        """The picture of `source`; None while it is being made, which this call begins."""
        key = (source, is_display)
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
                return found
            if key in self._asked:
                return None
            if not _is_drawable(source):
                return self._keep(key, Formula())
            self._asked.add(key)
        self._waiting.put(key)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="maths", daemon=True)
            self._thread.start()
        return None

    def _keep(self, key: tuple[str, bool], formula: Formula) -> Formula:
        self._kept[key] = formula
        self._asked.discard(key)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return formula

    def _run(self) -> None:
        while True:
            key = self._waiting.get()
            formula = Formula()
            with contextlib.suppress(_TooLong):
                formula = self._within_limit(*key)
            with self._lock:
                self._keep(key, formula)

    def _within_limit(self, source: str, is_display: bool) -> Formula:
        thread_id = threading.get_ident()
        with self._lock:
            self._count += 1
            number = self._running = self._count
        clock = threading.Timer(LIMIT_S, self._end, (thread_id, number))
        clock.daemon = True
        clock.start()
        try:
            return draw(source, is_display=is_display)
        except Exception:  # noqa: BLE001 - whatever the library makes of a model's LaTeX
            return Formula()
        finally:
            with self._lock:
                self._running = 0
            clock.cancel()

    def _end(self, thread_id: int, number: int) -> None:
        with self._lock:
            if self._running == number:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(thread_id), ctypes.py_object(_TooLong)
                )


def draw(source: str, *, is_display: bool) -> Formula:
    """Make the picture now; raises what the library raises, for it knows not all of LaTeX."""
    from ziamath.config import config  # 0.1 s
    from ziamath.zmath import Latex

    config.svg2 = False  # Qt draws SVG Tiny: paths, no symbols
    config.precision = 2
    made = Latex(_known(source), size=SIZE, inline=not is_display)
    bounds = made.node.bbox
    margin = 1.0  # that the library leaves
    width = bounds.xmax - bounds.xmin + 2 * margin
    height = bounds.ymax - bounds.ymin + 2 * margin
    if not (0 < width < 20_000 and 0 < height < 20_000):
        return Formula()
    return Formula(made.svg(), width, height, margin - bounds.ymin)


def _known(source: str) -> str:
    """Spellings the library does not know, as those it does."""
    for theirs, ours in (("\\dfrac", "\\frac"), ("\\tfrac", "\\frac"), ("\\lvert", "|"),
                         ("\\rvert", "|"), ("\\lVert", "\\|"), ("\\rVert", "\\|"),
                         ("\\nonumber", ""), ("\\notag", "")):  # fmt: skip
        source = source.replace(theirs, ours)
    return source


def _is_drawable(source: str) -> bool:
    """Whether it is worth trying: short enough, and not nested beyond reason."""
    if len(source) > MAX_CHARACTERS or "\\tag" in source or "\\includegraphics" in source:
        return False
    depth = deepest = 0
    for sign in source:
        depth += (sign == "{") - (sign == "}")
        deepest = max(deepest, depth)
    nested = max(deepest, source.count("\\left"), source.count("\\begin{") * 2)
    return depth == 0 and deepest <= MAX_NESTING and nested <= MAX_NESTING * 4


_renderer = MathsRenderer()


def renderer() -> MathsRenderer:
    """The one of this process."""
    return _renderer
