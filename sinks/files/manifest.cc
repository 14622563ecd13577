// SPDX-License-Identifier: Apache-2.0
#include "sinks/files/manifest.h"

#include <charconv>

#include "sinks/files/findings.h"

namespace longshore {
namespace {

std::string_view base_name(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

bool is_yaml_name(std::string_view base) {
  return base.ends_with(".yaml") || base.ends_with(".yml");
}

bool is_kustomization(std::string_view base, const YamlNode* root) {
  const std::string_view kind = text_at(root, "kind");
  if (text_at(root, "apiVersion").starts_with("kustomize.config.k8s.io/")) return true;
  if (base == "kustomization.yaml" || base == "kustomization.yml" || base == "Kustomization") {
    return true;
  }
  return kind == "Kustomization" && find(root, "apiVersion") == nullptr;
}

bool is_compose(std::string_view base, const YamlNode* root) {
  const YamlNode* services = follow(find(root, "services"));
  if (services == nullptr || !services->is_mapping()) return false;
  if (base.starts_with("compose") || base.starts_with("docker-compose")) return true;
  for (const auto& [name, service] : services->entries) {
    const YamlNode* image = follow(find(follow(service), "image"));
    if (image != nullptr && image->is_scalar()) return true;
  }
  return false;
}

void read_document(std::string_view base, const YamlNode* root, Findings& findings) {
  if (is_kustomization(base, root)) return read_kustomization(root, findings);
  if (find(root, "apiVersion") != nullptr && find(root, "kind") != nullptr) {
    return read_kubernetes(root, findings);
  }
  if (is_compose(base, root)) return read_compose(root, findings);
  const bool values = base.starts_with("values") && is_yaml_name(base);
  read_helm_values(root, values ? ImageStrings::read : ImageStrings::ignored, findings);
}

// "line:column: words" as parse_yaml() gives it.
ManifestProblem syntax_problem(std::string_view bytes, const std::string& message) {
  if (bytes.find("{{") != std::string_view::npos) {
    return {0, "is a template ({{ }}) and no YAML yet: it is left alone"};
  }
  int line = 0;
  std::from_chars(message.data(), message.data() + message.size(), line);
  const std::size_t words = message.find(": ");
  return {line, words == std::string::npos ? message : message.substr(words + 2)};
}

}  // namespace

Manifest read_manifest(std::string_view name, std::string_view bytes) {
  const auto file = parse_yaml(bytes);
  if (!file) return Manifest{{}, {syntax_problem(bytes, file.error().message)}};
  Findings findings(bytes);
  for (const YamlNode* root : file->documents) {
    if (root->is_mapping()) read_document(base_name(name), root, findings);
  }
  return std::move(findings).take();
}

}  // namespace longshore
