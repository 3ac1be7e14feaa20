"""Make the pictures of the README and of the documentation by doing what they show.

Run it with a screen, or without one by a virtual screen:

    xvfb-run -a -s "-screen 0 1600x1000x24" .venv/bin/python docs/make_pictures.py
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import napari
from qtpy.QtWidgets import QApplication

from napari_delineate import voxels
from napari_delineate._napari.forms import show_form
from napari_delineate._napari.session import session_of
from napari_delineate.demo import make_demo

IMAGES = Path(__file__).parent / "images"


def wait(until: Callable[[], bool] = lambda: True, at_least: float = 0.3) -> None:
    """Handle events until something is true, and a little longer."""
    start = time.monotonic()
    while not until() or time.monotonic() - start < at_least:
        QApplication.processEvents()
        time.sleep(0.01)


def run(viewer: napari.Viewer, operation: str, layer: str, **settings: object) -> None:
    """Run an operation through its form."""
    form = show_form(viewer, operation)
    next(iter(form.choices.values())).choose(viewer.layers[layer])
    for name, value in settings.items():
        form.settings[name].set_value(value)
    form.run_button.click()
    session = session_of(viewer)
    wait(lambda: not session.running)


def shot(viewer: napari.Viewer, name: str) -> None:
    """Save a picture of the whole window."""
    wait(at_least=0.6)
    viewer.screenshot(str(IMAGES / f"{name}.png"), canvas_only=False, flash=False)


def coins() -> None:
    """Label and measure coins in 2D."""
    viewer = napari.Viewer()
    viewer.window.resize(1240, 760)
    viewer.open_sample("napari-delineate", "coins")
    run(viewer, "filters.median", "coins", radius=voxels(2))
    run(viewer, "filters.white_tophat", "denoised", radius=voxels(35))
    run(viewer, "segmentation.voronoi_otsu_labeling", "foreground", spot_sigma=voxels(10))
    run(viewer, "measurements.measure", "labels")
    viewer.layers["denoised"].visible = viewer.layers["foreground"].visible = False
    viewer.layers["labels"].contour = 2
    show_form(viewer, "segmentation.voronoi_otsu_labeling")
    viewer.reset_view()
    shot(viewer, "coins")
    viewer.close()


def nuclei() -> None:
    """Turn a stack of nuclei into surfaces in 3D."""
    viewer = napari.Viewer()
    viewer.window.resize(1240, 760)
    viewer.open_sample("napari-delineate", "nuclei")
    labeling = {"spot_sigma": 1.2, "outline_sigma": 0.5}
    run(viewer, "segmentation.voronoi_otsu_labeling", "nuclei", **labeling)
    run(viewer, "surfaces.labels_to_surface", "labels")
    run(viewer, "surfaces.smooth", "surface")
    for layer in ("nuclei", "labels", "surface"):
        viewer.layers[layer].visible = False
    viewer.layers["smoothed_surface"].shading = "smooth"
    viewer.dims.ndisplay = 3
    viewer.camera.angles = (15, -35, 125)
    viewer.reset_view()
    viewer.camera.angles = (15, -35, 125)
    viewer.camera.zoom *= 0.9
    shot(viewer, "nuclei")
    viewer.close()


if __name__ == "__main__":
    coins()
    nuclei()
    made = make_demo(Path(__file__).parent / "demo", execute=False)
    for one in made:
        one.files["outlines"].replace(IMAGES / one.files["outlines"].name)
    for path in (Path(__file__).parent / "demo").iterdir():
        path.unlink()
    (Path(__file__).parent / "demo").rmdir()
