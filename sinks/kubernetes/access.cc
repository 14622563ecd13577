// SPDX-License-Identifier: Apache-2.0
#include "sinks/kubernetes/access.h"

#include <cstdlib>

#include "pipeline/text.h"
#include "sinks/http/url.h"

namespace longshore {
namespace {

constexpr std::size_t kMaxFile = 4U << 20;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

Result<std::string> KubeAccess::read(const std::filesystem::path& file) {
  auto content = read_whole_file(file, kMaxFile);
  if (!content) return Error{Errc::invalid_input, content.error().message};
  files.emplace_back(file, FileSignature::of(content->status));
  return std::move(content->bytes);
}

Status KubeAccess::read_token(const std::filesystem::path& file) {
  const auto text = read(file);
  if (!text) return text.error();
  const std::string_view token = trim(*text);
  if (token.empty()) {
    return Error{Errc::invalid_input, "'" + file.string() + "' is empty: a token has to be in it"};
  }
  login.authorization = "Bearer " + std::string(token);
  return Done{};
}

Status KubeAccess::set_server(const std::string& url) {
  const auto read = Url::parse(url);
  if (!read) return read.error();
  if (read->str().find('?') != std::string::npos) {
    return Error{Errc::invalid_input, "the URL has a query, to which no path can be added"};
  }
  login.server = read->str();
  while (login.server.ends_with('/'))
    login.server.pop_back();
  return Done{};
}

Result<KubeAccess> read_service_account(const std::filesystem::path& folder) {
  const std::string host = environment("KUBERNETES_SERVICE_HOST");
  const std::string port = environment("KUBERNETES_SERVICE_PORT");
  if (host.empty() || port.empty()) {
    return Error{Errc::invalid_input,
                 "no kubeconfig is named, and this is no pod of a cluster (KUBERNETES_SERVICE_HOST "
                 "and KUBERNETES_SERVICE_PORT are not set): name a 'kubeconfig'"};
  }
  KubeAccess access;
  const bool is_ipv6 = host.find(':') != std::string::npos;
  const std::string authority = (is_ipv6 ? '[' + host + ']' : host) + ':' + port;
  if (auto set = access.set_server("https://" + authority); !set) return std::move(set).error();
  const std::string advice =
      ": the pod needs its service account's token (automountServiceAccountToken: true)";
  if (auto token = access.read_token(folder / "token"); !token) {
    return Error{Errc::invalid_input, token.error().message + advice};
  }
  auto authority_text = access.read(folder / "ca.crt");
  if (!authority_text) return Error{Errc::invalid_input, authority_text.error().message + advice};
  access.login.tls.authority = *std::move(authority_text);
  return access;
}

}  // namespace longshore
