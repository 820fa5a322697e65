#pragma once

#include "tocsin/v1/session.pb.h"

#include <cstddef>
#include <ostream>
#include <vector>

namespace tocsin::control::ctl {

/// Writes the records as a pcapng file, in the order of time: of a run the first and the last
/// packet. Echo packets are left out. Only Control packets were kept: the headers around them are
/// made from the session's addresses, MAC addresses and the peer's source port are invented.
/// Returns how many packets were written.
std::size_t write_capture(std::ostream& out, const v1::GetSessionHistoryResponse& history,
                          const std::vector<const v1::PacketRecord*>& records);

}  // namespace tocsin::control::ctl
