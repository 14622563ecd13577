# SPDX-License-Identifier: Apache-2.0
"""Scripts of the repository, run over the build folder that the program under test comes from."""

import os
import pathlib
import shutil
import subprocess
import tempfile

from . import components
from .process import PATIENCE

ROOT = pathlib.Path(__file__).resolve().parents[3]


def build_folder():
    """Where LONGSHORE_BIN was built."""
    return pathlib.Path(components.find("longshore")).parents[1]


def run_script(name, *arguments, environment=None):
    """scripts/NAME with those arguments, to its end, whatever that is."""
    return subprocess.run(
        [ROOT / "scripts" / name, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=120 * PATIENCE, check=False, env={**os.environ, **(environment or {})})


def made_by(name, *arguments, environment=None):
    """The last line that scripts/NAME prints: what it has made from the build folder."""
    run = run_script(name, "--build", build_folder(), *arguments, environment=environment)
    if run.returncode != 0:
        raise AssertionError(f"{name} ended with {run.returncode}:\n{run.stdout}\n{run.stderr}")
    return run.stdout.strip().splitlines()[-1]


def class_folder(case):
    """A temporary folder for all tests of a class, for what takes long to make."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="longshore-e2e-"))
    case.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
    return folder
