// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdlib>
#include <string>

#include "sinks/http/url.h"
#include "sinks/kubernetes/kubeconfig.h"

// Whatever the bytes are: reading them ends, and what can be used of them has a server, a
// certificate with its key or neither, and a program where there is a plugin.

namespace {

void check(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto access = longshore::parse_kubeconfig(text, "/no/such/folder", "");
  if (!access) {
    check(!access.error().message.empty());
    return 0;
  }
  const longshore::KubeLogin& login = access->login;
  check(longshore::Url::parse(login.server + "/version").has_value());
  check(login.tls.certificate.empty() == login.tls.key.empty());
  check(!access->plugin || !access->plugin->command.front().empty());
  return 0;
}
