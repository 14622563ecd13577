// SPDX-License-Identifier: Apache-2.0
#include "sinks/registry/header_fields.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>

#include "pipeline/text.h"

namespace longshore {
namespace {

constexpr std::size_t kMaxChallenges = 16;
constexpr std::size_t kMaxParams = 16;
constexpr std::chrono::seconds kLeast{1};
constexpr std::chrono::seconds kMost{3'600};

// RFC 9110, section 5.6.2.
bool is_token_char(char c) {
  return is_digit(c) || is_lower(c) || is_upper(c) ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

// Reads a field's value from left to right.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }
  char peek() const { return rest_.empty() ? '\0' : rest_.front(); }
  void skip_space() {
    while (peek() == ' ' || peek() == '\t')
      rest_.remove_prefix(1);
  }
  bool take(char c) {
    if (peek() != c || at_end()) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void skip_separators() {
    skip_space();
    while (take(','))
      skip_space();
  }
  template <class Test>
  std::string_view take_while(Test test) {
    const auto end = std::find_if_not(rest_.begin(), rest_.end(), test);
    const auto taken = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
    rest_.remove_prefix(taken.size());
    return taken;
  }
  std::string_view take_token() { return take_while(is_token_char); }
  // A token or a quoted string with its escapes undone; nothing if a quote does not end.
  std::optional<std::string> take_value() {
    if (!take('"')) return std::string(take_token());
    std::string value;
    while (!at_end()) {
      if (take('"')) return value;
      take('\\');
      if (at_end()) break;
      value += peek();
      rest_.remove_prefix(1);
    }
    return std::nullopt;
  }
  // What is left, to come back to.
  std::string_view rest() const { return rest_; }
  void return_to(std::string_view rest) { rest_ = rest; }

 private:
  std::string_view rest_;
};

// "name = value" after a scheme or a comma; false, and nothing is taken, if it is none: then the
// token is the next scheme, or a token68.
bool take_param(Scanner& scanner, Challenge& challenge) {
  const std::string_view before = scanner.rest();
  const std::string name = in_lower_case(scanner.take_token());
  scanner.skip_space();
  if (!name.empty() && scanner.take('=')) {
    scanner.skip_space();
    const bool is_param = scanner.peek() == '"' || is_token_char(scanner.peek());
    if (const auto value = is_param ? scanner.take_value() : std::nullopt) {
      if (challenge.params.size() < kMaxParams) challenge.params.emplace(name, *value);
      return true;
    }
  }
  scanner.return_to(before);
  return false;
}

bool is_token68_char(char c) {
  return is_digit(c) || is_lower(c) || is_upper(c) ||
         std::string_view("-._~+/=").find(c) != std::string_view::npos;
}

void read_challenges(std::string_view value, std::vector<Challenge>& challenges) {
  Scanner scanner(value);
  while (true) {
    scanner.skip_separators();
    if (scanner.at_end() || challenges.size() == kMaxChallenges) return;
    Challenge challenge;
    challenge.scheme = in_lower_case(scanner.take_token());
    if (challenge.scheme.empty()) return;  // malformed: what follows means nothing
    scanner.skip_space();
    bool more = take_param(scanner, challenge);
    if (!more && scanner.peek() != ',') {
      scanner.take_while(is_token68_char);
      scanner.skip_space();
      if (!scanner.at_end() && scanner.peek() != ',') return;
    }
    while (more) {
      const std::string_view before = scanner.rest();
      scanner.skip_space();
      if (!scanner.at_end() && scanner.peek() != ',') return;
      scanner.skip_separators();
      more = take_param(scanner, challenge);
      if (!more) scanner.return_to(before);
    }
    challenges.push_back(std::move(challenge));
  }
}

bool holds_next(std::string_view relations) {
  while (!relations.empty()) {
    const std::size_t end = relations.find(' ');
    if (in_lower_case(relations.substr(0, end)) == "next") return true;
    if (end == std::string_view::npos) return false;
    relations.remove_prefix(end + 1);
  }
  return false;
}

// <target>; name=value; …, several of them separated by commas.
std::optional<std::string> next_in(std::string_view value) {
  Scanner scanner(value);
  while (true) {
    scanner.skip_separators();
    if (!scanner.take('<')) return std::nullopt;
    const std::string target(scanner.take_while([](char c) { return c != '>'; }));
    if (!scanner.take('>')) return std::nullopt;
    bool is_next = false;
    scanner.skip_space();
    while (scanner.take(';')) {
      scanner.skip_space();
      const std::string name = in_lower_case(scanner.take_token());
      scanner.skip_space();
      const auto param = scanner.take('=') ? scanner.take_value() : std::string();
      if (!param) return std::nullopt;
      is_next = is_next || (name == "rel" && holds_next(*param));
      scanner.skip_space();
    }
    if (is_next) return target;
  }
}

std::optional<Time> parse_date(const std::string& text) {
  // IMF-fixdate, RFC 850 and asctime.
  for (const char* form :
       {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"}) {
    std::tm parts{};
    const char* end = ::strptime(text.c_str(), form, &parts);
    if (end != nullptr && *end == '\0') return Time{std::chrono::seconds{::timegm(&parts)}};
  }
  return std::nullopt;
}

}  // namespace

std::string_view Challenge::param(const std::string& name) const {
  const auto found = params.find(name);
  return found == params.end() ? std::string_view() : std::string_view(found->second);
}

std::vector<Challenge> parse_challenges(const HttpFields& fields) {
  std::vector<Challenge> challenges;
  for (const auto& [name, value] : fields) {
    if (in_lower_case(name) == "www-authenticate") read_challenges(value, challenges);
  }
  return challenges;
}

std::optional<std::string> next_link(const HttpFields& fields) {
  for (const auto& [name, value] : fields) {
    if (in_lower_case(name) != "link") continue;
    if (auto target = next_in(value)) return target;
  }
  return std::nullopt;
}

std::optional<std::chrono::seconds> retry_after(const HttpFields& fields, Time now) {
  const auto value = find_field(fields, "retry-after");
  if (!value || value->empty()) return std::nullopt;
  if (std::all_of(value->begin(), value->end(), is_digit)) {
    long seconds = kMost.count();  // what a number too large for a long means
    std::from_chars(value->data(), value->data() + value->size(), seconds);
    return std::clamp(std::chrono::seconds{seconds}, kLeast, kMost);
  }
  const auto date = parse_date(std::string(*value));
  if (!date) return std::nullopt;
  return std::clamp(std::chrono::ceil<std::chrono::seconds>(*date - now), kLeast, kMost);
}

}  // namespace longshore
