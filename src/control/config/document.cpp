#include "control/config/document.hpp"

#include "control/config/syntax.hpp"
#include "control/config/toml_reader.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <system_error>
#include <utility>

namespace tocsin::control::config {

namespace {

constexpr std::string_view kBlanks = " \t\r";

std::string_view trimmed(std::string_view line) {
    line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
    return line;
}

/// [[session]], written so and not otherwise.
bool begins_session(std::string_view line) {
    constexpr std::string_view kHeader = "[[session]]";
    if (!line.starts_with(kHeader)) return false;
    line = trimmed(line.substr(kHeader.size()));
    return line.empty() || line.front() == '#';
}

/// A table inside the last session.
bool goes_on(std::string_view line) {
    return line.starts_with("[session.") || line.starts_with("[[session.");
}

/// The index of session[INDEX]...; nullopt for another path.
std::optional<std::size_t> session_of(std::string_view path, std::string_view& rest) {
    constexpr std::string_view kBegin = "session[";
    if (!path.starts_with(kBegin)) return std::nullopt;
    path.remove_prefix(kBegin.size());
    std::size_t index = 0;
    const auto [end, error] = std::from_chars(path.begin(), path.end(), index);
    if (error != std::errc{} || end == path.end() || *end != ']') return std::nullopt;
    rest = {end + 1, path.end()};
    return index;
}

}  // namespace

std::optional<Document> Document::read(std::string_view text, Faults& faults) {
    if (!check_text(text, faults)) return std::nullopt;
    Document out;
    out.text_ = text;
    if (auto parts = split(text)) {
        Faults ignored;
        auto head = read_toml(parts->head, ignored);
        if (head && !head->contains("session")) {
            out.head_ = std::move(*head);
            out.parts_ = std::move(parts->parts);
            out.pieces_ = std::move(parts->pieces);
            return out;
        }
        // Something that was cut at the wrong place, or a mistake: the whole file tells.
    }
    auto whole = read_toml(text, faults);
    if (!whole) return std::nullopt;
    out.head_ = std::move(*whole);
    return out;
}

/// nullopt when it is not worth it, or a header may be part of something else.
std::optional<Document::Split> Document::split(std::string_view text) {
    if (text.find("\"\"\"") != text.npos || text.find("'''") != text.npos) return std::nullopt;
    Split out;
    std::size_t sessions = 0;
    bool in_session = false;
    unsigned line = 1;
    unsigned head_line = 1;
    for (std::size_t at = 0; at < text.size(); ++line) {
        const std::size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
        const std::string_view content = trimmed(text.substr(at, end - 1 - at));
        if (begins_session(content)) {
            const bool joins = in_session && sessions % kSessionsPerPiece != 0;
            if (!joins) {
                out.pieces.push_back({.begin = at, .first_line = line, .first_session = sessions});
            }
            in_session = true;
            ++sessions;
        } else if (content.starts_with('[') && !goes_on(content)) {
            in_session = false;
        }
        if (in_session) {
            out.pieces.back().end = end;
        } else {
            const bool follows =
                !out.parts.empty() &&
                out.parts.back().file_line + (head_line - out.parts.back().line) == line;
            if (!follows) out.parts.push_back({.line = head_line, .file_line = line});
            out.head += text.substr(at, end - at);
            ++head_line;
        }
        at = end;
    }
    if (sessions <= kSessionsPerPiece) return std::nullopt;
    return out;
}

bool Document::each_piece(const std::function<bool(const toml::value& piece, std::size_t first)>& f,
                          Faults& faults) {
    for (const Piece& piece : pieces_) {
        const auto tree = parse(piece, faults);
        if (!tree) return false;
        if (!f(*tree, piece.first_session)) break;
    }
    return true;
}

std::optional<toml::value> Document::parse(const Piece& piece, Faults& faults) const {
    const std::size_t before = faults.size();
    auto out = read_toml(text_.substr(piece.begin, piece.end - piece.begin), faults);
    for (std::size_t i = before; i < faults.size(); ++i) {
        if (faults[i].line != 0) faults[i].line += piece.first_line - 1;
    }
    return out;
}

unsigned Document::file_line(unsigned head_line) const {
    if (head_line == 0 || parts_.empty()) return head_line;
    const auto part = std::prev(std::ranges::upper_bound(parts_, head_line, {}, &HeadPart::line));
    return part->file_line + (head_line - part->line);
}

unsigned Document::line_of(std::string_view path) const {
    std::string_view rest;
    const auto session = session_of(path, rest);
    if (!session || pieces_.empty()) return file_line(config::line_of(head_, path));
    const auto next = std::ranges::upper_bound(pieces_, *session, {}, &Piece::first_session);
    const Piece& piece = *std::prev(next);
    const auto index = static_cast<std::size_t>(next - pieces_.begin()) - 1;
    if (!kept_ || kept_index_ != index) {
        Faults ignored;
        kept_ = parse(piece, ignored);
        kept_index_ = index;
    }
    if (!kept_) return piece.first_line;
    const std::string inside =
        "session[" + std::to_string(*session - piece.first_session) + ']' + std::string{rest};
    return config::line_of(*kept_, inside) + piece.first_line - 1;
}

}  // namespace tocsin::control::config
