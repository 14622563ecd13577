// SPDX-License-Identifier: Apache-2.0
#include "pipeline/store.h"

#include <algorithm>
#include <fstream>
#include <sstream>

#include <catch2/catch.hpp>

#include "pipeline/schema.h"
#include "pipeline/store_reader.h"
#include "tests/support/engine_fixture.h"

using namespace longshore;
using longshore::test::TempFolder;

namespace {

StoreOptions options_in(const TempFolder& folder) {
  StoreOptions options;
  options.path = folder.path() / "longshore.db";
  return options;
}

std::string fixture_sql(int version) {
  const std::filesystem::path folder = LONGSHORE_SOURCE_DIR "/tests/pipeline/schemas";
  std::ifstream in(folder / ("version-" + std::to_string(version) + ".sql"));
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("A store of every released schema opens and keeps what it holds", "[pipeline][store]") {
  for (int version = 1; version <= static_cast<int>(migrations().size()); ++version) {
    CAPTURE(version);
    TempFolder folder;
    const StoreOptions options = options_in(folder);
    const std::string sql = fixture_sql(version);
    REQUIRE_FALSE(sql.empty());
    {
      auto database = Database::open(options.path, Database::Access::read_write, "");
      REQUIRE(database);
      REQUIRE(database->execute(sql));
    }
    auto store = open_store(options);
    REQUIRE(store);
    auto reader = StoreReader::open(options.path, "");
    REQUIRE(reader);
    const auto open = reader->open_events();
    REQUIRE(open);
    REQUIRE(open->size() == 1);
    CHECK(open->front().second.str() == "docker.io/acme/shop");
    CHECK(reader->open_actions()->size() == 1);
    CHECK(reader->audit_lines(0, 10)->size() == 1);
    CHECK(store->writer.audit_head().lines == 1);
    CHECK(reader->rollouts().watching()->size() == (version < 3 ? 0 : 1));
  }
}

TEST_CASE("A migration copies the file first and runs all its steps or none", "[pipeline][store]") {
  TempFolder folder;
  const auto file = folder.path() / "some.db";
  auto database = Database::open(file, Database::Access::read_write, "");
  REQUIRE(database);
  constexpr std::string_view kFirst = "CREATE TABLE a(x); INSERT INTO a VALUES(7);";
  constexpr std::string_view kSecond = "ALTER TABLE a ADD COLUMN y; UPDATE a SET y = x + 1;";
  const std::vector<std::string_view> one = {kFirst};
  REQUIRE(migrate(*database, file, one));
  CHECK(*database->integer("PRAGMA user_version") == 1);

  const std::vector<std::string_view> broken = {kFirst, "UPDATE a SET x = 0; NONSENSE;"};
  CHECK_FALSE(migrate(*database, file, broken));
  CHECK(*database->integer("SELECT x FROM a") == 7);
  CHECK(*database->integer("PRAGMA user_version") == 1);

  const std::vector<std::string_view> two = {kFirst, kSecond};
  REQUIRE(migrate(*database, file, two));
  CHECK(*database->integer("SELECT y FROM a") == 8);
  CHECK(std::filesystem::exists(folder.path() / "some.db.v1"));

  const auto older = migrate(*database, file, one);
  REQUIRE_FALSE(older);
  CHECK(older.error().code == Errc::unsupported);
}

TEST_CASE("A file that is no store is refused and left as it is", "[pipeline][store]") {
  TempFolder folder;
  const StoreOptions options = options_in(folder);
  const std::string text(4096, 'x');
  std::ofstream(options.path) << text;
  const auto store = open_store(options);
  REQUIRE_FALSE(store);
  CHECK(store.error().message.find("longshore.db") != std::string::npos);
  std::ostringstream after;
  after << std::ifstream(options.path).rdbuf();
  CHECK(after.str() == text);
}

TEST_CASE("Nobody else may read a new store", "[pipeline][store]") {
  TempFolder folder;
  const auto store = open_store(options_in(folder));
  REQUIRE(store);
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    CAPTURE(entry.path());
    using std::filesystem::perms;
    CHECK(entry.status().permissions() == (perms::owner_read | perms::owner_write));
    ++files;
  }
  CHECK(files >= 3);  // the log of SQLite and our lock as well
}

TEST_CASE("A folder that does not exist is a clear error", "[pipeline][store]") {
  TempFolder folder;
  StoreOptions options;
  options.path = folder.path() / "missing" / "longshore.db";
  const auto store = open_store(options);
  REQUIRE_FALSE(store);
  CHECK(store.error().code == Errc::io);
  CHECK(store.error().message.find("missing") != std::string::npos);
}

TEST_CASE("Pruning keeps the newest event, open ones, and as many as it is told",
          "[pipeline][store]") {
  TempFolder folder;
  auto store = open_store(options_in(folder));
  REQUIRE(store);
  StoreWriter& writer = store->writer;
  REQUIRE(writer.begin());
  for (Seq seq = 1; seq <= 10; ++seq) {
    Event event = longshore::test::pushed("acme/shop:1." + std::to_string(seq));
    event.seq = seq;
    REQUIRE(writer.insert_event(event));
    if (seq != 3) REQUIRE(writer.finish_event(seq, event.id));
  }
  CHECK(*writer.prune_events(Time{}, 5, 100) == 4);       // 1, 2, 4, 5
  CHECK(*writer.prune_events(Time::max(), 5, 100) == 4);  // 6 to 9, by age
  REQUIRE(writer.commit());
  auto reader = StoreReader::open(folder.path() / "longshore.db", "");
  const auto left = reader->events(std::vector<Seq>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
  REQUIRE(left->size() == 2);
  CHECK(left->front().seq == 3);
  CHECK(left->back().seq == 10);
}

TEST_CASE("Pruning removes finished actions with their changes, never open or dead ones",
          "[pipeline][store]") {
  TempFolder folder;
  auto store = open_store(options_in(folder));
  REQUIRE(store);
  StoreWriter& writer = store->writer;
  REQUIRE(writer.begin());
  const auto put = [&](const std::string& workload, ActionState state) {
    const Event event = longshore::test::pushed("acme/shop:1.2");
    const Action action{.id = ActionId::make(event.received_at),
                        .target = "prod",
                        .workload = workload,
                        .repository = event.repository,
                        .changes = {{"web", *ImageRef::parse("acme/shop:1.1"),
                                     *ImageRef::parse("acme/shop:1.2"), std::nullopt}},
                        .event = event.id,
                        .seq = 1,
                        .reason = "newer",
                        .state = state,
                        .attempts = 0,
                        .created = event.received_at,
                        .due = event.received_at,
                        .error = {}};
    REQUIRE(*writer.insert_action(action));
  };
  put("a", ActionState::done);
  put("b", ActionState::superseded);
  put("c", ActionState::dead);
  put("d", ActionState::waiting);
  CHECK(*writer.prune_actions(Time{}, 100) == 0);
  CHECK(*writer.prune_actions(Time::max(), 100) == 2);
  REQUIRE(writer.commit());
  auto reader = StoreReader::open(folder.path() / "longshore.db", "");
  auto left = reader->actions(std::nullopt, 10);
  REQUIRE(left->size() == 2);
  // Ids of one millisecond have no order.
  std::ranges::sort(*left, {}, &Action::workload);
  CHECK(left->front().workload == "c");
  CHECK(left->front().changes.size() == 1);
  CHECK(left->back().workload == "d");
}
