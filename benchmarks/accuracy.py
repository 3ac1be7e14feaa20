"""Score segmentations of real images against references: this project beside plain calls.

    DELINEATE_TEST_DATA=folder .venv/bin/python -m benchmarks.accuracy

The first table has plain algorithms, computed with this project's operations and, as they were
published with the images, with scikit-image. The second has routes that are chosen: of some
settings the best on one half of a set is scored on the other half, so that no image is scored
with a setting that was chosen on it. The halves are every second image by name. The third has
all of these settings on all sets: those that are one image can not be halved.

All numbers are the average precision at an overlap of 0.5: TP / (TP + FP + FN).
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from skimage.color import rgb2hed

from napari_delineate import filters, metrics, nuclei, postprocessing, segmentation, voxels
from napari_delineate.types import spacing_per_axis

Route = Callable[[Any, tuple[float, ...]], Any]


@dataclass(frozen=True)
class Case:
    """One image with its reference."""

    name: str
    image: Any
    reference: Any
    spacing: tuple[float, ...] = (1.0, 1.0)
    only_inside: bool = False


_SINGLE = {
    "biad634 tissue": ("nuclei2d_gt/biad634_ganglioneuroblastoma_0a", (1.0, 1.0)),
    "plantseg": ("membrane/plantseg_ovule_y0-64", (0.235, 0.15, 0.15)),
    "gonuclear": ("nuclei3d_gt/gonuclear_ovule_1135", (0.2837, 0.1268, 0.1268)),
    "qcanet": ("nuclei3d_gt/qcanet_mouse_embryo_8_cell_stage", (1.75, 0.8, 0.8)),
}
_FOLDERS = {"dsb fluorescence": "nuclei2d_gt", "dsb stained tissue": "histology"}

SETS = (*_FOLDERS, "laptrack timelapse", *_SINGLE)
"""Names of the sets of images."""


@functools.cache
def cases(folder: Path, name: str) -> tuple[Case, ...]:
    """Return the images of a set, by name."""
    return tuple(_read(folder, name))


def _read(folder: Path, name: str) -> Iterator[Case]:
    if name in _FOLDERS:
        for path in sorted((folder / _FOLDERS[name]).glob("dsb_*_labels.tif")):
            image = tifffile.imread(str(path).replace("_labels", ""))
            yield Case(path.stem, image, tifffile.imread(path))
    elif name == "laptrack timelapse":
        movie = tifffile.imread(folder / "timelapse/laptrack_nuclei.tif")
        references = tifffile.imread(folder / "timelapse/laptrack_nuclei_labels.tif")
        for number, frame in enumerate(movie):
            yield Case(f"frame {number}", frame, references[number])
    else:
        stem, spacing = _SINGLE[name]
        image, reference = (tifffile.imread(folder / f"{stem}{end}.tif") for end in ("", "_labels"))
        yield Case(stem, image, reference, spacing, only_inside=name == "plantseg")


def score(case: Case, route: Route) -> float:
    """Return the average precision of a route on an image."""
    labels = route(case.image, case.spacing)
    if case.only_inside:
        labels = np.where(case.reference > 0, labels, 0)
    return metrics.average_precision(case.reference, labels)


# Plain algorithms; sigmas are in the finest voxels


def hematoxylin(image: Any) -> Any:
    """Return a colour image's hematoxylin as scikit-image has it; other images as they are."""
    return rgb2hed(image)[..., 0] if image.shape[-1] == 3 else image


def gauss_otsu(sigma: float) -> Route:
    def route(image: Any, spacing: tuple[float, ...]) -> Any:
        return segmentation.gauss_otsu_labeling(
            hematoxylin(image), outline_sigma=voxels(sigma), spacing=spacing
        )

    return route


def voronoi_otsu(spot: float, outline: float, tophat: int = 0) -> Route:
    def route(image: Any, spacing: tuple[float, ...]) -> Any:
        stain = hematoxylin(image)
        if tophat:
            stain = filters.white_tophat(stain, radius=voxels(tophat), shape="box", spacing=spacing)
        return segmentation.voronoi_otsu_labeling(
            stain, spot_sigma=voxels(spot), outline_sigma=voxels(outline), spacing=spacing
        )

    return route


def minima_watershed(spot: float, outline: float) -> Route:
    def route(image: Any, spacing: tuple[float, ...]) -> Any:
        return segmentation.local_minima_seeded_watershed(
            image, spot_sigma=voxels(spot), outline_sigma=voxels(outline), spacing=spacing
        )

    return route


PLAIN: dict[str, Route] = {
    "Gauss-Otsu 1": gauss_otsu(1),
    "Gauss-Otsu 2": gauss_otsu(2),
    "Voronoi-Otsu 2, 2": voronoi_otsu(2, 2),
    "Voronoi-Otsu 3, 1": voronoi_otsu(3, 1),
    "Voronoi-Otsu 5, 1": voronoi_otsu(5, 1),
    "Voronoi-Otsu 8, 1": voronoi_otsu(8, 1),
    "top-hat 25, Voronoi-Otsu 5, 1": voronoi_otsu(5, 1, tophat=25),
    "minima watershed 2, 1": minima_watershed(2, 1),
    "minima watershed 3, 1": minima_watershed(3, 1),
    "minima watershed 4, 2": minima_watershed(4, 2),
    "minima watershed 5, 2": minima_watershed(5, 2),
    "minima watershed 10, 0": minima_watershed(10, 0),
}

# As scikit-image 0.26 and scipy reach them; in the order of PLAIN, None where nobody has.
_NUCLEI, _MINIMA = (None,) * 7, (None,) * 5
PUBLISHED: dict[str, tuple[float | None, ...]] = {
    "dsb fluorescence": (0.606, 0.570, 0.344, 0.509, 0.629, 0.642, 0.626, *_MINIMA),
    "dsb stained tissue": (0.283, 0.282, 0.139, 0.251, 0.367, 0.403, 0.365, *_MINIMA),
    "biad634 tissue": (0.620, 0.597, 0.645, 0.704, 0.696, 0.701, 0.671, *_MINIMA),
    "gonuclear": (0.015, 0.155, 0.009, 0.089, 0.410, None, None, *_MINIMA),
    "qcanet": (0.176, 0.333, 0.333, 0.250, 0.250, None, None, *_MINIMA),
    "laptrack timelapse": (None, 0.464, 0.124, None, 0.655, None, None, *_MINIMA),
    "plantseg": (*_NUCLEI, 0.583, 0.558, 0.538, 0.553, 0.324),
}


def plain_scores(folder: Path, name: str) -> dict[str, tuple[float, float]]:
    """Return what plain algorithms reach on a set: here, and as published."""
    result = {}
    for (title, route), published in zip(PLAIN.items(), PUBLISHED[name], strict=True):
        if published is not None:
            found = [score(case, route) for case in cases(folder, name)]
            result[title] = float(np.mean(found)), published
    return result


# Routes that are chosen from


def density(image: Any) -> Any:
    """Return how much light a stained tissue takes away; other images as they are."""
    return filters.optical_density_sum(image) if image.shape[-1] == 3 else image


def detected(sigma: float = 0.0, share: float = 0.0) -> Route:
    """Return cell detection with a sigma in voxels, or as a share of the estimated diameter."""

    def route(image: Any, spacing: tuple[float, ...]) -> Any:
        stain = density(image)
        scale: Any = voxels(sigma)
        if share:
            grid = spacing_per_axis(spacing, stain.ndim)
            scale = share * nuclei.typical_diameter(stain.astype(np.float32), grid)
        found = segmentation.detect_cells(
            stain,
            sigma=scale,
            background_radius=0,
            maximum_diameter=voxels(100),
            cell_expansion=0,
            spacing=spacing,
        )
        return found.nuclei

    return route


def flattened(cut: float) -> Route:
    """Return a band-pass, Li's threshold and a split of what touches."""

    def route(image: Any, spacing: tuple[float, ...]) -> Any:
        flat = filters.difference_of_gaussians(
            density(image), low_sigma=voxels(1), high_sigma=voxels(80), spacing=spacing
        )
        mask = segmentation.threshold(flat, method="li")
        split = postprocessing.split_touching_objects(mask, sigma=voxels(cut), spacing=spacing)
        return postprocessing.filter_by_size(split, minimum=voxels(60), spacing=spacing)

    return route


CHOICES: dict[str, Route] = {
    "detect_cells, sigma 3": detected(3),
    "detect_cells, sigma 4": detected(4),
    "detect_cells, sigma 5": detected(5),
    "detect_cells, sigma of diameter / 7": detected(share=1 / 7),
    "detect_cells, sigma of diameter / 6": detected(share=1 / 6),
    "detect_cells, sigma of diameter / 5": detected(share=1 / 5),
    "detect_cells, sigma of diameter / 4": detected(share=1 / 4),
    "band-pass, Li, split at 2.5": flattened(2.5),
    "band-pass, Li, split at 3.5": flattened(3.5),
}


@dataclass(frozen=True)
class Held:
    """What was chosen on one half of a set, and what it reaches on the other."""

    chosen: str
    there: float
    elsewhere: float


@functools.cache
def choice_scores(folder: Path, name: str) -> dict[str, list[float]]:
    """Return what every choice reaches on every image of a set."""
    return {
        title: [score(case, route) for case in cases(folder, name)]
        for title, route in CHOICES.items()
    }


def held_out(scores: dict[str, list[float]]) -> tuple[Held, Held]:
    """Choose on each half of the images, and score on the other."""
    halves = slice(0, None, 2), slice(1, None, 2)
    results = []
    for here, other in (halves, halves[::-1]):
        best = max(scores, key=lambda title: np.mean(scores[title][here]))
        results.append(
            Held(best, float(np.mean(scores[best][here])), float(np.mean(scores[best][other])))
        )
    return results[0], results[1]


# Tables


def main() -> None:
    folder = Path(os.environ["DELINEATE_TEST_DATA"])
    print("| set | algorithm | here | published |\n|---|---|---|---|")
    for name in SETS:
        for title, (here, published) in plain_scores(folder, name).items():
            print(f"| {name} | {title} | {here:.3f} | {published:.3f} |", flush=True)
    print("\n| set | chosen on | setting | there | on the other half |\n|---|---|---|---|---|")
    for name in _FOLDERS:
        scores = choice_scores(folder, name)
        both = held_out(scores)
        for number, held in enumerate(both):
            half = "images 1, 3, 5, …" if number == 0 else "images 2, 4, 6, …"
            print(f"| {name} | {half} | {held.chosen} | {held.there:.3f} | {held.elsewhere:.3f} |")
        mean = np.mean([held.elsewhere for held in both])
        print(f"| {name} | | mean of both | | {mean:.3f} |", flush=True)
    print("\n| set | " + " | ".join(CHOICES) + " |\n|---" + "|---" * len(CHOICES) + "|")
    for name in SETS:
        if name != "plantseg":
            scores = choice_scores(folder, name)
            means = " | ".join(f"{np.mean(found):.3f}" for found in scores.values())
            print(f"| {name} | {means} |", flush=True)


if __name__ == "__main__":
    main()
