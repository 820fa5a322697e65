#include "control/config/nearest.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <numeric>

namespace tocsin::control::config {

namespace {

constexpr std::size_t kLongestWord = 64;    // longer ones are not compared
constexpr std::size_t kLongestQuote = 120;  // octets of a value that a message repeats

/// Optimal string alignment distance: Levenshtein plus swaps of neighbours.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1);
    std::vector<std::size_t> above(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(above.begin(), above.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replace = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({above[j] + 1, row[j - 1] + 1, replace});
            const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
        }
        std::swap(before, above);
        std::swap(above, row);
    }
    return above[b.size()];
}

}  // namespace

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& known) {
    if (word.size() > kLongestWord) return {};
    std::string_view nearest;
    std::size_t fewest = std::numeric_limits<std::size_t>::max();
    for (const std::string_view candidate : known) {
        std::size_t edits = distance(word, candidate);
        // A word that was cut short or carried on is more likely meant than its distance says.
        const std::size_t shorter = std::min(word.size(), candidate.size());
        if (shorter >= 4 && word.substr(0, shorter) == candidate.substr(0, shorter)) {
            edits = std::min<std::size_t>(edits, 2);
        }
        if (edits < fewest) {
            fewest = edits;
            nearest = candidate;
        }
    }
    const std::size_t allowed = std::max<std::size_t>(1, std::max(word.size(), nearest.size()) / 3);
    if (nearest.empty() || fewest > allowed) return {};
    return ", did you mean " + in_quotes(nearest) + '?';
}

std::string one_of(const std::vector<std::string_view>& words) {
    std::string out;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i != 0) out += i + 1 == words.size() ? " or " : ", ";
        out += in_quotes(words[i]);
    }
    return out;
}

std::string in_quotes(std::string_view text) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out = "\"";
    for (const char c : text.substr(0, kLongestQuote)) {
        const auto octet = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (octet < 0x20 || octet == 0x7f) {
            out += "\\x";
            out += kDigits[octet >> 4U];
            out += kDigits[octet & 15U];
        } else {
            out += c;
        }
    }
    return out + (text.size() > kLongestQuote ? "...\"" : "\"");
}

}  // namespace tocsin::control::config
