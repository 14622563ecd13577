// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace longshore::bench {

// Ends the program with a line that says what failed and the system's reason for it. A benchmark
// that goes on after a fault measures something else.
[[noreturn]] inline void die(std::string_view what) {
  const int code = errno;
  std::fprintf(stderr, "error: %.*s: %s\n", static_cast<int>(what.size()), what.data(),
               std::strerror(code));
  std::exit(1);
}

// Ends the program with status 2 for an argument that cannot be used.
[[noreturn]] inline void refuse(std::string_view option, std::string_view why) {
  std::fprintf(stderr, "error: %.*s: %.*s\n", static_cast<int>(option.size()), option.data(),
               static_cast<int>(why.size()), why.data());
  std::exit(2);
}

// The arguments as pairs "--name value", one after the other; every option takes a value.
class Arguments {
 public:
  Arguments(int argc, char** argv) : argc_(argc), argv_(argv) {}

  bool next() {
    at_ += 2;
    if (at_ >= argc_) return false;
    if (at_ + 1 >= argc_) refuse(name(), "a value has to follow");
    return true;
  }
  std::string_view name() const { return argv_[at_]; }
  std::string_view value() const { return argv_[at_ + 1]; }

  template <class Number>
  Number number() const {
    Number result{};
    const std::string_view text = value();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), result);
    if (error != std::errc{} || end != text.data() + text.size()) {
      refuse(name(), "a number has to follow");
    }
    return result;
  }

 private:
  int argc_;
  char** argv_;
  int at_ = -1;
};

}  // namespace longshore::bench
