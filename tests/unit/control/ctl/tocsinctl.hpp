#pragma once

#include "control/ctl/app.hpp"
#include "fake_daemon.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

namespace tocsin::control::ctl {

/// tocsinctl run in this process.
class Tocsinctl : public testing::Test {
protected:
    /// Against the fake daemon.
    ExitCode run(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), {"--socket", daemon_.socket()});
        return run_alone(std::move(arguments));
    }
    ExitCode run_alone(std::vector<std::string> arguments) {
        out_.str("");
        err_.str("");
        return ctl::run(std::move(arguments), {.out = out_, .err = err_, .stop = stop_});
    }
    [[nodiscard]] std::string out() const { return out_.str(); }
    [[nodiscard]] std::string err() const { return err_.str(); }
    [[nodiscard]] static long lines(const std::string& text) {
        return std::count(text.begin(), text.end(), '\n');
    }

    FakeDaemon daemon_;
    Stop stop_;
    std::ostringstream out_;
    std::ostringstream err_;
};

}  // namespace tocsin::control::ctl
