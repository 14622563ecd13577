# SPDX-License-Identifier: Apache-2.0
"""What senders that are not here would send. Shapes: the senders' public documents."""

import base64
import hashlib
import hmac
import itertools
import time
import uuid

_seconds = itertools.count(1_750_000_000)


def dockerhub(repository, tag, pushed_at=None):
    """Docker Hub's webhook. It has no id; the time makes two pushes two."""
    namespace, name = repository.split("/")
    return {
        "callback_url": f"https://registry.hub.docker.com/u/{repository}/hook/1/",
        "push_data": {"pushed_at": pushed_at or next(_seconds), "pusher": "ada", "tag": tag},
        "repository": {
            "repo_name": repository, "namespace": namespace, "name": name, "owner": namespace,
            "repo_url": f"https://hub.docker.com/r/{repository}", "status": "Active",
            "is_official": False, "is_private": True, "is_trusted": False, "star_count": 0,
        },
    }


def distribution(host, repository, tag, digest=None, event_id=None):
    """One push event in the envelope of CNCF Distribution."""
    target = {
        "mediaType": "application/vnd.oci.image.manifest.v1+json", "size": 502, "length": 502,
        "repository": repository, "tag": tag,
        "digest": digest or "sha256:" + hashlib.sha256(f"{repository}:{tag}".encode()).hexdigest(),
    }
    return {"events": [{
        "id": event_id or str(uuid.uuid4()),
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.123456789Z", time.gmtime(next(_seconds))),
        "action": "push", "target": target,
        "request": {"id": str(uuid.uuid4()), "addr": "127.0.0.1:40000", "host": host, "method": "PUT",
                    "useragent": "test"},
        "actor": {}, "source": {"addr": "registry:5000", "instanceID": str(uuid.uuid4())},
    }]}


def native(image):
    """Longshore's own format."""
    return {"image": image}


def signed(body, message_id, secret):
    """The headers of Standard Webhooks 1.0.0 over these bytes. secret: whsec_ and base64."""
    timestamp = str(int(time.time()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    text = b".".join([message_id.encode(), timestamp.encode(), body])
    signature = base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
    return {"webhook-id": message_id, "webhook-timestamp": timestamp,
            "webhook-signature": f"v1,{signature}"}
