#include "dataplane/base/bytes.hpp"
#include "engine_fixture.hpp"
#include "octet_reader.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {

using namespace std::chrono_literals;
using namespace tocsin;
using namespace tocsin::bfd;

constexpr std::size_t kSessions = 3;
constexpr std::uint16_t kChains = 2;

void require(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "does not hold: %s\n", what);
    std::abort();
}

/// Sessions with and without authentication, keys that change under them, and packets signed with
/// any key. Which of them pass is decided once more here, by the words of RFC 5880 6.7.
class Script {
public:
    explicit Script(std::span<const std::uint8_t> octets) : in_{octets} {
        for (std::uint16_t chain = 1; chain <= kChains; ++chain) {
            types_[chain] = static_cast<AuthType>(1 + in_.octet() % 5U);
            set_keys(chain);
        }
        for (std::size_t i = 0; i < kSessions; ++i) {
            Session& s = sessions_[i];
            s.key.family = AddressFamily::V4;
            s.key.port = {1};
            s.key.local = {10, 0, 0, 1};
            s.key.remote = {10, 0, 1, static_cast<std::uint8_t>(i)};
            s.handle = box_.handle(static_cast<std::uint32_t>(i));
            s.chain = static_cast<std::uint16_t>(in_.octet() % (kChains + 1));
            require(box_.add(s.handle, s.key, parameters(s.chain)) == Status::Ok, "add");
        }
    }

    void run() {
        while (!in_.empty()) {
            one();
            static_cast<void>(box_.events());
            check_sent();
        }
    }

private:
    struct Session {
        SessionHandle handle;
        SessionKey key;
        std::uint16_t chain = 0;
    };

    static SessionParameters parameters(std::uint16_t chain) {
        SessionParameters p;
        p.desired_min_tx_interval = p.required_min_rx_interval = WireInterval{50'000};
        p.key_chain = chain;
        return p;
    }

    static AuthKey some_key(std::uint8_t which) {
        AuthKey k;
        k.id = which % 4U;
        k.length = static_cast<std::uint8_t>(1 + which % 16U);
        k.secret[0] = static_cast<std::uint8_t>(0x40U + which % 8U);
        return k;
    }

    void set_keys(std::uint16_t chain) {
        const std::uint8_t shape = in_.octet();
        if (shape == 0xff) {
            keys_[chain] = {};
            require(box_.engine().set_keys(chain, nullptr) == Status::Ok, "no keys");
            return;
        }
        AuthKeys keys;
        keys.type = types_[chain];
        const std::uint8_t first = in_.octet();
        keys.count = static_cast<std::uint8_t>(shape / 5U % 3U);
        for (std::uint8_t i = 0; i < keys.count; ++i) {
            keys.keys[i] = some_key(static_cast<std::uint8_t>(first + i));
        }
        keys.current = (first & 0x80U) != 0 ? AuthKeys::kNone : 0;
        keys_[chain] = keys;
        require(box_.set_keys(chain, keys) == Status::Ok, "set_keys");
    }

    /// What 6.7 says of a packet that everything else about it is right with.
    bool passes(const Session& s, const std::vector<std::uint8_t>& octets,
                const SessionSnapshot& before) const {
        const bool present = (octets[kStateOffset] & kAuthenticationBit) != 0;
        if (s.chain == 0 || !present) return (s.chain == 0) == !present;
        if (load_be32(&octets[kMyDiscriminatorOffset]) == s.handle.local_discr.value) return false;
        const AuthKeys& keys = keys_[s.chain];
        for (std::uint8_t i = 0; i < keys.count; ++i) {
            AuthKeys one = keys;
            one.current = i;
            ControlOctets plain;
            std::copy_n(octets.begin(), plain.size(), plain.begin());
            const std::uint32_t sequence =
                octets.size() >= 32 ? load_be32(&octets[28]) : std::uint32_t{0};
            const SignedPacket right = sign(one, plain, sequence);
            const std::uint32_t ahead = sequence - before.rcv_auth_seq;
            const bool in_window = !has_sequence(keys.type) || !before.auth_seq_known ||
                                   (ahead <= 3U * plain[kDetectMultOffset] &&
                                    (ahead != 0 || !is_meticulous(keys.type)));
            if (in_window && std::ranges::equal(right.span(), octets)) return true;
        }
        return false;
    }

    void packet() {
        Session& s = sessions_[in_.octet() % kSessions];
        const std::uint8_t how = in_.octet();
        box_.advance();
        const SessionSnapshot before = box_.snapshot(s.handle);
        ControlPacket says;
        says.state = static_cast<SessionState>(how % 4U);
        says.detect_mult = 3;
        says.my_discriminator = (how & 0x80U) != 0 ? s.handle.local_discr : Discriminator{0x1000};
        says.your_discriminator = s.handle.local_discr;
        says.desired_min_tx_interval = says.required_min_rx_interval = WireInterval{50'000};
        says.poll = (how & 0x40U) != 0;

        AuthKeys with = keys_[1 + in_.octet() % kChains];
        const std::uint8_t choice = in_.octet();
        std::vector<std::uint8_t> octets;
        const ControlOctets plain = encode(says);
        octets.assign(plain.begin(), plain.end());
        if ((choice & 3U) != 0) {
            if ((choice & 4U) != 0) {
                with.count = 1;
                with.keys[0] = some_key(choice / 8U);
            }
            with.current = choice / 32U % 2U;
            const std::uint32_t sequence = before.rcv_auth_seq + (in_.octet() % 16U) - 3U;
            const SignedPacket packet = sign(with, plain, sequence);
            if (packet.length == 0) return;
            octets.assign(packet.octets.begin(), packet.octets.begin() + packet.length);
        }
        if ((how & 0x30U) == 0x30U) {  // behind the fields that decode() looks at
            const std::size_t at = 12 + in_.octet() % (octets.size() - 12);
            octets[at] ^= in_.octet();
        }
        const bool expected = passes(s, octets, before);
        test::Peer peer{box_, s.handle, s.key};
        const DropReason reason = peer.send_octets(octets);
        const SessionSnapshot after = box_.snapshot(s.handle);
        require((reason == DropReason::None) == expected, "authentication decides otherwise");
        if (!expected) {
            require(after.session_state == before.session_state &&
                        after.rx_packets == before.rx_packets &&
                        after.rcv_auth_seq == before.rcv_auth_seq &&
                        after.auth_seq_known == before.auth_seq_known &&
                        after.last_rx == before.last_rx,
                    "a packet that did not pass left a trace");
        }
    }

    void one() {
        const std::uint8_t what = in_.octet();
        switch (what % 8U) {
            case 0:
                return set_keys(static_cast<std::uint16_t>(1 + what / 8U % kChains));
            case 1: {
                Session& s = sessions_[what / 8U % kSessions];
                s.chain = static_cast<std::uint16_t>(what / 32U % (kChains + 1));
                return require(box_.set_parameters(s.handle, parameters(s.chain)) == Status::Ok,
                               "set_parameters");
            }
            case 2:
                box_.run_for(50ms * (1 + what / 8U));
                return;
            case 3:
                box_.run_for(1ms);
                return;
            default:
                return packet();
        }
    }

    /// Whatever leaves is signed by a key in force, if the session is authenticated.
    void check_sent() {
        for (const test::Sent& sent : box_.take_sent()) {
            const std::uint16_t chain = sessions_[sent.slot.value].chain;
            require((chain != 0) == sent.packet.authentication_present, "the A bit");
            AuthSequence unknown;
            require(chain == 0 || verify(keys_[chain], sent.whole, unknown) == DropReason::None,
                    "the peer would accept it");
        }
    }

    test::OctetReader in_;
    test::EngineBox box_{{.slots = kSessions, .key_chains = kChains}};
    std::array<AuthType, kChains + 1> types_{};  ///< by number; a chain keeps its type
    std::array<AuthKeys, kChains + 1> keys_{};
    std::array<Session, kSessions> sessions_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::size_t kLongest = 1000;  // octets; longer ones tell nothing new
    if (size <= kLongest) Script{{data, size}}.run();
    return 0;
}
