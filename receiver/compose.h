// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "pipeline/image_ref.h"
#include "receiver/http_message.h"
#include "receiver/options.h"

namespace longshore {

// A POST as a registry would send it.
struct ComposedRequest {
  std::string path;   // "/hooks/hub/<token>", percent-encoded
  std::string query;  // without the "?"; empty where there is none
  Headers headers;    // Host and Content-Length are the transport's
  std::string body;
};

// Builds the notification that this source would send for the push of an image, with its first
// token and its first secret in the places where that sender has them. What it builds
// authenticates, decodes and is admitted, under the same source, to the push of that image and of
// no other; the tests hold it to that. A path or query with a token is a secret.
//
// The digest is the image's own if `digest` is absent; Docker Hub sends none. An image without tag
// and digest means "latest".
//
// Returns invalid_input where this source cannot say it: Docker Hub speaks of docker.io and GitHub
// of ghcr.io only, a source with `host` or `prefix` only of images there; a push without a tag is
// not a notification that leads to anything; a Standard Webhooks secret has to be one.
Result<ComposedRequest> compose(const SourceOptions& source, const ImageRef& image,
                                const std::optional<Digest>& digest, Time now);

}  // namespace longshore
