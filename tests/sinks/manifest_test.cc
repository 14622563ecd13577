// SPDX-License-Identifier: Apache-2.0
#include "sinks/files/manifest.h"

#include <fstream>
#include <iterator>

#include <catch2/catch.hpp>

using namespace std::string_literals;
using longshore::Annotations;
using longshore::apply_edits;
using longshore::FoundContainer;
using longshore::FoundWorkload;
using longshore::ImageRef;
using longshore::Manifest;
using longshore::plan_change;
using longshore::read_manifest;

namespace {

const std::string kDigest = "sha256:" + std::string(64, 'a');
const std::string kOther = "sha256:" + std::string(64, 'b');

// Every container as "<workload> / <container> = <image>".
std::vector<std::string> listed(const Manifest& manifest) {
  std::vector<std::string> lines;
  for (const FoundWorkload& workload : manifest.workloads) {
    for (const FoundContainer& container : workload.containers) {
      lines.push_back(workload.id + " / " + container.name + " = " + container.image.str());
    }
  }
  return lines;
}

std::vector<std::string> problems(const Manifest& manifest) {
  std::vector<std::string> lines;
  for (const auto& problem : manifest.problems) {
    lines.push_back(std::to_string(problem.line) + ": " + problem.message);
  }
  return lines;
}

ImageRef image(const std::string& text) {
  return *ImageRef::parse(text);
}

// The file after its first container was made to run `to`, or "refused: why".
std::string changed(const std::string& name, const std::string& bytes, const std::string& to) {
  const Manifest manifest = read_manifest(name, bytes);
  REQUIRE_FALSE(manifest.workloads.empty());
  const auto edits = plan_change(manifest.workloads[0].containers[0], image(to));
  if (!edits) return "refused: " + edits.error().message;
  const auto result = apply_edits(bytes, *edits);
  INFO((result ? "" : result.error().message));
  REQUIRE(result);
  // What was written is what is read.
  const Manifest again = read_manifest(name, *result);
  REQUIRE_FALSE(again.workloads.empty());
  CHECK(again.workloads[0].containers[0].image == image(to));
  return *result;
}

using Lines = std::vector<std::string>;
using Catch::Matchers::Contains;

}  // namespace

TEST_CASE("Every Kubernetes kind with a pod template is found", "[sinks][files][kubernetes]") {
  const auto kind =
      GENERATE("Deployment"s, "StatefulSet"s, "DaemonSet"s, "ReplicaSet"s, "Job"s, "Rollout"s);
  const Manifest manifest = read_manifest(
      "a.yaml", "apiVersion: apps/v1\nkind: " + kind +
                    "\nmetadata: {name: web, namespace: shop}\nspec:\n  template:\n    spec:\n"
                    "      containers:\n      - {name: app, image: acme/shop:1.4.1}\n"
                    "      - {name: log, image: acme/log}\n");
  CHECK(listed(manifest) ==
        Lines{kind + " shop/web / app = acme/shop:1.4.1", kind + " shop/web / log = acme/log"});
  CHECK(problems(manifest).empty());
}

TEST_CASE("A CronJob's and a Pod's containers are found", "[sinks][files][kubernetes]") {
  CHECK(listed(read_manifest("a.yaml", R"(apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec:
  jobTemplate:
    spec:
      template:
        spec:
          containers:
            - name: run
              image: acme/run:2
---
apiVersion: v1
kind: Pod
metadata: {generateName: one-}
spec:
  containers:
    - {name: app, image: acme/one:3}
)")) == Lines{"CronJob nightly / run = acme/run:2", "Pod one- / app = acme/one:3"});
}

TEST_CASE("Items of a List are objects, and equal ids are told apart",
          "[sinks][files][kubernetes]") {
  const std::string item = R"(
  - apiVersion: v1
    kind: Pod
    metadata: {name: p}
    spec: {containers: [{name: c, image: "a/b:1"}]})";
  const Manifest manifest =
      read_manifest("a.yaml", "apiVersion: v1\nkind: List\nitems:" + item + item + "\n");
  CHECK(listed(manifest) == Lines{"Pod p / c = a/b:1", "Pod p #2 / c = a/b:1"});
}

TEST_CASE("Only annotations and labels for us are kept, and annotations win",
          "[sinks][files][kubernetes]") {
  const Manifest manifest = read_manifest("a.yaml", R"(apiVersion: v1
kind: Pod
metadata:
  name: p
  annotations: {longshore.dev/policy: "semver:~1.4", team: x, keel.sh/policy: minor}
  labels: {keel.sh/policy: all, keel.sh/trigger: poll, app: p}
spec: {containers: [{name: c, image: a/b:1}]}
)");
  CHECK(manifest.workloads.at(0).annotations ==
        Annotations{{"keel.sh/policy", "minor"},
                    {"keel.sh/trigger", "poll"},
                    {"longshore.dev/policy", "semver:~1.4"}});
}

TEST_CASE("Init containers are listed when asked for, or with a container of the same image",
          "[sinks][files][kubernetes]") {
  const Manifest manifest = read_manifest("a.yaml", R"(apiVersion: v1
kind: Pod
metadata:
  name: p
  annotations: {longshore.dev/policy.app: digest, longshore.dev/policy.wait: semver}
spec:
  initContainers:
    - {name: migrate, image: a/b:1}
    - {name: wait, image: a/wait:1}
    - {name: other, image: a/other:1}
  containers: [{name: app, image: a/b:1}]
)");
  CHECK(listed(manifest) ==
        Lines{"Pod p / app = a/b:1", "Pod p / migrate = a/b:1", "Pod p / wait = a/wait:1"});
  CHECK(manifest.workloads[0].annotations.at("longshore.dev/policy.migrate") == "digest");
}

TEST_CASE("Init containers are listed where Keel is asked for them", "[sinks][files][kubernetes]") {
  const auto of = [](const std::string& value) {
    return listed(read_manifest("a.yaml", R"(apiVersion: v1
kind: Pod
metadata:
  name: p
  labels: {keel.sh/policy: minor, keel.sh/initContainers: ")" +
                                              value + R"("}
spec:
  initContainers: [{name: other, image: a/other:1}]
  containers: [{name: app, image: a/b:1}]
)"));
  };
  CHECK(of("true") == Lines{"Pod p / app = a/b:1", "Pod p / other = a/other:1"});
  CHECK(of("yes") == Lines{"Pod p / app = a/b:1"});
}

TEST_CASE("Images that are none are problems with their line, and others go on",
          "[sinks][files][kubernetes]") {
  const Manifest manifest = read_manifest("a.yaml", R"(apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers:
    - {name: a, image: "Not/Lower:1"}
    - {name: b, image: "{{ .Values.image }}"}
    - {name: c, image: {{ .Values.image }}}
    - {name: d, image: "acme/d:${TAG}"}
    - {name: e, image: [1]}
    - {name: f, image: acme/f:1}
    - {name: f, image: acme/g:1}
)");
  CHECK(listed(manifest) == Lines{"Pod p / f = acme/f:1"});
  const Lines found = problems(manifest);
  REQUIRE(found.size() == 5);
  CHECK_THAT(found[0], Contains("6: ") && Contains("lower case"));
  CHECK_THAT(found[1], Contains("7: ") && Contains("template"));
  CHECK_THAT(found[2], Contains("9: ") && Contains("uses a variable"));
  CHECK_THAT(found[3], Contains("10: ") && Contains("no text"));
  CHECK_THAT(found[4], Contains("12: ") && Contains("two entries named 'f'"));
}

TEST_CASE("A file that is no YAML is one problem", "[sinks][files]") {
  CHECK(problems(read_manifest("a.yaml", "a: 1\nb: [\n")).size() == 1);
  CHECK_THAT(problems(read_manifest("a.yaml", "a: 1\na: 2\n")).at(0),
             Contains("2: ") && Contains("duplicate"));
  CHECK_THAT(problems(read_manifest("a.yaml", "{{- if .x }}\na: 1\n{{- end }}\n")).at(0),
             Contains("0: ") && Contains("template"));
  CHECK(problems(read_manifest("a.yaml", "\0\1\2"s)).size() == 1);
  CHECK(problems(read_manifest("a.yaml", "a: \xff\xfe\n")).size() == 1);
  CHECK(problems(read_manifest("a.yaml", std::string(10'000, '['))).size() == 1);
}

TEST_CASE("Files without images are no problem", "[sinks][files]") {
  const auto bytes =
      GENERATE(""s, "\n"s, "# c\n"s, "---\n"s, "- 1\n"s, "text"s, "kind: List\n"s,
               "apiVersion: v1\nkind: List\nitems:\n"s,
               "apiVersion: v1\nkind: Secret\ndata: {image: e30=}\n"s, "services: {}\n"s,
               "images:\n- name: x\n"s, "a: &a [*a]\nb: *none\n"s, "image: {name: a/b:1}\n"s);
  CAPTURE(bytes);
  const Manifest manifest = read_manifest("a.yaml", bytes);
  CHECK(listed(manifest).empty());
  CHECK(problems(manifest).empty());
}

TEST_CASE("A Kubernetes image is changed in place", "[sinks][files][kubernetes]") {
  const std::string head = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n";
  CHECK(changed("a.yaml", head + "    - image: a/b:1.9 # keep\n      name: c\n", "a/b:1.10") ==
        head + "    - image: a/b:1.10 # keep\n      name: c\n");
  CHECK(changed("a.yaml", head + "  - {name: c, image: 'a/b'}", "a/b:1@" + kDigest) ==
        head + "  - {name: c, image: 'a/b:1@" + kDigest + "'}");
  // The name stays as it was written.
  CHECK(changed("a.yaml", head + "  - {name: c, image: nginx:1}", "docker.io/library/nginx:2") ==
        head + "  - {name: c, image: nginx:2}");
  CHECK(changed("a.yaml", head + "  - {name: c, image: \"a/b:1@" + kDigest + "\"}",
                "a/b:2@" + kOther) == head + "  - {name: c, image: \"a/b:2@" + kOther + "\"}");
  CHECK_THAT(changed("a.yaml", head + "  - {name: c, image: a/b:1}", "a/c:1"), Contains("refused"));
  CHECK_THAT(changed("a.yaml", head + "  - name: c\n    image: >-\n      a/b:1\n", "a/b:2"),
             Contains("block scalar"));
  CHECK_THAT(changed("a.yaml", "x: &i a/b:1\n" + head + "  - {name: c, image: *i}\n", "a/b:2"),
             Contains("is an alias (*i)"));
}

TEST_CASE("A kustomization's images are found", "[sinks][files][kustomization]") {
  const std::string images =
      "images:\n- name: a/b\n  newTag: \"1.2\"\n- name: c\n  newName: r.example.com/c\n  digest: " +
      kDigest + "\n- name: base/only\n";
  const Lines want{"Kustomization / a/b = a/b:1.2",
                   "Kustomization / c = r.example.com/c@" + kDigest,
                   "Kustomization / base/only = base/only"};
  CHECK(listed(read_manifest("x/kustomization.yml", images)) == want);
  CHECK(listed(read_manifest("Kustomization", images)) == want);
  CHECK(listed(read_manifest("k.yaml", "kind: Kustomization\n" + images)) == want);
  CHECK(listed(read_manifest("k.yaml",
                             "apiVersion: kustomize.config.k8s.io/v1alpha1\n"
                             "kind: Component\n" +
                                 images)) == want);
  CHECK(listed(read_manifest("other.yaml", images)).empty());
  const Manifest annotated =
      read_manifest("kustomization.yaml",
                    "metadata: {name: n, annotations: {longshore.dev/policy: digest}}\n" + images);
  CHECK(annotated.workloads.at(0).id == "Kustomization n");
  CHECK(annotated.workloads.at(0).annotations.at("longshore.dev/policy") == "digest");
}

TEST_CASE("A kustomization's tag and digest are changed where they stand",
          "[sinks][files][kustomization]") {
  const std::string head = "images:\n- name: a/b\n";
  const auto run = [&head](const std::string& rest, const std::string& to) {
    return changed("kustomization.yaml", head + rest, to);
  };
  CHECK(run("  newTag: \"1.2\" # t\n", "a/b:1.3") == head + "  newTag: \"1.3\" # t\n");
  CHECK(run("  newTag: 1.2.0\n", "a/b:1.2.0@" + kDigest) ==
        head + "  newTag: 1.2.0@" + kDigest + "\n");
  CHECK(run("  newTag: v1\n  digest: " + kDigest + "\n", "a/b:v2@" + kOther) ==
        head + "  newTag: v2\n  digest: " + kOther + "\n");
  CHECK(run("  digest: " + kDigest + "\n", "a/b@" + kOther) == head + "  digest: " + kOther + "\n");
  CHECK_THAT(run("  digest: " + kDigest + "\n", "a/b:1@" + kOther), Contains("there is no tag"));
  CHECK_THAT(run("  newTag: v1\n  digest: " + kDigest + "\n", "a/b:v2"),
             Contains("the digest beside the tag would stay"));
  CHECK_THAT(run("", "a/b:1"), Contains("neither tag nor digest"));
  CHECK_THAT(run("  newTag: v1\n", "a/b@" + kDigest), Contains("without a tag"));
  CHECK_THAT(run("  newTag: v1\n  digest: " + kDigest + "\n", "a/b@" + kOther),
             Contains("cannot be taken away"));
}

TEST_CASE("Helm values are found by their shape, anywhere", "[sinks][files][helm]") {
  const Manifest manifest = read_manifest("values.yaml", R"(image:
  repository: acme/shop
  tag: 1.10 # a string to us
web:
  image: {registry: registry.example.com, repository: shop/web, tag: "2.0", digest: ""}
  initImage: {repository: acme/init, tag: v1}
jobs:
  - image: acme/job:3
sidecar: {image: acme/side}
git: {repository: https://git.example.com/x, tag: v1}
)");
  CHECK(listed(manifest) == Lines{"image / image = acme/shop:1.10",
                                  "web.image / image = registry.example.com/shop/web:2.0",
                                  "web.initImage / initImage = acme/init:v1",
                                  "jobs[0].image / image = acme/job:3"});
  CHECK(problems(manifest).empty());
}

TEST_CASE("Image strings count in files named values only", "[sinks][files][helm]") {
  CHECK(listed(read_manifest("c/values-prod.yml", "image: a/b:1\n")).size() == 1);
  CHECK(listed(read_manifest("ci.yaml", "image: a/b:1\n")).empty());
  CHECK(listed(read_manifest("ci.yaml", "image: {repository: a/b, tag: v1}\n")).size() == 1);
  CHECK(listed(read_manifest("values.yaml", "image: host:5000/a\n")).empty());
}

TEST_CASE("A Helm tag that the chart chooses is a problem, not a workload",
          "[sinks][files][helm]") {
  const Manifest manifest =
      read_manifest("values.yaml", "a: 1\nimage:\n  repository: acme/shop\n  tag: \"\"\n");
  CHECK(listed(manifest).empty());
  CHECK_THAT(problems(manifest).at(0), Contains("3: ") && Contains("the chart chooses"));
}

TEST_CASE("Helm tags stay strings when they change", "[sinks][files][helm]") {
  const std::string head = "image:\n  repository: a/b\n";
  const auto run = [&head](const std::string& rest, const std::string& to) {
    return changed("values.yaml", head + rest, to);
  };
  CHECK(run("  tag: 1.9\n", "a/b:1.10") == head + "  tag: \"1.10\"\n");
  CHECK(run("  tag: 1.9.0\n", "a/b:1.9.1") == head + "  tag: 1.9.1\n");
  CHECK(run("  tag: '1.9'\n", "a/b:1.10") == head + "  tag: '1.10'\n");
  CHECK(run("  tag: latest\n", "a/b:latest@" + kDigest) ==
        head + "  tag: latest@" + kDigest + "\n");
  CHECK(run("  tag: v1\n  digest: \"\"\n", "a/b:v1@" + kDigest) ==
        head + "  tag: v1\n  digest: \"" + kDigest + "\"\n");
  CHECK(run("  tag: v1\n  digest: \"\"\n", "a/b:v2") == head + "  tag: v2\n  digest: \"\"\n");
  CHECK(run("  tag: v1\n  digest:\n", "a/b:v2") == head + "  tag: v2\n  digest:\n");
  CHECK_THAT(run("  tag: v1\n  digest:\n", "a/b:v1@" + kDigest), Contains("has no value"));
  CHECK(run("  tag: v1@" + kDigest + "\n", "a/b:v1@" + kOther) ==
        head + "  tag: v1@" + kOther + "\n");
}

TEST_CASE("A tag with a digest beside another digest is a problem", "[sinks][files][helm]") {
  const Manifest manifest = read_manifest(
      "values.yaml", "image: {repository: a/b, tag: v1@" + kDigest + ", digest: " + kOther + "}\n");
  CHECK(listed(manifest).empty());
  CHECK(problems(manifest).size() == 1);
}

TEST_CASE("Compose services are found with their labels", "[sinks][files][compose]") {
  const Manifest manifest = read_manifest("compose.yaml", R"(services:
  web:
    image: acme/web:1
    labels:
      longshore.dev/policy: semver
      other: x
  db:
    image: acme/db:2
    labels:
      - "longshore.dev/policy=digest"
      - keel.sh/policy
      - other=x
  built:
    build: .
)");
  CHECK(listed(manifest) == Lines{"service web / web = acme/web:1", "service db / db = acme/db:2"});
  CHECK(manifest.workloads[0].annotations == Annotations{{"longshore.dev/policy", "semver"}});
  CHECK(manifest.workloads[1].annotations ==
        Annotations{{"longshore.dev/policy", "digest"}, {"keel.sh/policy", ""}});
}

TEST_CASE("A compose file is known by its name or by its services", "[sinks][files][compose]") {
  CHECK(listed(read_manifest("stack.yml", "services: {a: {image: x:1}}\n")).size() == 1);
  CHECK(listed(read_manifest("docker-compose.prod.yml", "services: {a: {image: x:1}}\n")).size() ==
        1);
  CHECK(listed(read_manifest("stack.yml", "services: [a, b]\n")).empty());
}

TEST_CASE("Compose variables and aliases are left alone and named", "[sinks][files][compose]") {
  const Manifest manifest = read_manifest("compose.yaml", R"(x-base: &base {image: acme/base:1}
services:
  a: {image: "acme/a:${TAG:-1}"}
  b: *base
  c: {<<: *base}
  d: {image: acme/d:1}
)");
  CHECK(listed(manifest) == Lines{"service d / d = acme/d:1"});
  const Lines found = problems(manifest);
  REQUIRE(found.size() == 3);
  CHECK_THAT(found[0], Contains("3: ") && Contains("uses a variable"));
  CHECK_THAT(found[1], Contains("4: ") && Contains("is an alias"));
  CHECK_THAT(found[2], Contains("5: ") && Contains("from an alias"));
}

TEST_CASE("A compose image is changed in place", "[sinks][files][compose]") {
  CHECK(changed("compose.yaml", "services:\r\n  web:\r\n    image: acme/web:1 # x\r\n",
                "acme/web:2") == "services:\r\n  web:\r\n    image: acme/web:2 # x\r\n");
}

TEST_CASE("The quickstart's manifests are read without a problem", "[sinks][files][examples]") {
  const auto item = GENERATE(std::pair("shop.yaml"s, 1U), std::pair("compose.yaml"s, 3U),
                             std::pair("values.yaml"s, 2U));
  std::ifstream file(LONGSHORE_SOURCE_DIR "/examples/quickstart/deploy/" + item.first);
  const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const Manifest manifest = read_manifest(item.first, bytes);
  CAPTURE(item.first);
  CHECK(manifest.workloads.size() == item.second);
  CHECK(problems(manifest).empty());
}
