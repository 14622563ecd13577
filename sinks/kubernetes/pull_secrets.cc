// SPDX-License-Identifier: Apache-2.0
#include "sinks/kubernetes/pull_secrets.h"

#include <algorithm>
#include <set>

#include "pipeline/crypto.h"
#include "pipeline/json_reader.h"

namespace longshore {
namespace {

constexpr std::size_t kMostSecrets = 20;   // for one question
constexpr std::size_t kMostAccounts = 20;  // likewise
constexpr std::size_t kMostKept = 1'000;
constexpr std::size_t kMostSecretBytes = 2U << 20;  // 1 MiB at most, as base64
constexpr std::size_t kMostNameBytes = 253;
constexpr std::chrono::seconds kKeep{300};
constexpr std::chrono::seconds kKeepRefused{5};
constexpr std::chrono::seconds kPatience{10};

constexpr std::string_view kConfigJson = ".dockerconfigjson";
constexpr std::string_view kDockercfg = ".dockercfg";

// Whoever writes a workload chooses these names, and no other object must be read by them
// (RFC 1123).
bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= kMostNameBytes && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
         });
}

// An object in a namespace.
struct Named {
  std::string space;
  std::string name;

  friend auto operator<=>(const Named&, const Named&) = default;
};

struct Wanted {
  std::set<Named> secrets;
  std::set<Named> accounts;
};

Wanted wanted_for(const KubeIndex& index, const Repository& repository) {
  Wanted wanted;
  const auto add = [](std::set<Named>& all, std::size_t most, const std::string& space,
                      const std::string& name) {
    if (all.size() < most && is_name(name)) all.insert({space, name});
  };
  for (const WorkloadPtr& workload : index.of(repository)) {
    const KubeObjectPtr object = index.find(workload->id);
    if (!object) continue;
    for (const std::string& name : object->pull_secrets)
      add(wanted.secrets, kMostSecrets, object->space, name);
    if (!object->pull_secrets.empty()) continue;
    const std::string& account = object->service_account;
    add(wanted.accounts, kMostAccounts, object->space, account.empty() ? "default" : account);
  }
  return wanted;
}

std::vector<std::string> read_account(std::string_view body) {
  std::vector<std::string> names;
  JsonDocument document(body);
  document.root({"imagePullSecrets"})
      .each("imagePullSecrets", JsonObject::kMaxElements, [&names](const JsonElement& element) {
        if (auto name = element.object({"name"}).string("name")) names.push_back(*std::move(name));
      });
  return document.error() ? std::vector<std::string>{} : names;
}

// None, if it is of another type or broken: nodes pass over it, too.
std::vector<Login> read_secret(std::string_view body) {
  std::optional<std::string> file;
  LoginsFile form = LoginsFile::config_json;
  {
    JsonDocument document(body);
    const JsonObject root = document.root({"type", "data"});
    const auto type = root.text("type");
    if (type == "kubernetes.io/dockercfg") form = LoginsFile::dockercfg;
    if (form != LoginsFile::dockercfg && type != "kubernetes.io/dockerconfigjson") return {};
    const std::string_view key = form == LoginsFile::dockercfg ? kDockercfg : kConfigJson;
    const auto data = root.object("data", {key}).text(key, kMostSecretBytes);
    if (document.error() || !data) return {};
    file = from_base64(*data);
  }
  if (!file) return {};
  auto logins = read_logins(*file, form);
  return logins ? *std::move(logins) : std::vector<Login>{};
}

}  // namespace

// What one question reads.
class PullSecrets::Reading {
 public:
  Reading(PullSecrets& owner, const LoginQuestion& question)
      : owner_(owner),
        at_most_(question.read == LoginQuestion::Read::kept ? kKeep : kKeepRefused),
        call_{std::min(question.call.deadline, std::chrono::steady_clock::now() + kPatience),
              question.call.stop} {}

  // One right is refused if it is for one object, whatever others say.
  ~Reading() {
    for (const auto& [right, error] : rights_) {
      if (error.empty()) {
        owner_.rights_.granted(KubeFeature::pull_secrets, right);
      } else {
        owner_.rights_.refused(KubeFeature::pull_secrets, right, error);
      }
    }
  }
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;

  std::vector<std::string> names_of(const Named& account) {
    return get(account, "serviceaccounts",
               [](const std::string& body, Kept& kept) { kept.names = read_account(body); })
        .names;
  }
  std::vector<Login> logins_of(const Named& secret) {
    return get(secret, "secrets",
               [](const std::string& body, Kept& kept) { kept.logins = read_secret(body); })
        .logins;
  }

 private:
  template <class Read>
  Kept get(const Named& object, const std::string& plural, const Read& read) {
    const std::string path =
        "/api/v1/namespaces/" + object.space + "/" + plural + "/" + object.name;
    if (auto known = owner_.kept(path, at_most_)) return *std::move(known);
    const auto answer = ask(path, "get " + plural + " in namespace " + object.space);
    if (!answer) return {};
    Kept fresh;
    if (answer->status == 200) read(answer->body, fresh);
    fresh.read_at = owner_.clock_.steady();
    owner_.keep(path, fresh);
    return fresh;
  }
  // Only of what is there, or is not: nothing was learnt from other answers.
  std::optional<KubeAnswer> ask(const std::string& path, const std::string& right) {
    const auto left = call_.left();
    if (is_away_ || left == std::chrono::milliseconds{0}) return std::nullopt;
    auto answer = owner_.api_.call({.path = path, .timeout = left}, call_.stop);
    if (!answer) {
      is_away_ = true;
      return std::nullopt;
    }
    if (answer->status == 200 || answer->status == 404) {
      rights_.try_emplace(right);
      return *std::move(answer);
    }
    const Error error = kube_error(*answer);
    if (error.code == Errc::unauthorized) rights_[right] = error.message;
    return std::nullopt;
  }

  PullSecrets& owner_;
  const std::chrono::seconds at_most_;
  const CallScope call_;
  std::map<std::string, std::string> rights_;  // why it is refused; empty: it is not
  bool is_away_ = false;
};

std::vector<Login> PullSecrets::find(const LoginQuestion& question) {
  Wanted wanted = wanted_for(index_, question.repository);
  Reading reading(*this, question);
  for (const Named& account : wanted.accounts) {
    for (const std::string& name : reading.names_of(account)) {
      if (wanted.secrets.size() < kMostSecrets && is_name(name))
        wanted.secrets.insert({account.space, name});
    }
  }
  std::vector<Login> found;
  for (const Named& secret : wanted.secrets) {
    auto logins = reading.logins_of(secret);
    std::move(logins.begin(), logins.end(), std::back_inserter(found));
  }
  return found;
}

std::optional<PullSecrets::Kept> PullSecrets::kept(const std::string& path,
                                                   std::chrono::seconds at_most) const {
  const std::lock_guard lock(mutex_);
  const auto at = kept_.find(path);
  if (at == kept_.end() || at->second.read_at + at_most <= clock_.steady()) return std::nullopt;
  return at->second;
}

void PullSecrets::keep(const std::string& path, const Kept& kept) {
  const std::lock_guard lock(mutex_);
  if (kept_.size() >= kMostKept) {
    const SteadyTime now = clock_.steady();
    std::erase_if(kept_, [now](const auto& entry) { return entry.second.read_at + kKeep <= now; });
    if (kept_.size() >= kMostKept) kept_.clear();
  }
  kept_.insert_or_assign(path, kept);
}

}  // namespace longshore
