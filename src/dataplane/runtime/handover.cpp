#include "dataplane/runtime/handover.hpp"

#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include <string>

namespace tocsin::runtime {

std::unique_ptr<Handover> Handover::create(std::uint16_t workers) {
    std::unique_ptr<Handover> out{new Handover{workers}};
    for (std::uint16_t from = 0; from < workers; ++from) {
        for (std::uint16_t to = 0; to < workers; ++to) {
            if (from == to) continue;
            const std::string name = "tocsin_" + std::to_string(from) + "_" + std::to_string(to);
            rte_ring* const ring = rte_ring_create(name.c_str(), kHandoverCapacity, SOCKET_ID_ANY,
                                                   RING_F_SP_ENQ | RING_F_SC_DEQ);
            if (ring == nullptr) return nullptr;
            out->rings_[std::size_t{from} * workers + to] = ring;
        }
    }
    return out;
}

Handover::~Handover() {
    for (rte_ring* const ring : rings_) {
        if (ring == nullptr) continue;
        void* mbuf = nullptr;
        while (rte_ring_dequeue(ring, &mbuf) == 0) rte_pktmbuf_free(static_cast<rte_mbuf*>(mbuf));
        rte_ring_free(ring);
    }
}

}  // namespace tocsin::runtime
