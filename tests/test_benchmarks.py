"""What the benchmark times beside each other gives equal results."""

from __future__ import annotations

import importlib
from pathlib import Path

import benchmarks
import pytest
from benchmarks.images import blobs
from benchmarks.pairs import PAIRS, scene


@pytest.fixture(scope="module")
def scenes():
    return {2: scene(blobs((120, 150), 12)), 3: scene(blobs((40, 120, 120), 14))}


NAMES = [
    pytest.param(name, marks=pytest.mark.slow if name.startswith(("median", "white")) else ())
    for name in PAIRS
]


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("name", NAMES)
def test_an_operation_gives_what_the_peer_gives(scenes, name, ndim):
    pair = PAIRS[name]
    assert pair.same(pair.ours(scenes[ndim]), pair.peer(scenes[ndim]))


@pytest.mark.parametrize("ndim", [2, 3])
def test_the_scene_has_something_to_do_for_everyone(scenes, ndim):
    found = scenes[ndim]
    assert len(set(found.labels.flat)) > len(set(found.inner.flat)) >= 2
    assert found.holes.sum() < found.mask.sum() < found.specks.sum() < found.mask.size


PEERS_OF_THEIR_OWN = {"peer_responsiveness", "peer_surfaces"}  # run by a peer's Python
SCRIPTS = sorted(path.stem for path in Path(benchmarks.__file__).parent.glob("[a-z]*.py"))


@pytest.mark.parametrize("name", [name for name in SCRIPTS if name not in PEERS_OF_THEIR_OWN])
def test_every_script_finds_what_it_imports(name):
    assert importlib.import_module(f"benchmarks.{name}").__doc__
