"""Random numbers that are the same everywhere."""

import hashlib
import random

import pytest

from cnnviz_widgets.data.miniworld.chance import Chance


def test_numbers_are_those_of_pythons_generator_seeded_with_the_keys_digest():
    digest = hashlib.blake2b(b"('scenes', 'test', 0, 17)", digest_size=8).digest()
    twin = random.Random(int.from_bytes(digest, "big"))
    chance = Chance("scenes", "test", 0, 17)
    assert [chance.uniform(0, 1) for _ in range(5)] == [twin.random() for _ in range(5)]


def test_the_first_numbers_of_one_key_never_change():
    chance = Chance("pinned", 1)
    assert [chance.integer(0, 999) for _ in range(6)] == [307, 420, 705, 906, 218, 403]


def test_keys_that_read_alike_when_joined_give_other_numbers():
    assert Chance("a", 1, 23).uniform(0, 1) != Chance("a", 12, 3).uniform(0, 1)


def test_whole_numbers_reach_both_ends_and_no_further():
    chance = Chance("ends")
    assert {chance.integer(3, 5) for _ in range(200)} == {3, 4, 5}


def test_weights_are_shares():
    chance = Chance("weights")
    drawn = [chance.choose("abc", (1, 0, 3)) for _ in range(4000)]
    assert drawn.count("b") == 0
    assert drawn.count("a") / 4000 == pytest.approx(0.25, abs=0.03)


def test_several_are_different_and_no_more_than_there_are():
    chance = Chance("several")
    assert sorted(chance.several("abc", 9)) == ["a", "b", "c"]
    assert len(set(chance.several(range(100), 20))) == 20


def test_maybe_and_sign_are_as_likely_as_they_say():
    chance = Chance("maybe")
    assert sum(chance.maybe(0.2) for _ in range(4000)) / 4000 == pytest.approx(0.2, abs=0.03)
    signs = [chance.sign() for _ in range(4000)]
    assert set(signs) == {-1, 1}
    assert abs(sum(signs)) < 250
