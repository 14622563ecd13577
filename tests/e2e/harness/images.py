# SPDX-License-Identifier: Apache-2.0
"""Images made from nothing: OCI layouts of one small layer, pushed by skopeo."""

import gzip
import hashlib
import io
import json
import pathlib
import subprocess
import tarfile

from . import components
from .process import PATIENCE

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


def inspect(image, credentials=None):
    """The digest of an image by skopeo's word."""
    run = subprocess.run(
        [components.find("skopeo"), "inspect", "--raw", "--tls-verify=false",
         *(["--creds", credentials] if credentials else []), f"docker://{image}"],
        stdin=subprocess.DEVNULL, capture_output=True, timeout=60 * PATIENCE, check=True)
    return digest_of(run.stdout)


class Layout:
    """An OCI image layout with one image, or one of several platforms. Two with the same content
    have the same digest.

    behaviour: what its containers do on a node that is played (tests/stack/kube/node_images.py)."""

    TAG = "image"

    def __init__(self, folder, content, platforms=("amd64",), behaviour=None):
        self._labels = {"content": content}
        if behaviour is not None:
            self._labels["longshore.test/behaviour"] = behaviour
        self.folder = pathlib.Path(folder)
        (self.folder / "blobs" / "sha256").mkdir(parents=True)
        manifests = [self._manifest(content, platform) for platform in platforms]
        top = manifests[0]
        if len(manifests) > 1:
            top = self._json({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}, INDEX)
        self.digest = top["digest"]
        named = {**top, "annotations": {"org.opencontainers.image.ref.name": self.TAG}}
        self._write("index.json", {"schemaVersion": 2, "mediaType": INDEX, "manifests": [named]})
        self._write("oci-layout", {"imageLayoutVersion": "1.0.0"})

    def push(self, image, credentials=None):
        """Pushes it as `image` (host/repository:tag); returns when skopeo says that it is there.
        credentials: user:password."""
        run = subprocess.run(
            [components.find("skopeo"), "--insecure-policy", "copy", "--quiet", "--all", "--preserve-digests",
             "--dest-tls-verify=false", *(["--dest-creds", credentials] if credentials else []),
             f"oci:{self.folder}:{self.TAG}", f"docker://{image}"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60 * PATIENCE, check=False)
        if run.returncode != 0:
            raise AssertionError(f"skopeo could not push {image}: {run.stderr}")

    def _manifest(self, content, platform):
        tar = io.BytesIO()
        with tarfile.open(fileobj=tar, mode="w") as archive:
            member = tarfile.TarInfo("content")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content.encode()))
        layer = self._blob(gzip.compress(tar.getvalue(), mtime=0), LAYER)
        config = self._json({
            "architecture": platform, "os": "linux", "config": {"Labels": self._labels},
            "rootfs": {"type": "layers", "diff_ids": [digest_of(tar.getvalue())]},
        }, CONFIG)
        manifest = self._json(
            {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer]}, MANIFEST)
        return {**manifest, "platform": {"architecture": platform, "os": "linux"}}

    def _json(self, document, media_type):
        return self._blob(json.dumps(document).encode(), media_type)

    def _blob(self, data, media_type):
        digest = digest_of(data)
        (self.folder / "blobs" / "sha256" / digest.removeprefix("sha256:")).write_bytes(data)
        return {"mediaType": media_type, "digest": digest, "size": len(data)}

    def _write(self, name, document):
        (self.folder / name).write_text(json.dumps(document))


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()
