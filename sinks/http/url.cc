// SPDX-License-Identifier: Apache-2.0
#include "sinks/http/url.h"

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>

#include <curl/curl.h>

#include "pipeline/text.h"
#include "pipeline/url_text.h"

namespace longshore {
namespace {

constexpr std::size_t kMaxBytes = 8U << 10;

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

std::optional<std::string> part_of(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return std::nullopt;
  std::string copy(text);
  curl_free(text);
  return copy;
}

Error refused(std::string why) {
  return Error{Errc::invalid_input, "the URL " + std::move(why)};
}

// White space and control characters: curl takes some of them, and no URL has them.
bool has_stray(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte >= 0x7f;
  });
}

}  // namespace

Result<Url> Url::read(const std::string* base, std::string_view text) {
  if (text.empty()) return refused("is empty");
  if (text.size() > kMaxBytes) return refused("is longer than 8 KiB");
  // A backslash is a slash to some readers and none to others.
  if (has_stray(text) || text.find('\\') != std::string_view::npos) {
    return refused("holds a character that no URL has");
  }
  const std::unique_ptr<CURLU, FreeUrl> url(curl_url());
  if (!url) return Error{Errc::io, "out of memory"};
  if (base && curl_url_set(url.get(), CURLUPART_URL, base->c_str(), 0) != CURLUE_OK) {
    return refused("cannot be read");
  }
  const unsigned flags = CURLU_DISALLOW_USER;
  if (curl_url_set(url.get(), CURLUPART_URL, std::string(text).c_str(), flags) != CURLUE_OK) {
    return refused("is none of http or https without a user name");
  }
  curl_url_set(url.get(), CURLUPART_FRAGMENT, nullptr, 0);
  const auto whole = part_of(url.get(), CURLUPART_URL);
  const auto scheme = part_of(url.get(), CURLUPART_SCHEME);
  const auto host = part_of(url.get(), CURLUPART_HOST);
  const auto port = part_of(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  if (!whole || !scheme || !host || host->empty() || !port) return refused("cannot be read");
  if (part_of(url.get(), CURLUPART_USER)) return refused("has a user name in it");
  Url read;
  read.text_ = *whole;
  read.scheme_ = in_lower_case(*scheme);
  if (read.scheme_ != "http" && read.scheme_ != "https") return refused("is not http or https");
  read.host_ = in_lower_case(*host);
  std::from_chars(port->data(), port->data() + port->size(), read.port_);
  return read;
}

Result<Url> Url::parse(std::string_view text) {
  // curl guesses a scheme for some texts that have none.
  if (text.find("://") == std::string_view::npos) return refused("is not http or https");
  return read(nullptr, text);
}

Result<Url> Url::resolve(std::string_view reference) const {
  return read(&text_, reference);
}

Url Url::with_query(std::string_view name, std::string_view value) const {
  Url longer = *this;
  longer.text_ += text_.find('?') == std::string::npos ? '?' : '&';
  longer.text_ += std::string(name) + '=' + percent_encode(value);
  return longer;
}

}  // namespace longshore
