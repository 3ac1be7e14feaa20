"""The workflows of the library, and the samples that they can be tried on."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from napari_delineate import samples
from napari_delineate.library.culture import culture
from napari_delineate.library.fitting import fitted
from napari_delineate.library.stained import stained_tissue
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
        voxels(2.5)
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
    >>> [entry.title for entry in entries()]  # doctest: +NORMALIZE_WHITESPACE
    ['Nuclei in 2D', 'Nuclei in 3D', 'Membranes', 'Cells from nuclei',
     'Nuclei, cells and cytoplasm', 'Stained tissue', 'Hematoxylin and DAB']
    """
    return (
        Entry(
            "nuclei_2d",
            "Nuclei in 2D",
            "Bright nuclei of 5 to 25 µm on a dark or uneven background, also where they touch.",
            _nuclei(_image("YX", 0.5), noise=0.5, background=40.0, cut=1.25, smallest=15.0),
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
        Entry(
            "nuclei_cells_cytoplasm",
            "Nuclei, cells and cytoplasm",
            "Cells in culture in two channels, bright nuclei of 5 to 25 µm and bright cell bodies: "
            "finds nuclei, grows the cells around them and takes the nuclei out, as CellProfiler "
            "does.",
            _nuclei_cells_cytoplasm(),
            0.5,
            Example("Cells in culture (generated)", _nuclei_and_bodies),
        ),
        Entry(
            "stained_tissue",
            "Stained tissue",
            "A colour image of tissue with dark nuclei of 4 to 50 µm at any magnification, such as "
            "with hematoxylin and eosin.",
            _stained_tissue(),
            0.5,
            Example("Tissue with hematoxylin and eosin (generated)", _tissue_in_colour),
        ),
        Entry(
            "hematoxylin_dab",
            "Hematoxylin and DAB",
            "A colour image of tissue with blue nuclei and brown DAB: measures DAB in each nucleus "
            "and tells positive from negative ones.",
            _hematoxylin_dab(),
            0.5,
            Example("Immunohistochemistry of the colon (from scikit-image)", _colon),
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


def _nuclei_cells_cytoplasm() -> Workflow:
    """Find nuclei, the cells around them and what lies between, and measure all three."""
    inputs = {"nuclei": _image("YX", 0.5), "cells": _image("YX", 0.5)}
    found = {"minimum_diameter": 5.0, "maximum_diameter": 25.0}
    found |= {"threshold_window": 25.0, "threshold_smoothing": 0.7}
    grown = {"distance": 5.0, "threshold_window": 25.0, "threshold_smoothing": 0.7}
    return (
        Workflow(inputs=inputs)
        .add(
            "segmentation.identify_primary_objects",
            {"image": "nuclei"},
            found,
            outputs=("nuclei_found", "categories", "summary"),
        )
        .add(
            "segmentation.identify_secondary_objects",
            {"image": "cells", "primary": "nuclei_found", "found": "categories"},
            grown,
            outputs=("cells_found", "nuclei_kept"),
        )
        .add(
            "segmentation.identify_tertiary_objects",
            {"secondary": "cells_found", "primary": "nuclei_kept"},
            {"shrink": 0.75},
            outputs=("cytoplasm",),
        )
        .add(
            "measurements.measure",
            {"labels": "nuclei_kept", "image": "nuclei"},
            outputs=("nuclei_table",),
        )
        .add(
            "measurements.measure",
            {"labels": "cytoplasm", "image": "cells"},
            outputs=("cytoplasm_table",),
        )
        .add("measurements.measure", {"labels": "cells_found", "image": "cells"})
    )


_DETECTION = {
    "pixel_size": 0.0,
    "background_radius": 0.0,
    "median_radius": 0.0,
    "sigma": None,
    "minimum_diameter": 3.5,
    "maximum_diameter": 50.0,
    "cell_expansion": 5.0,
}
"""Settings that detect nuclei of tissue at any magnification."""


def _stained_tissue() -> Workflow:
    """Detect nuclei where tissue takes light away, and measure the hematoxylin in them."""
    # The sum of all densities finds more nuclei than that of hematoxylin alone.
    return (
        Workflow(inputs={"tissue": _colours()})
        .add("filters.optical_density_sum", {"image": "tissue"})
        .add("segmentation.detect_cells", {"image": "density"}, _DETECTION)
        .add("filters.stain_density", {"image": "tissue"}, outputs=("hematoxylin",))
        .add("measurements.measure", {"labels": "nuclei", "image": "hematoxylin"})
    )


def _hematoxylin_dab() -> Workflow:
    """Detect nuclei by their hematoxylin and divide them by the DAB in them."""
    dab = {"labels": "nuclei", "image": "dab"}
    mean = {"measurement": "intensity_mean"}
    return (
        Workflow(inputs={"tissue": _colours()})
        .add(
            "filters.separate_stains",
            {"image": "tissue"},
            {"stains": "hematoxylin and DAB"},
            outputs=("hematoxylin", "dab", "residual"),
        )
        .add("segmentation.detect_cells", {"image": "hematoxylin"}, _DETECTION)
        .add(
            "postprocessing.filter_by_measurement",
            dab,
            {**mean, "minimum": 0.2},
            name="positive",
            outputs=("positive_nuclei",),
        )
        .add(
            "postprocessing.subtract",
            {"labels": "nuclei", "removed": "positive_nuclei"},
            name="negative",
            outputs=("negative_nuclei",),
        )
        .add("measurements.measure", dab)
    )


def _colours() -> WorkflowInput:
    return WorkflowInput(Kind.RGB, "YXS", (0.5, 0.5), "micrometer")


def _nuclei_of_movie() -> dict[str, Value]:
    movie = samples.nuclei_movie()
    return {"nuclei": Value.of(movie.data[0], Kind.IMAGE, "YX", movie.spacing, movie.units)}


def _cells_and_nuclei() -> dict[str, Value]:
    sheet = tissue()
    return {"nuclei": sheet.nuclei, "membranes": sheet.membranes}


def _nuclei_and_bodies() -> dict[str, Value]:
    cells = culture()
    return {"nuclei": cells.nuclei, "cells": cells.bodies}


def _tissue_in_colour() -> dict[str, Value]:
    return {"tissue": stained_tissue().tissue}


def _colon() -> dict[str, Value]:
    from skimage import data

    # Its pixel size is not known; the nuclei are as wide as if it was 0.5 micrometer.
    return {"tissue": Value.of(data.immunohistochemistry(), Kind.RGB, "YXS", 0.5, "micrometer")}
