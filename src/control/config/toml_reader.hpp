#pragma once

#include "control/config/fault.hpp"
#include "control/config/nearest.hpp"
#include "dataplane/base/types.hpp"

#include <toml.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tocsin::control::config {

/// An array; elements of the wrong type are nullopt, so that the others keep their index.
template <class T>
using Elements = std::vector<std::optional<T>>;

/// Reads the keys of one TOML table by type. Each get_ function returns nullopt when the key is
/// absent or wrong; wrong ones become faults with the key's path. A key that nobody asked for
/// becomes a fault in finish(). Faults get their line later, from the path (line_of).
class TableReader {
public:
    /// `table` must be a table and outlive the reader.
    TableReader(const toml::value& table, std::string path, Faults& faults)
        : table_{table.as_table(std::nothrow)}, path_{std::move(path)}, faults_{faults} {}

    [[nodiscard]] bool has(const std::string& key) const { return table_.contains(key); }
    /// The same for a key whose value nobody may see in a message: it counts as asked for.
    [[nodiscard]] bool asks_for(const std::string& key) { return find(key) != nullptr; }
    [[nodiscard]] bool is_empty_array(const std::string& key) const;
    /// How many there are by now, of all of the file.
    [[nodiscard]] std::size_t faults() const noexcept { return faults_.size(); }

    std::optional<std::string> get_string(const std::string& key);
    std::optional<bool> get_bool(const std::string& key);
    std::optional<std::int64_t> get_integer(const std::string& key);
    std::optional<std::int64_t> get_integer(const std::string& key, std::int64_t lowest,
                                            std::int64_t highest);
    std::optional<std::chrono::microseconds> get_duration(const std::string& key);
    /// An integer, or an IPv4 address that stands for it; not 0.
    std::optional<Discriminator> get_discriminator(const std::string& key);
    std::optional<Elements<std::string>> get_strings(const std::string& key);
    std::optional<Elements<std::int64_t>> get_integers(const std::string& key);
    std::optional<TableReader> get_table(const std::string& key);
    /// An array of tables, `[[key]]`; empty when absent or wrong.
    std::vector<TableReader> get_tables(const std::string& key);

    /// One of a few words.
    template <class Enum>
    std::optional<Enum> get_choice(const std::string& key,
                                   const std::vector<std::pair<std::string_view, Enum>>& choices) {
        const auto word = get_string(key);
        if (!word) return std::nullopt;
        std::vector<std::string_view> words;
        for (const auto& [name, value] : choices) {
            if (name == *word) return value;
            words.push_back(name);
        }
        fault(key, in_quotes(*word) + " is not accepted: write " + one_of(words));
        return std::nullopt;
    }

    /// The design has `key`, this version does not: a fault when it is there.
    void not_offered_yet(const std::string& key, std::string_view instead);

    void fault(const std::string& key, std::string message);
    /// The same for an element, such as workers[2].
    void fault_at(const std::string& element, std::string message);
    [[nodiscard]] std::string path_of(const std::string& key) const;
    [[nodiscard]] const std::string& path() const noexcept { return path_; }

    /// Faults for the keys that nobody asked for.
    void finish();

private:
    const toml::value* find(const std::string& key);
    /// written(), unless nobody will read it: finding a place in the file takes as long as the
    /// file.
    [[nodiscard]] std::string shown(const toml::value& value) const;
    void wrong_type(const std::string& key, const toml::value& value, std::string_view wanted);

    const toml::table& table_;
    std::string path_;
    Faults& faults_;
    std::vector<std::string> known_;
};

/// The value as the file has it, on one line and shortened.
[[nodiscard]] std::string written(const toml::value& value);

/// Line of what a key path names, or of the nearest table around it that exists; 0 for the empty
/// path.
[[nodiscard]] unsigned line_of(const toml::value& root, std::string_view path);

}  // namespace tocsin::control::config
