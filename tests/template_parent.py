"""A process that has a template process of its own; tests end it in the middle of a call."""

from __future__ import annotations

import sys
from multiprocessing.connection import Connection

from app.core.template_errors import TemplateError
from app.templates.process import TemplateProcess

ENDLESS = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
HUGE_PRODUCT = (
    "{% set n = namespace(x=99) %}{% for a in range(60) %}{% set n.x = n.x * n.x %}{% endfor %}"
)


def render_here(connection: Connection) -> None:
    """For a daemonic process, as the model's is: render one template and tell what came."""
    process = TemplateProcess()
    text = process.call("chat", "{{ messages[0].content }}!", [("user", "Hi")])
    connection.send((text, process.pid))
    connection.recv()  # the test ends this process


def main() -> None:
    """Tell the child's process id, then be in the middle of a call when the test ends this."""
    process = TemplateProcess()
    process.call("chat", "", [])
    print(process.pid, flush=True)
    try:
        process.call("chat", sys.argv[1], [("user", "Hi")], timeout_s=float(sys.argv[2]))
    except TemplateError as error:
        print(error)


if __name__ == "__main__":
    main()
