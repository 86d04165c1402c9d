"""The one lock of all widgets, and how a change by the student is told from one by a widget."""

import threading

# Callbacks may run in a thread of their own (ipykernel 7), beside downloads and the static twin's timer.
UI_LOCK = threading.RLock()


class Showing(threading.local):
    """Whether this thread is bringing controls to what is on show, so that their changes are nobody's choice.

    What another thread changes meanwhile is the student's choice, and is not to be lost: a run draws in a
    thread of its own while a slider is being moved.
    """

    _depth = 0

    def __enter__(self) -> None:
        self._depth += 1

    def __exit__(self, *_: object) -> None:
        self._depth -= 1

    def __bool__(self) -> bool:
        return self._depth > 0
