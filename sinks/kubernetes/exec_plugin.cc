// SPDX-License-Identifier: Apache-2.0
#include "sinks/kubernetes/exec_plugin.h"

#include <nlohmann/json.hpp>

#include "pipeline/crypto.h"
#include "pipeline/json_reader.h"
#include "sinks/process.h"

namespace longshore {
namespace {

constexpr std::size_t kMaxOutput = 256U << 10;
constexpr std::size_t kMaxText = 128U << 10;

// What the plugin is told: an ExecCredential without a status.
std::string question(const ExecPlugin& plugin, const KubeLogin& cluster) {
  nlohmann::json spec = {{"interactive", false}};
  if (plugin.cluster == ExecPlugin::Cluster::told) {
    nlohmann::json told = {{"server", cluster.server}};
    if (!cluster.tls.authority.empty()) {
      told["certificate-authority-data"] = to_base64(cluster.tls.authority);
    }
    if (!cluster.tls.server_name.empty()) told["tls-server-name"] = cluster.tls.server_name;
    if (cluster.tls.server == TlsText::Server::unverified) told["insecure-skip-tls-verify"] = true;
    spec["cluster"] = std::move(told);
  }
  const nlohmann::json whole = {
      {"apiVersion", plugin.api_version}, {"kind", "ExecCredential"}, {"spec", std::move(spec)}};
  return whole.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// The first that is wrong in words; empty: nothing.
std::string_view fault_of(const ExecCredential& credential) {
  if (credential.certificate.empty() != credential.key.empty()) {
    return "a certificate without its key, or a key without its certificate";
  }
  if (credential.token.empty() && credential.certificate.empty()) {
    return "neither a token nor a certificate";
  }
  return {};
}

Result<ExecCredential> parse(const ExecPlugin& plugin, const std::string& output) {
  const std::string& program = plugin.command.front();
  JsonDocument document(output);
  const JsonObject root = document.root({"apiVersion", "kind", "status"});
  const auto version = root.text("apiVersion");
  const auto kind = root.text("kind");
  const JsonObject status = root.object(
      "status", {"token", "clientCertificateData", "clientKeyData", "expirationTimestamp"});
  ExecCredential credential;
  credential.token = status.text("token", kMaxText).value_or("");
  credential.certificate = status.text("clientCertificateData", kMaxText).value_or("");
  credential.key = status.text("clientKeyData", kMaxText).value_or("");
  credential.expires = status.time("expirationTimestamp");
  if (document.error() || kind != "ExecCredential") {
    return Error{Errc::unavailable, program + " answered what is no ExecCredential"};
  }
  if (version != plugin.api_version) {
    return Error{Errc::unavailable, program + " answered in another version than " +
                                        plugin.api_version + ", which the kubeconfig asks for"};
  }
  if (const auto fault = fault_of(credential); !fault.empty()) {
    return Error{Errc::unavailable, program + " gave " + std::string(fault)};
  }
  return credential;
}

}  // namespace

Result<ExecCredential> ask_plugin(const ExecPlugin& plugin, const KubeLogin& cluster,
                                  SteadyTime deadline, const std::stop_token& stop) {
  ProcessCall process{.command = plugin.command, .environment = plugin.environment};
  process.environment.emplace_back("KUBERNETES_EXEC_INFO", question(plugin, cluster));
  process.max_output_bytes = kMaxOutput;
  const auto answer = run_process(process, deadline, stop);
  if (!answer) {
    const bool is_missing = answer.error().code == Errc::invalid_input;
    const std::string& hint = plugin.install_hint;
    return Error{answer.error().code,
                 answer.error().message + (is_missing && !hint.empty() ? ": " + hint : "")};
  }
  if (!answer->succeeded) {
    return Error{Errc::unavailable, plugin.command.front() +
                                        ", which the kubeconfig names for credentials, failed: run "
                                        "it as the same user to see why"};
  }
  return parse(plugin, answer->output);
}

}  // namespace longshore
