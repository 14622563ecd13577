// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "config/config.h"
#include "tests/support/temp_folder.h"

using namespace std::chrono_literals;
using longshore::Config;
using longshore::ConfigErrors;
using longshore::FilesTargetOptions;
using longshore::KubernetesTargetOptions;
using longshore::load_config;
using longshore::LoadedConfig;
using longshore::test::TempFolder;

namespace {

using Texts = std::vector<std::string>;

const std::string kBefore = "targets: [{name: a, type: kubernetes, ";

Config load_good(const TempFolder& folder, const std::string& content) {
  folder.write("kube.yaml", "content that the target reads");
  auto result = load_config(folder.write("c.yaml", content));
  if (const auto* errors = std::get_if<ConfigErrors>(&result)) FAIL(errors->str());
  return std::get<LoadedConfig>(std::move(result)).config;
}

KubernetesTargetOptions load_target(const std::string& keys) {
  const TempFolder folder;
  const Config config = load_good(folder, kBefore + keys + "}]\n");
  REQUIRE(config.targets.size() == 1);
  return std::get<KubernetesTargetOptions>(config.targets[0]);
}

// Keys of a target, the text that begins where the problem is, and what has to be said of it.
struct Case {
  std::string keys;
  std::string at;
  Texts words;
};

}  // namespace

TEST_CASE("A cluster that is only named is the one that we run in", "[config][kubernetes]") {
  KubernetesTargetOptions expected;
  expected.name = "a";
  CHECK(load_target("mode: act") == expected);
  CHECK(expected.kubeconfig.empty());
  CHECK(expected.namespaces.empty());
  CHECK(expected.rollout.deadline == 15min);
  CHECK(expected.rollout.pull_errors == 2min);
  CHECK(expected.rollout.restarts == 3);
}

TEST_CASE("Every key of a cluster arrives", "[config][kubernetes]") {
  const TempFolder folder;
  folder.folder("m");
  const Config config = load_good(folder,
                                  "targets:\n"
                                  "  - name: prod\n"
                                  "    type: kubernetes\n"
                                  "    kubeconfig: ./kube.yaml\n"
                                  "    context: 'arn:aws:eks:eu:1:cluster/prod'\n"
                                  "    namespaces: [shop, 'a-1']\n"
                                  "    argo-cd-labels: true\n"
                                  "    adopt: true\n"
                                  "    pull-secrets: true\n"
                                  "    concurrency: 64\n"
                                  "    deadline: 1500ms\n"
                                  "    mode: observe\n"
                                  "    rollout: {deadline: 1h, pull-errors: 90s, restarts: 1}\n"
                                  "  - {name: m, type: files, path: m}\n"
                                  "  - {name: one, type: kubernetes, namespaces: shop,\n"
                                  "     rollout: {deadline: off}}\n");
  KubernetesTargetOptions prod;
  prod.name = "prod";
  prod.kubeconfig = folder.path() / "kube.yaml";
  prod.context = "arn:aws:eks:eu:1:cluster/prod";
  prod.namespaces = {"shop", "a-1"};
  prod.argo_cd_labels = true;
  prod.adopt = true;
  prod.pull_secrets = true;
  prod.concurrency = 64;
  prod.deadline = 1500ms;
  prod.rollout = {1h, 90s, 1};
  REQUIRE(config.targets.size() == 3);
  CHECK(std::get<KubernetesTargetOptions>(config.targets[0]) == prod);
  CHECK(std::get<FilesTargetOptions>(config.targets[1]).name == "m");
  const auto& one = std::get<KubernetesTargetOptions>(config.targets[2]);
  CHECK(one.namespaces == Texts{"shop"});
  CHECK(one.rollout.deadline == 0s);
  CHECK(config.pipeline.observed_targets == Texts{"prod"});
}

TEST_CASE("A label selector is what kubectl takes", "[config][kubernetes]") {
  const std::string text = GENERATE("team", "!team", "team=shop", "team==shop", "team!=shop",
                                    "team = shop , stage != test", "a.example/team_1=Shop-2",
                                    "stage in (test, live)", "stage notin (test),team", "team=");
  CAPTURE(text);
  CHECK(load_target("namespace-labels: '" + text + "'").namespace_labels == text);
}

TEST_CASE("A cluster that cannot be right is an error at what is wrong with it",
          "[config][kubernetes][bad]") {
  const auto item = GENERATE(
      Case{"path: deploy", "path", {"'path' is a key of a target of type 'files'", "remove it"}},
      Case{"exclude: x", "exclude", {"'exclude' is a key of a target of type 'files'"}},
      Case{"kubeconfg: kube.yaml", "kubeconfg", {"did you mean 'kubeconfig'?", "'kubernetes'"}},
      Case{"inventory: x", "inventory", {"'inventory' is not available in this build"}},
      Case{"kubeconfig: none.yaml", "none", {"none.yaml' does not exist", "correct the path"}},
      Case{"kubeconfig: .", ".}", {"is a folder"}}, Case{"kubeconfig: ''", "''", {"is empty"}},
      Case{"context: prod", "prod", {"context: is of no use without 'kubeconfig'"}},
      Case{"namespaces: []", "[]", {"list is empty"}},
      Case{"namespaces: [shop, 5]", "5", {"namespaces[1]", "found a number"}},
      Case{"namespaces: Shop", "Shop", {"'Shop' is no name of a namespace", "lower-case"}},
      Case{"namespaces: ['shop-*']", "'shop", {"patterns are not taken", "namespace-labels"}},
      Case{"namespaces: [a-]", "a-", {"no name of a namespace"}},
      Case{"namespaces: [shop, web, shop]", "shop]", {"'shop' is there already, on line 1"}},
      Case{"namespaces: [shop], namespace-labels: team=shop",
           "team=",
           {"beside 'namespaces'", "by name or by label"}},
      Case{"namespace-labels: 'team shop'", "'team", {"is no label selector", "kubectl"}},
      Case{"namespace-labels: 'team=shop,'", "'team", {"is no label selector"}},
      Case{"namespace-labels: 'a in (b'", "'a in", {"is no label selector"}},
      Case{"namespace-labels: [team]", "[team", {"expected text, found a list"}},
      Case{"adopt: yes", "yes", {"expected true or false"}},
      Case{"concurrency: 0", "0", {"from 1 to 64"}}, Case{"concurrency: 65", "65", {"from 1"}},
      Case{"deadline: 999ms", "999ms", {"from 1s to 10m"}},
      Case{"deadline: 30", "30", {"'30' has no unit"}}, Case{"mode: of", "of", {"unknown mode"}},
      Case{"rollout: 5m", "5m", {"expected keys and values"}},
      Case{"rollout: {deadlin: 5m}", "deadlin", {"rollout:", "did you mean 'deadline'?"}},
      Case{"rollout: {deadline: 9s}", "9s", {"rollout.deadline", "from 10s to 7d"}},
      Case{"rollout: {deadline: never}", "never", {"'never' is no duration"}},
      Case{"rollout: {pull-errors: 0s}", "0s", {"from 1s to 1d"}},
      Case{"rollout: {pull-errors: 1500ms}", "1500ms", {"whole seconds"}},
      Case{"rollout: {restarts: 0}", "0", {"from 1 to 1000"}});
  const TempFolder folder;
  folder.write("kube.yaml", "content");
  const std::string content = kBefore + item.keys + "}]\n";
  CAPTURE(content);
  const auto result = load_config(folder.write("c.yaml", content));
  REQUIRE(std::holds_alternative<ConfigErrors>(result));
  const auto& errors = std::get<ConfigErrors>(result);
  CAPTURE(errors.str());
  REQUIRE(errors.problems.size() == 1);
  CHECK(errors.problems[0].line == 1);
  CHECK(errors.problems[0].column == static_cast<int>(content.find(item.at, kBefore.size()) + 1));
  for (const std::string& word : item.words)
    CHECK_THAT(errors.problems[0].message, Catch::Contains(word));
}

TEST_CASE("A key of a cluster is no key of a folder", "[config][kubernetes][bad]") {
  const TempFolder folder;
  const auto result = load_config(
      folder.write("c.yaml", "targets: [{name: a, type: files, path: ., kubeconfig: x}]\n"));
  REQUIRE(std::holds_alternative<ConfigErrors>(result));
  CHECK_THAT(std::get<ConfigErrors>(result).str(),
             Catch::Contains("c.yaml:1:43: targets[0]: 'kubeconfig' is a key of a target of type "
                             "'kubernetes', and this is a target of type 'files': remove it"));
}

TEST_CASE("A kubeconfig that comes later mends the file, and its changes are no reload",
          "[config][kubernetes]") {
  const TempFolder folder;
  const auto file = folder.write("c.yaml", kBefore + "kubeconfig: kube.yaml}]\n");
  const auto kubeconfig = folder.path() / "kube.yaml";
  const auto missing = load_config(file);
  REQUIRE(std::holds_alternative<ConfigErrors>(missing));
  CHECK(std::get<ConfigErrors>(missing).inputs == std::vector{file, kubeconfig});
  folder.write("kube.yaml", "content");
  const auto there = load_config(file);
  REQUIRE(std::holds_alternative<LoadedConfig>(there));
  CHECK(std::get<LoadedConfig>(there).config.inputs == std::vector{file});
}
