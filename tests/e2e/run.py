#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the end-to-end tests of this folder against the program that LONGSHORE_BIN names.

    LONGSHORE_BIN=build/dev/bin/longshore tests/e2e/run.py [part of a test's name ...]

A test whose component (registry, skopeo, …) is not on this machine is skipped with the reason;
LONGSHORE_TEST_REQUIRE=registry,skopeo,… or `all` makes that a failure.
"""

import argparse
import os
import pathlib
import sys
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent


def title(test):
    """`test_push.Distribution2: a push changes …`"""
    group, _, name = test.id().rpartition(".")
    return f"{group}: {name.removeprefix('test_').replace('_', ' ')}"


class Result(unittest.TestResult):
    """One line per test as it ends; a failure is shown with what the program said."""

    def __init__(self):
        super().__init__()
        self.passed = 0
        self._started = 0.0
        self._bad = {}

    def startTest(self, test):
        super().startTest(test)
        self._started = time.monotonic()

    def _line(self, test, verdict):
        print(f"   {verdict:8}{title(test)} ({time.monotonic() - self._started:.1f} s)", flush=True)

    def addSuccess(self, test):
        self.passed += 1
        self._line(test, "passed")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._line(test, "skipped")

    def _bad_end(self, test, error):
        # A test that fails twice (itself, then its clean-up) is one failure.
        if test.id() not in self._bad:
            self._line(test, "FAILED")
        self._bad[test.id()] = True
        print(self._exc_info_to_string(error, test))
        if hasattr(test, "diagnostics"):
            print(test.diagnostics(), flush=True)

    def addError(self, test, err):
        super().addError(test, err)
        self._bad_end(test, err)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._bad_end(test, err)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            print(f"   in {subtest}:")
            self._bad_end(test, err)

    @property
    def failed(self):
        return len(self._bad)


def chosen(suite, parts, without):
    """The single tests of a suite whose name holds one of the parts, and none of those it must not."""
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from chosen(item, parts, without)
        elif (not parts or any(part in item.id() for part in parts)) and not any(
            part in item.id() for part in without
        ):
            yield item


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", help="run only tests whose name holds one of these")
    parser.add_argument("--without", action="append", default=[], help="leave out tests whose name holds this")
    parser.add_argument("--name", default="e2e", help="what this run is called in --skipped")
    parser.add_argument("--counts", help="append 'passed failed skipped' to this file")
    parser.add_argument("--skipped", help="append what was skipped, and why, to this file")
    options = parser.parse_args()

    sys.path.insert(0, str(HERE))
    sys.dont_write_bytecode = True
    suite = unittest.defaultTestLoader.discover(str(HERE), top_level_dir=str(HERE))
    tests = list(chosen(suite, options.parts, options.without))
    if not tests:
        print("no test has such a name", file=sys.stderr)
        return 2
    result = Result()
    result.startTestRun()
    unittest.TestSuite(tests).run(result)
    result.stopTestRun()

    reasons = [f"{options.name} {title(test)}: {reason}" for test, reason in result.skipped]
    if options.counts:
        with open(options.counts, "a") as counts:
            counts.write(f"{result.passed} {result.failed} {len(reasons)}\n")
    if options.skipped:
        with open(options.skipped, "a") as skipped:
            skipped.writelines(f"{reason}\n" for reason in reasons)
    else:
        print("\n".join(f"skipped: {reason}" for reason in reasons))
    print(f"{result.passed} passed, {result.failed} failed, {len(reasons)} skipped")
    return 1 if result.failed else 0


if __name__ == "__main__":
    sys.exit(main())
