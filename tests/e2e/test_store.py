# SPDX-License-Identifier: Apache-2.0
"""What becomes of the promise that a 2xx is on disk when the disk is not what it should be."""

from harness import audit, notifications
from harness.case import TOKEN, Case
from harness.components import needs
from harness.disk import SmallDisk
from harness.process import wait_for

HUB = {"name": "hub", "type": "dockerhub", "token": TOKEN, "verify": "off"}


class Store(Case):
    def small_disk(self, size):
        disk = SmallDisk(self.folder / "disk", size)
        self.addCleanup(disk.close)
        return disk

    def program_on(self, disk):
        program = self.longshore([HUB])
        program.settings["store"] = str(disk.folder / "longshore.db")
        program.prefix = disk.enter
        return program

    def send(self, program, number):
        return program.notify("hub", notifications.dockerhub("acme/shop", f"1.0.{number}"))

    @needs("mount")
    def test_a_full_disk_is_answered_503_and_nothing_acknowledged_is_lost(self):
        disk = self.small_disk("8m")
        program = self.program_on(disk).start()
        acknowledged = [self.send(program, number).json()["id"] for number in range(20)]
        disk.fill()

        refusal = None
        for number in range(20, 20_000):
            try:
                reply = self.send(program, number)
            except OSError:  # it has ended between two requests
                break
            if reply.status != 202:
                refusal = reply
                break
            acknowledged.append(reply.json()["id"])
        self.assertIsNotNone(refusal, "the disk was full, and it ended without saying so")
        self.assertEqual(refusal.status, 503)
        self.assertTrue(refusal.headers["Retry-After"])
        self.assertGreater(program.process.wait(30), 0)
        self.assertIn("disk", program.log.read_text().lower())

        disk.remount("size=64m")
        program.start()
        wait_for("every acknowledged event is in the audit",
                 lambda: set(acknowledged) <= {line["id"] for line in program.audit().steps(audit.RECEIVED)})
        self.assertEqual(self.send(program, 20_001).status, 202)
        self.assertEqual(program.verify_audit().returncode, 0)

    @needs("mount")
    def test_a_store_that_cannot_be_written_is_said_at_the_start(self):
        disk = self.small_disk("8m")
        program = self.program_on(disk).start()
        self.assertEqual(self.send(program, 1).status, 202)
        self.assertEqual(program.stop(), 0)
        disk.remount("ro")
        program.launch()
        self.assertGreater(program.process.wait(), 0)
        self.assertIn(str(program.settings["store"]), program.process.tail())

    def test_a_folder_that_does_not_exist_is_said_at_the_start(self):
        program = self.longshore([HUB])
        program.settings["store"] = str(program.folder / "no" / "such" / "longshore.db")
        program.launch()
        self.assertGreater(program.process.wait(), 0)
        self.assertIn("no/such", program.process.tail())

    def test_a_second_process_on_the_same_store_ends_and_names_the_first(self):
        first = self.longshore([HUB]).start()
        second = self.longshore([HUB])
        second.settings["store"] = str(first.store)
        second.launch()
        self.assertGreater(second.process.wait(), 0)
        self.assertIn(str(first.process.pid), second.process.tail())
        self.assertEqual(self.send(first, 1).status, 202)

    def test_the_port_of_another_process_is_not_shared(self):
        first = self.longshore([HUB]).start()
        second = self.longshore([HUB])
        second.settings["listen"] = first.settings["listen"]
        second.launch()
        self.assertGreater(second.process.wait(), 0)
        self.assertIn(str(first.port.number), second.process.tail())

    def test_the_store_is_free_again_after_a_kill(self):
        program = self.longshore([HUB]).start()
        self.assertEqual(self.send(program, 1).status, 202)
        program.kill()
        program.start()
        self.assertEqual(self.send(program, 2).status, 202)
