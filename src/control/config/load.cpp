#include "control/config/load.hpp"

#include "control/config/document.hpp"
#include "control/config/parse.hpp"
#include "control/config/validate.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <system_error>
#include <tuple>
#include <utility>

namespace tocsin::control::config {

namespace {

LoadResult failed(std::string message) {
    LoadResult out;
    out.faults.push_back({.path = {}, .line = 0, .message = std::move(message)});
    return out;
}

/// Lines filled in, in the order of the file, the surplus counted.
void finish(Faults& faults, const Document& document) {
    const std::size_t surplus = faults.size() - std::min(faults.size(), kMostFaults);
    faults.resize(faults.size() - surplus);
    for (Fault& fault : faults) fault.line = document.line_of(fault.path);
    std::ranges::stable_sort(faults, [](const Fault& a, const Fault& b) {
        return std::tie(a.line, a.path) < std::tie(b.line, b.path);
    });
    if (surplus == 0) return;
    faults.push_back(
        {.path = {},
         .line = 0,
         .message = "and " + std::to_string(surplus) + " more mistakes: mend these first"});
}

}  // namespace

LoadResult load_text(std::string_view text, const GiveUp& give_up, SecretFiles secrets) {
    if (text.size() > kLargestFile) {
        return failed("has more than " + std::to_string(kLargestFile >> 20U) +
                      " MiB: add that many sessions through the API");
    }
    LoadResult out;
    auto document = Document::read(text, out.faults);
    if (!document) return out;
    Draft draft = parse(document->head(), secrets, out.faults);
    bool given_up = false;
    const auto more = [&](const toml::value& piece, std::size_t first) {
        parse_sessions(piece, first, draft, out.faults);
        given_up = give_up && give_up();
        return !given_up;
    };
    Faults syntax;
    if (!document->each_piece(more, syntax)) {
        out.faults = std::move(syntax);  // nothing after it can be trusted
        return out;
    }
    if (given_up) return failed("was not read to its end, since nobody waits for it any more");
    Config config = validate(std::move(draft), out.faults);
    if (out.faults.empty()) {
        out.config = std::move(config);
    } else {
        finish(out.faults, *document);
    }
    return out;
}

LoadResult load_file(const std::filesystem::path& path, const GiveUp& give_up) {
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (status.type() == std::filesystem::file_type::not_found) {
        return failed("there is no such file");
    }
    if (error) return failed("cannot be read: " + error.message());
    if (status.type() == std::filesystem::file_type::directory) {
        return failed("is a directory: name a file in it");
    }
    std::ifstream file{path, std::ios::binary};
    if (!file) return failed("cannot be read: " + std::string{std::strerror(errno)});
    std::string text;
    std::string chunk(1UL << 16, '\0');
    while (file && text.size() <= kLargestFile) {  // a device or a pipe has no size to ask for
        file.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
        text.append(chunk, 0, static_cast<std::size_t>(file.gcount()));
    }
    if (file.bad()) return failed("cannot be read: " + std::string{std::strerror(errno)});
    return load_text(text, give_up);
}

}  // namespace tocsin::control::config
