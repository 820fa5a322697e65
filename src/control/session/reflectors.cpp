#include "control/session/reflectors.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

namespace tocsin::control::session {

static_assert(config::kMostReflectors == bfd::ReflectorTable::kCapacity);
static_assert(config::kMostReflectorPrefixes == bfd::ReflectorTable::kPrefixes);
static_assert(message::kReflectorCounters == bfd::ReflectorTable::kCapacity);

void Reflectors::set(const config::Sbfd& sbfd) {
    rate_ = sbfd.rate;
    rate_per_source_ = sbfd.rate_per_source;
    const std::vector<Entry> before = std::exchange(entries_, {});
    for (const config::Reflector& r : sbfd.reflectors) add(r, before);
    for (const Entry& entry : before) forget(entry);  // after others have taken its key chain
    if (!before.empty() || !entries_.empty()) tell();
}

void Reflectors::add(const config::Reflector& reflector, const std::vector<Entry>& before) {
    Entry entry{.reflector = reflector, .admin_down = reflector.admin_down};
    if (reflector.auth.type != bfd::AuthType::None) {
        const auto chain = chains_.acquire(reflector.auth, auth::User::Config);
        if (!chain) return;  // the file was validated: there is no number left
        entry.key_chain = chain.value();
    }
    const auto known = std::ranges::find(before, reflector.discriminator,
                                         [](const Entry& e) { return e.reflector.discriminator; });
    if (known != before.end()) {
        entry.counter = known->counter;
        entry.answered = known->answered;
        entry.refused = known->refused;
        if (known->reflector.admin_down == reflector.admin_down) {
            entry.admin_down = known->admin_down;
        }
    } else {
        std::array<bool, message::kReflectorCounters> taken{};
        for (const Entry& e : before) taken[e.counter] = true;
        for (const Entry& e : entries_) taken[e.counter] = true;
        // With all new ones there may be none left that nobody had: those of old ones then.
        auto free = std::ranges::find(taken, false);
        if (free == taken.end()) {
            taken = {};
            for (const Entry& e : entries_) taken[e.counter] = true;
            free = std::ranges::find(taken, false);
        }
        entry.counter = static_cast<std::uint8_t>(free - taken.begin());
        count(entry, entry.answered, entry.refused);
    }
    for (const SessionPort& port : registry_.ports()) {
        echo_looping_.add(port.id, reflector.required_min_echo_rx_interval);
    }
    entries_.push_back(std::move(entry));
}

void Reflectors::forget(const Entry& entry) {
    chains_.release(entry.key_chain, auth::User::Config);
    for (const SessionPort& port : registry_.ports()) {
        echo_looping_.remove(port.id, entry.reflector.required_min_echo_rx_interval);
    }
}

Reflectors::Entry* Reflectors::find(Discriminator discriminator) {
    const auto found = std::ranges::find(entries_, discriminator,
                                         [](const Entry& e) { return e.reflector.discriminator; });
    return found == entries_.end() ? nullptr : &*found;
}

Result<Ok> Reflectors::set_admin(std::span<const Discriminator> discriminators, bool down) {
    for (const Discriminator d : discriminators) {
        if (find(d) != nullptr) continue;
        return Error{ErrorKind::NotFound, "there is no reflector " + config::discriminator_text(d),
                     "discriminators"};
    }
    for (const Discriminator d : discriminators) find(d)->admin_down = down;
    tell();
    return Ok{};
}

void Reflectors::count(const Entry& entry, std::uint64_t& answered, std::uint64_t& refused) const {
    answered = 0;
    refused = 0;
    const auto workers = static_cast<std::uint16_t>(dataplane_.workers());
    for (std::uint16_t i = 0; i < workers; ++i) {
        const message::ReflectorStats& s =
            dataplane_.worker(WorkerId{i}).stats().reflectors[entry.counter];
        answered += s.answered.get();
        refused += s.refused.get();
    }
}

std::vector<ReflectorView> Reflectors::views() const {
    std::vector<ReflectorView> out;
    for (const Entry& entry : entries_) {
        ReflectorView& view = out.emplace_back();
        view.reflector = entry.reflector;
        view.reflector.admin_down = entry.admin_down;
        count(entry, view.answered, view.refused);
        view.answered -= entry.answered;
        view.refused -= entry.refused;
    }
    return out;
}

/// All of them anew: a table is replaced whole, so that workers need no lock.
void Reflectors::tell() {
    auto table = std::make_shared<bfd::ReflectorTable>();
    for (const Entry& entry : entries_) {
        const config::Reflector& r = entry.reflector;
        table->set({.discriminator = r.discriminator,
                    .in_service = !entry.admin_down,
                    .counter = entry.counter,
                    .required_min_rx_interval = r.required_min_rx_interval,
                    .required_min_echo_rx_interval = r.required_min_echo_rx_interval,
                    .key_chain = entry.key_chain});
        table->set_sources(r.discriminator, r.allow, r.deny);
    }
    if (entries_.empty()) table.reset();
    reconciler_.set_reflectors(
        {.table = std::move(table), .rate = rate_, .rate_per_source = rate_per_source_});
}

}  // namespace tocsin::control::session
