// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "pipeline/result.h"

namespace longshore {

// A URL of http or https, read by the library that dials it: what is judged here is what is
// connected to. Without user information (refused) and fragment (dropped). Copyable, thread-safe.
class Url {
 public:
  // Returns invalid_input, without repeating the text, for what is not absolute, not http or https,
  // has a user name in it, or is longer than 8 KiB.
  static Result<Url> parse(std::string_view text);
  // A reference (RFC 3986, section 4.1), absolute or relative, as found in what this URL answered.
  Result<Url> resolve(std::string_view reference) const;

  const std::string& str() const noexcept { return text_; }
  const std::string& scheme() const noexcept { return scheme_; }
  bool is_https() const noexcept { return scheme_ == "https"; }
  const std::string& host() const noexcept { return host_; }  // lower case; IPv6 in brackets
  int port() const noexcept { return port_; }  // the scheme's own where none is given
  // host:port, always with the port.
  std::string authority() const { return host_ + ':' + std::to_string(port_); }
  // Scheme, host and port are the same.
  bool same_origin(const Url& other) const noexcept {
    return scheme_ == other.scheme_ && host_ == other.host_ && port_ == other.port_;
  }
  // With "name=value" added to its query, the value encoded.
  Url with_query(std::string_view name, std::string_view value) const;

 private:
  Url() = default;
  static Result<Url> read(const std::string* base, std::string_view text);
  std::string text_;
  std::string scheme_;
  std::string host_;
  int port_ = 0;
};

}  // namespace longshore
