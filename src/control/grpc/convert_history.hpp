#pragma once

#include "control/session/history_view.hpp"
#include "tocsin/v1/session.pb.h"

namespace tocsin::control::api {

void to_proto(const session::HistoryView& view, v1::GetSessionHistoryResponse& out);
void to_proto(const bfd::DownEvidence& evidence, v1::DownEvidence& out);

}  // namespace tocsin::control::api
