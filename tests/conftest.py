"""What all tests share: where the shared images are, and small inputs of every kind."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples in every run, so that a change is to blame for what fails after it;
# HYPOTHESIS_PROFILE=default looks for new ones.
settings.register_profile("repeatable", derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

SHARED = [Path(__file__).parents[2] / "shared" / "data"]
if os.environ.get("DELINEATE_TEST_DATA"):
    SHARED.insert(0, Path(os.environ["DELINEATE_TEST_DATA"]))


@pytest.fixture(scope="session", autouse=True)
def _files_need_not_outlast_the_machine():
    """Let nobody wait for the disk: no test pulls the plug."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


def shared_folder() -> Path | None:
    """Return the folder of real images with published figures, None where it is absent."""
    return next((folder for folder in SHARED if (folder / "published").is_dir()), None)


@pytest.fixture
def shared_data() -> Path:
    """The folder of real images; tests that need it skip where it is absent."""
    folder = shared_folder()
    if folder is None:
        pytest.skip("the shared test images are absent; set DELINEATE_TEST_DATA to their folder")
    return folder


@pytest.fixture
def shared_image(shared_data):
    """Read one of the shared images by its path in the folder."""
    import tifffile

    return lambda path: tifffile.imread(shared_data / path)
