// SPDX-License-Identifier: Apache-2.0
#include "sinks/registry/host_rules.h"

#include <algorithm>
#include <array>
#include <utility>

#include "pipeline/text.h"

namespace longshore {
namespace {

// Registries whose token service is known to be theirs.
constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kKnownServices{{
    {"registry-1.docker.io:443", "auth.docker.io:443"},
    {"registry.gitlab.com:443", "gitlab.com:443"},
}};

// "name", "name:port" or "[IPv6]:port", against what a URL leads to.
bool names(std::string_view entry, const Url& url) {
  std::string lower = in_lower_case(entry);
  const std::size_t colon = lower.rfind(':');
  const bool has_port = colon != std::string::npos && lower.back() != ']';
  if (!has_port) lower += url.is_https() ? ":443" : ":80";
  return lower == url.authority();
}

bool any_names(const std::vector<std::string>& entries, const Url& url) {
  return std::any_of(entries.begin(), entries.end(),
                     [&url](const std::string& entry) { return names(entry, url); });
}

}  // namespace

Result<HostRules> HostRules::of(const RegistryOptions& options, Named named) {
  const std::string host = options.host == "docker.io" ? "registry-1.docker.io" : options.host;
  auto base = Url::parse((options.plain_http ? "http://" : "https://") + host);
  if (!base) return Error{Errc::invalid_input, in_quotes(options.host) + " is no registry's host"};
  return HostRules(options, named, *std::move(base));
}

bool HostRules::is_own(const Url& url) const {
  if (url.same_origin(base_) || any_names(options_.auth_hosts, url)) return true;
  return url.is_https() &&
         std::any_of(kKnownServices.begin(), kKnownServices.end(), [&](const auto& known) {
           return known.first == base_.authority() && known.second == url.authority();
         });
}

Result<Realm> HostRules::realm(std::string_view text, Secrets secrets) const {
  const auto refuse = [this](const std::string& why) {
    return Error{Errc::unauthorized, host() + " names a token service " + why};
  };
  auto url = Url::parse(text);
  if (!url) return refuse("that is no URL: " + url.error().message);
  if (base_.is_https() && !url->is_https()) {
    return refuse("without TLS (" + shown_url(url->str()) + "), which is not asked");
  }
  if (is_own(*url)) return Realm{*std::move(url), secrets};
  if (secrets == Secrets::none) return Realm{*std::move(url), Secrets::none};
  return refuse("on another host, " + url->authority() +
                ", which is not given the registry's credentials: if it belongs to the registry, "
                "list it in its auth_hosts");
}

Result<Url> HostRules::redirect(const Url& from, std::string_view location) const {
  auto to = from.resolve(location);
  if (!to) return Error{Errc::unsupported, host() + " redirects: " + to.error().message};
  if (from.is_https() && !to->is_https()) {
    return Error{Errc::unsupported, host() + " redirects to " + to->authority() +
                                        " without TLS, which is not followed"};
  }
  return to;
}

Result<Url> HostRules::next_page(const Url& from, std::string_view link) const {
  auto to = from.resolve(link);
  if (!to) return Error{Errc::unsupported, host() + " names a next page: " + to.error().message};
  if (to->same_origin(base_)) return to;
  return Error{Errc::unsupported, host() + " names a next page at " + to->scheme() + "://" +
                                      to->authority() + ", which is another place: not followed"};
}

Reach HostRules::reach(const Url& url) const {
  if (named_ == Named::no) return Reach::only_public;
  const bool named = url.authority() == base_.authority() || any_names(options_.auth_hosts, url) ||
                     any_names(options_.redirect_hosts, url);
  return named ? Reach::anywhere : Reach::only_public;
}

TlsFiles HostRules::tls(const Url& url) const {
  TlsFiles files{options_.ca_file, {}, {}};
  if (url.same_origin(base_) || any_names(options_.auth_hosts, url)) {
    files.certificate = options_.cert_file;
    files.key = options_.key_file;
  }
  return files;
}

}  // namespace longshore
