// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <set>

#include <catch2/catch.hpp>
#include <sqlite3.h>

#include "pipeline/store.h"
#include "pipeline/store_reader.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/power_cut_vfs.h"

using namespace longshore;
using longshore::test::EngineFixture;
using longshore::test::eventually;
using longshore::test::hex_digest;
using longshore::test::PowerCutVfs;

namespace {

constexpr int kPushes = 60;

struct Image {
  std::unique_ptr<longshore::test::TempFolder> folder;
  Seq acknowledged = 0;
  std::string manifest;  // what the target ran when the power went
};

enum class CutAfter { each_acknowledgement, each_sync };

// Pushes, and cuts the power after each acknowledgement, or after each sync, which is each commit
// of whatever kind and each step of a checkpoint: returns what the disk would have.
std::vector<Image> run_and_cut(bool sync_each_commit, CutAfter moment) {
  PowerCutVfs vfs;
  EngineFixture fixture;
  fixture.options.store.vfs = PowerCutVfs::name();
  fixture.options.store.sync_each_commit = sync_each_commit;
  fixture.target->put("shop", "acme/shop:1.4.0", "semver:~1.4");
  std::vector<Image> images;
  std::atomic<Seq> acknowledged{0};
  const auto cut = [&] {
    Image image{std::make_unique<longshore::test::TempFolder>(), acknowledged,
                fixture.target->image("shop")};
    PowerCutVfs::write_image(fixture.options.store.path, image.folder->path());
    images.push_back(std::move(image));
  };
  REQUIRE(fixture.start());
  if (moment == CutAfter::each_sync) PowerCutVfs::on_sync(cut);
  for (int i = 1; i <= kPushes; ++i) {
    const auto accepted = fixture.push("acme/shop:1.4." + std::to_string(i));
    REQUIRE(accepted);
    acknowledged = accepted->durable_after;
    if (moment == CutAfter::each_acknowledgement) cut();
  }
  fixture.engine.reset();
  PowerCutVfs::on_sync({});
  return images;
}

// How many acknowledged events the image lacks. It has to open as a sound database.
Seq count_lost(const Image& image) {
  StoreOptions options;
  options.path = image.folder->path() / "longshore.db";
  auto store = open_store(options);
  REQUIRE(store);
  auto reader = StoreReader::open(options.path, "");
  REQUIRE(reader);
  Seq lost = 0;
  for (Seq seq = 1; seq <= image.acknowledged; ++seq) {
    const auto events = reader->events(std::vector<Seq>{seq});
    REQUIRE(events);
    lost += events->empty() ? 1 : 0;
  }
  return lost;
}

}  // namespace

TEST_CASE("A power cut after any commit loses no acknowledged event", "[pipeline][power_cut]") {
  const auto moment = GENERATE(CutAfter::each_acknowledgement, CutAfter::each_sync);
  const auto images = run_and_cut(true, moment);
  CHECK(images.size() >= kPushes);
  for (const Image& image : images) {
    CAPTURE(image.acknowledged);
    CHECK(count_lost(image) == 0);
  }
}

TEST_CASE("Without a sync for each commit the same run does lose events: the test can tell",
          "[pipeline][power_cut]") {
  Seq lost = 0;
  for (const Image& image : run_and_cut(false, CutAfter::each_acknowledgement)) {
    lost += count_lost(image);
  }
  CHECK(lost > 0);
}

TEST_CASE("After a power cut everything acknowledged is decided and takes effect",
          "[pipeline][power_cut]") {
  for (const Image& image : run_and_cut(true, CutAfter::each_sync)) {
    CAPTURE(image.acknowledged);
    if (image.acknowledged == 0) continue;
    EngineFixture after;
    after.options.store.path = image.folder->path() / "longshore.db";
    after.target->put("shop", image.manifest, "semver:~1.4");
    REQUIRE(after.start());
    CHECK(eventually([&] { return after.engine->status().backlog == 0; }));
    // What was on its way and not yet acknowledged may be there as well.
    CHECK(eventually([&] {
      const auto runs = Version::parse(ImageRef::parse(after.target->image("shop"))->tag()->str());
      return runs->patch() >= image.acknowledged;
    }));
    // An older action that was on its way may come first; nothing has its effect twice.
    const auto writes = after.target->writes();
    CHECK(std::set<std::string>(writes.begin(), writes.end()).size() == writes.size());
    CHECK(writes.size() <= 2);
  }
}

TEST_CASE("A disk that fails ends the accepting and acknowledges nothing more",
          "[pipeline][power_cut]") {
  PowerCutVfs vfs;
  EngineFixture fixture;
  fixture.options.store.vfs = PowerCutVfs::name();
  REQUIRE(fixture.start());
  REQUIRE(fixture.push("acme/shop:1.4.1"));
  const int code = GENERATE(SQLITE_IOERR_WRITE, SQLITE_IOERR_FSYNC, SQLITE_FULL);
  PowerCutVfs::fail_with(code);
  const auto accepted = fixture.push("acme/shop:1.4.2");
  REQUIRE_FALSE(accepted);
  CHECK(accepted.error().code == Errc::unavailable);
  CHECK(eventually([&] { return fixture.failed.load(); }));
  CHECK_FALSE(fixture.engine->status().accepting);
  PowerCutVfs::fail_with(0);
  const auto later = fixture.push("acme/shop:1.4.3");
  REQUIRE_FALSE(later);  // what the disk holds is not known: only a new start finds out
  fixture.engine.reset();
}
