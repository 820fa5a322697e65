#include "overlay/label_stack.hpp"

namespace tocsin::overlay {

namespace {

constexpr std::uint32_t kBottom = 0x100;  // the bit S

}  // namespace

void write_labels(HeaderWriter& w, const LabelStack& stack) noexcept {
    for (std::size_t i = 0; i < stack.size; ++i) {
        const Label& l = stack.labels[i];
        const auto at = w.take(kLabelLength);
        if (at.empty()) return;
        store_be32(at.data(), (l.value & kMostLabel) << 12U | (l.tc & 7U) << 9U |
                                  (i + 1 == stack.size ? kBottom : 0U) | l.ttl);
    }
}

DropReason open_labels(Octets octets, BottomLabels& out) noexcept {
    for (std::size_t at = 0; out.depth < BottomLabels::kDeepest; at += kLabelLength) {
        if (octets.size() <= at + kLabelLength) return DropReason::LabelStack;
        const std::uint32_t entry = load_be32(&octets[at]);
        const Label label{.value = entry >> 12U,
                          .tc = static_cast<std::uint8_t>(entry >> 9U & 7U),
                          .ttl = static_cast<std::uint8_t>(entry)};
        out.third = out.depth < 2 ? label : out.second;
        out.second = out.depth == 0 ? label : out.bottom;
        out.bottom = label;
        ++out.depth;
        if ((entry & kBottom) == 0) continue;
        out.behind = octets.subspan(at + kLabelLength);
        return DropReason::None;
    }
    return DropReason::LabelStack;
}

}  // namespace tocsin::overlay
