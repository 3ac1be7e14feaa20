"""A workflow is evaluated over folders: scores known by hand, and all that can be wrong."""

from __future__ import annotations

import dataclasses
import json
import sys
import threading
import time

import numpy as np
import pandas as pd
import pytest
import scipy.stats
import tifffile

from napari_delineate import metrics
from napari_delineate.engine import CancelledError
from napari_delineate.evaluate import evaluate_folder
from napari_delineate.evaluate.frames import beneath
from napari_delineate.evaluate.jobs import Scored
from napari_delineate.evaluate.messages import scored_of, scored_to_json
from napari_delineate.evaluate.pairs import choose_input, choose_result
from napari_delineate.evaluate.processes import JobError, do_jobs
from napari_delineate.evaluate.scores import Comparison, choose_columns, join_frames
from napari_delineate.evaluate.statistics import bootstrap, in_pixels, recall_of_sizes
from napari_delineate.types import Kind, voxels
from napari_delineate.values import Value
from napari_delineate.workflow import Workflow, WorkflowInput
from tests.evaluations import (
    EMPTY,
    PERFECT,
    SIDE,
    SLIDE,
    movies,
    squares,
    steps,
    write_folders,
)

IMAGE = WorkflowInput(Kind.IMAGE, "YX", (1.0, 1.0))


def evaluate(folder, workflow=None, **settings):
    return evaluate_folder(
        steps() if workflow is None else workflow,
        folder / "images",
        folder / "annotations",
        **settings,
    )


# Scores


def test_the_scores_of_the_slide(tmp_path):
    write_folders(tmp_path, {"slide": SLIDE, "perfect": PERFECT})
    found = evaluate(tmp_path).images.set_index("image")
    slide = found.loc["slide"]
    assert slide["detection_scores.true_positives"] == 3
    assert slide["detection_scores.false_negatives"] == 2
    assert slide["detection_scores.false_positives"] == 1
    assert slide["detection_scores.precision"] == 0.75
    assert slide["detection_scores.recall"] == 0.6
    assert slide["average_precision"] == 3 / 6
    assert slide["jaccard"] == pytest.approx(3 / 6)
    assert slide["sparse_jaccard"] == pytest.approx(3 / 5)
    shares = [name for name in found if not name.endswith(("positives", "negatives", "ts", "ges"))]
    assert found.loc["perfect", shares].eq(1).all()


def test_a_summary_has_mean_and_median_of_images(tmp_path):
    pairs = {"a": PERFECT, "b": SLIDE, "c": (squares(0), squares(1))}
    write_folders(tmp_path, pairs)
    evaluation = evaluate(tmp_path, metrics=["average_precision"])
    row = evaluation.summary.iloc[0]
    assert (row["score"], row["better"], row["images"]) == ("average_precision", "higher", 3)
    assert (row["mean"], row["median"]) == (0.5, 0.5)
    assert (row["lowest"], row["highest"]) == (0, 1)
    assert evaluation.worst_first() == ["c", "b", "a"]


def test_objects_of_all_images_are_listed(tmp_path):
    write_folders(tmp_path, {"a": PERFECT, "b": SLIDE})
    objects = evaluate(tmp_path).objects
    counts = objects.groupby(["image", "status"]).size().to_dict()
    assert counts == {
        ("a", "matched"): 2,
        ("b", "matched"): 3,
        ("b", "missed"): 2,
        ("b", "spurious"): 1,
    }


def test_a_curve_drops_where_the_overlap_does_not_reach(tmp_path):
    # Squares 8 wide, shifted by 2: they share 48 of 80 pixels.
    write_folders(tmp_path, {"a": (squares(0, 4, shifted=2), squares(0, 4))})
    curve = evaluate(tmp_path).curve
    assert curve["average_precision"].tolist() == [1.0] * 3 + [0.0] * 7
    assert curve["overlap"].tolist() == pytest.approx(np.arange(0.5, 1, 0.05))
    strict = evaluate(tmp_path, overlap=0.61, metrics=["average_precision"])
    assert strict.images["average_precision"].tolist() == [0]


def test_recall_in_groups_of_size(tmp_path):
    small, large = squares(0, 1, size=3), squares(4, 5, size=9)
    both = np.where(large > 0, large + 2, small)
    write_folders(tmp_path, {"a": (large, both), "b": (both, both)})
    sizes = evaluate(tmp_path).sizes
    found = sizes.groupby("largest")[["objects", "found"]].sum().to_numpy().tolist()
    assert found == [[4, 2], [4, 4]]
    assert sizes["smallest"].iloc[0] == 9
    assert sizes["largest"].iloc[-1] == 81


def test_sizes_count_pixels_where_units_are_none():
    objects = pd.DataFrame(
        {
            "image": ["a", "b"],
            "reference": [1, 1],
            "status": ["matched", "missed"],
            "reference_size": [5.0, 20.0],
            "label_size": [6.0, 0.0],
        }
    )
    counted = in_pixels(objects, {"a": 0.25, "b": 4.0})
    assert counted[["reference_size", "label_size"]].to_numpy().tolist() == [[20, 24], [5, 0]]
    table = recall_of_sizes(counted, groups=2)
    assert table["smallest"].tolist() == [5, 20]
    assert table["recall"].tolist() == [0, 1]


def test_a_sparse_annotation_says_nothing_of_other_objects(tmp_path):
    write_folders(tmp_path, {"a": (squares(0, 1, 2), squares(0))})
    evaluation = evaluate(tmp_path, annotation="sparse")
    row = evaluation.images.iloc[0]
    assert row["sparse_jaccard"] == 1
    assert row["detection_scores.recall"] == 1
    assert evaluation.objects["status"].tolist() == ["matched"]
    assert not {"jaccard", "average_precision"} & set(evaluation.images)


def test_masks_are_compared_pixel_by_pixel(tmp_path):
    write_folders(tmp_path, {"a": (squares(0, shifted=4), squares(0))})
    evaluation = evaluate(tmp_path, steps(mask=True))
    row = evaluation.images.iloc[0]
    assert (row["jaccard"], row["dice"]) == pytest.approx((32 / 96, 0.5))
    assert (evaluation.objects, evaluation.curve, evaluation.sizes) == (None, None, None)


def test_scribbles_count_where_they_are(tmp_path):
    scribbles = np.zeros((SIDE, SIDE), np.uint8)
    scribbles[PERFECT[0] > 0] = 2
    scribbles[40, :10] = 1
    scribbles[41, :5] = 2
    write_folders(tmp_path, {"a": (PERFECT[0], scribbles)})
    row = evaluate(tmp_path, annotation="scribbles").images.iloc[0]
    assert row["pixel_scores.recall"] == pytest.approx(128 / 133)
    assert row["pixel_scores.precision"] == row["pixel_scores.specificity"] == 1


def test_the_course_exercise(shared_data):
    folder = shared_data / "published/BBBC007_batch"
    workflow = (
        Workflow(inputs={"image": IMAGE})
        .add(
            "filters.white_tophat",
            {"image": "image"},
            {"radius": voxels(10), "shape": "box"},
            outputs=("foreground",),
        )
        .add(
            "segmentation.voronoi_otsu_labeling",
            {"image": "foreground"},
            {"spot_sigma": voxels(5), "outline_sigma": voxels(1)},
        )
    )
    evaluation = evaluate(folder, workflow, annotation="sparse", metrics=["sparse_jaccard"])
    scores = evaluation.images["sparse_jaccard"].tolist()
    assert evaluation.images["image"][0] == "17P1_POS0013_D_1UL"
    assert scores[0] == 0.8357392602053431
    assert [round(score, 6) for score in scores[1:]] == [
        0.796675,
        0.668213,
        0.459084,
        0.794903,
        0.658813,
    ]
    assert round(evaluation.summary["mean"][0], 6) == 0.702238


# Confidence intervals


@pytest.mark.parametrize("statistic", [np.mean, np.median])
@pytest.mark.parametrize("number", [2, 7, 40])
def test_intervals_are_those_of_scipy(statistic, number):
    values = np.random.default_rng(number).random(number)
    truth = scipy.stats.bootstrap(
        (values,),
        statistic,
        n_resamples=999,
        confidence_level=0.9,
        method="percentile",
        rng=np.random.default_rng(5),
    ).confidence_interval
    found = bootstrap(values, confidence=0.9, resamples=999, seed=5)[statistic.__name__]
    assert found == pytest.approx((truth.low, truth.high), rel=1e-12)


def test_many_images_are_drawn_in_parts_with_the_same_result(monkeypatch):
    values = np.random.default_rng(0).random(30)
    whole = bootstrap(values, resamples=200)
    monkeypatch.setattr("napari_delineate.evaluate.statistics._AT_ONCE", 100)
    assert bootstrap(values, resamples=200) == whole


def test_of_one_image_there_is_no_interval():
    assert np.isnan(bootstrap(np.array([0.5]))["mean"]).all()


# What belongs together


def test_what_has_no_partner_is_listed(tmp_path):
    pairs = {"both": PERFECT, "seen": (squares(0), None), "drawn": (None, squares(0))}
    write_folders(tmp_path, pairs)
    evaluation = evaluate(tmp_path)
    assert evaluation.images["image"].tolist() == ["both"]
    assert [(one.image, one.reason) for one in evaluation.problems] == [
        ("drawn", f"there is no image of this name in {tmp_path / 'images'}"),
        ("seen", f"there is no annotation of this name in {tmp_path / 'annotations'}"),
    ]


def test_endings_do_not_matter(tmp_path):
    write_folders(tmp_path, {"a.1": (squares(0), None), "a.2": (squares(0), None)})
    tifffile.imwrite(tmp_path / "annotations/a.1.ome.tif", squares(0))
    np.save(tmp_path / "annotations/a.2.npy", squares(0))
    assert evaluate(tmp_path).images["image"].tolist() == ["a.1", "a.2"]


def test_words_that_say_what_a_file_is_do_not_matter(tmp_path):
    write_folders(
        tmp_path,
        {
            "cell 01_img": (PERFECT[0], None),
            "cell 01_mask": (None, PERFECT[1]),
            "IMG_2": (SLIDE[0], None),
            "Labels-2": (None, SLIDE[1]),
            "same": PERFECT,
            "same_gt": (None, squares(7)),
            "two": (squares(0), None),
            "two_seg": (None, squares(0)),
            "two_gt": (None, squares(0)),
            "image_9": (squares(0), None),
            "raw_9": (squares(0), None),
            "label_9": (None, squares(0)),
            "cell 1": (squares(0), None),
            "cell 2": (None, squares(0)),
        },
    )
    evaluation = evaluate(tmp_path, metrics=["detection_scores.recall"])
    found = dict(evaluation.images.itertuples(index=False))
    assert found == {"cell 01_img": 1, "IMG_2": 3 / 5, "same": 1}
    reasons = {one.image: one.reason for one in evaluation.problems}
    assert reasons["two"] == "several annotations fit: two_gt, two_seg"
    assert {"cell 1", "cell 2", "image_9", "raw_9", "label_9", "same_gt"} <= set(reasons)


def test_one_folder_for_both_is_refused(tmp_path):
    write_folders(tmp_path, {"a": PERFECT})
    with pytest.raises(ValueError, match="each image would be its own annotation"):
        evaluate_folder(steps(), tmp_path / "images", tmp_path / "images")


def test_a_folder_with_the_ending_of_an_image_is_none(tmp_path):
    write_folders(tmp_path, {"a": PERFECT})
    (tmp_path / "images" / "stacks.tif").mkdir()
    assert not evaluate(tmp_path).problems


def test_each_image_of_a_movie_is_compared_by_itself(tmp_path):
    workflow = movies(tmp_path, "a", "b")
    evaluation = evaluate(tmp_path, workflow)
    assert evaluation.images["detection_scores.recall"].tolist() == [0.8, 0.8]
    assert evaluation.images["detection_scores.true_positives"].tolist() == [2.5, 2.5]
    columns = ["image", "T", "detection_scores.recall", "detection_scores.precision"]
    assert evaluation.frames[columns].to_numpy().tolist() == [
        ["a", 0, 0.6, 0.75],
        ["a", 1, 1.0, 1.0],
        ["b", 0, 0.6, 0.75],
        ["b", 1, 1.0, 1.0],
    ]
    objects = evaluation.objects
    assert len(objects[(objects["image"] == "a") & (objects["T"] == 1)]) == 2
    assert len(evaluation.curve) == 2 * 2 * 10
    summary = evaluation.summary.set_index("score")
    assert summary.loc["detection_scores.recall", "images"] == 2


def test_images_of_a_movie_are_told_to_another_process():
    parts = [({"T": time}, Comparison({"dice": time / 3}, (1.0, 1.0), "pixel")) for time in (1, 2)]
    scored = Scored(join_frames(parts), b"picture", ())
    told = scored_of(json.loads(json.dumps(scored_to_json(scored))))
    pd.testing.assert_frame_equal(told.comparison.frames, scored.comparison.frames)
    assert told.comparison.scores == {"dice": 0.5}


def test_images_of_a_movie_without_annotation_are_left_out(tmp_path):
    workflow = movies(tmp_path, "a")
    annotated = np.stack([SLIDE[1], EMPTY])
    tifffile.imwrite(tmp_path / "annotations/a.tif", annotated)
    evaluation = evaluate(tmp_path, workflow, annotation="sparse")
    assert evaluation.images["detection_scores.recall"].tolist() == [0.6]
    assert evaluation.frames["T"].tolist() == [0]
    (warning,) = evaluation.warnings
    assert warning.reason.startswith("1 of 2 images of the movie have no annotation")
    everything = evaluate(tmp_path, workflow)
    assert everything.frames["detection_scores.precision"].tolist() == [0.75, 0]


def test_a_movie_is_drawn_on_its_own_images():
    image = Value.of(np.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5), Kind.IMAGE, "TCYX")
    drawn = beneath(image, "TYX", {"T": 1})
    assert np.array_equal(drawn, image.data[1].max(axis=0))
    assert np.array_equal(beneath(image, "TCYX", {"T": 1, "C": 2}), image.data[1, 2])
    stack = Value.of(np.arange(24).reshape(2, 3, 4), Kind.IMAGE, "ZYX")
    assert np.array_equal(beneath(stack, "YX", {}), stack.data.max(axis=0))
    assert np.array_equal(beneath(stack, "ZYX", {}), stack.data)
    colours = Value.of(np.zeros((3, 4, 3), np.uint8), Kind.RGB, "YXS")
    assert beneath(colours, "YX", {}).shape == (3, 4, 3)


def test_images_have_no_table_of_frames(tmp_path):
    write_folders(tmp_path, {"a": PERFECT})
    assert evaluate(tmp_path).frames is None


def test_only_other_inputs_are_given():
    workflow = Workflow(inputs={"nuclei": IMAGE, "cells": IMAGE})
    assert choose_input(workflow, {"cells": "x"}) == "nuclei"
    with pytest.raises(ValueError, match=r"'nuclei', 'cells' could take the images; say which"):
        choose_input(workflow, {})
    with pytest.raises(ValueError, match="all inputs are given"):
        choose_input(workflow, {"cells": "x", "nuclei": "y"})
    with pytest.raises(ValueError, match="there is no input 'dapi'; the inputs are: 'nuclei'"):
        choose_input(workflow, {"dapi": "x"})


def test_inputs_that_the_result_does_not_need_are_not_asked_for(tmp_path):
    write_folders(tmp_path, {"a": PERFECT})
    other = steps().add_input("unused", IMAGE).add("filters.gaussian", {"image": "unused"})
    evaluation = evaluate(tmp_path, other)
    assert evaluation.images["jaccard"].tolist() == [1]
    assert [step.operation for step in evaluation.workflow.steps] == [
        "segmentation.threshold",
        "segmentation.label_connected_components",
    ]
    with pytest.raises(ValueError, match="there is no input 'dapi'"):
        evaluate(tmp_path, other, inputs={"dapi": tmp_path})


def test_what_was_painted_on_one_image_is_not_put_into_others(tmp_path):
    write_folders(tmp_path, {"a": PERFECT})
    painted = WorkflowInput(Kind.CORRECTIONS, "YX", (1.0, 1.0))
    corrected = steps().add_input("strokes", painted)
    corrected = corrected.add(
        "postprocessing.apply_corrections", {"labels": "labels", "corrections": "strokes"}
    )
    with pytest.raises(ValueError, match=r"painted on one image .* as --result labels"):
        evaluate(tmp_path, corrected)
    assert evaluate(tmp_path, corrected, result="labels").images["jaccard"].tolist() == [1]


def test_another_input_has_its_own_folder(tmp_path):
    write_folders(tmp_path, {"a": PERFECT, "b": PERFECT})
    (tmp_path / "seeds").mkdir()
    tifffile.imwrite(tmp_path / "seeds/a.tif", PERFECT[0])
    workflow = (
        Workflow(inputs={"image": IMAGE, "other": IMAGE})
        .add("segmentation.threshold", {"image": "other"})
        .add("filters.mask_image", {"image": "image", "mask": "mask"}, outputs=("inside",))
        .add("segmentation.gauss_otsu_labeling", {"image": "inside"}, {"outline_sigma": 0.0})
    )
    evaluation = evaluate(tmp_path, workflow, inputs={"other": tmp_path / "seeds"})
    assert evaluation.images[["image", "jaccard"]].to_numpy().tolist() == [["a", 1.0]]
    assert "no image of this name for the input 'other'" in evaluation.problems[0].reason


def test_the_last_labels_are_compared_or_those_that_are_named():
    assert choose_result(steps()) == "labels"
    assert choose_result(steps(), "mask") == "mask"
    measured = steps().add("measurements.measure", {"labels": "labels", "image": "image"})
    assert choose_result(measured) == "labels"
    with pytest.raises(ValueError, match="'table' is no result that can be compared"):
        choose_result(measured, "table")
    two = steps().add("postprocessing.fill_holes", {"mask": "mask"}, outputs=("filled",))
    with pytest.raises(ValueError, match=r"gives 'labels', 'filled'; choose .* --result filled"):
        choose_result(two)


@pytest.mark.parametrize(
    ("workflow", "message"),
    [
        (Workflow(inputs={"image": IMAGE}), "no steps"),
        (
            Workflow(inputs={"image": IMAGE}).add("filters.gaussian", {"image": "image"}),
            "neither labels nor a mask",
        ),
    ],
)
def test_a_workflow_that_can_not_be_evaluated_is_refused(workflow, message):
    with pytest.raises(ValueError, match=message):
        choose_result(workflow)


# Scores that are chosen


def test_scores_are_chosen_by_operation_or_one_by_one():
    columns = choose_columns(
        ["dice", "panoptic_quality", "detection_scores.recall"], Kind.LABELS, "dense"
    )
    assert [column.name for column in columns] == [
        "dice",
        "panoptic_quality",
        "panoptic_quality.segmentation_quality",
        "panoptic_quality.recognition_quality",
        "detection_scores.recall",
    ]


@pytest.mark.parametrize("annotation", ["dense", "sparse"])
def test_every_score_that_is_offered_can_be_computed(tmp_path, annotation):
    write_folders(tmp_path, {"a": PERFECT})
    evaluation = evaluate(tmp_path, annotation=annotation)
    assert evaluation.images.notna().all(axis=None)
    assert len(evaluation.columns) >= 8


@pytest.mark.parametrize(
    ("names", "kind", "annotation", "message"),
    [
        (["beauty"], Kind.LABELS, "dense", "there is no score 'beauty'; there are: sparse_jaccard"),
        (["dice.x"], Kind.LABELS, "dense", "dice has no score 'x'; it has one score only"),
        (["panoptic_quality.x"], Kind.LABELS, "dense", "no score 'x'; it has the scores 'panop"),
        (["seg_score"], Kind.MASK, "dense", "the result is a mask; label it first"),
        (["dice"], Kind.LABELS, "sparse", "dice needs everything to be annotated"),
        (["seg_score"], Kind.LABELS, "scribbles", "scribbles show pixels only"),
        (None, Kind.MASK, "sparse", "which has no objects of which some could be annotated"),
    ],
)
def test_scores_that_would_be_wrong_are_refused(names, kind, annotation, message):
    with pytest.raises(ValueError, match=message):
        choose_columns(names, kind, annotation)


# What is wrong with one image leaves the others


def problem(folder, **settings):
    """The reason why the image "bad" is left out; "good" is evaluated."""
    evaluation = evaluate(folder, **settings)
    assert evaluation.images["image"].tolist() == ["good"]
    assert [one.image for one in evaluation.problems] == ["bad"]
    return evaluation.problems[0].reason


def test_an_annotation_of_another_shape_is_left_out(tmp_path):
    write_folders(tmp_path, {"good": PERFECT, "bad": (squares(0), squares(0)[:40])})
    reason = problem(tmp_path)
    assert reason == "the annotation has the shape (40, 48), the result 'labels' has (48, 48)"


@pytest.mark.parametrize("divisor", [1, 2])
def test_an_annotation_with_floats_is_left_out(tmp_path, divisor):
    # Also where all of them are whole: no metric takes them, and no dock does.
    bad = squares(0) / np.float32(divisor)
    write_folders(tmp_path, {"good": PERFECT, "bad": (squares(0), bad)})
    assert "the annotation must hold whole numbers" in problem(tmp_path)


@pytest.mark.parametrize("annotation", ["dense", "sparse", "scribbles"])
def test_a_mask_is_no_annotation_of_objects(tmp_path, annotation):
    write_folders(tmp_path, {"good": (SLIDE[0], SLIDE[1]), "bad": (squares(0), squares(0, 1) > 0)})
    assert "the annotation is a mask" in problem(tmp_path, annotation=annotation)


def test_one_number_for_all_objects_is_told(tmp_path):
    write_folders(tmp_path, {"a": (squares(0, 1), (squares(0, 1) > 0) * np.uint8(255))})
    (warning,) = evaluate(tmp_path).warnings
    assert warning.reason.startswith("the annotation has one object in 2 parts that lie apart.")
    write_folders(tmp_path / "mask", {"a": (squares(0, 1), squares(0, 1) > 0)})
    assert not evaluate(tmp_path / "mask", steps(mask=True)).warnings


def test_negative_numbers_are_left_out(tmp_path):
    write_folders(tmp_path, {"good": PERFECT, "bad": (squares(0), -squares(0).astype(np.int16))})
    assert "must be labels from 0 (background) up, it holds -1" in problem(tmp_path)


@pytest.mark.parametrize("place", ["images", "annotations"])
def test_a_damaged_file_is_left_out(tmp_path, place):
    write_folders(tmp_path, {"good": PERFECT, "bad": PERFECT})
    (tmp_path / place / "bad.tif").write_bytes(b"II*\0 this is no image")
    assert f"{place}/bad.tif" in problem(tmp_path)


def test_a_step_that_fails_leaves_the_image_out(tmp_path):
    write_folders(tmp_path, {"good": PERFECT, "bad": PERFECT})
    tifffile.imwrite(tmp_path / "images/bad.tif", np.full((SIDE, SIDE), np.nan, np.float32))
    assert "step 'threshold' failed" in problem(tmp_path)


def test_an_empty_annotation_makes_all_wrong_and_is_told(tmp_path):
    write_folders(tmp_path, {"a": (squares(0), EMPTY)})
    evaluation = evaluate(tmp_path, metrics=["average_precision"])
    assert evaluation.images["average_precision"].tolist() == [0]
    assert evaluation.warnings[0].reason == "the annotation is empty: everything found is wrong"


@pytest.mark.parametrize("annotation", ["sparse", "scribbles"])
def test_of_an_empty_sparse_annotation_nothing_is_known(tmp_path, annotation):
    write_folders(tmp_path, {"good": PERFECT, "bad": (squares(0), EMPTY)})
    assert "nothing is known" in problem(tmp_path, annotation=annotation)


def test_another_voxel_size_is_told(tmp_path):
    write_folders(tmp_path, {"a": PERFECT})
    for place, size in (("images", 0.5), ("annotations", 0.25)):
        path = tmp_path / place / "a.tif"
        pixels = tifffile.imread(path)
        tifffile.imwrite(
            path.with_suffix(".ome.tif"),
            pixels,
            metadata={"axes": "YX", "PhysicalSizeX": size, "PhysicalSizeY": size},
        )
        path.unlink()
    evaluation = evaluate(tmp_path)
    assert "states the voxel size 0.25 × 0.25 micrometer" in evaluation.warnings[-1].reason
    assert evaluation.objects["reference_size"].tolist() == [16, 16]
    assert evaluation.sizes.attrs["units"]["smallest"] == "micrometer²"


def write_with_voxel_size(path, pixels, size, unit):
    tifffile.imwrite(
        path,
        pixels,
        metadata={
            "axes": "YX",
            "PhysicalSizeX": size,
            "PhysicalSizeY": size,
            "PhysicalSizeXUnit": unit,
            "PhysicalSizeYUnit": unit,
        },
    )


@pytest.mark.parametrize(
    ("second", "unit", "means"),
    [(("µm", 0.5), "micrometer", [1.0]), (("nm", 500), "units differ", [])],
)
def test_distances_have_a_unit_or_no_mean(tmp_path, second, unit, means):
    write_folders(tmp_path, {})
    for name, (its_unit, size) in {"a": ("µm", 0.5), "b": second}.items():
        seen, annotated = (squares(0, shifted=shift).astype(np.uint8) for shift in (2, 0))
        for place, pixels in (("images", seen * 200), ("annotations", annotated)):
            path = tmp_path / place / f"{name}.ome.tif"
            write_with_voxel_size(path, pixels, size, its_unit)
    evaluation = evaluate(tmp_path, metrics=["hausdorff_distance.hausdorff", "dice"])
    assert evaluation.images["hausdorff_distance.hausdorff"][0] == 1.0
    assert evaluation.summary["unit"].tolist() == [unit, ""]
    assert evaluation.summary["mean"].dropna().tolist() == [*means, 0.75]
    # Sizes in units of their own are said object by object, and are counted in pixels.
    assert ("units" in evaluation.objects) == (not means)
    assert evaluation.sizes["largest"].tolist() == [16 if means else 64]


def test_if_all_fail_the_first_reason_is_said(tmp_path):
    write_folders(tmp_path, {"a": (squares(0), squares(0)[1:]), "b": (None, squares(0))})
    with pytest.raises(JobError, match=r"no image could be evaluated; a: the annotation has the"):
        evaluate(tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"annotation": "some"}, "annotation must be one of"),
        ({"overlap": 0}, "overlap must be from 0.01 to 1, got 0"),
        ({"workers": 0}, "workers must be 1 or more"),
        ({"metrics": []}, "at least one score"),
    ],
)
def test_wrong_settings_are_refused(tmp_path, changes, message):
    write_folders(tmp_path, {"a": PERFECT})
    with pytest.raises(ValueError, match=message):
        evaluate(tmp_path, **changes)


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ({}, "images holds no image that can be read"),
        ({"a": (squares(0), None)}, "annotations holds no image that can be read"),
        ({"a": (squares(0), None), "b": (None, squares(0))}, "has an annotation of the same name"),
    ],
)
def test_folders_without_pairs_are_refused(tmp_path, pairs, message):
    write_folders(tmp_path, pairs)
    with pytest.raises(ValueError, match=message):
        evaluate(tmp_path)


def test_a_file_in_place_of_a_folder_is_refused(tmp_path):
    write_folders(tmp_path, {"a": PERFECT})
    file = tmp_path / "images/a.tif"
    with pytest.raises(ValueError, match="is a file, not a folder of images"):
        evaluate_folder(steps(), file, tmp_path / "annotations")
    with pytest.raises(ValueError, match="there is no folder"):
        evaluate_folder(steps(), tmp_path / "images", tmp_path / "nothing")


# Progress, cancelling, processes


def test_progress_is_told_and_cancelling_stops(tmp_path):
    write_folders(tmp_path, {"a": PERFECT, "b": PERFECT, "c": PERFECT})
    told = []
    evaluate(tmp_path, progress=lambda *state: told.append(state))
    assert told == [(1, 3, "a"), (2, 3, "b"), (3, 3, "c")]
    told.clear()
    with pytest.raises(CancelledError):
        evaluate(
            tmp_path,
            progress=lambda *state: told.append(state),
            cancelled=lambda: bool(told),
        )
    assert len(told) == 1


@pytest.mark.parametrize("workers", [None, 1])
def test_what_is_finished_counts_after_an_interrupt(tmp_path, workers):
    write_folders(tmp_path, {"a": (squares(0), squares(0)[1:]), "b": SLIDE, "c": PERFECT})

    def interrupt_after(last):
        def progress(done, *_):
            if done == last:
                raise KeyboardInterrupt

        return progress

    threads = threading.active_count()
    with pytest.raises(KeyboardInterrupt):  # the first can not be scored
        evaluate(tmp_path, workers=workers, progress=interrupt_after(1))
    found = evaluate(tmp_path, workers=workers, progress=interrupt_after(2))
    assert threading.active_count() == threads
    assert found.images["image"].tolist() == ["b"]
    assert found.images["detection_scores.recall"].tolist() == [0.6]
    assert set(found.objects["image"]) == {"b"}
    assert found.unfinished == ("c",)
    reasons = {one.image: one.reason for one in found.problems}
    assert "shape" in reasons["a"]
    assert "interrupted" in reasons["c"]


def test_processes_give_the_same_as_one(tmp_path):
    write_folders(tmp_path, {"a": PERFECT, "b": SLIDE, "c": (squares(0), squares(0)[1:])})
    alone, shared = (evaluate(tmp_path, workers=workers) for workers in (None, 2))
    for field in dataclasses.fields(alone):
        if isinstance(getattr(alone, field.name), pd.DataFrame):
            pd.testing.assert_frame_equal(getattr(alone, field.name), getattr(shared, field.name))
    assert alone.pictures == shared.pictures
    assert alone.problems == shared.problems


def program(code):
    """A process that does jobs with a function f of a number."""
    serving = "from napari_delineate.evaluate.processes import serve"
    return [sys.executable, "-c", f"import os, time\n{serving}\n{code}\nserve(lambda task: f)"]


def test_a_process_that_ends_takes_only_its_job_with_it():
    code = """
def f(number):
    print("libraries print what they like")
    if number == 1:
        os._exit(3)
    return 10 // (number - 2)
"""
    found = dict(do_jobs(program(code), None, [0, 1, 2, 3, 4], 2, lambda: None))
    assert {number: found[number] for number in (0, 3, 4)} == {0: -5, 3: 10, 4: 5}
    assert isinstance(found[1], JobError)
    assert "exit status 3" in str(found[1])
    assert "division" in str(found[2])


def test_cancelling_ends_the_processes():
    begin, asked = time.monotonic(), threading.active_count()

    def check():
        if time.monotonic() - begin > 0.3:
            raise CancelledError

    with pytest.raises(CancelledError):
        list(do_jobs(program("def f(number): time.sleep(600)"), None, [1, 2, 3], 2, check))
    assert threading.active_count() == asked  # each waits for its process
    assert time.monotonic() - begin < 60


def test_a_program_that_is_not_there_is_said():
    with pytest.raises(OSError, match="no such program"):
        list(do_jobs(["/no such program"], None, [1, 2], 2, lambda: None))


def test_columns_say_which_way_is_better():
    better = {
        column.name: column.scoring.better for column in choose_columns(None, Kind.LABELS, "dense")
    }
    assert better["average_precision"] == "higher"
    assert better["detection_scores.merges"] == "lower"
    assert set(better.values()) == {"higher", "lower", ""}


def test_the_objects_are_those_of_the_metrics(tmp_path):
    write_folders(tmp_path, {"a": SLIDE})
    evaluation = evaluate(tmp_path)
    truth = metrics.match_objects(SLIDE[1], SLIDE[0])
    pd.testing.assert_frame_equal(evaluation.objects.drop(columns="image"), truth)


@pytest.mark.parametrize(
    ("metric", "order"),
    [
        ("dice", ["none", "half", "a", "b"]),
        ("pixel_scores.hamming", ["none", "half", "a", "b"]),
        ("hausdorff_distance.hausdorff", ["none", "half", "a", "b"]),
        ("pixel_scores.true_positives", ["a", "b", "half", "none"]),
    ],
)
def test_the_worst_come_first_whatever_way_is_better(tmp_path, metric, order):
    pairs = {"b": PERFECT, "half": (squares(0, 4, shifted=2), PERFECT[0]), "a": PERFECT}
    write_folders(tmp_path, {**pairs, "none": (squares(0, 4), EMPTY)})
    assert evaluate(tmp_path, metrics=[metric]).worst_first() == order
