// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/result.h"
#include "receiver/address.h"

namespace longshore {

enum class SourceType { dockerhub, harbor, distribution, github, native };

std::string_view name_of(SourceType type) noexcept;
bool can_sign(SourceType type) noexcept;    // with a secret
bool names_host(SourceType type) noexcept;  // else a source of it needs `host`
// Its secrets are whsec_ and base64 (Standard Webhooks 1.0.0).
bool has_webhook_secrets(SourceType type) noexcept;
// invalid_input lists the types that this build knows.
Result<SourceType> parse_source_type(std::string_view text);

// A configured sender of notifications.
struct SourceOptions {
  std::string name;  // in /hooks/<name>: lower-case letters, digits, "-"
  SourceType type = SourceType::native;

  // What the sender shows: in the Authorization header (bare, Bearer or Basic password), as
  // ?token=, or as the path's last segment. One, or two while one replaces the other.
  std::vector<std::string> tokens;
  // What the sender signs with, if its type does. One or two.
  std::vector<std::string> secrets;
  // No token and no secret: anybody may speak. A warning says so at each start.
  bool insecure = false;

  // Patterns (glob_match) of the repositories that it may speak of, normalised; empty: all.
  std::vector<std::string> images;
  // Supplies the registry's host, or replaces the one that the sender names.
  std::optional<std::string> host;
  // Put before the repository's path, with a "/" between.
  std::optional<std::string> prefix;
  // Where it may send from; empty: from everywhere.
  std::vector<AddressBlock> from = {};
  // False for `verify: off`: what it says of a tag is believed without asking the registry.
  bool verify = true;
};

// What is known of registries by name.
struct RegistryNames {
  // Every configured host, and every alias with the host that it stands for.
  std::map<std::string, std::string, std::less<>> host_of;
  // Hosts of which every notification is believed, whatever its source says.
  std::set<std::string, std::less<>> believed = {};
};

struct ReceiverOptions {
  std::string listen_host = "127.0.0.1";
  std::uint16_t listen_port = 8080;  // 0: any free one
  std::vector<SourceOptions> sources;
  RegistryNames registries;
  // Whose X-Forwarded-For is believed; empty: nobody's.
  std::vector<AddressBlock> trusted_proxies = {};

  std::size_t max_body_bytes = 1U << 20;
  std::size_t max_in_flight_bytes = 64U << 20;  // bodies of all requests together; above: 503
  int worker_threads = 8;                       // for all but ordinary notifications
  int listen_backlog = 1024;
  std::chrono::milliseconds read_timeout{5'000};
  std::chrono::milliseconds idle_timeout{60'000};
  std::chrono::milliseconds durable_timeout{8'000};  // then 503; the event may still be kept
};

}  // namespace longshore
