// SPDX-License-Identifier: Apache-2.0
#include "pipeline/audit_file.h"

#include <catch2/catch.hpp>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "tests/pipeline/audit_support.h"

namespace longshore::audit_tests {
namespace {

AuditOptions options_in(const Folder& folder, std::uint64_t rotate_bytes = 1U << 20,
                        unsigned keep = 3) {
  return {.file = folder / "audit.jsonl", .rotate_bytes = rotate_bytes, .keep_files = keep};
}

// While it lives, no file of this process grows beyond the limit: writes fail as on a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() { setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

TEST_CASE("An audit file is created for its owner and group only", "[pipeline][audit]") {
  const Folder folder;
  const auto options = options_in(folder);
  const mode_t before = umask(0);
  const auto audit = AuditFile::open(options);
  umask(before);
  REQUIRE(audit);
  CHECK_FALSE(audit->last_hash());
  struct stat info {};
  REQUIRE(stat(options.file.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777U) == 0640U);
}

TEST_CASE("Appended lines are in the file, each with its newline", "[pipeline][audit]") {
  const Folder folder;
  const auto options = options_in(folder);
  auto audit = AuditFile::open(options);
  REQUIRE(audit);
  const auto lines = chain(5);
  REQUIRE(audit->append(std::span(lines).first(2)));
  REQUIRE(audit->append({}));
  REQUIRE(audit->append(std::span(lines).subspan(2)));
  REQUIRE(audit->sync());
  CHECK(read_all(options.file) == joined(lines));
  CHECK(audit->last_hash() == sha256(lines.back()));
}

TEST_CASE("Opening cuts a last line that is torn at any byte", "[pipeline][audit]") {
  const Folder folder;
  const auto options = options_in(folder);
  const auto lines = chain(3);
  const std::string whole = joined({lines[0], lines[1]});
  for (std::size_t length = 0; length <= lines[2].size(); ++length) {
    write_all(options.file, whole + lines[2].substr(0, length));
    auto audit = AuditFile::open(options);
    REQUIRE(audit);
    CHECK(audit->last_hash() == sha256(lines[1]));
    CHECK(read_all(options.file) == whole);
    REQUIRE(audit->append(std::span(lines).subspan(2)));
    REQUIRE(read_all(options.file) == joined(lines));
  }
}

TEST_CASE("Opening cuts a first line that is torn at any byte", "[pipeline][audit]") {
  const Folder folder;
  const auto options = options_in(folder);
  const auto lines = chain(1);
  for (std::size_t length = 0; length <= lines[0].size(); ++length) {
    write_all(options.file, lines[0].substr(0, length));
    auto audit = AuditFile::open(options);
    REQUIRE(audit);
    CHECK_FALSE(audit->last_hash());
    CHECK(read_all(options.file).empty());
  }
}

TEST_CASE("Opening cuts the zeros that a power cut leaves", "[pipeline][audit]") {
  const Folder folder;
  const auto options = options_in(folder);
  const auto lines = chain(2);
  write_all(options.file, joined(lines) + std::string(200'000, '\0'));
  REQUIRE(AuditFile::open(options));
  CHECK(read_all(options.file) == joined(lines));
  write_all(options.file, std::string(4096, '\0'));
  REQUIRE(AuditFile::open(options));
  CHECK(read_all(options.file).empty());
}

TEST_CASE("Opening leaves a file alone that is no audit log", "[pipeline][audit]") {
  const Folder folder;
  const auto options = options_in(folder);
  write_all(options.file, "root:x:0:0\nno newline");
  const auto audit = AuditFile::open(options);
  REQUIRE_FALSE(audit);
  CHECK(audit.error().code == Errc::invalid_input);
  CHECK(read_all(options.file) == "root:x:0:0\nno newline");
}

TEST_CASE("Opening names a folder that is missing, and refuses a device", "[pipeline][audit]") {
  const Folder folder;
  const auto missing = AuditFile::open({.file = folder / "none/audit.jsonl"});
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == Errc::io);
  CHECK(missing.error().message.find("none/audit.jsonl") != std::string::npos);
  const auto device = AuditFile::open({.file = "/dev/null"});
  REQUIRE_FALSE(device);
  CHECK(device.error().code == Errc::invalid_input);
}

TEST_CASE("Opening refuses a last line beyond a mebibyte", "[pipeline][audit]") {
  const Folder folder;
  const auto options = options_in(folder);
  std::string line(kAuditLineStart);
  line.resize(kMaxAuditLine + 1, 'x');
  line += '\n';
  write_all(options.file, line);
  const auto audit = AuditFile::open(options);
  REQUIRE_FALSE(audit);
  CHECK(audit.error().code == Errc::invalid_input);
}

TEST_CASE("A file is rotated before it would pass its size, never within a line",
          "[pipeline][audit]") {
  const auto lines = chain(9);
  const std::size_t each = lines[0].size() + 1;
  // One byte less than three lines, exactly three, one byte more.
  const auto [bytes, in_each] = GENERATE_COPY(
      table<std::size_t, std::size_t>({{each * 3 - 1, 2}, {each * 3, 3}, {each * 3 + 1, 3}}));
  const bool one_by_one = GENERATE(true, false);
  const Folder folder;
  const auto options = options_in(folder, bytes, 10);
  auto audit = AuditFile::open(options);
  REQUIRE(audit);
  for (std::size_t i = 0; one_by_one && i < lines.size(); ++i) {
    REQUIRE(audit->append(std::span(lines).subspan(i, 1)));
  }
  if (!one_by_one) REQUIRE(audit->append(lines));
  std::vector<std::string> found;
  const auto files = audit_files(options.file);
  CHECK(files.size() == (lines.size() + in_each - 1) / in_each);
  for (const auto& file : files) {
    const auto part = lines_of(file.path);
    CHECK(part.size() <= in_each);
    found.insert(found.end(), part.begin(), part.end());
  }
  CHECK(found == lines);
}

TEST_CASE("A line that is larger than a file may be gets a file of its own", "[pipeline][audit]") {
  const Folder folder;
  const auto options = options_in(folder, 10, 10);
  auto audit = AuditFile::open(options);
  REQUIRE(audit);
  const auto lines = chain(3);
  REQUIRE(audit->append(lines));
  CHECK(lines_of(folder / "audit.jsonl.2") == std::vector{lines[0]});
  CHECK(lines_of(folder / "audit.jsonl.1") == std::vector{lines[1]});
  CHECK(lines_of(options.file) == std::vector{lines[2]});
}

TEST_CASE("Only as many rotated files are kept as asked for", "[pipeline][audit]") {
  const unsigned keep = GENERATE(0U, 1U, 3U);
  const Folder folder;
  const auto options = options_in(folder, 10, keep);
  write_all(folder / "audit.jsonl.7", "from a time when more were kept\n");
  write_all(folder / "audit.jsonl.bak", "not ours\n");
  auto audit = AuditFile::open(options);
  REQUIRE(audit);
  const auto lines = chain(8);
  REQUIRE(audit->append(lines));
  CHECK(rotated_numbers(options.file).size() == keep);
  CHECK(lines_of(options.file) == std::vector{lines.back()});
  CHECK(std::filesystem::exists(folder / "audit.jsonl.bak"));
  CHECK(audit->last_hash() == sha256(lines.back()));
}

TEST_CASE("A gap that a crash left between rotated files is filled", "[pipeline][audit]") {
  const Folder folder;
  const auto options = options_in(folder, 10, 5);
  write_all(folder / "audit.jsonl.1", "one\n");
  write_all(folder / "audit.jsonl.3", "three\n");
  auto audit = AuditFile::open(options);
  REQUIRE(audit);
  REQUIRE(audit->append(chain(2)));
  CHECK(rotated_numbers(options.file) == std::vector<unsigned>{1, 2, 3});
  CHECK(read_all(folder / "audit.jsonl.2") == "one\n");
  CHECK(read_all(folder / "audit.jsonl.3") == "three\n");
}

TEST_CASE("After a rotation the chain goes on from the newest rotated file", "[pipeline][audit]") {
  const Folder folder;
  const auto options = options_in(folder);
  const auto lines = chain(4);
  write_all(folder / "audit.jsonl.2", joined({lines[0], lines[1]}));
  write_all(folder / "audit.jsonl.1", joined({lines[2], lines[3]}));
  auto audit = AuditFile::open(options);
  REQUIRE(audit);
  CHECK(audit->last_hash() == sha256(lines[3]));
}

TEST_CASE("A rotation that fails leaves the lines in the file", "[pipeline][audit]") {
  const Folder folder;
  const auto options = options_in(folder, 10, 3);
  // A folder stands where the file would go.
  std::filesystem::create_directory(folder / "audit.jsonl.1");
  write_all(folder / "audit.jsonl.1/full", "x");
  auto audit = AuditFile::open({.file = folder / "audit.jsonl", .rotate_bytes = 10});
  // Its newest "rotated file" cannot be read: that is said, not passed over.
  REQUIRE_FALSE(audit);
  std::filesystem::remove_all(folder / "audit.jsonl.1");
  audit = AuditFile::open({.file = folder / "audit.jsonl", .rotate_bytes = 10, .keep_files = 1});
  REQUIRE(audit);
  std::filesystem::create_directory(folder / "audit.jsonl.1");
  const auto lines = chain(3);
  REQUIRE(audit->append(lines));
  CHECK(read_all(folder / "audit.jsonl") == joined(lines));
}

TEST_CASE("On a full disk whole lines stay and the rest follows when there is room",
          "[pipeline][audit]") {
  const Folder folder;
  const auto options = options_in(folder);
  const auto lines = chain(4);
  const std::size_t each = lines[0].size() + 1;
  for (std::size_t room = 0; room < each * 3; room += 17) {
    std::filesystem::remove(options.file);
    auto audit = AuditFile::open(options);
    REQUIRE(audit);
    REQUIRE(audit->append(std::span(lines).first(1)));
    std::size_t kept = 1;
    {
      const FileSizeLimit limit(each + room);
      const auto full = audit->append(std::span(lines).subspan(1));
      REQUIRE_FALSE(full);
      CHECK(full.error().code == Errc::io);
      kept += room / each;
    }
    CHECK(audit->last_hash() == sha256(lines[kept - 1]));
    CHECK(read_all(options.file).substr(0, each * kept) ==
          joined({lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(kept)}));
    REQUIRE(audit->append(std::span(lines).subspan(kept)));
    REQUIRE(read_all(options.file) == joined(lines));
  }
}

TEST_CASE("A file that was moved away is noticed and created again", "[pipeline][audit]") {
  const Folder folder;
  const auto options = options_in(folder);
  const auto lines = chain(3);
  auto audit = AuditFile::open(options);
  REQUIRE(audit);
  REQUIRE(audit->append(std::span(lines).first(2)));
  CHECK_FALSE(audit->gone());
  std::filesystem::rename(options.file, folder / "audit.jsonl-20260301");
  CHECK(audit->gone());
  REQUIRE(audit->append(std::span(lines).subspan(2)));
  CHECK_FALSE(audit->gone());
  CHECK(lines_of(folder / "audit.jsonl-20260301") == std::vector{lines[0], lines[1]});
  CHECK(lines_of(options.file) == std::vector{lines[2]});
  CHECK(audit->last_hash() == sha256(lines[2]));
}

TEST_CASE("A file that was emptied in place is written from its beginning", "[pipeline][audit]") {
  const Folder folder;
  const auto options = options_in(folder);
  const auto lines = chain(3);
  auto audit = AuditFile::open(options);
  REQUIRE(audit);
  REQUIRE(audit->append(std::span(lines).first(2)));
  std::filesystem::resize_file(options.file, 0);
  REQUIRE(audit->append(std::span(lines).subspan(2)));
  CHECK(read_all(options.file) == joined({lines[2]}));
}

TEST_CASE("While its folder is away appending fails, and goes on afterwards", "[pipeline][audit]") {
  const Folder folder;
  std::filesystem::create_directory(folder / "log");
  auto audit = AuditFile::open({.file = folder / "log/audit.jsonl"});
  REQUIRE(audit);
  const auto lines = chain(2);
  REQUIRE(audit->append(std::span(lines).first(1)));
  std::filesystem::rename(folder / "log", folder / "elsewhere");
  const auto failed = audit->append(std::span(lines).subspan(1));
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == Errc::io);
  CHECK(audit->last_hash() == sha256(lines[0]));
  std::filesystem::rename(folder / "elsewhere", folder / "log");
  REQUIRE(audit->append(std::span(lines).subspan(1)));
  CHECK(read_all(folder / "log/audit.jsonl") == joined(lines));
}

}  // namespace
}  // namespace longshore::audit_tests
