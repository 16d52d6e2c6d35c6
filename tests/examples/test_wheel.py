"""The wheel holds the five packages with their data and the facade, and no tests."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.style.source import ROOMS, ROOT, relative

DATA = {".yaml", ".json", ".html", ".css", ".js", ".j2", ".typed", ".ipynb"}


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Files in a freshly built wheel, its own metadata left out."""
    folder: Path = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (wheel,) = folder.glob("clustercast-*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    return {name for name in names if ".dist-info/" not in name}


def test_every_source_and_data_file_of_the_five_packages_is_in_the_wheel(members: set[str]) -> None:
    wanted = {relative(path) for room in ROOMS for path in (ROOT / room).rglob("*") if path.suffix in {".py", *DATA}}
    assert wanted - members == set()


def test_nothing_but_the_five_packages_and_the_facade_is_in_the_wheel(members: set[str]) -> None:
    assert {name for name in members if name.split("/")[0] not in ROOMS} <= {"clustercast.py"}


def test_the_facade_is_in_the_wheel(members: set[str]) -> None:
    assert "clustercast.py" in members
