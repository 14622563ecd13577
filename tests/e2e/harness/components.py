# SPDX-License-Identifier: Apache-2.0
"""What a machine may lack. A test names what it needs and is skipped with the reason where that is
absent, unless LONGSHORE_TEST_REQUIRE (a comma list, or `all`) insists on it: then it fails."""

import functools
import os
import pathlib
import shutil
import subprocess

STACK = pathlib.Path(__file__).resolve().parents[2] / "stack"
# A name that stands for several.
GROUPS = {"registry2": "registry", "registry3": "registry"}


class Missing(Exception):
    """Says why a component is not there."""


def is_required(name):
    wanted = os.environ.get("LONGSHORE_TEST_REQUIRE", "").split(",")
    return "all" in wanted or name in wanted or GROUPS.get(name) in wanted


@functools.cache
def find(name):
    """What a test uses the component by (mostly a path), or raises Missing. Looks once."""
    return FINDERS[name]()


@functools.cache
def reason_missing(name):
    try:
        find(name)
        return None
    except Missing as missing:
        return str(missing)


def _script(path):
    run = subprocess.run([path], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, text=True, check=False)
    if run.returncode != 0:
        last = (run.stderr.strip().splitlines() or ["no message"])[-1]
        raise Missing(f"{path.relative_to(STACK.parents[1])} failed: {last}")
    return run.stdout.strip().splitlines()[-1]


def _command(name):
    path = shutil.which(name)
    if path is None:
        raise Missing(f"there is no {name} on this machine")
    return path


def _longshore():
    path = os.environ.get("LONGSHORE_BIN", "")
    if not os.access(path, os.X_OK):
        raise Missing(f"LONGSHORE_BIN ('{path}') names no program")
    return str(pathlib.Path(path).resolve())  # some tests start it elsewhere


def _probe():
    path = pathlib.Path(_longshore()).with_name("registry_probe")
    if not os.access(path, os.X_OK):
        raise Missing(f"{path} is not built")
    return path


def _mount():
    """The command that starts another one where it may mount: a namespace of its own."""
    why = "no unshare"
    for command in (["unshare", "--mount"], ["unshare", "--user", "--map-root-user", "--mount"]):
        if shutil.which("unshare") is None:
            break
        run = subprocess.run([*command, "mount", "-t", "tmpfs", "none", "/mnt"], check=False,
                             stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if run.returncode == 0:
            return command
        why = run.stderr.strip()
    raise Missing(f"this machine lets us mount no file system of our own: {why}")


FINDERS = {
    "kube": lambda: _script(STACK / "kube" / "build.sh"),
    "longshore": _longshore,
    "mount": _mount,
    "openssl": lambda: _command("openssl"),
    "probe": _probe,
    "registry2": lambda: _script(STACK / "registry" / "docker-registry.sh"),
    "registry3": lambda: _script(STACK / "registry" / "build.sh"),
    "skopeo": lambda: _command("skopeo"),
    "systemd": lambda: _command("systemd-analyze"),
}


def needs(*names):
    """Decorates a test, or a class of tests, with what it needs besides the program itself."""

    def decorate(thing):
        thing.components = (*getattr(thing, "components", ()), *names)
        return thing

    return decorate
