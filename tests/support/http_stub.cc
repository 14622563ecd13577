// SPDX-License-Identifier: Apache-2.0
#include "tests/support/http_stub.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <optional>
#include <stdexcept>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

namespace longshore::test {
namespace {

void require(bool done, const char* what) {
  if (!done) throw std::runtime_error(what);
}

void add_extension(X509* certificate, int kind, const char* value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value);
  require(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1, "extension");
  X509_EXTENSION_free(extension);
}

template <class Write>
void write_pem(const std::filesystem::path& path, Write write) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  require(file != nullptr && write(file) == 1, "write PEM");
  std::fclose(file);
}

}  // namespace

StubCertificate::StubCertificate() {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  require(key != nullptr && certificate != nullptr, "key");
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3'600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 86'400);
  X509_set_pubkey(certificate, key);
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("stub"), -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(certificate, NID_subject_alt_name, "IP:127.0.0.1,DNS:localhost");
  require(X509_sign(certificate, key, EVP_sha256()) != 0, "sign");
  write_pem(this->certificate(),
            [&](std::FILE* file) { return PEM_write_X509(file, certificate); });
  write_pem(this->key(), [&](std::FILE* file) {
    return PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
  X509_free(certificate);
  EVP_PKEY_free(key);
}

std::string StubRequest::field(std::string_view name) const {
  return std::string(find_field(fields, name).value_or(""));
}

// One peer, with or without TLS.
class HttpStub::Connection {
 public:
  Connection(int fd, SSL_CTX* context) : fd_(fd) {
    if (context == nullptr) return;
    tls_ = SSL_new(context);
    SSL_set_fd(tls_, fd);
    is_open_ = SSL_accept(tls_) == 1;
  }
  ~Connection() { SSL_free(tls_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  std::optional<StubRequest> read_request() {
    std::size_t end = 0;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
      if (!receive()) return std::nullopt;
    }
    StubRequest request = parse(buffer_.substr(0, end + 2));
    buffer_.erase(0, end + 4);
    const std::string length = request.field("Content-Length");
    const std::size_t size = length.empty() ? 0 : std::stoul(length);
    while (buffer_.size() < size) {
      if (!receive()) return std::nullopt;
    }
    request.body = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return request;
  }
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const long sent = tls_ ? SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size()))
                             : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  bool receive() {
    if (!is_open_) return false;
    std::array<char, 16384> bytes{};
    const long got = tls_ ? SSL_read(tls_, bytes.data(), static_cast<int>(bytes.size()))
                          : ::recv(fd_, bytes.data(), bytes.size(), 0);
    if (got <= 0) return false;
    buffer_.append(bytes.data(), static_cast<std::size_t>(got));
    return true;
  }

 private:
  static StubRequest parse(std::string_view head) {
    StubRequest request;
    std::size_t end = head.find("\r\n");
    const std::string_view first = head.substr(0, end);
    const std::size_t space = first.find(' ');
    request.method = first.substr(0, space);
    request.target = first.substr(space + 1, first.rfind(' ') - space - 1);
    for (head.remove_prefix(end + 2); !head.empty(); head.remove_prefix(end + 2)) {
      end = head.find("\r\n");
      const std::string_view line = head.substr(0, end);
      const std::size_t colon = line.find(':');
      const std::size_t value = line.find_first_not_of(' ', colon + 1);
      request.fields.emplace_back(line.substr(0, colon),
                                  value == std::string_view::npos ? "" : line.substr(value));
    }
    return request;
  }

  const int fd_;
  SSL* tls_ = nullptr;
  bool is_open_ = true;
  std::string buffer_;
};

HttpStub::HttpStub(Handler handler, const StubCertificate* certificate, Client client)
    : handler_(std::move(handler)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (certificate) {
    SSL_CTX* context = SSL_CTX_new(TLS_server_method());
    require(
        SSL_CTX_use_certificate_file(context, certificate->certificate().c_str(),
                                     SSL_FILETYPE_PEM) == 1 &&
            SSL_CTX_use_PrivateKey_file(context, certificate->key().c_str(), SSL_FILETYPE_PEM) == 1,
        "certificate");
    if (client == Client::with_certificate) {
      const std::string path = certificate->certificate().string();
      require(SSL_CTX_load_verify_locations(context, path.c_str(), nullptr) == 1, "authority");
      SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>("stub"), 4);
      SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    }
    tls_ = context;
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  require(::bind(listener_, generic, size) == 0 && ::listen(listener_, 64) == 0 &&
              ::getsockname(listener_, generic, &size) == 0,
          "listen");
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

HttpStub::~HttpStub() {
  ::shutdown(listener_, SHUT_RDWR);
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const int peer : peers_)
      ::shutdown(peer, SHUT_RDWR);
  }
  acceptor_.join();
  for (std::thread& thread : threads_)
    thread.join();
  ::close(listener_);
  SSL_CTX_free(static_cast<SSL_CTX*>(tls_));
}

std::string HttpStub::url(const std::string& path) const {
  return (tls_ ? "https://" : "http://") + host() + path;
}

std::vector<StubRequest> HttpStub::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

std::size_t HttpStub::connections() const {
  const std::lock_guard lock(mutex_);
  return connections_;
}

void HttpStub::accept_all() {
  while (true) {
    const int peer = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (peer < 0) return;
    const int on = 1;
    ::setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const std::lock_guard lock(mutex_);
    ++connections_;
    if (stopping_) {
      ::close(peer);
      return;
    }
    peers_.push_back(peer);
    threads_.emplace_back([this, peer] { serve(peer); });
  }
}

void HttpStub::serve(int peer) {
  sigset_t signals;  // OpenSSL writes to peers that have gone
  sigemptyset(&signals);
  sigaddset(&signals, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  {
    Connection connection(peer, static_cast<SSL_CTX*>(tls_));
    while (const auto request = connection.read_request()) {
      const StubReply reply = answer(*request);
      if (reply.way == StubReply::Way::closed) break;
      if (reply.way == StubReply::Way::silent) {
        while (connection.receive()) {
        }
        break;
      }
      const bool endless = reply.way == StubReply::Way::endless;
      const bool chunked = endless || reply.stream;
      std::string head = "HTTP/1.1 " + std::to_string(reply.status) + " Stub\r\n";
      for (const auto& [name, value] : reply.fields)
        head += name + ": " + value + "\r\n";
      const bool bare = reply.status == 204 || reply.status == 304;
      if (chunked) {
        head += "Transfer-Encoding: chunked\r\n";
      } else if (!bare) {
        head += "Content-Length: " + std::to_string(reply.body.size()) + "\r\n";
      }
      const bool has_body = request->method != "HEAD" && !bare;
      if (!connection.send(head + "\r\n" + (has_body && !chunked ? reply.body : ""))) break;
      const auto send_chunk = [&](std::string_view bytes) {
        std::array<char, 20> size{};
        std::snprintf(size.data(), size.size(), "%zx\r\n", bytes.size());
        return connection.send(size.data() + std::string(bytes) + "\r\n");
      };
      while (endless && send_chunk(std::string(65'536, 'x'))) {
      }
      if (endless) break;
      if (!reply.stream) continue;
      if (!reply.stream(send_chunk) || !connection.send("0\r\n\r\n")) break;
    }
  }
  const std::lock_guard lock(mutex_);
  peers_.erase(std::find(peers_.begin(), peers_.end(), peer));
  ::close(peer);
}

StubReply HttpStub::answer(const StubRequest& request) {
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
  }
  return handler_(request);
}

}  // namespace longshore::test
