// SPDX-License-Identifier: Apache-2.0
#include "sinks/kubernetes/nodes.h"

#include "pipeline/json_reader.h"

namespace longshore {
namespace {

constexpr std::chrono::seconds kKept{60};
// Enough to see every platform of nearly every cluster in one request.
constexpr std::string_view kPath = "/api/v1/nodes?limit=500";
constexpr std::size_t kMostNodes = 1'000;
constexpr std::string_view kRight = "list nodes";

}  // namespace

Result<std::vector<KubeNode>> read_nodes(std::string_view json) {
  JsonDocument document(json);
  std::vector<KubeNode> nodes;
  document.root({"items"}).each("items", kMostNodes, [&](const JsonElement& item) {
    const JsonObject labels = item.object({"metadata"})
                                  .object("metadata", {"labels"})
                                  .object("labels", {kSystemLabel, kArchitectureLabel});
    KubeNode node{labels.string(kSystemLabel).value_or(""),
                  labels.string(kArchitectureLabel).value_or("")};
    if (!node.system.empty() && !node.architecture.empty()) nodes.push_back(std::move(node));
  });
  if (document.error()) return *document.error();
  return nodes;
}

std::vector<KubeNode> KubeNodes::list(const std::stop_token& stop) {
  const std::lock_guard lock(mutex_);
  const SteadyTime now = clock_.steady();
  if (listed_at_ && now - *listed_at_ < kKept) return nodes_;
  const auto answer = api_.call({.path = std::string(kPath)}, stop);
  if (!answer) return {};
  listed_at_ = now;
  nodes_.clear();
  if (answer->status != 200) {
    const Error error = kube_error(*answer);
    if (error.code == Errc::unauthorized) {
      rights_.refused(KubeFeature::platform, std::string(kRight), error.message);
    }
    return {};
  }
  rights_.granted(KubeFeature::platform, std::string(kRight));
  if (auto nodes = read_nodes(answer->body)) nodes_ = *std::move(nodes);
  return nodes_;
}

std::set<std::string> KubeNodes::platforms(const KubeObject& object, const std::stop_token& stop) {
  const std::string_view wanted = object.platform;
  const std::size_t slash = wanted.find('/');
  const std::string_view system = wanted.substr(0, slash);
  const std::string_view architecture =
      slash == std::string_view::npos ? std::string_view() : wanted.substr(slash + 1);
  std::set<std::string> platforms;
  for (const KubeNode& node : list(stop)) {
    const bool fits = (system.empty() || system == node.system) &&
                      (architecture.empty() || architecture == node.architecture);
    if (fits) platforms.insert(node.system + "/" + node.architecture);
  }
  return platforms;
}

}  // namespace longshore
