# SPDX-License-Identifier: Apache-2.0
"""What the end-to-end tests start, push and look at. Standard library only.

process.py     child processes, free ports, waiting with a deadline
components.py  what a machine may lack, and who insists on it
longshore.py   the program under test, with a configuration of its own in a temporary folder
registries.py  real registries that notify it
servers.py     servers of our own, which note what they are asked
fake_registry.py  a registry in memory, a proxy before a real one, and what they may do instead
kube.py        a Kubernetes control plane with nodes that are played; kube_objects.py what is in it,
               kube_workloads.py workloads for it, kube_files.py its certificates and kubeconfigs,
               kube_proxy.py stands before its API server and may answer otherwise
rollouts.py    the base of tests in which pushes change what runs in a cluster
deployed.py    the account that they are made with
workloads.py   manifests for tests that do not care how they are written
images.py      images made from nothing, and how they are pushed
notifications.py  what senders that are not here would send
audit.py       how the audit is read: the one place that knows its steps
case.py        the base of every test
"""
