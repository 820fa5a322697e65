#pragma once

#include "control/ctl/table.hpp"
#include "tocsin/v1/session.pb.h"

#include <cstdint>

namespace tocsin::control::ctl {

/// One row for each session; `now_us` is Unix time in microseconds.
[[nodiscard]] Table session_table();
void add_row(Table& table, const v1::Session& session, std::int64_t now_us);

/// Everything about one session.
[[nodiscard]] Properties session_properties(const v1::Session& session, std::int64_t now_us);

}  // namespace tocsin::control::ctl
