// SPDX-License-Identifier: Apache-2.0
#include "config/values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <utility>
#include <vector>

#include <arpa/inet.h>

#include "pipeline/crypto.h"
#include "pipeline/text.h"

namespace longshore {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

// From small to large.
constexpr std::array kTimeUnits = {Unit{"ms", 1}, Unit{"s", 1'000}, Unit{"m", 60'000},
                                   Unit{"h", 3'600'000}, Unit{"d", 86'400'000}};
constexpr std::array kSizeUnits = {Unit{"", 1}, Unit{"KiB", 1ULL << 10}, Unit{"MiB", 1ULL << 20},
                                   Unit{"GiB", 1ULL << 30}, Unit{"TiB", 1ULL << 40}};
constexpr std::uint64_t kMostMilliseconds = 36'500ULL * 86'400'000ULL;
constexpr std::uint64_t kMostBytes = 1ULL << 60;

std::size_t digits(std::string_view text) {
  return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_digit) -
                                  text.begin());
}

std::optional<std::uint64_t> to_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Error bad(std::string message) {
  return Error{Errc::invalid_input, std::move(message)};
}

// A whole number and one of the units, as a multiple of the smallest; nothing if it is not that.
std::optional<std::uint64_t> parse_quantity(std::string_view text, std::span<const Unit> units,
                                            std::uint64_t most) {
  const std::size_t size = digits(text);
  const auto number = to_number(text.substr(0, size));
  const auto unit = std::find_if(units.begin(), units.end(),
                                 [&](const Unit& u) { return u.name == text.substr(size); });
  if (!number || unit == units.end() || *number > most / unit->factor) return std::nullopt;
  return *number * unit->factor;
}

std::string format_quantity(std::uint64_t quantity, std::span<const Unit> units) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < units.size(); ++i) {
    if (quantity != 0 && quantity % units[i].factor == 0) best = i;
  }
  return std::to_string(quantity / units[best].factor) + std::string(units[best].name);
}

bool valid_ipv4(const std::string& text) {
  in_addr address{};
  return inet_pton(AF_INET, text.c_str(), &address) == 1;
}

bool valid_ipv6(const std::string& text) {
  in6_addr address{};
  return inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

bool valid_listen_host(const std::string& host) {
  if (host.empty() || host.size() > 253) return false;
  const bool numeric =
      std::all_of(host.begin(), host.end(), [](char c) { return is_digit(c) || c == '.'; });
  if (numeric) return valid_ipv4(host);
  return std::all_of(host.begin(), host.end(), [](char c) {
    return is_digit(c) || is_lower(c) || is_upper(c) || c == '.' || c == '-';
  });
}

// Letters that have to be changed, put in, left out or swapped with their neighbour.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i)
    cost[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j)
    cost[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

// The part after a sign, as YAML reads floats: ".5", "1.", "1.5e-3".
bool is_float(std::string_view text) {
  const std::size_t whole = digits(text);
  text.remove_prefix(whole);
  std::size_t fraction = 0;
  if (text.starts_with('.')) {
    fraction = digits(text.substr(1));
    text.remove_prefix(1 + fraction);
  }
  if (whole + fraction == 0) return false;
  if (text.empty()) return true;
  if (text[0] != 'e' && text[0] != 'E') return false;
  text.remove_prefix(1);
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return !text.empty() && digits(text) == text.size();
}

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

}  // namespace

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  if (const auto amount = parse_quantity(text, kTimeUnits, kMostMilliseconds)) {
    return std::chrono::milliseconds(*amount);
  }
  if (!text.empty() && digits(text) == text.size()) {
    return bad(in_quotes(text) + " has no unit: write for example " +
               std::string(text.substr(0, 9)) + "s; the units are ms, s, m, h and d");
  }
  return bad(in_quotes(text) +
             " is no duration: write a whole number and a unit (ms, s, m, h or d), "
             "such as 30s");
}

std::string format_duration(std::chrono::milliseconds duration) {
  if (duration.count() <= 0) return "0s";
  return format_quantity(static_cast<std::uint64_t>(duration.count()), kTimeUnits);
}

Result<std::uint64_t> parse_size(std::string_view text) {
  if (const auto amount = parse_quantity(text, kSizeUnits, kMostBytes)) return *amount;
  return bad(in_quotes(text) +
             " is no size: write a whole number and a unit (KiB, MiB, GiB or TiB), "
             "such as 256KiB, or a number of bytes");
}

std::string format_size(std::uint64_t bytes) {
  return format_quantity(bytes, kSizeUnits);
}

Result<ListenAddress> parse_listen(std::string_view text) {
  const auto fault = [&](std::string_view why) { return bad(in_quotes(text) + std::string(why)); };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || text.ends_with(']')) {
    return fault(" has no port: write host:port, such as 0.0.0.0:8080");
  }
  const auto port = to_number(text.substr(colon + 1));
  if (!port || *port > std::numeric_limits<std::uint16_t>::max()) {
    return fault(" has no port from 0 to 65535 after its last ':': write for example 0.0.0.0:8080");
  }
  std::string host(text.substr(0, colon));
  if (host.empty()) return fault(" has no host: write 0.0.0.0 or [::] before the ':' for all");
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
    if (!valid_ipv6(host)) return fault(" has no IPv6 address between its brackets");
  } else if (host.find(':') != std::string::npos) {
    return fault(" has an IPv6 address without brackets: write for example [::1]:8080");
  } else if (!valid_listen_host(host)) {
    return fault(" has no valid host before the port: write an address or a name");
  }
  return ListenAddress{std::move(host), static_cast<std::uint16_t>(*port)};
}

bool is_number_scalar(std::string_view plain) noexcept {
  if (is_one_of(plain, {".nan", ".NaN", ".NAN"})) return true;
  if (plain.size() > 2 && (plain.starts_with("0x") || plain.starts_with("0o"))) {
    const int base = plain[1] == 'x' ? 16 : 8;
    std::uint64_t number = 0;
    const char* const end = plain.data() + plain.size();
    return std::from_chars(plain.data() + 2, end, number, base).ptr == end;
  }
  if (plain.starts_with('-') || plain.starts_with('+')) plain.remove_prefix(1);
  return is_one_of(plain, {".inf", ".Inf", ".INF"}) || is_float(plain);
}

bool is_boolean_scalar(std::string_view plain) noexcept {
  return is_one_of(plain, {"true", "True", "TRUE", "false", "False", "FALSE"});
}

std::optional<std::string_view> host_of_pattern(std::string_view pattern) noexcept {
  const std::string_view first = pattern.substr(0, pattern.find('/'));
  if (first.find_first_of("*?") != std::string_view::npos) return std::nullopt;
  return first;
}

bool looks_like_host(std::string_view name) noexcept {
  return name == "localhost" || name.find_first_of(".:") != std::string_view::npos;
}

Status check_image_pattern(std::string_view pattern) {
  const auto never = [&](std::string_view why) {
    return bad("the pattern " + in_quotes(pattern) + " can match no image: " + std::string(why));
  };
  if (pattern.empty()) return bad("the pattern is empty: write for example docker.io/acme/*");
  if (pattern.find("://") != std::string_view::npos) return never("leave out what is before '://'");
  if (std::any_of(pattern.begin(), pattern.end(), is_upper)) return never("write it in lower case");
  if (std::any_of(pattern.begin(), pattern.end(), [](char c) { return c >= 0 && c <= ' '; })) {
    return never("remove the white space");
  }
  const bool wild = pattern.find('*') != std::string_view::npos;
  const std::size_t slash = pattern.rfind('/');
  if (slash == std::string_view::npos && !wild) {
    return never("write the registry too, such as docker.io/library/" +
                 std::string(pattern.substr(0, 64)));
  }
  if (slash != std::string_view::npos &&
      pattern.find_first_of(":@", slash) != std::string_view::npos) {
    return never("it is compared with repositories; leave out the tag or digest");
  }
  const auto host = host_of_pattern(pattern);
  if (host &&
      is_one_of(*host, {"index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"})) {
    return never("Docker Hub's images are compared as docker.io/…");
  }
  return Done{};
}

Status check_webhook_secret(std::string_view text) {
  constexpr std::string_view kPrefix = "whsec_";
  constexpr std::string_view kShape =
      "a secret of this type is 'whsec_' and the base64 of 24 to 64 bytes (Standard Webhooks): "
      "make one with: echo whsec_$(head -c 32 /dev/urandom | base64)";
  if (!text.starts_with(kPrefix)) return bad(std::string(kShape));
  const auto key = from_base64(text.substr(kPrefix.size()));
  if (!key || key->size() < 24 || key->size() > 64) return bad(std::string(kShape));
  return Done{};
}

std::optional<std::string_view> nearest_word(std::string_view word,
                                             std::span<const std::string_view> known) {
  constexpr std::size_t kLongestWord = 64;
  if (word.size() > kLongestWord) return std::nullopt;
  std::optional<std::string_view> best;
  std::size_t least = (word.size() < 4 ? 1 : std::max<std::size_t>(2, word.size() / 3)) + 1;
  for (const std::string_view candidate : known) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance >= least) continue;
    least = distance;
    best = candidate;
  }
  return best;
}

}  // namespace longshore
