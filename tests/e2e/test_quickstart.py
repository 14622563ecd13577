# SPDX-License-Identifier: Apache-2.0
"""The first thing that a new user runs."""

import os
import pathlib
import subprocess

from harness import components
from harness.case import Case
from harness.process import PATIENCE

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Quickstart(Case):
    def test_it_shows_a_push_changing_a_manifest_and_leaves_nothing_behind(self):
        run = subprocess.run(
            [ROOT / "scripts" / "quickstart.sh"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=60 * PATIENCE, check=False,
            env={**os.environ, "LONGSHORE_BIN": components.find("longshore"), "TMPDIR": str(self.folder)})
        self.assertEqual(run.returncode, 0, run.stdout)
        self.assertRegex(run.stdout, r"(?m)^ *-.*acme/shop:1\.4\.1")
        self.assertRegex(run.stdout, r"(?m)^ *\+.*acme/shop:1\.4\.2")
        self.assertEqual(list(self.folder.iterdir()), [])
