// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace longshore {

// What a caller may do about a failure; one code per reaction, not per cause.
enum class Errc {
  invalid_input,  // what was given can never work: say so to whoever gave it
  not_found,      // it is not there
  unauthorized,   // no right to it
  busy,           // full or locked: later it may work
  unavailable,    // the other side does not answer
  conflict,       // it is not what was expected: look again
  io,             // the disk or the operating system failed
  unsupported,    // this build or this object cannot do it
};

struct Error {
  Errc code;
  std::string message;  // says what is wrong and, where known, what to change
};

// A value or an Error, with the member names of std::expected, which C++20 does not have.
//
// Propagate with `if (!x) return std::move(x).error();`.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  // REQUIRES: has_value()
  const T& operator*() const& { return std::get<0>(state_); }
  T& operator*() & { return std::get<0>(state_); }
  T&& operator*() && { return std::get<0>(std::move(state_)); }
  const T* operator->() const { return &std::get<0>(state_); }
  T* operator->() { return &std::get<0>(state_); }

  // REQUIRES: !has_value()
  const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, Error> state_;
};

struct Done {};  // for operations that succeed with nothing to hand back
using Status = Result<Done>;

}  // namespace longshore
