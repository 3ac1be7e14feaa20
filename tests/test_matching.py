"""The right image for each input: an optimal choice, and sentences where there is none."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_delineate import catalogue
from napari_delineate.matching import Offer, caution, in_words, match, misfit, same_file
from napari_delineate.steps import WorkflowInput
from napari_delineate.types import Kind

IMAGE = WorkflowInput(Kind.IMAGE, "YX", (1.0, 1.0))
LABELS = WorkflowInput(Kind.LABELS, "YX", (1.0, 1.0))
MASK = WorkflowInput(Kind.MASK, "YX", (1.0, 1.0))


def offer(name="layer", kind=Kind.IMAGE, axes="YX", shape=(20, 30), **other):
    return Offer(name, kind, axes, shape, (1.0, 1.0), **other)


def names(found):
    return {name: one and one.name for name, one in found.items()}


def test_nothing_wanted_or_offered():
    assert match({}, [offer()]) == {}
    assert match({"cells": IMAGE}, []) == {"cells": None}


def test_what_does_not_fit_is_never_taken():
    offers = [offer("cells", Kind.RGB, "YXS"), offer("cells", Kind.LABELS), offer(axes="TYX")]
    assert match({"cells": IMAGE}, offers) == {"cells": None}


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"version": "sha256:1"}, {"source": "/data/a.tif"}),
        ({"source": "/data/a.tif"}, {"name": "cells"}),
        ({"name": "cells"}, {}),
        ({"name": "Cells "}, {"name": "cells 2"}),
        ({"kind": Kind.IMAGE}, {"kind": Kind.MASK, "name": "cell"}),
        ({"axes": "YX"}, {"axes": None, "name": "cell"}),
        ({"units": "pixel"}, {"units": "micrometer", "name": "cell"}),
        ({"name": "cells of today"}, {"name": "nuclei"}),
    ],
)
def test_what_tells_more_counts_more(better, worse):
    wanted = {"cells": replace(IMAGE, source="/data/a.tif", version="sha256:1")}
    good, bad = (offer(**{"name": "layer", **one}) for one in (better, worse))
    assert match(wanted, [good, bad])["cells"] is good
    assert match(wanted, [bad, good])["cells"] is good


def test_the_same_voxel_size_counts():
    wanted = {"cells": IMAGE}
    other = replace(offer("b"), spacing=(2.0, 2.0))
    assert match(wanted, [other, offer("a")])["cells"].name == "a"


def test_of_equal_offers_the_first_is_taken():
    offers = [offer(source=f"/data/{number}.tif") for number in range(5)]
    for order in itertools.permutations(offers):
        assert match({"cells": IMAGE}, order)["cells"] is order[0]


def test_each_offer_is_used_once():
    found = match({"first": IMAGE, "second": IMAGE}, [offer("first"), offer("third")])
    assert names(found) == {"first": "first", "second": "third"}
    assert names(match({"first": IMAGE, "second": IMAGE}, [offer("second")])) == {
        "first": None,
        "second": "second",
    }


def test_as_many_inputs_as_possible_get_an_offer():
    """The mask would suit the image input too, but nothing else suits the mask input."""
    offers = [offer("image", Kind.MASK), offer("other", Kind.IMAGE)]
    assert names(match({"image": IMAGE, "region": MASK}, offers)) == {
        "image": "other",
        "region": "image",
    }
    # Two of the same content do not outweigh a third input that has none.
    wanted = {
        "a": replace(IMAGE, version="1", source="/1.tif"),
        "b": replace(IMAGE, version="2", source="/2.tif"),
        "c": MASK,
    }
    offers = [
        offer("a", Kind.MASK, version="1", source="/1.tif"),
        offer("b", version="2", source="/2.tif"),
        offer("x"),
    ]
    assert None not in names(match(wanted, offers)).values()


def test_inputs_lie_on_one_grid():
    """Without names that tell, an image goes with labels of its own shape."""
    offers = [
        offer("x", shape=(9, 9)),
        offer("y", shape=(20, 30)),
        offer("z", Kind.LABELS, shape=(20, 30)),
    ]
    assert names(match({"cells": IMAGE, "seeds": LABELS}, offers)) == {"cells": "y", "seeds": "z"}
    movies = [offer("x", axes="TYX", shape=(5, 9, 9)), offer("y", axes="TYX", shape=(5, 20, 30))]
    wanted = {"cells": replace(IMAGE, axes="TYX"), "seeds": LABELS}
    assert names(match(wanted, [*movies, offers[2]])) == {"cells": "y", "seeds": "z"}


KINDS = st.sampled_from([Kind.IMAGE, Kind.MASK, Kind.LABELS])
WANTED = st.dictionaries(
    st.sampled_from(["cells", "nuclei", "seeds"]),
    st.builds(
        WorkflowInput,
        KINDS,
        st.sampled_from(["YX", "TYX"]),
        st.just((1.0, 1.0)),
        source=st.sampled_from([None, "/a.tif", "/b.tif"]),
        version=st.sampled_from([None, "1", "2"]),
    ),
    max_size=3,
)
OFFERS = st.lists(
    st.builds(
        Offer,
        st.sampled_from(["cells", "Nuclei", "DAPI"]),
        KINDS,
        st.sampled_from([None, "YX", "TYX"]),
        st.just(()),
        st.just((1.0, 1.0)),
        st.sampled_from([None, "/a.tif", "/b.tif"]),
        version=st.sampled_from([None, "1", "2"]),
    ),
    max_size=4,
)


@given(WANTED, OFFERS)
def test_whatever_is_asked_the_answer_is_valid_and_as_complete_as_can_be(wanted, offers):
    found = match(wanted, offers)
    assert list(found) == list(wanted)
    taken = [one for one in found.values() if one is not None]
    assert len({id(one) for one in taken}) == len(taken)
    for name, one in found.items():
        assert one is None or misfit(name, wanted[name], one) == ""
    # The largest number of pairs, by trying them all.
    most = 0
    for order in itertools.permutations([*offers, *[None] * len(wanted)], len(wanted)):
        fits = [
            one is not None and not misfit(name, wanted[name], one)
            for name, one in zip(wanted, order, strict=True)
        ]
        most = max(most, sum(fits))
    assert len(taken) == most
    assert match(wanted, offers) == found


# Sentences


def test_a_misfit_says_why_and_what_to_do():
    assert misfit("nuclei", IMAGE, offer("coins", Kind.RGB, "YXS")) == (
        "'coins' is an RGB image, the input 'nuclei' takes an image; "
        "convert it with filters.rgb_to_gray"
    )
    assert misfit("nuclei", IMAGE, offer("coins", axes="TYX")) == (
        "'coins' has the axes TYX, the input 'nuclei' takes YX"
    )
    assert misfit("nuclei", IMAGE, offer("coins", axes=None, shape=(3, 4, 5))) == (
        "'coins' has 3 axes, the input 'nuclei' takes YX"
    )
    assert misfit("seeds", LABELS, offer("tips", Kind.SURFACE)) == (
        "'tips' is a surface, the input 'seeds' takes a label image"
    )


@pytest.mark.parametrize("wanted", Kind)
@pytest.mark.parametrize("given_kind", Kind)
def test_an_operation_that_is_named_really_converts(wanted, given_kind):
    axes = {Kind.RGB: "YXS"}
    spacing = (1.0, 1.0)
    entry = WorkflowInput(wanted, axes.get(wanted, "YX"), spacing)
    sentence = misfit("input", entry, offer("layer", given_kind, axes.get(given_kind, "YX")))
    assert bool(sentence) != catalogue.accepts(wanted, given_kind)
    if "convert it with" in sentence:
        operation = catalogue.find(sentence.split()[-1])
        assert catalogue.accepts(operation.inputs[0].kind, given_kind)
        assert catalogue.accepts(wanted, operation.outputs[0].kind)


def test_unknown_axes_fit_where_their_number_does():
    colours = WorkflowInput(Kind.RGB, "YXS", (1.0, 1.0))
    assert misfit("a", IMAGE, offer(axes=None)) == ""
    assert misfit("a", colours, offer(kind=Kind.RGB, axes=None, shape=(4, 5, 3))) == ""
    assert caution(IMAGE, offer("b", axes=None)) == "The axes of 'b' are taken as Y, X."


def test_another_unit_is_pointed_out():
    micrometer = replace(IMAGE, units="micrometer")
    assert "in micrometer" in caution(micrometer, offer("b"))
    assert caution(IMAGE, offer("b")) == ""


def test_inputs_in_words():
    assert in_words(IMAGE) == "an image, 2D (Y, X)"
    stack = WorkflowInput(Kind.IMAGE, "CZYX", (1.0,) * 3)
    assert in_words(stack) == "an image, 3D for each channel (C, Z, Y, X)"
    assert in_words(WorkflowInput(Kind.RGB, "YXS", (1.0, 1.0))) == "an RGB image, 2D (Y, X)"


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_words(kind):
    axes = {Kind.RGB: "YXS", Kind.TABLE: "", Kind.SCORES: "", Kind.MODEL: ""}.get(kind, "YX")
    spacing = (1.0,) * len(axes.replace("S", ""))
    assert "()" not in in_words(WorkflowInput(kind, axes, spacing))


def test_links_name_the_same_file(tmp_path):
    path = tmp_path / "a.npy"
    np.save(path, np.eye(2))
    link = tmp_path / "link.npy"
    link.symlink_to(path)
    assert same_file(str(path), str(link))
    assert not same_file(str(path), str(tmp_path / "b.npy"))
    assert not same_file(None, None)
