"""Time operations beside what their peers call, in one run, and compare results and memory.

    .venv/bin/python -m benchmarks.toolbox [--only NAME ...] [--size small] [--repeats 5]

Both sides are run turn by turn on the same input; the tables, in Markdown, show medians and
their ratio (above 1: the operation is faster). Machines differ and are shared: only the
ratios mean something. Memory is what a process of its own grew by at most.
"""

from __future__ import annotations

import argparse
import gc
import math
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.images import CASES, blobs
from benchmarks.pairs import HEADLINE, PAIRS, Scene, scene

SMALL = {
    "2D 256 × 256": lambda: blobs((256, 256), 30),
    "3D 40 × 120 × 120": lambda: blobs((40, 120, 120), 14),
}
SIDES = ("ours", "peer")


def timed(call: Callable[[Scene], Any], inputs: Scene) -> tuple[float, Any]:
    start = time.perf_counter()
    result = call(inputs)
    return time.perf_counter() - start, result


def medians(name: str, inputs: Scene, repeats: int) -> tuple[float, float, bool]:
    """Return the medians of both sides, and whether their results are equal."""
    pair = PAIRS[name]
    equal = pair.same(pair.ours(inputs), pair.peer(inputs))  # imports and caches as well
    seconds: tuple[list[float], list[float]] = ([], [])
    for turn in range(repeats):
        sides = (0, 1) if turn % 2 == 0 else (1, 0)
        for side in sides:
            gc.collect()
            seconds[side].append(timed(getattr(pair, SIDES[side]), inputs)[0])
    return statistics.median(seconds[0]), statistics.median(seconds[1]), bool(equal)


def growth(name: str, side: str, file: str) -> float:
    """Return by how many MB a new process grows at most while one side runs."""
    command = [sys.executable, "-m", "benchmarks.toolbox", "--measure", name, side, file]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(run.stdout)


def measure_here(name: str, side: str, file: str) -> float:
    """Run one side in this process, first on a little to import everything it needs."""
    call = getattr(PAIRS[name], side)
    with np.load(file) as stored:
        ndim = stored["image"].ndim
        little = blobs((48, 96) if ndim == 2 else (12, 48, 48), 4)
        call(scene(little))
        inputs = Scene(*(stored[field] for field in Scene._fields))
    gc.collect()
    before = largest()
    result = call(inputs)
    after = largest()
    del result
    return after - before


def largest() -> float:
    """Return the most memory that this process has had, in MB."""
    status = Path("/proc/self/status")
    if status.exists():  # the number below would count the process that started this one
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def table(title: str, image: Any, names: list[str], repeats: int, memory: bool) -> None:
    inputs = scene(image)
    print(f"\n### {title}\n")
    print("| operation | here | peer | ratio | memory here | memory peer | results |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | --- |", flush=True)
    ratios = {}
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder, "scene.npz"))
        np.savez(file, **inputs._asdict())
        for name in names:
            here, there, equal = medians(name, inputs, repeats)
            ratios[name] = there / here
            grown = [f"{growth(name, side, file):.0f} MB" for side in SIDES] if memory else ["", ""]
            print(
                f"| {name} | {here:.3f} s | {there:.3f} s | {there / here:.2f} "
                f"| {grown[0]} | {grown[1]} | {'equal' if equal else 'DIFFERENT'} |",
                flush=True,
            )
    for label, chosen in (("the eleven", HEADLINE), ("all", PAIRS)):
        logs = [math.log(ratios[name]) for name in chosen if name in ratios]
        if logs:
            print(
                f"| geometric mean of {label} | | | {math.exp(statistics.fmean(logs)):.2f} | | | |"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=PAIRS, default=list(PAIRS), metavar="NAME")
    parser.add_argument("--size", choices=["full", "small"], default="full")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--no-memory", action="store_true", help="leave the memory out")
    parser.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(measure_here(*options.measure))
        return
    for title, make in (CASES if options.size == "full" else SMALL).items():
        table(title, make(), options.only, options.repeats, not options.no_memory)


if __name__ == "__main__":
    main()
