// SPDX-License-Identifier: Apache-2.0
#include "sinks/kubernetes/deliver.h"

#include <map>
#include <optional>

#include "sinks/kubernetes/patch.h"

namespace longshore {
namespace {

constexpr std::string_view kJsonPatch = "application/json-patch+json";

// "patch deployments.apps in namespace shop".
std::string right_to(std::string_view verb, const KubeObject& object) {
  return std::string(verb) + " " + std::string(plural_of(object.kind)) + "." +
         std::string(group_of(object.kind)) + " in namespace " + object.space;
}

// The requests of one attempt.
class Attempt {
 public:
  Attempt(KubeApi& api, KubeIndex& index, KubeRights& rights, const Action& action,
          const std::stop_token& stop)
      : api_(api), index_(index), rights_(rights), action_(action), stop_(stop) {}

  KubeAttempt run() {
    std::map<std::string, std::string> images;
    for (const ContainerChange& change : action_.changes)
      images.emplace(change.container, change.to.str());
    index_.expect(action_.workload, std::move(images));
    make();
    index_.forget_expected(action_.workload);
    return std::move(result_);
  }

 private:
  void make() {
    const KubeObjectPtr object = index_.find(action_.workload);
    if (!object) {
      set(Outcome::conflict, "there is no '" + action_.workload + "' any more");
    } else if (const auto standing = standing_of(*object, action_); !standing) {
      set(Outcome::conflict, standing.error().message);
    } else if (*standing == Standing::done) {
      set_delivered(*object, "it says so already");
    } else {
      const std::string patch = json_patch(*object, action_);
      const auto refused = change(*object, patch);
      if (refused) look_again(*object, patch, *refused);
    }
  }
  void set(Outcome outcome, std::string detail) {
    result_.delivery = {outcome, std::move(detail), {}};
  }
  void set_delivered(const KubeObject& object, std::string detail) {
    set(Outcome::delivered, std::move(detail));
    result_.delivery.mark = std::to_string(object.generation);
  }

  // Makes the PATCH. Nothing: the result stands; else an answer that may be a failed test.
  std::optional<KubeAnswer> change(const KubeObject& object, const std::string& patch) {
    auto answer = api_.call(
        {.method = "PATCH",
         .path = path_of(object.kind, object.space, object.name) + "?fieldManager=longshore",
         .body = patch,
         .content_type = std::string(kJsonPatch)},
        stop_);
    if (answer && (answer->status == 409 || answer->status == 422)) return *std::move(answer);
    if (check(object, "patch", answer)) take_changed(object.kind, answer->body);
    return std::nullopt;
  }

  // Whether the answer is a 200; else the result stands.
  bool check(const KubeObject& object, std::string_view verb, const Result<KubeAnswer>& answer) {
    const std::string right = right_to(verb, object);
    if (!answer) {
      result_.delivery = delivery_for_failure(answer.error());
    } else if (answer->status == 200) {
      rights_.granted(KubeFeature::base, right);
      return true;
    } else {
      result_.delivery = delivery_for(*answer, right);
      if (result_.delivery.outcome == Outcome::forbidden) {
        rights_.refused(KubeFeature::base, right, kube_error(*answer).message);
      }
      if (result_.delivery.outcome == Outcome::conflict) {
        merge(index_.remove(object.id(), object.version));
      }
    }
    return false;
  }

  void take_changed(KubeKind kind, const std::string& body) {
    auto object = read_kube_object(kind, body);
    if (!object) return set(Outcome::retry, "the answer to the change: " + object.error().message);
    merge(index_.put(*object));
    const auto standing = standing_of(*object, action_);
    if (!standing || *standing == Standing::due) {
      const std::string why = standing ? "it is as before" : standing.error().message;
      return set(Outcome::rejected, "what was written is not what stands there: " + why +
                                        "; an admission webhook changes it");
    }
    set_delivered(*object, "changed " + action_.workload);
    result_.changed = std::make_shared<const KubeObject>(*std::move(object));
  }

  // The object, as it is now, tells what the refusal meant.
  void look_again(const KubeObject& object, const std::string& patch, const KubeAnswer& refused) {
    const auto answer = api_.call({.path = path_of(object.kind, object.space, object.name)}, stop_);
    if (!check(object, "get", answer)) return;
    const auto live = read_kube_object(object.kind, answer->body);
    if (!live) return set(Outcome::retry, live.error().message);
    merge(index_.put(*live));
    const auto standing = standing_of(*live, action_);
    if (!standing) return set(Outcome::conflict, standing.error().message);
    if (*standing == Standing::done) return set_delivered(*live, "an earlier attempt changed it");
    const std::string current = json_patch(*live, action_);
    if (current != patch) {
      if (change(*live, current)) set(Outcome::retry, "it is changed all the time");
      return;
    }
    // The tests held: a 422 was about something else, and a 409 is a moment's.
    set(refused.status == 422 ? Outcome::rejected : Outcome::retry, kube_error(refused).message);
  }

  void merge(KubeIndex::Changes changes) {
    result_.noticed.repositories.merge(changes.repositories);
    result_.noticed.moved.merge(changes.moved);
  }

  KubeApi& api_;
  KubeIndex& index_;
  KubeRights& rights_;
  const Action& action_;
  const std::stop_token& stop_;
  KubeAttempt result_;
};

}  // namespace

KubeAttempt attempt(KubeApi& api, KubeIndex& index, KubeRights& rights, const Action& action,
                    const std::stop_token& stop) {
  return Attempt(api, index, rights, action, stop).run();
}

Delivery delivery_for(const KubeAnswer& answer, const std::string& right) {
  const Error error = kube_error(answer);
  switch (error.code) {
    case Errc::unauthorized:
      return {Outcome::forbidden, "no right to " + right + ": " + error.message, {}};
    case Errc::not_found:
    case Errc::conflict:
      return {Outcome::conflict, error.message, {}};
    case Errc::invalid_input:
    case Errc::unsupported:
      return {Outcome::rejected, error.message, {}};
    case Errc::busy:
    case Errc::unavailable:
    case Errc::io:
      break;
  }
  return {Outcome::retry, error.message, answer.retry_after};
}

Delivery delivery_for_failure(const Error& error) {
  const bool lasts = error.code == Errc::invalid_input || error.code == Errc::unauthorized;
  return {lasts ? Outcome::forbidden : Outcome::retry, error.message, {}};
}

}  // namespace longshore
