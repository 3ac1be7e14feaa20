"""Operations are found by the words that people use for them."""

from __future__ import annotations

import pytest

from napari_delineate.catalogue import find, operations
from napari_delineate.finding import search


def test_all_words_are_found_in_any_order_and_case():
    found = [one.id for one in search("LABELING otsu")]
    assert set(found[:2]) == {
        "segmentation.gauss_otsu_labeling",
        "segmentation.voronoi_otsu_labeling",
    }
    assert search("") == operations()
    assert search("nothing has this") == ()


def test_all_that_is_said_of_an_operation_counts():
    assert find("filters.gaussian") in search("denoise")
    assert find("segmentation.local_minima_seeded_watershed") in search("membranes")
    assert find("surfaces.simplify") in search("fraction")


@pytest.mark.parametrize(
    ("words", "operation"),
    [
        ("blur", "filters.gaussian"),
        ("dilate", "postprocessing.binary_dilation"),
        ("erode", "postprocessing.binary_erosion"),
        ("skeleton", "postprocessing.skeletonize"),
        ("fill holes", "postprocessing.fill_holes_in_labels"),
        ("watershed", "segmentation.seeded_watershed"),
        ("count", "segmentation.analyze_particles"),
        ("top-hat", "filters.white_tophat"),
        ("white top-hat", "filters.white_tophat"),
        ("rolling ball", "filters.subtract_background"),
        ("MIP", "filters.project"),
        ("IoU", "metrics.jaccard"),
        ("mesh", "surfaces.labels_to_surface"),
        ("resize", "filters.rescale"),
        ("merge", "postprocessing.merge_touching"),
    ],
)
def test_what_people_call_it_is_found_early(words, operation):
    assert operation in [one.id for one in search(words)][:7]


def test_only_beginnings_of_words_count():
    assert find("segmentation.threshold") in search("thresh")
    assert find("segmentation.threshold") not in search("hresh")


def test_the_title_counts_most_then_the_id_then_the_summary():
    assert search("threshold")[0].id == "segmentation.threshold"
    found = search("median")
    assert found[0].id == "filters.median"
    in_title = [word in one.title.lower() for one in search("watershed") for word in ["watershed"]]
    assert in_title == sorted(in_title, reverse=True)
    found = search("boundaries")
    in_summary = [" boundaries" in f" {one.summary.lower()}" for one in found]
    assert in_summary == sorted(in_summary, reverse=True)
