#include "control/ctl/table.hpp"

#include "control/ctl/format.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace tocsin::control::ctl {

namespace {

std::string_view escape_of(Colour colour) {
    switch (colour) {
        case Colour::Green:
            return "\x1b[32m";
        case Colour::Yellow:
            return "\x1b[33m";
        case Colour::Red:
            return "\x1b[31m";
        case Colour::None:
            break;
    }
    return {};
}

std::string painted(const Cell& cell, bool colour) {
    if (!colour || cell.colour == Colour::None) return cell.text;
    return std::string{escape_of(cell.colour)} + cell.text + "\x1b[0m";
}

}  // namespace

Cell state_cell(v1::SessionState state) {
    std::string name{state_name(state)};
    switch (state) {
        case v1::SESSION_STATE_UP:
            return {std::move(name), Colour::Green};
        case v1::SESSION_STATE_DOWN:
            return {std::move(name), Colour::Red};
        case v1::SESSION_STATE_UNSPECIFIED:
            return {std::move(name)};
        default:
            return {std::move(name), Colour::Yellow};
    }
}

void Table::print(std::ostream& out, bool colour) const {
    std::vector<std::size_t> widths;
    for (const Column& column : columns_) widths.push_back(column.title.size());
    for (const auto& row : rows_) {
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], row[i].text.size());
    }
    const auto print_row = [&](const auto& text_of, const auto& paint, std::size_t cells) {
        std::size_t owed = 0;  // spaces that only a further cell needs
        for (std::size_t i = 0; i < cells; ++i) {
            const std::size_t padding = widths[i] - text_of(i).size();
            const bool right = columns_[i].align == Align::Right;
            out << std::string(owed + (right ? padding : 0), ' ') << paint(i);
            owed = 2 + (right ? 0 : padding);
        }
        out << '\n';
    };
    const auto title = [&](std::size_t i) -> const std::string& { return columns_[i].title; };
    print_row(title, title, columns_.size());
    for (const auto& row : rows_) {
        print_row([&](std::size_t i) -> const std::string& { return row[i].text; },
                  [&](std::size_t i) { return painted(row[i], colour); }, row.size());
    }
}

void Properties::print(std::ostream& out, bool colour) const {
    std::size_t width = 0;
    for (const auto& [key, value] : lines_) width = std::max(width, key.size());
    for (const auto& [key, value] : lines_) {
        if (!key.empty())
            out << key << std::string(width - key.size() + 2, ' ') << painted(value, colour);
        out << '\n';
    }
}

}  // namespace tocsin::control::ctl
