// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace longshore {

using HttpFields = std::vector<std::pair<std::string, std::string>>;

// The value of the first field of that name, whatever its case.
std::optional<std::string_view> find_field(const HttpFields& fields, std::string_view name);

// PEM files; empty: none.
struct TlsFiles {
  std::filesystem::path authority;    // trusted besides the system's authorities
  std::filesystem::path certificate;  // of the client, with its chain
  std::filesystem::path key;

  friend bool operator==(const TlsFiles&, const TlsFiles&) = default;
};

// TLS as a kubeconfig describes it: PEM as text, used instead of the files; empty: none.
struct TlsText {
  std::string authority;  // trusted instead of the system's authorities and of the file's
  std::string certificate;
  std::string key;
  // Asked for and expected in the server's certificate instead of the URL's host.
  std::string server_name;
  enum class Server { verified, unverified } server = Server::verified;

  friend bool operator==(const TlsText&, const TlsText&) = default;
};

// Which addresses a request may be sent to, judged after the name is resolved
// (sinks/http/address.h).
enum class Reach {
  only_public,  // for names that come from elsewhere: a registry's answer, an event
  anywhere,     // for names that the configuration gives
};

struct OutboundRequest {
  std::string method = "GET";
  std::string url;  // http or https
  // Sent as they are. Nothing is added but Host, Accept, User-Agent and Content-Length.
  HttpFields fields;
  std::string body;
  // Until the name is resolved, the connection stands and its TLS handshake is over.
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds timeout{30'000};  // all of it, the wait for a free connection included
  std::size_t max_body_bytes = 1U << 20;
  std::size_t max_head_bytes = 64U << 10;
  TlsFiles tls;
  TlsText tls_text = {};
  Reach reach = Reach::only_public;
  // If set, takes the body piece by piece instead of the answer, up to max_body_bytes; false ends
  // the request. Runs on the client's thread: it must not wait, nor call the client.
  std::function<bool(std::string_view)> on_body;
};

struct HttpAnswer {
  int status = 0;
  HttpFields headers;  // as sent, in their order; no trailers
  std::string body;
};

// A URL for a message: without user name, password, query and fragment.
std::string shown_url(std::string_view url);

}  // namespace longshore
