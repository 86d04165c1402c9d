"""The one lock of all widgets."""

import threading

# Callbacks may run in a thread of their own (ipykernel 7), beside downloads and the static twin's timer.
UI_LOCK = threading.RLock()
