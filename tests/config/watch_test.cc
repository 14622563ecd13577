// SPDX-License-Identifier: Apache-2.0
#include "config/watch.h"

#include <condition_variable>
#include <mutex>

#include <catch2/catch.hpp>

#include "tests/support/temp_folder.h"

using longshore::ConfigWatcher;
using longshore::test::TempFolder;
using std::chrono::milliseconds;
namespace fs = std::filesystem;

namespace {

constexpr ConfigWatcher::Options kQuick{milliseconds(5), std::chrono::hours(1)};

// Counts the calls of a watcher's callback, and waits for them with a deadline.
class Calls {
 public:
  std::function<void()> counter() {
    return [this] {
      const std::lock_guard lock(mutex_);
      ++count_;
      changed_.notify_all();
    };
  }
  bool reach(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return count_ >= count; });
  }
  int count() {
    const std::lock_guard lock(mutex_);
    return count_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
};

std::unique_ptr<ConfigWatcher> follow(std::vector<fs::path> inputs, std::function<void()> changed,
                                      ConfigWatcher::Options options = kQuick) {
  auto watcher = ConfigWatcher::start(std::move(inputs), std::move(changed), options);
  REQUIRE(watcher);
  return *std::move(watcher);
}

// As the kubelet does it: a new folder, a link to it beside, and a rename over ..data.
void publish(const TempFolder& folder, const std::string& version, std::string_view content) {
  folder.write(".." + version + "/longshore.yaml", content);
  fs::create_directory_symlink(".." + version, folder.path() / "..data_tmp");
  fs::rename(folder.path() / "..data_tmp", folder.path() / "..data");
}

// As an editor does it. A file that is written in place is empty for a moment, and on a busy
// machine that is seen as a change of its own.
void replace(const TempFolder& folder, const std::string& name, std::string_view content) {
  fs::rename(folder.write("new", content), folder.path() / name);
}

}  // namespace

TEST_CASE("A file that is written in place is seen", "[config][watch]") {
  const TempFolder folder;
  const auto file = folder.write("c.yaml", "one");
  Calls calls;
  const auto watcher = follow({file}, calls.counter());
  folder.write("c.yaml", "two");
  CHECK(calls.reach(1));
}

TEST_CASE("A file that an editor replaces is seen, again and again", "[config][watch]") {
  const TempFolder folder;
  const auto file = folder.write("c.yaml", "one");
  Calls calls;
  const auto watcher = follow({file}, calls.counter());
  for (int i = 1; i <= 3; ++i) {
    fs::rename(folder.write("c.yaml~", std::to_string(i)), file);
    REQUIRE(calls.reach(i));
  }
}

TEST_CASE("A file that is removed and made again is seen both times", "[config][watch]") {
  const TempFolder folder;
  const auto file = folder.write("sub/c.yaml", "one");
  Calls calls;
  const auto watcher = follow({file}, calls.counter());
  fs::remove(file);
  REQUIRE(calls.reach(1));
  folder.write("sub/c.yaml", "one");
  REQUIRE(calls.reach(2));
  fs::remove_all(folder.path() / "sub");
  REQUIRE(calls.reach(3));
  folder.write("sub/c.yaml", "one");
  REQUIRE(calls.reach(4));
}

TEST_CASE("The swap of a mounted ConfigMap is seen, again and again", "[config][watch]") {
  const TempFolder folder;
  publish(folder, "v0", "zero");
  const auto file = folder.path() / "longshore.yaml";
  fs::create_symlink("..data/longshore.yaml", file);
  Calls calls;
  const auto watcher = follow({file}, calls.counter());
  for (int i = 1; i <= 3; ++i) {
    publish(folder, "v" + std::to_string(i), "version " + std::to_string(i));
    fs::remove_all(folder.path() / ("..v" + std::to_string(i - 1)));
    REQUIRE(calls.reach(i));
  }
}

TEST_CASE("A folder that is a link to another is followed when it is swapped", "[config][watch]") {
  const TempFolder folder;
  folder.write("one/etc/c.yaml", "one");
  folder.write("two/etc/c.yaml", "two");
  fs::create_directory_symlink(folder.path() / "one", folder.path() / "current");
  Calls calls;
  const auto watcher = follow({folder.path() / "current/etc/c.yaml"}, calls.counter());
  fs::create_directory_symlink("two", folder.path() / "next");
  fs::rename(folder.path() / "next", folder.path() / "current");
  REQUIRE(calls.reach(1));
  folder.write("two/etc/c.yaml", "three");
  REQUIRE(calls.reach(2));
}

TEST_CASE("A file is seen when it is written through another of its names", "[config][watch]") {
  const TempFolder folder;
  const auto file = folder.write("here/c.yaml", "one");
  folder.folder("elsewhere");
  fs::create_hard_link(file, folder.path() / "elsewhere/c.yaml");
  Calls calls;
  const auto watcher = follow({file}, calls.counter());
  folder.write("elsewhere/c.yaml", "two");
  CHECK(calls.reach(1));
}

TEST_CASE("A replaced secret is seen once it is an input", "[config][watch]") {
  const TempFolder folder;
  const auto file = folder.write("c.yaml", "one");
  const auto secret = folder.write("run/secrets/token", "old");
  Calls calls;
  const auto watcher = follow({file}, calls.counter());
  watcher->watch({file, secret});
  fs::rename(folder.write("run/secrets/.token", "new"), secret);
  CHECK(calls.reach(1));
}

TEST_CASE("A secret that is not there yet is seen when it comes", "[config][watch]") {
  const TempFolder folder;
  const auto file = folder.write("c.yaml", "one");
  Calls calls;
  const auto watcher = follow({file, folder.path() / "run/secrets/token"}, calls.counter());
  folder.write("run/secrets/token", "new");
  CHECK(calls.reach(1));
}

TEST_CASE("An input that was taken away is no longer followed", "[config][watch]") {
  const TempFolder folder;
  const auto file = folder.write("a/c.yaml", "one");
  const auto secret = folder.write("b/token", "old");
  Calls calls;
  Calls others;
  const auto watcher = follow({file, secret}, calls.counter());
  watcher->watch({file});
  const auto other = follow({secret}, others.counter());
  folder.write("b/token", "new");
  REQUIRE(others.reach(1));
  replace(folder, "a/c.yaml", "two");
  REQUIRE(calls.reach(1));
  CHECK(calls.count() == 1);
}

TEST_CASE("Neither a touch nor a file beside it counts", "[config][watch]") {
  const TempFolder folder;
  const auto file = folder.write("c.yaml", "one");
  const auto beside = folder.write("audit.jsonl", "");
  Calls calls;
  Calls others;
  const auto watcher = follow({file}, calls.counter());
  const auto other = follow({beside}, others.counter());
  fs::last_write_time(file, fs::file_time_type::clock::now() + std::chrono::hours(1));
  replace(folder, "c.yaml", "one");
  folder.write("audit.jsonl", "{}");
  REQUIRE(others.reach(1));
  replace(folder, "c.yaml", "two");
  REQUIRE(calls.reach(1));
  CHECK(calls.count() == 1);
}

TEST_CASE("A change during the callback leads to another call", "[config][watch]") {
  const TempFolder folder;
  const auto file = folder.write("c.yaml", "one");
  Calls calls;
  std::unique_ptr<ConfigWatcher> watcher;
  bool first = true;
  const auto count = calls.counter();
  watcher = follow({file}, [&] {
    if (first) {
      first = false;
      folder.write("c.yaml", "three");
      watcher->watch({file});  // what a reload does; it must not hide the change
    }
    count();
  });
  folder.write("c.yaml", "two");
  CHECK(calls.reach(2));
}

TEST_CASE("A poke calls back without a change", "[config][watch]") {
  const TempFolder folder;
  const auto file = folder.write("c.yaml", "one");
  Calls calls;
  const auto watcher = follow({file}, calls.counter());
  watcher->poke();
  REQUIRE(calls.reach(1));
  watcher->poke();
  REQUIRE(calls.reach(2));
}

TEST_CASE("A change that the kernel tells nobody is found by looking", "[config][watch]") {
  const TempFolder folder;
  // The way to the file goes through a folder above those that are watched.
  folder.write("a/b/c.yaml", "one");
  folder.write("x/b/c.yaml", "two");
  Calls calls;
  const auto watcher =
      follow({folder.path() / "a/b/c.yaml"}, calls.counter(), {milliseconds(5), milliseconds(20)});
  fs::rename(folder.path() / "a", folder.path() / "old");
  fs::rename(folder.path() / "x", folder.path() / "a");
  CHECK(calls.reach(1));
}

TEST_CASE("A watcher ends at once, whatever it waits for", "[config][watch]") {
  const TempFolder folder;
  const auto file = folder.write("c.yaml", "one");
  Calls calls;
  const auto begin = std::chrono::steady_clock::now();
  {
    const auto watcher =
        follow({file}, calls.counter(), {std::chrono::minutes(1), std::chrono::hours(1)});
    folder.write("c.yaml", "two");
  }
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(10));
}
