"""How many steps a climb takes here: all, or fewer where notebooks are tested."""

import os

_VARIABLE = "CNNVIZ_STEPS"


def steps_here(steps: int) -> int:
    """Cut a number of steps to what the environment variable CNNVIZ_STEPS allows, if it is set."""
    most = os.environ.get(_VARIABLE, "")
    return min(steps, int(most)) if most.isdigit() and int(most) else steps
