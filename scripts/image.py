#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the OCI layout for scripts/image.sh, which says what is in it and why.

The root file system has two layers. The lower one is the system: the libraries that the program
loads, as their Debian packages installed them here (which is checked), and for each package its
licence and its entry in /var/lib/dpkg/status.d, by which scanners know it. The upper one is the
program and its folders. Nothing in either depends on when, where or by whom it is made.
"""

import argparse
import datetime
import gzip
import hashlib
import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

USER = 65532
STATE = "var/lib/longshore"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
# Debian's name of an architecture, and what an image calls it.
PLATFORMS = {
    "amd64": {"architecture": "amd64"}, "arm64": {"architecture": "arm64"}, "i386": {"architecture": "386"},
    "armhf": {"architecture": "arm", "variant": "v7"}, "ppc64el": {"architecture": "ppc64le"},
    "s390x": {"architecture": "s390x"}, "riscv64": {"architecture": "riscv64"},
}


class Unusable(Exception):
    """Says what is wrong with this machine or the arguments, and what to do."""


def output_of(*command):
    # Messages are read, and lists are sorted, as in no language at all.
    run = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                         env={**os.environ, "LC_ALL": "C"})
    if run.returncode != 0:
        raise Unusable(f"`{' '.join(command)}` failed: {run.stderr.strip()}")
    return run.stdout


class Layer:
    """Files of a root file system, by their path in it."""

    def __init__(self):
        self._members = {}

    def folder(self, path, mode=0o755, owner=0):
        self._add(path, tarfile.DIRTYPE, mode, owner)

    def file(self, path, data, mode=0o644):
        self._add(path, tarfile.REGTYPE, mode, data=data)

    def link(self, path, target):
        self._add(path, tarfile.SYMTYPE, 0o777, target=target)

    def _add(self, path, kind, mode, owner=0, data=b"", target=""):
        path = path.strip("/")
        parent = os.path.dirname(path)
        if parent and parent not in self._members:
            self.folder(parent)
        member = tarfile.TarInfo(path)
        member.type, member.mode, member.linkname, member.size = kind, mode, target, len(data)
        member.uid = member.gid = owner
        self._members[path] = (member, data)

    def tar(self):
        return tar_of(self._members[path] for path in sorted(self._members))


def tar_of(members):
    """The bytes of an archive of (TarInfo, data); of equal members equal ones."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for member, data in members:
            tar.addfile(member, io.BytesIO(data))
    return archive.getvalue()


class Packages:
    """The Debian packages that are installed here."""

    def __init__(self):
        self.used = set()
        self._sums = {}

    def owners(self, paths):
        """The package of each file; what was installed as /lib/x may be /usr/lib/x now."""
        names = [name for path in paths for name in (path, path.removeprefix("/usr"))]
        # It fails if it does not know one of them, and tells of the others all the same.
        run = subprocess.run(["dpkg-query", "--search", *names], stdin=subprocess.DEVNULL, capture_output=True,
                             text=True, check=False, env={**os.environ, "LC_ALL": "C"})
        known = {}
        for line in run.stdout.splitlines():
            package, separator, name = line.partition(": ")
            if separator and not package.startswith("diversion by"):
                known[name] = package.split(", ")[0]
        owners = {}
        for path in paths:
            owners[path] = known.get(path) or known.get(path.removeprefix("/usr"))
            if owners[path] is None:
                raise Unusable(f"{path} belongs to no Debian package: build with the libraries of the distribution")
        return owners

    def read(self, package, path):
        """A file, if it is what the package installed."""
        data = pathlib.Path(path).read_bytes()
        sums = self._sums_of(package)
        wanted = sums.get(path) or sums.get(path.removeprefix("/usr"))
        if wanted != hashlib.md5(data).hexdigest():
            raise Unusable(f"{path} is not what the package {package} installed: "
                           f"apt-get install --reinstall {package}")
        self.used.add(package)
        return data

    def _sums_of(self, package):
        if package not in self._sums:
            lines = pathlib.Path(output_of("dpkg-query", "--control-path", package, "md5sums").strip()).read_text()
            pairs = (line.split("  ", 1) for line in lines.splitlines())
            self._sums[package] = {"/" + name: value for value, name in pairs}
        return self._sums[package]


def libraries_of(program):
    """The path of each library that the dynamic linker loads for it, and its own."""
    paths = []
    for line in output_of("ldd", program).splitlines():
        if "not found" in line:
            raise Unusable(f"a library of the program is missing here: {line.strip()}")
        found = re.search(r"(/\S+) \(0x", line)
        if found:
            paths.append(found.group(1))
    if not paths:
        raise Unusable(f"{program} loads no library: it is not what CMake builds")
    return paths


def add_libraries(layer, packages, program):
    files = set()
    wanted = libraries_of(program)
    for path in wanted:
        # A library, the names that lead to it, and nothing by the way of /lib, which is /usr/lib.
        while True:
            path = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
            if not os.path.islink(path):
                break
            layer.link(path, os.readlink(path))
            path = os.path.join(os.path.dirname(path), os.readlink(path))
        files.add(path)
    for path, package in packages.owners(sorted(files)).items():
        layer.file(path, packages.read(package, path), 0o755)
    for name in sorted({path.split("/")[1] for path in wanted}):
        if os.path.islink(f"/{name}"):
            layer.link(name, os.readlink(f"/{name}"))


def add_authorities(layer, packages):
    """Those of the package, not those that somebody added to this machine: as one file and as a
    folder of hashed names, since with `ca:` in the configuration only the folder is looked at."""
    names = output_of("dpkg-query", "--listfiles", "ca-certificates").split("\n")
    names = sorted(name for name in names if re.fullmatch(r"/usr/share/ca-certificates/.*\.crt", name))
    if not names:
        raise Unusable("the package ca-certificates holds no authorities: apt-get install ca-certificates")
    # Not each ends with a line's end, which one after the other they need.
    authorities = [packages.read("ca-certificates", name).rstrip() + b"\n" for name in names]
    by_hash = {}
    with tempfile.TemporaryDirectory() as folder:
        for number, authority in enumerate(authorities):
            pathlib.Path(folder, f"{number}.crt").write_bytes(authority)
        output_of("openssl", "rehash", folder)
        for link in pathlib.Path(folder).iterdir():
            if link.is_symlink():
                by_hash.setdefault(link.stem, []).append(link.read_bytes())
    for value, alike in by_hash.items():
        for number, authority in enumerate(sorted(alike)):
            layer.file(f"etc/ssl/certs/{value}.{number}", authority)
    layer.file("etc/ssl/certs/ca-certificates.crt", b"".join(authorities))
    layer.link("usr/lib/ssl/certs", "/etc/ssl/certs")
    layer.link("usr/lib/ssl/cert.pem", "/etc/ssl/certs/ca-certificates.crt")


def add_origins(layer, packages):
    """Who made what, and under which licence."""
    for package in sorted(packages.used):
        name = package.split(":")[0]
        copyright_file = pathlib.Path("/usr/share/doc", name, "copyright")
        if not copyright_file.exists():
            raise Unusable(f"{copyright_file} is missing: apt-get install --reinstall {package}")
        layer.file(str(copyright_file), copyright_file.read_bytes())
        layer.file(f"var/lib/dpkg/status.d/{name}", output_of("dpkg-query", "--status", package).encode())
    for path in sorted(pathlib.Path("/usr/share/common-licenses").iterdir()):
        if path.is_symlink():
            layer.link(str(path), os.readlink(path))
        else:
            layer.file(str(path), path.read_bytes())


def system_layer(program):
    layer, packages = Layer(), Packages()
    add_libraries(layer, packages, program)
    add_authorities(layer, packages)
    layer.file("usr/lib/os-release", packages.read("base-files", "/usr/lib/os-release"))
    layer.link("etc/os-release", "../usr/lib/os-release")
    layer.file("etc/debian_version", pathlib.Path("/etc/debian_version").read_bytes())
    layer.file("etc/passwd", (
        "root:x:0:0:root:/root:/usr/sbin/nologin\n"
        f"longshore:x:{USER}:{USER}:longshore:/{STATE}:/usr/sbin/nologin\n"
        "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n").encode())
    layer.file("etc/group", f"root:x:0:\nlongshore:x:{USER}:\nnogroup:x:65534:\n".encode())
    layer.file("etc/nsswitch.conf", b"passwd: files\ngroup: files\nhosts: files dns\n")
    for name in ("dev", "proc", "sys", "run"):
        layer.folder(name)
    layer.link("var/run", "../run")
    layer.folder("tmp", 0o1777)
    layer.folder("root", 0o700)
    add_origins(layer, packages)
    return layer


def program_layer(stage):
    layer = Layer()
    for path in sorted(stage.rglob("*")):
        if path.is_file():
            layer.file(str(path.relative_to(stage)), path.read_bytes(), 0o755 if os.access(path, os.X_OK) else 0o644)
    layer.folder("etc/longshore")
    layer.folder(STATE, 0o750, USER)
    return layer


class Layout:
    """The folder of an OCI layout, in the making."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        (self.folder / "blobs" / "sha256").mkdir(parents=True)

    def blob(self, media_type, data):
        digest = hashlib.sha256(data).hexdigest()
        (self.folder / "blobs" / "sha256" / digest).write_bytes(data)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(data)}

    def document(self, media_type, content):
        return self.blob(media_type, as_json(content))

    def finish(self, manifest, tag):
        named = {**manifest, "annotations": {"org.opencontainers.image.ref.name": tag}}
        (self.folder / "index.json").write_bytes(
            as_json({"schemaVersion": 2, "mediaType": INDEX, "manifests": [named]}))
        (self.folder / "oci-layout").write_bytes(as_json({"imageLayoutVersion": "1.0.0"}))


def as_json(content):
    return json.dumps(content, separators=(",", ":"), sort_keys=True).encode()


def write_image(layout, layers, platform, labels, tag):
    described, diffs = [], []
    for layer in layers:
        tar = layer.tar()
        diffs.append("sha256:" + hashlib.sha256(tar).hexdigest())
        described.append(layout.blob(LAYER, gzip.compress(tar, 6, mtime=0)))
    created = labels["org.opencontainers.image.created"]
    config = layout.document(CONFIG, {
        **platform, "os": "linux", "created": created,
        "config": {
            "User": f"{USER}:{USER}", "WorkingDir": f"/{STATE}", "Env": ["PATH=/usr/bin"],
            "Entrypoint": ["/usr/bin/longshore"], "Cmd": ["serve"],
            "ExposedPorts": {"8080/tcp": {}}, "Volumes": {f"/{STATE}": {}}, "Labels": labels,
        },
        "rootfs": {"type": "layers", "diff_ids": diffs},
        "history": [{"created": created, "created_by": "scripts/image.sh", "comment": what}
                    for what in ("libraries of Debian packages", "longshore")],
    })
    manifest = layout.document(MANIFEST, {
        "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": described, "annotations": labels})
    layout.finish({**manifest, "platform": {**platform, "os": "linux"}}, tag)
    return manifest["digest"]


def check_free(output):
    """What is no image of ours stays."""
    if output.exists() and not (output / "oci-layout").is_file():
        if not output.is_dir() or any(output.iterdir()):
            raise Unusable(f"{output} holds something else than an image: name another folder with --output")


def replace_layout(new, output):
    """Puts a finished layout in place, with the same as one file beside it."""
    if output.exists():
        shutil.rmtree(output)
    output.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(new, output)
    archive = output.with_name(output.name + ".tar")
    archive.write_bytes(archive_of(output))
    return archive


def archive_of(folder):
    members = []
    for path in sorted(folder.rglob("*")):
        member = tarfile.TarInfo(str(path.relative_to(folder)))
        member.type, member.mode = (tarfile.DIRTYPE, 0o755) if path.is_dir() else (tarfile.REGTYPE, 0o644)
        data = b"" if path.is_dir() else path.read_bytes()
        member.size = len(data)
        members.append((member, data))
    return tar_of(members)


def labels_of(options):
    try:
        created = datetime.datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), datetime.timezone.utc)
    except (ValueError, OverflowError):
        raise Unusable("SOURCE_DATE_EPOCH is no number of seconds since 1970") from None
    labels = {
        "title": "Longshore",
        "description": "Brings what runs an image up to date when it is pushed",
        "licenses": "Apache-2.0",
        "version": options.version,
        "created": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    if options.revision:
        labels["revision"] = options.revision
    return {f"org.opencontainers.image.{name}": value for name, value in labels.items()}


def make(options):
    machine = output_of("dpkg", "--print-architecture").strip()
    if machine not in PLATFORMS:
        raise Unusable(f"what an image calls the architecture {machine} is not known: add it to PLATFORMS")
    stage, output = pathlib.Path(options.stage), pathlib.Path(options.output)
    check_free(output)
    labels = labels_of(options)
    with tempfile.TemporaryDirectory() as work:
        layout = Layout(os.path.join(work, "layout"))
        layers = [system_layer(str(stage / "usr/bin/longshore")), program_layer(stage)]
        digest = write_image(layout, layers, PLATFORMS[machine], labels, options.tag)
        archive = replace_layout(layout.folder, output)
    print(f"{output} and {archive}: {archive.stat().st_size / 1e6:.1f} MB, tag {options.tag}", file=sys.stderr)
    print(digest)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stage", required=True, help="the program, installed below this folder")
    parser.add_argument("--output", required=True, help="the folder of the layout")
    parser.add_argument("--tag", required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--revision", default="", help="the commit that it was built from")
    try:
        make(parser.parse_args())
    except (Unusable, OSError) as fault:
        print(f"image.sh: {fault}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
