// SPDX-License-Identifier: Apache-2.0
#include "pipeline/log.h"

#include <array>
#include <cstdio>
#include <string>

#include <catch2/catch.hpp>
#include <unistd.h>

using longshore::log;
using longshore::LogLevel;
using longshore::set_log_level;

namespace {

// What is written to standard error while it lives.
class Capture {
 public:
  Capture() : file_(std::tmpfile()), saved_(dup(STDERR_FILENO)) {
    REQUIRE(file_ != nullptr);
    dup2(fileno(file_), STDERR_FILENO);
  }
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;
  ~Capture() {
    restore();
    std::fclose(file_);
  }

  // The line without its time.
  std::string line() {
    restore();
    std::rewind(file_);
    std::array<char, 4096> buffer{};
    const std::size_t size = std::fread(buffer.data(), 1, buffer.size(), file_);
    const std::string text(buffer.data(), size);
    return text.empty() ? text : text.substr(text.find(' ') + 1);
  }

 private:
  void restore() {
    if (saved_ < 0) return;
    std::fflush(stderr);
    dup2(saved_, STDERR_FILENO);
    close(saved_);
    saved_ = -1;
  }
  std::FILE* file_;
  int saved_;
};

}  // namespace

TEST_CASE("log writes level, component, message and fields on one line", "[pipeline][log]") {
  Capture capture;
  log(LogLevel::warning, "store", "slow disk", {{"took", "12s"}, {"file", "a b.db"}, {"note", ""}});
  CHECK(capture.line() == "warning store: slow disk took=12s file=\"a b.db\" note=\"\"\n");
}

TEST_CASE("log escapes what could forge a line or a field", "[pipeline][log]") {
  Capture capture;
  log(LogLevel::error, "x", "one\ntwo {} %s",
      {{"k", "a\"b\\c"}, {"n", "1\r\n2\x1b[31m\x7f"}, {"e", "a=b"}});
  CHECK(
      capture.line() ==
      "error x: one\\x0atwo {} %s k=\"a\\\"b\\\\c\" n=\"1\\x0d\\x0a2\\x1b[31m\\x7f\" e=\"a=b\"\n");
}

TEST_CASE("log leaves out what is below the level", "[pipeline][log]") {
  Capture capture;
  log(LogLevel::debug, "x", "hidden");
  set_log_level(LogLevel::error);
  log(LogLevel::warning, "x", "hidden");
  set_log_level(LogLevel::info);
  CHECK(capture.line().empty());
}
