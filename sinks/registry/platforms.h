// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>

#include "sinks/registry/client.h"

namespace longshore {

// What the image of that digest is made for ("linux/amd64"): the entries of an index (OCI image
// specification, "Image Index"; those of attestations, whose platform is unknown, are none), or
// what the configuration of a single image says. Empty where neither says it. Fails as the client's
// functions do, and with unsupported for what is no JSON.
//
// Threads: safe from every thread; blocks as the client does, for two reads at most.
Result<std::set<std::string>> read_platforms(RegistryClient& client, const Repository& repository,
                                             const Digest& digest);

}  // namespace longshore
