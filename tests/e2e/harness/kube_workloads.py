# SPDX-License-Identifier: Apache-2.0
"""Workloads for create() and apply(), as dicts: one container of an image, and what a test adds."""


def template(image, labels, init=None, **pod):
    """A pod template. image: one, or a dict of containers by name; init: the same for init
    containers; pod: more of its spec."""
    containers = image if isinstance(image, dict) else {"web": image}
    spec = {"containers": [{"name": name, "image": text} for name, text in containers.items()],
            "terminationGracePeriodSeconds": 1, **pod}
    if init:
        spec["initContainers"] = [{"name": name, "image": text} for name, text in init.items()]
    return {"metadata": {"labels": labels}, "spec": spec}


def _workload(api, kind, name, spec, annotations):
    return {"apiVersion": api, "kind": kind, "spec": spec,
            "metadata": {"name": name, "annotations": dict(annotations or {})}}


def _selected(kind, name, image, annotations, pod, spec):
    labels = {"app": name}
    return _workload("apps/v1", kind, name, {
        "selector": {"matchLabels": labels}, "template": template(image, labels, **(pod or {})), **spec}, annotations)


def deployment(name, image, annotations=None, pod=None, **spec):
    """annotations: with whole keys; pod: arguments of template(); spec: more of the workload's,
    as `replicas`."""
    return _selected("Deployment", name, image, annotations, pod, spec)


def stateful_set(name, image, annotations=None, pod=None, **spec):
    return _selected("StatefulSet", name, image, annotations, pod, {"serviceName": name, **spec})


def daemon_set(name, image, annotations=None, pod=None, **spec):
    return _selected("DaemonSet", name, image, annotations, pod, spec)


def cron_job(name, image, annotations=None, pod=None, schedule="0 0 1 1 *", **spec):
    """Runs on new year's day unless told otherwise."""
    jobs = {"spec": {"template": template(image, {"app": name}, **{"restartPolicy": "Never", **(pod or {})})}}
    return _workload("batch/v1", "CronJob", name, {"schedule": schedule, "jobTemplate": jobs, **spec}, annotations)


def policy(text, **more):
    """Annotations of ours: the policy, and others without their prefix; `scan_gate` stands for
    scan-gate."""
    return {f"longshore.dev/{key.replace('_', '-')}": value for key, value in {"policy": text, **more}.items()}
