"""Command line of the recipes: ``python -m cnnviz_widgets.training NAME``."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from cnnviz_widgets.errors import CnnvizError, ModelError, PictureError
from cnnviz_widgets.training import recipe, recipe_names

SHIPPED = Path(__file__).parent.parent / "weights"
EXAMPLES = """\
examples:
  python -m cnnviz_widgets.training mini-resnet-scenes
      train; stopped with Ctrl-C, the same line goes on after the last whole epoch
  python -m cnnviz_widgets.training mini-convnet --data ~/cifar10
      train on pictures from a folder
  python -m cnnviz_widgets.training mini-resnet-scenes --evaluate
      measure the weights that come with the package on the test pictures
  python -m cnnviz_widgets.training --report
      measure all of them, and say whether any is below its target
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one recipe, or report on all.

    Returns
    -------
    int
        0 when it went well, 1 when a reported network is missing or below its target, 2 when something asked
        for does not exist, 130 when stopped.
    """
    parser = _parser()
    asked = parser.parse_args(arguments)
    if sum([asked.name is not None, asked.list, asked.report]) != 1:
        parser.error(f"ask for one network, --list or --report; the networks are {', '.join(recipe_names())}")
    try:
        if asked.list:
            return _list()
        return _report(asked) if asked.report else _run(asked)
    except (CnnvizError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on after the last whole epoch.", file=sys.stderr)
        return 130


def _run(asked: argparse.Namespace) -> int:
    chosen = recipe(asked.name)
    if chosen.wants and asked.data is None:
        raise PictureError(f"{chosen.name} learns from {chosen.wants}: say where it is with --data FOLDER.")
    _prepare_torch(asked.device, asked.threads)
    if asked.evaluate:
        file = asked.weights or SHIPPED / f"{asked.name}.safetensors"
    else:
        out = asked.out or Path("runs") / asked.name
        epochs = asked.epochs or chosen.epochs
        options = {"seed": asked.seed, "device": asked.device, "quiet": asked.quiet}
        file = chosen.train(asked.data, out, epochs=epochs, **options)
    share = chosen.evaluate(asked.data, file, device=asked.device)
    print(f"{file}: {share:.2%} of the test pictures right")
    return 0


def _list() -> int:
    for name in recipe_names():
        each = recipe(name)
        wants = f" Wants --data: {each.wants}." if each.wants else ""
        print(f"{name:22} {each.epochs:3} epochs  {each.about}{wants}")
    return 0


def _report(asked: argparse.Namespace) -> int:
    from cnnviz_widgets.training.report import rows, succeeded, table

    _prepare_torch(asked.device, asked.threads)
    folder = asked.weights or SHIPPED
    found = []
    for row in rows(folder, asked.data, seed=asked.seed, device=asked.device):
        found.append(row)
        if not asked.quiet:
            print(f"measured {row.name}", file=sys.stderr)
    print(table(found))
    return 0 if succeeded(found) else 1


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
    names = "\n".join(f"  {name}" for name in recipe_names())
    parser = argparse.ArgumentParser(
        prog="python -m cnnviz_widgets.training",
        description="Train an embedded network from its recipe, or measure its weights.",
        epilog=f"networks:\n{names}\n\n{EXAMPLES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help="which network")
    parser.add_argument("--list", action="store_true", help="say what each network is")
    parser.add_argument(
        "--report",
        action="store_true",
        help="measure all shipped networks; --seed N draws other test pictures",
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="FOLDER",
        help="mini-convnet: where CIFAR-10 is; the others: where drawn pictures are kept "
        "(default: runs/miniworld)",
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
        "--weights",
        type=Path,
        metavar="PATH",
        help="file to evaluate, or folder to report on (default: the package's own)",
    )
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not 1 or more")
    return number


if __name__ == "__main__":
    sys.exit(main())
