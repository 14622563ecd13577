// SPDX-License-Identifier: Apache-2.0
#include "sinks/files/replace.h"

#include <catch2/catch.hpp>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "tests/support/temp_folder.h"

using namespace longshore;
using longshore::test::TempFolder;
namespace fs = std::filesystem;

namespace {

Result<FileReplacement> prepare(const TempFolder& scratch, const std::string& bytes) {
  auto root = open_root(scratch.path());
  REQUIRE(root);
  auto content = read_file(*root, "a.yaml", "a.yaml", 1'000);
  REQUIRE(content);
  return FileReplacement::prepare(*std::move(root), "a.yaml", *std::move(content), bytes);
}

struct stat status_of(const fs::path& path) {
  struct stat status {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  return status;
}

}  // namespace

TEST_CASE("A replaced file keeps its mode, owner and attributes", "[sinks][files][replace]") {
  const TempFolder scratch;
  scratch.write("a.yaml", "old\n");
  const fs::path path = scratch.path() / "a.yaml";
  REQUIRE(chmod(path.c_str(), 0640) == 0);
  const bool is_root = geteuid() == 0;
  if (is_root) REQUIRE(chown(path.c_str(), 1234, 4321) == 0);
  const bool has_attributes = setxattr(path.c_str(), "user.note", "x", 1, 0) == 0;
  const auto before = status_of(path);
  auto replacement = prepare(scratch, "new\n");
  REQUIRE(replacement);
  CHECK(scratch.read("a.yaml") == "old\n");
  const auto signature = replacement->commit();
  REQUIRE(signature);
  CHECK(scratch.read("a.yaml") == "new\n");
  const auto after = status_of(path);
  CHECK(after.st_mode == before.st_mode);
  CHECK(after.st_uid == before.st_uid);
  CHECK(after.st_gid == before.st_gid);
  CHECK(after.st_ino != before.st_ino);
  CHECK(FileSignature::of(after) == *signature);
  if (has_attributes) CHECK(getxattr(path.c_str(), "user.note", nullptr, 0) == 1);
  CHECK(scratch.entries() == 1);
}

TEST_CASE("A file that somebody else changed is left to them", "[sinks][files][replace]") {
  const TempFolder scratch;
  scratch.write("a.yaml", "old\n");
  auto replacement = prepare(scratch, "new\n");
  REQUIRE(replacement);
  std::string want = "their\n";
  SECTION("written in place, as long as before") {
    want = "odd\n";
    scratch.write("a.yaml", want);
  }
  SECTION("written in place, longer") {
    scratch.write("a.yaml", want);
  }
  SECTION("replaced") {
    scratch.write("b", want);
    fs::rename(scratch.path() / "b", scratch.path() / "a.yaml");
  }
  SECTION("replaced by a link") {
    scratch.write("b", want);
    fs::remove(scratch.path() / "a.yaml");
    fs::create_symlink("b", scratch.path() / "a.yaml");
  }
  SECTION("removed") {
    want.clear();
    fs::remove(scratch.path() / "a.yaml");
  }
  const auto result = replacement->commit();
  REQUIRE_FALSE(result);
  CHECK(result.error().code == Errc::conflict);
  CHECK(scratch.read("a.yaml") == want);
}

TEST_CASE("A replacement that is not committed leaves nothing behind", "[sinks][files][replace]") {
  const TempFolder scratch;
  scratch.write("a.yaml", "old\n");
  {
    const auto replacement = prepare(scratch, "new\n");
    REQUIRE(replacement);
    CHECK(scratch.entries() == 2);
  }
  CHECK(scratch.entries() == 1);
  CHECK(scratch.read("a.yaml") == "old\n");
}

TEST_CASE("A process that dies before the rename leaves the old file and a known leftover",
          "[sinks][files][replace]") {
  const TempFolder scratch;
  scratch.write("a.yaml", "old\n");
  const pid_t child = fork();
  if (child == 0) {
    const auto replacement = prepare(scratch, "new\n");
    _exit(replacement ? 0 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  CHECK(scratch.read("a.yaml") == "old\n");
  int leftovers = 0;
  for (const auto& entry : fs::directory_iterator(scratch.path())) {
    leftovers += is_leftover(entry.path().filename().string()) ? 1 : 0;
  }
  CHECK(leftovers == 1);
}

TEST_CASE("A file with several hard links is refused", "[sinks][files][replace]") {
  const TempFolder scratch;
  scratch.write("a.yaml", "old\n");
  fs::create_hard_link(scratch.path() / "a.yaml", scratch.path() / "b.yaml");
  const auto replacement = prepare(scratch, "new\n");
  REQUIRE_FALSE(replacement);
  CHECK(replacement.error().code == Errc::unsupported);
}

TEST_CASE("Only our own temporary names are leftovers", "[sinks][files][replace]") {
  CHECK(is_leftover(".longshore-0123456789abcdef.tmp"));
  CHECK_FALSE(is_leftover(".longshore-0123456789abcdeF.tmp"));
  CHECK_FALSE(is_leftover(".longshore-.tmp"));
  CHECK_FALSE(is_leftover("longshore-0123456789abcdef.tmp"));
  CHECK_FALSE(is_leftover(".longshore-0123456789abcdef.tmp~"));
}
