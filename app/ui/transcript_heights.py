"""Heights of all messages of a conversation: estimated from their text, exact once laid out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.core.entities import Message, Role

# Of a newline, the part that costs a line of its own: others end a line that was nearly full, or
# are the blank line between two paragraphs, which is half as high
NEWLINE_SHARE = 0.45
BUBBLE_SIDES = 80  # pixels of the width that a question's bubble does not use for text


@dataclass(frozen=True, slots=True)
class Measure:
    """What an estimate goes by, in pixels: the column, a character and a line of its text."""

    width: int
    character: float
    line: float
    around_question: int
    around_answer: int


def estimates(messages: Iterable[Message], measure: Measure) -> list[int]:
    """Heights in pixels, right within a third or so: two looks at each text, nothing is parsed."""
    per_line = max(10.0, measure.width / max(measure.character, 1.0))
    per_bubble = max(10.0, (measure.width - BUBBLE_SIDES) / max(measure.character, 1.0))
    line, found = measure.line, []
    for message in messages:
        text = message.content
        if message.role is Role.USER:
            lines = max(1.0, len(text) / per_bubble + text.count("\n") * NEWLINE_SHARE)
            found.append(measure.around_question + int(lines * line))
        else:
            lines = len(text) / per_line + text.count("\n") * NEWLINE_SHARE
            found.append(measure.around_answer + int(lines * line))
    return found


class Heights:
    """Heights one under the other; finding a place and changing a height cost log n steps.

    A Fenwick tree: `_tree[i]` is the sum of the `i & -i` heights that end with number i - 1.
    """

    def __init__(self, heights: Sequence[int] = ()) -> None:
        self._heights = list(heights)
        self._tree = [0, *self._heights]
        for place in range(1, len(self._tree)):
            parent = place + (place & -place)
            if parent < len(self._tree):
                self._tree[parent] += self._tree[place]
        self.total = sum(self._heights)

    def __len__(self) -> int:
        return len(self._heights)

    def __getitem__(self, index: int) -> int:
        return self._heights[index]

    def append(self, height: int) -> None:
        """One more at the end."""
        self._heights.append(height)
        place = len(self._heights)
        begin = place - (place & -place)
        self._tree.append(height + self.above(place - 1) - self.above(begin))
        self.total += height

    def set(self, index: int, height: int) -> None:
        """Number `index` is that high now."""
        change = height - self._heights[index]
        if not change:
            return
        self._heights[index] = height
        self.total += change
        place = index + 1
        while place < len(self._tree):
            self._tree[place] += change
            place += place & -place

    def above(self, index: int) -> int:
        """The sum of all before number `index`."""
        found = 0
        while index > 0:
            found += self._tree[index]
            index -= index & -index
        return found

    def at(self, y: int) -> int:
        """The number of the one at `y`, the first or the last one where `y` is outside."""
        place, left = 0, max(0, y)
        step = 1 << len(self._heights).bit_length()
        while step:
            following = place + step
            if following < len(self._tree) and self._tree[following] <= left:
                place, left = following, left - self._tree[following]
            step >>= 1
        return min(place, max(0, len(self._heights) - 1))

    def around(self, first: int, last: int, page: int, reach: int, count: int) -> tuple[int, int]:
        """The numbers within a `page` above `first` and below `last`.

        Then more on both sides until there are `count` or the next is `reach` away; all in pixels.
        """
        above, below = self.above(first), self.above(last + 1)
        low, high = self.at(above - page), self.at(below + page)
        while high - low + 1 < count:
            can_low = low > 0 and above - self.above(low) < reach
            can_high = high < len(self) - 1 and self.above(high + 1) - below < reach
            if not can_low and not can_high:
                break
            low, high = low - can_low, high + can_high
        return low, high
