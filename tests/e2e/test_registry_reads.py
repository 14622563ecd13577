# SPDX-License-Identifier: Apache-2.0
"""Reads from real registries (registry_probe), compared with what skopeo reads there."""

import json
import subprocess

from harness import images
from harness.case import Case
from harness.components import find, needs
from harness.process import PATIENCE
from harness.secrets import PASSWORD, USER, Certificate, TokenService, htpasswd_line

CREDENTIALS = f"{USER}:{PASSWORD}"
PLATFORMS = ("amd64", "arm64")


class Reads:
    """The tests, for whichever registry a class below names."""

    kind = ""

    def probe(self, *arguments):
        """What the probe prints; its errors begin with `error CODE`."""
        run = subprocess.run([find("probe"), *map(str, arguments)], stdin=subprocess.DEVNULL,
                             capture_output=True, text=True, timeout=60 * PATIENCE, check=False)
        self.assertIn(run.returncode, (0, 1), run.stderr)
        self.assertNotIn(PASSWORD, run.stdout + run.stderr)
        return run.stdout.strip()

    def start(self, auth="", tls=None):
        self.hub = self.registry(self.kind)
        self.hub.start_alone(auth, tls)
        self.image = f"{self.hub.host}/acme/shop"

    def start_with_password(self, tls=None):
        self.start(htpasswd_line(self.folder), tls)

    def push(self, content, platforms=("amd64",), credentials=None, image=None):
        layout = self.layout(content, platforms)
        layout.push(f"{image or self.image}:1.0", credentials)
        return layout

    def test_manifests_have_the_digests_that_skopeo_names(self):
        self.start()
        for platforms, media_type in ((("amd64",), images.MANIFEST), (PLATFORMS, images.INDEX)):
            digest = self.push("content", platforms).digest
            self.assertEqual(images.inspect(f"{self.image}:1.0"), digest)
            for name in (f"{self.image}:1.0", f"{self.image}@{digest}"):
                for verb in ("head", "get"):
                    self.assertEqual(self.probe("--plain-http", verb, name), f"{digest} {media_type}")
        for name in (f"{self.image}:2.0", f"{self.image}@sha256:{'0' * 64}", f"{self.hub.host}/acme/no:1.0"):
            for verb in ("head", "get"):
                self.assertTrue(self.probe("--plain-http", verb, name).startswith("error not_found "))

    def test_a_configuration_is_read_by_its_digest(self):
        self.start()
        self.push("content")
        manifest = json.loads(self.hub.request("GET", "/v2/acme/shop/manifests/1.0",
                                               headers={"Accept": images.MANIFEST}).text)
        digest = manifest["config"]["digest"]
        config = json.loads(self.probe("--plain-http", "config", f"{self.image}@{digest}"))
        self.assertEqual(config["config"]["Labels"], {"content": "content"})

    def test_all_tags_are_listed_however_many(self):
        self.start()
        self.push("content")
        names = [f"t{number:05}" for number in range(1200)]
        self.hub.copy_tag("acme/shop", "1.0", names)
        page = self.hub.request("GET", "/v2/acme/shop/tags/list?n=1000")
        # 2.8 knows no pages.
        self.assertEqual(page.headers["Link"] is not None, self.kind == "registry3")
        self.assertEqual(sorted(self.probe("--plain-http", "tags", self.image).split()), ["1.0", *names])
        self.assertTrue(self.probe("--plain-http", "tags", f"{self.hub.host}/acme/no")
                        .startswith("error not_found "))

    def test_a_password_is_wanted_and_sent(self):
        self.start_with_password()
        digest = self.push("content", credentials=CREDENTIALS).digest
        ask = ("--plain-http", "head", f"{self.image}:1.0")
        self.assertRegex(self.probe(*ask), "error unauthorized .*none are configured")
        self.assertRegex(self.probe("--username", USER, "--password", "wrong", *ask),
                         "error unauthorized .*refuses the user name")
        self.assertTrue(self.probe("--username", USER, "--password", PASSWORD, *ask).startswith(digest))
        config = self.folder / "config.json"
        config.write_text(json.dumps({"auths": {self.hub.host: {"auth": "cm9ib3Q6c2VjcmV0"}}}))
        self.assertTrue(self.probe("--docker-config", config, *ask).startswith(digest))

    @needs("openssl")
    def test_the_authority_of_a_certificate_has_to_be_named(self):
        certificate = Certificate(self.folder)
        self.start_with_password(certificate)
        digest = self.push("content", credentials=CREDENTIALS).digest
        ask = ("--username", USER, "--password", PASSWORD, "get", f"{self.image}:1.0")
        self.assertTrue(self.probe(*ask).startswith("error unavailable "))
        self.assertTrue(self.probe("--ca", certificate.certificate, *ask).startswith(digest))

    @needs("openssl")
    def test_a_token_is_fetched_from_a_service_that_is_named(self):
        service = self.listening(TokenService(Certificate(self.folder)))
        self.start(service.registry_line())
        public = f"{self.hub.host}/public/shop"
        private = self.push("private", credentials=CREDENTIALS).digest
        shown = self.push("public", credentials=CREDENTIALS, image=public).digest
        self.assertEqual(images.inspect(f"{self.image}:1.0", CREDENTIALS), private)
        del service.wanted[:]
        known = ("--username", USER, "--password", PASSWORD)
        there = ("--plain-http", "--auth-host", service.host)
        self.assertRegex(self.probe("--plain-http", *known, "head", f"{self.image}:1.0"),
                         "error unauthorized .*auth_hosts")
        self.assertEqual(service.wanted, [])
        self.assertTrue(self.probe(*there, *known, "head", f"{self.image}:1.0").startswith(private))
        self.assertEqual(service.wanted, [(["repository:acme/shop:pull"], True)])
        self.assertTrue(self.probe(*there, "head", f"{public}:1.0").startswith(shown))
        self.assertRegex(self.probe(*there, "head", f"{self.image}:1.0"),
                         "error unauthorized .*does not grant pull on acme/shop")
        self.assertRegex(self.probe(*there, "--username", USER, "--password", "wrong", "head", f"{self.image}:1.0"),
                         "error unauthorized .*refuses the credentials")


@needs("registry2", "skopeo", "probe")
class Distribution2Reads(Reads, Case):
    kind = "registry2"


@needs("registry3", "skopeo", "probe")
class Distribution3Reads(Reads, Case):
    kind = "registry3"
