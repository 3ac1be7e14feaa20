"""Make the pictures of the README and of the documentation by doing what they show.

Run it with a screen, or without one by a virtual screen:

    xvfb-run -a -s "-screen 0 3840x2160x24" .venv/bin/python docs/make_pictures.py [FOLDER]

With a folder, pictures to look at are made there instead: the Assistant empty, narrow, in both
themes and on a large screen.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from annotation_pictures import annotating
from picture_window import IMAGES, Window, make_small, wait
from qtpy.QtWidgets import QApplication
from tifffile import imwrite

from napari_delineate import postprocessing, recovery, review_store, rewiring, voxels
from napari_delineate._napari import last_settings, preferences
from napari_delineate._napari.annotators_dock import AnnotatorsDock
from napari_delineate._napari.compare_dock import CompareDock
from napari_delineate._napari.docks import table_dock
from napari_delineate._napari.proofreading_dock import ProofreadingDock
from napari_delineate._napari.surface_changes import surface_changes_of
from napari_delineate._napari.surfaces_dock import SurfacesDock
from napari_delineate._napari.tuning_dock import TuningDock
from napari_delineate._napari.visible import camera_of
from napari_delineate.demo import make_demo
from napari_delineate.evaluate import evaluate_folder, write_evaluation
from napari_delineate.filters import gaussian
from napari_delineate.types import Kind
from napari_delineate.workflow import Workflow, WorkflowInput

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")


def open_coins(measured: bool = True, **options: object) -> Window:
    """Label and measure coins in 2D, with a branch that compares another algorithm."""
    window = Window(**options)
    window.open("coins")
    window.add("filters.median", radius=voxels(2))
    window.add("filters.white_tophat", radius=voxels(35))
    window.add("segmentation.voronoi_otsu_labeling", spot_sigma=voxels(10))
    window.add("postprocessing.clear_border")
    if measured:
        window.add("measurements.measure")
    window.add("segmentation.gauss_otsu_labeling", "foreground")
    window.hide("denoised", "foreground", "labels_2", "labels")
    window.viewer.layers["inner_labels"].contour = 2
    window.assistant.select("voronoi_otsu_labeling")
    window.viewer.reset_view()
    window.rest()
    return window


def coins() -> None:
    """Show the coins, and the gallery."""
    window = open_coins(height=960)
    window.shot(IMAGES / "coins.png")
    window.close()
    window = open_coins(measured=False, height=860)
    window.assistant.open_gallery()
    window.assistant.gallery.variation.settings_button.click()
    wait(lambda: not window.assistant.gallery.is_computing, 4)
    window.shot(IMAGES / "gallery.png")
    window.close()


def tables() -> None:
    """Colour the coins by a column of their table, with a histogram of it."""
    window = open_coins(height=960)
    dock = table_dock(window.viewer)
    assert dock is not None
    dock.objects.column.setCurrentIndex(dock.objects.column.findData("area"))
    dock.plot.choose("area", "eccentricity")
    dock.tools.setCurrentWidget(dock.plot)
    window.rest()
    window.shot(IMAGES / "tables_dock.png")
    window.close()


def nuclei() -> None:
    """Turn a stack of nuclei into surfaces in 3D."""
    window = Window(dock=340)
    viewer = window.viewer
    window.open("nuclei")
    window.add("segmentation.voronoi_otsu_labeling", spot_sigma=1.2, outline_sigma=0.5)
    window.add("surfaces.labels_to_surface")
    window.add("surfaces.smooth")
    window.hide("nuclei", "labels", "surface")
    viewer.layers["smoothed_surface"].shading = "smooth"
    viewer.dims.ndisplay = 3
    viewer.camera.angles = (15, -35, 125)
    viewer.reset_view()
    viewer.camera.angles = (15, -35, 125)
    viewer.camera.zoom *= 0.9
    window.shot(IMAGES / "nuclei.png")
    window.close()


def surfaces() -> None:
    """Show what a step did to a surface, and the Surfaces dock with curvature."""
    window = Window(height=880, dock=340)
    viewer, session = window.viewer, window.session
    window.open("nuclei")
    window.add("segmentation.voronoi_otsu_labeling", spot_sigma=1.2, outline_sigma=0.5)
    window.add("surfaces.labels_to_surface")
    window.add("surfaces.smooth")
    known = surface_changes_of(session)
    wait(lambda: known.of("smooth") is not None)
    wait(at_least=0.5)
    window.assistant.panel.grab().save(str(IMAGES / "before_and_after.png"))
    window.hide("nuclei", "labels")
    dock = SurfacesDock(viewer)
    viewer.window.add_dock_widget(dock, name="Surfaces", area="right", tabify=True)
    dock.show_in_3d()
    quantity = dock.colour.quantity
    quantity.setCurrentIndex(quantity.findText("Fitted curvature: mean"))
    window.rest()
    dock.look.shading.setCurrentText("smooth")
    dock.look.scale_bar.setChecked(True)
    camera_of(viewer).angles = (15, -35, 125)
    viewer.reset_view()
    camera_of(viewer).angles = (15, -35, 125)
    window.shot(IMAGES / "surfaces_dock.png")
    dock.stop()
    window.close()


def tuning() -> None:
    """Fit a segmentation of the coins to six that were outlined."""
    window = Window(height=860, dock=340)
    viewer = window.viewer
    window.open("coins")
    window.add("filters.gaussian")
    window.add("segmentation.voronoi_otsu_labeling", spot_sigma=voxels(2))
    rows, columns = np.indices(viewer.layers["coins"].data.shape)
    painted = np.zeros(rows.shape, int)
    places = [(124, 205), (125, 337), (125, 102), (127, 153), (197, 43), (198, 154)]
    for number, (row, column) in enumerate(places, start=1):
        painted[np.hypot(rows - row, columns - column) < 19.5] = number
    viewer.add_labels(painted, name="outlined by hand").contour = 2
    dock = TuningDock(viewer)
    viewer.window.add_dock_widget(dock, name="Fit to annotation", area="right", tabify=True)
    dock.parameters.rows["voronoi_otsu_labeling.spot_sigma"].high.setValue(20)
    dock.trials.setValue(60)
    dock.start()
    wait(lambda: not dock.run.is_running)
    dock.apply()
    window.rest()
    window.hide("blurred")
    dock.holder.ensureWidgetVisible(dock.plot)
    viewer.reset_view()
    window.shot(IMAGES / "tuning_dock.png")
    dock.stop()
    window.close()


def comparing() -> None:
    """Show the Compare dock with the discs of the page about comparing."""
    window = Window(height=880, dock=340)
    viewer, session = window.viewer, window.session
    y, x = np.indices((120, 160))
    truth = np.zeros(y.shape, int)
    centres = [(20, 25), (20, 44), (20, 63), (60, 30), (60, 90), (90, 120), (95, 40), (25, 130)]
    for number, (row, column) in enumerate(centres, 1):
        truth[(y - row) ** 2 + (x - column) ** 2 <= 100] = number
    noise = np.random.default_rng(0).normal(size=y.shape)
    image = viewer.add_image((truth > 0) + 0.05 * noise, name="discs")
    viewer.add_labels(truth, name="truth")
    settings = {"spot_sigma": voxels(4), "outline_sigma": voxels(1)}
    session.run("segmentation.voronoi_otsu_labeling", {"image": image}, settings)
    window.rest()
    session.run("segmentation.threshold", {"image": image}, {})
    window.rest()
    session.run("segmentation.label_connected_components", {"mask": "mask"}, {})
    window.rest()
    dock = CompareDock(viewer)
    viewer.window.add_dock_widget(dock, name="Compare", area="right", tabify=True)
    wait(lambda: dock.comparison is not None)
    dock.matches_button.click()
    window.rest()
    viewer.layers["mask"].visible = False
    wait(at_least=1)
    viewer.reset_view()
    window.shot(IMAGES / "compare_dock.png")
    dock.stop()
    window.close()


def report() -> None:
    """Show the report about a folder of round cells, where there is a browser to show it."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        return
    image = WorkflowInput(Kind.IMAGE, "YX", (1.0, 1.0))
    workflow = Workflow().add_input("image", image)
    workflow = workflow.add(
        "segmentation.voronoi_otsu_labeling",
        {"image": "image"},
        {"spot_sigma": voxels(4), "outline_sigma": voxels(1)},
    )
    random = np.random.default_rng(1)
    y, x = np.mgrid[:160, :200]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for name in ("images", "annotations"):
            (folder / name).mkdir()
        for number in range(12):
            pixels, annotation = np.full(y.shape, 12.0), np.zeros(y.shape, np.uint16)
            for label in range(1, 16):
                centre = random.uniform(12, (148, 188))
                radius = random.uniform(7, 13)
                inside = np.hypot(y - centre[0], x - centre[1]) < radius
                if not annotation[inside].any():
                    pixels[inside], annotation[inside] = random.uniform(20 + 8 * number, 200), label
            seen = gaussian(pixels, sigma=1.5) + random.normal(0, 4, y.shape)
            plate = f"plate {number + 1:02}.tif"
            imwrite(folder / "images" / plate, np.clip(seen, 0, 255).astype(np.uint8))
            if number < 11:
                imwrite(folder / "annotations" / plate, annotation)
        before = Path.cwd()
        os.chdir(folder)  # the report names the folders as they are given
        try:
            page = write_evaluation(evaluate_folder(workflow, "images", "annotations"), "quality")
        finally:
            os.chdir(before)
        command = [browser, "--headless", "--disable-gpu", "--hide-scrollbars"]
        # The super-user, as in containers, has no sandbox.
        command += (
            ["--no-sandbox"] if getattr(os, "geteuid", int)() == 0 and os.name != "nt" else []
        )
        command += ["--window-size=1180,2092", f"--screenshot={IMAGES / 'evaluation_report.png'}"]
        subprocess.run([*command, (folder / page).as_uri()], check=True)  # noqa: S603


def proofreading() -> None:
    """Go through a part of the coins."""
    window = Window(height=880, dock=340)
    viewer = window.viewer
    window.open("coins")
    window.add("segmentation.voronoi_otsu_labeling", spot_sigma=voxels(10))
    dock = ProofreadingDock(viewer)
    viewer.window.add_dock_widget(dock, name="Proofreading", area="right", tabify=True)
    dock.labels.choose(viewer.layers["labels"])
    dock.order.setCurrentIndex(dock.order.findData("size"))
    for what in ("next", "reject", "accept", "accept", "fix", "fix", "accept"):
        wait(lambda: not (dock.reviewed.running or window.session.running), at_least=0.6)
        dock.decide(what)
    window.rest()
    window.shot(IMAGES / "proofreading_dock.png")
    dock.stop()
    window.close()


def annotators() -> None:
    """Compare three people who drew coins."""
    window = Window(height=880, dock=340)
    viewer = window.viewer
    window.open("coins")
    window.add("segmentation.voronoi_otsu_labeling", spot_sigma=voxels(10))
    drawn = np.asarray(viewer.layers["labels"].data)
    viewer.layers["labels"].visible = False
    ben = np.asarray(postprocessing.expand_labels(drawn, distance=voxels(3)))
    cleo = np.where(np.isin(drawn, [4, 9]), 0, np.roll(drawn, 4, axis=1))
    layers = [
        viewer.add_labels(one, name=name, opacity=0.4)
        for name, one in (("Ada", drawn.copy()), ("Ben", ben), ("Cleo", cleo))
    ]
    dock = AnnotatorsDock(viewer)
    viewer.window.add_dock_widget(dock, name="Annotators", area="right", tabify=True)
    dock.annotations.choose(layers)
    wait(lambda: not dock.running, at_least=1)
    dock.show_map()
    wait(lambda: not (dock.running or window.session.running), at_least=1)
    dock.places.setCurrentCell(0, 0)
    window.rest()
    window.shot(IMAGES / "annotators_dock.png")
    dock.stop()
    window.close()


def outlines() -> None:
    """Draw what the demo finds."""
    with tempfile.TemporaryDirectory() as folder:
        for one in make_demo(Path(folder), execute=False):
            (IMAGES / one.files["outlines"].name).write_bytes(one.files["outlines"].read_bytes())


def look(folder: Path) -> None:
    """Make the pictures that show whether everything is in its place."""
    folder.mkdir(parents=True, exist_ok=True)
    for theme in ("dark", "light"):
        window = Window(theme=theme)
        window.shot(folder / f"empty_{theme}.png")
        window.close()
        window = open_coins(theme=theme)
        window.shot(folder / f"work_{theme}.png")
        window.assistant.bar.history_menu.popup(
            window.assistant.bar.mapToGlobal(window.assistant.bar.rect().bottomLeft())
        )
        wait(at_least=0.5)
        screen = QApplication.primaryScreen()
        screen.grabWindow(0).copy(0, 0, 1400, 900).save(str(folder / f"history_{theme}.png"))
        window.assistant.bar.history_menu.close()
        window.assistant.select("gauss_otsu_labeling")
        window.assistant.open_gallery()
        wait(at_least=4)
        window.shot(folder / f"gallery_{theme}.png")
        window.assistant.gallery.close_button.click()
        window.session.apply(rewiring.duplicate(window.session.workflow, "median"))
        window.rest()
        window.add("filters.difference_of_gaussians", "coins", low_sigma=voxels(30))
        window.shot(folder / f"branches_and_error_{theme}.png")
        window.close()
    window = open_coins(dock=320, width=1000)
    window.shot(folder / "narrow.png")
    window.close()
    window = open_coins(width=3840, height=2100, dock=700)
    window.shot(folder / "large.png")
    window.close()


def main() -> None:
    """Make the pictures, with settings that nobody has used before."""
    with tempfile.TemporaryDirectory() as folder:
        last_settings.settings_file = lambda: Path(folder) / "last_settings.json"
        preferences.preferences_file = lambda: Path(folder) / "preferences.json"
        recovery.recovery_folder = lambda: Path(folder) / "sessions"
        review_store.reviews_folder = lambda: Path(folder) / "reviews"
        if len(sys.argv) > 1:
            look(Path(sys.argv[1]))
        else:
            coins()
            tables()
            nuclei()
            surfaces()
            tuning()
            comparing()
            proofreading()
            annotators()
            annotating()
            report()
            outlines()
            make_small(IMAGES)


if __name__ == "__main__":
    main()
