// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "sinks/http/message.h"
#include "tests/support/temp_folder.h"

namespace longshore::test {

struct StubRequest {
  std::string method;
  std::string target;  // path and query, as sent
  HttpFields fields;
  std::string body;

  // "" where it is absent.
  std::string field(std::string_view name) const;
  std::string path() const { return target.substr(0, target.find('?')); }
};

struct StubReply {
  enum class Way {
    whole,    // and the connection stays
    endless,  // the body never ends
    silent,   // nothing is answered until the other side gives up
    closed,   // the connection is closed without an answer
  };
  // Sends one chunk of a body; false: the peer has gone.
  using Send = std::function<bool(std::string_view)>;
  int status = 200;
  HttpFields fields = {};
  std::string body = {};
  Way way = Way::whole;
  // If set, writes the body, on the connection's thread: true ends it, false cuts the connection.
  std::function<bool(const Send&)> stream = {};
};

// A key and a certificate of its own authority for 127.0.0.1 and localhost.
class StubCertificate {
 public:
  StubCertificate();
  // Both are PEM; the certificate is its own authority.
  std::filesystem::path certificate() const { return folder_ / "certificate.pem"; }
  std::filesystem::path key() const { return folder_ / "key.pem"; }

 private:
  TempFolder folder_;
};

// An HTTP server on 127.0.0.1, on a port of the system's choice, that answers what a function says.
//
// A thread for each connection, so that one that is silent holds up no other. Threads: the function
// is called from all of them; the other members are safe from every thread. Lifetime: the
// destructor closes every connection and waits for its threads.
class HttpStub {
 public:
  using Handler = std::function<StubReply(const StubRequest&)>;
  // With a certificate it speaks TLS; then it may want its client to show the same certificate.
  enum class Client { anyone, with_certificate };
  explicit HttpStub(Handler handler, const StubCertificate* certificate = nullptr,
                    Client client = Client::anyone);
  ~HttpStub();
  HttpStub(const HttpStub&) = delete;
  HttpStub& operator=(const HttpStub&) = delete;

  std::uint16_t port() const noexcept { return port_; }
  std::string host() const { return "127.0.0.1:" + std::to_string(port_); }
  std::string url(const std::string& path) const;

  std::vector<StubRequest> requests() const;  // that came whole, in their order
  std::size_t connections() const;            // that were ever made

 private:
  class Connection;
  void accept_all();
  void serve(int peer);
  StubReply answer(const StubRequest& request);

  const Handler handler_;
  void* tls_ = nullptr;  // an SSL_CTX*
  int listener_ = -1;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  // guarded by mutex_
  bool stopping_ = false;
  std::vector<int> peers_;
  std::vector<std::thread> threads_;
  std::vector<StubRequest> requests_;
  std::size_t connections_ = 0;
  std::thread acceptor_;
};

}  // namespace longshore::test
