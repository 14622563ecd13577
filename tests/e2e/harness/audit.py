# SPDX-License-Identifier: Apache-2.0
"""How the tests read the audit. Whoever renames a step or a member changes this file alone."""

import json

RECEIVED = "received"
DECIDED = "decided"
APPLIED = "applied"
REFUSED = "refused"  # `count` requests of one source, reason and address
REGISTRY = "registry"  # it could not be asked about a tag; once until it says something else
SWEEP = "sweep"  # the same about a list of tags; also the source of what lists show
RESOLVED = "resolved"  # a registry names another digest than a notification did, or no such tag
MISSED = "missed"  # a list of tags holds what a source should have announced
ROLLOUT = "rollout"  # what came of a change on a target that runs images by itself
OVERRULED = "overruled"  # somebody has set an older image than ours

# `outcome` of a line that is ROLLOUT.
COMPLETED = "completed"
FAILED = "failed"
ROLLED_BACK = "rolled back"
REPLACED = "superseded"

# `decision` of a line that is DECIDED.
UPDATE = "update"
SKIP = "skip"
WAIT = "wait"
SUPERSEDED = "superseded"  # decided together with a newer event, which the reason names


def tail(path, lines=40):
    if not path.exists():
        return ["(none)"]
    return path.read_text(errors="replace").splitlines()[-lines:]



def _is_about(line, image):
    """image: `host/repository`, or with a tag."""
    said = line.get("image", "")
    return said == image or said.startswith((image + ":", image + "@"))


class Audit:
    """The lines as they stand now. A last line without its newline is still being written."""

    def __init__(self, path):
        text = path.read_text() if path.exists() else ""
        complete = text[: text.rfind("\n") + 1]
        self.lines = [json.loads(line) for line in complete.splitlines()]

    def of(self, event):
        return [line for line in self.lines if line.get("id") == event]

    def steps(self, step):
        return [line for line in self.lines if line["step"] == step]

    def about(self, step, image):
        """The lines of a step about a repository, or about one tag of it."""
        return [line for line in self.steps(step) if _is_about(line, image)]

    def received(self, image):
        """The events about an image (`host/repository:tag`), oldest first."""
        return [line["id"] for line in self.about(RECEIVED, image)]

    def decisions(self, event):
        """What was decided because of an event, or together with it: a line per container, or one
        that says why there was nothing to decide."""
        return [line for line in self.of(event) if line["step"] == DECIDED]

    def decided(self):
        """Every event that has a decision. (What a target asked to decide again has none.)"""
        return {line["id"] for line in self.steps(DECIDED) if "id" in line}

    def updates(self, repository):
        """How often it was decided to change what runs an image of it."""
        return sum(line["decision"] == UPDATE and _is_about({"image": line.get("to", "")}, repository)
                   for line in self.steps(DECIDED))

    def superseded(self):
        return [line for line in self.steps(DECIDED) if line["decision"] == SUPERSEDED]

    def applied(self, to=None):
        return [line for line in self.steps(APPLIED) if to is None or line["to"] == to]

    def rollouts(self, workload, outcome=None):
        """The ends of the rollouts of a workload (`target: id`)."""
        return [line for line in self.steps(ROLLOUT)
                if line["workload"] == workload and outcome in (None, line["outcome"])]

    def refused(self, source=None):
        """How many requests were refused."""
        return sum(line.get("count", 1) for line in self.steps(REFUSED)
                   if source is None or line.get("source") == source)

    def reasons(self, event):
        return " | ".join(line.get("reason", "") for line in self.of(event))
