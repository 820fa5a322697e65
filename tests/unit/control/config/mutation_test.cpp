#include "fixture.hpp"

#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace tocsin::control::config {
namespace {

std::string example() {
    std::ifstream file{std::filesystem::path{TOCSIN_CONFIGS} / "tocsin.example.toml"};
    return {std::istreambuf_iterator<char>{file}, {}};
}

/// What upsets a parser most, and what turns one valid value into another.
std::string fragment() {
    return *rc::gen::oneOf(rc::gen::elementOf(std::vector<std::string>{"\"",
                                                                       "'",
                                                                       "\"\"\"",
                                                                       "[",
                                                                       "]",
                                                                       "[[",
                                                                       "]]",
                                                                       "{",
                                                                       "}",
                                                                       "=",
                                                                       ".",
                                                                       "#",
                                                                       "\n",
                                                                       "\\",
                                                                       "-1",
                                                                       "0",
                                                                       "1e999",
                                                                       "99999999999999999999",
                                                                       "0x7fffffffffffffff",
                                                                       "nan",
                                                                       "true",
                                                                       "2026-01-01",
                                                                       "\xff\xfe",
                                                                       "[[session]]\n",
                                                                       "[[port]]\n",
                                                                       "[port.route]\n",
                                                                       "remote = \"::\"\n",
                                                                       "\"50\"",
                                                                       "/129"}),
                           rc::gen::container<std::string>(rc::gen::arbitrary<char>()));
}

RC_GTEST_PROP(Mutations, OfAValidFileLoadOrGiveFaultsAndNeverBoth, ()) {
    static const std::string kExample = example();
    std::string text = kExample;
    const int changes = *rc::gen::inRange(1, 6);
    for (int i = 0; i < changes; ++i) {
        const auto at = *rc::gen::inRange<std::size_t>(0, text.size() + 1);
        const auto cut = *rc::gen::inRange<std::size_t>(0, 30);
        text.replace(at, cut, fragment());
    }
    const LoadResult result = load_text(text);
    RC_ASSERT(result.ok() == result.faults.empty());
    for (const Fault& fault : result.faults) {
        RC_ASSERT(!fault.message.empty());
        RC_ASSERT(fault.message.find('\n') == std::string::npos);
    }
}

}  // namespace
}  // namespace tocsin::control::config
