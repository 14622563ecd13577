// SPDX-License-Identifier: Apache-2.0
#include "sinks/registry/logins.h"

#include <algorithm>
#include <tuple>

#include "pipeline/crypto.h"
#include "pipeline/glob.h"
#include "pipeline/text.h"

namespace longshore {
namespace {

constexpr std::size_t kMaxSecret = 64U << 10;
constexpr std::size_t kMostLogins = 20;

// Where credentials belong, as a key of `auths` says it.
struct Place {
  std::string host;  // normalised, unless it has a "*"
  std::string path;  // "" or "/acme"

  bool has_glob() const { return host.find('*') != std::string::npos; }
};

Place place_of(std::string_view key) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (key.starts_with(scheme)) key.remove_prefix(scheme.size());
  }
  const std::size_t slash = std::min(key.find('/'), key.size());
  std::string host = in_lower_case(key.substr(0, slash));
  if (auto normalised = normalise_host(host)) host = *std::move(normalised);
  std::string_view path = key.substr(slash);
  // What programs wrote behind the host of a registry of either version.
  if (path.starts_with("/v1/") || path.starts_with("/v2/")) path.remove_prefix(3);
  return {std::move(host), path == "/" ? std::string() : std::string(path)};
}

// The name without the port, and the port with its colon.
std::pair<std::string_view, std::string_view> split_port(std::string_view host) {
  const std::size_t colon = host.rfind(':');
  if (colon == std::string_view::npos || host.ends_with(']')) return {host, {}};
  return {host.substr(0, colon), host.substr(colon)};
}

std::string_view take_label(std::string_view& name) {
  const std::size_t dot = std::min(name.find('.'), name.size());
  const std::string_view label = name.substr(0, dot);
  name.remove_prefix(std::min(dot + 1, name.size()));
  return label;
}

bool host_fits(std::string_view pattern, std::string_view host) {
  if (pattern.find('*') == std::string_view::npos) return pattern == host;
  auto [pattern_name, pattern_port] = split_port(pattern);
  auto [name, port] = split_port(host);
  if (pattern_port != port) return false;
  while (!pattern_name.empty() && !name.empty()) {
    if (!glob_match(take_label(pattern_name), take_label(name))) return false;
  }
  return pattern_name.empty() && name.empty();
}

// The fields of one entry: "auth", "username", "password" and "identitytoken".
std::optional<Credentials> read_entry(const JsonObject& entry) {
  Credentials found;
  found.identity_token = entry.text("identitytoken", kMaxSecret).value_or("");
  found.username = entry.text("username").value_or("");
  found.password = entry.text("password", kMaxSecret).value_or("");
  if (const auto auth = entry.text("auth", kMaxSecret)) {
    const auto decoded = from_base64(*auth);
    const std::size_t colon = decoded ? decoded->find(':') : std::string::npos;
    if (colon == std::string::npos) {
      entry.fail("auth", "is not base64 of a user name and a password");
      return std::nullopt;
    }
    found.username = decoded->substr(0, colon);
    // Old versions of Docker ended it with a zero byte.
    found.password = decoded->substr(colon + 1, decoded->find('\0', colon) - colon - 1);
  }
  if (found.username.empty() && found.identity_token.empty()) return std::nullopt;
  return found;
}

}  // namespace

std::optional<Credentials> read_credentials(const JsonObject& auths, std::string_view key) {
  return read_entry(auths.object(key, {"auth", "username", "password", "identitytoken"}));
}

Result<std::vector<Login>> read_logins(std::string_view json, LoginsFile file) {
  std::string wrapped;
  if (file == LoginsFile::dockercfg) {
    wrapped.append(R"({"auths":)").append(json).append("}");
    json = wrapped;
  }
  std::vector<Login> logins;
  JsonDocument document(json);
  const JsonObject root = document.root({"auths"});
  if (document.error()) return Error{Errc::invalid_input, "is no JSON of a Docker configuration"};
  root.each_member("auths", {""}, [&](std::string_view place, const JsonElement& entry) {
    auto credentials = read_entry(entry.object({"auth", "username", "password", "identitytoken"}));
    if (!document.forgive() && credentials) {
      logins.push_back({std::string(place), *std::move(credentials)});
    }
  });
  if (document.error()) return Error{Errc::invalid_input, "has an 'auths' that is no object"};
  return logins;
}

std::vector<Credentials> logins_for(const Repository& repository, std::vector<Login> logins) {
  std::vector<std::pair<Place, Credentials>> fitting;
  const std::string path = '/' + std::string(repository.path());
  for (Login& login : logins) {
    Place place = place_of(login.place);
    if (!path.starts_with(place.path) || !host_fits(place.host, repository.host())) continue;
    fitting.emplace_back(std::move(place), std::move(login.credentials));
  }
  std::stable_sort(fitting.begin(), fitting.end(), [](const auto& a, const auto& b) {
    const auto rank = [](const Place& place) {
      return std::make_tuple(place.has_glob(), -static_cast<std::ptrdiff_t>(place.path.size()),
                             -static_cast<std::ptrdiff_t>(place.host.size()));
    };
    return rank(a.first) < rank(b.first);
  });
  std::vector<Credentials> found;
  for (auto& [place, credentials] : fitting) {
    if (found.size() == kMostLogins) break;
    if (std::find(found.begin(), found.end(), credentials) == found.end()) {
      found.push_back(std::move(credentials));
    }
  }
  return found;
}

}  // namespace longshore
