#pragma once

#include "control/load/demand.hpp"
#include "control/session/command_queue.hpp"
#include "control/session/history_reader.hpp"
#include "control/session/key_sender.hpp"
#include "control/session/reflector_sender.hpp"
#include "control/session/worker_slots.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <unordered_map>
#include <vector>

namespace tocsin::control::session {

/// What control keeps of one worker: its slots, and what it is still to be told and asked.
struct WorkerRecord {
    using Done = std::function<void()>;

    WorkerId id;
    message::WorkerLink* link;
    WorkerSlots slots;
    CommandQueue commands;
    KeySender keys;
    ReflectorSender reflectors;
    HistoryReader histories;
    std::deque<Slot> queue;  ///< those with needs, each once
    load::Demand demand;     ///< of the sessions it has
    bool overloaded = false;
    std::unordered_map<std::uint64_t, std::vector<Done>> queries;  ///< by request id
    std::unordered_map<std::uint32_t, std::vector<Done>> asked;    ///< by slot, not sent yet

    /// Adds to what the worker has to be told about a slot; `needs` are bits of Need.
    void enqueue(Slot slot, std::uint16_t needs) {
        SlotEntry& entry = slots.at(slot);
        entry.needs = static_cast<std::uint16_t>(entry.needs | needs);
        if (entry.queued) return;
        entry.queued = true;
        queue.push_back(slot);
    }
};

}  // namespace tocsin::control::session
