"""What computes is said with the versions that are installed."""

from __future__ import annotations

import importlib.metadata
import platform

import numpy

from napari_delineate import environment
from napari_delineate.environment import versions


def test_versions_are_those_installed():
    found = versions()
    assert found["python"] == platform.python_version()
    assert found["numpy"] == numpy.__version__
    assert found["napari-delineate"] == importlib.metadata.version("napari-delineate")
    assert list(found)[:2] == ["python", "napari-delineate"]


def test_everything_that_computes_is_there_and_nothing_graphical():
    found = set(versions())
    assert {"scipy", "scikit-image", "edt", "fastremap", "connected-components-3d"} <= found
    assert not found & {"napari", "qtpy", "magicgui", "pytest"}


def test_what_is_not_installed_is_left_out(monkeypatch):
    needed = [
        "numpy>=2.0",
        "no-such-package>=1",
        "pandas [x]; python_version > '3'",
        "napari; extra == 'a'",
    ]
    monkeypatch.setattr(environment, "requires", lambda _: needed)
    assert list(versions()) == ["python", "napari-delineate", "numpy", "pandas"]


def test_names_are_read_from_requirements_of_every_form(monkeypatch):
    for requirement in ("numpy", "numpy>=2", "numpy (>=2)", "numpy[a]>=2", "numpy ; x", "numpy~=2"):
        assert environment._name(requirement) == "numpy"
    assert environment._name("scikit-image>=0.25") == "scikit-image"
    assert environment._name("zope.interface!=1") == "zope.interface"
