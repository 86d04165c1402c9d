"""RuleComparer in words."""

import numpy as np

from cnnviz_widgets.backend import HookedModel
from cnnviz_widgets.methods.layer_steps import LayerStep
from cnnviz_widgets.widgets import _captions as captions
from cnnviz_widgets.widgets._rule_answers import Asked, Compared


def say_subject(model: HookedModel, asked: Asked, result: Compared) -> str:
    """Write what is carried back, and its value."""
    channel, row, column = asked.unit
    place = f"{asked.layer}, channel {channel}"
    if result.trained.target is not None:
        subject = f"score of {model.class_name(result.trained.target)}"
    elif asked.subject == "channel":
        subject = f"mean of {place}"
    else:
        flat = result.unit.values.shape[1:] == (1, 1)
        subject = place if flat else f"{place}, row {row}, column {column}"
    return f"{subject} = {captions.number(result.trained.value)}"


def say_shut(asked: Asked, result: Compared) -> str:
    """Say why a neuron's maps are empty, where they are."""
    empty = [rule for rule, values in result.trained.maps.items() if not values.any()]
    if not empty:
        return ""
    why = ""
    if asked.subject != "class" and result.trained.value == 0:
        why = ": it is 0 here, its ReLU is shut, and a shut ReLU lets nothing down. Try the strongest unit."
    return f"Nothing arrives by {' and '.join(empty)}{why}"


def say_all(model: HookedModel, asked: Asked, result: Compared, name: str) -> str:
    """Write what the widget shows; `name` is the picture's."""
    rules = " and ".join(filter(None, [", ".join(result.trained.rules[:-1]), result.trained.rules[-1]]))
    subject = say_subject(model, asked, result)
    words = [f"{model.name} sees {name}. Carried back by {rules}: {subject}."]
    if result.similarity:
        alike = "; ".join(
            f"{rule} {each.spearman:.2f} (SSIM {each.ssim:.2f})" for rule, each in result.similarity.items()
        )
        words.append(
            f"With {asked.depth} layers of a copy made random, rank correlation with before: {alike}."
        )
    return " ".join(words)


def say_step(step: LayerStep) -> str:
    """Write how much of what comes down to a ReLU goes on."""
    shares = [
        f"{rule} {np.count_nonzero(step.outgoing(rule)) / step.forward.size:.0%}" for rule in step.incoming
    ]
    return f"Of the units of {step.layer.name} a gradient goes on at: {', '.join(shares)}."
