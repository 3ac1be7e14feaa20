"""Sessions of annotating real images: correct a result, draw from nothing, undo everything."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from napari_delineate import metrics
from napari_delineate.export import write_notebook
from napari_delineate.files import read_workflow, write_workflow
from tests.napari.by_hand import as_bits, check_index, take_up, undo_all
from tests.napari.test_annotate_dock import draw
from tests.napari.truth import check, check_notebook

_FOUND = 0.2
"""Share of a drawn nucleus from which on an object is a part of it."""


def middle_of(mask):
    """Return the place of a mask that is farthest from its border."""
    depth = ndimage.distance_transform_edt(np.pad(mask, 1))[tuple([slice(1, -1)] * mask.ndim)]
    return tuple(int(place) for place in np.unravel_index(depth.argmax(), mask.shape))


def parts_of(labels, mask):
    """Return the objects that a nucleus consists of, the largest first."""
    numbers, counts = np.unique(labels[mask], return_counts=True)
    there = [
        (count, number)
        for number, count in zip(numbers.tolist(), counts.tolist(), strict=True)
        if number and count > _FOUND * mask.sum() and count > 0.5 * (labels == number).sum()
    ]
    return [number for _, number in sorted(there, reverse=True)]


def correct(dock, drawn):
    """Bring labels nearer to what people drew, by pointer and keys; return the tools used."""
    layer, used = dock.hand.layer, []
    nuclei = [number for number in np.unique(drawn).tolist() if number]
    for number in nuclei:  # merge what belongs together
        parts = parts_of(layer.data, drawn == number)
        if len(parts) > 1:
            take_up(dock, "merge")
            for part in parts:
                draw(dock, middle_of((layer.data == part) & (drawn == number)))
            dock.pointer._on_enter(None)
            used.append("merge")
    for number in [one for one in np.unique(layer.data).tolist() if one]:  # split what does not
        mask = layer.data == number
        there = [
            one for one in nuclei if (mask & (drawn == one)).sum() > 0.4 * (drawn == one).sum()
        ]
        if len(there) > 1:
            take_up(dock, "split_points")
            for one in there:
                draw(dock, middle_of(mask & (drawn == one)))
            dock.pointer._on_enter(None)
            used.append("split_points")
    for number in [one for one in np.unique(layer.data).tolist() if one]:
        mask = layer.data == number
        if (drawn[mask] > 0).mean() < 0.2:
            take_up(dock, "delete")
            draw(dock, middle_of(mask))
            used.append("delete")
    for number in nuclei:
        mask = drawn == number
        if (layer.data[mask] > 0).mean() < 0.2 and mask.sum() > 20:
            rows, columns = np.nonzero(mask)
            take_up(dock, "box")
            draw(dock, (rows.min(), columns.min()), (rows.max(), columns.max()))
            used.append("box")
    dock.pointer.put_down()
    return used


@pytest.mark.slow
def test_a_result_is_corrected_to_the_drawn_nuclei(
    viewer, session, annotate, nuclei, settle, tmp_path, monkeypatch
):
    image, drawn = nuclei
    viewer.add_image(image, name="nuclei")
    session.run(
        "segmentation.voronoi_otsu_labeling",
        {"image": viewer.layers["nuclei"]},
        {"spot_sigma": 2.0, "outline_sigma": 1.0},
    )
    settle()
    layer = session.layer("labels")
    viewer.layers.selection.active = layer
    assert annotate.hand.layer is layer
    first, steps = as_bits(layer), len(session.history.past)
    before = metrics.average_precision(layer.data, drawn)
    used = correct(annotate, drawn)
    settle()
    assert {"merge", "split_points", "delete", "box"} <= set(used)
    assert metrics.average_precision(layer.data, drawn) > before + 0.05
    assert len(session.history.past) == steps + len(used)
    check(session)
    check_index(annotate)
    monkeypatch.chdir(tmp_path)
    assert check_notebook(session, tmp_path) == 3
    for count in range(len(used)):
        session.undo()
        if count % 5 == 0:
            settle()
            check_index(annotate)
    settle()
    assert as_bits(layer) == first
    session.redo(len(used))
    settle()
    check(session)
    check_index(annotate)


@pytest.mark.slow
def test_corrections_survive_a_change_upstream(viewer, session, annotate, nuclei, settle):
    image, _ = nuclei
    viewer.add_image(image, name="nuclei")
    step = session.run(
        "segmentation.voronoi_otsu_labeling",
        {"image": viewer.layers["nuclei"]},
        {"spot_sigma": 4.0, "outline_sigma": 1.0},
    )
    settle()
    layer = session.layer("labels")
    viewer.layers.selection.active = layer
    seen = layer.data.copy()
    deleted = middle_of(seen == 5)
    take_up(annotate, "delete")
    draw(annotate, deleted)
    settle()
    merged = [middle_of(layer.data == number) for number in (11, 12)]
    take_up(annotate, "merge")
    for place in merged:
        draw(annotate, place)
    annotate.pointer._on_enter(None)
    settle()
    assert layer.data[deleted] == 0
    session.change(step, parameters={"outline_sigma": 1.5})
    settle()
    layer = session.layer("corrected_labels") or session.layer("labels")
    assert not np.array_equal(seen, layer.data)
    assert layer.data[deleted] == 0
    assert layer.data[merged[0]] == layer.data[merged[1]] > 0
    check(session)
    check_index(annotate)
    # Tools know the new objects: the next correction meets what is shown now.
    place = middle_of(layer.data == 20)
    take_up(annotate, "delete")
    draw(annotate, place)
    settle()
    assert layer.data[place] == 0
    assert layer.data[deleted] == 0
    check(session)


@pytest.mark.slow
def test_an_annotation_is_drawn_from_nothing(
    viewer, session, annotate, nuclei, settle, tmp_path, monkeypatch
):
    image, drawn = nuclei
    viewer.add_image(image, name="nuclei", scale=(0.5, 0.5))
    layer = annotate.new.make()
    first = as_bits(layer)
    used = correct(annotate, drawn)
    assert used.count("box") > 20
    assert metrics.average_precision(layer.data, drawn) > 0.3
    check_index(annotate)
    session.run("postprocessing.clear_border", {"labels": layer}, {})
    settle()
    monkeypatch.chdir(tmp_path)
    assert check_notebook(session, tmp_path) >= 1
    undo_all(session, settle, layer, first)
    check_index(annotate)


@pytest.mark.slow
def test_a_volume_is_annotated(viewer, session, annotate, embryo, settle, tmp_path, monkeypatch):
    image, drawn = embryo
    viewer.add_image(image, name="embryo", axis_labels=("z", "y", "x"), scale=(2, 1, 1))
    layer = annotate.new.make()
    first = as_bits(layer)
    numbers = [number for number in np.unique(drawn).tolist() if number][:4]
    for number in numbers:
        place = middle_of(drawn == number)
        viewer.dims.set_point(0, 2 * place[0])
        rows, columns = np.nonzero(drawn[place[0]] == number)
        annotate.solid.setChecked(True)
        take_up(annotate, "box")
        draw(annotate, (rows.min(), columns.min()), (rows.max(), columns.max()))
        assert layer.data[place] > 0, annotate.message.text()
        annotate.solid.setChecked(False)
        take_up(annotate, "smooth")
        draw(annotate, place[1:])
        layer.paint(place, int(layer.data.max()) + 1)
    session.record_edits()
    check_index(annotate)
    assert (layer.data.reshape(len(layer.data), -1).max(axis=1) > 0).sum() > 3
    session.run("postprocessing.relabel_sequential", {"labels": layer}, {})
    settle()
    monkeypatch.chdir(tmp_path)
    assert check_notebook(session, tmp_path) >= 1
    undo_all(session, settle, layer, first)
    check_index(annotate)


def test_an_annotation_that_no_step_takes_is_saved_and_opened_again(
    viewer, session, annotate, nuclei, tmp_path, settle
):
    image, drawn = nuclei
    viewer.add_image(image, name="nuclei")
    layer = annotate.new.make()
    places = np.nonzero(drawn)
    layer.data_setitem(places, drawn[places])
    session.record_edits()
    hand = annotate.hand
    hand.annotate(hand.annotation.named("living").named("dying").with_class(3, 2))
    hand.annotate(hand.annotation.with_lock(4, locked=True))
    hand.see(5)
    known = hand.annotation
    path = tmp_path / "annotated.json"
    write_workflow(path, *session.to_save())
    notebook = write_notebook(tmp_path / "annotated.ipynb", *session.to_save())
    assert notebook.exists()
    workflow = read_workflow(path)
    (described,) = (one for one in workflow.inputs.values() if one.annotation is not None)
    assert described.annotation == known
    assert known.seen == (5,)
    assert known.locked == (4,)
