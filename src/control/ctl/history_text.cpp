#include "control/ctl/history_text.hpp"

#include "control/ctl/format.hpp"
#include "control/ctl/table.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

namespace tocsin::control::ctl {

namespace {

std::string with_decimals(double value, int decimals, const char* unit) {
    std::array<char, 48> text{};
    std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
    std::string out = text.data();
    if (out.find('.') != std::string::npos) {
        while (out.ends_with('0')) out.pop_back();
        if (out.ends_with('.')) out.pop_back();
    }
    return out + ' ' + unit;
}

/// "10:02:18.000042", with the date in front when it is another day than that of `reference_ns`.
std::string clock_of(std::int64_t ns, std::int64_t reference_ns) {
    const std::string whole = time_of(ns / 1000);
    const std::string reference = time_of(reference_ns / 1000);
    constexpr std::size_t kDate = 10;
    if (whole.size() <= kDate) return whole;
    const std::string clock = whole.substr(kDate + 1, whole.size() - kDate - 2);
    return whole.compare(0, kDate, reference, 0, kDate) == 0 ? clock
                                                             : whole.substr(0, kDate) + ' ' + clock;
}

std::string flags_of(const v1::ControlPacket& packet) {
    std::string out;
    for (const auto& [set, letter] :
         {std::pair{packet.poll(), 'P'}, std::pair{packet.final(), 'F'},
          std::pair{packet.control_plane_independent(), 'C'},
          std::pair{packet.authentication_present(), 'A'}, std::pair{packet.demand(), 'D'},
          std::pair{packet.multipoint(), 'M'}}) {
        if (set) out += letter;
    }
    return or_dash(out);
}

std::string number_of_ms(std::uint32_t us) {
    std::string out = milliseconds(us);
    return out.substr(0, out.find(' '));
}

/// Desired Min TX and Required Min RX Interval in milliseconds, and Detect Mult.
std::string intervals_of(const v1::ControlPacket& p) {
    return number_of_ms(p.desired_min_tx_interval_us()) + '/' +
           number_of_ms(p.required_min_rx_interval_us()) + " x" + std::to_string(p.detect_mult());
}

Colour colour_of(const v1::PacketRecord& record) {
    if (record.verdict() == "could_not_leave") return Colour::Red;
    const bool passed = record.verdict() == "accepted" || record.verdict() == "sent";
    return passed ? Colour::None : Colour::Yellow;
}

class Lines {
public:
    explicit Lines(std::int64_t reference_ns) : reference_ns_{reference_ns} {}

    void add(const v1::PacketRecord& r) {
        const bool sent = r.direction() == v1::PACKET_DIRECTION_SENT;
        const v1::ControlPacket& p = r.packet();
        std::string what = verdict_text(r);
        if (r.kind() == v1::PACKET_KIND_ECHO) {
            return row(r.last_ns(), {sent ? "->" : "<-", "Echo", "-", "-", "-",
                                     Cell{std::move(what), colour_of(r)}});
        }
        row(r.last_ns(), {sent ? "->" : "<-", state_cell(p.state()), flags_of(p),
                          p.diag() == 0 ? "-" : std::to_string(p.diag()), intervals_of(p),
                          Cell{std::move(what), colour_of(r)}});
    }
    void add(const v1::DownRecord& down) {
        row(down.at_ns(), {"==", state_cell(down.state()), "-", std::to_string(down.diag()), "-",
                           Cell{"left Up: " + down.diag_name(), Colour::Red}});
    }
    void print(std::ostream& out, bool colour) const { table_.print(out, colour); }
    [[nodiscard]] bool empty() const { return table_.empty(); }

private:
    void row(std::int64_t at_ns, std::vector<Cell> cells) {
        const std::string delta =
            before_ns_ == 0 ? "-" : '+' + span_text(std::max<std::int64_t>(at_ns - before_ns_, 0));
        before_ns_ = at_ns;
        cells.insert(cells.begin(), {Cell{clock_of(at_ns, reference_ns_)}, Cell{delta}});
        table_.add(std::move(cells));
    }

    std::int64_t reference_ns_;
    std::int64_t before_ns_ = 0;
    Table table_{{{"TIME", Table::Align::Right},
                  {"DELTA", Table::Align::Right},
                  {""},
                  {"STATE"},
                  {"FLAGS"},
                  {"DIAG"},
                  {"TX/RX MS"},
                  {"VERDICT"}}};
};

std::vector<const v1::PacketRecord*> sorted(const v1::PacketRing& ring) {
    std::vector<const v1::PacketRecord*> out;
    for (const v1::PacketRecord& r : ring.records()) out.push_back(&r);
    std::ranges::stable_sort(out, {}, [](const auto* r) { return r->last_ns(); });
    return out;
}

void print_head(std::ostream& out, const v1::GetSessionHistoryResponse& history) {
    const v1::SessionSpec& spec = history.session().spec();
    out << "Session " << history.session().id() << (spec.name().empty() ? "" : ' ' + spec.name())
        << ": " << spec.remote() << " on " << spec.port() << ", read "
        << time_of(history.taken_ns() / 1000) << '\n';
    const v1::DownRecord& down = history.down();
    if (down.at_ns() == 0) return;
    out << "Left Up   " << time_of(down.at_ns() / 1000) << " to " << state_name(down.state())
        << ": " << down.diag_name() << '\n';
    if (down.has_evidence() && down.last_rx_ns() != 0) {
        out << "Silence   last packet " << span_text(down.at_ns() - down.last_rx_ns()) << " before";
        const std::string more = evidence_text(down.evidence());
        if (!more.empty()) out << ", " << more;
        out << '\n';
    }
    if (down.loop_gap_us() != 0) {
        out << "Pause     the worker itself paused for "
            << span_text(std::int64_t{down.loop_gap_us()} * 1000) << " just before\n";
    }
}

}  // namespace

std::string span_text(std::int64_t ns) {
    constexpr std::int64_t kSecond = 1'000'000'000;
    const auto t = static_cast<double>(std::max<std::int64_t>(ns, 0));
    if (ns < 10'000) return with_decimals(t / 1e3, 1, "us");
    if (ns < 1'000'000) return with_decimals(t / 1e3, 0, "us");
    if (ns < kSecond) return with_decimals(t / 1e6, ns < 10'000'000 ? 2 : 1, "ms");
    if (ns < 600 * kSecond) return with_decimals(t / 1e9, ns < 10 * kSecond ? 2 : 1, "s");
    return age(ns / 1000);
}

std::string verdict_text(const v1::PacketRecord& record) {
    std::string out = record.verdict();
    std::ranges::replace(out, '_', ' ');
    if (record.verdict() != "could_not_leave") out = record.verdict();
    if (record.count() > 1) {
        out += " x " + std::to_string(record.count()) + " over " +
               span_text(record.last_ns() - record.first_ns());
    }
    if (record.longest_gap_us() != 0) {
        out += ", longest gap " + span_text(std::int64_t{record.longest_gap_us()} * 1000);
    }
    if (record.latest_us() != 0) {
        out += ", up to " + span_text(std::int64_t{record.latest_us()} * 1000) + " late";
    }
    return out;
}

std::string evidence_text(const v1::DownEvidence& evidence) {
    std::string out;
    const auto add = [&out](const std::string& text) { out += (out.empty() ? "" : ", ") + text; };
    const auto at_least = [](std::uint32_t n) { return "at least " + std::to_string(n); };
    if (evidence.sent() != 0) add(at_least(evidence.sent()) + " of ours left since");
    if (evidence.not_sent() != 0) {
        add(at_least(evidence.not_sent()) + " of ours could not leave");
    }
    if (evidence.dropped() != 0) {
        add(at_least(evidence.dropped()) + " received but dropped (" + evidence.dropped_as() + ')');
    }
    return out;
}

std::vector<const v1::PacketRecord*> records_of(const v1::GetSessionHistoryResponse& history,
                                                HistoryPart part) {
    std::vector<const v1::PacketRecord*> out;
    if (part.frozen) out = sorted(history.frozen());
    if (part.live) {
        const auto live = sorted(history.live());
        out.insert(out.end(), live.begin(), live.end());
    }
    return out;
}

void print_history(std::ostream& out, const v1::GetSessionHistoryResponse& history,
                   HistoryPart part, bool colour) {
    print_head(out, history);
    Lines lines{history.taken_ns()};
    std::uint32_t overwritten = 0;
    if (part.frozen) {
        for (const auto* r : sorted(history.frozen())) lines.add(*r);
        overwritten += history.frozen().overwritten();
        if (history.down().at_ns() != 0) lines.add(history.down());
    }
    if (part.live) {
        for (const auto* r : sorted(history.live())) lines.add(*r);
        overwritten += history.live().overwritten();
    }
    out << '\n';
    if (lines.empty()) {
        out << (part.live ? "No packet yet.\n" : "It was never Up and then left it.\n");
        return;
    }
    lines.print(out, colour);
    if (overwritten != 0) {
        out << '\n' << overwritten << " more made room (dataplane.history keeps more)\n";
    }
}

}  // namespace tocsin::control::ctl
