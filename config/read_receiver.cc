// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "config/sections.h"
#include "config/values.h"
#include "pipeline/image_ref.h"
#include "pipeline/sweep.h"
#include "pipeline/text.h"

namespace longshore {
namespace {

constexpr std::size_t kLongestName = 64;
constexpr std::size_t kShortestCredential = 8;
constexpr std::size_t kMostCredentials = 2;

bool valid_name(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

// A token or secret, and where it stands.
struct Credential {
  ValueReader value;
  std::string text;
};

std::vector<Credential> read_credentials(const MapReader& map, std::string_view key) {
  std::vector<Credential> credentials;
  const std::vector<ValueReader> values = map.one_or_more(key);
  for (const ValueReader& value : values) {
    auto text = value.text();
    if (!text) continue;
    if (text->size() < kShortestCredential) {
      value.warn("is shorter than 8 characters and so easy to guess: use a longer one");
    }
    if (text->front() == ' ' || text->back() == ' ') {
      value.warn("begins or ends with a space, which is part of it: remove it if it is not meant");
    }
    credentials.push_back({value, *std::move(text)});
  }
  if (values.size() > kMostCredentials) {
    map.find(key)->error(
        "has more than two values: keep the old one and the new one while one "
        "replaces the other");
  }
  return credentials;
}

std::vector<std::string> texts_of(std::vector<Credential> credentials) {
  std::vector<std::string> texts;
  for (Credential& credential : credentials)
    texts.push_back(std::move(credential.text));
  return texts;
}

std::vector<std::string> read_secrets(const MapReader& map, SourceType type) {
  const ValueReader* const value = map.find("secret");
  if (value != nullptr && !can_sign(type)) {
    value->error("a source of type " + std::string(name_of(type)) +
                 " signs nothing: use 'token' instead of 'secret'");
    return {};
  }
  std::vector<Credential> secrets = read_credentials(map, "secret");
  if (has_webhook_secrets(type)) {
    for (const Credential& secret : secrets) {
      const Status status = check_webhook_secret(secret.text);
      if (!status) secret.value.error(status.error().message);
    }
  }
  return texts_of(std::move(secrets));
}

// Whether anybody may speak, or only those who show a token or sign with a secret: one of the two
// has to be said.
bool read_insecure(const MapReader& map, SourceType type) {
  const ValueReader* const value = map.find("insecure");
  const auto said = value ? value->boolean() : false;
  if (!said) return false;
  const bool insecure = *said;
  const bool has_credentials = map.find("secret") != nullptr || map.find("token") != nullptr;
  if (insecure && has_credentials) {
    map.find("insecure")
        ->error(
            "'insecure: true' beside a token or secret contradicts it: remove "
            "one of the two");
  }
  if (!insecure && !has_credentials) {
    map.self().error("has no " +
                     std::string(can_sign(type) ? "'secret' and no 'token'" : "'token'") +
                     ": set one, or write 'insecure: true' to let anybody send");
  }
  return insecure;
}

std::optional<std::string> read_prefix(const MapReader& map) {
  auto prefix = map.text("prefix");
  if (!prefix) return std::nullopt;
  if (Repository::of("registry.example.com", *prefix)) return prefix;
  map.find("prefix")->error(
      Error{Errc::invalid_input, in_quotes(*prefix) +
                                     " is no path of a repository: write it in lower case, "
                                     "without '/' at its ends, such as team/images"});
  return std::nullopt;
}

std::vector<AddressBlock> read_addresses(const MapReader& map, std::string_view key) {
  std::vector<AddressBlock> blocks;
  for (const ValueReader& value : map.one_or_more(key)) {
    const auto text = value.text();
    if (!text) continue;
    auto block = AddressBlock::parse(*text);
    if (block) {
      blocks.push_back(*std::move(block));
    } else {
      value.error(block.error());
    }
  }
  return blocks;
}

std::string read_name(const MapReader& map, Lines& names) {
  const ValueReader* const value =
      map.require("name", "give it one; notifications are sent to /hooks/<name>");
  const auto name = value ? value->text() : std::nullopt;
  if (!name) return {};
  if (!valid_name(*name)) {
    value->error(
        Error{Errc::invalid_input, in_quotes(*name) +
                                       " is no name of a source, which is part of a URL: use 1 to "
                                       "64 lower-case letters, digits and '-'"});
    return {};
  }
  if (*name == kSweepSource) {
    value->error("is how events are called that no notification told: choose another name");
  }
  is_new(*value, "the source", *name, names);
  return *name;
}

SourceOptions read_source(const MapReader& map, SourceType type, HostNames hosts) {
  map.check_keys(kSourceKeys);
  SourceOptions source;
  source.type = type;
  source.tokens = texts_of(read_credentials(map, "token"));
  source.secrets = read_secrets(map, type);
  source.insecure = read_insecure(map, type);
  const ValueReader* const host = map.find("host");
  source.host = host ? read_host(*host) : std::nullopt;
  if (source.host) hosts.insert(*source.host);
  if (host == nullptr && !names_host(type)) {
    map.self().error("has no 'host': what a sender of type " + std::string(name_of(type)) +
                     " says names no registry; set the one that clients pull from");
  }
  source.prefix = read_prefix(map);
  for (const ValueReader& value : map.one_or_more("images")) {
    if (auto pattern = read_pattern(value, hosts)) source.images.push_back(*std::move(pattern));
  }
  source.from = read_addresses(map, "from");
  source.verify = map.word("verify", kVerify) != "off";
  return source;
}

// The type, recorded where it is missing, unknown or not in this build. The rest of such a source
// cannot be judged, so nothing more is said of it.
std::optional<SourceType> read_type(const MapReader& map) {
  const ValueReader* const value = map.require("type", "say who sends, such as dockerhub");
  const auto word = value ? value->word(kSourceTypes) : std::nullopt;
  if (!word) return std::nullopt;
  auto type = parse_source_type(*word);
  if (type) return *type;
  value->error(type.error());
  return std::nullopt;
}

std::vector<SourceOptions> read_sources(const MapReader& root, const HostNames& hosts) {
  std::vector<SourceOptions> sources;
  Lines names;
  for (const ValueReader& item : root.list("sources")) {
    const auto map = item.open_map();
    if (!map) continue;
    const std::string name = read_name(*map, names);
    const auto type = read_type(*map);
    if (!type) continue;
    SourceOptions source = read_source(*map, *type, hosts);
    source.name = name;
    if (source.insecure) {
      item.warn("source " + in_quotes(name) +
                " is insecure: whoever reaches it may send notifications; set a 'token'");
    }
    sources.push_back(std::move(source));
  }
  return sources;
}

}  // namespace

HostNames named_hosts(const ReceiverOptions& options) {
  HostNames hosts;
  for (const auto& [name, host] : options.registries.host_of)
    hosts.insert(host);
  for (const SourceOptions& source : options.sources) {
    if (source.host) hosts.insert(*source.host);
  }
  return hosts;
}

ReceiverOptions read_receiver(const MapReader& root, RegistryNames registries) {
  ReceiverOptions options;
  if (const auto text = root.text("listen")) {
    auto address = parse_listen(*text);
    if (address) {
      options.listen_host = address->host;
      options.listen_port = address->port;
    } else {
      root.find("listen")->error(address.error());
    }
  }
  options.trusted_proxies = read_addresses(root, "trusted_proxies");
  options.registries = std::move(registries);
  options.sources = read_sources(root, named_hosts(options));
  return options;
}

}  // namespace longshore
