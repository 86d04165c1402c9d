"""Receptive fields: a unit is measured in seconds; fields are smaller than they could be, and grow."""

from cnnviz_widgets import Objects, Scenes, TopK, empirical_field, field_sizes, harvest, open_model

LAYERS = ["pool1", "pool2", "relu3", "relu4", "pool5"]


def test_a_unit_is_measured_in_seconds(measure):
    model, data = open_model("mini-alexnet-scenes"), Scenes("train", 600)
    harvest(model, data, [TopK("relu4", 9)], progress=False)
    seeds = iter(range(1000))
    measure(
        "receptive field: relu4, 4 pictures, every 8 px",
        lambda: empirical_field(model, data, "relu4", 56, 4, stride=8, seed=next(seeds), progress=False),
        limit_ms=6000,
    )


def test_fields_are_smaller_than_they_could_be_and_grow_with_depth():
    for name, data in (
        ("mini-alexnet-scenes", Scenes("train", 600)),
        ("mini-alexnet-objects", Objects("train", 1000)),
    ):
        sizes = field_sizes(open_model(name), data, LAYERS, units=8, k=4, progress=False)
        print(f"\n{name}: measured field, mean ± spread of 8 units, of the theoretical")  # noqa: T201
        for each in sizes:
            print(f"  {each!r}")  # noqa: T201
        means = [each.mean for each in sizes]
        assert all(each.mean < each.theoretical for each in sizes)
        assert means[0] < means[1] < means[2] < means[3] and means[4] > means[2]
