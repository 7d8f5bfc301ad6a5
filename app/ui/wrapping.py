"""Where long text may be broken: looking for words is slow where there are none."""

from __future__ import annotations

import re

from PySide6.QtGui import QTextOption

# Qt looks for the end of a word from every line anew: a million letters took two minutes
MAX_WORD = 10_000  # characters
ANYWHERE = QTextOption.WrapMode.WrapAnywhere
# blanks, and the scripts of East Asia, which may be broken anywhere
_BREAKS = re.compile(r"[\s\u2e80-\u9fff\uac00-\ud7ff\uff00-\uffef]+")


def wrap_mode(text: str) -> QTextOption.WrapMode:
    """Between words, or anywhere where a word of `text` is longer than any real one."""
    if len(text) > MAX_WORD and max(map(len, _BREAKS.split(text))) > MAX_WORD:
        return ANYWHERE
    return QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere
