#pragma once

#include "control/session/observer.hpp"

#include <utility>
#include <vector>

namespace tocsin::control::app {

/// Tells several observers, in order.
class Observers final : public session::Observer {
public:
    explicit Observers(std::vector<session::Observer*> observers)
        : observers_{std::move(observers)} {}

    void added(const session::SessionRecord& record) override {
        for (session::Observer* const o : observers_) o->added(record);
    }
    void changed(const session::SessionRecord& record, const bfd::SessionEvent& event) override {
        for (session::Observer* const o : observers_) o->changed(record, event);
    }
    void told(const session::SessionRecord& record) override {
        for (session::Observer* const o : observers_) o->told(record);
    }
    void deleted(const session::SessionRecord& record) override {
        for (session::Observer* const o : observers_) o->deleted(record);
    }
    void refused(const session::SessionRecord& record, const char* command,
                 bfd::Status status) override {
        for (session::Observer* const o : observers_) o->refused(record, command, status);
    }
    void unmatched(const message::UnmatchedPacket& packet) override {
        for (session::Observer* const o : observers_) o->unmatched(packet);
    }

private:
    std::vector<session::Observer*> observers_;
};

}  // namespace tocsin::control::app
