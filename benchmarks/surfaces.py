"""Time surfaces beside napari-process-points-and-surfaces, VTK and scikit-image, in one run.

    .venv/bin/python -m benchmarks.surfaces --peer-python PYTHON [--only NAME ...]

The peers run in the environment of PYTHON (see `benchmarks.peer_surfaces`), which holds
napari-process-points-and-surfaces; both sides stay open and are asked turn by turn. Memory is
the most that a process of its own has had, less what it had after reading the inputs.

The peer marches through the whole volume for each label, so that it is given only 25 of them:
all of them take it as many times longer.

Seconds are those of the processor, of all threads together, because machines are shared: VTK,
which has several, is done sooner on an idle machine. Only the ratios mean something.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage

from benchmarks.toolbox import largest
from napari_delineate import surfaces
from napari_delineate.types import Surface

_SEED = 5


def nuclei(shape: tuple[int, ...], number: int) -> Any:
    """Return labelled ellipsoids that touch, the same at every call."""
    random = np.random.default_rng(_SEED)
    labels = np.zeros(shape, np.int32)
    for label in range(1, number + 1):
        centre = np.array([random.uniform(0, size) for size in shape])
        radii = random.uniform(12, 20) * random.uniform(0.8, 1.2, 3)
        radii[0] *= 0.5 if shape[0] < shape[1] else 1.0
        low = np.maximum(np.floor(centre - radii).astype(int), 0)
        high = np.minimum(np.ceil(centre + radii).astype(int) + 1, shape)
        box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
        inside = sum(
            ((axis - middle) / radius) ** 2
            for axis, middle, radius in zip(np.ogrid[box], centre, radii, strict=True)
        )
        labels[box] = np.where((inside <= 1) & (labels[box] == 0), label, labels[box])
    return labels


SCENES = {
    "64 × 512 × 512, 500 nuclei": lambda: nuclei((64, 512, 512), 500),
    "256 × 256 × 256, 300 nuclei": lambda: nuclei((256, 256, 256), 300),
}


def _whole(s: Any) -> Surface:
    return Surface(s["vertices"], s["faces"], np.ones(len(s["vertices"])))


def _one(s: Any) -> Surface:
    return Surface(s["one_vertices"], s["one_faces"], np.ones(len(s["one_vertices"])))


OURS: dict[str, Callable[[Any], Any]] = {
    "labels": lambda s: surfaces.labels_to_surface(s["labels"]),
    "nets": lambda s: surfaces.surface_nets(s["labels"]),
    "mask": lambda s: surfaces.mask_to_surface(s["labels"] > 0),
    "image": lambda s: surfaces.image_to_surface(s["image"], level=0.5),
    "smooth 10": lambda s: surfaces.smooth(_whole(s), iterations=10),
    "smooth 15": lambda s: surfaces.smooth(_whole(s), iterations=15),
    "simplify 0.5": lambda s: surfaces.simplify(_whole(s), fraction=0.5),
    "simplify 0.1": lambda s: surfaces.simplify(_whole(s), fraction=0.1),
    "sphere_fitted_curvature": lambda s: surfaces.sphere_fitted_curvature(_one(s), radius=5.0),
}

PEERS: dict[str, tuple[str, ...]] = {
    "labels": (
        "labels, nppas with 25 of them",
        "labels, scikit-image in boxes",
        "labels, VTK discrete flying edges",
    ),
    "nets": ("nets, VTK",),
    "mask": ("mask, scikit-image", "mask, VTK flying edges"),
    "image": ("image, scikit-image", "image, VTK flying edges"),
    **{
        name: (f"{name}, nppas",)
        for name in OURS
        if name not in ("labels", "nets", "mask", "image")
    },
}


def store(labels: Any, folder: Path) -> None:
    """Write the inputs of all cases."""
    whole = surfaces.labels_to_surface(labels)
    one = surfaces.label_to_surface(labels, label=int(np.bincount(labels.ravel())[1:].argmax()) + 1)
    inputs = {
        "labels": labels,
        "image": ndimage.gaussian_filter((labels > 0).astype(np.float32), 1),
        "vertices": whole.vertices,
        "faces": whole.faces,
        "one_vertices": one.vertices,
        "one_faces": one.faces,
    }
    for name, array in inputs.items():
        np.save(folder / f"{name}.npy", array)


class Peer:
    """Ask a process for the seconds and the memory of its cases."""

    def __init__(self, python: str, folder: Path) -> None:
        self._process = subprocess.Popen(
            [python, "-m", "benchmarks.peer_surfaces", str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def ask(self, case: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(case + "\n")
        self._process.stdin.flush()
        return dict(json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def small() -> dict[str, Any]:
    """Return little inputs, on which all that is needed is imported."""
    with tempfile.TemporaryDirectory() as folder:
        store(nuclei((16, 48, 48), 4), Path(folder))
        return read(Path(folder))


def read(folder: Path) -> dict[str, Any]:
    return {path.stem: np.load(path) for path in folder.glob("*.npy")}


def grown_here(name: str, folder: Path) -> float:
    """Return by how many MB this process grows at most while a case runs."""
    OURS[name](small())
    inputs = read(folder)
    before = largest()
    OURS[name](inputs)
    return largest() - before


def grown(name: str, folder: Path) -> float:
    command = [sys.executable, "-m", "benchmarks.surfaces", "--measure", name, str(folder)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def grown_there(python: str, case: str, folder: Path) -> float:
    """Return the same of a peer, which is run on little inputs before."""
    with tempfile.TemporaryDirectory() as little:
        store(nuclei((16, 48, 48), 4), Path(little))
        rest = Peer(python, Path(little))
        imported = rest.ask(case)["megabytes"]
        rest.close()
    inputs = sum(path.stat().st_size for path in folder.glob("*.npy")) / 1e6
    fresh = Peer(python, folder)
    most = fresh.ask(case)["megabytes"]
    fresh.close()
    return float(most - imported - inputs)


def table(
    title: str, labels: Any, names: list[str], python: str, repeats: int, memory: bool
) -> None:
    print(f"\n### {title}\n")
    print("| operation | beside | here | peer | ratio | memory here | memory of the peer |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: |", flush=True)
    little = small()
    with tempfile.TemporaryDirectory() as folder:
        store(labels, Path(folder))
        inputs = read(Path(folder))
        open_peer = Peer(python, Path(folder))
        for name in names:
            OURS[name](little)  # imports and compiles
            most = [f"{grown(name, Path(folder)):.0f} MB" if memory else ""]
            for case in PEERS[name]:
                here, there = [], []
                slow = False
                while len(here) < (1 if slow else repeats):
                    start = time.process_time()
                    OURS[name](inputs)
                    here.append(time.process_time() - start)
                    answer = open_peer.ask(case)
                    if "error" in answer:
                        print(f"| {name} | {case}: {answer['error']} | | | | | |", flush=True)
                        break
                    there.append(answer["seconds"])
                    slow = there[-1] > 20
                if there:
                    mine, other = statistics.median(here), statistics.median(there)
                    beside = case.removeprefix(f"{name}, ")
                    if memory:
                        most[1:] = [f"{grown_there(python, case, Path(folder)):.0f} MB"]
                    print(
                        f"| {name} | {beside} | {mine:.2f} s | {other:.2f} s "
                        f"| {other / mine:.1f} | {most[0]} | {most[-1]} |",
                        flush=True,
                    )
        open_peer.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer-python", help="the Python of an environment with the peer")
    parser.add_argument("--only", nargs="+", choices=OURS, default=list(OURS), metavar="NAME")
    parser.add_argument("--scene", choices=list(SCENES))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--no-memory", action="store_true", help="leave the memory out")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(grown_here(given.measure[0], Path(given.measure[1])))
        return
    if not given.peer_python:
        parser.error("give --peer-python, an environment with the peer")
    for title in [given.scene] if given.scene else SCENES:
        table(
            title,
            SCENES[title](),
            given.only,
            given.peer_python,
            given.repeats,
            not given.no_memory,
        )


if __name__ == "__main__":
    main()
