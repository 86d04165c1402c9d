"""ActivationBrowser: a new layer of a 224 px picture is on screen within 100 ms after the network's pass."""

import statistics

import nbformat

SETUP = """
import time
import torch
from cnnviz_widgets import ActivationBrowser, HookedModel, open_model
from cnnviz_widgets.widgets import activations

torch.set_num_threads(1)
model = open_model("squeezenet1_1", weights=None)
passes, ask = [], activations.activation_maps

def timed(*question):
    started = time.time()
    result = ask(*question)
    passes.append((started * 1000, time.time() * 1000))
    return result

activations.activation_maps = timed
w = ActivationBrowser(model)
w
"""
# drawImage is the last thing before the screen; the frame after it shows what was drawn.
WATCH = """() => {
  const draw = CanvasRenderingContext2D.prototype.drawImage;
  window.painted = [];
  CanvasRenderingContext2D.prototype.drawImage = function (...all) {
    draw.apply(this, all);
    requestAnimationFrame(() => window.painted.push(performance.timeOrigin + performance.now()));
  };
}"""


def test_a_new_layer_paints_soon_after_its_pass(lab, open_notebook, measure):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(SETUP)])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, lab.root / "paint.ipynb")
    page = open_notebook("paint.ipynb")
    page.run_all()
    page.page.evaluate(WATCH)
    layers = page.evaluate("[name for _, name in w._controls.layer.options if model.layer(name).is_map]")
    labels = page.evaluate("[label for label, name in w._controls.layer.options if model.layer(name).is_map]")
    paints, bare, slowest = [], [], (0.0, "")
    # Every third layer: from 64 maps of 111x111 to 1000 of 13x13.
    for layer, label in list(zip(layers, labels, strict=True))[1::3]:
        page.page.evaluate("window.painted = []")
        page.dropdown("Layer").select_option(label=" ".join(label.split()))
        # Asking the kernel in between would hold it up.
        page.page.wait_for_function("window.painted.length >= 2", polling=200)
        assert page.evaluate("w.result.maps.layer.name") == layer
        started, ended = page.evaluate("passes[-1]")
        last = max(page.page.evaluate("window.painted"))
        paints.append(last - ended)
        bare.append(ended - started)
        slowest = max(slowest, (paints[-1], label))
    alone, after = statistics.median(bare), statistics.median(paints)
    print(  # noqa: T201
        f"\n{len(paints)} layers: the pass alone takes {alone:.1f} ms; painted {after:.1f} ms after it, "
        f"{after / alone:.1f} times as long; slowest {slowest[0]:.1f} ms, {slowest[1]}"
    )
    measure.record("activations: painted after the pass", paints, limit_ms=100)
