// SPDX-License-Identifier: Apache-2.0
#include "sinks/files/findings.h"

// Each service with an image is a workload with one container of the same name (compose-spec,
// 05-services.md). Its labels, as a map or as a list of "key=value", are its annotations.

namespace longshore {
namespace {

void read_service(const YamlNode* key, const YamlNode* service, Findings& findings) {
  const std::string& name = key->text;
  if (service->kind == YamlKind::alias) {
    findings.problem(service->line, "service '" + name + "' is an alias (*" + service->text +
                                        "): write it out to have it kept up to date");
    return;
  }
  const YamlNode* image = find(service, "image");
  if (image == nullptr) {
    const bool merged = !text_at(follow(find(service, "<<")), "image").empty();
    if (merged && find(service, "build") == nullptr) {
      findings.problem(service->line, "service '" + name +
                                          "' takes its image from an alias: write the image out to "
                                          "have it kept up to date");
    }
    return;
  }
  FoundWorkload workload{"service " + name, {}, annotations_in(find(service, "labels"))};
  auto container = findings.whole(name, image);
  if (container) findings.add(workload, *std::move(container));
  findings.add(std::move(workload));
}

}  // namespace

void read_compose(const YamlNode* root, Findings& findings) {
  const YamlNode* services = find(root, "services");
  if (services == nullptr) return;
  for (const auto& [key, service] : services->entries)
    read_service(key, service, findings);
}

}  // namespace longshore
