"""Sample images are small, the same at every call, and what they say they are."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from napari_delineate.samples import SAMPLES, coins, nuclei_3d, nuclei_movie
from napari_delineate.types import Kind
from napari_delineate.values import fingerprint


@pytest.fixture(scope="module")
def stack():
    return nuclei_3d()


@pytest.fixture(scope="module")
def movie():
    return nuclei_movie()


def test_samples_have_different_names_and_load():
    assert len({sample.name for sample in SAMPLES}) == len(SAMPLES)
    for sample in SAMPLES:
        assert sample.name.isidentifier()
        value = sample.load()
        assert value.kind is Kind.IMAGE
        assert value.nbytes < 4e6
        assert value.data.std() > 0


def test_what_is_generated_says_so():
    titles = {sample.name: sample.title for sample in SAMPLES}
    assert "scikit-image" in titles["coins"]
    assert "generated" in titles["nuclei"]
    assert "generated" in titles["movie"]


def test_samples_are_the_same_at_every_call(stack, movie):
    assert fingerprint(nuclei_3d().data) == fingerprint(stack.data)
    assert fingerprint(nuclei_movie().data) == fingerprint(movie.data)


def test_coins_are_those_of_scikit_image():
    from skimage import data

    assert np.array_equal(coins().data, data.coins())


def test_the_stack_holds_round_nuclei_on_flat_voxels(stack):
    assert (stack.axes, stack.data.shape, stack.data.dtype) == ("ZYX", (32, 192, 192), np.uint16)
    assert (stack.spacing, stack.units) == ((1.0, 0.3, 0.3), "micrometer")
    smooth = ndimage.gaussian_filter(stack.data.astype(float), (0.6, 2, 2))
    labels, number = ndimage.label(smooth > (smooth.min() + smooth.max()) / 2)
    assert 20 < number <= 60
    # As long along z as along x, in micrometer.
    sizes = np.array(
        [[s.stop - s.start for s in place] for place in ndimage.find_objects(labels)]
    ) * np.array(stack.spacing)
    assert 0.5 < np.median(sizes[:, 0] / sizes[:, 2]) < 1.5


def test_the_movie_moves_but_keeps_its_nuclei(movie):
    assert (movie.axes, movie.data.shape) == ("TYX", (6, 160, 160))
    assert (movie.spacing, movie.units) == ((0.5, 0.5), "micrometer")
    smooth = [ndimage.gaussian_filter(frame.astype(float), 2) for frame in movie.data]
    numbers = [ndimage.label(one > one.mean())[1] for one in smooth]
    assert max(numbers) - min(numbers) <= 5
    differences = [np.abs(one - smooth[0]).mean() for one in smooth]
    assert differences[0] == 0
    assert differences[1] < differences[3] < differences[5]
