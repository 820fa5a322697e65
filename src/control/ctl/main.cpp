#include "control/ctl/app.hpp"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

/// https://no-color.org
bool wants_colour() {
    const char* const no_color = std::getenv("NO_COLOR");
    if (no_color != nullptr && *no_color != '\0') return false;
    const char* const terminal = std::getenv("TERM");
    return terminal != nullptr && std::string_view{terminal} != "dumb" &&
           isatty(STDOUT_FILENO) == 1;
}

}  // namespace

int main(int argc, char** argv) {
    // Blocked before any thread of gRPC exists, so that only our thread takes them. A second one
    // kills: whatever hangs then cannot hold up the person.
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);

    static tocsin::control::ctl::Stop stop;
    std::thread{[signals] {
        int signal = 0;
        if (sigwait(&signals, &signal) != 0) return;
        stop.request();
        if (sigwait(&signals, &signal) == 0) std::_Exit(128 + signal);
    }}.detach();

    const std::vector<std::string> arguments{argv + 1, argv + argc};
    const auto code = tocsin::control::ctl::run(
        arguments, {.out = std::cout, .err = std::cerr, .stop = stop, .colour = wants_colour()});
    std::cout.flush();
    return static_cast<int>(code);
}
