// SPDX-License-Identifier: Apache-2.0
#include "receiver/admit.h"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "pipeline/crypto.h"
#include "pipeline/glob.h"
#include "receiver/source_kind.h"

namespace longshore {
namespace {

constexpr std::size_t kNamedHosts = 3;

struct Host {
  std::string name;
  bool known = false;  // configured, or the constant of the type
};

// The registries that are the constant of some type are the same everywhere.
bool is_constant(SourceType type, std::string_view host) {
  if (type != SourceType::native) return !host.empty() && host == kind_of(type).host;
  return std::ranges::any_of(source_kinds(), [host](const SourceKind* kind) {
    return !kind->host.empty() && kind->host == host;
  });
}

Result<Host> host_of(const Fact& fact, const SourceOptions& source,
                     const RegistryNames& registries) {
  std::string_view sent = kind_of(source.type).host;
  if (fact.host) sent = *fact.host;
  if (source.host) sent = *source.host;
  if (sent.empty()) {
    return Error{Errc::invalid_input,
                 "the sender names no registry host: set `host` of the source '" + source.name +
                     "' (sources[].host)"};
  }
  auto name = normalise_host(sent);
  if (!name) return std::move(name).error();
  const auto registry = registries.host_of.find(*name);
  if (registry != registries.host_of.end()) return Host{registry->second, true};
  const bool known = source.host.has_value() || is_constant(source.type, *name);
  return Host{*std::move(name), known};
}

// Levenshtein's: how many characters have to be added, removed or replaced.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, diagonal + 1, row[j] + 1});
    }
  }
  return row.back();
}

// The configured hosts that look most like this one, the nearest first: "known are a, b and 4
// more".
std::string known_hosts(std::string_view host, const RegistryNames& registries) {
  std::vector<std::pair<std::size_t, std::string_view>> known;
  for (const auto& [name, registry] : registries.host_of) {
    if (name == registry) known.emplace_back(edit_distance(host, registry), registry);
  }
  if (known.empty()) return "no registry is configured yet";
  std::sort(known.begin(), known.end());
  std::string text = "known are ";
  for (std::size_t i = 0; i < known.size() && i < kNamedHosts; ++i) {
    if (i > 0) text += ", ";
    text += known[i].second;
  }
  if (known.size() > kNamedHosts) {
    text += " and " + std::to_string(known.size() - kNamedHosts) + " more";
  }
  return text;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) {
    if (!text.empty()) text += ", ";
    text += part;
  }
  return text;
}

bool may_speak_of(const SourceOptions& source, const Repository& repository) {
  return source.images.empty() ||
         std::any_of(source.images.begin(), source.images.end(), [&](const std::string& pattern) {
           return glob_match(pattern, repository.str());
         });
}

std::optional<std::string> unfit_kind(const Fact& fact) {
  if (fact.is_blob) return "it is about a layer or a config, not an image";
  switch (fact.kind) {
    case EventKind::pushed:
      if (!fact.tag) return "it was pushed without a tag";
      break;
    case EventKind::deleted:
      break;
    case EventKind::pulled:
      return "a pull changes nothing";
    case EventKind::scanned:
    case EventKind::promoted:
    case EventKind::build:
    case EventKind::ping:
    case EventKind::listed:
    case EventKind::other:
      return "events of the kind '" + std::string(name_of(fact.kind)) + "' are not acted upon";
  }
  if (fact.tag && fact.tag->is_companion()) {
    return "the tag holds a signature, an attestation or referrers, not an image";
  }
  return std::nullopt;
}

std::optional<std::string> why_not_actionable(const Fact& fact, const SourceOptions& source,
                                              const RegistryNames& registries, const Host& host,
                                              const Repository& repository) {
  if (!host.known) {
    return "nobody configured the registry host " + host.name +
           ": add it under registries, or as an alias; " + known_hosts(host.name, registries);
  }
  if (!may_speak_of(source, repository)) {
    return "the source '" + source.name + "' may speak of " + joined(source.images) + " only";
  }
  return unfit_kind(fact);
}

// Fields of a hash, each after its length, so that no two lists of fields make the same bytes.
class KeyText {
 public:
  explicit KeyText(std::string_view purpose) { add(purpose); }
  void add(std::string_view field) {
    add_number(field.size());
    text_ += field;
  }
  void add_number(std::uint64_t number) {
    for (int i = 0; i < 8; ++i)
      text_ += static_cast<char>(number >> (8 * i));
  }
  // Absent is another thing than empty.
  template <class Value>
  void add_optional(const std::optional<Value>& value) {
    add_number(value ? 1 : 0);
    if (value) add(value->str());
  }
  DeliveryKey key() const {
    const Sha256 hash = sha256(text_);
    DeliveryKey key{};
    std::copy_n(hash.begin(), key.size(), key.begin());
    return key;
  }

 private:
  std::string text_;
};

std::optional<DeliveryKey> key_of(const Fact& fact, std::size_t index, const SourceOptions& source,
                                  const Repository& repository) {
  if (fact.delivery_id) {
    KeyText text("delivery");
    text.add(source.name);
    text.add(*fact.delivery_id);
    text.add_number(index);
    return text.key();
  }
  if (!fact.occurred_at) return std::nullopt;
  KeyText text("facts");
  text.add(source.name);
  text.add_number(static_cast<std::uint64_t>(fact.kind));
  text.add(repository.str());
  text.add_optional(fact.tag);
  text.add_optional(fact.digest);
  text.add_number(static_cast<std::uint64_t>(fact.occurred_at->time_since_epoch().count()));
  return text.key();
}

}  // namespace

Result<Event> admit(Fact fact, std::size_t index, const SourceOptions& source,
                    const RegistryNames& registries, Time now) {
  auto host = host_of(fact, source, registries);
  if (!host) return std::move(host).error();
  const std::string path = source.prefix ? *source.prefix + '/' + fact.repository : fact.repository;
  auto repository = Repository::of(host->name, path);
  if (!repository) return std::move(repository).error();
  auto reason = why_not_actionable(fact, source, registries, *host, *repository);
  const auto key = key_of(fact, index, source, *repository);
  const bool verify = source.verify && !registries.believed.contains(host->name);
  return Event{
      .id = EventId::make(now),
      .source = source.name,
      .source_type = std::string(name_of(source.type)),
      .kind = fact.kind,
      .repository = *std::move(repository),
      .tag = std::move(fact.tag),
      .digest = std::move(fact.digest),
      .media_type = std::move(fact.media_type),
      .actor = std::move(fact.actor),
      .occurred_at = fact.occurred_at,
      .received_at = now,
      .key = key,
      .delivery_id = std::move(fact.delivery_id),
      .not_actionable = std::move(reason),
      .verify = verify,
  };
}

std::optional<Noise> noise_of(const Fact& fact) {
  if (fact.is_blob) return Noise::blob;
  if (fact.repository.empty()) return Noise::other;
  switch (fact.kind) {
    case EventKind::pulled:
      return Noise::pull;
    case EventKind::pushed:
      return fact.tag ? std::nullopt : std::optional(Noise::untagged);
    case EventKind::ping:
    case EventKind::listed:
    case EventKind::other:
      return Noise::other;
    case EventKind::deleted:
    case EventKind::scanned:
    case EventKind::promoted:
    case EventKind::build:
      break;
  }
  return std::nullopt;
}

}  // namespace longshore
