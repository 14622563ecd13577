// SPDX-License-Identifier: Apache-2.0
#include "sinks/files/files_target.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>

#include <catch2/catch.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/eventually.h"
#include "tests/support/temp_folder.h"

using namespace longshore;
using longshore::test::eventually;
using longshore::test::TempFolder;
using namespace std::string_literals;
namespace fs = std::filesystem;
using Catch::Matchers::Contains;

namespace {

class Listener final : public TargetListener {
 public:
  void repository_changed(const std::string&, const Repository& repository) override {
    const std::lock_guard lock(mutex_);
    changed_.push_back(repository.str());
  }
  void target_synced(const std::string&) override { ++synced; }

  // Whether the repository was named since the last call that said yes.
  bool told(const std::string& repository) {
    const std::lock_guard lock(mutex_);
    const auto found = std::find(changed_.begin(), changed_.end(), repository);
    if (found == changed_.end()) return false;
    changed_.erase(found);
    return true;
  }
  std::size_t count() const {
    const std::lock_guard lock(mutex_);
    return changed_.size();
  }
  std::atomic<int> synced{0};

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> changed_;
};

FilesTargetOptions options_for(const fs::path& path) {
  FilesTargetOptions options;
  options.name = "manifests";
  options.path = path;
  options.settle = std::chrono::milliseconds{5};
  return options;
}

std::string pod(const std::string& image) {
  return "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n    - name: c\n"
         "      image: " +
         image + " # ours\n";
}

struct Running {
  explicit Running(const fs::path& path) : Running(options_for(path)) {}
  explicit Running(FilesTargetOptions options) : target(std::move(options), clock) {
    REQUIRE(target.start(listener));
    REQUIRE(eventually([this] { return listener.synced > 0; }));
  }
  std::vector<std::string> ids() const {
    std::vector<std::string> result;
    for (const auto& workload : target.workloads())
      result.push_back(workload->id);
    return result;
  }
  bool eventually_ids(const std::vector<std::string>& want) const {
    return eventually([&] { return ids() == want; });
  }
  Delivery deliver(const Action& action) { return target.deliver(action, std::stop_token()); }

  SystemClock clock;
  Listener listener;  // outlives the target
  FilesTarget target;
};

ImageRef image(const std::string& text) {
  return *ImageRef::parse(text);
}

Action action_for(const std::string& workload, const std::string& container,
                  const std::string& from, const std::string& to) {
  return Action{ActionId::make(Time{}),
                "manifests",
                workload,
                image(from).repository(),
                {ContainerChange{container, image(from), image(to), std::nullopt}},
                EventId::make(Time{}),
                1,
                "",
                ActionState::ready,
                0,
                {},
                {},
                ""};
}

Action pod_action(const std::string& from = "a/b:1", const std::string& to = "a/b:2") {
  return action_for("a.yaml Pod p", "c", from, to);
}

}  // namespace

TEST_CASE("A files target lists the workloads of its folder", "[sinks][files][target]") {
  const TempFolder scratch;
  scratch.write("a.yaml", pod("a/b:1"));
  scratch.write("sub/compose.yaml", "services: {web: {image: a/web:1}, db: {image: a/b:9}}\n");
  scratch.write("bad.yaml", "a: [\n");
  scratch.write("tpl.yaml", "{{- if .x }}\na: 1\n{{- end }}\n");
  Running run(scratch.path());
  CHECK(run.ids() == std::vector<std::string>{"a.yaml Pod p", "sub/compose.yaml service db",
                                              "sub/compose.yaml service web"});
  const auto found = run.target.workloads_of(*Repository::parse("a/b"));
  REQUIRE(found.size() == 2);
  CHECK(found[0]->containers.at(0).image.str() == "a/b:1");
  CHECK(found[0]->target == "manifests");
  CHECK(run.target.workloads_of(*Repository::parse("a/none")).empty());
  const TargetState state = run.target.state();
  CHECK(state.synced);
  CHECK(state.synced_at);
  CHECK(state.workloads == 3);
  REQUIRE(state.problems.size() == 2);
  CHECK_THAT(state.problems[0], Contains("bad.yaml:2: "));
  CHECK_THAT(state.problems[1], Contains("tpl.yaml: ") && Contains("template"));
  CHECK(run.listener.count() == 0);
}

TEST_CASE("A path that is no folder fails at start", "[sinks][files][target]") {
  const TempFolder scratch;
  scratch.write("a.yaml", "");
  const SystemClock clock;
  Listener listener;
  FilesTarget missing(options_for(scratch.path() / "none"), clock);
  CHECK(missing.start(listener).error().code == Errc::invalid_input);
  FilesTarget file(options_for(scratch.path() / "a.yaml"), clock);
  CHECK(file.start(listener).error().code == Errc::invalid_input);
}

TEST_CASE("Changes in the folder are seen and told", "[sinks][files][target]") {
  const TempFolder scratch;
  scratch.write("a.yaml", pod("a/b:1"));
  Running run(scratch.path());
  const std::vector<std::string> only_a{"a.yaml Pod p"};

  scratch.write("new.yaml", pod("a/new:1"));  // a file is added
  CHECK(run.eventually_ids({"a.yaml Pod p", "new.yaml Pod p"}));
  CHECK(eventually([&] { return run.listener.told("docker.io/a/new"); }));

  fs::remove(scratch.path() / "new.yaml");
  CHECK(run.eventually_ids(only_a));
  CHECK(eventually([&] { return run.listener.told("docker.io/a/new"); }));  // that it is gone

  scratch.write("a.yaml", pod("a/other:1"));  // written in place
  CHECK(eventually([&] { return run.listener.told("docker.io/a/other"); }));
  CHECK(run.target.workloads_of(*Repository::parse("a/b")).empty());

  scratch.write("~a", pod("a/b:2"));  // as editors do
  fs::rename(scratch.path() / "~a", scratch.path() / "a.yaml");
  CHECK(eventually([&] { return run.listener.told("docker.io/a/b"); }));

  scratch.write("deep/er/x.yaml", pod("a/deep:1"));  // a folder in a new folder
  CHECK(run.eventually_ids({"a.yaml Pod p", "deep/er/x.yaml Pod p"}));
  fs::rename(scratch.path() / "deep", scratch.path() / "moved");
  CHECK(run.eventually_ids({"a.yaml Pod p", "moved/er/x.yaml Pod p"}));
  scratch.write("moved/er/x.yaml", pod("a/deeper:1"));  // still watched under its new name
  CHECK(eventually([&] { return run.listener.told("docker.io/a/deeper"); }));
  fs::remove_all(scratch.path() / "moved");
  CHECK(run.eventually_ids(only_a));

  const TempFolder outside;  // a folder that is moved in
  outside.write("in/y.yaml", pod("a/in:1"));
  fs::rename(outside.path() / "in", scratch.path() / "in");
  CHECK(run.eventually_ids({"a.yaml Pod p", "in/y.yaml Pod p"}));
  CHECK(eventually([&] { return run.listener.told("docker.io/a/in"); }));
}

TEST_CASE("A changed annotation is told, a changed comment is not", "[sinks][files][target]") {
  const TempFolder scratch;
  const std::string compose =
      "services: {w: {image: a/w:1, labels: {longshore.dev/policy: semver}}}\n";
  scratch.write("compose.yaml", compose);
  scratch.write("a.yaml", pod("a/b:1"));
  Running run(scratch.path());
  scratch.write("compose.yaml", "# only a comment\n" + compose);
  scratch.write("a.yaml", pod("a/b:2"));
  CHECK(eventually([&] { return run.listener.told("docker.io/a/b"); }));
  CHECK_FALSE(run.listener.told("docker.io/a/w"));
  scratch.write("compose.yaml",
                "services: {w: {image: a/w:1, labels: {longshore.dev/policy: digest}}}\n");
  CHECK(eventually([&] { return run.listener.told("docker.io/a/w"); }));
}

TEST_CASE("Everything is listed again every rescan", "[sinks][files][target]") {
  const TempFolder scratch;
  auto options = options_for(scratch.path());
  options.rescan = std::chrono::seconds{0};
  Running run(std::move(options));
  CHECK(eventually([&] { return run.listener.synced >= 3; }));
}

TEST_CASE("A folder that goes away unsyncs the target, and syncs it when it is back",
          "[sinks][files][target]") {
  const TempFolder scratch;
  scratch.write("live/a.yaml", pod("a/b:1"));
  Running run(scratch.path() / "live");
  fs::rename(scratch.path() / "live", scratch.path() / "away");
  CHECK(eventually([&] { return !run.target.state().synced; }));
  CHECK_FALSE(run.target.state().problems.empty());
  CHECK(run.ids().size() == 1);
  CHECK(run.deliver(pod_action()).outcome == Outcome::retry);
  const int synced = run.listener.synced;
  fs::rename(scratch.path() / "away", scratch.path() / "live");
  CHECK(eventually([&] { return run.listener.synced > synced && run.target.state().synced; }));
}

TEST_CASE("deliver changes the image and nothing else, once", "[sinks][files][deliver]") {
  const TempFolder scratch;
  scratch.write("a.yaml", pod("a/b:1"));
  Running run(scratch.path());
  const auto first = run.deliver(pod_action());
  CHECK(first.outcome == Outcome::delivered);
  CHECK(scratch.read("a.yaml") == pod("a/b:2"));
  CHECK(run.target.workloads().at(0)->containers.at(0).image == image("a/b:2"));
  struct stat before {};
  REQUIRE(stat((scratch.path() / "a.yaml").c_str(), &before) == 0);
  CHECK(run.deliver(pod_action()).outcome == Outcome::delivered);  // already there
  struct stat after {};
  REQUIRE(stat((scratch.path() / "a.yaml").c_str(), &after) == 0);
  CHECK(after.st_ino == before.st_ino);
  CHECK(scratch.entries() == 1);
}

TEST_CASE("Our own write is not told", "[sinks][files][deliver]") {
  const TempFolder scratch;
  scratch.write("a.yaml", pod("a/b:1"));
  Running run(scratch.path());
  REQUIRE(run.deliver(pod_action()).outcome == Outcome::delivered);
  // A later change of another file is told; by then ours has been seen as well.
  scratch.write("z.yaml", pod("a/z:1"));
  CHECK(eventually([&] { return run.listener.told("docker.io/a/z"); }));
  CHECK(run.listener.count() == 0);
}

TEST_CASE("deliver is a conflict where something else runs", "[sinks][files][deliver]") {
  const TempFolder scratch;
  scratch.write("a.yaml", pod("a/b:1"));
  Running run(scratch.path());
  CHECK(run.deliver(pod_action("a/b:0", "a/b:2")).outcome == Outcome::conflict);
  CHECK(run.deliver(action_for("a.yaml Pod q", "c", "a/b:1", "a/b:2")).outcome ==
        Outcome::conflict);
  CHECK(run.deliver(action_for("a.yaml Pod p", "d", "a/b:1", "a/b:2")).outcome ==
        Outcome::conflict);
  CHECK(scratch.read("a.yaml") == pod("a/b:1"));
  fs::remove(scratch.path() / "a.yaml");
  CHECK(run.deliver(pod_action()).outcome == Outcome::conflict);
}

TEST_CASE("All containers of an action move together or none does", "[sinks][files][deliver]") {
  const TempFolder scratch;
  const auto two = [](const std::string& x, const std::string& y) {
    return "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - {name: x, "
           "image: a/b:" +
           x + "}\n  - {name: y, image: a/b:" + y + "}\n";
  };
  Action action = action_for("a.yaml Pod p", "x", "a/b:1", "a/b:2");
  action.changes.push_back({"y", image("a/b:1"), image("a/b:2"), std::nullopt});
  SECTION("all from") {
    scratch.write("a.yaml", two("1", "1"));
    Running run(scratch.path());
    CHECK(run.deliver(action).outcome == Outcome::delivered);
    CHECK(scratch.read("a.yaml") == two("2", "2"));
  }
  SECTION("some of them already") {
    scratch.write("a.yaml", two("2", "1"));
    Running run(scratch.path());
    CHECK(run.deliver(action).outcome == Outcome::conflict);
    CHECK(scratch.read("a.yaml") == two("2", "1"));
  }
  SECTION("one cannot be written") {
    scratch.write("a.yaml",
                  "kind: Kustomization\nimages:\n- {name: x, newName: a/b, newTag: \"1\"}\n"
                  "- {name: y, newName: a/b, digest: sha256:" +
                      std::string(64, 'a') + "}\n");
    Running run(scratch.path());
    action.workload = "a.yaml Kustomization";
    action.changes[1].from = image("a/b@sha256:" + std::string(64, 'a'));
    const std::string before = scratch.read("a.yaml");
    CHECK(run.deliver(action).outcome == Outcome::rejected);
    CHECK(scratch.read("a.yaml") == before);
  }
}

TEST_CASE("deliver follows no link and refuses hard links", "[sinks][files][deliver]") {
  const TempFolder outside;
  outside.write("a.yaml", pod("a/b:1"));
  const TempFolder scratch;
  scratch.write("d/a.yaml", pod("a/b:1"));
  auto options = options_for(scratch.path());
  // A long settling keeps the inventory as it was while the file is exchanged.
  options.settle = std::chrono::seconds{30};
  Running run(std::move(options));
  const Action action = action_for("d/a.yaml Pod p", "c", "a/b:1", "a/b:2");
  SECTION("the file became a link") {
    fs::remove(scratch.path() / "d/a.yaml");
    fs::create_symlink(outside.path() / "a.yaml", scratch.path() / "d/a.yaml");
  }
  SECTION("the folder became a link") {
    fs::remove_all(scratch.path() / "d");
    fs::create_directory_symlink(outside.path(), scratch.path() / "d");
  }
  SECTION("the file has two names") {
    fs::create_hard_link(scratch.path() / "d/a.yaml", outside.path() / "b.yaml");
  }
  SECTION("the file became a fifo") {
    fs::remove(scratch.path() / "d/a.yaml");
    REQUIRE(mkfifo((scratch.path() / "d/a.yaml").c_str(), 0600) == 0);
  }
  const auto delivery = run.deliver(action);
  CHECK(delivery.outcome == Outcome::rejected);
  CHECK_FALSE(delivery.detail.empty());
  CHECK(outside.read("a.yaml") == pod("a/b:1"));
}

TEST_CASE("A folder without the right to write is forbidden", "[sinks][files][deliver]") {
  if (geteuid() == 0) return;  // root may write everywhere
  const TempFolder scratch;
  scratch.write("d/a.yaml", pod("a/b:1"));
  Running run(scratch.path());
  fs::permissions(scratch.path() / "d", fs::perms::owner_read | fs::perms::owner_exec);
  CHECK(run.deliver(action_for("d/a.yaml Pod p", "c", "a/b:1", "a/b:2")).outcome ==
        Outcome::forbidden);
  fs::permissions(scratch.path() / "d", fs::perms::owner_all);
}

TEST_CASE("A stop that was requested leaves the file alone", "[sinks][files][deliver]") {
  const TempFolder scratch;
  scratch.write("a.yaml", pod("a/b:1"));
  Running run(scratch.path());
  std::stop_source stop;
  stop.request_stop();
  CHECK(run.target.deliver(pod_action(), stop.get_token()).outcome == Outcome::retry);
  CHECK(scratch.read("a.yaml") == pod("a/b:1"));
}

TEST_CASE("Temporary files of a crashed run are removed at start", "[sinks][files][target]") {
  const TempFolder scratch;
  scratch.write("d/.longshore-0123456789abcdef.tmp", "half");
  scratch.write("d/.longshore-mine.tmp", "not ours");
  Running run(scratch.path());
  CHECK_FALSE(fs::exists(scratch.path() / "d/.longshore-0123456789abcdef.tmp"));
  CHECK(fs::exists(scratch.path() / "d/.longshore-mine.tmp"));
}

TEST_CASE("A file that is too large is left alone and named", "[sinks][files][target]") {
  const TempFolder scratch;
  scratch.write("a.yaml", pod("a/b:1"));
  auto options = options_for(scratch.path());
  options.max_file_bytes = 20;
  Running run(std::move(options));
  CHECK(run.ids().empty());
  CHECK_THAT(run.target.state().problems.at(0), Contains("larger than 20 bytes"));
}

TEST_CASE("Two deliveries to one file both arrive", "[sinks][files][deliver]") {
  const TempFolder scratch;
  std::string compose = "services:\n";
  for (int i = 0; i < 8; ++i)
    compose += "  s" + std::to_string(i) + ": {image: \"a/b:1\"}\n";
  scratch.write("compose.yaml", compose);
  Running run(scratch.path());
  std::atomic<int> delivered{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&run, &delivered, i] {
        const std::string name = "s" + std::to_string(i);
        const auto action = action_for("compose.yaml service " + name, name, "a/b:1", "a/b:2");
        delivered += run.deliver(action).outcome == Outcome::delivered ? 1 : 0;
      });
    }
  }
  CHECK(delivered == 8);
  CHECK(scratch.read("compose.yaml").find("a/b:1") == std::string::npos);
}

TEST_CASE("Ten thousand files are listed and looked up", "[sinks][files][target]") {
  const TempFolder scratch;
  for (int i = 0; i < 10'000; ++i) {
    const std::string n = std::to_string(i);
    scratch.write("d" + std::to_string(i % 100) + "/f" + n + ".yaml",
                  pod("a/r" + std::to_string(i % 50) + ":1"));
  }
  Running run(scratch.path());
  CHECK(run.target.state().workloads == 10'000);
  CHECK(run.target.workloads_of(*Repository::parse("a/r7")).size() == 200);
  scratch.write("d3/f3.yaml", pod("a/late:1"));
  CHECK(eventually([&] { return run.listener.told("docker.io/a/late"); }));
}
