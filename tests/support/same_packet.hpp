#pragma once

#include "dataplane/base/received_packet.hpp"

namespace tocsin::test {

/// Whether two descriptions are of one packet: the same octets, the same said of them.
inline bool same_packet(const ReceivedPacket& a, const ReceivedPacket& b) {
    return a.payload == b.payload && a.source == b.source && a.destination == b.destination &&
           a.instance == b.instance && a.payload_length == b.payload_length &&
           a.domain == b.domain && a.port == b.port && a.link == b.link && a.type == b.type &&
           a.family == b.family && a.ttl == b.ttl && a.point_to_point == b.point_to_point;
}

}  // namespace tocsin::test
