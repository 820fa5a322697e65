#include "control/config/syntax.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <exception>
#include <sstream>
#include <string>
#include <utility>

namespace tocsin::control::config {

namespace {

// toml11 recurses for each level and each part of a dotted key; no configuration needs many.
constexpr std::size_t kDeepest = 64;

/// Walks over the text outside strings and comments and finds the line where arrays, inline tables
/// or dotted keys nest deeper than kDeepest; 0 when none does.
class NestingScan {
public:
    explicit NestingScan(std::string_view text) : rest_{text} {}

    unsigned first_too_deep() {
        while (!rest_.empty()) {
            if (skip_string() || skip_comment()) continue;
            const char c = rest_.front();
            rest_.remove_prefix(1);
            if (c == '\n') {
                ++line_;
                dots_ = 0;
            }
            if (c == '[' || c == '{') ++depth_;
            if ((c == ']' || c == '}') && depth_ > 0) --depth_;
            if (c == '.') ++dots_;
            if (depth_ > kDeepest || dots_ > kDeepest) return line_;
        }
        return 0;
    }

private:
    void skip(std::size_t count) {
        line_ += static_cast<unsigned>(std::ranges::count(rest_.substr(0, count), '\n'));
        rest_.remove_prefix(std::min(count, rest_.size()));
    }

    bool skip_comment() {
        if (rest_.front() != '#') return false;
        skip(std::min(rest_.find('\n'), rest_.size()));
        return true;
    }

    bool skip_string() {
        const char quote = rest_.front();
        if (quote != '"' && quote != '\'') return false;
        const std::string three(3, quote);
        const bool many_lines = rest_.starts_with(three);
        const std::string_view end = many_lines ? std::string_view{three} : rest_.substr(0, 1);
        skip(end.size());
        while (!rest_.empty() && !rest_.starts_with(end)) {
            if (!many_lines && rest_.front() == '\n')
                return true;  // not closed: toml11 will say so
            skip(quote == '"' && rest_.front() == '\\' ? 2 : 1);
        }
        skip(end.size());
        // Up to two more belong to the string: the last ones of it, in front of what closes it.
        for (int i = 0; i < 2 && many_lines && rest_.starts_with(quote); ++i) skip(1);
        return true;
    }

    std::string_view rest_;
    unsigned line_ = 1;
    std::size_t depth_ = 0;
    std::size_t dots_ = 0;
};

/// Octets of the UTF-8 character at the front of `text`; 0 when there is none (RFC 3629: no
/// overlong forms, no surrogates, nothing above U+10FFFF).
std::size_t utf8_length(std::string_view text) {
    const auto octet = [text](std::size_t i) -> unsigned {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
    };
    const auto follows = [octet](std::size_t i) { return (octet(i) & 0xc0U) == 0x80; };
    const unsigned first = octet(0);
    const unsigned second = octet(1);
    if (first < 0x80) return 1;
    if (first >= 0xc2 && first <= 0xdf) return follows(1) ? 2 : 0;
    if (first >= 0xe0 && first <= 0xef) {
        const bool overlong = first == 0xe0 && second < 0xa0;
        const bool surrogate = first == 0xed && second > 0x9f;
        return follows(1) && follows(2) && !overlong && !surrogate ? 3 : 0;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        const bool overlong = first == 0xf0 && second < 0x90;
        const bool too_high = first == 0xf4 && second > 0x8f;
        return follows(1) && follows(2) && follows(3) && !overlong && !too_high ? 4 : 0;
    }
    return 0;
}

/// Line of the first octet that is not UTF-8; 0 when all of it is. TOML is UTF-8, and toml11 3.7
/// reads past its buffer when a literal string is not.
unsigned first_not_utf8(std::string_view text) {
    unsigned line = 1;
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        if (length == 0) return line;
        if (text.front() == '\n') ++line;
        text.remove_prefix(length);
    }
    return 0;
}

/// toml11 explains itself in a drawing:
///
///     [error] toml::parse_array: missing array separator `,` after a value
///      --> file
///        |
///      2 | b = [1,2
///        |     ^--- should be `,`
///
/// The last line with a number and the arrow below it are where it is.
Fault fault_of(std::string_view drawing, unsigned line) {
    const auto take_line = [&drawing] {
        const std::size_t end = std::min(drawing.find('\n'), drawing.size());
        const std::string_view out = drawing.substr(0, end);
        drawing.remove_prefix(std::min(end + 1, drawing.size()));
        return out;
    };
    std::string_view headline = take_line();
    if (const auto start = headline.find("[error] "); start != headline.npos) {
        headline.remove_prefix(start + 8);
    }
    if (headline.starts_with("toml::")) {
        const auto colon = headline.find(": ");
        if (colon != headline.npos) headline.remove_prefix(colon + 2);
    }
    std::size_t column = 0;
    std::string_view advice;
    while (!drawing.empty()) {
        const std::string_view drawn = take_line();
        const auto bar = drawn.find(" | ");
        if (bar == drawn.npos) continue;
        const std::string_view margin = drawn.substr(0, bar);
        const auto digits = margin.find_first_of("0123456789");
        if (digits != margin.npos) {
            std::from_chars(margin.data() + digits, margin.data() + margin.size(), line);
            continue;
        }
        const auto arrow = drawn.find_first_of("^~", bar);
        if (arrow == drawn.npos) continue;
        column = arrow - bar - 2;
        const auto words = drawn.find_first_not_of("^~- ", arrow);
        advice = words == drawn.npos ? std::string_view{} : drawn.substr(words);
    }
    std::string message = "TOML syntax error";
    if (column != 0) message += " at column " + std::to_string(column);
    message += ": ";
    message += headline.substr(0, headline.find_last_not_of(". ") + 1);
    if (!advice.empty() && advice != "here") message += " (" + std::string{advice} + ')';
    while (message.ends_with('.') || message.ends_with(' ')) message.pop_back();
    // The drawing repeats the file; a terminal must not obey what is in there.
    std::ranges::replace_if(
        message, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
    return {.path = {}, .line = line, .message = std::move(message)};
}

}  // namespace

bool check_text(std::string_view text, Faults& faults) {
    if (const unsigned line = first_not_utf8(text); line != 0) {
        faults.push_back({{}, line, "is not UTF-8: save the file in that encoding"});
        return false;
    }
    if (const unsigned line = NestingScan{text}.first_too_deep(); line != 0) {
        faults.push_back({{}, line, "nests deeper than " + std::to_string(kDeepest) + " levels"});
        return false;
    }
    return true;
}

std::optional<toml::value> read_toml(std::string_view text, Faults& faults) {
    std::istringstream stream{std::string{text}};
    try {
        return toml::parse(stream, "file");
    } catch (const toml::exception& error) {
        faults.push_back(fault_of(error.what(), error.location().line()));
    } catch (const std::exception& error) {
        faults.push_back({{}, 0, "TOML cannot be read: " + std::string{error.what()}});
    }
    return std::nullopt;
}

}  // namespace tocsin::control::config
