#pragma once

#include "tocsin/v1/session.pb.h"

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

namespace tocsin::control::ctl {

/// "accepted x 1204 over 120.3 s, longest gap 101 ms".
[[nodiscard]] std::string verdict_text(const v1::PacketRecord& record);

/// "at least 3 of ours left since, 2 of the peer's were dropped (auth_digest)"; empty when it says
/// nothing.
[[nodiscard]] std::string evidence_text(const v1::DownEvidence& evidence);

/// "12.3 us", "101 ms", "2.5 s", "12m 05s": as exact as it helps. Negative ones count as 0.
[[nodiscard]] std::string span_text(std::int64_t ns);

/// What is to be shown of a history.
struct HistoryPart {
    bool frozen = true;  ///< before the last Down
    bool live = true;    ///< after it
};

/// The records of this part, by the time of the last packet of each.
[[nodiscard]] std::vector<const v1::PacketRecord*> records_of(
    const v1::GetSessionHistoryResponse& history, HistoryPart part);

/// Head, how the session left Up, and a line for each record, which stands where its last packet
/// came or left.
void print_history(std::ostream& out, const v1::GetSessionHistoryResponse& history,
                   HistoryPart part, bool colour);

}  // namespace tocsin::control::ctl
