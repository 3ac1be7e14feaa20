"""The library's workflows find what is there: in generated images, and in real ones.

Bars come from what others reached on the same images: published figures, and plain
scikit-image baselines that were scored with the same references.
"""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage
from skimage import transform

from napari_delineate import metrics, samples
from napari_delineate.engine import Engine
from napari_delineate.files import read_workflow, write_workflow
from napari_delineate.library import entries, fitted
from napari_delineate.library.culture import culture
from napari_delineate.library.stained import stained_tissue
from napari_delineate.library.tissue import tissue
from napari_delineate.types import Kind, Voxels
from napari_delineate.values import Value, fingerprint
from napari_delineate.workflow import Workflow, WorkflowInput

ENTRIES = {entry.name: entry for entry in entries()}
OBJECTS = {
    "nuclei_2d": "kept_labels",
    "nuclei_3d": "kept_labels",
    "membranes": "labels",
    "cells_from_nuclei": "labels",
    "nuclei_cells_cytoplasm": "cells_found",
    "stained_tissue": "nuclei",
    "hematoxylin_dab": "nuclei",
}


def image(data, spacing, units="micrometer", axes=None, kind=Kind.IMAGE):
    return Value.of(data, kind, axes, spacing, units)


def objects(name, **inputs):
    """Return the labels that a workflow of the library finds."""
    described = {key: WorkflowInput.of(value) for key, value in inputs.items()}
    workflow = ENTRIES[name].workflow_for(described)
    wanted = OBJECTS[name]
    return Engine().run(workflow, inputs, wanted=[wanted])[wanted].data


def f1(reference, labels):
    """F1 of objects; above an overlap of one half, no object can have two partners."""
    reference_numbers, rows = np.unique(reference, return_inverse=True)
    label_numbers, columns = np.unique(labels, return_inverse=True)
    overlaps = np.zeros((len(reference_numbers), len(label_numbers)))
    np.add.at(overlaps, (rows.ravel(), columns.ravel()), 1)
    unions = overlaps.sum(1, keepdims=True) + overlaps.sum(0, keepdims=True) - overlaps
    ratios = (overlaps / unions)[np.ix_(reference_numbers > 0, label_numbers > 0)]
    return 2 * (ratios > 0.5).sum() / sum(ratios.shape)


def cores(labels):
    """Return the inner half of each object, as a nucleus lies in its cell."""
    result = np.zeros(labels.shape, np.int32)
    for number in np.unique(labels[labels > 0]):
        inside = ndimage.distance_transform_edt(np.pad(labels == number, 1))
        inside = inside[(slice(1, -1),) * labels.ndim]
        result[inside > inside.max() / 2] = number
    return result


# What an entry says


def test_the_library_holds_what_it_promises():
    assert list(ENTRIES) == list(OBJECTS)
    assert len({entry.title for entry in entries()}) == len(ENTRIES)


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.name)
def test_an_entry_says_what_it_suits_in_one_sentence(entry):
    assert entry.name.isidentifier()
    assert entry.summary.endswith(".")
    assert entry.summary.count(". ") == 0
    assert set(entry.example.load()) == set(entry.workflow.inputs)
    assert "generated" in entry.example.title or "scikit-image" in entry.example.title


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.name)
def test_an_entry_is_an_ordinary_workflow_file(entry, tmp_path):
    path = tmp_path / "workflow.json"
    write_workflow(path, entry.workflow)
    assert read_workflow(path) == entry.workflow
    for value in entry.workflow.inputs.values():
        assert (value.source, value.version, value.units) == (None, None, "micrometer")


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.name)
def test_lengths_are_physical(entry):
    for step in entry.workflow.steps:
        assert not any(isinstance(value, Voxels) for value in step.parameters.values())


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.name)
def test_an_example_fits_its_workflow_and_gives_a_table(entry):
    inputs = entry.example.load()
    for name, value in inputs.items():
        wanted = entry.workflow.inputs[name]
        assert (value.kind, value.axes, value.units) == (wanted.kind, wanted.axes, wanted.units)
    results = Engine().run(entry.workflow, inputs)
    found = results[OBJECTS[entry.name]].data
    assert len(results["table"].data) == len(np.unique(found[found > 0]))
    assert fingerprint(entry.example.load()[name].data) == fingerprint(inputs[name].data)


# Generated images, whose objects are known


def test_the_18_nuclei_of_the_sample_are_found():
    found = objects("nuclei_2d", **ENTRIES["nuclei_2d"].example.load())
    assert found.max() == 18


def test_the_60_nuclei_of_the_stack_are_found():
    assert objects("nuclei_3d", nuclei=samples.nuclei_3d()).max() == 60


def test_the_cells_of_the_sheet_are_found():
    sheet = tissue()
    assert f1(sheet.cells.data, objects("membranes", membranes=sheet.membranes)) > 0.95


def test_cells_grow_from_their_nuclei():
    sheet = tissue()
    found = objects("cells_from_nuclei", nuclei=sheet.nuclei, membranes=sheet.membranes)
    inside = sheet.nuclei.data > 0
    assert np.array_equal(found[inside], sheet.nuclei.data[inside])
    assert (found == sheet.cells.data).mean() > 0.97


def test_the_sheet_is_what_it_says():
    sheet = tissue()
    cells, nuclei = sheet.cells.data, sheet.nuclei.data
    numbers = np.arange(1, cells.max() + 1)
    assert np.array_equal(np.unique(cells), numbers)
    assert np.array_equal(np.unique(nuclei[nuclei > 0]), numbers)
    assert (cells[nuclei > 0] == nuclei[nuclei > 0]).all()
    assert all(ndimage.label(cells == number)[1] == 1 for number in numbers)
    edges = np.zeros(cells.shape, bool)
    edges[:, 1:] = cells[:, 1:] != cells[:, :-1]
    assert sheet.membranes.data[edges].mean() > 3 * np.median(sheet.membranes.data)


def test_the_nuclei_of_stained_tissue_are_found():
    slide = stained_tissue()
    found = objects("stained_tissue", tissue=slide.tissue)
    assert metrics.average_precision(slide.nuclei.data, found) > 0.95


@pytest.mark.parametrize("zoom", [0.6, 1.7])
def test_stained_tissue_may_be_of_any_magnification(zoom):
    slide = stained_tissue()
    shape = tuple(round(size * zoom) for size in slide.nuclei.data.shape)
    colours = transform.resize(slide.tissue.data, (*shape, 3), order=1, preserve_range=True)
    found = objects(
        "stained_tissue",
        tissue=image(colours.round().astype(np.uint8), 0.5 / zoom, kind=Kind.RGB),
    )
    reference = transform.resize(slide.nuclei.data, shape, order=0, anti_aliasing=False)
    assert metrics.average_precision(reference, found) > 0.9


def test_positive_nuclei_are_those_with_dab():
    slide = stained_tissue()
    brown = (slide.nuclei.data > 0) & (slide.nuclei.data % 2 == 0)
    # DAB takes this share of red, green and blue: 10 ** -0.6 times its colour.
    left = 10 ** (-0.6 * np.array([0.268, 0.570, 0.776]))
    colours = np.where(brown[..., None], slide.tissue.data * left, slide.tissue.data)
    given = {"tissue": image(colours.astype(np.uint8), 0.5, kind=Kind.RGB)}
    results = Engine().run(ENTRIES["hematoxylin_dab"].workflow, given)
    nuclei, positive, negative = (
        results[name].data for name in ("nuclei", "positive_nuclei", "negative_nuclei")
    )
    assert np.array_equal(nuclei, positive + negative)
    assert not (
        np.unique(positive[positive > 0])[:, None] == np.unique(negative[negative > 0])
    ).any()
    is_even = slide.nuclei.data % 2 == 0
    assert metrics.average_precision(slide.nuclei.data * is_even, positive) > 0.8
    means = results["table"].data.set_index("label")["intensity_mean"]
    assert means[np.unique(positive[positive > 0])].min() >= 0.2 - 1e-9
    assert means[np.unique(negative[negative > 0])].max() <= 0.2 + 1e-9


def test_nuclei_cells_and_cytoplasm_belong_together():
    cells = culture()
    given = {"nuclei": cells.nuclei, "cells": cells.bodies}
    results = Engine().run(ENTRIES["nuclei_cells_cytoplasm"].workflow, given)
    found, nuclei, cytoplasm = (
        results[name].data for name in ("cells_found", "nuclei_kept", "cytoplasm")
    )
    assert np.array_equal(found[nuclei > 0], nuclei[nuclei > 0])
    assert np.array_equal(cytoplasm[cytoplasm > 0], found[cytoplasm > 0])
    # Cells whose nuclei touch the border of the image are left out.
    inner = cells.cells.data * np.isin(cells.cells.data, found_truth(cells.cells.data, found))
    assert metrics.average_precision(inner, found) > 0.95
    assert len(np.unique(inner)) > 35
    for name in ("table", "nuclei_table", "cytoplasm_table"):
        assert results[name].data["label"].tolist() == np.unique(found[found > 0]).tolist()


def found_truth(reference, found):
    """Return the numbers of the objects that are mostly covered by what was found."""
    numbers = np.unique(reference[reference > 0])
    shares = ndimage.mean(found > 0, reference, numbers)
    return numbers[shares > 0.5]


# Real images with references


def test_nuclei_in_stained_tissue_are_found(shared_data, shared_image):
    """The 2018 Data Science Bowl; the best of plain algorithms reaches 0.403."""
    scores = []
    for path in sorted((shared_data / "histology").glob("dsb_*_labels.tif")):
        picture = shared_image(str(path).replace("_labels", ""))[..., :3]
        found = objects("stained_tissue", tissue=image(picture, 0.5, kind=Kind.RGB))
        scores.append(metrics.average_precision(shared_image(path), found))
    assert len(scores) == 3
    assert np.mean(scores) > 0.45


def test_both_channels_of_human_cells_give_cells(shared_image):
    channels = shared_image("multichannel/cellprofiler_examplehuman.tif")
    given = {"nuclei": image(channels[0], 0.5), "cells": image(channels[2], 0.5)}
    results = Engine().run(ENTRIES["nuclei_cells_cytoplasm"].workflow, given)
    cells, nuclei = results["cells_found"].data, results["nuclei_kept"].data
    assert np.array_equal(np.unique(cells), np.unique(nuclei))
    assert (cells > 0).sum() > 1.5 * (nuclei > 0).sum()


def test_nuclei_of_many_kinds_are_found(shared_data, shared_image):
    """Fluorescence images of the 2018 Data Science Bowl; pixels of 0.5 µm are assumed.

    A plain Voronoi-Otsu labeling reaches a mean F1 of 0.744 with one setting for all images,
    and 0.836 with the best of 16 settings for each.
    """
    paths = sorted((shared_data / "nuclei2d_gt").glob("dsb_*_labels.tif"))
    scores = []
    for path in paths:
        reference = shared_image(path)
        picture = shared_image(str(path).replace("_labels", ""))
        scores.append(f1(reference, objects("nuclei_2d", nuclei=image(picture, 0.5))))
    assert len(scores) == 14
    assert np.mean(scores) > 0.836
    assert np.median(scores) > 0.85


def test_nuclei_in_dense_tissue_are_found(shared_image):
    """The best of 16 settings of Voronoi-Otsu reaches 0.835 on this image."""
    name = "nuclei2d_gt/biad634_ganglioneuroblastoma_0a"
    found = objects("nuclei_2d", nuclei=image(shared_image(f"{name}.tif"), 0.5))
    assert f1(shared_image(f"{name}_labels.tif"), found) > 0.835


def test_nuclei_are_found_in_every_frame_of_a_movie(shared_image):
    """A Voronoi-Otsu labeling of each frame reaches 0.791."""
    movie = image(shared_image("timelapse/laptrack_nuclei.tif"), 0.5, axes="TYX")
    found = objects("nuclei_2d", nuclei=movie)
    references = shared_image("timelapse/laptrack_nuclei_labels.tif")
    scores = [f1(one, other) for one, other in zip(references, found, strict=True)]
    assert np.mean(scores) > 0.791


def test_nuclei_in_a_noisy_stack_of_flat_voxels_are_found(shared_image):
    """The best of 16 settings of Voronoi-Otsu reaches 0.648 on this stack."""
    name = "nuclei3d_gt/gonuclear_ovule_1135"
    stack = image(shared_image(f"{name}.tif"), (0.2837, 0.1268, 0.1268))
    assert f1(shared_image(f"{name}_labels.tif"), objects("nuclei_3d", nuclei=stack)) > 0.75


def test_cells_between_membranes_are_found(shared_image):
    """The figure S16: 27 regions; the reference has the 25 cells that a nucleus was found in."""
    picture = image(shared_image("published/membrane2d.tif"), 0.26)
    found = objects("membranes", membranes=picture)
    assert found.max() == 27
    assert f1(shared_image("published/membrane_labels.tif"), found) > 0.95


def test_annotated_cells_are_outlined_better_than_by_published_settings(shared_image):
    """The figure J4: settings that were fitted to this image reach 0.8301."""
    found = objects("membranes", membranes=image(shared_image("published/membranes_2d.tif"), 0.26))
    reference = shared_image("published/membranes_2d_sparse_labels.tif")
    assert metrics.sparse_jaccard(reference, found) > 0.8301


def test_cells_of_a_tissue_grow_from_their_middle(shared_image):
    """Slices of an ovule with a reference by hand.

    Membranes alone give an F1 of 0.74 with the best of five settings.
    """
    stack = shared_image("membrane/plantseg_ovule_y0-64.tif")
    references = shared_image("membrane/plantseg_ovule_y0-64_labels.tif")
    scores = []
    for picture, reference in list(zip(stack, references, strict=True))[::4]:
        nuclei = image(cores(reference), 0.15, kind=Kind.LABELS)
        found = objects("cells_from_nuclei", nuclei=nuclei, membranes=image(picture, 0.15))
        scores.append(f1(reference, found))
    assert np.mean(scores) > 0.8


def test_nuclei_and_membranes_of_one_image_give_one_cell_for_each_nucleus(shared_image):
    membranes, stained = shared_image("multichannel/neubias_membranes_nuclei.tif")
    nuclei = objects("nuclei_2d", nuclei=image(stained, 0.5))
    found = objects(
        "cells_from_nuclei",
        nuclei=image(nuclei, 0.5, kind=Kind.LABELS),
        membranes=image(membranes, 0.5),
    )
    assert np.array_equal(np.unique(found), np.unique(nuclei[nuclei > 0]))
    assert (found[nuclei > 0] == nuclei[nuclei > 0]).all()


# Other voxel sizes, units and axes


@pytest.mark.parametrize("name", ["nuclei_2d", "membranes"])
@pytest.mark.parametrize("zoom", [0.6, 1.7])
def test_sizes_carry_over_to_other_voxel_sizes(name, zoom):
    [(key, value)] = ENTRIES[name].example.load().items()
    shape = tuple(round(size * zoom) for size in value.data.shape)
    resampled = transform.resize(value.data.astype(float), shape, order=1)
    spacing = tuple(
        size * old / new
        for size, old, new in zip(value.spacing, value.data.shape, resampled.shape, strict=True)
    )
    before = objects(name, **{key: value})
    after = objects(name, **{key: image(resampled, spacing)})
    assert after.max() == before.max()
    back = transform.resize(before, shape, order=0, anti_aliasing=False)
    assert f1(back, after) == 1


def test_sizes_carry_over_to_flatter_voxels():
    stack = samples.nuclei_3d()
    thinned = image(stack.data[:, ::2, ::2], (1.0, 0.6, 0.6))
    assert objects("nuclei_3d", nuclei=thinned).max() == 60


@pytest.mark.parametrize(("units", "factor"), [("nanometer", 1000.0), ("millimeter", 0.001)])
@pytest.mark.parametrize("name", ["nuclei_2d", "nuclei_3d"])
@pytest.mark.slow
def test_another_unit_gives_the_same_objects(name, units, factor):
    [(key, value)] = ENTRIES[name].example.load().items()
    other = image(value.data, tuple(size * factor for size in value.spacing), units)
    assert f1(objects(name, **{key: value}), objects(name, **{key: other})) == 1


def test_images_without_a_voxel_size_get_lengths_in_voxels():
    entry = ENTRIES["nuclei_2d"]
    plain = WorkflowInput(Kind.IMAGE, "YX", (1.0, 1.0))
    workflow = entry.workflow_for({"nuclei": plain})
    assert workflow.step("split_touching_objects").parameters["sigma"] == Voxels(2.5)
    assert workflow.step("filter_by_size").parameters["minimum"] == Voxels(60.0)
    value = entry.example.load()["nuclei"]  # its pixels are as large as is assumed
    assert value.spacing == (entry.pixel, entry.pixel)
    there = objects("nuclei_2d", nuclei=value)
    assert np.array_equal(objects("nuclei_2d", nuclei=image(value.data, 1.0, "pixel")), there)


def test_a_scale_without_a_unit_is_taken_as_micrometer():
    scaled = WorkflowInput(Kind.IMAGE, "YX", (0.26, 0.26))
    workflow = ENTRIES["membranes"].workflow_for({"membranes": scaled})
    assert workflow.steps[0].parameters["spot_sigma"] == 2.6


def test_sizes_of_volumes_are_converted_as_volumes():
    stack = WorkflowInput(Kind.IMAGE, "ZYX", (1000.0, 250.0, 250.0), "nanometer")
    workflow = ENTRIES["nuclei_3d"].workflow_for({"nuclei": stack})
    assert workflow.step("filter_by_size").parameters["minimum"] == pytest.approx(2e9)


def test_a_movie_is_processed_frame_by_frame():
    movie = samples.nuclei_movie()
    found = objects("nuclei_2d", nuclei=movie)
    for frame, labels in itertools.islice(zip(movie.data, found, strict=True), 3):
        alone = objects("nuclei_2d", nuclei=image(frame, movie.spacing))
        assert np.array_equal(alone, labels)


def test_a_stack_is_no_image_in_2d():
    stack = WorkflowInput.of(samples.nuclei_3d())
    with pytest.raises(ValueError, match="'nuclei' has the axes ZYX, the workflow is made for YX"):
        ENTRIES["nuclei_2d"].workflow_for({"nuclei": stack})


def test_inputs_in_different_units_are_refused():
    inputs = dict(ENTRIES["cells_from_nuclei"].workflow.inputs)
    inputs["nuclei"] = replace(inputs["nuclei"], units="nanometer")
    with pytest.raises(ValueError, match="nanometer and micrometer"):
        ENTRIES["cells_from_nuclei"].workflow_for(inputs)


def test_a_workflow_without_inputs_fits_as_it_is():
    assert fitted(Workflow(), {}) == Workflow()


def test_an_input_of_another_kind_is_refused():
    colours = WorkflowInput(Kind.RGB, "YXS", (0.5, 0.5), "micrometer")
    with pytest.raises(TypeError, match="RGB to gray"):
        ENTRIES["nuclei_2d"].workflow_for({"nuclei": colours})


def test_fitting_keeps_names_voxels_and_bypassed_steps():
    plain = WorkflowInput(Kind.IMAGE, "YX", (0.5, 0.5), "micrometer")
    workflow = (
        Workflow(inputs={"cells": plain}, device="cpu")
        .add("filters.gaussian", {"image": "cells"}, {"sigma": Voxels(2)}, name="soft")
        .add("filters.median", {"image": "blurred"}, {"radius": 1.5}, outputs=("calm",))
        .change("median", bypassed=True)
    )
    assert fitted(workflow, workflow.inputs) == workflow
    other = fitted(workflow, {"cells": replace(plain, spacing=(500.0,) * 2, units="nanometer")})
    assert other.step("soft").parameters["sigma"] == Voxels(2)
    assert other.step("median").parameters["radius"] == 1500
    assert other.step("median").bypassed
