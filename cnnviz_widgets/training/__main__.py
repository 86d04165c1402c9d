"""Command line of the recipes: ``python -m cnnviz_widgets.training NAME --data FOLDER``."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from cnnviz_widgets.errors import CnnvizError, ModelError
from cnnviz_widgets.training import recipe, recipe_names

SHIPPED = Path(__file__).parent.parent / "weights"
EXAMPLES = """\
examples:
  python -m cnnviz_widgets.training mini-convnet --data ~/cifar10
      train; stopped with Ctrl-C, the same line goes on after the last whole epoch
  python -m cnnviz_widgets.training mini-convnet --data ~/cifar10 --evaluate
      measure the weights that come with the package on the test pictures
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one recipe; 0 when it went well, 2 when something asked for does not exist, 130 when stopped."""
    asked = _parser().parse_args(arguments)
    try:
        return _run(asked)
    except (CnnvizError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on after the last whole epoch.", file=sys.stderr)
        return 130


def _run(asked: argparse.Namespace) -> int:
    chosen = recipe(asked.name)
    _prepare_torch(asked.device, asked.threads)
    if asked.evaluate:
        file = asked.weights or SHIPPED / f"{asked.name}.safetensors"
    else:
        out = asked.out or Path("runs") / asked.name
        epochs = asked.epochs or chosen.EPOCHS
        options = {"seed": asked.seed, "device": asked.device, "quiet": asked.quiet}
        file = chosen.train(asked.data, out, epochs=epochs, **options)
    share = chosen.evaluate(asked.data, file, device=asked.device)
    print(f"{file}: {share:.2%} of the test pictures right")
    return 0


def _prepare_torch(device: str, threads: int | None) -> None:
    import torch  # so late that --help and a mistyped name are answered at once

    try:
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        said = str(error).splitlines()[0]
        raise ModelError(
            f"There is no device {device!r} here ({said}). --device cpu works everywhere."
        ) from error
    if threads:
        torch.set_num_threads(threads)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m cnnviz_widgets.training",
        description="Train an embedded network from its recipe, or measure its weights.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", help=f"which network: {', '.join(recipe_names())}")
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="folder of the recipe's data set (mini-convnet: CIFAR-10)",
    )
    parser.add_argument(
        "--epochs", type=_positive, metavar="N", help="passes over the data (default: the recipe's)"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of all random numbers (default: 0)")
    parser.add_argument("--device", default="cpu", help="cpu or cuda (default: cpu)")
    parser.add_argument(
        "--threads", type=_positive, metavar="N", help="CPU threads (default: PyTorch's choice)"
    )
    parser.add_argument(
        "--out", type=Path, metavar="FOLDER", help="checkpoint, log and weights (default: runs/NAME)"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    parser.add_argument(
        "--evaluate", action="store_true", help="do not train: measure the accuracy of weights"
    )
    parser.add_argument(
        "--weights", type=Path, metavar="FILE", help="what to evaluate (default: the package's own)"
    )
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not 1 or more")
    return number


if __name__ == "__main__":
    sys.exit(main())
