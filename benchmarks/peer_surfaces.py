"""Run what surfaces are compared with, in an environment of its own.

    PYTHON -m benchmarks.peer_surfaces FOLDER

The environment holds napari-process-points-and-surfaces (with vedo and VTK) and scikit-image.
Names of cases are read from the standard input, one a line; each is answered with a line of
JSON: the seconds it took, or why it failed.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np


def vtk_image(values: Any) -> Any:
    import vtk
    from vtk.util import numpy_support

    image = vtk.vtkImageData()
    image.SetDimensions(values.shape[::-1])
    flat = np.ascontiguousarray(values).ravel()
    image.GetPointData().SetScalars(numpy_support.numpy_to_vtk(flat))
    return image


def run_filter(one: Any, values: Any) -> Any:
    one.SetInputData(vtk_image(values))
    one.Update()
    return one.GetOutput()


def flying_edges(values: Any, level: float) -> Any:
    import vtk

    one = vtk.vtkFlyingEdges3D()
    one.SetValue(0, level)
    one.ComputeNormalsOff()
    return run_filter(one, values)


def vtk_nets(labels: Any) -> Any:
    import vtk

    one = vtk.vtkSurfaceNets3D()
    for place, label in enumerate(np.unique(labels[labels > 0]).tolist()):
        one.SetValue(place, label)
    return run_filter(one, np.pad(labels, 1))


def discrete_flying_edges(labels: Any) -> Any:
    import vtk

    one = vtk.vtkDiscreteFlyingEdges3D()
    for place, label in enumerate(np.unique(labels[labels > 0]).tolist()):
        one.SetValue(place, label)
    return run_filter(one, np.pad(labels, 1))


def boxes(labels: Any) -> Any:
    """Give each label in its bounding box to scikit-image."""
    from scipy import ndimage
    from skimage.measure import marching_cubes

    found = enumerate(ndimage.find_objects(labels), 1)
    return [marching_cubes(np.pad(labels[box] == label, 1), 0.5) for label, box in found if box]


def cubes(values: Any, level: float) -> Any:
    from skimage.measure import marching_cubes

    return marching_cubes(np.pad(values, 1), level)


def peer(name: str, *arguments: Any, **settings: Any) -> Any:
    import napari_process_points_and_surfaces

    return getattr(napari_process_points_and_surfaces, name)(*arguments, **settings)


CASES: dict[str, Callable[[Any], Any]] = {
    # It leaves out the last label, and takes the background for the first.
    "labels, nppas with 25 of them": lambda s: peer(
        "all_labels_to_surface", np.where(s["labels"] <= 25, s["labels"], 0)
    ),
    "labels, scikit-image in boxes": lambda s: boxes(s["labels"]),
    "labels, VTK discrete flying edges": lambda s: discrete_flying_edges(s["labels"]),
    "nets, VTK": lambda s: vtk_nets(s["labels"]),
    "mask, scikit-image": lambda s: cubes(s["labels"] > 0, 0.5),
    "mask, VTK flying edges": lambda s: flying_edges(
        np.pad((s["labels"] > 0).astype(np.uint8), 1), 0.5
    ),
    "image, scikit-image": lambda s: cubes(s["image"], 0.5),
    "image, VTK flying edges": lambda s: flying_edges(np.pad(s["image"], 1), 0.5),
    **{
        f"smooth {number}, nppas": lambda s, number=number: peer(
            "smooth_surface", (s["vertices"], s["faces"]), number_of_iterations=number
        )
        for number in (10, 15)
    },
    **{
        f"simplify {fraction}, nppas": lambda s, fraction=fraction: peer(
            "decimate_quadric", (s["vertices"], s["faces"]), fraction=fraction
        )
        for fraction in (0.5, 0.1)
    },
    "sphere_fitted_curvature, nppas": lambda s: peer(
        "add_spherefitted_curvature", (s["one_vertices"], s["one_faces"]), radius=5.0
    ),
}


def main() -> None:
    warnings.filterwarnings("ignore")
    scene = {path.stem: np.load(path) for path in Path(sys.argv[1]).glob("*.npy")}
    out, sys.stdout = sys.stdout, sys.stderr  # libraries print as well
    for line in sys.stdin:
        start = time.process_time()
        try:
            CASES[line.strip()](scene)
            answer = {"seconds": time.process_time() - start}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        status = Path("/proc/self/status").read_text().splitlines()
        (largest,) = (row for row in status if row.startswith("VmHWM"))
        answer["megabytes"] = int(largest.split()[1]) * 1024 / 1e6
        print(json.dumps(answer), file=out, flush=True)


if __name__ == "__main__":
    main()
