// Sessions of LSPs and pseudowires, RFC 5884, 7726 and 5885: what they get, and what is refused.

#include "control/config/labels.hpp"

#include "control/config/diff.hpp"
#include "control/config/session_identity.hpp"
#include "fixture.hpp"

#include <map>
#include <set>

namespace tocsin::control::config {
namespace {

const std::string kLabelPort = kPort +
                               "mpls = true\n"
                               "[[port.route]]\nto = \"0.0.0.0/0\"\nvia = \"192.0.2.254\"\n"
                               "[[port.route]]\nto = \"::/0\"\nvia = \"fe80::fe\"\n" +
                               kProfile;

std::string lsp_file(const std::string& keys, const std::string& remote = "203.0.113.2") {
    return kLabelPort + "[[session]]\ntype = \"mpls\"\nremote = \"" + remote + "\"\n" + keys + '\n';
}
constexpr const char* kPwAlways = "labels = [16004, 300]\nlabel_in = 301\n";
std::string pw_file(const std::string& keys) {
    return kLabelPort + "[[session]]\ntype = \"vccv\"\nremote = \"203.0.113.2\"\n" + keys + '\n';
}
std::string pw_types(const std::string& keys) { return pw_file(kPwAlways + keys); }

Session only_of(const std::string& toml) {
    const Config config = load(toml);
    EXPECT_EQ(config.sessions.size(), 1U) << toml;
    return config.sessions.size() == 1 ? config.sessions.front() : Session{};
}
Labels labels_of(const std::string& toml) {
    const Session s = only_of(toml);
    EXPECT_TRUE(s.tunnel && s.tunnel->labels);
    return s.tunnel && s.tunnel->labels ? *s.tunnel->labels : Labels{};
}

// req: RFC5884-7-05 RFC5884-7-06 RFC5884-4-10
TEST(LspConfig, HasDefaultsForAllButThePeer) {
    const Session s = only_of(lsp_file(""));
    EXPECT_EQ(s.type, SessionType::Mpls);
    EXPECT_EQ(s.port, "wan0");
    EXPECT_EQ(s.local, ip("192.0.2.1"));
    EXPECT_EQ(s.parameters.min_ttl, 1);
    EXPECT_FALSE(s.parameters.match_source);
    EXPECT_EQ(s.tunnel->inner_src, ip("192.0.2.1"));
    EXPECT_TRUE(is_vxlan_loopback(s.tunnel->inner_dst));
    const Labels& l = *s.tunnel->labels;
    EXPECT_EQ(l.stack.size, 0U);
    EXPECT_EQ(lsp_ping::to_string(l.fec), "ldp 203.0.113.2/32");
    EXPECT_EQ(l.lsp_ping_interval, std::chrono::seconds{60});
    const Session six = only_of(lsp_file("", "2001:db8:2::2"));
    EXPECT_EQ(lsp_ping::to_string(six.tunnel->labels->fec), "ldp 2001:db8:2::2/128");
    EXPECT_TRUE(six.tunnel->inner_dst.is_v6() && is_vxlan_loopback(six.tunnel->inner_dst));
}

// req: RFC5884-7-01 RFC5884-7-02 RFC5884-4-13 RFC5884-4-11 RFC5884-7-07
TEST(LspConfig, TakesWhatTheLspIs) {
    const Session s = only_of(
        lsp_file("labels = [16004, 24001]\ninner_label_ttl = 1\nlsp_ping_interval = \"90s\"\n"
                 "inner_dst = \"127.1.2.3\"\nfec = \"generic 10.0.0.0/8\"\ninstance = 7"));
    const Labels& l = *s.tunnel->labels;
    ASSERT_EQ(l.stack.size, 2U);
    EXPECT_EQ(l.stack.labels[0], (overlay::Label{.value = 16004, .tc = 6, .ttl = 255}));
    EXPECT_EQ(l.stack.labels[1], (overlay::Label{.value = 24001, .tc = 6, .ttl = 1}));
    EXPECT_EQ(l.lsp_ping_interval, std::chrono::seconds{90});
    EXPECT_EQ(l.instance, 7);
    EXPECT_EQ(lsp_ping::to_string(l.fec), "generic 10.0.0.0/8");
    EXPECT_EQ(s.tunnel->inner_dst, ip("127.1.2.3"));
    EXPECT_EQ(labels_of(lsp_file("lsp_ping_interval = \"0s\"")).lsp_ping_interval.count(), 0);
}

// req: RFC5884-7-06 RFC5885-3.2-06 RFC5884-7-17
TEST(LspConfig, SpreadsDestinationsAndKeepsThem) {
    for (const auto family : {AddressFamily::V4, AddressFamily::V6}) {
        std::set<IpAddress> seen;
        std::map<int, int> by_octet;
        for (std::uint16_t i = 0; i < 1000; ++i) {
            Labels l;
            l.instance = i;
            const IpAddress a =
                loopback_of(family, lsp_seed(ip("192.0.2.1"), ip("203.0.113.2"), l));
            EXPECT_EQ(a, loopback_of(family, lsp_seed(ip("192.0.2.1"), ip("203.0.113.2"), l)));
            EXPECT_TRUE(is_vxlan_loopback(a));
            const std::size_t at = family == AddressFamily::V4 ? 1 : 13;
            for (std::size_t o = at; o < at + 3; ++o) {
                EXPECT_NE(a.octets[o], 0);
                EXPECT_NE(a.octets[o], 255);
            }
            seen.insert(a);
            ++by_octet[a.octets[at] / 32];
        }
        EXPECT_GE(seen.size(), 995U);
        for (const auto& [range, count] : by_octet) EXPECT_NEAR(count, 125, 60) << range;
        EXPECT_EQ(by_octet.size(), 8U);
    }
    EXPECT_EQ(only_of(lsp_file("")).tunnel->inner_dst, only_of(lsp_file("")).tunnel->inner_dst);
    EXPECT_EQ(only_of(lsp_file("labels = [17]")).tunnel->inner_dst,
              only_of(lsp_file("")).tunnel->inner_dst)
        << "new labels are no new session";
}

// req: RFC5884-4-04 RFC5884-4-08 RFC7726-2.1-01
TEST(LspConfig, HasSessionsForEachFecInstanceAndDestination) {
    const auto more = [](const std::string& keys) {
        return lsp_file("labels = [17]") +
               "[[session]]\ntype = \"mpls\"\nremote = \"203.0.113.2\"\nlabels = [17]\n" + keys;
    };
    EXPECT_EQ(load(more("instance = 1")).sessions.size(), 2U);
    EXPECT_EQ(load(more("fec = \"generic 203.0.113.2/32\"")).sessions.size(), 2U);
    EXPECT_EQ(load(more("inner_dst = \"127.1.2.3\"")).sessions.size(), 2U);
    expect_fault(more(""), "session[1].remote", "RFC 7726 2.1");
}

// req: RFC5884-6-02 RFC5884-6-03 RFC5884-7-05
TEST(LspConfig, RefusesWhatCannotBe) {
    const auto refused = [](const std::string& keys, const char* key, const char* word) {
        expect_fault(lsp_file(keys), std::string{"session[0]."} + key, word);
    };
    refused("labels = [15]", "labels", "16..1048575");
    refused("labels = [1048576]", "labels", "16..1048575");
    refused("labels = [17, 17, 17, 17, 17, 17]", "labels", "at most 5");
    refused("inner_label_ttl = 2", "inner_label_ttl", "write 1");
    refused("lsp_ping_interval = \"999ms\"", "lsp_ping_interval", "RFC 5884 4");
    refused("instance = 65536", "instance", "0..65535");
    refused("fec = \"bgp\"", "fec", "no FEC");
    refused("inner_dst = \"10.0.0.1\"", "inner_dst", "RFC 5884 7");
    refused("inner_dst = \"::ffff:127.0.0.1\"", "inner_dst", "different families");
    refused("inner_src = \"192.0.2.77\"", "inner_src", "no routable address");
    refused("demand_mode = true", "demand_mode", "RFC 5884 6");
    refused("desired_min_echo_tx_interval = \"50ms\"", "desired_min_echo_tx_interval",
            "RFC 5884 6");
    refused("required_min_echo_rx_interval = \"50ms\"", "required_min_echo_rx_interval",
            "RFC 5884 6");
    refused("vni = 7", "vni", "means nothing");
    refused("cc_type = 1", "cc_type", "vccv");
    refused("label_in = 17", "label_in", "vccv");
    for (const char* const local : {"127.0.0.1", "0.0.0.0"}) {
        refused(std::string{"local = \""} + local + '"', "local", "");
    }
    expect_fault(lsp_file("local = \"fe80::1\"", "2001:db8:2::2"), "session[0].local",
                 "link-local");
}

TEST(LspConfig, NeedsAPortThatTakesLabels) {
    std::string file = lsp_file("labels = [17]");
    file.erase(file.find("mpls = true"), 11);
    expect_fault(file, "session[0].port", "mpls = true");
}

TEST(LspConfig, KeysMeanNothingToOthers) {
    for (const char* const key :
         {"labels = [17]", "fec = \"nil 1\"", "instance = 1", "inner_label_ttl = 1",
          "lsp_ping_interval = \"1s\"", "label_in = 17", "cc_type = 1", "cv_type = 4",
          "local_cv_types = 4", "remote_cv_types = 4", "status_signalled = true",
          "control_word = true"}) {
        const std::string name{std::string_view{key}.substr(0, std::string_view{key}.find(' '))};
        for (const char* const type : {"single_hop", "vxlan"}) {
            expect_fault(kLabelPort + "[[session]]\ntype = \"" + type +
                             "\"\nremote = \"192.0.2.2\"\n" + key + '\n',
                         "session[0]." + name, "means nothing");
        }
    }
}

TEST(LspConfig, ChangesLabelsWithoutAFlap) {
    const auto changed = [](const std::string& from, const std::string& to) {
        const Diff d = diff(load(from), load(to));
        return d.changed.size() == 1 && !d.changed[0].must_be_recreated;
    };
    EXPECT_TRUE(changed(lsp_file("labels = [17]"), lsp_file("labels = [18]")));
    EXPECT_TRUE(changed(lsp_file(""), lsp_file("lsp_ping_interval = \"5s\"")));
    EXPECT_FALSE(changed(lsp_file(""), lsp_file("instance = 1")));
    EXPECT_FALSE(changed(lsp_file(""), lsp_file("fec = \"ldp 10.0.0.0/8\"")));
}

// req: RFC5884-7-20
TEST(LspConfig, IsAnotherSessionWithAnotherSource) {
    const auto from = [](const std::string& source) {
        std::string file = lsp_file("inner_src = \"" + source + '"');
        const std::string own = "addresses = [";
        return file.insert(file.find(own) + own.size(), "\"192.0.2.7/24\", ");
    };
    const Diff d = diff(load(from("192.0.2.1")), load(from("192.0.2.7")));
    EXPECT_TRUE(d.changed.empty());
    EXPECT_EQ(d.removed.size(), 1U);
    EXPECT_EQ(d.added.size(), 1U);
}

// req: RFC5885-3-01
TEST(PwConfig, TakesEveryCvType) {
    for (const char* const cv : {"0x10", "0x20"}) {
        const Session s = only_of(pw_types(std::string{"cc_type = 1\ncv_type = "} + cv));
        EXPECT_EQ(s.tunnel->inner_src.family, AddressFamily::None);
        EXPECT_EQ(s.parameters.min_ttl, 255);
    }
    for (const char* const cv : {"0x04", "0x08"}) {
        const Session s = only_of(
            pw_types(std::string{"cc_type = 2\ninner_src = \"192.0.2.1\"\ncv_type = "} + cv));
        EXPECT_EQ(s.tunnel->inner_src, ip("192.0.2.1"));
        EXPECT_TRUE(is_vxlan_loopback(s.tunnel->inner_dst));
    }
    for (const char* const cv : {"0", "1", "2", "0x40", "0x30", "0x0c"}) {
        expect_fault(pw_types(std::string{"cc_type = 1\ncv_type = "} + cv), "session[0].cv_type",
                     "not accepted");
    }
}

// req: RFC5884-4-14 RFC5885-3.1-01 RFC5885-3.2-04
TEST(PwConfig, RequiresWhatBothEndsHaveToKnow) {
    expect_fault(pw_types("cv_type = 0x10"), "session[0].cc_type", "missing");
    expect_fault(pw_types("cc_type = 1"), "session[0].cv_type", "missing");
    expect_fault(pw_types("cc_type = 5\ncv_type = 0x10"), "session[0].cc_type", "not accepted");
    expect_fault(pw_types("cc_type = 1\ncv_type = 0x04"), "session[0].inner_src", "RFC 5885 3.2");
    expect_fault(pw_file("label_in = 17\ncc_type = 1\ncv_type = 0x10"), "session[0].labels",
                 "missing");
    expect_fault(pw_file("labels = [17]\ncc_type = 1\ncv_type = 0x10"), "session[0].label_in",
                 "missing");
}

// req: RFC5885-3.2-11 RFC5885-3.3-08
TEST(PwConfig, NeedsTheChannelHeaderWithoutIp) {
    for (const char* const cv : {"0x10", "0x20"}) {
        expect_fault(pw_types(std::string{"cc_type = 3\ncontrol_word = false\ncv_type = "} + cv),
                     "session[0].cv_type", "RFC 5885 3.2");
    }
    for (const char* const cc : {"1", "4"}) {
        expect_fault(pw_types(std::string{"control_word = false\ninner_src = \"192.0.2.1\"\n"
                                          "cv_type = 0x04\ncc_type = "} +
                              cc),
                     "session[0].control_word", "channel header");
    }
    EXPECT_FALSE(labels_of(pw_types("cc_type = 3\ncontrol_word = false\ncv_type = 0x04\n"
                                    "inner_src = \"192.0.2.1\""))
                     .control_word);
}

// req: RFC5885-3.1-08 RFC5885-3.1-10 RFC5885-3.1-11
TEST(PwConfig, IsActiveAndAsynchronous) {
    const std::string types = "cc_type = 1\ncv_type = 0x10\n";
    expect_fault(pw_types(types + "passive = true"), "session[0].passive", "RFC 5885 3.1");
    expect_fault(pw_types(types + "demand_mode = true"), "session[0].demand_mode", "RFC 5885 3.1");
    expect_fault(pw_types(types + "desired_min_echo_tx_interval = \"50ms\""),
                 "session[0].desired_min_echo_tx_interval", "RFC 5885 3.1");
    expect_fault(pw_types(types + "padded_pdu_size = 1000"), "session[0].padded_pdu_size", "UDP");
    expect_fault(pw_types(types + "inner_dst = \"127.0.0.9\""), "session[0].inner_dst",
                 "without IP");
}

// req: RFC5885-3.1-07
TEST(PwConfig, HasOneSessionForEachLabel) {
    const std::string first_one = pw_types("cc_type = 1\ncv_type = 0x10");
    const auto second = [&](const std::string& keys) {
        return first_one +
               "[[session]]\ntype = \"vccv\"\nremote = \"203.0.113.9\"\nlabels = [400]\n" + keys;
    };
    EXPECT_EQ(load(second("label_in = 302\ncc_type = 1\ncv_type = 0x10\n")).sessions.size(), 2U);
    expect_fault(second("label_in = 301\ncc_type = 2\ncv_type = 0x20\n"), "session[1].remote",
                 "RFC 5885 3.1");
}

// req: RFC5885-3.3-12
TEST(PwConfig, IsAnotherSessionWithAnotherCvType) {
    const Diff d = diff(load(pw_types("cc_type = 1\ncv_type = 0x10")),
                        load(pw_types("cc_type = 2\ncv_type = 0x10")));
    ASSERT_EQ(d.changed.size(), 1U);
    EXPECT_TRUE(d.changed[0].must_be_recreated);
}

/// By hand, from RFC 5885 3.3 and 4.
std::optional<std::uint8_t> expected_cv(unsigned local, unsigned remote, bool word,
                                        bool signalled) {
    const unsigned both = local & remote;
    if ((both & 0x20U) != 0 && word && !signalled) return 0x20;
    if ((both & 0x10U) != 0 && word) return 0x10;
    if ((both & 0x08U) != 0 && !signalled) return 0x08;
    if ((both & 0x04U) != 0) return 0x04;
    return std::nullopt;
}

// req: RFC5885-4-01 RFC5885-3.3-01 RFC5885-3.3-02 RFC5885-3.3-03 RFC5885-3.3-04 RFC5885-3.3-05
TEST(PwCvTypes, FollowFromWhatBothEndsAnnounce) {
    for (unsigned local = 0; local < 256; ++local) {
        for (unsigned remote = 0; remote < 256; ++remote) {
            for (const bool word : {true, false}) {
                for (const bool signalled : {true, false}) {
                    ASSERT_EQ(select_cv_type(static_cast<std::uint8_t>(local),
                                             static_cast<std::uint8_t>(remote), word, signalled),
                              expected_cv(local, remote, word, signalled))
                        << local << ' ' << remote;
                }
            }
        }
    }
}

// req: RFC5885-3.1-02 RFC5885-3.2-09 RFC5885-3.2-15 RFC5885-3.3-02
TEST(PwCvTypes, AreAnnouncedByBothOrThereIsNoSession) {
    const auto masks = [](const std::string& keys) {
        return pw_types("cc_type = 1\ninner_src = \"192.0.2.1\"\n" + keys);
    };
    EXPECT_EQ(labels_of(masks("local_cv_types = 0xff\nremote_cv_types = 0x0c")).cv_type, 0x08);
    EXPECT_EQ(labels_of(masks("local_cv_types = 0x3c\nremote_cv_types = 0x04")).cv_type, 0x04);
    EXPECT_EQ(
        labels_of(pw_types("cc_type = 1\nlocal_cv_types = 0xff\nremote_cv_types = 0x3c")).cv_type,
        0x20);
    EXPECT_EQ(labels_of(pw_types("cc_type = 1\nlocal_cv_types = 0xff\nremote_cv_types = 0x3c\n"
                                 "status_signalled = true"))
                  .cv_type,
              0x10);
    expect_fault(masks("local_cv_types = 0x14\nremote_cv_types = 0x28"),
                 "session[0].remote_cv_types", "RFC 5885 3.3");
    expect_fault(masks("local_cv_types = 0x14"), "session[0].remote_cv_types", "missing");
    expect_fault(masks("remote_cv_types = 0x14"), "session[0].local_cv_types", "missing");
    expect_fault(masks("cv_type = 4\nlocal_cv_types = 4\nremote_cv_types = 4"),
                 "session[0].cv_type", "beside");
}

// req: RFC5884-4-12
TEST(LspPingConfig, SaysWhatEndsHere) {
    const Config c = load(kLabelPort +
                          "[lsp_ping]\nallow = [\"198.51.100.0/24\", \"2001:db8::1\"]\n"
                          "requests_per_second = 7\n"
                          "[[lsp_ping.egress]]\nfec = \"ldp 203.0.113.2/32\"\nlabel = 16004\n"
                          "local = \"192.0.2.1\"\nmax_sessions = 9\nremoval_delay = \"1s\"\n"
                          "[[lsp_ping.egress]]\nfec = \"nil 7\"\nlocal = \"192.0.2.1\"\n"
                          "return_labels = [2001]\n");
    EXPECT_EQ(c.lsp_ping.allow.size(), 2U);
    EXPECT_EQ(c.lsp_ping.requests_per_second, 7U);
    ASSERT_EQ(c.lsp_ping.egress.size(), 2U);
    EXPECT_EQ(lsp_ping::to_string(c.lsp_ping.egress[0].fec), "ldp 203.0.113.2/32");
    EXPECT_EQ(c.lsp_ping.egress[0].label, 16004U);
    EXPECT_EQ(c.lsp_ping.egress[0].max_sessions, 9U);
    EXPECT_EQ(c.lsp_ping.egress[1].max_sessions, 4U);
    EXPECT_EQ(c.lsp_ping.egress[1].return_labels, std::vector<std::int64_t>{2001});
    EXPECT_TRUE(load(kLabelPort).lsp_ping.allow.empty()) << "nobody, when nothing is configured";
}

TEST(LspPingConfig, RefusesWhatCannotBe) {
    const auto refused = [](const std::string& keys, const char* path, const char* word) {
        expect_fault(kLabelPort + "[lsp_ping]\n" + keys + '\n', path, word);
    };
    refused("allow = [\"x\"]", "lsp_ping.allow[0]", "no prefix");
    refused("requests_per_second = 0", "lsp_ping.requests_per_second", "");
    refused("[[lsp_ping.egress]]\nlocal = \"192.0.2.1\"", "lsp_ping.egress[0].fec", "missing");
    refused("[[lsp_ping.egress]]\nfec = \"nil 1\"", "lsp_ping.egress[0].local", "missing");
    refused("[[lsp_ping.egress]]\nfec = \"nil 1\"\nlocal = \"192.0.2.1\"\nreturn_labels = [3]",
            "lsp_ping.egress[0].return_labels", "16..1048575");
    refused(
        "[[lsp_ping.egress]]\nfec = \"nil 1\"\nlocal = \"192.0.2.1\"\n"
        "[[lsp_ping.egress]]\nfec = \"nil 1\"\nlocal = \"192.0.2.1\"",
        "lsp_ping.egress[1].fec", "already");
}

}  // namespace
}  // namespace tocsin::control::config
