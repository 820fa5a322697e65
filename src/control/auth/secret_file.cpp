#include "control/auth/secret_file.hpp"

#include <fcntl.h>
#include <nettle/base16.h>
#include <nettle/base64.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string>

namespace tocsin::control::auth {

namespace {

struct Descriptor {
    int fd;
    ~Descriptor() {
        if (fd >= 0) ::close(fd);
    }
};

Error refused(std::string message) {
    return {.kind = ErrorKind::InvalidArgument, .message = std::move(message), .where = {}};
}

Result<Secret> from_ascii(Secret text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    const bool printable = std::ranges::all_of(text, [](auto c) { return c >= 0x20 && c < 0x7f; });
    if (printable) return text;
    return refused(
        "holds characters that are not printable ASCII: write the key in hexadecimal "
        "and say secret_format = \"hex\"");
}

Result<Secret> from_hex(const Secret& text) {
    const bool prefixed = text.size() > 1 && text[0] == '0' && (text[1] | 0x20U) == 'x';
    const std::size_t at = prefixed ? 2 : 0;
    Secret out(BASE16_DECODE_LENGTH(text.size()));
    std::size_t size = out.size();
    base16_decode_ctx context;
    base16_decode_init(&context);
    const auto* const digits = reinterpret_cast<const char*>(text.data()) + at;
    const bool good =
        base16_decode_update(&context, &size, out.data(), text.size() - at, digits) != 0 &&
        base16_decode_final(&context) != 0;
    if (!good) {
        return refused(
            "is not hexadecimal: two digits 0-9, a-f for each octet, 0x in front or not");
    }
    out.resize(size);
    return out;
}

Result<Secret> from_base64(const Secret& text) {
    Secret out(BASE64_DECODE_LENGTH(text.size()));
    std::size_t size = out.size();
    base64_decode_ctx context;
    base64_decode_init(&context);
    const auto* const digits = reinterpret_cast<const char*>(text.data());
    const bool good = base64_decode_update(&context, &size, out.data(), text.size(), digits) != 0 &&
                      base64_decode_final(&context) != 0;
    if (!good) return refused("is not base64: A-Z, a-z, 0-9, '+', '/' and its '=' at the end");
    out.resize(size);
    return out;
}

std::optional<Error> check(const struct stat& status) {
    if (!S_ISREG(status.st_mode)) return refused("is not a regular file");
    if (status.st_uid != 0 && status.st_uid != ::geteuid()) {
        return refused("belongs to user " + std::to_string(status.st_uid) +
                       ", who may change it: chown it to root or to the user that tocsind runs as");
    }
    if ((status.st_mode & 077U) != 0) {
        constexpr unsigned kPermissions = 07777;
        std::string mode;
        for (unsigned m = status.st_mode & kPermissions; m != 0; m >>= 3U) {
            mode.insert(mode.begin(), static_cast<char>('0' + (m & 7U)));
        }
        return refused("has the mode 0" + mode +
                       ": group and others must not have any right to it, chmod 600 it");
    }
    if (status.st_size > static_cast<off_t>(kLongestSecretFile)) {
        return refused("has " + std::to_string(status.st_size) + " octets: at most " +
                       std::to_string(kLongestSecretFile) + " are read");
    }
    return std::nullopt;
}

}  // namespace

Result<Secret> read_secret_file(const std::filesystem::path& path, SecretFormat format,
                                std::size_t longest) {
    struct stat status {};
    // Looked at before it is opened, which alone can do harm: a watchdog begins to count.
    if (::stat(path.c_str(), &status) == 0) {
        if (auto error = check(status)) return std::move(*error);
    }
    // Not blocking: it may have become a pipe, which shall be refused, not waited for.
    const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (file.fd < 0) {
        return refused(errno == ENOENT ? "does not exist"
                                       : "cannot be read: " + std::string{std::strerror(errno)});
    }
    if (::fstat(file.fd, &status) != 0) {
        return refused("cannot be read: " + std::string{std::strerror(errno)});
    }
    if (auto error = check(status)) return std::move(*error);
    Secret text(kLongestSecretFile);
    std::size_t size = 0;
    while (size < text.size()) {
        const ssize_t n = ::read(file.fd, text.data() + size, text.size() - size);
        if (n < 0) return refused("cannot be read: " + std::string{std::strerror(errno)});
        if (n == 0) break;
        size += static_cast<std::size_t>(n);
    }
    text.resize(size);
    auto secret = format == SecretFormat::Ascii ? from_ascii(std::move(text))
                  : format == SecretFormat::Hex ? from_hex(text)
                                                : from_base64(text);
    if (!secret) return secret;
    const std::size_t octets = secret.value().size();
    if (octets == 0) return refused("is empty: a key has at least one octet");
    if (octets > longest) {
        return refused("holds a key of " + std::to_string(octets) + " octets: at most " +
                       std::to_string(longest) + " are accepted");
    }
    return secret;
}

}  // namespace tocsin::control::auth
