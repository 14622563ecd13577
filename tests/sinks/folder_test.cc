// SPDX-License-Identifier: Apache-2.0
#include "sinks/files/folder.h"

#include <algorithm>
#include <optional>

#include <catch2/catch.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "sinks/files/walk.h"
#include "tests/support/temp_folder.h"

using namespace longshore;
using longshore::test::TempFolder;
namespace fs = std::filesystem;

TEST_CASE("Only real folders below the root are opened", "[sinks][files][folder]") {
  const auto walk = GENERATE(PathWalk::kernel, PathWalk::by_component);
  const TempFolder outside;
  outside.write("x.yaml", "secret: 1\n");
  const TempFolder scratch;
  scratch.write("a/b/c.yaml", "x: 1\n");
  fs::create_directory_symlink(outside.path(), scratch.path() / "out");
  fs::create_directory_symlink("a", scratch.path() / "in");
  const auto root = open_root(scratch.path());
  REQUIRE(root);
  CHECK(open_folder(*root, "", walk));
  CHECK(open_folder(*root, "a/b", walk));
  const auto refused = [&root, walk](std::string_view path) {
    const auto folder = open_folder(*root, path, walk);
    REQUIRE_FALSE(folder);
    return folder.error().code;
  };
  CHECK(refused("out") == Errc::unsupported);
  CHECK(refused("in") == Errc::unsupported);
  CHECK(refused("in/b") == Errc::unsupported);
  CHECK(refused("..") == Errc::unsupported);
  CHECK(refused("../" + scratch.path().filename().string()) == Errc::unsupported);
  CHECK(refused("/etc") == Errc::unsupported);
  CHECK(refused("none") == Errc::not_found);
  CHECK(refused("a/b/c.yaml") == Errc::not_found);
}

TEST_CASE("Only regular files of a bounded size are read", "[sinks][files][folder]") {
  const TempFolder scratch;
  scratch.write("a.yaml", "x: 1\n");
  fs::create_symlink("a.yaml", scratch.path() / "link.yaml");
  REQUIRE(mkfifo((scratch.path() / "fifo.yaml").c_str(), 0600) == 0);
  fs::create_directory(scratch.path() / "dir.yaml");
  const auto root = open_root(scratch.path());
  REQUIRE(root);
  const auto code = [&root](const std::string& name, std::size_t most = 100) {
    const auto content = read_file(*root, name, name, most);
    return content ? std::optional<Errc>() : content.error().code;
  };
  CHECK(read_file(*root, "a.yaml", "a.yaml", 5)->bytes == "x: 1\n");
  CHECK(code("a.yaml", 4) == Errc::unsupported);
  CHECK(code("link.yaml") == Errc::unsupported);
  CHECK(code("fifo.yaml") == Errc::unsupported);
  CHECK(code("dir.yaml") == Errc::unsupported);
  CHECK(code("none.yaml") == Errc::not_found);
  CHECK(code("..") == Errc::unsupported);
  CHECK(code("../a.yaml") == Errc::unsupported);
}

TEST_CASE("A listing has the included regular files and names what it leaves out",
          "[sinks][files][walk]") {
  const TempFolder scratch;
  scratch.write("a.yaml", "");
  scratch.write("x/b.yml", "");
  scratch.write("x/skip/c.yaml", "");
  scratch.write("x/readme.md", "");
  scratch.write("k/Kustomization", "");
  scratch.write(".git/d.yaml", "");
  scratch.write(".hidden.yaml", "");
  scratch.write("dir.yaml/e.yaml", "");
  scratch.write("x/.longshore-0123456789abcdef.tmp", "");
  scratch.write("x/.longshore-0123456789abcdeg.tmp", "");
  fs::create_symlink("a.yaml", scratch.path() / "l.yaml");
  fs::create_directory_symlink("x", scratch.path() / "y");
  FilesTargetOptions options;
  options.exclude = {"*/skip/*"};
  std::vector<std::string> entered;
  const auto root = open_root(scratch.path());
  const auto walk =
      walk_folder(*root, options, [&](const std::string& p) { entered.push_back(p); });
  REQUIRE(walk);
  std::vector<std::string> files;
  for (const WalkedFile& file : walk->files)
    files.push_back(file.path);
  CHECK(files ==
        std::vector<std::string>{"a.yaml", "dir.yaml/e.yaml", "k/Kustomization", "x/b.yml"});
  CHECK(walk->leftovers == std::vector<std::string>{"x/.longshore-0123456789abcdef.tmp"});
  CHECK(walk->problems ==
        std::vector<std::string>{"l.yaml: is a symbolic link, which is not followed"});
  std::sort(entered.begin(), entered.end());
  CHECK(entered == std::vector<std::string>{"", "dir.yaml", "k", "x", "x/skip"});
}
