// SPDX-License-Identifier: Apache-2.0
#include "pipeline/find_workload.h"

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "pipeline/text.h"

namespace longshore {
namespace {

constexpr std::size_t kMostNamed = 10;
constexpr std::size_t kMostNear = 3;
// Names that share fewer runs of three letters with the text do not look like it.
constexpr std::size_t kRun = 3;

std::vector<WorkloadName> those(std::span<const WorkloadName> known,
                                const std::function<bool(const WorkloadName&)>& fits) {
  std::vector<WorkloadName> found;
  for (const WorkloadName& name : known) {
    if (fits(name) && std::ranges::find(found, name) == found.end()) found.push_back(name);
  }
  std::ranges::sort(found);
  return found;
}

// The best kind of match that there is.
std::vector<WorkloadName> matches(std::span<const WorkloadName> known, std::string_view text) {
  const std::string lower = in_lower_case(text);
  const std::function<bool(const WorkloadName&)> kinds[] = {
      [&](const WorkloadName& name) { return name.str() == text; },
      [&](const WorkloadName& name) { return name.id == text; },
      [&](const WorkloadName& name) { return name.str().find(text) != std::string::npos; },
      [&](const WorkloadName& name) {
        return in_lower_case(name.str()).find(lower) != std::string::npos;
      }};
  for (const auto& kind : kinds) {
    auto found = those(known, kind);
    if (!found.empty()) return found;
  }
  return {};
}

std::size_t runs_in_common(const std::string& a, const std::string& b) {
  std::size_t count = 0;
  for (std::size_t i = 0; i + kRun <= a.size(); ++i)
    count += b.find(a.substr(i, kRun)) != std::string::npos ? 1 : 0;
  return count;
}

std::string near(std::span<const WorkloadName> known, std::string_view text) {
  const std::string lower = in_lower_case(text);
  std::vector<std::pair<std::size_t, std::string>> ranked;
  for (const WorkloadName& name : known) {
    const std::size_t score = runs_in_common(lower, in_lower_case(name.str()));
    if (score > 0) ranked.emplace_back(score, name.str());
  }
  std::ranges::sort(ranked, [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  std::string list;
  for (std::size_t i = 0; i < ranked.size() && i < kMostNear; ++i)
    list += (i == 0 ? "'" : ", '") + ranked[i].second + "'";
  return list;
}

}  // namespace

Result<WorkloadName> find_workload(std::span<const WorkloadName> known, std::string_view text) {
  if (text.empty()) return Error{Errc::invalid_input, "which workload? name one"};
  const std::vector<WorkloadName> found = matches(known, text);
  if (found.size() == 1) return found.front();
  if (found.empty()) {
    const std::string list = near(known, text);
    return Error{Errc::not_found, "no workload is named " + in_quotes(text) +
                                      (list.empty() ? "; `longshore plan` lists them"
                                                    : "; did you mean " + list + "?")};
  }
  std::string message = in_quotes(text) + " fits " + std::to_string(found.size()) +
                        " workloads, write more of the name:";
  for (std::size_t i = 0; i < found.size() && i < kMostNamed; ++i)
    message += (i == 0 ? " '" : ", '") + found[i].str() + "'";
  if (found.size() > kMostNamed) message += ", …";
  return Error{Errc::invalid_input, message};
}

}  // namespace longshore
