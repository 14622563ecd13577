// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/result.h"
#include "sinks/file.h"
#include "sinks/http/message.h"

namespace longshore {

// What one request needs to reach an API server and to be let in. Holds secrets.
struct KubeLogin {
  std::string server;  // "https://10.0.0.1:6443", without a slash at its end
  TlsText tls;
  std::string authorization;  // the value of that field; empty: none

  friend bool operator==(const KubeLogin&, const KubeLogin&) = default;
};

// A program that gives credentials (kubernetes.io/docs/reference/access-authn-authz/authentication,
// "client-go credential plugins").
struct ExecPlugin {
  std::string api_version;           // "client.authentication.k8s.io/v1"
  std::vector<std::string> command;  // and its arguments
  std::vector<std::pair<std::string, std::string>> environment;
  enum class Cluster { untold, told } cluster = Cluster::untold;
  std::string install_hint;

  friend bool operator==(const ExecPlugin&, const ExecPlugin&) = default;
};

// How one API server is reached, and who we are to it, as the files said when they were read.
struct KubeAccess {
  KubeLogin login;  // without what the plugin adds
  std::optional<ExecPlugin> plugin;
  std::vector<std::pair<std::filesystem::path, FileSignature>> files;  // all that were read

  // Reads one of its files. invalid_input: it cannot be read, or is larger than 4 MiB.
  Result<std::string> read(const std::filesystem::path& file);
  // The same for a file with one token in it; sets the authorization.
  Status read_token(const std::filesystem::path& file);
  // Sets the server. invalid_input: it is no URL of http or https that a path can be added to.
  Status set_server(const std::string& url);
};

// The service account of the pod that we run in: the token and ca.crt of that folder, and the
// server that the environment names (KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT). Fails with
// invalid_input, saying what is missing.
Result<KubeAccess> read_service_account(const std::filesystem::path& folder);

}  // namespace longshore
