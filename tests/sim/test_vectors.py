# SPDX-License-Identifier: Apache-2.0
"""Which golden vectors a simulation takes, and whether their images show the label asked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from identity_build import make_build

from fpgan.hw.design import Design
from fpgan.hw.system.reading import DamagedError
from fpgan.model.data import digits
from fpgan.model.features import classify
from fpgan.sim.vectors import Vectors, agreement, golden_of, parse_labels

LABELS = np.array([0, 1, 2, 0, 1, 2, 0])


def vectors(label=LABELS, count=7):
    """Each latent and image holds its own index."""
    index = np.arange(count).reshape(-1, 1, 1, 1)
    return Vectors(index, index + 100, 0.5, 0.25, label, "digits")


def test_what_is_saved_is_loaded(tmp_path):
    for made in (vectors(), vectors(label=None)):
        made.save(tmp_path / "golden.npz")
        found = Vectors.load(tmp_path / "golden.npz")
        assert (found.latent_scale, found.image_scale, found.dataset) == (0.5, 0.25, "digits")
        assert np.array_equal(found.latent, made.latent) and np.array_equal(found.image, made.image)
        assert (found.label is None) == (made.label is None)
        assert made.label is None or np.array_equal(found.label, LABELS)


@pytest.mark.parametrize(
    "broken", [vectors(LABELS[:3]), replace(vectors(None), image=np.zeros((6, 1, 1, 1), int))]
)
def test_unequal_counts_are_refused(broken, tmp_path):
    broken.save(tmp_path / "golden.npz")
    with pytest.raises(DamagedError, match=r"golden\.npz: is damaged: not as many"):
        Vectors.load(tmp_path / "golden.npz")


DAMAGES = {
    "empty": (lambda path: path.write_bytes(b""), "is damaged"),
    "truncated": (lambda path: path.write_bytes(path.read_bytes()[:700]), "is damaged"),
    "flipped": (lambda path: path.write_bytes(flipped(path.read_bytes())), "is damaged"),
    "absent": (Path.unlink, "does not exist"),
    "a folder": (lambda path: (path.unlink(), path.mkdir()), "is no plain file"),
    "no image": (lambda path: rewrite(path, image=None), "is damaged: holds no image"),
    "floats": (lambda path: rewrite(path, image=lambda x: x + 0.5), "image is float64 with 4 axes"),
    "three axes": (lambda path: rewrite(path, latent=lambda x: x[:, :, 0]), "latent is int64 with 3 axes"),
    "text": (lambda path: rewrite(path, latent_scale=lambda x: np.array("a")), "latent_scale is no positive"),
    "another shape": (
        lambda path: rewrite(path, image=lambda x: x[:, :, :2]),
        r"is of another design: image is \(2, 5, 4\), not \(3, 5, 4\)",
    ),
    "out of range": (lambda path: rewrite(path, latent=lambda x: x + 1), "latent is outside -128 to 127"),
}


def flipped(content):
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 0x55]) + content[middle + 1 :]


def rewrite(path, **changed):
    """Arrays of an .npz, some of them changed by a function, or left out."""
    with np.load(path) as data:
        arrays = {name: changed.get(name, lambda x: x)(data[name]) for name in data if changed.get(name, 1)}
    np.savez(path, **arrays)


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_golden_vectors_are_one_line(damage, tmp_path):
    """They were a traceback, or the command said "Aborted."."""
    build = make_build(tmp_path / "build")
    harm, said = DAMAGES[damage]
    harm(build / "golden.npz")
    with pytest.raises(DamagedError, match=said) as error:
        golden_of(Design.load(build))
    text = str(error.value)
    assert text.startswith(f"{build}/golden.npz: ") and text.endswith("; run fpgan build again")
    assert "\n" not in text


def test_without_labels_the_seed_chooses():
    one, other = (vectors(None).select(4, seed).latent.ravel() for seed in (0, 1))
    assert len(set(one)) == 4 and set(one) <= set(range(7)) and one.tolist() != other.tolist()
    assert len(vectors(None).select(None, 0).latent) == 7
    assert len(vectors(None, count=99).select(None, 0).latent) == 64


@pytest.mark.parametrize("seed", range(5))
def test_labels_come_in_turn_and_stay_with_their_images(seed):
    chosen = vectors().select(7, seed)
    assert chosen.label.tolist() == [0, 1, 2, 0, 1, 2, 0]
    assert np.array_equal(chosen.label, LABELS[chosen.latent.ravel()])
    assert np.array_equal(chosen.image, chosen.latent + 100)
    assert sorted(chosen.latent.ravel()) == list(range(7))


def test_only_the_label_asked_for():
    chosen = vectors().select(None, 3, [0])
    assert chosen.label.tolist() == [0, 0, 0] and sorted(chosen.latent.ravel()) == [0, 3, 6]
    assert vectors().select(4, 0, [2, 0]).label.tolist() == [2, 0, 2, 0]
    assert len(vectors().select(None, 0, [2, 0]).latent) == 4  # there is no third 2


@pytest.mark.parametrize(
    ("made", "arguments", "message"),
    [
        (vectors(), (4, 0, [1]), "images=4: the build has vectors of label 1 for 1 to 2; export more"),
        (vectors(), (1, 0, [3]), "label=3: the build has vectors of labels 0 to 2"),
        (vectors(), (1, 0, [-1]), "label=-1: the build has vectors of labels 0 to 2"),
        (vectors(None), (1, 0, [1]), "label=1: this design takes no labels"),
        (vectors(), (1, -1), "seed=-1: must be at least 0"),
        (vectors(), (8, 0), "images=8: the build has vectors for 1 to 7"),
    ],
)
def test_what_cannot_be_had_is_one_line(made, arguments, message):
    with pytest.raises(ValueError, match=message) as error:
        made.select(*arguments)
    assert "\n" not in str(error.value)


def test_lists_and_ranges_of_labels():
    assert parse_labels("7") == [7]
    assert parse_labels("0..3,8, 5") == [0, 1, 2, 3, 8, 5]
    for text in ("", "a", "1..", "-1", "3..1", "1,,2"):
        with pytest.raises(ValueError, match="label="):
            parse_labels(text)


def test_the_classifier_agrees_with_real_digits_and_not_with_other_labels():
    pixels, label = digits()
    image = pixels[:100].numpy().astype(np.int64) - 128
    made = Vectors(image, image, 1, 1 / 128, label[:100].numpy(), "digits")
    seen = agreement(made, image, classify)
    assert seen is not None and seen >= 0.97
    shifted = Vectors(image, image, 1, 1 / 128, (made.label + 1) % 10, "digits")
    assert agreement(shifted, image, classify) <= 0.03
    assert agreement(Vectors(image, image, 1, 1, made.label, "emoji"), image, classify) is None
    assert agreement(Vectors(image, image, 1, 1, None, "digits"), image, classify) is None
    assert agreement(made, image, None) is None
