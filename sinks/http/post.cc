// SPDX-License-Identifier: Apache-2.0
#include "sinks/http/post.h"

#include <algorithm>
#include <array>
#include <memory>

#include <curl/curl.h>

namespace longshore {
namespace {

constexpr std::size_t kMaxBody = 1U << 20;
constexpr std::size_t kMaxHead = 64U << 10;

struct FreeHandle {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Handle = std::unique_ptr<CURL, FreeHandle>;
using List = std::unique_ptr<curl_slist, FreeList>;

// curl's own state is made once and lives as long as the process.
bool ready() {
  static const bool done = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return done;
}

struct Received {
  HttpAnswer answer;
  std::size_t head_bytes = 0;
  bool too_large = false;
};

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

// A return value other than the size ends the transfer.
std::size_t take_head(char* data, std::size_t size, std::size_t count, void* to) {
  auto& received = *static_cast<Received*>(to);
  const std::string_view line(data, size * count);
  received.head_bytes += line.size();
  if (received.head_bytes > kMaxHead) {
    received.too_large = true;
    return 0;
  }
  // "100 Continue" and its like come before the answer with a head of their own.
  if (line.starts_with("HTTP/")) received.answer.headers.clear();
  const std::size_t colon = line.find(':');
  if (colon != std::string_view::npos && !line.starts_with("HTTP/")) {
    received.answer.headers.emplace_back(line.substr(0, colon), trimmed(line.substr(colon + 1)));
  }
  return line.size();
}

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* to) {
  auto& received = *static_cast<Received*>(to);
  const std::size_t bytes = size * count;
  if (received.answer.body.size() + bytes > kMaxBody) {
    received.too_large = true;
    return 0;
  }
  received.answer.body.append(data, bytes);
  return bytes;
}

// scheme://host[:port]/path, without user and query.
std::string shown(std::string_view url) {
  url = url.substr(0, url.find_first_of("?#"));
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return std::string(url);
  const std::size_t start = scheme + 3;
  const std::size_t slash = url.find('/', start);
  const std::size_t at = url.substr(0, slash).rfind('@');
  if (at == std::string_view::npos || at < start) return std::string(url);
  return std::string(url.substr(0, start)).append(url.substr(at + 1));
}

Result<List> make_fields(const HttpFields& headers) {
  List list;
  const auto append = [&list](const std::string& line) {
    list.reset(curl_slist_append(list.release(), line.c_str()));
  };
  // Neither is wanted unless the caller says so; curl adds them by itself.
  append("Expect:");
  const bool typed = std::any_of(headers.begin(), headers.end(), [](const auto& field) {
    return curl_strequal(field.first.c_str(), "content-type") != 0;
  });
  if (!typed) append("Content-Type:");
  for (const auto& [name, value] : headers) {
    const bool bad = name.empty() ||
                     name.find_first_of(std::string_view("\r\n\0: ", 5)) != std::string::npos ||
                     value.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos;
    if (bad) return Error{Errc::invalid_input, "the header '" + name + "' cannot be sent"};
    append(value.empty() ? name + ";" : name + ": " + value);
  }
  return list;
}

void configure(CURL* handle, const std::string& url, std::string_view body,
               std::chrono::milliseconds timeout) {
  const auto limit = static_cast<long>(std::max<std::int64_t>(timeout.count(), 1));
  curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, limit);
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, limit);
  curl_easy_setopt(handle, CURLOPT_USERAGENT, "longshore/" LONGSHORE_VERSION);
  curl_easy_setopt(handle, CURLOPT_POST, 1L);
  curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  curl_easy_setopt(handle, CURLOPT_POSTFIELDS, body.empty() ? "" : body.data());
}

Error failure(const std::string& url, CURLcode code, const char* detail, bool too_large) {
  const std::string where = "POST " + shown(url) + ": ";
  if (too_large) return Error{Errc::unsupported, where + "the answer is too large"};
  const bool ours = code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL;
  if (ours) return Error{Errc::invalid_input, where + "the URL has to be http:// or https://"};
  const std::string why = *detail != '\0' ? detail : curl_easy_strerror(code);
  return Error{Errc::unavailable, where + why};
}

}  // namespace

Result<HttpAnswer> http_post(const std::string& url, const HttpFields& headers,
                             std::string_view body, std::chrono::milliseconds timeout) {
  // curl guesses a scheme where there is none.
  if (!url.starts_with("http://") && !url.starts_with("https://")) {
    return failure(url, CURLE_UNSUPPORTED_PROTOCOL, "", false);
  }
  const Handle handle(ready() ? curl_easy_init() : nullptr);
  if (!handle) return Error{Errc::io, "libcurl could not be started"};
  auto fields = make_fields(headers);
  if (!fields) return std::move(fields).error();
  Received received;
  std::array<char, CURL_ERROR_SIZE> detail{};
  configure(handle.get(), url, body, timeout);
  curl_easy_setopt(handle.get(), CURLOPT_HTTPHEADER, fields->get());
  curl_easy_setopt(handle.get(), CURLOPT_ERRORBUFFER, detail.data());
  curl_easy_setopt(handle.get(), CURLOPT_HEADERFUNCTION, take_head);
  curl_easy_setopt(handle.get(), CURLOPT_HEADERDATA, &received);
  curl_easy_setopt(handle.get(), CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(handle.get(), CURLOPT_WRITEDATA, &received);
  const CURLcode code = curl_easy_perform(handle.get());
  if (code != CURLE_OK) return failure(url, code, detail.data(), received.too_large);
  long status = 0;
  curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status);
  received.answer.status = static_cast<int>(status);
  return std::move(received.answer);
}

}  // namespace longshore
