"""What every perturbation must do, present and future."""

import numpy as np
import pytest

from stresslab import perturbations

NAMES = perturbations.names()
TEXT = (
    "The wonderful little picture never becomes dull, although several scenes without dialogue "
    "certainly demand patience from everyone watching."
)


def digit() -> np.ndarray:
    rows, columns = np.mgrid[:28, :28]
    ring = np.abs(np.hypot(rows - 13, columns - 15) - 7) < 2
    image = (ring * 230 + (columns > 20) * 20).astype(np.uint8)
    image.flags.writeable = False
    return image


def example(name):
    return TEXT if perturbations.get(name).modality == "text" else digit()


def change(before, after) -> float:
    if isinstance(before, str):
        same = sum(one == two for one, two in zip(before, after, strict=False))
        return max(len(before), len(after)) - same + abs(len(after) - len(before))
    return float(np.abs(before.astype(float) - after).mean())


def made(name, tier, item="set/1", seed=0):
    return perturbations.perturb(name, example(name), tier, seed, item)


@pytest.mark.parametrize("name", NAMES)
def test_tier_0_is_the_identity(name):
    assert np.array_equal(made(name, 0), example(name))


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_output(name):
    assert np.array_equal(made(name, 3), made(name, 3))


@pytest.mark.parametrize("name", NAMES)
def test_the_input_is_not_modified(name):
    image = example(name)
    if isinstance(image, np.ndarray):
        image = image.copy()  # writable
        made_again = perturbations.perturb(name, image, 5, 0, "set/1")
        assert np.array_equal(image, digit())
        assert not np.shares_memory(image, made_again)
    else:
        perturbations.perturb(name, image, 5, 0, "set/1")
        assert image == TEXT


@pytest.mark.parametrize("name", NAMES)
def test_the_change_grows_with_the_tier(name):
    tiers = range(len(perturbations.get(name).strengths) + 1)
    items = [f"set/{number}" for number in range(30)]
    sizes = [
        np.mean([change(example(name), made(name, tier, one)) for one in items]) for tier in tiers
    ]
    assert sizes[0] == 0
    assert (np.diff(sizes) > 0).all(), sizes


@pytest.mark.parametrize("name", NAMES)
def test_strengths_grow(name):
    piece = perturbations.get(name)
    assert (np.diff((0.0, *piece.strengths)) > 0).all()
    assert piece.unit
    assert piece.source


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_input_stays_empty(name):
    empty = "" if perturbations.get(name).modality == "text" else np.zeros((0, 0), np.uint8)
    for tier in (1, 5):
        assert len(perturbations.perturb(name, empty, tier, 0, "set/1")) == 0


@pytest.mark.parametrize("name", NAMES)
def test_the_kind_and_size_of_the_input_are_kept(name):
    after = made(name, 5)
    if isinstance(after, np.ndarray):
        assert after.dtype == np.uint8
        assert after.shape == (28, 28)
    else:
        assert isinstance(after, str)


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("image.")])
def test_an_image_may_have_colours(name):
    colours = np.stack([digit(), digit() // 2, digit() // 3], axis=2)
    assert perturbations.perturb(name, colours, 3, 0, "set/1").shape == colours.shape
