#pragma once

#include "tocsin/v1/session.pb.h"

#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace tocsin::control::ctl {

enum class Colour { None, Green, Yellow, Red };

struct Cell {
    std::string text;
    Colour colour = Colour::None;

    Cell(std::string t, Colour c = Colour::None) : text{std::move(t)}, colour{c} {}
    Cell(const char* t) : text{t} {}
};

/// Up green, Down red, the rest yellow.
[[nodiscard]] Cell state_cell(v1::SessionState state);

/// Columns as wide as their widest cell, two spaces apart, no trailing spaces. Numbers to the
/// right.
class Table {
public:
    enum class Align { Left, Right };
    struct Column {
        std::string title;
        Align align = Align::Left;
    };

    explicit Table(std::vector<Column> columns) : columns_{std::move(columns)} {}

    void add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
    [[nodiscard]] bool empty() const noexcept { return rows_.empty(); }
    /// ANSI colours only when `colour`.
    void print(std::ostream& out, bool colour) const;

private:
    std::vector<Column> columns_;
    std::vector<std::vector<Cell>> rows_;
};

/// One `key  value` per line; groups are set apart by an empty key.
class Properties {
public:
    void add(std::string key, Cell value) { lines_.emplace_back(std::move(key), std::move(value)); }
    void gap() { lines_.emplace_back("", ""); }
    void print(std::ostream& out, bool colour) const;

private:
    std::vector<std::pair<std::string, Cell>> lines_;
};

}  // namespace tocsin::control::ctl
