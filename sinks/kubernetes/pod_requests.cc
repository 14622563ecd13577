// SPDX-License-Identifier: Apache-2.0
#include "sinks/kubernetes/pod_requests.h"

#include <nlohmann/json.hpp>

#include "pipeline/url_text.h"

namespace longshore {
namespace {

constexpr std::string_view kPage = "&limit=250";  // some 2 MB of pods
constexpr std::size_t kMostPages = 40;

struct Asked {
  KubeApi& api;
  KubeRights& rights;
  const KubeObject& object;
  const std::stop_token& stop;
};

// Makes one request, and notes what its answer says of that right.
Result<KubeAnswer> ask(const Asked& asked, KubeFeature feature, const std::string& right,
                       const KubeCall& call) {
  auto answer = asked.api.call(call, asked.stop);
  if (!answer) return answer;
  if (answer->status >= 200 && answer->status < 300) {
    asked.rights.granted(feature, right);
    return answer;
  }
  Error error = kube_error(*answer);
  if (error.code == Errc::unauthorized) asked.rights.refused(feature, right, error.message);
  return error;
}

std::string in_space(const Asked& asked) {
  return " in namespace " + asked.object.space;
}

template <class T>
Result<std::vector<T>> list(const Asked& asked, const std::string& group, const std::string& plural,
                            Result<KubePage<T>> (*read)(std::string_view)) {
  const std::string right = "list " + plural + in_space(asked);
  const std::string path = group + "/namespaces/" + asked.object.space + "/" + plural +
                           "?labelSelector=" + percent_encode(asked.object.selector) +
                           std::string(kPage);
  std::vector<T> all;
  std::string next;
  for (std::size_t page = 0; page < kMostPages; ++page) {
    const std::string from = next.empty() ? "" : "&continue=" + percent_encode(next);
    const auto answer = ask(asked, KubeFeature::rollout, right, {.path = path + from});
    if (!answer) return answer.error();
    auto items = read(answer->body);
    if (!items) return std::move(items).error();
    std::move(items->items.begin(), items->items.end(), std::back_inserter(all));
    next = std::move(items->next);
    if (next.empty()) break;
  }
  return all;
}

Result<std::vector<KubeRevision>> list_revisions(const Asked& asked) {
  if (asked.object.kind == KubeKind::deployment) {
    return list(asked, "/apis/apps/v1", "replicasets", read_replica_sets);
  }
  if (asked.object.kind == KubeKind::daemon_set) {
    return list(asked, "/apis/apps/v1", "controllerrevisions", read_controller_revisions);
  }
  return std::vector<KubeRevision>{};
}

}  // namespace

Result<KubePods> list_pods(KubeApi& api, KubeRights& rights, const KubeObject& object,
                           const std::stop_token& stop) {
  const Asked asked{api, rights, object, stop};
  auto revisions = list_revisions(asked);
  if (!revisions) return std::move(revisions).error();
  auto pods = list(asked, "/api/v1", "pods", read_pods);
  if (!pods) return std::move(pods).error();
  return sort_pods(object, *revisions, *std::move(pods));
}

Status delete_pod(KubeApi& api, KubeRights& rights, const KubeObject& object, const KubePod& pod,
                  const std::stop_token& stop) {
  const Asked asked{api, rights, object, stop};
  const nlohmann::json options{
      {"apiVersion", "v1"}, {"kind", "DeleteOptions"}, {"preconditions", {{"uid", pod.uid}}}};
  const auto answer =
      ask(asked, KubeFeature::statefulset_rollback, "delete pods" + in_space(asked),
          {.method = "DELETE",
           .path = "/api/v1/namespaces/" + object.space + "/pods/" + pod.name,
           .body = options.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
           .content_type = "application/json"});
  if (answer) return Done{};
  const Errc code = answer.error().code;
  if (code == Errc::not_found || code == Errc::conflict) return Done{};
  return answer.error();
}

}  // namespace longshore
