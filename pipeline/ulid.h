// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "pipeline/result.h"
#include "pipeline/time.h"

namespace longshore {

// A ULID: 48 bits of milliseconds and 80 random bits, written as 26 characters of Crockford's
// base 32 (github.com/ulid/spec). Names events and actions in the store, the audit and replies;
// sorts by time of creation to the millisecond. One that exists is valid.
class Ulid {
 public:
  // Draws a new one. Threads: safe from every thread.
  static Ulid make(Time now);
  static Result<Ulid> parse(std::string_view text);
  // REQUIRES: bytes.size() == 16 (the form in the store)
  static Ulid from_bytes(std::string_view bytes);

  std::string str() const;
  std::string_view bytes() const noexcept {
    return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
  }

  friend bool operator==(const Ulid&, const Ulid&) = default;
  friend auto operator<=>(const Ulid&, const Ulid&) = default;

 private:
  Ulid() = default;
  std::array<std::uint8_t, 16> bytes_{};
};

using EventId = Ulid;
using ActionId = Ulid;

}  // namespace longshore
