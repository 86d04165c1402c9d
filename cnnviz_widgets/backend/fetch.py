"""Download weights ahead of a lesson: ``python -m cnnviz_widgets.backend.fetch squeezenet1_1 alexnet``.

For the images of Binder and computer rooms, so that no class starts with a download. Every file is opened
once, so a name that is misspelled or a file that is damaged fails here and not in front of the class.
"""

import argparse
import sys

from cnnviz_widgets.backend.detectors import TASKS, detector_info, open_detector
from cnnviz_widgets.backend.zoo import load, model_info
from cnnviz_widgets.errors import CnnvizError


def main(arguments: list[str] | None = None) -> int:
    """Fetch the weights of every model named, and return 0 if all of them are there now."""
    parser = argparse.ArgumentParser(
        prog="python -m cnnviz_widgets.backend.fetch", description="Download weights."
    )
    parser.add_argument(
        "names", nargs="+", metavar="NAME", help="a model, as open_model or open_detector takes it"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bars")
    options = parser.parse_args(arguments)
    failures = 0
    for name in options.names:
        try:
            if name in TASKS:
                open_detector(name, progress=not options.quiet)
                info = detector_info(name)
            else:
                load(name, progress=not options.quiet)
                info = model_info(name)
        except CnnvizError as error:
            failures += 1
            print(f"{name}: {error}", file=sys.stderr)  # noqa: T201 - a command talks to the terminal
        else:
            print(f"{info.name}: {info.megabytes:.0f} MB in {info.path}")  # noqa: T201
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
