// SPDX-License-Identifier: Apache-2.0
#include "sinks/files/keel_block.h"

#include <catch2/catch.hpp>

#include "pipeline/policy.h"
#include "sinks/files/manifest.h"

using namespace longshore;
using namespace std::string_literals;
using Catch::Matchers::Contains;

namespace {

const std::string kDigest = "sha256:" + std::string(64, 'a');
const std::string kOther = "sha256:" + std::string(64, 'b');
const std::string kOwn =
    "keel: {policy: minor, images: [{repository: image.repository, tag: image.tag}]}\n";

using Lines = std::vector<std::string>;

// Every container as "<workload> / <container> = <image> (<its workload's policy>)".
Lines listed(const Manifest& manifest) {
  Lines lines;
  for (const FoundWorkload& workload : manifest.workloads) {
    const auto policy = workload.annotations.find("keel.sh/policy");
    for (const FoundContainer& container : workload.containers) {
      lines.push_back(workload.id + " / " + container.name + " = " + container.image.str() + " (" +
                      (policy == workload.annotations.end() ? "" : policy->second) + ")");
    }
  }
  return lines;
}

Lines problems(const Manifest& manifest) {
  Lines lines;
  for (const auto& problem : manifest.problems)
    lines.push_back(std::to_string(problem.line) + ": " + problem.message);
  return lines;
}

Manifest values(const std::string& bytes) {
  return read_manifest("values.yaml", bytes);
}

Annotations annotations_of(const std::string& block) {
  const Manifest manifest = values(
      "image: {repository: a/b, tag: 1.0.0}\nkeel:\n  images: [{repository: image.repository, tag: "
      "image.tag}]\n" +
      block);
  CHECK(problems(manifest).empty());
  return manifest.workloads.at(0).annotations;
}

// The file after the workload was made to run `to`, or "refused: why".
std::string changed(const std::string& bytes, const std::string& workload, const std::string& to) {
  const Manifest manifest = values(bytes);
  for (const FoundWorkload& found : manifest.workloads) {
    if (found.id != workload) continue;
    const auto edits = plan_change(found.containers[0], *ImageRef::parse(to));
    if (!edits) return "refused: " + edits.error().message;
    const auto result = apply_edits(bytes, *edits);
    INFO((result ? "" : result.error().message));
    REQUIRE(result);
    return *result;
  }
  return "there is no " + workload;
}

}  // namespace

TEST_CASE("The images that Keel's block names have its annotations", "[sinks][files][keel]") {
  const Manifest manifest = values(R"(keel:
  policy: minor
  trigger: poll
  somethingNew: {a: [1]}
  images:
    - repository: image.repository
      tag: image.tag
      releaseNotes: https://example.com
    - {repository: app.name, tag: app.version}
    - {repository: worker.ref}
image: {registry: r.example.com, repository: acme/shop, tag: 1.4.1}
app: {name: acme/app, version: 2.0.0}
worker: {ref: acme/worker:3.0.0}
other: {image: {repository: acme/other, tag: 1.0.0}}
)");
  CHECK(listed(manifest) == Lines{"image / image = r.example.com/acme/shop:1.4.1 (minor)",
                                  "other.image / image = acme/other:1.0.0 ()",
                                  "app.name / name = acme/app:2.0.0 (minor)",
                                  "worker.ref / ref = acme/worker:3.0.0 (minor)"});
  CHECK(problems(manifest).empty());
}

TEST_CASE("Keel's block is read in every file of values", "[sinks][files][keel]") {
  CHECK(listed(read_manifest("prod.yaml",
                             "app: a/b:1.0.0\nkeel: {policy: all, images: "
                             "[{repository: app}]}\n")) == Lines{"app / app = a/b:1.0.0 (all)"});
}

TEST_CASE("Keel's settings become annotations", "[sinks][files][keel]") {
  CHECK(annotations_of("  policy: force\n  matchTag: true\n  approvals: 2\n") ==
        Annotations{
            {"keel.sh/policy", "force"}, {"keel.sh/matchTag", "true"}, {"keel.sh/approvals", "2"}});
  CHECK(annotations_of("  policy: 'glob:1.*'\n  matchTag: No\n  matchPreRelease: False\n") ==
        Annotations{{"keel.sh/policy", "glob:1.*"},
                    {"keel.sh/matchTag", "false"},
                    {"keel.sh/matchPreRelease", "false"}});
  CHECK(annotations_of("  policy: minor\n  matchTag:\n  approvals: ~\n") ==
        Annotations{{"keel.sh/policy", "minor"}});
}

TEST_CASE("A block of Keel's without a policy has no annotations", "[sinks][files][keel]") {
  const auto policy = GENERATE(""s, "  policy:\n"s, "  policy: \"\"\n"s, "  policy: null\n"s);
  CAPTURE(policy);
  CHECK(annotations_of(policy + "  matchTag: true\n  approvals: 1\n").empty());
}

TEST_CASE("What Keel's block says decides as its annotations do", "[sinks][files][keel]") {
  const auto settings = [](const std::string& block) {
    return settings_for(annotations_of(block), "image", *Repository::parse("a/b"), {});
  };
  const auto minor = settings("  policy: minor\n");
  REQUIRE(minor);
  CHECK(*minor);
  CHECK_FALSE(settings("  policy: newest\n"));
  CHECK_FALSE(settings("  policy: minor\n  approvals: 1\n"));
}

TEST_CASE("An image that Keel's block names is changed in place", "[sinks][files][keel]") {
  const std::string head =
      "# chart\r\nkeel:\r\n  policy: minor # as ever\r\n  images:\r\n"
      "    - {repository: image.repository, tag: \"image.tag\"}\r\n"
      "    - {repository: app.name, tag: app.version}\r\n    - repository: 'worker'\r\n";
  const auto file = [&head](const std::string& image, const std::string& app,
                            const std::string& worker) {
    return head + "image:\r\n  repository: a/b\r\n  tag: " + image +
           " # x\r\napp: {name: a/app, version: '" + app + "'}\r\nworker: \"a/w:" + worker + "\"";
  };
  const std::string before = file("1.4.1", "1.9", "3.0.0");
  CHECK(changed(before, "image", "a/b:1.5.0") == file("1.5.0", "1.9", "3.0.0"));
  CHECK(changed(before, "app.name", "a/app:1.10") == file("1.4.1", "1.10", "3.0.0"));
  CHECK(changed(before, "worker", "a/w:3.1.0") == file("1.4.1", "1.9", "3.1.0"));
}

TEST_CASE("A digest goes where the shape or Keel's block has a place for it",
          "[sinks][files][keel]") {
  const auto own = [](const std::string& digest) {
    return kOwn + "image: {repository: a/b, tag: v1, digest: \"" + digest + "\"}\n";
  };
  CHECK(changed(own(""), "image", "a/b:v1@" + kDigest) == own(kDigest));
  const auto apart = [](const std::string& digest) {
    return "keel: {policy: all, images: [{repository: r, tag: t, digest: d}]}\nr: a/b\nt: v1\nd: "
           "\"" +
           digest + "\"\n";
  };
  CHECK(changed(apart(""), "r", "a/b:v1@" + kDigest) == apart(kDigest));
  CHECK(changed(apart(kDigest), "r", "a/b:v1@" + kOther) == apart(kOther));
  const auto whole = [](const std::string& image) {
    return "keel: {policy: all, images: [{repository: r, digest: d}]}\nr: a/b:" + image +
           "\nd: \"\"\n";
  };
  CHECK(changed(whole("v1"), "r", "a/b:v2") == whole("v2"));
}

TEST_CASE("Keel's block tells where the tag of a map image is", "[sinks][files][keel]") {
  const auto with = [](const std::string& entry, const std::string& rest) {
    return values("keel: {policy: all, images: [" + entry + "]}\n" + rest);
  };
  const Manifest apart = with("{repository: image.repository, tag: version}",
                              "version: 1.0.0\nimage: {repository: a/b, tag: \"\"}\n");
  CHECK(listed(apart) == Lines{"image / image = a/b:1.0.0 (all)"});
  CHECK(problems(apart).empty());
  const Manifest whole =
      with("{repository: image.repository}", "image: {repository: \"a/b:1.0.0\"}\n");
  CHECK(listed(whole) == Lines{"image / image = a/b:1.0.0 (all)"});
  CHECK(problems(whole).empty());
  CHECK(listed(with("{repository: image.repository}", "image: {repository: a/b, tag: v1}\n")) ==
        Lines{"image / image = a/b:v1 (all)"});
  CHECK(listed(with("{repository: image, tag: imageTag}", "image: a/b\nimageTag: v1\n")) ==
        Lines{"image / image = a/b:v1 (all)"});
  CHECK(listed(with("{repository: image}", "image: a/b:v1\n")) ==
        Lines{"image / image = a/b:v1 (all)"});
}

TEST_CASE("An image whose tag the chart chooses is a problem for Keel's block, too",
          "[sinks][files][keel]") {
  const Manifest own = values(kOwn + "image: {repository: a/b, tag: \"\"}\n");
  CHECK(listed(own).empty());
  REQUIRE(problems(own).size() == 1);
  CHECK_THAT(problems(own)[0], Contains("2: ") && Contains("the chart chooses"));
  const Manifest apart =
      values("keel: {policy: all, images: [{repository: r, tag: t}]}\nr: a/b\nt:\n");
  CHECK(listed(apart).empty());
  REQUIRE(problems(apart).size() == 1);
  CHECK_THAT(problems(apart)[0], Contains("2: keel.images[0]: ") && Contains("chart chooses"));
  const Manifest no_path = values(
      "keel: {policy: all, images: [{repository: image.repository}]}\nimage:\n  repository: "
      "a/b\n");
  CHECK(listed(no_path).empty());
  CHECK(problems(no_path).size() == 1);
}

TEST_CASE("A bad entry of Keel's images is a problem, and the others go on",
          "[sinks][files][keel]") {
  const auto item = GENERATE(
      std::pair("{repository: app.name, tag: app.tga}"s,
                "keel.images[0].tag: nothing stands at 'app.tga'"s),
      std::pair("{repository: app}"s, "keel.images[0].repository: 'app' is no text"s),
      std::pair("{repository: app.name, tag: \"list[0].tag\"}"s,
                "nothing stands at 'list[0].tag'"s),
      std::pair("{repository: list.0.name}"s, "nothing stands at 'list.0.name'"s),
      std::pair("{repository: app.}"s, "nothing stands at 'app.'"s),
      std::pair("{repository: app.name.x}"s, "nothing stands at 'app.name.x'"s),
      std::pair("{repository: copy.name}"s, "nothing stands at 'copy.name'"s),
      std::pair("{repository: app.name, digest: none}"s, "keel.images[0].digest: nothing"s),
      std::pair("{repository: app.name, tag: [app.tag]}"s, "keel.images[0].tag is no text"s),
      std::pair("{tag: app.tag}"s, "keel.images[0] has no repository"s),
      std::pair("{repository: \"\"}"s, "keel.images[0] has no repository"s),
      std::pair("app.name"s, "keel.images[0] has no repository"s),
      std::pair("{repository: app.name, tag: app.name}"s, "two paths to one value"s),
      std::pair("{repository: app.bad, tag: app.tag}"s, "lower case"s));
  CAPTURE(item.first);
  const Manifest manifest = values(
      "app: &app {name: a/b, tag: v1, bad: No/Lower}\nlist: [{name: x, tag: y}]\ncopy: *app\n"
      "keel:\n  policy: all\n  images:\n  - " +
      item.first + "\n  - {repository: ok.name, tag: ok.tag}\nok: {name: a/ok, tag: v2}\n");
  CHECK(listed(manifest) == Lines{"ok.name / name = a/ok:v2 (all)"});
  REQUIRE(problems(manifest).size() == 1);
  CHECK_THAT(problems(manifest)[0], Contains(item.second));
}

TEST_CASE("One image named twice is a problem", "[sinks][files][keel]") {
  const Manifest manifest = values(
      "keel:\n  policy: all\n  images: \n  - {repository: r, tag: t}\n  - {repository: r}\nr: a/b\n"
      "t: v1\n");
  CHECK(listed(manifest) == Lines{"r / r = a/b:v1 (all)"});
  REQUIRE(problems(manifest).size() == 1);
  CHECK_THAT(problems(manifest)[0],
             Contains("5: keel.images[1].repository: 'r'") && Contains("keel.images[0]"));
}

TEST_CASE("A block that Keel could not read is a problem and allows nothing",
          "[sinks][files][keel]") {
  const auto item = GENERATE(
      std::pair("{policy: all, images: {repository: image.repository}}"s, "is no list"s),
      std::pair("{policy: all, images: image.repository}"s, "is no list"s),
      std::pair("{policy: [all], images: [{repository: image.repository}]}"s,
                "keel.policy is no text"s),
      std::pair("{policy: all, matchTag: maybe, images: [{repository: image.repository}]}"s,
                "keel.matchTag is 'maybe'"s),
      std::pair("{policy: all, matchTag: true, matchPreRelease: 1, images: [{repository: "
                "image.repository}]}"s,
                "keel.matchPreRelease is '1'"s),
      std::pair("*block"s, "keel is an alias (*block)"s));
  CAPTURE(item.first);
  const Manifest manifest = values(
      "block: &block {policy: all}\nimage: {repository: a/b, tag: v1}\nkeel: " + item.first + "\n");
  CHECK(listed(manifest) == Lines{"image / image = a/b:v1 ()"});
  CHECK(manifest.workloads[0].annotations.empty());
  REQUIRE(problems(manifest).size() == 1);
  CHECK_THAT(problems(manifest)[0], Contains("3: ") && Contains(item.second));
}

TEST_CASE("A top-level keel that names no images changes nothing", "[sinks][files][keel]") {
  const auto block = GENERATE("keel: true\n"s, "keel:\n"s, "keel: [a]\n"s, "keel: {policy: all}\n"s,
                              "keel: {policy: all, images: }\n"s, "keel: {images: []}\n"s);
  CAPTURE(block);
  const Manifest manifest = values("image: {repository: a/b, tag: v1}\n" + block);
  CHECK(listed(manifest) == Lines{"image / image = a/b:v1 ()"});
  CHECK(problems(manifest).empty());
}

TEST_CASE("A tag with a slash would be another image and is a problem", "[sinks][files][keel]") {
  const Manifest manifest = values("image: {repository: Host, tag: 1/4.1}\n");
  CHECK(manifest.workloads.empty());
  REQUIRE(problems(manifest).size() == 1);
  CHECK_THAT(problems(manifest)[0], Contains("'1/4.1' is no tag"));
}

TEST_CASE("Keel's images count up to a limit", "[sinks][files][keel]") {
  std::string bytes = "keel:\n  policy: all\n  images:\n";
  std::string below = "apps:\n";
  for (int i = 0; i < 1001; ++i) {
    const std::string n = "a" + std::to_string(i);
    bytes += "  - {repository: apps." + n + "}\n";
    below += "  " + n + ": x/" + n + ":1\n";
  }
  const Manifest manifest = values(bytes + below);
  CHECK(manifest.workloads.size() == 1000);
  REQUIRE(problems(manifest).size() == 1);
  CHECK_THAT(problems(manifest)[0], Contains("keel.images has more than 1000 entries"));
}
