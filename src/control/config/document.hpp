#pragma once

#include "control/config/fault.hpp"

#include <toml.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tocsin::control::config {

/// The text of a configuration file as TOML. toml11's tree takes some two kilobytes for each
/// [[session]], so that those of a large file are read a piece at a time, each piece a small
/// document of its own, and all else as one: the head.
class Document {
public:
    /// Files with fewer sessions are read whole.
    static constexpr std::size_t kSessionsPerPiece = 1000;

    /// `text` outlives the document. nullopt and one fault: not TOML.
    [[nodiscard]] static std::optional<Document> read(std::string_view text, Faults& faults);

    /// Everything, or everything but what each_piece() gives.
    [[nodiscard]] const toml::value& head() const noexcept { return head_; }
    /// Calls `f` with each piece, whose only key is `session`, and the index in the whole file of
    /// its first session, as long as it returns true. False and one fault: a piece is not TOML.
    [[nodiscard]] bool each_piece(
        const std::function<bool(const toml::value& piece, std::size_t first)>& f, Faults& faults);

    /// As line_of() of toml_reader.hpp, for a path of the whole file.
    [[nodiscard]] unsigned line_of(std::string_view path) const;

private:
    struct Piece {
        std::size_t begin = 0;  ///< in the text
        std::size_t end = 0;
        unsigned first_line = 0;  ///< of the file, from 1
        std::size_t first_session = 0;
    };
    /// Lines of the head from `line` on are those of the file from `file_line` on.
    struct HeadPart {
        unsigned line = 0;
        unsigned file_line = 0;
    };
    struct Split {
        std::string head;
        std::vector<HeadPart> parts;
        std::vector<Piece> pieces;
    };

    Document() = default;
    [[nodiscard]] static std::optional<Split> split(std::string_view text);
    [[nodiscard]] std::optional<toml::value> parse(const Piece& piece, Faults& faults) const;
    [[nodiscard]] unsigned file_line(unsigned head_line) const;

    std::string_view text_;
    toml::value head_;
    std::vector<HeadPart> parts_;  ///< empty: the head is the file
    std::vector<Piece> pieces_;
    mutable std::optional<toml::value> kept_;  ///< of pieces_[kept_index_], for line_of()
    mutable std::size_t kept_index_ = 0;
};

}  // namespace tocsin::control::config
