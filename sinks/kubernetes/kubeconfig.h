// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "pipeline/result.h"
#include "sinks/kubernetes/access.h"

namespace longshore {

// Reads one kubeconfig
// (kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig) and the files that
// its context names, relative to its folder: the cluster's server and authority, and the user's
// certificate, token, token file, name and password, or exec plugin, which is not run here. The
// namespace of a context means nothing here.
//
// `context`: empty for the file's current one. Fails with invalid_input, naming the file and the
// field and saying what to do, for what is missing, broken or not supported: a proxy, a plugin
// that wants a terminal, an auth-provider (which newer clients do not have either), two ways of
// logging in. No message repeats a secret.
// Threads: safe from every thread.
Result<KubeAccess> read_kubeconfig(const std::filesystem::path& file, const std::string& context);

}  // namespace longshore
