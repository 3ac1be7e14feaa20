"""The workflows of the library, and the samples that they can be tried on."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from napari_delineate import samples
from napari_delineate.library.fitting import fitted
from napari_delineate.library.tissue import tissue
from napari_delineate.types import Kind
from napari_delineate.values import Value
from napari_delineate.workflow import Workflow, WorkflowInput

__all__ = ["Entry", "Example", "entries"]


@dataclass(frozen=True)
class Example:
    """Describe a sample that a workflow of the library can be tried on.

    Attributes
    ----------
    title : str
        What it is, for people.
    load : callable
        Returns a value for every input of the workflow.
    """

    title: str
    load: Callable[[], dict[str, Value]]


@dataclass(frozen=True)
class Entry:
    """Describe a ready workflow.

    Attributes
    ----------
    name : str
        A short name.
    title : str
        Its name for people.
    summary : str
        What image it suits, in one sentence.
    workflow : Workflow
        The workflow. Its lengths are in micrometer, and its inputs name no files.
    pixel : float
        The voxel size in micrometer that is assumed for images that have none.
    example : Example
        A sample that it can be tried on.
    """

    name: str
    title: str
    summary: str
    workflow: Workflow
    pixel: float
    example: Example

    def workflow_for(self, inputs: Mapping[str, WorkflowInput]) -> Workflow:
        """Return the workflow for inputs in other units or with time or channels.

        Parameters
        ----------
        inputs : mapping of str to WorkflowInput
            What its inputs are to be: all of them.

        Returns
        -------
        Workflow
            The workflow; see `fitted`.

        Examples
        --------
        >>> image = WorkflowInput(Kind.IMAGE, "YX", (1.0, 1.0))
        >>> workflow = entries()[0].workflow_for({"nuclei": image})
        >>> workflow.step("split_touching_objects").parameters["sigma"]
        voxels(3.5)
        """
        return fitted(self.workflow, inputs, self.pixel)


@functools.cache
def entries() -> tuple[Entry, ...]:
    """Return all workflows of the library.

    Returns
    -------
    tuple of Entry
        The entries, simple ones first.

    Examples
    --------
    >>> [entry.title for entry in entries()]
    ['Nuclei in 2D', 'Nuclei in 3D', 'Membranes', 'Cells from nuclei']
    """
    return (
        Entry(
            "nuclei_2d",
            "Nuclei in 2D",
            "Bright nuclei of 5 to 25 µm on a dark or uneven background, also where they touch.",
            _nuclei(_image("YX", 0.5), noise=0.5, background=40.0, cut=1.75, smallest=15.0),
            0.5,
            Example("Nuclei (generated)", _nuclei_of_movie),
        ),
        Entry(
            "nuclei_3d",
            "Nuclei in 3D",
            "Bright nuclei of 3 to 10 µm in a stack, also where they touch or the slices are far "
            "apart.",
            _nuclei(_image("ZYX", 0.25), noise=0.3, background=10.0, cut=0.5, smallest=2.0),
            0.25,
            Example("Nuclei in 3D (generated)", lambda: {"nuclei": samples.nuclei_3d()}),
        ),
        Entry(
            "membranes",
            "Membranes",
            "Dark cells of 10 to 25 µm between bright membranes, side by side in 2D.",
            _membranes(),
            0.26,
            Example("Sheet of cells (generated)", lambda: {"membranes": tissue().membranes}),
        ),
        Entry(
            "cells_from_nuclei",
            "Cells from nuclei",
            "Cells between bright membranes whose nuclei have been found: each nucleus grows up to "
            "the membranes around it.",
            _cells_from_nuclei(),
            0.26,
            Example("Sheet of cells and its nuclei (generated)", _cells_and_nuclei),
        ),
    )


def _image(axes: str, pixel: float, kind: Kind = Kind.IMAGE) -> WorkflowInput:
    return WorkflowInput(kind, axes, (pixel,) * len(axes), "micrometer")


def _nuclei(
    image: WorkflowInput, *, noise: float, background: float, cut: float, smallest: float
) -> Workflow:
    """Flatten the background, find the foreground, cut nuclei apart and measure them."""
    # What is wider than the high sigma is background. Then Li's threshold keeps dim nuclei
    # of a flat image, and Otsu's withstands the haze of a stack.
    method = "li" if image.axes == "YX" else "otsu"
    return (
        Workflow(inputs={"nuclei": image})
        .add(
            "filters.difference_of_gaussians",
            {"image": "nuclei"},
            {"low_sigma": noise, "high_sigma": background},
        )
        .add("segmentation.threshold", {"image": "foreground"}, {"method": method})
        .add("postprocessing.split_touching_objects", {"mask": "mask"}, {"sigma": cut})
        .add("postprocessing.filter_by_size", {"labels": "split_labels"}, {"minimum": smallest})
        .add("measurements.measure", {"labels": "kept_labels", "image": "nuclei"})
    )


def _membranes() -> Workflow:
    """Find cells at the dark places between membranes and measure them."""
    return (
        Workflow(inputs={"membranes": _image("YX", 0.26)})
        .add(
            "segmentation.local_minima_seeded_watershed",
            {"image": "membranes"},
            {"spot_sigma": 2.6, "outline_sigma": 0.78},
        )
        .add("measurements.measure", {"labels": "labels", "image": "membranes"})
    )


def _cells_from_nuclei() -> Workflow:
    """Grow nuclei up to the membranes and measure the cells."""
    inputs = {"nuclei": _image("YX", 0.26, Kind.LABELS), "membranes": _image("YX", 0.26)}
    return (
        Workflow(inputs=inputs)
        .add("filters.gaussian", {"image": "membranes"}, {"sigma": 0.5})
        .add("segmentation.seeded_watershed", {"image": "blurred", "seeds": "nuclei"})
        .add("measurements.measure", {"labels": "labels", "image": "membranes"})
    )


def _nuclei_of_movie() -> dict[str, Value]:
    movie = samples.nuclei_movie()
    return {"nuclei": Value.of(movie.data[0], Kind.IMAGE, "YX", movie.spacing, movie.units)}


def _cells_and_nuclei() -> dict[str, Value]:
    sheet = tissue()
    return {"nuclei": sheet.nuclei, "membranes": sheet.membranes}
