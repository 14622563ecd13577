// SPDX-License-Identifier: Apache-2.0
#include "pipeline/ulid.h"

#include <cstdlib>
#include <cstring>
#include <random>

#include <sys/random.h>

namespace longshore {
namespace {

constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t kLength = 26;

// Ids are names, not secrets: a generator per thread, seeded by the kernel, spares a system call
// for each event.
std::mt19937_64& generator() {
  thread_local std::mt19937_64 instance = [] {
    std::array<std::uint32_t, 8> seed{};
    if (getrandom(seed.data(), sizeof seed, 0) != static_cast<ssize_t>(sizeof seed)) std::abort();
    std::seed_seq sequence(seed.begin(), seed.end());
    return std::mt19937_64(sequence);
  }();
  return instance;
}

}  // namespace

Ulid Ulid::make(Time now) {
  const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch());
  const auto millis = static_cast<std::uint64_t>(since.count());
  Ulid id;
  for (std::size_t i = 0; i < 6; ++i) {
    id.bytes_[i] = static_cast<std::uint8_t>(millis >> (40 - 8 * i));
  }
  const std::array<std::uint64_t, 2> random = {generator()(), generator()()};
  std::memcpy(&id.bytes_[6], random.data(), 10);
  return id;
}

Ulid Ulid::from_bytes(std::string_view bytes) {
  Ulid id;
  std::memcpy(id.bytes_.data(), bytes.data(), id.bytes_.size());
  return id;
}

// 26 characters hold 130 bits: the first two bits are always zero.
std::string Ulid::str() const {
  std::string text(kLength, '0');
  for (std::size_t i = 0; i < kLength; ++i) {
    unsigned value = 0;
    for (std::size_t bit = i * 5; bit < i * 5 + 5; ++bit) {
      const std::size_t at = bit - 2;
      const unsigned one = bit < 2 ? 0U : (bytes_[at / 8] >> (7 - at % 8)) & 1U;
      value = value << 1 | one;
    }
    text[i] = kAlphabet[value];
  }
  return text;
}

Result<Ulid> Ulid::parse(std::string_view text) {
  const auto bad = [&] {
    return Error{Errc::invalid_input, "id '" + std::string(text.substr(0, 64)) +
                                          "': expected 26 characters as in an audit line"};
  };
  if (text.size() != kLength || text[0] > '7') return bad();
  Ulid id;
  for (std::size_t i = 0; i < kLength; ++i) {
    const char upper = text[i] >= 'a' && text[i] <= 'z' ? static_cast<char>(text[i] - 32) : text[i];
    const std::size_t value = kAlphabet.find(upper);
    if (value == std::string_view::npos) return bad();
    for (std::size_t bit = 0; bit < 5; ++bit) {
      const std::size_t at = i * 5 + bit;
      if (at < 2 || (value >> (4 - bit) & 1U) == 0) continue;
      id.bytes_[(at - 2) / 8] =
          static_cast<std::uint8_t>(id.bytes_[(at - 2) / 8] | 1U << (7 - (at - 2) % 8));
    }
  }
  return id;
}

}  // namespace longshore
