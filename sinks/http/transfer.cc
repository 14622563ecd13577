// SPDX-License-Identifier: Apache-2.0
#include "sinks/http/transfer.h"

#include <algorithm>

#include <curl/curl.h>
#include <sys/socket.h>

#include "pipeline/text.h"
#include "sinks/http/address.h"
#include "sinks/http/url.h"

namespace longshore {
namespace {

static_assert(CURL_ERROR_SIZE <= 256);

// curl's own state is made once and lives as long as the process.
bool ready() {
  static const bool done = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return done;
}

// A return value other than the size ends the transfer.
std::size_t on_head(char* data, std::size_t size, std::size_t count, void* to) {
  const std::string_view line(data, size * count);
  return static_cast<Transfer*>(to)->take_head(line) ? line.size() : 0;
}

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* to) {
  const std::string_view bytes(data, size * count);
  switch (static_cast<Transfer*>(to)->take_body(bytes)) {
    case Transfer::Taken::all:
      return bytes.size();
    case Transfer::Taken::later:
      return CURL_WRITEFUNC_PAUSE;
    case Transfer::Taken::never:
      break;
  }
  return 0;
}

// After the name is resolved and before anything is sent, so that a name that is resolved anew, to
// another address, is judged again.
curl_socket_t on_open(void* to, curlsocktype, curl_sockaddr* address) {
  if (!static_cast<Transfer*>(to)->allow(is_public_address(address->addr))) return CURL_SOCKET_BAD;
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

// A connection that stands may have been made for a request that was allowed more.
int on_connection(void* to, char* address, char*, int, int) {
  return static_cast<Transfer*>(to)->allow(is_public_address(std::string(address)))
             ? CURL_PREREQFUNC_OK
             : CURL_PREREQFUNC_ABORT;
}

long milliseconds_of(std::chrono::milliseconds time) {
  return static_cast<long>(std::max<std::int64_t>(time.count(), 1));
}

bool has_name(const HttpFields& fields, std::string_view name) {
  return find_field(fields, name).has_value();
}

bool cannot_be_sent(const std::string& name, const std::string& value) {
  return name.empty() || name.find_first_of(std::string_view("\r\n\0: ", 5)) != std::string::npos ||
         value.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos;
}

}  // namespace

Transfer::Transfer(const OutboundRequest& request, SteadyTime start)
    : request_(request),
      deadline_(start + std::max(request.timeout, std::chrono::milliseconds{1})) {}

Transfer::~Transfer() {
  curl_easy_cleanup(handle_);
  curl_slist_free_all(static_cast<curl_slist*>(fields_));
  curl_slist_free_all(static_cast<curl_slist*>(connect_to_));
}

Error Transfer::error(Errc code, std::string_view why) const {
  return Error{code, request_.method + ' ' + shown_url(request_.url) + ": " + std::string(why)};
}

Status Transfer::prepare() {
  // curl guesses a scheme where there is none.
  if (!request_.url.starts_with("http://") && !request_.url.starts_with("https://")) {
    return error(Errc::invalid_input, "the URL has to be http:// or https://");
  }
  handle_ = ready() ? curl_easy_init() : nullptr;
  if (handle_ == nullptr) return Error{Errc::io, "libcurl could not be started"};
  if (auto set = set_request(); !set) return set;
  if (auto added = add_fields(); !added) return added;
  set_limits();
  set_tls();
  set_tls_text();
  if (stream_) set_keep_alive();
  set_callbacks();
  return Done{};
}

void Transfer::add_line(const std::string& line) {
  fields_ = curl_slist_append(static_cast<curl_slist*>(fields_), line.c_str());
}

Status Transfer::add_fields() {
  // Neither is wanted unless the caller says so; curl adds them by itself.
  add_line("Expect:");
  if (!has_name(request_.fields, "content-type")) add_line("Content-Type:");
  for (const auto& [name, value] : request_.fields) {
    if (cannot_be_sent(name, value)) {
      return error(Errc::invalid_input, "the header '" + name + "' cannot be sent");
    }
    add_line(value.empty() ? name + ";" : name + ": " + value);
  }
  curl_easy_setopt(handle_, CURLOPT_HTTPHEADER, static_cast<curl_slist*>(fields_));
  return Done{};
}

// libcurl expects the URL's host in the certificate: the name takes its place there, and libcurl is
// told where to connect and what the host is called all the same.
Status Transfer::set_server_name() {
  const std::string& name = request_.tls_text.server_name;
  const auto url = Url::parse(request_.url);
  const auto named = Url::parse("https://" + name);
  if (!url || !named || named->host() != name || !url->is_https()) {
    return error(Errc::invalid_input, in_quotes(name) + " cannot be a TLS server's name here");
  }
  const std::string port = std::to_string(url->port());
  const std::size_t path = url->str().find('/', url->scheme().size() + 3);
  const std::string rest = path == std::string::npos ? "/" : url->str().substr(path);
  curl_easy_setopt(handle_, CURLOPT_URL, ("https://" + name + ':' + port + rest).c_str());
  const std::string where = name + ':' + port + ':' + url->authority();
  connect_to_ = curl_slist_append(nullptr, where.c_str());
  curl_easy_setopt(handle_, CURLOPT_CONNECT_TO, static_cast<curl_slist*>(connect_to_));
  add_line("Host: " + url->authority());
  return Done{};
}

Status Transfer::set_request() {
  curl_easy_setopt(handle_, CURLOPT_URL, request_.url.c_str());
  if (!request_.tls_text.server_name.empty()) {
    if (auto set = set_server_name(); !set) return set;
  }
  curl_easy_setopt(handle_, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(handle_, CURLOPT_USERAGENT, "longshore/" LONGSHORE_VERSION);
  if (request_.method == "HEAD") {
    curl_easy_setopt(handle_, CURLOPT_NOBODY, 1L);
  } else if (request_.method != "GET") {
    const std::string& body = request_.body;
    curl_easy_setopt(handle_, CURLOPT_POST, 1L);
    curl_easy_setopt(handle_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    curl_easy_setopt(handle_, CURLOPT_POSTFIELDS, body.c_str());
    curl_easy_setopt(handle_, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  }
  return Done{};
}

// No redirects: whoever asks judges each. No proxy, whatever the environment says: it would resolve
// names out of our sight. Cookies, .netrc, Accept-Encoding and HSTS are off in libcurl unless
// asked.
void Transfer::set_limits() {
  curl_easy_setopt(handle_, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(handle_, CURLOPT_PROXY, "");
  curl_easy_setopt(handle_, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(handle_, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  curl_easy_setopt(handle_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle_, CURLOPT_CONNECTTIMEOUT_MS,
                   milliseconds_of(std::min(request_.connect_timeout, request_.timeout)));
  // Who gives up does not wait for a name server that does not answer: removing a transfer would
  // hold up all others.
  curl_easy_setopt(handle_, CURLOPT_QUICK_EXIT, 1L);
}

void Transfer::set_tls() {
  curl_easy_setopt(handle_, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  const auto set = [this](CURLoption option, const std::filesystem::path& path) {
    if (!path.empty()) curl_easy_setopt(handle_, option, path.c_str());
  };
  // Besides the folder of the system's authorities, which stays set.
  set(CURLOPT_CAINFO, request_.tls.authority);
  // libcurl would keep what it read of that file for a day, though it may be another by now.
  if (!request_.tls.authority.empty()) curl_easy_setopt(handle_, CURLOPT_CA_CACHE_TIMEOUT, 0L);
  set(CURLOPT_SSLCERT, request_.tls.certificate);
  set(CURLOPT_SSLKEY, request_.tls.key);
}

void Transfer::set_tls_text() {
  const TlsText& tls = request_.tls_text;
  const auto set = [this](CURLoption option, const std::string& pem) {
    if (pem.empty()) return;
    curl_blob blob{const_cast<char*>(pem.data()), pem.size(), CURL_BLOB_COPY};
    curl_easy_setopt(handle_, option, &blob);
  };
  set(CURLOPT_CAINFO_BLOB, tls.authority);
  // It takes the place of the file of the system's authorities only.
  if (!tls.authority.empty()) curl_easy_setopt(handle_, CURLOPT_CAPATH, nullptr);
  set(CURLOPT_SSLCERT_BLOB, tls.certificate);
  set(CURLOPT_SSLKEY_BLOB, tls.key);
  if (tls.server == TlsText::Server::unverified) {
    curl_easy_setopt(handle_, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(handle_, CURLOPT_SSL_VERIFYHOST, 0L);
  }
}

// A peer that is gone is noticed after 20 s of silence and nine probes.
void Transfer::set_keep_alive() {
  curl_easy_setopt(handle_, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(handle_, CURLOPT_TCP_KEEPIDLE, 20L);
  curl_easy_setopt(handle_, CURLOPT_TCP_KEEPINTVL, 5L);
}

void Transfer::set_callbacks() {
  curl_easy_setopt(handle_, CURLOPT_ERRORBUFFER, detail_.data());
  curl_easy_setopt(handle_, CURLOPT_HEADERFUNCTION, on_head);
  curl_easy_setopt(handle_, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(handle_, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(handle_, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(handle_, CURLOPT_OPENSOCKETFUNCTION, on_open);
  curl_easy_setopt(handle_, CURLOPT_OPENSOCKETDATA, this);
  curl_easy_setopt(handle_, CURLOPT_PREREQFUNCTION, on_connection);
  curl_easy_setopt(handle_, CURLOPT_PREREQDATA, this);
}

bool Transfer::take_head(std::string_view line) {
  head_bytes_ += line.size();
  if (head_bytes_ > request_.max_head_bytes) {
    too_large_ = true;
    return false;
  }
  if (line.starts_with("HTTP/")) {
    // "100 Continue" and its like come before the answer with a head of their own.
    answer_.headers.clear();
    head_done_ = false;
  } else if (trim(line).empty()) {
    head_done_ = true;
  } else if (!head_done_) {  // else a trailer
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return true;
    answer_.headers.emplace_back(line.substr(0, colon), trim(line.substr(colon + 1)));
  }
  return true;
}

Transfer::Taken Transfer::take_body(std::string_view bytes) {
  if (stream_) {
    answer_.status = status();
    return stream_(answer_, bytes) ? Taken::all : Taken::later;
  }
  body_bytes_ += bytes.size();
  if (body_bytes_ > request_.max_body_bytes) {
    too_large_ = true;
    return Taken::never;
  }
  if (!request_.on_body) {
    answer_.body.append(bytes);
    return Taken::all;
  }
  ended_ = !request_.on_body(bytes);
  return ended_ ? Taken::never : Taken::all;
}

int Transfer::status() const {
  long status = 0;
  curl_easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &status);
  return static_cast<int>(status);
}

bool Transfer::allow(bool is_public) {
  if (is_public || request_.reach == Reach::anywhere) return true;
  refused_ = true;
  return false;
}

Result<HttpAnswer> Transfer::answer(int code) {
  if (code == CURLE_OK) {
    answer_.status = status();
    return std::move(answer_);
  }
  if (too_large_) return error(Errc::unsupported, "the answer is too large");
  if (ended_) return error(Errc::unavailable, "ended by the reader of its body");
  if (refused_) {
    return error(
        Errc::invalid_input,
        "the host is at an address that is not public, and the configuration does not name it");
  }
  const std::string why =
      detail_.front() != '\0' ? detail_.data() : curl_easy_strerror(static_cast<CURLcode>(code));
  switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return error(Errc::invalid_input, "the URL has to be http:// or https://");
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
      return error(Errc::invalid_input, why);
    default:
      return error(Errc::unavailable, why);
  }
}

}  // namespace longshore
