# SPDX-License-Identifier: Apache-2.0
"""A repository of a great many tags."""

from harness.case import TOKEN, Case
from harness.fake_registry import PAGE, FakeRegistry
from harness.process import wait_for
from harness.workloads import deployment, image_of

TAGS = 100_000
# How much more of it than before the list.
MEMORY_KIB = 64 << 10
SHOP = "acme/shop"


class ManyTags(Case):
    def test_a_hundred_thousand_are_listed_in_bounded_memory(self):
        hub = self.listening(FakeRegistry())
        image = f"{hub.host}/{SHOP}"
        program = self.longshore(
            [{"name": "reg", "type": "distribution", "token": TOKEN, "images": [f"{hub.host}/*"]}],
            registries=[{"host": hub.host, "insecure": True}], more={"sweep": "1h"})
        # The one in range is in the first page, those after it in all others.
        hub.put(SHOP, "1.4.1", "1.4.7", "1.5.0", *(f"9.{number}.0" for number in range(TAGS // 2)),
                *(f"build-{number:06}-{97 * chr(102)}" for number in range(TAGS // 2)))
        program.start()
        before = program.peak_memory_kib()
        program.write_manifest("shop.yaml", deployment("shop", f"{image}:1.4.1", "semver:~1.4"))
        wait_for("the manifest runs the highest in range",
                 lambda: image_of(program.manifest("shop.yaml")) == f"{image}:1.4.7", 90)
        self.assertGreaterEqual(hub.count("GET", "/tags/list"), TAGS // PAGE)
        if not program.keeps_freed_memory():
            self.assertLess(program.peak_memory_kib() - before, MEMORY_KIB)
        self.assertEqual(program.stop(), 0)
        self.assertEqual([line["to"] for line in program.audit().applied()], [f"{image}:1.4.7"])
