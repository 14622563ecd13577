# SPDX-License-Identifier: Apache-2.0
"""The base of every test: components, a temporary folder, and what to show when it fails."""

import pathlib
import shutil
import tempfile
import unittest

from . import components
from .images import Layout
from .longshore import Longshore
from .registries import Registry

TOKEN = "e2e-token-0123456789abcdef"


class Case(unittest.TestCase):
    maxDiff = 4000

    def setUp(self):
        method = getattr(self, self._testMethodName)
        for name in ("longshore", *getattr(type(self), "components", ()), *getattr(method, "components", ())):
            reason = components.reason_missing(name)
            if reason is None:
                continue
            if name == "longshore" or components.is_required(name):
                self.fail(f"{name} is required: {reason}")
            self.skipTest(f"{name}: {reason}")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="longshore-e2e-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.shown = []  # have diagnostics()
        self._layouts = 0

    def longshore(self, sources, **more):
        program = Longshore(self.folder / f"longshore{len(self.shown)}", sources, **more)
        self.addCleanup(program.close)
        self.shown.append(program)
        return program

    def registry(self, kind):
        registry = Registry(kind, self.folder / kind)
        self.addCleanup(registry.close)
        return registry

    def listening(self, server):
        """Lets a server of ours (servers.py) listen until the end of the test."""
        self.addCleanup(server.close)
        return server.listen()

    def layout(self, content, platforms=("amd64",), behaviour=None):
        self._layouts += 1
        return Layout(self.folder / f"layout{self._layouts}", content, platforms, behaviour)

    def diagnostics(self):
        return "\n".join(thing.diagnostics() for thing in getattr(self, "shown", []))
