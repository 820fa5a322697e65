#include "control/config/toml_reader.hpp"

#include "control/base/address.hpp"
#include "control/base/duration.hpp"
#include "dataplane/base/bytes.hpp"

#include <algorithm>
#include <charconv>

namespace tocsin::control::config {

namespace {

std::string_view type_name(const toml::value& value) {
    switch (value.type()) {
        case toml::value_t::boolean:
            return "a boolean";
        case toml::value_t::integer:
            return "an integer";
        case toml::value_t::floating:
            return "a number with a fraction";
        case toml::value_t::string:
            return "a string";
        case toml::value_t::array:
            return "an array";
        case toml::value_t::table:
            return "a table";
        default:
            return "a date or time";
    }
}

bool is_bare(std::string_view key) {
    return !key.empty() && std::ranges::all_of(key, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-';
    });
}

/// As it stands between brackets in a file: port.route of port[0].route.
std::string header_of(std::string_view path) {
    std::string out;
    while (!path.empty()) {
        const std::size_t open = std::min(path.find('['), path.size());
        out += path.substr(0, open);
        path.remove_prefix(std::min(path.find(']', open), path.size() - 1) + 1);
    }
    return out;
}

/// What other implementations call a key, and what it is called here.
constexpr std::pair<std::string_view, std::string_view> kElsewhere[]{
    {"transmit_interval", "desired_min_tx_interval"},
    {"tx_interval", "desired_min_tx_interval"},
    {"min_tx_interval", "desired_min_tx_interval"},
    {"interval", "desired_min_tx_interval"},
    {"receive_interval", "required_min_rx_interval"},
    {"rx_interval", "required_min_rx_interval"},
    {"min_rx_interval", "required_min_rx_interval"},
    {"multiplier", "detect_mult"},
    {"detect_multiplier", "detect_mult"},
    {"peer", "remote"},
    {"neighbor", "remote"},
    {"address", "remote"},
    {"source", "local"},
    {"local_address", "local"},
    {"interface", "port"},
    {"minimum_ttl", "min_ttl"},
    {"authentication", "auth"},
    {"echo_interval", "desired_min_echo_tx_interval"},
};

/// The same as did_you_mean(), for words of other implementations first.
std::string meant_by(const std::string& key, const std::vector<std::string_view>& known) {
    std::string word = key;
    std::ranges::replace(word, '-', '_');
    for (const auto& [theirs, ours] : kElsewhere) {
        if (word == theirs && std::ranges::find(known, ours) != known.end()) {
            return ", did you mean " + in_quotes(ours) + '?';
        }
    }
    return did_you_mean(key, known);
}

}  // namespace

std::string written(const toml::value& value) {
    switch (value.type()) {
        case toml::value_t::string:
            return in_quotes(value.as_string(std::nothrow).str);
        case toml::value_t::array:
            return "an array";
        case toml::value_t::table:
            return "a table";
        default:
            break;
    }
    const toml::source_location where = value.location();
    const std::string& line = where.line_str();
    const std::size_t start = where.column() - 1;
    if (start >= line.size()) return std::string{type_name(value)};
    return line.substr(start, std::min<std::size_t>(where.region(), 60));
}

std::string TableReader::shown(const toml::value& value) const {
    return faults_.size() < kMostFaults ? written(value) : std::string{type_name(value)};
}

const toml::value* TableReader::find(const std::string& key) {
    known_.push_back(key);
    const auto found = table_.find(key);
    return found == table_.end() ? nullptr : &found->second;
}

std::string TableReader::path_of(const std::string& key) const {
    const std::string name = is_bare(key) ? key : in_quotes(key);
    return path_.empty() ? name : path_ + '.' + name;
}

void TableReader::fault(const std::string& key, std::string message) {
    faults_.push_back({.path = path_of(key), .line = 0, .message = std::move(message)});
}

void TableReader::fault_at(const std::string& element, std::string message) {
    const std::string path = path_.empty() ? element : path_ + '.' + element;
    faults_.push_back({.path = path, .line = 0, .message = std::move(message)});
}

void TableReader::wrong_type(const std::string& key, const toml::value& value,
                             std::string_view wanted) {
    const std::string found = shown(value);
    std::string message{type_name(value)};
    if (message != found) message += ", " + found + ',';
    fault(key, message + " is not accepted: write " + std::string{wanted});
}

std::optional<std::string> TableReader::get_string(const std::string& key) {
    const toml::value* const value = find(key);
    if (value == nullptr) return std::nullopt;
    if (value->is_string()) return value->as_string(std::nothrow).str;
    wrong_type(key, *value, "a string in quotes");
    return std::nullopt;
}

std::optional<bool> TableReader::get_bool(const std::string& key) {
    const toml::value* const value = find(key);
    if (value == nullptr) return std::nullopt;
    if (value->is_boolean()) return value->as_boolean(std::nothrow);
    wrong_type(key, *value, "true or false, without quotes");
    return std::nullopt;
}

std::optional<std::int64_t> TableReader::get_integer(const std::string& key) {
    const toml::value* const value = find(key);
    if (value == nullptr) return std::nullopt;
    if (value->is_integer()) return value->as_integer(std::nothrow);
    wrong_type(key, *value, "an integer, without quotes");
    return std::nullopt;
}

std::optional<std::int64_t> TableReader::get_integer(const std::string& key, std::int64_t lowest,
                                                     std::int64_t highest) {
    const auto number = get_integer(key);
    if (!number || (*number >= lowest && *number <= highest)) return number;
    fault(key, shown(table_.at(key)) + " is out of range: " + std::to_string(lowest) + ".." +
                   std::to_string(highest) + " are accepted");
    return std::nullopt;
}

std::optional<Discriminator> TableReader::get_discriminator(const std::string& key) {
    const toml::value* const value = find(key);
    if (value == nullptr) return std::nullopt;
    std::uint32_t number = 0;
    if (value->is_string()) {
        const auto address = parse_address(value->as_string(std::nothrow).str);
        if (address && address->is_v4()) number = load_be32(address->octets.data());
    } else if (value->is_integer()) {
        const std::int64_t n = value->as_integer(std::nothrow);
        if (n > 0 && n <= 0xffffffff) number = static_cast<std::uint32_t>(n);
    }
    if (number != 0) return Discriminator{number};
    wrong_type(key, *value,
               "a discriminator: 1..4294967295, or an IPv4 address in quotes that stands for it");
    return std::nullopt;
}

std::optional<std::chrono::microseconds> TableReader::get_duration(const std::string& key) {
    const toml::value* const value = find(key);
    if (value == nullptr) return std::nullopt;
    if (value->is_integer() && value->as_integer(std::nothrow) >= 0) {
        const std::string number = std::to_string(value->as_integer(std::nothrow));
        fault(key,
              number + " has no unit: write a string such as \"" + number + "ms\" (us, ms, s)");
        return std::nullopt;
    }
    if (!value->is_string()) {
        wrong_type(key, *value, "a string with a unit, such as \"50ms\"");
        return std::nullopt;
    }
    auto duration = parse_duration(value->as_string(std::nothrow).str);
    if (duration.ok()) return duration.value();
    fault(key, duration.error().message);
    return std::nullopt;
}

std::optional<Elements<std::string>> TableReader::get_strings(const std::string& key) {
    const toml::value* const value = find(key);
    if (value == nullptr) return std::nullopt;
    if (!value->is_array()) {
        const std::string example = value->is_string() ? '[' + shown(*value) + ']' : "[\"...\"]";
        wrong_type(key, *value, "an array of strings: " + example);
        return std::nullopt;
    }
    Elements<std::string> out;
    const auto& elements = value->as_array(std::nothrow);
    for (std::size_t i = 0; i < elements.size(); ++i) {
        if (elements[i].is_string()) {
            out.emplace_back(elements[i].as_string(std::nothrow).str);
            continue;
        }
        out.emplace_back();
        faults_.push_back({indexed(path_of(key), i), 0,
                           shown(elements[i]) + " is not a string: write it in quotes"});
    }
    return out;
}

std::optional<Elements<std::int64_t>> TableReader::get_integers(const std::string& key) {
    const toml::value* const value = find(key);
    if (value == nullptr) return std::nullopt;
    if (!value->is_array()) {
        wrong_type(key, *value,
                   "an array of integers, such as " +
                       (value->is_integer() ? '[' + shown(*value) + ']' : std::string{"[1, 2]"}));
        return std::nullopt;
    }
    Elements<std::int64_t> out;
    const auto& elements = value->as_array(std::nothrow);
    for (std::size_t i = 0; i < elements.size(); ++i) {
        if (elements[i].is_integer()) {
            out.emplace_back(elements[i].as_integer(std::nothrow));
            continue;
        }
        out.emplace_back();
        faults_.push_back({indexed(path_of(key), i), 0, shown(elements[i]) + " is not an integer"});
    }
    return out;
}

std::optional<TableReader> TableReader::get_table(const std::string& key) {
    const toml::value* const value = find(key);
    if (value == nullptr) return std::nullopt;
    if (value->is_table()) return TableReader{*value, path_of(key), faults_};
    if (value->is_array()) {
        fault(key, "there is only one " + path_of(key) + ": write [" + path_of(key) +
                       "] with single brackets");
    } else {
        // Headers do not reach into the tables of an array: [session[0].auth] would be no TOML.
        wrong_type(key, *value,
                   path_.find('[') == path_.npos ? "a table, [" + path_of(key) + ']'
                                                 : "a table, " + key + " = { ... }");
    }
    return std::nullopt;
}

bool TableReader::is_empty_array(const std::string& key) const {
    const auto found = table_.find(key);
    return found != table_.end() && found->second.is_array() &&
           found->second.as_array(std::nothrow).empty();
}

std::vector<TableReader> TableReader::get_tables(const std::string& key) {
    std::vector<TableReader> out;
    const toml::value* const value = find(key);
    if (value == nullptr) return out;
    if (!value->is_array()) {
        fault(key, "there can be several: write [[" + header_of(path_of(key)) +
                       "]] with double brackets");
        return out;
    }
    const auto& elements = value->as_array(std::nothrow);
    for (std::size_t i = 0; i < elements.size(); ++i) {
        const std::string path = indexed(path_of(key), i);
        if (elements[i].is_table()) {
            out.emplace_back(elements[i], path, faults_);
        } else {
            faults_.push_back({path, 0,
                               shown(elements[i]) + " is not a table: write [[" + key +
                                   "]] and its keys below it"});
        }
    }
    return out;
}

void TableReader::not_offered_yet(const std::string& key, std::string_view instead) {
    if (find(key) == nullptr) return;
    fault(key, "this version does not offer it yet: " + std::string{instead});
}

void TableReader::finish() {
    const std::vector<std::string_view> known{known_.begin(), known_.end()};
    for (const auto& [key, value] : table_) {
        if (std::ranges::find(known_, key) != known_.end()) continue;
        fault(key, "there is no such key" +
                       (path_.empty() ? std::string{" at the top of the file"} : std::string{}) +
                       meant_by(key, known));
    }
}

unsigned line_of(const toml::value& root, std::string_view path) {
    if (path.empty()) return 0;
    const toml::value* at = &root;
    while (!path.empty()) {
        if (path.starts_with('.')) path.remove_prefix(1);
        if (path.starts_with('[')) {
            std::size_t index = 0;
            const auto [end, error] = std::from_chars(path.begin() + 1, path.end(), index);
            if (error != std::errc{} || end == path.end() || *end != ']') break;
            if (!at->is_array() || index >= at->as_array(std::nothrow).size()) break;
            at = &at->as_array(std::nothrow)[index];
            path = {end + 1, path.end()};
            continue;
        }
        if (!at->is_table()) break;
        const auto& table = at->as_table(std::nothrow);
        const toml::value* next = nullptr;
        if (path.starts_with('"')) {  // rare: compare with each key as path_of() writes it
            for (const auto& [key, value] : table) {
                if (!path.starts_with(in_quotes(key))) continue;
                next = &value;
                path.remove_prefix(in_quotes(key).size());
                break;
            }
        } else {
            const std::size_t end = std::min(path.find_first_of(".["), path.size());
            const auto found = table.find(std::string{path.substr(0, end)});
            path.remove_prefix(end);
            if (found != table.end()) next = &found->second;
        }
        if (next == nullptr) break;
        at = next;
    }
    return at == &root ? 0 : at->location().line();
}

}  // namespace tocsin::control::config
