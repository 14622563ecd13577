# SPDX-License-Identifier: Apache-2.0
"""The image that scripts/image.sh makes: what is in it, that it runs as a cluster runs it, and that a
registry takes it."""

import filecmp
import http.client
import json
import os
import pathlib
import subprocess

from harness import components
from harness.build import build_folder, class_folder, made_by, run_script
from harness.case import Case
from harness.images import inspect
from harness.longshore import LISTENING
from harness.process import PATIENCE, Process

CONFIG = """\
listen: 127.0.0.1:0
store: /var/lib/longshore/longshore.db
audit: {file: /var/lib/longshore/audit.jsonl}
drain_delay: 0s
sources:
  - {name: hub, type: dockerhub, token: "${file:/etc/longshore/token}"}
targets:
  - {name: manifests, type: files, path: /var/lib/longshore}
"""

# Its root file system, not to be written to, with a volume for the state; /proc as a container has it.
ENTER = """\
set -e
mount --rbind /proc "$1/proc"
mount --bind "$1" /mnt
mount --rbind "$1/proc" /mnt/proc
mount --bind "$2" /mnt/var/lib/longshore
mount -o remount,bind,ro /mnt
shift 2
exec chroot "$@"
"""


class Image:
    """An OCI layout of one image, and its files once it is unpacked."""

    def __init__(self, layout):
        self.layout = pathlib.Path(layout)
        index = self.document(self.layout / "index.json")
        self.tag = index["manifests"][0]["annotations"]["org.opencontainers.image.ref.name"]
        self.manifest = self.blob(index["manifests"][0]["digest"])
        self.config = self.blob(self.manifest["config"]["digest"])

    @staticmethod
    def document(path):
        return json.loads(path.read_text())

    def path(self, digest):
        return self.layout / "blobs" / digest.replace(":", "/")

    def blob(self, digest):
        return self.document(self.path(digest))

    def unpack(self, folder):
        folder.mkdir()
        for layer in self.manifest["layers"]:
            subprocess.run(["tar", "--numeric-owner", "-xzf", self.path(layer["digest"]), "-C", folder],
                           stdin=subprocess.DEVNULL, check=True)


class MakingAnImage(Case):
    made = None

    def image(self):
        """Made once for all tests of this class."""
        if MakingAnImage.made is None:
            layout = class_folder(self) / "image"
            MakingAnImage.made = (layout, made_by("image.sh", "--output", layout, "--tag", "trial"))
        return MakingAnImage.made

    def unpacked(self):
        root = self.folder / "root"
        Image(self.image()[0]).unpack(root)
        return root

    def inside(self, root, *command):
        """The command line that runs the image's program in it, as its user where we may."""
        state = self.folder / "state"
        state.mkdir(exist_ok=True)
        user = []
        if os.geteuid() == 0:
            os.chown(state, 65532, 65532)
            user = ["--userspec=65532:65532"]
        return [*components.find("mount"), "sh", "-c", ENTER, "enter", root, state, *user, "/mnt",
                "/usr/bin/longshore", *command]

    def run_inside(self, root, *command):
        return subprocess.run(self.inside(root, *command), stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=30 * PATIENCE, check=False)

    def test_the_same_program_makes_the_same_image(self):
        layout, digest = self.image()
        again = self.folder / "again"
        self.assertEqual(made_by("image.sh", "--output", again, "--tag", "trial"), digest)
        self.assertTrue(filecmp.cmp(f"{layout}.tar", f"{again}.tar", shallow=False))

    def test_it_says_what_it_is_and_runs_as_nobody_special(self):
        image = Image(self.image()[0])
        config = image.config["config"]
        self.assertEqual(config["Entrypoint"] + config["Cmd"], ["/usr/bin/longshore", "serve"])
        self.assertEqual(config["User"], "65532:65532")
        version = subprocess.run([components.find("longshore"), "--version"], stdin=subprocess.DEVNULL,
                                 capture_output=True, text=True, check=True).stdout.split()[-1]
        self.assertEqual(config["Labels"]["org.opencontainers.image.version"], version)
        self.assertEqual(config["Labels"]["org.opencontainers.image.licenses"], "Apache-2.0")

    def test_it_holds_the_program_and_what_that_needs_and_no_shell(self):
        root = self.unpacked()
        programs = [path for folder in ("bin", "sbin", "usr/bin", "usr/sbin") for path in (root / folder).glob("*")]
        self.assertEqual([path.name for path in programs], ["longshore"])
        for link in filter(pathlib.Path.is_symlink, (root / "usr/lib").rglob("*")):
            target = os.readlink(link)
            self.assertTrue((root / target[1:] if target[0] == "/" else link.parent / target).exists(), link)
        for package in ("libc6", "libcurl4", "ca-certificates"):
            self.assertIn(f"Package: {package}\n", (root / "var/lib/dpkg/status.d" / package).read_text())
            self.assertTrue((root / "usr/share/doc" / package / "copyright").read_text())
        self.assertEqual([path for path in root.rglob("*") if path.is_file() and path.stat().st_mode & 0o6022], [])

    @components.needs("openssl")
    def test_authorities_are_found_by_file_and_by_folder(self):
        root = self.unpacked()
        folder = root / "etc/ssl/certs"
        one = next(path for path in sorted(folder.iterdir()) if path.name.endswith(".0"))
        for options in (["-CApath", folder, "-no-CAfile"], ["-CAfile", folder / "ca-certificates.crt", "-no-CApath"]):
            run = subprocess.run([components.find("openssl"), "verify", "-no-CAstore", *options, one],
                                 stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
            self.assertEqual(run.returncode, 0, run.stderr)

    @components.needs("mount")
    def test_its_program_serves_from_a_root_that_cannot_be_written_to(self):
        root = self.unpacked()
        run = self.run_inside(root, "--version")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertRegex(run.stdout, r"^longshore \d")
        (root / "etc/longshore/longshore.yaml").write_text(CONFIG)
        run = self.run_inside(root, "check")
        self.assertEqual(run.returncode, 2, run.stderr)
        self.assertIn("/etc/longshore/token", run.stderr)
        (root / "etc/longshore/token").write_text("e2e-token-0123456789abcdef\n")
        run = self.run_inside(root, "check")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.serve(root)

    def serve(self, root):
        server = Process("longshore", self.inside(root, "serve"), self.folder / "log")
        self.addCleanup(server.end)
        server.wait_ready(lambda: LISTENING.search(server.tail()))
        port = int(LISTENING.search(server.tail()).group(1))
        for path in ("/healthz", "/readyz"):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10 * PATIENCE)
            self.addCleanup(connection.close)
            connection.request("GET", path)
            self.assertEqual(connection.getresponse().status, 200, path)
        self.assertEqual(server.end(), 0, server.tail())
        self.assertTrue((self.folder / "state" / "longshore.db").exists())
        if os.geteuid() == 0:
            self.assertEqual((self.folder / "state" / "longshore.db").stat().st_uid, 65532)

    @components.needs("registry2", "skopeo")
    def test_a_registry_takes_it_and_gives_it_back(self):
        registry = self.registry("registry2")
        registry.start_alone()
        layout, first = self.image()
        name = f"{registry.host}/tools/longshore"
        later = self.folder / "later"
        digest = made_by("image.sh", "--output", later, "--tag", "trial", "--push", name, "--insecure",
                         environment={"SOURCE_DATE_EPOCH": "1700000000"})
        self.assertEqual(inspect(f"{name}:trial"), digest)
        # Another time of the source is another image of the same layers.
        self.assertNotEqual(digest, first)
        self.assertEqual(Image(later).config["created"], "2023-11-14T22:13:20Z")
        self.assertEqual(Image(later).manifest["layers"], Image(layout).manifest["layers"])
        back = self.folder / "back"
        subprocess.run(
            [components.find("skopeo"), "--insecure-policy", "copy", "--quiet", "--preserve-digests",
             "--src-tls-verify=false", f"docker://{name}@{digest}", f"oci:{back}:trial"],
            stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=60 * PATIENCE)
        blobs = [sorted(path.name for path in (folder / "blobs/sha256").iterdir()) for folder in (back, later)]
        self.assertEqual(*blobs)

    def test_it_takes_no_other_folder_for_its_own(self):
        mine = self.folder / "mine"
        mine.mkdir()
        (mine / "letter").write_text("dear")
        run = run_script("image.sh", "--build", build_folder(), "--output", mine)
        self.assertEqual(run.returncode, 1)
        self.assertIn(f"{mine} holds something else than an image", run.stderr)
        self.assertEqual([path.name for path in mine.iterdir()], ["letter"])

    def test_wrong_usage_is_named(self):
        for arguments, message in ((["--tagg"], "unknown argument '--tagg'"), (["--tag"], "--tag needs a value"),
                                   (["--tag", "a b"], "'a b' is no tag"),
                                   (["--push", "host/name@sha256:1"], "takes a name and a tag")):
            run = run_script("image.sh", *arguments)
            self.assertEqual(run.returncode, 2, run.stderr)
            self.assertIn(message, run.stderr)
        usage = run_script("image.sh", "--help").stdout
        self.assertIn("--push REF", usage)
        self.assertTrue(usage.endswith(" is its digest.\n"), usage)
