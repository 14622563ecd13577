# SPDX-License-Identifier: Apache-2.0
"""Manifests for tests that do not care how they are written."""

import re

IMAGE = re.compile(r'image: "([^"]+)"')


def deployment(name, image, policy=None, **annotations):
    """A Deployment of one container. annotations: of ours, without their prefix; `scan_gate` stands
    for scan-gate. policy: the same, for short; none: it has none of its own."""
    if policy is not None:
        annotations["policy"] = policy
    keys = {f"longshore.dev/{key.replace('_', '-')}": value for key, value in annotations.items()}
    return annotated(name, image, keys)


def annotated(name, image, annotations):
    """The same with whole keys."""
    written = ", ".join(f'{key}: "{value}"' for key, value in annotations.items())
    return (f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, annotations: {{{written}}}}}\n"
            f'spec: {{template: {{spec: {{containers: [{{name: web, image: "{image}"}}]}}}}}}\n').encode()


def image_of(manifest):
    """What its one container runs."""
    [image] = IMAGE.findall(manifest.decode())
    return image
