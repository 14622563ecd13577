// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "pipeline/result.h"
#include "pipeline/time.h"
#include "sinks/http/message.h"

namespace longshore {

// One request as libcurl sees it, and what has come of it. For sinks/http/client.cc alone.
//
// Threads: prepare() and answer() belong to the thread that made it; between them the client's
// thread runs the transfer. Lifetime: the request must outlive it.
class Transfer {
 public:
  Transfer(const OutboundRequest& request, SteadyTime start);
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // Gives the head and each piece of the body to `take`, on the client's thread. False: not now;
  // the same piece is given again once the transfer was paused and resumed. To be called first.
  using Take = std::function<bool(const HttpAnswer& head, std::string_view bytes)>;
  void stream_to(Take take) { stream_ = std::move(take); }
  // Fails with invalid_input for a URL or a field that cannot be sent.
  Status prepare();
  void* handle() const noexcept { return handle_; }  // a CURL*
  SteadyTime deadline() const noexcept { return deadline_; }

  // What a finished transfer means; `code` is a CURLcode.
  Result<HttpAnswer> answer(int code);
  // An error about this request: "GET https://host/path: <why>".
  Error error(Errc code, std::string_view why) const;

  // What libcurl calls. False ends the transfer.
  enum class Taken { all, later, never };
  bool take_head(std::string_view line);
  Taken take_body(std::string_view bytes);
  bool allow(bool is_public);

 private:
  Status add_fields();
  void add_line(const std::string& line);
  int status() const;
  Status set_request();
  Status set_server_name();
  void set_limits();
  void set_tls();
  void set_tls_text();
  void set_keep_alive();
  void set_callbacks();

  const OutboundRequest& request_;
  const SteadyTime deadline_;
  Take stream_;
  void* handle_ = nullptr;
  void* fields_ = nullptr;      // a curl_slist*
  void* connect_to_ = nullptr;  // the same
  std::array<char, 256> detail_{};
  HttpAnswer answer_;
  std::size_t head_bytes_ = 0;
  std::size_t body_bytes_ = 0;
  bool head_done_ = false;
  bool too_large_ = false;
  bool ended_ = false;    // by on_body
  bool refused_ = false;  // the address
};

}  // namespace longshore
